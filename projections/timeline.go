package projections

import (
	"fmt"
	"sort"
	"time"

	"tenure/aggregate"
	"tenure/events"
)

// stride is how many commits lie between two kept states. A dated answer folds
// at most that many commits; a kept state costs what changed since the last.
const stride = 32

// Timeline is one organization's history: every commit, and the state after
// any of them. It is not safe for concurrent use.
type Timeline struct {
	records []events.Record
	// recorded[i] is when the last of records[:i+1] was stored. Clocks are set
	// back, so a record may bear an earlier time than one before it.
	recorded []time.Time
	// kept[i] is the state before records[i*stride].
	kept   []aggregate.State
	latest aggregate.State
}

// Moment names a point of an organization's history. The zero Moment is now.
type Moment struct {
	// AsOf counts what had taken effect by then; Recorded what the ledger had
	// stored by then; Revision what it held up to that revision. At most one
	// is set.
	AsOf     time.Time
	Recorded time.Time
	Revision events.Revision
}

// IsZero says whether the moment is now.
func (m Moment) IsZero() bool { return m == Moment{} }

// Apply folds the organization's next record.
func (t *Timeline) Apply(r events.Record) error {
	next, err := t.latest.Apply(r)
	if err != nil {
		return fmt.Errorf("revision %d: %w", r.Revision, err)
	}
	if len(t.records)%stride == 0 {
		t.kept = append(t.kept, t.latest)
	}
	recorded := r.RecordedAt
	if n := len(t.recorded); n > 0 && t.recorded[n-1].After(recorded) {
		recorded = t.recorded[n-1]
	}
	t.records, t.recorded = append(t.records, r), append(t.recorded, recorded)
	t.latest = next
	return nil
}

// Position is the revision of the last record applied.
func (t *Timeline) Position() events.Revision { return t.latest.Revision }

// Records are all commits, oldest first. The slice must not be changed.
func (t *Timeline) Records() []events.Record { return t.records }

// Count says how many commits had happened at the moment: all before the first
// one that came later.
func (t *Timeline) Count(m Moment) int {
	after := func(i int) bool { return false }
	switch {
	case m.Revision > 0:
		after = func(i int) bool { return t.records[i].Revision > m.Revision }
	case !m.Recorded.IsZero():
		after = func(i int) bool { return t.recorded[i].After(m.Recorded) }
	case !m.AsOf.IsZero():
		after = func(i int) bool { return t.records[i].Effective().After(m.AsOf) }
	}
	return sort.Search(len(t.records), after)
}

// At is the state at the moment. The state before founding is the zero State.
func (t *Timeline) At(m Moment) (aggregate.State, error) {
	count := t.Count(m)
	if count == len(t.records) {
		return t.latest, nil
	}
	state := t.kept[count/stride]
	for i := count / stride * stride; i < count; i++ {
		var err error
		if state, err = state.Apply(t.records[i]); err != nil {
			return state, err
		}
	}
	return state, nil
}
