package service

import (
	"strings"
	"testing"

	"tenure/aggregate"
	"tenure/events"
)

func TestFound(t *testing.T) {
	h := open(t)
	receipt := must[PersonReceipt](t)(h.Found(t.Context(), operator, Envelope{Ticket: "T-1", Note: "first of all"}, FoundRequest{
		Org: "acme", Model: "github", Title: "Acme Works", Owner: PersonDetails{Login: "ann", Email: "ann@example.org", Name: "Ann", JobTitle: "Boss"},
	}))
	if !receipt.Changed || receipt.Number != 1 || receipt.ID != h.id("acme", "ann") {
		t.Errorf("the receipt is %+v", receipt)
	}
	var types []string
	for _, e := range receipt.Events {
		types = append(types, e.Type+" "+e.Login)
		if e.Note != "first of all" || e.Ticket != "T-1" || e.BreakGlass {
			t.Errorf("recorded as %+v", e)
		}
	}
	diff(t, "what happened", []string{"organization.founded ", "model.adopted ", "person.registered ann", "membership.started ann", "role.granted ann"}, types)
	view := must[OrganizationView](t)(h.Organization(t.Context(), h.as("acme", "ann"), "acme", Reading{}))
	want := OrganizationView{Org: "acme", Title: "Acme Works", Model: "github", Members: 1, Scopes: 1, Commits: 2, Revision: 2, Effective: view.Effective}
	diff(t, "the organization", want, view)
	if admins := must[[]GrantView](t)(h.Holders(t.Context(), operator, "acme", Reading{}, "admin", "")); len(admins) != 1 || admins[0].Login != "ann" {
		t.Errorf("the administrators are %+v", admins)
	}
}

func TestFoundRefuses(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	good := FoundRequest{Org: "beta", Model: "github", Owner: PersonDetails{Login: "bob"}}
	for _, c := range []struct {
		name   string
		caller Caller
		change func(*FoundRequest)
		code   aggregate.Code
		field  string
		says   string
	}{
		{"a person", h.as("acme", "ann"), func(*FoundRequest) {}, aggregate.CodeNotPermitted, "", "Only the operator"},
		{"a handle that is taken", operator, func(r *FoundRequest) { r.Org = "acme" }, aggregate.CodeExists, "org", "acme exists already"},
		{"no handle", operator, func(r *FoundRequest) { r.Org = "" }, aggregate.CodeInvalid, "org", "no handle"},
		{"a handle of wildcards", operator, func(r *FoundRequest) { r.Org = "a.>" }, aggregate.CodeInvalid, "org", "no handle"},
		{"a handle in capitals", operator, func(r *FoundRequest) { r.Org = "Beta" }, aggregate.CodeInvalid, "org", "no handle"},
		{"no such model", operator, func(r *FoundRequest) { r.Model = "gitlab" }, aggregate.CodeUnknown, "model", "no role model gitlab"},
		{"nobody", operator, func(r *FoundRequest) { r.Owner = PersonDetails{} }, aggregate.CodeInvalid, "owner.login", "needs a login"},
		{"a title of nothing", operator, func(r *FoundRequest) { r.Title = " " }, aggregate.CodeInvalid, "title", "something to read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			request := good
			c.change(&request)
			_, err := h.Found(t.Context(), c.caller, Envelope{}, request)
			if r := refusedWith(t, err, c.code); r.Field != c.field || !strings.Contains(r.Message, c.says) {
				t.Errorf("refused at %q: %s", r.Field, r.Message)
			}
			if h.revision("beta") != 0 || len(h.records("beta")) != 0 {
				t.Error("something was kept")
			}
		})
	}
	// Of an organization that nobody founded, that is what is said, not that
	// its people are unknown.
	for name, do := range commands(h.Service, "beta") {
		r := refusedWith(t, do(t.Context(), operator, requested), aggregate.CodeUnknown)
		if r.Field != "org" || !strings.Contains(r.Message, "no organization beta") || !strings.Contains(r.Help, "tenure found beta") {
			t.Errorf("%s: %+v", name, r)
		}
	}
	for name, ask := range questions(h.Service, "beta") {
		if r := refusedWith(t, ask(t.Context(), operator), aggregate.CodeUnknown); r.Field != "org" {
			t.Errorf("%s: %+v", name, r)
		}
	}
	h.found("beta", "bob")
	if got := h.id("beta", "bob"); got == events.PrincipalID("") {
		t.Error("bob is nobody")
	}
}

func TestFoundTwiceWithOneKey(t *testing.T) {
	h := open(t)
	request := FoundRequest{Org: "acme", Model: "github", Owner: PersonDetails{Login: "ann"}}
	first := must[PersonReceipt](t)(h.Found(t.Context(), operator, Envelope{IdempotencyKey: "k"}, request))
	again := must[PersonReceipt](t)(h.Found(t.Context(), operator, Envelope{IdempotencyKey: "k"}, request))
	if !again.Replayed || again.ID != first.ID || again.Commit != first.Commit {
		t.Errorf("first %+v, then %+v", first, again)
	}
	request.Owner.Login = "bob"
	_, err := h.Found(t.Context(), operator, Envelope{IdempotencyKey: "k"}, request)
	refusedWith(t, err, CodeKeyReused)
}

func TestModels(t *testing.T) {
	list := Models()
	if len(list) == 0 {
		t.Fatal("there are no models")
	}
	for _, model := range list {
		one := must[ModelView](t)(Model(model.ID))
		if one.Source == "" {
			t.Errorf("%s comes without its source", model.ID)
		}
		one.Source = ""
		diff(t, "the model "+model.ID, model, one)
		if model.Title == "" || len(model.Kinds) == 0 || len(model.Roles) == 0 || len(model.Permissions) == 0 {
			t.Errorf("%s says too little: %+v", model.ID, model)
		}
		for _, role := range model.Roles {
			if role.Title == "" || role.GrantedBy == nil || role.Permissions == nil {
				t.Errorf("%s says too little of %s", model.ID, role.ID)
			}
		}
	}
	github := must[ModelView](t)(Model("github"))
	for _, role := range github.Roles {
		if role.ID == "organization.admin" && (role.AtLeast != 1 || role.Rule != "G01" || strings.Join(role.GrantedBy, "") != "organization.admin" || len(role.Inherited) == 0) {
			t.Errorf("the administrator is %+v", role)
		}
	}
	_, err := Model("nope")
	if r := refusedWith(t, err, aggregate.CodeUnknown); r.Help != "tenure models list" {
		t.Errorf("refused with %+v", r)
	}
}
