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

	Conditions  []conditionEntry  `json:"conditions,omitempty" most:"64" jsonschema:"What permissions and authority can depend on, by the suffix: if CONDITION."`
	Editions    []editionEntry    `json:"editions,omitempty" most:"64" jsonschema:"What an organization can have bought. The first is in force unless another is said."`
	Sections    []sectionEntry    `json:"sections,omitempty" most:"256" jsonschema:"Sections of permissions that some roles alone hold."`
	CustomRoles []customRoleEntry `json:"custom_roles,omitempty" most:"64" jsonschema:"Templates of roles that an organization defines itself, at run time."`
	Posture     postureEntry      `json:"posture,omitempty,omitzero" jsonschema:"How the posture report judges the holders of the highest role."`
}

// scopeEntry declares a kind of scope.
type scopeEntry struct {
	Kind       kindName   `json:"kind" jsonschema:"The kind's id."`
	Title      line       `json:"title" jsonschema:"What people call it."`
	Under      []kindName `json:"under,omitempty" jsonschema:"The kinds directly below which it may stand. None for the root."`
	Membership bool       `json:"membership,omitempty" jsonschema:"People are members of scopes of this kind."`
	Leave      bool       `json:"leave,omitempty" jsonschema:"Members may end their own membership."`

	MemberKinds []memberKindEntry `json:"member_kinds,omitempty" most:"16" jsonschema:"Each membership is of one of these kinds, the first if no other is said."`
	Joins       []memberKindID    `json:"joins,omitempty" jsonschema:"Members of these kinds become members of the root with it, of the kind of the same id. Without member kinds: member."`
	Attributes  []attributeEntry  `json:"attributes,omitempty" most:"16" jsonschema:"Marks on a scope of this kind that conditions look at."`
	Carries     []permissionRef   `json:"carries,omitempty" most:"4096" jsonschema:"Scopes of this kind are groups. These permissions can be given to a group; its members then have them on the scope directly above it and on all below that."`
}

// memberKindEntry declares a kind of member.
type memberKindEntry struct {
	ID    memberKindID   `json:"id" jsonschema:"The kind's id."`
	Title line           `json:"title" jsonschema:"What people call such a member."`
	Needs []memberKindID `json:"needs,omitempty" jsonschema:"Whoever is such a member and a member of the root is of one of these kinds there."`
	Rule  ruleID         `json:"rule,omitempty" jsonschema:"The numbered rule that it fulfils; refusals cite it."`
}

// attributeEntry declares an attribute of scopes of one kind.
type attributeEntry struct {
	ID     attributeID      `json:"id" jsonschema:"The attribute's id."`
	Title  line             `json:"title" jsonschema:"What it says about a scope."`
	Values []attributeValue `json:"values" most:"64" jsonschema:"What it can be; the first unless another is said."`
	Fixed  bool             `json:"fixed,omitempty" jsonschema:"It is said when the scope is created, and never changed."`
}

// featureEntry declares a feature.
type featureEntry struct {
	ID    featureID `json:"id" jsonschema:"The feature's id."`
	Title line      `json:"title" jsonschema:"What people call it."`
	Rule  ruleID    `json:"rule,omitempty" jsonschema:"The numbered rule that it fulfils; refusals of what waits for it cite it."`
}

// permissionEntry declares a permission.
type permissionEntry struct {
	ID      permissionID `json:"id" jsonschema:"KIND.SEGMENT, more segments as needed. The kind is that of the scopes to which it applies."`
	Title   line         `json:"title" jsonschema:"What it allows, in plain words."`
	Section line         `json:"section" jsonschema:"The heading under which people find it."`
	Feature featureID    `json:"feature,omitempty" jsonschema:"While this feature is off, nobody has the permission."`
	Allows  []Act        `json:"allows,omitempty" jsonschema:"What the engine lets its holders do on a scope of its kind."`
	Rule    ruleID       `json:"rule,omitempty" jsonschema:"The numbered rule that it fulfils; refusals cite it."`
}

// roleEntry declares a role.
type roleEntry struct {
	ID          roleID          `json:"id" jsonschema:"KIND.NAME. The kind is that of the scopes on which it is held."`
	Title       line            `json:"title" jsonschema:"What people call it."`
	Rule        ruleID          `json:"rule,omitempty" jsonschema:"The numbered rule that it fulfils; refusals cite it."`
	Feature     featureID       `json:"feature,omitempty" jsonschema:"While this feature is off, the role cannot be granted and gives nothing."`
	Membership  kindName        `json:"membership,omitempty" jsonschema:"Holders need a running membership of the scope of this kind, at or above. Without it, non-members may hold the role."`
	AtLeast     count           `json:"at_least,omitempty" jsonschema:"How many active holders a scope needs."`
	AtMost      count           `json:"at_most,omitempty" jsonschema:"How many holders a scope can have."`
	GrantedBy   []grantorID     `json:"granted_by,omitempty" jsonschema:"Roles and permissions, held on the same scope or above, that may grant and revoke it."`
	Transferred []grantorID     `json:"transferred_by,omitempty" jsonschema:"Roles and permissions, held on the same scope or above, that may transfer it from its one holder to another person. It passes in no other way, so it needs no granted_by."`
	Former      roleID          `json:"former,omitempty" jsonschema:"What the former holder gets at a transfer that does not say otherwise."`
	Automatic   beneficiary     `json:"automatic,omitempty" jsonschema:"background: the background user, and nobody else, holds it; on every new scope from the start. creator: whoever creates a scope holds it there from the start, as a member where it needs that."`
	Replaces    []roleID        `json:"replaces,omitempty" jsonschema:"Granting it ends these roles of the same person on the same scope."`
	Default     bool            `json:"default,omitempty" jsonschema:"Given to every member of the scope who holds none of the roles that replace it."`
	Permissions []permissionRef `json:"permissions,omitempty" jsonschema:"What it gives on the scope where it is held."`
	Inherited   []permissionRef `json:"inherited,omitempty" jsonschema:"What it gives on every scope below the one where it is held."`

	MemberKinds   []memberKindID  `json:"member_kinds,omitempty" jsonschema:"Every membership of its holder, from the one that it needs up to the root, is of one of these kinds."`
	Holder        holderID        `json:"holder,omitempty" jsonschema:"client: API clients alone can hold it. Otherwise persons alone can."`
	Ceiling       []permissionRef `json:"ceiling,omitempty" jsonschema:"While it is held, nothing else that the person holds gives more than this, or than it gives itself, on its scope and below; and no authority over roles."`
	Adjustable    bool            `json:"adjustable,omitempty" jsonschema:"Permissions can be withheld from it at run time."`
	AdjustablePer attributeID     `json:"adjustable_per,omitempty" jsonschema:"They are withheld apart for each value of this attribute of its kind."`
	CeilingRule   ruleID          `json:"ceiling_rule,omitempty" jsonschema:"The numbered rule that the ceiling fulfils, if another than the role; refusals cite it."`
}

// customRoleEntry declares a template of roles that are defined at run time.
type customRoleEntry struct {
	ID          roleID          `json:"id" jsonschema:"KIND.NAME. The kind is that of the scopes on which such roles are held, the name says which template it is."`
	Title       line            `json:"title" jsonschema:"What people call roles made from it."`
	Rule        ruleID          `json:"rule,omitempty" jsonschema:"The numbered rule that it fulfils; refusals cite it."`
	Membership  kindName        `json:"membership,omitempty" jsonschema:"Holders need a running membership of the scope of this kind, at or above. Without it, non-members may hold such roles."`
	MemberKinds []memberKindID  `json:"member_kinds,omitempty" jsonschema:"Every membership of its holder, from the one that it needs up to the root, is of one of these kinds."`
	GrantedBy   []grantorID     `json:"granted_by" jsonschema:"Roles and permissions, held on the same scope or above, that may grant and revoke such roles."`
	Permissions []permissionRef `json:"permissions,omitempty" most:"4096" jsonschema:"What can be chosen for such a role. Absent for all that applies to its kind or to kinds below, but for exclusive sections."`
	Initial     []permissionID  `json:"initial,omitempty" most:"4096" jsonschema:"What a new one has from the start. It can be removed."`
	Confirm     confirmation    `json:"confirm,omitempty" jsonschema:"The word that its deletion takes."`
	ConfirmRule ruleID          `json:"confirm_rule,omitempty" jsonschema:"The numbered rule that the word fulfils, if another than the template; refusals cite it."`
	Guarded     []permissionRef `json:"guarded,omitempty" most:"4096" jsonschema:"In place of permissions: of all that applies, these are given only where their condition is met."`
	Feature     featureID       `json:"feature,omitempty" jsonschema:"While this feature is off, such roles cannot be granted and give nothing."`
}

// conditionEntry declares a condition.
type conditionEntry struct {
	ID    conditionID `json:"id" jsonschema:"The condition's id."`
	Title line        `json:"title" jsonschema:"It completes the sentence: only …"`
	Rule  ruleID      `json:"rule,omitempty" jsonschema:"The numbered rule that it fulfils; answers cite it."`
	When  expression  `json:"when" jsonschema:"A CEL expression over target, person, holder and edition that is true or false."`
}

// editionEntry declares an edition.
type editionEntry struct {
	ID       editionID   `json:"id" jsonschema:"The edition's id."`
	Title    line        `json:"title" jsonschema:"What people call it."`
	Rule     ruleID      `json:"rule,omitempty" jsonschema:"The numbered rule that it fulfils; refusals cite it."`
	Features []featureID `json:"features,omitempty" jsonschema:"Features that are on in this edition. A feature that any edition lists is off in those that do not, and is not switched by hand."`
}

// sectionEntry reserves a section of permissions.
type sectionEntry struct {
	Title     line     `json:"title" jsonschema:"The section, as its permissions name it."`
	Exclusive []roleID `json:"exclusive" jsonschema:"The roles that alone hold its permissions."`
	Rule      ruleID   `json:"rule,omitempty" jsonschema:"The numbered rule that it fulfils."`
}

// postureEntry says how the posture report judges.
type postureEntry struct {
	Rule        ruleID     `json:"rule,omitempty" jsonschema:"The numbered rule that it fulfils."`
	Roles       []roleID   `json:"roles,omitempty" jsonschema:"The roles of the root whose holders are counted. Absent for the highest alone."`
	Units       []kindName `json:"units,omitempty" jsonschema:"The kinds of scope by whose number the holders of the highest role are judged. Absent for the kinds directly below the root."`
	DormantDays count      `json:"dormant_days,omitempty" jsonschema:"After how many days without an act a holder of the highest role is named. 90 if absent."`
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
	modelID        string
	kindName       string
	featureID      string
	roleID         string
	permissionID   string
	grantorID      string // a role or a permission, perhaps with a condition
	permissionRef  string // a permission, perhaps with a condition
	designationID  string
	audienceID     string
	resolverID     string
	factID         string
	conditionID    string
	editionID      string
	attributeID    string
	memberKindID   string
	beneficiary    string // of a role that is given automatically
	holderID       string // which principals hold a role
	attributeValue string
	confirmation   string
	expression     string
	ruleID         string
	line           string
	prose          string
	count          int
)
