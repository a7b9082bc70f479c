package rolemodel

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// firm is a valid document with what small has no example of: features, a role
// that is transferred, one that is automatic, designations, audiences,
// messages, a contact, resolvers and facts.
const firm = `model: firm
title: Firm
about: Another model for tests.
root: firm
highest: firm.owner
scopes:
  - {kind: firm, title: Firm, membership: true}
  - {kind: room, title: Room, under: [firm, room]}
features:
  - id: trade
    title: Trade
  - id: guests
    title: Guests
permissions:
  - id: firm.switch
    title: Turn features on and off
    section: Firm
    allows: [feature.switch]
  - id: firm.buy
    title: Buy
    section: Firm
    feature: trade
  - {id: room.enter, title: Enter a room, section: Rooms}
roles:
  - id: firm.owner
    title: Owner
    membership: firm
    at_least: 1
    at_most: 1
    transferred_by: [firm.owner]
    former: firm.partner
    permissions: [firm.switch]
    inherited: [room.enter]
  - id: firm.partner
    title: Partner
    granted_by: [firm.owner, firm.partner]
    permissions: [firm.buy]
  - id: firm.clerk
    title: Clerk
    at_most: 3
    granted_by: [firm.buy]
  - id: firm.staff
    title: Staff
    membership: firm
    default: true
  - id: room.keeper
    title: Keeper
    granted_by: [firm.owner]
    permissions: [room.enter]
  - id: room.guest
    title: Guest
    feature: guests
    granted_by: [room.keeper]
  - id: room.robot
    title: Robot
    automatic: background
    granted_by: [firm.owner, room.enter]
    permissions: [room.enter]
designations:
  - id: firm.first
    title: First partner
    rule: F04
    among: [firm.owner, firm.partner]
    while:
      - {role: firm.partner, at_least: 1}
      - {role: firm.clerk, at_least: 2}
    set_by: [firm.owner, firm.buy]
  - id: room.host
    title: Host
    among: [room.keeper]
    set_by: [firm.partner]
audiences:
  - id: partners
    title: Partners
    designation: firm.first
    roles: [firm.owner, firm.partner]
  - id: clerks
    title: Clerks
    rule: F08
    roles: [firm.clerk]
    otherwise: partners
  - id: hosts
    title: Hosts
    designation: room.host
    roles: [room.keeper]
    otherwise: clerks
messages:
  - id: role.granted
    title: A role was granted
    audience: hosts
    subject: true
    on: [room, firm]
  - id: break_glass.used
    title: The operator was here
    audience: partners
  - id: invitation.sent
    title: An invitation
    subject: true
contact: partners
resolvers:
  - id: help
    title: Who helps
    rule: F09
    roles: [room.keeper, firm.clerk]
facts:
  - id: firm.bought
    title: Something was bought
    rule: F05
    permission: firm.buy
  - id: room.cleaned
    title: A room was cleaned
    permission: room.enter
`

func inFirm(breakages ...breakage) []breakage {
	for i := range breakages {
		breakages[i].document = firm
	}
	return breakages
}

var brokenFirm = inFirm(
	// Is it the format?
	breakage{
		name:  "too many features",
		old:   "  - id: trade\n    title: Trade\n  - id: guests\n    title: Guests\n",
		new:   "  [" + strings.Repeat("{id: trade, title: Trade},", 257) + "]\n",
		want:  []string{`10:3: "features" has 257 entries; at most 256 are allowed`},
		shape: true,
	},
	breakage{
		name:  "feature id",
		old:   "    feature: guests\n",
		new:   "    feature: room.guests\n",
		want:  []string{`52:14: want a feature id: up to 31 of a-z, 0-9 and _, a letter first; found "room.guests"`},
		shape: true,
	},
	breakage{
		name:  "designation id",
		old:   "  - id: room.host\n",
		new:   "  - id: host\n",
		want:  []string{`68:9: want a designation id: KIND.NAME, each of a-z, 0-9 and _, a letter first; found "host"`},
		shape: true,
	},
	breakage{
		name:  "audience id",
		old:   "contact: partners\n",
		new:   "contact: Partners\n",
		want:  []string{`99:10: want an audience id: up to 31 of a-z, 0-9 and _, a letter first; found "Partners"`},
		shape: true,
	},
	breakage{
		name:  "resolver id",
		old:   "  - id: help\n",
		new:   "  - id: firm.help\n",
		want:  []string{`101:9: want a resolver id: up to 31 of a-z, 0-9 and _, a letter first; found "firm.help"`},
		shape: true,
	},
	breakage{
		name:  "fact id",
		old:   "  - id: firm.bought\n",
		new:   "  - id: bought\n",
		want:  []string{`106:9: want a fact id: KIND.NAME, each of a-z, 0-9 and _, a letter first; found "bought"`},
		shape: true,
	},
	breakage{
		name:  "automatic for somebody",
		old:   "    automatic: background\n",
		new:   "    automatic: true\n",
		want:  []string{`56:16: want text, found true; put it in quotes if it is text`},
		shape: true,
	},
	breakage{
		name:  "automatic for another",
		old:   "    automatic: background\n",
		new:   "    automatic: owner\n",
		want:  []string{`56:16: want background or creator, those that roles are given to automatically; found "owner"`},
		shape: true,
	},
	breakage{
		name:  "quorum without number",
		old:   "{role: firm.clerk, at_least: 2}",
		new:   "{role: firm.clerk}",
		want:  []string{`66:9: key "at_least" is missing`},
		shape: true,
	},
	breakage{
		name:  "designation among nobody",
		old:   "    among: [room.keeper]\n",
		new:   "    among: []\n",
		want:  []string{`70:12: "among" must not be empty`},
		shape: true,
	},
	breakage{
		name:  "designation set by nobody",
		old:   "    set_by: [firm.partner]\n",
		new:   "",
		want:  []string{`68:5: key "set_by" is missing`},
		shape: true,
	},
	breakage{
		name:  "role twice in an audience",
		old:   "    designation: room.host\n    roles: [room.keeper]\n",
		new:   "    designation: room.host\n    roles: [room.keeper, room.keeper]\n",
		want:  []string{`85:26: "room.keeper" stands in this list twice`},
		shape: true,
	},
	breakage{
		name:  "unknown message",
		old:   "  - id: break_glass.used\n",
		new:   "  - id: glass.broken\n",
		want:  []string{`93:9: unknown message "glass.broken"; known: ` + knownMessages},
		shape: true,
	},

	// Is each declared once, and known?
	breakage{
		name: "feature declared twice",
		old:  "  - id: guests\n",
		new:  "  - id: trade\n    title: Trades\n  - id: guests\n",
		want: []string{`12:9: feature "trade" is declared twice, first on line 10`},
	},
	breakage{
		name: "designation declared twice",
		old:  "  - id: room.host\n",
		new:  "  - {id: firm.first, title: First, among: [firm.owner], set_by: [firm.owner]}\n  - id: room.host\n",
		want: []string{`68:10: designation "firm.first" is declared twice, first on line 60`},
	},
	breakage{
		name: "designation named like a role",
		old:  "  - id: room.host\n",
		new:  "  - id: room.keeper\n",
		want: []string{
			`68:9: designation "room.keeper" has the id of the role on line 46; people could not tell them apart`,
			`84:18: unknown designation "room.host"`,
		},
	},
	breakage{
		name: "audience declared twice",
		old:  "  - id: clerks\n",
		new:  "  - {id: partners, title: Both, roles: [firm.clerk]}\n  - id: clerks\n",
		want: []string{`77:10: audience "partners" is declared twice, first on line 73`},
	},
	breakage{
		name: "message declared twice",
		old:  "  - id: invitation.sent\n",
		new:  "  - id: role.granted\n",
		want: []string{`96:9: message "role.granted" is declared twice, first on line 88`},
	},
	breakage{
		name: "resolver declared twice",
		old:  "facts:\n",
		new:  "  - {id: help, title: Who else helps, roles: [firm.clerk]}\nfacts:\n",
		want: []string{`105:10: resolver "help" is declared twice, first on line 101`},
	},
	breakage{
		name: "fact declared twice",
		old:  "  - id: room.cleaned\n    title: A room was cleaned\n    permission: room.enter\n",
		new:  "  - id: firm.bought\n    title: More was bought\n    permission: firm.buy\n",
		want: []string{`110:9: fact "firm.bought" is declared twice, first on line 106`},
	},
	breakage{
		name: "features without their list",
		old:  "features:\n  - id: trade\n    title: Trade\n  - id: guests\n    title: Guests\n",
		new:  "",
		want: []string{
			`17:14: unknown feature "trade"`,
			`47:14: unknown feature "guests"`,
		},
	},
	breakage{
		// One mistake is told once.
		name:  "features under another name",
		old:   "features:\n",
		new:   "feature:\n",
		want:  []string{`9:1: unknown key "feature"; known here: ` + documentKeys},
		shape: true,
	},

	// Features
	breakage{
		name: "unknown feature",
		old:  "    feature: trade\n",
		new:  "    feature: barter\n",
		want: []string{
			`10:9: no role, custom role or permission waits for feature "trade"`,
			`22:14: unknown feature "barter"`,
		},
	},
	breakage{
		name: "feature of the highest role",
		old:  "    at_least: 1\n    at_most: 1\n",
		new:  "    at_least: 1\n    at_most: 1\n    feature: trade\n",
		want: []string{`30:14: role "firm.owner" has a lower bound of holders, so it cannot wait for a feature`},
	},
	breakage{
		name: "feature of a default",
		old:  "    default: true\n",
		new:  "    default: true\n    feature: trade\n",
		want: []string{`46:14: role "firm.staff" is a default, given to every member, so it cannot wait for a feature`},
	},
	breakage{
		name: "feature of an automatic role",
		old:  "    automatic: background\n",
		new:  "    automatic: background\n    feature: trade\n",
		want: []string{`57:14: role "room.robot" is automatic, given on every new scope, so it cannot wait for a feature`},
	},
	breakage{
		name: "feature that cannot be turned on",
		old:  "    allows: [feature.switch]\n",
		new:  "    allows: [feature.switch]\n    feature: trade\n",
		want: []string{`19:14: permission "firm.switch" allows to turn features on, so it cannot wait for one`},
	},
	breakage{
		name: "features turned on below the root",
		old:  "section: Rooms}",
		new:  "section: Rooms, allows: [feature.switch]}",
		want: []string{`23:68: act "feature.switch" makes sense on the root "firm" alone`},
	},
	breakage{
		name: "highest role granted with a permission that waits",
		old:  "    at_most: 1\n    transferred_by: [firm.owner]\n    former: firm.partner\n    permissions: [firm.switch]\n",
		new:  "    granted_by: [firm.buy]\n    permissions: [firm.switch, firm.buy]\n",
		want: []string{`29:17: role "firm.owner" is the highest, so its holders must be able to grant it`},
	},

	// Transfer
	breakage{
		name: "transferred without bounds",
		old:  "    at_least: 1\n    at_most: 1\n",
		new:  "",
		want: []string{
			`25:5: role "firm.owner" is transferred, so it needs "at_least: 1"`,
			`25:5: role "firm.owner" is transferred, so it needs "at_most: 1"`,
			`25:5: role "firm.owner" is the highest, so it needs "at_least: 1" (X01)`,
		},
	},
	breakage{
		name: "transferred among several",
		old:  "    at_least: 1\n    at_most: 1\n",
		new:  "    at_least: 2\n    at_most: 2\n",
		want: []string{
			`28:15: role "firm.owner" is transferred, so it needs "at_least: 1"`,
			`29:14: role "firm.owner" is transferred, so it needs "at_most: 1"`,
		},
	},
	breakage{
		// One mistake is told once.
		name: "transferred with broken bounds",
		old:  "    at_least: 1\n    at_most: 1\n",
		new:  "    at_least: one\n    at_most: 0\n",
		want: []string{
			`28:15: want a whole number from 1 to 1000000, found the text "one"; leave the key out for no bound`,
			`29:14: want a whole number from 1 to 1000000, found 0; leave the key out for no bound`,
		},
		shape: true,
	},
	breakage{
		name: "transferred and granted",
		old:  "    former: firm.partner\n",
		new:  "    former: firm.partner\n    granted_by: [firm.owner]\n",
		want: []string{`32:17: role "firm.owner" passes by transfer alone; leave "granted_by" out`},
	},
	breakage{
		name: "transferred by nobody",
		old:  "    transferred_by: [firm.owner]\n    former: firm.partner\n",
		new:  "    transferred_by: []\n",
		want: []string{`25:5: role "firm.owner" needs "granted_by": nobody could grant it`},
	},
	breakage{
		name: "transferred by an unknown role",
		old:  "    transferred_by: [firm.owner]\n",
		new:  "    transferred_by: [firm.owner, firm.sell]\n",
		want: []string{`30:34: unknown role or permission "firm.sell"`},
	},
	breakage{
		name: "transferred from below",
		old:  "    transferred_by: [firm.owner]\n",
		new:  "    transferred_by: [firm.owner, room.keeper]\n",
		want: []string{`30:34: "room.keeper" cannot transfer role "firm.owner": "room" never stands above "firm"`},
	},
	breakage{
		name: "highest transferred by others",
		old:  "    transferred_by: [firm.owner]\n",
		new:  "    transferred_by: [firm.partner]\n",
		want: []string{`30:21: role "firm.owner" is the highest, so its holder must be able to transfer it`},
	},
	breakage{
		name: "transferred by its holder alone, whom nobody makes one",
		old:  "designations:\n",
		new:  "  - {id: room.chief, title: Chief, at_least: 1, at_most: 1, transferred_by: [room.chief]}\ndesignations:\n",
		want: []string{`59:77: nobody can ever hold role "room.chief": none of those who transfer it can be held`},
	},
	breakage{
		name: "former holder of what is not transferred",
		old:  "    at_most: 3\n",
		new:  "    at_most: 3\n    former: firm.partner\n",
		want: []string{`41:13: role "firm.clerk" is not transferred, so there is no former holder; add "transferred_by" or leave "former" out`},
	},
	breakage{
		name: "former holder gets an unknown role",
		old:  "    former: firm.partner\n",
		new:  "    former: firm.fellow\n",
		want: []string{`31:13: unknown role "firm.fellow"`},
	},
	breakage{
		name: "former holder keeps it",
		old:  "    former: firm.partner\n",
		new:  "    former: firm.owner\n",
		want: []string{`31:13: role "firm.owner" cannot be left to its former holder: it is the one that passes`},
	},
	breakage{
		name: "former holder gets a role elsewhere",
		old:  "    former: firm.partner\n",
		new:  "    former: room.keeper\n",
		want: []string{`31:13: role "room.keeper" cannot be left to the former holder of "firm.owner": they are held on scopes of different kinds`},
	},
	breakage{
		name: "former holder gets what is transferred",
		old:  "designations:\n",
		new:  "  - {id: firm.heir, title: Heir, at_least: 1, at_most: 1, transferred_by: [firm.owner], former: firm.owner}\ndesignations:\n",
		want: []string{`59:97: role "firm.owner" cannot be left to the former holder of "firm.heir": it passes by transfer alone`},
	},
	breakage{
		name: "former holder gets an automatic role",
		old:  "  - id: firm.partner\n    title: Partner\n",
		new:  "  - id: firm.partner\n    title: Partner\n    automatic: background\n",
		want: []string{`31:13: role "firm.partner" cannot be left to the former holder of "firm.owner": the background user alone holds it`},
	},
	breakage{
		name: "former holder gets what waits",
		old:  "  - id: firm.partner\n    title: Partner\n",
		new:  "  - id: firm.partner\n    title: Partner\n    feature: guests\n",
		want: []string{`31:13: role "firm.partner" cannot be left to the former holder of "firm.owner": it waits for a feature`},
	},
	breakage{
		name: "former holder need not be a member",
		old:  "    membership: firm\n    at_least: 1\n    at_most: 1\n    transferred_by: [firm.owner]\n    former: firm.partner\n",
		new:  "    at_least: 1\n    at_most: 1\n    transferred_by: [firm.owner]\n    former: firm.staff\n",
		want: []string{`30:13: role "firm.staff" cannot be left to the former holder of "firm.owner", who may be no member of "firm"`},
	},

	// Automatic roles
	breakage{
		name: "automatic with membership",
		old:  "    automatic: background\n",
		new:  "    automatic: background\n    membership: firm\n",
		want: []string{`57:17: role "room.robot" goes to the background user, who is no member; leave "membership" out`},
	},
	breakage{
		name: "automatic default",
		old:  "    default: true\n",
		new:  "    default: true\n    automatic: background\n",
		want: []string{
			`44:17: role "firm.staff" goes to the background user, who is no member; leave "membership" out`,
			`45:14: role "firm.staff" goes to the background user alone, so it cannot be a default`,
		},
	},
	breakage{
		name: "automatic highest",
		old:  "    title: Owner\n    membership: firm\n",
		new:  "    title: Owner\n    automatic: background\n",
		want: []string{
			`27:16: role "firm.owner" is the highest, so people must be able to hold it; leave "automatic" out`,
			`30:21: role "firm.owner" goes to the background user alone, so it cannot be transferred`,
		},
	},
	breakage{
		name: "automatic for good",
		old:  "    granted_by: [firm.owner, room.enter]\n",
		new:  "",
		want: []string{`54:5: role "room.robot" needs "granted_by": nobody could grant it`},
	},

	// Designations
	breakage{
		name: "designation on an unknown kind",
		old:  "  - id: room.host\n",
		new:  "  - id: hall.host\n",
		want: []string{
			`68:9: unknown scope kind "hall"`,
			`84:18: unknown designation "room.host"`,
		},
	},
	breakage{
		name: "designation among unknown roles",
		old:  "    among: [room.keeper]\n",
		new:  "    among: [room.keeper, room.owner]\n",
		want: []string{`70:26: unknown role "room.owner"`},
	},
	breakage{
		name: "designation among roles elsewhere",
		old:  "    among: [room.keeper]\n",
		new:  "    among: [room.keeper, firm.owner]\n",
		want: []string{`70:26: designation "room.host" cannot mark a holder of "firm.owner": they belong to scopes of different kinds`},
	},
	breakage{
		name: "quorum of an unknown role",
		old:  "{role: firm.clerk, at_least: 2}",
		new:  "{role: firm.fellow, at_least: 2}",
		want: []string{`66:16: unknown role "firm.fellow"`},
	},
	breakage{
		name: "quorum of a role elsewhere",
		old:  "{role: firm.clerk, at_least: 2}",
		new:  "{role: room.keeper, at_least: 2}",
		want: []string{`66:16: designation "firm.first" cannot count the holders of "room.keeper": they belong to scopes of different kinds`},
	},
	breakage{
		name: "quorum twice",
		old:  "{role: firm.clerk, at_least: 2}",
		new:  "{role: firm.partner, at_least: 2}",
		want: []string{`66:16: designation "firm.first" counts the holders of "firm.partner" twice`},
	},
	breakage{
		name: "quorum out of reach",
		old:  "{role: firm.clerk, at_least: 2}",
		new:  "{role: firm.clerk, at_least: 4}",
		want: []string{`66:38: designation "firm.first" can never be set: role "firm.clerk" can have at most 3 holders`},
	},
	breakage{
		name: "designation set by the unknown",
		old:  "    set_by: [firm.partner]\n",
		new:  "    set_by: [firm.partner, firm.first]\n",
		want: []string{`71:28: unknown role or permission "firm.first"`},
	},
	breakage{
		name: "designation set from below",
		old:  "    set_by: [firm.owner, firm.buy]\n",
		new:  "    set_by: [firm.owner, room.enter]\n",
		want: []string{`67:26: "room.enter" cannot set designation "firm.first": "room" never stands above "firm"`},
	},

	// Audiences, messages, contact
	breakage{
		name: "audience of unknown roles",
		old:  "    roles: [firm.clerk]\n    otherwise: partners\n",
		new:  "    roles: [firm.clerk, firm.fellow]\n    otherwise: partners\n",
		want: []string{`80:25: unknown role "firm.fellow"`},
	},
	breakage{
		name: "audience of two kinds",
		old:  "    roles: [firm.clerk]\n    otherwise: partners\n",
		new:  "    roles: [firm.clerk, room.guest]\n    otherwise: partners\n",
		want: []string{`80:25: audience "clerks" has roles held on "firm", role "room.guest" is held on "room"`},
	},
	breakage{
		name: "audience with a designation elsewhere",
		old:  "    designation: firm.first\n",
		new:  "    designation: room.host\n",
		want: []string{`75:18: audience "partners" has roles held on "firm", designation "room.host" is set on "room"`},
	},
	breakage{
		name: "audience with a designation of others",
		old:  "    roles: [firm.clerk]\n    otherwise: partners\n",
		new:  "    designation: firm.first\n    roles: [firm.clerk]\n    otherwise: partners\n",
		want: []string{`80:18: audience "clerks" and designation "firm.first" have no role in common`},
	},
	breakage{
		name: "audience before an unknown one",
		old:  "    otherwise: partners\n",
		new:  "    otherwise: everybody\n",
		want: []string{`81:16: unknown audience "everybody"`},
	},
	breakage{
		name: "audiences in a circle",
		old:  "    otherwise: partners\n",
		new:  "    otherwise: hosts\n",
		want: []string{
			`81:16: audience "clerks" comes after itself`,
			`86:16: audience "hosts" comes after itself`,
		},
	},
	breakage{
		name: "audience that nobody writes to",
		old:  "    otherwise: clerks\n",
		new:  "",
		want: []string{`77:9: nothing is sent to audience "clerks"`},
	},
	breakage{
		name: "message to an unknown audience",
		old:  "    audience: hosts\n",
		new:  "    audience: everybody\n",
		want: []string{
			`82:9: nothing is sent to audience "hosts"`,
			`90:15: unknown audience "everybody"`,
		},
	},
	breakage{
		name: "message to nobody",
		old:  "    title: An invitation\n    subject: true\n",
		new:  "    title: An invitation\n    subject: false\n",
		want: []string{`96:5: message "invitation.sent" goes to nobody; add "audience" or "subject: true"`},
	},
	breakage{
		name: "invitation to others than the one invited",
		old:  "    title: An invitation\n    subject: true\n",
		new:  "    title: An invitation\n    subject: true\n    audience: partners\n",
		want: []string{`99:15: message "invitation.sent" holds what the invitation is accepted with, so the one invited alone may be sent it; leave "audience" out`},
	},
	breakage{
		name: "message that concerns nobody",
		old:  "    audience: partners\n",
		new:  "    audience: partners\n    subject: true\n",
		want: []string{`96:14: message "break_glass.used" concerns nobody in particular; leave "subject" out`},
	},
	breakage{
		name:  "contact unknown",
		old:   "contact: partners\n",
		new:   "contact: firm.owner\n",
		want:  []string{`99:10: want an audience id: up to 31 of a-z, 0-9 and _, a letter first; found "firm.owner"`},
		shape: true,
	},
	breakage{
		name: "contact not declared",
		old:  "contact: partners\n",
		new:  "contact: owners\n",
		want: []string{`99:10: unknown audience "owners"`},
	},
	breakage{
		name: "contact below the root",
		old:  "contact: partners\n",
		new:  "contact: hosts\n",
		want: []string{`99:10: the contact "hosts" has roles held on "room"; those who are asked for permissions hold theirs on the root "firm"`},
	},

	// Resolvers and facts
	breakage{
		name: "resolver of an unknown role",
		old:  "    roles: [room.keeper, firm.clerk]\n",
		new:  "    roles: [room.keeper, hall.keeper]\n",
		want: []string{`104:26: unknown role "hall.keeper"`},
	},
	breakage{
		name: "resolver with two roles of one kind",
		old:  "    roles: [room.keeper, firm.clerk]\n",
		new:  "    roles: [room.keeper, firm.clerk, room.guest]\n",
		want: []string{`104:38: resolver "help" has a role held on "room" already, "room.keeper"`},
	},
	breakage{
		name: "fact on an unknown kind",
		old:  "  - id: room.cleaned\n",
		new:  "  - id: hall.cleaned\n",
		want: []string{`110:9: unknown scope kind "hall"`},
	},
	breakage{
		name: "message on an unknown kind",
		old:  "    on: [room, firm]\n",
		new:  "    on: [room, hall]\n",
		want: []string{`92:16: unknown scope kind "hall"`},
	},
	breakage{
		name: "message on a kind without an audience",
		old:  "    title: An invitation\n",
		new:  "    title: An invitation\n    on: [firm]\n",
		want: []string{`98:10: message "invitation.sent" has no audience; leave "on" out`},
	},
	breakage{
		name: "fact with an unknown permission",
		old:  "    permission: firm.buy\n",
		new:  "    permission: firm.sell\n",
		want: []string{`109:17: unknown permission "firm.sell"`},
	},
	breakage{
		name: "fact with a permission elsewhere",
		old:  "    permission: firm.buy\n",
		new:  "    permission: room.enter\n",
		want: []string{`109:17: fact "firm.bought" is recorded on "firm", permission "room.enter" applies to "room"`},
	},
)

// What looks odd, and holds together.
func TestUnusualFirms(t *testing.T) {
	for _, c := range inFirm(
		breakage{
			name: "transferred by another role, which makes the first holder",
			old:  "designations:\n",
			new:  "  - {id: room.chief, title: Chief, at_least: 1, at_most: 1, transferred_by: [firm.partner, room.chief]}\ndesignations:\n",
		},
		breakage{
			name: "former holder left with nothing",
			old:  "    former: firm.partner\n",
			new:  "",
		},
		breakage{
			name: "empty lists",
			old:  firm[strings.Index(firm, "resolvers:"):],
			new:  "resolvers: []\nfacts: []\n",
		},
		breakage{
			name: "designation without quorum",
			old:  "    while:\n      - {role: firm.partner, at_least: 1}\n      - {role: firm.clerk, at_least: 2}\n",
			new:  "    while: []\n",
		},
		breakage{
			name: "quorum as large as can be",
			old:  "{role: firm.clerk, at_least: 2}",
			new:  "{role: firm.clerk, at_least: 3}",
		},
		breakage{
			name: "contact that falls back",
			old:  "contact: partners\n",
			new:  "contact: clerks\n",
		},
		breakage{
			name: "automatic role on the root",
			old:  "    at_most: 3\n",
			new:  "    automatic: background\n",
		},
	) {
		t.Run(c.name, func(t *testing.T) {
			m, err := Parse("firm.yaml", []byte(c.source(t)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := difference(m, parse(t, "canonical", m.Canonical())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCompiledFirm(t *testing.T) {
	m := parse(t, "firm.yaml", []byte(firm))
	owner, partner := role(t, m, "firm", "owner"), role(t, m, "firm", "partner")
	clerk, keeper := role(t, m, "firm", "clerk"), role(t, m, "room", "keeper")
	guest, robot := role(t, m, "room", "guest"), role(t, m, "room", "robot")

	// Features, and what waits for them.
	trade, known := m.Feature("trade")
	if !known || trade.Title != "Trade" || trade.Index != 0 || trade != m.Features[0] || len(trade.Roles) != 0 {
		t.Errorf("trade: %+v, %v", trade, known)
	}
	if diff := cmp.Diff([]string{"firm.buy"}, permissionIDs(m, trade.Permissions)); diff != "" {
		t.Errorf("trade turns on: %s", diff)
	}
	guests := m.Features[1]
	if guests.Index != 1 || !guests.Permissions.Empty() || !slices.Equal(guests.Roles, []*Role{guest}) || guest.Feature != guests {
		t.Errorf("guests: %+v", guests)
	}
	for _, p := range m.Permissions {
		if waits := p.ID == "firm.buy"; waits != (p.Feature == trade) || !waits && p.Feature != nil {
			t.Errorf("%s waits for %v", p.ID, p.Feature)
		}
	}

	// Transfer, and what is automatic.
	if !slices.Equal(owner.TransferredBy, []*Role{owner}) || owner.Former != partner || len(owner.GrantedBy) != 0 || !owner.GrantedWith.Empty() {
		t.Errorf("owner is transferred by %v, former %v", roleIDs(owner.TransferredBy), owner.Former)
	}
	if partner.TransferredBy != nil || partner.Former != nil || partner.Feature != nil {
		t.Error("partner is no role that is transferred, or that waits")
	}
	for _, r := range m.Roles {
		if r.Automatic != (r == robot) {
			t.Errorf("%s: automatic %v", r.ID(), r.Automatic)
		}
	}
	firmKind, room := kind(t, m, "firm"), kind(t, m, "room")
	if !slices.Equal(room.Automatic, []*Role{robot}) || firmKind.Automatic != nil {
		t.Errorf("automatic: %v, %v", roleIDs(room.Automatic), roleIDs(firmKind.Automatic))
	}

	// Designations.
	first, known := m.Designation("firm", "first")
	if !known || first.ID() != "firm.first" || first.Title != "First partner" || first.Rule != "F04" || first != m.Designations[0] {
		t.Fatalf("first: %+v, %v", first, known)
	}
	if !slices.Equal(first.Among, []*Role{owner, partner}) || !slices.Equal(first.While, []Quorum{{partner, 1}, {clerk, 2}}) {
		t.Errorf("first among %v while %v", roleIDs(first.Among), first.While)
	}
	if !slices.Equal(first.SetBy, []*Role{owner}) || !slices.Equal(permissionIDs(m, first.SetWith), []string{"firm.buy"}) {
		t.Errorf("first set by %v, with %v", roleIDs(first.SetBy), permissionIDs(m, first.SetWith))
	}
	host := m.Designations[1]
	if !slices.Equal(firmKind.Designations, []*Designation{first}) || !slices.Equal(room.Designations, []*Designation{host}) {
		t.Error("designations of the kinds")
	}

	// Audiences, messages, contact.
	partners, clerks, hosts := m.Audiences[0], m.Audiences[1], m.Audiences[2]
	if partners.Designation != first || !slices.Equal(partners.Roles, []*Role{owner, partner}) || partners.Otherwise != nil || partners.Kind != "firm" {
		t.Errorf("partners: %+v", partners)
	}
	if clerks.ID != "clerks" || clerks.Title != "Clerks" || clerks.Rule != "F08" || clerks.Designation != nil || clerks.Otherwise != partners {
		t.Errorf("clerks: %+v", clerks)
	}
	if hosts.Kind != "room" || hosts.Designation != host || hosts.Otherwise != clerks {
		t.Errorf("hosts: %+v", hosts)
	}
	if found, known := m.Audience("clerks"); !known || found != clerks || m.Contact != partners {
		t.Errorf("Audience(clerks) is %v, %v; contact %v", found, known, m.Contact)
	}
	for _, want := range []Recipients{
		{RoleGranted, "A role was granted", hosts, true, []*Kind{room, firmKind}},
		{BreakGlassUsed, "The operator was here", partners, false, nil},
		{InvitationSent, "An invitation", nil, true, nil},
	} {
		if got, sent := m.Message(want.Message); !sent || !reflect.DeepEqual(*got, want) {
			t.Errorf("%s: %+v, %v", want.Message, got, sent)
		}
	}
	granted, _ := m.Message(RoleGranted)
	used, _ := m.Message(BreakGlassUsed)
	if !granted.Tells("room") || granted.Tells("desk") || !used.Tells("desk") {
		t.Error("the kinds of scope that an audience is told of")
	}
	if len(m.Messages) != 3 || m.Messages[0].Message != RoleGranted {
		t.Errorf("%d messages", len(m.Messages))
	}
	if r, sent := m.Message(RoleRevoked); sent {
		t.Errorf("a message that nobody asked for: %+v", r)
	}

	// Resolvers and facts.
	help, known := m.Resolver("help")
	if !known || help.Title != "Who helps" || help.Rule != "F09" || help != m.Resolvers[0] || !slices.Equal(help.Roles, []*Role{keeper, clerk}) {
		t.Errorf("help: %+v, %v", help, known)
	}
	if help.RoleOn("room") != keeper || help.RoleOn("firm") != clerk || help.RoleOn("hall") != nil {
		t.Error("help on the kinds")
	}
	bought, known := m.Fact("firm", "bought")
	if buy, _ := m.Permission("firm.buy"); !known || bought.ID() != "firm.bought" || bought.Title != "Something was bought" ||
		bought.Rule != "F05" || bought.Permission != buy || bought != m.Facts[0] || len(m.Facts) != 2 {
		t.Errorf("bought: %+v, %v", bought, known)
	}

	_, feature := m.Feature("barter")
	_, designation := m.Designation("firm", "last")
	_, audience := m.Audience("everybody")
	_, resolver := m.Resolver("support")
	_, fact := m.Fact("room", "bought")
	if feature || designation || audience || resolver || fact {
		t.Error("found what nobody declared")
	}
}

func TestLookUpsDoNotAllocate(t *testing.T) {
	m := parse(t, "firm.yaml", []byte(firm))
	ok := true
	allocations := testing.AllocsPerRun(100, func() {
		f, known := m.Feature("trade")
		d, _ := m.Designation("firm", "first")
		a, _ := m.Audience("hosts")
		r, _ := m.Message(RoleGranted)
		s, _ := m.Resolver("help")
		p, _ := m.Fact("firm", "bought")
		ok = ok && known && d.SetWith.Intersects(f.Permissions) && r.Audience == a && s.RoleOn("room") != nil && p.Permission.Feature == f
	})
	if allocations != 0 || !ok {
		t.Errorf("%v allocations, ok %v", allocations, ok)
	}
}
