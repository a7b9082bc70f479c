package aggregate

import (
	"tenure/events"
	"tenure/rolemodel"
)

// The github model: one membership, teams in teams, roles that replace each
// other.
var github = must(rolemodel.Builtin("github"))

const (
	org  events.ScopeID = "organization:acme"
	sig  events.ScopeID = "team:sig"
	sub  events.ScopeID = "team:sub"
	leaf events.ScopeID = "team:leaf"
	side events.ScopeID = "team:side"
)

// acmeFounded is an organization with ann as its administrator.
var acmeFounded = append(founding(github, acme), registered(ann), started(ann, org), granted(ann, "admin", org))

func joined(who events.PrincipalID) []events.Event {
	return []events.Event{registered(who), started(who, org), granted(who, "member", org, events.CauseDefault)}
}

func promoted(who events.PrincipalID) []events.Event {
	return []events.Event{registered(who), started(who, org), granted(who, "admin", org)}
}

// teams are sig, sub in sig, leaf in sub; and side.
var teams = []events.Event{created(sig, org), created(sub, sig), created(leaf, sub), created(side, org)}

// The works model has what github lacks: upper bounds, roles granted by a
// permission, roles of non-members, memberships of scopes and roles that rest
// on them, scopes of several kinds, a lower bound below the root, and people
// who may grant a role but not take the one that it replaces.
var works = must(rolemodel.Parse("works.yaml", []byte(`
model: works
title: Works
about: Departments with members of their own, desks in them, vaults that are never without a keeper.
root: company
highest: company.owner
scopes:
  - {kind: company, title: Company, membership: true}
  - {kind: department, title: Department, under: [company, department], membership: true, leave: true}
  - {kind: desk, title: Desk, under: [department]}
  - {kind: vault, title: Vault, under: [company]}
permissions:
  - {id: company.people, title: Manage people, section: People, allows: [person.register, person.update, credential.revoke, membership.start, membership.suspend, membership.resume, membership.terminate]}
  - {id: company.build, title: Build, section: Structure, allows: ["scope.create:department", "scope.create:vault", scope.rename]}
  - {id: company.staff, title: Name heads, section: People}
  - {id: department.people, title: Manage people of a department, section: People, allows: [membership.start, membership.suspend, membership.resume, membership.terminate]}
  - {id: department.build, title: Build in a department, section: Structure, allows: ["scope.create:department", "scope.create:desk", scope.rename, scope.move, scope.delete]}
  - {id: department.assign, title: Assign desks, section: People}
  - {id: department.read, title: Read, section: Work}
  - {id: desk.use, title: Use a desk, section: Work}
  - {id: desk.build, title: Change a desk, section: Structure, allows: [scope.rename, scope.move, scope.delete]}
  - {id: vault.open, title: Open a vault, section: Work}
  - {id: vault.build, title: Take down a vault, section: Structure, allows: [scope.delete]}
roles:
  - id: company.owner
    title: Owner
    rule: W01
    membership: company
    at_least: 1
    at_most: 2
    granted_by: [company.owner]
    replaces: [company.manager, company.worker]
    permissions: [company.people, company.build, company.staff]
    inherited: [department.people, department.build, department.assign, department.read, desk.build, vault.build]
  - id: company.manager
    title: Manager
    rule: W02
    membership: company
    granted_by: [company.owner]
    replaces: [company.owner, company.worker]
    permissions: [company.people]
  - id: company.worker
    title: Worker
    rule: W03
    membership: company
    granted_by: [company.owner, company.manager]
    replaces: [company.owner, company.manager]
    default: true
  - id: company.auditor
    title: Auditor
    rule: W04
    at_most: 1
    granted_by: [company.owner]
    inherited: [department.read]
  - id: department.head
    title: Head
    rule: W05
    membership: department
    at_most: 1
    granted_by: [company.staff]
    replaces: [department.hand]
    permissions: [department.people, department.build, department.assign, department.read]
    inherited: [department.people, department.build, department.assign, department.read, desk.build]
  - id: department.hand
    title: Hand
    membership: department
    granted_by: [company.staff, department.head]
    replaces: [department.head]
    default: true
    permissions: [department.read]
  - id: department.deputy
    title: Deputy for the departments within
    membership: department
    granted_by: [company.staff]
    inherited: [department.assign]
  - id: desk.keeper
    title: Keeper of a desk
    rule: W06
    membership: department
    granted_by: [department.assign]
    permissions: [desk.use]
  - id: desk.guest
    title: Guest at a desk
    granted_by: [desk.keeper, department.assign]
    permissions: [desk.use]
  - id: vault.keeper
    title: Keeper of a vault
    rule: W07
    membership: company
    at_least: 1
    granted_by: [company.owner]
    permissions: [vault.open]
  - id: vault.guest
    title: Guest of a vault
    rule: W08
    granted_by: [vault.keeper]
    permissions: [vault.open]
`)))

const (
	company events.ScopeID = "company:acme"
	north   events.ScopeID = "department:north"
	south   events.ScopeID = "department:south"
	inner   events.ScopeID = "department:inner"
	desk    events.ScopeID = "desk:one"
	vault   events.ScopeID = "vault:one"
)

// worksFounded is a company with ann as its owner.
var worksFounded = append(founding(works, acme), registered(ann), started(ann, company), granted(ann, "owner", company))

func hired(who events.PrincipalID, role events.RoleID) []events.Event {
	return []events.Event{registered(who), started(who, company), granted(who, role, company)}
}

// departments are north, with inner and a desk in it, and south.
var departments = []events.Event{created(north, company), created(inner, north), created(desk, north), created(south, company)}

// placed makes a person a member of a department.
func placed(who events.PrincipalID, on events.ScopeID, role events.RoleID) []events.Event {
	return []events.Event{started(who, on), granted(who, role, on)}
}

// The atelier model is about the life of scopes: what their creators get, marks
// on them, the archive, and mergers of teams whose members differ in kind, of
// roles that pass over and roles that do not.
var atelier = must(rolemodel.Parse("atelier.yaml", []byte(`
model: atelier
title: Studio
about: Teams that people create, put into the archive, merge and import, with boards in them.
root: house
highest: house.owner
scopes:
  - kind: house
    title: House
    membership: true
    member_kinds: [{id: user, title: User}, {id: guest, title: Guest}]
  - kind: wing
    title: Wing
    under: [house]
  - kind: team
    title: Team
    under: [house, wing, team]
    membership: true
    leave: true
    member_kinds: [{id: user, title: User}, {id: guest, title: Guest}]
    joins: [guest]
    attributes:
      - {id: sight, title: Sight, values: [hidden, open]}
      - {id: type, title: Type, values: [project, group], fixed: true}
  - {kind: board, title: Board, under: [team]}
conditions:
  - {id: colleague, title: for people of the house, rule: S01, when: "!person.given || person.member"}
permissions:
  - {id: house.people, title: Manage people, section: People, allows: [person.register, membership.start, membership.suspend, membership.resume, membership.terminate]}
  - {id: house.build, title: Build, section: Structure, allows: ["scope.create:wing", "scope.create:team"]}
  - {id: house.found_team, title: Found teams, section: Structure, rule: S03, allows: ["scope.create:team"]}
  - {id: house.take_in, title: Take teams in from a file, section: Structure, rule: S04, allows: ["scope.import:team"]}
  - {id: wing.build, title: Build in a wing, section: Structure, allows: ["scope.create:team", scope.delete]}
  - {id: wing.take_in, title: Take teams in from a file, section: Structure, allows: ["scope.import:team"]}
  - {id: team.people, title: Manage people of a team, section: People, allows: [membership.start, membership.suspend, membership.resume, membership.terminate]}
  - {id: team.build, title: Build in a team, section: Structure, allows: ["scope.create:team", "scope.create:board", scope.rename, scope.move, scope.delete]}
  - {id: team.show, title: Say who sees a team, section: Structure, rule: S05, allows: ["scope.set:sight"]}
  - {id: team.shelve, title: Put a team into the archive, section: Structure, rule: S06, allows: [scope.archive]}
  - {id: team.merge, title: Merge teams, section: Structure, rule: S07, allows: [scope.merge]}
  - {id: team.read, title: Read, section: Work}
  - {id: board.write, title: Write on a board, section: Work}
  - {id: board.build, title: Change a board, section: Structure, allows: [scope.rename, scope.move, scope.delete]}
roles:
  - id: house.owner
    title: Owner
    membership: house
    at_least: 1
    granted_by: [house.owner]
    permissions: [house.people, house.build, house.take_in]
    inherited: [wing.build, wing.take_in, team.people, team.build, team.show, team.shelve, team.merge, team.read, board.build]
  - id: house.resident
    title: Resident
    membership: house
    default: true
    granted_by: [house.owner]
    permissions: ["house.found_team if colleague"]
  - id: house.usher
    title: Usher, who need not live here
    granted_by: [house.owner]
    permissions: [house.take_in]
  - id: house.scribe
    title: Scribe
    membership: house
    granted_by: [house.owner]
    permissions: [house.take_in]
  - id: team.owner
    title: Owner of a team
    rule: S08
    membership: team
    member_kinds: [user]
    at_least: 1
    at_most: 1
    transferred_by: [team.owner, house.owner]
    automatic: creator
    permissions: [team.read]
  - id: team.lead
    title: Lead
    rule: S09
    membership: team
    member_kinds: [user]
    granted_by: [team.owner, team.lead, house.owner]
    automatic: creator
    permissions: [team.people, team.build, team.show, team.shelve, team.merge, team.read]
    inherited: [board.write, board.build]
  - id: team.speaker
    title: Speaker
    membership: team
    at_most: 1
    granted_by: [team.lead, house.owner]
    permissions: [team.read]
  - id: team.reader
    title: Reader
    membership: team
    default: true
    granted_by: [team.lead, house.owner]
    permissions: [team.read]
  - id: team.writer
    title: Writer
    membership: team
    granted_by: [team.lead, house.owner]
    replaces: [team.reader, team.critic]
    permissions: [team.read]
    inherited: [board.write]
  - id: team.critic
    title: Critic
    membership: team
    granted_by: [team.lead, house.owner]
    replaces: [team.reader, team.writer]
    permissions: [team.read]
  - id: team.patron
    title: Patron
    membership: house
    granted_by: [house.owner]
    permissions: [team.read]
  - id: team.friend
    title: Friend, in the house or not
    granted_by: [team.lead, house.owner]
    permissions: [team.read]
  - id: team.pupil
    title: Pupil
    rule: S10
    membership: team
    granted_by: [house.owner]
    ceiling: [team.read]
  - id: board.keeper
    title: Keeper of a board
    rule: S11
    membership: team
    granted_by: [team.lead, house.owner]
    permissions: [board.write]
  - id: board.visitor
    title: Visitor at a board
    granted_by: [team.lead, house.owner]
    permissions: [board.write]
designations:
  - {id: team.face, title: Face of a team, among: [team.lead, team.owner], set_by: [team.lead, house.owner]}
`)))

const (
	atelierHouse events.ScopeID = "house:acme"
	wing         events.ScopeID = "wing:west"
	alpha        events.ScopeID = "team:alpha"
	beta         events.ScopeID = "team:beta"
	gamma        events.ScopeID = "team:gamma"
	chalk        events.ScopeID = "board:chalk"
)

// atelierFounded is a house with ann as its owner.
var atelierFounded = append(founding(atelier, acme), registered(ann), started(ann, atelierHouse), granted(ann, "resident", atelierHouse, events.CauseDefault), granted(ann, "owner", atelierHouse))

// resident is somebody in the house.
func resident(who events.PrincipalID) []events.Event {
	return []events.Event{registered(who), started(who, atelierHouse), granted(who, "resident", atelierHouse, events.CauseDefault)}
}

// visitor is a guest in the house.
func visitor(who events.PrincipalID) []events.Event {
	return []events.Event{registered(who), guest(who, atelierHouse), granted(who, "resident", atelierHouse, events.CauseDefault)}
}

// guest is a member of the kind guest.
func guest(who events.PrincipalID, on events.ScopeID, cause ...events.Cause) events.Event {
	return events.MembershipStarted{Subject: who, Scope: on, MemberKind: "guest", Cause: first(cause)}
}

// team is a team with the owner and lead that comes with it, given by the
// operator.
func team(id, parent events.ScopeID, owner events.PrincipalID) []events.Event {
	come := events.CauseCreated
	return []events.Event{created(id, parent), started(owner, id, come), granted(owner, "owner", id, come), granted(owner, "lead", id, come), granted(owner, "reader", id, byDefault)}
}

// member is a member of a team by default.
func memberOf(who events.PrincipalID, on events.ScopeID) []events.Event {
	return []events.Event{started(who, on), granted(who, "reader", on, byDefault)}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
