package api

import (
	"slices"
	"testing"

	"tenure/service"
)

// No custom role of the standard model reaches those who run the organization, and
// none brings guests to where only members belong.
func TestStandardCustomRolesReachNobodyAbove(t *testing.T) {
	s := enact(t, "standard", "olga", "otto", "adam", "cleo", "carl")
	s.as("olga").grant("otto", "co_owner", "").done()
	s.as("olga").grant("adam", "administrator", "").done()
	s.as("carl").create("team:crew", "").done()
	s.as("olga").post("/role-types", `{"role": "desk", "template": "organization.custom_role", "permissions": ["organization.people.edit", "organization.members.suspend", "organization.members.terminate"]}`).done()
	s.as("olga").grant("cleo", "desk", "").done()
	s.unchanged(func() {
		for _, above := range []string{"olga", "otto", "adam"} {
			s.as("cleo").ask("PATCH", "/people", `{"person": "`+above+`", "email": "cleo@example.net"}`).refused("not_permitted", "F08")
			s.as("cleo").post("/memberships/suspend", `{"person": %q}`, above).refused("not_permitted", "F08")
			s.as("cleo").terminate(above).refused("not_permitted", "F08")
		}
	})
	s.as("cleo").ask("PATCH", "/people", `{"person": "carl", "job_title": "Clerk"}`).done()
	s.as("cleo").post("/memberships/suspend", `{"person": "carl"}`).done()

	s.as("olga").post("/people/members", `{"login": "gus", "email": "gus@example.org", "member_kind": "guest"}`).done()
	s.as("olga").post("/role-types", `{"role": "host", "template": "team.custom_role", "permissions": ["team.members.manage"]}`).done()
	s.as("olga").post("/memberships/start", `{"person": "cleo", "scope": "team:crew"}`).done()
	s.as("olga").grant("cleo", "host", "team:crew").done()
	s.unchanged(func() {
		s.as("cleo").post("/memberships/start", `{"person": "gus", "scope": "team:crew"}`).refused("not_permitted", "C27")
	})
	s.as("cleo").post("/memberships/start", `{"person": "adam", "scope": "team:crew"}`).done()
}

// Whoever only views is told that another role gives them nothing.
func TestStandardRemarks(t *testing.T) {
	s := enact(t, "standard", "olga", "vera", "cleo")
	s.as("olga").grant("vera", "viewer", "").done()
	s.as("olga").post("/role-types", `{"role": "clerk", "template": "organization.custom_role", "permissions": ["organization.reports.read"]}`).done()
	for _, dry := range []bool{true, false} {
		var receipt service.Receipt
		s.as("olga").post("/grants", `{"person": "vera", "role": "clerk", "dry_run": %t}`, dry).into(&receipt)
		want := []string{"clerk on organization:acme gives vera nothing: whoever is viewer on organization:acme has no more than that, whatever else they hold."}
		if !slices.Equal(receipt.Remarks, want) {
			t.Errorf("%t: the remarks are %q", dry, receipt.Remarks)
		}
	}
	s.as("olga").post("/role-types/permit", `{"role": "clerk", "permissions": ["team.read"]}`).done()
	var receipt service.Receipt
	s.as("olga").post("/grants", `{"person": "cleo", "role": "clerk"}`).into(&receipt)
	if len(receipt.Remarks) > 0 {
		t.Errorf("the remarks are %q", receipt.Remarks)
	}
}
