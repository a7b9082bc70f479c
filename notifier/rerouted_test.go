package notifier

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
)

// The units model reroutes invitations to units, whose porters are told.
var units = must(rolemodel.Parse("units.yaml", []byte(`
model: units
title: Units
about: Invitations are rerouted to units.
root: organization
highest: organization.admin
scopes:
  - {kind: organization, title: Organization, membership: true}
  - {kind: unit, title: Unit, under: [organization, unit], membership: true, joins: [member]}
permissions:
  - {id: organization.people, title: Manage people, section: People, allows: [person.register, membership.start]}
  - {id: unit.answer, title: Answer invitations, section: People, allows: [invitation.answer]}
roles:
  - id: organization.admin
    title: Admin
    membership: organization
    at_least: 1
    granted_by: [organization.admin]
    permissions: [organization.people]
  - {id: unit.porter, title: Porter, rule: M05, granted_by: [organization.admin], permissions: [unit.answer]}
  - {id: unit.deputy, title: Deputy, granted_by: [organization.admin], permissions: [unit.answer]}
audiences:
  - {id: porters, title: The porters of the unit, rule: M05, roles: [unit.porter], otherwise: admins}
  - {id: admins, title: The admins, roles: [organization.admin]}
messages:
  - {id: invitation.sent, title: An invitation was sent, subject: true}
  - {id: invitation.rerouted, title: An invitation was rerouted, audience: porters}
`)))

const (
	north events.ScopeID = "unit:north"
	south events.ScopeID = "unit:south"
	attic events.ScopeID = "unit:attic"
)

// rerouted is a state in which invitations are rerouted to the units north and,
// within it, attic.
func rerouted(t testing.TB, list ...events.Event) *aggregate.State {
	t.Helper()
	return foldUnder(t, units, append([]events.Event{
		events.ScopeCreated{Scope: north, Parent: org}, events.ScopeCreated{Scope: attic, Parent: north}, events.ScopeCreated{Scope: south, Parent: org},
		events.AddressesRouted{Scope: north, Domains: []string{"north.example"}}, events.AddressesRouted{Scope: attic, Domains: []string{"attic.example"}},
		events.PersonRegistered{Subject: ben}, events.PersonRegistered{Subject: cat}, events.PersonRegistered{Subject: dan},
	}, list...)...)
}

func invitation(route events.ScopeID) events.InvitationSent {
	return events.InvitationSent{Subject: ben, Invitation: someInvitation, Scope: south, Route: route, Expires: start.AddDate(0, 0, 7)}
}

func TestRerouted(t *testing.T) {
	concerned := "invitation.sent#0 BEN concerned"
	tests := []struct {
		name  string
		given []events.Event
		when  events.Event
		want  []string
	}{
		{"rerouted nowhere", []events.Event{granted(cat, "porter", north)}, invitation(""), []string{concerned}},
		{"to the porters of the unit, wherever it leads", []events.Event{granted(cat, "porter", north), granted(dan, "porter", south)}, invitation(north),
			[]string{concerned, "invitation.rerouted#0 CAT porters(M05) by unit.porter"}},
		{"of the nearest unit alone", []events.Event{granted(cat, "porter", north), granted(dan, "porter", attic)}, invitation(attic),
			[]string{concerned, "invitation.rerouted#0 DAN porters(M05) by unit.porter"}},
		{"nobody is porter", []events.Event{granted(cat, "porter", north)}, invitation(attic),
			[]string{concerned, "invitation.rerouted#0 ANN admins() by organization.admin not porters(M05) vacant"}},
		{"who is invited is the only porter", []events.Event{granted(ben, "porter", north)}, invitation(north),
			[]string{concerned, "invitation.rerouted#0 ANN admins() by organization.admin not porters(M05) held_by_concerned"}},
		{"sent again", []events.Event{granted(cat, "porter", north), invitation(north)}, events.InvitationResent{Subject: ben, Invitation: someInvitation, Expires: start.AddDate(0, 0, 9)},
			[]string{concerned, "invitation.rerouted#0 CAT porters(M05) by unit.porter"}},
		{"sent again, of one that is not", []events.Event{granted(cat, "porter", north), invitation("")}, events.InvitationResent{Subject: ben, Invitation: someInvitation, Expires: start.AddDate(0, 0, 9)}, []string{concerned}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := rerouted(t, test.given...)
			now := after(t, before, test.when)
			list := Notices(before, now, record(before, test.when))
			if diff := cmp.Diff(test.want, shorts(list)); diff != "" {
				t.Error(diff)
			}
			for _, n := range list {
				if n.Scope != south || n.Invitation != someInvitation || !n.Until.After(start) {
					t.Errorf("%+v", n)
				}
			}
		})
	}
	// A model that does not list the kind sends none.
	before := fold(t, "github", events.PersonRegistered{Subject: ben}, events.ScopeCreated{Scope: "team:sig", Parent: org})
	sent := invitation(org)
	sent.Scope = org
	if got := shorts(Notices(before, after(t, before, sent), record(before, sent))); !slices.Equal(got, []string{concerned}) {
		t.Error(got)
	}
}

func TestReroutedLetter(t *testing.T) {
	n := Notice{
		ID: "abcdefghijklmnopqrstuvwx", Org: acme, Kind: rolemodel.InvitationRerouted, Revision: 42, Commit: someCommit, At: start,
		Actor: ann, Command: "invitation.send", Recipient: cat, Subject: ben, Scope: north, Invitation: someInvitation, Role: "deputy", Until: start.AddDate(0, 0, 7),
		Ground: Ground{Audience: "porters", Rule: "M05", Role: "unit.porter"},
	}
	offered := invitation(north)
	offered.Scope, offered.Role = north, "deputy"
	state := rerouted(t, granted(cat, "porter", north), offered)
	open := func(state *aggregate.State) *names {
		opened := newNames(state)
		opened.titles[north], opened.titles[south] = "North", "South"
		return opened
	}
	l := must(write(t.Context(), open(state), "https://tenure.example.com", &n))
	text, html, err := l.render()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "invitation.rerouted.txt", "Subject: "+l.Subject+"\n\n"+text)
	golden(t, "invitation.rerouted.html", html)
	if strings.Contains(text+html, open(state).token) {
		t.Error("it holds the token")
	}
	// Who is in the audience and may not answer is told of it, and no more.
	n.Recipient = ann
	l = must(write(t.Context(), open(state), "", &n))
	if text = must2(l.render()); len(l.Actions) > 0 || strings.Contains(text, "invitations accept") || !strings.Contains(text, "Ben Baker") {
		t.Errorf("%s", text)
	}
	// It is over once it is answered, or the unit is gone.
	for name, end := range map[string][]events.Event{
		"declined": {events.InvitationDeclined{Subject: ben, Invitation: someInvitation}},
		"gone":     {events.ScopeDeleted{Scope: attic}, revoked(cat, "porter", north), events.ScopeDeleted{Scope: north}},
	} {
		if _, err := write(t.Context(), open(after(t, state, end...)), "", &n); !errors.Is(err, ErrOver) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
