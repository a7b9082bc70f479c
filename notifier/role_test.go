package notifier

import (
	"errors"
	"strings"
	"testing"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
)

// TestLettersOfCustomRoles: a role that the organization has defined itself is
// called by its title, and by its name where there is none any more.
func TestLettersOfCustomRoles(t *testing.T) {
	m := must(rolemodel.Parse("small.yaml", []byte(`
model: small
title: Small
about: Custom roles alone.
root: organization
highest: organization.admin
scopes: [{kind: organization, title: Organization, membership: true}]
permissions: [{id: organization.roles, title: Roles, section: Roles, allows: [role.define, person.register, membership.start]}]
roles: [{id: organization.admin, title: Admin, membership: organization, at_least: 1, granted_by: [organization.admin], permissions: [organization.roles]}]
custom_roles: [{id: organization.own, title: Own, granted_by: [organization.admin]}]
messages: [{id: role.revoked, title: Lost, subject: true}, {id: role.granted, title: Got, subject: true}]
`)))
	digest := m.Digest()
	state := after(t, &aggregate.State{}, append(append([]events.Event{
		events.OrganizationFounded{Scope: org}, events.ModelAdopted{Model: m.ID, Source: m.Canonical(), Digest: digest[:]},
	}, members(ann, ben)...), granted(ann, "admin", org), events.RoleDefined{Role: "porter", Scope: org, Template: "organization.own"}, granted(ben, "porter", org))...)

	// Whoever loses a role since it is deleted is told so (M02).
	list := []events.Event{revoked(ben, "porter", org, events.CauseRoleDeleted), events.RoleDeleted{Role: "porter", Scope: org}}
	gone := after(t, state, list...)
	notices := Notices(state, gone, record(state, list...))
	if len(notices) != 1 || notices[0].Kind != rolemodel.RoleRevoked || notices[0].Recipient != ben {
		t.Fatalf("told is %+v", notices)
	}
	for title, want := range map[string]string{"Night \x00porter\n": "Night porter", "": "porter"} {
		names := newNames(gone)
		names.roles = map[string]string{"organization.porter": title}
		letter, err := write(t.Context(), names, "", &notices[0])
		if err != nil {
			t.Fatal(err)
		}
		if text := must2(letter.render()); !strings.Contains(text, "the role "+want+" in") {
			t.Errorf("the role is not called %q:\n%s", want, text)
		}
	}
	names := newNames(gone)
	names.err = errors.New("no key today")
	if _, err := write(t.Context(), names, "", &notices[0]); err == nil {
		t.Error("a title that cannot be opened is left out")
	}
}
