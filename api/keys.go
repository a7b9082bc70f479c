package api

import (
	"context"
	"net/http"

	"tenure/service"
)

type issueBody struct {
	service.IssueRequest
	Annotations
}

type issueInput struct {
	InOrg
	CommandHeaders
	Body issueBody
}

type revokeKeyBody struct {
	service.RevokeKeyRequest
	Annotations
}

type revokeKeyInput struct {
	InOrg
	CommandHeaders
	Body revokeKeyBody
}

func (s *server) keys() {
	const tag = "Keys"
	command(s, "issue-key", http.MethodPost, "/organizations/{org}/keys", "Give a person an API key, shown this once", tag,
		func(ctx context.Context, in *issueInput) (service.KeyReceipt, service.Receipt, error) {
			envelope, err := in.envelope(in.Body.Annotations)
			if err != nil {
				return service.KeyReceipt{}, service.Receipt{}, err
			}
			receipt, err := s.service.IssueKey(ctx, callerOf(ctx), in.Org, envelope, in.Body.IssueRequest)
			return receipt, receipt.Receipt, err
		})
	command(s, "revoke-key", http.MethodPost, "/organizations/{org}/keys/revoke", "End an API key", tag,
		func(ctx context.Context, in *revokeKeyInput) (service.Receipt, service.Receipt, error) {
			envelope, err := in.envelope(in.Body.Annotations)
			if err != nil {
				return service.Receipt{}, service.Receipt{}, err
			}
			receipt, err := s.service.RevokeKey(ctx, callerOf(ctx), in.Org, envelope, in.Body.RevokeKeyRequest)
			return receipt, receipt, err
		})
	question(s, "list-keys", "/organizations/{org}/keys", "List the API keys in force", tag,
		func(ctx context.Context, in *readInput) ([]service.KeyView, error) {
			reading, err := in.reading()
			if err != nil {
				return nil, err
			}
			return s.service.Keys(ctx, callerOf(ctx), in.Org, reading)
		})
}
