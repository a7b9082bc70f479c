package aggregate

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"tenure/events"
	"tenure/rolemodel"
)

// wellFounded says whether the i-th event, which is admissible, has a reason to
// be in the commit: it follows from another event of the same commit, or the
// actor has the authority. Authority is what the actor had before the commit,
// over what there was before it: nobody gives it to themselves on the way.
func wellFounded(before, at State, c *events.Commit, i int, endings endings) *Refusal {
	event := c.Events[i]
	cause := event.Concern().Cause
	if (isBackground(event) || cause == events.CauseExpiry) && c.Actor != events.Background {
		return &Refusal{Code: CodeNotPermitted, Message: "What falls due is done by the background user alone, at its time."}
	}
	if cause != "" && !follows(before, at, c, i, endings) {
		return &Refusal{Code: CodeUnfounded, Message: fmt.Sprintf(
			"The event %s claims the cause %.40q, and nothing in the commit is that.", events.Name(event), cause)}
	}
	// Who adopts a model answers for what follows from that.
	if endings.adoption != nil && i != endings.adoption.at {
		return nil
	}
	// Who creates a scope answers for whom they name as its first members.
	if started, starts := event.(events.MembershipStarted); starts && cause == events.CauseCreated && started.Subject != c.Actor {
		if actor, known := before.Person(c.Actor); known {
			scope, _ := at.Scope(started.Scope)
			return before.lacksCreating(at, c, actor, scope.Kind.Name, scope.Parent, started.Subject)
		}
	}
	// So does who says at once what it is like: an idea is not accepted by being
	// created as such (M09).
	if set, sets := event.(events.AttributeSet); sets && cause == events.CauseCreated {
		if actor, known := at.Person(c.Actor); known {
			return at.lacksMarking(actor, set)
		}
	}
	// A role that is replaced was held by somebody's authority: to grant
	// another one in its place takes authority over both. To pass a role on, or
	// to merge a scope, takes none but that.
	if cause != "" && (cause != events.CauseReplaced || replacedByTransfer(before, at, event)) {
		return nil
	}
	switch c.Actor {
	case events.Importer:
		_, registers := event.(events.PersonRegistered)
		if registers || cause != "" || !before.Founded() {
			return nil
		}
		return &Refusal{Code: CodeNotPermitted, Message: "What is imported says so by its cause; nothing else is done by " + string(events.Importer) + "."}
	case events.Operator:
		if c.BreakGlass || ordinary(before, at, event) {
			return nil
		}
		return &Refusal{
			Code: CodeBreakGlass, Field: "reason",
			Message: "The operator acts inside an organization only under break-glass, which is recorded and told to its owners: give a reason, or use a person's own key.",
			Help:    "--reason " + anyOf(events.Reasons),
		}
	case events.Background:
		// What is replaced makes way for a default role, where another ended.
		if cause != "" || falls(at, c, event) {
			return nil
		}
		return &Refusal{Code: CodeNotPermitted, Message: "The background user does what falls due, at its time, and nothing else."}
	}
	actor, known := before.Person(c.Actor)
	if !known {
		return &Refusal{Code: CodeNotPermitted, Message: fmt.Sprintf("%s is not known in %s.", c.Actor, before.Org)}
	}
	return authorized(before, at, c, actor, event)
}

// authorized says whether the person has the authority for the event.
func authorized(before, at State, c *events.Commit, actor *Person, event events.Event) *Refusal {
	if created, creates := event.(events.ScopeCreated); creates && imports(c) {
		return before.lacksCreating(at, c, actor, created.Scope.Kind(), created.Parent, "")
	}
	return permits(before, at, c, actor, event)
}

// permits says whether the person may cause the event, by the role model.
func permits(before, at State, c *events.Commit, actor *Person, event events.Event) *Refusal {
	self := event.Concern().Subject == actor.ID
	// There may have been another scope of a new one's name, and rights on it.
	isNew := func(on events.ScopeID) *Refusal {
		if scope, exists := at.Scope(on); !exists || scope.Created.Revision <= before.Revision {
			return nil
		}
		return &Refusal{Code: CodeNotPermitted, Scope: on,
			Message: string(on) + " is created by this very commit; what happens to it next takes another one."}
	}
	subject := event.Concern().Subject
	before = before.disregarding(event)
	act := func(act rolemodel.Act, on events.ScopeID) *Refusal {
		return cmp.Or(isNew(on), before.lacksAct(actor, act, on, subject))
	}
	upon := func(act rolemodel.Act) *Refusal { return before.lacksActUpon(actor, act, subject) }
	grant := func(verb string, role events.RoleID, on events.ScopeID) *Refusal {
		return firstOf(isNew(on), func() *Refusal { return before.anew(at, role, on) },
			func() *Refusal { return before.lacksGrant(actor, verb, role, on, subject) })
	}
	withhold := func(value string) *Refusal {
		refused := act(rolemodel.RoleWithhold, at.Root)
		if per := rolemodel.RoleWithholdFor(value); refused != nil && !before.Model.Allowing(at.Root.Kind(), per).Empty() {
			return act(per, at.Root)
		}
		return refused
	}
	// Who becomes known by the commit is reached on the scope that they come to by
	// it, too.
	uponNewcomer := func(wanted rolemodel.Act) *Refusal {
		refused := act(wanted, at.Root)
		for _, e := range c.Events {
			if refused == nil {
				break
			}
			if on, comes := comesTo(e, subject); comes && on != at.Root && !before.Model.Allowing(on.Kind(), wanted).Empty() {
				refused = act(wanted, on)
			}
		}
		return refused
	}
	// Who is asked to a role is as good as granted it.
	invite := func(role events.RoleID, on events.ScopeID, kind events.MemberKindID) *Refusal {
		var offered *rolemodel.Role
		if role != "" {
			offered, _ = at.role(role, on)
		}
		leads := at.leadsTo(on, offered)
		refused := cmp.Or(isNew(leads), before.lacksStart(actor, leads, kind, subject))
		if refused == nil && role != "" {
			refused = grant("grant", role, on)
		}
		if refused == nil && role != "" && self {
			refused = prolongs(before, actor, role, on, time.Time{})
		}
		return refused
	}
	switch e := event.(type) {
	case events.PersonRegistered:
		return uponNewcomer(rolemodel.PersonRegister)
	case events.PersonUpdated:
		return upon(rolemodel.PersonUpdate)
	case events.CredentialIssued:
		if client, known := at.Person(subject); known && client.Client {
			refused := act(rolemodel.ClientManage, at.Root)
			// Whoever has the key may do all that the client may.
			for _, g := range client.Grants {
				refused = cmp.Or(refused, grant("grant", events.RoleID(g.Role.Name), g.Scope))
			}
			return refused
		}
		if self {
			return nil
		}
		return &Refusal{Code: CodeNotPermitted, Subject: e.Subject, Message: "A key speaks for its person, so people issue their own; the operator issues the first one.",
			Help: "tenure keys issue " + string(e.Subject) + " --org " + string(at.Org)}
	case events.CredentialRevoked:
		if self {
			return nil
		}
		if client, known := at.Person(subject); known && client.Client && before.mayAct(actor, rolemodel.ClientManage, before.Root, subject) {
			return nil
		}
		return upon(rolemodel.CredentialRevoke)
	case events.MembershipStarted:
		return cmp.Or(isNew(e.Scope), before.lacksStart(actor, e.Scope, e.MemberKind, subject))
	case events.MembershipSuspended:
		return act(rolemodel.MembershipSuspend, e.Scope)
	case events.MembershipResumed:
		return act(rolemodel.MembershipResume, e.Scope)
	case events.MembershipKindChanged: // as the end of the one membership, and the start of the other
		refused := cmp.Or(isNew(e.Scope), before.lacksStart(actor, e.Scope, e.MemberKind, subject))
		if refused != nil || before.mayAssign(actor, e.Scope, subject) {
			return refused
		}
		return act(rolemodel.MembershipTerminate, e.Scope)
	case events.MembershipTerminated:
		if scope, _ := at.Scope(e.Scope); self && scope.Kind.Leave {
			return nil
		}
		if refused := isNew(e.Scope); refused != nil || before.mayAssign(actor, e.Scope, subject) {
			return refused
		}
		return act(rolemodel.MembershipTerminate, e.Scope)
	case events.RoleGranted:
		if self {
			if refused := prolongs(before, actor, e.Role, e.Scope, e.Until); refused != nil {
				return refused
			}
		}
		return grant("grant", e.Role, e.Scope)
	case events.RoleLimited:
		if self {
			if refused := prolongs(before, actor, e.Role, e.Scope, e.Until); refused != nil {
				return refused
			}
			if !e.Until.IsZero() && !before.bounds(e.Role, e.Scope) { // to lay a role down at a time to come
				return nil
			}
			return tooMuch(actor, grant("limit", e.Role, e.Scope))
		}
		return grant("limit", e.Role, e.Scope)
	case events.OwnershipTransferred:
		return cmp.Or(isNew(e.Scope), before.lacksTransfer(actor, e.Role, e.Scope, subject))
	case events.DesignationSet:
		return cmp.Or(isNew(e.Scope), before.lacksDesignating(actor, e.Designation, e.Scope, subject))
	case events.DesignationCleared:
		if self && e.Cause == "" {
			return nil
		}
		return cmp.Or(isNew(e.Scope), before.lacksDesignating(actor, e.Designation, e.Scope, subject))
	case events.FeatureEnabled, events.FeatureDisabled:
		return act(rolemodel.FeatureSwitch, at.Root)
	case events.FactRecorded:
		return cmp.Or(isNew(e.Scope), before.lacksFact(actor, e.Fact, e.Scope, subject))
	case events.InvitationSent:
		return invite(e.Role, e.Scope, e.MemberKind)
	case events.InvitationResent:
		_, invitation, _ := at.Invitation(e.Invitation)
		role := events.RoleID("")
		if invitation.Role != nil {
			role = events.RoleID(invitation.Role.Name)
		}
		return invite(role, invitation.Scope, invitation.MemberKind)
	case events.InvitationWithdrawn:
		_, invitation, _ := at.Invitation(e.Invitation)
		on := at.leadsTo(invitation.Scope, invitation.Role)
		return cmp.Or(isNew(on), before.lacksStart(actor, on, invitation.MemberKind, subject))
	case events.InvitationAccepted:
		return firstOf(before.lacksAnswer(actor, e.Invitation, subject), func() *Refusal { return before.stillOffered(e.Invitation) })
	case events.InvitationDeclined:
		return before.lacksAnswer(actor, e.Invitation, subject)
	case events.ReminderSet, events.ReminderCompleted, events.ReminderCanceled:
		return act(rolemodel.ReminderSet, at.Root)
	case events.HoldPlaced, events.HoldReleased:
		return act(rolemodel.HoldPlace, at.Root)
	case events.RetentionSet, events.AnonymizationStarted:
		return act(rolemodel.PersonAnonymize, at.Root)
	case events.RoleRevoked:
		switch {
		case self && (!before.bounds(e.Role, e.Scope) || at.spares(e)): // anybody may lay down a role, where the bounds allow
			return nil
		case self:
			return tooMuch(actor, grant("revoke", e.Role, e.Scope))
		case e.Cause == events.CauseReplaced && at.comesAlone(e.Role, e.Scope):
			return nil
		}
		return grant("revoke", e.Role, e.Scope)
	case events.ScopeCreated:
		return act(rolemodel.ScopeCreate(e.Scope.Kind()), e.Parent)
	case events.AttributeSet:
		return act(rolemodel.ScopeSet(string(e.Attribute)), e.Scope)
	case events.ScopeArchived, events.ScopeRestored:
		return act(rolemodel.ScopeArchive, e.Concern().Scope)
	case events.AddressesRouted:
		if refused := isNew(e.Scope); refused != nil || before.mayAct(actor, rolemodel.AddressesRoute, at.Root, "") {
			return refused
		}
		if on := e.Scope; !before.Model.Allowing(on.Kind(), rolemodel.AddressesRoute).Empty() {
			return act(rolemodel.AddressesRoute, on)
		}
		return act(rolemodel.AddressesRoute, at.Root)
	case events.ScopeMerged:
		return cmp.Or(act(rolemodel.ScopeMerge, e.Scope), act(rolemodel.ScopeMerge, e.Into), before.lacksBringing(actor, e))
	case events.EditionSet:
		return act(rolemodel.EditionSet, at.Root)
	case events.ModelAdopted:
		return act(rolemodel.ModelAdopt, at.Root)
	case events.ManagerAssigned, events.ManagerRemoved:
		if _, known := before.Person(subject); !known {
			return uponNewcomer(rolemodel.ManagerAssign)
		}
		return upon(rolemodel.ManagerAssign)
	case events.ClientCreated, events.ClientDeleted:
		return act(rolemodel.ClientManage, at.Root)
	case events.RoleDefined:
		return act(rolemodel.RoleDefine, at.Root)
	case events.RoleRenamed:
		return act(rolemodel.RoleRename, at.Root)
	case events.RoleDeleted:
		return act(rolemodel.RoleDelete, at.Root)
	case events.PermissionAdded:
		if e.Role == "" {
			return act(rolemodel.ScopePermit, e.Scope)
		}
		return act(rolemodel.RolePermit, at.Root)
	case events.PermissionRemoved:
		if e.Role == "" {
			return act(rolemodel.ScopePermit, e.Scope)
		}
		return act(rolemodel.RoleUnpermit, at.Root)
	case events.PermissionWithheld:
		return withhold(e.Value)
	case events.PermissionRestored:
		return withhold(e.Value)
	case events.ScopeRenamed:
		return act(rolemodel.ScopeRename, e.Scope)
	case events.ScopeMoved:
		return cmp.Or(act(rolemodel.ScopeMove, e.Scope), act(rolemodel.ScopeCreate(e.Scope.Kind()), e.Parent))
	case events.ScopeDeleted:
		return act(rolemodel.ScopeDelete, e.Scope)
	}
	return &Refusal{Code: CodeNotPermitted, Message: "Only the operator does this."}
}

// comesTo says whether the event is somebody's coming to a scope, decided as such:
// the start of a membership, or an invitation.
func comesTo(event events.Event, subject events.PrincipalID) (on events.ScopeID, comes bool) {
	switch e := event.(type) {
	case events.MembershipStarted:
		return e.Scope, e.Subject == subject && e.Cause == ""
	case events.InvitationSent:
		return e.Scope, e.Subject == subject
	}
	return "", false
}

// stillOffered refuses an invitation whose sender may not send it any more: what
// somebody offers ends with the authority to give it.
func (s State) stillOffered(id events.InvitationID) *Refusal {
	invitee, invitation, open := s.Invitation(id)
	if !open || s.offered(invitation, invitee.ID) {
		return nil // one that was not open before leads to no membership
	}
	return &Refusal{Code: CodeNotPermitted, Scope: invitation.Scope,
		Message: "Whoever sent this invitation may not do so any more, so it cannot be accepted; ask for another one."}
}

// disregarding is the state without the invitation that the event sends anew or
// withdraws: that it was sent gives nobody the authority to do so.
func (s State) disregarding(event events.Event) State {
	var id events.InvitationID
	switch e := event.(type) {
	case events.InvitationResent:
		id = e.Invitation
	case events.InvitationWithdrawn:
		id = e.Invitation
	default:
		return s
	}
	without, err := s.withoutInvitation(event.Concern().Subject, id)
	if err != nil {
		return s
	}
	return without
}

// offered says whether whoever sent an invitation to the person may still do so.
func (s *State) offered(i Invitation, to events.PrincipalID) bool {
	if i.Sent.Actor == events.Operator {
		return true
	}
	sender, known := s.Person(i.Sent.Actor)
	return known && s.lacksStart(sender, s.leadsTo(i.Scope, i.Role), i.MemberKind, to) == nil &&
		(i.Role == nil || s.mayGrant(sender, i.Role, i.Scope, to))
}

// prolongs refuses that somebody makes their own role last longer.
func prolongs(before State, actor *Person, id events.RoleID, on events.ScopeID, until time.Time) *Refusal {
	role, _ := before.role(id, on)
	held, holds := actor.Grant(role, on)
	if !holds || held.Until.IsZero() || !until.IsZero() && !until.After(held.Until) {
		return nil
	}
	return &Refusal{Code: CodeNotPermitted, Field: "until", Rule: role.Rule, Role: role.ID(), Scope: on, Subject: actor.ID,
		Message: fmt.Sprintf("%s is %s until %s, and nobody prolongs their own role.", actor.ID, roleOn(role, on), held.Until.Format(time.RFC3339))}
}

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

// lacksTransfer refuses a person who may not pass the role on.
func (s State) lacksTransfer(actor *Person, id events.RoleID, on events.ScopeID, subject events.PrincipalID) *Refusal {
	role, _ := s.role(id, on)
	if s.mayTransfer(actor, role, on, subject) {
		return nil
	}
	if off := s.awaited(func(s State) bool { return s.mayTransfer(actor, role, on, subject) }); off != nil {
		return s.waitsFor("To transfer "+roleOn(role, on), off, role.Rule, on)
	}
	refused := s.lacking(actor, "transfer "+roleOn(role, on), role.TransferredWith, on, s.governors(actor, on, role.TransferredBy, role.TransferredWith, role.TransferredIf)).of(role.ID(), role.Rule)
	if condition := s.unmetGovernor(actor, role.TransferredWith, role.TransferredIf, on, subject); condition != nil {
		refused.Rule = cmp.Or(condition.Rule, refused.Rule)
		refused.Message = fmt.Sprintf("%s may transfer %s only %s.", actor.ID, roleOn(role, on), condition.Title)
	}
	return refused
}

// lacksDesignating refuses a person who may neither set nor clear the mark.
func (s State) lacksDesignating(actor *Person, id events.DesignationID, on events.ScopeID, subject events.PrincipalID) *Refusal {
	designation, _ := s.designation(id, on)
	if s.mayDesignate(actor, designation, on, subject) {
		return nil
	}
	if off := s.awaited(func(s State) bool { return s.mayDesignate(actor, designation, on, subject) }); off != nil {
		return s.waitsFor(fmt.Sprintf("To say who is %s on %s", designation.Name, on), off, designation.Rule, on)
	}
	refused := s.lacking(actor, fmt.Sprintf("say who is %s on %s", designation.Name, on), designation.SetWith, on, s.governors(actor, on, designation.SetBy, designation.SetWith, designation.SetIf)).of("", designation.Rule)
	if condition := s.unmetGovernor(actor, designation.SetWith, designation.SetIf, on, subject); condition != nil {
		refused.Rule = cmp.Or(condition.Rule, refused.Rule)
		refused.Message = fmt.Sprintf("%s may say who is %s on %s only %s.", actor.ID, designation.Name, on, condition.Title)
	}
	return refused
}

// lacksFact refuses a person who lacks the permission to record a fact.
func (s State) lacksFact(actor *Person, id events.FactID, on events.ScopeID, about events.PrincipalID) *Refusal {
	fact, _ := s.Model.Fact(on.Kind(), string(id))
	may := func(s State) bool { return s.has(actor, fact.Permission, on, about) }
	if may(s) {
		return nil
	}
	if off := s.awaited(may); off != nil {
		return s.waitsFor(fact.ID(), off, fact.Rule, on)
	}
	wanted := rolemodel.NewSet(fact.Permission.Index)
	return s.lacking(actor, fmt.Sprintf("record %s on %s", fact.Name, on), wanted, on, s.givers(actor, wanted, on)).of("", fact.Rule)
}

// lacksAct refuses a person who may not do the act, naming the roles that
// would allow it; nil if the person may. The person concerned may be nobody.
func (s State) lacksAct(actor *Person, act rolemodel.Act, on events.ScopeID, about events.PrincipalID) *Refusal {
	if s.mayAct(actor, act, on, about) {
		return nil
	}
	if refused := s.actWaits(actor, act, on, about); refused != nil {
		return refused
	}
	return s.refusedAct(actor, act, on, about)
}

// awaited finds the feature that is off and for want of which alone something may
// not be done; nil if it is not that.
func (s State) awaited(may func(State) bool) *rolemodel.Feature {
	for _, feature := range s.Model.Features {
		if s.Enabled(feature) {
			continue
		}
		supposing := s
		if supposing.supposed = feature; may(supposing) {
			return feature
		}
	}
	return nil
}

// waitsFor refuses what waits for a feature.
func (s State) waitsFor(what string, feature *rolemodel.Feature, rule string, on events.ScopeID) *Refusal {
	refused := s.waits(what, feature)
	refused.Rule, refused.Scope = cmp.Or(refused.Rule, rule), on
	return refused
}

// actWaits refuses a person who may not do the act only because a feature is off;
// nil if it is not that.
func (s State) actWaits(actor *Person, act rolemodel.Act, on events.ScopeID, about events.PrincipalID) *Refusal {
	off := s.awaited(func(s State) bool { return s.mayAct(actor, act, on, about) })
	if off == nil {
		return nil
	}
	return s.waitsFor(fmt.Sprintf("This (%s) on %s", act, on), off, s.RuleOf(act, on), on)
}

// refusedAct is the refusal of a person who may not do the act.
func (s State) refusedAct(actor *Person, act rolemodel.Act, on events.ScopeID, about events.PrincipalID) *Refusal {
	wanted := s.Model.Allowing(on.Kind(), act)
	refused := s.lacking(actor, fmt.Sprintf("do this (%s) on %s", act, on), wanted, on, s.givers(actor, wanted, on))
	for index := range wanted.All() {
		permission := s.Model.Permissions[index]
		refused.Rule = cmp.Or(refused.Rule, permission.Rule)
		answer := s.Explain(Question{Who: actor.ID, Permission: permission, On: on, About: about})
		if len(answer.Unmet) > 0 {
			condition := answer.Unmet[0].Condition
			refused.Rule = cmp.Or(condition.Rule, refused.Rule)
			refused.Message = fmt.Sprintf("%s may do this (%s) on %s only %s.", actor.ID, act, on, condition.Title)
		}
		if len(answer.Withheld) > 0 {
			from := answer.Withheld[0].Grant
			refused.Rule = cmp.Or(permission.Rule, from.Role.Rule)
			refused.Message = fmt.Sprintf("%s may not do this (%s) on %s: %s is withheld from %s there.", actor.ID, act, on, permission.ID, roleOn(from.Role, from.Scope))
		}
		if capped := answer.Ceiling.Role; capped != nil {
			refused.Rule = cmp.Or(capped.Ceiling.Rule, refused.Rule)
			refused.Message = fmt.Sprintf("%s may not do this (%s) on %s: whoever is %s cannot, whatever else they hold.", actor.ID, act, on, roleOn(capped, answer.Ceiling.Scope))
		}
	}
	return refused
}

// lacksMarking refuses a person who creates a scope with an attribute that they
// could not give it then, neither by what they hold above it nor by what comes
// with the creation. What nobody changes later is for whoever creates the scope.
func (s State) lacksMarking(actor *Person, e events.AttributeSet) *Refusal {
	scope, _ := s.Scope(e.Scope)
	act := rolemodel.ScopeSet(string(e.Attribute))
	wanted := s.Model.Allowing(e.Scope.Kind(), act)
	if wanted.Empty() || s.mayAct(actor, act, e.Scope, "") {
		return nil
	}
	for _, role := range scope.Kind.Creator {
		for index := range wanted.All() {
			if s.Enabled(s.Model.Permissions[index].Feature) && s.terms(role).May(true, index) && !s.withholds(role, index, e.Scope) {
				return nil
			}
		}
	}
	return s.refusedAct(actor, act, e.Scope, "")
}

// lacksStart refuses a person who may not make somebody a member of the kind
// given, empty for the usual one.
func (s State) lacksStart(actor *Person, on events.ScopeID, kind events.MemberKindID, subject events.PrincipalID) *Refusal {
	act := rolemodel.MembershipStart
	if s.mayAssign(actor, on, subject) || s.mayAct(actor, act, on, subject) {
		return nil
	}
	if scope, exists := s.Scope(on); exists {
		if of, known := scope.Kind.MemberKind(string(kind)); known {
			as := rolemodel.MembershipStartAs(of.ID)
			if s.mayAct(actor, as, on, subject) {
				return nil
			}
			if refused := s.actWaits(actor, as, on, subject); refused != nil {
				return refused
			}
			if s.Model.Allowing(on.Kind(), act).Empty() { // to be had for some kinds of member alone
				act = as
			}
		}
	}
	return s.lacksAct(actor, act, on, subject)
}

// mayAssign says whether the person, as given, may say whether somebody is a
// member of the scope, since this one is a member of a scope whose members the
// person assigns. Conditions look at the scope itself.
func (s *State) mayAssign(actor *Person, on events.ScopeID, subject events.PrincipalID) bool {
	other, known := s.Person(subject)
	assigning := *s
	assigning.target = on
	return known && on != s.Root && assigning.actsOnSeat(actor, rolemodel.MembershipAssign(on.Kind()), other)
}

// lacksActUpon refuses a person who may not do the act upon somebody, neither on
// the organization nor on a scope of which this one is a member.
func (s State) lacksActUpon(actor *Person, act rolemodel.Act, subject events.PrincipalID) *Refusal {
	other, known := s.Person(subject)
	switch {
	case !known:
		return s.lacksAct(actor, act, s.Root, subject)
	case s.mayActUpon(actor, act, other):
		return nil
	}
	if off := s.awaited(func(s State) bool { return s.mayActUpon(actor, act, other) }); off != nil {
		return s.waitsFor(fmt.Sprintf("This (%s) upon %s", act, subject), off, "", "")
	}
	return s.refusedUpon(actor, act, other)
}

// refusedUpon is the refusal of a person who may not do the act upon somebody: on
// the organization; or on a scope that this one is a member of, where the role
// model has the act below the organization alone, or where the person may do it on
// another scope of the kind (M10).
func (s State) refusedUpon(actor *Person, act rolemodel.Act, other *Person) *Refusal {
	on := s.Root
	below := s.Model.Allowing(on.Kind(), act).Empty()
	at := slices.IndexFunc(other.Memberships, func(m Membership) bool {
		kind := m.Scope.Kind()
		return m.Scope != s.Root && !s.Model.Allowing(kind, act).Empty() && (below || slices.ContainsFunc(actor.Grants, func(g Grant) bool {
			return g.Scope.Kind() == kind && s.mayAct(actor, act, g.Scope, "")
		}))
	})
	if at >= 0 {
		on = other.Memberships[at].Scope
	}
	refused := s.refusedAct(actor, act, on, other.ID)
	for _, permission := range s.Model.Permissions {
		if slices.Contains(permission.Allows, act) {
			refused.Rule = cmp.Or(refused.Rule, permission.Rule)
		}
	}
	return refused
}

// lacksGrant refuses a person who may neither grant nor revoke the role, naming
// the roles that would allow it; nil if the person may.
func (s State) lacksGrant(actor *Person, verb string, id events.RoleID, on events.ScopeID, subject events.PrincipalID) *Refusal {
	role, _ := s.role(id, on)
	if s.mayGrant(actor, role, on, subject) {
		return nil
	}
	if passes(role) {
		return &Refusal{Code: CodeTransferred, Rule: role.Rule, Role: role.ID(), Scope: on, Subject: actor.ID,
			Message: roleOn(role, on) + " is neither granted nor revoked: whoever holds it transfers it.",
			Help:    "tenure transfer PERSON --role " + s.roleArgs(role, on)}
	}
	if off := s.awaited(func(s State) bool { return s.mayGrant(actor, role, on, subject) }); off != nil {
		return s.waitsFor("To "+verb+" "+roleOn(role, on), off, role.Rule, on)
	}
	takes := s.governors(actor, on, role.GrantedBy, role.GrantedWith, role.GrantedIf)
	refused := s.lacking(actor, verb+" "+roleOn(role, on), role.GrantedWith, on, takes).of(role.ID(), role.Rule)
	if condition := s.unmetGovernor(actor, role.GrantedWith, role.GrantedIf, on, subject); condition != nil {
		refused.Rule = cmp.Or(condition.Rule, refused.Rule)
		refused.Message = fmt.Sprintf("%s may %s %s only %s.", actor.ID, verb, roleOn(role, on), condition.Title)
	}
	if g := s.cappedGranter(actor, role, on); g != nil {
		refused.Rule = cmp.Or(g.Role.Ceiling.Rule, refused.Rule)
		refused.Message = fmt.Sprintf("%s may not %s %s: whoever is %s cannot, whatever else they hold.", actor.ID, verb, roleOn(role, on), roleOn(g.Role, g.Scope))
	}
	return refused
}

// lacking refuses a person who may not do what takes one of these roles and
// groups, or of the permissions that they give on the scope.
func (s State) lacking(actor *Person, what string, wanted rolemodel.Set, on events.ScopeID, takes []Missing) *Refusal {
	refused := &Refusal{Code: CodeNotPermitted, Scope: on, Subject: actor.ID, Help: s.whom(takes)}
	var names []string
	for _, missing := range takes {
		names = append(names, missing.words())
	}
	if len(names) == 0 && !actor.Client {
		for _, missing := range s.adjustable(wanted, on) {
			names = append(names, missing.words())
		}
	}
	takesOne := "that takes " + anyOf(names)
	if len(names) == 0 {
		refused.Nobody = true
		takesOne = "no role of the role model gives that"
		if actor.Client {
			takesOne += " to API clients"
		}
	}
	refused.Message = fmt.Sprintf("%s may not %s: %s.", actor.ID, what, takesOne)
	return refused
}

// of adds the role and the rule that a refusal is about.
func (r *Refusal) of(role, rule string) *Refusal {
	r.Role, r.Rule = role, rule
	return r
}

// whom is the command that tells whom to ask: the holders of the last role that
// somebody holds now or, where nobody does, that people can hold.
func (s State) whom(takes []Missing) string {
	takes = slices.DeleteFunc(slices.Clone(takes), func(m Missing) bool { return m.Role == nil })
	if len(takes) == 0 {
		return ""
	}
	ask := takes[len(takes)-1]
	for _, wanted := range []func(Missing) bool{s.isHeld, func(m Missing) bool { return !m.Role.Client }} {
		if fit := slices.DeleteFunc(slices.Clone(takes), func(m Missing) bool { return !wanted(m) }); len(fit) > 0 {
			ask = fit[len(fit)-1]
			break
		}
	}
	return "tenure who --role " + s.roleArgs(ask.Role, ask.Scope)
}

// isHeld says whether a person holds the role now, so that it counts.
func (s State) isHeld(m Missing) bool {
	scope, exists := s.Scope(m.Scope)
	return exists && slices.ContainsFunc(scope.Holders(m.Role), func(id events.PrincipalID) bool {
		person, _ := s.Person(id)
		g, held := person.Grant(m.Role, m.Scope)
		return held && !person.Client && !id.Builtin() && s.active(person, &g)
	})
}
