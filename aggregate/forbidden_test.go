package aggregate

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tenure/events"
	"tenure/rolemodel"
)

// Whoever may do nothing is told that, whatever they try, and neither how things
// stand nor that nothing would change.
func TestStrangersLearnNothing(t *testing.T) {
	stranger := person(77)
	tells := append(slices.Clone(telling), CodeFeatureOff, CodeUnfounded, CodeUnfit)
	for i, model := range rolemodel.List() {
		t.Run(model.ID, func(t *testing.T) {
			d := draw(rand.New(rand.NewPCG(4, uint64(i))).IntN)
			x := &trial{world: worldOf(t, model)}
			x.before = append(x.before, together(registered(stranger)))
			x.begin(t, d)
			refused := map[string]bool{}
			for range 3000 {
				if d(10) == 0 {
					x.attempt(t, d)
				}
				command := x.command(d, x.state)
				switch command.(type) {
				case FireDeadlines, CompleteAnonymization: // which are the background user's
					continue
				}
				commit, err := when(stranger, command).decide(x.state)
				var refusals Refusals
				switch many := slices.Contains([]string{"people.import", "roles.define"}, command.Name()); {
				case err == nil && len(commit.Events) > 0:
					t.Fatalf("%+v was done: %+v", command, commit.Events)
				case err == nil && !many && !idle(command):
					t.Fatalf("%T %+v: that it changes nothing is told", command, command)
				case err != nil && !errors.As(err, &refusals):
					t.Fatalf("%+v: %v", command, err)
				}
				for _, r := range refusals {
					if kind, _ := model.Kind(r.Scope.Kind()); r.Code == CodeNotMember && kind != nil && !kind.Membership {
						continue // where nobody can be one
					}
					if slices.Contains(tells, r.Code) && !strings.Contains(r.Message, "is known already") { // ids are made, not guessed
						t.Fatalf("%T %+v: told %s: %s", command, command, r.Code, r.Message)
					}
					refused[fmt.Sprint(command.Name(), " ", r.Code)] = r.Code == CodeNotPermitted
				}
			}
			if len(refused) < 30 {
				t.Errorf("too little was tried: %v", refused)
			}
		})
	}
}

// idle says whether the command asks for nothing.
func idle(command Command) bool {
	switch c := command.(type) {
	case SetAttributes:
		return len(c.Attributes) == 0
	case ChangeMemberships:
		return len(c.People) == 0
	case ImportScopes:
		return len(c.Scopes) == 0
	}
	return false
}

func TestAuthorityBeforeState(t *testing.T) {
	viewers := manorOf(edition("full"), together(granted(ben, "viewer", manorHall), revoked(ben, "fellow", manorHall, events.CauseReplaced)), fellow(cat), registered(dan))
	lacks := func(rule string, on events.ScopeID, subject events.PrincipalID, says string) refused {
		return refused{code: CodeNotPermitted, rule: rule, scope: on, subject: subject, help: "tenure who --role", says: says}
	}
	specify(t, []specification{
		{"an edition that somebody's role keeps out", viewers, when(cat, SetEdition{"basics"}), lacks("K02", manorHall, cat, "edition.set")},
		{"the one in force", viewers, when(cat, SetEdition{"full"}), lacks("K02", manorHall, cat, "edition.set")},
		{"an anonymization of a member", viewers, when(cat, Anonymize{ben}), lacks("", manorHall, cat, "person.anonymize")},
		{"by whoever may", viewers, when(ann, Anonymize{ben}), refused{code: CodeStillHolding, subject: ben, help: "tenure member terminate", says: "still a member"}},
		{"a role that is held", viewers, when(cat, GrantRole{Subject: ben, Role: "viewer", Scope: manorHall}),
			refused{code: CodeNotPermitted, rule: "K01", role: "guild.viewer", scope: manorHall, subject: cat, help: "tenure who --role", says: "may not grant"}},
		{"a role that is not", viewers, when(cat, RevokeRole{Subject: ben, Role: "steward", Scope: manorHall}),
			refused{code: CodeNotPermitted, role: "guild.steward", scope: manorHall, subject: cat, help: "tenure who --role", says: "may not revoke"}},
		{"a membership that there is not", viewers, when(cat, SuspendMembership{Subject: dan, Scope: manorHall}), lacks("K22", manorHall, cat, "membership.suspend")},
	})
}

// The inn model has what waits for a feature, and permissions that no role has.
var inn = must(rolemodel.Parse("inn.yaml", []byte(`
model: inn
title: Inn
about: Rooms with guests.
root: inn
highest: inn.host
scopes:
  - {kind: inn, title: Inn, membership: true, member_kinds: [{id: member, title: Member}, {id: guest, title: Guest}]}
  - {kind: room, title: Room, under: [inn], membership: true, member_kinds: [{id: member, title: Member}, {id: guest, title: Guest}], joins: [guest]}
  - {kind: crew, title: Crew, under: [inn], membership: true, carries: [inn.count, inn.count_twice]}
features:
  - {id: guests, title: Guests can be invited, rule: I01}
conditions:
  - {id: colleague, title: for members, rule: I27, when: '!person.given || person.member'}
permissions:
  - {id: inn.run, title: Run the inn, section: Inn, allows: [person.register, membership.start, "scope.create:room", role.define, feature.switch]}
  - {id: inn.count, title: Count, section: Inn, rule: I06}
  - {id: inn.count_twice, title: Count twice, section: Inn}
  - {id: inn.ring, title: Ring, section: Inn, rule: I07}
  - {id: room.fill, title: Bring people, section: Rooms, allows: [membership.start]}
  - {id: room.invite, title: Invite guests, section: Rooms, feature: guests, allows: ["membership.start:guest"]}
  - {id: room.mop, title: Mop, section: Rooms, allows: [scope.archive]}
roles:
  - id: inn.host
    title: Host
    membership: inn
    at_least: 1
    granted_by: [inn.host]
    permissions: [inn.run]
    inherited: [room.fill if colleague, room.invite]
  - id: inn.bell
    title: Bell
    granted_by: [inn.host]
    permissions: [inn.ring]
  - id: inn.robot
    title: Robot
    holder: client
    granted_by: [inn.host]
    permissions: [inn.run]
facts:
  - {id: inn.counted, title: Counted, permission: inn.count}
  - {id: inn.rung, title: Rung, permission: inn.ring}
custom_roles:
  - {id: room.chore, title: Chore, granted_by: [inn.host], permissions: [room.mop]}
`)))

// A feature that is off is named to those whom it alone keeps from something, and
// what could give a permission is, also where nothing does.
func TestRefusalsNameWhatWouldHelp(t *testing.T) {
	const top, den = events.ScopeID("inn:acme"), events.ScopeID("room:den")
	founded := given(append(founding(inn, acme), registered(ann), started(ann, top), granted(ann, "host", top)),
		together(registered(ben), started(ben, top)), created(den, top), registered(eve), events.ClientCreated{Subject: bot, Name: events.Sealed("sealed")}, granted(bot, "robot", top))
	ask := SendInvitation{Invitation: inviteID(1), Subject: eve, Scope: den, Kind: "guest", Expires: later, Token: events.Sealed("token"), TokenHash: hash(1)}
	lacks := func(subject events.PrincipalID, rule string, on events.ScopeID, help, says string) refused {
		return refused{code: CodeNotPermitted, rule: rule, scope: on, subject: subject, help: help, says: says}
	}
	specify(t, []specification{
		{"a feature that is off", founded, when(ann, ask),
			refused{code: CodeFeatureOff, rule: "I01", scope: den, help: "tenure feature on guests --org acme", says: "This (membership.start:guest) on room:den waits for the feature guests, which is off."}},
		{"for those who may not anyway", founded, when(ben, ask), lacks(ben, "", den, "tenure who --role host", "may not do this (membership.start) on room:den: that takes host on inn:acme.")},
		{"once it is on", founded.and(events.FeatureEnabled{Feature: "guests"}), when(ann, ask), then(events.InvitationSent{Subject: eve, Invitation: inviteID(1), Scope: den,
			MemberKind: "guest", Expires: later, Token: events.Sealed("token"), TokenHash: hash(1)})},
		{"what groups alone could give", founded, when(ann, RecordFact{Fact: "counted", Scope: top}),
			lacks(ann, "", top, "", "may not record counted on inn:acme: that takes membership of a crew to which it is given.")},
		{"what custom roles alone could give", founded, when(ann, ArchiveScope{Scope: den}),
			lacks(ann, "", den, "", "that takes a custom role on room:den to which it is given.")},
		{"what people may, and clients may not", founded, when(bot, RecordFact{Fact: "rung", Scope: top}),
			lacks(bot, "", top, "", "may not record rung on inn:acme: no role of the role model gives that to API clients.")},
		{"what nobody may", founded, when(ann, RenameScope{Scope: den, Title: events.Sealed("sealed")}),
			lacks(ann, "", den, "", "may not do this (scope.rename) on room:den: no role of the role model gives that.")},
	})
}
