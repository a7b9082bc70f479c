package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
)

// ScopeImportRequest adds many scopes of one kind from a file.
type ScopeImportRequest struct {
	Kind  string `json:"kind" doc:"The kind of all scopes in the file."`
	Under string `json:"under,omitempty" doc:"The scope below which those stand that do not say otherwise; the organization itself if absent."`
	CSV   string `json:"csv" doc:"The file: CSV in UTF-8 with a header. Columns: handle; title, under (KIND:HANDLE, or the handle of one of the same kind, of this file or not), owner (who is given what the creator of such a scope is given; login, address or id), and the attributes of the kind."`
}

// The columns of a file of scopes, before the attributes of their kind.
var scopeColumns = []string{"handle", "title", "under", "owner"}

// maxProblems is how many problems of a file are told at once.
const maxProblems = 100

// ImportScopes adds the scopes of a file, all of them in one commit, or tells
// every line that stands in the way.
func (s *Service) ImportScopes(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request ScopeImportRequest) (Receipt, error) {
	receipt, err := s.execute(ctx, caller, org, envelope, task{kind: "scope.import", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		kind, known := p.state.Model.Kind(request.Kind)
		if !known {
			return nil, refuseUnknown("kind", "scope kind", fmt.Sprintf("%.40q", request.Kind)+" in the model "+p.state.Model.ID, "tenure models show "+p.state.Model.ID)
		}
		under, err := p.scope("under", request.Under)
		if err != nil {
			return nil, err
		}
		return p.importScopes(kind, under, request.CSV)
	}})
	return receipt, byLine(err)
}

// importScopes prepares the scopes of a file. What is wrong with a line goes with
// the command, so that all that is wrong is told together.
func (p *plan) importScopes(kind *rolemodel.Kind, under events.ScopeID, text string) (aggregate.Command, error) {
	columns := slices.Clone(scopeColumns)
	for _, attribute := range kind.Attributes {
		columns = append(columns, attribute.ID)
	}
	file, refused := readTable(text, tableForm{columns: columns, needed: columns[:1]})
	command := aggregate.ImportScopes{Refused: refused}
	lines := map[events.ScopeID]int{}
	for _, row := range file.rows {
		id := scopeOfKind(kind, row.cells["handle"])
		if first, twice := lines[id]; twice {
			command.Refused = append(command.Refused, refuse(aggregate.CodeExists, row.field(), "%s stands in line %d already.", id, first)...)
			continue
		}
		if err := id.Validate(); err != nil || id.Kind() != kind.Name {
			command.Refused = append(command.Refused, refuse(aggregate.CodeInvalid, row.field(), "%.80q is no handle of %s: 1 to 63 of a-z, 0-9 and -, not starting with -.", row.cells["handle"], rolemodel.A(kind.Name))...)
			continue
		}
		lines[id] = row.line
	}
	for _, row := range file.rows {
		id := scopeOfKind(kind, row.cells["handle"])
		if lines[id] != row.line {
			id = "" // the handle is refused; the other columns are judged all the same
		}
		scope, refused := p.importedScope(kind, id, under, row, lines)
		command.Refused = append(command.Refused, refused...)
		if id != "" {
			command.Scopes = append(command.Scopes, aggregate.ImportedScope{CreateScope: scope, Field: row.field()})
		}
	}
	p.about = "" // it concerns several
	if len(command.Scopes) == 0 && len(command.Refused) > 0 {
		return nil, command.Refused
	}
	return command, nil
}

// importedScope reads a row, and finds all that is wrong with it. The id is empty
// where the handle is refused.
func (p *plan) importedScope(kind *rolemodel.Kind, id, under events.ScopeID, row tableRow, lines map[events.ScopeID]int) (aggregate.CreateScope, aggregate.Refusals) {
	scope := aggregate.CreateScope{Scope: id, Parent: under, Attributes: map[events.AttributeID]string{}}
	var refused aggregate.Refusals
	var err error
	if name := row.cells["under"]; name != "" {
		if above := scopeOfKind(kind, name); lines[above] > 0 {
			scope.Parent = above
		} else if !strings.Contains(name, ":") {
			scope.Parent, err = p.scope("under", string(above))
		} else {
			scope.Parent, err = p.scope("under", name)
		}
		refused = append(refused, refusalsAt(row.field(), err)...)
	}
	if name := row.cells["owner"]; name != "" {
		scope.Creator, err = p.person(name)
		refused = append(refused, refusalsAt(row.field(), err)...)
	}
	if title := row.cells["title"]; title != "" {
		if id == "" {
			err = checkTitle(title)
		} else if _, exists := p.state.Scope(id); !exists {
			scope.Title, err = p.sealTitle(id, title)
		} else {
			err = nil
		}
		for _, problem := range refusalsAt(row.field(), err) {
			problem.Message = "Title: " + problem.Message
			refused = append(refused, problem)
		}
	}
	wrong := id == "" || len(refused) > 0 // then the decision looks at nothing of it
	for _, attribute := range kind.Attributes {
		value := row.cells[attribute.ID]
		switch {
		case value == "":
		case wrong && !slices.Contains(attribute.Values, value):
			refused = append(refused, refuse(aggregate.CodeInvalid, row.field(), "%s is %s, not %.40q.", attribute.Title, strings.Join(attribute.Values, " or "), value)...)
		default:
			scope.Attributes[events.AttributeID(attribute.ID)] = value
		}
	}
	return scope, refused
}

// scopeOfKind is what a handle, or a whole id, names.
func scopeOfKind(kind *rolemodel.Kind, name string) events.ScopeID {
	if strings.Contains(name, ":") {
		return events.ScopeID(name)
	}
	return events.Scope(kind.Name, name)
}

// byLine puts the refusals of a file in the order of its lines, and tells no more
// than can be read.
func byLine(err error) error {
	var refusals aggregate.Refusals
	if !errors.As(err, &refusals) {
		return err
	}
	line := func(r aggregate.Refusal) (n int) {
		fmt.Sscanf(r.Field, "line %d", &n)
		return n
	}
	refusals = slices.Clone(refusals)
	slices.SortStableFunc(refusals, func(a, b aggregate.Refusal) int { return cmp.Compare(line(a), line(b)) })
	if more := len(refusals) - maxProblems; more > 0 {
		refusals = append(refusals[:maxProblems], refuse(aggregate.CodeInvalid, "csv", "There are %d more problems; see to these first.", more)...)
	}
	return refusals
}
