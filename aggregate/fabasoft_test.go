package aggregate

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tenure/events"
	"tenure/rolemodel"
)

// The fabasoft model: an owner who transfers, co-owners, marks, a feature,
// facts, audiences, and the background user.
var fabasoft = must(rolemodel.Builtin("fabasoft"))

const (
	crm   events.ScopeID = "app:crm"
	board events.ScopeID = "teamroom:board"
	lab   events.ScopeID = "teamroom:lab"

	mainOwner         events.DesignationID = "main_owner"
	mainAdministrator events.DesignationID = "main_administrator"

	background = events.Background
)

// houseFounded is an organization with ann as its owner.
var houseFounded = append(founding(fabasoft, acme), registered(ann), started(ann, org), granted(ann, "owner", org), granted(ann, "member", org, events.CauseDefault))

// house is the organization with ben as a co-owner, cat as an administrator and
// dan as a member.
func house(parts ...any) history {
	return given(append([]any{houseFounded, joined(ben), joined(cat), joined(dan), granted(ben, "co_owner", org), granted(cat, "administrator", org)}, parts...)...)
}

// opened is a new teamroom, with what comes with it.
func opened(room, parent events.ScopeID) []events.Event {
	return []events.Event{created(room, parent), granted(background, "background_tasks", room, events.CauseCreated)}
}

func transferred(former, who events.PrincipalID) events.Event {
	return events.OwnershipTransferred{Former: former, Subject: who, Role: "owner", Scope: org}
}

func marked(who events.PrincipalID, designation events.DesignationID) events.Event {
	return events.DesignationSet{Subject: who, Designation: designation, Scope: org}
}

func cleared(who events.PrincipalID, designation events.DesignationID, cause ...events.Cause) events.Event {
	return events.DesignationCleared{Subject: who, Designation: designation, Scope: org, Cause: first(cause)}
}

func lapsed(who events.PrincipalID, designation events.DesignationID, cause events.Cause) events.Event {
	return events.DesignationLapsed{Subject: who, Designation: designation, Scope: org, Cause: cause}
}

func until(at time.Time, grant events.Event) events.Event {
	g := grant.(events.RoleGranted)
	g.Until = at
	return g
}

// after is the state to which a history and then the attempts lead, all of
// which must succeed.
func (h history) after(t testing.TB, attempts ...attempt) State {
	t.Helper()
	state := h.fold(t)
	for _, a := range attempts {
		commit, err := a.decide(state)
		if err != nil {
			t.Fatalf("%+v of %s is refused: %v", a.command, a.actor, err)
		}
		if len(commit.Events) > 0 {
			state = stored(t, state, commit)
		}
	}
	return state
}

const (
	byTransfer = events.CauseTransfer
	byDefault  = events.CauseDefault
	replaced   = events.CauseReplaced
)

// handover is what a transfer from ann leads to, up to what ann is left with.
func handover(to events.PrincipalID, then ...events.Event) []events.Event {
	return append([]events.Event{transferred(ann, to), revoked(ann, "owner", org, byTransfer), granted(to, "owner", org, byTransfer)}, then...)
}

func transfer(to events.PrincipalID, former events.RoleID) TransferRole {
	return TransferRole{Subject: to, Role: "owner", Scope: org, Former: former}
}

func TestTransfer(t *testing.T) {
	notTheirs := func(who events.PrincipalID) refused {
		return refused{code: CodeNotPermitted, rule: "F02", role: "organization.owner", scope: org, subject: who, help: "tenure who --role owner", says: "may not transfer owner"}
	}
	byTransferAlone := func(who events.PrincipalID) refused {
		return refused{code: CodeTransferred, rule: "F02", role: "organization.owner", scope: org, subject: who, help: "tenure transfer PERSON --role owner", says: "whoever holds it transfers it"}
	}
	ownerless := func(who events.PrincipalID) refused {
		return refused{code: CodeTooFew, rule: "X01", role: "organization.owner", scope: org, subject: who, help: "tenure transfer PERSON --role owner", says: "at least 1 active owner"}
	}
	specify(t, []specification{
		{"F02: to a member", house(), when(ann, transfer(dan, "")), then(handover(dan, granted(ann, "co_owner", org, byTransfer))...)},
		{"F02: to a co-owner, who is none any more", house(), when(ann, transfer(ben, "")),
			then(handover(ben, revoked(ben, "co_owner", org, replaced), granted(ann, "co_owner", org, byTransfer))...)},
		{"F02: to one who was a co-owner for a time", house(until(start.Add(48*time.Hour), granted(dan, "co_owner", org))), when(ann, transfer(dan, "")),
			then(handover(dan, revoked(dan, "co_owner", org, replaced), granted(ann, "co_owner", org, byTransfer))...)},
		{"F02: with another role for the former owner", house(), when(ann, transfer(dan, "administrator")), then(handover(dan, granted(ann, "administrator", org))...)},
		{"F02: with none", house(), when(ann, transfer(dan, NoRole)), then(handover(dan)...)},
		{"F02: to oneself is nothing", house(), when(ann, transfer(ann, "")), then()},
		{"F02: not by a co-owner", house(), when(ben, transfer(ben, "")), notTheirs(ben)},
		{"F02: not by an administrator", house(), when(cat, transfer(cat, "")), notTheirs(cat)},
		{"F02: not by a member", house(), when(dan, transfer(dan, "")), notTheirs(dan)},
		{"F02: not by a former owner", house(handover(dan, granted(ann, "co_owner", org, byTransfer))), when(ann, transfer(ann, "")), notTheirs(ann)},
		{"F02: not by the operator without a reason", house(), when(events.Operator, transfer(ben, "")), refused{code: CodeBreakGlass, field: "reason", help: "--reason", says: "break-glass"}},
		{"F02: under break-glass", house(), when(events.Operator, transfer(dan, NoRole), because("recovery")), then(handover(dan)...).underBreakGlass()},
		{"F02: to a member alone", house(registered(eve), granted(eve, "co_owner", org)), when(ann, transfer(eve, "")),
			refused{code: CodeNotMember, rule: "F02", role: "organization.owner", scope: org, subject: eve, help: "tenure member start", says: "Only a member"}},
		{"F02: to nobody", house(), when(ann, transfer(nix, "")), refused{code: CodeUnknown, help: "tenure person add", says: "no person"}},
		{"F02: not to the background user", house(), when(ann, transfer(background, "")), refused{code: CodeInvalid, subject: background, says: "is no person"}},
		{"F02: not to one who is suspended", house(suspended(dan, org)), when(ann, transfer(dan, "")), ownerless(dan)},
		{"F02: the former owner is left with another role than that", house(), when(ann, transfer(dan, "owner")),
			refused{code: CodeInvalid, rule: "F02", role: "organization.owner", scope: org, field: "former", says: "is what passes"}},
		{"F02: nor with an unknown one", house(), when(ann, transfer(dan, "king")), refused{code: CodeUnknown, scope: org, field: "former", help: "tenure models show", says: "no role king"}},
		{"a role that is granted is not transferred", house(), when(ann, TransferRole{Subject: dan, Role: "co_owner", Scope: org}),
			refused{code: CodeInvalid, role: "organization.co_owner", scope: org, subject: dan, help: "tenure grant", says: "granted and revoked"}},

		{"F04: the new owner who is main owner stays so", house(marked(ben, mainOwner)), when(ann, transfer(ben, "")),
			then(handover(ben, revoked(ben, "co_owner", org, replaced), granted(ann, "co_owner", org, byTransfer))...)},
		{"F04: and is so no more without a co-owner", house(marked(ben, mainOwner)), when(ann, transfer(ben, NoRole)),
			then(handover(ben, revoked(ben, "co_owner", org, replaced), lapsed(ben, mainOwner, events.CauseQuorum))...)},
		{"F04: the former owner who is main owner stays so", house(marked(ann, mainOwner)), when(ann, transfer(dan, "")), then(handover(dan, granted(ann, "co_owner", org, byTransfer))...)},
		{"F04: and is so no more without a role for it", house(marked(ann, mainOwner)), when(ann, transfer(dan, NoRole)), then(handover(dan, lapsed(ann, mainOwner, events.CauseUnheld))...)},

		{"F02: the owner is not granted by the owner", house(), when(ann, GrantRole{Subject: dan, Role: "owner", Scope: org}), byTransferAlone(ann)},
		{"F02: nor by a co-owner", house(), when(ben, GrantRole{Subject: ben, Role: "owner", Scope: org}), byTransferAlone(ben)},
		{"F02: nor revoked", house(), when(ben, RevokeRole{Subject: ann, Role: "owner", Scope: org}), byTransferAlone(ben)},
		{"F02: nor replaced", house(), when(ben, GrantRole{Subject: ann, Role: "co_owner", Scope: org}), byTransferAlone(ben)},
		{"F02: nor offered", house(registered(eve)), when(ann, invitation(eve, "owner")),
			refused{code: CodeTransferred, rule: "F02", role: "organization.owner", scope: org, subject: eve, says: "does not come with an invitation"}},
		{"F02: nor limited", house(), when(ann, GrantRole{Subject: ann, Role: "owner", Scope: org, Until: start.AddDate(1, 0, 0)}),
			refused{code: CodeInvalid, rule: "F02", role: "organization.owner", scope: org, field: "until", says: "when it is transferred"}},

		{"X01: the owner does not lay it down", house(), when(ann, RevokeRole{Subject: ann, Role: "owner", Scope: org}), ownerless(ann)},
		{"X01: nor for less", house(), when(ann, GrantRole{Subject: ann, Role: "co_owner", Scope: org}), ownerless(ann)},
		{"F15: the owner is not terminated", house(), when(ben, TerminateMembership{Subject: ann, Scope: org}), ownerless(ann)},
		{"F15: and does not leave", house(), when(ann, TerminateMembership{Subject: ann, Scope: org}), ownerless(ann)},
		{"F15: but after the transfer", house(handover(dan, granted(ann, "co_owner", org, byTransfer))), when(dan, TerminateMembership{Subject: ann, Scope: org}),
			then(revoked(ann, "co_owner", org, events.CauseTermination), revoked(ann, "member", org, events.CauseTermination), terminated(ann, org))},
		{"X01: the owner is not suspended", house(), when(ben, SuspendMembership{Subject: ann, Scope: org}), ownerless(ann)},
		{"X01: nor under break-glass", house(), when(events.Operator, RevokeRole{Subject: ann, Role: "owner", Scope: org}, because("emergency")), ownerless(ann)},
		{"X01: and there is one owner even under break-glass", house(), when(events.Operator, GrantRole{Subject: dan, Role: "owner", Scope: org}, because("emergency")),
			refused{code: CodeTooMany, rule: "F02", role: "organization.owner", scope: org, subject: dan, help: "tenure transfer", says: "At most 1"}},
	})
}

func TestTransfersAreAudited(t *testing.T) {
	unfounded := refused{code: CodeUnfounded, says: `claims the cause "transfer"`}
	half := func(who events.PrincipalID) refused {
		return refused{code: CodeUnfounded, rule: "F02", role: "organization.owner", scope: org, subject: who, says: "hold it alone"}
	}
	forged(t, []forgery{
		{"a transfer without one", house(), ben, together(revoked(ann, "owner", org, byTransfer), granted(ben, "owner", org, byTransfer)), 0, unfounded},
		{"one that comes later", house(), ann, together(revoked(ann, "owner", org, byTransfer), transferred(ann, dan), granted(dan, "owner", org, byTransfer)), 0, unfounded},
		{"to another one", house(), ann, together(transferred(ann, dan), revoked(ann, "owner", org, byTransfer), granted(ben, "owner", org, byTransfer)), 2, unfounded},
		{"of another role", house(), ann, together(transferred(ann, dan), granted(dan, "payment_user", org, byTransfer)), 1, unfounded},
		{"from another one", house(), ben, together(transferred(ben, dan)), 0, refused{code: CodeUnknown, rule: "F02", role: "organization.owner", scope: org, subject: ben, says: "is not owner"}},
		{"what the former is left with, for another one", house(), ann, together(transferred(ann, dan), granted(cat, "co_owner", org, byTransfer)), 1, unfounded},
		{"what the former is left with, for a time", house(), ann, together(transferred(ann, dan), until(start.AddDate(1, 0, 0), granted(ann, "co_owner", org, byTransfer))), 1, unfounded},
		{"said and not done", house(), ann, together(transferred(ann, dan)), 0, half(dan)},
		{"done by halves", house(), ann, together(transferred(ann, dan), revoked(ann, "owner", org, byTransfer)), 1,
			refused{code: CodeTooFew, rule: "X01", role: "organization.owner", scope: org, subject: ann, help: "tenure transfer", says: "at least 1"}},
		{"there and back", house(), ann, append(handover(dan), transferred(dan, ann), revoked(dan, "owner", org, byTransfer), granted(ann, "owner", org, byTransfer)), 4, unfounded},
		{"to oneself", house(), ann, together(transferred(ann, ann)), 0, refused{code: CodeInvalid, says: "is not transferred"}},
		{"by the background user", house(), background, handover(ben, revoked(ben, "co_owner", org, replaced)), 0, refused{code: CodeNotPermitted, says: "what falls due"}},
		{"by the importer", house(), events.Importer, handover(dan), 0, refused{code: CodeNotPermitted, says: "by its cause"}},
	})
}

// A role is passed on by those who may, whatever it replaces.
func TestTransferTakesNoOtherAuthority(t *testing.T) {
	model := must(parseModel(`
model: clubs
title: Clubs
about: Whoever keeps the keys is handed them by the chair, who has no say in who cleans.
root: club
highest: club.chair
scopes:
  - {kind: club, title: Club, membership: true}
permissions:
  - {id: club.people, title: People, section: Club, allows: [person.register, membership.start]}
roles:
  - {id: club.chair, title: Chair, membership: club, at_least: 1, granted_by: [club.chair], permissions: [club.people]}
  - {id: club.deputy, title: Deputy, granted_by: [club.chair]}
  - {id: club.keeper, title: Keeper, at_least: 1, at_most: 1, transferred_by: [club.chair], former: club.retired, replaces: [club.cleaner]}
  - {id: club.retired, title: Retired, granted_by: [club.deputy], replaces: [club.cleaner]}
  - {id: club.cleaner, title: Cleaner, granted_by: [club.deputy]}
`))
	const club events.ScopeID = "club:acme"
	before := given(append(founding(model, acme), registered(ann), registered(ben), registered(cat), started(ann, club), granted(ann, "chair", club), granted(ben, "keeper", club)),
		granted(cat, "cleaner", club), granted(ben, "cleaner", club))
	specify(t, []specification{
		{"with what it replaces", before, when(ann, TransferRole{Subject: cat, Role: "keeper", Scope: club}),
			then(events.OwnershipTransferred{Former: ben, Subject: cat, Role: "keeper", Scope: club}, revoked(ben, "keeper", club, byTransfer),
				granted(cat, "keeper", club, byTransfer), revoked(cat, "cleaner", club, replaced),
				granted(ben, "retired", club, byTransfer), revoked(ben, "cleaner", club, replaced))},
		{"which is no authority over it", before, when(ann, RevokeRole{Subject: cat, Role: "cleaner", Scope: club}),
			refused{code: CodeNotPermitted, role: "club.cleaner", scope: club, subject: ann, help: "tenure who", says: "may not revoke cleaner"}},
	})
	third := append(append(history{}, before...), together(registered(dan), granted(dan, "cleaner", club)))
	forged(t, []forgery{{"a third one's role beside a transfer", third, ann,
		together(events.OwnershipTransferred{Former: ben, Subject: cat, Role: "keeper", Scope: club}, revoked(ben, "keeper", club, byTransfer), granted(cat, "keeper", club, byTransfer),
			revoked(dan, "cleaner", club, replaced)), 3, refused{code: CodeUnfounded, says: "replaced"}}})
}

func TestOrganizationRoles(t *testing.T) {
	grant := func(who events.PrincipalID, role events.RoleID) GrantRole {
		return GrantRole{Subject: who, Role: role, Scope: org}
	}
	revoke := func(who events.PrincipalID, role events.RoleID) RevokeRole {
		return RevokeRole{Subject: who, Role: role, Scope: org}
	}
	may := []struct {
		rule string
		role events.RoleID
		by   []events.PrincipalID
	}{
		// ann is the owner, ben a co-owner, cat an administrator, dan a member,
		// eve the payment user and no member.
		{"F03", "co_owner", []events.PrincipalID{ann, ben}},
		{"F05", "payment_user", []events.PrincipalID{ann, ben}},
		{"F06", "authorized_buyer", []events.PrincipalID{ann, ben}},
		{"F07", "compliance_manager", []events.PrincipalID{ann, ben}},
		{"F08", "administrator", []events.PrincipalID{ann, ben, eve}},
		{"F09", "support_team", []events.PrincipalID{ann, ben}},
	}
	const new = events.PrincipalID("01J00000000000000000000NEW")
	staffed := house(registered(eve), granted(eve, "payment_user", org), registered(new))
	for _, row := range may {
		for _, actor := range []events.PrincipalID{ann, ben, cat, dan, eve} {
			allowed := false
			for _, by := range row.by {
				allowed = allowed || by == actor
			}
			before := staffed
			if row.role == "payment_user" && allowed { // one at most
				before = append(append(history{}, staffed...), together(revoked(eve, "payment_user", org)))
			}
			given := append(append(history{}, before...), together(granted(new, row.role, org)))
			if row.role == "payment_user" && !allowed {
				given = append(append(history{}, before...), together(revoked(eve, "payment_user", org), granted(new, "payment_user", org)))
			}
			no := func(verb string) refused {
				return refused{code: CodeNotPermitted, rule: row.rule, role: "organization." + string(row.role), scope: org, subject: actor, help: "tenure who", says: "may not " + verb}
			}
			grants, revokes := specification{"", before, when(actor, grant(new, row.role)), then(granted(new, row.role, org))},
				specification{"", given, when(actor, revoke(new, row.role)), then(revoked(new, row.role, org))}
			if !allowed {
				grants.then, revokes.then = no("grant"), no("revoke")
			}
			// F10: new is no member.
			grants.name, revokes.name = fmt.Sprintf("%s/F10: %s grants to a non-member", row.rule, actor), fmt.Sprintf("%s: %s revokes", row.rule, actor)
			specify(t, []specification{grants, revokes})
		}
		specify(t, []specification{{row.rule + ": laid down", append(append(history{}, house(registered(new))...), together(granted(new, row.role, org))),
			when(new, revoke(new, row.role)), then(revoked(new, row.role, org))}})
	}
	specify(t, []specification{
		{"F05: one payment user", staffed, when(ann, grant(dan, "payment_user")),
			refused{code: CodeTooMany, rule: "F05", role: "organization.payment_user", scope: org, subject: dan, help: "tenure revoke PERSON payment_user", says: "At most 1"}},
		{"X02: roles of a member and of a non-member end alike", house(granted(dan, "authorized_buyer", org)), when(ann, TerminateMembership{Subject: dan, Scope: org}),
			then(revoked(dan, "authorized_buyer", org, events.CauseTermination), revoked(dan, "member", org, events.CauseTermination), terminated(dan, org))},
	})
}

func TestDesignations(t *testing.T) {
	set := func(who events.PrincipalID, mark events.DesignationID) SetDesignation {
		return SetDesignation{Subject: who, Designation: mark, Scope: org}
	}
	clear := func(mark events.DesignationID) ClearDesignation {
		return ClearDesignation{Designation: mark, Scope: org}
	}
	termination := events.CauseTermination
	unmet := func(who events.PrincipalID, rule, says string) refused {
		return refused{code: CodeLapses, rule: rule, scope: org, subject: who, says: says}
	}
	specify(t, []specification{
		{"F04: the owner", house(), when(ben, set(ann, mainOwner)), then(marked(ann, mainOwner))},
		{"F04: a co-owner", house(), when(ann, set(ben, mainOwner)), then(marked(ben, mainOwner))},
		{"F04: again is nothing", house(marked(ben, mainOwner)), when(ann, set(ben, mainOwner)), then()},
		{"F04: in another one's place", house(marked(ben, mainOwner)), when(ben, set(ann, mainOwner)), then(cleared(ben, mainOwner, replaced), marked(ann, mainOwner))},
		{"F04: not a third one", house(), when(ann, set(cat, mainOwner)), unmet(cat, "F04", "only owner or co_owner can be")},
		{"F04: not without a co-owner", given(houseFounded), when(ann, set(ann, mainOwner)), unmet(ann, "F04", "takes at least 1 active co_owner")},
		{"F04: a suspended co-owner is none", house(suspended(ben, org)), when(ann, set(ann, mainOwner)), unmet(ann, "F04", "takes at least 1 active co_owner")},
		{"F04: not by an administrator", house(), when(cat, set(ben, mainOwner)),
			refused{code: CodeNotPermitted, rule: "F04", scope: org, subject: cat, help: "tenure who --role co_owner", says: "may not say who is main_owner"}},
		{"F04: cleared", house(marked(ben, mainOwner)), when(ann, clear(mainOwner)), then(cleared(ben, mainOwner))},
		{"F04: cleared when there is none", house(), when(ann, clear(mainOwner)), then()},
		{"F04: not cleared by an administrator", house(marked(ben, mainOwner)), when(cat, clear(mainOwner)),
			refused{code: CodeNotPermitted, rule: "F04", scope: org, subject: cat, help: "tenure who --role co_owner", says: "main_owner"}},
		{"F04: lapses with the last co-owner", house(marked(ann, mainOwner)), when(ann, RevokeRole{Subject: ben, Role: "co_owner", Scope: org}),
			then(revoked(ben, "co_owner", org), lapsed(ann, mainOwner, events.CauseQuorum))},
		{"F04: lapses when the last co-owner is suspended", house(marked(ann, mainOwner)), when(ann, SuspendMembership{Subject: ben, Scope: org}),
			then(suspended(ben, org), lapsed(ann, mainOwner, events.CauseQuorum))},
		{"F04: not when one of two is", house(granted(dan, "co_owner", org), marked(ben, mainOwner)), when(ann, SuspendMembership{Subject: ben, Scope: org}), then(suspended(ben, org))},
		{"F04: stays with a co-owner left", house(granted(dan, "co_owner", org), marked(ann, mainOwner)), when(ann, RevokeRole{Subject: ben, Role: "co_owner", Scope: org}), then(revoked(ben, "co_owner", org))},
		{"F04: lapses when the one who is marked lays it down", house(granted(dan, "co_owner", org), marked(ben, mainOwner)), when(ben, RevokeRole{Subject: ben, Role: "co_owner", Scope: org}),
			then(revoked(ben, "co_owner", org), lapsed(ben, mainOwner, events.CauseUnheld))},
		{"F04: lapses when the one who is marked is terminated", house(granted(dan, "co_owner", org), marked(ben, mainOwner)), when(ann, TerminateMembership{Subject: ben, Scope: org}),
			then(revoked(ben, "co_owner", org, termination), revoked(ben, "member", org, termination), terminated(ben, org), lapsed(ben, mainOwner, termination))},
		{"F04: lapses with the quorum when another one is terminated", house(marked(ann, mainOwner)), when(ann, TerminateMembership{Subject: ben, Scope: org}),
			then(revoked(ben, "co_owner", org, termination), revoked(ben, "member", org, termination), terminated(ben, org), lapsed(ann, mainOwner, events.CauseQuorum))},
		{"F08: the main administrator, set by the payment user", house(granted(dan, "administrator", org), registered(eve), granted(eve, "payment_user", org)),
			when(eve, set(dan, mainAdministrator)), then(marked(dan, mainAdministrator))},
		{"F08: not by an administrator", house(granted(dan, "administrator", org)), when(dan, set(dan, mainAdministrator)),
			refused{code: CodeNotPermitted, rule: "F08", scope: org, subject: dan, help: "tenure who", says: "may not say"}},
		{"F08: not with one administrator", house(), when(ann, set(cat, mainAdministrator)), unmet(cat, "F08", "takes at least 2 active administrator")},
		{"F08: one of them", house(granted(dan, "administrator", org)), when(ann, set(ben, mainAdministrator)), unmet(ben, "F08", "only administrator can be")},
		{"F08: lapses below two", house(granted(dan, "administrator", org), marked(dan, mainAdministrator)), when(ann, RevokeRole{Subject: cat, Role: "administrator", Scope: org}),
			then(revoked(cat, "administrator", org), lapsed(dan, mainAdministrator, events.CauseQuorum))},
		{"F08: lapses with the one who is marked", house(granted(dan, "administrator", org), granted(ben, "administrator", org), marked(dan, mainAdministrator)),
			when(dan, RevokeRole{Subject: dan, Role: "administrator", Scope: org}), then(revoked(dan, "administrator", org), lapsed(dan, mainAdministrator, events.CauseUnheld))},
		{"an unknown one", house(), when(ann, set(ben, "king")), refused{code: CodeUnknown, scope: org, help: "tenure models show", says: "there is main_owner or main_administrator"}},
		{"of nobody", house(), when(ann, set(nix, mainOwner)), refused{code: CodeUnknown, help: "tenure person add", says: "no person"}},
	})
	unfounded := func(cause string) refused {
		return refused{code: CodeUnfounded, says: `claims the cause "` + cause + `"`}
	}
	forged(t, []forgery{
		{"a lapse of what stands", house(marked(ann, mainOwner)), dan, together(lapsed(ann, mainOwner, events.CauseQuorum)), 0, unfounded("quorum")},
		{"a lapse of who holds", house(marked(ann, mainOwner)), dan, together(lapsed(ann, mainOwner, events.CauseUnheld)), 0, unfounded("unheld")},
		{"a lapse by a termination that is none", house(granted(dan, "co_owner", org), marked(ben, mainOwner)), ann,
			together(revoked(ben, "co_owner", org), lapsed(ben, mainOwner, termination)), 1, unfounded("termination")},
		{"a lapse by the termination of somebody else", house(granted(dan, "co_owner", org), marked(ben, mainOwner)), ann,
			together(revoked(ben, "co_owner", org), revoked(dan, "co_owner", org, termination), revoked(dan, "member", org, termination), terminated(dan, org), lapsed(ben, mainOwner, termination)),
			4, unfounded("termination")},
		{"a lapse by the termination of who holds still", house(marked(ben, mainOwner)), ann, together(lapsed(ben, mainOwner, termination)), 0, unfounded("termination")},
		{"a lapse of the quorum by the termination of somebody else", house(marked(ann, mainOwner)), ann,
			together(revoked(ben, "co_owner", org, termination), revoked(ben, "member", org, termination), terminated(ben, org), lapsed(ann, mainOwner, termination)), 3, unfounded("termination")},
		{"a lapse that does not say that it is by a termination", house(granted(dan, "co_owner", org), marked(ben, mainOwner)), ann,
			together(revoked(ben, "co_owner", org, termination), revoked(ben, "member", org, termination), terminated(ben, org), lapsed(ben, mainOwner, events.CauseUnheld)), 3, unfounded("unheld")},
		{"a lapse of who is not marked", house(), dan, together(lapsed(ann, mainOwner, events.CauseUnheld)), 0, refused{code: CodeUnknown, rule: "F04", scope: org, subject: ann, says: "is not main_owner"}},
		{"a lapse on the way", house(marked(ann, mainOwner)), ben, together(revoked(ben, "co_owner", org), lapsed(ann, mainOwner, events.CauseQuorum), granted(ben, "co_owner", org)), 1,
			refused{code: CodeUnfounded, rule: "F04", scope: org, subject: ann, says: "has all it needs"}},
		{"without the lapse", house(marked(ann, mainOwner)), ben, together(revoked(ben, "co_owner", org)), -1, unmet(ann, "F04", "takes at least 1")},
		{"replaced by nobody", house(marked(ann, mainOwner)), ben, together(cleared(ann, mainOwner, replaced)), 0, unfounded("replaced")},
		{"replaced before", house(marked(ann, mainOwner)), ben, together(cleared(ann, mainOwner), marked(ben, mainOwner), cleared(ben, mainOwner, replaced)), 2, unfounded("replaced")},
		{"two at once", house(marked(ann, mainOwner)), ben, together(marked(ben, mainOwner)), 0, refused{code: CodeExists, rule: "F04", scope: org, says: "has a main_owner already"}},
		{"cleared with a scope that stays", house(marked(ann, mainOwner)), dan, together(cleared(ann, mainOwner, events.CauseScopeDeleted)), 0, unfounded("scope_deleted")},
		{"the background user", house(), ann, together(marked(background, mainOwner)), 0, refused{code: CodeInvalid, subject: background, says: "is no person"}},
	})
	for _, test := range []struct { // F13
		given history
		mark  string
		want  bool
	}{
		{house(), "main_administrator", false},
		{house(granted(dan, "administrator", org)), "main_administrator", true},
		{house(granted(dan, "administrator", org), suspended(dan, org)), "main_administrator", false},
		{house(), "main_owner", true},
		{given(houseFounded), "main_owner", false},
	} {
		state := test.given.fold(t)
		mark, _ := state.Model.Designation("organization", test.mark)
		if got := state.Settable(mark, org); got != test.want {
			t.Errorf("%s can be set: %t", test.mark, got)
		}
	}
}

func TestLicenses(t *testing.T) {
	buy := RecordFact{Fact: "license_purchased", Scope: org, Quantity: 3}
	bought := events.FactRecorded{Fact: "license_purchased", Scope: org, Quantity: 3}
	on, off := events.FeatureEnabled{Feature: "license_purchase"}, events.FeatureDisabled{Feature: "license_purchase"}
	buyers := func(parts ...any) history {
		return house(append([]any{registered(eve), granted(eve, "payment_user", org), granted(dan, "authorized_buyer", org)}, parts...)...)
	}
	const gone = nixKnown
	isOff := refused{code: CodeFeatureOff, rule: "F05", scope: org, help: "tenure feature on license_purchase", says: "is off"}
	specify(t, []specification{
		{"F05: the payment user", buyers(on), when(eve, buy), then(bought)},
		{"F06: a buyer", buyers(on), when(dan, buy), then(bought)},
		{"F05: not the owner", buyers(on), when(ann, buy), refused{code: CodeNotPermitted, rule: "F05", scope: org, subject: ann, help: "tenure who", says: "may not record"}},
		{"F05: not while it is off", buyers(), when(eve, buy), isOff},
		{"F05: not when it is off again", buyers(on, off), when(eve, buy), isOff},
		{"F05: not by a suspended buyer", buyers(on, suspended(dan, org)), when(dan, buy), refused{code: CodeNotPermitted, scope: org, subject: dan, help: "tenure member resume", says: "suspended"}},
		{"about somebody", buyers(on), when(dan, RecordFact{Fact: "license_purchased", Scope: org, Subject: ann}), then(events.FactRecorded{Fact: "license_purchased", Scope: org, Subject: ann})},
		{"about nobody who is known", buyers(on), when(dan, RecordFact{Fact: "license_purchased", Scope: org, Subject: nix}), refused{code: CodeUnknown, help: "tenure person add", says: "no person"}},
		{"about somebody who is no member", buyers(on, registered(gone)), when(dan, RecordFact{Fact: "license_purchased", Scope: org, Subject: gone}), then(events.FactRecorded{Fact: "license_purchased", Scope: org, Subject: gone})},
		{"about somebody who is anonymized", buyers(on, registered(gone), events.AnonymizationStarted{Subject: gone}), when(dan, RecordFact{Fact: "license_purchased", Scope: org, Subject: gone}),
			refused{code: CodeAnonymized, subject: gone, says: "is anonymized"}},
		{"an unknown fact", buyers(on), when(eve, RecordFact{Fact: "moon_bought", Scope: org}), refused{code: CodeUnknown, help: "tenure models show", says: "no fact"}},
		{"turned on", buyers(), when(ben, SwitchFeature{Feature: "license_purchase", On: true}), then(on)},
		{"turned on twice", buyers(on), when(ben, SwitchFeature{Feature: "license_purchase", On: true}), then()},
		{"turned off", buyers(on), when(ann, SwitchFeature{Feature: "license_purchase"}), then(off)},
		{"not by the payment user", buyers(), when(eve, SwitchFeature{Feature: "license_purchase", On: true}),
			refused{code: CodeNotPermitted, scope: org, subject: eve, help: "tenure who --role co_owner", says: "feature.switch"}},
		{"an unknown feature", buyers(), when(ann, SwitchFeature{Feature: "moon", On: true}), refused{code: CodeUnknown, help: "tenure models show", says: "no feature moon"}},
	})
	forged(t, []forgery{
		{"turned on and bought", buyers(), ann, together(on, bought), 1, refused{code: CodeNotPermitted, rule: "F05", scope: org, subject: ann, help: "tenure who", says: "may not record"}},
		{"bought once it is turned on", buyers(granted(ann, "authorized_buyer", org)), ann, together(on, bought), 1,
			refused{code: CodeFeatureOff, rule: "F05", scope: org, help: "tenure feature on license_purchase", says: "is off"}},
		{"about nobody who is known", buyers(on), dan, together(events.FactRecorded{Fact: "license_purchased", Scope: org, Subject: nix}), 0, refused{code: CodeUnknown, says: "no person"}},
		{"about the background user", buyers(on), dan, together(events.FactRecorded{Fact: "license_purchased", Scope: org, Subject: events.Background}), 0, refused{code: CodeInvalid, subject: events.Background, says: "is no person"}},
		{"on twice", buyers(on), ann, together(on), 0, refused{code: CodeExists, says: "is so already"}},
	})
	state := buyers().fold(t)
	permission, _ := state.Model.Permission("organization.licenses.purchase")
	if answer := state.Explain(Question{Who: eve, Permission: permission, On: org}); answer.Allowed || answer.Feature == nil || answer.Feature.ID != "license_purchase" {
		t.Errorf("%+v", answer)
	}
	if answer := buyers(on).fold(t).Explain(Question{Who: eve, Permission: permission, On: org}); !answer.Allowed || answer.Feature != nil {
		t.Errorf("%+v", answer)
	}
}

func TestBackgroundUser(t *testing.T) {
	managed := func(parts ...any) history {
		return house(append([]any{created(crm, org), opened(board, crm), granted(dan, "manager", board)}, parts...)...)
	}
	its := func(code Code, says string) refused {
		return refused{code: code, rule: "F11", role: "teamroom.background_tasks", scope: board, subject: dan, says: says}
	}
	specify(t, []specification{
		{"F11: on a new teamroom", managed(), when(cat, CreateScope{Scope: lab, Parent: org}), then(opened(lab, org)...)},
		{"F11: on a new teamroom in an app", managed(), when(ben, CreateScope{Scope: lab, Parent: crm}), then(opened(lab, crm)...)},
		{"F11: none on an app", managed(), when(ann, CreateScope{Scope: "app:two", Parent: org}), then(created("app:two", org))},
		{"F11: withdrawn", managed(), when(dan, RevokeRole{Subject: background, Role: "background_tasks", Scope: board}), then(revoked(background, "background_tasks", board))},
		{"F11: and granted again", managed(revoked(background, "background_tasks", board)), when(dan, GrantRole{Subject: background, Role: "background_tasks", Scope: board}),
			then(granted(background, "background_tasks", board))},
		{"F11: not by a stranger to the room", managed(), when(cat, RevokeRole{Subject: background, Role: "background_tasks", Scope: board}),
			refused{code: CodeNotPermitted, rule: "F11", role: "teamroom.background_tasks", scope: board, subject: cat, help: "tenure who", says: "may not revoke"}},
		{"F11: nobody else", managed(), when(dan, GrantRole{Subject: dan, Role: "background_tasks", Scope: board}), its(CodeInvalid, "background user's alone")},
		{"F11: nothing else", managed(), when(ann, GrantRole{Subject: background, Role: "member", Scope: board}),
			refused{code: CodeInvalid, role: "teamroom.member", scope: board, subject: background, says: "holds no role but"}},
		{"F11: not for a time", managed(revoked(background, "background_tasks", board)), when(dan, GrantRole{Subject: background, Role: "background_tasks", Scope: board, Until: start.AddDate(1, 0, 0)}),
			refused{code: CodeInvalid, rule: "F11", role: "teamroom.background_tasks", scope: board, field: "until", says: "does not end by itself"}},
		{"F11: goes with the teamroom", managed(), when(dan, DeleteScope{Scope: board}),
			then(revoked(dan, "manager", board, events.CauseScopeDeleted), revoked(background, "background_tasks", board, events.CauseScopeDeleted), deleted(board))},
		{"F11: no member", managed(), when(ann, StartMembership{Subject: background, Scope: org}), refused{code: CodeInvalid, subject: background, says: "is no person"}},
		{"F11: no key", managed(), when(events.Operator, IssueCredential{Subject: background, Credential: keyID(1), Hash: hash(1)}), refused{code: CodeInvalid, subject: background, says: "is no person"}},
		{"F11: does nothing of itself", managed(), when(background, RevokeRole{Subject: dan, Role: "manager", Scope: board}), refused{code: CodeNotPermitted, says: "what falls due"}},
		{"F11: an import", house(), when(events.Importer, scopes(stands(board, org, ""))),
			then(created(board, org, imported), granted(background, "background_tasks", board, events.CauseCreated))},
		{"F11: an import anew", managed(), when(events.Importer, scopes(anew(board, org, ""))),
			then(revoked(dan, "manager", board, events.CauseScopeDeleted), revoked(background, "background_tasks", board, events.CauseScopeDeleted), deleted(board, imported),
				created(board, org, imported), granted(background, "background_tasks", board, events.CauseCreated))},
	})
	unfounded := refused{code: CodeUnfounded, says: `claims the cause "created"`}
	forged(t, []forgery{
		{"created long ago", managed(revoked(background, "background_tasks", board)), cat, together(granted(background, "background_tasks", board, events.CauseCreated)), 0, unfounded},
		{"created for somebody", managed(), cat, together(created(lab, org), granted(cat, "manager", lab, events.CauseCreated)), 1, unfounded},
		{"created without it", managed(), cat, together(created(lab, org)), 0,
			refused{code: CodeUnfounded, rule: "F11", role: "teamroom.background_tasks", scope: lab, subject: background, says: "On every new teamroom"}},
		{"granted to its creator", managed(), cat, append(opened(lab, org), granted(cat, "manager", lab)), 2, refused{code: CodeNotPermitted, scope: lab, says: "created by this very commit"}},
	})
}

func TestAudiences(t *testing.T) {
	const eva = events.PrincipalID("01J00000000000000000000EVA")
	full := func(parts ...any) history {
		return house(append([]any{granted(dan, "administrator", org), registered(eve), granted(eve, "compliance_manager", org), registered(eva), granted(eva, "compliance_manager", org)}, parts...)...)
	}
	type people = []events.PrincipalID
	for _, test := range []struct {
		name     string
		given    history
		audience string
		except   events.PrincipalID
		want     people
		found    string
		alone    bool
	}{
		{"F04: owner and co-owners", full(), "owners", "", people{ann, ben}, "owners", false},
		{"F04: the main owner alone", full(marked(ben, mainOwner)), "owners", "", people{ben}, "owners", true},
		{"F04: the main owner is the one concerned", full(marked(ben, mainOwner)), "owners", ben, people{ann}, "owners", false},
		{"F04: the main owner is suspended", full(granted(dan, "co_owner", org), marked(ben, mainOwner), suspended(ben, org)), "owners", "", people{ann, dan}, "owners", false},
		{"F04: the contact is the main owner", full(marked(ben, mainOwner)), "contact", "", people{ben}, "contact", true},
		{"F04: without one the owner", full(), "contact", "", people{ann}, "contact", false},
		{"F08: all administrators", full(), "administrators", "", people{cat, dan}, "administrators", false},
		{"F08: the main administrator alone", full(marked(dan, mainAdministrator)), "administrators", "", people{dan}, "administrators", true},
		{"F08: the only administrator is the one concerned", full(revoked(dan, "administrator", org)), "administrators", cat, people{ann, ben}, "owners", false},
		{"F08: none are there", full(together(revoked(dan, "administrator", org), revoked(cat, "administrator", org)), marked(ben, mainOwner)), "administrators", "", people{ben}, "owners", true},
		{"F07: all compliance managers, whoever is main owner", full(marked(ben, mainOwner), marked(dan, mainAdministrator)), "compliance_managers", "", people{eva, eve}, "compliance_managers", false},
		{"F07: none are there, the main owner alone", full(together(revoked(eve, "compliance_manager", org), revoked(eva, "compliance_manager", org)), marked(ben, mainOwner)), "compliance_managers", "", people{ben}, "owners", true},
		{"nobody is left", given(houseFounded), "owners", ann, nil, "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			state := test.given.fold(t)
			audience, _ := state.Model.Audience(test.audience)
			for _, on := range []events.ScopeID{org, "teamroom:gone"} {
				got := state.Addressees(audience, on, test.except)
				found := ""
				if got.Audience != nil {
					found = got.Audience.ID
				}
				if diff := cmp.Diff(test.want, got.Persons); diff != "" || found != test.found || got.Designated != test.alone {
					t.Errorf("%+v of %q\n%s", got, found, diff)
				}
			}
		})
	}

	// F09: the nearest support team answers.
	rooms := []any{created(crm, org), opened(board, crm), opened(lab, org), granted(ann, "support_team", org)}
	resolve := func(h history, on events.ScopeID) (people, events.ScopeID) {
		state := h.fold(t)
		support, _ := state.Model.Resolver("support_team")
		persons, at := state.Resolve(support, on)
		if at == nil {
			return persons, ""
		}
		return persons, at.ID
	}
	for _, test := range []struct {
		given history
		on    events.ScopeID
		want  people
		at    events.ScopeID
	}{
		{house(rooms...), board, people{ann}, org},
		{house(append(rooms, granted(ben, "support_team", crm))...), board, people{ben}, crm},
		{house(append(rooms, granted(ben, "support_team", crm), granted(cat, "support_team", board), granted(dan, "support_team", board))...), board, people{cat, dan}, board},
		{house(append(rooms, granted(ben, "support_team", crm), granted(dan, "support_team", board), suspended(dan, org))...), board, people{ben}, crm},
		{house(append(rooms, granted(ben, "support_team", crm))...), lab, people{ann}, org},
		{house(append(rooms, granted(ben, "support_team", crm))...), org, people{ann}, org},
		{house(), org, nil, ""},
	} {
		if got, at := resolve(test.given, test.on); !cmp.Equal(got, test.want) || at != test.at {
			t.Errorf("F09: %s is supported by %v of %q, want %v of %q", test.on, got, at, test.want, test.at)
		}
	}
}

// F04: who lacks a permission is told whom to ask, whatever it is and whoever
// asks.
func TestContact(t *testing.T) {
	lacking := []attempt{
		when(dan, GrantRole{Subject: dan, Role: "co_owner", Scope: org}),
		when(dan, RevokeRole{Subject: cat, Role: "administrator", Scope: org}),
		when(dan, transfer(dan, "")),
		when(dan, SetDesignation{Subject: cat, Designation: mainOwner, Scope: org}),
		when(dan, SwitchFeature{Feature: "license_purchase", On: true}),
		when(dan, CreateScope{Scope: board, Parent: org}),
		when(dan, RegisterPerson{Subject: nix}),
		when(dan, invitation(eve, "")),
		when(dan, PlaceHold{Hold: holdID(1), Subject: cat, Ground: events.Sealed("x")}),
		when(dan, DefineRoles{Scope: org, Roles: []RoleHolders{{Role: "co_owner", Holders: []events.PrincipalID{dan}, Field: "co_owner"}, {Role: "administrator", Field: "administrator"}}}),
		when(nix, RegisterPerson{Subject: nix}),
		when(events.Importer, GrantRole{Subject: dan, Role: "co_owner", Scope: org}),
	}
	for _, test := range []struct {
		given history
		want  []events.PrincipalID
	}{
		{house(registered(eve)), []events.PrincipalID{ann}},
		{house(registered(eve), marked(ben, mainOwner)), []events.PrincipalID{ben}},
		{house(registered(eve), granted(cat, "co_owner", org), marked(ben, mainOwner), suspended(ben, org)), []events.PrincipalID{ann}},
	} {
		state := test.given.fold(t)
		for _, a := range lacking {
			_, err := a.decide(state)
			refusals, _ := err.(Refusals)
			if len(refusals) == 0 {
				t.Errorf("%+v is not refused: %v", a.command, err)
			}
			for _, got := range refusals {
				if got.Code != CodeNotPermitted || !cmp.Equal(got.Contact, test.want) {
					t.Errorf("%+v: %s names %v, want %v", a.command, got.Code, got.Contact, test.want)
				}
			}
		}
	}
	// Suspended, one cannot even enter; and asks the same person.
	_, err := when(dan, RegisterPerson{Subject: eve}).decide(house(suspended(dan, org)).fold(t))
	if refusals, _ := err.(Refusals); len(refusals) != 1 || !cmp.Equal(refusals[0].Contact, []events.PrincipalID{ann}) {
		t.Errorf("%+v", err)
	}
	// Of other refusals nobody is asked.
	_, err = when(ann, transfer(nix, "")).decide(house().fold(t))
	if refusals, _ := err.(Refusals); len(refusals) != 1 || refusals[0].Contact != nil {
		t.Errorf("%+v", err)
	}
}
