package aggregate

import (
	"fmt"
	"slices"

	"tenure/events"
	"tenure/rolemodel"
)

// StartMembership makes a person a member of a scope.
type StartMembership struct {
	Subject events.PrincipalID
	Scope   events.ScopeID
	// Kind is the kind of member; empty for the usual one.
	Kind events.MemberKindID
}

// SuspendMembership makes a member inactive, with all roles kept.
type SuspendMembership struct {
	Subject events.PrincipalID
	Scope   events.ScopeID
}

// ResumeMembership makes a suspended member active again.
type ResumeMembership SuspendMembership

// TerminateMembership ends a membership and what was held through it (X02).
type TerminateMembership SuspendMembership

// ChangeMemberKind makes a member one of another kind, with all roles kept.
type ChangeMemberKind struct {
	Subject events.PrincipalID
	Scope   events.ScopeID
	// Kind is the kind of member from now on; empty for the usual one.
	Kind events.MemberKindID
}

// Name implements [Command].
func (ChangeMemberKind) Name() string { return "membership.change" }

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
	scope, exists := d.scope(c.Scope)
	if !known || !exists {
		return
	}
	m, running := person.Membership(c.Scope)
	if !running {
		d.start(c.Subject, c.Scope, c.Kind, "")
		return
	}
	started := events.MembershipStarted{Subject: c.Subject, Scope: c.Scope, MemberKind: c.Kind}
	if refused := ofKind(scope, c.Kind); refused != nil {
		refused.Event = -1
		d.deny(started, *refused)
	} else if is := d.state.memberKind(person, c.Scope); c.Kind == "" || is == string(c.Kind) {
		d.already(started)
	} else {
		d.deny(started, Refusal{
			Code: CodeExists, Field: "member_kind", Scope: c.Scope, Subject: c.Subject, Event: -1,
			Message: fmt.Sprintf("%s is a member of %s already, as %s; that can be changed.", c.Subject, m.Scope, is),
			Help:    "tenure member change " + string(c.Subject) + " --as " + string(c.Kind) + d.state.onArg(c.Scope) + " --org " + string(d.commit.Org),
		})
	}
}

func (c ChangeMemberKind) propose(d *draft) {
	changed := events.MembershipKindChanged{Subject: c.Subject, Scope: c.Scope, MemberKind: c.Kind}
	if _, running := d.running(c.Subject, c.Scope, changed); !running {
		return
	}
	scope, _ := d.state.Scope(c.Scope)
	person, _ := d.state.Person(c.Subject)
	kind, known := scope.Kind.MemberKind(string(c.Kind))
	if known && kind.ID == d.state.memberKind(person, c.Scope) || !known && c.Kind == "" {
		d.already(changed)
		return
	}
	d.emit(changed)
}

func (c SuspendMembership) propose(d *draft) {
	suspended := events.MembershipSuspended{Subject: c.Subject, Scope: c.Scope}
	switch m, running := d.running(c.Subject, c.Scope, suspended); {
	case running && !m.Active:
		d.already(suspended)
	case running:
		d.emit(suspended)
	}
}

func (c ResumeMembership) propose(d *draft) {
	resumed := events.MembershipResumed{Subject: c.Subject, Scope: c.Scope}
	switch m, running := d.running(c.Subject, c.Scope, resumed); {
	case running && m.Active:
		d.already(resumed)
	case running:
		d.emit(resumed)
	}
}

func (c TerminateMembership) propose(d *draft) {
	if _, running := d.running(c.Subject, c.Scope, events.MembershipTerminated{Subject: c.Subject, Scope: c.Scope}); running {
		d.terminate(c.Subject, c.Scope, "")
	}
}

// MemberKind is the kind of member that the person is of the scope; empty for none,
// or where all members are alike.
func (s State) MemberKind(person *Person, on events.ScopeID) string { return s.memberKind(person, on) }

// memberTitles is what people call kinds of member, of whom one is meant.
func (s *State) memberTitles(ids []string, on *rolemodel.Kind) string {
	var titles []string
	for _, id := range ids {
		titles = append(titles, s.memberTitle(id, on))
	}
	return anyOf(titles)
}

// memberTitle is what people call a kind of member: of a scope of the kind or, if
// that has none of the id, of another one.
func (s *State) memberTitle(id string, on *rolemodel.Kind) string {
	for _, kind := range slices.Concat([]*rolemodel.Kind{on}, s.Model.Kinds) {
		if member, known := kind.MemberKind(id); known {
			return member.Title
		}
	}
	return id
}

// running finds a running membership or refuses what is to become of it.
func (d *draft) running(subject events.PrincipalID, scope events.ScopeID, becomes events.Event) (Membership, bool) {
	person, known := d.person(subject)
	on, exists := d.scope(scope)
	if !known || !exists {
		return Membership{}, false
	}
	m, running := person.Membership(scope)
	if !running {
		refused := Refusal{
			Code: CodeNotMember, Scope: scope, Subject: subject, Event: -1,
			Message: string(subject) + " is not a member of " + string(scope) + ".",
			Help:    "tenure member start " + string(subject) + d.state.onArg(scope) + " --org " + string(d.commit.Org),
		}
		if person.Client {
			refused = *ofClient(person, becomes)
			refused.Event = -1
		}
		if on.Kind.Membership {
			d.deny(becomes, refused)
		} else { // where nobody can be one
			d.refuse(refused)
		}
	}
	return m, running
}

// Verb is what becomes of memberships that are changed in bulk.
type Verb string

// The verbs.
const (
	Suspend   Verb = "suspend"
	Resume    Verb = "resume"
	Terminate Verb = "terminate"
)

// Verbs lists the verbs.
var Verbs = []Verb{Suspend, Resume, Terminate}

// ChangeMemberships does the same to several memberships of one scope, to all or
// to none (C22). All that is refused is told, each at its field.
type ChangeMemberships struct {
	Verb   Verb
	Scope  events.ScopeID
	People []Listed
	// Refused is what was refused before, each at its field: the rest is judged
	// all the same.
	Refused Refusals
}

// Listed is a person in a list of the request.
type Listed struct {
	Subject events.PrincipalID
	// Field is where the request says so.
	Field string
}

// Name implements [Command].
func (c ChangeMemberships) Name() string { return "memberships." + string(c.Verb) }

func (c ChangeMemberships) propose(d *draft) {
	if _, exists := d.scope(c.Scope); !exists {
		return
	}
	d.collecting = true
	d.refusals = append(d.refusals, c.Refused...)
	seen := map[events.PrincipalID]bool{}
	for _, listed := range c.People {
		d.field = listed.Field
		if seen[listed.Subject] {
			d.listedTwice(true, string(listed.Subject))
			continue
		}
		seen[listed.Subject] = true
		of := SuspendMembership{Subject: listed.Subject, Scope: c.Scope}
		switch c.Verb {
		case Suspend:
			of.propose(d)
		case Resume:
			ResumeMembership(of).propose(d)
		case Terminate:
			TerminateMembership(of).propose(d)
		default:
			d.refuse(*refuseInvalid("%.40q cannot be done to memberships; use %s.", c.Verb, anyOf([]string{string(Suspend), string(Resume), string(Terminate)})))
			return
		}
	}
	d.field = ""
}
