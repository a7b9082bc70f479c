package events

import "time"

// RoleGranted gives a person a role on a scope.
type RoleGranted struct {
	Cause   Cause       `json:"cause,omitempty" doc:"What it follows from; empty for a decision."`
	Role    RoleID      `json:"role" doc:"The role, among those of the scope's kind."`
	Scope   ScopeID     `json:"scope" doc:"Where it is held."`
	Subject PrincipalID `json:"subject" doc:"Who holds it."`
	Until   time.Time   `json:"until,omitempty,omitzero" doc:"When it ends by itself; absent if it does not."`
}

// RoleLimited sets, moves or removes the time at which a role that is held
// ends by itself.
type RoleLimited struct {
	Role    RoleID      `json:"role" doc:"The role, among those of the scope's kind."`
	Scope   ScopeID     `json:"scope" doc:"Where it is held."`
	Subject PrincipalID `json:"subject" doc:"Who holds it."`
	Until   time.Time   `json:"until,omitempty,omitzero" doc:"When it ends by itself from now on; absent if it does not any more."`
}

// ExpiryAnnounced says, some time before, that a role will end by itself.
type ExpiryAnnounced struct {
	Role    RoleID      `json:"role" doc:"The role, among those of the scope's kind."`
	Scope   ScopeID     `json:"scope" doc:"Where it is held."`
	Subject PrincipalID `json:"subject" doc:"Who holds it."`
	Until   time.Time   `json:"until" doc:"When it ends."`
}

// RoleRevoked ends a person's role on a scope.
type RoleRevoked struct {
	Cause   Cause       `json:"cause,omitempty" doc:"What it follows from; empty for a decision."`
	Role    RoleID      `json:"role" doc:"The role, among those of the scope's kind."`
	Scope   ScopeID     `json:"scope" doc:"Where it was held."`
	Subject PrincipalID `json:"subject" doc:"Who held it."`
}

// Concern implements [Event].
func (e RoleGranted) Concern() Concern {
	return Concern{Subject: e.Subject, Scope: e.Scope, Role: e.Role, Cause: e.Cause}
}

// Concern implements [Event].
func (e RoleRevoked) Concern() Concern {
	return Concern{Subject: e.Subject, Scope: e.Scope, Role: e.Role, Cause: e.Cause}
}

// Concern implements [Event].
func (e RoleLimited) Concern() Concern {
	return Concern{Subject: e.Subject, Scope: e.Scope, Role: e.Role}
}

// Concern implements [Event].
func (e ExpiryAnnounced) Concern() Concern {
	return Concern{Subject: e.Subject, Scope: e.Scope, Role: e.Role}
}

// OwnershipTransferred passes a role that has one holder on to another person.
// The change itself follows from it, in the same commit: what ends and begins
// is said by [RoleRevoked] and [RoleGranted].
type OwnershipTransferred struct {
	Former  PrincipalID `json:"former" doc:"Who held it."`
	Role    RoleID      `json:"role" doc:"The role, among those of the scope's kind."`
	Scope   ScopeID     `json:"scope" doc:"Where it is held."`
	Subject PrincipalID `json:"subject" doc:"Who holds it now."`
}

// Concern implements [Event].
func (e OwnershipTransferred) Concern() Concern {
	return Concern{Subject: e.Subject, Scope: e.Scope, Role: e.Role}
}
