package service

import (
	"context"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
)

// PermitGroupRequest gives permissions to the members of a group, or takes them
// away.
type PermitGroupRequest struct {
	Scope       string                `json:"scope" doc:"The group, KIND:HANDLE."`
	Permissions []events.PermissionID `json:"permissions" doc:"The permissions."`
}

// PermitGroup gives permissions to the members of a group.
func (s *Service) PermitGroup(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request PermitGroupRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "group.permit", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		scope, err := p.group(request)
		return aggregate.PermitGroup{Scope: scope, Permissions: request.Permissions}, err
	}})
}

// UnpermitGroup takes permissions from the members of a group.
func (s *Service) UnpermitGroup(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request PermitGroupRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "group.unpermit", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		scope, err := p.group(request)
		return aggregate.UnpermitGroup{Scope: scope, Permissions: request.Permissions}, err
	}})
}

func (p *plan) group(request PermitGroupRequest) (events.ScopeID, error) {
	if request.Scope == "" {
		return "", refuse(aggregate.CodeInvalid, "scope", "Name a group, KIND:HANDLE.")
	}
	scope, err := p.scope("scope", request.Scope)
	if err != nil {
		return "", err
	}
	return scope, needsPermissions(request.Permissions)
}

// GroupView is a group: a scope whose members have permissions by that.
type GroupView struct {
	ID          events.ScopeID        `json:"id" doc:"KIND:HANDLE."`
	Kind        string                `json:"kind" doc:"What kind of scope it is."`
	Title       string                `json:"title,omitempty" doc:"Its title."`
	Under       events.ScopeID        `json:"under" doc:"The scope above: members have the permissions there and on all below it."`
	Archived    bool                  `json:"archived,omitempty" doc:"Whether it, or a scope above it, is in the archive."`
	Since       time.Time             `json:"since" doc:"When it was created."`
	Revision    events.Revision       `json:"revision" doc:"The commit that last changed it, what it gives, or its members."`
	ChangedBy   string                `json:"changed_by" doc:"Who did that."`
	ChangedAt   time.Time             `json:"changed_at" doc:"When that was (X03)."`
	Permissions []GroupPermissionView `json:"permissions" doc:"What its members have, in the order of the model."`
	Members     []GroupMemberView     `json:"members" doc:"Its members, by login."`
}

// GroupPermissionView is a permission of a group.
type GroupPermissionView struct {
	ID        string          `json:"id" doc:"The permission's id."`
	Title     string          `json:"title" doc:"What it allows, in words."`
	Section   string          `json:"section,omitempty" doc:"Where it belongs."`
	Only      string          `json:"only,omitempty" doc:"The condition that it depends on, in words: only …"`
	Feature   string          `json:"feature,omitempty" doc:"The feature that it waits for and that is off."`
	Since     time.Time       `json:"since" doc:"When it was given."`
	Revision  events.Revision `json:"revision" doc:"The commit that gave it."`
	ChangedBy string          `json:"changed_by" doc:"Who gave it."`
}

// GroupMemberView is a member of a group.
type GroupMemberView struct {
	ID     events.PrincipalID `json:"id" doc:"The person's id."`
	Login  string             `json:"login" doc:"Login, else address, else id."`
	Active bool               `json:"active" doc:"Whether it counts: false while the membership, or that of the organization, is suspended."`
	OriginView
}

// Groups lists the groups, with their members and permissions, those of parents
// before those of children.
func (s *Service) Groups(ctx context.Context, caller Caller, org events.OrgID, reading Reading) ([]GroupView, error) {
	seen, err := s.read(ctx, caller, org, reading, rolemodel.DirectoryRead, "")
	if err != nil {
		return nil, err
	}
	list := []GroupView{}
	for _, scope := range seen.state.Scopes() {
		if scope.Kind.Group() && !seen.hides(scope.ID) {
			list = append(list, seen.group(scope))
		}
	}
	return list, nil
}

// Group shows one group.
func (s *Service) Group(ctx context.Context, caller Caller, org events.OrgID, reading Reading, name string) (GroupView, error) {
	seen, id, err := s.readScope(ctx, caller, org, reading, "group", name)
	if err != nil {
		return GroupView{}, err
	}
	scope, _ := seen.state.Scope(id)
	if !scope.Kind.Group() {
		return GroupView{}, refuseUnknown("group", "group", string(id), "tenure group list --org "+string(org))
	}
	return seen.group(scope), nil
}

func (v *view) group(scope *aggregate.Scope) GroupView {
	view := GroupView{
		ID: scope.ID, Kind: scope.Kind.Name, Title: v.title(scope.ID), Under: scope.Parent, Archived: v.state.Archived(scope.ID),
		Since: scope.Created.At, Revision: scope.Changed.Revision, ChangedBy: v.login(scope.Changed.Actor), ChangedAt: scope.Changed.At,
		Permissions: []GroupPermissionView{}, Members: []GroupMemberView{},
	}
	for _, g := range scope.Given {
		p := v.state.Model.Permissions[g.Permission]
		given := GroupPermissionView{ID: p.ID, Title: p.Title, Section: p.Section, Only: onlyIf(scope.Kind.CarriesIf, g.Permission), Since: g.Since.At, Revision: g.Since.Revision, ChangedBy: v.login(g.Since.Actor)}
		if !v.state.Enabled(p.Feature) {
			given.Feature = p.Feature.ID
		}
		view.Permissions = append(view.Permissions, given)
	}
	for _, id := range scope.Members() {
		person, _ := v.state.Person(id)
		m, _ := person.Membership(scope.ID)
		root, member := person.Membership(v.state.Root)
		view.Members = append(view.Members, GroupMemberView{
			ID: id, Login: v.login(id), Active: m.Active && (root.Active || !member), OriginView: v.origin(m.Since, m.InvitedBy, m.Changed),
		})
	}
	sortBy(view.Members, func(m GroupMemberView) string { return m.Login })
	return view
}
