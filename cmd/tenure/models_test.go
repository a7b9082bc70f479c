package main

import (
	"testing"

	"tenure/service"
)

func TestModelTextSaysWhatCanBeDefined(t *testing.T) {
	t.Parallel()
	got := modelText(service.ModelView{
		ID: "m", Title: "M", About: "About.",
		Kinds: []service.KindView{{Kind: "root"}, {Kind: "circle", Under: []string{"root"}, Carries: []string{"root.see"}}},
		Roles: []service.RoleView{
			{ID: "root.lead", Title: "Lead", GrantedBy: []string{"root.boss"}, Adjustable: true, AdjustablePer: "type"},
			{ID: "root.hand", Title: "Hand", GrantedBy: []string{"root.boss"}, Adjustable: true},
		},
		CustomRoles: []service.TemplateView{{ID: "root.own", Title: "Own", Rule: "M18", GrantedBy: []string{"root.boss"}, Initial: []string{"root.see"}, Permissions: []string{"root.see", "root.do"}}},
	})
	const want = `m: M

About.

On a root:
  lead: Lead, permissions can be withheld, for each type apart, granted by root.boss
  hand: Hand, permissions can be withheld, granted by root.boss

On a circle (below root):
  its members can be given: root.see

Custom roles of the template root.own: Own [M18], granted by root.boss
  out of 2 permissions, at first root.see`
	if got != want {
		t.Errorf("it says\n%s", got)
	}
}
