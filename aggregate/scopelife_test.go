package aggregate

import (
	"fmt"
	"slices"
	"testing"

	"tenure/events"
)

func set(scope events.ScopeID, attribute events.AttributeID, value string, cause ...events.Cause) events.Event {
	return events.AttributeSet{Scope: scope, Attribute: attribute, Value: value, Cause: first(cause)}
}

func TestWhoCreatesAScope(t *testing.T) {
	come := events.CauseCreated
	group := map[events.AttributeID]string{"type": "group"}
	mine := func(who events.PrincipalID, id, parent events.ScopeID) []events.Event {
		return []events.Event{created(id, parent), started(who, id, come), granted(who, "owner", id, come), granted(who, "lead", id, come)}
	}
	specify(t, []specification{
		{
			"becomes a member with the creator's roles",
			given(atelierFounded, resident(ben)),
			when(ben, CreateScope{Scope: alpha, Parent: atelierHouse}),
			then(together(mine(ben, alpha, atelierHouse), granted(ben, "reader", alpha, byDefault))...),
		},
		{
			"says what it is like, where that is not the usual",
			given(atelierFounded, resident(ben)),
			when(ben, CreateScope{Scope: alpha, Parent: atelierHouse, Attributes: map[events.AttributeID]string{"type": "group", "sight": "hidden"}}),
			then(together(created(alpha, atelierHouse), set(alpha, "type", "group", come), mine(ben, alpha, atelierHouse)[1:], granted(ben, "reader", alpha, byDefault))...),
		},
		{
			"names the first members",
			given(atelierFounded, resident(ben), resident(cat), visitor(dan)),
			when(ben, CreateScope{Scope: alpha, Parent: atelierHouse, Members: []events.PrincipalID{cat, ben, dan, cat}}),
			then(together(mine(ben, alpha, atelierHouse), started(cat, alpha, come), guest(dan, alpha, come), granted(ben, "reader", alpha, byDefault),
				granted(cat, "reader", alpha, byDefault), granted(dan, "reader", alpha, byDefault))...),
		},
		{
			"C19b: and none whom the permission to create does not cover",
			given(atelierFounded, resident(ben), resident(cat), registered(dan)),
			when(ben, CreateScope{Scope: alpha, Parent: atelierHouse, Members: []events.PrincipalID{cat, dan}}),
			refused{code: CodeNotPermitted, rule: "S01", scope: atelierHouse, subject: ben, help: "tenure who --role owner", says: "only for people of the house"},
		},
		{
			"unless by another one, which does",
			given(atelierFounded, registered(dan)),
			when(ann, CreateScope{Scope: alpha, Parent: atelierHouse, Members: []events.PrincipalID{dan}}),
			then(together(mine(ann, alpha, atelierHouse), started(dan, alpha, come), granted(ann, "reader", alpha, byDefault), granted(dan, "reader", alpha, byDefault))...),
		},
		{
			"is no guest where only users get what creators get",
			given(atelierFounded, visitor(dan)),
			when(dan, CreateScope{Scope: alpha, Parent: atelierHouse}),
			refusals{{code: CodeNotMember, rule: "S09", role: "team.lead", scope: alpha, subject: dan, says: "Only a User can be lead"},
				{code: CodeNotMember, rule: "S08", role: "team.owner", scope: alpha, subject: dan, says: "Only a User can be owner"}},
		},
		{
			"is the operator for somebody else",
			given(atelierFounded, resident(ben)),
			when(events.Operator, CreateScope{Scope: alpha, Parent: atelierHouse, Creator: ben}, because("requested")),
			then(together(mine(ben, alpha, atelierHouse), granted(ben, "reader", alpha, byDefault))...).underBreakGlass(),
		},
		{
			"and not for nobody, where there must be an owner",
			given(atelierFounded),
			when(events.Operator, CreateScope{Scope: alpha, Parent: atelierHouse}, because("requested")),
			refused{code: CodeTooFew, rule: "S08", role: "team.owner", scope: alpha, help: "tenure transfer PERSON", says: "at least 1 active owner"},
		},
		{
			"nor for a stranger",
			given(atelierFounded),
			when(events.Operator, CreateScope{Scope: alpha, Parent: atelierHouse, Creator: nix}, because("requested")),
			refused{code: CodeUnknown, help: "tenure person add", says: "no person " + string(nix)},
		},
		{
			"nor for the background user",
			given(atelierFounded),
			when(events.Operator, CreateScope{Scope: alpha, Parent: atelierHouse, Creator: events.Background}, because("requested")),
			refused{code: CodeInvalid, scope: alpha, subject: events.Background, field: "for", says: "background is none"},
		},
		{
			"nor where creators get nothing",
			given(atelierFounded),
			when(events.Operator, CreateScope{Scope: wing, Parent: atelierHouse, Creator: ann}, because("requested")),
			refused{code: CodeInvalid, scope: wing, subject: ann, field: "for", says: "given nothing there"},
		},
		{
			"is nobody else for others",
			given(atelierFounded, resident(ben)),
			when(ann, CreateScope{Scope: alpha, Parent: atelierHouse, Creator: ben}),
			refused{code: CodeNotPermitted, scope: alpha, subject: ann, field: "for", says: "the operator alone"},
		},
		{
			"does not name strangers",
			given(atelierFounded),
			when(ann, CreateScope{Scope: alpha, Parent: atelierHouse, Members: []events.PrincipalID{nix}}),
			refused{code: CodeUnknown, help: "tenure person add", says: "no person " + string(nix)},
		},
		{
			"names attributes that there are",
			given(atelierFounded),
			when(ann, CreateScope{Scope: wing, Parent: atelierHouse, Attributes: group}),
			refused{code: CodeUnknown, field: "attributes.type", help: "tenure models show atelier", says: "no attribute type of a wing"},
		},
		{
			"and values that there are",
			given(atelierFounded),
			when(ann, CreateScope{Scope: alpha, Parent: atelierHouse, Attributes: map[events.AttributeID]string{"type": "club"}}),
			refused{code: CodeInvalid, scope: alpha, field: "attributes.type", says: `Type is project or group, not "club"`},
		},
	})
}

func TestCreationIsAudited(t *testing.T) {
	come := events.CauseCreated
	mine := team(alpha, atelierHouse, ben)
	inStudio := func(parts ...any) history {
		return given(append([]any{atelierFounded, resident(ben), resident(cat), registered(dan)}, parts...)...)
	}
	state := inStudio().fold(t)
	if refusals := Audit(state, following(state, ben, mine...)); refusals != nil {
		t.Fatalf("an ordinary creation is refused: %v", refusals)
	}
	unfounded := refused{code: CodeUnfounded, says: "created"}
	forged(t, []forgery{
		{"the creator's roles for somebody else", inStudio(), ben,
			together(mine[:1], started(cat, alpha, come), granted(cat, "owner", alpha, come), granted(cat, "lead", alpha, come), granted(cat, "reader", alpha, byDefault)), 2, unfounded},
		{"and for somebody else besides", inStudio(), ben,
			together(mine, started(cat, alpha, come), granted(cat, "lead", alpha, come)), 6, unfounded},
		{"a role that creators do not get", inStudio(), ben,
			together(mine, granted(ben, "writer", alpha, come), revoked(ben, "reader", alpha, events.CauseReplaced)), 5, unfounded},
		{"for a time", inStudio(), ben,
			together(mine[:3], events.RoleGranted{Subject: ben, Role: "lead", Scope: alpha, Until: start.Add(day), Cause: come}, mine[4:]), 3, unfounded},
		{"without them", inStudio(), ben,
			together(mine[:3], mine[4:]), 0, refused{code: CodeUnfounded, rule: "S09", role: "team.lead", scope: alpha, subject: ben, says: "Whoever creates team:alpha is lead there"}},
		{"on a scope that is there", inStudio(team(alpha, atelierHouse, cat)), ben,
			together(started(ben, alpha, come), granted(ben, "reader", alpha, byDefault)), 0, unfounded},
		{"a mark on a scope that is there", inStudio(team(alpha, atelierHouse, cat)), ben,
			together(set(alpha, "sight", "open", come)), 0, unfounded},
		{"a fixed mark, by the operator", inStudio(team(alpha, atelierHouse, cat)), events.Operator,
			together(set(alpha, "type", "group")), 0, refused{code: CodeInvalid, scope: alpha, field: "attributes.type", says: "does not change"}},
		{"membership of the house", inStudio(), ben,
			together(mine, started(dan, atelierHouse, come)), 5, unfounded},
		{"a stranger as a member", inStudio(), ben,
			together(mine, started(dan, alpha, come), granted(dan, "reader", alpha, byDefault)), 5,
			refused{code: CodeNotPermitted, rule: "S01", scope: atelierHouse, subject: ben, help: "tenure who --role owner", says: "only for people of the house"}},
		{"what the model says of creators, in a scope below the new one", inStudio(), ben,
			together(mine, created(beta, alpha), started(ben, beta, come), granted(ben, "owner", beta, come), granted(ben, "lead", beta, come), granted(ben, "reader", beta, byDefault)), 5,
			refused{code: CodeNotPermitted, scope: alpha, says: "created by this very commit"}},
		{"in the archive", inStudio(team(alpha, atelierHouse, cat), events.ScopeArchived{Scope: alpha}), cat,
			together(team(beta, alpha, cat)), 0, archived(alpha, alpha)},
	})
}

// archived refuses what is new on a scope, because of one that is in the archive.
func archived(on, top events.ScopeID) refused {
	return refused{code: CodeArchived, scope: on, help: "tenure scope restore " + string(top) + " --org acme", says: string(top) + " is in the archive"}
}

func TestSetAttributes(t *testing.T) {
	specify(t, []specification{
		{
			"those that differ",
			given(atelierFounded, resident(ben), team(alpha, atelierHouse, ben)),
			when(ben, SetAttributes{Scope: alpha, Attributes: map[events.AttributeID]string{"sight": "open", "type": "project"}}),
			then(set(alpha, "sight", "open")),
		},
		{
			"none that is so already",
			given(atelierFounded, resident(ben), team(alpha, atelierHouse, ben), set(alpha, "sight", "open")),
			when(ben, SetAttributes{Scope: alpha, Attributes: map[events.AttributeID]string{"sight": "open"}}),
			then(),
		},
		{
			"back to the first value",
			given(atelierFounded, resident(ben), team(alpha, atelierHouse, ben), set(alpha, "sight", "open")),
			when(ben, SetAttributes{Scope: alpha, Attributes: map[events.AttributeID]string{"sight": "hidden"}}),
			then(set(alpha, "sight", "hidden")),
		},
		{
			"not what is fixed",
			given(atelierFounded, resident(ben), team(alpha, atelierHouse, ben)),
			when(ben, SetAttributes{Scope: alpha, Attributes: map[events.AttributeID]string{"type": "group"}}),
			refused{code: CodeInvalid, scope: alpha, field: "attributes.type", says: "was said when it was created"},
		},
		{
			"not what there is not",
			given(atelierFounded, resident(ben), team(alpha, atelierHouse, ben)),
			when(ben, SetAttributes{Scope: alpha, Attributes: map[events.AttributeID]string{"color": "red"}}),
			refused{code: CodeUnknown, field: "attributes.color", help: "tenure models show atelier", says: "no attribute color of a team"},
		},
		{
			"not without the permission",
			given(atelierFounded, resident(ben), resident(cat), team(alpha, atelierHouse, ben), memberOf(cat, alpha)),
			when(cat, SetAttributes{Scope: alpha, Attributes: map[events.AttributeID]string{"sight": "open"}}),
			refused{code: CodeNotPermitted, rule: "S05", scope: alpha, subject: cat, help: "tenure who --role owner", says: "scope.set:sight"},
		},
		{
			"not where there is no such scope",
			given(atelierFounded),
			when(ann, SetAttributes{Scope: alpha}),
			refused{code: CodeUnknown, help: "tenure scope list", says: "no scope team:alpha"},
		},
	})
}

func TestArchive(t *testing.T) {
	shelved := events.ScopeArchived{Scope: alpha}
	// alpha has beta and a board in it, with people; a keeper who is suspended; and gamma is beside it.
	house := []any{atelierFounded, resident(ben), resident(cat), resident(dan), team(alpha, atelierHouse, ben), team(beta, alpha, ben), created(chalk, alpha),
		team(gamma, atelierHouse, ben), memberOf(cat, alpha), granted(cat, "keeper", chalk), memberOf(dan, beta), suspended(dan, beta),
		events.RoleGranted{Subject: cat, Role: "speaker", Scope: alpha, Until: start.Add(9 * day)}, registered(eve)}
	before := given(house...)
	frozen := given(append(house, shelved)...)
	specify(t, []specification{
		{"a lead shelves the own team", before, when(ben, ArchiveScope{Scope: alpha}), then(shelved)},
		{"and takes it back", frozen, when(ben, ArchiveScope{Scope: alpha, Restore: true}), then(events.ScopeRestored{Scope: alpha})},
		{"once", frozen, when(ben, ArchiveScope{Scope: alpha}), then()},
		{"what is there is there already", before, when(ben, ArchiveScope{Scope: alpha, Restore: true}), then()},
		{"no reader does", before, when(cat, ArchiveScope{Scope: alpha}),
			refused{code: CodeNotPermitted, rule: "S06", scope: alpha, subject: cat, help: "tenure who --role owner", says: "scope.archive"}},
		{"nor takes it back", frozen, when(cat, ArchiveScope{Scope: alpha, Restore: true}),
			refused{code: CodeNotPermitted, rule: "S06", scope: alpha, subject: cat, help: "tenure who --role owner", says: "scope.archive"}},
		{"not the organization", before, when(events.Operator, ArchiveScope{Scope: atelierHouse}, because("requested")),
			refused{code: CodeStructure, scope: atelierHouse, says: "cannot be archived"}},
		{"not what is not there", before, when(ann, ArchiveScope{Scope: "team:none"}),
			refused{code: CodeUnknown, help: "tenure scope list", says: "no scope team:none"}},
		{"nor is a kind that nobody may archive", given(atelierFounded, created(wing, atelierHouse)), when(ann, ArchiveScope{Scope: wing}),
			refused{code: CodeNotPermitted, scope: wing, subject: ann, says: "no role of the role model gives that"}},
		{"what is in it can be put there apart", frozen, when(ben, ArchiveScope{Scope: beta}), then(events.ScopeArchived{Scope: beta})},
	})
	for _, c := range []struct {
		name string
		on   events.ScopeID
		when attempt
	}{
		{"no member", alpha, when(ann, StartMembership{Subject: dan, Scope: alpha})},
		{"no member below", beta, when(ann, StartMembership{Subject: cat, Scope: beta})},
		{"no role", alpha, when(ann, GrantRole{Subject: cat, Role: "lead", Scope: alpha})},
		{"no role below", chalk, when(ann, GrantRole{Subject: ben, Role: "keeper", Scope: chalk})},
		{"no role for longer", alpha, when(ann, GrantRole{Subject: cat, Role: "speaker", Scope: alpha, Until: start.Add(10 * day)})},
		{"no role for good", alpha, when(ann, GrantRole{Subject: cat, Role: "speaker", Scope: alpha})},
		{"no other owner", alpha, when(ben, TransferRole{Subject: cat, Role: "owner", Scope: alpha})},
		{"no scope", alpha, when(ben, CreateScope{Scope: "board:new", Parent: alpha})},
		{"no scope below", beta, when(ben, CreateScope{Scope: "board:new", Parent: beta})},
		{"nothing that moves in", alpha, when(ann, MoveScope{Scope: gamma, Parent: alpha})},
		{"nothing that moves out", beta, when(ann, MoveScope{Scope: beta, Parent: atelierHouse})},
		{"no title", alpha, when(ben, RenameScope{Scope: alpha, Title: events.Sealed("title")})},
		{"no mark", alpha, when(ben, SetAttributes{Scope: alpha, Attributes: map[events.AttributeID]string{"sight": "open"}})},
		{"nobody's face", alpha, when(ben, SetDesignation{Subject: ben, Designation: "face", Scope: alpha})},
		{"nobody back", beta, when(ann, ResumeMembership{Subject: dan, Scope: beta})},
		{"no invitation", alpha, when(ann, SendInvitation{Invitation: inviteID(1), Subject: eve, Scope: alpha, Expires: start.Add(20 * day), TokenHash: hash(1)})},
		{"no merger", alpha, when(ann, MergeScope{Scope: alpha, Into: gamma})},
		{"no merger with it", alpha, when(ann, MergeScope{Scope: gamma, Into: alpha})},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := c.when.decide(before.fold(t)); err != nil {
				t.Fatalf("it is refused before: %v", err)
			}
			_, err := c.when.decide(frozen.fold(t))
			archived(c.on, alpha).check(t, events.Commit{}, err)
		})
	}
	specify(t, []specification{
		{"what is held there can end", frozen, when(ann, RevokeRole{Subject: cat, Role: "keeper", Scope: chalk}), then(revoked(cat, "keeper", chalk))},
		{"or sooner", frozen, when(ann, GrantRole{Subject: cat, Role: "speaker", Scope: alpha, Until: start.Add(8 * day)}),
			then(events.RoleLimited{Subject: cat, Role: "speaker", Scope: alpha, Until: start.Add(8 * day)})},
		{"memberships too", frozen, when(cat, TerminateMembership{Subject: cat, Scope: alpha}),
			then(revoked(cat, "keeper", chalk, events.CauseTermination), revoked(cat, "speaker", alpha, events.CauseTermination),
				revoked(cat, "reader", alpha, events.CauseTermination), terminated(cat, alpha))},
		{"or rest", frozen, when(ann, SuspendMembership{Subject: cat, Scope: alpha}), then(suspended(cat, alpha))},
		{"and the scope itself", frozen, when(ann, DeleteScope{Scope: beta}), then(
			revoked(ben, "owner", beta, events.CauseScopeDeleted), revoked(ben, "lead", beta, events.CauseScopeDeleted),
			revoked(ben, "reader", beta, events.CauseScopeDeleted), revoked(dan, "reader", beta, events.CauseScopeDeleted),
			terminated(ben, beta, events.CauseScopeDeleted), terminated(dan, beta, events.CauseScopeDeleted), deleted(beta))},
		{"what falls due does", frozen, when(events.Background, FireDeadlines{cat}, clockAt(start.Add(9*day))),
			then(revoked(cat, "speaker", alpha, events.CauseExpiry))},
	})
	state := frozen.fold(t)
	for scope, want := range map[events.ScopeID]bool{alpha: true, beta: true, chalk: true, gamma: false, atelierHouse: false} {
		if state.Archived(scope) != want {
			t.Errorf("%s in the archive: %t", scope, !want)
		}
	}
	if scope, _ := state.Scope(alpha); scope.Changed.Revision != state.Revision { // X03
		t.Errorf("changed at %d", scope.Changed.Revision)
	}
}

// refusals expects several, in this order.
type refusals []refused

func (want refusals) check(t *testing.T, commit events.Commit, err error) {
	t.Helper()
	list, are := err.(Refusals)
	if !are || len(list) != len(want) {
		t.Fatalf("not refused so often: %v, %+v", commit.Events, []Refusal(list))
	}
	for i := range want {
		want[i].compare(t, list[i])
	}
}

func TestImportScopes(t *testing.T) {
	come := events.CauseCreated
	row := func(line string, id, parent events.ScopeID, owner events.PrincipalID) ImportedScope {
		return ImportedScope{CreateScope{Scope: id, Parent: parent, Creator: owner}, "line " + line}
	}
	owned := func(who events.PrincipalID, id, parent events.ScopeID) []events.Event {
		return []events.Event{created(id, parent), started(who, id, come), granted(who, "owner", id, come), granted(who, "lead", id, come)}
	}
	by := func(who events.PrincipalID, on events.ScopeID) events.Event {
		return granted(who, "reader", on, byDefault)
	}
	house := given(atelierFounded, resident(ben), resident(cat), granted(cat, "scribe", atelierHouse), created(wing, atelierHouse), registered(dan))
	specify(t, []specification{
		{
			"with parents before children, each for its owner",
			house,
			when(ann, ImportScopes{Scopes: []ImportedScope{row("2", beta, alpha, ben), row("3", alpha, wing, cat), row("4", gamma, atelierHouse, "")}}),
			then(together(owned(cat, alpha, wing), owned(ben, beta, alpha), owned(ann, gamma, atelierHouse), by(cat, alpha), by(ben, beta), by(ann, gamma))...),
		},
		{
			"takes its own authority alone",
			house,
			when(cat, ImportScopes{Scopes: []ImportedScope{row("2", alpha, atelierHouse, ben), row("3", beta, alpha, ben)}}),
			then(together(owned(ben, alpha, atelierHouse), owned(ben, beta, alpha), by(ben, alpha), by(ben, beta))...),
		},
		{
			"where the file begins",
			house,
			when(cat, ImportScopes{Scopes: []ImportedScope{row("2", alpha, wing, ben), row("3", beta, alpha, ben), row("4", gamma, atelierHouse, ben)}}),
			refusals{
				{code: CodeNotPermitted, scope: wing, subject: cat, field: "line 2", help: "tenure who --role owner", says: "scope.import:team"},
				{code: CodeNotPermitted, scope: wing, subject: cat, field: "line 3", help: "tenure who --role owner", says: "scope.import:team"},
			},
		},
		{
			"not without it",
			house,
			when(ben, ImportScopes{Scopes: []ImportedScope{row("2", alpha, atelierHouse, "")}}),
			refused{code: CodeNotPermitted, rule: "S04", scope: atelierHouse, subject: ben, field: "line 2", help: "tenure who --role", says: "scope.import:team"},
		},
		{
			"and all that is refused is told",
			given(atelierFounded, resident(ben), resident(cat), granted(cat, "scribe", atelierHouse), created(wing, atelierHouse), registered(dan), team(gamma, atelierHouse, ben)),
			when(ann, ImportScopes{Refused: Refusals{{Code: CodeInvalid, Field: "line 9", Message: "No title.", Event: -1}}, Scopes: []ImportedScope{
				row("2", gamma, atelierHouse, ""),
				row("3", "team:a", "team:b", ""), row("4", "team:b", "team:a", ""), row("5", "team:below", "team:b", ""),
				row("6", alpha, "team:none", ""),
				row("7", "team:dans", atelierHouse, dan),
				row("8", "team:unknown", atelierHouse, nix),
				row("9", "team:told", atelierHouse, ""), row("10", "team:within", "team:told", ""),
				{CreateScope{Scope: "team:odd", Parent: atelierHouse, Attributes: map[events.AttributeID]string{"type": "club", "sight": "blue"}}, "line 11"},
				row("12", "team:fine", atelierHouse, ben),
				row("13", "team:self", "team:self", ""),
				row("14", "board:own", atelierHouse, ""),
			}}),
			refusals{
				{code: CodeInvalid, field: "line 9", says: "No title"},
				{code: CodeExists, scope: gamma, field: "line 2", says: "There is a team:gamma already"},
				{code: CodeStructure, scope: "team:b", field: "line 4", says: "cannot stand below itself"},
				{code: CodeStructure, scope: "team:a", field: "line 3", says: "cannot stand below itself"},
				{code: CodeUnknown, field: "line 6", help: "tenure scope list", says: "no scope team:none"},
				{code: CodeUnknown, field: "line 8", help: "tenure person add", says: "no person"},
				{code: CodeInvalid, scope: "team:odd", field: "line 11", says: `Sight is hidden or open, not "blue"`},
				{code: CodeInvalid, scope: "team:odd", field: "line 11", says: `Type is project or group, not "club"`},
				{code: CodeStructure, scope: "team:self", field: "line 13", says: "cannot stand below itself"},
				{code: CodeStructure, scope: "board:own", field: "line 14", says: "stands below team"},
				{code: CodeNotMember, rule: "S09", role: "team.lead", scope: "team:dans", subject: dan, field: "line 7", says: "is a stranger"},
				{code: CodeNotMember, rule: "S08", role: "team.owner", scope: "team:dans", subject: dan, field: "line 7", says: "is a stranger"},
			},
		},
		{
			"an owner fits what owners are",
			given(atelierFounded, visitor(dan)),
			when(ann, ImportScopes{Scopes: []ImportedScope{row("2", alpha, atelierHouse, dan)}}),
			refusals{
				{code: CodeNotMember, rule: "S09", role: "team.lead", scope: alpha, subject: dan, field: "line 2", says: "Only a User can be lead"},
				{code: CodeNotMember, rule: "S08", role: "team.owner", scope: alpha, subject: dan, field: "line 2", says: "Only a User can be owner"},
			},
		},
		{
			"nobody is owner where there is none",
			given(atelierFounded, team(alpha, atelierHouse, ann)),
			when(ann, ImportScopes{Scopes: []ImportedScope{row("2", chalk, alpha, ann)}}),
			refused{code: CodeInvalid, scope: chalk, subject: ann, field: "line 2", says: "given nothing there"},
		},
		{
			"not into the archive",
			given(atelierFounded, created(wing, atelierHouse), events.ScopeArchived{Scope: wing}),
			when(ann, ImportScopes{Scopes: []ImportedScope{row("2", beta, wing, ann)}}),
			refused{code: CodeArchived, scope: wing, field: "line 2", help: "tenure scope restore wing:west", says: "wing:west is in the archive"},
		},
		{
			"nothing is nothing",
			house,
			when(ann, ImportScopes{}),
			then(),
		},
	})
}

func TestImportOfScopesIsAudited(t *testing.T) {
	come := events.CauseCreated
	house := given(atelierFounded, resident(ben), resident(cat), granted(cat, "scribe", atelierHouse), resident(dan), created(wing, atelierHouse), team(gamma, wing, ben))
	state := house.fold(t)
	commit := func(actor events.PrincipalID, list ...events.Event) events.Commit {
		c := following(state, actor, list...)
		c.Command = ImportScopes{}.Name()
		return c
	}
	whole := together(team(alpha, atelierHouse, ben), team(beta, alpha, dan))
	if refusals := Audit(state, commit(cat, whole...)); refusals != nil {
		t.Fatalf("an ordinary import is refused: %v", refusals)
	}
	notHere := refused{code: CodeNotPermitted, scope: wing, subject: cat, help: "tenure who --role owner", says: "scope.import:team"}
	for _, c := range []struct {
		name  string
		actor events.PrincipalID
		list  []events.Event
		event int
		want  refused
	}{
		{"elsewhere", cat, team(alpha, wing, ben), 0, notHere},
		{"elsewhere, below what is new", cat, together(team(alpha, wing, ben), team(beta, alpha, ben)), 0, notHere},
		{"two owners of one scope", cat, together(team(alpha, atelierHouse, ben), started(dan, alpha, come), granted(dan, "lead", alpha, come), granted(dan, "reader", alpha, byDefault)), 6,
			refused{code: CodeUnfounded, says: "created"}},
		{"no lead", cat, together(whole[:3], whole[4:]), 0, refused{code: CodeUnfounded, rule: "S09", role: "team.lead", scope: alpha, subject: cat, says: "Whoever creates team:alpha is lead there"}},
		{"something else besides", cat, together(whole, granted(cat, "friend", gamma)), 10,
			refused{code: CodeNotPermitted, role: "team.friend", scope: gamma, subject: cat, help: "tenure who", says: "may not grant friend"}},
		{"membership of a scope that is there", cat, together(whole, started(cat, gamma, come)), 10, refused{code: CodeUnfounded, says: "created"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			refusals := Audit(state, commit(c.actor, c.list...))
			if len(refusals) == 0 || refusals[0].Event != c.event {
				t.Fatalf("refused with %+v", refusals)
			}
			c.want.compare(t, refusals[0])
		})
	}
	// The authority to import is none to create.
	scribe := given(atelierFounded, registered(eve), granted(eve, "usher", atelierHouse)).fold(t)
	forged := following(scribe, eve, team(alpha, atelierHouse, ann)...)
	forged.Command = ImportScopes{}.Name()
	if refusals := Audit(scribe, forged); refusals != nil {
		t.Errorf("an import is refused: %v", refusals)
	}
	forged.Command = CreateScope{}.Name()
	refused{code: CodeNotPermitted, rule: "S03", scope: atelierHouse, subject: eve, help: "tenure who --role", says: "scope.create:team"}.compare(t, Audit(scribe, forged)[0])
}

// A chain of teams, told from the bottom; and more than a commit holds.
func TestImportOfManyScopes(t *testing.T) {
	state := given(atelierFounded).fold(t)
	scopes := func(n int, kind string, parent func(before events.ScopeID) events.ScopeID) ImportScopes {
		var command ImportScopes
		before := atelierHouse
		for i := range n {
			id := events.Scope(kind, fmt.Sprint("t", i))
			command.Scopes = append(command.Scopes, ImportedScope{CreateScope{Scope: id, Parent: parent(before)}, fmt.Sprintf("line %d", n-i)})
			before = id
		}
		slices.Reverse(command.Scopes)
		return command
	}
	commit, err := when(ann, scopes(300, "team", func(before events.ScopeID) events.ScopeID { return before })).decide(state)
	if err != nil || len(commit.Events) != 5*300 {
		t.Fatalf("%d events, %v", len(commit.Events), err)
	}
	stored(t, state, commit)
	_, err = when(ann, scopes(MaxEvents+1, "wing", func(events.ScopeID) events.ScopeID { return atelierHouse })).decide(state)
	refused{code: CodeTooLarge, says: "do it in several commands"}.check(t, events.Commit{}, err)
}
