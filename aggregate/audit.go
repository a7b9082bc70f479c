package aggregate

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"tenure/events"
	"tenure/rolemodel"
)

// Audit judges a commit against the state before it, by the events alone: the
// envelope is in order, every event is possible where it stands and has either
// authority or a cause within the commit, and at the end the bounds and
// memberships hold. Nil means that the commit may stand.
//
// The commit may be anything: no sequence of events makes Audit panic.
func Audit(s State, c events.Commit) Refusals {
	authority, outcome := audit(s, &c)
	if len(authority) > 0 {
		return authority
	}
	return outcome
}

// audit judges the events one by one, and what they lead to. The outcome is
// judged if all events are possible, whether the actor may cause them or not.
func audit(s State, c *events.Commit) (authority, outcome Refusals) {
	if refusals := auditEnvelope(s, c); len(refusals) > 0 {
		return refusals, nil
	}
	if len(c.Events) == 0 && len(c.KeyHash) == 0 {
		return Refusals{{Code: CodeInvalid, Event: -1, Message: "A commit without events is there to remember an idempotency key, and this one has none."}}, nil
	}
	s.clock = c.Effective()
	at := s
	at.Org = c.Org
	endings := endingsOf(c.Events)
	endings.adoption = adoptionOf(s, c.Events)
	for i, e := range c.Events {
		refused := firstOf(endings.adoption.admits(at, i, e), func() *Refusal { return admissible(at, c, e) })
		impossible := refused != nil
		if !impossible {
			refused = wellFounded(s, at, c, i, endings)
		}
		if refused != nil {
			refused.Event = i
			authority = append(authority, *refused)
		}
		if impossible {
			return authority, nil
		}
		stamp := Stamp{Revision: s.Revision + 1, Actor: c.Actor, At: c.Effective()}
		next, err := at.evolve(e, c.ID, stamp, inviter(&s, c.Events[:i], e))
		if err != nil {
			return append(authority, Refusal{Code: CodeInvalid, Message: "This cannot be done: " + err.Error() + ".", Event: i}), nil
		}
		at = next
	}
	return authority, auditOutcome(s, at, c)
}

// admissible says whether the event is possible in the state, whoever causes
// it.
func admissible(s State, c *events.Commit, event events.Event) *Refusal {
	switch e := event.(type) {
	case events.OrganizationFounded, events.ModelAdopted:
		return admissibleFounding(s, c, event)
	case events.PersonRegistered:
		if s.Model == nil {
			break
		}
		if err := e.Subject.Validate(); err != nil || e.Subject.Builtin() {
			return refuseInvalid("A person's id is a ULID.")
		}
		if _, known := s.Person(e.Subject); known {
			return &Refusal{Code: CodeExists, Subject: e.Subject, Message: string(e.Subject) + " is known already."}
		}
		return nil
	}
	if events.Name(event) == "" {
		return refuseInvalid("%T is no event of the ledger.", event)
	}
	if s.Model == nil {
		return refuseInvalid("The organization has no role model yet.")
	}
	switch event.(type) {
	case events.ScopeCreated, events.ScopeRenamed, events.ScopeMoved, events.ScopeDeleted, events.ScopeMerged,
		events.ScopeArchived, events.ScopeRestored, events.AttributeSet, events.AddressesRouted:
		return admissibleScope(s, event)
	case events.FeatureEnabled, events.FeatureDisabled, events.FactRecorded, events.EditionSet:
		return admissibleSwitch(s, event)
	case events.RoleDefined, events.RoleRenamed, events.RoleDeleted, events.PermissionAdded, events.PermissionRemoved,
		events.PermissionWithheld, events.PermissionRestored:
		return admissibleTerms(s, event)
	case events.ClientCreated:
		return admissibleClient(s, event)
	}
	person, known := s.Person(event.Concern().Subject)
	if !known {
		refused := unknown("person", string(event.Concern().Subject), "")
		return &refused
	}
	if refused := admissibleSubject(person, event); refused != nil {
		return refused
	}
	switch e := event.(type) {
	case events.PersonUpdated:
		fields := []string{"email", "job_title", "login", "name"}
		for _, field := range e.Cleared {
			if !slices.Contains(fields, field) {
				return refuseInvalid("A person has no field %q; there is %s.", field, strings.Join(fields, ", "))
			}
		}
		return nil
	case events.CredentialIssued, events.CredentialRevoked:
		return admissibleCredential(s, event)
	case events.ClientDeleted:
		return admissibleClient(s, event)
	case events.ManagerAssigned, events.ManagerRemoved:
		return admissibleManager(s, person, event)
	case events.MembershipStarted, events.MembershipSuspended, events.MembershipResumed, events.MembershipKindChanged, events.MembershipTerminated,
		events.RoleGranted, events.RoleRevoked, events.RoleLimited, events.ExpiryAnnounced:
	case events.OwnershipTransferred, events.DesignationSet, events.DesignationCleared, events.DesignationLapsed:
		return admissibleMark(s, person, event)
	default:
		return admissibleMatter(s, c, person, event)
	}
	return admissibleHolding(s, c, person, event)
}

func admissibleFounding(s State, c *events.Commit, event events.Event) *Refusal {
	switch e := event.(type) {
	case events.OrganizationFounded:
		if s.persons != nil {
			return refuseInvalid("An organization is founded once.")
		}
		if err := e.Scope.Validate(); err != nil || e.Scope.Handle() != string(c.Org) {
			return refuseInvalid("The root scope carries the organization's own handle.")
		}
	case events.ModelAdopted:
		return admissibleAdoption(s, e)
	}
	return nil
}

// prefixLength is how much of a key may be kept in the clear.
const prefixLength = 16

func admissibleCredential(s State, event events.Event) *Refusal {
	switch e := event.(type) {
	case events.CredentialIssued:
		if e.Credential.Validate() != nil {
			return refuseInvalid("A key's id is a ULID.")
		}
		if _, inForce := s.Credential(e.Credential); inForce {
			return &Refusal{Code: CodeExists, Message: "A key of that id exists already."}
		}
		if len(e.Hash) != sha256.Size || len(e.Prefix) > prefixLength {
			return refuseInvalid("A key is kept as its SHA-256 and at most its first %d characters.", prefixLength)
		}
	case events.CredentialRevoked:
		if held, inForce := s.Credential(e.Credential); !inForce || held.Subject != e.Subject {
			refused := unknown("key", string(e.Credential), "")
			return &refused
		}
	}
	return nil
}

// admissibleHolding judges what happens to a person on a scope.
func admissibleHolding(s State, c *events.Commit, person *Person, event events.Event) *Refusal {
	on := event.Concern().Scope
	scope, exists := s.Scope(on)
	if !exists {
		refused := unknown("scope", string(on), "")
		return &refused
	}
	refuse := func(code Code, role *rolemodel.Role, message string) *Refusal {
		refused := &Refusal{Code: code, Scope: on, Subject: person.ID, Message: message}
		if role != nil {
			refused.Role = role.ID()
		}
		return refused
	}
	membership, member := person.Membership(on)
	switch e := event.(type) {
	case events.MembershipStarted:
		if !scope.Kind.Membership {
			return refuse(CodeStructure, nil, string(on)+" has no members of its own; roles there rest on a membership above.")
		}
		if member {
			return refuse(CodeExists, nil, string(person.ID)+" is a member of "+string(on)+" already.")
		}
		if refused := ofKind(scope, e.MemberKind); refused != nil {
			return refused
		}
		if refused := s.frozen(on); refused != nil && chosen(e.Cause) {
			return refused
		}
		if slices.ContainsFunc(person.invitations(), func(i Invitation) bool { return i.Scope == on }) {
			return refuse(CodeUnfounded, nil, "Who becomes a member of "+string(on)+" has answered an invitation there, or it is withdrawn, and one would be left.")
		}
	case events.MembershipSuspended, events.MembershipResumed, events.MembershipKindChanged, events.MembershipTerminated:
		if !member {
			return refuse(CodeNotMember, nil, string(person.ID)+" is not a member of "+string(on)+".")
		}
		switch e := event.(type) {
		case events.MembershipSuspended:
			if !membership.Active {
				return refuse(CodeExists, nil, "The membership of "+string(person.ID)+" is suspended already.")
			}
		case events.MembershipResumed:
			if membership.Active {
				return refuse(CodeExists, nil, "The membership of "+string(person.ID)+" is not suspended.")
			}
			return s.frozen(on)
		case events.MembershipKindChanged:
			if refused := ofKind(scope, e.MemberKind); refused != nil {
				return refused
			}
			kind, _ := scope.Kind.MemberKind(string(e.MemberKind))
			if kind == nil || kind.ID == s.memberKind(person, on) {
				return refuse(CodeExists, nil, string(person.ID)+" is such a member of "+string(on)+" already.")
			}
			return s.frozen(on)
		case events.MembershipTerminated:
			if left := s.restingOn(person, on); left != "" {
				refused := refuse(CodeUnfounded, nil, "The end of a membership ends what was held through it, and "+left+" would be left.")
				refused.Rule = "X02"
				return refused
			}
		}
	case events.RoleGranted, events.RoleRevoked, events.RoleLimited, events.ExpiryAnnounced:
		role, err := s.role(event.Concern().Role, on)
		if err != nil {
			return &Refusal{Code: CodeUnknown, Scope: on, Subject: person.ID, Message: "There is no such role: " + err.Error() + "."}
		}
		grant, held := person.Grant(role, on)
		switch e := e.(type) {
		case events.RoleGranted:
			if held {
				return refuse(CodeExists, role, string(person.ID)+" is "+roleOn(role, on)+" already.")
			}
			if refused := s.frozen(on); refused != nil && chosen(e.Cause) {
				return refused
			}
			return grantable(s, c, person, role, e)
		case events.RoleLimited:
			if held && grant.Until.Equal(e.Until) {
				return refuse(CodeExists, role, "That is when it ends already.")
			}
			if refused := limitable(c, role, on, e.Until); held && refused != nil {
				return refused
			}
			if longer := e.Until.IsZero() || !grant.Until.IsZero() && e.Until.After(grant.Until); held && longer {
				if refused := s.frozen(on); refused != nil {
					return refused
				}
			}
		case events.ExpiryAnnounced:
			if held && (grant.Announced || !grant.Until.Equal(e.Until)) {
				return refuse(CodeInvalid, role, "This is not when it ends, or was announced before.")
			}
		}
		if _, grants := e.(events.RoleGranted); !grants && !held {
			return refuse(CodeUnknown, role, string(person.ID)+" is not "+roleOn(role, on)+".")
		}
	}
	return nil
}

// restingOn names something that the person holds through the membership, or
// nothing. Through that of the root it is all there is (X02); elsewhere it is
// the roles that need it.
func (s State) restingOn(person *Person, on events.ScopeID) string {
	whole := on == s.Root
	for _, g := range person.Grants {
		if whole || s.rests(g, on) {
			return roleOn(g.Role, g.Scope)
		}
	}
	if !whole {
		return ""
	}
	for _, m := range person.Memberships {
		if m.Scope != on {
			return "membership of " + string(m.Scope)
		}
	}
	if len(person.Credentials) > 0 {
		return "key " + string(person.Credentials[0])
	}
	if open := person.invitations(); len(open) > 0 {
		return "invitation " + string(open[0].ID)
	}
	if person.Chart != nil {
		return "a place among managers"
	}
	return ""
}

// rests says whether the grant needs the membership of the scope.
func (s State) rests(g Grant, on events.ScopeID) bool {
	scope, needed := s.membershipScope(g.Role, g.Scope)
	return needed && scope == on
}

func admissibleScope(s State, event events.Event) *Refusal {
	if created, creates := event.(events.ScopeCreated); creates {
		return admissibleCreation(s, created)
	}
	id := event.Concern().Scope
	scope, exists := s.Scope(id)
	if !exists {
		refused := unknown("scope", string(id), "")
		return &refused
	}
	switch e := event.(type) {
	case events.ScopeRenamed:
		return s.frozen(id)
	case events.AttributeSet, events.ScopeArchived, events.ScopeRestored, events.AddressesRouted:
		return admissibleMarking(s, scope, e)
	case events.ScopeMerged:
		return admissibleMerger(s, scope, e)
	case events.ScopeMoved:
		refused := s.frozen(e.Parent)
		if refused == nil && e.Cause != events.CauseMerge { // what is in the archive goes along with the scope that it stands below
			refused = s.frozen(id)
		}
		if refused != nil {
			return refused
		}
		if id == s.Root {
			return &Refusal{Code: CodeStructure, Scope: id, Message: "The organization itself cannot be moved."}
		}
		parent, exists := s.Scope(e.Parent)
		if !exists {
			refused := unknown("scope", string(e.Parent), "")
			return &refused
		}
		if !scope.Kind.MayStandUnder(parent.Kind) {
			return misplaced(scope.Kind, id, e.Parent)
		}
		if s.Under(e.Parent, id) {
			return belowItself(id)
		}
	case events.ScopeDeleted:
		if id == s.Root {
			return &Refusal{Code: CodeStructure, Scope: id, Message: "The organization itself cannot be deleted."}
		}
		if len(scope.holders) > 0 || len(scope.designated) > 0 || len(scope.Children()) > 0 || len(scope.Members()) > 0 || len(s.invitedTo(scope)) > 0 {
			return &Refusal{Code: CodeUnfounded, Scope: id, Message: "The end of " + string(id) +
				" ends the scopes below it, its roles, memberships and invitations, and some would be left."}
		}
	}
	return nil
}

func admissibleCreation(s State, e events.ScopeCreated) *Refusal {
	if err := e.Scope.Validate(); err != nil {
		return &Refusal{Code: CodeInvalid, Scope: e.Scope, Message: "This is no scope: " + err.Error() + "."}
	}
	if _, exists := s.Scope(e.Scope); exists {
		return &Refusal{Code: CodeExists, Field: "scope", Scope: e.Scope, Message: "There is a " + string(e.Scope) + " already."}
	}
	kind, known := s.Model.Kind(e.Scope.Kind())
	if !known {
		refused := unknown("scope kind", e.Scope.Kind(), "")
		return &refused
	}
	parent, exists := s.Scope(e.Parent)
	if !exists {
		refused := unknown("scope", string(e.Parent), "")
		return &refused
	}
	if !kind.MayStandUnder(parent.Kind) {
		return misplaced(kind, e.Scope, e.Parent)
	}
	return s.frozen(e.Parent)
}

// admissibleMarking judges what is said of a scope itself.
func admissibleMarking(s State, scope *Scope, event events.Event) *Refusal {
	switch e := event.(type) {
	case events.AttributeSet:
		attribute, declared := scope.Kind.Attribute(string(e.Attribute))
		switch {
		case !declared:
			refused := unknown("attribute", fmt.Sprintf("%.40s of %s", e.Attribute, rolemodel.A(scope.Kind.Name)), "tenure models show "+s.Model.ID)
			refused.Field = "attributes." + short(e.Attribute)
			return &refused
		case !slices.Contains(attribute.Values, e.Value):
			return &Refusal{Code: CodeInvalid, Scope: scope.ID, Field: "attributes." + attribute.ID,
				Message: fmt.Sprintf("%s is %s, not %.40q.", attribute.Title, anyOf(attribute.Values), e.Value)}
		case attribute.Fixed && !s.fresh(scope):
			return &Refusal{Code: CodeInvalid, Scope: scope.ID, Field: "attributes." + attribute.ID,
				Message: fmt.Sprintf("%s of %s was said when it was created, and does not change.", attribute.Title, scope.ID)}
		case scope.Attribute(attribute.ID) == e.Value:
			return &Refusal{Code: CodeExists, Scope: scope.ID, Message: fmt.Sprintf("%s of %s is so already.", attribute.Title, scope.ID)}
		}
		return s.frozen(scope.ID)
	case events.ScopeArchived:
		if scope.ID == s.Root {
			return &Refusal{Code: CodeStructure, Scope: scope.ID, Message: "The organization itself cannot be archived."}
		}
		if scope.Archive.Revision > 0 {
			return &Refusal{Code: CodeExists, Scope: scope.ID, Message: string(scope.ID) + " is in the archive already."}
		}
	case events.ScopeRestored:
		if scope.Archive.Revision == 0 {
			return &Refusal{Code: CodeExists, Scope: scope.ID, Message: string(scope.ID) + " is not in the archive."}
		}
	case events.AddressesRouted:
		return admissibleRoute(s, scope, e)
	}
	return nil
}

// fresh says whether the scope came to be by the commit that is judged.
func (s State) fresh(scope *Scope) bool { return scope.Created.Revision > s.Revision }

// chosen says whether an event with that cause is something that somebody wants
// to happen there; what merely follows happens in an archive too.
func chosen(cause events.Cause) bool {
	switch cause {
	case "", events.CauseImport, events.CauseInvitation, events.CauseMerge, events.CauseCreated:
		return true
	}
	return false
}

// frozen refuses what is new on a scope that is in the archive.
func (s State) frozen(on events.ScopeID) *Refusal {
	for at := range s.Up(on) {
		if at.Archive.Revision > 0 {
			return &Refusal{Code: CodeArchived, Scope: on, Message: string(at.ID) + " is in the archive: nothing new happens there until it is restored.",
				Help: "tenure scope restore " + string(at.ID) + " --org " + string(s.Org)}
		}
	}
	return nil
}

func misplaced(kind *rolemodel.Kind, scope, parent events.ScopeID) *Refusal {
	refused := &Refusal{Code: CodeStructure, Scope: scope}
	if len(kind.Under) == 0 {
		refused.Message = fmt.Sprintf("%s cannot stand below %s: there is one %s, and it stands below nothing.", scope, parent, kind.Name)
		return refused
	}
	var under []string
	for _, k := range kind.Under {
		under = append(under, k.Name)
	}
	refused.Message = fmt.Sprintf("%s cannot stand below %s: a scope of kind %s stands below %s.", scope, parent, kind.Name, anyOf(under))
	return refused
}

func belowItself(scope events.ScopeID) *Refusal {
	return &Refusal{Code: CodeStructure, Scope: scope, Message: string(scope) + " cannot stand below itself."}
}

func refuseInvalid(format string, args ...any) *Refusal {
	return &Refusal{Code: CodeInvalid, Message: fmt.Sprintf(format, args...)}
}
