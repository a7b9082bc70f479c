package projections

import (
	"container/heap"
	"sync"
	"time"

	"tenure/aggregate"
	"tenure/events"
)

// Deadlines knows when something falls due next, for every person of every
// organization. It says for whom; what it is, the decision finds in the state.
// Its methods may be called from several goroutines.
type Deadlines struct {
	mu    sync.Mutex
	next  map[Concerned]time.Time
	queue queue
}

// Concerned is a person of an organization.
type Concerned struct {
	Org     events.OrgID
	Subject events.PrincipalID
}

// NewDeadlines knows of nothing.
func NewDeadlines() *Deadlines { return &Deadlines{next: map[Concerned]time.Time{}} }

// Apply takes over what a record changed; the state is the organization's after
// it.
func (d *Deadlines) Apply(r events.Record, after *aggregate.State) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range r.Events {
		who := Concerned{r.Org, e.Concern().Subject}
		person, known := after.Person(who.Subject)
		if !known {
			continue
		}
		at := person.Deadline()
		if d.next[who].Equal(at) {
			continue
		}
		if at.IsZero() {
			delete(d.next, who)
			continue // its entry in the queue is passed over
		}
		d.next[who] = at
		heap.Push(&d.queue, entry{at, who})
	}
}

// Due lists those for whom something is due at the time, in order of time. They
// stay due until a record says that it was done.
func (d *Deadlines) Due(at time.Time) []Concerned {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []Concerned
	var kept []entry
	for d.queue.Len() > 0 && !d.queue[0].at.After(at) {
		e := heap.Pop(&d.queue).(entry)
		if d.next[e.who].Equal(e.at) {
			list, kept = append(list, e.who), append(kept, e)
		}
	}
	for _, e := range kept {
		heap.Push(&d.queue, e)
	}
	return list
}

// Next is when something falls due next; false if nothing does.
func (d *Deadlines) Next() (time.Time, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.queue.Len() > 0 {
		if e := d.queue[0]; d.next[e.who].Equal(e.at) {
			return e.at, true
		}
		heap.Pop(&d.queue)
	}
	return time.Time{}, false
}

// entry says when something was to fall due; it holds as long as next says the
// same.
type entry struct {
	at  time.Time
	who Concerned
}

type queue []entry

func (q queue) Len() int           { return len(q) }
func (q queue) Less(a, b int) bool { return q[a].at.Before(q[b].at) }
func (q queue) Swap(a, b int)      { q[a], q[b] = q[b], q[a] }
func (q *queue) Push(e any)        { *q = append(*q, e.(entry)) }
func (q *queue) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	*q = (*q)[:last]
	return e
}
