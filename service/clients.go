package service

import (
	"context"
	"strings"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
	"tenure/vault"
)

// NewClientRequest says what an API client is called.
type NewClientRequest struct {
	Name string `json:"name" minLength:"1" maxLength:"256" doc:"What it is called; unique in the organization, and kept sealed."`
}

// ClientReceipt is a receipt with the client's id.
type ClientReceipt struct {
	Receipt
	ID events.PrincipalID `json:"id,omitempty" doc:"The client's id; absent in a dry run."`
}

// CreateClient makes an API client. It holds nothing, and has no key yet.
func (s *Service) CreateClient(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request NewClientRequest) (ClientReceipt, error) {
	var created ClientReceipt
	receipt, err := s.execute(ctx, caller, org, envelope, task{
		kind: "client.create", request: request,
		prepare: func(p *plan) (aggregate.Command, error) { return p.newClient(request.Name) },
		outcome: noting(func(e events.ClientCreated) { created.ID = e.Subject }),
	})
	created.Receipt = receipt
	return created, err
}

// newClient prepares the creation of an API client.
func (p *plan) newClient(name string) (aggregate.Command, error) {
	id := p.service.newID()
	command := aggregate.CreateClient{Subject: events.PrincipalID(id)}
	if !p.may(rolemodel.ClientManage) {
		return command, nil // which the decision refuses, whatever the name is
	}
	if strings.TrimSpace(name) == "" {
		return nil, refuse(aggregate.CodeInvalid, "name", "A client needs a name to be found by.")
	}
	if err := at("name", PersonDetails{Login: name}.check()); err != nil {
		return nil, err
	}
	if err := p.stage.Create(id); err != nil {
		return nil, err
	}
	if err := p.claim(id, "name", vault.ByClient, name); err != nil {
		return nil, err
	}
	p.about, p.newcomers[command.Subject] = command.Subject, name
	var err error
	command.Title, err = p.seal(id, vault.FieldName, name)
	return command, err
}

// ClientRequest names an API client.
type ClientRequest struct {
	Client string `json:"client" doc:"Name or id."`
}

// DeleteClient ends an API client, its keys and its roles.
func (s *Service) DeleteClient(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request ClientRequest) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "client.delete", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		id, err := p.find("client", request.Client)
		if err != nil {
			return nil, err
		}
		p.about = id
		return aggregate.DeleteClient{Subject: id}, nil
	}})
}

// ClientView is an API client as shown to those who may know of it.
type ClientView struct {
	ID        events.PrincipalID `json:"id" doc:"The client's id."`
	Name      string             `json:"name" doc:"What it is called, else its id."`
	Since     time.Time          `json:"since" doc:"When it was created."`
	By        string             `json:"by" doc:"Who created it."`
	Deleted   bool               `json:"deleted,omitempty" doc:"Whether it was deleted."`
	Revision  events.Revision    `json:"revision" doc:"The commit that created it, or deleted it."`
	ChangedBy string             `json:"changed_by" doc:"Who did that."`
	ChangedAt time.Time          `json:"changed_at" doc:"When that was (X03)."`
	Roles     []GrantView        `json:"roles" doc:"What it holds."`
	Keys      int                `json:"keys" doc:"How many API keys speak for it."`
}

// Clients lists the API clients that there are, by name.
func (s *Service) Clients(ctx context.Context, caller Caller, org events.OrgID, reading Reading) ([]ClientView, error) {
	seen, err := s.readClients(ctx, caller, org, reading, "")
	if err != nil {
		return nil, err
	}
	list := []ClientView{}
	for _, client := range seen.state.Clients() {
		list = append(list, seen.client(client))
	}
	sortBy(list, func(c ClientView) string { return c.Name + " " + string(c.ID) })
	return list, nil
}

// Client shows one API client, also one that was deleted. Every client may look
// at itself.
func (s *Service) Client(ctx context.Context, caller Caller, org events.OrgID, reading Reading, name string) (ClientView, error) {
	seen, err := s.readClients(ctx, caller, org, reading, name)
	if err != nil {
		return ClientView{}, err
	}
	id, found := s.findPerson(seen.state, name)
	client, known := seen.state.Person(id)
	if !found || !known || !client.Client {
		return ClientView{}, refuseUnknown("client", "API client", name, "tenure client list --org "+string(org))
	}
	return seen.client(client), nil
}

// readClients lets those in who manage clients or say what they hold, and the
// client that the question is about.
func (s *Service) readClients(ctx context.Context, caller Caller, org events.OrgID, reading Reading, about string) (*view, error) {
	seen, err := s.read(ctx, caller, org, reading, rolemodel.ClientManage, about)
	if err == nil {
		return seen, nil
	}
	seen, notEither := s.read(ctx, caller, org, reading, "", "")
	if now := s.stateOf(org).At(s.clock()); notEither != nil || !now.MayEquip(caller.Principal) {
		return nil, err
	}
	seen.clients = true
	return seen, nil
}

func (v *view) client(client *aggregate.Person) ClientView {
	view := ClientView{
		ID: client.ID, Name: v.login(client.ID), Since: client.Registered.At, By: v.login(client.Registered.Actor), Deleted: client.Deleted,
		Revision: client.Changed.Revision, ChangedBy: v.login(client.Changed.Actor), ChangedAt: client.Changed.At, Roles: []GrantView{}, Keys: len(client.Credentials),
	}
	for _, g := range client.Grants {
		view.Roles = append(view.Roles, v.grant(client, g))
	}
	sortBy(view.Roles, func(g GrantView) string { return string(g.Scope) + " " + g.Role })
	return view
}

// refuseClient refuses a question about people that was asked of a client.
func refuseClient(org events.OrgID, id events.PrincipalID) error {
	return refuseUnknown("person", "person", string(id)+", which is an API client", "tenure client show "+string(id)+" --org "+string(org))
}
