package aggregate

import (
	"time"

	"tenure/events"
)

// FireDeadlines does for one person what is due: roles and invitations that end,
// reminders, the end of a retention, and what is to be announced beforehand. It
// is the background user's, and changes nothing before the time.
type FireDeadlines struct{ Subject events.PrincipalID }

// Name implements [Command].
func (FireDeadlines) Name() string { return "deadline.fire" }

func (c FireDeadlines) propose(d *draft) {
	person, known := d.person(c.Subject)
	if !known {
		return
	}
	at := d.commit.DecidedAt
	for _, g := range person.Grants {
		switch {
		case due(g.Until, at):
			d.revoke(person.ID, g.Role, g.Scope, events.CauseExpiry)
		case due(g.announcement(), at):
			d.emit(events.ExpiryAnnounced{Subject: person.ID, Role: events.RoleID(g.Role.Name), Scope: g.Scope, Until: g.Until})
		}
	}
	if person.Matters == nil {
		return
	}
	for _, i := range person.Matters.Invitations {
		if due(i.Expires, at) {
			d.emit(events.InvitationExpired{Subject: person.ID, Invitation: i.ID})
		}
	}
	for _, r := range person.Matters.Reminders {
		if !person.returned() && due(r.deadline(), at) {
			d.emit(events.ReminderFired{Subject: person.ID, Reminder: r.ID, Due: r.Due, Count: r.Fired + 1, Next: r.next(at)})
		}
	}
	if r := person.Matters.Retention; r != nil && due(r.deadline(), at) {
		d.emit(events.RetentionEnded{Subject: person.ID, Until: r.Until})
	}
}

// due says whether a deadline, if there is one, has come.
func due(deadline, at time.Time) bool { return !deadline.IsZero() && !deadline.After(at) }

// Deadline is when [FireDeadlines] has something to do for the person next; zero
// if never.
func (p *Person) Deadline() time.Time {
	var first time.Time
	consider := func(at time.Time) {
		if !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	for i := range p.Grants {
		consider(p.Grants[i].announcement())
		consider(p.Grants[i].Until)
	}
	if p.Matters == nil {
		return first
	}
	for i := range p.Matters.Invitations {
		consider(p.Matters.Invitations[i].Expires)
	}
	for i := range p.Matters.Reminders {
		if p.returned() {
			break
		}
		consider(p.Matters.Reminders[i].deadline())
	}
	if r := p.Matters.Retention; r != nil {
		consider(r.deadline())
	}
	return first
}

// returned says whether the person became a member again: what reminds of people
// who have left is silent as long as that lasts.
func (p *Person) returned() bool {
	return p.Matters != nil && p.Matters.Case != nil && p.Matters.Case.Returned
}

// announcement is when the end of the role is to be told beforehand: zero if it
// was told, or if the role was given for so short that it need not be.
func (g *Grant) announcement() time.Time {
	if g.Until.IsZero() || g.Announced {
		return time.Time{}
	}
	at := g.Until.Add(-expiryNotice)
	if !at.After(g.Since.At) {
		return time.Time{}
	}
	return at
}

// deadline is when the reminder falls due next, zero if it does not again.
func (r *Reminder) deadline() time.Time {
	if r.Fired > 0 && r.Every == "" {
		return time.Time{}
	}
	return r.Due
}

// deadline is when the retention ends, zero if that was told.
func (r *Retention) deadline() time.Time {
	if r.Ended {
		return time.Time{}
	}
	return r.Until
}
