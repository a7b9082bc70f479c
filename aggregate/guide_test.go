package aggregate

import (
	"os"
	"strings"
	"testing"

	"tenure/events"
	"tenure/rolemodel"
)

// guideExample is the model at the end of the page for people who write one.
func guideExample(t *testing.T) *rolemodel.Model {
	t.Helper()
	const file = "../docs/models.md"
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, source, found := strings.Cut(string(page), "```yaml\nmodel: choirs\n")
	source, _, closed := strings.Cut(source, "```\n")
	if !found || !closed {
		t.Fatal("the page has no example")
	}
	return must(rolemodel.Parse(file, []byte("model: choirs\n"+source)))
}

// In the association of the guide people do what they are meant to: they are made
// members, found choirs, bring guests, open rooms by their crew, and have offices.
func TestExampleOfTheGuide(t *testing.T) {
	const (
		association events.ScopeID = "association:acme"
		bass        events.ScopeID = "choir:bass"
		hall        events.ScopeID = "room:hall"
		keys        events.ScopeID = "crew:keys"
	)
	model := guideExample(t)
	var state State
	do := func(actor events.PrincipalID, command Command) {
		t.Helper()
		commit, err := when(actor, command).decide(state)
		if err != nil {
			t.Fatalf("%+v: %v", command, err)
		}
		state = stored(t, state, commit)
	}
	no := func(actor events.PrincipalID, command Command, code Code, says string) {
		t.Helper()
		_, err := when(actor, command).decide(state)
		if refusals, are := err.(Refusals); !are || refusals[0].Code != code || !strings.Contains(refusals[0].Message, says) {
			t.Errorf("%+v: %v, want %s with %q", command, err, code, says)
		}
	}
	can := func(who events.PrincipalID, id string, on events.ScopeID, want bool) {
		t.Helper()
		permission, _ := model.Permission(id)
		if state.Allowed(Question{Who: who, Permission: permission, On: on}) != want {
			t.Errorf("%s has %s on %s: %t", who, id, on, !want)
		}
	}
	grant := func(who events.PrincipalID, role events.RoleID, on events.ScopeID) Command {
		return GrantRole{Subject: who, Role: role, Scope: on}
	}

	// Ann founds it. Ben is on the board, and lets cat found a choir.
	do(events.Operator, Found{Model: model, Owner: &RegisterPerson{Subject: ann}})
	for _, who := range []events.PrincipalID{ben, cat, dan} {
		do(ann, RegisterPerson{Subject: who})
		do(ann, StartMembership{Subject: who, Scope: association})
	}
	do(ann, grant(ben, "board", association))
	no(cat, CreateScope{Scope: bass, Parent: association}, CodeNotPermitted, "scope.create:choir")
	do(ben, grant(cat, "founder", association))
	do(cat, CreateScope{Scope: bass, Parent: association})
	do(cat, StartMembership{Subject: dan, Scope: bass})
	no(ben, SuspendMembership{Subject: ann, Scope: association}, CodeNotPermitted, "only for people other than the chair")
	do(ben, SuspendMembership{Subject: dan, Scope: association})
	do(ben, ResumeMembership{Subject: dan, Scope: association})

	// Eve is a guest in the choir, and so in the association: with the role she
	// sees the music where it is shared.
	no(cat, RegisterPerson{Subject: eve}, CodeNotPermitted, "person.register")
	no(cat, AddMember{Register: RegisterPerson{Subject: eve}, Scope: bass}, CodeNotPermitted, "only for singers of the association")
	do(cat, AddMember{Register: RegisterPerson{Subject: eve}, Scope: bass, Kind: "guest"})
	can(eve, "choir.sheets.read", bass, true)
	no(dan, grant(eve, "guest", bass), CodeNotPermitted, "that takes conductor on choir:bass")
	no(cat, grant(dan, "guest", bass), CodeNotMember, "Only a Guest can be guest on choir:bass")
	do(cat, grant(eve, "guest", bass))
	can(eve, "choir.sheets.read", bass, false)
	no(eve, RevokeRole{Subject: eve, Role: "guest", Scope: bass}, CodeNotPermitted, "To lay it down would leave "+string(eve)+" with more.")
	no(ben, grant(eve, "founder", association), CodeNotPermitted, "founder on association:acme")
	do(cat, SetAttributes{Scope: bass, Attributes: map[events.AttributeID]string{"sheets": "shared"}})
	can(eve, "choir.sheets.read", bass, true)
	do(cat, RevokeRole{Subject: eve, Role: "guest", Scope: bass})
	can(eve, "choir.sheets.read", bass, true)

	// Who is in a crew opens its rooms.
	do(ann, CreateScope{Scope: hall, Parent: association})
	do(ann, CreateScope{Scope: keys, Parent: association})
	do(ben, PermitGroup{Scope: keys, Permissions: []events.PermissionID{"room.open"}})
	can(dan, "room.open", hall, false)
	do(ben, StartMembership{Subject: dan, Scope: keys})
	can(dan, "room.open", hall, true)

	// Concerts are recorded in the edition for it. Offices and programs are the
	// chair's to make.
	can(cat, "choir.concerts.record", bass, false)
	do(ann, SetEdition{Edition: "stage"})
	can(cat, "choir.concerts.record", bass, true)
	no(ben, DefineRole{Role: "librarian", Template: "association.office"}, CodeNotPermitted, "role.define")
	do(ann, DefineRole{Role: "librarian", Template: "association.office"})
	do(ann, grant(dan, "librarian", association))
	do(ann, CreateClient{Subject: bot})
	do(ann, grant(bot, "auditor", association))
	can(bot, "association.books.read", association, true)

	do(ann, TransferRole{Subject: ben, Role: "chair", Scope: association})
	no(ann, grant(cat, "board", association), CodeNotPermitted, "that takes chair on association:acme")
}
