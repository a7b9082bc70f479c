package aggregate

import (
	"time"

	"tenure/events"
)

// SetReminder asks to be reminded of a person whose membership has ended (F07).
type SetReminder struct {
	Reminder events.ReminderID
	Subject  events.PrincipalID
	Due      time.Time
	// Every is the time between repetitions, empty for none; Zone is the IANA
	// time zone that they go by, empty for UTC.
	Every, Zone string
}

// CompleteReminder says that what a reminder asked for is done.
type CompleteReminder struct{ Reminder events.ReminderID }

// CancelReminder takes a reminder back.
type CancelReminder struct{ Reminder events.ReminderID }

// Name implements [Command].
func (SetReminder) Name() string { return "reminder.set" }

// Name implements [Command].
func (CompleteReminder) Name() string { return "reminder.complete" }

// Name implements [Command].
func (CancelReminder) Name() string { return "reminder.cancel" }

func (c SetReminder) propose(d *draft) {
	if _, known := d.person(c.Subject); known {
		d.emit(events.ReminderSet{Subject: c.Subject, Reminder: c.Reminder, Due: events.Time(c.Due), Every: c.Every, Zone: c.Zone})
	}
}

func (c CompleteReminder) propose(d *draft) {
	if person, open := d.reminder(c.Reminder); open {
		d.emit(events.ReminderCompleted{Subject: person.ID, Reminder: c.Reminder})
	}
}

func (c CancelReminder) propose(d *draft) {
	if person, open := d.reminder(c.Reminder); open {
		d.emit(events.ReminderCanceled{Subject: person.ID, Reminder: c.Reminder})
	}
}

// reminder finds whom an open reminder is about, or refuses.
func (d *draft) reminder(id events.ReminderID) (*Person, bool) {
	person, _, open := d.state.Reminder(id)
	if !open {
		d.refuse(unknown("open reminder", string(id), "tenure remind list --org "+string(d.commit.Org)))
	}
	return person, open
}
