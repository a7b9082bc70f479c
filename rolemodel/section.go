package rolemodel

import "slices"

// Section is a section of permissions that some roles alone hold.
type Section struct {
	Title     string
	Exclusive []*Role
	// Rule is the numbered rule that it fulfils, or empty.
	Rule string
}

// reserving checks that what stands in a section is held by those alone for whom
// it is reserved (D04).
func (v *validator) reserving() {
	sections := map[line]*sectionEntry{}
	for i := range v.Sections {
		e := &v.Sections[i]
		if len(e.Exclusive) > 0 {
			sections[e.Title] = e
		}
		for j := range e.Exclusive {
			v.role(e.Exclusive[j], v.places[&e.Exclusive[j]])
		}
	}
	exclusive, filled := map[permissionID]*sectionEntry{}, map[*sectionEntry]bool{}
	for i := range v.Permissions {
		if e := sections[v.Permissions[i].Section]; e != nil {
			exclusive[v.Permissions[i].ID], filled[e] = e, true
		}
	}
	for i := range v.Sections {
		if e := &v.Sections[i]; v.legible && !filled[sections[e.Title]] {
			v.problem(v.places[&e.Title], "no permission stands in section %q", e.Title)
		}
	}
	for i := range v.Roles {
		e := &v.Roles[i]
		for _, list := range [][]permissionRef{e.Permissions, e.Inherited} {
			for j := range list {
				if section := exclusive[list[j].id()]; section != nil && !slices.Contains(section.Exclusive, e.ID) {
					v.problem(v.places[&list[j]], "permission %q is in section %q, which role %q may not hold%s", list[j].id(), section.Title, e.ID, section.cited())
				}
			}
		}
	}
	for i := range v.Scopes {
		unreserved(v, exclusive, v.Scopes[i].Carries, "a group")
	}
	for i := range v.CustomRoles {
		unreserved(v, exclusive, v.CustomRoles[i].Permissions, "a custom role")
		unreserved(v, exclusive, v.CustomRoles[i].Guarded, "a custom role")
		unreserved(v, exclusive, v.CustomRoles[i].Initial, "a custom role")
	}
}

// unreserved checks that nothing of a list stands in a section that is reserved.
func unreserved[Ref ~string](v *validator, exclusive map[permissionID]*sectionEntry, list []Ref, who string) {
	for i := range list {
		id, _ := split[Ref, permissionID](list[i])
		if section := exclusive[id]; section != nil {
			v.problem(v.places[&list[i]], "permission %q is in section %q, which %s may not hold%s", id, section.Title, who, section.cited())
		}
	}
}

func (m *Model) compileSections(entries []sectionEntry) {
	for _, e := range entries {
		m.Sections = append(m.Sections, &Section{Title: string(e.Title), Exclusive: m.roleList(e.Exclusive), Rule: string(e.Rule)})
	}
}

// cited is the number of the section's rule, as it ends a sentence.
func (e *sectionEntry) cited() string {
	if e.Rule == "" {
		return ""
	}
	return " (" + string(e.Rule) + ")"
}
