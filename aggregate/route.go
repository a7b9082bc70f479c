package aggregate

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"

	"tenure/events"
	"tenure/rolemodel"
)

// RouteAddresses says the domains of the addresses whose invitations are rerouted
// to a scope: all of them, in any order. Without any, none is rerouted there any
// more. Invitations that are open stay where they were sent.
type RouteAddresses struct {
	Scope   events.ScopeID
	Domains []string
}

// Name implements [Command].
func (RouteAddresses) Name() string { return "addresses.route" }

func (c RouteAddresses) propose(d *draft) {
	scope, exists := d.scope(c.Scope)
	if !exists {
		return
	}
	domains := slices.Compact(slices.Sorted(slices.Values(c.Domains)))
	routed := events.AddressesRouted{Scope: c.Scope, Domains: domains}
	if slices.Equal(scope.Domains, domains) {
		d.already(routed)
		return
	}
	d.emit(routed)
}

// maxDomains bounds how many domains are rerouted to one scope.
const maxDomains = 100

// domainForm is a host name in lower case, of at least two labels.
var domainForm = regexp.MustCompile(`^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$`)

// maxDomain is how long a host name can be.
const maxDomain = 253

// admissibleRoute judges which addresses are rerouted to a scope.
func admissibleRoute(s State, scope *Scope, e events.AddressesRouted) *Refusal {
	refuse := func(code Code, format string, args ...any) *Refusal {
		return &Refusal{Code: code, Scope: scope.ID, Field: "domains", Message: fmt.Sprintf(format, args...)}
	}
	if !scope.Kind.Membership {
		return &Refusal{Code: CodeStructure, Scope: scope.ID, Message: string(scope.ID) + " has no members, so no invitations are rerouted there."}
	}
	if len(e.Domains) > maxDomains {
		return refuse(CodeInvalid, "These are %d domains; at most %d are rerouted to one scope.", len(e.Domains), maxDomains)
	}
	for i, domain := range e.Domains {
		if len(domain) > maxDomain || !domainForm.MatchString(domain) {
			return refuse(CodeInvalid, "%.80q is no domain of addresses: write it like example.org.", domain)
		}
		if i > 0 && e.Domains[i-1] >= domain {
			return refuse(CodeInvalid, "Domains are listed in order, each once, and %s is not.", domain)
		}
	}
	if slices.Equal(scope.Domains, e.Domains) {
		return refuse(CodeExists, "That is what is rerouted to %s already.", scope.ID)
	}
	added := without(e.Domains, func(domain string) bool { return slices.Contains(scope.Domains, domain) })
	if len(added) == 0 {
		return nil
	}
	for _, domain := range added {
		if other, routed := s.routed(domain); routed {
			refused := refuse(CodeExists, "Invitations to addresses of %s are rerouted to %s already.", domain, other.ID)
			refused.Help = "tenure route list --org " + string(s.Org)
			return refused
		}
	}
	return s.frozen(scope.ID)
}

// Route finds the scope to which invitations to addresses of the domain, in lower
// case, are rerouted. In an archive nothing new is answered, so nothing is rerouted
// there. The second result says whether there is one.
func (s State) Route(domain string) (events.ScopeID, bool) {
	scope, routed := s.routed(domain)
	if !routed || s.Archived(scope.ID) {
		return "", false
	}
	return scope.ID, true
}

// routed finds the scope that has the domain; there is one at most.
func (s State) routed(domain string) (*Scope, bool) {
	if s.scopes == nil {
		return nil, false
	}
	for itr := s.scopes.Iterator(); !itr.Done(); {
		_, scope, _ := itr.Next()
		if _, has := slices.BinarySearch(scope.Domains, domain); has {
			return scope, true
		}
	}
	return nil, false
}

// MayAnswer says whether somebody may answer an open invitation: the person
// invited, and, where it is rerouted, whoever may do so there.
func (s State) MayAnswer(who events.PrincipalID, id events.InvitationID) bool {
	person, known := s.Person(who)
	invitee, _, open := s.Invitation(id)
	return known && open && s.lacksAnswer(person, id, invitee.ID) == nil
}

// MayInvite says whether somebody may send an invitation like this one to the
// person, and so take it back. It need not be open any more.
func (s State) MayInvite(who, to events.PrincipalID, i Invitation) bool {
	person, known := s.Person(who)
	if !known {
		return false
	}
	s = s.disregarding(events.InvitationWithdrawn{Subject: to, Invitation: i.ID})
	return s.lacksStart(person, s.leadsTo(i.Scope, i.Role), i.MemberKind, to) == nil
}

// Answers says whether somebody may answer what is rerouted to some scope.
func (s State) Answers(who events.PrincipalID) bool {
	person, known := s.Person(who)
	if !known || s.scopes == nil {
		return false
	}
	for itr := s.scopes.Iterator(); !itr.Done(); {
		_, scope, _ := itr.Next()
		if len(scope.Domains) > 0 && s.mayAct(person, rolemodel.InvitationAnswer, scope.ID, "") {
			return true
		}
	}
	return false
}

// KindOffered is the kind of member that whoever accepts the invitation becomes;
// empty where all members are alike.
func (s State) KindOffered(i Invitation) string {
	scope, exists := s.Scope(s.leadsTo(i.Scope, i.Role))
	if !exists {
		return ""
	}
	kind, known := scope.Kind.MemberKind(string(i.MemberKind))
	if !known {
		return ""
	}
	return kind.ID
}

// lacksAnswer refuses a person who may not answer the invitation of another.
func (s State) lacksAnswer(actor *Person, id events.InvitationID, invitee events.PrincipalID) *Refusal {
	if invitee == actor.ID {
		return nil
	}
	_, invitation, open := s.Invitation(id)
	if !open || invitation.Route == "" {
		return &Refusal{Code: CodeNotPermitted, Subject: invitee, Message: "Only the one who is invited answers an invitation."}
	}
	if refused := s.lacksAct(actor, rolemodel.InvitationAnswer, invitation.Route, invitee); refused != nil {
		return refused
	}
	if !s.Reroutes(invitation.Route, invitation) {
		return &Refusal{Code: CodeNotPermitted, Rule: s.RuleOf(rolemodel.InvitationAnswer, invitation.Route), Scope: invitation.Route, Subject: invitee,
			Message: fmt.Sprintf("The invitation is to %s, and not to %s or below: only the one who is invited answers it.", invitation.Scope, invitation.Route)}
	}
	return nil
}

// Reroutes says whether an invitation can be answered on a scope to which its
// address is rerouted: one to there or below; or one to the organization that comes
// with no role, for a kind of member that can be one of the scope. Others have a say
// in whom they bring in, and in nothing else.
func (s State) Reroutes(route events.ScopeID, i Invitation) bool {
	if s.Under(i.Scope, route) {
		return true
	}
	_, fits := s.kindThrough(route, i, nil)
	return i.Scope == s.Root && i.Role == nil && fits
}

// kindThrough is the kind of member of the scope to which an invitation is rerouted
// that whoever is accepted there becomes: the same as of the organization, else as
// of the scope that it leads to. The second result says whether there is one. The
// person may be nil for one who is not known yet.
func (s *State) kindThrough(route events.ScopeID, i Invitation, person *Person) (events.MemberKindID, bool) {
	scope, exists := s.Scope(route)
	if !exists {
		return "", false
	}
	kind := cmp.Or(s.memberKind(person, s.Root), s.KindOffered(i))
	if kind == "" || len(scope.Kind.MemberKinds) == 0 {
		return "", true
	}
	_, known := scope.Kind.MemberKind(kind)
	return events.MemberKindID(kind), known && scope.Kind.Admits(kind, kind)
}

// startsThrough says whether the person becomes a member of the scope, of the kind,
// because the actor answers there for them.
func (s *State) startsThrough(actor events.PrincipalID, i Invitation, person *Person) (events.MemberKindID, bool) {
	if i.Route == "" || actor == person.ID || actor.Builtin() || person.member(i.Route) {
		return "", false
	}
	return s.kindThrough(i.Route, i, person)
}

// unrouted is the state in which no invitation is rerouted to the scope: another
// one of its name is not the same.
func (s State) unrouted(from events.ScopeID) (State, error) {
	if s.subjects == nil {
		return s, nil
	}
	var routed []events.PrincipalID
	for itr := s.subjects.Iterator(); !itr.Done(); {
		id, subject, _ := itr.Next()
		if _, invitation, open := s.Invitation(events.InvitationID(id)); open && invitation.Route == from {
			routed = append(routed, subject)
		}
	}
	for _, subject := range routed {
		var err error
		if s, err = s.withMatters(subject, func(m *Matters) {
			m.Invitations = changed(m.Invitations, func(i *Invitation) {
				if i.Route == from {
					i.Route = ""
				}
			})
		}); err != nil {
			return s, err
		}
	}
	return s, nil
}
