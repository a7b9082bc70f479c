package api

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tenure/service"
)

// hub is an organization under the model github: ann is its administrator; ben,
// cat, dan and eve are members, and nix is none. ben maintains the team sig, in
// which sub stands, and in that leaf; cat is a member of sig, dan of sub. Nobody is
// in the team side.
func hub(t *testing.T) *stage {
	t.Helper()
	s := enact(t, "github", "ann", "ben", "cat", "dan", "eve", "nix!")
	s.as("ann").create("team:sig", "").done()
	s.as("ann").create("team:side", "").done()
	s.as("ann").create("team:sub", "team:sig").done()
	s.as("ann").create("team:leaf", "team:sub").done()
	s.as("ann").grant("ben", "maintainer", "team:sig").done()
	s.as("ann").grant("cat", "member", "team:sig").done()
	s.as("ann").grant("dan", "member", "team:sub").done()
	return s
}

// under says what stands directly below what.
func (s *stage) under() map[string]string {
	s.t.Helper()
	var scopes []service.ScopeView
	s.as("operator").get("/scopes").into(&scopes)
	tree := map[string]string{}
	for _, scope := range scopes {
		if scope.Under != "" {
			tree[string(scope.ID)] = strings.TrimSuffix(string(scope.Under), ":"+stageOrg)
		}
	}
	return tree
}

func githubRules(t runner) {
	t.Run("G01_administrators_own_the_organization", func(t *testing.T) {
		s := hub(t)
		s.as("ann").grant("ben", "admin", "").done()
		s.held("admin", "", "ann", "ben")
		s.held("member", "", "cat", "dan", "eve") // whom it replaces as
		for _, permission := range []string{"organization.settings.edit", "organization.billing.manage", "organization.members.remove", "organization.teams.create"} {
			s.can("ben", permission, "")
			s.cannot("cat", permission, "")
			s.cannot("nix", permission, "")
		}
		for _, team := range []string{"team:sig", "team:leaf", "team:side"} {
			s.can("ann", "team.delete", team)
			s.cannot("eve", "team.delete", team)
		}
		s.as("eve").create("team:other", "").refused("not_permitted", "")
		s.as("ben").create("team:other", "").done()
		s.as("ben").revoke("ann", "admin", "").done()
		s.held("member", "", "ann", "cat", "dan", "eve")
		s.as("ann").create("team:another", "").refused("not_permitted", "")
		s.as("ann").grant("ann", "admin", "").refused("not_permitted", "G01")
	})

	t.Run("G01_administrators_alone_say_who_is_administrator", func(t *testing.T) {
		s := hub(t)
		s.unchanged(func() {
			for _, who := range []string{"ben", "eve"} { // a maintainer of a team, and a member
				s.as(who).grant(who, "admin", "").refused("not_permitted", "G01")
				s.as(who).grant("cat", "admin", "").refused("not_permitted", "G01")
				s.as(who).revoke("ann", "admin", "").refused("not_permitted", "G01")
				s.as(who).put("/roles", `{"roles": {"admin": [%q]}}`, who).refused("not_permitted", "G01")
				s.as(who).post("/imports/people", `{"file": %q}`, "login,role\n"+who+",admin\n").refused("not_permitted", "G01")
			}
			s.as("nix").grant(string(s.id("nix")), "admin", "").refused("not_permitted", "G01")
			s.as("nix").revoke(string(s.id("ann")), "admin", "").refused("not_permitted", "G01")
			s.as("ben").post("/invitations", `{"person": "nix", "role": "admin"}`).refused("not_permitted", "")
			s.as("ben").post("/people", `{"login": "new"}`).refused("not_permitted", "")
		})
	})

	t.Run("G01_one_is_left_whatever_happens", func(t *testing.T) {
		s := hub(t)
		s.unchanged(func() {
			s.as("ann").revoke("ann", "admin", "").refused("too_few_holders", "X01")
			s.as("ann").grant("ann", "member", "").refused("too_few_holders", "X01")
			s.as("ann").terminate("ann").refused("too_few_holders", "X01")
			s.as("ann").put("/roles", `{"roles": {"admin": []}}`).refused("too_few_holders", "X01")
			s.pass(2 * time.Hour)
			s.as("operator").post("/imports/timeline", `{"commit": "one", "time": %q, "changes": [{"op": "admin.remove", "user": "ann"}]}`,
				start.Add(time.Hour).Format(time.RFC3339)).refused("too_few_holders", "X01")
		})
		s.as("ann").post("/grants", `{"person": "ben", "role": "admin", "until": "P30D"}`).done()
		s.unchanged(func() { s.as("ann").terminate("ann").refused("too_few_holders", "X01") })
		s.as("ann").grant("ben", "admin", "").done()
		s.as("ann").terminate("ann").done() // anybody may leave
		s.held("admin", "", "ben")
		s.unchanged(func() { s.as("ben").terminate("ben").refused("too_few_holders", "X01") })
	})

	t.Run("G01_an_administrator_is_a_member", func(t *testing.T) {
		s := hub(t)
		s.unchanged(func() { s.as("ann").grant("nix", "admin", "").refused("not_a_member", "G01") })
		s.as("ann").post("/memberships/start", `{"person": "nix"}`).done()
		s.as("ann").grant("nix", "admin", "").done()
		s.as("ann").terminate("nix").done()
		s.held("admin", "", "ann")
		s.cannot("nix", "organization.settings.edit", "")
		s.as("ann").grant("ben", "admin", "").done()
		s.as("ann").post("/memberships/suspend", `{"person": "ben"}`).done()
		s.cannot("ben", "organization.settings.edit", "")
		s.as("ben").create("team:other", "").refused("not_permitted", "")
	})

	t.Run("G02_teams_stand_within_teams", func(t *testing.T) {
		s := hub(t)
		diff(t, "teams", map[string]string{"team:sig": "organization", "team:side": "organization", "team:sub": "team:sig", "team:leaf": "team:sub"}, s.under())
		s.as("ben").create("team:below", "team:leaf").done() // maintainers do so in their own
		s.as("ben").create("team:below2", "team:side").refused("not_permitted", "")
		s.as("cat").create("team:below2", "team:sig").refused("not_permitted", "")
		s.as("dan").create("team:below2", "team:leaf").refused("not_permitted", "")
		s.unchanged(func() {
			s.as("ann").post("/scopes/move", `{"scope": "team:sig", "under": "team:leaf"}`).refused("structure", "")
			s.as("ben").post("/scopes/move", `{"scope": "team:sig", "under": "team:side"}`).refused("not_permitted", "")
			s.as("ben").post("/scopes/move", `{"scope": "team:leaf", "under": "team:side"}`).refused("not_permitted", "")
		})
		s.as("ben").post("/scopes/move", `{"scope": "team:leaf", "under": "team:sig"}`).done()
		s.as("ann").post("/scopes/move", `{"scope": "team:leaf", "under": "team:side"}`).done()
		if under := s.under()["team:leaf"]; under != "team:side" {
			t.Errorf("leaf stands below %s", under)
		}
		s.cannot("ben", "team.edit", "team:leaf")
	})

	t.Run("G02_maintainers_and_members", func(t *testing.T) {
		s := hub(t)
		// Maintainers manage the team and those within; reading reaches down.
		for permission, who := range map[string][2]string{ // whoever has it on sig, and on sub
			"team.read":                 {"ann ben cat dan eve", "ann ben cat dan eve"},
			"team.discussions.read":     {"ann ben cat", "ann ben cat dan"},
			"team.discussions.write":    {"ann ben cat", "ann ben dan"},
			"team.discussions.moderate": {"ann ben", "ann ben"},
			"team.edit":                 {"ann ben", "ann ben"},
			"team.delete":               {"ann ben", "ann ben"},
			"team.move":                 {"ann", "ann ben"},
		} {
			for i, team := range []string{"team:sig", "team:sub"} {
				for _, one := range []string{"ann", "ben", "cat", "dan", "eve", "nix"} {
					if want := slices.Contains(strings.Fields(who[i]), one); s.may(one, permission, team) != want {
						t.Errorf("%s can do %s on %s: %t", one, permission, team, !want)
					}
				}
			}
		}
		s.cannot("ben", "team.edit", "team:side") // as maintainer of another one
	})

	t.Run("G02_administrators_and_maintainers_say_who_is_in_a_team", func(t *testing.T) {
		s := hub(t)
		s.as("ben").grant("eve", "member", "team:sig").done()
		s.as("ben").grant("eve", "maintainer", "team:leaf").done() // within the own team
		s.as("ben").grant("cat", "maintainer", "team:sig").done()
		s.held("maintainer", "team:sig", "ben", "cat")
		s.held("member", "team:sig", "eve") // one is maintainer or member
		s.as("cat").grant("ben", "member", "team:sig").done()
		s.unchanged(func() {
			s.as("ben").grant("ben", "maintainer", "team:sig").refused("not_permitted", "G02") // any more
			s.as("eve").grant("dan", "member", "team:sig").refused("not_permitted", "G02")
			s.as("dan").grant("dan", "maintainer", "team:sub").refused("not_permitted", "G02")
			s.as("cat").grant("dan", "member", "team:side").refused("not_permitted", "G02")
			s.as("eve").put("/roles", `{"scope": "team:sig", "roles": {"maintainer": ["eve"]}}`).refused("not_permitted", "G02")
		})
		s.as("ann").grant("dan", "maintainer", "team:side").done()
		s.as("eve").revoke("eve", "member", "team:sig").done() // anybody lays down their own
		s.held("member", "team:sig", "ben")
	})

	t.Run("G02_who_is_in_a_team_is_a_member_of_the_organization", func(t *testing.T) {
		s := hub(t)
		s.unchanged(func() {
			for _, role := range []string{"maintainer", "member"} {
				s.as("ann").grant("nix", role, "team:sig").refused("not_a_member", "G02")
				s.as("ben").grant("nix", role, "team:sub").refused("not_a_member", "G02")
			}
			s.as("ann").put("/roles", `{"scope": "team:sig", "roles": {"member": ["cat", "nix"]}}`).refused("not_a_member", "G02")
		})
		s.as("ann").post("/memberships/start", `{"person": "nix"}`).done()
		s.as("ben").grant("nix", "member", "team:sub").done()
		s.held("member", "team:sub", "dan", "nix")
		s.as("ann").post("/memberships/suspend", `{"person": "ben"}`).done()
		s.cannot("ben", "team.edit", "team:sig")
		s.as("ben").grant("eve", "member", "team:sig").refused("not_permitted", "")
		s.as("ann").post("/memberships/resume", `{"person": "ben"}`).done()
		s.can("ben", "team.edit", "team:sig")
	})

	t.Run("G03_who_leaves_the_organization_leaves_its_teams", func(t *testing.T) {
		s := hub(t)
		s.as("ann").grant("ben", "member", "team:side").done()
		s.unchanged(func() {
			s.as("ben").terminate("cat").refused("not_permitted", "")
			s.as("cat").terminate("ben").refused("not_permitted", "")
		})
		s.as("ann").terminate("ben").done()
		s.held("maintainer", "team:sig")
		s.held("member", "team:side")
		s.held("member", "team:sig", "cat") // who stays
		for _, permission := range []string{"team.edit", "team.read"} {
			s.cannot("ben", permission, "team:sig")
		}
		ended := s.history("type:role.revoked subject:ben")
		if len(ended) != 3 {
			t.Errorf("what has ended: %+v", ended)
		}
		for _, e := range ended {
			if e.Cause != "termination" || e.Revision != ended[0].Revision || e.Actor != "ann" {
				t.Errorf("%+v", e)
			}
		}
		s.as("ann").post("/memberships/start", `{"person": "ben"}`).done()
		s.held("maintainer", "team:sig") // it is granted anew
		s.cannot("ben", "team.edit", "team:sig")
		s.as("cat").terminate("cat").done() // by oneself, too
		s.held("member", "team:sig")
	})

	t.Run("G04_with_a_team_end_its_roles_and_the_teams_within", func(t *testing.T) {
		s := hub(t)
		s.as("ann").grant("eve", "maintainer", "team:leaf").done()
		s.unchanged(func() {
			for _, who := range []string{"cat", "dan", "nix"} {
				s.as(who).post("/scopes/delete", `{"scope": "team:sub"}`).refused("not_permitted", "")
			}
			s.as("eve").post("/scopes/delete", `{"scope": "team:sub"}`).refused("not_permitted", "") // who maintains the one within
			s.as("ben").post("/scopes/delete", `{"scope": "team:side"}`).refused("not_permitted", "")
		})
		s.as("ben").post("/scopes/delete", `{"scope": "team:sub"}`).done()
		diff(t, "teams", map[string]string{"team:sig": "organization", "team:side": "organization"}, s.under())
		for who, roles := range map[string]int{"dan": 1, "eve": 1, "cat": 2, "ben": 2} { // all are members, cat and ben of sig, too
			var person service.PersonView
			if s.as("operator").get("/people/" + who).into(&person); len(person.Roles) != roles {
				t.Errorf("%s has %+v", who, person.Roles)
			}
		}
		ended := s.history("type:role.revoked cause:scope_deleted")
		var who []string
		for _, e := range ended {
			who = append(who, fmt.Sprint(e.Login, " ", e.Role, " ", e.Scope))
		}
		slices.Sort(who)
		if !slices.Equal(who, []string{"dan member team:sub", "eve maintainer team:leaf"}) {
			t.Errorf("what has ended: %v of %+v", who, s.history("type:role.revoked"))
		}
		s.as("ann").grant("dan", "member", "team:leaf").refused("unknown", "")
	})

	t.Run("G04_teams_that_were_moved_before_stay", func(t *testing.T) {
		s := hub(t)
		s.as("ann").grant("eve", "maintainer", "team:leaf").done()
		s.as("ann").post("/scopes/move", `{"scope": "team:leaf", "under": "team:side"}`).done()
		s.as("ann").post("/scopes/delete", `{"scope": "team:sig"}`).done()
		diff(t, "teams", map[string]string{"team:side": "organization", "team:leaf": "team:side"}, s.under())
		s.held("maintainer", "team:leaf", "eve")
		s.can("eve", "team.edit", "team:leaf")
		s.cannot("ben", "team.edit", "team:leaf")
	})
}
