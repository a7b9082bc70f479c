package service

import (
	"context"
	"errors"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
)

// FoundRequest opens an organization.
type FoundRequest struct {
	Org     events.OrgID     `json:"org" doc:"The handle: public, immutable, 2 to 39 of a-z, 0-9 and -. It must not name a person."`
	Model   string           `json:"model,omitempty" doc:"The id of a role model that comes along, for instance github; the model standard if absent."`
	Owner   PersonDetails    `json:"owner" doc:"Who holds the model's highest role."`
	Title   string           `json:"title,omitempty" maxLength:"256" doc:"The organization's title, kept sealed."`
	Edition events.EditionID `json:"edition,omitempty" doc:"The edition of the role model that is in force from the beginning; its first one if absent."`
	// Source is given instead of Model.
	Source string `json:"source,omitempty" minLength:"1" doc:"A role model of one's own instead, as YAML or JSON, of at most 1 MiB."`
}

// Found opens an organization under a role model. Only the operator does.
func (s *Service) Found(ctx context.Context, caller Caller, envelope Envelope, request FoundRequest) (PersonReceipt, error) {
	if !caller.Operator() {
		return PersonReceipt{}, refuse(aggregate.CodeNotPermitted, "", "Only the operator founds organizations.")
	}
	if request.Model == "" && request.Source == "" {
		request.Model = rolemodel.Default
	}
	var owner events.PrincipalID
	prepare := func(p *plan) (aggregate.Command, error) {
		if p.state.Founded() { // before any key is made in its name
			return aggregate.Found{}, nil
		}
		model, err := modelOf(request.Model, request.Source)
		if err != nil {
			return nil, err
		}
		command, err := p.found(model, request.Title)
		if err != nil {
			return nil, err
		}
		command.Edition = request.Edition
		person, err := p.register(request.Owner, "")
		p.about = person.Subject
		command.Owner = &person
		return command, atOwner(err)
	}
	receipt, err := s.execute(ctx, caller, request.Org, envelope, task{
		kind: "organization.found", request: request, founds: true, prepare: prepare, outcome: registered(&owner),
	})
	return PersonReceipt{Receipt: receipt, ID: owner}, err
}

// atOwner says that what is refused is the owner's.
func atOwner(err error) error {
	var refusals aggregate.Refusals
	if errors.As(err, &refusals) {
		for i := range refusals {
			refusals[i].Field = "owner." + refusals[i].Field
		}
	}
	return err
}

// found prepares the founding, but for the owner.
func (p *plan) found(model *rolemodel.Model, title string) (command aggregate.Found, err error) {
	command.Model = model
	if title != "" {
		command.Title, err = p.sealTitle(events.Scope(model.Root, string(p.org)), title)
	}
	return command, err
}

// OrganizationView is an organization in a few words.
type OrganizationView struct {
	Org       events.OrgID    `json:"org" doc:"The handle."`
	Title     string          `json:"title,omitempty" doc:"The title."`
	Model     string          `json:"model" doc:"The role model's id."`
	Edition   string          `json:"edition,omitempty" doc:"The edition of the role model that is in force, by its id; absent where it has none."`
	Members   int             `json:"members" doc:"How many are members."`
	Scopes    int             `json:"scopes" doc:"How many scopes there are, itself included."`
	Commits   uint64          `json:"commits" doc:"How many commits there are."`
	Revision  events.Revision `json:"revision" doc:"The newest commit."`
	Effective time.Time       `json:"effective_at" doc:"When that took effect."`
}

// Organization shows one organization.
func (s *Service) Organization(ctx context.Context, caller Caller, org events.OrgID, reading Reading) (OrganizationView, error) {
	seen, err := s.read(ctx, caller, org, reading, "", "")
	if err != nil {
		return OrganizationView{}, err
	}
	return s.viewOrganization(seen.state), nil
}

// Organizations lists those that the caller may know of: all for the operator,
// the own one for a person.
func (s *Service) Organizations(ctx context.Context, caller Caller) ([]OrganizationView, error) {
	if err := s.catchUp(ctx, 0); err != nil {
		return nil, err
	}
	known := []events.OrgID{caller.Org}
	if caller.Operator() {
		known = s.permissions.Organizations()
	}
	list := []OrganizationView{}
	for _, org := range known {
		state, err := s.enter(caller, org)
		if err != nil {
			return nil, err
		}
		list = append(list, s.viewOrganization(state))
	}
	return list, nil
}

func (s *Service) viewOrganization(state *aggregate.State) OrganizationView {
	root, _ := state.Scope(state.Root)
	edition := ""
	if inForce := state.Edition(); inForce != nil {
		edition = inForce.ID
	}
	return OrganizationView{
		Org: state.Org, Title: s.title(state, state.Root), Model: state.Model.ID, Edition: edition,
		Members: len(root.Members()), Scopes: len(state.Scopes()),
		Commits: state.Number, Revision: state.Revision, Effective: state.Effective,
	}
}
