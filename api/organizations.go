package api

import (
	"context"
	"net/http"

	"tenure/service"
)

type foundBody struct {
	service.FoundRequest
	Annotations
}

type foundInput struct {
	CommandHeaders
	Body foundBody
}

type readInput struct {
	InOrg
	ReadingQuery
}

// Identity says whom the key of a request speaks for.
type Identity struct {
	ID       string `json:"id" doc:"The principal's id; operator for the operator."`
	Org      string `json:"org,omitempty" doc:"The organization; absent for the operator."`
	Operator bool   `json:"operator" doc:"Whether the key is the operator's."`
}

func (s *server) organizations() {
	const tag = "Organizations"
	question(s, "whoami", "/whoami", "Whom the key speaks for", tag,
		func(ctx context.Context, _ *struct{}) (Identity, error) {
			caller := callerOf(ctx)
			return Identity{ID: string(caller.Principal), Org: string(caller.Org), Operator: caller.Operator()}, nil
		})
	command(s, "found", http.MethodPost, "/organizations", "Found an organization under a role model", tag,
		func(ctx context.Context, in *foundInput) (service.PersonReceipt, service.Receipt, error) {
			envelope, err := in.envelope(in.Body.Annotations)
			if err != nil {
				return service.PersonReceipt{}, service.Receipt{}, err
			}
			receipt, err := s.service.Found(ctx, callerOf(ctx), envelope, in.Body.FoundRequest)
			return receipt, receipt.Receipt, err
		})
	question(s, "list-organizations", "/organizations", "List the organizations that the caller may know of", tag,
		func(ctx context.Context, _ *struct{}) ([]service.OrganizationView, error) {
			return s.service.Organizations(ctx, callerOf(ctx))
		})
	datedQuestion(s, "show-organization", "/organizations/{org}", "Show an organization", tag,
		func(ctx context.Context, in *readInput, reading service.Reading) (service.OrganizationView, error) {
			return s.service.Organization(ctx, callerOf(ctx), in.Org, reading)
		})
}
