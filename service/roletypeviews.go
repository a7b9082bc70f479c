package service

import (
	"context"
	"slices"
	"strings"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/projections"
	"tenure/rolemodel"
	"tenure/vault"
)

// RoleTypeView is a type of role: one of the model, or one that the organization
// has defined itself, with what it gives now.
type RoleTypeView struct {
	ID            string   `json:"id" doc:"KIND.NAME."`
	Kind          string   `json:"kind" doc:"The kind of scope on which it is held."`
	Role          string   `json:"role" doc:"Its name among the roles of the kind."`
	Title         string   `json:"title" doc:"The same for people."`
	Icon          string   `json:"icon,omitempty" doc:"The name of a picture for it."`
	Template      string   `json:"template,omitempty" doc:"The template that it was made from; absent for roles of the model."`
	Rule          string   `json:"rule,omitempty" doc:"The numbered rule that it fulfills."`
	Membership    string   `json:"membership,omitempty" doc:"The kind of scope whose membership it needs; absent where non-members may hold it."`
	MemberKinds   []string `json:"member_kinds,omitempty" doc:"The kinds of member that can hold it; absent for all."`
	GrantedBy     []string `json:"granted_by" doc:"The roles and permissions by which it is granted and revoked."`
	Confirm       string   `json:"confirm,omitempty" doc:"The word that its deletion takes."`
	Adjustable    bool     `json:"adjustable,omitempty" doc:"Whether permissions can be withheld from it."`
	AdjustablePer string   `json:"adjustable_per,omitempty" doc:"The attribute of its scopes for whose values they are withheld apart."`
	Values        []string `json:"values,omitempty" doc:"The values of that attribute."`
	Feature       string   `json:"feature,omitempty" doc:"The feature that it waits for and that is off."`
	Holders       int      `json:"holders" doc:"How many hold it, on whatever scope."`
	// Defined is when a custom role was made; Revision and ChangedBy are of the
	// last change of a role (X03).
	Defined     time.Time            `json:"defined,omitzero" doc:"When it was defined; absent for roles of the model."`
	DefinedBy   string               `json:"defined_by,omitempty" doc:"Who defined it."`
	Since       time.Time            `json:"since,omitzero" doc:"When it was changed last: renamed, or given other permissions; absent if it never was."`
	Revision    events.Revision      `json:"revision,omitempty" doc:"The commit that did so."`
	ChangedBy   string               `json:"changed_by,omitempty" doc:"Who did that."`
	Permissions []RolePermissionView `json:"permissions" doc:"What it gives, in the order of the model. What is withheld is marked."`
}

// RolePermissionView is a permission of a role.
type RolePermissionView struct {
	ID        string            `json:"id" doc:"The permission's id."`
	Title     string            `json:"title" doc:"What it allows, in words."`
	Section   string            `json:"section,omitempty" doc:"Where it belongs."`
	Here      bool              `json:"here" doc:"Whether it is had on the scope where the role is held."`
	Below     bool              `json:"below" doc:"Whether it is had on the scopes below."`
	Only      string            `json:"only,omitempty" doc:"The condition that it depends on, in words: only …"`
	Feature   string            `json:"feature,omitempty" doc:"The feature that it waits for and that is off."`
	Since     time.Time         `json:"since,omitzero" doc:"When it was added; absent where the role model says so."`
	Revision  events.Revision   `json:"revision,omitempty" doc:"The commit that added it."`
	ChangedBy string            `json:"changed_by,omitempty" doc:"Who added it."`
	Withheld  []WithholdingView `json:"withheld,omitempty" doc:"Where it is withheld; absent if nowhere."`
}

// WithholdingView says where a permission is withheld from a role.
type WithholdingView struct {
	Value     string          `json:"value,omitempty" doc:"On scopes with this value of the attribute alone; absent for all."`
	Since     time.Time       `json:"since" doc:"Since when."`
	Revision  events.Revision `json:"revision" doc:"The commit that did so."`
	ChangedBy string          `json:"changed_by" doc:"Who did that."`
}

// RoleTypeDetail is a type of role with those who hold it.
type RoleTypeDetail struct {
	RoleTypeView
	Held []GrantView `json:"held" doc:"Who holds it, where, by login."`
}

// RoleTypes lists the types of role that there are: those of the model, in its
// order, and then the custom ones by kind and name (M12).
func (s *Service) RoleTypes(ctx context.Context, caller Caller, org events.OrgID, reading Reading) ([]RoleTypeView, error) {
	seen, err := s.read(ctx, caller, org, reading, rolemodel.DirectoryRead, "")
	if err != nil {
		return nil, err
	}
	changed, err := s.adjusted(ctx, seen)
	if err != nil {
		return nil, err
	}
	holders := seen.countHolders()
	list := []RoleTypeView{}
	for _, role := range seen.state.Roles() {
		view := seen.roleType(role, changed)
		view.Holders = holders[role]
		list = append(list, view)
	}
	return list, nil
}

// RoleType shows one type of role, and who holds it.
func (s *Service) RoleType(ctx context.Context, caller Caller, org events.OrgID, reading Reading, name string) (RoleTypeDetail, error) {
	seen, err := s.read(ctx, caller, org, reading, rolemodel.DirectoryRead, "")
	if err != nil {
		return RoleTypeDetail{}, err
	}
	role, err := roleOf(seen.state, name)
	if err != nil {
		return RoleTypeDetail{}, err
	}
	changed, err := s.adjusted(ctx, seen)
	if err != nil {
		return RoleTypeDetail{}, err
	}
	detail := RoleTypeDetail{RoleTypeView: seen.roleType(role, changed), Held: []GrantView{}}
	for _, person := range seen.state.Principals() {
		held := len(detail.Held)
		for _, g := range person.Grants {
			if g.Role == role {
				detail.Held = append(detail.Held, seen.grant(person, g))
			}
		}
		if len(detail.Held) > held {
			detail.Holders++
		}
	}
	sortBy(detail.Held, func(g GrantView) string { return g.Login + " " + string(g.Scope) })
	return detail, nil
}

// countHolders counts those who hold each role.
func (v *view) countHolders() map[*rolemodel.Role]int {
	count := map[*rolemodel.Role]int{}
	for _, person := range v.state.Principals() {
		for i, g := range person.Grants {
			if !slices.ContainsFunc(person.Grants[:i], func(earlier aggregate.Grant) bool { return earlier.Role == g.Role }) {
				count[g.Role]++
			}
		}
	}
	return count
}

// change is when a role of the model was adjusted last, and by whom.
type change struct {
	at       time.Time
	revision events.Revision
	actor    events.PrincipalID
}

// adjusted finds when roles of the model were adjusted last, by id: what was
// given back has left no trace in the state.
func (s *Service) adjusted(ctx context.Context, seen *view) (map[string]change, error) {
	last := map[string]change{}
	if !slices.ContainsFunc(seen.state.Model.Roles, func(role *rolemodel.Role) bool { return role.Adjustable }) {
		return last, nil
	}
	err := s.timelines.with(ctx, s, seen.state.Org, func(t *projections.Timeline) error {
		for _, r := range t.Records() {
			if r.Revision > seen.state.Revision {
				break
			}
			for _, event := range r.Events {
				switch e := event.(type) {
				case events.PermissionWithheld:
					last[e.Kind+"."+string(e.Role)] = change{r.Effective(), r.Revision, r.Actor}
				case events.PermissionRestored:
					last[e.Kind+"."+string(e.Role)] = change{r.Effective(), r.Revision, r.Actor}
				}
			}
		}
		return nil
	})
	return last, err
}

// roleTitle is what a role is called: its title, or the name of a custom role
// without one that may be seen.
func (v *view) roleTitle(role *rolemodel.Role) string {
	if custom, is := v.state.CustomRole(role); is {
		return firstOf(v.sealedTitle(custom.Title.Commit, custom.Title.Value), role.Title)
	}
	return role.Title
}

// sealedTitle opens the title that a commit gives a custom role; it is empty to
// those who may not see it.
func (v *view) sealedTitle(commit events.CommitID, title events.Sealed) string {
	if !v.all {
		return ""
	}
	return v.service.open(v.state.Org, string(v.state.Root), vault.FieldTitle, aggregate.Sealed{Commit: commit, Value: title})
}

// roleIcon names the picture of a custom role, if it has one.
func (v *view) roleIcon(role *rolemodel.Role) string {
	if custom, is := v.state.CustomRole(role); is {
		return custom.Icon
	}
	return ""
}

func (v *view) roleType(role *rolemodel.Role, changed map[string]change) RoleTypeView {
	view := RoleTypeView{
		ID: role.ID(), Kind: role.Kind, Role: role.Name, Title: v.roleTitle(role), Icon: v.roleIcon(role), Rule: role.Rule,
		Membership: role.Membership, MemberKinds: role.MemberKinds, GrantedBy: grantorsOf(v.state.Model, role.GrantedBy, role.GrantedWith, role.GrantedIf), Adjustable: role.Adjustable,
	}
	if role.Template != nil {
		view.Template, view.Confirm = role.Template.ID(), role.Template.Confirm
	}
	if role.AdjustablePer != nil {
		view.AdjustablePer, view.Values = role.AdjustablePer.ID, role.AdjustablePer.Values
	}
	if !v.state.Enabled(role.Feature) {
		view.Feature = role.Feature.ID
	}
	given := map[int]aggregate.Stamp{}
	if custom, is := v.state.CustomRole(role); is {
		view.Defined, view.DefinedBy = custom.Defined.At, v.login(custom.Defined.Actor)
		view.Since, view.Revision, view.ChangedBy = custom.Changed.At, custom.Changed.Revision, v.login(custom.Changed.Actor)
		for _, g := range custom.Given {
			given[g.Permission] = g.Since
		}
	} else if last, adjusted := changed[role.ID()]; adjusted {
		view.Since, view.Revision, view.ChangedBy = last.at, last.revision, v.login(last.actor)
	}
	view.Permissions = v.permissionsOf(role, given)
	return view
}

// permissionsOf lists what a role gives; given says by which commits, for a
// custom one.
func (v *view) permissionsOf(role *rolemodel.Role, given map[int]aggregate.Stamp) []RolePermissionView {
	list := []RolePermissionView{}
	terms := v.state.RoleTerms(role)
	withheld := v.state.Withheld(role)
	for _, p := range v.state.Model.Permissions {
		here := terms.May(true, p.Index)
		below := terms.May(false, p.Index) && mayStandBelow(v.state.Model, p.Kind, role.Kind)
		if !here && !below {
			continue
		}
		view := RolePermissionView{ID: p.ID, Title: p.Title, Section: p.Section, Here: here, Below: below}
		if !terms.Own.Has(p.Index) && !terms.Below.Has(p.Index) {
			view.Only = onlyIf(slices.Concat(terms.OwnIf, terms.BelowIf), p.Index)
		}
		if !v.state.Enabled(p.Feature) {
			view.Feature = p.Feature.ID
		}
		if since, is := given[p.Index]; is {
			view.Since, view.Revision, view.ChangedBy = since.At, since.Revision, v.login(since.Actor)
		}
		for _, w := range withheld {
			if w.Permission == p.Index {
				view.Withheld = append(view.Withheld, WithholdingView{Value: w.Value, Since: w.Since.At, Revision: w.Since.Revision, ChangedBy: v.login(w.Since.Actor)})
			}
		}
		list = append(list, view)
	}
	return list
}

// mayStandBelow says whether scopes of one kind may stand somewhere below those of
// another one.
func mayStandBelow(m *rolemodel.Model, kind, above string) bool {
	seen := map[string]bool{}
	for next := []string{kind}; len(next) > 0; next = next[1:] {
		k, _ := m.Kind(next[0])
		for _, under := range k.Under {
			if under.Name == above {
				return true
			}
			if !seen[under.Name] {
				seen[under.Name] = true
				next = append(next, under.Name)
			}
		}
	}
	return false
}

// onlyIf says in words on which conditions the permission depends; empty for none.
func onlyIf(dependents []rolemodel.Dependent, permission int) string {
	var titles []string
	for _, d := range dependents {
		if d.Permission == permission && !slices.Contains(titles, d.Condition.Title) {
			titles = append(titles, d.Condition.Title)
		}
	}
	return strings.Join(titles, ", or ")
}

// grantorsOf lists the roles and permissions by which something is granted.
func grantorsOf(m *rolemodel.Model, by []*rolemodel.Role, with rolemodel.Set, dependent []rolemodel.Authority) []string {
	ids := []string{}
	for _, role := range by {
		ids = append(ids, role.ID())
	}
	ids = append(ids, permissionIDs(m, with)...)
	for _, authority := range dependent {
		id := ""
		if authority.Role != nil {
			id = authority.Role.ID()
		} else {
			id = m.Permissions[authority.Permission].ID
		}
		ids = append(ids, id+" if "+authority.Condition.ID)
	}
	return ids
}
