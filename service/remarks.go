package service

import (
	"fmt"

	"tenure/aggregate"
	"tenure/events"
)

// maxRemarks bounds how much is remarked of one commit.
const maxRemarks = 20

// remarkable says whether there may be something to remark of a commit.
func remarkable(list events.Events) bool {
	for _, event := range list {
		switch event.(type) {
		case events.RoleGranted, events.PermissionWithheld:
			return true
		}
	}
	return false
}

// remarks say of what a commit did what does not show by it, as things are
// afterwards: that a role gives its holder nothing, and that what was withheld is
// had in another way all the same.
func (v *view) remarks(after *aggregate.State, list events.Events) []string {
	var remarks []string
	said := map[string]bool{}
	add := func(format string, args ...any) {
		if text := fmt.Sprintf(format, args...); !said[text] && len(remarks) < maxRemarks {
			said[text] = true
			remarks = append(remarks, text)
		}
	}
	for _, event := range list {
		switch e := event.(type) {
		case events.RoleGranted:
			role, known := after.Role(e.Scope.Kind(), string(e.Role))
			if !known {
				continue
			}
			if capping, useless := after.Useless(e.Subject, role, e.Scope); useless {
				add("%s on %s gives %s nothing: whoever is %s on %s has no more than that, whatever else they hold.",
					role.Name, e.Scope, v.login(e.Subject), capping.Role.Name, capping.Scope)
			}
		case events.PermissionWithheld:
			role, known := after.Model.Role(e.Kind, string(e.Role))
			permission, exists := after.Model.Permission(string(e.Permission))
			if !known || !exists {
				continue
			}
			var values []string
			for _, other := range list {
				if w, is := other.(events.PermissionWithheld); is && w.Kind == e.Kind && w.Role == e.Role && w.Permission == e.Permission {
					values = append(values, w.Value)
				}
			}
			for _, remaining := range after.Remaining(role, permission, values) {
				by := "the membership of " + string(remaining.Scope)
				if remaining.Role != nil {
					by = "the role " + remaining.Role.ID()
				}
				add("%s is still had by %s, by %s.", permission.ID, counted(remaining.Holders, "holder of "+role.ID(), "holders of "+role.ID()), by)
			}
		}
	}
	return remarks
}

// unkeyed remarks that whoever answered an invitation with its token has no key, and
// never had one; empty if it is not so. What somebody holds already is not to be had
// by a token.
func (s *Service) unkeyed(caller Caller, after *aggregate.State) string {
	person, known := after.Person(caller.Principal)
	if caller.Invitation == "" || !known || person.Ever > 0 {
		return ""
	}
	login := s.login(after, person.ID)
	return fmt.Sprintf("No key was issued, since %s holds roles here already: the operator issues the first one (tenure keys issue %s --org %s).", login, login, after.Org)
}

// counted writes a number with its noun.
func counted(n int, one, several string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, several)
}
