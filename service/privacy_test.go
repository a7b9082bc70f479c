package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tenure/events"
	"tenure/ledger"
)

// TestNothingPersonalIsWritten works with people whose every personal field is
// a word of its own, and looks for the words in every byte below the folder and
// in the log, in whatever letter case.
func TestNothingPersonalIsWritten(t *testing.T) {
	h := open(t)
	var words []string
	// word makes a word that nothing else contains.
	word := func(what string) string {
		w := fmt.Sprintf("Zq%dXv%sWords", len(words), what)
		words = append(words, w)
		return w
	}
	details := func() PersonDetails {
		return PersonDetails{Login: word("login"), Email: word("mail") + "@example.org", Name: word("first") + " " + word("last"), JobTitle: word("job")}
	}
	ctx := t.Context()
	owner := details()
	must[PersonReceipt](t)(h.Found(ctx, operator, Envelope{Note: word("note")}, FoundRequest{Org: "acme", Model: "github", Owner: owner, Title: word("title")}))
	admin := h.as("acme", owner.Login)
	noted := func(e Envelope) Envelope { e.Note = word("note"); return e }

	// Registered, changed, granted, suspended, and gone.
	person := details()
	registered := must[PersonReceipt](t)(h.RegisterPerson(ctx, admin, "acme", noted(Envelope{IdempotencyKey: word("key")}), person))
	must[Receipt](t)(h.StartMembership(ctx, admin, "acme", noted(Envelope{}), MembershipRequest{Person: person.Login}))
	must[Receipt](t)(h.GrantRole(ctx, admin, "acme", noted(Envelope{}), GrantRequest{RoleRequest: RoleRequest{Person: person.Email, Role: "admin"}}))
	must[KeyReceipt](t)(h.IssueKey(ctx, operator, "acme", noted(Envelope{}), IssueRequest{Person: person.Login}))
	changed := details()
	must[Receipt](t)(h.UpdatePerson(ctx, admin, "acme", noted(Envelope{}), PersonChange{
		Person: person.Login, Login: &changed.Login, Email: &changed.Email, Name: &changed.Name, JobTitle: &changed.JobTitle}))
	must[Receipt](t)(h.SuspendMembership(ctx, admin, "acme", noted(Envelope{}), MembershipRequest{Person: changed.Login}))
	must[Receipt](t)(h.TerminateMembership(ctx, admin, "acme", noted(Envelope{}), MembershipRequest{Person: changed.Email}))

	// Scopes.
	must[Receipt](t)(h.CreateScope(ctx, admin, "acme", Envelope{}, ScopeRequest{Scope: "team:sig", Title: word("title")}))
	must[Receipt](t)(h.RenameScope(ctx, admin, "acme", Envelope{}, ScopeRequest{Scope: "team:sig", Title: word("title")}))

	// Refused, in all the ways that look at what is personal.
	refused := func(err error) {
		t.Helper()
		if err == nil {
			t.Error("it was to be refused")
		}
	}
	twin := changed
	twin.Name = word("name")
	refused(failed(h.RegisterPerson(ctx, admin, "acme", noted(Envelope{}), twin)))
	refused(failed(h.RegisterPerson(ctx, operator, "acme", noted(Envelope{}), details())))
	refused(failed(h.RegisterPerson(ctx, admin, "acme", noted(Envelope{Ticket: "no ticket"}), details())))
	refused(failed(h.RegisterPerson(ctx, admin, "none", noted(Envelope{}), details())))
	refused(failed(h.UpdatePerson(ctx, admin, "acme", noted(Envelope{}), PersonChange{Person: changed.Login, Login: &owner.Login})))
	refused(failed(h.GrantRole(ctx, admin, "acme", noted(Envelope{}), GrantRequest{RoleRequest: RoleRequest{Person: word("nobody"), Role: "admin"}})))
	refused(failed(h.RevokeRole(ctx, admin, "acme", noted(Envelope{}), RoleRequest{Person: owner.Login, Role: "admin"})))
	refused(failed(h.CreateScope(ctx, admin, "acme", Envelope{}, ScopeRequest{Scope: "nothing", Title: word("title")})))
	refused(failed(h.Found(ctx, operator, Envelope{Ticket: "no ticket"}, FoundRequest{Org: "beta", Model: "github", Owner: details(), Title: word("title")})))
	refused(failed(h.Found(ctx, operator, Envelope{}, FoundRequest{Org: "beta", Model: word("model"), Owner: details()})))
	refused(failed(h.Authenticate(ctx, word("apikey"))))

	// Asked for, by those who may and those who may not.
	must[PersonView](t)(h.Person(ctx, operator, "acme", Reading{}, changed.Email))
	refused(failed(h.Person(ctx, operator, "acme", Reading{}, word("nobody"))))
	_, _, err := h.History(ctx, operator, "acme", Reading{}, "subject:"+changed.Login+" -actor:"+word("nobody"), Page{})
	refused(err)
	refused(failed(h.Can(ctx, operator, "acme", Reading{}, word("nobody"), word("permission"), "team:"+word("title"))))

	// Imported, and refused.
	h.clock.set(start.AddDate(1, 0, 0))
	imported := word("login")
	must[Receipt](t)(h.ImportTimeline(ctx, operator, "acme", TimelineCommit{Commit: word("commit"), Time: h.clock.now(), Changes: []TimelineChange{
		{Op: "member.add", User: imported}, {Op: "team.create", Team: word("team"), Handle: "team-1"}, {Op: "admin.add", User: strings.ToUpper(word("login"))},
	}}))
	refused(failed(h.ImportTimeline(ctx, operator, "acme", TimelineCommit{Commit: word("commit"), Time: start, Changes: []TimelineChange{{Op: "member.add", User: word("login")}}})))
	refused(failed(h.ImportTimeline(ctx, operator, "acme", TimelineCommit{Commit: word("commit"), Time: h.clock.now(), Changes: []TimelineChange{
		{Op: "admin.remove", User: owner.Login}, {Op: "team.member.add", Team: word("team"), User: word("login")}}})))

	// Not answered by the ledger, and crashed.
	appendTo := h.append
	h.append = func(context.Context, events.Commit, events.Revision) (events.Revision, error) {
		return 0, fmt.Errorf("%w: no answer", ledger.ErrUnconfirmed)
	}
	if err := failed(h.RegisterPerson(ctx, admin, "acme", noted(Envelope{}), details())); !errors.Is(err, ledger.ErrUnconfirmed) {
		t.Error(err)
	}
	h.append = appendTo
	h.restart()
	h.shut()

	// Ids are public, and the tickets that look like one.
	public := map[string]bool{}
	for _, w := range words {
		public[w] = strings.Contains(w, "commit")
	}
	look := func(where string, data []byte) {
		data = bytes.ToLower(data)
		for _, w := range words {
			if !public[w] && bytes.Contains(data, []byte(strings.ToLower(w))) {
				t.Errorf("%s holds %s", where, w)
			}
		}
	}
	files := h.bytesBelow()
	if len(files) < 5 {
		t.Errorf("there are %d files only", len(files))
	}
	seen := false
	for path, data := range files {
		look(path, data)
		seen = seen || bytes.Contains(data, []byte(registered.ID))
	}
	if !seen {
		t.Error("not even the id of a person is found: the search sees nothing")
	}
	look("the log", []byte(h.logs.String()))
	if !strings.Contains(h.logs.String(), "command refused") {
		t.Error("the log holds nothing that it could have been in")
	}
}

// TestRequestDigestIsKeyed imports the same change into two organizations: what
// the ledger keeps of the request depends on a key that it does not hold, so
// that nobody can try logins out on it.
func TestRequestDigestIsKeyed(t *testing.T) {
	h := open(t)
	kept := map[string]bool{}
	for _, org := range []events.OrgID{"acme", "other"} {
		r, err := h.ImportTimeline(t.Context(), operator, org, TimelineCommit{
			Model: "github", Commit: "c1", Time: h.clock.now().Add(-time.Hour),
			Changes: []TimelineChange{op("admin.add", "ann")},
		})
		if err != nil {
			t.Fatal(err)
		}
		record, err := h.ledger.Get(t.Context(), r.Revision)
		if err != nil {
			t.Fatal(err)
		}
		if len(record.RequestDigest) == 0 {
			t.Error("the request is not remembered")
		}
		kept[string(record.RequestDigest)] = true
	}
	if len(kept) != 2 {
		t.Error("the digest is the same in both organizations")
	}
}
