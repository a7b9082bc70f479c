package service

import (
	"fmt"
	"strings"
	"testing"

	"tenure/aggregate"
	"tenure/events"
)

// headings writes sections down, each with its permissions.
func headings(list []SectionView) []string {
	rows := []string{}
	for _, s := range list {
		text := s.Title
		if len(s.Exclusive) > 0 {
			text += fmt.Sprintf(" (%s alone, %s)", strings.Join(s.Exclusive, ", "), s.Rule)
		}
		for _, p := range s.Permissions {
			text += " " + p.ID
			if p.Scopes != 1 {
				text += fmt.Sprintf("×%d", p.Scopes)
			}
			if p.Only != "" {
				text += " only " + p.Only
			}
		}
		rows = append(rows, text)
	}
	return rows
}

func TestSections(t *testing.T) {
	h := workshop(t)
	ann, ben := h.as("acme", "ann"), h.as("acme", "ben")
	for _, c := range []struct {
		name    string
		caller  Caller
		who, on string
		below   bool
		want    []string
	}{
		{"the owner", ann, "ann", "", false, []string{"Workspace (workspace.owner alone, D04) workspace.manage"}},
		{"the owner, all below", ann, "", "", true, []string{
			"Workspace (workspace.owner alone, D04) workspace.manage", "Teams team.invite×2 team.build×2", "Plans plan.read×2 plan.edit×2", "Circles circle.fill"}},
		{"who has nothing there", ann, "ben", "", false, []string{}},
		{"all that somebody has below", ben, "", "", true, []string{"Teams team.invite team.build", "Plans plan.read plan.edit×2"}},
		{"on a team", ann, "ben", "team:squad", false, []string{"Teams team.invite only for people who are in the workspace team.build"}},
		{"on another team", ann, "ben", "team:band", true, []string{}},
		{"on a plan where there is no condition to fail", ann, "ben", "plan:open", false, []string{"Plans plan.edit"}},
		{"under a ceiling", ann, "cat", "", true, []string{"Plans plan.read"}},
		{"by a group", ann, "dan", "", true, []string{"Plans plan.read×2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			diff(t, "sections", c.want, headings(must[[]SectionView](t)(h.Sections(t.Context(), c.caller, "acme", Reading{}, c.who, c.on, c.below))))
		})
	}
	// A permission that waits for a feature comes with it.
	h.writes("acme", ann.Principal, "", events.FeatureEnabled{Feature: "printing"})
	diff(t, "with the feature", []string{"Workspace (workspace.owner alone, D04) workspace.manage workspace.print"},
		headings(must[[]SectionView](t)(h.Sections(t.Context(), operator, "acme", Reading{}, "ann", "", false))))
	diff(t, "before it", []string{"Workspace (workspace.owner alone, D04) workspace.manage"},
		headings(must[[]SectionView](t)(h.Sections(t.Context(), operator, "acme", Reading{Moment: atRevision(h.revision("acme") - 1)}, "ann", "", false))))

	for name, c := range map[string]struct {
		caller  Caller
		who, on string
		code    aggregate.Code
		field   string
	}{
		"others":      {ben, "ann", "", aggregate.CodeNotPermitted, ""},
		"nobody":      {operator, "nobody", "", aggregate.CodeUnknown, "person"},
		"nowhere":     {operator, "ann", "team:none", aggregate.CodeUnknown, "scope"},
		"no operator": {operator, "", "", aggregate.CodeInvalid, "person"},
	} {
		_, err := h.Sections(t.Context(), c.caller, "acme", Reading{}, c.who, c.on, false)
		if r := refusedWith(t, err, c.code); r.Field != c.field {
			t.Errorf("%s: %+v", name, r)
		}
	}
}
