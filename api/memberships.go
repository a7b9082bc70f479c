package api

import (
	"context"

	"tenure/events"
	"tenure/service"
)

type membersQuery struct {
	InOrg
	ReadingQuery
	Scope string `query:"scope" doc:"KIND:HANDLE; the organization itself if absent."`
}

type membershipBody struct {
	service.MembershipRequest
	Annotations
}

type membershipsBody struct {
	service.MembershipsRequest
	Annotations
}

func (s *server) memberships() {
	for _, verb := range []struct {
		id, path, summary string
		do                func(*service.Service, context.Context, service.Caller, events.OrgID, service.Envelope, service.MembershipRequest) (service.Receipt, error)
	}{
		{"start-membership", "start", "Make a person a member", (*service.Service).StartMembership},
		{"change-membership-kind", "change", "Make a member one of another kind, with all roles kept", (*service.Service).ChangeMemberKind},
		{"suspend-membership", "suspend", "Make a member inactive, with all roles kept", (*service.Service).SuspendMembership},
		{"resume-membership", "resume", "Make a suspended member active again", (*service.Service).ResumeMembership},
		{"terminate-membership", "terminate", "End a membership, and with it what was held through it", (*service.Service).TerminateMembership},
	} {
		order(s, verb.id, "/memberships/"+verb.path, verb.summary, "Memberships",
			func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body membershipBody) (service.Receipt, service.Receipt, error) {
				return plainly(verb.do(s.service, ctx, caller, org, e, body.MembershipRequest))
			})
	}
	datedQuestion(s, "list-members", "/organizations/{org}/memberships", "List the members of a scope", "Memberships",
		func(ctx context.Context, in *membersQuery, reading service.Reading) ([]service.MemberView, error) {
			return s.service.Members(ctx, callerOf(ctx), in.Org, reading, in.Scope)
		})
	order(s, "change-memberships", "/memberships/bulk", "Suspend, resume or terminate several memberships, all of them or none", "Memberships",
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body membershipsBody) (service.Receipt, service.Receipt, error) {
			return plainly(s.service.ChangeMemberships(ctx, caller, org, e, body.MembershipsRequest))
		})
}
