package rolemodel

import (
	"slices"
)

// mostTrials bounds how many cases a condition is tried with.
const mostTrials = 4096

// constant says whether a condition is met in every case that the model knows of,
// or in none, on scopes of the kind, nil for any. More cases are tried than can
// be: what is constant for all of them is so.
func (m *Model) constant(condition *Condition, target *Kind) (met, constant bool) {
	var found [2]bool
	t := trial{model: m, target: target}
	for range mostTrials {
		t.taken = map[string]int{}
		if condition.Met(&t) {
			found[1] = true
		} else {
			found[0] = true
		}
		if found[0] && found[1] {
			return false, false
		}
		if !t.next() {
			return found[1], true
		}
	}
	return false, false
}

// trial is one case: what is asked for is chosen when it is asked for.
type trial struct {
	model *Model
	// target is the kind of the scope; nil for any.
	target *Kind
	// choices are those made, in the order of asking; taken has their places.
	choices []choice
	taken   map[string]int
}

type choice struct{ index, of int }

// next turns to the next case; false after the last one.
func (t *trial) next() bool {
	for len(t.choices) > 0 {
		last := &t.choices[len(t.choices)-1]
		if last.index++; last.index < last.of {
			return true
		}
		t.choices = t.choices[:len(t.choices)-1]
	}
	return false
}

func (t *trial) choose(name string, of int) int {
	at, asked := t.taken[name]
	if !asked {
		at = len(t.taken)
		t.taken[name] = at
		if at == len(t.choices) {
			t.choices = append(t.choices, choice{of: of})
		}
	}
	return t.choices[at].index
}

func (t *trial) text(name string, options []string) string {
	return options[t.choose(name, len(options))]
}

// Fact implements [Circumstances].
func (t *trial) Fact(name string) any {
	none := []string{""}
	switch name {
	case TargetKind:
		return t.text(name, kindNames(t.targets()))
	case TargetParent:
		switch {
		case t.target == nil:
			return t.text(name, kindNames(t.model.Kinds, ""))
		case t.target.Name == t.model.Root:
			return ""
		}
		return t.text(name, kindNames(t.target.Under))
	case PersonMemberKind, HolderMemberKind:
		for _, kind := range t.model.kinds[t.model.Root].MemberKinds {
			none = append(none, kind.ID)
		}
		return t.text(name, none)
	case EditionInForce:
		if len(t.model.Editions) > 0 {
			none = nil
		}
		for _, edition := range t.model.Editions {
			none = append(none, edition.ID)
		}
		return t.text(name, none)
	}
	return t.choose(name, 2) == 1
}

// targets are the kinds that the scope can be of.
func (t *trial) targets() []*Kind {
	if t.target != nil {
		return []*Kind{t.target}
	}
	return t.model.Kinds
}

// kindNames lists the names of kinds, after others.
func kindNames(kinds []*Kind, list ...string) []string {
	for _, kind := range kinds {
		list = append(list, kind.Name)
	}
	return list
}

// Attribute implements [Circumstances].
func (t *trial) Attribute(id string) string {
	var values []string
	for _, kind := range t.targets() {
		if attribute, declared := kind.Attribute(id); declared {
			values = append(values, attribute.Values...)
		} else {
			values = append(values, "")
		}
	}
	slices.Sort(values)
	return t.text(attributePrefix+id, slices.Compact(values))
}

// HolderHolds implements [Circumstances].
func (t *trial) HolderHolds(role *Role) bool {
	return t.held(holderName, role)
}

// PersonHolds implements [Circumstances].
func (t *trial) PersonHolds(role *Role) bool {
	return t.held(personName, role)
}

// held says whether somebody holds the role on the target or above it.
func (t *trial) held(who string, role *Role) bool {
	if t.target != nil && t.target.Name != role.Kind && !t.model.below(kindName(t.target.Name), kindName(role.Kind)) {
		return false
	}
	return t.choose(who+"."+role.ID(), 2) == 1
}
