package service

import (
	"slices"
	"strings"
	"testing"

	"tenure/aggregate"
	"tenure/events"
)

// logins lists whom the grants are of.
func logins(list []GrantView) []string {
	names := []string{}
	for _, g := range list {
		names = append(names, g.Login)
	}
	return names
}

func TestGrantAndRevoke(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	h.join("acme", "ben", "cat")
	h.team("acme", "sig", "", "Sig Title")
	ann, ben := h.as("acme", "ann"), h.as("acme", "ben")
	holders := func(role, scope string) []string {
		return logins(must[[]GrantView](t)(h.Holders(t.Context(), ann, "acme", Reading{}, events.RoleID(role), scope)))
	}
	receipt := must[Receipt](t)(h.GrantRole(t.Context(), ann, "acme", Envelope{}, GrantRequest{RoleRequest: RoleRequest{"BEN", "maintainer", "team:Sig Title"}}))
	if len(receipt.Events) != 1 || receipt.Events[0].Scope != "team:sig" || receipt.Events[0].Title != "Sig Title" || receipt.Events[0].Login != "ben" {
		t.Errorf("granting is told as %+v", receipt.Events)
	}
	// A maintainer grants in the own team, and not above.
	must[Receipt](t)(h.GrantRole(t.Context(), ben, "acme", Envelope{}, GrantRequest{RoleRequest: RoleRequest{"cat", "member", "team:sig"}}))
	_, err := h.GrantRole(t.Context(), ben, "acme", Envelope{}, GrantRequest{RoleRequest: RoleRequest{"cat", "admin", ""}})
	if r := refusedWith(t, err, aggregate.CodeNotPermitted); r.Role != "organization.admin" || r.Scope != "organization:acme" || r.Help == "" {
		t.Errorf("refused with %+v", r)
	}
	diff(t, "maintainers", []string{"ben"}, holders("maintainer", "team:sig"))
	diff(t, "members", []string{"cat"}, holders("member", "team:SIG TITLE"))

	must[Receipt](t)(h.RevokeRole(t.Context(), ben, "acme", Envelope{}, RoleRequest{"cat", "member", "team:sig"}))
	must[Receipt](t)(h.RevokeRole(t.Context(), ben, "acme", Envelope{}, RoleRequest{"ben", "maintainer", "team:sig"})) // lays it down
	diff(t, "members", []string{}, holders("member", "team:sig"))
	if r := must[Receipt](t)(h.RevokeRole(t.Context(), ann, "acme", Envelope{}, RoleRequest{"ben", "maintainer", "team:sig"})); r.Changed {
		t.Error("revoking what is not held changes something")
	}
	for _, c := range []struct {
		request RoleRequest
		code    aggregate.Code
		field   string
	}{
		{RoleRequest{"nobody", "admin", ""}, aggregate.CodeUnknown, "person"},
		{RoleRequest{"", "admin", ""}, aggregate.CodeUnknown, "person"},
		{RoleRequest{"ben", "emperor", ""}, aggregate.CodeUnknown, ""},
		{RoleRequest{"ben", "maintainer", ""}, aggregate.CodeUnknown, ""}, // of another kind of scope
		{RoleRequest{"ben", "member", "team:none"}, aggregate.CodeUnknown, "scope"},
		{RoleRequest{"ben", "member", "sig"}, aggregate.CodeUnknown, "scope"},
		{RoleRequest{"ben", "member", "organization:beta"}, aggregate.CodeUnknown, "scope"},
	} {
		_, err := h.GrantRole(t.Context(), ann, "acme", Envelope{}, GrantRequest{RoleRequest: c.request})
		if r := refusedWith(t, err, c.code); r.Field != c.field || r.Help == "" {
			t.Errorf("%+v is refused with %+v", c.request, r)
		}
	}
	_, err = h.Holders(t.Context(), ann, "acme", Reading{}, "emperor", "")
	refusedWith(t, err, aggregate.CodeUnknown)
	_, err = h.Holders(t.Context(), ann, "acme", Reading{}, "admin", "team:none")
	refusedWith(t, err, aggregate.CodeUnknown)
}

// TestX01 tries to take the last administrator away, on every path.
func TestX01(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	h.join("acme", "ben")
	ann := h.as("acme", "ann")
	before, at := h.fold("acme"), h.revision("acme")
	self := MembershipRequest{Person: "ann"}
	for name, do := range map[string]func() error{
		"resign": func() error {
			return failed(h.RevokeRole(t.Context(), ann, "acme", Envelope{}, RoleRequest{"ann", "admin", ""}))
		},
		"revoke": func() error {
			return failed(h.RevokeRole(t.Context(), operator, "acme", requested, RoleRequest{"ann", "admin", ""}))
		},
		"demote": func() error {
			return failed(h.GrantRole(t.Context(), ann, "acme", Envelope{}, GrantRequest{RoleRequest: RoleRequest{"ann", "member", ""}}))
		},
		"suspend":               func() error { return failed(h.SuspendMembership(t.Context(), ann, "acme", Envelope{}, self)) },
		"suspend as operator":   func() error { return failed(h.SuspendMembership(t.Context(), operator, "acme", requested, self)) },
		"leave":                 func() error { return failed(h.TerminateMembership(t.Context(), ann, "acme", Envelope{}, self)) },
		"terminate as operator": func() error { return failed(h.TerminateMembership(t.Context(), operator, "acme", requested, self)) },
		"import": func() error {
			return failed(h.ImportTimeline(t.Context(), operator, "acme", TimelineCommit{Commit: "c", Time: h.clock.now(), Changes: []TimelineChange{
				{Op: "admin.remove", User: "ann"}, {Op: "member.add", User: "ann"},
			}}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := refusedWith(t, do(), aggregate.CodeTooFew)
			if r.Rule != "X01" || r.Role != "organization.admin" || r.Scope != "organization:acme" || !strings.HasPrefix(r.Help, "tenure grant PERSON admin --org acme") {
				t.Errorf("refused with %+v", r)
			}
			if h.revision("acme") != at {
				t.Errorf("the organization stands at %d, before at %d", h.revision("acme"), at)
			}
		})
	}
	diff(t, "the organization afterwards", before.Snapshot(), h.fold("acme").Snapshot())
	// With a second one, it goes.
	h.grant("acme", "ben", "admin", "")
	must[Receipt](t)(h.TerminateMembership(t.Context(), ann, "acme", Envelope{}, self))
	// X02: everything she held went with it, her keys included.
	if _, err := h.Authenticate(t.Context(), h.keys["acme ann"]); err == nil {
		t.Error("her key still works")
	}
}

func TestMemberships(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	h.join("acme", "ben")
	h.team("acme", "sig", "", "")
	h.grant("acme", "ben", "maintainer", "team:sig")
	ann := h.as("acme", "ann")
	ben := MembershipRequest{Person: "ben"}
	do := func(change func(*Service, MembershipRequest) (Receipt, error), want ...string) {
		t.Helper()
		receipt, err := change(h.Service, ben)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range receipt.Events {
			got = append(got, strings.TrimSpace(e.Type+" "+string(e.Cause)))
		}
		diff(t, "what happened", want, got)
	}
	start := func(s *Service, r MembershipRequest) (Receipt, error) {
		return s.StartMembership(t.Context(), ann, "acme", Envelope{}, r)
	}
	suspend := func(s *Service, r MembershipRequest) (Receipt, error) {
		return s.SuspendMembership(t.Context(), ann, "acme", Envelope{}, r)
	}
	resume := func(s *Service, r MembershipRequest) (Receipt, error) {
		return s.ResumeMembership(t.Context(), ann, "acme", Envelope{}, r)
	}
	terminate := func(s *Service, r MembershipRequest) (Receipt, error) {
		return s.TerminateMembership(t.Context(), ann, "acme", Envelope{}, r)
	}
	do(start)
	do(suspend, "membership.suspended")
	do(suspend)
	do(resume, "membership.resumed")
	do(resume)
	do(terminate, "role.revoked termination", "role.revoked termination", "membership.terminated")
	for _, change := range []func(*Service, MembershipRequest) (Receipt, error){suspend, resume, terminate} {
		_, err := change(h.Service, ben)
		if r := refusedWith(t, err, aggregate.CodeNotMember); !strings.HasPrefix(r.Message, "ben is not a member") {
			t.Errorf("it says %q", r.Message)
		}
	}
	do(start, "membership.started", "role.granted default")
	if view := must[PersonView](t)(h.Person(t.Context(), ann, "acme", Reading{}, "ben")); len(view.Roles) != 1 {
		t.Errorf("what ended with the membership is back: %+v", view.Roles)
	}
	_, err := h.StartMembership(t.Context(), ann, "acme", Envelope{}, MembershipRequest{Person: "ben", Scope: "team:sig"})
	refusedWith(t, err, aggregate.CodeStructure)
}

func TestCan(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	h.join("acme", "ben", "cat")
	h.team("acme", "sig", "", "Sig Title")
	h.team("acme", "sub", "team:sig", "")
	granted := h.grant("acme", "ben", "maintainer", "team:sig")
	ann := h.as("acme", "ann")
	can := func(person, permission, on string) Answer {
		t.Helper()
		return must[Answer](t)(h.Can(t.Context(), ann, "acme", Reading{}, person, permission, on))
	}
	yes := can("ben", "team.delete", "team:sub")
	want := Answer{
		Allowed: true, ID: h.id("acme", "ben"), Login: "ben", Permission: "team.delete", Title: "Delete a team, with its child teams",
		Scope: "team:sub", AsOf: yes.AsOf, Revision: h.revision("acme"), Because: []GrantView{{
			ID: h.id("acme", "ben"), Login: "ben", Role: "maintainer", Scope: "team:sig", Rule: "G02", Active: true,
			OriginView: OriginView{
				Since: granted.Events[0].EffectiveAt, SinceRevision: granted.Revision, By: "operator",
				Revision: granted.Revision, ChangedBy: "operator", ChangedAt: granted.Events[0].EffectiveAt,
			},
		}},
	}
	diff(t, "allowed, and why", want, yes)

	no := can("cat", "team.delete", "team:Sig Title")
	if no.Allowed || no.Because == nil || len(no.Because) != 0 || no.Suspended {
		t.Errorf("refused, but %+v", no)
	}
	diff(t, "instead", []MissingView{{Role: "maintainer", Scope: "team:sig", Rule: "G02"}, {Role: "admin", Scope: "organization:acme", Rule: "G01"}}, no.Instead)
	diff(t, "whom to ask", []string{"ann"}, no.Ask)

	must[Receipt](t)(h.SuspendMembership(t.Context(), ann, "acme", Envelope{}, MembershipRequest{Person: "ben"}))
	if suspended := can("ben", "team.delete", "team:sub"); suspended.Allowed || !suspended.Suspended {
		t.Errorf("suspended: %+v", suspended)
	}
	// At most so many are named.
	for _, login := range []string{"dan", "eve", "fay", "gus"} {
		h.join("acme", login)
		h.grant("acme", login, "admin", "")
	}
	if ask := can("cat", "team.delete", "team:sig").Ask; len(ask) != maxAsk {
		t.Errorf("%v are to be asked", ask)
	}
	must[Receipt](t)(h.SuspendMembership(t.Context(), operator, "acme", requested, MembershipRequest{Person: "ann"}))
	if ask := must[Answer](t)(h.Can(t.Context(), operator, "acme", Reading{}, "cat", "team.delete", "team:sig")).Ask; slices.Contains(ask, "ann") {
		t.Errorf("%v are to be asked, and ann is suspended", ask)
	}
	for _, c := range []struct {
		person, permission, on string
		code                   aggregate.Code
		field                  string
	}{
		{"nobody", "team.read", "team:sig", aggregate.CodeUnknown, "person"},
		{"cat", "team.fly", "team:sig", aggregate.CodeUnknown, "permission"},
		{"cat", "team.read", "team:none", aggregate.CodeUnknown, "scope"},
		{"cat", "team.read", "", aggregate.CodeInvalid, "scope"},
		{"cat", "organization.edit", "team:sig", aggregate.CodeInvalid, "scope"},
	} {
		_, err := h.Can(t.Context(), operator, "acme", Reading{}, c.person, c.permission, c.on)
		if r := refusedWith(t, err, c.code); r.Field != c.field {
			t.Errorf("%+v is refused with %+v", c, r)
		}
	}
}

func TestPermitted(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	h.join("acme", "ben", "cat")
	h.team("acme", "sig", "", "")
	h.grant("acme", "ben", "maintainer", "team:sig")
	ann := h.as("acme", "ann")
	ask := func(permission, on string) []string {
		var rows []string
		for _, g := range must[[]GrantView](t)(h.Permitted(t.Context(), ann, "acme", Reading{}, permission, on)) {
			rows = append(rows, g.Login+" "+g.Role+" "+string(g.Scope))
		}
		return rows
	}
	diff(t, "who may delete", []string{"ann admin organization:acme", "ben maintainer team:sig"}, ask("team.delete", "team:sig"))
	diff(t, "who may read", []string{
		"ann admin organization:acme", "ben member organization:acme", "ben maintainer team:sig", "cat member organization:acme",
	}, ask("team.read", "team:sig"))
	must[Receipt](t)(h.SuspendMembership(t.Context(), ann, "acme", Envelope{}, MembershipRequest{Person: "ben"}))
	diff(t, "who may delete", []string{"ann admin organization:acme"}, ask("team.delete", "team:sig"))
	_, err := h.Permitted(t.Context(), ann, "acme", Reading{}, "team.fly", "")
	refusedWith(t, err, aggregate.CodeUnknown)
}

// What is printed as KIND.NAME can be said so, on a scope of that kind.
func TestNamesWithTheirKind(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	h.join("acme", "ben")
	ann := h.as("acme", "ann")
	must[Receipt](t)(h.CreateScope(t.Context(), ann, "acme", Envelope{}, ScopeRequest{Scope: "team:sig"}))
	grant := func(role events.RoleID) error {
		_, err := h.GrantRole(t.Context(), ann, "acme", Envelope{}, GrantRequest{RoleRequest: RoleRequest{Person: "ben", Role: role, Scope: "team:sig"}})
		return err
	}
	if err := grant("team.maintainer"); err != nil {
		t.Fatal(err)
	}
	if list := must[[]GrantView](t)(h.Holders(t.Context(), ann, "acme", Reading{}, "team.maintainer", "team:sig")); len(list) != 1 || list[0].Role != "maintainer" {
		t.Errorf("held by %+v", list)
	}
	refusedWith(t, grant("organization.maintainer"), aggregate.CodeUnknown)
	must[Receipt](t)(h.RevokeRole(t.Context(), ann, "acme", Envelope{}, RoleRequest{Person: "ben", Role: "team.maintainer", Scope: "team:sig"}))
	if list := must[[]GrantView](t)(h.Holders(t.Context(), ann, "acme", Reading{}, "maintainer", "team:sig")); len(list) != 0 {
		t.Errorf("still held by %+v", list)
	}
}

// Where no role is named, the one of the scope that is transferred is meant; where
// there is none or more than one, that is told.
func TestTransferOfNoRole(t *testing.T) {
	h := open(t)
	h.foundAs("acme", "ann", `
model: choirs
title: Choirs
about: Choirs with a lead and a first voice, and stages with neither.
root: society
highest: society.head
scopes:
  - {kind: society, title: Society, membership: true}
  - {kind: choir, title: Choir, under: [society]}
  - {kind: stage, title: Stage, under: [society]}
permissions:
  - {id: society.build, title: Found choirs, section: Choirs, allows: ["scope.create:choir", "scope.create:stage", person.register, directory.read]}
  - {id: choir.sing, title: Sing, section: Choirs}
roles:
  - {id: society.head, title: Head, at_least: 1, at_most: 1, transferred_by: [society.head], permissions: [society.build]}
  - {id: choir.lead, title: Lead, at_least: 1, at_most: 1, transferred_by: [society.head], automatic: creator, permissions: [choir.sing]}
  - {id: choir.voice, title: First voice, at_least: 1, at_most: 1, transferred_by: [choir.lead], automatic: creator}
  - {id: stage.hand, title: Hand, granted_by: [society.head]}
`)
	ann := h.as("acme", "ann")
	must[Receipt](t)(h.CreateScope(t.Context(), ann, "acme", Envelope{}, ScopeRequest{Scope: "choir:bass"}))
	must[Receipt](t)(h.CreateScope(t.Context(), ann, "acme", Envelope{}, ScopeRequest{Scope: "stage:open"}))
	must[PersonReceipt](t)(h.RegisterPerson(t.Context(), ann, "acme", Envelope{}, PersonDetails{Login: "sid"}))
	for _, test := range []struct{ scope, field, says string }{
		{"stage:open", "scope", "No role of a stage is transferred: who holds one on stage:open is said by granting and revoking it."},
		{"choir:bass", "role", "On choir:bass there are several roles that are transferred: name one of lead, voice."},
	} {
		_, err := h.TransferRole(t.Context(), ann, "acme", Envelope{}, TransferRequest{Person: "sid", Scope: test.scope})
		if r := refusedWith(t, err, aggregate.CodeInvalid); r.Field != test.field || r.Message != test.says {
			t.Errorf("refused with %+v", r)
		}
	}
	must[Receipt](t)(h.TransferRole(t.Context(), ann, "acme", Envelope{}, TransferRequest{Person: "sid"}))
}
