package service

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/oklog/ulid/v2"

	"tenure/aggregate"
	"tenure/events"
	"tenure/ledger"
	"tenure/vault"
)

func TestIdempotencyKey(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	h.join("acme", "ben")
	h.found("beta", "ann")
	ann, ben := h.as("acme", "ann"), h.as("acme", "ben")
	register := func(c Caller, key, login string) (PersonReceipt, error) {
		return h.RegisterPerson(t.Context(), c, "acme", Envelope{IdempotencyKey: key}, PersonDetails{Login: login})
	}
	first := must[PersonReceipt](t)(register(ann, "k1", "cat"))
	if first.Replayed || !first.Changed || len(first.Events) != 1 {
		t.Fatalf("the first receipt is %+v", first)
	}
	replayed := func(t *testing.T) {
		t.Helper()
		again, err := register(ann, "k1", "cat")
		if err != nil {
			t.Fatal(err)
		}
		want := first
		want.Replayed = true
		for i := range again.Events { // known to the ledger only after the fact
			again.Events[i].RecordedAt = want.Events[i].RecordedAt
		}
		diff(t, "the receipt of the same request", want, again)
		if at := h.revision("acme"); at != first.Revision && at < first.Revision {
			t.Errorf("the organization stands at %d", at)
		}
	}
	tail := h.revision("acme")
	t.Run("the same again", replayed)
	if h.revision("acme") != tail {
		t.Error("repeating appended a commit")
	}
	t.Run("another body", func(t *testing.T) {
		_, err := register(ann, "k1", "dan")
		if r := refusedWith(t, err, CodeKeyReused); r.Field != "Idempotency-Key" || !strings.Contains(r.Message, string(first.Commit)) {
			t.Errorf("refused with %+v", r)
		}
	})
	t.Run("another command", func(t *testing.T) {
		_, err := h.IssueKey(t.Context(), ann, "acme", Envelope{IdempotencyKey: "k1"}, IssueRequest{Person: "cat"})
		refusedWith(t, err, CodeKeyReused)
	})
	t.Run("another note", func(t *testing.T) {
		_, err := h.RegisterPerson(t.Context(), ann, "acme", Envelope{IdempotencyKey: "k1", Ticket: "T-1"}, PersonDetails{Login: "cat"})
		refusedWith(t, err, CodeKeyReused)
	})
	t.Run("whatever revision is expected", func(t *testing.T) {
		stale := events.Revision(1)
		again, err := h.RegisterPerson(t.Context(), ann, "acme", Envelope{IdempotencyKey: "k1", IfRevision: &stale}, PersonDetails{Login: "cat"})
		if err != nil || !again.Replayed {
			t.Errorf("%+v, %v", again, err)
		}
	})
	t.Run("another credential", func(t *testing.T) {
		// Its own key, so the request is a new one, and refused by rule.
		_, err := register(ben, "k1", "cat")
		refusedWith(t, err, aggregate.CodeNotPermitted)
		second := must[PersonReceipt](t)(h.RegisterPerson(t.Context(), operator, "acme", keyed("k1"), PersonDetails{Login: "eve"}))
		if second.Replayed || second.ID == first.ID {
			t.Errorf("the operator's key is taken for ann's: %+v", second)
		}
	})
	t.Run("another credential of the same person", func(t *testing.T) {
		key := must[KeyReceipt](t)(h.IssueKey(t.Context(), ann, "acme", Envelope{}, IssueRequest{Person: "ann"})).Key
		_, err := register(must[Caller](t)(h.Authenticate(t.Context(), key)), "k1", "cat")
		refusedWith(t, err, aggregate.CodeExists)
	})
	t.Run("another organization", func(t *testing.T) {
		receipt := must[PersonReceipt](t)(h.RegisterPerson(t.Context(), operator, "beta", keyed("k1"), PersonDetails{Login: "eve"}))
		if receipt.Replayed {
			t.Error("the key is taken for that of another organization")
		}
	})
	t.Run("after others wrote", func(t *testing.T) {
		h.join("acme", "fay")
		replayed(t)
	})
	t.Run("after the login went to somebody else", func(t *testing.T) {
		login := "catherine"
		must[Receipt](t)(h.UpdatePerson(t.Context(), operator, "acme", requested, PersonChange{Person: "cat", Login: &login}))
		other := h.register("acme", PersonDetails{Login: "cat"})
		again := must[PersonReceipt](t)(register(ann, "k1", "cat"))
		if again.ID != first.ID || again.ID == other.ID {
			t.Errorf("the receipt names %s, and the request registered %s", again.ID, first.ID)
		}
		// Names are those of today.
		if again.Events[0].Login != "catherine" {
			t.Errorf("the person is called %s", again.Events[0].Login)
		}
		first.Events[0].Login = "catherine"
	})
	t.Run("after a restart", func(t *testing.T) {
		h.restart()
		ann = h.as("acme", "ann")
		replayed(t)
		_, err := register(ann, "k1", "dan")
		refusedWith(t, err, CodeKeyReused)
	})
	t.Run("too long a key", func(t *testing.T) {
		_, err := register(ann, strings.Repeat("k", 257), "gus")
		if r := refusedWith(t, err, aggregate.CodeInvalid); r.Field != "Idempotency-Key" {
			t.Errorf("refused at %q", r.Field)
		}
	})
}

// The server's own memory of commit ids ends after two minutes; what the
// ledger remembers does not depend on it. Another commit id stands for that.
func TestIdempotencyKeyOutlivesTheMessageID(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	first := must[PersonReceipt](t)(h.RegisterPerson(t.Context(), operator, "acme", keyed("k"), PersonDetails{Login: "ben"}))
	appended := 0
	appendTo := h.append
	h.append = func(ctx context.Context, c events.Commit, expect events.Revision) (events.Revision, error) {
		appended++
		return appendTo(ctx, c, expect)
	}
	h.clock.set(start.AddDate(1, 0, 0))
	again := must[PersonReceipt](t)(h.RegisterPerson(t.Context(), operator, "acme", keyed("k"), PersonDetails{Login: "ben"}))
	if appended != 0 || again.Commit != first.Commit || again.ID != first.ID {
		t.Errorf("a year later %d commits were appended, and the receipt is %+v", appended, again)
	}
}

// A key in a repeated request is the key's first request alone.
func TestIdempotencyKeyShowsAnAPIKeyOnce(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	issue := func() KeyReceipt {
		return must[KeyReceipt](t)(h.IssueKey(t.Context(), operator, "acme", Envelope{IdempotencyKey: "k"}, IssueRequest{Person: "ann"}))
	}
	first, again := issue(), issue()
	if first.Key == "" || again.Key != "" {
		t.Errorf("the key is %q, then %q", first.Key, again.Key)
	}
	if again.ID != first.ID || again.Prefix != first.Prefix || again.Person != "ann" || !again.Replayed {
		t.Errorf("the receipts are %+v, then %+v", first, again)
	}
	if len(must[[]KeyView](t)(h.Keys(t.Context(), operator, "acme", Reading{}))) != 1 {
		t.Error("two keys were issued")
	}
}

func TestCommandThatChangesNothing(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	h.join("acme", "ben")
	at := h.revision("acme")
	again := func(key string) Receipt {
		return must[Receipt](t)(h.GrantRole(t.Context(), operator, "acme", keyed(key), GrantRequest{RoleRequest: RoleRequest{Person: "ben", Role: "member"}}))
	}
	if r := again(""); r.Changed || r.Commit != "" || r.Revision != at || h.revision("acme") != at {
		t.Errorf("without a key it gives %+v, and the organization stands at %d", r, h.revision("acme"))
	}
	first := again("k")
	if first.Changed || first.Commit == "" || first.Revision != at+1 || len(first.Events) != 0 || h.revision("acme") != at+1 {
		t.Errorf("with a key it gives %+v, and the organization stands at %d", first, h.revision("acme"))
	}
	// Meanwhile the same request would change something; the key says not to.
	h.grant("acme", "ben", "admin", "")
	second := again("k")
	if !second.Replayed || second.Changed || second.Commit != first.Commit || second.Revision != first.Revision {
		t.Errorf("repeated, it gives %+v", second)
	}
	h.restart()
	if third := again("k"); !third.Replayed || third.Changed || third.Commit != first.Commit {
		t.Errorf("after a restart it gives %+v", third)
	}
	if roles := must[[]GrantView](t)(h.Holders(t.Context(), operator, "acme", Reading{}, "admin", "")); len(roles) != 2 {
		t.Errorf("the administrators are %+v", roles)
	}
	_, err := h.GrantRole(t.Context(), operator, "acme", keyed("k"), GrantRequest{RoleRequest: RoleRequest{Person: "ben", Role: "admin"}})
	refusedWith(t, err, CodeKeyReused)
}

func TestIfRevision(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	at := h.revision("acme")
	register := func(login string, expected events.Revision) (PersonReceipt, error) {
		return h.RegisterPerson(t.Context(), operator, "acme", Envelope{Reason: "requested", IfRevision: &expected}, PersonDetails{Login: login})
	}
	receipt := must[PersonReceipt](t)(register("ben", at))
	_, err := register("cat", at)
	r := refusedWith(t, err, CodePrecondition)
	if r.Field != "If-Match" || !strings.Contains(r.Message, fmt.Sprintf("at revision %d, not at %d", receipt.Revision, at)) {
		t.Errorf("refused with %+v", r)
	}
	if h.revision("acme") != receipt.Revision {
		t.Error("something was appended")
	}
	for _, never := range []events.Revision{0, 99} {
		_, err := register("cat", never)
		refusedWith(t, err, CodePrecondition)
	}
	must[PersonReceipt](t)(register("cat", receipt.Revision))
}

// underneath appends a commit to the ledger as another instance would, past
// the service.
func (h *house) underneath(org string, command aggregate.Command) events.Record {
	h.t.Helper()
	state := h.fold(org)
	commit, err := aggregate.Decide(state, aggregate.Request{
		Org: events.OrgID(org), ID: events.CommitID(ulid.Make().String()), Actor: events.Operator, At: h.clock.now(), Reason: "requested",
	}, command)
	if err != nil {
		h.t.Fatal(err)
	}
	revision, err := h.ledger.Append(context.Background(), commit, state.Revision)
	if err != nil {
		h.t.Fatal(err)
	}
	return events.Record{Commit: commit, Revision: revision}
}

// TestOthersWriteFirst lets another instance append between decision and
// append, several times in a row.
func TestOthersWriteFirst(t *testing.T) {
	for _, times := range []int{1, 3, maxAttempts - 1} {
		t.Run(fmt.Sprint(times), func(t *testing.T) {
			h := open(t)
			h.found("acme", "ann")
			appendTo, left := h.append, times
			h.append = func(ctx context.Context, c events.Commit, expect events.Revision) (events.Revision, error) {
				if left > 0 {
					left--
					h.underneath("acme", aggregate.RegisterPerson{Subject: events.PrincipalID(ulid.Make().String())})
				}
				return appendTo(ctx, c, expect)
			}
			before := h.revision("acme")
			receipt := h.register("acme", PersonDetails{Login: "ben"})
			if receipt.Revision != before+events.Revision(times)+1 {
				t.Errorf("the commit is at %d, want %d", receipt.Revision, before+events.Revision(times)+1)
			}
			if got := h.id("acme", "ben"); got != receipt.ID {
				t.Errorf("ben is %s, want %s", got, receipt.ID)
			}
			// What was decided before is not in the vault.
			want := map[string]bool{vault.Organization: true, string(h.id("acme", "ann")): true, string(receipt.ID): true}
			diff(t, "owners of keys", want, h.records("acme"))
			h.fold("acme")
		})
	}
	t.Run("too often", func(t *testing.T) {
		h := open(t)
		h.found("acme", "ann")
		appendTo := h.append
		h.append = func(ctx context.Context, c events.Commit, expect events.Revision) (events.Revision, error) {
			h.underneath("acme", aggregate.RegisterPerson{Subject: events.PrincipalID(ulid.Make().String())})
			return appendTo(ctx, c, expect)
		}
		_, err := h.RegisterPerson(t.Context(), operator, "acme", requested, PersonDetails{Login: "ben"})
		refusedWith(t, err, CodeBusy)
		h.append = appendTo
		diff(t, "owners of keys", map[string]bool{vault.Organization: true, string(h.id("acme", "ann")): true}, h.records("acme"))
		h.register("acme", PersonDetails{Login: "ben"})
	})
	t.Run("while the projections stand still", func(t *testing.T) {
		h := open(t)
		h.found("acme", "ann")
		h.stop()
		<-h.followed
		appendTo, tried := h.append, 0
		h.append = func(ctx context.Context, c events.Commit, expect events.Revision) (events.Revision, error) {
			if tried++; tried == 1 {
				h.underneath("acme", aggregate.RegisterPerson{Subject: events.PrincipalID(ulid.Make().String())})
			}
			return appendTo(ctx, c, expect)
		}
		if receipt := h.register("acme", PersonDetails{Login: "ben"}); receipt.Revision != 3 || tried != 2 {
			t.Errorf("after %d attempts the commit is at %d", tried, receipt.Revision)
		}
	})
	t.Run("what they wrote decides", func(t *testing.T) {
		h := open(t)
		h.found("acme", "ann")
		h.join("acme", "ben")
		ann, ben := h.as("acme", "ann"), h.id("acme", "ben")
		h.grant("acme", "ben", "admin", "")
		appendTo := h.append
		h.append = func(ctx context.Context, c events.Commit, expect events.Revision) (events.Revision, error) {
			h.append = appendTo
			h.underneath("acme", aggregate.GrantRole{Subject: ben, Role: "member", Scope: "organization:acme"})
			return appendTo(ctx, c, expect)
		}
		// With ben an administrator, ann could go; now she is the last one.
		_, err := h.TerminateMembership(t.Context(), ann, "acme", Envelope{}, MembershipRequest{Person: "ann"})
		if r := refusedWith(t, err, aggregate.CodeTooFew); r.Rule != "X01" {
			t.Errorf("refused by %s", r.Rule)
		}
	})
	t.Run("the same request", func(t *testing.T) {
		h := open(t)
		h.found("acme", "ann")
		appendTo := h.append
		var first events.CommitID
		h.append = func(ctx context.Context, c events.Commit, expect events.Revision) (events.Revision, error) {
			h.append = appendTo
			twin := c // another instance got the same request, and was faster
			twin.ID = events.CommitID(ulid.Make().String())
			first = twin.ID
			if _, err := appendTo(ctx, twin, expect); err != nil {
				t.Error(err)
			}
			return appendTo(ctx, c, expect)
		}
		receipt := must[Receipt](t)(h.GrantRole(t.Context(), operator, "acme", keyed("k"), GrantRequest{RoleRequest: RoleRequest{Person: "ann", Role: "admin"}}))
		if !receipt.Replayed || receipt.Commit != first {
			t.Errorf("the receipt is %+v, want that of %s", receipt, first)
		}
	})
}

// TestLostAnswer lets the ledger store a commit, or not, and give no answer.
func TestLostAnswer(t *testing.T) {
	for _, stored := range []bool{true, false} {
		t.Run(fmt.Sprintf("stored %t", stored), func(t *testing.T) {
			h := open(t)
			h.found("acme", "ann")
			appendTo := h.append
			lose := func() {
				h.append = func(ctx context.Context, c events.Commit, expect events.Revision) (events.Revision, error) {
					h.append = appendTo
					if stored {
						if _, err := appendTo(ctx, c, expect); err != nil {
							t.Error(err)
						}
					}
					return 0, fmt.Errorf("%w: no answer", ledger.ErrUnconfirmed)
				}
			}
			register := func(e Envelope, login string) (PersonReceipt, error) {
				return h.RegisterPerson(t.Context(), operator, "acme", e, PersonDetails{Login: login})
			}
			lose()
			if _, err := register(keyed("k"), "ben"); !errors.Is(err, ledger.ErrUnconfirmed) {
				t.Fatalf("it gives %v", err)
			}
			// Trying again with the same key does it once.
			receipt := must[PersonReceipt](t)(register(keyed("k"), "ben"))
			if !receipt.Replayed || h.id("acme", "ben") != receipt.ID {
				t.Errorf("the second time it gives %+v", receipt)
			}
			// Without one, trying again says that it is done.
			lose()
			if _, err := register(requested, "cat"); !errors.Is(err, ledger.ErrUnconfirmed) {
				t.Fatalf("it gives %v", err)
			}
			_, err := register(requested, "cat")
			if r := refusedWith(t, err, aggregate.CodeExists); r.Field != "login" {
				t.Errorf("refused with %+v", r)
			}
			// Another command of the organization settles it just as well.
			lose()
			if _, err := register(requested, "dan"); !errors.Is(err, ledger.ErrUnconfirmed) {
				t.Fatalf("it gives %v", err)
			}
			must[Receipt](t)(h.StartMembership(t.Context(), operator, "acme", requested, MembershipRequest{Person: "cat"}))
			if view := must[PersonView](t)(h.Person(t.Context(), operator, "acme", Reading{}, "dan")); view.Login != "dan" {
				t.Errorf("dan is %+v", view)
			}
			h.everybodyHasAKey("acme")
		})
	}
	t.Run("others wrote instead", func(t *testing.T) {
		h := open(t)
		h.found("acme", "ann")
		appendTo := h.append
		h.append = func(context.Context, events.Commit, events.Revision) (events.Revision, error) {
			return 0, fmt.Errorf("%w: no answer", ledger.ErrUnconfirmed)
		}
		_, err := h.RegisterPerson(t.Context(), operator, "acme", requested, PersonDetails{Login: "ben"})
		if !errors.Is(err, ledger.ErrUnconfirmed) {
			t.Fatal(err)
		}
		// While nobody can tell, nothing else is decided.
		_, err = h.RegisterPerson(t.Context(), operator, "acme", requested, PersonDetails{Login: "cat"})
		if !errors.Is(err, ledger.ErrUnavailable) || errors.Is(err, ledger.ErrUnconfirmed) {
			t.Errorf("meanwhile another command gives %v", err)
		}
		h.append = appendTo
		h.underneath("acme", aggregate.RegisterPerson{Subject: events.PrincipalID(ulid.Make().String())})
		// The commit is not there and never will be: its login is free again.
		receipt := h.register("acme", PersonDetails{Login: "ben"})
		want := map[string]bool{vault.Organization: true, string(h.id("acme", "ann")): true, string(receipt.ID): true}
		diff(t, "owners of keys", want, h.records("acme"))
	})
	t.Run("it is not forgotten for others", func(t *testing.T) {
		h := open(t)
		h.found("acme", "ann")
		h.desks = newDesks(1)
		appendTo := h.append
		h.append = func(context.Context, events.Commit, events.Revision) (events.Revision, error) {
			h.append = appendTo
			return 0, fmt.Errorf("%w: no answer", ledger.ErrUnconfirmed)
		}
		_, err := h.RegisterPerson(t.Context(), operator, "acme", requested, PersonDetails{Login: "ben"})
		if !errors.Is(err, ledger.ErrUnconfirmed) {
			t.Fatal(err)
		}
		for i := range 3 {
			h.found(fmt.Sprintf("other-%d", i), "ann")
		}
		_, err = h.RegisterPerson(t.Context(), operator, "acme", requested, PersonDetails{Login: "ben"})
		refusedWith(t, err, aggregate.CodeExists)
		h.everybodyHasAKey("acme")
		h.found("other-3", "ann")
		if n := len(h.desks.byID); n != 1 {
			t.Errorf("%d organizations are at hand once it is settled", n)
		}
	})
	t.Run("the caller went away", func(t *testing.T) {
		// Once it is decided, a command does not depend on whoever waits for it.
		h := open(t)
		h.found("acme", "ann")
		ctx, leave := context.WithCancel(t.Context())
		appendTo := h.append
		h.append = func(ctx context.Context, c events.Commit, expect events.Revision) (events.Revision, error) {
			leave()
			return appendTo(ctx, c, expect)
		}
		receipt := must[PersonReceipt](t)(h.RegisterPerson(ctx, operator, "acme", requested, PersonDetails{Login: "ben"}))
		if h.id("acme", "ben") != receipt.ID {
			t.Error("ben is somebody else")
		}
		// Before that, nothing is done for somebody who has left.
		at := h.revision("acme")
		if _, err := h.RegisterPerson(ctx, operator, "acme", requested, PersonDetails{Login: "cat"}); !errors.Is(err, context.Canceled) {
			t.Errorf("whoever has left gets %v", err)
		}
		if h.revision("acme") != at {
			t.Error("something was appended")
		}
	})
}

// everybodyHasAKey compares the owners of keys with the people of the ledger.
func (h *house) everybodyHasAKey(org string) {
	h.t.Helper()
	want := map[string]bool{vault.Organization: true}
	for _, person := range h.fold(org).Persons() {
		want[string(person.ID)] = true
	}
	diff(h.t, "owners of keys", want, h.records(org))
}

// TestNothingIsLeftBehind refuses commands of every kind that make keys.
func TestNothingIsLeftBehind(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	h.join("acme", "ben")
	ben := h.as("acme", "ben")
	h.team("acme", "sig", "", "Sig Title")
	before, at := h.records("acme"), h.revision("acme")
	other, title := "ann", "Another Title"
	for name, do := range map[string]func() error{
		"not permitted": func() error {
			_, err := h.RegisterPerson(t.Context(), ben, "acme", Envelope{}, PersonDetails{Login: "zoe", Email: "zoe@example.org", Name: "Zoe"})
			return err
		},
		"no reason given": func() error {
			_, err := h.RegisterPerson(t.Context(), operator, "acme", Envelope{}, PersonDetails{Login: "zoe"})
			return err
		},
		"a reason that is none": func() error {
			_, err := h.RegisterPerson(t.Context(), operator, "acme", Envelope{Reason: "whim"}, PersonDetails{Login: "zoe"})
			return err
		},
		"the address is taken": func() error {
			_, err := h.RegisterPerson(t.Context(), operator, "acme", requested, PersonDetails{Login: "zoe", Email: "ben"})
			return err
		},
		"the new login is taken": func() error {
			_, err := h.UpdatePerson(t.Context(), operator, "acme", requested, PersonChange{Person: "ben", Login: &other})
			return err
		},
		"an update not permitted": func() error {
			_, err := h.UpdatePerson(t.Context(), ben, "acme", Envelope{}, PersonChange{Person: "ben", Login: &title})
			return err
		},
		"a scope not permitted": func() error {
			_, err := h.CreateScope(t.Context(), ben, "acme", Envelope{}, ScopeRequest{Scope: "team:new", Title: title})
			return err
		},
		"a scope of no kind": func() error {
			_, err := h.CreateScope(t.Context(), operator, "acme", requested, ScopeRequest{Scope: "planet:new", Title: title})
			return err
		},
		"a title not permitted": func() error {
			_, err := h.RenameScope(t.Context(), ben, "acme", Envelope{}, ScopeRequest{Scope: "team:sig", Title: title})
			return err
		},
		"a founding of what exists": func() error {
			_, err := h.Found(t.Context(), operator, Envelope{}, FoundRequest{Org: "acme", Model: "github", Owner: PersonDetails{Login: "zoe"}, Title: title})
			return err
		},
		"a note about several": func() error {
			_, err := h.CreateScope(t.Context(), operator, "acme", Envelope{Reason: "requested", Note: "why"}, ScopeRequest{Scope: "team:new", Title: title})
			return err
		},
		"an import": func() error {
			_, err := h.ImportTimeline(t.Context(), operator, "acme", TimelineCommit{Commit: "c", Time: h.clock.now(), Changes: []TimelineChange{
				{Op: "team.create", Team: "Brand New"}, {Op: "member.add", User: "zoe"}, {Op: "admin.remove", User: "ann"},
			}})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			var refusals aggregate.Refusals
			if err := do(); !errors.As(err, &refusals) {
				t.Fatalf("not refused: %v", err)
			}
			diff(t, "owners of keys", before, h.records("acme"))
			if h.revision("acme") != at {
				t.Errorf("the organization stands at %d, before at %d", h.revision("acme"), at)
			}
			for _, name := range []string{"zoe", "zoe@example.org"} {
				if owner, found := h.vault.Find("acme", vault.ByLogin, name); found {
					t.Errorf("%s is found as %s", name, owner)
				}
			}
			for _, title := range []string{title, "Brand New"} {
				if id, found := h.findScope(h.stateOf("acme"), "team:"+title); found {
					t.Errorf("%q is found as %s", title, id)
				}
			}
		})
	}
	// In an organization that was never founded, there is not even a key of
	// its own.
	_, err := h.Found(t.Context(), operator, Envelope{Ticket: "not a ticket"}, FoundRequest{Org: "beta", Model: "github", Owner: PersonDetails{Login: "zoe"}})
	refusedWith(t, err, aggregate.CodeInvalid)
	diff(t, "owners of keys", map[string]bool{}, h.records("beta"))
	if got := h.id("acme", "ben"); got != ben.Principal {
		t.Errorf("ben is %s", got)
	}
}

var errCrash = errors.New("crash")

// faulty is the store of keys, with a fault after the next write.
type faulty struct {
	records
	after func() error
}

func (f *faulty) Put(ctx context.Context, list []vault.Record) error {
	if err := f.records.Put(ctx, list); err != nil {
		return err
	}
	return f.after()
}

// TestKeysFailedButStored lets the store of keys take them and say that it did
// not.
func TestKeysFailedButStored(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	before := h.records("acme")
	store := &faulty{records{h.ledger}, func() error { return errCrash }}
	h.vault = must[*vault.Vault](t)(vault.Load(t.Context(), store, h.dir))
	_, err := h.RegisterPerson(t.Context(), operator, "acme", requested, PersonDetails{Login: "ben"})
	if !errors.Is(err, errCrash) {
		t.Fatal(err)
	}
	diff(t, "owners of keys", before, h.records("acme"))
	store.after = func() error { return nil }
	h.register("acme", PersonDetails{Login: "ben"})
	h.everybodyHasAKey("acme")
}

// TestCrashBetweenKeysAndAppend ends the service when keys are stored and the
// commit is not appended, for everything that makes or changes keys.
func TestCrashBetweenKeysAndAppend(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	h.join("acme", "ben")
	h.team("acme", "sig", "", "Sig Title")
	h.team("acme", "old", "", "Old Title")
	must[Receipt](t)(h.DeleteScope(t.Context(), operator, "acme", requested, ScopeRequest{Scope: "team:old"}))
	before := h.records("acme")
	login, email := "benjamin", "ben@example.org"
	for name, do := range map[string]func() error{
		"register": func() error {
			_, err := h.RegisterPerson(t.Context(), operator, "acme", requested, PersonDetails{Login: "zoe"})
			return err
		},
		"update": func() error {
			_, err := h.UpdatePerson(t.Context(), operator, "acme", requested, PersonChange{Person: "ben", Login: &login, Email: &email})
			return err
		},
		"create a scope": func() error {
			_, err := h.CreateScope(t.Context(), operator, "acme", requested, ScopeRequest{Scope: "team:new", Title: "New Title"})
			return err
		},
		"rename a scope": func() error {
			_, err := h.RenameScope(t.Context(), operator, "acme", requested, ScopeRequest{Scope: "team:sig", Title: "New Title"})
			return err
		},
		"found": func() error {
			_, err := h.Found(t.Context(), operator, Envelope{}, FoundRequest{Org: "beta", Model: "github", Owner: PersonDetails{Login: "bob"}, Title: "Beta"})
			return err
		},
		"import": func() error {
			_, err := h.ImportTimeline(t.Context(), operator, "beta", TimelineCommit{Model: "github", Commit: "c", Time: start, Changes: []TimelineChange{
				{Op: "admin.add", User: "bob"}, {Op: "team.create", Team: "Brand New"},
			}})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			h.append = func(context.Context, events.Commit, events.Revision) (events.Revision, error) {
				return 0, fmt.Errorf("%w: crash", ledger.ErrUnconfirmed)
			}
			if err := do(); !errors.Is(err, ledger.ErrUnconfirmed) {
				t.Fatal(err)
			}
			h.restart()
			diff(t, "owners of keys", before, h.records("acme"))
			diff(t, "owners of keys of beta", map[string]bool{}, h.records("beta"))
			if got := must[PersonView](t)(h.Person(t.Context(), operator, "acme", Reading{}, "ben")); got.Login != "ben" || got.Email != "" {
				t.Errorf("ben is %+v", got)
			}
			for _, name := range []string{"zoe", login, email} {
				if _, err := h.Person(t.Context(), operator, "acme", Reading{}, name); !errors.Is(err, aggregate.Refusals{{Code: aggregate.CodeUnknown}}) {
					t.Errorf("%s is found: %v", name, err)
				}
			}
			for title, want := range map[string]bool{"Sig Title": true, "New Title": false} {
				if _, found := h.findScope(h.stateOf("acme"), "team:"+title); found != want {
					t.Errorf("team %q is found: %t", title, found)
				}
			}
		})
	}
	// The title of a scope that is gone is still opened for its history.
	list, _, err := h.History(t.Context(), operator, "acme", Reading{}, "scope:team:old type:scope.created", Page{})
	if err != nil || len(list) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	if !h.vault.Has("acme", "team:old") {
		t.Error("the key of a scope that once was is gone")
	}
}

// TestDesksAreEvicted gives room to a single organization and lets the
// projections lag behind, which must not show.
func TestDesksAreEvicted(t *testing.T) {
	h := open(t)
	orgs := []string{"org-a", "org-b", "org-c"}
	ids := map[string]events.PrincipalID{}
	for _, org := range orgs {
		ids[org] = h.found(org, "ann").ID
	}
	h.desks = newDesks(1)
	// From here on the projections stand still.
	h.stop()
	<-h.followed
	grant := func(org, login, key string) (Receipt, error) {
		return h.GrantRole(t.Context(), operator, events.OrgID(org), keyed(key), GrantRequest{RoleRequest: RoleRequest{Person: login, Role: "admin"}})
	}
	for round := range 3 {
		for _, org := range orgs {
			login := fmt.Sprintf("person-%d", round)
			ids[org+login] = h.register(org, PersonDetails{Login: login}).ID
		}
		for _, org := range orgs {
			login := fmt.Sprintf("person-%d", round)
			// Every step rests on the one before, which no projection knows of.
			must[Receipt](t)(h.StartMembership(t.Context(), operator, events.OrgID(org), requested, MembershipRequest{Person: string(ids[org+login])}))
			if _, err := h.RegisterPerson(t.Context(), operator, events.OrgID(org), requested, PersonDetails{Login: login}); err == nil {
				t.Errorf("%s is registered twice in %s", login, org)
			}
		}
		for _, org := range orgs {
			id, key := string(ids[org+fmt.Sprintf("person-%d", round)]), fmt.Sprintf("k%d", round)
			first := must[Receipt](t)(grant(org, id, key))
			if !first.Changed {
				t.Errorf("a grant changes nothing: %+v", first)
			}
			if again := must[Receipt](t)(grant(org, id, "")); again.Changed {
				t.Errorf("a grant changes something twice: %+v", again)
			}
			for _, other := range orgs {
				must[Receipt](t)(grant(other, string(ids[other]), "")) // evicts
			}
			if again := must[Receipt](t)(grant(org, id, key)); !again.Replayed || again.Commit != first.Commit {
				t.Errorf("the key is forgotten: %+v", again)
			}
		}
		if n := len(h.desks.byID); n > 1 {
			t.Errorf("%d organizations are at hand", n)
		}
	}
	for _, org := range orgs {
		if got := h.fold(org).Number; got != 1+3*3 {
			t.Errorf("%s has %d commits", org, got)
		}
	}
	// A new organization that no projection knows is found, too.
	h.found("org-d", "ann")
	h.register("org-a", PersonDetails{Login: "last"})
	_, err := h.Found(t.Context(), operator, Envelope{}, FoundRequest{Org: "org-d", Model: "github", Owner: PersonDetails{Login: "ann"}})
	refusedWith(t, err, aggregate.CodeExists)
	h.register("org-d", PersonDetails{Login: "ben"})
}

// TestHundredWriters lets a hundred administrators grant, revoke and leave at
// once, in one organization.
func TestHundredWriters(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	const writers = 100
	changes := []TimelineChange{{Op: "team.create", Team: "sig"}}
	for i := range writers {
		changes = append(changes,
			TimelineChange{Op: "admin.add", User: fmt.Sprintf("admin-%d", i)},
			TimelineChange{Op: "member.add", User: fmt.Sprintf("member-%d", i)})
	}
	must[Receipt](t)(h.ImportTimeline(t.Context(), operator, "acme", TimelineCommit{Commit: "c", Time: h.clock.now(), Changes: changes}))
	var callers []Caller
	for i := range writers {
		callers = append(callers, h.as("acme", fmt.Sprintf("admin-%d", i)))
	}
	before := h.fold("acme").Number

	type outcome struct {
		receipt Receipt
		err     error
	}
	outcomes := make([][]outcome, writers)
	var all sync.WaitGroup
	for i, caller := range callers {
		all.Go(func() {
			ctx := context.Background()
			note := func(r Receipt, err error) { outcomes[i] = append(outcomes[i], outcome{r, err}) }
			member, other := fmt.Sprintf("member-%d", i), fmt.Sprintf("admin-%d", (i+1)%writers)
			note(h.GrantRole(ctx, caller, "acme", Envelope{}, GrantRequest{RoleRequest: RoleRequest{member, "maintainer", "team:sig"}}))
			note(h.GrantRole(ctx, caller, "acme", Envelope{IdempotencyKey: "k"}, GrantRequest{RoleRequest: RoleRequest{member, "admin", ""}}))
			note(h.GrantRole(ctx, caller, "acme", Envelope{IdempotencyKey: "k"}, GrantRequest{RoleRequest: RoleRequest{member, "admin", ""}}))
			if i%2 == 0 {
				note(h.RevokeRole(ctx, caller, "acme", Envelope{}, RoleRequest{other, "admin", ""}))
			} else {
				note(h.TerminateMembership(ctx, caller, "acme", Envelope{}, MembershipRequest{Person: other}))
			}
		})
	}
	all.Wait()

	numbers := map[uint64]events.CommitID{}
	succeeded, refused := 0, 0
	for i, list := range outcomes {
		for _, o := range list {
			var refusals aggregate.Refusals
			switch {
			case errors.As(o.err, &refusals) && slices.Contains([]aggregate.Code{
				aggregate.CodeNotPermitted, aggregate.CodeNotMember}, refusals[0].Code):
				refused++ // somebody took this one's role away first
			case o.err != nil:
				t.Errorf("writer %d: %v", i, o.err)
			case o.receipt.Changed:
				succeeded++
				if known, twice := numbers[o.receipt.Number]; twice && known != o.receipt.Commit {
					t.Errorf("number %d was given to %s and %s", o.receipt.Number, known, o.receipt.Commit)
				}
				numbers[o.receipt.Number] = o.receipt.Commit
			}
		}
	}
	t.Logf("%d succeeded, %d were refused", succeeded, refused)
	folded := h.fold("acme") // audits every commit, numbers included
	for number := before + 1; number <= folded.Number; number++ {
		if numbers[number] == "" {
			t.Errorf("nobody has the receipt of number %d", number)
		}
	}
	if err := h.catchUp(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	diff(t, "the projection", folded.Snapshot(), h.stateOf("acme").Snapshot())
	diff(t, "the state at the desk", folded.Snapshot(), h.desks.byID["acme"].state.Snapshot())
	if succeeded < writers || refused == 0 {
		t.Errorf("%d succeeded and %d were refused: too few to prove anything", succeeded, refused)
	}
}

// TestOneKeyAtOnce sends one request many times at once.
func TestOneKeyAtOnce(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	const times = 20
	receipts := make([]PersonReceipt, times)
	var all sync.WaitGroup
	for i := range times {
		all.Go(func() {
			var err error
			if receipts[i], err = h.RegisterPerson(context.Background(), operator, "acme", keyed("k"), PersonDetails{Login: "ben"}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	replayed := 0
	for _, r := range receipts {
		if r.Replayed {
			replayed++
		}
		if r.ID == "" || r.ID != receipts[0].ID || r.Commit != receipts[0].Commit {
			t.Errorf("there are the receipts %+v and %+v", r, receipts[0])
		}
	}
	if replayed != times-1 || h.fold("acme").Number != 2 {
		t.Errorf("%d were replayed, and there are %d commits", replayed, h.fold("acme").Number)
	}
}

// TestWaitingForTheDesk lets a caller give up while another one is at it.
func TestWaitingForTheDesk(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	busy, err := h.desks.take(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	ctx, leave := context.WithCancel(t.Context())
	leave()
	if _, err := h.RegisterPerson(ctx, operator, "acme", requested, PersonDetails{Login: "ben"}); !errors.Is(err, context.Canceled) {
		t.Errorf("whoever gives up gets %v", err)
	}
	h.desks.leave(busy)
	h.register("acme", PersonDetails{Login: "ben"})
	if at := h.desks.byID["acme"]; at.users != 0 || at.place == nil {
		t.Errorf("the desk is still taken by %d", at.users)
	}
}
