package api

import (
	"context"

	"tenure/events"
	"tenure/service"
)

type issueBody struct {
	service.IssueRequest
	Annotations
}

type revokeKeyBody struct {
	service.RevokeKeyRequest
	Annotations
}

func (s *server) keys() {
	const tag = "Keys"
	order(s, "issue-key", "/keys", "Give a person an API key, shown this once", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body issueBody) (service.KeyReceipt, service.Receipt, error) {
			receipt, err := s.service.IssueKey(ctx, caller, org, e, body.IssueRequest)
			return receipt, receipt.Receipt, err
		})
	order(s, "revoke-key", "/keys/revoke", "End an API key", tag,
		func(ctx context.Context, caller service.Caller, org events.OrgID, e service.Envelope, body revokeKeyBody) (service.Receipt, service.Receipt, error) {
			return plainly(s.service.RevokeKey(ctx, caller, org, e, body.RevokeKeyRequest))
		})
	datedQuestion(s, "list-keys", "/organizations/{org}/keys", "List the API keys in force: the caller's own, and those of others that the caller may revoke", tag,
		func(ctx context.Context, in *readInput, reading service.Reading) ([]service.KeyView, error) {
			return s.service.Keys(ctx, callerOf(ctx), in.Org, reading)
		})
}
