package aggregate

import (
	"cmp"
	"errors"
	"slices"

	"tenure/events"
	"tenure/rolemodel"
)

// evolveAdoption puts a model in force. Where there was another one, all that
// points into that one is made to point into this one, by ids: roles that are
// held and offered, kinds of scopes, marks, and what the organization says of
// roles, groups, features and its edition. What the model does not have must have
// ended before.
//
// What a scope is like and what kind of member somebody is stays the same where
// the model can say so, though another value may be the usual one; a value of an
// attribute that it cannot say becomes the first.
func (s State) evolveAdoption(e events.ModelAdopted, at Stamp) (State, error) {
	model, err := adopt(e.Source)
	if err != nil {
		return s, err
	}
	kind, known := model.Kind(s.Root.Kind())
	if !known {
		return s, errors.New("model " + model.ID + " has no scope kind " + s.Root.Kind())
	}
	if s.Model == nil {
		s.Model, s.book, s.Adopted = model, newBook(model), at
		s.edition, _ = model.Edition("")
		return s.withScope(s.Root, func(c *Scope) { c.Kind = kind })
	}
	roles, err := mapping(e.Roles)
	if err != nil {
		return s, err
	}
	n := succession{state: s, model: model, roles: roles}
	if refused := n.fits(); refused != nil {
		return s, errors.New(refused.Message)
	}
	return n.take(at), nil
}

// take is the state under the model, which fits.
func (n succession) take(at Stamp) State {
	s := n.state
	s.Model, s.Adopted = n.model, at
	var next map[*rolemodel.Role]*rolemodel.Role
	s.book, next = n.rebind()
	if edition, known := n.model.Edition(""); known {
		s.edition = edition
		if n.state.edition != nil {
			if same, stays := n.model.Edition(n.state.edition.ID); stays {
				s.edition = same
			}
		}
	} else {
		s.edition = nil
	}
	var on []int
	for index := range n.state.features.All() {
		feature, _ := n.model.Feature(n.state.Model.Features[index].ID)
		on = append(on, feature.Index)
	}
	s.features = rolemodel.NewSet(on...)
	for _, scope := range n.state.Scopes() {
		s.scopes = s.scopes.Set(scope.ID, n.scope(scope, next, at))
	}
	for _, person := range n.state.Principals() {
		s.persons = s.persons.Set(person.ID, n.person(person, next))
	}
	return s
}

// rebind is what roles give under the model, and the role in the place of each
// one that stays. Custom roles keep their order of making.
func (n succession) rebind() (*book, map[*rolemodel.Role]*rolemodel.Role) {
	b := newBook(n.model)
	next := map[*rolemodel.Role]*rolemodel.Role{}
	for _, role := range n.state.Model.Roles {
		into, stays := n.model.Role(role.Kind, role.Name)
		if !stays {
			continue
		}
		next[role] = into
		for _, w := range n.state.Withheld(role) {
			permission, _ := n.permission(w.Permission)
			w.Permission = permission.Index
			b.terms[into.Index].withheld = append(b.terms[into.Index].withheld, w)
		}
		slices.SortFunc(b.terms[into.Index].withheld, byPermissionAndValue)
	}
	made := slices.SortedFunc(slices.Values(n.state.CustomRoles()), func(a, b *CustomRole) int { return cmp.Compare(a.Role.Index, b.Role.Index) })
	for _, custom := range made {
		template, _ := n.model.Template(custom.Role.Template.ID())
		changed := *custom
		changed.Role = template.Role(len(b.terms), custom.Role.Name)
		changed.Given = n.given(custom.Given)
		b.terms = append(b.terms, terms{Terms: n.model.Given(template, permissionsOf(changed.Given))})
		b.custom = append(b.custom, &changed)
		next[custom.Role] = changed.Role
	}
	slices.SortFunc(b.custom, byName)
	return b, next
}

func (n succession) given(list []Given) []Given {
	var next []Given
	for _, g := range list {
		permission, _ := n.permission(g.Permission)
		next = append(next, Given{permission.Index, g.Since})
	}
	slices.SortFunc(next, byPermission)
	return next
}

// scope is a scope under the model.
func (n succession) scope(scope *Scope, next map[*rolemodel.Role]*rolemodel.Role, at Stamp) *Scope {
	changed := *scope
	changed.Kind, _ = n.model.Kind(scope.Kind.Name)
	changed.Given = n.given(scope.Given)
	changed.given = permissionsOf(changed.Given)
	changed.Attributes = n.attributes(scope, changed.Kind, at)
	changed.holders = nil
	for _, h := range scope.holders {
		changed.holders = append(changed.holders, holders{next[h.role], h.people})
	}
	slices.SortStableFunc(changed.holders, func(a, b holders) int { return inOrder(a.role, b.role) })
	changed.designated = slices.Clone(scope.designated)
	for i, marked := range changed.designated {
		changed.designated[i].Designation, _ = n.model.Designation(marked.Designation.Kind, marked.Designation.Name)
	}
	return &changed
}

// inOrder compares roles by their order in the model, custom ones last. Among
// those the order does not change.
func inOrder(a, b *rolemodel.Role) int {
	switch {
	case a.Template != nil && b.Template != nil:
		return 0
	case a.Template != nil:
		return 1
	case b.Template != nil:
		return -1
	}
	return cmp.Compare(a.Index, b.Index)
}

// attributes are those of a scope under the model: all that were said, and those
// of which the usual value is another one now.
func (n succession) attributes(scope *Scope, kind *rolemodel.Kind, at Stamp) []AttributeValue {
	var list []AttributeValue
	for _, attribute := range scope.Kind.Attributes {
		value, fits := n.attribute(scope, attribute)
		if !fits {
			continue
		}
		said := AttributeValue{ID: events.AttributeID(attribute.ID), Value: value, Since: at}
		explicit := slices.IndexFunc(scope.Attributes, func(a AttributeValue) bool { return string(a.ID) == attribute.ID })
		if explicit >= 0 {
			said.Since = scope.Attributes[explicit].Since
		}
		if next, _ := kind.Attribute(attribute.ID); explicit >= 0 || next.Values[0] != value {
			list = append(list, said)
		}
	}
	slices.SortFunc(list, func(a, b AttributeValue) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// person is a person under the model.
func (n succession) person(person *Person, next map[*rolemodel.Role]*rolemodel.Role) *Person {
	if len(person.Grants)+len(person.Memberships)+len(person.invitations()) == 0 {
		return person
	}
	p := *person
	p.Grants = slices.Clone(person.Grants)
	for i := range p.Grants {
		p.Grants[i].Role = next[p.Grants[i].Role]
	}
	slices.SortStableFunc(p.Grants, func(a, b Grant) int {
		return cmp.Or(cmp.Compare(a.Scope, b.Scope), inOrder(a.Role, b.Role))
	})
	p.Memberships = slices.Clone(person.Memberships)
	for i := range p.Memberships {
		p.Memberships[i].MemberKind, _ = n.memberKind(p.Memberships[i].Scope, p.Memberships[i].MemberKind)
	}
	if len(p.invitations()) > 0 {
		p.matters(func(m *Matters) {
			m.Invitations = changed(m.Invitations, func(i *Invitation) {
				i.MemberKind, _ = n.memberKind(n.state.leadsTo(i.Scope, i.Role), i.MemberKind)
				i.Role = next[i.Role]
			})
		})
	}
	return &p
}
