package aggregate

import (
	"testing"

	"tenure/events"
	"tenure/rolemodel"
)

// The loft model has conditions of every kind, and a role with a ceiling.
var loft = must(rolemodel.Parse("loft.yaml", []byte(`
model: loft
title: Studio
about: Rooms with attributes, members and guests, and lookers who are held back.
root: studio
highest: studio.head
scopes:
  - kind: studio
    title: Studio
    membership: true
    member_kinds: [{id: staff, title: Staff}, {id: guest, title: Guest}]
  - kind: room
    title: Room
    under: [studio, room]
    membership: true
    attributes:
      - {id: doors, title: Doors, values: [shut, open]}
      - {id: use, title: Use, values: [work, rest], fixed: true}
features:
  - {id: lookers, title: The role Looker, rule: S8}
editions:
  - {id: small, title: Small}
  - {id: large, title: Large, features: [lookers]}
conditions:
  - {id: open, title: where the doors are open, rule: S1, when: target.attributes.doors == "open"}
  - {id: inner, title: in rooms within rooms, when: target.parent == target.kind}
  - {id: here, title: for people of the studio, rule: S2, when: person.active || person.invited}
  - {id: no_head, title: for people who are not head, rule: S3, when: '!person.holds("studio.head")'}
  - {id: keeping, title: in rooms that they keep, when: holder.holds("room.keeper") && !target.archived}
  - {id: own_kind, title: for people of their own kind, when: person.member_kind == holder.member_kind && !person.self}
  - {id: large, title: in the edition Large, when: edition == "large"}
  - {id: present, title: for people who are in the room, when: person.given && person.member && person.member_here}
permissions:
  - {id: studio.people, title: Manage people, section: People, allows: [person.register, membership.start]}
  - {id: studio.stop, title: Stop people, section: People, rule: S4, allows: [membership.suspend, membership.terminate]}
  - {id: studio.build, title: Build, section: Rooms, allows: ["scope.create:room"]}
  - {id: room.enter, title: Enter, section: Rooms}
  - {id: room.invite, title: Bring people, section: Rooms, rule: S5, allows: [membership.start]}
  - {id: room.paint, title: Paint, section: Rooms, allows: [scope.rename]}
  - {id: room.film, title: Film, section: Rooms}
  - {id: room.talk, title: Talk to somebody, section: Rooms}
  - {id: room.seat, title: Seat somebody, section: Rooms}
roles:
  - id: studio.head
    title: Head
    rule: S6
    membership: studio
    at_least: 1
    granted_by: [studio.head]
    replaces: [studio.looker]
    permissions: [studio.people, studio.stop, studio.build]
    inherited: [room.enter, room.invite, room.paint, room.film if large]
  - id: studio.hand
    title: Hand
    membership: studio
    granted_by: [studio.head]
    permissions: [studio.stop if no_head, studio.build]
    inherited: [room.enter if open, room.enter if inner, room.invite if here, room.paint if keeping, room.talk if own_kind, room.seat if present]
  - id: studio.looker
    title: Looker
    rule: S7
    feature: lookers
    membership: studio
    granted_by: [studio.head, studio.hand if no_head]
    replaces: [studio.head]
    ceiling_rule: S9
    ceiling: [room.enter, room.film if open]
  - id: room.keeper
    title: Keeper
    membership: room
    automatic: creator
    granted_by: [room.keeper]
    permissions: [room.enter, room.paint, room.film]
    inherited: [room.enter]
`)))

const (
	house1 events.ScopeID = "studio:acme"
	attic  events.ScopeID = "room:attic"
	cellar events.ScopeID = "room:cellar"
	closet events.ScopeID = "room:closet"
)

func askedIn(who events.PrincipalID) events.Event {
	return events.InvitationSent{Subject: who, Invitation: "01J0000000000000000A000001", Scope: house1, Expires: start.AddDate(0, 1, 0), TokenHash: hash(9)}
}

// loftOpened is a studio in its large edition: ann is head, ben and cat are
// hands, dan is a looker, and keeps the cellar; the attic's doors are open, the
// closet is in the cellar.
func loftOpened(more ...any) history {
	return given(append([]any{
		append(founding(loft, acme), registered(ann), started(ann, house1), granted(ann, "head", house1), events.EditionSet{Edition: "large"}),
		together(registered(ben), started(ben, house1), granted(ben, "hand", house1), registered(cat), started(cat, house1), granted(cat, "hand", house1)),
		together(created(attic, house1), events.AttributeSet{Scope: attic, Attribute: "doors", Value: "open", Cause: events.CauseCreated}),
		created(cellar, house1), created(closet, cellar),
		together(registered(dan), started(dan, house1), started(dan, cellar), granted(dan, "keeper", cellar)),
		granted(dan, "looker", house1),
	}, more...)...)
}

func TestConditions(t *testing.T) {
	state := loftOpened(registered(eve), askedIn(eve), started(cat, attic)).fold(t)
	small := loftOpened(together(revoked(dan, "looker", house1), events.EditionSet{Edition: "small"})).fold(t)
	guest := loftOpened(together(registered(eve), events.MembershipStarted{Subject: eve, Scope: house1, MemberKind: "guest"})).fold(t)
	stored := loftOpened(together(started(ben, closet), granted(ben, "keeper", closet)), events.ScopeArchived{Scope: cellar}).fold(t)
	keeper := loftOpened(together(started(ben, closet), granted(ben, "keeper", closet))).fold(t)
	disabled := loftOpened(suspended(cat, house1)).fold(t)
	for _, test := range []struct {
		name       string
		state      State
		who        events.PrincipalID
		permission string
		on         events.ScopeID
		about      events.PrincipalID
		want       bool
	}{
		{"an attribute", state, ben, "room.enter", attic, "", true},
		{"an attribute at its first value", state, ben, "room.enter", cellar, "", false},
		{"the parent's kind, as an alternative", state, ben, "room.enter", closet, "", true},
		{"a person of the studio", state, ben, "room.invite", attic, cat, true},
		{"an invited person", state, ben, "room.invite", attic, eve, true},
		{"a stranger", state, ben, "room.invite", attic, nix, false},
		{"nobody", state, ben, "room.invite", attic, "", false},
		{"a person who is disabled", disabled, ben, "room.invite", attic, cat, false},
		{"without condition by another role", state, ann, "room.invite", attic, nix, true},
		{"what the person holds", state, ben, "studio.stop", house1, ann, false},
		{"what the person does not hold", state, ben, "studio.stop", house1, cat, true},
		{"what the holder holds", keeper, ben, "room.paint", closet, "", true},
		{"what the holder does not hold", state, ben, "room.paint", closet, "", false},
		{"members of one kind", guest, ben, "room.talk", attic, cat, true},
		{"members of two kinds", guest, ben, "room.talk", attic, eve, false},
		{"oneself", guest, ben, "room.talk", attic, ben, false},
		{"a member of the scope", state, ben, "room.seat", attic, cat, true},
		{"no member of the scope", state, ben, "room.seat", attic, ben, false},
		{"an edition", state, ann, "room.film", attic, "", true},
		{"another edition", small, ann, "room.film", attic, "", false},
		{"a ceiling lets through", state, dan, "room.enter", cellar, "", true},
		{"a ceiling holds back", state, dan, "room.paint", cellar, "", false},
		{"a ceiling reaches down", state, dan, "room.enter", closet, "", true},
		{"a ceiling under a condition", state, dan, "room.film", cellar, "", false},
		{"without the ceiling", small, dan, "room.film", cellar, "", true},
		{"a ceiling gives nothing", state, dan, "room.enter", attic, "", false},
	} {
		permission, _ := loft.Permission(test.permission)
		question := Question{Who: test.who, Permission: permission, On: test.on, About: test.about}
		if got := test.state.Allowed(question); got != test.want {
			t.Errorf("%s: %t, want %t", test.name, got, test.want)
		}
		if answer := test.state.Explain(question); answer.Allowed != test.want || (len(answer.Because) > 0) != test.want {
			t.Errorf("%s is explained by %+v", test.name, answer)
		}
	}
	// What an archived room is to whoever keeps it is told by another role.
	paint, _ := loft.Permission("room.paint")
	answer := stored.Explain(Question{Who: ben, Permission: paint, On: closet})
	if len(answer.Unmet) != 1 || answer.Unmet[0].Condition.ID != "keeping" || !answer.Allowed {
		t.Errorf("in the archive: %+v", answer)
	}
}

func TestExplainedConditions(t *testing.T) {
	state := loftOpened().fold(t)
	explain := func(who events.PrincipalID, id string, on events.ScopeID, about events.PrincipalID) Answer {
		permission, _ := loft.Permission(id)
		return state.Explain(Question{Who: who, Permission: permission, On: on, About: about})
	}
	if a := explain(ben, "room.enter", attic, ""); len(a.Because) != 1 || a.Because[0].Condition.ID != "open" {
		t.Errorf("a condition that is met: %+v", a)
	}
	if a := explain(ben, "studio.stop", house1, ann); len(a.Unmet) != 1 || a.Unmet[0].Condition.Rule != "S3" || a.Unmet[0].Grant.Role.Name != "hand" {
		t.Errorf("a condition that is not met: %+v", a)
	}
	if a := explain(dan, "room.paint", cellar, ""); a.Ceiling.Role == nil || a.Ceiling.Role.Name != "looker" || len(a.Idle) > 0 {
		t.Errorf("a ceiling: %+v", a)
	}
	if a := explain(nix, "room.talk", attic, cat); len(a.Instead) != 1 || a.Instead[0].Condition.ID != "own_kind" {
		t.Errorf("what would give it: %+v", a)
	}
}

// What the engine itself does goes by the same conditions and ceilings.
func TestConditionsInCommands(t *testing.T) {
	specify(t, []specification{
		{"of people of the studio", loftOpened(), when(ben, StartMembership{Subject: cat, Scope: attic}), then(started(cat, attic))},
		{"of an outsider", loftOpened(registered(eve)), when(ben, StartMembership{Subject: eve, Scope: attic}),
			refused{code: CodeNotPermitted, rule: "S2", scope: attic, subject: ben, help: "tenure who --role", says: "only for people of the studio"}},
		{"of an equal", loftOpened(), when(ben, SuspendMembership{Subject: cat, Scope: house1}), then(suspended(cat, house1))},
		{"of the head", loftOpened(), when(ben, SuspendMembership{Subject: ann, Scope: house1}),
			refused{code: CodeNotPermitted, rule: "S3", scope: house1, subject: ben, help: "tenure who --role", says: "only for people who are not head"}},
		{"authority to grant under a condition", loftOpened(), when(ben, GrantRole{Subject: cat, Role: "looker", Scope: house1}),
			then(granted(cat, "looker", house1))},
		{"authority to grant without the condition", loftOpened(), when(ben, GrantRole{Subject: ann, Role: "looker", Scope: house1}),
			refused{code: CodeNotPermitted, rule: "S3", role: "studio.looker", scope: house1, subject: ben, help: "tenure who --role head", says: "may grant looker on studio:acme only for people who are not head"}},
		{"an act under the ceiling", loftOpened(), when(dan, RenameScope{Scope: cellar}),
			refused{code: CodeNotPermitted, rule: "S9", scope: cellar, subject: dan, help: "tenure who --role", says: "whoever is looker"}},
		{"authority over roles under the ceiling", loftOpened(started(cat, cellar)), when(dan, GrantRole{Subject: cat, Role: "keeper", Scope: cellar}),
			refused{code: CodeNotPermitted, rule: "S9", role: "room.keeper", scope: cellar, subject: dan, help: "tenure who --role keeper", says: "whoever is looker"}},
		{"nobody is rid of the own ceiling", loftOpened(), when(dan, RevokeRole{Subject: dan, Role: "looker", Scope: house1}),
			refused{code: CodeNotPermitted, rule: "S7", role: "studio.looker", scope: house1, subject: dan, help: "tenure who --role", says: "may not revoke"}},
		{"nor at a time to come", loftOpened(), when(dan, GrantRole{Subject: dan, Role: "looker", Scope: house1, Until: start.AddDate(1, 0, 0)}),
			refused{code: CodeNotPermitted, rule: "S7", role: "studio.looker", scope: house1, subject: dan, help: "tenure who --role", says: "may not limit"}},
		{"whoever may grant it ends it", loftOpened(), when(ann, RevokeRole{Subject: dan, Role: "looker", Scope: house1}), then(revoked(dan, "looker", house1))},
		{"a role of another edition", given(append(founding(loft, acme), registered(ann), started(ann, house1), granted(ann, "head", house1)),
			together(registered(dan), started(dan, house1))), when(ann, GrantRole{Subject: dan, Role: "looker", Scope: house1}),
			refused{code: CodeFeatureOff, rule: "S8", role: "studio.looker", scope: house1, subject: dan, help: "tenure edition set large", says: "in the edition Large alone, and acme has Small"}},
		{"an invitation to a role of another edition", given(append(founding(loft, acme), registered(ann), started(ann, house1), granted(ann, "head", house1)),
			registered(dan)), when(ann, SendInvitation{Invitation: inviteID(1), Subject: dan, Role: "looker", Scope: house1, Expires: later, TokenHash: hash(1)}),
			refused{code: CodeFeatureOff, rule: "S8", role: "studio.looker", scope: house1, subject: dan, help: "tenure edition set large", says: "in the edition Large alone, and acme has Small"}},
		{"who creates a room keeps it", loftOpened(), when(ben, CreateScope{Scope: "room:new", Parent: house1}),
			then(created("room:new", house1), started(ben, "room:new", events.CauseCreated), granted(ben, "keeper", "room:new", events.CauseCreated))},
	})
}

// The bank model has authority over roles and marks under conditions alone.
var bank = must(rolemodel.Parse("bank.yaml", []byte(`
model: bank
title: Bank
about: Whoever makes something does not check it.
root: bank
highest: bank.director
scopes: [{kind: bank, title: Bank, membership: true}]
conditions:
  - {id: not_self, title: for others, rule: B1, when: '!person.self'}
  - {id: not_maker, title: for people who make nothing, when: '!person.holds("bank.maker")'}
permissions:
  - {id: bank.hire, title: Hire, section: People}
roles:
  - {id: bank.director, title: Director, at_least: 1, granted_by: [bank.director]}
  - {id: bank.manager, title: Manager, granted_by: [bank.director], permissions: [bank.hire if not_self]}
  - {id: bank.maker, title: Maker, granted_by: [bank.director]}
  - {id: bank.checker, title: Checker, rule: B2, granted_by: [bank.manager if not_self]}
  - {id: bank.clerk, title: Clerk, rule: B3, granted_by: [bank.hire]}
  - {id: bank.keeper, title: Keeper, rule: B4, at_least: 1, at_most: 1, transferred_by: [bank.director if not_maker]}
designations:
  - {id: bank.first, title: First, rule: B5, among: [bank.checker], set_by: [bank.manager if not_self]}
`)))

// Whoever has authority but for a condition is told which one.
func TestConditionsOfAuthorityAreTold(t *testing.T) {
	const hall events.ScopeID = "bank:acme"
	opened := given(together(founding(bank, acme), registered(ann), started(ann, hall), granted(ann, "director", hall), granted(ann, "keeper", hall)),
		registered(ben), registered(cat), granted(ben, "manager", hall), granted(ben, "maker", hall), granted(cat, "checker", hall))
	refuse := func(rule, role, says string, subject events.PrincipalID, help string) refused {
		return refused{code: CodeNotPermitted, rule: rule, role: role, scope: hall, subject: subject, says: says, help: help}
	}
	specify(t, []specification{
		{"a grant", opened, when(ben, GrantRole{Subject: ben, Role: "checker", Scope: hall}),
			refuse("B1", "bank.checker", "may grant checker on bank:acme only for others.", ben, "")},
		{"a revocation", opened, when(ben, RevokeRole{Subject: cat, Role: "checker", Scope: hall}), then(revoked(cat, "checker", hall))},
		{"a grant by a permission", opened, when(ben, GrantRole{Subject: ben, Role: "clerk", Scope: hall}),
			refuse("B1", "bank.clerk", "may grant clerk on bank:acme only for others.", ben, "")},
		{"a transfer", opened, when(ann, TransferRole{Subject: ben, Role: "keeper", Scope: hall}),
			refuse("B4", "bank.keeper", "may transfer keeper on bank:acme only for people who make nothing.", ann, "")},
		{"a mark", opened.and(granted(ben, "checker", hall)), when(ben, SetDesignation{Subject: ben, Designation: "first", Scope: hall}),
			refuse("B1", "", "may say who is first on bank:acme only for others.", ben, "")},
		// Of whoever lacks the role, the role is told.
		{"a grant without the role", opened, when(cat, GrantRole{Subject: ann, Role: "checker", Scope: hall}),
			refuse("B2", "bank.checker", "that takes manager on bank:acme.", cat, "tenure who --role manager")},
		{"a transfer without it", opened, when(cat, TransferRole{Subject: cat, Role: "keeper", Scope: hall}),
			refuse("B4", "bank.keeper", "that takes director on bank:acme.", cat, "tenure who --role director")},
		{"a mark without it", opened, when(cat, SetDesignation{Subject: cat, Designation: "first", Scope: hall}),
			refuse("B5", "", "that takes manager on bank:acme.", cat, "tenure who --role manager")},
	})
}

// Where no condition is evaluated, a question does not allocate.
func TestConditionsDoNotAllocate(t *testing.T) {
	state := loftOpened().fold(t)
	for _, c := range []struct {
		who        events.PrincipalID
		permission string
		on         events.ScopeID
	}{
		{ann, "room.enter", closet}, {ben, "room.film", cellar}, {dan, "room.enter", closet}, {dan, "room.paint", cellar},
	} {
		permission, _ := loft.Permission(c.permission)
		question := Question{Who: c.who, Permission: permission, On: c.on}
		if n := testing.AllocsPerRun(100, func() { state.Allowed(question) }); n != 0 {
			t.Errorf("%s, %s: %v allocations", c.who, c.permission, n)
		}
	}
}
