package service

import (
	"context"

	"tenure/aggregate"
	"tenure/events"
)

// MembershipRequest names a person's membership of a scope.
type MembershipRequest struct {
	Person string `json:"person" doc:"Login, address or id."`
	Scope  string `json:"scope,omitempty" doc:"KIND:HANDLE; the organization itself if absent."`
}

// StartMembership makes a person a member.
func (s *Service) StartMembership(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request MembershipRequest) (Receipt, error) {
	return s.changeMembership(ctx, caller, org, envelope, "membership.start", request, func(m aggregate.StartMembership) aggregate.Command { return m })
}

// SuspendMembership makes a member inactive.
func (s *Service) SuspendMembership(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request MembershipRequest) (Receipt, error) {
	return s.changeMembership(ctx, caller, org, envelope, "membership.suspend", request, func(m aggregate.StartMembership) aggregate.Command {
		return aggregate.SuspendMembership(m)
	})
}

// ResumeMembership makes a suspended member active again.
func (s *Service) ResumeMembership(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request MembershipRequest) (Receipt, error) {
	return s.changeMembership(ctx, caller, org, envelope, "membership.resume", request, func(m aggregate.StartMembership) aggregate.Command {
		return aggregate.ResumeMembership(m)
	})
}

// TerminateMembership ends a membership and what was held through it.
func (s *Service) TerminateMembership(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request MembershipRequest) (Receipt, error) {
	return s.changeMembership(ctx, caller, org, envelope, "membership.terminate", request, func(m aggregate.StartMembership) aggregate.Command {
		return aggregate.TerminateMembership(m)
	})
}

func (s *Service) changeMembership(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, kind string,
	request MembershipRequest, command func(aggregate.StartMembership) aggregate.Command) (Receipt, error) {

	return s.execute(ctx, caller, org, envelope, task{kind: kind, request: request, prepare: func(p *plan) (aggregate.Command, error) {
		subject, err := p.person(request.Person)
		if err != nil {
			return nil, err
		}
		scope, err := p.scope("scope", request.Scope)
		return command(aggregate.StartMembership{Subject: subject, Scope: scope}), err
	}})
}
