package aggregate

import (
	"fmt"

	"tenure/events"
	"tenure/rolemodel"
)

// auditOutcome judges what the whole commit leads to. It looks at what the
// events touched: all else held before, and still does.
func auditOutcome(s State, c *events.Commit) Refusals {
	if s.Model == nil {
		return Refusals{{Code: CodeInvalid, Message: "The organization has no role model.", Event: -1}}
	}
	o := outcome{state: s, bounds: map[bound]bool{}, seats: map[seat]bool{}}
	// From the last event back, so that a refusal points at the event that
	// decided the outcome.
	for i := len(c.Events) - 1; i >= 0; i-- {
		o.event = i
		o.judge(c.Events[i])
	}
	o.judgeNote(c)
	return o.refusals
}

// outcome judges a state, as far as a commit's events touched it.
type outcome struct {
	state    State
	event    int
	bounds   map[bound]bool // what has been judged
	seats    map[seat]bool
	refusals Refusals
}

type bound struct {
	role  *rolemodel.Role
	scope events.ScopeID
}

// seat is a person on a scope.
type seat struct {
	subject events.PrincipalID
	scope   events.ScopeID
}

func (o *outcome) judge(event events.Event) {
	concern := event.Concern()
	person, _ := o.state.Person(concern.Subject)
	switch e := event.(type) {
	case events.OrganizationFounded, events.ScopeCreated:
		for _, role := range o.state.Model.Roles {
			if role.Kind == concern.Scope.Kind() {
				o.withinBounds(role, concern.Scope, "")
			}
		}
	case events.RoleGranted:
		role, _ := o.state.role(e.Role, e.Scope)
		o.withinBounds(role, e.Scope, e.Subject)
		if g, held := person.Grant(role, e.Scope); held {
			o.restsOnMembership(person, g)
			if e.Cause != events.CauseImport { // elsewhere alternatives are held at once
				o.replaces(person, g)
			}
		}
	case events.RoleRevoked:
		role, _ := o.state.role(e.Role, e.Scope)
		o.withinBounds(role, e.Scope, e.Subject)
	case events.MembershipSuspended:
		for _, g := range person.Grants {
			o.withinBounds(g.Role, g.Scope, person.ID)
		}
	case events.ScopeMoved:
		for _, moved := range o.state.subtree(e.Scope) {
			for _, h := range moved.holders {
				o.withinBounds(h.role, moved.ID, "")
				for _, id := range sorted(h.people) {
					holder, _ := o.state.Person(id)
					g, _ := holder.Grant(h.role, moved.ID)
					o.restsOnMembership(holder, g)
				}
			}
		}
	}
	o.holdsDefault(person, concern.Scope)
}

func (o *outcome) refuse(r Refusal) {
	r.Event = o.event
	o.refusals = append(o.refusals, r)
}

// withinBounds judges how many hold a role on a scope. The highest role of a
// model always has an active holder (X01).
func (o *outcome) withinBounds(role *rolemodel.Role, on events.ScopeID, subject events.PrincipalID) {
	scope, exists := o.state.Scope(on)
	if !exists || o.bounds[bound{role, on}] {
		return
	}
	o.bounds[bound{role, on}] = true
	held := scope.holderSet(role)
	if role.AtMost > 0 && held != nil && held.Len() > role.AtMost {
		o.refuse(Refusal{
			Code: CodeTooMany, Rule: role.Rule, Role: role.ID(), Scope: on, Subject: subject,
			Message: fmt.Sprintf("At most %d may be %s: first revoke the role from another person.", role.AtMost, roleOn(role, on)),
			Help:    "tenure revoke PERSON " + o.state.roleArgs(role, on),
		})
	}
	least, rule := role.AtLeast, role.Rule
	if role == o.state.Model.Highest {
		least, rule = max(least, 1), "X01"
	}
	if least == 0 || o.state.activeHolders(held, role, on, least) >= least {
		return
	}
	message := fmt.Sprintf("There must always be at least %d active %s.", least, roleOn(role, on))
	if subject != "" {
		message += " This would leave too few: first grant the role to another person."
	}
	if held != nil && held.Len() >= least {
		message += " Holders whose membership is suspended do not count."
	}
	o.refuse(Refusal{
		Code: CodeTooFew, Rule: rule, Role: role.ID(), Scope: on, Subject: subject,
		Message: message, Help: "tenure grant PERSON " + o.state.roleArgs(role, on),
	})
}

// activeHolders counts the active holders of a role, up to enough.
func (s State) activeHolders(held people, role *rolemodel.Role, on events.ScopeID, enough int) int {
	count := 0
	if held == nil {
		return 0
	}
	for itr := held.Iterator(); !itr.Done() && count < enough; {
		id, _, _ := itr.Next()
		person, _ := s.Person(id)
		if g, holds := person.Grant(role, on); holds && s.Active(person, &g) {
			count++
		}
	}
	return count
}

// restsOnMembership refuses a grant whose membership does not run.
func (o *outcome) restsOnMembership(person *Person, g Grant) {
	if g.Role.Membership == "" {
		return
	}
	scope, _ := o.state.membershipScope(g.Role, g.Scope)
	if _, running := person.Membership(scope); running {
		return
	}
	o.refuse(Refusal{
		Code: CodeNotMember, Rule: g.Role.Rule, Role: g.Role.ID(), Scope: g.Scope, Subject: person.ID,
		Message: fmt.Sprintf("Only a member of %s can be %s, and %s is none.", scope, roleOn(g.Role, g.Scope), person.ID),
		Help:    "tenure member start " + string(person.ID) + o.state.onArg(scope) + " --org " + string(o.state.Org),
	})
}

// replaces refuses a grant beside the roles that it replaces.
func (o *outcome) replaces(person *Person, g Grant) {
	for _, replaced := range g.Role.Replaces {
		if _, held := person.Grant(replaced, g.Scope); held {
			o.refuse(Refusal{
				Code: CodeUnfounded, Role: g.Role.ID(), Scope: g.Scope, Subject: person.ID,
				Message: fmt.Sprintf("Who becomes %s is %s no longer, and %s would be both.", roleOn(g.Role, g.Scope), replaced.Name, person.ID),
			})
		}
	}
}

// holdsDefault refuses a member who holds neither the default role of the
// scope nor one that replaces it.
func (o *outcome) holdsDefault(person *Person, on events.ScopeID) {
	scope, exists := o.state.Scope(on)
	if person == nil || !exists || scope.Kind.Default == nil || o.seats[seat{person.ID, on}] {
		return
	}
	o.seats[seat{person.ID, on}] = true
	if _, member := person.Membership(on); member && !holdsDefault(person, scope) {
		o.refuse(o.state.defaultRole(person.ID, scope))
	}
}

// defaultRole refuses to take the default role from a member.
func (s State) defaultRole(subject events.PrincipalID, scope *Scope) Refusal {
	role := scope.Kind.Default
	return Refusal{
		Code: CodeDefaultRole, Role: role.ID(), Scope: scope.ID, Subject: subject, Event: -1,
		Message: "Every member of " + string(scope.ID) + " without another role is " + role.Name +
			": it ends with the membership, or when a role that replaces it is granted.",
		Help: "tenure member terminate " + string(subject) + s.onArg(scope.ID) + " --org " + string(s.Org),
	}
}

// judgeNote refuses a note unless all that happened concerns the one person
// under whose key it is sealed.
func (o *outcome) judgeNote(c *events.Commit) {
	if c.NoteAbout == "" {
		return
	}
	_, about := o.state.Person(c.NoteAbout)
	concerned := len(c.Events) == 0
	for _, e := range c.Events {
		switch e.Concern().Subject {
		case c.NoteAbout:
			concerned = true
		case "":
		default:
			about = false
		}
	}
	if !about || !concerned {
		o.event = -1
		o.refuse(Refusal{Code: CodeInvalid, Field: "note", Subject: c.NoteAbout,
			Message: "A note is about one person, and what this changes does not concern " + string(c.NoteAbout) + " alone; give a reason and a ticket instead."})
	}
}

// roleArgs writes the command line arguments that name a role on a scope.
func (s State) roleArgs(role *rolemodel.Role, on events.ScopeID) string {
	return role.Name + s.onArg(on) + " --org " + string(s.Org)
}

func (s State) onArg(scope events.ScopeID) string {
	if scope == s.Root {
		return ""
	}
	return " --on " + string(scope)
}
