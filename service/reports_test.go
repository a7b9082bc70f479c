package service

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/projections"
)

func codes(report PostureView) []string {
	rows := []string{}
	for _, f := range report.Findings {
		rows = append(rows, string(f.Level)+" "+f.Code+" "+strings.Join(f.Logins, ","))
	}
	return rows
}

// foundedAt is when the organization was founded.
func (h *house) foundedAt(org string) time.Time {
	h.t.Helper()
	list, _, err := h.History(h.t.Context(), operator, events.OrgID(org), Reading{}, "type:organization.founded", Page{})
	if err != nil || len(list) != 1 {
		h.t.Fatal(list, err)
	}
	return list[0].EffectiveAt
}

func TestPostureReport(t *testing.T) {
	h := workshop(t)
	ann := h.as("acme", "ann")
	founded := h.foundedAt("acme")
	report := must[PostureView](t)(h.Posture(t.Context(), ann, "acme", Reading{}))
	diff(t, "findings", []string{"warning highest_role_single ann", "info highest_role ann", "info overridden operator"}, codes(report))
	diff(t, "the single owner", FindingView{
		Level: projections.Warning, Code: "highest_role_single", Rule: "S08", Logins: []string{"ann"}, IDs: []events.PrincipalID{h.id("acme", "ann")},
		Scopes: []events.ScopeID{"workspace:acme"}, Sentence: "ann alone holds workspace.owner, with 2 scopes of the kind team: grant it to a second person, who can step in.",
	}, report.Findings[0])
	if h := report.Holders; len(h) != 1 || h[0].Login != "ann" || !h[0].Since.Equal(founded) || h[0].By != "operator" || !h[0].Active || h[0].Acted.IsZero() {
		t.Errorf("the highest role is held by %+v", h)
	}
	diff(t, "what it judges by", []any{"workspace.owner", "Owner", 2, []string{"team"}, 90, h.revision("acme")},
		[]any{report.Role, report.Title, report.Units, report.UnitKinds, report.DormantDays, report.Revision})

	// Dated: what was held then, and what had been done by then.
	diff(t, "at the founding", []string{"info highest_role ann", "info highest_role_single ann"},
		codes(must[PostureView](t)(h.Posture(t.Context(), ann, "acme", Reading{Moment: atRevision(1)}))))
	later := must[PostureView](t)(h.Posture(t.Context(), ann, "acme", Reading{Moment: projections.Moment{AsOf: start.AddDate(0, 0, 120)}}))
	if list := codes(later); !slices.Contains(list, "warning highest_role_dormant ann") || !later.AsOf.Equal(start.AddDate(0, 0, 120)) {
		t.Errorf("after 120 days there is %v", list)
	}
	h.clock.set(start.AddDate(0, 0, 119))
	h.writes("acme", ann.Principal, "", events.ScopeArchived{Scope: "team:band"})
	later = must[PostureView](t)(h.Posture(t.Context(), ann, "acme", Reading{Moment: projections.Moment{AsOf: start.AddDate(0, 0, 120)}}))
	diff(t, "she has acted by then", []string{"info highest_role ann", "info highest_role_single ann"}, codes(later))
	earlier := must[PostureView](t)(h.Posture(t.Context(), ann, "acme", Reading{Moment: projections.Moment{AsOf: start.AddDate(0, 0, 118)}}))
	if !slices.Contains(codes(earlier), "warning highest_role_dormant ann") {
		t.Errorf("and not before: %v", codes(earlier))
	}

	for _, who := range []string{"ben", "eve"} {
		_, err := h.Posture(t.Context(), h.as("acme", who), "acme", Reading{})
		refusedWith(t, err, aggregate.CodeNotPermitted)
		_, err = h.Usage(t.Context(), h.as("acme", who), "acme", Reading{}, projections.Period{}, "")
		refusedWith(t, err, aggregate.CodeNotPermitted)
	}
}

func TestUsageReport(t *testing.T) {
	h := workshop(t)
	ann := h.as("acme", "ann")
	ben, cat := h.id("acme", "ben"), h.id("acme", "cat")
	h.clock.set(start.AddDate(0, 1, 0))
	h.writes("acme", ben, "", events.ScopeCreated{Scope: "plan:new", Parent: "team:squad"}, events.ScopeCreated{Scope: "plan:other", Parent: "team:squad"})
	h.writes("acme", ann.Principal, cat, events.AttributeSet{Scope: "plan:new", Attribute: "commenting", Value: "offered"})
	h.writes("acme", ann.Principal, "", events.MembershipSuspended{Subject: ben, Scope: "workspace:acme"})
	rows := func(report UsageView) []string {
		list := []string{}
		for _, r := range report.Rows {
			list = append(list, fmt.Sprintf("%s %s %s %d/%d %v", r.Scope, r.Login, r.As, r.Commits, r.Events, r.Commands))
		}
		return list
	}
	february := projections.Period{From: start.AddDate(0, 1, -1), To: start.AddDate(0, 1, 1)}
	report := must[UsageView](t)(h.Usage(t.Context(), ann, "acme", Reading{}, february, ""))
	want := []string{
		"workspace:acme ann actor 1/1 map[test.membership_suspended:1]", "workspace:acme ben actor 0/0 map[]",
		"workspace:acme cat actor 0/0 map[]", "workspace:acme dan actor 0/0 map[]",
		"team:squad ann actor 1/1 map[test.attribute_set:1]", "team:squad ben actor 1/2 map[test.scope_created:1]", "team:squad cat on_behalf_of 1/1 map[test.attribute_set:1]",
	}
	diff(t, "a month", want, rows(report))
	diff(t, "events by type", map[string]int{"scope.created": 2}, report.Rows[5].Types)
	if !report.From.Equal(february.From) || !report.To.Equal(february.To) || !slices.Equal(report.UnitKinds, []string{"team"}) || report.Revision != h.revision("acme") {
		t.Errorf("it says of itself %+v", report)
	}
	// Before, as of then: ben was a member of the team by the end of it.
	report = must[UsageView](t)(h.Usage(t.Context(), ann, "acme", Reading{}, projections.Period{To: start.AddDate(0, 0, 1)}, ""))
	if list := rows(report); !slices.Contains(list, "team:squad ben actor 0/0 map[]") || report.Revision >= h.revision("acme") {
		t.Errorf("the month before: %v", list)
	}
	first := must[UsageView](t)(h.Usage(t.Context(), ann, "acme", Reading{Moment: atRevision(1)}, projections.Period{}, ""))
	diff(t, "at the founding", []string{"workspace:acme ann actor 0/0 map[]", "workspace:acme operator actor 1/5 map[organization.found:1]"}, rows(first))

	squad := must[UsageView](t)(h.Usage(t.Context(), ann, "acme", Reading{}, february, "team:squad"))
	diff(t, "of a team", want[4:], rows(squad))
	diff(t, "of all that there is", want, rows(must[UsageView](t)(h.Usage(t.Context(), ann, "acme", Reading{}, february, "workspace:acme"))))
	_, err := h.Usage(t.Context(), ann, "acme", Reading{}, february, "plan:new")
	if r := refusedWith(t, err, aggregate.CodeInvalid); r.Field != "scope" || !strings.Contains(r.Message, "counted by team") {
		t.Errorf("%+v", r)
	}

	_, err = h.Usage(t.Context(), ann, "acme", Reading{}, projections.Period{From: start.AddDate(0, 1, 0), To: start}, "")
	if r := refusedWith(t, err, aggregate.CodeInvalid); r.Field != "to" {
		t.Errorf("%+v", r)
	}
}

// TestReportsOfOthers: to a stranger an organization that exists looks like one
// that does not, and whoever is suspended is told nothing.
func TestReportsOfOthers(t *testing.T) {
	h := workshop(t)
	h.foundAs("beta", "bob", studio)
	ann, bob := h.as("acme", "ann"), h.as("beta", "bob")
	reports := map[string]func(Caller, events.OrgID) error{
		"posture": func(c Caller, org events.OrgID) error {
			_, err := h.Posture(t.Context(), c, org, Reading{})
			return err
		},
		"usage": func(c Caller, org events.OrgID) error {
			_, err := h.Usage(t.Context(), c, org, Reading{}, projections.Period{}, "")
			return err
		},
	}
	for name, ask := range reports {
		foreign, none := refusedWith(t, ask(bob, "acme"), aggregate.CodeUnknown), refusedWith(t, ask(bob, "none"), aggregate.CodeUnknown)
		diff(t, name, none.Message, strings.ReplaceAll(foreign.Message, "acme", "none"))
		if err := ask(ann, "acme"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	h.writes("acme", ann.Principal, "", events.MembershipSuspended{Subject: ann.Principal, Scope: "workspace:acme"})
	for name, ask := range reports {
		if r := refusedWith(t, ask(ann, "acme"), aggregate.CodeNotPermitted); !strings.Contains(r.Message, "suspended") {
			t.Errorf("%s: %s", name, r.Message)
		}
	}
}
