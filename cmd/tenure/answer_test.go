package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tenure/events"
	"tenure/service"
)

// TestAnswerText tells everything that can decide a permission question, each in
// a sentence.
func TestAnswerText(t *testing.T) {
	at := time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)
	offered := service.ConditionView{Condition: "offered", Only: "where commenting is offered", ConditionRule: "C24"}
	since := func(revision events.Revision, by string) service.OriginView {
		return service.OriginView{Since: at, SinceRevision: revision, By: by, Revision: revision, ChangedBy: by, ChangedAt: at}
	}
	editor := service.GrantView{Login: "tom", Role: "editor", Rule: "C23", Scope: "plan:x", OriginView: since(9, "lea"), Active: true}
	conditional := editor
	conditional.ConditionView = offered
	group := service.GrantView{Login: "tom", Group: "circle:a", Scope: "circle:a", OriginView: since(8, "lea"), Given: 7, GivenAt: at, GivenBy: "ann", Active: true}
	invited := editor
	invited.InvitedBy, invited.Cause = "otto", "invitation"
	limited := editor
	limited.Until, limited.Revision, limited.ChangedBy, limited.ChangedAt = at.AddDate(1, 0, 0), 17, "ann", at.AddDate(0, 1, 0)
	idle := editor
	idle.Active = false
	const stamp = ", since 2026-01-01T09:00:00Z by lea (revision 9)"
	for _, c := range []struct {
		name   string
		answer service.Answer
		want   []string
	}{
		{"a role", service.Answer{Allowed: true, Because: []service.GrantView{editor}}, []string{"because tom is editor [C23] on plan:x" + stamp}},
		{"a role by invitation", service.Answer{Allowed: true, Because: []service.GrantView{invited}},
			[]string{"because tom is editor [C23] on plan:x, since 2026-01-01T09:00:00Z by lea, invited by otto (revision 9), cause invitation"}},
		{"a role with a limit of later", service.Answer{Allowed: true, Because: []service.GrantView{limited}},
			[]string{"because tom is editor [C23] on plan:x" + stamp + ", last changed 2026-02-01T09:00:00Z by ann (revision 17), until 2027-01-01T09:00:00Z"}},
		{"a group", service.Answer{Allowed: true, Because: []service.GrantView{group}},
			[]string{"because tom is in circle:a, since 2026-01-01T09:00:00Z by lea (revision 8), to which it was given 2026-01-01T09:00:00Z by ann (revision 7)"}},
		{"a condition that is met", service.Answer{Allowed: true, Because: []service.GrantView{conditional}},
			[]string{"because tom is editor [C23] on plan:x" + stamp + ", only where commenting is offered [C24], which is so"}},
		{"a condition that is not", service.Answer{Unmet: []service.GrantView{conditional}, Ask: []string{"ann", "olga"}},
			[]string{"tom is editor [C23] on plan:x" + stamp + ", which gives it only where commenting is offered [C24], and that is not so", "ask ann, olga"}},
		{"withheld", service.Answer{Withheld: []service.WithheldView{{GrantView: editor, Withheld: 12, At: at, Who: "ann"}}},
			[]string{"tom is editor [C23] on plan:x" + stamp + ", from which it was withheld everywhere, since 2026-01-01T09:00:00Z by ann (revision 12)"}},
		{"withheld on some scopes", service.Answer{Withheld: []service.WithheldView{{GrantView: editor, Withheld: 12, At: at, Who: "ann", Where: "type=club"}}},
			[]string{"tom is editor [C23] on plan:x" + stamp + ", from which it was withheld where type=club, since 2026-01-01T09:00:00Z by ann (revision 12)"}},
		{"a ceiling", service.Answer{Ceiling: &service.CeilingView{
			GrantView: service.GrantView{Role: "viewer", Rule: "C20", Scope: "workspace:w", OriginView: since(5, "ann"), Active: true},
			Capped:    []service.GrantView{editor, group}, Unless: []service.ConditionView{offered}}},
			[]string{"tom is viewer [C20] on workspace:w, since 2026-01-01T09:00:00Z by ann (revision 5), which lets no more through than its own, but where commenting is offered [C24], and that is not so",
				"  so it is of no use that tom is editor [C23] on plan:x" + stamp,
				"  so it is of no use that tom is in circle:a, since 2026-01-01T09:00:00Z by lea (revision 8), to which it was given 2026-01-01T09:00:00Z by ann (revision 7)"}},
		{"suspended", service.Answer{Idle: []service.IdleView{{GrantView: idle, Why: "suspended", Membership: "team:a", Suspended: 20, SuspendedAt: at, SuspendedBy: "ann"}}},
			[]string{"tom is editor [C23] on plan:x" + stamp + ", which would give it, but the membership of team:a is suspended, since 2026-01-01T09:00:00Z by ann (revision 20)"}},
		{"expired", service.Answer{Idle: []service.IdleView{{GrantView: idle, Why: "expired"}}},
			[]string{"tom is editor [C23] on plan:x" + stamp + ", which would give it, but its time is over"}},
		{"a role that waits", service.Answer{Idle: []service.IdleView{{GrantView: idle, Why: "feature", Feature: "viewers", Editions: []string{"large", "huge"}}}},
			[]string{"tom is editor [C23] on plan:x" + stamp + ", which would give it, but it waits for the feature viewers, which is part of the edition large or huge: tenure edition set large"}},
		{"a permission that waits", service.Answer{Feature: "printing"}, []string{"it waits for the feature printing, which is off: tenure feature on printing"}},
		{"what it would take", service.Answer{Instead: []service.MissingView{
			{Role: "editor", Rule: "C23", Scope: "plan:x", ConditionView: offered}, {Role: "viewer", Scope: "workspace:w", Feature: "viewers"}, {Group: "circle:a", Scope: "circle:a"}}},
			[]string{"it would take one of", "  editor [C23] on plan:x, only where commenting is offered [C24]", "  viewer on workspace:w, once the feature viewers is on", "  membership of circle:a"}},
		{"what could be made to give it", service.Answer{Instead: []service.MissingView{{CustomRole: "workspace.desk", Scope: "workspace:w", Rule: "C05"}, {GroupKind: "circle"}}},
			[]string{"it would take one of", "  a custom role [C05] on workspace:w (workspace.desk) to which it is given", "  membership of a circle to which it is given"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := c.answer
			a.Login, a.Permission, a.Scope, a.Title, a.Rule, a.Revision, a.AsOf = "tom", "plan.comment", "plan:x", "Comment on a plan", "C02", 30, at
			a.About = "zoe"
			lines := strings.Split(answerText(a, true), "\n  ")
			word := map[bool]string{true: "yes: tom may", false: "no: tom may not"}[a.Allowed]
			want := append([]string{word + " do plan.comment [C02] on plan:x in regard to zoe, whom the organization does not know (comment on a plan), as of revision 30, 2026-01-01T09:00:00Z."}, c.want...)
			if diff := cmp.Diff(want, lines); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if short := answerText(a, false); short != map[bool]string{true: "yes", false: "no"}[a.Allowed] {
				t.Errorf("in short: %q", short)
			}
		})
	}
}
