package aggregate

import (
	"crypto/sha256"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tenure/events"
)

// Every event of the catalogue has its place in the state. A new one needs a
// case in evolve, and one in the audit.
func TestEveryEventIsFolded(t *testing.T) {
	state := given(acmeFounded).fold(t)
	for _, row := range events.Catalogue() {
		event := reflect.Zero(row.Struct).Interface().(events.Event)
		if _, err := state.evolve(event, commitID(2), Stamp{}, ""); err != nil && strings.Contains(err.Error(), "has no place in the state") {
			t.Errorf("%s: %v", row.Name, err)
		}
	}
	if _, err := state.evolve(&events.RoleGranted{}, commitID(2), Stamp{}, ""); err == nil {
		t.Error("an unknown event is folded")
	}
}

func TestApplyRefusesWhatDoesNotFollow(t *testing.T) {
	state := given(acmeFounded, joined(ben)).fold(t)
	before := state.Snapshot()
	for name, test := range map[string]struct {
		alter func(*events.Record)
		says  string
	}{
		"a number skipped":         {func(r *events.Record) { r.Number++ }, "does not follow"},
		"another predecessor":      {func(r *events.Record) { r.Prev-- }, "does not follow"},
		"an old revision":          {func(r *events.Record) { r.Revision = state.Revision }, "does not follow"},
		"another organization":     {func(r *events.Record) { r.Org = "other" }, "does not follow"},
		"an unknown person":        {func(r *events.Record) { r.Events = together(started(nix, org)) }, "no person"},
		"an unknown scope":         {func(r *events.Record) { r.Events = together(deleted("team:none")) }, "no scope"},
		"a member of nothing":      {func(r *events.Record) { r.Events = together(started(ben, "team:none")) }, "no scope"},
		"no member of nothing":     {func(r *events.Record) { r.Events = together(terminated(ben, "team:none")) }, "no scope"},
		"a role on nothing":        {func(r *events.Record) { r.Events = together(granted(ben, "member", "team:none")) }, "no scope"},
		"no role on nothing":       {func(r *events.Record) { r.Events = together(revoked(ben, "member", "team:none")) }, "no scope"},
		"an unknown role revoked":  {func(r *events.Record) { r.Events = together(revoked(ben, "king", org)) }, "no role"},
		"an unknown parent":        {func(r *events.Record) { r.Events = together(created("team:new", "team:none")) }, "no scope"},
		"moved to an unknown one":  {func(r *events.Record) { r.Events = together(created(sig, org), moved(sig, "team:none")) }, "no scope"},
		"an unknown kind":          {func(r *events.Record) { r.Events = together(created("desk:one", org)) }, "no scope kind"},
		"an unknown role":          {func(r *events.Record) { r.Events = together(granted(ben, "king", org)) }, "no role"},
		"an unreadable role model": {func(r *events.Record) { r.Events = together(events.ModelAdopted{Source: []byte("none")}) }, "model.adopted"},
	} {
		t.Run(name, func(t *testing.T) {
			record := events.Record{Commit: following(state, ann, registered(cat)), Revision: state.Revision + 1}
			if _, err := state.Apply(record); err != nil {
				t.Fatalf("refused before it is altered: %v", err)
			}
			test.alter(&record)
			if _, err := state.Apply(record); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("it says %v, want %q", err, test.says)
			}
			if diff := cmp.Diff(before, state.Snapshot()); diff != "" {
				t.Error(diff)
			}
		})
	}
	// The first commit founds, or cannot be folded.
	for _, row := range events.Catalogue() {
		event := reflect.Zero(row.Struct).Interface().(events.Event)
		if _, err := (State{}).Apply(events.Record{Commit: following(State{}, ann, event), Revision: 1}); err == nil {
			t.Errorf("%s alone is folded into nothing", row.Name)
		}
	}
	for name, list := range map[string][]events.Event{
		"no event at all":           nil,
		"a scope before the model":  together(acmeFounded[0], created(sig, org)),
		"a role before the model":   together(acmeFounded[0], registered(ann), granted(ann, "admin", org)),
		"a model for another root":  founding(works, acme)[1:],
		"a root of no kind in it":   together(acmeFounded[0], founding(works, acme)[1]),
		"a model, and no root":      acmeFounded[1:],
		"a membership of no member": together(acmeFounded[0], terminated(nix, org)),
	} {
		if _, err := (State{}).Apply(events.Record{Commit: following(State{}, ann, list...), Revision: 1}); err == nil {
			t.Errorf("%s is folded into nothing", name)
		}
	}
	// What ends though it was not there leaves things as they are.
	record := events.Record{Commit: following(state, ann, revoked(ben, "admin", org), created(sig, org), terminated(ben, sig), revoked(ben, "member", sig)), Revision: state.Revision + 1}
	if _, err := state.Apply(record); err != nil {
		t.Error(err)
	}
}

// A state that was folded on stays as it was, and goes on another way.
func TestStatesShareNothingThatChanges(t *testing.T) {
	state := given(acmeFounded, joined(ben), joined(cat), teams, granted(ben, "member", sig), issued(ben, 1)).fold(t)
	before := state.Snapshot()
	one := must(when(ann, TerminateMembership{Subject: ben, Scope: org}).decide(state))
	two := must(when(ann, DeleteScope{Scope: sig}).decide(state))
	first := stored(t, state, one).Snapshot()
	second := stored(t, state, two).Snapshot()
	if diff := cmp.Diff(before, state.Snapshot()); diff != "" {
		t.Errorf("the state has changed:\n%s", diff)
	}
	if diff := cmp.Diff(first, stored(t, state, one).Snapshot()); diff != "" || cmp.Equal(first, second) {
		t.Errorf("one way has changed the other:\n%s", diff)
	}
}

func TestStamps(t *testing.T) {
	state := given(acmeFounded, joined(ben), suspended(ben, org)).fold(t)
	person, _ := state.Person(ben)
	m, _ := person.Membership(org)
	if m.Since.Revision != 6 || m.Changed.Revision != 9 || m.Changed.Actor != events.Operator || m.Active { // X03
		t.Errorf("membership is %+v", m)
	}
	g, _ := person.Grant(state.Model.Kinds[0].Default, org)
	if want := (Stamp{Revision: 6, Actor: events.Operator, At: start.Add(60e9), Cause: events.CauseDefault}); !cmp.Equal(g.Since, want) {
		t.Errorf("granted %+v, want %+v", g.Since, want)
	}
	if list := state.Persons(); len(list) != 2 || list[0].ID != ann || list[1].ID != ben {
		t.Errorf("persons are %v", list)
	}
}

// What happens on a scope is its last change, whatever it is and whoever did it
// (X03); what ends with it is one of the scope above.
func TestLastChange(t *testing.T) {
	sent := func(n int, role events.RoleID, on events.ScopeID) events.Event {
		return events.InvitationSent{Subject: eve, Invitation: inviteID(n), Scope: on, Role: role, Expires: later, Token: events.Sealed("token"), TokenHash: hash(n)}
	}
	past := house(opened(board, org), created("app:mail", org), opened(lab, "app:mail"), until(start.Add(day), granted(dan, "manager", board)), registered(eve), sent(1, "", org), marked(ann, mainOwner)).fold(t)
	fire := func(who events.PrincipalID) attempt { return when(background, FireDeadlines{who}, clockAt(later)) }
	for _, test := range []struct {
		name string
		when attempt
		on   []events.ScopeID
	}{
		{"a role given", when(ann, GrantRole{Subject: cat, Role: "manager", Scope: lab}), []events.ScopeID{lab}},
		{"a role limited", when(ann, GrantRole{Subject: dan, Role: "manager", Scope: board, Until: start.Add(2 * day)}), []events.ScopeID{board}},
		{"a role revoked", when(ann, RevokeRole{Subject: dan, Role: "manager", Scope: board}), []events.ScopeID{board}},
		{"a role whose time is over", fire(dan), []events.ScopeID{board}},
		{"a role withdrawn from the background user", when(ann, RevokeRole{Subject: background, Role: "background_tasks", Scope: lab}), []events.ScopeID{lab}},
		{"a mark cleared", when(ann, ClearDesignation{Designation: mainOwner, Scope: org}), []events.ScopeID{org}},
		{"a member suspended", when(ann, SuspendMembership{Subject: dan, Scope: org}), []events.ScopeID{org}},
		{"a member terminated", when(ann, TerminateMembership{Subject: dan, Scope: org}), []events.ScopeID{board, org}},
		{"an invitation sent", when(ann, SendInvitation{Invitation: inviteID(2), Register: &RegisterPerson{Subject: nix}, Subject: nix, Scope: org, Expires: later, Token: events.Sealed("token"), TokenHash: hash(2)}), []events.ScopeID{org}},
		{"an invitation withdrawn", when(ann, WithdrawInvitation{inviteID(1)}), []events.ScopeID{org}},
		{"an invitation declined", when(eve, DeclineInvitation{inviteID(1)}), []events.ScopeID{org}},
		{"an invitation that nobody answered", fire(eve), []events.ScopeID{org}},
		{"a feature", when(ben, SwitchFeature{Feature: "license_purchase", On: true}), []events.ScopeID{org}},
		{"a scope created", when(ann, CreateScope{Scope: "teamroom:new", Parent: org}), []events.ScopeID{"teamroom:new"}},
		{"a scope renamed", when(ann, RenameScope{Scope: lab, Title: events.Sealed("sealed")}), []events.ScopeID{lab}},
		{"a scope deleted", when(ann, DeleteScope{Scope: lab}), []events.ScopeID{"app:mail"}},
		{"details of a person", when(ann, RegisterPerson{Subject: nix}), nil},
		{"a key", when(ann, IssueCredential{Subject: ann, Credential: keyID(1), Prefix: "tenure_abc", Hash: hash(1)}), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			commit, err := test.when.decide(past)
			if err != nil {
				t.Fatal(err)
			}
			after := stored(t, past, commit)
			var changed []events.ScopeID
			for _, scope := range after.Scopes() {
				was, existed := past.Scope(scope.ID)
				switch {
				case existed && cmp.Equal(was.Changed, scope.Changed):
				case scope.Changed.Revision != after.Revision || scope.Changed.Actor != commit.Actor || !scope.Changed.At.Equal(commit.DecidedAt):
					t.Errorf("%s was changed last by %+v", scope.ID, scope.Changed)
				default:
					changed = append(changed, scope.ID)
				}
			}
			slices.Sort(changed)
			slices.Sort(test.on)
			if diff := cmp.Diff(test.on, changed); diff != "" {
				t.Errorf("changed are (-want +got):\n%s", diff)
			}
		})
	}
	// What the commit itself makes is no business of the state before.
	if scope, _ := past.Scope(board); scope.Changed.Revision >= past.Revision {
		t.Errorf("the state before says %+v", scope.Changed)
	}
}

// A grant keeps by whom and since when it is held, and says who changed it last.
func TestLimitedGrantSaysWhoLimitedIt(t *testing.T) {
	state := house(granted(dan, "administrator", org)).fold(t)
	given := state.Revision
	state = stored(t, state, must(when(ann, GrantRole{Subject: dan, Role: "administrator", Scope: org, Until: later}).decide(state)))
	person, _ := state.Person(dan)
	role, _ := state.Role("organization", "administrator")
	g, _ := person.Grant(role, org)
	if last := g.Changed(); g.Since.Revision != given || g.Since.Actor != events.Operator || last.Revision != state.Revision || last.Actor != ann {
		t.Errorf("held since %+v, changed by %+v", g.Since, last)
	}
	shot := state.Snapshot()
	i := slices.IndexFunc(shot.Persons, func(p PersonSnapshot) bool { return p.ID == dan })
	if kept := shot.Persons[i].Grants; !slices.ContainsFunc(kept, func(k GrantSnapshot) bool { return k.Changed == g.Changed() && k.Since == g.Since }) {
		t.Errorf("the snapshot has %+v", kept)
	}
}

// A model is read once as long as it is in use, and forgotten when it is not: what
// was only asked about is not kept.
func TestModelsAreKeptWhileInUse(t *testing.T) {
	source := clubWith("title: Club\nabout", "title: Used for a while\nabout").Canonical()
	digest := sha256.Sum256(source)
	model := must(adopt(source))
	runtime.GC()
	if again := must(adopt(source)); again != model {
		t.Error("a model in use is read again")
	}
	runtime.KeepAlive(model)
	for range 1000 {
		runtime.GC()
		if _, kept := models.Load(digest); !kept {
			return
		}
		runtime.Gosched()
	}
	t.Error("a model that nobody uses is kept")
}
