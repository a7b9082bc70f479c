package aggregate

import (
	"slices"
	"testing"

	"tenure/events"
)

func TestCreateScope(t *testing.T) {
	title := events.Sealed("sealed title")
	specify(t, []specification{
		{
			"an administrator creates a team",
			given(acmeFounded),
			when(ann, CreateScope{Scope: sig, Parent: org, Title: title}),
			then(events.ScopeCreated{Scope: sig, Parent: org, Title: title}),
		},
		{
			"a maintainer creates one in the own team",
			given(acmeFounded, joined(ben), teams, granted(ben, "maintainer", sig)),
			when(ben, CreateScope{Scope: "team:new", Parent: leaf}),
			then(created("team:new", leaf)),
		},
		{
			"and none beside it",
			given(acmeFounded, joined(ben), teams, granted(ben, "maintainer", sig)),
			when(ben, CreateScope{Scope: "team:new", Parent: org}),
			refused{code: CodeNotPermitted, scope: org, subject: ben, help: "tenure who --role admin --org acme", says: "scope.create:team"},
		},
		{
			"a handle is given once",
			given(acmeFounded, teams),
			when(ann, CreateScope{Scope: sig, Parent: side}),
			refused{code: CodeExists, field: "scope", scope: sig, says: "a team:sig already"},
		},
		{
			"the parent is there",
			given(acmeFounded),
			when(ann, CreateScope{Scope: sub, Parent: sig}),
			refused{code: CodeUnknown, help: "tenure scope list --org acme", says: "no scope team:sig"},
		},
		{
			"the kind is one of the model's",
			given(acmeFounded),
			when(ann, CreateScope{Scope: "desk:one", Parent: org}),
			refused{code: CodeUnknown, help: "tenure models show github", says: "no scope kind desk in the model github"},
		},
		{
			"the handle is well formed",
			given(acmeFounded),
			when(ann, CreateScope{Scope: "team:Sig Etcd", Parent: org}),
			refused{code: CodeInvalid, scope: "team:Sig Etcd", says: "want KIND:HANDLE"},
		},
		{
			"and not missing",
			given(acmeFounded),
			when(ann, CreateScope{Parent: org}),
			refused{code: CodeUnknown, help: "tenure models show github", says: "no scope kind"},
		},
		{
			"there is one organization",
			given(acmeFounded),
			when(ann, CreateScope{Scope: "organization:two", Parent: org}),
			refused{code: CodeStructure, scope: "organization:two", says: "there is one organization, and it stands below nothing"},
		},
		{
			"a kind stands where the model says",
			given(worksFounded, departments),
			when(ann, CreateScope{Scope: "desk:two", Parent: company}),
			refused{code: CodeStructure, scope: "desk:two", says: "a scope of kind desk stands below department"},
		},
		{
			"a scope that needs a holder from the start cannot be created bare",
			given(worksFounded),
			when(ann, CreateScope{Scope: vault, Parent: company}),
			refused{code: CodeTooFew, rule: "W07", role: "vault.keeper", scope: vault, help: "tenure grant PERSON keeper --on vault:one", says: "at least 1 active keeper"},
		},
	})
}

func TestRenameScope(t *testing.T) {
	title := events.Sealed("sealed title")
	specify(t, []specification{
		{
			"a maintainer renames the own team",
			given(acmeFounded, joined(ben), teams, granted(ben, "maintainer", sig)),
			when(ben, RenameScope{Scope: sig, Title: title}),
			then(events.ScopeRenamed{Scope: sig, Title: title}),
		},
		{
			"an administrator the organization",
			given(acmeFounded),
			when(ann, RenameScope{Scope: org, Title: title}),
			then(events.ScopeRenamed{Scope: org, Title: title}),
		},
		{
			"nobody what the model lets nobody rename",
			given(worksFounded, hired(ben, "worker"), together(created(vault, company), granted(ben, "keeper", vault))),
			when(ann, RenameScope{Scope: vault, Title: title}),
			refused{code: CodeNotPermitted, scope: vault, subject: ann, says: "no role of the role model gives that"},
		},
		{
			"a plain member neither",
			given(acmeFounded, joined(ben), teams, granted(ben, "member", sig)),
			when(ben, RenameScope{Scope: sig, Title: title}),
			refused{code: CodeNotPermitted, scope: sig, subject: ben, help: "tenure who --role admin", says: "scope.rename"},
		},
		{
			"what is there",
			given(acmeFounded),
			when(ann, RenameScope{Scope: sig, Title: title}),
			refused{code: CodeUnknown, help: "tenure scope list", says: "no scope team:sig"},
		},
	})
}

func TestMoveScope(t *testing.T) {
	specify(t, []specification{
		{
			"with all below it",
			given(acmeFounded, teams),
			when(ann, MoveScope{Scope: sub, Parent: side}),
			then(moved(sub, side)),
		},
		{
			"to where it stands changes nothing",
			given(acmeFounded, teams),
			when(ann, MoveScope{Scope: sub, Parent: sig}),
			then(),
		},
		{
			"not below itself",
			given(acmeFounded, teams),
			when(ann, MoveScope{Scope: sig, Parent: leaf}),
			refused{code: CodeStructure, scope: sig, says: "cannot stand below itself"},
		},
		{
			"not onto itself",
			given(acmeFounded, teams),
			when(ann, MoveScope{Scope: sig, Parent: sig}),
			refused{code: CodeStructure, scope: sig, says: "cannot stand below itself"},
		},
		{
			"not the organization",
			given(acmeFounded, teams),
			when(ann, MoveScope{Scope: org, Parent: sig}),
			refused{code: CodeStructure, scope: org, says: "cannot be moved"},
		},
		{
			"only to where the kind may stand",
			given(worksFounded, departments),
			when(ann, MoveScope{Scope: desk, Parent: company}),
			refused{code: CodeStructure, scope: desk, says: "stands below department"},
		},
		{
			"a maintainer moves child teams",
			given(acmeFounded, joined(ben), teams, granted(ben, "maintainer", sig)),
			when(ben, MoveScope{Scope: leaf, Parent: sig}),
			then(moved(leaf, sig)),
		},
		{
			"not the own team",
			given(acmeFounded, joined(ben), teams, granted(ben, "maintainer", sub), granted(ben, "maintainer", side)),
			when(ben, MoveScope{Scope: sub, Parent: side}),
			refused{code: CodeNotPermitted, scope: sub, subject: ben, help: "tenure who --role admin", says: "scope.move"},
		},
		{
			"and not to where the mover may not create",
			given(acmeFounded, joined(ben), teams, granted(ben, "maintainer", sig)),
			when(ben, MoveScope{Scope: sub, Parent: side}),
			refused{code: CodeNotPermitted, scope: side, subject: ben, help: "tenure who --role admin", says: "scope.create:team"},
		},
		{
			"not away from the membership that a role there rests on",
			given(worksFounded, departments, hired(ben, "worker"), placed(ben, north, "hand"), granted(ben, "keeper", desk)),
			when(ann, MoveScope{Scope: desk, Parent: south}),
			refused{code: CodeNotMember, rule: "W06", role: "desk.keeper", scope: desk, subject: ben,
				help: "tenure member start " + string(ben) + " --on department:south --org acme", says: "Only a member of department:south"},
		},
		{
			"unless it runs there too",
			given(worksFounded, departments, hired(ben, "worker"), placed(ben, north, "hand"), placed(ben, south, "hand"), granted(ben, "keeper", desk)),
			when(ann, MoveScope{Scope: desk, Parent: south}),
			then(moved(desk, south)),
		},
	})
}

func TestDeleteScope(t *testing.T) {
	specify(t, []specification{
		{
			"G04: ends the teams below it and the roles on them",
			given(acmeFounded, joined(ben), joined(cat), teams, granted(ben, "maintainer", sig), granted(cat, "member", sig), granted(ben, "member", leaf)),
			when(ann, DeleteScope{Scope: sig}),
			then(
				revoked(ben, "member", leaf, events.CauseScopeDeleted),
				deleted(leaf, events.CauseScopeDeleted),
				deleted(sub, events.CauseScopeDeleted),
				revoked(ben, "maintainer", sig, events.CauseScopeDeleted),
				revoked(cat, "member", sig, events.CauseScopeDeleted),
				deleted(sig),
			),
		},
		{
			"G04: unless moved first",
			given(acmeFounded, joined(ben), teams, granted(ben, "member", leaf), moved(leaf, side)),
			when(ann, DeleteScope{Scope: sig}),
			then(deleted(sub, events.CauseScopeDeleted), deleted(sig)),
		},
		{
			"ends memberships too",
			given(worksFounded, departments, hired(ben, "worker"), placed(ben, north, "head"), placed(ben, inner, "hand"), granted(ben, "keeper", desk)),
			when(ann, DeleteScope{Scope: inner}),
			then(
				revoked(ben, "hand", inner, events.CauseScopeDeleted),
				terminated(ben, inner, events.CauseScopeDeleted),
				deleted(inner),
			),
		},
		{
			"a bound ends with the scope that it bound",
			given(worksFounded, hired(ben, "worker"), together(created(vault, company), granted(ben, "keeper", vault))),
			when(ann, DeleteScope{Scope: vault}),
			then(revoked(ben, "keeper", vault, events.CauseScopeDeleted), deleted(vault)),
		},
		{
			"not the organization",
			given(acmeFounded, joined(ben), teams, issued(ben, 1)),
			when(ann, DeleteScope{Scope: org}),
			refused{code: CodeStructure, scope: org, says: "cannot be deleted"},
		},
		{
			"not what is not there",
			given(acmeFounded),
			when(ann, DeleteScope{Scope: sig}),
			refused{code: CodeUnknown, help: "tenure scope list --org acme", says: "no scope team:sig"},
		},
		{
			"a plain member does not",
			given(acmeFounded, joined(ben), teams, granted(ben, "member", sig)),
			when(ben, DeleteScope{Scope: sig}),
			refused{code: CodeNotPermitted, scope: sig, subject: ben, help: "tenure who --role admin", says: "scope.delete"},
		},
		{
			"nor a maintainer of a team below it",
			given(acmeFounded, joined(ben), teams, granted(ben, "maintainer", sub)),
			when(ben, DeleteScope{Scope: sig}),
			refused{code: CodeNotPermitted, scope: sig, subject: ben, help: "tenure who --role admin", says: "maintainer on team:sig"},
		},
	})
}

func TestScopeTree(t *testing.T) {
	state := given(acmeFounded, teams, moved(leaf, side)).fold(t)
	var order []events.ScopeID
	for _, scope := range state.Scopes() {
		order = append(order, scope.ID)
	}
	if want := []events.ScopeID{org, side, sig, leaf, sub}; !slices.Equal(order, want) {
		t.Errorf("scopes are %v, want %v", order, want)
	}
	if !state.Under(leaf, side) || state.Under(leaf, sig) || !state.Under(sig, sig) || state.Under(org, sig) || state.Under("team:none", org) {
		t.Error("Under does not follow the tree")
	}
	scope, _ := state.Scope(leaf)
	if scope.Created.Revision != 6 || scope.Changed.Revision != 9 { // X03
		t.Errorf("created at %d, changed at %d", scope.Created.Revision, scope.Changed.Revision)
	}
}
