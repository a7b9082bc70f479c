package service

import (
	"context"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
)

// Answer is what a permission question is answered with, and all that decided
// it: ledger entries, conditions, features.
type Answer struct {
	Allowed    bool               `json:"allowed" doc:"The answer."`
	ID         events.PrincipalID `json:"id" doc:"The person asked about."`
	Login      string             `json:"login" doc:"Login, else address, else id."`
	Permission string             `json:"permission" doc:"The permission's id."`
	Title      string             `json:"title" doc:"What it allows, in words."`
	Rule       string             `json:"rule,omitempty" doc:"The numbered rule of the permission."`
	Scope      events.ScopeID     `json:"scope" doc:"On which scope."`
	About      string             `json:"about,omitempty" doc:"The person concerned, as asked."`
	AboutID    events.PrincipalID `json:"about_id,omitempty" doc:"Who that is; absent for somebody whom the organization does not know."`
	AsOf       time.Time          `json:"as_of" doc:"The effective time of the last commit that counted."`
	Revision   events.Revision    `json:"revision" doc:"The organization's revision at which the answer holds."`
	Because    []GrantView        `json:"because" doc:"The roles and groups that give it; empty if refused."`
	Unmet      []GrantView        `json:"unmet,omitempty" doc:"If refused: what would give it, but for conditions that are not met."`
	Withheld   []WithheldView     `json:"withheld,omitempty" doc:"If refused: roles that the person holds, and from which it was withheld."`
	Ceiling    *CeilingView       `json:"ceiling,omitempty" doc:"If refused: the role that the person holds and that lets no more through than its own."`
	Suspended  bool               `json:"suspended,omitempty" doc:"Something would give it, but the membership it rests on is suspended, its time is over, or the feature it waits for is off; idle says which."`
	Idle       []IdleView         `json:"idle,omitempty" doc:"If refused: what would give it, and does not count."`
	Feature    string             `json:"feature,omitempty" doc:"The feature that the permission waits for and that is off."`
	Editions   []string           `json:"editions,omitempty" doc:"The editions in which that feature is on; absent where it is switched by hand."`
	Instead    []MissingView      `json:"instead,omitempty" doc:"If refused: the roles and groups that would give it."`
	Ask        []string           `json:"ask,omitempty" doc:"If refused: whom to ask."`
}

// ConditionView is a condition that something depends on.
type ConditionView struct {
	Condition     string `json:"condition,omitempty" doc:"The condition that it depends on, by its id in the role model."`
	Only          string `json:"only,omitempty" doc:"The condition in words: only …"`
	ConditionRule string `json:"condition_rule,omitempty" doc:"The numbered rule of the condition."`
}

func viewCondition(c *rolemodel.Condition) ConditionView {
	if c == nil {
		return ConditionView{}
	}
	return ConditionView{Condition: c.ID, Only: c.Title, ConditionRule: c.Rule}
}

// WithheldView is a role from which a permission was withheld.
type WithheldView struct {
	GrantView
	Where    string          `json:"where,omitempty" doc:"On the scopes of which attribute, ATTRIBUTE=VALUE; absent for all."`
	Withheld events.Revision `json:"withheld" doc:"The commit that withheld it."`
	At       time.Time       `json:"withheld_at" doc:"When that was."`
	Who      string          `json:"withheld_by" doc:"Who did it."`
}

// CeilingView is a role that lets no more through than its own.
type CeilingView struct {
	GrantView
	Capped []GrantView     `json:"capped" doc:"What would give the permission without it."`
	Unless []ConditionView `json:"unless,omitempty" doc:"Conditions under which it would let the permission through, and that are not met."`
}

// IdleView is something that is held and does not count.
type IdleView struct {
	GrantView
	Why         string          `json:"why" enum:"suspended,expired,feature" doc:"suspended: a membership is suspended; expired: its time is over; feature: it waits for a feature that is off."`
	Membership  events.ScopeID  `json:"membership,omitempty" doc:"The scope whose membership is suspended."`
	Suspended   events.Revision `json:"suspended,omitempty" doc:"The commit that suspended it."`
	SuspendedAt time.Time       `json:"suspended_at,omitzero" doc:"When that was."`
	SuspendedBy string          `json:"suspended_by,omitempty" doc:"Who did it."`
	Feature     string          `json:"feature,omitempty" doc:"The feature that is off."`
	Editions    []string        `json:"editions,omitempty" doc:"The editions in which it is on; absent where it is switched by hand."`
}

// MissingView is a role or a group that would give a permission.
type MissingView struct {
	Role  string         `json:"role,omitempty" doc:"The role's name; absent where it is a group."`
	Group events.ScopeID `json:"group,omitempty" doc:"The group of which one would have to be a member; absent where it is a role."`
	Scope events.ScopeID `json:"scope,omitempty" doc:"Where the role would have to be held, or the group; absent where it is any group of a kind."`
	// CustomRole and GroupKind could be made to give it, where nothing does.
	CustomRole string `json:"custom_role,omitempty" doc:"Where nothing gives the permission: the template, KIND.NAME, of a custom role to which it would have to be given."`
	GroupKind  string `json:"group_kind,omitempty" doc:"Where nothing gives the permission: the kind of a group to which it would have to be given."`
	Rule       string `json:"rule,omitempty" doc:"The numbered rule of the role."`
	Feature    string `json:"feature,omitempty" doc:"The feature that the role waits for and that is off."`
	ConditionView
}

// maxAsk is how many are named as those to ask.
const maxAsk = 3

// Can answers whether a person has a permission on a scope; without a scope, on
// the organization itself. Everybody may ask about themselves; about others, those
// who may read the directory, on scopes that they may see.
func (s *Service) Can(ctx context.Context, caller Caller, org events.OrgID, reading Reading, who, permission, on string) (Answer, error) {
	return s.CanUpon(ctx, caller, org, reading, who, permission, on, "")
}

// CanUpon answers the same in regard to somebody, at whom conditions look: by
// login, address or id, known to the organization or not; empty for nobody.
func (s *Service) CanUpon(ctx context.Context, caller Caller, org events.OrgID, reading Reading, who, permission, on, about string) (Answer, error) {
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
	if id != caller.Principal && seen.hides(scope) {
		return Answer{}, refuseScope(org, "scope", on)
	}
	concerned, err := seen.concerned(about)
	if err != nil {
		return Answer{}, err
	}
	answer := Answer{
		ID: id, Login: seen.login(id), Permission: wanted.ID, Title: wanted.Title, Rule: wanted.Rule, Scope: scope, About: about,
		AsOf: state.Effective, Revision: state.Revision, Because: []GrantView{},
	}
	if concerned != outsider {
		answer.AboutID = concerned
	}
	seen.explain(&answer, state.Explain(aggregate.Question{Who: id, Permission: wanted, On: scope, About: concerned}))
	return answer, nil
}

// outsider stands for somebody whom the organization does not know.
const outsider events.PrincipalID = "outsider"

// concerned resolves the person whom a question is about. As with commands, only
// those who may read the directory find others by login or address.
func (v *view) concerned(name string) (events.PrincipalID, error) {
	if name == "" {
		return "", nil
	}
	id, known := v.service.findPerson(v.state, name)
	if !v.directory && id != v.self && events.PrincipalID(name).Validate() != nil {
		refused := refuse(aggregate.CodeNotPermitted, "about", "You may not look people up in %s; name them by id.", v.state.Org)
		refused[0].ContactNames = v.service.logins(v.state, v.state.Contact(v.self))
		return "", refused
	}
	if !known {
		return outsider, nil
	}
	return id, nil
}

// explain fills in what decided an answer.
func (v *view) explain(answer *Answer, explained aggregate.Answer) {
	person, known := v.state.Person(answer.ID)
	if !known { // was not, at that time
		person = &aggregate.Person{ID: answer.ID}
	}
	reasons := func(list []aggregate.Reason) []GrantView {
		var grants []GrantView
		for _, r := range list {
			grants = append(grants, v.reason(person, r))
		}
		return grants
	}
	answer.Allowed = explained.Allowed
	if answer.Allowed {
		answer.Because = reasons(explained.Because)
		return
	}
	answer.Unmet, answer.Suspended = reasons(explained.Unmet), len(explained.Idle) > 0
	for _, r := range explained.Withheld {
		withheld := WithheldView{GrantView: v.reason(person, r), Withheld: r.Withheld.Since.Revision, At: r.Withheld.Since.At, Who: v.login(r.Withheld.Since.Actor)}
		if r.Withheld.Value != "" {
			withheld.Where = r.Grant.Role.AdjustablePer.ID + "=" + r.Withheld.Value
		}
		answer.Withheld = append(answer.Withheld, withheld)
	}
	for _, idle := range explained.Idle {
		answer.Idle = append(answer.Idle, v.idle(person, idle))
	}
	if capping := explained.Ceiling; capping.Role != nil {
		answer.Ceiling = &CeilingView{GrantView: v.grant(person, capping), Capped: reasons(explained.Capped)}
		for _, c := range explained.Unless {
			answer.Ceiling.Unless = append(answer.Ceiling.Unless, viewCondition(c))
		}
	}
	answer.Feature, answer.Editions = waitsFor(explained.Feature)
	answer.Instead = v.instead(explained)
	answer.Ask = v.service.whomToAsk(v.state, answer.ID)
}

func (v *view) idle(person *aggregate.Person, idle aggregate.Idle) IdleView {
	list := IdleView{GrantView: v.reason(person, idle.Reason), Why: "suspended"}
	list.Active = false
	switch m := idle.Suspended; {
	case m.Scope != "":
		list.Membership, list.Suspended, list.SuspendedAt, list.SuspendedBy = m.Scope, m.Changed.Revision, m.Changed.At, v.login(m.Changed.Actor)
	case idle.Expired:
		list.Why = "expired"
	case idle.Feature != nil:
		list.Why = "feature"
		list.Feature, list.Editions = waitsFor(idle.Feature)
	}
	return list
}

// waitsFor names a feature and the editions in which it is on.
func waitsFor(feature *rolemodel.Feature) (id string, editions []string) {
	if feature == nil {
		return "", nil
	}
	for _, edition := range feature.Editions {
		editions = append(editions, edition.ID)
	}
	return feature.ID, editions
}

// instead lists what would help.
func (v *view) instead(explained aggregate.Answer) []MissingView {
	var list []MissingView
	for _, m := range explained.Instead {
		missing := MissingView{Scope: m.Scope, ConditionView: viewCondition(m.Condition)}
		switch {
		case m.Template != nil:
			missing.CustomRole, missing.Rule = m.Template.ID(), m.Template.Rule
		case m.Group != nil:
			missing.GroupKind = m.Group.Name
		case m.Role == nil:
			missing.Group = m.Scope
		default:
			missing.Role, missing.Rule = m.Role.Name, m.Role.Rule
			if !v.state.Enabled(m.Role.Feature) {
				missing.Feature = m.Role.Feature.ID
			}
		}
		list = append(list, missing)
	}
	return list
}

// whomToAsk names the contact of the role model (F04), else active holders of
// the highest role, to everybody in the organization: whoever is refused must
// know whom to turn to, who is never that person.
func (s *Service) whomToAsk(state *aggregate.State, who events.PrincipalID) []string {
	if contact := state.Contact(who); len(contact) > 0 {
		return s.logins(state, contact)
	}
	root, _ := state.Scope(state.Root)
	var logins []string
	for _, id := range root.Holders(state.Model.Highest) {
		person, _ := state.Person(id)
		if g, _ := person.Grant(state.Model.Highest, state.Root); id == who || !state.Active(person, &g) {
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
			"%s is a permission on %s, and %s is none: say which with --on %s:HANDLE.", wanted.ID, rolemodel.A(wanted.Kind), scope, wanted.Kind)
	}
	return wanted, scope, nil
}
