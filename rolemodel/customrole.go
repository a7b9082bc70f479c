package rolemodel

import (
	"cmp"
	"slices"
)

// Template is what custom roles are made from: roles that an organization
// defines itself, at run time.
type Template struct {
	// Kind is where such roles are held; Kind and Name together are its id.
	Kind, Name string
	Title      string
	// Rule is the numbered rule that it fulfils, or empty.
	Rule string
	// Membership, MemberKinds, GrantedBy, GrantedWith and GrantedIf are as on
	// [Role].
	Membership  string
	MemberKinds []string
	GrantedBy   []*Role
	GrantedWith Set
	GrantedIf   []Authority
	// Choices are the permissions that such a role can be given, Initial those
	// that a new one has. If are those of the choices that such a role gives only
	// where a condition is met.
	Choices, Initial Set
	If               []Dependent
	// Feature is what must be on for such a role to be granted, or to give anything;
	// nil for nothing.
	Feature *Feature
	// Confirm is the word that the deletion of such a role takes; empty for none.
	Confirm string
	// ConfirmRule is the numbered rule of that, that of the template if it has none
	// of its own.
	ConfirmRule string
}

// ID is KIND.NAME.
func (t *Template) ID() string { return t.Kind + "." + t.Name }

// Role makes a role from the template. The index tells it from other roles of
// the same organization and model.
func (t *Template) Role(index int, name string) *Role {
	return &Role{
		Index: index, Kind: t.Kind, Name: name, Title: name, Rule: t.Rule, Membership: t.Membership, MemberKinds: t.MemberKinds,
		GrantedBy: t.GrantedBy, GrantedWith: t.GrantedWith, GrantedIf: t.GrantedIf, Feature: t.Feature, Template: t,
	}
}

// Template finds a template by its id, KIND.NAME. The second result says whether
// there is one.
func (m *Model) Template(id string) (*Template, bool) {
	key := idKey(id)
	for _, t := range m.Templates {
		if t.Kind == key.kind && t.Name == key.name {
			return t, true
		}
	}
	return nil, false
}

// Given are the terms of a role, made from the template, that gives these
// permissions: those of its own kind where it is held, all on scopes below.
func (m *Model) Given(t *Template, permissions Set) Terms {
	var terms Terms
	var own, below []int
	for index := range permissions.All() {
		isOwn, plain := m.Permissions[index].Kind == t.Kind, true
		for _, d := range t.If {
			if d.Permission != index {
				continue
			}
			plain = false
			terms.BelowIf = append(terms.BelowIf, d)
			if isOwn {
				terms.OwnIf = append(terms.OwnIf, d)
			}
		}
		if plain {
			below = append(below, index)
		}
		if plain && isOwn {
			own = append(own, index)
		}
	}
	terms.Own, terms.Below = NewSet(own...), NewSet(below...)
	return terms
}

// templating checks the templates of custom roles.
func (v *validator) templating() {
	defines := false
	for i := range v.Permissions {
		defines = defines || slices.Contains(v.Permissions[i].Allows, RoleDefine)
	}
	for i := range v.CustomRoles {
		e := &v.CustomRoles[i]
		if role := v.roles[e.ID]; role != nil {
			v.problem(v.places[&e.ID], "custom role %q has the id of the role on line %d", e.ID, v.line(&role.ID))
		}
		held := v.kind(kindOf(e.ID), v.places[&e.ID])
		grantors(v, e.GrantedBy, "grant custom role", e.ID)
		if e.ConfirmRule != "" && v.absent(&e.Confirm) {
			v.problem(v.places[&e.ConfirmRule], "the deletion of custom role %q takes no word; leave \"confirm_rule\" out", e.ID)
		}
		if v.legible && !defines {
			v.problem(v.places[&e.ID], "nobody could define custom role %q: no permission allows %q", e.ID, RoleDefine)
		}
		if held == nil {
			continue
		}
		v.needs(string(e.ID), e.Membership, v.places[&e.Membership], held)
		v.kindsOfHolder(string(e.ID), e.Membership, &e.MemberKinds)
		chosen := map[permissionID]bool{}
		repeated(v, e.Permissions)
		for j := range e.Permissions {
			chosen[e.Permissions[j].id()] = true
			v.applies(e.Permissions[j].id(), "custom role", e.ID, held, &e.Permissions[j])
		}
		v.guarding(e, held)
		for j := range e.Initial {
			id := e.Initial[j]
			v.applies(id, "custom role", e.ID, held, &e.Initial[j])
			if len(e.Permissions) > 0 && !chosen[id] {
				v.problem(v.places[&e.Initial[j]], "permission %q is given to a new custom role %q, and cannot be chosen for it", id, e.ID)
			}
		}
	}
}

// guarding checks what a template gives under conditions, of all that can be
// chosen.
func (v *validator) guarding(e *customRoleEntry, held *scopeEntry) {
	if len(e.Guarded) > 0 && len(e.Permissions) > 0 {
		v.problem(v.places[&e.Guarded], "custom role %q lists its \"permissions\": write the conditions there and leave \"guarded\" out", e.ID)
		return
	}
	for i := range e.Guarded {
		id, condition := split[permissionRef, permissionID](e.Guarded[i])
		if condition == "" && id != "" {
			v.problem(v.places[&e.Guarded[i]], "permission %q stands here without a condition, so nothing guards it", id)
		}
		v.applies(id, "custom role", e.ID, held, &e.Guarded[i])
	}
}

// applies checks that a permission can be had on scopes of the kind or below, by
// the role that is named in messages.
func (v *validator) applies(id permissionID, what string, role roleID, held *scopeEntry, address any) {
	at := v.places[address]
	kind := v.kinds[kindOf(id)]
	if v.permission(id, at) != nil && kind != nil && kind != held && !v.mayStandBelow(kind.Kind, held.Kind) {
		v.problem(at, "permission %q applies to %q, %s %q is held on %q", id, kind.Kind, what, role, held.Kind)
	}
}

// choices are the permissions that can be given to a role made from the
// template. Which kinds stand below which is for the caller to say.
func (d *document) choices(e *customRoleEntry, below func(kind, above kindName) bool) []permissionRef {
	if len(e.Permissions) > 0 {
		return e.Permissions
	}
	exclusive, applies := map[line]bool{}, map[kindName]bool{}
	for _, section := range d.Sections {
		exclusive[section.Title] = true
	}
	for _, scope := range d.Scopes {
		applies[scope.Kind] = scope.Kind == kindOf(e.ID) || below(scope.Kind, kindOf(e.ID))
	}
	guarded := map[permissionID]bool{}
	for _, ref := range e.Guarded {
		guarded[ref.id()] = true
	}
	choices := slices.Clone(e.Guarded)
	for _, p := range d.Permissions {
		if applies[kindOf(p.ID)] && !exclusive[p.Section] && !guarded[p.ID] {
			choices = append(choices, permissionRef(p.ID))
		}
	}
	return choices
}

func (m *Model) compileTemplates(d *document) {
	for i := range d.CustomRoles {
		e := &d.CustomRoles[i]
		id := idKey(e.ID)
		t := &Template{
			Kind: id.kind, Name: id.name, Title: string(e.Title), Rule: string(e.Rule), Membership: string(e.Membership),
			Initial: m.set(e.Initial), Confirm: string(e.Confirm), ConfirmRule: cmp.Or(string(e.ConfirmRule), string(e.Rule)),
			Feature: m.features[string(e.Feature)],
		}
		t.Choices, t.If = m.offers(d.choices(e, m.below))
		for _, kind := range e.MemberKinds {
			t.MemberKinds = append(t.MemberKinds, string(kind))
		}
		t.GrantedBy, t.GrantedWith, t.GrantedIf = m.grantors(e.GrantedBy)
		m.Templates = append(m.Templates, t)
	}
}
