package aggregate

import (
	"cmp"
	"fmt"
	"strings"

	"tenure/events"
	"tenure/rolemodel"
)

// SetEdition puts an edition of the role model in force. One that is in force
// already changes nothing.
type SetEdition struct{ Edition events.EditionID }

// Name implements [Command].
func (SetEdition) Name() string { return "edition.set" }

func (c SetEdition) propose(d *draft) {
	if inForce := d.state.edition; inForce != nil && inForce.ID == string(c.Edition) {
		d.already(events.EditionSet{Edition: c.Edition})
		return
	}
	d.setEdition(c.Edition)
}

func (d *draft) setEdition(id events.EditionID) {
	if inForce := d.state.edition; inForce == nil || inForce.ID != string(id) {
		d.emit(events.EditionSet{Edition: id})
	}
}

// admissibleEdition judges whether an edition can be put in force.
func admissibleEdition(s State, e events.EditionSet) *Refusal {
	edition, known := s.Model.Edition(string(e.Edition))
	switch {
	case len(s.Model.Editions) == 0:
		return &Refusal{Code: CodeUnknown, Field: "edition", Message: "The model " + s.Model.ID + " has no editions.",
			Help: "tenure models show " + s.Model.ID}
	case e.Edition == "" || !known:
		var have []string
		for _, other := range s.Model.Editions {
			have = append(have, other.ID)
		}
		return &Refusal{Code: CodeUnknown, Field: "edition",
			Message: fmt.Sprintf("There is no edition %.40q in the model %s; there is %s.", e.Edition, s.Model.ID, anyOf(have)),
			Help:    "tenure edition list --org " + string(s.Org)}
	case s.edition != nil && s.edition.ID == edition.ID:
		return &Refusal{Code: CodeExists, Field: "edition", Message: "The edition " + edition.Title + " is in force already."}
	}
	return s.strands(edition)
}

// strands refuses an edition without the roles that somebody holds (C28): whoever
// held one would have nothing from it, by nobody's decision about them.
func (s State) strands(edition *rolemodel.Edition) *Refusal {
	var refused *Refusal
	var held []string
	for _, role := range s.Roles() {
		f := role.Feature
		if f == nil || len(f.Editions) == 0 || edition.Features.Has(f.Index) || !s.Enabled(f) {
			continue
		}
		holders := map[events.PrincipalID]bool{}
		first := events.ScopeID("")
		for _, scope := range s.Scopes() {
			for _, holder := range scope.Holders(role) {
				first = cmp.Or(first, scope.ID)
				holders[holder] = true
			}
		}
		if len(holders) == 0 {
			continue
		}
		held = append(held, role.ID()+", which "+holding(len(holders)))
		if refused == nil {
			refused = &Refusal{Code: CodeStillHolding, Field: "edition", Rule: cmp.Or(edition.Rule, role.Rule),
				Role: role.ID(), Scope: first, Help: "tenure who --role " + s.roleArgs(role, first)}
		}
	}
	if refused != nil {
		refused.Message = fmt.Sprintf("The edition %s does not have the role %s: first revoke it, or grant another one in its place.",
			edition.Title, strings.Join(held, ", nor "))
	}
	return refused
}

func holding(people int) string {
	if people == 1 {
		return "1 person holds"
	}
	return fmt.Sprintf("%d people hold", people)
}
