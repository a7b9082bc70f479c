package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tenure/events"
	"tenure/service"
)

func orgID(org string) events.OrgID { return events.OrgID(org) }

// story calls every method of the client, in an order that makes sense, and
// returns the names of those that it called.
func story(t *testing.T, client func(key string) *Client, operatorKey string) map[string]bool {
	ctx := t.Context()
	called := map[string]bool{}
	call := func(name string, err error) {
		t.Helper()
		called[name] = true
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	is := func(what string, want, got any) {
		t.Helper()
		diff(t, what, want, got)
	}
	operator := client(operatorKey)

	who, err := operator.Whoami(ctx)
	call("Whoami", err)
	is("who I am", Identity{ID: "operator", Operator: true}, who)
	models, err := operator.Models(ctx)
	call("Models", err)
	is("there are models", true, len(models) > 0)
	model, err := operator.Model(ctx, "github")
	call("Model", err)
	is("the model", "github", model.ID)
	rules, err := operator.Rules(ctx)
	call("Rules", err)
	rule, err := operator.Rule(ctx, "X01")
	call("Rule", err)
	is("a rule", rules[0], rule)
	list, err := operator.Organizations(ctx)
	call("Organizations", err)
	is("nothing is founded", []service.OrganizationView{}, list)

	founded, err := operator.Found(ctx, Options{Ticket: "T-1", Note: "first of all", IdempotencyKey: "k"}, service.FoundRequest{
		Org: "acme", Model: "github", Title: "Acme", Owner: service.PersonDetails{Login: "ann", Email: "ann@example.org", Name: "Ann", JobTitle: "Boss"},
	})
	call("Found", err)
	is("the first commit", uint64(1), founded.Number)
	key, err := operator.IssueKey(ctx, "acme", Options{}, service.IssueRequest{Person: "ann"})
	call("IssueKey", err)
	ann := client(key.Key)
	who, err = ann.Whoami(ctx)
	call("Whoami", err)
	is("who I am", Identity{ID: string(founded.ID), Org: "acme"}, who)

	registered, err := ann.RegisterPerson(ctx, "acme", Options{IdempotencyKey: "k", Note: "from the fair"}, service.PersonDetails{Login: "ben", Email: "ben@example.org", Name: "Ben", JobTitle: "Engineer"})
	call("RegisterPerson", err)
	again, err := ann.RegisterPerson(ctx, "acme", Options{IdempotencyKey: "k", Note: "from the fair"}, service.PersonDetails{Login: "ben", Email: "ben@example.org", Name: "Ben", JobTitle: "Engineer"})
	call("RegisterPerson", err)
	is("the same commit", registered.Commit, again.Commit)
	is("the same person", registered.ID, again.ID)
	_, err = ann.RegisterPerson(ctx, "acme", Options{IfRevision: founded.Revision}, service.PersonDetails{Login: "eve"})
	var p *Problem
	if !errors.As(err, &p) || p.Status != http.StatusPreconditionFailed {
		t.Errorf("with an old revision: %v", err)
	}
	empty, name := "", "Ben B."
	_, err = ann.UpdatePerson(ctx, "acme", Options{}, service.PersonChange{Person: "ben", Name: &name, JobTitle: &empty})
	call("UpdatePerson", err)
	for _, verb := range []string{"start", "suspend", "resume"} {
		_, err = ann.ChangeMembership(ctx, "acme", Options{}, verb, service.MembershipRequest{Person: "ben"})
		call("ChangeMembership", err)
	}
	for _, r := range []service.ScopeRequest{{Scope: "team:sig", Title: "Sig Title"}, {Scope: "team:sub", Under: "team:sig"}, {Scope: "team:old"}} {
		_, err = ann.ChangeScope(ctx, "acme", Options{}, "create", r)
		call("ChangeScope", err)
	}
	_, err = ann.ChangeScope(ctx, "acme", Options{}, "rename", service.ScopeRequest{Scope: "team:sub", Title: "Sub Title"})
	call("ChangeScope", err)
	_, err = ann.ChangeScope(ctx, "acme", Options{}, "move", service.ScopeRequest{Scope: "team:sub"})
	call("ChangeScope", err)
	_, err = ann.ChangeScope(ctx, "acme", Options{}, "delete", service.ScopeRequest{Scope: "team:old"})
	call("ChangeScope", err)
	granted, err := ann.GrantRole(ctx, "acme", Options{Reason: "joined"}, service.GrantRequest{RoleRequest: service.RoleRequest{Person: "ben", Role: "maintainer", Scope: "team:sig"}})
	call("GrantRole", err)
	_, err = ann.GrantRole(ctx, "acme", Options{}, service.GrantRequest{RoleRequest: service.RoleRequest{Person: "ben", Role: "member", Scope: "team:sub"}})
	call("GrantRole", err)
	_, err = ann.RevokeRole(ctx, "acme", Options{}, service.RoleRequest{Person: "ben", Role: "member", Scope: "team:sub"})
	call("RevokeRole", err)

	people, err := ann.People(ctx, "acme", At{})
	call("People", err)
	is("people", 2, len(people))
	person, err := ann.Person(ctx, "acme", At{}, "ben@example.org")
	call("Person", err)
	is("Ben", []string{"ben", "Ben B.", "", "member"}, []string{person.Login, person.Name, person.JobTitle, person.State})
	holders, err := ann.Holders(ctx, "acme", At{}, "maintainer", "team:Sig Title")
	call("Holders", err)
	is("maintainers", 1, len(holders))
	permitted, err := ann.Permitted(ctx, "acme", At{AtLeast: granted.Revision}, "team.delete", "team:sig")
	call("Permitted", err)
	is("who may delete", 2, len(permitted))
	answer, err := ann.Can(ctx, "acme", At{}, "ben", "team.delete", "team:sig")
	call("Can", err)
	is("because", granted.Revision, answer.Because[0].Revision)
	answer, err = ann.Can(ctx, "acme", At{Revision: granted.Revision - 1}, "ben", "team.delete", "team:sig")
	call("Can", err)
	is("not before", false, answer.Allowed)
	answer, err = ann.CanUpon(ctx, "acme", At{}, "ben", "team.delete", "team:sig", "zoe@example.org")
	call("CanUpon", err)
	is("about an outsider", []any{"zoe@example.org", events.PrincipalID("")}, []any{answer.About, answer.AboutID})
	sections, err := ann.Sections(ctx, "acme", At{}, "", "team:sig", true)
	call("Sections", err)
	is("the first section of teams", []any{"Teams", 1}, []any{sections[0].Title, sections[0].Permissions[0].Scopes})
	posture, err := operator.Posture(ctx, "acme", At{AsOf: "2026-01-01"})
	call("Posture", err)
	is("who holds the highest role", []string{"organization.admin", "ann"}, []string{posture.Role, posture.Holders[0].Login})
	usage, err := operator.Usage(ctx, "acme", At{}, "2026-01-01", "2026-01-01", "")
	call("Usage", err)
	is("somebody did something", true, len(usage.Rows) > 2 && usage.Rows[0].Commits > 0)
	_, err = operator.Usage(ctx, "acme", At{}, "soon", "", "")
	if !errors.As(err, &p) || p.Field != "from" {
		t.Errorf("a period from soon: %v", err)
	}
	scopes, err := ann.Scopes(ctx, "acme", At{AsOf: "2026-01-01"})
	call("Scopes", err)
	is("scopes", 3, len(scopes))
	organization, err := ann.Organization(ctx, "acme", At{Recorded: time.Now().AddDate(0, 0, 1).Format(time.DateOnly)})
	call("Organization", err)
	is("members", 2, organization.Members)
	keys, err := ann.Keys(ctx, "acme", At{})
	call("Keys", err)
	is("keys", 1, len(keys))
	history, err := ann.History(ctx, "acme", At{}, "subject:ben type:role.granted -cause:default")
	call("History", err)
	is("grants", 2, len(history))
	differences, err := ann.Diff(ctx, "acme", "@2", fmt.Sprintf("@%d", granted.Revision))
	call("Diff", err)
	is("something changed", true, len(differences) > 0)
	exported, err := ann.ExportPeribolos(ctx, "acme", At{})
	call("ExportPeribolos", err)
	is("maintainers", []string{"ben"}, exported.Teams["Sig Title"].Maintainers)
	imported, err := operator.ImportTimeline(ctx, "acme", service.TimelineCommit{
		Commit: "c1", Time: start.Add(time.Hour / 2), Changes: []service.TimelineChange{{Op: "member.add", User: "cat"}, {Op: "team.create", Team: "New Team"}},
	})
	if err == nil {
		t.Error("a commit of the future is taken over")
	}
	imported, err = operator.ImportTimeline(ctx, "acme", service.TimelineCommit{
		Commit: "c1", Time: history[1].EffectiveAt.Add(time.Second), Changes: []service.TimelineChange{{Op: "member.add", User: "cat"}, {Op: "team.create", Team: "New Team"}},
	})
	call("ImportTimeline", err)
	is("imported", true, imported.Changed)
	for _, change := range []struct{ verb, into string }{{"create", ""}, {"archive", ""}, {"restore", ""}, {"merge", "team:sig"}} {
		receipt, err := operator.ChangeScope(ctx, "acme", Options{Reason: "reorganization"}, change.verb, service.ScopeRequest{Scope: "team:tmp", Into: change.into})
		call("ChangeScope", err)
		is(change.verb, true, receipt.Changed)
	}
	_, err = ann.ChangeScope(ctx, "acme", Options{}, "set", service.ScopeRequest{Scope: "team:sub", Attributes: map[events.AttributeID]string{"type": "project"}})
	if !errors.As(err, &p) || p.Field != "attributes.type" {
		t.Errorf("an attribute that teams do not have is set: %v", err)
	}
	tried, err := operator.ImportScopes(ctx, "acme", Options{Reason: "migration", DryRun: true}, service.ScopeImportRequest{Kind: "team", Under: "team:sig", CSV: "handle,title,under\nnorth,North,\neast,,north\n"})
	call("ImportScopes", err)
	is("two teams would be added", []any{true, 2}, []any{tried.DryRun, len(tried.Events)})
	scope, err := ann.Scope(ctx, "acme", At{}, "team:sig")
	call("Scope", err)
	is("who holds what there", 1, len(scope.Roles))
	members, err := operator.ExportMembers(ctx, "acme", At{}, "team:sig")
	call("ExportMembers", err)
	is("who is there", []string{"maintainer"}, members[0].Roles)
	exports, err := operator.ExportScopes(ctx, "acme", At{}, "team", "")
	call("ExportScopes", err)
	is("teams", 3, len(exports))
	_, err = ann.RevokeKey(ctx, "acme", Options{}, service.RevokeKeyRequest{Key: key.Prefix})
	call("RevokeKey", err)
	_, err = ann.Whoami(ctx)
	if !errors.As(err, &p) || p.Status != http.StatusUnauthorized {
		t.Errorf("a revoked key gives %v", err)
	}
	_, err = operator.ChangeMembership(ctx, "acme", because, "terminate", service.MembershipRequest{Person: "ben"})
	call("ChangeMembership", err)
	staffStory(t, client, operator, call)
	firmStory(t, client, operator, call)
	modelStory(t, client, operator, call)
	return called
}

// firmStory goes on with an organization that has an owner, designations and
// compliance managers.
func firmStory(t *testing.T, client func(key string) *Client, operator *Client, call func(string, error)) {
	t.Helper()
	ctx, o := t.Context(), Options{}
	is := func(what string, want, got any) {
		t.Helper()
		diff(t, what, want, got)
	}
	_, err := operator.Found(ctx, o, service.FoundRequest{Org: "firm", Model: "fabasoft", Title: "Firm", Owner: service.PersonDetails{Login: "olga", Email: "olga@example.org"}})
	call("Found", err)
	key, err := operator.IssueKey(ctx, "firm", o, service.IssueRequest{Person: "olga"})
	call("IssueKey", err)
	olga := client(key.Key)
	for _, name := range []string{"carl", "mia", "max"} {
		_, err = olga.RegisterPerson(ctx, "firm", o, service.PersonDetails{Login: name, Email: name + "@example.org"})
		call("RegisterPerson", err)
		_, err = olga.ChangeMembership(ctx, "firm", o, "start", service.MembershipRequest{Person: name})
		call("ChangeMembership", err)
	}
	_, err = olga.DefineRoles(ctx, "firm", o, service.DefineRolesRequest{Roles: map[events.RoleID][]string{
		"co_owner": {"carl"}, "compliance_manager": {"mia"}, "support_team": {"max"}, "payment_user": {"mia"},
	}})
	call("DefineRoles", err)
	key, err = operator.IssueKey(ctx, "firm", o, service.IssueRequest{Person: "mia"})
	call("IssueKey", err)
	mia := client(key.Key)
	_, err = olga.SetDesignation(ctx, "firm", o, service.DesignationRequest{Person: "carl", Designation: "main_owner"})
	call("SetDesignation", err)
	form, err := olga.RoleForm(ctx, "firm", At{}, "")
	call("RoleForm", err)
	i := slices.IndexFunc(form, func(f service.RoleField) bool { return f.Designation == "main_owner" })
	is("main owner", "carl", form[i].Holders[0].Login)
	_, err = olga.ClearDesignation(ctx, "firm", o, service.DesignationRequest{Designation: "main_owner"})
	call("ClearDesignation", err)
	_, err = olga.SwitchFeature(ctx, "firm", o, service.FeatureRequest{Feature: "license_purchase", On: true})
	call("SwitchFeature", err)
	features, err := mia.Features(ctx, "firm", At{})
	call("Features", err)
	is("features", true, features[0].On)
	editions, err := mia.Editions(ctx, "firm", At{})
	call("Editions", err)
	is("editions", []service.EditionView{}, editions)
	// The model has none, so that is all that can be asked.
	_, err = olga.SetEdition(ctx, "firm", o, service.EditionRequest{Edition: "full"})
	var p *Problem
	if !errors.As(err, &p) || p.Status != http.StatusNotFound || p.Field != "edition" {
		t.Errorf("an edition of a model without any: %v", err)
	}
	call("SetEdition", nil)
	_, err = mia.RecordFact(ctx, "firm", o, service.FactRequest{Fact: "license_purchased", Quantity: 3})
	call("RecordFact", err)
	support, err := mia.Resolve(ctx, "firm", At{}, "support_team", "")
	call("Resolve", err)
	is("support", "max", support.Holders[0].Login)

	members, err := olga.Members(ctx, "firm", At{}, "organization:firm")
	call("Members", err)
	is("members", []string{"carl", "max", "mia", "olga"}, []string{members[0].Login, members[1].Login, members[2].Login, members[3].Login})
	asked := Options{Reason: "joined"}
	_, err = operator.RouteAddresses(ctx, "firm", asked, service.RouteRequest{Scope: "organization:firm", Domains: []string{"Example.org"}})
	call("RouteAddresses", err)
	routes, err := operator.Routes(ctx, "firm", At{})
	call("Routes", err)
	is("routes", []string{"example.org"}, routes[0].Domains)

	// Only the operator, who issues keys as well, is shown the token.
	sent, err := olga.Invite(ctx, "firm", o, service.InvitationRequest{PersonDetails: service.PersonDetails{Email: "noor@example.org"}})
	call("Invite", err)
	is("the token is not shown", "", sent.Token)
	_, err = olga.WithdrawInvitation(ctx, "firm", o, string(sent.ID))
	call("WithdrawInvitation", err)
	invitation, err := operator.Invite(ctx, "firm", asked, service.InvitationRequest{PersonDetails: service.PersonDetails{Email: "nina@example.org"}})
	call("Invite", err)
	invitation, err = operator.ResendInvitation(ctx, "firm", asked, string(invitation.ID))
	call("ResendInvitation", err)
	accepted, err := client(invitation.Token).AcceptInvitation(ctx, "firm", o, string(invitation.ID))
	call("AcceptInvitation", err)
	who, err := client(accepted.Key).Whoami(ctx)
	call("Whoami", err)
	is("who came", string(invitation.Person), who.ID)
	for _, answer := range []string{"decline", "withdraw"} {
		invitation, err = operator.Invite(ctx, "firm", asked, service.InvitationRequest{PersonDetails: service.PersonDetails{Email: answer + "@example.org"}})
		call("Invite", err)
		open, err := olga.Invitations(ctx, "firm", At{})
		call("Invitations", err)
		is("open invitations", 1, len(open))
		is("where it can be answered", events.ScopeID("organization:firm"), open[0].Route)
		if answer == "decline" {
			_, err = client(invitation.Token).DeclineInvitation(ctx, "firm", o, string(invitation.ID))
			call("DeclineInvitation", err)
		} else {
			_, err = olga.WithdrawInvitation(ctx, "firm", o, string(invitation.ID))
			call("WithdrawInvitation", err)
		}
	}

	_, err = olga.TransferRole(ctx, "firm", o, service.TransferRequest{Person: "carl"})
	call("TransferRole", err)
	_, err = olga.ChangeMembership(ctx, "firm", Options{Reason: "left"}, "terminate", service.MembershipRequest{Person: "max"})
	call("ChangeMembership", err)
	cases, err := mia.Cases(ctx, "firm", At{}, false)
	call("Cases", err)
	is("cases", []string{"max", "open"}, []string{cases[0].Login, cases[0].State})
	for _, end := range []string{"complete", "cancel"} {
		reminder, err := mia.SetReminder(ctx, "firm", o, service.ReminderRequest{Person: "max", At: "P1M", Every: "P1W", Zone: "Europe/Vienna"})
		call("SetReminder", err)
		list, err := mia.Reminders(ctx, "firm", At{})
		call("Reminders", err)
		is("reminders", reminder.ID, list[0].ID)
		if end == "complete" {
			_, err = mia.CompleteReminder(ctx, "firm", o, string(reminder.ID))
			call("CompleteReminder", err)
		} else {
			_, err = mia.CancelReminder(ctx, "firm", o, string(reminder.ID))
			call("CancelReminder", err)
		}
	}
	hold, err := mia.PlaceHold(ctx, "firm", o, service.HoldRequest{Person: "max", Ground: "Dispute 12"})
	call("PlaceHold", err)
	holds, err := mia.Holds(ctx, "firm", At{})
	call("Holds", err)
	is("the ground", "Dispute 12", holds[0].Ground)
	_, err = mia.ReleaseHold(ctx, "firm", o, string(hold.ID))
	call("ReleaseHold", err)
	_, err = mia.SetRetention(ctx, "firm", o, service.RetentionRequest{Person: "max", Until: "P7Y", Ground: "Tax law"})
	call("SetRetention", err)
	before, err := mia.Links(ctx, "firm", At{}, "max")
	call("Links", err)
	max := cases[0].Person
	_, err = mia.Anonymize(ctx, "firm", o, service.AnonymizationRequest{Person: "max"})
	call("Anonymize", err)
	after, err := mia.Links(ctx, "firm", At{}, string(max))
	call("Links", err)
	is("the links stay", true, len(after) > len(before))
	file, err := mia.Case(ctx, "firm", At{}, string(max))
	call("Case", err)
	is("the case", []any{"anonymized", true}, []any{file.State, file.Certificate != ""})

	notices, err := olga.Notices(ctx, "firm", service.NoticeFilter{Kind: "membership.terminated"})
	call("Notices", err)
	is("alerts, and what max is told", 2, len(notices))
	notice, err := olga.Notice(ctx, "firm", notices[0].ID)
	call("Notice", err)
	is("the alert goes to", "mia", notice.Login)
	_, err = olga.RetryNotice(ctx, "firm", notice.ID)
	if errors.As(err, &p) && p.Code == "exists" {
		err = nil // it is not parked
	}
	call("RetryNotice", err)
	for _, what := range []string{"ledger", "capsule"} {
		call("Backup", operator.Backup(ctx, what, io.Discard))
	}
}

// TestBothWays tells the story over the network and in process: the answers
// are the same bytes, but for what chance makes.
func TestBothWays(t *testing.T) {
	over, within := open(t), open(t)
	called := story(t, over.network, over.operator)
	story(t, within.inProcess, within.operator)
	guildOver, guildWithin := open(t, foundGuild), open(t, foundGuild)
	guildStory(t, guildOver.network, guildOver.operator, called)
	guildStory(t, guildWithin.inProcess, guildWithin.operator, called)
	over.answered, within.answered = append(over.answered, guildOver.answered...), append(within.answered, guildWithin.answered...)
	a, b := withoutChance(over.answered), withoutChance(within.answered)
	if len(a) != len(b) {
		t.Fatalf("there are %d answers over the network and %d in process", len(a), len(b))
	}
	for i := range a {
		diff(t, "answer "+a[i].Request, a[i], b[i])
	}

	client := reflect.TypeFor[*Client]()
	for i := range client.NumMethod() {
		if name := client.Method(i).Name; !called[name] {
			t.Errorf("the story does not call %s", name)
		}
	}
	var asked []string
	for _, e := range over.answered {
		asked = append(asked, e.Operation)
	}
	for path, item := range over.document.Paths.Map() {
		for method := range item.Operations() {
			if !slices.Contains(asked, method+" "+path) {
				t.Errorf("no method of the client asks for %s %s", method, path)
			}
		}
	}
}

// TestNamesInPaths looks for people whose login means something in a path.
func TestNamesInPaths(t *testing.T) {
	x := open(t)
	x.acme()
	// All but "/" alone, which the mux takes for the end of a path: whoever is
	// called that is found by id.
	logins := []string{
		"a/b", "//", "a@b.example", "with space", "ünïcödé", "組織", "100%", "%2F", "%", "a?b=c", "a#b", "a;b", "a+b", "a&b",
		".", "..", "...", "../people", "a\\b", `"quoted"`, "~", "{person}", "*", ":", "-",
	}
	ids := map[string]events.PrincipalID{}
	for _, client := range []*Client{x.network(x.operator), x.inProcess(x.operator)} {
		for _, login := range logins {
			if ids[login] == "" {
				ids[login] = must[service.PersonReceipt](t)(client.RegisterPerson(t.Context(), "acme", because, service.PersonDetails{Login: login})).ID
			}
			view, err := client.Person(t.Context(), "acme", At{}, login)
			if err != nil || view.ID != ids[login] || view.Login != login {
				t.Errorf("%q is %+v, %v", login, view, err)
			}
			answer, err := client.Can(t.Context(), "acme", At{}, login, "organization.edit", "")
			if err != nil || answer.ID != ids[login] {
				t.Errorf("%q can %+v, %v", login, answer, err)
			}
		}
		for _, path := range []string{"", ".", "..", "../acme", "a/b", "x%", "acme/", "acme?x"} {
			_, err := client.Organization(t.Context(), path, At{})
			var p *Problem
			if !errors.As(err, &p) || p.Status != http.StatusNotFound || p.Code != "unknown" {
				t.Errorf("the organization %q gives %v", path, err)
			}
			if _, err := client.Model(t.Context(), path); !errors.As(err, &p) || p.Status != http.StatusNotFound {
				t.Errorf("the model %q gives %v", path, err)
			}
			if _, err := client.Person(t.Context(), path, At{}, "ann"); !errors.As(err, &p) || p.Status != http.StatusNotFound {
				t.Errorf("a person of %q gives %v", path, err)
			}
		}
	}
}

// TestHistoryGoesOn reads a history that is longer than a page.
func TestHistoryGoesOn(t *testing.T) {
	x := open(t)
	c := x.network(x.acme("ben", "cat", "dan"))
	const query = "-type:model.adopted"
	whole := must[[]service.EventView](t)(c.History(t.Context(), "acme", At{}, query))
	if len(whole) < 10 || whole[0].Type != "organization.founded" {
		t.Fatalf("there are %d events", len(whole))
	}
	for _, c.page = range []int{1, 2, 3, len(whole), len(whole) + 1} {
		before := len(x.answered)
		diff(t, "the history in pages", whole, must[[]service.EventView](t)(c.History(t.Context(), "acme", At{}, query)))
		if pages := len(x.answered) - before; (pages > 1) != (c.page < len(whole)) {
			t.Errorf("%d events came in %d pages of %d", len(whole), pages, c.page)
		}
	}
	c.page = maxPage + 1
	_, err := c.History(t.Context(), "acme", At{}, query)
	var p *Problem
	if !errors.As(err, &p) || p.Field != "limit" {
		t.Errorf("a page that is too long gives %v", err)
	}
}

// TestClientOfSomethingElse asks servers that are not this one.
func TestClientOfSomethingElse(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		says   string
	}{
		"a proxy's page":     {http.StatusBadGateway, "<html>Bad Gateway</html>", "502 Bad Gateway: <html>"},
		"a way elsewhere":    {http.StatusFound, "", "302 Found"},
		"an empty refusal":   {http.StatusForbidden, "", "403 Forbidden"},
		"JSON of another":    {http.StatusNotFound, `{"error":"x"}`, `404 Not Found: {"error"`},
		"no JSON":            {http.StatusOK, "<html>", "cannot be read"},
		"JSON cut short":     {http.StatusOK, `{"id":"x"`, "cannot be read"},
		"another kind of it": {http.StatusOK, `[]`, "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				fmt.Fprint(w, c.body)
			}))
			defer server.Close()
			_, err := NewClient(server.URL+"/", "key", nil).Whoami(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("it says %v", err)
			}
			var p *Problem
			if errors.As(err, &p) {
				t.Errorf("it is taken for a problem: %+v", p)
			}
		})
	}
	server := httptest.NewServer(http.NotFoundHandler())
	url := server.URL
	server.Close()
	if _, err := NewClient(url, "key", nil).Whoami(t.Context()); err == nil {
		t.Error("nobody answers, and there is no error")
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := NewClient(url, "key", nil).Whoami(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("whoever has gone gets %v", err)
	}
}
