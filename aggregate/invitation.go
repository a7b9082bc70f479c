package aggregate

import (
	"time"

	"tenure/events"
)

// SendInvitation asks a person to become a member of a scope.
type SendInvitation struct {
	Invitation events.InvitationID
	// Register makes the person known first; nil where that was done.
	Register *RegisterPerson
	Subject  events.PrincipalID
	Scope    events.ScopeID
	// Role comes with the membership; empty for none.
	Role      events.RoleID
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

// AcceptInvitation is the invited person's own: the membership starts.
type AcceptInvitation struct {
	Invitation events.InvitationID
	// Key is given to a person who never had one; nil for none. Whoever has had
	// one speaks with that: else an invitation would be a way into somebody's
	// place.
	Key *IssueCredential
}

// DeclineInvitation is the invited person's own.
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
		Subject: c.Subject, Invitation: c.Invitation, Scope: c.Scope, Role: c.Role,
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
	d.emit(events.MembershipStarted{Subject: person.ID, Scope: invitation.Scope, Cause: events.CauseInvitation})
	if invitation.Role != nil {
		d.grant(person.ID, invitation.Role, invitation.Scope, events.CauseInvitation)
	}
	if c.Key != nil && person.Ever == 0 && len(person.Grants) == 0 {
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
