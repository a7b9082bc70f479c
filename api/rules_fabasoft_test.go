package api

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tenure/events"
	"tenure/service"
)

// firm is an organization under the model fabasoft: olga is the owner, carl
// and cora are co-owners, adam and anna administrators, mia and max members,
// and nina is no member.
func firm(t *testing.T) *stage {
	t.Helper()
	s := enact(t, "fabasoft", "olga", "carl", "cora", "adam", "anna", "mia", "max", "nina!")
	for _, co := range []string{"carl", "cora"} {
		s.as("olga").grant(co, "co_owner", "").done()
	}
	for _, a := range []string{"adam", "anna"} {
		s.as("olga").grant(a, "administrator", "").done()
	}
	s.as("olga").create("app:files", "").done()
	s.as("olga").create("teamroom:board", "").done()
	s.as("olga").create("teamroom:desk", "app:files").done()
	s.delivered()
	return s
}

func fabasoftRules(t runner) {
	t.Run("F01_one_owner_any_number_of_co_owners_who_manage_and_see_all", func(t *testing.T) {
		s := firm(t)
		s.held("owner", "", "olga")
		s.held("co_owner", "", "carl", "cora")
		s.as("olga").grant("mia", "owner", "").refused("transferred_only", "F02")
		for _, who := range []string{"olga", "carl"} {
			s.can(who, "organization.settings.edit", "")
			s.can(who, "organization.members.terminate", "")
			s.can(who, "teamroom.read", "teamroom:board")
			s.can(who, "teamroom.write", "teamroom:desk")
		}
		s.as("carl").create("teamroom:later", "").done()
		s.can("cora", "teamroom.read", "teamroom:later")
		s.cannot("mia", "teamroom.read", "teamroom:board")
		s.cannot("mia", "organization.settings.edit", "")
	})

	// Another model could pass ownership on by itself.
	t.Run("F02_the_owner_alone_adopts_another_model", func(t *testing.T) {
		s := firm(t)
		var now service.AdoptedModel
		s.as("carl").get("/model?source=true").into(&now)
		taken := strings.Replace(now.Source, `"transferred_by":["organization.owner"]`, `"transferred_by":["organization.owner","organization.co_owner"]`, 1)
		s.unchanged(func() {
			for _, who := range []string{"carl", "adam", "mia", "nina"} {
				s.as(who).post("/model", `{"source": %q}`, taken).refused("not_permitted", "")
			}
		})
		var adopted service.AdoptionReceipt
		s.as("olga").post("/model", `{"source": %q}`, taken).into(&adopted)
		if at := adopted.Impact; len(at) != 1 || at[0].Change != "gained" || at[0].What != "authority" || at[0].ID != "transfer organization.owner" || len(at[0].People) != 2 {
			t.Errorf("who gains what: %+v", at)
		}
		if rules := adopted.Rules; len(rules) != 1 || rules[0].ID != "organization.owner" || !slices.Equal(rules[0].Keys, []string{"transferred_by"}) {
			t.Errorf("what the rules say: %+v", rules)
		}
		if got := s.mails("model.adopted"); !slices.Equal(got, []string{"carl", "cora", "olga"}) {
			t.Errorf("told are %v", got)
		}
		s.as("olga").designate("cora", "main_owner").done()
		s.as("olga").post("/model", `{"model": "fabasoft"}`).done()
		if got := s.mails("model.adopted"); !slices.Equal(got, []string{"cora"}) {
			t.Errorf("with a main owner, told are %v", got)
		}
	})

	t.Run("F02_the_owner_alone_entitles_a_new_owner", func(t *testing.T) {
		s := firm(t)
		s.unchanged(func() {
			for _, who := range []string{"carl", "adam", "mia", "nina"} {
				s.as(who).post("/transfers", `{"person": %q}`, s.id("mia")).refused("not_permitted", "F02")
			}
			s.as("olga").post("/transfers", `{"person": "nina"}`).refused("not_a_member", "F02")
			s.as("carl").revoke("olga", "owner", "").refused("transferred_only", "F02")
		})
		s.as("olga").post("/transfers", `{"person": "carl"}`).done()
		s.held("owner", "", "carl")
		s.held("co_owner", "", "cora", "olga")
		s.as("olga").post("/transfers", `{"person": "olga"}`).refused("not_permitted", "F02")
		if list := s.history("type:ownership.transferred"); len(list) != 1 || list[0].Login != "carl" || list[0].Actor != "olga" {
			t.Errorf("the history has %+v", list)
		}
		s.as("carl").post("/transfers", `{"person": "mia", "former": "none"}`).done()
		s.held("owner", "", "mia")
		s.held("co_owner", "", "cora", "olga")
	})

	t.Run("F03_owner_and_co_owners_define_co_owners", func(t *testing.T) {
		s := firm(t)
		s.as("carl").grant("mia", "co_owner", "").done()
		s.as("mia").revoke("cora", "co_owner", "").done()
		s.as("olga").revoke("mia", "co_owner", "").done()
		s.as("adam").grant("max", "co_owner", "").refused("not_permitted", "F03")
		s.as("max").grant("max", "co_owner", "").refused("not_permitted", "F03")
		s.as("carl").revoke("carl", "co_owner", "").done() // anybody may lay down their own role
		s.held("co_owner", "")
	})

	t.Run("F04_main_owner_gets_all_mail", func(t *testing.T) {
		s := firm(t)
		s.as("olga").grant("mia", "payment_user", "").done()
		if got := s.mails("role.granted"); !slices.Equal(got, []string{"carl", "cora", "mia", "olga"}) {
			t.Errorf("without a main owner the mail goes to %v", got)
		}
		s.as("carl").designate("cora", "main_owner").done()
		s.as("olga").grant("max", "authorized_buyer", "").done()
		if got := s.mails("role.granted"); !slices.Equal(got, []string{"cora", "max"}) {
			t.Errorf("with a main owner the mail goes to %v", got)
		}
		// What the operator does, and alerts that no compliance manager gets, too.
		s.as("operator").post("/memberships/terminate", `{"person": "max", "reason": "requested"}`).done()
		if got := s.mails("break_glass.used"); !slices.Equal(got, []string{"cora"}) {
			t.Errorf("what the operator did is told to %v", got)
		}
		s.as("olga").terminate("mia").done()
		if got := s.mails("membership.terminated"); !slices.Equal(got, []string{"cora", "mia"}) {
			t.Errorf("without a compliance manager the alert goes to %v", got)
		}
	})

	t.Run("F04_main_owner_is_the_contact_in_refusals", func(t *testing.T) {
		s := firm(t)
		if p := s.as("mia").grant("max", "administrator", "").refused("not_permitted", "F08"); !slices.Equal(p.Contact, []string{"olga"}) {
			t.Errorf("the contact is %v", p.Contact)
		}
		s.as("olga").designate("carl", "main_owner").done()
		s.as("olga").grant("max", "payment_user", "").done()
		s.as("olga").post("/memberships/suspend", `{"person": "anna"}`).done()
		for _, p := range []Problem{
			s.as("mia").grant("max", "administrator", "").refused("not_permitted", "F08"),
			s.as("max").post("/facts", `{"fact": "license_purchased"}`).refused("feature_off", "F05"),
			s.as("anna").get("/people").refused("not_permitted", ""),
			s.as("anna").post("/people", `{"login": "zoe"}`).refused("not_permitted", ""),
			s.as("mia").get("/history").refused("not_permitted", ""),
		} {
			if !slices.Equal(p.Contact, []string{"carl"}) {
				t.Errorf("the contact is %v", p.Contact)
			}
		}
		var answer service.Answer
		s.as("mia").get("/check?person=mia&permission=organization.settings.edit").into(&answer)
		if answer.Allowed || !slices.Equal(answer.Ask, []string{"carl"}) {
			t.Errorf("whom to ask: %+v", answer)
		}
	})

	t.Run("F04_main_owner_needs_a_co_owner_and_lapses_without", func(t *testing.T) {
		s := firm(t)
		s.as("olga").designate("mia", "main_owner").refused("designation_unmet", "F04")
		s.as("adam").designate("olga", "main_owner").refused("not_permitted", "F04")
		s.as("olga").designate("olga", "main_owner").done()
		s.as("olga").designate("carl", "main_owner").done()
		s.marked("main_owner", "carl")
		s.as("olga").revoke("carl", "co_owner", "").done()
		s.marked("main_owner", "")
		s.as("olga").designate("olga", "main_owner").done()
		s.as("olga").revoke("cora", "co_owner", "").done()
		s.marked("main_owner", "")
		s.unchanged(func() { s.as("olga").designate("olga", "main_owner").refused("designation_unmet", "F04") })
		lapsed := s.history("type:designation.lapsed")
		if len(lapsed) != 2 || lapsed[0].Cause == "" || lapsed[1].Cause != "quorum" {
			t.Errorf("the history has %+v", lapsed)
		}
	})

	t.Run("F05_payment_user_purchases_and_defines_administrators", func(t *testing.T) {
		s := firm(t)
		s.as("adam").grant("mia", "payment_user", "").refused("not_permitted", "F05")
		s.as("carl").grant("mia", "payment_user", "").done()
		s.as("carl").grant("max", "payment_user", "").refused("too_many_holders", "F05")
		s.as("mia").grant("max", "payment_user", "").refused("not_permitted", "F05")
		s.as("mia").grant("max", "administrator", "").done()
		s.as("mia").revoke("max", "administrator", "").done()
		s.as("mia").grant("max", "co_owner", "").refused("not_permitted", "F03")
		s.as("mia").post("/facts", `{"fact": "license_purchased", "quantity": 5}`).refused("feature_off", "F05")
		s.as("olga").post("/features", `{"feature": "license_purchase", "on": true}`).done()
		s.as("mia").post("/facts", `{"fact": "license_purchased", "quantity": 5}`).done()
		s.as("olga").post("/facts", `{"fact": "license_purchased"}`).refused("not_permitted", "F05")
		if list := s.history("type:fact.recorded"); len(list) != 1 || list[0].Actor != "mia" {
			t.Errorf("on record is %+v", list)
		}
		s.as("adam").post("/features", `{"feature": "license_purchase", "on": false}`).refused("not_permitted", "")
		s.as("olga").post("/features", `{"feature": "license_purchase", "on": false}`).done()
		s.as("mia").post("/facts", `{"fact": "license_purchased"}`).refused("feature_off", "F05")
	})

	t.Run("F06_authorized_buyers_purchase_too", func(t *testing.T) {
		s := firm(t)
		s.as("olga").post("/features", `{"feature": "license_purchase", "on": true}`).done()
		s.as("olga").grant("mia", "payment_user", "").done()
		s.as("mia").grant("max", "authorized_buyer", "").refused("not_permitted", "F06")
		s.as("cora").grant("max", "authorized_buyer", "").done()
		s.as("olga").grant("nina", "authorized_buyer", "").done()
		s.as("max").post("/facts", `{"fact": "license_purchased"}`).done()
		s.as("nina").post("/facts", `{"fact": "license_purchased", "quantity": 2}`).done()
		s.as("adam").post("/facts", `{"fact": "license_purchased"}`).refused("not_permitted", "F05")
	})

	t.Run("F07_compliance_managers_are_told_of_every_termination", func(t *testing.T) {
		s := firm(t)
		for _, who := range []string{"mia", "nina"} {
			s.as("olga").grant(who, "compliance_manager", "").done()
		}
		s.as("olga").designate("carl", "main_owner").done()
		s.as("olga").designate("adam", "main_administrator").done()
		s.delivered()
		s.as("anna").terminate("max").done()
		mails := s.delivered()
		var to []string
		for _, mail := range mails {
			if mail.kind == "membership.terminated" {
				if to = append(to, mail.to); mail.to == "max" { // who reads that it is over
					continue
				}
				for _, action := range []string{"tenure anonymize ", "tenure links ", "tenure remind set "} {
					if !strings.Contains(strings.ReplaceAll(mail.text, "=\r\n", ""), action) {
						t.Errorf("the mail lacks %s:\n%s", action, mail.text)
					}
				}
			}
		}
		if slices.Sort(to); !slices.Equal(to, []string{"max", "mia", "nina"}) {
			t.Errorf("told are %v", to)
		}
	})

	t.Run("F07_compliance_managers_alone_anonymize_and_are_reminded", func(t *testing.T) {
		s := firm(t)
		s.as("carl").grant("mia", "compliance_manager", "").done()
		s.as("adam").grant("anna", "compliance_manager", "").refused("not_permitted", "F07")
		s.as("mia").post("/anonymizations", `{"person": "max"}`).refused("still_holding", "")
		s.as("mia").post("/reminders", `{"person": "max", "at": "P1M"}`).refused("still_holding", "")
		s.as("olga").terminate("max").done()
		max := string(s.id("max"))
		for _, who := range []string{"olga", "carl", "adam", "anna"} {
			s.as(who).post("/anonymizations", `{"person": "max"}`).refused("not_permitted", "")
			s.as(who).post("/reminders", `{"person": "max", "at": "P1M"}`).refused("not_permitted", "")
		}
		for _, who := range []string{"mia", "olga", "cora"} {
			var links []service.Link
			if s.as(who).get("/people/max/links").into(&links); len(links) == 0 {
				t.Errorf("%s sees no links", who)
			}
		}
		s.as("adam").get("/people/max/links").refused("not_permitted", "")
		reminder := s.as("mia").post("/reminders", `{"person": "max", "at": "P1M", "every": "P1W"}`).done().text("id")
		if s.delivered(); len(s.mails("reminder.due")) != 0 {
			t.Error("reminded before the time")
		}
		s.pass(32 * 24 * time.Hour)
		if got := s.mails("reminder.due"); !slices.Equal(got, []string{"mia"}) {
			t.Errorf("reminded is %v", got)
		}
		s.pass(8 * 24 * time.Hour)
		if got := s.mails("reminder.overdue"); !slices.Equal(got, []string{"mia"}) {
			t.Errorf("reminded again is %v", got)
		}
		s.as("mia").post("/reminders/"+reminder+"/complete", `{}`).done()
		hold := s.as("mia").post("/holds", `{"person": "max", "ground": "Case 4711"}`).done().text("id")
		if p := s.as("mia").post("/anonymizations", `{"person": "max"}`).refused("legal_hold", ""); !strings.Contains(p.Detail, "mia") {
			t.Errorf("the refusal does not say who placed the hold: %s", p.Detail)
		}
		s.as("mia").post("/holds/"+hold+"/release", `{}`).done()
		if certificate := s.as("mia").post("/anonymizations", `{"person": "max"}`).done().text("certificate"); !strings.Contains(certificate, max) {
			t.Errorf("the certificate is %s", certificate)
		}
		if state := s.as("mia").get("/people/" + max).done().text("state"); state != "anonymized" {
			t.Errorf("the person is %s", state)
		}
		s.as("mia").get("/people/max@example.org").refused("unknown", "")
		if list := s.history("person:" + max); len(list) == 0 || !strings.Contains(list[0].Login, "anonymized person") {
			t.Errorf("the history has %+v", list)
		}
	})

	t.Run("F08_administrators_manage_and_see_no_teamroom", func(t *testing.T) {
		s := firm(t)
		s.as("olga").grant("mia", "payment_user", "").done()
		s.can("adam", "organization.members.terminate", "")
		s.cannot("adam", "teamroom.read", "teamroom:board")
		s.as("olga").grant("adam", "member", "teamroom:board").done()
		s.can("adam", "teamroom.read", "teamroom:board")
		s.as("adam").grant("max", "administrator", "").refused("not_permitted", "F08")
		s.as("mia").designate("anna", "main_administrator").done()
		s.as("adam").designate("adam", "main_administrator").refused("not_permitted", "F08")
		s.as("olga").designate("max", "main_administrator").refused("designation_unmet", "F08")
		s.marked("main_administrator", "anna")
		s.as("mia").revoke("adam", "administrator", "").done()
		s.marked("main_administrator", "")
		s.as("mia").designate("anna", "main_administrator").refused("designation_unmet", "F08")
	})

	t.Run("F08_administrators_undo_nothing_that_others_define", func(t *testing.T) {
		s := firm(t)
		for who, role := range map[string]string{"mia": "payment_user", "max": "compliance_manager", "nina": "support_team"} {
			s.as("olga").grant(who, role, "").done()
		}
		key := s.as("olga").post("/keys", `{"person": "olga"}`).done().text("id")
		s.unchanged(func() {
			for _, who := range []string{"olga", "carl", "anna", "mia", "max"} {
				s.as("adam").terminate(who).refused("not_permitted", "F08")
				s.as("adam").post("/memberships/suspend", `{"person": %q}`, who).refused("not_permitted", "F08")
				s.as("adam").ask("PATCH", "/people", fmt.Sprintf(`{"person": %q, "email": "adam2@example.org"}`, who)).refused("not_permitted", "F08")
			}
			s.as("adam").post("/keys/revoke", `{"key": %q}`, key).refused("not_permitted", "F08")
		})
		s.as("adam").ask("PATCH", "/people", `{"person": "adam", "job_title": "Desk"}`).done()
		s.as("olga").revoke("mia", "payment_user", "").done()
		s.as("adam").terminate("mia").done()
	})

	t.Run("F08_main_administrator_gets_the_administrators_messages", func(t *testing.T) {
		s := firm(t)
		until := start.AddDate(0, 0, 20).Format(time.RFC3339)
		s.as("olga").post("/grants", `{"person": "mia", "role": "support_team", "until": %q}`, until).done()
		s.delivered()
		s.pass(14 * 24 * time.Hour)
		if got := s.mails("grant.expiring"); !slices.Equal(got, []string{"adam", "anna", "mia"}) {
			t.Errorf("without a main administrator told are %v", got)
		}
		s.as("olga").designate("anna", "main_administrator").done()
		s.as("olga").post("/grants", `{"person": "max", "role": "support_team", "until": "P10D"}`).done()
		s.delivered()
		s.pass(4 * 24 * time.Hour)
		if got := s.mails("grant.expiring"); !slices.Equal(got, []string{"anna", "max"}) {
			t.Errorf("with a main administrator told are %v", got)
		}
	})

	t.Run("F09_support_team_falls_back_on_the_scope_above", func(t *testing.T) {
		s := firm(t)
		supports := func(scope string, at string, want ...string) {
			t.Helper()
			var answer service.Responsible
			s.as("max").get("/resolvers/support_team?scope=" + scope).into(&answer)
			var names []string
			for _, h := range answer.Holders {
				names = append(names, h.Login)
			}
			if !slices.Equal(names, want) || string(answer.Scope) != at {
				t.Errorf("%s is supported by %v of %s, want %v of %s", scope, names, answer.Scope, want, at)
			}
		}
		s.as("max").get("/resolvers/support_team?scope=teamroom:desk").refused("unknown", "")
		for _, room := range []string{"teamroom:desk", "teamroom:board"} {
			s.as("olga").grant("max", "member", room).done()
		}
		supports("teamroom:desk", "")
		s.as("carl").grant("mia", "support_team", "").done()
		supports("teamroom:desk", "organization:acme", "mia")
		s.as("olga").grant("anna", "manager", "app:files").done()
		s.as("anna").grant("max", "support_team", "app:files").done()
		supports("teamroom:desk", "app:files", "max")
		supports("app:files", "app:files", "max")
		supports("teamroom:board", "organization:acme", "mia")
		s.as("olga").grant("adam", "manager", "teamroom:desk").done()
		s.as("adam").grant("nina", "support_team", "teamroom:desk").done()
		supports("teamroom:desk", "teamroom:desk", "nina")
		s.as("adam").revoke("nina", "support_team", "teamroom:desk").done()
		supports("teamroom:desk", "app:files", "max")
		s.as("max").grant("max", "support_team", "").refused("not_permitted", "F09")
	})

	t.Run("F10_every_role_but_the_owners_is_open_to_non_members", func(t *testing.T) {
		s := firm(t)
		for _, role := range []string{"co_owner", "payment_user", "authorized_buyer", "compliance_manager", "administrator", "support_team"} {
			s.as("olga").grant("nina", role, "").done()
		}
		s.can("nina", "teamroom.read", "teamroom:board")
		s.as("olga").post("/transfers", `{"person": "nina"}`).refused("not_a_member", "F02")
	})

	t.Run("F11_background_user_works_in_every_teamroom_until_withdrawn", func(t *testing.T) {
		s := firm(t)
		const name = "Background Tasks “Acme”"
		for _, room := range []string{"teamroom:board", "teamroom:desk"} {
			s.held("background_tasks", room, name)
			s.can("background", "teamroom.tasks.run", room)
		}
		s.as("mia").revoke("background", "background_tasks", "teamroom:board").refused("not_permitted", "F11")
		s.as("carl").revoke("background", "background_tasks", "teamroom:board").done()
		s.cannot("background", "teamroom.tasks.run", "teamroom:board")
		s.as("carl").create("teamroom:later", "app:files").done()
		s.held("background_tasks", "teamroom:later", name)
		s.as("carl").grant("background", "background_tasks", "teamroom:board").done()
		s.can("background", "teamroom.tasks.run", "teamroom:board")
		s.as("olga").grant("mia", "background_tasks", "teamroom:board").refused("invalid", "F11")
		s.as("olga").post("/grants", `{"person": "mia", "role": "support_team", "until": "P2D"}`).done()
		s.pass(3 * 24 * time.Hour)
		s.delivered()
		if list := s.history("type:role.revoked cause:expiry"); len(list) != 1 || list[0].Actor != name || list[0].ActorID != "background" {
			t.Errorf("what it does is recorded as %+v", list)
		}
	})

	t.Run("F12_all_roles_in_one_commit_or_none", func(t *testing.T) {
		s := firm(t)
		s.as("carl").put("/roles", `{
			"roles": {"co_owner": ["cora", "mia"], "payment_user": ["max"], "administrator": ["anna", "nina"], "compliance_manager": ["nina"]},
			"designations": {"main_owner": "mia", "main_administrator": "nina"}}`).done()
		s.held("co_owner", "", "cora", "mia")
		s.held("payment_user", "", "max")
		s.held("administrator", "", "anna", "nina")
		s.marked("main_owner", "mia")
		if list := s.history("command:roles.define"); len(list) < 6 || list[0].Revision != list[len(list)-1].Revision {
			t.Errorf("the history has %+v", list)
		}
		s.unchanged(func() {
			p := s.as("max").put("/roles", `{"roles": {"administrator": ["anna"], "co_owner": [], "payment_user": ["max", "mia"]},
				"designations": {"main_owner": ""}}`)
			var refusal Problem
			if err := json.Unmarshal(p.body, &refusal); err != nil || p.status < 400 {
				t.Fatalf("%d %s", p.status, p.body)
			}
			var fields []string
			for _, each := range refusal.Errors {
				fields = append(fields, each.Field)
			}
			slices.Sort(fields)
			if want := []string{"designations.main_owner", "roles.co_owner", "roles.payment_user"}; !slices.Equal(slices.Compact(fields), want) {
				t.Errorf("refused are %v, want %v: %s", fields, want, p.body)
			}
			s.as("olga").put("/roles", `{"roles": {"administrator": ["nobody"]}}`).refused("unknown", "")
		})
		s.as("olga").put("/roles", `{"roles": {"owner": ["cora"], "co_owner": ["mia"]}}`).done()
		s.held("owner", "", "cora")
		s.held("co_owner", "", "mia")
	})

	t.Run("F13_the_form_shows_designations_only_where_they_can_be_set", func(t *testing.T) {
		s := firm(t)
		visible := func(field string, want bool) {
			t.Helper()
			if got := s.field("olga", field).Visible; got != want {
				t.Errorf("%s is visible: %t", field, got)
			}
		}
		visible("designations.main_owner", true)
		visible("designations.main_administrator", true)
		s.as("olga").revoke("adam", "administrator", "").done()
		visible("designations.main_administrator", false)
		for _, co := range []string{"carl", "cora"} {
			s.as("olga").revoke(co, "co_owner", "").done()
		}
		visible("designations.main_owner", false)
	})

	t.Run("F14_a_field_is_edited_by_those_who_may_grant_the_role", func(t *testing.T) {
		s := firm(t)
		s.as("olga").grant("mia", "payment_user", "").done()
		editable := func(who string) []string {
			var form []service.RoleField
			s.as(who).get("/roles").into(&form)
			var names []string
			for _, f := range form {
				if f.Editable {
					names = append(names, f.Field)
				}
			}
			return names
		}
		if got := editable("mia"); !slices.Equal(got, []string{"roles.administrator", "designations.main_administrator"}) {
			t.Errorf("the payment user edits %v", got)
		}
		if got := editable("max"); len(got) > 0 {
			t.Errorf("a member edits %v", got)
		}
		if got := editable("carl"); slices.Contains(got, "roles.owner") || !slices.Contains(got, "roles.compliance_manager") {
			t.Errorf("a co-owner edits %v", got)
		}
		if got := editable("olga"); !slices.Contains(got, "roles.owner") {
			t.Errorf("the owner edits %v", got)
		}
	})

	t.Run("F15_the_owner_stays_until_ownership_is_transferred", func(t *testing.T) {
		s := firm(t)
		s.unchanged(func() {
			s.as("carl").terminate("olga").refused("too_few_holders", "X01")
			s.as("cora").post("/memberships/suspend", `{"person": "olga"}`).refused("too_few_holders", "X01")
		})
		s.as("olga").post("/transfers", `{"person": "carl"}`).done()
		s.as("carl").designate("olga", "main_owner").done()
		s.as("carl").grant("olga", "member", "teamroom:board").done()
		s.as("carl").terminate("olga").done()
		s.held("co_owner", "", "cora")
		s.marked("main_owner", "")
		s.cannot("olga", "teamroom.read", "teamroom:board")
		s.as("olga").get("/people/olga").refused("unauthenticated", "") // her key has ended too
		for _, e := range s.history("type:role.revoked subject:olga -cause:transfer") {
			if e.Cause != "termination" {
				t.Errorf("%+v", e)
			}
		}
	})

	t.Run("F16_everything_shows_who_changed_it_last", func(t *testing.T) {
		s := firm(t)
		s.as("adam").ask("PATCH", "/people", `{"person": "mia", "job_title": "Support"}`).done()
		s.as("carl").grant("mia", "support_team", "").done()
		s.as("cora").post("/scopes/rename", `{"scope": "teamroom:board", "title": "The board"}`).done()
		holder := s.field("olga", "roles.support_team").Holders[0]
		if holder.By != "carl" || holder.Since.IsZero() || holder.Revision == 0 {
			t.Errorf("the role was given by %+v", holder)
		}
		if by := s.as("olga").get("/people/mia").done().text("changed_by"); by != "adam" {
			t.Errorf("mia was changed by %s", by)
		}
		var scopes []service.ScopeView
		s.as("olga").get("/scopes").into(&scopes)
		i := slices.IndexFunc(scopes, func(v service.ScopeView) bool { return v.ID == "teamroom:board" })
		if scopes[i].ChangedBy != "cora" {
			t.Errorf("the teamroom was changed by %+v", scopes[i])
		}
		s.as("cora").post("/features", `{"feature": "license_purchase", "on": true}`).done()
		var features []service.FeatureView
		s.as("olga").get("/features").into(&features)
		if features[0].ChangedBy != "cora" || features[0].Revision == 0 {
			t.Errorf("the feature was switched by %+v", features[0])
		}
		var holders []service.GrantView
		s.as("olga").get("/grants?role=background_tasks&scope=teamroom:board").into(&holders)
		if len(holders) != 1 || holders[0].By != "olga" || holders[0].Cause != "created" {
			t.Errorf("the background user got its role from %+v", holders)
		}

		// A time limit of later does not take the place of who gave the role.
		s.as("cora").post("/grants", `{"person": "mia", "role": "support_team", "until": "P30D"}`).done()
		limited := s.field("olga", "roles.support_team").Holders[0]
		if limited.By != "carl" || !limited.Since.Equal(holder.Since) || limited.SinceRevision != holder.Revision || limited.ChangedBy != "cora" ||
			limited.Revision <= holder.Revision || limited.ChangedAt.IsZero() {
			t.Errorf("given by %+v, it was limited by %+v", holder, limited)
		}
	})

	t.Run("F16_what_the_background_user_changes_shows_so", func(t *testing.T) {
		s := firm(t)
		last := func(scope string) service.ScopeDetail {
			t.Helper()
			var detail service.ScopeDetail
			s.as("olga").get("/scopes/" + scope).into(&detail)
			return detail
		}
		s.as("olga").post("/grants", `{"person": "mia", "role": "manager", "scope": "teamroom:board", "until": "P30D"}`).done()
		if was := last("teamroom:board"); was.ChangedBy != "olga" || fmt.Sprint(was.Revision) != s.revision() {
			t.Errorf("the role was given, and the teamroom was changed by %+v", was.ScopeView)
		}
		s.pass(31 * 24 * time.Hour)
		s.delivered()
		ended := s.history("type:role.revoked cause:expiry")
		if len(ended) != 1 || ended[0].ActorID != events.Background {
			t.Fatalf("what has ended: %+v", ended)
		}
		now := last("teamroom:board")
		if len(now.Roles) != 1 || now.ChangedBy != string(ended[0].Actor) || now.Revision != ended[0].Revision || !now.ChangedAt.Equal(ended[0].EffectiveAt) {
			t.Errorf("the role has ended by %+v, and the teamroom was changed by %+v", ended[0], now.ScopeView)
		}
		// So does what is taken from it.
		s.as("carl").post("/grants/revoke", `{"person": "background", "role": "background_tasks", "scope": "teamroom:board"}`).done()
		if now := last("teamroom:board"); len(now.Roles) != 0 || now.ChangedBy != "carl" || fmt.Sprint(now.Revision) != s.revision() {
			t.Errorf("the background user's role was withdrawn, and the teamroom was changed by %+v", now.ScopeView)
		}
	})
}
