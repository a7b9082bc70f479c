package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"tenure/aggregate"
	"tenure/events"
	"tenure/ledger"
	"tenure/projections"
	"tenure/vault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is a service over a folder of its own, with a clock that the test sets
// and a log that it can read.
type house struct {
	*Service
	t     testing.TB
	clock *clock
	logs  *logs
	keys  map[string]string // by person
}

var start = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

var operator = Caller{Principal: events.Operator}

// open opens a service in a new folder.
func open(t testing.TB) *house {
	t.Helper()
	h := &house{t: t, clock: &clock{at: start}, logs: &logs{}, keys: map[string]string{}}
	h.openIn(t.TempDir())
	t.Cleanup(func() { h.shut() })
	return h
}

func (h *house) openIn(dir string) {
	h.t.Helper()
	var err error
	h.Service, err = Open(context.Background(), Config{Dir: dir, Clock: h.clock.now, Logger: slog.New(slog.NewTextHandler(h.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) shut() {
	h.t.Helper()
	if err := h.Close(context.Background()); err != nil {
		h.t.Error(err)
	}
}

// restart closes the service and opens another one on the same folder.
func (h *house) restart() {
	h.t.Helper()
	h.shut()
	h.openIn(h.dir)
}

// clock is what decisions see. It goes on by a second whenever it is read.
type clock struct {
	sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.Lock()
	defer c.Unlock()
	c.at = c.at.Add(time.Second)
	return c.at
}

func (c *clock) set(at time.Time) {
	c.Lock()
	defer c.Unlock()
	c.at = at
}

// logs keeps a log.
type logs struct {
	sync.Mutex
	text bytes.Buffer
}

func (l *logs) Write(line []byte) (int, error) {
	l.Lock()
	defer l.Unlock()
	return l.text.Write(line)
}

func (l *logs) String() string {
	l.Lock()
	defer l.Unlock()
	return l.text.String()
}

// requested is the envelope of the operator under break-glass.
var requested = Envelope{Reason: "requested"}

func keyed(key string) Envelope { return Envelope{Reason: "requested", IdempotencyKey: key} }

// found opens an organization of the github model.
func (h *house) found(org, owner string) PersonReceipt {
	h.t.Helper()
	return must[PersonReceipt](h.t)(h.Found(h.t.Context(), operator, Envelope{}, FoundRequest{
		Org: events.OrgID(org), Model: "github", Owner: PersonDetails{Login: owner},
	}))
}

// join makes people known, and members.
func (h *house) join(org string, logins ...string) {
	h.t.Helper()
	for _, login := range logins {
		h.register(org, PersonDetails{Login: login})
		must[Receipt](h.t)(h.StartMembership(h.t.Context(), operator, events.OrgID(org), requested, MembershipRequest{Person: login}))
	}
}

func (h *house) register(org string, details PersonDetails) PersonReceipt {
	h.t.Helper()
	return must[PersonReceipt](h.t)(h.RegisterPerson(h.t.Context(), operator, events.OrgID(org), requested, details))
}

func (h *house) grant(org, person, role, scope string) Receipt {
	h.t.Helper()
	return must[Receipt](h.t)(h.GrantRole(h.t.Context(), operator, events.OrgID(org), requested, GrantRequest{RoleRequest: RoleRequest{person, events.RoleID(role), scope}}))
}

func (h *house) team(org, handle, under, title string) {
	h.t.Helper()
	must[Receipt](h.t)(h.CreateScope(h.t.Context(), operator, events.OrgID(org), requested, ScopeRequest{Scope: "team:" + handle, Under: under, Title: title}))
}

// as gives the caller whose key a person has; the operator issues the first.
func (h *house) as(org, person string) Caller {
	h.t.Helper()
	at := org + " " + person
	if h.keys[at] == "" {
		h.keys[at] = must[KeyReceipt](h.t)(h.IssueKey(h.t.Context(), operator, events.OrgID(org), Envelope{}, IssueRequest{Person: person})).Key
	}
	return must[Caller](h.t)(h.Authenticate(h.t.Context(), h.keys[at]))
}

func (h *house) id(org, person string) events.PrincipalID {
	h.t.Helper()
	return must[PersonView](h.t)(h.Person(h.t.Context(), operator, events.OrgID(org), Reading{}, person)).ID
}

// revision is where the organization stands, by the ledger.
func (h *house) revision(org string) events.Revision {
	h.t.Helper()
	return must[events.Revision](h.t)(h.ledger.OrgTail(context.Background(), events.OrgID(org)))
}

// fold is the organization's state, from the ledger alone.
func (h *house) fold(org string) aggregate.State {
	h.t.Helper()
	var state aggregate.State
	err := h.ledger.ReplayOrg(context.Background(), events.OrgID(org), 0, func(r events.Record) error {
		if refusals := aggregate.Audit(state, r.Commit); refusals != nil {
			return fmt.Errorf("revision %d fails its audit: %w", r.Revision, refusals)
		}
		next, err := state.Apply(r)
		state = next
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return state
}

// records are the owners whose keys the store holds for an organization.
func (h *house) records(org string) map[string]bool {
	h.t.Helper()
	owners := map[string]bool{}
	err := records{h.ledger}.Each(context.Background(), func(r vault.Record) error {
		if string(r.Org) == org {
			owners[r.Owner] = true
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return owners
}

// bytesBelow reads every file of the data folder.
func (h *house) bytesBelow() map[string][]byte {
	h.t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(h.dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		files[path] = data
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return files
}

// must unwraps a result that cannot be an error.
func must[T any](t testing.TB) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// refusedWith is the one refusal with a code that the error must be.
func refusedWith(t testing.TB, err error, code aggregate.Code) aggregate.Refusal {
	t.Helper()
	var refusals aggregate.Refusals
	if !errors.As(err, &refusals) || len(refusals) == 0 {
		t.Fatalf("not refused: %v", err)
	}
	first := refusals[0]
	if first.Code != code {
		t.Fatalf("refused with %s (%s), want %s", first.Code, first.Message, code)
	}
	if !strings.HasSuffix(first.Message, ".") {
		t.Errorf("%q is no sentence", first.Message)
	}
	return first
}

func diff(t testing.TB, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func TestOpenAndRestart(t *testing.T) {
	h := open(t)
	if err := h.Ready(); err != nil {
		t.Fatal(err)
	}
	h.found("acme", "ann")
	h.join("acme", "ben", "cat")
	h.team("acme", "sig", "", "Sig Title")
	h.grant("acme", "ben", "maintainer", "team:sig")
	ann := h.as("acme", "ann")
	people := must[[]PersonView](t)(h.People(t.Context(), ann, "acme", Reading{}))
	id, position := h.Ledger(), h.Position()
	h.restart()
	if h.Ledger() != id || h.Position() != position {
		t.Errorf("ledger %s at %d, before the restart %s at %d", h.Ledger(), h.Position(), id, position)
	}
	ann = h.as("acme", "ann") // the key still works
	diff(t, "people after a restart", people, must[[]PersonView](t)(h.People(t.Context(), ann, "acme", Reading{})))
	state, _ := h.permissions.State("acme")
	diff(t, "the rebuilt projection", h.fold("acme").Snapshot(), state.Snapshot())
}

func TestOpenRefusesASecondOne(t *testing.T) {
	h := open(t)
	_, err := Open(t.Context(), Config{Dir: h.dir})
	if !errors.Is(err, ledger.ErrLocked) {
		t.Errorf("a second service on the folder: %v", err)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	h.shut()
	_, err := h.Found(t.Context(), operator, Envelope{}, FoundRequest{Org: "beta", Model: "github", Owner: PersonDetails{Login: "bob"}})
	if !errors.Is(err, ledger.ErrClosed) {
		t.Errorf("a command after the end: %v", err)
	}
	if err := h.Ready(); !errors.Is(err, ledger.ErrClosed) {
		t.Errorf("ready after the end: %v", err)
	}
	if strings.Contains(h.logs.String(), "halted") {
		t.Errorf("closing halts the projections: %s", h.logs)
	}
}

// TestReadYourWrites asks after every command, without saying at least which
// revision.
func TestReadYourWrites(t *testing.T) {
	h := open(t)
	for i := range 40 {
		org := events.OrgID(fmt.Sprintf("org-%d", i%4))
		if i < 4 {
			h.found(string(org), "ann")
		}
		login := fmt.Sprintf("person-%d", i)
		receipt := h.register(string(org), PersonDetails{Login: login})
		view, err := h.Person(t.Context(), operator, org, Reading{}, login)
		if err != nil || view.ID != receipt.ID || view.Revision != receipt.Revision {
			t.Fatalf("registered %+v, then read %+v, %v", receipt, view, err)
		}
	}
}

func TestAtLeast(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	next := h.revision("acme") + 1
	type answer struct {
		OrganizationView
		error
	}
	answered := make(chan answer, 1)
	go func() {
		view, err := h.Organization(context.Background(), operator, "acme", Reading{AtLeast: next})
		answered <- answer{view, err}
	}()
	h.register("acme", PersonDetails{Login: "ben"})
	if a := <-answered; a.error != nil || a.Revision != next {
		t.Errorf("asked for revision %d, got %d, %v", next, a.Revision, a.error)
	}
	// A revision that does not come ends with the patience of the one who asks.
	impatient, cancel := context.WithDeadline(t.Context(), time.Now())
	defer cancel()
	_, err := h.Organization(impatient, operator, "acme", Reading{AtLeast: 99})
	if r := refusedWith(t, err, CodeNotYet); !strings.Contains(r.Message, "Revision 99 ") {
		t.Errorf("it says %q", r.Message)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Organization(gone, operator, "acme", Reading{AtLeast: 99}); !errors.Is(err, context.Canceled) {
		t.Errorf("whoever has gone gets %v", err)
	}
}

// TestHalted appends a commit that no projection can fold, underneath.
func TestHalted(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	h.found("beta", "bob")
	ann := h.as("acme", "ann")
	must[[]OrganizationView](t)(h.Organizations(t.Context(), operator)) // all is folded
	position := h.Position()
	state := h.fold("acme")
	broken := events.Commit{
		Org: "acme", ID: events.CommitID(h.newID()), Number: state.Number + 1, Prev: state.Revision,
		Actor: events.Operator, Command: "role.grant", DecidedAt: start,
		Events: events.Events{events.RoleGranted{Subject: "01J00000000000000000000000", Role: "admin", Scope: "organization:acme"}},
	}
	revision := must[events.Revision](t)(h.ledger.Append(t.Context(), broken, state.Revision))
	if err := h.applied.wait(t.Context(), revision); !errors.Is(err, ErrHalted) {
		t.Fatalf("waiting for it ends with %v", err)
	}
	if h.Position() != position {
		t.Errorf("the position moved from %d to %d", position, h.Position())
	}
	if err := h.Ready(); !errors.Is(err, ErrHalted) || !strings.Contains(err.Error(), fmt.Sprint(revision)) {
		t.Errorf("ready: %v", err)
	}
	for _, org := range []events.OrgID{"acme", "beta"} {
		for name, ask := range questions(h.Service, org) {
			if err := ask(t.Context(), operator); !errors.Is(err, ErrHalted) {
				t.Errorf("%s of %s is answered: %v", name, org, err)
			}
		}
		for name, do := range commands(h.Service, org) {
			if err := do(t.Context(), operator, requested); !errors.Is(err, ErrHalted) {
				t.Errorf("%s in %s is carried out: %v", name, org, err)
			}
		}
	}
	if _, err := h.Authenticate(t.Context(), h.keys["acme ann"]); !errors.Is(err, ErrHalted) {
		t.Errorf("a key that may be revoked by now is taken: %v", err)
	}
	if _, err := h.Organizations(t.Context(), ann); !errors.Is(err, ErrHalted) {
		t.Errorf("organizations: %v", err)
	}
	if !strings.Contains(h.logs.String(), "projections halted") {
		t.Error("the log does not say so")
	}
	// It is not skipped by starting again either.
	dir := h.dir
	h.shut()
	if s, err := Open(t.Context(), Config{Dir: dir}); err == nil {
		t.Error("the folder opens")
		_ = s.Close(t.Context())
	} else if !strings.Contains(err.Error(), fmt.Sprint(revision)) {
		t.Errorf("it opens not, but does not say at which revision: %v", err)
	}
}

// questions are all that can be asked of an organization.
func questions(s *Service, org events.OrgID) map[string]func(context.Context, Caller) error {
	moment := Reading{}
	return map[string]func(context.Context, Caller) error{
		"Organization": func(ctx context.Context, c Caller) error { _, err := s.Organization(ctx, c, org, moment); return err },
		"People":       func(ctx context.Context, c Caller) error { _, err := s.People(ctx, c, org, moment); return err },
		"Person":       func(ctx context.Context, c Caller) error { _, err := s.Person(ctx, c, org, moment, "ann"); return err },
		"Person self": func(ctx context.Context, c Caller) error {
			_, err := s.Person(ctx, c, org, moment, string(c.Principal))
			return err
		},
		"Holders": func(ctx context.Context, c Caller) error {
			_, err := s.Holders(ctx, c, org, moment, "admin", "")
			return err
		},
		"Permitted": func(ctx context.Context, c Caller) error {
			_, err := s.Permitted(ctx, c, org, moment, "organization.edit", "")
			return err
		},
		"Can": func(ctx context.Context, c Caller) error {
			_, err := s.Can(ctx, c, org, moment, "ann", "organization.edit", "")
			return err
		},
		"Can self": func(ctx context.Context, c Caller) error {
			_, err := s.Can(ctx, c, org, moment, string(c.Principal), "organization.edit", "")
			return err
		},
		"Sections": func(ctx context.Context, c Caller) error {
			_, err := s.Sections(ctx, c, org, moment, "ann", "", false)
			return err
		},
		"Sections self": func(ctx context.Context, c Caller) error {
			_, err := s.Sections(ctx, c, org, moment, string(c.Principal), "", true)
			return err
		},
		"Scopes": func(ctx context.Context, c Caller) error { _, err := s.Scopes(ctx, c, org, moment); return err },
		"Keys":   func(ctx context.Context, c Caller) error { _, err := s.Keys(ctx, c, org, moment); return err },
		"History": func(ctx context.Context, c Caller) error {
			_, _, err := s.History(ctx, c, org, moment, "actor:ann", Page{})
			return err
		},
		"Diff": func(ctx context.Context, c Caller) error {
			_, err := s.Diff(ctx, c, org, 0, atRevision(1), atRevision(2))
			return err
		},
		"ExportPeribolos": func(ctx context.Context, c Caller) error {
			_, err := s.ExportPeribolos(ctx, c, org, moment)
			return err
		},
	}
}

// commands are all that can be done in an organization, each with a request
// that the operator could have carried out where ann and ben are members and
// there is a team:sig.
func commands(s *Service, org events.OrgID) map[string]func(context.Context, Caller, Envelope) error {
	list := map[string]func(context.Context, Caller, Envelope) error{
		"RegisterPerson": func(ctx context.Context, c Caller, e Envelope) error {
			_, err := s.RegisterPerson(ctx, c, org, e, PersonDetails{Login: "new"})
			return err
		},
		"UpdatePerson": func(ctx context.Context, c Caller, e Envelope) error {
			name := "New Name"
			_, err := s.UpdatePerson(ctx, c, org, e, PersonChange{Person: "ben", Name: &name})
			return err
		},
		"GrantRole": func(ctx context.Context, c Caller, e Envelope) error {
			_, err := s.GrantRole(ctx, c, org, e, GrantRequest{RoleRequest: RoleRequest{Person: "ben", Role: "admin"}})
			return err
		},
		"RevokeRole": func(ctx context.Context, c Caller, e Envelope) error {
			_, err := s.RevokeRole(ctx, c, org, e, RoleRequest{Person: "ben", Role: "member", Scope: "team:sig"})
			return err
		},
		"IssueKey": func(ctx context.Context, c Caller, e Envelope) error {
			_, err := s.IssueKey(ctx, c, org, e, IssueRequest{Person: "ben"})
			return err
		},
		"RevokeKey": func(ctx context.Context, c Caller, e Envelope) error {
			_, err := s.RevokeKey(ctx, c, org, e, RevokeKeyRequest{Key: "tenure_000000"})
			return err
		},
	}
	for name, change := range map[string]func(*Service, context.Context, Caller, events.OrgID, Envelope, MembershipRequest) (Receipt, error){
		"StartMembership": (*Service).StartMembership, "SuspendMembership": (*Service).SuspendMembership,
		"ResumeMembership": (*Service).ResumeMembership, "TerminateMembership": (*Service).TerminateMembership,
	} {
		list[name] = func(ctx context.Context, c Caller, e Envelope) error {
			_, err := change(s, ctx, c, org, e, MembershipRequest{Person: "ben"})
			return err
		}
	}
	for name, change := range map[string]func(*Service, context.Context, Caller, events.OrgID, Envelope, ScopeRequest) (Receipt, error){
		"CreateScope": (*Service).CreateScope, "RenameScope": (*Service).RenameScope,
		"MoveScope": (*Service).MoveScope, "DeleteScope": (*Service).DeleteScope,
	} {
		list[name] = func(ctx context.Context, c Caller, e Envelope) error {
			_, err := change(s, ctx, c, org, e, ScopeRequest{Scope: "team:sig", Title: "New Title"})
			return err
		}
	}
	return list
}

func atRevision(n events.Revision) projections.Moment { return projections.Moment{Revision: n} }
