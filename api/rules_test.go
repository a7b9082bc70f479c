package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tenure/events"
	"tenure/service"
)

// The rules of every role model, each through the HTTP API against a running
// ledger, with the keys of the persons themselves: TestRules/F04_… shows F04.

// stage is an organization in which a rule is tried.
type stage struct {
	*site
	t    *testing.T
	keys map[string]string
}

// act is somebody's request and what came of it.
type act struct {
	*stage
	who, what string
	status    int
	body      []byte
}

const stageOrg = "acme"

// enact founds an organization under a model. The owner and the people have
// keys of their own; those whose name ends in "!" are known, and no members.
func enact(t *testing.T, model, owner string, people ...string) *stage {
	t.Helper()
	s := &stage{site: open(t), t: t, keys: map[string]string{}}
	s.keys["operator"] = s.operator
	s.as("operator").post("/v1/organizations", `{"org": "acme", "model": %q, "title": "Acme", "owner": {"login": %q, "email": %q}}`,
		model, owner, owner+"@example.org").done()
	s.key(owner)
	for _, name := range people {
		name, outside := strings.CutSuffix(name, "!")
		s.as(owner).post("/people", `{"login": %q, "email": %q, "name": %q}`, name, name+"@example.org", strings.ToUpper(name[:1])+name[1:]).done()
		if !outside {
			s.as(owner).post("/memberships/start", `{"person": %q}`, name).done()
		}
		s.key(name)
	}
	return s
}

// key gives a person a first key.
func (s *stage) key(name string) {
	s.t.Helper()
	s.keys[name] = s.as("operator").post("/keys", `{"person": %q}`, name).done().text("key")
}

// id is a person's id.
func (s *stage) id(name string) events.PrincipalID {
	s.t.Helper()
	return events.PrincipalID(s.as("operator").get("/people/" + name).done().text("id"))
}

func (s *stage) as(who string) *act { return &act{stage: s, who: who} }

func (a *act) get(path string) *act { return a.ask(http.MethodGet, path, "") }
func (a *act) post(path, body string, args ...any) *act {
	return a.ask(http.MethodPost, path, fmt.Sprintf(body, args...))
}
func (a *act) put(path, body string, args ...any) *act {
	return a.ask(http.MethodPut, path, fmt.Sprintf(body, args...))
}

// ask sends a request; a path that does not begin with the version is one of
// the organization.
func (a *act) ask(method, path, body string) *act {
	a.t.Helper()
	if !strings.HasPrefix(path, "/v1") {
		path = "/v1/organizations/" + stageOrg + path
	}
	a.what = method + " " + path + " " + body
	request, err := http.NewRequestWithContext(a.t.Context(), method, a.server.URL+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+a.keys[a.who])
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		a.t.Fatal(err)
	}
	defer response.Body.Close()
	a.status = response.StatusCode
	if a.body, err = io.ReadAll(response.Body); err != nil {
		a.t.Fatal(err)
	}
	return a
}

// done demands that it was done.
func (a *act) done() *act {
	a.t.Helper()
	if a.status >= http.StatusMultipleChoices {
		a.t.Fatalf("%s: %s: %d %s", a.who, a.what, a.status, a.body)
	}
	return a
}

// refused demands that it was refused, with the code and the rule given.
func (a *act) refused(code, rule string) Problem {
	a.t.Helper()
	var p Problem
	if a.status < http.StatusBadRequest {
		a.t.Fatalf("%s: %s was done: %s", a.who, a.what, a.body)
	}
	if err := json.Unmarshal(a.body, &p); err != nil {
		a.t.Fatalf("%s: %s: %v: %s", a.who, a.what, err, a.body)
	}
	if p.Code != code || p.Rule != rule {
		a.t.Fatalf("%s: %s is refused with %s (%s), want %s (%s): %s", a.who, a.what, p.Code, p.Rule, code, rule, p.Detail)
	}
	return p
}

func (a *act) into(v any) {
	a.t.Helper()
	if err := json.Unmarshal(a.done().body, v); err != nil {
		a.t.Fatalf("%s: %s: %v: %s", a.who, a.what, err, a.body)
	}
}

// text is a field of the answer.
func (a *act) text(field string) string {
	a.t.Helper()
	var object map[string]any
	a.into(&object)
	return fmt.Sprint(object[field])
}

// grant, revoke and the like are what tests do most.
func (a *act) grant(who, role, on string) *act {
	a.t.Helper()
	return a.post("/grants", `{"person": %q, "role": %q, "scope": %q}`, who, role, on)
}

func (a *act) revoke(who, role, on string) *act {
	a.t.Helper()
	return a.post("/grants/revoke", `{"person": %q, "role": %q, "scope": %q}`, who, role, on)
}

func (a *act) designate(who, designation string) *act {
	a.t.Helper()
	return a.post("/designations", `{"person": %q, "designation": %q}`, who, designation)
}

func (a *act) terminate(who string) *act {
	a.t.Helper()
	return a.post("/memberships/terminate", `{"person": %q}`, who)
}

func (a *act) create(scope, under string) *act {
	a.t.Helper()
	return a.post("/scopes", `{"scope": %q, "under": %q, "title": %q}`, scope, under, "Title of "+scope)
}

// may asks whether somebody has a permission.
func (s *stage) may(who, permission, on string) bool {
	s.t.Helper()
	var answer service.Answer
	s.as("operator").get("/check?" + url.Values{"person": {who}, "permission": {permission}, "scope": {on}}.Encode()).into(&answer)
	return answer.Allowed
}

func (s *stage) can(who, permission, on string) {
	s.t.Helper()
	if !s.may(who, permission, on) {
		s.t.Errorf("%s cannot do %s on %q", who, permission, on)
	}
}

func (s *stage) cannot(who, permission, on string) {
	s.t.Helper()
	if s.may(who, permission, on) {
		s.t.Errorf("%s can do %s on %q", who, permission, on)
	}
}

// holders lists who holds a role.
func (s *stage) holders(role, on string) []string {
	s.t.Helper()
	var list []service.GrantView
	s.as("operator").get("/grants?" + url.Values{"role": {role}, "scope": {on}}.Encode()).into(&list)
	var names []string
	for _, g := range list {
		names = append(names, g.Login)
	}
	return names
}

// held demands that exactly these hold a role.
func (s *stage) held(role, on string, want ...string) {
	s.t.Helper()
	if got := s.holders(role, on); !slices.Equal(got, want) {
		s.t.Errorf("%s on %q is held by %v, want %v", role, on, got, want)
	}
}

// field is one field of the form that defines roles, as somebody sees it.
func (s *stage) field(who, name string) service.RoleField {
	s.t.Helper()
	var form []service.RoleField
	s.as(who).get("/roles").into(&form)
	i := slices.IndexFunc(form, func(f service.RoleField) bool { return f.Field == name })
	if i < 0 {
		s.t.Fatalf("the form has no field %s", name)
	}
	return form[i]
}

// marked demands who is marked; "" for nobody.
func (s *stage) marked(designation, want string) {
	s.t.Helper()
	got := ""
	if holders := s.field("operator", "designations."+designation).Holders; len(holders) > 0 {
		got = holders[0].Login
	}
	if got != want {
		s.t.Errorf("%s is %q, want %q", designation, got, want)
	}
}

// events lists what the history has of a query, newest last.
func (s *stage) history(query string) []service.EventView {
	s.t.Helper()
	var page HistoryPage
	s.as("operator").get("/history?limit=1000&" + url.Values{"q": {query}}.Encode()).into(&page)
	return page.Events
}

// revision is where the organization stands.
func (s *stage) revision() string {
	s.t.Helper()
	return s.as("operator").get("").text("revision")
}

// unchanged demands that what is done in between appends nothing.
func (s *stage) unchanged(do func()) {
	s.t.Helper()
	before := s.revision()
	do()
	if after := s.revision(); after != before {
		s.t.Errorf("the organization stands at revision %s, before at %s", after, before)
	}
}

// mails delivers what is to be sent and lists who got a mail of the kind since
// the last time, sorted.
func (s *stage) mails(kind string) []string {
	s.t.Helper()
	var to []string
	for _, mail := range s.delivered() {
		if mail.kind == kind {
			to = append(to, mail.to)
		}
	}
	slices.Sort(to)
	return to
}

type delivered struct{ kind, to, text string }

// delivered sends what is to be sent and takes the mails out of their folder.
func (s *stage) delivered() []delivered {
	s.t.Helper()
	if err := s.service.Attend(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(s.dir, "mail", "*.eml"))
	if err != nil {
		s.t.Fatal(err)
	}
	var list []delivered
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			s.t.Fatal(err)
		}
		if err := os.Remove(file); err != nil {
			s.t.Fatal(err)
		}
		list = append(list, delivered{header(text, "X-Tenure-Kind"), address(header(text, "To")), string(text)})
	}
	return list
}

func header(mail []byte, name string) string {
	for line := range bytes.Lines(mail) {
		key, value, is := strings.Cut(strings.TrimSpace(string(line)), ":")
		if is && strings.EqualFold(key, name) {
			return strings.TrimSpace(value)
		}
		if len(bytes.TrimSpace(line)) == 0 {
			break
		}
	}
	return ""
}

// address is the local part of an address, which is the login.
func address(to string) string {
	if _, inner, found := strings.Cut(to, "<"); found {
		to = strings.TrimSuffix(inner, ">")
	}
	local, _, _ := strings.Cut(to, "@")
	return local
}
