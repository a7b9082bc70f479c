package service

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tenure/aggregate"
	"tenure/events"
)

// decided says what an answer names, in few words: each role or group with the
// commit that gave it.
func decided(a Answer) []string {
	list := []string{fmt.Sprint(a.Allowed)}
	source := func(g GrantView) string {
		text := g.Role + " on " + string(g.Scope)
		if g.Group != "" {
			text = "group " + string(g.Group)
		}
		text += fmt.Sprintf(" #%d by %s", g.SinceRevision, g.By)
		if g.Rule != "" {
			text += " " + g.Rule
		}
		if g.Given > 0 {
			text += fmt.Sprintf(" given #%d by %s", g.Given, g.GivenBy)
		}
		if g.Condition != "" {
			text += " only " + g.Only + " " + g.ConditionRule
		}
		return text
	}
	for _, g := range a.Because {
		list = append(list, "because "+source(g))
	}
	for _, g := range a.Unmet {
		list = append(list, "unmet "+source(g))
	}
	for _, w := range a.Withheld {
		list = append(list, strings.TrimSpace(fmt.Sprintf("withheld #%d by %s from %s %s", w.Withheld, w.Who, source(w.GrantView), w.Where)))
	}
	for _, i := range a.Idle {
		list = append(list, strings.TrimSpace(fmt.Sprintf("idle, %s: %s %s#%d %s %s%v", i.Why, source(i.GrantView), i.Membership, i.Suspended, i.SuspendedBy, i.Feature, i.Editions)))
	}
	if a.Ceiling != nil {
		list = append(list, "ceiling "+source(a.Ceiling.GrantView))
		for _, c := range a.Ceiling.Capped {
			list = append(list, "capped "+source(c))
		}
		for _, c := range a.Ceiling.Unless {
			list = append(list, "unless "+c.Only+" "+c.ConditionRule)
		}
	}
	if a.Feature != "" {
		list = append(list, fmt.Sprintf("feature %s%v", a.Feature, a.Editions))
	}
	for _, m := range a.Instead {
		list = append(list, strings.TrimSpace(fmt.Sprintf("instead %s%s on %s %s %s%s", m.Role, m.Group, m.Scope, m.Rule, m.Only, m.Feature)))
	}
	if len(a.Ask) > 0 {
		list = append(list, "ask "+strings.Join(a.Ask, ", "))
	}
	return list
}

// TestAnswersNameWhatDecided asks about everything that an answer can rest on.
func TestAnswersNameWhatDecided(t *testing.T) {
	h := workshop(t)
	ann := h.as("acme", "ann")
	owner := h.id("acme", "ann")
	revision := func(query string) events.Revision {
		t.Helper()
		list, _, err := h.History(t.Context(), operator, "acme", Reading{}, query, Page{})
		if err != nil || len(list) == 0 {
			t.Fatalf("%s: %v, %v", query, list, err)
		}
		return list[0].Revision
	}
	lead, editor := revision("subject:ben role:lead"), revision("subject:ben role:editor")
	viewer, capped := revision("subject:cat role:viewer"), revision("subject:cat role:editor")
	joined, given := revision("subject:dan scope:circle:readers"), revision("type:permission.added")
	check := func(name, who, permission, on, about string, want ...string) {
		t.Helper()
		answer, err := h.CanUpon(t.Context(), ann, "acme", Reading{}, who, permission, on, about)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		if d := cmp.Diff(want, decided(answer)); d != "" {
			t.Errorf("%s (-want +got)\n%s", name, d)
		}
		if answer.About != about {
			t.Errorf("%s: it was asked about %q, not %q", name, about, answer.About)
		}
	}
	check("a role", "ben", "plan.edit", "plan:draft", "", "true",
		fmt.Sprintf("because editor on plan:draft #%d by ann S06", editor), fmt.Sprintf("because lead on team:squad #%d by ann", lead))
	check("a group", "dan", "plan.read", "plan:draft", "", "true", fmt.Sprintf("because group circle:readers #%d by ann given #%d by ann", joined, given))
	check("a condition", "ben", "team.invite", "team:squad", "cat", "true",
		fmt.Sprintf("because lead on team:squad #%d by ann only for people who are in the workspace S04", lead))
	check("a condition, about somebody who is no member", "ben", "team.invite", "team:squad", "eve", "false",
		fmt.Sprintf("unmet lead on team:squad #%d by ann only for people who are in the workspace S04", lead), "instead owner on workspace:acme S01", "ask ann")
	check("a condition, about an outsider", "ben", "team.invite", "team:squad", "zoe@example.org", "false",
		fmt.Sprintf("unmet lead on team:squad #%d by ann only for people who are in the workspace S04", lead), "instead owner on workspace:acme S01", "ask ann")
	check("a condition of the scope", "ben", "plan.comment", "plan:draft", "", "false",
		fmt.Sprintf("unmet editor on plan:draft #%d by ann S06 only where commenting is offered S03", editor), "ask ann")
	check("what would help", "ben", "plan.comment", "plan:open", "", "false", "instead editor on plan:open S06 where commenting is offered", "ask ann")
	check("a ceiling", "cat", "plan.comment", "plan:draft", "", "false",
		fmt.Sprintf("unmet editor on plan:draft #%d by ann S06 only where commenting is offered S03", capped), "ask ann")
	check("a ceiling over what is held", "cat", "plan.edit", "plan:draft", "", "false",
		fmt.Sprintf("ceiling viewer on workspace:acme #%d by ann S02", viewer), fmt.Sprintf("capped editor on plan:draft #%d by ann S06", capped), "ask ann")
	check("a feature that is switched", "ann", "workspace.print", "", "", "false", "feature printing[]")

	withheld := h.writes("acme", owner, "", events.PermissionWithheld{Kind: "team", Role: "lead", Permission: "team.build", Value: "project"})
	check("withheld", "ben", "team.build", "team:squad", "", "false",
		fmt.Sprintf("withheld #%d by ann from lead on team:squad #%d by ann type=project", withheld, lead), "instead owner on workspace:acme S01", "ask ann")

	suspended := h.writes("acme", owner, "", events.MembershipSuspended{Subject: h.id("acme", "ben"), Scope: "workspace:acme"})
	check("suspended", "ben", "plan.read", "plan:draft", "", "false",
		fmt.Sprintf("idle, suspended: editor on plan:draft #%d by ann S06 workspace:acme#%d ann []", editor, suspended), "ask ann")

	h.writes("acme", owner, "", events.EditionSet{Edition: "small"})
	check("a ceiling of a role that waits", "cat", "plan.edit", "plan:draft", "", "true", fmt.Sprintf("because editor on plan:draft #%d by ann S06", capped))
	h.writes("acme", owner, "", events.RoleLimited{Subject: h.id("acme", "cat"), Role: "editor", Scope: "plan:draft", Until: start})
	check("a role whose time is over", "cat", "plan.edit", "plan:draft", "", "false",
		fmt.Sprintf("idle, expired: editor on plan:draft #%d by ann S06 #0  []", capped), "instead lead on team:squad", "instead owner on workspace:acme S01", "ask ann")
}

// TestAboutWhom: only those who may read the directory find the person concerned
// by a name, and nobody learns by it who is known.
func TestAboutWhom(t *testing.T) {
	h := workshop(t)
	ben := h.as("acme", "ben")
	for _, name := range []string{"cat", "nobody", "zoe@example.org"} {
		_, err := h.CanUpon(t.Context(), ben, "acme", Reading{}, "ben", "team.invite", "team:squad", name)
		if r := refusedWith(t, err, aggregate.CodeNotPermitted); r.Field != "about" || strings.Contains(r.Message, name) || len(r.ContactNames) != 1 {
			t.Errorf("%s: %+v", name, r)
		}
	}
	for name, want := range map[string]bool{"ben": true, string(h.id("acme", "cat")): true, string(h.id("acme", "eve")): false, "01J00000000000000000000000": false} {
		answer, err := h.CanUpon(t.Context(), ben, "acme", Reading{}, "ben", "team.invite", "team:squad", name)
		if err != nil || answer.Allowed != want {
			t.Errorf("about %s: %+v, %v", name, answer, err)
		}
		if known := name != "01J00000000000000000000000"; (answer.AboutID != "") != known {
			t.Errorf("%s is %q", name, answer.AboutID)
		}
	}
	_, err := h.CanUpon(t.Context(), ben, "acme", Reading{}, "cat", "team.invite", "team:squad", "")
	refusedWith(t, err, aggregate.CodeNotPermitted)
}

// TestCanBeforeThePersonWasKnown asks of a time before the person was there.
func TestCanBeforeThePersonWasKnown(t *testing.T) {
	h := workshop(t)
	answer, err := h.Can(t.Context(), operator, "acme", Reading{Moment: atRevision(1)}, "ben", "workspace.manage", "")
	if err != nil || answer.Allowed || len(answer.Instead) != 1 {
		t.Errorf("%+v, %v", answer, err)
	}
}

// TestPermittedNamesGroups lists those who have a permission by a group beside
// those who have it by a role.
func TestPermittedNamesGroups(t *testing.T) {
	h := workshop(t)
	var rows []string
	for _, g := range must[[]GrantView](t)(h.Permitted(t.Context(), operator, "acme", Reading{}, "plan.read", "plan:draft")) {
		rows = append(rows, strings.TrimSpace(g.Login+" "+g.Role+string(g.Group)))
	}
	diff(t, "who may read", []string{"ann owner", "ben editor", "cat editor", "dan circle:readers"}, rows)
}
