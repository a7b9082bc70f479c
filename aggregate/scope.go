package aggregate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"tenure/events"
	"tenure/rolemodel"
)

// CreateScope adds a scope below another.
type CreateScope struct {
	Scope  events.ScopeID
	Parent events.ScopeID
	// Title is sealed under the scope's own key, or empty.
	Title events.Sealed
	// Attributes are those that shall not be at their first value.
	Attributes map[events.AttributeID]string
	// Members become members from the start, beside whoever creates it.
	Members []events.PrincipalID
	// Creator is whom the operator, or an import, creates it for; empty for the
	// actor.
	Creator events.PrincipalID
}

// SetAttributes says what attributes of a scope are from now on. Those that are
// so already stay.
type SetAttributes struct {
	Scope      events.ScopeID
	Attributes map[events.AttributeID]string
}

// ArchiveScope freezes a scope and all below it, or takes it out of the archive.
type ArchiveScope struct {
	Scope events.ScopeID
	// Restore takes it out.
	Restore bool
}

// RenameScope gives a scope another title; its handle stays.
type RenameScope struct {
	Scope events.ScopeID
	Title events.Sealed
}

// MoveScope puts a scope, and all below it, under another parent.
type MoveScope struct {
	Scope  events.ScopeID
	Parent events.ScopeID
}

// DeleteScope ends a scope, the scopes below it, and what was held on them
// (G04).
type DeleteScope struct{ Scope events.ScopeID }

// Name implements [Command].
func (CreateScope) Name() string { return "scope.create" }

// Name implements [Command].
func (SetAttributes) Name() string { return "scope.set" }

// Name implements [Command].
func (c ArchiveScope) Name() string {
	if c.Restore {
		return "scope.restore"
	}
	return "scope.archive"
}

// Name implements [Command].
func (RenameScope) Name() string { return "scope.rename" }

// Name implements [Command].
func (MoveScope) Name() string { return "scope.move" }

// Name implements [Command].
func (DeleteScope) Name() string { return "scope.delete" }

func (c CreateScope) propose(d *draft) {
	if _, exists := d.scope(c.Parent); !exists {
		return
	}
	if _, known := d.state.Model.Kind(c.Scope.Kind()); !known {
		d.refuse(unknown("scope kind", c.Scope.Kind()+" in the model "+d.state.Model.ID, "tenure models show "+d.state.Model.ID))
		return
	}
	d.emit(events.ScopeCreated{Scope: c.Scope, Parent: c.Parent, Title: c.Title, Cause: d.cause})
	d.populate(c)
}

// populate says what a new scope is like, and who is there from the start: whoever
// creates it, with the roles that the model gives them, and those named.
func (d *draft) populate(c CreateScope) {
	scope, exists := d.state.Scope(c.Scope)
	if !exists || len(d.refusals) > 0 && (!d.collecting || d.refusedHere()) {
		return // one that is there already is not the new one
	}
	d.setAttributes(scope, c.Attributes, events.CauseCreated)
	creator := cmp.Or(c.Creator, d.commit.Actor)
	person, known := d.state.Person(creator)
	switch {
	case c.Creator != "" && !known:
		d.person(creator) // refuses
		return
	case c.Creator != "" && (person.Client || creator.Builtin()):
		d.refuse(Refusal{Code: CodeInvalid, Scope: c.Scope, Subject: creator, Field: "for", Event: -1, Message: "A scope is created for a person, and " + string(creator) + " is none."})
		return
	case c.Creator != "" && creator != d.commit.Actor && !d.commit.Actor.Builtin() && !imports(&d.commit):
		d.refuse(Refusal{Code: CodeNotPermitted, Scope: c.Scope, Subject: d.commit.Actor, Field: "for", Event: -1,
			Message: "What people create is created for themselves; the operator alone creates scopes for others."})
		return
	case c.Creator != "" && len(scope.Kind.Creator) == 0:
		d.refuse(Refusal{Code: CodeInvalid, Scope: c.Scope, Subject: creator, Field: "for", Event: -1,
			Message: fmt.Sprintf("Whoever creates %s is given nothing there, so nobody can be named for that.", rolemodel.A(scope.Kind.Name))})
		return
	case known && !creator.Builtin() && !person.Client:
		for _, role := range scope.Kind.Creator {
			if role.Membership == scope.Kind.Name {
				d.seat(creator, scope)
			}
			d.grant(creator, role, c.Scope, events.CauseCreated)
		}
	}
	for _, subject := range c.Members {
		if _, known := d.person(subject); known {
			d.seat(subject, scope)
		}
	}
}

// seat makes a person a member of a new scope who is none yet, of the kind that
// they are of in the organization, where the scope has that.
func (d *draft) seat(subject events.PrincipalID, on *Scope) {
	person, _ := d.state.Person(subject)
	if person.member(on.ID) {
		return
	}
	kind := d.state.memberKind(person, d.state.Root)
	if _, has := on.Kind.MemberKind(kind); !has || on.Kind.MemberKinds[0].ID == kind {
		kind = ""
	}
	d.start(subject, on.ID, events.MemberKindID(kind), events.CauseCreated)
}

func (c SetAttributes) propose(d *draft) {
	if scope, exists := d.scope(c.Scope); exists {
		d.setAttributes(scope, c.Attributes, "")
	}
}

// setAttributes says what differs from what the scope is like.
func (d *draft) setAttributes(scope *Scope, attributes map[events.AttributeID]string, cause events.Cause) {
	var same []events.Event
	differs := false
	for _, id := range sortedKeys(attributes) {
		set := events.AttributeSet{Scope: scope.ID, Attribute: id, Value: attributes[id], Cause: cause}
		if _, declared := scope.Kind.Attribute(string(id)); declared && scope.Attribute(string(id)) == attributes[id] {
			same = append(same, set)
			continue
		}
		differs = true
		// Each is refused for itself, that all of them be told at once.
		if refused := admissibleMarking(d.state, scope, set); refused != nil {
			refused.Event = -1
			d.deny(set, *refused)
			continue
		}
		d.emit(set)
	}
	if !differs {
		for _, set := range same {
			d.already(set)
		}
	}
}

func (c ArchiveScope) propose(d *draft) {
	scope, exists := d.scope(c.Scope)
	switch {
	case !exists:
	case c.Restore == (scope.Archive.Revision == 0):
		d.already(events.ScopeArchived{Scope: c.Scope})
	case c.Restore:
		d.emit(events.ScopeRestored{Scope: c.Scope})
	default:
		d.emit(events.ScopeArchived{Scope: c.Scope})
	}
}

func (c RenameScope) propose(d *draft) {
	if _, exists := d.scope(c.Scope); exists {
		d.emit(events.ScopeRenamed{Scope: c.Scope, Title: c.Title})
	}
}

func (c MoveScope) propose(d *draft) {
	scope, exists := d.scope(c.Scope)
	if !exists {
		return
	}
	moved := events.ScopeMoved{Scope: c.Scope, Parent: c.Parent, Cause: d.cause}
	switch _, exists := d.scope(c.Parent); {
	case exists && scope.Parent == c.Parent:
		d.already(moved)
	case exists:
		d.emit(moved)
	}
}

func (c DeleteScope) propose(d *draft) {
	if _, exists := d.scope(c.Scope); exists {
		d.deleteScope(c.Scope, d.cause)
	}
}

func sortedKeys[K ~string, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
