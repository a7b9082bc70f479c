package rolemodel

import "slices"

// granting checks who may grant each role.
func (v *validator) granting() {
	for i := range v.Roles {
		e := &v.Roles[i]
		grantors(v, e.GrantedBy, "grant role", e.ID)
		if e.ID != "" && v.absent(&e.GrantedBy) && v.absent(&e.Transferred) && e.Automatic != toCreator && !e.Default && (v.legible || v.absent(&e.Default)) {
			v.problem(v.at(&e.GrantedBy, e), "role %q needs \"granted_by\": nobody could grant it", e.ID)
		}
	}
}

// grantors checks those who have authority over something of a scope, as the
// verb and the id say in messages.
func grantors[ID ~string](v *validator, list []grantorID, verb string, over ID) {
	repeated(v, list)
	kind := kindOf(over)
	for i := range list {
		id, at := list[i].id(), v.places[&list[i]]
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
	switch {
	case v.absent(&e.AtLeast):
		v.problem(v.at(&e.AtLeast, e), "role %q is the highest, so it needs \"at_least: 1\" (X01)", e.ID)
	case e.AtLeast > 1 && len(e.Transferred) == 0:
		v.problem(v.places[&e.AtLeast], "role %q is the highest, which one person holds from the founding on, so \"at_least\" must be 1", e.ID)
	}
	if e.Default {
		v.problem(v.places[&e.Default], "role %q is the highest, so it cannot be a default", e.ID)
	}
	if e.Automatic != "" {
		v.problem(v.places[&e.Automatic], "role %q is the highest, so people must be able to hold it; leave \"automatic\" out", e.ID)
	}
	if e.Holder == toClient {
		v.problem(v.places[&e.Holder], "role %q is the highest, so people must be able to hold it; leave \"holder\" out", e.ID)
	}
	if e.Adjustable {
		v.problem(v.places[&e.Adjustable], "role %q is the highest, so nothing is withheld from it; leave \"adjustable\" out", e.ID)
	}
	if v.legible && len(e.MemberKinds) > 0 && v.root != nil && len(v.root.MemberKinds) > 0 && !slices.Contains(e.MemberKinds, v.root.MemberKinds[0].ID) {
		v.problem(v.places[&e.MemberKinds], "role %q is the highest: who founds a %q becomes a %q there; add that kind of member", e.ID, v.root.Kind, v.root.MemberKinds[0].ID)
	}
	v.unbounded(e)
	if len(e.Transferred) > 0 {
		if !slices.Contains(e.Transferred, grantorID(e.ID)) {
			v.problem(v.places[&e.Transferred], "role %q is the highest, so its holder must be able to transfer it", e.ID)
		}
		return
	}
	// What waits for a feature cannot be relied upon.
	has := map[grantorID]bool{grantorID(e.ID): true}
	for _, ref := range e.Permissions {
		if id, condition := split[permissionRef, permissionID](ref); condition == "" {
			has[grantorID(id)] = v.permissions[id] == nil || v.permissions[id].Feature == ""
		}
	}
	if len(e.GrantedBy) > 0 && !slices.ContainsFunc(e.GrantedBy, func(id grantorID) bool { return has[id] }) {
		v.problem(v.places[&e.GrantedBy], "role %q is the highest, so its holders must be able to grant it", e.ID)
	}
}

// unbounded checks that nobody who holds the highest role is left without its
// authority by a ceiling: not by its own, and not by that of a role which they
// hold beside it.
func (v *validator) unbounded(highest *roleEntry) {
	if len(highest.Ceiling) > 0 {
		v.problem(v.places[&highest.Ceiling], "role %q is the highest, so it has no ceiling", highest.ID)
	}
	for i := range v.Roles {
		e := &v.Roles[i]
		if e == highest || len(e.Ceiling) == 0 || v.root == nil || kindOf(e.ID) != v.root.Kind {
			continue
		}
		if !slices.Contains(e.Replaces, highest.ID) || !slices.Contains(highest.Replaces, e.ID) {
			v.problem(v.places[&e.Ceiling], "role %q has a ceiling and is held on the root: it and the highest role, %q, must each be among what the other \"replaces\", or a holder of both could do nothing", e.ID, highest.ID)
		}
	}
}

// reach checks that every role can come to be held. Founding gives the highest
// role, membership the defaults, and creating a scope what goes to its creator;
// all others must be granted or transferred, step by step, by those who hold
// something already. What groups carry is taken to be somebody's.
func (v *validator) reach() {
	gives, grants := map[roleID][]grantorID{}, map[grantorID][]roleID{}
	var next []roleID
	for i := range v.Roles {
		e := &v.Roles[i]
		for _, ref := range slices.Concat(e.Permissions, e.Inherited) {
			gives[e.ID] = append(gives[e.ID], grantorID(ref.id()))
		}
		for _, ref := range slices.Concat(e.GrantedBy, e.Transferred) {
			grants[ref.id()] = append(grants[ref.id()], e.ID)
		}
		if e.ID == v.Highest || e.Default || e.Automatic == toCreator {
			next = append(next, e.ID)
		}
	}
	for i := range v.CustomRoles {
		e := &v.CustomRoles[i]
		for _, ref := range v.choices(e, v.mayStandBelow) {
			gives[e.ID] = append(gives[e.ID], grantorID(ref.id()))
		}
		for _, ref := range e.GrantedBy {
			grants[ref.id()] = append(grants[ref.id()], e.ID)
		}
	}
	reached := map[grantorID]bool{}
	hold := func(id grantorID) {
		if !reached[id] {
			reached[id] = true
			next = append(next, grants[id]...)
		}
	}
	for i := range v.Scopes {
		for _, ref := range v.Scopes[i].Carries {
			hold(grantorID(ref.id()))
		}
	}
	for len(next) > 0 {
		id := next[0]
		next = next[1:]
		if reached[grantorID(id)] {
			continue
		}
		hold(grantorID(id))
		for _, given := range gives[id] {
			hold(given)
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
	for i := range v.CustomRoles {
		if e := &v.CustomRoles[i]; !reached[grantorID(e.ID)] {
			v.problem(v.places[&e.GrantedBy], "nobody can ever hold custom role %q: none of those who grant it can be held", e.ID)
		}
	}
}
