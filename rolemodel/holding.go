package rolemodel

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
		v.eligible(e, scope)
		v.replacing(e, scope)
		v.automatic(e)
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
	for i := range v.Permissions {
		p := &v.Permissions[i]
		if v.legible && !given[p.ID] {
			v.problem(v.places[&p.ID], "no role holds permission %q", p.ID)
		}
	}
}

// gives checks the permissions of a role, and marks them as given.
func (v *validator) gives(e *roleEntry, given map[permissionID]bool) {
	held := v.kinds[kindOf(e.ID)]
	for i := range e.Permissions {
		id, at := e.Permissions[i], v.places[&e.Permissions[i]]
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
		id, at := e.Inherited[i], v.places[&e.Inherited[i]]
		given[id] = true
		kind := v.kinds[kindOf(id)]
		if v.permission(id, at) == nil || held == nil || kind == nil || v.mayStandBelow(kind.Kind, held.Kind) {
			continue
		}
		v.problem(at, "permission %q cannot be inherited from role %q: %q never stands below %q", id, e.ID, kind.Kind, held.Kind)
	}
}

// eligible checks the membership that holders need.
func (v *validator) eligible(e *roleEntry, held *scopeEntry) {
	at := v.places[&e.Membership]
	needed := v.kind(e.Membership, at)
	switch {
	case needed == nil:
	case !needed.Membership:
		v.problem(at, "scope kind %q has no membership", needed.Kind)
	case !v.mayHave(held.Kind, needed.Kind):
		v.problem(at, "role %q cannot need membership of %q: %[2]q never stands above %[3]q", e.ID, needed.Kind, held.Kind)
	case !v.alwaysHas(held.Kind, needed.Kind):
		v.problem(at, "role %q cannot need membership of %q: a %q may stand below the root without one between", e.ID, needed.Kind, held.Kind)
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
		}
	}
}

// automatic checks a role that the background user holds.
func (v *validator) automatic(e *roleEntry) {
	if e.Automatic == "" {
		return
	}
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
}
