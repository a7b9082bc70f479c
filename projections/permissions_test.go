package projections

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/ledger"

	"pgregory.net/rapid"
)

func TestPermissionsRefuseAGap(t *testing.T) {
	h := newHistory("acme")
	h.found(t)
	for range 3 {
		h.join(t)
	}
	for _, c := range []struct {
		name string
		then int // index of the record after the first two
	}{
		{"a revision is left out", 3},
		{"the same comes again", 1},
		{"an earlier one comes again", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			view := NewPermissions()
			apply(t, view, h.records[:2]...)
			before, _ := view.State("acme")
			if err := view.Apply(h.records[c.then]); !errors.Is(err, ErrGap) {
				t.Fatalf("Apply gives %v, want ErrGap", err)
			}
			if after, _ := view.State("acme"); after != before || view.Position() != 2 {
				t.Errorf("the view moved on to revision %d", view.Position())
			}
			apply(t, view, h.records[2:]...)
			after, _ := view.State("acme")
			same(t, "the view after a refusal", h.state, *after)
		})
	}
}

func TestPermissionsHaltAtWhatTheyCannotFold(t *testing.T) {
	h := newHistory("acme")
	admin := h.found(t)
	next := h.must(t, aggregate.RegisterPerson{Subject: h.person()})
	for name, spoil := range map[string]func(*events.Record){
		"a person who is not there": func(r *events.Record) {
			r.Events = events.Events{events.RoleGranted{Subject: "01J00000000000000000000000", Role: "admin", Scope: h.root()}}
		},
		"a role that the model does not have": func(r *events.Record) {
			r.Events = events.Events{events.RoleGranted{Subject: admin, Role: "emperor", Scope: h.root()}}
		},
		"a number that does not follow":          func(r *events.Record) { r.Number++ },
		"a previous revision that is not theirs": func(r *events.Record) { r.Prev++ },
		"an event of no known type":              func(r *events.Record) { r.Events = events.Events{unheard{}} },
		"the first commit of an organization, without events": func(r *events.Record) {
			r.Org, r.Number, r.Prev, r.Events = "other", 1, 0, nil
		},
		"an unknown organization without a founding": func(r *events.Record) {
			r.Org, r.Number, r.Prev = "other", 1, 0
		},
	} {
		t.Run(name, func(t *testing.T) {
			view := NewPermissions()
			apply(t, view, h.records[0])
			before, _ := view.State("acme")
			broken := next
			spoil(&broken)
			err := func() (err error) {
				defer func() {
					if p := recover(); p != nil {
						t.Fatalf("it panics: %v", p)
					}
				}()
				return view.Apply(broken)
			}()
			if err == nil || errors.Is(err, ErrGap) || !strings.Contains(err.Error(), "revision 2") {
				t.Errorf("Apply gives %v, want an error that names revision 2", err)
			}
			if after, _ := view.State("acme"); after != before || view.Position() != 1 {
				t.Errorf("the view moved on to revision %d", view.Position())
			}
			if list := view.Organizations(); !slices.Equal(list, []events.OrgID{"acme"}) {
				t.Errorf("there are the organizations %v", list)
			}
		})
	}
}

// unheard is an event that no build of ours has written.
type unheard struct{}

func (unheard) Concern() events.Concern { return events.Concern{} }

func apply(t rapid.TB, view *Permissions, records ...events.Record) {
	t.Helper()
	for _, r := range records {
		if err := view.Apply(r); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPermissionsAreTheFold interleaves random histories of several
// organizations and compares each with its own fold.
func TestPermissionsAreTheFold(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		view := NewPermissions()
		histories := []*history{newHistory("acme"), newHistory("beta"), newHistory("gamma")}
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			h := rapid.SampledFrom(histories).Draw(rt, "organization")
			record, err := h.step(rt, view.Position()+1)
			if err != nil {
				continue
			}
			apply(rt, view, record)
		}
		for _, h := range histories {
			got, known := view.State(h.org)
			if known != h.state.Founded() {
				rt.Fatalf("%s is known: %t", h.org, known)
			}
			if known {
				same(rt, "the view is not the fold", fold(rt, h.records), *got)
			}
		}
	})
}

// TestPermissionsRebuilt compares the view that followed a ledger live with
// one that was rebuilt from it afterwards.
func TestPermissionsRebuilt(t *testing.T) {
	ctx := t.Context()
	store, err := ledger.Open(ctx, ledger.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := store.Close(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	}()
	acme, beta := newHistory("acme"), newHistory("beta")
	step := func(h *history, c aggregate.Command) {
		t.Helper()
		record := h.must(t, c)
		revision, err := store.Append(ctx, record.Commit, record.Prev)
		if err != nil {
			t.Fatal(err)
		}
		// The ledger gave the next revision of all organizations.
		h.records[len(h.records)-1].Revision = revision
		h.state = fold(t, h.records)
	}
	model := github(t)
	var last events.Revision
	for _, h := range []*history{acme, beta} {
		step(h, aggregate.Found{Model: model, Owner: &aggregate.RegisterPerson{Subject: h.person()}})
	}
	for range 5 {
		for _, h := range []*history{acme, beta} {
			who := h.person()
			step(h, aggregate.RegisterPerson{Subject: who, Email: events.Sealed("sealed")})
			step(h, aggregate.StartMembership{Subject: who, Scope: h.root()})
			step(h, h.issue(who))
		}
	}
	step(acme, aggregate.CreateScope{Scope: "team:a", Parent: acme.root()})
	step(acme, aggregate.TerminateMembership{Subject: acme.people[2], Scope: acme.root()})
	last = acme.state.Revision

	live, liveKeys := NewPermissions(), NewCredentials()
	following, stop := context.WithCancel(ctx)
	defer stop()
	err = store.Follow(following, 0, func(r events.Record) error {
		if err := errors.Join(live.Apply(r), liveKeys.Apply(r)); err != nil {
			return err
		}
		if r.Revision == last {
			stop()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	rebuilt, rebuiltKeys := NewPermissions(), NewCredentials()
	if err := store.Replay(ctx, 0, func(r events.Record) error { return errors.Join(rebuilt.Apply(r), rebuiltKeys.Apply(r)) }); err != nil {
		t.Fatal(err)
	}
	if live.Position() != rebuilt.Position() || live.Position() != last {
		t.Errorf("the live view stands at %d, the rebuilt one at %d, the ledger at %d", live.Position(), rebuilt.Position(), last)
	}
	for _, h := range []*history{acme, beta} {
		liveState, _ := live.State(h.org)
		rebuiltState, _ := rebuilt.State(h.org)
		same(t, "rebuilt and live", *liveState, *rebuiltState)
		same(t, "live and decided", h.state, *liveState)
		for _, key := range h.keys {
			a, inForce := liveKeys.Find(hashOf(key))
			b, inForceToo := rebuiltKeys.Find(hashOf(key))
			if _, want := h.state.Credential(key); inForce != want || inForceToo != want || a != b {
				t.Errorf("key %s: live %+v %t, rebuilt %+v %t, want %t", key, a, inForce, b, inForceToo, want)
			}
		}
	}
}

// TestAllowedUntil: a role gives nothing from the moment on at which it ends,
// before that is on record.
func TestAllowedUntil(t *testing.T) {
	h := newHistory("acme")
	h.found(t)
	member := h.join(t)
	until := h.state.Effective.Add(time.Hour)
	h.must(t, aggregate.GrantRole{Subject: member, Role: "admin", Scope: h.root(), Until: until})
	view := NewPermissions()
	apply(t, view, h.records...)
	for at, want := range map[time.Time]bool{until.Add(-time.Second): true, until: false, until.Add(time.Hour): false} {
		if got := view.Allowed("acme", member, "organization.edit", h.root(), at); got != want {
			t.Errorf("at %s allowed is %t", at, got)
		}
	}
	root := h.root()
	if n := testing.AllocsPerRun(100, func() { view.Allowed("acme", member, "organization.edit", root, until) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestAllowed(t *testing.T) {
	h := newHistory("acme")
	admin, member, outsider := h.found(t), h.join(t), h.person()
	h.must(t, aggregate.RegisterPerson{Subject: outsider})
	parent := h.root()
	for _, team := range teams {
		h.must(t, aggregate.CreateScope{Scope: team, Parent: parent})
		parent = team
	}
	h.must(t, aggregate.GrantRole{Subject: member, Role: "maintainer", Scope: "team:b"})
	view := NewPermissions()
	apply(t, view, h.records...)
	for _, c := range []struct {
		name       string
		org        events.OrgID
		who        events.PrincipalID
		permission string
		on         events.ScopeID
		want       bool
	}{
		{"held on the scope itself", "acme", admin, "organization.billing.manage", h.root(), true},
		{"inherited to the deepest scope", "acme", admin, "team.delete", "team:d", true},
		{"a maintainer on the own team", "acme", member, "team.delete", "team:b", true},
		{"a maintainer below", "acme", member, "team.move", "team:d", true},
		{"a maintainer not above", "acme", member, "team.delete", "team:a", false},
		{"by the default role", "acme", member, "team.read", "team:a", true},
		{"not by the default role", "acme", member, "organization.billing.manage", h.root(), false},
		{"known only", "acme", outsider, "organization.people.read", h.root(), false},
		{"unknown person", "acme", "01J00000000000000000000000", "team.read", "team:a", false},
		{"unknown permission", "acme", admin, "team.fly", "team:a", false},
		{"permission of another kind", "acme", admin, "organization.edit", "team:a", false},
		{"unknown scope", "acme", admin, "team.read", "team:zz", false},
		{"unknown organization", "beta", admin, "organization.edit", h.root(), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := view.Allowed(c.org, c.who, c.permission, c.on, time.Time{}); got != c.want {
				t.Errorf("allowed is %t", got)
			}
			if n := testing.AllocsPerRun(100, func() { view.Allowed(c.org, c.who, c.permission, c.on, time.Time{}) }); n != 0 {
				t.Errorf("it allocates %v times", n)
			}
		})
	}
}

// TestPermissionsReadWhileApplied reads from many goroutines while commits
// come in; run it with -race. Each reader sees the organization move forward
// only, and every state whole.
func TestPermissionsReadWhileApplied(t *testing.T) {
	acme, beta := newHistory("acme"), newHistory("beta")
	acme.found(t)
	beta.clock = acme.clock
	for i := range 200 {
		who := acme.join(t)
		acme.must(t, aggregate.GrantRole{Subject: who, Role: "admin", Scope: acme.root()})
		if i%3 == 0 {
			acme.must(t, acme.issue(who))
			acme.must(t, aggregate.TerminateMembership{Subject: who, Scope: acme.root()})
		}
	}
	offset := acme.state.Revision
	beta.state.Revision = 0
	beta.found(t)
	for i := range beta.records { // they come after those of acme
		beta.records[i].Revision += offset
	}
	all := interleaved(acme, beta)

	view, keys := NewPermissions(), NewCredentials()
	apply(t, view, all[0])
	model := github(t)
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			var seen events.Revision
			for {
				select {
				case <-done:
					return
				default:
				}
				state, known := view.State("acme")
				if !known || state.Revision < seen {
					t.Errorf("the organization went back from revision %d", seen)
					return
				}
				seen = state.Revision
				root, _ := state.Scope(state.Root)
				for _, id := range root.Holders(model.Highest) {
					person, known := state.Person(id)
					if !known {
						t.Errorf("revision %d is not whole: holder %s is not known", seen, id)
						return
					}
					if _, held := person.Grant(state.Model.Highest, state.Root); !held {
						t.Errorf("revision %d is not whole: %s holds nothing", seen, id)
						return
					}
				}
				if !view.Allowed("acme", acme.people[0], "organization.edit", acme.root(), time.Time{}) {
					t.Error("the founder is not allowed")
					return
				}
				for _, key := range acme.keys {
					if holder, found := keys.Find(hashOf(key)); found && holder.Credential != key {
						t.Errorf("key %s is that of %+v", key, holder)
					}
				}
				view.Organizations()
			}
		})
	}
	for _, r := range all[1:] {
		if err := errors.Join(view.Apply(r), keys.Apply(r)); err != nil {
			t.Error(err)
			break
		}
	}
	close(done)
	readers.Wait()
	if got, want := view.Position(), all[len(all)-1].Revision; got != want {
		t.Errorf("the view stands at %d, want %d", got, want)
	}
}
