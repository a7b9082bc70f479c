package api

import (
	"context"

	"tenure/events"
	"tenure/service"
)

type membershipBody struct {
	service.MembershipRequest
	Annotations
}

func (s *server) memberships() {
	for _, verb := range []struct {
		id, path, summary string
		do                func(*service.Service, context.Context, service.Caller, events.OrgID, service.Envelope, service.MembershipRequest) (service.Receipt, error)
	}{
		{"start-membership", "start", "Make a person a member", (*service.Service).StartMembership},
		{"suspend-membership", "suspend", "Make a member inactive, with all roles kept", (*service.Service).SuspendMembership},
		{"resume-membership", "resume", "Make a suspended member active again", (*service.Service).ResumeMembership},
		{"terminate-membership", "terminate", "End a membership, and with it what was held through it", (*service.Service).TerminateMembership},
	} {
		order(s, verb.id, "/memberships/"+verb.path, verb.summary, "Memberships",
			func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body membershipBody) (service.Receipt, service.Receipt, error) {
				return plainly(verb.do(s.service, ctx, caller, org, e, body.MembershipRequest))
			})
	}
}
