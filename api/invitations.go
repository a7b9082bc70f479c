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

func (s *server) invitations() {
	const tag = "Invitations"
	order(s, "send-invitation", "/invitations", "Ask somebody to become a member of a scope", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body invitationBody) (service.InvitationReceipt, service.Receipt, error) {
			sent, err := s.service.Invite(ctx, caller, org, e, body.InvitationRequest)
			return sent, sent.Receipt, err
		})
	datedQuestion(s, "list-invitations", "/organizations/{org}/invitations", "List the invitations that are not answered yet", tag,
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
	item(s, "accept-invitation", "/invitations/{id}/accept", "Become a member, with the invitation's token as the key; the answer has a key of one's own", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, r service.ItemRequest) (service.KeyReceipt, service.Receipt, error) {
			issued, err := s.service.AcceptInvitation(ctx, caller, org, e, r)
			return issued, issued.Receipt, err
		})
	item(s, "decline-invitation", "/invitations/{id}/decline", "Say no to an invitation, with its token as the key", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, r service.ItemRequest) (service.Receipt, service.Receipt, error) {
			return plainly(s.service.DeclineInvitation(ctx, caller, org, e, r))
		})
}
