package ledger

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"

	"tenure/events"
)

func TestReplay(t *testing.T) {
	l := open(t, t.TempDir())
	acme, globex := fill(t, l, "acme", 3), fill(t, l, "globex", 2)
	all := append(append([]events.Record{}, acme...), globex...)
	tests := []struct {
		name  string
		org   events.OrgID
		after events.Revision
		want  []events.Record
	}{
		{"all", "", 0, all},
		{"after the second", "", 2, all[2:]},
		{"after the last", "", 5, nil},
		{"one organization", "acme", 0, acme},
		{"the other", "globex", 0, globex},
		{"after its second", "acme", 2, acme[2:]},
		{"after one of another", "globex", 2, globex},
		{"after its last", "acme", 3, nil},
		{"after the end", "acme", 5, nil},
		{"unknown organization", "initech", 0, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []events.Record
			fn := func(r events.Record) error {
				r.RecordedAt = time.Time{}
				got = append(got, r)
				return nil
			}
			var err error
			if test.org == "" {
				err = l.Replay(t.Context(), test.after, fn)
			} else {
				err = l.ReplayOrg(t.Context(), test.org, test.after, fn)
			}
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Error(diff, err)
			}
		})
	}
}

// TestReplayLarge reads commits of very different sizes, up to the largest.
func TestReplayLarge(t *testing.T) {
	var log logged
	// A slow machine has time: what is looked for is a reader that cannot go on.
	l := open(t, t.TempDir(), func(o *Options) { o.noSync, o.Logger, o.stallAfter = true, log.logger(), time.Minute })
	sizes := []int{1, 4000, 1 << 20, 3 << 20, MaxCommitBytes - 1000}
	dice := dice(t)
	var prev events.Revision
	for number := range uint64(60) {
		c := grant("acme", number+1, prev)
		c.Events = events.Events{events.ModelAdopted{Source: make([]byte, sizes[dice.IntN(len(sizes))])}}
		var err error
		if prev, err = l.Append(t.Context(), c, prev); err != nil {
			t.Fatal(err)
		}
	}
	seen := events.Revision(0)
	if err := l.Replay(t.Context(), 0, func(r events.Record) error { seen = r.Revision; return nil }); err != nil || seen != prev {
		t.Errorf("ended at %d of %d: %v", seen, prev, err)
	}
	if text := log.String(); strings.Contains(text, "stalled") {
		t.Error(text)
	}
}

func TestReadingEnds(t *testing.T) {
	l := open(t, t.TempDir())
	fill(t, l, "acme", 3)
	stop := errors.New("stop")
	n := 0
	one := func(events.Record) error { n++; return stop }
	for name, read := range map[string]func() error{
		"replay":              func() error { return l.Replay(t.Context(), 0, one) },
		"replay organization": func() error { return l.ReplayOrg(t.Context(), "acme", 0, one) },
		"follow":              func() error { return l.Follow(t.Context(), 0, one) },
	} {
		if n = 0; read() != stop || n != 1 {
			t.Errorf("%s goes on after its function failed", name)
		}
	}
	if _, err := l.Get(t.Context(), 4); !errors.Is(err, ErrNotFound) {
		t.Errorf("get past the end: %v", err)
	}
	if _, err := l.Get(t.Context(), 0); !errors.Is(err, ErrNotFound) {
		t.Errorf("get 0: %v", err)
	}
	var at *RevisionError
	if err := l.Replay(t.Context(), 4, one); !errors.Is(err, ErrGap) || !errors.As(err, &at) || at.Revision != 4 {
		t.Errorf("replay after a revision that was never given out: %v", err)
	}
	if err := l.Follow(t.Context(), 4, one); !errors.Is(err, ErrGap) {
		t.Errorf("follow after a revision that was never given out: %v", err)
	}
	if err := l.ReplayOrg(t.Context(), "ledger.*", 0, one); !errors.Is(err, ErrInvalid) {
		t.Errorf("replay a wildcard: %v", err)
	}
}

func TestFollow(t *testing.T) {
	// The follower looks for what it may have missed all the time, and must
	// neither lose nor repeat anything over it.
	l := open(t, t.TempDir(), func(o *Options) { o.stallAfter = 20 * time.Millisecond })
	fill(t, l, "acme", 3)
	ctx, cancel := context.WithCancel(t.Context())
	followed := make(chan events.Revision, 100)
	ended := make(chan error, 1)
	go func() {
		ended <- l.Follow(ctx, 1, func(r events.Record) error { followed <- r.Revision; return nil })
	}()
	expect := func(from, to events.Revision) {
		t.Helper()
		for want := from; want <= to; want++ {
			select {
			case got := <-followed:
				if got != want {
					t.Fatalf("followed %d, want %d", got, want)
				}
			case <-time.After(time.Minute):
				t.Fatalf("revision %d does not come", want)
			}
		}
	}
	expect(2, 3)
	fill(t, l, "globex", 50)
	expect(4, 53)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

func TestFollowEndsWithLedger(t *testing.T) {
	l := open(t, t.TempDir())
	fill(t, l, "acme", 1)
	reached := make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		ended <- l.Follow(t.Context(), 0, func(events.Record) error { close(reached); return nil })
	}()
	<-reached
	shut(t, l)
	if err := <-ended; !errors.Is(err, ErrClosed) {
		t.Errorf("ended with %v", err)
	}
	if err := l.Follow(t.Context(), 0, nil); !errors.Is(err, ErrClosed) {
		t.Errorf("follow a closed ledger: %v", err)
	}
}

// TestForeignMessages stores what Append would not, through the connection.
func TestForeignMessages(t *testing.T) {
	valid := func(change func(*nats.Msg)) *nats.Msg {
		c := grant("acme", 4, 3)
		msg, err := commitMessage(c, 3)
		if err != nil {
			t.Fatal(err)
		}
		msg.Header.Set(nats.MsgIdHdr, string(c.ID))
		change(msg)
		return msg
	}
	tests := []struct {
		name    string
		message *nats.Msg
		says    string
	}{
		{"no commit", valid(func(m *nats.Msg) { m.Data = []byte("hello") }), ""},
		{"empty", valid(func(m *nats.Msg) { m.Data = nil }), ""},
		{"trailing byte", valid(func(m *nats.Msg) { m.Data = append(m.Data, 0) }), ""},
		{"hostile length", valid(func(m *nats.Msg) { m.Data = []byte{0xdd, 0xff, 0xff, 0xff, 0xff} }), ""},
		{"other organization", valid(func(m *nats.Msg) { m.Subject = "ledger.globex" }), `"ledger.globex"`},
		{"other id", valid(func(m *nats.Msg) { m.Header.Set(nats.MsgIdHdr, "other") }), `"other"`},
		{"no id", valid(func(m *nats.Msg) { m.Header.Del(nats.MsgIdHdr) }), `""`},
		{"no content type", valid(func(m *nats.Msg) { m.Header.Del(contentTypeHeader) }), "content type"},
		{"as large as the server takes", valid(func(m *nats.Msg) {
			m.Header = nil
			m.Data = make([]byte, maxPayload)
		}), "content type"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := open(t, t.TempDir(), func(o *Options) { o.noSync = true })
			fill(t, l, "acme", 3)
			fill(t, l, "initech", 300)
			if _, err := l.js.PublishMsg(t.Context(), test.message); err != nil {
				t.Fatal(err)
			}
			n := 0
			count := func(events.Record) error { n++; return nil }
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			_, got := l.Get(t.Context(), 304)
			for name, err := range map[string]error{
				"get":    got,
				"replay": l.Replay(t.Context(), 0, count),
				"follow": l.Follow(ctx, 0, count),
			} {
				var at *RevisionError
				if !errors.Is(err, ErrUnreadable) || !errors.As(err, &at) || at.Revision != 304 || !strings.Contains(err.Error(), test.says) {
					t.Errorf("%s: got %v, want ErrUnreadable at 304 that says %q", name, err, test.says)
				}
			}
			if n != 606 {
				t.Errorf("read %d commits in two readings, want 303 each", n)
			}
		})
	}
}

// TestBrokenChain stores well-formed commits that do not follow one another.
func TestBrokenChain(t *testing.T) {
	for name, c := range map[string]events.Commit{
		"number left out": grant("acme", 5, 3),
		"other previous":  grant("acme", 4, 2),
	} {
		t.Run(name, func(t *testing.T) {
			l := open(t, t.TempDir())
			fill(t, l, "acme", 3)
			msg, err := commitMessage(c, c.Prev)
			if err != nil {
				t.Fatal(err)
			}
			msg.Header.Set(nats.MsgIdHdr, string(c.ID))
			if _, err := l.js.PublishMsg(t.Context(), msg); err != nil {
				t.Fatal(err)
			}
			err = l.ReplayOrg(t.Context(), "acme", 0, func(events.Record) error { return nil })
			var at *RevisionError
			if !errors.Is(err, ErrGap) || !errors.As(err, &at) || at.Revision != 4 {
				t.Errorf("got %v, want ErrGap at 4", err)
			}
		})
	}
}

// flips calls fn with copies of a store of 20 commits, in each of which one bit
// is flipped, with and without the server's index beside it. Without it, a bad
// last record is torn: it looks like a write that was never completed.
func flips(t *testing.T, fn func(dir string, commits []events.Record, torn bool)) {
	t.Helper()
	pristine := t.TempDir()
	l := open(t, pristine)
	commits := fill(t, l, "acme", 20)
	shut(t, l)
	data, err := os.ReadFile(blockFile(pristine))
	if err != nil {
		t.Fatal(err)
	}
	lastRecord := len(data) - len(data)/len(commits)
	for at := 2; at < len(data); at += len(data) / 40 {
		for _, index := range []bool{true, false} {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(pristine)); err != nil {
				t.Fatal(err)
			}
			flipped := bytes.Clone(data)
			flipped[at] ^= 0x10
			if err := os.WriteFile(blockFile(dir), flipped, 0o600); err != nil {
				t.Fatal(err)
			}
			if !index {
				_ = os.Remove(filepath.Join(filepath.Dir(blockFile(dir)), "index.db"))
			}
			if fn(dir, commits, at >= lastRecord && !index); t.Failed() {
				t.Fatalf("byte %d of %d, index %v", at, len(data), index)
			}
		}
	}
}

func blockFile(dir string) string {
	return filepath.Join(folder(dir).streamDir(ledgerStream), "msgs", "1.blk")
}

// TestOpenFlippedBit: a store with a flipped bit is not opened, and the server
// has no chance to cut it off.
func TestOpenFlippedBit(t *testing.T) {
	flips(t, func(dir string, commits []events.Record, torn bool) {
		before, err := os.ReadFile(blockFile(dir))
		if err != nil {
			t.Fatal(err)
		}
		l, err := Open(t.Context(), Options{Dir: dir, Logger: quiet})
		if !torn {
			if !errors.Is(err, ErrStoreDamaged) || !strings.Contains(err.Error(), "revision") {
				t.Errorf("got %v, want ErrStoreDamaged that names a revision", err)
			}
			if after, err := os.ReadFile(blockFile(dir)); err != nil || !bytes.Equal(before, after) {
				t.Errorf("the block was changed, %v", err)
			}
			return
		}
		if err != nil {
			t.Error(err)
			return
		}
		defer shut(t, l)
		if tail, err := l.Tail(t.Context()); int(tail) != len(commits)-1 || err != nil {
			t.Errorf("the tail is %d, %v", tail, err)
		}
	})
}

// TestReadFlippedBit reads stores with a flipped bit, as if it flipped while
// the ledger was open. Whatever a reader is given must be what was appended, in
// order and without a hole.
func TestReadFlippedBit(t *testing.T) {
	reported := 0
	flips(t, func(dir string, commits []events.Record, _ bool) {
		l, err := Open(t.Context(), Options{Dir: dir, Logger: quiet, unchecked: true, stallAfter: 50 * time.Millisecond})
		if err != nil {
			t.Error(err)
			return
		}
		defer shut(t, l)
		for name, replay := range map[string]func(fn func(events.Record) error) error{
			"all":              func(fn func(events.Record) error) error { return l.Replay(t.Context(), 0, fn) },
			"one organization": func(fn func(events.Record) error) error { return l.ReplayOrg(t.Context(), "acme", 0, fn) },
		} {
			seen := 0
			err = replay(func(r events.Record) error {
				r.RecordedAt = time.Time{}
				if diff := cmp.Diff(commits[seen], r); diff != "" {
					t.Errorf("%s: %s", name, diff)
				}
				seen++
				return nil
			})
			var where *RevisionError
			switch {
			case err == nil && seen == len(commits):
				t.Errorf("%s: the flipped bit was not noticed", name)
			case err == nil: // the server has cut off the end
			case !errors.As(err, &where) || int(where.Revision) <= seen:
				t.Errorf("%s: after %d commits: %v", name, seen, err)
			default:
				reported++
			}
		}
	})
	if reported == 0 {
		t.Error("no flipped bit was reported")
	}
	t.Logf("reported %d times", reported)
}
