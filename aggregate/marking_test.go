package aggregate

import (
	"testing"

	"tenure/events"
	"tenure/rolemodel"
)

// The contest model has entries that some people make and others judge.
var contest = must(rolemodel.Parse("contest.yaml", []byte(`
model: contest
title: Contest
about: Entries that some people make and others judge, and notes that are their makers' own.
root: contest
highest: contest.host
scopes:
  - {kind: contest, title: Contest, membership: true, member_kinds: [{id: user, title: User}, {id: guest, title: Guest}]}
  - {kind: round, title: Round, under: [contest]}
  - kind: entry
    title: Entry
    under: [contest, round]
    attributes:
      - {id: state, title: State, values: [made, chosen]}
      - {id: size, title: Size, values: [small, large], fixed: true}
  - kind: note
    title: Note
    under: [contest]
    attributes: [{id: color, title: Color, values: [white, red]}]
conditions:
  - {id: alone, title: for entries in no round, rule: S02, when: 'target.parent != "round"'}
permissions:
  - {id: contest.run, title: Run the contest, section: Contest, allows: ["scope.create:round"]}
  - {id: contest.users, title: Let users in, section: Contest, rule: S04, allows: [person.register, "membership.start:user"]}
  - {id: contest.make, title: Make entries and notes, section: Contest, allows: ["scope.create:entry", "scope.create:note"]}
  - {id: round.make, title: Make entries in a round, section: Contest, allows: ["scope.create:entry"]}
  - {id: entry.judge, title: Judge an entry, section: Entries, rule: S01, allows: ["scope.set:state"]}
  - {id: note.paint, title: Give a note its color, section: Notes, rule: S03, allows: ["scope.set:color"]}
roles:
  - {id: contest.host, title: Host, membership: contest, at_least: 1, granted_by: [contest.host], permissions: [contest.run, contest.users], inherited: [round.make, entry.judge]}
  - {id: contest.maker, title: Maker, membership: contest, granted_by: [contest.host], permissions: [contest.make], inherited: [round.make, entry.judge if alone]}
  - {id: contest.member, title: Member, membership: contest, default: true, permissions: [contest.make]}
  - {id: note.writer, title: Writer, automatic: creator, granted_by: [contest.host], permissions: [note.paint]}
`)))

// Whoever creates a scope says of it at once what they could say afterwards.
func TestWhatAScopeIsCreatedAs(t *testing.T) {
	const come = events.CauseCreated
	const hall events.ScopeID = "contest:acme"
	first, entry, note := events.ScopeID("round:first"), events.ScopeID("entry:a"), events.ScopeID("note:a")
	founded := append(founding(contest, acme), registered(ann), started(ann, hall), granted(ann, "member", hall, events.CauseDefault), granted(ann, "host", hall),
		registered(ben), started(ben, hall), granted(ben, "member", hall, events.CauseDefault), granted(ben, "maker", hall),
		registered(cat), started(cat, hall), granted(cat, "member", hall, events.CauseDefault), created(first, hall))
	with := func(pairs ...string) map[events.AttributeID]string {
		attributes := map[events.AttributeID]string{}
		for i := 0; i < len(pairs); i += 2 {
			attributes[events.AttributeID(pairs[i])] = pairs[i+1]
		}
		return attributes
	}
	make := func(id, parent events.ScopeID, attributes map[events.AttributeID]string) CreateScope {
		return CreateScope{Scope: id, Parent: parent, Attributes: attributes}
	}
	specify(t, []specification{
		{"by what is held above", given(founded), when(ann, make(entry, first, with("state", "chosen"))), then(created(entry, first), set(entry, "state", "chosen", come))},
		{"on a condition", given(founded), when(ben, make(entry, hall, with("state", "chosen"))), then(created(entry, hall), set(entry, "state", "chosen", come))},
		{"that the new scope meets", given(founded), when(ben, make(entry, first, with("state", "chosen"))),
			refused{code: CodeNotPermitted, rule: "S02", scope: entry, subject: ben, help: "tenure who", says: "only for entries in no round"}},
		{"and not without", given(founded), when(cat, make(entry, hall, with("state", "chosen"))),
			refused{code: CodeNotPermitted, rule: "S01", scope: entry, subject: cat, help: "tenure who", says: "scope.set:state"}},
		{"the usual takes nothing", given(founded), when(cat, make(entry, hall, with("state", "made"))), then(created(entry, hall))},
		{"nor what is never changed", given(founded), when(cat, make(entry, hall, with("size", "large"))), then(created(entry, hall), set(entry, "size", "large", come))},
		{"by what comes with it", given(founded), when(cat, make(note, hall, with("color", "red"))), then(created(note, hall), set(note, "color", "red", come), granted(cat, "writer", note, come))},
		{"M08: members of one kind alone are started", given(founded, registered(dan)), when(ann, StartMembership{Subject: dan, Scope: hall, Kind: "guest"}),
			refused{code: CodeNotPermitted, scope: hall, subject: ann, says: "membership.start:guest"}},
		{"M08: by who may start that kind", given(founded, registered(dan)), when(cat, StartMembership{Subject: dan, Scope: hall}),
			refused{code: CodeNotPermitted, rule: "S04", scope: hall, subject: cat, help: "tenure who --role host", says: "membership.start:user"}},
	})
}
