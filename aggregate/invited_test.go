package aggregate

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tenure/events"
	"tenure/rolemodel"
)

// The club model has people who bring in anybody, and people who bring those
// who are here or were asked to come.
var lounge = must(rolemodel.Parse("club.yaml", []byte(`
model: club
title: Club
about: Dens whose members belong to the club.
root: club
highest: club.head
scopes:
  - {kind: club, title: Club, membership: true}
  - {kind: den, title: Den, under: [club], membership: true, joins: [member]}
conditions:
  - {id: here, title: for people who are here or invited, rule: K1, when: '!person.given || person.active || (person.invited && !person.member)'}
permissions:
  - {id: club.people, title: Manage people, section: People, allows: [person.register, membership.start]}
  - {id: club.build, title: Build, section: Dens, allows: ["scope.create:den"]}
  - {id: den.invite, title: Bring people, section: Dens, allows: [membership.start]}
roles:
  - id: club.head
    title: Head
    membership: club
    at_least: 1
    granted_by: [club.head]
    permissions: [club.people, club.build]
    inherited: [den.invite]
  - id: club.host
    title: Host
    membership: club
    granted_by: [club.head]
    permissions: [club.people]
    inherited: [den.invite]
  - id: club.hand
    title: Hand
    membership: club
    default: true
    permissions: [club.build if here]
    inherited: [den.invite if here]
`)))

const (
	lodging events.ScopeID = "club:acme"
	bower   events.ScopeID = "den:bower"
	grotto  events.ScopeID = "den:grotto"
)

// clubOpened has ann as its head, ben as a host, cat as a hand, and knows eve.
var clubOpened = given(
	append(founding(lounge, acme), registered(ann), started(ann, lodging), granted(ann, "head", lodging), granted(ann, "hand", lodging, events.CauseDefault)),
	together(registered(ben), started(ben, lodging), granted(ben, "host", lodging), granted(ben, "hand", lodging, events.CauseDefault)),
	together(registered(cat), started(cat, lodging), granted(cat, "hand", lodging, events.CauseDefault)),
	together(created(bower, lodging), created(grotto, lodging)), registered(eve),
)

// Whoever accepts an invitation has what it gives, and what follows from that, by
// the authority of whoever sent it last. What comes later is not by that.
func TestInvitedBy(t *testing.T) {
	state := clubOpened.fold(t)
	for _, a := range []attempt{
		when(ben, SendInvitation{Invitation: inviteID(1), Subject: eve, Scope: bower, Expires: later, Token: events.Sealed("token"), TokenHash: hash(1)}),
		when(ann, ResendInvitation{Invitation: inviteID(1), Expires: later, Token: events.Sealed("new"), TokenHash: hash(8)}),
		when(ann, SendInvitation{Invitation: inviteID(2), Register: &RegisterPerson{Subject: nix}, Subject: nix, Scope: lodging, Role: "host", Expires: later, Token: events.Sealed("token"), TokenHash: hash(2)}),
		when(eve, AcceptInvitation{Invitation: inviteID(1)}),
		when(nix, AcceptInvitation{Invitation: inviteID(2)}),
		when(ann, StartMembership{Subject: eve, Scope: grotto}),
		when(ann, GrantRole{Subject: eve, Role: "host", Scope: lodging}),
	} {
		state = stored(t, state, must(a.decide(state)))
	}
	got := map[string]events.PrincipalID{}
	for _, who := range []events.PrincipalID{eve, nix} {
		person, _ := state.Person(who)
		for _, m := range person.Memberships {
			got[string(who)+" "+string(m.Scope)] = m.InvitedBy
		}
		for _, g := range person.Grants {
			got[string(who)+" "+roleOn(g.Role, g.Scope)] = g.InvitedBy
		}
	}
	want := map[string]events.PrincipalID{}
	for what, by := range map[string]events.PrincipalID{
		"club:acme": ann, "den:bower": ann, "hand on club:acme": ann, "den:grotto": "", "host on club:acme": "",
	} {
		want[string(eve)+" "+what] = by
	}
	for what, by := range map[string]events.PrincipalID{"club:acme": ann, "hand on club:acme": ann, "host on club:acme": ann} {
		want[string(nix)+" "+what] = by
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("invited by (-want +got):\n%s", diff)
	}
}

// An invitation counts while whoever sent it may bring the person in, and never
// for itself.
func TestBeingInvited(t *testing.T) {
	ask := func(n int, to events.ScopeID) SendInvitation {
		return SendInvitation{Invitation: inviteID(n), Subject: eve, Scope: to, Expires: later, Token: events.Sealed("token"), TokenHash: hash(n)}
	}
	bring := StartMembership{Subject: eve, Scope: grotto}
	found := CreateScope{Scope: "den:new", Parent: lodging, Members: []events.PrincipalID{eve}}
	again := ResendInvitation{Invitation: inviteID(1), Expires: later, Token: events.Sealed("new"), TokenHash: hash(8)}
	dismiss := RevokeRole{Subject: ben, Role: "host", Scope: lodging}
	byBen := []attempt{when(ben, ask(1, bower))}
	dismissed := append(byBen, when(ann, dismiss))
	stranger := refused{code: CodeNotPermitted, rule: "K1", subject: cat, help: "tenure who --role", says: "only for people who are here or invited"}
	on := func(r refused, scope events.ScopeID) refused { r.scope = scope; return r }
	over := refused{code: CodeNotPermitted, scope: bower, says: "may not do so any more"}
	comes := func(n int, to events.ScopeID) happening {
		return then(events.InvitationAccepted{Subject: eve, Invitation: inviteID(n)}, started(eve, lodging, events.CauseJoined),
			started(eve, to, events.CauseInvitation), granted(eve, "hand", lodging, events.CauseDefault))
	}
	for _, test := range []struct {
		name string
		past []attempt
		when attempt
		then expectation
	}{
		{"a stranger", nil, when(cat, bring), on(stranger, grotto)},
		{"a stranger, by creation", nil, when(cat, found), on(stranger, lodging)},
		{"a stranger, by who may", nil, when(ben, bring), then(started(eve, lodging, events.CauseJoined), started(eve, grotto), granted(eve, "hand", lodging, events.CauseDefault))},
		{"invited, and yet to answer", byBen, when(cat, bring), then(started(eve, grotto))},
		{"invited, and yet to answer, by creation", byBen, when(cat, found),
			then(created("den:new", lodging), started(eve, "den:new", events.CauseCreated))},
		{"yet to answer to whoever may, too", byBen, when(ann, bring), then(started(eve, grotto))},
		{"accepted", byBen, when(eve, AcceptInvitation{Invitation: inviteID(1)}), comes(1, bower)},
		{"accepted, one of two", append(byBen, when(ann, ask(2, grotto))), when(eve, AcceptInvitation{Invitation: inviteID(2)}), comes(2, grotto)},
		{"accepted, one that another made possible", append(byBen, when(cat, ask(2, grotto))), when(eve, AcceptInvitation{Invitation: inviteID(2)}), comes(2, grotto)},
		{"sent anew by whoever may", byBen, when(ann, again), then(events.InvitationResent{Subject: eve, Invitation: inviteID(1), Expires: later, Token: events.Sealed("new"), TokenHash: hash(8)})},
		{"sent anew by somebody else", byBen, when(cat, again), on(stranger, bower)},
		{"withdrawn by somebody else", byBen, when(cat, WithdrawInvitation{inviteID(1)}), on(stranger, bower)},
		{"withdrawn by whoever may", byBen, when(ann, WithdrawInvitation{inviteID(1)}), then(withdrawn(eve))},
		{"by nobody who may", dismissed, when(cat, bring), on(stranger, grotto)},
		{"by nobody who may, anew", dismissed, when(cat, ask(2, grotto)), on(stranger, grotto)},
		{"accepted, by nobody who may", dismissed, when(eve, AcceptInvitation{Invitation: inviteID(1)}), over},
		{"accepted, two by nobody who may", append(byBen, when(ben, ask(2, grotto)), when(ann, dismiss)), when(eve, AcceptInvitation{Invitation: inviteID(1)}), over},
		{"accepted, one that another made possible by nobody who may", append(byBen, when(cat, ask(2, grotto)), when(ann, dismiss)),
			when(eve, AcceptInvitation{Invitation: inviteID(2)}), on(over, grotto)},
		{"by the operator", []attempt{when(events.Operator, ask(1, bower), because("requested"))}, when(cat, bring), then(started(eve, grotto))},
		{"no longer", byBen, when(cat, bring, clockAt(later)), on(stranger, grotto)},
		{"no longer at the last moment", byBen, when(cat, bring, clockAt(later.Add(-time.Second))), then(started(eve, grotto))},
	} {
		t.Run(test.name, func(t *testing.T) {
			state := clubOpened.fold(t)
			for _, a := range test.past {
				commit, err := a.decide(state)
				if err != nil {
					t.Fatal(err)
				}
				state = stored(t, state, commit)
			}
			commit, err := test.when.decide(state)
			if err == nil {
				stored(t, state, commit)
			}
			test.then.check(t, commit, err)
		})
	}
}

// What rests on an invitation ends with it (C27).
func TestMembershipsByInvitation(t *testing.T) {
	ask := func(n int, to events.ScopeID) SendInvitation {
		return SendInvitation{Invitation: inviteID(n), Subject: eve, Scope: to, Expires: later, Token: events.Sealed("token"), TokenHash: hash(n)}
	}
	bring := StartMembership{Subject: eve, Scope: grotto}
	placed := []attempt{when(ben, ask(1, lodging)), when(cat, bring)}
	ends := terminated(eve, grotto, events.CauseInvitation)
	here := refused{code: CodeExists, scope: grotto, subject: eve, help: "tenure invitations list", says: "becomes a member by accepting"}
	for _, test := range []struct {
		name string
		past []attempt
		when attempt
		then expectation
	}{
		{"withdrawn", placed, when(ann, WithdrawInvitation{inviteID(1)}), then(withdrawn(eve), ends)},
		{"declined", placed, when(eve, DeclineInvitation{inviteID(1)}), then(events.InvitationDeclined{Subject: eve, Invitation: inviteID(1)}, ends)},
		{"expired", placed, when(background, FireDeadlines{eve}, clockAt(later)), then(events.InvitationExpired{Subject: eve, Invitation: inviteID(1)}, ends)},
		{"one of two", append(placed, when(ben, ask(2, bower))), when(eve, DeclineInvitation{inviteID(1)}), then(events.InvitationDeclined{Subject: eve, Invitation: inviteID(1)})},
		{"the last of two", append(placed, when(ben, ask(2, bower)), when(eve, DeclineInvitation{inviteID(1)})), when(ann, WithdrawInvitation{inviteID(2)}),
			then(events.InvitationWithdrawn{Subject: eve, Invitation: inviteID(2)}, ends)},
		{"with the scope that it was to", []attempt{when(ben, ask(1, bower)), when(cat, bring)}, when(events.Operator, DeleteScope{bower}, because("requested")),
			then(events.InvitationWithdrawn{Subject: eve, Invitation: inviteID(1), Cause: events.CauseScopeDeleted}, events.ScopeDeleted{Scope: bower}, ends).underBreakGlass()},
		{"accepted", placed, when(eve, AcceptInvitation{Invitation: inviteID(1)}), then(events.InvitationAccepted{Subject: eve, Invitation: inviteID(1)},
			started(eve, lodging, events.CauseInvitation), granted(eve, "hand", lodging, events.CauseDefault))},
		{"of a member", append(placed, when(eve, AcceptInvitation{Invitation: inviteID(1)}), when(ben, ask(2, bower))), when(eve, DeclineInvitation{inviteID(2)}),
			then(events.InvitationDeclined{Subject: eve, Invitation: inviteID(2)})},
		{"invited to that very scope", []attempt{when(ben, ask(1, grotto))}, when(cat, bring), here},
		{"also for whoever may bring people in", []attempt{when(ben, ask(1, grotto))}, when(ann, bring), here},
		{"to that one and another", []attempt{when(ben, ask(1, grotto)), when(ben, ask(2, lodging))}, when(cat, bring), then(withdrawn(eve), started(eve, grotto))},
		{"to that one, and to the organization", []attempt{when(ben, ask(1, grotto)), when(ben, ask(2, lodging))}, when(eve, AcceptInvitation{Invitation: inviteID(1)}),
			refused{code: CodeExists, scope: lodging, subject: eve, help: "tenure invitations list", says: "to be accepted first, or declined"}},
		{"to that one, when the organization's is declined", []attempt{when(ben, ask(1, grotto)), when(ben, ask(2, lodging)), when(eve, DeclineInvitation{inviteID(2)})}, when(eve, AcceptInvitation{Invitation: inviteID(1)}),
			then(events.InvitationAccepted{Subject: eve, Invitation: inviteID(1)}, started(eve, lodging, events.CauseJoined), started(eve, grotto, events.CauseInvitation), granted(eve, "hand", lodging, events.CauseDefault))},
		{"a first key, though placed", placed, when(eve, AcceptInvitation{Invitation: inviteID(1), Key: &IssueCredential{Subject: eve, Credential: keyID(1), Hash: hash(1), Prefix: "tenure_"}}),
			then(events.InvitationAccepted{Subject: eve, Invitation: inviteID(1)}, started(eve, lodging, events.CauseInvitation),
				events.CredentialIssued{Subject: eve, Credential: keyID(1), Hash: hash(1), Prefix: "tenure_"}, granted(eve, "hand", lodging, events.CauseDefault))},
		{"anonymized while placed", placed, when(events.Operator, Anonymize{eve}, because("requested")),
			refused{code: CodeStillHolding, subject: eve, help: "tenure member terminate", says: "still a member of den:grotto"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			state := clubOpened.fold(t)
			for _, a := range test.past {
				commit, err := a.decide(state)
				if err != nil {
					t.Fatal(err)
				}
				state = stored(t, state, commit)
			}
			commit, err := test.when.decide(state)
			if err == nil {
				stored(t, state, commit)
			}
			test.then.check(t, commit, err)
		})
	}

	sent := events.InvitationSent{Invitation: inviteID(1), Subject: eve, Scope: lodging, Expires: later, Token: events.Sealed("token"), TokenHash: hash(1)}
	waiting := slices.Concat(clubOpened, given(together(sent), together(started(eve, grotto))))
	declined := events.InvitationDeclined{Subject: eve, Invitation: inviteID(1)}
	forged(t, []forgery{
		{"left", waiting, eve, together(declined), 0, refused{code: CodeUnfounded, scope: grotto, subject: eve, says: "by an invitation alone"}},
		{"before the answer", waiting, eve, together(ends, declined), 0, refused{code: CodeUnfounded, says: "claims the cause"}},
		{"without an answer", waiting, eve, together(ends), 0, refused{code: CodeUnfounded, says: "claims the cause"}},
		{"of somebody else", waiting.and(together(started(cat, grotto))), ann, together(withdrawn(eve), terminated(cat, grotto, events.CauseInvitation)), 1,
			refused{code: CodeUnfounded, says: "claims the cause"}},
	})
}
