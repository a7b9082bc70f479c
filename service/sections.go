package service

import (
	"context"
	"slices"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
)

// SectionView is a section of which a person sees something: one where they have
// at least one permission (D04, C25).
type SectionView struct {
	Title       string           `json:"title" doc:"The section's title."`
	Exclusive   []string         `json:"exclusive,omitempty" doc:"The roles that alone hold its permissions, KIND.NAME; absent where others may hold them too."`
	Rule        string           `json:"rule,omitempty" doc:"The numbered rule by which it is theirs alone."`
	Permissions []PermittedEntry `json:"permissions" doc:"What the person has of it, in the role model's order."`
}

// PermittedEntry is a permission that a person has.
type PermittedEntry struct {
	ID     string `json:"id" doc:"The permission's id."`
	Title  string `json:"title" doc:"What it allows, in words."`
	Kind   string `json:"kind" doc:"The kind of scope that it applies to."`
	Rule   string `json:"rule,omitempty" doc:"The numbered rule of the permission."`
	Scopes int    `json:"scopes" doc:"On how many scopes of that kind the person has it, of those asked about."`
	ConditionView
}

// Sections lists what a person sees on a scope: the sections of the role model in
// its order, with the permissions that the person has there, in regard to
// nobody; below says to list what they have on the scopes below it as well.
// Without a person it is the caller. Everybody may ask about themselves.
func (s *Service) Sections(ctx context.Context, caller Caller, org events.OrgID, reading Reading, who, on string, below bool) ([]SectionView, error) {
	if who == "" {
		if caller.Operator() {
			return nil, refuse(aggregate.CodeInvalid, "person", "The operator holds no roles, so say which person is meant.")
		}
		who = string(caller.Principal)
	}
	seen, err := s.read(ctx, caller, org, reading, rolemodel.DirectoryRead, who)
	if err != nil {
		return nil, err
	}
	id, known := s.findPerson(seen.state, who)
	if !known {
		return nil, refusePerson(org, "person", who)
	}
	scope, err := seen.scope("scope", on)
	if err != nil {
		return nil, err
	}
	sections, places := []SectionView{}, map[string]int{}
	asked := seen.within(scope, below)
	for _, permission := range seen.state.Model.Permissions {
		if _, listed := places[permission.Section]; !listed {
			places[permission.Section] = len(sections)
			sections = append(sections, seen.section(permission.Section))
		}
		entry := PermittedEntry{ID: permission.ID, Title: permission.Title, Kind: permission.Kind, Rule: permission.Rule}
		for _, at := range asked[permission.Kind] {
			question := aggregate.Question{Who: id, Permission: permission, On: at}
			if !seen.state.Allowed(question) {
				continue
			}
			if entry.Scopes++; at == scope {
				entry.ConditionView = viewCondition(onlyBy(seen.state.Explain(question).Because))
			}
		}
		if entry.Scopes > 0 {
			section := &sections[places[permission.Section]]
			section.Permissions = append(section.Permissions, entry)
		}
	}
	return slices.DeleteFunc(sections, func(s SectionView) bool { return len(s.Permissions) == 0 }), nil
}

// section is a section of the model, with nothing in it yet.
func (v *view) section(title string) SectionView {
	section := SectionView{Title: title}
	for _, reserved := range v.state.Model.Sections {
		if reserved.Title != title {
			continue
		}
		section.Rule = reserved.Rule
		for _, role := range reserved.Exclusive {
			section.Exclusive = append(section.Exclusive, role.ID())
		}
	}
	return section
}

// within lists a scope, or it and all below it, by kind.
func (v *view) within(top events.ScopeID, below bool) map[string][]events.ScopeID {
	if !below {
		return map[string][]events.ScopeID{top.Kind(): {top}}
	}
	list := map[string][]events.ScopeID{}
	for _, scope := range v.state.Scopes() {
		if v.state.Under(scope.ID, top) {
			list[scope.Kind.Name] = append(list[scope.Kind.Name], scope.ID)
		}
	}
	return list
}

// onlyBy is the condition that everything that gives a permission depends on; nil
// if something gives it without.
func onlyBy(because []aggregate.Reason) *rolemodel.Condition {
	for _, reason := range because {
		if reason.Condition == nil {
			return nil
		}
	}
	if len(because) == 0 {
		return nil
	}
	return because[0].Condition
}
