package aggregate

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tenure/events"
)

const imported = events.CauseImport

func holds(who events.PrincipalID, role events.RoleID, on events.ScopeID, field string) RoleOutcome {
	return RoleOutcome{Subject: who, Role: role, Scope: on, Held: true, Field: field}
}

func lacks(who events.PrincipalID, role events.RoleID, on events.ScopeID, field string) RoleOutcome {
	return RoleOutcome{Subject: who, Role: role, Scope: on, Field: field}
}

func stands(scope, parent events.ScopeID, field string) ScopeOutcome {
	return ScopeOutcome{Scope: scope, Exists: true, Parent: parent, Field: field}
}

func goes(scope events.ScopeID, field string) ScopeOutcome {
	return ScopeOutcome{Scope: scope, Field: field}
}

func anew(scope, parent events.ScopeID, field string) ScopeOutcome {
	return ScopeOutcome{Scope: scope, Exists: true, Anew: true, Parent: parent, Field: field}
}

func roles(outcomes ...RoleOutcome) Import   { return Import{Roles: outcomes} }
func scopes(outcomes ...ScopeOutcome) Import { return Import{Scopes: outcomes} }

func TestImport(t *testing.T) {
	specify(t, []specification{
		{
			"the first change founds, with the people it brings",
			given(),
			when(events.Importer, Import{
				Found: &Found{Model: github}, People: []RegisterPerson{{Subject: ann}, {Subject: ben}},
				Roles:  []RoleOutcome{holds(ben, "member", org, "1"), holds(ann, "admin", org, "2"), holds(ben, "maintainer", sub, "3")},
				Scopes: []ScopeOutcome{stands(sub, sig, "4"), stands(sig, org, "5")},
			}, effective(start.Add(-time.Hour))),
			then(together(founding(github, acme), registered(ann), registered(ben),
				created(sig, org, imported), created(sub, sig, imported),
				started(ben, org, imported), started(ann, org, imported),
				granted(ben, "member", org, imported), granted(ann, "admin", org, imported),
				granted(ben, "maintainer", sub, imported))...),
		},
		{
			"without an administrator it founds nothing",
			given(),
			when(events.Importer, Import{Found: &Found{Model: github}, People: []RegisterPerson{{Subject: ann}},
				Roles: []RoleOutcome{holds(ann, "member", org, "1")}}),
			refused{code: CodeTooFew, rule: "X01", role: "organization.admin", scope: org, help: "tenure grant PERSON admin", says: "at least 1"},
		},
		{
			"and it founds once",
			given(acmeFounded),
			when(events.Importer, Import{Found: &Found{Model: github}, Roles: []RoleOutcome{holds(nix, "admin", org, "1")}}),
			refused{code: CodeExists, field: "org", says: "exists already"},
		},
		{
			"or there is nothing to import to",
			given(),
			when(events.Importer, roles(holds(ann, "admin", org, "1"))),
			refused{code: CodeUnknown, says: "no organization acme"},
		},
		{
			"a promotion that reads admin.add, member.remove",
			given(acmeFounded, joined(ben)),
			when(events.Importer, roles(holds(ben, "admin", org, "1"), lacks(ben, "member", org, "2"))),
			then(revoked(ben, "member", org, imported), granted(ben, "admin", org, imported)),
		},
		{
			"a promotion that reads admin.add alone",
			given(acmeFounded, joined(ben)),
			when(events.Importer, roles(holds(ben, "admin", org, "1"))),
			then(granted(ben, "admin", org, imported), revoked(ben, "member", org, events.CauseReplaced)),
		},
		{
			"a demotion",
			given(acmeFounded, promoted(ben)),
			when(events.Importer, roles(lacks(ben, "admin", org, "1"), holds(ben, "member", org, "2"))),
			then(revoked(ben, "admin", org, imported), granted(ben, "member", org, imported)),
		},
		{
			"both roles at once, if the source says so",
			given(acmeFounded, joined(ben)),
			when(events.Importer, roles(holds(ben, "admin", org, "1"), holds(ben, "member", org, "2"))),
			then(granted(ben, "admin", org, imported)),
		},
		{
			"of a new person as well",
			given(acmeFounded),
			when(events.Importer, Import{People: []RegisterPerson{{Subject: ben}}, Roles: []RoleOutcome{holds(ben, "maintainer", sig, "1"), holds(ben, "member", org, "2"), holds(ben, "admin", org, "3"), holds(ben, "member", sig, "4")},
				Scopes: []ScopeOutcome{stands(sig, org, "5")}}),
			then(registered(ben), created(sig, org, imported), started(ben, org, imported),
				granted(ben, "member", org, imported), granted(ben, "admin", org, imported),
				granted(ben, "maintainer", sig, imported), granted(ben, "member", sig, imported)),
		},
		{
			"who holds no role of the organization any more is no member, and loses all (X02)",
			given(acmeFounded, joined(ben), teams, granted(ben, "member", sig), granted(ben, "maintainer", leaf), issued(ben, 1)),
			when(events.Importer, roles(lacks(ben, "member", org, "1"))),
			then(
				revoked(ben, "member", org, imported),
				revoked(ben, "maintainer", leaf, events.CauseTermination),
				revoked(ben, "member", sig, events.CauseTermination),
				ended(ben, 1, events.CauseTermination),
				terminated(ben, org, imported),
			),
		},
		{
			"and comes back as a new member",
			given(acmeFounded, registered(ben)),
			when(events.Importer, roles(holds(ben, "member", org, "1"))),
			then(started(ben, org, imported), granted(ben, "member", org, imported)),
		},
		{
			"what holds already changes nothing",
			given(acmeFounded, joined(ben), registered(dan), teams, granted(ben, "member", sig)),
			when(events.Importer, Import{
				Roles:  []RoleOutcome{lacks(dan, "member", org, "0"), holds(ben, "member", sig, "1"), lacks(ben, "maintainer", sig, "2"), lacks(nix, "member", sig, "3"), lacks(nix, "member", org, "4")},
				Scopes: []ScopeOutcome{stands(sig, org, "5"), stands(leaf, "", "6"), goes("team:none", "7")},
			}),
			then(),
		},
		{
			"X01: the last administrator stays, and the line is named",
			given(acmeFounded, joined(ben)),
			when(events.Importer, roles(holds(ben, "member", org, "changes[0]"), lacks(ann, "admin", org, "changes[1]"), holds(ann, "member", org, "changes[2]"))),
			refused{code: CodeTooFew, rule: "X01", role: "organization.admin", scope: org, subject: ann, field: "changes[1]", help: "tenure grant PERSON admin --org acme", says: "too few"},
		},
		{
			"G02: who joins a team is a member of the organization, or the line is named",
			given(acmeFounded, registered(ben), teams),
			when(events.Importer, roles(holds(ann, "member", sig, "changes[0]"), holds(ben, "member", sig, "changes[1]"))),
			refused{code: CodeNotMember, rule: "G02", role: "team.member", scope: sig, subject: ben, field: "changes[1]", help: "tenure member start " + string(ben), says: "Only a member of organization:acme"},
		},
		{
			"G02: in the outcome too, when the source takes the membership away",
			given(acmeFounded, joined(ben), teams),
			when(events.Importer, roles(holds(ben, "member", sig, "changes[0]"), lacks(ben, "member", org, "changes[1]"))),
			refused{code: CodeNotMember, rule: "G02", role: "team.member", scope: sig, subject: ben, field: "changes[0]", help: "tenure member start " + string(ben), says: "Only a member of organization:acme"},
		},
		{
			"a stranger holds nothing",
			given(acmeFounded),
			when(events.Importer, roles(holds(nix, "member", org, "changes[0]"))),
			refused{code: CodeUnknown, field: "changes[0]", help: "tenure person add", says: string(nix)},
		},
		{
			"on a scope that is there",
			given(acmeFounded),
			when(events.Importer, roles(holds(ann, "member", sig, "changes[0]"))),
			refused{code: CodeUnknown, field: "changes[0]", says: "no scope team:sig"},
		},
		{
			"a role that there is",
			given(acmeFounded, teams),
			when(events.Importer, roles(lacks(ann, "admin", sig, "changes[0]"))),
			refused{code: CodeUnknown, scope: sig, field: "changes[0]", help: "tenure models show github", says: "no role admin on team:sig"},
		},
		{
			"said twice, it is said once",
			given(acmeFounded, joined(ben), teams),
			when(events.Importer, roles(holds(ben, "member", sig, "changes[0]"), lacks(ben, "member", sig, "changes[1]"))),
			refused{code: CodeInvalid, role: "team.member", scope: sig, subject: ben, field: "changes[1]", says: "something else in this change"},
		},
		{
			"who stays a member cannot be without the default role",
			given(worksFounded, hired(ben, "worker"), granted(ben, "auditor", company)),
			when(events.Importer, roles(lacks(ben, "worker", company, "changes[0]"))),
			refused{code: CodeInvalid, role: "company.worker", scope: company, subject: ben, field: "changes[0]", says: "shall not be worker on company:acme"},
		},
		{
			"a scope comes with the holder that it needs",
			given(worksFounded, hired(ben, "worker")),
			when(events.Importer, Import{Roles: []RoleOutcome{holds(ben, "keeper", vault, "1")}, Scopes: []ScopeOutcome{stands(vault, company, "2")}}),
			then(created(vault, company, imported), granted(ben, "keeper", vault, imported)),
		},
		{
			"nobody else imports",
			given(acmeFounded, joined(ben)),
			when(ann, roles(holds(ben, "admin", org, "changes[0]"))),
			refused{code: CodeUnfounded, field: "changes[0]", says: `cause "import"`},
		},
		{
			"not even the operator",
			given(acmeFounded, joined(ben)),
			when(events.Operator, roles(holds(ben, "admin", org, "changes[0]")), because("migration")),
			refused{code: CodeUnfounded, field: "changes[0]", says: `cause "import"`},
		},
	})
}

func TestImportOfScopes(t *testing.T) {
	specify(t, []specification{
		{
			"a parent that is created after its child",
			given(acmeFounded),
			when(events.Importer, scopes(stands(leaf, sub, "1"), stands(sub, sig, "2"), stands(sig, org, "3"))),
			then(created(sig, org, imported), created(sub, sig, imported), created(leaf, sub, imported)),
		},
		{
			"a child that moves out of a deleted parent keeps its people (G04)",
			given(acmeFounded, joined(ben), teams, granted(ben, "member", sub), granted(ben, "member", leaf)),
			when(events.Importer, scopes(goes(sub, "1"), stands(leaf, sig, "2"))),
			then(moved(leaf, sig, imported), revoked(ben, "member", sub, events.CauseScopeDeleted), deleted(sub, imported)),
		},
		{
			"into a team that is created for it",
			given(acmeFounded, teams),
			when(events.Importer, scopes(stands(leaf, "team:new", "1"), goes(sig, "2"), stands("team:new", side, "3"))),
			then(created("team:new", side, imported), moved(leaf, "team:new", imported), deleted(sub, events.CauseScopeDeleted), deleted(sig, imported)),
		},
		{
			"two teams that swap places",
			given(acmeFounded, teams),
			when(events.Importer, scopes(stands(sig, sub, "1"), stands(sub, org, "2"))),
			then(moved(sub, org, imported), moved(sig, sub, imported)),
		},
		{
			"told the other way round",
			given(acmeFounded, teams),
			when(events.Importer, scopes(stands(sub, org, "1"), stands(sig, sub, "2"))),
			then(moved(sub, org, imported), moved(sig, sub, imported)),
		},
		{
			"three that turn upside down",
			given(acmeFounded, teams),
			when(events.Importer, scopes(stands(sig, sub, "1"), stands(sub, leaf, "2"), stands(leaf, org, "3"))),
			then(moved(leaf, org, imported), moved(sub, leaf, imported), moved(sig, sub, imported)),
		},
		{
			"below a team that stands below one that moves away first",
			given(acmeFounded, teams),
			when(events.Importer, scopes(stands(sig, leaf, "1"), stands(sub, side, "2"))),
			then(moved(sub, side, imported), moved(sig, leaf, imported)),
		},
		{
			"not in a circle",
			given(acmeFounded, teams),
			when(events.Importer, scopes(stands(sig, leaf, "changes[0]"))),
			refused{code: CodeStructure, scope: sig, field: "changes[0]", says: "cannot stand below itself"},
		},
		{
			"of new ones neither",
			given(acmeFounded),
			when(events.Importer, scopes(stands(sig, sub, "changes[0]"), stands(sub, sig, "changes[1]"))),
			refused{code: CodeStructure, scope: sig, field: "changes[1]", says: "cannot stand below itself"},
		},
		{
			"not below what is not there",
			given(acmeFounded),
			when(events.Importer, scopes(stands(sub, sig, "changes[0]"))),
			refused{code: CodeUnknown, field: "changes[0]", says: "no scope team:sig"},
		},
		{
			"not below what the same change deletes",
			given(acmeFounded, teams),
			when(events.Importer, scopes(goes(sub, "changes[0]"), stands("team:new", sub, "changes[1]"))),
			refused{code: CodeStructure, scope: sub, field: "changes[1]", says: "which the same change deletes"},
		},
		{
			"not nowhere",
			given(acmeFounded),
			when(events.Importer, scopes(stands(sig, "", "changes[0]"))),
			refused{code: CodeStructure, scope: sig, field: "changes[0]", says: "say where team:sig shall"},
		},
		{
			"a team deleted and created in one change begins anew",
			given(acmeFounded, joined(ben), joined(cat), teams, granted(ben, "member", sub), granted(ben, "member", leaf)),
			when(events.Importer, Import{Scopes: []ScopeOutcome{anew(sub, side, "1")}, Roles: []RoleOutcome{holds(cat, "member", sub, "2")}}),
			then(
				revoked(ben, "member", leaf, events.CauseScopeDeleted), deleted(leaf, events.CauseScopeDeleted),
				revoked(ben, "member", sub, events.CauseScopeDeleted), deleted(sub, imported),
				created(sub, side, imported), granted(cat, "member", sub, imported),
			),
		},
		{
			"and so does a child that shall stand in it again",
			given(acmeFounded, joined(ben), teams, granted(ben, "member", leaf)),
			when(events.Importer, scopes(stands(leaf, sub, "1"), anew(sub, side, "2"))),
			then(
				revoked(ben, "member", leaf, events.CauseScopeDeleted), deleted(leaf, events.CauseScopeDeleted), deleted(sub, imported),
				created(sub, side, imported), created(leaf, sub, imported),
			),
		},
		{
			"a team that begins anew needs a place",
			given(acmeFounded, teams),
			when(events.Importer, scopes(anew(sub, "", "changes[0]"))),
			refused{code: CodeStructure, scope: sub, field: "changes[0]", says: "say where team:sub shall"},
		},
		{
			"a team deleted while its people are still listed",
			given(acmeFounded, joined(ben), joined(cat), teams, granted(ben, "member", sig), granted(cat, "maintainer", sig)),
			when(events.Importer, Import{Scopes: []ScopeOutcome{goes(sig, "1")}, Roles: []RoleOutcome{holds(ben, "maintainer", sig, "2"), lacks(cat, "maintainer", sig, "3")}}),
			then(
				deleted(leaf, events.CauseScopeDeleted), deleted(sub, events.CauseScopeDeleted),
				revoked(cat, "maintainer", sig, events.CauseScopeDeleted), revoked(ben, "member", sig, events.CauseScopeDeleted),
				deleted(sig, imported),
			),
		},
		{
			"who is listed in a team that goes with its parent goes with it",
			given(acmeFounded, joined(ben), teams),
			when(events.Importer, Import{Scopes: []ScopeOutcome{goes(sig, "changes[0]")}, Roles: []RoleOutcome{holds(ben, "member", leaf, "changes[1]")}}),
			then(deleted(leaf, events.CauseScopeDeleted), deleted(sub, events.CauseScopeDeleted), deleted(sig, imported)),
		},
		{
			"not the organization",
			given(acmeFounded, teams),
			when(events.Importer, scopes(goes(org, "changes[0]"))),
			refused{code: CodeStructure, scope: org, field: "changes[0]", says: "cannot be deleted"},
		},
	})

	// A child that leaves a team which begins anew survives, whichever line
	// comes first.
	for _, outcomes := range [][]ScopeOutcome{
		{anew(sub, sig, "1"), stands(leaf, side, "2")},
		{stands(leaf, side, "1"), anew(sub, sig, "2")},
	} {
		specify(t, []specification{{
			"a child leaves a team that begins anew",
			given(acmeFounded, joined(ben), teams, granted(ben, "member", leaf)),
			when(events.Importer, scopes(outcomes...)),
			then(moved(leaf, side, imported), deleted(sub, imported), created(sub, sig, imported)),
		}})
	}
}

func TestImportTimes(t *testing.T) {
	// Two commits are given: the clock shows start+2m, the last commit took
	// effect at start+1m.
	before := given(acmeFounded, joined(ben))
	promotion := roles(holds(ben, "admin", org, "1"))
	happened := then(granted(ben, "admin", org, imported), revoked(ben, "member", org, events.CauseReplaced))
	specify(t, []specification{
		{"between the last commit and now", before, when(events.Importer, promotion, effective(start.Add(90*time.Second))), happened},
		{"at the same time as the last", before, when(events.Importer, promotion, effective(start.Add(time.Minute))), happened},
		{"in another zone", before, when(events.Importer, promotion, effective(start.Add(time.Minute).In(time.FixedZone("", -8*3600)))), happened},
		{"now", before, when(events.Importer, promotion), happened},
		{
			"out of order", before, when(events.Importer, promotion, effective(start.Add(time.Minute-time.Microsecond))),
			refused{code: CodeTimeOrder, field: "time", says: "lies before the organization's latest commit of 2026-01-01T12:01:00Z"},
		},
		{
			"in the future", before, when(events.Importer, promotion, effective(start.Add(2*time.Minute+time.Microsecond))),
			refused{code: CodeTimeOrder, field: "time", says: "2026-01-01T12:02:00Z lies in the future"},
		},
	})
}

// The outcome of a change does not depend on the order in which its lines are
// told.
func TestImportInAnyOrder(t *testing.T) {
	state := given(acmeFounded, joined(ben), joined(cat), promoted(dan), teams, granted(ben, "maintainer", sig), granted(cat, "member", leaf)).fold(t)
	command := Import{
		People: []RegisterPerson{{Subject: eve}},
		Scopes: []ScopeOutcome{
			stands(leaf, "team:new", "1"), stands("team:new", side, "2"), goes(sub, "3"), stands(side, sig, "4"), anew("team:old", side, "5"),
		},
		Roles: []RoleOutcome{
			holds(ben, "admin", org, "6"), lacks(ben, "member", org, "7"), lacks(ann, "admin", org, "8"), holds(ann, "member", org, "9"),
			lacks(cat, "member", org, "10"), holds(eve, "member", org, "11"), holds(eve, "maintainer", leaf, "12"), lacks(ben, "maintainer", sig, "13"),
			holds(ben, "member", sig, "14"), holds(dan, "member", org, "15"), holds(dan, "member", "team:old", "16"),
		},
	}
	var want Snapshot
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 50 {
		commit, err := when(events.Importer, command).decide(state)
		if err != nil {
			t.Fatal(err)
		}
		got := stored(t, state, commit).Snapshot()
		if i == 0 {
			want = got
			continue
		}
		if diff := cmp.Diff(want, got, ignoreCauses); diff != "" {
			t.Fatalf("another order, another outcome:\n%s", diff)
		}
		shuffle(random, command.Scopes)
		shuffle(random, command.Roles)
	}
	if len(want.Scopes) != 6 || want.Persons[1].ID != ben || !slices.ContainsFunc(want.Persons[1].Grants, func(g GrantSnapshot) bool { return g.Role == "admin" }) {
		t.Errorf("the outcome is not what the change says: %+v", want)
	}
}

// ignoreCauses compares what holds, not by which of several lines it came.
var ignoreCauses = cmp.Transformer("cause", func(s Stamp) struct {
	Revision events.Revision
	Actor    events.PrincipalID
} {
	return struct {
		Revision events.Revision
		Actor    events.PrincipalID
	}{s.Revision, s.Actor}
})

func shuffle[T any](random *rand.Rand, list []T) {
	random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}
