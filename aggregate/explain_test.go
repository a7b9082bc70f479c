package aggregate

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tenure/events"
	"tenure/rolemodel"
)

// The studio model has all that an answer can rest on: conditions, a ceiling,
// groups, an adjustable role, custom roles, features of editions, API clients.
var studio = must(rolemodel.Parse("studio.yaml", []byte(`
model: studio
title: Studio
about: Plans in teams, circles of readers, viewers who stay viewers.
root: workspace
highest: workspace.owner
scopes:
  - {kind: workspace, title: Workspace, membership: true}
  - kind: team
    title: Team
    under: [workspace, team]
    membership: true
    attributes: [{id: type, title: Type, values: [project, club], fixed: true}]
  - kind: plan
    title: Plan
    under: [workspace, team]
    attributes: [{id: commenting, title: Commenting, values: ["off", offered]}]
  - kind: circle
    title: Circle
    under: [workspace, team]
    membership: true
    carries: [plan.read, plan.comment, workspace.audit]
conditions:
  - {id: commenting_offered, title: where commenting is offered, rule: S03, when: target.attributes.commenting == "offered"}
  - {id: known, title: for people who are in the workspace, rule: S04, when: '!person.given || person.member'}
  - {id: oneself, title: for oneself, when: person.self}
features:
  - {id: viewers, title: Viewers}
  - {id: printing, title: Printing}
editions:
  - {id: small, title: Small}
  - {id: large, title: Large, features: [viewers]}
permissions:
  - id: workspace.manage
    title: Manage the workspace
    section: Workspace
    allows: [person.register, membership.start, membership.suspend, membership.resume, edition.set, feature.switch, client.manage, report.read,
      role.define, role.permit, role.withhold, "scope.create:team", "scope.create:plan", "scope.create:circle"]
  - {id: workspace.audit, title: Read the books, section: Workspace}
  - {id: workspace.print, title: Print the books, section: Workspace, feature: printing}
  - {id: team.invite, title: Invite people to a team, section: Teams, rule: S05, allows: [membership.start]}
  - {id: team.build, title: Build in a team, section: Teams, allows: ["scope.create:team", "scope.create:plan", "scope.create:circle"]}
  - {id: plan.read, title: Read a plan, section: Plans}
  - {id: plan.comment, title: Comment on a plan, section: Plans}
  - {id: plan.edit, title: Change a plan, section: Plans, allows: ["scope.set:commenting"]}
  - {id: circle.fill, title: Say who is in a circle and what it gives, section: Circles, allows: [membership.start, membership.suspend, membership.terminate, scope.permit]}
roles:
  - id: workspace.owner
    title: Owner
    rule: S01
    membership: workspace
    at_least: 1
    granted_by: [workspace.owner]
    replaces: [workspace.viewer]
    permissions: [workspace.manage, workspace.print]
    inherited: [team.invite, team.build, plan.read, plan.edit, circle.fill]
  - id: workspace.viewer
    title: Viewer
    rule: S02
    membership: workspace
    feature: viewers
    granted_by: [workspace.owner]
    replaces: [workspace.owner]
    ceiling: [plan.read, plan.comment if commenting_offered]
  - id: workspace.robot
    title: Robot
    holder: client
    granted_by: [workspace.owner]
    inherited: [plan.read]
  - id: team.lead
    title: Lead
    membership: team
    adjustable: true
    adjustable_per: type
    granted_by: [workspace.owner]
    permissions: [team.invite if known, team.invite if oneself, team.build]
    inherited: [plan.edit]
  - id: plan.editor
    title: Editor
    granted_by: [workspace.owner]
    permissions: [plan.read, plan.edit, plan.comment if commenting_offered]
facts:
  - {id: workspace.audited, title: The books were read, rule: S06, permission: workspace.audit}
custom_roles:
  - {id: workspace.desk, title: Desk role, membership: workspace, granted_by: [workspace.owner]}
`)))

const (
	workspace events.ScopeID = "workspace:acme"
	squad     events.ScopeID = "team:squad"
	club      events.ScopeID = "team:club"
	draftPlan events.ScopeID = "plan:draft"
	openPlan  events.ScopeID = "plan:open"
	readers   events.ScopeID = "circle:readers"
)

// studioFounded is a workspace in the larger edition, with ann as its owner, two
// teams, two plans in one of them, and a circle that may read and comment.
var studioFounded = append(append(founding(studio, acme), registered(ann), started(ann, workspace), granted(ann, "owner", workspace)),
	events.EditionSet{Edition: "large"})

func studioOf(parts ...any) history {
	return given(append([]any{studioFounded,
		together(created(squad, workspace), events.AttributeSet{Scope: squad, Attribute: "type", Value: "project"}),
		together(created(club, workspace), events.AttributeSet{Scope: club, Attribute: "type", Value: "club"}),
		created(draftPlan, squad), created(openPlan, squad), events.AttributeSet{Scope: openPlan, Attribute: "commenting", Value: "offered"},
		created(readers, workspace), permitted(readers, "plan.read"), permitted(readers, "plan.comment"),
	}, parts...)...)
}

func member(who events.PrincipalID, of ...events.ScopeID) []events.Event {
	list := []events.Event{registered(who), started(who, workspace)}
	for _, scope := range of {
		list = append(list, started(who, scope))
	}
	return list
}

func permitted(group events.ScopeID, permission events.PermissionID) events.Event {
	return events.PermissionAdded{Scope: group, Permission: permission}
}

// applied folds what happened, whether or not it could be decided: questions
// are about a state, however that came to be.
func (h history) applied(t testing.TB) State {
	t.Helper()
	var state State
	for _, list := range h {
		next, err := state.Apply(events.Record{Commit: following(state, events.Operator, list...), Revision: state.Revision + 3})
		if err != nil {
			t.Fatal(err)
		}
		state = next
	}
	return state
}

// told says an answer in few words, one line for each thing that decided it.
func told(a Answer) []string {
	list := []string{map[bool]string{true: "yes", false: "no"}[a.Allowed]}
	reason := func(word string, r Reason) string {
		text := word + " "
		if r.Group.Scope != "" {
			text += string(r.Group.Scope)
		} else {
			text += r.Grant.Role.ID() + " on " + string(r.Grant.Scope)
		}
		if r.Condition != nil {
			text += " " + r.Condition.Title
		}
		if r.Given.Revision > 0 {
			text += fmt.Sprintf(" given at %d", r.Given.Revision)
		}
		if w := r.Withheld; w.Since.Revision > 0 {
			text += fmt.Sprintf(" withheld at %d by %s", w.Since.Revision, w.Since.Actor)
			if w.Value != "" {
				text += " for " + w.Value
			}
		}
		return text
	}
	add := func(word string, reasons []Reason) {
		for _, r := range reasons {
			list = append(list, reason(word, r))
		}
	}
	add("because", a.Because)
	add("unmet", a.Unmet)
	add("withheld", a.Withheld)
	for _, idle := range a.Idle {
		text := reason("idle", idle.Reason)
		if idle.Expired {
			text += ", expired"
		}
		if idle.Feature != nil {
			text += ", waits for " + idle.Feature.ID
		}
		if idle.Suspended.Scope != "" {
			text += fmt.Sprintf(", suspended on %s at %d", idle.Suspended.Scope, idle.Suspended.Changed.Revision)
		}
		list = append(list, text)
	}
	if a.Ceiling.Role != nil {
		text := "ceiling " + a.Ceiling.Role.ID() + " on " + string(a.Ceiling.Scope)
		for _, c := range a.Unless {
			text += " unless " + c.Title
		}
		list = append(list, text)
	}
	add("capped", a.Capped)
	if a.Feature != nil {
		list = append(list, "waits for "+a.Feature.ID)
	}
	for _, m := range a.Instead {
		text := "instead " + string(m.Scope)
		switch {
		case m.Role != nil:
			text = "instead " + m.Role.ID() + " on " + string(m.Scope)
		case m.Template != nil, m.Group != nil:
			text = "instead " + m.words()
		}
		if m.Condition != nil {
			text += " " + m.Condition.Title
		}
		list = append(list, text)
	}
	return list
}

// TestExplainNamesWhatDecides asks for each thing that an answer can rest on.
func TestExplainNamesWhatDecides(t *testing.T) {
	suspendedLater := func(who events.PrincipalID, on events.ScopeID) events.Event {
		return events.MembershipSuspended{Subject: who, Scope: on}
	}
	withheld := func(value string) events.Event {
		return events.PermissionWithheld{Kind: "team", Role: "lead", Permission: "plan.edit", Value: value}
	}
	invite := func(value string) events.Event {
		return events.PermissionWithheld{Kind: "team", Role: "lead", Permission: "team.invite", Value: value}
	}
	desk := events.RoleDefined{Role: "clerk", Scope: workspace, Template: "workspace.desk", Title: events.Sealed("sealed")}
	end := start.Add(3 * time.Hour)
	for _, c := range []struct {
		name       string
		given      history
		who, about events.PrincipalID
		permission string
		on         events.ScopeID
		at         time.Time
		want       string
	}{
		{"a role", studioOf(member(ben), granted(ben, "editor", draftPlan)), ben, "", "plan.edit", draftPlan, time.Time{},
			"yes; because plan.editor on plan:draft"},
		{"a role above", studioOf(), ann, "", "plan.edit", draftPlan, time.Time{},
			"yes; because workspace.owner on workspace:acme"},
		{"a condition that is met", studioOf(member(ben), granted(ben, "editor", openPlan)), ben, "", "plan.comment", openPlan, time.Time{},
			"yes; because plan.editor on plan:open where commenting is offered"},
		{"a condition that is not met", studioOf(member(ben), granted(ben, "editor", draftPlan)), ben, "", "plan.comment", draftPlan, time.Time{},
			"no; unmet plan.editor on plan:draft where commenting is offered; instead circle:readers"},
		{"one of two conditions", studioOf(member(ben, squad), granted(ben, "lead", squad)), ben, nix, "team.invite", squad, time.Time{},
			"no; unmet team.lead on team:squad for people who are in the workspace; unmet team.lead on team:squad for oneself; " +
				"instead workspace.owner on workspace:acme"},
		{"the person concerned", studioOf(member(ben, squad), granted(ben, "lead", squad)), ben, ann, "team.invite", squad, time.Time{},
			"yes; because team.lead on team:squad for people who are in the workspace"},
		{"a group", studioOf(member(ben), started(ben, readers)), ben, "", "plan.comment", draftPlan, time.Time{},
			"yes; because circle:readers given at 27"},
		{"a group of which one is suspended", studioOf(member(ben), started(ben, readers), suspendedLater(ben, readers)), ben, "", "plan.comment", draftPlan, time.Time{},
			"no; idle circle:readers given at 27, suspended on circle:readers at 36; " +
				"instead plan.editor on plan:draft where commenting is offered"},
		{"a group, suspended in the organization", studioOf(member(ben), started(ben, readers), suspendedLater(ben, workspace)), ben, "", "plan.comment", draftPlan, time.Time{},
			"no; idle circle:readers given at 27, suspended on workspace:acme at 36"},
		{"a group that does not reach so far", studioOf(created("circle:inner", squad), permitted("circle:inner", "workspace.audit"), member(ben), started(ben, "circle:inner")),
			ben, "", "workspace.audit", workspace, time.Time{}, "no; instead a custom role on workspace:acme to which it is given; instead membership of a circle to which it is given"},
		{"a custom role", studioOf(desk, events.PermissionAdded{Role: "clerk", Permission: "plan.read"}, member(ben), granted(ben, "clerk", workspace)),
			ben, "", "plan.read", draftPlan, time.Time{}, "yes; because workspace.clerk on workspace:acme given at 33"},
		{"withheld", studioOf(member(ben, squad), granted(ben, "lead", squad), withheld("")), ben, "", "plan.edit", draftPlan, time.Time{},
			"no; withheld team.lead on team:squad withheld at 36 by operator; instead plan.editor on plan:draft; instead workspace.owner on workspace:acme"},
		{"withheld on some scopes", studioOf(member(ben, squad, club), granted(ben, "lead", squad), granted(ben, "lead", club), invite("club")), ben, "", "team.invite", club, time.Time{},
			"no; withheld team.lead on team:club withheld at 39 by operator for club; instead workspace.owner on workspace:acme"},
		{"withheld on others", studioOf(member(ben, squad, club), granted(ben, "lead", squad), granted(ben, "lead", club), invite("club")), ben, "", "team.invite", squad, time.Time{},
			"yes; because team.lead on team:squad for people who are in the workspace"},
		{"a ceiling", studioOf(member(ben), granted(ben, "viewer", workspace), granted(ben, "editor", draftPlan)), ben, "", "plan.edit", draftPlan, time.Time{},
			"no; ceiling workspace.viewer on workspace:acme; capped plan.editor on plan:draft"},
		{"a ceiling over a group, but for a condition", studioOf(member(ben), granted(ben, "viewer", workspace), started(ben, readers)), ben, "", "plan.comment", draftPlan, time.Time{},
			"no; ceiling workspace.viewer on workspace:acme unless where commenting is offered; capped circle:readers given at 27"},
		{"a ceiling that lets it through", studioOf(member(ben), granted(ben, "viewer", workspace), started(ben, readers)), ben, "", "plan.comment", openPlan, time.Time{},
			"yes; because circle:readers given at 27"},
		{"a ceiling with nothing below it", studioOf(member(ben), granted(ben, "viewer", workspace)), ben, "", "plan.edit", draftPlan, time.Time{},
			"no; instead workspace.owner on workspace:acme"},
		{"suspended in the organization", studioOf(member(ben), granted(ben, "editor", draftPlan), suspendedLater(ben, workspace)), ben, "", "plan.read", draftPlan, time.Time{},
			"no; idle plan.editor on plan:draft, suspended on workspace:acme at 36"},
		{"suspended in the team", studioOf(member(ben, squad), granted(ben, "lead", squad), suspendedLater(ben, squad)), ben, "", "team.build", squad, time.Time{},
			"no; idle team.lead on team:squad, suspended on team:squad at 36; instead workspace.owner on workspace:acme"},
		{"a role whose time is over", studioOf(member(ben), until(end, granted(ben, "editor", draftPlan))), ben, "", "plan.edit", draftPlan, end,
			"no; idle plan.editor on plan:draft, expired; instead team.lead on team:squad; instead workspace.owner on workspace:acme"},
		{"a feature that is off", studioOf(), ann, "", "workspace.print", workspace, time.Time{}, "no; waits for printing"},
		{"nobody known", studioOf(), nix, "", "team.build", squad, time.Time{},
			"no; instead team.lead on team:squad; instead workspace.owner on workspace:acme"},
		{"an API client", studioOf(events.ClientCreated{Subject: eve, Name: events.Sealed("sealed")}), eve, "", "plan.read", draftPlan, time.Time{},
			"no; instead workspace.robot on workspace:acme"},
	} {
		t.Run(c.name, func(t *testing.T) {
			state := c.given.applied(t)
			if !c.at.IsZero() {
				state = state.At(c.at)
			}
			permission, known := state.Model.Permission(c.permission)
			if !known {
				t.Fatalf("there is no permission %s", c.permission)
			}
			question := Question{Who: c.who, Permission: permission, On: c.on, About: c.about}
			answer := state.Explain(question)
			if diff := cmp.Diff(strings.Split(c.want, "; "), told(answer)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if got := state.Allowed(question); got != answer.Allowed {
				t.Errorf("allowed is %t, explained as %t", got, answer.Allowed)
			}
		})
	}
}

// TestRefusalNamesGroups: what a group alone gives is asked of the group.
func TestRefusalNamesGroups(t *testing.T) {
	state := studioOf(permitted(readers, "workspace.audit"), member(ben)).applied(t)
	_, err := when(ben, RecordFact{Fact: "audited", Scope: workspace}).decide(state)
	refused{code: CodeNotPermitted, rule: "S06", scope: workspace, subject: ben, says: "that takes membership of circle:readers."}.check(t, events.Commit{}, err)
}
