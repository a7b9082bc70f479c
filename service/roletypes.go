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

// DefineRoleRequest makes a custom role.
type DefineRoleRequest struct {
	Role        events.RoleID         `json:"role" doc:"Its name: 1 to 63 of a-z, 0-9 and _, starting with a letter. It is public, stays for ever and must not name a person."`
	Template    string                `json:"template,omitempty" doc:"The template in the role model, KIND.NAME; the only one if absent."`
	Title       string                `json:"title,omitempty" maxLength:"256" doc:"What it is called, kept sealed."`
	Icon        string                `json:"icon,omitempty" doc:"The name of a picture for it: 1 to 63 of a-z, 0-9, - and _."`
	Permissions []events.PermissionID `json:"permissions,omitempty" doc:"What it gives besides what every new one of the template does."`
}

// RenameRoleRequest says anew what a custom role is called.
type RenameRoleRequest struct {
	Role  string  `json:"role" doc:"The custom role: its name, or KIND.NAME."`
	Title *string `json:"title,omitempty" maxLength:"256" doc:"What it is called from now on, kept sealed; empty removes it."`
	Icon  *string `json:"icon,omitempty" doc:"The name of a picture for it; empty removes it."`
}

// DeleteRoleRequest ends a custom role.
type DeleteRoleRequest struct {
	Role    string `json:"role" doc:"The custom role: its name, or KIND.NAME."`
	Confirm string `json:"confirm,omitempty" doc:"The word that its template asks for, for instance DELETE."`
}

// PermitRoleRequest adds permissions to a custom role, or takes them away.
type PermitRoleRequest struct {
	Role        string                `json:"role" doc:"The custom role: its name, or KIND.NAME."`
	Permissions []events.PermissionID `json:"permissions" doc:"The permissions."`
}

// WithholdRequest withholds permissions from a role of the model, or gives them
// back.
type WithholdRequest struct {
	Role        string                `json:"role" doc:"The role of the model: KIND.NAME, or its name where there is one of that name."`
	Permissions []events.PermissionID `json:"permissions" doc:"The permissions."`
	Value       string                `json:"value,omitempty" doc:"For scopes with this value alone of the attribute by which the role is adjusted; absent for all."`
}

// DefineRole makes a custom role from a template of the role model.
func (s *Service) DefineRole(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request DefineRoleRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "role.define", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		template := request.Template
		if templates := p.state.Model.Templates; template == "" && len(templates) == 1 {
			template = templates[0].ID()
		}
		if template == "" {
			return nil, refuse(aggregate.CodeInvalid, "template", "The role model %s has %d templates for custom roles; name one.", p.state.Model.ID, len(p.state.Model.Templates))
		}
		command := aggregate.DefineRole{Role: request.Role, Template: template, Icon: request.Icon, Permissions: request.Permissions}
		err := p.freeTitle(request.Title, rolemodel.RoleDefine, nil)
		if request.Title != "" && err == nil {
			command.Title, err = p.sealRoleTitle(request.Title)
		}
		return command, err
	}})
}

// RenameRole says anew what a custom role is called, and its icon. Its name
// stays.
func (s *Service) RenameRole(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request RenameRoleRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "role.rename", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		if request.Title == nil && request.Icon == nil {
			return nil, refuse(aggregate.CodeInvalid, "title", "A new title or icon is needed; the name itself stays for ever.")
		}
		var err error
		command := aggregate.RenameRole{Role: p.customRole(request.Role)}
		custom, known := p.state.CustomRole(p.roleNamed(command.Role))
		if !known {
			return command, nil // the decision refuses it
		}
		before := s.open(p.org, string(p.state.Root), vault.FieldTitle, custom.Title)
		title := before
		command.Icon = custom.Icon
		if request.Title != nil {
			title = *request.Title
		}
		if request.Icon != nil {
			command.Icon = *request.Icon
		}
		command.Same = title == before && command.Icon == custom.Icon
		if !command.Same {
			err = p.freeTitle(title, rolemodel.RoleRename, custom)
		}
		if title != "" && !command.Same && err == nil {
			command.Title, err = p.sealRoleTitle(title)
		}
		return command, err
	}})
}

// DeleteRole ends a custom role, and that anybody holds it or is offered it.
func (s *Service) DeleteRole(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request DeleteRoleRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "role.delete", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		return aggregate.DeleteRole{Role: p.customRole(request.Role), Confirm: request.Confirm}, nil
	}})
}

// PermitRole adds permissions to a custom role, and so to all who hold it.
func (s *Service) PermitRole(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request PermitRoleRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "role.permit", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		return aggregate.PermitRole{Role: p.customRole(request.Role), Permissions: request.Permissions}, needsPermissions(request.Permissions)
	}})
}

// UnpermitRole takes permissions from a custom role.
func (s *Service) UnpermitRole(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request PermitRoleRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "role.unpermit", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		return aggregate.UnpermitRole{Role: p.customRole(request.Role), Permissions: request.Permissions}, needsPermissions(request.Permissions)
	}})
}

// WithholdPermission takes permissions from a role of the model, and so from all
// who hold it.
func (s *Service) WithholdPermission(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request WithholdRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "permission.withhold", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		role, err := p.modelRole(request)
		if err != nil {
			return nil, err
		}
		return aggregate.WithholdPermission{Kind: role.Kind, Role: events.RoleID(role.Name), Permissions: request.Permissions, Value: request.Value}, nil
	}})
}

// RestorePermission gives back what was withheld.
func (s *Service) RestorePermission(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request WithholdRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "permission.restore", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		role, err := p.modelRole(request)
		if err != nil {
			return nil, err
		}
		return aggregate.RestorePermission{Kind: role.Kind, Role: events.RoleID(role.Name), Permissions: request.Permissions, Value: request.Value}, nil
	}})
}

func needsPermissions(list []events.PermissionID) error {
	if len(list) == 0 {
		return refuse(aggregate.CodeInvalid, "permissions", "Name at least one permission.")
	}
	return nil
}

// freeTitle refuses a title that another role has, so that people can tell them
// apart. Who may not do the act is refused by the decision, and told no title.
func (p *plan) freeTitle(title string, act rolemodel.Act, own *aggregate.CustomRole) error {
	if title == "" || !p.caller.Operator() && !p.state.MayAct(p.caller.Principal, act, p.state.Root) {
		return nil
	}
	wanted := strings.TrimSpace(title)
	for _, role := range p.state.Roles() {
		has := role.Title
		if custom, is := p.state.CustomRole(role); is {
			if custom == own {
				continue
			}
			has = firstOf(p.service.open(p.org, string(p.state.Root), vault.FieldTitle, custom.Title), role.Name)
		}
		if strings.EqualFold(strings.TrimSpace(has), wanted) {
			return aggregate.Refusals{{Code: aggregate.CodeExists, Field: "title", Rule: role.Rule, Role: role.ID(), Event: -1,
				Message: "The role " + role.ID() + " has that title already; give this one another, so that people can tell them apart.",
				Help:    "tenure role list --org " + string(p.org)}}
		}
	}
	return nil
}

// sealRoleTitle seals the title of a custom role under the root scope's key.
func (p *plan) sealRoleTitle(title string) (events.Sealed, error) {
	if strings.TrimSpace(title) == "" {
		return nil, refuse(aggregate.CodeInvalid, "title", "A title needs something to read.")
	}
	if err := checkText("title", title, maxText); err != nil {
		return nil, err
	}
	owner := string(p.state.Root)
	if !p.stage.Has(owner) {
		if err := p.stage.Create(owner); err != nil {
			return nil, err
		}
	}
	return p.seal(owner, vault.FieldTitle, title)
}

// customRole is the name of a custom role that is written as such or as
// KIND.NAME. What is none is left for the decision to refuse.
func (p *plan) customRole(name string) events.RoleID {
	for _, custom := range p.state.CustomRoles() {
		if custom.Role.ID() == name {
			return events.RoleID(custom.Role.Name)
		}
	}
	return events.RoleID(name)
}

// roleNamed finds a custom role by its name, or nil.
func (p *plan) roleNamed(name events.RoleID) *rolemodel.Role {
	for _, custom := range p.state.CustomRoles() {
		if custom.Role.Name == string(name) {
			return custom.Role
		}
	}
	return nil
}

// modelRole finds the role of the model from which something is withheld.
func (p *plan) modelRole(request WithholdRequest) (*rolemodel.Role, error) {
	if err := needsPermissions(request.Permissions); err != nil {
		return nil, err
	}
	role, err := roleOf(&p.state, request.Role)
	if err == nil && role.Template != nil {
		return nil, aggregate.Refusals{{Code: aggregate.CodeInvalid, Field: "role", Rule: role.Rule, Role: role.ID(), Event: -1,
			Message: role.ID() + " is a custom role: what it gives is added and removed, not withheld.",
			Help:    "tenure role unpermit " + role.Name + " PERMISSION --org " + string(p.org)}}
	}
	return role, err
}

// roleOf finds a role by KIND.NAME, or by its name where there is one of that
// name.
func roleOf(state *aggregate.State, name string) (*rolemodel.Role, error) {
	var named []*rolemodel.Role
	var ids []string
	for _, role := range state.Roles() {
		if role.ID() == name {
			return role, nil
		}
		if role.Name == name {
			named, ids = append(named, role), append(ids, role.ID())
		}
	}
	switch len(named) {
	case 0:
		return nil, refuseUnknown("role", "role", name, "tenure role list --org "+string(state.Org))
	case 1:
		return named[0], nil
	}
	return nil, refuse(aggregate.CodeInvalid, "role", "There are %d roles %s: write %s.", len(named), name, strings.Join(ids, " or "))
}

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
