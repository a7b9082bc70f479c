package api

import (
	"context"

	"tenure/events"
	"tenure/service"
)

type managerBody struct {
	service.ManagerRequest
	Annotations
}

type chartQuery struct {
	InOrg
	ReadingQuery
	Person string `query:"person" doc:"From whom downwards: login, address or id. From the top if absent."`
}

func (s *server) managers() {
	const tag = "People"
	order(s, "assign-manager", "/managers", "Say who somebody's manager is", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body managerBody) (service.Receipt, service.Receipt, error) {
			return plainly(s.service.AssignManager(ctx, caller, org, e, body.ManagerRequest))
		})
	order(s, "remove-manager", "/managers/remove", "Say that somebody has no manager any more", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body managerBody) (service.Receipt, service.Receipt, error) {
			return plainly(s.service.RemoveManager(ctx, caller, org, e, body.ManagerRequest))
		})
	datedQuestion(s, "show-chart", "/organizations/{org}/chart", "Show who is whose manager", tag,
		func(ctx context.Context, in *chartQuery, reading service.Reading) ([]service.ChartNode, error) {
			return s.service.Chart(ctx, callerOf(ctx), in.Org, reading, in.Person)
		})
}
