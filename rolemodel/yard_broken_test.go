package rolemodel

import (
	"strings"
	"testing"
)

func inYard(breakages ...breakage) []breakage {
	for i := range breakages {
		if breakages[i].document == "" {
			breakages[i].document = yard
		}
	}
	return breakages
}

var brokenYard = inYard(
	// Is it the format?
	breakage{
		name:  "condition id",
		old:   "  - id: tours_offered\n",
		new:   "  - id: tours.offered\n",
		want:  []string{`131:9: want a condition id: up to 31 of a-z, 0-9 and _, a letter first; found "tours.offered"`},
		shape: true,
	},
	breakage{
		name:  "reference to a condition by another word",
		old:   "permissions: [dock.enter if tours_offered]",
		new:   "permissions: [dock.enter when tours_offered]",
		want:  []string{`102:19: want a permission id, perhaps with: if CONDITION; found "dock.enter when tours_offered"`},
		shape: true,
	},
	breakage{
		name:  "reference to two conditions",
		old:   "permissions: [dock.enter if tours_offered]",
		new:   "permissions: [dock.enter if tours_offered if workers]",
		want:  []string{`102:19: want a permission id, perhaps with: if CONDITION; found "dock.enter if tours_offered if workers"`},
		shape: true,
	},
	breakage{
		name:  "reference to no condition",
		old:   "permissions: [dock.enter if tours_offered]",
		new:   "permissions: ['dock.enter if ']",
		want:  []string{`102:19: want a permission id, perhaps with: if CONDITION; found "dock.enter if "`},
		shape: true,
	},
	breakage{
		name:  "condition without title",
		old:   "    title: where tours are offered\n",
		new:   "",
		want:  []string{`131:5: key "title" is missing`},
		shape: true,
	},
	breakage{
		name:  "condition without expression",
		old:   "    when: target.attributes.tours == \"offered\"\n",
		new:   "",
		want:  []string{`131:5: key "when" is missing`},
		shape: true,
	},
	breakage{
		name:  "too many conditions",
		old:   "  - id: tours_offered\n",
		new:   strings.Repeat("  - {id: tours, title: Tours, when: person.self}\n", 63) + "  - id: tours_offered\n",
		want:  []string{`131:3: "conditions" has 65 entries; at most 64 are allowed`},
		shape: true,
	},
	breakage{
		name:  "expression that is a truth value",
		old:   "    when: target.attributes.tours == \"offered\"\n",
		new:   "    when: true\n",
		want:  []string{`134:11: want text, found true; put it in quotes if it is text`},
		shape: true,
	},
	breakage{
		name:  "grantor with a condition of another form",
		old:   "granted_by: [yard.owner, yard.run if workers]",
		new:   "granted_by: [yard.owner, yard.run if Workers]",
		want:  []string{`69:30: want the id of a role or of a permission, perhaps with: if CONDITION; found "yard.run if Workers"`},
		shape: true,
	},
	breakage{
		name:  "kind of member",
		old:   "      - {id: worker, title: Worker}\n      - {id: visitor, title: Visitor}\n    attributes:\n",
		new:   "      - {id: Worker, title: Worker}\n      - {id: visitor, title: Visitor}\n    attributes:\n",
		want:  []string{`12:14: want a kind of member: up to 31 of a-z, 0-9 and _, a letter first; found "Worker"`},
		shape: true,
	},
	breakage{
		name:  "kind of member without title",
		old:   "      - {id: worker, title: Worker}\n      - {id: visitor, title: Visitor}\n    attributes:\n",
		new:   "      - {id: worker}\n      - {id: visitor, title: Visitor}\n    attributes:\n",
		want:  []string{`12:9: key "title" is missing`},
		shape: true,
	},
	breakage{
		name:  "attribute id",
		old:   "{id: season,",
		new:   "{id: Season,",
		want:  []string{`15:14: want an attribute id: up to 31 of a-z, 0-9 and _, a letter first; found "Season"`},
		shape: true,
	},
	breakage{
		name:  "attribute without values",
		old:   "values: [summer, winter]",
		new:   "values: []",
		want:  []string{`15:45: "values" must not be empty`},
		shape: true,
	},
	breakage{
		name:  "attribute value",
		old:   "values: [summer, winter]",
		new:   "values: [summer, Winter]",
		want:  []string{`15:54: want a value: up to 31 of a-z, 0-9 and _, a letter first; found "Winter"`},
		shape: true,
	},
	breakage{
		name: "attribute value that is a truth value",
		old:  "values: [summer, winter]",
		new:  "values: [true, false]",
		want: []string{
			`15:46: want text, found true; put it in quotes if it is text`,
			`15:52: want text, found false; put it in quotes if it is text`,
		},
		shape: true,
	},
	breakage{
		name:  "attribute value twice",
		old:   "values: [summer, winter]",
		new:   "values: [summer, winter, summer]",
		want:  []string{`15:62: "summer" stands in this list twice`},
		shape: true,
	},
	breakage{
		name:  "attribute of an unknown key",
		old:   "fixed: true}",
		new:   "fix: true}",
		want:  []string{`25:58: unknown key "fix"; known here: id, title, values, fixed`},
		shape: true,
	},
	breakage{
		name:  "holder of a third sort",
		old:   "    holder: client\n",
		new:   "    holder: robot\n",
		want:  []string{`85:13: want person or client; found "robot"`},
		shape: true,
	},
	breakage{
		name:  "edition id",
		old:   "{id: small,",
		new:   "{id: Small,",
		want:  []string{`140:10: want an edition id: up to 31 of a-z, 0-9 and _, a letter first; found "Small"`},
		shape: true,
	},
	breakage{
		name:  "confirmation in two words",
		old:   "    confirm: DELETE\n",
		new:   "    confirm: YES DELETE\n",
		want:  []string{`123:14: want a word of up to 31 letters; found "YES DELETE"`},
		shape: true,
	},
	breakage{
		name:  "custom role without kind",
		old:   "  - id: yard.office\n",
		new:   "  - id: office\n",
		want:  []string{`125:9: want a role id: KIND.NAME, each of a-z, 0-9 and _, a letter first; found "office"`},
		shape: true,
	},
	breakage{
		name:  "custom role that nobody grants",
		old:   "    title: Office\n    granted_by: [yard.owner]\n",
		new:   "    title: Office\n",
		want:  []string{`125:5: key "granted_by" is missing`},
		shape: true,
	},
	breakage{
		name:  "custom role granted by an empty list",
		old:   "    title: Office\n    granted_by: [yard.owner]\n",
		new:   "    title: Office\n    granted_by: []\n",
		want:  []string{`127:17: "granted_by" must not be empty`},
		shape: true,
	},
	breakage{
		name:  "section of nobody",
		old:   "exclusive: [yard.owner]",
		new:   "exclusive: []",
		want:  []string{`143:31: "exclusive" must not be empty`},
		shape: true,
	},
	breakage{
		name:  "posture of an unknown key",
		old:   "dormant_days: 30",
		new:   "dormant: 30",
		want:  []string{`144:78: unknown key "dormant"; known here: rule, roles, units, dormant_days`},
		shape: true,
	},
	breakage{
		name:  "posture of no days",
		old:   "dormant_days: 30",
		new:   "dormant_days: 0",
		want:  []string{`144:92: want a whole number from 1 to 1000000, found 0; leave the key out for no bound`},
		shape: true,
	},
	breakage{
		name:  "posture as a list",
		old:   "posture: {rule: Y07, roles: [yard.owner, yard.partner], units: [dock, crew], dormant_days: 30}\n",
		new:   "posture: [yard.owner]\n",
		want:  []string{`144:10: want a mapping with the keys rule, roles, units, dormant_days; found a list`},
		shape: true,
	},
	breakage{
		name:  "rule of a permission",
		old:   "    rule: Y01\n",
		new:   "    rule: the first\n",
		want:  []string{`43:11: want the number of a rule, for instance G01; found "the first"`},
		shape: true,
	},
	breakage{
		name:  "acts of an unknown word",
		old:   "\"scope.set:season\"",
		new:   "\"scope.change:season\"",
		want:  []string{`44:91: unknown act "scope.change:season"; known: ` + knownActs},
		shape: true,
	},
	breakage{
		name:  "act without its argument",
		old:   "\"scope.set:season\"",
		new:   "\"scope.set:\"",
		want:  []string{`44:91: unknown act "scope.set:"; known: ` + knownActs},
		shape: true,
	},
	breakage{
		name:  "act with an argument of another form",
		old:   "\"membership.start:visitor\"",
		new:   "\"membership.start:Visitor\"",
		want:  []string{`44:111: act "membership.start:Visitor" makes no sense here: scope kind "yard" has no kind of member "Visitor"`},
		shape: true,
	},
	breakage{
		name:  "act with a long argument",
		old:   "\"scope.set:season\"",
		new:   "\"scope.set:" + strings.Repeat("x", 100_000) + "\"",
		want:  []string{`44:91: act "scope.set:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…" makes no sense here: scope kind "yard" has no attribute "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…"`},
		shape: true,
	},

	// Is each declared once, and known?
	breakage{
		name: "conditions without their list",
		old:  yard[strings.Index(yard, "conditions:\n"):strings.Index(yard, "editions:\n")],
		new:  "",
		want: []string{`69:30: unknown condition "workers"`,
			`71:17: unknown condition "tours_offered"`,
			`75:18: unknown condition "workers"`,
			`77:27: unknown condition "tours_offered"`,
			`93:35: unknown condition "workers"`,
			`96:41: unknown condition "tours_offered"`,
			`102:19: unknown condition "tours_offered"`,
			`120:31: unknown condition "workers"`,
			`128:15: unknown condition "tours_offered"`,
			`142:28: unknown condition "workers"`,
		},
	},
	breakage{
		name: "condition declared twice",
		old:  "  - id: workers\n",
		new:  "  - {id: tours_offered, title: again, when: person.self}\n  - id: workers\n",
		want: []string{`135:10: condition "tours_offered" is declared twice, first on line 131`},
	},
	breakage{
		name: "condition unknown",
		old:  "permissions: [dock.enter if tours_offered]",
		new:  "permissions: [dock.enter if tours_over]",
		want: []string{`102:19: unknown condition "tours_over"`},
	},
	breakage{
		name: "condition unknown, inherited",
		old:  "inherited: [dock.guide if tours_offered]",
		new:  "inherited: [dock.guide if tours_over]",
		want: []string{`71:17: unknown condition "tours_over"`},
	},
	breakage{
		name: "condition unknown, of a ceiling",
		old:  "ceiling: [dock.enter, dock.guide if tours_offered]",
		new:  "ceiling: [dock.enter, dock.guide if tours_over]",
		want: []string{`77:27: unknown condition "tours_over"`},
	},
	breakage{
		name: "condition unknown, of a grantor",
		old:  "granted_by: [yard.owner if workers, yard.run]",
		new:  "granted_by: [yard.owner if wokers, yard.run]",
		want: []string{`75:18: unknown condition "wokers"`},
	},
	breakage{
		name: "condition unknown, of a transfer",
		old:  "dock.run if workers]\n    at_least",
		new:  "dock.run if wokers]\n    at_least",
		want: []string{`93:35: unknown condition "wokers"`},
	},
	breakage{
		name: "condition unknown, of a custom role",
		old:  "granted_by: [dock.master, yard.run if workers]",
		new:  "granted_by: [dock.master, yard.run if wokers]",
		want: []string{`120:31: unknown condition "wokers"`},
	},
	breakage{
		name: "condition unknown, of a designation",
		old:  "set_by: [yard.partner, yard.run if workers]",
		new:  "set_by: [yard.partner, yard.run if wokers]",
		want: []string{`151:28: unknown condition "wokers"`},
	},
	breakage{
		name: "condition that nothing depends on",
		old:  "  - id: workers\n",
		new:  "  - {id: oneself, title: for oneself, when: person.self}\n  - id: workers\n",
		want: []string{`135:10: nothing depends on condition "oneself"`},
	},
	breakage{
		name: "permission unknown, with a condition",
		old:  "permissions: [dock.enter if tours_offered]",
		new:  "permissions: [dock.leave if tours_offered]",
		want: []string{`102:19: unknown permission "dock.leave"`},
	},
	breakage{
		name: "permission with and without condition",
		old:  "permissions: [dock.enter if tours_offered]",
		new:  "permissions: [dock.enter, dock.enter if tours_offered]",
		want: []string{`102:31: "dock.enter" stands in this list without a condition too, so the condition has no effect`},
	},
	breakage{
		name: "permission with and without condition, inherited",
		old:  "inherited: [dock.guide if tours_offered]",
		new:  "inherited: [dock.guide if tours_offered, dock.guide]",
		want: []string{`71:17: "dock.guide" stands in this list without a condition too, so the condition has no effect`},
	},
	breakage{
		name: "permission with and without condition, of a ceiling",
		old:  "ceiling: [dock.enter, dock.guide if tours_offered]",
		new:  "ceiling: [dock.enter, dock.enter if tours_offered]",
		want: []string{`77:27: "dock.enter" stands in this list without a condition too, so the condition has no effect`},
	},
	breakage{
		name:  "permission twice with one condition",
		old:   "permissions: [dock.enter if tours_offered]",
		new:   "permissions: [dock.enter if tours_offered, dock.enter if tours_offered]",
		want:  []string{`102:48: "dock.enter if tours_offered" stands in this list twice`},
		shape: true,
	},
	breakage{
		name: "grantor with and without condition",
		old:  "granted_by: [yard.owner, yard.run if workers]",
		new:  "granted_by: [yard.owner, yard.owner if workers]",
		want: []string{`69:30: "yard.owner" stands in this list without a condition too, so the condition has no effect`},
	},
	breakage{
		name: "transfer with and without condition",
		old:  "transferred_by: [dock.master, dock.run if workers]",
		new:  "transferred_by: [dock.master, dock.master if workers]",
		want: []string{`93:35: "dock.master" stands in this list without a condition too, so the condition has no effect`},
	},
	breakage{
		name: "designation set with and without condition",
		old:  "set_by: [yard.partner, yard.run if workers]",
		new:  "set_by: [yard.partner, yard.partner if workers]",
		want: []string{`151:28: "yard.partner" stands in this list without a condition too, so the condition has no effect`},
	},
	breakage{
		name: "custom role granted with and without condition",
		old:  "granted_by: [dock.master, yard.run if workers]",
		new:  "granted_by: [dock.master, dock.master if workers]",
		want: []string{`120:31: "dock.master" stands in this list without a condition too, so the condition has no effect`},
	},
	breakage{
		name: "kind of member declared twice",
		old:  "      - {id: visitor, title: Visitor}\n    attributes:\n",
		new:  "      - {id: visitor, title: Visitor}\n      - {id: worker, title: Again}\n    attributes:\n",
		want: []string{`14:14: kind of member "worker" is declared twice, first on line 12`},
	},
	breakage{
		name: "attribute declared twice",
		old:  "      - {id: tours, title: Tours, values",
		new:  "      - {id: type, title: Again, values: [dry]}\n      - {id: tours, title: Tours, values",
		want: []string{`26:14: attribute "type" is declared twice, first on line 25`},
	},
	breakage{
		name: "edition declared twice",
		old:  "{id: large,",
		new:  "{id: small,",
		want: []string{`141:10: edition "small" is declared twice, first on line 140`},
	},
	breakage{
		name: "section declared twice",
		old:  "posture:",
		new:  "  - {title: Books, exclusive: [yard.owner]}\nposture:",
		want: []string{`144:13: section "Books" is declared twice, first on line 143`},
	},
	breakage{
		name: "custom role declared twice",
		old:  "  - id: yard.office\n",
		new:  "  - id: dock.job\n",
		want: []string{`125:9: custom role "dock.job" is declared twice, first on line 115`},
	},
	breakage{
		name: "custom role named like a role",
		old:  "  - id: yard.office\n",
		new:  "  - id: yard.hand\n",
		want: []string{`125:9: custom role "yard.hand" has the id of the role on line 79`},
	},

	// Kinds of member, attributes, groups
	breakage{
		name: "kinds of member without membership",
		old:  "  - kind: vessel\n    title: Vessel\n",
		new:  "  - kind: vessel\n    title: Vessel\n    member_kinds: [{id: worker, title: Worker}]\n",
		want: []string{`29:19: scope kind "vessel" has no membership, so it has no kinds of member`},
	},
	breakage{
		name: "root joins",
		old:  "    leave: true\n",
		new:  "    leave: true\n    joins: [worker]\n",
		want: []string{`11:13: the root "yard" is what members of others join; leave "joins" out`},
	},
	breakage{
		name: "joins without membership",
		old:  "    under: [dock]\n",
		new:  "    under: [dock]\n    joins: [member]\n",
		want: []string{`30:13: only where both "vessel" and the root "yard" have members do members of the one join the other`},
	},
	breakage{
		name: "joins of an unknown kind of member",
		old:  "    joins: [visitor]\n",
		new:  "    joins: [guest]\n",
		want: []string{`23:13: scope kind "dock" has no kind of member "guest"`},
	},
	breakage{
		name: "joins of a kind of member where there are none",
		old:  "    joins: [member]\n",
		new:  "    joins: [worker]\n",
		want: []string{`34:13: scope kind "crew" has no kinds of member: write "member"`},
	},
	breakage{
		name: "joins as what the root does not know",
		old:  "      - {id: visitor, title: Visitor}\n    joins: [visitor]\n",
		new:  "      - {id: visitor, title: Visitor}\n      - {id: diver, title: Diver}\n    joins: [diver]\n",
		want: []string{`24:13: the root "yard" has no kind of member "diver" to join as`},
	},
	breakage{
		name: "joins as what is not needed",
		old:  "      - {id: visitor, title: Visitor}\n    joins: [visitor]\n",
		new:  "      - {id: visitor, title: Visitor, needs: [worker]}\n    joins: [visitor]\n",
		want: []string{`23:13: who joins the root "yard" as "visitor" is not what this kind of member needs to be there`},
	},
	breakage{
		name: "needs of an unknown kind of member",
		old:  "needs: [worker], rule: Y21}",
		new:  "needs: [diver], rule: Y21}",
		want: []string{`21:45: the root "yard" has no kind of member "diver"`},
	},
	breakage{
		name: "needs of the root",
		old:  "      - {id: worker, title: Worker}\n",
		new:  "      - {id: worker, title: Worker, needs: [worker]}\n",
		want: []string{`12:45: the root "yard" is where members of others need to be of some kind; leave "needs" out`},
	},
	breakage{
		name: "fixed attribute of the root",
		old:  "values: [summer, winter]}",
		new:  "values: [summer, winter]}\n      - {id: place, title: Place, values: [sea, river], fixed: true}",
		want: []string{`16:64: attribute "place" is one of the root "yard", of which nothing is said at founding, so it cannot be fixed`},
	},
	breakage{
		name: "attribute that no condition could name",
		old:  "values: [summer, winter]}",
		new:  "values: [summer, winter]}\n      - {id: in, title: In, values: [sea, river]}\n      - {id: \"true\", title: Truth, values: [sea, river]}",
		want: []string{
			`16:14: attribute "in" is a word of CEL, so no condition could name it`,
			`17:14: attribute "true" is a word of CEL, so no condition could name it`,
		},
	},
	breakage{
		name: "group without membership",
		old:  "    membership: true\n    joins: [member]\n",
		new:  "",
		want: []string{
			`33:14: scope kind "crew" carries permissions for its members, so it needs "membership: true" and a place below the root`,
			`45:106: act "membership.assign:crew" makes no sense here: scope kind "crew" has no membership`,
		},
	},
	breakage{
		name: "group carries the unknown",
		old:  "carries: [dock.enter, vessel.board]",
		new:  "carries: [dock.enter, vessel.sink]",
		want: []string{`35:27: unknown permission "vessel.sink"`},
	},
	breakage{
		name: "group carries what is out of its reach",
		old:  "    under: [yard, dock]\n    membership: true\n    joins: [member]\n    carries: [dock.enter, vessel.board]\n",
		new:  "    under: [dock]\n    membership: true\n    joins: [member]\n    carries: [dock.enter, yard.run]\n",
		want: []string{`35:27: permission "yard.run" applies to "yard", which is neither directly above a "crew" nor below that`},
	},
	breakage{
		name: "group carries an exclusive permission",
		old:  "carries: [dock.enter, vessel.board]",
		new:  "carries: [dock.enter, yard.books]",
		want: []string{`35:27: permission "yard.books" is in section "Books", which a group may not hold (Y06)`},
	},
	breakage{
		name: "group carries under an unknown condition",
		old:  "carries: [dock.enter, vessel.board]",
		new:  "carries: [dock.enter if nobody, vessel.board]",
		want: []string{`35:15: unknown condition "nobody"`},
	},
	breakage{
		name: "group carries with and without condition",
		old:  "carries: [dock.enter, vessel.board]",
		new:  "carries: [dock.enter if workers, dock.enter]",
		want: []string{`35:15: "dock.enter" stands in this list without a condition too, so the condition has no effect`},
	},
	breakage{
		name: "custom role gives under an unknown condition",
		old:  "permissions: [dock.enter, dock.guide, vessel.board]",
		new:  "permissions: [dock.enter if nobody, dock.guide, vessel.board]",
		want: []string{`121:19: unknown condition "nobody"`},
	},
	breakage{
		name: "custom role gives with and without condition",
		old:  "permissions: [dock.enter, dock.guide, vessel.board]",
		new:  "permissions: [dock.enter if workers, dock.enter]",
		want: []string{`121:19: "dock.enter" stands in this list without a condition too, so the condition has no effect`},
	},
	breakage{
		name: "custom role that guards what it lists",
		old:  "    confirm: DELETE\n    confirm_rule: Y22\n",
		new:  "    guarded: [dock.guide if workers]\n",
		want: []string{`123:14: custom role "dock.job" lists its "permissions": write the conditions there and leave "guarded" out`},
	},
	breakage{
		name: "custom role with a rule of a word that its deletion does not take",
		old:  "    confirm: DELETE\n",
		new:  "",
		want: []string{`123:19: the deletion of custom role "dock.job" takes no word; leave "confirm_rule" out`},
	},
	breakage{
		name: "custom role that guards without a condition",
		old:  "guarded: [dock.guide if tours_offered]",
		new:  "guarded: [dock.guide]",
		want: []string{`128:15: permission "dock.guide" stands here without a condition, so nothing guards it`},
	},
	breakage{
		name: "custom role that guards what nobody can choose",
		old:  "guarded: [dock.guide if tours_offered]",
		new:  "guarded: [yard.books if workers]",
		want: []string{`128:15: permission "yard.books" is in section "Books", which a custom role may not hold (Y06)`},
	},
	breakage{
		name: "custom role that guards the unknown",
		old:  "guarded: [dock.guide if tours_offered]",
		new:  "guarded: [dock.sink if workers]",
		want: []string{`128:15: unknown permission "dock.sink"`},
	},

	// Acts
	breakage{
		name: "attribute that the kind lacks",
		old:  "\"scope.set:season\"",
		new:  "\"scope.set:tours\"",
		want: []string{`44:91: act "scope.set:tours" makes no sense here: scope kind "yard" has no attribute "tours"`},
	},
	breakage{
		name: "attribute that is fixed",
		old:  "\"scope.set:tours\"",
		new:  "\"scope.set:type\"",
		want: []string{`47:87: act "scope.set:type" makes no sense here: attribute "type" is fixed`},
	},
	breakage{
		name: "kind of member that the kind lacks",
		old:  "\"membership.start:visitor\"",
		new:  "\"membership.start:guest\"",
		want: []string{`44:111: act "membership.start:guest" makes no sense here: scope kind "yard" has no kind of member "guest"`},
	},
	breakage{
		name: "kind of member where there are none",
		old:  "section: Crews, allows: [scope.permit]",
		new:  "section: Crews, allows: [\"membership.start:worker\"]",
		want: []string{`51:68: act "membership.start:worker" makes no sense here: scope kind "crew" has no kind of member "worker"`},
	},
	breakage{
		name: "memberships of a kind without",
		old:  "\"membership.assign:crew\"",
		new:  "\"membership.assign:vessel\"",
		want: []string{`47:106: act "membership.assign:vessel" makes no sense here: scope kind "vessel" has no membership`},
	},
	breakage{
		name: "memberships of an unknown kind",
		old:  "\"membership.assign:crew\"",
		new:  "\"membership.assign:team\"",
		want: []string{`47:106: unknown scope kind "team"`},
	},
	breakage{
		name: "memberships for members of nothing",
		old:  "section: Vessels}",
		new:  "section: Vessels, allows: [\"membership.assign:crew\"]}",
		want: []string{`49:74: act "membership.assign:crew" makes no sense here: scope kind "vessel" has no membership`},
	},
	breakage{
		name: "import of an unknown kind",
		old:  "\"scope.create:vessel\"",
		new:  "\"scope.import:boat\"",
		want: []string{`47:64: unknown scope kind "boat"`},
	},
	breakage{
		name: "import of what stands elsewhere",
		old:  "\"scope.create:vessel\"",
		new:  "\"scope.import:dock\"",
		want: []string{`47:64: act "scope.import:dock" makes no sense here: "dock" may not stand directly below "dock"`},
	},
	breakage{
		name: "export of what never stands below",
		old:  "\"scope.create:vessel\"",
		new:  "\"scope.export:dock\"",
		want: []string{`47:64: act "scope.export:dock" makes no sense here: "dock" never stands below "dock"`},
	},
	breakage{
		name: "withholding for an unknown value",
		old:  "\"role.withhold:dry\"",
		new:  "\"role.withhold:wet\"",
		want: []string{`44:70: act "role.withhold:wet" makes no sense here: no role is adjustable for "wet"`},
	},
	breakage{
		name: "withholding for a value by which no role is adjustable",
		old:  "\"role.withhold:dry\"",
		new:  "\"role.withhold:offered\"",
		want: []string{`44:70: act "role.withhold:offered" makes no sense here: no role is adjustable for "offered"`},
	},
	breakage{
		name: "withholding below the root",
		old:  "\"scope.create:vessel\"",
		new:  "\"role.withhold:dry\"",
		want: []string{`47:64: act "role.withhold:dry" makes sense on the root "yard" alone`},
	},
	breakage{
		name: "permissions of what is no group",
		old:  "section: Docks}",
		new:  "section: Docks, allows: [scope.permit]}",
		want: []string{`46:68: act "scope.permit" makes no sense here: scope kind "dock" carries no permissions`},
	},
	breakage{
		name: "merging the root",
		old:  "\"scope.set:season\"",
		new:  "scope.merge, scope.archive",
		want: []string{
			`44:91: act "scope.merge" makes no sense on the root "yard"`,
			`44:104: act "scope.archive" makes no sense on the root "yard"`,
		},
	},
	breakage{
		name: "act on members without any",
		old:  "section: Vessels}",
		new:  "section: Vessels, allows: [person.register, invitation.answer]}",
		want: []string{
			`49:74: act "person.register" makes no sense here: scope kind "vessel" has no membership`,
			`49:91: act "invitation.answer" makes no sense here: scope kind "vessel" has no membership`,
		},
	},
	breakage{
		name: "act of the whole below the root",
		old:  "\"scope.create:vessel\"",
		new:  "notice.read, model.adopt",
		want: []string{
			`47:64: act "notice.read" makes sense on the root "yard" alone`,
			`47:77: act "model.adopt" makes sense on the root "yard" alone`,
		},
	},
	breakage{
		name:     "acts on what there is not",
		document: firm,
		old:      "allows: [feature.switch]",
		new:      "allows: [feature.switch, role.define, role.rename, role.delete, role.permit, role.unpermit, role.withhold, edition.set, client.manage, membership.suspend]",
		want: []string{
			`18:30: act "role.define" makes no sense here: there are no custom roles`,
			`18:43: act "role.rename" makes no sense here: there are no custom roles`,
			`18:56: act "role.delete" makes no sense here: there are no custom roles`,
			`18:69: act "role.permit" makes no sense here: there are no custom roles`,
			`18:82: act "role.unpermit" makes no sense here: there are no custom roles`,
			`18:97: act "role.withhold" makes no sense here: no role is adjustable`,
			`18:112: act "edition.set" makes no sense here: there are no editions`,
			`18:125: act "client.manage" makes no sense here: no role is for API clients`,
		},
	},
	breakage{
		name: "API clients that there are not",
		old:  "    holder: client\n",
		new:  "",
		want: []string{`44:27: act "client.manage" makes no sense here: no role is for API clients`},
	},

	// Who holds what
	breakage{
		name: "member kinds of non-members",
		old:  "  - id: dock.guest\n    title: Guest\n",
		new:  "  - id: dock.guest\n    title: Guest\n    member_kinds: [worker]\n",
		want: []string{`100:19: role "dock.guest" can be held by people who are no members; say what "membership" it needs, or leave "member_kinds" out`},
	},
	breakage{
		name: "member kinds that there are not",
		old:  "    membership: dock\n    member_kinds: [worker]\n",
		new:  "    membership: dock\n    member_kinds: [worker, diver]\n",
		want: []string{`119:28: neither scope kind "dock" nor one above it has a kind of member "diver"`},
	},
	breakage{
		name: "member kinds of nobody there",
		old:  "    under: [yard]\n    membership: true\n    member_kinds:\n      - {id: worker, title: Worker, needs: [worker], rule: Y21}\n      - {id: visitor, title: Visitor}\n    joins: [visitor]\n",
		new:  "    under: [yard]\n    membership: true\n    member_kinds:\n      - {id: diver, title: Diver}\n      - {id: visitor, title: Visitor}\n    joins: [visitor]\n",
		want: []string{`119:19: nobody can hold role "dock.job": members of a "dock" are of none of these kinds`},
	},
	breakage{
		name: "member kinds of nobody at the root",
		document: strings.Replace(yard, "    under: [yard]\n    membership: true\n    member_kinds:\n      - {id: worker, title: Worker, needs: [worker], rule: Y21}\n",
			"    under: [yard]\n    membership: true\n    member_kinds:\n      - {id: docker, title: Docker}\n", 1),
		old:  "    membership: dock\n    member_kinds: [worker]\n",
		new:  "    membership: dock\n    member_kinds: [docker]\n",
		want: []string{`119:19: nobody can hold role "dock.job": members of a "yard" are of none of these kinds`},
	},
	breakage{
		name: "member kinds of a default",
		old:  "    membership: yard\n    default: true\n",
		new:  "    membership: yard\n    member_kinds: [worker]\n    default: true\n",
		want: []string{`82:19: role "yard.hand" is a default, given to every member; leave "member_kinds" out`},
	},
	breakage{
		name: "member kinds of the highest without who founds",
		old:  "    membership: yard\n    member_kinds: [worker]\n    at_least: 1\n",
		new:  "    membership: yard\n    member_kinds: [visitor]\n    at_least: 1\n",
		want: []string{
			`57:19: role "yard.owner" is the highest: who founds a "yard" becomes a "worker" there; add that kind of member`,
			`61:13: role "yard.partner" cannot be left to the former holder of "yard.owner", who may be of another kind of member`,
		},
	},
	breakage{
		name: "adjustable per what the kind lacks",
		old:  "    adjustable_per: type\n",
		new:  "    adjustable_per: season\n",
		want: []string{
			`44:70: act "role.withhold:dry" makes no sense here: no role is adjustable for "dry"`,
			`92:21: scope kind "dock" has no attribute "season"`,
		},
	},
	breakage{
		name: "adjustable per, and not adjustable",
		old:  "    adjustable: true\n    adjustable_per: type\n",
		new:  "    adjustable_per: type\n",
		want: []string{`91:21: role "dock.master" is not adjustable; add "adjustable: true" or leave "adjustable_per" out`},
	},
	breakage{
		name: "adjustable highest",
		old:  "    at_least: 1\n    at_most: 1\n    transferred_by: [yard.owner]\n",
		new:  "    at_least: 1\n    at_most: 1\n    adjustable: true\n    transferred_by: [yard.owner]\n",
		want: []string{`60:17: role "yard.owner" is the highest, so nothing is withheld from it; leave "adjustable" out`},
	},
	breakage{
		name: "ceiling of the highest",
		old:  "    former: yard.partner\n",
		new:  "    former: yard.partner\n    ceiling: [dock.enter]\n",
		want: []string{`62:14: role "yard.owner" is the highest, so it has no ceiling`},
	},
	breakage{
		name: "ceiling beside the highest",
		old:  "    replaces: [yard.owner]\n",
		new:  "",
		want: []string{`76:14: role "yard.watcher" has a ceiling and is held on the root: it and the highest role, "yard.owner", must each be among what the other "replaces", or a holder of both could do nothing`},
	},
	breakage{
		name: "ceiling below the highest",
		old:  "    replaces: [yard.watcher]\n",
		new:  "",
		want: []string{`76:14: role "yard.watcher" has a ceiling and is held on the root: it and the highest role, "yard.owner", must each be among what the other "replaces", or a holder of both could do nothing`},
	},
	breakage{
		name: "ceiling of what is elsewhere",
		old:  "  - id: vessel.welder\n    title: Welder\n",
		new:  "  - id: vessel.welder\n    title: Welder\n    ceiling: [dock.enter]\n",
		want: []string{`105:15: permission "dock.enter" applies to "dock", role "vessel.welder" is held on "vessel"`},
	},
	breakage{
		name: "ceiling of the unknown",
		old:  "ceiling: [dock.enter, dock.guide if tours_offered]",
		new:  "ceiling: [dock.enter, dock.leave]",
		want: []string{`77:27: unknown permission "dock.leave"`},
	},
	breakage{
		name: "exclusive permission of another role",
		old:  "    permissions: [yard.run]\n",
		new:  "    permissions: [yard.run, yard.books if workers]\n",
		want: []string{`70:29: permission "yard.books" is in section "Books", which role "yard.partner" may not hold (Y06)`},
	},
	breakage{
		name: "exclusive roles unknown",
		old:  "exclusive: [yard.owner]",
		new:  "exclusive: [yard.owner, yard.boss]",
		want: []string{`143:44: unknown role "yard.boss"`},
	},
	breakage{
		name: "section without permissions",
		old:  "{title: Books,",
		new:  "{title: Book,",
		want: []string{`143:13: no permission stands in section "Book"`},
	},

	// Creators
	breakage{
		name: "creator of the root",
		old:  "    title: Hand\n    membership: yard\n    default: true\n",
		new:  "    title: Hand\n    membership: yard\n    automatic: creator\n",
		want: []string{`82:16: role "yard.hand" is held on the root, which the operator founds; nobody creates it`},
	},
	breakage{
		name: "creator as a default",
		old:  "    automatic: creator\n    adjustable: true\n",
		new:  "    automatic: creator\n    default: true\n    adjustable: true\n",
		want: []string{
			`91:14: role "dock.master" goes to whoever creates the scope, so it cannot be a default`,
			`96:14: role "dock.master" is a default, given to every member; leave "at_most" out`,
		},
	},
	breakage{
		name: "creator as the highest",
		old:  "    title: Owner\n    rule: Y02\n",
		new:  "    title: Owner\n    rule: Y02\n    automatic: creator\n",
		want: []string{
			`56:16: role "yard.owner" is held on the root, which the operator founds; nobody creates it`,
			`56:16: role "yard.owner" is the highest, so people must be able to hold it; leave "automatic" out`,
		},
	},
	breakage{
		name: "creator who waits",
		old:  "    automatic: creator\n",
		new:  "    automatic: creator\n    feature: welding\n",
		want: []string{`91:14: role "dock.master" has a lower bound of holders, so it cannot wait for a feature`},
	},
	breakage{
		name: "creator as a member elsewhere",
		old:  "  - id: vessel.welder\n    title: Welder\n",
		new:  "  - id: vessel.welder\n    title: Welder\n    automatic: creator\n",
		want: []string{`106:17: role "vessel.welder" goes to whoever creates a "vessel", who becomes a member of that alone; it can need membership of "vessel" or of the root "yard"`},
	},
	breakage{
		name: "creator of another kind of member",
		old:  "    automatic: creator\n",
		new:  "    automatic: creator\n    member_kinds: [visitor]\n",
		want: []string{`91:19: role "dock.master" goes to whoever creates a "dock", who becomes a "worker" there; add that kind of member`},
	},
	breakage{
		name: "creator of two that exclude each other",
		old:  "    permissions: [dock.enter if tours_offered]\n",
		new:  "    permissions: [dock.enter if tours_offered]\n    automatic: creator\n    replaces: [dock.master]\n",
		want: []string{`104:16: role "dock.guest" cannot replace "dock.master": whoever creates a "dock" is given both`},
	},
	breakage{
		name: "creator whom a default replaces",
		old:  "    permissions: [dock.enter if tours_offered]\n",
		new:  "    permissions: [dock.enter if tours_offered]\n    membership: dock\n    default: true\n    replaces: [dock.master]\n",
		want: []string{`105:16: role "dock.guest" cannot replace "dock.master": whoever creates a "dock" is given both`},
	},

	// API clients
	breakage{
		name: "client as a member",
		old:  "    holder: client\n",
		new:  "    holder: client\n    membership: yard\n",
		want: []string{`86:17: role "yard.feed" goes to API clients, who are no members; leave "membership" out`},
	},
	breakage{
		name: "client by default",
		old:  "    holder: client\n",
		new:  "    holder: client\n    default: true\n",
		want: []string{
			`83:5: role "yard.feed" is a default, so it needs "membership: yard"`,
			`85:13: role "yard.feed" goes to API clients, who are granted it; leave "default", "automatic" and "transferred_by" out`,
			`86:14: scope kind "yard" has a default role already, "yard.hand" on line 79`,
		},
	},
	breakage{
		name: "client by creation",
		old:  "    holder: client\n    granted_by: [yard.run]\n",
		new:  "    holder: client\n    granted_by: [yard.run]\n    automatic: creator\n",
		want: []string{
			`85:13: role "yard.feed" goes to API clients, who are granted it; leave "default", "automatic" and "transferred_by" out`,
			`87:16: role "yard.feed" is held on the root, which the operator founds; nobody creates it`,
		},
	},
	breakage{
		name: "client at least",
		old:  "    holder: client\n",
		new:  "    holder: client\n    at_least: 1\n",
		want: []string{`85:13: role "yard.feed" goes to API clients, and an organization may have none; leave "at_least" out`},
	},
	breakage{
		name: "client as the highest",
		old:  "    title: Owner\n    rule: Y02\n    membership: yard\n    member_kinds: [worker]\n",
		new:  "    title: Owner\n    rule: Y02\n    holder: client\n",
		want: []string{
			`56:13: role "yard.owner" goes to API clients, who are granted it; leave "default", "automatic" and "transferred_by" out`,
			`56:13: role "yard.owner" is the highest, so people must be able to hold it; leave "holder" out`,
			`60:13: role "yard.partner" cannot be left to the former holder of "yard.owner", who may be no member of "yard"`,
			`61:16: role "yard.owner" cannot replace "yard.watcher": one is for API clients, the other is not`,
			`75:16: role "yard.watcher" cannot replace "yard.owner": one is for API clients, the other is not`,
			`148:13: designation "yard.first" cannot mark a holder of "yard.owner": API clients alone hold it`,
			`152:41: audience "owners" cannot have role "yard.owner": API clients alone hold it, and read no messages`,
			`158:66: resolver "lead" cannot have role "yard.owner": API clients alone hold it, and are responsible for nothing`,
		},
	},
	breakage{
		name: "client for a person",
		old:  "    holder: client\n",
		new:  "    holder: client\n    replaces: [yard.hand]\n",
		want: []string{`86:16: role "yard.feed" cannot replace "yard.hand": one is for API clients, the other is not`},
	},
	breakage{
		name: "client for the former holder",
		old:  "    former: yard.partner\n",
		new:  "    former: yard.feed\n",
		want: []string{`61:13: role "yard.feed" cannot be left to the former holder of "yard.owner": API clients alone hold it`},
	},
	breakage{
		name: "client marked",
		old:  "among: [yard.owner, yard.partner]",
		new:  "among: [yard.owner, yard.partner, yard.feed]",
		want: []string{`149:39: designation "yard.first" cannot mark a holder of "yard.feed": API clients alone hold it`},
	},
	breakage{
		name: "client told",
		old:  "roles: [yard.partner], otherwise",
		new:  "roles: [yard.partner, yard.feed], otherwise",
		want: []string{`154:95: audience "partners" cannot have role "yard.feed": API clients alone hold it, and read no messages`},
	},
	breakage{
		name: "client responsible",
		old:  "roles: [dock.master, yard.owner]",
		new:  "roles: [dock.master, yard.feed]",
		want: []string{`159:66: resolver "lead" cannot have role "yard.feed": API clients alone hold it, and are responsible for nothing`},
	},

	// Transfer
	breakage{
		name: "transferred by an unknown role or permission",
		old:  "transferred_by: [dock.master, dock.run if workers]",
		new:  "transferred_by: [dock.master, dock.rule if workers]",
		want: []string{`93:35: unknown role or permission "dock.rule"`},
	},
	breakage{
		name: "transferred with a permission from below",
		old:  "transferred_by: [yard.owner]",
		new:  "transferred_by: [yard.owner, dock.run]",
		want: []string{`60:34: "dock.run" cannot transfer role "yard.owner": "dock" never stands above "yard"`},
	},
	breakage{
		name: "highest transferred on a condition",
		old:  "transferred_by: [yard.owner]",
		new:  "transferred_by: [yard.owner if workers]",
		want: []string{`60:21: role "yard.owner" is the highest, so its holder must be able to transfer it`},
	},
	breakage{
		name: "former holder of another kind of member",
		old:  "  - id: yard.partner\n    title: Partner\n    membership: yard\n    member_kinds: [worker]\n",
		new:  "  - id: yard.partner\n    title: Partner\n    membership: yard\n    member_kinds: [visitor]\n",
		want: []string{`61:13: role "yard.partner" cannot be left to the former holder of "yard.owner", who may be of another kind of member`},
	},

	// Custom roles
	breakage{
		name: "custom role on an unknown kind",
		old:  "  - id: yard.office\n",
		new:  "  - id: hall.office\n",
		want: []string{`125:9: unknown scope kind "hall"`},
	},
	breakage{
		name: "custom role granted by the unknown",
		old:  "    title: Office\n    granted_by: [yard.owner]\n",
		new:  "    title: Office\n    granted_by: [yard.boss]\n",
		want: []string{`127:18: unknown role or permission "yard.boss"`},
	},
	breakage{
		name: "custom role granted from below",
		old:  "    title: Office\n    granted_by: [yard.owner]\n",
		new:  "    title: Office\n    granted_by: [dock.run]\n",
		want: []string{`127:18: "dock.run" cannot grant custom role "yard.office": "dock" never stands above "yard"`},
	},
	breakage{
		name: "custom role that nobody can define",
		old:  "role.define, role.withhold,",
		new:  "role.withhold,",
		want: []string{
			`115:9: nobody could define custom role "dock.job": no permission allows "role.define"`,
			`125:9: nobody could define custom role "yard.office": no permission allows "role.define"`,
		},
	},
	breakage{
		name: "custom role whose grantors nobody can be",
		old:  "custom_roles:\n",
		new:  "  - {id: yard.ghost, title: Ghost, granted_by: [yard.ghost]}\ncustom_roles:\n  - {id: yard.shade, title: Shade, granted_by: [yard.ghost]}\n",
		want: []string{
			`114:48: nobody can ever hold role "yard.ghost": none of those who grant it can be held`,
			`116:48: nobody can ever hold custom role "yard.shade": none of those who grant it can be held`,
		},
	},
	breakage{
		name: "custom role with membership of a kind without",
		old:  "    title: Office\n",
		new:  "    title: Office\n    membership: dock\n",
		want: []string{`127:17: role "yard.office" cannot need membership of "dock": "dock" never stands above "yard"`},
	},
	breakage{
		name: "custom role with member kinds of non-members",
		old:  "    title: Office\n",
		new:  "    title: Office\n    member_kinds: [worker]\n",
		want: []string{`127:19: role "yard.office" can be held by people who are no members; say what "membership" it needs, or leave "member_kinds" out`},
	},
	breakage{
		name: "custom role of unknown permissions",
		old:  "permissions: [dock.enter, dock.guide, vessel.board]",
		new:  "permissions: [dock.enter, dock.guide, vessel.sink]",
		want: []string{`121:43: unknown permission "vessel.sink"`},
	},
	breakage{
		name: "custom role of permissions elsewhere",
		old:  "permissions: [dock.enter, dock.guide, vessel.board]",
		new:  "permissions: [dock.enter, dock.guide, crew.equip, yard.run]",
		want: []string{`121:55: permission "yard.run" applies to "yard", custom role "dock.job" is held on "dock"`},
	},
	breakage{
		name: "custom role that starts with what cannot be chosen",
		old:  "initial: [dock.enter]",
		new:  "initial: [dock.run]",
		want: []string{`122:15: permission "dock.run" is given to a new custom role "dock.job", and cannot be chosen for it`},
	},
	breakage{
		name: "custom role that starts with what is elsewhere",
		old:  "    title: Office\n",
		new:  "    title: Office\n    initial: [hall.enter]\n",
		want: []string{`127:15: unknown permission "hall.enter"`},
	},
	breakage{
		name: "custom role of exclusive permissions",
		old:  "    granted_by: [yard.owner]\n    guarded: [dock.guide if tours_offered]\n",
		new:  "    permissions: [yard.books]\n    initial: [yard.books]\n    granted_by: [yard.owner]\n",
		want: []string{
			`127:19: permission "yard.books" is in section "Books", which a custom role may not hold (Y06)`,
			`128:15: permission "yard.books" is in section "Books", which a custom role may not hold (Y06)`,
		},
	},

	// Editions, features, posture
	breakage{
		name: "edition with an unknown feature",
		old:  "features: [tours]}",
		new:  "features: [cruises]}",
		want: []string{`141:53: unknown feature "cruises"`},
	},
	breakage{
		name:     "condition on editions that there are not",
		document: strings.Replace(firm, "permissions: [firm.switch]", "permissions: [firm.switch if bought]", 1),
		old:      "facts:\n",
		new:      "conditions:\n  - {id: bought, title: in the edition Large, when: edition == \"large\"}\nfacts:\n",
		want:     []string{`106:64: condition "bought": edition is never "large"; it can be: ""`},
	},
	breakage{
		name:     "feature that only an edition names",
		document: strings.Replace(yard, "features: [tours]}", "features: [tours, welding]}", 1),
		old:      "section: Vessels, feature: welding}",
		new:      "section: Vessels}",
		want:     []string{`38:10: no role, custom role or permission waits for feature "welding"`},
	},
	breakage{
		name: "editions cannot be chosen while off",
		old:  "    rule: Y01\n",
		new:  "    rule: Y01\n    feature: welding\n",
		want: []string{`44:14: permission "yard.run" allows to put editions in force, so it cannot wait for a feature`},
	},
	breakage{
		name: "feature of a role with a lower bound",
		old:  "    at_least: 1\n    at_most: 1\n    permissions: [dock.enter",
		new:  "    at_least: 1\n    at_most: 1\n    feature: tours\n    permissions: [dock.enter",
		want: []string{`96:14: role "dock.master" has a lower bound of holders, so it cannot wait for a feature`},
	},
	breakage{
		name: "posture of an unknown kind",
		old:  "units: [dock, crew]",
		new:  "units: [dock, hall]",
		want: []string{`144:71: unknown scope kind "hall"`},
	},
	breakage{
		name: "posture by the root",
		old:  "units: [dock, crew]",
		new:  "units: [dock, yard]",
		want: []string{`144:71: there is one "yard", the root; it is judged by the number of scopes below`},
	},
	breakage{
		name: "posture of an unknown role",
		old:  "roles: [yard.owner, yard.partner], units",
		new:  "roles: [yard.owner, yard.boss], units",
		want: []string{`144:42: unknown role "yard.boss"`},
	},
	breakage{
		name: "posture of a role below",
		old:  "roles: [yard.owner, yard.partner], units",
		new:  "roles: [yard.owner, dock.master], units",
		want: []string{`144:42: role "dock.master" is held on "dock"; those that are counted are held on the root "yard"`},
	},
)

// What looks odd, and holds together.
func TestUnusualYards(t *testing.T) {
	usual := parse(t, "yard.yaml", []byte(yard))
	for _, c := range inYard(
		breakage{
			name: "a permission on two conditions",
			old:  "permissions: [dock.enter if tours_offered]",
			new:  "permissions: [dock.enter if tours_offered, dock.enter if workers]",
		},
		breakage{
			name: "a role as a grantor on two conditions",
			old:  "granted_by: [yard.owner if workers, yard.run]",
			new:  "granted_by: [yard.owner if workers, yard.owner if tours_offered]",
		},
		breakage{
			name: "a ceiling that lets nothing through but one permission on a condition",
			old:  "ceiling: [dock.enter, dock.guide if tours_offered]",
			new:  "ceiling: [dock.guide if tours_offered]",
		},
		breakage{
			name: "an empty ceiling is none",
			old:  "    replaces: [yard.owner]\n    ceiling: [dock.enter, dock.guide if tours_offered]\n    ceiling_rule: Y21\n",
			new:  "    ceiling: []\n",
		},
		breakage{
			name: "a ceiling below the root, beside the highest",
			old:  "  - id: vessel.welder\n    title: Welder\n",
			new:  "  - id: vessel.welder\n    title: Welder\n    ceiling: [vessel.board]\n",
		},
		breakage{
			name: "words that other YAML takes for truth values",
			old:  "values: [summer, winter]",
			new:  "values: [on, off, yes, no, y, n]",
		},
		breakage{
			name: "an attribute of one value",
			old:  "values: [summer, winter]",
			new:  "values: [summer]",
		},
		breakage{
			name: "an attribute of one id on two kinds, with other values",
			old:  "values: [summer, winter]}\n",
			new:  "values: [summer, winter]}\n      - {id: tours, title: Tours, values: [never, always]}\n",
		},
		breakage{
			name: "a default that comes with a creator's role",
			old:  "    permissions: [dock.enter if tours_offered]\n",
			new:  "    permissions: [dock.enter if tours_offered]\n    membership: dock\n    default: true\n",
		},
		breakage{
			name: "a default that a creator's role replaces, and that replaces it",
			old:  "    adjustable_per: type\n    transferred_by: [dock.master, dock.run if workers]\n    at_least: 1\n    at_most: 1\n    permissions: [dock.enter, dock.run, dock.guide if tours_offered]\n    inherited: [vessel.board]\n  - id: dock.guest\n    title: Guest\n",
			new:  "    adjustable_per: type\n    granted_by: [dock.master]\n    replaces: [dock.guest]\n    permissions: [dock.enter, dock.run, dock.guide if tours_offered]\n    inherited: [vessel.board]\n  - id: dock.guest\n    title: Guest\n    membership: dock\n    default: true\n    replaces: [dock.master]\n",
		},
		breakage{
			name: "a creator who is a member of the root alone",
			old:  "    membership: dock\n    automatic: creator\n",
			new:  "    membership: yard\n    automatic: creator\n",
		},
		breakage{
			name: "a creator whose role nobody can grant or revoke",
			old:  "    transferred_by: [dock.master, dock.run if workers]\n    at_least: 1\n    at_most: 1\n    permissions: [dock.enter, dock.run",
			new:  "    permissions: [dock.enter, dock.run",
		},
		breakage{
			name: "a former holder who is left with a creator's role",
			old:  "custom_roles:\n",
			new:  "  - {id: dock.mate, title: Mate, membership: dock, automatic: creator, granted_by: [dock.master]}\n  - {id: dock.chief, title: Chief, membership: dock, at_least: 1, at_most: 1, transferred_by: [dock.run], former: dock.mate}\ncustom_roles:\n",
		},
		breakage{
			name: "a transfer by a permission alone",
			old:  "transferred_by: [dock.master, dock.run if workers]",
			new:  "transferred_by: [dock.run if workers]",
		},
		breakage{
			name: "a role for those of a kind of member of a scope above",
			old:  "    membership: true\n    member_kinds:\n      - {id: worker, title: Worker, needs: [worker], rule: Y21}\n      - {id: visitor, title: Visitor}\n    joins: [visitor]\n",
			new:  "    membership: true\n",
		},
		breakage{
			name:     "a role that is granted with what groups alone give",
			document: strings.Replace(yard, "carries: [dock.enter,", "carries: [vessel.paint, dock.enter,", 1),
			old:      "roles:\n  - id: yard.owner\n",
			new:      "  - {id: vessel.paint, title: Paint a vessel, section: Vessels}\nroles:\n  - {id: vessel.painter, title: Painter, granted_by: [vessel.paint]}\n  - id: yard.owner\n",
		},
		breakage{
			name:     "a role that is granted with what custom roles alone give",
			document: strings.Replace(yard, "permissions: [dock.enter, dock.guide,", "permissions: [vessel.paint, dock.enter, dock.guide,", 1),
			old:      "roles:\n  - id: yard.owner\n",
			new:      "  - {id: vessel.paint, title: Paint a vessel, section: Vessels}\nroles:\n  - {id: vessel.painter, title: Painter, granted_by: [vessel.paint]}\n  - id: yard.owner\n",
		},
		breakage{
			name: "conditions that are not needed",
			old:  "permissions: [dock.enter if tours_offered]",
			new:  "permissions: [dock.enter]",
		},
		breakage{
			name: "an edition of features that another has too",
			old:  "{id: small, title: Small}",
			new:  "{id: small, title: Small, features: [tours]}",
		},
		breakage{
			name: "an empty posture",
			old:  "posture: {rule: Y07, roles: [yard.owner, yard.partner], units: [dock, crew], dormant_days: 30}\n",
			new:  "posture: {}\n",
		},
		breakage{
			name: "empty lists",
			old:  "sections:\n  - {title: Books, exclusive: [yard.owner], rule: Y06}\n",
			new:  "sections: []\n",
		},
	) {
		t.Run(c.name, func(t *testing.T) {
			m, err := Parse("yard.yaml", []byte(c.source(t)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := difference(m, parse(t, "canonical", m.Canonical())); diff != "" {
				t.Error(diff)
			}
			if difference(m, usual) == "" {
				t.Error("compiled to the same as before")
			}
		})
	}
}
