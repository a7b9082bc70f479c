package aggregate

import (
	"slices"

	"tenure/events"
)

// CreateClient makes an API client: a principal that is no person.
type CreateClient struct {
	Subject events.PrincipalID
	// Title is what it is called, sealed under its own key.
	Title events.Sealed
}

// DeleteClient ends an API client, and its keys and roles with it (D07).
type DeleteClient struct{ Subject events.PrincipalID }

// Name implements [Command].
func (CreateClient) Name() string { return "client.create" }

// Name implements [Command].
func (DeleteClient) Name() string { return "client.delete" }

func (c CreateClient) propose(d *draft) {
	d.emit(events.ClientCreated{Subject: c.Subject, Name: c.Title})
}

func (c DeleteClient) propose(d *draft) {
	client, known := d.state.Person(c.Subject)
	if !known || !client.Client {
		d.refuse(noClient(c.Subject, d.commit.Org))
		return
	}
	if client.Deleted {
		d.already(events.ClientDeleted{Subject: client.ID})
		return
	}
	for _, g := range client.Grants {
		d.revoke(client.ID, g.Role, g.Scope, events.CauseClientDeleted)
	}
	for _, credential := range client.Credentials {
		d.emit(events.CredentialRevoked{Credential: credential, Subject: client.ID, Cause: events.CauseClientDeleted})
	}
	d.emit(events.ClientDeleted{Subject: client.ID})
}

func noClient(id events.PrincipalID, org events.OrgID) Refusal {
	return unknown("API client", string(id), "tenure client list --org "+string(org))
}

// admissibleClient judges the beginning and the end of an API client.
func admissibleClient(s State, event events.Event) *Refusal {
	switch e := event.(type) {
	case events.ClientCreated:
		if err := e.Subject.Validate(); err != nil || e.Subject.Builtin() {
			return refuseInvalid("A client's id is a ULID.")
		}
		// Who was known once, person or client, stays so in the history.
		if _, known := s.Person(e.Subject); known {
			return &Refusal{Code: CodeExists, Subject: e.Subject, Message: string(e.Subject) + " is known already."}
		}
	case events.ClientDeleted:
		client, known := s.Person(e.Subject)
		if !known || !client.Client {
			refused := noClient(e.Subject, s.Org)
			return &refused
		}
		if len(client.Grants)+len(client.Credentials) > 0 {
			return &Refusal{Code: CodeUnfounded, Subject: client.ID, Message: "The end of a client ends its keys and its roles, and some would be left."}
		}
	}
	return nil
}

// ofClient refuses what happens to people alone. To a client that was deleted
// nothing happens any more.
func ofClient(client *Person, event events.Event) *Refusal {
	if client.Deleted {
		return wasDeleted(client)
	}
	switch event.(type) {
	case events.CredentialIssued, events.CredentialRevoked, events.ClientDeleted,
		events.RoleGranted, events.RoleRevoked, events.RoleLimited, events.ExpiryAnnounced:
		return nil
	}
	return &Refusal{Code: CodeInvalid, Subject: client.ID,
		Message: string(client.ID) + " is an API client and no person: it holds roles and has keys, and that is all."}
}

func wasDeleted(client *Person) *Refusal {
	return &Refusal{Code: CodeInvalid, Subject: client.ID, Message: string(client.ID) + " is an API client that was deleted: nothing more can happen to it."}
}

// endsClient says whether the client's end is among the events.
func endsClient(list []events.Event, client events.PrincipalID) bool {
	return slices.ContainsFunc(list, func(e events.Event) bool {
		deleted, is := e.(events.ClientDeleted)
		return is && deleted.Subject == client
	})
}
