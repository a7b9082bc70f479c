package service

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"tenure/aggregate"
	"tenure/events"
	"tenure/projections"
	"tenure/rolemodel"
)

// guild founds acme under a model with custom roles, roles from which permissions
// are withheld, and groups. ann is its warden; ben and cat are members.
func (h *house) guild() {
	h.t.Helper()
	const file = "../aggregate/testdata/guild.yaml"
	model := must[*rolemodel.Model](h.t)(rolemodel.Parse(file, must[[]byte](h.t)(os.ReadFile(file))))
	must[Receipt](h.t)(h.execute(h.t.Context(), operator, "acme", Envelope{}, task{kind: "organization.found", founds: true, prepare: func(p *plan) (aggregate.Command, error) {
		owner, err := p.register(PersonDetails{Login: "ann", Email: "ann@example.org"}, "")
		return aggregate.Found{Model: model, Owner: &owner}, err
	}}))
	h.join("acme", "ben", "cat")
	h.team("acme", "docs", "", "")
}

// porter defines a custom role that ben holds.
func (h *house) porter() Caller {
	h.t.Helper()
	ann := h.as("acme", "ann")
	must[Receipt](h.t)(h.DefineRole(h.t.Context(), ann, "acme", Envelope{}, DefineRoleRequest{
		Role: "porter", Template: "guild.admin_role", Title: "Night Porter Zq", Icon: "key", Permissions: []events.PermissionID{"guild.ledger"},
	}))
	must[Receipt](h.t)(h.GrantRole(h.t.Context(), ann, "acme", Envelope{}, GrantRequest{RoleRequest: RoleRequest{Person: "ben", Role: "porter"}}))
	return ann
}

func (h *house) can(who, permission, scope string) Answer {
	h.t.Helper()
	return must[Answer](h.t)(h.Can(h.t.Context(), operator, "acme", Reading{}, who, permission, scope))
}

// Titles of custom roles are sealed, survive a restart, and are shown to those
// who may see names.
func TestTitlesOfCustomRoles(t *testing.T) {
	h := open(t)
	h.guild() // which has no title, and so no key of its own
	h.porter()
	h.restart()
	for path, data := range h.bytesBelow() {
		if bytes.Contains(data, []byte("Porter Zq")) {
			t.Errorf("%s holds the title in the clear", path)
		}
	}
	ann := h.as("acme", "ann")
	titleFor := func(caller Caller) string {
		t.Helper()
		form := must[[]RoleField](t)(h.RoleForm(t.Context(), caller, "acme", Reading{}, ""))
		i := slices.IndexFunc(form, func(f RoleField) bool { return f.Field == "roles.porter" })
		if !form[i].Custom || form[i].Icon != "key" || len(form[i].Holders) != 1 || form[i].Editable != (caller == ann) && !caller.Operator() {
			t.Errorf("the form shows %+v", form[i])
		}
		return form[i].Title
	}
	diff(t, "to ann", "Night Porter Zq", titleFor(ann))
	diff(t, "to the operator", "Night Porter Zq", titleFor(operator))
	_, err := h.RoleTypes(t.Context(), h.as("acme", "ben"), "acme", Reading{})
	refusedWith(t, err, aggregate.CodeNotPermitted)

	// Renamed, it keeps what the request leaves out.
	icon, title, empty := "moon", "Day Porter", ""
	for _, step := range []struct {
		request     RenameRoleRequest
		title, icon string
		changed     bool
	}{
		{RenameRoleRequest{Role: "guild.porter", Icon: &icon}, "Night Porter Zq", "moon", true},
		{RenameRoleRequest{Role: "porter", Icon: &icon}, "Night Porter Zq", "moon", false},
		{RenameRoleRequest{Role: "porter", Title: &title}, "Day Porter", "moon", true},
		{RenameRoleRequest{Role: "porter", Title: &empty, Icon: &empty}, "porter", "", true},
		{RenameRoleRequest{Role: "porter", Title: &empty}, "porter", "", false},
	} {
		receipt := must[Receipt](t)(h.RenameRole(t.Context(), ann, "acme", Envelope{}, step.request))
		role := must[RoleTypeDetail](t)(h.RoleType(t.Context(), ann, "acme", Reading{}, "porter"))
		if role.Title != step.title || role.Icon != step.icon || receipt.Changed != step.changed || step.changed && role.Revision != receipt.Revision {
			t.Errorf("%+v leads to %+v, %t", step, role.RoleTypeView, receipt.Changed)
		}
	}
	list, _, err := h.History(t.Context(), ann, "acme", Reading{}, "type:role.defined type:role.renamed", Page{})
	if err != nil {
		t.Fatal(err)
	}
	var titles []string
	for _, e := range list {
		titles = append(titles, e.Title)
	}
	diff(t, "titles in the history", []string{"Night Porter Zq", "Night Porter Zq", "Day Porter", ""}, titles)
	for _, bad := range []string{" ", "a\nb", strings.Repeat("x", 257)} {
		_, err := h.RenameRole(t.Context(), ann, "acme", Envelope{}, RenameRoleRequest{Role: "porter", Title: &bad})
		if refused := refusedWith(t, err, aggregate.CodeInvalid); refused.Field != "title" {
			t.Errorf("refused at %q: %s", refused.Field, refused.Message)
		}
	}
	_, err = h.RenameRole(t.Context(), h.as("acme", "ben"), "acme", Envelope{}, RenameRoleRequest{Role: "porter", Title: &title})
	if refused := refusedWith(t, err, aggregate.CodeNotPermitted); refused.Rule != "M14" {
		t.Errorf("refused with %+v", refused)
	}
}

// The types of role are those of the model, and those that were defined, with
// what each gives now; and as of any time, with what it gave then.
func TestRoleTypes(t *testing.T) {
	h := open(t)
	h.guild()
	ann := h.porter()
	before := h.revision("acme")
	list := must[[]RoleTypeView](t)(h.RoleTypes(t.Context(), ann, "acme", Reading{}))
	var ids []string
	holders := map[string]int{}
	for _, r := range list {
		ids = append(ids, r.ID)
		holders[r.ID] = r.Holders
	}
	diff(t, "the types", []string{"guild.warden", "guild.steward", "guild.member", "team.lead", "guild.scribe", "guild.porter"}, ids)
	diff(t, "how many hold them", map[string]int{"guild.warden": 1, "guild.steward": 0, "guild.member": 3, "team.lead": 0, "guild.scribe": 0, "guild.porter": 1}, holders)
	porter := list[len(list)-1]
	diff(t, "what a custom one gives", []string{"guild.desk", "guild.ledger"}, idsOf(porter.Permissions))
	if p := porter.Permissions[0]; !p.Here || p.Below || p.Revision != before-1 || p.ChangedBy != "ann" || porter.Confirm != "DELETE" || porter.DefinedBy != "ann" {
		t.Errorf("it says %+v of %+v", p, porter)
	}

	must[Receipt](t)(h.WithholdPermission(t.Context(), ann, "acme", Envelope{}, WithholdRequest{Role: "lead", Permissions: []events.PermissionID{"team.read"}, Value: "project"}))
	must[Receipt](t)(h.PermitRole(t.Context(), ann, "acme", Envelope{}, PermitRoleRequest{Role: "porter", Permissions: []events.PermissionID{"team.read"}}))
	withheld := h.revision("acme") - 1
	lead := must[RoleTypeDetail](t)(h.RoleType(t.Context(), ann, "acme", Reading{}, "team.lead"))
	i := slices.IndexFunc(lead.Permissions, func(p RolePermissionView) bool { return len(p.Withheld) > 0 })
	if p := lead.Permissions[i]; p.ID != "team.read" || p.Withheld[0].Value != "project" || p.Withheld[0].Revision != withheld || p.Withheld[0].ChangedBy != "ann" || lead.ChangedBy != "ann" {
		t.Errorf("withheld is %+v of %+v", p, lead)
	}
	must[Receipt](t)(h.RestorePermission(t.Context(), operator, "acme", requested, WithholdRequest{Role: "team.lead", Permissions: []events.PermissionID{"team.read"}}))
	lead = must[RoleTypeDetail](t)(h.RoleType(t.Context(), ann, "acme", Reading{}, "lead"))
	if slices.ContainsFunc(lead.Permissions, func(p RolePermissionView) bool { return len(p.Withheld) > 0 }) || lead.ChangedBy != "operator" || lead.Revision != h.revision("acme") { // X03
		t.Errorf("after it was given back: %+v", lead)
	}
	must[Receipt](t)(h.DeleteRole(t.Context(), ann, "acme", Envelope{}, DeleteRoleRequest{Role: "guild.porter", Confirm: "DELETE"}))
	then := Reading{Moment: projections.Moment{Revision: before}}
	was := must[RoleTypeDetail](t)(h.RoleType(t.Context(), ann, "acme", then, "porter"))
	if len(was.Held) != 1 || was.Held[0].Login != "ben" || was.Title != "Night Porter Zq" || was.Holders != 1 {
		t.Errorf("it was %+v", was)
	}
	diff(t, "what it gave", []string{"guild.desk", "guild.ledger"}, idsOf(was.Permissions))
	form := must[[]RoleField](t)(h.RoleForm(t.Context(), ann, "acme", then, ""))
	i = slices.IndexFunc(form, func(f RoleField) bool { return f.Field == "roles.porter" })
	if form[i].Editable || form[i].Title != "Night Porter Zq" {
		t.Errorf("what is over can be changed: %+v", form[i])
	}
	_, err := h.RoleType(t.Context(), ann, "acme", Reading{}, "porter")
	refusedWith(t, err, aggregate.CodeUnknown)
	must[Receipt](t)(h.DefineRole(t.Context(), ann, "acme", Envelope{}, DefineRoleRequest{Role: "lead", Template: "guild.admin_role"}))
	_, err = h.RoleType(t.Context(), ann, "acme", Reading{}, "lead")
	if refused := refusedWith(t, err, aggregate.CodeInvalid); !strings.Contains(refused.Message, "team.lead or guild.lead") {
		t.Errorf("it says %s", refused.Message)
	}
	_, err = h.WithholdPermission(t.Context(), ann, "acme", Envelope{}, WithholdRequest{Role: "guild.lead", Permissions: []events.PermissionID{"guild.desk"}})
	if refused := refusedWith(t, err, aggregate.CodeInvalid); refused.Rule != "M18" || refused.Field != "role" {
		t.Errorf("refused with %+v", refused)
	}
	state, _ := h.permissions.State("acme")
	diff(t, "the projection", h.fold("acme").Snapshot(), state.Snapshot())
}

func idsOf(list []RolePermissionView) []string {
	var ids []string
	for _, p := range list {
		ids = append(ids, p.ID)
	}
	return ids
}

// A custom role takes part in everything that roles do.
func TestCustomRolesEverywhere(t *testing.T) {
	h := open(t)
	h.guild()
	ann := h.porter()
	if answer := h.can("ben", "guild.ledger", ""); !answer.Allowed || answer.Because[0].Role != "porter" || answer.Because[0].Given == 0 {
		t.Errorf("ben's answer is %+v", answer)
	}
	held := must[[]GrantView](t)(h.Holders(t.Context(), ann, "acme", Reading{}, "porter", ""))
	if len(held) != 1 || held[0].Login != "ben" || held[0].Rule != "M18" {
		t.Errorf("held by %+v", held)
	}
	must[Receipt](t)(h.DefineRoles(t.Context(), ann, "acme", Envelope{}, DefineRolesRequest{Roles: map[events.RoleID][]string{"porter": {"cat"}}}))
	if h.can("ben", "guild.ledger", "").Allowed || !h.can("cat", "guild.ledger", "").Allowed {
		t.Error("to say who holds all roles does not reach custom ones")
	}
	changes := must[[]Difference](t)(h.Diff(t.Context(), ann, "acme", 0, projections.Moment{Revision: h.revision("acme") - 1}, projections.Moment{Revision: h.revision("acme")}))
	var told []string
	for _, d := range changes {
		told = append(told, d.Change+" "+d.Login+" "+d.Role)
	}
	diff(t, "the difference", []string{"removed ben porter", "added cat porter"}, told)
	asked := must[InvitationReceipt](t)(h.Invite(t.Context(), operator, "acme", requested, InvitationRequest{PersonDetails: PersonDetails{Email: "dan@example.org"}, Role: "porter"}))
	must[Receipt](t)(h.DeleteRole(t.Context(), ann, "acme", Envelope{}, DeleteRoleRequest{Role: "porter", Confirm: "DELETE"}))
	open := must[[]InvitationView](t)(h.Invitations(t.Context(), ann, "acme", Reading{}))
	if len(open) > 0 {
		t.Errorf("invitation %s is open: %+v", asked.ID, open)
	}
	// The same request again is the same answer, whatever became of the role.
	keyed := Envelope{IdempotencyKey: "k"}
	first := must[Receipt](t)(h.DefineRole(t.Context(), ann, "acme", keyed, DefineRoleRequest{Role: "cook", Template: "guild.admin_role", Title: "Cook"}))
	must[Receipt](t)(h.DeleteRole(t.Context(), ann, "acme", Envelope{}, DeleteRoleRequest{Role: "cook", Confirm: "DELETE"}))
	again := must[Receipt](t)(h.DefineRole(t.Context(), ann, "acme", keyed, DefineRoleRequest{Role: "cook", Template: "guild.admin_role", Title: "Cook"}))
	if !again.Replayed || again.Commit != first.Commit {
		t.Errorf("again it is %+v", again)
	}
}

// Groups say what their members have, and who they are; those who may not read
// the directory are not told.
func TestGroups(t *testing.T) {
	h := open(t)
	h.guild()
	ann := h.as("acme", "ann")
	ctx := t.Context()
	must[Receipt](t)(h.CreateScope(ctx, ann, "acme", Envelope{}, ScopeRequest{Scope: "circle:smiths", Title: "Smiths"}))
	must[Receipt](t)(h.PermitGroup(ctx, ann, "acme", Envelope{}, PermitGroupRequest{Scope: "circle:Smiths", Permissions: []events.PermissionID{"page.edit", "guild.desk"}}))
	given := h.revision("acme")
	for _, who := range []string{"ben", "cat"} {
		must[Receipt](t)(h.StartMembership(ctx, ann, "acme", Envelope{}, MembershipRequest{Person: who, Scope: "circle:smiths"}))
	}
	must[Receipt](t)(h.SuspendMembership(ctx, ann, "acme", Envelope{}, MembershipRequest{Person: "cat"}))
	group := must[GroupView](t)(h.Group(ctx, ann, "acme", Reading{}, "circle:smiths"))
	diff(t, "the groups", []GroupView{group}, must[[]GroupView](t)(h.Groups(ctx, ann, "acme", Reading{})))
	if len(group.Permissions) != 2 || group.Permissions[0].ID != "guild.desk" || group.Permissions[0].Revision != given || group.Revision != given+2 || group.ChangedBy != "ann" || group.Under != "guild:acme" {
		t.Errorf("the group is %+v", group)
	}
	if len(group.Members) != 2 || group.Members[0].Login != "ben" || !group.Members[0].Active || group.Members[1].Login != "cat" || group.Members[1].Active {
		t.Errorf("its members are %+v", group.Members)
	}
	if answer := h.can("ben", "guild.desk", ""); !answer.Allowed || answer.Because[0].Group != "circle:smiths" || answer.Because[0].Given != given {
		t.Errorf("ben's answer is %+v", answer)
	}
	if h.can("cat", "guild.desk", "").Allowed {
		t.Error("who is suspended has what the group gives")
	}
	_, err := h.Groups(ctx, h.as("acme", "ben"), "acme", Reading{})
	refusedWith(t, err, aggregate.CodeNotPermitted)
	_, err = h.Group(ctx, ann, "acme", Reading{}, "")
	refusedWith(t, err, aggregate.CodeUnknown)
	for field, request := range map[string]PermitGroupRequest{"scope": {Permissions: []events.PermissionID{"guild.desk"}}, "permissions": {Scope: "circle:smiths"}} {
		_, err := h.UnpermitGroup(ctx, ann, "acme", Envelope{}, request)
		if refused := refusedWith(t, err, aggregate.CodeInvalid); refused.Field != field {
			t.Errorf("refused at %q: %s", refused.Field, refused.Message)
		}
	}
}

// A model says what organizations can do with its roles and kinds.
func TestModelShowsWhatCanBeDefined(t *testing.T) {
	h := open(t)
	h.guild()
	state, _ := h.permissions.State("acme")
	view := viewModel(state.Model)
	roles, kinds := map[string]string{}, map[string]int{}
	for _, r := range view.Roles {
		if r.Adjustable {
			roles[r.ID] = r.AdjustablePer
		}
	}
	for _, k := range view.Kinds {
		kinds[k.Kind] = len(k.Carries)
	}
	diff(t, "adjustable roles", map[string]string{"team.lead": "type", "guild.scribe": ""}, roles)
	diff(t, "groups", map[string]int{"guild": 0, "team": 0, "page": 0, "circle": 3}, kinds)
	diff(t, "templates", TemplateView{
		ID: "team.helper_role", Title: "Helper", Rule: "M19", Membership: "team", GrantedBy: []string{"team.lead", "guild.admins"},
		Initial: []string{}, Permissions: []string{"team.read", "page.edit"},
	}, view.CustomRoles[1])
	if admin := view.CustomRoles[0]; len(admin.Permissions) != 10 || slices.Contains(admin.Permissions, "guild.admins") || admin.Confirm != "DELETE" || !slices.Equal(admin.Initial, []string{"guild.desk"}) {
		t.Errorf("the other template is %+v", admin)
	}
}
