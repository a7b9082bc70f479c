package aggregate

import (
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
		c := SendInvitation{Invitation: inviteID(n), Subject: who, Scope: scope, Expires: ends(d, s), TokenHash: hash(n)}
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
		return events.FactRecorded{Fact: w.fact(d), Scope: scope}
	case 13, 14:
		e := events.InvitationSent{Subject: who, Invitation: invite, Scope: scope, Expires: at, TokenHash: hash(n)}
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
