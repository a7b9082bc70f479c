package rolemodel

import "slices"

// MemberKind is a kind of membership of a scope.
type MemberKind struct {
	ID, Title string
	// Needs are the kinds of member of the root of which one is whoever is such a
	// member and a member of the root; empty for any. Rule is the number of the rule
	// that says so.
	Needs []string
	Rule  string
}

// Attribute is a mark on scopes of one kind, with one of a few values.
type Attribute struct {
	ID, Title string
	// Values are what it can be; a scope of which nothing else was said has the
	// first.
	Values []string
	// Fixed says that it is said at creation and never changed.
	Fixed bool
}

// plainMember is what a kind joins the root as where there are no kinds of
// member.
const plainMember = "member"

// attribute finds an attribute of the kind, or nil.
func (e *scopeEntry) attribute(id attributeID) *attributeEntry {
	for i := range e.Attributes {
		if e.Attributes[i].ID == id {
			return &e.Attributes[i]
		}
	}
	return nil
}

// memberKind says whether the kind declares a kind of member.
func (e *scopeEntry) memberKind(id memberKindID) bool {
	return slices.ContainsFunc(e.MemberKinds, func(k memberKindEntry) bool { return k.ID == id })
}

// belonging checks kinds of member, attributes, and what groups carry.
func (v *validator) belonging() {
	for i := range v.Scopes {
		s := &v.Scopes[i]
		if len(s.MemberKinds) > 0 && !s.Membership {
			v.problem(v.places[&s.MemberKinds], "scope kind %q has no membership, so it has no kinds of member", s.Kind)
		}
		unique(v, s.MemberKinds, "kind of member", func(e *memberKindEntry) *memberKindID { return &e.ID })
		unique(v, s.Attributes, "attribute", func(e *attributeEntry) *attributeID { return &e.ID })
		for j := range s.Attributes {
			v.attribute(s, &s.Attributes[j])
		}
		for j := range s.MemberKinds {
			v.needing(s, &s.MemberKinds[j])
		}
		for j := range s.Joins {
			v.joining(s, s.Joins[j], j)
		}
		if len(s.Carries) > 0 {
			v.carrying(s)
		}
	}
}

// attribute checks one attribute of a kind.
func (v *validator) attribute(s *scopeEntry, a *attributeEntry) {
	if a.Fixed && s == v.root {
		v.problem(v.places[&a.Fixed], "attribute %q is one of the root %q, of which nothing is said at founding, so it cannot be fixed", a.ID, s.Kind)
	}
	switch a.ID {
	case "in", "true", "false", "null":
		v.problem(v.places[&a.ID], "attribute %q is a word of CEL, so no condition could name it", a.ID)
	}
}

// joining checks which members of a kind join the root.
func (v *validator) joining(s *scopeEntry, id memberKindID, j int) {
	at := v.places[&s.Joins[j]]
	switch {
	case v.root == nil:
	case s == v.root:
		v.problem(at, "the root %q is what members of others join; leave \"joins\" out", s.Kind)
	case !s.Membership || !v.root.Membership:
		v.problem(at, "only where both %q and the root %q have members do members of the one join the other", s.Kind, v.root.Kind)
	case len(s.MemberKinds) == 0 && id != plainMember:
		v.problem(at, "scope kind %q has no kinds of member: write %q", s.Kind, plainMember)
	case len(s.MemberKinds) > 0 && !s.memberKind(id):
		v.problem(at, "scope kind %q has no kind of member %q", s.Kind, id)
	case len(s.MemberKinds) > 0 && len(v.root.MemberKinds) > 0 && !v.root.memberKind(id):
		v.problem(at, "the root %q has no kind of member %q to join as", v.root.Kind, id)
	default:
		for _, kind := range s.MemberKinds {
			if kind.ID == id && len(kind.Needs) > 0 && !slices.Contains(kind.Needs, id) {
				v.problem(at, "who joins the root %q as %q is not what this kind of member needs to be there", v.root.Kind, id)
			}
		}
	}
}

// needing checks what members of a kind need to be in the root.
func (v *validator) needing(s *scopeEntry, e *memberKindEntry) {
	for i := range e.Needs {
		at := v.places[&e.Needs[i]]
		switch {
		case v.root == nil:
		case s == v.root:
			v.problem(at, "the root %q is where members of others need to be of some kind; leave \"needs\" out", s.Kind)
			return
		case v.legible && !v.root.memberKind(e.Needs[i]):
			v.problem(at, "the root %q has no kind of member %q", v.root.Kind, e.Needs[i])
		}
	}
}

// carrying checks what a group can give to its members.
func (v *validator) carrying(s *scopeEntry) {
	at := v.places[&s.Carries]
	if s == v.root || !s.Membership {
		v.problem(at, "scope kind %q carries permissions for its members, so it needs \"membership: true\" and a place below the root", s.Kind)
		return
	}
	repeated(v, s.Carries)
	for i := range s.Carries {
		id, at := s.Carries[i].id(), v.places[&s.Carries[i]]
		kind := v.kinds[kindOf(id)]
		if v.permission(id, at) == nil || kind == nil {
			continue
		}
		applies := slices.ContainsFunc(s.Under, func(parent kindName) bool {
			return kind.Kind == parent || v.mayStandBelow(kind.Kind, parent)
		})
		if !applies {
			v.problem(at, "permission %q applies to %q, which is neither directly above a %q nor below that", id, kind.Kind, s.Kind)
		}
	}
}

// Attribute finds an attribute of the kind. The second result says whether there
// is one.
func (k *Kind) Attribute(id string) (*Attribute, bool) {
	for _, a := range k.Attributes {
		if a.ID == id {
			return a, true
		}
	}
	return nil, false
}

// MemberKind finds a kind of member; for the empty id, the usual one. The second
// result says whether there is one.
func (k *Kind) MemberKind(id string) (*MemberKind, bool) {
	for _, kind := range k.MemberKinds {
		if kind.ID == id || id == "" {
			return kind, true
		}
	}
	return nil, false
}

// Usual says whether members of the given kind, empty for what is not said, are of
// the usual one.
func (k *Kind) Usual(id string) bool {
	return id == "" || len(k.MemberKinds) > 0 && k.MemberKinds[0].ID == id
}

// Admits says whether members of the given kind, empty for the usual one, can be
// members of the root of that kind.
func (k *Kind) Admits(id, inRoot string) bool {
	kind, known := k.MemberKind(id)
	return !known || len(kind.Needs) == 0 || slices.Contains(kind.Needs, inRoot)
}

// JoinsRoot says whether a new member of the given kind, empty for the usual
// one, becomes a member of the root with it.
func (k *Kind) JoinsRoot(id string) bool {
	if len(k.MemberKinds) == 0 {
		return len(k.Joins) > 0
	}
	kind, known := k.MemberKind(id)
	return known && slices.Contains(k.Joins, kind.ID)
}

// Group says whether scopes of the kind carry permissions for their members.
func (k *Kind) Group() bool { return !k.Carries.Empty() }
