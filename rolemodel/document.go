package rolemodel

// document is a role model's file. Its json names are the keys in YAML too; a
// key without omitempty is required, and its list must not be empty. The
// jsonschema tags are shown by editors, the most tags bound lists.
//
// Old documents are kept in the ledger in canonical form: add optional keys,
// rename or remove none, and keep the order of the fields.
type document struct {
	Model       modelID           `json:"model" jsonschema:"The model's id, the same as the file's name without .yaml."`
	Title       line              `json:"title" jsonschema:"What people call it."`
	About       prose             `json:"about" jsonschema:"One paragraph in plain words."`
	Root        kindName          `json:"root" jsonschema:"The kind of the root scope, the organization itself."`
	Highest     roleID            `json:"highest" jsonschema:"The role of the root kind that always has an active holder (X01)."`
	Scopes      []scopeEntry      `json:"scopes" most:"64" jsonschema:"The kinds of scope and how they nest."`
	Permissions []permissionEntry `json:"permissions" most:"4096" jsonschema:"What can be allowed."`
	Roles       []roleEntry       `json:"roles" most:"1024" jsonschema:"What people hold."`
}

// scopeEntry declares a kind of scope.
type scopeEntry struct {
	Kind       kindName   `json:"kind" jsonschema:"The kind's id."`
	Title      line       `json:"title" jsonschema:"What people call it."`
	Under      []kindName `json:"under,omitempty" jsonschema:"The kinds directly below which it may stand. None for the root."`
	Membership bool       `json:"membership,omitempty" jsonschema:"People are members of scopes of this kind."`
	Leave      bool       `json:"leave,omitempty" jsonschema:"Members may end their own membership."`
}

// permissionEntry declares a permission.
type permissionEntry struct {
	ID      permissionID `json:"id" jsonschema:"KIND.SEGMENT, more segments as needed. The kind is that of the scopes to which it applies."`
	Title   line         `json:"title" jsonschema:"What it allows, in plain words."`
	Section line         `json:"section" jsonschema:"The heading under which people find it."`
	Allows  []Act        `json:"allows,omitempty" jsonschema:"What the engine lets its holders do on a scope of its kind."`
}

// roleEntry declares a role.
type roleEntry struct {
	ID          roleID         `json:"id" jsonschema:"KIND.NAME. The kind is that of the scopes on which it is held."`
	Title       line           `json:"title" jsonschema:"What people call it."`
	Rule        ruleID         `json:"rule,omitempty" jsonschema:"The numbered rule that it fulfils; refusals cite it."`
	Membership  kindName       `json:"membership,omitempty" jsonschema:"Holders need a running membership of the scope of this kind, at or above. Without it, non-members may hold the role."`
	AtLeast     count          `json:"at_least,omitempty" jsonschema:"How many active holders a scope needs."`
	AtMost      count          `json:"at_most,omitempty" jsonschema:"How many holders a scope can have."`
	GrantedBy   []grantorID    `json:"granted_by,omitempty" jsonschema:"Roles and permissions, held on the same scope or above, that may grant and revoke it."`
	Replaces    []roleID       `json:"replaces,omitempty" jsonschema:"Granting it ends these roles of the same person on the same scope."`
	Default     bool           `json:"default,omitempty" jsonschema:"Given to every member of the scope who holds none of the roles that replace it."`
	Permissions []permissionID `json:"permissions,omitempty" jsonschema:"What it gives on the scope where it is held."`
	Inherited   []permissionID `json:"inherited,omitempty" jsonschema:"What it gives on every scope below the one where it is held."`
}

// The kinds of value in a document. What each must look like stands in
// [shapes]; the acts in [acts].
type (
	modelID      string
	kindName     string
	roleID       string
	permissionID string
	grantorID    string // a role or a permission
	ruleID       string
	line         string
	prose        string
	count        int
)
