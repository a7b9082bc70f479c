package service

import (
	"context"
	"crypto/sha256"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
)

// IssueRequest names whom a new API key is for.
type IssueRequest struct {
	Person string `json:"person" doc:"Login, address or id; or the name or id of an API client."`
}

// KeyReceipt is a receipt with the key, which is shown this once.
type KeyReceipt struct {
	Receipt
	ID     events.CredentialID `json:"id,omitempty" doc:"The key's id."`
	Person string              `json:"person,omitempty" doc:"Whom it speaks for."`
	Prefix string              `json:"prefix,omitempty" doc:"Its first characters, to recognize it by."`
	Key    string              `json:"key,omitempty" doc:"The key. It is shown this once and kept nowhere."`
}

// IssueKey gives a person an API key. A repeated request does not show the key
// again.
func (s *Service) IssueKey(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request IssueRequest) (KeyReceipt, error) {
	var issued KeyReceipt
	var key string
	prepare := func(p *plan) (aggregate.Command, error) {
		subject, err := p.person(request.Person)
		if err != nil {
			return nil, err
		}
		var hash [sha256.Size]byte
		key, hash = newKey()
		return aggregate.IssueCredential{
			Subject: subject, Credential: events.CredentialID(s.newID()), Hash: hash[:], Prefix: key[:visiblePrefix],
		}, nil
	}
	receipt, err := s.execute(ctx, caller, org, envelope, task{
		kind: "credential.issue", request: request, prepare: prepare,
		outcome: noting(func(e events.CredentialIssued) { issued.ID, issued.Prefix = e.Credential, e.Prefix }),
	})
	if err != nil {
		return KeyReceipt{}, err
	}
	issued.Receipt = receipt
	for _, e := range receipt.Events {
		issued.Person = e.Login
	}
	if receipt.first() {
		issued.Key = key
	}
	return issued, nil
}

// RevokeKeyRequest names an API key.
type RevokeKeyRequest struct {
	Key string `json:"key" doc:"The key's id, or its visible prefix."`
}

// RevokeKey ends an API key.
func (s *Service) RevokeKey(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request RevokeKeyRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "credential.revoke", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		id := events.CredentialID(request.Key)
		for _, credential := range p.state.Credentials() {
			if credential.Prefix == request.Key {
				id = credential.ID
			}
		}
		if credential, inForce := p.state.Credential(id); inForce {
			p.about = credential.Subject
		}
		return aggregate.RevokeCredential{Credential: id}, nil
	}})
}

// KeyView is an API key without its secret.
type KeyView struct {
	ID       events.CredentialID `json:"id" doc:"The key's id."`
	Person   string              `json:"person" doc:"Whom it speaks for: login, else address, else id."`
	Prefix   string              `json:"prefix" doc:"Its first characters."`
	Since    time.Time           `json:"since" doc:"When it was issued."`
	Revision events.Revision     `json:"revision" doc:"The commit that issued it."`
	By       string              `json:"by" doc:"Who issued it."`
}

// Keys lists the API keys in force: the caller's own, and those of others that the
// caller may revoke (D07).
func (s *Service) Keys(ctx context.Context, caller Caller, org events.OrgID, reading Reading) ([]KeyView, error) {
	seen, err := s.read(ctx, caller, org, reading, "", "")
	if err != nil {
		return nil, err
	}
	list, now := []KeyView{}, s.stateOf(org).At(s.clock())
	managesClients := mayRead(&now, caller, rolemodel.ClientManage) == nil
	for _, credential := range seen.state.Credentials() {
		id := credential.Subject
		listed := caller.Operator() || id == caller.Principal || now.MayActUpon(caller.Principal, rolemodel.CredentialRevoke, id)
		if holder, known := seen.state.Person(id); known && holder.Client {
			listed = listed || managesClients
		}
		if listed {
			seen.others[id] = true
			list = append(list, KeyView{
				ID: credential.ID, Person: seen.login(id), Prefix: credential.Prefix,
				Since: credential.Issued.At, Revision: credential.Issued.Revision, By: seen.login(credential.Issued.Actor),
			})
		}
	}
	sortBy(list, func(k KeyView) string { return k.Person + " " + string(k.ID) })
	return list, nil
}
