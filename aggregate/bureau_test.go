package aggregate

import (
	"tenure/events"
	"tenure/rolemodel"
)

// The bureau model has API clients, managers, acts upon the people of a
// department, and people who act on behalf of others.
var bureau = must(rolemodel.Parse("bureau.yaml", []byte(`
model: bureau
title: Bureau
about: Departments whose heads look after their people, and clients that do so for them.
root: organization
highest: organization.owner
scopes:
  - {kind: organization, title: Organization, membership: true}
  - kind: department
    title: Department
    under: [organization]
    membership: true
    member_kinds:
      - {id: staff, title: Staff}
      - {id: guest, title: Guest}
    joins: [staff]
  - {kind: desk, title: Desk, under: [department]}
permissions:
  - {id: organization.people, title: Manage people, section: People, rule: B01, allows: [person.register, person.update, manager.assign, membership.start, membership.suspend, membership.resume, membership.terminate, person.anonymize]}
  - {id: organization.clients, title: Manage clients, section: Clients, rule: B02, allows: [client.manage]}
  - {id: organization.keys, title: Revoke keys, section: People, allows: [credential.revoke]}
  - {id: organization.build, title: Found departments, section: Structure, allows: ["scope.create:department"]}
  - {id: department.people, title: Look after people, section: People, rule: B03, allows: [person.register, person.update, manager.assign, credential.revoke, membership.start, membership.suspend, membership.resume, membership.terminate]}
  - {id: department.stand, title: Stand in, section: People, rule: B04, allows: [behalf.act]}
  - {id: department.build, title: Place desks, section: Structure, allows: ["scope.create:desk"]}
  - {id: desk.use, title: Use a desk, section: Work}
roles:
  - id: organization.owner
    title: Owner
    rule: B05
    membership: organization
    at_least: 1
    granted_by: [organization.owner]
    permissions: [organization.people, organization.clients, organization.keys, organization.build]
    inherited: [department.build, desk.use]
  - id: organization.registrar
    title: Registrar
    granted_by: [organization.owner]
    permissions: [organization.clients]
  - id: organization.warden
    title: Warden
    granted_by: [organization.owner]
    permissions: [organization.keys]
  - id: organization.integration
    title: Integration
    rule: B06
    holder: client
    granted_by: [organization.owner]
    permissions: [organization.people]
    inherited: [department.stand]
  - id: organization.reader
    title: Reader
    holder: client
    granted_by: [organization.owner, organization.registrar]
  - id: department.head
    title: Head
    rule: B07
    membership: department
    member_kinds: [staff]
    granted_by: [organization.owner]
    permissions: [department.people, department.stand, department.build]
    inherited: [desk.use]
  - id: department.hand
    title: Hand
    membership: department
    granted_by: [organization.owner, department.head]
    default: true
  - id: department.visitor
    title: Visitor
    granted_by: [organization.owner, department.head]
  - id: desk.user
    title: User of a desk
    rule: B08
    membership: department
    granted_by: [organization.owner, department.head]
    permissions: [desk.use]
`)))

const (
	// bot and cog are clients.
	bot events.PrincipalID = "01J00000000000000000000B0T"
	cog events.PrincipalID = "01J00000000000000000000C0G"
)

// bureauFounded is an organization of which ann is the owner, with the
// departments north and south and a desk in north.
func bureauFounded(parts ...any) history {
	founded := append(founding(bureau, acme), registered(ann), started(ann, org), granted(ann, "owner", org))
	return given(append([]any{founded, together(created(north, org), created(south, org), created(desk, north))}, parts...)...)
}

// staffed makes a person known, and a member of the organization and of
// departments.
func staffed(who events.PrincipalID, departments ...events.ScopeID) []events.Event {
	list := []events.Event{registered(who), started(who, org)}
	for _, department := range departments {
		list = append(list, started(who, department), granted(who, "hand", department, events.CauseDefault))
	}
	return list
}

func client(id events.PrincipalID) events.Event { return events.ClientCreated{Subject: id} }

func clientDeleted(id events.PrincipalID) events.Event { return events.ClientDeleted{Subject: id} }

func managed(who, by events.PrincipalID) events.Event {
	return events.ManagerAssigned{Subject: who, Manager: by}
}

func unmanaged(who, by events.PrincipalID, cause ...events.Cause) events.Event {
	return events.ManagerRemoved{Subject: who, Manager: by, Cause: first(cause)}
}
