package api

import (
	"context"

	"tenure/events"
	"tenure/service"
)

// maxPage is the largest limit of a [historyQuery].
const maxPage = 10_000

type historyQuery struct {
	InOrg
	ReadingQuery
	Query string          `query:"q" doc:"Terms like actor:LOGIN subject:LOGIN type:role.granted role:admin scope:KIND:HANDLE created:2026-01-01..2026-02-01 -cause:import. Terms of one field are alternatives; terms of different fields must all hold."`
	After events.Revision `query:"after" doc:"Leave out what lies at or before this revision."`
	Limit int             `query:"limit" minimum:"1" maximum:"10000" default:"1000" doc:"End the page after the commit that reaches so many events."`
}

// HistoryPage is a part of a history.
type HistoryPage struct {
	Events []service.EventView `json:"events" doc:"Events that match, oldest first."`
	Next   events.Revision     `json:"next,omitempty" doc:"Ask again with after set to this for the next page; absent at the end."`
}

type diffQuery struct {
	InOrg
	From    string          `query:"from" required:"true" doc:"A date, an RFC 3339 time or @REVISION."`
	To      string          `query:"to" required:"true" doc:"A date, an RFC 3339 time or @REVISION."`
	AtLeast events.Revision `query:"at_least" doc:"Wait until this revision has been folded."`
}

func (s *server) histories() {
	const tag = "History"
	datedQuestion(s, "history", "/organizations/{org}/history", "Search what happened, when, and by whose authority", tag,
		func(ctx context.Context, in *historyQuery, reading service.Reading) (HistoryPage, error) {
			list, next, err := s.service.History(ctx, callerOf(ctx), in.Org, reading, in.Query, service.Page{After: in.After, Limit: in.Limit})
			return HistoryPage{Events: list, Next: next}, err
		})
	question(s, "diff", "/organizations/{org}/diff", "Say what changed between two moments", tag,
		func(ctx context.Context, in *diffQuery) ([]service.Difference, error) {
			from, err := service.ParseMoment(in.From)
			if err != nil {
				return nil, at("from", err)
			}
			to, err := service.ParseMoment(in.To)
			if err != nil {
				return nil, at("to", err)
			}
			return s.service.Diff(ctx, callerOf(ctx), in.Org, in.AtLeast, from, to)
		})
}
