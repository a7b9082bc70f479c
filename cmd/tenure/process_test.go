package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"tenure/api"
	"tenure/service"
)

// acmeDir is a folder with a copy of the ledger acme and its keys.
func acmeDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := copyAcme(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// serve starts a server over a folder, and stops it with the test.
func serve(t *testing.T, dir string) (*process, string) {
	t.Helper()
	p, url, err := serving(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.stop(); err != nil && !killed(p) {
			t.Error(err)
		}
	})
	return p, url
}

func killed(p *process) bool {
	status, is := p.ProcessState.Sys().(syscall.WaitStatus)
	return is && status.Signaled() && status.Signal() == syscall.SIGKILL
}

func keyIn(t *testing.T, path string) string {
	t.Helper()
	key, err := readKey(path)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// eventually waits until the condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not in time: %s", what)
		}
	}
}

func TestSecondProcessIsRefused(t *testing.T) {
	t.Parallel()
	dir := acmeDir(t)
	server, _ := serve(t, filepath.Join(dir, "ledger"))
	for _, args := range [][]string{
		{"orgs", "--data", "ledger"},
		{"serve", "--data", "ledger", "--listen", "127.0.0.1:0"},
		{"person", "add", "mia", "--org", "acme", "--data", "ledger", "--key", "lea.key"},
	} {
		_, stderr, code, err := tenureIn(dir, args...)
		if err != nil || code != 2 {
			t.Errorf("tenure %q: exit status %d, %v", args, code, err)
		}
		want := fmt.Sprintf("the data folder is in use: ledger is open in process %d; stop it, or use another folder\n", server.Process.Pid)
		if !strings.HasSuffix(stderr, want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("tenure %q says %q, want it to end in %q", args, stderr, want)
		}
	}
}

func TestServeFinishesRunningRequests(t *testing.T) {
	t.Parallel()
	dir := acmeDir(t)
	server, url := serve(t, filepath.Join(dir, "ledger"))
	address := strings.TrimPrefix(url, "http://")

	// Half a request is under way when the signal comes.
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	body := `{"login":"mia"}`
	fmt.Fprintf(conn, "POST /v1/organizations/acme/people HTTP/1.1\r\nHost: tenure\r\nConnection: close\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		keyIn(t, filepath.Join(dir, "lea.key")), len(body), body[:5])
	// The server has taken it on when it has answered another one, sent later.
	if _, err := http.Get(url + "/livez"); err != nil {
		t.Fatal(err)
	}
	if err := server.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, "no new connection is taken", func() bool {
		other, err := net.Dial("tcp", address)
		if err == nil {
			other.Close()
		}
		return err != nil
	})
	if _, err := io.WriteString(conn, body[5:]); err != nil {
		t.Fatal(err)
	}
	conn.SetReadDeadline(time.Now().Add(patience))
	answer, err := io.ReadAll(conn)
	if err != nil || !bytes.HasPrefix(answer, []byte("HTTP/1.1 200 ")) {
		t.Fatalf("the running request got %v, %s", err, answer)
	}
	if code, err := server.end(); err != nil || code != 0 {
		t.Fatalf("exit status %d, %v: %s", code, err, server.stderr())
	}
	if shown := mustRun(t, dir, "person", "show", "mia", "--org", "acme", "--data", "ledger"); !strings.Contains(shown, "mia") {
		t.Errorf("person show: %s", shown)
	}
}

// TestServeSurvivesKill kills the server again and again while several clients
// write. Nothing that was acknowledged is lost, a request sent again with its
// key gives the same receipt, and an organization's numbers have no gap.
func TestServeSurvivesKill(t *testing.T) {
	t.Parallel()
	rounds, writers := 15, 4
	if testing.Short() {
		rounds = 3
	}
	dir := acmeDir(t)
	folder, key := filepath.Join(dir, "ledger"), keyIn(t, filepath.Join(dir, "lea.key"))
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()

	type request struct {
		login   string
		receipt service.PersonReceipt
		acked   bool
	}
	lists := make([][]*request, writers)
	ask := func(url string, r *request) (service.PersonReceipt, error) {
		return api.NewClient(url, key, http.DefaultTransport).RegisterPerson(ctx, "acme",
			api.Options{IdempotencyKey: "key of " + r.login, Ticket: "T-1"}, service.PersonDetails{Login: r.login, Name: "Somebody"})
	}
	// again sends a request once more: the receipt is the first one.
	again := func(url string, r *request) {
		receipt, err := ask(url, r)
		if err != nil {
			t.Fatalf("%s, again: %v", r.login, err)
		}
		if r.acked {
			if !receipt.Replayed {
				t.Errorf("%s was acknowledged as %s, and is done once more as %s", r.login, r.receipt.Commit, receipt.Commit)
			}
			if receipt.Commit != r.receipt.Commit || receipt.Revision != r.receipt.Revision || receipt.Number != r.receipt.Number || receipt.ID != r.receipt.ID {
				t.Errorf("%s: the receipt was %+v and is now %+v", r.login, r.receipt, receipt)
			}
		}
		r.receipt, r.acked = receipt, true
	}

	unanswered := 0
	for round := range rounds {
		server, url, err := serving(folder)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		t.Cleanup(server.kill)
		for _, list := range lists {
			if len(list) > 0 {
				if !list[len(list)-1].acked {
					unanswered++
				}
				again(url, list[len(list)-1])
			}
		}
		var wait sync.WaitGroup
		for writer := range writers {
			wait.Go(func() {
				for i := 0; ; i++ {
					r := &request{login: fmt.Sprintf("p-%d-%d-%d", round, writer, i)}
					lists[writer] = append(lists[writer], r)
					receipt, err := ask(url, r)
					if err != nil {
						var problem *api.Problem
						if errors.As(err, &problem) {
							t.Errorf("%s is refused: %v", r.login, err)
						}
						return
					}
					r.receipt, r.acked = receipt, true
				}
			})
		}
		kill := time.AfterFunc(time.Duration(rand.IntN(200)+5)*time.Millisecond, func() { server.Process.Kill() })
		wait.Wait()
		kill.Stop()
		server.kill()
	}

	server, url, err := serving(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.stop(); err != nil {
			t.Error(err)
		}
	})
	total := 0
	for _, list := range lists {
		for _, r := range list {
			again(url, r)
			total++
		}
	}
	client := api.NewClient(url, key, http.DefaultTransport)
	history, err := client.History(ctx, "acme", api.At{}, "")
	if err != nil {
		t.Fatal(err)
	}
	commits := map[uint64]string{}
	for _, event := range history {
		if other, there := commits[event.Number]; there && other != string(event.Commit) {
			t.Errorf("commits %s and %s have the number %d", other, event.Commit, event.Number)
		}
		commits[event.Number] = string(event.Commit)
	}
	for number := range uint64(len(commits)) {
		if commits[number+1] == "" {
			t.Errorf("there is no commit %d of %d", number+1, len(commits))
		}
	}
	people, err := client.People(ctx, "acme", api.At{})
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range lists {
		for _, r := range list {
			if commits[r.receipt.Number] != string(r.receipt.Commit) {
				t.Errorf("%s has the receipt %s, number %d, and the history has %s there", r.login, r.receipt.Commit, r.receipt.Number, commits[r.receipt.Number])
			}
			if !slices.ContainsFunc(people, func(p service.PersonView) bool { return p.Login == r.login && p.ID == r.receipt.ID }) {
				t.Errorf("%s is not known", r.login)
			}
		}
	}
	if want := total + 3; len(people) != want {
		t.Errorf("%d people are known, want %d", len(people), want)
	}
	t.Logf("%d rounds, %d requests, of which %d had no answer before the end of their server", rounds, total, unanswered)
	if total < rounds*writers || unanswered == 0 {
		t.Errorf("the rounds tried nothing: %d requests, %d without an answer", total, unanswered)
	}
}

// timelineOf finds a real membership history and its last snapshot.
func timelineOf(t *testing.T, org string) (file string, want service.Peribolos) {
	t.Helper()
	data, err := filepath.Abs(filepath.Join("..", "..", "..", "shared", "data"))
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(data, org+".changes.jsonl")
	snapshots, err := os.ReadFile(filepath.Join(data, org+".snapshots.jsonl"))
	if err != nil {
		t.Skipf("the real membership data is not there: %v", err)
	}
	lines := strings.Split(strings.TrimSpace(string(snapshots)), "\n")
	type team struct {
		Parent               string
		Maintainers, Members []string
	}
	var last struct {
		State struct {
			Admins, Members []string
			Teams           map[string]team
		}
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil {
		t.Fatal(err)
	}
	sorted := func(list []string) []string {
		list = append([]string{}, list...)
		slices.Sort(list)
		return list
	}
	want = service.Peribolos{Admins: sorted(last.State.Admins), Members: sorted(last.State.Members)}
	var below func(parent string) map[string]*service.PeribolosTeam
	below = func(parent string) map[string]*service.PeribolosTeam {
		teams := map[string]*service.PeribolosTeam{}
		for name, team := range last.State.Teams {
			if team.Parent == parent {
				teams[name] = &service.PeribolosTeam{Maintainers: sorted(team.Maintainers), Members: sorted(team.Members), Teams: below(name)}
			}
		}
		if len(teams) == 0 && parent != "" {
			return nil
		}
		return teams
	}
	want.Teams = below("")
	return file, want
}

func exported(t *testing.T, dir, org string) service.Peribolos {
	t.Helper()
	var got service.Peribolos
	if err := json.Unmarshal([]byte(mustRun(t, dir, "export", "peribolos", "--org", org, "--data", "ledger", "-o", "json")), &got); err != nil {
		t.Fatal(err)
	}
	return got
}

// TestImportSurvivesKill kills an import at random moments and runs it again,
// until it is done.
func TestImportSurvivesKill(t *testing.T) {
	t.Parallel()
	const org = "kubernetes-csi"
	file, want := timelineOf(t, org)
	dir := t.TempDir()
	runs, kills := 0, 0
	for done := false; !done; runs++ {
		p, err := start(dir, nil, "import", "timeline", file, "--org", org, "--model", "github", "--data", "ledger")
		if err != nil {
			t.Fatal(err)
		}
		// Later runs get more time, so that there is an end on any machine.
		limit := 60 + 20*runs
		kill := time.AfterFunc(time.Duration(rand.IntN(limit))*time.Millisecond, func() { p.Process.Kill() })
		code, err := p.end()
		kill.Stop()
		switch {
		case err != nil:
			t.Fatal(err)
		case code == 0:
			done = true
		case killed(p):
			kills++
		default:
			t.Fatalf("run %d: exit status %d: %s", runs, code, p.stderr())
		}
	}
	t.Logf("done after %d kills", kills)
	if diff := cmp.Diff(want, exported(t, dir, org)); diff != "" {
		t.Errorf("the export differs from the source (-source +export):\n%s", diff)
	}
	var orgs []service.OrganizationView
	if err := json.Unmarshal([]byte(mustRun(t, dir, "orgs", "--data", "ledger", "-o", "json")), &orgs); err != nil {
		t.Fatal(err)
	}
	if len(orgs) != 1 || orgs[0].Commits != 168 || orgs[0].Revision != 168 {
		t.Errorf("the ledger holds %+v, want 168 commits", orgs)
	}
	if kills == 0 {
		t.Error("no import was killed")
	}
}

// TestImportInterrupted interrupts an import as soon as it has written
// something, and continues it.
func TestImportInterrupted(t *testing.T) {
	t.Parallel()
	const org = "kubernetes-csi"
	file, want := timelineOf(t, org)
	dir := t.TempDir()
	args := []string{"import", "timeline", file, "--org", org, "--model", "github", "--data", "ledger", "-o", "json"}
	p, err := start(dir, nil, args...)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "something is written", func() bool {
		blocks, _ := filepath.Glob(filepath.Join(dir, "ledger", "nats", "jetstream", "*", "streams", "LEDGER", "msgs", "*.blk"))
		return slices.ContainsFunc(blocks, func(block string) bool {
			info, err := os.Stat(block)
			return err == nil && info.Size() > 0
		})
	})
	if err := p.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	code, err := p.end()
	if err != nil || code != 2 {
		t.Fatalf("exit status %d, %v: %s%s", code, err, p.stdout(), p.stderr())
	}
	var object struct{ Detail, Code string }
	if err := json.Unmarshal([]byte(p.stdout()), &object); err != nil {
		t.Fatalf("%v: %s", err, p.stdout())
	}
	form := regexp.MustCompile(`^interrupted at .*kubernetes-csi\.changes\.jsonl:\d+, commit \d+ of 168; run it again to go on$`)
	if !form.MatchString(object.Detail) || object.Code != "error" {
		t.Errorf("it says %+v", object)
	}
	var result timelineResult
	if err := json.Unmarshal([]byte(mustRun(t, dir, args...)), &result); err != nil {
		t.Fatal(err)
	}
	if result.Present == 0 || result.Imported == 0 || result.Present+result.Imported != 168 {
		t.Errorf("the second run: %+v, want both, and 168 together", result)
	}
	if diff := cmp.Diff(want, exported(t, dir, org)); diff != "" {
		t.Errorf("the export differs from the source (-source +export):\n%s", diff)
	}
}

// TestProgressBar imports on a terminal.
func TestProgressBar(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	line := `{"time":"2024-01-01T09:00:00Z","commit":"a1","op":"admin.add","user":"lea"}` + "\n" +
		`{"time":"2024-01-02T09:00:00Z","commit":"b2","op":"admin.remove","user":"lea"}` + "\n"
	if err := os.WriteFile(filepath.Join(dir, "history.jsonl"), []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	master, terminal := openTerminal(t)
	shown := make(chan string)
	go func() {
		text, _ := io.ReadAll(master) // ends with an error when the last user of the terminal is gone
		shown <- string(text)
	}()
	code, err := onTerminal(dir, terminal, "import", "timeline", "history.jsonl", "--org", "acme", "--model", "github", "--data", "ledger")
	terminal.Close()
	if err != nil || code != 1 {
		t.Fatalf("exit status %d, %v", code, err)
	}
	text := <-shown
	if !strings.Contains(text, "importing acme") || !strings.Contains(text, "(1/2") {
		t.Errorf("there is no progress in %q", text)
	}
	if strings.Contains(text, "\x1b[3") || strings.Contains(text, "\x1b[1m") {
		t.Errorf("there are colors in %q", text)
	}
	// The refusal stands on a line of its own.
	refusal := text[strings.Index(text, "Commits taken over"):]
	if before := text[:len(text)-len(refusal)]; !strings.HasSuffix(before, "\r") {
		t.Errorf("the bar is not cleared before the refusal: %q", text)
	}
}

// openTerminal makes a pseudo-terminal of 200 columns.
func openTerminal(t *testing.T) (master, terminal *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { master.Close() })
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(int(terminal.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: 200}); err != nil {
		t.Fatal(err)
	}
	return master, terminal
}

// TestDemoKeep asks the demo's ledger with the key that it gives.
func TestDemoKeep(t *testing.T) {
	t.Parallel()
	temporary := t.TempDir()
	demo, err := start(t.TempDir(), []string{"TMPDIR=" + temporary}, "demo", "--keep")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(demo.kill)
	eventually(t, "it serves", func() bool { return strings.Contains(demo.stdout(), "curl ") })
	// The lines that it gives to try are tried as they stand.
	_, lines, _ := strings.Cut(demo.stdout(), "in another terminal:\n")
	tried := 0
	for line := range strings.Lines(lines) {
		words := strings.Fields(line)
		if words[0] != "tenure" {
			continue
		}
		tried++
		if stdout := mustRun(t, temporary, words[1:]...); !strings.Contains(stdout, storyOwner) {
			t.Errorf("%s prints %s", line, stdout)
		}
	}
	if tried < 2 {
		t.Errorf("there is nothing to try in %s", demo.stdout())
	}
	if keyForm.MatchString(demo.stdout()) {
		t.Error("a key is printed")
	}
	if err := demo.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code, err := demo.end(); err != nil || code != 0 {
		t.Fatalf("exit status %d, %v: %s", code, err, demo.stderr())
	}
	left, err := os.ReadDir(temporary)
	if err != nil || len(left) > 0 {
		t.Errorf("the demo leaves %v, %v", left, err)
	}
}

func TestServerNeedsNoOperatorKey(t *testing.T) {
	t.Parallel()
	dir := acmeDir(t)
	key := filepath.Join(dir, "safe.key")
	if err := os.Rename(filepath.Join(dir, "ledger", "operator.key"), key); err != nil {
		t.Fatal(err)
	}
	_, url := serve(t, filepath.Join(dir, "ledger"))
	if stdout := mustRun(t, dir, "orgs", "--url", url, "--key", key); !strings.Contains(stdout, "acme") {
		t.Errorf("orgs: %s", stdout)
	}
	if _, err := os.Stat(filepath.Join(dir, "ledger", "operator.key")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the operator's key is there again: %v", err)
	}
}

// TestEpochKeyFile opens ledgers whose epoch key is not there, or not theirs.
func TestEpochKeyFile(t *testing.T) {
	t.Parallel()
	other := t.TempDir()
	mustRun(t, other, "found", "acme", "--model", "github", "--owner", "lea", "--data", "ledger")
	const file = "keys/epoch-0001.key"
	foreign, err := os.ReadFile(filepath.Join(other, "ledger", file))
	if err != nil {
		t.Fatal(err)
	}
	for _, each := range []struct {
		name   string
		change func(path string) error
		says   string
	}{
		{"missing", os.Remove, "key"},
		{"empty", func(path string) error { return os.WriteFile(path, nil, 0o600) }, file},
		{"damaged", func(path string) error { return os.WriteFile(path, foreign[:len(foreign)-5], 0o600) }, file},
		{"of another ledger", func(path string) error { return os.WriteFile(path, foreign, 0o600) }, "key"},
	} {
		t.Run(each.name, func(t *testing.T) {
			dir := acmeDir(t)
			path := filepath.Join(dir, "ledger", file)
			good, err := os.ReadFile(path)
			if err == nil {
				err = each.change(path)
			}
			if err != nil {
				t.Fatal(err)
			}
			before := fingerprints(t, filepath.Join(dir, "ledger"))
			for _, args := range [][]string{
				{"person", "list", "--org", "acme", "--data", "ledger"},
				{"person", "add", "mia", "--org", "acme", "--data", "ledger", "--key", "lea.key"},
				{"serve", "--data", "ledger", "--listen", "127.0.0.1:0"},
			} {
				stdout, stderr, code, err := tenureIn(dir, args...)
				if err != nil || code != 2 || stdout != "" {
					t.Errorf("tenure %q: exit status %d, %v, prints %q", args, code, err, stdout)
				}
				if !strings.Contains(stderr, each.says) || !strings.Contains(stderr, "epoch") {
					t.Errorf("tenure %q says %q", args, stderr)
				}
			}
			if diff := cmp.Diff(before, fingerprints(t, filepath.Join(dir, "ledger"))); diff != "" {
				t.Errorf("the folder is changed (-before +after):\n%s", diff)
			}
			if err := os.WriteFile(path, good, 0o600); err != nil {
				t.Fatal(err)
			}
			if stdout := mustRun(t, dir, "person", "show", "tom", "--org", "acme", "--data", "ledger"); !strings.Contains(stdout, "tom@acme.example") {
				t.Errorf("with its key again: %s", stdout)
			}
		})
	}
}

// fingerprints are the digests of the files that matter in a ledger's folder:
// its keys, and the blocks in which its messages are stored.
func fingerprints(t *testing.T, dir string) map[string]string {
	t.Helper()
	digests := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		name := strings.TrimPrefix(path, dir)
		if err != nil || entry.IsDir() || entry.Name() == "lock" {
			return err
		}
		if strings.Contains(name, "/nats/") && filepath.Ext(name) != ".blk" {
			return nil
		}
		content, err := os.ReadFile(path)
		digest := sha256.Sum256(content)
		digests[name] = hex.EncodeToString(digest[:])
		return err
	})
	if err != nil || len(digests) < 5 {
		t.Fatalf("fingerprints: %v, %v", digests, err)
	}
	return digests
}

// TestLogNamesNobody looks for people and keys in a server's log.
func TestLogNamesNobody(t *testing.T) {
	t.Parallel()
	dir := acmeDir(t)
	server, url := serve(t, filepath.Join(dir, "ledger"))
	lea, operator := filepath.Join(dir, "lea.key"), filepath.Join(dir, "ledger", "operator.key")
	bogus := filepath.Join(dir, "bogus.key")
	if err := os.WriteFile(bogus, []byte("tenure_zebedeezebedee"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, each := range []struct {
		key  string
		code int
		args string
	}{
		{lea, 0, "person add zebedee --email zebedee@quagga.example --name Zebedee"},
		{lea, 1, "person add zebedee"},
		{lea, 1, "grant zebedee admin"},
		{lea, 0, "member start zebedee --note Zebedee"},
		{lea, 2, "person show zebedeee"},
		{lea, 0, "scope create team:x --title Zebedee"},
		{operator, 0, "person show zebedee"},
		{operator, 1, "grant zebedee admin"},
		{operator, 0, "grant zebedee admin --reason emergency --note Zebedee"},
		{operator, 0, "history person:zebedee"},
		{bogus, 2, "person show zebedee"},
		{lea, 2, "history zebedee"},
	} {
		args := append(strings.Fields(each.args), "--org", "acme", "--url", url, "--key", each.key)
		if _, stderr, code, err := tenureIn(dir, args...); err != nil || code != each.code {
			t.Errorf("tenure %q: exit status %d, %v: %s", args, code, err, stderr)
		}
	}
	request, _ := http.NewRequest(http.MethodPost, url+"/v1/organizations/acme/people", strings.NewReader(`{"login":"zebedee"`))
	request.Header.Set("Authorization", "Bearer "+keyIn(t, lea))
	if response, err := http.DefaultClient.Do(request); err != nil {
		t.Error(err)
	} else {
		response.Body.Close()
	}
	if err := server.stop(); err != nil {
		t.Fatal(err)
	}
	log := server.stderr()
	if !strings.Contains(log, "serving") {
		t.Errorf("there is no log: %s", log)
	}
	for line := range strings.Lines(log) {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
		for _, word := range []string{"zebedee", "quagga", "tenure_", "tom@", "lea@"} {
			if strings.Contains(strings.ToLower(line), word) {
				t.Errorf("the log says %q: %s", word, line)
			}
		}
	}
	found, err := filesWith(filepath.Join(dir, "ledger"), []string{"zebedee", "Zebedee", "quagga"})
	if err != nil || len(found) > 0 {
		t.Errorf("in the clear: %v, %v", found, err)
	}
}
