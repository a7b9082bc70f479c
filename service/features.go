package service

import (
	"context"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/projections"
	"tenure/rolemodel"
)

// FeatureRequest turns a feature on or off.
type FeatureRequest struct {
	Feature events.FeatureID `json:"feature" doc:"The feature's id in the role model."`
	On      bool             `json:"on" doc:"Whether it shall be on."`
}

// SwitchFeature turns a feature of the role model on or off.
func (s *Service) SwitchFeature(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request FeatureRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "feature.switch", request: request, prepare: func(*plan) (aggregate.Command, error) {
		return aggregate.SwitchFeature{Feature: request.Feature, On: request.On}, nil
	}})
}

// FeatureView is a feature of the role model, and whether it is on.
type FeatureView struct {
	Feature string `json:"feature" doc:"The feature's id."`
	Title   string `json:"title" doc:"What it is."`
	On      bool   `json:"on" doc:"Whether it is on."`
	// Editions turn it on; see [Service.SetEdition].
	Editions []string `json:"editions,omitempty" doc:"The editions in which it is on; where there are any, it is not switched by hand."`
	// Since and the rest are empty for one that was never switched.
	Since     time.Time       `json:"since,omitzero" doc:"When it was switched last; absent if it never was."`
	Revision  events.Revision `json:"revision,omitempty" doc:"The commit that did so."`
	ChangedBy string          `json:"changed_by,omitempty" doc:"Who did that (X03)."`
}

// Features lists the features of the organization's role model.
func (s *Service) Features(ctx context.Context, caller Caller, org events.OrgID, reading Reading) ([]FeatureView, error) {
	seen, err := s.read(ctx, caller, org, reading, "", "")
	if err != nil {
		return nil, err
	}
	list := []FeatureView{}
	place := map[string]int{}
	for i, feature := range seen.state.Model.Features {
		place[feature.ID] = i
		view := FeatureView{Feature: feature.ID, Title: feature.Title, On: seen.state.Enabled(feature)}
		for _, edition := range feature.Editions {
			view.Editions = append(view.Editions, edition.ID)
		}
		list = append(list, view)
	}
	if len(list) == 0 {
		return list, nil
	}
	inForce, _ := seen.state.Model.Edition("")
	err = s.timelines.with(ctx, s, org, func(t *projections.Timeline) error {
		for _, r := range t.Records() {
			if r.Revision > seen.state.Revision {
				break
			}
			for _, event := range r.Events {
				for _, feature := range switched(seen.state.Model, &inForce, event) {
					if i, known := place[feature]; known {
						list[i].Since, list[i].Revision, list[i].ChangedBy = r.Effective(), r.Revision, seen.login(r.Actor)
					}
				}
			}
		}
		return nil
	})
	return list, err
}

// switched lists the features that an event turns on or off, by hand or by another
// edition in the place of the one in force.
func switched(model *rolemodel.Model, inForce **rolemodel.Edition, event events.Event) []string {
	switch e := event.(type) {
	case events.FeatureEnabled, events.FeatureDisabled:
		return []string{e.Concern().Item}
	case events.EditionSet:
		edition, known := model.Edition(string(e.Edition))
		if !known {
			return nil
		}
		var changed []string
		for _, feature := range model.Features {
			if *inForce != nil && (*inForce).Features.Has(feature.Index) != edition.Features.Has(feature.Index) {
				changed = append(changed, feature.ID)
			}
		}
		*inForce = edition
		return changed
	}
	return nil
}

// FactRequest puts on record what the caller did elsewhere.
type FactRequest struct {
	Fact     events.FactID `json:"fact" doc:"The fact's name among those of the scope's kind, for instance license_purchased."`
	Scope    string        `json:"scope,omitempty" doc:"KIND:HANDLE; the organization itself if absent."`
	Quantity uint64        `json:"quantity,omitempty" doc:"How many, where that matters."`
	Person   string        `json:"person,omitempty" doc:"Whom it concerned: login, address or id; absent for nobody in particular."`
}

// RecordFact puts on record what the caller did elsewhere; nothing is done by
// it here (F05, F06).
func (s *Service) RecordFact(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request FactRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "fact.record", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		scope, err := p.scope("scope", request.Scope)
		command := aggregate.RecordFact{Fact: nameOn(request.Fact, scope), Scope: scope, Quantity: request.Quantity}
		if request.Person != "" && err == nil {
			command.Subject, err = p.person(request.Person)
		}
		return command, err
	}})
}

// Responsible are those whom a resolver leads to.
type Responsible struct {
	Resolver string         `json:"resolver" doc:"The resolver's id."`
	Title    string         `json:"title" doc:"What it answers."`
	Asked    events.ScopeID `json:"asked" doc:"The scope asked about."`
	Scope    events.ScopeID `json:"scope,omitempty" doc:"The nearest scope that says who; absent where none does."`
	Holders  []HolderView   `json:"holders" doc:"Who is responsible."`
}

// Resolve says who is responsible for a scope, for instance who supports it
// (F09). Members may ask about the organization itself, and everybody about a scope
// that they may see, or that has to do with what they are part of: it, one above it
// or one below it. Of others they do not learn that they exist.
func (s *Service) Resolve(ctx context.Context, caller Caller, org events.OrgID, reading Reading, resolver, on string) (Responsible, error) {
	seen, err := s.read(ctx, caller, org, reading, "", "")
	if err != nil {
		return Responsible{}, err
	}
	wanted, known := seen.state.Model.Resolver(resolver)
	if !known {
		return Responsible{}, refuseUnknown("resolver", "resolver", resolver, "tenure models show "+seen.state.Model.ID)
	}
	scope, err := seen.scope("scope", on)
	if err != nil {
		return Responsible{}, err
	}
	if !seen.shows(scope) && !seen.partakes(scope) {
		if scope == seen.state.Root {
			return Responsible{}, seen.named(mayRead(seen.now, caller, rolemodel.DirectoryRead))
		}
		return Responsible{}, refuseScope(org, "scope", on)
	}
	answer := Responsible{Resolver: wanted.ID, Title: wanted.Title, Asked: scope, Holders: []HolderView{}}
	persons, found := seen.state.Resolve(wanted, scope)
	if found == nil {
		return answer, nil
	}
	answer.Scope = found.ID
	for _, id := range persons {
		person, _ := seen.state.Person(id)
		g, _ := person.Grant(wanted.RoleOn(found.Kind.Name), found.ID)
		holder := seen.holder(person, seen.originOf(g), g.Until, true)
		if reading.Moment.IsZero() { // whoever needs support must know whom to ask, now
			holder.Login = s.login(seen.state, id)
		}
		answer.Holders = append(answer.Holders, holder)
	}
	return answer, nil
}
