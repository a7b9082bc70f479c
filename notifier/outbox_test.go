package notifier

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/oklog/ulid/v2"

	"tenure/events"
	"tenure/ledger"
	"tenure/rolemodel"
)

// faulty is a store that fails when a test wants it to.
type faulty struct {
	Store
	// fault is asked before messages are appended: how many of them are, and what
	// is said then.
	fault func(messages []ledger.NoticeMessage) (stored int, err error)
}

func (f *faulty) AppendNotices(ctx context.Context, messages []ledger.NoticeMessage) ([]uint64, error) {
	if f.fault != nil {
		if n, err := f.fault(messages); err != nil {
			if n > 0 {
				if _, err := f.Store.AppendNotices(ctx, messages[:n]); err != nil {
					return nil, err
				}
			}
			return nil, err
		}
	}
	return f.Store.AppendNotices(ctx, messages)
}

var errFault = errors.New("fault")

// commits appends so many commits to the ledger.
func commits(t testing.TB, l *ledger.Ledger, n int) events.Revision {
	t.Helper()
	revision := must(l.Tail(t.Context()))
	for range n {
		id := ulid.Make().String()
		c := events.Commit{Actor: ann, Command: "test.forge", DecidedAt: start, ID: events.CommitID(id), Org: acme, Number: uint64(revision) + 1, Prev: revision}
		var err error
		if revision, err = l.Append(t.Context(), c, revision); err != nil {
			t.Fatal(err)
		}
	}
	return revision
}

func ids(list []Item) []string {
	all := []string{}
	for _, item := range list {
		all = append(all, item.ID)
	}
	return all
}

func TestOutbox(t *testing.T) {
	clock := newFlying()
	l := openLedger(t, t.TempDir())
	commits(t, l, 5)
	o := openOutbox(t, l, clock)
	list := append(some(2, ann), some(3, cat)...)
	list[4].Kind = rolemodel.RoleRevoked
	for range 2 { // once more, and nothing is there twice
		for _, n := range list {
			if err := o.Take(t.Context(), n.Revision, []Notice{n}); err != nil {
				t.Fatal(err)
			}
		}
	}
	reverse := []string{list[4].ID, list[3].ID, list[2].ID, list[1].ID, list[0].ID}
	if diff := cmp.Diff(reverse, ids(o.List(Filter{}))); diff != "" {
		t.Error(diff)
	}
	for _, test := range []struct {
		filter Filter
		want   []string
	}{
		{Filter{Person: cat}, reverse[:3]},
		{Filter{Kind: rolemodel.RoleRevoked, Org: acme, Status: Pending}, reverse[:1]},
		{Filter{Status: Sent}, []string{}},
		{Filter{Org: "other"}, []string{}},
	} {
		if diff := cmp.Diff(test.want, ids(o.List(test.filter))); diff != "" {
			t.Errorf("%+v: %s", test.filter, diff)
		}
	}
	// What becomes of them, and the same after reading all of it again.
	claim := func() Item {
		t.Helper()
		item, _, claimed := o.claim()
		if !claimed {
			t.Fatal("nothing is due")
		}
		return item
	}
	record := func(item Item, m message) {
		t.Helper()
		m.At = clock.Now()
		if err := o.record(t.Context(), []entry{{item.Org, item.ID, m}}); err != nil {
			t.Fatal(err)
		}
	}
	first := claim()
	second := claim()
	o.release(first.Org, first.ID)
	if again := claim(); again.ID != first.ID || second.ID == first.ID {
		t.Error("a released notice is not the next one")
	}
	record(first, message{Op: opFailed, Attempt: 1, Code: 451, Class: "4.1.1", Next: start.Add(time.Hour), Why: WhyRefused})
	record(second, message{Op: opParked, Code: 550, Why: WhyRefused})
	record(claim(), message{Op: opSent, Code: 250, MessageID: "m"})
	record(claim(), message{Op: opDropped, Why: WhyAnonymized})
	want := map[Status]int{Pending: 2, StatusParked: 1, Sent: 1, Dropped: 1}
	if diff := cmp.Diff(want, o.Counts()); diff != "" {
		t.Error(diff)
	}
	if err := o.Retry(t.Context(), acme, first.ID); !errors.Is(err, ErrNotParked) {
		t.Error(err)
	}
	if err := o.Retry(t.Context(), "other", first.ID); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	if err := o.Retry(t.Context(), acme, second.ID); err != nil {
		t.Error(err)
	}
	before := o.List(Filter{})
	o = openOutbox(t, l, clock)
	if diff := cmp.Diff(before, o.List(Filter{}), cmpopts.IgnoreUnexported(Item{})); diff != "" {
		t.Error(diff)
	}
	if got := claim(); got.ID != second.ID || got.Attempts != 0 {
		t.Errorf("retried: %+v", got)
	}
	if got := claim(); got.ID != list[4].ID {
		t.Errorf("the last one: %+v", got)
	}
	if _, next, claimed := o.claim(); claimed || !next.Equal(start.Add(time.Hour)) {
		t.Errorf("the next one at %v, %v", next, claimed)
	}
	<-clock.After(time.Hour)
	if got := claim(); got.ID != first.ID || got.Attempts != 1 || !got.first.Equal(start) {
		t.Errorf("put off: %+v", got)
	}
}

// TestPosition follows commits, with notices and without, over restarts.
func TestPosition(t *testing.T) {
	clock, dir := newFlying(), t.TempDir()
	l := openLedger(t, dir)
	tail := commits(t, l, 3)
	o := openOutbox(t, l, clock)
	position := func(want events.Revision) {
		t.Helper()
		if got := o.Position(); got != want {
			t.Errorf("position %d, want %d", got, want)
		}
	}
	// The past is not mailed, nor is it after the next start.
	position(tail)
	tail = commits(t, l, 1)
	o = openOutbox(t, l, clock)
	position(tail - 1)
	if err := o.Take(t.Context(), tail, nil); err != nil {
		t.Fatal(err)
	}
	position(tail)
	o = openOutbox(t, l, clock)
	position(tail - 1) // not written down
	if err := errors.Join(o.Take(t.Context(), tail, nil), o.Mark(t.Context()), o.Mark(t.Context())); err != nil {
		t.Fatal(err)
	}
	o = openOutbox(t, l, clock)
	position(tail)

	// A commit whose notices were cut off by a crash is looked at again.
	tail = commits(t, l, 1)
	list := []Notice{some(1, ann)[0], some(1, ben)[0], some(1, cat)[0]}
	for i := range list {
		list[i].Revision = tail
	}
	cut := &faulty{l, func([]ledger.NoticeMessage) (int, error) { return 2, errFault }}
	o = openOutbox(t, cut, clock)
	if err := o.Take(t.Context(), tail, list); !errors.Is(err, errFault) {
		t.Error(err)
	}
	position(tail - 1)
	o = openOutbox(t, l, clock)
	position(tail - 1)
	if n := len(o.List(Filter{})); n != 2 {
		t.Errorf("%d are there", n)
	}
	if err := o.Take(t.Context(), tail, list); err != nil {
		t.Error(err)
	}
	position(tail)
	if n := len(o.List(Filter{})); n != 3 {
		t.Errorf("%d are there", n)
	}
	// What tells of a parked one says nothing of commits.
	alert := some(1, dan)[0]
	alert.Kind, alert.Revision = rolemodel.NoticeParked, 1
	if err := o.alert(t.Context(), []Notice{alert}); err != nil {
		t.Error(err)
	}
	o = openOutbox(t, l, clock)
	position(tail - 1)

	// A ledger that was restored to an earlier end.
	early := &earlier{l, 2}
	o = openOutbox(t, early, clock)
	position(2)
	o = openOutbox(t, early, clock)
	position(2)

	// Marks are set now and then.
	for r := events.Revision(3); r < 2*markEvery+10; r++ {
		if err := o.Take(t.Context(), r, nil); err != nil {
			t.Fatal(err)
		}
	}
	o = openOutbox(t, &earlier{l, 5 * markEvery}, clock)
	position(2*markEvery + 2)
}

// earlier is a store whose commits end elsewhere.
type earlier struct {
	Store
	tail events.Revision
}

func (e *earlier) Tail(context.Context) (events.Revision, error) { return e.tail, nil }

// TestFounding opens the outbox of a ledger without commits: the first one is
// told.
func TestFounding(t *testing.T) {
	clock := newFlying()
	l := openLedger(t, t.TempDir())
	openOutbox(t, l, clock)
	commits(t, l, 2)
	if got := openOutbox(t, l, clock).Position(); got != 0 {
		t.Errorf("position %d", got)
	}
}

// TestOtherHands lets somebody else write about the same notices.
func TestOtherHands(t *testing.T) {
	clock := newFlying()
	l := openLedger(t, t.TempDir())
	commits(t, l, 3)
	one, two := openOutbox(t, l, clock), openOutbox(t, l, clock)
	take(t, two, some(3, ann))
	other := some(3, ann)
	for i := range other {
		other[i].Reason = "moved" // another program writes them differently
	}
	take(t, one, other)
	if diff := cmp.Diff(two.List(Filter{}), one.List(Filter{}), cmpopts.IgnoreUnexported(Item{})); diff != "" {
		t.Error(diff)
	}
	var entries []entry
	for range 3 {
		item, _, _ := one.claim()
		entries = append(entries, entry{item.Org, item.ID, message{Op: opSent, At: start, Code: 250}})
	}
	if _, _, claimed := two.claim(); !claimed {
		t.Fatal("nothing to claim")
	}
	item, _, _ := two.claim()
	if err := two.record(t.Context(), []entry{{item.Org, item.ID, message{Op: opDropped, At: start, Why: WhyNoAddress}}}); err != nil {
		t.Fatal(err)
	}
	if err := one.record(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
	want := map[Status]int{Pending: 0, Sent: 2, StatusParked: 0, Dropped: 1}
	if diff := cmp.Diff(want, one.Counts()); diff != "" {
		t.Error(diff)
	}
}

// TestForeignBytes opens outboxes over messages that are none of ours.
func TestForeignBytes(t *testing.T) {
	n := some(1, ann)[0]
	good := must(message{Op: opNotice, At: start, Notice: &n}.encode(acme, n.ID, 0))
	for name, change := range map[string]func(*ledger.NoticeMessage){
		"a length beyond all":   func(m *ledger.NoticeMessage) { m.Data = []byte{0xdd, 0xff, 0xff, 0xff, 0xff} },
		"nothing":               func(m *ledger.NoticeMessage) { m.Data = nil },
		"something trails":      func(m *ledger.NoticeMessage) { m.Data = append(m.Data, 0) },
		"another id":            func(m *ledger.NoticeMessage) { m.ID = "other" },
		"another organization":  func(m *ledger.NoticeMessage) { m.Org = "other" },
		"no organization":       func(m *ledger.NoticeMessage) { m.Org = "" },
		"an unknown field":      func(m *ledger.NoticeMessage) { m.Data = must(events.Marshal(map[string]any{"op": "sent", "zzz": 1})) },
		"an unknown op":         func(m *ledger.NoticeMessage) { m.Data = must(events.Marshal(map[string]any{"op": "burned"})) },
		"an outcome of nothing": func(m *ledger.NoticeMessage) { m.Data = must(events.Marshal(message{Op: opSent, At: start})) },
		"a mark in between":     func(m *ledger.NoticeMessage) { m.Data = must(events.Marshal(message{Op: opMark, At: start})) },
	} {
		l := openLedger(t, t.TempDir())
		m := good
		m.Data = append([]byte(nil), good.Data...)
		change(&m)
		if _, err := l.AppendNotices(t.Context(), []ledger.NoticeMessage{m}); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenOutbox(t.Context(), l, time.Now); err == nil || !strings.Contains(err.Error(), "message 1 about notices") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBackoff(t *testing.T) {
	for _, test := range []struct {
		n      int
		chance float64
		want   time.Duration
	}{
		{1, 0, time.Minute}, {2, 0, 2 * time.Minute}, {2, 0.8, 144 * time.Second}, {6, 0, 32 * time.Minute},
		{7, 0, time.Hour}, {7, 0.9, time.Hour}, {29, 0, time.Hour}, {1 << 40, 0.9, time.Hour},
	} {
		if got := backoff(test.n, time.Minute, time.Hour, test.chance); got != test.want {
			t.Errorf("%+v: %v", test, got)
		}
	}
	for pending, want := range map[int]int{0: 16, 256: 16, 320: 20, 10_000: 128, 1 << 30: 128} {
		if got := Window(pending); got != want {
			t.Errorf("window of %d: %d", pending, got)
		}
	}
}
