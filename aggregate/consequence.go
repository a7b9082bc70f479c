package aggregate

import (
	"cmp"
	"fmt"
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

// start makes a person a member, of the kind given, empty for the usual one. What
// is left to answer of an invitation there ends with it: nobody comes by a role
// later that was offered for coming. Where members join the organization, whoever
// is none yet becomes one with it; but who is invited has yet to answer.
func (d *draft) start(subject events.PrincipalID, on events.ScopeID, kind events.MemberKindID, cause events.Cause) {
	person, _ := d.state.Person(subject)
	started := events.MembershipStarted{Subject: subject, Scope: on, MemberKind: kind, Cause: cause}
	if refused := d.state.answersFirst(person, started); refused != nil {
		d.deny(started, *refused)
		return
	}
	if d.state.joins(person, on, kind, cause) {
		joined := events.MemberKindID("")
		if root, _ := d.state.Scope(d.state.Root); len(root.Kind.MemberKinds) > 0 {
			scope, _ := d.state.Scope(on)
			joined = kind
			if usual, known := scope.Kind.MemberKind(string(kind)); known {
				joined = events.MemberKindID(usual.ID)
			}
		}
		d.leads = started
		d.start(subject, d.state.Root, joined, events.CauseJoined)
		d.leads = nil
		person, _ = d.state.Person(subject)
	}
	for _, i := range person.invitations() {
		if i.Scope == on {
			d.emit(events.InvitationWithdrawn{Subject: subject, Invitation: i.ID, Cause: cause})
		}
	}
	d.emit(started)
}

// answersFirst refuses a membership of somebody who is asked to come by an
// invitation to that very scope, and by no other: it would end what the membership
// rests on.
func (s *State) answersFirst(person *Person, e events.MembershipStarted) *Refusal {
	if e.Cause == events.CauseInvitation || !s.awaits(person, Membership{Scope: e.Scope, MemberKind: e.MemberKind}) {
		return nil
	}
	here, elsewhere := false, false
	for _, i := range person.invitations() {
		switch {
		case !s.brings(i):
		case i.Scope == e.Scope:
			here = true
		default:
			elsewhere = true
		}
	}
	if !here || elsewhere {
		return nil
	}
	return &Refusal{Code: CodeExists, Scope: e.Scope, Subject: person.ID, Event: -1,
		Message: fmt.Sprintf("%s is invited to %s already, and becomes a member by accepting that.", person.ID, e.Scope),
		Help:    "tenure invitations list --org " + string(s.Org)}
}

// addStranded ends the memberships that rested on an invitation which the commit
// ends. What a model that is adopted says of them is another matter.
func (d *draft) addStranded(before State) {
	for _, e := range slices.Clone(d.commit.Events) {
		switch e := e.(type) {
		case events.ModelAdopted:
			return
		case events.InvitationDeclined, events.InvitationWithdrawn, events.InvitationExpired:
			subject, ends := before.uninvites(e)
			if person, known := d.state.Person(subject); ends && known {
				for _, on := range d.state.stranded(person) {
					d.terminate(subject, on, events.CauseInvitation)
				}
			}
		}
	}
}

// joins says whether the person becomes a member of the organization by becoming
// one of the scope. Who is invited to where members do so comes by that
// invitation, and not because somebody who may not bring people in makes them a
// member elsewhere.
func (s *State) joins(person *Person, on events.ScopeID, kind events.MemberKindID, cause events.Cause) bool {
	scope, exists := s.Scope(on)
	if !exists || on == s.Root || !scope.Kind.JoinsRoot(string(kind)) || person.member(s.Root) {
		return false
	}
	for _, i := range person.invitations() {
		to, _ := s.Scope(s.leadsTo(i.Scope, i.Role))
		if to.ID == s.Root || cause != events.CauseInvitation && to.Kind.JoinsRoot(string(i.MemberKind)) {
			return false
		}
	}
	return true
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
		d.leaveChart(person)
	}
	d.emit(events.MembershipTerminated{Subject: subject, Scope: on, Cause: cause})
}

// leaveChart ends that the person has a manager, or is one.
func (d *draft) leaveChart(person *Person) {
	if person.Chart == nil {
		return
	}
	if person.Chart.Manager != "" {
		d.emit(events.ManagerRemoved{Subject: person.ID, Manager: person.Chart.Manager, Cause: events.CauseTermination})
	}
	for _, report := range person.Chart.Reports {
		d.emit(events.ManagerRemoved{Subject: report, Manager: person.ID, Cause: events.CauseTermination})
	}
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
			cause, _ := d.state.lapses(marked, scope.ID, d.commit.Events)
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
		case events.FeatureDisabled, events.ModelAdopted:
			for _, scope := range s.Scopes() {
				consider(scope.ID)
			}
		}
	}
	slices.SortFunc(scopes, func(a, b *Scope) int { return cmp.Compare(a.ID, b.ID) })
	return scopes
}

// addDefaults gives the default role of a scope's kind to the members that the
// commit touched and that hold neither it nor a role that replaces it; a model
// that is adopted touches them all.
func (d *draft) addDefaults() {
	for _, e := range slices.Clone(d.commit.Events) {
		if _, adopts := e.(events.ModelAdopted); adopts {
			for _, scope := range d.state.Scopes() {
				for _, subject := range scope.Members() {
					d.addDefault(subject, scope)
				}
			}
		}
		concern := e.Concern()
		scope, exists := d.state.Scope(concern.Scope)
		if exists {
			d.addDefault(concern.Subject, scope)
		}
	}
}

func (d *draft) addDefault(subject events.PrincipalID, scope *Scope) {
	person, known := d.state.Person(subject)
	if !known || scope.Kind.Default == nil {
		return
	}
	if _, member := person.Membership(scope.ID); member && !holdsDefault(person, scope) {
		d.grant(person.ID, scope.Kind.Default, scope.ID, events.CauseDefault)
	}
}

// holdsDefault says whether the person holds the default role of the scope or
// one that replaces it.
func holdsDefault(person *Person, scope *Scope) bool {
	_, held := person.Grant(scope.Kind.Default, scope.ID)
	return held || heldInstead(person, scope.Kind.Default, scope.ID)
}

// heldInstead says whether the person holds a role that replaces the one given.
func heldInstead(person *Person, role *rolemodel.Role, on events.ScopeID) bool {
	return slices.ContainsFunc(person.Grants, func(g Grant) bool {
		return g.Scope == on && slices.Contains(g.Role.Replaces, role)
	})
}
