package service

import (
	"context"

	"tenure/aggregate"
	"tenure/events"
)

// NewMemberRequest makes somebody known and a member at once.
type NewMemberRequest struct {
	PersonDetails
	Scope      string              `json:"scope,omitempty" doc:"KIND:HANDLE; the organization itself if absent."`
	MemberKind events.MemberKindID `json:"member_kind,omitempty" doc:"The kind of member, where the role model has several; the usual one if absent."`
	Role       events.RoleID       `json:"role,omitempty" doc:"A role on the scope that comes with it."`
}

// AddMember makes a person known, starts the membership of a scope, and grants a
// role there if one is named, in one commit. Whoever looks after the people of a
// scope can so make them known who come there, and nobody else (M05).
func (s *Service) AddMember(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request NewMemberRequest) (PersonReceipt, error) {
	var id events.PrincipalID
	prepare := func(p *plan) (aggregate.Command, error) {
		scope, err := p.scope("scope", request.Scope)
		if err != nil {
			return nil, err
		}
		command := aggregate.AddMember{Scope: scope, Kind: request.MemberKind, Role: nameOn(request.Role, scope)}
		command.Register, err = p.register(request.PersonDetails, scope)
		p.about = command.Register.Subject
		return command, err
	}
	receipt, err := s.execute(ctx, caller, org, envelope, task{
		kind: "member.add", request: request, prepare: prepare, outcome: registered(&id),
	})
	return PersonReceipt{Receipt: receipt, ID: id}, err
}
