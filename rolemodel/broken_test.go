package rolemodel

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// small is a valid document that the tests break in one place each.
const small = `model: small
title: Small
about: A model for tests.
root: company
highest: company.owner
scopes:
  - kind: company
    title: Company
    membership: true
    leave: true
  - kind: office
    title: Office
    under: [company]
    membership: true
  - kind: desk
    title: Desk
    under: [company, office, desk]
permissions:
  - id: company.people
    title: See people
    section: Company
    allows: [directory.read]
  - id: office.edit
    title: Change an office
    section: Offices
    allows: [scope.rename, "scope.create:desk"]
  - id: desk.use
    title: Use a desk
    section: Desks
roles:
  - id: company.owner
    title: Owner
    membership: company
    at_least: 1
    granted_by: [company.owner]
    permissions: [company.people]
    inherited: [office.edit, desk.use]
  - id: company.staff
    title: Staff
    membership: company
    default: true
  - id: office.guest
    title: Guest
    granted_by: [office.edit]
    at_most: 5
  - id: desk.user
    title: User
    granted_by: [company.owner]
    replaces: [desk.visitor]
    permissions: [desk.use]
  - id: desk.visitor
    title: Visitor
    granted_by: [desk.user]
`

// What messages list.
const (
	documentKeys = "model, title, about, root, highest, scopes, features, permissions, roles, designations, audiences, messages, contact, resolvers, facts, " +
		"conditions, editions, sections, custom_roles, posture"
	scopeKeys      = "kind, title, under, membership, leave, member_kinds, joins, attributes, carries"
	permissionKeys = "id, title, section, feature, allows, rule"
	knownMessages  = "role.granted, role.revoked, ownership.transferred, membership.terminated, reminder.due, reminder.overdue, " +
		"invitation.sent, invitation.rerouted, grant.expiring, model.adopted, break_glass.used, notice.parked"
	knownActs = "person.register, person.update, credential.revoke, manager.assign, behalf.act, " +
		"directory.read, history.read, person.anonymize, reminder.set, links.read, hold.place, case.read, feature.switch, notice.read, " +
		"report.read, edition.set, model.adopt, client.manage, role.define, role.rename, role.delete, role.permit, role.unpermit, role.withhold, " +
		"membership.start, membership.suspend, membership.resume, membership.terminate, invitation.answer, addresses.route, " +
		"scope.read, scope.rename, scope.move, scope.delete, scope.archive, scope.merge, scope.export, scope.permit, " +
		"scope.create:KIND, scope.import:KIND, scope.export:KIND, scope.set:ATTRIBUTE, membership.start:MEMBERKIND, membership.assign:KIND, role.withhold:VALUE"
)

// breakage is one edit of a document, and all that Parse has to say about it.
type breakage struct {
	name     string
	old, new string   // old stands in the document once; where it is empty, new is all
	want     []string // without the file's name
	shape    bool     // schema.json refuses it too
	document string   // small, where it is empty
}

func (b breakage) source(t testing.TB) string {
	t.Helper()
	if b.old == "" {
		return b.new
	}
	document := b.document
	if document == "" {
		document = small
	}
	if n := strings.Count(document, b.old); n != 1 {
		t.Fatalf("%s: %q stands in the document %d times", b.name, b.old, n)
	}
	return strings.Replace(document, b.old, b.new, 1)
}

var broken = slices.Concat(brokenSmall, brokenFirm, brokenYard)

var brokenSmall = []breakage{
	// What YAML is this?
	{
		name:  "empty",
		new:   "\n",
		want:  []string{`1:1: the file is empty`},
		shape: true,
	},
	{
		name:  "comment alone",
		new:   "# nothing\n",
		want:  []string{`1:1: the file is empty`},
		shape: true,
	},
	{
		name:  "no mapping",
		new:   "- model\n",
		want:  []string{`1:1: want a mapping with the keys ` + documentKeys + `; found a list`},
		shape: true,
	},
	{
		name: "broken YAML",
		old:  "about: A model for tests.",
		new:  "about: [A model",
		want: []string{`3:1: not YAML: did not find expected ',' or ']'`},
	},
	{
		name: "tab",
		old:  "  - id: desk.use\n",
		new:  "\t- id: desk.use\n",
		want: []string{`27:1: not YAML: found character that cannot start any token`},
	},
	{
		name:  "second document",
		old:   "model: small\n",
		new:   "model: small\n---\nmodel: other\n",
		want:  []string{`2:1: a second document; one file is one role model`},
		shape: true,
	},
	{
		name: "not UTF-8",
		old:  "title: Small",
		new:  "title: Sm\xffll",
		want: []string{`2:10: not YAML: invalid leading UTF-8 octet`},
	},
	{
		name: "not UTF-8 after what is",
		old:  "title: Small",
		new:  "title: Größe \xe2(\xa1",
		want: []string{`2:14: not YAML: invalid trailing UTF-8 octet`},
	},
	{
		name: "control character first",
		new:  "\x00\x01\x02",
		want: []string{`1:1: not YAML: control characters are not allowed`},
	},
	{
		name: "control character",
		old:  "title: Small",
		new:  "title: Größe \u0080",
		want: []string{`2:14: not YAML: control characters are not allowed`},
	},
	{
		name: "anchor",
		old:  "root: company\n",
		new:  "root: &root company\n",
		want: []string{`4:7: anchors and aliases are not allowed; write the value out`},
	},
	{
		name: "alias",
		old:  "title: Small\nabout: A model for tests.",
		new:  "title: &title Small\nabout: *title",
		want: []string{
			`2:8: anchors and aliases are not allowed; write the value out`,
			`3:8: anchors and aliases are not allowed; write the value out`,
		},
	},
	{
		name: "anchored key",
		old:  "root: company\n",
		new:  "&key root: company\n",
		want: []string{
			`1:1: key "root" is missing`,
			`4:1: anchors and aliases are not allowed; write the key out`,
		},
	},
	{
		name: "merge key",
		old:  "  - kind: office\n",
		new:  "  - <<: {leave: true}\n    kind: office\n",
		want: []string{`11:5: unknown key "<<"; known here: ` + scopeKeys},
	},

	// Is it the format?
	{
		name:  "unknown key",
		old:   "    section: Desks\n",
		new:   "    section: Desks\n    color: red\n",
		want:  []string{`30:5: unknown key "color"; known here: ` + permissionKeys},
		shape: true,
	},
	{
		name: "number as key",
		old:  "about: A model for tests.\n",
		new:  "about: A model for tests.\n12: dozen\n",
		want: []string{`4:1: unknown key "12"; known here: ` + documentKeys},
	},
	{
		name: "list as key",
		old:  "about: A model for tests.\n",
		new:  "about: A model for tests.\n[a, b]: dozen\n",
		want: []string{`4:1: unknown key a list; known here: ` + documentKeys},
	},
	{
		name: "key twice",
		old:  "title: Small\n",
		new:  "title: Small\ntitle: Large\n",
		want: []string{`3:1: key "title" stands here twice, first on line 2`},
	},
	{
		name:  "key missing",
		old:   "root: company\n",
		new:   "",
		want:  []string{`1:1: key "root" is missing`},
		shape: true,
	},
	{
		name: "keys of an entry missing",
		old:  "  - id: desk.use\n    title: Use a desk\n    section: Desks\n",
		new:  "  - id: desk.use\n",
		want: []string{
			`27:5: key "title" is missing`,
			`27:5: key "section" is missing`,
		},
		shape: true,
	},
	{
		name:  "list instead of text",
		old:   "title: Small",
		new:   "title: [Small]",
		want:  []string{`2:8: want text, found a list`},
		shape: true,
	},
	{
		name:  "number instead of text",
		old:   "title: Small",
		new:   "title: 2024",
		want:  []string{`2:8: want text, found 2024; put it in quotes if it is text`},
		shape: true,
	},
	{
		name: "date instead of text",
		old:  "title: Small",
		new:  "title: 2024-02-29",
		want: []string{`2:8: want text, found 2024-02-29; put it in quotes if it is text`},
	},
	{
		name:  "nothing instead of text",
		old:   "title: Small",
		new:   "title:",
		want:  []string{`2:7: want text, found nothing`},
		shape: true,
	},
	{
		name: "tagged text",
		old:  "title: Small",
		new:  "title: !secret Small",
		want: []string{`2:8: want text, found a value tagged "!secret"; put it in quotes if it is text`},
	},
	{
		name:  "text instead of list",
		old:   "    granted_by: [office.edit]",
		new:   "    granted_by: office.edit",
		want:  []string{`44:17: want a list, found the text "office.edit"`},
		shape: true,
	},
	{
		name:  "nothing instead of list",
		old:   "    granted_by: [office.edit]",
		new:   "    granted_by:",
		want:  []string{`44:16: want a list, found nothing`},
		shape: true,
	},
	{
		name:  "text instead of entry",
		old:   "  - id: desk.use\n    title: Use a desk\n    section: Desks\n",
		new:   "  - desk.use\n",
		want:  []string{`27:5: want a mapping with the keys ` + permissionKeys + `; found the text "desk.use"`},
		shape: true,
	},
	{
		name:  "text instead of truth",
		old:   "    default: true",
		new:   "    default: maybe",
		want:  []string{`41:14: want true or false, found the text "maybe"`},
		shape: true,
	},
	{
		name: "tagged truth",
		old:  "    default: true",
		new:  "    default: !!bool maybe",
		want: []string{`41:14: want true or false, found maybe`},
	},
	{
		name:  "text instead of number",
		old:   "    at_most: 5",
		new:   "    at_most: five",
		want:  []string{`45:14: want a whole number from 1 to 1000000, found the text "five"; leave the key out for no bound`},
		shape: true,
	},
	{
		name:  "fraction",
		old:   "    at_most: 5",
		new:   "    at_most: 2.5",
		want:  []string{`45:14: want a whole number from 1 to 1000000, found 2.5; leave the key out for no bound`},
		shape: true,
	},
	{
		name:  "negative",
		old:   "    at_most: 5",
		new:   "    at_most: -5",
		want:  []string{`45:14: want a whole number from 1 to 1000000, found -5; leave the key out for no bound`},
		shape: true,
	},
	{
		name:  "zero as no bound",
		old:   "    at_most: 5",
		new:   "    at_most: 0",
		want:  []string{`45:14: want a whole number from 1 to 1000000, found 0; leave the key out for no bound`},
		shape: true,
	},
	{
		name:  "past all numbers",
		old:   "    at_most: 5",
		new:   "    at_most: 99999999999999999999",
		want:  []string{`45:14: want a whole number from 1 to 1000000, found 99999999999999999999; leave the key out for no bound`},
		shape: true,
	},
	{
		name:  "empty list of roles",
		old:   small[strings.Index(small, "  - id: company.owner\n"):],
		new:   "  []\n",
		want:  []string{`31:3: "roles" must not be empty`},
		shape: true,
	},
	{
		name:  "too many scopes",
		old:   small[strings.Index(small, "  - kind: company\n"):strings.Index(small, "permissions:\n")],
		new:   "  [" + strings.Repeat("{kind: company, title: Company},", 65) + "]\n",
		want:  []string{`7:3: "scopes" has 65 entries; at most 64 are allowed`},
		shape: true,
	},
	{
		name:  "reference twice",
		old:   "    inherited: [office.edit, desk.use]",
		new:   "    inherited: [office.edit, desk.use, office.edit]",
		want:  []string{`37:40: "office.edit" stands in this list twice`},
		shape: true,
	},
	{
		name:  "model id",
		old:   "model: small",
		new:   "model: Small",
		want:  []string{`1:8: want a model id: up to 31 of a-z, 0-9 and _, a letter first; found "Small"`},
		shape: true,
	},
	{
		name:  "scope kind",
		old:   "  - kind: office",
		new:   "  - kind: head-office",
		want:  []string{`11:11: want a scope kind: up to 31 of a-z, 0-9 and _, a letter first; found "head-office"`},
		shape: true,
	},
	{
		name:  "role id without kind",
		old:   "  - id: desk.visitor",
		new:   "  - id: visitor",
		want:  []string{`51:9: want a role id: KIND.NAME, each of a-z, 0-9 and _, a letter first; found "visitor"`},
		shape: true,
	},
	{
		name:  "role id with three parts",
		old:   "  - id: desk.visitor",
		new:   "  - id: desk.visitor.daily",
		want:  []string{`51:9: want a role id: KIND.NAME, each of a-z, 0-9 and _, a letter first; found "desk.visitor.daily"`},
		shape: true,
	},
	{
		name:  "permission id without segment",
		old:   "  - id: desk.use\n",
		new:   "  - id: desk\n",
		want:  []string{`27:9: want a permission id: KIND.SEGMENT, more segments as needed, each of a-z, 0-9 and _, a letter first, up to 128 characters; found "desk"`},
		shape: true,
	},
	{
		name:  "permission id too long",
		old:   "  - id: desk.use\n",
		new:   "  - id: desk." + strings.Repeat("a", 60) + "." + strings.Repeat("a", 63) + "\n",
		want:  []string{`27:9: want a permission id: KIND.SEGMENT, more segments as needed, each of a-z, 0-9 and _, a letter first, up to 128 characters; found "desk.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…"`},
		shape: true,
	},
	{
		name:  "rule",
		old:   "    title: Guest\n",
		new:   "    title: Guest\n    rule: see G01\n",
		want:  []string{`44:11: want the number of a rule, for instance G01; found "see G01"`},
		shape: true,
	},
	{
		name:  "blank title",
		old:   "title: Small",
		new:   "title: ' '",
		want:  []string{`2:8: want a line of up to 200 visible characters, no blanks around it; found " "`},
		shape: true,
	},
	{
		name:  "blanks around a title",
		old:   "title: Small",
		new:   "title: ' Small'",
		want:  []string{`2:8: want a line of up to 200 visible characters, no blanks around it; found " Small"`},
		shape: true,
	},
	{
		name:  "title in two lines",
		old:   "title: Small",
		new:   "title: \"Small\\nModel\"",
		want:  []string{`2:8: want a line of up to 200 visible characters, no blanks around it; found "Small\nModel"`},
		shape: true,
	},
	{
		name:  "title with an invisible character",
		old:   "title: Small",
		new:   "title: \"Small\\u202eledoM\"",
		want:  []string{`2:8: want a line of up to 200 visible characters, no blanks around it; found "Small\u202eledoM"`},
		shape: true,
	},
	{
		name:  "title too long",
		old:   "title: Small",
		new:   "title: " + strings.Repeat("x", 201),
		want:  []string{`2:8: want a line of up to 200 visible characters, no blanks around it; found "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…"`},
		shape: true,
	},

	// Does it hang together?
	{
		name: "kind declared twice",
		old:  "  - kind: desk\n",
		new:  "  - kind: office\n    title: Bureau\n    under: [company]\n  - kind: desk\n",
		want: []string{`15:11: scope kind "office" is declared twice, first on line 11`},
	},
	{
		name: "role declared twice",
		old:  "  - id: desk.visitor\n",
		new:  "  - id: desk.user\n    title: Sitter\n    granted_by: [company.owner]\n  - id: desk.visitor\n",
		want: []string{`51:9: role "desk.user" is declared twice, first on line 46`},
	},
	{
		name: "permission declared twice",
		old:  "  - id: desk.use\n",
		new:  "  - id: office.edit\n    title: Paint an office\n    section: Offices\n  - id: desk.use\n",
		want: []string{`27:9: permission "office.edit" is declared twice, first on line 23`},
	},
	{
		name: "permission named like a role",
		old:  "  - id: desk.visitor\n",
		new:  "  - id: desk.use\n",
		want: []string{
			`27:9: permission "desk.use" has the id of the role on line 51; granted_by could not tell them apart`,
			`49:16: unknown role "desk.visitor"`,
		},
	},
	{
		name: "root unknown",
		old:  "root: company",
		new:  "root: firm",
		want: []string{`4:7: unknown scope kind "firm"`},
	},
	{
		name: "root below something",
		old:  "    leave: true\n",
		new:  "    leave: true\n    under: [office]\n",
		want: []string{`11:12: the root "company" stands below nothing; leave "under" out`},
	},
	{
		name: "kind below nothing",
		old:  "    under: [company]\n",
		new:  "",
		want: []string{`11:5: scope kind "office" needs "under": the root "company" alone stands below nothing`},
	},
	{
		name: "kind below an empty list",
		old:  "    under: [company]\n",
		new:  "    under: []\n",
		want: []string{`13:12: scope kind "office" needs "under": the root "company" alone stands below nothing`},
	},
	{
		name: "kind below an unknown one",
		old:  "    under: [company]\n",
		new:  "    under: [company, floor]\n",
		want: []string{`13:22: unknown scope kind "floor"`},
	},
	{
		name: "kinds below each other",
		old:  "    under: [company]\n    membership: true\n  - kind: desk\n    title: Desk\n    under: [company, office, desk]\n",
		new:  "    under: [desk]\n    membership: true\n  - kind: desk\n    title: Desk\n    under: [office]\n",
		want: []string{
			`13:12: scope kind "office" has no way up to the root "company"`,
			`17:12: scope kind "desk" has no way up to the root "company"`,
		},
	},
	{
		name: "leave without membership",
		old:  "    under: [company, office, desk]\n",
		new:  "    under: [company, office, desk]\n    leave: true\n",
		want: []string{`18:12: scope kind "desk" has no membership to leave; add "membership: true" or leave "leave" out`},
	},
	{
		name: "permission on an unknown kind",
		old:  "  - id: desk.use\n",
		new:  "  - id: table.use\n",
		want: []string{
			`27:9: unknown scope kind "table"`,
			`27:9: no role holds permission "table.use"`,
			`37:30: unknown permission "desk.use"`,
			`50:19: unknown permission "desk.use"`,
		},
	},
	{
		name:  "unknown act",
		old:   "    allows: [directory.read]",
		new:   "    allows: [directory.write]",
		want:  []string{`22:14: unknown act "directory.write"; known: ` + knownActs},
		shape: true,
	},
	{
		name: "act on the root alone",
		old:  `    allows: [scope.rename, "scope.create:desk"]`,
		new:  "    allows: [history.read]",
		want: []string{`26:14: act "history.read" makes sense on the root "company" alone`},
	},
	{
		name: "act never on the root",
		old:  "    allows: [directory.read]",
		new:  "    allows: [scope.move, scope.delete]",
		want: []string{
			`22:14: act "scope.move" makes no sense on the root "company"`,
			`22:26: act "scope.delete" makes no sense on the root "company"`,
		},
	},
	{
		name: "act where there is no membership",
		old:  "    section: Desks\n",
		new:  "    section: Desks\n    allows: [membership.start]\n",
		want: []string{`30:14: act "membership.start" makes no sense here: scope kind "desk" has no membership`},
	},
	{
		name: "creating an unknown kind",
		old:  "scope.create:desk",
		new:  "scope.create:chair",
		want: []string{`26:28: unknown scope kind "chair"`},
	},
	{
		name:  "creating no kind",
		old:   "scope.create:desk",
		new:   "scope.create:",
		want:  []string{`26:28: unknown act "scope.create:"; known: ` + knownActs},
		shape: true,
	},
	{
		name: "creating what stands elsewhere",
		old:  "scope.create:desk",
		new:  "scope.create:office",
		want: []string{`26:28: act "scope.create:office" makes no sense here: "office" may not stand directly below "office"`},
	},
	{
		name: "permission that no role holds",
		old:  "    inherited: [office.edit, desk.use]",
		new:  "    inherited: [desk.use]",
		want: []string{`23:9: no role holds permission "office.edit"`},
	},
	{
		name: "role on an unknown kind",
		old:  "  - id: desk.visitor\n",
		new:  "  - id: table.visitor\n    title: Visitor\n    granted_by: [desk.user]\n  - id: desk.visitor\n",
		want: []string{`51:9: unknown scope kind "table"`},
	},
	{
		name: "unknown permission",
		old:  "    inherited: [office.edit, desk.use]",
		new:  "    inherited: [office.edit, desk.use, desk.burn]",
		want: []string{`37:40: unknown permission "desk.burn"`},
	},
	{
		name: "permission of a kind below",
		old:  "    permissions: [company.people]",
		new:  "    permissions: [company.people, desk.use]",
		want: []string{`36:35: permission "desk.use" applies to "desk", role "company.owner" is held on "company"; move it to "inherited"`},
	},
	{
		name: "permission of a kind above",
		old:  "    permissions: [desk.use]",
		new:  "    permissions: [desk.use, office.edit]",
		want: []string{`50:29: permission "office.edit" applies to "office", role "desk.user" is held on "desk"`},
	},
	{
		name: "inherited from below",
		old:  "    replaces: [desk.visitor]",
		new:  "    replaces: [desk.visitor]\n    inherited: [office.edit]",
		want: []string{`50:17: permission "office.edit" cannot be inherited from role "desk.user": "office" never stands below "desk"`},
	},
	{
		name: "inherited on the same kind",
		old:  "    inherited: [office.edit, desk.use]",
		new:  "    inherited: [office.edit, desk.use, company.people]",
		want: []string{`37:40: permission "company.people" cannot be inherited from role "company.owner": "company" never stands below "company"`},
	},
	{
		name: "membership of an unknown kind",
		old:  "    at_most: 5",
		new:  "    membership: floor",
		want: []string{`45:17: unknown scope kind "floor"`},
	},
	{
		name: "membership of a kind without",
		old:  "    replaces: [desk.visitor]",
		new:  "    membership: desk",
		want: []string{`49:17: scope kind "desk" has no membership`},
	},
	{
		name: "membership of a kind below",
		old:  "    title: Owner\n    membership: company\n",
		new:  "    title: Owner\n    membership: office\n",
		want: []string{`33:17: role "company.owner" cannot need membership of "office": "office" never stands above "company"`},
	},
	{
		name: "membership of a kind not always above",
		old:  "    replaces: [desk.visitor]",
		new:  "    membership: office",
		want: []string{`49:17: role "desk.user" cannot need membership of "office": a "desk" may stand below the root without one between`},
	},
	{
		name: "bounds crossed",
		old:  "    at_most: 5",
		new:  "    at_least: 6\n    at_most: 5",
		want: []string{`45:15: role "office.guest" needs at least 6 holders but can have at most 5`},
	},
	{
		name: "replaces an unknown role",
		old:  "    replaces: [desk.visitor]",
		new:  "    replaces: [desk.owner]",
		want: []string{`49:16: unknown role "desk.owner"`},
	},
	{
		name: "replaces itself",
		old:  "    replaces: [desk.visitor]",
		new:  "    replaces: [desk.user]",
		want: []string{`49:16: role "desk.user" cannot replace itself`},
	},
	{
		name: "replaces a role elsewhere",
		old:  "    replaces: [desk.visitor]",
		new:  "    replaces: [office.guest]",
		want: []string{`49:16: role "desk.user" cannot replace "office.guest": they are held on scopes of different kinds`},
	},
	{
		name: "default without membership of its scope",
		old:  "    title: Staff\n    membership: company\n",
		new:  "    title: Staff\n",
		want: []string{`38:5: role "company.staff" is a default, so it needs "membership: company"`},
	},
	{
		name: "default where there is no membership",
		old:  "    granted_by: [desk.user]\n",
		new:  "    granted_by: [desk.user]\n    default: true\n",
		want: []string{`54:14: role "desk.visitor" cannot be a default: scope kind "desk" has no membership`},
	},
	{
		name: "default with an upper bound",
		old:  "    default: true\n",
		new:  "    default: true\n    at_most: 9\n",
		want: []string{`42:14: role "company.staff" is a default, given to every member; leave "at_most" out`},
	},
	{
		name: "second default",
		old:  "    at_least: 1\n",
		new:  "    at_least: 1\n    default: true\n",
		want: []string{
			`35:14: role "company.owner" is the highest, so it cannot be a default`,
			`42:14: scope kind "company" has a default role already, "company.owner" on line 31`,
		},
	},
	{
		name: "nobody grants",
		old:  "    granted_by: [desk.user]\n",
		new:  "",
		want: []string{`51:5: role "desk.visitor" needs "granted_by": nobody could grant it`},
	},
	{
		name: "nobody in the list grants",
		old:  "    granted_by: [desk.user]\n",
		new:  "    granted_by: []\n",
		want: []string{`53:17: role "desk.visitor" needs "granted_by": nobody could grant it`},
	},
	{
		name: "unknown grantor",
		old:  "    granted_by: [desk.user]\n",
		new:  "    granted_by: [desk.user, desk.boss]\n",
		want: []string{`53:29: unknown role or permission "desk.boss"`},
	},
	{
		name: "grantor below",
		old:  "    granted_by: [company.owner]\n    permissions: [company.people]",
		new:  "    granted_by: [company.owner, desk.user]\n    permissions: [company.people]",
		want: []string{`35:33: "desk.user" cannot grant role "company.owner": "desk" never stands above "company"`},
	},
	{
		name: "grants go in a circle",
		old:  "    granted_by: [company.owner]\n    replaces: [desk.visitor]",
		new:  "    granted_by: [desk.visitor]\n    replaces: [desk.visitor]",
		want: []string{
			`48:17: nobody can ever hold role "desk.user": none of those who grant it can be held`,
			`53:17: nobody can ever hold role "desk.visitor": none of those who grant it can be held`,
		},
	},
	{
		name: "highest unknown",
		old:  "highest: company.owner",
		new:  "highest: company.boss",
		want: []string{`5:10: unknown role "company.boss"`},
	},
	{
		name: "highest with more holders than a founding gives",
		old:  "    at_least: 1\n",
		new:  "    at_least: 2\n",
		want: []string{`34:15: role "company.owner" is the highest, which one person holds from the founding on, so "at_least" must be 1`},
	},
	{
		name: "highest not on the root",
		old:  "highest: company.owner",
		new:  "highest: office.guest",
		want: []string{
			`5:10: the highest role "office.guest" is not held on the root "company"`,
			`42:5: role "office.guest" is the highest, so it needs "at_least: 1" (X01)`,
			`44:17: role "office.guest" is the highest, so its holders must be able to grant it`,
		},
	},
	{
		name: "highest without lower bound",
		old:  "    at_least: 1\n",
		new:  "",
		want: []string{`31:5: role "company.owner" is the highest, so it needs "at_least: 1" (X01)`},
	},
	{
		name: "highest cannot be passed on",
		old:  "    granted_by: [company.owner]\n    permissions: [company.people]",
		new:  "    granted_by: [company.staff]\n    permissions: [company.people]",
		want: []string{`35:17: role "company.owner" is the highest, so its holders must be able to grant it`},
	},

	// How much is told?
	{
		name: "several at once",
		old:  "title: Small\nabout: A model for tests.\nroot: company\nhighest: company.owner\n",
		new:  "title: 1\nabuot: A model for tests.\nroot: company\nhighest: company.boss\n",
		want: []string{
			`1:1: key "about" is missing`,
			`2:8: want text, found 1; put it in quotes if it is text`,
			`3:1: unknown key "abuot"; known here: ` + documentKeys,
			`5:10: unknown role "company.boss"`,
		},
		shape: true,
	},
}

// What looks odd, and holds together.
func TestUnusualDocuments(t *testing.T) {
	for _, c := range []breakage{
		{
			name: "highest role granted with a permission",
			old:  "    granted_by: [company.owner]\n    permissions: [company.people]",
			new:  "    granted_by: [company.people]\n    permissions: [company.people]",
		},
		{
			name: "role reached over a permission inherited",
			old:  "    granted_by: [desk.user]\n",
			new:  "    granted_by: [desk.use]\n",
		},
		{
			name: "role reached over a permission of another role",
			old:  "    granted_by: [office.edit]\n    at_most: 5\n",
			new:  "    granted_by: [company.people]\n    at_most: 5\n",
		},
		{
			name: "roles that replace each other",
			old:  "    granted_by: [desk.user]\n",
			new:  "    granted_by: [desk.user]\n    replaces: [desk.user]\n",
		},
		{
			name: "kinds that stand below each other",
			old:  "    under: [company]\n",
			new:  "    under: [company, desk]\n",
		},
		{
			name: "kind that never stands below the root directly",
			old:  "    under: [company, office, desk]\n",
			new:  "    under: [office, desk]\n    membership: false\n",
		},
		{
			name: "permission held from inside its own kind",
			old:  "    replaces: [desk.visitor]\n",
			new:  "    replaces: [desk.visitor]\n    inherited: [desk.use]\n",
		},
		{
			name: "bounds that meet",
			old:  "    at_least: 1\n",
			new:  "    at_least: 1\n    at_most: 1\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Parse("small.yaml", []byte(c.source(t))); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestBrokenDocuments(t *testing.T) {
	for _, document := range []string{small, firm, yard} {
		if _, err := Parse("small.yaml", []byte(document)); err != nil {
			t.Fatalf("the document to break is broken: %v", err)
		}
	}
	for _, c := range broken {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse("small.yaml", []byte(c.source(t)))
			if err == nil {
				t.Fatal("accepted")
			}
			requireProblems(t, err)
			var want []string
			for _, w := range c.want {
				want = append(want, "small.yaml:"+w)
			}
			if diff := cmp.Diff(want, strings.Split(err.Error(), "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}
