package rolemodel

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// authorization checks the permissions, and that the acts they allow make
// sense on scopes of their kind.
func (v *validator) authorization() {
	for i := range v.Permissions {
		p := &v.Permissions[i]
		scope := v.kind(kindOf(p.ID), v.places[&p.ID])
		for j := range p.Allows {
			v.allowed(p.Allows[j], scope, v.places[&p.Allows[j]])
		}
	}
}

// allowed checks one act on a kind of scope, nil where that is unknown.
func (v *validator) allowed(act Act, scope *scopeEntry, at *yaml.Node) {
	if kind, creates := act.Creates(); creates && kind != "" {
		if child := v.kind(kindName(kind), at); child != nil && scope != nil && !v.mayStandUnder(child.Kind, scope.Kind) {
			v.problem(at, "act %q makes no sense here: %q may not stand directly below %q", act, kind, scope.Kind)
		}
		return
	}
	on, known := groundOf(act)
	switch {
	case act == "" || known && scope == nil:
	case !known:
		v.problem(at, "unknown act %s; known: %s", quoted(string(act)), strings.Join(actNames(), ", "))
	case v.root == nil:
	case on == onRoot && scope != v.root:
		v.problem(at, "act %q makes sense on the root %q alone", act, v.root.Kind)
	case on == onBelowRoot && scope == v.root:
		v.problem(at, "act %q makes no sense on the root %q", act, v.root.Kind)
	case on == onMembership && !scope.Membership:
		v.problem(at, "act %q makes no sense here: scope kind %q has no membership", act, scope.Kind)
	}
}
