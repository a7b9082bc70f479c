package service

import (
	"context"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
)

// Peribolos is an organization in the declarative format of that name: logins
// and team names as they were written.
type Peribolos struct {
	Admins  []string                  `json:"admins" yaml:"admins" doc:"The administrators' logins."`
	Members []string                  `json:"members" yaml:"members" doc:"The logins of all other members."`
	Teams   map[string]*PeribolosTeam `json:"teams" yaml:"teams" doc:"The teams directly below the organization, by name."`
}

// PeribolosTeam is a team with the teams below it.
type PeribolosTeam struct {
	Maintainers []string                  `json:"maintainers" yaml:"maintainers" doc:"The maintainers' logins."`
	Members     []string                  `json:"members" yaml:"members" doc:"The logins of all other members."`
	Teams       map[string]*PeribolosTeam `json:"teams,omitempty" yaml:"teams,omitempty" doc:"The teams directly below this one, by name."`
}

// ExportPeribolos writes the organization as of the reading.
func (s *Service) ExportPeribolos(ctx context.Context, caller Caller, org events.OrgID, reading Reading) (Peribolos, error) {
	seen, err := s.read(ctx, caller, org, reading, rolemodel.DirectoryRead, "")
	if err != nil {
		return Peribolos{}, err
	}
	root, _ := seen.state.Scope(seen.state.Root)
	return Peribolos{
		Admins:  seen.logins(root, timelineAdmin),
		Members: seen.logins(root, timelineMember),
		Teams:   seen.teams(root),
	}, nil
}

// teams are the teams directly below a scope by title. One without a title, or
// with that of another one there, goes by its handle.
func (v *view) teams(under *aggregate.Scope) map[string]*PeribolosTeam {
	teams := map[string]*PeribolosTeam{}
	for _, id := range under.Children() {
		scope, _ := v.state.Scope(id)
		if id.Kind() != timelineTeam || v.hides(id) {
			continue
		}
		name := firstOf(v.title(id), id.Handle())
		if teams[name] != nil {
			name = id.Handle()
		}
		if teams[name] != nil {
			name = string(id)
		}
		teams[name] = &PeribolosTeam{
			Maintainers: v.logins(scope, timelineMaintainer),
			Members:     v.logins(scope, timelineMember),
			Teams:       v.teams(scope),
		}
	}
	return teams
}

// logins lists who holds a role on a scope, by login; an empty list, never nil.
func (v *view) logins(scope *aggregate.Scope, name string) []string {
	list := []string{}
	if role, defined := v.state.Role(scope.ID.Kind(), name); defined {
		for _, id := range scope.Holders(role) {
			if person, _ := v.state.Person(id); !person.Client {
				list = append(list, v.login(id))
			}
		}
	}
	sortBy(list, func(login string) string { return login })
	return list
}
