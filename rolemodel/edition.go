package rolemodel

// Edition is what an organization has bought: it turns features on.
type Edition struct {
	ID, Title string
	// Rule is the numbered rule that it fulfils, or empty.
	Rule string
	// Features are those that are on in it.
	Features Set
}

// editing checks the editions.
func (v *validator) editing() {
	for i := range v.Editions {
		e := &v.Editions[i]
		for j := range e.Features {
			v.feature(e.Features[j], v.places[&e.Features[j]])
		}
	}
}

func (m *Model) compileEditions(entries []editionEntry) {
	for _, e := range entries {
		var indexes []int
		edition := &Edition{ID: string(e.ID), Title: string(e.Title), Rule: string(e.Rule)}
		for _, id := range e.Features {
			feature := m.features[string(id)]
			indexes = append(indexes, feature.Index)
			feature.Editions = append(feature.Editions, edition)
		}
		edition.Features = NewSet(indexes...)
		m.Editions = append(m.Editions, edition)
	}
}

// Edition finds an edition by id; for the empty id, the one that is in force
// from the founding. The second result says whether there is one.
func (m *Model) Edition(id string) (*Edition, bool) {
	for _, e := range m.Editions {
		if e.ID == id || id == "" {
			return e, true
		}
	}
	return nil, false
}
