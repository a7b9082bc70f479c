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
	Features    []featureEntry    `json:"features,omitempty" most:"256" jsonschema:"What an organization can switch on and off. Everything is off at first."`
	Permissions []permissionEntry `json:"permissions" most:"4096" jsonschema:"What can be allowed."`
	Roles       []roleEntry       `json:"roles" most:"1024" jsonschema:"What people hold."`

	Designations []designationEntry `json:"designations,omitempty" most:"256" jsonschema:"Marks, each on at most one holder of some roles."`
	Audiences    []audienceEntry    `json:"audiences,omitempty" most:"256" jsonschema:"Who can be sent messages."`
	Messages     []messageEntry     `json:"messages,omitempty" most:"256" jsonschema:"Which messages the engine sends, and to whom. A kind that is not listed is not sent."`
	Contact      audienceID         `json:"contact,omitempty" jsonschema:"The audience, of roles of the root kind, that is named in refusals for missing permission."`
	Resolvers    []resolverEntry    `json:"resolvers,omitempty" most:"256" jsonschema:"Questions for who is responsible, answered by the nearest scope that says so."`
	Facts        []factEntry        `json:"facts,omitempty" most:"1024" jsonschema:"What holders of a permission may put on record. Recording does nothing else."`
}

// scopeEntry declares a kind of scope.
type scopeEntry struct {
	Kind       kindName   `json:"kind" jsonschema:"The kind's id."`
	Title      line       `json:"title" jsonschema:"What people call it."`
	Under      []kindName `json:"under,omitempty" jsonschema:"The kinds directly below which it may stand. None for the root."`
	Membership bool       `json:"membership,omitempty" jsonschema:"People are members of scopes of this kind."`
	Leave      bool       `json:"leave,omitempty" jsonschema:"Members may end their own membership."`
}

// featureEntry declares a feature.
type featureEntry struct {
	ID    featureID `json:"id" jsonschema:"The feature's id."`
	Title line      `json:"title" jsonschema:"What people call it."`
}

// permissionEntry declares a permission.
type permissionEntry struct {
	ID      permissionID `json:"id" jsonschema:"KIND.SEGMENT, more segments as needed. The kind is that of the scopes to which it applies."`
	Title   line         `json:"title" jsonschema:"What it allows, in plain words."`
	Section line         `json:"section" jsonschema:"The heading under which people find it."`
	Feature featureID    `json:"feature,omitempty" jsonschema:"While this feature is off, nobody has the permission."`
	Allows  []Act        `json:"allows,omitempty" jsonschema:"What the engine lets its holders do on a scope of its kind."`
}

// roleEntry declares a role.
type roleEntry struct {
	ID          roleID         `json:"id" jsonschema:"KIND.NAME. The kind is that of the scopes on which it is held."`
	Title       line           `json:"title" jsonschema:"What people call it."`
	Rule        ruleID         `json:"rule,omitempty" jsonschema:"The numbered rule that it fulfils; refusals cite it."`
	Feature     featureID      `json:"feature,omitempty" jsonschema:"While this feature is off, the role cannot be granted and gives nothing."`
	Membership  kindName       `json:"membership,omitempty" jsonschema:"Holders need a running membership of the scope of this kind, at or above. Without it, non-members may hold the role."`
	AtLeast     count          `json:"at_least,omitempty" jsonschema:"How many active holders a scope needs."`
	AtMost      count          `json:"at_most,omitempty" jsonschema:"How many holders a scope can have."`
	GrantedBy   []grantorID    `json:"granted_by,omitempty" jsonschema:"Roles and permissions, held on the same scope or above, that may grant and revoke it."`
	Transferred []roleID       `json:"transferred_by,omitempty" jsonschema:"Roles, held on the same scope or above, that may transfer it from its one holder to another person. It passes in no other way, so it needs no granted_by."`
	Former      roleID         `json:"former,omitempty" jsonschema:"What the former holder gets at a transfer that does not say otherwise."`
	Automatic   beneficiary    `json:"automatic,omitempty" jsonschema:"background: the background user, and nobody else, holds it; on every new scope from the start."`
	Replaces    []roleID       `json:"replaces,omitempty" jsonschema:"Granting it ends these roles of the same person on the same scope."`
	Default     bool           `json:"default,omitempty" jsonschema:"Given to every member of the scope who holds none of the roles that replace it."`
	Permissions []permissionID `json:"permissions,omitempty" jsonschema:"What it gives on the scope where it is held."`
	Inherited   []permissionID `json:"inherited,omitempty" jsonschema:"What it gives on every scope below the one where it is held."`
}

// designationEntry declares a designation.
type designationEntry struct {
	ID    designationID `json:"id" jsonschema:"KIND.NAME. The kind is that of the scopes on which it is set."`
	Title line          `json:"title" jsonschema:"What people call it."`
	Rule  ruleID        `json:"rule,omitempty" jsonschema:"The numbered rule that it fulfils; refusals cite it."`
	Among []roleID      `json:"among" jsonschema:"Roles of the same kind. The one who is marked holds one of them."`
	While []quorumEntry `json:"while,omitempty" jsonschema:"It can be set, and stays, only while all of these hold."`
	SetBy []grantorID   `json:"set_by" jsonschema:"Roles and permissions, held on the same scope or above, that may set and clear it."`
}

// quorumEntry bounds the holders of a role from below.
type quorumEntry struct {
	Role    roleID `json:"role" jsonschema:"A role of the same kind."`
	AtLeast count  `json:"at_least" jsonschema:"How many active holders it has at least."`
}

// audienceEntry declares an audience.
type audienceEntry struct {
	ID          audienceID    `json:"id" jsonschema:"The audience's id."`
	Title       line          `json:"title" jsonschema:"Who they are, in plain words."`
	Rule        ruleID        `json:"rule,omitempty" jsonschema:"The numbered rule that it fulfils; messages cite it."`
	Designation designationID `json:"designation,omitempty" jsonschema:"While it is set, the one who is marked gets the messages alone."`
	Roles       []roleID      `json:"roles" jsonschema:"Roles of one kind, whose holders get the messages otherwise."`
	Otherwise   audienceID    `json:"otherwise,omitempty" jsonschema:"Who gets them where nobody is left."`
}

// messageEntry says who is sent messages of one kind.
type messageEntry struct {
	ID       Message    `json:"id" jsonschema:"The kind of message."`
	Title    line       `json:"title" jsonschema:"What it tells, in plain words."`
	Audience audienceID `json:"audience,omitempty" jsonschema:"Who is sent it."`
	Subject  bool       `json:"subject,omitempty" jsonschema:"The person concerned is sent it, whatever the audience."`
	On       []kindName `json:"on,omitempty" jsonschema:"The audience is sent only what happens on scopes of these kinds. Absent for all kinds."`
}

// resolverEntry declares a resolver.
type resolverEntry struct {
	ID    resolverID `json:"id" jsonschema:"The resolver's id."`
	Title line       `json:"title" jsonschema:"What it finds, in plain words."`
	Rule  ruleID     `json:"rule,omitempty" jsonschema:"The numbered rule that it fulfils."`
	Roles []roleID   `json:"roles" jsonschema:"Roles of different kinds. The nearest scope, at or above, where one of them has holders gives the answer: these holders."`
}

// factEntry declares a fact.
type factEntry struct {
	ID         factID       `json:"id" jsonschema:"KIND.NAME. The kind is that of the scopes on which it is recorded."`
	Title      line         `json:"title" jsonschema:"What has happened, in plain words."`
	Rule       ruleID       `json:"rule,omitempty" jsonschema:"The numbered rule that it fulfils; refusals cite it."`
	Permission permissionID `json:"permission" jsonschema:"Who has this on the scope may record it there."`
}

// The kinds of value in a document. What each must look like stands in
// [shapes]; the acts in [acts], the messages in [messages].
type (
	modelID       string
	kindName      string
	featureID     string
	roleID        string
	permissionID  string
	grantorID     string // a role or a permission
	designationID string
	audienceID    string
	resolverID    string
	factID        string
	beneficiary   string // of a role that is given automatically
	ruleID        string
	line          string
	prose         string
	count         int
)
