package aggregate

import (
	"slices"

	"tenure/events"
	"tenure/rolemodel"
)

// Answer is what a permission question is answered with.
type Answer struct {
	Allowed bool
	// Because are the grants that give the permission, empty if it is refused.
	Because []Grant
	// Instead are the roles that would give it, and where: what is missing.
	Instead []Missing
	// Suspended says that the person holds a role that would give it, but that
	// the membership it rests on is suspended.
	Suspended bool
}

// Missing is a role whose grant on the scope would give a permission.
type Missing struct {
	Role  *rolemodel.Role
	Scope events.ScopeID
}

// Allowed says whether the person has the permission on the scope. The
// permission must be of the scope's kind, else the answer is no. It does not
// allocate.
func (s State) Allowed(who events.PrincipalID, permission *rolemodel.Permission, on events.ScopeID) bool {
	person, known := s.Person(who)
	if !known || permission.Kind != on.Kind() {
		return false
	}
	for i := range person.Grants {
		g := &person.Grants[i]
		if s.gives(g, permission.Index, on) && s.Active(person, g) {
			return true
		}
	}
	return false
}

// Explain answers the same question with its reasons.
func (s State) Explain(who events.PrincipalID, permission *rolemodel.Permission, on events.ScopeID) Answer {
	var answer Answer
	if person, known := s.Person(who); known && permission.Kind == on.Kind() {
		for i := range person.Grants {
			g := &person.Grants[i]
			if !s.gives(g, permission.Index, on) {
				continue
			}
			if s.Active(person, g) {
				answer.Because = append(answer.Because, *g)
			} else {
				answer.Suspended = true
			}
		}
	}
	answer.Allowed = len(answer.Because) > 0
	if !answer.Allowed && permission.Kind == on.Kind() {
		answer.Instead = s.takes(on, func(role *rolemodel.Role, held events.ScopeID) bool {
			if held == on {
				return role.Own.Has(permission.Index)
			}
			return role.Below.Has(permission.Index)
		})
	}
	return answer
}

// gives says whether the grant carries the permission to the scope, be the
// holder active or not.
func (s State) gives(g *Grant, permission int, on events.ScopeID) bool {
	if g.Scope == on {
		return g.Role.Own.Has(permission)
	}
	return g.Role.Below.Has(permission) && s.Under(on, g.Scope)
}

// Active says whether the grant counts: the person is not suspended in the
// organization, and the membership that the role rests on runs and is not
// suspended.
func (s State) Active(person *Person, g *Grant) bool {
	for i := range person.Memberships {
		if m := &person.Memberships[i]; m.Scope == s.Root && !m.Active {
			return false
		}
	}
	if g.Role.Membership == "" {
		return true
	}
	scope, _ := s.membershipScope(g.Role, g.Scope)
	for i := range person.Memberships {
		if m := &person.Memberships[i]; m.Scope == scope {
			return m.Active
		}
	}
	return false
}

// membershipScope finds the scope whose membership a role held on a scope
// rests on: the nearest of the role's membership kind, at or above it.
func (s State) membershipScope(role *rolemodel.Role, held events.ScopeID) (events.ScopeID, bool) {
	for at := range s.Up(held) {
		if at.Kind.Name == role.Membership {
			return at.ID, true
		}
	}
	return "", false
}

// mayAct says whether the person, as given, may do the act on the scope of
// this state.
func (s State) mayAct(person *Person, act rolemodel.Act, on events.ScopeID) bool {
	wanted := s.Model.Allowing(on.Kind(), act)
	for i := range person.Grants {
		g := &person.Grants[i]
		given := g.Role.Below
		if g.Scope == on {
			given = g.Role.Own
		} else if !s.Under(on, g.Scope) {
			continue
		}
		if given.Intersects(wanted) && s.Active(person, g) {
			return true
		}
	}
	return false
}

// MayAct says whether the person may do the act on the scope.
func (s State) MayAct(who events.PrincipalID, act rolemodel.Act, on events.ScopeID) bool {
	person, known := s.Person(who)
	return known && s.Model != nil && s.mayAct(person, act, on)
}

// mayGrant says whether the person, as given, may grant and revoke the role on
// the scope: by a role held there or above, or by a permission there or above.
func (s State) mayGrant(person *Person, role *rolemodel.Role, on events.ScopeID) bool {
	for i := range person.Grants {
		g := &person.Grants[i]
		if !s.Under(on, g.Scope) || !s.Active(person, g) {
			continue
		}
		if s.grants(g.Role, g.Scope, role, on) {
			return true
		}
	}
	return false
}

// grants says whether holding one role on a scope at or above another allows
// to grant the other role there.
func (s State) grants(granter *rolemodel.Role, held events.ScopeID, role *rolemodel.Role, on events.ScopeID) bool {
	if slices.Contains(role.GrantedBy, granter) {
		return true
	}
	for _, permission := range s.Model.Permissions {
		if !role.GrantedWith.Has(permission.Index) {
			continue
		}
		for at := range s.Up(on) {
			if at.Kind.Name == permission.Kind &&
				(at.ID == held && granter.Own.Has(permission.Index) || at.ID != held && granter.Below.Has(permission.Index)) {
				return true
			}
			if at.ID == held {
				break
			}
		}
	}
	return false
}

// takes lists the roles, at the scope or above, that allow something there;
// those nearest to the root come last.
func (s State) takes(on events.ScopeID, allows func(role *rolemodel.Role, held events.ScopeID) bool) []Missing {
	var list []Missing
	for at := range s.Up(on) {
		for _, role := range s.Model.Roles {
			if role.Kind == at.Kind.Name && allows(role, at.ID) {
				list = append(list, Missing{Role: role, Scope: at.ID})
			}
		}
	}
	return list
}
