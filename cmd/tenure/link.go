package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"tenure/api"
	"tenure/service"
)

func (a *app) links() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "links PERSON",
		Short: "List everything in the ledger that names a person",
		Long: `Links lists everything in the ledger that names a person, in the order in which it
came to be: as the one concerned, the one who did it, the one for whom it was done, or
the one who was told. It stays when the person is anonymized, under the id alone.`,
		Example: `  tenure links tom --org acme --data ./ledger --key carl.key`,
		Args:    exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				list, err := c.Links(cmd.Context(), a.org, a.at, args[0])
				if err != nil {
					return err
				}
				return print(a, list, "Nothing names this person.", linkColumns(a.format != "table")...)
			})
		},
	}
	a.inOrg(cmd)
	a.dated(cmd)
	return cmd
}

func linkColumns(all bool) []column[service.Link] {
	type view = service.Link
	columns := []column[view]{
		{"kind", func(l view) string { return l.Kind }},
		{"as", func(l view) string { return l.As }},
		{"what", func(l view) string { return l.What }},
		{"role", func(l view) string { return l.Role }},
		{"scope", func(l view) string { return string(l.Scope) }},
		{"other", func(l view) string { return l.Other }},
		{"from", func(l view) string { return date(l.From) }},
		{"revision", func(l view) string { return fmt.Sprint(l.Revision) }},
		{"to", func(l view) string {
			if l.Current {
				return "stands"
			}
			return date(l.To)
		}},
	}
	if all {
		columns[len(columns)-1].text = func(l view) string { return date(l.To) }
		columns = append(columns,
			column[view]{"ended", func(l view) string { return number(uint64(l.Ended)) }},
			column[view]{"current", func(l view) string { return fmt.Sprint(l.Current) }},
			column[view]{"item", func(l view) string { return l.Item }},
		)
	}
	return columns
}

// number writes a number, and nothing for 0.
func number(n uint64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}
