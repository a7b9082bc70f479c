package service

import (
	"context"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/projections"
)

// EditionRequest puts an edition in force.
type EditionRequest struct {
	Edition events.EditionID `json:"edition" doc:"The edition's id in the role model."`
}

// SetEdition puts an edition of the role model in force. It is refused while
// somebody holds a role that the edition does not have (C28).
func (s *Service) SetEdition(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request EditionRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "edition.set", request: request, prepare: func(*plan) (aggregate.Command, error) {
		return aggregate.SetEdition{Edition: request.Edition}, nil
	}})
}

// EditionView is an edition of the role model, and whether it is in force.
type EditionView struct {
	Edition  string   `json:"edition" doc:"The edition's id."`
	Title    string   `json:"title" doc:"What it is called."`
	Rule     string   `json:"rule,omitempty" doc:"The numbered rule that it fulfills."`
	Features []string `json:"features" doc:"The features that are on in it."`
	InForce  bool     `json:"in_force" doc:"Whether it is the one in force."`
	// Since and the rest are empty for those that are not in force.
	Since     time.Time       `json:"since,omitzero" doc:"Since when it is; absent if it is not."`
	Revision  events.Revision `json:"revision,omitempty" doc:"The commit by which it is."`
	ChangedBy string          `json:"changed_by,omitempty" doc:"Who did that (X03)."`
}

// Editions lists the editions of the organization's role model.
func (s *Service) Editions(ctx context.Context, caller Caller, org events.OrgID, reading Reading) ([]EditionView, error) {
	seen, err := s.read(ctx, caller, org, reading, "", "")
	if err != nil {
		return nil, err
	}
	list := []EditionView{}
	inForce := -1
	for i, edition := range seen.state.Model.Editions {
		view := EditionView{Edition: edition.ID, Title: edition.Title, Rule: edition.Rule, Features: []string{}}
		for _, feature := range seen.state.Model.Features {
			if edition.Features.Has(feature.Index) {
				view.Features = append(view.Features, feature.ID)
			}
		}
		if view.InForce = edition == seen.state.Edition(); view.InForce {
			inForce = i
		}
		list = append(list, view)
	}
	if inForce < 0 {
		return list, nil
	}
	err = s.timelines.with(ctx, s, org, func(t *projections.Timeline) error {
		for _, r := range t.Records() {
			if r.Revision > seen.state.Revision {
				break
			}
			for _, event := range r.Events {
				switch event.(type) {
				case events.ModelAdopted, events.EditionSet: // the first one comes with the model
					view := &list[inForce]
					view.Since, view.Revision, view.ChangedBy = r.Effective(), r.Revision, seen.login(r.Actor)
				}
			}
		}
		return nil
	})
	return list, err
}
