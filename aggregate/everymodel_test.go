package aggregate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"tenure/events"
	"tenure/rolemodel"
)

// worldOf makes a world out of any model: an organization with ann as its highest
// and scopes of every kind, some people in all of them, others known alone, its
// features on, and whatever else the model has, custom roles and clients.
func worldOf(t testing.TB, model *rolemodel.Model) *world {
	t.Helper()
	root := events.Scope(model.Root, string(acme))
	w := &world{model: model, people: []events.PrincipalID{ann, ben, cat, dan, eve, nix}, scopes: []events.ScopeID{root},
		keys: []events.CredentialID{keyID(1), keyID(2), keyID(3)}}
	var state State
	try := func(command Command) error {
		commit, err := when(events.Operator, command, because("correction")).decide(state)
		if err != nil {
			return err
		}
		if len(commit.Events) > 0 {
			state, w.before = stored(t, state, commit), append(w.before, commit.Events)
		}
		return nil
	}
	do := func(command Command) {
		t.Helper()
		if err := try(command); err != nil {
			t.Fatalf("%+v: %v", command, err)
		}
	}
	found := Found{Model: model, Owner: &RegisterPerson{Subject: ann}}
	for _, edition := range model.Editions {
		if chosen, _ := model.Edition(string(found.Edition)); chosen == nil || edition.Features.Len() > chosen.Features.Len() {
			found.Edition = events.EditionID(edition.ID)
		}
	}
	if commit, err := when(events.Operator, found).decide(state); err != nil {
		t.Fatal(err)
	} else {
		state, w.before = stored(t, state, commit), append(w.before, commit.Events)
	}
	for _, feature := range model.Features {
		if len(feature.Editions) == 0 {
			do(SwitchFeature{Feature: events.FeatureID(feature.ID), On: true})
		}
	}
	for _, who := range []events.PrincipalID{ben, cat, dan, eve} {
		do(RegisterPerson{Subject: who})
		if who != eve {
			do(StartMembership{Subject: who, Scope: root})
		}
	}

	// Of each kind there is one below every kind under which it may stand, and the
	// handle of another one.
	there := map[*rolemodel.Kind]events.ScopeID{}
	for _, kind := range model.Kinds {
		if kind.Name == model.Root {
			there[kind] = root
		}
		for i, under := range kind.Under {
			scope := events.Scope(kind.Name, fmt.Sprint("s", i))
			if above, exists := there[under]; exists {
				create := CreateScope{Scope: scope, Parent: above}
				if len(kind.Creator) > 0 {
					create.Creator = ann
				}
				do(create)
				w.scopes = append(w.scopes, scope)
				if there[kind] == "" {
					there[kind] = scope
				}
			}
		}
		if len(kind.Under) > 0 {
			w.scopes = append(w.scopes, events.Scope(kind.Name, "none"))
		}
		if kind.Membership && kind.Name != model.Root {
			for _, who := range []events.PrincipalID{ben, cat} {
				do(StartMembership{Subject: who, Scope: there[kind]})
			}
		}
	}
	for i, template := range model.Templates {
		name := w.custom()[i]
		do(DefineRole{Role: name, Template: template.ID()})
		do(GrantRole{Subject: ben, Role: name, Scope: there[kindOf(t, model, template.Kind)]})
	}
	if slices.ContainsFunc(model.Roles, func(role *rolemodel.Role) bool { return role.Client }) {
		do(CreateClient{Subject: bot})
		w.people = append(w.people, bot)
	}
	if slices.ContainsFunc(model.Roles, func(role *rolemodel.Role) bool { return role.Automatic }) {
		w.people = append(w.people, background)
	}
	for i, role := range model.Roles {
		w.roles = append(w.roles, events.RoleID(role.Name))
		who := []events.PrincipalID{ben, cat, dan}[i%3]
		if role.Client {
			who = bot
		}
		// Not all can be held beside each other, and a few not by these people.
		_ = try(GrantRole{Subject: who, Role: events.RoleID(role.Name), Scope: there[kindOf(t, model, role.Kind)]})
	}
	return w
}

func kindOf(t testing.TB, model *rolemodel.Model, name string) *rolemodel.Kind {
	t.Helper()
	kind, known := model.Kind(name)
	if !known {
		t.Fatalf("there is no kind %s", name)
	}
	return kind
}

// Under every model that is built in, one that is added as a file included, random
// commands break no invariant, whatever is accepted passes its audit, and whatever
// is forged and let through breaks none either.
func TestRandomHistoriesOfEveryModel(t *testing.T) {
	for i, model := range rolemodel.List() {
		t.Run(model.ID, func(t *testing.T) {
			random := rand.New(rand.NewPCG(9, uint64(i)))
			d := draw(random.IntN)
			x := &trial{world: worldOf(t, model)}
			x.begin(t, d)
			x.sound(t, d)
			taken, let, tried, forged := 0, 0, 800, 200
			for n := range tried {
				if x.attempt(t, d) {
					taken++
				}
				if faults := broken(x.state.Snapshot(), model); faults != nil {
					t.Fatalf("%v\nafter %+v", faults, x.history[len(x.history)-1])
				}
				if n%40 == 0 {
					x.sound(t, d)
				}
			}
			x.sound(t, d)
			x.refold(t)
			for range forged {
				commit := x.walk(d, x.state, pick(d, append(slices.Clone(x.people), events.Operator, events.Importer, events.Background)), 1+d(4))
				if Audit(x.state, commit) != nil {
					continue
				}
				let++
				next := stored(t, x.state, commit)
				if faults := append(broken(next.Snapshot(), model), offended(x.state.Snapshot(), next.Snapshot(), model, commit)...); faults != nil {
					t.Fatalf("%v\nafter %+v", faults, commit)
				}
			}
			t.Logf("%d commands of %d were done, %d forged commits of %d let through", taken, tried, let, forged)
			if taken < tried/20 || taken > tried*19/20 {
				t.Error("the random commands show nothing: too many of a kind")
			}
		})
	}
}
