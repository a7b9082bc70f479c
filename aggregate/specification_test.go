package aggregate

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tenure/events"
	"tenure/rolemodel"
)

// A specification reads: given what happened, when somebody wants something,
// then this happens, or it is refused.
type specification struct {
	name  string
	given history
	when  attempt
	then  expectation
}

func specify(t *testing.T, specifications []specification) {
	t.Helper()
	for _, s := range specifications {
		t.Run(s.name, func(t *testing.T) {
			state := s.given.fold(t)
			before := state.Snapshot()
			commit, err := s.when.decide(state)
			again, errAgain := s.when.decide(state)
			if diff := differ(before, state.Snapshot()); diff != "" {
				t.Fatalf("Decide changed the state it was given:\n%s", diff)
			}
			if fmt.Sprint(err) != fmt.Sprint(errAgain) || !bytes.Equal(encoded(t, commit), encoded(t, again)) {
				t.Fatal("Decide does not give the same twice")
			}
			if err == nil && len(commit.Events) > 0 {
				stored(t, state, commit)
			}
			s.then.check(t, commit, err)
		})
	}
}

// history is what happened, one commit for each part. The first one founds the
// organization; what follows is done by the operator under break-glass.
type history [][]events.Event

// given takes events and lists of events.
func given(parts ...any) history {
	var h history
	for _, part := range parts {
		switch p := part.(type) {
		case events.Event:
			h = append(h, []events.Event{p})
		case []events.Event:
			h = append(h, p)
		default:
			panic(fmt.Sprintf("given %T", part))
		}
	}
	return h
}

func (h history) fold(t testing.TB) State {
	t.Helper()
	var state State
	for i, list := range h {
		commit := following(state, events.Operator, list...)
		if commit.BreakGlass = i > 0; i > 0 {
			commit.Reason = "correction"
		}
		if refusals := Audit(state, commit); refusals != nil {
			t.Fatalf("what is given cannot be, part %d: %v", i, refusals)
		}
		state = stored(t, state, commit)
	}
	return state
}

// following is a commit with a sound envelope, and any events.
func following(s State, actor events.PrincipalID, list ...events.Event) events.Commit {
	decided := clock(s)
	if decided.Before(s.Effective) {
		decided = s.Effective
	}
	return events.Commit{
		Org: acme, ID: commitID(s.Number + 1), Number: s.Number + 1, Prev: s.Revision,
		Actor: actor, Command: "test.forge", DecidedAt: decided, Events: list,
	}
}

// stored folds the commit as it comes back from the ledger.
func stored(t testing.TB, s State, commit events.Commit) State {
	t.Helper()
	read, err := events.Decode(encoded(t, commit))
	if err != nil {
		t.Fatalf("the commit cannot be read back: %v", err)
	}
	if refusals := Audit(s, read); refusals != nil {
		t.Fatalf("the commit fails its audit: %v", refusals)
	}
	next, err := s.Apply(events.Record{Commit: read, Revision: s.Revision + 3})
	if err != nil {
		t.Fatalf("the commit cannot be folded: %v", err)
	}
	return next
}

func encoded(t testing.TB, commit events.Commit) []byte {
	t.Helper()
	data, err := events.Encode(commit)
	if err != nil {
		t.Fatalf("the commit cannot be written: %v", err)
	}
	return data
}

// attempt is a command and who wants it.
type attempt struct {
	actor   events.PrincipalID
	command Command
	with    []func(*Request)
}

func when(actor events.PrincipalID, command Command, with ...func(*Request)) attempt {
	return attempt{actor, command, with}
}

func (a attempt) decide(s State) (events.Commit, error) {
	request := Request{Org: acme, ID: commitID(s.Number + 1), Actor: a.actor, At: clock(s)}
	for _, change := range a.with {
		change(&request)
	}
	return Decide(s, request, a.command)
}

func because(reason string) func(*Request)     { return func(r *Request) { r.Reason = reason } }
func ticket(ticket string) func(*Request)      { return func(r *Request) { r.Ticket = ticket } }
func effective(at time.Time) func(*Request)    { return func(r *Request) { r.EffectiveAt = at } }
func inOrg(org events.OrgID) func(*Request)    { return func(r *Request) { r.Org = org } }
func clockAt(at time.Time) func(*Request)      { return func(r *Request) { r.At = at } }
func withID(id events.CommitID) func(*Request) { return func(r *Request) { r.ID = id } }
func onBehalfOf(id events.PrincipalID) func(*Request) {
	return func(r *Request) { r.OnBehalfOf = id }
}
func note(about events.PrincipalID) func(*Request) {
	return func(r *Request) { r.Note, r.NoteAbout = events.Sealed("sealed note"), about }
}
func idempotent(key, request []byte) func(*Request) {
	return func(r *Request) { r.KeyHash, r.RequestDigest = key, request }
}

// expectation is what is to come of an attempt.
type expectation interface {
	check(t *testing.T, commit events.Commit, err error)
}

// then expects these events, in this order.
func then(list ...events.Event) happening { return happening{events: list} }

type happening struct {
	events     []events.Event
	breakGlass bool
}

// underBreakGlass expects the commit to say that the operator overrode the
// organization's own rules.
func (h happening) underBreakGlass() happening {
	h.breakGlass = true
	return h
}

func (h happening) check(t *testing.T, commit events.Commit, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("refused: %v", err)
	}
	if diff := cmp.Diff(h.events, []events.Event(commit.Events)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if commit.BreakGlass != h.breakGlass {
		t.Errorf("break-glass is %t, want %t", commit.BreakGlass, h.breakGlass)
	}
}

// refused expects a single refusal. All but the texts must be equal; Help and
// says must be part of theirs, and Help empty where there is none.
type refused struct {
	code    Code
	rule    string
	role    string
	scope   events.ScopeID
	subject events.PrincipalID
	field   string
	help    string
	says    string
}

func (want refused) check(t *testing.T, commit events.Commit, err error) {
	t.Helper()
	refusals, are := err.(Refusals)
	if !are || len(refusals) == 0 {
		t.Fatalf("not refused: %v, %v", commit.Events, err)
	}
	if len(refusals) > 1 {
		t.Errorf("refused more than once: %+v", refusals)
	}
	want.compare(t, refusals[0])
}

func (want refused) compare(t *testing.T, got Refusal) {
	t.Helper()
	plain := refused{code: got.Code, rule: got.Rule, role: got.Role, scope: got.Scope, subject: got.Subject, field: got.Field, help: want.help, says: want.says}
	if plain != want {
		t.Errorf("refused with\n %+v\nwant\n %+v\nit says: %s", plain, want, got.Message)
	}
	if !strings.Contains(got.Help, want.help) || want.help == "" && got.Help != "" {
		t.Errorf("help is %q, want %q", got.Help, want.help)
	}
	if got.Message == "" || !strings.Contains(got.Message, want.says) {
		t.Errorf("it says %q, want %q", got.Message, want.says)
	}
}

// The organization and the people of all tests.
const (
	acme events.OrgID = "acme"

	ann events.PrincipalID = "01J00000000000000000000ANN"
	ben events.PrincipalID = "01J00000000000000000000BEN"
	cat events.PrincipalID = "01J00000000000000000000CAT"
	dan events.PrincipalID = "01J00000000000000000000DAN"
	eve events.PrincipalID = "01J00000000000000000000EVE"
	// nix is nobody: well formed and never registered.
	nix events.PrincipalID = "01J00000000000000000000N1X"
)

var start = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// clock is what the clock shows after so many commits.
func clock(s State) time.Time { return start.Add(time.Duration(s.Number) * time.Minute) }

func commitID(number uint64) events.CommitID {
	return events.CommitID(fmt.Sprintf("01J0000000000000000C%06d", number))
}

func keyID(n int) events.CredentialID {
	return events.CredentialID(fmt.Sprintf("01J0000000000000000K%06d", n))
}

// hash is any SHA-256.
func hash(n int) []byte { return bytes.Repeat([]byte{byte(n)}, 32) }

// What happened, in few words.

func founding(model *rolemodel.Model, handle events.OrgID) []events.Event {
	digest := model.Digest()
	return []events.Event{
		events.OrganizationFounded{Scope: events.Scope(model.Root, string(handle))},
		events.ModelAdopted{Model: model.ID, Source: model.Canonical(), Digest: digest[:]},
	}
}

func registered(who events.PrincipalID) events.Event { return events.PersonRegistered{Subject: who} }

func started(who events.PrincipalID, on events.ScopeID, cause ...events.Cause) events.Event {
	return events.MembershipStarted{Subject: who, Scope: on, Cause: first(cause)}
}

func suspended(who events.PrincipalID, on events.ScopeID) events.Event {
	return events.MembershipSuspended{Subject: who, Scope: on}
}

func resumed(who events.PrincipalID, on events.ScopeID) events.Event {
	return events.MembershipResumed{Subject: who, Scope: on}
}

func terminated(who events.PrincipalID, on events.ScopeID, cause ...events.Cause) events.Event {
	return events.MembershipTerminated{Subject: who, Scope: on, Cause: first(cause)}
}

func granted(who events.PrincipalID, role events.RoleID, on events.ScopeID, cause ...events.Cause) events.Event {
	return events.RoleGranted{Subject: who, Role: role, Scope: on, Cause: first(cause)}
}

func revoked(who events.PrincipalID, role events.RoleID, on events.ScopeID, cause ...events.Cause) events.Event {
	return events.RoleRevoked{Subject: who, Role: role, Scope: on, Cause: first(cause)}
}

func created(scope, parent events.ScopeID, cause ...events.Cause) events.Event {
	return events.ScopeCreated{Scope: scope, Parent: parent, Cause: first(cause)}
}

func moved(scope, parent events.ScopeID, cause ...events.Cause) events.Event {
	return events.ScopeMoved{Scope: scope, Parent: parent, Cause: first(cause)}
}

func deleted(scope events.ScopeID, cause ...events.Cause) events.Event {
	return events.ScopeDeleted{Scope: scope, Cause: first(cause)}
}

func issued(who events.PrincipalID, key int) events.Event {
	return events.CredentialIssued{Subject: who, Credential: keyID(key), Hash: hash(key), Prefix: "tenure_abc"}
}

func ended(who events.PrincipalID, key int, cause ...events.Cause) events.Event {
	return events.CredentialRevoked{Subject: who, Credential: keyID(key), Cause: first(cause)}
}

func first(causes []events.Cause) events.Cause {
	if len(causes) == 0 {
		return ""
	}
	return causes[0]
}

func together(parts ...any) []events.Event {
	var list []events.Event
	for _, part := range given(parts...) {
		list = append(list, part...)
	}
	return list
}
