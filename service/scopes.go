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
	// Attributes, Members and For are for a creation alone; Attributes for a
	// change of them, too.
	Attributes map[events.AttributeID]string `json:"attributes,omitempty" doc:"Attributes of its kind that are not at their first value, for instance {\"type\": \"project\"}."`
	Members    []string                      `json:"members,omitempty" doc:"At its creation: who are members from the start, besides whoever creates it; logins, addresses or ids."`
	For        string                        `json:"for,omitempty" doc:"At its creation by the operator: who is given what the creator of such a scope is given."`
	Into       string                        `json:"into,omitempty" doc:"At a merger: the scope of the same kind that remains."`
}

// CreateScope adds a scope.
func (s *Service) CreateScope(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request ScopeRequest) (Receipt, error) {
	return s.changeScope(ctx, caller, org, envelope, "scope.create", request, func(p *plan) (aggregate.Command, error) {
		id := events.ScopeID(request.Scope)
		if err := id.Validate(); err != nil {
			return nil, refuse(aggregate.CodeInvalid, "scope", "This cannot be a scope: %v.", err)
		}
		parent, err := p.scope("under", request.Under)
		if err != nil {
			return nil, err
		}
		command := aggregate.CreateScope{Scope: id, Parent: parent, Attributes: request.Attributes}
		for _, name := range request.Members {
			member, err := p.person(name)
			if err != nil {
				return nil, at("members", err)
			}
			command.Members = append(command.Members, member)
		}
		if request.For != "" {
			if command.Creator, err = p.person(request.For); err != nil {
				return nil, at("for", err)
			}
		}
		p.about = "" // it concerns several
		// Of one that is there nothing is sealed: the decision refuses it.
		if _, exists := p.state.Scope(id); request.Title != "" && !exists {
			command.Title, err = p.sealTitle(id, request.Title)
		}
		return command, err
	})
}

// SetAttributes says what attributes of a scope are from now on.
func (s *Service) SetAttributes(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request ScopeRequest) (Receipt, error) {
	return s.changeScope(ctx, caller, org, envelope, "scope.set", request, func(p *plan) (aggregate.Command, error) {
		id, err := p.scope("scope", request.Scope)
		if err == nil && len(request.Attributes) == 0 {
			err = refuse(aggregate.CodeInvalid, "attributes", "Say which attribute is to be what.")
		}
		return aggregate.SetAttributes{Scope: id, Attributes: request.Attributes}, err
	})
}

// ArchiveScope freezes a scope and all below it: nothing new happens there until
// it is restored.
func (s *Service) ArchiveScope(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request ScopeRequest) (Receipt, error) {
	return s.changeScope(ctx, caller, org, envelope, "scope.archive", request, func(p *plan) (aggregate.Command, error) {
		id, err := p.scope("scope", request.Scope)
		return aggregate.ArchiveScope{Scope: id}, err
	})
}

// RestoreScope takes a scope out of the archive.
func (s *Service) RestoreScope(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request ScopeRequest) (Receipt, error) {
	return s.changeScope(ctx, caller, org, envelope, "scope.restore", request, func(p *plan) (aggregate.Command, error) {
		id, err := p.scope("scope", request.Scope)
		return aggregate.ArchiveScope{Scope: id, Restore: true}, err
	})
}

// MergeScope puts a scope into another one, with its members, what they hold and
// what stands below it.
func (s *Service) MergeScope(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request ScopeRequest) (Receipt, error) {
	return s.changeScope(ctx, caller, org, envelope, "scope.merge", request, func(p *plan) (aggregate.Command, error) {
		id, err := p.scope("scope", request.Scope)
		if err != nil {
			return nil, err
		}
		into, err := p.scope("into", request.Into)
		return aggregate.MergeScope{Scope: id, Into: into}, err
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
	ID         events.ScopeID    `json:"id" doc:"KIND:HANDLE."`
	Kind       string            `json:"kind" doc:"What kind of scope it is."`
	Title      string            `json:"title,omitempty" doc:"Its title."`
	Under      events.ScopeID    `json:"under,omitempty" doc:"The scope above; absent for the organization itself."`
	Attributes map[string]string `json:"attributes,omitempty" doc:"The attributes of its kind, and what they are; absent where it has none."`
	Archived   bool              `json:"archived,omitempty" doc:"Whether it, or a scope above it, is in the archive."`
	Holders    int               `json:"holders" doc:"How many roles are held on it."`
	Since      time.Time         `json:"since" doc:"When it was created."`
	Revision   events.Revision   `json:"revision" doc:"The commit that last changed it, or who and what is there."`
	ChangedBy  string            `json:"changed_by" doc:"Who did that."`
	ChangedAt  time.Time         `json:"changed_at" doc:"When that was (X03)."`
}

// Scopes lists every scope that the caller may see, parents before children.
func (s *Service) Scopes(ctx context.Context, caller Caller, org events.OrgID, reading Reading) ([]ScopeView, error) {
	seen, err := s.read(ctx, caller, org, reading, "", "")
	if err != nil {
		return nil, err
	}
	list := []ScopeView{}
	for _, scope := range seen.state.Scopes() {
		if seen.shows(scope.ID) {
			list = append(list, seen.scopeView(scope))
		}
	}
	if len(list) == 0 && !seen.belongs() {
		err = seen.named(mayRead(seen.now, caller, rolemodel.DirectoryRead))
	}
	return list, err
}

func (v *view) scopeView(scope *aggregate.Scope) ScopeView {
	held := 0
	for _, role := range v.state.Roles() {
		held += len(scope.Holders(role))
	}
	return ScopeView{
		ID: scope.ID, Kind: scope.ID.Kind(), Title: v.title(scope.ID), Under: scope.Parent,
		Attributes: attributesOf(scope), Archived: v.state.Archived(scope.ID), Holders: held,
		Since: scope.Created.At, Revision: scope.Changed.Revision, ChangedBy: v.login(scope.Changed.Actor), ChangedAt: scope.Changed.At,
	}
}

// attributesOf says what all attributes of a scope are, said or not; nil where it
// has none.
func attributesOf(scope *aggregate.Scope) map[string]string {
	var attributes map[string]string
	for _, attribute := range scope.Kind.Attributes {
		if attributes == nil {
			attributes = map[string]string{}
		}
		attributes[attribute.ID] = scope.Attribute(attribute.ID)
	}
	return attributes
}

// ScopeDetail is a scope with who and what is there.
type ScopeDetail struct {
	ScopeView
	ArchivedSince time.Time        `json:"archived_since,omitzero" doc:"When it was put into the archive itself."`
	ArchivedBy    string           `json:"archived_by,omitempty" doc:"Who did that."`
	Members       []MemberView     `json:"members" doc:"Who are its members."`
	Roles         []GrantView      `json:"roles" doc:"Who holds what on it."`
	Children      []events.ScopeID `json:"children" doc:"The scopes directly below it."`
}

// Scope shows one scope.
func (s *Service) Scope(ctx context.Context, caller Caller, org events.OrgID, reading Reading, name string) (ScopeDetail, error) {
	seen, id, err := s.readScope(ctx, caller, org, reading, "scope", name)
	if err != nil {
		return ScopeDetail{}, err
	}
	scope, _ := seen.state.Scope(id)
	detail := ScopeDetail{ScopeView: seen.scopeView(scope), Roles: []GrantView{}, Children: []events.ScopeID{}}
	if scope.Archive.Revision > 0 {
		detail.ArchivedSince, detail.ArchivedBy = scope.Archive.At, seen.login(scope.Archive.Actor)
	}
	detail.Members = seen.members(scope)
	for _, role := range seen.state.Roles() {
		for _, id := range scope.Holders(role) {
			person, _ := seen.state.Person(id)
			g, _ := person.Grant(role, scope.ID)
			detail.Roles = append(detail.Roles, seen.grant(person, g))
		}
	}
	for _, child := range scope.Children() {
		if seen.shows(child) {
			detail.Children = append(detail.Children, child)
		}
	}
	return detail, nil
}
