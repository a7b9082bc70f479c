package rolemodel

// Fact is something done elsewhere that is put on record here, for instance
// that a license was purchased. To record it does nothing else.
type Fact struct {
	// Kind and Name together are its id.
	Kind, Name string
	Title      string
	// Rule is the numbered rule that it fulfils, or empty.
	Rule string
	// Permission is of the same kind: who has it on a scope may record the fact
	// there.
	Permission *Permission
}

// ID is KIND.NAME, for instance "organization.license_purchased".
func (f *Fact) ID() string { return f.Kind + "." + f.Name }

func (v *validator) recording() {
	for i := range v.Facts {
		e := &v.Facts[i]
		at := v.places[&e.Permission]
		scope := v.kind(kindOf(e.ID), v.places[&e.ID])
		if v.permission(e.Permission, at) != nil && scope != nil && kindOf(e.Permission) != scope.Kind {
			v.problem(at, "fact %q is recorded on %q, permission %q applies to %q", e.ID, scope.Kind, e.Permission, kindOf(e.Permission))
		}
	}
}

func (m *Model) compileFacts(entries []factEntry) {
	for _, e := range entries {
		id := idKey(e.ID)
		f := &Fact{Kind: id.kind, Name: id.name, Title: string(e.Title), Rule: string(e.Rule), Permission: m.permissions[string(e.Permission)]}
		m.Facts = append(m.Facts, f)
		m.facts[id] = f
	}
}
