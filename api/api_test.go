package api

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.uber.org/goleak"

	"tenure/service"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site is a service that is asked over the network and in the same process,
// by one handler. All that it answers is held against its own description.
type site struct {
	t        testing.TB
	service  *service.Service
	handler  http.Handler
	server   *httptest.Server
	operator string // key
	dir      string

	clock sync.Mutex
	now   time.Time

	mu       sync.Mutex
	document *description
	answered []exchange
	log      bytes.Buffer
}

// exchange is a request and what came of it.
type exchange struct {
	Operation string // method and path of the description
	Request   string // method and path
	Status    int
	Body      string
}

var start = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// open opens a service in a new folder, in which something may have begun.
func open(t testing.TB, begin ...func(t testing.TB, dir string)) *site {
	t.Helper()
	x := &site{t: t, document: described(t)}
	x.now = start
	dir := t.TempDir()
	x.dir = dir
	for _, begin := range begin {
		begin(t, dir)
	}
	var err error
	x.service, err = service.Open(context.Background(), service.Config{Dir: dir, Clock: func() time.Time {
		x.clock.Lock()
		defer x.clock.Unlock()
		return x.now
	}})
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(filepath.Join(dir, service.OperatorKeyFile))
	if err != nil {
		t.Fatal(err)
	}
	x.operator = strings.TrimSpace(string(key))
	x.handler = x.observe(Handler(x.service, slog.New(slog.NewTextHandler(x, nil))))
	x.server = httptest.NewServer(x.handler)
	t.Cleanup(func() {
		x.server.Close()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		if err := x.service.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return x
}

// Write keeps the log.
func (x *site) Write(line []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.log.Write(line)
}

// pass lets time go by.
func (x *site) pass(d time.Duration) {
	x.clock.Lock()
	defer x.clock.Unlock()
	x.now = x.now.Add(d)
}

func (x *site) network(key string) *Client   { return NewClient(x.server.URL, key, nil) }
func (x *site) inProcess(key string) *Client { return InProcess(x.handler, key) }

// description is that of the API, and the schemas of bodies that were asked for,
// which are compiled once.
type description struct {
	*openapi3.T
	compiler *jsonschema.Compiler
	mu       sync.Mutex
	bodies   map[string]*jsonschema.Schema // by JSON pointer
}

var readDescription = sync.OnceValues(func() (*description, error) {
	text, err := OpenAPI()
	if err != nil {
		return nil, err
	}
	document, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, err
	}
	source, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	d := &description{T: document, compiler: jsonschema.NewCompiler(), bodies: map[string]*jsonschema.Schema{}}
	d.compiler.DefaultDraft(jsonschema.Draft2020)
	d.compiler.AssertFormat()
	return d, d.compiler.AddResource(documentURL, source)
})

const documentURL = "https://tenure.invalid/openapi.json"

// described reads the description of the API.
func described(t testing.TB) *description {
	t.Helper()
	document, err := readDescription()
	if err != nil {
		t.Fatal(err)
	}
	return document
}

// body is the schema of the JSON body of a response; nil if none is described.
func (d *description) body(path, method string, responses *openapi3.Responses, a *answer) (*jsonschema.Schema, error) {
	kind := a.header.Get("Content-Type")
	status := strconv.Itoa(a.status)
	if responses.Value(status) == nil {
		status = "default"
	}
	response := responses.Value(status)
	if response == nil || !strings.HasSuffix(kind, "json") || response.Value.Content[kind] == nil || response.Value.Content[kind].Schema == nil {
		return nil, nil
	}
	pointer := ""
	for _, token := range []string{"paths", path, strings.ToLower(method), "responses", status, "content", kind, "schema"} {
		pointer += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(token)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if known := d.bodies[pointer]; known != nil {
		return known, nil
	}
	schema, err := d.compiler.Compile(documentURL + "#" + url.PathEscape(pointer))
	d.bodies[pointer] = schema
	return schema, err
}

// observe notes what the handler answers, and compares it with the
// description.
func (x *site) observe(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x.pass(time.Second) // between any two requests
		body, err := io.ReadAll(r.Body)
		if err != nil {
			x.t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer := newAnswer()
		handler.ServeHTTP(answer, r)
		e := exchange{Operation: r.Pattern, Request: r.Method + " " + r.URL.EscapedPath(), Status: answer.status, Body: answer.body.String()}
		x.mu.Lock()
		x.answered = append(x.answered, e)
		if _, path, found := strings.Cut(r.Pattern, " "); found && strings.HasPrefix(path, "/v1/") {
			x.compare(r, path, answer)
		}
		x.mu.Unlock()
		for name, values := range answer.header {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.status)
		_, _ = w.Write(answer.body.Bytes())
	})
}

// compare holds an answer against the description of its operation.
func (x *site) compare(r *http.Request, path string, a *answer) {
	item := x.document.Paths.Value(path)
	if item == nil || item.GetOperation(r.Method) == nil {
		x.t.Errorf("%s %s is not described", r.Method, path)
		return
	}
	operation := item.GetOperation(r.Method)
	schema, err := x.document.body(path, r.Method, operation.Responses, a)
	if err == nil {
		err = openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
			RequestValidationInput: &openapi3filter.RequestValidationInput{
				Request: r, Route: &routers.Route{Spec: x.document.T, Path: path, PathItem: item, Method: r.Method, Operation: operation},
			},
			Status: a.status, Header: a.header, Body: io.NopCloser(bytes.NewReader(a.body.Bytes())),
			Options: &openapi3filter.Options{IncludeResponseStatus: true, ExcludeResponseBody: schema != nil},
		})
	}
	if err == nil && schema != nil {
		var body any
		if body, err = jsonschema.UnmarshalJSON(bytes.NewReader(a.body.Bytes())); err == nil {
			err = schema.Validate(body)
		}
	}
	if err != nil {
		x.t.Errorf("%s %s answers %d, and not as described: %v\n%.500s", r.Method, path, a.status, err, a.body.String())
	}
}

// reply is an answer over the network.
type reply struct {
	status int
	header http.Header
	body   string
}

// ask sends a request as it is, over the network and in process, and compares
// the two answers. It is for requests that change nothing.
func (x *site) ask(method, path, key, body string, headers ...string) reply {
	x.t.Helper()
	send := func(client *http.Client, base string) reply {
		request, err := http.NewRequestWithContext(context.Background(), method, base+path, strings.NewReader(body))
		if err != nil {
			x.t.Fatal(err)
		}
		if key != "" {
			request.Header.Set("Authorization", "Bearer "+key)
		}
		if body != "" {
			request.Header.Set("Content-Type", "application/json")
		}
		for i := 0; i+1 < len(headers); i += 2 {
			request.Header.Set(headers[i], headers[i+1])
		}
		response, err := client.Do(request)
		if err != nil {
			x.t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			x.t.Fatal(err)
		}
		return reply{response.StatusCode, response.Header, string(text)}
	}
	network := send(http.DefaultClient, x.server.URL)
	direct := send(&http.Client{Transport: direct{x.handler}}, "http://in.process")
	if network.status != direct.status || network.body != direct.body {
		x.t.Errorf("%s %s answers %d %s over the network, and %d %s in process", method, path, network.status, network.body, direct.status, direct.body)
	}
	for _, name := range []string{"Content-Type", "ETag", "WWW-Authenticate", "Allow"} {
		if a, b := network.header.Get(name), direct.header.Get(name); a != b {
			x.t.Errorf("%s %s has %s %q over the network, and %q in process", method, path, name, a, b)
		}
	}
	return network
}

// acme founds an organization with members and a team, and gives the key of its
// administrator.
func (x *site) acme(members ...string) string {
	x.t.Helper()
	return x.founded("acme", members...)
}

func (x *site) founded(org string, members ...string) string {
	x.t.Helper()
	ctx, c := context.Background(), x.inProcess(x.operator)
	must[service.PersonReceipt](x.t)(c.Found(ctx, Options{}, service.FoundRequest{Org: orgID(org), Model: "github", Owner: service.PersonDetails{Login: "ann"}}))
	for _, login := range members {
		must[service.PersonReceipt](x.t)(c.RegisterPerson(ctx, org, because, service.PersonDetails{Login: login}))
		must[service.Receipt](x.t)(c.ChangeMembership(ctx, org, because, "start", service.MembershipRequest{Person: login}))
	}
	must[service.Receipt](x.t)(c.ChangeScope(ctx, org, because, "create", service.ScopeRequest{Scope: "team:sig", Title: "Sig Title"}))
	return x.keyOf(org, "ann")
}

func (x *site) keyOf(org, person string) string {
	x.t.Helper()
	return must[service.KeyReceipt](x.t)(x.inProcess(x.operator).IssueKey(context.Background(), org, Options{}, service.IssueRequest{Person: person})).Key
}

// because is the operator's reason.
var because = Options{Reason: "requested"}

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

func diff(t testing.TB, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// chance matches what differs from one run to the next: ids, secrets and the
// times of recording.
var chance = regexp.MustCompile(`[0-7][0-9A-HJKMNP-TV-Z]{25}|tenure_[A-Za-z0-9_-]+|\b[a-z2-7]{24}\b|"recorded_at":"[^"]*"|"(?:certificate|token)":"[^"]*"`)

// withoutChance puts numbers in the place of what chance made, in the order in
// which it appears.
func withoutChance(list []exchange) []exchange {
	numbers := map[string]string{}
	plain := func(text string) string {
		return chance.ReplaceAllStringFunc(text, func(made string) string {
			if field, _, is := strings.Cut(made, ":"); is {
				return field
			}
			if numbers[made] == "" {
				numbers[made] = fmt.Sprintf("#%d", len(numbers))
			}
			return numbers[made]
		})
	}
	var same []exchange
	for _, e := range list {
		if strings.HasSuffix(e.Operation, "/backups/ledger") || strings.HasSuffix(e.Operation, "/backups/capsule") {
			e.Body = ""
		}
		e.Request, e.Body = plain(e.Request), plain(e.Body)
		same = append(same, e)
	}
	return same
}
