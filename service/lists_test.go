package service

import (
	"strings"
	"testing"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
)

// office is a model whose members all read the directory, with houses whose
// wardens look after them.
var office = sure(rolemodel.Parse("office.yaml", []byte(`
model: office
title: Office
about: Houses, and members who all see who there is.
root: organization
highest: organization.owner
scopes:
  - {kind: organization, title: Organization, membership: true}
  - {kind: house, title: House, under: [organization], membership: true}
permissions:
  - {id: organization.read, title: Read, section: People, allows: [directory.read]}
  - {id: organization.rule, title: Rule, section: People, rule: O01, allows: [directory.read, person.register, membership.start, client.manage, credential.revoke, addresses.route, invitation.answer, "scope.create:house"]}
  - {id: house.look_after, title: Look after a house, section: People, rule: O02, allows: [person.register, membership.start, credential.revoke, addresses.route]}
  - {id: house.answer, title: Answer, section: People, rule: O03, allows: [invitation.answer]}
roles:
  - {id: organization.owner, title: Owner, at_least: 1, granted_by: [organization.owner], permissions: [organization.rule], inherited: [house.look_after, house.answer]}
  - {id: organization.fitter, title: Fitter, granted_by: [organization.owner]}
  - {id: organization.bot, title: Bot, holder: client, granted_by: [organization.owner, organization.fitter]}
  - {id: organization.member, title: Member, membership: organization, granted_by: [organization.owner], permissions: [organization.read], default: true}
  - {id: house.warden, title: Warden, granted_by: [organization.owner], permissions: [house.look_after]}
  - {id: house.porter, title: Porter, granted_by: [organization.owner], permissions: [house.answer]}
`)))

func sure[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// office opens an organization of the office model: ann is the owner.
func (h *house) office(org string) {
	h.t.Helper()
	must[Receipt](h.t)(h.execute(h.t.Context(), operator, events.OrgID(org), Envelope{}, task{kind: "organization.found", founds: true, prepare: func(p *plan) (aggregate.Command, error) {
		person, err := p.register(PersonDetails{Login: "ann"}, "")
		return aggregate.Found{Model: office, Owner: &person}, err
	}}))
}

// To read the directory is to see people and what they hold: keys, API clients,
// open invitations and routes are listed to those whose affair they are.
func TestListsAreForThoseConcerned(t *testing.T) {
	h := open(t)
	h.office("acme")
	ctx := t.Context()
	for _, house := range []string{"house:oak", "house:elm"} {
		must[Receipt](t)(h.CreateScope(ctx, operator, "acme", requested, ScopeRequest{Scope: house}))
	}
	h.join("acme", "mia", "wes", "pia", "fay", "gus")
	h.grant("acme", "wes", "warden", "house:oak")
	h.grant("acme", "pia", "porter", "house:oak")
	h.grant("acme", "fay", "fitter", "")
	ann := h.as("acme", "ann")
	must[Receipt](t)(h.StartMembership(ctx, ann, "acme", Envelope{}, MembershipRequest{Person: "gus", Scope: "house:oak"}))
	must[ClientReceipt](t)(h.CreateClient(ctx, ann, "acme", Envelope{}, NewClientRequest{Name: "robot"}))
	must[KeyReceipt](t)(h.IssueKey(ctx, ann, "acme", Envelope{}, IssueRequest{Person: "robot"}))
	for _, house := range []string{"oak", "elm"} {
		must[Receipt](t)(h.RouteAddresses(ctx, ann, "acme", Envelope{}, RouteRequest{Scope: "house:" + house, Domains: []string{house + ".example"}}))
		must[InvitationReceipt](t)(h.Invite(ctx, ann, "acme", Envelope{}, InvitationRequest{PersonDetails: PersonDetails{Email: "new@" + house + ".example"}, Scope: "house:" + house}))
	}
	must[InvitationReceipt](t)(h.Invite(ctx, ann, "acme", Envelope{}, InvitationRequest{PersonDetails: PersonDetails{Email: "ulf@oak.example"}, Scope: "house:elm"}))
	must[InvitationReceipt](t)(h.Invite(ctx, ann, "acme", Envelope{}, InvitationRequest{Person: "mia", Scope: "house:elm"}))
	everybody := []string{"ann", "fay", "gus", "mia", "pia", "robot", "wes"}
	for _, name := range everybody {
		if name != "robot" {
			h.as("acme", name) // which gives them a key
		}
	}

	all := []string{"mia house:elm", "new@elm.example house:elm", "new@oak.example house:oak", "ulf@oak.example house:elm"}
	for who, want := range map[string]struct{ keys, clients, invitations, routes []string }{
		"ann":      {everybody, []string{"robot"}, all, []string{"house:elm", "house:oak"}},
		"mia":      {[]string{"mia"}, nil, all[:1], nil},
		"fay":      {[]string{"fay"}, []string{"robot"}, nil, nil},
		"wes":      {[]string{"gus", "wes"}, nil, all[2:3], []string{"house:oak"}},
		"pia":      {[]string{"pia"}, nil, all[2:3], []string{"house:oak"}},
		"operator": {everybody, []string{"robot"}, all, []string{"house:elm", "house:oak"}},
	} {
		caller := operator
		if who != "operator" {
			caller = h.as("acme", who)
		}
		var keys, clients, invitations, routes []string
		for _, k := range must[[]KeyView](t)(h.Keys(ctx, caller, "acme", Reading{})) {
			keys = append(keys, k.Person)
		}
		list, err := h.Clients(ctx, caller, "acme", Reading{})
		for _, c := range list {
			clients = append(clients, c.Name)
			if one := must[ClientView](t)(h.Client(ctx, caller, "acme", Reading{}, c.Name)); one.ID != c.ID {
				t.Errorf("%s is shown %+v", who, one)
			}
		}
		if want.clients == nil {
			refusedWith(t, err, aggregate.CodeNotPermitted)
			_, err = h.Client(ctx, caller, "acme", Reading{}, "robot")
			refusedWith(t, err, aggregate.CodeNotPermitted)
		}
		for _, i := range must[[]InvitationView](t)(h.Invitations(ctx, caller, "acme", Reading{})) {
			invitations = append(invitations, i.Login+" "+string(i.Scope))
		}
		for _, r := range must[[]RouteView](t)(h.Routes(ctx, caller, "acme", Reading{})) {
			routes = append(routes, string(r.Scope))
		}
		diff(t, "the keys to "+who, want.keys, keys)
		diff(t, "the clients to "+who, want.clients, clients)
		diff(t, "the invitations to "+who, want.invitations, invitations)
		diff(t, "the routes to "+who, want.routes, sorted(routes))
	}
}

// Whoever brings people somewhere finds them by the exact login or address, and
// sees the form by which that is done; no more of the directory.
func TestWhoBringsPeopleFindsThem(t *testing.T) {
	h := open(t)
	ctx := t.Context()
	must[PersonReceipt](t)(h.Found(ctx, operator, Envelope{}, FoundRequest{Org: "acme", Model: "fabasoft", Owner: PersonDetails{Login: "olga", Email: "olga@example.org"}}))
	for _, scope := range []string{"app:crm", "app:erp"} {
		must[Receipt](t)(h.CreateScope(ctx, operator, "acme", requested, ScopeRequest{Scope: scope}))
	}
	for _, name := range []string{"bob", "zoe", "tim"} {
		must[PersonReceipt](t)(h.RegisterPerson(ctx, operator, "acme", requested, PersonDetails{Login: name, Email: name + "@example.org"}))
	}
	h.grant("acme", "bob", "manager", "app:crm")
	h.grant("acme", "tim", "user", "app:crm")
	bob, tim := h.as("acme", "bob"), h.as("acme", "tim")
	grant := func(c Caller, who, scope string) error {
		_, err := h.GrantRole(ctx, c, "acme", Envelope{}, GrantRequest{RoleRequest: RoleRequest{Person: who, Role: "support_team", Scope: scope}})
		return err
	}
	for _, name := range []string{"zoe", "nobody"} {
		if r := refusedWith(t, grant(tim, name, "app:crm"), aggregate.CodeNotPermitted); !strings.Contains(r.Message, "may not look people up") {
			t.Errorf("%s: %+v", name, r)
		}
	}
	_, err := h.RoleForm(ctx, tim, "acme", Reading{}, "app:crm")
	refusedWith(t, err, aggregate.CodeNotPermitted)

	refusedWith(t, grant(bob, "zo", "app:crm"), aggregate.CodeUnknown)
	refusedWith(t, grant(bob, "zoe", "app:erp"), aggregate.CodeNotPermitted)
	for _, name := range []string{"zoe", "TIM@example.org"} {
		if err := grant(bob, name, "app:crm"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	holders := map[string][]string{}
	for _, field := range must[[]RoleField](t)(h.RoleForm(ctx, bob, "acme", Reading{}, "app:crm")) {
		for _, holder := range field.Holders {
			holders[field.Field] = append(holders[field.Field], holder.Login)
		}
		if !field.Editable {
			t.Errorf("%s is not to be changed", field.Field)
		}
	}
	diff(t, "the form", map[string][]string{"roles.manager": {"bob"}, "roles.user": {"tim"}, "roles.support_team": {"tim", "zoe"}}, holders)
	for _, scope := range []string{"", "app:erp", "app:none"} {
		_, err = h.RoleForm(ctx, bob, "acme", Reading{}, scope)
		refusedWith(t, err, aggregate.CodeNotPermitted)
	}
	must[Receipt](t)(h.DefineRoles(ctx, bob, "acme", Envelope{}, DefineRolesRequest{Scope: "app:crm", Roles: map[events.RoleID][]string{"support_team": {"zoe"}}}))
	must[PeopleFileReceipt](t)(h.ImportPeople(ctx, bob, "acme", Envelope{}, PeopleFileRequest{Scope: "app:crm", Role: "support_team", File: "login,membership\ntim,none\n"}))
	_, err = h.People(ctx, bob, "acme", Reading{})
	refusedWith(t, err, aggregate.CodeNotPermitted)
	_, err = h.Person(ctx, bob, "acme", Reading{}, "zoe")
	refusedWith(t, err, aggregate.CodeNotPermitted)

	// An API client is for those who say what clients hold.
	h.office("beta")
	must[ClientReceipt](t)(h.CreateClient(ctx, h.as("beta", "ann"), "beta", Envelope{}, NewClientRequest{Name: "robot"}))
	for _, name := range []string{"fay", "wes"} {
		must[PersonReceipt](t)(h.RegisterPerson(ctx, operator, "beta", requested, PersonDetails{Login: name}))
	}
	must[Receipt](t)(h.CreateScope(ctx, operator, "beta", requested, ScopeRequest{Scope: "house:oak"}))
	h.grant("beta", "fay", "fitter", "")
	h.grant("beta", "wes", "warden", "house:oak")
	equip := func(c Caller) error {
		_, err := h.GrantRole(ctx, c, "beta", Envelope{}, GrantRequest{RoleRequest: RoleRequest{Person: "robot", Role: "bot"}})
		return err
	}
	refusedWith(t, equip(h.as("beta", "wes")), aggregate.CodeUnknown)
	if err := equip(h.as("beta", "fay")); err != nil {
		t.Error(err)
	}
}
