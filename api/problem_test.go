package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/ledger"
	"tenure/service"
)

// problemIn reads a problem and checks what all problems have in common.
func problemIn(t testing.TB, r reply) Problem {
	t.Helper()
	var p Problem
	if err := json.Unmarshal([]byte(r.body), &p); err != nil {
		t.Fatalf("%d %s: %v", r.status, r.body, err)
	}
	if got := r.header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("the content type is %q", got)
	}
	if p.Status != r.status || p.Title != http.StatusText(r.status) || p.Type != "urn:tenure:problem:"+p.Code || p.Code == "" {
		t.Errorf("status %d with the problem %+v", r.status, p)
	}
	if !strings.HasSuffix(p.Detail, ".") || strings.ToUpper(p.Detail[:1]) != p.Detail[:1] && !strings.HasPrefix(p.Detail, "acme") && !strings.HasPrefix(p.Detail, "ann") && !strings.HasPrefix(p.Detail, "ben") && !strings.HasPrefix(p.Detail, "tea") {
		t.Errorf("%q is no sentence", p.Detail)
	}
	if (r.status == http.StatusUnauthorized) != (r.header.Get("WWW-Authenticate") == "Bearer") {
		t.Errorf("status %d with WWW-Authenticate %q", r.status, r.header.Get("WWW-Authenticate"))
	}
	return p
}

// TestProblems sends what is refused, over the network and in process.
func TestProblems(t *testing.T) {
	x := open(t)
	ann := x.acme("ben")
	ben := x.keyOf("acme", "ben")
	op := x.operator
	const org = "/v1/organizations/acme"
	tail := must[service.OrganizationView](t)(x.network(op).Organization(t.Context(), "acme", At{})).Revision
	grant := `{"person":"ben","role":"member","scope":"team:sig"}`
	for _, c := range []struct {
		name                    string
		method, path, key, body string
		headers                 []string
		status                  int
		code, field, says       string
	}{
		// Who asks.
		{"no key", "GET", "/v1/whoami", "", "", nil, 401, "unauthenticated", "", "Authorization: Bearer KEY"},
		{"another scheme", "GET", "/v1/whoami", "", "", []string{"Authorization", "Basic " + op}, 401, "unauthenticated", "", "Bearer"},
		{"an empty key", "GET", "/v1/whoami", "", "", []string{"Authorization", "Bearer "}, 401, "unauthenticated", "key", "not known"},
		{"a wrong key", "GET", "/v1/whoami", op + "x", "", nil, 401, "unauthenticated", "key", "not known"},
		{"a wrong key, whatever else is wrong", "POST", org + "/grants", "tenure_x", `{"x":`, nil, 401, "unauthenticated", "key", ""},
		{"a wrong key for what is not there", "GET", "/v1/organizations/none/people", "tenure_x", "", nil, 401, "unauthenticated", "key", ""},
		// What there is.
		{"no such path", "GET", "/v1/nothing", ann, "", nil, 404, "unknown", "", "/openapi.json"},
		{"no such path at all", "GET", "/", "", "", nil, 404, "unknown", "", "/openapi.json"},
		{"no such version", "GET", "/v2/whoami", ann, "", nil, 404, "unknown", "", ""},
		{"a slash too many", "GET", "/v1/organizations//", ann, "", nil, 404, "unknown", "", ""},
		{"no such method", "DELETE", org, ann, "", nil, 405, "method_not_allowed", "", "This path takes GET, HEAD, not DELETE."},
		{"no such method of a command", "GET", org + "/grants/revoke", ann, "", nil, 405, "method_not_allowed", "", "POST"},
		{"no organization", "GET", "/v1/organizations/none", ann, "", nil, 404, "unknown", "org", "There is no organization none."},
		{"a handle that is none", "POST", "/v1/organizations/No%20Handle/grants", ann, grant, nil, 422, "invalid", "org", "no handle"},
		{"no person", "GET", org + "/people/nobody", ann, "", nil, 404, "unknown", "person", "no person nobody"},
		{"no permission", "GET", org + "/check?person=ben&permission=team.fly", ann, "", nil, 404, "unknown", "permission", ""},
		{"no model", "GET", "/v1/models/none", ann, "", nil, 404, "unknown", "model", ""},
		// What is asked.
		{"a parameter is missing", "GET", org + "/check?person=ben", ann, "", nil, 422, "invalid", "permission", "At permission: required query parameter is missing."},
		{"a parameter is no number", "GET", org + "?at_revision=x", ann, "", nil, 422, "invalid", "at_revision", ""},
		{"a parameter is negative", "GET", org + "?at_least=-1", ann, "", nil, 422, "invalid", "at_least", ""},
		{"a parameter is too large", "GET", org + "/history?limit=10001", ann, "", nil, 422, "invalid", "limit", "10000"},
		{"a date that is none", "GET", org + "?as_of=yesterday", ann, "", nil, 422, "invalid", "as_of", "write 2026-01-31"},
		{"a time of recording that is none", "GET", org + "?recorded=yesterday", ann, "", nil, 422, "invalid", "recorded", "write 2026-01-31"},
		{"two moments", "GET", org + "?as_of=2026-01-01&at_revision=1", ann, "", nil, 422, "invalid", "as_of", "Give one of"},
		{"a moment that is none", "GET", org + "/diff?from=@x&to=@1", ann, "", nil, 422, "invalid", "from", "no revision"},
		{"another", "GET", org + "/diff?from=@1&to=x", ann, "", nil, 422, "invalid", "to", "no time"},
		{"before the founding", "GET", org + "?as_of=2020-01-01", ann, "", nil, 404, "unknown", "as_of", "not founded yet"},
		{"a revision to come", "GET", org + "?at_revision=999", ann, "", nil, 503, "not_yet", "at_revision", "has not been reached"},
		{"neither role nor permission", "GET", org + "/grants", ann, "", nil, 422, "invalid", "role", "Give a role or a permission."},
		{"both", "GET", org + "/grants?role=admin&permission=team.read", ann, "", nil, 422, "invalid", "role", ""},
		{"a query that is none", "GET", org + "/history?q=ann", ann, "", nil, 422, "invalid", "q", "is no term"},
		{"a permission of another kind", "GET", org + "/check?person=ben&permission=team.read", ann, "", nil, 422, "invalid", "scope", ""},
		// What is sent.
		{"no body", "POST", org + "/grants", ann, "", nil, 400, "invalid", "", "body"},
		{"no JSON", "POST", org + "/grants", ann, `{"person"`, nil, 400, "invalid", "body", ""},
		{"a field twice", "POST", org + "/grants", ann, `{"person":"ben","role":"member","dry_run":true,"dry_run":false}`, nil, 400, "invalid", "body", "duplicate"},
		{"half a character", "POST", org + "/grants", ann, `{"person":"\ud800","role":"member"}`, nil, 400, "invalid", "body", "surrogate"},
		{"two bodies", "POST", org + "/grants", ann, grant + grant, nil, 400, "invalid", "body", ""},
		{"another type of content", "POST", org + "/grants", ann, grant, []string{"Content-Type", "text/plain"}, 415, "invalid", "body", ""},
		{"a list", "POST", org + "/grants", ann, `[]`, nil, 422, "invalid", "body", ""},
		{"null", "POST", org + "/grants", ann, `null`, nil, 422, "invalid", "body", ""},
		{"an unknown field", "POST", org + "/grants", ann, `{"person":"ben","role":"member","color":"red"}`, nil, 422, "invalid", "color", "unexpected property"},
		{"a field in other letters", "POST", org + "/grants", ann, `{"Person":"ben","role":"member"}`, nil, 422, "invalid", "body", "required property person"},
		{"a number for a text", "POST", org + "/grants", ann, `{"person":7,"role":"member"}`, nil, 422, "invalid", "person", "expected string"},
		{"a missing field", "POST", org + "/grants", ann, `{"person":"ben"}`, nil, 422, "invalid", "body", "required property role"},
		{"too long a text", "POST", org + "/people", ann, `{"login":"` + strings.Repeat("x", 257) + `"}`, nil, 422, "invalid", "login", "256"},
		{"an op that is none", "POST", org + "/imports/timeline", op, `{"commit":"c","time":"2026-01-01T00:00:00Z","changes":[{"op":"admin.add","user":"x"},{"op":"admin.ad","user":"x"}]}`, nil, 422, "invalid", "changes[1].op", ""},
		{"no changes", "POST", org + "/imports/timeline", op, `{"commit":"c","time":"2026-01-01T00:00:00Z","changes":[]}`, nil, 422, "invalid", "changes", ""},
		{"a time that is none", "POST", org + "/imports/timeline", op, `{"commit":"c","time":"yesterday","changes":[{"op":"admin.add","user":"x"}]}`, nil, 422, "invalid", "time", ""},
		{"a revision that is none", "POST", org + "/grants", ann, grant, []string{"If-Match", `W/"x"`}, 422, "invalid", "If-Match", "in quotes"},
		{"another revision", "POST", org + "/grants", ann, grant, []string{"If-Match", `"1"`}, 412, "precondition_failed", "If-Match", fmt.Sprintf("stands at revision %d, not at 1", tail)},
		{"too long a key", "POST", org + "/grants", ann, grant, []string{"Idempotency-Key", strings.Repeat("k", 257)}, 422, "invalid", "Idempotency-Key", ""},
		{"not too much", "POST", org + "/people", ann, `{"login":"` + strings.Repeat("x", maxBody/2) + `"}`, nil, 422, "invalid", "login", "256"},
		{"too much", "POST", org + "/people", ann, `{"login":"` + strings.Repeat("x", maxBody) + `"}`, nil, 413, "request_too_large", "", ""},
		// What is not to be.
		{"not permitted", "POST", org + "/grants", ben, grant, nil, 403, "not_permitted", "", "ben may not grant member on team:sig"},
		{"not to be read", "GET", org + "/history", ben, "", nil, 403, "not_permitted", "", "history.read"},
		{"no reason", "POST", org + "/grants", op, grant, nil, 403, "reason_required", "reason", "give a reason"},
		{"a reason that is none", "POST", org + "/grants", op, `{"person":"ben","role":"admin","reason":"whim"}`, nil, 422, "invalid", "reason", "use requested,"},
		{"a ticket that is none", "POST", org + "/grants", ann, `{"person":"ben","role":"admin","ticket":"a b"}`, nil, 422, "invalid", "ticket", ""},
		{"founding what exists", "POST", "/v1/organizations", op, `{"org":"acme","model":"github","owner":{"login":"x"}}`, nil, 409, "exists", "org", "exists already"},
		{"founding by a person", "POST", "/v1/organizations", ann, `{"org":"beta","model":"github","owner":{"login":"x"}}`, nil, 403, "not_permitted", "", ""},
		{"a login that is taken", "POST", org + "/people", ann, `{"login":"BEN"}`, nil, 409, "exists", "login", "BEN is known already"},
		{"the last administrator", "POST", org + "/grants/revoke", ann, `{"person":"ann","role":"admin"}`, nil, 409, "too_few_holders", "", "at least 1 active admin"},
		{"no member", "POST", org + "/memberships/suspend", ann, `{"person":"ben","scope":"team:sig"}`, nil, 409, "not_a_member", "", ""},
		{"a default role", "POST", org + "/grants/revoke", ann, `{"person":"ben","role":"member"}`, nil, 409, "default_role", "", ""},
		{"a scope that cannot stand there", "POST", org + "/scopes/delete", ann, `{"scope":"organization:acme"}`, nil, 422, "structure", "", ""},
		{"history out of order", "POST", org + "/imports/timeline", op, `{"commit":"c","time":"2020-01-01T00:00:00Z","changes":[{"op":"admin.add","user":"x"}]}`, nil, 409, "time_order", "time", ""},
		{"a founding with a model of nothing", "POST", "/v1/organizations", op, `{"org":"none","owner":{"login":"ann"},"source":""}`, nil, 422, "invalid", "source", "At source: expected length >= 1."},
		{"an adoption of nothing", "POST", org + "/model", op, `{"source":"","reason":"tidy"}`, nil, 422, "invalid", "source", "At source: expected length >= 1."},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := x.ask(c.method, c.path, c.key, c.body, c.headers...)
			p := problemIn(t, r)
			if (r.status == 405) != (r.header.Get("Allow") != "") {
				t.Errorf("%d with Allow %q", r.status, r.header.Get("Allow"))
			}
			if r.status != c.status || p.Code != c.code || c.field != p.Field || !strings.Contains(strings.ToLower(p.Detail), strings.ToLower(c.says)) {
				t.Errorf("%d %s at %q: %s\nwant %d %s at %q: %s", r.status, p.Code, p.Field, p.Detail, c.status, c.code, c.field, c.says)
			}
		})
	}
	if now := must[service.OrganizationView](t)(x.network(op).Organization(t.Context(), "acme", At{})).Revision; now != tail {
		t.Errorf("the organization stands at %d, before at %d", now, tail)
	}
	if text := x.log.String(); strings.Contains(text, "level=ERROR") && !strings.Contains(text, "not_yet") {
		t.Errorf("refusals are logged as errors:\n%s", text)
	}
}

// TestSeveralProblems: all that the schema finds is listed, each at its field.
func TestSeveralProblems(t *testing.T) {
	x := open(t)
	r := x.ask("POST", "/v1/organizations/acme/grants", x.operator, `{"person":7,"role":8,"color":"red"}`)
	p := problemIn(t, r)
	fields := map[string]bool{}
	for _, each := range p.Errors {
		fields[each.Field] = true
		if each.Status != 422 || each.Code != "invalid" || each.Detail == "" {
			t.Errorf("one of them is %+v", each)
		}
	}
	if !fields["person"] || !fields["role"] || !fields["color"] || p.Field != p.Errors[0].Field {
		t.Errorf("%+v", p)
	}
	if strings.Contains(r.body, "red") {
		t.Errorf("what was sent is sent back: %s", r.body)
	}
}

// TestStatuses names the status of every code that there is.
func TestStatuses(t *testing.T) {
	for code, want := range map[aggregate.Code]int{
		aggregate.CodeInvalid: 422, aggregate.CodeUnknown: 404, aggregate.CodeExists: 409, aggregate.CodeNotPermitted: 403,
		aggregate.CodeBreakGlass: 403, aggregate.CodeTooFew: 409, aggregate.CodeTooMany: 409, aggregate.CodeNotMember: 409,
		aggregate.CodeDefaultRole: 409, aggregate.CodeStructure: 422, aggregate.CodeTimeOrder: 409, aggregate.CodeTooLarge: 413,
		aggregate.CodeUnfounded: 409, aggregate.CodeHistory: 409,
		service.CodeUnauthenticated: 401, service.CodePrecondition: 412, service.CodeKeyReused: 422, service.CodeBusy: 503, service.CodeNotYet: 503,
		"one_to_come": 409,
	} {
		refusal := aggregate.Refusal{Code: code, Message: "No.", Rule: "X01", Field: "f", Help: "help", Role: "a.b", Scope: "a:b", Subject: "s"}
		p := problemOf(fmt.Errorf("wrapped: %w", aggregate.Refusals{refusal}))
		if p.Status != want || p.Code != string(code) || p.Rule != "X01" || p.Field != "f" || p.Help != "help" || p.Role != "a.b" || p.Scope != "a:b" || p.Subject != "s" || len(p.Errors) != 0 {
			t.Errorf("%s gives %+v", code, p)
		}
		if p.Error() != "No. (X01)" {
			t.Errorf("it reads %q", p.Error())
		}
	}
	several := problemOf(aggregate.Refusals{{Code: aggregate.CodeTooFew, Message: "One."}, {Code: aggregate.CodeInvalid, Message: "Two."}})
	if several.Status != 409 || several.Detail != "One." || len(several.Errors) != 2 || several.Errors[1].Status != 422 {
		t.Errorf("several give %+v", several)
	}
	for _, c := range []struct {
		err    error
		status int
		code   string
	}{
		{errors.New("secret"), 500, "internal"},
		{aggregate.Refusals{}, 500, "internal"},
		{fmt.Errorf("secret: %w", ledger.ErrUnconfirmed), 503, "unconfirmed"},
		{fmt.Errorf("secret: %w", errors.Join(ledger.ErrUnconfirmed, ledger.ErrUnavailable)), 503, "unconfirmed"},
		{fmt.Errorf("secret: %w", ledger.ErrUnavailable), 503, "unavailable"},
		{fmt.Errorf("secret: %w", ledger.ErrClosed), 503, "unavailable"},
		{fmt.Errorf("secret: %w", context.DeadlineExceeded), 503, "unavailable"},
		{fmt.Errorf("%w: secret", service.ErrHalted), 503, "halted"},
	} {
		if p := problemOf(c.err); p.Status != c.status || p.Code != c.code || strings.Contains(fmt.Sprintf("%+v", p), "secret") {
			t.Errorf("%v gives %+v", c.err, p)
		}
	}
}

// TestForeignOrganization: to a person of one organization, another one looks
// exactly like none.
func TestForeignOrganization(t *testing.T) {
	x := open(t)
	ann := x.acme("ben")
	x.founded("hidden", "secret-ben")
	for path, item := range x.document.Paths.Map() {
		if !strings.Contains(path, "{org}") {
			continue
		}
		for method, operation := range item.Operations() {
			body := ""
			if operation.RequestBody != nil {
				body = map[bool]string{true: `{"person":"ann"}`, false: `{"scope":"team:sig"}`}[!strings.Contains(path, "/scopes")]
				switch {
				case strings.Contains(path, "/grants"):
					body = `{"person":"ann","role":"admin"}`
				case strings.HasSuffix(path, "/imports/people"):
					body = `{"file":"login\nann\n"}`
				case strings.HasSuffix(path, "/people") && method == "POST":
					body = `{"login":"ann"}`
				case strings.HasSuffix(path, "/keys/revoke"):
					body = `{"key":"x"}`
				case strings.Contains(path, "{id}"):
					body = `{}`
				case strings.Contains(path, "/reminders"):
					body = `{"person":"ann","at":"P1M"}`
				case strings.Contains(path, "/holds"):
					body = `{"person":"ann","ground":"x"}`
				case strings.Contains(path, "/retentions"):
					body = `{"person":"ann","ground":"x","until":"P1M"}`
				case strings.Contains(path, "/designations"):
					body = `{"person":"ann","designation":"x"}`
				case strings.HasSuffix(path, "permit") && strings.Contains(path, "/groups/"):
					body = `{"scope":"team:sig","permissions":["x"]}`
				case strings.HasSuffix(path, "permit"), strings.HasSuffix(path, "/withhold"), strings.HasSuffix(path, "/role-types/restore"):
					body = `{"role":"x","permissions":["x"]}`
				case strings.Contains(path, "/role-types"):
					body = `{"role":"x"}`
				case strings.HasSuffix(path, "/roles"):
					body = `{"roles":{"admin":["ann"]}}`
				case strings.Contains(path, "/features"):
					body = `{"feature":"x","on":true}`
				case strings.Contains(path, "/editions"):
					body = `{"edition":"x"}`
				case strings.HasSuffix(path, "/model"):
					body = `{"model":"github"}`
				case strings.Contains(path, "/routes"):
					body = `{"scope":"team:sig"}`
				case strings.Contains(path, "/facts"):
					body = `{"fact":"x"}`
				case strings.HasSuffix(path, "/scopes/import"):
					body = `{"kind":"team","csv":"handle\nx\n"}`
				case strings.HasSuffix(path, "/people/members"):
					body = `{"login":"ann"}`
				case strings.HasSuffix(path, "/memberships/bulk"):
					body = `{"verb":"suspend","people":["ann"]}`
				case strings.HasSuffix(path, "/clients"):
					body = `{"name":"ann"}`
				case strings.HasSuffix(path, "/clients/delete"):
					body = `{"client":"ann"}`
				case strings.Contains(path, "/imports"):
					body = `{"commit":"c","time":"2026-01-01T00:00:00Z","changes":[{"op":"admin.add","user":"x"}]}`
				}
			}
			at := func(org string) reply {
				filled := strings.NewReplacer("{org}", org, "{person}", "ann", "{client}", "ann", "{id}", "01K2Q7D3N8R5T6V9W1X2Y3Z4A5", "{resolver}", "x", "{scope}", "team:sig").Replace(path)
				return x.ask(method, filled+"?person=ann&permission=organization.edit&kind=team&from=2026-01-01&to=2026-01-02&role=", ann, body, "If-Match", `"1"`, "Idempotency-Key", "k")
			}
			foreign, none := at("hidden"), at("absent")
			want := 404
			if strings.Contains(path, "/imports/timeline") {
				want = 403
			}
			if foreign.status != want || strings.ReplaceAll(foreign.body, "hidden", "absent") != none.body || none.status != want {
				t.Errorf("%s %s:\n%d %s\n%d %s", method, path, foreign.status, foreign.body, none.status, none.body)
			}
			for name, values := range none.header {
				if name != "Date" && strings.Join(values, ",") != strings.Join(foreign.header[name], ",") {
					t.Errorf("%s %s tells by the header %s", method, path, name)
				}
			}
		}
	}
	for _, p := range []string{"/v1/organizations", "/v1/whoami"} {
		if r := x.ask("GET", p, ann, ""); strings.Contains(r.body, "hidden") || r.status != 200 {
			t.Errorf("%s: %d %s", p, r.status, r.body)
		}
	}
}

// TestLastAdministrator: X01 over HTTP, on every path, and nothing changes.
func TestLastAdministrator(t *testing.T) {
	x := open(t)
	ann := x.acme("ben")
	const org = "/v1/organizations/acme"
	before := must[service.OrganizationView](t)(x.network(ann).Organization(t.Context(), "acme", At{}))
	id := must[Identity](t)(x.network(ann).Whoami(t.Context())).ID
	for name, c := range map[string]struct{ path, key, body string }{
		"revoke":    {"/grants/revoke", x.operator, `{"person":"ann","role":"admin","reason":"requested"}`},
		"resign":    {"/grants/revoke", ann, `{"person":"ann","role":"admin"}`},
		"demote":    {"/grants", ann, `{"person":"ann","role":"member"}`},
		"suspend":   {"/memberships/suspend", x.operator, `{"person":"ann","reason":"security"}`},
		"terminate": {"/memberships/terminate", x.operator, `{"person":"ann","reason":"left"}`},
		"leave":     {"/memberships/terminate", ann, `{"person":"ann"}`},
		"import":    {"/imports/timeline", x.operator, `{"commit":"c","time":"` + before.Effective.Format(time.RFC3339) + `","changes":[{"op":"admin.remove","user":"ann"}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			r := x.ask("POST", org+c.path, c.key, c.body)
			p := problemIn(t, r)
			if r.status != 409 || p.Code != string(aggregate.CodeTooFew) || p.Rule != "X01" || p.Role != "organization.admin" ||
				p.Scope != "organization:acme" || p.Subject != events.PrincipalID(id) || !strings.HasPrefix(p.Help, "tenure grant PERSON admin --org acme") {
				t.Errorf("%d %+v", r.status, p)
			}
			after := must[service.OrganizationView](t)(x.network(ann).Organization(t.Context(), "acme", At{}))
			diff(t, "the organization", before, after)
		})
	}
}
