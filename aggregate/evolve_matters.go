package aggregate

import (
	"cmp"
	"fmt"

	"tenure/events"
)

// evolveMatters folds what is to be done about a person.
func (s State) evolveMatters(event events.Event, commit events.CommitID, at Stamp) (State, error) {
	switch e := event.(type) {
	case events.InvitationSent:
		invitation := Invitation{ID: e.Invitation, Scope: e.Scope, MemberKind: e.MemberKind, Route: e.Route, Expires: e.Expires, TokenHash: e.TokenHash, Sent: at}
		if e.Role != "" {
			role, err := s.role(e.Role, e.Scope)
			if err != nil {
				return s, err
			}
			invitation.Role = role
		}
		s.subjects = s.subjects.Set(string(e.Invitation), e.Subject)
		return s.withMatters(e.Subject, func(m *Matters) {
			m.Invitations = with(m.Invitations, invitation, func(a, b Invitation) int { return cmp.Compare(a.ID, b.ID) })
		})

	case events.InvitationResent:
		return s.withMatters(e.Subject, func(m *Matters) {
			m.Invitations = changed(m.Invitations, func(i *Invitation) {
				if i.ID == e.Invitation {
					i.Expires, i.TokenHash, i.Sent = e.Expires, e.TokenHash, at
				}
			})
		})

	case events.InvitationAccepted:
		return s.withoutInvitation(e.Subject, e.Invitation)
	case events.InvitationDeclined:
		return s.withoutInvitation(e.Subject, e.Invitation)
	case events.InvitationWithdrawn:
		return s.withoutInvitation(e.Subject, e.Invitation)
	case events.InvitationExpired:
		return s.withoutInvitation(e.Subject, e.Invitation)

	case events.ReminderSet:
		s.subjects = s.subjects.Set(string(e.Reminder), e.Subject)
		return s.withMatters(e.Subject, func(m *Matters) {
			m.Reminders = with(m.Reminders, Reminder{ID: e.Reminder, Due: e.Due, First: e.Due, Every: e.Every, Zone: e.Zone, Set: at},
				func(a, b Reminder) int { return cmp.Compare(a.ID, b.ID) })
		})

	case events.ReminderFired:
		return s.withMatters(e.Subject, func(m *Matters) {
			m.Reminders = changed(m.Reminders, func(r *Reminder) {
				if r.ID == e.Reminder {
					r.Fired = e.Count
					if !e.Next.IsZero() {
						r.Due = e.Next
					}
				}
			})
		})

	case events.ReminderCompleted:
		return s.withoutReminder(e.Subject, e.Reminder)
	case events.ReminderCanceled:
		return s.withoutReminder(e.Subject, e.Reminder)

	case events.RetentionSet:
		return s.withMatters(e.Subject, func(m *Matters) {
			m.Retention = &Retention{Until: e.Until, Ground: seal(commit, e.Ground), Set: at}
		})

	case events.RetentionEnded:
		return s.withMatters(e.Subject, func(m *Matters) {
			if m.Retention != nil {
				ended := *m.Retention
				ended.Ended = true
				m.Retention = &ended
			}
		})

	case events.HoldPlaced:
		s.subjects = s.subjects.Set(string(e.Hold), e.Subject)
		return s.withMatters(e.Subject, func(m *Matters) {
			m.Holds = with(m.Holds, Hold{ID: e.Hold, Ground: seal(commit, e.Ground), Placed: at},
				func(a, b Hold) int { return cmp.Compare(a.ID, b.ID) })
		})

	case events.HoldReleased:
		s.subjects = s.subjects.Delete(string(e.Hold))
		return s.withMatters(e.Subject, func(m *Matters) {
			m.Holds = without(m.Holds, func(h Hold) bool { return h.ID == e.Hold })
		})

	case events.AnonymizationStarted:
		s, err := s.withMatters(e.Subject, func(m *Matters) { m.Anonymization, m.Retention = &Anonymization{Started: at}, nil })
		if err != nil {
			return s, err
		}
		// The key goes from here on, and what it opens with it.
		return s.withPerson(e.Subject, func(p *Person) { p.Details, p.Changed = Details{}, at })

	case events.PersonAnonymized:
		return s.withMatters(e.Subject, func(m *Matters) {
			if m.Anonymization != nil {
				done := *m.Anonymization
				done.Completed, done.Epoch, done.Certificate = at, e.Epoch, e.Certificate
				m.Anonymization = &done
			}
			if m.Case != nil && m.Case.Closed.Revision == 0 {
				m.Case = &Case{Opened: m.Case.Opened, Closed: at}
			}
		})
	}
	return s, fmt.Errorf("%T has no place in the state", event)
}

// withMatters replaces what is to be done about a person by a changed copy.
func (s State) withMatters(subject events.PrincipalID, change func(*Matters)) (State, error) {
	return s.withPerson(subject, func(p *Person) { p.matters(change) })
}

// matters changes a copy of what is to be done about a person that is itself a
// copy.
func (p *Person) matters(change func(*Matters)) {
	var m Matters
	if p.Matters != nil {
		m = *p.Matters
	}
	change(&m)
	p.Matters = &m
	if len(m.Invitations)+len(m.Reminders)+len(m.Holds) == 0 && m.Retention == nil && m.Case == nil && m.Anonymization == nil {
		p.Matters = nil
	}
}

func (p *Person) openCase() bool {
	return p.Matters != nil && p.Matters.Case != nil && p.Matters.Case.Closed.Revision == 0
}

func (s State) withoutInvitation(subject events.PrincipalID, id events.InvitationID) (State, error) {
	s.subjects = s.subjects.Delete(string(id))
	return s.withMatters(subject, func(m *Matters) {
		m.Invitations = without(m.Invitations, func(i Invitation) bool { return i.ID == id })
	})
}

func (s State) withoutReminder(subject events.PrincipalID, id events.ReminderID) (State, error) {
	s.subjects = s.subjects.Delete(string(id))
	return s.withMatters(subject, func(m *Matters) {
		m.Reminders = without(m.Reminders, func(r Reminder) bool { return r.ID == id })
	})
}

// changed copies the list and changes its items.
func changed[T any](list []T, change func(*T)) []T {
	list = append([]T(nil), list...)
	for i := range list {
		change(&list[i])
	}
	return list
}
