package rolemodel

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

// holding checks what roles give, to whom, and how many may hold them.
func (v *validator) holding() {
	given := map[permissionID]bool{}
	defaults := map[kindName]*roleEntry{}
	for i := range v.Roles {
		e := &v.Roles[i]
		v.gives(e, given)
		scope := v.kind(kindOf(e.ID), v.places[&e.ID])
		if scope == nil {
			continue
		}
		v.needs(string(e.ID), e.Membership, v.places[&e.Membership], scope)
		v.kindsOfHolder(string(e.ID), e.Membership, &e.MemberKinds)
		v.bounded(e, scope)
		v.replacing(e, scope)
		v.automatic(e, scope)
		if e.AtMost > 0 && e.AtLeast > e.AtMost {
			v.problem(v.places[&e.AtLeast], "role %q needs at least %d holders but can have at most %d", e.ID, e.AtLeast, e.AtMost)
		}
		if !e.Default {
			continue
		}
		if first := defaults[scope.Kind]; first != nil {
			v.problem(v.places[&e.Default], "scope kind %q has a default role already, %q on line %d", scope.Kind, first.ID, v.line(&first.ID))
		} else {
			defaults[scope.Kind] = e
		}
		v.defaulted(e, scope)
	}
	v.created()
	for i := range v.Scopes {
		mark(given, v.Scopes[i].Carries)
	}
	for i := range v.CustomRoles {
		mark(given, v.CustomRoles[i].Permissions)
	}
	for i := range v.Permissions {
		p := &v.Permissions[i]
		if v.legible && !given[p.ID] {
			v.problem(v.places[&p.ID], "no role holds permission %q", p.ID)
		}
	}
}

func mark(given map[permissionID]bool, list []permissionRef) {
	for _, ref := range list {
		given[ref.id()] = true
	}
}

// gives checks the permissions of a role, and marks them as given.
func (v *validator) gives(e *roleEntry, given map[permissionID]bool) {
	held := v.kinds[kindOf(e.ID)]
	repeated(v, e.Permissions)
	repeated(v, e.Inherited)
	for i := range e.Permissions {
		id, at := e.Permissions[i].id(), v.places[&e.Permissions[i]]
		given[id] = true
		kind := v.kinds[kindOf(id)]
		if v.permission(id, at) == nil || held == nil || kind == nil || kind == held {
			continue
		}
		if v.mayStandBelow(kind.Kind, held.Kind) {
			v.problem(at, "permission %q applies to %q, role %q is held on %q; move it to \"inherited\"", id, kind.Kind, e.ID, held.Kind)
		} else {
			v.problem(at, "permission %q applies to %q, role %q is held on %q", id, kind.Kind, e.ID, held.Kind)
		}
	}
	for i := range e.Inherited {
		id, at := e.Inherited[i].id(), v.places[&e.Inherited[i]]
		given[id] = true
		kind := v.kinds[kindOf(id)]
		if v.permission(id, at) == nil || held == nil || kind == nil || v.mayStandBelow(kind.Kind, held.Kind) {
			continue
		}
		v.problem(at, "permission %q cannot be inherited from role %q: %q never stands below %q", id, e.ID, kind.Kind, held.Kind)
	}
}

// needs checks the membership that holders need.
func (v *validator) needs(id string, membership kindName, at *yaml.Node, held *scopeEntry) {
	needed := v.kind(membership, at)
	switch {
	case needed == nil:
	case !needed.Membership:
		v.problem(at, "scope kind %q has no membership", needed.Kind)
	case !v.mayHave(held.Kind, needed.Kind):
		v.problem(at, "role %q cannot need membership of %q: %[2]q never stands above %[3]q", id, needed.Kind, held.Kind)
	case !v.alwaysHas(held.Kind, needed.Kind):
		v.problem(at, "role %q cannot need membership of %q: a %q may stand below the root without one between", id, needed.Kind, held.Kind)
	}
}

// kindsOfHolder checks the kinds of member that can hold a role.
func (v *validator) kindsOfHolder(id string, membership kindName, list *[]memberKindID) {
	needed := v.kinds[membership]
	switch {
	case len(*list) == 0 || !v.legible:
		return
	case membership == "":
		v.problem(v.places[list], "role %q can be held by people who are no members; say what \"membership\" it needs, or leave \"member_kinds\" out", id)
		return
	case needed == nil:
		return
	}
	before := len(v.problems)
	for i, kind := range *list {
		if !slices.ContainsFunc(v.Scopes, func(s scopeEntry) bool { return s.memberKind(kind) && v.mayHave(needed.Kind, s.Kind) }) {
			v.problem(v.places[&(*list)[i]], "neither scope kind %q nor one above it has a kind of member %q", needed.Kind, kind)
		}
	}
	for _, s := range []*scopeEntry{needed, v.root} {
		if s != nil && len(s.MemberKinds) > 0 && len(v.problems) == before && !slices.ContainsFunc(*list, s.memberKind) {
			v.problem(v.places[list], "nobody can hold role %q: members of a %q are of none of these kinds", id, s.Kind)
		}
	}
}

// bounded checks the ceiling of a role, and what can be withheld from it.
func (v *validator) bounded(e *roleEntry, held *scopeEntry) {
	repeated(v, e.Ceiling)
	for i := range e.Ceiling {
		v.applies(e.Ceiling[i].id(), "role", e.ID, held, &e.Ceiling[i])
	}
	if e.CeilingRule != "" && len(e.Ceiling) == 0 {
		v.problem(v.places[&e.CeilingRule], "role %q has no ceiling; leave \"ceiling_rule\" out", e.ID)
	}
	at := v.places[&e.AdjustablePer]
	switch {
	case e.AdjustablePer == "":
	case !e.Adjustable:
		v.problem(at, "role %q is not adjustable; add \"adjustable: true\" or leave \"adjustable_per\" out", e.ID)
	case held.attribute(e.AdjustablePer) == nil:
		v.problem(at, "scope kind %q has no attribute %q", held.Kind, e.AdjustablePer)
	}
}

func (v *validator) replacing(e *roleEntry, held *scopeEntry) {
	for i := range e.Replaces {
		id, at := e.Replaces[i], v.places[&e.Replaces[i]]
		switch other := v.role(id, at); {
		case other == nil:
		case id == e.ID:
			v.problem(at, "role %q cannot replace itself", id)
		case kindOf(id) != held.Kind:
			v.problem(at, "role %q cannot replace %q: they are held on scopes of different kinds", e.ID, id)
		case (other.Holder == toClient) != (e.Holder == toClient):
			v.problem(at, "role %q cannot replace %q: one is for API clients, the other is not", e.ID, id)
		}
	}
}
