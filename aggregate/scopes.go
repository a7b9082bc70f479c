package aggregate

import (
	"slices"

	"tenure/events"
	"tenure/rolemodel"
)

// ImportScopes adds many scopes from a file, in one commit, some below others
// of the same file. If any is refused nothing changes, and all that is refused
// is told.
type ImportScopes struct {
	Scopes []ImportedScope
	// Refused is what was refused before, each at its field: the rest is judged
	// all the same.
	Refused Refusals
}

// ImportedScope is one scope of the file.
type ImportedScope struct {
	CreateScope
	// Field is where the file says so.
	Field string
}

// Name implements [Command].
func (ImportScopes) Name() string { return "scope.import" }

// imports says whether the commit adds scopes from a file, which takes an
// authority of its own ([rolemodel.ScopeImport]) where it adds them.
func imports(c *events.Commit) bool { return c.Command == ImportScopes{}.Name() }

func (c ImportScopes) propose(d *draft) {
	d.collecting = true
	d.refusals = append(d.refusals, c.Refused...)
	var refused int
	for _, s := range parentsFirst(c.Scopes) {
		d.field, refused = s.Field, len(d.refusals)
		switch {
		case d.refusedHere() || s.above.failed && !s.circular:
			s.failed = true // which is told where it began
			continue
		case s.circular:
			d.refuse(*belowItself(s.Scope))
		default:
			s.propose(d)
		}
		for i := refused; i < len(d.refusals); i++ {
			d.refusals[i].Field, d.refusals[i].Event = s.Field, -1
		}
		s.failed = len(d.refusals) > refused
	}
	d.field = ""
}

// importing is a scope of a file that is being added.
type importing struct {
	*ImportedScope
	// above is the scope of the same file below which it stands, or one that
	// stands for those that are there.
	above *importing
	// circular says that it stands below itself, failed that it cannot be added.
	circular, failed bool
}

// parentsFirst puts the scopes of a file in an order in which they can be added,
// and finds those that stand below themselves.
func parentsFirst(scopes []ImportedScope) []*importing {
	there := &importing{}
	all := make([]importing, len(scopes))
	byID := make(map[events.ScopeID]*importing, len(scopes))
	for i := range scopes {
		all[i] = importing{ImportedScope: &scopes[i], above: there}
		if _, twice := byID[scopes[i].Scope]; !twice {
			byID[scopes[i].Scope] = &all[i]
		}
	}
	for i := range all {
		if above, same := byID[all[i].Parent]; same {
			all[i].above = above
		}
	}
	var order []*importing
	met := map[*importing]bool{there: true} // those in the order, and on the way into it
	for i := range all {
		var way []*importing
		at := &all[i]
		for ; !met[at]; at = at.above {
			met[at] = true
			way = append(way, at)
		}
		if begins := slices.Index(way, at); begins >= 0 {
			for _, s := range way[begins:] {
				s.circular = true
			}
		}
		slices.Reverse(way)
		order = append(order, way...)
	}
	return order
}

// lacksCreating refuses a person who may not add a scope of the kind there. What
// a file adds below what it adds itself takes the authority where the file begins.
func (s State) lacksCreating(at State, c *events.Commit, actor *Person, kind string, parent events.ScopeID, about events.PrincipalID) *Refusal {
	if !imports(c) {
		return s.lacksAct(actor, rolemodel.ScopeCreate(kind), parent, about)
	}
	for above := range at.Up(parent) {
		if above.Created.Revision <= s.Revision {
			parent = above.ID
			break
		}
	}
	return s.lacksAct(actor, rolemodel.ScopeImport(kind), parent, about)
}
