package aggregate

import (
	"slices"
	"strings"
	"time"

	"github.com/benbjohnson/immutable"

	"tenure/events"
	"tenure/rolemodel"
)

// State is one organization after one of its commits. The zero State is the
// organization before it is founded. States share structure; copying one is
// cheap, and none is ever changed.
type State struct {
	// Org is empty before founding.
	Org events.OrgID
	// Root is the root scope.
	Root events.ScopeID
	// Model is the role model in force, Adopted by which commit it came to be that.
	Model   *rolemodel.Model
	Adopted Stamp
	// Number and Revision are those of the last commit folded.
	Number   uint64
	Revision events.Revision
	// Effective is the effective time of the last commit folded.
	Effective time.Time

	// clock is the time at which the state is asked; see [State.At].
	clock time.Time
	// uninvited says that invitations do not count; see [State.invited].
	uninvited bool
	// supposed is a feature that is taken to be on; nil for none.
	supposed *rolemodel.Feature
	// target is what conditions look at in the place of the scope that is asked
	// about; empty for that one. See [State.mayAssign].
	target events.ScopeID
	// left is a membership that does not count for conditions; see [State.without].
	left seat
	// features are those that are switched on; edition is the one in force, which
	// turns others on, nil where the model has none. book is what roles give; nil
	// before a model is adopted.
	features rolemodel.Set
	edition  *rolemodel.Edition
	book     *book

	persons     *immutable.Map[events.PrincipalID, *Person]
	scopes      *immutable.Map[events.ScopeID, *Scope]
	credentials *immutable.Map[events.CredentialID, *Credential]
	remembered  *immutable.Map[string, Remembered]
	// subjects has the person of every reminder, invitation and hold that is
	// open.
	subjects *immutable.Map[string, events.PrincipalID]
}

// Stamp says by which commit something came to be as it is.
type Stamp struct {
	Revision events.Revision
	Actor    events.PrincipalID
	// At is the commit's effective time.
	At    time.Time
	Cause events.Cause
}

// Sealed is a sealed value together with the commit that it is bound to.
type Sealed struct {
	Commit events.CommitID
	Value  events.Sealed
}

// Person is what the organization knows of one person. The lists are sorted:
// memberships by scope, grants by scope and role, credentials by id.
type Person struct {
	ID          events.PrincipalID
	Details     Details
	Memberships []Membership
	Grants      []Grant
	Credentials []events.CredentialID
	// Registered and Changed say who made the person known, and who last
	// changed the details (X03).
	Registered Stamp
	Changed    Stamp
	// Client says that it is no person but an API client, Deleted that it is one
	// that ended.
	Client, Deleted bool
	// Chart is nil for whoever neither has a manager nor is one.
	Chart *Chart
	// Ever counts the credentials ever issued to the person.
	Ever int
	// Matters is nil for most people, and never to be changed in place.
	Matters *Matters
}

// Chart is a person's place among managers, never to be changed in place.
type Chart struct {
	// Manager is empty without one.
	Manager events.PrincipalID
	Since   Stamp
	// Reports are those whose manager the person is, by id.
	Reports []events.PrincipalID
}

// Details are the sealed personal fields; a missing one has no value.
type Details struct {
	Login, Email, Name, JobTitle Sealed
}

// Membership is a running membership of a scope.
type Membership struct {
	Scope  events.ScopeID
	Active bool
	// MemberKind is empty for the usual kind.
	MemberKind events.MemberKindID
	Since      Stamp
	// InvitedBy is by whose invitation it started; empty if by none.
	InvitedBy events.PrincipalID
	// Changed says who last suspended or resumed it (X03).
	Changed Stamp
}

// Grant is a role held on a scope.
type Grant struct {
	Role  *rolemodel.Role
	Scope events.ScopeID
	Since Stamp
	// InvitedBy is by whose invitation it was given; empty if by none.
	InvitedBy events.PrincipalID
	// Until is when it ends by itself, zero if it does not. Announced says that
	// this was told beforehand, Limited who last said anew when it ends; nil if
	// nobody did.
	Until     time.Time
	Announced bool
	Limited   *Stamp
}

// Changed says who last changed it, or gave it (X03).
func (g *Grant) Changed() Stamp {
	if g.Limited != nil {
		return *g.Limited
	}
	return g.Since
}

// Scope is the organization itself or something below it.
type Scope struct {
	ID events.ScopeID
	// Parent is empty for the root.
	Parent  events.ScopeID
	Kind    *rolemodel.Kind
	Title   Sealed
	Created Stamp
	// Changed says who last changed what it is like, or who and what is there
	// (X03).
	Changed Stamp
	// Attributes are those that were said, by id; see [Scope.Attribute].
	Attributes []AttributeValue
	// Archive has revision 0 unless the scope itself is in the archive.
	Archive Stamp
	// Given are the permissions of a group's members.
	Given []Given
	// Domains are those whose addresses are rerouted here.
	Domains []string

	given    rolemodel.Set
	children *immutable.SortedMap[events.ScopeID, struct{}]
	members  *immutable.Map[events.PrincipalID, struct{}]
	holders  []holders
	// designated are those who are marked, in the order of the model.
	designated []Designated
}

// AttributeValue is an attribute of a scope as it was said.
type AttributeValue struct {
	ID    events.AttributeID
	Value string
	Since Stamp
}

// Designated is a person who is marked on a scope.
type Designated struct {
	Designation *rolemodel.Designation
	Subject     events.PrincipalID
	Since       Stamp
}

// holders are those who hold one role on one scope.
type holders struct {
	role   *rolemodel.Role
	people *immutable.Map[events.PrincipalID, struct{}]
}

// Credential is an API key in force.
type Credential struct {
	ID      events.CredentialID
	Subject events.PrincipalID
	Prefix  string
	Hash    []byte
	Issued  Stamp
}

// Remembered is what an idempotency key led to.
type Remembered struct {
	RequestDigest []byte
	Commit        events.CommitID
	Number        uint64
	Revision      events.Revision
}

// At is the same state, asked at another time: what has ended by then no longer
// counts. A state that was never given a time is asked as of its last commit.
func (s State) At(clock time.Time) State {
	s.clock = clock
	return s
}

// Founded says whether the organization exists.
func (s State) Founded() bool { return s.Org != "" }

// Person finds a person.
func (s State) Person(id events.PrincipalID) (*Person, bool) {
	if s.persons == nil {
		return nil, false
	}
	return s.persons.Get(id)
}

// Scope finds a scope that exists.
func (s State) Scope(id events.ScopeID) (*Scope, bool) {
	if s.scopes == nil {
		return nil, false
	}
	return s.scopes.Get(id)
}

// Credential finds an API key in force.
func (s State) Credential(id events.CredentialID) (*Credential, bool) {
	if s.credentials == nil {
		return nil, false
	}
	return s.credentials.Get(id)
}

// Remembered finds what the idempotency key with this hash led to.
func (s State) Remembered(keyHash []byte) (Remembered, bool) {
	if s.remembered == nil || len(keyHash) == 0 {
		return Remembered{}, false
	}
	return s.remembered.Get(string(keyHash))
}

// Enabled says whether a feature is on; nil, which is none, always is.
func (s State) Enabled(feature *rolemodel.Feature) bool {
	switch {
	case feature == nil, feature == s.supposed:
		return true
	case len(feature.Editions) > 0:
		return s.edition != nil && s.edition.Features.Has(feature.Index)
	}
	return s.features.Has(feature.Index)
}

// Edition is the one in force; nil where the model has none.
func (s State) Edition() *rolemodel.Edition { return s.edition }

// Designated finds who is marked by the designation on the scope.
func (c *Scope) Designated(designation *rolemodel.Designation) (Designated, bool) {
	for _, d := range c.designated {
		if d.Designation == designation {
			return d, true
		}
	}
	return Designated{}, false
}

// Principals lists everybody, by id: all persons, API clients, and the
// background user.
func (s State) Principals() []*Person {
	var list []*Person
	if s.persons != nil {
		for itr := s.persons.Iterator(); !itr.Done(); {
			_, p, _ := itr.Next()
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b *Person) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return list
}

// Persons lists every person, by id.
func (s State) Persons() []*Person {
	return slices.DeleteFunc(s.Principals(), func(p *Person) bool { return p.ID.Builtin() || p.Client })
}

// Clients lists every API client that there is, by id.
func (s State) Clients() []*Person {
	return slices.DeleteFunc(s.Principals(), func(p *Person) bool { return !p.Client || p.Deleted })
}

// Credentials lists every API key in force, by id.
func (s State) Credentials() []*Credential {
	var list []*Credential
	if s.credentials != nil {
		for itr := s.credentials.Iterator(); !itr.Done(); {
			_, c, _ := itr.Next()
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b *Credential) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return list
}

// Scopes lists every scope, parents before children, siblings by id.
func (s State) Scopes() []*Scope {
	return s.subtree(s.Root)
}

// subtree lists a scope and all below it, in the same order.
func (s State) subtree(top events.ScopeID) []*Scope {
	scope, exists := s.Scope(top)
	if !exists {
		return nil
	}
	list := []*Scope{scope}
	for i := 0; i < len(list); i++ {
		for _, id := range list[i].Children() {
			child, _ := s.Scope(id)
			list = append(list, child)
		}
	}
	return list
}

// Children lists the scopes directly below, by id.
func (c *Scope) Children() []events.ScopeID {
	if c.children == nil || c.children.Len() == 0 {
		return nil
	}
	list := make([]events.ScopeID, 0, c.children.Len())
	for itr := c.children.Iterator(); !itr.Done(); {
		id, _, _ := itr.Next()
		list = append(list, id)
	}
	return list
}

// Members lists those with a running membership of the scope, by id.
func (c *Scope) Members() []events.PrincipalID { return sorted(c.members) }

// Holders lists those who hold the role on the scope, by id. As everywhere,
// the role must be of the state's own [State.Model]: another reading of the
// same model has other roles.
func (c *Scope) Holders(role *rolemodel.Role) []events.PrincipalID {
	return sorted(c.holderSet(role))
}

func (c *Scope) holderSet(role *rolemodel.Role) *immutable.Map[events.PrincipalID, struct{}] {
	for _, h := range c.holders {
		if h.role == role {
			return h.people
		}
	}
	return nil
}

// Membership finds the person's running membership of a scope.
func (p *Person) Membership(scope events.ScopeID) (Membership, bool) {
	for _, m := range p.Memberships {
		if m.Scope == scope {
			return m, true
		}
	}
	return Membership{}, false
}

// Grant finds the role that the person holds on the scope.
func (p *Person) Grant(role *rolemodel.Role, scope events.ScopeID) (Grant, bool) {
	for _, g := range p.Grants {
		if g.Role == role && g.Scope == scope {
			return g, true
		}
	}
	return Grant{}, false
}

// Up walks from a scope to the root, the scope itself first. It ends early
// where a scope does not exist.
func (s State) Up(from events.ScopeID) func(yield func(*Scope) bool) {
	return func(yield func(*Scope) bool) {
		for at := from; at != ""; {
			scope, exists := s.Scope(at)
			if !exists || !yield(scope) {
				return
			}
			at = scope.Parent
		}
	}
}

// Under says whether scope stands at or somewhere below top.
func (s State) Under(scope, top events.ScopeID) bool {
	if top == s.Root { // as all that there is
		_, exists := s.Scope(scope)
		return exists
	}
	for at := range s.Up(scope) {
		if at.ID == top {
			return true
		}
	}
	return false
}

func sorted[V any](set *immutable.Map[events.PrincipalID, V]) []events.PrincipalID {
	if set == nil || set.Len() == 0 {
		return nil
	}
	list := make([]events.PrincipalID, 0, set.Len())
	for itr := set.Iterator(); !itr.Done(); {
		id, _, _ := itr.Next()
		list = append(list, id)
	}
	slices.Sort(list)
	return list
}

// hashed hashes string keys of the persistent maps (FNV-1a).
type hashed[K ~string] struct{}

func (hashed[K]) Hash(key K) uint32 {
	hash := uint32(2166136261)
	for i := range len(key) {
		hash = (hash ^ uint32(key[i])) * 16777619
	}
	return hash
}

func (hashed[K]) Equal(a, b K) bool { return a == b }

type ordered[K ~string] struct{}

func (ordered[K]) Compare(a, b K) int { return strings.Compare(string(a), string(b)) }
