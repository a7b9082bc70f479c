package projections

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var start = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// history is one organization's past in the making, written by decisions.
type history struct {
	org     events.OrgID
	state   aggregate.State
	records []events.Record
	people  []events.PrincipalID
	keys    []events.CredentialID
	// ids counts what got a ULID; clock is what the next decision sees.
	ids   int
	clock time.Time
}

func newHistory(org events.OrgID) *history { return &history{org: org, clock: start} }

func (h *history) root() events.ScopeID { return events.Scope("organization", string(h.org)) }

// id makes a ULID that no other history of the test has.
func (h *history) id() string {
	h.ids++
	hash := sha256.Sum256([]byte(h.org))
	return fmt.Sprintf("01J000000000%04X%010d", uint16(hash[0])<<8|uint16(hash[1]), h.ids)
}

// person gives a new id.
func (h *history) person() events.PrincipalID {
	h.people = append(h.people, events.PrincipalID(h.id()))
	return h.people[len(h.people)-1]
}

// decide decides and folds, at a revision and a time of recording. A command
// that is refused or changes nothing leaves no commit.
func (h *history) decide(at events.Revision, recorded time.Time, request aggregate.Request, c aggregate.Command) (events.Record, error) {
	request.Org, request.ID, request.At = h.org, events.CommitID(h.id()), h.clock
	commit, err := aggregate.Decide(h.state, request, c)
	if err != nil || len(commit.Events) == 0 && len(commit.KeyHash) == 0 {
		return events.Record{}, errors.Join(err, errNothing)
	}
	record := events.Record{Commit: commit, Revision: at, RecordedAt: recorded}
	next, err := h.state.Apply(record)
	if err != nil {
		return events.Record{}, err
	}
	h.state, h.records = next, append(h.records, record)
	return record, nil
}

var errNothing = errors.New("nothing came of it")

// must is decide by the operator, under break-glass, at the next revision.
func (h *history) must(t testing.TB, c aggregate.Command) events.Record {
	t.Helper()
	h.clock = h.clock.Add(time.Minute)
	record, err := h.decide(h.state.Revision+1, h.clock.Add(time.Second), aggregate.Request{Actor: events.Operator, Reason: "requested"}, c)
	if err != nil {
		t.Fatalf("%s: %v", c.Name(), err)
	}
	return record
}

// found opens the organization with one administrator.
func (h *history) found(t testing.TB) events.PrincipalID {
	t.Helper()
	admin := h.person()
	h.must(t, aggregate.Found{Model: github(t), Owner: &aggregate.RegisterPerson{Subject: admin, Login: events.Sealed("sealed")}})
	return admin
}

// join makes a new member.
func (h *history) join(t testing.TB) events.PrincipalID {
	t.Helper()
	who := h.person()
	h.must(t, aggregate.RegisterPerson{Subject: who})
	h.must(t, aggregate.StartMembership{Subject: who, Scope: h.root()})
	return who
}

func (h *history) issue(who events.PrincipalID) aggregate.IssueCredential {
	id := events.CredentialID(h.id())
	h.keys = append(h.keys, id)
	hash := hashOf(id)
	return aggregate.IssueCredential{Subject: who, Credential: id, Hash: hash[:], Prefix: "tenure_abc"}
}

// hashOf stands for the hash of a key: the tests have no keys.
func hashOf(id events.CredentialID) [sha256.Size]byte { return sha256.Sum256([]byte(id)) }

func github(t rapid.TB) *rolemodel.Model {
	t.Helper()
	model, err := rolemodel.Builtin("github")
	if err != nil {
		t.Fatal(err)
	}
	return model
}

// teams are the scopes that a random history makes, moves and deletes.
var teams = []events.ScopeID{"team:a", "team:b", "team:c", "team:d"}

// step draws one command and its actor. Most are refused or change nothing;
// what is decided is what a ledger could hold.
func (h *history) step(t *rapid.T, at events.Revision) (events.Record, error) {
	// Times stand still now and then, and the clock that records them is
	// another one, which may be set back.
	h.clock = h.clock.Add(time.Duration(rapid.IntRange(0, 2).Draw(t, "seconds")) * time.Second)
	recorded := h.clock.Add(time.Duration(rapid.IntRange(-2, 3).Draw(t, "recorded")) * time.Second)
	actor := rapid.SampledFrom(append([]events.PrincipalID{events.Operator, events.Operator}, h.people...)).Draw(t, "actor")
	request := aggregate.Request{Actor: actor}
	if actor == events.Operator {
		request.Reason = "requested"
	}
	if rapid.IntRange(0, 7).Draw(t, "key") == 0 {
		key, digest := sha256.Sum256([]byte(h.id())), sha256.Sum256([]byte("request"))
		request.KeyHash, request.RequestDigest = key[:], digest[:]
	}
	return h.decide(at, recorded, request, h.command(t))
}

func (h *history) command(t *rapid.T) aggregate.Command {
	if !h.state.Founded() {
		model, err := rolemodel.Builtin("github")
		if err != nil {
			t.Fatal(err)
		}
		return aggregate.Found{Model: model, Owner: &aggregate.RegisterPerson{Subject: h.person(), Login: events.Sealed("sealed")}}
	}
	who := rapid.SampledFrom(h.people).Draw(t, "who")
	scopes := append([]events.ScopeID{h.root()}, teams...)
	on := rapid.SampledFrom(scopes).Draw(t, "on")
	var there []events.ScopeID
	for _, scope := range h.state.Scopes() {
		there = append(there, scope.ID)
	}
	under := rapid.SampledFrom(there).Draw(t, "under")
	role := events.RoleID(rapid.SampledFrom([]string{"admin", "member", "maintainer"}).Draw(t, "role"))
	switch rapid.IntRange(0, 16).Draw(t, "command") {
	case 0:
		return aggregate.RegisterPerson{Subject: h.person(), Login: events.Sealed("sealed")}
	case 1:
		return aggregate.UpdatePerson{Subject: who, Email: events.Sealed("sealed"), Cleared: []string{"login"}}
	case 2, 3:
		return aggregate.StartMembership{Subject: who, Scope: h.root()}
	case 4:
		return aggregate.SuspendMembership{Subject: who, Scope: h.root()}
	case 5:
		return aggregate.ResumeMembership{Subject: who, Scope: h.root()}
	case 6:
		return aggregate.TerminateMembership{Subject: who, Scope: h.root()}
	case 7, 8:
		return aggregate.GrantRole{Subject: who, Role: role, Scope: on}
	case 9:
		return aggregate.RevokeRole{Subject: who, Role: role, Scope: on}
	case 10, 14, 15:
		return aggregate.CreateScope{Scope: on, Parent: under, Title: events.Sealed("sealed")}
	case 11, 16:
		return aggregate.MoveScope{Scope: on, Parent: under}
	case 12:
		return aggregate.DeleteScope{Scope: on}
	}
	if len(h.keys) > 0 && rapid.Bool().Draw(t, "revoke") {
		return aggregate.RevokeCredential{Credential: rapid.SampledFrom(h.keys).Draw(t, "credential")}
	}
	return h.issue(who)
}

// fold is the state after the records, from nothing.
func fold(t rapid.TB, records []events.Record) aggregate.State {
	t.Helper()
	var state aggregate.State
	for _, r := range records {
		var err error
		if state, err = state.Apply(r); err != nil {
			t.Fatal(err)
		}
	}
	return state
}

func same(t rapid.TB, what string, want, got aggregate.State) {
	t.Helper()
	a, b := want.Snapshot(), got.Snapshot()
	if reflect.DeepEqual(a, b) { // which is much faster
		return
	}
	if diff := cmp.Diff(a, b); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// interleaved brings the commits of several histories into the order of their
// revisions.
func interleaved(histories ...*history) []events.Record {
	var all []events.Record
	for _, h := range histories {
		all = append(all, h.records...)
	}
	slices.SortFunc(all, func(a, b events.Record) int { return int(a.Revision) - int(b.Revision) })
	return all
}
