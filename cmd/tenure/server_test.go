package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"tenure/aggregate"
	"tenure/events"
	"tenure/ledger"
	"tenure/rolemodel"
)

// patience bounds every wait in these tests; no test passes by it.
const patience = 60 * time.Second

// process is the program running by itself.
type process struct {
	*exec.Cmd
	// firstLine is what it printed first; closed without one if it ended.
	firstLine chan string
	mu        sync.Mutex
	out, errs bytes.Buffer
	// ended is closed when it has ended, with err set.
	ended chan struct{}
	err   error
}

// start runs the program without this process's TENURE_ variables.
func start(dir string, env []string, args ...string) (*process, error) {
	return startWith(dir, nil, env, args...)
}

// startWith is start with a standard input; nil is none.
func startWith(dir string, in *os.File, env []string, args ...string) (*process, error) {
	p := &process{Cmd: exec.Command("tenure", args...), firstLine: make(chan string, 1), ended: make(chan struct{})}
	p.Dir, p.Env = dir, append(cleanEnvironment(), env...)
	if in != nil {
		p.Stdin = in
	}
	out, err := p.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.Stderr = &locked{mu: &p.mu, to: &p.errs}
	if err := p.Start(); err != nil {
		return nil, err
	}
	go func() {
		lines, first := bufio.NewReader(out), p.firstLine
		for {
			line, err := lines.ReadString('\n')
			p.mu.Lock()
			p.out.WriteString(line)
			p.mu.Unlock()
			if first != nil && line != "" {
				first <- strings.TrimSuffix(line, "\n")
				close(first)
				first = nil
			}
			if err != nil {
				break
			}
		}
		if first != nil {
			close(first)
		}
		p.err = p.Wait()
		close(p.ended)
	}()
	return p, nil
}

// locked lets a test read what a process is still writing.
type locked struct {
	mu *sync.Mutex
	to *bytes.Buffer
}

func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(b)
}

func (p *process) stdout() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

func (p *process) stderr() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.errs.String()
}

// end waits until the process has ended and gives its exit status, -1 if a
// signal ended it.
func (p *process) end() (int, error) {
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.Process.Kill()
		return 0, fmt.Errorf("%s did not end", p)
	}
	var exit *exec.ExitError
	if p.err != nil && !errors.As(p.err, &exit) {
		return 0, p.err
	}
	return p.ProcessState.ExitCode(), nil
}

// stop asks the process to end, and wants it to end well.
func (p *process) stop() error {
	if err := p.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	code, err := p.end()
	if err == nil && code != 0 {
		err = fmt.Errorf("%s ended with exit status %d: %s", p, code, p.stderr())
	}
	return err
}

// kill ends the process without asking, and waits until it is gone.
func (p *process) kill() {
	p.Process.Kill()
	<-p.ended
}

// serving starts a server over the folder and gives its URL.
func serving(dir string) (*process, string, error) {
	p, err := start("", nil, "serve", "--data", dir, "--listen", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	select {
	case line := <-p.firstLine:
		if url, is := strings.CutPrefix(line, "Serving "); is {
			return p, url, nil
		}
	case <-time.After(patience):
	}
	p.kill()
	return nil, "", fmt.Errorf("serve printed %q and %q", p.stdout(), p.stderr())
}

// quickEnd keeps a process under the race detector from sleeping at its end.
const quickEnd = "atexit_sleep_ms=0"

func cleanEnvironment() []string {
	clean := []string{"GORACE=" + quickEnd}
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "TENURE_") && !strings.HasPrefix(entry, "TRANSCRIPT=") && !strings.HasPrefix(entry, "GORACE=") {
			clean = append(clean, entry)
		}
	}
	return clean
}

// tenureIn runs the program in a folder to its end.
func tenureIn(dir string, args ...string) (stdout, stderr string, code int, err error) {
	p, err := start(dir, nil, args...)
	if err != nil {
		return "", "", 0, err
	}
	code, err = p.end()
	return p.stdout(), p.stderr(), code, err
}

// mustRun runs the program in a folder, wants it to succeed, and gives what it
// printed.
func mustRun(t *testing.T, dir string, args ...string) string {
	t.Helper()
	stdout, stderr, code, err := tenureIn(dir, args...)
	if err != nil || code != 0 {
		t.Fatalf("tenure %q: exit status %d, %v\n%s%s", args, code, err, stdout, stderr)
	}
	return stdout
}

// ledgers are folders with a ledger and key files beside it, each made once, when
// it is first needed.
//
// acme, under the model github:
//
//	acme        lea is administrator; tom and ida are members
//	team:docs   tom is maintainer
//	team:api    below team:docs; ida is member
//
// cloud is an organization acme under the model fabasoft: olga is its owner,
// tom co-owner, ida administrator, carl compliance manager, and nina a member.
var ledgers = map[string]*prepared{
	"acme": {lines: []string{
		"found acme --model github --owner lea --email lea@acme.example --name Lea --title Acme",
		"keys issue lea --org acme > lea.key",
		"person add tom --email tom@acme.example --name Tom --org acme --key lea.key",
		"member start tom --org acme --key lea.key",
		"keys issue tom --org acme > tom.key",
		"person add ida --org acme --key lea.key",
		"member start ida --org acme --key lea.key",
		"scope create team:docs --title Documentation --org acme --key lea.key",
		"grant tom maintainer --on team:docs --org acme --key lea.key",
		"scope create team:api --under team:docs --title API --org acme --key lea.key",
		"grant ida member --on team:api --org acme --key tom.key",
	}},
	"cloud": {lines: []string{
		"found acme --model fabasoft --owner olga --email olga@acme.example --title Acme",
		"keys issue olga --org acme > olga.key",
		"person add tom --email tom@acme.example --org acme --key olga.key",
		"member start tom --org acme --key olga.key",
		"keys issue tom --org acme > tom.key",
		"person add ida --email ida@acme.example --org acme --key olga.key",
		"member start ida --org acme --key olga.key",
		"keys issue ida --org acme > ida.key",
		"person add carl --email carl@acme.example --org acme --key olga.key",
		"keys issue carl --org acme > carl.key",
		"person add nina --email nina@acme.example --name Nina --org acme --key olga.key",
		"member start nina --org acme --key olga.key",
		"grant tom co_owner --org acme --key olga.key",
		"grant ida administrator --org acme --key olga.key",
		"grant carl compliance_manager --org acme --key olga.key",
	}},
	// Under a model that is not built in, with custom roles, roles from which
	// permissions are withheld, and groups.
	"guild": {model: "../../aggregate/testdata/guild.yaml", lines: []string{
		"person add lea --email lea@acme.example --org acme --reason migration",
		"member start lea --org acme --reason migration",
		"grant lea warden --org acme --reason migration",
		"keys issue lea --org acme > lea.key",
		"scope rename guild:acme --title Acme --org acme --key lea.key",
		"person add tom --email tom@acme.example --org acme --key lea.key",
		"member start tom --org acme --key lea.key",
		"keys issue tom --org acme > tom.key",
		"person add ida --email ida@acme.example --org acme --key lea.key",
		"member start ida --org acme --key lea.key",
		"keys issue ida --org acme > ida.key",
		"scope create team:docs --org acme --key lea.key",
		"member start tom --on team:docs --org acme --key lea.key",
		"grant tom lead --on team:docs --org acme --key lea.key",
	}},
}

// prepared is a folder that commands make.
type prepared struct {
	// model is the file of a role model that the organization acme is founded
	// under first; empty if a line founds one.
	model string
	lines []string
	once  sync.Once
	dir   string
	err   error
}

// copyTo copies the folder into another.
func (p *prepared) copyTo(dir string) error {
	p.once.Do(func() {
		if p.dir, p.err = os.MkdirTemp("", "tenure-ledger-"); p.err == nil {
			p.err = p.make()
		}
	})
	if p.err != nil {
		return p.err
	}
	return os.CopyFS(dir, os.DirFS(p.dir))
}

func (p *prepared) make() error {
	if p.model != "" {
		if err := foundWith(filepath.Join(p.dir, "ledger"), p.model); err != nil {
			return err
		}
	}
	for _, line := range p.lines {
		command, file, kept := strings.Cut(line, " > ")
		stdout, stderr, code, err := tenureIn(p.dir, append(strings.Fields(command), "--data", "ledger")...)
		if err != nil || code != 0 {
			return fmt.Errorf("tenure %s: exit status %d, %v: %s", command, code, err, stderr)
		}
		if kept {
			if err := os.WriteFile(filepath.Join(p.dir, file), []byte(stdout), 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}

// foundWith begins a ledger in which acme is founded under a role model of a file.
// Whoever founds it has no name and no key.
func foundWith(dir, file string) error {
	source, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	model, err := rolemodel.Parse(file, source)
	if err != nil {
		return err
	}
	commit, err := aggregate.Decide(aggregate.State{}, aggregate.Request{
		Org: "acme", ID: events.CommitID(ulid.Make().String()), Actor: events.Operator, At: time.Now(),
	}, aggregate.Found{Model: model, Owner: &aggregate.RegisterPerson{Subject: events.PrincipalID(ulid.Make().String())}})
	if err != nil {
		return err
	}
	ctx := context.Background()
	l, err := ledger.Open(ctx, ledger.Options{Dir: dir})
	if err != nil {
		return err
	}
	_, err = l.Append(ctx, commit, 0)
	return errors.Join(err, l.Close(ctx))
}

func copyAcme(dir string) error { return ledgers["acme"].copyTo(dir) }

// onTerminal runs the program with a terminal as its standard input, output and
// error.
func onTerminal(dir string, terminal *os.File, args ...string) (int, error) {
	cmd := exec.Command("tenure", args...)
	cmd.Dir, cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = dir, cleanEnvironment(), terminal, terminal, terminal
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}
