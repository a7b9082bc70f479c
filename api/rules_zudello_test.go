package api

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"tenure/service"
)

// works is an organization under the model zudello, with Team Administrators:
// olga is Organization Administrator, tara Team Administrator of north, where
// ben is too; cid is in south, dan in no team, ada in the user group clerks, and
// nina is no user.
func works(t *testing.T) *stage {
	t.Helper()
	s := enact(t, "zudello", "olga", "tara", "ben", "cid", "dan", "ada", "nina!")
	s.as("olga").post("/features", `{"feature": "team_administrators", "on": true}`).done()
	for _, scope := range []string{north, south, clerks} {
		s.as("olga").create(scope, "").done()
	}
	for who, on := range map[string]string{"tara": north, "ben": north, "cid": south, "ada": clerks} {
		s.as("olga").seat("start", who, on).done()
	}
	s.as("olga").grant("tara", "administrator", north).done()
	s.delivered()
	return s
}

const (
	north  = "team:north"
	south  = "team:south"
	clerks = "user_group:clerks"
)

// permit gives a user group permissions, unpermit takes them away.
func (a *act) permit(group string, permissions ...string) *act {
	a.t.Helper()
	return a.post("/groups/permit", `{"scope": %q, "permissions": ["%s"]}`, group, strings.Join(permissions, `", "`))
}

func (a *act) unpermit(group string, permissions ...string) *act {
	a.t.Helper()
	return a.post("/groups/unpermit", `{"scope": %q, "permissions": ["%s"]}`, group, strings.Join(permissions, `", "`))
}

// exactly demands that somebody may do these things and nothing else, anywhere.
func (s *stage) exactly(who string, want ...string) {
	s.t.Helper()
	got := slices.Sorted(maps.Keys(s.everything(who)))
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.t.Errorf("%s may do %v, want %v", who, got, want)
	}
}

const (
	viewInvoices   = "organization.invoices.view"
	updateInvoices = "organization.invoices.update"
)

// teamSettings are the settings of a team: the permission, and the fact that
// puts a change on record.
var teamSettings = map[string]string{
	"team.data_permissions.manage": "data_permissions_changed",
	"team.inboxes.manage":          "inboxes_changed",
	"team.forms.manage":            "forms_changed",
	"team.sentences.manage":        "sentences_changed",
}

func zudelloRules(t runner) {
	t.Run("Z01_organization_administrators_create_user_accounts", func(t *testing.T) {
		s := works(t)
		everyAction := s.modelOf("zudello").Kinds
		i := slices.IndexFunc(everyAction, func(k service.KindView) bool { return k.Kind == "user_group" })
		s.as("olga").permit(clerks, everyAction[i].Carries...).done()
		for _, who := range []string{"tara", "ben", "ada", "nina"} {
			s.cannot(who, "organization.users.create", "")
			s.unchanged(func() {
				s.as(who).post("/people", `{"login": "zoe"}`).refused("not_permitted", "Z01")
				s.as(who).post("/people/members", `{"login": "zoe"}`).refused("not_permitted", "Z01")
				s.as(who).post("/people/members", `{"login": "zoe", "scope": %q}`, north).refused("not_permitted", "Z01")
				s.as(who).post("/invitations", `{"email": "zoe@example.org"}`).refused("not_permitted", "Z01")
				s.as(who).post("/invitations", `{"email": "zoe@example.org", "scope": %q}`, north).refused("not_permitted", "Z01")
				s.as(who).post("/imports/people", `{"file": "login\nzoe\n"}`).refused("not_permitted", "Z01")
				s.as(who).seat("start", string(s.id("nina")), "").refused("not_permitted", "Z01")
			})
		}
		s.as("olga").post("/people", `{"login": "zoe"}`).done()
		s.as("olga").seat("start", "zoe", "").done()
		s.as("olga").post("/people/members", `{"login": "zeb"}`).done()
		s.as("olga").post("/imports/people", `{"file": "login\nzac\n"}`).done()
		for _, who := range []string{"zoe", "zeb", "zac"} {
			if state := s.as("olga").get("/people/" + who).done().text("state"); state != "member" {
				t.Errorf("%s is %s", who, state)
			}
			s.exactly(who)
		}
	})

	t.Run("Z02_who_is_deactivated_is_refused_everything_and_keeps_all_roles", func(t *testing.T) {
		s := works(t)
		s.as("olga").permit(clerks, viewInvoices).done()
		s.as("olga").seat("start", "tara", clerks).done()
		before := s.everything("tara")
		s.as("tara").attest("forms_changed", north).done()
		s.as("olga").seat("suspend", "tara", "").done()
		s.exactly("tara")
		s.cannot("tara", viewInvoices, "")
		s.cannot("tara", "team.forms.manage", north)
		s.held("administrator", north, "tara")
		s.unchanged(func() {
			s.as("tara").attest("forms_changed", north).refused("not_permitted", "")
			s.as("tara").get("/people/tara").refused("not_permitted", "")
			s.as("tara").get("").refused("not_permitted", "")
			s.as("tara").get("/sections").refused("not_permitted", "")
			s.as("tara").post("/keys", `{"person": %q}`, s.id("tara")).refused("not_permitted", "")
			s.as("tara").seat("resume", string(s.id("tara")), "").refused("not_permitted", "")
		})
		if state := s.as("olga").get("/people/tara").done().text("state"); state != "suspended" {
			t.Errorf("tara is %s", state)
		}
		s.as("olga").seat("resume", "tara", "").done()
		if after := s.everything("tara"); !maps.Equal(before, after) {
			t.Errorf("once activated again she may do %v, before %v", after, before)
		}
		s.as("tara").attest("forms_changed", north).done()
		s.held("administrator", north, "tara")
	})

	t.Run("Z02_organization_administrators_alone_activate_and_deactivate", func(t *testing.T) {
		s := works(t)
		for _, who := range []string{"tara", "ben", "ada", "nina"} {
			s.unchanged(func() {
				s.as(who).seat("suspend", string(s.id("ben")), "").refused("not_permitted", "Z02")
				s.as(who).post("/memberships/bulk", `{"verb": "suspend", "people": [%q]}`, s.id("ben")).refused("not_permitted", "Z02")
			})
		}
		s.unchanged(func() { s.as("olga").seat("suspend", "olga", "").refused("too_few_holders", "X01") })
		s.as("olga").post("/memberships/bulk", `{"verb": "suspend", "people": ["ben", "cid"]}`).done()
		s.as("tara").seat("resume", string(s.id("ben")), "").refused("not_permitted", "Z02")
		s.as("olga").grant("dan", "administrator", "").done()
		s.as("dan").seat("resume", "ben", "").done()
		s.as("olga").seat("suspend", "dan", "").done()
		s.held("administrator", "", "dan", "olga")
		s.unchanged(func() {
			s.as("dan").seat("resume", string(s.id("cid")), "").refused("not_permitted", "")
			s.as("dan").seat("resume", string(s.id("dan")), "").refused("not_permitted", "")
			s.as("olga").revoke("olga", "administrator", "").refused("too_few_holders", "X01")
		})
		// What is given while somebody is deactivated counts from the activation.
		s.as("olga").seat("start", "cid", clerks).done()
		s.as("olga").permit(clerks, viewInvoices).done()
		s.cannot("cid", viewInvoices, "")
		s.as("olga").seat("resume", "cid", "").done()
		s.can("cid", viewInvoices, "")
	})

	t.Run("Z03_the_active_status_in_a_team_counts_for_that_team_alone", func(t *testing.T) {
		s := works(t)
		s.as("olga").permit(clerks, viewInvoices).done()
		for _, on := range []string{south, clerks} {
			s.as("olga").seat("start", "tara", on).done()
		}
		s.as("olga").grant("tara", "administrator", south).done()
		s.as("olga").seat("suspend", "tara", north).done()
		for permission, fact := range teamSettings {
			s.cannot("tara", permission, north)
			s.can("tara", permission, south)
			s.as("tara").attest(fact, north).refused("not_permitted", "Z09")
			s.as("tara").attest(fact, south).done()
		}
		s.can("tara", viewInvoices, "")
		s.held("administrator", north, "tara")
		if state := s.as("olga").get("/people/tara").done().text("state"); state != "member" {
			t.Errorf("in the organization she is %s", state)
		}
		s.as("olga").seat("resume", "tara", north).done()
		s.can("tara", "team.forms.manage", north)
		// Inactive in the organization as well, and active there again first.
		s.as("olga").seat("suspend", "tara", south).done()
		s.as("olga").seat("suspend", "tara", "").done()
		s.as("olga").seat("resume", "tara", "").done()
		s.can("tara", "team.forms.manage", north)
		s.cannot("tara", "team.forms.manage", south)
	})

	t.Run("Z03_organization_administrators_assign_users_to_teams", func(t *testing.T) {
		s := works(t)
		for _, who := range []string{"tara", "ben", "cid"} {
			s.unchanged(func() {
				s.as(who).seat("start", string(s.id("dan")), north).refused("not_permitted", "Z03")
				s.as(who).seat("terminate", string(s.id("ben")), north).refused("not_permitted", "Z03")
				s.as(who).seat("suspend", string(s.id("ben")), north).refused("not_permitted", "Z03")
				s.as(who).post("/invitations", `{"person": %q, "scope": %q}`, s.id("dan"), north).refused("not_permitted", "Z03")
			})
		}
		in := func(on string) (names []string) {
			t.Helper()
			var list []service.MemberView
			s.as("olga").get("/memberships?scope=" + on).into(&list)
			for _, m := range list {
				names = append(names, m.Login)
			}
			return names
		}
		s.as("olga").seat("start", "dan", north).done()
		s.as("olga").post("/memberships/bulk", `{"verb": "suspend", "people": ["ben", "dan"], "scope": %q}`, north).done()
		s.as("tara").seat("resume", string(s.id("dan")), north).refused("not_permitted", "Z03")
		s.as("olga").seat("resume", "dan", north).done()
		if got := in(north); !slices.Equal(got, []string{"ben", "dan", "tara"}) {
			t.Errorf("in the team are %v", got)
		}
		s.as("olga").seat("terminate", "dan", north).done()
		if got := in(north); !slices.Equal(got, []string{"ben", "tara"}) {
			t.Errorf("in the team are %v", got)
		}
		s.exactly("ben") // a team gives its members nothing
	})

	t.Run("Z04_organization_administrators_manage_profile_details", func(t *testing.T) {
		s := works(t)
		change := func(who string) *act {
			return s.as(who).ask("PATCH", "/people", `{"person": "`+string(s.id("ben"))+`", "name": "Benjamin"}`)
		}
		s.unchanged(func() {
			for _, who := range []string{"tara", "ada", "nina"} {
				change(who).refused("not_permitted", "Z04")
			}
		})
		change("olga").done()
		if name := s.as("olga").get("/people/ben").done().text("name"); name != "Benjamin" {
			t.Errorf("ben is called %s", name)
		}
	})

	t.Run("Z04_passwords_are_reset_behind_a_feature", func(t *testing.T) {
		s := works(t)
		s.cannot("olga", "organization.passwords.reset", "")
		s.as("olga").attest("password_reset", "").refused("feature_off", "Z04")
		s.as("tara").post("/features", `{"feature": "password_reset", "on": true}`).refused("not_permitted", "Z12")
		s.as("olga").post("/features", `{"feature": "password_reset", "on": true}`).done()
		s.can("olga", "organization.passwords.reset", "")
		s.as("olga").attest("password_reset", "").done()
		for _, who := range []string{"tara", "ada", "nina"} {
			s.cannot(who, "organization.passwords.reset", "")
			s.as(who).attest("password_reset", "").refused("not_permitted", "Z04")
		}
		if list := s.history("type:fact.recorded"); len(list) != 1 || list[0].Actor != "olga" || list[0].Item != "password_reset" {
			t.Errorf("on record is %+v", list)
		}
		s.as("olga").post("/facts", `{"fact": "password_reset", "person": "ben"}`).done()
		if list := s.history("type:fact.recorded subject:ben"); len(list) != 1 || list[0].Login != "ben" {
			t.Errorf("of ben is on record %+v", list)
		}
		s.as("olga").post("/facts", `{"fact": "password_reset", "person": "nobody"}`).refused("unknown", "")
		s.as("olga").terminate("ben").done()
		s.as("olga").post("/facts", `{"fact": "password_reset", "person": "ben"}`).done()
		ben := s.id("ben")
		s.as("olga").post("/anonymizations", `{"person": %q}`, ben).done()
		s.as("olga").post("/facts", `{"fact": "password_reset", "person": %q}`, ben).refused("anonymized", "")
	})

	t.Run("Z04_organization_administrators_create_teams_and_edit_them", func(t *testing.T) {
		s := works(t)
		for _, who := range []string{"tara", "ben", "ada", "nina"} {
			s.unchanged(func() {
				s.as(who).create("team:west", "").refused("not_permitted", "Z04")
				s.as(who).post("/scopes/rename", `{"scope": %q, "title": "North wing"}`, north).refused("not_permitted", "Z04")
				s.as(who).post("/scopes/delete", `{"scope": %q}`, north).refused("not_permitted", "")
			})
		}
		s.as("olga").create("team:west", "").done()
		s.as("olga").post("/scopes/rename", `{"scope": "team:west", "title": "West wing"}`).done()
		if title := s.as("olga").get("/scopes/team:west").done().text("title"); title != "West wing" {
			t.Errorf("the team is called %s", title)
		}
		s.as("olga").post("/scopes/delete", `{"scope": %q}`, north).done()
		s.exactly("tara")
	})

	t.Run("Z05_organization_administrators_create_edit_and_delete_user_groups", func(t *testing.T) {
		s := works(t)
		s.as("olga").permit(clerks, "organization.invoices.create", updateInvoices).done()
		for _, who := range []string{"tara", "ada", "ben", "nina"} {
			s.unchanged(func() {
				s.as(who).create("user_group:buyers", "").refused("not_permitted", "Z05")
				s.as(who).post("/scopes/rename", `{"scope": %q, "title": "Mine"}`, clerks).refused("not_permitted", "Z05")
				s.as(who).post("/scopes/delete", `{"scope": %q}`, clerks).refused("not_permitted", "Z05")
				s.as(who).permit(clerks, viewInvoices).refused("not_permitted", "Z05")
				s.as(who).unpermit(clerks, updateInvoices).refused("not_permitted", "Z05")
			})
		}
		s.as("olga").create("user_group:buyers", "").done()
		s.as("olga").post("/scopes/rename", `{"scope": "user_group:buyers", "title": "Purchasing"}`).done()
		if title := s.as("olga").get("/groups/user_group:buyers").done().text("title"); title != "Purchasing" {
			t.Errorf("the group is called %s", title)
		}
		s.can("ada", updateInvoices, "")
		s.as("olga").post("/scopes/delete", `{"scope": %q}`, clerks).done()
		s.exactly("ada")
		s.as("olga").create(clerks, "").done() // one of the same name is another one
		s.exactly("ada")
	})

	for _, action := range []string{"view", "update", "create", "delete"} {
		t.Run("Z05_groups_get_the_action_"+strings.ToUpper(action), func(t *testing.T) {
			s := works(t)
			var all []string
			for _, resource := range []string{"invoices", "purchase_orders", "receipts", "expenses", "suppliers"} {
				permission := "organization." + resource + "." + action
				s.cannot("ada", permission, "")
				s.as("olga").permit(clerks, permission).done()
				s.can("ada", permission, "")
				if all = append(all, permission); len(all) == 1 { // and no other action with it
					s.exactly("ada", all...)
				}
				for _, who := range []string{"olga", "tara", "ben", "nina"} {
					s.cannot(who, permission, "")
				}
			}
			s.exactly("ada", all...)
			s.as("olga").unpermit(clerks, all[0]).done()
			s.exactly("ada", all[1:]...)
		})
	}

	t.Run("Z05_groups_get_nothing_but_action_permissions", func(t *testing.T) {
		s := works(t)
		model := s.modelOf("zudello")
		i := slices.IndexFunc(model.Kinds, func(k service.KindView) bool { return k.Kind == "user_group" })
		carries := model.Kinds[i].Carries
		for _, p := range model.Permissions {
			if !slices.Contains(carries, p.ID) {
				s.as("olga").permit(clerks, p.ID).refused("invalid", "")
			}
		}
		s.as("olga").permit(north, viewInvoices).refused("structure", "")
		s.as("olga").permit("organization:acme", viewInvoices).refused("structure", "")
		s.exactly("ada")
	})

	t.Run("Z06_permissions_follow_the_membership_of_groups_at_once", func(t *testing.T) {
		s := works(t)
		s.as("olga").permit(clerks, viewInvoices, updateInvoices).done()
		s.as("olga").create("user_group:buyers", "").done()
		s.as("olga").permit("user_group:buyers", viewInvoices, "organization.purchase_orders.create").done()
		s.exactly("dan")
		s.as("olga").seat("start", "dan", clerks).done()
		s.exactly("dan", viewInvoices, updateInvoices)
		s.as("olga").seat("start", "dan", "user_group:buyers").done()
		s.exactly("dan", viewInvoices, updateInvoices, "organization.purchase_orders.create")
		s.as("olga").seat("terminate", "dan", clerks).done()
		s.exactly("dan", viewInvoices, "organization.purchase_orders.create")
		s.as("olga").seat("start", "dan", north).done() // a team adds nothing
		s.exactly("dan", viewInvoices, "organization.purchase_orders.create")
		s.as("olga").terminate("dan").done()
		s.exactly("dan")
		s.as("olga").seat("start", "dan", "").done() // and comes back with nothing
		s.exactly("dan")
		var answer service.Answer
		s.as("olga").get("/check?person=ada&permission=" + viewInvoices).into(&answer)
		if !answer.Allowed || len(answer.Because) != 1 || string(answer.Because[0].Group) != clerks || answer.Because[0].GivenBy != "olga" {
			t.Errorf("the answer is %+v", answer)
		}
	})

	t.Run("Z06_organization_administrators_assign_users_to_groups", func(t *testing.T) {
		s := works(t)
		s.as("olga").permit(clerks, viewInvoices).done()
		for _, who := range []string{"tara", "dan", "ben"} {
			s.unchanged(func() {
				s.as(who).seat("start", string(s.id("ben")), clerks).refused("not_permitted", "Z06")
				s.as(who).seat("start", string(s.id(who)), clerks).refused("not_permitted", "Z06")
				s.as(who).post("/invitations", `{"person": %q, "scope": %q}`, s.id("ben"), clerks).refused("not_permitted", "Z06")
				s.as(who).seat("terminate", string(s.id("ada")), clerks).refused("not_permitted", "Z06")
			})
		}
		s.as("olga").post("/imports/people", `{"file": "login\nben\ncid\n", "scope": %q}`, clerks).done()
		s.exactly("ben", viewInvoices)
		s.exactly("cid", viewInvoices)
		s.as("olga").post("/memberships/bulk", `{"verb": "terminate", "people": ["ben", "ada"], "scope": %q}`, clerks).done()
		s.exactly("ben")
		s.exactly("ada")
		s.exactly("cid", viewInvoices)
	})

	for fact, permission := range map[string]string{"sso_configured": "organization.sso.configure", "provisioning_configured": "organization.provisioning.configure"} {
		t.Run("Z07_organization_administrators_record_"+fact, func(t *testing.T) {
			s := works(t)
			s.can("olga", permission, "")
			for _, who := range []string{"tara", "ben", "ada", "nina"} {
				s.cannot(who, permission, "")
				s.unchanged(func() { s.as(who).attest(fact, "").refused("not_permitted", "Z07") })
			}
			s.as("olga").attest(fact, "").done()
			if list := s.history("type:fact.recorded"); len(list) != 1 || list[0].Actor != "olga" || list[0].Item != fact {
				t.Errorf("on record is %+v", list)
			}
		})
	}

	t.Run("Z08_organization_administrators_manage_API_keys", func(t *testing.T) {
		s := works(t)
		s.as("olga").post("/clients", `{"name": "erp"}`).done()
		key := s.as("olga").post("/keys", `{"person": "erp"}`).done()
		id := key.text("id")
		s.keys["erp"] = key.text("key")
		erp := s.as("olga").get("/clients/erp").done().text("id")
		for _, who := range []string{"tara", "ben", "ada", "nina"} {
			s.unchanged(func() {
				s.as(who).post("/clients", `{"name": "own"}`).refused("not_permitted", "Z08")
				s.as(who).post("/clients/delete", `{"client": %q}`, erp).refused("not_permitted", "Z08")
				s.as(who).post("/keys", `{"person": %q}`, erp).refused("not_permitted", "Z08")
				s.as(who).grant(erp, "integration", "").refused("not_permitted", "Z08")
				s.as(who).get("/clients").refused("not_permitted", "Z08")
			})
			var keys []service.KeyView
			s.as(who).get("/keys").into(&keys)
			if len(keys) != 1 || keys[0].ID == "" || strings.Contains(keys[0].Person, "erp") {
				t.Errorf("%s lists the keys %+v", who, keys)
			}
		}
		s.exactly("erp")
		s.as("olga").grant("erp", "reading_integration", "").done()
		s.can("erp", viewInvoices, "")
		s.cannot("erp", updateInvoices, "")
		s.as("olga").grant("erp", "integration", "").done()
		s.can("erp", updateInvoices, "")
		s.unchanged(func() {
			s.as("erp").post("/clients", `{"name": "own"}`).refused("not_permitted", "Z08")
			s.as("erp").post("/keys", `{"person": %q}`, erp).refused("not_permitted", "Z08")
			s.as("erp").post("/people", `{"login": "zoe"}`).refused("not_permitted", "Z01")
			s.as("olga").grant("erp", "administrator", "").refused("invalid", "Z14")
			s.as("olga").grant("ben", "integration", "").refused("invalid", "Z08")
			s.as("olga").seat("start", "erp", clerks).refused("invalid", "")
		})
		s.as("olga").post("/keys/revoke", `{"key": %q}`, id).done()
		s.as("erp").get("/v1/whoami").refused("unauthenticated", "")
		s.as("olga").post("/clients/delete", `{"client": "erp"}`).done()
		s.held("integration", "")
	})

	t.Run("Z09_team_administrators_manage_the_settings_of_their_own_teams_alone", func(t *testing.T) {
		s := works(t)
		for permission, fact := range teamSettings {
			s.can("tara", permission, north)
			s.cannot("tara", permission, south)
			s.as("tara").attest(fact, north).done()
			s.unchanged(func() {
				s.as("tara").attest(fact, south).refused("not_permitted", "Z09")
				s.as("ben").attest(fact, north).refused("not_permitted", "Z09")
				s.as("cid").attest(fact, north).refused("not_permitted", "Z09")
				s.as("nina").attest(fact, north).refused("not_permitted", "Z09")
			})
		}
		s.exactly("tara", append(slices.Collect(maps.Keys(teamSettings)), "team.read")...)
		// They see the team and who is in it, and no other.
		s.as("tara").get("/scopes/" + north).done()
		s.as("tara").get("/memberships?scope=" + north).done()
		if list := s.as("tara").get("/scopes").done().body; !strings.Contains(string(list), north) || strings.Contains(string(list), south) {
			t.Errorf("tara is shown %s", list)
		}
		for _, who := range []string{"tara", "ben"} {
			s.as(who).get("/scopes/"+south).refused("not_permitted", "")
			s.as(who).get("/memberships?scope="+south).refused("not_permitted", "")
		}
		s.as("olga").get("/scopes/" + south).done()
		s.as("olga").seat("start", "tara", south).done() // a member there, no administrator
		s.as("tara").attest("forms_changed", south).refused("not_permitted", "Z09")
		s.as("olga").revoke("tara", "administrator", north).done()
		s.as("tara").attest("forms_changed", north).refused("not_permitted", "Z09")
		s.exactly("tara")
	})

	t.Run("Z10_organization_administrators_reach_the_settings_of_all_teams", func(t *testing.T) {
		s := works(t)
		s.as("olga").grant("dan", "administrator", "").done()
		s.as("dan").create("team:west", "").done()
		for permission, fact := range teamSettings {
			for _, team := range []string{north, south, "team:west"} {
				for _, who := range []string{"olga", "dan"} { // neither is in a team
					s.can(who, permission, team)
				}
				s.as("olga").attest(fact, team).done()
			}
		}
		s.as("olga").post("/features", `{"feature": "team_administrators", "on": false}`).done()
		s.can("dan", "team.forms.manage", north)
		s.as("olga").revoke("dan", "administrator", "").done()
		s.exactly("dan")
		s.unchanged(func() { s.as("dan").attest("forms_changed", "team:west").refused("not_permitted", "Z09") })
	})

	t.Run("Z11_how_many_hold_the_highest_role_and_since_when", func(t *testing.T) {
		s := works(t)
		s.pass(24 * time.Hour)
		s.as("olga").grant("dan", "administrator", "").done()
		posture := func() (p service.PostureView) {
			t.Helper()
			s.as("dan").get("/reports/posture").into(&p)
			return p
		}
		p := posture()
		var holders []string
		for _, h := range p.Holders {
			holders = append(holders, h.Login)
		}
		if p.Role != "organization.administrator" || !slices.Equal(holders, []string{"olga", "dan"}) {
			t.Fatalf("%s is held by %v", p.Role, holders)
		}
		if first, second := p.Holders[0], p.Holders[1]; first.Since.Sub(start) > time.Hour || second.Since.Sub(start) < 24*time.Hour || second.By != "olga" {
			t.Errorf("they hold it since %v and %v", first.Since, second.Since)
		}
		i := slices.IndexFunc(p.Findings, func(f service.FindingView) bool { return f.Code == "highest_role" })
		if i < 0 || p.Findings[i].Rule != "Z11" || len(p.Findings[i].Logins) != 2 || !strings.Contains(p.Findings[i].Sentence, "2026-01-02") {
			t.Errorf("found are %+v", p.Findings)
		}
		s.as("olga").grant("ben", "administrator", "").done()
		if !slices.ContainsFunc(posture().Findings, func(f service.FindingView) bool { return f.Code == "highest_role_many" && f.Level == "warning" }) {
			t.Error("three administrators of two teams are not too many")
		}
		for _, who := range []string{"tara", "ada", "nina"} {
			s.as(who).get("/reports/posture").refused("not_permitted", "Z11")
		}
	})

	t.Run("Z12_organization_administrators_configure_other_settings", func(t *testing.T) {
		s := works(t)
		for _, who := range []string{"tara", "ben", "ada", "nina"} {
			s.cannot(who, "organization.settings.configure", "")
			s.unchanged(func() {
				s.as(who).attest("settings_changed", "").refused("not_permitted", "Z12")
				s.as(who).post("/features", `{"feature": "team_administrators", "on": false}`).refused("not_permitted", "Z12")
				s.as(who).post("/scopes/rename", `{"scope": "organization:acme", "title": "Mine"}`).refused("not_permitted", "Z12")
			})
		}
		s.as("olga").attest("settings_changed", "").done()
		s.as("olga").post("/features", `{"feature": "password_reset", "on": true}`).done()
		s.as("olga").post("/scopes/rename", `{"scope": "organization:acme", "title": "Acme works"}`).done()
		if title := s.as("olga").get("").done().text("title"); title != "Acme works" {
			t.Errorf("the organization is called %s", title)
		}
	})

	t.Run("Z13_team_administrators_need_active_membership_of_the_team", func(t *testing.T) {
		s := works(t)
		s.unchanged(func() {
			for _, who := range []string{"dan", "cid", "nina", "olga"} {
				s.as("olga").grant(who, "administrator", north).refused("not_a_member", "Z13")
			}
			s.as("olga").put("/roles", `{"scope": %q, "roles": {"administrator": ["tara", "cid"]}}`, north).refused("not_a_member", "Z13")
		})
		s.as("olga").grant("ben", "administrator", north).done()
		s.can("ben", "team.inboxes.manage", north)
		s.as("olga").seat("suspend", "ben", north).done()
		s.cannot("ben", "team.inboxes.manage", north)
		s.as("olga").seat("resume", "ben", north).done()
		s.can("ben", "team.inboxes.manage", north)
		s.as("olga").seat("terminate", "ben", north).done()
		s.held("administrator", north, "tara")
		s.as("olga").seat("start", "ben", north).done()
		s.cannot("ben", "team.inboxes.manage", north) // it is to be granted anew
		s.as("olga").terminate("tara").done()
		s.held("administrator", north)
		for _, e := range s.history("type:role.revoked") {
			if e.Cause != "termination" {
				t.Errorf("ended by %+v", e)
			}
		}
	})

	t.Run("Z13_team_administrators_exist_with_the_feature_alone", func(t *testing.T) {
		s := works(t)
		id := s.as("olga").post("/invitations", `{"person": "cid", "scope": %q, "role": "administrator"}`, north).done().text("id")
		s.as("olga").post("/features", `{"feature": "team_administrators", "on": false}`).done()
		s.exactly("tara")
		s.unchanged(func() {
			s.as("tara").attest("forms_changed", north).refused("feature_off", "Z09")
			s.as("olga").grant("ben", "administrator", north).refused("feature_off", "Z13")
			s.as("cid").post("/invitations/"+id+"/accept", `{}`).refused("feature_off", "Z13")
			s.as("olga").post("/invitations", `{"person": "dan", "scope": %q, "role": "administrator"}`, north).refused("feature_off", "Z13")
			s.as("olga").put("/roles", `{"scope": %q, "roles": {"administrator": ["ben"]}}`, north).refused("feature_off", "Z13")
		})
		s.as("olga").post("/features", `{"feature": "team_administrators", "on": true}`).done()
		s.can("tara", "team.forms.manage", north)
		s.as("olga").grant("ben", "administrator", north).done()
		s.as("cid").post("/invitations/"+id+"/accept", `{}`).done()
		s.held("administrator", north, "ben", "cid", "tara")
		fresh := enact(t, "zudello", "olga", "ben")
		fresh.as("olga").create(north, "").done()
		fresh.as("olga").seat("start", "ben", north).done()
		fresh.as("olga").grant("ben", "administrator", north).refused("feature_off", "Z13") // nor at the founding
	})

	t.Run("Z13_team_administrators_manage_no_users", func(t *testing.T) {
		s := works(t)
		model := s.modelOf("zudello")
		for _, permission := range slices.Concat(ofKind(model, "organization"), ofKind(model, "user_group")) {
			for _, on := range []string{"", clerks} {
				if strings.HasPrefix(permission, "organization.") == (on == "") {
					s.cannot("tara", permission, on)
				}
			}
		}
		for _, permission := range []string{"team.users.assign", "team.users.activate", "team.edit", "team.delete"} {
			s.cannot("tara", permission, north)
		}
		s.as("tara").get("/people").refused("not_permitted", "")
		s.unchanged(func() {
			s.as("tara").terminate(string(s.id("ben"))).refused("not_permitted", "")
			s.as("tara").seat("suspend", string(s.id("ben")), "").refused("not_permitted", "Z02")
			s.as("tara").seat("start", string(s.id("dan")), north).refused("not_permitted", "Z03")
		})
	})

	t.Run("Z14_organization_administrators_grant_both_roles", func(t *testing.T) {
		s := works(t)
		for _, who := range []string{"tara", "ben", "ada"} {
			s.unchanged(func() {
				s.as(who).grant(string(s.id(who)), "administrator", "").refused("not_permitted", "Z14")
				s.as(who).revoke(string(s.id("olga")), "administrator", "").refused("not_permitted", "Z14")
				s.as(who).grant(string(s.id("ben")), "administrator", north).refused("not_permitted", "Z13")
				s.as(who).put("/roles", `{"roles": {"administrator": [%q]}}`, s.id(who)).refused("not_permitted", "Z14")
				s.as(who).put("/roles", `{"scope": %q, "roles": {"administrator": [%q]}}`, north, s.id("ben")).refused("not_permitted", "Z13")
				s.as(who).post("/invitations", `{"email": "zoe@example.org", "role": "administrator"}`).refused("not_permitted", "Z01")
				s.as(who).post("/transfers", `{"person": %q, "role": "administrator"}`, s.id(who)).refused("invalid", "")
				s.as(who).post("/role-types", `{"role": "own", "template": "organization.admin_role", "title": "Own"}`).refused("unknown", "")
			})
		}
		s.as("ben").revoke(string(s.id("tara")), "administrator", north).refused("not_permitted", "Z13")
		s.as("olga").grant("nina", "administrator", "").refused("not_a_member", "Z14")
		s.as("olga").grant("dan", "administrator", "").done()
		s.as("dan").grant("ben", "administrator", north).done()
		s.held("administrator", north, "ben", "tara")
		s.as("dan").revoke("olga", "administrator", "").done()
		s.held("administrator", "", "dan")
		s.unchanged(func() {
			s.as("olga").grant(string(s.id("olga")), "administrator", "").refused("not_permitted", "Z14")
			s.as("olga").revoke(string(s.id("ben")), "administrator", north).refused("not_permitted", "Z13")
			s.as("dan").revoke("dan", "administrator", "").refused("too_few_holders", "X01")
		})
		s.as("tara").revoke(string(s.id("tara")), "administrator", north).done() // anybody may lay down their own role
		s.held("administrator", north, "ben")
	})
}
