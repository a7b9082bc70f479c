package projections

import (
	"maps"
	"sync"

	"tenure/aggregate"
	"tenure/events"
)

// Anonymizations are those that were decided and are not on record as carried
// out. Its methods may be called from several goroutines.
type Anonymizations struct {
	mu      sync.Mutex
	decided map[Concerned]aggregate.Stamp
}

// NewAnonymizations knows of none.
func NewAnonymizations() *Anonymizations {
	return &Anonymizations{decided: map[Concerned]aggregate.Stamp{}}
}

// Apply takes over what a record decides, or says was carried out.
func (a *Anonymizations) Apply(r events.Record) {
	for _, event := range r.Events {
		who := Concerned{r.Org, event.Concern().Subject}
		switch event.(type) {
		case events.AnonymizationStarted:
			a.mu.Lock()
			a.decided[who] = aggregate.Stamp{Revision: r.Revision, Actor: r.Actor, At: r.Effective()}
			a.mu.Unlock()
		case events.PersonAnonymized:
			a.mu.Lock()
			delete(a.decided, who)
			a.mu.Unlock()
		}
	}
}

// Pending are those that are still to be carried out, each with its decision.
func (a *Anonymizations) Pending() map[Concerned]aggregate.Stamp {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.decided)
}
