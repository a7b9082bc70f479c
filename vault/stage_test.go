package vault

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tenure/events"
)

func TestStageIsInvisibleUntilStored(t *testing.T) {
	v, m, dir := newVault(t)
	s := v.Begin(acme)
	must(t, s.Create(ada, login("ada"), email("")))
	sealed, err := s.Seal(ada, one, FieldName, "Ada")
	must(t, err)
	if owner, found := s.Find(ByLogin, "Ada"); owner != ada || !found {
		t.Errorf("the stage finds %q", owner)
	}
	if _, found := s.Find(ByEmail, ""); found {
		t.Error("the stage finds by nothing")
	}
	if !s.Has(ada) || s.Has(ben) || v.Has(acme, ada) {
		t.Error("wrong owners are known")
	}
	wantFound(t, v, acme, ByLogin, "ada", "")
	_, err = v.Open(acme, ada, one, FieldName, sealed)
	wantError(t, err, ErrErased)
	if m.calls != 1 { // that of Load
		t.Errorf("%d calls of the store", m.calls)
	}

	must(t, s.Store(context.Background()))
	for _, v := range []*Vault{v, load(t, m, dir)} {
		wantFound(t, v, acme, ByLogin, "ada", ada)
		got, err := v.Open(acme, ada, one, FieldName, sealed)
		must(t, err)
		if got != "Ada" || !v.Has(acme, ada) || !v.Has(acme, Organization) {
			t.Errorf("opened %q", got)
		}
	}
	if diff := cmp.Diff([]string{"acme/" + ada, "acme/organization"}, m.owners()); diff != "" {
		t.Error(diff)
	}
}

func TestRelabelReplacesTheKindsGiven(t *testing.T) {
	v, m, dir := newVault(t)
	put(t, v, acme, ada, login("ada"), email("ada@example.org"))
	sealed := seal(t, v, acme, ada, one, FieldLogin, "ada")
	s := v.Begin(acme)
	must(t, s.Relabel(ada, login("countess")))
	for value, want := range map[string]string{"ada": "", "countess": ada} {
		if got, _ := s.Find(ByLogin, value); got != want {
			t.Errorf("the stage finds %q by %q, want %q", got, value, want)
		}
	}
	wantFound(t, v, acme, ByLogin, "ada", ada)
	wantFound(t, v, acme, ByLogin, "countess", "")
	must(t, s.Store(context.Background()))
	for _, v := range []*Vault{v, load(t, m, dir)} {
		wantFound(t, v, acme, ByLogin, "ada", "")
		wantFound(t, v, acme, ByLogin, "countess", ada)
		wantFound(t, v, acme, ByEmail, "ada@example.org", ada)
		if got, err := v.Open(acme, ada, one, FieldLogin, sealed); got != "ada" {
			t.Errorf("the data key was not kept: %q, %v", got, err)
		}
	}
	s = v.Begin(acme)
	must(t, s.Relabel(ada, email("")))
	must(t, s.Store(context.Background()))
	wantFound(t, v, acme, ByEmail, "ada@example.org", "")
	wantFound(t, v, acme, ByLogin, "countess", ada)
}

func TestRelabelToTheSameWritesNothing(t *testing.T) {
	v, m, _ := newVault(t)
	put(t, v, acme, ada, login("ada"))
	calls := m.calls
	s := v.Begin(acme)
	must(t, s.Relabel(ada, login(" ADA "), email("")))
	must(t, s.Store(context.Background()))
	must(t, s.Discard(context.Background()))
	if m.calls != calls {
		t.Error("the store was called")
	}
	wantFound(t, v, acme, ByLogin, "ada", ada)
}

func TestOwnersCanExchangeValuesInOneStage(t *testing.T) {
	v, m, dir := newVault(t)
	put(t, v, acme, ada, login("ada"))
	put(t, v, acme, ben, login("ben"))
	s := v.Begin(acme)
	wantError(t, s.Relabel(ada, login("ben")), ErrTaken)
	must(t, s.Relabel(ben, login("")))
	must(t, s.Relabel(ada, login("ben")))
	must(t, s.Relabel(ben, login("ada")))
	wantError(t, s.Create(cleo, login("ada")), ErrTaken)
	must(t, s.Store(context.Background()))
	for _, v := range []*Vault{v, load(t, m, dir)} {
		wantFound(t, v, acme, ByLogin, "ada", ben)
		wantFound(t, v, acme, ByLogin, "ben", ada)
	}
	must(t, s.Discard(context.Background()))
	for _, v := range []*Vault{v, load(t, m, dir)} {
		wantFound(t, v, acme, ByLogin, "ada", ada)
		wantFound(t, v, acme, ByLogin, "ben", ben)
	}
}

func TestStageRefuses(t *testing.T) {
	v, m, _ := newVault(t)
	put(t, v, acme, ada, login("ada"))
	calls := m.calls
	done := v.Begin(acme)
	must(t, done.Discard(context.Background()))
	for name, c := range map[string]struct {
		do   func(s *Stage) error
		want error // nil: any
	}{
		"create: exists":                 {func(s *Stage) error { return s.Create(ada) }, ErrExists},
		"create: exists in the stage":    {func(s *Stage) error { return errors.Join(s.Create(ben), s.Create(ben)) }, ErrExists},
		"create: taken":                  {func(s *Stage) error { return s.Create(ben, email("b"), login("ADA")) }, ErrTaken},
		"create: taken in the stage":     {func(s *Stage) error { return errors.Join(s.Create(ben, login("b")), s.Create(cleo, login("B"))) }, ErrTaken},
		"create: white space":            {func(s *Stage) error { return s.Create(ben, login(" ")) }, ErrNoText},
		"create: not UTF-8":              {func(s *Stage) error { return s.Create(ben, login("\xff")) }, ErrNoText},
		"create: kind twice":             {func(s *Stage) error { return s.Create(ben, login("b"), login("c")) }, nil},
		"create: kind unknown":           {func(s *Stage) error { return s.Create(ben, Lookup{"phone", "1"}) }, nil},
		"create: kind unknown, empty":    {func(s *Stage) error { return s.Create(ben, Lookup{"phone", ""}) }, nil},
		"create: owner":                  {func(s *Stage) error { return s.Create("Ben") }, nil},
		"create: organization looked up": {func(s *Stage) error { return s.Create(Organization, login("b")) }, nil},
		"relabel: no key":                {func(s *Stage) error { return s.Relabel(ben, login("b")) }, ErrErased},
		"relabel: white space":           {func(s *Stage) error { return s.Relabel(ada, login("\t")) }, ErrNoText},
		"closed: create":                 {func(*Stage) error { return done.Create(ben) }, ErrClosed},
		"closed: relabel":                {func(*Stage) error { return done.Relabel(ada, login("b")) }, ErrClosed},
		"closed: store":                  {func(*Stage) error { return done.Store(context.Background()) }, ErrClosed},
		"organization": {func(*Stage) error {
			return v.Begin("No Such").Create(ben)
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := v.Begin(acme)
			err := c.do(s)
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Fatalf("error %v, want %v", err, c.want)
			}
			must(t, s.Discard(context.Background()))
		})
	}
	if m.calls != calls {
		t.Error("the store was called")
	}
	fresh := v.Begin(other)
	if err := fresh.Create(ben, login(" ")); err == nil || fresh.Has(Organization) {
		t.Error("a refused look-up leaves a look-up key staged")
	}
}

func TestStagesRace(t *testing.T) {
	ctx := context.Background()
	for name, c := range map[string]struct {
		first, second func(s *Stage) error
		want          error
	}{
		"same value, two creations": {
			func(s *Stage) error { return s.Create(ben, login("new")) },
			func(s *Stage) error { return s.Create(cleo, login("New")) }, ErrTaken},
		"same value, creation and relabeling": {
			func(s *Stage) error { return s.Create(ben, login("new")) },
			func(s *Stage) error { return s.Relabel(ada, login("new")) }, ErrTaken},
		"same value, given up and taken back": {
			func(s *Stage) error { return errors.Join(s.Relabel(ada, login("gone")), s.Create(ben, login("ada"))) },
			func(s *Stage) error { return s.Relabel(ada, email("ada@example.org")) }, ErrStale},
		"same owner, two creations": {
			func(s *Stage) error { return s.Create(docs) },
			func(s *Stage) error { return s.Create(docs) }, ErrStale},
		"same owner, two relabelings": {
			func(s *Stage) error { return s.Relabel(ada, login("x")) },
			func(s *Stage) error { return s.Relabel(ada, email("x")) }, ErrStale},
		"erased and relabeled": {
			func(s *Stage) error { return s.vault.Erase(ctx, acme, ada) },
			func(s *Stage) error { return s.Relabel(ada, login("x")) }, ErrStale},
	} {
		t.Run(name, func(t *testing.T) {
			v, m, dir := newVault(t)
			put(t, v, acme, ada, login("ada"))
			first, second := v.Begin(acme), v.Begin(acme)
			must(t, second.Create(Organization))
			must(t, c.second(second))
			must(t, c.first(first))
			must(t, first.Store(ctx))
			calls, before := m.calls, m.clone()
			wantError(t, second.Store(ctx), c.want)
			must(t, second.Discard(ctx))
			if m.calls != calls {
				t.Error("the store was called")
			}
			if diff := cmp.Diff(before.records, m.records, addresses); diff != "" {
				t.Error(diff)
			}
			load(t, m, dir)
		})
	}
}

// Two foundings of one organization: the second's tokens would mean nothing
// under the first's look-up key.
func TestLookupKeysRace(t *testing.T) {
	v, _, _ := newVault(t)
	first, second := v.Begin(acme), v.Begin(acme)
	must(t, first.Create(ada, login("ada")))
	must(t, second.Create(ben, login("ada")))
	must(t, first.Store(context.Background()))
	wantError(t, second.Store(context.Background()), ErrStale)
	wantFound(t, v, acme, ByLogin, "ada", ada)
}

// addresses lets cmp look into the keys of a store.
var addresses = cmp.AllowUnexported(address{})

// Every call of the store goes wrong in every way, while a command is stored
// and discarded: what is visible is always all or nothing, and in the end
// nothing is left of it, in memory, in the store, or after a restart.
func TestDiscardLeavesNothing(t *testing.T) {
	ctx := context.Background()
	prepare := func(t *testing.T) (*Vault, *memory, string, map[string]events.Sealed) {
		v, m, dir := newVault(t)
		put(t, v, acme, ada, login("ada"), email("ada@example.org"))
		put(t, v, acme, ben, login("ben"))
		m.calls = 0
		return v, m, dir, map[string]events.Sealed{ada: seal(t, v, acme, ada, one, FieldName, "Ada"), ben: seal(t, v, acme, ben, one, FieldName, "Ben")}
	}
	stage := func(t *testing.T, v *Vault) *Stage {
		s := v.Begin(acme)
		must(t, s.Relabel(ada, login("countess")))
		must(t, s.Relabel(ben, login("ada")))
		must(t, s.Create(cleo, login("cleo")))
		must(t, s.Create(docs, Lookup{ByTitle, "Documentation"}))
		return s
	}
	unchanged := func(t *testing.T, v *Vault, sealed map[string]events.Sealed) {
		t.Helper()
		wantFound(t, v, acme, ByLogin, "ada", ada)
		wantFound(t, v, acme, ByEmail, "ada@example.org", ada)
		wantFound(t, v, acme, ByLogin, "ben", ben)
		wantFound(t, v, acme, ByLogin, "countess", "")
		wantFound(t, v, acme, ByLogin, "cleo", "")
		wantFound(t, v, acme, ByTitle, "documentation", "")
		for owner, text := range map[string]string{ada: "Ada", ben: "Ben"} {
			if got, err := v.Open(acme, owner, one, FieldName, sealed[owner]); got != text {
				t.Fatalf("opened %q, %v", got, err)
			}
		}
		if v.Has(acme, cleo) || v.Has(acme, docs) {
			t.Fatal("a created owner is there")
		}
	}
	known := func(_ events.OrgID, owner string) bool { return owner != cleo && owner != docs }
	current := func(_ events.OrgID, owner string) ([]Lookup, error) {
		return map[string][]Lookup{ada: {login("ada"), email("ada@example.org")}, ben: {login("ben")}}[owner], nil
	}

	v, m, _, _ := prepare(t)
	s := stage(t, v)
	must(t, s.Store(ctx))
	must(t, s.Discard(ctx))
	calls := m.calls
	if calls != 4 { // store; two erased; one restored
		t.Fatalf("%d calls of the store", calls)
	}
	for name, how := range faults {
		for call := 1; call <= calls; call++ {
			t.Run(fmt.Sprintf("call %d %s", call, name), func(t *testing.T) {
				v, m, dir, sealed := prepare(t)
				before := m.owners()
				m.breakAt(call, how)
				s := stage(t, v)
				err := s.Store(ctx)
				if (err != nil) != (call == 1) {
					t.Fatalf("store: %v", err)
				}
				if err != nil {
					wantError(t, err, errFault)
					unchanged(t, v, sealed)
				} else {
					wantFound(t, v, acme, ByLogin, "countess", ada)
				}
				err = s.Discard(ctx)
				unchanged(t, v, sealed) // whatever the error
				if (err != nil) != (call > 1) {
					t.Fatalf("discard: %v", err)
				}
				m.repair()

				// The process ends here, with the store not yet undone.
				crashed := m.clone()
				restarted := load(t, crashed, dir)
				_, sweepError := restarted.Sweep(ctx, known)
				must(t, sweepError)
				_, mendError := restarted.Mend(ctx, current)
				must(t, mendError)
				unchanged(t, restarted, sealed)
				unchanged(t, load(t, crashed, dir), sealed)

				// Or it goes on, and discards again.
				must(t, s.Discard(ctx))
				unchanged(t, v, sealed)
				unchanged(t, load(t, m, dir), sealed)
				if diff := cmp.Diff(before, m.owners()); diff != "" {
					t.Error(diff)
				}
				must(t, s.Discard(ctx))
				wantError(t, s.Create(cleo), ErrClosed)
			})
		}
	}
}

// A store that failed may be called again.
func TestStoreAgain(t *testing.T) {
	for name, how := range faults {
		t.Run(name, func(t *testing.T) {
			v, m, dir := newVault(t)
			s := v.Begin(acme)
			must(t, s.Create(ada, login("ada")))
			m.breakAt(1, how)
			wantError(t, s.Store(context.Background()), errFault)
			must(t, s.Store(context.Background()))
			must(t, s.Store(context.Background()))
			if m.calls != 2 {
				t.Errorf("%d calls", m.calls)
			}
			for _, v := range []*Vault{v, load(t, m, dir)} {
				wantFound(t, v, acme, ByLogin, "ada", ada)
			}
		})
	}
}

func TestDiscardLeavesLaterChangesAlone(t *testing.T) {
	ctx := context.Background()
	v, m, dir := newVault(t)
	put(t, v, acme, ada, login("ada"))
	put(t, v, acme, ben, login("ben"))
	s := v.Begin(acme)
	must(t, s.Relabel(ada, login("countess")))
	must(t, s.Relabel(ben, login("benjamin")))
	must(t, s.Create(docs))
	must(t, s.Store(ctx))
	later := v.Begin(acme)
	must(t, later.Relabel(ada, login("queen")))
	must(t, later.Store(ctx))
	must(t, v.Erase(ctx, acme, ben))
	must(t, s.Discard(ctx))
	for _, v := range []*Vault{v, load(t, m, dir)} {
		wantFound(t, v, acme, ByLogin, "queen", ada)
		wantFound(t, v, acme, ByLogin, "ada", "")
		if v.Has(acme, ben) || v.Has(acme, docs) {
			t.Error("an erased owner came back")
		}
	}
}

// What a stage gave up may have been given away before it is discarded.
func TestDiscardMeetsANewHolder(t *testing.T) {
	ctx := context.Background()
	v, m, dir := newVault(t)
	put(t, v, acme, ada, login("ada"))
	s := v.Begin(acme)
	must(t, s.Relabel(ada, login("countess")))
	must(t, s.Store(ctx))
	put(t, v, acme, ben, login("ada"))
	wantError(t, s.Discard(ctx), ErrTaken)
	must(t, s.Discard(ctx))
	for _, v := range []*Vault{v, load(t, m, dir)} {
		wantFound(t, v, acme, ByLogin, "ada", "")
		wantFound(t, v, acme, ByLogin, "countess", "")
		wantError(t, v.Begin(acme).Create(cleo, login("ada")), ErrTaken)
		must(t, v.Begin(acme).Relabel(ada, email("ada@example.org")))
	}
	must(t, v.Erase(ctx, acme, ada))
	for _, v := range []*Vault{v, load(t, m, dir)} {
		wantFound(t, v, acme, ByLogin, "ada", ben)
	}
}

// A founding that was refused leaves no look-up key either, unless another
// command has used it since.
func TestDiscardOfAFounding(t *testing.T) {
	ctx := context.Background()
	v, m, _ := newVault(t)
	s := v.Begin(acme)
	must(t, s.Create(Organization))
	must(t, s.Create(ada, login("ada")))
	must(t, s.Store(ctx))
	must(t, s.Discard(ctx))
	if len(m.records) != 0 || v.Has(acme, Organization) {
		t.Errorf("left: %v", m.owners())
	}
	s = v.Begin(acme)
	must(t, s.Create(ada, login("ada")))
	must(t, s.Store(ctx))
	put(t, v, acme, ben, login("ben"))
	must(t, s.Discard(ctx))
	wantFound(t, v, acme, ByLogin, "ben", ben)
	wantFound(t, v, acme, ByLogin, "ada", "")
	if diff := cmp.Diff([]string{"acme/" + ben, "acme/organization"}, m.owners()); diff != "" {
		t.Error(diff)
	}
}

func TestDigest(t *testing.T) {
	v, m, dir := newVault(t)
	s := v.Begin(acme)
	text := []byte("a request that names ada")
	first, err := s.Digest(text)
	must(t, err)
	must(t, s.Store(context.Background()))
	again, err := load(t, m, dir).Begin(acme).Digest(text)
	must(t, err)
	other, err := v.Begin(acme).Digest([]byte("a request that names ben"))
	must(t, err)
	elsewhere, err := v.Begin("other").Digest(text)
	must(t, err)
	plain := sha256.Sum256(text)
	if !bytes.Equal(first, again) {
		t.Error("the same text has another digest after a restart")
	}
	if bytes.Equal(first, other) || bytes.Equal(first, elsewhere) || bytes.Equal(first, plain[:]) {
		t.Error("a digest tells too much")
	}
}
