package api

import (
	"context"

	"tenure/events"
	"tenure/service"
)

type scopeBody struct {
	service.ScopeRequest
	Annotations
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
		order(s, verb.id, verb.path, verb.summary, tag,
			func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body scopeBody) (service.Receipt, service.Receipt, error) {
				return plainly(verb.do(s.service, ctx, caller, org, e, body.ScopeRequest))
			})
	}
	datedQuestion(s, "list-scopes", "/organizations/{org}/scopes", "List the scopes, parents before children", tag,
		func(ctx context.Context, in *readInput, reading service.Reading) ([]service.ScopeView, error) {
			return s.service.Scopes(ctx, callerOf(ctx), in.Org, reading)
		})
}
