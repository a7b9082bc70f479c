package rolemodel

// Designation is a mark on one holder of some roles of a scope. A scope has it
// at most once, and may be without. It is judged on what a commit leaves: it
// lapses, in the same commit, when the one who is marked holds none of Among
// any more, or when a quorum of While is lost.
type Designation struct {
	// Kind and Name together are its id.
	Kind, Name string
	Title      string
	// Rule is the numbered rule that it fulfils, or empty.
	Rule string
	// Among are the roles of the same kind of which the one who is marked
	// holds one.
	Among []*Role
	// While are the quorums that it needs, all of them, to be set and to stay.
	While []Quorum
	// SetBy are the roles whose holders, on the same scope or above, may set
	// and clear it.
	SetBy []*Role
	// SetWith are the permissions that, on the same scope or on one above of
	// the permission's kind, allow to set and clear it.
	SetWith Set
	// SetIf are further roles and permissions that allow it where a condition is
	// met.
	SetIf []Authority
}

// Quorum is a number of active holders of a role on one scope.
type Quorum struct {
	Role    *Role
	AtLeast int
}

// ID is KIND.NAME, for instance "organization.main_owner".
func (d *Designation) ID() string { return d.Kind + "." + d.Name }

func (v *validator) designating() {
	for i := range v.Designations {
		e := &v.Designations[i]
		scope := v.kind(kindOf(e.ID), v.places[&e.ID])
		grantors(v, e.SetBy, "set designation", e.ID)
		for j := range e.Among {
			id, at := e.Among[j], v.places[&e.Among[j]]
			switch role := v.role(id, at); {
			case role == nil:
			case scope != nil && kindOf(id) != scope.Kind:
				v.problem(at, "designation %q cannot mark a holder of %q: they belong to scopes of different kinds", e.ID, id)
			case role.Holder == toClient:
				v.problem(at, "designation %q cannot mark a holder of %q: API clients alone hold it", e.ID, id)
			}
		}
		counted := map[roleID]bool{}
		for j := range e.While {
			v.quorum(e, &e.While[j], scope, counted)
		}
	}
}

func (v *validator) quorum(e *designationEntry, q *quorumEntry, scope *scopeEntry, counted map[roleID]bool) {
	at := v.places[&q.Role]
	role := v.role(q.Role, at)
	switch {
	case role == nil:
	case scope != nil && kindOf(role.ID) != scope.Kind:
		v.problem(at, "designation %q cannot count the holders of %q: they belong to scopes of different kinds", e.ID, role.ID)
	case counted[role.ID]:
		v.problem(at, "designation %q counts the holders of %q twice", e.ID, role.ID)
	case role.AtMost > 0 && q.AtLeast > role.AtMost:
		v.problem(v.places[&q.AtLeast], "designation %q can never be set: role %q can have at most %d holders", e.ID, role.ID, role.AtMost)
	}
	counted[q.Role] = true
}

func (m *Model) compileDesignations(entries []designationEntry) {
	for _, e := range entries {
		id := idKey(e.ID)
		d := &Designation{Kind: id.kind, Name: id.name, Title: string(e.Title), Rule: string(e.Rule), Among: m.roleList(e.Among)}
		for _, q := range e.While {
			d.While = append(d.While, Quorum{m.role(q.Role), int(q.AtLeast)})
		}
		d.SetBy, d.SetWith, d.SetIf = m.grantors(e.SetBy)
		m.Designations = append(m.Designations, d)
		m.designations[id] = d
		kind := m.kinds[id.kind]
		kind.Designations = append(kind.Designations, d)
	}
}
