package api

import (
	"context"
	"time"

	"tenure/projections"
	"tenure/service"
)

type reportQuery struct {
	InOrg
	ReadingQuery
}

type usageQuery struct {
	InOrg
	ReadingQuery
	Scope string `query:"scope" doc:"KIND:HANDLE of a unit, or of a scope above units; all of them if absent."`
	From  string `query:"from" doc:"Where the period begins: 2026-01-01, meaning the beginning of that day in UTC, or an RFC 3339 time. Absent for the founding."`
	To    string `query:"to" doc:"Where it ends: 2026-01-31, meaning the end of that day in UTC, or an RFC 3339 time. Absent for the moment asked about."`
}

type sectionsQuery struct {
	InOrg
	ReadingQuery
	Person string `query:"person" doc:"Login, address or id; the caller if absent."`
	Scope  string `query:"scope" doc:"KIND:HANDLE; the organization itself if absent."`
	Below  bool   `query:"below" doc:"List what the person has on the scopes below as well."`
}

func (s *server) reports() {
	const tag = "Reports"
	datedQuestion(s, "report-posture", "/organizations/{org}/reports/posture", "Say how the roles are kept: who holds the highest one since when, and what somebody should look at", tag,
		func(ctx context.Context, in *reportQuery, reading service.Reading) (service.PostureView, error) {
			return s.service.Posture(ctx, callerOf(ctx), in.Org, reading)
		})
	datedQuestion(s, "report-usage", "/organizations/{org}/reports/usage", "Count what was done in a period, by unit and principal", tag,
		func(ctx context.Context, in *usageQuery, reading service.Reading) (service.UsageView, error) {
			period, err := in.period()
			if err != nil {
				return service.UsageView{}, err
			}
			return s.service.Usage(ctx, callerOf(ctx), in.Org, reading, period, in.Scope)
		})
	datedQuestion(s, "sections", "/organizations/{org}/sections", "List the sections that a person sees on a scope, with the permissions that they have there", tag,
		func(ctx context.Context, in *sectionsQuery, reading service.Reading) ([]service.SectionView, error) {
			return s.service.Sections(ctx, callerOf(ctx), in.Org, reading, in.Person, in.Scope, in.Below)
		})
}

func (q usageQuery) period() (p projections.Period, err error) {
	if day, notDate := time.Parse(time.DateOnly, q.From); notDate == nil {
		p.From = day
	} else if q.From != "" {
		if p.From, err = service.ParseTime(q.From); err != nil {
			return p, at("from", err)
		}
	}
	if q.To != "" {
		p.To, err = service.ParseTime(q.To)
	}
	return p, at("to", err)
}
