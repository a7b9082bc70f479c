package service

import (
	"context"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
)

// Answer is what a permission question is answered with, and the ledger
// entries that make it so.
type Answer struct {
	Allowed    bool               `json:"allowed" doc:"The answer."`
	ID         events.PrincipalID `json:"id" doc:"The person asked about."`
	Login      string             `json:"login" doc:"Login, else address, else id."`
	Permission string             `json:"permission" doc:"The permission's id."`
	Title      string             `json:"title" doc:"What it allows, in words."`
	Scope      events.ScopeID     `json:"scope" doc:"On which scope."`
	AsOf       time.Time          `json:"as_of" doc:"The effective time of the last commit that counted."`
	Revision   events.Revision    `json:"revision" doc:"The organization's revision at which the answer holds."`
	Because    []GrantView        `json:"because" doc:"The grants that give it; empty if refused."`
	Suspended  bool               `json:"suspended,omitempty" doc:"A role would give it, but the membership it rests on is suspended, its time is over, or the feature it waits for is off."`
	Feature    string             `json:"feature,omitempty" doc:"The feature that the permission waits for and that is off."`
	Instead    []MissingView      `json:"instead,omitempty" doc:"If refused: the roles that would give it."`
	Ask        []string           `json:"ask,omitempty" doc:"If refused: whom to ask."`
}

// MissingView is a role whose grant would give a permission.
type MissingView struct {
	Role  string         `json:"role" doc:"The role's name."`
	Scope events.ScopeID `json:"scope" doc:"Where it would have to be held."`
}

// maxAsk is how many are named as those to ask.
const maxAsk = 3

// Can answers whether a person has a permission on a scope. Everybody may ask
// about themselves.
func (s *Service) Can(ctx context.Context, caller Caller, org events.OrgID, reading Reading, who, permission, on string) (Answer, error) {
	seen, err := s.read(ctx, caller, org, reading, rolemodel.DirectoryRead, who)
	if err != nil {
		return Answer{}, err
	}
	state := seen.state
	id, known := s.findPerson(state, who)
	if !known {
		return Answer{}, refusePerson(org, "person", who)
	}
	wanted, scope, err := seen.permission(permission, on)
	if err != nil {
		return Answer{}, err
	}
	answer := Answer{
		ID: id, Login: seen.login(id), Permission: wanted.ID, Title: wanted.Title, Scope: scope,
		AsOf: state.Effective, Revision: state.Revision, Because: []GrantView{},
	}
	explained := state.Explain(id, wanted, scope)
	answer.Allowed, answer.Suspended = explained.Allowed, explained.Suspended
	if explained.Feature != nil {
		answer.Feature = explained.Feature.ID
	}
	person, _ := state.Person(id)
	for _, g := range explained.Because {
		answer.Because = append(answer.Because, seen.grant(person, g))
	}
	for _, missing := range explained.Instead {
		answer.Instead = append(answer.Instead, MissingView{Role: missing.Role.Name, Scope: missing.Scope})
	}
	if !answer.Allowed {
		answer.Ask = s.whomToAsk(state)
	}
	return answer, nil
}

// whomToAsk names the contact of the role model (F04), else active holders of
// the highest role, to everybody in the organization: whoever is refused must
// know whom to turn to.
func (s *Service) whomToAsk(state *aggregate.State) []string {
	if contact := state.Contact(); len(contact) > 0 {
		return s.logins(state, contact)
	}
	root, _ := state.Scope(state.Root)
	var logins []string
	for _, id := range root.Holders(state.Model.Highest) {
		person, _ := state.Person(id)
		if g, _ := person.Grant(state.Model.Highest, state.Root); !state.Active(person, &g) {
			continue
		}
		if logins = append(logins, s.login(state, id)); len(logins) == maxAsk {
			break
		}
	}
	return logins
}

// permission resolves a permission and the scope it is asked on, and refuses
// where they do not fit each other.
func (v *view) permission(permission, on string) (*rolemodel.Permission, events.ScopeID, error) {
	state := v.state
	wanted, known := state.Model.Permission(permission)
	if !known {
		return nil, "", refuseUnknown("permission", "permission", permission, "tenure models show "+state.Model.ID)
	}
	scope, err := v.scope("scope", on)
	if err != nil {
		return nil, "", err
	}
	if scope.Kind() != wanted.Kind {
		return nil, "", refuse(aggregate.CodeInvalid, "scope",
			"%s is a permission on a %s, and %s is none: say which with --on %s:HANDLE.", wanted.ID, wanted.Kind, scope, wanted.Kind)
	}
	return wanted, scope, nil
}
