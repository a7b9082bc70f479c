package aggregate

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tenure/events"
)

// M05: who looks after the people of a department makes people known who come
// there, and nobody else.
func TestRegisterBelowTheRoot(t *testing.T) {
	const joined, byDefault = events.CauseJoined, events.CauseDefault
	// cat is the head of north.
	with := func(parts ...any) history {
		return bureauFounded(append([]any{staffed(ben, north), staffed(cat, north), granted(cat, "head", north)}, parts...)...)
	}
	lacks := func(on events.ScopeID, rule string) refused {
		return refused{code: CodeNotPermitted, rule: rule, scope: on, subject: cat, help: "tenure who --role", says: "person.register"}
	}
	as := func(kind events.MemberKindID) events.Event {
		return events.MembershipStarted{Subject: dan, Scope: north, MemberKind: kind}
	}
	invite := SendInvitation{Invitation: inviteID(1), Register: &RegisterPerson{Subject: dan}, Subject: dan, Scope: north, Expires: start.Add(day), TokenHash: hash(1)}
	add := func(scope events.ScopeID, kind events.MemberKindID, role events.RoleID) AddMember {
		return AddMember{Register: RegisterPerson{Subject: dan}, Scope: scope, Kind: kind, Role: role}
	}
	specify(t, []specification{
		{"as a member", with(), when(cat, add(north, "", "")),
			then(registered(dan), started(dan, org, joined), started(dan, north), granted(dan, "hand", north, byDefault))},
		{"of a kind that joins nothing", with(), when(cat, add(north, "guest", "")), then(registered(dan), as("guest"), granted(dan, "hand", north, byDefault))},
		{"with a role", with(), when(cat, add(north, "guest", "visitor")),
			then(registered(dan), as("guest"), granted(dan, "visitor", north), granted(dan, "hand", north, byDefault))},
		{"with the role that comes by itself", with(), when(cat, add(north, "guest", "hand")), then(registered(dan), as("guest"), granted(dan, "hand", north, byDefault))},
		{"not with one that is somebody else's to grant", with(), when(cat, add(north, "", "head")),
			refused{code: CodeNotPermitted, rule: "B07", role: "department.head", scope: north, subject: cat, help: "tenure who --role", says: "may not grant"}},
		{"at a desk in the department", with(), when(cat, add(desk, "", "user")),
			then(registered(dan), started(dan, org, joined), started(dan, north), granted(dan, "user", desk), granted(dan, "hand", north, byDefault))},
		{"the organization's whoever may everywhere", with(), when(ann, add(org, "", "")), then(registered(dan), started(dan, org))},
		{"not in another department", with(), when(cat, add(south, "", "")), lacks(south, "B03")},
		{"not in the organization", with(), when(cat, add(org, "", "")), lacks(org, "B01")},
		{"not alone", with(), when(cat, RegisterPerson{Subject: dan}), lacks(org, "B01")},
		{"by an invitation", with(), when(cat, invite), then(registered(dan), events.InvitationSent{Subject: dan, Invitation: inviteID(1), Scope: north, Expires: start.Add(day), TokenHash: hash(1)})},
		{"to a role nobody has there", with(), when(cat, add(north, "", "king")), refused{code: CodeUnknown, scope: north, help: "tenure models show bureau", says: "no role king"}},
		{"of a kind that there is not", with(), when(cat, add(north, "king", "")), refused{code: CodeUnknown, field: "member_kind", scope: north, says: "no kind of member"}},
		{"who is known already", with(registered(dan)), when(cat, add(north, "", "")), refused{code: CodeExists, subject: dan, says: "known already"}},
	})
	forged(t, []forgery{
		{"a membership of another department", with(), cat, together(registered(dan), started(ben, south), granted(ben, "hand", south, byDefault)), 0, lacks(org, "B01")},
		{"a membership that follows from another", with(), cat, together(registered(dan), started(dan, org, joined), started(dan, south), granted(dan, "hand", south, byDefault)), 0, lacks(south, "B03")},
		{"somebody else's membership", with(registered(eve)), cat, together(registered(dan), started(eve, org, joined), started(eve, north), granted(eve, "hand", north, byDefault)), 0, lacks(org, "B01")},
		{"two for one", with(), cat, together(registered(dan), registered(eve), started(dan, org, joined), started(dan, north), granted(dan, "hand", north, byDefault)), 1, lacks(org, "B01")},
		{"a manager of somebody who does not come", with(), cat, together(registered(dan), started(dan, org, joined), started(dan, north), granted(dan, "hand", north, byDefault), managed(ann, dan)), 4,
			refused{code: CodeNotPermitted, rule: "B01", scope: org, subject: cat, help: "tenure who --role", says: "manager.assign"}},
	})
}

func TestChangeMemberships(t *testing.T) {
	with := func(parts ...any) history {
		return bureauFounded(append([]any{staffed(ben, north), staffed(cat, north), staffed(dan)}, parts...)...)
	}
	listed := func(people ...events.PrincipalID) (list []Listed) {
		for i, who := range people {
			list = append(list, Listed{who, fmt.Sprintf("people.%d", i)})
		}
		return list
	}
	termination := events.CauseTermination
	specify(t, []specification{
		{"all are suspended", with(), when(ann, ChangeMemberships{Verb: Suspend, Scope: org, People: listed(ben, cat, dan)}), then(suspended(ben, org), suspended(cat, org), suspended(dan, org))},
		{"but for those who are", with(suspended(cat, org)), when(ann, ChangeMemberships{Verb: Suspend, Scope: org, People: listed(ben, cat)}), then(suspended(ben, org))},
		{"all are resumed", with(suspended(ben, org), suspended(cat, org)), when(ann, ChangeMemberships{Verb: Resume, Scope: org, People: listed(ben, cat, dan)}), then(resumed(ben, org), resumed(cat, org))},
		{"all are terminated", with(managed(cat, ben)), when(ann, ChangeMemberships{Verb: Terminate, Scope: org, People: listed(ben, cat)}),
			then(revoked(ben, "hand", north, termination), terminated(ben, north, termination), unmanaged(cat, ben, termination), terminated(ben, org),
				revoked(cat, "hand", north, termination), terminated(cat, north, termination), terminated(cat, org))},
		{"on a scope", with(), when(ann, ChangeMemberships{Verb: Terminate, Scope: north, People: listed(ben)}), refused{code: CodeNotPermitted, rule: "B03", scope: north, subject: ann,
			field: "people.0", help: "tenure who --role head", says: "membership.terminate"}},
		{"nobody", with(), when(ann, ChangeMemberships{Verb: Suspend, Scope: org}), then()},
		{"nowhere", with(), when(ann, ChangeMemberships{Verb: Suspend, Scope: "department:none", People: listed(ben)}), refused{code: CodeUnknown, help: "tenure scope list", says: "no scope"}},
		{"nothing that can be done", with(), when(ann, ChangeMemberships{Verb: "start", Scope: org, People: listed(ben)}), refused{code: CodeInvalid, field: "people.0", says: "use suspend, resume or terminate"}},
	})
	// What is refused is told of everybody, and nothing is done.
	state := with().fold(t)
	_, err := when(ann, ChangeMemberships{Verb: Suspend, Scope: org, People: append(listed(ben, nix, ben, ann), Listed{"", "people.4"}),
		Refused: Refusals{{Code: CodeUnknown, Field: "people.4", Message: "There is no person tom.", Event: -1}}}).decide(state)
	refusals, _ := err.(Refusals)
	got := map[string]Code{}
	for _, refused := range refusals {
		got[refused.Field] = refused.Code
	}
	want := map[string]Code{"people.1": CodeUnknown, "people.2": CodeInvalid, "people.3": CodeTooFew, "people.4": CodeUnknown}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
}

func TestImportPeople(t *testing.T) {
	const joins, byDefault = events.CauseJoined, events.CauseDefault
	line := func(n int) string { return fmt.Sprintf("line %d", n) }
	newcomer := func(n int, who events.PrincipalID, places ...Place) Admission {
		for i := range places {
			places[i].Field = line(n + i)
		}
		return Admission{Subject: who, Register: &RegisterPerson{Subject: who}, Places: places, Field: line(n), ManagerField: line(n)}
	}
	under := func(a Admission, manager events.PrincipalID) Admission {
		a.Manager = manager
		return a
	}
	known := func(a Admission) Admission {
		a.Register = nil
		return a
	}
	people := func(list ...Admission) ImportPeople { return ImportPeople{People: list} }
	// cat is the head of north.
	with := func(parts ...any) history {
		return bureauFounded(append([]any{staffed(cat, north), granted(cat, "head", north)}, parts...)...)
	}
	specify(t, []specification{
		{"people with managers who come later", with(), when(ann, people(under(newcomer(2, ben, Place{Scope: org, Member: true}), dan), newcomer(3, dan, Place{Scope: org, Member: true}))),
			then(registered(ben), registered(dan), started(ben, org), started(dan, org), managed(ben, dan))},
		{"memberships before the roles that rest on them", with(), when(cat, people(newcomer(2, ben, Place{Scope: desk, Role: "user"}, Place{Scope: north, Member: true, Role: "hand"}))),
			then(registered(ben), started(ben, org, joins), started(ben, north), granted(ben, "user", desk), granted(ben, "hand", north, byDefault))},
		{"the membership that the role rests on", with(), when(cat, people(newcomer(2, ben, Place{Scope: desk, Role: "user", Member: true}))),
			then(registered(ben), started(ben, org, joins), started(ben, north), granted(ben, "user", desk), granted(ben, "hand", north, byDefault))},
		{"a role of somebody who is no member", with(), when(ann, people(newcomer(2, ben, Place{Scope: org, Role: "registrar"}))), then(registered(ben), granted(ben, "registrar", org))},
		{"a suspended member", with(), when(ann, people(newcomer(2, ben, Place{Scope: org, Member: true, Suspended: true}))), then(registered(ben), started(ben, org), suspended(ben, org))},
		{"a role for a time", with(), when(ann, people(newcomer(2, ben, Place{Scope: org, Role: "registrar", Until: start.Add(9 * day)}))),
			then(registered(ben), until(start.Add(9*day), granted(ben, "registrar", org)))},
		{"in one's department, under its people", with(), when(cat, people(under(newcomer(2, ben, Place{Scope: north, Member: true}), cat))),
			then(registered(ben), started(ben, org, joins), started(ben, north), managed(ben, cat), granted(ben, "hand", north, byDefault))},
		{"what is there stays", with(staffed(ben, north), until(start.Add(9*day), granted(ben, "registrar", org)), managed(ben, cat), suspended(ben, north)),
			when(ann, people(under(known(newcomer(2, ben, Place{Scope: org, Member: true, Role: "registrar"}, Place{Scope: north, Member: true, Role: "hand"})), cat))), then()},
		{"what is missing comes", with(staffed(ben)), when(ann, people(Admission{Subject: ben, Update: &UpdatePerson{Subject: ben, FullName: events.Sealed("name")},
			Places: []Place{{Scope: org, Role: "warden", Field: line(2)}}, Manager: cat, Field: line(2), ManagerField: line(2)})),
			then(events.PersonUpdated{Subject: ben, Name: events.Sealed("name")}, granted(ben, "warden", org), managed(ben, cat))},
		{"nobody", with(), when(ann, people()), then()},
		{"a member of another kind", with(staffed(ben, north)), when(cat, people(known(newcomer(2, ben, Place{Scope: north, Member: true, Kind: "guest"})))),
			refused{code: CodeExists, field: line(2), scope: north, subject: ben, help: "tenure member change 01J00000000000000000000BEN --as guest --on department:north --org acme", says: "of another kind"}},
		{"the usual role in the place of another one", given(acmeFounded, promoted(ben)), when(ann, people(known(newcomer(2, ben, Place{Scope: org, Member: true, Role: "member"})))),
			then(granted(ben, "member", org), revoked(ben, "admin", org, events.CauseReplaced))},
		{"but not of the last administrator", given(acmeFounded, joined(ben)), when(ann, people(known(newcomer(2, ann, Place{Scope: org, Member: true, Role: "member"})))),
			refused{code: CodeTooFew, field: line(2), rule: "X01", role: "organization.admin", scope: org, subject: ann, help: "tenure grant PERSON admin", says: "at least 1"}},
		{"the usual role beside another one", given(acmeFounded), when(ann, people(newcomer(2, ben, Place{Scope: org, Member: true, Role: "admin"}, Place{Scope: org, Member: true, Role: "member"}))),
			refused{code: CodeInvalid, field: line(3), role: "organization.member", scope: org, subject: ben, says: "cannot be both member and admin on organization:acme: the other one is said on line 2"}},
		{"one role until two days", with(), when(ann, people(newcomer(2, ben, Place{Scope: org, Role: "registrar", Until: start.Add(9 * day)}, Place{Scope: org, Role: "registrar", Until: start.Add(8 * day)}))),
			refused{code: CodeInvalid, field: line(3), role: "organization.registrar", scope: org, subject: ben, says: "line 2 says another time"}},
		{"one role twice", with(), when(ann, people(newcomer(2, ben, Place{Scope: org, Role: "registrar", Until: start.Add(9 * day)}, Place{Scope: org, Role: "registrar"}))),
			then(registered(ben), until(start.Add(9*day), granted(ben, "registrar", org)))},
	})

	// All that is refused is told, each at its line, and nothing is done.
	state := with().fold(t)
	command := people(
		newcomer(2, ben, Place{Scope: south, Member: true}), // cat may not
		newcomer(3, dan, Place{Scope: north, Member: true, Role: "king"}),
		newcomer(4, eve, Place{Scope: north, Member: true}, Place{Scope: "desk:none", Role: "user"}),
		under(known(newcomer(6, cat)), cat), // nobody's own
	)
	command.Refused = Refusals{{Code: CodeInvalid, Field: line(2), Message: "This is no address.", Event: -1}, {Code: CodeInvalid, Field: line(7), Message: "This is no address.", Event: -1}}
	_, err := when(cat, command).decide(state)
	refusals, _ := err.(Refusals)
	got := map[string][]Code{}
	for _, refused := range refusals {
		got[refused.Field] = append(got[refused.Field], refused.Code)
	}
	want := map[string][]Code{line(2): {CodeInvalid, CodeNotPermitted}, line(3): {CodeUnknown}, line(5): {CodeUnknown}, line(6): {CodeInvalid}, line(7): {CodeInvalid}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("refused (-want +got):\n%s\n%v", diff, refusals)
	}
}

// More than a commit holds is refused, and says where to split.
func TestImportOfTooMany(t *testing.T) {
	state := bureauFounded().fold(t)
	var command ImportPeople
	for i := range MaxEvents/2 + 10 {
		field := fmt.Sprintf("line %d", i+2)
		command.People = append(command.People, Admission{Subject: person(i), Register: &RegisterPerson{Subject: person(i)}, Places: []Place{{Scope: org, Member: true, Field: field}}, Field: field})
	}
	_, err := when(ann, command).decide(state)
	refusals, _ := err.(Refusals)
	if len(refusals) != 1 || refusals[0].Code != CodeTooLarge || refusals[0].Field != "line 5002" || !strings.Contains(refusals[0].Message, "All before line 5002 fits") {
		t.Fatalf("refused with %v", err)
	}
	command.People = command.People[:MaxEvents/2]
	if _, err := when(ann, command).decide(state); err != nil {
		t.Errorf("what fits is refused: %v", err)
	}
}
