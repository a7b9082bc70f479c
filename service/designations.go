package service

import (
	"context"
	"time"

	"tenure/aggregate"
	"tenure/events"
)

// DesignationRequest names a designation, and whom it is to mark.
type DesignationRequest struct {
	Person      string               `json:"person,omitempty" doc:"Login, address or id; absent to clear it."`
	Designation events.DesignationID `json:"designation" doc:"The designation's name among those of the scope's kind, for instance main_owner."`
	Scope       string               `json:"scope,omitempty" doc:"KIND:HANDLE; the organization itself if absent."`
}

// SetDesignation marks a holder of a role, and nobody else any more.
func (s *Service) SetDesignation(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request DesignationRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "designation.set", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		subject, scope, err := p.holder(RoleRequest{Person: request.Person, Scope: request.Scope})
		return aggregate.SetDesignation{Subject: subject, Designation: nameOn(request.Designation, scope), Scope: scope}, err
	}})
}

// ClearDesignation takes a mark away.
func (s *Service) ClearDesignation(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request DesignationRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "designation.clear", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		scope, err := p.scope("scope", request.Scope)
		return aggregate.ClearDesignation{Designation: nameOn(request.Designation, scope), Scope: scope}, err
	}})
}

// DefineRolesRequest says who shall hold roles and be marked on one scope.
type DefineRolesRequest struct {
	Scope        string                          `json:"scope,omitempty" doc:"KIND:HANDLE; the organization itself if absent."`
	Roles        map[events.RoleID][]string      `json:"roles,omitempty" doc:"All who shall hold each role: logins, addresses or ids. Roles that are not listed stay as they are."`
	Designations map[events.DesignationID]string `json:"designations,omitempty" doc:"Whom each designation shall mark; empty for nobody. Designations that are not listed stay as they are."`
}

// DefineRoles sets who holds the roles of a scope, all at once (F12): if any
// part is refused nothing changes, and every refusal is named at its field.
func (s *Service) DefineRoles(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request DefineRolesRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "roles.define", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		return p.define(request)
	}})
}

// define resolves all names, and tells of all that lead nowhere.
func (p *plan) define(request DefineRolesRequest) (aggregate.Command, error) {
	scope, err := p.scope("scope", request.Scope)
	if err != nil {
		return nil, err
	}
	var refusals aggregate.Refusals
	resolve := func(field, name string) events.PrincipalID {
		id, err := p.person(name)
		refusals = append(refusals, refusalsAt(field, err)...)
		return id
	}
	command := aggregate.DefineRoles{Scope: scope}
	for _, role := range sortedKeys(request.Roles) {
		field := "roles." + string(role)
		holders := aggregate.RoleHolders{Role: nameOn(role, scope), Field: field}
		for _, name := range request.Roles[role] {
			if id := resolve(field, name); id != "" {
				holders.Holders = append(holders.Holders, id)
			}
		}
		command.Roles = append(command.Roles, holders)
	}
	for _, designation := range sortedKeys(request.Designations) {
		mark := aggregate.Mark{Designation: nameOn(designation, scope), Field: "designations." + string(designation)}
		if name := request.Designations[designation]; name != "" {
			if mark.Subject = resolve(mark.Field, name); mark.Subject == "" {
				continue
			}
		}
		command.Designations = append(command.Designations, mark)
	}
	p.about = "" // it concerns several
	command.Refused = refusals
	return command, nil
}

// RoleField is one field of the form that defines the roles of a scope.
type RoleField struct {
	Field       string         `json:"field" doc:"Where a request to define roles says it: roles.ROLE or designations.DESIGNATION."`
	Role        string         `json:"role,omitempty" doc:"The role's name, if it is one."`
	Designation string         `json:"designation,omitempty" doc:"The designation's name, if it is one."`
	Title       string         `json:"title" doc:"What it is called."`
	Icon        string         `json:"icon,omitempty" doc:"The name of a picture for it, if it is a custom role that has one."`
	Custom      bool           `json:"custom,omitempty" doc:"Whether it is a role that the organization has defined itself."`
	Rule        string         `json:"rule,omitempty" doc:"The numbered rule that it fulfills."`
	Scope       events.ScopeID `json:"scope" doc:"The scope."`
	Holders     []HolderView   `json:"holders" doc:"Who holds it, or is marked."`
	AtLeast     int            `json:"at_least,omitempty" doc:"How many must hold it."`
	AtMost      int            `json:"at_most,omitempty" doc:"How many may hold it; absent for any number."`
	Members     bool           `json:"members,omitempty" doc:"Whether it takes a membership to hold it."`
	Visible     bool           `json:"visible" doc:"Whether the form shows it: a designation whose conditions are not met is not shown."`
	Editable    bool           `json:"editable" doc:"Whether the caller may change it."`
	Feature     string         `json:"feature,omitempty" doc:"The feature that it waits for and that is off."`
}

// HolderView is somebody who holds a role, or is marked.
type HolderView struct {
	ID    events.PrincipalID `json:"id" doc:"The person's id."`
	Login string             `json:"login" doc:"Login, else address, else id."`
	OriginView
	Until  time.Time `json:"until,omitzero" doc:"When it ends by itself; absent if it does not."`
	Member bool      `json:"member" doc:"Whether the person is a member of the organization."`
	Active bool      `json:"active" doc:"Whether it counts."`
}

// RoleForm shows who holds the roles of a scope and who is marked there, and
// what of it the caller may change (F13, F14). It is for those who may read the
// directory, and for those who may change something of it.
func (s *Service) RoleForm(ctx context.Context, caller Caller, org events.OrgID, reading Reading, on string) ([]RoleField, error) {
	now := s.stateOf(org).At(s.clock())
	seen, id, refused := s.readScope(ctx, caller, org, reading, "scope", on)
	if refused != nil {
		var err error
		if seen, err = s.read(ctx, caller, org, reading, "", ""); err != nil {
			return nil, err
		}
		if id, err = seen.scope("scope", on); err != nil || !now.MayDefine(caller.Principal, id) {
			return nil, refused
		}
	}
	scope, _ := seen.state.Scope(id)
	show := func(person *aggregate.Person, origin OriginView, until time.Time, active bool) HolderView {
		seen.others[person.ID] = true
		return seen.holder(person, origin, until, active)
	}
	form := []RoleField{}
	for _, role := range seen.state.Roles() {
		if role.Kind != id.Kind() {
			continue
		}
		field := RoleField{
			Field: "roles." + role.Name, Role: role.Name, Title: seen.roleTitle(role), Icon: seen.roleIcon(role), Custom: role.Template != nil,
			Rule: role.Rule, Scope: id, Holders: []HolderView{},
			AtLeast: role.AtLeast, AtMost: role.AtMost, Members: role.Membership != "", Visible: true,
		}
		if current, exists := now.Role(role.Kind, role.Name); exists { // the form may be of the past
			field.Editable = !role.Default && (caller.Operator() || now.MayGive(caller.Principal, current, id))
		}
		if !seen.state.Enabled(role.Feature) {
			field.Feature = role.Feature.ID
		}
		for _, holder := range scope.Holders(role) {
			person, _ := seen.state.Person(holder)
			g, _ := person.Grant(role, id)
			field.Holders = append(field.Holders, show(person, seen.originOf(g), g.Until, seen.state.Active(person, &g)))
		}
		sortBy(field.Holders, func(h HolderView) string { return h.Login })
		form = append(form, field)
	}
	for _, designation := range seen.state.Model.Designations {
		if designation.Kind != id.Kind() {
			continue
		}
		field := RoleField{
			Field: "designations." + designation.Name, Designation: designation.Name, Title: designation.Title, Rule: designation.Rule,
			Scope: id, Holders: []HolderView{}, AtMost: 1, Visible: seen.state.Settable(designation, id),
			Editable: caller.Operator() || now.MayDesignate(caller.Principal, designation, id),
		}
		if marked, set := scope.Designated(designation); set {
			person, _ := seen.state.Person(marked.Subject)
			field.Holders = append(field.Holders, show(person, seen.origin(marked.Since, "", marked.Since), time.Time{}, true))
		}
		form = append(form, field)
	}
	return form, nil
}

func (v *view) holder(person *aggregate.Person, origin OriginView, until time.Time, active bool) HolderView {
	_, member := person.Membership(v.state.Root)
	return HolderView{
		ID: person.ID, Login: v.login(person.ID), OriginView: origin, Until: until, Member: member, Active: active,
	}
}
