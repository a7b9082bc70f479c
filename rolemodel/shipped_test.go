package rolemodel

import (
	"slices"
	"testing"
)

// gives says whether the role gives something on a kind that allows the act,
// under a condition or not.
func gives(m *Model, role *Role, kind string, act Act) bool {
	allowing := m.Allowing(kind, act)
	for index := range allowing.All() {
		if role.May(role.Kind == kind, index) {
			return true
		}
	}
	return false
}

// Whoever rules an organization takes its people and its structure out as a file
// and in again: nobody does so for them.
func TestTheHighestRoleExportsAndImports(t *testing.T) {
	for _, m := range List() {
		if !gives(m, m.Highest, m.Root, ScopeExport) {
			t.Errorf("%s: %s cannot export people", m.ID, m.Highest.ID())
		}
		imported := func(kind *Kind) bool {
			return slices.ContainsFunc(m.Permissions, func(p *Permission) bool { return slices.Contains(p.Allows, ScopeImport(kind.Name)) })
		}
		for _, kind := range m.Kinds {
			for _, under := range kind.Under {
				if imported(kind) && gives(m, m.Highest, under.Name, ScopeCreate(kind.Name)) && !gives(m, m.Highest, under.Name, ScopeImport(kind.Name)) {
					t.Errorf("%s: %s cannot import scopes of the kind %s below %s", m.ID, m.Highest.ID(), kind.Name, under.Name)
				}
			}
		}
	}
}
