package main

import (
	"bufio"
	"bytes"
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
	p := &process{Cmd: exec.Command("tenure", args...), firstLine: make(chan string, 1), ended: make(chan struct{})}
	p.Dir, p.Env = dir, append(cleanEnvironment(), env...)
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

// acmeStory makes a ledger with one organization in a folder, and key files
// beside it.
//
//	acme        lea is administrator; tom and ida are members
//	team:docs   tom is maintainer
//	team:api    below team:docs; ida is member
func acmeStory(dir string) error {
	for _, line := range []string{
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
	} {
		command, file, kept := strings.Cut(line, " > ")
		stdout, stderr, code, err := tenureIn(dir, append(strings.Fields(command), "--data", "ledger")...)
		if err != nil || code != 0 {
			return fmt.Errorf("tenure %s: exit status %d, %v: %s", command, code, err, stderr)
		}
		if kept {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(stdout), 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}

// acme is acmeStory's folder, made once, when it is first needed.
var acme struct {
	once sync.Once
	dir  string
	err  error
}

// copyAcme copies acmeStory's folder into another.
func copyAcme(dir string) error {
	acme.once.Do(func() {
		if acme.dir, acme.err = os.MkdirTemp("", "tenure-acme-"); acme.err == nil {
			acme.err = acmeStory(acme.dir)
		}
	})
	if acme.err != nil {
		return acme.err
	}
	return os.CopyFS(dir, os.DirFS(acme.dir))
}

// onTerminal runs the program with a terminal as its standard output and error.
func onTerminal(dir string, terminal *os.File, args ...string) (int, error) {
	cmd := exec.Command("tenure", args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, cleanEnvironment(), terminal, terminal
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}
