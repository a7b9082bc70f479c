package service

import (
	"context"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
)

// RoleRequest names a role of a person on a scope.
type RoleRequest struct {
	Person string        `json:"person" doc:"Login, address or id."`
	Role   events.RoleID `json:"role" doc:"The role's name among those of the scope's kind."`
	Scope  string        `json:"scope,omitempty" doc:"KIND:HANDLE; the organization itself if absent."`
}

// GrantRole gives a person a role. One that is held already changes nothing.
func (s *Service) GrantRole(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request RoleRequest) (Receipt, error) {
	return s.changeRole(ctx, caller, org, envelope, "role.grant", request, func(g aggregate.GrantRole) aggregate.Command { return g })
}

// RevokeRole ends a person's role. One that is not held changes nothing.
func (s *Service) RevokeRole(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request RoleRequest) (Receipt, error) {
	return s.changeRole(ctx, caller, org, envelope, "role.revoke", request, func(g aggregate.GrantRole) aggregate.Command {
		return aggregate.RevokeRole(g)
	})
}

func (s *Service) changeRole(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, kind string,
	request RoleRequest, command func(aggregate.GrantRole) aggregate.Command) (Receipt, error) {

	return s.execute(ctx, caller, org, envelope, task{kind: kind, request: request, prepare: func(p *plan) (aggregate.Command, error) {
		subject, err := p.person(request.Person)
		if err != nil {
			return nil, err
		}
		scope, err := p.scope("scope", request.Scope)
		return command(aggregate.GrantRole{Subject: subject, Role: request.Role, Scope: scope}), err
	}})
}

// GrantView is a role that somebody holds, and the commit that gave it.
type GrantView struct {
	ID       events.PrincipalID `json:"id" doc:"Who holds it."`
	Login    string             `json:"login" doc:"Login, else address, else id."`
	Role     string             `json:"role" doc:"The role's name among those of the scope's kind."`
	Scope    events.ScopeID     `json:"scope" doc:"Where it is held."`
	Since    time.Time          `json:"since" doc:"From when."`
	Revision events.Revision    `json:"revision" doc:"The commit that gave it."`
	By       string             `json:"by" doc:"Who gave it."`
	Cause    events.Cause       `json:"cause,omitempty" doc:"What it followed from; absent for a decision."`
	Active   bool               `json:"active" doc:"Whether it counts: false while the membership that it rests on is suspended."`
}

func (v *view) grant(person *aggregate.Person, g aggregate.Grant) GrantView {
	return GrantView{
		ID: person.ID, Login: v.login(person.ID), Role: g.Role.Name, Scope: g.Scope,
		Since: g.Since.At, Revision: g.Since.Revision, By: v.login(g.Since.Actor), Cause: g.Since.Cause,
		Active: v.state.Active(person, &g),
	}
}

// Holders lists who holds a role on a scope, by login.
func (s *Service) Holders(ctx context.Context, caller Caller, org events.OrgID, reading Reading, role events.RoleID, on string) ([]GrantView, error) {
	seen, err := s.read(ctx, caller, org, reading, rolemodel.DirectoryRead, "")
	if err != nil {
		return nil, err
	}
	state := seen.state
	id, err := seen.scope("scope", on)
	if err != nil {
		return nil, err
	}
	wanted, defined := state.Model.Role(id.Kind(), string(role))
	if !defined {
		return nil, refuseUnknown("role", "role", string(role)+" on a "+id.Kind(), "tenure models show "+state.Model.ID)
	}
	scope, _ := state.Scope(id)
	list := []GrantView{}
	for _, holder := range scope.Holders(wanted) {
		person, _ := state.Person(holder)
		g, _ := person.Grant(wanted, id)
		list = append(list, seen.grant(person, g))
	}
	sortBy(list, func(g GrantView) string { return g.Login })
	return list, nil
}

// Permitted lists who has a permission on a scope, each with the grants that
// give it, by login.
func (s *Service) Permitted(ctx context.Context, caller Caller, org events.OrgID, reading Reading, permission, on string) ([]GrantView, error) {
	seen, err := s.read(ctx, caller, org, reading, rolemodel.DirectoryRead, "")
	if err != nil {
		return nil, err
	}
	state := seen.state
	wanted, scope, err := seen.permission(permission, on)
	if err != nil {
		return nil, err
	}
	list := []GrantView{}
	for _, person := range state.Persons() {
		for _, g := range state.Explain(person.ID, wanted, scope).Because {
			list = append(list, seen.grant(person, g))
		}
	}
	sortBy(list, func(g GrantView) string { return g.Login + " " + string(g.Scope) + " " + g.Role })
	return list, nil
}
