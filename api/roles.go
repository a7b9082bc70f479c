package api

import (
	"context"

	"tenure/events"
	"tenure/service"
)

type roleBody struct {
	service.RoleRequest
	Annotations
}

type grantBody struct {
	service.GrantRequest
	Annotations
}

type transferBody struct {
	service.TransferRequest
	Annotations
}

type defineBody struct {
	service.DefineRolesRequest
	Annotations
}

type formQuery struct {
	InOrg
	ReadingQuery
	Scope string `query:"scope" doc:"KIND:HANDLE; the organization itself if absent."`
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
	About      string `query:"about" doc:"The person concerned, at whom conditions look: login, address or id; somebody whom the organization does not know counts as an outsider."`
}

func (s *server) roles() {
	const tag = "Roles"
	order(s, "grant-role", "/grants", "Give a person a role on a scope, for a time or for good", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body grantBody) (service.Receipt, service.Receipt, error) {
			return plainly(s.service.GrantRole(ctx, caller, org, e, body.GrantRequest))
		})
	order(s, "revoke-role", "/grants/revoke", "End a person's role on a scope", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body roleBody) (service.Receipt, service.Receipt, error) {
			return plainly(s.service.RevokeRole(ctx, caller, org, e, body.RoleRequest))
		})
	order(s, "transfer-role", "/transfers", "Pass a role that has one holder on to another person", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body transferBody) (service.Receipt, service.Receipt, error) {
			return plainly(s.service.TransferRole(ctx, caller, org, e, body.TransferRequest))
		})
	order(s, "define-roles", "PUT /roles", "Say who holds the roles of a scope and who is marked there, all at once", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body defineBody) (service.Receipt, service.Receipt, error) {
			return plainly(s.service.DefineRoles(ctx, caller, org, e, body.DefineRolesRequest))
		})
	datedQuestion(s, "show-roles", "/organizations/{org}/roles", "Show who holds the roles of a scope and who is marked there, and what of it the caller may change", tag,
		func(ctx context.Context, in *formQuery, reading service.Reading) ([]service.RoleField, error) {
			return s.service.RoleForm(ctx, callerOf(ctx), in.Org, reading, in.Scope)
		})
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
	datedQuestion(s, "check", "/organizations/{org}/check", "Say whether a person has a permission on a scope, and why", tag,
		func(ctx context.Context, in *checkQuery, reading service.Reading) (service.Answer, error) {
			return s.service.CanUpon(ctx, callerOf(ctx), in.Org, reading, in.Person, in.Permission, in.Scope, in.About)
		})
}
