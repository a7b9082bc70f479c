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

// GrantRequest gives a role, for a time or for good.
type GrantRequest struct {
	RoleRequest
	Until string `json:"until,omitempty" doc:"When it ends by itself: 2026-01-31, meaning the end of that day in UTC, an RFC 3339 time, or P30D from now. Absent for good."`
}

// GrantRole gives a person a role. Where it is held already, only the time at
// which it ends changes.
func (s *Service) GrantRole(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request GrantRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "role.grant", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		subject, scope, err := p.holder(request.RoleRequest)
		if err != nil {
			return nil, err
		}
		until, err := s.timeToCome("until", request.Until, "")
		return aggregate.GrantRole{Subject: subject, Role: request.Role, Scope: scope, Until: until}, err
	}})
}

// RevokeRole ends a person's role. One that is not held changes nothing.
func (s *Service) RevokeRole(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request RoleRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "role.revoke", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		subject, scope, err := p.holder(request)
		return aggregate.RevokeRole{Subject: subject, Role: request.Role, Scope: scope}, err
	}})
}

// TransferRequest passes a role that has one holder on.
type TransferRequest struct {
	Person string        `json:"person" doc:"Who is to hold it: login, address or id."`
	Role   events.RoleID `json:"role,omitempty" doc:"The role; if absent, the one of the scope that is transferred, if there is one."`
	Scope  string        `json:"scope,omitempty" doc:"KIND:HANDLE; the organization itself if absent."`
	Former events.RoleID `json:"former,omitempty" doc:"The role that the former holder gets: none for no role; if absent, the one that the role model says."`
}

// TransferRole passes a role that has one holder on to another person.
func (s *Service) TransferRole(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request TransferRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "role.transfer", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		subject, scope, err := p.holder(RoleRequest{Person: request.Person, Scope: request.Scope})
		if err != nil {
			return nil, err
		}
		role := request.Role
		if role == "" {
			var passed []*rolemodel.Role
			for _, r := range p.state.Model.Roles {
				if r.Kind == scope.Kind() && len(r.TransferredBy) > 0 {
					passed = append(passed, r)
				}
			}
			if len(passed) != 1 {
				return nil, refuse(aggregate.CodeInvalid, "role", "%s has %d roles that are transferred; name the role.", scope, len(passed))
			}
			role = events.RoleID(passed[0].Name)
		}
		return aggregate.TransferRole{Subject: subject, Role: role, Scope: scope, Former: request.Former}, nil
	}})
}

// holder resolves the person and the scope of a request.
func (p *plan) holder(request RoleRequest) (events.PrincipalID, events.ScopeID, error) {
	subject, err := p.person(request.Person)
	if err != nil {
		return "", "", err
	}
	scope, err := p.scope("scope", request.Scope)
	return subject, scope, err
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
	Until    time.Time          `json:"until,omitzero" doc:"When it ends by itself; absent if it does not."`
	Active   bool               `json:"active" doc:"Whether it counts: false while the membership that it rests on is suspended, the feature that it waits for is off, or its time is over."`
}

func (v *view) grant(person *aggregate.Person, g aggregate.Grant) GrantView {
	return GrantView{
		ID: person.ID, Login: v.login(person.ID), Role: g.Role.Name, Scope: g.Scope,
		Since: g.Since.At, Revision: g.Since.Revision, By: v.login(g.Since.Actor), Cause: g.Since.Cause,
		Until: g.Until, Active: v.state.Active(person, &g),
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
	for _, person := range state.Principals() {
		for _, g := range state.Explain(person.ID, wanted, scope).Because {
			list = append(list, seen.grant(person, g))
		}
	}
	sortBy(list, func(g GrantView) string { return g.Login + " " + string(g.Scope) + " " + g.Role })
	return list, nil
}
