package service

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
)

// AdoptRequest puts another role model, or a newer version of it, in force.
type AdoptRequest struct {
	Model   string            `json:"model,omitempty" doc:"The id of a role model that comes along, for instance github."`
	Source  string            `json:"source,omitempty" minLength:"1" doc:"Or a role model of one's own, as YAML or JSON, of at most 1 MiB."`
	Roles   map[string]string `json:"roles,omitempty" doc:"What becomes of roles that are held: by the id under the model in force, the id of the role in its place, of the same kind, or none. Roles that are not listed stay; one that is held and that the model does not have must be listed."`
	Edition events.EditionID  `json:"edition,omitempty" doc:"The edition to be in force; absent for that of the same id as now, else the model's first."`
}

// AdoptionReceipt says what became of an adoption, who loses and gains what, and
// what the rules say otherwise.
type AdoptionReceipt struct {
	Receipt
	Impact []ImpactView `json:"impact,omitempty" doc:"Who loses and who gains what, in a dry run who would; absent where an idempotency key led to an earlier receipt."`
	More   int          `json:"more,omitempty" doc:"How many changes there are besides."`

	Rules     []RuleChangeView `json:"rules,omitempty" doc:"What the model says otherwise than the one before, whether it affects anybody or not; what is for people alone, such as titles, left out."`
	MoreRules int              `json:"more_rules,omitempty" doc:"How many of these there are besides."`
}

// RuleChangeView is what a model says otherwise than the one before.
type RuleChangeView struct {
	Change string   `json:"change" enum:"added,removed,changed" doc:"added, removed or changed."`
	What   string   `json:"what" doc:"The key of the model's document, for instance roles, permissions or highest."`
	ID     string   `json:"id,omitempty" doc:"The id of the entry; absent for a key of the document itself."`
	Keys   []string `json:"keys,omitempty" doc:"The entry's keys that are changed."`
}

// ImpactView is a role, a permission or an authority that people lose or gain.
type ImpactView struct {
	Change string      `json:"change" enum:"lost,gained" doc:"lost or gained."`
	What   string      `json:"what" enum:"role,permission,authority" doc:"role, permission or authority."`
	ID     string      `json:"id" doc:"The role's or permission's id. An authority is: grant ROLE, which is to revoke it as well; transfer ROLE; set DESIGNATION; record FACT; or do ACT on KIND, told where the permission that allows it is not."`
	Title  string      `json:"title" doc:"What it is called, or allows; of an authority, that of the role, designation, fact or permission."`
	Only   string      `json:"only,omitempty" doc:"Under which condition it was had, or is."`
	Below  bool        `json:"below,omitempty" doc:"Whether it is had not on the scopes named but on those below."`
	Count  int         `json:"count" doc:"How many it concerns: each person on each scope."`
	People []PlaceView `json:"people" doc:"The first of them."`
}

// PlaceView is somebody on a scope.
type PlaceView struct {
	ID    events.PrincipalID `json:"id,omitempty" doc:"The person or API client; absent where it is the scope itself, a group."`
	Login string             `json:"login,omitempty" doc:"Login, else address, else id."`
	Scope events.ScopeID     `json:"scope" doc:"The scope."`
}

// How much is told of an impact at once.
const (
	mostChanges = 500
	mostPlaces  = 10
)

// AdoptModel puts another role model, or a newer version of it, in force.
func (s *Service) AdoptModel(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request AdoptRequest) (AdoptionReceipt, error) {
	var adopted AdoptionReceipt
	var model *rolemodel.Model
	receipt, err := s.execute(ctx, caller, org, envelope, task{
		kind: "model.adopt", request: request,
		prepare: func(p *plan) (aggregate.Command, error) {
			command := aggregate.AdoptModel{Roles: request.Roles, Edition: request.Edition}
			if !p.may(rolemodel.ModelAdopt) {
				return command, nil // the decision refuses it, before anything is read
			}
			if model == nil {
				var err error
				if model, err = modelOf(request.Model, request.Source); err != nil {
					return nil, err
				}
			}
			command.Model = model
			return command, nil
		},
		effect: func(seen *view, before, after *aggregate.State) {
			impact := aggregate.DiffPermissions(*before, *after)
			adopted.Impact, adopted.More = seen.impact(impact)
			adopted.Rules, adopted.MoreRules = ruleChanges(impact.Rules)
		},
	})
	adopted.Receipt = receipt
	return adopted, err
}

// impact shows who loses and who gains what, and says how many changes it does
// not show.
func (v *view) impact(impact aggregate.Impact) (list []ImpactView, more int) {
	add := func(i ImpactView, gained bool, places []aggregate.Concerned) {
		if len(list) == mostChanges {
			more++
			return
		}
		i.Change, i.Count, i.People = "lost", len(places), []PlaceView{}
		if gained {
			i.Change = "gained"
		}
		for _, at := range places[:min(len(places), mostPlaces)] {
			place := PlaceView{ID: at.Who, Scope: at.On}
			if at.Who != "" {
				place.Login = v.login(at.Who)
			}
			i.People = append(i.People, place)
		}
		list = append(list, i)
	}
	for _, c := range impact.Roles {
		add(ImpactView{What: "role", ID: c.Role, Title: c.Title}, c.Gained, c.Places)
	}
	for _, c := range impact.Authority {
		add(ImpactView{What: "authority", ID: c.Authority, Title: c.Title, Only: c.Only, Below: c.Below}, c.Gained, c.Places)
	}
	for _, c := range impact.Permissions {
		add(ImpactView{What: "permission", ID: c.Permission, Title: c.Title, Only: c.Only, Below: c.Below}, c.Gained, c.Places)
	}
	return list, more
}

// ruleChanges shows what the rules say otherwise, and says how many changes it
// does not show.
func ruleChanges(changes []rolemodel.Change) (list []RuleChangeView, more int) {
	for _, c := range changes[:min(len(changes), mostChanges)] {
		list = append(list, RuleChangeView{Change: c.Change, What: c.What, ID: c.ID, Keys: c.Keys})
	}
	return list, len(changes) - len(list)
}

// mostFaults is how many faults of a role model are told at once.
const mostFaults = 100

// modelOf finds the role model that a request names, or reads the one that it
// brings. All that is wrong with that is told, with line and column.
func modelOf(id, source string) (*rolemodel.Model, error) {
	switch {
	case id != "" && source != "":
		return nil, refuse(aggregate.CodeInvalid, "source", "Name a role model or give one, not both.")
	case source == "" && id == "":
		return nil, refuse(aggregate.CodeInvalid, "model", "Say which role model: name one that comes along, or give one.")
	case source == "":
		model, err := rolemodel.Builtin(id)
		if err != nil {
			return nil, refuseUnknown("model", "role model", id, "tenure models list")
		}
		return model, nil
	}
	model, err := rolemodel.Parse("source", []byte(source))
	var problems rolemodel.Problems
	if !errors.As(err, &problems) {
		return model, err
	}
	var refusals aggregate.Refusals
	for i, p := range problems {
		if i == mostFaults {
			refusals = append(refusals, refuse(aggregate.CodeInvalid, "source", "There are %d more faults.", len(problems)-mostFaults)...)
			break
		}
		refusals = append(refusals, refuse(aggregate.CodeInvalid, "source", "Line %d, column %d: %s.", p.Line, p.Column, p.Message)...)
	}
	return nil, refusals
}

// AdoptedModel is the role model that is in force in an organization.
type AdoptedModel struct {
	ModelView
	Org      events.OrgID    `json:"org" doc:"The organization."`
	Digest   string          `json:"digest" doc:"SHA-256 of the model's canonical form, in hexadecimal."`
	Since    time.Time       `json:"since" doc:"Since when it is in force."`
	Revision events.Revision `json:"revision" doc:"The commit that put it in force."`
	By       string          `json:"by" doc:"Who did that: login, else address, else id."`
	Edition  string          `json:"edition,omitempty" doc:"The edition in force; absent where the model has none."`
	Builtin  string          `json:"builtin" enum:"same,differs,none" doc:"Whether the model of that id that comes along is the same, differs, or does not exist."`
	Source   string          `json:"source,omitempty" doc:"The model's canonical form, JSON that can be adopted elsewhere; given if it was asked for."`
}

// AdoptedModel shows the role model in force, and since when it is. Everybody in
// the organization may see it.
func (s *Service) AdoptedModel(ctx context.Context, caller Caller, org events.OrgID, reading Reading, source bool) (AdoptedModel, error) {
	seen, err := s.read(ctx, caller, org, reading, "", "")
	if err != nil {
		return AdoptedModel{}, err
	}
	state := seen.state
	digest := state.Model.Digest()
	adopted := AdoptedModel{
		ModelView: viewModel(state.Model), Org: org, Digest: hex.EncodeToString(digest[:]), Builtin: "none",
		Since: state.Adopted.At, Revision: state.Adopted.Revision, By: seen.login(state.Adopted.Actor),
	}
	if edition := state.Edition(); edition != nil {
		adopted.Edition = edition.ID
	}
	if builtin, err := rolemodel.Builtin(state.Model.ID); err == nil {
		if adopted.Builtin = "differs"; builtin.Digest() == digest {
			adopted.Builtin = "same"
		}
	}
	if source {
		adopted.Source = string(state.Model.Canonical())
	}
	return adopted, nil
}
