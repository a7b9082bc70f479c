package aggregate

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tenure/events"
	"tenure/rolemodel"
)

// The guild model: custom roles, roles from which permissions are withheld, and
// groups that carry permissions.
var guild = must(rolemodel.Parse("guild.yaml", must(os.ReadFile("testdata/guild.yaml"))))

const (
	hall   events.ScopeID = "guild:acme"
	north1 events.ScopeID = "team:north"
	deep   events.ScopeID = "team:deep"
	page   events.ScopeID = "page:plan"
	smiths events.ScopeID = "circle:smiths"

	byRole   = events.CauseRoleDeleted
	byMaking = events.CauseCreated
)

// guildFounded is a guild with ann as its warden.
var guildFounded = append(founding(guild, acme), registered(ann), started(ann, hall), granted(ann, "warden", hall), granted(ann, "member", hall, events.CauseDefault))

func sworn(who events.PrincipalID) []events.Event {
	return []events.Event{registered(who), started(who, hall), granted(who, "member", hall, events.CauseDefault)}
}

// lodge is the guild with ben as its steward, cat as a member, dan, who is known
// alone, a team north with deep in it and a page in that, and a circle.
func lodge(parts ...any) history {
	return given(append([]any{guildFounded, sworn(ben), granted(ben, "steward", hall), sworn(cat), registered(dan),
		created(north1, hall), created(deep, north1), created(page, deep), created(smiths, hall)}, parts...)...)
}

func defined(role events.RoleID, template string, permissions ...events.Event) []events.Event {
	return append([]events.Event{events.RoleDefined{Role: role, Scope: hall, Template: template}}, permissions...)
}

func added(role events.RoleID, permission events.PermissionID, cause ...events.Cause) events.Event {
	return events.PermissionAdded{Role: role, Scope: hall, Permission: permission, Cause: first(cause)}
}

func removed(role events.RoleID, permission events.PermissionID) events.Event {
	return events.PermissionRemoved{Role: role, Scope: hall, Permission: permission}
}

func carried(on events.ScopeID, permission events.PermissionID) events.Event {
	return events.PermissionAdded{Scope: on, Permission: permission}
}

func erased(role events.RoleID) events.Event { return events.RoleDeleted{Role: role, Scope: hall} }

func kept(kind string, role events.RoleID, permission events.PermissionID, value string) events.Event {
	return events.PermissionWithheld{Kind: kind, Role: role, Permission: permission, Value: value}
}

func back(kind string, role events.RoleID, permission events.PermissionID, value string) events.Event {
	return events.PermissionRestored{Kind: kind, Role: role, Permission: permission, Value: value}
}

// porter is a custom role of the guild, runner one of teams.
var (
	porter = defined("porter", "guild.admin_role", added("porter", "guild.desk", byMaking))
	runner = defined("runner", "team.helper_role", added("runner", "team.read"))
)

func asked(who events.PrincipalID, role events.RoleID, on events.ScopeID, n int) events.Event {
	return events.InvitationSent{Subject: who, Invitation: inviteID(n), Scope: on, Role: role, Expires: start.AddDate(0, 1, 0), TokenHash: hash(n)}
}

func TestDefineRole(t *testing.T) {
	define := func(role events.RoleID, permissions ...events.PermissionID) DefineRole {
		return DefineRole{Role: role, Template: "guild.admin_role", Permissions: permissions}
	}
	specify(t, []specification{
		{"M18: with what a new one has", lodge(), when(ann, DefineRole{Role: "porter", Template: "guild.admin_role", Title: events.Sealed("title"), Icon: "key"}),
			then(events.RoleDefined{Role: "porter", Scope: hall, Template: "guild.admin_role", Title: events.Sealed("title"), Icon: "key"}, added("porter", "guild.desk", byMaking))},
		{"M18: and with others, of the kind and of those below", lodge(), when(ann, define("porter", "guild.desk", "page.edit", "guild.ledger")),
			then(defined("porter", "guild.admin_role", added("porter", "guild.desk", byMaking), added("porter", "page.edit"), added("porter", "guild.ledger"))...)},
		{"M19: of another kind, with nothing", lodge(), when(ann, DefineRole{Role: "runner", Template: "team.helper_role"}), then(defined("runner", "team.helper_role")...)},
		{"of the name of a model role of another kind", lodge(), when(ann, define("lead")), then(defined("lead", "guild.admin_role", added("lead", "guild.desk", byMaking))...)},
		{"again after a deletion", lodge(porter, erased("porter")), when(ann, define("porter")), then(porter...)},
		{"M14: by those who may define, and nothing more", lodge(), when(ben, define("porter")), then(porter...)},
		{"under break-glass", lodge(), when(events.Operator, define("porter"), because("recovery")), then(porter...).underBreakGlass()},

		{"M14: not by a member", lodge(), when(cat, define("porter")),
			refused{code: CodeNotPermitted, rule: "M14", scope: hall, subject: cat, help: "tenure who --role", says: "that takes warden on guild:acme or steward"}},
		{"M14: nor with more by those who give nothing", lodge(), when(ben, define("porter", "guild.ledger")),
			refused{code: CodeNotPermitted, rule: "M14", scope: hall, subject: ben, help: "tenure who --role warden", says: "role.permit"}},
		{"not from an unknown template", lodge(), when(ann, DefineRole{Role: "porter", Template: "guild.none"}),
			refused{code: CodeUnknown, field: "template", help: "tenure models show guild", says: "there is guild.admin_role or team.helper_role"}},
		{"not of the name of a model role", lodge(), when(ann, define("scribe")), refused{code: CodeExists, field: "role", says: "has a role guild.scribe (Scribe)"}},
		{"not of the name of another one", lodge(porter), when(ann, define("porter")), refused{code: CodeExists, field: "role", says: "custom role guild.porter"}},
		{"of whatever kind", lodge(porter), when(ann, DefineRole{Role: "porter", Template: "team.helper_role"}), refused{code: CodeExists, field: "role", says: "custom role guild.porter"}},
		{"not of a name that means something else", lodge(), when(ann, define("none")), refused{code: CodeInvalid, field: "role", says: "and not none"}},
		{"not of a name with spaces", lodge(), when(ann, define("Help desk")), refused{code: CodeInvalid, field: "role", says: `"Help desk" cannot name a role`}},
		{"not of a long name", lodge(), when(ann, define(events.RoleID(strings.Repeat("x", 64)))), refused{code: CodeInvalid, field: "role", says: "1 to 63"}},
		{"not with an icon that is a sentence", lodge(), when(ann, DefineRole{Role: "porter", Template: "guild.admin_role", Icon: "a key"}),
			refused{code: CodeInvalid, field: "icon", says: `"a key" cannot name an icon`}},
		{"not with what does not exist", lodge(), when(ann, define("porter", "guild.fly")), refused{code: CodeUnknown, field: "permissions", help: "tenure models show guild", says: "no permission guild.fly"}},
		{"not with what is reserved", lodge(), when(ann, define("porter", "guild.admins")),
			refused{code: CodeInvalid, rule: "M14", field: "permissions", help: "tenure role show porter", says: "in the section Roles, which is for guild.warden or guild.steward alone"}},
		{"not with what is no choice", lodge(), when(ann, DefineRole{Role: "runner", Template: "team.helper_role", Permissions: []events.PermissionID{"team.build"}}),
			refused{code: CodeInvalid, rule: "M19", field: "permissions", help: "tenure role show runner", says: "does not offer it"}},
	})
}

func TestCustomRolesAreBounded(t *testing.T) {
	var list []events.Event
	for i := range mostCustomRoles {
		list = append(list, events.RoleDefined{Role: events.RoleID(fmt.Sprintf("r%d", i)), Scope: hall, Template: "team.helper_role"})
	}
	state := lodge(list).fold(t)
	refused{code: CodeFull, field: "role", says: "at most 1000 custom roles"}.check(t, events.Commit{}, second(when(ann, DefineRole{Role: "more", Template: "team.helper_role"}).decide(state)))
	if _, err := when(ann, DeleteRole{Role: "r7"}).decide(state); err != nil {
		t.Error(err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestChangeCustomRole(t *testing.T) {
	held := lodge(porter, runner, granted(cat, "porter", hall), started(cat, north1), granted(cat, "runner", north1))
	specify(t, []specification{
		{"M19: renamed, with another icon", held, when(ann, RenameRole{Role: "porter", Title: events.Sealed("t"), Icon: "door"}),
			then(events.RoleRenamed{Role: "porter", Scope: hall, Title: events.Sealed("t"), Icon: "door"})},
		{"called so already", held, when(ann, RenameRole{Role: "porter", Same: true}), then()},
		{"M14: not renamed by those who define", held, when(ben, RenameRole{Role: "porter"}),
			refused{code: CodeNotPermitted, rule: "M14", scope: hall, subject: ben, help: "tenure who --role warden", says: "role.rename"}},
		{"M17b: a role of the model is not renamed", held, when(ann, RenameRole{Role: "warden"}),
			refused{code: CodeInvalid, rule: "M01", role: "guild.warden", field: "role", help: "tenure role list", says: "guild.warden is a role of the model guild"}},
		{"nor one that is not there", held, when(ann, RenameRole{Role: "nobody"}), refused{code: CodeUnknown, field: "role", help: "tenure role list", says: "no custom role nobody"}},
		{"nor with an icon that is none", held, when(ann, RenameRole{Role: "porter", Icon: "/"}), refused{code: CodeInvalid, field: "icon", says: "cannot name an icon"}},

		{"M18: given more", held, when(ann, PermitRole{Role: "porter", Permissions: []events.PermissionID{"guild.ledger", "guild.desk", "team.read"}}), then(added("porter", "guild.ledger"), added("porter", "team.read"))},
		{"given what it has", held, when(ann, PermitRole{Role: "porter", Permissions: []events.PermissionID{"guild.desk"}}), then()},
		{"M18: the initial one is taken away", held, when(ann, UnpermitRole{Role: "porter", Permissions: []events.PermissionID{"guild.desk", "guild.ledger"}}), then(removed("porter", "guild.desk"))},
		{"M14: not by those who define", held, when(ben, PermitRole{Role: "porter", Permissions: []events.PermissionID{"guild.ledger"}}),
			refused{code: CodeNotPermitted, rule: "M14", scope: hall, subject: ben, help: "tenure who --role warden", says: "role.permit"}},
		{"nor taken away by them", held, when(ben, UnpermitRole{Role: "porter", Permissions: []events.PermissionID{"guild.desk"}}),
			refused{code: CodeNotPermitted, rule: "M14", scope: hall, subject: ben, help: "tenure who --role warden", says: "role.unpermit"}},
		{"M17b: a role of the model is given nothing", held, when(ann, PermitRole{Role: "steward", Permissions: []events.PermissionID{"guild.ledger"}}),
			refused{code: CodeInvalid, rule: "M14", role: "guild.steward", field: "role", help: "tenure role list", says: "is a role of the model"}},
		{"M17b: and where permissions can be withheld, it says how", held, when(ann, UnpermitRole{Role: "lead", Permissions: []events.PermissionID{"team.read"}}),
			refused{code: CodeInvalid, rule: "M17b", role: "team.lead", field: "role", help: "tenure role withhold team.lead PERMISSION", says: "is a role of the model"}},
		{"not what is no choice", held, when(ann, PermitRole{Role: "runner", Permissions: []events.PermissionID{"guild.desk"}}),
			refused{code: CodeInvalid, rule: "M19", field: "permissions", help: "tenure role show runner", says: "guild.desk cannot be given to team.runner"}},
		{"nor what does not exist", held, when(ann, UnpermitRole{Role: "porter", Permissions: []events.PermissionID{"x"}}), refused{code: CodeUnknown, field: "permissions", help: "tenure models show", says: "no permission x"}},

		{"M20: deleted with the word", held, when(ann, DeleteRole{Role: "porter", Confirm: "DELETE"}), then(revoked(cat, "porter", hall, byRole), erased("porter"))},
		{"M20: not without", held, when(ann, DeleteRole{Role: "porter"}),
			refused{code: CodeInvalid, rule: "M20", role: "guild.porter", field: "confirm", help: "tenure role delete porter --confirm DELETE --org acme", says: "the word DELETE"}},
		{"M20: nor with another one", held, when(ann, DeleteRole{Role: "porter", Confirm: "delete"}),
			refused{code: CodeInvalid, rule: "M20", role: "guild.porter", field: "confirm", help: "--confirm DELETE", says: "the word DELETE"}},
		{"deleted without a word where none is asked for", held, when(ann, DeleteRole{Role: "runner"}), then(revoked(cat, "runner", north1, byRole), erased("runner"))},
		{"what is offered is withdrawn", lodge(runner, porter, asked(dan, "porter", hall, 1), asked(cat, "runner", north1, 2)), when(ann, DeleteRole{Role: "porter", Confirm: "DELETE"}),
			then(events.InvitationWithdrawn{Subject: dan, Invitation: inviteID(1), Cause: byRole}, erased("porter"))},
		{"M14: not by those who define", held, when(ben, DeleteRole{Role: "porter", Confirm: "DELETE"}),
			refused{code: CodeNotPermitted, rule: "M14", scope: hall, subject: ben, help: "tenure who --role warden", says: "role.delete"}},
		{"M17b: a role of the model is not deleted", held, when(ann, DeleteRole{Role: "scribe", Confirm: "DELETE"}),
			refused{code: CodeInvalid, rule: "M17b", role: "guild.scribe", field: "role", help: "tenure role withhold", says: "neither renamed nor deleted"}},
		{"nor one that is deleted", lodge(porter, erased("porter")), when(ann, DeleteRole{Role: "porter", Confirm: "DELETE"}), refused{code: CodeUnknown, field: "role", help: "tenure role list", says: "no custom role porter"}},
		{"a note on the one who held it", held, when(ann, DeleteRole{Role: "porter", Confirm: "DELETE"}, note(cat)), then(revoked(cat, "porter", hall, byRole), erased("porter"))},
	})
}

// Whoever holds a custom role is like whoever holds another one.
func TestHoldCustomRole(t *testing.T) {
	grant := func(who events.PrincipalID, role events.RoleID, on events.ScopeID) GrantRole {
		return GrantRole{Subject: who, Role: role, Scope: on}
	}
	none := func(role, on string, who events.PrincipalID, help, says string) refused {
		return refused{code: CodeNotMember, rule: "M18", role: role, scope: events.ScopeID(on), subject: who, help: help, says: says}
	}
	guest := []events.Event{registered(eve), events.MembershipStarted{Subject: eve, Scope: hall, MemberKind: "guest"}, granted(eve, "member", hall, events.CauseDefault)}
	specify(t, []specification{
		{"granted", lodge(porter), when(ann, grant(cat, "porter", hall)), then(granted(cat, "porter", hall))},
		{"for a time", lodge(porter), when(ann, GrantRole{Subject: cat, Role: "porter", Scope: hall, Until: start.AddDate(1, 0, 0)}), then(until(start.AddDate(1, 0, 0), granted(cat, "porter", hall)))},
		{"revoked", lodge(porter, granted(cat, "porter", hall)), when(ann, RevokeRole{Subject: cat, Role: "porter", Scope: hall}), then(revoked(cat, "porter", hall))},
		{"laid down", lodge(porter, granted(cat, "porter", hall)), when(cat, RevokeRole{Subject: cat, Role: "porter", Scope: hall}), then(revoked(cat, "porter", hall))},
		{"granted by a role on the scope", lodge(runner, started(ben, deep), started(cat, deep), granted(ben, "lead", deep)), when(ben, grant(cat, "runner", deep)), then(granted(cat, "runner", deep))},
		{"set with the others", lodge(porter, granted(cat, "porter", hall)), when(ann, DefineRoles{Scope: hall, Roles: []RoleHolders{{Role: "porter", Holders: []events.PrincipalID{ben}, Field: "roles.porter"}}}),
			then(granted(ben, "porter", hall), revoked(cat, "porter", hall))},
		{"offered and accepted", lodge(porter, asked(dan, "porter", hall, 1)), when(dan, AcceptInvitation{Invitation: inviteID(1)}),
			then(events.InvitationAccepted{Subject: dan, Invitation: inviteID(1)}, started(dan, hall, events.CauseInvitation), granted(dan, "porter", hall, events.CauseInvitation), granted(dan, "member", hall, events.CauseDefault))},
		{"X02: ended with the membership", lodge(porter, granted(cat, "porter", hall)), when(ann, TerminateMembership{Subject: cat, Scope: hall}),
			then(revoked(cat, "member", hall, events.CauseTermination), revoked(cat, "porter", hall, events.CauseTermination), terminated(cat, hall))},
		{"M14: not granted by those who define", lodge(porter), when(ben, grant(cat, "porter", hall)),
			refused{code: CodeNotPermitted, rule: "M18", role: "guild.porter", scope: hall, subject: ben, help: "tenure who --role warden", says: "may not grant porter"}},
		{"not to who is no member", lodge(porter), when(ann, grant(dan, "porter", hall)), none("guild.porter", string(hall), dan, "tenure member start", "Only a member")},
		{"M11: not to a guest", lodge(porter, guest), when(ann, grant(eve, "porter", hall)), none("guild.porter", string(hall), eve, "", "Only a User can be porter")},
		{"not on a scope of another kind", lodge(porter, started(cat, north1)), when(ann, grant(cat, "porter", north1)), refused{code: CodeUnknown, scope: north1, help: "tenure models show", says: "There is no role porter on team:north; there is lead"}},
		{"not when it is deleted", lodge(porter, erased("porter")), when(ann, grant(cat, "porter", hall)), refused{code: CodeUnknown, scope: hall, help: "tenure models show", says: "no role porter"}},
	})
}

func TestForgedCustomRoles(t *testing.T) {
	unfounded := func(cause string) refused {
		return refused{code: CodeUnfounded, says: `claims the cause "` + cause + `"`}
	}
	plain := defined("porter", "guild.admin_role")
	held := lodge(porter, runner, granted(cat, "porter", hall), started(cat, north1), granted(cat, "runner", north1), asked(dan, "porter", hall, 1))
	var forgeries []forgery
	for _, cause := range events.Causes {
		says := unfounded(string(cause))
		if cause == events.CauseExpiry {
			says = refused{code: CodeNotPermitted, says: "falls due"}
		}
		for _, actor := range []events.PrincipalID{ann, events.Operator, events.Importer} {
			if cause != byMaking {
				forgeries = append(forgeries, forgery{fmt.Sprintf("a permission with the cause %s by %s", cause, actor), held, actor, together(added("porter", "guild.ledger", cause)), 0, says})
			}
			forgeries = append(forgeries, forgery{fmt.Sprintf("a deletion with the cause %s by %s", cause, actor), lodge(porter), actor, together(events.RoleDeleted{Role: "porter", Scope: hall, Cause: cause}), 0, says})
		}
		if cause != byMaking {
			forgeries = append(forgeries, forgery{fmt.Sprintf("a permission of a group with the cause %s", cause), held, ann, together(events.PermissionAdded{Scope: smiths, Permission: "guild.desk", Cause: cause}), 0, says})
		}
	}
	unfinished := refused{code: CodeUnfounded, rule: "M18", role: "guild.porter", says: "gives guild.desk, and porter would not"}
	newer := func(on events.ScopeID) refused {
		return refused{code: CodeNotPermitted, scope: on, says: "is defined by this very commit"}
	}
	forged(t, append(forgeries, []forgery{
		{"what comes with a role that is there", held, ben, together(removed("porter", "guild.desk"), added("porter", "guild.desk", byMaking)), 0,
			refused{code: CodeNotPermitted, rule: "M14", scope: hall, subject: ben, help: "tenure who", says: "role.unpermit"}},
		{"what comes with a role, given back", lodge(porter, removed("porter", "guild.desk")), ann, together(added("porter", "guild.desk", byMaking)), 0, unfounded("created")},
		{"what does not come with a new role", lodge(), ben, append(plain, added("porter", "guild.ledger", byMaking)), 1, unfounded("created")},
		{"what comes with a new role, for another one", lodge(porter), ben, append(defined("other", "guild.admin_role"), added("porter", "guild.ledger", byMaking)), 1, unfounded("created")},
		{"what comes with a new role, for a new group", lodge(), ann, together(created("circle:new", hall), events.PermissionAdded{Scope: "circle:new", Permission: "guild.desk", Cause: byMaking}), 1, unfounded("created")},
		{"a new role without what comes with it", lodge(), ben, plain, 0, unfinished},
		{"a new role whose permissions come with another one", lodge(), ben, append(defined("runner", "team.helper_role"), plain...), 1, unfinished},
		{"a new role that is somebody's at once", lodge(), ann, append(together(porter), granted(cat, "porter", hall)), 2, newer(hall)},
		{"and with an invitation", lodge(), ann, append(together(porter), asked(dan, "porter", hall, 1)), 2, newer(hall)},
		{"a role that is there, made another one", lodge(porter), ann, append(together(erased("porter"), porter), granted(cat, "porter", hall)), 3, newer(hall)},
		{"a role of another kind, made another one", lodge(started(cat, north1), porter), ann, append(together(erased("porter"), defined("porter", "team.helper_role")), granted(cat, "porter", north1)), 2, newer(north1)},
		{"and taken at once by the one who makes it", lodge(porter), ann, append(together(erased("porter"), porter), granted(ann, "porter", hall)), 3, newer(hall)},

		{"deleted while it is held", held, ann, together(erased("porter")), 0, refused{code: CodeUnfounded, rule: "M18", role: "guild.porter", scope: hall, says: "ends that it is held"}},
		{"deleted while it is offered", held, ann, together(revoked(cat, "porter", hall, byRole), erased("porter")), 1,
			refused{code: CodeUnfounded, rule: "M18", role: "guild.porter", subject: dan, says: "the invitations that offer it"}},
		{"revoked for a deletion that does not come", held, ben, together(revoked(cat, "porter", hall, byRole)), 0, unfounded("role_deleted")},
		{"revoked for the deletion of another one", held, ann, together(revoked(cat, "runner", north1, byRole), revoked(cat, "porter", hall, byRole)), 0, unfounded("role_deleted")},
		{"granted for a deletion", held, ann, together(granted(ben, "porter", hall, byRole), revoked(ben, "porter", hall, byRole), revoked(cat, "porter", hall, byRole)), 0, unfounded("role_deleted")},
		{"a membership for a deletion", held, ann, together(terminated(cat, north1, byRole)), 0, refused{code: CodeUnfounded, rule: "X02", scope: north1, subject: cat, says: "would be left"}},
		{"revoked for a deletion that came before", lodge(porter), ann, together(erased("porter"), defined("porter", "guild.admin_role"), revoked(cat, "member", hall, byRole)), 2, unfounded("role_deleted")},
		{"a role of the model for the deletion of its namesake", lodge(defined("lead", "guild.admin_role", added("lead", "guild.desk", byMaking)), started(cat, north1), granted(cat, "lead", north1)), ann,
			together(revoked(cat, "lead", north1, byRole), erased("lead")), 0, unfounded("role_deleted")},
		{"withdrawn for a deletion that does not come", held, ben, together(events.InvitationWithdrawn{Subject: dan, Invitation: inviteID(1), Cause: byRole}), 0, unfounded("role_deleted")},
		{"withdrawn for the deletion of another one", lodge(runner, asked(dan, "", hall, 1)), ann, together(events.InvitationWithdrawn{Subject: dan, Invitation: inviteID(1), Cause: byRole}, erased("runner")), 0, unfounded("role_deleted")},
		{"revoked and deleted by those who may not", held, ben, together(revoked(cat, "porter", hall, byRole), events.InvitationWithdrawn{Subject: dan, Invitation: inviteID(1), Cause: byRole}, erased("porter")), 2,
			refused{code: CodeNotPermitted, rule: "M14", scope: hall, subject: ben, help: "tenure who", says: "role.delete"}},

		{"defined for a team", lodge(), ann, together(events.RoleDefined{Role: "x", Scope: north1, Template: "team.helper_role"}), 0, refused{code: CodeInvalid, says: "for all of guild:acme"}},
		{"renamed for a team", held, ann, together(events.RoleRenamed{Role: "runner", Scope: north1}), 0, refused{code: CodeInvalid, says: "for all of guild:acme"}},
		{"deleted for a team", held, ann, together(events.RoleDeleted{Role: "runner", Scope: north1}), 0, refused{code: CodeInvalid, says: "for all of guild:acme"}},
		{"given for a team", held, ann, together(events.PermissionAdded{Role: "runner", Scope: north1, Permission: "page.edit"}), 0, refused{code: CodeInvalid, says: "for all of guild:acme"}},
		{"given to nothing", held, ann, together(events.PermissionAdded{Scope: "team:none", Permission: "page.edit"}), 0, refused{code: CodeUnknown, help: "tenure scope list", says: "no scope team:none"}},
		{"given twice", held, ann, together(added("porter", "guild.desk")), 0, refused{code: CodeExists, field: "permissions", scope: hall, says: "is given already"}},
		{"taken twice", held, ann, together(removed("porter", "guild.ledger")), 0, refused{code: CodeUnknown, field: "permissions", scope: hall, says: "is not given"}},
		{"taken from nothing", held, ann, together(removed("nobody", "guild.ledger")), 0, refused{code: CodeUnknown, field: "role", help: "tenure role list", says: "no custom role nobody"}},
		{"by the background user", held, background, together(added("porter", "guild.ledger")), 0, refused{code: CodeNotPermitted, says: "what falls due"}},
		{"by the importer", held, events.Importer, together(erased("runner")), 0, refused{code: CodeUnfounded, rule: "M19", role: "team.runner", scope: north1, says: "ends that it is held"}},
	}...))
}

// The end of a role in the middle of a commit leaves nothing behind, and nobody
// gets anything by it.
func TestDeletedWithinACommit(t *testing.T) {
	state := lodge(porter, granted(cat, "porter", hall)).fold(t)
	commit := following(state, ann, together(revoked(cat, "porter", hall, byRole), erased("porter"), porter)...)
	next := stored(t, state, commit)
	porters, _ := next.Role("guild", "porter")
	root, _ := next.Scope(hall)
	if holders := root.Holders(porters); len(holders) > 0 {
		t.Errorf("%v hold it", holders)
	}
	for _, list := range [][]events.Event{
		together(until(start.AddDate(1, 0, 0), granted(ben, "porter", hall)), revoked(ben, "porter", hall, byRole), revoked(cat, "porter", hall, byRole), erased("porter")),
		together(granted(ben, "porter", hall), events.RoleLimited{Subject: ben, Role: "porter", Scope: hall, Until: start.AddDate(1, 0, 0)}, revoked(ben, "porter", hall), revoked(cat, "porter", hall), erased("porter")),
	} {
		if refusals := Audit(state, following(state, ann, list...)); refusals != nil {
			t.Errorf("%v: %v", list, refusals)
		}
	}
}

// What a custom role gives is had by all who hold it, at once; the state says by
// which commit.
func TestCustomRoleGives(t *testing.T) {
	may := func(state State, who events.PrincipalID, permission string, on events.ScopeID) bool {
		t.Helper()
		p, known := state.Model.Permission(permission)
		if !known {
			t.Fatalf("no permission %s", permission)
		}
		question := Question{Who: who, Permission: p, On: on}
		allowed := state.Allowed(question)
		if answer := state.Explain(question); answer.Allowed != allowed {
			t.Errorf("%s may %s on %s: %t, explained as %+v", who, permission, on, allowed, answer)
		}
		return allowed
	}
	state := lodge(porter, granted(cat, "porter", hall)).fold(t)
	permit := func(state State, permissions ...events.PermissionID) State {
		t.Helper()
		return stored(t, state, must(when(ann, PermitRole{Role: "porter", Permissions: permissions}).decide(state)))
	}
	if !may(state, cat, "guild.desk", hall) || may(state, cat, "guild.ledger", hall) || may(state, cat, "team.read", deep) {
		t.Error("a new role does not give what comes with it, or more")
	}
	state = permit(state, "guild.ledger", "team.read", "guild.people")
	if !may(state, cat, "guild.ledger", hall) || !may(state, cat, "team.read", deep) || may(state, cat, "page.edit", page) {
		t.Error("it does not give what was added, or more")
	}
	if !state.MayAct(cat, rolemodel.PersonRegister, hall) || state.MayAct(cat, rolemodel.RoleDefine, hall) {
		t.Error("it does not allow what its permissions allow, or more")
	}
	read, _ := state.Model.Permission("team.read")
	answer := state.Explain(Question{Who: cat, Permission: read, On: deep})
	if len(answer.Because) != 1 || answer.Because[0].Grant.Role.Name != "porter" || answer.Because[0].Given.Revision != state.Revision {
		t.Errorf("explained as %+v, at revision %d", answer.Because, state.Revision)
	}
	custom, _ := state.CustomRole(answer.Because[0].Grant.Role)
	if custom.Changed.Revision != state.Revision || custom.Changed.Actor != ann || custom.Defined.Revision >= state.Revision { // X03
		t.Errorf("it says %+v", custom)
	}
	before := state
	state = stored(t, state, must(when(ann, UnpermitRole{Role: "porter", Permissions: []events.PermissionID{"team.read", "guild.desk"}}).decide(state)))
	if may(state, cat, "team.read", deep) || may(state, cat, "guild.desk", hall) || !may(state, cat, "guild.ledger", hall) {
		t.Error("it gives what was taken away, or too little")
	}
	if !may(before, cat, "team.read", deep) {
		t.Error("the state before has changed")
	}
	custom, _ = state.CustomRole(custom.Role)
	if custom.Changed.Revision != state.Revision { // X03
		t.Errorf("changed at %d, not at %d", custom.Changed.Revision, state.Revision)
	}
	// Who lacks something is told that the role gives it.
	answer = state.Explain(Question{Who: dan, Permission: must(found(state.Model.Permission("guild.ledger"))), On: hall})
	var instead []string
	for _, m := range answer.Instead {
		instead = append(instead, m.Role.ID())
	}
	if diff := cmp.Diff([]string{"guild.warden", "guild.scribe", "guild.porter"}, instead); diff != "" {
		t.Error(diff)
	}
	state = stored(t, state, must(when(ann, DeleteRole{Role: "porter", Confirm: "DELETE"}).decide(state)))
	if may(state, cat, "guild.ledger", hall) || len(state.CustomRoles()) > 0 {
		t.Error("a deleted role gives something")
	}
}

func found[T any](value T, known bool) (T, error) {
	if !known {
		return value, fmt.Errorf("it is not there")
	}
	return value, nil
}

// Whatever order roles were defined in, equal content is an equal snapshot.
func TestSnapshotsOfCustomRoles(t *testing.T) {
	one := lodge(append(together(porter, runner), defined("cook", "guild.admin_role", added("cook", "guild.desk", byMaking), added("cook", "page.edit"))...),
		together(granted(cat, "porter", hall), granted(cat, "cook", hall))).fold(t)
	other := lodge(append(defined("cook", "guild.admin_role", added("cook", "page.edit"), added("cook", "guild.desk", byMaking)), together(runner, porter)...),
		together(granted(cat, "cook", hall), granted(cat, "porter", hall))).fold(t)
	if diff := differ(one.Snapshot(), other.Snapshot()); diff != "" {
		t.Error(diff)
	}
	a, b := must(when(ann, TerminateMembership{Subject: cat, Scope: hall}).decide(one)), must(when(ann, TerminateMembership{Subject: cat, Scope: hall}).decide(other))
	if diff := cmp.Diff(a, b); diff != "" {
		t.Error(diff)
	}
}

// An invitation to a role ends with it, not with another one of its name.
func TestInvitedToAnotherRole(t *testing.T) {
	state := lodge(porter, asked(dan, "porter", hall, 1)).fold(t)
	state = stored(t, state, must(when(ann, DeleteRole{Role: "porter", Confirm: "DELETE"}, clockAt(start.Add(time.Hour))).decide(state)))
	state = stored(t, state, must(when(ann, DefineRole{Role: "porter", Template: "guild.admin_role"}, clockAt(start.Add(time.Hour))).decide(state)))
	refused{code: CodeUnknown, help: "tenure invitations list", says: "no open invitation"}.check(t, events.Commit{}, second(when(dan, AcceptInvitation{Invitation: inviteID(1)}, clockAt(start.Add(time.Hour))).decide(state)))
}
