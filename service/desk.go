package service

import (
	"container/list"
	"context"
	"sync"

	"tenure/aggregate"
	"tenure/events"
	"tenure/vault"
)

// maxDesks is how many organizations are kept at hand for writing. A colder
// one costs a look into the ledger when it is written to again.
const maxDesks = 1024

// desk is where commands of one organization are decided, one after the other.
type desk struct {
	org events.OrgID
	// turn holds a token while somebody is at the desk, from decision to
	// append. A channel, because waiting for it must end with the request.
	turn chan struct{}
	// state is the newest state that this instance has decided or seen.
	state aggregate.State
	// warm says that the state holds all that the organization had when the
	// desk was set up; before, it may lag behind what was written here.
	warm bool
	// unsettled is the commit that nobody knows the fate of; nil if there is
	// none.
	unsettled *unsettled

	users int
	place *list.Element
}

// unsettled is a commit whose append gave no answer, and its keys.
type unsettled struct {
	commit events.Commit
	stage  *vault.Stage
}

// desks are the live organization states. What is evicted is taken from the
// projections and the ledger again.
type desks struct {
	most int
	mu   sync.Mutex
	byID map[events.OrgID]*desk
	// cold lists desks that nobody uses, the coldest first.
	cold *list.List
}

func newDesks(most int) *desks {
	return &desks{most: most, byID: map[events.OrgID]*desk{}, cold: list.New()}
}

// take gives the organization's desk to one caller at a time, until leave. It
// fails when the context ends first.
func (d *desks) take(ctx context.Context, org events.OrgID) (*desk, error) {
	d.mu.Lock()
	at, known := d.byID[org]
	if !known {
		at = &desk{org: org, turn: make(chan struct{}, 1)}
		d.byID[org] = at
	}
	at.users++
	if at.place != nil {
		d.cold.Remove(at.place)
		at.place = nil
	}
	d.mu.Unlock()
	select {
	case at.turn <- struct{}{}:
		return at, nil
	case <-ctx.Done():
		d.release(at)
		return nil, context.Cause(ctx)
	}
}

func (d *desks) leave(at *desk) {
	<-at.turn
	d.release(at)
}

func (d *desks) release(at *desk) {
	d.mu.Lock()
	defer d.mu.Unlock()
	// Nobody else is at a desk without users, so its fields can be read.
	if at.users--; at.users == 0 && at.unsettled == nil {
		at.place = d.cold.PushBack(at)
	}
	for d.cold.Len() > 0 && len(d.byID) > d.most {
		coldest := d.cold.Remove(d.cold.Front()).(*desk)
		delete(d.byID, coldest.org)
	}
}
