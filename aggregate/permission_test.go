package aggregate

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tenure/events"
	"tenure/rolemodel"
)

func TestAllowed(t *testing.T) {
	acme := given(acmeFounded, joined(ben), joined(cat), promoted(dan), teams,
		granted(ben, "maintainer", sub), granted(cat, "member", sig), suspended(dan, org)).fold(t)
	works := given(worksFounded, departments, hired(ben, "worker"), placed(ben, north, "head"), placed(ben, south, "head"), suspended(ben, north),
		registered(cat), granted(cat, "guest", desk), granted(cat, "auditor", company),
		hired(dan, "worker"), placed(dan, south, "hand"), granted(dan, "guest", desk), suspended(dan, company)).fold(t)
	houses := given(atelierFounded, resident(ben), team(alpha, atelierHouse, ben), memberOf(ann, alpha), granted(ann, "pupil", alpha), suspended(ann, alpha)).fold(t)
	for _, test := range []struct {
		state      State
		who        events.PrincipalID
		permission string
		on         events.ScopeID
		want       bool
	}{
		{acme, ann, "organization.billing.manage", org, true},
		{acme, ben, "organization.billing.manage", org, false},
		{acme, ann, "team.delete", leaf, true},                 // inherited from the root
		{acme, ben, "team.delete", sub, true},                  // on the scope itself
		{acme, ben, "team.delete", leaf, true},                 // inherited from above
		{acme, ben, "team.delete", sig, false},                 // never upwards
		{acme, ben, "team.delete", side, false},                // never sideways
		{acme, ben, "team.move", sub, false},                   // of what stands below alone
		{acme, ben, "team.move", leaf, true},                   //
		{acme, cat, "team.discussions.write", sig, true},       // on the scope alone
		{acme, cat, "team.discussions.write", leaf, false},     //
		{acme, cat, "team.discussions.read", leaf, true},       //
		{acme, dan, "organization.billing.manage", org, false}, // suspended
		{acme, dan, "team.read", sig, false},                   //
		{acme, nix, "team.read", sig, false},                   // a stranger
		{acme, ann, "team.read", "team:none", false},           // on nothing
		{acme, ann, "team.read", org, false},                   // of another kind
		{acme, ann, "organization.billing.manage", sig, false}, //
		{works, ben, "department.read", north, false},          // suspended there
		{works, ben, "department.read", inner, false},          // and so below
		{works, ben, "department.read", south, true},           // and not elsewhere
		{works, cat, "desk.use", desk, true},                   // as a non-member
		{works, cat, "department.read", inner, true},
		{works, cat, "company.people", company, false},
		{works, dan, "desk.use", desk, false},         // suspended in the company, with a role that needs no membership
		{works, dan, "department.read", south, false}, // and with one that rests on another
		{houses, ann, "house.people", atelierHouse, true},
		{houses, ann, "team.people", alpha, false}, // a ceiling is not lifted by a suspension
	} {
		permission, known := test.state.Model.Permission(test.permission)
		if !known {
			t.Fatalf("no permission %s", test.permission)
		}
		if got := test.state.Allowed(Question{Who: test.who, Permission: permission, On: test.on}); got != test.want {
			t.Errorf("%s may %s on %s: %t, want %t", test.who, test.permission, test.on, got, test.want)
		}
		if answer := test.state.Explain(Question{Who: test.who, Permission: permission, On: test.on}); answer.Allowed != test.want || (len(answer.Because) > 0) != test.want {
			t.Errorf("%s may %s on %s: explained as %+v, want %t", test.who, test.permission, test.on, answer, test.want)
		}
	}
	if (State{}).Allowed(Question{Who: ann, Permission: github.Permissions[0], On: org}) {
		t.Error("allowed in no organization")
	}
}

func TestExplain(t *testing.T) {
	state := given(acmeFounded, joined(ben), promoted(dan), teams, granted(ben, "maintainer", sig), granted(ben, "member", leaf), suspended(dan, org)).fold(t)
	read, _ := state.Model.Permission("team.read")
	manage, _ := state.Model.Permission("team.delete")
	type missing struct {
		role  string
		scope events.ScopeID
	}
	missed := func(a Answer) (list []missing) {
		for _, m := range a.Instead {
			list = append(list, missing{m.Role.Name, m.Scope})
		}
		return list
	}
	all := cmp.AllowUnexported(missing{})

	// Every grant that gives it is named, with the revision that gave it.
	answer := state.Explain(Question{Who: ben, Permission: read, On: leaf})
	want := []events.Revision{6, 18, 15} // member of the organization, of leaf, maintainer of sig
	var because []events.Revision
	for _, g := range answer.Because {
		because = append(because, g.Grant.Since.Revision)
	}
	if diff := cmp.Diff(want, because); diff != "" || answer.Idle != nil || answer.Instead != nil {
		t.Errorf("because of %v, want %v: %+v", because, want, answer)
	}

	// Refused, it says what is missing, nearest first.
	answer = state.Explain(Question{Who: ben, Permission: manage, On: side})
	if diff := cmp.Diff([]missing{{"maintainer", side}, {"admin", org}}, missed(answer), all); diff != "" || answer.Allowed || answer.Idle != nil {
		t.Errorf("%+v\n%s", answer, diff)
	}

	// Suspended, it says so.
	if answer = state.Explain(Question{Who: dan, Permission: manage, On: side}); answer.Allowed || len(answer.Idle) != 1 || answer.Idle[0].Suspended.Scope != org {
		t.Errorf("%+v", answer)
	}
	// On a scope of another kind there is nothing to say.
	if answer = state.Explain(Question{Who: ann, Permission: manage, On: org}); !cmp.Equal(answer, Answer{}, cmpopts.EquateEmpty()) {
		t.Errorf("%+v", answer)
	}
}

func TestMayAct(t *testing.T) {
	state := given(acmeFounded, joined(ben), promoted(dan), teams, granted(ben, "maintainer", sub), suspended(dan, org)).fold(t)
	for _, test := range []struct {
		who  events.PrincipalID
		act  rolemodel.Act
		on   events.ScopeID
		want bool
	}{
		{ann, rolemodel.HistoryRead, org, true},
		{ben, rolemodel.HistoryRead, org, false},
		{ben, rolemodel.DirectoryRead, org, true},
		{dan, rolemodel.DirectoryRead, org, false},
		{nix, rolemodel.DirectoryRead, org, false},
		{ben, rolemodel.ScopeDelete, leaf, true},
		{ben, rolemodel.ScopeDelete, sig, false},
		{ben, rolemodel.ScopeCreate("team"), sub, true},
		{ben, rolemodel.ScopeCreate("team"), org, false},
		{ann, rolemodel.ScopeDelete, "team:none", false},
		{ann, "no.act", org, false},
	} {
		if got := state.MayAct(test.who, test.act, test.on); got != test.want {
			t.Errorf("%s may %s on %s: %t, want %t", test.who, test.act, test.on, got, test.want)
		}
	}
	if (State{}).MayAct(ann, rolemodel.DirectoryRead, org) {
		t.Error("allowed in no organization")
	}
}

// crowded is an organization where ben holds 50 roles, the last of which gives
// team.delete three levels below, and where cat is a plain member.
func crowded(t testing.TB) State {
	list := together(joined(ben), joined(cat))
	for i := range 49 {
		team := events.Scope("team", fmt.Sprintf("a%02d", i))
		list = append(list, created(team, org))
		list = append(list, granted(ben, "member", team))
	}
	list = append(list, created("team:z0", org), created("team:z1", "team:z0"), created("team:z2", "team:z1"), created("team:z3", "team:z2"), granted(ben, "maintainer", "team:z0"))
	var state State
	for _, part := range [][]events.Event{acmeFounded, list} {
		commit := following(state, events.Operator, part...)
		commit.Reason, commit.BreakGlass = "correction", state.Founded()
		// What is created by the commit is the operator's own, under break-glass.
		state = stored(t, state, commit)
	}
	return state
}

func TestAllowedDoesNotAllocate(t *testing.T) {
	state := crowded(t)
	person, _ := state.Person(ben)
	if len(person.Grants) != 51 {
		t.Fatalf("ben holds %d roles", len(person.Grants))
	}
	manage, _ := state.Model.Permission("team.delete")
	for who, want := range map[events.PrincipalID]bool{ben: true, cat: false, nix: false} {
		var got bool
		if allocations := testing.AllocsPerRun(100, func() { got = state.Allowed(Question{Who: who, Permission: manage, On: "team:z3"}) }); allocations != 0 {
			t.Errorf("%v allocations", allocations)
		}
		if got != want {
			t.Errorf("%s: %t, want %t", who, got, want)
		}
	}
}

func BenchmarkAllowed(b *testing.B) {
	state := crowded(b)
	manage, _ := state.Model.Permission("team.delete")
	for _, bench := range []struct {
		name string
		who  events.PrincipalID
		on   events.ScopeID
	}{
		{"own", ann, "team:z0"},
		{"inherited three levels", ann, "team:z3"},
		{"50 grants, inherited three levels", ben, "team:z3"},
		{"50 grants, refused", ben, "team:none"},
		{"refused", cat, "team:z3"},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				state.Allowed(Question{Who: bench.who, Permission: manage, On: bench.on})
			}
		})
	}
}

func BenchmarkDecide(b *testing.B) {
	state := crowded(b)
	grant := when(ann, GrantRole{Subject: cat, Role: "maintainer", Scope: "team:z3"})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := grant.decide(state); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkApply(b *testing.B) {
	state := crowded(b)
	commit, err := when(ann, GrantRole{Subject: cat, Role: "maintainer", Scope: "team:z3"}).decide(state)
	if err != nil {
		b.Fatal(err)
	}
	record := events.Record{Commit: commit, Revision: state.Revision + 1}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := state.Apply(record); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLargestCommit deletes a scope with as many holders as a commit
// takes.
func BenchmarkLargestCommit(b *testing.B) {
	command := Import{Scopes: []ScopeOutcome{stands(sig, org, "")}}
	for i := range MaxEvents/4 - 10 {
		command.People = append(command.People, RegisterPerson{Subject: person(i)})
		command.Roles = append(command.Roles, holds(person(i), "member", org, ""), holds(person(i), "member", sig, ""))
	}
	state := given(acmeFounded).fold(b)
	commit, err := when(events.Importer, command).decide(state)
	if err != nil {
		b.Fatal(err)
	}
	state = stored(b, state, commit)
	b.ReportAllocs()
	for b.Loop() {
		commit, err := when(ann, DeleteScope{Scope: sig}).decide(state)
		if err != nil || len(commit.Events) < MaxEvents/4-10 {
			b.Fatal(len(commit.Events), err)
		}
	}
}
