package aggregate

import (
	"slices"

	"tenure/events"
	"tenure/rolemodel"
)

// Addressees are those whom an audience leads to.
type Addressees struct {
	// Persons are sorted by id, and empty where nobody is found.
	Persons []events.PrincipalID
	// Audience is the one in line that was found, or nil.
	Audience *rolemodel.Audience
	// Designated says that the person is the one who is marked, alone.
	Designated bool
	// Skipped are those in line before it that nobody holds, or that the person
	// left out holds alone.
	Skipped []*rolemodel.Audience
}

// Addressees finds an audience for what happens on a scope: on the nearest
// scope of its kind the one who is marked, alone, else all active holders of
// its roles, else the next in line. The person given is left out; it may be
// empty. What happens on a scope that is gone happens on the organization.
func (s State) Addressees(audience *rolemodel.Audience, on events.ScopeID, except events.PrincipalID) Addressees {
	var found Addressees
	if _, exists := s.Scope(on); !exists {
		on = s.Root
	}
	for ; audience != nil; audience = audience.Otherwise {
		for scope := range s.Up(on) {
			if scope.Kind.Name != audience.Kind {
				continue
			}
			if audience.Designation != nil {
				if marked, set := scope.Designated(audience.Designation); set && marked.Subject != except && s.holdsAmong(marked, scope) {
					found.Persons, found.Designated = []events.PrincipalID{marked.Subject}, true
					break
				}
			}
			found.Persons = s.activeOf(scope, audience.Roles, except)
			break
		}
		if len(found.Persons) > 0 {
			found.Audience = audience
			return found
		}
		found.Skipped = append(found.Skipped, audience)
	}
	return found
}

// holdsAmong says whether the one who is marked actively holds a role of the
// designation: who is suspended reads no mail.
func (s State) holdsAmong(marked Designated, scope *Scope) bool {
	person, known := s.Person(marked.Subject)
	return known && slices.ContainsFunc(marked.Designation.Among, func(role *rolemodel.Role) bool {
		g, held := person.Grant(role, scope.ID)
		return held && s.Active(person, &g)
	})
}

// activeOf lists the people who actively hold any of the roles on a scope, by id.
func (s State) activeOf(scope *Scope, roles []*rolemodel.Role, except events.PrincipalID) []events.PrincipalID {
	var list []events.PrincipalID
	for _, role := range roles {
		for _, id := range scope.Holders(role) {
			person, _ := s.Person(id)
			if g, _ := person.Grant(role, scope.ID); id != except && !person.Client && s.Active(person, &g) {
				list = append(list, id)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Designated finds who is marked by a designation on a scope.
func (s State) Designated(designation *rolemodel.Designation, on events.ScopeID) (events.PrincipalID, bool) {
	scope, exists := s.Scope(on)
	if !exists {
		return "", false
	}
	marked, set := scope.Designated(designation)
	return marked.Subject, set
}

// Contact lists whom somebody can ask for a permission that they lack (F04), who
// never is that person; nobody where the model names none.
func (s State) Contact(who events.PrincipalID) []events.PrincipalID {
	if s.Model == nil || s.Model.Contact == nil {
		return nil
	}
	return s.Addressees(s.Model.Contact, s.Root, who).Persons
}

// Resolve finds who is responsible for a scope by a resolver: the active holders
// of its role on the nearest scope where that has any, and that scope (F09).
// Where there are none, both are empty.
func (s State) Resolve(resolver *rolemodel.Resolver, on events.ScopeID) ([]events.PrincipalID, *Scope) {
	for scope := range s.Up(on) {
		role := resolver.RoleOn(scope.Kind.Name)
		if role == nil {
			continue
		}
		if persons := s.activeOf(scope, []*rolemodel.Role{role}, ""); len(persons) > 0 {
			return persons, scope
		}
	}
	return nil, nil
}
