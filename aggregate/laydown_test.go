package aggregate

import (
	"testing"

	"tenure/events"
	"tenure/rolemodel"
)

// The band model has a default that nobody grants, and roles in its place that
// give less than it, as much, more, or something else.
var band = must(rolemodel.Parse("band.yaml", []byte(`
model: band
title: Band
about: Groups with players, listeners who only listen, and others in their place.
root: band
highest: band.leader
scopes:
  - {kind: band, title: Band, membership: true}
  - {kind: group, title: Group, under: [band], membership: true, attributes: [{id: hall, title: Hall, values: [shut, open]}]}
features: [{id: stars, title: Stars}]
conditions:
  - {id: open, title: where the hall is open, when: target.attributes.hall == "open"}
permissions:
  - {id: band.people, title: Manage people, section: People, allows: [person.register, membership.start, membership.terminate, feature.switch, role.withhold, "scope.create:group"]}
  - {id: group.hear, title: Hear, section: Music}
  - {id: group.play, title: Play, section: Music}
  - {id: group.sing, title: Sing, section: Music}
  - {id: group.seat, title: Seat people, section: People, allows: [membership.start, membership.terminate]}
roles:
  - {id: band.leader, title: Leader, membership: band, at_least: 1, granted_by: [band.leader], permissions: [band.people], inherited: [group.seat]}
  - {id: group.player, title: Player, rule: B1, membership: group, default: true, permissions: [group.hear, group.play, group.sing if open]}
  - id: group.captain
    title: Captain
    membership: group
    adjustable: true
    granted_by: [band.leader]
    replaces: [group.player]
    permissions: [group.hear, group.play, group.sing, group.seat]
  - {id: group.listener, title: Listener, rule: B2, membership: group, granted_by: [group.seat], replaces: [group.player, group.singer], permissions: [group.hear]}
  - {id: group.singer, title: Singer, rule: B3, membership: group, granted_by: [group.seat], replaces: [group.player], permissions: [group.play, group.sing, group.hear if open]}
  - {id: group.loner, title: Loner, rule: B4, membership: group, granted_by: [group.seat], replaces: [group.player], permissions: [group.hear, group.play, group.sing]}
  - {id: group.watcher, title: Watcher, rule: B5, granted_by: [group.seat], replaces: [group.player]}
  - {id: group.star, title: Star, rule: B6, feature: stars, membership: group, granted_by: [group.seat], replaces: [group.player], permissions: [group.hear, group.play, group.sing if open]}
  - {id: group.equal, title: Equal, membership: group, granted_by: [group.seat], replaces: [group.player], permissions: [group.hear, group.play, group.sing if open]}
  - {id: group.friend, title: Friend, granted_by: [group.captain, group.singer, group.star, group.equal, group.watcher, group.listener, group.player if open], permissions: [group.hear]}
`)))

const (
	bandHall events.ScopeID = "band:acme"
	trio     events.ScopeID = "group:trio"
)

// bandOf is a band with ann as its leader, ben as the captain of the trio, and
// cat and dan as players in it.
func bandOf(parts ...any) history {
	member := func(who events.PrincipalID, on events.ScopeID) []events.Event {
		return together(registered(who), started(who, on))
	}
	return given(append([]any{
		append(founding(band, acme), registered(ann), started(ann, bandHall), granted(ann, "leader", bandHall)),
		together(member(ben, bandHall), member(cat, bandHall), member(dan, bandHall), registered(eve), created(trio, bandHall)),
		together(started(ben, trio), granted(ben, "captain", trio)),
		together(started(cat, trio), granted(cat, "player", trio, events.CauseDefault)),
		together(started(dan, trio), granted(dan, "player", trio, events.CauseDefault)),
	}, parts...)...)
}

// instead has a player hold another role.
func instead(who events.PrincipalID, role events.RoleID) []events.Event {
	return together(granted(who, role, trio), revoked(who, "player", trio, events.CauseReplaced))
}

// A default that nobody grants or revokes makes way for whoever may grant what
// replaces it, and for nobody else.
func TestDefaultThatNobodyGrants(t *testing.T) {
	lacks := func(who events.PrincipalID, rule, role, says, help string) refused {
		return refused{code: CodeNotPermitted, rule: rule, role: role, scope: trio, subject: who, says: says, help: help}
	}
	specify(t, []specification{
		{"it makes way", bandOf(), when(ben, GrantRole{Subject: cat, Role: "listener", Scope: trio}), then(instead(cat, "listener")...)},
		{"for a time", bandOf(), when(ben, GrantRole{Subject: cat, Role: "listener", Scope: trio, Until: later}),
			then(events.RoleGranted{Subject: cat, Role: "listener", Scope: trio, Until: events.Time(later)}, revoked(cat, "player", trio, events.CauseReplaced))},
		{"it comes back", bandOf(instead(cat, "listener")), when(ben, RevokeRole{Subject: cat, Role: "listener", Scope: trio}),
			then(revoked(cat, "listener", trio), granted(cat, "player", trio, events.CauseDefault))},
		{"not for who may not grant the other", bandOf(), when(cat, GrantRole{Subject: dan, Role: "listener", Scope: trio}),
			lacks(cat, "B2", "group.listener", "may not grant", "tenure who")},
		{"nor for what may be had without it", bandOf(), when(cat, GrantRole{Subject: cat, Role: "loner", Scope: trio}),
			lacks(cat, "B4", "group.loner", "may not grant", "tenure who")},
		{"it is not revoked", bandOf(), when(ben, RevokeRole{Subject: cat, Role: "player", Scope: trio}),
			refused{code: CodeDefaultRole, rule: "B1", role: "group.player", scope: trio, subject: cat, help: "tenure member terminate"}},
		{"nor granted to strangers", bandOf(), when(ben, GrantRole{Subject: eve, Role: "player", Scope: trio}),
			lacks(ben, "B1", "group.player", "it comes with the membership.", "tenure member start 01J00000000000000000000EVE --on group:trio --org acme")},
		{"nor granted", bandOf(instead(cat, "listener")), when(ben, GrantRole{Subject: cat, Role: "player", Scope: trio}),
			lacks(ben, "B1", "group.player", "it comes with the membership, in the place of listener once that ends.", "tenure revoke 01J00000000000000000000CAT listener --on group:trio --org acme")},
	})
	forged(t, []forgery{
		{"it does not make way for nothing", bandOf(), ben, together(revoked(cat, "player", trio, events.CauseReplaced)), 0,
			refused{code: CodeUnfounded, says: `claims the cause "replaced"`}},
		{"nor without a cause", bandOf(), ben, together(granted(cat, "listener", trio), revoked(cat, "player", trio)), 1, lacks(ben, "B1", "group.player", "may not revoke", "")},
		{"nor for what replaces something else", bandOf(), ben, together(granted(cat, "friend", trio), revoked(cat, "player", trio, events.CauseReplaced)), 1,
			refused{code: CodeUnfounded, says: `claims the cause "replaced"`}},
	})
}

// Anybody may lay down their own role, where they do not come to have more by that.
func TestLayingDownARole(t *testing.T) {
	lay := func(who events.PrincipalID, role events.RoleID) attempt {
		return when(who, RevokeRole{Subject: who, Role: role, Scope: trio})
	}
	done := func(who events.PrincipalID, role events.RoleID) happening {
		return then(revoked(who, role, trio), granted(who, "player", trio, events.CauseDefault))
	}
	kept := func(rule, role string) refused {
		return refused{code: CodeNotPermitted, rule: rule, role: role, scope: trio, subject: cat, help: "tenure who", says: "would leave " + string(cat) + " with more"}
	}
	withheld := events.PermissionWithheld{Kind: "group", Role: "captain", Permission: "group.play"}
	specify(t, []specification{
		{"one that gives more", bandOf(), lay(ben, "captain"), done(ben, "captain")},
		{"one that gives the same", bandOf(instead(cat, "equal")), lay(cat, "equal"), done(cat, "equal")},
		{"one that replaces nothing", bandOf(granted(cat, "friend", trio)), lay(cat, "friend"), then(revoked(cat, "friend", trio))},
		{"one that gives less", bandOf(instead(cat, "listener")), lay(cat, "listener"), kept("B2", "group.listener")},
		{"at a time to come", bandOf(instead(cat, "listener")), when(cat, GrantRole{Subject: cat, Role: "listener", Scope: trio, Until: later}), kept("B2", "group.listener")},
		{"sooner than it ends anyway", bandOf(together(events.RoleGranted{Subject: cat, Role: "listener", Scope: trio, Until: events.Time(later)}, revoked(cat, "player", trio, events.CauseReplaced))),
			when(cat, GrantRole{Subject: cat, Role: "listener", Scope: trio, Until: later.AddDate(0, 0, -1)}), kept("B2", "group.listener")},
		{"one that gives something under a condition alone", bandOf(instead(cat, "singer")), lay(cat, "singer"), kept("B3", "group.singer")},
		{"one that gives no authority", bandOf(instead(cat, "loner")), lay(cat, "loner"), kept("B4", "group.loner")},
		{"one that waits for a feature", bandOf(events.FeatureEnabled{Feature: "stars"}, instead(cat, "star"), events.FeatureDisabled{Feature: "stars"}), lay(cat, "star"), kept("B6", "group.star")},
		{"one whose feature is on", bandOf(events.FeatureEnabled{Feature: "stars"}, instead(cat, "star")), lay(cat, "star"), done(cat, "star")},
		{"one from which something is withheld", bandOf(withheld), lay(ben, "captain"),
			refused{code: CodeNotPermitted, role: "group.captain", scope: trio, subject: ben, help: "tenure who", says: "with more"}},
		{"by authority", bandOf(instead(ben, "listener")[:1]), lay(ben, "listener"), then(revoked(ben, "listener", trio))},
		{"by who is no member", bandOf(granted(eve, "watcher", trio)), lay(eve, "watcher"), then(revoked(eve, "watcher", trio))},
		{"by who is one", bandOf(instead(cat, "watcher")), lay(cat, "watcher"), kept("B5", "group.watcher")},
		{"beside another in its place", bandOf(instead(cat, "watcher"), granted(cat, "listener", trio)), lay(cat, "watcher"), then(revoked(cat, "watcher", trio))},
		{"beside another for a time", bandOf(instead(cat, "watcher"), events.RoleGranted{Subject: cat, Role: "listener", Scope: trio, Until: events.Time(later)}), lay(cat, "watcher"),
			kept("B5", "group.watcher")},
		{"by leaving", bandOf(instead(cat, "listener")), when(ben, TerminateMembership{Subject: cat, Scope: trio}), then(revoked(cat, "listener", trio, events.CauseTermination), terminated(cat, trio))},
	})
	forged(t, []forgery{
		{"with the default before", bandOf(instead(cat, "listener")), cat, together(granted(cat, "player", trio, events.CauseDefault), revoked(cat, "listener", trio)), 0,
			refused{code: CodeUnfounded, says: `claims the cause "default"`}},
		{"as replaced", bandOf(instead(cat, "listener")), cat, together(revoked(cat, "listener", trio, events.CauseReplaced), granted(cat, "player", trio, events.CauseDefault)), 0,
			refused{code: CodeUnfounded, says: `claims the cause "replaced"`}},
		{"two at once", bandOf(instead(cat, "watcher"), granted(cat, "listener", trio)), cat,
			together(revoked(cat, "watcher", trio), revoked(cat, "listener", trio), granted(cat, "player", trio, events.CauseDefault)), 1, kept("B2", "group.listener")},
	})
}

// In no model that comes along does somebody without authority lay down a role
// and have a permission that they had not before.
func TestLayingDownGivesNothingInAnyModel(t *testing.T) {
	tried, kept := 0, 0
	for _, model := range rolemodel.List() {
		for _, role := range model.Roles {
			kind := kindOf(t, model, role.Kind)
			if kind.Default == nil || role.Client || role.Automatic || passes(role) || role == kind.Default {
				continue
			}
			w := worldOf(t, model)
			x := &newcomer{t: t}
			on := x.scope(w, role.Kind)
			if on == "" || !x.hold(eve, role, on) {
				continue
			}
			person, _ := x.state.Person(eve)
			if held, err := x.state.role(events.RoleID(role.Name), on); err != nil || x.state.mayGrant(person, held, on, eve) {
				continue
			}
			tried++
			before := x.state
			commit, err := when(eve, RevokeRole{Subject: eve, Role: events.RoleID(role.Name), Scope: on}).decide(before)
			if err != nil {
				kept++
				continue
			}
			after := stored(t, before, commit)
			for _, permission := range model.Permissions {
				for _, scope := range after.Scopes() {
					q := Question{Who: eve, Permission: permission, On: scope.ID}
					if permission.Kind == scope.Kind.Name && after.Allowed(q) && !before.Allowed(q) {
						t.Errorf("%s: who lays down %s on %s can %s on %s", model.ID, role.ID(), on, permission.ID, scope.ID)
					}
				}
			}
		}
	}
	if tried == 0 || kept == 0 || kept == tried {
		t.Errorf("of %d roles %d are kept: this shows nothing", tried, kept)
	}
}

// newcomer gives somebody a role in a world.
type newcomer struct {
	t     *testing.T
	state State
}

// scope folds what happened in the world, and finds a scope of the kind.
func (x *newcomer) scope(w *world, kind string) events.ScopeID {
	x.t.Helper()
	x.state = w.before.fold(x.t)
	for _, scope := range x.state.Scopes() {
		if scope.Kind.Name == kind {
			return scope.ID
		}
	}
	return ""
}

// hold makes somebody a member wherever the role needs it, and gives them the role.
func (x *newcomer) hold(who events.PrincipalID, role *rolemodel.Role, on events.ScopeID) bool {
	x.t.Helper()
	do := func(command Command) bool {
		commit, err := when(events.Operator, command, because("correction")).decide(x.state)
		if err == nil && len(commit.Events) > 0 {
			x.state = stored(x.t, x.state, commit)
		}
		return err == nil
	}
	if !do(StartMembership{Subject: who, Scope: x.state.Root}) {
		return false
	}
	if scope, _ := x.state.Scope(on); scope.Kind.Membership && on != x.state.Root {
		do(StartMembership{Subject: who, Scope: on})
	}
	return do(GrantRole{Subject: who, Role: events.RoleID(role.Name), Scope: on})
}
