package service

import (
	"context"
	"errors"
	"strings"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
	"tenure/vault"
)

// PersonDetails are the personal fields of a request, in the clear.
type PersonDetails struct {
	Login    string `json:"login,omitempty" maxLength:"256" doc:"The name by which the person logs in elsewhere; unique in the organization."`
	Email    string `json:"email,omitempty" maxLength:"320" doc:"Address; unique in the organization."`
	Name     string `json:"name,omitempty" maxLength:"256" doc:"Full name."`
	JobTitle string `json:"job_title,omitempty" maxLength:"256" doc:"Job title."`
}

// check refuses what cannot be kept as a person's details, all of it at once.
func (d PersonDetails) check() error {
	var refusals aggregate.Refusals
	for _, field := range []struct{ name, text string }{
		{"login", d.Login}, {"name", d.Name}, {"job_title", d.JobTitle},
	} {
		refusals = append(refusals, refusalsAt(field.name, checkText(field.name, field.text, maxText))...)
		if field.text != "" && strings.TrimSpace(field.text) == "" {
			refusals = append(refusals, refuse(aggregate.CodeInvalid, field.name, "This needs something to read; leave it out for none.")...)
		}
	}
	refusals = append(refusals, refusalsAt("email", checkEmail("email", d.Email))...)
	for _, taken := range []string{string(events.Operator), string(events.Importer), string(events.Background), "anonymized person", "background tasks"} {
		if login := strings.ToLower(strings.TrimSpace(d.Login)); login == taken || strings.HasPrefix(login, taken+" ") {
			refusals = append(refusals, refuse(aggregate.CodeInvalid, "login", "%.80s reads like somebody who is no person, so it cannot name one.", d.Login)...)
		}
	}
	if len(refusals) > 0 {
		return refusals
	}
	return nil
}

// without are the details without the fields that an error is about.
func (d PersonDetails) without(err error) PersonDetails {
	var refusals aggregate.Refusals
	errors.As(err, &refusals)
	for _, refused := range refusals {
		switch refused.Field {
		case "login":
			d.Login = ""
		case "email":
			d.Email = ""
		case "name":
			d.Name = ""
		case "job_title":
			d.JobTitle = ""
		}
	}
	return d
}

// PersonReceipt is a receipt with the person's id.
type PersonReceipt struct {
	Receipt
	ID events.PrincipalID `json:"id,omitempty" doc:"The person's id; absent in a dry run."`
}

// RegisterPerson makes a person known to the organization. A person of that
// login or address who is known already is refused.
func (s *Service) RegisterPerson(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request PersonDetails) (PersonReceipt, error) {
	var id events.PrincipalID
	prepare := func(p *plan) (aggregate.Command, error) {
		command, err := p.register(request, "")
		p.about = command.Subject
		return command, err
	}
	receipt, err := s.execute(ctx, caller, org, envelope, task{
		kind: "person.register", request: request, prepare: prepare, outcome: registered(&id),
	})
	return PersonReceipt{Receipt: receipt, ID: id}, err
}

// registered finds the person whom a commit made known.
func registered(id *events.PrincipalID) func(events.Events) {
	return noting(func(e events.PersonRegistered) { *id = e.Subject })
}

// register prepares the registration of a new person, who comes to the scope by
// the same command; that may be empty.
func (p *plan) register(details PersonDetails, on events.ScopeID) (aggregate.RegisterPerson, error) {
	id := p.service.newID()
	command := aggregate.RegisterPerson{Subject: events.PrincipalID(id)}
	if p.state.Founded() && !p.mayRegister(command.Subject, on) {
		// The decision refuses it, before whoever has a key can try out who is
		// known.
		return command, nil
	}
	if details.Login == "" && details.Email == "" {
		return command, refuseNameless("login")
	}
	if err := details.check(); err != nil {
		return command, err
	}
	if err := p.stage.Create(id); err != nil {
		return command, err
	}
	if err := p.claim(id, "login", vault.ByLogin, details.Login); err != nil {
		return command, err
	}
	if err := p.claim(id, "email", vault.ByEmail, details.Email); err != nil {
		return command, err
	}
	p.newcomers[command.Subject] = firstOf(details.Login, details.Email)
	return command, p.sealDetails(id, details, &command.Login, &command.Email, &command.FullName, &command.JobTitle)
}

func refuseNameless(field string) error {
	return refuse(aggregate.CodeInvalid, field, "A person needs a login or an address to be found by.")
}

// claim lets a person be found by a login or an address; an empty one ends
// that. Whatever a name leads to, it leads to one person: nobody's login is
// somebody else's address, or looks like an id.
func (p *plan) claim(owner, field string, kind vault.Kind, value string) error {
	if value != "" {
		if events.PrincipalID(strings.ToUpper(value)).Validate() == nil {
			return refuse(aggregate.CodeInvalid, field, "%.80s reads like the id of a person, so it cannot name one.", value)
		}
		for _, kind := range naming {
			holder, taken := p.stage.Find(kind, value)
			if !taken || holder == owner {
				continue
			}
			if kind != vault.ByClient {
				return refuseTaken(field, value)
			}
			if client, known := p.state.Person(events.PrincipalID(holder)); !known || !client.Deleted {
				return refuse(aggregate.CodeExists, field, "There is an API client of the name %.80s already.", value)
			}
			// One that was deleted gives way.
			if err := p.stage.Relabel(holder, vault.Lookup{Kind: kind}); err != nil {
				return err
			}
		}
	}
	err := p.stage.Relabel(owner, vault.Lookup{Kind: kind, Value: value})
	switch {
	case errors.Is(err, vault.ErrTaken):
		return refuseTaken(field, value)
	case errors.Is(err, vault.ErrNoText):
		return refuse(aggregate.CodeInvalid, field, "There is nothing in %.80q that a person could be found by.", value)
	}
	return err
}

func refuseTaken(field, value string) error {
	return refuse(aggregate.CodeExists, field, "A person with the login or address %.80s is known already.", value)
}

func (p *plan) sealDetails(owner string, details PersonDetails, login, email, name, jobTitle *events.Sealed) error {
	for _, field := range []struct {
		field vault.Field
		text  string
		into  *events.Sealed
	}{
		{vault.FieldLogin, details.Login, login},
		{vault.FieldEmail, details.Email, email},
		{vault.FieldName, details.Name, name},
		{vault.FieldJobTitle, details.JobTitle, jobTitle},
	} {
		var err error
		if *field.into, err = p.seal(owner, field.field, field.text); err != nil {
			return err
		}
	}
	return nil
}

// PersonChange is a request to change details. Fields that are nil stay; empty
// ones are removed.
type PersonChange struct {
	Person   string  `json:"person" doc:"Login, address or id."`
	Login    *string `json:"login,omitempty" maxLength:"256" doc:"New login; empty removes it."`
	Email    *string `json:"email,omitempty" maxLength:"320" doc:"New address; empty removes it."`
	Name     *string `json:"name,omitempty" maxLength:"256" doc:"New full name; empty removes it."`
	JobTitle *string `json:"job_title,omitempty" maxLength:"256" doc:"New job title; empty removes it."`
}

// details are the fields that the request gives.
func (c PersonChange) details() PersonDetails {
	given := func(text *string) string {
		if text == nil {
			return ""
		}
		return *text
	}
	return PersonDetails{Login: given(c.Login), Email: given(c.Email), Name: given(c.Name), JobTitle: given(c.JobTitle)}
}

// UpdatePerson changes a person's details. Values that are there already
// change nothing.
func (s *Service) UpdatePerson(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request PersonChange) (Receipt, error) {
	return s.execute(ctx, caller, org, envelope, task{kind: "person.update", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		id, err := p.person(request.Person)
		if err != nil {
			return nil, err
		}
		return p.update(id, request)
	}})
}

// update prepares the change of a person's details.
func (p *plan) update(id events.PrincipalID, request PersonChange) (aggregate.Command, error) {
	command := aggregate.UpdatePerson{Subject: id}
	if !p.mayUpon(rolemodel.PersonUpdate, id) {
		// The decision refuses it, whatever the details are: else whoever has a
		// key could try them out.
		command.Cleared = []string{"name"}
		return command, nil
	}
	if err := request.details().check(); err != nil {
		return nil, err
	}
	person, known := p.state.Person(id)
	if !known || person.Anonymizing() || person.Client || id.Builtin() {
		command.Cleared = []string{"name"} // the decision refuses it
		return command, nil
	}
	named := false
	for _, change := range []struct {
		name    string
		field   vault.Field
		kind    vault.Kind
		wanted  *string
		present aggregate.Sealed
		into    *events.Sealed
	}{
		{"login", vault.FieldLogin, vault.ByLogin, request.Login, person.Details.Login, &command.Login},
		{"email", vault.FieldEmail, vault.ByEmail, request.Email, person.Details.Email, &command.Email},
		{"name", vault.FieldName, "", request.Name, person.Details.Name, &command.FullName},
		{"job_title", vault.FieldJobTitle, "", request.JobTitle, person.Details.JobTitle, &command.JobTitle},
	} {
		present := p.service.open(p.org, string(id), change.field, change.present)
		wanted := present
		if change.wanted != nil {
			wanted = *change.wanted
		}
		named = named || change.kind != "" && wanted != ""
		if wanted == present {
			continue
		}
		if change.kind != "" {
			if err := p.claim(string(id), change.name, change.kind, wanted); err != nil {
				return nil, err
			}
		}
		if wanted == "" {
			command.Cleared = append(command.Cleared, change.name)
			continue
		}
		var err error
		if *change.into, err = p.seal(string(id), change.field, wanted); err != nil {
			return nil, err
		}
	}
	if !named {
		return nil, refuseNameless("login")
	}
	return command, nil
}

// PersonView is a person as shown to those who may see names.
type PersonView struct {
	ID         events.PrincipalID `json:"id" doc:"The person's id."`
	Login      string             `json:"login" doc:"Login, else address, else id."`
	Name       string             `json:"name,omitempty" doc:"Full name."`
	Email      string             `json:"email,omitempty" doc:"Address."`
	JobTitle   string             `json:"job_title,omitempty" doc:"Job title."`
	State      string             `json:"state" enum:"member,suspended,known,anonymized" doc:"Membership of the organization: member, suspended, or known only; or anonymized."`
	Since      time.Time          `json:"since" doc:"When that came to be."`
	Revision   events.Revision    `json:"revision" doc:"The commit that last changed the details or the membership."`
	ChangedBy  string             `json:"changed_by" doc:"Who did that."`
	ChangedAt  time.Time          `json:"changed_at" doc:"When that was (X03)."`
	Roles      []GrantView        `json:"roles" doc:"What the person holds."`
	Keys       int                `json:"keys" doc:"How many API keys speak for the person."`
	Membership []MembershipView   `json:"memberships" doc:"What the person is a member of."`
	Manager    string             `json:"manager,omitempty" doc:"The person's manager: login, else address, else id."`
	Reports    []string           `json:"reports,omitempty" doc:"Those whose manager the person is, by login."`
}

// People lists everybody whom the organization knows, by login.
func (s *Service) People(ctx context.Context, caller Caller, org events.OrgID, reading Reading) ([]PersonView, error) {
	seen, err := s.read(ctx, caller, org, reading, rolemodel.DirectoryRead, "")
	if err != nil {
		return nil, err
	}
	list := []PersonView{}
	for _, person := range seen.state.Persons() {
		list = append(list, seen.person(person))
	}
	sortBy(list, func(p PersonView) string { return p.Login })
	return list, nil
}

// Person shows one person. Everybody may look at themselves.
func (s *Service) Person(ctx context.Context, caller Caller, org events.OrgID, reading Reading, name string) (PersonView, error) {
	seen, err := s.read(ctx, caller, org, reading, rolemodel.DirectoryRead, name)
	if err != nil {
		return PersonView{}, err
	}
	id, known := s.findPerson(seen.state, name)
	if !known {
		return PersonView{}, refusePerson(org, "person", name)
	}
	person, known := seen.state.Person(id)
	if !known {
		return PersonView{}, refusePerson(org, "person", name)
	}
	if person.Client {
		return PersonView{}, refuseClient(org, id)
	}
	return seen.person(person), nil
}

// person shows a person to somebody who may see the details.
func (v *view) person(person *aggregate.Person) PersonView {
	s, state, id := v.service, v.state, string(person.ID)
	view := PersonView{
		ID: person.ID, Login: v.login(person.ID),
		Name:     s.open(state.Org, id, vault.FieldName, person.Details.Name),
		Email:    s.open(state.Org, id, vault.FieldEmail, person.Details.Email),
		JobTitle: s.open(state.Org, id, vault.FieldJobTitle, person.Details.JobTitle),
		State:    "known", Since: person.Registered.At, Roles: []GrantView{}, Membership: []MembershipView{},
		Keys: len(person.Credentials),
	}
	last := person.Changed
	if left := person.Left(); left.Revision > 0 {
		view.Since = left.At
		if left.Revision > last.Revision {
			last = left
		}
	}
	if person.Anonymizing() {
		view.State, view.Since = "anonymized", person.Matters.Anonymization.Started.At
	}
	for _, m := range person.Memberships {
		if v.unseen(person, m.Scope) {
			continue
		}
		view.Membership = append(view.Membership, v.membership(person, m))
		if m.Scope != state.Root {
			continue
		}
		view.State, view.Since = "member", m.Since.At
		if !m.Active {
			view.State, view.Since = "suspended", m.Changed.At
		}
		if m.Changed.Revision > last.Revision {
			last = m.Changed
		}
	}
	view.Revision, view.ChangedBy, view.ChangedAt = last.Revision, v.login(last.Actor), last.At
	for _, g := range person.Grants {
		if !v.unseen(person, g.Scope) {
			view.Roles = append(view.Roles, v.grant(person, g))
		}
	}
	sortBy(view.Roles, func(g GrantView) string { return string(g.Scope) + " " + g.Role })
	if person.Chart != nil {
		view.Manager = v.login(person.Chart.Manager)
		for _, report := range person.Chart.Reports {
			view.Reports = append(view.Reports, v.login(report))
		}
		sortBy(view.Reports, func(login string) string { return login })
	}
	return view
}
