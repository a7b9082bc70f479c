package aggregate

import (
	"testing"

	"tenure/events"
	"tenure/rolemodel"
)

// A member becomes one of another kind by the authority to end the one membership
// and to start the other, as long as what they hold goes with it.
func TestChangeMemberKind(t *testing.T) {
	change := func(who events.PrincipalID, on events.ScopeID, kind events.MemberKindID) ChangeMemberKind {
		return ChangeMemberKind{Subject: who, Scope: on, Kind: kind}
	}
	changed := func(who events.PrincipalID, on events.ScopeID, kind events.MemberKindID) events.Event {
		return events.MembershipKindChanged{Subject: who, Scope: on, MemberKind: kind}
	}
	eveIsGuest := together(registered(eve), startedAs("guest", eve, manorHall), granted(eve, "fellow", manorHall, events.CauseDefault))
	guest := manorOf(eveIsGuest)
	head := manorOf(started(ben, oak), granted(ben, "head", oak))
	lacks := func(who events.PrincipalID, rule string, on events.ScopeID, act string) refused {
		return refused{code: CodeNotPermitted, rule: rule, scope: on, subject: who, help: "tenure who", says: act}
	}
	isGuest := func(on events.ScopeID, rule, role string, held events.ScopeID) refused {
		return refused{code: CodeNotMember, rule: rule, role: role, scope: held, subject: ben, says: "on " + string(on) + " " + string(ben) + " is a Guest"}
	}
	specify(t, []specification{
		{"a guest becomes a user", guest, when(ann, change(eve, manorHall, "user")), then(changed(eve, manorHall, "user"))},
		{"or the usual kind", guest, when(ann, change(eve, manorHall, "")), then(changed(eve, manorHall, ""))},
		{"and back", guest.and(changed(eve, manorHall, "user")), when(ann, change(eve, manorHall, "guest")), then(changed(eve, manorHall, "guest"))},
		{"with roles that anybody has", guest.and(granted(eve, "steward", manorHall)), when(ann, change(eve, manorHall, "user")), then(changed(eve, manorHall, "user"))},
		{"while suspended", guest.and(suspended(eve, manorHall)), when(ann, change(eve, manorHall, "user")), then(changed(eve, manorHall, "user"))},
		{"of a house, by its head", head.and(eveIsGuest, startedAs("guest", eve, oak)), when(ben, change(eve, oak, "user")), then(changed(eve, oak, "user"))},
		{"what they are already", guest, when(ann, change(eve, manorHall, "guest")), then()},
		{"the usual kind by no name", manorOf(), when(ann, change(ben, manorHall, "")), then()},
		{"the usual kind by its name", manorOf(), when(ann, change(ben, manorHall, "user")), then()},
		{"a kind that there is not", guest, when(ann, change(eve, manorHall, "ghost")), refused{code: CodeUnknown, field: "member_kind", scope: manorHall, says: "there is user or guest"}},
		{"where all are alike", manorOf(started(ben, circle)), when(ann, change(ben, circle, "guest")), refused{code: CodeUnknown, field: "member_kind", scope: circle, says: "there is none"}},
		{"of somebody who is no member", manorOf(registered(eve)), when(ann, change(eve, manorHall, "guest")),
			refused{code: CodeNotMember, scope: manorHall, subject: eve, help: "tenure member start", says: "is not a member"}},
		{"in the archive", manorOf(started(ben, oak), events.ScopeArchived{Scope: oak}), when(ann, change(ben, oak, "guest")), refused{code: CodeArchived, scope: oak, help: "tenure scope restore", says: "in the archive"}},

		{"M11: not of an administrator", manorOf(), when(ann, change(ann, manorHall, "guest")),
			refused{code: CodeNotMember, role: "guild.master", scope: manorHall, subject: ann, says: "Only a User can be master on guild:acme, and on guild:acme " + string(ann) + " is a Guest."}},
		{"M11: nor of the head of a house", head, when(ann, change(ben, oak, "guest")), isGuest(oak, "K11", "house.head", oak)},
		{"M11: nor above the house", head, when(ann, change(ben, manorHall, "guest")), isGuest(manorHall, "K11", "house.head", oak)},
		{"M11: nor in between", manorOf(startedAs("user", ben, chess), started(ben, circle), granted(ben, "elder", circle)), when(ann, change(ben, chess, "guest")), isGuest(chess, "K12", "circle.elder", circle)},
		{"M11: but elsewhere", head.and(started(ben, elm)), when(ann, change(ben, elm, "guest")), then(changed(ben, elm, "guest"))},

		{"not by themselves", guest, when(eve, change(eve, manorHall, "user")), lacks(eve, "K22", manorHall, "membership.terminate")},
		{"nor by who brings people in", guest, when(ben, change(eve, manorHall, "user")), lacks(ben, "K22", manorHall, "membership.terminate")},
		{"nor by who may do neither", guest.and(registered(dan)), when(dan, change(eve, manorHall, "user")), lacks(dan, "K22", manorHall, "membership.start")},
		{"nor by a head in another house", head.and(eveIsGuest, startedAs("guest", eve, elm)), when(ben, change(eve, elm, "user")), lacks(ben, "K05", elm, "membership.start")},
	})
	forged(t, []forgery{
		{"what they are already", guest, ann, together(changed(eve, manorHall, "guest")), 0, refused{code: CodeExists, scope: manorHall, subject: eve, says: "such a member"}},
		{"the usual one in other words", manorOf(), ann, together(changed(ben, manorHall, "user")), 0, refused{code: CodeExists, scope: manorHall, subject: ben, says: "such a member"}},
		{"none where there are none", manorOf(started(ben, circle)), ann, together(changed(ben, circle, "")), 0, refused{code: CodeExists, scope: circle, subject: ben, says: "such a member"}},
		{"of nobody", manorOf(registered(eve)), ann, together(changed(eve, manorHall, "guest")), 0, refused{code: CodeNotMember, scope: manorHall, subject: eve, says: "is not a member"}},
		{"with a role that needs the other one", manorOf(fellow(dan)), ann, together(granted(dan, "master", manorHall), revoked(dan, "fellow", manorHall, events.CauseReplaced), changed(dan, manorHall, "guest")), 0,
			refused{code: CodeNotMember, role: "guild.master", scope: manorHall, subject: dan, says: "is a Guest"}},
		{"by the way of an adoption", guest, ann, together(changed(eve, manorHall, "user"), adopts(loft)), 0, refused{code: CodeUnfounded, says: "membership.kind_changed does not"}},
		{"by an import", guest, events.Importer, together(changed(eve, manorHall, "user")), 0, refused{code: CodeNotPermitted, says: "imported"}},
		{"by the background user", guest, background, together(changed(eve, manorHall, "user")), 0, refused{code: CodeNotPermitted, says: "what falls due"}},
	})
	// It is a change of the membership, which goes on (X03).
	state := guest.after(t, when(ann, change(eve, manorHall, "user")))
	person, _ := state.Person(eve)
	m, _ := person.Membership(manorHall)
	if m.MemberKind != "user" || m.Changed.Revision != state.Revision || m.Changed.Actor != ann || m.Since.Revision == state.Revision || !m.Active {
		t.Errorf("%+v", m)
	}
}

// Where each kind has an authority of its own, both are told: that a member is one
// of another kind, and who may not say so.
func TestStartAsAnotherKind(t *testing.T) {
	model := must(rolemodel.Parse("berth.yaml", []byte(`
model: berth
title: Berth
about: Members of two kinds, and an authority for each.
root: harbor
highest: harbor.master
scopes:
  - {kind: harbor, title: Harbor, membership: true, member_kinds: [{id: single, title: Single}, {id: multi, title: Multiple}]}
permissions:
  - {id: harbor.single, title: Admit singles, section: People, allows: [person.register, "membership.start:single"]}
  - {id: harbor.multi, title: Admit others, section: People, rule: B1, allows: ["membership.start:multi"]}
  - {id: harbor.end, title: Send away, section: People, rule: B2, allows: [membership.terminate]}
roles:
  - {id: harbor.master, title: Master, at_least: 1, granted_by: [harbor.master], permissions: [harbor.single, harbor.multi, harbor.end]}
  - {id: harbor.pilot, title: Pilot, granted_by: [harbor.master], permissions: [harbor.single]}
  - {id: harbor.mate, title: Mate, granted_by: [harbor.master], permissions: [harbor.multi]}
`)))
	const harbor events.ScopeID = "harbor:acme"
	opened := given(together(founding(model, acme), registered(ann), started(ann, harbor), granted(ann, "master", harbor)),
		registered(ben), granted(ben, "pilot", harbor), registered(dan), granted(dan, "mate", harbor), together(registered(cat), started(cat, harbor)))
	as := StartMembership{Subject: cat, Scope: harbor, Kind: "multi"}
	is := func(who events.PrincipalID) refused {
		return refused{code: CodeExists, field: "member_kind", scope: harbor, subject: cat, help: "tenure member change " + string(cat) + " --as multi", says: "already, as single"}
	}
	specify(t, []specification{
		{"by who may start both", opened, when(ann, as), is(ann)},
		{"by who may start that one", opened, when(dan, as), is(dan)},
		{"by who may start the other", opened, when(ben, as), refused{code: CodeNotPermitted, rule: "B1", scope: harbor, subject: ben, help: "tenure who", says: "membership.start:multi"}},
		{"a change", opened, when(ann, ChangeMemberKind{Subject: cat, Scope: harbor, Kind: "multi"}), then(events.MembershipKindChanged{Subject: cat, Scope: harbor, MemberKind: "multi"})},
		{"a change by who may not end it", opened, when(dan, ChangeMemberKind{Subject: cat, Scope: harbor, Kind: "multi"}),
			refused{code: CodeNotPermitted, rule: "B2", scope: harbor, subject: dan, help: "tenure who", says: "membership.terminate"}},
	})
}

func TestKindsOfMember(t *testing.T) {
	byDefault, joined := events.CauseDefault, events.CauseJoined
	none := refused{code: CodeUnknown, field: "member_kind", scope: manorHall, says: "there is user or guest"}
	guest := manorOf(registered(eve), together(startedAs("guest", eve, manorHall), granted(eve, "fellow", manorHall, byDefault)))
	specify(t, []specification{
		{"the usual one", manorOf(registered(eve)), when(ann, StartMembership{Subject: eve, Scope: manorHall}),
			then(started(eve, manorHall), granted(eve, "fellow", manorHall, byDefault))},
		{"a guest", manorOf(registered(eve)), when(ann, StartMembership{Subject: eve, Scope: manorHall, Kind: "guest"}),
			then(startedAs("guest", eve, manorHall), granted(eve, "fellow", manorHall, byDefault))},
		{"a kind that there is not", manorOf(registered(eve)), when(ann, StartMembership{Subject: eve, Scope: manorHall, Kind: "ghost"}), none},
		{"nor of somebody who is a member", guest, when(ann, StartMembership{Subject: eve, Scope: manorHall, Kind: "ghost"}), none},
		{"a kind where there are none", manorOf(), when(ann, StartMembership{Subject: ben, Scope: circle, Kind: "guest"}),
			refused{code: CodeUnknown, field: "member_kind", scope: circle, says: "there is none"}},
		{"the same again", guest, when(ann, StartMembership{Subject: eve, Scope: manorHall, Kind: "guest"}), then()},
		{"as a member already, of whatever kind", guest, when(ann, StartMembership{Subject: eve, Scope: manorHall}), then()},
		{"the usual one by name", manorOf(), when(ann, StartMembership{Subject: ben, Scope: manorHall, Kind: "user"}), then()},
		{"another kind", guest, when(ann, StartMembership{Subject: eve, Scope: manorHall, Kind: "user"}),
			refused{code: CodeExists, field: "member_kind", scope: manorHall, subject: eve, help: "tenure member change " + string(eve) + " --as user --org acme", says: "a member of guild:acme already, as guest"}},
		{"another kind, by whom it does not concern", guest.and(registered(dan)), when(dan, StartMembership{Subject: eve, Scope: manorHall, Kind: "user"}),
			refused{code: CodeNotPermitted, rule: "K22", scope: manorHall, subject: dan, help: "tenure who --role", says: "membership.start"}},

		{"M11: a user", manorOf(), when(ann, GrantRole{Subject: ben, Role: "master", Scope: manorHall}), then(granted(ben, "master", manorHall), revoked(ben, "fellow", manorHall, events.CauseReplaced))},
		{"M11: not a guest", guest, when(ann, GrantRole{Subject: eve, Role: "master", Scope: manorHall}),
			refused{code: CodeNotMember, role: "guild.master", scope: manorHall, subject: eve, says: "Only a User can be master on guild:acme, and on guild:acme " + string(eve) + " is a Guest."}},
		{"M11: not a user of a house who is a guest of the guild", guest.and(together(started(eve, oak))), when(ann, GrantRole{Subject: eve, Role: "head", Scope: oak}),
			refused{code: CodeNotMember, rule: "K11", role: "house.head", scope: oak, subject: eve, says: "on guild:acme " + string(eve) + " is a Guest"}},
		{"M11: not a guest of the house who is a user of the guild", manorOf(startedAs("guest", ben, oak)), when(ann, GrantRole{Subject: ben, Role: "head", Scope: oak}),
			refused{code: CodeNotMember, rule: "K11", role: "house.head", scope: oak, subject: ben, says: "on house:oak " + string(ben) + " is a Guest"}},
		{"M11: a guest of what lies between", manorOf(together(startedAs("guest", ben, chess), started(ben, circle))), when(ann, GrantRole{Subject: ben, Role: "elder", Scope: circle}),
			refused{code: CodeNotMember, rule: "K12", role: "circle.elder", scope: circle, subject: ben, says: "on club:chess " + string(ben) + " is a Guest"}},
		{"M11: what lies between does not matter to whoever is no member there", manorOf(started(ben, circle)), when(ann, GrantRole{Subject: ben, Role: "elder", Scope: circle}),
			then(granted(ben, "elder", circle))},
		{"M11: a guest of another house", manorOf(started(ben, oak), startedAs("guest", ben, elm)), when(ann, GrantRole{Subject: ben, Role: "head", Scope: oak}), then(granted(ben, "head", oak))},
		{"M11: who holds it does not become a guest in between", manorOf(started(ben, circle), granted(ben, "elder", circle)), when(ann, StartMembership{Subject: ben, Scope: oak, Kind: "guest"}),
			refused{code: CodeNotMember, rule: "K12", role: "circle.elder", scope: circle, subject: ben, says: "on house:oak " + string(ben) + " is a Guest"}},
		{"M11: but one elsewhere", manorOf(started(ben, circle), granted(ben, "elder", circle)), when(ann, StartMembership{Subject: ben, Scope: elm, Kind: "guest"}), then(startedAs("guest", ben, elm))},
		{"M11: a guest is invited to a role that anybody may hold", manorOf(registered(eve)),
			when(ann, SendInvitation{Invitation: inviteID(1), Subject: eve, Scope: manorHall, Role: "steward", Kind: "guest", Expires: later, TokenHash: hash(1)}),
			then(events.InvitationSent{Invitation: inviteID(1), Subject: eve, Scope: manorHall, Role: "steward", MemberKind: "guest", Expires: later, TokenHash: hash(1)})},
		{"M11: but to no role for users", manorOf(registered(eve)),
			when(ann, SendInvitation{Invitation: inviteID(1), Subject: eve, Scope: oak, Role: "head", Kind: "guest", Expires: later, TokenHash: hash(1)}),
			refused{code: CodeNotMember, rule: "K11", role: "house.head", scope: oak, subject: eve, says: "the invitation is for a Guest"}},

		{"joins the guild, too", manorOf(registered(eve)), when(ann, StartMembership{Subject: eve, Scope: oak, Kind: "guest"}),
			then(startedAs("guest", eve, manorHall, joined), startedAs("guest", eve, oak), granted(eve, "fellow", manorHall, byDefault))},
		{"joins as the usual kind of the house", manorOf(registered(eve)), when(ann, StartMembership{Subject: eve, Scope: oak}),
			then(startedAs("user", eve, manorHall, joined), started(eve, oak), granted(eve, "fellow", manorHall, byDefault))},
		{"joins by the head's authority, who has none over the guild", manorOf(started(ben, oak), granted(ben, "head", oak), registered(eve)), when(ben, StartMembership{Subject: eve, Scope: oak}),
			then(startedAs("user", eve, manorHall, joined), started(eve, oak), granted(eve, "fellow", manorHall, byDefault))},
		{"but not alone", manorOf(started(ben, oak), granted(ben, "head", oak), registered(eve)), when(ben, StartMembership{Subject: eve, Scope: manorHall}),
			refused{code: CodeNotPermitted, rule: "K27", scope: manorHall, subject: ben, help: "tenure who", says: "only for people who are here already"}},
		{"nor elsewhere", manorOf(started(ben, oak), granted(ben, "head", oak), registered(eve)), when(ben, StartMembership{Subject: eve, Scope: elm}),
			refused{code: CodeNotPermitted, rule: "K05", scope: elm, subject: ben, help: "tenure who", says: "membership.start"}},
		{"who is in the guild stays what they are", guest, when(ann, StartMembership{Subject: eve, Scope: oak}), then(started(eve, oak))},
		{"where there are no kinds, as the usual one", manorOf(registered(eve)), when(ann, StartMembership{Subject: eve, Scope: circle}),
			then(started(eve, manorHall, joined), started(eve, circle), granted(eve, "fellow", manorHall, byDefault))},
		{"guests of a club join", manorOf(registered(eve)), when(ann, StartMembership{Subject: eve, Scope: chess}),
			then(startedAs("guest", eve, manorHall, joined), started(eve, chess), granted(eve, "fellow", manorHall, byDefault))},
		{"users of one do not", manorOf(registered(eve)), when(ann, StartMembership{Subject: eve, Scope: chess, Kind: "user"}), then(startedAs("user", eve, chess))},
		{"who is invited has yet to answer", manorOf(registered(eve), events.InvitationSent{Invitation: inviteID(1), Subject: eve, Scope: manorHall, Expires: later, TokenHash: hash(1)}),
			when(ann, StartMembership{Subject: eve, Scope: oak}), then(started(eve, oak))},
		{"C27: a fellow adds those who are here", manorOf(fellow(cat)), when(ben, StartMembership{Subject: cat, Scope: circle}), then(started(cat, circle))},
		{"C27: and nobody from outside", manorOf(registered(eve)), when(ben, StartMembership{Subject: eve, Scope: circle}),
			refused{code: CodeNotPermitted, rule: "K27", scope: circle, subject: ben, help: "tenure who", says: "only for people who are here already"}},
		{"C27: who is disabled is not", manorOf(fellow(cat), suspended(cat, manorHall)), when(ben, StartMembership{Subject: cat, Scope: circle}),
			refused{code: CodeNotPermitted, rule: "K27", scope: circle, subject: ben, help: "tenure who", says: "only for people who are here already"}},
		{"left with the guild", manorOf(started(ben, oak)), when(ann, TerminateMembership{Subject: ben, Scope: manorHall}),
			then(revoked(ben, "fellow", manorHall, events.CauseTermination), terminated(ben, oak, events.CauseTermination), terminated(ben, manorHall))},
	})
	unfounded := refused{code: CodeUnfounded, says: `claims the cause "joined"`}
	head := manorOf(started(ben, oak), granted(ben, "head", oak), registered(eve))
	forged(t, []forgery{
		{"a house without the guild", head, ben, together(started(eve, oak)), 0,
			refused{code: CodeUnfounded, scope: oak, subject: eve, says: "becomes one of guild:acme"}},
		{"the guild without a house", head, ben, together(startedAs("user", eve, manorHall, joined), granted(eve, "fellow", manorHall, byDefault)), 0, unfounded},
		{"the guild after the house", head, ben, together(started(eve, oak), startedAs("user", eve, manorHall, joined), granted(eve, "fellow", manorHall, byDefault)), 1, unfounded},
		{"the guild as another kind", head, ben, together(startedAs("user", eve, manorHall, joined), startedAs("guest", eve, oak), granted(eve, "fellow", manorHall, byDefault)), 0, unfounded},
		{"the guild as no kind said", head, ben, together(started(eve, manorHall, joined), started(eve, oak), granted(eve, "fellow", manorHall, byDefault)), 0, unfounded},
		{"the guild as a kind where there are none", manorOf(registered(eve)), ann, together(startedAs("guest", eve, manorHall, joined), started(eve, circle), granted(eve, "fellow", manorHall, byDefault)), 0, unfounded},
		{"another's house", manorOf(started(ben, oak), granted(ben, "head", oak), registered(eve), registered(cat)), ben,
			together(startedAs("user", eve, manorHall, joined), startedAs("user", cat, manorHall, joined), started(cat, oak)), 0, unfounded},
		{"a house that one may not fill", head, ben, together(startedAs("user", eve, manorHall, joined), started(eve, elm), granted(eve, "fellow", manorHall, byDefault)), 1,
			refused{code: CodeNotPermitted, rule: "K05", scope: elm, subject: ben, help: "tenure who", says: "membership.start"}},
		{"a club that does not join", manorOf(registered(eve)), ann, together(startedAs("user", eve, manorHall, joined), startedAs("user", eve, chess), granted(eve, "fellow", manorHall, byDefault)), 0, unfounded},
		{"a house with the cause", head, ben, together(started(eve, oak, joined)), 0, unfounded},
		{"a role with the cause", head, ben, together(granted(eve, "steward", manorHall, joined)), 0, unfounded},
		{"who is invited there", manorOf(registered(eve), events.InvitationSent{Invitation: inviteID(1), Subject: eve, Scope: manorHall, Expires: later, TokenHash: hash(1)}), ann,
			together(startedAs("user", eve, manorHall, joined), started(eve, oak), granted(eve, "fellow", manorHall, byDefault)), 0,
			refused{code: CodeUnfounded, scope: manorHall, subject: eve, says: "one would be left"}},
		{"a kind that there is not", manorOf(registered(eve)), ann, together(startedAs("ghost", eve, manorHall), granted(eve, "fellow", manorHall, byDefault)), 0,
			refused{code: CodeUnknown, field: "member_kind", scope: manorHall, says: "there is user or guest"}},
		{"M11: a role and the kind that cannot hold it", manorOf(registered(eve)), ann, together(startedAs("guest", eve, manorHall), granted(eve, "master", manorHall)), 1,
			refused{code: CodeNotMember, role: "guild.master", scope: manorHall, subject: eve, says: "is a Guest"}},
		{"M11: kept while becoming a guest again", manorOf(started(ben, oak), started(ben, circle), granted(ben, "elder", circle)), ann,
			together(terminated(ben, oak), startedAs("guest", ben, oak)), 1,
			refused{code: CodeNotMember, rule: "K12", role: "circle.elder", scope: circle, subject: ben, says: "on house:oak " + string(ben) + " is a Guest"}},
	})
}
