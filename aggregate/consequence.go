package aggregate

import (
	"cmp"
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
	d.give(events.RoleGranted{Subject: subject, Role: events.RoleID(role.Name), Scope: on, Cause: cause}, role)
}

// give emits a grant of a role that is not held, and ends the roles that it
// replaces.
func (d *draft) give(grant events.RoleGranted, role *rolemodel.Role) {
	d.emit(grant)
	for _, replaced := range role.Replaces {
		if !d.explicit[position{grant.Subject, replaced, grant.Scope}] {
			d.revoke(grant.Subject, replaced, grant.Scope, events.CauseReplaced)
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

// start makes a person a member. What is left to answer of an invitation there
// ends with it: nobody comes by a role later that was offered for coming.
func (d *draft) start(subject events.PrincipalID, on events.ScopeID, cause events.Cause) {
	person, _ := d.state.Person(subject)
	for _, i := range person.invitations() {
		if i.Scope == on {
			d.emit(events.InvitationWithdrawn{Subject: subject, Invitation: i.ID, Cause: cause})
		}
	}
	d.emit(events.MembershipStarted{Subject: subject, Scope: on, Cause: cause})
}

// terminate ends a membership and what was held through it. At the root that
// is every role, membership, credential and invitation of the person (X02); elsewhere the
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
		for _, i := range person.invitations() {
			d.emit(events.InvitationWithdrawn{Subject: subject, Invitation: i.ID, Cause: events.CauseTermination})
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
	for _, marked := range scope.designated {
		d.emit(events.DesignationCleared{Subject: marked.Subject, Designation: events.DesignationID(marked.Designation.Name),
			Scope: id, Cause: events.CauseScopeDeleted})
	}
	for _, h := range scope.holders {
		for _, subject := range sorted(h.people) {
			d.revoke(subject, h.role, id, events.CauseScopeDeleted)
		}
	}
	for _, subject := range scope.Members() {
		d.emit(events.MembershipTerminated{Subject: subject, Scope: id, Cause: events.CauseScopeDeleted})
	}
	for _, invited := range d.state.invitedTo(scope) {
		d.emit(events.InvitationWithdrawn{Subject: invited.subject, Invitation: invited.invitation, Cause: events.CauseScopeDeleted})
	}
	d.emit(events.ScopeDeleted{Scope: id, Cause: cause})
}

// addAutomatic gives the background user its roles on the scopes that the
// commit created (F11).
func (d *draft) addAutomatic() {
	for _, e := range slices.Clone(d.commit.Events) {
		switch e.(type) {
		case events.OrganizationFounded, events.ScopeCreated:
		default:
			continue
		}
		scope, exists := d.state.Scope(e.Concern().Scope)
		if !exists {
			continue
		}
		for _, role := range scope.Kind.Automatic {
			d.grant(events.Background, role, scope.ID, events.CauseCreated)
		}
	}
}

// addLapses ends the marks that what the commit has done so far leaves without
// what they need. One that the commit sets itself is left for the audit to
// refuse.
func (d *draft) addLapses() {
	for _, scope := range touched(d.state, d.commit.Events) {
		for _, marked := range scope.designated {
			cause, _ := d.state.lapses(marked, scope.ID)
			if cause == "" || marked.Since.Revision > d.commit.Prev {
				continue
			}
			d.emit(events.DesignationLapsed{Subject: marked.Subject, Designation: events.DesignationID(marked.Designation.Name),
				Scope: scope.ID, Cause: cause})
		}
	}
}

// touched lists the scopes with marks that the events may have bearing on, by
// id.
func touched(s State, list []events.Event) []*Scope {
	seen := map[events.ScopeID]bool{}
	var scopes []*Scope
	consider := func(id events.ScopeID) {
		if seen[id] {
			return
		}
		seen[id] = true
		if scope, exists := s.Scope(id); exists && len(scope.designated) > 0 {
			scopes = append(scopes, scope)
		}
	}
	for _, e := range list {
		switch e := e.(type) {
		case events.RoleGranted, events.RoleRevoked, events.DesignationSet, events.DesignationLapsed:
			consider(e.Concern().Scope)
		case events.MembershipSuspended, events.MembershipTerminated:
			if person, known := s.Person(e.Concern().Subject); known {
				for _, g := range person.Grants {
					consider(g.Scope)
				}
			}
		case events.ScopeMoved:
			for _, scope := range s.subtree(e.Scope) {
				consider(scope.ID)
			}
		case events.FeatureDisabled:
			for _, scope := range s.Scopes() {
				consider(scope.ID)
			}
		}
	}
	slices.SortFunc(scopes, func(a, b *Scope) int { return cmp.Compare(a.ID, b.ID) })
	return scopes
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
