package events

import "time"

// InvitationSent asks a person to become a member of a scope. Who has the token
// can accept or decline.
type InvitationSent struct {
	Expires    time.Time    `json:"expires" doc:"When it can no longer be accepted."`
	Invitation InvitationID `json:"invitation" doc:"The invitation's id."`
	MemberKind MemberKindID `json:"member_kind,omitempty" doc:"The kind of member to become; absent for the usual one."`
	Role       RoleID       `json:"role,omitempty" doc:"A role that comes with the membership, if any."`
	Route      ScopeID      `json:"route,omitempty" doc:"The scope to which it is rerouted by the person's address, where it can be answered too; absent if it is not."`
	Scope      ScopeID      `json:"scope" doc:"The scope."`
	Subject    PrincipalID  `json:"subject" doc:"The person invited."`
	Token      Sealed       `json:"token" doc:"The token, sealed under the person's key, for the message that carries it."`
	TokenHash  []byte       `json:"token_hash" doc:"SHA-256 of the token."`
}

// InvitationResent replaces the token of an invitation and moves its end.
type InvitationResent struct {
	Expires    time.Time    `json:"expires" doc:"When it can no longer be accepted."`
	Invitation InvitationID `json:"invitation" doc:"The invitation's id."`
	Subject    PrincipalID  `json:"subject" doc:"The person invited."`
	Token      Sealed       `json:"token" doc:"The new token, sealed under the person's key."`
	TokenHash  []byte       `json:"token_hash" doc:"SHA-256 of the new token."`
}

// InvitationAccepted says that the person came. The membership starts in the
// same commit.
type InvitationAccepted struct {
	Invitation InvitationID `json:"invitation" doc:"The invitation's id."`
	Subject    PrincipalID  `json:"subject" doc:"The person invited."`
}

// InvitationDeclined says that the person does not want to.
type InvitationDeclined struct {
	Invitation InvitationID `json:"invitation" doc:"The invitation's id."`
	Subject    PrincipalID  `json:"subject" doc:"The person invited."`
}

// InvitationWithdrawn takes an invitation back.
type InvitationWithdrawn struct {
	Cause      Cause        `json:"cause,omitempty" doc:"What it follows from; empty for a decision."`
	Invitation InvitationID `json:"invitation" doc:"The invitation's id."`
	Subject    PrincipalID  `json:"subject" doc:"The person invited."`
}

// InvitationExpired says that an invitation was not answered in time.
type InvitationExpired struct {
	Invitation InvitationID `json:"invitation" doc:"The invitation's id."`
	Subject    PrincipalID  `json:"subject" doc:"The person invited."`
}

// Concern implements [Event].
func (e InvitationSent) Concern() Concern {
	return Concern{Subject: e.Subject, Scope: e.Scope, Role: e.Role, Item: string(e.Invitation)}
}

// Concern implements [Event].
func (e InvitationResent) Concern() Concern {
	return Concern{Subject: e.Subject, Item: string(e.Invitation)}
}

// Concern implements [Event].
func (e InvitationAccepted) Concern() Concern {
	return Concern{Subject: e.Subject, Item: string(e.Invitation)}
}

// Concern implements [Event].
func (e InvitationDeclined) Concern() Concern {
	return Concern{Subject: e.Subject, Item: string(e.Invitation)}
}

// Concern implements [Event].
func (e InvitationWithdrawn) Concern() Concern {
	return Concern{Subject: e.Subject, Cause: e.Cause, Item: string(e.Invitation)}
}

// Concern implements [Event].
func (e InvitationExpired) Concern() Concern {
	return Concern{Subject: e.Subject, Item: string(e.Invitation)}
}
