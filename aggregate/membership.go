package aggregate

import "tenure/events"

// StartMembership makes a person a member of a scope.
type StartMembership struct {
	Subject events.PrincipalID
	Scope   events.ScopeID
}

// SuspendMembership makes a member inactive, with all roles kept.
type SuspendMembership StartMembership

// ResumeMembership makes a suspended member active again.
type ResumeMembership StartMembership

// TerminateMembership ends a membership and what was held through it (X02).
type TerminateMembership StartMembership

// Name implements [Command].
func (StartMembership) Name() string { return "membership.start" }

// Name implements [Command].
func (SuspendMembership) Name() string { return "membership.suspend" }

// Name implements [Command].
func (ResumeMembership) Name() string { return "membership.resume" }

// Name implements [Command].
func (TerminateMembership) Name() string { return "membership.terminate" }

func (c StartMembership) propose(d *draft) {
	person, known := d.person(c.Subject)
	if _, exists := d.scope(c.Scope); !known || !exists {
		return
	}
	if _, running := person.Membership(c.Scope); !running {
		d.start(c.Subject, c.Scope, "")
	}
}

func (c SuspendMembership) propose(d *draft) {
	if m, running := d.running(c.Subject, c.Scope); running && m.Active {
		d.emit(events.MembershipSuspended{Subject: c.Subject, Scope: c.Scope})
	}
}

func (c ResumeMembership) propose(d *draft) {
	if m, running := d.running(c.Subject, c.Scope); running && !m.Active {
		d.emit(events.MembershipResumed{Subject: c.Subject, Scope: c.Scope})
	}
}

func (c TerminateMembership) propose(d *draft) {
	if _, running := d.running(c.Subject, c.Scope); running {
		d.terminate(c.Subject, c.Scope, "")
	}
}

// running finds a running membership or refuses.
func (d *draft) running(subject events.PrincipalID, scope events.ScopeID) (Membership, bool) {
	person, known := d.person(subject)
	if _, exists := d.scope(scope); !known || !exists {
		return Membership{}, false
	}
	m, running := person.Membership(scope)
	if !running {
		d.refuse(Refusal{
			Code: CodeNotMember, Scope: scope, Subject: subject, Event: -1,
			Message: string(subject) + " is not a member of " + string(scope) + ".",
			Help:    "tenure member start " + string(subject) + d.state.onArg(scope) + " --org " + string(d.commit.Org),
		})
	}
	return m, running
}
