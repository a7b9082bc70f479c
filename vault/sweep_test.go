package vault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tenure/events"
)

func TestSweepErasesWhatTheLedgerDoesNotKnow(t *testing.T) {
	ctx := context.Background()
	known := func(org events.OrgID, owner string) bool { return org == acme && owner != ben && owner != docs }
	prepare := func(t *testing.T) (*Vault, *memory, string) {
		v, m, dir := newVault(t)
		put(t, v, acme, ada, login("ada"))
		put(t, v, acme, ben, login("ben"))
		put(t, v, acme, docs)
		put(t, v, other, "team:zoo", Lookup{ByTitle, "zoo"}) // after "organization" in the alphabet
		return load(t, m, dir), m, dir
	}
	v, m, _ := prepare(t)
	erased, err := v.Sweep(ctx, known)
	must(t, err)
	calls := m.calls
	if erased != 4 || calls != 4+1+4+1 {
		t.Fatalf("erased %d in %d calls", erased, calls)
	}
	for name, how := range faults {
		for fault := 0; fault < 4; fault++ {
			t.Run(fmt.Sprintf("%s at %d", name, fault), func(t *testing.T) {
				v, m, dir := prepare(t)
				m.breakAt(fault+1, how)
				erased, err := v.Sweep(ctx, known)
				wantError(t, err, errFault)
				if erased != fault {
					t.Errorf("erased %d, want %d", erased, fault)
				}
				v = load(t, m, dir)
				_, err = v.Sweep(ctx, known)
				must(t, err)
				for _, v := range []*Vault{v, load(t, m, dir)} {
					wantFound(t, v, acme, ByLogin, "ada", ada)
					wantFound(t, v, acme, ByLogin, "ben", "")
				}
				if diff := cmp.Diff([]string{"acme/" + ada, "acme/organization"}, m.owners()); diff != "" {
					t.Error(diff)
				}
				if erased, err := v.Sweep(ctx, known); erased != 0 || err != nil {
					t.Errorf("swept %d again, %v", erased, err)
				}
			})
		}
	}
}

// A ledger that knows a person but not the organization contradicts itself.
func TestSweepKeepsALookupKeyInUse(t *testing.T) {
	v, m, dir := newVault(t)
	put(t, v, acme, ada, login("ada"))
	erased, err := v.Sweep(context.Background(), func(_ events.OrgID, owner string) bool { return owner == ada })
	wantError(t, err, ErrInUse)
	if erased != 0 {
		t.Errorf("erased %d", erased)
	}
	for _, v := range []*Vault{v, load(t, m, dir)} {
		wantFound(t, v, acme, ByLogin, "ada", ada)
	}
}

func TestMendAsksOnceForRelabeledOwnersOnly(t *testing.T) {
	ctx := context.Background()
	v, m, dir := newVault(t)
	put(t, v, acme, ada, login("ada"))
	put(t, v, acme, ben, login("ben"))
	put(t, v, acme, cleo, login("cleo"))
	s := v.Begin(acme)
	must(t, s.Relabel(ada, login("countess"))) // its commit will be in the ledger
	must(t, s.Relabel(ben, login("benjamin"))) // its commit will not
	must(t, s.Store(ctx))
	sealed := seal(t, v, acme, ben, one, FieldLogin, "ben")

	v = load(t, m, dir)
	var asked []string
	ledger := func(org events.OrgID, owner string) ([]Lookup, error) {
		asked = append(asked, owner)
		if owner == ada {
			return []Lookup{login("countess")}, nil
		}
		text, err := v.Open(org, owner, one, FieldLogin, sealed)
		return []Lookup{login(text), email("")}, err
	}
	mended, err := v.Mend(ctx, ledger)
	must(t, err)
	if diff := cmp.Diff([]string{ada, ben}, asked); mended != 1 || diff != "" {
		t.Errorf("mended %d, asked %s", mended, diff)
	}
	for _, v := range []*Vault{v, load(t, m, dir)} {
		wantFound(t, v, acme, ByLogin, "countess", ada)
		wantFound(t, v, acme, ByLogin, "ben", ben)
		wantFound(t, v, acme, ByLogin, "benjamin", "")
		if got, err := v.Open(acme, ben, one, FieldLogin, sealed); got != "ben" {
			t.Errorf("opened %q, %v", got, err)
		}
	}
	asked = nil
	if mended, err := load(t, m, dir).Mend(ctx, ledger); mended != 0 || err != nil || asked != nil {
		t.Errorf("mended %d again, %v, asked for %v", mended, err, asked)
	}
}

func TestMendStopsAtErrors(t *testing.T) {
	ctx := context.Background()
	errLedger := errors.New("the ledger is down")
	for name, c := range map[string]struct {
		current func(events.OrgID, string) ([]Lookup, error)
		breaks  bool
		want    error
	}{
		"ledger": {func(events.OrgID, string) ([]Lookup, error) { return nil, errLedger }, false, errLedger},
		"store":  {func(events.OrgID, string) ([]Lookup, error) { return []Lookup{login("ada")}, nil }, true, errFault},
		"value":  {func(events.OrgID, string) ([]Lookup, error) { return []Lookup{login(" ")}, nil }, false, ErrNoText},
	} {
		t.Run(name, func(t *testing.T) {
			v, m, _ := newVault(t)
			put(t, v, acme, ada, login("ada"))
			s := v.Begin(acme)
			must(t, s.Relabel(ada, login("countess")))
			must(t, s.Store(ctx))
			if c.breaks {
				m.breakAt(1, fails)
			}
			mended, err := v.Mend(ctx, c.current)
			wantError(t, err, c.want)
			if mended != 0 {
				t.Errorf("mended %d", mended)
			}
			wantFound(t, v, acme, ByLogin, "countess", ada)
		})
	}
}

// The first look-up of an organization was stored only by half: the owner's
// record, but not the look-up key.
func TestMendWithoutALookupKey(t *testing.T) {
	ctx := context.Background()
	v, m, dir := newVault(t)
	put(t, v, acme, ada)
	s := v.Begin(acme)
	must(t, s.Relabel(ada, login("ada")))
	m.breakAt(1, halfway)
	wantError(t, s.Store(ctx), errFault)
	m.repair()
	if !slices.Equal(m.owners(), []string{"acme/" + ada}) {
		t.Fatalf("the store holds %v", m.owners())
	}
	v = load(t, m, dir)
	mended, err := v.Mend(ctx, func(events.OrgID, string) ([]Lookup, error) { return nil, nil })
	must(t, err)
	if mended != 1 {
		t.Errorf("mended %d", mended)
	}
	put(t, v, acme, ben, login("ada"))
	wantFound(t, load(t, m, dir), acme, ByLogin, "ada", ben)
}

func TestMendMeetsAnErasure(t *testing.T) {
	ctx := context.Background()
	v, m, dir := newVault(t)
	put(t, v, acme, ada, login("ada"))
	s := v.Begin(acme)
	must(t, s.Relabel(ada, login("countess")))
	must(t, s.Store(ctx))
	_, err := v.Mend(ctx, func(events.OrgID, string) ([]Lookup, error) {
		return []Lookup{login("ada")}, v.Erase(ctx, acme, ada)
	})
	wantError(t, err, ErrStale)
	if load(t, m, dir).Has(acme, ada) {
		t.Error("the key came back")
	}
}

// A creation that failed, persisted all the same, and could not be discarded
// is still in the store when its value is given to somebody else.
func TestContestedValueIsSettledBySweep(t *testing.T) {
	ctx := context.Background()
	v, m, dir := newVault(t)
	put(t, v, acme, cleo, login("cleo"))
	s := v.Begin(acme)
	must(t, s.Create(ada, login("new")))
	m.breakAt(1, persists)
	wantError(t, s.Store(ctx), errFault)
	put(t, v, acme, ben, login("new"))
	wantFound(t, v, acme, ByLogin, "new", ben)

	v = load(t, m, dir)
	wantFound(t, v, acme, ByLogin, "new", "")
	_, err := v.Sweep(ctx, func(_ events.OrgID, owner string) bool { return owner != ada })
	must(t, err)
	wantFound(t, v, acme, ByLogin, "new", ben)
	wantFound(t, load(t, m, dir), acme, ByLogin, "new", ben)
}
