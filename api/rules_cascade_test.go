package api

import (
	"fmt"
	"io"
	"mime/quotedprintable"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tenure/service"
)

// cascade is an organization under the model cascade, in the edition
// Essentials: olga founded it, tom is a Contributor, nina is known and no
// member; the four hold one role each.
type cascade struct{ *stage }

// cascadeFour are those on whom a row of the table is tried, in its order.
var cascadeFour = []struct{ who, role string }{
	{"adam", "admin"}, {"mona", "manager"}, {"carl", "contributor"}, {"vera", "viewer"},
}

func newCascade(t *testing.T, more ...string) cascade {
	t.Helper()
	s := cascade{enact(t, "cascade", "olga", append([]string{"adam", "mona", "carl", "vera", "tom", "nina!"}, more...)...)}
	s.edition("olga", "essentials").done()
	for _, one := range cascadeFour {
		s.assign("olga", one.who, one.role).done()
	}
	return s
}

func (s cascade) edition(who, id string) *act {
	s.t.Helper()
	return s.as(who).post("/editions", `{"edition": %q}`, id)
}

// assign gives somebody another role of the workspace. People are named by id:
// a Viewer finds nobody by name.
func (s cascade) assign(who, person, role string) *act {
	s.t.Helper()
	return s.as(who).grant(string(s.id(person)), role, "")
}

// bring makes somebody a member of a scope, and take ends that.
func (s cascade) bring(who, person, on string) *act {
	s.t.Helper()
	return s.as(who).post("/memberships/start", `{"person": %q, "scope": %q}`, s.id(person), on)
}

func (s cascade) take(who, person, on string) *act {
	s.t.Helper()
	return s.as(who).post("/memberships/terminate", `{"person": %q, "scope": %q}`, s.id(person), on)
}

// disable and enable are about the whole workspace.
func (s cascade) disable(who, person string) *act {
	s.t.Helper()
	return s.as(who).post("/memberships/suspend", `{"person": %q}`, s.id(person))
}

func (s cascade) enable(who, person string) *act {
	s.t.Helper()
	return s.as(who).post("/memberships/resume", `{"person": %q}`, s.id(person))
}

func (s cascade) give(who, person, role, on string) *act {
	s.t.Helper()
	return s.as(who).grant(string(s.id(person)), role, on)
}

// offering creates a plan on which commenting is offered.
func (s cascade) offering(who, plan string) *act {
	s.t.Helper()
	return s.as(who).post("/scopes", `{"scope": %q, "title": "Plan", "attributes": {"commenting": "offered"}}`, plan)
}

// shown lists the plans, dashboards and reports that somebody is shown.
func (s cascade) shown(who string) []string {
	s.t.Helper()
	var list []service.ScopeView
	s.as(who).get("/scopes").into(&list)
	var shown []string
	for _, scope := range list {
		if kind := scope.ID.Kind(); kind != "workspace" && kind != "team" {
			shown = append(shown, string(scope.ID))
		}
	}
	slices.Sort(shown)
	return shown
}

// form creates a team with members from the start.
func (s cascade) form(who, team string, members ...string) *act {
	s.t.Helper()
	var ids []string
	for _, name := range members {
		ids = append(ids, `"`+string(s.id(name))+`"`)
	}
	return s.as(who).post("/scopes", `{"scope": %q, "title": "Team", "members": [%s]}`, team, strings.Join(ids, ", "))
}

func (s cascade) retitle(who, on string) *act {
	s.t.Helper()
	return s.as(who).post("/scopes/rename", `{"scope": %q, "title": "Another title"}`, on)
}

func (s cascade) drop(who, on string) *act {
	s.t.Helper()
	return s.as(who).post("/scopes/delete", `{"scope": %q}`, on)
}

// invite asks somebody whom nobody knows yet.
func (s cascade) invite(who, login, on, role string) *act {
	s.t.Helper()
	return s.as(who).post("/invitations", `{"login": %q, "email": %q, "scope": %q, "role": %q}`, login, login+"@example.org", on, role)
}

// askIn invites somebody who is known.
func (s cascade) askIn(who, person, on, role string) *act {
	s.t.Helper()
	return s.as(who).post("/invitations", `{"person": %q, "scope": %q, "role": %q}`, s.id(person), on, role)
}

var cascadeToken = regexp.MustCompile(`invite_[a-z0-9-]+\.[0-9A-Z]{26}\.[A-Za-z0-9_-]{43}`)

// tokenOf finds the token of an invitation in the mails that were sent since
// the last time.
func (s cascade) tokenOf(person, invitation string) string {
	s.t.Helper()
	for _, mail := range s.delivered() {
		text, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(mail.text)))
		if err != nil {
			s.t.Fatal(err)
		}
		for _, token := range cascadeToken.FindAllString(string(text), -1) {
			if mail.to == person && strings.Contains(token, invitation) {
				return token
			}
		}
	}
	s.t.Fatalf("no mail to %s has a token of the invitation %s", person, invitation)
	return ""
}

// accept answers the invitation with the token of its mail. Whoever had no key
// has one then.
func (s cascade) accept(person, invitation string) *act {
	s.t.Helper()
	s.keys["token"] = s.tokenOf(person, invitation)
	a := s.as("token").post("/invitations/"+invitation+"/accept", `{}`)
	if a.status < 300 {
		if key := a.text("key"); strings.HasPrefix(key, "tenure_") {
			s.keys[person] = key
		}
	}
	return a
}

// asks is somebody's own question for what they may do.
func (s cascade) asks(who, permission, on string) bool {
	s.t.Helper()
	var answer service.Answer
	s.as(who).get("/check?" + url.Values{"person": {who}, "permission": {permission}, "scope": {on}}.Encode()).into(&answer)
	return answer.Allowed
}

// has lists, of the permissions that the model has for a kind of scope, those
// that somebody has on one.
func (s cascade) has(who, kind, on string) []string {
	s.t.Helper()
	list := []string{}
	for _, permission := range s.permissions(kind) {
		if s.may(who, permission, on) {
			list = append(list, permission)
		}
	}
	return list
}

// permissions lists those that the model has for a kind of scope.
func (s cascade) permissions(kind string) []string {
	s.t.Helper()
	var model service.ModelView
	s.as("olga").get("/v1/models/cascade").into(&model)
	var list []string
	for _, p := range model.Permissions {
		if strings.HasPrefix(p.ID, kind+".") {
			list = append(list, p.ID)
		}
	}
	return list
}

// is demands that somebody holds this role of the workspace, and no other;
// none is "".
func (s cascade) is(who, want string) {
	s.t.Helper()
	var got []string
	for _, role := range []string{"admin", "manager", "contributor", "viewer"} {
		if slices.Contains(s.holders(role, ""), who) {
			got = append(got, role)
		}
	}
	if strings.Join(got, " ") != want {
		s.t.Errorf("%s is %v, want %s", who, got, want)
	}
}

// cascadeCell is what a role may by a row of the table.
type cascadeCell string

const (
	cellYes cascadeCell = "yes"
	cellNo  cascadeCell = "no"
	// cellOwn is what a role may where its holder owns the team, or has edit
	// permission on the plan, dashboard or report: where they created it.
	cellOwn cascadeCell = "own"
	// cellLet is what a role may where its holder was let see.
	cellLet cascadeCell = "let"
	// cellHere is what a role may with people who are in the workspace.
	cellHere cascadeCell = "here"
)

// covers says whether a cell allows the act at a place, see cascadePlaces.
func (c cascadeCell) covers(place string) bool {
	return c == cellYes || place == "own" && (c == cellOwn || c == cellLet) || place == "seen" && c == cellLet
}

// cascadeCells are those of a row, in the order of cascadeFour.
type cascadeCells [4]cascadeCell

// cascadeAttempt is the act itself, on the workspace or on one of the places.
type cascadeAttempt func(s cascade, who, on string) *act

// cascadeRow is a row of the table.
type cascadeRow struct {
	number, words string
	cells         cascadeCells
	// permission is what is asked for, on the workspace or on scopes of its
	// kind.
	permission string
	// before makes what the attempts need.
	before func(s cascade)
	// attempts are none where it is done elsewhere, and asked for here.
	attempts []cascadeAttempt
}

var cascadeTable = []cascadeRow{
	{"01", "manage_billing", cascadeCells{cellYes, cellNo, cellNo, cellNo}, "workspace.billing.manage", nil,
		[]cascadeAttempt{
			func(s cascade, who, _ string) *act { return s.edition(who, "enterprise_plus") },
		}},
	{"02", "rename_components_of_the_strategy_model", cascadeCells{cellYes, cellNo, cellNo, cellNo}, "workspace.strategy_model.rename", nil, nil},
	{"03", "create_custom_fields", cascadeCells{cellYes, cellNo, cellNo, cellNo}, "workspace.custom_fields.create", nil, nil},
	{"04", "add_users", cascadeCells{cellYes, cellYes, cellNo, cellNo}, "workspace.users.add", func(s cascade) {
		for _, one := range cascadeFour {
			s.as("olga").post("/people", `{"login": %q}`, "out-"+one.who).done()
		}
	}, []cascadeAttempt{
		func(s cascade, who, _ string) *act { return s.as(who).post("/people", `{"login": %q}`, "new-"+who) },
		func(s cascade, who, _ string) *act { return s.bring(who, "out-"+who, "") },
		func(s cascade, who, _ string) *act { return s.invite(who, "asked-"+who, "", "") },
	}},
	{"04", "remove_users", cascadeCells{cellYes, cellYes, cellNo, cellNo}, "workspace.users.remove", func(s cascade) {
		for _, one := range cascadeFour {
			s.as("olga").post("/people", `{"login": %q}`, "in-"+one.who).done()
			s.bring("olga", "in-"+one.who, "").done()
		}
	}, []cascadeAttempt{
		func(s cascade, who, _ string) *act { return s.take(who, "in-"+who, "") },
	}},
	{"05", "create_team", cascadeCells{cellYes, cellYes, cellHere, cellNo}, "workspace.teams.create", func(s cascade) {
		for _, one := range cascadeFour {
			s.as("olga").post("/people", `{"login": %q}`, "out-"+one.who).done()
		}
	}, []cascadeAttempt{
		func(s cascade, who, _ string) *act { return s.form(who, "team:of-"+who, "out-"+who) },
	}},
	{"06", "add_team_members", cascadeCells{cellYes, cellYes, cellHere, cellNo}, "team.members.add", func(s cascade) {
		for _, one := range cascadeFour {
			for _, place := range cascadePlaces {
				s.as("olga").post("/people", `{"login": %q}`, place+"-"+one.who).done()
			}
		}
	}, []cascadeAttempt{
		func(s cascade, who, on string) *act {
			return s.bring(who, strings.TrimPrefix(on, "team:"), on)
		},
	}},
	{"07", "remove_team_members", cascadeCells{cellYes, cellOwn, cellOwn, cellNo}, "team.members.remove", func(s cascade) {
		for _, one := range cascadeFour {
			for _, place := range cascadePlaces {
				s.bring("olga", "otto", "team:"+place+"-"+one.who).done()
			}
		}
	}, []cascadeAttempt{
		func(s cascade, who, on string) *act { return s.take(who, "otto", on) },
	}},
	{"08", "delete_team", cascadeCells{cellYes, cellOwn, cellOwn, cellNo}, "team.delete", nil, []cascadeAttempt{cascade.drop}},
	{"09", "create_plans", cascadeCells{cellYes, cellYes, cellYes, cellNo}, "workspace.plans.create", nil, []cascadeAttempt{
		func(s cascade, who, _ string) *act { return s.as(who).create("plan:of-"+who, "") },
	}},
	{"10", "edit_plans", cascadeCells{cellYes, cellOwn, cellOwn, cellNo}, "plan.edit", nil, []cascadeAttempt{cascade.retitle}},
	{"11", "manage_plans_and_success_criteria_in_a_plan", cascadeCells{cellYes, cellOwn, cellOwn, cellNo}, "plan.contents.manage", nil, nil},
	{"12", "bulk_importer", cascadeCells{cellYes, cellYes, cellNo, cellNo}, "workspace.plans.import", nil, []cascadeAttempt{
		func(s cascade, who, _ string) *act {
			return s.as(who).post("/scopes/import", `{"kind": "plan", "csv": "handle,title\nfirst-%[1]s,First\nsecond-%[1]s,Second\n"}`, who)
		},
	}},
	{"13", "integrations", cascadeCells{cellYes, cellYes, cellYes, cellNo}, "workspace.integrations.use", nil, nil},
	{"14", "create_dashboards", cascadeCells{cellYes, cellYes, cellYes, cellNo}, "workspace.dashboards.create", nil, []cascadeAttempt{
		func(s cascade, who, _ string) *act { return s.as(who).create("dashboard:of-"+who, "") },
	}},
	{"15", "edit_or_delete_dashboards", cascadeCells{cellYes, cellOwn, cellOwn, cellNo}, "dashboard.edit", nil,
		[]cascadeAttempt{cascade.retitle, cascade.drop}},
	{"16", "generate_reports", cascadeCells{cellYes, cellYes, cellYes, cellNo}, "workspace.reports.generate", nil, []cascadeAttempt{
		func(s cascade, who, _ string) *act { return s.as(who).create("report:of-"+who, "") },
	}},
	{"17", "edit_or_delete_reports", cascadeCells{cellYes, cellOwn, cellOwn, cellNo}, "report.edit", nil,
		[]cascadeAttempt{cascade.retitle, cascade.drop}},
	{"18", "browse_plans", cascadeCells{cellYes, cellLet, cellLet, cellLet}, "plan.browse", nil, nil},
	{"18", "add_comments", cascadeCells{cellYes, cellLet, cellLet, cellLet}, "plan.comment", nil, nil},
	{"19", "edit_team_details", cascadeCells{cellYes, cellOwn, cellOwn, cellNo}, "team.edit", nil, []cascadeAttempt{cascade.retitle}},
	{"20", "progress_updates", cascadeCells{cellYes, cellOwn, cellOwn, cellNo}, "plan.progress.update", nil, nil},
	{"21", "team_updates", cascadeCells{cellYes, cellOwn, cellOwn, cellNo}, "team.updates.post", nil, nil},
	{"22", "add_goals", cascadeCells{cellYes, cellOwn, cellOwn, cellNo}, "plan.goals.add", nil, nil},
}

// cascadePlaces are the scopes on which each of the four is tried: one that they
// created, one of tom's that they were let see, and one of tom's.
var cascadePlaces = []string{"own", "seen", "strange"}

// settle makes the places of each of the four, of a kind.
func (s cascade) settle(kind string) {
	s.t.Helper()
	create := func(who, on string) {
		if kind == "plan" {
			s.offering(who, on).done()
			return
		}
		s.as(who).create(on, "").done()
	}
	s.assign("olga", "vera", "contributor").done()
	for _, one := range cascadeFour {
		create(one.who, kind+":own-"+one.who)
		create("tom", kind+":seen-"+one.who)
		create("tom", kind+":strange-"+one.who)
		if kind == "team" || kind == "plan" {
			s.bring("tom", one.who, kind+":seen-"+one.who).done()
		} else {
			s.give("tom", one.who, "viewer", kind+":seen-"+one.who).done()
		}
	}
	s.assign("olga", "vera", "viewer").done()
}

// try tries a row on each of the four.
func (s cascade) try(row cascadeRow) {
	s.t.Helper()
	kind, _, _ := strings.Cut(row.permission, ".")
	root := kind == "workspace"
	at := func(place, who string) string {
		if root {
			return ""
		}
		return kind + ":" + place + "-" + who
	}
	where := cascadePlaces
	if root {
		where = cascadePlaces[2:]
	} else {
		s.settle(kind)
	}
	if row.before != nil {
		row.before(s)
	}
	each := func(do func(who, place string, cell cascadeCell)) {
		s.t.Helper()
		for i, one := range cascadeFour {
			for _, place := range where {
				do(one.who, place, row.cells[i])
			}
		}
	}
	each(func(who, place string, cell cascadeCell) {
		// A question without anybody does not say that people outside are meant.
		want := cell.covers(place) || cell == cellHere && !root
		if got := s.asks(who, row.permission, at(place, who)); got != want {
			s.t.Errorf("%s, %s: %s is %t", who, place, row.permission, got)
		}
	})
	for _, one := range cascadeFour {
		s.disable("olga", one.who).done()
		s.cannot(one.who, row.permission, at(where[0], one.who))
		s.enable("olga", one.who).done()
	}
	s.unchanged(func() {
		each(func(who, place string, cell cascadeCell) {
			if cell.covers(place) {
				return
			}
			rule := "C02." + row.number
			switch {
			case who == "vera" && place == "own" && row.number != "06": // which to own a team does not give
				rule = "C20"
			case cell == cellHere:
				rule = map[string]string{"05": "C19b", "06": "C27"}[row.number]
			}
			for _, attempt := range row.attempts {
				attempt(s, who, at(place, who)).refused("not_permitted", rule)
			}
		})
	})
	each(func(who, place string, cell cascadeCell) {
		for _, attempt := range row.attempts {
			if cell.covers(place) {
				attempt(s, who, at(place, who)).done()
			}
		}
	})
}

func cascadeRules(t runner) {
	t.Run("C01_four_roles_of_which_everybody_has_one", func(t *testing.T) {
		s := newCascade(t)
		var model service.ModelView
		s.as("carl").get("/v1/models/cascade").into(&model)
		var titles []string
		for _, role := range model.Roles {
			if strings.HasPrefix(role.ID, "workspace.") {
				titles = append(titles, role.Title)
			}
		}
		if want := []string{"Admin", "Manager", "Contributor", "Viewer"}; !slices.Equal(titles, want) {
			t.Errorf("the roles are %v, want %v", titles, want)
		}
		s.held("admin", "", "adam", "olga")
		s.held("manager", "", "mona")
		s.held("contributor", "", "carl", "tom")
		s.held("viewer", "", "vera")
		s.assign("olga", "carl", "manager").done()
		s.is("carl", "manager")
		s.as("olga").revoke("carl", "manager", "").done()
		s.is("carl", "contributor")
		s.unchanged(func() {
			s.as("olga").revoke("carl", "contributor", "").refused("default_role", "C26")
			s.as("olga").put("/roles", `{"roles": {"manager": ["mona", "carl"], "viewer": ["vera", "carl"]}}`).refused("invalid", "C26")
			for _, role := range []string{"admin", "manager", "contributor", "viewer"} {
				s.assign("olga", "nina", role).refused("not_a_member", "C26")
			}
		})
		s.as("olga").put("/roles", `{"roles": {"manager": ["carl"], "viewer": ["mona"]}}`).done()
		s.is("carl", "manager")
		s.is("mona", "viewer")
		s.is("vera", "contributor")
	})

	t.Run("C01_viewers_in_essentials_and_enterprise_plus_alone", func(t *testing.T) {
		s := cascade{enact(t, "cascade", "olga", "mona", "tom", "nina!")}
		s.assign("olga", "mona", "manager").done()
		lacks := func() {
			t.Helper()
			s.unchanged(func() {
				for _, who := range []string{"olga", "mona"} {
					for _, attempt := range []*act{
						s.assign(who, "tom", "viewer"),
						s.as(who).put("/roles", `{"roles": {"viewer": ["tom"]}}`),
						s.askIn(who, "nina", "", "viewer"),
					} {
						p := attempt.refused("feature_off", "C01")
						if !strings.Contains(p.Detail, "Essentials or Enterprise+") || !strings.Contains(p.Help, "tenure edition set") {
							t.Errorf("the refusal does not name the editions: %s (%s)", p.Detail, p.Help)
						}
					}
				}
				s.as("olga").post("/features", `{"feature": "viewers", "on": true}`).refused("invalid", "C01")
			})
		}
		lacks() // in Basics
		s.edition("olga", "essentials").done()
		s.assign("mona", "tom", "viewer").done()
		s.as("mona").revoke("tom", "viewer", "").done()
		s.edition("olga", "enterprise").done()
		lacks()
		s.edition("olga", "enterprise_plus").done()
		s.assign("olga", "tom", "viewer").done()
		s.is("tom", "viewer")
		s.as("olga").post("/features", `{"feature": "viewers", "on": false}`).refused("invalid", "C01")
	})

	t.Run("C01_admins_have_every_access", func(t *testing.T) {
		s := newCascade(t)
		for _, kind := range []string{"team", "plan", "dashboard", "report"} {
			s.as("tom").create(kind+":toms", "").done()
		}
		for _, kind := range []string{"workspace", "team", "plan", "dashboard", "report"} {
			on := kind + ":toms"
			if kind == "workspace" {
				on = ""
			}
			want := slices.DeleteFunc(s.permissions(kind), func(p string) bool { return p == "workspace.teams.form" }) // they create teams of anybody
			if got := s.has("adam", kind, on); !slices.Equal(got, want) {
				t.Errorf("an Admin has %v, want %v", got, want)
			}
		}
		s.disable("olga", "adam").done()
		for _, kind := range []string{"workspace", "plan"} {
			if got := s.has("adam", kind, map[string]string{"plan": "plan:toms"}[kind]); len(got) > 0 {
				t.Errorf("a disabled Admin has %v", got)
			}
		}
	})

	for _, row := range cascadeTable {
		t.Run("C02."+row.number+"_"+row.words, func(t *testing.T) {
			newCascade(t, "otto").try(row)
		})
	}

	t.Run("C02.06_contributors_add_people_who_are_here", func(t *testing.T) {
		s := newCascade(t, "otto", "dora")
		s.as("carl").create("team:own", "").done()
		s.as("tom").create("team:other", "").done()
		s.invite("mona", "ivan", "", "").done()
		s.disable("mona", "dora").done()
		for _, team := range []string{"team:own", "team:other"} {
			s.bring("carl", "otto", team).done()
			s.bring("carl", "ivan", team).done()
			s.bring("carl", "vera", team).done()
			s.unchanged(func() {
				s.bring("carl", "nina", team).refused("not_permitted", "C27")
				s.bring("carl", "dora", team).refused("not_permitted", "C27")
				s.askIn("carl", "nina", team, "").refused("not_permitted", "C27")
			})
		}
		if state := s.as("olga").get("/people/ivan").done().text("state"); state != "known" {
			t.Errorf("who was invited, and has not answered, is %s", state)
		}
		s.bring("mona", "nina", "team:other").done() // a Manager does
		s.is("nina", "contributor")
	})

	t.Run("C18_who_creates_a_dashboard_or_report_owns_it", func(t *testing.T) {
		s := newCascade(t)
		for _, kind := range []string{"dashboard", "report"} {
			for _, who := range []string{"mona", "carl"} {
				on := kind + ":of-" + who
				s.as(who).create(on, "").done()
				s.held("owner", on, who)
				if got, want := s.has(who, kind, on), s.permissions(kind); !slices.Equal(got, want) {
					t.Errorf("who created %s has %v there, want %v", on, got, want)
				}
				if got := s.has("tom", kind, on); len(got) > 0 {
					t.Errorf("on %s another one has %v", on, got)
				}
				s.unchanged(func() {
					s.retitle("tom", on).refused("not_permitted", cascadeEdits[kind])
					s.give("tom", "tom", "owner", on).refused("not_permitted", "C18")
					s.give("tom", "tom", "editor", on).refused("not_permitted", "C23")
					s.give(who, "nina", "viewer", on).refused("not_a_member", "C23")
				})
				// What they own is theirs to share and to hand on, with people of the
				// workspace.
				s.give(who, "tom", "viewer", on).done()
				s.unchanged(func() { s.give("tom", "tom", "editor", on).refused("not_permitted", "C23") })
				s.give(who, "tom", "editor", on).done()
				s.retitle("tom", on).done()
				s.unchanged(func() {
					s.as("tom").revoke(who, "owner", on).refused("not_permitted", "C18")
					s.give("tom", "vera", "viewer", on).refused("not_permitted", "C23")
				})
				s.retitle(who, on).done()
			}
			s.unchanged(func() { s.as("vera").create(kind+":of-vera", "").refused("not_permitted", cascadeCreates[kind]) })
			s.take("olga", "tom", "").done() // and with the membership all of it ends
			s.bring("olga", "tom", "").done()
			if got := s.has("tom", kind, kind+":of-carl"); len(got) > 0 {
				t.Errorf("who left and came back has %v", got)
			}
			s.keys["tom"] = s.as("operator").post("/keys", `{"person": "tom", "reason": "joined"}`).done().text("key")
			s.drop("carl", kind+":of-carl").done()
		}
		// Nobody comes to own another's by making it anew, or by moving it.
		s.unchanged(func() {
			s.as("tom").create("report:of-mona", "").refused("exists", "")
			s.as("tom").post("/transfers", `{"person": "tom", "role": "owner", "scope": "report:of-mona"}`).refused("invalid", "")
			s.as("tom").put("/roles", `{"scope": "report:of-mona", "roles": {"owner": ["tom"]}}`).refused("not_permitted", "C18")
		})
	})

	t.Run("C19_who_is_invited_as_a_collaborator_becomes_contributor", func(t *testing.T) {
		s := newCascade(t)
		s.as("mona").create("plan:roof", "").done()
		invitation := s.invite("mona", "ivan", "plan:roof", "").done().text("id")
		s.is("ivan", "") // until ivan says yes
		s.accept("ivan", invitation).done()
		s.is("ivan", "contributor")
		s.held("viewer", "plan:roof", "ivan", "mona")
		s.can("ivan", "plan.browse", "plan:roof")
		s.cannot("ivan", "plan.edit", "plan:roof")
		s.as("ivan").create("plan:of-ivan", "").done()
		// Also where more is offered on the plan, or nothing is asked.
		invitation = s.invite("mona", "ines", "plan:roof", "editor").done().text("id")
		s.accept("ines", invitation).done()
		s.is("ines", "contributor")
		s.can("ines", "plan.edit", "plan:roof")
		s.bring("mona", "nina", "plan:roof").done()
		s.is("nina", "contributor")
		s.unchanged(func() {
			s.invite("mona", "igor", "plan:roof", "manager").refused("unknown", "") // no role of a plan
			s.invite("mona", "igor", "", "admin").refused("not_permitted", "C26")
		})
		// Who says no, or is not asked any more, becomes nothing.
		invitation = s.invite("mona", "iris", "plan:roof", "").done().text("id")
		s.as("mona").post("/invitations/"+invitation+"/withdraw", `{}`).done()
		s.is("iris", "")
		// Who was Manager once, and left, comes back as a Contributor.
		s.take("olga", "mona", "").done()
		s.bring("olga", "mona", "plan:roof").done()
		s.is("mona", "contributor")
		s.cannot("mona", "plan.edit", "plan:roof")
	})

	t.Run("C19_admins_managers_and_viewers_stay_what_they_are", func(t *testing.T) {
		s := newCascade(t)
		s.offering("tom", "plan:roof").done()
		for i, one := range cascadeFour {
			if i%2 == 0 {
				s.bring("tom", one.who, "plan:roof").done()
			} else {
				invitation := s.askIn("tom", one.who, "plan:roof", "").done().text("id")
				s.as(one.who).post("/invitations/"+invitation+"/accept", `{}`).done()
			}
			s.is(one.who, one.role)
			s.can(one.who, "plan.browse", "plan:roof")
			s.can(one.who, "plan.comment", "plan:roof")
		}
		s.cannot("vera", "plan.edit", "plan:roof")
		// So does who is invited to the workspace as something else.
		first := s.invite("mona", "ivan", "", "viewer").done().text("id")
		token := s.tokenOf("ivan", first)
		second := s.askIn("tom", "ivan", "plan:roof", "").done().text("id")
		s.keys["token"] = s.tokenOf("ivan", second)
		s.unchanged(func() { s.as("token").post("/invitations/"+second+"/accept", `{}`).refused("exists", "") })
		s.keys["token"] = token
		s.keys["ivan"] = s.as("token").post("/invitations/"+first+"/accept", `{}`).done().text("key")
		s.as("ivan").post("/invitations/"+second+"/accept", `{}`).done()
		s.is("ivan", "viewer")
	})

	t.Run("C19b_contributors_create_teams_of_people_who_are_here", func(t *testing.T) {
		s := newCascade(t, "dora")
		s.disable("mona", "dora").done()
		pending := s.invite("mona", "ivan", "", "").done().text("id")
		s.form("carl", "team:alone").done()
		s.form("carl", "team:sail", "tom", "vera", "ivan").done()
		s.held("owner", "team:sail", "carl")
		s.held("member", "team:sail", "carl", "ivan", "tom", "vera")
		s.is("ivan", "") // who is invited has yet to answer
		s.unchanged(func() {
			for _, named := range [][]string{{"nina"}, {"tom", "nina"}, {"dora"}} {
				s.form("carl", "team:more", named...).refused("not_permitted", "C19b")
			}
			s.as("carl").post("/scopes", `{"scope": "team:more", "members": ["nobody"]}`).refused("unknown", "")
			for _, owner := range []string{"nina", "tom"} {
				s.as("carl").post("/scopes", `{"scope": "team:more", "for": %q}`, owner).refused("not_permitted", "")
			}
			s.form("vera", "team:more", "tom").refused("not_permitted", "C02.05")
			s.form("nina", "team:more", "tom").refused("not_permitted", "C02.05")
			s.bring("carl", "nina", "team:alone").refused("not_permitted", "C27") // nor afterwards
		})
		s.as("mona").post("/invitations/"+pending+"/withdraw", `{}`).done()
		s.unchanged(func() { s.form("carl", "team:more", "ivan").refused("not_permitted", "C19b") })
		s.form("mona", "team:more", "nina").done() // a Manager names whomever
		s.is("nina", "contributor")
		s.unchanged(func() { s.drop("carl", "team:more").refused("not_permitted", "C02.08") })
		s.assign("mona", "carl", "viewer").done()
		s.unchanged(func() { s.form("carl", "team:last").refused("not_permitted", "C02.05") })
	})

	t.Run("C20_viewers_edit_nothing_whatever_else_they_hold", func(t *testing.T) {
		s := newCascade(t)
		s.assign("mona", "vera", "contributor").done()
		for _, kind := range []string{"team", "plan", "dashboard", "report"} {
			s.as("vera").create(kind+":of-vera", "").done()
			s.as("tom").create(kind+":of-tom", "").done()
		}
		s.bring("vera", "tom", "team:of-vera").done()
		s.bring("vera", "tom", "plan:of-vera").done()
		s.assign("mona", "vera", "viewer").done()
		// What was given later gives no more than what was held before.
		s.bring("tom", "vera", "team:of-tom").done()
		s.bring("tom", "vera", "plan:of-tom").done()
		for kind, role := range map[string]string{"team": "owner", "plan": "editor", "dashboard": "owner", "report": "editor"} {
			s.give("olga", "vera", role, kind+":of-tom").done()
		}
		lets := map[string][]string{"team": {"team.read"}, "plan": {"plan.browse"}, "dashboard": {"dashboard.browse"}, "report": {"report.browse"}}
		for kind, want := range lets {
			for _, on := range []string{kind + ":of-vera", kind + ":of-tom"} {
				if got := s.has("vera", kind, on); !slices.Equal(got, want) {
					t.Errorf("a Viewer has %v on %s, want %v", got, on, want)
				}
			}
		}
		s.held("owner", "team:of-vera", "vera")
		s.unchanged(func() {
			for kind := range lets {
				for _, on := range []string{kind + ":of-vera", kind + ":of-tom"} {
					s.retitle("vera", on).refused("not_permitted", "C20")
					s.drop("vera", on).refused("not_permitted", "C20")
				}
			}
			for _, by := range []string{"vera", "tom"} {
				s.take("vera", "tom", "team:of-"+by).refused("not_permitted", "C20")
				s.take("vera", "tom", "plan:of-"+by).refused("not_permitted", "C20")
				s.bring("vera", "mona", "team:of-"+by).refused("not_permitted", "C02.06")
				s.bring("vera", "mona", "plan:of-"+by).refused("not_permitted", "C20")
				s.askIn("vera", "mona", "plan:of-"+by, "").refused("not_permitted", "C20")
				s.as("vera").post("/scopes/set", `{"scope": %q, "attributes": {"commenting": "offered"}}`, "plan:of-"+by).refused("not_permitted", "C20")
			}
			// Nor do they say who else may.
			s.give("vera", "tom", "owner", "team:of-vera").refused("not_permitted", "C20")
			s.give("vera", "tom", "editor", "plan:of-vera").refused("not_permitted", "C20")
			s.give("vera", "tom", "viewer", "dashboard:of-vera").refused("not_permitted", "C20")
			s.give("vera", "tom", "editor", "report:of-vera").refused("not_permitted", "C20")
			s.as("vera").put("/roles", `{"scope": "dashboard:of-vera", "roles": {"viewer": [%q]}}`, s.id("tom")).refused("not_permitted", "C20")
			s.as("vera").revoke(string(s.id("tom")), "owner", "team:of-tom").refused("not_permitted", "C20")
		})
	})

	t.Run("C20_nobody_is_rid_of_the_role_viewer_by_themselves", func(t *testing.T) {
		s := newCascade(t)
		vera := string(s.id("vera"))
		s.unchanged(func() {
			s.as("vera").revoke(vera, "viewer", "").refused("not_permitted", "C26")
			s.as("vera").post("/grants", `{"person": %q, "role": "viewer", "until": "P1D"}`, vera).refused("not_permitted", "C26")
			for _, role := range []string{"contributor", "manager", "admin"} {
				s.as("vera").grant(vera, role, "").refused("not_permitted", "C26")
			}
			s.as("vera").put("/roles", `{"roles": {"viewer": []}}`).refused("not_permitted", "C26")
			s.take("vera", "vera", "").refused("not_permitted", "C02.04")
		})
		s.is("vera", "viewer")
		// Who was one for a time is a Contributor afterwards.
		s.as("mona").post("/grants", `{"person": "tom", "role": "viewer", "until": "P2D"}`).done()
		s.is("tom", "viewer")
		s.unchanged(func() { s.as("tom").create("plan:toms", "").refused("not_permitted", "C02.09") })
		s.pass(3 * 24 * time.Hour)
		s.delivered()
		s.is("tom", "contributor")
		s.as("tom").create("plan:toms", "").done()
	})

	t.Run("C21_a_changed_role_takes_effect_at_once", func(t *testing.T) {
		s := newCascade(t)
		s.as("carl").create("team:sail", "").done()
		s.as("carl").create("dashboard:wind", "").done()
		s.unchanged(func() { s.invite("carl", "ivan", "", "").refused("not_permitted", "C02.04") })
		s.assign("mona", "carl", "manager").done()
		sent := s.invite("carl", "ivan", "team:sail", "").done().text("id")
		s.assign("carl", "tom", "viewer").done()
		s.unchanged(func() { s.as("tom").create("plan:toms", "").refused("not_permitted", "C02.09") })
		s.assign("mona", "carl", "viewer").done()
		s.unchanged(func() {
			s.assign("carl", "tom", "contributor").refused("not_permitted", "C26")
			s.retitle("carl", "team:sail").refused("not_permitted", "C20")
			s.drop("carl", "dashboard:wind").refused("not_permitted", "C20")
		})
		// What a Manager offered ends with being one.
		s.unchanged(func() { s.accept("ivan", sent).refused("not_permitted", "") })
		s.is("ivan", "")
		s.assign("mona", "carl", "contributor").done()
		s.retitle("carl", "team:sail").done()
		s.drop("carl", "dashboard:wind").done()
		s.assign("mona", "tom", "contributor").done()
		s.as("tom").create("plan:toms", "").done()
		s.unchanged(func() { s.edition("mona", "enterprise_plus").refused("not_permitted", "C02.01") })
		s.assign("olga", "mona", "admin").done()
		s.edition("mona", "enterprise_plus").done()
	})

	t.Run("C22_managers_invite_add_change_and_delete_users", func(t *testing.T) {
		s := newCascade(t)
		sent := s.invite("mona", "ivan", "", "").done().text("id")
		s.accept("ivan", sent).done()
		s.is("ivan", "contributor")
		s.as("mona").ask("PATCH", "/people", `{"person": "ivan", "name": "Ivan", "job_title": "Sailor"}`).done()
		var person service.PersonView
		s.as("mona").get("/people/ivan").into(&person)
		if person.Name != "Ivan" || person.JobTitle != "Sailor" || person.ChangedBy != "mona" {
			t.Errorf("ivan is %+v", person)
		}
		s.assign("mona", "ivan", "viewer").done()
		s.bring("mona", "nina", "").done()
		s.disable("mona", "ivan").done()
		s.as("ivan").get("").refused("not_permitted", "")
		s.enable("mona", "ivan").done()
		s.is("ivan", "viewer")
		s.take("mona", "ivan", "").done()
		s.is("ivan", "")
		s.unchanged(func() {
			for _, who := range []string{"carl", "vera", "nina"} {
				s.invite(who, "ines", "", "").refused("not_permitted", "C02.04")
				s.as(who).ask("PATCH", "/people", `{"person": "`+string(s.id("tom"))+`", "job_title": "Captain"}`).refused("not_permitted", "C22")
				s.as(who).ask("PATCH", "/people", `{"person": "`+string(s.id(who))+`", "job_title": "Captain"}`).refused("not_permitted", "C22")
				s.disable(who, "tom").refused("not_permitted", "C22")
				s.take(who, "tom", "").refused("not_permitted", "C02.04")
				s.assign(who, "tom", "manager").refused("not_permitted", "C26")
			}
			// What a Manager does to people ends with the Admins.
			s.disable("mona", "adam").refused("not_permitted", "C26")
			s.take("mona", "adam", "").refused("not_permitted", "C26")
		})
		s.disable("olga", "mona").done()
		s.as("mona").post("/people", `{"login": "ines"}`).refused("not_permitted", "")
	})

	t.Run("C22_managers_bring_people_from_outside_into_teams", func(t *testing.T) {
		s := newCascade(t)
		s.as("tom").create("team:sail", "").done()
		sent := s.invite("mona", "ivan", "team:sail", "").done().text("id")
		s.is("ivan", "")
		s.accept("ivan", sent).done()
		s.is("ivan", "contributor")
		s.held("member", "team:sail", "ivan", "tom")
		s.bring("mona", "nina", "team:sail").done()
		s.is("nina", "contributor")
		s.unchanged(func() {
			for _, who := range []string{"carl", "tom"} { // not even the owner
				s.invite(who, "ines", "team:sail", "").refused("not_permitted", "C02.04")
				s.as(who).post("/people/members", `{"login": "ines", "scope": "team:sail"}`).refused("not_permitted", "C02.04")
			}
			s.invite("vera", "ines", "team:sail", "").refused("not_permitted", "C02.04")
			s.invite("mona", "ines", "team:sail", "owner").refused("not_permitted", "C28") // that is for its owner to give
		})
		s.as("mona").post("/people/members", `{"login": "ines", "scope": "team:sail"}`).done()
		s.is("ines", "contributor")
	})

	t.Run("C22_managers_disable_and_enable_in_bulk", func(t *testing.T) {
		s := newCascade(t)
		bulk := func(who, verb string, people ...string) *act {
			t.Helper()
			var ids []string
			for _, name := range people {
				ids = append(ids, `"`+string(s.id(name))+`"`)
			}
			return s.as(who).post("/memberships/bulk", `{"verb": %q, "people": [%s]}`, verb, strings.Join(ids, ", "))
		}
		before := s.revision()
		bulk("mona", "suspend", "carl", "tom", "vera").done()
		for _, who := range []string{"carl", "tom", "vera"} {
			s.as(who).get("").refused("not_permitted", "")
			if state := s.as("mona").get("/people/" + who).done().text("state"); state != "suspended" {
				t.Errorf("%s is %s", who, state)
			}
		}
		if list := s.history("type:membership.suspended"); len(list) != 3 || list[0].Revision != list[2].Revision || before == s.revision() {
			t.Errorf("the history has %+v", list)
		}
		bulk("mona", "resume", "carl", "tom", "vera").done()
		s.as("carl").create("plan:roof", "").done()
		s.unchanged(func() {
			p := bulk("mona", "suspend", "carl", "adam", "tom").refused("not_permitted", "C26")
			if p.Field != "people.1" {
				t.Errorf("refused at %s", p.Field)
			}
			bulk("mona", "terminate", "carl", "olga").refused("not_permitted", "C26")
			for _, who := range []string{"carl", "vera"} {
				bulk(who, "suspend", "tom").refused("not_permitted", "C22")
				bulk(who, "terminate", "tom").refused("not_permitted", "C02.04")
			}
			bulk("adam", "suspend", "olga", "adam").refused("too_few_holders", "X01")
		})
		bulk("mona", "terminate", "carl", "tom").done()
		s.is("carl", "")
		s.is("tom", "")
	})

	t.Run("C22_managers_export_users", func(t *testing.T) {
		s := newCascade(t)
		var rows []struct{ Login, Role string }
		for _, who := range []string{"mona", "adam"} {
			s.as(who).get("/exports/people").into(&rows)
			for login, role := range map[string]string{"adam": "admin", "mona": "manager", "carl": "contributor", "vera": "viewer"} {
				if !slices.Contains(rows, struct{ Login, Role string }{login, role}) {
					t.Errorf("the file lacks %s, who is %s: %+v", login, role, rows)
				}
			}
		}
		for _, who := range []string{"carl", "vera"} {
			s.as(who).get("/exports/people").refused("not_permitted", "C22")
		}
	})

	t.Run("C23_managers_and_contributors_see_and_edit_by_permission_alone", func(t *testing.T) {
		s := newCascade(t)
		s.as("tom").create("plan:roof", "").done()
		s.as("tom").create("dashboard:roof", "").done()
		s.as("tom").create("report:roof", "").done()
		sees := func(who, kind string, want ...string) {
			t.Helper()
			if got := s.has(who, kind, kind+":roof"); !slices.Equal(got, want) {
				t.Errorf("%s has %v on the %s, want %v", who, got, kind, want)
			}
		}
		for _, who := range []string{"mona", "carl"} {
			if got := s.shown(who); len(got) > 0 {
				t.Errorf("%s is shown %v", who, got)
			}
			for _, kind := range []string{"plan", "dashboard", "report"} {
				on := kind + ":roof"
				sees(who, kind)
				// What they may not see is as if it was not there.
				for _, path := range []string{"/scopes/%s", "/memberships?scope=%s", "/grants?role=viewer&scope=%s", "/roles?scope=%s"} {
					p := s.as(who).get(fmt.Sprintf(path, on)).refused("unknown", "")
					none := s.as(who).get(fmt.Sprintf(path, kind+":none")).refused("unknown", "")
					if want := strings.ReplaceAll(none.Detail, kind+":none", on); p.Detail != want {
						t.Errorf("%s: %q, and not %q", path, p.Detail, want)
					}
				}
				s.unchanged(func() {
					s.retitle(who, on).refused("not_permitted", cascadeEdits[kind])
					// Nobody helps themselves to it.
					role, rule := "editor", map[string]string{"plan": "C28"}[kind]
					if rule == "" {
						rule = "C23"
					}
					s.give(who, who, role, on).refused("not_permitted", rule)
					s.as(who).put("/roles", `{"scope": %q, "roles": {%q: [%q]}}`, on, role, who).refused("not_permitted", rule)
					s.as(who).put("/roles", `{"scope": %q, "roles": {"viewer": [%q, "tom"]}}`, on, who).refused("not_permitted", "C23")
					s.as(who).post("/transfers", `{"person": %q, "role": %q, "scope": %q}`, who, role, on).refused("invalid", "")
				})
			}
			s.unchanged(func() {
				rule := map[string]string{"mona": "C23", "carl": "C27"}[who]
				s.bring(who, who, "plan:roof").refused("not_permitted", rule)
				s.askIn(who, who, "plan:roof", "").refused("not_permitted", rule)
			})
			// With view permission, then with edit permission.
			s.bring("tom", who, "plan:roof").done()
			s.give("tom", who, "viewer", "dashboard:roof").done()
			s.give("tom", who, "viewer", "report:roof").done()
			sees(who, "plan", "plan.browse", "plan.comment", "plan.collaborators.add")
			sees(who, "dashboard", "dashboard.browse")
			sees(who, "report", "report.browse")
			for _, kind := range []string{"plan", "dashboard", "report"} {
				on := kind + ":roof"
				s.unchanged(func() { s.retitle(who, on).refused("not_permitted", cascadeEdits[kind]) })
				s.give("tom", who, "editor", on).done()
				s.retitle(who, on).done()
				s.unchanged(func() { s.as("tom").create(on, "").refused("exists", "") })
			}
			if got, want := s.shown(who), []string{"dashboard:roof", "plan:roof", "report:roof"}; !slices.Equal(got, want) {
				t.Errorf("%s is shown %v, want %v", who, got, want)
			}
			s.take("tom", who, "plan:roof").done()
			s.as("tom").revoke(who, "editor", "dashboard:roof").done()
			s.as(who).get("/scopes/plan:roof").refused("unknown", "")
			if got := s.as(who).get("/people/tom").done(); strings.Contains(string(got.body), "plan:roof") {
				t.Errorf("%s is shown tom with the plan: %s", who, got.body)
			}
			sees(who, "plan")
			sees(who, "dashboard", "dashboard.browse")
			sees(who, "report", "report.browse", "report.edit")
		}
		sees("adam", "plan", s.permissions("plan")...)
		s.retitle("adam", "plan:roof").done()
	})

	t.Run("C24_viewers_browse_what_they_were_given_and_comment_where_that_is_offered", func(t *testing.T) {
		s := newCascade(t)
		s.offering("tom", "plan:open").done()
		s.as("tom").create("plan:quiet", "").done()
		s.as("tom").create("plan:strange", "").done()
		for _, plan := range []string{"plan:open", "plan:quiet"} {
			s.bring("tom", "vera", plan).done()
			s.can("vera", "plan.browse", plan)
		}
		if got, want := s.shown("vera"), []string{"plan:open", "plan:quiet"}; !slices.Equal(got, want) {
			t.Errorf("a Viewer is shown %v, want %v", got, want)
		}
		var plan service.ScopeDetail
		s.as("vera").get("/scopes/plan:open").into(&plan)
		if plan.Title != "Plan" || len(plan.Members) != 2 || plan.Members[0].Login != "tom" {
			t.Errorf("a Viewer is shown %+v", plan)
		}
		s.as("vera").get("/scopes/plan:strange").refused("not_permitted", "")
		s.as("vera").get("/scopes/plan:none").refused("not_permitted", "")
		s.can("vera", "plan.comment", "plan:open")
		s.cannot("vera", "plan.comment", "plan:quiet")
		s.cannot("vera", "plan.browse", "plan:strange")
		s.cannot("vera", "plan.comment", "plan:strange")
		s.bring("tom", "carl", "plan:quiet").done()
		s.can("carl", "plan.comment", "plan:quiet") // that is for Viewers alone
		set := func(who, value string) *act {
			t.Helper()
			return s.as(who).post("/scopes/set", `{"scope": "plan:quiet", "attributes": {"commenting": %q}}`, value)
		}
		s.unchanged(func() {
			set("vera", "offered").refused("not_permitted", "C02.10")
			set("carl", "offered").refused("not_permitted", "C02.10")
		})
		set("tom", "offered").done()
		s.can("vera", "plan.comment", "plan:quiet")
		set("tom", "off").done()
		s.cannot("vera", "plan.comment", "plan:quiet")
		for _, kind := range []string{"dashboard", "report"} {
			s.as("tom").create(kind+":roof", "").done()
			s.cannot("vera", kind+".browse", kind+":roof")
			s.give("tom", "vera", "viewer", kind+":roof").done()
			if got := s.has("vera", kind, kind+":roof"); !slices.Equal(got, []string{kind + ".browse"}) {
				t.Errorf("a Viewer has %v", got)
			}
		}
		s.take("tom", "vera", "plan:open").done()
		s.cannot("vera", "plan.browse", "plan:open")
	})

	t.Run("C24_viewers_add_nothing_and_read_nothing_else", func(t *testing.T) {
		s := newCascade(t)
		if got := s.has("vera", "workspace", ""); len(got) > 0 {
			t.Errorf("a Viewer has %v", got)
		}
		s.unchanged(func() {
			for kind, rule := range cascadeCreates {
				s.as("vera").create(kind+":roof", "").refused("not_permitted", rule)
			}
			s.as("vera").post("/people", `{"login": "ines"}`).refused("not_permitted", "C02.04")
			s.as("vera").post("/people/members", `{"login": "ines"}`).refused("not_permitted", "C02.04")
			s.invite("vera", "ines", "", "").refused("not_permitted", "C02.04")
			s.bring("vera", "nina", "").refused("not_permitted", "C02.04")
			s.as("vera").post("/imports/people", `{"file": "login\nines\n"}`).refused("not_permitted", "C02.04")
			s.as("vera").post("/imports/timeline", `{"commit": "c", "time": "2026-01-02T00:00:00Z", "changes": [{"op": "member.add", "user": "ines"}]}`).refused("not_permitted", "")
		})
		for _, path := range []string{"/people", "/invitations", "/grants?role=admin", "/history", "/notices", "/cases", "/people/tom/links", "/exports/people", "/roles"} {
			if a := s.as("vera").get(path); a.status != http.StatusForbidden {
				t.Errorf("a Viewer reads %s: %d %s", path, a.status, a.body)
			}
		}
		if a := s.as("vera").get("/scopes"); a.status != http.StatusOK || strings.TrimSpace(string(a.body)) != "[]" {
			t.Errorf("a Viewer is shown scopes: %d %s", a.status, a.body)
		}
	})

	t.Run("C25_each_role_sees_its_sections_alone", func(t *testing.T) {
		s := newCascade(t)
		sections := func(who string) []string {
			t.Helper()
			var list []struct{ Title string }
			s.as(who).get("/sections").into(&list)
			var titles []string
			for _, section := range list {
				titles = append(titles, section.Title)
			}
			return titles
		}
		three := []string{"Billing", "Strategy Model", "Custom Fields"}
		area := []string{"Admin", "Invite Users", "Invite Team", "Create Team"}
		for who, hidden := range map[string][]string{"adam": nil, "mona": three, "carl": append(three, area...), "tom": append(three, area...)} {
			seen := sections(who)
			for _, title := range append(slices.Clone(three), area...) {
				if got, want := slices.Contains(seen, title), !slices.Contains(hidden, title); got != want {
					t.Errorf("%s sees %s: %t", who, title, got)
				}
			}
		}
		if seen := sections("vera"); len(seen) > 0 {
			t.Errorf("a Viewer sees %v", seen)
		}
		s.as("carl").get("/sections?person=vera").done() // the directory is open to Contributors
		s.as("vera").get("/sections?person="+string(s.id("mona"))).refused("not_permitted", "")
		s.assign("mona", "carl", "manager").done()
		if seen := sections("carl"); !slices.Contains(seen, "Create Team") || slices.Contains(seen, "Billing") {
			t.Errorf("who became Manager sees %v", seen)
		}
		s.assign("mona", "carl", "viewer").done()
		if seen := sections("carl"); len(seen) > 0 {
			t.Errorf("who became Viewer sees %v", seen)
		}
	})

	t.Run("C25_managers_have_all_else_of_the_workspace", func(t *testing.T) {
		s := newCascade(t)
		// What cannot be taken back is the Admins', too.
		admins := []string{"workspace.billing.manage", "workspace.strategy_model.rename", "workspace.custom_fields.create",
			"workspace.model.adopt", "workspace.holds.place", "workspace.people.anonymize"}
		formed := "workspace.teams.form" // Managers create teams of anybody
		want := slices.DeleteFunc(s.permissions("workspace"), func(p string) bool { return p == formed || slices.Contains(admins, p) })
		if got := s.has("mona", "workspace", ""); !slices.Equal(got, want) {
			t.Errorf("a Manager has %v, want %v", got, want)
		}
		want = []string{formed, "workspace.people.read", "workspace.plans.create", "workspace.integrations.use", "workspace.dashboards.create", "workspace.reports.generate"}
		if got := s.has("carl", "workspace", ""); !slices.Equal(got, want) {
			t.Errorf("a Contributor has %v, want %v", got, want)
		}
		s.take("olga", "tom", "").done()
		s.unchanged(func() {
			s.edition("mona", "enterprise_plus").refused("not_permitted", "C02.01")
			s.as("mona").post("/holds", `{"person": %q, "ground": "Case 1"}`, s.id("tom")).refused("not_permitted", "")
			s.as("mona").post("/anonymizations", `{"person": %q}`, s.id("tom")).refused("not_permitted", "")
			for _, who := range []string{"carl", "vera"} {
				s.as(who).post("/scopes/rename", `{"scope": "workspace:acme", "title": "Theirs"}`).refused("not_permitted", "")
				s.as(who).get("/history").refused("not_permitted", "")
			}
		})
		s.retitle("mona", "workspace:acme").done()
	})

	t.Run("C26_admins_and_managers_change_roles", func(t *testing.T) {
		s := newCascade(t)
		for _, who := range []string{"adam", "mona"} {
			for _, role := range []string{"manager", "viewer", "contributor"} {
				s.assign(who, "tom", role).done()
				s.is("tom", role)
			}
		}
		s.assign("adam", "tom", "admin").done()
		s.as("adam").revoke("tom", "admin", "").done()
		s.is("tom", "contributor")
		s.as("mona").put("/roles", `{"roles": {"manager": ["mona", "tom"]}}`).done()
		s.as("mona").revoke("tom", "manager", "").done()
		s.unchanged(func() {
			for _, who := range []string{"carl", "vera", "nina"} {
				for _, role := range []string{"admin", "manager", "viewer"} {
					s.assign(who, "tom", role).refused("not_permitted", "C26")
				}
				s.assign(who, who, "manager").refused("not_permitted", "C26")
				s.assign(who, who, "admin").refused("not_permitted", "C26")
				s.as(who).revoke(string(s.id("mona")), "manager", "").refused("not_permitted", "C26")
				s.as(who).revoke(string(s.id("adam")), "admin", "").refused("not_permitted", "C26")
			}
			s.as("carl").put("/roles", `{"roles": {"manager": ["carl"]}}`).refused("not_permitted", "C26")
			s.as("carl").post("/transfers", `{"person": "carl", "role": "admin"}`).refused("invalid", "")
		})
		s.as("mona").revoke("mona", "manager", "").done() // anybody may lay down their own role
		s.is("mona", "contributor")
		s.unchanged(func() { s.assign("mona", "mona", "manager").refused("not_permitted", "C26") })
		s.disable("olga", "adam").done()
		s.as("adam").grant("mona", "manager", "").refused("not_permitted", "")
		s.unchanged(func() { s.as("olga").revoke("olga", "admin", "").refused("too_few_holders", "X01") })
	})

	t.Run("C26_managers_neither_make_nor_unmake_an_admin", func(t *testing.T) {
		s := newCascade(t)
		s.as("mona").create("team:sail", "").done()
		s.unchanged(func() {
			for _, one := range []string{"mona", "tom"} {
				s.assign("mona", one, "admin").refused("not_permitted", "C26")
				s.as("mona").post("/grants", `{"person": %q, "role": "admin", "until": "P1D"}`, one).refused("not_permitted", "C26")
				s.as("mona").put("/roles", `{"roles": {"admin": ["adam", "olga", %q]}}`, one).refused("not_permitted", "C26")
			}
			s.askIn("mona", "nina", "", "admin").refused("not_permitted", "C26")
			s.invite("mona", "ivan", "", "admin").refused("not_permitted", "C26")
			s.as("mona").post("/people/members", `{"login": "ivan", "role": "admin"}`).refused("not_permitted", "C26")
			s.as("mona").post("/imports/people", `{"file": "login,role\nmona,admin\n"}`).refused("not_permitted", "C26")
			s.as("mona").post("/imports/people", `{"file": "login,role\nadam,manager\n"}`).refused("not_permitted", "C26")
			s.as("mona").post("/imports/timeline", `{"commit": "c", "time": "2026-01-02T00:00:00Z", "changes": [{"op": "admin.add", "user": "mona"}]}`).refused("not_permitted", "")
			s.as("mona").post("/transfers", `{"person": "mona", "role": "admin"}`).refused("invalid", "")
			s.as("mona").post("/keys", `{"person": "adam"}`).refused("not_permitted", "") // which would speak for an Admin
			s.as("mona").post("/grants", `{"person": "mona", "role": "admin", "on_behalf_of": "olga"}`).refused("not_permitted", "")
			s.as("mona").revoke("adam", "admin", "").refused("not_permitted", "C26")
			// By granting what replaces it, by its time, or by all that ends it.
			for _, role := range []string{"manager", "contributor", "viewer"} {
				s.assign("mona", "adam", role).refused("not_permitted", "C26")
			}
			s.as("mona").post("/grants", `{"person": "adam", "role": "manager", "until": "P1D"}`).refused("not_permitted", "C26")
			s.as("mona").post("/grants", `{"person": "adam", "role": "admin", "until": "P1D"}`).refused("not_permitted", "C26")
			s.as("mona").put("/roles", `{"roles": {"admin": ["olga"]}}`).refused("not_permitted", "C26")
			s.as("mona").put("/roles", `{"roles": {"viewer": ["vera", "adam"]}}`).refused("not_permitted", "C26")
			s.disable("mona", "adam").refused("not_permitted", "C26")
			s.take("mona", "adam", "").refused("not_permitted", "C26")
		})
		// An Admin who is disabled is one all the same.
		s.disable("olga", "adam").done()
		s.unchanged(func() {
			s.enable("mona", "adam").refused("not_permitted", "C26")
			s.take("mona", "adam", "").refused("not_permitted", "C26")
			s.as("mona").revoke("adam", "admin", "").refused("not_permitted", "C26")
		})
		s.enable("olga", "adam").done()
		var keys []service.KeyView
		s.as("mona").get("/keys").into(&keys)
		for _, key := range keys {
			if key.Person == "adam" {
				s.unchanged(func() { s.as("mona").post("/keys/revoke", `{"key": %q}`, key.ID).refused("not_permitted", "C26") })
			}
		}
		// In a team an Admin is a member like any other.
		s.bring("mona", "adam", "team:sail").done()
		s.take("mona", "adam", "team:sail").done()
		s.is("adam", "admin")
		// Somebody who was Manager for a time does not prolong it.
		s.as("olga").post("/grants", `{"person": "tom", "role": "manager", "until": "P2D"}`).done()
		s.unchanged(func() {
			s.as("tom").post("/grants", `{"person": "tom", "role": "manager", "until": "P9D"}`).refused("not_permitted", "C26")
			s.assign("tom", "tom", "manager").refused("not_permitted", "C26")
		})
	})

	t.Run("C26_managers_neither_redirect_nor_undo_the_offer_to_be_an_admin", func(t *testing.T) {
		s := newCascade(t)
		offer := s.invite("adam", "ines", "", "admin").done().text("id")
		s.unchanged(func() {
			for _, change := range []string{`"email": "monas-own@example.org"`, `"email": ""`, `"login": "mona2"`} {
				s.as("mona").ask("PATCH", "/people", `{"person": "ines", `+change+`}`).refused("not_permitted", "C26")
			}
			s.as("mona").post("/invitations/"+offer+"/resend", `{}`).refused("not_permitted", "C26")
			s.as("mona").post("/invitations/"+offer+"/withdraw", `{}`).refused("not_permitted", "C26")
			s.bring("mona", "ines", "").refused("not_permitted", "C26")
		})
		s.as("mona").ask("PATCH", "/people", `{"person": "ines", "name": "Ines", "job_title": "Sailor"}`).done()
		s.as("adam").ask("PATCH", "/people", `{"person": "ines", "email": "ines@example.org"}`).done()
		s.accept("ines", offer).done()
		s.is("ines", "admin")
		// What a Manager may offer themselves, they may send elsewhere and take back.
		offer = s.invite("adam", "igor", "", "viewer").done().text("id")
		s.as("mona").ask("PATCH", "/people", `{"person": "igor", "login": "ivan", "email": "ivan@example.org"}`).done()
		s.as("mona").post("/invitations/"+offer+"/withdraw", `{}`).done()
	})

	t.Run("C27_contributors_add_people_who_are_here_to_a_plan", func(t *testing.T) {
		s := newCascade(t, "dora")
		s.as("carl").create("plan:roof", "").done()
		s.as("carl").create("dashboard:wind", "").done()
		s.as("tom").create("plan:toms", "").done()
		s.disable("mona", "dora").done()
		pending := s.invite("mona", "ivan", "", "").done().text("id")
		s.bring("carl", "tom", "plan:roof").done()
		s.bring("carl", "ivan", "plan:roof").done() // invited, and yet to answer
		sent := s.askIn("carl", "vera", "plan:roof", "editor").done().text("id")
		s.as("vera").post("/invitations/"+sent+"/accept", `{}`).done()
		s.held("viewer", "plan:roof", "carl", "ivan", "tom", "vera")
		s.cannot("vera", "plan.edit", "plan:roof") // to be offered it is not to have it, as a Viewer
		s.is("ivan", "")
		s.form("carl", "plan:new", "tom", "ivan").done()
		s.held("viewer", "plan:new", "carl", "ivan", "tom")
		s.is("ivan", "")
		outside := func(person string) {
			t.Helper()
			s.unchanged(func() {
				s.bring("carl", person, "plan:roof").refused("not_permitted", "C27")
				s.askIn("carl", person, "plan:roof", "").refused("not_permitted", "C27")
				s.askIn("carl", person, "plan:roof", "editor").refused("not_permitted", "C27")
			})
		}
		outside("nina")
		outside("dora")
		s.unchanged(func() {
			// Somebody whom nobody knows would have to be made known as well.
			s.invite("carl", "ines", "plan:roof", "").refused("not_permitted", "C02.04")
			s.as("carl").post("/people/members", `{"login": "ines", "scope": "plan:roof"}`).refused("not_permitted", "C02.04")
			s.as("carl").post("/imports/people", `{"file": "login,scope\nnina,plan:roof\n"}`).refused("not_permitted", "C27")
			s.as("carl").put("/roles", `{"scope": "plan:roof", "roles": {"editor": ["carl", "nina"]}}`).refused("not_a_member", "C28")
			s.give("carl", "nina", "editor", "plan:roof").refused("not_a_member", "C28")
			// Nor may they come with a new plan, dashboard or report.
			for _, person := range []string{"nina", "dora"} {
				s.form("carl", "plan:more", "tom", person).refused("not_permitted", "C27")
			}
			s.form("carl", "dashboard:more", "nina").refused("structure", "")
			s.askIn("carl", "nina", "dashboard:wind", "viewer").refused("not_permitted", "C02.04")
			// On a plan that is not theirs, nobody at all.
			s.bring("carl", "mona", "plan:toms").refused("not_permitted", "C27")
			s.bring("carl", "carl", "plan:toms").refused("not_permitted", "C27")
			s.askIn("tom", "nina", "plan:roof", "").refused("not_permitted", "C27")
			s.bring("vera", "mona", "plan:roof").refused("not_permitted", "C20")
		})
		s.as("mona").post("/invitations/"+pending+"/withdraw", `{}`).done()
		s.unchanged(func() { s.take("carl", "ivan", "plan:roof").refused("not_a_member", "") })
		outside("ivan")
		// A Manager who edits the plan brings people in from outside, and may not
		// any more as a Contributor.
		s.unchanged(func() { s.askIn("mona", "nina", "plan:roof", "").refused("not_permitted", "C23") })
		s.bring("tom", "mona", "plan:roof").done() // to view it is enough
		s.give("tom", "mona", "editor", "plan:roof").refused("not_permitted", "C28")
		s.give("carl", "mona", "editor", "plan:roof").done()
		sent = s.askIn("mona", "nina", "plan:roof", "").done().text("id")
		s.unchanged(func() {
			for _, verb := range []string{"resend", "withdraw"} { // an invitation is not of use for itself
				s.as("carl").post("/invitations/"+sent+"/"+verb, `{}`).refused("not_permitted", "C27")
			}
		})
		s.assign("olga", "mona", "contributor").done()
		s.unchanged(func() {
			for _, who := range []string{"carl", "mona"} {
				s.as(who).post("/invitations/"+sent+"/resend", `{}`).refused("not_permitted", "C27")
				s.bring(who, "nina", "plan:roof").refused("not_permitted", "C27") // who is asked by nobody that may
			}
			s.as("nina").post("/invitations/"+sent+"/accept", `{}`).refused("not_permitted", "")
			s.askIn("mona", "ivan", "plan:roof", "").refused("not_permitted", "C27")
		})
		s.is("nina", "")
		s.assign("olga", "mona", "manager").done()
		s.form("mona", "plan:monas", "dora").done()
		s.as("mona").post("/invitations/"+sent+"/resend", `{}`).done()
		s.as("nina").post("/invitations/"+sent+"/accept", `{}`).done()
		s.is("nina", "contributor")
	})

	t.Run("C27_contributors_add_people_who_are_here_to_a_team", func(t *testing.T) {
		s := newCascade(t, "dora")
		s.as("carl").create("team:sail", "").done()
		s.as("mona").create("plan:roof", "").done()
		s.disable("mona", "dora").done()
		s.bring("carl", "tom", "team:sail").done()
		s.askIn("carl", "vera", "team:sail", "").done()
		outside := func(person string) {
			t.Helper()
			s.unchanged(func() {
				s.bring("carl", person, "team:sail").refused("not_permitted", "C27")
				s.askIn("carl", person, "team:sail", "").refused("not_permitted", "C27")
			})
		}
		outside("nina")
		outside("dora")
		// Who is invited to a plan is invited, comes by that, and not by a
		// Contributor's leave.
		sent := s.invite("mona", "ivan", "plan:roof", "").done().text("id")
		s.bring("carl", "ivan", "team:sail").done()
		s.is("ivan", "")
		s.accept("ivan", sent).done()
		s.is("ivan", "contributor")
		s.held("member", "team:sail", "carl", "ivan", "tom")
		// An invitation that is over makes nobody one of those who are here.
		s.invite("mona", "ines", "", "").done()
		s.pass(15 * 24 * time.Hour)
		s.delivered()
		outside("ines")
		// Who has left is outside again.
		s.take("mona", "tom", "").done()
		outside("tom")
		s.held("member", "team:sail", "carl", "ivan")
	})

	t.Run("C28_creators_own_their_teams_and_edit_their_plans", func(t *testing.T) {
		s := newCascade(t)
		s.as("tom").create("team:toms", "").done()
		for _, who := range []string{"mona", "carl"} {
			team, plan := "team:of-"+who, "plan:of-"+who
			s.as(who).create(team, "").done()
			s.as(who).create(plan, "").done()
			s.held("owner", team, who)
			s.held("editor", plan, who)
			s.retitle(who, team).done()
			s.retitle(who, plan).done()
			s.unchanged(func() {
				s.give("tom", "tom", "owner", team).refused("not_permitted", "C28")
				s.give("tom", "tom", "editor", plan).refused("not_permitted", "C28")
				s.as("tom").revoke(who, "owner", team).refused("not_permitted", "C28")
				s.give(who, "tom", "owner", team).refused("not_a_member", "C28")
				s.give(who, "nina", "editor", plan).refused("not_a_member", "C28")
			})
			// What they own they share, and a member of the team is no owner.
			s.bring(who, "tom", team).done()
			s.unchanged(func() {
				s.retitle("tom", team).refused("not_permitted", "C02.19")
				s.give("tom", "tom", "owner", team).refused("not_permitted", "C28")
			})
			s.give(who, "tom", "owner", team).done()
			s.retitle("tom", team).done()
			s.take("tom", who, team).done() // and with the membership of the team the other one's ownership ends
			s.held("owner", team, "tom")
			s.unchanged(func() {
				s.drop(who, team).refused("not_permitted", "C02.08")
				s.as("tom").post("/scopes/merge", `{"scope": %q, "into": "team:toms"}`, team).refused("not_permitted", "")
				s.as("tom").post("/scopes/archive", `{"scope": %q}`, team).refused("not_permitted", "")
			})
		}
		s.take("olga", "tom", "").done()
		s.held("owner", "team:of-carl")
		s.bring("olga", "carl", "team:of-carl").done()
		s.give("olga", "carl", "owner", "team:of-carl").done() // an Admin sees to teams that nobody owns
		s.held("owner", "team:of-carl", "carl")
	})

	t.Run("C28_an_edition_without_viewer_waits_for_the_viewers", func(t *testing.T) {
		s := newCascade(t)
		stays := func() {
			t.Helper()
			s.unchanged(func() {
				for _, edition := range []string{"basics", "enterprise"} {
					p := s.edition("olga", edition).refused("still_holding", "C28")
					if !strings.Contains(p.Detail, "1 person") || p.Role != "workspace.viewer" {
						t.Errorf("the refusal does not say who stands in the way: %+v", p)
					}
				}
			})
		}
		stays()
		s.edition("olga", "enterprise_plus").done() // which has Viewers
		stays()
		s.disable("olga", "vera").done() // a Viewer all the same
		stays()
		s.unchanged(func() { s.edition("mona", "essentials").refused("not_permitted", "C02.01") })
		s.take("mona", "vera", "").done()
		s.edition("olga", "basics").done()
		s.unchanged(func() {
			s.assign("olga", "tom", "viewer").refused("feature_off", "C01")
			s.edition("olga", "platinum").refused("unknown", "")
		})
		var editions []struct {
			Edition   string
			InForce   bool   `json:"in_force"`
			ChangedBy string `json:"changed_by"`
		}
		s.as("carl").get("/editions").into(&editions)
		if len(editions) != 4 || editions[0].Edition != "basics" || !editions[0].InForce || editions[0].ChangedBy != "olga" {
			t.Errorf("the editions are %+v", editions)
		}
	})
}

// cascadeEdits and cascadeCreates are the rows of the table for editing something
// of a kind, and for creating it.
var (
	cascadeEdits   = map[string]string{"team": "C02.19", "plan": "C02.10", "dashboard": "C02.15", "report": "C02.17"}
	cascadeCreates = map[string]string{"team": "C02.05", "plan": "C02.09", "dashboard": "C02.14", "report": "C02.16"}
)
