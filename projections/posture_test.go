package projections

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
)

// school is a model with departments as units, and one thing of every kind that
// a posture looks at.
const school = `
model: school
title: School
about: Departments, owners, and all that can lie idle.
root: school
highest: school.owner
scopes:
  - {kind: school, title: School, membership: true}
  - {kind: department, title: Department, under: [school], membership: true}
  - {kind: course, title: Course, under: [department, school]}
  - {kind: circle, title: Circle, under: [school], membership: true, carries: [course.read]}
features:
  - {id: printing, title: Printing}
permissions:
  - {id: school.manage, title: Manage, section: School, allows: [person.register, membership.start, membership.suspend, client.manage, feature.switch, report.read,
      "scope.create:department", "scope.create:course", "scope.create:circle"]}
  - {id: department.lead, title: Lead a department, section: Departments, allows: ["scope.create:course", membership.start]}
  - {id: course.read, title: Read, section: Courses}
  - {id: circle.fill, title: Fill a circle, section: Circles, allows: [membership.start, scope.permit]}
roles:
  - id: school.owner
    title: Owner
    rule: D01
    membership: school
    at_least: 1
    granted_by: [school.owner]
    permissions: [school.manage]
    inherited: [circle.fill]
  - {id: school.support, title: Support, granted_by: [school.owner]}
  - {id: school.warden, title: Warden, granted_by: [school.owner]}
  - {id: school.printer, title: Printer, feature: printing, rule: D90, granted_by: [school.owner]}
  - {id: school.robot, title: Robot, holder: client, granted_by: [school.owner], inherited: [course.read]}
  - {id: school.member, title: Member, membership: school, default: true}
  - {id: department.head, title: Head, granted_by: [school.owner], permissions: [department.lead]}
audiences:
  - {id: wardens, title: The wardens, rule: D91, roles: [school.warden], otherwise: owners}
  - {id: owners, title: The owners, roles: [school.owner]}
messages:
  - {id: membership.terminated, title: Somebody left, audience: wardens}
resolvers:
  - {id: support, title: Who helps, rule: D92, roles: [school.support]}
posture: {rule: D08, units: [department], dormant_days: 90}
`

// past is what happened: commits of any events, at days counted from the start.
type past struct {
	model   *rolemodel.Model
	state   aggregate.State
	records []events.Record
	forced  bool
}

// schoolOf begins a past with the founding, by which ann is the owner.
func schoolOf(t testing.TB, model string) *past {
	t.Helper()
	parsed, err := rolemodel.Parse("school.yaml", []byte(model))
	if err != nil {
		t.Fatal(err)
	}
	p := &past{model: parsed}
	digest := parsed.Digest()
	return p.on(t, 0, "operator", events.OrganizationFounded{Scope: "school:acme"},
		events.ModelAdopted{Model: parsed.ID, Source: parsed.Canonical(), Digest: digest[:]},
		events.PersonRegistered{Subject: ann}, events.MembershipStarted{Subject: ann, Scope: "school:acme"}, grants(ann, "owner", "school:acme"))
}

func (p *past) on(t testing.TB, days int, actor events.PrincipalID, list ...events.Event) *past {
	return p.behalf(t, days, actor, "", list...)
}

// behalf folds a commit that names somebody on whose behalf it was made.
func (p *past) behalf(t testing.TB, days int, actor, of events.PrincipalID, list ...events.Event) *past {
	t.Helper()
	commit := events.Commit{
		Org: "acme", ID: events.CommitID(fmt.Sprintf("01J%023d", p.state.Number+1)), Number: p.state.Number + 1, Prev: p.state.Revision,
		Actor: actor, OnBehalfOf: of, Command: "test." + strings.ReplaceAll(events.Name(list[0]), ".", "_"), DecidedAt: daysIn(days), Events: list, BreakGlass: p.forced,
	}
	record := events.Record{Commit: commit, Revision: p.state.Revision + 2, RecordedAt: daysIn(days)}
	next, err := p.state.Apply(record)
	if err != nil {
		t.Fatal(err)
	}
	p.state, p.records = next, append(p.records, record)
	return p
}

func daysIn(days int) time.Time { return start.AddDate(0, 0, days) }

const (
	ann events.PrincipalID = "01J00000000000000000000ANN"
	ben events.PrincipalID = "01J00000000000000000000BEN"
	cat events.PrincipalID = "01J00000000000000000000CAT"
	dan events.PrincipalID = "01J00000000000000000000DAN"
	bot events.PrincipalID = "01J00000000000000000000B0T"
)

func grants(who events.PrincipalID, role events.RoleID, on events.ScopeID) events.Event {
	return events.RoleGranted{Subject: who, Role: role, Scope: on}
}

func comes(who events.PrincipalID) []events.Event {
	return []events.Event{events.PersonRegistered{Subject: who}, events.MembershipStarted{Subject: who, Scope: "school:acme"}}
}

func creates(scope, parent events.ScopeID) events.Event {
	return events.ScopeCreated{Scope: scope, Parent: parent}
}

// findings writes findings down: persons by the last letters of their ids.
func findings(list []Finding) []string {
	var texts []string
	for _, f := range list {
		text := strings.Join(strings.Fields(fmt.Sprintf("%s %s %s: %s %v %v", f.Level, f.Code, f.Rule, f.Sentence, f.Persons, f.Scopes)), " ")
		for _, id := range []events.PrincipalID{ann, ben, cat, dan, bot} {
			text = strings.ReplaceAll(text, string(id), strings.ToLower(string(id[23:])))
		}
		texts = append(texts, text)
	}
	return texts
}

// TestPosture tries every finding. The past of each case goes on from the
// founding on day 0; what is named is what differs from a school with support,
// a warden and one owner, and that is asked on day 10.
func TestPosture(t *testing.T) {
	owners := func(who ...events.PrincipalID) []events.Event {
		var list []events.Event
		for _, id := range who {
			list = append(append(list, comes(id)...), grants(id, "owner", "school:acme"))
		}
		return list
	}
	departments := []events.Event{creates("department:a", "school:acme"), creates("department:b", "school:acme"), creates("department:c", "school:acme")}
	key := func(who events.PrincipalID, n int) events.Event {
		return events.CredentialIssued{Subject: who, Credential: events.CredentialID(fmt.Sprintf("01J%023d", n)), Hash: make([]byte, 32), Prefix: "tenure_abc"}
	}
	const (
		one    = "info highest_role D08: 1 person holds school.owner: ann since 2026-01-01. [ann] [school:acme]"
		single = "info highest_role_single D08: ann alone holds school.owner, with 0 scopes of the kind department. [ann] [school:acme]"
	)
	for _, c := range []struct {
		name string
		then func(*past)
		day  int
		want []string
	}{
		{"one owner, no department", func(p *past) {}, 10, []string{one, single}},
		{"one owner, one department", func(p *past) { p.on(t, 1, ann, departments[0]) }, 10,
			[]string{one, "info highest_role_single D08: ann alone holds school.owner, with 1 scope of the kind department. [ann] [school:acme]"}},
		{"one owner, two departments", func(p *past) { p.on(t, 1, ann, departments[:2]...) }, 10,
			[]string{"warning highest_role_single D08: ann alone holds school.owner, with 2 scopes of the kind department: grant it to a second person, who can step in. [ann] [school:acme]", one}},
		{"what is archived is no department", func(p *past) {
			p.on(t, 1, ann, departments[:2]...).on(t, 2, ann, events.ScopeArchived{Scope: "department:b"})
		}, 10, []string{one, "info highest_role_single D08: ann alone holds school.owner, with 1 scope of the kind department. [ann] [school:acme]"}},
		{"two owners", func(p *past) {
			p.on(t, 2, ann, append(departments[:2:2], owners(ben)...)...).on(t, 3, ben, departments[2])
		}, 10,
			[]string{"info highest_role D08: 2 people hold school.owner: ann since 2026-01-01 and ben since 2026-01-03. [ann ben] [school:acme]"}},
		{"a second owner who does not count", func(p *past) {
			p.on(t, 1, ann, append(departments[:2:2], owners(ben)...)...).on(t, 2, ann, events.MembershipSuspended{Subject: ben, Scope: "school:acme"})
		}, 10, []string{
			"warning highest_role_single D08: ann alone holds school.owner, with 2 scopes of the kind department: grant it to a second person, who can step in. [ann] [school:acme]",
			"warning suspended_holder D08: ben is suspended since 2026-01-03 and still holds school.owner on school:acme. [ben] [school:acme]",
			"info highest_role D08: 2 people hold school.owner: ann since 2026-01-01 and ben since 2026-01-02 (not active). [ann ben] [school:acme]"}},
		{"three owners, three departments", func(p *past) { p.on(t, 1, ann, append(slices.Clone(departments), owners(ben, cat)...)...) }, 10,
			[]string{"info highest_role D08: 3 people hold school.owner: ann since 2026-01-01, ben since 2026-01-02 and cat since 2026-01-02. [ann ben cat] [school:acme]"}},
		{"three owners, two departments", func(p *past) { p.on(t, 1, ann, append(departments[:2:2], owners(ben, cat)...)...) }, 10,
			[]string{"warning highest_role_many D08: 3 people hold school.owner, with 2 scopes of the kind department: more than 2 is many. [ann ben cat] [school:acme]",
				"info highest_role D08: 3 people hold school.owner: ann since 2026-01-01, ben since 2026-01-02 and cat since 2026-01-02. [ann ben cat] [school:acme]"}},
		{"nobody who counts", func(p *past) { p.on(t, 1, "operator", events.MembershipSuspended{Subject: ann, Scope: "school:acme"}) }, 10,
			[]string{"warning highest_role_unheld D08: Nobody actively holds school.owner: nobody can decide what is left to it. [ann] [school:acme]",
				"warning suspended_holder D08: ann is suspended since 2026-01-02 and still holds school.owner on school:acme. [ann] [school:acme]",
				"info highest_role D08: 1 person holds school.owner: ann since 2026-01-01 (not active). [ann] [school:acme]"}},
		{"not acted for 90 days", func(p *past) { p.on(t, 5, ann, departments[0]) }, 95,
			[]string{"warning highest_role_dormant D08: ann holds school.owner and has not acted since 2026-01-06, for 90 days. [ann] [school:acme]", one,
				"info highest_role_single D08: ann alone holds school.owner, with 1 scope of the kind department. [ann] [school:acme]"}},
		{"not acted for 89 days", func(p *past) { p.on(t, 5, ann, departments[0]) }, 94, []string{one,
			"info highest_role_single D08: ann alone holds school.owner, with 1 scope of the kind department. [ann] [school:acme]"}},
		{"never acted", func(p *past) {}, 90,
			[]string{"warning highest_role_dormant D08: ann holds school.owner and has not acted since it was given, on 2026-01-01, for 90 days. [ann] [school:acme]", one, single}},
		{"acted before it was given alone", func(p *past) {
			p.on(t, 1, ann, comes(ben)...).on(t, 2, ben, creates("course:x", "school:acme")).on(t, 100, ann, grants(ben, "owner", "school:acme"))
		}, 110, []string{"info highest_role D08: 2 people hold school.owner: ann since 2026-01-01 and ben since 2026-04-11. [ann ben] [school:acme]"}},
		{"suspended, with roles", func(p *past) {
			p.on(t, 1, ann, departments[0]).on(t, 1, ann, append(comes(ben), grants(ben, "head", "department:a"), grants(ben, "member", "school:acme"))...).on(t, 2, ann, events.MembershipSuspended{Subject: ben, Scope: "school:acme"})
		}, 10, []string{one, "info highest_role_single D08: ann alone holds school.owner, with 1 scope of the kind department. [ann] [school:acme]",
			"info suspended_holder : ben is suspended since 2026-01-03 and still holds department.head on department:a. [ben] [department:a]"}},
		{"suspended, with the default role alone", func(p *past) {
			p.on(t, 1, ann, append(comes(ben), grants(ben, "member", "school:acme"))...).on(t, 2, ann, events.MembershipSuspended{Subject: ben, Scope: "school:acme"})
		}, 10, []string{one, single}},
		{"a role whose feature is off", func(p *past) { p.on(t, 1, ann, append(comes(ben), grants(ben, "printer", "school:acme"))...) }, 10,
			[]string{one, single, "info role_without_effect D90: 1 holder has school.printer, and the feature that it waits for, printing, is off: it gives nothing. [ben] []"}},
		{"roles that end", func(p *past) {
			p.on(t, 1, ann, append(append(comes(ben), comes(cat)...), events.RoleGranted{Subject: ben, Role: "warden", Scope: "school:acme", Until: daysIn(24)},
				events.RoleGranted{Subject: cat, Role: "warden", Scope: "school:acme", Until: daysIn(25)}, events.RoleGranted{Subject: cat, Role: "support", Scope: "school:acme", Until: daysIn(10)})...)
		}, 10, []string{one, single, "info roles_expiring : 1 role ends within 14 days: school.warden of ben on school:acme, on 2026-01-25. [ben] [school:acme]"}},
		{"outsiders", func(p *past) {
			p.on(t, 1, ann, events.PersonRegistered{Subject: ben}, grants(ben, "warden", "school:acme"), events.PersonRegistered{Subject: cat})
		}, 10, []string{one, single, "info outsiders_with_roles : 1 person is no member of school:acme and holds roles: ben. [ben] []"}},
		{"groups without members", func(p *past) {
			p.on(t, 1, ann, append(comes(ben), creates("circle:a", "school:acme"), creates("circle:b", "school:acme"), creates("circle:c", "school:acme"), events.MembershipStarted{Subject: ben, Scope: "circle:b"})...)
		}, 10, []string{one, single, "info empty_groups : 2 groups have no members: circle:a and circle:c. [] [circle:a circle:c]"}},
		{"a resolver and an audience that find nobody", func(p *past) {
			p.on(t, 1, ann, events.RoleRevoked{Subject: dan, Role: "support", Scope: "school:acme"}, events.RoleRevoked{Subject: dan, Role: "warden", Scope: "school:acme"})
		}, 10, []string{"warning resolver_vacant D92: support finds nobody on school:acme: nobody actively holds school.support. [] [school:acme]", one, single,
			"info audience_vacant D91: Nobody actively holds a role of wardens: its messages go to owners. [ann] [school:acme]"}},
		{"an audience that nobody is left of", func(p *past) {
			p.on(t, 1, ann, append(owners(ben), events.MembershipSuspended{Subject: dan, Scope: "school:acme"})...).on(t, 2, "operator",
				events.MembershipSuspended{Subject: ann, Scope: "school:acme"}, events.MembershipSuspended{Subject: ben, Scope: "school:acme"})
		}, 3, []string{
			"warning highest_role_unheld D08: Nobody actively holds school.owner: nobody can decide what is left to it. [ann ben] [school:acme]",
			"warning suspended_holder D08: ann is suspended since 2026-01-03 and still holds school.owner on school:acme. [ann] [school:acme]",
			"warning suspended_holder D08: ben is suspended since 2026-01-03 and still holds school.owner on school:acme. [ben] [school:acme]",
			"warning resolver_vacant D92: support finds nobody on school:acme: nobody actively holds school.support. [] [school:acme]",
			"warning audience_vacant D91: Messages to wardens reach nobody: nobody actively holds a role of it, or of those that come next. [] [school:acme]",
			"info highest_role D08: 2 people hold school.owner: ann since 2026-01-01 (not active) and ben since 2026-01-02 (not active). [ann ben] [school:acme]",
			"info suspended_holder : dan is suspended since 2026-01-02 and still holds school.support on school:acme and school.warden on school:acme. [dan] [school:acme]"}},
		{"old keys", func(p *past) { p.on(t, 1, "operator", key(ann, 90), key(ann, 91)).on(t, 366, ann, key(ann, 92)) }, 366,
			[]string{"warning old_keys : ann has 2 API keys that are older than a year, issued from 2026-01-02 on: issue a new one and revoke it. [ann] []", one, single}},
		{"keys that are not", func(p *past) { p.on(t, 2, "operator", key(ann, 90)).on(t, 365, ann, key(ann, 92)) }, 366, []string{one, single}},
		{"an API client without a key", func(p *past) {
			p.on(t, 1, ann, events.ClientCreated{Subject: bot}, grants(bot, "robot", "school:acme"))
		}, 10,
			[]string{one, single, "info client_without_key : The API client b0t holds roles and has no key. [b0t] []"}},
		{"an API client that does nothing", func(p *past) {
			p.on(t, 1, ann, events.ClientCreated{Subject: bot}, grants(bot, "robot", "school:acme"), key(bot, 90)).on(t, 60, ann, departments[0])
		}, 92, []string{one, "info highest_role_single D08: ann alone holds school.owner, with 1 scope of the kind department. [ann] [school:acme]",
			"info client_dormant : The API client b0t holds roles and has changed nothing since 2026-01-02, for 91 days; what it only reads is not on record. [b0t] []"}},
		{"an API client that does something", func(p *past) {
			p.on(t, 1, ann, events.ClientCreated{Subject: bot}, grants(bot, "robot", "school:acme"), key(bot, 90)).on(t, 60, ann, departments[0]).on(t, 70, bot, departments[1], departments[2])
		}, 92, []string{"warning highest_role_single D08: ann alone holds school.owner, with 3 scopes of the kind department: grant it to a second person, who can step in. [ann] [school:acme]", one}},
		{"an API client without roles", func(p *past) { p.on(t, 1, ann, events.ClientCreated{Subject: bot}) }, 10, []string{one, single}},
		{"an invitation that nobody answers", func(p *past) {
			invite := func(who events.PrincipalID, n int) []events.Event {
				return []events.Event{events.PersonRegistered{Subject: who}, events.InvitationSent{Subject: who, Invitation: events.InvitationID(fmt.Sprintf("01J%023d", n)),
					Scope: "school:acme", Expires: daysIn(300), TokenHash: make([]byte, 32)}}
			}
			p.on(t, 1, ann, invite(ben, 70)...).on(t, 2, ann, invite(cat, 71)...)
		}, 31, []string{one, single, "info old_invitations : 1 person has an invitation that nobody has answered for 30 days: ben. [ben] []"}},
		{"break-glass", func(p *past) {
			p.forced = true
			p.on(t, 1, "operator", departments[0]).on(t, 20, "operator", comes(ben)...).on(t, 30, "operator", comes(cat)...)
			p.forced = false
			p.on(t, 60, ann, creates("course:x", "school:acme"))
		}, 91, []string{one, "info highest_role_single D08: ann alone holds school.owner, with 1 scope of the kind department. [ann] [school:acme]",
			"info overridden : The operator overrode the organization's own authority 2 times within 90 days, last on 2026-01-31. [operator] []"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := schoolOf(t, school)
			p.on(t, 0, "operator", append(comes(dan), grants(dan, "support", "school:acme"), grants(dan, "warden", "school:acme"))...)
			c.then(p)
			judged := PostureOf(p.state, ActsOf(p.records), daysIn(c.day))
			if diff := cmp.Diff(c.want, findings(judged.Findings)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if len(judged.Holders) == 0 || judged.Holders[0].Person != ann || judged.Highest != p.state.Model.Highest {
				t.Errorf("the highest role is held by %+v", judged.Holders)
			}
		})
	}
}

// TestPostureOfOneHolder: where the model wants one holder, that is no warning.
func TestPostureOfOneHolder(t *testing.T) {
	p := schoolOf(t, strings.Replace(school, "    at_least: 1\n", "    at_least: 1\n    at_most: 1\n", 1))
	p.on(t, 1, ann, creates("department:a", "school:acme"), creates("department:b", "school:acme"))
	list := PostureOf(p.state, ActsOf(p.records), daysIn(2)).Findings
	i := slices.IndexFunc(list, func(f Finding) bool { return f.Code == "highest_role_single" })
	if i < 0 || list[i].Level != Information || !strings.Contains(list[i].Sentence, "never has more than one holder") {
		t.Errorf("%+v", list)
	}
}

// TestPostureNamesAFew: a long list is cut short in the sentence alone.
func TestPostureNamesAFew(t *testing.T) {
	for n, want := range map[int]string{11: ", circle:s09 and circle:s10.", 12: ", circle:s09 and 2 more."} {
		p := schoolOf(t, school)
		for i := range n {
			p.on(t, 1, ann, creates(events.Scope("circle", fmt.Sprintf("s%02d", i)), "school:acme"))
		}
		list := PostureOf(p.state, ActsOf(p.records), daysIn(2)).Findings
		i := slices.IndexFunc(list, func(f Finding) bool { return f.Code == "empty_groups" })
		if i < 0 || len(list[i].Scopes) != n || !strings.HasSuffix(list[i].Sentence, want) {
			t.Errorf("%d: %+v", n, list[i])
		}
	}
}
