package service

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
)

// bureau is a model with API clients, managers, departments whose heads look
// after their people and act on behalf of them, and kinds of member.
var bureau = func() *rolemodel.Model {
	m, err := rolemodel.Parse("bureau.yaml", []byte(`
model: bureau
title: Bureau
about: Departments whose heads look after their people.
root: organization
highest: organization.owner
scopes:
  - {kind: organization, title: Organization, membership: true}
  - kind: department
    title: Department
    under: [organization]
    membership: true
    member_kinds: [{id: staff, title: Staff}, {id: guest, title: Guest}]
    joins: [staff]
  - {kind: desk, title: Desk, under: [department]}
permissions:
  - {id: organization.people, title: Manage people, section: People, rule: B01, allows: [person.register, person.update, manager.assign, membership.start, membership.suspend, membership.resume, membership.terminate]}
  - {id: organization.read, title: Read, section: People, allows: [directory.read, history.read, links.read, scope.export]}
  - {id: organization.clients, title: Manage clients, section: Clients, rule: B02, allows: [client.manage]}
  - {id: organization.build, title: Found departments, section: Structure, allows: ["scope.create:department"]}
  - {id: department.people, title: Look after people, section: People, rule: B03, allows: [person.register, person.update, manager.assign, membership.start, membership.suspend, membership.resume, membership.terminate]}
  - {id: department.stand, title: Stand in, section: People, rule: B04, allows: [behalf.act]}
  - {id: department.build, title: Place desks, section: Structure, allows: ["scope.create:desk"]}
  - {id: desk.use, title: Use a desk, section: Work}
roles:
  - id: organization.owner
    title: Owner
    rule: B05
    membership: organization
    at_least: 1
    granted_by: [organization.owner]
    permissions: [organization.people, organization.read, organization.clients, organization.build]
    inherited: [department.build, department.people, desk.use]
  - {id: organization.registrar, title: Registrar, granted_by: [organization.owner], permissions: [organization.clients]}
  - {id: organization.reader, title: Reader, granted_by: [organization.owner], permissions: [organization.read]}
  - {id: organization.integration, title: Integration, rule: B06, holder: client, granted_by: [organization.owner], permissions: [organization.people]}
  - {id: department.head, title: Head, rule: B07, membership: department, granted_by: [organization.owner], permissions: [department.people, department.stand, department.build], inherited: [desk.use]}
  - {id: department.hand, title: Hand, membership: department, granted_by: [organization.owner, department.head], default: true}
  - {id: desk.user, title: User of a desk, membership: department, granted_by: [organization.owner, department.head], permissions: [desk.use]}
`))
	if err != nil {
		panic(err)
	}
	return m
}()

// bureau opens an organization of the bureau model: ann is the owner, hal the
// head of the department north, where ben is too; there are south and a desk in
// north.
func (h *house) bureau(org string) {
	h.t.Helper()
	id := events.OrgID(org)
	must[Receipt](h.t)(h.execute(h.t.Context(), operator, id, Envelope{}, task{kind: "organization.found", founds: true, prepare: func(p *plan) (aggregate.Command, error) {
		person, err := p.register(PersonDetails{Login: "ann"}, "")
		return aggregate.Found{Model: bureau, Owner: &person}, err
	}}))
	for _, r := range []ScopeRequest{{Scope: "department:north"}, {Scope: "department:south"}, {Scope: "desk:one", Under: "department:north"}} {
		must[Receipt](h.t)(h.CreateScope(h.t.Context(), operator, id, requested, r))
	}
	for _, login := range []string{"hal", "ben"} {
		must[PersonReceipt](h.t)(h.AddMember(h.t.Context(), operator, id, requested, NewMemberRequest{PersonDetails: PersonDetails{Login: login, Email: login + "@acme.example"}, Scope: "department:north"}))
	}
	h.grant(org, "hal", "head", "department:north")
}

func TestClients(t *testing.T) {
	h := open(t)
	h.bureau("acme")
	ctx := t.Context()
	h.join("acme", "rob", "eve", "red")
	h.grant("acme", "rob", "registrar", "")
	h.grant("acme", "red", "reader", "")
	ann, rob, eve, red := h.as("acme", "ann"), h.as("acme", "rob"), h.as("acme", "eve"), h.as("acme", "red")

	created := must[ClientReceipt](t)(h.CreateClient(ctx, ann, "acme", Envelope{Note: "for the payroll"}, NewClientRequest{Name: "Payroll"}))
	if created.ID == "" || created.Events[0].Login != "Payroll" {
		t.Errorf("the receipt is %+v", created)
	}
	for _, c := range []struct {
		name   string
		caller Caller
		client string
		code   aggregate.Code
		says   string
	}{
		{"the same name", ann, "payroll", aggregate.CodeExists, "API client of the name payroll"},
		{"somebody's login", ann, "Ben", aggregate.CodeExists, "Ben is known"},
		{"nothing", ann, " ", aggregate.CodeInvalid, "needs a name"},
		{"an id", ann, string(created.ID), aggregate.CodeInvalid, "reads like the id"},
		{"the background user", ann, "background", aggregate.CodeInvalid, "no person"},
		{"two lines", ann, "a\nb", aggregate.CodeInvalid, "line breaks"},
		{"whoever may not finds no names out", eve, "payroll", aggregate.CodeNotPermitted, "client.manage"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := h.CreateClient(ctx, c.caller, "acme", Envelope{}, NewClientRequest{Name: c.client})
			if r := refusedWith(t, err, c.code); !strings.Contains(r.Message, c.says) {
				t.Errorf("refused: %s", r.Message)
			}
		})
	}
	// A person cannot come under its name.
	_, err := h.RegisterPerson(ctx, ann, "acme", Envelope{}, PersonDetails{Login: "PAYROLL"})
	refusedWith(t, err, aggregate.CodeExists)

	// It is found by name by those who manage clients, granted and given a key.
	must[Receipt](t)(h.GrantRole(ctx, ann, "acme", Envelope{}, GrantRequest{RoleRequest: RoleRequest{"payroll", "integration", ""}}))
	_, err = h.IssueKey(ctx, rob, "acme", Envelope{}, IssueRequest{Person: "payroll"})
	if r := refusedWith(t, err, aggregate.CodeNotPermitted); r.Rule != "B06" {
		t.Errorf("a key by one who may not grant what it gives: %+v", r)
	}
	_, err = h.IssueKey(ctx, eve, "acme", Envelope{}, IssueRequest{Person: "payroll"})
	refusedWith(t, err, aggregate.CodeNotPermitted)
	key := must[KeyReceipt](t)(h.IssueKey(ctx, ann, "acme", Envelope{}, IssueRequest{Person: "payroll"}))
	if key.Person != "Payroll" || key.Key == "" {
		t.Errorf("the key is %+v", key)
	}

	// It is the actor of what it does, under its name.
	payroll := must[Caller](t)(h.Authenticate(ctx, key.Key))
	diff(t, "whom the key speaks for", created.ID, payroll.Principal)
	done := must[PersonReceipt](t)(h.RegisterPerson(ctx, payroll, "acme", Envelope{}, PersonDetails{Login: "new"}))
	list, _, err := h.History(ctx, ann, "acme", Reading{}, "actor:payroll", Page{})
	if err != nil || len(list) != 1 || list[0].Actor != "Payroll" || list[0].Revision != done.Revision {
		t.Errorf("what it did is %+v, %v", list, err)
	}

	// Its keys are listed to those who manage clients, and to itself.
	listed := func(c Caller) (names []string) {
		for _, k := range must[[]KeyView](t)(h.Keys(ctx, c, "acme", Reading{})) {
			names = append(names, k.Person)
		}
		return names
	}
	for name, c := range map[string]struct {
		caller Caller
		want   bool
	}{"owner": {ann, true}, "registrar": {rob, true}, "reader": {red, false}, "nobody": {eve, false}, "operator": {operator, true}, "itself": {payroll, true}} {
		if names := listed(c.caller); slices.Contains(names, "Payroll") != c.want {
			t.Errorf("to the %s are listed %v", name, names)
		}
	}
	// And so are the clients; to read the directory is not enough.
	for name, c := range map[string]struct {
		caller Caller
		want   bool
	}{"owner": {ann, true}, "registrar": {rob, true}, "reader": {red, false}, "nobody": {eve, false}} {
		clients, err := h.Clients(ctx, c.caller, "acme", Reading{})
		if !c.want {
			refusedWith(t, err, aggregate.CodeNotPermitted)
			continue
		}
		if err != nil || len(clients) != 1 || clients[0].Name != "Payroll" || clients[0].Keys != 1 || len(clients[0].Roles) != 1 {
			t.Errorf("to the %s the clients are %+v, %v", name, clients, err)
		}
	}

	// It is none of the people, anywhere.
	for _, p := range must[[]PersonView](t)(h.People(ctx, ann, "acme", Reading{})) {
		if p.ID == created.ID {
			t.Error("it is listed among people")
		}
	}
	for _, row := range must[[]PersonRow](t)(h.ExportPeople(ctx, ann, "acme", Reading{})) {
		if row.Login == "Payroll" || row.Name == "Payroll" {
			t.Error("it is exported among people")
		}
	}
	_, err = h.Person(ctx, ann, "acme", Reading{}, "payroll")
	refusedWith(t, err, aggregate.CodeUnknown)
	_, err = h.Links(ctx, ann, "acme", Reading{}, string(created.ID))
	refusedWith(t, err, aggregate.CodeUnknown)
	_, err = h.StartMembership(ctx, ann, "acme", Envelope{}, MembershipRequest{Person: "payroll"})
	refusedWith(t, err, aggregate.CodeInvalid)
	name := "Ben"
	_, err = h.UpdatePerson(ctx, ann, "acme", Envelope{}, PersonChange{Person: "payroll", Name: &name})
	refusedWith(t, err, aggregate.CodeInvalid)

	// A restart changes nothing of that: the sweep and the mending leave it.
	h.restart()
	if _, err := h.Authenticate(ctx, key.Key); err != nil {
		t.Error(err)
	}
	if shown := must[ClientView](t)(h.Client(ctx, ann, "acme", Reading{}, "PAYROLL")); shown.Name != "Payroll" {
		t.Errorf("after a restart it is %+v", shown)
	}

	// What it held is told apart between two moments.
	before := h.revision("acme")
	must[Receipt](t)(h.DeleteClient(ctx, rob, "acme", Envelope{}, ClientRequest{Client: "Payroll"}))
	_, err = h.Authenticate(ctx, key.Key)
	refusedWith(t, err, CodeUnauthenticated)
	differences := must[[]Difference](t)(h.Diff(ctx, ann, "acme", 0, atRevision(before), atRevision(h.revision("acme"))))
	if len(differences) != 1 || differences[0].Role != "integration" || differences[0].Login != "Payroll" || differences[0].Change != "removed" {
		t.Errorf("the differences are %+v", differences)
	}
	shown := must[ClientView](t)(h.Client(ctx, ann, "acme", Reading{}, "payroll"))
	if !shown.Deleted || shown.Keys != 0 || len(shown.Roles) != 0 {
		t.Errorf("it is deleted, and %+v", shown)
	}
	_, err = h.GrantRole(ctx, ann, "acme", Envelope{}, GrantRequest{RoleRequest: RoleRequest{"payroll", "integration", ""}})
	refusedWith(t, err, aggregate.CodeInvalid)

	// Its name is free for another one, and for a person, also after a restart.
	second := must[ClientReceipt](t)(h.CreateClient(ctx, ann, "acme", Envelope{}, NewClientRequest{Name: "payroll"}))
	h.restart()
	if shown := must[ClientView](t)(h.Client(ctx, ann, "acme", Reading{}, "payroll")); shown.ID != second.ID {
		t.Errorf("the name leads to %+v", shown)
	}
	must[Receipt](t)(h.DeleteClient(ctx, ann, "acme", Envelope{}, ClientRequest{Client: "payroll"}))
	must[PersonReceipt](t)(h.RegisterPerson(ctx, ann, "acme", Envelope{}, PersonDetails{Login: "payroll"}))
	h.restart()
	if _, err := h.Person(ctx, ann, "acme", Reading{}, "payroll"); err != nil {
		t.Error(err)
	}
	h.fold("acme")
	// What it is called is as secret as any name.
	for path, data := range h.bytesBelow() {
		if bytes.Contains(bytes.ToLower(data), []byte("payroll")) {
			t.Errorf("%s holds its name", path)
		}
	}
}

func TestOnBehalf(t *testing.T) {
	h := open(t)
	h.bureau("acme")
	ctx := t.Context()
	h.join("acme", "eve")
	hal := h.as("acme", "hal")
	ann := h.as("acme", "ann")
	grant := GrantRequest{RoleRequest: RoleRequest{"ben", "user", "desk:one"}}
	// Who looks after people finds them by login.
	receipt := must[Receipt](t)(h.GrantRole(ctx, hal, "acme", Envelope{OnBehalfOf: "ben@acme.example", IdempotencyKey: "k"}, grant))
	diff(t, "for whom", string(h.id("acme", "ben")), receipt.Events[0].OnBehalfOf)
	list, _, err := h.History(ctx, ann, "acme", Reading{}, "on_behalf_of:ben", Page{})
	if err != nil || len(list) != 1 || list[0].Actor != "hal" || list[0].OnBehalfOf != "ben" {
		t.Errorf("the history says %+v, %v", list, err)
	}
	links := must[[]Link](t)(h.Links(ctx, ann, "acme", Reading{}, "ben"))
	if !slices.ContainsFunc(links, func(l Link) bool { return l.As == "on_behalf_of" && l.Other == "hal" }) {
		t.Errorf("the links are %+v", links)
	}
	// The same key with somebody else is another request.
	_, err = h.GrantRole(ctx, hal, "acme", Envelope{IdempotencyKey: "k"}, grant)
	refusedWith(t, err, CodeKeyReused)
	for name, c := range map[string]struct {
		caller Caller
		behalf string
		code   aggregate.Code
	}{
		"somebody else's people by login": {hal, "eve", aggregate.CodeNotPermitted},
		"nobody":                          {hal, "nobody", aggregate.CodeUnknown},
		"somebody else's people":          {hal, string(h.id("acme", "eve")), aggregate.CodeNotPermitted},
		"without the permission":          {ann, "ben", aggregate.CodeNotPermitted},
		"the operator":                    {operator, "ben", aggregate.CodeNotPermitted},
	} {
		_, err := h.RevokeRole(ctx, c.caller, "acme", Envelope{Reason: "requested", OnBehalfOf: c.behalf}, grant.RoleRequest)
		if r := refusedWith(t, err, c.code); r.Field != "on_behalf_of" {
			t.Errorf("%s: refused at %q: %s", name, r.Field, r.Message)
		}
	}
	_, err = h.RegisterPerson(ctx, ann, "acme", Envelope{OnBehalfOf: string(h.id("acme", "ben"))}, PersonDetails{Login: "kim"})
	if r := refusedWith(t, err, aggregate.CodeNotPermitted); r.Rule != "B04" {
		t.Errorf("refused by %q: %s", r.Rule, r.Message)
	}
}

// M05: who looks after a department adds people there, and nowhere else; by what
// is refused nobody finds out who is known.
func TestAddMember(t *testing.T) {
	h := open(t)
	h.bureau("acme")
	ctx := t.Context()
	h.join("acme", "eve")
	hal, eve := h.as("acme", "hal"), h.as("acme", "eve")
	added := must[PersonReceipt](t)(h.AddMember(ctx, hal, "acme", Envelope{Note: "from the fair"},
		NewMemberRequest{PersonDetails: PersonDetails{Login: "kim", Name: "Kim"}, Scope: "department:north", MemberKind: "guest", Role: "hand"}))
	if added.ID == "" {
		t.Fatalf("the receipt is %+v", added)
	}
	view := must[PersonView](t)(h.Person(ctx, operator, "acme", Reading{}, "kim"))
	diff(t, "Kim", []any{"Kim", "known", 1, events.ScopeID("department:north"), "hand"},
		[]any{view.Name, view.State, len(view.Membership), view.Membership[0].Scope, view.Roles[0].Role})
	must[PersonReceipt](t)(h.AddMember(ctx, hal, "acme", Envelope{}, NewMemberRequest{PersonDetails: PersonDetails{Login: "lou"}, Scope: "desk:one", Role: "user"}))
	view = must[PersonView](t)(h.Person(ctx, operator, "acme", Reading{}, "lou"))
	diff(t, "Lou", []any{"member", 2}, []any{view.State, len(view.Roles)})
	must[InvitationReceipt](t)(h.Invite(ctx, hal, "acme", Envelope{}, InvitationRequest{PersonDetails: PersonDetails{Email: "max@acme.example"}, Scope: "department:north"}))

	title := "Clerk"
	must[Receipt](t)(h.UpdatePerson(ctx, hal, "acme", Envelope{}, PersonChange{Person: "kim", JobTitle: &title}))
	for name, c := range map[string]struct {
		caller  Caller
		request NewMemberRequest
	}{
		"another department":         {hal, NewMemberRequest{PersonDetails: PersonDetails{Login: "ann"}, Scope: "department:south"}},
		"the organization":           {hal, NewMemberRequest{PersonDetails: PersonDetails{Login: "ann"}}},
		"whoever looks after nobody": {eve, NewMemberRequest{PersonDetails: PersonDetails{Login: "ann"}, Scope: "department:north"}},
	} {
		_, err := h.AddMember(ctx, c.caller, "acme", Envelope{}, c.request)
		if r := refusedWith(t, err, aggregate.CodeNotPermitted); !strings.Contains(r.Message, "person.register") {
			t.Errorf("%s: %s", name, r.Message)
		}
	}
	_, err := h.AddMember(ctx, hal, "acme", Envelope{}, NewMemberRequest{PersonDetails: PersonDetails{Login: "kim"}, Scope: "department:north"})
	refusedWith(t, err, aggregate.CodeExists)
	_, err = h.RegisterPerson(ctx, hal, "acme", Envelope{}, PersonDetails{Login: "zoe"})
	refusedWith(t, err, aggregate.CodeNotPermitted)
	_, err = h.UpdatePerson(ctx, hal, "acme", Envelope{}, PersonChange{Person: string(h.id("acme", "eve")), JobTitle: &title})
	refusedWith(t, err, aggregate.CodeNotPermitted)
	// Nobody became known without a name.
	for _, p := range must[[]PersonView](t)(h.People(ctx, operator, "acme", Reading{})) {
		if p.Login == string(p.ID) {
			t.Errorf("%s is known by nothing", p.ID)
		}
	}
}

func TestManagers(t *testing.T) {
	h := open(t)
	h.bureau("acme")
	ctx := t.Context()
	h.join("acme", "eve", "ida")
	ann, hal, eve := h.as("acme", "ann"), h.as("acme", "hal"), h.as("acme", "eve")
	assign := func(who, manager string) Receipt {
		t.Helper()
		return must[Receipt](t)(h.AssignManager(ctx, ann, "acme", Envelope{}, ManagerRequest{Person: who, Manager: manager}))
	}
	assign("ben", "hal")
	assign("hal", "ann")
	assign("eve", "ann")
	diff(t, "the event", "eve", assign("ida", "eve").Events[0].Manager)

	tree := func(nodes []ChartNode) string {
		var draw func(nodes []ChartNode) []string
		draw = func(nodes []ChartNode) (list []string) {
			for _, n := range nodes {
				list = append(list, strings.TrimSuffix(n.Login+"("+strings.Join(draw(n.Reports), " ")+")", "()"))
			}
			return list
		}
		return strings.Join(draw(nodes), " ")
	}
	chart := func(c Caller, person string) string {
		t.Helper()
		return tree(must[[]ChartNode](t)(h.Chart(ctx, c, "acme", Reading{}, person)))
	}
	diff(t, "the chart", "ann(eve(ida) hal(ben))", chart(ann, ""))
	diff(t, "from Hal", "hal(ben)", chart(ann, "hal"))
	// Who looks after people sees them in it, others themselves.
	diff(t, "to Hal", "hal(ben)", chart(hal, ""))
	diff(t, "to Eve", "eve", chart(eve, ""))
	_, err := h.Chart(ctx, eve, "acme", Reading{}, "ben")
	refusedWith(t, err, aggregate.CodeUnknown)
	person := must[PersonView](t)(h.Person(ctx, ann, "acme", Reading{}, "hal"))
	diff(t, "Hal", []any{"ann", []string{"ben"}}, []any{person.Manager, person.Reports})

	// Both sides are found, and what is over is.
	moved := assign("ben", "eve")
	links := func(name string) (list []string) {
		t.Helper()
		for _, l := range must[[]Link](t)(h.Links(ctx, ann, "acme", Reading{}, name)) {
			if l.Kind == "manager" {
				list = append(list, fmt.Sprintf("%s %s %t %d", l.As, l.Other, l.Current, l.Ended))
			}
		}
		return list
	}
	diff(t, "Hal's links", []string{fmt.Sprintf("manager ben false %d", moved.Revision), "subject ann true 0"}, links("hal"))
	diff(t, "Ben's links", []string{fmt.Sprintf("subject hal false %d", moved.Revision), "subject eve true 0"}, links("ben"))
	list, _, err := h.History(ctx, ann, "acme", Reading{}, "person:eve type:manager.assigned", Page{})
	if err != nil || len(list) != 3 {
		t.Errorf("the history of Eve as a manager is %+v, %v", list, err)
	}

	left := must[Receipt](t)(h.TerminateMembership(ctx, ann, "acme", Envelope{Note: "a farewell"}, MembershipRequest{Person: "eve"}))
	diff(t, "the chart without Eve", "ann(hal)", chart(ann, ""))
	diff(t, "Ida's links", []string{fmt.Sprintf("subject eve false %d", left.Revision)}, links("ida"))
	must[Receipt](t)(h.RemoveManager(ctx, ann, "acme", Envelope{}, ManagerRequest{Person: "hal"}))
	diff(t, "the empty chart", "", chart(ann, ""))
	_, err = h.AssignManager(ctx, ann, "acme", Envelope{}, ManagerRequest{Person: "hal"})
	refusedWith(t, err, aggregate.CodeInvalid)
	_, err = h.AssignManager(ctx, ann, "acme", Envelope{}, ManagerRequest{Person: "hal", Manager: "nobody"})
	if r := refusedWith(t, err, aggregate.CodeUnknown); r.Field != "manager" {
		t.Errorf("refused at %q", r.Field)
	}
	h.fold("acme")
}

func TestChangeMemberships(t *testing.T) {
	h := open(t)
	h.bureau("acme")
	ctx := t.Context()
	h.join("acme", "eve", "ida", "max")
	ann := h.as("acme", "ann")
	before := h.revision("acme")
	_, err := h.ChangeMemberships(ctx, ann, "acme", Envelope{}, MembershipsRequest{Verb: "suspend", People: []string{"eve", "nobody", "ida", "ann", "eve"}})
	refusals, _ := err.(aggregate.Refusals)
	got := map[string]aggregate.Code{}
	for _, r := range refusals {
		got[r.Field] = r.Code
	}
	diff(t, "refused", map[string]aggregate.Code{"people.1": aggregate.CodeUnknown, "people.3": aggregate.CodeTooFew, "people.4": aggregate.CodeInvalid}, got)
	diff(t, "nothing changed", before, h.revision("acme"))
	for _, verb := range []aggregate.Verb{"suspend", "resume"} {
		done := must[Receipt](t)(h.ChangeMemberships(ctx, ann, "acme", Envelope{}, MembershipsRequest{Verb: verb, People: []string{"eve", "ida", "max"}}))
		diff(t, string(verb), 3, len(done.Events))
	}
	_, err = h.ChangeMemberships(ctx, ann, "acme", Envelope{Note: "a note"}, MembershipsRequest{Verb: "suspend", People: []string{"ida", "max"}})
	refusedWith(t, err, aggregate.CodeInvalid)
	_, err = h.ChangeMemberships(ctx, ann, "acme", Envelope{}, MembershipsRequest{Verb: "start", People: []string{"ida"}})
	refusedWith(t, err, aggregate.CodeInvalid)
	one := must[Receipt](t)(h.ChangeMemberships(ctx, ann, "acme", Envelope{}, MembershipsRequest{Verb: "terminate", People: []string{"ida", "max"}}))
	diff(t, "one commit", before+3, one.Revision)
	state := h.fold("acme")
	root, _ := state.Scope(state.Root)
	diff(t, "members", 4, len(root.Members()))
}

func TestPeopleFile(t *testing.T) {
	h := open(t)
	h.bureau("acme")
	ctx := t.Context()
	ann, hal := h.as("acme", "ann"), h.as("acme", "hal")
	imports := func(c Caller, e Envelope, r PeopleFileRequest) PeopleFileReceipt {
		t.Helper()
		return must[PeopleFileReceipt](t)(h.ImportPeople(ctx, c, "acme", e, r))
	}
	lines := func(c Caller, file string) map[string]string {
		t.Helper()
		before := h.revision("acme")
		_, err := h.ImportPeople(ctx, c, "acme", Envelope{}, PeopleFileRequest{File: file})
		refusals, are := err.(aggregate.Refusals)
		if !are {
			t.Fatalf("not refused: %v", err)
		}
		told := map[string]string{}
		for _, r := range refusals {
			told[r.Field] += r.Message + "\n"
		}
		if h.revision("acme") != before {
			t.Error("something changed")
		}
		return told
	}

	file := "\ufefflogin,email,name,job_title,role,scope,manager,membership,until\r\n" +
		"kim,kim@acme.example,\"Kim, Esq.\",'=Chief,owner,,,,\r\n" +
		"lou,lou@acme.example,Lou,Clerk,user,desk:one,KIM,,2027-01-01\r\n" +
		",,,,,,,,\r\n" +
		"lou,,,,registrar,,,,\r\n" +
		",mo@acme.example,Mo,,,department:south,,guest suspended,\r\n" +
		"zed,,Zed,,registrar,,,none,\r\n" +
		"ben,,Ben,,,,lou@acme.example,,\r\n"
	tried := imports(ann, Envelope{DryRun: true}, PeopleFileRequest{File: file})
	want := []int{4, 1, 4, 6, 2}
	counts := func(r PeopleFileReceipt) []int {
		return []int{r.Registered, r.Updated, r.Memberships, r.Roles, r.Managers}
	}
	if tried.Commit != "" || !tried.DryRun {
		t.Errorf("a dry run gives %+v", tried.Receipt)
	}
	done := imports(ann, Envelope{}, PeopleFileRequest{File: file})
	diff(t, "what was tried", want, counts(tried))
	diff(t, "registered, updated, memberships, roles, managers", want, counts(done))
	kim := must[PersonView](t)(h.Person(ctx, ann, "acme", Reading{}, "kim"))
	diff(t, "Kim", []string{"Kim, Esq.", "=Chief", "member"}, []string{kim.Name, kim.JobTitle, kim.State})
	again := imports(ann, Envelope{}, PeopleFileRequest{File: strings.ReplaceAll(file, "2027-01-01", "")})
	diff(t, "the same again", false, again.Changed)

	// What is written out can be taken in by an empty organization that has the
	// scopes, and is then the same.
	rows := must[[]PersonRow](t)(h.ExportPeople(ctx, ann, "acme", Reading{}))
	var out strings.Builder
	w := csv.NewWriter(&out)
	w.Write(peopleColumns)
	for _, r := range rows {
		until := ""
		if !r.Until.IsZero() {
			until = r.Until.Format(time.RFC3339Nano)
		}
		w.Write([]string{r.Login, r.Email, r.Name, r.JobTitle, r.Role, string(r.Scope), r.Manager, r.Membership, until})
	}
	w.Flush()
	h.bureau("beta")
	must[PeopleFileReceipt](t)(h.ImportPeople(ctx, operator, "beta", requested, PeopleFileRequest{File: out.String()}))
	copied := must[[]PersonRow](t)(h.ExportPeople(ctx, operator, "beta", Reading{}))
	diff(t, "what came of it", rows, copied)

	// All that is wrong is told by its line.
	told := lines(ann, "login,email,name,scope,role,manager,membership,until\n"+
		"ned,no address,,,,,,\n"+
		"nel,,"+strings.Repeat("x", 300)+",,,,,\n"+
		"nia,,,department:none,,,,\n"+
		"noa,,,,king,,,\n"+
		"nat,,,,,stranger,,\n"+
		"nan,,,department:north,,,alien,\n"+
		"net,,,,,,none suspended,\n"+
		"neo,,,,,,,2027-01-01\n"+
		"nox,,,,registrar,,,2020-01-01\n"+
		"nil,,\n"+
		"nib,ben@acme.example,,,,,,\n"+
		",,Nobody,,,,,\n"+
		"nun,,,,,,,\n"+
		"nun,,Nun,,,,,\n"+
		"nip,\"bad\" quote,,,,,,\n"+
		"nit,,,,,nit,,\n")
	says := map[string]string{
		"line 2": "email: ", "line 3": "name: ", "line 4": "no scope department:none", "line 5": "no role king", "line 6": "no person stranger",
		"line 7": "no kind of member", "line 8": "has no other", "line 9": "there is none", "line 10": "is over", "line 11": "3 columns",
		"line 12": "another login", "line 13": "needs a login", "line 15": "differs from that on line 14", "line 16": "cannot be read as CSV", "line 17": "own manager",
	}
	diff(t, "the lines", slices.Sorted(maps.Keys(says)), slices.Sorted(maps.Keys(told)))
	for at, part := range says {
		if !strings.Contains(told[at], part) {
			t.Errorf("%s: %q, want %q", at, told[at], part)
		}
	}

	// Of a line, all that is wrong with it, and of one thing that is wrong, nothing
	// that follows from it alone.
	told = lines(ann, "login,email,name,role,manager,scope,membership,until\n"+
		"q1,no address,,boss,nobody,department:none,,yesterday\n"+
		"q2,no address,"+strings.Repeat("x", 300)+",boss,q1,department:north,alien,\n"+
		"q3,,,boss,q2,,,\n"+
		"q2,,,user,hal,desk:one,,\n"+
		"q4,ben@acme.example,,king,,desk:one,,\n"+
		"ben,,,king,,nothing,staff guest,never\n"+
		"q5,,,head,,department:north,none,\n"+
		",no address,,registrar,,,,2027-01-01\n"+
		"q6,,,registrar,,,,2027-02-03\n"+
		"q6,,,registrar,,,,2027-02-04\n")
	all := map[string][]string{
		"line 2":  {"email: ", "no role boss", "no person nobody", "no scope department:none", "until: "},
		"line 3":  {"email: ", "name: ", "no role boss", "no kind of member"},
		"line 4":  {"no role boss"},
		"line 5":  {"manager is hal here, and q1 on line 3"},
		"line 6":  {"another login", "no role king"},
		"line 7":  {"no scope nothing", "not both staff and guest", "until: "},
		"line 8":  {"Only a member of department:north can be head"},
		"line 9":  {"email: "},
		"line 11": {"line 10 says another time"},
	}
	diff(t, "the lines", slices.Sorted(maps.Keys(all)), slices.Sorted(maps.Keys(told)))
	for at, parts := range all {
		for _, part := range parts {
			if !strings.Contains(told[at], part) {
				t.Errorf("%s: %q, want %q", at, told[at], part)
			}
		}
		diff(t, "what is told of "+at, len(parts), strings.Count(told[at], "\n"))
	}
	for file, says := range map[string]string{
		"":               "line 1: The file is empty",
		"name\nBen\n":    "line 1: The column login or email is missing",
		"login,nick\n":   `line 1: There is no column "nick"`,
		"login,LOGIN\n":  "line 1: The column login stands there twice",
		"login\n":        "line 1: The file has a header and nothing else",
		"login\n\"ben":   "line 2: This cannot be read as CSV",
		"login\n\xff\n":  "line 2: This is no UTF-8",
		"\"login\nben\n": "line 1: ",
		"login\n" + strings.Repeat("a\n", maxPeopleRows+1): "split it",
	} {
		_, err := h.ImportPeople(ctx, ann, "acme", Envelope{}, PeopleFileRequest{File: file})
		refusals, _ := err.(aggregate.Refusals)
		if len(refusals) == 0 || !strings.Contains(refusals[0].Field+": "+refusals[0].Message, says) {
			t.Errorf("%.20q: %v", file, err)
		}
	}

	// Who looks after a department brings people there, also those who are known,
	// and does nothing else with them.
	imports(hal, Envelope{}, PeopleFileRequest{Scope: "department:north", File: "login,manager\numa,hal\nvic,uma\n"})
	told = lines(hal, "login,name,scope,role,manager\nann,Other,department:south,,\nlou,,,owner,\nuno,,department:north,,stranger\nwes,,department:north,head,\nzac,,,,\n")
	for at, part := range map[string]string{
		"line 2": "membership.start", "line 3": "may not grant owner", "line 4": "no person stranger", "line 5": "may not grant head", "line 6": "person.register",
	} {
		if !strings.Contains(told[at], part) {
			t.Errorf("%s: %q, want %q", at, told[at], part)
		}
	}
	_, err := h.ExportPeople(ctx, hal, "acme", Reading{})
	refusedWith(t, err, aggregate.CodeNotPermitted)
	h.fold("acme")
	h.restart()
	for _, p := range must[[]PersonView](t)(h.People(ctx, operator, "acme", Reading{})) {
		if p.Login == string(p.ID) {
			t.Errorf("%s is known by nothing", p.ID)
		}
	}
}
