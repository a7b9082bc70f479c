package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/oklog/ulid/v2"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/rogpeppe/go-internal/txtar"

	"tenure/aggregate"
	"tenure/events"
	"tenure/ledger"
	"tenure/rolemodel"
	"tenure/service"
)

// TestScripts runs every script in testdata twice: on a folder and with a
// server over it. All that the program prints must be the same both times. In
// short mode it runs them with a server alone.
//
// Beside the commands of testscript there are
//
//	given LEDGER         begins a ledger, one of ledgers with its key files, or
//	                     nothing; or one with the organization acme under the role
//	                     model in a file, whose owner has no name and no key
//	exits N tenure ...   wants exit status N
//	shows FILE           compares what was printed with a file, but for ids,
//	                     keys and times of today; -update writes the file
//	warns FILE           the same of what was printed as an error
//	item NAME            keeps the id that was printed last as $NAME
//	token FILE           keeps the token that was printed in a file
//	revokes FILE ...     tenure keys revoke with the visible prefix of that key
//	awaits REGEXP COMMAND   runs a question until it prints what is awaited
//	secret FILE...       wants no word of these files anywhere in the ledger, but
//	                     in messages, which are there as they went out
//
// and what no script can write: $LONG has 10,000 letters, $LINES two lines, and
// $CONTROL drives a terminal.
func TestScripts(t *testing.T) {
	ways := []string{"folder", "server"}
	if testing.Short() {
		ways = ways[1:]
	}
	transcripts := map[string]map[string]string{}
	var mu sync.Mutex
	for _, way := range ways {
		transcripts[way] = map[string]string{}
	}
	// The inner test ends when its parallel scripts have.
	t.Run("each", func(t *testing.T) {
		for _, way := range ways {
			t.Run(way, func(t *testing.T) {
				s := &scripts{dir: "testdata", server: way == "server"}
				s.run(t, func(name, transcript string) {
					mu.Lock()
					defer mu.Unlock()
					transcripts[way][name] = transcript
				})
			})
		}
	})
	folder, server := transcripts["folder"], transcripts["server"]
	if t.Failed() || testing.Short() || flag.Lookup("test.run").Value.String() != "" && (len(folder) == 0 || len(server) == 0) {
		return // not everything was run
	}
	if diff := cmp.Diff(folder, server); diff != "" {
		t.Errorf("on a folder (-) the scripts print something else than with a server (+):\n%s", diff)
	}
}

// TestFolderScripts runs the scripts in testdata/folder, which are about what
// no server has a part in.
func TestFolderScripts(t *testing.T) {
	s := &scripts{dir: filepath.Join("testdata", "folder")}
	s.run(t, func(string, string) {})
}

// scripts runs the scripts of a folder in one way.
type scripts struct {
	dir    string
	server bool

	mu      sync.Mutex
	updates map[string]map[string]string
}

func (s *scripts) run(t *testing.T, done func(name, transcript string)) {
	s.updates = map[string]map[string]string{}
	t.Cleanup(func() { s.write(t) })
	testscript.Run(t, testscript.Params{
		Dir:           s.dir,
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			transcript := filepath.Join(env.WorkDir, ".tmp", "transcript")
			env.Setenv("TRANSCRIPT", transcript)
			env.Setenv("GORACE", quickEnd)
			env.Setenv("LONG", strings.Repeat("x", 10_000))
			env.Setenv("LINES", "x@acme.example\nBcc: y@acme.example")
			env.Setenv("CONTROL", "a\x1b[2Jb")
			env.Defer(func() {
				text, err := os.ReadFile(transcript)
				if err == nil {
					name := filepath.Base(env.WorkDir)
					done(name, masked(strings.ReplaceAll(string(text), env.WorkDir, "$WORK")))
				}
			})
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"given":   s.given,
			"awaits":  awaits,
			"exits":   exits,
			"item":    item,
			"token":   token,
			"revokes": revokes,
			"secret":  secret,
			"shows":   func(ts *testscript.TestScript, _ bool, args []string) { s.shows(ts, "stdout", args) },
			"warns":   func(ts *testscript.TestScript, _ bool, args []string) { s.shows(ts, "stderr", args) },
		},
	})
}

// given begins the ledger that the script's commands are about. They find it in
// the environment.
func (s *scripts) given(ts *testscript.TestScript, _ bool, args []string) {
	under := len(args) == 1 && strings.HasSuffix(args[0], ".yaml")
	if len(args) != 1 || args[0] != "nothing" && ledgers[args[0]] == nil && !under {
		ts.Fatalf("usage: given nothing|acme|cloud|MODEL.yaml")
	}
	dir := ts.MkAbs(".")
	if ledger := ledgers[args[0]]; ledger != nil {
		ts.Check(ledger.copyTo(dir))
	}
	folder := filepath.Join(dir, "ledger")
	if under {
		ts.Check(foundedUnder(folder, args[0], []byte(ts.ReadFile(args[0]))))
	}
	if !s.server {
		ts.Setenv("TENURE_DATA", folder)
		return
	}
	server, url, err := serving(folder)
	ts.Check(err)
	ts.Defer(func() {
		if err := server.stop(); err != nil {
			ts.Logf("stop the server: %v", err)
			panic(err)
		}
	})
	key, err := readKey(filepath.Join(folder, "operator.key"))
	ts.Check(err)
	ts.Setenv("TENURE_URL", url)
	ts.Setenv("TENURE_KEY", key)
}

// foundedUnder makes a folder with an organization under a role model that is no
// built-in one.
func foundedUnder(folder, name string, source []byte) error {
	model, err := rolemodel.Parse(name, source)
	if err != nil {
		return err
	}
	s, err := service.Open(context.Background(), service.Config{Dir: folder}) // which makes the folder
	if err != nil {
		return err
	}
	if err := s.Close(context.Background()); err != nil {
		return err
	}
	commit, err := aggregate.Decide(aggregate.State{}, aggregate.Request{
		Org: "acme", ID: events.CommitID(ulid.Make().String()), Actor: events.Operator, At: time.Now(),
	}, aggregate.Found{Model: model, Owner: &aggregate.RegisterPerson{Subject: events.PrincipalID(ulid.Make().String())}})
	if err != nil {
		return err
	}
	l, err := ledger.Open(context.Background(), ledger.Options{Dir: folder})
	if err != nil {
		return err
	}
	_, err = l.Append(context.Background(), commit, 0)
	return errors.Join(err, l.Close(context.Background()))
}

// exits wants an exit status.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// awaits asks until what goes on beside has come so far. How often is left out of
// the transcript.
func awaits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: awaits REGEXP COMMAND...")
	}
	awaited, err := regexp.Compile(args[0])
	ts.Check(err)
	transcript := ts.Getenv("TRANSCRIPT")
	ts.Setenv("TRANSCRIPT", "")
	defer ts.Setenv("TRANSCRIPT", transcript)
	for end := time.Now().Add(patience); time.Now().Before(end); {
		ts.Check(ts.Exec(args[1], args[2:]...))
		if awaited.MatchString(ts.ReadFile("stdout")) {
			return
		}
	}
	ts.Fatalf("it never prints %s", awaited)
}

// idForm is the last id of its own in a JSON object.
var idForm = regexp.MustCompile(`(?m)^ {2,4}"id": "(01[0-9A-HJKMNP-TV-Z]{24})"`)

// item keeps the id that a receipt in JSON ends with, for the commands that
// follow.
func item(ts *testscript.TestScript, neg bool, args []string) {
	found := idForm.FindAllStringSubmatch(ts.ReadFile("stdout"), -1)
	if neg || len(args) != 1 || len(found) == 0 {
		ts.Fatalf("usage: item NAME, after a command that prints an id")
	}
	ts.Setenv(args[0], found[len(found)-1][1])
}

// token keeps the token of an invitation.
func token(ts *testscript.TestScript, neg bool, args []string) {
	found := tokenForm.FindString(ts.ReadFile("stdout"))
	if neg || len(args) != 1 || found == "" {
		ts.Fatalf("usage: token FILE, after a command that prints a token")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(found+"\n"), 0o600))
}

// revokes ends the key in a file.
func revokes(ts *testscript.TestScript, _ bool, args []string) {
	prefix := ts.ReadFile(args[0])[:len("tenure_")+6]
	ts.Check(ts.Exec("tenure", append([]string{"keys", "revoke", prefix}, args[1:]...)...))
}

// secret looks for what must not be in the ledger's files.
func secret(ts *testscript.TestScript, _ bool, args []string) {
	var words []string
	for _, file := range args {
		words = append(words, strings.Fields(ts.ReadFile(file))...)
	}
	found, err := filesWith(ts.MkAbs("ledger"), words)
	ts.Check(err)
	if len(found) > 0 {
		ts.Fatalf("in the clear: %q", found)
	}
}

// filesWith lists the files below a data folder that hold one of the words, but
// for messages: without a mail server they lie there as they went out.
func filesWith(dir string, words []string) (found []string, err error) {
	read := 0
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && path == filepath.Join(dir, "mail") {
			return fs.SkipDir
		}
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		read += len(content)
		for _, word := range words {
			if bytes.Contains(content, []byte(word)) {
				found = append(found, path+": "+word)
			}
		}
		return err
	})
	if err == nil && (read == 0 || len(words) == 0) {
		err = fmt.Errorf("nothing to look for or in: %d words, %d bytes", len(words), read)
	}
	return found, err
}

func (s *scripts) shows(ts *testscript.TestScript, stream string, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: shows|warns FILE")
	}
	got := masked(strings.ReplaceAll(ts.ReadFile(stream), ts.Getenv("WORK"), "$WORK"))
	if want := ts.ReadFile(args[0]); got != want {
		if *update {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.updates[ts.Name()] == nil {
				s.updates[ts.Name()] = map[string]string{}
			}
			s.updates[ts.Name()][args[0]] = got
			return
		}
		ts.Fatalf("%s is not as in %s (-want +got):\n%s", stream, args[0], cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")))
	}
}

// write puts what was printed into the scripts.
func (s *scripts) write(t *testing.T) {
	if s.server {
		return
	}
	for name, files := range s.updates {
		path := filepath.Join(s.dir, name+".txt")
		script, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i, file := range script.Files {
			if text, new := files[file.Name]; new {
				script.Files[i].Data = []byte(text)
			}
		}
		if err := os.WriteFile(path, txtar.Format(script), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
