package api

import (
	"errors"
	"net/http"
	"os"
	"slices"
	"testing"

	"github.com/oklog/ulid/v2"

	"tenure/aggregate"
	"tenure/events"
	"tenure/ledger"
	"tenure/rolemodel"
	"tenure/service"
)

// foundGuild begins a ledger in which acme is founded under a model with custom
// roles, roles from which permissions are withheld, and groups. Whoever founds it
// has no name and no key.
func foundGuild(t testing.TB, dir string) {
	t.Helper()
	const file = "../aggregate/testdata/guild.yaml"
	model := must[*rolemodel.Model](t)(rolemodel.Parse(file, must[[]byte](t)(os.ReadFile(file))))
	commit := must[events.Commit](t)(aggregate.Decide(aggregate.State{}, aggregate.Request{
		Org: "acme", ID: events.CommitID(ulid.Make().String()), Actor: events.Operator, At: start,
	}, aggregate.Found{Model: model, Owner: &aggregate.RegisterPerson{Subject: events.PrincipalID(ulid.Make().String())}}))
	l := must[*ledger.Ledger](t)(ledger.Open(t.Context(), ledger.Options{Dir: dir}))
	must[events.Revision](t)(l.Append(t.Context(), commit, 0))
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// guildStory goes on with what an organization says of roles and groups itself.
func guildStory(t *testing.T, client func(key string) *Client, operatorKey string, called map[string]bool) {
	t.Helper()
	ctx, o := t.Context(), Options{}
	operator := client(operatorKey)
	call := func(name string, err error) {
		t.Helper()
		called[name] = true
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	is := func(what string, want, got any) {
		t.Helper()
		diff(t, what, want, got)
	}
	for _, name := range []string{"ann", "ben"} {
		_, err := operator.RegisterPerson(ctx, "acme", because, service.PersonDetails{Login: name})
		call("RegisterPerson", err)
		_, err = operator.ChangeMembership(ctx, "acme", because, "start", service.MembershipRequest{Person: name})
		call("ChangeMembership", err)
	}
	_, err := operator.GrantRole(ctx, "acme", because, service.GrantRequest{RoleRequest: service.RoleRequest{Person: "ann", Role: "warden"}})
	call("GrantRole", err)
	key, err := operator.IssueKey(ctx, "acme", o, service.IssueRequest{Person: "ann"})
	call("IssueKey", err)
	ann := client(key.Key)
	can := func(permission, scope string) bool {
		t.Helper()
		answer, err := ann.Can(ctx, "acme", At{}, "ben", permission, scope)
		call("Can", err)
		return answer.Allowed
	}

	_, err = ann.DefineRole(ctx, "acme", o, service.DefineRoleRequest{Role: "porter", Template: "guild.admin_role", Title: "Night porter", Icon: "key", Permissions: []events.PermissionID{"guild.ledger"}})
	call("DefineRole", err)
	granted, err := ann.GrantRole(ctx, "acme", o, service.GrantRequest{RoleRequest: service.RoleRequest{Person: "ben", Role: "porter"}})
	call("GrantRole", err)
	is("what it gives", []bool{true, true, false}, []bool{can("guild.desk", ""), can("guild.ledger", ""), can("guild.people", "")})
	_, err = ann.PermitRole(ctx, "acme", o, service.PermitRoleRequest{Role: "guild.porter", Permissions: []events.PermissionID{"guild.people"}})
	call("PermitRole", err)
	_, err = ann.UnpermitRole(ctx, "acme", o, service.PermitRoleRequest{Role: "porter", Permissions: []events.PermissionID{"guild.ledger", "guild.desk"}})
	call("UnpermitRole", err)
	is("what it gives then", []bool{false, false, true}, []bool{can("guild.desk", ""), can("guild.ledger", ""), can("guild.people", "")})
	title := "Day porter"
	_, err = ann.RenameRole(ctx, "acme", o, service.RenameRoleRequest{Role: "porter", Title: &title})
	call("RenameRole", err)
	list, err := ann.RoleTypes(ctx, "acme", At{})
	call("RoleTypes", err)
	i := slices.IndexFunc(list, func(r service.RoleTypeView) bool { return r.ID == "guild.porter" })
	is("the role", []any{"Day porter", "key", "guild.admin_role", 1, "ann"}, []any{list[i].Title, list[i].Icon, list[i].Template, list[i].Holders, list[i].ChangedBy})
	detail, err := ann.RoleType(ctx, "acme", At{Revision: granted.Revision}, "guild.porter")
	call("RoleType", err)
	is("the role then", []any{"Night porter", 2, "ben"}, []any{detail.Title, len(detail.Permissions), detail.Held[0].Login})
	_, err = ann.DeleteRole(ctx, "acme", o, service.DeleteRoleRequest{Role: "porter"})
	var p *Problem
	if !errors.As(err, &p) || p.Rule != "M20" || p.Field != "confirm" || p.Status != http.StatusUnprocessableEntity {
		t.Errorf("without the word it gives %v", err)
	}
	_, err = ann.DeleteRole(ctx, "acme", o, service.DeleteRoleRequest{Role: "porter", Confirm: "DELETE"})
	call("DeleteRole", err)
	is("nothing is left", false, can("guild.people", ""))

	_, err = ann.GrantRole(ctx, "acme", o, service.GrantRequest{RoleRequest: service.RoleRequest{Person: "ben", Role: "scribe"}})
	call("GrantRole", err)
	_, err = ann.WithholdPermission(ctx, "acme", o, service.WithholdRequest{Role: "guild.scribe", Permissions: []events.PermissionID{"guild.ledger"}})
	call("WithholdPermission", err)
	is("it is withheld", false, can("guild.ledger", ""))
	_, err = ann.RestorePermission(ctx, "acme", o, service.WithholdRequest{Role: "scribe", Permissions: []events.PermissionID{"guild.ledger"}})
	call("RestorePermission", err)
	is("it is given back", true, can("guild.ledger", ""))

	_, err = ann.ChangeScope(ctx, "acme", o, "create", service.ScopeRequest{Scope: "circle:smiths", Title: "Smiths"})
	call("ChangeScope", err)
	_, err = ann.ChangeMembership(ctx, "acme", o, "start", service.MembershipRequest{Person: "ben", Scope: "circle:smiths"})
	call("ChangeMembership", err)
	_, err = ann.PermitGroup(ctx, "acme", o, service.PermitGroupRequest{Scope: "circle:Smiths", Permissions: []events.PermissionID{"guild.desk"}})
	call("PermitGroup", err)
	is("the group gives it", true, can("guild.desk", ""))
	groups, err := ann.Groups(ctx, "acme", At{})
	call("Groups", err)
	group, err := ann.Group(ctx, "acme", At{}, "circle:smiths")
	call("Group", err)
	is("the group", groups, []service.GroupView{group})
	is("its members and permissions", []string{"ben", "guild.desk", "ann"}, []string{group.Members[0].Login, group.Permissions[0].ID, group.ChangedBy})
	_, err = ann.UnpermitGroup(ctx, "acme", o, service.PermitGroupRequest{Scope: "circle:smiths", Permissions: []events.PermissionID{"guild.desk"}})
	call("UnpermitGroup", err)
	is("nor any more", false, can("guild.desk", ""))

	// What is no role, and what is no list.
	for field, err := range map[string]error{
		"permissions": second(ann.PermitRole(ctx, "acme", o, service.PermitRoleRequest{Role: "porter"})),
		"role":        second(ann.RoleType(ctx, "acme", At{}, "guild.nobody")),
		"group":       second(ann.Group(ctx, "acme", At{}, "guild:acme")),
		"title":       second(ann.RenameRole(ctx, "acme", o, service.RenameRoleRequest{Role: "porter"})),
		"template":    second(ann.DefineRole(ctx, "acme", o, service.DefineRoleRequest{Role: "cook"})),
	} {
		if !errors.As(err, &p) || p.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
