package aggregate

import "tenure/events"

// PermitGroup gives permissions to the members of a group (Z05).
type PermitGroup struct {
	Scope       events.ScopeID
	Permissions []events.PermissionID
}

// UnpermitGroup takes permissions from the members of a group.
type UnpermitGroup struct {
	Scope       events.ScopeID
	Permissions []events.PermissionID
}

// Name implements [Command].
func (PermitGroup) Name() string { return "group.permit" }

// Name implements [Command].
func (UnpermitGroup) Name() string { return "group.unpermit" }

func (c PermitGroup) propose(d *draft) {
	if d.group(c.Scope) {
		d.permit("", c.Scope, c.Permissions)
	}
}

func (c UnpermitGroup) propose(d *draft) {
	if d.group(c.Scope) {
		d.unpermit("", c.Scope, c.Permissions)
	}
}

// group refuses what is no group.
func (d *draft) group(id events.ScopeID) bool {
	scope, exists := d.scope(id)
	if !exists {
		return false
	}
	if refused := d.state.noGroup(scope); refused != nil {
		d.refuseWhole(refused)
		return false
	}
	return true
}
