package service

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/projections"
	"tenure/rolemodel"
)

// PostureView is how the roles of an organization are kept.
type PostureView struct {
	Org         events.OrgID    `json:"org" doc:"The organization."`
	AsOf        time.Time       `json:"as_of" doc:"The time that it is judged by."`
	Revision    events.Revision `json:"revision" doc:"The organization's revision at which it holds."`
	Role        string          `json:"role" doc:"The highest role, KIND.NAME."`
	Title       string          `json:"title" doc:"What it is called."`
	Units       int             `json:"units" doc:"How many scopes there are by whose number its holders are judged."`
	UnitKinds   []string        `json:"unit_kinds" doc:"Of which kinds these are."`
	DormantDays int             `json:"dormant_days" doc:"After how many days without an act a holder is named."`
	Holders     []HighestView   `json:"holders" doc:"Who holds the highest role, those first who have held it for longest."`
	Findings    []FindingView   `json:"findings" doc:"Warnings, and then information."`
}

// HighestView is somebody who holds the highest role.
type HighestView struct {
	ID    events.PrincipalID `json:"id" doc:"The person's id."`
	Login string             `json:"login" doc:"Login, else address, else id."`
	OriginView
	Until  time.Time `json:"until,omitzero" doc:"When it ends by itself; absent if it does not."`
	Active bool      `json:"active" doc:"Whether it counts."`
	Acted  time.Time `json:"acted,omitzero" doc:"When the person last changed something; absent if never."`
}

// FindingView is something that somebody should know of the roles.
type FindingView struct {
	Level    projections.Level    `json:"level" enum:"info,warning" doc:"warning or info."`
	Code     string               `json:"code" doc:"What it is, in a word that stays."`
	Sentence string               `json:"sentence" doc:"What it is, in words."`
	Rule     string               `json:"rule,omitempty" doc:"The numbered rule that it follows."`
	Logins   []string             `json:"logins,omitempty" doc:"Who is concerned: login, else address, else id."`
	IDs      []events.PrincipalID `json:"ids,omitempty" doc:"The same as ids."`
	Scopes   []events.ScopeID     `json:"scopes,omitempty" doc:"Which scopes are concerned."`
}

// Posture reports how the roles of an organization are kept: how many hold the
// highest one and since when, and what somebody should look at (D08, Z11).
func (s *Service) Posture(ctx context.Context, caller Caller, org events.OrgID, reading Reading) (PostureView, error) {
	var acts projections.Acts
	seen, err := s.report(ctx, caller, org, reading, "", func(records []events.Record, _ *aggregate.State) { acts = projections.ActsOf(records) })
	if err != nil {
		return PostureView{}, err
	}
	at := s.judgedAt(reading, seen.state)
	judged := projections.PostureOf(*seen.state, acts, at)
	model := seen.state.Model
	report := PostureView{
		Org: org, AsOf: at, Revision: seen.state.Revision, Role: judged.Highest.ID(), Title: judged.Highest.Title, Units: judged.Units,
		UnitKinds: kindNames(model.Posture.Units), DormantDays: model.Posture.DormantDays, Holders: []HighestView{}, Findings: []FindingView{},
	}
	for _, h := range judged.Holders {
		report.Holders = append(report.Holders, HighestView{
			ID: h.Person, Login: seen.login(h.Person), OriginView: seen.originOf(h.Grant), Until: h.Grant.Until, Active: h.Active, Acted: h.Acted,
		})
	}
	for _, f := range judged.Findings {
		finding := FindingView{Level: f.Level, Code: f.Code, Sentence: f.Sentence, Rule: f.Rule, IDs: f.Persons, Scopes: f.Scopes}
		for _, id := range f.Persons {
			login := seen.login(id)
			finding.Logins = append(finding.Logins, login)
			finding.Sentence = strings.ReplaceAll(finding.Sentence, string(id), login)
		}
		report.Findings = append(report.Findings, finding)
	}
	return report, nil
}

// UsageView is what was done in an organization in a period.
type UsageView struct {
	Org       events.OrgID    `json:"org" doc:"The organization."`
	From      time.Time       `json:"from,omitzero" doc:"Where the period begins; absent for the founding."`
	To        time.Time       `json:"to" doc:"Where the period ends."`
	Revision  events.Revision `json:"revision" doc:"The organization's revision at which it holds."`
	UnitKinds []string        `json:"unit_kinds" doc:"The kinds of scope that are counted apart; what happens elsewhere is the organization's."`
	Rows      []UsageRow      `json:"rows" doc:"What each principal did on each unit, the organization first. Members who did nothing are listed with 0."`
}

// UsageRow is what one principal did on one unit.
type UsageRow struct {
	Scope    events.ScopeID     `json:"scope" doc:"The unit, or the organization."`
	Title    string             `json:"title,omitempty" doc:"Its title."`
	ID       events.PrincipalID `json:"id" doc:"Who."`
	Login    string             `json:"login" doc:"Login, else address, else id."`
	As       string             `json:"as" enum:"actor,on_behalf_of" doc:"actor: what this one did. on_behalf_of: what others did for this one; it is among what they did as well."`
	Commits  int                `json:"commits" doc:"How many commits have events on the unit."`
	Events   int                `json:"events" doc:"How many events that is."`
	Commands map[string]int     `json:"commands" doc:"The commits, by command."`
	Types    map[string]int     `json:"types" doc:"The events, by type."`
	First    time.Time          `json:"first,omitzero" doc:"When the first of them took effect."`
	Last     time.Time          `json:"last,omitzero" doc:"When the last of them took effect."`
}

// Usage counts what was done in a period, by unit and principal, from the ledger
// (D09): on all units that the caller may see, or on a scope, if that is one, and
// those below it. A zero end of the period is none.
func (s *Service) Usage(ctx context.Context, caller Caller, org events.OrgID, reading Reading, period projections.Period, on string) (UsageView, error) {
	if !period.To.IsZero() && period.To.Before(period.From) {
		return UsageView{}, refuse(aggregate.CodeInvalid, "to", "The period ends before it begins.")
	}
	if reading.Moment.IsZero() { // who was a member is judged by its end
		reading.AsOf = period.To
	}
	var rows []projections.Usage
	var past []events.Record
	var scope events.ScopeID
	seen, err := s.report(ctx, caller, org, reading, on, func(records []events.Record, state *aggregate.State) {
		rows, past = projections.UsageOf(records, *state, period), records
	})
	if err == nil {
		scope, err = seen.unit(on)
	}
	if err != nil {
		return UsageView{}, err
	}
	seen.recall(past)
	// Of a unit that is gone nobody holds anything any more: it is shown to those
	// who may read what was.
	audits := mayRead(seen.now, caller, rolemodel.HistoryRead) == nil
	to := s.judgedAt(reading, seen.state)
	if !period.To.IsZero() && period.To.Before(to) {
		to = period.To
	}
	report := UsageView{Org: org, From: period.From, To: to, Revision: seen.state.Revision, UnitKinds: kindNames(seen.state.Model.Posture.Units), Rows: []UsageRow{}}
	for _, u := range rows {
		if !seen.state.Under(u.Unit, scope) && scope != seen.state.Root || seen.hides(u.Unit) && !(audits && seen.gone(u.Unit)) {
			continue
		}
		row := UsageRow{
			Scope: u.Unit, Title: seen.title(u.Unit), ID: u.Who, Login: seen.login(u.Who), As: "actor",
			Commits: u.Commits, Events: u.Events, Commands: u.Commands, Types: u.Types, First: u.First, Last: u.Last,
		}
		if u.Behalf {
			row.As = "on_behalf_of"
		}
		report.Rows = append(report.Rows, row)
	}
	units := map[events.ScopeID]int{} // in the order in which they come
	for _, row := range report.Rows {
		if _, seen := units[row.Scope]; !seen {
			units[row.Scope] = len(units)
		}
	}
	slices.SortStableFunc(report.Rows, func(a, b UsageRow) int {
		return cmp.Or(cmp.Compare(units[a.Scope], units[b.Scope]), cmp.Compare(a.Login, b.Login))
	})
	return report, nil
}

// unit resolves the scope whose usage is asked for; the root stands for all units.
func (v *view) unit(on string) (events.ScopeID, error) {
	id, err := v.scope("scope", on)
	if err != nil || id == v.state.Root {
		return id, err
	}
	if v.hides(id) {
		return "", refuseScope(v.state.Org, "scope", on)
	}
	units := v.state.Model.Posture.Units
	if slices.ContainsFunc(v.state.Scopes(), func(s *aggregate.Scope) bool {
		return slices.Contains(units, s.Kind) && v.state.Under(s.ID, id)
	}) {
		return id, nil
	}
	return "", refuse(aggregate.CodeInvalid, "scope", "Usage is counted by %s, and %s is none, nor is any below it.", strings.Join(kindNames(units), " and "), id)
}

// report gives the state as of a reading to a caller who may read reports of the
// scope, or of what is above it, after calling fn with it and with all commits up
// to it. Reports are about people, so whoever may read them sees names.
func (s *Service) report(ctx context.Context, caller Caller, org events.OrgID, reading Reading, on string, fn func([]events.Record, *aggregate.State)) (*view, error) {
	seen, refused := s.read(ctx, caller, org, reading, rolemodel.ReportRead, "")
	if refused != nil {
		var err error
		if seen, err = s.read(ctx, caller, org, reading, "", ""); err != nil {
			return nil, err
		}
		now := s.stateOf(org).At(s.clock())
		if id, err := seen.scope("scope", on); err != nil || !now.MayActAbove(caller.Principal, rolemodel.ReportRead, id) {
			return nil, refused
		}
	}
	seen.all = true
	return seen, s.timelines.with(ctx, s, org, func(t *projections.Timeline) error {
		fn(t.Records()[:t.Count(projections.Moment{Revision: seen.state.Revision})], seen.state)
		return nil
	})
}

// judgedAt is the time that a reading stands for.
func (s *Service) judgedAt(reading Reading, state *aggregate.State) time.Time {
	switch {
	case !reading.AsOf.IsZero():
		return reading.AsOf
	case !reading.Recorded.IsZero():
		return reading.Recorded
	case reading.Revision > 0:
		return state.Effective
	}
	return s.clock()
}

func kindNames(kinds []*rolemodel.Kind) []string {
	names := []string{}
	for _, kind := range kinds {
		names = append(names, kind.Name)
	}
	return names
}
