package api

import (
	"context"

	"tenure/events"
	"tenure/service"
)

type designationBody struct {
	service.DesignationRequest
	Annotations
}

func (s *server) designations() {
	const tag = "Roles"
	order(s, "set-designation", "/designations", "Mark a holder of a role, and nobody else any more", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body designationBody) (service.Receipt, service.Receipt, error) {
			return plainly(s.service.SetDesignation(ctx, caller, org, e, body.DesignationRequest))
		})
	order(s, "clear-designation", "/designations/clear", "Take a mark away", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body designationBody) (service.Receipt, service.Receipt, error) {
			return plainly(s.service.ClearDesignation(ctx, caller, org, e, body.DesignationRequest))
		})
}
