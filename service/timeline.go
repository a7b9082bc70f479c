package service

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/vault"
)

// The timeline format tells an organization's membership in admins, members
// and teams, as the configuration files of GitHub organizations do. Any role
// model that has these roles can take it over.
const (
	timelineAdmin      = "admin"
	timelineMember     = "member"
	timelineMaintainer = "maintainer"
	timelineTeam       = "team"
)

// maxSourceID is the length of the longest id of a source commit.
const maxSourceID = 200

// TimelineCommit is one commit of a source history: changes that count
// together.
type TimelineCommit struct {
	// Model founds the organization if it does not exist yet.
	Model   string           `json:"model,omitempty" doc:"The role model to found the organization with, if it does not exist yet."`
	Commit  string           `json:"commit" minLength:"1" maxLength:"200" doc:"The source's id of the commit. A commit that was taken over before is not taken over again."`
	Time    time.Time        `json:"time" doc:"When it took effect."`
	Changes []TimelineChange `json:"changes" minItems:"1" doc:"What it changed. Only the outcome of all of them counts."`
}

// TimelineChange is one line of a source history.
type TimelineChange struct {
	Op     string `json:"op" enum:"admin.add,admin.remove,member.add,member.remove,team.create,team.move,team.delete,team.maintainer.add,team.maintainer.remove,team.member.add,team.member.remove" doc:"What changed."`
	User   string `json:"user,omitempty" doc:"The login, for changes of people."`
	Team   string `json:"team,omitempty" doc:"The team's name as its owners write it, for changes of teams."`
	Parent string `json:"parent,omitempty" doc:"The name of the team above; absent directly below the organization."`
	// Handle replaces the one made from the team's name, where that would name
	// a person.
	Handle string `json:"handle,omitempty" doc:"The handle of a new team, where the one made from its name would name a person."`
}

// ImportTimeline takes one commit of a source history over, as one commit of
// the ledger, judged by its net outcome. The first one founds the
// organization. A source commit that was taken over before changes nothing.
// Refusals name the change in their field: "changes[3]". Names of people and of
// teams that differ in letter case alone are one name.
func (s *Service) ImportTimeline(ctx context.Context, caller Caller, org events.OrgID, source TimelineCommit) (Receipt, error) {
	switch {
	case !caller.Operator():
		return Receipt{}, refuse(aggregate.CodeNotPermitted, "", "Only the operator imports history.")
	case source.Commit == "" || len(source.Commit) > maxSourceID:
		return Receipt{}, refuse(aggregate.CodeInvalid, "commit", "Every commit of a history has an id, of at most %d characters.", maxSourceID)
	case source.Time.IsZero():
		return Receipt{}, refuse(aggregate.CodeInvalid, "time", "Every commit of a history has a time.")
	}
	// The role model and the handles are wishes, and a later run over a longer
	// file may wish otherwise.
	request := source
	request.Model = ""
	request.Changes = slices.Clone(source.Changes)
	for i := range request.Changes {
		request.Changes[i].Handle = ""
	}
	envelope := Envelope{IdempotencyKey: "timeline " + source.Commit}
	if events.ValidTicket(source.Commit) {
		envelope.Ticket = source.Commit
	}
	return s.execute(ctx, caller, org, envelope, task{
		kind: "import.timeline", request: request, founds: true, prepare: func(p *plan) (aggregate.Command, error) {
			p.actor, p.effective = events.Importer, source.Time
			return p.outcome(source)
		}})
}

// outcome works out what shall hold after all changes of a source commit.
func (p *plan) outcome(source TimelineCommit) (aggregate.Import, error) {
	var command aggregate.Import
	model, root := p.state.Model, p.state.Root
	if !p.state.Founded() {
		if source.Model == "" {
			return command, refuseUnknown("model", "organization", string(p.org), "give --model to found it")
		}
		adopted, err := modelOf(source.Model, "")
		if err != nil {
			return command, err
		}
		found, err := p.found(adopted, "")
		if err != nil {
			return command, err
		}
		command.Found = &found
		model, root = found.Model, events.Scope(found.Model.Root, string(p.org))
	} else if source.Model != "" && source.Model != model.ID {
		return command, refuse(aggregate.CodeInvalid, "model", "%s runs under the model %s, not %s.", p.org, model.ID, source.Model)
	}
	for _, need := range []struct{ kind, role string }{
		{model.Root, timelineAdmin}, {model.Root, timelineMember},
		{timelineTeam, timelineMaintainer}, {timelineTeam, timelineMember},
	} {
		if _, defined := model.Role(need.kind, need.role); !defined {
			return command, refuse(aggregate.CodeInvalid, "model",
				"The timeline format needs a role %s on a scope of kind %s, and the model %s has none.", need.role, need.kind, model.ID)
		}
	}
	in := &intake{
		plan: p, root: root, command: &command, handles: map[string]string{},
		scopes: map[events.ScopeID]int{}, roles: map[roleKey]int{}, people: map[string]events.PrincipalID{},
	}
	for _, change := range source.Changes {
		if change.Op == "team.create" && change.Handle != "" {
			in.handles[change.Team] = change.Handle
		}
	}
	for i, change := range source.Changes {
		in.field = fmt.Sprintf("changes[%d]", i)
		if err := in.take(change); err != nil {
			return command, err
		}
	}
	return command, nil
}

// intake gathers the changes of one source commit. The last word on each role
// and each team counts.
type intake struct {
	plan    *plan
	root    events.ScopeID
	command *aggregate.Import
	field   string
	// handles are the handles wished for, by the team's name.
	handles map[string]string
	// scopes and roles are the places in the command of what was mentioned.
	scopes map[events.ScopeID]int
	roles  map[roleKey]int
	people map[string]events.PrincipalID
}

type roleKey struct {
	subject events.PrincipalID
	role    events.RoleID
	scope   events.ScopeID
}

func (in *intake) take(change TimelineChange) error {
	switch change.Op {
	case "admin.add", "admin.remove":
		return in.role(change.User, timelineAdmin, in.root, change.Op == "admin.add")
	case "member.add", "member.remove":
		return in.role(change.User, timelineMember, in.root, change.Op == "member.add")
	case "team.create":
		return in.team(change, true, true)
	case "team.move":
		return in.team(change, true, false)
	case "team.delete":
		return in.team(change, false, false)
	case "team.maintainer.add", "team.maintainer.remove":
		return in.teamRole(change, timelineMaintainer, change.Op == "team.maintainer.add")
	case "team.member.add", "team.member.remove":
		return in.teamRole(change, timelineMember, change.Op == "team.member.add")
	}
	return refuse(aggregate.CodeInvalid, in.field, "There is no change %.40q.", change.Op)
}

// role notes whether a person shall hold a role. A person who is not known yet
// is registered when something is to be held.
func (in *intake) role(login string, role events.RoleID, scope events.ScopeID, held bool) error {
	if login == "" {
		return refuse(aggregate.CodeInvalid, in.field, "This change names no user.")
	}
	id, known := in.person(login)
	if !known {
		if !held {
			return nil
		}
		person, err := in.plan.register(PersonDetails{Login: login}, "")
		if err != nil {
			return at(in.field, err)
		}
		id = person.Subject
		in.people[login] = id
		in.command.People = append(in.command.People, person)
	}
	key := roleKey{id, role, scope}
	index, seen := in.roles[key]
	if !seen {
		index = len(in.command.Roles)
		in.roles[key] = index
		in.command.Roles = append(in.command.Roles, aggregate.RoleOutcome{Subject: id, Role: role, Scope: scope})
	}
	in.command.Roles[index].Held, in.command.Roles[index].Field = held, in.field
	return nil
}

// person finds who has the login, known before or registered by this commit.
func (in *intake) person(login string) (events.PrincipalID, bool) {
	if id, met := in.people[login]; met {
		return id, true
	}
	owner, found := in.plan.stage.Find(vault.ByLogin, login)
	if !found {
		return "", false
	}
	id := events.PrincipalID(owner)
	in.people[login] = id
	return id, true
}

func (in *intake) teamRole(change TimelineChange, role events.RoleID, held bool) error {
	id, known := in.scopeOf(change.Team)
	if !known {
		if !held {
			return nil
		}
		return refuseUnknown(in.field, "team", change.Team, "")
	}
	return in.role(change.User, role, id, held)
}

// team notes what shall become of a team.
func (in *intake) team(change TimelineChange, exists, create bool) error {
	if change.Team == "" {
		return refuse(aggregate.CodeInvalid, in.field, "This change names no team.")
	}
	unknown := refuseUnknown(in.field, "team", change.Team, "")
	id, known := in.scopeOf(change.Team)
	if !known {
		if !create {
			return unknown
		}
		var err error
		if id, err = in.newHandle(change.Team); err != nil {
			return err
		}
	}
	_, before := in.plan.state.Scope(id)
	index, seen := in.scopes[id]
	there := before
	if seen {
		there = in.command.Scopes[index].Exists
	}
	switch {
	case create && there:
		return refuse(aggregate.CodeExists, in.field, "There is a team %s already.", change.Team)
	case !create && !there:
		return unknown
	case !seen:
		index = len(in.command.Scopes)
		in.scopes[id] = index
		in.command.Scopes = append(in.command.Scopes, aggregate.ScopeOutcome{Scope: id})
	}
	outcome := &in.command.Scopes[index]
	outcome.Anew = outcome.Anew || create && before
	outcome.Exists, outcome.Field = exists, in.field
	if !exists {
		// What was held on it, and was to be, is gone with it.
		for key, i := range in.roles {
			if key.scope == id {
				in.command.Roles[i].Held, in.command.Roles[i].Field = false, in.field
			}
		}
		return nil
	}
	outcome.Parent = in.root
	if change.Parent != "" {
		// The parent may come later in the same commit.
		if outcome.Parent, known = in.scopeOf(change.Parent); !known {
			var err error
			if outcome.Parent, err = in.newHandle(change.Parent); err != nil {
				return err
			}
		}
	}
	var err error
	outcome.Title, err = in.plan.sealTitle(id, change.Team)
	return at(in.field, err)
}

// scopeOf finds the team of that name, be it there now, in this commit, or once.
func (in *intake) scopeOf(team string) (events.ScopeID, bool) {
	owner, found := in.plan.stage.Find(vault.ByTitle, titleKey(timelineTeam, team))
	return events.ScopeID(owner), found
}

// newHandle makes a handle from a team's name, or takes the one wished for, and
// lets the team be found by its name. A name that another team's handle was
// made from gets a number.
func (in *intake) newHandle(team string) (events.ScopeID, error) {
	base := in.handles[team]
	if base == "" {
		base = handleOf(team)
	}
	for n := 1; ; n++ {
		handle := base
		if n > 1 {
			handle = fmt.Sprintf("%.58s-%d", base, n)
		}
		id := events.Scope(timelineTeam, handle)
		if err := id.Validate(); err != nil {
			return "", refuse(aggregate.CodeInvalid, in.field, "This cannot be a scope: %v.", err)
		}
		if _, exists := in.plan.state.Scope(id); exists || in.plan.stage.Has(string(id)) {
			continue
		}
		_, err := in.plan.sealTitle(id, team)
		return id, at(in.field, err)
	}
}

// handleOf makes a handle from a name: its letters and digits in lower case,
// the rest as hyphens. A name without any, or one too long, gets a digest.
func handleOf(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			b.WriteRune(r)
		} else if b.Len() > 0 && !strings.HasSuffix(b.String(), "-") {
			b.WriteByte('-')
		}
	}
	handle := strings.TrimSuffix(b.String(), "-")
	if handle != "" && len(handle) <= 60 {
		return handle
	}
	digest := sha256.Sum256([]byte(name))
	return strings.TrimPrefix(fmt.Sprintf("%.50s-%s", handle, hex.EncodeToString(digest[:4])), "-")
}

// at puts the field into refusals that have none of the source's.
func at(field string, err error) error {
	var refusals aggregate.Refusals
	if errors.As(err, &refusals) {
		for i := range refusals {
			refusals[i].Field = field
		}
	}
	return err
}
