package aggregate

import (
	"fmt"
	"slices"
	"time"

	"tenure/events"
	"tenure/rolemodel"
)

// GrantRole gives a person a role on a scope, until a time or for good. Where it
// is held already, only the time changes.
type GrantRole struct {
	Subject events.PrincipalID
	Role    events.RoleID
	Scope   events.ScopeID
	// Until is when it ends by itself; zero if it does not.
	Until time.Time
}

// RevokeRole ends a person's role on a scope. Revoking a role that is not held
// changes nothing.
type RevokeRole struct {
	Subject events.PrincipalID
	Role    events.RoleID
	Scope   events.ScopeID
}

// TransferRole passes a role that has one holder on to another person.
type TransferRole struct {
	Subject events.PrincipalID
	Role    events.RoleID
	Scope   events.ScopeID
	// Former is the role that the former holder gets; empty for the one that
	// the role model says, [NoRole] for none.
	Former events.RoleID
}

// NoRole says that a former holder gets no role.
const NoRole events.RoleID = "none"

// Name implements [Command].
func (GrantRole) Name() string { return "role.grant" }

// Name implements [Command].
func (TransferRole) Name() string { return "role.transfer" }

// Name implements [Command].
func (RevokeRole) Name() string { return "role.revoke" }

func (c GrantRole) propose(d *draft) {
	person, known := d.person(c.Subject)
	if _, exists := d.scope(c.Scope); !known || !exists {
		return
	}
	if role, defined := d.role(c.Role, c.Scope); defined {
		if held, holds := person.Grant(role, c.Scope); holds && held.Until.Equal(events.Time(c.Until)) {
			d.already(events.RoleGranted{Subject: c.Subject, Role: c.Role, Scope: c.Scope, Until: held.Until})
		}
		d.grantUntil(c.Subject, role, c.Scope, events.Time(c.Until))
	}
}

// grantUntil gives a role for a time, or changes the time of one that is held.
func (d *draft) grantUntil(subject events.PrincipalID, role *rolemodel.Role, on events.ScopeID, until time.Time) {
	if until.IsZero() {
		until = time.Time{}
	}
	person, _ := d.state.Person(subject)
	held, holds := person.Grant(role, on)
	switch {
	case !holds && until.IsZero():
		d.grant(subject, role, on, "")
	case !holds:
		d.give(events.RoleGranted{Subject: subject, Role: events.RoleID(role.Name), Scope: on, Until: until}, role)
	case !held.Until.Equal(until):
		d.emit(events.RoleLimited{Subject: subject, Role: events.RoleID(role.Name), Scope: on, Until: until})
	}
}

func (c TransferRole) propose(d *draft) {
	_, known := d.person(c.Subject)
	scope, exists := d.scope(c.Scope)
	if !known || !exists {
		return
	}
	role, defined := d.role(c.Role, c.Scope)
	if !defined {
		return
	}
	former := role.Former
	switch c.Former {
	case "":
	case NoRole:
		former = nil
	default:
		d.field = "former"
		if former, defined = d.role(c.Former, c.Scope); !defined {
			return
		}
		if former == role {
			d.refuse(Refusal{Code: CodeInvalid, Rule: role.Rule, Role: role.ID(), Scope: c.Scope, Event: -1,
				Message: roleOn(role, c.Scope) + " is what passes: whoever held it is left with another role, or none."})
			return
		}
		d.field = ""
	}
	if person, _ := d.state.Person(c.Subject); passes(role) {
		if _, holds := person.Grant(role, c.Scope); holds {
			d.already(events.OwnershipTransferred{Subject: c.Subject, Role: c.Role, Scope: c.Scope})
		}
	}
	d.transfer(c.Subject, role, scope, former)
}

// transfer passes a role on, and leaves its former holder with another one, or
// nil.
func (d *draft) transfer(subject events.PrincipalID, role *rolemodel.Role, on *Scope, former *rolemodel.Role) {
	holders := on.Holders(role)
	transferred := events.OwnershipTransferred{Subject: subject, Role: events.RoleID(role.Name), Scope: on.ID}
	if !passes(role) || len(holders) != 1 {
		d.deny(transferred, Refusal{Code: CodeInvalid, Role: role.ID(), Scope: on.ID, Subject: subject, Event: -1,
			Message: fmt.Sprintf("%s is granted and revoked, not transferred.", roleOn(role, on.ID)),
			Help:    "tenure grant " + string(subject) + " " + d.state.roleArgs(role, on.ID)})
		return
	}
	if holders[0] == subject {
		return
	}
	transferred.Former = holders[0]
	d.emit(transferred)
	d.revoke(holders[0], role, on.ID, events.CauseTransfer)
	d.grant(subject, role, on.ID, events.CauseTransfer)
	switch {
	case former == nil:
	case former == role.Former:
		d.grant(holders[0], former, on.ID, events.CauseTransfer)
	default: // a decision of whoever transfers
		d.grant(holders[0], former, on.ID, "")
	}
}

// passes says whether the role is transferred, and so neither granted nor
// revoked.
func passes(role *rolemodel.Role) bool { return role.Passes() }

// transfersRole says whether the commit passes the role on, before the i-th
// event, and from whom to whom.
func transfersRole(c *events.Commit, i int, role events.RoleID, on events.ScopeID) (events.OwnershipTransferred, bool) {
	at := slices.IndexFunc(c.Events[:i], func(e events.Event) bool {
		transferred, is := e.(events.OwnershipTransferred)
		return is && transferred.Scope == on && transferred.Role == role
	})
	if at < 0 {
		return events.OwnershipTransferred{}, false
	}
	return c.Events[at].(events.OwnershipTransferred), true
}

// restsOnDefault says whether the role is the default of a member who has none on
// the scope that replaces it and that stays; nil for all of them.
func restsOnDefault(person *Person, scope *Scope, role *rolemodel.Role, stays func(*rolemodel.Role) bool) bool {
	return role == scope.Kind.Default && person.member(scope.ID) && !slices.ContainsFunc(person.Grants, func(g Grant) bool {
		return g.Scope == scope.ID && slices.Contains(g.Role.Replaces, role) && (stays == nil || stays(g.Role))
	})
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
	switch _, held := person.Grant(role, c.Scope); {
	case !held:
		d.already(events.RoleRevoked{Subject: c.Subject, Role: c.Role, Scope: c.Scope})
	case !restsOnDefault(person, scope, role, nil):
	case c.Subject == d.commit.Actor:
		d.refuse(d.state.defaultRole(c.Subject, scope))
		return
	default: // which ends with the membership
		d.deny(events.MembershipTerminated{Subject: c.Subject, Scope: c.Scope}, d.state.defaultRole(c.Subject, scope))
		return
	}
	d.revoke(c.Subject, role, c.Scope, "")
}
