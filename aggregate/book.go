package aggregate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tenure/events"
	"tenure/rolemodel"
)

// book says what each role gives in one organization: what the model says, what
// was withheld, and the roles that the organization has defined itself. A book
// is never changed; a change makes another one.
type book struct {
	// terms are by [rolemodel.Role.Index].
	terms []terms
	// custom are sorted by kind and name.
	custom []*CustomRole
}

// terms are what a role gives.
type terms struct {
	rolemodel.Terms
	withheld []Withheld
}

// Withheld are permissions that a role of the model does not give.
type Withheld struct {
	Permission int
	// Value is that of the attribute on whose scopes it is withheld; empty for
	// all scopes.
	Value string
	Since Stamp
}

// Given is a permission that a custom role or a group gives.
type Given struct {
	Permission int
	Since      Stamp
}

// CustomRole is a role that the organization has defined itself.
type CustomRole struct {
	Role    *rolemodel.Role
	Title   Sealed
	Icon    string
	Given   []Given
	Defined Stamp
	// Changed says who last renamed it, or changed what it gives (X03).
	Changed Stamp
}

// newBook is what the model alone says.
func newBook(m *rolemodel.Model) *book {
	b := &book{terms: make([]terms, len(m.Roles))}
	for i, role := range m.Roles {
		b.terms[i].Terms = role.Terms
	}
	return b
}

// terms are what the role gives.
func (s *State) terms(role *rolemodel.Role) *terms { return &s.book.terms[role.Index] }

// withholds says whether the permission is withheld from the role on the scope.
func (s *State) withholds(role *rolemodel.Role, permission int, on events.ScopeID) bool {
	return s.withholding(role, permission, on) != nil
}

// withholding is what withholds the permission from the role on the scope; nil
// if nothing does.
func (s *State) withholding(role *rolemodel.Role, permission int, on events.ScopeID) *Withheld {
	for i := range s.book.terms[role.Index].withheld {
		w := &s.book.terms[role.Index].withheld[i]
		if w.Permission != permission {
			continue
		}
		if w.Value == "" || role.AdjustablePer != nil && s.marked(role, on) == w.Value {
			return w
		}
	}
	return nil
}

// marked is the value of the attribute that the role is adjusted by, of the
// nearest scope of its kind, at the one given or above it.
func (s *State) marked(role *rolemodel.Role, on events.ScopeID) string {
	for at := range s.Up(on) {
		if at.Kind.Name == role.Kind {
			return at.Attribute(role.AdjustablePer.ID)
		}
	}
	return ""
}

// Withheld lists what is withheld from a role of the model.
func (s State) Withheld(role *rolemodel.Role) []Withheld { return s.terms(role).withheld }

// CustomRoles lists the roles that the organization has defined itself, by kind
// and name.
func (s State) CustomRoles() []*CustomRole {
	if s.book == nil {
		return nil
	}
	return s.book.custom
}

// CustomRole finds what the organization has said of a custom role.
func (s State) CustomRole(role *rolemodel.Role) (*CustomRole, bool) {
	for _, custom := range s.CustomRoles() {
		if custom.Role == role {
			return custom, true
		}
	}
	return nil, false
}

// Roles lists the roles of the model, in its order, and then those that the
// organization has defined itself.
func (s State) Roles() []*rolemodel.Role {
	if len(s.CustomRoles()) == 0 {
		return s.Model.Roles
	}
	list := slices.Clone(s.Model.Roles)
	for _, custom := range s.book.custom {
		list = append(list, custom.Role)
	}
	return list
}

// Role finds a role by kind and name. The second result says whether there is
// one.
func (s State) Role(kind, name string) (*rolemodel.Role, bool) {
	if role, known := s.Model.Role(kind, name); known {
		return role, true
	}
	for _, custom := range s.CustomRoles() {
		if custom.Role.Kind == kind && custom.Role.Name == name {
			return custom.Role, true
		}
	}
	return nil, false
}

// RoleTerms are what a role gives in this organization, but for what is withheld
// on some scopes alone.
func (s State) RoleTerms(role *rolemodel.Role) rolemodel.Terms { return s.terms(role).Terms }

// with is the book with a change.
func (b *book) with(change func(*book)) *book {
	changed := &book{terms: slices.Clone(b.terms), custom: slices.Clone(b.custom)}
	change(changed)
	return changed
}

// evolveRoles folds what an organization says of its roles.
func (s State) evolveRoles(event events.Event, commit events.CommitID, at Stamp) (State, error) {
	if s.Model == nil {
		return s, fmt.Errorf("no role model")
	}
	switch e := event.(type) {
	case events.RoleDefined:
		template, known := s.Model.Template(e.Template)
		if !known {
			return s, fmt.Errorf("model %s has no template %q", s.Model.ID, e.Template)
		}
		s.book = s.book.with(func(b *book) {
			role := template.Role(len(b.terms), string(e.Role))
			b.terms = append(b.terms, terms{})
			b.custom = with(b.custom, &CustomRole{Role: role, Title: seal(commit, e.Title), Icon: e.Icon, Defined: at, Changed: at}, byName)
		})
		return s, nil
	case events.RoleRenamed:
		return s.withCustomRole(e.Role, func(c *CustomRole) { c.Title, c.Icon, c.Changed = seal(commit, e.Title), e.Icon, at })
	case events.RoleDeleted:
		s.book = s.book.with(func(b *book) {
			b.custom = without(b.custom, func(c *CustomRole) bool { return c.Role.Name == string(e.Role) })
		})
		return s, nil
	case events.PermissionAdded:
		return s.withGiven(e.Role, e.Scope, e.Permission, at, func(list []Given, permission int) []Given {
			return with(list, Given{permission, at}, byPermission)
		})
	case events.PermissionRemoved:
		return s.withGiven(e.Role, e.Scope, e.Permission, at, func(list []Given, permission int) []Given {
			return without(list, func(g Given) bool { return g.Permission == permission })
		})
	case events.PermissionWithheld:
		return s.withWithheld(e.Kind, e.Role, e.Permission, func(list []Withheld, permission int) []Withheld {
			return with(list, Withheld{permission, e.Value, at}, byPermissionAndValue)
		})
	case events.PermissionRestored:
		return s.withWithheld(e.Kind, e.Role, e.Permission, func(list []Withheld, permission int) []Withheld {
			return without(list, func(w Withheld) bool { return w.Permission == permission && w.Value == e.Value })
		})
	}
	return s, fmt.Errorf("%T has no place in the state", event)
}

func byName(a, b *CustomRole) int { return compareRoles(a.Role, b.Role) }

// compareRoles puts those of the model first, in its order, and custom roles
// after them, by kind and name: whatever order they were defined in.
func compareRoles(a, b *rolemodel.Role) int {
	switch {
	case a.Template == nil && b.Template == nil:
		return cmp.Compare(a.Index, b.Index)
	case a.Template == nil:
		return -1
	case b.Template == nil:
		return 1
	}
	return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Name, b.Name))
}

func byPermission(a, b Given) int { return cmp.Compare(a.Permission, b.Permission) }

func byPermissionAndValue(a, b Withheld) int {
	return cmp.Or(cmp.Compare(a.Permission, b.Permission), cmp.Compare(a.Value, b.Value))
}

// custom finds a custom role by its name, which is unique among those of the
// organization.
func (s State) custom(id events.RoleID) (*CustomRole, bool) {
	for _, custom := range s.CustomRoles() {
		if custom.Role.Name == string(id) {
			return custom, true
		}
	}
	return nil, false
}

// withCustomRole replaces a custom role by a changed copy.
func (s State) withCustomRole(id events.RoleID, change func(*CustomRole)) (State, error) {
	custom, known := s.custom(id)
	if !known {
		return s, fmt.Errorf("no custom role %q", id)
	}
	changed := *custom
	change(&changed)
	s.book = s.book.with(func(b *book) {
		for i := range b.custom {
			if b.custom[i] == custom {
				b.custom[i] = &changed
			}
		}
		b.terms[changed.Role.Index].Terms = s.Model.Given(changed.Role.Template, permissionsOf(changed.Given))
	})
	return s, nil
}

// withGiven changes what a custom role gives or, where none is named, a group.
func (s State) withGiven(role events.RoleID, on events.ScopeID, id events.PermissionID, at Stamp, change func([]Given, int) []Given) (State, error) {
	permission, known := s.Model.Permission(string(id))
	if !known {
		return s, fmt.Errorf("model %s has no permission %q", s.Model.ID, id)
	}
	at.Cause = "" // of the permission, not of what gives it
	if role != "" {
		return s.withCustomRole(role, func(c *CustomRole) { c.Given, c.Changed = change(c.Given, permission.Index), at })
	}
	return s.withScope(on, func(c *Scope) {
		c.Given = change(c.Given, permission.Index)
		c.given = permissionsOf(c.Given)
	})
}

func (s State) withWithheld(kind string, id events.RoleID, name events.PermissionID, change func([]Withheld, int) []Withheld) (State, error) {
	role, known := s.Model.Role(kind, string(id))
	permission, exists := s.Model.Permission(string(name))
	if !known || !exists {
		return s, fmt.Errorf("model %s has no role %s.%s or no permission %q", s.Model.ID, kind, id, name)
	}
	s.book = s.book.with(func(b *book) {
		t := &b.terms[role.Index]
		t.withheld = change(t.withheld, permission.Index)
	})
	return s, nil
}

func permissionsOf(given []Given) rolemodel.Set {
	indexes := make([]int, len(given))
	for i, g := range given {
		indexes[i] = g.Permission
	}
	return rolemodel.NewSet(indexes...)
}
