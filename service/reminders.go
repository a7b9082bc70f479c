package service

import (
	"context"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
)

// ReminderRequest asks to be reminded of a person.
type ReminderRequest struct {
	Person string `json:"person" doc:"Whom it is about: login, address or id. The membership must have ended (F07)."`
	At     string `json:"at" doc:"When it is due: an RFC 3339 time, a local time of the zone like 2026-01-31T09:30, a date, meaning its end, or P30D from now."`
	Every  string `json:"every,omitempty" doc:"How long after it falls due it does so again until it is completed: P and a number of D, W, M or Y, for instance P2W."`
	Zone   string `json:"zone,omitempty" doc:"The IANA time zone whose calendar and clock it goes by, for instance Europe/Vienna; UTC if absent."`
}

// ReminderReceipt is a receipt with the reminder's id.
type ReminderReceipt struct {
	Receipt
	ID events.ReminderID `json:"id,omitempty" doc:"The reminder's id."`
}

// SetReminder asks to be reminded of a person whose membership has ended.
func (s *Service) SetReminder(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request ReminderRequest) (ReminderReceipt, error) {
	var set ReminderReceipt
	prepare := func(p *plan) (aggregate.Command, error) {
		subject, err := p.person(request.Person)
		if err != nil {
			return nil, err
		}
		due, err := s.timeToCome("at", request.At, request.Zone)
		if err == nil && due.IsZero() {
			err = refuse(aggregate.CodeInvalid, "at", "Say when the reminder is due.")
		}
		return aggregate.SetReminder{
			Reminder: events.ReminderID(s.newID()), Subject: subject, Due: due, Every: request.Every, Zone: request.Zone,
		}, err
	}
	var err error
	set.Receipt, err = s.execute(ctx, caller, org, envelope, task{
		kind: "reminder.set", request: request, prepare: prepare,
		outcome: noting(func(e events.ReminderSet) { set.ID = e.Reminder }),
	})
	return set, err
}

// CompleteReminder says that what a reminder asked for is done.
func (s *Service) CompleteReminder(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request ItemRequest) (Receipt, error) {
	return s.endReminder(ctx, caller, org, envelope, "reminder.complete", request, aggregate.CompleteReminder{Reminder: events.ReminderID(request.ID)})
}

// CancelReminder takes a reminder back.
func (s *Service) CancelReminder(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request ItemRequest) (Receipt, error) {
	return s.endReminder(ctx, caller, org, envelope, "reminder.cancel", request, aggregate.CancelReminder{Reminder: events.ReminderID(request.ID)})
}

func (s *Service) endReminder(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, kind string, request ItemRequest, command aggregate.Command) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: kind, request: request, prepare: func(p *plan) (aggregate.Command, error) {
		if person, _, open := p.state.Reminder(events.ReminderID(request.ID)); open {
			p.about = person.ID
		}
		return command, nil
	}})
}

// ReminderView is a reminder that is neither completed nor canceled.
type ReminderView struct {
	ID       events.ReminderID  `json:"id" doc:"The reminder's id."`
	Person   events.PrincipalID `json:"person" doc:"Whom it is about."`
	Login    string             `json:"login" doc:"The same as a login, else address, else id."`
	Due      time.Time          `json:"due" doc:"When it falls due next; if it has for the last time, when it did."`
	Every    string             `json:"every,omitempty" doc:"How long after that it falls due again."`
	Zone     string             `json:"zone,omitempty" doc:"The time zone whose calendar it goes by."`
	Fired    uint64             `json:"fired" doc:"How often it has fallen due."`
	State    string             `json:"state" enum:"waiting,due,overdue" doc:"Whether it is still to come, has fallen due, or has done so more than once."`
	Since    time.Time          `json:"since" doc:"When it was set."`
	Revision events.Revision    `json:"revision" doc:"The commit that set it."`
	By       string             `json:"by" doc:"Who set it."`
}

// Reminders lists the open reminders, those first that are due first.
func (s *Service) Reminders(ctx context.Context, caller Caller, org events.OrgID, reading Reading) ([]ReminderView, error) {
	seen, err := s.read(ctx, caller, org, reading, rolemodel.CaseRead, "")
	if err != nil {
		return nil, err
	}
	list := []ReminderView{}
	for _, person := range seen.state.Persons() {
		list = append(list, seen.reminders(person)...)
	}
	sortBy(list, func(r ReminderView) string { return r.Due.Format(time.RFC3339) + string(r.ID) })
	return list, nil
}

func (v *view) reminders(person *aggregate.Person) []ReminderView {
	list := []ReminderView{}
	if person.Matters == nil {
		return list
	}
	for _, r := range person.Matters.Reminders {
		state := "waiting"
		switch {
		case r.Fired > 1:
			state = "overdue"
		case r.Fired == 1:
			state = "due"
		}
		list = append(list, ReminderView{
			ID: r.ID, Person: person.ID, Login: v.login(person.ID), Due: r.Due, Every: r.Every, Zone: r.Zone, Fired: r.Fired,
			State: state, Since: r.Set.At, Revision: r.Set.Revision, By: v.login(r.Set.Actor),
		})
	}
	return list
}
