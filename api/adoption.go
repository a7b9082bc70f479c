package api

import (
	"context"

	"tenure/events"
	"tenure/service"
)

type adoptBody struct {
	service.AdoptRequest
	Annotations
}

type adoptedQuery struct {
	InOrg
	ReadingQuery
	Source bool `query:"source" doc:"Whether to give the model's canonical form as well."`
}

func (s *server) adoption() {
	const tag = "Role models"
	order(s, "adopt-model", "/model", "Put another role model, or a newer version of it, in force", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body adoptBody) (service.AdoptionReceipt, service.Receipt, error) {
			receipt, err := s.service.AdoptModel(ctx, caller, org, e, body.AdoptRequest)
			return receipt, receipt.Receipt, err
		})
	datedQuestion(s, "show-adopted-model", "/organizations/{org}/model", "Show the role model in force, and since when it is", tag,
		func(ctx context.Context, in *adoptedQuery, reading service.Reading) (service.AdoptedModel, error) {
			return s.service.AdoptedModel(ctx, callerOf(ctx), in.Org, reading, in.Source)
		})
}
