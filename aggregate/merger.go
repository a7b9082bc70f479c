package aggregate

import (
	"fmt"
	"slices"

	"tenure/events"
	"tenure/rolemodel"
)

// MergeScope puts a scope into another one of its kind, which remains. What
// counts on the one holds on the other afterwards: active members become members
// there, of the same kind, and what people hold passes over, with its end. The
// scopes directly below pass over too.
//
// What the other one has is left as it is: a role passes over neither beside one
// that replaces it there, nor beyond its upper bound. Roles that are transferred,
// default roles and the background user's are those of the other one alone, and
// who is suspended on the scope leaves with it. Marks, attributes and invitations
// end with the scope.
type MergeScope struct {
	// Scope is the one that ends.
	Scope events.ScopeID
	Into  events.ScopeID
}

// Name implements [Command].
func (MergeScope) Name() string { return "scope.merge" }

func (c MergeScope) propose(d *draft) {
	scope, exists := d.scope(c.Scope)
	if !exists {
		return
	}
	if _, exists := d.scope(c.Into); !exists {
		return
	}
	d.emit(events.ScopeMerged{Scope: c.Scope, Into: c.Into})
	if len(d.refusals) > 0 {
		return
	}
	for _, subject := range scope.Members() {
		person, _ := d.state.Person(subject)
		switch m, _ := person.Membership(c.Scope); {
		case !m.Active:
			d.terminate(subject, c.Scope, events.CauseMerge)
		case !person.member(c.Into):
			d.start(subject, c.Into, m.MemberKind, events.CauseMerge)
		}
	}
	scope, _ = d.state.Scope(c.Scope)
	for _, h := range scope.holders {
		for _, subject := range sorted(h.people) {
			person, _ := d.state.Person(subject)
			g, _ := person.Grant(h.role, c.Scope)
			if d.state.comesOver(person, &g, c.Into) {
				d.give(events.RoleGranted{Subject: subject, Role: events.RoleID(h.role.Name), Scope: c.Into, Until: g.Until, Cause: events.CauseMerge}, h.role)
			}
		}
	}
	for _, child := range scope.Children() {
		d.emit(events.ScopeMoved{Scope: child, Parent: c.Into, Cause: events.CauseMerge})
	}
	d.deleteScope(c.Scope, events.CauseMerge)
}

// admissibleMerger judges whether a scope can be put into another one.
func admissibleMerger(s State, scope *Scope, e events.ScopeMerged) *Refusal {
	refuse := func(format string, args ...any) *Refusal {
		return &Refusal{Code: CodeStructure, Scope: scope.ID, Message: fmt.Sprintf(format, args...)}
	}
	into, exists := s.Scope(e.Into)
	switch {
	case !exists:
		refused := unknown("scope", string(e.Into), "")
		return &refused
	case scope.ID == s.Root || into.ID == s.Root:
		return refuse("The organization itself is not merged with anything.")
	case scope.Kind != into.Kind:
		return refuse("%s is %s and %s %s: only scopes of one kind can be merged.", scope.ID, rolemodel.A(scope.Kind.Name), into.ID, rolemodel.A(into.Kind.Name))
	case scope == into:
		return refuse("%s cannot be merged into itself.", scope.ID)
	case s.Under(into.ID, scope.ID) || s.Under(scope.ID, into.ID):
		return refuse("%s and %s cannot be merged while one of them stands below the other: first move it beside the other.", scope.ID, into.ID)
	}
	return firstOf(s.frozen(scope.ID), func() *Refusal { return s.frozen(into.ID) })
}

// unlike is a fixed attribute in which two scopes of one kind differ; nil if there
// is none.
func unlike(a, b *Scope) *rolemodel.Attribute {
	for _, attribute := range a.Kind.Attributes {
		if attribute.Fixed && a.Attribute(attribute.ID) != b.Attribute(attribute.ID) {
			return attribute
		}
	}
	return nil
}

// lacksBringing refuses a person who would bring somebody to another scope by a
// merger, of whom nobody could make a member there of that kind as things stand.
func (s State) lacksBringing(actor *Person, e events.ScopeMerged) *Refusal {
	scope, exists := s.Scope(e.Scope)
	into, remains := s.Scope(e.Into)
	if !exists || !remains {
		return nil
	}
	for _, subject := range scope.Members() {
		person, _ := s.Person(subject)
		m, _ := person.Membership(e.Scope)
		if !m.Active || person.member(e.Into) {
			continue
		}
		if condition := s.closed(actor, into, m.MemberKind, subject); condition != nil {
			return &Refusal{Code: CodeNotPermitted, Rule: condition.Rule, Scope: e.Into, Subject: subject,
				Message: fmt.Sprintf("%s, a member of %s, would become one of %s by this, which is possible only %s.", subject, e.Scope, e.Into, condition.Title)}
		}
	}
	return nil
}

// closed is a condition that keeps everybody from making somebody a member of the
// scope, of the kind given; nil if there is a way, or none whatever is the case.
// That the actor does not have that way does not matter.
func (s *State) closed(actor *Person, on *Scope, kind events.MemberKindID, subject events.PrincipalID) *rolemodel.Condition {
	ways := s.Model.Allowing(on.Kind.Name, rolemodel.MembershipStart)
	if of, known := on.Kind.MemberKind(string(kind)); known {
		ways = ways.Union(s.Model.Allowing(on.Kind.Name, rolemodel.MembershipStartAs(of.ID)))
	}
	var closed *rolemodel.Condition
	for permission := range ways.All() {
		if !s.Enabled(s.Model.Permissions[permission].Feature) {
			continue
		}
		for _, role := range s.Roles() {
			terms := s.terms(role)
			dependents := slices.Concat(terms.OwnIf, terms.BelowIf)
			if terms.Own.Has(permission) || terms.Below.Has(permission) || s.anyMet(dependents, permission, actor, on.ID, subject) {
				return nil
			}
			for _, d := range dependents {
				if d.Permission == permission {
					closed = d.Condition
				}
			}
		}
	}
	return closed
}

// heritable says whether holders of the role hold it on a scope that theirs is
// merged into.
func heritable(role *rolemodel.Role) bool {
	return !passes(role) && !role.Automatic && !role.Default
}

// comesOver says whether what a person holds on a scope passes to another one
// that the scope is merged into, as things stand there.
func (s *State) comesOver(person *Person, g *Grant, into events.ScopeID) bool {
	target, exists := s.Scope(into)
	if _, held := person.Grant(g.Role, into); !exists || held || !heritable(g.Role) || !s.counts(person, g, into) || !s.suits(person, g.Role, into) {
		return false
	}
	if most := g.Role.AtMost; most > 0 && len(target.Holders(g.Role)) >= most {
		return false
	}
	return !slices.ContainsFunc(person.Grants, func(other Grant) bool {
		return other.Scope == into && !other.Role.Default && slices.Contains(other.Role.Replaces, g.Role)
	})
}

// counts says whether a grant gives anything, as far as it could give more on
// another scope: its time is not over, its feature is on, and the membership that
// it rests on is not suspended, unless it rests on the same one there.
func (s *State) counts(person *Person, g *Grant, there events.ScopeID) bool {
	if !s.Enabled(g.Role.Feature) || !g.Until.IsZero() && !g.Until.After(s.clock) {
		return false
	}
	from, needed := s.membershipScope(g.Role, g.Scope)
	if to, _ := s.membershipScope(g.Role, there); !needed || from == to {
		return true
	}
	m, running := person.Membership(from)
	return running && m.Active
}

// suits says whether the person has the memberships that the role needs on the
// scope, of the kinds that it takes.
func (s *State) suits(person *Person, role *rolemodel.Role, on events.ScopeID) bool {
	if role.Membership == "" {
		return true
	}
	scope, _ := s.membershipScope(role, on)
	if !person.member(scope) {
		return false
	}
	for at := range s.Up(scope) {
		kind := s.memberKind(person, at.ID)
		if kind != "" && len(role.MemberKinds) > 0 && !slices.Contains(role.MemberKinds, kind) {
			return false
		}
	}
	return true
}

// mergerOf finds, among the events before another one, the one that puts the
// scope into another.
func mergerOf(earlier []events.Event, scope events.ScopeID) (events.ScopeMerged, bool) {
	for _, event := range earlier {
		if merged, is := event.(events.ScopeMerged); is && merged.Scope == scope {
			return merged, true
		}
	}
	return events.ScopeMerged{}, false
}

// mergesInto finds those of the events that put a scope into the one given and
// that is what the caller is after.
func mergesInto(earlier []events.Event, into events.ScopeID, from func(events.ScopeID) bool) bool {
	return slices.ContainsFunc(earlier, func(event events.Event) bool {
		merged, is := event.(events.ScopeMerged)
		return is && merged.Into == into && from(merged.Scope)
	})
}

// followsMerger says whether the event is part of a merger that one of the earlier
// events says. The state is that in which the event stands.
func (s *State) followsMerger(earlier []events.Event, event events.Event) bool {
	activeOn := func(subject events.PrincipalID, on events.ScopeID) (Membership, bool) {
		person, _ := s.Person(subject)
		m, running := person.Membership(on)
		return m, running && m.Active
	}
	switch e := event.(type) {
	case events.MembershipStarted:
		return mergesInto(earlier, e.Scope, func(from events.ScopeID) bool {
			m, active := activeOn(e.Subject, from)
			return active && m.MemberKind == e.MemberKind
		})
	case events.InvitationWithdrawn: // for whom the membership starts at once
		person, invitation, _ := s.Invitation(e.Invitation)
		return !person.member(invitation.Scope) && mergesInto(earlier, invitation.Scope, func(from events.ScopeID) bool {
			_, active := activeOn(e.Subject, from)
			return active
		})
	case events.MembershipTerminated:
		_, merged := mergerOf(earlier, e.Scope)
		_, active := activeOn(e.Subject, e.Scope)
		return merged && !active
	case events.RoleGranted:
		person, _ := s.Person(e.Subject)
		return mergesInto(earlier, e.Scope, func(from events.ScopeID) bool {
			role, err := s.role(e.Role, from)
			if err != nil {
				return false
			}
			g, held := person.Grant(role, from)
			return held && g.Until.Equal(e.Until) && s.comesOver(person, &g, e.Scope)
		})
	case events.ScopeMoved:
		scope, _ := s.Scope(e.Scope)
		merged, is := mergerOf(earlier, scope.Parent)
		return is && merged.Into == e.Parent && s.allActive(scope.Parent)
	case events.ScopeDeleted:
		_, merged := mergerOf(earlier, e.Scope)
		return merged
	}
	return false
}

// allActive says whether no membership of the scope is suspended: roles below it
// rest on memberships of another scope once they are there.
func (s *State) allActive(on events.ScopeID) bool {
	scope, exists := s.Scope(on)
	if !exists {
		return false
	}
	for _, subject := range scope.Members() {
		person, _ := s.Person(subject)
		if m, _ := person.Membership(on); !m.Active {
			return false
		}
	}
	return true
}

// merged refuses a merger that leaves the scope, or does not bring those over
// who count on it.
func (o *outcome) merged(e events.ScopeMerged, earlier []events.Event) {
	refuse := func(subject events.PrincipalID, role *rolemodel.Role, format string, args ...any) {
		refused := Refusal{Code: CodeUnfounded, Scope: e.Scope, Subject: subject, Message: fmt.Sprintf(format, args...)}
		if role != nil {
			refused.Role, refused.Rule = role.ID(), role.Rule
		}
		o.refuse(refused)
	}
	if _, exists := o.state.Scope(e.Scope); exists {
		refuse("", nil, "%s is merged into %s, and is there afterwards.", e.Scope, e.Into)
		return
	}
	if _, twice := mergerOf(earlier, e.Scope); twice {
		refuse("", nil, "%s is merged into %s, and into another scope before.", e.Scope, e.Into)
		return
	}
	scope, existed := o.before.Scope(e.Scope)
	into, remains := o.state.Scope(e.Into)
	if !existed || !remains {
		return
	}
	if fixed := unlike(scope, into); fixed != nil {
		o.refuse(Refusal{Code: CodeStructure, Scope: e.Scope, Message: fmt.Sprintf("%s of %s is %s, that of %s is %s, and neither ever changes: they cannot be merged.",
			fixed.Title, scope.ID, scope.Attribute(fixed.ID), into.ID, into.Attribute(fixed.ID))})
		return
	}
	for _, subject := range scope.Members() {
		before, _ := o.before.Person(subject)
		after, _ := o.state.Person(subject)
		if m, _ := before.Membership(e.Scope); m.Active && !after.member(e.Into) {
			refuse(subject, nil, "Whoever is an active member of %s becomes one of %s, and %s does not.", e.Scope, e.Into, subject)
		}
	}
	for _, h := range scope.holders {
		for _, subject := range sorted(h.people) {
			before, _ := o.before.Person(subject)
			after, _ := o.state.Person(subject)
			g, _ := before.Grant(h.role, e.Scope)
			if _, holds := after.Grant(h.role, e.Into); !holds && (o.owed(before, after, &g, e.Into) || h.role.Ceiling != nil && o.before.active(before, &g)) {
				refuse(subject, h.role, "%s is %s, and is not so on %s afterwards.", subject, roleOn(h.role, e.Scope), e.Into)
			}
		}
	}
}

// owed says whether a grant must have passed to another scope, whatever the order
// in which grants do.
func (o *outcome) owed(before, after *Person, g *Grant, into events.ScopeID) bool {
	if !heritable(g.Role) || g.Role.AtMost > 0 || !o.state.Enabled(g.Role.Feature) || !o.before.counts(before, g, into) || !o.state.suits(after, g.Role, into) {
		return false
	}
	return !slices.ContainsFunc(slices.Concat(before.Grants, after.Grants), func(other Grant) bool {
		return (other.Scope == into || other.Scope == g.Scope) && slices.Contains(other.Role.Replaces, g.Role)
	})
}
