package rolemodel

import (
	"bytes"
	"slices"
)

// Model is a role model in force: who may do what. It and all that it points
// to must not be modified.
type Model struct {
	// ID is what organizations name it by, for instance "github".
	ID string
	// Title and About are for people.
	Title, About string
	// Root is the kind of the root scope, the organization itself.
	Root string
	// Highest is the role of the root kind that always has at least one active
	// holder (X01). Its holders can grant it, or its one holder transfer it.
	Highest *Role
	// Kinds and all lists below stand in the order of the document.
	Kinds        []*Kind
	Features     []*Feature
	Permissions  []*Permission
	Roles        []*Role
	Designations []*Designation
	Audiences    []*Audience
	Messages     []*Recipients
	Resolvers    []*Resolver
	Facts        []*Fact
	Conditions   []*Condition
	Editions     []*Edition
	Sections     []*Section
	// Templates are what custom roles are made from.
	Templates []*Template
	Posture   Posture
	// Groups says that some kind carries permissions, Ceilings that some role has
	// a ceiling: without them, permission questions need not look.
	Groups, Ceilings bool
	// Carried are the permissions that groups of some kind can give.
	Carried Set
	// Contact is who is named in refusals for missing permission, of roles on
	// the root. It is nil where the model names none.
	Contact *Audience

	kinds        map[string]*Kind
	features     map[string]*Feature
	permissions  map[string]*Permission
	roles        map[nameKey]*Role
	designations map[nameKey]*Designation
	audiences    map[string]*Audience
	messages     map[Message]*Recipients
	resolvers    map[string]*Resolver
	facts        map[nameKey]*Fact
	conditions   map[string]*Condition
	allowing     map[actKey]Set
	canonical    []byte
	digest       [32]byte
}

type (
	nameKey struct{ kind, name string }
	actKey  struct {
		kind string
		act  Act
	}
)

// Kind is a kind of scope.
type Kind struct {
	Name, Title string
	// Under are the kinds directly below which it may stand; none for the root.
	Under []*Kind
	// Membership says that people are members of scopes of this kind, Leave
	// that they may end their own membership.
	Membership, Leave bool
	// MemberKinds are the kinds of membership, the usual one first; empty where
	// all members are alike. Joins are those whose members become members of the
	// root with it.
	MemberKinds []*MemberKind
	Joins       []string
	// Attributes are marks on such a scope.
	Attributes []*Attribute
	// Carries are the permissions that can be given to members of such a scope,
	// which they then have on the scope directly above it and on all below that.
	// CarriesIf are those of them that they have only where a condition is met.
	Carries   Set
	CarriesIf []Dependent
	// Default is the role of every member of such a scope who holds none of
	// the roles that replace it. It is nil where there is none.
	Default *Role
	// Automatic are the roles that the background user is given on every new
	// scope of this kind, the root at its founding included.
	Automatic []*Role
	// Creator are the roles that whoever creates such a scope is given there.
	Creator []*Role
	// Designations are those that are set on scopes of this kind.
	Designations []*Designation
}

// Permission is a verb on scopes of one kind.
type Permission struct {
	// Index is its place in [Model.Permissions] and in every [Set].
	Index int
	// ID starts with the kind and a dot.
	ID, Kind string
	// Title says in plain words what it allows, Section where to find it.
	Title, Section string
	// Allows are the acts of the engine that it authorizes on a scope of its
	// kind. It may have none: other services ask for it.
	Allows []Act
	// Feature is what must be on for anybody to have it, or nil.
	Feature *Feature
	// Rule is the numbered rule that it fulfils, or empty.
	Rule string
}

// Role is what a person holds on a scope of its kind.
type Role struct {
	// Index is its place in [Model.Roles].
	Index int
	// Kind and Name together are its id.
	Kind, Name string
	Title      string
	// Rule is the numbered rule that it fulfils, or empty.
	Rule string
	// Membership is the kind of scope of which its holder needs a running
	// membership: the nearest one, from the scope where the role is held
	// upwards, and there always is one. Empty where non-members may hold it.
	Membership string
	// AtLeast bounds the active holders on one scope from below; AtMost all
	// holders from above, 0 being no bound.
	AtLeast, AtMost int
	// Terms are what it gives unless the organization says otherwise, for a
	// custom role nothing.
	Terms
	// GrantedBy are the roles whose holders, on the same scope or above, may
	// grant and revoke it. A role that is transferred has none.
	GrantedBy []*Role
	// GrantedWith are the permissions that, on the same scope or on one above
	// of the permission's kind, allow to grant and revoke it.
	GrantedWith Set
	// GrantedIf are further roles and permissions that allow to grant and revoke
	// it where a condition is met.
	GrantedIf []Authority
	// TransferredBy are the roles whose holders, on the same scope or above, may
	// transfer it from its one holder to another person. It passes in no other
	// way, and AtLeast and AtMost are 1. Empty where it is granted, or where
	// permissions alone allow the transfer.
	TransferredBy []*Role
	// TransferredWith and TransferredIf are to TransferredBy what GrantedWith and
	// GrantedIf are to GrantedBy.
	TransferredWith Set
	TransferredIf   []Authority
	// Former is the role, of the same kind, that the former holder gets at a
	// transfer that does not say otherwise; or nil.
	Former *Role
	// Replaces are the roles of the same kind that a person loses on a scope
	// when granted this one there.
	Replaces []*Role
	// Default says that it is its kind's [Kind.Default].
	Default bool
	// Automatic says that it is among its kind's [Kind.Automatic]. The
	// background user alone can hold it; it may be revoked on a scope, and
	// granted again.
	Automatic bool
	// Creator says that it is among its kind's [Kind.Creator].
	Creator bool
	// Client says that API clients alone can hold it; else persons alone can.
	Client bool
	// Feature is what must be on for the role to be granted, or to give
	// anything; or nil.
	Feature *Feature
	// MemberKinds are the kinds of member that can hold it; empty for all.
	MemberKinds []string
	// Ceiling is the most that its holder has by anything else; nil for no bound.
	Ceiling *Ceiling
	// Adjustable says that permissions can be withheld from it at run time,
	// AdjustablePer for which values of an attribute apart; nil for all at once.
	Adjustable    bool
	AdjustablePer *Attribute
	// Template is what a custom role was made from; nil for the model's own.
	Template *Template
}

// Kind finds a kind of scope. The second result says whether there is one.
func (m *Model) Kind(name string) (*Kind, bool) {
	k, known := m.kinds[name]
	return k, known
}

// Role finds a role by kind and name. The second result says whether there is
// one.
func (m *Model) Role(kind, name string) (*Role, bool) {
	r, known := m.roles[nameKey{kind, name}]
	return r, known
}

// Permission finds a permission by id. The second result says whether there is
// one.
func (m *Model) Permission(id string) (*Permission, bool) {
	p, known := m.permissions[id]
	return p, known
}

// Feature finds a feature by id. The second result says whether there is one.
func (m *Model) Feature(id string) (*Feature, bool) {
	f, known := m.features[id]
	return f, known
}

// Designation finds a designation by kind and name. The second result says
// whether there is one.
func (m *Model) Designation(kind, name string) (*Designation, bool) {
	d, known := m.designations[nameKey{kind, name}]
	return d, known
}

// Audience finds an audience by id. The second result says whether there is
// one.
func (m *Model) Audience(id string) (*Audience, bool) {
	a, known := m.audiences[id]
	return a, known
}

// Message finds those who are sent messages of the kind. The second result says
// whether any are sent.
func (m *Model) Message(message Message) (*Recipients, bool) {
	r, sent := m.messages[message]
	return r, sent
}

// Condition finds a condition by id. The second result says whether there is
// one.
func (m *Model) Condition(id string) (*Condition, bool) {
	c, known := m.conditions[id]
	return c, known
}

// Resolver finds a resolver by id. The second result says whether there is one.
func (m *Model) Resolver(id string) (*Resolver, bool) {
	r, known := m.resolvers[id]
	return r, known
}

// Fact finds a fact by kind and name. The second result says whether there is
// one.
func (m *Model) Fact(kind, name string) (*Fact, bool) {
	f, known := m.facts[nameKey{kind, name}]
	return f, known
}

// Allowing is the set of permissions on the kind that authorize the act: who
// has one of them on a scope of that kind, its feature being on, may do it
// there. It is empty where nobody may.
func (m *Model) Allowing(kind string, act Act) Set { return m.allowing[actKey{kind, act}] }

// Canonical is the document as JSON, in one line with a fixed order of keys. It
// stays the same when comments and layout change. [Parse] reads it back to an
// equal model.
func (m *Model) Canonical() []byte { return bytes.Clone(m.canonical) }

// Digest is the SHA-256 of [Model.Canonical].
func (m *Model) Digest() [32]byte { return m.digest }

// MayStandUnder says whether a scope of this kind may stand directly below one
// of the kind given.
func (k *Kind) MayStandUnder(parent *Kind) bool {
	return slices.Contains(k.Under, parent)
}

// Passes says whether the role passes by transfer, and so is neither granted nor
// revoked.
func (r *Role) Passes() bool {
	return len(r.TransferredBy) > 0 || len(r.TransferredIf) > 0 || !r.TransferredWith.Empty()
}

// ID is KIND.NAME, for instance "team.maintainer".
func (r *Role) ID() string { return r.Kind + "." + r.Name }
