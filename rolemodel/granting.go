package rolemodel

import "slices"

// granting checks who may grant each role.
func (v *validator) granting() {
	for i := range v.Roles {
		e := &v.Roles[i]
		kind := kindOf(e.ID)
		for j := range e.GrantedBy {
			id, at := e.GrantedBy[j], v.places[&e.GrantedBy[j]]
			switch {
			case v.unknownGrantor(id):
				v.problem(at, "unknown role or permission %q", id)
			case v.kinds[kind] != nil && v.kinds[kindOf(id)] != nil && !v.mayHave(kind, kindOf(id)):
				v.problem(at, "%q cannot grant role %q: %q never stands above %q", id, e.ID, kindOf(id), kind)
			}
		}
		if e.ID != "" && v.absent(&e.GrantedBy) && !e.Default && (v.legible || v.absent(&e.Default)) {
			v.problem(v.at(&e.GrantedBy, e), "role %q needs \"granted_by\": nobody could grant it", e.ID)
		}
	}
}

func (v *validator) unknownGrantor(id grantorID) bool {
	return id != "" && v.complete[roles] && v.complete[permissions] &&
		v.roles[roleID(id)] == nil && v.permissions[permissionID(id)] == nil
}

// summit checks the highest role. Whatever happens it has an active holder
// (X01), so there must be a way to have one more.
func (v *validator) summit() {
	at := v.places[&v.Highest]
	e := v.role(v.Highest, at)
	if e == nil {
		return
	}
	if v.root != nil && kindOf(e.ID) != v.root.Kind {
		v.problem(at, "the highest role %q is not held on the root %q", e.ID, v.root.Kind)
	}
	if v.absent(&e.AtLeast) {
		v.problem(v.at(&e.AtLeast, e), "role %q is the highest, so it needs \"at_least\" of 1 or more (X01)", e.ID)
	}
	if e.Default {
		v.problem(v.places[&e.Default], "role %q is the highest, so it cannot be a default", e.ID)
	}
	if len(e.GrantedBy) > 0 && !slices.ContainsFunc(e.GrantedBy, func(id grantorID) bool {
		return roleID(id) == e.ID || slices.Contains(e.Permissions, permissionID(id))
	}) {
		v.problem(v.places[&e.GrantedBy], "role %q is the highest, so its holders must be able to grant it", e.ID)
	}
}

// reach checks that every role can come to be held. Founding gives the highest
// role and membership the defaults; all others must be granted, step by step,
// by those who hold one already.
func (v *validator) reach() {
	grants := map[grantorID][]*roleEntry{}
	for i := range v.Roles {
		for _, grantor := range v.Roles[i].GrantedBy {
			grants[grantor] = append(grants[grantor], &v.Roles[i])
		}
	}
	next := []*roleEntry{v.roles[v.Highest]}
	for i := range v.Roles {
		if v.Roles[i].Default {
			next = append(next, &v.Roles[i])
		}
	}
	reached := map[grantorID]bool{}
	hold := func(id grantorID) {
		if !reached[id] {
			reached[id] = true
			next = append(next, grants[id]...)
		}
	}
	for len(next) > 0 {
		e := next[0]
		next = next[1:]
		if reached[grantorID(e.ID)] {
			continue
		}
		hold(grantorID(e.ID))
		for _, id := range e.Permissions {
			hold(grantorID(id))
		}
		for _, id := range e.Inherited {
			hold(grantorID(id))
		}
	}
	for i := range v.Roles {
		if e := &v.Roles[i]; !reached[grantorID(e.ID)] {
			v.problem(v.places[&e.GrantedBy], "nobody can ever hold role %q: none of those who grant it can be held", e.ID)
		}
	}
}
