package aggregate

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"tenure/events"
	"tenure/rolemodel"
)

// What is possible, whoever causes it, beyond memberships, roles and scopes.

// admissibleSubject judges whom the event is about: the background user is no
// person, and of whom anonymization was decided nothing more is told.
func admissibleSubject(person *Person, event events.Event) *Refusal {
	if person.ID.Builtin() {
		switch event.(type) {
		case events.RoleGranted, events.RoleRevoked:
			return nil
		}
		return &Refusal{Code: CodeInvalid, Subject: person.ID, Message: string(person.ID) + " is no person: it only holds the roles that the role model gives it."}
	}
	if person.Client {
		return ofClient(person, event)
	}
	if _, completes := event.(events.PersonAnonymized); person.Anonymizing() && !completes {
		return isAnonymized(person)
	}
	return nil
}

func isAnonymized(person *Person) *Refusal {
	return &Refusal{Code: CodeAnonymized, Subject: person.ID, Message: string(person.ID) + " is anonymized: nothing more can happen to this person."}
}

// lastYear is the last one that the ledger can write.
const lastYear = 9999

// grantable judges a grant by what the role model says of the role itself.
func grantable(s State, c *events.Commit, person *Person, role *rolemodel.Role, e events.RoleGranted) *Refusal {
	if refused := heldBy(person, role, e.Scope); refused != nil {
		return refused
	}
	if !s.Enabled(role.Feature) {
		return s.roleWaits(role, e.Scope, person.ID)
	}
	return limitable(c, role, e.Scope, e.Until)
}

// heldBy refuses a role for those whom it is not for: the background user,
// persons and API clients hold different ones.
func heldBy(person *Person, role *rolemodel.Role, on events.ScopeID) *Refusal {
	refuse := func(message string) *Refusal {
		return &Refusal{Code: CodeInvalid, Rule: role.Rule, Role: role.ID(), Scope: on, Subject: person.ID, Message: message}
	}
	switch {
	case role.Automatic && person.ID != events.Background:
		return refuse(roleOn(role, on) + " is the background user's alone.")
	case !role.Automatic && person.ID == events.Background:
		return refuse("The background user holds no role but those that the role model gives it.")
	case role.Client && !person.Client:
		return refuse(roleOn(role, on) + " is for API clients alone.")
	case !role.Client && person.Client:
		return refuse("An API client holds the roles for API clients alone.")
	}
	return nil
}

// waits refuses what waits for a feature that is off, and says how it is turned
// on.
func (s State) waits(what string, feature *rolemodel.Feature) *Refusal {
	if len(feature.Editions) == 0 {
		return &Refusal{Code: CodeFeatureOff, Rule: feature.Rule, Message: fmt.Sprintf("%s waits for the feature %s, which is off.", what, feature.ID),
			Help: "tenure feature on " + feature.ID + " --org " + string(s.Org)}
	}
	var titles []string
	for _, edition := range feature.Editions {
		titles = append(titles, edition.Title)
	}
	now := "none"
	if s.edition != nil {
		now = s.edition.Title
	}
	return &Refusal{Code: CodeFeatureOff, Rule: feature.Rule, Message: fmt.Sprintf("%s exists in the edition %s alone, and %s has %s.", what, anyOf(titles), s.Org, now),
		Help: "tenure edition set " + feature.Editions[0].ID + " --org " + string(s.Org)}
}

// roleWaits refuses a role that waits for a feature that is off.
func (s State) roleWaits(role *rolemodel.Role, on events.ScopeID, subject events.PrincipalID) *Refusal {
	refused := s.waits(roleOn(role, on), role.Feature)
	refused.Rule = cmp.Or(refused.Rule, role.Rule)
	refused.Role, refused.Scope, refused.Subject = role.ID(), on, subject
	return refused
}

// limitable judges the time at which a role is to end.
func limitable(c *events.Commit, role *rolemodel.Role, on events.ScopeID, until time.Time) *Refusal {
	refuse := func(message string) *Refusal {
		return &Refusal{Code: CodeInvalid, Field: "until", Rule: role.Rule, Role: role.ID(), Scope: on, Message: message}
	}
	switch {
	case until.IsZero():
		return nil
	case until.Year() > lastYear:
		return &Refusal{Code: CodeInvalid, Field: "until", Message: fmt.Sprintf("A role ends by the year %d, or not by itself.", lastYear)}
	case !until.After(c.DecidedAt):
		return &Refusal{Code: CodeInvalid, Field: "until",
			Message: fmt.Sprintf("%s is over: a role ends at a time to come.", until.Format(time.RFC3339))}
	case role.Default:
		return refuse(roleOn(role, on) + " ends with the membership, not by itself.")
	case passes(role):
		return refuse(roleOn(role, on) + " ends when it is transferred, not by itself.")
	case role.Automatic:
		return refuse(roleOn(role, on) + " does not end by itself.")
	}
	return nil
}

// admissibleSwitch judges what concerns no person, or need not.
func admissibleSwitch(s State, event events.Event) *Refusal {
	feature := func(id events.FeatureID, on bool) *Refusal {
		known, exists := s.Model.Feature(string(id))
		if !exists {
			refused := unknown("feature", string(id), "")
			return &refused
		}
		if len(known.Editions) > 0 {
			refused := s.waits(known.Title, known)
			if refused.Code = CodeInvalid; !on {
				refused.Message = fmt.Sprintf("%s comes with the edition, and is not turned off by hand.", known.Title)
				refused.Help = "tenure edition list --org " + string(s.Org)
			}
			return refused
		}
		if s.Enabled(known) == on {
			return &Refusal{Code: CodeExists, Message: "The feature " + known.ID + " is so already."}
		}
		return nil
	}
	switch e := event.(type) {
	case events.FeatureEnabled:
		return feature(e.Feature, true)
	case events.FeatureDisabled:
		return feature(e.Feature, false)
	case events.EditionSet:
		return admissibleEdition(s, e)
	case events.FactRecorded:
		if _, exists := s.Scope(e.Scope); !exists {
			refused := unknown("scope", string(e.Scope), "")
			return &refused
		}
		fact, known := s.Model.Fact(e.Scope.Kind(), string(e.Fact))
		if !known {
			refused := unknown("fact", string(e.Fact), "")
			return &refused
		}
		if off := fact.Permission.Feature; !s.Enabled(off) {
			refused := s.waits(fact.ID(), off)
			refused.Rule, refused.Scope = cmp.Or(refused.Rule, fact.Rule), e.Scope
			return refused
		}
		if e.Subject != "" {
			person, known := s.Person(e.Subject)
			if !known {
				refused := unknown("person", string(e.Subject), "")
				return &refused
			}
			if refused := admissibleSubject(person, e); refused != nil {
				return refused
			}
		}
		return s.frozen(e.Scope)
	}
	return nil
}

// admissibleMark judges transfers and designations.
func admissibleMark(s State, person *Person, event events.Event) *Refusal {
	on := event.Concern().Scope
	scope, exists := s.Scope(on)
	if !exists {
		refused := unknown("scope", string(on), "")
		return &refused
	}
	marked := func(id events.DesignationID) *Refusal {
		designation, err := s.designation(id, on)
		if err != nil {
			return &Refusal{Code: CodeUnknown, Scope: on, Message: "There is no such designation: " + err.Error() + "."}
		}
		if marked, set := scope.Designated(designation); !set || marked.Subject != person.ID {
			return &Refusal{Code: CodeUnknown, Rule: designation.Rule, Scope: on, Subject: person.ID,
				Message: fmt.Sprintf("%s is not %s on %s.", person.ID, designation.Name, on)}
		}
		return nil
	}
	switch e := event.(type) {
	case events.OwnershipTransferred:
		role, err := s.role(e.Role, on)
		if err != nil {
			return &Refusal{Code: CodeUnknown, Scope: on, Message: "There is no such role: " + err.Error() + "."}
		}
		if !passes(role) || e.Former == e.Subject {
			return refuseInvalid("%s is not transferred.", roleOn(role, on))
		}
		former, known := s.Person(e.Former)
		if !known {
			refused := unknown("person", string(e.Former), "")
			return &refused
		}
		if _, holds := former.Grant(role, on); !holds {
			return &Refusal{Code: CodeUnknown, Rule: role.Rule, Role: role.ID(), Scope: on, Subject: e.Former,
				Message: string(e.Former) + " is not " + roleOn(role, on) + "."}
		}
		return s.frozen(on)
	case events.DesignationSet:
		designation, err := s.designation(e.Designation, on)
		if err != nil {
			return &Refusal{Code: CodeUnknown, Scope: on, Message: "There is no such designation: " + err.Error() + "."}
		}
		if refused := s.frozen(on); refused != nil {
			return refused
		}
		if _, set := scope.Designated(designation); set {
			return &Refusal{Code: CodeExists, Rule: designation.Rule, Scope: on, Message: fmt.Sprintf("%s has %s already.", on, rolemodel.A(designation.Name))}
		}
	case events.DesignationCleared:
		return marked(e.Designation)
	case events.DesignationLapsed:
		return marked(e.Designation)
	}
	return nil
}

// maxCertificate bounds an erasure certificate, in bytes.
const maxCertificate = 16 << 10

// admissibleMatter judges what is to be done about a person.
func admissibleMatter(s State, c *events.Commit, person *Person, event events.Event) *Refusal {
	refuse := func(code Code, field, message string, args ...any) *Refusal {
		return &Refusal{Code: code, Field: field, Subject: person.ID, Message: fmt.Sprintf(message, args...)}
	}
	future := func(field string, at time.Time) *Refusal {
		if !at.After(c.DecidedAt) {
			return refuse(CodeInvalid, field, "%s is over: name a time to come.", at.Format(time.RFC3339))
		}
		if at.Year() > lastYear {
			return refuse(CodeInvalid, field, "Name a time before the end of the year %d.", lastYear)
		}
		return nil
	}
	fresh := func(id interface{ Validate() error }, text string) *Refusal {
		if err := id.Validate(); err != nil {
			return refuse(CodeInvalid, "", "%v.", err)
		}
		if _, taken := s.subjectOf(text); taken {
			return refuse(CodeExists, "", "%s is open already.", text)
		}
		return nil
	}
	switch e := event.(type) {
	case events.InvitationSent:
		return firstOf(fresh(e.Invitation, string(e.Invitation)), func() *Refusal { return invitable(s, person, e) },
			func() *Refusal { return future("expires", e.Expires) }, func() *Refusal { return tokenOf(e.TokenHash) })
	case events.InvitationResent:
		_, invitation, _ := s.Invitation(e.Invitation)
		return firstOf(invited(s, person, e.Invitation), func() *Refusal { return future("expires", e.Expires) },
			func() *Refusal { return tokenOf(e.TokenHash) }, func() *Refusal { return s.frozen(invitation.Scope) })
	case events.InvitationAccepted:
		refused := invited(s, person, e.Invitation)
		_, invitation, open := s.Invitation(e.Invitation)
		if refused == nil && open {
			refused = s.frozen(invitation.Scope)
		}
		if refused == nil && open && due(invitation.Expires, c.DecidedAt) {
			refused = refuse(CodeInvalid, "", "The invitation ended on %s; ask for another one.", invitation.Expires.Format(time.RFC3339))
		}
		return refused
	case events.InvitationDeclined:
		return invited(s, person, e.Invitation)
	case events.InvitationWithdrawn:
		return invited(s, person, e.Invitation)
	case events.InvitationExpired:
		return invited(s, person, e.Invitation)

	case events.ReminderSet:
		return firstOf(fresh(e.Reminder, string(e.Reminder)), func() *Refusal { return remindable(s, person) },
			func() *Refusal { return future("at", e.Due) }, func() *Refusal { return repeatable(e) })
	case events.ReminderFired:
		_, reminder, _ := s.Reminder(e.Reminder)
		switch {
		case !remindedOf(s, person, e.Reminder):
			return refuse(CodeUnknown, "", "There is no open reminder %s about %s.", e.Reminder, person.ID)
		case !e.Due.Equal(reminder.deadline()) || e.Count != reminder.Fired+1,
			(reminder.Every == "") != e.Next.IsZero(), !e.Next.IsZero() && (!e.Next.After(e.Due) || !e.Next.After(c.DecidedAt)):
			return refuse(CodeInvalid, "", "This is not when the reminder falls due.")
		}
	case events.ReminderCompleted:
		if !remindedOf(s, person, e.Reminder) {
			return refuse(CodeUnknown, "", "There is no open reminder %s about %s.", e.Reminder, person.ID)
		}
	case events.ReminderCanceled:
		if !remindedOf(s, person, e.Reminder) {
			return refuse(CodeUnknown, "", "There is no open reminder %s about %s.", e.Reminder, person.ID)
		}

	case events.RetentionSet:
		if len(e.Ground) == 0 {
			return refuse(CodeInvalid, "ground", "Say on what ground the data is kept.")
		}
		return firstOf(remindable(s, person), func() *Refusal { return future("until", e.Until) })
	case events.RetentionEnded:
		if person.Matters == nil || person.Matters.Retention == nil || !e.Until.Equal(person.Matters.Retention.deadline()) {
			return refuse(CodeInvalid, "", "This is not when the retention ends.")
		}

	case events.HoldPlaced:
		if len(e.Ground) == 0 {
			return refuse(CodeInvalid, "ground", "Say on what ground the hold is placed.")
		}
		return fresh(e.Hold, string(e.Hold))
	case events.HoldReleased:
		if holder, _, inForce := s.Hold(e.Hold); !inForce || holder.ID != person.ID {
			return refuse(CodeUnknown, "", "There is no legal hold %s on %s.", e.Hold, person.ID)
		}

	case events.AnonymizationStarted:
		return anonymizable(s, person)
	case events.PersonAnonymized:
		switch {
		case !person.Anonymizing() || person.Anonymized():
			return refuse(CodeInvalid, "", "This does not complete an anonymization.")
		case e.Started != person.Matters.Anonymization.Started.Revision:
			return refuse(CodeInvalid, "", "The anonymization started at revision %d.", person.Matters.Anonymization.Started.Revision)
		case len(e.Certificate) > maxCertificate:
			return refuse(CodeInvalid, "", "A certificate has at most %d bytes.", maxCertificate)
		}
	default:
		return refuseInvalid("%T cannot be judged.", event)
	}
	return nil
}

// firstOf is the first refusal; those that follow are asked for only if there is
// none before.
func firstOf(refused *Refusal, next ...func() *Refusal) *Refusal {
	for _, ask := range next {
		if refused != nil {
			break
		}
		refused = ask()
	}
	return refused
}

func tokenOf(hash []byte) *Refusal {
	if len(hash) != sha256.Size {
		return refuseInvalid("A token is kept as its SHA-256.")
	}
	return nil
}

// invitable judges whether a person can be asked to a scope.
func invitable(s State, person *Person, e events.InvitationSent) *Refusal {
	scope, exists := s.Scope(e.Scope)
	if !exists {
		refused := unknown("scope", string(e.Scope), "")
		return &refused
	}
	refuse := func(code Code, message string) *Refusal {
		return &Refusal{Code: code, Scope: e.Scope, Subject: person.ID, Message: message}
	}
	var offered *rolemodel.Role
	if e.Role != "" {
		role, err := s.role(e.Role, e.Scope)
		if err != nil {
			return refuse(CodeUnknown, "There is no such role: "+err.Error()+".")
		}
		offered = role
	}
	if !scope.Kind.Membership && offered == nil {
		return refuse(CodeStructure, string(e.Scope)+" has no members of its own; invite to one of its roles, or to a scope above.")
	}
	on := s.leadsTo(e.Scope, offered)
	leads, _ := s.Scope(on)
	if !leads.Kind.Membership {
		return refuse(CodeStructure, string(on)+" has no members.")
	}
	if offered != nil && (passes(offered) || offered.Automatic || offered.Client) {
		refused := refuse(CodeTransferred, roleOn(offered, e.Scope)+" does not come with an invitation.")
		refused.Role, refused.Rule = offered.ID(), offered.Rule
		return refused
	}
	if offered != nil && !s.Enabled(offered.Feature) {
		return s.roleWaits(offered, e.Scope, person.ID)
	}
	if _, member := person.Membership(on); member {
		refused := refuse(CodeExists, string(person.ID)+" is a member of "+string(on)+" already.")
		if offered != nil {
			refused.Role, refused.Rule = offered.ID(), offered.Rule
			refused.Message = fmt.Sprintf("%s is a member of %s already, so %s is granted without an invitation.", person.ID, on, roleOn(offered, e.Scope))
			refused.Help = "tenure grant " + string(person.ID) + " " + s.roleArgs(offered, e.Scope)
		}
		return refused
	}
	if refused := ofKind(leads, e.MemberKind); refused != nil {
		return refused
	}
	if is := s.memberKind(person, s.Root); is != "" && !leads.Kind.Admits(string(e.MemberKind), is) {
		kind, _ := leads.Kind.MemberKind(string(e.MemberKind))
		root, _ := s.Scope(s.Root)
		refused := refuse(CodeNotMember, fmt.Sprintf("Only a %s of %s can be a member of %s as %s, and %s is a %s.",
			s.memberTitles(kind.Needs, root.Kind), s.Root, on, kind.Title, person.ID, s.memberTitle(is, root.Kind)))
		refused.Rule = kind.Rule
		return refused
	}
	if offered != nil && len(offered.MemberKinds) > 0 && offered.Membership == leads.Kind.Name {
		if kind, known := leads.Kind.MemberKind(string(e.MemberKind)); known && !slices.Contains(offered.MemberKinds, kind.ID) {
			refused := refuse(CodeNotMember, fmt.Sprintf("Only %s can be %s, and the invitation is for %s.", rolemodel.A(s.memberTitles(offered.MemberKinds, leads.Kind)), roleOn(offered, e.Scope), rolemodel.A(kind.Title)))
			refused.Role, refused.Rule = offered.ID(), offered.Rule
			return refused
		}
	}
	if refused := s.frozen(e.Scope); refused != nil {
		return refused
	}
	if e.Route != "" {
		if route, exists := s.Scope(e.Route); !exists || len(route.Domains) == 0 {
			return refuse(CodeInvalid, "No addresses are rerouted to "+string(e.Route)+".")
		}
		if refused := s.frozen(e.Route); refused != nil {
			return refused
		}
	}
	if person.Matters != nil && slices.ContainsFunc(person.Matters.Invitations, func(i Invitation) bool { return i.Scope == e.Scope }) {
		refused := refuse(CodeExists, string(person.ID)+" is invited to "+string(e.Scope)+" already; send that invitation again, or withdraw it.")
		refused.Help = "tenure invitations list --org " + string(s.Org)
		return refused
	}
	return nil
}

// ofKind refuses a kind of member that the scope does not have.
func ofKind(scope *Scope, kind events.MemberKindID) *Refusal {
	if kind == "" {
		return nil
	}
	if _, known := scope.Kind.MemberKind(string(kind)); known {
		return nil
	}
	var have []string
	for _, k := range scope.Kind.MemberKinds {
		have = append(have, k.ID)
	}
	return &Refusal{Code: CodeUnknown, Field: "member_kind", Scope: scope.ID,
		Message: fmt.Sprintf("There is no kind of member %.40q on %s; there is %s.", kind, scope.ID, anyOf(have))}
}

// invited refuses unless the invitation is open and the person's.
func invited(s State, person *Person, id events.InvitationID) *Refusal {
	if invitee, _, open := s.Invitation(id); open && invitee.ID == person.ID {
		return nil
	}
	return &Refusal{Code: CodeUnknown, Subject: person.ID, Message: fmt.Sprintf("There is no open invitation %s of %s.", id, person.ID)}
}

func remindedOf(s State, person *Person, id events.ReminderID) bool {
	about, _, open := s.Reminder(id)
	return open && about.ID == person.ID
}

// remindable refuses what is to be decided about people who have left, of
// people who have not (F07).
func remindable(s State, person *Person) *Refusal {
	if _, member := person.Membership(s.Root); !member {
		return nil
	}
	return &Refusal{Code: CodeStillHolding, Subject: person.ID, Scope: s.Root,
		Message: fmt.Sprintf("%s is a member of %s: this is for the time after the membership was terminated.", person.ID, s.Root),
		Help:    "tenure member terminate " + string(person.ID) + " --org " + string(s.Org)}
}

func repeatable(e events.ReminderSet) *Refusal {
	zone, err := time.LoadLocation(e.Zone)
	if err != nil || e.Zone == "Local" {
		return &Refusal{Code: CodeInvalid, Field: "zone", Message: fmt.Sprintf("%.40q is no time zone; name one like Europe/Vienna.", e.Zone)}
	}
	if e.Every == "" {
		return nil
	}
	every, err := parseInterval(e.Every)
	if err != nil {
		return &Refusal{Code: CodeInvalid, Field: "every", Message: fmt.Sprintf("%v.", err)}
	}
	if every.occurrence(e.Due, zone, 1).Year() > lastYear {
		return &Refusal{Code: CodeInvalid, Field: "every", Message: fmt.Sprintf("%s after it falls due is beyond the year %d.", e.Every, lastYear)}
	}
	return nil
}

// anonymizable refuses while something still stands on the person.
func anonymizable(s State, person *Person) *Refusal {
	refuse := func(code Code, help, message string, args ...any) *Refusal {
		return &Refusal{Code: code, Subject: person.ID, Help: help, Message: fmt.Sprintf(message, args...)}
	}
	org := " --org " + string(s.Org)
	switch {
	case person.Matters != nil && len(person.Matters.Holds) > 0:
		hold := person.Matters.Holds[0]
		return refuse(CodeOnHold, "tenure hold release "+string(hold.ID)+org,
			"%s is under a legal hold, placed by %s on %s: it must be released first.", person.ID, hold.Placed.Actor, hold.Placed.At.Format(time.DateOnly))
	case len(person.Memberships) > 0:
		on := person.Memberships[0].Scope
		return refuse(CodeStillHolding, "tenure member terminate "+string(person.ID)+s.onArg(on)+org,
			"%s is still a member of %s: the membership must be terminated first.", person.ID, on)
	case len(person.Grants) > 0:
		g := person.Grants[0]
		return refuse(CodeStillHolding, "tenure revoke "+string(person.ID)+" "+s.roleArgs(g.Role, g.Scope),
			"%s is still %s: the role must be revoked first.", person.ID, roleOn(g.Role, g.Scope))
	}
	if m := person.Matters; m != nil && len(m.Invitations)+len(m.Reminders) > 0 || len(person.Credentials) > 0 {
		return &Refusal{Code: CodeUnfounded, Subject: person.ID, Message: "What is open about a person ends with the anonymization, and some would be left."}
	}
	return nil
}
