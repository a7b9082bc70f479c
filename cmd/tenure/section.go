package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tenure/api"
	"tenure/service"
)

func (a *app) sections() *cobra.Command {
	var on string
	var below bool
	cmd := &cobra.Command{
		Use:   "sections [PERSON]",
		Short: "List the sections that a person sees, with what they may do there",
		Long: `Sections lists what a person sees on a scope: each section of the role model in which
they have at least one permission, in the model's order. With --below it lists what they
have on the scopes below as well, and on how many. Without PERSON it is about the one
whose key it is; everybody may ask about themselves.`,
		Example: `  tenure sections --org acme --data ./ledger --key lea.key
  tenure sections tom --on team:docs --org acme --data ./ledger`,
		Args: asUsage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				person := strings.Join(args, "")
				if len(args) == 1 && person == "" {
					return usageError{errors.New("sections: name a person, or nobody for yourself")}
				}
				list, err := c.Sections(cmd.Context(), a.org, a.at, person, on, below)
				if err != nil {
					return err
				}
				if a.format == "json" {
					return writeJSON(a.out, list)
				}
				rows := entries(list)
				return print(a, rows, "There is no section to see here.", a.sectionColumns(rows, below)...)
			})
		},
	}
	a.on(cmd, &on)
	cmd.Flags().BoolVar(&below, "below", false, "list what the person has on the scopes below as well")
	a.inOrg(cmd)
	a.dated(cmd)
	return cmd
}

// entry is a permission with the section that it stands in.
type entry struct {
	service.PermittedEntry
	section service.SectionView
}

func entries(list []service.SectionView) []entry {
	var rows []entry
	for _, section := range list {
		for _, p := range section.Permissions {
			rows = append(rows, entry{p, section})
		}
	}
	return rows
}

// sectionColumns are the columns of sections. A table shows conditions, and for
// whom a section is alone, only where there is such a thing.
func (a *app) sectionColumns(rows []entry, below bool) []column[entry] {
	columns := []column[entry]{
		{"section", func(e entry) string { return e.section.Title }},
		{"permission", func(e entry) string { return e.ID }},
		{"title", func(e entry) string { return e.Title }},
	}
	all := a.format != "table"
	if below || all {
		columns = append(columns, column[entry]{"scopes", func(e entry) string { return fmt.Sprint(e.Scopes) }})
	}
	if all || slices.ContainsFunc(rows, func(e entry) bool { return e.Only != "" }) {
		columns = append(columns, column[entry]{"only", func(e entry) string { return e.Only }})
	}
	if all || slices.ContainsFunc(rows, func(e entry) bool { return len(e.section.Exclusive) > 0 }) {
		columns = append(columns, column[entry]{"exclusive to", func(e entry) string { return strings.Join(e.section.Exclusive, " ") }})
	}
	return columns
}
