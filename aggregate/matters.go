package aggregate

import (
	"cmp"
	"slices"
	"time"

	"tenure/events"
	"tenure/rolemodel"
)

// Matters are what is to be done about a person, beside roles and memberships.
// The lists are sorted by id.
type Matters struct {
	Invitations []Invitation
	Reminders   []Reminder
	Holds       []Hold
	// Retention is the decision to keep the person's data for a time; nil
	// where there is none.
	Retention *Retention
	// Case is what the end of a membership opened; nil if none ever ended.
	Case *Case
	// Anonymization is nil unless it was decided.
	Anonymization *Anonymization
}

// Invitation is an invitation that is not answered yet.
type Invitation struct {
	ID    events.InvitationID
	Scope events.ScopeID
	// Role comes with the membership; nil if none does.
	Role *rolemodel.Role
	// MemberKind is that of the membership, empty for the usual one.
	MemberKind events.MemberKindID
	// Route is the scope where it can be answered too; empty if there is none.
	Route     events.ScopeID
	Expires   time.Time
	TokenHash []byte
	Sent      Stamp
}

// Reminder is a reminder that is neither completed nor canceled.
type Reminder struct {
	ID events.ReminderID
	// Due is when it falls due next, or did last if it does not repeat and has
	// fired.
	Due time.Time
	// First is when it fell due first; repetitions are counted from there.
	First time.Time
	// Every is the time between repetitions, empty if it falls due once.
	Every string
	Zone  string
	// Fired counts how often it fell due.
	Fired uint64
	Set   Stamp
}

// Hold is a legal hold in force.
type Hold struct {
	ID     events.HoldID
	Ground Sealed
	Placed Stamp
}

// Retention is a decision to keep a person's data until a time.
type Retention struct {
	Until  time.Time
	Ground Sealed
	Set    Stamp
	// Ended says that the time is over and has been told.
	Ended bool
}

// Case is what is to be decided after the membership of an organization ended.
type Case struct {
	// Opened is the end of the membership.
	Opened Stamp
	// Closed is its outcome: the anonymization, or the return of the person.
	// Its revision is 0 while the case is open.
	Closed Stamp
	// Returned says that the person became a member again.
	Returned bool
}

// Anonymization is a decision to anonymize, and whether it was carried out.
type Anonymization struct {
	Started Stamp
	// Completed has revision 0 until the person's key is destroyed.
	Completed   Stamp
	Epoch       uint64
	Certificate []byte
}

// Anonymizing says whether it was decided to anonymize the person.
func (p *Person) Anonymizing() bool { return p.Matters != nil && p.Matters.Anonymization != nil }

// Anonymized says whether the person's key is destroyed.
func (p *Person) Anonymized() bool {
	return p.Anonymizing() && p.Matters.Anonymization.Completed.Revision > 0
}

// Left says when the person's membership of the organization ended last; its
// revision is 0 if none ever did.
func (p *Person) Left() Stamp {
	if p.Matters == nil || p.Matters.Case == nil {
		return Stamp{}
	}
	return p.Matters.Case.Opened
}

// invitations lists those that are open.
func (p *Person) invitations() []Invitation {
	if p.Matters == nil {
		return nil
	}
	return p.Matters.Invitations
}

// invitedTo lists the open invitations to a scope, by person.
func (s State) invitedTo(scope *Scope) []invitee {
	if s.subjects.Len() == 0 {
		return nil
	}
	var list []invitee
	for itr := s.subjects.Iterator(); !itr.Done(); {
		id, subject, _ := itr.Next()
		if _, invitation, open := s.Invitation(events.InvitationID(id)); open && invitation.Scope == scope.ID {
			list = append(list, invitee{subject, invitation.ID})
		}
	}
	slices.SortFunc(list, func(a, b invitee) int { return cmp.Compare(a.subject, b.subject) })
	return list
}

// invitees lists all open invitations, by id.
func (s State) invitees() []invitee {
	if s.subjects == nil {
		return nil
	}
	var list []invitee
	for itr := s.subjects.Iterator(); !itr.Done(); {
		id, subject, _ := itr.Next()
		if _, invitation, open := s.Invitation(events.InvitationID(id)); open {
			list = append(list, invitee{subject, invitation.ID})
		}
	}
	slices.SortFunc(list, func(a, b invitee) int { return cmp.Compare(a.invitation, b.invitation) })
	return list
}

type invitee struct {
	subject    events.PrincipalID
	invitation events.InvitationID
}

// Invitation finds an open invitation and the person invited.
func (s State) Invitation(id events.InvitationID) (*Person, Invitation, bool) {
	person, known := s.subjectOf(string(id))
	if !known {
		return nil, Invitation{}, false
	}
	i := slices.IndexFunc(person.Matters.Invitations, func(i Invitation) bool { return i.ID == id })
	if i < 0 {
		return nil, Invitation{}, false
	}
	return person, person.Matters.Invitations[i], true
}

// Reminder finds an open reminder and the person whom it is about.
func (s State) Reminder(id events.ReminderID) (*Person, Reminder, bool) {
	person, known := s.subjectOf(string(id))
	if !known {
		return nil, Reminder{}, false
	}
	i := slices.IndexFunc(person.Matters.Reminders, func(r Reminder) bool { return r.ID == id })
	if i < 0 {
		return nil, Reminder{}, false
	}
	return person, person.Matters.Reminders[i], true
}

// Hold finds a hold in force and the person on hold.
func (s State) Hold(id events.HoldID) (*Person, Hold, bool) {
	person, known := s.subjectOf(string(id))
	if !known {
		return nil, Hold{}, false
	}
	i := slices.IndexFunc(person.Matters.Holds, func(h Hold) bool { return h.ID == id })
	if i < 0 {
		return nil, Hold{}, false
	}
	return person, person.Matters.Holds[i], true
}

func (s State) subjectOf(id string) (*Person, bool) {
	if s.subjects == nil {
		return nil, false
	}
	subject, open := s.subjects.Get(id)
	if !open {
		return nil, false
	}
	person, known := s.Person(subject)
	return person, known && person.Matters != nil
}
