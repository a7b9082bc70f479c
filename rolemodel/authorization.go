package rolemodel

import (
	"fmt"
	"slices"
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
	senseless := func(why string, args ...any) {
		v.problem(at, "act %s makes no sense here: %s", quoted(string(act)), fmt.Sprintf(why, args...))
	}
	rootAlone := func() { v.problem(at, "act %s makes sense on the root %q alone", quoted(string(act)), v.root.Kind) }
	if prefix, argument := act.argument(); prefix != "" {
		v.allowedWith(prefix, argument, scope, at, senseless, rootAlone)
		return
	}
	on, known := groundOf(act)
	switch {
	case act == "" || known && scope == nil:
	case !known:
		v.problem(at, "unknown act %s; known: %s", quoted(string(act)), strings.Join(actNames(), ", "))
	case v.root == nil:
	case on == onRoot && scope != v.root:
		rootAlone()
	case on == onBelowRoot && scope == v.root:
		v.problem(at, "act %q makes no sense on the root %q", act, v.root.Kind)
	case !scope.Membership && (on == onMembership || on == onPeople && scope != v.root):
		senseless("scope kind %q has no membership", scope.Kind)
	case on == onGroup && len(scope.Carries) == 0:
		senseless("scope kind %q carries no permissions", scope.Kind)
	case v.legible:
		if lacking := v.lacking(act); lacking != "" {
			senseless("%s", lacking)
		}
	}
}

// allowedWith checks an act with an argument.
func (v *validator) allowedWith(prefix, argument string, scope *scopeEntry, at *yaml.Node, senseless func(string, ...any), rootAlone func()) {
	switch prefix {
	case createPrefix, importPrefix:
		if child := v.kind(kindName(argument), at); child != nil && scope != nil && !v.mayStandUnder(child.Kind, scope.Kind) {
			senseless("%q may not stand directly below %q", child.Kind, scope.Kind)
		}
	case exportPrefix:
		if child := v.kind(kindName(argument), at); child != nil && scope != nil && !v.mayStandBelow(child.Kind, scope.Kind) {
			senseless("%q never stands below %q", child.Kind, scope.Kind)
		}
	case setPrefix:
		if scope == nil || !v.legible {
			return
		}
		if attribute := scope.attribute(attributeID(argument)); attribute == nil {
			senseless("scope kind %q has no attribute %s", scope.Kind, quoted(argument))
		} else if attribute.Fixed {
			senseless("attribute %q is fixed", attribute.ID)
		}
	case startPrefix:
		if v.legible && scope != nil && !scope.memberKind(memberKindID(argument)) {
			senseless("scope kind %q has no kind of member %s", scope.Kind, quoted(argument))
		}
	case assignPrefix:
		other := v.kind(kindName(argument), at)
		switch {
		case scope != nil && !scope.Membership:
			senseless("scope kind %q has no membership", scope.Kind)
		case other != nil && !other.Membership:
			senseless("scope kind %q has no membership", other.Kind)
		}
	case withholdPrefix:
		switch {
		case v.root != nil && scope != nil && scope != v.root:
			rootAlone()
		case v.legible && !v.adjustableFor(attributeValue(argument)):
			senseless("no role is adjustable for %s", quoted(argument))
		}
	}
}

// lacking says what the model would have to declare for the act to have a
// meaning; empty where it has one.
func (v *validator) lacking(act Act) string {
	some := func(is func(roleEntry) bool) bool { return slices.ContainsFunc(v.Roles, is) }
	switch act {
	case RoleDefine, RoleRename, RoleDelete, RolePermit, RoleUnpermit:
		if len(v.CustomRoles) == 0 {
			return "there are no custom roles"
		}
	case RoleWithhold:
		if !some(func(e roleEntry) bool { return e.Adjustable }) {
			return "no role is adjustable"
		}
	case EditionSet:
		if len(v.Editions) == 0 {
			return "there are no editions"
		}
	case ClientManage:
		if !some(func(e roleEntry) bool { return e.Holder == toClient }) {
			return "no role is for API clients"
		}
	}
	return ""
}

// adjustableFor says whether a role is adjustable per an attribute that has the
// value.
func (v *validator) adjustableFor(value attributeValue) bool {
	return slices.ContainsFunc(v.Roles, func(e roleEntry) bool {
		scope := v.kinds[kindOf(e.ID)]
		if scope == nil || e.AdjustablePer == "" {
			return false
		}
		attribute := scope.attribute(e.AdjustablePer)
		return attribute != nil && slices.Contains(attribute.Values, value)
	})
}
