package api

import (
	"context"
	"net/http"

	"tenure/events"
	"tenure/service"
)

type roleBody struct {
	service.RoleRequest
	Annotations
}

type roleInput struct {
	InOrg
	CommandHeaders
	Body roleBody
}

type holdersQuery struct {
	InOrg
	ReadingQuery
	Role       events.RoleID `query:"role" doc:"List who holds this role on the scope."`
	Permission string        `query:"permission" doc:"List who has this permission on the scope, and by which roles."`
	Scope      string        `query:"scope" doc:"KIND:HANDLE; the organization itself if absent."`
}

type checkQuery struct {
	InOrg
	ReadingQuery
	Person     string `query:"person" required:"true" doc:"Login, address or id."`
	Permission string `query:"permission" required:"true" doc:"The permission's id."`
	Scope      string `query:"scope" doc:"KIND:HANDLE; the organization itself if absent."`
}

func (s *server) roles() {
	const tag = "Roles"
	for _, verb := range []struct {
		id, path, summary string
		do                func(*service.Service, context.Context, service.Caller, events.OrgID, service.Envelope, service.RoleRequest) (service.Receipt, error)
	}{
		{"grant-role", "/grants", "Give a person a role on a scope", (*service.Service).GrantRole},
		{"revoke-role", "/grants/revoke", "End a person's role on a scope", (*service.Service).RevokeRole},
	} {
		command(s, verb.id, http.MethodPost, "/organizations/{org}"+verb.path, verb.summary, tag,
			func(ctx context.Context, in *roleInput) (service.Receipt, service.Receipt, error) {
				envelope, err := in.envelope(in.Body.Annotations)
				if err != nil {
					return service.Receipt{}, service.Receipt{}, err
				}
				receipt, err := verb.do(s.service, ctx, callerOf(ctx), in.Org, envelope, in.Body.RoleRequest)
				return receipt, receipt, err
			})
	}
	question(s, "list-grants", "/organizations/{org}/grants", "List who holds a role, or has a permission, on a scope", tag,
		func(ctx context.Context, in *holdersQuery) ([]service.GrantView, error) {
			reading, err := in.reading()
			switch {
			case err != nil:
				return nil, err
			case in.Role != "" && in.Permission == "":
				return s.service.Holders(ctx, callerOf(ctx), in.Org, reading, in.Role, in.Scope)
			case in.Permission != "" && in.Role == "":
				return s.service.Permitted(ctx, callerOf(ctx), in.Org, reading, in.Permission, in.Scope)
			}
			return nil, invalid("role", "Give a role or a permission.")
		})
	question(s, "check", "/organizations/{org}/check", "Say whether a person has a permission on a scope, and why", tag,
		func(ctx context.Context, in *checkQuery) (service.Answer, error) {
			reading, err := in.reading()
			if err != nil {
				return service.Answer{}, err
			}
			return s.service.Can(ctx, callerOf(ctx), in.Org, reading, in.Person, in.Permission, in.Scope)
		})
}
