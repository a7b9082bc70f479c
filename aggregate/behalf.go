package aggregate

import (
	"cmp"
	"slices"

	"tenure/events"
	"tenure/rolemodel"
)

// lacksBehalf refuses an actor who may not act on behalf of the person: who is
// an active member of something, and whom the actor may act for there or
// anywhere (D11). What is done on a scope is done where the actor may act for
// the person, not on another one.
func (s State) lacksBehalf(actor, behalf events.PrincipalID, done []events.Event) *Refusal {
	person, known := s.Person(behalf)
	if !known {
		refused := unknown("person", string(behalf), "")
		return &refused
	}
	refuse := func(code Code, message string) *Refusal {
		return &Refusal{Code: code, Subject: behalf, Message: message}
	}
	isActive := func(m Membership) bool { return m.Active }
	holder, known := s.Person(actor)
	if known && !actor.Builtin() && actor != behalf && !person.ID.Builtin() && !person.Client && !s.actsForSomebody(holder) && !s.mayActUpon(holder, rolemodel.BehalfAct, person) {
		return s.refusedUpon(holder, rolemodel.BehalfAct, person)
	}
	switch {
	case person.ID.Builtin() || person.Client:
		return refuse(CodeInvalid, string(behalf)+" is no person, and only people are acted for.")
	case person.Anonymizing():
		return isAnonymized(person)
	case actor == behalf:
		return refuse(CodeInvalid, "Whoever acts for themselves is the actor, and acts on nobody's behalf.")
	case actor.Builtin():
		return refuse(CodeNotPermitted, "What "+string(actor)+" does, it does on nobody's behalf.")
	case s.suspended(person) || !slices.ContainsFunc(person.Memberships, isActive):
		return refuse(CodeNotMember, string(behalf)+" is an active member of nothing here, and nobody acts on behalf of such a person.")
	}
	if !known {
		return refuse(CodeNotPermitted, string(actor)+" is not known in "+string(s.Org)+".")
	}
	if s.mayAct(holder, rolemodel.BehalfAct, s.Root, behalf) {
		return nil
	}
	var suspended, elsewhere *Refusal
	for _, m := range person.Memberships {
		if m.Scope == s.Root || !s.mayAct(holder, rolemodel.BehalfAct, m.Scope, behalf) {
			continue
		}
		outside := func(e events.Event) bool { return !s.concerns(e, m.Scope) }
		at := slices.IndexFunc(done, outside)
		switch {
		case !m.Active:
			suspended = refuse(CodeNotMember, "The membership of "+string(behalf)+" on "+string(m.Scope)+" is suspended, and until it is resumed nobody acts for them there.")
		case at < 0:
			return nil
		default:
			elsewhere = refuse(CodeNotPermitted, string(actor)+" acts for "+string(behalf)+" on "+string(m.Scope)+", and not on "+string(done[at].Concern().Scope)+".")
			elsewhere.Scope, elsewhere.Rule = done[at].Concern().Scope, s.refusedUpon(holder, rolemodel.BehalfAct, person).Rule
		}
	}
	if refused := cmp.Or(elsewhere, suspended); refused != nil {
		return refused
	}
	return s.refusedUpon(holder, rolemodel.BehalfAct, person)
}

// actsForSomebody says whether the person may act on behalf of people of any scope
// on which they hold a role, and so is told why not on behalf of this one.
func (s *State) actsForSomebody(actor *Person) bool {
	return slices.ContainsFunc(actor.Grants, func(g Grant) bool { return s.mayAct(actor, rolemodel.BehalfAct, g.Scope, "") })
}

// concerns says whether an event is about something at or below the scope, or
// about no scope at all but the organization.
func (s State) concerns(e events.Event, top events.ScopeID) bool {
	on := e.Concern().Scope
	if created, creates := e.(events.ScopeCreated); creates {
		on = created.Parent
	}
	return on == "" || on == s.Root || s.Under(on, top)
}
