package aggregate

import (
	"slices"

	"tenure/events"
	"tenure/rolemodel"
)

// Question is whether somebody has a permission on a scope.
type Question struct {
	Who        events.PrincipalID
	Permission *rolemodel.Permission
	On         events.ScopeID
	// About is the person concerned, whom conditions may look at; empty for
	// nobody. It may be somebody whom the organization does not know.
	About events.PrincipalID
}

// Allowed says whether the permission is had. It must be of the scope's kind,
// else the answer is no. Where no condition is evaluated it does not allocate.
func (s State) Allowed(q Question) bool {
	person, known := s.Person(q.Who)
	return known && q.Permission.Kind == q.On.Kind() && s.has(person, q.Permission, q.On, q.About)
}

// has says whether the person, as given, has the permission on the scope.
func (s *State) has(person *Person, permission *rolemodel.Permission, on events.ScopeID, about events.PrincipalID) bool {
	if !s.Enabled(permission.Feature) {
		return false
	}
	given := false
	for i := range person.Grants {
		if s.gives(&person.Grants[i], permission.Index, on, person, about) {
			given = true
			break
		}
	}
	given = given || s.Model.Groups && s.inGroup(person, permission.Index, on, about)
	return given && !(s.Model.Ceilings && s.ceiling(person, permission.Index, on, about) != nil)
}

// gives says whether the grant gives the permission on the scope. What costs
// most is asked last.
func (s *State) gives(g *Grant, permission int, on events.ScopeID, person *Person, about events.PrincipalID) bool {
	own := g.Scope == on
	terms := s.terms(g.Role)
	set, dependents := terms.On(own)
	plain := set.Has(permission)
	switch {
	case !plain && !depends(dependents, permission),
		!own && !s.Under(on, g.Scope),
		len(terms.withheld) > 0 && s.withholds(g.Role, permission, on),
		!s.active(person, g):
		return false
	case plain:
		return true
	}
	return s.anyMet(dependents, permission, person, on, about)
}

// anyMet says whether the permission depends on a condition that is met.
func (s *State) anyMet(dependents []rolemodel.Dependent, permission int, person *Person, on events.ScopeID, about events.PrincipalID) bool {
	for i := range dependents {
		if dependents[i].Permission == permission && s.met(dependents[i].Condition, person, on, about) {
			return true
		}
	}
	return false
}

// depends says whether the permission is among those that depend on a condition.
func depends(dependents []rolemodel.Dependent, permission int) bool {
	for i := range dependents {
		if dependents[i].Permission == permission {
			return true
		}
	}
	return false
}

// inGroup says whether the person is an active member of a group that gives the
// permission on the scope.
func (s *State) inGroup(person *Person, permission int, on events.ScopeID, about events.PrincipalID) bool {
	if !s.Model.Carried.Has(permission) {
		return false
	}
	for i := range person.Memberships {
		m := &person.Memberships[i]
		if !m.Active {
			continue
		}
		if group, is := s.group(m); is && group.given.Has(permission) && s.Under(on, group.Parent) {
			dependents := group.Kind.CarriesIf
			if !s.suspended(person) && (!depends(dependents, permission) || s.anyMet(dependents, permission, person, on, about)) {
				return true
			}
		}
	}
	return false
}

// group is the group that the membership is of; false if it is of another scope.
func (s *State) group(m *Membership) (*Scope, bool) {
	scope, exists := s.Scope(m.Scope)
	return scope, exists && scope.Kind.Group()
}

// suspended says whether the person's membership of the organization is
// suspended.
func (s *State) suspended(person *Person) bool {
	for i := range person.Memberships {
		if m := &person.Memberships[i]; m.Scope == s.Root {
			return !m.Active
		}
	}
	return false
}

// ceiling is the role that the person holds and that does not let the permission
// through on the scope; nil if none holds it back.
func (s *State) ceiling(person *Person, permission int, on events.ScopeID, about events.PrincipalID) *Grant {
	for i := range person.Grants {
		g := &person.Grants[i]
		ceiling := g.Role.Ceiling
		if ceiling == nil || ceiling.Set.Has(permission) || !s.Under(on, g.Scope) || !s.limits(g) {
			continue
		}
		if s.gives(g, permission, on, person, about) {
			continue
		}
		if !s.anyMet(ceiling.If, permission, person, on, about) {
			return g
		}
	}
	return nil
}

// limits says whether the ceiling of the grant's role holds: nobody gains by the
// suspension of the membership that the role rests on.
func (s *State) limits(g *Grant) bool { return s.Enabled(g.Role.Feature) && !s.Over(*g) }

// Active says whether the grant counts: its time is not over, the feature that
// its role waits for is on, the person is not suspended in the organization,
// and the membership that the role rests on runs and is not suspended.
func (s State) Active(person *Person, g *Grant) bool { return s.active(person, g) }

// Over says whether the time of a role is over, whether it was ended already or
// not.
func (s State) Over(g Grant) bool { return !g.Until.IsZero() && !g.Until.After(s.clock) }

func (s *State) active(person *Person, g *Grant) bool {
	if !s.Enabled(g.Role.Feature) || !g.Until.IsZero() && !g.Until.After(s.clock) {
		return false
	}
	if s.suspended(person) {
		return false
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
func (s *State) membershipScope(role *rolemodel.Role, held events.ScopeID) (events.ScopeID, bool) {
	if role.Membership == s.Model.Root {
		return s.Root, true
	}
	for at := range s.Up(held) {
		if at.Kind.Name == role.Membership {
			return at.ID, true
		}
	}
	return "", false
}

// mayAct says whether the person, as given, may do the act on the scope of
// this state, upon the person concerned, if there is one.
func (s *State) mayAct(person *Person, act rolemodel.Act, on events.ScopeID, about events.PrincipalID) bool {
	wanted := s.Model.Allowing(on.Kind(), act)
	for index := range wanted.All() {
		if s.has(person, s.Model.Permissions[index], on, about) {
			return true
		}
	}
	return false
}

// mayActUpon says whether the person, as given, may do the act upon somebody: on
// the organization, or on a scope that this one is a member of.
func (s *State) mayActUpon(person *Person, act rolemodel.Act, subject *Person) bool {
	return s.mayAct(person, act, s.Root, subject.ID) || s.actsOnSeat(person, act, subject)
}

// actsOnSeat says whether the person, as given, may do the act on a scope that
// the other one is a member of.
func (s *State) actsOnSeat(person *Person, act rolemodel.Act, subject *Person) bool {
	for i := range subject.Memberships {
		if s.mayAct(person, act, subject.Memberships[i].Scope, subject.ID) {
			return true
		}
	}
	return false
}

// MayAct says whether the person may do the act on the scope.
func (s State) MayAct(who events.PrincipalID, act rolemodel.Act, on events.ScopeID) bool {
	person, known := s.Person(who)
	return known && s.Model != nil && s.mayAct(person, act, on, "")
}

// MayActAbove says whether the person may do the act on the scope or on one above
// it.
func (s State) MayActAbove(who events.PrincipalID, act rolemodel.Act, on events.ScopeID) bool {
	for at := range s.Up(on) {
		if s.MayAct(who, act, at.ID) {
			return true
		}
	}
	return false
}

// RuleOf is the numbered rule by which the role model says who may do the act on
// the scope; empty if it names none.
func (s State) RuleOf(act rolemodel.Act, on events.ScopeID) string {
	if s.Model == nil {
		return ""
	}
	allowing := s.Model.Allowing(on.Kind(), act)
	for index := range allowing.All() {
		if rule := s.Model.Permissions[index].Rule; rule != "" {
			return rule
		}
	}
	return ""
}

// MayActUpon says whether the person may do the act upon somebody.
func (s State) MayActUpon(who events.PrincipalID, act rolemodel.Act, subject events.PrincipalID) bool {
	person, known := s.Person(who)
	other, exists := s.Person(subject)
	return known && exists && s.mayActUpon(person, act, other)
}

// MayRegister says whether somebody may make a person known who becomes a member
// of the scope by the same commit, or is asked to; the scope may be empty.
func (s State) MayRegister(who, subject events.PrincipalID, on events.ScopeID) bool {
	person, known := s.Person(who)
	return known && s.Model != nil && (s.mayAct(person, rolemodel.PersonRegister, s.Root, subject) ||
		on != "" && s.mayAct(person, rolemodel.PersonRegister, on, subject))
}

// mayGrant says whether the person, as given, may grant the role on the scope to
// somebody, or revoke it: by a role held there or above, or by a permission
// there or above.
func (s *State) mayGrant(person *Person, role *rolemodel.Role, on events.ScopeID, subject events.PrincipalID) bool {
	return s.mayGovern(person, role.GrantedBy, role.GrantedWith, role.GrantedIf, on, subject)
}

// mayGovern says whether the person, as given, has one of the roles or
// permissions on the scope or above it.
func (s *State) mayGovern(person *Person, roles []*rolemodel.Role, with rolemodel.Set, dependent []rolemodel.Authority, on events.ScopeID, about events.PrincipalID) bool {
	if s.holdsAny(person, roles, on) || s.holdsWith(person, with, on, about) {
		return true
	}
	for _, authority := range dependent {
		if authority.Role != nil && !s.holdsAny(person, []*rolemodel.Role{authority.Role}, on) {
			continue
		}
		if authority.Role == nil && !s.holdsWith(person, rolemodel.NewSet(authority.Permission), on, about) {
			continue
		}
		if s.met(authority.Condition, person, on, about) {
			return true
		}
	}
	return false
}

// holdsWith says whether the person, as given, has one of the permissions on
// the scope or above it.
func (s *State) holdsWith(person *Person, permissions rolemodel.Set, on events.ScopeID, about events.PrincipalID) bool {
	for index := range permissions.All() {
		permission := s.Model.Permissions[index]
		for at := range s.Up(on) {
			if at.Kind.Name == permission.Kind && s.has(person, permission, at.ID, about) {
				return true
			}
		}
	}
	return false
}

// holdsAny says whether the person, as given, actively holds one of the roles on
// the scope or above it, and no other role that they hold caps that.
func (s *State) holdsAny(person *Person, roles []*rolemodel.Role, on events.ScopeID) bool {
	for i := range person.Grants {
		g := &person.Grants[i]
		if slices.Contains(roles, g.Role) && s.Under(on, g.Scope) && s.active(person, g) && s.cap(person, g.Role, on) == nil {
			return true
		}
	}
	return false
}

// cap is another role that the person holds, whose ceiling leaves the one no
// authority on the scope; nil if there is none.
func (s *State) cap(person *Person, role *rolemodel.Role, on events.ScopeID) *Grant {
	if !s.Model.Ceilings {
		return nil
	}
	for i := range person.Grants {
		g := &person.Grants[i]
		if g.Role.Ceiling != nil && g.Role != role && s.Under(on, g.Scope) && s.limits(g) {
			return g
		}
	}
	return nil
}

// cappedGranter is the role whose ceiling alone keeps the person from granting
// the role on the scope; nil if it is not that.
func (s *State) cappedGranter(person *Person, role *rolemodel.Role, on events.ScopeID) *Grant {
	for i := range person.Grants {
		g := &person.Grants[i]
		if !s.Under(on, g.Scope) || !s.active(person, g) || !s.grants(g.Role, g.Scope, role, on) {
			continue
		}
		if capping := s.cap(person, g.Role, on); capping != nil {
			return capping
		}
	}
	return nil
}

// carries says whether holding the role on a scope at or above another may carry
// one of the permissions to the scope of its kind on the way up.
func (s *State) carries(role *rolemodel.Role, held events.ScopeID, permissions rolemodel.Set, on events.ScopeID) bool {
	for index := range permissions.All() {
		permission := s.Model.Permissions[index]
		if !s.Enabled(permission.Feature) {
			continue
		}
		for at := range s.Up(on) {
			if at.Kind.Name == permission.Kind && s.terms(role).May(at.ID == held, index) && !s.withholds(role, index, at.ID) {
				return true
			}
			if at.ID == held {
				break
			}
		}
	}
	return false
}

// grants says whether holding one role on a scope at or above another allows to
// grant the other role there.
func (s *State) grants(granter *rolemodel.Role, held events.ScopeID, role *rolemodel.Role, on events.ScopeID) bool {
	return slices.Contains(role.GrantedBy, granter) || s.carries(granter, held, role.GrantedWith, on)
}

// governors lists the roles that give authority over something on a scope, by what
// a role model says of it: those that do so without a condition or, where there is
// none, those that do so under one.
func (s *State) governors(actor *Person, on events.ScopeID, roles []*rolemodel.Role, with rolemodel.Set, dependent []rolemodel.Authority) []Missing {
	takes := s.takes(actor, on, func(other *rolemodel.Role, held events.ScopeID) bool {
		return slices.Contains(roles, other) || s.carries(other, held, with, on)
	})
	if len(takes) > 0 {
		return takes
	}
	return s.takes(actor, on, func(other *rolemodel.Role, held events.ScopeID) bool {
		return slices.ContainsFunc(dependent, func(a rolemodel.Authority) bool {
			return a.Role == other || a.Role == nil && s.carries(other, held, rolemodel.NewSet(a.Permission), on)
		})
	})
}

// unmetGovernor is the condition that alone keeps the person, who lacks authority
// over something, from having it; nil if that takes more.
func (s *State) unmetGovernor(person *Person, with rolemodel.Set, dependent []rolemodel.Authority, on events.ScopeID, about events.PrincipalID) *rolemodel.Condition {
	for _, authority := range dependent {
		if authority.Role != nil && s.holdsAny(person, []*rolemodel.Role{authority.Role}, on) ||
			authority.Role == nil && s.holdsWith(person, rolemodel.NewSet(authority.Permission), on, about) {
			return authority.Condition
		}
	}
	for index := range with.All() {
		permission := s.Model.Permissions[index]
		for at := range s.Up(on) {
			if at.Kind.Name != permission.Kind {
				continue
			}
			if answer := s.Explain(Question{Who: person.ID, Permission: permission, On: at.ID, About: about}); len(answer.Unmet) > 0 {
				return answer.Unmet[0].Condition
			}
		}
	}
	return nil
}

// MayGive says whether the person may say who holds the role on the scope: by
// granting and revoking it, or by transferring it (F14).
func (s State) MayGive(who events.PrincipalID, role *rolemodel.Role, on events.ScopeID) bool {
	person, known := s.Person(who)
	return known && (s.mayGrant(person, role, on, "") || s.mayTransfer(person, role, on, ""))
}

// MayEnlist says whether somebody may bring people to some scope: make them
// members, or say what they hold or how they are marked there.
func (s State) MayEnlist(who events.PrincipalID) bool {
	person, known := s.Person(who)
	if !known || s.Model == nil {
		return false
	}
	roles := map[string][]*rolemodel.Role{}
	for _, role := range s.Roles() {
		roles[role.Kind] = append(roles[role.Kind], role)
	}
	for _, scope := range s.Scopes() {
		// What is only for some people is for newcomers, mostly, or for members, as
		// the one who asks is.
		for _, about := range []events.PrincipalID{"", who} {
			if s.mayBring(person, scope, about) || slices.ContainsFunc(roles[scope.Kind.Name], func(role *rolemodel.Role) bool {
				return s.mayGrant(person, role, scope.ID, about) || s.mayTransfer(person, role, scope.ID, about)
			}) || slices.ContainsFunc(s.Model.Designations, func(d *rolemodel.Designation) bool {
				return d.Kind == scope.Kind.Name && s.mayDesignate(person, d, scope.ID, about)
			}) {
				return true
			}
		}
	}
	return false
}

// mayBring says whether the person, as given, may make somebody a member of the
// scope, or members of the scope ones of another.
func (s *State) mayBring(person *Person, scope *Scope, about events.PrincipalID) bool {
	if s.mayAct(person, rolemodel.MembershipStart, scope.ID, about) {
		return true
	}
	for _, kind := range scope.Kind.MemberKinds {
		if s.mayAct(person, rolemodel.MembershipStartAs(kind.ID), scope.ID, about) {
			return true
		}
	}
	return slices.ContainsFunc(s.Model.Kinds, func(kind *rolemodel.Kind) bool {
		return s.mayAct(person, rolemodel.MembershipAssign(kind.Name), scope.ID, about)
	})
}

// MayDefine says whether somebody may change something of who holds the roles of a
// scope and who is marked there.
func (s State) MayDefine(who events.PrincipalID, on events.ScopeID) bool {
	return slices.ContainsFunc(s.Roles(), func(role *rolemodel.Role) bool {
		return role.Kind == on.Kind() && !role.Default && s.MayGive(who, role, on)
	}) || slices.ContainsFunc(s.Model.Designations, func(d *rolemodel.Designation) bool {
		return d.Kind == on.Kind() && s.MayDesignate(who, d, on)
	})
}

// MayEquip says whether the person may say on some scope what API clients hold.
func (s State) MayEquip(who events.PrincipalID) bool {
	for _, role := range s.Roles() {
		if !role.Client {
			continue
		}
		for _, scope := range s.Scopes() {
			if scope.Kind.Name == role.Kind && s.MayGive(who, role, scope.ID) {
				return true
			}
		}
	}
	return false
}

// mayTransfer says whether the person, as given, may pass the role on to
// somebody.
func (s *State) mayTransfer(person *Person, role *rolemodel.Role, on events.ScopeID, subject events.PrincipalID) bool {
	return s.mayGovern(person, role.TransferredBy, role.TransferredWith, role.TransferredIf, on, subject)
}

// MayDesignate says whether the person may say who is marked on the scope.
func (s State) MayDesignate(who events.PrincipalID, designation *rolemodel.Designation, on events.ScopeID) bool {
	person, known := s.Person(who)
	return known && s.mayDesignate(person, designation, on, "")
}

func (s *State) mayDesignate(person *Person, designation *rolemodel.Designation, on events.ScopeID, subject events.PrincipalID) bool {
	return s.mayGovern(person, designation.SetBy, designation.SetWith, designation.SetIf, on, subject)
}

// takes lists the roles, at the scope or above, that allow something there to
// such a principal; those nearest to the root come last.
func (s *State) takes(actor *Person, on events.ScopeID, allows func(role *rolemodel.Role, held events.ScopeID) bool) []Missing {
	var list []Missing
	for at := range s.Up(on) {
		for _, role := range s.Roles() {
			if role.Kind == at.Kind.Name && heldBy(actor, role, at.ID) == nil && allows(role, at.ID) {
				list = append(list, Missing{Role: role, Scope: at.ID})
			}
		}
	}
	return list
}

// givers lists the roles and groups that give such a principal one of the
// permissions on the scope, under whatever condition; those nearest to the root
// come last.
func (s *State) givers(actor *Person, wanted rolemodel.Set, on events.ScopeID) []Missing {
	list := s.takes(actor, on, func(role *rolemodel.Role, held events.ScopeID) bool {
		for index := range wanted.All() {
			if s.terms(role).May(held == on, index) && !s.withholds(role, index, on) {
				return true
			}
		}
		return false
	})
	if !s.Model.Groups || actor.Client {
		return list
	}
	for at := range s.Up(on) {
		for _, id := range at.Children() {
			if group, _ := s.Scope(id); group.given.Intersects(wanted) {
				list = append(list, Missing{Scope: id})
			}
		}
	}
	return list
}

// adjustable lists what could be made to give people one of the permissions on the
// scope: custom roles, and groups.
func (s *State) adjustable(wanted rolemodel.Set, on events.ScopeID) []Missing {
	var list []Missing
	for at := range s.Up(on) {
		for _, template := range s.Model.Templates {
			if template.Kind == at.Kind.Name && template.Choices.Intersects(wanted) {
				list = append(list, Missing{Template: template, Scope: at.ID})
			}
		}
	}
	for _, kind := range s.Model.Kinds {
		if kind.Carries.Intersects(wanted) {
			list = append(list, Missing{Group: kind})
		}
	}
	return list
}
