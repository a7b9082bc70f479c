package aggregate

import (
	"fmt"
	"slices"

	"tenure/events"
	"tenure/rolemodel"
)

// SetDesignation marks a holder of a role, and nobody else any more.
type SetDesignation struct {
	Subject     events.PrincipalID
	Designation events.DesignationID
	Scope       events.ScopeID
}

// ClearDesignation takes a mark away, from whoever has it.
type ClearDesignation struct {
	Designation events.DesignationID
	Scope       events.ScopeID
}

// Name implements [Command].
func (SetDesignation) Name() string { return "designation.set" }

// Name implements [Command].
func (ClearDesignation) Name() string { return "designation.clear" }

func (c SetDesignation) propose(d *draft) {
	_, known := d.person(c.Subject)
	scope, exists := d.scope(c.Scope)
	if !known || !exists {
		return
	}
	if designation, defined := d.designation(c.Designation, c.Scope); defined {
		if marked, set := scope.Designated(designation); set && marked.Subject == c.Subject {
			d.already(events.DesignationSet{Subject: c.Subject, Designation: c.Designation, Scope: c.Scope})
		}
		d.designate(c.Subject, designation, scope)
	}
}

func (c ClearDesignation) propose(d *draft) {
	scope, exists := d.scope(c.Scope)
	if !exists {
		return
	}
	if designation, defined := d.designation(c.Designation, c.Scope); defined {
		if _, set := scope.Designated(designation); !set {
			d.already(events.DesignationCleared{Designation: c.Designation, Scope: c.Scope})
		}
		d.undesignate(designation, scope, "")
	}
}

// designate marks a person, and takes the mark from another one.
func (d *draft) designate(subject events.PrincipalID, designation *rolemodel.Designation, on *Scope) {
	if marked, set := on.Designated(designation); set && marked.Subject == subject {
		return
	}
	d.undesignate(designation, on, events.CauseReplaced)
	d.emit(events.DesignationSet{Subject: subject, Designation: events.DesignationID(designation.Name), Scope: on.ID})
}

func (d *draft) undesignate(designation *rolemodel.Designation, on *Scope, cause events.Cause) {
	if marked, set := on.Designated(designation); set {
		d.emit(events.DesignationCleared{Subject: marked.Subject, Designation: events.DesignationID(designation.Name), Scope: on.ID, Cause: cause})
	}
}

// designation finds a designation on a scope or refuses, naming those that
// there are.
func (d *draft) designation(id events.DesignationID, on events.ScopeID) (*rolemodel.Designation, bool) {
	designation, known := d.state.Model.Designation(on.Kind(), string(id))
	if !known {
		var have []string
		for _, other := range d.state.Model.Designations {
			if other.Kind == on.Kind() {
				have = append(have, other.Name)
			}
		}
		d.refuse(Refusal{
			Code: CodeUnknown, Scope: on, Event: -1,
			Message: "There is no designation " + short(id) + " on " + string(on) + "; there is " + anyOf(have) + ".",
			Help:    "tenure models show " + d.state.Model.ID,
		})
	}
	return designation, known
}

// lapsesBy says whether a mark lapses for the cause that the event gives, after
// those that come before it in the commit.
func (s State) lapsesBy(e events.DesignationLapsed, earlier []events.Event) bool {
	designation, err := s.designation(e.Designation, e.Scope)
	if err != nil {
		return false
	}
	cause, _ := s.lapses(Designated{Designation: designation, Subject: e.Subject}, e.Scope, earlier)
	return cause == e.Cause
}

// lapses says why a mark cannot stand after the events of the commit, as a cause
// and in words; the cause is empty if it can. Where the role that it needs has
// ended with a membership, so does the mark (X02).
func (s State) lapses(marked Designated, on events.ScopeID, earlier []events.Event) (events.Cause, string) {
	designation := marked.Designation
	scope, exists := s.Scope(on)
	if !exists {
		return "", ""
	}
	person, known := s.Person(marked.Subject)
	if !known || !slices.ContainsFunc(designation.Among, func(role *rolemodel.Role) bool {
		_, held := person.Grant(role, on)
		return held
	}) {
		var among []string
		for _, role := range designation.Among {
			among = append(among, role.Name)
		}
		cause := events.CauseUnheld
		if slices.ContainsFunc(earlier, func(e events.Event) bool {
			revoked, is := e.(events.RoleRevoked)
			return is && revoked.Cause == events.CauseTermination && revoked.Subject == marked.Subject && revoked.Scope == on &&
				slices.Contains(among, string(revoked.Role))
		}) {
			cause = events.CauseTermination
		}
		return cause, fmt.Sprintf("only %s can be, and %s is none", anyOf(among), marked.Subject)
	}
	if lacking := s.lacksQuorum(designation, scope); lacking != "" {
		return events.CauseQuorum, lacking
	}
	return "", ""
}

// lacksQuorum says in words which of the designation's quorums is missing on the
// scope; empty if none.
func (s State) lacksQuorum(designation *rolemodel.Designation, on *Scope) string {
	for _, quorum := range designation.While {
		if s.countActive(on.holderSet(quorum.Role), quorum.Role, on.ID, quorum.AtLeast, false) < quorum.AtLeast {
			return fmt.Sprintf("that takes at least %d active %s", quorum.AtLeast, roleOn(quorum.Role, on.ID))
		}
	}
	return ""
}

// unmet refuses a mark that cannot stand.
func (s State) unmet(marked Designated, on events.ScopeID) *Refusal {
	cause, lacking := s.lapses(marked, on, nil)
	if cause == "" {
		return nil
	}
	return &Refusal{Code: CodeLapses, Rule: marked.Designation.Rule, Scope: on, Subject: marked.Subject, Event: -1,
		Message: fmt.Sprintf("%s cannot be %s on %s: %s.", marked.Subject, marked.Designation.Name, on, lacking)}
}

// Settable says whether the designation could be set on the scope now: whether
// all its quorums are there.
func (s State) Settable(designation *rolemodel.Designation, on events.ScopeID) bool {
	scope, exists := s.Scope(on)
	return exists && s.lacksQuorum(designation, scope) == ""
}
