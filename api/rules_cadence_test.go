package api

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"tenure/rolemodel"
	"tenure/service"
)

// campus is an organization under the model cadence: olga is the owner, ann is
// Department Admin of admissions and dora of alumni, sam and sue are staff of
// admissions and stu of alumni, mia is a member of no department, and nina is
// no member.
func campus(t *testing.T) *stage {
	t.Helper()
	s := enact(t, "cadence", "olga", "ann", "dora", "sam", "sue", "stu", "mia", "nina!")
	for department, staff := range map[string][]string{admissions: {"ann", "sam", "sue"}, alumni: {"dora", "stu"}} {
		s.as("olga").create(department, "").done()
		for _, who := range staff {
			s.as("olga").seat("start", who, department).done()
		}
		s.as("olga").grant(staff[0], "admin", department).done()
	}
	s.delivered()
	return s
}

const (
	admissions = "department:admissions"
	alumni     = "department:alumni"
)

// seat starts, suspends, resumes or terminates somebody's membership of a scope.
func (a *act) seat(verb, who, on string) *act {
	a.t.Helper()
	return a.post("/memberships/"+verb, `{"person": %q, "scope": %q}`, who, on)
}

// attest records that something was done elsewhere.
func (a *act) attest(fact, on string) *act {
	a.t.Helper()
	return a.post("/facts", `{"fact": %q, "scope": %q}`, fact, on)
}

// everything lists what somebody may do, anywhere, and on how many scopes.
func (s *stage) everything(who string) map[string]int {
	s.t.Helper()
	var sections []service.SectionView
	s.as("operator").get("/sections?below=true&person=" + who).into(&sections)
	all := map[string]int{}
	for _, section := range sections {
		for _, p := range section.Permissions {
			all[p.ID] = p.Scopes
		}
	}
	return all
}

// modelOf shows a model as the API does.
func (s *stage) modelOf(id string) service.ModelView {
	s.t.Helper()
	var m service.ModelView
	s.as("operator").get("/v1/models/" + id).into(&m)
	return m
}

// ofKind lists the permissions of a kind of scope.
func ofKind(m service.ModelView, kind string) []string {
	var list []string
	for _, p := range m.Permissions {
		if strings.HasPrefix(p.ID, kind+".") {
			list = append(list, p.ID)
		}
	}
	return list
}

// findings are those of the posture report: level, code and who is named.
func (s *stage) findings(who string) []string {
	s.t.Helper()
	var report service.PostureView
	s.as(who).get("/reports/posture").into(&report)
	var list []string
	for _, f := range report.Findings {
		list = append(list, fmt.Sprintf("%s %s %s", f.Level, f.Code, strings.Join(f.Logins, ",")))
	}
	return list
}

// ownerRow is one thing that Organization Owners may do: a permission and, where
// the ledger itself does it, the request. Department Admins and staff have it in
// their own department or not.
type ownerRow struct {
	words, permission, rule string
	admin, staff            bool
	// who says that the request names somebody, whom an outsider cannot look up.
	who bool
	do  func(a *act) *act
}

func (r ownerRow) scoped() bool { return strings.HasPrefix(r.permission, "department.") }

var ownerRows = []ownerRow{
	{words: "create_users", permission: "organization.users.create", rule: "D03",
		do: func(a *act) *act { return a.post("/people", `{"login": "zoe"}`) }},
	{words: "let_users_in", permission: "organization.users.create", rule: "D03",
		do: func(a *act) *act { return a.seat("start", "nina", "") }},
	{words: "create_users_at_once", permission: "organization.users.create", rule: "D03",
		do: func(a *act) *act { return a.post("/people/members", `{"login": "zoe"}`) }},
	{words: "create_users_by_invitation", permission: "organization.users.create", rule: "D03",
		do: func(a *act) *act { return a.post("/invitations", `{"email": "zoe@example.org"}`) }},
	{words: "create_users_from_a_file", permission: "organization.users.create", rule: "D03",
		do: func(a *act) *act { return a.post("/imports/people", `{"file": "login\nzoe\n"}`) }},
	{words: "delete_users", permission: "organization.users.delete", rule: "D03", who: true,
		do: func(a *act) *act { return a.terminate("sue") }},
	{words: "delete_users_in_numbers", permission: "organization.users.delete", rule: "D03", who: true,
		do: func(a *act) *act {
			return a.post("/memberships/bulk", `{"verb": "terminate", "people": ["sue", "stu"]}`)
		}},
	{words: "create_departments", permission: "organization.departments.create", rule: "D03",
		do: func(a *act) *act { return a.create("department:bursary", "") }},
	{words: "delete_departments", permission: "department.delete", rule: "D03",
		do: func(a *act) *act { return a.post("/scopes/delete", `{"scope": %q}`, admissions) }},
	{words: "add_staff_members_to_a_department", permission: "department.staff.add", rule: "D03", who: true,
		do: func(a *act) *act { return a.seat("start", "mia", admissions) }},
	{words: "add_staff_members_by_invitation", permission: "department.staff.add", rule: "D03", who: true,
		do: func(a *act) *act { return a.post("/invitations", `{"person": "mia", "scope": %q}`, admissions) }},
	{words: "remove_staff_members_from_a_department", permission: "department.staff.remove", rule: "D03", who: true,
		do: func(a *act) *act { return a.seat("terminate", "sue", admissions) }},
	{words: "message_any_student_in_any_department", permission: "department.students.message", rule: "D11", admin: true, staff: true,
		do: func(a *act) *act { return a.attest("texts_sent", admissions) }},
	{words: "import_student_data", permission: "department.students.import", rule: "D05", admin: true,
		do: func(a *act) *act { return a.attest("students_imported", admissions) }},
	{words: "modify_student_data", permission: "department.students.modify", rule: "D03", admin: true},
	{words: "view_student_data", permission: "department.students.view", rule: "D03", admin: true, staff: true},
	{words: "review_usage_settings_and_configuration_of_any_department", permission: "department.review", rule: "D03", admin: true},
	{words: "review_contractual_information", permission: "organization.contract.review", rule: "D03"},
	{words: "review_usage_to_the_staff_member_for_all_departments", permission: "organization.usage.review", rule: "D03",
		do: func(a *act) *act { return a.get("/reports/usage") }},
	{words: "control_access_to_API_credentials", permission: "organization.api_credentials.control", rule: "D07",
		do: func(a *act) *act { return a.post("/clients", `{"name": "feed"}`) }},
}

func cadenceRules(t runner) {
	t.Run("D01_there_is_an_active_owner_at_all_times", func(t *testing.T) {
		s := campus(t)
		lastOwnerStays := func(who string) {
			t.Helper()
			s.unchanged(func() {
				s.as(who).revoke("olga", "owner", "").refused("too_few_holders", "X01")
				s.as(who).terminate("olga").refused("too_few_holders", "X01")
				s.as(who).seat("suspend", "olga", "").refused("too_few_holders", "X01")
				s.as(who).post("/memberships/bulk", `{"verb": "suspend", "people": ["sam", "olga"]}`).refused("too_few_holders", "X01")
				s.as(who).post("/memberships/bulk", `{"verb": "terminate", "people": ["sam", "olga"]}`).refused("too_few_holders", "X01")
				s.as(who).put("/roles", `{"roles": {"owner": []}}`).refused("too_few_holders", "X01")
			})
		}
		lastOwnerStays("olga")
		s.as("olga").grant("mia", "owner", "").done()
		s.as("olga").seat("suspend", "mia", "").done()
		lastOwnerStays("olga") // one who is suspended does not count
		s.as("olga").seat("resume", "mia", "").done()
		s.as("mia").revoke("olga", "owner", "").done()
		s.held("owner", "", "mia")
		s.as("mia").terminate("olga").done()
		s.unchanged(func() { s.as("mia").revoke("mia", "owner", "").refused("too_few_holders", "X01") })
	})

	t.Run("D01_no_owner_whose_time_is_over_is_the_last", func(t *testing.T) {
		s := campus(t)
		s.unchanged(func() {
			s.as("olga").post("/grants", `{"person": "olga", "role": "owner", "until": "P10D"}`).refused("too_few_holders", "X01")
		})
		s.as("olga").post("/grants", `{"person": "mia", "role": "owner", "until": "P10D"}`).done()
		s.unchanged(func() { s.as("mia").revoke("olga", "owner", "").refused("too_few_holders", "X01") })
		s.pass(11 * 24 * time.Hour)
		s.delivered()
		s.held("owner", "", "olga")
		s.cannot("mia", "organization.users.create", "")
	})

	t.Run("D02_an_owner_has_all_permissions_of_departments_in_all_of_them", func(t *testing.T) {
		s := campus(t)
		every := ofKind(s.modelOf("cadence"), "department")
		if len(every) < 12 {
			t.Fatalf("permissions of departments: %v", every)
		}
		s.as("olga").grant("mia", "owner", "").done()
		s.as("mia").create("department:later", "").done()
		all := []string{admissions, alumni, "department:later"}
		for _, permission := range every {
			for _, department := range all {
				for _, owner := range []string{"olga", "mia"} {
					s.can(owner, permission, department)
				}
			}
			s.cannot("ann", permission, "department:later")
			s.cannot("ann", permission, alumni)
			s.cannot("nina", permission, admissions)
		}
		s.as("olga").seat("suspend", "mia", "").done()
		for _, permission := range every {
			s.cannot("mia", permission, alumni)
		}
		s.as("olga").seat("resume", "mia", "").done()
		s.can("mia", "department.delete", "department:later")
		s.as("olga").revoke("mia", "owner", "").done()
		for _, permission := range every {
			s.cannot("mia", permission, "department:later") // who created it keeps nothing of it
		}
	})

	for _, row := range ownerRows {
		t.Run("D03_owners_"+row.words, func(t *testing.T) {
			s := campus(t)
			where, elsewhere := "", ""
			if row.scoped() {
				where, elsewhere = admissions, alumni
				s.can("olga", row.permission, elsewhere)
			}
			s.can("olga", row.permission, where)
			may := map[string]bool{"ann": row.admin, "sam": row.staff}
			for _, who := range []string{"ann", "sam", "dora", "stu", "mia", "nina"} {
				if may[who] {
					s.can(who, row.permission, where)
					s.cannot(who, row.permission, elsewhere)
					continue
				}
				s.cannot(who, row.permission, where)
				if row.do != nil {
					rule := row.rule
					if row.who && who == "nina" {
						rule = ""
					}
					s.unchanged(func() { row.do(s.as(who)).refused("not_permitted", rule) })
				}
			}
			if row.do != nil {
				row.do(s.as("olga")).done()
			}
		})
	}

	t.Run("D03_each_permission_is_one_of_its_own", func(t *testing.T) {
		s := campus(t)
		titles := map[string]string{}
		for _, p := range s.modelOf("cadence").Permissions {
			titles[p.ID] = p.Title
		}
		seen := map[string]bool{}
		for _, row := range ownerRows {
			if titles[row.permission] == "" {
				t.Errorf("there is no permission %s", row.permission)
			}
			seen[row.permission] = true
		}
		if len(seen) != 14 {
			t.Errorf("%d permissions stand for the fourteen", len(seen))
		}
	})

	t.Run("D04_what_owners_alone_hold_is_in_the_section_organization", func(t *testing.T) {
		s := campus(t)
		model := s.modelOf("cadence")
		holders := map[string][]string{}
		for _, role := range model.Roles {
			for _, id := range slices.Concat(role.Permissions, role.Inherited) {
				holders[id] = append(holders[id], role.ID)
			}
		}
		exclusive := map[string]bool{}
		for _, p := range model.Permissions {
			alone := slices.Equal(holders[p.ID], []string{"organization.owner"})
			if exclusive[p.ID] = alone; alone != (p.Section == "Organization") {
				t.Errorf("%s is held by %v and stands in the section %s", p.ID, holders[p.ID], p.Section)
			}
		}
		section := func(who string) map[string]bool {
			t.Helper()
			var sections []service.SectionView
			s.as(who).get("/sections?below=true").into(&sections)
			seen := map[string]bool{}
			for _, view := range sections {
				if view.Title != "Organization" {
					continue
				}
				if view.Rule != "D04" || !slices.Equal(view.Exclusive, []string{"organization.owner"}) {
					t.Errorf("%s sees the section as %+v", who, view)
				}
				for _, p := range view.Permissions {
					seen[p.ID] = true
				}
			}
			return seen
		}
		for id, want := range exclusive {
			if got := section("olga")[id]; got != want {
				t.Errorf("the owner sees %s in the section: %t", id, got)
			}
		}
		for _, who := range []string{"ann", "dora", "sam", "mia"} {
			if seen := section(who); len(seen) > 0 {
				t.Errorf("%s sees in the section %v", who, seen)
			}
		}
		s.as("olga").grant("ann", "owner", "").done()
		if len(section("ann")) == 0 {
			t.Error("a new owner does not see the section")
		}
		s.as("olga").revoke("ann", "owner", "").done()
		if seen := section("ann"); len(seen) > 0 {
			t.Errorf("a former owner sees in the section %v", seen)
		}
	})

	t.Run("D04_a_model_where_another_role_has_what_is_the_owners_is_refused", func(t *testing.T) {
		const file = "../rolemodel/models/cadence.yaml"
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := rolemodel.Parse(file, source); err != nil {
			t.Fatal(err)
		}
		lent := map[string]string{
			"organization.member": "permissions: [organization.people.read, organization.contract.review]",
			"department.admin":    "permissions: [department.staff.add]",
			"department.staff":    "permissions: [department.delete]",
			// Not even to a client.
			"organization.integration": "inherited: [department.staff.remove]",
		}
		for role, line := range lent {
			begin := strings.Index(string(source), "- id: "+role+"\n")
			if begin < 0 {
				t.Fatalf("there is no role %s", role)
			}
			key, _, _ := strings.Cut(line, ":")
			at := begin + strings.Index(string(source)[begin:], "    "+key+":")
			end := at + strings.Index(string(source)[at:], "\n\n")
			changed := string(source[:at]) + "    " + line + string(source[end:])
			if _, err := rolemodel.Parse(file, []byte(changed)); err == nil || !strings.Contains(err.Error(), "D04") {
				t.Errorf("%s with %s: %v", role, line, err)
			}
		}
	})

	for words, permission := range map[string]string{
		"import_student_data":          "department.students.import",
		"review_import_errors":         "department.import_errors.review",
		"coordinate_data_integration":  "department.integration.coordinate",
		"send_texts_on_behalf":         "department.texts.send_on_behalf",
		"monitor_daily_usage":          "department.usage.monitor",
		"change_the_departments_title": "department.edit",
	} {
		t.Run("D05_department_admins_"+words, func(t *testing.T) {
			s := campus(t)
			s.can("ann", permission, admissions)
			s.cannot("ann", permission, alumni)
			s.can("dora", permission, alumni)
			for _, who := range []string{"dora", "sam", "mia", "nina"} {
				s.cannot(who, permission, admissions)
			}
			s.as("olga").seat("suspend", "ann", "").done()
			s.cannot("ann", permission, admissions)
			s.held("admin", admissions, "ann")
			s.as("olga").seat("resume", "ann", "").done()
			s.can("ann", permission, admissions)
			s.as("olga").revoke("ann", "admin", admissions).done()
			s.cannot("ann", permission, admissions)
			s.held("staff", admissions, "ann", "sam", "sue")
			s.as("olga").grant("ann", "admin", admissions).done()
			s.as("olga").seat("terminate", "ann", admissions).done()
			s.cannot("ann", permission, admissions)
			s.held("admin", admissions)
			if got := s.mails("membership.terminated"); !slices.Equal(got, []string{"ann"}) {
				t.Errorf("told are %v", got)
			}
		})
	}

	t.Run("D05_department_admins_are_told_when_their_department_goes", func(t *testing.T) {
		s := campus(t)
		s.as("olga").post("/scopes/delete", `{"scope": %q}`, admissions).done()
		told := map[string][]string{}
		for _, mail := range s.delivered() {
			told[mail.to] = append(told[mail.to], mail.kind)
		}
		diff(t, "told are", map[string][]string{"ann": {"role.revoked"}, "sam": {"role.revoked"}, "sue": {"role.revoked"}}, told)
	})

	t.Run("D05_department_admins_have_nothing_in_other_departments", func(t *testing.T) {
		s := campus(t)
		s.as("olga").create("department:later", "").done()
		for _, permission := range ofKind(s.modelOf("cadence"), "department") {
			for _, other := range []string{alumni, "department:later"} {
				s.cannot("ann", permission, other)
			}
		}
		s.unchanged(func() {
			s.as("ann").attest("students_imported", alumni).refused("not_permitted", "D05")
			s.as("ann").attest("texts_sent", alumni).refused("not_permitted", "D11")
			s.as("ann").post("/scopes/rename", `{"scope": %q, "title": "Mine"}`, alumni).refused("not_permitted", "")
			s.as("sam").attest("students_imported", admissions).refused("not_permitted", "D05")
		})
		s.as("ann").attest("students_imported", admissions).done()
		s.as("ann").post("/scopes/rename", `{"scope": %q, "title": "Admissions office"}`, admissions).done()
		if all := s.everything("ann"); all["department.students.import"] != 1 || all["organization.people.read"] != 1 {
			t.Errorf("the admin has %v", all)
		}
		// Of two departments, where somebody is admin of both.
		s.as("olga").grant("ann", "admin", alumni).refused("not_a_member", "D05")
		s.as("olga").seat("start", "ann", alumni).done()
		s.cannot("ann", "department.students.import", alumni)
		s.as("olga").grant("ann", "admin", alumni).done()
		s.can("ann", "department.students.import", alumni)
		s.held("admin", alumni, "ann", "dora")
	})

	t.Run("D06_department_admin_and_owner_at_once", func(t *testing.T) {
		s := campus(t)
		s.as("olga").grant("ann", "owner", "").done()
		s.held("owner", "", "ann", "olga")
		s.held("admin", admissions, "ann")
		s.as("ann").attest("students_imported", admissions).done()
		s.can("ann", "organization.contract.review", "")
		s.as("ann").seat("start", "olga", alumni).done()
		s.as("ann").grant("olga", "admin", alumni).done()
		s.held("admin", alumni, "dora", "olga")
		s.as("olga").revoke("ann", "owner", "").done()
		s.cannot("ann", "organization.contract.review", "")
		s.cannot("ann", "department.students.import", alumni)
		s.can("ann", "department.students.import", admissions) // what remains is the one department
		s.as("olga").revoke("olga", "admin", alumni).done()
		s.can("olga", "department.students.import", alumni)
	})

	t.Run("D07_credentials_are_issued_listed_and_revoked_by_owners", func(t *testing.T) {
		s := campus(t)
		s.as("olga").post("/clients", `{"name": "feed"}`).done()
		key := s.as("olga").post("/keys", `{"person": "feed"}`).done()
		id := key.text("id")
		s.keys["feed"] = key.text("key")
		for _, who := range []string{"ann", "sam", "mia"} {
			s.unchanged(func() {
				s.as(who).post("/clients", `{"name": "own"}`).refused("not_permitted", "D07")
				s.as(who).get("/clients").refused("not_permitted", "D07")
				s.as(who).post("/clients/delete", `{"client": "feed"}`).refused("not_permitted", "D07")
				s.as(who).post("/keys", `{"person": "feed"}`).refused("not_permitted", "D07")
				s.as(who).post("/keys/revoke", `{"key": %q}`, id).refused("not_permitted", "D07")
				s.as(who).grant("feed", "integration", "").refused("not_permitted", "D07")
				s.as(who).grant("feed", "integration", admissions).refused("not_permitted", "D07")
			})
		}
		listed := func(who string) (n int) {
			t.Helper()
			var keys []service.KeyView
			s.as(who).get("/keys").into(&keys)
			for _, k := range keys {
				if k.Person == "feed" {
					n++
				}
			}
			return n
		}
		if n := listed("olga"); n != 1 {
			t.Errorf("the owner lists %d keys", n)
		}
		for _, who := range []string{"ann", "sam", "mia"} {
			if n := listed(who); n != 0 {
				t.Errorf("%s lists %d keys", who, n)
			}
		}
		s.as("feed").get("/v1/whoami").done()
		s.as("olga").post("/keys/revoke", `{"key": %q}`, id).done()
		s.as("feed").get("/v1/whoami").refused("unauthenticated", "")
		if n := listed("olga"); n != 0 {
			t.Errorf("of a revoked key the owner lists %d", n)
		}
		s.as("olga").grant("ann", "owner", "").done()
		s.keys["feed"] = s.as("ann").post("/keys", `{"person": "feed"}`).done().text("key")
		s.as("olga").revoke("ann", "owner", "").done()
		s.as("ann").post("/keys", `{"person": "feed"}`).refused("not_permitted", "D07")
		s.as("olga").post("/clients/delete", `{"client": "feed"}`).done()
		s.as("feed").get("/v1/whoami").refused("unauthenticated", "")
	})

	t.Run("D07_what_is_done_with_a_credential_is_recorded_as_done_by_it", func(t *testing.T) {
		s := campus(t)
		s.as("olga").post("/clients", `{"name": "feed"}`).done()
		s.keys["feed"] = s.as("olga").post("/keys", `{"person": "feed"}`).done().text("key")
		s.as("feed").attest("students_imported", admissions).refused("not_permitted", "D05")
		s.as("olga").grant("feed", "integration", admissions).done()
		s.as("feed").attest("students_imported", admissions).done()
		list := s.history("type:fact.recorded")
		if len(list) != 1 || list[0].Actor != "feed" || list[0].OnBehalfOf != "" {
			t.Errorf("on record is %+v", list)
		}
		s.unchanged(func() {
			s.as("feed").attest("students_imported", alumni).refused("not_permitted", "D05")
			s.as("feed").attest("texts_sent", admissions).refused("not_permitted", "D11")
			s.as("feed").post("/facts", `{"fact": "students_imported", "scope": %q, "on_behalf_of": %q}`, admissions, s.id("sam")).refused("not_permitted", "D11")
			s.as("feed").post("/keys", `{"person": "feed"}`).refused("not_permitted", "D07")
			s.as("feed").post("/people", `{"login": "zoe"}`).refused("not_permitted", "D03")
			s.as("olga").grant("feed", "owner", "").refused("invalid", "D01")
			s.as("olga").grant("feed", "admin", admissions).refused("invalid", "D05")
			s.as("olga").grant("mia", "integration", "").refused("invalid", "D07")
		})
		s.as("olga").grant("feed", "integration", "").done()
		s.as("feed").attest("students_imported", alumni).done()
		s.as("olga").revoke("feed", "integration", "").done()
		s.as("olga").revoke("feed", "integration", admissions).done()
		s.as("feed").attest("students_imported", admissions).refused("not_permitted", "D05")
		s.as("olga").post("/clients/delete", `{"client": "feed"}`).done()
		s.held("integration", admissions)
	})

	t.Run("D08_one_owner_is_enough_for_one_department_alone", func(t *testing.T) {
		s := enact(t, "cadence", "olga", "mia", "max", "ann")
		warned := func(want ...string) {
			t.Helper()
			var got []string
			for _, f := range s.findings("olga") {
				if strings.Contains(f, " highest_role_") {
					got = append(got, f)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("found are %v, want %v", got, want)
			}
		}
		s.as("olga").create(admissions, "").done()
		warned("info highest_role_single olga")
		s.as("olga").create(alumni, "").done()
		warned("warning highest_role_single olga")
		s.as("olga").grant("mia", "owner", "").done()
		warned()
		s.as("olga").seat("suspend", "mia", "").done()
		warned("warning highest_role_single olga")
		s.as("olga").seat("resume", "mia", "").done()
		s.as("olga").grant("max", "owner", "").done()
		warned("warning highest_role_many olga,mia,max")
		s.as("olga").create("department:bursary", "").done()
		warned()
		s.as("olga").grant("ann", "owner", "").done()
		warned("warning highest_role_many olga,mia,max,ann")
	})

	t.Run("D08_an_owner_who_does_not_act_is_named", func(t *testing.T) {
		s := campus(t)
		s.as("olga").grant("mia", "owner", "").done()
		dormant := func() (found []string) {
			t.Helper()
			for _, f := range s.findings("olga") {
				if strings.Contains(f, " highest_role_dormant ") {
					found = append(found, f)
				}
			}
			return found
		}
		s.pass(89 * 24 * time.Hour)
		if got := dormant(); len(got) > 0 {
			t.Errorf("before the time there is %v", got)
		}
		s.as("olga").post("/scopes/rename", `{"scope": %q, "title": "Alumni office"}`, alumni).done()
		s.pass(2 * 24 * time.Hour)
		if got := dormant(); !slices.Equal(got, []string{"warning highest_role_dormant mia"}) {
			t.Errorf("after 91 days there is %v", got)
		}
		s.as("mia").attest("texts_sent", admissions).done()
		if got := dormant(); len(got) > 0 {
			t.Errorf("once she has acted there is %v", got)
		}
		for _, who := range []string{"ann", "sam", "nina"} {
			s.as(who).get("/reports/posture").refused("not_permitted", "D03")
		}
	})

	t.Run("D09_usage_by_department_and_staff_member", func(t *testing.T) {
		s := campus(t)
		s.pass(24 * time.Hour)
		for range 3 {
			s.as("sam").attest("texts_sent", admissions).done()
		}
		s.as("ann").attest("students_imported", admissions).done()
		s.as("ann").post("/facts", `{"fact": "texts_sent", "scope": %q, "on_behalf_of": "sue"}`, admissions).done()
		s.as("stu").attest("texts_sent", alumni).done()
		s.as("stu").attest("texts_sent", admissions).refused("not_permitted", "D11") // what is refused is no use
		var usage service.UsageView
		s.as("olga").get("/reports/usage?from=2026-01-02").into(&usage)
		got := map[string]int{}
		for _, r := range usage.Rows {
			got[fmt.Sprintf("%s %s %s", r.Scope, r.Login, r.As)] = r.Commits
		}
		for row, want := range map[string]int{
			admissions + " sam actor": 3, admissions + " ann actor": 2, admissions + " sue on_behalf_of": 1, admissions + " sue actor": 0,
			alumni + " stu actor": 1, alumni + " dora actor": 0,
		} {
			if n, listed := got[row]; !listed || n != want {
				t.Errorf("%s: %d (listed: %t), want %d", row, n, listed, want)
			}
		}
		if _, listed := got[admissions+" stu actor"]; listed {
			t.Error("somebody of another department is counted")
		}
		s.as("olga").get("/reports/usage?to=2026-01-01").into(&usage)
		for _, r := range usage.Rows {
			if r.Login == "sam" && r.Commits > 0 {
				t.Errorf("in the period before there is %+v", r)
			}
		}
		for _, who := range []string{"ann", "sam", "mia", "nina"} {
			s.as(who).get("/reports/usage").refused("not_permitted", "D03")
		}
	})

	t.Run("D05_department_admins_see_the_usage_of_their_own_department", func(t *testing.T) {
		s := campus(t)
		s.as("sam").attest("texts_sent", admissions).done()
		s.as("stu").attest("texts_sent", alumni).done()
		logins := func(who, on string) (list []string) {
			t.Helper()
			var usage service.UsageView
			s.as(who).get("/reports/usage?scope=" + on).into(&usage)
			for _, r := range usage.Rows {
				if on != "" && string(r.Scope) != on {
					t.Errorf("on %s there is %+v", on, r)
				}
				if r.Commits > 0 && r.Types["fact.recorded"] > 0 {
					list = append(list, r.Login)
				}
			}
			return list
		}
		diff(t, "the admin sees", []string{"sam"}, logins("ann", admissions))
		diff(t, "the owner sees there", []string{"sam"}, logins("olga", admissions))
		diff(t, "the owner sees of another one", []string{"stu"}, logins("olga", alumni))
		for _, on := range []string{alumni, "organization:campus", "department:none"} {
			s.as("ann").get("/reports/usage?scope="+on).refused("not_permitted", "D03")
		}
		s.as("olga").get("/reports/usage?scope=department:none").refused("unknown", "")
		for _, who := range []string{"sam", "stu", "mia"} {
			s.as(who).get("/reports/usage?scope="+admissions).refused("not_permitted", "D03")
		}
		s.as("ann").get("/reports/posture").refused("not_permitted", "D03")
		s.as("olga").revoke("ann", "admin", admissions).done()
		s.as("ann").get("/reports/usage?scope="+admissions).refused("not_permitted", "D03")
	})

	t.Run("D10_staff_are_members_of_a_department_and_of_the_organization", func(t *testing.T) {
		s := campus(t)
		s.held("staff", admissions, "ann", "sam", "sue")
		s.as("olga").grant("mia", "admin", admissions).refused("not_a_member", "D05")
		s.as("olga").grant("mia", "staff", admissions).refused("not_permitted", "D10")
		s.as("olga").seat("start", "nina", admissions).done()
		if state := s.as("olga").get("/people/nina").done().text("state"); state != "member" {
			t.Errorf("a new staff member is %s", state)
		}
		s.can("nina", "department.students.message", admissions)
		s.cannot("nina", "department.students.message", alumni)
		s.as("olga").terminate("nina").done()
		s.held("staff", admissions, "ann", "sam", "sue")
		s.cannot("nina", "department.students.message", admissions)
		s.as("olga").seat("terminate", "sam", admissions).done()
		s.cannot("sam", "department.students.view", admissions)
		if state := s.as("olga").get("/people/sam").done().text("state"); state != "member" {
			t.Errorf("who left a department is %s", state)
		}
	})

	t.Run("D10_students_are_no_principals_and_hold_no_role", func(t *testing.T) {
		s := campus(t)
		model := s.modelOf("cadence")
		for _, kind := range model.Kinds {
			if strings.Contains(kind.Kind, "student") || len(kind.MemberKinds) > 0 {
				t.Errorf("there is %+v", kind)
			}
		}
		for _, role := range model.Roles {
			if strings.Contains(role.ID, "student") {
				t.Errorf("there is a role %s", role.ID)
			}
		}
		people := func() []string {
			t.Helper()
			var list []service.PersonView
			s.as("olga").get("/people").into(&list)
			var names []string
			for _, p := range list {
				names = append(names, p.Login)
			}
			return names
		}
		before := people()
		s.as("ann").attest("students_imported", admissions).done()
		s.as("sam").attest("texts_sent", admissions).done()
		if after := people(); !slices.Equal(before, after) {
			t.Errorf("people are %v, before the import %v", after, before)
		}
		for _, e := range s.history("type:fact.recorded") {
			if e.ID != "" {
				t.Errorf("a fact about students names %s", e.Login)
			}
		}
		s.unchanged(func() {
			s.as("olga").grant("mia", "student", admissions).refused("unknown", "")
			s.as("olga").post("/memberships/start", `{"person": "mia", "scope": %q, "member_kind": "student"}`, admissions).refused("unknown", "")
		})
	})

	t.Run("D11_what_an_admin_does_for_a_staff_member_names_both", func(t *testing.T) {
		s := campus(t)
		text := func(who, behalf, on string) *act {
			return s.as(who).post("/facts", `{"fact": "texts_sent", "scope": %q, "on_behalf_of": %q}`, on, behalf)
		}
		text("ann", "sam", admissions).done()
		list := s.history("type:fact.recorded")
		if len(list) != 1 || list[0].Actor != "ann" || list[0].OnBehalfOf != "sam" {
			t.Errorf("on record is %+v", list)
		}
		if list := s.history("actor:sam"); len(list) > 0 {
			t.Errorf("the staff member is taken for the actor of %+v", list)
		}
		text("olga", "stu", alumni).done()
		s.unchanged(func() {
			text("ann", "stu", admissions).refused("not_permitted", "D11")  // of another department
			text("ann", "mia", admissions).refused("not_permitted", "D11")  // of none
			text("ann", "olga", admissions).refused("not_permitted", "D11") // the owner
			text("ann", "sam", alumni).refused("not_permitted", "D11")
			text("sam", "sue", admissions).refused("not_permitted", "D11")
			text("sam", "ann", admissions).refused("not_permitted", "D11")
			text("mia", "sam", admissions).refused("not_permitted", "D11")
			text("ann", "nina", admissions).refused("not_a_member", "")
			text("ann", "ann", admissions).refused("invalid", "")
		})
		for who, code := range map[string]string{"sam": "not_a_member", "ann": "not_permitted"} {
			s.as("olga").seat("suspend", who, "").done()
			text("ann", "sam", admissions).refused(code, "")
			s.as("olga").seat("resume", who, "").done()
		}
		s.as("olga").revoke("ann", "admin", admissions).done()
		text("ann", "sam", admissions).refused("not_permitted", "D11")
	})

	t.Run("D11_to_act_for_somebody_gives_no_authority_of_theirs", func(t *testing.T) {
		s := campus(t)
		s.as("olga").seat("start", "olga", admissions).done()
		s.unchanged(func() {
			s.as("ann").post("/people", `{"login": "zoe", "on_behalf_of": "olga"}`).refused("not_permitted", "D03")
			s.as("ann").post("/grants", `{"person": "ann", "role": "owner", "on_behalf_of": "olga"}`).refused("not_permitted", "D01")
		})
		s.as("olga").seat("start", "sam", alumni).done()
		s.as("ann").post("/facts", `{"fact": "texts_sent", "scope": %q, "on_behalf_of": "sam"}`, admissions).done()
		s.as("dora").post("/facts", `{"fact": "texts_sent", "scope": %q, "on_behalf_of": "sam"}`, alumni).done()
		s.as("olga").seat("terminate", "sam", alumni).done()
		s.as("dora").post("/facts", `{"fact": "texts_sent", "scope": %q, "on_behalf_of": "sam"}`, alumni).refused("not_permitted", "D11")
	})

	t.Run("D12_owners_grant_owner_and_department_admin", func(t *testing.T) {
		s := campus(t)
		s.unchanged(func() {
			for _, who := range []string{"ann", "sam", "mia"} {
				s.as(who).grant("mia", "owner", "").refused("not_permitted", "D01")
				s.as(who).revoke("olga", "owner", "").refused("not_permitted", "D01")
				s.as(who).grant("sam", "admin", admissions).refused("not_permitted", "D05")
				s.as(who).post("/invitations", `{"email": "zoe@example.org", "role": "owner"}`).refused("not_permitted", "D03")
				s.as(who).post("/people/members", `{"login": "zoe", "role": "owner"}`).refused("not_permitted", "D03")
				s.as(who).post("/transfers", `{"person": "mia", "role": "owner"}`).refused("invalid", "")
			}
			s.as("dora").revoke("ann", "admin", admissions).refused("not_permitted", "D05")
			if p := s.as("ann").put("/roles", `{"roles": {"owner": ["ann", "olga"]}}`).refused("not_permitted", "D01"); p.Field != "roles.owner" {
				t.Errorf("refused is %s", p.Field)
			}
			s.as("ann").put("/roles", `{"scope": %q, "roles": {"admin": ["ann", "sam"]}}`, admissions).refused("not_permitted", "D05")
			s.as("olga").grant("nina", "owner", "").refused("not_a_member", "D01")
		})
		s.as("olga").grant("mia", "owner", "").done()
		s.as("mia").grant("sam", "admin", admissions).done()
		s.held("admin", admissions, "ann", "sam")
		s.as("ann").revoke("ann", "admin", admissions).done() // anybody may lay down their own role
		s.as("mia").put("/roles", `{"scope": %q, "roles": {"admin": ["sue"]}}`, admissions).done()
		s.held("admin", admissions, "sue")
		s.held("staff", admissions, "ann", "sam", "sue")
		s.as("mia").revoke("olga", "owner", "").done()
		s.as("olga").grant("stu", "admin", alumni).refused("not_permitted", "D05")
		s.as("olga").grant("olga", "owner", "").refused("not_permitted", "D01")
	})
}
