package aggregate

import (
	"slices"

	"tenure/events"
	"tenure/rolemodel"
)

// Answer is what a permission question is answered with, and all that decided
// it.
type Answer struct {
	Allowed bool
	// Because are what gives the permission, empty if it is refused.
	Because []Reason
	// Instead are the roles and groups that would give it to this person, and
	// where: what is missing. It is empty while something else stands in the way:
	// a suspension, a ceiling, a feature.
	Instead []Missing
	// Unmet would give it but for their conditions, one for each condition.
	Unmet []Reason
	// Withheld are roles that the person holds and from which it was withheld.
	Withheld []Reason
	// Idle would give it, and do not count.
	Idle []Idle
	// Ceiling is the role that the person holds and that does not let more than
	// its own through; zero if none does. Capped are what would give the
	// permission without it, Unless the conditions under which it would let the
	// permission through.
	Ceiling Grant
	Capped  []Reason
	Unless  []*rolemodel.Condition
	// Feature is what must be enabled first; nil if nothing must.
	Feature *rolemodel.Feature
}

// Reason is something that gives a permission: a role that is held, or the
// membership of a group.
type Reason struct {
	// Grant is zero where it is a group.
	Grant Grant
	// Group is the membership of a group; zero where it is a role.
	Group Membership
	// Given says by which commit a custom role or a group came to give it; zero
	// where the role model says so.
	Given Stamp
	// Condition is what it depends on; nil if on nothing.
	Condition *rolemodel.Condition
	// Withheld says by which commit it was withheld, and from the role on which
	// scopes; zero where it was not.
	Withheld Withheld
}

// Idle is something that would give a permission, and does not count.
type Idle struct {
	Reason
	// Expired says that the role's time is over.
	Expired bool
	// Feature is what the role waits for and is off; nil if nothing is.
	Feature *rolemodel.Feature
	// Suspended is the membership that is suspended; zero if none is.
	Suspended Membership
}

// Missing is a role, or the membership of a group, that would give a permission.
type Missing struct {
	// Role is nil where it is a group.
	Role *rolemodel.Role
	// Scope is where the role would be held, or the group; empty where it is any
	// group of a kind.
	Scope events.ScopeID
	// Template and Group are a custom role, and a kind of group, to which the
	// permission would have to be given first; else nil.
	Template *rolemodel.Template
	Group    *rolemodel.Kind
	// Condition is what it depends on; nil if on nothing.
	Condition *rolemodel.Condition
}

// words name what is missing within a sentence.
func (m Missing) words() string {
	switch {
	case m.Template != nil:
		return "a custom role on " + string(m.Scope) + " to which it is given"
	case m.Group != nil:
		return "membership of a " + m.Group.Name + " to which it is given"
	case m.Role == nil:
		return "membership of " + string(m.Scope)
	}
	return roleOn(m.Role, m.Scope)
}

// Explain answers the same question with its reasons.
func (s State) Explain(q Question) Answer {
	var answer Answer
	if q.Permission.Kind != q.On.Kind() {
		return answer
	}
	person, known := s.Person(q.Who)
	if known {
		s.reasons(&answer, person, q)
	}
	if !s.Enabled(q.Permission.Feature) {
		answer.Because, answer.Feature = nil, q.Permission.Feature
	}
	answer.Allowed = len(answer.Because) > 0
	if !answer.Allowed && answer.Ceiling.Role == nil && answer.Feature == nil {
		if !known {
			person = &Person{ID: q.Who}
		}
		answer.Instead = s.instead(q, person)
	}
	return answer
}

// instead lists what would give the permission, nearest first: roles that the
// principal does not hold and can hold, and groups; and, where nothing does, what
// could be made to.
func (s *State) instead(q Question, who *Person) []Missing {
	if s.suspended(who) {
		return nil
	}
	var list []Missing
	permission := q.Permission.Index
	var ceiling *Grant // which stays, whatever is granted that does not replace it
	if s.Model.Ceilings {
		ceiling = s.ceiling(who, permission, q.On, q.About)
	}
	for at := range s.Up(q.On) {
		for _, role := range s.Roles() {
			if role.Kind != at.Kind.Name || heldBy(who, role, at.ID) != nil || s.withholds(role, permission, q.On) || !s.helps(role, at.ID, who) ||
				ceiling != nil && (at.ID != ceiling.Scope || !slices.Contains(role.Replaces, ceiling.Role)) {
				continue
			}
			set, dependents := s.terms(role).On(at.ID == q.On)
			if set.Has(permission) {
				list = append(list, Missing{Role: role, Scope: at.ID})
				continue
			}
			for _, d := range dependents {
				if d.Permission == permission {
					list = append(list, Missing{Role: role, Scope: at.ID, Condition: d.Condition})
				}
			}
		}
		if !s.Model.Groups || who.Client || ceiling != nil {
			continue
		}
		for _, id := range at.Children() {
			group, _ := s.Scope(id)
			if !group.given.Has(permission) || who.member(id) {
				continue
			}
			dependents := group.Kind.CarriesIf
			if !depends(dependents, permission) {
				list = append(list, Missing{Scope: id})
			}
			for _, d := range dependents {
				if d.Permission == permission {
					list = append(list, Missing{Scope: id, Condition: d.Condition})
				}
			}
		}
	}
	if len(list) == 0 && ceiling == nil && !who.Client && who.ID != events.Background {
		list = s.adjustable(rolemodel.NewSet(permission), q.On)
	}
	return list
}

// helps says whether the role on the scope would count for the person if it was
// granted: it is not held already, and rests on no membership that is suspended
// or of a kind that it is not for.
func (s *State) helps(role *rolemodel.Role, on events.ScopeID, who *Person) bool {
	if _, held := who.Grant(role, on); held {
		return false
	}
	if role.Membership == "" {
		return true
	}
	from, _ := s.membershipScope(role, on)
	if m, running := who.Membership(from); running && !m.Active {
		return false
	}
	for at := range s.Up(from) {
		if kind := s.memberKind(who, at.ID); kind != "" && len(role.MemberKinds) > 0 && !slices.Contains(role.MemberKinds, kind) {
			return false
		}
	}
	return true
}

// reasons finds what speaks for the permission, and what holds it back.
func (s *State) reasons(answer *Answer, person *Person, q Question) {
	for i := range person.Grants {
		if g := &person.Grants[i]; s.Under(q.On, g.Scope) && s.terms(g.Role).May(g.Scope == q.On, q.Permission.Index) {
			s.weigh(answer, person, g, q)
		}
	}
	for i := range person.Memberships {
		m := &person.Memberships[i]
		group, is := s.group(m)
		if !is || !group.given.Has(q.Permission.Index) || !s.Under(q.On, group.Parent) {
			continue
		}
		at := slices.IndexFunc(group.Given, func(g Given) bool { return g.Permission == q.Permission.Index })
		reason := Reason{Group: *m, Given: group.Given[at].Since}
		if suspended, is := s.suspension(person, m.Scope); is {
			answer.Idle = append(answer.Idle, Idle{Reason: reason, Suspended: suspended})
		} else {
			s.weighConditions(answer, person, reason, group.Kind.CarriesIf, q)
		}
	}
	if g := s.ceiling(person, q.Permission.Index, q.On, q.About); g != nil && len(answer.Because) > 0 {
		answer.Because, answer.Capped, answer.Ceiling = nil, answer.Because, *g
		for _, d := range g.Role.Ceiling.If {
			if d.Permission == q.Permission.Index {
				answer.Unless = append(answer.Unless, d.Condition)
			}
		}
	}
}

// weigh finds what a grant that may give the permission has to say.
func (s *State) weigh(answer *Answer, person *Person, g *Grant, q Question) {
	permission := q.Permission.Index
	reason := Reason{Grant: *g, Given: s.givenBy(g.Role, permission)}
	if withheld := s.withholding(g.Role, permission, q.On); withheld != nil {
		reason.Withheld = *withheld
		answer.Withheld = append(answer.Withheld, reason)
		return
	}
	if idle, is := s.Idle(person, g); is {
		idle.Given = reason.Given
		answer.Idle = append(answer.Idle, idle)
		return
	}
	set, dependents := s.terms(g.Role).On(g.Scope == q.On)
	if set.Has(permission) {
		dependents = nil
	}
	s.weighConditions(answer, person, reason, dependents, q)
}

// weighConditions finds what something that gives the permission has to say, by
// the conditions on which that depends.
func (s *State) weighConditions(answer *Answer, person *Person, reason Reason, dependents []rolemodel.Dependent, q Question) {
	permission := q.Permission.Index
	if !depends(dependents, permission) {
		answer.Because = append(answer.Because, reason)
		return
	}
	var unmet []Reason
	for _, d := range dependents {
		if d.Permission != permission {
			continue
		}
		reason.Condition = d.Condition
		if s.met(d.Condition, person, q.On, q.About) {
			answer.Because = append(answer.Because, reason)
			return
		}
		unmet = append(unmet, reason)
	}
	answer.Unmet = append(answer.Unmet, unmet...)
}

// Idle says why a grant does not count; false if it does.
func (s State) Idle(person *Person, g *Grant) (Idle, bool) {
	if s.active(person, g) {
		return Idle{}, false
	}
	idle := Idle{Reason: Reason{Grant: *g}, Expired: !g.Until.IsZero() && !g.Until.After(s.clock)}
	if !s.Enabled(g.Role.Feature) {
		idle.Feature = g.Role.Feature
	}
	scope := s.Root
	if g.Role.Membership != "" {
		scope, _ = s.membershipScope(g.Role, g.Scope)
	}
	idle.Suspended, _ = s.suspension(person, scope)
	return idle, true
}

// suspension is the suspended membership that keeps the person from what rests
// on the membership of a scope: that of the organization, or the one itself.
func (s *State) suspension(person *Person, scope events.ScopeID) (Membership, bool) {
	for _, at := range []events.ScopeID{s.Root, scope} {
		if m, running := person.Membership(at); running && !m.Active {
			return m, true
		}
	}
	return Membership{}, false
}

// givenBy says by which commit a custom role came to give the permission.
func (s *State) givenBy(role *rolemodel.Role, permission int) Stamp {
	if custom, is := s.CustomRole(role); is {
		for _, g := range custom.Given {
			if g.Permission == permission {
				return g.Since
			}
		}
	}
	return Stamp{}
}
