package service

import (
	"context"
	"fmt"
	"slices"

	"tenure/aggregate"
	"tenure/events"
)

// MembershipRequest names a person's membership of a scope.
type MembershipRequest struct {
	Person string `json:"person" doc:"Login, address or id."`
	Scope  string `json:"scope,omitempty" doc:"KIND:HANDLE; the organization itself if absent."`
	// MemberKind is for a start and for a change of kind.
	MemberKind events.MemberKindID `json:"member_kind,omitempty" doc:"The kind of member, where the role model has several: when it starts, the usual one if absent; when the kind changes, the one from then on."`
}

// StartMembership makes a person a member.
func (s *Service) StartMembership(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request MembershipRequest) (Receipt, error) {
	return s.changeMembership(ctx, caller, org, envelope, "membership.start", request, func(m aggregate.SuspendMembership) aggregate.Command {
		return aggregate.StartMembership{Subject: m.Subject, Scope: m.Scope, Kind: request.MemberKind}
	})
}

// ChangeMemberKind makes a member one of another kind, with all roles kept.
func (s *Service) ChangeMemberKind(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request MembershipRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "membership.change", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		if request.MemberKind == "" {
			return nil, refuse(aggregate.CodeInvalid, "member_kind", "Say which kind of member it is to be from now on.")
		}
		subject, scope, err := p.holder(RoleRequest{Person: request.Person, Scope: request.Scope})
		return aggregate.ChangeMemberKind{Subject: subject, Scope: scope, Kind: request.MemberKind}, err
	}})
}

// SuspendMembership makes a member inactive.
func (s *Service) SuspendMembership(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request MembershipRequest) (Receipt, error) {
	return s.changeMembership(ctx, caller, org, envelope, "membership.suspend", request, func(m aggregate.SuspendMembership) aggregate.Command { return m })
}

// ResumeMembership makes a suspended member active again.
func (s *Service) ResumeMembership(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request MembershipRequest) (Receipt, error) {
	return s.changeMembership(ctx, caller, org, envelope, "membership.resume", request, func(m aggregate.SuspendMembership) aggregate.Command {
		return aggregate.ResumeMembership(m)
	})
}

// TerminateMembership ends a membership and what was held through it.
func (s *Service) TerminateMembership(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request MembershipRequest) (Receipt, error) {
	return s.changeMembership(ctx, caller, org, envelope, "membership.terminate", request, func(m aggregate.SuspendMembership) aggregate.Command {
		return aggregate.TerminateMembership(m)
	})
}

func (s *Service) changeMembership(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, kind string,
	request MembershipRequest, command func(aggregate.SuspendMembership) aggregate.Command) (Receipt, error) {

	return s.execute(ctx, caller, org, envelope, task{kind: kind, request: request, prepare: func(p *plan) (aggregate.Command, error) {
		subject, err := p.person(request.Person)
		if err != nil {
			return nil, err
		}
		scope, err := p.scope("scope", request.Scope)
		return command(aggregate.SuspendMembership{Subject: subject, Scope: scope}), err
	}})
}

// MembershipView is a running membership of a scope.
type MembershipView struct {
	Scope  events.ScopeID `json:"scope" doc:"The scope."`
	Kind   string         `json:"kind,omitempty" doc:"The kind of member, where the role model has several."`
	Active bool           `json:"active" doc:"Whether it counts: false while it, or the membership of the organization, is suspended."`
	OriginView
}

// MemberView is a member of a scope.
type MemberView struct {
	ID    events.PrincipalID `json:"id" doc:"The person's id."`
	Login string             `json:"login" doc:"Login, else address, else id."`
	MembershipView
}

// Members lists the members of a scope, by login.
func (s *Service) Members(ctx context.Context, caller Caller, org events.OrgID, reading Reading, on string) ([]MemberView, error) {
	seen, id, err := s.readScope(ctx, caller, org, reading, "scope", on)
	if err != nil {
		return nil, err
	}
	scope, _ := seen.state.Scope(id)
	return seen.members(scope), nil
}

// members lists the members of a scope, by login.
func (v *view) members(of *aggregate.Scope) []MemberView {
	list := []MemberView{}
	for _, id := range of.Members() {
		person, _ := v.state.Person(id)
		m, _ := person.Membership(of.ID)
		list = append(list, MemberView{ID: id, Login: v.login(id), MembershipView: v.membership(person, m)})
	}
	sortBy(list, func(m MemberView) string { return m.Login })
	return list
}

func (v *view) membership(person *aggregate.Person, m aggregate.Membership) MembershipView {
	ofAll, member := person.Membership(v.state.Root)
	return MembershipView{
		Scope: m.Scope, Kind: v.state.MemberKind(person, m.Scope), Active: m.Active && (!member || ofAll.Active),
		OriginView: v.origin(m.Since, m.InvitedBy, m.Changed),
	}
}

// MembershipsRequest names the memberships of several people on one scope.
type MembershipsRequest struct {
	Verb   aggregate.Verb `json:"verb" enum:"suspend,resume,terminate" doc:"What is to be done to all of them."`
	People []string       `json:"people" minItems:"1" maxItems:"5000" doc:"Logins, addresses or ids, each once."`
	Scope  string         `json:"scope,omitempty" doc:"KIND:HANDLE; the organization itself if absent."`
}

// ChangeMemberships does the same to several memberships, to all or to none: if
// any is refused nothing changes, and every refusal is named at its field,
// people.0 and so on (C22).
func (s *Service) ChangeMemberships(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request MembershipsRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "memberships.change", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		scope, err := p.scope("scope", request.Scope)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(aggregate.Verbs, request.Verb) {
			return nil, refuse(aggregate.CodeInvalid, "verb", "%.40q cannot be done to memberships: use suspend, resume or terminate.", request.Verb)
		}
		command := aggregate.ChangeMemberships{Verb: request.Verb, Scope: scope}
		for i, name := range request.People {
			field := fmt.Sprintf("people.%d", i)
			id, err := p.find(field, name)
			if err != nil {
				command.Refused = append(command.Refused, refusalsAt(field, err)...)
				continue
			}
			command.People = append(command.People, aggregate.Listed{Subject: id, Field: field})
		}
		return command, nil
	}})
}
