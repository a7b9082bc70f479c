package api

import (
	"context"

	"tenure/events"
	"tenure/service"
)

type personBody struct {
	service.PersonDetails
	Annotations
}

type newMemberBody struct {
	service.NewMemberRequest
	Annotations
}

type personChangeBody struct {
	service.PersonChange
	Annotations
}

type personQuery struct {
	InOrg
	ReadingQuery
	Person string `path:"person" doc:"Login, address or id."`
}

func (s *server) people() {
	const tag = "People"
	order(s, "register-person", "/people", "Make a person known to the organization", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body personBody) (service.PersonReceipt, service.Receipt, error) {
			receipt, err := s.service.RegisterPerson(ctx, caller, org, e, body.PersonDetails)
			return receipt, receipt.Receipt, err
		})
	order(s, "add-member", "/people/members", "Make a person known and a member of a scope at once", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body newMemberBody) (service.PersonReceipt, service.Receipt, error) {
			receipt, err := s.service.AddMember(ctx, caller, org, e, body.NewMemberRequest)
			return receipt, receipt.Receipt, err
		})
	order(s, "update-person", "PATCH /people", "Change a person's details", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body personChangeBody) (service.Receipt, service.Receipt, error) {
			return plainly(s.service.UpdatePerson(ctx, caller, org, e, body.PersonChange))
		})
	datedQuestion(s, "list-people", "/organizations/{org}/people", "List everybody whom the organization knows", tag,
		func(ctx context.Context, in *readInput, reading service.Reading) ([]service.PersonView, error) {
			return s.service.People(ctx, callerOf(ctx), in.Org, reading)
		})
	datedQuestion(s, "show-person", "/organizations/{org}/people/{person}", "Show one person", tag,
		func(ctx context.Context, in *personQuery, reading service.Reading) (service.PersonView, error) {
			return s.service.Person(ctx, callerOf(ctx), in.Org, reading, in.Person)
		})
}
