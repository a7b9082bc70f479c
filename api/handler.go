package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/go-json-experiment/json/jsontext"

	"tenure/aggregate"
	"tenure/events"
	"tenure/service"
)

// Version is the version of the interface, which is in every path.
const Version = "v1"

// Handler serves the API of a service. The log gets what goes wrong, without
// personal data; nil discards.
func Handler(s *service.Service, log *slog.Logger) http.Handler {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	mux := http.NewServeMux()
	plain := func(w http.ResponseWriter, status int, text string) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		fmt.Fprintln(w, text)
	}
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		// Anybody may ask; the reason is for those who read the log.
		if err := s.Ready(); err != nil {
			log.Warn("not ready", "error", err)
			plain(w, http.StatusServiceUnavailable, fmt.Sprintf("not ready at revision %d; the log says why", s.Position()))
			return
		}
		plain(w, http.StatusOK, fmt.Sprintf("ok %d", s.Position()))
	})
	server := &server{service: s, log: log}
	describe(server, mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		// What the mux itself refuses looks like any other problem.
		refusal := newAnswer()
		handler.ServeHTTP(refusal, r)
		p := newProblem(http.StatusNotFound, codeOf(http.StatusNotFound), "There is nothing at this path; the operations are listed in /openapi.json.")
		if refusal.status == http.StatusMethodNotAllowed {
			allow := refusal.header.Get("Allow")
			w.Header().Set("Allow", allow)
			p = newProblem(refusal.status, codeOf(refusal.status), "This path takes "+allow+", not "+r.Method+".")
		}
		w.Header().Set("Content-Type", p.ContentType(""))
		w.WriteHeader(p.Status)
		if err := json.NewEncoder(w).Encode(p); err != nil {
			log.Error("write a problem", "error", err)
		}
	})
}

// OpenAPI is the description of the API: OpenAPI 3.1, as JSON.
func OpenAPI() ([]byte, error) {
	return describe(&server{service: &service.Service{}}, http.NewServeMux()).OpenAPI().MarshalJSON()
}

// describe registers every operation.
func describe(s *server, mux *http.ServeMux) huma.API {
	config := huma.DefaultConfig("Tenure", Version)
	config.Info.Description = "Who holds which role in an organization, since when, by whose authority, and the proof of it."
	config.DocsPath = "" // its page loads scripts from elsewhere
	config.CreateHooks = nil
	format := huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: readJSON}
	config.Formats = map[string]huma.Format{"application/json": format, "json": format}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"key": {Type: "http", Scheme: "bearer", Description: "A person's API key, or the operator's."},
	}
	config.Security = []map[string][]string{{"key": {}}}
	api := humago.New(mux, config)
	s.api = api
	api.UseMiddleware(s.authenticate)
	s.organizations()
	s.people()
	s.managers()
	s.clients()
	s.memberships()
	s.roles()
	s.roleTypes()
	s.groups()
	s.designations()
	s.features()
	s.scopes()
	s.invitations()
	s.compliance()
	s.notices()
	s.backups()
	s.keys()
	s.histories()
	s.reports()
	s.exchange()
	s.models()
	s.adoption()
	return api
}

// readJSON reads a body. A name that stands twice in an object, and text that is
// no Unicode, are refused: who wrote it and who reads it could take it for
// something else.
func readJSON(data []byte, v any) error {
	if _, err := jsontext.AppendFormat(nil, data); err != nil {
		return err
	}
	return huma.DefaultJSONFormat.Unmarshal(data, v)
}

type server struct {
	service *service.Service
	log     *slog.Logger
	api     huma.API
}

type callerKey struct{}

// authenticate puts the caller into the context, or refuses.
func (s *server) authenticate(ctx huma.Context, next func(huma.Context)) {
	scheme, key, _ := strings.Cut(ctx.Header("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		s.write(ctx, newProblem(http.StatusUnauthorized, string(service.CodeUnauthenticated),
			"This needs an API key: send it as the header Authorization: Bearer KEY."))
		return
	}
	caller, err := s.service.Authenticate(ctx.Context(), strings.TrimSpace(key))
	if err != nil {
		s.write(ctx, s.problem(ctx.Context(), err))
		return
	}
	next(huma.WithValue(ctx, callerKey{}, caller))
}

func (s *server) write(ctx huma.Context, p *Problem) {
	if p.Status == http.StatusUnauthorized {
		ctx.SetHeader("WWW-Authenticate", "Bearer")
	}
	ctx.SetHeader("Content-Type", p.ContentType(""))
	ctx.SetStatus(p.Status)
	if err := s.api.Marshal(ctx.BodyWriter(), "application/json", p); err != nil {
		s.log.Error("write a problem", "error", err)
	}
}

// problem turns an error into a problem, and logs what is no refusal.
func (s *server) problem(ctx context.Context, err error) *Problem {
	p := problemOf(err)
	if p.Status >= http.StatusInternalServerError && !errors.Is(ctx.Err(), context.Canceled) {
		s.log.Error("request failed", "code", p.Code, "error", err)
	}
	return p
}

func callerOf(ctx context.Context) service.Caller {
	caller, _ := ctx.Value(callerKey{}).(service.Caller)
	return caller
}

// InOrg is the path of everything inside an organization.
type InOrg struct {
	Org events.OrgID `path:"org" doc:"The organization's handle."`
}

// CommandHeaders are the headers of every command.
type CommandHeaders struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"256" doc:"Makes the command happen once: the same key with the same request gives the first receipt again, also after hours and restarts."`
	IfMatch        string `header:"If-Match" doc:"The revision that the organization must stand at, as given in an ETag."`
}

// Annotations may come along in the body of every command.
type Annotations struct {
	Reason     string `json:"reason,omitempty" doc:"A reason code. The operator must give one to act inside an organization."`
	Ticket     string `json:"ticket,omitempty" doc:"A reference into another system: 1 to 32 letters, digits and -."`
	Note       string `json:"note,omitempty" maxLength:"4096" doc:"A note, kept sealed under the key of the one person whom the command concerns."`
	OnBehalfOf string `json:"on_behalf_of,omitempty" doc:"The person for whom the caller acts, named beside them: login, address or id. It takes the permission to act on behalf of that person."`
	DryRun     bool   `json:"dry_run,omitempty" doc:"Decide, answer with what would be done, and do nothing. An idempotency key is not used up."`
}

// given are the annotations themselves, of every body that they are part of.
func (a Annotations) given() Annotations { return a }

// annotated is the body of a command.
type annotated interface{ given() Annotations }

// envelope reads what came along with a command.
func (h CommandHeaders) envelope(a Annotations) (service.Envelope, error) {
	e := service.Envelope{IdempotencyKey: h.IdempotencyKey, Reason: a.Reason, Ticket: a.Ticket, Note: a.Note, OnBehalfOf: a.OnBehalfOf, DryRun: a.DryRun}
	if h.IfMatch == "" || h.IfMatch == "*" {
		return e, nil
	}
	n, err := strconv.ParseUint(strings.Trim(h.IfMatch, `"`), 10, 64)
	if err != nil {
		return e, invalid("If-Match", "If-Match is a revision in quotes, as given in an ETag.")
	}
	revision := events.Revision(n)
	e.IfRevision = &revision
	return e, nil
}

// ReadingQuery is how a question says as of when it is asked.
type ReadingQuery struct {
	AsOf       string          `query:"as_of" doc:"By effective time: 2026-01-31, meaning the end of that day in UTC, or an RFC 3339 time."`
	Recorded   string          `query:"recorded" doc:"By the time of recording, written like as_of."`
	AtRevision events.Revision `query:"at_revision" doc:"By revision."`
	AtLeast    events.Revision `query:"at_least" doc:"Wait until this revision has been folded."`
}

func (q ReadingQuery) reading() (r service.Reading, err error) {
	given := 0
	for _, is := range []bool{q.AsOf != "", q.Recorded != "", q.AtRevision > 0} {
		if is {
			given++
		}
	}
	if given > 1 {
		return r, invalid("as_of", "Give one of as_of, recorded and at_revision.")
	}
	r.AtLeast, r.Revision = q.AtLeast, q.AtRevision
	if q.AsOf != "" {
		r.AsOf, err = service.ParseTime(q.AsOf)
		err = at("as_of", err)
	}
	if q.Recorded != "" {
		r.Recorded, err = service.ParseTime(q.Recorded)
		err = at("recorded", err)
	}
	return r, err
}

// invalid refuses a part of a request that the service never sees.
func invalid(field, message string) error {
	return aggregate.Refusals{{Code: aggregate.CodeInvalid, Field: field, Event: -1, Message: message}}
}

// at says which part of the request a refusal is about.
func at(field string, err error) error {
	var refusals aggregate.Refusals
	if !errors.As(err, &refusals) {
		return err
	}
	refusals = slices.Clone(refusals)
	for i := range refusals {
		refusals[i].Field = field
	}
	return refusals
}

// answered is the body of an answer to a question.
type answered[T any] struct{ Body T }

// done is the body of an answer to a command, and the organization's revision.
type done[T any] struct {
	ETag string `header:"ETag" doc:"The organization's revision after the command."`
	Body T
}

func etag(revision events.Revision) string {
	return `"` + strconv.FormatUint(uint64(revision), 10) + `"`
}

// question registers a GET operation.
func question[I, O any](s *server, id, path, summary, tag string, answer func(context.Context, *I) (O, error)) {
	huma.Register(s.api, huma.Operation{
		OperationID: id, Method: http.MethodGet, Path: "/" + Version + path, Summary: summary, Tags: []string{tag},
		Errors: []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusUnprocessableEntity,
			http.StatusServiceUnavailable},
	}, func(ctx context.Context, in *I) (*answered[O], error) {
		body, err := answer(ctx, in)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return &answered[O]{body}, nil
	})
}

// datedQuestion registers a GET operation that can be asked of the past.
func datedQuestion[I interface {
	reading() (service.Reading, error)
}, O any](s *server, id, path, summary, tag string,
	answer func(context.Context, *I, service.Reading) (O, error)) {

	question(s, id, path, summary, tag, func(ctx context.Context, in *I) (O, error) {
		reading, err := (*in).reading()
		if err != nil {
			var none O
			return none, err
		}
		return answer(ctx, in, reading)
	})
}

// maxBody is how much of a request is read: as much as a commit may hold.
const maxBody = 4 << 20

// command registers an operation that changes something.
func command[I, O any](s *server, id, method, path, summary, tag string, do func(context.Context, *I) (O, service.Receipt, error)) {
	huma.Register(s.api, huma.Operation{
		OperationID: id, Method: method, Path: "/" + Version + path, Summary: summary, Tags: []string{tag},
		MaxBodyBytes: maxBody,
		Errors: []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusConflict,
			http.StatusPreconditionFailed, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
	}, func(ctx context.Context, in *I) (*done[O], error) {
		body, receipt, err := do(ctx, in)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return &done[O]{etag(receipt.Revision), body}, nil
	})
}

// orderInput is what a command in an organization comes with.
type orderInput[B annotated] struct {
	InOrg
	CommandHeaders
	Body B
}

// order registers a command in an organization, by the service's method that
// carries it out.
func order[B annotated, O any](s *server, id, path, summary, tag string,
	do func(context.Context, service.Caller, events.OrgID, service.Envelope, B) (O, service.Receipt, error)) {

	method := http.MethodPost
	if verb, rest, found := strings.Cut(path, " "); found {
		method, path = verb, rest
	}
	command(s, id, method, "/organizations/{org}"+path, summary, tag,
		func(ctx context.Context, in *orderInput[B]) (O, service.Receipt, error) {
			envelope, err := in.envelope(in.Body.given())
			if err != nil {
				var none O
				return none, service.Receipt{}, err
			}
			return do(ctx, callerOf(ctx), in.Org, envelope, in.Body)
		})
}

type itemBody struct{ Annotations }

type itemInput struct {
	InOrg
	CommandHeaders
	ID   string `path:"id" doc:"The id."`
	Body itemBody
}

// item registers a command about something that has an id.
func item[O any](s *server, id, path, summary, tag string,
	do func(context.Context, service.Caller, events.OrgID, service.Envelope, service.ItemRequest) (O, service.Receipt, error)) {

	command(s, id, http.MethodPost, "/organizations/{org}"+path, summary, tag,
		func(ctx context.Context, in *itemInput) (O, service.Receipt, error) {
			envelope, err := in.envelope(in.Body.Annotations)
			if err != nil {
				var none O
				return none, service.Receipt{}, err
			}
			return do(ctx, callerOf(ctx), in.Org, envelope, service.ItemRequest{ID: in.ID})
		})
}

// plainly gives a receipt as the whole answer.
func plainly(receipt service.Receipt, err error) (service.Receipt, service.Receipt, error) {
	return receipt, receipt, err
}
