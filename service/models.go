package service

import "tenure/rolemodel"

// ModelView is a role model in plain words.
type ModelView struct {
	ID          string             `json:"id" doc:"What organizations name it by."`
	Title       string             `json:"title" doc:"Its title."`
	About       string             `json:"about" doc:"What it is for."`
	Kinds       []KindView         `json:"scopes" doc:"The kinds of scope."`
	Roles       []RoleView         `json:"roles" doc:"What can be held."`
	Permissions []PermissionView   `json:"permissions" doc:"What can be allowed."`
	Conditions  []ConditionOfModel `json:"conditions,omitempty" doc:"What permissions and authority depend on."`
	Editions    []EditionOfModel   `json:"editions,omitempty" doc:"What an organization can have bought, the usual one first."`
	Features    []ModelFeature     `json:"features,omitempty" doc:"What an organization switches on and off."`
	Sections    []SectionOfModel   `json:"sections,omitempty" doc:"Sections of permissions that some roles alone hold."`
	CustomRoles []TemplateView     `json:"custom_roles,omitempty" doc:"Templates of roles that an organization defines itself."`
	Source      string             `json:"source,omitempty" doc:"The document itself, as YAML; in lists absent."`
}

// ConditionOfModel is a condition of a model.
type ConditionOfModel struct {
	ID    string `json:"id" doc:"The condition's id."`
	Title string `json:"title" doc:"It completes the sentence: only …"`
	Rule  string `json:"rule,omitempty" doc:"The numbered rule that it fulfills."`
	When  string `json:"when" doc:"The expression, in CEL."`
}

// EditionOfModel is an edition of a model.
type EditionOfModel struct {
	ID       string   `json:"id" doc:"The edition's id."`
	Title    string   `json:"title" doc:"The same for people."`
	Features []string `json:"features" doc:"The features that are on in it."`
}

// ModelFeature is a feature of a model.
type ModelFeature struct {
	ID    string `json:"id" doc:"The feature's id."`
	Title string `json:"title" doc:"What it is."`
}

// SectionOfModel is a section of permissions that some roles alone hold.
type SectionOfModel struct {
	Title     string   `json:"title" doc:"The section."`
	Exclusive []string `json:"exclusive" doc:"The roles that alone hold its permissions."`
	Rule      string   `json:"rule,omitempty" doc:"The numbered rule that it fulfills."`
}

// TemplateView is what custom roles are made from.
type TemplateView struct {
	ID          string   `json:"id" doc:"KIND.NAME; the kind is where such roles are held."`
	Title       string   `json:"title" doc:"The same for people."`
	Rule        string   `json:"rule,omitempty" doc:"The numbered rule that it fulfills."`
	GrantedBy   []string `json:"granted_by" doc:"The roles and permissions that grant and revoke such roles."`
	Membership  string   `json:"membership,omitempty" doc:"The kind of scope whose membership such a role needs; absent where non-members may hold it."`
	Initial     []string `json:"initial" doc:"The permissions that a new one has."`
	Permissions []string `json:"permissions" doc:"The permissions that can be chosen."`
	Confirm     string   `json:"confirm,omitempty" doc:"The word that its deletion takes."`

	PermissionsIf []DependentView `json:"permissions_if,omitempty" doc:"Those of them that such a role gives only if a condition is met."`
}

// DependentView is a permission that depends on a condition.
type DependentView struct {
	Permission string `json:"permission" doc:"The permission."`
	Condition  string `json:"condition" doc:"The condition."`
}

// KindView is a kind of scope.
type KindView struct {
	Kind       string   `json:"kind" doc:"The kind's name."`
	Title      string   `json:"title" doc:"The same for people."`
	Under      []string `json:"under,omitempty" doc:"The kinds below which it may stand; absent for the root."`
	Membership bool     `json:"membership" doc:"Whether people are members of such scopes."`

	MemberKinds []string            `json:"member_kinds,omitempty" doc:"The kinds of membership, the usual one first; absent where all are alike."`
	Attributes  map[string][]string `json:"attributes,omitempty" doc:"The attributes of such a scope and their values, the initial one first."`
	Carries     []string            `json:"carries,omitempty" doc:"For a group: the permissions that can be given to its members."`
	CarriesIf   []DependentView     `json:"carries_if,omitempty" doc:"Those of them that members have only if a condition is met."`
}

// RoleView is a role of a model.
type RoleView struct {
	ID          string   `json:"id" doc:"KIND.NAME."`
	Title       string   `json:"title" doc:"The same for people."`
	Rule        string   `json:"rule,omitempty" doc:"The numbered rule that it fulfils."`
	Membership  string   `json:"membership,omitempty" doc:"The kind of scope whose membership it needs; absent where non-members may hold it."`
	AtLeast     int      `json:"at_least,omitempty" doc:"The lower bound of active holders."`
	AtMost      int      `json:"at_most,omitempty" doc:"The upper bound of holders."`
	GrantedBy   []string `json:"granted_by" doc:"The roles whose holders grant and revoke it."`
	Permissions []string `json:"permissions" doc:"What it allows where it is held."`
	Inherited   []string `json:"inherited,omitempty" doc:"What it allows on the scopes below."`

	PermissionsIf []DependentView `json:"permissions_if,omitempty" doc:"What it allows where it is held if a condition is met."`
	InheritedIf   []DependentView `json:"inherited_if,omitempty" doc:"What it allows below if a condition is met."`
	TransferredBy []string        `json:"transferred_by,omitempty" doc:"The roles and permissions that transfer it from one holder to the next."`
	Replaces      []string        `json:"replaces,omitempty" doc:"The roles that a person loses when granted it."`
	Ceiling       []string        `json:"ceiling,omitempty" doc:"The most that its holder has by anything else; absent for no bound."`
	MemberKinds   []string        `json:"member_kinds,omitempty" doc:"The kinds of member that can hold it; absent for all."`
	Feature       string          `json:"feature,omitempty" doc:"The feature that it waits for."`
	Given         string          `json:"given,omitempty" enum:"default,creator,background" doc:"To whom it is given by itself: to every member without another role, to whoever creates the scope, or to the background user."`
	Clients       bool            `json:"clients,omitempty" doc:"Whether API clients alone hold it."`
	Adjustable    bool            `json:"adjustable,omitempty" doc:"Whether an organization can withhold permissions from it."`
	AdjustablePer string          `json:"adjustable_per,omitempty" doc:"The attribute of its scopes for whose values they are withheld apart."`
}

// PermissionView is a permission of a model.
type PermissionView struct {
	ID      string `json:"id" doc:"Starts with the kind of scope that it is asked on."`
	Title   string `json:"title" doc:"What it allows, in words."`
	Section string `json:"section,omitempty" doc:"Where it belongs."`
	Rule    string `json:"rule,omitempty" doc:"The numbered rule that it fulfills."`
	Feature string `json:"feature,omitempty" doc:"The feature that it waits for."`
}

// Models lists the role models that an organization can be founded with.
func Models() []ModelView {
	list := []ModelView{}
	for _, model := range rolemodel.List() {
		list = append(list, viewModel(model))
	}
	return list
}

// Model shows one role model, with its source.
func Model(id string) (ModelView, error) {
	model, err := rolemodel.Builtin(id)
	if err != nil {
		return ModelView{}, refuseUnknown("model", "role model", id, "tenure models list")
	}
	source, err := rolemodel.Source(id)
	if err != nil {
		return ModelView{}, err
	}
	view := viewModel(model)
	view.Source = string(source)
	return view, nil
}

func viewModel(model *rolemodel.Model) ModelView {
	view := ModelView{ID: model.ID, Title: model.Title, About: model.About}
	for _, kind := range model.Kinds {
		view.Kinds = append(view.Kinds, viewKind(model, kind))
	}
	for _, role := range model.Roles {
		view.Roles = append(view.Roles, viewRole(model, role))
	}
	for _, p := range model.Permissions {
		view.Permissions = append(view.Permissions, PermissionView{ID: p.ID, Title: p.Title, Section: p.Section, Rule: p.Rule, Feature: featureID(p.Feature)})
	}
	for _, c := range model.Conditions {
		view.Conditions = append(view.Conditions, ConditionOfModel{ID: c.ID, Title: c.Title, Rule: c.Rule, When: c.Expression})
	}
	for _, f := range model.Features {
		view.Features = append(view.Features, ModelFeature{ID: f.ID, Title: f.Title})
	}
	for _, e := range model.Editions {
		edition := EditionOfModel{ID: e.ID, Title: e.Title, Features: []string{}}
		for index := range e.Features.All() {
			edition.Features = append(edition.Features, model.Features[index].ID)
		}
		view.Editions = append(view.Editions, edition)
	}
	for _, s := range model.Sections {
		view.Sections = append(view.Sections, SectionOfModel{Title: s.Title, Exclusive: roleIDs(s.Exclusive), Rule: s.Rule})
	}
	for _, t := range model.Templates {
		view.CustomRoles = append(view.CustomRoles, TemplateView{
			ID: t.ID(), Title: t.Title, Rule: t.Rule, GrantedBy: grantorsOf(model, t.GrantedBy, t.GrantedWith, t.GrantedIf),
			Membership: t.Membership, Permissions: permissionIDs(model, t.Choices), Initial: permissionIDs(model, t.Initial), Confirm: t.Confirm,
			PermissionsIf: dependents(model, t.If),
		})
	}
	return view
}

func viewKind(model *rolemodel.Model, kind *rolemodel.Kind) KindView {
	k := KindView{Kind: kind.Name, Title: kind.Title, Membership: kind.Membership}
	for _, under := range kind.Under {
		k.Under = append(k.Under, under.Name)
	}
	for _, member := range kind.MemberKinds {
		k.MemberKinds = append(k.MemberKinds, member.ID)
	}
	for _, attribute := range kind.Attributes {
		if k.Attributes == nil {
			k.Attributes = map[string][]string{}
		}
		k.Attributes[attribute.ID] = attribute.Values
	}
	if kind.Group() {
		k.Carries, k.CarriesIf = permissionIDs(model, kind.Carries), dependents(model, kind.CarriesIf)
	}
	return k
}

func viewRole(model *rolemodel.Model, role *rolemodel.Role) RoleView {
	r := RoleView{
		ID: role.ID(), Title: role.Title, Rule: role.Rule, Membership: role.Membership,
		AtLeast: role.AtLeast, AtMost: role.AtMost, GrantedBy: grantorsOf(model, role.GrantedBy, role.GrantedWith, role.GrantedIf),
		Permissions: permissionIDs(model, role.Own), Inherited: permissionIDs(model, role.Below),
		PermissionsIf: dependents(model, role.OwnIf), InheritedIf: dependents(model, role.BelowIf),
		Replaces: roleIDs(role.Replaces), MemberKinds: role.MemberKinds, Feature: featureID(role.Feature),
		Clients: role.Client, Adjustable: role.Adjustable,
	}
	if role.AdjustablePer != nil {
		r.AdjustablePer = role.AdjustablePer.ID
	}
	if role.Passes() {
		r.TransferredBy = grantorsOf(model, role.TransferredBy, role.TransferredWith, role.TransferredIf)
	}
	if role.Ceiling != nil {
		r.Ceiling = permissionIDs(model, role.Ceiling.Set)
		for _, d := range dependents(model, role.Ceiling.If) {
			r.Ceiling = append(r.Ceiling, d.Permission+" if "+d.Condition)
		}
	}
	switch {
	case role.Default:
		r.Given = "default"
	case role.Creator:
		r.Given = "creator"
	case role.Automatic:
		r.Given = "background"
	}
	return r
}

func roleIDs(roles []*rolemodel.Role) []string {
	var ids []string
	for _, role := range roles {
		ids = append(ids, role.ID())
	}
	return ids
}

func dependents(model *rolemodel.Model, list []rolemodel.Dependent) []DependentView {
	var views []DependentView
	for _, d := range list {
		views = append(views, DependentView{Permission: model.Permissions[d.Permission].ID, Condition: d.Condition.ID})
	}
	return views
}

func featureID(feature *rolemodel.Feature) string {
	if feature == nil {
		return ""
	}
	return feature.ID
}

func permissionIDs(model *rolemodel.Model, set rolemodel.Set) []string {
	ids := []string{}
	for _, p := range model.Permissions {
		if set.Has(p.Index) {
			ids = append(ids, p.ID)
		}
	}
	return ids
}
