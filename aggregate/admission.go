package aggregate

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"tenure/events"
	"tenure/rolemodel"
)

// AddMember makes a person known and a member of a scope, with a role or
// without, at once.
type AddMember struct {
	Register RegisterPerson
	Scope    events.ScopeID
	// Kind is the kind of member; empty for the usual one.
	Kind events.MemberKindID
	// Role comes with it; empty for none.
	Role events.RoleID
}

// ImportPeople makes people known, members and holders of roles, all of them or
// none. What holds already stays; nothing ends, but for what a role replaces. All
// that is refused is told, each at its field.
type ImportPeople struct {
	People []Admission
	// Refused is what was refused before, each at its field: the rest is judged
	// all the same.
	Refused Refusals
}

// Admission is what an import says of one person.
type Admission struct {
	Subject events.PrincipalID
	// Register makes the person known; nil for whoever is. Update changes the
	// details of somebody who is known; nil if they stay.
	Register *RegisterPerson
	Update   *UpdatePerson
	Places   []Place
	// Manager is empty where nothing is said of one.
	Manager events.PrincipalID
	// Field is where the source says so first, ManagerField where it names the
	// manager.
	Field, ManagerField string
}

// Place is what a person shall have on a scope.
type Place struct {
	Scope events.ScopeID
	// Member says that the person shall be a member there or, where the scope has
	// none, of what is above it; Kind of which kind, if one is said; Suspended
	// that the membership shall not be active.
	Member    bool
	Kind      events.MemberKindID
	Suspended bool
	// Role is empty for none; Until is when it ends by itself, if that is said.
	Role  events.RoleID
	Until time.Time
	// Field is where the source says so.
	Field string
}

// Name implements [Command].
func (AddMember) Name() string { return "member.add" }

// Name implements [Command].
func (ImportPeople) Name() string { return "people.import" }

func (c AddMember) propose(d *draft) {
	if _, exists := d.scope(c.Scope); !exists {
		return
	}
	c.Register.propose(d)
	place := Place{Scope: c.Scope, Member: true, Kind: c.Kind, Role: c.Role}
	if d.join(c.Register.Subject, place); len(d.refusals) == 0 {
		d.employ(c.Register.Subject, place)
	}
}

func (c ImportPeople) propose(d *draft) {
	d.collecting = true
	d.given = c.Refused
	for _, person := range c.People {
		d.field = person.Field
		if person.Register != nil {
			person.Register.propose(d)
		}
		if person.Update != nil {
			person.Update.propose(d)
		}
	}
	for _, person := range c.People {
		for _, place := range person.Places {
			d.field = place.Field
			d.exists(place)
		}
		d.contradicted(person)
	}
	// Memberships come before the roles that rest on them, whatever the order of
	// the source, and managers when everybody is there.
	d.places(c.People, d.join)
	d.places(c.People, d.employ)
	for _, person := range c.People {
		if _, known := d.state.Person(person.Subject); known && person.Manager != "" {
			d.field = person.ManagerField
			d.assign(person.Subject, person.Manager)
		}
	}
	d.places(c.People, d.pause)
	d.field = ""
	d.addDefaults()
	d.splits(c.People)
}

// exists refuses a place that names a scope, a role or a kind of member that
// there is not, each of them.
func (d *draft) exists(place Place) {
	_, exists := d.scope(place.Scope)
	var role *rolemodel.Role
	if _, known := d.state.Model.Kind(place.Scope.Kind()); known && place.Role != "" {
		role, _ = d.role(place.Role, place.Scope)
	}
	if on, _ := d.state.Scope(d.state.leadsTo(place.Scope, role)); exists && place.Member {
		if refused := ofKind(on, place.Kind); refused != nil {
			refused.Event = -1
			d.refuse(*refused)
		}
	}
}

// contradicted refuses what is said of a person in two places, of which one alone
// can hold: roles of which one replaces the other, and ends of one role.
func (d *draft) contradicted(person Admission) {
	for i, place := range person.Places {
		d.field = place.Field
		role, defined := d.state.Role(place.Scope.Kind(), string(place.Role))
		for _, earlier := range person.Places[:i] {
			other, known := d.state.Role(earlier.Scope.Kind(), string(earlier.Role))
			if earlier.Scope != place.Scope || !defined || !known {
				continue
			}
			says := ""
			switch {
			case slices.Contains(role.Replaces, other), slices.Contains(other.Replaces, role):
				says = fmt.Sprintf("%s cannot be both %s and %s on %s: the other one is said on %s.", person.Subject, role.Name, other.Name, place.Scope, earlier.Field)
			case role == other && !place.Until.IsZero() && !earlier.Until.IsZero() && !place.Until.Equal(earlier.Until):
				says = fmt.Sprintf("%s ends once, and %s says another time.", roleOn(role, place.Scope), earlier.Field)
			}
			if says != "" {
				d.refuse(Refusal{Code: CodeInvalid, Rule: role.Rule, Role: role.ID(), Scope: place.Scope, Subject: person.Subject, Event: -1, Message: says})
				break
			}
		}
	}
}

// places does something for every place of everybody who is known.
func (d *draft) places(people []Admission, do func(events.PrincipalID, Place)) {
	for _, person := range people {
		if _, known := d.state.Person(person.Subject); !known {
			continue // which was refused where it is to become so
		}
		for _, place := range person.Places {
			if d.field = place.Field; !d.refusedHere() {
				do(person.Subject, place)
			}
		}
	}
}

// join starts the memberships that a place takes: of the scope itself, or of the
// one that stands in for it, and the one that the role rests on.
func (d *draft) join(subject events.PrincipalID, place Place) {
	if _, exists := d.scope(place.Scope); !exists || !place.Member {
		return
	}
	var role *rolemodel.Role
	if place.Role != "" {
		var defined bool
		if role, defined = d.role(place.Role, place.Scope); !defined {
			return
		}
	}
	on := d.state.leadsTo(place.Scope, role)
	if d.state.otherKind(subject, on, place.Kind) {
		d.deny(events.MembershipStarted{Subject: subject, Scope: on, MemberKind: place.Kind}, Refusal{Code: CodeExists, Scope: on, Subject: subject, Event: -1,
			Message: fmt.Sprintf("%s is a member of %s already, of another kind than %.40q; change that first.", subject, on, place.Kind),
			Help:    fmt.Sprintf("tenure member change %s --as %.40s%s --org %s", subject, place.Kind, d.state.onArg(on), d.state.Org)})
		return
	}
	d.seatAs(subject, on, place.Kind)
	if role == nil || role.Membership == "" {
		return
	}
	rests, needed := d.state.membershipScope(role, place.Scope)
	if scope, _ := d.state.Scope(rests); needed {
		kind := place.Kind
		if _, declared := scope.Kind.MemberKind(string(kind)); !declared {
			kind = ""
		}
		d.seatAs(subject, rests, kind)
	}
}

// seatAs makes a person a member of a kind who is none yet.
func (d *draft) seatAs(subject events.PrincipalID, on events.ScopeID, kind events.MemberKindID) {
	if person, known := d.state.Person(subject); known && !person.member(on) {
		d.start(subject, on, kind, "")
	}
}

// otherKind says whether the person is a member of the scope of another kind
// than the one that is said.
func (s *State) otherKind(subject events.PrincipalID, on events.ScopeID, kind events.MemberKindID) bool {
	person, known := s.Person(subject)
	return known && kind != "" && person.member(on) && s.memberKind(person, on) != string(kind)
}

// employ grants the role of a place that is not held. One that comes with the
// membership comes by itself, but not to whoever holds one that replaces it.
func (d *draft) employ(subject events.PrincipalID, place Place) {
	person, known := d.state.Person(subject)
	if place.Role == "" || !known {
		return
	}
	role, defined := d.role(place.Role, place.Scope)
	if !defined || role.Default && person.member(place.Scope) && !heldInstead(person, role, place.Scope) {
		return
	}
	if _, holds := person.Grant(role, place.Scope); !holds || !place.Until.IsZero() {
		d.grantUntil(subject, role, place.Scope, events.Time(place.Until))
	}
}

// pause suspends the membership of a place that shall not be active.
func (d *draft) pause(subject events.PrincipalID, place Place) {
	person, known := d.state.Person(subject)
	if !place.Suspended || !known {
		return
	}
	if m, running := person.Membership(place.Scope); running && m.Active {
		d.emit(events.MembershipSuspended{Subject: subject, Scope: place.Scope})
	}
}

// splits refuses more than a commit holds, and says before whom the source can be
// split.
func (d *draft) splits(people []Admission) {
	if len(d.commit.Events) <= MaxEvents {
		return
	}
	of := map[events.PrincipalID]int{}
	for _, e := range d.commit.Events {
		of[e.Concern().Subject]++
	}
	total := 0
	at := slices.IndexFunc(people, func(person Admission) bool {
		total += of[person.Subject]
		return total > MaxEvents
	})
	where := ""
	if at > 0 {
		where = fmt.Sprintf(" All before %s fits: split it there, and import the parts one after the other.", cmp.Or(people[at].Field, "number "+fmt.Sprint(at+1)))
		d.field = people[at].Field
	}
	d.refuse(Refusal{Code: CodeTooLarge, Event: -1,
		Message: fmt.Sprintf("This makes %d events, and a commit holds at most %d.%s", len(d.commit.Events), MaxEvents, where)})
	d.field = ""
	d.collecting = false // of what cannot be done at once, nothing else is told
}

// Seat is the scope of which whoever is to have a role on a scope becomes a
// member: itself or, where it has none, the one that stands in for it.
func (s State) Seat(on events.ScopeID, role *rolemodel.Role) events.ScopeID {
	return s.leadsTo(on, role)
}
