package rolemodel

import "slices"

// nesting checks the kinds of scope and what may stand below what.
func (v *validator) nesting() {
	before := len(v.problems)
	v.root = v.kind(v.Root, v.places[&v.Root])
	for i := range v.Scopes {
		s := &v.Scopes[i]
		resolved := true
		for j := range s.Under {
			if v.kind(s.Under[j], v.places[&s.Under[j]]) == nil {
				resolved = false
			}
		}
		v.above[s.Kind] = v.ancestors(s.Kind, "")
		switch {
		case v.root == nil || s.Kind == "" || !resolved:
		case s == v.root && len(s.Under) > 0:
			v.problem(v.places[&s.Under], "the root %q stands below nothing; leave \"under\" out", s.Kind)
		case s != v.root && v.absent(&s.Under):
			v.problem(v.at(&s.Under, s), "scope kind %q needs \"under\": the root %q alone stands below nothing", s.Kind, v.Root)
		case s != v.root && len(s.Under) > 0 && !v.above[s.Kind][v.Root]:
			v.problem(v.places[&s.Under], "scope kind %q has no way up to the root %q", s.Kind, v.Root)
		}
		if s.Leave && !s.Membership {
			v.problem(v.places[&s.Leave], "scope kind %q has no membership to leave; add \"membership: true\" or leave \"leave\" out", s.Kind)
		}
	}
	v.nested = v.legible && len(v.problems) == before
}

// ancestors finds all kinds that may stand above, on ways that do not pass the
// kind to avoid.
func (v *validator) ancestors(kind, avoid kindName) map[kindName]bool {
	above := map[kindName]bool{}
	for next := []kindName{kind}; len(next) > 0; {
		s := v.kinds[next[0]]
		next = next[1:]
		if s == nil {
			continue
		}
		for _, under := range s.Under {
			if under != avoid && !above[under] {
				above[under] = true
				next = append(next, under)
			}
		}
	}
	return above
}

// mayHave says whether a scope of the kind may have one of the other kind at or
// above itself. Where the nesting is broken, the answer is always yes.
func (v *validator) mayHave(kind, above kindName) bool {
	return !v.nested || kind == above || v.above[kind][above]
}

// alwaysHas is like mayHave, and says whether every scope of the kind has one.
func (v *validator) alwaysHas(kind, above kindName) bool {
	return !v.nested || kind == above || !v.ancestors(kind, above)[v.Root]
}

// mayStandBelow says whether a scope of the kind may have one of the other kind
// strictly above itself.
func (v *validator) mayStandBelow(kind, above kindName) bool {
	return !v.nested || v.above[kind][above]
}

// mayStandUnder says whether a scope of the kind may stand directly below one
// of the other.
func (v *validator) mayStandUnder(kind, parent kindName) bool {
	return !v.nested || slices.Contains(v.kinds[kind].Under, parent)
}

// below says whether a scope of the kind may have one of the other kind strictly
// above itself.
func (m *Model) below(kind, above kindName) bool {
	seen := map[*Kind]bool{}
	for next := []*Kind{m.kinds[string(kind)]}; len(next) > 0; next = next[1:] {
		for _, under := range next[0].Under {
			if under.Name == string(above) {
				return true
			}
			if !seen[under] {
				seen[under] = true
				next = append(next, under)
			}
		}
	}
	return false
}
