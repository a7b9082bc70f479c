package ledger

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tenure/events"
)

// TestKilledWhileAppending kills a process that appends from several writers
// to several organizations, again and again on the same store.
func TestKilledWhileAppending(t *testing.T) {
	rounds := crashes(100)
	dir, dice := t.TempDir(), dice(t)
	history := history{content: map[events.Revision][32]byte{}, acknowledged: map[events.Revision]string{}}
	kills, begin := 0, time.Now()
	for round := range rounds {
		for range 1 + dice.IntN(2) { // sometimes one crash follows another
			kills++
			for _, line := range runAndKill(t, "append", dir, 1+dice.IntN(60), time.Duration(dice.IntN(3000))*time.Microsecond) {
				history.acknowledge(t, line)
			}
		}
		l, err := Open(t.Context(), Options{Dir: dir, Logger: quiet})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		history.verify(t, l)
		shut(t, l)
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
	t.Logf("%d kills in %d rounds, %d acknowledged of %d stored, %v a round",
		kills, rounds, len(history.acknowledged), len(history.content), time.Since(begin)/time.Duration(rounds))
}

// crashes is how many rounds a test runs, and a tenth of them in a short run.
func crashes(rounds int) int {
	if testing.Short() {
		return rounds / 10
	}
	return rounds
}

// history is what is known of a store from before the last kill.
type history struct {
	content      map[events.Revision][32]byte
	acknowledged map[events.Revision]string
}

func (h *history) acknowledge(t *testing.T, line string) {
	var org, id string
	var number, revision uint64
	if _, err := fmt.Sscan(line, &org, &number, &revision, &id); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	at := events.Revision(revision)
	said := fmt.Sprintf("%s %d %s", org, number, id)
	if before, twice := h.acknowledged[at]; twice {
		t.Errorf("revision %d was given to %s and to %s", at, before, said)
	}
	h.acknowledged[at] = said
}

func (h *history) verify(t *testing.T, l *Ledger) {
	t.Helper()
	last := map[events.OrgID]events.Record{}
	seen := 0
	err := l.Replay(t.Context(), 0, func(r events.Record) error {
		seen++
		if before := last[r.Org]; r.Number != before.Number+1 || r.Prev != before.Revision {
			t.Errorf("revision %d is number %d of %s after %d, and follows number %d at %d",
				r.Revision, r.Number, r.Org, r.Prev, before.Number, before.Revision)
		}
		last[r.Org] = r
		if said, known := h.acknowledged[r.Revision]; known && said != fmt.Sprintf("%s %d %s", r.Org, r.Number, r.ID) {
			t.Errorf("revision %d is %s, and %s was acknowledged", r.Revision, r.ID, said)
		}
		payload, err := events.Encode(r.Commit)
		if err != nil {
			return err
		}
		content := sha256.Sum256(fmt.Append(payload, r.RecordedAt))
		if before, known := h.content[r.Revision]; known && before != content {
			t.Errorf("revision %d had other content before", r.Revision)
		}
		h.content[r.Revision] = content
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if seen != len(h.content) {
		t.Errorf("%d commits are stored, and %d were seen before", seen, len(h.content))
	}
	for revision, said := range h.acknowledged {
		if _, stored := h.content[revision]; !stored {
			t.Errorf("revision %d, %s, was acknowledged and is lost", revision, said)
		}
	}
}

// TestKilledWhileCreating kills a process at any moment of its first start.
func TestKilledWhileCreating(t *testing.T) {
	dice := dice(t)
	for range 40 {
		dir := t.TempDir()
		runAndKill(t, "create", dir, 0, time.Duration(dice.IntN(60_000))*time.Microsecond)
		l, err := Open(t.Context(), Options{Dir: dir, Logger: quiet})
		if err != nil {
			t.Fatal(err)
		}
		fill(t, l, "acme", 1)
		id := l.ID()
		shut(t, l)
		if l = open(t, dir); l.ID() != id {
			t.Errorf("the ledger is %s, and was %s", l.ID(), id)
		}
		shut(t, l)
	}
}

// TestKilledWhileErasing kills a process that replaces and erases records. The
// next Open must leave one version of each record, and no byte of another.
func TestKilledWhileErasing(t *testing.T) {
	rounds, limit := crashes(40), 400
	dir, dice := t.TempDir(), dice(t)
	interrupted, round := 0, 0
	// What each owner may have now: the last version that is done, and those
	// begun after it. Version 0 is none.
	possible := map[int][]int{}
	for owner := range childOwners {
		possible[owner] = []int{0}
	}
	for ; round < rounds || interrupted < 3; round++ {
		if round == limit {
			t.Fatalf("%d of %d kills interrupted an erasure: the test tests nothing", interrupted, limit)
		}
		for _, line := range runAndKill(t, "records", dir, 1+dice.IntN(300), time.Duration(dice.IntN(8000))*time.Microsecond) {
			var what string
			var owner, version int
			_, _ = fmt.Sscan(line, &what, &owner, &version)
			switch what {
			case "putting", "erasing":
				possible[owner] = append(possible[owner], version)
			case "put", "erased":
				possible[owner] = []int{version}
			}
		}
		if begun, err := folder(dir).erasing(); err != nil {
			t.Fatal(err)
		} else if begun {
			interrupted++
		}
		l := open(t, dir)
		actual := map[int]int{}
		err := l.EachRecord(t.Context(), func(e Entry) error {
			var owner, version int
			_, err := fmt.Sscanf(string(e.Data), "secret of %d version %d", &owner, &version)
			if _, twice := actual[owner]; twice {
				t.Errorf("owner %d has two records", owner)
			}
			actual[owner] = version
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for owner, versions := range possible {
			if !slices.Contains(versions, actual[owner]) {
				t.Errorf("owner %d has version %d, and may have %v", owner, actual[owner], versions)
			}
			possible[owner] = []int{actual[owner]}
		}
		for _, found := range secretsBelow(t, dir) {
			var owner, version int
			_, _ = fmt.Sscanf(found, "secret of %d version %d", &owner, &version)
			if actual[owner] != version {
				t.Errorf("%q is still on the disk; owner %d has version %d", found, owner, actual[owner])
			}
		}
		shut(t, l)
		if t.Failed() {
			t.FailNow()
		}
	}
	t.Logf("%d of %d kills interrupted an erasure", interrupted, round)
}

// secretsBelow finds the contents of records in all files of a folder.
func secretsBelow(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for rest := data; ; {
			at := bytes.Index(rest, []byte("secret of "))
			if at < 0 {
				return nil
			}
			rest = rest[at:]
			end := bytes.IndexByte(rest, '.')
			if end < 0 || end > 60 {
				end = min(60, len(rest)-1)
			}
			found = append(found, strings.ToValidUTF8(string(rest[:end+1]), "?"))
			rest = rest[1:]
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
