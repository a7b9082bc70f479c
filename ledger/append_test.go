package ledger

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"pgregory.net/rapid"

	"tenure/events"
)

func TestAppendAndRead(t *testing.T) {
	l := open(t, t.TempDir())
	before := time.Now()
	want := fill(t, l, "acme", 3)
	for i, r := range want {
		got, err := l.Get(t.Context(), r.Revision)
		if err != nil {
			t.Fatal(err)
		}
		if got.RecordedAt.Before(before) || got.RecordedAt.After(time.Now()) {
			t.Errorf("recorded at %v, appended after %v", got.RecordedAt, before)
		}
		got.RecordedAt = time.Time{}
		if diff := cmp.Diff(r, got); diff != "" {
			t.Error(diff)
		}
		if r.Revision != events.Revision(i+1) {
			t.Errorf("commit %d has revision %d", i, r.Revision)
		}
	}
}

// always is a fault that meets every write.
func always(answer func(send func() (*jetstream.PubAck, error)) (*jetstream.PubAck, error)) func(*Ledger) {
	return func(l *Ledger) {
		publish := l.writes.publish
		l.writes.publish = func(ctx context.Context, msg *nats.Msg, opts ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
			return answer(func() (*jetstream.PubAck, error) { return publish(ctx, msg, opts...) })
		}
	}
}

// failing does not send, and gives the error.
func failing(err error) func(*Ledger) {
	return always(func(func() (*jetstream.PubAck, error)) (*jetstream.PubAck, error) { return nil, err })
}

// persisting sends, and gives the error all the same.
func persisting(err error) func(*Ledger) {
	return always(func(send func() (*jetstream.PubAck, error)) (*jetstream.PubAck, error) {
		if _, refused := send(); refused != nil {
			return nil, refused
		}
		return nil, err
	})
}

func refusal(code jetstream.ErrorCode) error {
	return &jetstream.APIError{Code: 400, ErrorCode: code, Description: "refused by the test"}
}

// TestAppendFaults appends the second commit of an organization under a fault,
// and then again without it. However the first attempt ended, there must be
// one such commit in the end.
func TestAppendFaults(t *testing.T) {
	lost := context.DeadlineExceeded
	tests := []struct {
		name  string
		fault func(*Ledger)
		want  error
	}{
		{"none", func(*Ledger) {}, nil},
		{"time-out, failed", failing(lost), ErrUnconfirmed},
		{"time-out, persisted", persisting(lost), nil},
		{"canceled, failed", failing(context.Canceled), ErrUnconfirmed},
		{"canceled, persisted", persisting(context.Canceled), nil},
		{"connection lost, failed", failing(nats.ErrConnectionClosed), ErrUnconfirmed},
		{"connection lost, persisted", persisting(nats.ErrConnectionClosed), nil},
		{"wrong last sequence, failed", failing(refusal(codeWrongLastSequence)), ErrConflict},
		{"wrong last sequence, persisted", persisting(refusal(codeWrongLastSequence)), nil},
		{"in flight, failed", failing(refusal(codeWrongLastSequenceInFlight)), ErrUnconfirmed},
		{"in flight, persisted", persisting(refusal(codeWrongLastSequenceInFlight)), nil},
		{"no stream", failing(jetstream.ErrNoStreamResponse), ErrUnavailable},
		{"refused", failing(refusal(10077)), ErrUnavailable},
	}
	l := open(t, t.TempDir())
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			org := orgName(i)
			first := fill(t, l, org, 1)[0]
			c := grant(org, 2, first.Revision)
			intact := l.writes
			test.fault(l)
			got, err := l.Append(t.Context(), c, first.Revision)
			l.writes = intact
			if !errors.Is(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			if err == nil && got != first.Revision+1 {
				t.Errorf("got revision %d after %d", got, first.Revision)
			}
			again, err := l.Append(t.Context(), c, first.Revision)
			if err != nil || again != first.Revision+1 {
				t.Errorf("again: got revision %d after %d, %v", again, first.Revision, err)
			}
			var ids []events.CommitID
			err = l.ReplayOrg(t.Context(), org, 0, func(r events.Record) error { ids = append(ids, r.ID); return nil })
			if diff := cmp.Diff([]events.CommitID{first.ID, c.ID}, ids); diff != "" || err != nil {
				t.Error(diff, err)
			}
		})
	}
}

// TestAppendUnderConflict has the look-up find the commit of another.
func TestAppendUnderConflict(t *testing.T) {
	for name, fault := range map[string]func(*Ledger){
		"told":     func(*Ledger) {},
		"not told": failing(context.DeadlineExceeded),
	} {
		t.Run(name, func(t *testing.T) {
			l := open(t, t.TempDir())
			first := fill(t, l, "acme", 2)[0]
			fault(l)
			_, err := l.Append(t.Context(), grant("acme", 2, first.Revision), first.Revision)
			if !errors.Is(err, ErrConflict) || !strings.Contains(err.Error(), "revision 2 follows revision 1") {
				t.Errorf("got %v, want ErrConflict that names the revisions", err)
			}
			if tail, err := l.Tail(t.Context()); tail != 2 || err != nil {
				t.Errorf("the tail is %d, %v", tail, err)
			}
		})
	}
}

func TestAppendTwice(t *testing.T) {
	l := open(t, t.TempDir())
	founding := fill(t, l, "acme", 3)[0]
	got, err := l.Append(t.Context(), founding.Commit, 0)
	if err != nil || got != founding.Revision {
		t.Errorf("got revision %d, %v; want %d again", got, err, founding.Revision)
	}
	other := founding.Commit
	other.Reason = "correction"
	if _, err := l.Append(t.Context(), other, 0); !errors.Is(err, ErrInvalid) {
		t.Errorf("the same id with other content: got %v, want ErrInvalid", err)
	}
	elsewhere := founding.Commit
	elsewhere.Org = "globex"
	if _, err := l.Append(t.Context(), elsewhere, 0); !errors.Is(err, ErrInvalid) {
		t.Errorf("the same id in another organization: got %v, want ErrInvalid", err)
	}
	if tail, err := l.Tail(t.Context()); tail != 3 || err != nil {
		t.Errorf("the tail is %d, %v", tail, err)
	}
}

func TestAppendAfterContextEnded(t *testing.T) {
	l := open(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Append(ctx, grant("acme", 1, 0), 0); !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnconfirmed) {
		t.Errorf("got %v, want context.Canceled alone: nothing was sent", err)
	}
	if tail, err := l.Tail(t.Context()); tail != 0 || err != nil {
		t.Errorf("the tail is %d, %v", tail, err)
	}
}

func TestAppendRefuses(t *testing.T) {
	tests := []struct {
		name   string
		change func(*events.Commit)
		expect events.Revision
		want   error
		says   string
	}{
		{"wildcard", func(c *events.Commit) { c.Org = "*" }, 0, ErrInvalid, "organization handle"},
		{"two tokens", func(c *events.Commit) { c.Org = "acme.globex" }, 0, ErrInvalid, "organization handle"},
		{"no organization", func(c *events.Commit) { c.Org = "" }, 0, ErrInvalid, "organization handle"},
		{"NUL", func(c *events.Commit) { c.Org = "ac\x00me" }, 0, ErrInvalid, "organization handle"},
		{"header in the id", func(c *events.Commit) { c.ID = "x\r\nNats-Rollup: all" }, 0, ErrInvalid, "commit id"},
		{"other previous", func(c *events.Commit) {}, 5, ErrInvalid, "follows revision 0"},
		{"number 0", func(c *events.Commit) { c.Number = 0 }, 0, ErrInvalid, "number 0"},
		{"number 2 first", func(c *events.Commit) { c.Number = 2 }, 0, ErrInvalid, "number 2"},
		{"number 1 later", func(c *events.Commit) { c.Prev = 5 }, 5, ErrInvalid, "number 1"},
		{"too many events", func(c *events.Commit) {
			c.Events = make(events.Events, MaxCommitEvents+1)
			for i := range c.Events {
				c.Events[i] = events.ScopeDeleted{Scope: "team:x"}
			}
		}, 0, ErrTooLarge, "split"},
		{"too many bytes", func(c *events.Commit) {
			c.Events = events.Events{events.ModelAdopted{Source: make([]byte, MaxCommitBytes)}}
		}, 0, ErrTooLarge, "split"},
	}
	l := open(t, t.TempDir())
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := grant("acme", 1, 0)
			test.change(&c)
			_, err := l.Append(t.Context(), c, test.expect)
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want %v that says %q", err, test.want, test.says)
			}
			if checked := Check(c, test.expect); checked == nil || checked.Error() != err.Error() {
				t.Errorf("checked before, it is %v", checked)
			}
		})
	}
	if err := Check(grant("acme", 1, 0), 0); err != nil {
		t.Errorf("an ordinary commit is %v", err)
	}
	if tail, err := l.Tail(t.Context()); tail != 0 || err != nil {
		t.Errorf("the tail is %d, %v", tail, err)
	}
}

func TestAppendLargest(t *testing.T) {
	l := open(t, t.TempDir())
	c := grant("acme", 1, 0)
	c.Events = events.Events{events.ModelAdopted{Source: make([]byte, MaxCommitBytes-1000)}}
	revision, err := l.Append(t.Context(), c, 0)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	if err := l.Replay(t.Context(), 0, func(events.Record) error { n++; return nil }); err != nil || n != 1 {
		t.Errorf("read %d commits, %v", n, err)
	}
	if got, err := l.Get(t.Context(), revision); err != nil || got.ID != c.ID {
		t.Errorf("got %s, %v", got.ID, err)
	}
}

// TestAppendModel compares the ledger with a plain list under random appends,
// whose expectation may be right or wrong.
func TestAppendModel(t *testing.T) {
	l := open(t, t.TempDir(), func(o *Options) { o.noSync = true })
	var model []events.Commit
	rapid.Check(t, func(t *rapid.T) {
		run := len(model)
		for range rapid.IntRange(1, 20).Draw(t, "appends") {
			org := events.OrgID(fmt.Sprintf("run-%d-%d", run, rapid.IntRange(0, 2).Draw(t, "org")))
			var last, number uint64
			for i, c := range model {
				if c.Org == org {
					last, number = uint64(i+1), c.Number
				}
			}
			expect := events.Revision(rapid.OneOf(rapid.Just(last), rapid.Uint64Range(0, uint64(len(model)+2))).Draw(t, "expect"))
			c := grant(org, number+1, expect)
			if expect == 0 {
				c.Number = 1
			} else if c.Number == 1 {
				c.Number = 2
			}
			got, err := l.Append(context.Background(), c, expect)
			if uint64(expect) != last {
				if !errors.Is(err, ErrConflict) {
					t.Fatalf("expected %d where %d is the last: %v", expect, last, err)
				}
				continue
			}
			if model = append(model, c); err != nil || got != events.Revision(len(model)) {
				t.Fatalf("appended %d as %d: %v", len(model), got, err)
			}
			if tail, err := l.OrgTail(context.Background(), org); tail != got || err != nil {
				t.Fatalf("the organization's tail is %d after %d: %v", tail, got, err)
			}
		}
	})
	var all []events.Commit
	if err := l.Replay(t.Context(), 0, func(r events.Record) error { all = append(all, r.Commit); return nil }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(model, all); diff != "" {
		t.Error(diff)
	}
}

// TestAppendRace lets many writers append to one organization, each with the
// expectation it last saw.
func TestAppendRace(t *testing.T) {
	const writers, each = 8, 10
	l := open(t, t.TempDir(), func(o *Options) { o.noSync = true })
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for done := 0; done < each; {
				var last events.Record
				tail, err := l.OrgTail(t.Context(), "acme")
				if err == nil && tail > 0 {
					last, err = l.Get(t.Context(), tail)
				}
				if err == nil {
					_, err = l.Append(t.Context(), grant("acme", last.Number+1, tail), tail)
				}
				switch {
				case err == nil:
					done++
				case !errors.Is(err, ErrConflict):
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	n := 0
	if err := l.ReplayOrg(t.Context(), "acme", 0, func(events.Record) error { n++; return nil }); err != nil || n != writers*each {
		t.Errorf("%d commits, want %d: %v", n, writers*each, err)
	}
}
