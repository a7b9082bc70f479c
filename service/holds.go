package service

import (
	"context"
	"strings"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
	"tenure/vault"
)

// maxGround is how long a ground may be, in characters.
const maxGround = 500

// HoldRequest keeps a person from being anonymized.
type HoldRequest struct {
	Person string `json:"person" doc:"Login, address or id."`
	Ground string `json:"ground" doc:"Why; kept sealed under the person's key."`
}

// HoldReceipt is a receipt with the hold's id.
type HoldReceipt struct {
	Receipt
	ID events.HoldID `json:"id,omitempty" doc:"The hold's id."`
}

// PlaceHold keeps a person from being anonymized until the hold is released.
func (s *Service) PlaceHold(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request HoldRequest) (HoldReceipt, error) {
	var placed HoldReceipt
	prepare := func(p *plan) (aggregate.Command, error) {
		subject, err := p.person(request.Person)
		if err != nil {
			return nil, err
		}
		ground, err := p.ground(subject, request.Ground)
		return aggregate.PlaceHold{Hold: events.HoldID(s.newID()), Subject: subject, Ground: ground}, err
	}
	var err error
	placed.Receipt, err = s.execute(ctx, caller, org, envelope, task{
		kind: "hold.place", request: request, prepare: prepare,
		outcome: noting(func(e events.HoldPlaced) { placed.ID = e.Hold }),
	})
	return placed, err
}

// ground seals why something is decided about a person.
func (p *plan) ground(subject events.PrincipalID, text string) (events.Sealed, error) {
	if strings.TrimSpace(text) == "" {
		return nil, refuse(aggregate.CodeInvalid, "ground", "Say on what ground.")
	}
	if err := checkText("ground", text, maxGround); err != nil {
		return nil, err
	}
	if person, known := p.state.Person(subject); known && person.Anonymizing() || subject.Builtin() {
		return events.Sealed{0}, nil // the decision refuses it; there is no key
	}
	return p.seal(string(subject), vault.FieldGround, text)
}

// ReleaseHold ends a legal hold.
func (s *Service) ReleaseHold(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request ItemRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "hold.release", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		id := events.HoldID(request.ID)
		if person, _, inForce := p.state.Hold(id); inForce {
			p.about = person.ID
		}
		return aggregate.ReleaseHold{Hold: id}, nil
	}})
}

// RetentionRequest decides to keep a person's data for a time.
type RetentionRequest struct {
	Person string `json:"person" doc:"Login, address or id. The membership must have ended."`
	Until  string `json:"until" doc:"When the decision ends and another one is due: a date, an RFC 3339 time, or P10Y from now."`
	Ground string `json:"ground" doc:"Why; kept sealed under the person's key."`
}

// SetRetention decides to keep a person's data until a time.
func (s *Service) SetRetention(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request RetentionRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "retention.set", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		subject, err := p.person(request.Person)
		if err != nil {
			return nil, err
		}
		until, err := s.timeToCome("until", request.Until, "")
		if err == nil && until.IsZero() {
			err = refuse(aggregate.CodeInvalid, "until", "Say until when the data is kept.")
		}
		if err != nil {
			return nil, err
		}
		ground, err := p.ground(subject, request.Ground)
		return aggregate.SetRetention{Subject: subject, Until: until, Ground: ground}, err
	}})
}

// HoldView is a legal hold in force.
type HoldView struct {
	ID       events.HoldID      `json:"id" doc:"The hold's id."`
	Person   events.PrincipalID `json:"person" doc:"Who is on hold."`
	Login    string             `json:"login" doc:"The same as a login, else address, else id."`
	Ground   string             `json:"ground" doc:"Why."`
	Since    time.Time          `json:"since" doc:"When it was placed."`
	Revision events.Revision    `json:"revision" doc:"The commit that placed it."`
	By       string             `json:"by" doc:"Who placed it."`
}

// Holds lists the legal holds in force, by login.
func (s *Service) Holds(ctx context.Context, caller Caller, org events.OrgID, reading Reading) ([]HoldView, error) {
	seen, err := s.read(ctx, caller, org, reading, rolemodel.CaseRead, "")
	if err != nil {
		return nil, err
	}
	list := []HoldView{}
	for _, person := range seen.state.Persons() {
		list = append(list, seen.holds(person)...)
	}
	sortBy(list, func(h HoldView) string { return h.Login + string(h.ID) })
	return list, nil
}

func (v *view) holds(person *aggregate.Person) []HoldView {
	list := []HoldView{}
	if person.Matters == nil {
		return list
	}
	for _, h := range person.Matters.Holds {
		list = append(list, HoldView{
			ID: h.ID, Person: person.ID, Login: v.login(person.ID), Ground: v.ground(person.ID, h.Ground),
			Since: h.Placed.At, Revision: h.Placed.Revision, By: v.login(h.Placed.Actor),
		})
	}
	return list
}

// ground opens why something was decided about a person.
func (v *view) ground(subject events.PrincipalID, sealed aggregate.Sealed) string {
	return v.service.open(v.state.Org, string(subject), vault.FieldGround, sealed)
}
