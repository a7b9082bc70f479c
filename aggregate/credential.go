package aggregate

import "tenure/events"

// IssueCredential gives a person an API key.
type IssueCredential struct {
	Subject    events.PrincipalID
	Credential events.CredentialID
	// Hash is the SHA-256 of the key; Prefix its first characters.
	Hash   []byte
	Prefix string
}

// Name implements [Command].
func (IssueCredential) Name() string { return "credential.issue" }

func (c IssueCredential) propose(d *draft) {
	if _, known := d.person(c.Subject); known {
		d.emit(events.CredentialIssued{Subject: c.Subject, Credential: c.Credential, Hash: c.Hash, Prefix: c.Prefix})
	}
}

// RevokeCredential ends an API key.
type RevokeCredential struct{ Credential events.CredentialID }

// Name implements [Command].
func (RevokeCredential) Name() string { return "credential.revoke" }

func (c RevokeCredential) propose(d *draft) {
	credential, inForce := d.state.Credential(c.Credential)
	if !inForce {
		d.refuse(unknown("key", string(c.Credential), "tenure keys list --org "+string(d.commit.Org)))
		return
	}
	d.emit(events.CredentialRevoked{Credential: credential.ID, Subject: credential.Subject})
}
