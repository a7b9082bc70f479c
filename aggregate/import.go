package aggregate

import (
	"slices"

	"tenure/events"
	"tenure/rolemodel"
)

// Import takes one change of another system's history over, judged by its net
// outcome: what the command says shall hold, holds afterwards, in whatever
// order it says so, or it is refused. A person is a member of the organization
// while holding one of its roles.
type Import struct {
	// Found opens the organization; nil for every change but the first.
	Found *Found
	// People are those whom the organization does not know yet.
	People []RegisterPerson
	// Scopes and Roles are the outcome for everything that the change touched,
	// each scope and each role of a person once.
	Scopes []ScopeOutcome
	Roles  []RoleOutcome
}

// ScopeOutcome says what shall become of a scope.
type ScopeOutcome struct {
	Scope events.ScopeID
	// Exists says whether it shall be there afterwards; Parent where, if that
	// is to change or the scope is new.
	Exists bool
	Parent events.ScopeID
	// Anew ends the scope of that name first, and all that was held on it.
	Anew bool
	// Title is for a new scope.
	Title events.Sealed
	// Field is where the source says so.
	Field string
}

// RoleOutcome says whether a person shall hold a role.
type RoleOutcome struct {
	Subject events.PrincipalID
	Role    events.RoleID
	Scope   events.ScopeID
	Held    bool
	// Field is where the source says so.
	Field string
}

// Name implements [Command].
func (Import) Name() string { return "import.timeline" }

func (Import) founds() {}

func (c Import) propose(d *draft) {
	if c.Found != nil {
		c.Found.propose(d)
	}
	if len(d.refusals) > 0 {
		return
	}
	if !d.state.Founded() {
		d.refuse(unknown("organization", string(d.commit.Org), ""))
		return
	}
	d.cause = events.CauseImport
	for _, person := range c.People {
		person.propose(d)
	}
	d.outcomeOfScopes(c.Scopes)
	gone := map[events.ScopeID]bool{}
	for _, outcome := range c.Scopes {
		if outcome.Exists {
			continue
		}
		gone[outcome.Scope] = true
		for _, below := range d.state.subtree(outcome.Scope) {
			gone[below.ID] = true
		}
	}
	// What the source says of people on a scope that goes has no outcome.
	roles := slices.DeleteFunc(slices.Clone(c.Roles), func(o RoleOutcome) bool { return gone[o.Scope] })
	d.outcomeOfRoles(roles)
	for _, outcome := range c.Scopes {
		if !outcome.Exists {
			d.field = outcome.Field
			d.deleteScope(outcome.Scope, d.cause)
		}
	}
	d.field = ""
	d.addDefaults()
	d.contradictions(roles)
}

// outcomeOfScopes creates what shall be there and moves what shall stand
// elsewhere. Deletions come last, so that what moves out of a deleted scope
// survives it (G04).
func (d *draft) outcomeOfScopes(outcomes []ScopeOutcome) {
	p := placing{draft: d, wanted: map[events.ScopeID]ScopeOutcome{}, settled: map[events.ScopeID]bool{}}
	for _, outcome := range outcomes {
		p.wanted[outcome.Scope] = outcome
	}
	for _, outcome := range outcomes {
		if outcome.Exists {
			p.settle(outcome.Scope)
		}
	}
}

// placing puts scopes where an import wants them.
type placing struct {
	*draft
	wanted map[events.ScopeID]ScopeOutcome
	// settled are the scopes that are where they shall be; those that are on
	// their way have an entry that is false.
	settled map[events.ScopeID]bool
}

// settle brings a scope to its place, and before it those that shall stand
// above it there.
func (p *placing) settle(id events.ScopeID) {
	settled, met := p.settled[id]
	if settled || len(p.refusals) > 0 {
		return
	}
	if met {
		p.refuse(*belowItself(id))
		return
	}
	p.settled[id] = false
	above := p.above(id)
	outcome, wanted := p.wanted[id]
	if wanted && outcome.Exists {
		p.field = outcome.Field
	}
	_, exists := p.state.Scope(id)
	switch {
	case wanted && !outcome.Exists:
		p.refuse(Refusal{Code: CodeStructure, Scope: id, Event: -1, Message: "Nothing can be put below " + string(id) + ", which the same change deletes."})
		return
	case wanted && above == "" && id != p.state.Root:
		p.refuse(Refusal{Code: CodeStructure, Scope: id, Event: -1, Message: "A new scope stands below another one: say where " + string(id) + " shall."})
		return
	case !wanted && !exists:
		p.refuse(unknown("scope", string(id), ""))
		return
	}
	if above != "" {
		p.settle(above)
	}
	if len(p.refusals) > 0 {
		return
	}
	if wanted {
		p.field = outcome.Field
		p.put(outcome, above)
	}
	p.settled[id] = true
}

// put creates or moves a scope whose place is ready.
func (p *placing) put(outcome ScopeOutcome, above events.ScopeID) {
	if outcome.Anew {
		for _, below := range p.state.subtree(outcome.Scope) {
			other, wanted := p.wanted[below.ID]
			if wanted && other.Exists && !other.Anew && !p.endsUnder(below.ID, outcome.Scope) {
				p.settle(below.ID)
			}
		}
		p.field = outcome.Field
		p.deleteScope(outcome.Scope, p.cause)
	}
	scope, exists := p.state.Scope(outcome.Scope)
	switch {
	case !exists:
		CreateScope{Scope: outcome.Scope, Parent: above, Title: outcome.Title}.propose(p.draft)
	case scope.Parent != above:
		MoveScope{Scope: outcome.Scope, Parent: above}.propose(p.draft)
	}
}

// above is the scope directly above which the scope shall stand, empty for the
// root and where nobody says.
func (p *placing) above(id events.ScopeID) events.ScopeID {
	scope, exists := p.state.Scope(id)
	outcome, wanted := p.wanted[id]
	switch {
	case wanted && (outcome.Parent != "" || outcome.Anew || !exists):
		return outcome.Parent
	case exists:
		return scope.Parent
	}
	return ""
}

// endsUnder says whether a scope shall stand somewhere below another.
func (p *placing) endsUnder(id, top events.ScopeID) bool {
	// Places may be wanted in a circle.
	for range len(p.wanted) + p.state.scopes.Len() {
		if id = p.above(id); id == top {
			return true
		}
	}
	return false
}

// outcomeOfRoles starts memberships, revokes, grants, and ends the memberships
// of those who hold no role of the organization any more. The roles of the
// organization come first: the others may rest on its membership.
func (d *draft) outcomeOfRoles(outcomes []RoleOutcome) {
	root, _ := d.state.Scope(d.state.Root)
	var ofRoot, below []RoleOutcome
	for _, outcome := range outcomes {
		d.field = outcome.Field
		role, defined := d.role(outcome.Role, outcome.Scope)
		if !defined {
			return
		}
		if outcome.Held {
			if _, known := d.person(outcome.Subject); !known {
				return
			}
			d.explicit[position{outcome.Subject, role, outcome.Scope}] = true
		}
		if outcome.Scope == root.ID {
			ofRoot = append(ofRoot, outcome)
		} else {
			below = append(below, outcome)
		}
	}
	for _, outcome := range ofRoot {
		d.field = outcome.Field
		if person, _ := d.state.Person(outcome.Subject); outcome.Held && root.Kind.Membership {
			if _, running := person.Membership(root.ID); !running {
				d.start(outcome.Subject, root.ID, "", d.cause)
			}
		}
	}
	d.settleRoles(ofRoot)
	for _, outcome := range ofRoot {
		d.field = outcome.Field
		person, known := d.state.Person(outcome.Subject)
		if known && !slices.ContainsFunc(person.Grants, func(g Grant) bool { return g.Scope == root.ID }) {
			d.terminate(outcome.Subject, root.ID, d.cause)
		}
	}
	d.settleRoles(below)
}

// settleRoles revokes, then grants: what the source says was revoked was not
// replaced.
func (d *draft) settleRoles(outcomes []RoleOutcome) {
	for _, held := range []bool{false, true} {
		for _, outcome := range outcomes {
			d.field = outcome.Field
			role, _ := d.role(outcome.Role, outcome.Scope)
			switch {
			case outcome.Held != held || len(d.refusals) > 0:
			case held:
				d.grant(outcome.Subject, role, outcome.Scope, d.cause)
			default:
				d.revoke(outcome.Subject, role, outcome.Scope, d.cause)
			}
		}
	}
}

// contradictions refuses an import that says two things at once.
func (d *draft) contradictions(outcomes []RoleOutcome) {
	if len(d.refusals) > 0 {
		return
	}
	for _, outcome := range outcomes {
		held := false
		var role *rolemodel.Role
		if person, known := d.state.Person(outcome.Subject); known {
			role, _ = d.role(outcome.Role, outcome.Scope)
			_, held = person.Grant(role, outcome.Scope)
		}
		if held == outcome.Held {
			continue
		}
		message := string(outcome.Subject) + " shall not be " + roleOn(role, outcome.Scope) + ", but something else in this change says so."
		if outcome.Held {
			message = string(outcome.Subject) + " shall be " + roleOn(role, outcome.Scope) + ", but something else in this change ends that."
		}
		d.refuse(Refusal{Code: CodeInvalid, Role: role.ID(), Scope: outcome.Scope, Subject: outcome.Subject,
			Field: outcome.Field, Event: -1, Message: message})
	}
}
