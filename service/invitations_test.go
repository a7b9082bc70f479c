package service

import (
	"strings"
	"testing"

	"tenure/aggregate"
	"tenure/events"
)

// TestInvitationIsNoWayIn: whoever may invite does not get into anybody's place
// by it, and nobody comes in by an invitation whose sender has lost the
// authority.
func TestInvitationIsNoWayIn(t *testing.T) {
	h := open(t)
	ctx := t.Context()
	must[PersonReceipt](t)(h.Found(ctx, operator, Envelope{}, FoundRequest{Org: "acme", Model: "fabasoft", Owner: PersonDetails{Login: "olga", Email: "olga@example.org"}}))
	olga := h.as("acme", "olga")
	for _, name := range []string{"adam", "cora", "eve"} {
		must[PersonReceipt](t)(h.RegisterPerson(ctx, olga, "acme", Envelope{}, PersonDetails{Login: name, Email: name + "@example.org"}))
	}
	grant := func(who, role string) {
		t.Helper()
		must[Receipt](t)(h.GrantRole(ctx, olga, "acme", Envelope{}, GrantRequest{RoleRequest: RoleRequest{Person: who, Role: events.RoleID(role)}}))
	}
	grant("adam", "administrator")
	grant("cora", "co_owner")
	grant("eve", "co_owner")
	adam, eve := h.as("acme", "adam"), h.as("acme", "eve")

	// The token is for the one invited.
	sent := must[InvitationReceipt](t)(h.Invite(ctx, adam, "acme", Envelope{}, InvitationRequest{Person: "cora"}))
	if sent.Token != "" {
		t.Fatal("who invites is shown the token")
	}
	// Even with it there is no key for somebody who holds something already.
	again := must[InvitationReceipt](t)(h.ResendInvitation(ctx, operator, "acme", Envelope{Reason: "recovery"}, ItemRequest{ID: string(sent.ID)}))
	cora := must[Caller](t)(h.Authenticate(ctx, again.Token))
	accepted := must[KeyReceipt](t)(h.AcceptInvitation(ctx, cora, "acme", Envelope{}, ItemRequest{ID: string(sent.ID)}))
	if accepted.Key != "" || accepted.ID != "" {
		t.Errorf("a key was issued: %+v", accepted)
	}
	state := h.fold("acme")
	if person, _ := state.Person(cora.Principal); len(person.Memberships) != 1 || person.Ever != 0 {
		t.Errorf("she is %+v", person)
	}
	// The token is used up, and was good for nothing else.
	if _, err := h.Authenticate(ctx, again.Token); err == nil {
		t.Error("the token speaks for somebody still")
	}
	other := must[InvitationReceipt](t)(h.Invite(ctx, operator, "acme", Envelope{Reason: "joined"}, InvitationRequest{PersonDetails: PersonDetails{Email: "nina@example.org"}}))
	nina := must[Caller](t)(h.Authenticate(ctx, other.Token))
	_, err := h.People(ctx, nina, "acme", Reading{})
	refusedWith(t, err, aggregate.CodeNotPermitted)
	_, err = h.RegisterPerson(ctx, nina, "acme", Envelope{}, PersonDetails{Login: "puppet"})
	refusedWith(t, err, aggregate.CodeNotPermitted)
	_, err = h.AcceptInvitation(ctx, nina, "acme", Envelope{}, ItemRequest{ID: string(sent.ID)})
	refusedWith(t, err, aggregate.CodeNotPermitted)
	_, err = h.Authenticate(ctx, strings.Replace(other.Token, "acme", "beta", 1))
	refusedWith(t, err, CodeUnauthenticated)

	// What eve offers ends with her authority.
	offer := must[InvitationReceipt](t)(h.Invite(ctx, eve, "acme", Envelope{}, InvitationRequest{PersonDetails: PersonDetails{Email: "puppet@example.org"}, Role: "co_owner"}))
	must[Receipt](t)(h.RevokeRole(ctx, olga, "acme", Envelope{}, RoleRequest{Person: "eve", Role: "co_owner"}))
	puppet := Caller{Principal: offer.Person, Org: "acme", Invitation: offer.ID}
	_, err = h.AcceptInvitation(ctx, puppet, "acme", Envelope{}, ItemRequest{ID: string(offer.ID)})
	refusedWith(t, err, aggregate.CodeNotPermitted)
}

// TestNothingToTell: a command that would change nothing tells nobody what they
// may not see.
func TestNothingToTell(t *testing.T) {
	h := open(t)
	ctx := t.Context()
	h.found("acme", "ann")
	must[PersonReceipt](t)(h.RegisterPerson(ctx, operator, "acme", requested, PersonDetails{Login: "bob"}))
	must[PersonReceipt](t)(h.RegisterPerson(ctx, operator, "acme", requested, PersonDetails{Login: "cat"}))
	bob := h.as("acme", "bob")
	for _, name := range []string{"ann", "cat"} {
		_, err := h.GrantRole(ctx, bob, "acme", Envelope{}, GrantRequest{RoleRequest: RoleRequest{Person: string(h.id("acme", name)), Role: "admin"}})
		refusedWith(t, err, aggregate.CodeNotPermitted)
	}
	_, err := h.RegisterPerson(ctx, h.as("acme", "ann"), "acme", Envelope{}, PersonDetails{Login: "Operator"})
	refusedWith(t, err, aggregate.CodeInvalid)
}
