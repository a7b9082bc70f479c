package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"tenure/aggregate"
	"tenure/events"
	"tenure/ledger"
	"tenure/service"
)

// Problem is an RFC 9457 problem: why a request was not done. It is also the
// error that the [Client] returns.
type Problem struct {
	Type   string `json:"type" doc:"Names the kind of problem."`
	Title  string `json:"title" doc:"The HTTP status in words."`
	Status int    `json:"status" doc:"The HTTP status."`
	Detail string `json:"detail" doc:"What is wrong, in a sentence to act on."`
	// Code, Rule and the rest are of the first refusal.
	Code    string             `json:"code" doc:"What kind of refusal it is."`
	Rule    string             `json:"rule,omitempty" doc:"The number of the rule that refuses."`
	Field   string             `json:"field,omitempty" doc:"Where in the request the trouble is."`
	Help    string             `json:"help,omitempty" doc:"The command that would help."`
	Role    string             `json:"role,omitempty" doc:"The role concerned, KIND.NAME."`
	Scope   events.ScopeID     `json:"scope,omitempty" doc:"The scope concerned."`
	Subject events.PrincipalID `json:"subject,omitempty" doc:"The person concerned."`
	Contact []string           `json:"contact,omitempty" doc:"Whom to ask, where a permission is missing."`
	// Errors lists all refusals where there are several.
	Errors []Problem `json:"errors,omitempty" doc:"All refusals, where there are several."`
}

// statuses say which HTTP status a refusal has; what is not listed is a 409,
// at odds with the present state.
var statuses = map[aggregate.Code]int{
	service.CodeUnauthenticated: http.StatusUnauthorized,
	service.CodePrecondition:    http.StatusPreconditionFailed,
	service.CodeBusy:            http.StatusServiceUnavailable,
	service.CodeNotYet:          http.StatusServiceUnavailable,
	aggregate.CodeInvalid:       http.StatusUnprocessableEntity,
	aggregate.CodeStructure:     http.StatusUnprocessableEntity,
	service.CodeKeyReused:       http.StatusUnprocessableEntity,
	aggregate.CodeUnknown:       http.StatusNotFound,
	aggregate.CodeNotPermitted:  http.StatusForbidden,
	aggregate.CodeBreakGlass:    http.StatusForbidden,
	aggregate.CodeTooLarge:      http.StatusRequestEntityTooLarge,
}

// problemOf turns any error into a problem. What is no refusal says little:
// its cause is for the log, not for the caller.
func problemOf(err error) *Problem {
	var refusals aggregate.Refusals
	if !errors.As(err, &refusals) || len(refusals) == 0 {
		status, code := http.StatusInternalServerError, "internal"
		detail := "Something is wrong with this installation; its log says what."
		switch {
		case errors.Is(err, service.ErrHalted):
			status, code = http.StatusServiceUnavailable, "halted"
			detail = "The ledger holds something that cannot be read, so nothing is answered; the log of this installation says what."
		case errors.Is(err, ledger.ErrUnconfirmed):
			status, code = http.StatusServiceUnavailable, "unconfirmed"
			detail = "The ledger gave no answer in time, so it is not known whether this was done. Try again with the same idempotency key."
		case errors.Is(err, ledger.ErrUnavailable), errors.Is(err, ledger.ErrClosed), errors.Is(err, context.DeadlineExceeded):
			status, code = http.StatusServiceUnavailable, "unavailable"
			detail = "The ledger cannot take this at the moment; nothing was done."
		}
		return newProblem(status, code, detail)
	}
	list := make([]Problem, len(refusals))
	for i, r := range refusals {
		status, listed := statuses[r.Code]
		if !listed {
			status = http.StatusConflict
		}
		p := newProblem(status, string(r.Code), r.Message)
		p.Rule, p.Field, p.Help, p.Role, p.Scope, p.Subject = r.Rule, r.Field, r.Help, r.Role, r.Scope, r.Subject
		p.Contact = r.ContactNames
		list[i] = *p
	}
	first := list[0]
	if len(list) > 1 {
		first.Errors = list
	}
	return &first
}

func newProblem(status int, code, detail string) *Problem {
	return &Problem{
		Type: "urn:tenure:problem:" + code, Title: http.StatusText(status), Status: status, Code: code, Detail: detail,
	}
}

// Error implements error.
func (p *Problem) Error() string {
	text := p.Detail
	if p.Rule != "" {
		text += " (" + p.Rule + ")"
	}
	return text
}

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// codeOf names what the framework or the mux refuses.
func codeOf(status int) string {
	switch {
	case status == http.StatusNotFound:
		return string(aggregate.CodeUnknown)
	case status == http.StatusMethodNotAllowed:
		return "method_not_allowed"
	case status == http.StatusRequestEntityTooLarge:
		return "request_too_large"
	case status >= http.StatusInternalServerError:
		return "internal"
	}
	return string(aggregate.CodeInvalid)
}

func init() {
	// A field has one spelling, which is the one in the description.
	huma.ValidateStrictCasing = true
	// What the framework itself refuses, by schema, looks like any other
	// problem.
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		p := newProblem(status, codeOf(status), sentence(message))
		for _, err := range errs {
			if err == nil {
				continue
			}
			each := *newProblem(status, p.Code, sentence(err.Error()))
			var detail *huma.ErrorDetail
			if errors.As(err, &detail) {
				each.Field = detail.Location
				for _, part := range []string{"body.", "query.", "path.", "header."} {
					each.Field = strings.TrimPrefix(each.Field, part)
				}
				each.Detail = sentence(fmt.Sprintf("at %s: %s", cmp.Or(each.Field, "the body"), detail.Message))
			}
			p.Errors = append(p.Errors, each)
		}
		if len(p.Errors) > 0 {
			p.Field, p.Detail = p.Errors[0].Field, p.Errors[0].Detail
		}
		if len(p.Errors) == 1 {
			p.Errors = nil
		}
		return p
	}
}

// sentence makes a message of the framework one.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	text = strings.ToUpper(text[:1]) + text[1:]
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return text
}
