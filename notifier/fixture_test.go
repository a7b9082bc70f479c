package notifier

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tenure/aggregate"
	"tenure/events"
	"tenure/ledger"
	"tenure/rolemodel"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quiet = slog.New(slog.DiscardHandler)

// The organization and the people of all tests.
const (
	acme events.OrgID   = "acme"
	org  events.ScopeID = "organization:acme"
	room events.ScopeID = "teamroom:plans"

	ann events.PrincipalID = "01J00000000000000000000ANN"
	ben events.PrincipalID = "01J00000000000000000000BEN"
	cat events.PrincipalID = "01J00000000000000000000CAT"
	dan events.PrincipalID = "01J00000000000000000000DAN"
	eve events.PrincipalID = "01J00000000000000000000EVE"
	fay events.PrincipalID = "01J00000000000000000000FAY"

	ledgerID = "01J000000000000000000LEDGR"

	someCommit     events.CommitID     = "01J0000000000000000C000042"
	someReminder   events.ReminderID   = "01J00000000000000000REM1ND"
	someInvitation events.InvitationID = "01J0000000000000000001NV1T"
)

var start = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// fold is the state after these events, of an organization under the model with
// ann as the first to hold the highest role.
func fold(t testing.TB, model string, list ...events.Event) *aggregate.State {
	t.Helper()
	return foldUnder(t, must(rolemodel.Builtin(model)), list...)
}

// foldUnder is the same under a model of the test's own.
func foldUnder(t testing.TB, m *rolemodel.Model, list ...events.Event) *aggregate.State {
	t.Helper()
	digest := m.Digest()
	all := append([]events.Event{
		events.OrganizationFounded{Scope: org},
		events.ModelAdopted{Model: m.ID, Source: m.Canonical(), Digest: digest[:]},
	}, member(ann)...)
	all = append(all, granted(ann, m.Highest.Name, org))
	return after(t, after(t, &aggregate.State{}, all...), list...)
}

// after is the state after one more commit. What fires is not folded: it would need
// what it follows on.
func after(t testing.TB, s *aggregate.State, list ...events.Event) *aggregate.State {
	t.Helper()
	list = slices.DeleteFunc(slices.Clone(list), func(e events.Event) bool {
		switch e.(type) {
		case events.ReminderFired, events.RetentionEnded:
			return true
		}
		return false
	})
	next, err := s.Apply(record(s, list...))
	if err != nil {
		t.Fatal(err)
	}
	return &next
}

// record is the next commit.
func record(s *aggregate.State, list ...events.Event) events.Record {
	return events.Record{Revision: s.Revision + 1, Commit: events.Commit{
		Org: acme, ID: someCommit, Number: s.Number + 1, Prev: s.Revision,
		Actor: ann, Command: "test.forge", DecidedAt: start, Events: list,
	}}
}

func member(who events.PrincipalID) []events.Event {
	return []events.Event{events.PersonRegistered{Subject: who}, events.MembershipStarted{Subject: who, Scope: org}}
}

func members(list ...events.PrincipalID) []events.Event {
	var all []events.Event
	for _, who := range list {
		all = append(all, member(who)...)
	}
	return all
}

func granted(who events.PrincipalID, role string, on events.ScopeID, cause ...events.Cause) events.Event {
	e := events.RoleGranted{Subject: who, Role: events.RoleID(role), Scope: on}
	if len(cause) > 0 {
		e.Cause = cause[0]
	}
	return e
}

func revoked(who events.PrincipalID, role string, on events.ScopeID, cause ...events.Cause) events.Event {
	e := events.RoleRevoked{Subject: who, Role: events.RoleID(role), Scope: on}
	if len(cause) > 0 {
		e.Cause = cause[0]
	}
	return e
}

// names opens what the tests name.
type names struct {
	state *aggregate.State

	mu     sync.Mutex
	people map[events.PrincipalID]Person
	titles map[events.ScopeID]string
	roles  map[string]string
	token  string
	err    error
	// opened counts how often the state was asked for: once for each mail.
	opened int
	// asked is told of whom it is about to speak, and may fail; nil for nothing.
	asked func(ctx context.Context, id events.PrincipalID) error
}

// answeredAt is the revision of an invitation that is over.
const answeredAt = 77

func newNames(state *aggregate.State) *names {
	n := &names{
		state:  state,
		people: map[events.PrincipalID]Person{},
		titles: map[events.ScopeID]string{org: "Acme Works", room: "Plans & Drafts"},
		token:  "tok-en_123",
	}
	for id, name := range map[events.PrincipalID]string{ann: "Ann Author", ben: "Ben Baker", cat: "Cat Carter", dan: "Dan Dyer", eve: "Eve Evans", fay: "Fay Fisher"} {
		n.people[id] = Person{Name: name, Address: strings.ToLower(name[:3]) + "@example.com"}
	}
	return n
}

func (n *names) set(change func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	change()
}

func (n *names) State(context.Context, events.OrgID) (*aggregate.State, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.opened++
	return n.state, nil
}

func (n *names) Title(_ context.Context, _ events.OrgID, scope events.ScopeID) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.titles[scope], n.err
}

func (n *names) RoleTitle(_ context.Context, _ events.OrgID, kind, name string) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.roles[kind+"."+name], n.err
}

func (n *names) Person(ctx context.Context, _ events.OrgID, id events.PrincipalID) (Person, error) {
	if n.asked != nil {
		if err := n.asked(ctx, id); err != nil {
			return Person{}, err
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.people[id], n.err
}

func (n *names) Token(_ context.Context, _ events.OrgID, revision events.Revision, _ int) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if revision == answeredAt {
		return "", fmt.Errorf("invitation: %w", ErrOver)
	}
	return n.token, n.err
}

// flying is a clock whose time passes as soon as somebody waits for it.
type flying struct {
	mu     sync.Mutex
	now    time.Time
	passed func(time.Time)
}

func newFlying() *flying { return &flying{now: start} }

func (c *flying) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *flying) After(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	c.now = c.now.Add(d)
	now, passed := c.now, c.passed
	c.mu.Unlock()
	if passed != nil {
		passed(now)
	}
	over := make(chan time.Time, 1)
	over <- now
	return over
}

// openLedger opens a ledger, and closes it with the test.
func openLedger(t testing.TB, dir string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), ledger.Options{Dir: dir, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return l
}

func openOutbox(t testing.TB, store Store, clock Clock) *Outbox {
	t.Helper()
	o, err := OpenOutbox(t.Context(), store, clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// some are n notices of one kind, of as many revisions.
func some(n int, to events.PrincipalID) []Notice {
	list := make([]Notice, n)
	for i := range list {
		commit := events.CommitID(fmt.Sprintf("01J0000000000000000C%06d", i+1))
		list[i] = Notice{
			Org: acme, Commit: commit, Revision: events.Revision(i + 1), At: start.Add(time.Duration(i) * time.Second), Actor: ann, Command: "role.grant",
			Kind: rolemodel.RoleGranted, Subject: ben, Role: "co_owner", Scope: org, Recipient: to,
			Ground: Ground{Audience: "owners", Rule: "F04", Role: "organization.owner"},
			ID:     noticeID(commit, 0, rolemodel.RoleGranted, to),
		}
	}
	return list
}

func take(t testing.TB, o *Outbox, list []Notice) {
	t.Helper()
	if err := o.Take(t.Context(), list[len(list)-1].Revision, list); err != nil {
		t.Fatal(err)
	}
}
