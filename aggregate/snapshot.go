package aggregate

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"tenure/events"
)

// Snapshot is all that a state holds, as a plain value: nothing points into the
// role model, every list is sorted, an empty one is nil. States of the same
// content have equal snapshots, by whatever way they came to be. The indexes
// (children, members, holders) are written out as they stand, so that equal
// snapshots also mean equal indexes.
type Snapshot struct {
	Org  events.OrgID
	Root events.ScopeID
	// Model and Source are as in [events.ModelAdopted].
	Model       string
	Source      []byte
	Adopted     Stamp
	Number      uint64
	Revision    events.Revision
	Effective   time.Time
	Persons     []PersonSnapshot
	Scopes      []ScopeSnapshot
	Credentials []Credential
	Remembered  []RememberedSnapshot
	// Features are those that are on, by place in the model; Subjects has the
	// person of every open reminder, invitation and hold.
	Features []string
	// Edition is the one in force, empty where the model has none.
	Edition string
	// CustomRoles and Withheld are what the organization says of roles.
	CustomRoles []CustomRoleSnapshot
	Withheld    []WithheldSnapshot
	Subjects    map[string]events.PrincipalID
}

// PersonSnapshot is one person.
type PersonSnapshot struct {
	ID          events.PrincipalID
	Details     Details
	Memberships []Membership
	Grants      []GrantSnapshot
	Credentials []events.CredentialID
	Registered  Stamp
	Changed     Stamp
	Ever        int
	Matters     *MattersSnapshot
	// Client and Deleted are as on [Person].
	Client, Deleted bool
	Chart           *Chart
}

// CustomRoleSnapshot is a role that the organization has defined itself.
type CustomRoleSnapshot struct {
	Kind, Name, Template string
	Title                Sealed
	Icon                 string
	Given                []GivenSnapshot
	Defined, Changed     Stamp
}

// GivenSnapshot is a permission that a custom role or a group gives.
type GivenSnapshot struct {
	Permission string
	Since      Stamp
}

// WithheldSnapshot is a permission that a role of the model does not give.
type WithheldSnapshot struct {
	Role, Permission, Value string
	Since                   Stamp
}

// MattersSnapshot is what is to be done about a person.
type MattersSnapshot struct {
	Matters
	// Roles are those of the invitations, in their order.
	Roles []events.RoleID
}

// GrantSnapshot is a role held on a scope.
type GrantSnapshot struct {
	Role      events.RoleID
	Scope     events.ScopeID
	Since     Stamp
	InvitedBy events.PrincipalID
	Until     time.Time
	Announced bool
	Changed   Stamp
}

// ScopeSnapshot is one scope.
type ScopeSnapshot struct {
	ID       events.ScopeID
	Parent   events.ScopeID
	Kind     string
	Title    Sealed
	Created  Stamp
	Changed  Stamp
	Children []events.ScopeID
	Members  []events.PrincipalID
	Holders  []HoldersSnapshot
	// Designated are those who are marked.
	Designated []DesignatedSnapshot
	Attributes []AttributeValue
	Archive    Stamp
	Given      []GivenSnapshot
	Domains    []string
}

// DesignatedSnapshot is a person who is marked on a scope.
type DesignatedSnapshot struct {
	Designation events.DesignationID
	Subject     events.PrincipalID
	Since       Stamp
}

// HoldersSnapshot are those who hold one role on a scope.
type HoldersSnapshot struct {
	Role    events.RoleID
	Persons []events.PrincipalID
}

// RememberedSnapshot is an idempotency key and what it led to.
type RememberedSnapshot struct {
	KeyHash []byte
	Remembered
}

// Snapshot writes the state out. It takes time and memory in proportion to the
// state, and shares the bytes of sealed values with it.
func (s State) Snapshot() Snapshot {
	shot := Snapshot{Org: s.Org, Root: s.Root, Number: s.Number, Revision: s.Revision, Effective: s.Effective}
	if s.Model != nil {
		shot.Model, shot.Source, shot.Adopted = s.Model.ID, s.Model.Canonical(), s.Adopted
	}
	for _, p := range s.Principals() {
		shot.Persons = append(shot.Persons, snapshotOfPerson(p))
	}
	if s.scopes != nil {
		for itr := s.scopes.Iterator(); !itr.Done(); {
			_, c, _ := itr.Next()
			shot.Scopes = append(shot.Scopes, s.snapshotOfScope(c))
		}
	}
	slices.SortFunc(shot.Scopes, func(a, b ScopeSnapshot) int { return cmp.Compare(a.ID, b.ID) })
	for _, c := range s.Credentials() {
		shot.Credentials = append(shot.Credentials, *c)
	}
	if s.remembered != nil {
		for itr := s.remembered.Iterator(); !itr.Done(); {
			key, r, _ := itr.Next()
			shot.Remembered = append(shot.Remembered, RememberedSnapshot{KeyHash: []byte(key), Remembered: r})
		}
	}
	for index := range s.features.All() {
		shot.Features = append(shot.Features, s.Model.Features[index].ID)
	}
	s.snapshotRoles(&shot)
	if s.subjects != nil && s.subjects.Len() > 0 {
		shot.Subjects = map[string]events.PrincipalID{}
		for itr := s.subjects.Iterator(); !itr.Done(); {
			id, subject, _ := itr.Next()
			shot.Subjects[id] = subject
		}
	}
	slices.SortFunc(shot.Remembered, func(a, b RememberedSnapshot) int { return bytes.Compare(a.KeyHash, b.KeyHash) })
	return shot
}

func snapshotOfPerson(p *Person) PersonSnapshot {
	shot := PersonSnapshot{
		ID: p.ID, Details: p.Details, Memberships: slices.Clone(p.Memberships), Credentials: slices.Clone(p.Credentials),
		Registered: p.Registered, Changed: p.Changed, Ever: p.Ever, Client: p.Client, Deleted: p.Deleted, Chart: p.Chart,
	}
	for _, g := range p.Grants {
		shot.Grants = append(shot.Grants, GrantSnapshot{
			Role: events.RoleID(g.Role.Name), Scope: g.Scope, Since: g.Since, InvitedBy: g.InvitedBy, Until: g.Until, Announced: g.Announced, Changed: g.Changed(),
		})
	}
	if p.Matters != nil {
		matters := MattersSnapshot{Matters: *p.Matters}
		matters.Invitations = slices.Clone(matters.Invitations)
		for i, invitation := range matters.Invitations {
			role := events.RoleID("")
			if invitation.Role != nil {
				role = events.RoleID(invitation.Role.Name)
			}
			matters.Roles, matters.Invitations[i].Role = append(matters.Roles, role), nil
		}
		shot.Matters = &matters
	}
	return shot
}

// snapshotRoles writes out what the organization says of roles and editions.
func (s State) snapshotRoles(shot *Snapshot) {
	if s.edition != nil {
		shot.Edition = s.edition.ID
	}
	for _, c := range s.CustomRoles() {
		shot.CustomRoles = append(shot.CustomRoles, CustomRoleSnapshot{
			Kind: c.Role.Kind, Name: c.Role.Name, Template: c.Role.Template.ID(), Title: c.Title, Icon: c.Icon,
			Given: s.snapshotOfGiven(c.Given), Defined: c.Defined, Changed: c.Changed,
		})
	}
	if s.Model == nil {
		return
	}
	for _, role := range s.Model.Roles {
		for _, w := range s.Withheld(role) {
			shot.Withheld = append(shot.Withheld, WithheldSnapshot{role.ID(), s.Model.Permissions[w.Permission].ID, w.Value, w.Since})
		}
	}
}

func (s State) snapshotOfGiven(given []Given) []GivenSnapshot {
	var list []GivenSnapshot
	for _, g := range given {
		list = append(list, GivenSnapshot{s.Model.Permissions[g.Permission].ID, g.Since})
	}
	return list
}

func (s State) snapshotOfScope(c *Scope) ScopeSnapshot {
	shot := ScopeSnapshot{
		ID: c.ID, Parent: c.Parent, Title: c.Title, Created: c.Created, Changed: c.Changed,
		Children: c.Children(), Members: c.Members(),
		Attributes: slices.Clone(c.Attributes), Archive: c.Archive, Given: s.snapshotOfGiven(c.Given), Domains: slices.Clone(c.Domains),
	}
	if c.Kind != nil {
		shot.Kind = c.Kind.Name
	}
	for _, d := range c.designated {
		shot.Designated = append(shot.Designated, DesignatedSnapshot{
			Designation: events.DesignationID(d.Designation.Name), Subject: d.Subject, Since: d.Since,
		})
	}
	for _, h := range c.holders {
		shot.Holders = append(shot.Holders, HoldersSnapshot{Role: events.RoleID(h.role.Name), Persons: sorted(h.people)})
	}
	return shot
}
