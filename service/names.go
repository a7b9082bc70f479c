package service

import (
	"errors"
	"strings"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
	"tenure/vault"
)

// findPerson resolves an id, a login or an address, or the name of an API client,
// of somebody whom the given state knows or, where that is an older one, the
// newest.
func (s *Service) findPerson(state *aggregate.State, name string) (events.PrincipalID, bool) {
	known := func(id string) bool {
		if _, known := state.Person(events.PrincipalID(id)); known {
			return true
		}
		_, known := s.stateOf(state.Org).Person(events.PrincipalID(id))
		return known
	}
	if known(name) {
		return events.PrincipalID(name), true
	}
	for _, kind := range naming {
		owner, found := s.vault.Find(state.Org, kind, name)
		if person, is := s.stateOf(state.Org).Person(events.PrincipalID(owner)); is && person.Anonymizing() {
			continue
		}
		if found && known(owner) {
			return events.PrincipalID(owner), true
		}
	}
	return "", false
}

// naming are the kinds of value that lead to a principal.
var naming = []vault.Kind{vault.ByLogin, vault.ByEmail, vault.ByClient}

// findScope resolves "KIND:HANDLE" or "KIND:TITLE"; nothing means the root.
func (s *Service) findScope(state *aggregate.State, name string) (events.ScopeID, bool) {
	if name == "" {
		return state.Root, true
	}
	if scope, exists := state.Scope(events.ScopeID(name)); exists {
		return scope.ID, true
	}
	kind, title, found := strings.Cut(name, ":")
	if !found {
		return "", false
	}
	owner, found := s.vault.Find(state.Org, vault.ByTitle, titleKey(kind, title))
	if !found {
		return "", false
	}
	_, exists := state.Scope(events.ScopeID(owner))
	return events.ScopeID(owner), exists
}

// nameOn takes KIND.NAME, as roles and the like are written where kinds are mixed,
// for NAME on a scope of that kind.
func nameOn[ID ~string](id ID, on events.ScopeID) ID {
	return ID(strings.TrimPrefix(string(id), on.Kind()+"."))
}

// titleKey is what a scope is looked up by: titles of different kinds of scope
// do not get into each other's way.
func titleKey(kind, title string) string { return kind + ":" + strings.TrimSpace(title) }

func refusePerson(org events.OrgID, field, name string) error {
	return refuseUnknown(field, "person", name, "tenure person list --org "+string(org))
}

func refuseScope(org events.OrgID, field, name string) error {
	return refuseUnknown(field, "scope", name, "tenure scope list --org "+string(org))
}

// may says whether the caller may do the act in the organization. The operator
// may, if only under break-glass; that is judged later.
func (p *plan) may(act rolemodel.Act) bool {
	return p.caller.Operator() || p.state.MayAct(p.caller.Principal, act, p.state.Root)
}

// mayUpon says whether the caller may do the act upon somebody, as [plan.may]
// does.
func (p *plan) mayUpon(act rolemodel.Act, id events.PrincipalID) bool {
	return p.caller.Operator() || p.state.MayActUpon(p.caller.Principal, act, id)
}

// mayRegister says whether the caller may make somebody known who comes to the
// scope by the command. It says so wherever the decision may: there it takes the
// act on the scope itself, or on one that stands in for it.
func (p *plan) mayRegister(id events.PrincipalID, on events.ScopeID) bool {
	if p.caller.Operator() || p.state.MayRegister(p.caller.Principal, id, "") {
		return true
	}
	for at := range p.state.Up(on) {
		if p.state.MayRegister(p.caller.Principal, id, at.ID) {
			return true
		}
	}
	return false
}

// looksAfter says whether the caller may do something upon the person, or
// manages the client, and so knows of them.
func (p *plan) looksAfter(id events.PrincipalID) bool {
	if person, known := p.state.Person(id); known && person.Client {
		return p.may(rolemodel.ClientManage)
	}
	for _, act := range []rolemodel.Act{rolemodel.PersonUpdate, rolemodel.ManagerAssign, rolemodel.CredentialRevoke, rolemodel.BehalfAct} {
		if p.mayUpon(act, id) {
			return true
		}
	}
	return false
}

// person resolves the person whom a command is about.
func (p *plan) person(name string) (events.PrincipalID, error) {
	id, err := p.find("person", name)
	if err == nil && !id.Builtin() { // who has no key that a note could be kept under
		p.about = id
	}
	return id, err
}

// mayEnlist says whether the caller may bring people to some scope, and so find
// them by the exact login or address.
func (p *plan) mayEnlist() bool {
	if p.enlists == nil {
		may := p.caller.Operator() || p.state.MayEnlist(p.caller.Principal)
		p.enlists = &may
	}
	return *p.enlists
}

// find resolves a person or an API client. Only those who may read the directory
// find others by their names, or who look after them, or bring people somewhere:
// else whoever has a key could try out who is known.
func (p *plan) find(field, name string) (events.PrincipalID, error) {
	id, known := p.service.findPerson(&p.state, name)
	if string(id) != name && id != p.caller.Principal && !p.may(rolemodel.DirectoryRead) && !(known && p.looksAfter(id)) {
		if !p.mayEnlist() {
			refused := refuse(aggregate.CodeNotPermitted, field, "You may not look people up in %s; name them by id.", p.org)
			refused[0].Contact = p.state.Contact(p.caller.Principal)
			return "", refused
		}
		if found, _ := p.state.Person(id); known && found.Client && !p.state.MayEquip(p.caller.Principal) {
			known = false
		}
	}
	if !known {
		return "", refusePerson(p.org, field, name)
	}
	return id, nil
}

// scope resolves a scope that exists.
func (p *plan) scope(field, name string) (events.ScopeID, error) {
	return newView(p.service, p.caller, &p.state, &p.state).scope(field, name)
}

// seal seals a field under its owner's key; an empty text stays empty.
func (p *plan) seal(owner string, field vault.Field, text string) (events.Sealed, error) {
	if text == "" {
		return nil, nil
	}
	sealed, err := p.stage.Seal(owner, p.commit, field, text)
	if errors.Is(err, vault.ErrNoText) {
		return nil, refuse(aggregate.CodeInvalid, "", "An empty text cannot be kept: leave the field out.")
	}
	return sealed, err
}

// checkTitle refuses what cannot be a title.
func checkTitle(title string) error {
	if strings.TrimSpace(title) == "" {
		return refuse(aggregate.CodeInvalid, "title", "A title needs something to read.")
	}
	return checkText("title", title, maxText)
}

// sealTitle seals a scope's title and lets the scope be found by it. Titles
// need not be unique: a scope that is there keeps the name it is found by, one
// that was deleted gives way.
func (p *plan) sealTitle(owner events.ScopeID, title string) (events.Sealed, error) {
	if err := checkTitle(title); err != nil {
		return nil, err
	}
	if !p.stage.Has(string(owner)) {
		if err := p.stage.Create(string(owner)); err != nil {
			return nil, err
		}
	}
	p.titles[owner] = title
	key := titleKey(owner.Kind(), title)
	holder, taken := p.stage.Find(vault.ByTitle, key)
	if taken && holder != string(owner) {
		_, exists := p.state.Scope(events.ScopeID(holder))
		if _, made := p.titles[events.ScopeID(holder)]; exists || made {
			key = ""
		} else if err := p.stage.Relabel(holder, vault.Lookup{Kind: vault.ByTitle}); err != nil {
			return nil, err
		}
	}
	if err := p.stage.Relabel(string(owner), vault.Lookup{Kind: vault.ByTitle, Value: key}); err != nil {
		return nil, err
	}
	return p.seal(string(owner), vault.FieldTitle, title)
}

// open opens a sealed field; erased ones and absent ones are empty.
func (s *Service) open(org events.OrgID, owner string, field vault.Field, sealed aggregate.Sealed) string {
	if len(sealed.Value) == 0 {
		return ""
	}
	// From the decision on nothing of the person is shown, whether or not the
	// key is gone already.
	if person, is := s.stateOf(org).Person(events.PrincipalID(owner)); is && person.Anonymizing() {
		return ""
	}
	text, err := s.vault.Open(org, owner, sealed.Commit, field, sealed.Value)
	if err != nil && !errors.Is(err, vault.ErrErased) {
		s.log.Error("a sealed field does not open", "org", org, "owner", owner, "field", field, "error", err)
	}
	return text
}

// login is how a person is called: login, else address, else id. An API client is
// called by its name.
func (s *Service) login(state *aggregate.State, id events.PrincipalID) string {
	if id == events.Background {
		return s.backgroundName(state)
	}
	if id == "" || id.Builtin() {
		return string(id)
	}
	person, known := state.Person(id)
	if !known {
		return string(id)
	}
	now, known := s.stateOf(state.Org).Person(id)
	if person.Anonymizing() || known && now.Anonymizing() {
		return anonymousName(id)
	}
	if person.Client {
		return firstOf(s.open(state.Org, string(id), vault.FieldName, person.Details.Name), string(id))
	}
	if login := s.open(state.Org, string(id), vault.FieldLogin, person.Details.Login); login != "" {
		return login
	}
	if email := s.open(state.Org, string(id), vault.FieldEmail, person.Details.Email); email != "" {
		return email
	}
	return string(id)
}

// backgroundName is how the background user is called (F11).
func (s *Service) backgroundName(state *aggregate.State) string {
	title := s.title(state, state.Root)
	if title == "" {
		title = string(state.Org)
	}
	return "Background Tasks “" + title + "”"
}

// anonymousName is how somebody is called whose names are gone.
func anonymousName(id events.PrincipalID) string { return "anonymized person " + string(id) }

// title is how a scope is called in words; empty without one.
func (s *Service) title(state *aggregate.State, id events.ScopeID) string {
	scope, exists := state.Scope(id)
	if !exists {
		return ""
	}
	return s.open(state.Org, string(id), vault.FieldTitle, scope.Title)
}
