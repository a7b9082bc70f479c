package aggregate

import (
	"cmp"
	"fmt"
	"slices"

	"tenure/events"
	"tenure/rolemodel"
)

// DefineRole makes a custom role from a template of the role model. It gives what
// the template says that a new one does, and the permissions listed.
type DefineRole struct {
	Role events.RoleID
	// Template is KIND.NAME.
	Template string
	// Title is sealed under the root scope's key, or empty.
	Title events.Sealed
	// Icon names a picture, or is empty.
	Icon        string
	Permissions []events.PermissionID
}

// RenameRole says anew what a custom role is called, and its icon. Its name
// stays.
type RenameRole struct {
	Role  events.RoleID
	Title events.Sealed
	Icon  string
	// Same says that it is called so already: nothing changes.
	Same bool
}

// DeleteRole ends a custom role: those who hold it lose it, and invitations that
// offer it are withdrawn (M20).
type DeleteRole struct {
	Role events.RoleID
	// Confirm is the word that the template asks for.
	Confirm string
}

// PermitRole adds permissions to a custom role, and so to all who hold it.
type PermitRole struct {
	Role        events.RoleID
	Permissions []events.PermissionID
}

// UnpermitRole takes permissions from a custom role.
type UnpermitRole struct {
	Role        events.RoleID
	Permissions []events.PermissionID
}

// Name implements [Command].
func (DefineRole) Name() string { return "role.define" }

// Name implements [Command].
func (RenameRole) Name() string { return "role.rename" }

// Name implements [Command].
func (DeleteRole) Name() string { return "role.delete" }

// Name implements [Command].
func (PermitRole) Name() string { return "role.permit" }

// Name implements [Command].
func (UnpermitRole) Name() string { return "role.unpermit" }

func (c DefineRole) propose(d *draft) {
	template, known := d.state.Model.Template(c.Template)
	if !known {
		d.refuseWhole(d.state.unknownTemplate(c.Template))
		return
	}
	root := d.state.Root
	d.emit(events.RoleDefined{Role: c.Role, Scope: root, Template: c.Template, Title: c.Title, Icon: c.Icon})
	if len(d.refusals) > 0 {
		return
	}
	for index := range template.Initial.All() {
		d.emit(events.PermissionAdded{Role: c.Role, Scope: root, Permission: permissionID(d.state.Model, index), Cause: events.CauseCreated})
	}
	d.permit(c.Role, root, c.Permissions)
}

func (c RenameRole) propose(d *draft) {
	renamed := events.RoleRenamed{Role: c.Role, Scope: d.state.Root, Title: c.Title, Icon: c.Icon}
	switch _, known := d.custom(c.Role); {
	case known && c.Same:
		d.already(renamed)
	case known:
		d.emit(renamed)
	}
}

func (c DeleteRole) propose(d *draft) {
	custom, known := d.custom(c.Role)
	if !known {
		return
	}
	role := custom.Role
	if word := role.Template.Confirm; word != "" && c.Confirm != word {
		d.deny(events.RoleDeleted{Role: c.Role, Scope: d.state.Root}, Refusal{Code: CodeInvalid, Field: "confirm", Rule: role.Template.ConfirmRule, Role: role.ID(), Event: -1,
			Message: fmt.Sprintf("To delete %s takes the word %s, since all who hold it lose it.", role.ID(), word),
			Help:    "tenure role delete " + role.Name + " --confirm " + word + " --org " + string(d.commit.Org)})
		return
	}
	for _, scope := range d.state.Scopes() {
		for _, subject := range scope.Holders(role) {
			d.revoke(subject, role, scope.ID, events.CauseRoleDeleted)
		}
	}
	for _, offer := range d.state.offering(role) {
		d.emit(events.InvitationWithdrawn{Subject: offer.subject, Invitation: offer.invitation, Cause: events.CauseRoleDeleted})
	}
	d.emit(events.RoleDeleted{Role: c.Role, Scope: d.state.Root})
}

func (c PermitRole) propose(d *draft) {
	if _, known := d.custom(c.Role); known {
		d.permit(c.Role, d.state.Root, c.Permissions)
	}
}

func (c UnpermitRole) propose(d *draft) {
	if _, known := d.custom(c.Role); known {
		d.unpermit(c.Role, d.state.Root, c.Permissions)
	}
}

// permit gives permissions to a custom role or, where none is named, to a group.
// Those that it gives already change nothing.
// All that cannot be given are told at once.
func (d *draft) permit(role events.RoleID, on events.ScopeID, permissions []events.PermissionID) {
	var wanted []events.PermissionID
	for _, id := range permissions {
		permission, known := d.state.Model.Permission(string(id))
		switch {
		case known && d.gives(role, on, permission):
			d.already(events.PermissionAdded{Role: role, Scope: on, Permission: id})
			continue
		case slices.Contains(wanted, id):
			continue
		}
		if refused := permittable(d.state, role, on, id, true); refused == nil {
			wanted = append(wanted, id)
		} else {
			refused.Event = -1
			d.deny(events.PermissionAdded{Role: role, Scope: on, Permission: id}, *refused)
		}
	}
	for _, id := range wanted {
		d.emit(events.PermissionAdded{Role: role, Scope: on, Permission: id})
	}
}

// unpermit takes permissions away. Those that are not given change nothing.
func (d *draft) unpermit(role events.RoleID, on events.ScopeID, permissions []events.PermissionID) {
	for _, id := range permissions {
		removed := events.PermissionRemoved{Role: role, Scope: on, Permission: id}
		switch permission, known := d.permission(id); {
		case known && !d.gives(role, on, permission):
			d.already(removed)
		case known:
			d.emit(removed)
		}
	}
}

// gives says whether a custom role or a group gives the permission.
func (d *draft) gives(role events.RoleID, on events.ScopeID, permission *rolemodel.Permission) bool {
	given, _ := d.state.givenTo(role, on, permission, false)
	return slices.ContainsFunc(given, func(g Given) bool { return g.Permission == permission.Index })
}

// custom finds a custom role or refuses.
func (d *draft) custom(id events.RoleID) (*CustomRole, bool) {
	custom, known := d.state.custom(id)
	if !known {
		d.refuseWhole(d.state.notCustom(id))
	}
	return custom, known
}

// permission finds a permission or refuses.
func (d *draft) permission(id events.PermissionID) (*rolemodel.Permission, bool) {
	permission, known := d.state.Model.Permission(string(id))
	if !known {
		d.refuseWhole(d.state.unknownPermission(id))
	}
	return permission, known
}

// refuseWhole refuses for what no event can say.
func (d *draft) refuseWhole(refused *Refusal) {
	refused.Event = -1
	d.refuse(*refused)
}

func permissionID(m *rolemodel.Model, index int) events.PermissionID {
	return events.PermissionID(m.Permissions[index].ID)
}

// offering lists the open invitations that come with a role, by person and id.
func (s State) offering(role *rolemodel.Role) []invitee {
	if s.subjects == nil || s.subjects.Len() == 0 {
		return nil
	}
	var list []invitee
	for itr := s.subjects.Iterator(); !itr.Done(); {
		id, subject, _ := itr.Next()
		if _, invitation, open := s.Invitation(events.InvitationID(id)); open && invitation.Role == role {
			list = append(list, invitee{subject, invitation.ID})
		}
	}
	slices.SortFunc(list, func(a, b invitee) int {
		return cmp.Or(cmp.Compare(a.subject, b.subject), cmp.Compare(a.invitation, b.invitation))
	})
	return list
}

// comesWithRole says whether the permission is one that a new custom role has,
// and the role is new.
func (s State) comesWithRole(at State, e events.PermissionAdded) bool {
	custom, known := at.custom(e.Role)
	permission, exists := at.Model.Permission(string(e.Permission))
	return known && exists && custom.Defined.Revision > s.Revision && custom.Role.Template.Initial.Has(permission.Index)
}

// holdsInitial refuses a new custom role without what its template says that a
// new one has. It may have been taken from it since.
func (o *outcome) holdsInitial(e events.RoleDefined, c *events.Commit) {
	custom, known := o.state.custom(e.Role)
	if !known || custom.Defined.Revision <= o.before.Revision {
		return
	}
	for index := range custom.Role.Template.Initial.All() {
		id := permissionID(o.state.Model, index)
		given := slices.ContainsFunc(custom.Given, func(g Given) bool { return g.Permission == index })
		if !given && !slices.ContainsFunc(c.Events, func(event events.Event) bool {
			removed, is := event.(events.PermissionRemoved)
			return is && removed.Role == e.Role && removed.Permission == id
		}) {
			o.refuse(Refusal{Code: CodeUnfounded, Rule: custom.Role.Rule, Role: custom.Role.ID(),
				Message: "Every new " + custom.Role.Template.Title + " gives " + string(id) + ", and " + custom.Role.Name + " would not."})
		}
	}
}
