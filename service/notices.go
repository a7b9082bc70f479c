package service

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/notifier"
	"tenure/rolemodel"
)

// NoticeView is a message to one person about one event, and what became of it.
type NoticeView struct {
	ID        string             `json:"id" doc:"The notice's id."`
	Kind      rolemodel.Message  `json:"kind" doc:"The kind of message, for instance membership.terminated."`
	Title     string             `json:"title" doc:"What it tells, in words."`
	State     string             `json:"state" enum:"pending,sent,parked,dropped" doc:"Whether it is to be sent, was sent, could not be delivered, or was dropped because there is nobody to send it to any more."`
	Recipient events.PrincipalID `json:"recipient" doc:"Who gets it."`
	Login     string             `json:"login" doc:"The same as a login, else address, else id."`
	Person    events.PrincipalID `json:"person,omitempty" doc:"The person concerned."`
	Concerns  string             `json:"concerns,omitempty" doc:"The same as a login, else address, else id."`
	Audience  string             `json:"audience,omitempty" doc:"The audience that the recipient belongs to."`
	Rule      string             `json:"rule,omitempty" doc:"The rule that chose the recipient."`
	Why       string             `json:"why" doc:"Why the recipient gets it, in words."`
	Revision  events.Revision    `json:"revision" doc:"The commit that it is about."`
	Since     time.Time          `json:"since" doc:"When that took effect."`
	SentAt    time.Time          `json:"sent_at,omitzero" doc:"When it was sent."`
	MessageID string             `json:"message_id,omitempty" doc:"The Message-ID of the mail."`
	Attempts  int                `json:"attempts" doc:"How often sending it failed."`
	Next      time.Time          `json:"next,omitzero" doc:"When it is tried again."`
	Problem   string             `json:"problem,omitempty" doc:"What went wrong last."`
	Outcomes  []NoticeOutcome    `json:"outcomes" doc:"All that happened to it, oldest first."`
}

// NoticeOutcome is one thing that happened to a notice.
type NoticeOutcome struct {
	At      time.Time `json:"at" doc:"When."`
	What    string    `json:"what" enum:"sent,failed,parked,dropped,retry" doc:"What."`
	Attempt int       `json:"attempt,omitempty" doc:"Which attempt it was."`
	Problem string    `json:"problem,omitempty" doc:"What went wrong."`
}

// NoticeFilter is what to list. Empty fields match everything.
type NoticeFilter struct {
	// Person is the recipient: login, address or id.
	Person string
	Kind   rolemodel.Message
	State  string
}

// Notices lists the messages of an organization, newest first. Everybody may
// list their own.
func (s *Service) Notices(ctx context.Context, caller Caller, org events.OrgID, filter NoticeFilter) ([]NoticeView, error) {
	seen, err := s.read(ctx, caller, org, Reading{}, rolemodel.NoticeRead, filter.Person)
	if err != nil {
		return nil, err
	}
	if err := s.heard(ctx); err != nil {
		return nil, err
	}
	wanted := notifier.Filter{Org: org, Kind: filter.Kind, Status: notifier.Status(filter.State)}
	if filter.Person != "" {
		id, known := s.findPerson(seen.state, filter.Person)
		if !known {
			return nil, refusePerson(org, "person", filter.Person)
		}
		wanted.Person = id
	}
	list := []NoticeView{}
	for _, item := range s.telling.outbox.List(wanted) {
		list = append(list, seen.notice(item))
	}
	return list, nil
}

// Notice shows one message.
func (s *Service) Notice(ctx context.Context, caller Caller, org events.OrgID, id string) (NoticeView, error) {
	seen, err := s.read(ctx, caller, org, Reading{}, rolemodel.NoticeRead, "")
	if err != nil {
		return NoticeView{}, err
	}
	if err := s.heard(ctx); err != nil {
		return NoticeView{}, err
	}
	item, known := s.telling.outbox.Show(org, id)
	if !known {
		return NoticeView{}, refuseUnknown("id", "notice", id, "tenure notices list --org "+string(org))
	}
	return seen.notice(item), nil
}

// RetryNotice puts a message that could not be delivered back: it is tried at
// once. Whoever may read notices may.
func (s *Service) RetryNotice(ctx context.Context, caller Caller, org events.OrgID, request ItemRequest) (NoticeView, error) {
	if _, err := s.Notice(ctx, caller, org, request.ID); err != nil {
		return NoticeView{}, err
	}
	err := s.telling.outbox.Retry(ctx, org, request.ID)
	if errors.Is(err, notifier.ErrNotParked) {
		return NoticeView{}, refuse(aggregate.CodeExists, "id", "Notice %s is not parked, so it is not tried again.", request.ID)
	}
	if err != nil {
		return NoticeView{}, err
	}
	return s.Notice(ctx, caller, org, request.ID)
}

func (v *view) notice(item notifier.Item) NoticeView {
	view := NoticeView{
		ID: item.ID, Kind: item.Kind, State: string(item.Status), Recipient: item.Recipient, Login: v.login(item.Recipient),
		Person: item.Subject, Audience: item.Ground.Audience, Rule: item.Ground.Rule, Why: v.why(item.Ground),
		Revision: item.Revision, Since: item.At, Attempts: item.Attempts, Next: item.Next, Outcomes: []NoticeOutcome{},
	}
	if message, sent := v.state.Model.Message(item.Kind); sent {
		view.Title = message.Title
	}
	if item.Subject != "" {
		view.Concerns = v.login(item.Subject)
	}
	if trouble := v.service.telling.mailer.Trouble(); trouble != nil && item.Status == notifier.Pending {
		view.Problem = "waits since " + trouble.Since.UTC().Format(time.RFC3339) + ": " + trouble.Err.Error()
	}
	for _, o := range item.Outcomes {
		outcome := NoticeOutcome{At: o.At, What: o.What, Attempt: o.Attempt}
		if o.What != "sent" && o.What != "retry" {
			outcome.Problem = strings.ReplaceAll(string(o.Why), "_", " ")
			if o.Code != 0 {
				outcome.Problem += fmt.Sprintf(" (%d %s)", o.Code, o.Class)
			}
			view.Problem = outcome.Problem
		}
		if o.What == "sent" {
			view.SentAt, view.MessageID, view.Problem = o.At, o.MessageID, ""
		}
		view.Outcomes = append(view.Outcomes, outcome)
	}
	return view
}

// why says why somebody gets a message.
func (v *view) why(g notifier.Ground) string {
	title := func(id string) string {
		if audience, known := v.state.Model.Audience(id); known {
			return audience.Title
		}
		return id
	}
	var reasons []string
	switch g.Side {
	case notifier.Concerned:
		reasons = append(reasons, "it is about this person")
	case notifier.FormerHolder:
		reasons = append(reasons, "this person held the role before")
	}
	if g.Audience != "" {
		by := g.Role
		if g.Designation != "" {
			by = g.Designation
		}
		reasons = append(reasons, fmt.Sprintf("as %s: %s", by, title(g.Audience)))
	}
	for _, skipped := range g.Skipped {
		why := "nobody holds a role of it"
		if skipped.Why == notifier.HeldByConcerned {
			why = "the person concerned alone holds a role of it"
		}
		reasons = append(reasons, fmt.Sprintf("in place of %s: %s", title(skipped.Audience), why))
	}
	return strings.Join(reasons, "; ")
}

// alerts are the messages that told others of the end of a membership of the
// organization, by the person whose it was.
func (v *view) alerts() map[events.PrincipalID][]NoticeView {
	list := map[events.PrincipalID][]NoticeView{}
	for _, item := range v.service.telling.outbox.List(notifier.Filter{Org: v.state.Org, Kind: rolemodel.MembershipTerminated}) {
		if item.Scope == v.state.Root && item.Recipient != item.Subject {
			list[item.Subject] = append(list[item.Subject], v.notice(item))
		}
	}
	return list
}

// noticeLinks are the messages that were sent to a person.
func (s *Service) noticeLinks(org events.OrgID, person events.PrincipalID) []Link {
	var links []Link
	for _, item := range s.telling.outbox.List(notifier.Filter{Org: org, Person: person}) {
		links = append(links, Link{
			Kind: "notice", As: "recipient", Current: item.Status == notifier.Pending, What: string(item.Kind), Item: item.ID,
			Scope: item.Scope, Role: string(item.Role), From: item.At, Revision: item.Revision,
		})
	}
	return links
}
