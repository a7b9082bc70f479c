package events

// RoleDefined makes a custom role, from a template of the role model. What it
// gives is said by [PermissionAdded].
type RoleDefined struct {
	Icon     string  `json:"icon,omitempty" doc:"The name of a picture for it."`
	Role     RoleID  `json:"role" doc:"The new role, among those of the template's kind. Public; it must not name a person."`
	Scope    ScopeID `json:"scope" doc:"The organization."`
	Template string  `json:"template" doc:"The template in the role model, KIND.NAME."`
	Title    Sealed  `json:"title,omitempty" doc:"What it is called, sealed under the root scope's key."`
}

// RoleRenamed says anew what a custom role is called, and its picture.
type RoleRenamed struct {
	Icon  string  `json:"icon,omitempty" doc:"The name of a picture for it."`
	Role  RoleID  `json:"role" doc:"The custom role."`
	Scope ScopeID `json:"scope" doc:"The organization."`
	Title Sealed  `json:"title,omitempty" doc:"What it is called, sealed under the root scope's key."`
}

// RoleDeleted ends a custom role. Those who hold it lose it in the same commit.
type RoleDeleted struct {
	Cause Cause   `json:"cause,omitempty" doc:"What it follows from; empty for a decision."`
	Role  RoleID  `json:"role" doc:"The custom role."`
	Scope ScopeID `json:"scope" doc:"The organization."`
}

// Concern implements [Event].
func (e RoleDefined) Concern() Concern { return Concern{Scope: e.Scope, Role: e.Role} }

// Concern implements [Event].
func (e RoleRenamed) Concern() Concern { return Concern{Scope: e.Scope, Role: e.Role} }

// Concern implements [Event].
func (e RoleDeleted) Concern() Concern { return Concern{Scope: e.Scope, Role: e.Role, Cause: e.Cause} }
