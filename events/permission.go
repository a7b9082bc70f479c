package events

// PermissionAdded gives a permission to a custom role or to a group, and so to
// all who hold the one or are members of the other.
type PermissionAdded struct {
	Cause      Cause        `json:"cause,omitempty" doc:"What it follows from; empty for a decision."`
	Permission PermissionID `json:"permission" doc:"The permission."`
	Role       RoleID       `json:"role,omitempty" doc:"The custom role; absent for a group."`
	Scope      ScopeID      `json:"scope" doc:"The group; for a custom role, the organization."`
}

// PermissionRemoved takes a permission from a custom role or from a group.
type PermissionRemoved struct {
	Permission PermissionID `json:"permission" doc:"The permission."`
	Role       RoleID       `json:"role,omitempty" doc:"The custom role; absent for a group."`
	Scope      ScopeID      `json:"scope" doc:"The group; for a custom role, the organization."`
}

// PermissionWithheld takes a permission from a role of the model, and so from
// all who hold it.
type PermissionWithheld struct {
	Kind       string       `json:"kind" doc:"The kind of scope on which the role is held."`
	Permission PermissionID `json:"permission" doc:"The permission."`
	Role       RoleID       `json:"role" doc:"The role, among those of the kind."`
	Value      string       `json:"value,omitempty" doc:"On scopes with this value of the attribute alone; absent for all."`
}

// PermissionRestored gives back to a role of the model what was withheld.
type PermissionRestored struct {
	Kind       string       `json:"kind" doc:"The kind of scope on which the role is held."`
	Permission PermissionID `json:"permission" doc:"The permission."`
	Role       RoleID       `json:"role" doc:"The role, among those of the kind."`
	Value      string       `json:"value,omitempty" doc:"On scopes with this value of the attribute alone; absent for all."`
}

// Concern implements [Event].
func (e PermissionAdded) Concern() Concern {
	return Concern{Scope: e.Scope, Role: e.Role, Cause: e.Cause, Item: string(e.Permission)}
}

// Concern implements [Event].
func (e PermissionRemoved) Concern() Concern {
	return Concern{Scope: e.Scope, Role: e.Role, Item: string(e.Permission)}
}

// Concern implements [Event].
func (e PermissionWithheld) Concern() Concern {
	return Concern{Role: e.Role, Item: string(e.Permission)}
}

// Concern implements [Event].
func (e PermissionRestored) Concern() Concern {
	return Concern{Role: e.Role, Item: string(e.Permission)}
}
