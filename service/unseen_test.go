package service

import (
	"slices"
	"strings"
	"testing"

	"tenure/aggregate"
	"tenure/events"
	"tenure/projections"
	"tenure/rolemodel"
)

// lodges is a model whose rooms are seen by those alone who are in them, also not
// by clerks, who read the directory, reports and links, and write files.
const lodges = `
model: lodges
title: Lodges
about: Rooms that are seen by whoever is in them.
root: lodge
highest: lodge.owner
scopes:
  - {kind: lodge, title: Lodge, membership: true}
  - {kind: floor, title: Floor, under: [lodge], membership: true}
  - {kind: room, title: Room, under: [lodge, floor], membership: true}
permissions:
  - {id: lodge.run, title: Run the lodge, section: Lodge, allows: [person.register, membership.start, history.read, "scope.create:floor"]}
  - {id: lodge.write, title: Write things down, section: Lodge, allows: [directory.read, report.read, scope.export, links.read]}
  - {id: floor.sweep, title: Sweep a floor, section: Floors, allows: [membership.start, "scope.create:room"]}
  - {id: room.enter, title: Enter a room, section: Rooms, allows: [scope.read, membership.start, scope.rename, scope.delete]}
roles:
  - {id: lodge.owner, title: Owner, membership: lodge, at_least: 1, granted_by: [lodge.owner], permissions: [lodge.run, lodge.write], inherited: [floor.sweep, room.enter]}
  - {id: lodge.clerk, title: Clerk, membership: lodge, granted_by: [lodge.owner], permissions: [lodge.write]}
  - {id: lodge.guest, title: Guest, membership: lodge, granted_by: [lodge.owner], default: true}
  - {id: floor.maid, title: Maid, membership: floor, granted_by: [lodge.owner], permissions: [floor.sweep]}
  - {id: room.tenant, title: Tenant, membership: room, granted_by: [lodge.owner], permissions: [room.enter]}
  - {id: room.user, title: User, membership: room, granted_by: [lodge.owner], permissions: [room.enter], default: true}
resolvers:
  - {id: help, title: Who helps, roles: [room.tenant, floor.maid, lodge.owner]}
posture: {units: [room]}
`

// lodge is an organization under it: ann is the owner, cleo the clerk, tom the
// tenant of room:red on floor:one, uma in it, gus a guest and eve no member.
func lodge(t *testing.T) *house {
	t.Helper()
	h := open(t)
	h.foundAs("acme", "ann", lodges)
	h.join("acme", "cleo", "tom", "uma", "gus")
	h.register("acme", PersonDetails{Login: "eve"})
	ann := h.as("acme", "ann")
	h.grant("acme", "cleo", "clerk", "")
	must[Receipt](t)(h.CreateScope(t.Context(), ann, "acme", Envelope{}, ScopeRequest{Scope: "floor:one"}))
	must[Receipt](t)(h.CreateScope(t.Context(), ann, "acme", Envelope{}, ScopeRequest{Scope: "floor:two"}))
	must[Receipt](t)(h.CreateScope(t.Context(), ann, "acme", Envelope{}, ScopeRequest{Scope: "room:red", Under: "floor:one"}))
	for _, who := range []string{"tom", "uma"} {
		must[Receipt](t)(h.StartMembership(t.Context(), ann, "acme", Envelope{}, MembershipRequest{Person: who, Scope: "room:red"}))
	}
	h.grant("acme", "tom", "tenant", "room:red")
	return h
}

func TestUnseenScopesInFiles(t *testing.T) {
	h := lodge(t)
	list := func(caller Caller) []string {
		var rows []string
		for _, r := range must[[]PersonRow](t)(h.ExportPeople(t.Context(), caller, "acme", Reading{})) {
			rows = append(rows, strings.Join([]string{r.Login, r.Role, string(r.Scope), r.Membership}, "|"))
		}
		return rows
	}
	everywhere := []string{"ann|owner||", "ann|guest||", "cleo|clerk||", "cleo|guest||", "eve|||none", "gus|guest||", "tom|guest||", "tom|tenant|room:red|", "tom|user|room:red|", "uma|guest||", "uma|user|room:red|"}
	diff(t, "rows for the owner", everywhere, list(h.as("acme", "ann")))
	diff(t, "rows for the operator", everywhere, list(operator))
	diff(t, "rows for the clerk", slices.DeleteFunc(slices.Clone(everywhere), func(row string) bool { return strings.Contains(row, "room:red") }), list(h.as("acme", "cleo")))
}

func TestUnseenScopesInReports(t *testing.T) {
	h := lodge(t)
	list := func(caller Caller) []string {
		var units []string
		for _, r := range must[UsageView](t)(h.Usage(t.Context(), caller, "acme", Reading{}, projections.Period{}, "")).Rows {
			if r.Commits > 0 {
				units = append(units, string(r.Scope)+" "+r.Login)
			}
		}
		return units
	}
	whole := []string{"lodge:acme ann", "lodge:acme operator", "room:red ann", "room:red operator"}
	diff(t, "usage for the owner", whole, list(h.as("acme", "ann")))
	diff(t, "usage for the clerk", whole[:2], list(h.as("acme", "cleo")))
	for _, on := range []string{"room:red", "room:none"} {
		_, err := h.Usage(t.Context(), h.as("acme", "cleo"), "acme", Reading{}, projections.Period{}, on)
		if r := refusedWith(t, err, aggregate.CodeUnknown); r.Message != "There is no scope "+on+"." {
			t.Errorf("%s: %s", on, r.Message)
		}
	}
	must[UsageView](t)(h.Usage(t.Context(), h.as("acme", "ann"), "acme", Reading{}, projections.Period{}, "room:red"))
	// Of what is gone, those still learn who read the history.
	must[Receipt](t)(h.DeleteScope(t.Context(), h.as("acme", "ann"), "acme", Envelope{}, ScopeRequest{Scope: "room:red"}))
	diff(t, "usage for the owner afterwards", whole, list(h.as("acme", "ann")))
	diff(t, "usage for the clerk afterwards", whole[:2], list(h.as("acme", "cleo")))
}

// Who is responsible for a scope is told to those who may know that it is there; to
// others it looks like one that is not.
func TestWhoMayAskWhoIsResponsible(t *testing.T) {
	h := lodge(t)
	h.grant("acme", "gus", "clerk", "")
	must[Receipt](t)(h.RevokeRole(t.Context(), h.as("acme", "ann"), "acme", Envelope{}, RoleRequest{Person: "gus", Role: "clerk"}))
	h.writes("acme", h.id("acme", "ann"), "", events.MembershipStarted{Subject: h.id("acme", "gus"), Scope: "floor:two"})
	for who, asks := range map[string]string{
		"ann":  "lodge:acme floor:one floor:two room:red",
		"cleo": "lodge:acme floor:one floor:two",
		"tom":  "lodge:acme floor:one room:red",
		"uma":  "lodge:acme floor:one room:red",
		"gus":  "lodge:acme floor:two",
		"eve":  "",
	} {
		for _, on := range []string{"lodge:acme", "floor:one", "floor:two", "room:red", "room:none"} {
			_, err := h.Resolve(t.Context(), h.as("acme", who), "acme", Reading{}, "help", on)
			switch {
			case slices.Contains(strings.Fields(asks), on):
				if err != nil {
					t.Errorf("%s is refused %s: %v", who, on, err)
				}
			case on == "lodge:acme":
				refusedWith(t, err, aggregate.CodeNotPermitted)
			default:
				if r := refusedWith(t, err, aggregate.CodeUnknown); r.Message != "There is no scope "+on+"." {
					t.Errorf("%s on %s: %s", who, on, r.Message)
				}
			}
		}
	}
}

func TestUnseenScopesInAnswers(t *testing.T) {
	h := lodge(t)
	ask := func(who, about string, on string) error {
		return failed(h.Can(t.Context(), h.as("acme", who), "acme", Reading{}, about, "room.enter", on))
	}
	for _, on := range []string{"room:red", "room:none"} {
		if r := refusedWith(t, ask("cleo", "tom", on), aggregate.CodeUnknown); r.Message != "There is no scope "+on+"." {
			t.Errorf("%s: %s", on, r.Message)
		}
	}
	for who, about := range map[string]string{"ann": "tom", "cleo": "cleo", "gus": "gus"} {
		if err := ask(who, about, "room:red"); err != nil {
			t.Errorf("%s asks about %s: %v", who, about, err)
		}
	}
}

// Members who see no scope are shown none, where that is what the role model says.
func TestMembersWhoSeeNoScope(t *testing.T) {
	h := lodge(t)
	if list := must[[]ScopeView](t)(h.Scopes(t.Context(), h.as("acme", "gus"), "acme", Reading{})); len(list) != 0 {
		t.Errorf("gus is shown %v", list)
	}
	refusedWith(t, failed(h.Scopes(t.Context(), h.as("acme", "eve"), "acme", Reading{})), aggregate.CodeNotPermitted)
	workshop := workshop(t)
	refusedWith(t, failed(workshop.Scopes(t.Context(), workshop.as("acme", "cat"), "acme", Reading{})), aggregate.CodeNotPermitted)
}

// What one organization exports another one can import, of whatever model, and the
// same is there.
func TestPeopleRoundTrip(t *testing.T) {
	for _, model := range rolemodel.List() {
		t.Run(model.ID, func(t *testing.T) {
			h := open(t)
			for _, org := range []events.OrgID{"here", "there"} {
				must[PersonReceipt](t)(h.Found(t.Context(), operator, Envelope{}, FoundRequest{Org: org, Model: model.ID, Owner: PersonDetails{Login: "ann"}}))
			}
			for _, who := range []string{"ben", "cat"} {
				h.register("here", PersonDetails{Login: who})
				must[Receipt](t)(h.StartMembership(t.Context(), operator, "here", requested, MembershipRequest{Person: who}))
			}
			rows := must[[]PersonRow](t)(h.ExportPeople(t.Context(), operator, "here", Reading{}))
			file := "login,role,membership\n"
			defaults := 0
			for _, r := range rows {
				file += r.Login + "," + r.Role + "," + r.Membership + "\n"
				if role, known := model.Role(model.Root, r.Role); known && role.Default {
					defaults++
				}
			}
			if root, _ := model.Kind(model.Root); root.Default != nil && root.Default.Feature == nil && defaults < 2 {
				t.Errorf("%d default roles are written", defaults)
			}
			must[PeopleFileReceipt](t)(h.ImportPeople(t.Context(), operator, "there", requested, PeopleFileRequest{File: file}))
			diff(t, "what is there", rows, must[[]PersonRow](t)(h.ExportPeople(t.Context(), operator, "there", Reading{})))
		})
	}
}
