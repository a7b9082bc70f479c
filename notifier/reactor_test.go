package notifier

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
)

// short names who is told, and why: "role.granted#0 BEN concerned owners(F04)
// by organization.owner, not compliance_managers(F07) vacant".
func short(n Notice) string {
	parts := []string{fmt.Sprintf("%s#%d", n.Kind, n.Event), string(n.Recipient[23:])}
	g := n.Ground
	if g.Side != "" {
		parts = append(parts, string(g.Side))
	}
	if g.Audience != "" {
		parts = append(parts, g.Audience+"("+g.Rule+") by "+g.Role)
	}
	if g.Designation != "" {
		parts = append(parts, "alone as "+g.Designation)
	}
	for _, s := range g.Skipped {
		parts = append(parts, "not "+s.Audience+"("+s.Rule+") "+string(s.Why))
	}
	if n.More > 0 {
		parts = append(parts, fmt.Sprintf("+%d", n.More))
	}
	return strings.Join(parts, " ")
}

func shorts(list []Notice) []string {
	var all []string
	for _, n := range list {
		all = append(all, short(n))
	}
	return all
}

func TestRecipients(t *testing.T) {
	expires := start.Add(time.Hour)
	owner := "owners(F04) by organization.owner"
	tests := []struct {
		name   string
		model  string // fabasoft if empty
		given  []events.Event
		when   []events.Event
		change func(*events.Record)
		want   []string
	}{
		{
			name: "a role granted tells the person and the owners", given: members(ben),
			when: []events.Event{granted(ben, "payment_user", org)},
			want: []string{"role.granted#0 BEN concerned", "role.granted#0 ANN " + owner},
		},
		{
			name: "an audience without the person concerned", given: append(members(ben, cat), granted(cat, "co_owner", org)),
			when: []events.Event{granted(ben, "co_owner", org)},
			want: []string{"role.granted#0 BEN concerned", "role.granted#0 ANN " + owner, "role.granted#0 CAT owners(F04) by organization.co_owner"},
		},
		{
			name: "the only one of the audience is the one concerned", given: members(ben),
			when: []events.Event{revoked(ann, "owner", org), granted(ann, "owner", org)},
			want: []string{"role.revoked#0 ANN concerned", "role.granted#1 ANN concerned"},
		},
		{
			name:  "an API client is told nothing, neither of itself nor among others",
			given: append(members(ben), events.ClientCreated{Subject: dan}, granted(dan, "co_owner", org)),
			when:  []events.Event{granted(dan, "payment_user", org), granted(ben, "administrator", org), revoked(dan, "payment_user", org, events.CauseClientDeleted)},
			want:  []string{"role.granted#0 ANN " + owner, "role.granted#1 BEN concerned", "role.granted#1 ANN " + owner},
		},
		{
			name: "the former holder of a role is concerned, and holds it no longer", given: append(members(ben), granted(ben, "co_owner", org)),
			when: []events.Event{revoked(ben, "co_owner", org)},
			want: []string{"role.revoked#0 BEN concerned", "role.revoked#0 ANN " + owner},
		},
		{
			name: "what follows is not told one by one", given: append(members(ben), granted(ben, "co_owner", org), granted(ben, "administrator", org)),
			when: []events.Event{
				revoked(ben, "administrator", org, events.CauseTermination), revoked(ben, "co_owner", org, events.CauseReplaced),
				granted(ben, "co_owner", org, events.CauseTransfer), granted(ben, "administrator", org, events.CauseDefault),
				granted(ben, "administrator", org, events.CauseCreated), revoked(ben, "administrator", org, events.CauseAnonymization), granted(ben, "administrator", org, events.CauseImport),
			},
		},
		{
			name: "expiry and accepted invitations are told", given: append(members(ben), granted(ben, "administrator", org)),
			when: []events.Event{revoked(ben, "administrator", org, events.CauseExpiry), granted(ben, "co_owner", org, events.CauseInvitation)},
			want: []string{"role.revoked#0 BEN concerned", "role.revoked#0 ANN " + owner, "role.granted#1 BEN concerned", "role.granted#1 ANN " + owner},
		},
		{
			name: "imported history is not told", given: members(ben),
			when:   []events.Event{granted(ben, "co_owner", org)},
			change: func(r *events.Record) { r.Actor, r.BreakGlass = events.Importer, true },
		},
		{
			name: "both sides of a transfer, each once", given: append(members(ben, cat), granted(cat, "co_owner", org)),
			when: []events.Event{
				events.OwnershipTransferred{Former: ann, Role: "owner", Scope: org, Subject: ben},
				revoked(ann, "owner", org, events.CauseTransfer), granted(ben, "owner", org, events.CauseTransfer), granted(ann, "co_owner", org, events.CauseTransfer),
			},
			want: []string{
				"ownership.transferred#0 BEN concerned",
				"ownership.transferred#0 ANN former owners(F04) by organization.co_owner",
				"ownership.transferred#0 CAT owners(F04) by organization.co_owner",
			},
		},
		{
			name: "F07 a termination tells all compliance managers", given: append(members(ben, cat, dan), granted(cat, "compliance_manager", org), granted(dan, "compliance_manager", org)),
			when: []events.Event{events.MembershipTerminated{Subject: ben, Scope: org}},
			want: []string{
				"membership.terminated#0 BEN concerned",
				"membership.terminated#0 CAT compliance_managers(F07) by organization.compliance_manager",
				"membership.terminated#0 DAN compliance_managers(F07) by organization.compliance_manager",
			},
		},
		{
			name: "F07 there is none: the owners are told, and why", given: append(members(ben, cat), granted(cat, "co_owner", org)),
			when: []events.Event{events.MembershipTerminated{Subject: ben, Scope: org}},
			want: []string{
				"membership.terminated#0 BEN concerned",
				"membership.terminated#0 ANN owners(F04) by organization.owner not compliance_managers(F07) vacant",
				"membership.terminated#0 CAT owners(F04) by organization.co_owner not compliance_managers(F07) vacant",
			},
		},
		{
			name: "F07 the only one is the one concerned", given: append(members(ben), granted(ben, "compliance_manager", org)),
			when: []events.Event{events.MembershipTerminated{Subject: ben, Scope: org}},
			want: []string{"membership.terminated#0 BEN concerned", "membership.terminated#0 ANN owners(F04) by organization.owner not compliance_managers(F07) held_by_concerned"},
		},
		{
			name: "F07 the only one is suspended", given: append(members(ben, cat), granted(cat, "compliance_manager", org), events.MembershipSuspended{Subject: cat, Scope: org}),
			when: []events.Event{events.MembershipTerminated{Subject: ben, Scope: org}},
			want: []string{"membership.terminated#0 BEN concerned", "membership.terminated#0 ANN owners(F04) by organization.owner not compliance_managers(F07) vacant"},
		},
		{
			name: "F08 administrators are told of what expires", given: append(members(ben, cat), granted(ben, "co_owner", org), granted(cat, "administrator", org)),
			when: []events.Event{events.ExpiryAnnounced{Subject: ben, Role: "co_owner", Scope: org, Until: expires}},
			want: []string{"grant.expiring#0 BEN concerned", "grant.expiring#0 CAT administrators(F08) by organization.administrator"},
		},
		{
			name: "F08 two in line are vacant", given: append(members(ben), granted(ben, "administrator", org)),
			when: []events.Event{events.ExpiryAnnounced{Subject: ben, Role: "administrator", Scope: org, Until: expires}},
			want: []string{"grant.expiring#0 BEN concerned", "grant.expiring#0 ANN " + owner + " not administrators(F08) held_by_concerned"},
		},
		{
			name: "reminders, by how often they fell due", given: append(members(ben, cat), granted(cat, "compliance_manager", org)),
			when: []events.Event{
				events.ReminderFired{Count: 1, Subject: ben}, events.ReminderFired{Count: 2, Subject: ben}, events.RetentionEnded{Subject: ben},
			},
			change: func(r *events.Record) { r.Actor = events.Background },
			want: []string{
				"reminder.due#0 CAT compliance_managers(F07) by organization.compliance_manager",
				"reminder.overdue#1 CAT compliance_managers(F07) by organization.compliance_manager",
				"reminder.due#2 CAT compliance_managers(F07) by organization.compliance_manager",
			},
		},
		{
			name: "a reminder about the only compliance manager", given: append(members(cat), granted(cat, "compliance_manager", org)),
			when: []events.Event{events.ReminderFired{Count: 1, Subject: cat}},
			want: []string{"reminder.due#0 ANN owners(F04) by organization.owner not compliance_managers(F07) held_by_concerned"},
		},
		{
			name: "invitations tell the one invited", given: []events.Event{events.PersonRegistered{Subject: eve}},
			when: []events.Event{events.InvitationSent{Subject: eve, Scope: org, Invitation: someInvitation}, events.InvitationResent{Subject: eve, Invitation: someInvitation}},
			want: []string{"invitation.sent#0 EVE concerned", "invitation.sent#1 EVE concerned"},
		},
		{
			name: "break-glass tells every owner, once for the commit", given: append(members(ben, cat), granted(cat, "co_owner", org)),
			when:   []events.Event{granted(ben, "administrator", org), revoked(ben, "administrator", org)},
			change: func(r *events.Record) { r.Actor, r.BreakGlass = events.Operator, true },
			want: []string{
				"role.granted#0 BEN concerned", "role.granted#0 ANN " + owner, "role.granted#0 CAT owners(F04) by organization.co_owner",
				"role.revoked#1 BEN concerned", "role.revoked#1 ANN " + owner, "role.revoked#1 CAT owners(F04) by organization.co_owner",
				"break_glass.used#-1 ANN owners(F04) by organization.owner", "break_glass.used#-1 CAT owners(F04) by organization.co_owner",
			},
		},
		{
			name: "F04 break-glass, and F07 without a compliance manager: the main owner alone", given: append(members(ben, cat), granted(cat, "co_owner", org), mainOwner(cat)),
			when:   []events.Event{events.MembershipTerminated{Subject: ben, Scope: org}},
			change: func(r *events.Record) { r.Actor, r.BreakGlass = events.Operator, true },
			want: []string{
				"membership.terminated#0 BEN concerned",
				"membership.terminated#0 CAT owners(F04) by organization.co_owner alone as organization.main_owner not compliance_managers(F07) vacant",
				"break_glass.used#-1 CAT owners(F04) by organization.co_owner alone as organization.main_owner",
			},
		},
		{
			name: "F04 the main owner alone", given: append(members(ben, cat, dan), granted(cat, "co_owner", org), granted(dan, "co_owner", org), mainOwner(cat)),
			when: []events.Event{granted(ben, "administrator", org)},
			want: []string{"role.granted#0 BEN concerned", "role.granted#0 CAT owners(F04) by organization.co_owner alone as organization.main_owner"},
		},
		{
			name: "F04 the main owner is the one concerned", given: append(members(cat), granted(cat, "co_owner", org), mainOwner(cat)),
			when: []events.Event{granted(cat, "administrator", org)},
			want: []string{"role.granted#0 CAT concerned", "role.granted#0 ANN " + owner},
		},
		{
			name: "F07 whoever is main owner", given: append(members(ben, cat, dan), granted(cat, "co_owner", org), granted(dan, "compliance_manager", org), mainOwner(cat)),
			when: []events.Event{events.MembershipTerminated{Subject: ben, Scope: org}},
			want: []string{"membership.terminated#0 BEN concerned", "membership.terminated#0 DAN compliance_managers(F07) by organization.compliance_manager"},
		},
		{
			name: "who is gone is told nothing", given: append(members(ben, cat), granted(cat, "co_owner", org), events.AnonymizationStarted{Subject: cat}),
			when: []events.Event{granted(ben, "administrator", org)},
			want: []string{"role.granted#0 BEN concerned", "role.granted#0 ANN " + owner},
		},
		{
			name: "whose anonymization starts in the commit is told nothing", given: append(members(ben), granted(ben, "administrator", org)),
			when: []events.Event{revoked(ben, "administrator", org), events.AnonymizationStarted{Subject: ben}},
			want: []string{"role.revoked#0 ANN " + owner},
		},
		{
			name: "built-in principals are told nothing", given: []events.Event{events.PersonRegistered{Subject: events.Background}, events.ScopeCreated{Scope: room, Parent: org}},
			when: []events.Event{granted(events.Background, "background_tasks", room)},
		},
		{
			name: "the audience is told of the organization's roles alone, the person of all, a scope that is gone included", given: append(members(ben), events.ScopeCreated{Scope: room, Parent: org}, granted(ben, "support_team", room)),
			when: []events.Event{revoked(ben, "support_team", room), events.ScopeDeleted{Scope: room}},
			want: []string{"role.revoked#0 BEN concerned"},
		},
		{
			name: "in another model the person alone is told", model: "github", given: members(ben),
			when: []events.Event{granted(ben, "admin", org)},
			want: []string{"role.granted#0 BEN concerned"},
		},
		{
			name: "the end of a membership below the root is told to the person once, whatever ends with it", model: "github", given: append(members(ben), events.ScopeCreated{Scope: "team:sig", Parent: org}, granted(ben, "maintainer", "team:sig")),
			when: []events.Event{revoked(ben, "maintainer", "team:sig", events.CauseTermination), events.MembershipTerminated{Subject: ben, Scope: "team:sig"}},
			want: []string{"membership.terminated#1 BEN concerned"},
		},
		{
			name: "of a whole membership the last end is told", model: "github", given: append(members(ben), events.ScopeCreated{Scope: "team:sig", Parent: org}, granted(ben, "maintainer", "team:sig"), granted(ben, "admin", org)),
			when: []events.Event{
				revoked(ben, "admin", org, events.CauseTermination), revoked(ben, "maintainer", "team:sig", events.CauseTermination),
				events.MembershipTerminated{Subject: ben, Scope: "team:sig", Cause: events.CauseTermination}, events.MembershipTerminated{Subject: ben, Scope: org},
			},
			want: []string{"membership.terminated#3 BEN concerned", "membership.terminated#3 ANN admins() by organization.admin"},
		},
		{
			name: "where the end of a membership is not told to the one concerned, one role is", model: old, given: append(members(ben), events.ScopeCreated{Scope: room, Parent: org}, granted(ben, "administrator", org), granted(ben, "manager", room)),
			when: []events.Event{
				revoked(ben, "manager", room, events.CauseTermination), revoked(ben, "administrator", org, events.CauseTermination), events.MembershipTerminated{Subject: ben, Scope: org},
			},
			want: []string{"role.revoked#1 BEN concerned +1", "membership.terminated#2 ANN every_owner() by organization.owner not compliance_managers(F07) vacant"},
		},
		{
			name: "the deletion of a scope tells each holder once, of what they had on the topmost, and no audience", model: "github",
			given: append(members(ben, cat), events.ScopeCreated{Scope: "team:sig", Parent: org}, events.ScopeCreated{Scope: "team:sub", Parent: "team:sig"},
				granted(ben, "maintainer", "team:sig"), granted(ben, "maintainer", "team:sub"), granted(cat, "member", "team:sub")),
			when: []events.Event{
				revoked(ben, "maintainer", "team:sub", events.CauseScopeDeleted), revoked(cat, "member", "team:sub", events.CauseScopeDeleted), events.ScopeDeleted{Scope: "team:sub", Cause: events.CauseScopeDeleted},
				revoked(ben, "maintainer", "team:sig", events.CauseScopeDeleted), events.ScopeDeleted{Scope: "team:sig"},
			},
			want: []string{"role.revoked#1 CAT concerned", "role.revoked#3 BEN concerned +1"},
		},
		{
			name: "the end of a membership with its scope", model: "zudello", given: append(members(ben), events.ScopeCreated{Scope: "team:sig", Parent: org}, events.MembershipStarted{Subject: ben, Scope: "team:sig"}),
			when: []events.Event{events.MembershipTerminated{Subject: ben, Scope: "team:sig", Cause: events.CauseScopeDeleted}, events.ScopeDeleted{Scope: "team:sig"}},
			want: []string{"membership.terminated#0 BEN concerned"},
		},
		{
			name: "who comes over with a merger has lost nothing", model: "standard",
			given: append(members(ben, cat), events.ScopeCreated{Scope: "team:sig", Parent: org}, events.ScopeCreated{Scope: "team:sub", Parent: org},
				events.MembershipStarted{Subject: ben, Scope: "team:sig"}, granted(ben, "administrator", "team:sig"), events.MembershipStarted{Subject: cat, Scope: "team:sig"}, granted(cat, "owner", "team:sig")),
			when: []events.Event{
				events.ScopeMerged{Scope: "team:sig", Into: "team:sub"}, events.MembershipStarted{Subject: ben, Scope: "team:sub", Cause: events.CauseMerge}, events.MembershipStarted{Subject: cat, Scope: "team:sub", Cause: events.CauseMerge},
				granted(ben, "administrator", "team:sub", events.CauseMerge),
				revoked(ben, "administrator", "team:sig", events.CauseScopeDeleted), revoked(cat, "owner", "team:sig", events.CauseScopeDeleted),
				events.MembershipTerminated{Subject: ben, Scope: "team:sig", Cause: events.CauseScopeDeleted}, events.MembershipTerminated{Subject: cat, Scope: "team:sig", Cause: events.CauseScopeDeleted},
				events.ScopeDeleted{Scope: "team:sig", Cause: events.CauseMerge},
			},
			want: []string{"role.granted#3 BEN concerned", "role.revoked#5 CAT concerned"},
		},
		{
			name: "the adoption of a model tells the owners", given: append(members(cat), granted(cat, "co_owner", org)),
			when: []events.Event{adopts("fabasoft")},
			want: []string{"model.adopted#0 ANN " + owner, "model.adopted#0 CAT owners(F04) by organization.co_owner"},
		},
		{
			name: "a model that tells nobody does not hide its own adoption", given: append(members(cat), granted(cat, "co_owner", org), mainOwner(cat)),
			when: []events.Event{adopts(old)},
			want: []string{"model.adopted#0 CAT owners(F04) by organization.co_owner alone as organization.main_owner"},
		},
		{
			name: "nor does one before it that told nobody", model: old, when: []events.Event{adopts("fabasoft")},
			want: []string{"model.adopted#0 ANN " + owner},
		},
		{
			name: "the one concerned and an audience", model: "github", given: append(members(ben, cat), granted(cat, "admin", org)),
			when: []events.Event{events.MembershipTerminated{Subject: ben, Scope: org}},
			want: []string{
				"membership.terminated#0 BEN concerned", "membership.terminated#0 ANN admins() by organization.admin", "membership.terminated#0 CAT admins() by organization.admin",
			},
		},
		{
			name: "a line that comes to its end", model: "github",
			when: []events.Event{events.MembershipTerminated{Subject: ann, Scope: org}},
			want: []string{"membership.terminated#0 ANN concerned"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			model := test.model
			if model == "" {
				model = "fabasoft"
			}
			before := foldUnder(t, modelOf(model), test.given...)
			now := after(t, before, test.when...)
			r := record(before, test.when...)
			if test.change != nil {
				test.change(&r)
			}
			list := Notices(before, now, r)
			if diff := cmp.Diff(test.want, shorts(list)); diff != "" {
				t.Error(diff)
			}
			ids := map[string]bool{}
			for _, n := range list {
				if len(n.ID) != 24 || ids[n.ID] || n.Org != acme || n.Revision != r.Revision || n.Commit != r.ID || n.Actor != r.Actor || !n.At.Equal(start) {
					t.Errorf("%+v", n)
				}
				ids[n.ID] = true
			}
			if diff := cmp.Diff(list, Notices(before, now, r)); diff != "" {
				t.Errorf("looked at again: %s", diff)
			}
		})
	}
}

// old is the model fabasoft as it was before it told anybody of adoptions, and
// people of the end of their own membership.
const old = "fabasoft_1"

func modelOf(id string) *rolemodel.Model {
	if id == old {
		return must(rolemodel.Parse(old, must(os.ReadFile("../rolemodel/testdata/v1/"+old+".json"))))
	}
	return must(rolemodel.Builtin(id))
}

func adopts(id string) events.Event {
	m := modelOf(id)
	digest := m.Digest()
	return events.ModelAdopted{Model: m.ID, Source: m.Canonical(), Digest: digest[:]}
}

func mainOwner(who events.PrincipalID) events.Event {
	return events.DesignationSet{Designation: "main_owner", Scope: org, Subject: who}
}

// TestDesignated does not ask the state for the audience.
func TestDesignated(t *testing.T) {
	m := must(rolemodel.Builtin("fabasoft"))
	owners, _ := m.Audience("owners")
	administrators, _ := m.Audience("administrators")
	role := func(events.PrincipalID) string { return "organization.co_owner" }
	both := &rolemodel.Recipients{Subject: true}
	tests := []struct {
		name   string
		wanted *rolemodel.Recipients
		former events.PrincipalID
		found  addressees
		want   []string
	}{
		{
			"F04 the main owner alone", both, "",
			addressees{Addressees: aggregate.Addressees{Persons: []events.PrincipalID{cat}, Audience: owners, Designated: true}, role: role},
			[]string{"#0 BEN concerned", "#0 CAT owners(F04) by organization.co_owner alone as organization.main_owner"},
		},
		{
			"F08 no administrator: the main owner alone", &rolemodel.Recipients{}, "",
			addressees{
				Addressees: aggregate.Addressees{Persons: []events.PrincipalID{cat}, Audience: owners, Designated: true, Skipped: []*rolemodel.Audience{administrators}},
				why:        []Skip{Vacant}, role: role,
			},
			[]string{"#0 CAT owners(F04) by organization.co_owner alone as organization.main_owner not administrators(F08) vacant"},
		},
		{
			"the former holder is the main owner: one notice", both, cat,
			addressees{Addressees: aggregate.Addressees{Persons: []events.PrincipalID{cat}, Audience: owners, Designated: true}, role: role},
			[]string{"#0 BEN concerned", "#0 CAT former owners(F04) by organization.co_owner alone as organization.main_owner"},
		},
		{"nobody", &rolemodel.Recipients{}, cat, addressees{}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, r := range recipients(test.wanted, happening{notice: Notice{Subject: ben}, former: test.former}, test.found) {
				got = append(got, short(Notice{Recipient: r.person, Ground: r.ground}))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParkedIsTold(t *testing.T) {
	now := fold(t, "fabasoft", append(members(ben, cat), granted(ben, "administrator", org), granted(cat, "administrator", org))...)
	n := some(1, ben)[0]
	what := Parked{ID: n.ID, Kind: n.Kind, Code: 550, Why: WhyRefused}
	list := alerts(now, n, what, start, 7)
	if diff := cmp.Diff([]string{"notice.parked#0 CAT administrators(F08) by organization.administrator"}, shorts(list)); diff != "" {
		t.Error(diff)
	}
	if list[0].Subject != ben || *list[0].Parked != what || list[0].Revision != n.Revision {
		t.Errorf("%+v", list[0])
	}
	if again := alerts(now, n, what, start, 7); again[0].ID != list[0].ID {
		t.Error("the same parking is told twice")
	}
	if later := alerts(now, n, what, start, 9); later[0].ID == list[0].ID {
		t.Error("the next parking is not told")
	}
	if loop := alerts(now, list[0], what, start, 8); loop != nil {
		t.Errorf("told of what tells: %v", shorts(loop))
	}
	now = fold(t, "fabasoft", append(members(ben), granted(ben, "administrator", org))...)
	if diff := cmp.Diff([]string{"notice.parked#0 ANN owners(F04) by organization.owner not administrators(F08) held_by_concerned"}, shorts(alerts(now, n, what, start, 7))); diff != "" {
		t.Error(diff)
	}
}
