package aggregate

import (
	"tenure/events"
	"tenure/rolemodel"
)

// WithholdPermission takes permissions from a role of the model, and so from all
// who hold it, until they are given back (M17b).
type WithholdPermission struct {
	// Kind and Role name it.
	Kind        string
	Role        events.RoleID
	Permissions []events.PermissionID
	// Value is that of the attribute by which the role is adjusted; empty for all
	// of its values, and where it is adjusted by none.
	Value string
}

// RestorePermission gives back what was withheld. The fields are as in
// [WithholdPermission].
type RestorePermission struct {
	Kind        string
	Role        events.RoleID
	Permissions []events.PermissionID
	Value       string
}

// Name implements [Command].
func (WithholdPermission) Name() string { return "permission.withhold" }

// Name implements [Command].
func (RestorePermission) Name() string { return "permission.restore" }

func (c WithholdPermission) propose(d *draft) {
	d.adjust(c.Kind, c.Role, c.Permissions, c.Value, func(role *rolemodel.Role, permission *rolemodel.Permission, value string) {
		withheld := events.PermissionWithheld{Kind: role.Kind, Role: events.RoleID(role.Name), Permission: events.PermissionID(permission.ID), Value: value}
		if d.state.isWithheld(role, permission, value) {
			d.already(withheld)
		} else {
			d.emit(withheld)
		}
	})
}

func (c RestorePermission) propose(d *draft) {
	d.adjust(c.Kind, c.Role, c.Permissions, c.Value, func(role *rolemodel.Role, permission *rolemodel.Permission, value string) {
		restored := events.PermissionRestored{Kind: role.Kind, Role: events.RoleID(role.Name), Permission: events.PermissionID(permission.ID), Value: value}
		if !d.state.isWithheld(role, permission, value) {
			d.already(restored)
		} else {
			d.emit(restored)
		}
	})
}

// adjust calls each for all permissions and values, or refuses.
func (d *draft) adjust(kind string, id events.RoleID, permissions []events.PermissionID, value string,
	each func(*rolemodel.Role, *rolemodel.Permission, string)) {

	role, known := d.state.Model.Role(kind, string(id))
	if !known {
		d.refuseWhole(d.state.unknownRole(kind, id))
		return
	}
	values := []string{value}
	if value == "" && role.AdjustablePer != nil {
		values = role.AdjustablePer.Values
	}
	for _, name := range permissions {
		permission, known := d.permission(name)
		if !known {
			return
		}
		for _, value := range values {
			if refused := d.state.withholdable(role, permission, value); refused != nil && !d.state.isWithheld(role, permission, value) {
				refused.Event = -1
				d.deny(events.PermissionWithheld{Kind: role.Kind, Role: id, Permission: name, Value: value}, *refused)
				return
			}
			each(role, permission, value)
		}
	}
}
