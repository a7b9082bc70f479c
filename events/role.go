package events

// RoleGranted gives a person a role on a scope.
type RoleGranted struct {
	Cause   Cause       `json:"cause,omitempty" doc:"What it follows from; empty for a decision."`
	Role    RoleID      `json:"role" doc:"The role, among those of the scope's kind."`
	Scope   ScopeID     `json:"scope" doc:"Where it is held."`
	Subject PrincipalID `json:"subject" doc:"Who holds it."`
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
