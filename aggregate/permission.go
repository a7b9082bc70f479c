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
	// the membership it rests on is suspended, the role's time is over, or the
	// feature that the role waits for is off.
	Suspended bool
	// Feature is what must be enabled first; nil if nothing must.
	Feature *rolemodel.Feature
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
	if !known || permission.Kind != on.Kind() || !s.Enabled(permission.Feature) {
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
	if !s.Enabled(permission.Feature) {
		answer.Because, answer.Feature = nil, permission.Feature
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

// Active says whether the grant counts: its time is not over, the feature that
// its role waits for is on, the person is not suspended in the organization,
// and the membership that the role rests on runs and is not suspended.
func (s State) Active(person *Person, g *Grant) bool {
	if !s.Enabled(g.Role.Feature) || !g.Until.IsZero() && !g.Until.After(s.clock) {
		return false
	}
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
	wanted := s.allowing(on.Kind(), act)
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

// allowing is the set of permissions that allow the act now: those that wait
// for a feature that is off do not.
func (s State) allowing(kind string, act rolemodel.Act) rolemodel.Set {
	wanted := s.Model.Allowing(kind, act)
	for _, feature := range s.Model.Features {
		if s.Enabled(feature) || !wanted.Intersects(feature.Permissions) {
			continue
		}
		var left []int
		for permission := range wanted.All() {
			if !feature.Permissions.Has(permission) {
				left = append(left, permission)
			}
		}
		wanted = rolemodel.NewSet(left...)
	}
	return wanted
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
	return s.carries(granter, held, role.GrantedWith, on)
}

// carries says whether holding the role on a scope at or above another carries
// one of the permissions to the scope of its kind on the way up.
func (s State) carries(role *rolemodel.Role, held events.ScopeID, permissions rolemodel.Set, on events.ScopeID) bool {
	for index := range permissions.All() {
		permission := s.Model.Permissions[index]
		if !s.Enabled(permission.Feature) {
			continue
		}
		for at := range s.Up(on) {
			if at.Kind.Name == permission.Kind &&
				(at.ID == held && role.Own.Has(index) || at.ID != held && role.Below.Has(index)) {
				return true
			}
			if at.ID == held {
				break
			}
		}
	}
	return false
}

// holdsWith says whether the person, as given, has one of the permissions on
// the scope or above it.
func (s State) holdsWith(person *Person, permissions rolemodel.Set, on events.ScopeID) bool {
	for i := range person.Grants {
		g := &person.Grants[i]
		if s.Under(on, g.Scope) && s.Active(person, g) && s.carries(g.Role, g.Scope, permissions, on) {
			return true
		}
	}
	return false
}

// holdsAny says whether the person, as given, actively holds one of the roles on
// the scope or above it.
func (s State) holdsAny(person *Person, roles []*rolemodel.Role, on events.ScopeID) bool {
	for i := range person.Grants {
		g := &person.Grants[i]
		if slices.Contains(roles, g.Role) && s.Under(on, g.Scope) && s.Active(person, g) {
			return true
		}
	}
	return false
}

// MayGive says whether the person may say who holds the role on the scope: by
// granting and revoking it, or by transferring it (F14).
func (s State) MayGive(who events.PrincipalID, role *rolemodel.Role, on events.ScopeID) bool {
	person, known := s.Person(who)
	return known && (s.mayGrant(person, role, on) || s.holdsAny(person, role.TransferredBy, on))
}

// MayDesignate says whether the person may say who is marked on the scope.
func (s State) MayDesignate(who events.PrincipalID, designation *rolemodel.Designation, on events.ScopeID) bool {
	person, known := s.Person(who)
	return known && (s.holdsAny(person, designation.SetBy, on) || s.holdsWith(person, designation.SetWith, on))
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
