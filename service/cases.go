package service

import (
	"context"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
)

// CaseView is what is to be decided about a person whose membership has ended,
// and what was decided (F07).
type CaseView struct {
	Person      events.PrincipalID `json:"person" doc:"Whom it is about."`
	Login       string             `json:"login" doc:"The same as a login, else address, else id."`
	State       string             `json:"state" enum:"open,kept,on_hold,anonymizing,anonymized,returned" doc:"open: to be decided; kept: the data is kept for a time; on_hold: a legal hold forbids to anonymize; anonymizing: decided and under way; anonymized; returned: a member again."`
	Opened      time.Time          `json:"opened" doc:"When the membership ended."`
	Revision    events.Revision    `json:"revision" doc:"The commit that ended it."`
	By          string             `json:"by" doc:"Who ended it."`
	Closed      time.Time          `json:"closed,omitzero" doc:"When the case ended; absent while it is open."`
	ClosedBy    events.Revision    `json:"closed_revision,omitempty" doc:"The commit that ended the case."`
	KeepUntil   time.Time          `json:"keep_until,omitzero" doc:"Until when the data is kept."`
	KeepGround  string             `json:"keep_ground,omitempty" doc:"Why."`
	KeptBy      string             `json:"kept_by,omitempty" doc:"Who decided that."`
	Alerts      []NoticeView       `json:"alerts" doc:"Which alerts went to whom, and what became of them."`
	Links       *int               `json:"links,omitempty" doc:"How much in the ledger names the person; not in lists."`
	Standing    *int               `json:"links_standing,omitempty" doc:"How much of that still stands; not in lists."`
	Reminders   []ReminderView     `json:"reminders" doc:"What is set to remind of it."`
	Holds       []HoldView         `json:"holds" doc:"Legal holds."`
	Decision    string             `json:"decision,omitempty" enum:"anonymize,keep,hold" doc:"What was decided last."`
	DecidedBy   string             `json:"decided_by,omitempty" doc:"Who decided to anonymize."`
	Epoch       uint64             `json:"epoch,omitempty" doc:"The epoch key that was destroyed along with the person's key."`
	Certificate string             `json:"certificate,omitempty" doc:"The erasure certificate: a signed note."`
}

// Cases lists what is to be decided about people whose membership has ended:
// open ones, or all.
func (s *Service) Cases(ctx context.Context, caller Caller, org events.OrgID, reading Reading, all bool) ([]CaseView, error) {
	seen, err := s.read(ctx, caller, org, reading, rolemodel.CaseRead, "")
	if err != nil {
		return nil, err
	}
	if err := s.heard(ctx); err != nil {
		return nil, err
	}
	list, alerts := []CaseView{}, seen.alerts()
	for _, person := range seen.state.Persons() {
		if person.Matters == nil || person.Matters.Case == nil && !person.Anonymizing() {
			continue
		}
		view := seen.casefile(person, alerts[person.ID])
		if all || view.Closed.IsZero() {
			list = append(list, view)
		}
	}
	sortBy(list, func(c CaseView) string { return c.Opened.Format(time.RFC3339) + string(c.Person) })
	return list, nil
}

// Case shows one case, with the links to the person.
func (s *Service) Case(ctx context.Context, caller Caller, org events.OrgID, reading Reading, name string) (CaseView, error) {
	seen, err := s.read(ctx, caller, org, reading, rolemodel.CaseRead, "")
	if err != nil {
		return CaseView{}, err
	}
	if err := s.heard(ctx); err != nil {
		return CaseView{}, err
	}
	id, known := s.findPerson(seen.state, name)
	if !known {
		return CaseView{}, refusePerson(org, "person", name)
	}
	person, known := seen.state.Person(id)
	if !known || person.Matters == nil || person.Matters.Case == nil && !person.Anonymizing() {
		return CaseView{}, refuseUnknown("person", "case of", name, "tenure cases list --org "+string(org))
	}
	view := seen.casefile(person, seen.alerts()[id])
	links, err := s.linksOf(ctx, seen, id)
	if err != nil {
		return CaseView{}, err
	}
	all, standing := len(links), standing(links)
	view.Links, view.Standing = &all, &standing
	return view, nil
}

// casefile shows a case, but for the links.
func (v *view) casefile(person *aggregate.Person, alerts []NoticeView) CaseView {
	m := person.Matters
	view := CaseView{
		Person: person.ID, Login: v.login(person.ID), State: "open",
		Alerts: append([]NoticeView{}, alerts...), Reminders: v.reminders(person), Holds: v.holds(person),
	}
	if m.Case != nil {
		view.Opened, view.Revision, view.By = m.Case.Opened.At, m.Case.Opened.Revision, v.login(m.Case.Opened.Actor)
		view.Closed, view.ClosedBy = m.Case.Closed.At, m.Case.Closed.Revision
	}
	if r := m.Retention; r != nil {
		view.KeepUntil, view.KeepGround, view.KeptBy = r.Until, v.ground(person.ID, r.Ground), v.login(r.Set.Actor)
		view.Decision = "keep"
		if !r.Ended {
			view.State = "kept"
		}
	}
	if len(m.Holds) > 0 {
		view.State, view.Decision = "on_hold", "hold"
	}
	if m.Case != nil && m.Case.Returned {
		view.State = "returned"
	}
	if a := m.Anonymization; a != nil {
		view.State, view.Decision, view.DecidedBy = "anonymizing", "anonymize", v.login(a.Started.Actor)
		if a.Completed.Revision > 0 {
			view.State, view.Closed, view.ClosedBy = "anonymized", a.Completed.At, a.Completed.Revision
			view.Epoch, view.Certificate = a.Epoch, string(a.Certificate)
		}
	}
	return view
}
