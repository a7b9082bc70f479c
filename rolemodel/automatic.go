package rolemodel

import "slices"

// automatic checks a role that is given automatically, and one of API clients.
func (v *validator) automatic(e *roleEntry, held *scopeEntry) {
	if e.Holder == toClient {
		v.ofClients(e)
	}
	switch e.Automatic {
	case toBackground:
		v.ofBackground(e)
	case toCreator:
		v.ofCreator(e, held)
	}
}

// ofBackground checks a role of the background user, who is no member.
func (v *validator) ofBackground(e *roleEntry) {
	if e.Membership != "" {
		v.problem(v.places[&e.Membership], "role %q goes to the background user, who is no member; leave \"membership\" out", e.ID)
	}
	if e.Default {
		v.problem(v.places[&e.Default], "role %q goes to the background user alone, so it cannot be a default", e.ID)
	}
	if len(e.Transferred) > 0 {
		v.problem(v.places[&e.Transferred], "role %q goes to the background user alone, so it cannot be transferred", e.ID)
	}
}

// ofCreator checks a role that comes with the creation of a scope, which must
// not be impossible for that.
func (v *validator) ofCreator(e *roleEntry, kind *scopeEntry) {
	if v.root == nil {
		return
	}
	if kind == v.root {
		v.problem(v.places[&e.Automatic], "role %q is held on the root, which the operator founds; nobody creates it", e.ID)
	}
	if e.Default {
		v.problem(v.places[&e.Default], "role %q goes to whoever creates the scope, so it cannot be a default", e.ID)
	}
	if e.Membership != "" && e.Membership != kind.Kind && e.Membership != v.root.Kind && v.kinds[e.Membership] != nil {
		v.problem(v.places[&e.Membership], "role %q goes to whoever creates a %q, who becomes a member of that alone; it can need membership of %q or of the root %q", e.ID, kind.Kind, kind.Kind, v.root.Kind)
	}
	if v.legible && len(e.MemberKinds) > 0 && e.Membership == kind.Kind && len(kind.MemberKinds) > 0 && !slices.Contains(e.MemberKinds, kind.MemberKinds[0].ID) {
		v.problem(v.places[&e.MemberKinds], "role %q goes to whoever creates a %q, who becomes a %q there; add that kind of member", e.ID, kind.Kind, kind.MemberKinds[0].ID)
	}
}

// created checks that roles which come with the creation of a scope do not end
// each other. A default is not given to who holds a role that replaces it.
func (v *validator) created() {
	for i := range v.Roles {
		e := &v.Roles[i]
		if e.Automatic != toCreator && !e.Default {
			continue
		}
		for j, id := range e.Replaces {
			other := v.roles[id]
			if other == nil || other == e || other.Automatic != toCreator || kindOf(id) != kindOf(e.ID) {
				continue
			}
			if e.Automatic == toCreator || !slices.Contains(other.Replaces, e.ID) {
				v.problem(v.places[&e.Replaces[j]], "role %q cannot replace %q: whoever creates a %q is given both", e.ID, id, kindOf(id))
			}
		}
	}
}

// ofClients checks a role that API clients hold, who are no members.
func (v *validator) ofClients(e *roleEntry) {
	at := v.places[&e.Holder]
	switch {
	case e.Membership != "":
		v.problem(v.places[&e.Membership], "role %q goes to API clients, who are no members; leave \"membership\" out", e.ID)
	case e.Default, e.Automatic != "", len(e.Transferred) > 0:
		v.problem(at, "role %q goes to API clients, who are granted it; leave \"default\", \"automatic\" and \"transferred_by\" out", e.ID)
	case e.AtLeast > 0:
		v.problem(at, "role %q goes to API clients, and an organization may have none; leave \"at_least\" out", e.ID)
	}
}

// defaulted checks a role that comes with membership.
func (v *validator) defaulted(e *roleEntry, held *scopeEntry) {
	at := v.places[&e.Default]
	switch {
	case !held.Membership:
		v.problem(at, "role %q cannot be a default: scope kind %q has no membership", e.ID, held.Kind)
	case e.Membership != held.Kind:
		v.problem(v.at(&e.Membership, e), "role %q is a default, so it needs \"membership: %s\"", e.ID, held.Kind)
	}
	if e.AtMost > 0 {
		v.problem(v.places[&e.AtMost], "role %q is a default, given to every member; leave \"at_most\" out", e.ID)
	}
	if len(e.MemberKinds) > 0 {
		v.problem(v.places[&e.MemberKinds], "role %q is a default, given to every member; leave \"member_kinds\" out", e.ID)
	}
}
