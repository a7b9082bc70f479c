package rolemodel

// Terms are what a role gives.
type Terms struct {
	// Own are the permissions that it gives on the scope where it is held,
	// Below those on every scope below that one. A permission applies to scopes
	// of its kind alone.
	Own, Below Set
	// OwnIf and BelowIf are those that it gives where a condition is met,
	// besides.
	OwnIf, BelowIf []Dependent
}

// Dependent is a permission that depends on a condition.
type Dependent struct {
	// Permission is its [Permission.Index].
	Permission int
	Condition  *Condition
}

// Ceiling is the most that the holder of a role has by anything else.
type Ceiling struct {
	Set Set
	// Rule is the numbered rule that it fulfils, or empty.
	Rule string
	// If are permissions up to which it reaches where a condition is met.
	If []Dependent
}

// Authority is a role or a permission that gives authority where a condition is
// met.
type Authority struct {
	// Role is nil where it is a permission, by its [Permission.Index].
	Role       *Role
	Permission int
	Condition  *Condition
}

// On are the permissions without and with conditions, on the scope where the
// role is held or below.
func (t *Terms) On(own bool) (Set, []Dependent) {
	if own {
		return t.Own, t.OwnIf
	}
	return t.Below, t.BelowIf
}

// May says whether the permission is among what the role gives on its own scope
// or below, be its condition met or not.
func (t *Terms) May(own bool, permission int) bool {
	set, dependents := t.On(own)
	if set.Has(permission) {
		return true
	}
	for _, d := range dependents {
		if d.Permission == permission {
			return true
		}
	}
	return false
}

// offers compiles references to what can be given: all of it, and what of that is
// had only where a condition is met.
func (m *Model) offers(refs []permissionRef) (all Set, dependents []Dependent) {
	all, dependents = m.references(refs)
	for _, d := range dependents {
		all = all.Union(NewSet(d.Permission))
	}
	return all, dependents
}

// terms compiles references to permissions.
func (m *Model) terms(own, below []permissionRef) Terms {
	var t Terms
	t.Own, t.OwnIf = m.references(own)
	t.Below, t.BelowIf = m.references(below)
	return t
}

// references tells permissions without conditions from those that have one.
func (m *Model) references(refs []permissionRef) (Set, []Dependent) {
	var plain []permissionID
	var dependents []Dependent
	for _, ref := range refs {
		id, condition := split[permissionRef, permissionID](ref)
		if condition == "" {
			plain = append(plain, id)
			continue
		}
		dependents = append(dependents, Dependent{m.permissions[string(id)].Index, m.conditions[string(condition)]})
	}
	return m.set(plain), dependents
}
