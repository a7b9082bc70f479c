package service

import (
	"context"
	"strings"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
	"tenure/vault"
)

// DefineRoleRequest makes a custom role.
type DefineRoleRequest struct {
	Role        events.RoleID         `json:"role" doc:"Its name: 1 to 63 of a-z, 0-9 and _, starting with a letter. It is public, stays for ever and must not name a person."`
	Template    string                `json:"template,omitempty" doc:"The template in the role model, KIND.NAME; the only one if absent."`
	Title       string                `json:"title,omitempty" maxLength:"256" doc:"What it is called, kept sealed."`
	Icon        string                `json:"icon,omitempty" doc:"The name of a picture for it: 1 to 63 of a-z, 0-9, - and _."`
	Permissions []events.PermissionID `json:"permissions,omitempty" doc:"What it gives besides what every new one of the template does."`
}

// RenameRoleRequest says anew what a custom role is called.
type RenameRoleRequest struct {
	Role  string  `json:"role" doc:"The custom role: its name, or KIND.NAME."`
	Title *string `json:"title,omitempty" maxLength:"256" doc:"What it is called from now on, kept sealed; empty removes it."`
	Icon  *string `json:"icon,omitempty" doc:"The name of a picture for it; empty removes it."`
}

// DeleteRoleRequest ends a custom role.
type DeleteRoleRequest struct {
	Role    string `json:"role" doc:"The custom role: its name, or KIND.NAME."`
	Confirm string `json:"confirm,omitempty" doc:"The word that its template asks for, for instance DELETE."`
}

// PermitRoleRequest adds permissions to a custom role, or takes them away.
type PermitRoleRequest struct {
	Role        string                `json:"role" doc:"The custom role: its name, or KIND.NAME."`
	Permissions []events.PermissionID `json:"permissions" doc:"The permissions."`
}

// WithholdRequest withholds permissions from a role of the model, or gives them
// back.
type WithholdRequest struct {
	Role        string                `json:"role" doc:"The role of the model: KIND.NAME, or its name where there is one of that name."`
	Permissions []events.PermissionID `json:"permissions" doc:"The permissions."`
	Value       string                `json:"value,omitempty" doc:"For scopes with this value alone of the attribute by which the role is adjusted; absent for all."`
}

// DefineRole makes a custom role from a template of the role model.
func (s *Service) DefineRole(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request DefineRoleRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "role.define", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		template := request.Template
		if templates := p.state.Model.Templates; template == "" && len(templates) == 1 {
			template = templates[0].ID()
		}
		if template == "" {
			return nil, refuse(aggregate.CodeInvalid, "template", "The role model %s has %d templates for custom roles; name one.", p.state.Model.ID, len(p.state.Model.Templates))
		}
		command := aggregate.DefineRole{Role: request.Role, Template: template, Icon: request.Icon, Permissions: request.Permissions}
		err := p.freeTitle(request.Title, rolemodel.RoleDefine, nil)
		if request.Title != "" && err == nil {
			command.Title, err = p.sealRoleTitle(request.Title)
		}
		return command, err
	}})
}

// RenameRole says anew what a custom role is called, and its icon. Its name
// stays.
func (s *Service) RenameRole(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request RenameRoleRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "role.rename", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		if request.Title == nil && request.Icon == nil {
			return nil, refuse(aggregate.CodeInvalid, "title", "A new title or icon is needed; the name itself stays for ever.")
		}
		var err error
		command := aggregate.RenameRole{Role: p.customRole(request.Role)}
		custom, known := p.state.CustomRole(p.roleNamed(command.Role))
		if !known {
			return command, nil // the decision refuses it
		}
		before := s.open(p.org, string(p.state.Root), vault.FieldTitle, custom.Title)
		title := before
		command.Icon = custom.Icon
		if request.Title != nil {
			title = *request.Title
		}
		if request.Icon != nil {
			command.Icon = *request.Icon
		}
		command.Same = title == before && command.Icon == custom.Icon
		if !command.Same {
			err = p.freeTitle(title, rolemodel.RoleRename, custom)
		}
		if title != "" && !command.Same && err == nil {
			command.Title, err = p.sealRoleTitle(title)
		}
		return command, err
	}})
}

// DeleteRole ends a custom role, and that anybody holds it or is offered it.
func (s *Service) DeleteRole(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request DeleteRoleRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "role.delete", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		return aggregate.DeleteRole{Role: p.customRole(request.Role), Confirm: request.Confirm}, nil
	}})
}

// PermitRole adds permissions to a custom role, and so to all who hold it.
func (s *Service) PermitRole(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request PermitRoleRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "role.permit", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		return aggregate.PermitRole{Role: p.customRole(request.Role), Permissions: request.Permissions}, needsPermissions(request.Permissions)
	}})
}

// UnpermitRole takes permissions from a custom role.
func (s *Service) UnpermitRole(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request PermitRoleRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "role.unpermit", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		return aggregate.UnpermitRole{Role: p.customRole(request.Role), Permissions: request.Permissions}, needsPermissions(request.Permissions)
	}})
}

// WithholdPermission takes permissions from a role of the model, and so from all
// who hold it.
func (s *Service) WithholdPermission(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request WithholdRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "permission.withhold", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		role, err := p.modelRole(request)
		if err != nil {
			return nil, err
		}
		return aggregate.WithholdPermission{Kind: role.Kind, Role: events.RoleID(role.Name), Permissions: request.Permissions, Value: request.Value}, nil
	}})
}

// RestorePermission gives back what was withheld.
func (s *Service) RestorePermission(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request WithholdRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "permission.restore", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		role, err := p.modelRole(request)
		if err != nil {
			return nil, err
		}
		return aggregate.RestorePermission{Kind: role.Kind, Role: events.RoleID(role.Name), Permissions: request.Permissions, Value: request.Value}, nil
	}})
}

func needsPermissions(list []events.PermissionID) error {
	if len(list) == 0 {
		return refuse(aggregate.CodeInvalid, "permissions", "Name at least one permission.")
	}
	return nil
}

// freeTitle refuses a title that another role has, so that people can tell them
// apart. Who may not do the act is refused by the decision, and told no title.
func (p *plan) freeTitle(title string, act rolemodel.Act, own *aggregate.CustomRole) error {
	if title == "" || !p.caller.Operator() && !p.state.MayAct(p.caller.Principal, act, p.state.Root) {
		return nil
	}
	wanted := strings.TrimSpace(title)
	for _, role := range p.state.Roles() {
		has := role.Title
		if custom, is := p.state.CustomRole(role); is {
			if custom == own {
				continue
			}
			has = firstOf(p.service.open(p.org, string(p.state.Root), vault.FieldTitle, custom.Title), role.Name)
		}
		if strings.EqualFold(strings.TrimSpace(has), wanted) {
			return aggregate.Refusals{{Code: aggregate.CodeExists, Field: "title", Rule: role.Rule, Role: role.ID(), Event: -1,
				Message: "The role " + role.ID() + " has that title already; give this one another, so that people can tell them apart.",
				Help:    "tenure role list --org " + string(p.org)}}
		}
	}
	return nil
}

// sealRoleTitle seals the title of a custom role under the root scope's key.
func (p *plan) sealRoleTitle(title string) (events.Sealed, error) {
	if strings.TrimSpace(title) == "" {
		return nil, refuse(aggregate.CodeInvalid, "title", "A title needs something to read.")
	}
	if err := checkText("title", title, maxText); err != nil {
		return nil, err
	}
	owner := string(p.state.Root)
	if !p.stage.Has(owner) {
		if err := p.stage.Create(owner); err != nil {
			return nil, err
		}
	}
	return p.seal(owner, vault.FieldTitle, title)
}

// customRole is the name of a custom role that is written as such or as
// KIND.NAME. What is none is left for the decision to refuse.
func (p *plan) customRole(name string) events.RoleID {
	for _, custom := range p.state.CustomRoles() {
		if custom.Role.ID() == name {
			return events.RoleID(custom.Role.Name)
		}
	}
	return events.RoleID(name)
}

// roleNamed finds a custom role by its name, or nil.
func (p *plan) roleNamed(name events.RoleID) *rolemodel.Role {
	for _, custom := range p.state.CustomRoles() {
		if custom.Role.Name == string(name) {
			return custom.Role
		}
	}
	return nil
}

// modelRole finds the role of the model from which something is withheld.
func (p *plan) modelRole(request WithholdRequest) (*rolemodel.Role, error) {
	if err := needsPermissions(request.Permissions); err != nil {
		return nil, err
	}
	role, err := roleOf(&p.state, request.Role)
	if err == nil && role.Template != nil {
		return nil, aggregate.Refusals{{Code: aggregate.CodeInvalid, Field: "role", Rule: role.Rule, Role: role.ID(), Event: -1,
			Message: role.ID() + " is a custom role: what it gives is added and removed, not withheld.",
			Help:    "tenure role unpermit " + role.Name + " PERMISSION --org " + string(p.org)}}
	}
	return role, err
}

// roleOf finds a role by KIND.NAME, or by its name where there is one of that
// name.
func roleOf(state *aggregate.State, name string) (*rolemodel.Role, error) {
	var named []*rolemodel.Role
	var ids []string
	for _, role := range state.Roles() {
		if role.ID() == name {
			return role, nil
		}
		if role.Name == name {
			named, ids = append(named, role), append(ids, role.ID())
		}
	}
	switch len(named) {
	case 0:
		return nil, refuseUnknown("role", "role", name, "tenure role list --org "+string(state.Org))
	case 1:
		return named[0], nil
	}
	return nil, refuse(aggregate.CodeInvalid, "role", "There are %d roles %s: write %s.", len(named), name, strings.Join(ids, " or "))
}
