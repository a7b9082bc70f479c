package api

import (
	"context"

	"tenure/events"
	"tenure/service"
)

type invitationBody struct {
	service.InvitationRequest
	Annotations
}

type routeBody struct {
	service.RouteRequest
	Annotations
}

func (s *server) invitations() {
	const tag = "Invitations"
	order(s, "route-addresses", "/routes", "Say which invitations are rerouted to a scope, by the domains of their addresses", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body routeBody) (service.Receipt, service.Receipt, error) {
			return plainly(s.service.RouteAddresses(ctx, caller, org, e, body.RouteRequest))
		})
	datedQuestion(s, "list-routes", "/organizations/{org}/routes", "List the scopes to which invitations are rerouted: those where the caller may say so, or answer them", tag,
		func(ctx context.Context, in *readInput, reading service.Reading) ([]service.RouteView, error) {
			return s.service.Routes(ctx, callerOf(ctx), in.Org, reading)
		})
	order(s, "send-invitation", "/invitations", "Ask somebody to become a member of a scope", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body invitationBody) (service.InvitationReceipt, service.Receipt, error) {
			sent, err := s.service.Invite(ctx, caller, org, e, body.InvitationRequest)
			return sent, sent.Receipt, err
		})
	datedQuestion(s, "list-invitations", "/organizations/{org}/invitations", "List the invitations that are not answered yet: those that the caller may send and withdraw, or answer", tag,
		func(ctx context.Context, in *readInput, reading service.Reading) ([]service.InvitationView, error) {
			return s.service.Invitations(ctx, callerOf(ctx), in.Org, reading)
		})
	item(s, "resend-invitation", "/invitations/{id}/resend", "Send an invitation again, with another token", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, r service.ItemRequest) (service.InvitationReceipt, service.Receipt, error) {
			sent, err := s.service.ResendInvitation(ctx, caller, org, e, r)
			return sent, sent.Receipt, err
		})
	item(s, "withdraw-invitation", "/invitations/{id}/withdraw", "Take an invitation back", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, r service.ItemRequest) (service.Receipt, service.Receipt, error) {
			return plainly(s.service.WithdrawInvitation(ctx, caller, org, e, r))
		})
	item(s, "accept-invitation", "/invitations/{id}/accept", "Become a member, with the invitation's token as the key; the answer has a key of one's own. Where it is rerouted, accept it for another", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, r service.ItemRequest) (service.KeyReceipt, service.Receipt, error) {
			issued, err := s.service.AcceptInvitation(ctx, caller, org, e, r)
			return issued, issued.Receipt, err
		})
	item(s, "decline-invitation", "/invitations/{id}/decline", "Say no to an invitation, with its token as the key. Where it is rerouted, decline it for another", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, r service.ItemRequest) (service.Receipt, service.Receipt, error) {
			return plainly(s.service.DeclineInvitation(ctx, caller, org, e, r))
		})
}
