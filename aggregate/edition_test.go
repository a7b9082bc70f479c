package aggregate

import (
	"testing"

	"tenure/events"
)

func edition(id events.EditionID) events.Event { return events.EditionSet{Edition: id} }

func TestEditions(t *testing.T) {
	bells := events.FeatureEnabled{Feature: "bells"}
	viewers := manorOf(edition("full"), together(granted(ben, "viewer", manorHall), revoked(ben, "fellow", manorHall, events.CauseReplaced)))
	specify(t, []specification{
		{"put in force", manorOf(), when(ann, SetEdition{"full"}), then(edition("full"))},
		{"the first is in force already", manorOf(), when(ann, SetEdition{"basics"}), then()},
		{"the same again", manorOf(edition("full")), when(ann, SetEdition{"full"}), then()},
		{"back, while nobody holds what it lacks", manorOf(edition("full")), when(ann, SetEdition{"basics"}), then(edition("basics"))},
		{"not by a fellow", manorOf(), when(ben, SetEdition{"full"}),
			refused{code: CodeNotPermitted, rule: "K02", scope: manorHall, subject: ben, help: "tenure who --role master", says: "edition.set"}},
		{"an unknown one", manorOf(), when(ann, SetEdition{"moon"}),
			refused{code: CodeUnknown, field: "edition", help: "tenure edition list", says: "there is basics, full or grand"}},
		{"none", manorOf(), when(ann, SetEdition{}), refused{code: CodeUnknown, field: "edition", help: "tenure edition list", says: `no edition ""`}},
		{"of a model without any", house(), when(ann, SetEdition{"full"}),
			refused{code: CodeUnknown, field: "edition", help: "tenure models show fabasoft", says: "has no editions"}},
		{"the operator, under break-glass", manorOf(), when(events.Operator, SetEdition{"full"}, because("requested")), then(edition("full")).underBreakGlass()},

		{"C01: a role that the edition lacks", manorOf(), when(ann, GrantRole{Subject: ben, Role: "viewer", Scope: manorHall}),
			refused{code: CodeFeatureOff, rule: "K01", role: "guild.viewer", scope: manorHall, subject: ben, help: "tenure edition set full --org acme",
				says: "viewer on guild:acme exists in the edition Full or Grand alone, and acme has Basics."}},
		{"C01: in one that has it", manorOf(edition("grand")), when(ann, GrantRole{Subject: ben, Role: "viewer", Scope: manorHall}),
			then(granted(ben, "viewer", manorHall), revoked(ben, "fellow", manorHall, events.CauseReplaced))},
		{"C01: by the operator neither", manorOf(), when(events.Operator, GrantRole{Subject: ben, Role: "viewer", Scope: manorHall}, because("requested")),
			refused{code: CodeFeatureOff, rule: "K01", role: "guild.viewer", scope: manorHall, subject: ben, help: "tenure edition set", says: "acme has Basics"}},
		{"C01: an invitation to it is accepted later", manorOf(edition("full"), registered(eve),
			events.InvitationSent{Invitation: inviteID(1), Subject: eve, Scope: paper1, Role: "viewer", Expires: later, TokenHash: hash(1)}, edition("basics")),
			when(eve, AcceptInvitation{Invitation: inviteID(1)}),
			refused{code: CodeFeatureOff, rule: "K07", role: "paper.viewer", scope: paper1, subject: eve, help: "tenure edition set", says: "acme has Basics"}},

		{"C28: while somebody holds it", viewers, when(ann, SetEdition{"basics"}),
			refused{code: CodeStillHolding, rule: "K28", role: "guild.viewer", scope: manorHall, field: "edition", help: "tenure who --role viewer --org acme",
				says: "The edition Basics does not have the role guild.viewer, which 1 person holds:"}},
		{"C28: by the operator neither", viewers, when(events.Operator, SetEdition{"basics"}, because("requested")),
			refused{code: CodeStillHolding, rule: "K28", role: "guild.viewer", scope: manorHall, field: "edition", help: "tenure who", says: "1 person holds"}},
		{"C28: suspended, too", viewers.and(together(suspended(ben, manorHall))), when(ann, SetEdition{"basics"}),
			refused{code: CodeStillHolding, rule: "K28", role: "guild.viewer", scope: manorHall, field: "edition", help: "tenure who", says: "1 person holds"}},
		{"C28: to one that has it", viewers, when(ann, SetEdition{"grand"}), then(edition("grand"))},
		{"C28: once nobody does", viewers.and(together(revoked(ben, "viewer", manorHall), granted(ben, "fellow", manorHall, events.CauseDefault))), when(ann, SetEdition{"basics"}), then(edition("basics"))},
		{"C28: two roles, on several scopes", viewers.and(together(granted(ben, "viewer", paper1), granted(ben, "viewer", paper2)), together(registered(cat), granted(cat, "viewer", paper2))),
			when(ann, SetEdition{"basics"}), refused{code: CodeStillHolding, rule: "K28", role: "guild.viewer", scope: manorHall, field: "edition", help: "tenure who",
				says: "the role guild.viewer, which 1 person holds, nor paper.viewer, which 2 people hold: first revoke"}},
		{"C28: a scope below", manorOf(edition("full"), granted(ben, "viewer", paper2)), when(ann, SetEdition{"basics"}),
			refused{code: CodeStillHolding, rule: "K28", role: "paper.viewer", scope: paper2, field: "edition", help: "tenure who --role viewer --on paper:two --org acme", says: "paper.viewer, which 1 person holds"}},
		{"a permission that the edition lacks is held by nobody", manorOf(edition("grand")), when(ann, SetEdition{"full"}), then(edition("full"))},

		{"a feature of an edition is not turned on by hand", manorOf(), when(ann, SwitchFeature{Feature: "viewers", On: true}),
			refused{code: CodeInvalid, help: "tenure edition set full", says: "exists in the edition Full or Grand alone"}},
		{"nor off", manorOf(edition("full")), when(ann, SwitchFeature{Feature: "viewers"}),
			refused{code: CodeInvalid, help: "tenure edition list", says: "comes with the edition"}},
		{"one that is there already", manorOf(edition("full")), when(ann, SwitchFeature{Feature: "viewers", On: true}), then()},
		{"a feature of none is", manorOf(), when(ann, SwitchFeature{Feature: "bells", On: true}), then(bells)},
	})
	forged(t, []forgery{
		{"the same again", manorOf(), ann, together(edition("basics")), 0, refused{code: CodeExists, field: "edition", says: "Basics is in force already"}},
		{"put in force by a fellow", manorOf(), ben, together(edition("full")), 0,
			refused{code: CodeNotPermitted, rule: "K02", scope: manorHall, subject: ben, help: "tenure who --role master", says: "edition.set"}},
		{"none", manorOf(), ann, together(edition("")), 0, refused{code: CodeUnknown, field: "edition", help: "tenure edition list", says: "no edition"}},
		{"granted on the way", manorOf(edition("full")), ann, together(granted(ben, "viewer", paper1), edition("basics")), 1,
			refused{code: CodeStillHolding, rule: "K28", role: "paper.viewer", scope: paper1, field: "edition", help: "tenure who", says: "1 person holds"}},
		{"granted afterwards", manorOf(edition("full")), ann, together(edition("basics"), granted(ben, "viewer", paper1)), 1,
			refused{code: CodeFeatureOff, rule: "K07", role: "paper.viewer", scope: paper1, subject: ben, help: "tenure edition set", says: "acme has Basics"}},
		{"the operator without a reason", manorOf(), events.Operator, together(edition("full")), 0, refused{code: CodeBreakGlass, field: "reason", help: "--reason", says: "break-glass"}},
		{"the importer", manorOf(), events.Importer, together(edition("full")), 0, refused{code: CodeNotPermitted, says: "by its cause"}},
		{"the background user", manorOf(), background, together(edition("full")), 0, refused{code: CodeNotPermitted, says: "what falls due"}},
		{"before there is a model", history{}, events.Operator, together(edition("full")), 0, refused{code: CodeInvalid, says: "no role model"}},
		{"before the model", history{}, events.Operator, together(events.OrganizationFounded{Scope: manorHall}, edition("full")), 1, refused{code: CodeInvalid, says: "no role model"}},
	})
}

func TestFoundWithEdition(t *testing.T) {
	found := Found{Model: manor, Owner: &RegisterPerson{Subject: ann}}
	with := func(id events.EditionID) Found {
		c := found
		c.Edition = id
		return c
	}
	adopted := founding(manor, acme)
	comes := together(registered(ann), started(ann, manorHall), granted(ann, "master", manorHall))
	specify(t, []specification{
		{"another one than the first", history{}, when(events.Operator, with("full")), then(together(adopted, edition("full"), comes)...)},
		{"the first", history{}, when(events.Operator, with("basics")), then(together(adopted, comes)...)},
		{"none said", history{}, when(events.Operator, found), then(together(adopted, comes)...)},
		{"one that there is not", history{}, when(events.Operator, with("moon")),
			refused{code: CodeUnknown, field: "edition", help: "tenure edition list", says: "there is basics, full or grand"}},
		{"of a model without any", history{}, when(events.Operator, Found{Model: github, Owner: &RegisterPerson{Subject: ann}, Edition: "full"}),
			refused{code: CodeUnknown, field: "edition", help: "tenure models show github", says: "has no editions"}},
	})
	for id, want := range map[events.EditionID]string{"": "basics", "grand": "grand"} {
		state := history{}.fold(t)
		commit, err := when(events.Operator, with(id)).decide(state)
		if err != nil {
			t.Fatal(err)
		}
		state = stored(t, state, commit)
		fair, _ := state.Model.Permission("guild.fair")
		if got := state.Edition(); got == nil || got.ID != want || state.Allowed(Question{Who: ann, Permission: fair, On: manorHall}) != (want == "grand") {
			t.Errorf("founded with %q, %+v is in force", id, got)
		}
	}
}
