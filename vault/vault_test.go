package vault

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"tenure/events"
)

func TestErasedIsGone(t *testing.T) {
	ctx := context.Background()
	v, m, dir := newVault(t)
	put(t, v, acme, ada, login("ada"), email("ada@example.org"))
	put(t, v, acme, ben, login("ben"))
	put(t, v, other, ada, login("ada"))
	sealed := map[events.OrgID]events.Sealed{}
	for _, org := range []events.OrgID{acme, other} {
		sealed[org] = seal(t, v, org, ada, one, FieldName, "Ada")
	}
	must(t, v.Erase(ctx, acme, ada))
	must(t, v.Erase(ctx, acme, ada))
	must(t, v.Erase(ctx, "third", ada))
	for _, v := range []*Vault{v, load(t, m, dir)} {
		_, err := v.Open(acme, ada, one, FieldName, sealed[acme])
		wantError(t, err, ErrErased)
		wantFound(t, v, acme, ByLogin, "ada", "")
		wantFound(t, v, acme, ByEmail, "ada@example.org", "")
		wantFound(t, v, acme, ByLogin, "ben", ben)
		wantFound(t, v, other, ByLogin, "ada", ada)
		if got, err := v.Open(other, ada, one, FieldName, sealed[other]); got != "Ada" {
			t.Errorf("in the other organization: %q, %v", got, err)
		}
	}
	// A login that comes back is a new person, who opens nothing of the former.
	put(t, v, acme, cleo, login("ada"))
	wantFound(t, v, acme, ByLogin, "ada", cleo)
	_, err := v.Open(acme, cleo, one, FieldName, sealed[acme])
	wantError(t, err, ErrTampered)
	// Nor would a new key for the same id.
	put(t, v, acme, ada)
	_, err = v.Open(acme, ada, one, FieldName, sealed[acme])
	wantError(t, err, ErrTampered)
}

func TestEraseHidesAtOnce(t *testing.T) {
	ctx := context.Background()
	for name, how := range map[string]outcome{"failed": fails, "failed but persisted": persists} {
		t.Run(name, func(t *testing.T) {
			v, m, dir := newVault(t)
			put(t, v, acme, ada, login("ada"))
			sealed := seal(t, v, acme, ada, one, FieldName, "Ada")
			s := v.Begin(acme)
			must(t, s.Relabel(ada, login("countess")))
			m.breakAt(1, how)
			wantError(t, v.Erase(ctx, acme, ada), errFault)
			_, err := v.Open(acme, ada, one, FieldName, sealed)
			wantError(t, err, ErrErased)
			wantFound(t, v, acme, ByLogin, "ada", "")
			wantError(t, s.Store(ctx), ErrStale) // must not bring the key back
			must(t, v.Erase(ctx, acme, ada))
			if load(t, m, dir).Has(acme, ada) {
				t.Error("the record is still there")
			}
		})
	}
}

func TestEraseRefuses(t *testing.T) {
	v, m, _ := newVault(t)
	put(t, v, acme, ada, login("ada"))
	calls := m.calls
	wantError(t, v.Erase(context.Background(), acme, Organization), ErrInUse)
	for _, at := range []address{{acme, "Ada"}, {"No Such", ada}} {
		if v.Erase(context.Background(), at.org, at.owner) == nil {
			t.Errorf("%v erased", at)
		}
	}
	if m.calls != calls {
		t.Error("the store was called")
	}
	wantFound(t, v, acme, ByLogin, "ada", ada)
	must(t, v.Erase(context.Background(), acme, ada))
	must(t, v.Erase(context.Background(), acme, Organization))
	if len(m.records) != 0 {
		t.Errorf("left: %v", m.owners())
	}
}

func TestContestedValueFindsNobody(t *testing.T) {
	v, _, _ := newVault(t)
	put(t, v, acme, ada, login("ada"))
	claims := v.entry(acme, ada).Lookups
	for _, owner := range []string{ben, cleo} {
		v.organization(acme).replace(map[string]*entry{owner: v.key.wrap(acme, owner, newDataKey(), claims, false)})
	}
	for _, step := range []struct{ erased, found string }{{"", ""}, {ben, ""}, {ada, cleo}, {cleo, ""}} {
		if step.erased != "" {
			must(t, v.Erase(context.Background(), acme, step.erased))
		}
		wantFound(t, v, acme, ByLogin, "ada", step.found)
	}
	must(t, v.Begin(acme).Create(ada, login("ada")))
}

// The vault against a plain model of it: commands that are appended, refused
// or cut off by a crash, erasures and restarts, with a store that fails in
// every way. After each step the vault shows what the ledger says; after a
// restart the store holds that, and nothing else.
func TestVaultFollowsTheLedger(t *testing.T) {
	ctx := context.Background()
	type text struct {
		commit events.CommitID
		plain  string
		sealed events.Sealed
	}
	type person struct {
		lookups map[Kind]string
		texts   []text
	}
	clone := func(people map[string]person) map[string]person {
		c := map[string]person{}
		for owner, p := range people {
			c[owner] = person{maps.Clone(p.lookups), slices.Clone(p.texts)}
		}
		return c
	}
	values, kinds := []string{"a", "b", "c", "d"}, []Kind{ByLogin, ByEmail}
	id := func(n int) string { return fmt.Sprintf("01HZX%021d", n) }

	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		m := newMemory()
		v := load(t, m, dir)
		ledger := map[string]person{}
		count := 0
		holder := func(people map[string]person, kind Kind, value string) string {
			for owner, p := range people {
				if p.lookups[kind] == value {
					return owner
				}
			}
			return ""
		}
		owners := func(people map[string]person) []string { return slices.Sorted(maps.Keys(people)) }
		fault := func(t *rapid.T, calls int) {
			m.repair()
			if rapid.Bool().Draw(t, "faulty") {
				how := outcome(rapid.IntRange(int(fails), int(afterHalf)).Draw(t, "how"))
				m.breakAt(rapid.IntRange(1, calls).Draw(t, "call"), how)
			}
		}
		restart := func(t *rapid.T) {
			m.repair()
			v = load(t, m, dir)
			known := func(_ events.OrgID, owner string) bool {
				_, known := ledger[owner]
				return known || owner == Organization
			}
			current := func(_ events.OrgID, owner string) (list []Lookup, _ error) {
				for _, kind := range kinds {
					list = append(list, Lookup{kind, ledger[owner].lookups[kind]})
				}
				return list, nil
			}
			fault(t, 4)
			for range 2 { // there is one fault at most
				_, err := v.Sweep(ctx, known)
				if err == nil {
					_, err = v.Mend(ctx, current)
				}
				if err == nil {
					break
				}
				wantError(t, err, errFault)
			}
			m.repair()
			var stored []string
			for at := range m.records {
				if at.owner != Organization {
					stored = append(stored, at.owner)
				}
			}
			slices.Sort(stored)
			if !slices.Equal(stored, owners(ledger)) {
				t.Fatalf("the store holds %v, the ledger %v", stored, owners(ledger))
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"command": func(t *rapid.T) {
				next := clone(ledger)
				commit := events.CommitID(id(1000 + count))
				s := v.Begin(acme)
				for range rapid.IntRange(1, 3).Draw(t, "changes") {
					kind, value := rapid.SampledFrom(kinds).Draw(t, "kind"), rapid.SampledFrom(append(values, "")).Draw(t, "value")
					var owner string
					var err error
					if len(next) == 0 || rapid.Bool().Draw(t, "create") {
						count++
						owner = id(count)
						err = s.Create(owner, Lookup{kind, value})
					} else {
						owner = rapid.SampledFrom(owners(next)).Draw(t, "owner")
						err = s.Relabel(owner, Lookup{kind, value})
					}
					if held := holder(next, kind, value); value != "" && held != "" && held != owner {
						wantError(t, err, ErrTaken)
						continue
					}
					must(t, err)
					p, known := next[owner]
					if !known {
						p.lookups = map[Kind]string{}
					}
					p.lookups[kind] = value
					plain := fmt.Sprint("text ", len(p.texts))
					sealed, err := s.Seal(owner, commit, FieldName, plain)
					must(t, err)
					p.texts = append(p.texts, text{commit, plain, sealed})
					next[owner] = p
				}
				for _, kind := range kinds {
					for _, value := range values {
						if got, _ := s.Find(kind, value); got != holder(next, kind, value) {
							t.Fatalf("the stage finds %q by %s %q, want %q", got, kind, value, holder(next, kind, value))
						}
					}
				}
				fault(t, 5)
				if s.Store(ctx) == nil && rapid.Bool().Draw(t, "appended") {
					ledger = next
					return
				}
				if rapid.Bool().Draw(t, "crash") {
					restart(t)
					return
				}
				if s.Discard(ctx) != nil && rapid.Bool().Draw(t, "again") {
					m.repair()
					must(t, s.Discard(ctx))
				}
			},
			"erase": func(t *rapid.T) {
				if len(ledger) == 0 {
					t.Skip("nobody")
				}
				owner := rapid.SampledFrom(owners(ledger)).Draw(t, "owner")
				fault(t, 1)
				_ = v.Erase(ctx, acme, owner)
				delete(ledger, owner)
			},
			"restart": restart,
			"": func(t *rapid.T) {
				for _, kind := range kinds {
					for _, value := range values {
						wantFound(t, v, acme, kind, value, holder(ledger, kind, value))
					}
				}
				for owner, p := range ledger {
					for _, text := range p.texts {
						got, err := v.Open(acme, owner, text.commit, FieldName, text.sealed)
						must(t, err)
						if got != text.plain {
							t.Fatalf("opened %q, sealed %q", got, text.plain)
						}
					}
				}
				for n := range count {
					if _, known := ledger[id(n+1)]; v.Has(acme, id(n+1)) != known {
						t.Fatalf("%s has a key: %t", id(n+1), !known)
					}
				}
			},
		})
	})
}

// Readers, writers and racers at once; the race detector judges the rest.
func TestConcurrentUse(t *testing.T) {
	ctx := context.Background()
	v, m, dir := newVault(t)
	put(t, v, acme, ada, login("ada"))
	sealed := seal(t, v, acme, ada, one, FieldName, "Ada")
	const workers, rounds = 4, 25
	winners := make([]int, rounds)
	var mu sync.Mutex
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for round := range rounds {
				owner := fmt.Sprintf("01HZX%019d%02d", round+1, w)
				s := v.Begin(acme)
				err := s.Create(owner, Lookup{ByLogin, fmt.Sprint("user", round)})
				if err == nil {
					err = s.Store(ctx)
				}
				if err == nil {
					mu.Lock()
					winners[round]++
					mu.Unlock()
				}
				if got, err := v.Open(acme, ada, one, FieldName, sealed); got != "Ada" {
					t.Errorf("opened %q, %v", got, err)
				}
				if owner, found := v.Find(acme, ByLogin, "ada"); !found || owner != ada {
					t.Errorf("found %q", owner)
				}
				private := fmt.Sprintf("team:docs-%d", w)
				s = v.Begin(acme)
				if err := s.Create(private, Lookup{ByTitle, private}); err != nil {
					t.Error(err)
				}
				if err := s.Store(ctx); err != nil {
					t.Error(err)
				}
				if round%2 == 0 {
					err = s.Discard(ctx)
				} else {
					err = v.Erase(ctx, acme, private)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	for round, n := range winners {
		if n != 1 {
			t.Errorf("user%d was given to %d owners", round, n)
		}
	}
	if got := len(m.records); got != rounds+2 {
		t.Errorf("%d records, want %d", got, rounds+2)
	}
	load(t, m, dir)
}
