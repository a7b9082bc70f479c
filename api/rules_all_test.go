package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tenure/events"
	"tenure/rolemodel"
	"tenure/service"
)

// allRules shows the rules of every model for every model that is built in, one
// that is added as a file included.
func allRules(t runner) {
	every := func(name string, show func(h *hall)) {
		t.Run(name, func(t *testing.T) {
			for _, model := range rolemodel.List() {
				t.Run(model.ID, func(t *testing.T) { show(enter(t, model)) })
			}
		})
	}

	every("X01_nothing_takes_the_highest_role_from_the_one_who_holds_it", func(h *hall) {
		for _, way := range h.waysOut() {
			for _, who := range []string{"olga", "operator"} {
				code := way.code
				if may := h.model.Allowing(h.model.Root, rolemodel.PersonAnonymize); way.name == "anonymize" && who == "olga" && !h.highest.Own.Intersects(may) {
					code = "not_permitted" // before it is told what stands in the way
				}
				h.t.Run(way.name+"/"+who, func(t *testing.T) {
					h.in(t).unchanged(func() {
						p := h.in(t).as(who).send(way).refused(code, way.rule)
						if way.code == "too_few_holders" && way.rule == "X01" && (p.Role != h.highest.ID() || p.Scope != h.root) {
							t.Errorf("the refusal names %s on %s: %s", p.Role, p.Scope, p.Detail)
						}
					})
				})
			}
		}
		h.held(h.highest.Name, "", "olga")
		h.counts("olga")
	})

	every("X01_the_last_active_holder_stays_whoever_else_holds_the_role", func(h *hall) {
		role, few := h.highest.Name, "too_few_holders"
		if h.highest.Passes() {
			h.as("olga").post("/transfers", `{"person": "mia", "former": "none"}`).done()
			h.held(role, "", "mia")
			h.operate("/memberships/suspend", fields{"person": "olga"})
			h.unchanged(func() {
				h.as("operator").send(request{path: "/transfers", body: fields{"person": "olga"}}).refused(few, "X01")
				h.as("operator").send(request{path: "/memberships/terminate", body: fields{"person": "mia"}}).refused(few, "X01")
			})
			h.operate("/memberships/terminate", fields{"person": "olga"})
			h.held(role, "", "mia")
			h.counts("mia")
			return
		}
		mia := func(path string, body fields) {
			body["person"] = "mia"
			h.operate(path, body)
		}
		stuck := func() {
			h.t.Helper()
			for _, way := range h.waysOut() {
				if way.rule == "X01" {
					h.unchanged(func() { h.as("olga").send(way).refused(few, "X01") })
				}
			}
		}
		mia("/grants", fields{"role": role, "until": "P30D"}) // who holds it for a time does not count
		stuck()
		mia("/grants", fields{"role": role})
		h.unchanged(func() {
			for _, verb := range []string{"suspend", "terminate"} {
				h.as("olga").send(request{path: "/memberships/bulk", body: fields{"verb": verb, "people": []string{"olga", "mia"}}}).refused(few, "X01")
			}
			h.as("olga").send(request{method: http.MethodPut, path: "/roles", body: fields{"roles": fields{role: []string{}}}}).refused(few, "X01")
		})
		mia("/memberships/suspend", fields{})
		stuck()
		mia("/memberships/resume", fields{})
		h.as("olga").revoke("olga", role, "").done()
		h.held(role, "", "mia")
		h.counts("mia")
		h.unchanged(func() { h.as("mia").revoke("mia", role, "").refused(few, "X01") })
	})

	every("X01_a_holder_for_a_time_goes_and_another_one_is_there", func(h *hall) {
		role := h.highest.Name
		until := h.as("olga").send(request{path: "/grants", body: fields{"person": "mia", "role": role, "until": "P30D"}})
		if h.highest.Passes() {
			until.refused("invalid", h.highest.Rule)
			return
		}
		until.done()
		h.held(role, "", "mia", "olga")
		h.pass(31 * 24 * time.Hour)
		h.delivered()
		h.held(role, "", "olga")
		if ended := h.history("type:role.revoked cause:expiry"); len(ended) != 1 || ended[0].Login != "mia" {
			h.t.Errorf("what has ended: %+v", ended)
		}
		h.counts("olga")
	})

	every("X02_the_end_of_a_membership_ends_everything_with_it", func(h *hall) {
		h.build()
		leaving, staying := h.staff("a"), h.staff("b")
		for i, who := range leaving { // those who report to others, and those who have reports
			h.operate("/managers", fields{"person": who, "manager": staying[0]})
			if i > 0 {
				h.operate("/managers", fields{"person": staying[min(i, len(staying)-1)], "manager": who})
			}
		}
		h.mark(leaving)
		asked := map[string]int{leaving[0]: h.invite(leaving[0])}
		var kept []service.PersonView
		for _, who := range staying {
			kept = append(kept, h.person(who))
		}
		ended := map[string]bool{}
		for _, who := range leaving {
			before := h.person(who)
			h.delivered()
			h.operate("/memberships/terminate", fields{"person": who})
			after := h.person(who)
			// It is told in one mail.
			told := slices.DeleteFunc(h.delivered(), func(mail delivered) bool { return mail.to != who })
			if len(told) != 1 || told[0].kind != "membership.terminated" || !strings.Contains(told[0].text, "All roles that you held") {
				h.t.Errorf("%s is told %+v", who, told)
			}
			if after.State != "known" || len(after.Roles)+len(after.Membership)+after.Keys > 0 || after.Manager != "" || len(after.Reports) > 0 {
				h.t.Errorf("%s is %s and has %+v still", who, after.State, after)
			}
			if marks := h.marks(who); len(marks) > 0 {
				h.t.Errorf("%s is %v still", who, marks)
			}
			h.as(who).get("/people/"+who).refused("unauthenticated", "")
			// All of it is in one commit, for that reason.
			want := map[string]int{}
			if n := asked[who]; n > 0 {
				want["invitation.withdrawn"] = n
			}
			for _, g := range before.Roles {
				want["role.revoked "+string(g.Scope)+" "+g.Role]++
				ended[string(events.ScopeID(g.Scope).Kind())+"."+g.Role] = true
			}
			for _, m := range before.Membership {
				want["membership.terminated "+string(m.Scope)]++
			}
			got := map[string]int{}
			for _, e := range h.history("subject:" + who) {
				if fmt.Sprint(e.Revision) != h.revision() {
					continue
				}
				if e.Type != "membership.terminated" || e.Scope != h.root {
					if e.Cause != "termination" {
						h.t.Errorf("%s of %s has the cause %q", e.Type, who, e.Cause)
					}
				}
				switch e.Type {
				case "role.revoked", "membership.terminated", "invitation.withdrawn":
					got[strings.TrimSpace(e.Type+" "+string(e.Scope)+" "+string(e.Role))]++
				}
			}
			diff(h.t, "what has ended of "+who, want, got)
		}
		for i, who := range staying { // others keep what they have
			now := h.person(who)
			diff(h.t, "what "+who+" holds", kept[i].Roles, now.Roles)
			diff(h.t, "what "+who+" is a member of", kept[i].Membership, now.Membership)
		}
		h.counts("olga")
		for _, role := range h.staffed() {
			if !ended[role] {
				h.t.Errorf("nobody held %s whose membership could end", role)
			}
		}
	})

	every("X02_whoever_comes_back_has_what_all_have_and_the_rest_is_granted_anew", func(h *hall) {
		h.build()
		for _, who := range h.staff("a") {
			had := h.person(who).Roles
			h.operate("/memberships/terminate", fields{"person": who})
			for _, g := range had { // some of it is open to those who are no members
				role, defined := h.model.Role(g.Scope.Kind(), g.Role)
				if !defined || role.Membership != "" {
					continue
				}
				if slices.Contains(h.holders(g.Role, string(g.Scope)), who) {
					h.t.Errorf("%s is %s of %s after all", who, g.Role, g.Scope)
				}
				h.operate("/grants", fields{"person": who, "role": g.Role, "scope": g.Scope})
				h.operate("/grants/revoke", fields{"person": who, "role": g.Role, "scope": g.Scope})
			}
			h.operate("/memberships/start", fields{"person": who})
			for _, g := range h.person(who).Roles {
				if role, _ := h.model.Role(g.Scope.Kind(), g.Role); role == nil || !role.Default {
					h.t.Errorf("%s comes back as %s of %s", who, g.Role, g.Scope)
				}
			}
			if list := h.person(who).Membership; len(list) != 1 || list[0].Scope != h.root {
				h.t.Errorf("%s comes back as a member of %+v", who, list)
			}
		}
	})

	every("X02_what_must_have_a_holder_is_passed_on_first", func(h *hall) {
		h.build()
		for _, role := range h.model.Roles {
			if role.AtLeast == 0 || role == h.highest {
				continue
			}
			scope := h.scope(role.Kind)
			holder := h.holders(role.Name, scope)[0]
			h.operate("/grants", fields{"person": "mia", "role": h.highest.Name})
			h.unchanged(func() {
				h.as("mia").terminate(holder).refused("too_few_holders", role.Rule)
			})
		}
	})

	every("X03_what_has_changed_shows_who_changed_it_last_and_when", func(h *hall) {
		h.build()
		for _, who := range crew {
			h.join(who)
		}
		for _, who := range []string{"eva", "fay", "gus", "hal", "gone"} {
			h.join(who)
		}
		h.operate("/memberships/terminate", fields{"person": "gone"})
		for _, c := range h.changes() {
			h.t.Run(c.name, func(t *testing.T) {
				h := h.in(t)
				turn := 0
				for _, who := range []string{"olga", "operator", "olga", "operator"} {
					a := h.as(who).send(c.change(turn))
					if a.status == http.StatusForbidden && who == "olga" {
						continue // the operator shows it
					}
					// Who is not allowed to do it and tries leaves no trace.
					shown := c.shown(h, turn, a.done())
					revision, now := a.text("revision"), h.as("operator").get("").text("effective_at")
					if c.on != "" { // it is the last change of the scope, too
						on := h.find("/scopes", "id", c.on)
						if on["changed_by"] != who || fmt.Sprint(on["revision"]) != revision || on["changed_at"] != now {
							t.Errorf("after %s by %s at %s, %s shows %v", a.what, who, revision, c.on, on)
						}
					}
					h.unchanged(func() { h.as("susi").send(c.change(turn + 1)) })
					again := c.shown(h, turn, a)
					diff(t, "after an attempt", shown, again)
					by, at := shown["changed_by"], shown["changed_at"]
					if by == nil {
						by = shown["by"]
					}
					if at == nil { // what changes no more after it came to be
						at = shown["since"]
					}
					if by != who || fmt.Sprint(shown["revision"]) != revision || at != now {
						t.Errorf("after %s by %s at %s it shows %v", a.what, who, revision, shown)
					}
					turn++
				}
				if turn < 2 {
					t.Error("nobody changed it after somebody else")
				}
			})
		}
	})

	every("X03_who_comes_by_invitation_shows_who_invited", func(h *hall) {
		h.build()
		for i, kind := range h.model.Kinds {
			scope, who := h.scope(kind.Name), fmt.Sprint("quinn", i)
			at := slices.IndexFunc(h.model.Roles, func(r *rolemodel.Role) bool {
				return r.Kind == kind.Name && h.plain(r) && r.Template == nil && len(r.MemberKinds) == 0
			})
			body := fields{"login": who, "email": who + "@example.org", "scope": scope}
			if at >= 0 {
				body["role"] = h.model.Roles[at].Name
			} else if !kind.Membership { // there is nothing to invite to
				continue
			}
			inviter := "olga"
			asked := h.as(inviter).send(request{path: "/invitations", body: body})
			if asked.status == http.StatusForbidden {
				inviter = "operator"
				asked = h.as(inviter).send(request{path: "/invitations", body: body})
			}
			id := asked.done().text("id")
			h.key(who)
			accepted := h.as(who).post("/invitations/"+id+"/accept", `{}`).done().text("revision")
			shown := func(o service.OriginView) {
				h.t.Helper()
				if o.By != who || o.InvitedBy != inviter || fmt.Sprint(o.SinceRevision) != accepted {
					h.t.Errorf("%s accepted to come to %s at revision %s: %+v", who, scope, accepted, o)
				}
			}
			person := h.person(who)
			if len(person.Membership) == 0 || at >= 0 && !slices.ContainsFunc(person.Roles, func(g service.GrantView) bool { return g.Role == body["role"] }) {
				h.t.Errorf("%s has %+v", who, person)
			}
			for _, m := range person.Membership {
				shown(m.OriginView)
			}
			for _, g := range person.Roles {
				shown(g.OriginView)
			}
			var members []service.MemberView
			h.as("operator").get("/memberships?scope=" + scope).into(&members)
			for _, m := range members {
				if m.Login == who {
					shown(m.OriginView)
				}
			}
		}
		// Whoever came otherwise was not invited.
		for _, m := range h.person("mia").Membership {
			if m.InvitedBy != "" || m.By == "" {
				h.t.Errorf("mia came by %+v", m)
			}
		}
	})
}

// hall is an organization under any model: olga founded it, mia and max are
// members, susi is a suspended one, and nina is none. Its features are on.
type hall struct {
	*stage
	model   *rolemodel.Model
	highest *rolemodel.Role
	root    events.ScopeID
	// scopes are those that were built, by kind.
	scopes map[string][]string
}

func enter(t *testing.T, model *rolemodel.Model) *hall {
	t.Helper()
	h := &hall{enact(t, model.ID, "olga", "mia", "max", "susi", "nina!"), model, model.Highest, events.ScopeID(model.Root + ":" + stageOrg), nil}
	h.operate("/memberships/suspend", fields{"person": "susi"})
	if i := h.richest(); i >= 0 {
		h.operate("/editions", fields{"edition": model.Editions[i].ID})
	}
	for _, feature := range model.Features {
		if len(feature.Editions) == 0 {
			h.operate("/features", fields{"feature": feature.ID, "on": true})
		}
	}
	return h
}

// richest is the index of the edition with the most features; -1 without any.
func (h *hall) richest() int {
	most := -1
	for i, edition := range h.model.Editions {
		if most < 0 || edition.Features.Len() > h.model.Editions[most].Features.Len() {
			most = i
		}
	}
	return most
}

// in is the same where a part of a test fails by itself.
func (h *hall) in(t *testing.T) *hall {
	stage := *h.stage
	stage.t = t
	return &hall{&stage, h.model, h.highest, h.root, h.scopes}
}

type fields map[string]any

// request is something to ask for, and how it is refused.
type request struct {
	name, method, path string
	body               fields
	code, rule         string
}

// send asks for it; the operator gives a reason.
func (a *act) send(r request) *act {
	a.t.Helper()
	body := fields{}
	for key, value := range r.body {
		body[key] = value
	}
	if a.who == "operator" {
		body["reason"] = "requested"
	}
	text, err := json.Marshal(body)
	if err != nil {
		a.t.Fatal(err)
	}
	method := r.method
	if method == "" {
		method = http.MethodPost
	}
	return a.ask(method, r.path, string(text))
}

// operate has the operator do something, with a reason.
func (h *hall) operate(path string, body fields) *act {
	h.t.Helper()
	return h.as("operator").send(request{path: path, body: body}).done()
}

// counts demands that somebody has what the highest role gives.
func (h *hall) counts(who string) {
	h.t.Helper()
	for i, permission := range h.model.Permissions {
		if permission.Kind == h.model.Root && h.highest.Own.Has(i) {
			h.can(who, permission.ID, "")
			return
		}
	}
	h.t.Error("the highest role gives nothing")
}

// waysOut are all ways that could leave the highest role without an active holder
// while olga alone holds it.
func (h *hall) waysOut() []request {
	const few, X01 = "too_few_holders", "X01"
	role, rule := h.highest.Name, h.highest.Rule
	define := func(name string, roles fields) request {
		return request{name: name, method: http.MethodPut, path: "/roles", body: fields{"roles": roles}, code: few, rule: X01}
	}
	file := func(name, text string) request {
		return request{name: name, path: "/imports/people", body: fields{"file": text}, code: few, rule: X01}
	}
	soon := start.Add(90 * 24 * time.Hour).Format(time.RFC3339)
	ends := request{name: "let_it_expire", path: "/grants", body: fields{"person": "olga", "role": role, "until": soon}, code: few, rule: X01}
	endsByFile := file("let_it_expire_by_a_file", "login,role,until\nolga,"+role+","+soon+"\n")
	nobody := define("define_nobody", fields{role: []string{}})
	pass := request{name: "transfer_to_one_who_is_suspended", path: "/transfers", body: fields{"person": "susi", "role": role, "former": "none"}, code: "invalid"}
	if h.highest.Passes() {
		ends.code, ends.rule, endsByFile.code, endsByFile.rule, nobody.rule = "invalid", rule, "invalid", rule, rule
		pass.code, pass.rule = few, X01
	}
	gone := pass
	gone.name, gone.body, gone.code, gone.rule = "transfer_to_nobody", fields{"person": "nobody", "role": role}, "unknown", ""
	ways := []request{
		ends, endsByFile, nobody, pass, gone,
		{name: "revoke", path: "/grants/revoke", body: fields{"person": "olga", "role": role}, code: few, rule: X01},
		define("define_one_who_is_suspended", fields{role: []string{"susi"}}),
		{name: "suspend", path: "/memberships/suspend", body: fields{"person": "olga"}, code: few, rule: X01},
		{name: "terminate", path: "/memberships/terminate", body: fields{"person": "olga"}, code: few, rule: X01},
		{name: "suspend_several", path: "/memberships/bulk", body: fields{"verb": "suspend", "people": []string{"mia", "olga"}}, code: few, rule: X01},
		{name: "terminate_several", path: "/memberships/bulk", body: fields{"verb": "terminate", "people": []string{"mia", "olga"}}, code: few, rule: X01},
		file("suspend_by_a_file", "login,membership\nolga,suspended\n"),
		{name: "anonymize", path: "/anonymizations", body: fields{"person": "olga"}, code: "still_holding"},
		{name: "delete_the_organization", path: "/scopes/delete", body: fields{"scope": h.root}, code: "structure"},
		{name: "archive_the_organization", path: "/scopes/archive", body: fields{"scope": h.root}, code: "structure"},
		{name: "delete_the_role", path: "/role-types/delete", body: fields{"role": h.highest.ID(), "confirm": "DELETE"}, code: "invalid", rule: rule},
	}
	for _, other := range h.model.Roles {
		if !slices.Contains(other.Replaces, h.highest) {
			continue
		}
		ways = append(ways,
			request{name: "demote_to_" + other.Name, path: "/grants", body: fields{"person": "olga", "role": other.Name}, code: few, rule: X01},
			define("define_as_"+other.Name, fields{other.Name: []string{"olga", "mia", "max", "susi"}}),
			file("demote_by_a_file_to_"+other.Name, "login,role\nolga,"+other.Name+"\n"))
	}
	next := strings.Replace(string(h.model.Canonical()), strconv.Quote(h.model.Title), strconv.Quote("Next"), 1)
	ways = append(ways, request{name: "adopt_a_model_and_map_it_to_none", path: "/model",
		body: fields{"source": next, "roles": fields{h.highest.ID(): "none"}}, code: few, rule: X01})
	return append(ways, request{name: "withhold_what_it_gives", path: "/role-types/withhold",
		body: fields{"role": h.highest.ID(), "permissions": []string{h.first(h.highest.Own)}}, code: "invalid", rule: rule})
}

// build adds scopes of every kind, below every kind under which they may stand.
// Where their creators get something, that is olga.
func (h *hall) build() {
	h.t.Helper()
	h.scopes = map[string][]string{h.model.Root: {string(h.root)}}
	for _, kind := range h.model.Kinds {
		for _, under := range kind.Under {
			above, built := h.scopes[under.Name]
			if !built {
				continue
			}
			scope := kind.Name + ":of_" + under.Name
			scope = strings.ReplaceAll(scope, "_", "-")
			scope = kind.Name + scope[strings.Index(scope, ":"):]
			body := fields{"scope": scope, "under": above[0], "title": "A " + kind.Title}
			if len(kind.Creator) > 0 {
				body["for"] = "olga"
			}
			h.operate("/scopes", body)
			h.scopes[kind.Name] = append(h.scopes[kind.Name], scope)
		}
	}
	for _, template := range h.model.Templates {
		h.operate("/role-types", fields{"role": errand(template), "template": template.ID()})
	}
}

// errand is the name of the custom role that is made from a template.
func errand(template *rolemodel.Template) string { return template.Kind + "_" + template.Name }

// scope is the first scope of a kind.
func (h *hall) scope(kind string) string {
	h.t.Helper()
	if len(h.scopes[kind]) == 0 {
		h.t.Fatalf("there is no %s", kind)
	}
	return h.scopes[kind][0]
}

// staffed are the roles that staff holds: all that people hold who may leave.
func (h *hall) staffed() []string {
	var list []string
	for _, role := range h.model.Roles {
		if !role.Client && !role.Automatic && !role.Passes() && (role.AtLeast == 0 || role == h.highest) {
			list = append(list, role.ID())
		}
	}
	for _, template := range h.model.Templates {
		list = append(list, template.Kind+"."+errand(template))
	}
	return list
}

// staff makes people members of everything, and gives them every role that there
// is, as many to one as can be held beside each other. They have keys and
// invitations.
func (h *hall) staff(letter string) []string {
	h.t.Helper()
	var people []string
	held := map[string][]*rolemodel.Role{}
	join := func() {
		people = append(people, letter+fmt.Sprint(len(people)+1))
		h.join(people[len(people)-1])
	}
	join() // who has what all members have
	for _, id := range h.staffed() {
		kind, name, _ := strings.Cut(id, ".")
		role, _ := h.model.Role(kind, name)
		if role != nil && (role.Default || role.AtMost > 0 && len(h.holders(name, h.scope(kind))) >= role.AtMost) {
			continue
		}
		beside := func(who string) bool {
			return role == nil || !slices.ContainsFunc(held[who], func(other *rolemodel.Role) bool {
				return slices.Contains(other.Replaces, role) || slices.Contains(role.Replaces, other)
			})
		}
		i := slices.IndexFunc(people[1:], beside) + 1
		if i == 0 {
			join()
			i = len(people) - 1
		}
		h.operate("/grants", fields{"person": people[i], "role": name, "scope": h.scope(kind)})
		if role != nil {
			held[people[i]] = append(held[people[i]], role)
		}
	}
	return people
}

// join makes somebody known, a member of everything, and gives them a key.
func (h *hall) join(who string) {
	h.t.Helper()
	h.operate("/people", fields{"login": who, "email": who + "@example.org"})
	for _, kind := range h.model.Kinds {
		for _, scope := range h.scopes[kind.Name] {
			if kind.Membership {
				h.operate("/memberships/start", fields{"person": who, "scope": scope})
			}
		}
	}
	h.key(who)
}

// mark marks some of the people, with every designation of the model.
func (h *hall) mark(people []string) {
	h.t.Helper()
	for _, designation := range h.model.Designations {
		if !slices.ContainsFunc(people, func(who string) bool {
			return h.as("operator").send(request{path: "/designations", body: fields{
				"person": who, "designation": designation.Name, "scope": h.scope(designation.Kind)}}).status < http.StatusBadRequest
		}) {
			h.t.Errorf("nobody can be %s", designation.Name)
		}
	}
}

// invite asks somebody anew to whatever they are members of below the
// organization, and gives how many that are.
func (h *hall) invite(who string) (asked int) {
	h.t.Helper()
	for _, m := range h.person(who).Membership {
		if m.Scope != h.root {
			h.operate("/memberships/terminate", fields{"person": who, "scope": m.Scope})
			h.operate("/invitations", fields{"person": who, "scope": m.Scope})
			asked++
		}
	}
	if below := func(k *rolemodel.Kind) bool { return k.Membership && len(k.Under) > 0 }; asked == 0 && slices.ContainsFunc(h.model.Kinds, below) {
		h.t.Errorf("%s is a member of nothing but the organization", who)
	}
	return asked
}

// marks are what somebody is marked as.
func (h *hall) marks(who string) []string {
	h.t.Helper()
	var list []string
	for _, scopes := range h.scopes {
		for _, scope := range scopes {
			var form []service.RoleField
			h.as("operator").get("/roles?scope=" + scope).into(&form)
			for _, f := range form {
				if f.Designation != "" && slices.ContainsFunc(f.Holders, func(v service.HolderView) bool { return v.Login == who }) {
					list = append(list, f.Designation)
				}
			}
		}
	}
	return list
}

// person is what is shown of somebody.
func (h *hall) person(who string) (view service.PersonView) {
	h.t.Helper()
	h.as("operator").get("/people/" + who).into(&view)
	return view
}

// crew are members of everything.
var crew = []string{"ada", "bea", "cia", "dan"}

// change is something that can be changed again and again, and where it shows who
// did so.
type change struct {
	name string
	// change is the n-th one, each another than the one before.
	change func(n int) request
	// shown is what shows it after the n-th one, which was answered so.
	shown func(h *hall, n int, done *act) map[string]any
	// on is the scope on which it happens; empty for what is a person's own.
	on string
}

// changes are what can be changed under the model.
func (h *hall) changes() []change {
	// by turns asks for one thing and the other, in is where it shows.
	turns := func(path, other string, body fields) func(int) request {
		return func(n int) request { return request{path: []string{path, other}[n%2], body: body} }
	}
	in := func(path, key string, is any) func(*hall, int, *act) map[string]any {
		return func(h *hall, _ int, _ *act) map[string]any { return h.find(path, key, is) }
	}
	byID := func(path string) func(*hall, int, *act) map[string]any {
		return func(h *hall, _ int, done *act) map[string]any { return h.find(path, "id", done.text("id")) }
	}
	nth := func(word string, n int) string { return fmt.Sprint(word, " ", n) }
	one := func(n int) string { return crew[n%len(crew)] }
	root := string(h.root)
	list := []change{
		{"details", func(n int) request {
			return request{method: http.MethodPatch, path: "/people", body: fields{"person": "ada", "job_title": nth("Title", n)}}
		}, in("/people", "login", "ada"), ""},
		{"invitation", func(n int) request {
			return request{path: "/invitations", body: fields{"login": fmt.Sprint("guest", n), "email": fmt.Sprintf("guest%d@example.org", n)}}
		}, func(h *hall, n int, _ *act) map[string]any {
			return h.find("/invitations", "login", fmt.Sprint("guest", n))
		}, root},
		{"key", func(int) request { return request{path: "/keys", body: fields{"person": "ada"}} }, byID("/keys"), ""},
		{"hold", func(n int) request {
			return request{path: "/holds", body: fields{"person": one(n), "ground": "Case"}}
		}, byID("/holds"), ""},
		{"reminder", func(n int) request {
			return request{path: "/reminders", body: fields{"person": "gone", "at": "P1M"}}
		}, byID("/reminders"), ""},
	}
	for _, kind := range h.model.Kinds {
		scope := h.scope(kind.Name)
		shown := in("/scopes", "id", scope)
		list = append(list, change{kind.Name + "_title", func(n int) request {
			return request{path: "/scopes/rename", body: fields{"scope": scope, "title": nth("Title", n)}}
		}, shown, scope})
		for _, attribute := range kind.Attributes {
			if !attribute.Fixed {
				list = append(list, change{kind.Name + "_" + attribute.ID, func(n int) request {
					return request{path: "/scopes/set", body: fields{"scope": scope, "attributes": fields{attribute.ID: attribute.Values[(n+1)%2]}}}
				}, shown, scope})
			}
		}
		if kind.Membership {
			comes := "eva"
			if scope == root { // what ends with that is for others
				comes = "hal"
			}
			list = append(list, change{kind.Name + "_membership", turns("/memberships/suspend", "/memberships/resume", fields{"person": "bea", "scope": scope}),
				in("/memberships?scope="+scope, "login", "bea"), scope},
				change{kind.Name + "_members", turns("/memberships/terminate", "/memberships/start", fields{"person": comes, "scope": scope}), shown, scope})
		}
		if i := slices.IndexFunc(h.model.Roles, func(r *rolemodel.Role) bool { return r.Kind == kind.Name && h.plain(r) }); i >= 0 {
			body := fields{"person": "fay", "role": h.model.Roles[i].Name, "scope": scope}
			list = append(list, change{kind.Name + "_holders", turns("/grants", "/grants/revoke", body), shown, scope})
		}
		for _, fact := range h.model.Facts {
			if fact.Kind == kind.Name {
				list = append(list, change{kind.Name + "_" + fact.Name, func(n int) request {
					return request{path: "/facts", body: fields{"fact": fact.Name, "scope": scope, "quantity": n + 1}}
				}, shown, scope})
			}
		}
		if !kind.Carries.Empty() {
			list = append(list, change{kind.Name + "_permissions", turns("/groups/permit", "/groups/unpermit", fields{"scope": scope, "permissions": []string{h.first(kind.Carries)}}),
				in("/groups", "id", scope), scope})
		}
		if scope == string(h.root) {
			continue
		}
		list = append(list, change{kind.Name + "_archive", turns("/scopes/archive", "/scopes/restore", fields{"scope": scope}), shown, scope})
	}
	return append(list, h.runTime(in, turns, nth, one)...)
}

// plain says whether any number of people can be given the role, one by one.
func (h *hall) plain(role *rolemodel.Role) bool {
	return !role.Default && !role.Client && !role.Automatic && !role.Passes() && role.AtMost == 0
}

func (h *hall) runTime(in func(string, string, any) func(*hall, int, *act) map[string]any, turns func(string, string, fields) func(int) request,
	nth func(string, int) string, one func(int) string) (list []change) {

	root := string(h.root)
	for _, feature := range h.model.Features {
		if len(feature.Editions) == 0 {
			list = append(list, change{"feature_" + feature.ID, func(n int) request {
				return request{path: "/features", body: fields{"feature": feature.ID, "on": n%2 > 0}}
			}, in("/features", "feature", feature.ID), root})
		}
	}
	if len(h.model.Editions) > 1 {
		list = append(list, change{"edition", func(n int) request {
			return request{path: "/editions", body: fields{"edition": h.model.Editions[(h.richest()+n+1)%len(h.model.Editions)].ID}}
		}, in("/editions", "in_force", true), root})
	}
	for _, template := range h.model.Templates {
		name, choice := errand(template), h.first(template.Choices, template.Initial)
		id := template.Kind + "." + name
		list = append(list,
			change{name + "_title", func(n int) request {
				return request{path: "/role-types/rename", body: fields{"role": name, "title": nth("Title of "+name, n)}}
			}, in("/role-types", "id", id), root},
			change{name + "_permissions", turns("/role-types/permit", "/role-types/unpermit", fields{"role": name, "permissions": []string{choice}}), in("/role-types", "id", id), root})
	}
	granted := false
	for _, role := range h.model.Roles {
		scope := h.scope(role.Kind)
		if role.Adjustable {
			body := fields{"role": role.ID(), "permissions": []string{h.first(role.Own)}}
			if role.AdjustablePer != nil {
				body["value"] = role.AdjustablePer.Values[0]
			}
			list = append(list, change{role.ID() + "_permissions", turns("/role-types/withhold", "/role-types/restore", body), in("/role-types", "id", role.ID()), root})
		}
		if !granted && h.plain(role) {
			granted = role != h.highest // and one that is not the highest
			list = append(list, change{role.ID(), func(n int) request {
				return request{path: "/grants", body: fields{"person": one(n), "role": role.Name, "scope": scope}}
			}, func(h *hall, n int, _ *act) map[string]any {
				return h.find("/grants?role="+role.Name+"&scope="+scope, "login", one(n))
			}, scope})
			limit := func(n int) request { // it is given once, and then limited
				return request{path: "/grants", body: fields{"person": "gus", "role": role.Name, "scope": scope, "until": fmt.Sprintf("P%dD", 30+n)}}
			}
			list = append(list,
				change{role.ID() + "_until", limit, in("/grants?role="+role.Name+"&scope="+scope, "login", "gus"), scope},
				change{role.ID() + "_until_in_the_form", limit, func(h *hall, _ int, _ *act) map[string]any {
					return h.holder(scope, "roles."+role.Name, "gus")
				}, scope})
		}
	}
	for _, designation := range h.model.Designations {
		scope := h.scope(designation.Kind)
		list = append(list, change{designation.Name, func(n int) request {
			for _, role := range designation.Among { // in which one must be
				for i := range crew {
					if !role.Passes() {
						h.operate("/grants", fields{"person": one(i), "role": role.Name, "scope": scope})
					}
				}
			}
			return request{path: "/designations", body: fields{"person": one(n), "designation": designation.Name, "scope": scope}}
		}, func(h *hall, n int, _ *act) map[string]any {
			return h.holder(scope, "designations."+designation.Name, one(n))
		}, scope},
			change{designation.Name + "_no_more", func(n int) request { // and set again
				body := fields{"designation": designation.Name, "scope": scope}
				if n%2 > 0 {
					body["person"] = one(0)
					return request{path: "/designations", body: body}
				}
				return request{path: "/designations/clear", body: body}
			}, in("/scopes", "id", scope), scope})
	}
	return list
}

// holder is somebody among those whom the form lists in a field.
func (h *hall) holder(scope, field, who string) map[string]any {
	h.t.Helper()
	holders, _ := h.find("/roles?scope="+scope, "field", field)["holders"].([]any)
	for _, holder := range holders {
		if shown, _ := holder.(map[string]any); shown["login"] == who {
			return shown
		}
	}
	h.t.Fatalf("%s is not among the %s of %s: %v", who, field, scope, holders)
	return nil
}

// find takes an object out of the list of an answer: the one whose field has the
// value.
func (h *hall) find(path, field string, value any) map[string]any {
	h.t.Helper()
	var objects []map[string]any
	h.as("operator").get(path).into(&objects)
	for _, object := range objects {
		if object[field] == value {
			return object
		}
	}
	h.t.Fatalf("%s has none whose %s is %v: %v", path, field, value, objects)
	return nil
}

// first is the first permission of a set that is in none of the others.
func (h *hall) first(set rolemodel.Set, others ...rolemodel.Set) string {
	h.t.Helper()
	for index := range set.All() {
		if !slices.ContainsFunc(others, func(other rolemodel.Set) bool { return other.Has(index) }) {
			return h.model.Permissions[index].ID
		}
	}
	h.t.Fatal("there is none")
	return ""
}
