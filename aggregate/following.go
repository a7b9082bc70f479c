package aggregate

import (
	"fmt"
	"slices"

	"tenure/events"
	"tenure/rolemodel"
)

// isBackground says whether the event is one of those that the background user
// alone brings about.
func isBackground(event events.Event) bool {
	switch event.(type) {
	case events.ExpiryAnnounced, events.ReminderFired, events.RetentionEnded, events.InvitationExpired, events.PersonAnonymized:
		return true
	}
	return false
}

// falls says whether the event is due by the time of the commit. What has its
// time over and over again is told by its cause.
func falls(at State, c *events.Commit, event events.Event) bool {
	person, known := at.Person(event.Concern().Subject)
	if !known {
		return false
	}
	switch e := event.(type) {
	case events.ExpiryAnnounced:
		role, _ := at.role(e.Role, e.Scope)
		g, held := person.Grant(role, e.Scope)
		return held && due(g.announcement(), c.DecidedAt)
	case events.ReminderFired:
		return due(e.Due, c.DecidedAt)
	case events.RetentionEnded:
		return due(e.Until, c.DecidedAt)
	case events.InvitationExpired:
		_, invitation, open := at.Invitation(e.Invitation)
		return open && due(invitation.Expires, c.DecidedAt)
	case events.PersonAnonymized:
		return true
	}
	return false
}

// ordinary says whether the event is within the operator's ordinary authority:
// founding an organization, and issuing a person's first key.
func ordinary(before, at State, event events.Event) bool {
	if !before.Founded() {
		return true
	}
	if e, issues := event.(events.CredentialIssued); issues {
		person, known := at.Person(e.Subject)
		return known && !person.Client && person.Ever == 0
	}
	return false
}

// anew refuses a custom role that the commit itself defines; at is the state that
// the commit has come to. There may have been another one of that name before,
// and authority over it.
func (s State) anew(at State, id events.RoleID, on events.ScopeID) *Refusal {
	role, _ := at.role(id, on)
	before, err := s.role(id, on)
	if err == nil && (before == role || role == nil || role.Template == nil) {
		return nil
	}
	return &Refusal{Code: CodeNotPermitted, Scope: on,
		Message: string(id) + " is defined by this very commit; to say who holds it takes another one."}
}

// endings are the memberships, scopes and custom roles that a commit ends, and
// the index of the event that does so last; and the adoption that it is, nil if it
// is none.
type endings struct {
	memberships map[seat]int
	scopes      map[events.ScopeID]int
	roles       map[events.RoleID]int
	adoption    *adoption
}

func endingsOf(list []events.Event) endings {
	var found endings
	for i, event := range list {
		switch e := event.(type) {
		case events.MembershipTerminated:
			if found.memberships == nil {
				found.memberships = map[seat]int{}
			}
			found.memberships[seat{e.Subject, e.Scope}] = i
		case events.ScopeDeleted:
			if found.scopes == nil {
				found.scopes = map[events.ScopeID]int{}
			}
			found.scopes[e.Scope] = i
		case events.RoleDeleted:
			if found.roles == nil {
				found.roles = map[events.RoleID]int{}
			}
			found.roles[e.Role] = i
		}
	}
	return found
}

// follows says whether what the event claims as its cause is in the commit.
//
// What ends with a membership or a scope ends before it, and what a grant
// replaces ends after it. So every chain of causes has an end, at an event
// that stands on authority; none goes in a circle.
func follows(before, at State, c *events.Commit, i int, endings endings) bool {
	event := c.Events[i]
	concern := event.Concern()
	_, revokes := event.(events.RoleRevoked)
	_, terminates := event.(events.MembershipTerminated)
	withdrawn, withdraws := event.(events.InvitationWithdrawn)
	switch concern.Cause {
	case events.CauseImport:
		switch event.(type) {
		case events.PermissionAdded, events.RoleDeleted: // of which no source tells
			return false
		}
		return c.Actor == events.Importer

	case events.CauseTermination:
		ended := func(scope events.ScopeID) bool {
			last, ends := endings.memberships[seat{concern.Subject, scope}]
			return ends && last > i
		}
		if _, key := event.(events.CredentialRevoked); key || terminates {
			return concern.Scope != at.Root && ended(at.Root)
		}
		if withdraws {
			return ended(at.Root)
		}
		if lapsed, lapses := event.(events.DesignationLapsed); lapses {
			return at.lapsesBy(lapsed, c.Events[:i])
		}
		if removed, removes := event.(events.ManagerRemoved); removes {
			manager, ends := endings.memberships[seat{removed.Manager, at.Root}]
			return ended(at.Root) || ends && manager > i
		}
		if !revokes {
			return false
		}
		role, _ := at.role(concern.Role, concern.Scope)
		rests, needed := at.membershipScope(role, concern.Scope)
		return ended(at.Root) || needed && ended(rests)

	case events.CauseScopeDeleted:
		gone := concern.Scope
		_, clears := event.(events.DesignationCleared)
		if _, deletes := event.(events.ScopeDeleted); deletes {
			scope, _ := at.Scope(gone)
			gone = scope.Parent
		} else if withdraws {
			_, invitation, _ := at.Invitation(withdrawn.Invitation)
			gone = invitation.Scope
		} else if !revokes && !terminates && !clears {
			return false
		}
		last, ends := endings.scopes[gone]
		return ends && last > i

	case events.CauseReplaced:
		if cleared, clears := event.(events.DesignationCleared); clears {
			return slices.ContainsFunc(c.Events[i:], func(e events.Event) bool {
				set, is := e.(events.DesignationSet)
				return is && set.Scope == cleared.Scope && set.Designation == cleared.Designation
			})
		}
		return revokes && replaces(before, at, concern, func(Grant) bool { return true })

	case events.CauseTransfer:
		transferred, passed := transfersRole(c, i, concern.Role, concern.Scope)
		if revokes {
			return passed && concern.Subject == transferred.Former
		}
		if granted, grants := event.(events.RoleGranted); !grants || !granted.Until.IsZero() {
			return false
		}
		return passed && concern.Subject == transferred.Subject || leftWith(at, c, i, concern)

	case events.CauseCreated:
		if added, adds := event.(events.PermissionAdded); adds {
			return before.comesWithRole(at, added)
		}
		return before.comesWith(at, c, event)

	case events.CauseRoleDeleted:
		role, _ := at.role(concern.Role, concern.Scope)
		if withdraws {
			_, invitation, _ := at.Invitation(withdrawn.Invitation)
			role = invitation.Role
		} else if !revokes {
			return false
		}
		if role == nil || role.Template == nil {
			return false
		}
		// Until it is deleted no other one can have its name.
		last, ends := endings.roles[events.RoleID(role.Name)]
		return ends && last > i

	case events.CauseJoined:
		started, starts := event.(events.MembershipStarted)
		return starts && started.Scope == at.Root && slices.ContainsFunc(c.Events[i:], func(e events.Event) bool {
			later, is := e.(events.MembershipStarted)
			return is && later.Subject == started.Subject && later.Scope != at.Root && at.joins(&Person{ID: started.Subject}, later.Scope, later.MemberKind, later.Cause) &&
				sameKind(at, later, started.MemberKind)
		})

	case events.CauseExpiry:
		if !revokes {
			return false
		}
		role, _ := at.role(concern.Role, concern.Scope)
		person, _ := at.Person(concern.Subject)
		g, held := person.Grant(role, concern.Scope)
		return held && due(g.Until, c.DecidedAt)

	case events.CauseQuorum, events.CauseUnheld:
		lapsed, lapses := event.(events.DesignationLapsed)
		return lapses && at.lapsesBy(lapsed, c.Events[:i])

	case events.CauseInvitation:
		if terminates {
			person, _ := at.Person(concern.Subject)
			return slices.Contains(at.stranded(person), concern.Scope) && slices.ContainsFunc(c.Events[:i], func(e events.Event) bool {
				subject, ends := before.uninvites(e)
				return ends && subject == concern.Subject
			})
		}
		invitation, accepted := before.accepted(c.Events[:i], concern.Subject)
		if !accepted {
			return false
		}
		invitee, _ := before.Person(concern.Subject)
		through, comes := before.startsThrough(c.Actor, invitation, invitee)
		switch e := event.(type) {
		case events.MembershipStarted:
			if comes && e.Scope == invitation.Route && e.MemberKind == through {
				return true
			}
			return before.leadsTo(invitation.Scope, invitation.Role) == e.Scope && invitation.MemberKind == e.MemberKind
		case events.RoleGranted:
			role, _ := at.role(e.Role, e.Scope)
			return invitation.Scope == e.Scope && invitation.Role == role && e.Until.IsZero()
		case events.InvitationWithdrawn: // another one, to where this one leads
			_, other, _ := at.Invitation(e.Invitation)
			return before.leadsTo(invitation.Scope, invitation.Role) == other.Scope || comes && invitation.Route == other.Scope
		}
		return false

	case events.CauseAnonymization:
		switch event.(type) {
		case events.ReminderCompleted, events.InvitationWithdrawn, events.CredentialRevoked:
			return slices.ContainsFunc(c.Events[i:], func(e events.Event) bool {
				started, is := e.(events.AnonymizationStarted)
				return is && started.Subject == concern.Subject
			})
		}
		return false

	case events.CauseClientDeleted:
		_, key := event.(events.CredentialRevoked)
		return (key || revokes) && endsClient(c.Events[i:], concern.Subject)
	case events.CauseMerge:
		return at.followsMerger(c.Events[:i], event)
	case events.CauseModel:
		if granted, grants := event.(events.RoleGranted); grants && endings.adoption != nil {
			return endings.adoption.grants(at, granted)
		}
		return endings.adoption != nil // which has let it in

	case events.CauseDefault:
		if _, grants := event.(events.RoleGranted); !grants {
			return false
		}
		scope, _ := at.Scope(concern.Scope)
		person, _ := at.Person(concern.Subject)
		_, member := person.Membership(concern.Scope)
		return member && scope.Kind.Default != nil && scope.Kind.Default.Name == string(concern.Role) &&
			!holdsDefault(person, scope)
	}
	return false
}

// comesWith says whether the event is part of the creation of a scope: what the
// scope is like, the background user's roles, the creator's roles, and its first
// members.
func (s State) comesWith(at State, c *events.Commit, event events.Event) bool {
	concern := event.Concern()
	scope, exists := at.Scope(concern.Scope)
	if !exists || scope.Created.Revision <= s.Revision {
		return false
	}
	switch e := event.(type) {
	case events.AttributeSet:
		return true
	case events.MembershipStarted:
		return scope.ID != at.Root
	case events.RoleGranted:
		role, _ := at.role(concern.Role, concern.Scope)
		switch {
		case !e.Until.IsZero():
			return false
		case role.Automatic:
			return concern.Subject == events.Background
		case role.Creator: // which is one person
			return (concern.Subject == c.Actor || c.Actor.Builtin() || imports(c)) &&
				!slices.ContainsFunc(scope.Kind.Creator, func(role *rolemodel.Role) bool {
					holders := scope.Holders(role)
					return len(holders) > 0 && !slices.Equal(holders, []events.PrincipalID{concern.Subject})
				})
		}
	}
	return false
}

// sameKind says whether whoever joins the organization by a membership does so as
// the kind of member that this one is of.
func sameKind(at State, by events.MembershipStarted, kind events.MemberKindID) bool {
	root, _ := at.Scope(at.Root)
	scope, _ := at.Scope(by.Scope)
	if len(root.Kind.MemberKinds) == 0 || len(scope.Kind.MemberKinds) == 0 {
		return kind == ""
	}
	own, _ := scope.Kind.MemberKind(string(by.MemberKind))
	return own != nil && string(kind) == own.ID
}

// bounds says whether to be rid of the role may be to have more, which nobody
// gives to themselves: it has a ceiling (C20), or the default role, which comes in
// its place, gives what it does not.
func (s State) bounds(id events.RoleID, on events.ScopeID) bool {
	role, err := s.role(id, on)
	if err != nil || role.Ceiling != nil {
		return err == nil
	}
	basic := s.defaultOn(on)
	return basic != nil && slices.Contains(role.Replaces, basic) && s.exceeds(basic, role, on)
}

// spares says whether the end of the role brings no default role, which would
// come in its place: its holder is no member, or holds another role, for good, by
// which it does not come. Nor is there a ceiling that ends with it.
func (s State) spares(e events.RoleRevoked) bool {
	role, _ := s.role(e.Role, e.Scope)
	person, _ := s.Person(e.Subject)
	if role.Ceiling != nil {
		return false
	}
	basic := s.defaultOn(e.Scope)
	return !person.member(e.Scope) || slices.ContainsFunc(person.Grants, func(g Grant) bool {
		return g.Scope == e.Scope && g.Role != role && g.Until.IsZero() && (g.Role == basic || slices.Contains(g.Role.Replaces, basic))
	})
}

// comesAlone says whether the role is a default that nobody grants or revokes: it
// comes with the membership, and goes where another role takes its place. So who
// may grant that one needs no authority over it.
func (s State) comesAlone(id events.RoleID, on events.ScopeID) bool {
	role, err := s.role(id, on)
	return err == nil && role.Default && len(role.GrantedBy) == 0 && role.GrantedWith.Empty() && len(role.GrantedIf) == 0
}

// defaultOn is the default role of the scope's kind; nil if it has none.
func (s State) defaultOn(on events.ScopeID) *rolemodel.Role {
	kind, known := s.Model.Kind(on.Kind())
	if !known {
		return nil
	}
	return kind.Default
}

// exceeds says whether one role, held on the scope, gives a permission or an
// authority that the other one does not.
func (s *State) exceeds(one, other *rolemodel.Role, on events.ScopeID) bool {
	gives := func(role *rolemodel.Role, own bool, permission int, under *rolemodel.Condition) bool {
		set, dependents := s.terms(role).On(own)
		return s.Enabled(role.Feature) && !s.withholds(role, permission, on) &&
			(set.Has(permission) || slices.Contains(dependents, rolemodel.Dependent{Permission: permission, Condition: under}))
	}
	for _, own := range []bool{true, false} {
		set, dependents := s.terms(one).On(own)
		for permission := range set.All() {
			if gives(one, own, permission, nil) && !gives(other, own, permission, nil) {
				return true
			}
		}
		for _, d := range dependents {
			if gives(one, own, d.Permission, d.Condition) && !gives(other, own, d.Permission, d.Condition) {
				return true
			}
		}
	}
	governs := func(by []*rolemodel.Role, under []rolemodel.Authority) bool {
		if slices.Contains(by, other) {
			return false
		}
		return slices.Contains(by, one) || slices.ContainsFunc(under, func(a rolemodel.Authority) bool {
			return a.Role == one && !slices.Contains(under, rolemodel.Authority{Role: other, Condition: a.Condition})
		})
	}
	return slices.ContainsFunc(s.Roles(), func(role *rolemodel.Role) bool {
		return governs(role.GrantedBy, role.GrantedIf) || governs(role.TransferredBy, role.TransferredIf)
	}) || slices.ContainsFunc(s.Model.Designations, func(d *rolemodel.Designation) bool { return governs(d.SetBy, d.SetIf) })
}

// tooMuch says, with the refusal of somebody who may not end their own role, why
// that takes authority.
func tooMuch(actor *Person, refused *Refusal) *Refusal {
	if refused != nil && refused.Code == CodeNotPermitted {
		refused.Message += fmt.Sprintf(" To lay it down would leave %s with more.", actor.ID)
	}
	return refused
}

// replaces says whether the role was replaced by a grant of the commit that is
// among those asked for.
func replaces(before, at State, concern events.Concern, among func(Grant) bool) bool {
	replaced, _ := at.role(concern.Role, concern.Scope)
	person, _ := at.Person(concern.Subject)
	return slices.ContainsFunc(person.Grants, func(g Grant) bool {
		return g.Scope == concern.Scope && g.Since.Revision > before.Revision && slices.Contains(g.Role.Replaces, replaced) && among(g)
	})
}

// replacedByTransfer says whether a role ends because its holder was passed
// another one, was left with it, or came over with it from a scope that was
// merged.
func replacedByTransfer(before, at State, event events.Event) bool {
	_, revokes := event.(events.RoleRevoked)
	return revokes && replaces(before, at, event.Concern(), func(g Grant) bool {
		return g.Since.Cause == events.CauseTransfer || g.Since.Cause == events.CauseMerge
	})
}

// leftWith says whether a grant leaves the former holder of a role that was
// passed on with the role that the model says.
func leftWith(at State, c *events.Commit, i int, concern events.Concern) bool {
	role, _ := at.role(concern.Role, concern.Scope)
	for _, passed := range at.Model.Roles {
		if passed.Former != role {
			continue
		}
		transferred, is := transfersRole(c, i, events.RoleID(passed.Name), concern.Scope)
		if is && transferred.Former == concern.Subject {
			return true
		}
	}
	return false
}
