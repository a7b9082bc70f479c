package service

import (
	"fmt"
	"strings"
	"testing"

	"tenure/aggregate"
	"tenure/events"
)

func TestRegisterPerson(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	receipt := must[PersonReceipt](t)(h.RegisterPerson(t.Context(), h.as("acme", "ann"), "acme", Envelope{Reason: "joined", Ticket: "HR-7"},
		PersonDetails{Login: "Lea", Email: "Lea@Example.org", Name: "Lea Löwe", JobTitle: "Engineer"}))
	diff(t, "the receipt's event", []EventView{{
		Revision: receipt.Revision, Number: receipt.Number, Commit: receipt.Commit, EffectiveAt: receipt.Events[0].EffectiveAt,
		Actor: "ann", ActorID: h.id("acme", "ann"), Command: "person.register", Type: "person.registered",
		ID: receipt.ID, Login: "Lea", Reason: "joined", Ticket: "HR-7",
	}}, receipt.Events)
	for _, name := range []string{"Lea", "lea", "LEA", " lea ", "ＬＥＡ", "lea@example.org", "LEA@EXAMPLE.ORG", string(receipt.ID)} {
		view, err := h.Person(t.Context(), operator, "acme", Reading{}, name)
		if err != nil {
			t.Errorf("by %q: %v", name, err)
			continue
		}
		diff(t, "Lea by "+name, PersonView{
			ID: receipt.ID, Login: "Lea", Email: "Lea@Example.org", Name: "Lea Löwe", JobTitle: "Engineer", State: "known",
			Since: receipt.Events[0].EffectiveAt, Revision: receipt.Revision, ChangedBy: "ann", ChangedAt: receipt.Events[0].EffectiveAt, Roles: []GrantView{}, Membership: []MembershipView{},
		}, view)
	}
	for _, name := range []string{"", "le", "Lea Löwe", "Engineer", strings.ToLower(string(receipt.ID))} {
		_, err := h.Person(t.Context(), operator, "acme", Reading{}, name)
		refusedWith(t, err, aggregate.CodeUnknown)
	}
}

func TestRegisterPersonRefuses(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	lea := h.register("acme", PersonDetails{Login: "Lea", Email: "lea@example.org"})
	h.register("acme", PersonDetails{Login: "kim@example.org"})
	for _, c := range []struct {
		name    string
		details PersonDetails
		code    aggregate.Code
		field   string
		says    string
	}{
		{"neither login nor address", PersonDetails{Name: "Lea"}, aggregate.CodeInvalid, "login", "needs a login or an address"},
		{"the login again", PersonDetails{Login: "Lea"}, aggregate.CodeExists, "login", "login or address Lea is known"},
		{"the login in other letters", PersonDetails{Login: "LEA"}, aggregate.CodeExists, "login", "LEA is known"},
		{"the address in other letters", PersonDetails{Login: "leo", Email: "LEA@example.ORG"}, aggregate.CodeExists, "email", "is known"},
		{"a login that is somebody's address", PersonDetails{Login: "lea@example.org"}, aggregate.CodeExists, "login", "is known"},
		{"an address that is somebody's login", PersonDetails{Email: "kim@example.org"}, aggregate.CodeExists, "email", "is known"},
		{"a login that is somebody's id", PersonDetails{Login: string(lea.ID)}, aggregate.CodeInvalid, "login", "reads like the id"},
		{"an address that is none", PersonDetails{Email: "01arz3ndektsv4rrffq69g5fav"}, aggregate.CodeInvalid, "email", "no e-mail address"},
		{"an address with a name", PersonDetails{Email: "Lea <lea@example.com>"}, aggregate.CodeInvalid, "email", "no e-mail address"},
		{"an address of two lines", PersonDetails{Email: "leo@example.org\r\nBcc: eve@example.org"}, aggregate.CodeInvalid, "email", "line breaks"},
		{"a name that turns what follows", PersonDetails{Login: "leo", Name: "Leo \u202egpj"}, aggregate.CodeInvalid, "name", "cannot be seen"},
		{"a name that is too long", PersonDetails{Login: "leo", Name: strings.Repeat("é", 257)}, aggregate.CodeInvalid, "name", "257 characters"},
		{"a title that is no text", PersonDetails{Login: "leo", JobTitle: "\xff"}, aggregate.CodeInvalid, "job_title", "UTF-8"},
		{"a login of nothing visible", PersonDetails{Login: " \u200b"}, aggregate.CodeInvalid, "login", "nothing in"},
		{"an address of nothing visible", PersonDetails{Login: "leo", Email: "\t"}, aggregate.CodeInvalid, "email", "cannot be seen"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := h.RegisterPerson(t.Context(), operator, "acme", requested, c.details)
			r := refusedWith(t, err, c.code)
			if r.Field != c.field || !strings.Contains(r.Message, c.says) {
				t.Errorf("refused at %q: %s", r.Field, r.Message)
			}
			if strings.Contains(r.Message, "vault") || strings.Contains(r.Message, string(lea.ID)) && c.details.Login != string(lea.ID) {
				t.Errorf("the message tells what is inside: %s", r.Message)
			}
		})
	}
	// The own login may be the own address.
	h.register("acme", PersonDetails{Login: "max@example.org", Email: "Max@example.org"})
	// Another organization does not know her.
	h.found("beta", "ann")
	h.register("beta", PersonDetails{Login: "lea", Email: "lea@example.org"})
}

func TestUpdatePerson(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	lea := h.register("acme", PersonDetails{Login: "lea", Email: "lea@example.org", Name: "Lea", JobTitle: "Engineer"})
	h.register("acme", PersonDetails{Login: "max", Email: "max@example.org"})
	id := string(lea.ID)
	text := func(s string) *string { return &s }
	update := func(change PersonChange) (Receipt, error) {
		change.Person = id
		return h.UpdatePerson(t.Context(), operator, "acme", requested, change)
	}
	shown := func() PersonView { return must[PersonView](t)(h.Person(t.Context(), operator, "acme", Reading{}, id)) }
	found := func(name string, want bool) {
		t.Helper()
		view, err := h.Person(t.Context(), operator, "acme", Reading{}, name)
		if is := err == nil && string(view.ID) == id; is != want {
			t.Errorf("%q leads to her: %t (%+v, %v)", name, is, view, err)
		}
	}

	t.Run("what is there already changes nothing", func(t *testing.T) {
		at := h.revision("acme")
		for _, change := range []PersonChange{{}, {Login: text("lea")}, {Login: text("lea"), Email: text("lea@example.org"), Name: text("Lea"), JobTitle: text("Engineer")}} {
			if r := must[Receipt](t)(update(change)); r.Changed || h.revision("acme") != at {
				t.Errorf("%+v changes something: %+v", change, r)
			}
		}
	})
	t.Run("fields that are not given stay", func(t *testing.T) {
		receipt := must[Receipt](t)(update(PersonChange{Name: text("Lea Löwe")}))
		view := shown()
		if view.Name != "Lea Löwe" || view.JobTitle != "Engineer" || view.Email != "lea@example.org" || view.Revision != receipt.Revision {
			t.Errorf("she is %+v", view)
		}
	})
	t.Run("empty ones are removed", func(t *testing.T) {
		must[Receipt](t)(update(PersonChange{JobTitle: text(""), Email: text("")}))
		if view := shown(); view.JobTitle != "" || view.Email != "" || view.Name != "Lea Löwe" || view.Login != "lea" {
			t.Errorf("she is %+v", view)
		}
		found("lea@example.org", false)
		if r := must[Receipt](t)(update(PersonChange{JobTitle: text("")})); r.Changed {
			t.Error("removing it again changes something")
		}
		h.register("acme", PersonDetails{Login: "lee", Email: "lea@example.org"}) // it is free
		_, err := update(PersonChange{Email: text("LEA@example.org")})
		if r := refusedWith(t, err, aggregate.CodeExists); r.Field != "email" {
			t.Errorf("refused at %q", r.Field)
		}
	})
	t.Run("a login that changes frees the old one", func(t *testing.T) {
		must[Receipt](t)(update(PersonChange{Login: text("leandra")}))
		found("leandra", true)
		found("lea", false)
		other := h.register("acme", PersonDetails{Login: "lea"})
		_, err := update(PersonChange{Login: text("Lea")})
		refusedWith(t, err, aggregate.CodeExists)
		if view := must[PersonView](t)(h.Person(t.Context(), operator, "acme", Reading{}, "lea")); view.ID != other.ID {
			t.Errorf("lea is %s", view.ID)
		}
		h.restart()
		found("leandra", true)
	})
	t.Run("other letters of the own login", func(t *testing.T) {
		must[Receipt](t)(update(PersonChange{Login: text("LEANDRA")}))
		if shown().Login != "LEANDRA" {
			t.Errorf("she is %+v", shown())
		}
		found("leandra", true)
	})
	t.Run("refused", func(t *testing.T) {
		at := h.revision("acme")
		for _, c := range []struct {
			change PersonChange
			code   aggregate.Code
			field  string
		}{
			{PersonChange{Login: text("MAX")}, aggregate.CodeExists, "login"},
			{PersonChange{Login: text("max@example.org")}, aggregate.CodeExists, "login"},
			{PersonChange{Email: text("Max")}, aggregate.CodeInvalid, "email"},
			{PersonChange{Login: text("")}, aggregate.CodeInvalid, "login"}, // nothing to be found by is left
			{PersonChange{Login: text(" ")}, aggregate.CodeInvalid, "login"},
			{PersonChange{Login: text(string(h.id("acme", "max")))}, aggregate.CodeInvalid, "login"},
		} {
			_, err := update(c.change)
			if r := refusedWith(t, err, c.code); r.Field != c.field || strings.Contains(r.Message, "vault") {
				t.Errorf("refused at %q: %s", r.Field, r.Message)
			}
		}
		_, err := h.UpdatePerson(t.Context(), operator, "acme", requested, PersonChange{Person: "nobody", Name: text("x")})
		if r := refusedWith(t, err, aggregate.CodeUnknown); r.Field != "person" || !strings.Contains(r.Help, "tenure person list") {
			t.Errorf("refused with %+v", r)
		}
		if h.revision("acme") != at {
			t.Error("something was appended")
		}
		found("LEANDRA", true)
	})
	t.Run("the login may go where there is an address", func(t *testing.T) {
		must[Receipt](t)(update(PersonChange{Login: text(""), Email: text("leandra@example.org")}))
		if view := shown(); view.Login != "leandra@example.org" {
			t.Errorf("she is called %q", view.Login)
		}
		found("leandra", false)
	})
	t.Run("login and address change places", func(t *testing.T) {
		must[Receipt](t)(update(PersonChange{Login: text("leandra@example.org"), Email: text("le@example.org")}))
		found("le@example.org", true)
		found("leandra@example.org", true)
	})
}

func TestPeople(t *testing.T) {
	h := open(t)
	h.found("acme", "zoe")
	h.join("acme", "ben", "ann")
	h.register("acme", PersonDetails{Email: "guest@example.org"})
	h.team("acme", "sig", "", "Sig Title")
	h.grant("acme", "ben", "maintainer", "team:sig")
	must[Receipt](t)(h.SuspendMembership(t.Context(), operator, "acme", requested, MembershipRequest{Person: "ann"}))
	h.as("acme", "ben")
	type row struct {
		login, state string
		roles        []string
		memberships  []string
		keys         int
	}
	var got []row
	for _, p := range must[[]PersonView](t)(h.People(t.Context(), h.as("acme", "zoe"), "acme", Reading{})) {
		r := row{login: p.Login, state: p.State, memberships: []string{}, keys: p.Keys}
		for _, m := range p.Membership {
			r.memberships = append(r.memberships, string(m.Scope))
			if m.Active != (p.State == "member") || m.Kind != "" || m.Revision == 0 {
				t.Errorf("%s: %+v", p.Login, m)
			}
		}
		for _, g := range p.Roles {
			active := ""
			if !g.Active {
				active = " (inactive)"
			}
			r.roles = append(r.roles, string(g.Scope)+" "+g.Role+active)
		}
		got = append(got, r)
	}
	// Who has left shows who ended the membership, and since when that is.
	h.join("acme", "ida")
	left := must[Receipt](t)(h.TerminateMembership(t.Context(), operator, "acme", requested, MembershipRequest{Person: "ida"}))
	ida := must[PersonView](t)(h.Person(t.Context(), operator, "acme", Reading{}, "ida"))
	if at := left.Events[0].EffectiveAt; ida.State != "known" || ida.Revision != left.Revision || ida.ChangedBy != "operator" || !ida.ChangedAt.Equal(at) || !ida.Since.Equal(at) {
		t.Errorf("ida has left: %+v", ida)
	}
	in := []string{"organization:acme"}
	want := []row{
		{"ann", "suspended", []string{"organization:acme member (inactive)"}, in, 0},
		{"ben", "member", []string{"organization:acme member", "team:sig maintainer"}, in, 1},
		{"guest@example.org", "known", nil, []string{}, 0},
		{"zoe", "member", []string{"organization:acme admin"}, in, 1},
	}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i := range want {
		g, w := got[i], want[i]
		if g.login != w.login || g.state != w.state || strings.Join(g.roles, ",") != strings.Join(w.roles, ",") ||
			strings.Join(g.memberships, ",") != strings.Join(w.memberships, ",") || g.keys != w.keys {
			t.Errorf("got %+v, want %+v", g, w)
		}
	}
}

func TestNotes(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	h.join("acme", "ben", "cat")
	ann := h.as("acme", "ann")
	noted := func(text string) Envelope { return Envelope{Note: text} }
	receipt := must[Receipt](t)(h.GrantRole(t.Context(), ann, "acme", noted("because of the audit"), GrantRequest{RoleRequest: RoleRequest{Person: "ben", Role: "admin"}}))
	if receipt.Events[0].Note != "because of the audit" {
		t.Errorf("the receipt says %+v", receipt.Events[0])
	}
	list, _, err := h.History(t.Context(), ann, "acme", Reading{}, fmt.Sprintf("revision:%d", receipt.Revision), Page{})
	if err != nil || len(list) == 0 || list[0].Note != "because of the audit" {
		t.Errorf("the history says %+v, %v", list, err)
	}
	// It is sealed under the key of the person it is about.
	record := must[events.Record](t)(h.ledger.Get(t.Context(), receipt.Revision))
	if record.NoteAbout != h.id("acme", "ben") || strings.Contains(string(record.Note), "audit") || len(record.Note) == 0 {
		t.Errorf("the ledger holds a note about %s: %q", record.NoteAbout, record.Note)
	}
	// Commands about nobody or several take none.
	_, err = h.CreateScope(t.Context(), ann, "acme", noted("why"), ScopeRequest{Scope: "team:sig"})
	if r := refusedWith(t, err, aggregate.CodeInvalid); r.Field != "note" {
		t.Errorf("refused with %+v", r)
	}
	h.team("acme", "sig", "", "")
	h.grant("acme", "cat", "member", "team:sig")
	_, err = h.DeleteScope(t.Context(), ann, "acme", noted("why"), ScopeRequest{Scope: "team:sig"})
	if r := refusedWith(t, err, aggregate.CodeInvalid); r.Field != "note" {
		t.Errorf("refused with %+v", r)
	}
	// A new person's registration can carry one, about that person.
	registered := must[PersonReceipt](t)(h.RegisterPerson(t.Context(), ann, "acme", noted("found at the fair"), PersonDetails{Login: "dan"}))
	if registered.Events[0].Note != "found at the fair" {
		t.Errorf("the receipt says %+v", registered.Events[0])
	}
}
