package api

import (
	"context"

	"tenure/events"
	"tenure/service"
)

type reminderBody struct {
	service.ReminderRequest
	Annotations
}

type holdBody struct {
	service.HoldRequest
	Annotations
}

type retentionBody struct {
	service.RetentionRequest
	Annotations
}

type anonymizationBody struct {
	service.AnonymizationRequest
	Annotations
}

type casesQuery struct {
	InOrg
	ReadingQuery
	All bool `query:"all" doc:"List closed cases as well."`
}

func (s *server) compliance() {
	const tag = "Compliance"
	order(s, "set-reminder", "/reminders", "Ask to be reminded of a person whose membership has ended", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body reminderBody) (service.ReminderReceipt, service.Receipt, error) {
			set, err := s.service.SetReminder(ctx, caller, org, e, body.ReminderRequest)
			return set, set.Receipt, err
		})
	datedQuestion(s, "list-reminders", "/organizations/{org}/reminders", "List the open reminders", tag,
		func(ctx context.Context, in *readInput, reading service.Reading) ([]service.ReminderView, error) {
			return s.service.Reminders(ctx, callerOf(ctx), in.Org, reading)
		})
	item(s, "complete-reminder", "/reminders/{id}/complete", "Say that what a reminder asked for is done", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, r service.ItemRequest) (service.Receipt, service.Receipt, error) {
			return plainly(s.service.CompleteReminder(ctx, caller, org, e, r))
		})
	item(s, "cancel-reminder", "/reminders/{id}/cancel", "Take a reminder back", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, r service.ItemRequest) (service.Receipt, service.Receipt, error) {
			return plainly(s.service.CancelReminder(ctx, caller, org, e, r))
		})
	order(s, "place-hold", "/holds", "Keep a person from being anonymized", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body holdBody) (service.HoldReceipt, service.Receipt, error) {
			placed, err := s.service.PlaceHold(ctx, caller, org, e, body.HoldRequest)
			return placed, placed.Receipt, err
		})
	datedQuestion(s, "list-holds", "/organizations/{org}/holds", "List the legal holds in force", tag,
		func(ctx context.Context, in *readInput, reading service.Reading) ([]service.HoldView, error) {
			return s.service.Holds(ctx, callerOf(ctx), in.Org, reading)
		})
	item(s, "release-hold", "/holds/{id}/release", "End a legal hold", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, r service.ItemRequest) (service.Receipt, service.Receipt, error) {
			return plainly(s.service.ReleaseHold(ctx, caller, org, e, r))
		})
	order(s, "set-retention", "/retentions", "Decide to keep a person's data until a time", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body retentionBody) (service.Receipt, service.Receipt, error) {
			return plainly(s.service.SetRetention(ctx, caller, org, e, body.RetentionRequest))
		})
	order(s, "anonymize", "/anonymizations", "Make a person unknowable, for good", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body anonymizationBody) (service.AnonymizationReceipt, service.Receipt, error) {
			done, err := s.service.Anonymize(ctx, caller, org, e, body.AnonymizationRequest)
			return done, done.Receipt, err
		})
	datedQuestion(s, "list-links", "/organizations/{org}/people/{person}/links", "List everything in the ledger that names a person", tag,
		func(ctx context.Context, in *personQuery, reading service.Reading) ([]service.Link, error) {
			return s.service.Links(ctx, callerOf(ctx), in.Org, reading, in.Person)
		})
	datedQuestion(s, "list-cases", "/organizations/{org}/cases", "List what is to be decided about people whose membership has ended", tag,
		func(ctx context.Context, in *casesQuery, reading service.Reading) ([]service.CaseView, error) {
			return s.service.Cases(ctx, callerOf(ctx), in.Org, reading, in.All)
		})
	datedQuestion(s, "show-case", "/organizations/{org}/cases/{person}", "Show one case, with what was decided", tag,
		func(ctx context.Context, in *personQuery, reading service.Reading) (service.CaseView, error) {
			return s.service.Case(ctx, callerOf(ctx), in.Org, reading, in.Person)
		})
}
