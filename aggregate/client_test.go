package aggregate

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tenure/events"
	"tenure/rolemodel"
)

func TestClients(t *testing.T) {
	gone := events.CauseClientDeleted
	issue := func(who events.PrincipalID, key int) IssueCredential {
		return IssueCredential{Subject: who, Credential: keyID(key), Hash: hash(key), Prefix: "tenure_abc"}
	}
	// bot is an integration, cog a reader; ben may manage clients, and grant
	// the role of a reader alone.
	with := func(parts ...any) history {
		return bureauFounded(append([]any{client(bot), client(cog), granted(bot, "integration", org), granted(cog, "reader", org),
			staffed(ben), granted(ben, "registrar", org), staffed(cat, north)}, parts...)...)
	}
	isClient := func(id events.PrincipalID) refused {
		return refused{code: CodeInvalid, subject: id, says: "is an API client and no person"}
	}
	dead := func(id events.PrincipalID) refused {
		return refused{code: CodeInvalid, subject: id, says: "was deleted"}
	}
	specify(t, []specification{
		{"whoever may manages them", bureauFounded(), when(ann, CreateClient{bot, events.Sealed("name")}),
			then(events.ClientCreated{Subject: bot, Name: events.Sealed("name")})},
		{"and nobody else", with(), when(cat, CreateClient{eve, nil}),
			refused{code: CodeNotPermitted, rule: "B02", scope: org, subject: cat, help: "tenure who --role", says: "client.manage"}},
		{"the operator with a reason alone", with(), when(events.Operator, CreateClient{eve, nil}),
			refused{code: CodeBreakGlass, field: "reason", help: "--reason", says: "break-glass"}},
		{"an id is used once", with(), when(ann, CreateClient{bot, nil}), refused{code: CodeExists, subject: bot, says: "known already"}},
		{"by people, too", with(), when(ann, CreateClient{ben, nil}), refused{code: CodeExists, subject: ben, says: "known already"}},
		{"and by clients that are gone", with(revoked(cog, "reader", org), clientDeleted(cog)), when(ann, CreateClient{cog, nil}),
			refused{code: CodeExists, subject: cog, says: "known already"}},
		{"a person does not come by it", with(), when(ann, RegisterPerson{Subject: bot}), refused{code: CodeExists, subject: bot, says: "known already"}},

		{"what it is granted", with(), when(ann, GrantRole{Subject: cog, Role: "integration", Scope: org}), then(granted(cog, "integration", org))},
		{"for a time", with(), when(ann, GrantRole{Subject: cog, Role: "integration", Scope: org, Until: start.Add(30 * day)}),
			then(until(start.Add(30*day), granted(cog, "integration", org)))},
		{"not by those who may manage it alone", with(), when(ben, GrantRole{Subject: cog, Role: "integration", Scope: org}),
			refused{code: CodeNotPermitted, rule: "B06", role: "organization.integration", scope: org, subject: ben, help: "tenure who --role owner", says: "may not grant integration"}},
		{"no role of people", with(), when(ann, GrantRole{Subject: bot, Role: "owner", Scope: org}),
			refused{code: CodeInvalid, rule: "B05", role: "organization.owner", scope: org, subject: bot, says: "roles for API clients alone"}},
		{"nor people a role of clients", with(), when(ann, GrantRole{Subject: ben, Role: "integration", Scope: org}),
			refused{code: CodeInvalid, rule: "B06", role: "organization.integration", scope: org, subject: ben, says: "for API clients alone"}},
		{"what it does, it does itself", with(), when(bot, RegisterPerson{Subject: dan}), then(registered(dan))},
		{"and no more than it may", with(), when(cog, RegisterPerson{Subject: dan}),
			refused{code: CodeNotPermitted, rule: "B01", scope: org, subject: cog, help: "tenure who --role", says: "person.register"}},
		{"it founds nothing", given(), when(bot, Found{Model: bureau, Owner: &RegisterPerson{Subject: ann}}),
			refused{code: CodeNotPermitted, says: "Only the operator founds"}},

		{"a key by whoever may give all that it gives", with(), when(ann, issue(bot, 1)), then(issued(bot, 1))},
		{"a key is no way into more", with(), when(ben, issue(bot, 1)),
			refused{code: CodeNotPermitted, rule: "B06", role: "organization.integration", scope: org, subject: ben, help: "tenure who --role owner", says: "may not grant integration"}},
		{"nor into a role among others", with(granted(cog, "integration", org)), when(ben, issue(cog, 1)),
			refused{code: CodeNotPermitted, rule: "B06", role: "organization.integration", scope: org, subject: ben, help: "tenure who --role owner", says: "may not grant integration"}},
		{"what one may grant, one may give the key of", with(), when(ben, issue(cog, 1)), then(issued(cog, 1))},
		{"a client with nothing", with(client(eve)), when(ben, issue(eve, 1)), then(issued(eve, 1))},
		{"nobody else", with(), when(cat, issue(cog, 1)),
			refused{code: CodeNotPermitted, rule: "B02", scope: org, subject: cat, help: "tenure who --role", says: "client.manage"}},
		{"no membership of its own", with(), when(ann, SuspendMembership{Subject: bot, Scope: org}),
			refused{code: CodeInvalid, subject: bot, says: "is an API client and no person"}},
		{"not the client itself", with(issued(bot, 1)), when(bot, issue(bot, 2)),
			refused{code: CodeNotPermitted, rule: "B02", scope: org, subject: bot, says: "client.manage) on organization:acme: no role of the role model gives that to API clients."}},
		{"not the operator's to begin with", with(), when(events.Operator, issue(bot, 1)),
			refused{code: CodeBreakGlass, field: "reason", help: "--reason", says: "break-glass"}},
		{"with a reason it is", with(), when(events.Operator, issue(bot, 1), because("recovery")), then(issued(bot, 1)).underBreakGlass()},
		{"those who manage it revoke its keys", with(issued(bot, 1)), when(ben, RevokeCredential{keyID(1)}), then(ended(bot, 1))},
		{"those who revoke keys, too", with(issued(bot, 1), staffed(dan), granted(dan, "warden", org)), when(dan, RevokeCredential{keyID(1)}), then(ended(bot, 1))},
		{"but not those of people", with(issued(cat, 1)), when(ben, RevokeCredential{keyID(1)}),
			refused{code: CodeNotPermitted, rule: "B03", scope: org, subject: ben, help: "tenure who --role", says: "credential.revoke"}},
		{"nobody else", with(issued(bot, 1)), when(cat, RevokeCredential{keyID(1)}),
			refused{code: CodeNotPermitted, rule: "B03", scope: org, subject: cat, help: "tenure who --role", says: "credential.revoke"}},

		{"its end ends all it has", with(issued(bot, 1), issued(bot, 2), granted(bot, "reader", org)), when(ann, DeleteClient{bot}),
			then(revoked(bot, "integration", org, gone), revoked(bot, "reader", org, gone), ended(bot, 1, gone), ended(bot, 2, gone), clientDeleted(bot))},
		{"by those who manage it, whatever it holds", with(issued(bot, 1)), when(ben, DeleteClient{bot}),
			then(revoked(bot, "integration", org, gone), ended(bot, 1, gone), clientDeleted(bot))},
		{"and nobody else's", with(), when(cat, DeleteClient{cog}),
			refused{code: CodeNotPermitted, rule: "B02", scope: org, subject: cat, help: "tenure who --role", says: "client.manage"}},
		{"once", with(revoked(cog, "reader", org), clientDeleted(cog)), when(ann, DeleteClient{cog}), then()},
		{"not of a person", with(), when(ann, DeleteClient{ben}), refused{code: CodeUnknown, help: "tenure client list", says: "no API client"}},
		{"not of nobody", with(), when(ann, DeleteClient{nix}), refused{code: CodeUnknown, help: "tenure client list", says: "no API client"}},
		{"afterwards it does nothing", with(revoked(cog, "reader", org), clientDeleted(cog)), when(cog, RegisterPerson{Subject: dan}),
			refused{code: CodeNotPermitted, subject: cog, says: "was deleted"}},
		{"it is granted nothing", with(revoked(cog, "reader", org), clientDeleted(cog)), when(ann, GrantRole{Subject: cog, Role: "reader", Scope: org}), dead(cog)},
		{"and has no keys", with(revoked(cog, "reader", org), clientDeleted(cog)), when(ann, issue(cog, 1)), dead(cog)},

		{"it is no member", with(), when(ann, StartMembership{Subject: bot, Scope: org}), isClient(bot)},
		{"nor from the start", with(), when(ann, CreateScope{Scope: "department:new", Parent: org, Members: []events.PrincipalID{bot}}), isClient(bot)},
		{"nobody invites it", with(), when(ann, SendInvitation{Invitation: inviteID(1), Subject: bot, Scope: org, Expires: start.Add(day), TokenHash: hash(1)}), isClient(bot)},
		{"it has no details", with(), when(ann, UpdatePerson{Subject: bot, FullName: events.Sealed("name")}), isClient(bot)},
		{"it has no manager", with(), when(ann, AssignManager{bot, ann}), isClient(bot)},
		{"and is none", with(), when(ann, AssignManager{cat, bot}), refused{code: CodeInvalid, field: "manager", scope: org, subject: bot, says: "managers are people"}},
		{"it is not anonymized", with(), when(ann, Anonymize{bot}), isClient(bot)},
		{"no hold is placed on it", with(), when(ann, PlaceHold{Hold: holdID(1), Subject: bot, Ground: events.Sealed("ground")}), isClient(bot)},
		{"no reminder set", with(), when(ann, SetReminder{Reminder: reminderID(1), Subject: bot, Due: start.Add(day)}), isClient(bot)},
		{"nobody acts on its behalf", with(), when(ann, RegisterPerson{Subject: dan}, onBehalfOf(bot)),
			refused{code: CodeInvalid, field: "on_behalf_of", subject: bot, says: "no person"}},
	})
	forged(t, []forgery{
		{"an end that leaves a role", with(), ann, together(clientDeleted(bot)), 0, refused{code: CodeUnfounded, subject: bot, says: "some would be left"}},
		{"an end that leaves a key", with(issued(bot, 1)), ann, together(revoked(bot, "integration", org, gone), clientDeleted(bot)), 1,
			refused{code: CodeUnfounded, subject: bot, says: "some would be left"}},
		{"an end that does not come", with(), ben, together(revoked(bot, "integration", org, gone)), 0, refused{code: CodeUnfounded, says: "client_deleted"}},
		{"an end of another one", with(), ben, together(revoked(bot, "integration", org, gone), revoked(cog, "reader", org, gone), clientDeleted(cog)), 0,
			refused{code: CodeUnfounded, says: "client_deleted"}},
		{"the end of a person's role", with(granted(cat, "visitor", south)), ben, together(revoked(cat, "visitor", south, gone)), 0, refused{code: CodeUnfounded, says: "client_deleted"}},
		{"a role for the end", with(), ben, together(granted(cog, "integration", org, gone), revoked(cog, "integration", org, gone), revoked(cog, "reader", org, gone), clientDeleted(cog)), 0,
			refused{code: CodeUnfounded, says: "client_deleted"}},
		{"a key before the role that its issuer may not grant", with(), ben, together(revoked(bot, "integration", org), issued(bot, 1)), 0,
			refused{code: CodeNotPermitted, rule: "B06", role: "organization.integration", scope: org, subject: ben, help: "tenure who --role owner", says: "may not revoke"}},
		{"a person deleted", with(), ann, together(clientDeleted(cat)), 0, refused{code: CodeUnknown, help: "tenure client list", says: "no API client"}},
		{"deleted twice", with(), ann, together(revoked(cog, "reader", org, gone), clientDeleted(cog), clientDeleted(cog)), 2, dead(cog)},
		{"nobody's end", with(), ann, together(clientDeleted(nix)), 0, refused{code: CodeUnknown, says: "no person"}},
		{"without an id", with(), ann, together(client("")), 0, refused{code: CodeInvalid, says: "ULID"}},
		{"a built-in one", with(), ann, together(client(events.Background)), 0, refused{code: CodeInvalid, says: "ULID"}},
		{"a membership by the creation of a scope", with(), ann, together(created("department:new", org), started(bot, "department:new", events.CauseCreated)), 1, isClient(bot)},
		{"somebody's manager", with(), ann, together(managed(cat, bot)), 0, refused{code: CodeInvalid, field: "manager", scope: org, subject: bot, says: "managers are people"}},
	})
}

// Clients are nobody to be counted, asked or written to as people.
func TestClientsAreNoPeople(t *testing.T) {
	state := bureauFounded(client(bot), client(cog), granted(bot, "integration", org), staffed(ben)).fold(t)
	ids := func(list []*Person) (ids []events.PrincipalID) {
		for _, p := range list {
			ids = append(ids, p.ID)
		}
		return ids
	}
	if diff := cmp.Diff([]events.PrincipalID{ann, ben}, ids(state.Persons())); diff != "" {
		t.Errorf("people (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]events.PrincipalID{bot, cog}, ids(state.Clients())); diff != "" {
		t.Errorf("clients (-want +got):\n%s", diff)
	}
	root, _ := state.Scope(org)
	integration, _ := state.Role("organization", "integration")
	if found := state.activeOf(root, []*rolemodel.Role{integration}, ""); len(found) > 0 {
		t.Errorf("%v are asked", found)
	}
	if slices.Contains(root.Members(), bot) {
		t.Error("a client is a member")
	}
	if _, known := state.Person(bot); !known || state.MayAct(cog, "person.register", org) || !state.MayAct(bot, "person.register", org) {
		t.Error("a client has not what its role gives, and that alone")
	}
}

// Whom to ask is a person who can help now: not a client, and nobody whose role does
// not count.
func TestWhomToAsk(t *testing.T) {
	asks := func(role string) refused {
		return refused{code: CodeNotPermitted, rule: "B01", scope: org, subject: eve, help: "tenure who --role " + role + " --org acme", says: "membership.suspend"}
	}
	suspend := when(eve, SuspendMembership{Subject: ben, Scope: org})
	opened := bureauFounded(staffed(ben), registered(eve), client(bot), granted(bot, "integration", org))
	specify(t, []specification{{"not a client", opened, suspend, asks("owner")}})

	registers := must(rolemodel.Parse("bureau.yaml", []byte(strings.Replace(string(bureau.Canonical()),
		`"id":"organization.registrar","title":"Registrar","granted_by":["organization.owner"],"permissions":["organization.clients"]`,
		`"id":"organization.registrar","title":"Registrar","granted_by":["organization.owner"],"permissions":["organization.clients","organization.people"]`, 1))))
	founded := append(founding(registers, acme), registered(ann), started(ann, org), granted(ann, "owner", org))
	opened = given(founded, staffed(ben), registered(eve))
	specify(t, []specification{
		{"not a role that nobody holds", opened, suspend, asks("owner")},
		{"the last one that somebody holds", opened.and(staffed(cat), granted(cat, "registrar", org)), suspend, asks("registrar")},
		{"not somebody who is suspended", opened.and(staffed(cat), granted(cat, "registrar", org), suspended(cat, org)), suspend, asks("owner")},
	})
}
