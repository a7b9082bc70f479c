package api

import (
	"context"
	"net/http"

	"tenure/events"
	"tenure/service"
)

type timelineInput struct {
	InOrg
	Body service.TimelineCommit
}

type peopleFileBody struct {
	service.PeopleFileRequest
	Annotations
}

func (s *server) exchange() {
	const tag = "Import and export"
	command(s, "import-timeline", http.MethodPost, "/organizations/{org}/imports/timeline", "Take over one commit of a source history, by its net outcome", tag,
		func(ctx context.Context, in *timelineInput) (service.Receipt, service.Receipt, error) {
			receipt, err := s.service.ImportTimeline(ctx, callerOf(ctx), in.Org, in.Body)
			return receipt, receipt, err
		})
	datedQuestion(s, "export-peribolos", "/organizations/{org}/exports/peribolos", "Write the organization in the peribolos format", tag,
		func(ctx context.Context, in *readInput, reading service.Reading) (service.Peribolos, error) {
			return s.service.ExportPeribolos(ctx, callerOf(ctx), in.Org, reading)
		})
	order(s, "import-people", "/imports/people", "Make the people of a file known, members and holders of roles, all of them or none", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body peopleFileBody) (service.PeopleFileReceipt, service.Receipt, error) {
			receipt, err := s.service.ImportPeople(ctx, caller, org, e, body.PeopleFileRequest)
			return receipt, receipt.Receipt, err
		})
	datedQuestion(s, "export-people", "/organizations/{org}/exports/people", "List everybody in the form in which they can be imported", tag,
		func(ctx context.Context, in *readInput, reading service.Reading) ([]service.PersonRow, error) {
			return s.service.ExportPeople(ctx, callerOf(ctx), in.Org, reading)
		})
}
