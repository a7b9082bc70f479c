package aggregate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tenure/events"
	"tenure/rolemodel"
)

// The club model is there in several versions. It has of everything that an
// organization can hold.
const clubSource = `
model: club
title: Club
about: A club with sections, which are for sport or for music, and circles that carry permissions.
root: club
highest: club.chair
scopes:
  - {kind: club, title: Club, membership: true, leave: true, member_kinds: [{id: full, title: Full member}, {id: guest, title: Guest}]}
  - kind: section
    title: Section
    under: [club, section]
    membership: true
    attributes:
      - {id: type, title: Type, values: [sport, music], fixed: true}
      - {id: door, title: Door, values: [ajar, shut]}
  - {kind: circle, title: Circle, under: [club], membership: true, carries: [club.books.read, club.keys.hold]}
features:
  - {id: trips, title: Trips}
permissions:
  - {id: club.people, title: Manage people, section: People, allows: [person.register, membership.start, membership.suspend, membership.terminate]}
  - {id: club.rules, title: Change the rules, section: Rules, allows: [model.adopt, feature.switch, role.define, role.permit, role.withhold]}
  - {id: club.build, title: Open sections, section: Rules, allows: ["scope.create:section", "scope.create:circle"]}
  - {id: club.books.read, title: Read the books, section: Books}
  - {id: club.books.write, title: Write the books, section: Books}
  - {id: club.keys.hold, title: Hold the keys, section: Books}
  - {id: club.trips.plan, title: Plan trips, section: Trips, feature: trips}
  - {id: section.edit, title: Change a section, section: Sections, allows: [scope.rename]}
  - {id: section.play, title: Play, section: Sections}
roles:
  - id: club.chair
    title: Chair
    rule: K01
    membership: club
    at_least: 1
    granted_by: [club.chair]
    permissions: [club.people, club.rules, club.build, club.books.read, club.books.write, club.keys.hold, club.trips.plan]
    inherited: [section.edit, section.play]
  - id: club.treasurer
    title: Treasurer
    rule: K02
    membership: club
    granted_by: [club.chair]
    adjustable: true
    permissions: [club.books.read, club.books.write]
  - id: club.auditor
    title: Auditor
    granted_by: [club.chair]
    permissions: [club.books.read]
  - id: club.member
    title: Member
    membership: club
    default: true
  - id: club.bot
    title: Bot
    holder: client
    granted_by: [club.chair]
    permissions: [club.books.read]
  - id: section.lead
    title: Lead
    rule: K03
    membership: club
    granted_by: [club.chair]
    replaces: [section.player]
    permissions: [section.edit, section.play]
  - id: section.player
    title: Player
    membership: club
    granted_by: [section.lead, club.chair]
    replaces: [section.lead]
    permissions: [section.play]
  - id: section.caretaker
    title: Caretaker
    automatic: background
    granted_by: [club.chair]
    permissions: [section.play]
designations:
  - {id: club.first, title: First of the treasurers, among: [club.treasurer], while: [{role: club.treasurer, at_least: 2}], set_by: [club.chair]}
custom_roles:
  - {id: club.office, title: Office, granted_by: [club.chair], permissions: [club.books.read, club.books.write, section.play]}
`

// clubWith is the club model with some places written otherwise.
func clubWith(pairs ...string) *rolemodel.Model {
	source := clubSource
	for i := 0; i < len(pairs); i += 2 {
		if strings.Count(source, pairs[i]) != 1 {
			panic(fmt.Sprintf("%q stands in the model %d times", pairs[i], strings.Count(source, pairs[i])))
		}
		source = strings.Replace(source, pairs[i], pairs[i+1], 1)
	}
	return must(rolemodel.Parse("club.yaml", []byte(source)))
}

var clubModel = clubWith()

const (
	clubhouse    events.ScopeID = "club:acme"
	chessSection events.ScopeID = "section:chess"
	choir        events.ScopeID = "section:choir"
	night        events.ScopeID = "section:night"
	board2       events.ScopeID = "circle:board"
)

// clubFounded is a club with ann as its chair.
var clubFounded = append(founding(clubModel, acme), registered(ann), started(ann, clubhouse), granted(ann, "chair", clubhouse), granted(ann, "member", clubhouse, events.CauseDefault))

func enrolled(who events.PrincipalID) []events.Event {
	return []events.Event{registered(who), started(who, clubhouse), granted(who, "member", clubhouse, events.CauseDefault)}
}

func opens(section, under events.ScopeID) []events.Event {
	return []events.Event{created(section, under), granted(background, "caretaker", section, events.CauseCreated)}
}

// members are the club with ann as the chair, ben and cat as treasurers, and dan
// and eve without anything but their membership; eve is a guest.
func members(parts ...any) history {
	guest := enrolled(eve)
	guest[1] = events.MembershipStarted{Subject: eve, Scope: clubhouse, MemberKind: "guest"}
	return given(append([]any{clubFounded, enrolled(ben), enrolled(cat), enrolled(dan), guest,
		granted(ben, "treasurer", clubhouse), granted(cat, "treasurer", clubhouse)}, parts...)...)
}

// adopts is the event that puts a model in force.
func adopts(model *rolemodel.Model, roles ...string) events.Event {
	digest := model.Digest()
	return events.ModelAdopted{Model: model.ID, Source: model.Canonical(), Digest: digest[:], Roles: roles}
}

// The newest versions of the club's model.
var (
	clubRicher   = clubWith("permissions: [club.books.read, club.books.write]\n  - id: club.auditor", "permissions: [club.books.read, club.books.write, club.keys.hold]\n  - id: club.auditor")
	clubCashier  = clubWith("id: club.treasurer", "id: club.cashier", "among: [club.treasurer], while: [{role: club.treasurer, at_least: 2}]", "among: [club.cashier], while: [{role: club.cashier, at_least: 2}]")
	clubNoMark   = clubWith("designations:\n  - {id: club.first, title: First of the treasurers, among: [club.treasurer], while: [{role: club.treasurer, at_least: 2}], set_by: [club.chair]}\n", "")
	clubThree    = clubWith("while: [{role: club.treasurer, at_least: 2}]", "while: [{role: club.treasurer, at_least: 3}]")
	clubNoPlayer = clubWith("    replaces: [section.player]\n", "", `  - id: section.player
    title: Player
    membership: club
    granted_by: [section.lead, club.chair]
    replaces: [section.lead]
    permissions: [section.play]
`, "")
	clubHelper = clubWith(`  - id: section.caretaker
`, `  - id: club.helper
    title: Helper
    automatic: background
    granted_by: [club.chair]
    permissions: [club.books.read]
  - id: section.caretaker
`)
	clubFriends = clubWith("id: club.member\n    title: Member", "id: club.friend\n    title: Friend")
	clubViewer  = clubWith("id: club.auditor\n    title: Auditor\n", "id: club.viewer\n    title: Viewer\n    rule: K04\n    membership: club\n    replaces: [club.member]\n",
		"id: club.member\n    title: Member\n    membership: club\n", "id: club.member\n    title: Member\n    membership: club\n    replaces: [club.viewer]\n    granted_by: [club.chair]\n")
)

func TestAdoptModel(t *testing.T) {
	model := events.CauseModel
	adopt := func(model *rolemodel.Model, pairs ...string) AdoptModel {
		c := AdoptModel{Model: model}
		for i := 0; i < len(pairs); i += 2 {
			if c.Roles == nil {
				c.Roles = map[string]string{}
			}
			c.Roles[pairs[i]] = pairs[i+1]
		}
		return c
	}
	first := events.DesignationSet{Subject: ben, Designation: "first", Scope: clubhouse}
	end := start.Add(10 * day)
	invitation := func(role events.RoleID) events.Event {
		return events.InvitationSent{Subject: nixKnown, Invitation: inviteID(1), Scope: clubhouse, Role: role, Expires: start.Add(30 * day), TokenHash: hash(1)}
	}
	specify(t, []specification{
		{"a version that gives more changes nothing else", members(), when(ann, adopt(clubRicher)), then(adopts(clubRicher))},
		{"the version in force changes nothing", members(), when(ann, adopt(clubWith())), then()},
		{"and nothing comes with it", members(), when(ann, adopt(clubWith(), "club.auditor", "none")),
			refused{code: CodeExists, field: "model", says: "this very version"}},
		{"no model", members(), when(ann, AdoptModel{}), refused{code: CodeUnknown, says: "role model", help: "tenure models list"}},

		{"a role that is gone and held", members(), when(ann, adopt(clubCashier)),
			refused{code: CodeUnfit, field: "roles.club.treasurer", role: "club.treasurer", says: "no role club.treasurer, and it is held 2 times", help: "--map club.treasurer=club.ROLE"}},
		{"a role that is gone and not held", given(clubFounded), when(ann, adopt(clubCashier)), then(adopts(clubCashier))},
		{"a role with another name", members(first), when(ann, adopt(clubCashier, "club.treasurer", "club.cashier")),
			then(revoked(ben, "treasurer", clubhouse, model), revoked(cat, "treasurer", clubhouse, model),
				adopts(clubCashier, "club.treasurer=club.cashier"),
				granted(ben, "cashier", clubhouse, model), granted(cat, "cashier", clubhouse, model))},
		{"a role for a time stays so", given(clubFounded, enrolled(ben), until(end, granted(ben, "treasurer", clubhouse))), when(ann, adopt(clubCashier, "club.treasurer", "club.cashier")),
			then(revoked(ben, "treasurer", clubhouse, model), adopts(clubCashier, "club.treasurer=club.cashier"), until(end, granted(ben, "cashier", clubhouse, model)))},
		{"a role whose time is over does not come again", given(clubFounded, enrolled(ben), until(end, granted(ben, "treasurer", clubhouse))), when(ann, adopt(clubCashier, "club.treasurer", "club.cashier"), clockAt(end)),
			then(revoked(ben, "treasurer", clubhouse, model), adopts(clubCashier, "club.treasurer=club.cashier"))},
		{"a role that ends with it", members(), when(ann, adopt(clubCashier, "club.treasurer", "none")),
			then(revoked(ben, "treasurer", clubhouse, model), revoked(cat, "treasurer", clubhouse, model), adopts(clubCashier, "club.treasurer=none"))},
		{"a role that stays and is mapped all the same", members(), when(ann, adopt(clubRicher, "club.treasurer", "club.auditor")),
			then(revoked(ben, "treasurer", clubhouse, model), revoked(cat, "treasurer", clubhouse, model), adopts(clubRicher, "club.treasurer=club.auditor"),
				granted(ben, "auditor", clubhouse, model), granted(cat, "auditor", clubhouse, model))},
		{"two roles that become one, for the longer of their times", given(clubFounded, enrolled(ben), until(end, granted(ben, "treasurer", clubhouse)), granted(ben, "auditor", clubhouse)),
			when(ann, adopt(clubCashier, "club.treasurer", "club.cashier", "club.auditor", "club.cashier")),
			then(revoked(ben, "treasurer", clubhouse, model), revoked(ben, "auditor", clubhouse, model),
				adopts(clubCashier, "club.auditor=club.cashier", "club.treasurer=club.cashier"), granted(ben, "cashier", clubhouse, model))},
		{"a role that takes the place of another one that is held", members(opens(chessSection, clubhouse), granted(dan, "player", chessSection)),
			when(ann, adopt(clubNoPlayer, "section.player", "section.lead")),
			then(revoked(dan, "player", chessSection, model), adopts(clubNoPlayer, "section.player=section.lead"), granted(dan, "lead", chessSection, model))},
		{"a mapped role ends what it replaces", members(opens(chessSection, clubhouse), granted(dan, "player", chessSection), granted(dan, "auditor", clubhouse)),
			when(ann, adopt(clubWith("id: club.auditor\n    title: Auditor\n", "id: club.reviewer\n    title: Reviewer\n    replaces: [club.member]\n    membership: club\n"), "club.auditor", "club.reviewer")),
			then(revoked(dan, "auditor", clubhouse, model), adopts(clubWith("id: club.auditor\n    title: Auditor\n", "id: club.reviewer\n    title: Reviewer\n    replaces: [club.member]\n    membership: club\n"), "club.auditor=club.reviewer"),
				granted(dan, "reviewer", clubhouse, model), revoked(dan, "member", clubhouse, events.CauseReplaced))},
		{"a mapped role replaces a default that replaces it", members(granted(dan, "auditor", clubhouse)), when(ann, adopt(clubViewer, "club.auditor", "club.viewer")),
			then(revoked(dan, "auditor", clubhouse, model), adopts(clubViewer, "club.auditor=club.viewer"),
				granted(dan, "viewer", clubhouse, model), revoked(dan, "member", clubhouse, events.CauseReplaced))},
		{"but not one that somebody has decided", members(together(registered(nixKnown), started(nixKnown, clubhouse), granted(nixKnown, "member", clubhouse)), granted(nixKnown, "auditor", clubhouse)),
			when(ann, adopt(clubViewer, "club.auditor", "club.viewer")),
			refused{code: CodeInvalid, rule: "K04", field: "roles.club.auditor", role: "club.viewer", scope: clubhouse, subject: nixKnown,
				says: "Who was auditor on club:acme becomes viewer, and nobody is that and member at once", help: "tenure revoke " + string(nixKnown) + " auditor"}},
		{"two mapped roles that exclude each other", members(granted(ben, "auditor", clubhouse)),
			when(ann, adopt(clubViewer, "club.auditor", "club.viewer", "club.treasurer", "club.member")),
			refused{code: CodeInvalid, field: "roles.club.treasurer", role: "club.member", scope: clubhouse, subject: ben, says: "nobody is that and viewer at once", help: "tenure revoke " + string(ben) + " treasurer"}},
		{"a mapped default gives way to another role", given(clubFounded, enrolled(dan), granted(dan, "auditor", clubhouse)),
			when(ann, adopt(clubViewer, "club.auditor", "club.viewer", "club.member", "club.member")),
			then(revoked(dan, "auditor", clubhouse, model), revoked(ann, "member", clubhouse, model), revoked(dan, "member", clubhouse, model),
				adopts(clubViewer, "club.auditor=club.viewer", "club.member=club.member"),
				granted(dan, "viewer", clubhouse, model), granted(ann, "member", clubhouse, byDefault))},
		{"a mapped default stays one", given(clubFounded), when(ann, adopt(clubFriends, "club.member", "club.friend")),
			then(revoked(ann, "member", clubhouse, model), adopts(clubFriends, "club.member=club.friend"), granted(ann, "friend", clubhouse, byDefault))},
		{"a default that becomes another role is given by the adoption", given(clubFounded), when(ann, adopt(clubFriends, "club.member", "club.auditor")),
			then(revoked(ann, "member", clubhouse, model), adopts(clubFriends, "club.member=club.auditor"), granted(ann, "auditor", clubhouse, model), granted(ann, "friend", clubhouse, byDefault))},
		{"what is mapped must be there", members(), when(ann, adopt(clubRicher, "club.king", "none")),
			refused{code: CodeUnknown, field: "roles.club.king", says: "no role club.king", help: "tenure model show"}},
		{"what it is mapped to, too", members(), when(ann, adopt(clubRicher, "club.treasurer", "club.king")),
			refused{code: CodeUnknown, field: "roles.club.treasurer", says: "club.auditor"}},
		{"on the same kind of scope", members(), when(ann, adopt(clubRicher, "club.treasurer", "section.lead")),
			refused{code: CodeInvalid, field: "roles.club.treasurer", says: "of the same kind"}},
		{"to the background user's", members(opens(chessSection, clubhouse), granted(dan, "player", chessSection)), when(ann, adopt(clubNoPlayer, "section.player", "section.caretaker")),
			refused{code: CodeInvalid, role: "section.caretaker", scope: chessSection, subject: dan, says: "background user's alone"}},

		{"an invitation with a role that is gone is withdrawn", given(clubFounded, registered(nixKnown), invitation("treasurer")), when(ann, adopt(clubCashier)),
			then(events.InvitationWithdrawn{Subject: nixKnown, Invitation: inviteID(1), Cause: model}, adopts(clubCashier))},
		{"one with a role that is mapped is withdrawn, though nobody holds it", given(clubFounded, registered(nixKnown), invitation("auditor")), when(ann, adopt(clubRicher, "club.auditor", "club.treasurer")),
			then(events.InvitationWithdrawn{Subject: nixKnown, Invitation: inviteID(1), Cause: model}, adopts(clubRicher, "club.auditor=club.treasurer"))},
		{"others stay", given(clubFounded, registered(nixKnown), invitation("auditor")), when(ann, adopt(clubCashier)), then(adopts(clubCashier))},
		{"one as a kind of member that is gone is withdrawn", given(clubFounded, registered(nixKnown), asGuest(invitation(""))),
			when(ann, adopt(clubWith("{id: guest, title: Guest}", "{id: visitor, title: Visitor}"))),
			then(events.InvitationWithdrawn{Subject: nixKnown, Invitation: inviteID(1), Cause: model}, adopts(clubWith("{id: guest, title: Guest}", "{id: visitor, title: Visitor}")))},
		{"a mark that is gone is cleared", members(first), when(ann, adopt(clubNoMark)),
			then(events.DesignationCleared{Subject: ben, Designation: "first", Scope: clubhouse, Cause: model}, adopts(clubNoMark))},
		{"a mark that lacks what it needs now lapses", members(first), when(ann, adopt(clubThree)),
			then(adopts(clubThree), events.DesignationLapsed{Subject: ben, Designation: "first", Scope: clubhouse, Cause: events.CauseQuorum})},
		{"a mark whose role ended lapses", members(first), when(ann, adopt(clubRicher, "club.treasurer", "none")),
			then(revoked(ben, "treasurer", clubhouse, model), revoked(cat, "treasurer", clubhouse, model), adopts(clubRicher, "club.treasurer=none"),
				events.DesignationLapsed{Subject: ben, Designation: "first", Scope: clubhouse, Cause: events.CauseUnheld})},
		{"a feature that is gone is turned off", members(events.FeatureEnabled{Feature: "trips"}), when(ann, adopt(clubWith("id: trips,", "id: outings,", "feature: trips}", "feature: outings}"))),
			then(events.FeatureDisabled{Feature: "trips"}, adopts(clubWith("id: trips,", "id: outings,", "feature: trips}", "feature: outings}")))},
		{"a feature that follows editions now is turned off", members(events.FeatureEnabled{Feature: "trips"}), when(ann, adopt(clubEditions)),
			then(events.FeatureDisabled{Feature: "trips"}, adopts(clubEditions))},
		{"an edition that there is not", members(), when(ann, AdoptModel{Model: clubEditions, Edition: "gold"}),
			refused{code: CodeUnknown, field: "edition", says: "there is plain or travel", help: "tenure models show club"}},
		{"a role that is the background user's now", members(opens(chessSection, clubhouse)), when(ann, adopt(clubHelper)),
			then(adopts(clubHelper), granted(background, "helper", clubhouse, model))},
		{"what was withdrawn from it is not given again", members(opens(chessSection, clubhouse), revoked(background, "caretaker", chessSection)), when(ann, adopt(clubRicher)), then(adopts(clubRicher))},
		{"a role that is the background user's no more", members(opens(chessSection, clubhouse)), when(ann, adopt(clubWith("    automatic: background\n", ""))),
			then(revoked(background, "caretaker", chessSection, model), adopts(clubWith("    automatic: background\n", "")))},
		{"another default role", members(), when(ann, adopt(clubFriends, "club.member", "none")),
			then(together(revoked(ann, "member", clubhouse, model), revoked(ben, "member", clubhouse, model), revoked(cat, "member", clubhouse, model),
				revoked(dan, "member", clubhouse, model), revoked(eve, "member", clubhouse, model), adopts(clubFriends, "club.member=none"),
				granted(ann, "friend", clubhouse, byDefault), granted(ben, "friend", clubhouse, byDefault), granted(cat, "friend", clubhouse, byDefault),
				granted(dan, "friend", clubhouse, byDefault), granted(eve, "friend", clubhouse, byDefault))...)},
	})
}

// nixKnown is somebody who is no member.
const nixKnown events.PrincipalID = "01J00000000000000000000FAY"

func asGuest(event events.Event) events.Event {
	sent := event.(events.InvitationSent)
	sent.MemberKind = "guest"
	return sent
}

var clubEditions = clubWith("permissions:\n  - {id: club.people", `editions:
  - {id: plain, title: Plain}
  - {id: travel, title: Travel, features: [trips]}
permissions:
  - {id: club.people`)

// A model that does not go with what the organization is like is refused.
func TestAdoptionsThatDoNotFit(t *testing.T) {
	noSections := must(rolemodel.Parse("small.yaml", []byte(`
model: small
title: Small
about: Nothing but the club.
root: club
highest: club.chair
scopes:
  - {kind: club, title: Club, membership: true}
permissions:
  - {id: club.rules, title: Change the rules, section: Rules, allows: [model.adopt]}
roles:
  - {id: club.chair, title: Chair, membership: club, at_least: 1, granted_by: [club.chair], permissions: [club.rules]}
  - {id: club.treasurer, title: Treasurer, granted_by: [club.chair]}
  - {id: club.member, title: Member, membership: club, default: true}
`)))
	music := events.AttributeSet{Scope: choir, Attribute: "type", Value: "music", Cause: events.CauseCreated}
	withChoir := together(opens(choir, clubhouse), music)
	player := func(m string) []string {
		return []string{"membership: club\n    granted_by: [section.lead, club.chair]", m}
	}
	adopt := func(m *rolemodel.Model) Command { return AdoptModel{Model: m} }
	specify(t, []specification{
		{"another kind of organization", members(), when(ann, adopt(github)), refused{code: CodeUnfit, says: "the organization itself is an organization, and acme is a club"}},
		{"scopes of a kind that is gone", members(opens(chessSection, clubhouse), opens(choir, clubhouse)), when(ann, AdoptModel{Model: noSections, Roles: map[string]string{"section.caretaker": "none"}}),
			refusedWithSeveral{
				{code: CodeUnfit, says: "no scopes of the kind section; first delete section:chess, section:choir."},
				{code: CodeUnfit, says: "no member of a club is of the kind guest; number of those whose membership must end first: 1."},
			}},
		{"scopes where they cannot stand", members(opens(chessSection, clubhouse), opens(night, chessSection)), when(ann, adopt(clubWith("under: [club, section]", "under: [club]"))),
			refused{code: CodeUnfit, says: "no section stands below a section; first move section:night."}},
		{"members where there are none", members(opens(chessSection, clubhouse), started(dan, chessSection)), when(ann, adopt(clubWith("under: [club, section]\n    membership: true", "under: [club, section]"))),
			refused{code: CodeUnfit, says: "a section has no members; first end the memberships of section:chess."}},
		{"a kind of member that is gone", members(), when(ann, adopt(clubWith(", {id: guest, title: Guest}", ""))),
			refused{code: CodeUnfit, says: "no member of a club is of the kind guest; number of those whose membership must end first: 1."}},
		{"what was fixed at the creation", members(withChoir), when(ann, adopt(clubWith("values: [sport, music]", "values: [sport, dance]"))),
			refused{code: CodeUnfit, says: "no type of a section is music, which is said at the creation and does not change; first delete section:choir."}},
		{"a value of it that nothing has", members(withChoir), when(ann, adopt(clubWith("values: [sport, music]", "values: [dance, music, sport]"))),
			then(adopts(clubWith("values: [sport, music]", "values: [dance, music, sport]")))},
		{"a value that is gone", members(opens(chessSection, clubhouse), together(withChoir, doorShut(choir))), when(ann, adopt(clubWith("values: [ajar, shut]", "values: [locked, ajar]"))),
			refused{code: CodeUnfit, scope: choir, says: `door of a section is never "shut", and one has it, for instance section:choir: first set it to ajar.`,
				help: "tenure scope set section:choir door=ajar --org acme"}},
		{"one that nobody said", members(opens(chessSection, clubhouse), withChoir), when(ann, adopt(clubWith("values: [ajar, shut]", "values: [locked, shut]"))),
			refused{code: CodeUnfit, scope: chessSection, says: `door of a section is never "ajar", and 2 have it, for instance section:chess: first set it to shut.`,
				help: "tenure scope set section:chess door=shut --org acme"}},
		{"all that there were", members(opens(chessSection, clubhouse)), when(ann, adopt(clubWith("values: [ajar, shut]", "values: [locked, wide]"))),
			refused{code: CodeUnfit, scope: chessSection, says: `is never "ajar", and one has it, for instance section:chess: first adopt a version that has values of both models.`}},
		{"one that no scope has", members(opens(chessSection, clubhouse)), when(ann, adopt(clubWith("values: [ajar, shut]", "values: [locked, ajar]"))),
			then(adopts(clubWith("values: [ajar, shut]", "values: [locked, ajar]")))},
		{"the whole of it, which is told", members(together(withChoir, doorShut(choir))), when(ann, adopt(clubDoorless)), then(adopts(clubDoorless))},
		{"a custom role of a new role's name", members(events.RoleDefined{Role: "cashier", Scope: clubhouse, Template: "club.office"}, granted(dan, "cashier", clubhouse)),
			when(ann, AdoptModel{Model: clubCashier, Roles: map[string]string{"club.treasurer": "none"}}),
			refused{code: CodeUnfit, role: "club.cashier", field: "roles.club.cashier", says: "your custom role cashier, which is held once, has the name of a role of the model: say what becomes of it.",
				help: "--map club.cashier=club.ROLE"}},

		{"too many holders", members(granted(ben, "auditor", clubhouse), granted(cat, "auditor", clubhouse)), when(ann, adopt(clubWith("title: Auditor\n", "title: Auditor\n    at_most: 1\n"))),
			refused{code: CodeTooMany, role: "club.auditor", scope: clubhouse, says: "Under the model club: At most 1", help: "tenure revoke"}},
		{"too few", members(opens(chessSection, clubhouse)), when(ann, adopt(clubWith("rule: K03\n    membership: club\n", "rule: K03\n    membership: club\n    at_least: 1\n"))),
			refused{code: CodeTooFew, rule: "K03", role: "section.lead", scope: chessSection, says: "at least 1 active lead on section:chess", help: "tenure grant PERSON lead"}},
		{"X01: another highest role that nobody holds", members(), when(ann, adopt(clubWith("highest: club.chair", "highest: club.auditor", "id: club.auditor\n    title: Auditor\n    granted_by: [club.chair]", "id: club.auditor\n    title: Auditor\n    at_least: 1\n    granted_by: [club.auditor]",
			"membership: club\n    at_least: 1\n    granted_by: [club.chair]", "membership: club\n    granted_by: [club.auditor]"))),
			refused{code: CodeTooFew, rule: "X01", role: "club.auditor", scope: clubhouse, says: "at least 1 active auditor", help: "tenure grant PERSON auditor"}},
		{"X01: one that was not there before", members(), when(ann, adopt(clubWith("highest: club.chair", "highest: club.queen", "  - id: club.chair\n", "  - {id: club.queen, title: Queen, at_least: 1, granted_by: [club.queen, club.chair]}\n  - id: club.chair\n",
			"membership: club\n    at_least: 1\n    granted_by: [club.chair]", "membership: club\n    granted_by: [club.chair, club.queen]"))),
			refused{code: CodeTooFew, rule: "X01", role: "club.queen", scope: clubhouse, says: "queen", help: "--map ROLE=club.queen"}},
		{"a membership that is needed now", members(opens(chessSection, clubhouse), granted(dan, "player", chessSection)), when(ann, adopt(clubWith(player("membership: section\n    granted_by: [section.lead, club.chair]")...))),
			refused{code: CodeNotMember, role: "section.player", scope: chessSection, subject: dan, says: "Only a member of section:chess", help: "tenure member start"}},
		{"a kind of member that cannot hold it now", members(granted(eve, "auditor", clubhouse)), when(ann, adopt(clubWith("title: Auditor\n", "title: Auditor\n    membership: club\n    member_kinds: [full]\n"))),
			refused{code: CodeNotMember, role: "club.auditor", scope: clubhouse, subject: eve, says: "Only a Full member"}},
		{"a role for API clients now", members(granted(dan, "auditor", clubhouse)), when(ann, adopt(clubWith("title: Auditor\n", "title: Auditor\n    holder: client\n"))),
			refused{code: CodeInvalid, role: "club.auditor", scope: clubhouse, subject: dan, says: "for API clients alone"}},
		{"a role for the background user now", members(granted(dan, "auditor", clubhouse)), when(ann, AdoptModel{Model: clubWith("title: Auditor\n", "title: Auditor\n    automatic: background\n")}),
			refused{code: CodeInvalid, role: "club.auditor", scope: clubhouse, subject: dan, says: "background user's alone"}},
		{"roles that replace each other now", members(granted(ben, "auditor", clubhouse)), when(ann, adopt(clubWith("title: Auditor\n", "title: Auditor\n    replaces: [club.treasurer]\n"))),
			refused{code: CodeInvalid, role: "club.auditor", scope: clubhouse, subject: ben, says: "cannot be treasurer as well", help: "tenure revoke"}},
		{"a role that waits for an edition now", members(), when(ann, adopt(clubWith("permissions:\n  - {id: club.people", "editions:\n  - {id: plain, title: Plain}\n  - {id: travel, title: Travel, features: [trips]}\npermissions:\n  - {id: club.people",
			"rule: K02\n", "rule: K02\n    feature: trips\n"))),
			refused{code: CodeFeatureOff, rule: "K02", role: "club.treasurer", scope: clubhouse, says: "in the edition Travel alone, and acme has Plain", help: "tenure edition set travel"}},
	})
}

// clubDoorless has no doors.
var clubDoorless = clubWith("      - {id: door, title: Door, values: [ajar, shut]}\n", "")

func doorShut(on events.ScopeID) events.Event {
	return events.AttributeSet{Scope: on, Attribute: "door", Value: "shut", Cause: events.CauseCreated}
}

// What a scope is like does not change by an adoption without a word: Audit refuses
// it, too, and an attribute that is gone is told.
func TestValuesThatAreGone(t *testing.T) {
	state := members(together(opens(choir, clubhouse), events.AttributeSet{Scope: choir, Attribute: "type", Value: "music", Cause: events.CauseCreated}, doorShut(choir))).fold(t)
	less := clubWith("values: [ajar, shut]", "values: [locked, ajar]")
	if refusals := Audit(state, following(state, ann, adopts(less))); len(refusals) != 1 || refusals[0].Code != CodeUnfit || refusals[0].Scope != choir {
		t.Errorf("a value that is gone: %v", refusals)
	}
	after := decided(t, state, when(ann, AdoptModel{Model: clubDoorless}))
	want := []rolemodel.Change{{Change: rolemodel.Changed, What: "scopes", ID: "section", Keys: []string{"attributes"}}}
	if diff := cmp.Diff(want, DiffPermissions(state, after).Rules); diff != "" {
		t.Errorf("the impact (-want +got):\n%s", diff)
	}
}

// refusedWithSeveral expects these refusals, in this order.
type refusedWithSeveral []refused

func (want refusedWithSeveral) check(t *testing.T, commit events.Commit, err error) {
	t.Helper()
	refusals, _ := err.(Refusals)
	if len(refusals) != len(want) {
		t.Fatalf("refused %d times, want %d: %v", len(refusals), len(want), err)
	}
	for i := range want {
		want[i].compare(t, refusals[i])
	}
}

// What is in the way is told in numbers that somebody can read.
func TestManyObstacles(t *testing.T) {
	parts := []any{clubFounded}
	for i := range 80 {
		parts = append(parts, opens(events.Scope("section", fmt.Sprintf("s%02d", i)), clubhouse))
	}
	state := given(parts...).fold(t)
	needy := clubWith("rule: K03\n    membership: club\n", "rule: K03\n    membership: club\n    at_least: 1\n")
	_, err := when(ann, AdoptModel{Model: needy}).decide(state)
	refusals, _ := err.(Refusals)
	if len(refusals) != mostObstacles+1 || !strings.Contains(refusals[mostObstacles].Message, "30 more") {
		t.Errorf("refused %d times, the last time with %v", len(refusals), refusals[len(refusals)-1])
	}
}

func TestAuthorityToAdopt(t *testing.T) {
	adopt := AdoptModel{Model: clubRicher}
	specify(t, []specification{
		{"the chair", members(), when(ann, adopt), then(adopts(clubRicher))},
		{"a treasurer", members(), when(ben, adopt), refused{code: CodeNotPermitted, subject: ben, scope: clubhouse, says: "model.adopt", help: "tenure who --role chair"}},
		// Not what stands in the way.
		{"and is told nothing else", members(), when(ben, AdoptModel{Model: clubCashier}), refused{code: CodeNotPermitted, subject: ben, scope: clubhouse, says: "model.adopt", help: "tenure who --role chair"}},
		{"nor whether there is such a model", members(), when(ben, AdoptModel{}), refused{code: CodeNotPermitted, subject: ben, scope: clubhouse, says: "model.adopt", help: "tenure who --role chair"}},
		{"the operator without a reason", members(), when(events.Operator, adopt), refused{code: CodeBreakGlass, field: "reason", says: "break-glass", help: "--reason"}},
		{"the operator with one", members(), when(events.Operator, adopt, because("correction")), then(adopts(clubRicher)).underBreakGlass()},
		{"an import", members(), when(events.Importer, adopt), refused{code: CodeNotPermitted, says: "imported"}},
		{"the background user", members(), when(events.Background, adopt), refused{code: CodeNotPermitted, says: "what falls due"}},
	})
}

// What a command never makes of an adoption, Audit refuses all the same.
func TestAdoptionsAreAudited(t *testing.T) {
	const model = events.CauseModel
	stray := func(name string) refused { return refused{code: CodeUnfounded, says: name + " does not"} }
	toCashier := func(list ...events.Event) []events.Event {
		return together(revoked(ben, "treasurer", clubhouse, model), revoked(cat, "treasurer", clubhouse, model), adopts(clubCashier, "club.treasurer=club.cashier"), list)
	}
	ends := adopts(clubCashier, "club.treasurer=none")
	forged(t, []forgery{
		{"a revocation without an adoption", members(), ann, together(revoked(ben, "treasurer", clubhouse, model)), 0, refused{code: CodeUnfounded, says: `claims the cause "model"`}},
		{"a grant without an adoption", members(), ann, together(granted(dan, "chair", clubhouse, model)), 0, refused{code: CodeUnfounded, says: `claims the cause "model"`}},
		{"a role that stays", members(granted(dan, "auditor", clubhouse)), ann, together(revoked(dan, "auditor", clubhouse, model), adopts(clubRicher)), 0, stray("role.revoked")},
		{"a role that is gone, without a word", members(), ann, together(revoked(ben, "treasurer", clubhouse, model), revoked(cat, "treasurer", clubhouse, model), adopts(clubCashier)), 0, stray("role.revoked")},
		{"a role that is gone and left", members(), ann, together(adopts(clubCashier)), 0,
			refused{code: CodeUnfit, role: "club.treasurer", field: "roles.club.treasurer", says: "held 2 times", help: "--map"}},
		{"one holder left", members(), ann, together(revoked(ben, "treasurer", clubhouse, model), adopts(clubCashier, "club.treasurer=none")), 1,
			refused{code: CodeUnfounded, says: "treasurer on club:acme would be left"}},
		{"one holder of a role that stays left", members(), ann, together(revoked(ben, "treasurer", clubhouse, model), adopts(clubRicher, "club.treasurer=none")), 1,
			refused{code: CodeUnfounded, says: "treasurer on club:acme would be left"}},
		{"ended by decision", members(), ann, together(revoked(ben, "treasurer", clubhouse), revoked(cat, "treasurer", clubhouse), adopts(clubCashier)), 0, stray("role.revoked")},
		{"nothing in its place", members(), ann, toCashier(granted(ben, "cashier", clubhouse, model)), 2,
			refused{code: CodeUnfounded, role: "club.cashier", scope: clubhouse, subject: cat, says: "becomes cashier, and"}},
		{"another one that excludes it", members(granted(ben, "auditor", clubhouse)), ann,
			together(revoked(ben, "treasurer", clubhouse, model), revoked(cat, "treasurer", clubhouse, model), revoked(ben, "auditor", clubhouse, model),
				adopts(clubViewer, "club.auditor=club.member", "club.treasurer=club.viewer"),
				granted(ben, "viewer", clubhouse, model), revoked(ben, "member", clubhouse, replaced), granted(cat, "viewer", clubhouse, model), revoked(cat, "member", clubhouse, replaced)), 3,
			refused{code: CodeInvalid, field: "roles.club.auditor", role: "club.member", scope: clubhouse, subject: ben, says: "nobody is that and viewer at once", help: "tenure revoke"}},
		{"a default in the place of a role", members(granted(dan, "auditor", clubhouse)), ann,
			together(revoked(dan, "auditor", clubhouse, model), adopts(clubViewer, "club.auditor=club.viewer")), 1,
			refused{code: CodeInvalid, rule: "K04", field: "roles.club.auditor", role: "club.viewer", scope: clubhouse, subject: dan, says: "nobody is that and member at once", help: "tenure revoke"}},
		{"somebody else in its place", members(), ann, toCashier(granted(ben, "cashier", clubhouse, model), granted(cat, "cashier", clubhouse, model), granted(dan, "cashier", clubhouse, model)), 5,
			refused{code: CodeUnfounded, says: `claims the cause "model"`}},
		{"another role in its place", members(), ann, toCashier(granted(ben, "chair", clubhouse, model)), 3, refused{code: CodeUnfounded, says: `claims the cause "model"`}},
		{"for another time", members(), ann, toCashier(until(start.Add(9*day), granted(ben, "cashier", clubhouse, model))), 3, refused{code: CodeUnfounded, says: `claims the cause "model"`}},
		{"something in the place of what ends", members(), ann, together(revoked(ben, "treasurer", clubhouse, model), revoked(cat, "treasurer", clubhouse, model), ends, granted(ben, "cashier", clubhouse, model)), 3,
			refused{code: CodeUnfounded, says: `claims the cause "model"`}},
		{"a grant by the way", members(), ann, together(adopts(clubRicher), granted(dan, "auditor", clubhouse)), 1, stray("role.granted")},
		{"before it", members(), ann, together(granted(dan, "auditor", clubhouse), adopts(clubRicher)), 0, stray("role.granted")},
		{"a person by the way", members(), ann, together(adopts(clubRicher), registered(nixKnown)), 1, stray("person.registered")},
		{"a second one", members(), ann, together(adopts(clubRicher), adopts(clubNoMark)), 1, stray("model.adopted")},
		{"nothing at all", members(), ann, []events.Event{adopts(clubRicher), nil}, 1, stray("this")},
		{"an invitation that could stay", given(clubFounded, registered(nixKnown), events.InvitationSent{Subject: nixKnown, Invitation: inviteID(1), Scope: clubhouse, Expires: start.Add(day), TokenHash: hash(1)}), ann,
			together(events.InvitationWithdrawn{Subject: nixKnown, Invitation: inviteID(1), Cause: model}, adopts(clubRicher)), 0, stray("invitation.withdrawn")},
		{"a mark that could stay", members(events.DesignationSet{Subject: ben, Designation: "first", Scope: clubhouse}), ann,
			together(events.DesignationCleared{Subject: ben, Designation: "first", Scope: clubhouse, Cause: model}, adopts(clubRicher)), 0, stray("designation.cleared")},
		{"a mark that is left", members(events.DesignationSet{Subject: ben, Designation: "first", Scope: clubhouse}), ann, together(adopts(clubNoMark)), 0,
			refused{code: CodeUnfounded, says: "first on club:acme would be left"}},
		{"a mark that should lapse", members(events.DesignationSet{Subject: ben, Designation: "first", Scope: clubhouse}), ann, together(adopts(clubThree)), -1,
			refused{code: CodeLapses, scope: clubhouse, subject: ben, says: "at least 3"}},
		{"a feature that could stay", members(events.FeatureEnabled{Feature: "trips"}), ann, together(events.FeatureDisabled{Feature: "trips"}, adopts(clubRicher)), 0, stray("feature.disabled")},
		{"a feature that is left", members(events.FeatureEnabled{Feature: "trips"}), ann, together(adopts(clubEditions)), 0, refused{code: CodeUnfounded, says: "the feature trips would be left"}},
		{"a role that the background user has lost for good", members(opens(chessSection, clubhouse), revoked(background, "caretaker", chessSection)), ann,
			together(adopts(clubRicher), granted(background, "caretaker", chessSection, model)), 1, refused{code: CodeUnfounded, says: `claims the cause "model"`}},
		{"a role that the background user should have", members(), ann, together(adopts(clubHelper)), 0,
			refused{code: CodeUnfounded, role: "club.helper", scope: clubhouse, subject: background, says: "it is not"}},
		{"a default role that members should have", members(), ann, together(adopts(clubWith("id: section.player\n    title: Player\n    membership: club\n    granted_by: [section.lead, club.chair]", "id: section.player\n    title: Player\n    membership: club\n    granted_by: [section.lead, club.chair]",
			"  - id: club.auditor\n    title: Auditor\n    granted_by: [club.chair]\n", "  - id: club.auditor\n    title: Auditor\n    granted_by: [club.chair]\n    membership: club\n    default: true\n", "    membership: club\n    default: true\n  - id: club.bot", "    membership: club\n    granted_by: [club.chair]\n  - id: club.bot"))), 0,
			refused{code: CodeDefaultRole, role: "club.auditor", scope: clubhouse, subject: ann, says: "Every member", help: "tenure member terminate"}},
		{"roles out of order", members(), ann, together(revoked(ben, "treasurer", clubhouse, model), revoked(cat, "treasurer", clubhouse, model), adopts(clubCashier, "club.treasurer=none", "club.auditor=none")), 0, stray("role.revoked")},
		{"roles without an end", members(), ann, together(adopts(clubCashier, "club.treasurer")), 0, refused{code: CodeInvalid, says: "what becomes of"}},
		{"by somebody without authority", members(), ben, together(adopts(clubRicher)), 0, refused{code: CodeNotPermitted, subject: ben, scope: clubhouse, says: "model.adopt", help: "tenure who"}},
		{"who says that it follows", members(), ben, toCashier(granted(ben, "cashier", clubhouse, model), granted(cat, "cashier", clubhouse, model)), 2,
			refused{code: CodeNotPermitted, subject: ben, scope: clubhouse, says: "model.adopt", help: "tenure who"}},
		{"out of an import", members(), events.Importer, together(adopts(clubRicher)), 0, refused{code: CodeNotPermitted, says: "imported"}},
		{"a model that cannot be read", members(), ann, together(revoked(ben, "treasurer", clubhouse, model), events.ModelAdopted{Model: "club", Source: []byte("{}"), Digest: sha("{}")}), 0, stray("role.revoked")},
		{"a model laid out otherwise", members(), ann, together(events.ModelAdopted{Model: "club", Source: []byte(clubSource), Digest: sha(clubSource)}), 0, refused{code: CodeInvalid, says: "canonical"}},
		{"a fold that cannot be", members(opens(chessSection, clubhouse), opens(night, chessSection)), ann, together(adopts(clubWith("under: [club, section]", "under: [club]"))), 0,
			refused{code: CodeUnfit, says: "section stands below a section"}},
	})
}

// What stays is what it was: roles with their time and giver, kinds of members,
// what scopes are like, invitations and custom roles, though all of it points
// into another model.
func TestWhatStays(t *testing.T) {
	end := start.Add(20 * day)
	office := together(
		events.RoleDefined{Role: "clerk", Scope: clubhouse, Template: "club.office", Icon: "pen"},
		events.RoleDefined{Role: "archivist", Scope: clubhouse, Template: "club.office"},
		events.PermissionAdded{Role: "clerk", Permission: "section.play", Scope: clubhouse},
		events.PermissionAdded{Role: "clerk", Permission: "club.books.write", Scope: clubhouse},
		events.PermissionAdded{Permission: "club.keys.hold", Scope: board2},
		events.PermissionWithheld{Kind: "club", Role: "treasurer", Permission: "club.books.write"},
		granted(dan, "clerk", clubhouse), granted(cat, "archivist", clubhouse),
	)
	before := members(
		events.FeatureEnabled{Feature: "trips"}, opens(chessSection, clubhouse),
		together(opens(choir, clubhouse), events.AttributeSet{Scope: choir, Attribute: "type", Value: "music", Cause: events.CauseCreated}),
		created(board2, clubhouse), started(dan, board2), events.AttributeSet{Scope: choir, Attribute: "door", Value: "shut"},
		until(end, granted(dan, "auditor", clubhouse)), granted(ben, "lead", chessSection), registered(nixKnown),
		asGuest(events.InvitationSent{Subject: nixKnown, Invitation: inviteID(1), Scope: clubhouse, Role: "auditor", Expires: end, TokenHash: hash(1)}),
		events.DesignationSet{Subject: ben, Designation: "first", Scope: clubhouse}, granted(eve, "auditor", clubhouse), suspended(eve, clubhouse),
	).fold(t)
	before = applied(t, before, office...)
	// Everything stands elsewhere in it, and other values are the usual ones.
	moved := clubWith(
		"member_kinds: [{id: full, title: Full member}, {id: guest, title: Guest}]", "member_kinds: [{id: guest, title: Guest}, {id: full, title: Full member}]",
		"values: [sport, music], fixed: true", "values: [dance, music, sport], fixed: true",
		"values: [ajar, shut]", "values: [open, ajar, shut]",
		"features:\n", "features:\n  - {id: feasts, title: Feasts}\n",
		"permissions:\n  - {id: club.people", "permissions:\n  - {id: club.feast, title: Feast, section: Feasts, feature: feasts}\n  - {id: club.people",
		"roles:\n  - id: club.chair", "roles:\n  - {id: club.cook, title: Cook, granted_by: [club.chair], permissions: [club.feast]}\n  - id: club.chair",
		"custom_roles:\n", "custom_roles:\n  - {id: section.helper, title: Helper, granted_by: [club.chair]}\n",
	)
	after := decided(t, before, when(ann, AdoptModel{Model: moved}))
	if after.Adopted.Revision != after.Revision || after.Adopted.Actor != ann || after.Model.Digest() != moved.Digest() {
		t.Errorf("adopted %+v under %s", after.Adopted, after.Model.ID)
	}
	// But for what is said explicitly now, the same.
	want, got := before.Snapshot(), after.Snapshot()
	for _, shot := range []*Snapshot{&want, &got} {
		shot.Source, shot.Adopted, shot.Number, shot.Revision, shot.Effective = nil, Stamp{}, 0, 0, time.Time{}
	}
	kinds := map[events.PrincipalID]events.MemberKindID{ann: "full", ben: "full", cat: "full", dan: "full", eve: ""}
	for i, p := range want.Persons {
		for j, m := range p.Memberships {
			if m.Scope == clubhouse {
				want.Persons[i].Memberships[j].MemberKind = kinds[p.ID]
			}
		}
		if p.ID == nixKnown {
			want.Persons[i].Matters.Invitations[0].MemberKind = ""
		}
	}
	said := after.Adopted
	attributes := map[events.ScopeID][]AttributeValue{
		chessSection: {{ID: "door", Value: "ajar", Since: said}, {ID: "type", Value: "sport", Since: said}},
	}
	for i, c := range want.Scopes {
		if list, changes := attributes[c.ID]; changes {
			want.Scopes[i].Attributes = list
		}
		if c.ID == clubhouse {
			want.Scopes[i].Changed = said
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what stays differs (-before +after):\n%s", diff)
	}
	// It gives what it gave.
	for _, q := range []struct {
		who        events.PrincipalID
		permission string
		on         events.ScopeID
		want       bool
	}{
		{ann, "club.rules", clubhouse, true}, {ann, "section.edit", chessSection, true}, {ann, "club.trips.plan", clubhouse, true}, {ann, "club.feast", clubhouse, false},
		{ben, "club.books.read", clubhouse, true}, {ben, "club.books.write", clubhouse, false}, // withheld
		{ben, "section.edit", chessSection, true}, {ben, "section.edit", choir, false},
		{cat, "club.books.read", clubhouse, true},
		{dan, "club.books.write", clubhouse, true}, {dan, "section.play", choir, true}, {dan, "section.play", chessSection, true}, // a custom role
		{dan, "club.keys.hold", clubhouse, true},   // a group
		{eve, "club.books.read", clubhouse, false}, // suspended
	} {
		for name, state := range map[string]State{"before": before, "after": after} {
			permission, known := state.Model.Permission(q.permission)
			if !known {
				continue
			}
			if got := state.Allowed(Question{Who: q.who, Permission: permission, On: q.on}); got != q.want {
				t.Errorf("%s, %s has %s on %s: %t", name, q.who, q.permission, q.on, got)
			}
		}
	}
	// And goes on.
	later := decided(t, after, when(ann, GrantRole{Subject: eve, Role: "archivist", Scope: clubhouse}))
	later = decided(t, later, when(ann, RevokeRole{Subject: dan, Role: "clerk", Scope: clubhouse}))
	back := decided(t, later, when(ann, AdoptModel{Model: clubModel}))
	if scope, _ := back.Scope(chessSection); scope.Attribute("type") != "sport" || scope.Attribute("door") != "ajar" {
		t.Errorf("%+v", scope.Attributes)
	}
}

// applied folds a commit of the operator that is not judged.
func applied(t testing.TB, s State, list ...events.Event) State {
	t.Helper()
	commit := following(s, events.Operator, list...)
	commit.BreakGlass, commit.Reason = true, "correction"
	next, err := s.Apply(events.Record{Commit: commit, Revision: s.Revision + 1})
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// decided carries a command out.
func decided(t testing.TB, s State, a attempt) State {
	t.Helper()
	commit, err := a.decide(s)
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	return stored(t, s, commit)
}

// Editions: the one of the same id stays, else the first comes.
func TestEditionsOfAnotherModel(t *testing.T) {
	state := members().fold(t)
	if state.Edition() != nil {
		t.Fatal("there are none yet")
	}
	state = decided(t, state, when(ann, AdoptModel{Model: clubEditions}))
	if state.Edition().ID != "plain" {
		t.Errorf("the edition is %s", state.Edition().ID)
	}
	state = applied(t, state, events.EditionSet{Edition: "travel"})
	richer := clubWith("permissions:\n  - {id: club.people", "editions:\n  - {id: basic, title: Basic}\n  - {id: travel, title: Travel, features: [trips]}\npermissions:\n  - {id: club.people")
	state = decided(t, state, when(ann, AdoptModel{Model: richer}))
	if state.Edition().ID != "travel" || state.Edition().Title != "Travel" || !state.Enabled(state.Model.Features[0]) {
		t.Errorf("the edition is %+v", state.Edition())
	}
	if state.Edition() != state.Model.Editions[1] {
		t.Error("the edition is one of the model before")
	}
	state = decided(t, state, when(ann, AdoptModel{Model: clubModel}))
	if state.Edition() != nil || state.Enabled(state.Model.Features[0]) {
		t.Errorf("the edition is %+v", state.Edition())
	}
}

// clubVersions are all versions of the tests, for random histories.
var clubVersions = []*rolemodel.Model{clubModel, clubRicher, clubCashier, clubNoMark, clubThree, clubNoPlayer, clubHelper, clubFriends, clubEditions, clubViewer,
	clubWith("rule: K03\n    membership: club\n", "rule: K03\n    membership: club\n    at_most: 1\n"),
	clubWith("    automatic: background\n", ""),
	clubWith("title: Auditor\n", "title: Auditor\n    replaces: [club.treasurer]\n"),
}

var clubWorld = world{
	clubModel, members(opens(chessSection, clubhouse), opens(night, chessSection)), []events.PrincipalID{ann, ben, cat, dan, eve, nix, background},
	[]events.ScopeID{clubhouse, chessSection, night, choir, board2},
	[]events.RoleID{"chair", "treasurer", "cashier", "auditor", "member", "friend", "helper", "lead", "player", "caretaker"},
	[]events.CredentialID{keyID(1), keyID(2), keyID(3)},
}

// randomMapping says what becomes of some roles, mostly of those that are gone.
func randomMapping(d draw, s State, model *rolemodel.Model) map[string]string {
	roles := map[string]string{}
	for _, role := range s.Model.Roles {
		_, stays := model.Role(role.Kind, role.Name)
		if stays && d(12) > 0 || !stays && d(8) == 0 {
			continue
		}
		var into []string
		for _, other := range model.Roles {
			if other.Kind == role.Kind || d(30) == 0 {
				into = append(into, other.ID())
			}
		}
		roles[role.ID()] = pick(d, append(into, "none"))
	}
	return roles
}

// Whatever the organization holds and whatever model is adopted: what Decide
// makes is what Audit lets through, no invariant of the model in force breaks, and
// live and folded from zero are the same.
func TestRandomAdoptions(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	d := draw(random.IntN)
	adopted, refusedFor := 0, map[Code]int{}
	for range 25 {
		w := clubWorld
		var records []events.Record
		var state State
		keep := func(commit events.Commit) {
			record := events.Record{Commit: commit, Revision: state.Revision + 1}
			state = must(state.Apply(record))
			records = append(records, record)
		}
		for _, list := range w.before {
			commit := following(state, events.Operator, list...)
			if commit.BreakGlass = state.Founded(); commit.BreakGlass {
				commit.Reason = "correction"
			}
			keep(commit)
		}
		for range 60 {
			w.model = state.Model
			a := w.attempt(d, state)
			if d(3) == 0 {
				model := pick(d, clubVersions)
				a = when(ann, AdoptModel{Model: model, Roles: randomMapping(d, state, model)})
			}
			commit, err := a.decide(state)
			if _, adopts := a.command.(AdoptModel); adopts && err == nil && len(commit.Events) > 0 {
				adopted++
			} else if adopts && err != nil {
				refusals := err.(Refusals)
				if refusals[0].Code == CodeUnfounded {
					t.Fatalf("what Decide proposes is not complete: %+v", refusals[0])
				}
				refusedFor[refusals[0].Code]++
			}
			if err != nil || len(commit.Events)+len(commit.KeyHash) == 0 {
				continue
			}
			if refusals := Audit(state, commit); refusals != nil {
				t.Fatalf("the audit refuses what was decided: %v", refusals)
			}
			keep(commit)
			if faults := broken(state.Snapshot(), state.Model); faults != nil {
				t.Fatalf("%v\nafter %+v", faults, commit.Events)
			}
		}
		var folded State
		for _, record := range records {
			folded = must(folded.Apply(record))
		}
		if diff := differ(state.Snapshot(), folded.Snapshot()); diff != "" {
			t.Fatalf("live and folded from zero differ:\n%s", diff)
		}
	}
	t.Logf("%d adoptions, refused: %v", adopted, refusedFor)
	if adopted < 60 || len(refusedFor) < 4 {
		t.Error("the random adoptions show nothing: too many of a kind")
	}
}

// Whatever is forged around an adoption: Audit does not panic, neither does the
// fold, and what is let through breaks no invariant.
func TestAuditOfRandomAdoptions(t *testing.T) {
	random := rand.New(rand.NewPCG(13, 14))
	d := draw(random.IntN)
	let := 0
	for range 15 {
		w := clubWorld
		state := w.settled(t, d, 40)
		for range 250 {
			model := pick(d, clubVersions)
			w.model = model
			var c events.Commit
			if commit, err := when(ann, AdoptModel{Model: model, Roles: randomMapping(d, state, model)}).decide(state); err == nil && d(4) > 0 {
				c = commit
			} else {
				c = following(state, ann, adopts(model))
			}
			actor := pick(d, append(w.people, events.Operator, events.Importer, events.Background, ann, ann, ann))
			if c.Actor = actor; actor == events.Operator {
				c.BreakGlass, c.Reason = true, "correction"
			}
			c.Events = slices.Clone(c.Events)
			for range d(3) {
				if len(c.Events) == 0 {
					break
				}
				i := d(len(c.Events))
				switch d(5) {
				case 0:
					c.Events = slices.Delete(c.Events, i, i+1)
				case 1:
					c.Events = slices.Insert(c.Events, i, w.event(d, state))
				case 2:
					c.Events = slices.Insert(c.Events, i, c.Events[d(len(c.Events))])
				case 3:
					j := d(len(c.Events))
					c.Events[i], c.Events[j] = c.Events[j], c.Events[i]
				case 4:
					if adopted, is := c.Events[i].(events.ModelAdopted); is {
						adopted.Roles = append(slices.Clone(adopted.Roles), pick(d, []string{"club.auditor=none", "club.member=club.friend", "=", "x=y", "section.lead=section.player"}))
						c.Events[i] = adopted
					}
				}
			}
			if Audit(state, c) != nil {
				continue
			}
			next, err := state.Apply(events.Record{Commit: c, Revision: state.Revision + 1})
			if err != nil {
				t.Fatalf("the audit lets through what cannot be folded: %v", err)
			}
			let++
			if faults := broken(next.Snapshot(), next.Model); faults != nil {
				t.Fatalf("%v\nafter %+v", faults, c.Events)
			}
		}
	}
	t.Logf("%d were let through", let)
	if let < 100 {
		t.Error("the random commits show nothing: hardly any was let through")
	}
}

// What an organization says of its roles, groups and features ends where the
// model does not have it.
func TestWhatAnOrganizationSaysEnds(t *testing.T) {
	if refused := admissibleTerms(members().fold(t), nil); refused != nil && refused.Message == "This cannot be judged." {
		t.Skip("nothing is judged of what an organization says of its roles")
	}
	const model = events.CauseModel
	state := members(created(board2, clubhouse)).fold(t)
	state = applied(t, state,
		events.RoleDefined{Role: "clerk", Scope: clubhouse, Template: "club.office"},
		events.PermissionAdded{Role: "clerk", Permission: "section.play", Scope: clubhouse},
		events.PermissionAdded{Role: "clerk", Permission: "club.books.write", Scope: clubhouse},
		events.PermissionAdded{Permission: "club.keys.hold", Scope: board2},
		events.PermissionAdded{Permission: "club.books.read", Scope: board2},
		events.PermissionWithheld{Kind: "club", Role: "treasurer", Permission: "club.books.write"},
		granted(dan, "clerk", clubhouse))
	removed := events.PermissionRemoved{Role: "clerk", Permission: "section.play", Scope: clubhouse}
	deleted := events.RoleDeleted{Role: "clerk", Scope: clubhouse, Cause: model}
	office := "custom_roles:\n  - {id: club.office, title: Office, granted_by: [club.chair], permissions: [club.books.read, club.books.write, section.play]}\n"
	acts := "role.define, role.permit, role.withhold"
	noOffice := clubWith(office, "", acts, "role.withhold")
	clerk := clubWith(office, "", acts, "role.withhold", "  - id: club.auditor\n", "  - {id: club.clerk, title: Clerk, granted_by: [club.chair]}\n  - id: club.auditor\n")
	for _, test := range []struct {
		name  string
		adopt AdoptModel
		then  expectation
	}{
		{"a choice that is gone", AdoptModel{Model: clubWith("permissions: [club.books.read, club.books.write, section.play]", "permissions: [club.books.read, club.books.write]")},
			then(removed, adopts(clubWith("permissions: [club.books.read, club.books.write, section.play]", "permissions: [club.books.read, club.books.write]")))},
		{"a permission that groups cannot be given", AdoptModel{Model: clubWith("carries: [club.books.read, club.keys.hold]", "carries: [club.books.read]")},
			then(events.PermissionRemoved{Permission: "club.keys.hold", Scope: board2}, adopts(clubWith("carries: [club.books.read, club.keys.hold]", "carries: [club.books.read]")))},
		{"a role from which nothing is withheld", AdoptModel{Model: clubWith("    adjustable: true\n", "", acts, "role.define, role.permit")},
			then(events.PermissionRestored{Kind: "club", Role: "treasurer", Permission: "club.books.write"}, adopts(clubWith("    adjustable: true\n", "", acts, "role.define, role.permit")))},
		{"a template that is gone", AdoptModel{Model: noOffice}, refused{code: CodeUnfit, role: "club.clerk", field: "roles.club.clerk", says: "held once", help: "--map club.clerk="}},
		{"with another role in its place", AdoptModel{Model: noOffice, Roles: map[string]string{"club.clerk": "club.auditor"}},
			then(revoked(dan, "clerk", clubhouse, model), deleted, adopts(noOffice, "club.clerk=club.auditor"), granted(dan, "auditor", clubhouse, model))},
		{"a name that the model takes", AdoptModel{Model: clerk, Roles: map[string]string{"club.clerk": "club.clerk"}},
			then(revoked(dan, "clerk", clubhouse, model), deleted, adopts(clerk, "club.clerk=club.clerk"), granted(dan, "clerk", clubhouse, model))},
	} {
		t.Run(test.name, func(t *testing.T) {
			commit, err := when(ann, test.adopt).decide(state)
			if err == nil {
				next := stored(t, state, commit)
				if faults := broken(next.Snapshot(), next.Model); faults != nil {
					t.Error(faults)
				}
			}
			test.then.check(t, commit, err)
		})
	}
	forge := func(name string, at int, list ...events.Event) {
		refusals := Audit(state, following(state, ann, list...))
		if len(refusals) == 0 || refusals[0].Event != at || refusals[0].Code != CodeUnfounded {
			t.Errorf("%s: %v", name, refusals)
		}
	}
	forge("a custom role that could stay", 0, deleted, adopts(clubRicher))
	forge("a permission that could stay", 0, removed, adopts(clubRicher))
	forge("a permission of a group that could stay", 0, events.PermissionRemoved{Permission: "club.keys.hold", Scope: board2}, adopts(clubRicher))
	forge("what could stay withheld", 0, events.PermissionRestored{Kind: "club", Role: "treasurer", Permission: "club.books.write"}, adopts(clubRicher))
	forge("a custom role that is left", 1, revoked(dan, "clerk", clubhouse, model), adopts(noOffice, "club.clerk=none"))
	forge("a permission that is left", 0, adopts(clubWith("permissions: [club.books.read, club.books.write, section.play]", "permissions: [club.books.read, club.books.write]")))
	forge("what is withheld and left", 0, adopts(clubWith("    adjustable: true\n", "", acts, "role.define, role.permit")))
}

// The edition to be in force can be named; its features are on for what comes in
// the place of roles.
func TestAdoptionNamesAnEdition(t *testing.T) {
	if refused := admissibleEdition(members().fold(t), events.EditionSet{}); refused != nil && refused.Message == "This cannot be judged." {
		t.Skip("nothing is judged of editions")
	}
	guides := clubWith("permissions:\n  - {id: club.people", "editions:\n  - {id: plain, title: Plain}\n  - {id: travel, title: Travel, features: [trips]}\npermissions:\n  - {id: club.people",
		"  - id: club.auditor\n    title: Auditor\n", "  - id: club.guide\n    title: Guide\n    feature: trips\n")
	roles := map[string]string{"club.auditor": "club.guide"}
	specify(t, []specification{
		{"named", members(), when(ann, AdoptModel{Model: clubEditions, Edition: "travel"}), then(adopts(clubEditions), events.EditionSet{Edition: "travel"})},
		{"the first", members(), when(ann, AdoptModel{Model: clubEditions, Edition: "plain"}), then(adopts(clubEditions))},
		{"for a role that waits for it", members(granted(dan, "auditor", clubhouse)), when(ann, AdoptModel{Model: guides, Roles: roles, Edition: "travel"}),
			then(revoked(dan, "auditor", clubhouse, events.CauseModel), adopts(guides, "club.auditor=club.guide"), events.EditionSet{Edition: "travel"},
				granted(dan, "guide", clubhouse, events.CauseModel))},
		{"without it", members(granted(dan, "auditor", clubhouse)), when(ann, AdoptModel{Model: guides, Roles: roles}),
			refused{code: CodeFeatureOff, role: "club.guide", scope: clubhouse, subject: dan, says: "in the edition Travel alone", help: "tenure edition set travel"}},
		{"by the way", members(), when(ben, AdoptModel{Model: clubEditions, Edition: "travel"}), refused{code: CodeNotPermitted, subject: ben, scope: clubhouse, says: "model.adopt", help: "tenure who"}},
	})
}
