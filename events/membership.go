package events

// MembershipStarted makes a person a member of a scope.
type MembershipStarted struct {
	Cause      Cause        `json:"cause,omitempty" doc:"What it follows from; empty for a decision."`
	MemberKind MemberKindID `json:"member_kind,omitempty" doc:"The kind of member, among those of the scope's kind; absent for the usual one."`
	Scope      ScopeID      `json:"scope" doc:"The scope."`
	Subject    PrincipalID  `json:"subject" doc:"The person."`
}

// MembershipSuspended makes a member inactive: refused everything, with all
// roles kept.
type MembershipSuspended struct {
	Scope   ScopeID     `json:"scope" doc:"The scope."`
	Subject PrincipalID `json:"subject" doc:"The person."`
}

// MembershipResumed makes a suspended member active again.
type MembershipResumed struct {
	Scope   ScopeID     `json:"scope" doc:"The scope."`
	Subject PrincipalID `json:"subject" doc:"The person."`
}

// MembershipKindChanged makes a member one of another kind, with all roles kept.
type MembershipKindChanged struct {
	MemberKind MemberKindID `json:"member_kind,omitempty" doc:"The kind of member from now on, among those of the scope's kind; absent for the usual one."`
	Scope      ScopeID      `json:"scope" doc:"The scope."`
	Subject    PrincipalID  `json:"subject" doc:"The person."`
}

// MembershipTerminated ends a membership. What the person held through it ends
// in the same commit (X02).
type MembershipTerminated struct {
	Cause   Cause       `json:"cause,omitempty" doc:"What it follows from; empty for a decision."`
	Scope   ScopeID     `json:"scope" doc:"The scope."`
	Subject PrincipalID `json:"subject" doc:"The person."`
}

// Concern implements [Event].
func (e MembershipStarted) Concern() Concern {
	return Concern{Subject: e.Subject, Scope: e.Scope, Cause: e.Cause}
}

// Concern implements [Event].
func (e MembershipSuspended) Concern() Concern { return Concern{Subject: e.Subject, Scope: e.Scope} }

// Concern implements [Event].
func (e MembershipResumed) Concern() Concern { return Concern{Subject: e.Subject, Scope: e.Scope} }

// Concern implements [Event].
func (e MembershipKindChanged) Concern() Concern { return Concern{Subject: e.Subject, Scope: e.Scope} }

// Concern implements [Event].
func (e MembershipTerminated) Concern() Concern {
	return Concern{Subject: e.Subject, Scope: e.Scope, Cause: e.Cause}
}
