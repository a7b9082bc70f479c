package aggregate

import (
	"cmp"
	"fmt"
	"slices"

	"tenure/events"
	"tenure/rolemodel"
)

// lacksTransfer refuses a person who may not pass the role on.
func (s State) lacksTransfer(actor *Person, id events.RoleID, on events.ScopeID, subject events.PrincipalID) *Refusal {
	role, _ := s.role(id, on)
	if s.mayTransfer(actor, role, on, subject) {
		return nil
	}
	if off := s.awaited(func(s State) bool { return s.mayTransfer(actor, role, on, subject) }); off != nil {
		return s.waitsFor("To transfer "+roleOn(role, on), off, role.Rule, on)
	}
	refused := s.lacking(actor, "transfer "+roleOn(role, on), role.TransferredWith, on, s.governors(actor, on, role.TransferredBy, role.TransferredWith, role.TransferredIf)).of(role.ID(), role.Rule)
	if condition := s.unmetGovernor(actor, role.TransferredWith, role.TransferredIf, on, subject); condition != nil {
		refused.Rule = cmp.Or(condition.Rule, refused.Rule)
		refused.Message = fmt.Sprintf("%s may transfer %s only %s.", actor.ID, roleOn(role, on), condition.Title)
		refused.Help = s.whom(s.firmly(actor, role.TransferredBy, role.TransferredWith, on))
	}
	return refused
}

// lacksDesignating refuses a person who may neither set nor clear the mark.
func (s State) lacksDesignating(actor *Person, id events.DesignationID, on events.ScopeID, subject events.PrincipalID) *Refusal {
	designation, _ := s.designation(id, on)
	if s.mayDesignate(actor, designation, on, subject) {
		return nil
	}
	if off := s.awaited(func(s State) bool { return s.mayDesignate(actor, designation, on, subject) }); off != nil {
		return s.waitsFor(fmt.Sprintf("To say who is %s on %s", designation.Name, on), off, designation.Rule, on)
	}
	refused := s.lacking(actor, fmt.Sprintf("say who is %s on %s", designation.Name, on), designation.SetWith, on, s.governors(actor, on, designation.SetBy, designation.SetWith, designation.SetIf)).of("", designation.Rule)
	if condition := s.unmetGovernor(actor, designation.SetWith, designation.SetIf, on, subject); condition != nil {
		refused.Rule = cmp.Or(condition.Rule, refused.Rule)
		refused.Message = fmt.Sprintf("%s may say who is %s on %s only %s.", actor.ID, designation.Name, on, condition.Title)
		refused.Help = s.whom(s.firmly(actor, designation.SetBy, designation.SetWith, on))
	}
	return refused
}

// lacksFact refuses a person who lacks the permission to record a fact.
func (s State) lacksFact(actor *Person, id events.FactID, on events.ScopeID, about events.PrincipalID) *Refusal {
	fact, _ := s.Model.Fact(on.Kind(), string(id))
	may := func(s State) bool { return s.has(actor, fact.Permission, on, about) }
	if may(s) {
		return nil
	}
	if off := s.awaited(may); off != nil {
		return s.waitsFor(fact.ID(), off, fact.Rule, on)
	}
	wanted := rolemodel.NewSet(fact.Permission.Index)
	return s.lacking(actor, fmt.Sprintf("record %s on %s", fact.Name, on), wanted, on, s.givers(actor, wanted, on)).of("", fact.Rule)
}

// lacksAct refuses a person who may not do the act, naming the roles that
// would allow it; nil if the person may. The person concerned may be nobody.
func (s State) lacksAct(actor *Person, act rolemodel.Act, on events.ScopeID, about events.PrincipalID) *Refusal {
	if s.mayAct(actor, act, on, about) {
		return nil
	}
	if refused := s.actWaits(actor, act, on, about); refused != nil {
		return refused
	}
	return s.refusedAct(actor, act, on, about)
}

// awaited finds the feature that is off and for want of which alone something may
// not be done; nil if it is not that.
func (s State) awaited(may func(State) bool) *rolemodel.Feature {
	for _, feature := range s.Model.Features {
		if s.Enabled(feature) {
			continue
		}
		supposing := s
		if supposing.supposed = feature; may(supposing) {
			return feature
		}
	}
	return nil
}

// waitsFor refuses what waits for a feature.
func (s State) waitsFor(what string, feature *rolemodel.Feature, rule string, on events.ScopeID) *Refusal {
	refused := s.waits(what, feature)
	refused.Rule, refused.Scope = cmp.Or(refused.Rule, rule), on
	return refused
}

// actWaits refuses a person who may not do the act only because a feature is off;
// nil if it is not that.
func (s State) actWaits(actor *Person, act rolemodel.Act, on events.ScopeID, about events.PrincipalID) *Refusal {
	off := s.awaited(func(s State) bool { return s.mayAct(actor, act, on, about) })
	if off == nil {
		return nil
	}
	return s.waitsFor(fmt.Sprintf("This (%s) on %s", act, on), off, s.RuleOf(act, on), on)
}

// refusedAct is the refusal of a person who may not do the act.
func (s State) refusedAct(actor *Person, act rolemodel.Act, on events.ScopeID, about events.PrincipalID) *Refusal {
	wanted := s.Model.Allowing(on.Kind(), act)
	refused := s.lacking(actor, fmt.Sprintf("do this (%s) on %s", act, on), wanted, on, s.givers(actor, wanted, on))
	for index := range wanted.All() {
		permission := s.Model.Permissions[index]
		refused.Rule = cmp.Or(refused.Rule, permission.Rule)
		answer := s.Explain(Question{Who: actor.ID, Permission: permission, On: on, About: about})
		if len(answer.Unmet) > 0 {
			condition := answer.Unmet[0].Condition
			refused.Rule = cmp.Or(condition.Rule, refused.Rule)
			refused.Message = fmt.Sprintf("%s may do this (%s) on %s only %s.", actor.ID, act, on, condition.Title)
			refused.Help = s.whom(s.firmly(actor, nil, wanted, on))
		}
		if len(answer.Withheld) > 0 {
			from := answer.Withheld[0].Grant
			refused.Rule = cmp.Or(permission.Rule, from.Role.Rule)
			refused.Message = fmt.Sprintf("%s may not do this (%s) on %s: %s is withheld from %s there.", actor.ID, act, on, permission.ID, roleOn(from.Role, from.Scope))
		}
		if capped := answer.Ceiling.Role; capped != nil {
			refused.Rule = cmp.Or(capped.Ceiling.Rule, refused.Rule)
			refused.Message = fmt.Sprintf("%s may not do this (%s) on %s: whoever is %s cannot, whatever else they hold.", actor.ID, act, on, roleOn(capped, answer.Ceiling.Scope))
		}
	}
	return refused
}

// lacksMarking refuses a person who creates a scope with an attribute that they
// could not give it then, neither by what they hold above it nor by what comes
// with the creation. What nobody changes later is for whoever creates the scope.
func (s State) lacksMarking(actor *Person, e events.AttributeSet) *Refusal {
	scope, _ := s.Scope(e.Scope)
	act := rolemodel.ScopeSet(string(e.Attribute))
	wanted := s.Model.Allowing(e.Scope.Kind(), act)
	if wanted.Empty() || s.mayAct(actor, act, e.Scope, "") {
		return nil
	}
	for _, role := range scope.Kind.Creator {
		for index := range wanted.All() {
			if s.Enabled(s.Model.Permissions[index].Feature) && s.terms(role).May(true, index) && !s.withholds(role, index, e.Scope) {
				return nil
			}
		}
	}
	return s.refusedAct(actor, act, e.Scope, "")
}

// lacksStart refuses a person who may not make somebody a member of the kind
// given, empty for the usual one.
func (s State) lacksStart(actor *Person, on events.ScopeID, kind events.MemberKindID, subject events.PrincipalID) *Refusal {
	act := rolemodel.MembershipStart
	scope, exists := s.Scope(on)
	if exists && scope.Kind.Usual(string(kind)) && s.mayAssign(actor, on, subject) || s.mayAct(actor, act, on, subject) {
		return nil
	}
	if exists {
		if of, known := scope.Kind.MemberKind(string(kind)); known {
			as := rolemodel.MembershipStartAs(of.ID)
			if s.mayAct(actor, as, on, subject) {
				return nil
			}
			if refused := s.actWaits(actor, as, on, subject); refused != nil {
				return refused
			}
			if s.Model.Allowing(on.Kind(), act).Empty() { // to be had for some kinds of member alone
				act = as
			}
		}
	}
	return s.lacksAct(actor, act, on, subject)
}

// without is the state in which a membership does not count for conditions: that
// somebody is a member of one kind does not let them be one of another.
func (s State) without(subject events.PrincipalID, on events.ScopeID) State {
	s.left = seat{subject, on}
	return s
}

// mayAssign says whether the person, as given, may say whether somebody is a
// member of the scope, of the usual kind, since this one is a member of a scope
// whose members the person assigns. Conditions look at the scope itself.
func (s *State) mayAssign(actor *Person, on events.ScopeID, subject events.PrincipalID) bool {
	other, known := s.Person(subject)
	assigning := *s
	assigning.target = on
	return known && on != s.Root && assigning.actsOnSeat(actor, rolemodel.MembershipAssign(on.Kind()), other)
}

// lacksActUpon refuses a person who may not do the act upon somebody, neither on
// the organization nor on a scope of which this one is a member.
func (s State) lacksActUpon(actor *Person, act rolemodel.Act, subject events.PrincipalID) *Refusal {
	other, known := s.Person(subject)
	switch {
	case !known:
		return s.lacksAct(actor, act, s.Root, subject)
	case s.mayActUpon(actor, act, other):
		return nil
	}
	if off := s.awaited(func(s State) bool { return s.mayActUpon(actor, act, other) }); off != nil {
		return s.waitsFor(fmt.Sprintf("This (%s) upon %s", act, subject), off, "", "")
	}
	return s.refusedUpon(actor, act, other)
}

// refusedUpon is the refusal of a person who may not do the act upon somebody: on
// the organization; or on a scope that this one is a member of, where the role
// model has the act below the organization alone, or where the person may do it on
// another scope of the kind (M10).
func (s State) refusedUpon(actor *Person, act rolemodel.Act, other *Person) *Refusal {
	on := s.Root
	below := s.Model.Allowing(on.Kind(), act).Empty()
	at := slices.IndexFunc(other.Memberships, func(m Membership) bool {
		kind := m.Scope.Kind()
		return m.Scope != s.Root && !s.Model.Allowing(kind, act).Empty() && (below || slices.ContainsFunc(actor.Grants, func(g Grant) bool {
			return g.Scope.Kind() == kind && s.mayAct(actor, act, g.Scope, "")
		}))
	})
	if at >= 0 {
		on = other.Memberships[at].Scope
	}
	refused := s.refusedAct(actor, act, on, other.ID)
	for _, permission := range s.Model.Permissions {
		if slices.Contains(permission.Allows, act) {
			refused.Rule = cmp.Or(refused.Rule, permission.Rule)
		}
	}
	return refused
}

// lacksGrant refuses a person who may neither grant nor revoke the role, naming
// the roles that would allow it; nil if the person may.
func (s State) lacksGrant(actor *Person, verb string, id events.RoleID, on events.ScopeID, subject events.PrincipalID) *Refusal {
	role, _ := s.role(id, on)
	if s.mayGrant(actor, role, on, subject) {
		return nil
	}
	if passes(role) {
		return &Refusal{Code: CodeTransferred, Rule: role.Rule, Role: role.ID(), Scope: on, Subject: actor.ID,
			Message: roleOn(role, on) + " is neither granted nor revoked: whoever holds it transfers it.",
			Help:    "tenure transfer PERSON --role " + s.roleArgs(role, on)}
	}
	if off := s.awaited(func(s State) bool { return s.mayGrant(actor, role, on, subject) }); off != nil {
		return s.waitsFor("To "+verb+" "+roleOn(role, on), off, role.Rule, on)
	}
	takes := s.governors(actor, on, role.GrantedBy, role.GrantedWith, role.GrantedIf)
	refused := s.lacking(actor, verb+" "+roleOn(role, on), role.GrantedWith, on, takes).of(role.ID(), role.Rule)
	if condition := s.unmetGovernor(actor, role.GrantedWith, role.GrantedIf, on, subject); condition != nil {
		refused.Rule = cmp.Or(condition.Rule, refused.Rule)
		refused.Message = fmt.Sprintf("%s may %s %s only %s.", actor.ID, verb, roleOn(role, on), condition.Title)
		refused.Help = s.whom(s.firmly(actor, role.GrantedBy, role.GrantedWith, on))
	}
	if refused.Nobody && role.Default {
		s.comesByItself(refused, verb, role, on, subject)
	}
	if g := s.cappedGranter(actor, role, on); g != nil {
		refused.Rule = cmp.Or(g.Role.Ceiling.Rule, refused.Rule)
		refused.Message = fmt.Sprintf("%s may not %s %s: whoever is %s cannot, whatever else they hold.", actor.ID, verb, roleOn(role, on), roleOn(g.Role, g.Scope))
	}
	return refused
}

// comesByItself says of a role that nobody grants how it is come by: with the
// membership, and not beside one that replaces it.
func (s State) comesByItself(refused *Refusal, verb string, role *rolemodel.Role, on events.ScopeID, subject events.PrincipalID) {
	refused.Message = fmt.Sprintf("%s may not %s %s: it comes with the membership.", refused.Subject, verb, roleOn(role, on))
	refused.Help = ""
	person, known := s.Person(subject)
	if !known {
		return
	}
	if _, held := person.Grant(role, on); held {
		return
	}
	if !person.member(on) {
		refused.Help = "tenure member start " + string(subject) + s.onArg(on) + " --org " + string(s.Org)
		return
	}
	for _, g := range person.Grants {
		if g.Scope == on && slices.Contains(g.Role.Replaces, role) {
			refused.Message = fmt.Sprintf("%s may not %s %s: it comes with the membership, in the place of %s once that ends.", refused.Subject, verb, roleOn(role, on), g.Role.Name)
			refused.Help = "tenure revoke " + string(subject) + " " + s.roleArgs(g.Role, on)
			return
		}
	}
}

// lacking refuses a person who may not do what takes one of these roles and
// groups, or of the permissions that they give on the scope.
func (s State) lacking(actor *Person, what string, wanted rolemodel.Set, on events.ScopeID, takes []Missing) *Refusal {
	refused := &Refusal{Code: CodeNotPermitted, Scope: on, Subject: actor.ID, Help: s.whom(takes)}
	var names []string
	for _, missing := range takes {
		names = append(names, missing.words())
	}
	if len(names) == 0 && !actor.Client {
		for _, missing := range s.adjustable(wanted, on) {
			names = append(names, missing.words())
		}
	}
	takesOne := "that takes " + anyOf(names)
	if len(names) == 0 {
		refused.Nobody = true
		takesOne = "no role of the role model gives that"
		if actor.Client {
			takesOne += " to API clients"
		}
	}
	refused.Message = fmt.Sprintf("%s may not %s: %s.", actor.ID, what, takesOne)
	return refused
}

// of adds the role and the rule that a refusal is about.
func (r *Refusal) of(role, rule string) *Refusal {
	r.Role, r.Rule = role, rule
	return r
}

// whom is the command that tells whom to ask: the holders of the last role that
// somebody holds now or, where nobody does, that people can hold.
func (s State) whom(takes []Missing) string {
	takes = slices.DeleteFunc(slices.Clone(takes), func(m Missing) bool { return m.Role == nil })
	if len(takes) == 0 {
		return ""
	}
	ask := takes[len(takes)-1]
	for _, wanted := range []func(Missing) bool{s.isHeld, func(m Missing) bool { return !m.Role.Client }} {
		if fit := slices.DeleteFunc(slices.Clone(takes), func(m Missing) bool { return !wanted(m) }); len(fit) > 0 {
			ask = fit[len(fit)-1]
			break
		}
	}
	return "tenure who --role " + s.roleArgs(ask.Role, ask.Scope)
}

// firmly lists the roles that give authority over something on a scope whatever
// conditions there are: where one was not met, they alone are worth asking for.
func (s *State) firmly(actor *Person, roles []*rolemodel.Role, with rolemodel.Set, on events.ScopeID) []Missing {
	return s.takes(actor, on, func(role *rolemodel.Role, held events.ScopeID) bool {
		if slices.Contains(roles, role) {
			return true
		}
		for at := range s.Up(on) {
			set, _ := s.terms(role).On(at.ID == held)
			for index := range with.All() {
				if s.Model.Permissions[index].Kind == at.Kind.Name && set.Has(index) && !s.withholds(role, index, at.ID) {
					return true
				}
			}
			if at.ID == held {
				break
			}
		}
		return false
	})
}

// isHeld says whether a person holds the role now, so that it counts.
func (s State) isHeld(m Missing) bool {
	scope, exists := s.Scope(m.Scope)
	return exists && slices.ContainsFunc(scope.Holders(m.Role), func(id events.PrincipalID) bool {
		person, _ := s.Person(id)
		g, held := person.Grant(m.Role, m.Scope)
		return held && !person.Client && !id.Builtin() && s.active(person, &g)
	})
}
