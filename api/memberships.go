package api

import (
	"context"
	"net/http"

	"tenure/events"
	"tenure/service"
)

type membershipBody struct {
	service.MembershipRequest
	Annotations
}

type membershipInput struct {
	InOrg
	CommandHeaders
	Body membershipBody
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
		command(s, verb.id, http.MethodPost, "/organizations/{org}/memberships/"+verb.path, verb.summary, "Memberships",
			func(ctx context.Context, in *membershipInput) (service.Receipt, service.Receipt, error) {
				envelope, err := in.envelope(in.Body.Annotations)
				if err != nil {
					return service.Receipt{}, service.Receipt{}, err
				}
				receipt, err := verb.do(s.service, ctx, callerOf(ctx), in.Org, envelope, in.Body.MembershipRequest)
				return receipt, receipt, err
			})
	}
}
