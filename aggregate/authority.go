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
	// A role that is replaced was held by somebody's authority: to grant
	// another one in its place takes authority over both. To pass a role on
	// takes none but that.
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
	return permits(before, at, actor, event)
}

// permits says whether the person may cause the event, by the role model.
func permits(before, at State, actor *Person, event events.Event) *Refusal {
	self := event.Concern().Subject == actor.ID
	// There may have been another scope of a new one's name, and rights on it.
	isNew := func(on events.ScopeID) *Refusal {
		if scope, exists := at.Scope(on); !exists || scope.Created.Revision <= before.Revision {
			return nil
		}
		return &Refusal{Code: CodeNotPermitted, Scope: on,
			Message: string(on) + " is created by this very commit; what happens to it next takes another one."}
	}
	act := func(act rolemodel.Act, on events.ScopeID) *Refusal {
		return cmp.Or(isNew(on), before.lacksAct(actor, act, on))
	}
	grant := func(verb string, role events.RoleID, on events.ScopeID) *Refusal {
		return cmp.Or(isNew(on), before.lacksGrant(actor, verb, role, on))
	}
	// Who is asked to a role is as good as granted it.
	invite := func(role events.RoleID, on events.ScopeID) *Refusal {
		refused := act(rolemodel.MembershipStart, on)
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
		return act(rolemodel.PersonRegister, at.Root)
	case events.PersonUpdated:
		return act(rolemodel.PersonUpdate, at.Root)
	case events.CredentialIssued:
		if self {
			return nil
		}
		return &Refusal{Code: CodeNotPermitted, Subject: e.Subject, Message: "A key speaks for its person, so people issue their own; the operator issues the first one.",
			Help: "tenure keys issue " + string(e.Subject) + " --org " + string(at.Org)}
	case events.CredentialRevoked:
		if self {
			return nil
		}
		return act(rolemodel.CredentialRevoke, at.Root)
	case events.MembershipStarted:
		return act(rolemodel.MembershipStart, e.Scope)
	case events.MembershipSuspended:
		return act(rolemodel.MembershipSuspend, e.Scope)
	case events.MembershipResumed:
		return act(rolemodel.MembershipResume, e.Scope)
	case events.MembershipTerminated:
		if scope, _ := at.Scope(e.Scope); self && scope.Kind.Leave {
			return nil
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
			if !e.Until.IsZero() { // to lay a role down at a time to come
				return nil
			}
		}
		return grant("limit", e.Role, e.Scope)
	case events.OwnershipTransferred:
		return cmp.Or(isNew(e.Scope), before.lacksTransfer(actor, e.Role, e.Scope))
	case events.DesignationSet:
		return cmp.Or(isNew(e.Scope), before.lacksDesignating(actor, e.Designation, e.Scope))
	case events.DesignationCleared:
		if self && e.Cause == "" {
			return nil
		}
		return cmp.Or(isNew(e.Scope), before.lacksDesignating(actor, e.Designation, e.Scope))
	case events.FeatureEnabled, events.FeatureDisabled:
		return act(rolemodel.FeatureSwitch, at.Root)
	case events.FactRecorded:
		return cmp.Or(isNew(e.Scope), before.lacksFact(actor, e.Fact, e.Scope))
	case events.InvitationSent:
		return invite(e.Role, e.Scope)
	case events.InvitationResent:
		_, invitation, _ := at.Invitation(e.Invitation)
		role := events.RoleID("")
		if invitation.Role != nil {
			role = events.RoleID(invitation.Role.Name)
		}
		return invite(role, invitation.Scope)
	case events.InvitationWithdrawn:
		_, invitation, _ := at.Invitation(e.Invitation)
		return act(rolemodel.MembershipStart, invitation.Scope)
	case events.InvitationAccepted, events.InvitationDeclined:
		if accepted, accepts := event.(events.InvitationAccepted); self && accepts {
			return before.stillOffered(accepted.Invitation)
		}
		if self {
			return nil
		}
		return &Refusal{Code: CodeNotPermitted, Subject: event.Concern().Subject, Message: "Only the one who is invited answers an invitation."}
	case events.ReminderSet, events.ReminderCompleted, events.ReminderCanceled:
		return act(rolemodel.ReminderSet, at.Root)
	case events.HoldPlaced, events.HoldReleased:
		return act(rolemodel.HoldPlace, at.Root)
	case events.RetentionSet, events.AnonymizationStarted:
		return act(rolemodel.PersonAnonymize, at.Root)
	case events.RoleRevoked:
		if self { // anybody may lay down a role, where the bounds allow
			return nil
		}
		return grant("revoke", e.Role, e.Scope)
	case events.ScopeCreated:
		return act(rolemodel.ScopeCreate(e.Scope.Kind()), e.Parent)
	case events.ScopeRenamed:
		return act(rolemodel.ScopeRename, e.Scope)
	case events.ScopeMoved:
		return cmp.Or(act(rolemodel.ScopeMove, e.Scope), act(rolemodel.ScopeCreate(e.Scope.Kind()), e.Parent))
	case events.ScopeDeleted:
		return act(rolemodel.ScopeDelete, e.Scope)
	}
	return &Refusal{Code: CodeNotPermitted, Message: "Only the operator does this."}
}

// stillOffered refuses an invitation whose sender may not send it any more: what
// somebody offers ends with the authority to give it.
func (s State) stillOffered(id events.InvitationID) *Refusal {
	_, invitation, open := s.Invitation(id)
	if !open || invitation.Sent.Actor == events.Operator {
		return nil // one that was not open before leads to no membership
	}
	sender, known := s.Person(invitation.Sent.Actor)
	if known && s.mayAct(sender, rolemodel.MembershipStart, invitation.Scope) &&
		(invitation.Role == nil || s.mayGrant(sender, invitation.Role, invitation.Scope)) {
		return nil
	}
	return &Refusal{Code: CodeNotPermitted, Scope: invitation.Scope,
		Message: "Whoever sent this invitation may not do so any more, so it cannot be accepted; ask for another one."}
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
		return known && person.Ever == 0
	}
	return false
}

// endings are the memberships and scopes that a commit ends, and the index of
// the event that does so last.
type endings struct {
	memberships map[seat]int
	scopes      map[events.ScopeID]int
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
		granted, grants := event.(events.RoleGranted)
		if !grants || concern.Subject != events.Background || !granted.Until.IsZero() {
			return false
		}
		scope, _ := at.Scope(concern.Scope)
		role, _ := at.role(concern.Role, concern.Scope)
		return role.Automatic && scope.Created.Revision > before.Revision

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
		if !lapses {
			return false
		}
		designation, _ := at.designation(lapsed.Designation, lapsed.Scope)
		cause, _ := at.lapses(Designated{Designation: designation, Subject: lapsed.Subject}, lapsed.Scope)
		return cause == lapsed.Cause

	case events.CauseInvitation:
		for _, earlier := range c.Events[:i] {
			accepted, accepts := earlier.(events.InvitationAccepted)
			if !accepts || accepted.Subject != concern.Subject {
				continue
			}
			_, invitation, _ := before.Invitation(accepted.Invitation)
			switch e := event.(type) {
			case events.MembershipStarted:
				return invitation.Scope == e.Scope
			case events.RoleGranted:
				role, _ := at.role(e.Role, e.Scope)
				return invitation.Scope == e.Scope && invitation.Role == role && e.Until.IsZero()
			}
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
// another one, or was left with it.
func replacedByTransfer(before, at State, event events.Event) bool {
	_, revokes := event.(events.RoleRevoked)
	return revokes && replaces(before, at, event.Concern(), func(g Grant) bool { return g.Since.Cause == events.CauseTransfer })
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
func (s State) lacksTransfer(actor *Person, id events.RoleID, on events.ScopeID) *Refusal {
	role, _ := s.role(id, on)
	if s.holdsAny(actor, role.TransferredBy, on) {
		return nil
	}
	takes := s.takes(on, func(other *rolemodel.Role, _ events.ScopeID) bool { return slices.Contains(role.TransferredBy, other) })
	return &Refusal{Code: CodeNotPermitted, Rule: role.Rule, Role: role.ID(), Scope: on, Subject: actor.ID, Help: s.whom(takes),
		Message: fmt.Sprintf("%s may not transfer %s: that takes %s.", actor.ID, roleOn(role, on), namesOf(takes))}
}

// lacksDesignating refuses a person who may neither set nor clear the mark.
func (s State) lacksDesignating(actor *Person, id events.DesignationID, on events.ScopeID) *Refusal {
	designation, _ := s.designation(id, on)
	if s.holdsAny(actor, designation.SetBy, on) || s.holdsWith(actor, designation.SetWith, on) {
		return nil
	}
	takes := s.takes(on, func(other *rolemodel.Role, held events.ScopeID) bool {
		return slices.Contains(designation.SetBy, other) || s.carries(other, held, designation.SetWith, on)
	})
	return &Refusal{Code: CodeNotPermitted, Rule: designation.Rule, Scope: on, Subject: actor.ID, Help: s.whom(takes),
		Message: fmt.Sprintf("%s may not say who is %s on %s: that takes %s.", actor.ID, designation.Name, on, namesOf(takes))}
}

// lacksFact refuses a person who lacks the permission to record a fact.
func (s State) lacksFact(actor *Person, id events.FactID, on events.ScopeID) *Refusal {
	fact, _ := s.Model.Fact(on.Kind(), string(id))
	if s.Allowed(actor.ID, fact.Permission, on) {
		return nil
	}
	takes := s.Explain(actor.ID, fact.Permission, on).Instead
	return &Refusal{Code: CodeNotPermitted, Rule: fact.Rule, Scope: on, Subject: actor.ID, Help: s.whom(takes),
		Message: fmt.Sprintf("%s may not record %s on %s: that takes %s.", actor.ID, fact.Name, on, namesOf(takes))}
}

// lacksAct refuses a person who may not do the act, naming the roles that
// would allow it; nil if the person may.
func (s State) lacksAct(actor *Person, act rolemodel.Act, on events.ScopeID) *Refusal {
	if s.mayAct(actor, act, on) {
		return nil
	}
	wanted := s.allowing(on.Kind(), act)
	takes := s.takes(on, func(role *rolemodel.Role, held events.ScopeID) bool {
		given := role.Below
		if held == on {
			given = role.Own
		}
		return given.Intersects(wanted)
	})
	return &Refusal{Code: CodeNotPermitted, Scope: on, Subject: actor.ID, Help: s.whom(takes), Message: fmt.Sprintf(
		"%s may not do this (%s) on %s: that takes %s.", actor.ID, act, on, namesOf(takes))}
}

// lacksGrant refuses a person who may neither grant nor revoke the role, naming
// the roles that would allow it; nil if the person may.
func (s State) lacksGrant(actor *Person, verb string, id events.RoleID, on events.ScopeID) *Refusal {
	role, _ := s.role(id, on)
	if s.mayGrant(actor, role, on) {
		return nil
	}
	if passes(role) {
		return &Refusal{Code: CodeTransferred, Rule: role.Rule, Role: role.ID(), Scope: on, Subject: actor.ID,
			Message: roleOn(role, on) + " is neither granted nor revoked: whoever holds it transfers it.",
			Help:    "tenure transfer PERSON --role " + s.roleArgs(role, on)}
	}
	takes := s.takes(on, func(granter *rolemodel.Role, held events.ScopeID) bool {
		return s.grants(granter, held, role, on)
	})
	return &Refusal{Code: CodeNotPermitted, Rule: role.Rule, Role: role.ID(), Scope: on, Subject: actor.ID, Help: s.whom(takes),
		Message: fmt.Sprintf("%s may not %s %s: that takes %s.", actor.ID, verb, roleOn(role, on), namesOf(takes))}
}

func namesOf(takes []Missing) string {
	if len(takes) == 0 {
		return "a role that the role model does not have"
	}
	var names []string
	for _, missing := range takes {
		names = append(names, roleOn(missing.Role, missing.Scope))
	}
	return anyOf(names)
}

// whom is the command that tells whom to ask.
func (s State) whom(takes []Missing) string {
	if len(takes) == 0 {
		return ""
	}
	ask := takes[len(takes)-1]
	return "tenure who --role " + s.roleArgs(ask.Role, ask.Scope)
}
