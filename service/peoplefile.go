package service

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
	"tenure/vault"
)

// PeopleFileRequest brings people along in a file.
type PeopleFileRequest struct {
	File  string        `json:"file" doc:"CSV with a header. The columns are login, email, name, job_title, role, scope, manager, membership and until, in any order; login or email is needed."`
	Scope string        `json:"scope,omitempty" doc:"The scope of rows that name none; the organization itself if absent."`
	Role  events.RoleID `json:"role,omitempty" doc:"The role of rows that name none; no role if absent."`
}

// PeopleFileReceipt is a receipt with what came of a file.
type PeopleFileReceipt struct {
	Receipt
	Registered  int `json:"registered" doc:"How many people were made known."`
	Updated     int `json:"updated" doc:"How many people's details were changed."`
	Memberships int `json:"memberships" doc:"How many memberships were started."`
	Roles       int `json:"roles" doc:"How many roles were granted."`
	Managers    int `json:"managers" doc:"How many people got a manager, or another one."`
}

// The columns of a file of people.
const (
	colLogin      = "login"
	colEmail      = "email"
	colName       = "name"
	colJobTitle   = "job_title"
	colRole       = "role"
	colScope      = "scope"
	colManager    = "manager"
	colMembership = "membership"
	colUntil      = "until"
)

var peopleColumns = []string{colLogin, colEmail, colName, colJobTitle, colRole, colScope, colManager, colMembership, colUntil}

// maxPeopleRows is how many rows a file may have. A commit holds fewer people
// than that, which is told with the row where the file can be split.
const maxPeopleRows = 20_000

// ImportPeople makes the people of a file known, members and holders of roles, in
// one commit. Who is known already gets what is missing; nothing ends. If any of
// it is refused nothing changes, and every refusal is named at its line.
func (s *Service) ImportPeople(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request PeopleFileRequest) (PeopleFileReceipt, error) {
	receipt, err := s.execute(ctx, caller, org, envelope, task{kind: "people.import", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		return p.peopleFile(request)
	}})
	var refusals aggregate.Refusals
	if errors.As(err, &refusals) {
		refusals = slices.Clone(refusals)
		if refusals[0].Code == aggregate.CodeTooLarge && refusals[0].Field == "" {
			refusals[0].Message += " Split the file into two, and import one after the other."
		}
		slices.SortStableFunc(refusals, func(a, b aggregate.Refusal) int { return cmp.Compare(lineOf(a.Field), lineOf(b.Field)) })
		err = refusals
	}
	result := PeopleFileReceipt{Receipt: receipt}
	counts := map[string]*int{
		events.Name(events.PersonRegistered{}): &result.Registered, events.Name(events.PersonUpdated{}): &result.Updated,
		events.Name(events.MembershipStarted{}): &result.Memberships, events.Name(events.RoleGranted{}): &result.Roles,
		events.Name(events.ManagerAssigned{}): &result.Managers,
	}
	for _, e := range receipt.Events {
		if count, counted := counts[e.Type]; counted {
			*count++
		}
	}
	return result, err
}

// lineOf is the number of a line that a refusal names; 0 where it names none.
func lineOf(field string) int {
	number, _ := strings.CutPrefix(field, "line ")
	n, _ := strconv.Atoi(number)
	return n
}

// peopleIntake turns the rows of a file into a command.
type peopleIntake struct {
	*plan
	request  PeopleFileRequest
	people   []*admission
	byID     map[events.PrincipalID]*admission
	refusals aggregate.Refusals
}

// admission is what the file has said of one person so far.
type admission struct {
	aggregate.Admission
	details PersonDetails
	// manager is how the file calls the person's manager, if it says who it is.
	manager string
}

// peopleFile prepares the import of a file, and tells of all that is wrong in it.
func (p *plan) peopleFile(request PeopleFileRequest) (aggregate.Command, error) {
	file, refused := readTable(request.File, tableForm{columns: peopleColumns, needed: []string{colLogin, colEmail}, most: maxPeopleRows})
	if len(file.rows) == 0 && len(refused) > 0 {
		return nil, refused
	}
	in := &peopleIntake{plan: p, request: request, byID: map[events.PrincipalID]*admission{}, refusals: refused}
	for _, row := range file.rows {
		in.row(row)
	}
	command := aggregate.ImportPeople{}
	for _, person := range in.people {
		if person.manager != "" {
			var err error
			person.Manager, err = in.managerNamed(person)
			in.refuse(person.ManagerField, err)
		}
		command.People = append(command.People, person.Admission)
	}
	p.about = "" // it concerns several
	command.Refused = in.refusals
	return command, nil
}

// refuse notes what is wrong with a line.
func (in *peopleIntake) refuse(line string, err error) {
	in.refusals = append(in.refusals, refusalsAt(line, err)...)
}

// row takes up one row. Whatever is wrong in one column, the others are looked at,
// too.
func (in *peopleIntake) row(row tableRow) {
	at := row.field()
	place := aggregate.Place{Member: true, Role: events.RoleID(firstOf(row.cells[colRole], string(in.request.Role))), Field: at}
	name := firstOf(row.cells[colScope], in.request.Scope)
	scope, err := in.scope("scope", name)
	if place.Scope = scope; err != nil {
		place.Scope = events.ScopeID(name) // which the decision refuses
	}
	place.Role = nameOn(place.Role, place.Scope)
	place.Until = in.until(at, row.cells[colUntil], place.Role)
	in.membership(at, row.cells[colMembership], &place)
	person := in.who(row, scope)
	if person == nil {
		return
	}
	if manager := row.cells[colManager]; manager != "" {
		switch person.manager {
		case "":
			person.manager, person.ManagerField = manager, at
		case manager:
		default:
			in.refuse(at, refuse(aggregate.CodeInvalid, "", "The manager is %s here, and %s on %s: a person has one.", manager, person.manager, person.ManagerField))
		}
	}
	if place.Member || place.Role != "" || err != nil {
		person.Places = append(person.Places, place)
	}
}

// until reads when a role ends.
func (in *peopleIntake) until(line, text string, role events.RoleID) time.Time {
	if text != "" && role == "" {
		in.refuse(line, refuse(aggregate.CodeInvalid, "", "Until is when a role ends, and there is none."))
	}
	until, err := in.service.timeToCome(colUntil, text, "")
	in.refuse(line, inColumn(err))
	return until
}

// membership reads what kind of membership a row is about.
func (in *peopleIntake) membership(line, text string, place *aggregate.Place) {
	words := strings.Fields(text)
	for _, word := range words {
		switch {
		case word == nonMember:
			if place.Member = len(words) > 1; place.Member {
				in.refuse(line, refuse(aggregate.CodeInvalid, "", "Whoever has the membership %q has no other.", nonMember))
			}
		case word == paused:
			place.Suspended = true
		case place.Kind != "":
			in.refuse(line, refuse(aggregate.CodeInvalid, "", "A membership is of one kind, not both %s and %s.", place.Kind, word))
		default:
			place.Kind = events.MemberKindID(word)
		}
	}
}

// The words of the column membership, beside the kinds of member.
const (
	nonMember = "none"
	paused    = "suspended"
)

// who finds the person of a row among those who are known and those of the rows
// before, or prepares that they become known. Where the row does not say that
// well, it is somebody of whom what is said well is kept, so that the rest can be
// judged; nil for nobody.
func (in *peopleIntake) who(row tableRow, scope events.ScopeID) *admission {
	details := PersonDetails{Login: row.cells[colLogin], Email: row.cells[colEmail], Name: row.cells[colName], JobTitle: row.cells[colJobTitle]}
	id, found, err := in.named(details)
	// Nobody finds out who is known who may neither know it nor make people
	// known.
	if !in.may(rolemodel.DirectoryRead) && !in.mayRegister(events.PrincipalID(in.service.newID()), scope) && !(found && in.looksAfter(id)) && !in.mayEnlist() {
		found, err = false, nil
	}
	if err != nil {
		in.refuse(row.field(), err)
		person := in.take(events.PrincipalID(in.service.newID()), row, details)
		person.Register = &aggregate.RegisterPerson{Subject: person.Subject}
		return person
	}
	if !found {
		return in.newcomer(row, details, scope)
	}
	if person, met := in.byID[id]; met {
		in.refuse(row.field(), in.agrees(person, details))
		return person
	}
	if _, known := in.state.Person(id); !known {
		return nil
	}
	person := in.take(id, row, details)
	in.refuse(row.field(), in.change(person, details))
	return person
}

// take notes a person whom the file names first here.
func (in *peopleIntake) take(id events.PrincipalID, row tableRow, details PersonDetails) *admission {
	person := &admission{Admission: aggregate.Admission{Subject: id, Field: row.field()}, details: details}
	in.people = append(in.people, person)
	in.byID[id] = person
	if _, known := in.state.Person(id); !known {
		in.newcomers[id] = firstOf(details.Login, details.Email, "the person on "+row.field())
	}
	return person
}

// named finds who has the login and the address. They must not lead to two.
func (in *peopleIntake) named(details PersonDetails) (events.PrincipalID, bool, error) {
	find := func(kind vault.Kind, value string) (events.PrincipalID, bool) {
		if value == "" {
			return "", false
		}
		owner, found := in.stage.Find(kind, value)
		person, known := in.state.Person(events.PrincipalID(owner))
		return events.PrincipalID(owner), found && !(known && person.Anonymizing())
	}
	byLogin, known := find(vault.ByLogin, details.Login)
	byEmail, taken := find(vault.ByEmail, details.Email)
	switch {
	case taken && details.Login == "":
		return byEmail, true, nil
	case taken && (!known || byLogin != byEmail):
		return "", false, refuse(aggregate.CodeExists, colEmail, "The address %s is that of somebody with another login than %s.", details.Email, details.Login)
	}
	return byLogin, known, nil
}

// newcomer prepares that the person of a row becomes known.
func (in *peopleIntake) newcomer(row tableRow, details PersonDetails, scope events.ScopeID) *admission {
	said := details
	if err := details.check(); err != nil {
		in.refuse(row.field(), inColumn(err))
		details = details.without(err)
	}
	command := aggregate.RegisterPerson{Subject: events.PrincipalID(in.service.newID())}
	if details.Login != "" || details.Email != "" || details == said {
		var err error
		command, err = in.register(details, scope)
		in.refuse(row.field(), inColumn(err))
	}
	person := in.take(command.Subject, row, details)
	person.Register = &command
	return person
}

// agrees refuses a row that says something else of a person than an earlier one.
func (in *peopleIntake) agrees(person *admission, details PersonDetails) error {
	for _, field := range []struct{ name, before, now string }{
		{colEmail, person.details.Email, details.Email}, {colName, person.details.Name, details.Name}, {colJobTitle, person.details.JobTitle, details.JobTitle},
	} {
		if field.now != "" && field.now != field.before {
			return refuse(aggregate.CodeInvalid, field.name, "The %s differs from that on %s, of the same person.", strings.ReplaceAll(field.name, "_", " "), person.Field)
		}
	}
	return nil
}

// change prepares that somebody who is known gets the details of a row. To those
// who may not change them they say nothing.
func (in *peopleIntake) change(person *admission, details PersonDetails) error {
	known, _ := in.state.Person(person.Subject)
	present := func(field vault.Field, sealed aggregate.Sealed) string {
		return in.service.open(in.org, string(person.Subject), field, sealed)
	}
	change, differs := PersonChange{}, []string{}
	for _, field := range []struct {
		name, wanted, present string
		into                  **string
	}{
		{colEmail, details.Email, present(vault.FieldEmail, known.Details.Email), &change.Email},
		{colName, details.Name, present(vault.FieldName, known.Details.Name), &change.Name},
		{colJobTitle, details.JobTitle, present(vault.FieldJobTitle, known.Details.JobTitle), &change.JobTitle},
	} {
		if field.wanted != "" && field.wanted != field.present {
			*field.into = &field.wanted
			differs = append(differs, strings.ReplaceAll(field.name, "_", " "))
		}
	}
	switch {
	case len(differs) == 0:
		return nil
	case in.mayUpon(rolemodel.PersonUpdate, person.Subject):
		command, err := in.update(person.Subject, change)
		if update, is := command.(aggregate.UpdatePerson); is && err == nil {
			person.Update = &update
		}
		return inColumn(err)
	case in.may(rolemodel.DirectoryRead):
		return refuse(aggregate.CodeNotPermitted, "", "This person is known with another %s, which you may not change.", strings.Join(differs, " and another "))
	}
	return nil
}

// managerNamed finds the manager of a person by login, address or id, among
// those of the file, too.
func (in *peopleIntake) managerNamed(person *admission) (events.PrincipalID, error) {
	for _, kind := range []vault.Kind{vault.ByLogin, vault.ByEmail} {
		owner, found := in.stage.Find(kind, person.manager)
		if _, met := in.byID[events.PrincipalID(owner)]; found && met {
			return events.PrincipalID(owner), nil
		}
	}
	return in.find(colManager, person.manager)
}

// inColumn says in a refusal's words in which column the trouble is: its place is
// the line.
func inColumn(err error) error {
	var refusals aggregate.Refusals
	if !errors.As(err, &refusals) {
		return err
	}
	refusals = slices.Clone(refusals)
	for i, refused := range refusals {
		if slices.Contains(peopleColumns, refused.Field) {
			refusals[i].Message = refused.Field + ": " + refused.Message
		}
	}
	return refusals
}

// PersonRow is what a file of people says in one row.
type PersonRow struct {
	Login      string         `json:"login,omitempty" doc:"Login."`
	Email      string         `json:"email,omitempty" doc:"Address."`
	Name       string         `json:"name,omitempty" doc:"Full name."`
	JobTitle   string         `json:"job_title,omitempty" doc:"Job title."`
	Role       string         `json:"role,omitempty" doc:"A role that the person holds; absent for the membership alone."`
	Scope      events.ScopeID `json:"scope,omitempty" doc:"On which scope; absent for the organization itself."`
	Manager    string         `json:"manager,omitempty" doc:"The person's manager: login, else address."`
	Membership string         `json:"membership,omitempty" doc:"Absent for a member of the usual kind; none, suspended, or the kind of member, or both of the latter."`
	Until      time.Time      `json:"until,omitzero" doc:"When the role ends by itself; absent if it does not."`
}

// ExportPeople lists everybody in the form in which they can be imported: a row
// for each role, also one that comes with the membership, and for each membership
// without one. Scopes that the caller may not see are left out.
func (s *Service) ExportPeople(ctx context.Context, caller Caller, org events.OrgID, reading Reading) ([]PersonRow, error) {
	seen, err := s.read(ctx, caller, org, reading, rolemodel.ScopeExport, "")
	if err != nil {
		return nil, err
	}
	list := []PersonRow{}
	for _, person := range seen.state.Persons() {
		if !person.Anonymizing() {
			list = append(list, seen.rows(person)...)
		}
	}
	sortBy(list, func(r PersonRow) string { return firstOf(r.Login, r.Email) })
	return list, nil
}

// rows are what a file says of one person.
func (v *view) rows(person *aggregate.Person) []PersonRow {
	details := func(p *aggregate.Person) PersonDetails {
		open := func(field vault.Field, sealed aggregate.Sealed) string {
			return v.service.open(v.state.Org, string(p.ID), field, sealed)
		}
		d := p.Details
		return PersonDetails{Login: open(vault.FieldLogin, d.Login), Email: open(vault.FieldEmail, d.Email), Name: open(vault.FieldName, d.Name), JobTitle: open(vault.FieldJobTitle, d.JobTitle)}
	}
	d := details(person)
	base := PersonRow{Login: d.Login, Email: d.Email, Name: d.Name, JobTitle: d.JobTitle}
	if person.Chart != nil {
		if manager, known := v.state.Person(person.Chart.Manager); known {
			d := details(manager)
			base.Manager = firstOf(d.Login, d.Email)
		}
	}
	on := func(scope events.ScopeID) PersonRow {
		row := base
		if scope != v.state.Root {
			row.Scope = scope
		}
		return row
	}
	var rows []PersonRow
	for _, m := range person.Memberships {
		if v.unseen(person, m.Scope) {
			continue
		}
		row := on(m.Scope)
		words := []string{}
		if m.MemberKind != "" {
			words = append(words, string(m.MemberKind))
		}
		if !m.Active {
			words = append(words, paused)
		}
		row.Membership = strings.Join(words, " ")
		held := len(rows)
		for _, g := range person.Grants {
			if g.Scope == m.Scope && !v.state.Over(g) {
				row.Role, row.Until = g.Role.Name, g.Until
				rows = append(rows, row)
			}
		}
		if len(rows) == held {
			rows = append(rows, row)
		}
	}
	for _, g := range person.Grants {
		if _, member := person.Membership(g.Scope); member || v.state.Over(g) || v.unseen(person, g.Scope) {
			continue
		}
		row := on(g.Scope)
		row.Role, row.Until = g.Role.Name, g.Until
		if _, member := person.Membership(v.state.Seat(g.Scope, g.Role)); !member {
			row.Membership = nonMember
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		base.Membership = nonMember
		rows = append(rows, base)
	}
	return rows
}
