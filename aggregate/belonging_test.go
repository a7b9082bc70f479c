package aggregate

import (
	"strings"
	"testing"

	"tenure/events"
	"tenure/rolemodel"
)

// The port model has kinds of member that need one of a kind in the organization,
// members who are assigned, and a template that waits for an edition.
const portSource = `
model: port
title: Port
about: Offices of users, and crews, which take guests where they like to.
root: port
highest: port.master
scopes:
  - kind: port
    title: Port
    membership: true
    member_kinds:
      - {id: user, title: User}
      - {id: guest, title: Guest}
  - kind: office
    title: Office
    under: [port]
    membership: true
    member_kinds:
      - {id: user, title: User, needs: [user], rule: N05}
    joins: [user]
  - kind: crew
    title: Crew
    under: [port]
    membership: true
    member_kinds:
      - {id: user, title: User, needs: [user], rule: N08}
      - {id: guest, title: Guest}
    attributes:
      - {id: guests, title: Guests, values: [allowed, banned]}
features:
  - {id: desks, title: Roles of one's own}
editions:
  - {id: full, title: Full, features: [desks]}
  - {id: free, title: Free}
conditions:
  - id: colleague
    title: for users, and for those who are in already
    rule: N11
    when: '!person.given || person.member_here || person.member && person.member_kind == "user"'
  - id: welcome
    title: where guests are allowed
    rule: N12
    when: target.attributes.guests == "allowed"
permissions:
  - {id: port.people, title: Manage people, rule: N01, section: People, allows: [person.register, membership.start, membership.terminate]}
  - {id: port.build, title: Build, section: Port, allows: ["scope.create:office", "scope.create:crew"]}
  - {id: port.rules, title: Change the rules, section: Port, allows: [model.adopt, edition.set, role.define, role.permit]}
  - {id: port.look, title: Look around, section: Port}
  - {id: office.people, title: Add people, rule: N02, section: People, allows: [membership.start, membership.terminate]}
  - {id: office.assign, title: Assign crews, rule: N03, section: People, allows: ["membership.assign:crew"]}
  - {id: crew.users, title: Manage users, rule: N04, section: People, allows: ["membership.start:user", membership.suspend, membership.resume, membership.terminate]}
  - {id: crew.guests, title: Invite guests, rule: N06, section: People, allows: ["membership.start:guest"]}
  - {id: crew.settings, title: Change the settings, section: People, allows: ["scope.set:guests"]}
roles:
  - id: port.master
    title: Master
    membership: port
    at_least: 1
    granted_by: [port.master]
    permissions: [port.people, port.build, port.rules, port.look]
    inherited: [office.people, crew.settings]
  - id: office.head
    title: Head
    membership: port
    granted_by: [port.master]
    permissions: [office.people, office.assign]
  - id: crew.lead
    title: Lead
    membership: port
    granted_by: [port.master]
    permissions: [crew.users if colleague, crew.guests if welcome]
custom_roles:
  - {id: port.desk, title: Desk, feature: desks, granted_by: [port.master], permissions: [port.look]}
`

var port = must(rolemodel.Parse("port.yaml", []byte(portSource)))

const (
	harbor  events.ScopeID = "port:acme"
	customs events.ScopeID = "office:customs"
	deck    events.ScopeID = "crew:deck"
	galley  events.ScopeID = "crew:galley"
)

// portOf is the port with ann as its master, ben as the head of an office and the
// lead of a crew that bans guests, cat as a user and eve as a guest.
func portOf(parts ...any) history { return portUnder(port, parts...) }

func portUnder(model *rolemodel.Model, parts ...any) history {
	return given(append([]any{
		append(founding(model, acme), registered(ann), started(ann, harbor), granted(ann, "master", harbor)),
		together(registered(ben), started(ben, harbor)), together(registered(cat), started(cat, harbor)),
		together(registered(eve), startedAs("guest", eve, harbor)),
		together(created(customs, harbor), created(deck, harbor), created(galley, harbor)),
		events.AttributeSet{Scope: galley, Attribute: "guests", Value: "banned"},
		granted(ben, "head", customs), granted(ben, "lead", galley), granted(ben, "lead", deck),
	}, parts...)...)
}

func kindChanged(who events.PrincipalID, on events.ScopeID, kind events.MemberKindID) events.Event {
	return events.MembershipKindChanged{Subject: who, Scope: on, MemberKind: kind}
}

// Who assigns people to scopes makes them members of the usual kind, whatever else
// takes the permission for it.
func TestAssigningIsForTheUsualKind(t *testing.T) {
	const pier events.ScopeID = "crew:pier" // of which nobody is the lead
	assigned := portOf(together(created(pier, harbor)), events.AttributeSet{Scope: pier, Attribute: "guests", Value: "banned"}, started(cat, customs))
	lacks := refused{code: CodeNotPermitted, rule: "N06", scope: pier, subject: ben, help: "tenure who", says: "membership.start:guest"}
	start := func(kind events.MemberKindID) Command { return StartMembership{Subject: cat, Scope: pier, Kind: kind} }
	change := func(kind events.MemberKindID) Command { return ChangeMemberKind{Subject: cat, Scope: pier, Kind: kind} }
	specify(t, []specification{
		{"the usual kind", assigned, when(ben, start("")), then(started(cat, pier))},
		{"by its name", assigned, when(ben, start("user")), then(startedAs("user", cat, pier))},
		{"not another one", assigned, when(ben, start("guest")), lacks},
		{"nor by a change", assigned.and(started(cat, pier)), when(ben, change("guest")), lacks},
		{"but back to it", assigned.and(startedAs("guest", cat, pier)), when(ben, change("user")), then(kindChanged(cat, pier, "user"))},
		{"and ends whichever", assigned.and(startedAs("guest", cat, pier)), when(ben, TerminateMembership{Subject: cat, Scope: pier}), then(terminated(cat, pier))},
	})
	forged(t, []forgery{{"another one", assigned, ben, together(startedAs("guest", cat, pier)), 0, lacks}})
}

// To change a kind takes what the start as that kind takes: that somebody is in as
// a guest does not make them a colleague.
func TestChangingIsStarting(t *testing.T) {
	in := portOf(startedAs("guest", eve, deck))
	lacks := refused{code: CodeNotPermitted, rule: "N11", scope: deck, subject: ben, says: "only for users, and for those who are in already"}
	specify(t, []specification{
		{"a guest does not become a user", in, when(ben, ChangeMemberKind{Subject: eve, Scope: deck, Kind: "user"}), lacks},
		{"is suspended as who is in", in, when(ben, SuspendMembership{Subject: eve, Scope: deck}), then(suspended(eve, deck))},
		{"and becomes one after that", in.and(kindChanged(eve, harbor, "user")), when(ben, ChangeMemberKind{Subject: eve, Scope: deck, Kind: "user"}), then(kindChanged(eve, deck, "user"))},
	})
	forged(t, []forgery{{"a guest does not become a user", in, ben, together(kindChanged(eve, deck, "user")), 0, lacks}})
}

// Whoever is a member below, of a kind that needs it, is of that kind in the
// organization, whatever happens.
func TestKindsNeededInTheOrganization(t *testing.T) {
	keeps := func(rule string, on events.ScopeID) refused {
		return refused{code: CodeNotMember, rule: rule, scope: on, subject: cat,
			says: string(cat) + " is a member of " + string(on) + " as User, which only a User of port:acme can be: end that membership first.",
			help: "tenure member terminate " + string(cat) + " --on " + string(on) + " --org acme"}
	}
	lacks := func(rule string, on events.ScopeID) refused {
		return refused{code: CodeNotMember, rule: rule, scope: on, subject: eve,
			says: "Only a User of port:acme can be a member of " + string(on) + " as User, and " + string(eve) + " is a Guest.", help: "tenure member change " + string(eve) + " --as user --org acme"}
	}
	offer := func(to events.PrincipalID) events.Event {
		return events.InvitationSent{Invitation: inviteID(1), Subject: to, Scope: customs, Expires: later, TokenHash: hash(1)}
	}
	inBoth := portOf(started(cat, customs), started(cat, deck))
	stranger := portOf(together(registered(dan), startedAs("user", dan, deck)))
	toGuest := when(ann, ChangeMemberKind{Subject: cat, Scope: harbor, Kind: "guest"})
	specify(t, []specification{
		{"not with memberships below", inBoth, toGuest, refusedWithSeveral{keeps("N08", deck), keeps("N05", customs)}},
		{"nor by whoever could", inBoth, when(events.Operator, ChangeMemberKind{Subject: cat, Scope: harbor, Kind: "guest"}, because("correction")), refusedWithSeveral{keeps("N08", deck), keeps("N05", customs)}},
		{"nor with ones that are suspended", portOf(started(cat, deck), suspended(cat, deck)), toGuest, keeps("N08", deck)},
		{"but with those for which it does not matter", portOf(startedAs("guest", cat, deck)), toGuest, then(kindChanged(cat, harbor, "guest"))},
		{"and the other way round", portOf(startedAs("guest", eve, deck)), when(ann, ChangeMemberKind{Subject: eve, Scope: harbor, Kind: "user"}), then(kindChanged(eve, harbor, "user"))},
		{"no start as what needs more", portOf(), when(ann, StartMembership{Subject: eve, Scope: customs}), lacks("N05", customs)},
		{"no change to it", portOf(startedAs("guest", eve, deck)), when(events.Operator, ChangeMemberKind{Subject: eve, Scope: deck, Kind: "user"}, because("correction")), lacks("N08", deck)},
		{"no invitation to it", portOf(), when(ann, SendInvitation{Invitation: inviteID(1), Subject: eve, Scope: customs, Expires: later, TokenHash: hash(1)}),
			refused{code: CodeNotMember, rule: "N05", scope: customs, subject: eve, says: "Only a User of port:acme can be a member of office:customs"}},
		{"nor is an earlier one accepted", portOf(offer(cat), kindChanged(cat, harbor, "guest")), when(cat, AcceptInvitation{Invitation: inviteID(1)}),
			refused{code: CodeNotMember, rule: "N05", scope: customs, subject: cat, help: "tenure member change", says: "Only a User of port:acme"}},
		{"a stranger may be in", stranger, when(ann, StartMembership{Subject: dan, Scope: harbor}), then(started(dan, harbor))},
		{"and comes as what is needed", stranger, when(ann, StartMembership{Subject: dan, Scope: harbor, Kind: "guest"}),
			refused{code: CodeNotMember, rule: "N08", scope: deck, subject: dan, help: "tenure member terminate", says: "end that membership first"}},
	})
	forged(t, []forgery{
		{"kept while becoming a guest", inBoth, ann, together(kindChanged(cat, harbor, "guest"), terminated(cat, customs)), 0, keeps("N08", deck)},
		{"a start as what needs more", portOf(), ann, together(started(eve, customs)), 0, lacks("N05", customs)},
		{"both at once", portOf(registered(dan)), ann, together(startedAs("guest", dan, harbor), startedAs("user", dan, customs)), 1,
			refused{code: CodeNotMember, rule: "N05", scope: customs, subject: dan, help: "tenure member change", says: "Only a User"}},
	})
	// A model that needs more than the one before.
	lenient := must(rolemodel.Parse("port.yaml", []byte(strings.ReplaceAll(portSource, ", needs: [user]", ""))))
	state := portUnder(lenient, startedAs("user", eve, deck)).fold(t)
	commit, err := when(ann, AdoptModel{Model: port}).decide(state)
	refused{code: CodeNotMember, rule: "N08", scope: deck, subject: eve, says: "Under the model port: ", help: "tenure member terminate " + string(eve) + " --on crew:deck"}.check(t, commit, err)
	if refusals := Audit(state, following(state, ann, adopts(port))); len(refusals) != 1 || refusals[0].Code != CodeNotMember {
		t.Errorf("adopted: %v", refusals)
	}
}

// A custom role waits for the feature of its template, as other roles do.
func TestCustomRolesWait(t *testing.T) {
	desk := events.RoleDefined{Role: "clerk", Scope: harbor, Template: "port.desk"}
	look := events.PermissionAdded{Role: "clerk", Permission: "port.look", Scope: harbor}
	free := events.EditionSet{Edition: "free"}
	specify(t, []specification{
		{"granted while it is on", portOf(desk, look), when(ann, GrantRole{Subject: ben, Role: "clerk", Scope: harbor}), then(granted(ben, "clerk", harbor))},
		{"not while it is off", portOf(desk, look, free), when(ann, GrantRole{Subject: ben, Role: "clerk", Scope: harbor}),
			refused{code: CodeFeatureOff, role: "port.clerk", scope: harbor, subject: ben, help: "tenure edition set full", says: "in the edition Full alone"}},
		{"kept on while it is held", portOf(desk, look, granted(ben, "clerk", harbor)), when(ann, SetEdition{Edition: "free"}),
			refused{code: CodeStillHolding, role: "port.clerk", scope: harbor, field: "edition", says: "does not have the role port.clerk", help: "tenure who --role clerk"}},
	})
	held := portOf(desk, look, granted(ben, "clerk", harbor)).fold(t)
	permission, _ := held.Model.Permission("port.look")
	q := Question{Who: ben, Permission: permission, On: harbor}
	off := applied(t, held, free)
	if !held.Allowed(q) || off.Allowed(q) {
		t.Errorf("on: %t, off: %t", held.Allowed(q), off.Allowed(q))
	}
}
