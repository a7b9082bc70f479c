package notifier

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"tenure/events"
	"tenure/ledger"
	"tenure/rolemodel"
)

// markEvery is after how many commits without a notice it is written down that
// they have been looked at, so that a restart does not look at them again.
const markEvery = 1000

var (
	// ErrUnknown is returned for a notice that is not there.
	ErrUnknown = errors.New("no such notice")
	// ErrNotParked is returned when a notice that is not parked is to be tried
	// again.
	ErrNotParked = errors.New("the notice is not parked")
)

// Store is where notices are kept. *[ledger.Ledger] is one.
type Store interface {
	Tail(ctx context.Context) (events.Revision, error)
	AppendNotices(ctx context.Context, messages []ledger.NoticeMessage) ([]uint64, error)
	ReplayNotices(ctx context.Context, after uint64, fn func(ledger.NoticeMessage) error) error
}

// Status is what has become of a notice.
type Status string

// The statuses.
const (
	// Pending: to be sent, for the first time or again.
	Pending Status = "pending"
	// Sent: the mail server, or the folder, took it.
	Sent Status = "sent"
	// StatusParked: it could not be delivered, and waits for [Outbox.Retry].
	StatusParked Status = "parked"
	// Dropped: there is nobody to send it to any more, or nothing to tell.
	Dropped Status = "dropped"
)

// Item is a notice and what has become of it.
type Item struct {
	Notice
	Status Status
	// Appended is when the outbox took it.
	Appended time.Time
	// Attempts counts the tries that failed, since it was last put back.
	Attempts int
	// Next is when it is tried again; zero for at once.
	Next time.Time
	// Outcomes are all that happened to it, oldest first.
	Outcomes []Outcome

	sequence uint64 // its own
	last     uint64 // of the last message about it
	first    time.Time
	claimed  bool
}

// Outcome is one thing that happened to a notice.
type Outcome struct {
	At time.Time
	// What is sent, failed, parked, dropped or retry.
	What string
	// Attempt counts from 1, for what failed.
	Attempt int
	// Code and Class are what the server answered, for instance 550 and "5.1.1";
	// 0 and empty where there is none.
	Code  int
	Class string
	// Next is when it is tried again, for what failed.
	Next time.Time
	Why  Why
	// MessageID is that of the mail, for what was sent.
	MessageID string
}

// Filter is what to list. Empty fields match everything.
type Filter struct {
	Org    events.OrgID
	Person events.PrincipalID // the recipient
	Kind   rolemodel.Message
	Status Status
}

// Outbox is the notices of a ledger, all of them in memory, without the mails.
// Its methods may be called from several goroutines. One process at a time may
// have the outbox of a ledger open.
type Outbox struct {
	store Store
	now   func() time.Time
	// wake gets a value when there is something to send.
	wake chan struct{}

	// writing is held by whoever appends: expectations are then exact.
	writing sync.Mutex

	mu       sync.Mutex
	items    map[key]*Item
	order    []*Item // by sequence
	fresh    queue   // never tried, by sequence
	again    queue   // tried, by the time of the next try
	counts   map[Status]int
	position events.Revision
	// durable is what position would be after a restart: by the newest mark or
	// notice of a commit.
	durable events.Revision
	mark    uint64 // sequence of the last mark
	folded  uint64 // all messages up to this sequence are in memory
}

type key struct {
	org events.OrgID
	id  string
}

// OpenOutbox reads the notices of a store. Where there are none, or where they
// are of a later time than the commits, it marks the ledger's end as the place
// from which on commits are told: the past is not.
func OpenOutbox(ctx context.Context, store Store, now func() time.Time) (*Outbox, error) {
	o := &Outbox{
		store: store, now: now, wake: make(chan struct{}, 1),
		items: map[key]*Item{}, counts: map[Status]int{},
		fresh: queue{less: func(a, b turn) bool { return a.item.sequence < b.item.sequence }},
		again: queue{less: func(a, b turn) bool {
			return cmp.Or(a.next.Compare(b.next), cmp.Compare(a.item.sequence, b.item.sequence)) < 0
		}},
	}
	if err := o.catchUp(ctx); err != nil {
		return nil, fmt.Errorf("open the outbox: %w", err)
	}
	tail, err := store.Tail(ctx)
	if err != nil {
		return nil, fmt.Errorf("open the outbox: %w", err)
	}
	if o.folded == 0 || o.durable > tail {
		o.writing.Lock()
		defer o.writing.Unlock()
		if err := o.markAt(ctx, tail); err != nil {
			return nil, fmt.Errorf("open the outbox: %w", err)
		}
	}
	o.position = o.durable
	return o, nil
}

// Position is the revision up to which commits have been looked at: go on after
// it. After a restart it may be an earlier one; looking at a commit again does
// no harm.
func (o *Outbox) Position() events.Revision {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.position
}

// Take takes the notices of one commit, all of them, or none if it has none.
// When it returns nil they are durable, and the commit has been looked at. After
// an error, call it again.
func (o *Outbox) Take(ctx context.Context, revision events.Revision, notices []Notice) error {
	o.writing.Lock()
	defer o.writing.Unlock()
	if err := o.add(ctx, notices); err != nil {
		return fmt.Errorf("take the notices of revision %d: %w", revision, err)
	}
	o.mu.Lock()
	o.position = max(o.position, revision)
	due := o.position >= o.durable+markEvery
	o.mu.Unlock()
	if due {
		return o.markAt(ctx, o.Position())
	}
	return nil
}

// alert takes notices of no commit.
func (o *Outbox) alert(ctx context.Context, notices []Notice) error {
	o.writing.Lock()
	defer o.writing.Unlock()
	return o.add(ctx, notices)
}

// Mark makes it durable up to where commits have been looked at. Without it a
// restart looks at some of them again.
func (o *Outbox) Mark(ctx context.Context) error {
	o.writing.Lock()
	defer o.writing.Unlock()
	o.mu.Lock()
	at, due := o.position, o.position > o.durable
	o.mu.Unlock()
	if !due {
		return nil
	}
	return o.markAt(ctx, at)
}

func (o *Outbox) markAt(ctx context.Context, at events.Revision) error {
	return o.append(ctx, []entry{{id: markID, message: message{Op: opMark, At: o.now(), Revision: at}}})
}

// add appends the notices that are not there yet.
func (o *Outbox) add(ctx context.Context, notices []Notice) error {
	for again := false; ; again = true {
		var entries []entry
		o.mu.Lock()
		for i := range notices {
			n := &notices[i]
			if o.items[key{n.Org, n.ID}] == nil {
				entries = append(entries, entry{org: n.Org, id: n.ID, message: message{Op: opNotice, At: o.now(), Notice: n}})
			}
		}
		o.mu.Unlock()
		err := o.append(ctx, entries)
		if errors.Is(err, ledger.ErrNoticeConflict) && !again {
			continue // it is there, and in memory now
		}
		return err
	}
}

// Retry puts a parked notice back: it is tried at once, as if for the first
// time. It returns [ErrUnknown] or [ErrNotParked].
func (o *Outbox) Retry(ctx context.Context, org events.OrgID, id string) error {
	o.writing.Lock()
	defer o.writing.Unlock()
	item, known := o.Show(org, id)
	if !known {
		return fmt.Errorf("%w: %.80q in %s", ErrUnknown, id, org)
	}
	if item.Status != StatusParked {
		return fmt.Errorf("%w: %s is %s", ErrNotParked, id, item.Status)
	}
	return o.append(ctx, []entry{{org: org, id: id, message: message{Op: opRetry, At: o.now()}}})
}

// Show finds a notice.
func (o *Outbox) Show(org events.OrgID, id string) (Item, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	item, known := o.items[key{org, id}]
	if !known {
		return Item{}, false
	}
	return item.copy(), true
}

// List lists notices, newest first.
func (o *Outbox) List(f Filter) []Item {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := []Item{}
	for _, item := range slices.Backward(o.order) {
		if (f.Org == "" || f.Org == item.Org) && (f.Person == "" || f.Person == item.Recipient) &&
			(f.Kind == "" || f.Kind == item.Kind) && (f.Status == "" || f.Status == item.Status) {
			list = append(list, item.copy())
		}
	}
	return list
}

// Counts are the numbers of notices of each status.
func (o *Outbox) Counts() map[Status]int {
	o.mu.Lock()
	defer o.mu.Unlock()
	counts := map[Status]int{Pending: 0, Sent: 0, StatusParked: 0, Dropped: 0}
	for status, n := range o.counts {
		counts[status] = n
	}
	return counts
}

// pending is how many notices are to be sent.
func (o *Outbox) pending() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.counts[Pending]
}

func (i *Item) copy() Item {
	c := *i
	c.Outcomes = slices.Clone(i.Outcomes)
	return c
}

// claim takes the next notice to be sent, which nobody else gets until it is
// released or its outcome recorded. If there is none it says when the next one
// is due; zero if none is.
func (o *Outbox) claim() (item Item, next time.Time, claimed bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.now()
	fresh, again := o.fresh.first(), o.again.first()
	from := &o.fresh
	switch {
	case again == nil || again.Next.After(now):
		if again != nil {
			next = again.Next
		}
	// What has been due for longer than the fresh ones have waited goes first, so
	// that a steady stream of new ones does not keep it back.
	case fresh == nil || again.Next.Before(fresh.Appended):
		from = &o.again
	}
	taken := from.first()
	if taken == nil {
		return Item{}, next, false
	}
	heap.Pop(from)
	taken.claimed = true
	return taken.copy(), time.Time{}, true
}

// release gives a claimed notice back.
func (o *Outbox) release(org events.OrgID, id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if item := o.items[key{org, id}]; item.claimed {
		item.claimed = false
		o.enqueue(item)
	}
}

func (o *Outbox) enqueue(item *Item) {
	if item.Status != Pending || item.claimed {
		return
	}
	into := &o.fresh
	if item.Attempts > 0 {
		into = &o.again
	}
	heap.Push(into, turn{item, item.Next, item.last})
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// entry is a message that is to be appended.
type entry struct {
	org events.OrgID
	id  string
	message
}

// record appends the outcomes of claimed notices. One whose notice has moved on
// by other hands is left out.
func (o *Outbox) record(ctx context.Context, outcomes []entry) error {
	o.writing.Lock()
	defer o.writing.Unlock()
	var err error
	for range len(outcomes) + 1 { // each conflict leaves one less
		var entries []entry
		o.mu.Lock()
		for _, e := range outcomes {
			if item := o.items[key{e.org, e.id}]; item.claimed { // what was recorded is not, any more
				entries = append(entries, e)
			}
		}
		o.mu.Unlock()
		if err = o.append(ctx, entries); !errors.Is(err, ledger.ErrNoticeConflict) {
			break
		}
	}
	return err
}

// append appends messages, each expected after the last one about its notice,
// and folds them. Before it returns a conflict it folds what it did not know.
func (o *Outbox) append(ctx context.Context, entries []entry) error {
	if len(entries) == 0 {
		return nil
	}
	messages := make([]ledger.NoticeMessage, len(entries))
	o.mu.Lock()
	for i, e := range entries {
		after := o.mark
		if e.Op != opMark {
			after = 0
			if item := o.items[key{e.org, e.id}]; item != nil {
				after = item.last
			}
		}
		var err error
		if messages[i], err = e.encode(e.org, e.id, after); err != nil {
			o.mu.Unlock()
			return err
		}
	}
	o.mu.Unlock()
	sequences, err := o.store.AppendNotices(ctx, messages)
	o.mu.Lock()
	for i, sequence := range sequences {
		o.fold(messages[i].Org, messages[i].ID, sequence, entries[i].message)
	}
	o.mu.Unlock()
	if errors.Is(err, ledger.ErrNoticeConflict) {
		if err := o.catchUp(ctx); err != nil {
			return err
		}
	}
	return err
}

// catchUp folds what is in the store and not in memory.
func (o *Outbox) catchUp(ctx context.Context) error {
	o.mu.Lock()
	after := o.folded
	o.mu.Unlock()
	return o.store.ReplayNotices(ctx, after, func(stored ledger.NoticeMessage) error {
		m, err := decode(stored)
		if err != nil {
			return err
		}
		o.mu.Lock()
		defer o.mu.Unlock()
		if m.Op != opMark && m.Op != opNotice && o.items[key{stored.Org, stored.ID}] == nil {
			return fmt.Errorf("message %d about notices: there is no notice %s of %q", stored.Sequence, stored.ID, stored.Org)
		}
		o.fold(stored.Org, stored.ID, stored.Sequence, m)
		o.folded = stored.Sequence
		return nil
	})
}

// fold brings a stored message into memory. One that is there already changes
// nothing.
func (o *Outbox) fold(org events.OrgID, id string, sequence uint64, m message) {
	if sequence == o.folded+1 {
		o.folded = sequence
	}
	switch m.Op {
	case opMark:
		if sequence > o.mark {
			o.mark, o.durable = sequence, m.Revision
		}
		return
	case opNotice:
		if o.items[key{org, id}] == nil {
			item := &Item{Notice: *m.Notice, Status: Pending, Appended: m.At, sequence: sequence, last: sequence}
			o.items[key{org, id}] = item
			o.order = append(o.order, item)
			o.counts[Pending]++
			o.enqueue(item)
			// Of a commit whose notices were cut off by a crash the others are
			// still to be made: look at it again.
			if item.Kind != rolemodel.NoticeParked && item.Revision > 0 {
				o.durable = item.Revision - 1
			}
		}
		return
	}
	item := o.items[key{org, id}]
	if item == nil || sequence <= item.last {
		return
	}
	item.last, item.claimed = sequence, false
	item.Outcomes = append(item.Outcomes, Outcome{
		At: m.At, What: string(m.Op), Attempt: m.Attempt, Code: m.Code, Class: m.Class, Next: m.Next, Why: m.Why, MessageID: m.MessageID,
	})
	status := item.Status
	switch m.Op {
	case opSent:
		item.Status = Sent
	case opFailed:
		if item.Attempts == 0 {
			item.first = m.At
		}
		item.Attempts, item.Next = max(m.Attempt, 1), m.Next
	case opParked:
		item.Status = StatusParked
	case opDropped:
		item.Status = Dropped
	case opRetry:
		item.Status, item.Attempts, item.Next, item.first = Pending, 0, time.Time{}, time.Time{}
	}
	o.counts[status]--
	o.counts[item.Status]++
	o.enqueue(item)
}

// queue is a heap of what is to be sent.
type queue struct {
	turns []turn
	less  func(a, b turn) bool
}

// turn is a notice's place in a queue. Whatever happens to the notice ends it:
// another message about it, or a claim.
type turn struct {
	item *Item
	next time.Time
	last uint64
}

// first is the one whose turn it is, nil if there is none.
func (q *queue) first() *Item {
	for len(q.turns) > 0 {
		t := q.turns[0]
		if t.item.Status == Pending && !t.item.claimed && t.item.last == t.last {
			return t.item
		}
		heap.Pop(q)
	}
	return nil
}

// Len implements [heap.Interface].
func (q *queue) Len() int { return len(q.turns) }

// Less implements [heap.Interface].
func (q *queue) Less(i, j int) bool { return q.less(q.turns[i], q.turns[j]) }

// Swap implements [heap.Interface].
func (q *queue) Swap(i, j int) { q.turns[i], q.turns[j] = q.turns[j], q.turns[i] }

// Push implements [heap.Interface].
func (q *queue) Push(t any) { q.turns = append(q.turns, t.(turn)) }

// Pop implements [heap.Interface].
func (q *queue) Pop() any {
	last := q.turns[len(q.turns)-1]
	q.turns[len(q.turns)-1] = turn{}
	q.turns = q.turns[:len(q.turns)-1]
	return last
}
