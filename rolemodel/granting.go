package rolemodel

import "slices"

// granting checks who may grant each role.
func (v *validator) granting() {
	for i := range v.Roles {
		e := &v.Roles[i]
		grantors(v, e.GrantedBy, "grant role", e.ID)
		if e.ID != "" && v.absent(&e.GrantedBy) && v.absent(&e.Transferred) && !e.Default && (v.legible || v.absent(&e.Default)) {
			v.problem(v.at(&e.GrantedBy, e), "role %q needs \"granted_by\": nobody could grant it", e.ID)
		}
	}
}

// grantors checks those who have authority over something of a scope, as the
// verb and the id say in messages.
func grantors[ID ~string](v *validator, list []grantorID, verb string, over ID) {
	kind := kindOf(over)
	for i := range list {
		id, at := list[i], v.places[&list[i]]
		switch {
		case v.unknownGrantor(id):
			v.problem(at, "unknown role or permission %q", id)
		case v.kinds[kind] != nil && v.kinds[kindOf(id)] != nil && !v.mayHave(kind, kindOf(id)):
			v.problem(at, "%q cannot %s %q: %q never stands above %q", id, verb, over, kindOf(id), kind)
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
	if e.Automatic != "" {
		v.problem(v.places[&e.Automatic], "role %q is the highest, so people must be able to hold it; leave \"automatic\" out", e.ID)
	}
	if len(e.Transferred) > 0 {
		if !slices.Contains(e.Transferred, e.ID) {
			v.problem(v.places[&e.Transferred], "role %q is the highest, so its holder must be able to transfer it", e.ID)
		}
		return
	}
	// What waits for a feature cannot be relied upon.
	has := map[grantorID]bool{grantorID(e.ID): true}
	for _, id := range e.Permissions {
		has[grantorID(id)] = v.permissions[id] == nil || v.permissions[id].Feature == ""
	}
	if len(e.GrantedBy) > 0 && !slices.ContainsFunc(e.GrantedBy, func(id grantorID) bool { return has[id] }) {
		v.problem(v.places[&e.GrantedBy], "role %q is the highest, so its holders must be able to grant it", e.ID)
	}
}

// reach checks that every role can come to be held. Founding gives the highest
// role and membership the defaults; all others must be granted or transferred,
// step by step, by those who hold one already.
func (v *validator) reach() {
	grants := map[grantorID][]*roleEntry{}
	for i := range v.Roles {
		for _, grantor := range v.Roles[i].GrantedBy {
			grants[grantor] = append(grants[grantor], &v.Roles[i])
		}
		for _, holder := range v.Roles[i].Transferred {
			grants[grantorID(holder)] = append(grants[grantorID(holder)], &v.Roles[i])
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
			at, verb := v.places[&e.GrantedBy], "grant"
			if len(e.Transferred) > 0 {
				at, verb = v.places[&e.Transferred], "transfer"
			}
			v.problem(at, "nobody can ever hold role %q: none of those who %s it can be held", e.ID, verb)
		}
	}
}
