package api

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"tenure/events"
	"tenure/ledger"
	"tenure/service"
)

// TestHeadersOfCommands: ETag, If-Match, Idempotency-Key, and at_least.
func TestHeadersOfCommands(t *testing.T) {
	x := open(t)
	ann := x.acme("ben")
	const org = "/v1/organizations/acme"
	send := func(path, body string, headers ...string) (*http.Response, string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), "POST", x.server.URL+org+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "bearer  "+ann) // the scheme's case and spaces do not matter
		for i := 0; i+1 < len(headers); i += 2 {
			request.Header.Set(headers[i], headers[i+1])
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response, string(text)
	}
	grant := func(role string) string { return `{"person":"ben","role":"` + role + `","scope":"team:sig"}` }
	revision := func() events.Revision {
		return must[service.OrganizationView](t)(x.network(ann).Organization(t.Context(), "acme", At{})).Revision
	}

	at := revision()
	first, body := send("/grants", grant("member"), "If-Match", etag(at), "Idempotency-Key", "k")
	if first.StatusCode != 200 || first.Header.Get("ETag") != etag(at+1) || revision() != at+1 || first.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("%d %s %v", first.StatusCode, body, first.Header)
	}
	// The tag leads on to the next command; an old one does not.
	second, body := send("/grants", grant("maintainer"), "If-Match", first.Header.Get("ETag"))
	if second.StatusCode != 200 || second.Header.Get("ETag") != etag(at+2) {
		t.Errorf("%d %s", second.StatusCode, body)
	}
	stale, body := send("/grants", grant("member"), "If-Match", first.Header.Get("ETag"))
	if stale.StatusCode != 412 || stale.Header.Get("ETag") != "" {
		t.Errorf("%d %s", stale.StatusCode, body)
	}
	for _, any := range []string{"*", ""} {
		if r, body := send("/grants", grant("maintainer"), "If-Match", any); r.StatusCode != 200 || r.Header.Get("ETag") != etag(at+2) {
			t.Errorf("If-Match %q gives %d %s", any, r.StatusCode, body)
		}
	}
	// The same key gives the first receipt, with its revision.
	again, body := send("/grants", grant("member"), "Idempotency-Key", "k")
	if again.StatusCode != 200 || again.Header.Get("ETag") != etag(at+1) || !strings.Contains(body, `"replayed":true`) || revision() != at+2 {
		t.Errorf("%d %s %s", again.StatusCode, again.Header.Get("ETag"), body)
	}
	reused, body := send("/grants", grant("maintainer"), "Idempotency-Key", "k")
	if reused.StatusCode != 422 || !strings.Contains(body, `"code":"idempotency_key_reused"`) {
		t.Errorf("%d %s", reused.StatusCode, body)
	}

	// A question waits for the revision that it is given.
	r := x.ask("GET", org+fmt.Sprintf("?at_least=%d", at+2), ann, "")
	if r.status != 200 || !strings.Contains(r.body, fmt.Sprintf(`"revision":%d`, at+2)) || r.header.Get("ETag") != "" {
		t.Errorf("%d %s", r.status, r.body)
	}
	answered := make(chan service.OrganizationView)
	go func() {
		view, err := x.network(ann).Organization(context.Background(), "acme", At{AtLeast: at + 3})
		if err != nil {
			t.Error(err)
		}
		answered <- view
	}()
	send("/grants", grant("member"))
	if view := <-answered; view.Revision != at+3 {
		t.Errorf("asked for revision %d, got %d", at+3, view.Revision)
	}
}

// TestPublicPaths: what needs no key.
func TestPublicPaths(t *testing.T) {
	x := open(t)
	x.acme("ben")
	revision := must[service.OrganizationView](t)(x.network(x.operator).Organization(t.Context(), "acme", At{})).Revision
	for path, want := range map[string]string{
		"/livez":            "ok\n",
		"/readyz":           fmt.Sprintf("ok %d\n", revision),
		"/openapi.json":     `"openapi":"3.1.0"`,
		"/openapi.yaml":     "openapi: 3.1.0",
		"/openapi-3.0.json": `"openapi":"3.0.3"`,
	} {
		r := x.ask("GET", path, "", "")
		if r.status != 200 || !strings.Contains(r.body, want) {
			t.Errorf("%s: %d %.200s", path, r.status, r.body)
		}
		if strings.Contains(r.body, "<script") {
			t.Errorf("%s loads something", path)
		}
	}
	if r := x.ask("GET", "/docs", "", ""); r.status != 404 {
		t.Errorf("/docs: %d", r.status)
	}
}

// TestNotReady: a site whose ledger takes no writes says so, and no more to
// strangers.
func TestNotReady(t *testing.T) {
	x := open(t)
	x.acme("ben")
	position := must[service.OrganizationView](t)(x.network(x.operator).Organization(t.Context(), "acme", At{})).Revision
	if err := x.service.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if r := x.ask("GET", "/readyz", "", ""); r.status != 503 || r.body != fmt.Sprintf("not ready at revision %d; the log says why\n", position) {
		t.Errorf("%d %s", r.status, r.body)
	}
	if text := x.log.String(); !strings.Contains(text, "not ready") || !strings.Contains(text, ledger.ErrClosed.Error()) {
		t.Errorf("the log says %s", text)
	}
	r := x.ask("POST", "/v1/organizations/acme/people", x.operator, `{"login":"x","reason":"requested"}`)
	if p := problemIn(t, r); r.status != 503 || p.Code != "unavailable" {
		t.Errorf("a command: %d %s", r.status, r.body)
	}
	if r := x.ask("GET", "/livez", "", ""); r.status != 200 {
		t.Errorf("/livez: %d", r.status)
	}
}

func TestHandlerWithoutLog(t *testing.T) {
	x := open(t)
	if _, err := InProcess(Handler(x.service, nil), "tenure_wrong").Whoami(t.Context()); err == nil {
		t.Error("a wrong key is taken")
	}
}
