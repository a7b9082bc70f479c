package ledger

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tenure/events"
)

// Some tests need a second process, to be refused or to be killed: this test
// binary again, with a role and a data folder in its environment.
const (
	childRole = "TENURE_LEDGER_CHILD"
	childDir  = "TENURE_LEDGER_CHILD_DIR"
)

func childMain(role string) int {
	l, err := Open(context.Background(), Options{Dir: os.Getenv(childDir), Logger: quiet})
	if errors.Is(err, ErrLocked) {
		fmt.Println("locked:", err)
		return 3
	}
	if err != nil {
		fmt.Println("error:", err)
		return 1
	}
	switch role {
	case "create":
		fmt.Println("open")
		select {}
	case "append":
		err = appendForEver(l)
	case "records":
		err = changeRecordsForEver(l)
	}
	fmt.Println("error:", err)
	return 1
}

// printer writes whole lines at once, each before the next call begins.
type printer struct{ lock sync.Mutex }

func (p *printer) line(format string, args ...any) {
	p.lock.Lock()
	defer p.lock.Unlock()
	_, _ = os.Stdout.WriteString(fmt.Sprintf(format, args...) + "\n")
}

const (
	childOrgs    = 5
	childWriters = 8
	childOwners  = 100
)

// appendForEver appends to a few organizations from more writers than there
// are organizations, and prints what was acknowledged.
func appendForEver(l *Ledger) error {
	var out printer
	failed := make(chan error)
	for w := range childWriters {
		go func() {
			org := orgName(w % childOrgs)
			for {
				var last events.Record
				tail, err := l.OrgTail(context.Background(), org)
				if err == nil && tail > 0 {
					last, err = l.Get(context.Background(), tail)
				}
				for err == nil {
					c := grant(org, last.Number+1, last.Revision)
					var revision events.Revision
					if revision, err = l.Append(context.Background(), c, last.Revision); err == nil {
						out.line("%s %d %d %s", org, c.Number, revision, c.ID)
						last = events.Record{Commit: c, Revision: revision}
					}
				}
				if !errors.Is(err, ErrConflict) {
					failed <- err
				}
			}
		}()
	}
	return <-failed
}

// secret is the recognizable content of a record.
func secret(owner, version int) []byte {
	return []byte(fmt.Sprintf("secret of %d version %d. ", owner, version))
}

// changeRecordsForEver replaces and erases records, one or many at a time, and
// prints what it is about to do and what is done.
func changeRecordsForEver(l *Ledger) error {
	var out printer
	version := map[int]int{}
	err := l.EachRecord(context.Background(), func(e Entry) error {
		var owner, v int
		_, err := fmt.Sscanf(string(e.Data), "secret of %d version %d", &owner, &v)
		version[owner] = v
		return err
	})
	if err != nil {
		return err
	}
	for {
		from, n := rand.IntN(childOwners), 1
		if rand.IntN(4) == 0 {
			from, n = 0, childOwners
		}
		if n == 1 && rand.IntN(3) == 0 {
			out.line("erasing %d", from)
			if err := l.EraseRecord(context.Background(), "acme", ownerName(from)); err != nil {
				return err
			}
			out.line("erased %d", from)
			continue
		}
		var entries []Entry
		for owner := from; owner < from+n; owner++ {
			version[owner]++
			entries = append(entries, Entry{Org: "acme", Owner: ownerName(owner), Data: secret(owner, version[owner])})
		}
		for owner := from; owner < from+n; owner++ {
			out.line("putting %d %d", owner, version[owner])
		}
		if err := l.PutRecords(context.Background(), entries); err != nil {
			return err
		}
		for owner := from; owner < from+n; owner++ {
			out.line("put %d %d", owner, version[owner])
		}
	}
}

func ownerName(i int) string { return fmt.Sprintf("person-%d", i) }

// command is a child process in a role.
func command(t testing.TB, role, dir string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), childRole+"="+role, childDir+"="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}

// runAndKill runs a child until it has printed some lines and a little longer,
// kills it, and returns all whole lines that it printed.
func runAndKill(t testing.TB, role, dir string, lines int, longer time.Duration) []string {
	t.Helper()
	cmd := command(t, role, dir)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill := func() { _ = cmd.Process.Kill() }
	if lines == 0 {
		time.AfterFunc(longer, kill)
	}
	var printed []string
	in := bufio.NewReader(stdout)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			break // a line without its end is not said yet
		}
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "error:") || strings.HasPrefix(line, "locked:") {
			kill()
			t.Errorf("child: %s", line)
		}
		if printed = append(printed, line); len(printed) == lines {
			time.AfterFunc(longer, kill)
		}
	}
	_ = cmd.Wait()
	return printed
}

// dice are random numbers that a failing test can be run again with.
func dice(t testing.TB) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	if given := os.Getenv("TENURE_SEED"); given != "" {
		var err error
		if seed, err = strconv.ParseUint(given, 16, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("TENURE_SEED=%s", hex.EncodeToString([]byte{
		byte(seed >> 56), byte(seed >> 48), byte(seed >> 40), byte(seed >> 32),
		byte(seed >> 24), byte(seed >> 16), byte(seed >> 8), byte(seed)}))
	return rand.New(rand.NewPCG(seed, 0))
}
