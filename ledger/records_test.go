package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/oklog/ulid/v2"
)

// records reads all records as owner to data.
func records(t *testing.T, l *Ledger) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := l.EachRecord(t.Context(), func(e Entry) error {
		key := string(e.Org) + "/" + e.Owner
		if _, twice := all[key]; twice {
			t.Errorf("%s has two records", key)
		}
		all[key] = string(e.Data)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// secrets are records of the first n owners in one version.
func secrets(n, version int) []Entry {
	var entries []Entry
	for i := range n {
		entries = append(entries, Entry{Org: "acme", Owner: ownerName(i), Data: secret(i, version)})
	}
	return entries
}

// expectSecrets demands that exactly these versions are stored, and that no
// file below the folder holds anything else.
func expectSecrets(t *testing.T, l *Ledger, versions map[int]int) {
	t.Helper()
	want := map[string]string{}
	for owner, version := range versions {
		want["acme/"+ownerName(owner)] = string(secret(owner, version))
	}
	if diff := cmp.Diff(want, records(t, l)); diff != "" {
		t.Error(diff)
	}
	found := map[string]bool{}
	for _, f := range secretsBelow(t, string(l.dir)) {
		var owner, version int
		if _, err := fmt.Sscanf(f, "secret of %d version %d.", &owner, &version); err != nil || versions[owner] != version {
			t.Errorf("%q is still on the disk", f)
		}
		found[f] = true
	}
	if len(found) != len(versions) {
		t.Errorf("%d records are on the disk, want %d: the search does not see them", len(found), len(versions))
	}
}

func TestRecords(t *testing.T) {
	person := ulid.Make().String()
	tests := []struct {
		name string
		do   func(*Ledger) error
		want map[string]string
	}{
		{"put none", func(l *Ledger) error { return l.PutRecords(t.Context(), nil) }, map[string]string{}},
		{"put", func(l *Ledger) error {
			return l.PutRecords(t.Context(), []Entry{
				{"acme", person, []byte("1")}, {"globex", person, []byte("2")}, {"acme", "team:sig-etcd", []byte("3")}, {"acme", "lookup", nil}})
		}, map[string]string{"acme/" + person: "1", "globex/" + person: "2", "acme/team:sig-etcd": "3", "acme/lookup": ""}},
		{"the last of two counts", func(l *Ledger) error {
			return l.PutRecords(t.Context(), []Entry{{"acme", person, []byte("4")}, {"acme", person, []byte("5")}})
		}, map[string]string{"acme/" + person: "5", "globex/" + person: "2", "acme/team:sig-etcd": "3", "acme/lookup": ""}},
		{"erase", func(l *Ledger) error {
			return errors.Join(l.EraseRecord(t.Context(), "acme", person), l.EraseRecord(t.Context(), "acme", "lookup"))
		}, map[string]string{"globex/" + person: "2", "acme/team:sig-etcd": "3"}},
		{"erase what is not there", func(l *Ledger) error { return l.EraseRecord(t.Context(), "acme", person) },
			map[string]string{"globex/" + person: "2", "acme/team:sig-etcd": "3"}},
		{"put again", func(l *Ledger) error { return l.PutRecords(t.Context(), []Entry{{"acme", person, []byte("6")}}) },
			map[string]string{"acme/" + person: "6", "globex/" + person: "2", "acme/team:sig-etcd": "3"}},
	}
	dir := t.TempDir()
	l := open(t, dir)
	for _, test := range tests {
		if err := test.do(l); err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		if diff := cmp.Diff(test.want, records(t, l)); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
		shut(t, l)
		l = open(t, dir)
		if diff := cmp.Diff(test.want, records(t, l)); diff != "" {
			t.Errorf("%s, opened again: %s", test.name, diff)
		}
	}
}

// TestErasedBytes looks for the bytes of former records in all files, both
// while the ledger is open and after.
func TestErasedBytes(t *testing.T) {
	const owners = 300 // more than one by one are erased, and more than a batch is worth
	tests := []struct {
		name string
		do   func(*Ledger) error
		then func(versions map[int]int)
	}{
		{"replace one", func(l *Ledger) error { return l.PutRecords(t.Context(), secrets(1, 2)) },
			func(v map[int]int) { v[0] = 2 }},
		{"replace a few", func(l *Ledger) error { return l.PutRecords(t.Context(), secrets(20, 2)) },
			func(v map[int]int) {
				for i := range 20 {
					v[i] = 2
				}
			}},
		{"replace all", func(l *Ledger) error { return l.PutRecords(t.Context(), secrets(owners, 2)) },
			func(v map[int]int) {
				for i := range owners {
					v[i] = 2
				}
			}},
		{"erase the first", func(l *Ledger) error { return l.EraseRecord(t.Context(), "acme", ownerName(0)) },
			func(v map[int]int) { delete(v, 0) }},
		{"erase all", func(l *Ledger) error {
			for i := range owners {
				if err := l.EraseRecord(t.Context(), "acme", ownerName(i)); err != nil {
					return err
				}
			}
			return nil
		}, func(v map[int]int) { clear(v) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			l := open(t, dir)
			versions := map[int]int{}
			for i := range owners {
				versions[i] = 1
			}
			if err := l.PutRecords(t.Context(), secrets(owners, 1)); err != nil {
				t.Fatal(err)
			}
			expectSecrets(t, l, versions)
			if err := test.do(l); err != nil {
				t.Fatal(err)
			}
			test.then(versions)
			expectSecrets(t, l, versions)
			shut(t, l)
			l = open(t, dir)
			expectSecrets(t, l, versions)
		})
	}
}

// TestErasedFromManyBlocks erases in a store of several block files.
func TestErasedFromManyBlocks(t *testing.T) {
	l := open(t, t.TempDir())
	padding := strings.Repeat("-", 1<<16)
	put := func(version int) {
		t.Helper()
		entries := secrets(300, version)
		for i := range entries {
			entries[i].Data = append(entries[i].Data, padding...)
		}
		if err := l.PutRecords(t.Context(), entries); err != nil {
			t.Fatal(err)
		}
	}
	versionsOnDisk := func() map[int]int {
		counts := map[int]int{}
		for _, f := range secretsBelow(t, string(l.dir)) {
			var owner, version int
			_, _ = fmt.Sscanf(f, "secret of %d version %d.", &owner, &version)
			counts[version]++
		}
		return counts
	}
	put(1)
	put(2)
	if diff := cmp.Diff(map[int]int{2: 300}, versionsOnDisk()); diff != "" {
		t.Error(diff)
	}
	for i := 0; i < 300; i += 50 {
		if err := l.EraseRecord(t.Context(), "acme", ownerName(i)); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(map[int]int{2: 294}, versionsOnDisk()); diff != "" {
		t.Error(diff)
	}
}

// TestRecordFaults changes records under a fault of each kind of write, failed
// and failed but persisted, and then again without it: in the same ledger, and
// in the one that is opened after it.
func TestRecordFaults(t *testing.T) {
	lost := errors.New("the answer was lost")
	onErase := func(send bool) func(*Ledger) {
		return func(l *Ledger) {
			erase := l.writes.erase
			l.writes.erase = func(ctx context.Context, sequence uint64) error {
				if send {
					if err := erase(ctx, sequence); err != nil {
						return err
					}
				}
				return lost
			}
		}
	}
	onPurge := func(send bool) func(*Ledger) {
		return func(l *Ledger) {
			purge := l.writes.purge
			l.writes.purge = func(ctx context.Context, opts ...jetstream.StreamPurgeOpt) error {
				if send {
					if err := purge(ctx, opts...); err != nil {
						return err
					}
				}
				return lost
			}
		}
	}
	// A rewriting publishes twice: what makes a new file, and the records.
	secondPublication := func(fault func(*Ledger)) func(*Ledger) {
		return func(l *Ledger) {
			intact := l.writes.publish
			fault(l)
			faulty := l.writes.publish
			n := 0
			l.writes.publish = func(ctx context.Context, msg *nats.Msg, opts ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
				if n++; n == 2 {
					return faulty(ctx, msg, opts...)
				}
				return intact(ctx, msg, opts...)
			}
		}
	}
	all := func(version int) map[int]int {
		versions := map[int]int{}
		for i := range 100 {
			versions[i] = version
		}
		return versions
	}
	one := func(version int) map[int]int {
		versions := all(1)
		versions[0] = version
		return versions
	}
	without := all(1)
	delete(without, 0)
	replace := func(n int) func(*Ledger) error {
		return func(l *Ledger) error { return l.PutRecords(t.Context(), secrets(n, 2)) }
	}
	erase := func(l *Ledger) error { return l.EraseRecord(t.Context(), "acme", ownerName(0)) }
	tests := []struct {
		name  string
		do    func(*Ledger) error
		fault func(*Ledger)
		want  map[int]int
	}{
		{"replace one, publication failed", replace(1), failing(lost), one(2)},
		{"replace one, publication persisted", replace(1), persisting(lost), one(2)},
		{"replace one, erasure failed", replace(1), onErase(false), one(2)},
		{"replace one, erasure persisted", replace(1), onErase(true), one(2)},
		{"replace all, first publication failed", replace(100), failing(lost), all(2)},
		{"replace all, first publication persisted", replace(100), persisting(lost), all(2)},
		{"replace all, batch failed", replace(100), secondPublication(failing(lost)), all(2)},
		{"replace all, batch persisted", replace(100), secondPublication(persisting(lost)), all(2)},
		{"replace all, purge failed", replace(100), onPurge(false), all(2)},
		{"replace all, purge persisted", replace(100), onPurge(true), all(2)},
		{"erase, failed", erase, onErase(false), without},
		{"erase, persisted", erase, onErase(true), without},
	}
	for _, test := range tests {
		for _, reopen := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, reopen %v", test.name, reopen), func(t *testing.T) {
				dir := t.TempDir()
				l := open(t, dir)
				if err := l.PutRecords(t.Context(), secrets(100, 1)); err != nil {
					t.Fatal(err)
				}
				intact := l.writes
				test.fault(l)
				if err := test.do(l); !errors.Is(err, ErrUnconfirmed) || !errors.Is(err, lost) {
					t.Errorf("got %v, want ErrUnconfirmed with its cause", err)
				}
				if got := len(records(t, l)); got != 100 && got != len(test.want) {
					t.Errorf("%d records under the fault", got)
				}
				l.writes = intact
				if reopen {
					shut(t, l)
					l = open(t, dir)
					// Whatever has become of the change: no record is there twice.
					found := map[string]bool{}
					for _, f := range secretsBelow(t, dir) {
						var owner, version int
						_, _ = fmt.Sscanf(f, "secret of %d version %d.", &owner, &version)
						if found[ownerName(owner)] {
							t.Errorf("owner %d is on the disk twice", owner)
						}
						found[ownerName(owner)] = true
					}
				}
				if err := test.do(l); err != nil {
					t.Fatal(err)
				}
				expectSecrets(t, l, test.want)
				if begun, err := l.dir.erasing(); begun || err != nil {
					t.Errorf("an erasure is still marked as begun, %v", err)
				}
			})
		}
	}
}

func TestRecordsRefuse(t *testing.T) {
	l := open(t, t.TempDir())
	for name, e := range map[string]Entry{
		"no organization":        {"", "person", nil},
		"wildcard organization":  {"*", "person", nil},
		"reserved organization":  {"_", "filler", nil},
		"no owner":               {"acme", "", nil},
		"wildcard owner":         {"acme", "*", nil},
		"rest of subject":        {"acme", ">", nil},
		"two tokens":             {"acme", "a.b", nil},
		"space":                  {"acme", "a b", nil},
		"NUL":                    {"acme", "a\x00b", nil},
		"line end":               {"acme", "a\r\nb", nil},
		"capital word":           {"acme", "Person", nil},
		"scope without a handle": {"acme", "team:", nil},
		"long word":              {"acme", strings.Repeat("a", 32), nil},
	} {
		if err := l.PutRecords(t.Context(), []Entry{{"acme", "person", nil}, e}); !errors.Is(err, ErrInvalid) {
			t.Errorf("put, %s: got %v, want ErrInvalid", name, err)
		}
		if err := l.EraseRecord(t.Context(), e.Org, e.Owner); !errors.Is(err, ErrInvalid) {
			t.Errorf("erase, %s: got %v, want ErrInvalid", name, err)
		}
	}
	if err := l.PutRecords(t.Context(), []Entry{{"acme", "person", make([]byte, MaxRecordBytes+1)}}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
	if got := records(t, l); len(got) != 0 {
		t.Errorf("records were stored: %v", slices.Sorted(maps.Keys(got)))
	}
	if err := l.PutRecords(t.Context(), []Entry{{"acme", "person", make([]byte, MaxRecordBytes)}}); err != nil {
		t.Error(err)
	}
}

// TestEachRecordWrites replaces every record from within EachRecord, as a
// change of the key that wraps them does.
func TestEachRecordWrites(t *testing.T) {
	l := open(t, t.TempDir())
	if err := l.PutRecords(t.Context(), secrets(30, 1)); err != nil {
		t.Fatal(err)
	}
	err := l.EachRecord(t.Context(), func(e Entry) error {
		e.Data = []byte("rewrapped")
		return l.PutRecords(t.Context(), []Entry{e})
	})
	if err != nil {
		t.Fatal(err)
	}
	for owner, data := range records(t, l) {
		if data != "rewrapped" {
			t.Errorf("%s has %q", owner, data)
		}
	}
}

// TestUnreadableRecord flips a bit in a record. The others must neither be
// given out as all, nor be thrown away by a rewriting.
func TestUnreadableRecord(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	if err := l.PutRecords(t.Context(), secrets(100, 1)); err != nil {
		t.Fatal(err)
	}
	shut(t, l)
	file := filepath.Join(folder(dir).streamDir(keysStream), "msgs", "1.blk")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	data[bytes.Index(data, secret(50, 1))] ^= 1
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir, func(o *Options) { o.stallAfter = 20 * time.Millisecond })
	if err := l.EachRecord(t.Context(), func(Entry) error { return errors.New("called") }); !errors.Is(err, ErrUnreadable) {
		t.Errorf("each: got %v, want ErrUnreadable", err)
	}
	if err := l.PutRecords(t.Context(), secrets(100, 2)); !errors.Is(err, ErrUnreadable) {
		t.Errorf("put: got %v, want ErrUnreadable", err)
	}
	left := map[string]bool{}
	for _, found := range secretsBelow(t, dir) {
		left[found] = true
	}
	if len(left) != 99 {
		t.Errorf("%d records are on the disk, want 99", len(left))
	}
}

// TestLargeRecords stores more than one batch may hold.
func TestLargeRecords(t *testing.T) {
	l := open(t, t.TempDir())
	var entries []Entry
	for i := range 20 {
		entries = append(entries, Entry{"acme", ownerName(i), make([]byte, MaxRecordBytes)})
	}
	begin := time.Now()
	if err := l.PutRecords(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
	t.Logf("20 MiB in %v", time.Since(begin))
	if got := records(t, l); len(got) != len(entries) {
		t.Errorf("%d records, want %d", len(got), len(entries))
	}
}
