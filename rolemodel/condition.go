package rolemodel

import (
	"errors"
	"reflect"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// Condition is something that a permission or an authority depends on, written
// in CEL. It is compiled when the model is read; what it can cost is bounded.
type Condition struct {
	ID string
	// Title completes the sentence "only …".
	Title string
	// Rule is the numbered rule that it fulfils, or empty.
	Rule string
	// Expression is what was written.
	Expression string

	program cel.Program
	model   *Model
}

// Circumstances are what a condition is judged by. Its methods are asked for
// what the expression needs, and nothing else.
type Circumstances interface {
	// Fact is the text or truth value of a name of [names], or of an attribute of
	// the target.
	Fact(name string) any
	// Attribute is the value of the target's attribute; empty where its kind has
	// none of that id.
	Attribute(id string) string
	// HolderHolds says whether the role is held, and counts, on the target or
	// above it by the one who asks; PersonHolds whether it is held there by the
	// person concerned, whether it counts or not.
	HolderHolds(role *Role) bool
	PersonHolds(role *Role) bool
}

// conditioning compiles the conditions, and checks that each is used.
func (v *validator) conditioning() {
	if len(v.Conditions) > 0 {
		env, err := environment(v.document)
		if err != nil {
			v.problem(v.places[&v.Conditions], "conditions cannot be read: %v", err)
			return
		}
		for i := range v.Conditions {
			if e := &v.Conditions[i]; e.When != "" {
				v.condition(env, e)
			}
		}
	}
	used := map[conditionID]bool{}
	for i := range v.Roles {
		e := &v.Roles[i]
		depends(v, e.Permissions, used)
		depends(v, e.Inherited, used)
		depends(v, e.Ceiling, used)
		depends(v, e.GrantedBy, used)
		depends(v, e.Transferred, used)
	}
	for i := range v.Designations {
		depends(v, v.Designations[i].SetBy, used)
	}
	for i := range v.CustomRoles {
		depends(v, v.CustomRoles[i].GrantedBy, used)
		depends(v, v.CustomRoles[i].Permissions, used)
		depends(v, v.CustomRoles[i].Guarded, used)
	}
	for i := range v.Scopes {
		depends(v, v.Scopes[i].Carries, used)
	}
	for i := range v.Conditions {
		if id := &v.Conditions[i].ID; v.legible && !used[*id] {
			v.problem(v.places[id], "nothing depends on condition %q", *id)
		}
	}
}

func (m *Model) compileConditions(entries []conditionEntry, programs map[conditionID]cel.Program) {
	for _, e := range entries {
		c := &Condition{ID: string(e.ID), Title: string(e.Title), Rule: string(e.Rule), Expression: string(e.When), program: programs[e.ID], model: m}
		m.Conditions = append(m.Conditions, c)
		m.conditions[c.ID] = c
	}
}

// Met says whether the condition holds. One that cannot be evaluated does not.
func (c *Condition) Met(circumstances Circumstances) bool {
	result, _, err := c.program.Eval(activation{c.model, circumstances})
	return err == nil && result == types.True
}

// activation tells an expression's names apart.
type activation struct {
	model *Model
	Circumstances
}

// ResolveName implements the activation of CEL.
func (a activation) ResolveName(name string) (any, bool) {
	switch name {
	case holderName:
		return principal{a.model, a.HolderHolds}, true
	case personName:
		return principal{a.model, a.PersonHolds}, true
	}
	if attribute, is := strings.CutPrefix(name, attributePrefix); is {
		return a.Attribute(attribute), true
	}
	value := a.Fact(name)
	return value, value != nil
}

// Parent implements the activation of CEL.
func (activation) Parent() cel.Activation { return nil }

// principal is holder or person in an expression.
type principal struct {
	model *Model
	held  func(*Role) bool
}

func (p principal) holds(id string) bool {
	role := p.model.role(roleID(id))
	return role != nil && p.held(role)
}

// ConvertToNative implements [ref.Val].
func (p principal) ConvertToNative(reflect.Type) (any, error) {
	return nil, errors.New("a principal has no native form")
}

// ConvertToType implements [ref.Val].
func (p principal) ConvertToType(ref.Type) ref.Val { return types.NewErr("a principal has one type") }

// Equal implements [ref.Val].
func (p principal) Equal(ref.Val) ref.Val { return types.False }

// Type implements [ref.Val].
func (p principal) Type() ref.Type { return principalType }

// Value implements [ref.Val].
func (p principal) Value() any { return p }
