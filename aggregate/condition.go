package aggregate

import (
	"cmp"
	"slices"

	"tenure/events"
	"tenure/rolemodel"
)

// circumstances are what conditions are judged by: a state, who asks, the scope
// asked about, and the person concerned, empty for nobody.
type circumstances struct {
	state  *State
	holder *Person
	on     events.ScopeID
	about  events.PrincipalID
}

// met says whether a condition holds.
func (s *State) met(condition *rolemodel.Condition, holder *Person, on events.ScopeID, about events.PrincipalID) bool {
	state := *s // so that a state of which no condition is asked need not outlive its caller
	return condition.Met(circumstances{&state, holder, cmp.Or(s.target, on), about})
}

// Fact implements [rolemodel.Circumstances].
func (c circumstances) Fact(name string) any {
	person, known := c.state.Person(c.about)
	switch name {
	case rolemodel.TargetKind:
		return c.on.Kind()
	case rolemodel.TargetParent:
		scope, _ := c.state.Scope(c.on)
		if scope == nil {
			return ""
		}
		return scope.Parent.Kind()
	case rolemodel.TargetArchived:
		return c.state.Archived(c.on)
	case rolemodel.PersonGiven:
		return c.about != ""
	case rolemodel.PersonSelf:
		return c.about != "" && c.about == c.holder.ID
	case rolemodel.PersonMember:
		return known && person.member(c.state.Root)
	case rolemodel.PersonActive:
		m, member := Membership{}, false
		if known {
			m, member = person.Membership(c.state.Root)
		}
		return member && m.Active
	case rolemodel.PersonInvited:
		return known && c.state.invited(person)
	case rolemodel.PersonMemberKind:
		return c.state.memberKind(person, c.state.Root)
	case rolemodel.PersonMemberHere:
		return known && person.member(c.on) && c.state.left != seat{c.about, c.on}
	case rolemodel.HolderMemberKind:
		return c.state.memberKind(c.holder, c.state.Root)
	case rolemodel.EditionInForce:
		if c.state.edition == nil {
			return ""
		}
		return c.state.edition.ID
	}
	return nil
}

// Attribute implements [rolemodel.Circumstances].
func (c circumstances) Attribute(id string) string {
	scope, exists := c.state.Scope(c.on)
	if !exists {
		return ""
	}
	return scope.Attribute(id)
}

// HolderHolds implements [rolemodel.Circumstances].
func (c circumstances) HolderHolds(role *rolemodel.Role) bool { return c.holds(c.holder, role, true) }

// PersonHolds implements [rolemodel.Circumstances]. What a person holds counts
// here while it is suspended, too: who is disabled is still an administrator to
// those who may not touch one.
func (c circumstances) PersonHolds(role *rolemodel.Role) bool {
	person, known := c.state.Person(c.about)
	return known && c.holds(person, role, false)
}

func (c circumstances) holds(person *Person, role *rolemodel.Role, counting bool) bool {
	for i := range person.Grants {
		g := &person.Grants[i]
		if g.Role == role && c.state.Under(c.on, g.Scope) && (!counting || c.state.active(person, g)) {
			return true
		}
	}
	return false
}

// invited says whether somebody has asked the person to come who may still do so,
// and not because the person is invited: an invitation does not bring about what
// it takes, nor does one whose sender lost the authority.
func (s *State) invited(person *Person) bool {
	if s.uninvited {
		return false
	}
	stranger := *s
	stranger.uninvited = true
	return slices.ContainsFunc(person.invitations(), func(i Invitation) bool {
		return !due(i.Expires, s.clock) && stranger.offered(i, person.ID)
	})
}

// member says whether the person has a running membership of the scope.
func (p *Person) member(scope events.ScopeID) bool {
	_, running := p.Membership(scope)
	return running
}

// memberKind is the kind of the person's membership of a scope; empty without
// one, or where all members are alike.
func (s *State) memberKind(person *Person, on events.ScopeID) string {
	scope, exists := s.Scope(on)
	if person == nil || !exists {
		return ""
	}
	m, running := person.Membership(on)
	if !running {
		return ""
	}
	kind, _ := scope.Kind.MemberKind(string(m.MemberKind))
	if kind == nil {
		return ""
	}
	return kind.ID
}

// Attribute is the value of an attribute of the scope; empty where its kind has
// none of that id.
func (c *Scope) Attribute(id string) string {
	attribute, declared := c.Kind.Attribute(id)
	if !declared {
		return ""
	}
	for _, set := range c.Attributes {
		if string(set.ID) == id {
			return set.Value
		}
	}
	return attribute.Values[0]
}

// Archived says whether the scope or one above it is in the archive.
func (s State) Archived(on events.ScopeID) bool {
	for at := range s.Up(on) {
		if at.Archive.Revision > 0 {
			return true
		}
	}
	return false
}
