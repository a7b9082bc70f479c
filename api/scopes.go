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

type scopeImportBody struct {
	service.ScopeImportRequest
	Annotations
}

type scopeQuery struct {
	InOrg
	ReadingQuery
	Scope string `path:"scope" doc:"KIND:HANDLE."`
}

type scopesQuery struct {
	InOrg
	ReadingQuery
	Kind  string `query:"kind" required:"true" doc:"The kind of scope."`
	Under string `query:"under" doc:"The scope below which they stand; the organization itself if absent."`
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
		{"set-attributes", "/scopes/set", "Say what attributes of a scope are", (*service.Service).SetAttributes},
		{"archive-scope", "/scopes/archive", "Freeze a scope and all below it", (*service.Service).ArchiveScope},
		{"restore-scope", "/scopes/restore", "Take a scope out of the archive", (*service.Service).RestoreScope},
		{"merge-scope", "/scopes/merge", "Put a scope into another one of its kind, with its members, what they hold and what stands below it", (*service.Service).MergeScope},
	} {
		order(s, verb.id, verb.path, verb.summary, tag,
			func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body scopeBody) (service.Receipt, service.Receipt, error) {
				return plainly(verb.do(s.service, ctx, caller, org, e, body.ScopeRequest))
			})
	}
	order(s, "import-scopes", "/scopes/import", "Add many scopes of one kind from a file, or tell every line that stands in the way", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body scopeImportBody) (service.Receipt, service.Receipt, error) {
			return plainly(s.service.ImportScopes(ctx, caller, org, e, body.ScopeImportRequest))
		})
	datedQuestion(s, "show-scope", "/organizations/{org}/scopes/{scope}", "Show a scope, with who and what is there", tag,
		func(ctx context.Context, in *scopeQuery, reading service.Reading) (service.ScopeDetail, error) {
			return s.service.Scope(ctx, callerOf(ctx), in.Org, reading, in.Scope)
		})
	datedQuestion(s, "export-members", "/organizations/{org}/exports/members", "Write the members of a scope, and who holds a role there, for those who may export it", tag,
		func(ctx context.Context, in *membersQuery, reading service.Reading) ([]service.MemberRow, error) {
			return s.service.ExportMembers(ctx, callerOf(ctx), in.Org, reading, in.Scope)
		})
	datedQuestion(s, "export-scopes", "/organizations/{org}/exports/scopes", "Write the scopes of a kind below another one, for those who may export that", tag,
		func(ctx context.Context, in *scopesQuery, reading service.Reading) ([]service.ScopeRow, error) {
			return s.service.ExportScopes(ctx, callerOf(ctx), in.Org, reading, in.Kind, in.Under)
		})
	datedQuestion(s, "list-scopes", "/organizations/{org}/scopes", "List the scopes, parents before children", tag,
		func(ctx context.Context, in *readInput, reading service.Reading) ([]service.ScopeView, error) {
			return s.service.Scopes(ctx, callerOf(ctx), in.Org, reading)
		})
}
