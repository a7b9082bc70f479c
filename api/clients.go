package api

import (
	"context"

	"tenure/events"
	"tenure/service"
)

type newClientBody struct {
	service.NewClientRequest
	Annotations
}

type clientBody struct {
	service.ClientRequest
	Annotations
}

type clientQuery struct {
	InOrg
	ReadingQuery
	Client string `path:"client" doc:"Name or id."`
}

func (s *server) clients() {
	const tag = "API clients"
	order(s, "create-client", "/clients", "Make an API client, which holds nothing and has no key yet", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body newClientBody) (service.ClientReceipt, service.Receipt, error) {
			receipt, err := s.service.CreateClient(ctx, caller, org, e, body.NewClientRequest)
			return receipt, receipt.Receipt, err
		})
	order(s, "delete-client", "/clients/delete", "End an API client, its keys and its roles", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body clientBody) (service.Receipt, service.Receipt, error) {
			return plainly(s.service.DeleteClient(ctx, caller, org, e, body.ClientRequest))
		})
	datedQuestion(s, "list-clients", "/organizations/{org}/clients", "List the API clients, to those who manage them or say what they hold", tag,
		func(ctx context.Context, in *readInput, reading service.Reading) ([]service.ClientView, error) {
			return s.service.Clients(ctx, callerOf(ctx), in.Org, reading)
		})
	datedQuestion(s, "show-client", "/organizations/{org}/clients/{client}", "Show one API client", tag,
		func(ctx context.Context, in *clientQuery, reading service.Reading) (service.ClientView, error) {
			return s.service.Client(ctx, callerOf(ctx), in.Org, reading, in.Client)
		})
}
