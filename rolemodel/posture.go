package rolemodel

// Posture says how the posture report judges who holds the highest role, or
// other roles of the root.
type Posture struct {
	// Rule is the numbered rule that it fulfils, or empty.
	Rule string
	// Roles are those of the root whose holders are counted.
	Roles []*Role
	// Units are the kinds of scope by whose number they are judged.
	Units []*Kind
	// DormantDays is after how many days without an act a holder is named.
	DormantDays int
}

// usualDormancy is [Posture.DormantDays] where the document does not say.
const usualDormancy = 90

// judging checks how the posture report judges.
func (v *validator) judging() {
	for i := range v.Posture.Units {
		id, at := v.Posture.Units[i], v.places[&v.Posture.Units[i]]
		if kind := v.kind(id, at); kind != nil && kind == v.root {
			v.problem(at, "there is one %q, the root; it is judged by the number of scopes below", id)
		}
	}
	for i := range v.Posture.Roles {
		id, at := v.Posture.Roles[i], v.places[&v.Posture.Roles[i]]
		if v.role(id, at) != nil && v.root != nil && kindOf(id) != v.root.Kind {
			v.problem(at, "role %q is held on %q; those that are counted are held on the root %q", id, kindOf(id), v.root.Kind)
		}
	}
}

func (m *Model) compilePosture(e postureEntry) {
	m.Posture = Posture{Rule: string(e.Rule), DormantDays: int(e.DormantDays), Roles: m.roleList(e.Roles)}
	if len(e.Roles) == 0 {
		m.Posture.Roles = []*Role{m.Highest}
	}
	if m.Posture.DormantDays == 0 {
		m.Posture.DormantDays = usualDormancy
	}
	for _, kind := range e.Units {
		m.Posture.Units = append(m.Posture.Units, m.kinds[string(kind)])
	}
	if len(e.Units) > 0 {
		return
	}
	root := m.kinds[m.Root]
	for _, kind := range m.Kinds {
		if kind.MayStandUnder(root) && !kind.Group() {
			m.Posture.Units = append(m.Posture.Units, kind)
		}
	}
}
