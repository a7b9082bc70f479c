package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tenure/aggregate"
	"tenure/events"
)

func TestAuthenticate(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	issued := must[KeyReceipt](t)(h.IssueKey(t.Context(), operator, "acme", Envelope{}, IssueRequest{Person: "ann"}))
	if !strings.HasPrefix(issued.Key, "tenure_") || !strings.HasPrefix(issued.Key, issued.Prefix) || len(issued.Prefix) != visiblePrefix {
		t.Errorf("the key begins with %q, its prefix is %q", issued.Key[:13], issued.Prefix)
	}
	ann := must[Caller](t)(h.Authenticate(t.Context(), issued.Key))
	diff(t, "the caller", Caller{Principal: h.id("acme", "ann"), Org: "acme", Credential: issued.ID}, ann)
	for _, wrong := range []string{"", "tenure_", issued.Prefix, issued.Key + " ", issued.Key[:len(issued.Key)-1], strings.ToUpper(issued.Key), string(issued.ID)} {
		_, err := h.Authenticate(t.Context(), wrong)
		refusedWith(t, err, CodeUnauthenticated)
	}
	// A revoked key ends with the command that revokes it.
	must[Receipt](t)(h.RevokeKey(t.Context(), ann, "acme", Envelope{}, RevokeKeyRequest{Key: issued.Prefix}))
	_, err := h.Authenticate(t.Context(), issued.Key)
	refusedWith(t, err, CodeUnauthenticated)
	if _, err := h.RevokeKey(t.Context(), operator, "acme", requested, RevokeKeyRequest{Key: issued.Prefix}); !errors.Is(err, aggregate.Refusals{{Code: aggregate.CodeUnknown}}) {
		t.Errorf("revoking it again gives %v", err)
	}
	for _, data := range h.bytesBelow() {
		if strings.Contains(string(data), issued.Key) {
			t.Error("the key is in a file")
		}
	}
}

func TestOperatorKey(t *testing.T) {
	h := open(t)
	path := filepath.Join(h.dir, OperatorKeyFile)
	text := string(must[[]byte](t)(os.ReadFile(path)))
	key := strings.TrimSpace(text)
	diff(t, "the operator", operator, must[Caller](t)(h.Authenticate(t.Context(), key)))
	for _, file := range []string{path, filepath.Join(h.dir, operatorHashFile)} {
		if mode := must[os.FileInfo](t)(os.Stat(file)).Mode(); mode.Perm() != 0o600 {
			t.Errorf("%s has mode %v", file, mode)
		}
	}
	// It may be taken elsewhere; the hash stays.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	h.restart()
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error("the key is back")
	}
	diff(t, "the operator", operator, must[Caller](t)(h.Authenticate(t.Context(), key)))
	// A hash that is none stops the start and is left alone.
	hash := filepath.Join(h.dir, operatorHashFile)
	if err := os.WriteFile(hash, []byte("zz\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.shut()
	if s, err := Open(t.Context(), Config{Dir: h.dir}); err == nil {
		t.Error("it opens")
		_ = s.Close(t.Context())
	} else if !strings.Contains(err.Error(), operatorHashFile) {
		t.Errorf("it says %v", err)
	}
	if got := string(must[[]byte](t)(os.ReadFile(hash))); got != "zz\n" {
		t.Errorf("the file holds %q", got)
	}
}

// TestForeignOrganization asks a person of one organization about another one,
// in every way there is.
func TestForeignOrganization(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	h.join("acme", "ben")
	h.team("acme", "sig", "", "Sig Title")
	ann := h.as("acme", "ann")
	must[PersonReceipt](t)(h.Found(t.Context(), operator, Envelope{}, FoundRequest{
		Org: "beta", Model: "github", Title: "hidden organization", Owner: PersonDetails{Login: "hidden-owner", Email: "hidden@example.org", Name: "hidden name"}}))
	h.join("beta", "hidden-ben")
	h.team("beta", "hidden-team", "", "hidden title")
	owner := h.as("beta", "hidden-owner")
	secrets := []string{"hidden", "organization:beta", string(h.id("beta", "hidden-owner")), string(h.id("beta", "hidden-ben")), string(owner.Credential), h.keys["beta hidden-owner"][:visiblePrefix]}

	// What names the foreign organization looks as if there were none.
	plain := func(err error, org string) string {
		var refusals aggregate.Refusals
		if !errors.As(err, &refusals) {
			t.Errorf("not refused: %v", err)
		}
		return strings.ReplaceAll(fmt.Sprintf("%+v", refusals), org, "ORG")
	}
	ctx := t.Context()
	for name, ask := range questions(h.Service, "beta") {
		unknown := questions(h.Service, "none")[name]
		if a, b := plain(ask(ctx, ann), "beta"), plain(unknown(ctx, ann), "none"); a != b {
			t.Errorf("%s of a foreign organization:\n%s\nof none:\n%s", name, a, b)
		}
		refusedWith(t, ask(ctx, ann), aggregate.CodeUnknown)
	}
	for name, do := range commands(h.Service, "beta") {
		for _, e := range []Envelope{{}, keyed("k"), {IfRevision: new(events.Revision)}, {Reason: "whim"}, {Note: "note"}} {
			unknown := commands(h.Service, "none")[name]
			if a, b := plain(do(ctx, ann, e), "beta"), plain(unknown(ctx, ann, e), "none"); a != b {
				t.Errorf("%s in a foreign organization:\n%s\nin none:\n%s", name, a, b)
			}
			refusedWith(t, do(ctx, ann, e), aggregate.CodeUnknown)
		}
	}
	for _, org := range []events.OrgID{"beta", "none"} {
		_, err := h.Found(ctx, ann, Envelope{}, FoundRequest{Org: org, Model: "github", Owner: PersonDetails{Login: "x"}})
		refusedWith(t, err, aggregate.CodeNotPermitted)
		_, err = h.ImportTimeline(ctx, ann, org, TimelineCommit{Commit: "c", Time: start})
		refusedWith(t, err, aggregate.CodeNotPermitted)
	}

	// And nothing of it shows in the own one, by any name.
	var seen strings.Builder
	show := func(value any, err error) {
		text := must[[]byte](t)(json.Marshal(value))
		fmt.Fprintf(&seen, "%s %+v %v\n", text, err, err)
	}
	for _, name := range []string{string(owner.Principal), "hidden-owner", "hidden@example.org"} {
		var outcomes []error
		view, err := h.Person(ctx, ann, "acme", Reading{}, name)
		outcomes = append(outcomes, err)
		_, err = h.Can(ctx, ann, "acme", Reading{}, name, "organization.edit", "")
		outcomes = append(outcomes, err)
		_, err = h.GrantRole(ctx, ann, "acme", Envelope{}, GrantRequest{RoleRequest: RoleRequest{Person: name, Role: "admin"}})
		outcomes = append(outcomes, err)
		_, _, err = h.History(ctx, ann, "acme", Reading{}, "actor:"+name, Page{})
		outcomes = append(outcomes, err)
		for _, err := range outcomes {
			r := refusedWith(t, err, aggregate.CodeUnknown)
			// The caller's own words are no secret.
			show(view, errors.New(strings.ReplaceAll(fmt.Sprintf("%+v", r), name, "NAME")))
		}
	}
	for _, key := range []string{string(owner.Credential), h.keys["beta hidden-owner"][:visiblePrefix]} {
		_, err := h.RevokeKey(ctx, ann, "acme", Envelope{}, RevokeKeyRequest{Key: key})
		refusedWith(t, err, aggregate.CodeUnknown)
	}
	for _, scope := range []string{"team:hidden-team", "team:hidden title", "organization:beta"} {
		_, err := h.Holders(ctx, ann, "acme", Reading{}, "member", scope)
		refusedWith(t, err, aggregate.CodeUnknown)
	}
	show(h.Organizations(ctx, ann))
	show(h.Organization(ctx, ann, "acme", Reading{}))
	show(h.People(ctx, ann, "acme", Reading{}))
	show(h.Scopes(ctx, ann, "acme", Reading{}))
	show(h.Keys(ctx, ann, "acme", Reading{}))
	show(h.Permitted(ctx, ann, "acme", Reading{}, "organization.edit", ""))
	show(h.ExportPeribolos(ctx, ann, "acme", Reading{}))
	show(h.Diff(ctx, ann, "acme", 0, atRevision(1), atRevision(h.Position())))
	list, _, err := h.History(ctx, ann, "acme", Reading{}, "", Page{})
	show(list, err)
	for _, secret := range secrets {
		if strings.Contains(seen.String(), secret) {
			t.Errorf("%q of the other organization shows in %s", secret, seen.String())
		}
	}
	if !strings.Contains(seen.String(), "Sig Title") {
		t.Error("nothing of the own organization shows either")
	}
	// No command left a trace.
	if h.fold("beta").Number != 5 {
		t.Errorf("beta has %d commits", h.fold("beta").Number)
	}
}

func TestOrganizations(t *testing.T) {
	h := open(t)
	for _, org := range []string{"beta", "acme"} {
		h.found(org, "ann")
	}
	list := must[[]OrganizationView](t)(h.Organizations(t.Context(), operator))
	if len(list) != 2 || list[0].Org != "acme" || list[1].Org != "beta" {
		t.Errorf("the operator sees %+v", list)
	}
	list = must[[]OrganizationView](t)(h.Organizations(t.Context(), h.as("beta", "ann")))
	if len(list) != 1 || list[0].Org != "beta" || list[0].Members != 1 || list[0].Commits != 2 {
		t.Errorf("ann of beta sees %+v", list)
	}
}

// TestSuspended: a suspended person is refused everything (Z02), by whatever
// name, and is let back in.
func TestSuspended(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	h.join("acme", "ben")
	h.grant("acme", "ben", "admin", "")
	h.team("acme", "sig", "", "Sig Title")
	ben := h.as("acme", "ben")
	member := MembershipRequest{Person: "ben"}
	for name, ask := range questions(h.Service, "acme") {
		if err := ask(t.Context(), ben); err != nil {
			t.Errorf("before, %s gives %v", name, err)
		}
	}
	must[Receipt](t)(h.SuspendMembership(t.Context(), h.as("acme", "ann"), "acme", Envelope{}, member))
	at := h.revision("acme")
	refused := func(name string, err error) {
		t.Helper()
		if r := refusedWith(t, err, aggregate.CodeNotPermitted); !strings.Contains(r.Message, "suspended") {
			t.Errorf("%s is refused with %q", name, r.Message)
		}
	}
	for name, ask := range questions(h.Service, "acme") {
		refused(name, ask(t.Context(), ben))
	}
	for name, do := range commands(h.Service, "acme") {
		refused(name, do(t.Context(), ben, Envelope{}))
		refused(name, do(t.Context(), ben, keyed("k")))
	}
	_, err := h.Organizations(t.Context(), ben)
	refused("Organizations", err)
	if h.revision("acme") != at {
		t.Error("something was appended")
	}
	// Nor does a name that is tried out tell anything.
	for _, name := range []string{"ann", "nobody"} {
		_, err := h.GrantRole(t.Context(), ben, "acme", Envelope{}, GrantRequest{RoleRequest: RoleRequest{Person: name, Role: "member"}})
		refused("GrantRole of "+name, err)
	}
	must[Receipt](t)(h.ResumeMembership(t.Context(), h.as("acme", "ann"), "acme", Envelope{}, member))
	must[[]PersonView](t)(h.People(t.Context(), ben, "acme", Reading{}))
}

// TestKnownOnly asks for somebody who has a key and no role: that person sees
// and finds nobody but themselves.
func TestKnownOnly(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	h.join("acme", "ben")
	h.team("acme", "sig", "", "Sig Title")
	ann := h.as("acme", "ann")
	must[PersonReceipt](t)(h.RegisterPerson(t.Context(), ann, "acme", Envelope{}, PersonDetails{Login: "guest", Email: "guest@example.org", JobTitle: "Guest"}))
	guest := h.as("acme", "guest")
	ctx := t.Context()
	own := string(guest.Principal)
	allowed := map[string]bool{"Organization": true, "Person self": true, "Can self": true, "Sections self": true, "Keys": true}
	for name, ask := range questions(h.Service, "acme") {
		err := ask(ctx, guest)
		if !allowed[name] {
			refusedWith(t, err, aggregate.CodeNotPermitted)
		} else if err != nil {
			t.Errorf("%s gives %v", name, err)
		}
	}
	view := must[PersonView](t)(h.Person(ctx, guest, "acme", Reading{}, "guest@example.org"))
	if view.Login != "guest" || view.JobTitle != "Guest" || view.ChangedBy != string(ann.Principal) {
		t.Errorf("guest sees themselves as %+v", view)
	}
	answer := must[Answer](t)(h.Can(ctx, guest, "acme", Reading{}, "guest", "team.read", "team:sig"))
	if answer.Allowed || len(answer.Ask) != 1 || answer.Ask[0] != "ann" {
		t.Errorf("whom to ask is in %+v", answer)
	}
	_, err := h.Can(ctx, guest, "acme", Reading{}, "guest", "team.read", "team:Sig Title")
	refusedWith(t, err, aggregate.CodeUnknown)

	// Trying names out gives the same for those who are known and those who are
	// not, whatever the command.
	for name, do := range map[string]func(person, login string) error{
		"GrantRole": func(person, _ string) error {
			_, err := h.GrantRole(ctx, guest, "acme", Envelope{}, GrantRequest{RoleRequest: RoleRequest{Person: person, Role: "member"}})
			return err
		},
		"RegisterPerson": func(_, login string) error {
			_, err := h.RegisterPerson(ctx, guest, "acme", Envelope{}, PersonDetails{Login: login})
			return err
		},
		"UpdatePerson to a login": func(_, login string) error {
			_, err := h.UpdatePerson(ctx, guest, "acme", Envelope{}, PersonChange{Person: own, Login: &login})
			return err
		},
		"UpdatePerson of somebody": func(_, login string) error {
			_, err := h.UpdatePerson(ctx, guest, "acme", Envelope{}, PersonChange{Person: string(h.id("acme", "ben")), Login: &login})
			return err
		},
		"CreateScope": func(person, _ string) error {
			_, err := h.CreateScope(ctx, guest, "acme", Envelope{}, ScopeRequest{Scope: "team:new", Under: "team:" + person})
			return err
		},
	} {
		for _, pair := range [][2]string{{"ben", "nobody"}, {"BEN", "nobody"}, {"Sig Title", "No Title"}} {
			a, b := do(pair[0], pair[0]), do(pair[1], pair[1])
			if a == nil || b == nil {
				t.Fatalf("%s is done for %v", name, pair)
			}
			x, y := fmt.Sprintf("%+v", a), fmt.Sprintf("%+v", b)
			if strings.ReplaceAll(x, pair[0], "NAME") != strings.ReplaceAll(y, pair[1], "NAME") {
				t.Errorf("%s tells %s (%s) from %s (%s)", name, pair[0], x, pair[1], y)
			}
		}
	}
	// Receipts and refusals hold ids of others, never names; one's own name is one's
	// own, and a question that takes the directory is no help.
	own2 := must[KeyReceipt](t)(h.IssueKey(ctx, guest, "acme", Envelope{}, IssueRequest{Person: "guest"}))
	if own2.Person != "guest" {
		t.Errorf("the own key is of %q", own2.Person)
	}
	_, err = h.SuspendMembership(ctx, guest, "acme", Envelope{}, MembershipRequest{Person: string(h.id("acme", "ben"))})
	if r := refusedWith(t, err, aggregate.CodeNotPermitted); strings.Contains(r.Message, "ben") || !strings.HasPrefix(r.Message, "guest may not do this") || r.Help != "" {
		t.Errorf("refused with %+v", r)
	}
}

// TestNamesInRefusals: those who may read the directory read names.
func TestNamesInRefusals(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	h.join("acme", "ben", "cat")
	ben := h.as("acme", "ben")
	_, err := h.SuspendMembership(t.Context(), ben, "acme", Envelope{}, MembershipRequest{Person: "cat"})
	r := refusedWith(t, err, aggregate.CodeNotPermitted)
	if !strings.HasPrefix(r.Message, "ben may not do this") || strings.Contains(r.Message, string(ben.Principal)) {
		t.Errorf("it says %q", r.Message)
	}
	_, err = h.RevokeRole(t.Context(), operator, "acme", requested, RoleRequest{Person: "ann", Role: "admin"})
	if r := refusedWith(t, err, aggregate.CodeTooFew); r.Rule != "X01" || r.Subject != h.id("acme", "ann") {
		t.Errorf("refused with %+v", r)
	}
	h.register("acme", PersonDetails{Email: "dan@example.org"})
	h.team("acme", "sig", "", "")
	_, err = h.GrantRole(t.Context(), operator, "acme", requested, GrantRequest{RoleRequest: RoleRequest{Person: "dan@example.org", Role: "member", Scope: "team:sig"}})
	r = refusedWith(t, err, aggregate.CodeNotMember)
	if !strings.Contains(r.Message, "and dan@example.org is none") || !strings.Contains(r.Help, "tenure member start dan@example.org ") {
		t.Errorf("refused with %+v", r)
	}
}

func TestBreakGlass(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	h.join("acme", "ben", "cat")
	h.team("acme", "sig", "", "Sig Title")
	h.grant("acme", "ben", "member", "team:sig")
	// The first key of a person is ordinary, whatever reason is given.
	first := must[KeyReceipt](t)(h.IssueKey(t.Context(), operator, "acme", requested, IssueRequest{Person: "ben"}))
	if first.Events[0].BreakGlass {
		t.Error("the first key is break-glass")
	}
	_, err := h.IssueKey(t.Context(), operator, "acme", Envelope{}, IssueRequest{Person: "ben"})
	r := refusedWith(t, err, aggregate.CodeBreakGlass)
	if r.Field != "reason" || !strings.Contains(r.Help, "--reason") {
		t.Errorf("refused with %+v", r)
	}
	// Also when the first one was revoked.
	must[Receipt](t)(h.RevokeKey(t.Context(), operator, "acme", requested, RevokeKeyRequest{Key: string(first.ID)}))
	_, err = h.IssueKey(t.Context(), operator, "acme", Envelope{}, IssueRequest{Person: "ben"})
	refusedWith(t, err, aggregate.CodeBreakGlass)
	second := must[KeyReceipt](t)(h.IssueKey(t.Context(), operator, "acme", requested, IssueRequest{Person: "ben"}))
	if !second.Events[0].BreakGlass || second.Events[0].Reason != "requested" {
		t.Errorf("the second key is recorded as %+v", second.Events[0])
	}

	name, at := "Name", h.revision("acme")
	for what, do := range map[string]func(Envelope) error{
		"register": func(e Envelope) error {
			return failed(h.RegisterPerson(t.Context(), operator, "acme", e, PersonDetails{Login: "new"}))
		},
		"update": func(e Envelope) error {
			return failed(h.UpdatePerson(t.Context(), operator, "acme", e, PersonChange{Person: "ben", Name: &name}))
		},
		"grant": func(e Envelope) error {
			return failed(h.GrantRole(t.Context(), operator, "acme", e, GrantRequest{RoleRequest: RoleRequest{Person: "cat", Role: "admin"}}))
		},
		"suspend": func(e Envelope) error {
			return failed(h.SuspendMembership(t.Context(), operator, "acme", e, MembershipRequest{Person: "ben"}))
		},
		"create": func(e Envelope) error {
			return failed(h.CreateScope(t.Context(), operator, "acme", e, ScopeRequest{Scope: "team:new"}))
		},
		"delete": func(e Envelope) error {
			return failed(h.DeleteScope(t.Context(), operator, "acme", e, ScopeRequest{Scope: "team:sig"}))
		},
	} {
		refusedWith(t, do(Envelope{}), aggregate.CodeBreakGlass)
		refusedWith(t, do(Envelope{Ticket: "T-1"}), aggregate.CodeBreakGlass)
		if err := do(Envelope{Reason: "emergency", Ticket: "T-1"}); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	list, _, err := h.History(t.Context(), h.as("acme", "ann"), "acme", Reading{}, fmt.Sprintf("revision:%d..", at+1), Page{})
	if err != nil {
		t.Fatal(err)
	}
	flagged := 0
	for _, e := range list {
		if e.Actor == string(events.Operator) && e.Command != "credential.issue" {
			flagged++
			if !e.BreakGlass || e.Reason != "emergency" || e.Ticket != "T-1" {
				t.Errorf("the owners read %+v", e)
			}
		}
	}
	if flagged < 6 {
		t.Errorf("the owners read of %d events only", flagged)
	}
	// A person's reason breaks no glass.
	receipt := must[Receipt](t)(h.CreateScope(t.Context(), h.as("acme", "ann"), "acme", requested, ScopeRequest{Scope: "team:own"}))
	if receipt.Events[0].BreakGlass {
		t.Error("a person's own command is break-glass")
	}
	if !strings.Contains(h.logs.String(), "code=reason_required") {
		t.Error("the log does not count the refusals")
	}
}

func failed[T any](_ T, err error) error { return err }

// TestOperatorsQuestionsAreLogged: the operator is answered, and it is noted.
func TestOperatorsQuestionsAreLogged(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	ann := h.as("acme", "ann")
	for name, ask := range questions(h.Service, "acme") {
		if strings.HasSuffix(name, "self") {
			continue
		}
		before := strings.Count(h.logs.String(), "question answered for the operator")
		if err := ask(context.Background(), ann); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Count(h.logs.String(), "question answered for the operator") != before {
			t.Errorf("%s of a person is logged", name)
		}
		if err := ask(context.Background(), operator); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Count(h.logs.String(), "question answered for the operator") != before+1 {
			t.Errorf("%s of the operator is not logged once", name)
		}
	}
}
