package events

import "time"

// ReminderSet asks to be reminded of a person at a point in time.
type ReminderSet struct {
	Due      time.Time   `json:"due" doc:"When it is due for the first time."`
	Every    string      `json:"every,omitempty" doc:"How long after it falls due it does so again until it is completed: P and a number of D, W, M or Y, for instance P2W. Absent if it is due once."`
	Reminder ReminderID  `json:"reminder" doc:"The reminder's id."`
	Subject  PrincipalID `json:"subject" doc:"The person whom it is about."`
	Zone     string      `json:"zone,omitempty" doc:"The IANA time zone whose calendar and clock a repetition goes by; absent for UTC."`
}

// ReminderFired says that a reminder fell due.
type ReminderFired struct {
	Count    uint64      `json:"count" doc:"How often it has fallen due, this time included; from the second time on it is overdue."`
	Due      time.Time   `json:"due" doc:"When it fell due."`
	Next     time.Time   `json:"next,omitempty,omitzero" doc:"When it falls due again, unless it is completed by then; absent if it does not."`
	Reminder ReminderID  `json:"reminder" doc:"The reminder's id."`
	Subject  PrincipalID `json:"subject" doc:"The person whom it is about."`
}

// ReminderCompleted says that what a reminder asked for is done.
type ReminderCompleted struct {
	Cause    Cause       `json:"cause,omitempty" doc:"What it follows from; empty for a decision."`
	Reminder ReminderID  `json:"reminder" doc:"The reminder's id."`
	Subject  PrincipalID `json:"subject" doc:"The person whom it was about."`
}

// ReminderCanceled takes a reminder back.
type ReminderCanceled struct {
	Reminder ReminderID  `json:"reminder" doc:"The reminder's id."`
	Subject  PrincipalID `json:"subject" doc:"The person whom it was about."`
}

// Concern implements [Event].
func (e ReminderSet) Concern() Concern { return Concern{Subject: e.Subject, Item: string(e.Reminder)} }

// Concern implements [Event].
func (e ReminderFired) Concern() Concern {
	return Concern{Subject: e.Subject, Item: string(e.Reminder)}
}

// Concern implements [Event].
func (e ReminderCompleted) Concern() Concern {
	return Concern{Subject: e.Subject, Cause: e.Cause, Item: string(e.Reminder)}
}

// Concern implements [Event].
func (e ReminderCanceled) Concern() Concern {
	return Concern{Subject: e.Subject, Item: string(e.Reminder)}
}
