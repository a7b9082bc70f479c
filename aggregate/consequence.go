package aggregate

import (
	"slices"

	"tenure/events"
	"tenure/rolemodel"
)

// What follows from a change is proposed here, in the same commit, each event
// with its cause.

// grant gives a role, and ends the roles that it replaces.
func (d *draft) grant(subject events.PrincipalID, role *rolemodel.Role, on events.ScopeID, cause events.Cause) {
	person, known := d.state.Person(subject)
	if !known {
		return
	}
	if _, held := person.Grant(role, on); held {
		return
	}
	d.emit(events.RoleGranted{Subject: subject, Role: events.RoleID(role.Name), Scope: on, Cause: cause})
	for _, replaced := range role.Replaces {
		if !d.explicit[position{subject, replaced, on}] {
			d.revoke(subject, replaced, on, events.CauseReplaced)
		}
	}
}

// revoke ends a role, if it is held.
func (d *draft) revoke(subject events.PrincipalID, role *rolemodel.Role, on events.ScopeID, cause events.Cause) {
	if person, known := d.state.Person(subject); known {
		if _, held := person.Grant(role, on); held {
			d.emit(events.RoleRevoked{Subject: subject, Role: events.RoleID(role.Name), Scope: on, Cause: cause})
		}
	}
}

// terminate ends a membership and what was held through it. At the root that
// is every role, membership and credential of the person (X02); elsewhere the
// roles that rest on this membership. The person must be known.
func (d *draft) terminate(subject events.PrincipalID, on events.ScopeID, cause events.Cause) {
	person, _ := d.state.Person(subject)
	if _, running := person.Membership(on); !running {
		return
	}
	whole := on == d.state.Root
	for _, g := range person.Grants {
		if whole || d.state.rests(g, on) {
			d.revoke(subject, g.Role, g.Scope, events.CauseTermination)
		}
	}
	if whole {
		for _, m := range person.Memberships {
			if m.Scope != on {
				d.terminate(subject, m.Scope, events.CauseTermination)
			}
		}
		for _, credential := range person.Credentials {
			d.emit(events.CredentialRevoked{Credential: credential, Subject: subject, Cause: events.CauseTermination})
		}
	}
	d.emit(events.MembershipTerminated{Subject: subject, Scope: on, Cause: cause})
}

// deleteScope ends a scope, the scopes below it, and what was held on them.
func (d *draft) deleteScope(id events.ScopeID, cause events.Cause) {
	scope, exists := d.state.Scope(id)
	if !exists {
		return
	}
	if id == d.state.Root { // which the audit refuses: nothing is to follow from it
		d.emit(events.ScopeDeleted{Scope: id, Cause: cause})
		return
	}
	for _, child := range scope.Children() {
		d.deleteScope(child, events.CauseScopeDeleted)
	}
	for _, h := range scope.holders {
		for _, subject := range sorted(h.people) {
			d.revoke(subject, h.role, id, events.CauseScopeDeleted)
		}
	}
	for _, subject := range scope.Members() {
		d.emit(events.MembershipTerminated{Subject: subject, Scope: id, Cause: events.CauseScopeDeleted})
	}
	d.emit(events.ScopeDeleted{Scope: id, Cause: cause})
}

// addDefaults gives the default role of a scope's kind to the members that the
// commit touched and that hold neither it nor a role that replaces it.
func (d *draft) addDefaults() {
	for _, e := range slices.Clone(d.commit.Events) {
		concern := e.Concern()
		scope, exists := d.state.Scope(concern.Scope)
		person, known := d.state.Person(concern.Subject)
		if !exists || !known || scope.Kind.Default == nil {
			continue
		}
		if _, member := person.Membership(scope.ID); member && !holdsDefault(person, scope) {
			d.grant(person.ID, scope.Kind.Default, scope.ID, events.CauseDefault)
		}
	}
}

// holdsDefault says whether the person holds the default role of the scope or
// one that replaces it.
func holdsDefault(person *Person, scope *Scope) bool {
	for _, g := range person.Grants {
		if g.Scope == scope.ID && (g.Role == scope.Kind.Default || slices.Contains(g.Role.Replaces, scope.Kind.Default)) {
			return true
		}
	}
	return false
}
