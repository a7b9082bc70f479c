package service

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/projections"
	"tenure/rolemodel"
)

// Reading says as of when a question is asked. The zero Reading is now.
type Reading struct {
	projections.Moment
	// AtLeast makes the question wait until this revision has been folded.
	AtLeast events.Revision
}

// ParseMoment reads "2026-01-31" (the end of that day, UTC), an RFC 3339 time,
// or "@REVISION".
func ParseMoment(text string) (projections.Moment, error) {
	if revision, is := strings.CutPrefix(text, "@"); is {
		n, err := strconv.ParseUint(revision, 10, 64)
		if err != nil || n == 0 {
			return projections.Moment{}, refuse(aggregate.CodeInvalid, "moment", "%q is no revision.", text)
		}
		return projections.Moment{Revision: events.Revision(n)}, nil
	}
	at, err := ParseTime(text)
	return projections.Moment{AsOf: at}, err
}

// ParseTime reads a date, meaning the end of that day in UTC, or an RFC 3339
// time.
func ParseTime(text string) (time.Time, error) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.AddDate(0, 0, 1).Add(-time.Nanosecond), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.IsZero() { // the zero time stands for none
		return time.Time{}, refuse(aggregate.CodeInvalid, "time",
			"%q is no time: write 2026-01-31, which means the end of that day in UTC, or 2026-01-31T09:30:00Z.", text)
	}
	return at.UTC(), nil
}

// newest gives the organization's newest state to a caller who may do the act
// of reading. An empty act is open to everybody in the organization, and so is
// any act to the person whom the question is about. Who may read is decided
// here, by the newest state, whatever moment is asked about.
func (s *Service) newest(ctx context.Context, caller Caller, org events.OrgID, reading Reading, act rolemodel.Act, about string) (*aggregate.State, error) {
	if err := s.catchUp(ctx, reading.AtLeast); err != nil {
		return nil, err
	}
	state, err := s.enter(caller, org)
	if err != nil {
		return nil, err
	}
	if act != "" {
		if err := mayRead(state, caller, act); err != nil {
			if id, known := s.findPerson(state, about); !known || id != caller.Principal {
				var refusals aggregate.Refusals
				if errors.As(err, &refusals) {
					err = s.introduced(state, refusals)
				}
				return nil, err
			}
		}
	}
	if caller.Operator() {
		s.log.Info("question answered for the operator", "org", org, "act", act)
	}
	if newest := s.Position(); reading.Revision > newest {
		// What it will be is not known yet.
		return nil, refuse(CodeNotYet, "at_revision", "Revision %d has not been reached; %s stands at revision %d.", reading.Revision, org, state.Revision)
	}
	return state, nil
}

// read gives the organization's state as of the reading, as the caller sees it.
func (s *Service) read(ctx context.Context, caller Caller, org events.OrgID, reading Reading, act rolemodel.Act, about string) (*view, error) {
	now, err := s.newest(ctx, caller, org, reading, act, about)
	if err != nil {
		return nil, err
	}
	if reading.Moment.IsZero() {
		return newView(s, caller, now, now), nil
	}
	var dated aggregate.State
	err = s.timelines.with(ctx, s, org, func(t *projections.Timeline) error {
		dated, err = t.At(reading.Moment)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !dated.Founded() {
		return nil, refuse(aggregate.CodeUnknown, "as_of", "%s was not founded yet.", org)
	}
	asked := reading.AsOf
	if asked.IsZero() {
		asked = reading.Recorded
	}
	if !asked.IsZero() { // else as of the commit itself
		dated = dated.At(asked)
	} else {
		dated = dated.At(dated.Effective)
	}
	return newView(s, caller, now, &dated), nil
}

// readScope gives the state as of the reading, and a scope of it that the caller
// may see. One that they may not see is answered like one that there is not.
func (s *Service) readScope(ctx context.Context, caller Caller, org events.OrgID, reading Reading, field, name string) (*view, events.ScopeID, error) {
	seen, err := s.read(ctx, caller, org, reading, "", "")
	if err != nil {
		return nil, "", err
	}
	id, unknown := seen.scope(field, name)
	if unknown == nil && seen.shows(id) {
		if scope, _ := seen.state.Scope(id); seen.governs(id) {
			seen.introduces(scope)
		}
		return seen, id, nil
	}
	if err := mayRead(seen.now, caller, rolemodel.DirectoryRead); err != nil {
		return nil, "", seen.named(err)
	}
	return nil, "", refuseScope(org, field, name)
}

// stateOf is the organization's newest projected state, empty if there is none.
func (s *Service) stateOf(org events.OrgID) *aggregate.State {
	if state, known := s.permissions.State(org); known {
		return state
	}
	return &aggregate.State{}
}

// maxTimelines is how many organizations' histories are kept in memory.
const maxTimelines = 64

// timelines are the histories that were asked for lately. Each is brought up
// to date from the ledger when it is asked.
type timelines struct {
	most  int
	mu    sync.Mutex
	byOrg map[events.OrgID]*timeline
	turn  uint64
}

type timeline struct {
	sync.Mutex
	projections.Timeline
	turn uint64
}

func newTimelines(most int) *timelines {
	return &timelines{most: most, byOrg: map[events.OrgID]*timeline{}}
}

// with calls fn with the organization's history, up to date with the projected
// state, and locked.
func (t *timelines) with(ctx context.Context, s *Service, org events.OrgID, fn func(*projections.Timeline) error) error {
	t.mu.Lock()
	history, kept := t.byOrg[org]
	if !kept {
		if len(t.byOrg) >= t.most {
			oldest := org
			for id, other := range t.byOrg {
				if oldest == org || other.turn < t.byOrg[oldest].turn {
					oldest = id
				}
			}
			delete(t.byOrg, oldest)
		}
		history = &timeline{}
		t.byOrg[org] = history
	}
	t.turn++
	history.turn = t.turn
	t.mu.Unlock()

	history.Lock()
	defer history.Unlock()
	if state, known := s.permissions.State(org); known && state.Revision > history.Position() {
		if err := s.ledger.ReplayOrg(ctx, org, history.Position(), history.Apply); err != nil {
			return err
		}
	}
	return fn(&history.Timeline)
}

// sortBy sorts by a text.
func sortBy[T any](list []T, text func(T) string) {
	slices.SortStableFunc(list, func(a, b T) int { return cmp.Compare(text(a), text(b)) })
}

// sortedKeys lists the keys of a map in order.
func sortedKeys[K ~string, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// firstOf is the first text that is not empty.
func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
