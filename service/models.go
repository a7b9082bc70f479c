package service

import "tenure/rolemodel"

// ModelView is a role model in plain words.
type ModelView struct {
	ID          string           `json:"id" doc:"What organizations name it by."`
	Title       string           `json:"title" doc:"Its title."`
	About       string           `json:"about" doc:"What it is for."`
	Kinds       []KindView       `json:"scopes" doc:"The kinds of scope."`
	Roles       []RoleView       `json:"roles" doc:"What can be held."`
	Permissions []PermissionView `json:"permissions" doc:"What can be allowed."`
}

// KindView is a kind of scope.
type KindView struct {
	Kind       string   `json:"kind" doc:"The kind's name."`
	Title      string   `json:"title" doc:"The same for people."`
	Under      []string `json:"under,omitempty" doc:"The kinds below which it may stand; absent for the root."`
	Membership bool     `json:"membership" doc:"Whether people are members of such scopes."`
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
}

// PermissionView is a permission of a model.
type PermissionView struct {
	ID      string `json:"id" doc:"Starts with the kind of scope that it is asked on."`
	Title   string `json:"title" doc:"What it allows, in words."`
	Section string `json:"section,omitempty" doc:"Where it belongs."`
}

// Models lists the role models that an organization can be founded with.
func Models() []ModelView {
	list := []ModelView{}
	for _, model := range rolemodel.List() {
		list = append(list, viewModel(model))
	}
	return list
}

// Model shows one role model.
func Model(id string) (ModelView, error) {
	model, err := rolemodel.Builtin(id)
	if err != nil {
		return ModelView{}, refuseUnknown("model", "role model", id, "tenure models list")
	}
	return viewModel(model), nil
}

func viewModel(model *rolemodel.Model) ModelView {
	view := ModelView{ID: model.ID, Title: model.Title, About: model.About}
	for _, kind := range model.Kinds {
		k := KindView{Kind: kind.Name, Title: kind.Title, Membership: kind.Membership}
		for _, under := range kind.Under {
			k.Under = append(k.Under, under.Name)
		}
		view.Kinds = append(view.Kinds, k)
	}
	for _, role := range model.Roles {
		r := RoleView{
			ID: role.ID(), Title: role.Title, Rule: role.Rule, Membership: role.Membership,
			AtLeast: role.AtLeast, AtMost: role.AtMost, GrantedBy: []string{},
			Permissions: permissionIDs(model, role.Own), Inherited: permissionIDs(model, role.Below),
		}
		for _, granter := range role.GrantedBy {
			r.GrantedBy = append(r.GrantedBy, granter.ID())
		}
		r.GrantedBy = append(r.GrantedBy, permissionIDs(model, role.GrantedWith)...)
		view.Roles = append(view.Roles, r)
	}
	for _, p := range model.Permissions {
		view.Permissions = append(view.Permissions, PermissionView{ID: p.ID, Title: p.Title, Section: p.Section})
	}
	return view
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
