package service

import (
	"errors"
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
	// directory says that the caller may read the directory, all that every
	// name may be seen.
	directory, all bool
	// opened are the names that were opened for this request.
	opened map[events.PrincipalID]string
	titles map[events.ScopeID]string
	// gone are the last titles of scopes that the state may not have any more,
	// where a history is shown.
	gone map[events.ScopeID]aggregate.Sealed
}

// newView shows a state to a caller. Who may see names is decided by the newest
// state, whichever one is shown.
func newView(s *Service, caller Caller, now, shown *aggregate.State) *view {
	directory := mayRead(now, caller, rolemodel.DirectoryRead) == nil
	return &view{
		service: s, state: shown, self: caller.Principal,
		directory: directory, all: directory || mayRead(now, caller, rolemodel.HistoryRead) == nil,
		opened: map[events.PrincipalID]string{}, titles: map[events.ScopeID]string{},
	}
}

// sees says whether the person's details may be shown.
func (v *view) sees(id events.PrincipalID) bool { return v.all || id == v.self }

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

// title is how a scope is called in words; empty without one.
func (v *view) title(id events.ScopeID) string {
	if !v.all {
		return ""
	}
	title, known := v.titles[id]
	if !known {
		if title = v.service.title(v.state, id); title == "" {
			title = v.service.open(v.state.Org, string(id), vault.FieldTitle, v.gone[id])
		}
		v.titles[id] = title
	}
	return title
}

// recall takes the titles of scopes from their history.
func (v *view) recall(records []events.Record) {
	v.gone = map[events.ScopeID]aggregate.Sealed{}
	for i := range records {
		for _, e := range records[i].Events {
			switch e := e.(type) {
			case events.ScopeCreated:
				v.gone[e.Scope] = aggregate.Sealed{Commit: records[i].ID, Value: e.Title}
			case events.ScopeRenamed:
				v.gone[e.Scope] = aggregate.Sealed{Commit: records[i].ID, Value: e.Title}
			}
		}
	}
}

// scope resolves a scope. Only those who see names find it by its title.
func (v *view) scope(field, name string) (events.ScopeID, error) {
	id, exists := v.service.findScope(v.state, name)
	if !exists || name != "" && string(id) != name && !v.all {
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

// named puts logins in the place of ids in refusals, for callers who may see
// all names.
func (v *view) named(err error) error {
	var refusals aggregate.Refusals
	if !errors.As(err, &refusals) {
		return err
	}
	named := v.service.introduced(v.state, refusals)
	if !v.all {
		return named
	}
	for i := range named {
		for _, id := range []events.PrincipalID{named[i].Subject, v.self} {
			if login := v.login(id); id != "" && login != string(id) {
				named[i].Message = strings.ReplaceAll(named[i].Message, string(id), login)
				named[i].Help = strings.ReplaceAll(named[i].Help, string(id), login)
			}
		}
	}
	return named
}
