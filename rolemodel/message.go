package rolemodel

import (
	"slices"
	"strings"
)

// Message is a kind of message that the engine sends. The model says to whom,
// by [Recipients]; a kind that it does not list is not sent.
type Message string

// What the engine tells. The person concerned, where there is one, stands at
// each.
const (
	// RoleGranted tells of a role given: its new holder is concerned.
	RoleGranted Message = "role.granted"
	// RoleRevoked tells of a role ended, for whatever cause: its former holder
	// is concerned.
	RoleRevoked Message = "role.revoked"
	// OwnershipTransferred tells of a role passed on: its new holder is
	// concerned.
	OwnershipTransferred Message = "ownership.transferred"
	// MembershipTerminated tells of the end of a membership, of the organization
	// or of a scope below: the one who was a member is concerned.
	MembershipTerminated Message = "membership.terminated"
	// ReminderDue tells that the time of a reminder has come: the one whom it
	// is about is concerned.
	ReminderDue Message = "reminder.due"
	// ReminderOverdue tells that a reminder was due and nobody has completed
	// it: the one whom it is about is concerned.
	ReminderOverdue Message = "reminder.overdue"
	// InvitationSent tells of an invitation: the one invited is concerned. It has
	// no audience, since whoever reads it can accept.
	InvitationSent Message = "invitation.sent"
	// InvitationRerouted tells of an invitation that can be answered in the place
	// of the one invited, who is concerned. The scope that counts is the one to
	// which it is rerouted. It does not hold what the one invited accepts with.
	InvitationRerouted Message = "invitation.rerouted"
	// GrantExpiring tells that a role will soon end by itself: its holder is
	// concerned.
	GrantExpiring Message = "grant.expiring"
	// ModelAdopted tells that another role model, or version of it, was put in
	// force. It concerns nobody in particular.
	ModelAdopted Message = "model.adopted"
	// BreakGlassUsed tells that the operator has acted inside the organization.
	// It concerns nobody in particular.
	BreakGlassUsed Message = "break_glass.used"
	// NoticeParked tells that a message could not be delivered. It concerns
	// nobody in particular.
	NoticeParked Message = "notice.parked"
)

// messages are all kinds, in the order in which messages and the schema list
// them, and whether each concerns a person.
var messages = []struct {
	message  Message
	concerns bool
}{
	{RoleGranted, true},
	{RoleRevoked, true},
	{OwnershipTransferred, true},
	{MembershipTerminated, true},
	{ReminderDue, true},
	{ReminderOverdue, true},
	{InvitationSent, true},
	{InvitationRerouted, true},
	{GrantExpiring, true},
	{ModelAdopted, false},
	{BreakGlassUsed, false},
	{NoticeParked, false},
}

// Recipients are those who are sent the messages of one kind: the audience, the
// person concerned, or both. Whoever is both is sent one.
type Recipients struct {
	Message Message
	// Title says in plain words what it tells.
	Title string
	// Audience is nil where the person concerned alone is sent it.
	Audience *Audience
	// Subject says that the person concerned is sent it, whatever the audience
	// and its designation.
	Subject bool
	// On are the kinds of scope of which the audience is told; empty for all.
	On []*Kind
}

// Tells says whether the audience is sent what happens on scopes of the kind.
func (r *Recipients) Tells(kind string) bool {
	return len(r.On) == 0 || slices.ContainsFunc(r.On, func(k *Kind) bool { return k.Name == kind })
}

// messaging checks who is sent what, and marks the audiences that are sent
// something.
func (v *validator) messaging(named map[audienceID]bool) {
	for i := range v.Messages {
		e := &v.Messages[i]
		named[e.Audience] = true
		v.audience(e.Audience, v.places[&e.Audience])
		for j := range e.On {
			v.kind(e.On[j], v.places[&e.On[j]])
		}
		concerns, known := concernOf(e.ID)
		switch {
		case e.ID == "":
		case !known:
			v.problem(v.places[&e.ID], "unknown message %s; known: %s", quoted(string(e.ID)), strings.Join(messageNames(), ", "))
		case e.Subject && !concerns:
			v.problem(v.places[&e.Subject], "message %q concerns nobody in particular; leave \"subject\" out", e.ID)
		case e.ID == InvitationSent && e.Audience != "":
			v.problem(v.places[&e.Audience], "message %q holds what the invitation is accepted with, so the one invited alone may be sent it; leave \"audience\" out", e.ID)
		case len(e.On) > 0 && e.Audience == "":
			v.problem(v.places[&e.On[0]], "message %q has no audience; leave \"on\" out", e.ID)
		case v.legible && e.Audience == "" && !e.Subject:
			v.problem(v.places[e], "message %q goes to nobody; add \"audience\" or \"subject: true\"", e.ID)
		}
	}
}

// concernOf says whether a message concerns a person, and whether it is one of
// messages.
func concernOf(message Message) (concerns, known bool) {
	for _, m := range messages {
		if m.message == message {
			return m.concerns, true
		}
	}
	return false, false
}

// messageNames lists the kinds for messages.
func messageNames() []string {
	names := make([]string, len(messages))
	for i, m := range messages {
		names[i] = string(m.message)
	}
	return names
}

func (m *Model) compileMessages(entries []messageEntry) {
	for _, e := range entries {
		r := &Recipients{Message: e.ID, Title: string(e.Title), Audience: m.audiences[string(e.Audience)], Subject: e.Subject}
		for _, kind := range e.On {
			r.On = append(r.On, m.kinds[string(kind)])
		}
		m.Messages = append(m.Messages, r)
		m.messages[r.Message] = r
	}
}
