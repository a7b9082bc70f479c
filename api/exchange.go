package api

import (
	"context"
	"net/http"

	"tenure/service"
)

type timelineInput struct {
	InOrg
	Body service.TimelineCommit
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
}
