package projections

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
)

// What counts as long, where the role model does not say.
const (
	longOpen     = 30 * day
	longIssued   = 365 * day
	soonOver     = 14 * day
	day          = 24 * time.Hour
	namesInWords = 10
)

// Acts say what the ledger knows of who does something.
type Acts struct {
	// Last is when somebody last was the actor of a commit.
	Last map[events.PrincipalID]time.Time
	// Overridden is when the operator overrode the organization's own authority.
	Overridden []time.Time
}

// ActsOf collects the acts of an organization.
func ActsOf(records []events.Record) Acts {
	acts := Acts{Last: map[events.PrincipalID]time.Time{}}
	for i := range records {
		r := &records[i]
		if at := r.Effective(); at.After(acts.Last[r.Actor]) {
			acts.Last[r.Actor] = at
		}
		if r.BreakGlass {
			acts.Overridden = append(acts.Overridden, r.Effective())
		}
	}
	return acts
}

// Level says how much a finding matters.
type Level string

// The levels.
const (
	Information Level = "info"
	Warning     Level = "warning"
)

// Finding is something about the roles of an organization that somebody should
// know.
type Finding struct {
	Level Level
	// Code says what it is, in a word that stays.
	Code string
	// Sentence says it in words, with ids in the place of names.
	Sentence string
	// Rule is the numbered rule that it follows, or empty.
	Rule    string
	Persons []events.PrincipalID
	Scopes  []events.ScopeID
}

// Posture is how the roles of an organization are kept.
type Posture struct {
	// Highest is the highest role of the model, Units how many scopes there are
	// by whose number its holders are judged.
	Highest *rolemodel.Role
	Units   int
	// Holders hold that role, those first who have held it for longest.
	Holders []HighestHolder
	// Findings are warnings, and then information.
	Findings []Finding
}

// HighestHolder is somebody who holds the highest role.
type HighestHolder struct {
	Person events.PrincipalID
	Grant  aggregate.Grant
	// Active says that it counts.
	Active bool
	// Acted is the last commit of the person; zero if there is none.
	Acted time.Time
}

// PostureOf judges a state by the acts up to it, at a time (D08, Z11).
func PostureOf(state aggregate.State, acts Acts, at time.Time) Posture {
	p := posture{state: state.At(at), acts: acts, at: at, rule: state.Model.Posture.Rule}
	p.Highest = state.Model.Highest
	p.highest()
	p.dormant()
	p.suspended()
	p.waiting()
	p.expiring()
	p.outsiders()
	p.groups()
	p.vacant()
	p.keys()
	p.clients()
	p.invitations()
	p.overridden()
	slices.SortStableFunc(p.Findings, func(a, b Finding) int { return -cmp.Compare(a.Level, b.Level) })
	return p.Posture
}

// posture is one being judged.
type posture struct {
	Posture
	state aggregate.State
	acts  Acts
	at    time.Time
	rule  string
}

func (p *posture) find(level Level, code, rule string, persons []events.PrincipalID, scopes []events.ScopeID, format string, args ...any) {
	p.Findings = append(p.Findings, Finding{Level: level, Code: code, Sentence: fmt.Sprintf(format, args...), Rule: rule, Persons: persons, Scopes: scopes})
}

// highest judges how many hold the highest role.
func (p *posture) highest() {
	root, _ := p.state.Scope(p.state.Root)
	for _, scope := range p.state.Scopes() {
		if slices.Contains(p.state.Model.Posture.Units, scope.Kind) && !p.state.Archived(scope.ID) {
			p.Units++
		}
	}
	var all, active []events.PrincipalID
	var since []string
	for _, id := range root.Holders(p.Highest) {
		person, _ := p.state.Person(id)
		g, _ := person.Grant(p.Highest, root.ID)
		p.Holders = append(p.Holders, HighestHolder{Person: id, Grant: g, Active: p.state.Active(person, &g), Acted: p.acts.Last[id]})
	}
	slices.SortStableFunc(p.Holders, func(a, b HighestHolder) int { return a.Grant.Since.At.Compare(b.Grant.Since.At) })
	for _, h := range p.Holders {
		all = append(all, h.Person)
		text := string(h.Person) + " since " + h.Grant.Since.At.Format(time.DateOnly)
		if h.Active {
			active = append(active, h.Person)
		} else {
			text += " (not active)"
		}
		since = append(since, text)
	}
	scopes, role := []events.ScopeID{root.ID}, p.Highest.ID()
	p.find(Information, "highest_role", p.rule, all, scopes, "%s: %s.", count(len(all), "person holds "+role, "people hold "+role), list(since))

	switch most := max(2, p.Units); {
	case len(active) == 0:
		p.find(Warning, "highest_role_unheld", p.rule, all, scopes, "Nobody actively holds %s: nobody can decide what is left to it.", role)
	case len(active) == 1 && p.Highest.AtMost == 1:
		p.find(Information, "highest_role_single", p.rule, active, scopes, "%s alone holds %s, which never has more than one holder.", active[0], role)
	case len(active) == 1 && p.Units > 1:
		p.find(Warning, "highest_role_single", p.rule, active, scopes, "%s alone holds %s, with %s: grant it to a second person, who can step in.", active[0], role, p.units())
	case len(active) == 1:
		p.find(Information, "highest_role_single", p.rule, active, scopes, "%s alone holds %s, with %s.", active[0], role, p.units())
	case len(active) > most:
		p.find(Warning, "highest_role_many", p.rule, active, scopes, "%d people hold %s, with %s: more than %d is many.", len(active), role, p.units(), most)
	}
}

// units says in words how many there are.
func (p *posture) units() string {
	var kinds []string
	for _, kind := range p.state.Model.Posture.Units {
		kinds = append(kinds, kind.Name)
	}
	if len(kinds) == 0 {
		return "no scopes below"
	}
	return count(p.Units, "scope", "scopes") + " of the kind " + strings.Join(kinds, " or ")
}

// dormant names those who hold the highest role and have not acted for long.
func (p *posture) dormant() {
	for _, h := range p.Holders {
		since, what := h.Acted, "has not acted since "
		if since.Before(h.Grant.Since.At) {
			since, what = h.Grant.Since.At, "has not acted since it was given, on "
		}
		days := int(p.at.Sub(since) / day)
		if h.Active && !h.Person.Builtin() && days >= p.state.Model.Posture.DormantDays {
			p.find(Warning, "highest_role_dormant", p.rule, []events.PrincipalID{h.Person}, []events.ScopeID{h.Grant.Scope},
				"%s holds %s and %s%s, for %d days.", h.Person, p.Highest.ID(), what, since.Format(time.DateOnly), days)
		}
	}
}

// suspended names people who hold roles that do not count because a membership
// is suspended.
func (p *posture) suspended() {
	for _, person := range p.state.Persons() {
		level, rule, since := Information, "", time.Time{}
		var roles []string
		var scopes []events.ScopeID
		for i := range person.Grants {
			g := &person.Grants[i]
			idle, is := p.state.Idle(person, g)
			if !is || idle.Suspended.Scope == "" || g.Role.Default {
				continue
			}
			if g.Role == p.Highest {
				level, rule = Warning, p.rule
			}
			since = idle.Suspended.Changed.At
			roles, scopes = append(roles, g.Role.ID()+" on "+string(g.Scope)), append(scopes, g.Scope)
		}
		if len(roles) > 0 {
			p.find(level, "suspended_holder", rule, []events.PrincipalID{person.ID}, unique(scopes),
				"%s is suspended since %s and still holds %s.", person.ID, since.Format(time.DateOnly), list(roles))
		}
	}
}

// waiting names roles that give nothing because their feature is off.
func (p *posture) waiting() {
	holders := map[*rolemodel.Role][]events.PrincipalID{}
	for _, person := range p.state.Principals() {
		for i := range person.Grants {
			role := person.Grants[i].Role
			if !p.state.Enabled(role.Feature) && !slices.Contains(holders[role], person.ID) {
				holders[role] = append(holders[role], person.ID)
			}
		}
	}
	for _, role := range p.state.Roles() {
		if who := holders[role]; len(who) > 0 {
			p.find(Information, "role_without_effect", role.Rule, who, nil, "%s %s, and the feature that it waits for, %s, is off: it gives nothing.",
				count(len(who), "holder has", "holders have"), role.ID(), role.Feature.ID)
		}
	}
}

// expiring names roles that end by themselves soon.
func (p *posture) expiring() {
	var who []events.PrincipalID
	var scopes []events.ScopeID
	var texts []string
	for _, person := range p.state.Principals() {
		for _, g := range person.Grants {
			if g.Until.IsZero() || !g.Until.After(p.at) || g.Until.Sub(p.at) > soonOver {
				continue
			}
			who, scopes = append(who, person.ID), append(scopes, g.Scope)
			texts = append(texts, fmt.Sprintf("%s of %s on %s, on %s", g.Role.ID(), person.ID, g.Scope, g.Until.Format(time.DateOnly)))
		}
	}
	if len(who) > 0 {
		p.find(Information, "roles_expiring", "", unique(who), unique(scopes), "%s within %d days: %s.",
			count(len(texts), "role ends", "roles end"), int(soonOver/day), list(texts))
	}
}

// outsiders names people who hold roles and are no members.
func (p *posture) outsiders() {
	var who []events.PrincipalID
	for _, person := range p.state.Persons() {
		if _, member := person.Membership(p.state.Root); !member && len(person.Grants) > 0 {
			who = append(who, person.ID)
		}
	}
	if len(who) > 0 {
		p.find(Information, "outsiders_with_roles", "", who, nil, "%s of %s and %s roles: %s.",
			count(len(who), "person is no member", "people are no members"), p.state.Root, verb(len(who), "holds", "hold"), people(who))
	}
}

// groups names those that nobody is a member of.
func (p *posture) groups() {
	var empty []events.ScopeID
	var texts []string
	for _, scope := range p.state.Scopes() {
		if scope.Kind.Group() && len(scope.Members()) == 0 && !p.state.Archived(scope.ID) {
			empty, texts = append(empty, scope.ID), append(texts, string(scope.ID))
		}
	}
	if len(empty) > 0 {
		p.find(Information, "empty_groups", "", nil, empty, "%s no members: %s.", count(len(empty), "group has", "groups have"), list(texts))
	}
}

// vacant names resolvers and audiences that find nobody on the organization.
func (p *posture) vacant() {
	model, scopes := p.state.Model, []events.ScopeID{p.state.Root}
	for _, resolver := range model.Resolvers {
		if role := resolver.RoleOn(model.Root); role != nil {
			if holders, _ := p.state.Resolve(resolver, p.state.Root); len(holders) == 0 {
				p.find(Warning, "resolver_vacant", resolver.Rule, nil, scopes, "%s finds nobody on %s: nobody actively holds %s.", resolver.ID, p.state.Root, role.ID())
			}
		}
	}
	wanted := map[*rolemodel.Audience]bool{model.Contact: true}
	for _, message := range model.Messages {
		wanted[message.Audience] = true
	}
	for _, audience := range model.Audiences {
		if !wanted[audience] || audience.Kind != model.Root {
			continue
		}
		found := p.state.Addressees(audience, p.state.Root, "")
		switch {
		case len(found.Persons) == 0:
			p.find(Warning, "audience_vacant", audience.Rule, nil, scopes, "Messages to %s reach nobody: nobody actively holds a role of it, or of those that come next.", audience.ID)
		case found.Audience != audience:
			p.find(Information, "audience_vacant", audience.Rule, found.Persons, scopes, "Nobody actively holds a role of %s: its messages go to %s.", audience.ID, found.Audience.ID)
		}
	}
}

// keys names those who have API keys that are old.
func (p *posture) keys() {
	old := map[events.PrincipalID][]time.Time{}
	for _, key := range p.state.Credentials() {
		if p.at.Sub(key.Issued.At) >= longIssued {
			old[key.Subject] = append(old[key.Subject], key.Issued.At)
		}
	}
	for _, who := range slices.Sorted(maps.Keys(old)) {
		first := slices.MinFunc(old[who], time.Time.Compare)
		p.find(Warning, "old_keys", "", []events.PrincipalID{who}, nil, "%s has %s that %s older than a year, issued from %s on: issue a new one and revoke it.",
			who, count(len(old[who]), "API key", "API keys"), verb(len(old[who]), "is", "are"), first.Format(time.DateOnly))
	}
}

// clients names API clients that hold roles for nothing.
func (p *posture) clients() {
	for _, client := range p.state.Clients() {
		if len(client.Grants) == 0 {
			continue
		}
		since := client.Registered.At
		if acted := p.acts.Last[client.ID]; acted.After(since) {
			since = acted
		}
		who, days := []events.PrincipalID{client.ID}, int(p.at.Sub(since)/day)
		switch {
		case len(client.Credentials) == 0:
			p.find(Information, "client_without_key", "", who, nil, "The API client %s holds roles and has no key.", client.ID)
		case days >= p.state.Model.Posture.DormantDays:
			p.find(Information, "client_dormant", "", who, nil,
				"The API client %s holds roles and has changed nothing since %s, for %d days; what it only reads is not on record.", client.ID, since.Format(time.DateOnly), days)
		}
	}
}

// invitations names those that have been open for long.
func (p *posture) invitations() {
	var who []events.PrincipalID
	for _, person := range p.state.Persons() {
		if person.Matters != nil && slices.ContainsFunc(person.Matters.Invitations, func(i aggregate.Invitation) bool { return p.at.Sub(i.Sent.At) >= longOpen }) {
			who = append(who, person.ID)
		}
	}
	if len(who) > 0 {
		p.find(Information, "old_invitations", "", who, nil, "%s an invitation that nobody has answered for %d days: %s.",
			count(len(who), "person has", "people have"), int(longOpen/day), people(who))
	}
}

// overridden says how often the operator overrode the organization's own
// authority of late.
func (p *posture) overridden() {
	within := time.Duration(p.state.Model.Posture.DormantDays) * day
	times, last := 0, time.Time{}
	for _, at := range p.acts.Overridden {
		if p.at.Sub(at) < within {
			times++
			last = at
		}
	}
	if times > 0 {
		p.find(Information, "overridden", "", []events.PrincipalID{events.Operator}, nil, "The operator overrode the organization's own authority %s within %d days, last on %s.",
			count(times, "time", "times"), int(within/day), last.Format(time.DateOnly))
	}
}

func count(n int, one, more string) string { return fmt.Sprintf("%d %s", n, verb(n, one, more)) }

func verb(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

// list is an enumeration in words, cut short where it is long.
func list(texts []string) string {
	switch rest := len(texts) - namesInWords; {
	case len(texts) < 2:
		return strings.Join(texts, "")
	case rest > 1:
		return strings.Join(texts[:namesInWords], ", ") + fmt.Sprintf(" and %d more", rest)
	}
	last := len(texts) - 1
	return strings.Join(texts[:last], ", ") + " and " + texts[last]
}

func people(ids []events.PrincipalID) string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = string(id)
	}
	return list(texts)
}

func unique[T cmp.Ordered](values []T) []T {
	slices.Sort(values)
	return slices.Compact(values)
}
