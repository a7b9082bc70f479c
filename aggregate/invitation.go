package aggregate

import (
	"slices"
	"time"

	"tenure/events"
	"tenure/rolemodel"
)

// SendInvitation asks a person to become a member of a scope.
type SendInvitation struct {
	Invitation events.InvitationID
	// Register makes the person known first; nil where that was done.
	Register *RegisterPerson
	Subject  events.PrincipalID
	Scope    events.ScopeID
	// Role comes with the membership; empty for none.
	Role events.RoleID
	// Kind is the kind of member to become; empty for the usual one.
	Kind events.MemberKindID
	// Route is the scope where it can be answered too, by the person's address;
	// empty for none.
	Route     events.ScopeID
	Expires   time.Time
	Token     events.Sealed
	TokenHash []byte
}

// ResendInvitation replaces the token of an invitation, and its end.
type ResendInvitation struct {
	Invitation events.InvitationID
	Expires    time.Time
	Token      events.Sealed
	TokenHash  []byte
}

// WithdrawInvitation takes an invitation back.
type WithdrawInvitation struct{ Invitation events.InvitationID }

// AcceptInvitation is the invited person's own, or theirs to whom it is rerouted:
// the membership starts, and in the second case that of the scope to which it is
// rerouted, too.
type AcceptInvitation struct {
	Invitation events.InvitationID
	// Key is given to a person who never had one, and who answers without another;
	// nil for none. Whoever has had one speaks with that: else an invitation would
	// be a way into somebody's place.
	Key *IssueCredential
}

// DeclineInvitation is the invited person's own, or theirs to whom it is rerouted.
type DeclineInvitation struct{ Invitation events.InvitationID }

// Name implements [Command].
func (SendInvitation) Name() string { return "invitation.send" }

// Name implements [Command].
func (ResendInvitation) Name() string { return "invitation.resend" }

// Name implements [Command].
func (WithdrawInvitation) Name() string { return "invitation.withdraw" }

// Name implements [Command].
func (AcceptInvitation) Name() string { return "invitation.accept" }

// Name implements [Command].
func (DeclineInvitation) Name() string { return "invitation.decline" }

func (c SendInvitation) propose(d *draft) {
	if _, exists := d.scope(c.Scope); !exists {
		return
	}
	if c.Register != nil {
		c.Register.propose(d)
	} else if _, known := d.person(c.Subject); !known {
		return
	}
	if c.Role != "" {
		if _, defined := d.role(c.Role, c.Scope); !defined {
			return
		}
	}
	d.emit(events.InvitationSent{
		Subject: c.Subject, Invitation: c.Invitation, Scope: c.Scope, Role: c.Role, MemberKind: c.Kind, Route: c.Route,
		Expires: events.Time(c.Expires), Token: c.Token, TokenHash: c.TokenHash,
	})
}

func (c ResendInvitation) propose(d *draft) {
	if person, _, open := d.invitation(c.Invitation); open {
		d.emit(events.InvitationResent{Subject: person.ID, Invitation: c.Invitation,
			Expires: events.Time(c.Expires), Token: c.Token, TokenHash: c.TokenHash})
	}
}

func (c WithdrawInvitation) propose(d *draft) {
	if person, _, open := d.invitation(c.Invitation); open {
		d.emit(events.InvitationWithdrawn{Subject: person.ID, Invitation: c.Invitation})
	}
}

func (c DeclineInvitation) propose(d *draft) {
	if person, _, open := d.invitation(c.Invitation); open {
		d.emit(events.InvitationDeclined{Subject: person.ID, Invitation: c.Invitation})
	}
}

func (c AcceptInvitation) propose(d *draft) {
	person, invitation, open := d.invitation(c.Invitation)
	if !open {
		return
	}
	d.emit(events.InvitationAccepted{Subject: person.ID, Invitation: c.Invitation})
	if on := d.state.leadsTo(invitation.Scope, invitation.Role); !person.member(on) {
		d.start(person.ID, on, invitation.MemberKind, events.CauseInvitation)
	}
	if kind, starts := d.state.startsThrough(d.commit.Actor, invitation, person); starts {
		if came, _ := d.state.Person(person.ID); !came.member(invitation.Route) {
			d.start(person.ID, invitation.Route, kind, events.CauseInvitation)
		}
	}
	if invitation.Role != nil {
		d.grant(person.ID, invitation.Role, invitation.Scope, events.CauseInvitation)
	}
	if c.Key != nil && d.commit.Actor == person.ID && d.before.newcomer(person) {
		c.Key.propose(d)
	}
}

// invitation finds an open invitation or refuses.
func (d *draft) invitation(id events.InvitationID) (*Person, Invitation, bool) {
	person, invitation, open := d.state.Invitation(id)
	if !open {
		d.refuse(unknown("open invitation", string(id), "tenure invitations list --org "+string(d.commit.Org)))
	}
	return person, invitation, open
}

// newcomer says whether the person never had a key and holds nothing but what comes
// with memberships that rest on an invitation: only such a one is given a key by the
// token of an invitation.
func (s *State) newcomer(person *Person) bool {
	return person.Ever == 0 && !slices.ContainsFunc(person.Grants, func(g Grant) bool {
		on, _ := s.membershipScope(g.Role, g.Scope)
		return g.Role.Membership == "" || !slices.ContainsFunc(person.Memberships, func(m Membership) bool { return m.Scope == on && s.awaits(person, m) })
	})
}

// brings says whether whoever accepts the invitation becomes a member of the
// organization by it, if they are none.
func (s *State) brings(i Invitation) bool {
	to, exists := s.Scope(s.leadsTo(i.Scope, i.Role))
	return exists && (to.ID == s.Root || to.Kind.JoinsRoot(string(i.MemberKind)))
}

// awaits says whether a membership rests on an invitation that the person has yet
// to answer: the members of the scope belong to the organization, and this one
// does not (C27).
func (s *State) awaits(person *Person, m Membership) bool {
	if m.Scope == s.Root || person.member(s.Root) {
		return false
	}
	scope, exists := s.Scope(m.Scope)
	return exists && scope.Kind.JoinsRoot(string(m.MemberKind))
}

// stranded lists the scopes of memberships that rest on an invitation while there
// is none.
func (s *State) stranded(person *Person) []events.ScopeID {
	if slices.ContainsFunc(person.invitations(), s.brings) {
		return nil
	}
	var list []events.ScopeID
	for _, m := range person.Memberships {
		if s.awaits(person, m) {
			list = append(list, m.Scope)
		}
	}
	return list
}

// uninvites finds whose invitation ends by the event, without an answer that
// brings them here, where memberships may rest on it.
func (s *State) uninvites(event events.Event) (events.PrincipalID, bool) {
	var id events.InvitationID
	switch e := event.(type) {
	case events.InvitationDeclined:
		id = e.Invitation
	case events.InvitationWithdrawn:
		id = e.Invitation
	case events.InvitationExpired:
		id = e.Invitation
	default:
		return "", false
	}
	person, invitation, open := s.Invitation(id)
	if !open || person.ID != event.Concern().Subject || !s.brings(invitation) {
		return "", false
	}
	return person.ID, true
}

// leadsTo is the scope of which whoever accepts the invitation becomes a member:
// the one that it is to or, where that has no members of its own, the one whose
// membership the role needs, else the organization.
func (s *State) leadsTo(to events.ScopeID, role *rolemodel.Role) events.ScopeID {
	scope, exists := s.Scope(to)
	if exists && scope.Kind.Membership {
		return to
	}
	if role != nil && role.Membership != "" {
		if on, needed := s.membershipScope(role, to); needed {
			return on
		}
	}
	return s.Root
}
