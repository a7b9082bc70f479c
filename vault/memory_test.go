package vault

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"

	"tenure/events"
)

// The test data: two organizations, some owners, two commits.
const (
	acme  events.OrgID    = "acme"
	other events.OrgID    = "other"
	ada                   = "01HZX000000000000000000001"
	ben                   = "01HZX000000000000000000002"
	cleo                  = "01HZX000000000000000000003"
	docs                  = "team:docs"
	one   events.CommitID = "01HZX00000000000000000000A"
	two   events.CommitID = "01HZX00000000000000000000B"
)

// outcome is what becomes of a call of the store.
type outcome int

const (
	works     outcome = iota
	fails             // nothing was done
	persists          // it was done, but reports an error
	halfway           // a part was done
	afterHalf         // the other part was done
)

var faults = map[string]outcome{"failed": fails, "failed but persisted": persists, "failed halfway": halfway, "failed after half": afterHalf}

var errFault = errors.New("the store is down")

type address struct {
	org   events.OrgID
	owner string
}

// memory is a store with faults.
type memory struct {
	mu      sync.Mutex
	records map[address][]byte
	calls   int
	at      int // the call that goes wrong, from 1; 0: none
	how     outcome
	ever    [][]byte // all that was ever put
}

func newMemory() *memory { return &memory{records: map[address][]byte{}} }

// breakAt makes the n-th call from now go wrong.
func (m *memory) breakAt(n int, how outcome) { m.calls, m.at, m.how = 0, n, how }

func (m *memory) repair() { m.at = 0 }

// next is the outcome of the call that begins.
func (m *memory) next() outcome {
	m.calls++
	if m.calls == m.at {
		return m.how
	}
	return works
}

func (m *memory) Put(_ context.Context, records []Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	how := m.next()
	for i, r := range records {
		first := i < (len(records)+1)/2
		if how == fails || how == halfway && !first || how == afterHalf && first {
			continue
		}
		m.records[address{r.Org, r.Owner}] = r.Data
		m.ever = append(m.ever, r.Data)
	}
	if how != works {
		return errFault
	}
	return nil
}

func (m *memory) Erase(_ context.Context, org events.OrgID, owner string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	how := m.next()
	if how == works || how == persists {
		delete(m.records, address{org, owner})
	}
	if how != works {
		return errFault
	}
	return nil
}

func (m *memory) Each(_ context.Context, fn func(Record) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.next() != works {
		return errFault
	}
	for at, data := range m.records {
		if err := fn(Record{Org: at.org, Owner: at.owner, Data: bytes.Clone(data)}); err != nil {
			return err
		}
	}
	return nil
}

// clone is what a restart would find.
func (m *memory) clone() *memory {
	return &memory{records: maps.Clone(m.records)}
}

func (m *memory) owners() []string {
	var list []string
	for at := range m.records {
		list = append(list, string(at.org)+"/"+at.owner)
	}
	slices.Sort(list)
	return list
}

// fatal is what *testing.T and *rapid.T have in common.
type fatal interface {
	Helper()
	Fatalf(format string, args ...any)
}

func must(t fatal, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("unexpected error: %v", err)
	}
}

func wantError(t fatal, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("error %v, want %v", got, want)
	}
}

// newVault is an empty vault over a fresh store and folder.
func newVault(t testing.TB) (*Vault, *memory, string) {
	t.Helper()
	m, dir := newMemory(), t.TempDir()
	return load(t, m, dir), m, dir
}

func load(t fatal, m *memory, dir string) *Vault {
	t.Helper()
	v, err := Load(context.Background(), m, dir)
	must(t, err)
	return v
}

// put creates an owner for good.
func put(t fatal, v *Vault, org events.OrgID, owner string, lookups ...Lookup) {
	t.Helper()
	s := v.Begin(org)
	must(t, s.Create(owner, lookups...))
	must(t, s.Store(context.Background()))
}

// seal seals under a stored owner's key.
func seal(t fatal, v *Vault, org events.OrgID, owner string, commit events.CommitID, field Field, text string) events.Sealed {
	t.Helper()
	sealed, err := v.Begin(org).Seal(owner, commit, field, text)
	must(t, err)
	return sealed
}

// wantFound says who is to be found; "" means nobody.
func wantFound(t fatal, v interface {
	Find(events.OrgID, Kind, string) (string, bool)
}, org events.OrgID, kind Kind, value, want string) {
	t.Helper()
	got, found := v.Find(org, kind, value)
	if got != want || found != (want != "") {
		t.Fatalf("find %s %q in %s: %q, %t; want %q", kind, value, org, got, found, want)
	}
}

func login(value string) Lookup { return Lookup{ByLogin, value} }
func email(value string) Lookup { return Lookup{ByEmail, value} }
