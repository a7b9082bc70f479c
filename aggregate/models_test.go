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

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
