package events

// ScopeCreated adds a scope below another.
type ScopeCreated struct {
	Cause  Cause   `json:"cause,omitempty" doc:"What it follows from; empty for a decision."`
	Parent ScopeID `json:"parent" doc:"The scope above."`
	Scope  ScopeID `json:"scope" doc:"The new scope, KIND:HANDLE."`
	Title  Sealed  `json:"title,omitempty" doc:"Its title, sealed under the scope's own key."`
}

// ScopeRenamed gives a scope another title. Its handle stays.
type ScopeRenamed struct {
	Cause Cause   `json:"cause,omitempty" doc:"What it follows from; empty for a decision."`
	Scope ScopeID `json:"scope" doc:"The scope."`
	Title Sealed  `json:"title,omitempty" doc:"Its new title, sealed under the scope's own key."`
}

// ScopeMoved puts a scope, and all below it, under another parent.
type ScopeMoved struct {
	Cause  Cause   `json:"cause,omitempty" doc:"What it follows from; empty for a decision."`
	Parent ScopeID `json:"parent" doc:"The new scope above."`
	Scope  ScopeID `json:"scope" doc:"The scope."`
}

// ScopeDeleted ends a scope. Roles and memberships on it, and the scopes below
// it, end in the same commit.
type ScopeDeleted struct {
	Cause Cause   `json:"cause,omitempty" doc:"What it follows from; empty for a decision."`
	Scope ScopeID `json:"scope" doc:"The scope."`
}

// Concern implements [Event].
func (e ScopeCreated) Concern() Concern { return Concern{Scope: e.Scope, Cause: e.Cause} }

// Concern implements [Event].
func (e ScopeRenamed) Concern() Concern { return Concern{Scope: e.Scope, Cause: e.Cause} }

// Concern implements [Event].
func (e ScopeMoved) Concern() Concern { return Concern{Scope: e.Scope, Cause: e.Cause} }

// Concern implements [Event].
func (e ScopeDeleted) Concern() Concern { return Concern{Scope: e.Scope, Cause: e.Cause} }
