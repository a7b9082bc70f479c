package aggregate

import (
	"strings"
	"testing"

	"tenure/events"
	"tenure/rolemodel"
)

// The hall model has an act, of a permission of its own, for all that an
// organization keeps beside roles and memberships.
const hallSource = `
model: hall
title: Hall
about: A hall with rooms, whose chair may do everything.
root: hall
highest: hall.chair
scopes:
  - {kind: hall, title: Hall, membership: true}
  - {kind: room, title: Room, under: [hall], membership: true}
  - {kind: circle, title: Circle, under: [hall], membership: true, carries: [hall.read]}
features:
  - {id: heating, title: Heating}
permissions:
  - {id: hall.rules, title: Change the rules, section: Hall, allows: [model.adopt]}
  - {id: hall.read, title: Read, section: Hall, feature: heating}
  - {id: hall.clients, title: Manage clients, section: Hall, allows: [client.manage]}
  - {id: hall.holds, title: Hold, section: Hall, allows: [hold.place]}
  - {id: hall.reminders, title: Remind, section: Hall, allows: [reminder.set]}
  - {id: hall.managers, title: Name managers, section: Hall, allows: [manager.assign]}
  - {id: hall.routes, title: Reroute, section: Hall, allows: [addresses.route]}
  - {id: hall.answers, title: Answer, section: Hall, allows: [invitation.answer]}
  - {id: hall.features, title: Switch features, section: Hall, allows: [feature.switch]}
  - {id: hall.withholding, title: Withhold, section: Hall, allows: [role.withhold]}
  - {id: hall.define, title: Define roles, section: Hall, allows: [role.define]}
  - {id: hall.undefine, title: Delete roles, section: Hall, allows: [role.delete]}
  - {id: room.shelve, title: Shelve, section: Rooms, allows: [scope.archive]}
  - {id: room.pause, title: Pause, section: Rooms, allows: [membership.start, membership.suspend]}
  - {id: room.resume, title: Resume, section: Rooms, allows: [membership.resume]}
  - {id: room.end, title: End, section: Rooms, allows: [membership.terminate]}
  - {id: circle.give, title: Give, section: Rooms, allows: [scope.permit]}
roles:
  - id: hall.chair
    title: Chair
    membership: hall
    at_least: 1
    granted_by: [hall.chair]
    permissions: [hall.rules, hall.read, hall.clients, hall.holds, hall.reminders, hall.managers, hall.routes, hall.answers, hall.features, hall.withholding, hall.define, hall.undefine]
    inherited: [room.shelve, room.pause, room.resume, room.end, circle.give]
  - {id: hall.reader, title: Reader, adjustable: true, granted_by: [hall.chair], permissions: [hall.read]}
  - {id: hall.bot, title: Bot, holder: client, granted_by: [hall.chair], permissions: [hall.read]}
custom_roles:
  - {id: hall.office, title: Office, granted_by: [hall.chair], permissions: [hall.read]}
`

// hallWithout is the hall model without some acts.
func hallWithout(acts ...rolemodel.Act) *rolemodel.Model {
	source := hallSource
	for _, act := range acts {
		allows := ", allows: [" + string(act) + "]"
		if !strings.Contains(source, allows) {
			panic("the hall does not allow " + string(act))
		}
		source = strings.Replace(source, allows, "", 1)
	}
	return must(rolemodel.Parse("hall.yaml", []byte(source)))
}

// Nothing is left that somebody could end before, and nobody can under the model
// that is adopted: it ends with that, or it is to be ended first.
func TestNothingIsStranded(t *testing.T) {
	const (
		hall events.ScopeID = "hall:acme"
		room events.ScopeID = "room:one"
		ring events.ScopeID = "circle:ring"
	)
	opened := func(model *rolemodel.Model, parts ...any) history {
		return given(together(founding(model, acme), registered(ann), started(ann, hall), granted(ann, "chair", hall)),
			together(registered(ben), started(ben, hall), created(room, hall), created(ring, hall), started(ben, room))).and(parts...)
	}
	for _, test := range []struct {
		name  string
		acts  []rolemodel.Act
		has   []events.Event
		ends  events.Event // in the course of the adoption
		first string       // or before it
	}{
		{"an API client", []rolemodel.Act{rolemodel.ClientManage}, []events.Event{client(bot)}, nil, "nobody manages API clients; first delete " + string(bot)},
		{"a hold", []rolemodel.Act{rolemodel.HoldPlace}, []events.Event{events.HoldPlaced{Hold: holdID(1), Subject: ben, Ground: events.Sealed("g")}}, nil,
			"nobody releases legal holds; first release those of " + string(ben)},
		{"a reminder", []rolemodel.Act{rolemodel.ReminderSet}, []events.Event{registered(dan), events.ReminderSet{Reminder: reminderID(1), Subject: dan, Due: later}}, nil,
			"nobody completes reminders; first complete or cancel those of " + string(dan)},
		{"a custom role", []rolemodel.Act{rolemodel.RoleDelete}, []events.Event{events.RoleDefined{Role: "clerk", Scope: hall, Template: "hall.office"}}, nil,
			"nobody deletes custom roles; first delete hall.clerk"},
		{"a scope in the archive", []rolemodel.Act{rolemodel.ScopeArchive}, []events.Event{events.ScopeArchived{Scope: room}}, nil,
			"nobody restores a room from the archive; first restore room:one"},
		{"a member who is suspended", []rolemodel.Act{rolemodel.MembershipResume, rolemodel.MembershipTerminate}, []events.Event{suspended(ben, room)}, nil,
			"nobody resumes the membership of a room; first resume or end those that are suspended on room:one"},
		{"a route", []rolemodel.Act{rolemodel.AddressesRoute}, []events.Event{routed(hall, "elm.example")}, routed(hall), ""},
		{"a route to where nobody answers", []rolemodel.Act{rolemodel.InvitationAnswer}, []events.Event{routed(hall, "elm.example")}, routed(hall), ""},
		{"a manager", []rolemodel.Act{rolemodel.ManagerAssign}, []events.Event{managed(ben, ann)}, unmanaged(ben, ann, events.CauseModel), ""},
		{"a feature", []rolemodel.Act{rolemodel.FeatureSwitch}, []events.Event{events.FeatureEnabled{Feature: "heating"}}, events.FeatureDisabled{Feature: "heating"}, ""},
		{"a permission that is withheld", []rolemodel.Act{rolemodel.RoleWithhold}, []events.Event{events.PermissionWithheld{Kind: "hall", Role: "reader", Permission: "hall.read"}},
			events.PermissionRestored{Kind: "hall", Role: "reader", Permission: "hall.read"}, ""},
		{"a permission of a group", []rolemodel.Act{rolemodel.ScopePermit}, []events.Event{events.PermissionAdded{Scope: ring, Permission: "hall.read"}},
			events.PermissionRemoved{Scope: ring, Permission: "hall.read"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			less := hallWithout(test.acts...)
			state := opened(hallWithout(), test.has).fold(t)
			forged := following(state, ann, adopts(less))
			commit, err := when(ann, AdoptModel{Model: less}).decide(state)
			if test.ends == nil {
				refused{code: CodeUnfit, says: test.first}.check(t, commit, err)
				if refusals := Audit(state, forged); len(refusals) != 1 || refusals[0].Code != CodeUnfit {
					t.Errorf("left behind: %v", refusals)
				}
			} else {
				then(test.ends, adopts(less)).check(t, commit, err)
				if refusals := Audit(state, forged); len(refusals) != 1 || refusals[0].Code != CodeUnfounded || !strings.Contains(refusals[0].Message, "would be left") {
					t.Errorf("left behind: %v", refusals)
				}
				// Not what could stay.
				retitled := must(rolemodel.Parse("hall.yaml", []byte(strings.Replace(hallSource, "title: Hall\nabout", "title: House\nabout", 1))))
				if refusals := Audit(state, following(state, ann, test.ends, adopts(retitled))); len(refusals) != 1 || refusals[0].Event != 0 || refusals[0].Code != CodeUnfounded {
					t.Errorf("ended without need: %v", refusals)
				}
			}
			// Without it, nothing is in the way.
			empty := opened(hallWithout()).fold(t)
			commit, err = when(ann, AdoptModel{Model: less}).decide(empty)
			then(adopts(less)).check(t, commit, err)
			// What nobody but the operator could end before stays.
			given := opened(less, test.has).fold(t)
			lesser := must(rolemodel.Parse("hall.yaml", []byte(strings.Replace(string(less.Canonical()), `"title":"Hall","about"`, `"title":"House","about"`, 1))))
			commit, err = when(ann, AdoptModel{Model: lesser}).decide(given)
			then(adopts(lesser)).check(t, commit, err)
		})
	}
	// Who is suspended can still leave, or be sent away.
	state := opened(hallWithout(), []events.Event{suspended(ben, room)}).fold(t)
	commit, err := when(ann, AdoptModel{Model: hallWithout(rolemodel.MembershipResume)}).decide(state)
	then(adopts(hallWithout(rolemodel.MembershipResume))).check(t, commit, err)
}
