package aggregate

import (
	"slices"

	"tenure/events"
)

// Authority is judged before state: whoever may not do something is told that,
// and not whether it could be done, or is so already.

// deny refuses an event that cannot be: to those who may not cause it for that
// reason, to all others for the one given.
func (d *draft) deny(e events.Event, r Refusal) {
	// What nobody may is refused for what it is, unless that tells of somebody.
	if forbidden := d.forbids(e); forbidden != nil && (slices.Contains(telling, r.Code) || forbidden.Code == CodeNotPermitted && !forbidden.Nobody) {
		r = *forbidden
	}
	d.refuse(r)
}

// telling are the codes of refusals that tell how things stand, whatever the role
// model says.
var telling = []Code{CodeExists, CodeNotMember, CodeStillHolding, CodeOnHold, CodeAnonymized, CodeArchived, CodeDefaultRole, CodeTooFew, CodeTooMany, CodeFull, CodeLapses}

// already refuses those who may not cause an event that there is no need for.
func (d *draft) already(e events.Event) {
	if forbidden := d.forbids(e); forbidden != nil {
		d.refuse(*forbidden)
	}
}

// forbids refuses an actor who may not cause the event, whether it is possible or
// not; nil where that cannot be said, since the event names what is not there, and
// of what follows from other events, which stand for it.
func (d *draft) forbids(e events.Event) *Refusal {
	actor, known := d.before.Person(d.commit.Actor)
	if e.Concern().Cause != "" && d.leads != nil {
		e = d.leads
	}
	if _, registers := e.(events.PersonRegistered); registers { // which stands on where the person comes to
		return nil
	}
	if !known || actor.ID.Builtin() || isBackground(e) || e.Concern().Cause != "" || !d.state.hasAll(e) {
		return nil
	}
	refused := authorized(d.before, d.state, &d.commit, actor, e)
	if refused == nil || refused.Code != CodeNotPermitted && refused.Code != CodeTransferred {
		return nil
	}
	refused.Event = -1
	return refused
}

// forbidden is what speaks against the authority for what was proposed so far;
// empty if nothing does.
func (d *draft) forbidden(before State) Refusals {
	authority, _ := audit(before, &d.commit)
	return slices.DeleteFunc(authority, func(r Refusal) bool {
		if r.Code != CodeNotPermitted || r.Event < 0 {
			return true
		}
		_, known := before.Person(d.commit.Events[r.Event].Concern().Subject)
		return !known && d.commit.Events[r.Event].Concern().Subject != "" // who stands on what was to come
	})
}

// hasAll says whether the scopes, roles and marks are there that authority over
// the event is judged by.
func (s State) hasAll(event events.Event) bool {
	exists := func(id events.ScopeID) bool {
		_, exists := s.Scope(id)
		return exists
	}
	defined := func(id events.RoleID, on events.ScopeID) bool {
		_, err := s.role(id, on)
		return exists(on) && err == nil
	}
	marks := func(id events.DesignationID, on events.ScopeID) bool {
		_, err := s.designation(id, on)
		return exists(on) && err == nil
	}
	switch e := event.(type) {
	case events.RoleGranted:
		return defined(e.Role, e.Scope)
	case events.RoleRevoked:
		return defined(e.Role, e.Scope)
	case events.RoleLimited:
		return defined(e.Role, e.Scope)
	case events.OwnershipTransferred:
		return defined(e.Role, e.Scope)
	case events.InvitationSent:
		return exists(e.Scope) && (e.Role == "" || defined(e.Role, e.Scope))
	case events.DesignationSet:
		return marks(e.Designation, e.Scope)
	case events.DesignationCleared:
		return marks(e.Designation, e.Scope)
	case events.FactRecorded:
		_, known := s.Model.Fact(e.Scope.Kind(), string(e.Fact))
		return exists(e.Scope) && known
	case events.ScopeCreated:
		return exists(e.Parent)
	case events.ScopeMoved:
		return exists(e.Scope) && exists(e.Parent)
	case events.ScopeMerged:
		return exists(e.Scope) && exists(e.Into)
	}
	on := event.Concern().Scope
	return on == "" || exists(on)
}
