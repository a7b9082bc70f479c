package api

import (
	"context"

	"tenure/events"
	"tenure/service"
)

type defineRoleBody struct {
	service.DefineRoleRequest
	Annotations
}

type renameRoleBody struct {
	service.RenameRoleRequest
	Annotations
}

type deleteRoleBody struct {
	service.DeleteRoleRequest
	Annotations
}

type permitRoleBody struct {
	service.PermitRoleRequest
	Annotations
}

type withholdBody struct {
	service.WithholdRequest
	Annotations
}

type permitGroupBody struct {
	service.PermitGroupRequest
	Annotations
}

type roleTypeQuery struct {
	InOrg
	ReadingQuery
	Role string `path:"role" doc:"KIND.NAME, or the name where there is one of that name."`
}

type groupQuery struct {
	InOrg
	ReadingQuery
	Group string `path:"group" doc:"KIND:HANDLE."`
}

// roleTypes are the types of role that an organization has: what each gives, and
// those that it defines itself.
func (s *server) roleTypes() {
	const tag = "Role types"
	datedQuestion(s, "list-role-types", "/organizations/{org}/role-types", "List the types of role, what each gives now, and how many hold it", tag,
		func(ctx context.Context, in *readInput, reading service.Reading) ([]service.RoleTypeView, error) {
			return s.service.RoleTypes(ctx, callerOf(ctx), in.Org, reading)
		})
	datedQuestion(s, "show-role-type", "/organizations/{org}/role-types/{role}", "Show a type of role, what it gives now, and who holds it", tag,
		func(ctx context.Context, in *roleTypeQuery, reading service.Reading) (service.RoleTypeDetail, error) {
			return s.service.RoleType(ctx, callerOf(ctx), in.Org, reading, in.Role)
		})
	order(s, "define-role", "/role-types", "Define a custom role", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body defineRoleBody) (service.Receipt, service.Receipt, error) {
			return plainly(s.service.DefineRole(ctx, caller, org, e, body.DefineRoleRequest))
		})
	order(s, "rename-role", "/role-types/rename", "Give a custom role another title or icon", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body renameRoleBody) (service.Receipt, service.Receipt, error) {
			return plainly(s.service.RenameRole(ctx, caller, org, e, body.RenameRoleRequest))
		})
	order(s, "delete-role", "/role-types/delete", "End a custom role; those who hold it lose it", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body deleteRoleBody) (service.Receipt, service.Receipt, error) {
			return plainly(s.service.DeleteRole(ctx, caller, org, e, body.DeleteRoleRequest))
		})
	order(s, "permit-role", "/role-types/permit", "Add permissions to a custom role", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body permitRoleBody) (service.Receipt, service.Receipt, error) {
			return plainly(s.service.PermitRole(ctx, caller, org, e, body.PermitRoleRequest))
		})
	order(s, "unpermit-role", "/role-types/unpermit", "Take permissions from a custom role", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body permitRoleBody) (service.Receipt, service.Receipt, error) {
			return plainly(s.service.UnpermitRole(ctx, caller, org, e, body.PermitRoleRequest))
		})
	order(s, "withhold-permission", "/role-types/withhold", "Withhold permissions from a role of the model, and so from all who hold it", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body withholdBody) (service.Receipt, service.Receipt, error) {
			return plainly(s.service.WithholdPermission(ctx, caller, org, e, body.WithholdRequest))
		})
	order(s, "restore-permission", "/role-types/restore", "Give back to a role of the model what was withheld", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body withholdBody) (service.Receipt, service.Receipt, error) {
			return plainly(s.service.RestorePermission(ctx, caller, org, e, body.WithholdRequest))
		})
}

func (s *server) groups() {
	const tag = "Groups"
	datedQuestion(s, "list-groups", "/organizations/{org}/groups", "List the groups, with their members and permissions", tag,
		func(ctx context.Context, in *readInput, reading service.Reading) ([]service.GroupView, error) {
			return s.service.Groups(ctx, callerOf(ctx), in.Org, reading)
		})
	datedQuestion(s, "show-group", "/organizations/{org}/groups/{group}", "Show a group, with its members and permissions", tag,
		func(ctx context.Context, in *groupQuery, reading service.Reading) (service.GroupView, error) {
			return s.service.Group(ctx, callerOf(ctx), in.Org, reading, in.Group)
		})
	order(s, "permit-group", "/groups/permit", "Give permissions to the members of a group", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body permitGroupBody) (service.Receipt, service.Receipt, error) {
			return plainly(s.service.PermitGroup(ctx, caller, org, e, body.PermitGroupRequest))
		})
	order(s, "unpermit-group", "/groups/unpermit", "Take permissions from the members of a group", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body permitGroupBody) (service.Receipt, service.Receipt, error) {
			return plainly(s.service.UnpermitGroup(ctx, caller, org, e, body.PermitGroupRequest))
		})
}
