package aggregate

import (
	"slices"

	"tenure/events"
	"tenure/rolemodel"
)

// Useless finds the role whose ceiling leaves a person nothing of another one that
// they hold: not one permission, and no authority. The second result says whether
// there is one.
func (s State) Useless(who events.PrincipalID, role *rolemodel.Role, on events.ScopeID) (Grant, bool) {
	person, known := s.Person(who)
	if !known || role == nil {
		return Grant{}, false
	}
	g, held := person.Grant(role, on)
	if !held || !s.active(person, &g) || role.Ceiling != nil {
		return Grant{}, false
	}
	capping := s.cap(person, role, on)
	if capping == nil {
		return Grant{}, false
	}
	given := s.terms(role)
	for _, permission := range s.Model.Permissions {
		may := given.May(true, permission.Index) || given.May(false, permission.Index)
		if may && letsThrough(s.terms(capping.Role), capping.Role.Ceiling, permission.Index) {
			return Grant{}, false
		}
	}
	return *capping, true
}

// letsThrough says whether whoever holds a role with a ceiling may have the
// permission, be its condition met or not.
func letsThrough(own *terms, ceiling *rolemodel.Ceiling, permission int) bool {
	return ceiling.Set.Has(permission) || depends(ceiling.If, permission) || own.May(true, permission) || own.May(false, permission)
}

// Remaining is a role or a group by which holders of another role still have what
// was withheld from that.
type Remaining struct {
	// Role is nil where it is a group.
	Role  *rolemodel.Role
	Scope events.ScopeID // of the group
	// Holders is of how many it is so.
	Holders int
}

// Remaining lists by what holders of a role have a permission all the same that is
// withheld from it for the values given, on the scopes where they hold it; those with
// the most holders first.
func (s State) Remaining(role *rolemodel.Role, permission *rolemodel.Permission, values []string) []Remaining {
	var list []Remaining
	type source struct {
		who events.PrincipalID
		by  Remaining
	}
	counted := map[source]bool{}
	if role.Kind != permission.Kind {
		return nil
	}
	for _, scope := range s.Scopes() {
		if w := s.withholding(role, permission.Index, scope.ID); scope.Kind.Name != role.Kind || w == nil || !slices.Contains(values, w.Value) {
			continue
		}
		for _, holder := range scope.Holders(role) {
			answer := s.Explain(Question{Who: holder, Permission: permission, On: scope.ID})
			for _, reason := range answer.Because {
				by := Remaining{Role: reason.Grant.Role, Scope: reason.Group.Scope}
				if counted[source{holder, by}] {
					continue
				}
				counted[source{holder, by}] = true
				at := slices.IndexFunc(list, func(r Remaining) bool { return r.Role == by.Role && r.Scope == by.Scope })
				if at < 0 {
					at, list = len(list), append(list, by)
				}
				list[at].Holders++
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Remaining) int { return b.Holders - a.Holders })
	return list
}
