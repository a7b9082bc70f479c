package events

// DesignationSet marks a holder of a role. Only one person is marked at a time:
// another mark is cleared in the same commit.
type DesignationSet struct {
	Designation DesignationID `json:"designation" doc:"The designation, among those of the scope's kind."`
	Scope       ScopeID       `json:"scope" doc:"Where it is set."`
	Subject     PrincipalID   `json:"subject" doc:"Who is marked."`
}

// DesignationCleared takes a mark away.
type DesignationCleared struct {
	Cause       Cause         `json:"cause,omitempty" doc:"What it follows from; empty for a decision."`
	Designation DesignationID `json:"designation" doc:"The designation, among those of the scope's kind."`
	Scope       ScopeID       `json:"scope" doc:"Where it was set."`
	Subject     PrincipalID   `json:"subject" doc:"Who was marked."`
}

// DesignationLapsed ends a mark that lost what it needs.
type DesignationLapsed struct {
	Cause       Cause         `json:"cause" doc:"What it follows from: quorum, unheld or termination."`
	Designation DesignationID `json:"designation" doc:"The designation, among those of the scope's kind."`
	Scope       ScopeID       `json:"scope" doc:"Where it was set."`
	Subject     PrincipalID   `json:"subject" doc:"Who was marked."`
}

// Concern implements [Event].
func (e DesignationSet) Concern() Concern {
	return Concern{Subject: e.Subject, Scope: e.Scope, Item: string(e.Designation)}
}

// Concern implements [Event].
func (e DesignationCleared) Concern() Concern {
	return Concern{Subject: e.Subject, Scope: e.Scope, Cause: e.Cause, Item: string(e.Designation)}
}

// Concern implements [Event].
func (e DesignationLapsed) Concern() Concern {
	return Concern{Subject: e.Subject, Scope: e.Scope, Cause: e.Cause, Item: string(e.Designation)}
}
