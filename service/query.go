package service

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"tenure/aggregate"
	"tenure/events"
)

// query is a parsed search: "actor:… subject:… type:role.granted role:owner
// created:2026-01-01..2026-02-01 -cause:import". Terms of one field are
// alternatives, terms of different fields must all hold, and a term with a
// minus in front must not.
type query struct {
	wanted, unwanted terms
}

// terms are values and spans by field.
type terms struct {
	values map[string][]string
	spans  map[string][]span
}

// span is a range of time or of revisions; it is judged on the commit. The
// zero bound is none.
type span struct {
	from, to  time.Time
	low, high events.Revision
}

// spans are the fields that ask for a range, and fields those that ask for a
// value, each with how an event answers.
var spans = map[string]func(span, *events.Record) bool{
	"created":  func(w span, r *events.Record) bool { return w.holds(r.Effective()) },
	"recorded": func(w span, r *events.Record) bool { return w.holds(r.RecordedAt) },
	"revision": func(w span, r *events.Record) bool {
		return r.Revision >= w.low && (w.high == 0 || r.Revision <= w.high)
	},
}

var fields = map[string]func(*events.Record, events.Event) []string{
	"actor":   func(r *events.Record, _ events.Event) []string { return []string{string(r.Actor)} },
	"subject": func(_ *events.Record, e events.Event) []string { return []string{string(e.Concern().Subject)} },
	"person": func(r *events.Record, e events.Event) []string {
		named := []string{string(e.Concern().Subject), string(r.Actor), string(r.OnBehalfOf)}
		switch e := e.(type) {
		case events.ManagerAssigned:
			named = append(named, string(e.Manager))
		case events.ManagerRemoved:
			named = append(named, string(e.Manager))
		}
		return named
	},
	"on_behalf_of": func(r *events.Record, _ events.Event) []string { return []string{string(r.OnBehalfOf)} },
	"type":         func(_ *events.Record, e events.Event) []string { return []string{events.Name(e)} },
	"role":         func(_ *events.Record, e events.Event) []string { return []string{string(e.Concern().Role)} },
	"scope":        func(_ *events.Record, e events.Event) []string { return []string{string(e.Concern().Scope)} },
	"item":         func(_ *events.Record, e events.Event) []string { return []string{e.Concern().Item} },
	"cause":        func(_ *events.Record, e events.Event) []string { return []string{string(e.Concern().Cause)} },
	"command":      func(r *events.Record, _ events.Event) []string { return []string{r.Command} },
	"reason":       func(r *events.Record, _ events.Event) []string { return []string{r.Reason} },
	"ticket":       func(r *events.Record, _ events.Event) []string { return []string{r.Ticket} },
	"commit":       func(r *events.Record, _ events.Event) []string { return []string{string(r.ID)} },
}

// parseQuery reads a search. Persons and scopes in it are resolved.
func (s *Service) parseQuery(state *aggregate.State, text string) (query, error) {
	q := query{
		wanted:   terms{map[string][]string{}, map[string][]span{}},
		unwanted: terms{map[string][]string{}, map[string][]span{}},
	}
	for _, term := range strings.Fields(text) {
		bare, negated := strings.CutPrefix(term, "-")
		into := q.wanted
		if negated {
			into = q.unwanted
		}
		field, value, found := strings.Cut(bare, ":")
		if !found || value == "" {
			return q, refuse(aggregate.CodeInvalid, "q", "%q is no term: write field:value, with one of %s.", term, fieldNames())
		}
		switch {
		case spans[field] != nil:
			within, err := parseSpan(field, value)
			if err != nil {
				return q, err
			}
			into.spans[field] = append(into.spans[field], within)
		case fields[field] != nil:
			value, err := s.resolve(state, field, value)
			if err != nil {
				return q, err
			}
			into.values[field] = append(into.values[field], value)
		default:
			return q, refuse(aggregate.CodeInvalid, "q", "There is no field %.40q to search by: use %s.", field, fieldNames())
		}
	}
	return q, nil
}

// resolve turns what people write into what events hold, and refuses what no
// event can hold.
func (s *Service) resolve(state *aggregate.State, field, value string) (string, error) {
	one := func(what string, of []string) (string, error) {
		if slices.Contains(of, value) {
			return value, nil
		}
		return "", refuse(aggregate.CodeUnknown, "q", "There is no %s %.80s: use %s.", what, value, strings.Join(of, ", "))
	}
	switch field {
	case "actor", "subject", "person", "on_behalf_of":
		if events.PrincipalID(value).Builtin() {
			return value, nil
		}
		id, known := s.findPerson(state, value)
		if !known {
			return "", refusePerson(state.Org, "q", value)
		}
		return string(id), nil
	case "scope":
		// A scope that was deleted is still found by its handle.
		if id, exists := s.findScope(state, value); exists {
			return string(id), nil
		}
		if events.ScopeID(value).Validate() != nil {
			return "", refuseScope(state.Org, "q", value)
		}
	case "type":
		var names []string
		for _, t := range events.Catalogue() {
			names = append(names, t.Name)
		}
		return one("event type", names)
	case "cause":
		var causes []string
		for _, cause := range events.Causes {
			causes = append(causes, string(cause))
		}
		return one("cause", causes)
	case "reason":
		return one("reason", events.Reasons)
	}
	return value, nil
}

func fieldNames() string {
	names := slices.AppendSeq(slices.Collect(maps.Keys(fields)), maps.Keys(spans))
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// parseSpan reads "A..B", "A..", "..B" or "A". A date means the whole day.
func parseSpan(field, value string) (span, error) {
	from, to, is := strings.Cut(value, "..")
	if !is {
		from, to = value, value
	}
	var within span
	var err error
	if field == "revision" {
		if within.low, err = parseRevision(from); err != nil {
			return within, err
		}
		within.high, err = parseRevision(to)
	} else {
		if day, notDate := time.Parse(time.DateOnly, from); notDate == nil {
			within.from = day
		} else if from != "" {
			within.from, err = ParseTime(from)
		}
		if err == nil && to != "" {
			within.to, err = ParseTime(to)
		}
	}
	switch {
	case err != nil:
		return within, at("q", err)
	case from == "" && to == "":
		return within, refuse(aggregate.CodeInvalid, "q", "%s:%s has neither a beginning nor an end.", field, value)
	case within.high > 0 && within.high < within.low, !within.to.IsZero() && within.to.Before(within.from):
		return within, refuse(aggregate.CodeInvalid, "q", "%s:%s ends before it begins.", field, value)
	}
	return within, nil
}

// parseRevision reads a bound; an empty one is none.
func parseRevision(text string) (events.Revision, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n == 0 {
		return 0, refuse(aggregate.CodeInvalid, "q", "%q is no revision.", text)
	}
	return events.Revision(n), nil
}

// holds says whether the time lies in the span, bounds included.
func (w span) holds(at time.Time) bool {
	return !at.Before(w.from) && (w.to.IsZero() || !at.After(w.to))
}

// matchesCommit judges what is the same for all events of a commit.
func (q query) matchesCommit(r events.Record) bool {
	any := func(field string, list []span) bool {
		return slices.ContainsFunc(list, func(w span) bool { return spans[field](w, &r) })
	}
	for field, list := range q.wanted.spans {
		if !any(field, list) {
			return false
		}
	}
	for field, list := range q.unwanted.spans {
		if any(field, list) {
			return false
		}
	}
	return true
}

func (q query) matchesEvent(r *events.Record, e events.Event) bool {
	any := func(field string, values []string) bool {
		return slices.ContainsFunc(fields[field](r, e), func(have string) bool { return slices.Contains(values, have) })
	}
	for field, values := range q.wanted.values {
		if !any(field, values) {
			return false
		}
	}
	for field, values := range q.unwanted.values {
		if any(field, values) {
			return false
		}
	}
	return true
}
