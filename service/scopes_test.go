package service

import (
	"strings"
	"testing"

	"tenure/aggregate"
)

func TestScopes(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	h.join("acme", "ben")
	ann := h.as("acme", "ann")
	do := func(r Receipt, err error) Receipt { t.Helper(); return must[Receipt](t)(r, err) }
	list := func() []string {
		var rows []string
		for _, s := range must[[]ScopeView](t)(h.Scopes(t.Context(), ann, "acme", Reading{})) {
			rows = append(rows, strings.TrimSpace(string(s.ID)+" < "+string(s.Under)+" "+s.Title))
		}
		return rows
	}
	do(h.CreateScope(t.Context(), ann, "acme", Envelope{}, ScopeRequest{Scope: "team:sig", Title: "Sig Title"}))
	do(h.CreateScope(t.Context(), ann, "acme", Envelope{}, ScopeRequest{Scope: "team:sub", Under: "team:Sig Title"}))
	do(h.CreateScope(t.Context(), ann, "acme", Envelope{}, ScopeRequest{Scope: "team:side", Under: "organization:acme", Title: "Side / Title"}))
	do(h.GrantRole(t.Context(), ann, "acme", Envelope{}, GrantRequest{RoleRequest: RoleRequest{"ben", "maintainer", "team:sub"}}))
	diff(t, "scopes", []string{"organization:acme <", "team:side < organization:acme Side / Title", "team:sig < organization:acme Sig Title", "team:sub < team:sig"}, list())

	renamed := do(h.RenameScope(t.Context(), ann, "acme", Envelope{}, ScopeRequest{Scope: "team:sub", Title: "Sub Title"}))
	moved := do(h.MoveScope(t.Context(), ann, "acme", Envelope{}, ScopeRequest{Scope: "team:sub title", Under: "team:side"}))
	diff(t, "scopes", []string{"organization:acme <", "team:side < organization:acme Side / Title", "team:sig < organization:acme Sig Title", "team:sub < team:side Sub Title"}, list())
	for _, s := range must[[]ScopeView](t)(h.Scopes(t.Context(), ann, "acme", Reading{})) {
		if s.ID == "team:sub" && (s.Revision != moved.Revision || s.ChangedBy != "ann" || s.Holders != 1 || s.Kind != "team") {
			t.Errorf("the scope is %+v, renamed at %d, moved at %d", s, renamed.Revision, moved.Revision)
		}
	}
	if r := do(h.MoveScope(t.Context(), ann, "acme", Envelope{}, ScopeRequest{Scope: "team:sub", Under: "team:side"})); r.Changed {
		t.Error("moving to where it stands changes something")
	}
	for _, c := range []struct {
		name  string
		do    func() (Receipt, error)
		code  aggregate.Code
		field string
	}{
		{"create what is there", func() (Receipt, error) {
			return h.CreateScope(t.Context(), ann, "acme", Envelope{}, ScopeRequest{Scope: "team:sig"})
		}, aggregate.CodeExists, "scope"},
		{"create without a kind", func() (Receipt, error) {
			return h.CreateScope(t.Context(), ann, "acme", Envelope{}, ScopeRequest{Scope: "sig2"})
		}, aggregate.CodeInvalid, "scope"},
		{"create below nothing", func() (Receipt, error) {
			return h.CreateScope(t.Context(), ann, "acme", Envelope{}, ScopeRequest{Scope: "team:new", Under: "team:none"})
		}, aggregate.CodeUnknown, "under"},
		{"create a second root", func() (Receipt, error) {
			return h.CreateScope(t.Context(), ann, "acme", Envelope{}, ScopeRequest{Scope: "organization:new"})
		}, aggregate.CodeStructure, ""},
		{"rename to nothing", func() (Receipt, error) {
			return h.RenameScope(t.Context(), ann, "acme", Envelope{}, ScopeRequest{Scope: "team:sig"})
		}, aggregate.CodeInvalid, "title"},
		{"rename to white space", func() (Receipt, error) {
			return h.RenameScope(t.Context(), ann, "acme", Envelope{}, ScopeRequest{Scope: "team:sig", Title: "  "})
		}, aggregate.CodeInvalid, "title"},
		{"rename what is not there", func() (Receipt, error) {
			return h.RenameScope(t.Context(), ann, "acme", Envelope{}, ScopeRequest{Scope: "team:none", Title: "x"})
		}, aggregate.CodeUnknown, "scope"},
		{"move below itself", func() (Receipt, error) {
			return h.MoveScope(t.Context(), ann, "acme", Envelope{}, ScopeRequest{Scope: "team:side", Under: "team:sub"})
		}, aggregate.CodeStructure, ""},
		{"move the root", func() (Receipt, error) {
			return h.MoveScope(t.Context(), ann, "acme", Envelope{}, ScopeRequest{Scope: "", Under: "team:sub"})
		}, aggregate.CodeStructure, ""},
		{"delete the root", func() (Receipt, error) {
			return h.DeleteScope(t.Context(), ann, "acme", Envelope{}, ScopeRequest{})
		}, aggregate.CodeStructure, ""},
		{"delete what is not there", func() (Receipt, error) {
			return h.DeleteScope(t.Context(), ann, "acme", Envelope{}, ScopeRequest{Scope: "team:none"})
		}, aggregate.CodeUnknown, "scope"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := c.do()
			if r := refusedWith(t, err, c.code); r.Field != c.field {
				t.Errorf("refused with %+v", r)
			}
		})
	}
	do(h.DeleteScope(t.Context(), ann, "acme", Envelope{}, ScopeRequest{Scope: "team:side"}))
	diff(t, "scopes", []string{"organization:acme <", "team:sig < organization:acme Sig Title"}, list())
}

// TestTitlesLeadToScopes: a title finds the scope that bears it now.
func TestTitlesLeadToScopes(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	finds := func(title, want string) {
		t.Helper()
		got, found := h.findScope(h.stateOf("acme"), "team:"+title)
		if !found {
			got = ""
		}
		if string(got) != want {
			t.Errorf("%q leads to %q, want %q", title, got, want)
		}
	}
	settled := func() {
		t.Helper()
		if err := h.catchUp(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
	}
	rename := func(handle, title string) {
		t.Helper()
		must[Receipt](t)(h.RenameScope(t.Context(), operator, "acme", requested, ScopeRequest{Scope: "team:" + handle, Title: title}))
		settled()
	}
	h.team("acme", "a", "", "One")
	h.team("acme", "b", "", "Two")
	h.team("acme", "c", "", "ONE ") // titles need not be unique
	settled()
	finds("one", "team:a")
	finds("Two", "team:b")
	rename("b", "Three")
	finds("Two", "")
	finds("Three", "team:b")
	// One that takes a title of another loses the way to its own.
	rename("b", "One")
	finds("Three", "")
	finds("One", "team:a")
	// A title that is only in the history gives way.
	must[Receipt](t)(h.DeleteScope(t.Context(), operator, "acme", requested, ScopeRequest{Scope: "team:a"}))
	settled()
	finds("One", "")
	h.team("acme", "d", "", "One")
	settled()
	finds("One", "team:d")
	h.restart() // what was changed is looked at again
	finds("One", "team:d")
	finds("Three", "")
	// The organization's own title is no team's.
	must[Receipt](t)(h.RenameScope(t.Context(), operator, "acme", requested, ScopeRequest{Scope: "", Title: "Four"}))
	h.team("acme", "e", "", "Four")
	settled()
	finds("Four", "team:e")
}
