package service

import (
	"context"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
)

// ScopeRequest names a scope, and what is to become of it.
type ScopeRequest struct {
	Scope string `json:"scope" doc:"KIND:HANDLE. The handle is public, stays for ever and must not name a person."`
	Under string `json:"under,omitempty" doc:"The scope above; the organization itself if absent."`
	Title string `json:"title,omitempty" maxLength:"256" doc:"The title, kept sealed."`
}

// CreateScope adds a scope.
func (s *Service) CreateScope(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request ScopeRequest) (Receipt, error) {
	return s.changeScope(ctx, caller, org, envelope, "scope.create", request, func(p *plan) (aggregate.Command, error) {
		id := events.ScopeID(request.Scope)
		if err := id.Validate(); err != nil {
			return nil, refuse(aggregate.CodeInvalid, "scope", "This cannot be a scope: %v.", err)
		}
		if _, exists := p.state.Scope(id); exists {
			return nil, refuse(aggregate.CodeExists, "scope", "There is a %s already.", id)
		}
		parent, err := p.scope("under", request.Under)
		if err != nil {
			return nil, err
		}
		command := aggregate.CreateScope{Scope: id, Parent: parent}
		if request.Title != "" {
			command.Title, err = p.sealTitle(id, request.Title)
		}
		return command, err
	})
}

// RenameScope gives a scope another title; its handle stays.
func (s *Service) RenameScope(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request ScopeRequest) (Receipt, error) {
	return s.changeScope(ctx, caller, org, envelope, "scope.rename", request, func(p *plan) (aggregate.Command, error) {
		id, err := p.scope("scope", request.Scope)
		if err != nil {
			return nil, err
		}
		if request.Title == "" {
			return nil, refuse(aggregate.CodeInvalid, "title", "A new title is needed; the handle itself stays for ever.")
		}
		command := aggregate.RenameScope{Scope: id}
		command.Title, err = p.sealTitle(id, request.Title)
		return command, err
	})
}

// MoveScope puts a scope under another parent.
func (s *Service) MoveScope(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request ScopeRequest) (Receipt, error) {
	return s.changeScope(ctx, caller, org, envelope, "scope.move", request, func(p *plan) (aggregate.Command, error) {
		id, err := p.scope("scope", request.Scope)
		if err != nil {
			return nil, err
		}
		parent, err := p.scope("under", request.Under)
		return aggregate.MoveScope{Scope: id, Parent: parent}, err
	})
}

// DeleteScope ends a scope, the scopes below it, and what was held on them.
func (s *Service) DeleteScope(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request ScopeRequest) (Receipt, error) {
	return s.changeScope(ctx, caller, org, envelope, "scope.delete", request, func(p *plan) (aggregate.Command, error) {
		id, err := p.scope("scope", request.Scope)
		return aggregate.DeleteScope{Scope: id}, err
	})
}

func (s *Service) changeScope(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, kind string,
	request ScopeRequest, prepare func(*plan) (aggregate.Command, error)) (Receipt, error) {

	return s.execute(ctx, caller, org, envelope, task{kind: kind, request: request, prepare: prepare})
}

// ScopeView is a scope as shown to those who may see the directory.
type ScopeView struct {
	ID        events.ScopeID  `json:"id" doc:"KIND:HANDLE."`
	Kind      string          `json:"kind" doc:"What kind of scope it is."`
	Title     string          `json:"title,omitempty" doc:"Its title."`
	Under     events.ScopeID  `json:"under,omitempty" doc:"The scope above; absent for the organization itself."`
	Holders   int             `json:"holders" doc:"How many roles are held on it."`
	Since     time.Time       `json:"since" doc:"When it was created."`
	Revision  events.Revision `json:"revision" doc:"The commit that last changed it."`
	ChangedBy string          `json:"changed_by" doc:"Who did that."`
}

// Scopes lists every scope, parents before children.
func (s *Service) Scopes(ctx context.Context, caller Caller, org events.OrgID, reading Reading) ([]ScopeView, error) {
	seen, err := s.read(ctx, caller, org, reading, rolemodel.DirectoryRead, "")
	if err != nil {
		return nil, err
	}
	state := seen.state
	list := []ScopeView{}
	for _, scope := range state.Scopes() {
		held := 0
		for _, role := range state.Model.Roles {
			held += len(scope.Holders(role))
		}
		list = append(list, ScopeView{
			ID: scope.ID, Kind: scope.ID.Kind(), Title: seen.title(scope.ID), Under: scope.Parent, Holders: held,
			Since: scope.Created.At, Revision: scope.Changed.Revision, ChangedBy: seen.login(scope.Changed.Actor),
		})
	}
	return list, nil
}
