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

// AttributeSet says what an attribute of a scope is from now on.
type AttributeSet struct {
	Attribute AttributeID `json:"attribute" doc:"The attribute, among those of the scope's kind."`
	Cause     Cause       `json:"cause,omitempty" doc:"What it follows from; empty for a decision."`
	Scope     ScopeID     `json:"scope" doc:"The scope."`
	Value     string      `json:"value" doc:"One of the attribute's values."`
}

// ScopeArchived freezes a scope and all below it: nothing new happens there
// until it is restored.
type ScopeArchived struct {
	Scope ScopeID `json:"scope" doc:"The scope."`
}

// ScopeRestored takes a scope out of the archive.
type ScopeRestored struct {
	Scope ScopeID `json:"scope" doc:"The scope."`
}

// ScopeMerged puts a scope into another one of the same kind. Memberships, roles
// and the scopes below pass over in the same commit, and the scope ends.
type ScopeMerged struct {
	Into  ScopeID `json:"into" doc:"The scope that remains."`
	Scope ScopeID `json:"scope" doc:"The scope that ends."`
}

// AddressesRouted says which invitations are rerouted to a scope: those to
// addresses of these domains are answered there.
type AddressesRouted struct {
	Domains []string `json:"domains,omitempty" doc:"Domains of mail addresses, in lower case, in order; absent for none any more. Public; they must not name a person."`
	Scope   ScopeID  `json:"scope" doc:"The scope."`
}

// Concern implements [Event].
func (e AttributeSet) Concern() Concern {
	return Concern{Scope: e.Scope, Cause: e.Cause, Item: string(e.Attribute)}
}

// Concern implements [Event].
func (e ScopeArchived) Concern() Concern { return Concern{Scope: e.Scope} }

// Concern implements [Event].
func (e ScopeRestored) Concern() Concern { return Concern{Scope: e.Scope} }

// Concern implements [Event].
func (e ScopeMerged) Concern() Concern { return Concern{Scope: e.Scope, Item: string(e.Into)} }

// Concern implements [Event].
func (e AddressesRouted) Concern() Concern { return Concern{Scope: e.Scope} }
