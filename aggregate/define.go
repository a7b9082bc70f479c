package aggregate

import (
	"fmt"
	"slices"

	"tenure/events"
	"tenure/rolemodel"
)

// DefineRoles says who shall hold roles and be marked on one scope, all at once
// (F12): what it lists holds afterwards, what it does not list stays as it is.
// If any of it is refused nothing changes, and all that is refused is told.
type DefineRoles struct {
	Scope        events.ScopeID
	Roles        []RoleHolders
	Designations []Mark
	// Refused is what was refused before, each at its field: the rest is judged
	// all the same.
	Refused Refusals
}

// RoleHolders are all who shall hold a role.
type RoleHolders struct {
	Role    events.RoleID
	Holders []events.PrincipalID
	// Field is where the request says so.
	Field string
}

// Mark says who shall be marked; nobody if Subject is empty.
type Mark struct {
	Designation events.DesignationID
	Subject     events.PrincipalID
	// Field is where the request says so.
	Field string
}

// Name implements [Command].
func (DefineRoles) Name() string { return "roles.define" }

func (c DefineRoles) propose(d *draft) {
	scope, exists := d.scope(c.Scope)
	if !exists {
		return
	}
	d.collecting = true
	d.refusals = append(d.refusals, c.Refused...)
	wanted := map[*rolemodel.Role]RoleHolders{}
	var roles []*rolemodel.Role
	for _, listed := range c.Roles {
		d.field = listed.Field
		role, defined := d.role(listed.Role, c.Scope)
		if _, twice := wanted[role]; !defined || twice {
			d.listedTwice(twice, string(listed.Role))
			continue
		}
		wanted[role] = listed
		roles = append(roles, role)
		for _, subject := range listed.Holders {
			if _, known := d.person(subject); known {
				d.explicit[position{subject, role, c.Scope}] = true
			}
		}
	}
	for _, role := range roles {
		d.field = wanted[role].Field
		d.notBoth(role, wanted)
	}
	for _, role := range roles {
		if d.field = wanted[role].Field; passes(role) && !d.refusedHere() {
			d.pass(role, scope, wanted)
		}
	}
	for _, role := range roles {
		if d.field = wanted[role].Field; passes(role) {
			continue
		}
		for _, subject := range wanted[role].Holders {
			if _, known := d.state.Person(subject); known {
				d.grant(subject, role, c.Scope, "")
			}
		}
	}
	for _, role := range roles {
		if d.field = wanted[role].Field; passes(role) {
			continue
		}
		now, _ := d.state.Scope(c.Scope)
		for _, subject := range now.Holders(role) {
			if slices.Contains(wanted[role].Holders, subject) {
				continue
			}
			person, _ := d.state.Person(subject)
			if restsOnDefault(person, now, role, func(other *rolemodel.Role) bool {
				says, listed := wanted[other]
				return !listed || slices.Contains(says.Holders, subject)
			}) {
				d.deny(events.MembershipTerminated{Subject: subject, Scope: c.Scope}, d.state.defaultRole(subject, now))
				break
			}
			d.revoke(subject, role, c.Scope, "")
		}
	}
	marked := map[*rolemodel.Designation]bool{}
	for _, mark := range c.Designations {
		d.field = mark.Field
		designation, defined := d.designation(mark.Designation, c.Scope)
		now, _ := d.state.Scope(c.Scope)
		switch {
		case !defined || marked[designation]:
			d.listedTwice(defined, string(mark.Designation))
			continue
		case mark.Subject == "":
			d.undesignate(designation, now, "")
		default:
			if _, known := d.person(mark.Subject); known {
				d.designate(mark.Subject, designation, now)
			}
		}
		marked[designation] = true
	}
	d.field = ""
	d.addDefaults()
	d.keepMarks(c)
}

// listedTwice refuses to say twice who shall hold something.
func (d *draft) listedTwice(twice bool, what string) {
	if twice {
		d.refuse(Refusal{Code: CodeInvalid, Event: -1, Message: what + " is listed twice."})
	}
}

// notBoth refuses a role for people who shall hold one that it replaces.
func (d *draft) notBoth(role *rolemodel.Role, wanted map[*rolemodel.Role]RoleHolders) {
	for _, replaced := range role.Replaces {
		for _, subject := range wanted[replaced].Holders {
			if !d.refusedHere() && slices.Contains(wanted[role].Holders, subject) {
				d.refuse(Refusal{Code: CodeInvalid, Rule: role.Rule, Role: role.ID(), Subject: subject, Event: -1,
					Message: fmt.Sprintf("%s cannot be both %s and %s.", subject, role.Name, replaced.Name)})
			}
		}
	}
}

// keepMarks refuses that somebody who shall stay marked is so no longer, by
// what else the request says.
func (d *draft) keepMarks(c DefineRoles) {
	for _, mark := range c.Designations {
		designation, defined := d.state.Model.Designation(c.Scope.Kind(), string(mark.Designation))
		now, _ := d.state.Scope(c.Scope)
		marked, set := now.Designated(designation)
		if d.field = mark.Field; !defined || !set || marked.Subject != mark.Subject || d.refusedHere() {
			continue
		}
		if refused := d.state.unmet(marked, c.Scope); refused != nil {
			d.deny(events.DesignationSet{Subject: mark.Subject, Designation: mark.Designation, Scope: c.Scope}, *refused)
		}
	}
	d.field = ""
}

// pass transfers a role if the request names another holder. The former one is
// left with the role that the model says, unless the request says who shall
// hold that.
func (d *draft) pass(role *rolemodel.Role, on *Scope, wanted map[*rolemodel.Role]RoleHolders) {
	holders := slices.Compact(slices.Sorted(slices.Values(wanted[role].Holders)))
	if len(holders) != 1 {
		code := CodeTooFew
		if len(holders) > 1 {
			code = CodeTooMany
		}
		d.deny(events.OwnershipTransferred{Role: events.RoleID(role.Name), Scope: on.ID}, Refusal{Code: code, Rule: role.Rule, Role: role.ID(), Scope: on.ID, Event: -1,
			Message: roleOn(role, on.ID) + " always has one holder, and it passes from one person to another: name one."})
		return
	}
	former := role.Former
	if _, listed := wanted[former]; listed {
		former = nil
	}
	d.transfer(holders[0], role, on, former)
}

// refusedHere says whether something was refused at the present field.
func (d *draft) refusedHere() bool { return d.refusals.at(d.field) }

// at says whether one of the refusals is of the field.
func (r Refusals) at(field string) bool {
	return slices.ContainsFunc(r, func(refused Refusal) bool { return refused.Field == field })
}
