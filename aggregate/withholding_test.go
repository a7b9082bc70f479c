package aggregate

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tenure/events"
	"tenure/rolemodel"
)

func TestWithhold(t *testing.T) {
	withhold := func(kind string, role events.RoleID, value string, permissions ...events.PermissionID) WithholdPermission {
		return WithholdPermission{Kind: kind, Role: role, Permissions: permissions, Value: value}
	}
	restore := func(kind string, role events.RoleID, value string, permissions ...events.PermissionID) RestorePermission {
		return RestorePermission{Kind: kind, Role: role, Permissions: permissions, Value: value}
	}
	lacks := func(who events.PrincipalID, says string) refused {
		return refused{code: CodeNotPermitted, rule: "M17b", scope: hall, subject: who, help: "tenure who --role warden", says: says}
	}
	specify(t, []specification{
		{"M17b: for projects", lodge(), when(ann, withhold("team", "lead", "project", "team.build")), then(kept("team", "lead", "team.build", "project"))},
		{"M17b: for all at once", lodge(), when(ann, withhold("team", "lead", "", "team.build", "page.edit")),
			then(kept("team", "lead", "team.build", "project"), kept("team", "lead", "team.build", "group"), kept("team", "lead", "page.edit", "project"), kept("team", "lead", "page.edit", "group"))},
		{"what is not withheld yet", lodge(kept("team", "lead", "team.build", "group")), when(ann, withhold("team", "lead", "", "team.build")), then(kept("team", "lead", "team.build", "project"))},
		{"what is withheld already", lodge(kept("team", "lead", "team.build", "group")), when(ann, withhold("team", "lead", "group", "team.build")), then()},
		{"where there is no attribute", lodge(), when(ann, withhold("guild", "scribe", "", "page.edit")), then(kept("guild", "scribe", "page.edit", ""))},
		{"M17b: by those who may for projects", lodge(), when(ben, withhold("team", "lead", "project", "team.read")), then(kept("team", "lead", "team.read", "project"))},
		{"M17b: given back", lodge(kept("team", "lead", "team.build", "group")), when(ann, restore("team", "lead", "group", "team.build")), then(back("team", "lead", "team.build", "group"))},
		{"M17b: given back for all", lodge(kept("team", "lead", "team.build", "group"), kept("team", "lead", "team.build", "project")), when(ann, restore("team", "lead", "", "team.build")),
			then(back("team", "lead", "team.build", "project"), back("team", "lead", "team.build", "group"))},
		{"what is not withheld", lodge(), when(ann, restore("team", "lead", "", "team.build")), then()},

		{"M17b: not for groups by those who may for projects", lodge(), when(ben, withhold("team", "lead", "group", "team.read")), lacks(ben, "role.withhold:group")},
		{"nor for all", lodge(), when(ben, withhold("team", "lead", "", "team.read")), lacks(ben, "role.withhold:group")},
		{"nor given back", lodge(kept("team", "lead", "team.build", "group")), when(ben, restore("team", "lead", "group", "team.build")), lacks(ben, "role.withhold:group")},
		{"nor everywhere", lodge(), when(ben, withhold("guild", "scribe", "", "page.edit")), lacks(ben, "(role.withhold)")},
		{"M17b: other roles are as the model says", lodge(), when(ann, withhold("guild", "steward", "", "guild.roles.define")),
			refused{code: CodeInvalid, rule: "M14", role: "guild.steward", field: "role", says: "nothing is withheld from it"}},
		{"a custom role is changed in another way", lodge(porter), when(ann, withhold("guild", "porter", "", "guild.desk")), refused{code: CodeUnknown, field: "role", help: "tenure role list", says: "no role guild.porter in the model guild"}},
		{"not what it does not give", lodge(), when(ann, withhold("team", "lead", "project", "guild.desk")),
			refused{code: CodeInvalid, rule: "M17b", role: "team.lead", field: "permissions", says: "does not give guild.desk"}},
		{"not what is not there", lodge(), when(ann, withhold("team", "lead", "project", "team.fly")), refused{code: CodeUnknown, field: "permissions", help: "tenure models show", says: "no permission team.fly"}},
		{"nor given back", lodge(), when(ann, restore("team", "lead", "project", "guild.desk")),
			refused{code: CodeInvalid, rule: "M17b", role: "team.lead", field: "permissions", says: "does not give guild.desk"}},
		{"not for a value that is none", lodge(), when(ann, withhold("team", "lead", "committee", "team.read")),
			refused{code: CodeInvalid, rule: "M17b", role: "team.lead", field: "value", says: `by Type, which is project or group, not "committee"`}},
		{"not for a value where there is none", lodge(), when(ann, withhold("guild", "scribe", "project", "page.edit")),
			refused{code: CodeInvalid, rule: "M17b", role: "guild.scribe", field: "value", says: "everywhere"}},
	})
	forged(t, []forgery{
		{"withheld twice", lodge(kept("guild", "scribe", "page.edit", "")), ann, together(kept("guild", "scribe", "page.edit", "")), 0,
			refused{code: CodeExists, role: "guild.scribe", field: "permissions", says: "is withheld from guild.scribe already"}},
		{"given back twice", lodge(), ann, together(back("guild", "scribe", "page.edit", "")), 0, refused{code: CodeUnknown, role: "guild.scribe", field: "permissions", says: "is not withheld"}},
		{"for all values at once", lodge(), ann, together(kept("team", "lead", "team.read", "")), 0, refused{code: CodeInvalid, rule: "M17b", role: "team.lead", field: "value", says: "project or group"}},
		{"from a role that is not there", lodge(), ann, together(kept("team", "king", "team.read", "")), 0, refused{code: CodeUnknown, field: "role", help: "tenure role list", says: "no role team.king"}},
		{"on a kind that is not there", lodge(), ann, together(kept("", "", "team.read", "")), 0, refused{code: CodeUnknown, field: "role", help: "tenure role list", says: "no role"}},
		{"by the importer", lodge(), events.Importer, together(kept("guild", "scribe", "page.edit", "")), 0, refused{code: CodeNotPermitted, says: "by its cause"}},
		{"by the background user", lodge(), background, together(kept("guild", "scribe", "page.edit", "")), 0, refused{code: CodeNotPermitted, says: "what falls due"}},
		{"by the operator without a reason", lodge(), events.Operator, together(kept("guild", "scribe", "page.edit", "")), 0, refused{code: CodeBreakGlass, field: "reason", help: "--reason", says: "break-glass"}},
	})
}

// What is withheld is withheld at once, from all who hold the role, where the
// attribute says so; and what is given back is given back.
func TestWithheldPermissions(t *testing.T) {
	group := func(team events.ScopeID) events.Event {
		return events.AttributeSet{Scope: team, Attribute: "type", Value: "group"}
	}
	// ben leads north, a project, with deep in it, a group; cat leads side, a group.
	state := lodge(created("team:side", hall), group("team:side"), group(deep), created("page:side", "team:side"), created("page:north", north1),
		started(ben, north1), started(cat, "team:side"), granted(ben, "lead", north1), granted(cat, "lead", "team:side"), granted(cat, "scribe", hall)).fold(t)
	ask := func(who events.PrincipalID, permission string, on events.ScopeID) Question {
		return Question{Who: who, Permission: must(found(state.Model.Permission(permission))), On: on}
	}
	type may struct {
		who        events.PrincipalID
		permission string
		on         events.ScopeID
	}
	questions := []may{
		{ben, "team.build", north1}, {ben, "team.build", deep}, {ben, "page.edit", "page:north"}, {ben, "page.edit", page}, {ben, "team.read", north1},
		{cat, "team.build", "team:side"}, {cat, "page.edit", "page:side"}, {cat, "page.edit", page},
	}
	check := func(what string, no ...may) {
		t.Helper()
		var got []may
		for _, q := range questions {
			question := ask(q.who, q.permission, q.on)
			allowed := state.Allowed(question)
			if !allowed {
				got = append(got, q)
			}
			answer := state.Explain(question)
			if answer.Allowed != allowed || allowed == (len(answer.Withheld) > 0 && len(answer.Because) == 0) {
				t.Errorf("%s: %+v is %t, explained as %+v", what, q, allowed, answer)
			}
		}
		if diff := cmp.Diff(no, got, cmp.AllowUnexported(may{})); diff != "" {
			t.Errorf("%s: not allowed (-want +got):\n%s", what, diff)
		}
	}
	do := func(command Command) {
		t.Helper()
		state = stored(t, state, must(when(ann, command).decide(state)))
	}
	change := func(restore bool, kind string, role events.RoleID, value string, permissions ...events.PermissionID) {
		t.Helper()
		if restore {
			do(RestorePermission{Kind: kind, Role: role, Permissions: permissions, Value: value})
		} else {
			do(WithholdPermission{Kind: kind, Role: role, Permissions: permissions, Value: value})
		}
	}
	check("before")
	change(false, "team", "lead", "project", "team.build")
	check("building in projects", may{ben, "team.build", north1})
	if state.MayAct(ben, rolemodel.ScopeRename, north1) || !state.MayAct(ben, rolemodel.ScopeRename, deep) {
		t.Error("the act that it allows is not withheld, or more")
	}
	// What lies below a team is as that team.
	change(false, "team", "lead", "group", "page.edit")
	check("editing in groups", may{ben, "team.build", north1}, may{ben, "page.edit", page})
	change(false, "guild", "scribe", "", "page.edit")
	check("editing by scribes", may{ben, "team.build", north1}, may{ben, "page.edit", page}, may{cat, "page.edit", "page:side"}, may{cat, "page.edit", page})
	do(SetAttributes{Scope: north1, Attributes: map[events.AttributeID]string{"type": "group"}})
	check("what is a group is no project", may{ben, "page.edit", "page:north"}, may{ben, "page.edit", page}, may{cat, "page.edit", "page:side"}, may{cat, "page.edit", page})
	withheld := state.Withheld(must(found(state.Model.Role("guild", "scribe"))))
	if len(withheld) != 1 || withheld[0].Since.Revision == 0 || withheld[0].Since.Actor != ann {
		t.Errorf("withheld is %+v", withheld) // X03
	}
	// Whoever asks is referred to those who have it, not to those from whom it is
	// withheld.
	for _, m := range state.Explain(ask(dan, "page.edit", page)).Instead {
		if m.Role.Name == "scribe" || m.Role.Name == "lead" {
			t.Errorf("%s on %s would give it", m.Role.ID(), m.Scope)
		}
	}
	refused{code: CodeNotPermitted, rule: "M17b", scope: deep, subject: ben, help: "tenure who --role warden", says: "team.people is withheld from lead on team:north there"}.
		check(t, events.Commit{}, func() error {
			change(false, "team", "lead", "", "team.people")
			return second(when(ben, StartMembership{Subject: cat, Scope: deep}).decide(state))
		}())
	change(true, "team", "lead", "", "page.edit", "team.build", "team.people")
	change(true, "guild", "scribe", "", "page.edit")
	check("after all is given back")
}

func TestWithholdingDoesNotAllocate(t *testing.T) {
	state := lodge(started(ben, north1), granted(ben, "lead", north1), kept("team", "lead", "team.build", "group"), kept("team", "lead", "team.build", "project"), carried(smiths, "page.edit"), started(ben, smiths)).fold(t).At(start.Add(time.Hour))
	for permission, want := range map[string]bool{"team.build": false, "team.read": true} {
		question := Question{Who: ben, Permission: must(found(state.Model.Permission(permission))), On: deep}
		var got bool
		if allocations := testing.AllocsPerRun(100, func() { got = state.Allowed(question) }); allocations != 0 || got != want {
			t.Errorf("%s: %t with %v allocations", permission, got, allocations)
		}
	}
}
