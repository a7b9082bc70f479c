package aggregate

import (
	"slices"

	"tenure/events"
	"tenure/rolemodel"
)

// The guild model has what the others lack: editions, kinds of member, scopes
// whose members join the organization, invitations that are rerouted, and people
// who bring in those alone who are there already.
var manor = must(rolemodel.Parse("guild.yaml", []byte(`
model: guild
title: Guild
about: Houses with members of their own, who join the guild; papers that people are invited to.
root: guild
highest: guild.master
scopes:
  - {kind: guild, title: Guild, membership: true, member_kinds: [{id: user, title: User}, {id: guest, title: Guest}]}
  - {kind: house, title: House, under: [guild], membership: true, leave: true, member_kinds: [{id: user, title: User}, {id: guest, title: Guest}], joins: [user, guest]}
  - {kind: club, title: Club, under: [guild, house], membership: true, member_kinds: [{id: guest, title: Guest}, {id: user, title: User}], joins: [guest]}
  - {kind: circle, title: Circle, under: [guild, house, club], membership: true, joins: [member]}
  - {kind: paper, title: Paper, under: [guild, house]}
features:
  - {id: viewers, title: The role Viewer}
  - {id: fairs, title: Fairs}
  - {id: bells, title: Bells}
editions:
  - {id: basics, title: Basics, rule: K28}
  - {id: full, title: Full, features: [viewers]}
  - {id: grand, title: Grand, features: [viewers, fairs]}
conditions:
  - id: here
    title: for people who are here already, invited or active
    rule: K27
    when: '!person.given || person.active || (person.invited && !person.member)'
permissions:
  - {id: guild.people, title: Manage people, rule: K22, section: People, allows: [person.register, person.update, membership.start, membership.suspend, membership.resume, membership.terminate]}
  - {id: guild.invite, title: Bring people in, rule: K23, section: People, allows: [membership.start]}
  - {id: guild.sell, title: Choose the edition, rule: K02, section: Guild, allows: [edition.set, feature.switch]}
  - {id: guild.build, title: Build, section: Guild, allows: ["scope.create:house", "scope.create:club", "scope.create:circle", "scope.create:paper", person.anonymize]}
  - {id: guild.fair, title: Hold a fair, section: Guild, feature: fairs}
  - {id: guild.bell, title: Ring the bells, section: Guild, feature: bells}
  - {id: house.people, title: Manage the people of a house, rule: K05, section: People, allows: [membership.start, membership.suspend, membership.resume, membership.terminate, addresses.route, invitation.answer]}
  - {id: house.answer, title: Answer invitations, rule: K06, section: People, allows: [invitation.answer]}
  - {id: house.tear, title: Take down a house, section: Guild, allows: [scope.delete, scope.archive]}
  - {id: club.people, title: Manage the people of a club, section: People, allows: [membership.start, membership.terminate]}
  - {id: circle.people, title: Manage the people of a circle, section: People, allows: [membership.start, membership.terminate]}
  - {id: paper.read, title: Read a paper, section: Work}
roles:
  - id: guild.master
    title: Master
    membership: guild
    member_kinds: [user]
    at_least: 1
    granted_by: [guild.master]
    replaces: [guild.fellow]
    permissions: [guild.people, guild.sell, guild.build, guild.fair, guild.bell]
    inherited: [house.people, house.tear, club.people, circle.people, paper.read]
  - id: guild.fellow
    title: Fellow
    membership: guild
    default: true
    granted_by: [guild.master]
    permissions: [guild.invite if here]
    inherited: [circle.people if here]
  - id: guild.viewer
    title: Viewer
    rule: K01
    feature: viewers
    membership: guild
    granted_by: [guild.master]
    replaces: [guild.fellow]
    inherited: [paper.read]
  - id: guild.steward
    title: Steward, who may be anybody
    granted_by: [guild.master]
    permissions: [guild.people]
  - id: house.head
    title: Head of a house
    rule: K11
    membership: house
    member_kinds: [user]
    granted_by: [guild.master]
    permissions: [house.people]
    inherited: [club.people, circle.people]
  - id: house.porter
    title: Porter
    granted_by: [guild.master]
    permissions: [house.answer]
  - id: circle.elder
    title: Elder
    rule: K12
    membership: circle
    member_kinds: [user]
    granted_by: [guild.master]
    permissions: [circle.people]
  - id: paper.viewer
    title: Viewer of a paper
    rule: K07
    feature: viewers
    granted_by: [guild.master]
    permissions: [paper.read]
  - id: paper.editor
    title: Editor
    rule: K08
    membership: guild
    granted_by: [guild.master, guild.fellow, guild.steward]
    permissions: [paper.read]
`)))

const (
	manorHall events.ScopeID = "guild:acme"
	oak       events.ScopeID = "house:oak"
	elm       events.ScopeID = "house:elm"
	chess     events.ScopeID = "club:chess"
	circle    events.ScopeID = "circle:tea"
	paper1    events.ScopeID = "paper:one"
	paper2    events.ScopeID = "paper:two"
)

// manorFounded is a guild with ann as its master.
var manorFounded = append(founding(manor, acme), registered(ann), started(ann, manorHall), granted(ann, "master", manorHall))

// manorOf is the guild with ben as a fellow, its houses, and what stands in them.
func manorOf(parts ...any) history {
	return given(append([]any{manorFounded, fellow(ben), together(created(oak, manorHall), created(elm, manorHall), created(chess, oak), created(circle, chess),
		created(paper1, manorHall), created(paper2, manorHall))}, parts...)...)
}

// and is the history with more to it.
func (h history) and(parts ...any) history { return slices.Concat(h, given(parts...)) }

func fellow(who events.PrincipalID) []events.Event {
	return []events.Event{registered(who), started(who, manorHall), granted(who, "fellow", manorHall, events.CauseDefault)}
}

// startedAs is a membership of a kind.
func startedAs(kind events.MemberKindID, who events.PrincipalID, on events.ScopeID, cause ...events.Cause) events.Event {
	return events.MembershipStarted{Subject: who, Scope: on, MemberKind: kind, Cause: first(cause)}
}
