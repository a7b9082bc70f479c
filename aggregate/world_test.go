package aggregate

import (
	"fmt"
	"slices"
	"time"

	"tenure/events"
	"tenure/rolemodel"
)

// What random histories do beyond memberships, roles and scopes.

// ends picks a time to come, and now and then none or one that is over.
func ends(d draw, s State) time.Time {
	switch d(12) {
	case 0:
		return time.Time{}
	case 1:
		return s.Effective
	}
	return s.Effective.Add(time.Duration(1+d(20)) * day)
}

// one picks what the model calls by a name on the scope, or something else.
func one[T any, ID ~string](d draw, list []T, name func(T) string) ID {
	if len(list) == 0 || d(20) == 0 {
		return "none"
	}
	return ID(name(pick(d, list)))
}

func (w *world) designation(d draw) events.DesignationID {
	return one[*rolemodel.Designation, events.DesignationID](d, w.model.Designations, func(x *rolemodel.Designation) string { return x.Name })
}

func (w *world) feature(d draw) events.FeatureID {
	return one[*rolemodel.Feature, events.FeatureID](d, w.model.Features, func(x *rolemodel.Feature) string { return x.ID })
}

func (w *world) fact(d draw) events.FactID {
	return one[*rolemodel.Fact, events.FactID](d, w.model.Facts, func(x *rolemodel.Fact) string { return x.Name })
}

// memberKind picks a kind of member, mostly the usual one.
func (w *world) memberKind(d draw, scope events.ScopeID) events.MemberKindID {
	kind, known := w.model.Kind(scope.Kind())
	if !known || len(kind.MemberKinds) == 0 || d(2) == 0 {
		return ""
	}
	return one[*rolemodel.MemberKind, events.MemberKindID](d, kind.MemberKinds, func(x *rolemodel.MemberKind) string { return x.ID })
}

func (w *world) edition(d draw) events.EditionID {
	return one[*rolemodel.Edition, events.EditionID](d, w.model.Editions, func(x *rolemodel.Edition) string { return x.ID })
}

// route picks a scope to which something is rerouted, if there is one, and now
// and then another.
func (w *world) route(d draw, s State) events.ScopeID {
	if on, routed := s.Route(pick(d, domains)); routed && d(2) == 0 {
		return on
	}
	if d(10) == 0 {
		return pick(d, w.scopes)
	}
	return ""
}

var domains = []string{"elm.example", "oak.example"}

func someDomains(d draw) []string {
	return slices.DeleteFunc(slices.Clone(domains), func(string) bool { return d(2) == 0 })
}

// passing picks a role, mostly one that is transferred if there is any.
func (w *world) passing(d draw, scope events.ScopeID) events.RoleID {
	for _, role := range w.model.Roles {
		if passes(role) && role.Kind == scope.Kind() && d(10) > 0 {
			return events.RoleID(role.Name)
		}
	}
	return w.roleOn(d, scope)
}

// matter is a random command about what has its time.
func (w *world) matter(d draw, s State, who events.PrincipalID, scope events.ScopeID) Command {
	n := 1 + d(4)
	if d(10) == 0 {
		return pick(d, []Command{SetEdition{w.edition(d)}, RouteAddresses{Scope: scope, Domains: someDomains(d)}})
	}
	switch d(22) {
	case 0, 1:
		return GrantRole{Subject: who, Role: w.roleOn(d, scope), Scope: scope, Until: ends(d, s)}
	case 2, 3:
		return TransferRole{Subject: who, Role: w.passing(d, s.Root), Scope: s.Root, Former: pick(d, []events.RoleID{"", "", NoRole, w.roleOn(d, s.Root)})}
	case 4, 5:
		return w.definition(d, scope)
	case 6:
		return SetDesignation{Subject: who, Designation: w.designation(d), Scope: s.Root}
	case 7:
		return pick(d, []Command{SetDesignation{Subject: who, Designation: w.designation(d), Scope: s.Root}, ClearDesignation{Designation: w.designation(d), Scope: s.Root}})
	case 8:
		return SwitchFeature{Feature: w.feature(d), On: d(2) == 0}
	case 9:
		return RecordFact{Fact: w.fact(d), Scope: scope}
	case 10, 11:
		c := SendInvitation{Invitation: inviteID(n), Subject: who, Scope: scope, Kind: w.memberKind(d, scope), Route: w.route(d, s), Expires: ends(d, s), TokenHash: hash(n)}
		if d(2) == 0 {
			c.Role = w.roleOn(d, scope)
		}
		return c
	case 12:
		return pick(d, []Command{ResendInvitation{Invitation: inviteID(n), Expires: ends(d, s), TokenHash: hash(n)}, WithdrawInvitation{inviteID(n)}, DeclineInvitation{inviteID(n)}})
	case 13, 14:
		return AcceptInvitation{Invitation: inviteID(n)}
	case 15:
		return SetReminder{Reminder: reminderID(n), Subject: who, Due: ends(d, s), Every: pick(d, []string{"", "P1D", "P1W", "P1M", "P0D"}), Zone: pick(d, []string{"", "Europe/Vienna", "Nowhere"})}
	case 16:
		return pick(d, []Command{CompleteReminder{reminderID(n)}, CancelReminder{reminderID(n)}})
	case 17:
		return pick(d, []Command{PlaceHold{Hold: holdID(n), Subject: who, Ground: events.Sealed("ground")}, ReleaseHold{holdID(n)}})
	case 18:
		return SetRetention{Subject: who, Until: ends(d, s), Ground: events.Sealed("ground")}
	case 19:
		return pick(d, []Command{Anonymize{who}, CompleteAnonymization{Subject: who, Epoch: 1, Certificate: []byte("certificate")}})
	default:
		return FireDeadlines{who}
	}
}

// custom are the names of roles that come and go, where the model lets them.
func (w *world) custom() []events.RoleID {
	if len(w.model.Templates) == 0 {
		return nil
	}
	return []events.RoleID{"porter", "runner", "lead", "none"}
}

// permission picks any, and now and then none.
func (w *world) permission(d draw) events.PermissionID {
	return one[*rolemodel.Permission, events.PermissionID](d, w.model.Permissions, func(x *rolemodel.Permission) string { return x.ID })
}

// value picks one of the attributes by which roles are adjusted, or none.
func (w *world) value(d draw) string {
	values := []string{""}
	for _, role := range w.model.Roles {
		if role.AdjustablePer != nil {
			values = append(values, role.AdjustablePer.Values...)
		}
	}
	return pick(d, values)
}

// adjusted picks a role, mostly one that is adjustable.
func (w *world) adjusted(d draw) *rolemodel.Role {
	return prefer(d, w.model.Roles, func(role *rolemodel.Role) bool { return role.Adjustable })
}

// term is a random command about what roles and groups give.
func (w *world) term(d draw, scope events.ScopeID) Command {
	role, some := pick(d, w.custom()), []events.PermissionID{w.permission(d)}
	for d(3) == 0 {
		some = append(some, w.permission(d))
	}
	switch d(10) {
	case 0, 1:
		return DefineRole{Role: role, Template: pick(d, w.model.Templates).ID(), Permissions: some[1:]}
	case 2:
		return RenameRole{Role: role, Title: events.Sealed("title"), Icon: "key"}
	case 3:
		return DeleteRole{Role: role, Confirm: pick(d, []string{"", "DELETE", "DELETE"})}
	case 4:
		return PermitRole{Role: role, Permissions: some}
	case 5:
		return UnpermitRole{Role: role, Permissions: some}
	case 6:
		adjusted := w.adjusted(d)
		return WithholdPermission{Kind: adjusted.Kind, Role: events.RoleID(adjusted.Name), Permissions: some, Value: w.value(d)}
	case 7:
		adjusted := w.adjusted(d)
		return RestorePermission{Kind: adjusted.Kind, Role: events.RoleID(adjusted.Name), Permissions: some, Value: w.value(d)}
	case 8:
		return PermitGroup{Scope: prefer(d, w.scopes, func(scope events.ScopeID) bool {
			kind, _ := w.model.Kind(scope.Kind())
			return kind != nil && !kind.Carries.Empty()
		}), Permissions: some}
	default:
		return UnpermitGroup{Scope: scope, Permissions: some}
	}
}

// termEvent is any event about what roles and groups give.
func (w *world) termEvent(d draw, s State, scope events.ScopeID, cause events.Cause) events.Event {
	role, permission, adjusted := pick(d, w.custom()), w.permission(d), w.adjusted(d)
	if d(10) > 0 {
		scope = s.Root
	}
	if d(5) == 0 {
		role = ""
	}
	if role == "" && d(10) > 0 {
		scope = pick(d, w.scopes)
	}
	switch d(8) {
	case 0:
		return events.RoleDefined{Role: role, Scope: scope, Template: pick(d, w.model.Templates).ID()}
	case 1:
		return events.RoleRenamed{Role: role, Scope: scope, Icon: "key"}
	case 2:
		return events.RoleDeleted{Role: role, Scope: scope, Cause: pick(d, []events.Cause{"", cause})}
	case 3, 4:
		return events.PermissionAdded{Role: role, Scope: scope, Permission: permission, Cause: pick(d, []events.Cause{"", cause, events.CauseCreated})}
	case 5:
		return events.PermissionRemoved{Role: role, Scope: scope, Permission: permission}
	case 6:
		return events.PermissionWithheld{Kind: adjusted.Kind, Role: events.RoleID(adjusted.Name), Permission: permission, Value: w.value(d)}
	default:
		return events.PermissionRestored{Kind: adjusted.Kind, Role: events.RoleID(adjusted.Name), Permission: permission, Value: w.value(d)}
	}
}

// staff is a random command about many people at once, managers or clients.
func (w *world) staff(d draw, who events.PrincipalID, scope events.ScopeID) Command {
	switch d(9) {
	case 0:
		return CreateClient{Subject: who, Title: events.Sealed("name")}
	case 1:
		return DeleteClient{who}
	case 2, 3:
		return AssignManager{who, pick(d, w.people)}
	case 4:
		return RemoveManager{who}
	case 5:
		return AddMember{Register: RegisterPerson{Subject: who}, Scope: scope, Role: pick(d, []events.RoleID{"", w.roleOn(d, scope)})}
	case 6, 7:
		c := ChangeMemberships{Verb: pick(d, Verbs), Scope: scope}
		for i := range d(4) {
			c.People = append(c.People, Listed{pick(d, w.people), fmt.Sprint(i)})
		}
		return c
	default:
		var c ImportPeople
		for i := range 1 + d(3) {
			a := Admission{Subject: pick(d, w.people), Field: fmt.Sprint(i), ManagerField: fmt.Sprint(i)}
			if d(2) == 0 {
				a.Register = &RegisterPerson{Subject: a.Subject}
			}
			for range d(3) {
				at := pick(d, w.scopes)
				a.Places = append(a.Places, Place{Scope: at, Member: d(3) > 0, Suspended: d(4) == 0, Role: pick(d, []events.RoleID{"", w.roleOn(d, at)}), Field: a.Field})
			}
			if d(3) == 0 {
				a.Manager = pick(d, w.people)
			}
			c.People = append(c.People, a)
		}
		return c
	}
}

// staffEvent is any event about managers or clients, mostly as the state says
// that it is.
func (w *world) staffEvent(d draw, s State, who events.PrincipalID, cause events.Cause) events.Event {
	manager := pick(d, w.people)
	if person, known := s.Person(who); known && person.manager() != "" && d(2) == 0 {
		return events.ManagerRemoved{Subject: who, Manager: person.manager(), Cause: cause}
	}
	return pick(d, []events.Event{
		events.ClientCreated{Subject: who}, events.ClientDeleted{Subject: who},
		events.ManagerAssigned{Subject: who, Manager: manager}, events.ManagerRemoved{Subject: who, Manager: manager, Cause: cause},
	})
}

// definition lists some roles and marks of a scope, now and then twice.
func (w *world) definition(d draw, scope events.ScopeID) DefineRoles {
	c := DefineRoles{Scope: scope}
	for range d(4) {
		role := w.roleOn(d, scope)
		listed := RoleHolders{Role: role, Field: string(role)}
		for range d(4) {
			listed.Holders = append(listed.Holders, pick(d, w.people))
		}
		c.Roles = append(c.Roles, listed)
	}
	for range d(3) {
		mark := Mark{Designation: w.designation(d), Field: "mark"}
		if d(4) > 0 {
			mark.Subject = pick(d, w.people)
		}
		c.Designations = append(c.Designations, mark)
	}
	return c
}

// actorOf is who alone can do a command, if that is so.
func actorOf(s State, command Command) (events.PrincipalID, bool) {
	answers := func(id events.InvitationID) (events.PrincipalID, bool) {
		person, _, open := s.Invitation(id)
		if !open {
			return "", false
		}
		return person.ID, true
	}
	switch c := command.(type) {
	case FireDeadlines, CompleteAnonymization:
		return events.Background, true
	case AcceptInvitation:
		return answers(c.Invitation)
	case DeclineInvitation:
		return answers(c.Invitation)
	}
	return "", false
}

// matterEvent is any event about what has its time, with any cause, and mostly
// as the state says that it is.
func (w *world) matterEvent(d draw, s State, who events.PrincipalID, scope events.ScopeID, cause events.Cause) events.Event {
	n := 1 + d(4)
	invite, remind, hold := inviteID(n), reminderID(n), holdID(n)
	role, at := w.roleOn(d, scope), ends(d, s)
	person, known := s.Person(who)
	var grant Grant
	if known && len(person.Grants) > 0 && d(4) > 0 {
		grant = pick(d, person.Grants)
		role, scope = events.RoleID(grant.Role.Name), grant.Scope
	}
	subject := func(found *Person, open bool) events.PrincipalID {
		if open && d(5) > 0 {
			return found.ID
		}
		return who
	}
	if d(12) == 0 {
		return pick(d, []events.Event{events.EditionSet{Edition: w.edition(d)}, events.AddressesRouted{Scope: scope, Domains: someDomains(d)}})
	}
	switch d(26) {
	case 0, 1:
		return events.RoleGranted{Subject: who, Role: w.roleOn(d, scope), Scope: scope, Until: at, Cause: cause}
	case 2, 3:
		return events.RoleLimited{Subject: who, Role: role, Scope: scope, Until: at}
	case 4:
		return events.ExpiryAnnounced{Subject: who, Role: role, Scope: scope, Until: grant.Until}
	case 5:
		return events.RoleRevoked{Subject: who, Role: role, Scope: scope, Cause: events.CauseExpiry}
	case 6, 7:
		role := w.passing(d, scope)
		former := pick(d, w.people)
		if on, exists := s.Scope(scope); exists {
			if named, defined := s.Model.Role(scope.Kind(), string(role)); defined && len(on.Holders(named)) > 0 {
				former = on.Holders(named)[0]
			}
		}
		return events.OwnershipTransferred{Former: former, Subject: who, Role: role, Scope: scope}
	case 8:
		return events.DesignationSet{Subject: who, Designation: w.designation(d), Scope: scope}
	case 9:
		return events.DesignationCleared{Subject: who, Designation: w.designation(d), Scope: scope, Cause: cause}
	case 10:
		return events.DesignationLapsed{Subject: who, Designation: w.designation(d), Scope: scope, Cause: pick(d, []events.Cause{cause, events.CauseQuorum, events.CauseUnheld})}
	case 11:
		return pick(d, []events.Event{events.FeatureEnabled{Feature: w.feature(d)}, events.FeatureDisabled{Feature: w.feature(d)}})
	case 12:
		return events.FactRecorded{Fact: w.fact(d), Scope: scope, Subject: pick(d, []events.PrincipalID{"", who})}
	case 13, 14:
		e := events.InvitationSent{Subject: who, Invitation: invite, Scope: scope, MemberKind: w.memberKind(d, scope), Route: w.route(d, s), Expires: at, TokenHash: hash(n)}
		if d(2) == 0 {
			e.Role = w.roleOn(d, scope)
		}
		return e
	case 15:
		found, _, open := s.Invitation(invite)
		return events.InvitationResent{Subject: subject(found, open), Invitation: invite, Expires: at, TokenHash: hash(n)}
	case 16, 17:
		found, _, open := s.Invitation(invite)
		return events.InvitationAccepted{Subject: subject(found, open), Invitation: invite}
	case 18:
		found, _, open := s.Invitation(invite)
		who := subject(found, open)
		return pick(d, []events.Event{events.InvitationDeclined{Subject: who, Invitation: invite}, events.InvitationExpired{Subject: who, Invitation: invite},
			events.InvitationWithdrawn{Subject: who, Invitation: invite, Cause: cause}})
	case 19:
		return events.ReminderSet{Subject: who, Reminder: remind, Due: at, Every: pick(d, []string{"", "P1D"})}
	case 20:
		found, r, open := s.Reminder(remind)
		return events.ReminderFired{Subject: subject(found, open), Reminder: remind, Due: r.Due, Count: r.Fired + 1, Next: pick(d, []time.Time{{}, at})}
	case 21:
		found, _, open := s.Reminder(remind)
		who := subject(found, open)
		return pick(d, []events.Event{events.ReminderCompleted{Subject: who, Reminder: remind, Cause: cause}, events.ReminderCanceled{Subject: who, Reminder: remind}})
	case 22:
		found, _, open := s.Hold(hold)
		return pick(d, []events.Event{events.HoldPlaced{Subject: who, Hold: hold, Ground: events.Sealed("ground")}, events.HoldReleased{Subject: subject(found, open), Hold: hold}})
	case 23:
		over := events.RetentionEnded{Subject: who}
		if known && person.Matters != nil && person.Matters.Retention != nil {
			over.Until = person.Matters.Retention.Until
		}
		return pick(d, []events.Event{events.RetentionSet{Subject: who, Until: at, Ground: events.Sealed("ground")}, over})
	case 24:
		return events.AnonymizationStarted{Subject: who}
	default:
		done := events.PersonAnonymized{Subject: who, Epoch: 1, Certificate: []byte("certificate")}
		if known && person.Anonymizing() {
			done.Started = person.Matters.Anonymization.Started.Revision
		}
		return done
	}
}
