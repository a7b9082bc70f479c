package projections

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/benbjohnson/immutable"

	"tenure/aggregate"
	"tenure/events"
)

// ErrGap is returned when a record does not follow on the position.
var ErrGap = errors.New("the ledger has a gap")

// Permissions is the current view of every organization. One goroutine
// applies; any number read, without a lock.
type Permissions struct {
	position atomic.Uint64
	// organizations only grows; its entries are replaced in place, so that a
	// reader takes one step to an organization's newest state.
	organizations atomic.Pointer[immutable.SortedMap[events.OrgID, *atomic.Pointer[aggregate.State]]]
}

// NewPermissions is the view before the first commit.
func NewPermissions() *Permissions {
	p := &Permissions{}
	p.organizations.Store(immutable.NewSortedMap[events.OrgID, *atomic.Pointer[aggregate.State]](byHandle{}))
	return p
}

// Position is the revision of the last record applied.
func (p *Permissions) Position() events.Revision { return events.Revision(p.position.Load()) }

// Apply folds the next record of the ledger. After an error the view stays as
// it was.
func (p *Permissions) Apply(r events.Record) error {
	if want := p.Position() + 1; r.Revision != want {
		return fmt.Errorf("%w: revision %d where %d was expected", ErrGap, r.Revision, want)
	}
	organizations := p.organizations.Load()
	entry, known := organizations.Get(r.Org)
	if !known {
		entry = &atomic.Pointer[aggregate.State]{}
		entry.Store(&aggregate.State{})
	}
	next, err := entry.Load().Apply(r)
	if err != nil {
		return fmt.Errorf("revision %d: %w", r.Revision, err)
	}
	if next.Model == nil { // readers take it for granted
		return fmt.Errorf("revision %d: %s has no role model", r.Revision, r.Org)
	}
	entry.Store(&next)
	if !known {
		p.organizations.Store(organizations.Set(r.Org, entry))
	}
	p.position.Store(uint64(r.Revision))
	return nil
}

// State is the organization's newest state; false if there is no such
// organization.
func (p *Permissions) State(org events.OrgID) (*aggregate.State, bool) {
	entry, known := p.organizations.Load().Get(org)
	if !known {
		return nil, false
	}
	return entry.Load(), true
}

// Organizations lists every organization, by handle.
func (p *Permissions) Organizations() []events.OrgID {
	organizations := p.organizations.Load()
	list := make([]events.OrgID, 0, organizations.Len())
	for itr := organizations.Iterator(); !itr.Done(); {
		org, _, _ := itr.Next()
		list = append(list, org)
	}
	return list
}

// Allowed says whether the principal has the permission on the scope at a time,
// by ids: what has ended by then does not count, whether or not that is on record
// already. What is not known is not allowed. It does not allocate.
func (p *Permissions) Allowed(org events.OrgID, who events.PrincipalID, permission string, on events.ScopeID, at time.Time) bool {
	state, known := p.State(org)
	if !known {
		return false
	}
	wanted, known := state.Model.Permission(permission)
	return known && state.At(at).Allowed(aggregate.Question{Who: who, Permission: wanted, On: on})
}

type byHandle struct{}

func (byHandle) Compare(a, b events.OrgID) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
}
