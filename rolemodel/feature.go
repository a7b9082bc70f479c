package rolemodel

// Feature is something that an organization switches on and off, by
// [FeatureSwitch]. It is off until turned on.
type Feature struct {
	// Index is its place in [Model.Features]; a [Set] of features goes by it.
	Index     int
	ID, Title string
	// Rule is the numbered rule that it fulfils, or empty.
	Rule string
	// Permissions are those that nobody has while it is off.
	Permissions Set
	// Roles are those that cannot be granted while it is off. Holders keep
	// them, and have nothing from them until it is on again.
	Roles []*Role
	// Editions are those in which it is on; where there are any it follows them,
	// and is not switched by hand.
	Editions []*Edition
}

// switching checks the features, and what waits for them. What an organization
// cannot be without must not wait.
func (v *validator) switching() {
	named := map[featureID]bool{}
	for i := range v.Roles {
		e := &v.Roles[i]
		at := v.places[&e.Feature]
		named[e.Feature] = true
		if v.feature(e.Feature, at) == nil {
			continue
		}
		switch {
		case e.AtLeast > 0:
			v.problem(at, "role %q has a lower bound of holders, so it cannot wait for a feature", e.ID)
		case e.Default:
			v.problem(at, "role %q is a default, given to every member, so it cannot wait for a feature", e.ID)
		case e.Automatic != "":
			v.problem(at, "role %q is automatic, given on every new scope, so it cannot wait for a feature", e.ID)
		}
	}
	for i := range v.CustomRoles {
		e := &v.CustomRoles[i]
		named[e.Feature] = true
		v.feature(e.Feature, v.places[&e.Feature])
	}
	for i := range v.Permissions {
		p := &v.Permissions[i]
		at := v.places[&p.Feature]
		named[p.Feature] = true
		if v.feature(p.Feature, at) == nil {
			continue
		}
		for _, act := range p.Allows {
			switch act {
			case FeatureSwitch:
				v.problem(at, "permission %q allows to turn features on, so it cannot wait for one", p.ID)
			case EditionSet:
				v.problem(at, "permission %q allows to put editions in force, so it cannot wait for a feature", p.ID)
			}
		}
	}
	for i := range v.Features {
		e := &v.Features[i]
		if v.legible && !named[e.ID] {
			v.problem(v.places[&e.ID], "no role, custom role or permission waits for feature %q", e.ID)
		}
	}
}

func (m *Model) compileFeatures(entries []featureEntry) {
	for i, e := range entries {
		f := &Feature{Index: i, ID: string(e.ID), Title: string(e.Title), Rule: string(e.Rule)}
		m.Features = append(m.Features, f)
		m.features[f.ID] = f
	}
}

// compileSwitches tells each feature what waits for it.
func (m *Model) compileSwitches() {
	waiting := make([][]int, len(m.Features))
	for _, p := range m.Permissions {
		if p.Feature != nil {
			waiting[p.Feature.Index] = append(waiting[p.Feature.Index], p.Index)
		}
	}
	for i, f := range m.Features {
		f.Permissions = NewSet(waiting[i]...)
	}
	for _, r := range m.Roles {
		if r.Feature != nil {
			r.Feature.Roles = append(r.Feature.Roles, r)
		}
	}
}
