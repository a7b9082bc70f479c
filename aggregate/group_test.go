package aggregate

import (
	"testing"

	"tenure/events"
)

func TestPermitGroup(t *testing.T) {
	const new events.ScopeID = "circle:new"
	permit := func(on events.ScopeID, permissions ...events.PermissionID) PermitGroup {
		return PermitGroup{Scope: on, Permissions: permissions}
	}
	unpermit := func(on events.ScopeID, permissions ...events.PermissionID) UnpermitGroup {
		return UnpermitGroup{Scope: on, Permissions: permissions}
	}
	taken := func(on events.ScopeID, permission events.PermissionID) events.Event {
		return events.PermissionRemoved{Scope: on, Permission: permission}
	}
	archived := events.ScopeArchived{Scope: smiths}
	specify(t, []specification{
		{"Z05: given", lodge(), when(ann, permit(smiths, "guild.desk", "page.edit")), then(carried(smiths, "guild.desk"), carried(smiths, "page.edit"))},
		{"Z05: under break-glass", lodge(), when(events.Operator, permit(smiths, "guild.desk"), because("recovery")), then(carried(smiths, "guild.desk")).underBreakGlass()},
		{"given already", lodge(carried(smiths, "guild.desk")), when(ann, permit(smiths, "guild.desk", "team.read")), then(carried(smiths, "team.read"))},
		{"Z05: taken away", lodge(carried(smiths, "guild.desk")), when(ann, unpermit(smiths, "guild.desk", "team.read")), then(taken(smiths, "guild.desk"))},
		{"taken away in the archive", lodge(carried(smiths, "guild.desk"), archived), when(ann, unpermit(smiths, "guild.desk")), then(taken(smiths, "guild.desk"))},
		{"Z05: not by a member", lodge(), when(cat, permit(smiths, "guild.desk")),
			refused{code: CodeNotPermitted, rule: "Z05", scope: smiths, subject: cat, help: "tenure who --role warden", says: "scope.permit"}},
		{"nor taken away", lodge(carried(smiths, "guild.desk")), when(cat, unpermit(smiths, "guild.desk")),
			refused{code: CodeNotPermitted, rule: "Z05", scope: smiths, subject: cat, help: "tenure who --role warden", says: "scope.permit"}},
		{"not given in the archive", lodge(archived), when(ann, permit(smiths, "guild.desk")), refused{code: CodeArchived, scope: smiths, help: "tenure scope restore circle:smiths", says: "in the archive"}},
		{"not what groups do not carry", lodge(), when(ann, permit(smiths, "team.build")),
			refused{code: CodeInvalid, field: "permissions", help: "tenure models show guild", says: "team.build cannot be given to circle:smiths"}},
		{"not what is reserved", lodge(), when(ann, permit(smiths, "guild.admins")),
			refused{code: CodeInvalid, rule: "M14", field: "permissions", help: "tenure models show", says: "in the section Roles"}},
		{"not what is not there", lodge(), when(ann, permit(smiths, "x")), refused{code: CodeUnknown, field: "permissions", help: "tenure models show", says: "no permission x"}},
		{"not to a team", lodge(), when(ann, permit(north1, "team.read")), refused{code: CodeStructure, scope: north1, field: "scope", says: "team:north is no group: permissions are given to members of circle."}},
		{"not from a team", lodge(), when(ann, unpermit(hall, "guild.desk")), refused{code: CodeStructure, scope: hall, field: "scope", says: "is no group"}},
		{"not to nothing", lodge(), when(ann, permit(new, "guild.desk")), refused{code: CodeUnknown, help: "tenure scope list", says: "no scope circle:new"}},
		{"deleted with all that it gives", lodge(carried(smiths, "guild.desk"), started(cat, smiths)), when(ann, DeleteScope{Scope: smiths}), then(terminated(cat, smiths, events.CauseScopeDeleted), deleted(smiths))},
	})
	forged(t, []forgery{
		{"given to a team", lodge(), ann, together(carried(north1, "team.read")), 0, refused{code: CodeStructure, scope: north1, field: "scope", says: "is no group"}},
		{"given twice", lodge(carried(smiths, "guild.desk")), ann, together(carried(smiths, "guild.desk")), 0, refused{code: CodeExists, scope: smiths, field: "permissions", says: "given already"}},
		{"taken twice", lodge(), ann, together(taken(smiths, "guild.desk")), 0, refused{code: CodeUnknown, scope: smiths, field: "permissions", says: "not given"}},
		{"given to one that is created with it", lodge(), ann, together(created(new, hall), carried(new, "guild.desk")), 1,
			refused{code: CodeNotPermitted, scope: new, says: "created by this very commit"}},
	})
}

// Who is a member of a group has what it carries, directly above the group and
// below that, as long as the membership lasts and is not suspended (Z06).
func TestGroupGives(t *testing.T) {
	state := lodge(carried(smiths, "guild.desk"), carried(smiths, "team.read"), created("circle:other", hall), carried("circle:other", "page.edit")).fold(t)
	may := func(permission string, on events.ScopeID) bool {
		t.Helper()
		question := Question{Who: cat, Permission: must(found(state.Model.Permission(permission))), On: on}
		answer := state.Explain(question)
		if allowed := state.Allowed(question); answer.Allowed != allowed {
			t.Errorf("%s on %s: %t, explained as %+v", permission, on, allowed, answer)
		}
		if answer.Allowed && (answer.Because[0].Group.Scope != smiths || answer.Because[0].Given.Revision == 0 || answer.Because[0].Grant.Role != nil) {
			t.Errorf("%s on %s: because of %+v", permission, on, answer.Because)
		}
		return answer.Allowed
	}
	do := func(command Command) {
		t.Helper()
		state = stored(t, state, must(when(ann, command).decide(state)))
	}
	all := func(want bool, what string) {
		t.Helper()
		for permission, on := range map[string]events.ScopeID{"guild.desk": hall, "team.read": deep} {
			if may(permission, on) != want {
				t.Errorf("%s: %s on %s is not %t", what, permission, on, want)
			}
		}
		if may("page.edit", page) {
			t.Errorf("%s: a group gives what another one carries", what)
		}
	}
	all(false, "before")
	do(StartMembership{Subject: cat, Scope: smiths})
	all(true, "as a member")
	do(SuspendMembership{Subject: cat, Scope: smiths})
	all(false, "suspended there")
	do(ResumeMembership{Subject: cat, Scope: smiths})
	all(true, "resumed there")
	do(SuspendMembership{Subject: cat, Scope: hall})
	all(false, "suspended in the organization (Z02)")
	do(ResumeMembership{Subject: cat, Scope: hall})
	all(true, "resumed")
	do(UnpermitGroup{Scope: smiths, Permissions: []events.PermissionID{"team.read"}})
	if may("team.read", deep) || !may("guild.desk", hall) {
		t.Error("what was taken from the group is given, or more was taken")
	}
	scope, _ := state.Scope(smiths)
	if scope.Changed.Revision != state.Revision || scope.Changed.Actor != ann { // X03
		t.Errorf("changed %+v", scope.Changed)
	}
	do(PermitGroup{Scope: smiths, Permissions: []events.PermissionID{"team.read"}})
	all(true, "given again")
	do(TerminateMembership{Subject: cat, Scope: smiths})
	all(false, "after leaving")
}
