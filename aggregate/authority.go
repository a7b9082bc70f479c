package aggregate

import (
	"cmp"
	"fmt"
	"slices"

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
	if cause != "" && !follows(before, at, c, i, endings) {
		return &Refusal{Code: CodeUnfounded, Message: fmt.Sprintf(
			"The event %s claims the cause %.40q, and nothing in the commit is that.", events.Name(event), cause)}
	}
	// A role that is replaced was held by somebody's authority: to grant
	// another one in its place takes authority over both.
	if cause != "" && cause != events.CauseReplaced {
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
		if scope, _ := at.Scope(on); scope.Created.Revision <= before.Revision {
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
		return grant("grant", e.Role, e.Scope)
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
		if !revokes {
			return false
		}
		role, _ := at.role(concern.Role, concern.Scope)
		rests, needed := at.membershipScope(role, concern.Scope)
		return ended(at.Root) || needed && ended(rests)

	case events.CauseScopeDeleted:
		gone := concern.Scope
		if _, deletes := event.(events.ScopeDeleted); deletes {
			scope, _ := at.Scope(gone)
			gone = scope.Parent
		} else if !revokes && !terminates {
			return false
		}
		last, ends := endings.scopes[gone]
		return ends && last > i

	case events.CauseReplaced:
		if !revokes {
			return false
		}
		replaced, _ := at.role(concern.Role, concern.Scope)
		person, _ := at.Person(concern.Subject)
		return slices.ContainsFunc(person.Grants, func(g Grant) bool {
			return g.Scope == concern.Scope && g.Since.Revision > before.Revision && slices.Contains(g.Role.Replaces, replaced)
		})

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

// lacksAct refuses a person who may not do the act, naming the roles that
// would allow it; nil if the person may.
func (s State) lacksAct(actor *Person, act rolemodel.Act, on events.ScopeID) *Refusal {
	if s.mayAct(actor, act, on) {
		return nil
	}
	wanted := s.Model.Allowing(on.Kind(), act)
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
