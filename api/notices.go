package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"tenure/rolemodel"
	"tenure/service"
)

type noticesQuery struct {
	InOrg
	Person string            `query:"person" doc:"Those to this person: login, address or id."`
	Kind   rolemodel.Message `query:"kind" doc:"Those of this kind, for instance membership.terminated."`
	State  string            `query:"state" enum:"pending,sent,parked,dropped" doc:"Those in this state."`
}

type noticeQuery struct {
	InOrg
	ID string `path:"id" doc:"The notice's id."`
}

func (s *server) notices() {
	const tag = "Notices"
	question(s, "list-notices", "/organizations/{org}/notices", "List which messages went to whom, newest first", tag,
		func(ctx context.Context, in *noticesQuery) ([]service.NoticeView, error) {
			return s.service.Notices(ctx, callerOf(ctx), in.Org, service.NoticeFilter{Person: in.Person, Kind: in.Kind, State: in.State})
		})
	question(s, "show-notice", "/organizations/{org}/notices/{id}", "Show one message, and what became of it", tag,
		func(ctx context.Context, in *noticeQuery) (service.NoticeView, error) {
			return s.service.Notice(ctx, callerOf(ctx), in.Org, in.ID)
		})
	huma.Register(s.api, huma.Operation{
		OperationID: "retry-notice", Method: http.MethodPost, Path: "/" + Version + "/organizations/{org}/notices/{id}/retry",
		Summary: "Try again to deliver a message that could not be delivered", Tags: []string{tag},
		Errors: []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
	}, func(ctx context.Context, in *noticeQuery) (*answered[service.NoticeView], error) {
		body, err := s.service.RetryNotice(ctx, callerOf(ctx), in.Org, service.ItemRequest{ID: in.ID})
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return &answered[service.NoticeView]{body}, nil
	})
}
