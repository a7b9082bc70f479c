package aggregate

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tenure/events"
)

func inviteID(n int) events.InvitationID {
	return events.InvitationID(fmt.Sprintf("01J0000000000000000J%06d", n))
}

func reminderID(n int) events.ReminderID {
	return events.ReminderID(fmt.Sprintf("01J0000000000000000R%06d", n))
}

func holdID(n int) events.HoldID {
	return events.HoldID(fmt.Sprintf("01J0000000000000000H%06d", n))
}

// later is a time to come in all tests.
var later = start.Add(72 * time.Hour)

func invitation(who events.PrincipalID, role events.RoleID) SendInvitation {
	return SendInvitation{Invitation: inviteID(1), Subject: who, Scope: org, Role: role, Expires: later, Token: events.Sealed("token"), TokenHash: hash(7)}
}

func invited1(who events.PrincipalID, role events.RoleID) events.Event {
	return events.InvitationSent{Invitation: inviteID(1), Subject: who, Scope: org, Role: role, Expires: later, Token: events.Sealed("token"), TokenHash: hash(7)}
}

func withdrawn(who events.PrincipalID, cause ...events.Cause) events.Event {
	return events.InvitationWithdrawn{Invitation: inviteID(1), Subject: who, Cause: first(cause)}
}

func TestInvitations(t *testing.T) {
	byInvitation := events.CauseInvitation
	asked := func(role events.RoleID, parts ...any) history {
		return house(append([]any{registered(eve), invited1(eve, role)}, parts...)...)
	}
	accept, decline, withdraw := AcceptInvitation{Invitation: inviteID(1)}, DeclineInvitation{inviteID(1)}, WithdrawInvitation{inviteID(1)}
	accepted := events.InvitationAccepted{Invitation: inviteID(1), Subject: eve}
	resend := ResendInvitation{Invitation: inviteID(1), Expires: later.Add(time.Hour), Token: events.Sealed("new"), TokenHash: hash(8)}
	resent := events.InvitationResent{Invitation: inviteID(1), Subject: eve, Expires: later.Add(time.Hour), Token: events.Sealed("new"), TokenHash: hash(8)}
	none := refused{code: CodeUnknown, help: "tenure invitations list", says: "no open invitation"}
	notTheirs := func(who events.PrincipalID) refused {
		return refused{code: CodeNotPermitted, subject: eve, says: "Only the one who is invited"}
	}
	changed := func(change func(*SendInvitation)) SendInvitation {
		c := invitation(eve, "")
		change(&c)
		return c
	}
	specify(t, []specification{
		{"sent", house(registered(eve)), when(cat, invitation(eve, "")), then(invited1(eve, ""))},
		{"sent to a new person", house(), when(cat, changed(func(c *SendInvitation) { c.Register = &RegisterPerson{Subject: eve, Login: events.Sealed("eve")} })),
			then(events.PersonRegistered{Subject: eve, Login: events.Sealed("eve")}, invited1(eve, ""))},
		{"sent to nobody", house(), when(cat, invitation(nix, "")), refused{code: CodeUnknown, help: "tenure person add", says: "no person"}},
		{"not by a member", house(registered(eve)), when(dan, invitation(eve, "")), refused{code: CodeNotPermitted, scope: org, subject: dan, help: "tenure who", says: "membership.start"}},
		{"with a role", house(registered(eve)), when(ben, invitation(eve, "co_owner")), then(invited1(eve, "co_owner"))},
		{"with a role of one who may not grant it", house(registered(eve)), when(cat, invitation(eve, "co_owner")),
			refused{code: CodeNotPermitted, rule: "F03", role: "organization.co_owner", scope: org, subject: cat, help: "tenure who", says: "may not grant"}},
		{"with an unknown role", house(registered(eve)), when(ben, invitation(eve, "king")), refused{code: CodeUnknown, scope: org, help: "tenure models show", says: "no role king"}},
		{"to a member", house(), when(cat, invitation(dan, "")), refused{code: CodeExists, scope: org, subject: dan, says: "a member of organization:acme already"}},
		{"twice", asked(""), when(cat, changed(func(c *SendInvitation) { c.Invitation = inviteID(2) })),
			refused{code: CodeExists, scope: org, subject: eve, help: "tenure invitations list", says: "is invited"}},
		{"of the same id", asked("", registered(nix)), when(cat, changed(func(c *SendInvitation) { c.Subject = nix })), refused{code: CodeExists, subject: nix, says: "is open already"}},
		{"of an id that is none", house(registered(eve)), when(cat, changed(func(c *SendInvitation) { c.Invitation = "one" })), refused{code: CodeInvalid, subject: eve, says: "want a ULID"}},
		{"to the past", house(registered(eve)), when(cat, changed(func(c *SendInvitation) { c.Expires = start })), refused{code: CodeInvalid, subject: eve, field: "expires", says: "is over"}},
		{"without end", house(registered(eve)), when(cat, changed(func(c *SendInvitation) { c.Expires = time.Time{} })), refused{code: CodeInvalid, subject: eve, field: "expires", says: "is over"}},
		{"beyond all time", house(registered(eve)), when(cat, changed(func(c *SendInvitation) { c.Expires = start.AddDate(9000, 0, 0) })), refused{code: CodeInvalid, subject: eve, field: "expires", says: "9999"}},
		{"without a token", house(registered(eve)), when(cat, changed(func(c *SendInvitation) { c.TokenHash = nil })), refused{code: CodeInvalid, says: "SHA-256"}},
		{"to a teamroom", house(registered(eve), opened(board, org)), when(ann, changed(func(c *SendInvitation) { c.Scope = board })), refused{code: CodeStructure, scope: board, subject: eve, says: "no members of its own"}},
		{"to the background user", house(), when(cat, invitation(background, "")), refused{code: CodeInvalid, subject: background, says: "is no person"}},

		{"sent again", asked(""), when(cat, resend), then(resent)},
		{"sent again with a role", asked("co_owner"), when(ben, resend), then(resent)},
		{"sent again, with a role of one who may not grant it", asked("co_owner"), when(cat, resend),
			refused{code: CodeNotPermitted, rule: "F03", role: "organization.co_owner", scope: org, subject: cat, help: "tenure who", says: "may not grant"}},
		{"sent again to the past", asked(""), when(cat, ResendInvitation{Invitation: inviteID(1), Expires: start, TokenHash: hash(8)}), refused{code: CodeInvalid, subject: eve, field: "expires", says: "is over"}},
		{"sent again by the invited", asked(""), when(eve, resend), refused{code: CodeNotPermitted, scope: org, subject: eve, help: "tenure who", says: "membership.start"}},
		{"sent again, of none", house(), when(cat, resend), none},

		{"accepted", asked(""), when(eve, accept), then(accepted, started(eve, org, byInvitation), granted(eve, "member", org, byDefault))},
		{"accepted with a role", asked("co_owner"), when(eve, accept),
			then(accepted, started(eve, org, byInvitation), granted(eve, "co_owner", org, byInvitation), granted(eve, "member", org, byDefault))},
		{"accepted with a role that is held", asked("co_owner", granted(eve, "co_owner", org)), when(eve, accept), then(accepted, started(eve, org, byInvitation), granted(eve, "member", org, byDefault))},
		{"accepted when all such places are taken", asked("payment_user", granted(dan, "payment_user", org)), when(eve, accept),
			refused{code: CodeTooMany, rule: "F05", role: "organization.payment_user", scope: org, subject: eve, help: "tenure revoke", says: "At most 1"}},
		{"accepted by the one who sent it", asked(""), when(ann, accept), notTheirs(ann)},
		{"accepted by a non-member", asked("", registered(nix)), when(nix, accept), notTheirs(nix)},
		{"accepted when it ends", asked(""), when(eve, accept, clockAt(later)), refused{code: CodeInvalid, subject: eve, says: "The invitation ended"}},
		{"accepted just before", asked(""), when(eve, accept, clockAt(later.Add(-time.Microsecond))), then(accepted, started(eve, org, byInvitation), granted(eve, "member", org, byDefault))},
		{"accepted after it was withdrawn", asked("", withdrawn(eve)), when(eve, accept), none},

		{"declined", asked(""), when(eve, decline), then(events.InvitationDeclined{Invitation: inviteID(1), Subject: eve})},
		{"declined by another", asked(""), when(ann, decline), notTheirs(ann)},
		{"withdrawn", asked(""), when(cat, withdraw), then(withdrawn(eve))},
		{"withdrawn with its role", asked("co_owner"), when(ann, withdraw), then(withdrawn(eve))},
		{"F03: by whoever may not revoke the role", asked("co_owner"), when(cat, withdraw),
			refused{code: CodeNotPermitted, rule: "F03", role: "organization.co_owner", scope: org, subject: cat, help: "tenure who", says: "may not take back co_owner"}},
		{"withdrawn by the invited", asked(""), when(eve, withdraw), refused{code: CodeNotPermitted, scope: org, subject: eve, help: "tenure who", says: "membership.start"}},
		{"withdrawn twice", asked("", withdrawn(eve)), when(cat, withdraw), none},
		{"a member by other ways", asked(""), when(cat, StartMembership{Subject: eve, Scope: org}), then(withdrawn(eve), started(eve, org), granted(eve, "member", org, byDefault))},
		{"F03: a member by other ways, without the role", asked("co_owner"), when(cat, StartMembership{Subject: eve, Scope: org}),
			refused{code: CodeNotPermitted, rule: "F03", role: "organization.co_owner", scope: org, subject: cat, help: "tenure who", says: "may not take back co_owner"}},
		{"another address", asked(""), when(cat, UpdatePerson{Subject: eve, Email: events.Sealed("new")}), then(events.PersonUpdated{Subject: eve, Email: events.Sealed("new")})},
		{"F03: another address for an offer", asked("co_owner"), when(cat, UpdatePerson{Subject: eve, Email: events.Sealed("new")}),
			refused{code: CodeNotPermitted, rule: "F03", subject: eve, says: "would come to another login or address"}},
		{"F03: no address for an offer", asked("co_owner"), when(cat, UpdatePerson{Subject: eve, Cleared: []string{"email"}}),
			refused{code: CodeNotPermitted, rule: "F03", subject: eve, says: "would come to another login or address"}},
		{"F03: another login for an offer", asked("co_owner"), when(cat, UpdatePerson{Subject: eve, Login: events.Sealed("new")}),
			refused{code: CodeNotPermitted, rule: "F03", subject: eve, says: "would come to another login or address"}},
		{"another name", asked("co_owner"), when(cat, UpdatePerson{Subject: eve, FullName: events.Sealed("new")}), then(events.PersonUpdated{Subject: eve, Name: events.Sealed("new")})},
		{"a member by import", asked("co_owner"), when(events.Importer, roles(holds(eve, "support_team", org, ""))),
			then(withdrawn(eve, imported), started(eve, org, imported), granted(eve, "support_team", org, imported), granted(eve, "member", org, byDefault))},
		{"expired", asked(""), when(background, FireDeadlines{eve}, clockAt(later)), then(events.InvitationExpired{Invitation: inviteID(1), Subject: eve})},
		{"not expired before", asked(""), when(background, FireDeadlines{eve}, clockAt(later.Add(-time.Microsecond))), then()},
		{"X02: a department's invitation", given(worksFounded, departments, hired(ben, "worker"),
			events.InvitationSent{Invitation: inviteID(1), Subject: ben, Scope: north, Expires: later, TokenHash: hash(1)}), when(ann, TerminateMembership{Subject: ben, Scope: company}),
			then(revoked(ben, "worker", company, events.CauseTermination), withdrawn(ben, events.CauseTermination), terminated(ben, company))},
		{"an invitation to what is deleted", given(worksFounded, created(south, company), registered(ben),
			events.InvitationSent{Invitation: inviteID(1), Subject: ben, Scope: south, Expires: later, TokenHash: hash(1)}), when(events.Operator, DeleteScope{Scope: south}, because("correction")),
			then(withdrawn(ben, events.CauseScopeDeleted), deleted(south)).underBreakGlass()},
	})

	unfounded := func(cause string) refused {
		return refused{code: CodeUnfounded, says: `claims the cause "` + cause + `"`}
	}
	comes := []events.Event{accepted, started(eve, org, byInvitation)}
	forged(t, []forgery{
		{"a membership out of none", house(registered(eve)), eve, together(started(eve, org, byInvitation)), 0, unfounded("invitation")},
		{"another role", asked("administrator"), eve, append(comes[:2:2], granted(eve, "co_owner", org, byInvitation)), 2, unfounded("invitation")},
		{"a role with an invitation that has none", asked(""), eve, append(comes[:2:2], granted(eve, "co_owner", org, byInvitation)), 2, unfounded("invitation")},
		{"a role elsewhere", asked("co_owner", opened(board, org)), eve, append(comes[:2:2], granted(eve, "manager", board, byInvitation)), 2, unfounded("invitation")},
		{"a role for somebody else", asked("co_owner"), eve, append(comes[:2:2], granted(dan, "co_owner", org, byInvitation)), 2, unfounded("invitation")},
		{"sent and accepted at once", house(registered(eve), granted(eve, "administrator", org)), eve,
			together(invited1(eve, ""), accepted, started(eve, org, byInvitation), granted(eve, "member", org, byDefault)), 2, unfounded("invitation")},
		{"accepted by the background user", asked(""), background, together(accepted, started(eve, org, byInvitation), granted(eve, "member", org, byDefault)), 0, refused{code: CodeNotPermitted, says: "what falls due"}},
		{"accepted without coming", asked(""), eve, together(accepted), 0, refused{code: CodeUnfounded, scope: org, subject: eve, says: "becomes a member"}},
		{"accepted without the role", asked("co_owner"), eve, append(comes[:2:2], granted(eve, "member", org, byDefault)), 0,
			refused{code: CodeUnfounded, role: "organization.co_owner", scope: org, subject: eve, says: "came with co_owner"}},
		{"accepted, and a member elsewhere", given(worksFounded, departments, hired(ben, "worker"), events.InvitationSent{Invitation: inviteID(1), Subject: ben, Scope: north, Expires: later, TokenHash: hash(1)}), ben,
			together(events.InvitationAccepted{Invitation: inviteID(1), Subject: ben}), 0, refused{code: CodeUnfounded, scope: north, subject: ben, says: "becomes a member"}},
		{"a member who could still accept", asked("co_owner"), cat, together(started(eve, org), granted(eve, "member", org, byDefault)), 0,
			refused{code: CodeUnfounded, scope: org, subject: eve, says: "one would be left"}},
		{"a scope that is deleted, with an invitation", given(worksFounded, created(south, company), registered(ben),
			events.InvitationSent{Invitation: inviteID(1), Subject: ben, Scope: south, Expires: later, TokenHash: hash(1)}), events.Importer, together(deleted(south, imported)), 0,
			refused{code: CodeUnfounded, scope: south, says: "some would be left"}},
		{"withdrawn with a termination that is none", asked(""), dan, together(withdrawn(eve, events.CauseTermination)), 0, unfounded("termination")},
		{"withdrawn with a deletion that is none", asked(""), dan, together(withdrawn(eve, events.CauseScopeDeleted)), 0, unfounded("scope_deleted")},
		{"withdrawn with an anonymization that is none", asked(""), dan, together(withdrawn(eve, events.CauseAnonymization)), 0, unfounded("anonymization")},
		{"expired before the time", asked(""), background, together(events.InvitationExpired{Invitation: inviteID(1), Subject: eve}), 0, refused{code: CodeNotPermitted, says: "what falls due"}},
		{"expired by the operator", asked(""), events.Operator, together(events.InvitationExpired{Invitation: inviteID(1), Subject: eve}), 0, refused{code: CodeNotPermitted, says: "background user alone"}},
		{"another one's", asked("", registered(nix)), nix, together(events.InvitationDeclined{Invitation: inviteID(1), Subject: nix}), 0, refused{code: CodeUnknown, subject: nix, says: "no open invitation"}},
	})
}

// Left is dan, whose membership has ended; eve is a compliance manager and no
// member.
func left(parts ...any) history {
	return house(append([]any{registered(eve), granted(eve, "compliance_manager", org), together(revoked(dan, "member", org, events.CauseTermination), terminated(dan, org))}, parts...)...)
}

func TestHoldsAndRetention(t *testing.T) {
	ground := events.Sealed("ground")
	place := PlaceHold{Hold: holdID(1), Subject: dan, Ground: ground}
	placed := events.HoldPlaced{Hold: holdID(1), Subject: dan, Ground: ground}
	released := events.HoldReleased{Hold: holdID(1), Subject: dan}
	keep := SetRetention{Subject: dan, Until: later, Ground: ground}
	kept := events.RetentionSet{Subject: dan, Until: later, Ground: ground}
	over := events.RetentionEnded{Subject: dan, Until: later}
	specify(t, []specification{
		{"a hold", left(), when(eve, place), then(placed)},
		{"a hold on a member", house(), when(ann, place), then(placed)},
		{"a hold without ground", left(), when(eve, PlaceHold{Hold: holdID(1), Subject: dan}), refused{code: CodeInvalid, subject: dan, field: "ground", says: "on what ground"}},
		{"a hold by an administrator", left(), when(cat, place), refused{code: CodeNotPermitted, scope: org, subject: cat, help: "tenure who", says: "hold.place"}},
		{"a hold placed twice", left(placed), when(eve, place), refused{code: CodeExists, subject: dan, says: "is open already"}},
		{"a second hold", left(placed), when(eve, PlaceHold{Hold: holdID(2), Subject: dan, Ground: ground}), then(events.HoldPlaced{Hold: holdID(2), Subject: dan, Ground: ground})},
		{"released", left(placed), when(ann, ReleaseHold{holdID(1)}), then(released)},
		{"released by a member", left(placed), when(ben, ReleaseHold{holdID(1)}), then(released)},
		{"released twice", left(placed, released), when(ann, ReleaseHold{holdID(1)}), refused{code: CodeUnknown, help: "tenure hold list", says: "no legal hold"}},
		{"a reminder's id released", left(reminder(nil)), when(ann, ReleaseHold{events.HoldID(reminderID(1))}), refused{code: CodeUnknown, help: "tenure hold list", says: "no legal hold"}},
		{"F07: kept", left(), when(eve, keep), then(kept)},
		{"kept without ground", left(), when(eve, SetRetention{Subject: dan, Until: later}), refused{code: CodeInvalid, subject: dan, field: "ground", says: "on what ground"}},
		{"kept until yesterday", left(), when(eve, SetRetention{Subject: dan, Until: start, Ground: ground}), refused{code: CodeInvalid, subject: dan, field: "until", says: "is over"}},
		{"a member is kept anyway", left(), when(eve, SetRetention{Subject: cat, Until: later, Ground: ground}),
			refused{code: CodeStillHolding, scope: org, subject: cat, help: "tenure member terminate", says: "is a member"}},
		{"kept by the owner", left(), when(ann, keep), refused{code: CodeNotPermitted, scope: org, subject: ann, help: "tenure who --role compliance_manager", says: "person.anonymize"}},
		{"kept for longer", left(kept), when(eve, SetRetention{Subject: dan, Until: later.Add(1), Ground: ground}), then(kept)},
		{"over", left(kept), when(background, FireDeadlines{dan}, clockAt(later)), then(over)},
		{"not over before", left(kept), when(background, FireDeadlines{dan}, clockAt(later.Add(-time.Microsecond))), then()},
		{"not over by a person", left(kept), when(eve, FireDeadlines{dan}, clockAt(later)), refused{code: CodeNotPermitted, says: "background user alone"}},
	})
	state := left(kept).after(t, when(background, FireDeadlines{dan}, clockAt(later)))
	if commit, err := when(background, FireDeadlines{dan}, clockAt(later.Add(time.Hour))).decide(state); err != nil || len(commit.Events) > 0 {
		t.Errorf("over again: %v, %v", commit.Events, err)
	}
	forged(t, []forgery{{"over before", left(kept), background, together(over), 0, refused{code: CodeNotPermitted, says: "what falls due"}}})
}

func reminder(change func(*events.ReminderSet)) events.ReminderSet {
	e := events.ReminderSet{Reminder: reminderID(1), Subject: dan, Due: later}
	if change != nil {
		change(&e)
	}
	return e
}

func TestAnonymize(t *testing.T) {
	byAnonymization := events.CauseAnonymization
	anonymize, complete := Anonymize{dan}, CompleteAnonymization{Subject: dan, Epoch: 4, Certificate: []byte("certificate")}
	begun := events.AnonymizationStarted{Subject: dan}
	hold := events.HoldPlaced{Hold: holdID(1), Subject: dan, Ground: events.Sealed("g")}
	gone := refused{code: CodeAnonymized, subject: dan, says: "is anonymized"}
	since := left().fold(t).Revision + 3
	done := events.PersonAnonymized{Subject: dan, Epoch: 4, Certificate: []byte("certificate"), Started: since}
	still := func(says, help string) refused {
		return refused{code: CodeStillHolding, subject: dan, help: help, says: says}
	}
	specify(t, []specification{
		{"F07: at once", left(), when(eve, anonymize), then(begun)},
		{"F07: with all that is open", left(invited1(dan, ""), reminder(nil), issued(dan, 1)), when(eve, anonymize),
			then(withdrawn(dan, byAnonymization), events.ReminderCompleted{Reminder: reminderID(1), Subject: dan, Cause: byAnonymization}, ended(dan, 1, byAnonymization), begun)},
		{"F07: though data is to be kept", left(events.RetentionSet{Subject: dan, Until: later, Ground: events.Sealed("g")}), when(eve, anonymize), then(begun)},
		{"F07: not by the owner", left(), when(ann, anonymize), refused{code: CodeNotPermitted, scope: org, subject: ann, help: "tenure who --role compliance_manager", says: "person.anonymize"}},
		{"F07: not on hold", left(hold), when(eve, anonymize), refused{code: CodeOnHold, subject: dan, help: "tenure hold release " + string(holdID(1)), says: "under a legal hold, placed by operator on 2026-01-01"}},
		{"F07: once it is released", left(hold, events.HoldReleased{Hold: holdID(1), Subject: dan}), when(eve, anonymize), then(begun)},
		{"not a member", house(registered(eve), granted(eve, "compliance_manager", org)), when(eve, anonymize), still("still a member of organization:acme", "tenure member terminate")},
		{"not one who holds a role", left(granted(dan, "support_team", org)), when(eve, anonymize), still("still support_team on organization:acme", "tenure revoke")},
		{"a second time is nothing", left(begun), when(eve, anonymize), then()},
		{"nobody", left(), when(eve, Anonymize{nix}), refused{code: CodeUnknown, help: "tenure person add", says: "no person"}},
		{"nor the background user", left(), when(eve, Anonymize{background}), refused{code: CodeInvalid, subject: background, says: "is no person"}},
		{"not oneself", left(), when(dan, anonymize), refused{code: CodeNotPermitted, scope: org, subject: dan, help: "tenure who", says: "person.anonymize"}},
		{"under break-glass", left(), when(events.Operator, anonymize, because("legal")), then(begun).underBreakGlass()},

		{"completed", left(begun), when(background, complete), then(done)},
		{"completed twice is nothing", left(begun), when(background, complete), then(done)},
		{"completed by a compliance manager", left(begun), when(eve, complete), refused{code: CodeNotPermitted, says: "background user alone"}},
		{"completed by the operator", left(begun), when(events.Operator, complete, because("legal")), refused{code: CodeNotPermitted, says: "background user alone"}},
		{"completed before it was decided", left(), when(background, complete), refused{code: CodeInvalid, subject: dan, says: "Nobody has decided"}},
		{"completed with a certificate of any length", left(begun), when(background, CompleteAnonymization{Subject: dan, Certificate: make([]byte, maxCertificate+1)}),
			refused{code: CodeInvalid, subject: dan, says: "at most 16384 bytes"}},

		{"then no membership", left(begun), when(cat, StartMembership{Subject: dan, Scope: org}), gone},
		{"no role", left(begun), when(ann, GrantRole{Subject: dan, Role: "support_team", Scope: org}), gone},
		{"no invitation", left(begun), when(cat, invitation(dan, "")), gone},
		{"no details", left(begun), when(cat, UpdatePerson{Subject: dan, FullName: events.Sealed("dan")}), gone},
		{"no hold", left(begun), when(eve, PlaceHold{Hold: holdID(1), Subject: dan, Ground: events.Sealed("g")}), gone},
		{"no reminder", left(begun), when(eve, SetReminder{Reminder: reminderID(1), Subject: dan, Due: later}), gone},
		{"no key", left(begun), when(events.Operator, IssueCredential{Subject: dan, Credential: keyID(1), Hash: hash(1)}), gone},
		{"no deed", left(begun), when(dan, Anonymize{dan}, idempotent(hash(1), hash(2))), gone},
		{"nothing on behalf", left(begun), when(cat, RegisterPerson{Subject: nix}, onBehalfOf(dan)), refused{code: CodeNotPermitted, scope: org, subject: cat, field: "on_behalf_of", says: "behalf.act"}},
		{"no note", left(begun), when(eve, anonymize, note(dan), idempotent(hash(1), hash(2))), refused{code: CodeAnonymized, subject: dan, field: "note", says: "no key any more"}},
		{"no note with the completion", left(begun), when(background, complete, note(dan)), refused{code: CodeAnonymized, subject: dan, field: "note", says: "no key any more"}},
		{"but one with the decision", left(), when(eve, anonymize, note(dan)), then(begun)},
		{"no import", left(begun), when(events.Importer, roles(holds(dan, "support_team", org, "changes[0]"))), refused{code: CodeAnonymized, subject: dan, field: "changes[0]", says: "is anonymized"}},
		{"no deadline", left(events.RetentionSet{Subject: dan, Until: later, Ground: events.Sealed("g")}, begun), when(background, FireDeadlines{dan}, clockAt(later)), then()},
	})
	state := left(begun).after(t, when(background, complete))
	if commit, err := when(background, complete).decide(state); err != nil || len(commit.Events) > 0 {
		t.Errorf("completed again: %v, %v", commit.Events, err)
	}
	person, _ := state.Person(dan)
	if !person.Anonymized() || person.Matters.Anonymization.Epoch != 4 || !cmp.Equal(person.Details, Details{}) || !person.Deadline().IsZero() {
		t.Errorf("%+v", person.Matters)
	}
	unfounded := refused{code: CodeUnfounded, says: `claims the cause "anonymization"`}
	forged(t, []forgery{
		{"a reminder completed without it", left(reminder(nil)), cat, together(events.ReminderCompleted{Reminder: reminderID(1), Subject: dan, Cause: byAnonymization}), 0, unfounded},
		{"a key revoked with another one's", left(issued(ben, 1)), eve, together(ended(ben, 1, byAnonymization), begun), 0, unfounded},
		{"a role revoked with it", left(granted(dan, "support_team", org)), eve, together(revoked(dan, "support_team", org, byAnonymization), begun), 0, unfounded},
		{"an invitation left", left(invited1(dan, "")), eve, together(begun), 0, refused{code: CodeUnfounded, subject: dan, says: "some would be left"}},
		{"a reminder left", left(reminder(nil)), eve, together(begun), 0, refused{code: CodeUnfounded, subject: dan, says: "some would be left"}},
		{"a key left", left(issued(dan, 1)), eve, together(begun), 0, refused{code: CodeUnfounded, subject: dan, says: "some would be left"}},
		{"another decision completed", left(begun), background, together(events.PersonAnonymized{Subject: dan, Started: since - 3}), 0, refused{code: CodeInvalid, subject: dan, says: "started at revision"}},
		{"decided twice", left(begun), eve, together(begun), 0, gone},
	})
}

// Of what came and went nothing stays in the state.
func TestMattersComeAndGo(t *testing.T) {
	asked, answered := house(registered(eve)).fold(t), house(registered(eve), invited1(eve, ""), withdrawn(eve)).fold(t)
	before, _ := asked.Person(eve)
	after, _ := answered.Person(eve)
	if diff := differ(snapshotOfPerson(before), snapshotOfPerson(after)); diff != "" {
		t.Error(diff)
	}
}

func TestCases(t *testing.T) {
	caseOf := func(s State) Case {
		person, _ := s.Person(dan)
		if person.Matters == nil || person.Matters.Case == nil {
			return Case{}
		}
		return *person.Matters.Case
	}
	if got := caseOf(house().fold(t)); got != (Case{}) {
		t.Errorf("a member has a case: %+v", got)
	}
	state := left().fold(t)
	opened := caseOf(state)
	if opened.Opened.Revision != state.Revision || opened.Closed.Revision != 0 {
		t.Errorf("%+v", opened)
	}
	back := left().after(t, when(cat, StartMembership{Subject: dan, Scope: org}))
	if got := caseOf(back); got.Opened != opened.Opened || got.Closed.Revision != back.Revision || !got.Returned {
		t.Errorf("the person is back: %+v", got)
	}
	again := left().after(t, when(cat, StartMembership{Subject: dan, Scope: org}), when(cat, TerminateMembership{Subject: dan, Scope: org}))
	if got := caseOf(again); got.Opened.Revision != again.Revision || got.Closed.Revision != 0 || got.Returned {
		t.Errorf("gone again: %+v", got)
	}
	done := left().after(t, when(eve, Anonymize{dan}), when(background, CompleteAnonymization{Subject: dan, Epoch: 1}))
	if got := caseOf(done); got.Opened != opened.Opened || got.Closed.Revision != done.Revision || got.Returned {
		t.Errorf("anonymized: %+v", got)
	}
	// The end of a membership below the root opens none.
	below := given(worksFounded, departments, hired(dan, "worker"), placed(dan, north, "hand")).after(t, when(ann, TerminateMembership{Subject: dan, Scope: north}))
	if got := caseOf(below); got != (Case{}) {
		t.Errorf("a department left: %+v", got)
	}
}
