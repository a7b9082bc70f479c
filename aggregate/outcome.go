package aggregate

import (
	"fmt"
	"slices"

	"tenure/events"
	"tenure/rolemodel"
)

// auditOutcome judges what the whole commit leads to. It looks at what the
// events touched: all else held before, and still does.
func auditOutcome(before, s State, c *events.Commit) Refusals {
	if s.Model == nil {
		return Refusals{{Code: CodeInvalid, Message: "The organization has no role model.", Event: -1}}
	}
	o := outcome{before: before, state: s, bounds: map[bound]bool{}, seats: map[seat]bool{}, apart: map[seat]bool{}}
	// From the last event back, so that a refusal points at the event that
	// decided the outcome.
	for i := len(c.Events) - 1; i >= 0; i-- {
		o.event = i
		o.judge(c.Events[i], c)
	}
	o.event = -1
	for _, scope := range touched(s, c.Events) {
		for _, marked := range scope.designated {
			o.stands(marked, scope.ID, c)
		}
	}
	o.judgeNote(c)
	return o.refusals
}

// outcome judges a state, as far as a commit's events touched it.
type outcome struct {
	before   State
	state    State
	event    int
	bounds   map[bound]bool // what has been judged
	seats    map[seat]bool
	apart    map[seat]bool
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

func (o *outcome) judge(event events.Event, c *events.Commit) {
	concern := event.Concern()
	person, _ := o.state.Person(concern.Subject)
	switch e := event.(type) {
	case events.ModelAdopted:
		o.adopted(c)
	case events.OrganizationFounded, events.ScopeCreated:
		for _, role := range o.state.Roles() {
			if role.Kind == concern.Scope.Kind() {
				o.withinBounds(role, concern.Scope, "")
			}
		}
		o.holdsAutomatic(concern.Scope)
		o.holdsCreator(concern.Scope, c)
	case events.MembershipStarted:
		o.joined(person, e)
		o.suits(person, e.Scope)
		o.belong(person, e.Scope)
	case events.MembershipKindChanged:
		o.suits(person, e.Scope)
		o.belong(person, e.Scope)
	case events.RoleDefined:
		o.holdsInitial(e, c)
	case events.RoleGranted:
		role, err := o.state.role(e.Role, e.Scope)
		if err != nil { // it was deleted, and with it that it is held
			break
		}
		g, held := person.Grant(role, e.Scope)
		if held && !o.restsOnMembership(person, g) {
			// That there are too few without it, or too many with it, follows.
			o.bounds[bound{role, e.Scope}] = true
		}
		o.withinBounds(role, e.Scope, e.Subject)
		if held {
			if e.Cause != events.CauseImport { // elsewhere alternatives are held at once
				o.replaces(person, g)
			}
		}
	case events.RoleRevoked:
		if role, err := o.state.role(e.Role, e.Scope); err == nil {
			o.withinBounds(role, e.Scope, e.Subject)
		}
	case events.RoleLimited:
		if role, err := o.state.role(e.Role, e.Scope); err == nil {
			o.withinBounds(role, e.Scope, e.Subject)
		}
	case events.OwnershipTransferred:
		o.transferred(e)
	case events.DesignationLapsed:
		o.lapsed(e)
	case events.InvitationAccepted:
		o.accepted(person, e, c.Actor)
	case events.InvitationDeclined, events.InvitationWithdrawn, events.InvitationExpired:
		o.uninvited(event, c)
	case events.ScopeMerged:
		o.merged(e, c.Events[:o.event])
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
	if !exists || role == nil || o.bounds[bound{role, on}] { // it may have ended with the model that had it
		return
	}
	o.bounds[bound{role, on}] = true
	held := scope.holderSet(role)
	if role.AtMost > 0 && held != nil && held.Len() > role.AtMost {
		refused := Refusal{
			Code: CodeTooMany, Rule: role.Rule, Role: role.ID(), Scope: on, Subject: subject,
			Message: fmt.Sprintf("At most %d may be %s: first revoke the role from another person.", role.AtMost, roleOn(role, on)),
			Help:    "tenure revoke PERSON " + o.state.roleArgs(role, on),
		}
		if passes(role) {
			refused.Message = fmt.Sprintf("At most %d may be %s: it is transferred from one person to another.", role.AtMost, roleOn(role, on))
			refused.Help = "tenure transfer PERSON --role " + o.state.roleArgs(role, on)
		}
		o.refuse(refused)
	}
	least, rule := role.AtLeast, role.Rule
	if role == o.state.Model.Highest {
		least, rule = max(least, 1), "X01"
	}
	if least == 0 || o.state.countActive(held, role, on, least, true) >= least {
		return
	}
	message := fmt.Sprintf("There must always be at least %d active %s.", least, roleOn(role, on))
	help := "tenure grant PERSON " + o.state.roleArgs(role, on)
	if passes(role) {
		help = "tenure transfer PERSON --role " + o.state.roleArgs(role, on)
	}
	switch {
	case subject == "":
	case passes(role):
		message += " This would leave too few: first transfer the role to another person."
	default:
		message += " This would leave too few: first grant the role to another person."
	}
	if held != nil && held.Len() >= least {
		message += " Holders whose membership is suspended do not count, nor do those whose role ends by itself or who have yet to answer an invitation."
	}
	o.refuse(Refusal{
		Code: CodeTooFew, Rule: rule, Role: role.ID(), Scope: on, Subject: subject,
		Message: message, Help: help,
	})
}

// countActive counts the active holders of a role, up to enough. Where they
// must last, those whose role ends by itself do not count, nor those whose
// membership ends with an invitation: nobody decides when that happens, so nothing
// could refuse it.
func (s State) countActive(held people, role *rolemodel.Role, on events.ScopeID, enough int, lasting bool) int {
	count := 0
	if held == nil {
		return 0
	}
	for itr := held.Iterator(); !itr.Done() && count < enough; {
		id, _, _ := itr.Next()
		person, _ := s.Person(id)
		if g, holds := person.Grant(role, on); holds && s.Active(person, &g) && (!lasting || g.Until.IsZero() && !s.provisional(person, &g)) {
			count++
		}
	}
	return count
}

// provisional says whether a role rests on a membership that itself rests on an
// invitation.
func (s *State) provisional(person *Person, g *Grant) bool {
	if g.Role.Membership == "" || person.member(s.Root) {
		return false
	}
	on, _ := s.membershipScope(g.Role, g.Scope)
	m, running := person.Membership(on)
	return running && s.awaits(person, m)
}

// restsOnMembership refuses a grant whose membership does not run, and says
// whether it does.
func (o *outcome) restsOnMembership(person *Person, g Grant) bool {
	if g.Role.Membership == "" {
		return true
	}
	scope, _ := o.state.membershipScope(g.Role, g.Scope)
	if _, running := person.Membership(scope); running {
		return o.ofKinds(person, g, scope)
	}
	o.refuse(Refusal{
		Code: CodeNotMember, Rule: g.Role.Rule, Role: g.Role.ID(), Scope: g.Scope, Subject: person.ID,
		Message: fmt.Sprintf("Only a member of %s can be %s, and %s is none.", scope, roleOn(g.Role, g.Scope), person.ID),
		Help:    "tenure member start " + string(person.ID) + o.state.onArg(scope) + " --org " + string(o.state.Org),
	})
	return false
}

// ofKinds refuses a grant to a member of a kind that cannot hold the role (M11),
// and says whether it can.
func (o *outcome) ofKinds(person *Person, g Grant, from events.ScopeID) bool {
	if len(g.Role.MemberKinds) == 0 {
		return true
	}
	for at := range o.state.Up(from) {
		kind := o.state.memberKind(person, at.ID)
		if slices.Contains(g.Role.MemberKinds, kind) || kind == "" && (at.ID != o.state.Root || len(at.Kind.MemberKinds) == 0) {
			continue
		}
		is := "stranger"
		if kind != "" {
			is = o.state.memberTitle(kind, at.Kind)
		}
		o.refuse(Refusal{
			Code: CodeNotMember, Rule: g.Role.Rule, Role: g.Role.ID(), Scope: g.Scope, Subject: person.ID,
			Message: fmt.Sprintf("Only %s can be %s, and on %s %s is %s.", rolemodel.A(o.state.memberTitles(g.Role.MemberKinds, at.Kind)), roleOn(g.Role, g.Scope), at.ID, person.ID, rolemodel.A(is)),
		})
		return false
	}
	return true
}

// joined refuses a new member of a scope whose members belong to the organization
// too, and who does not.
func (o *outcome) joined(person *Person, e events.MembershipStarted) {
	if person.member(e.Scope) && o.state.joins(person, e.Scope, e.MemberKind, e.Cause) {
		o.refuse(Refusal{Code: CodeUnfounded, Scope: e.Scope, Subject: person.ID,
			Message: "Who becomes a member of " + string(e.Scope) + " becomes one of " + string(o.state.Root) + ", and " + string(person.ID) + " does not."})
	}
}

// suits refuses a membership of a kind that keeps the person from holding a role
// which they have (M11): one that rests on a membership at the scope or below it.
func (o *outcome) suits(person *Person, on events.ScopeID) {
	for _, g := range person.Grants {
		if g.Since.Revision > o.before.Revision { // which is judged by itself
			continue
		}
		from, needed := o.state.membershipScope(g.Role, g.Scope)
		if needed && o.state.Under(from, on) && !o.ofKinds(person, g, from) {
			return
		}
	}
}

// belong refuses memberships of kinds that take another kind in the organization
// than the person is of: the one of the scope or, where that is the organization, all
// below it. Of the organization itself, nobody needs to be a member for that.
func (o *outcome) belong(person *Person, on events.ScopeID) {
	is := o.state.memberKind(person, o.state.Root)
	if is == "" {
		return
	}
	root, _ := o.state.Scope(o.state.Root)
	for _, m := range person.Memberships {
		if on != o.state.Root && m.Scope != on {
			continue
		}
		scope, _ := o.state.Scope(m.Scope)
		kind, known := scope.Kind.MemberKind(string(m.MemberKind))
		if !known || scope.Kind.Admits(kind.ID, is) || o.apart[seat{person.ID, m.Scope}] {
			continue
		}
		o.apart[seat{person.ID, m.Scope}] = true
		needed, org := o.state.memberTitles(kind.Needs, root.Kind), " --org "+string(o.state.Org)
		refused := Refusal{
			Code: CodeNotMember, Rule: kind.Rule, Scope: m.Scope, Subject: person.ID,
			Message: fmt.Sprintf("Only %s of %s can be a member of %s as %s, and %s is %s.", rolemodel.A(needed), root.ID, m.Scope, kind.Title, person.ID, rolemodel.A(o.state.memberTitle(is, root.Kind))),
			Help:    "tenure member change " + string(person.ID) + " --as " + kind.Needs[0] + org,
		}
		if on == o.state.Root {
			refused.Message = fmt.Sprintf("%s is a member of %s as %s, which only %s of %s can be: end that membership first.", person.ID, m.Scope, kind.Title, rolemodel.A(needed), root.ID)
			refused.Help = "tenure member terminate " + string(person.ID) + o.state.onArg(m.Scope) + org
		}
		o.refuse(refused)
	}
}

// holdsCreator refuses a new scope where whoever created it lacks a role that
// comes with that.
func (o *outcome) holdsCreator(on events.ScopeID, c *events.Commit) {
	scope, exists := o.state.Scope(on)
	creator, known := o.state.Person(c.Actor)
	if !exists || !known || c.Actor.Builtin() || creator.Client {
		return
	}
	for _, role := range scope.Kind.Creator {
		if _, held := creator.Grant(role, on); !held && (!imports(c) || scope.holderSet(role) == nil) {
			o.refuse(Refusal{Code: CodeUnfounded, Rule: role.Rule, Role: role.ID(), Scope: on, Subject: creator.ID,
				Message: "Whoever creates " + string(on) + " is " + role.Name + " there, and " + string(creator.ID) + " is not."})
		}
	}
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

// transferred refuses a transfer that leads nowhere.
func (o *outcome) transferred(e events.OwnershipTransferred) {
	role, _ := o.state.role(e.Role, e.Scope)
	former, _ := o.state.Person(e.Former)
	subject, _ := o.state.Person(e.Subject)
	_, still := former.Grant(role, e.Scope)
	if _, holds := subject.Grant(role, e.Scope); still || !holds {
		o.refuse(Refusal{Code: CodeUnfounded, Rule: role.Rule, Role: role.ID(), Scope: e.Scope, Subject: e.Subject,
			Message: fmt.Sprintf("%s is transferred to %s, who is to hold it alone afterwards.", roleOn(role, e.Scope), e.Subject)})
	}
}

// lapsed refuses to end a mark that has all it needs.
func (o *outcome) lapsed(e events.DesignationLapsed) {
	designation, err := o.state.designation(e.Designation, e.Scope)
	if _, exists := o.state.Scope(e.Scope); err != nil || !exists {
		return
	}
	if cause, _ := o.state.lapses(Designated{Designation: designation, Subject: e.Subject}, e.Scope, nil); cause == "" {
		o.refuse(Refusal{Code: CodeUnfounded, Rule: designation.Rule, Scope: e.Scope, Subject: e.Subject,
			Message: fmt.Sprintf("%s on %s is said to lapse, and has all it needs.", designation.Name, e.Scope)})
	}
}

// stands refuses a mark without what it needs: it cannot be set, and an earlier
// one lapses in the same commit.
func (o *outcome) stands(marked Designated, on events.ScopeID, c *events.Commit) {
	refused := o.state.unmet(marked, on)
	if refused == nil {
		return
	}
	o.event = -1
	for i, event := range c.Events {
		if set, is := event.(events.DesignationSet); is && set.Scope == on && string(set.Designation) == marked.Designation.Name {
			o.event = i
		}
	}
	o.refuse(*refused)
}

// accepted refuses an acceptance that does not lead to what was offered.
func (o *outcome) accepted(person *Person, e events.InvitationAccepted, actor events.PrincipalID) {
	invitee, invitation, open := o.before.Invitation(e.Invitation)
	if !open || invitee.ID != e.Subject || !person.member(o.before.leadsTo(invitation.Scope, invitation.Role)) {
		o.refuse(Refusal{Code: CodeUnfounded, Scope: invitation.Scope, Subject: person.ID,
			Message: "Who accepts an invitation becomes a member, and " + string(person.ID) + " does not."})
		return
	}
	if _, comes := o.before.startsThrough(actor, invitation, invitee); comes && !person.member(invitation.Route) {
		o.refuse(Refusal{Code: CodeUnfounded, Scope: invitation.Route, Subject: person.ID,
			Message: "Whoever is accepted on " + string(invitation.Route) + " becomes a member there, and " + string(person.ID) + " does not."})
	}
	if before, known := o.before.Person(e.Subject); known && person.Ever > before.Ever && !o.before.newcomer(before) {
		o.refuse(Refusal{Code: CodeUnfounded, Subject: person.ID,
			Message: "An invitation gives a key to those alone who never had one and hold nothing, and " + string(person.ID) + " is known here."})
		return
	}
	if o.before.brings(invitation) && !person.member(o.state.Root) {
		o.refuse(Refusal{Code: CodeExists, Scope: o.state.Root, Subject: person.ID,
			Message: string(person.ID) + " is invited to " + string(o.state.Root) + " as well: that is to be accepted first, or declined.",
			Help:    "tenure invitations list --org " + string(o.state.Org)})
		return
	}
	if _, holds := person.Grant(invitation.Role, invitation.Scope); invitation.Role != nil && !holds {
		o.refuse(Refusal{Code: CodeUnfounded, Role: invitation.Role.ID(), Scope: invitation.Scope, Subject: person.ID,
			Message: "The invitation came with " + roleOn(invitation.Role, invitation.Scope) + ", and " + string(person.ID) + " is none."})
	}
}

// uninvited refuses to leave a membership that rested on an invitation when that
// has ended (C27).
func (o *outcome) uninvited(e events.Event, c *events.Commit) {
	subject, ends := o.before.uninvites(e)
	person, known := o.state.Person(subject)
	if !ends || !known || adoptionOf(o.before, c.Events) != nil {
		return
	}
	if left := o.state.stranded(person); len(left) > 0 {
		o.refuse(Refusal{Code: CodeUnfounded, Scope: left[0], Subject: subject,
			Message: string(subject) + " belongs to " + string(left[0]) + " by an invitation alone, and that would be left when the invitation has ended."})
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

// holdsAutomatic refuses a new scope where the background user lacks a role that
// comes with it (F11).
func (o *outcome) holdsAutomatic(on events.ScopeID) {
	scope, exists := o.state.Scope(on)
	if !exists {
		return
	}
	for _, role := range scope.Kind.Automatic {
		o.holdsAutomaticRole(scope, role)
	}
}

func (o *outcome) holdsAutomaticRole(scope *Scope, role *rolemodel.Role) {
	background, _ := o.state.Person(events.Background)
	if _, held := background.Grant(role, scope.ID); !held {
		o.refuse(Refusal{Code: CodeUnfounded, Rule: role.Rule, Role: role.ID(), Scope: scope.ID, Subject: background.ID,
			Message: "On every new " + scope.Kind.Name + " the background user is " + role.Name + ", and on " + string(scope.ID) + " it is not."})
	}
}

// defaultRole refuses to take the default role from a member.
func (s State) defaultRole(subject events.PrincipalID, scope *Scope) Refusal {
	role := scope.Kind.Default
	return Refusal{
		Code: CodeDefaultRole, Rule: role.Rule, Role: role.ID(), Scope: scope.ID, Subject: subject, Event: -1,
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
	person, about := o.state.Person(c.NoteAbout)
	if before, known := o.before.Person(c.NoteAbout); about && known && before.Anonymizing() {
		o.event = -1
		o.refuse(Refusal{Code: CodeAnonymized, Field: "note", Subject: person.ID,
			Message: string(person.ID) + " is anonymized: there is no key any more to seal a note with."})
		return
	}
	concerned := len(c.Events) == 0
	// Where it was decided about this person, it does not matter to whom else
	// something follows from that.
	decided := slices.ContainsFunc(c.Events, func(e events.Event) bool {
		return e.Concern().Subject == c.NoteAbout && e.Concern().Cause == ""
	})
	for _, e := range c.Events {
		switch concern := e.Concern(); {
		case concern.Subject == c.NoteAbout:
			concerned = true
		case concern.Subject != "" && (concern.Cause == "" || !decided):
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
