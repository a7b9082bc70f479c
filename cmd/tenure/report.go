package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tenure/api"
	"tenure/service"
)

func (a *app) report() *cobra.Command {
	cmd := &cobra.Command{
		Use: "report", Short: "How the roles are kept, and what people do",
	}
	cmd.AddCommand(a.reportPosture(), a.reportUsage())
	return cmd
}

func (a *app) reportPosture() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "posture",
		Short: "Say who holds the highest role since when, and what somebody should look at",
		Long: `Posture judges the roles of an organization: how many hold the highest one, whether
they are too few or too many for its size, who of them has done nothing for long, which
roles, groups and keys lie idle, and where nobody would answer. Warnings come first.`,
		Example: `  tenure report posture --org acme --data ./ledger
  tenure report posture --org acme --as-of 2026-01-31 -o json --data ./ledger`,
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				report, err := c.Posture(cmd.Context(), a.org, a.at)
				if err != nil {
					return err
				}
				if a.format == "json" {
					return writeJSON(a.out, report)
				}
				return print(a, report.Findings, "There is nothing to tell.", a.findingColumns()...)
			})
		},
	}
	a.inOrg(cmd)
	a.dated(cmd)
	return cmd
}

func (a *app) findingColumns() []column[service.FindingView] {
	type view = service.FindingView
	columns := []column[view]{
		{"level", func(f view) string { return string(f.Level) }},
		{"code", func(f view) string { return f.Code }},
		{"sentence", func(f view) string { return f.Sentence }},
		{"rule", func(f view) string { return f.Rule }},
	}
	if a.format == "table" {
		return columns
	}
	return append(columns,
		column[view]{"logins", func(f view) string { return strings.Join(f.Logins, " ") }},
		column[view]{"ids", func(f view) string { return spaced(f.IDs) }},
		column[view]{"scopes", func(f view) string { return spaced(f.Scopes) }},
	)
}

func (a *app) reportUsage() *cobra.Command {
	var from, to, on string
	cmd := &cobra.Command{
		Use:   "usage",
		Short: "Count what each person did, by unit",
		Long: `Usage counts commits and events of a period from the ledger, for each unit of the
role model, for instance each department, and each person. What was done elsewhere is the
organization's. A row on_behalf_of has what others did for the person. Members of a unit
who did nothing are listed with 0. Whoever may read reports of a unit alone names it by
--on.`,
		Example: `  tenure report usage --org acme --data ./ledger
  tenure report usage --on department:south --org acme --data ./ledger --key lea.key
  tenure report usage --from 2026-01-01 --to 2026-01-31 --org acme -o csv --data ./ledger`,
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				report, err := c.Usage(cmd.Context(), a.org, a.at, from, to, on)
				if err != nil {
					return err
				}
				if a.format == "json" {
					return writeJSON(a.out, report)
				}
				return print(a, report.Rows, "Nobody is a member, and nothing was done.", a.usageColumns()...)
			})
		},
	}
	a.on(cmd, &on)
	cmd.Flags().StringVar(&from, "from", "", "where the period begins: a date (its beginning, UTC) or an RFC 3339 time; the founding if left out")
	cmd.Flags().StringVar(&to, "to", "", "where it ends: a date (its end, UTC) or an RFC 3339 time; now if left out")
	a.inOrg(cmd)
	a.dated(cmd)
	return cmd
}

func (a *app) usageColumns() []column[service.UsageRow] {
	type view = service.UsageRow
	columns := []column[view]{
		{"scope", func(r view) string { return string(r.Scope) }},
		{"login", func(r view) string { return r.Login }},
		{"as", func(r view) string { return r.As }},
		{"commits", func(r view) string { return fmt.Sprint(r.Commits) }},
		{"events", func(r view) string { return fmt.Sprint(r.Events) }},
		{"last", func(r view) string { return date(r.Last) }},
		{"commands", func(r view) string { return counts(r.Commands) }},
	}
	if a.format == "table" {
		return columns
	}
	return append(columns,
		column[view]{"types", func(r view) string { return counts(r.Types) }},
		column[view]{"first", func(r view) string { return date(r.First) }},
		column[view]{"title", func(r view) string { return r.Title }},
		column[view]{"id", func(r view) string { return string(r.ID) }},
	)
}

// counts are a tally in words, by name.
func counts(tally map[string]int) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(tally)) {
		parts = append(parts, fmt.Sprintf("%s %d", name, tally[name]))
	}
	return strings.Join(parts, ", ")
}

func spaced[T ~string](list []T) string {
	texts := make([]string, len(list))
	for i, each := range list {
		texts[i] = string(each)
	}
	return strings.Join(texts, " ")
}
