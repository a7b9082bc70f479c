package service

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
	"tenure/vault"
)

// view is a state as one caller sees it while one request lasts: those who may
// read the directory or the history see names, others see ids and their own
// name.
type view struct {
	service *Service
	state   *aggregate.State
	self    events.PrincipalID
	// now is the newest state, by which it is decided what may be seen; operator
	// says that the caller sees all of it.
	now      *aggregate.State
	operator bool
	// directory says that the caller may read the directory, all that every
	// name may be seen, clients that those of API clients may.
	directory, all, clients bool
	// others are people whose names may be seen besides.
	others map[events.PrincipalID]bool
	// opened are the names that were opened for this request.
	opened map[events.PrincipalID]string
	titles map[events.ScopeID]string
	// past are the last titles of scopes that the state may not have any more,
	// where a history is shown.
	past map[events.ScopeID]aggregate.Sealed
}

// newView shows a state to a caller. Who may see names is decided by the newest
// state, whichever one is shown.
func newView(s *Service, caller Caller, now, shown *aggregate.State) *view {
	directory := mayRead(now, caller, rolemodel.DirectoryRead) == nil
	return &view{
		service: s, state: shown, self: caller.Principal, now: now, operator: caller.Operator(),
		directory: directory, all: directory || mayRead(now, caller, rolemodel.HistoryRead) == nil,
		clients: caller.Operator() || now.MayAct(caller.Principal, rolemodel.ClientManage, now.Root),
		others:  map[events.PrincipalID]bool{}, opened: map[events.PrincipalID]string{}, titles: map[events.ScopeID]string{},
	}
}

// sees says whether the person's details may be shown.
func (v *view) sees(id events.PrincipalID) bool {
	if v.all || id == v.self || v.others[id] {
		return true
	}
	person, known := v.state.Person(id)
	return v.clients && known && person.Client
}

// login is how a person is called: login, else address, else id.
func (v *view) login(id events.PrincipalID) string {
	if !v.sees(id) {
		return string(id)
	}
	name, known := v.opened[id]
	if !known {
		name = v.service.login(v.state, id)
		v.opened[id] = name
	}
	return name
}

// governs says whether the role model says for scopes of this kind who sees them.
func (v *view) governs(id events.ScopeID) bool {
	return v.now.Model != nil && !v.now.Model.Allowing(id.Kind(), rolemodel.ScopeRead).Empty()
}

// reads says whether the caller may be shown a scope of such a kind. Of one that
// is gone, what was so at its time counts.
func (v *view) reads(id events.ScopeID) bool {
	state := v.now
	if _, exists := state.Scope(id); !exists {
		state = v.state
	}
	return v.operator || state.MayAct(v.self, rolemodel.ScopeRead, id)
}

// hides says whether the role model keeps the scope from the caller.
func (v *view) hides(id events.ScopeID) bool { return v.governs(id) && !v.reads(id) }

// gone says whether there is no such scope any more, neither now nor at the time
// that is shown.
func (v *view) gone(id events.ScopeID) bool {
	_, exists := v.now.Scope(id)
	_, existed := v.state.Scope(id)
	return !exists && !existed
}

// unseen says whether what the person has on the scope is kept from the caller.
// One's own is not.
func (v *view) unseen(person *aggregate.Person, on events.ScopeID) bool {
	return person.ID != v.self && v.hides(on)
}

// shows says whether the caller may be shown the scope, with who and what is
// there.
func (v *view) shows(id events.ScopeID) bool {
	if v.governs(id) {
		return v.reads(id)
	}
	return v.directory
}

// entitled says whether the caller may see what the scope is called.
func (v *view) entitled(id events.ScopeID) bool {
	if v.governs(id) {
		return v.reads(id)
	}
	return v.all
}

// partakes says whether the caller is a member or holds a role of the scope, of one
// below it or of one above it. What everybody is in, the organization, counts for
// itself alone.
func (v *view) partakes(id events.ScopeID) bool {
	state := v.now
	if _, exists := state.Scope(id); !exists {
		state = v.state
	}
	person, known := state.Person(v.self)
	if !known {
		return false
	}
	near := func(on events.ScopeID) bool {
		return on == id || state.Under(on, id) || on != state.Root && state.Under(id, on)
	}
	return slices.ContainsFunc(person.Memberships, func(m aggregate.Membership) bool { return near(m.Scope) }) ||
		slices.ContainsFunc(person.Grants, func(g aggregate.Grant) bool { return near(g.Scope) && !state.Over(g) })
}

// belongs says whether the caller is a member of an organization whose role model
// says who sees which scopes: then it may be none.
func (v *view) belongs() bool {
	person, known := v.now.Person(v.self)
	if !known || !slices.ContainsFunc(v.now.Model.Kinds, func(kind *rolemodel.Kind) bool {
		return !v.now.Model.Allowing(kind.Name, rolemodel.ScopeRead).Empty()
	}) {
		return false
	}
	_, member := person.Membership(v.now.Root)
	return member
}

// introduces lets the names be seen of those who are on a scope that is shown.
func (v *view) introduces(scope *aggregate.Scope) {
	v.others = map[events.PrincipalID]bool{}
	for _, id := range scope.Members() {
		v.others[id] = true
	}
	for _, role := range v.state.Roles() {
		for _, id := range scope.Holders(role) {
			v.others[id] = true
		}
	}
}

// title is how a scope is called in words; empty without one.
func (v *view) title(id events.ScopeID) string {
	title, known := v.titles[id]
	if !known && !v.entitled(id) {
		return ""
	}
	if !known {
		if title = v.service.title(v.state, id); title == "" {
			title = v.service.open(v.state.Org, string(id), vault.FieldTitle, v.past[id])
		}
		v.titles[id] = title
	}
	return title
}

// recall takes the titles of scopes from their history.
func (v *view) recall(records []events.Record) {
	v.past = map[events.ScopeID]aggregate.Sealed{}
	for i := range records {
		for _, e := range records[i].Events {
			switch e := e.(type) {
			case events.ScopeCreated:
				v.past[e.Scope] = aggregate.Sealed{Commit: records[i].ID, Value: e.Title}
			case events.ScopeRenamed:
				v.past[e.Scope] = aggregate.Sealed{Commit: records[i].ID, Value: e.Title}
			}
		}
	}
}

// scope resolves a scope. Only those who see its title find it by that.
func (v *view) scope(field, name string) (events.ScopeID, error) {
	id, exists := v.service.findScope(v.state, name)
	if !exists || name != "" && string(id) != name && !v.entitled(id) {
		return "", refuseScope(v.state.Org, field, name)
	}
	return id, nil
}

// note opens a commit's note.
func (v *view) note(r events.Record) string {
	if len(r.Note) == 0 || !v.sees(r.NoteAbout) {
		return ""
	}
	return v.service.open(r.Org, string(r.NoteAbout), vault.FieldNote, aggregate.Sealed{Commit: r.ID, Value: r.Note})
}

// introduced says what those are called whom to ask for a permission. Everybody
// in the organization may know that (F04).
func (s *Service) introduced(state *aggregate.State, refusals aggregate.Refusals) aggregate.Refusals {
	named := slices.Clone(refusals)
	for i := range named {
		named[i].ContactNames = s.logins(state, named[i].Contact)
	}
	return named
}

// logins are how persons are called, those first who were asked for first.
func (s *Service) logins(state *aggregate.State, ids []events.PrincipalID) []string {
	var names []string
	for _, id := range ids {
		if names = append(names, s.login(state, id)); len(names) == maxAsk {
			break
		}
	}
	return names
}

// ulidForm is what ids look like; those of anything but persons stay.
var ulidForm = regexp.MustCompile(`\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b`)

// named puts logins in the place of ids in refusals, as far as the caller may see
// them: one's own always. A question that the caller may not ask is no help.
func (v *view) named(err error) error {
	var refusals aggregate.Refusals
	if !errors.As(err, &refusals) {
		return err
	}
	named := v.service.introduced(v.state, refusals)
	for i := range named {
		if !v.directory && strings.HasPrefix(named[i].Help, "tenure who ") {
			named[i].Help = ""
		}
		for _, id := range []events.PrincipalID{named[i].Subject, v.self} {
			if login := v.login(id); id != "" && login != string(id) {
				named[i].Message = strings.ReplaceAll(named[i].Message, string(id), login)
				named[i].Help = strings.ReplaceAll(named[i].Help, string(id), login)
			}
		}
		called := func(id string) string { return v.login(events.PrincipalID(id)) }
		named[i].Message = ulidForm.ReplaceAllStringFunc(named[i].Message, called)
		named[i].Help = ulidForm.ReplaceAllStringFunc(named[i].Help, called)
	}
	return named
}
