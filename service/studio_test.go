package service

import (
	"strings"
	"testing"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
)

// studio is a model with all that an answer, a section or a report can rest on.
const studio = `
model: studio
title: Studio
about: Plans in teams, circles of readers, viewers who stay viewers.
root: workspace
highest: workspace.owner
scopes:
  - {kind: workspace, title: Workspace, membership: true}
  - kind: team
    title: Team
    under: [workspace]
    membership: true
    attributes: [{id: type, title: Type, values: [project, club], fixed: true}]
  - kind: plan
    title: Plan
    under: [team]
    attributes: [{id: commenting, title: Commenting, values: ["off", offered]}]
  - {kind: circle, title: Circle, under: [workspace], membership: true, carries: [plan.read]}
conditions:
  - {id: commenting_offered, title: where commenting is offered, rule: S03, when: target.attributes.commenting == "offered"}
  - {id: known, title: for people who are in the workspace, rule: S04, when: '!person.given || person.member'}
features:
  - {id: viewers, title: Viewers}
  - {id: printing, title: Printing}
editions:
  - {id: small, title: Small}
  - {id: large, title: Large, features: [viewers]}
sections:
  - {title: Workspace, exclusive: [workspace.owner], rule: D04}
permissions:
  - id: workspace.manage
    title: Manage the workspace
    section: Workspace
    allows: [person.register, membership.start, membership.suspend, membership.resume, edition.set, feature.switch, report.read,
      role.define, role.permit, role.withhold, "scope.create:team", "scope.create:circle", directory.read]
  - {id: workspace.print, title: Print the books, section: Workspace, feature: printing}
  - {id: team.invite, title: Invite people to a team, section: Teams, rule: S05, allows: [membership.start]}
  - {id: team.build, title: Build in a team, section: Teams, allows: ["scope.create:plan"]}
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
  - id: team.lead
    title: Lead
    membership: team
    adjustable: true
    adjustable_per: type
    granted_by: [workspace.owner]
    permissions: [team.invite if known, team.build]
    inherited: [plan.edit]
  - id: plan.editor
    title: Editor
    rule: S06
    granted_by: [workspace.owner]
    permissions: [plan.read, plan.edit, plan.comment if commenting_offered]
custom_roles:
  - {id: workspace.desk, title: Desk role, membership: workspace, granted_by: [workspace.owner], permissions: [plan.read]}
audiences:
  - {id: owners, title: Owners, roles: [workspace.owner]}
contact: owners
posture: {rule: S08, units: [team], dormant_days: 90}
`

// foundAs opens an organization under a model of the test's own.
func (h *house) foundAs(org, owner, source string) {
	h.t.Helper()
	model, err := rolemodel.Parse("model.yaml", []byte(source))
	if err != nil {
		h.t.Fatal(err)
	}
	must[Receipt](h.t)(h.execute(h.t.Context(), operator, events.OrgID(org), Envelope{}, task{kind: "organization.found", founds: true,
		prepare: func(p *plan) (aggregate.Command, error) {
			person, err := p.register(PersonDetails{Login: owner}, "")
			return aggregate.Found{Model: model, Owner: &person}, err
		}}))
}

// writes appends a commit, whoever decided it.
func (h *house) writes(org string, actor, behalf events.PrincipalID, list ...events.Event) events.Revision {
	h.t.Helper()
	if err := h.catchUp(h.t.Context(), 0); err != nil {
		h.t.Fatal(err)
	}
	state := h.stateOf(events.OrgID(org))
	revision, err := h.ledger.Append(h.t.Context(), events.Commit{
		Org: events.OrgID(org), ID: events.CommitID(h.newID()), Number: state.Number + 1, Prev: state.Revision, Actor: actor, OnBehalfOf: behalf,
		Command: "test." + strings.ReplaceAll(events.Name(list[0]), ".", "_"), DecidedAt: events.Time(h.clock.now()), Events: list,
	}, state.Revision)
	if err != nil {
		h.t.Fatal(err)
	}
	h.noteAppended(revision)
	if err := h.catchUp(h.t.Context(), 0); err != nil {
		h.t.Fatal(err)
	}
	return revision
}

// workshop is an organization under the studio model: ann is the owner, ben
// leads team:squad and edits plan:draft in it, cat is a viewer who edits it too,
// dan is in the circle of readers, and eve is no member.
func workshop(t *testing.T) *house {
	t.Helper()
	h := open(t)
	h.foundAs("acme", "ann", studio)
	h.join("acme", "ben", "cat", "dan")
	h.register("acme", PersonDetails{Login: "eve"})
	ann := h.id("acme", "ann")
	h.writes("acme", ann, "", events.EditionSet{Edition: "large"}, events.ScopeCreated{Scope: "team:squad", Parent: "workspace:acme"}, events.ScopeCreated{Scope: "team:band", Parent: "workspace:acme"})
	h.writes("acme", ann, "", events.ScopeCreated{Scope: "plan:draft", Parent: "team:squad"}, events.ScopeCreated{Scope: "plan:open", Parent: "team:squad"},
		events.AttributeSet{Scope: "plan:open", Attribute: "commenting", Value: "offered"})
	h.writes("acme", ann, "", events.MembershipStarted{Subject: h.id("acme", "ben"), Scope: "team:squad"})
	for _, g := range []struct{ who, role, on string }{
		{"ben", "lead", "team:squad"}, {"ben", "editor", "plan:draft"}, {"cat", "viewer", "workspace:acme"}, {"cat", "editor", "plan:draft"},
	} {
		h.writes("acme", ann, "", events.RoleGranted{Subject: h.id("acme", g.who), Role: events.RoleID(g.role), Scope: events.ScopeID(g.on)})
	}
	h.writes("acme", ann, "", events.ScopeCreated{Scope: "circle:readers", Parent: "workspace:acme"}, events.PermissionAdded{Scope: "circle:readers", Permission: "plan.read"})
	h.writes("acme", ann, "", events.MembershipStarted{Subject: h.id("acme", "dan"), Scope: "circle:readers"})
	return h
}
