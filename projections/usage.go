package projections

import (
	"cmp"
	"slices"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
)

// Usage is what one principal did on one unit in a period, or what others did on
// its behalf there (D09).
type Usage struct {
	// Unit is a scope of the kinds that the model judges by, or the root.
	Unit events.ScopeID
	Who  events.PrincipalID
	// Behalf says that others did it on behalf of this person.
	Behalf bool
	// Commits counts those with events on the unit, Events these events.
	Commits, Events int
	// Commands counts the commits by command, Types the events by type.
	Commands, Types map[string]int
	// First and Last are the effective times of the first and the last commit;
	// zero where there is none.
	First, Last time.Time
}

// Period is a span of effective time, both ends included. A zero end is none.
type Period struct{ From, To time.Time }

// Holds says whether the time lies in the period.
func (p Period) Holds(at time.Time) bool {
	return !at.Before(p.From) && (p.To.IsZero() || !at.After(p.To))
}

// UsageOf counts what was done in a period, by unit and principal. Every event
// counts once for its actor, on the nearest unit at or above the scope that it
// names, else on the organization, so that the sums are those of the history. A
// commit counts on every unit where it has events. The state is the one at the
// end of the records: who is a member of a unit by then and did nothing there is
// listed too.
func UsageOf(records []events.Record, state aggregate.State, period Period) []Usage {
	u := usage{
		units: state.Model.Posture.Units, root: state.Root, period: period, rows: map[usageKey]*Usage{},
		parents: map[events.ScopeID]events.ScopeID{}, invitations: map[string]events.ScopeID{},
	}
	for i := range records {
		u.commit(&records[i])
	}
	for _, scope := range state.Scopes() {
		if scope.ID != state.Root && !u.unit(scope.ID) {
			continue
		}
		for _, who := range scope.Members() {
			u.row(usageKey{scope.ID, who, false})
		}
	}
	list := make([]Usage, 0, len(u.rows))
	for _, row := range u.rows {
		list = append(list, *row)
	}
	slices.SortFunc(list, func(a, b Usage) int {
		return cmp.Or(first(b.Unit == u.root, a.Unit == u.root), cmp.Compare(a.Unit, b.Unit), cmp.Compare(a.Who, b.Who), first(a.Behalf, b.Behalf))
	})
	return list
}

// first orders what is not before what is.
func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// usage is what is being counted. Where scopes stood is followed along with the
// commits: many of them are gone at the end.
type usage struct {
	units  []*rolemodel.Kind
	root   events.ScopeID
	period Period
	rows   map[usageKey]*Usage
	// parents has where every scope stands, or stood last; invitations the scope
	// of every one that was sent.
	parents     map[events.ScopeID]events.ScopeID
	invitations map[string]events.ScopeID
}

type usageKey struct {
	unit   events.ScopeID
	who    events.PrincipalID
	behalf bool
}

func (u *usage) row(key usageKey) *Usage {
	row, known := u.rows[key]
	if !known {
		row = &Usage{Unit: key.unit, Who: key.who, Behalf: key.behalf, Commands: map[string]int{}, Types: map[string]int{}}
		u.rows[key] = row
	}
	return row
}

func (u *usage) commit(r *events.Record) {
	counts, touched := u.period.Holds(r.Effective()), map[usageKey]bool{}
	for _, event := range r.Events {
		unit := u.unitOf(event)
		u.follow(event)
		if !counts {
			continue
		}
		keys := []usageKey{{unit, r.Actor, false}}
		if r.OnBehalfOf != "" {
			keys = append(keys, usageKey{unit, r.OnBehalfOf, true})
		}
		for _, key := range keys {
			row := u.row(key)
			row.Events++
			row.Types[events.Name(event)]++
			touched[key] = true
		}
	}
	for key := range touched {
		row := u.rows[key]
		row.Commits++
		row.Commands[r.Command]++
		if row.First.IsZero() {
			row.First = r.Effective()
		}
		row.Last = r.Effective()
	}
}

// follow notes where scopes stand.
func (u *usage) follow(event events.Event) {
	switch e := event.(type) {
	case events.ScopeCreated:
		u.parents[e.Scope] = e.Parent
	case events.ScopeMoved:
		u.parents[e.Scope] = e.Parent
	case events.InvitationSent:
		u.invitations[string(e.Invitation)] = e.Scope
	}
}

// unitOf is the unit that an event belongs to. What is created belongs to where
// it comes to stand, what is moved to where it stood.
func (u *usage) unitOf(event events.Event) events.ScopeID {
	concern := event.Concern()
	on := concern.Scope
	if on == "" {
		on = u.invitations[concern.Item]
	}
	if created, is := event.(events.ScopeCreated); is && !u.unit(on) {
		on = created.Parent
	}
	for range len(u.parents) + 1 {
		if u.unit(on) {
			return on
		}
		if on = u.parents[on]; on == "" {
			break
		}
	}
	return u.root
}

// unit says whether the scope is one.
func (u *usage) unit(scope events.ScopeID) bool {
	return slices.ContainsFunc(u.units, func(k *rolemodel.Kind) bool { return k.Name == scope.Kind() })
}
