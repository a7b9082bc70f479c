package api

import (
	"context"
	"net/http"

	"tenure/events"
	"tenure/service"
)

type scopeBody struct {
	service.ScopeRequest
	Annotations
}

type scopeInput struct {
	InOrg
	CommandHeaders
	Body scopeBody
}

func (s *server) scopes() {
	const tag = "Scopes"
	for _, verb := range []struct {
		id, path, summary string
		do                func(*service.Service, context.Context, service.Caller, events.OrgID, service.Envelope, service.ScopeRequest) (service.Receipt, error)
	}{
		{"create-scope", "/scopes", "Add a scope below another", (*service.Service).CreateScope},
		{"rename-scope", "/scopes/rename", "Give a scope another title", (*service.Service).RenameScope},
		{"move-scope", "/scopes/move", "Put a scope, and all below it, under another", (*service.Service).MoveScope},
		{"delete-scope", "/scopes/delete", "End a scope, the scopes below it, and what was held on them", (*service.Service).DeleteScope},
	} {
		command(s, verb.id, http.MethodPost, "/organizations/{org}"+verb.path, verb.summary, tag,
			func(ctx context.Context, in *scopeInput) (service.Receipt, service.Receipt, error) {
				envelope, err := in.envelope(in.Body.Annotations)
				if err != nil {
					return service.Receipt{}, service.Receipt{}, err
				}
				receipt, err := verb.do(s.service, ctx, callerOf(ctx), in.Org, envelope, in.Body.ScopeRequest)
				return receipt, receipt, err
			})
	}
	question(s, "list-scopes", "/organizations/{org}/scopes", "List the scopes, parents before children", tag,
		func(ctx context.Context, in *readInput) ([]service.ScopeView, error) {
			reading, err := in.reading()
			if err != nil {
				return nil, err
			}
			return s.service.Scopes(ctx, callerOf(ctx), in.Org, reading)
		})
}
