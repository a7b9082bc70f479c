package aggregate

import "tenure/events"

// GrantRole gives a person a role on a scope. Granting a role that is held
// already changes nothing.
type GrantRole struct {
	Subject events.PrincipalID
	Role    events.RoleID
	Scope   events.ScopeID
}

// RevokeRole ends a person's role on a scope. Revoking a role that is not held
// changes nothing.
type RevokeRole GrantRole

// Name implements [Command].
func (GrantRole) Name() string { return "role.grant" }

// Name implements [Command].
func (RevokeRole) Name() string { return "role.revoke" }

func (c GrantRole) propose(d *draft) {
	_, known := d.person(c.Subject)
	if _, exists := d.scope(c.Scope); !known || !exists {
		return
	}
	if role, defined := d.role(c.Role, c.Scope); defined {
		d.grant(c.Subject, role, c.Scope, "")
	}
}

func (c RevokeRole) propose(d *draft) {
	person, known := d.person(c.Subject)
	scope, exists := d.scope(c.Scope)
	if !known || !exists {
		return
	}
	role, defined := d.role(c.Role, c.Scope)
	if !defined {
		return
	}
	_, member := person.Membership(c.Scope)
	if _, held := person.Grant(role, c.Scope); held && member && role == scope.Kind.Default {
		d.refuse(d.state.defaultRole(c.Subject, scope))
		return
	}
	d.revoke(c.Subject, role, c.Scope, "")
}
