package service

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tenure/aggregate"
	"tenure/events"
)

// A dry run answers what the command then does, and leaves nothing behind.
func TestDryRun(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	h.join("acme", "ben", "tom")
	h.team("acme", "sig", "", "Sig Title")
	must[Receipt](t)(h.TerminateMembership(t.Context(), operator, "acme", requested, MembershipRequest{Person: "tom"}))
	ann := h.as("acme", "ann")
	appendTo := h.append

	// What was not there before has another id each time.
	same := cmp.Options{cmpopts.IgnoreFields(EventView{}, "Revision", "Number", "Commit", "EffectiveAt", "RecordedAt", "ID", "Item", "Until")}
	for _, c := range []struct {
		name   string
		caller Caller
		e      Envelope
		do     func(Caller, Envelope) (Receipt, string, error)
	}{
		{"register", operator, requested, func(c Caller, e Envelope) (Receipt, string, error) {
			r, err := h.RegisterPerson(t.Context(), c, "acme", e, PersonDetails{Login: "cat", Name: "Cat Example"})
			return r.Receipt, string(r.ID), err
		}},
		{"grant", ann, Envelope{Note: "for a while"}, func(c Caller, e Envelope) (Receipt, string, error) {
			r, err := h.GrantRole(t.Context(), c, "acme", e, GrantRequest{RoleRequest: RoleRequest{"ben", "maintainer", "team:sig"}})
			return r, "", err
		}},
		{"create a scope", ann, Envelope{IdempotencyKey: "k"}, func(c Caller, e Envelope) (Receipt, string, error) {
			r, err := h.CreateScope(t.Context(), c, "acme", e, ScopeRequest{Scope: "team:sub", Under: "team:sig", Title: "Sub Title"})
			return r, "", err
		}},
		{"issue a key", operator, Envelope{}, func(c Caller, e Envelope) (Receipt, string, error) {
			r, err := h.IssueKey(t.Context(), c, "acme", e, IssueRequest{Person: "ben"})
			return r.Receipt, string(r.ID) + r.Key, err
		}},
		{"invite", operator, requested, func(c Caller, e Envelope) (Receipt, string, error) {
			r, err := h.Invite(t.Context(), c, "acme", e, InvitationRequest{PersonDetails: PersonDetails{Email: "dan@acme.example"}})
			return r.Receipt, string(r.ID) + r.Token, err
		}},
		{"nothing to change", ann, Envelope{}, func(c Caller, e Envelope) (Receipt, string, error) {
			r, err := h.MoveScope(t.Context(), c, "acme", e, ScopeRequest{Scope: "team:sub", Under: "team:sig"})
			return r, "", err
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, keys := h.revision("acme"), h.records("acme")
			h.append = func(context.Context, events.Commit, events.Revision) (events.Revision, error) {
				t.Fatal("a dry run appends")
				return 0, nil
			}
			dry := c.e
			dry.DryRun = true
			tried, secret, err := c.do(c.caller, dry)
			h.append = appendTo
			if err != nil {
				t.Fatal(err)
			}
			if secret != "" {
				t.Errorf("a dry run gives out %q", secret)
			}
			if !tried.DryRun || tried.Commit != "" || tried.Revision != before {
				t.Errorf("the receipt of a dry run at revision %d is %+v", before, tried)
			}
			diff(t, "the keys that are kept", keys, h.records("acme"))
			done, _, err := c.do(c.caller, c.e)
			if err != nil {
				t.Fatal(err)
			}
			if done.DryRun || done.Replayed || done.Changed != tried.Changed {
				t.Errorf("tried %+v, done %+v", tried, done)
			}
			if d := cmp.Diff(done.Events, tried.Events, same); d != "" {
				t.Errorf("what was done (-) and what was said before (+):\n%s", d)
			}
		})
	}
	t.Run("anonymize", func(t *testing.T) {
		keys := h.records("acme")
		tried := must[AnonymizationReceipt](t)(h.Anonymize(t.Context(), operator, "acme", Envelope{Reason: "requested", DryRun: true}, AnonymizationRequest{Person: "tom"}))
		if len(tried.Events) != 1 || tried.Events[0].Type != "anonymization.started" || tried.Completed != 0 || tried.Certificate != "" {
			t.Errorf("the receipt is %+v", tried)
		}
		diff(t, "the keys that are kept", keys, h.records("acme"))
		if tom := must[PersonView](t)(h.Person(t.Context(), operator, "acme", Reading{}, "tom")); tom.Login != "tom" {
			t.Errorf("tom is %+v", tom)
		}
	})
	t.Run("what was done before", func(t *testing.T) {
		again := must[Receipt](t)(h.CreateScope(t.Context(), ann, "acme", Envelope{IdempotencyKey: "k", DryRun: true}, ScopeRequest{Scope: "team:sub", Under: "team:sig", Title: "Sub Title"}))
		if !again.Replayed || !again.DryRun {
			t.Errorf("the receipt is %+v", again)
		}
	})
}

func TestDryRunIsRefusedLikeTheCommand(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	h.join("acme", "ben")
	ann, ben := h.as("acme", "ann"), h.as("acme", "ben")
	for _, c := range []struct {
		name string
		code aggregate.Code
		do   func(Envelope) (Receipt, error)
	}{
		{"without authority", aggregate.CodeNotPermitted, func(e Envelope) (Receipt, error) {
			return h.CreateScope(t.Context(), ben, "acme", e, ScopeRequest{Scope: "team:sig"})
		}},
		{"break-glass without a reason", aggregate.CodeBreakGlass, func(e Envelope) (Receipt, error) {
			return h.CreateScope(t.Context(), operator, "acme", e, ScopeRequest{Scope: "team:sig"})
		}},
		{"the last owner", aggregate.CodeTooFew, func(e Envelope) (Receipt, error) {
			return h.RevokeRole(t.Context(), ann, "acme", e, RoleRequest{"ann", "admin", ""})
		}},
		{"another revision", CodePrecondition, func(e Envelope) (Receipt, error) {
			stale := events.Revision(1)
			e.IfRevision = &stale
			return h.CreateScope(t.Context(), ann, "acme", e, ScopeRequest{Scope: "team:sig"})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, dry := c.do(Envelope{DryRun: true})
			_, real := c.do(Envelope{})
			refusedWith(t, dry, c.code)
			diff(t, "the refusal", refusedWith(t, real, c.code), refusedWith(t, dry, c.code))
		})
	}
}

// A founding that is tried leaves no organization, and its handle free.
func TestDryRunOfAFounding(t *testing.T) {
	h := open(t)
	request := FoundRequest{Org: "acme", Model: "github", Owner: PersonDetails{Login: "ann"}, Title: "Acme"}
	tried := must[PersonReceipt](t)(h.Found(t.Context(), operator, Envelope{DryRun: true}, request))
	var types []string
	for _, e := range tried.Events {
		types = append(types, strings.Join(strings.Fields(e.Type+" "+e.Login+" "+e.Title), " "))
	}
	diff(t, "what would happen", []string{"organization.founded Acme", "model.adopted", "person.registered ann", "membership.started ann Acme", "role.granted ann Acme"}, types)
	if _, err := h.Organization(t.Context(), operator, "acme", Reading{}); err == nil {
		t.Error("the dry run founded it")
	}
	if receipt := must[PersonReceipt](t)(h.Found(t.Context(), operator, Envelope{}, request)); receipt.Number != 1 {
		t.Errorf("the founding is %+v", receipt.Receipt)
	}
}
