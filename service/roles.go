package service

import (
	"context"
	"strings"
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
		return aggregate.GrantRole{Subject: subject, Role: nameOn(request.Role, scope), Scope: scope, Until: until}, err
	}})
}

// RevokeRole ends a person's role. One that is not held changes nothing.
func (s *Service) RevokeRole(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request RoleRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "role.revoke", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		subject, scope, err := p.holder(request)
		return aggregate.RevokeRole{Subject: subject, Role: nameOn(request.Role, scope), Scope: scope}, err
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
		role := nameOn(request.Role, scope)
		if role == "" {
			var passed []string
			for _, r := range p.state.Model.Roles {
				if r.Kind == scope.Kind() && r.Passes() {
					passed = append(passed, r.Name)
				}
			}
			switch len(passed) {
			case 0:
				return nil, refuse(aggregate.CodeInvalid, "scope", "No role of %s is transferred: who holds one on %s is said by granting and revoking it.", rolemodel.A(scope.Kind()), scope)
			case 1:
				role = events.RoleID(passed[0])
			default:
				return nil, refuse(aggregate.CodeInvalid, "role", "On %s there are several roles that are transferred: name one of %s.", scope, strings.Join(passed, ", "))
			}
		}
		return aggregate.TransferRole{Subject: subject, Role: role, Scope: scope, Former: nameOn(request.Former, scope)}, nil
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

// OriginView says since when somebody has something, by whom, and who changed it
// last.
type OriginView struct {
	Since         time.Time       `json:"since" doc:"From when."`
	SinceRevision events.Revision `json:"since_revision" doc:"The commit by which it came to be."`
	By            string          `json:"by" doc:"Who did that; where an invitation was accepted, whoever accepted it."`
	InvitedBy     string          `json:"invited_by,omitempty" doc:"By whose invitation, and so by whose authority, it came to be; absent if by none."`
	Revision      events.Revision `json:"revision" doc:"The commit that last changed it."`
	ChangedBy     string          `json:"changed_by" doc:"Who did that."`
	ChangedAt     time.Time       `json:"changed_at" doc:"When that was (X03)."`
}

func (v *view) origin(since aggregate.Stamp, inviter events.PrincipalID, changed aggregate.Stamp) OriginView {
	origin := OriginView{
		Since: since.At, SinceRevision: since.Revision, By: v.login(since.Actor),
		Revision: changed.Revision, ChangedBy: v.login(changed.Actor), ChangedAt: changed.At,
	}
	if inviter != "" {
		origin.InvitedBy = v.login(inviter)
	}
	return origin
}

func (v *view) originOf(g aggregate.Grant) OriginView {
	return v.origin(g.Since, g.InvitedBy, g.Changed())
}

// GrantView is a role that somebody holds, and the commits that it comes from.
type GrantView struct {
	ID    events.PrincipalID `json:"id" doc:"Who holds it."`
	Login string             `json:"login" doc:"Login, else address, else id."`
	Role  string             `json:"role,omitempty" doc:"The role's name among those of the scope's kind; absent where it is a group."`
	Group events.ScopeID     `json:"group,omitempty" doc:"The group by whose membership it is had; absent where it is a role."`
	Scope events.ScopeID     `json:"scope" doc:"Where it is held."`
	OriginView
	Cause   events.Cause    `json:"cause,omitempty" doc:"What it followed from; absent for a decision."`
	Until   time.Time       `json:"until,omitzero" doc:"When it ends by itself; absent if it does not."`
	Given   events.Revision `json:"given,omitempty" doc:"The commit by which a custom role or a group came to give the permission; absent where the role model says so."`
	GivenAt time.Time       `json:"given_at,omitzero" doc:"When that was."`
	GivenBy string          `json:"given_by,omitempty" doc:"Who did it."`
	Rule    string          `json:"rule,omitempty" doc:"The numbered rule of the role."`
	ConditionView
	Active bool `json:"active" doc:"Whether it counts: false while the membership that it rests on is suspended, the feature that it waits for is off, or its time is over."`
}

// reason is what gives a permission: a role, or a group.
func (v *view) reason(person *aggregate.Person, r aggregate.Reason) GrantView {
	var g GrantView
	if r.Group.Scope != "" {
		m := r.Group
		g = GrantView{
			ID: person.ID, Login: v.login(person.ID), Group: m.Scope, Scope: m.Scope,
			OriginView: v.origin(m.Since, m.InvitedBy, m.Changed), Cause: m.Since.Cause, Active: true,
		}
	} else {
		g = v.grant(person, r.Grant)
	}
	if r.Given.Revision > 0 {
		g.Given, g.GivenAt, g.GivenBy = r.Given.Revision, r.Given.At, v.login(r.Given.Actor)
	}
	g.ConditionView = viewCondition(r.Condition)
	return g
}

func (v *view) grant(person *aggregate.Person, g aggregate.Grant) GrantView {
	return GrantView{
		ID: person.ID, Login: v.login(person.ID), Role: g.Role.Name, Scope: g.Scope,
		OriginView: v.originOf(g), Cause: g.Since.Cause,
		Until: g.Until, Active: v.state.Active(person, &g), Rule: g.Role.Rule,
	}
}

// Holders lists who holds a role on a scope, by login.
func (s *Service) Holders(ctx context.Context, caller Caller, org events.OrgID, reading Reading, role events.RoleID, on string) ([]GrantView, error) {
	seen, id, err := s.readScope(ctx, caller, org, reading, "scope", on)
	if err != nil {
		return nil, err
	}
	state := seen.state
	wanted, defined := state.Role(id.Kind(), string(nameOn(role, id)))
	if !defined {
		if other, err := roleOf(state, string(role)); err == nil && other.ID() == string(role) {
			return nil, refuse(aggregate.CodeInvalid, "scope",
				"%s is a role on %s, and %s is none: say which with --on %s:HANDLE.", other.ID(), rolemodel.A(other.Kind), id, other.Kind)
		}
		return nil, refuseUnknown("role", "role", string(role)+" on "+rolemodel.A(id.Kind()), "tenure models show "+state.Model.ID)
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
	seen, _, err := s.readScope(ctx, caller, org, reading, "scope", on)
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
		for _, reason := range state.Explain(aggregate.Question{Who: person.ID, Permission: wanted, On: scope}).Because {
			list = append(list, seen.reason(person, reason))
		}
	}
	sortBy(list, func(g GrantView) string { return g.Login + " " + string(g.Scope) + " " + g.Role })
	return list, nil
}
