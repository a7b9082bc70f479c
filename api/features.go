package api

import (
	"context"

	"tenure/events"
	"tenure/service"
)

type featureBody struct {
	service.FeatureRequest
	Annotations
}

type editionBody struct {
	service.EditionRequest
	Annotations
}

type factBody struct {
	service.FactRequest
	Annotations
}

type resolverQuery struct {
	InOrg
	ReadingQuery
	Resolver string `path:"resolver" doc:"The resolver's id in the role model, for instance support_team."`
	Scope    string `query:"scope" doc:"KIND:HANDLE; the organization itself if absent."`
}

func (s *server) features() {
	const tag = "Features"
	order(s, "switch-feature", "/features", "Turn a feature of the role model on or off", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body featureBody) (service.Receipt, service.Receipt, error) {
			return plainly(s.service.SwitchFeature(ctx, caller, org, e, body.FeatureRequest))
		})
	datedQuestion(s, "list-features", "/organizations/{org}/features", "List the features of the role model, and whether they are on", tag,
		func(ctx context.Context, in *readInput, reading service.Reading) ([]service.FeatureView, error) {
			return s.service.Features(ctx, callerOf(ctx), in.Org, reading)
		})
	order(s, "set-edition", "/editions", "Put an edition of the role model in force", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body editionBody) (service.Receipt, service.Receipt, error) {
			return plainly(s.service.SetEdition(ctx, caller, org, e, body.EditionRequest))
		})
	datedQuestion(s, "list-editions", "/organizations/{org}/editions", "List the editions of the role model, and which is in force", tag,
		func(ctx context.Context, in *readInput, reading service.Reading) ([]service.EditionView, error) {
			return s.service.Editions(ctx, callerOf(ctx), in.Org, reading)
		})
	order(s, "record-fact", "/facts", "Put on record what the caller did elsewhere; nothing is done by it here", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body factBody) (service.Receipt, service.Receipt, error) {
			return plainly(s.service.RecordFact(ctx, caller, org, e, body.FactRequest))
		})
	datedQuestion(s, "resolve", "/organizations/{org}/resolvers/{resolver}", "Say who is responsible for a scope, by the nearest scope that says so", tag,
		func(ctx context.Context, in *resolverQuery, reading service.Reading) (service.Responsible, error) {
			return s.service.Resolve(ctx, callerOf(ctx), in.Org, reading, in.Resolver, in.Scope)
		})
}
