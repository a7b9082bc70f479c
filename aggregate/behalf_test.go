package aggregate

import (
	"testing"

	"tenure/events"
)

// D11: who acts for somebody is named beside whom it is done for.
func TestOnBehalf(t *testing.T) {
	// cat is the head of north, where ben is; dan is in south, eve nowhere.
	with := func(parts ...any) history {
		return bureauFounded(append([]any{staffed(ben, north), staffed(cat, north), granted(cat, "head", north), staffed(dan, south), registered(eve),
			client(bot), granted(bot, "integration", org)}, parts...)...)
	}
	grant := GrantRole{Subject: eve, Role: "visitor", Scope: north}
	refuse := func(code Code, subject events.PrincipalID, says string) refused {
		return refused{code: code, field: "on_behalf_of", subject: subject, says: says}
	}
	lacks := func(actor events.PrincipalID, on events.ScopeID) refused {
		return refused{code: CodeNotPermitted, rule: "B04", field: "on_behalf_of", scope: on, subject: actor, help: "tenure who --role", says: "behalf.act"}
	}
	specify(t, []specification{
		{"for a member of the department", with(), when(cat, grant, onBehalfOf(ben)), then(granted(eve, "visitor", north))},
		{"by a client that may", with(), when(bot, RegisterPerson{Subject: nix}, onBehalfOf(dan)), then(registered(nix))},
		{"not for one of another", with(), when(cat, grant, onBehalfOf(dan)), lacks(cat, south)},
		{"not without the permission", with(), when(ann, RegisterPerson{Subject: nix}, onBehalfOf(ben)), lacks(ann, north)},
		{"what the actor may not do, nobody makes them", with(), when(cat, GrantRole{Subject: ben, Role: "warden", Scope: org}, onBehalfOf(ben)),
			refused{code: CodeNotPermitted, role: "organization.warden", scope: org, subject: cat, help: "tenure who --role", says: "may not grant"}},
		{"not on another scope than theirs", with(together(started(cat, south), granted(cat, "hand", south, events.CauseDefault)), granted(cat, "head", south)), when(cat, GrantRole{Subject: eve, Role: "visitor", Scope: south}, onBehalfOf(ben)),
			refused{code: CodeNotPermitted, rule: "B04", field: "on_behalf_of", scope: south, subject: ben, says: "on department:north, and not on department:south"}},
		{"where they are active, whatever is suspended before", with(together(started(cat, south), granted(cat, "hand", south, events.CauseDefault)), granted(cat, "head", south), together(started(ben, south), granted(ben, "hand", south, events.CauseDefault)), suspended(ben, north)), when(cat, GrantRole{Subject: eve, Role: "visitor", Scope: south}, onBehalfOf(ben)),
			then(granted(eve, "visitor", south))},
		{"not for oneself", with(), when(cat, grant, onBehalfOf(cat)), refuse(CodeInvalid, cat, "on nobody's behalf")},
		{"not for a stranger", with(), when(cat, grant, onBehalfOf(nix)), refused{code: CodeUnknown, field: "on_behalf_of", says: "no person"}},
		{"not for whoever is no member", with(), when(cat, grant, onBehalfOf(eve)), refuse(CodeNotMember, eve, "active member of nothing")},
		{"not for whoever is suspended", with(suspended(ben, org)), when(cat, grant, onBehalfOf(ben)), refuse(CodeNotMember, ben, "active member of nothing")},
		{"not for whoever is suspended there", with(suspended(ben, north)), when(cat, grant, onBehalfOf(ben)), refuse(CodeNotMember, ben, "on department:north is suspended")},
		{"not for a client", with(), when(cat, grant, onBehalfOf(bot)), refuse(CodeInvalid, bot, "no person")},
		{"not for the background user", with(), when(cat, grant, onBehalfOf(events.Background)), refuse(CodeInvalid, events.Background, "no person")},
		{"not by the operator", with(), when(events.Operator, grant, onBehalfOf(ben), because("requested")), refuse(CodeNotPermitted, ben, "on nobody's behalf")},
		{"not by the background user", with(), when(events.Background, FireDeadlines{ben}, onBehalfOf(ben)), refuse(CodeNotPermitted, ben, "on nobody's behalf")},
	})
	// What was decided names both.
	state := with().fold(t)
	commit, err := when(cat, grant, onBehalfOf(ben)).decide(state)
	if err != nil || commit.Actor != cat || commit.OnBehalfOf != ben {
		t.Errorf("the commit is %+v, %v", commit, err)
	}
	// Who had the permission for a time has it no more when that is over, also
	// where the commit is audited.
	state = with(granted(dan, "visitor", north)).fold(t)
	late := following(state, bot, registered(nix))
	late.OnBehalfOf = dan
	if refusals := Audit(state, late); refusals != nil {
		t.Fatalf("refused: %v", refusals)
	}
	state = with().after(t, when(ann, GrantRole{Subject: bot, Role: "integration", Scope: org, Until: start.Add(day)}))
	late.DecidedAt, late.Number, late.Prev, late.ID = start.Add(2*day), state.Number+1, state.Revision, commitID(state.Number+1)
	refusals := Audit(state, late)
	if len(refusals) == 0 || refusals[0].Code != CodeNotPermitted || refusals[0].Field != "on_behalf_of" {
		t.Errorf("after the time of the role: %v", refusals)
	}
}
