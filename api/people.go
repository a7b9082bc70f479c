package api

import (
	"context"
	"net/http"

	"tenure/service"
)

type personBody struct {
	service.PersonDetails
	Annotations
}

type personInput struct {
	InOrg
	CommandHeaders
	Body personBody
}

type personChangeBody struct {
	service.PersonChange
	Annotations
}

type personChangeInput struct {
	InOrg
	CommandHeaders
	Body personChangeBody
}

type personQuery struct {
	InOrg
	ReadingQuery
	Person string `path:"person" doc:"Login, address or id."`
}

func (s *server) people() {
	const tag = "People"
	command(s, "register-person", http.MethodPost, "/organizations/{org}/people", "Make a person known to the organization", tag,
		func(ctx context.Context, in *personInput) (service.PersonReceipt, service.Receipt, error) {
			envelope, err := in.envelope(in.Body.Annotations)
			if err != nil {
				return service.PersonReceipt{}, service.Receipt{}, err
			}
			receipt, err := s.service.RegisterPerson(ctx, callerOf(ctx), in.Org, envelope, in.Body.PersonDetails)
			return receipt, receipt.Receipt, err
		})
	command(s, "update-person", http.MethodPatch, "/organizations/{org}/people", "Change a person's details", tag,
		func(ctx context.Context, in *personChangeInput) (service.Receipt, service.Receipt, error) {
			envelope, err := in.envelope(in.Body.Annotations)
			if err != nil {
				return service.Receipt{}, service.Receipt{}, err
			}
			receipt, err := s.service.UpdatePerson(ctx, callerOf(ctx), in.Org, envelope, in.Body.PersonChange)
			return receipt, receipt, err
		})
	question(s, "list-people", "/organizations/{org}/people", "List everybody whom the organization knows", tag,
		func(ctx context.Context, in *readInput) ([]service.PersonView, error) {
			reading, err := in.reading()
			if err != nil {
				return nil, err
			}
			return s.service.People(ctx, callerOf(ctx), in.Org, reading)
		})
	question(s, "show-person", "/organizations/{org}/people/{person}", "Show one person", tag,
		func(ctx context.Context, in *personQuery) (service.PersonView, error) {
			reading, err := in.reading()
			if err != nil {
				return service.PersonView{}, err
			}
			return s.service.Person(ctx, callerOf(ctx), in.Org, reading, in.Person)
		})
}
