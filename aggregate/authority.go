package aggregate

import (
	"cmp"
	"fmt"
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
		refused := upon(rolemodel.PersonUpdate)
		if person, known := before.Person(subject); known && !self && e.Readdresses() {
			for _, i := range person.invitations() {
				if resent := permits(before, at, c, actor, events.InvitationResent{Subject: subject, Invitation: i.ID}); refused == nil && resent != nil {
					refused = redirects(actor, subject, resent.Rule)
				}
			}
		}
		return refused
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
		refused := cmp.Or(isNew(e.Scope), before.without(subject, e.Scope).lacksStart(actor, e.Scope, e.MemberKind, subject))
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
		refused := cmp.Or(isNew(on), before.lacksStart(actor, on, invitation.MemberKind, subject))
		if refused == nil && invitation.Role != nil { // as good as revoking it
			refused = grant("take back", events.RoleID(invitation.Role.Name), invitation.Scope)
		}
		return refused
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

// redirects refuses to change the login or address of somebody who is invited: by
// it an offer would come to somebody else, so it takes the authority to send that.
func redirects(actor *Person, subject events.PrincipalID, rule string) *Refusal {
	return &Refusal{Code: CodeNotPermitted, Rule: rule, Subject: subject,
		Message: fmt.Sprintf("An invitation of %s is open and would come to another login or address, and %s may not send it.", subject, actor.ID)}
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
