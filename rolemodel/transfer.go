package rolemodel

import "slices"

// transferring checks the roles that pass from their one holder to another.
func (v *validator) transferring() {
	for i := range v.Roles {
		e := &v.Roles[i]
		if len(e.Transferred) > 0 {
			v.transferred(e)
		}
		if e.Former != "" {
			v.former(e)
		}
	}
}

func (v *validator) transferred(e *roleEntry) {
	grantors(v, e.Transferred, "transfer role", e.ID)
	if v.absent(&e.AtLeast) || e.AtLeast > 1 {
		v.problem(v.at(&e.AtLeast, e), "role %q is transferred, so it needs \"at_least: 1\"", e.ID)
	}
	if v.absent(&e.AtMost) || e.AtMost > 1 {
		v.problem(v.at(&e.AtMost, e), "role %q is transferred, so it needs \"at_most: 1\"", e.ID)
	}
	if len(e.GrantedBy) > 0 {
		v.problem(v.places[&e.GrantedBy], "role %q passes by transfer alone; leave \"granted_by\" out", e.ID)
	}
}

// former checks the role that the former holder is left with: whoever held the
// one must be able to hold the other.
func (v *validator) former(e *roleEntry) {
	at := v.places[&e.Former]
	left := v.role(e.Former, at)
	switch {
	case v.absent(&e.Transferred):
		v.problem(at, "role %q is not transferred, so there is no former holder; add \"transferred_by\" or leave \"former\" out", e.ID)
	case left == nil || e.ID == "":
	case left == e:
		v.problem(at, "role %q cannot be left to its former holder: it is the one that passes", e.ID)
	case kindOf(left.ID) != kindOf(e.ID):
		v.problem(at, "role %q cannot be left to the former holder of %q: they are held on scopes of different kinds", left.ID, e.ID)
	case len(left.Transferred) > 0:
		v.problem(at, "role %q cannot be left to the former holder of %q: it passes by transfer alone", left.ID, e.ID)
	case left.Automatic == toBackground:
		v.problem(at, "role %q cannot be left to the former holder of %q: the background user alone holds it", left.ID, e.ID)
	case left.Holder == toClient:
		v.problem(at, "role %q cannot be left to the former holder of %q: API clients alone hold it", left.ID, e.ID)
	case left.Feature != "":
		v.problem(at, "role %q cannot be left to the former holder of %q: it waits for a feature", left.ID, e.ID)
	case left.Membership != "" && left.Membership != e.Membership:
		v.problem(at, "role %q cannot be left to the former holder of %q, who may be no member of %q", left.ID, e.ID, left.Membership)
	case !covers(left.MemberKinds, e.MemberKinds):
		v.problem(at, "role %q cannot be left to the former holder of %q, who may be of another kind of member", left.ID, e.ID)
	}
}

// covers says whether every kind of member of one list, where none means all of
// them, is in the other.
func covers(list, others []memberKindID) bool {
	return len(list) == 0 || len(others) > 0 && !slices.ContainsFunc(others, func(kind memberKindID) bool { return !slices.Contains(list, kind) })
}
