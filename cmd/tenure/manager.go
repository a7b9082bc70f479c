package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tenure/api"
	"tenure/service"
)

func (a *app) manager() *cobra.Command {
	cmd := &cobra.Command{Use: "manager", Short: "Who is whose manager"}
	assign := a.managerVerb("assign PERSON MANAGER", "Say who somebody's manager is, instead of whoever was before", "tom lea", 2,
		func(cmd *cobra.Command, c *api.Client, args []string) (service.Receipt, error) {
			return c.AssignManager(cmd.Context(), a.org, a.change, service.ManagerRequest{Person: args[0], Manager: args[1]})
		})
	remove := a.managerVerb("remove PERSON", "Say that somebody has no manager any more", "tom", 1,
		func(cmd *cobra.Command, c *api.Client, args []string) (service.Receipt, error) {
			return c.RemoveManager(cmd.Context(), a.org, a.change, service.ManagerRequest{Person: args[0]})
		})
	cmd.AddCommand(assign, remove)
	return cmd
}

func (a *app) managerVerb(use, short, example string, args int, do func(*cobra.Command, *api.Client, []string) (service.Receipt, error)) *cobra.Command {
	verb, _, _ := strings.Cut(use, " ")
	cmd := &cobra.Command{
		Use: use, Short: short,
		Example: "  tenure manager " + verb + " " + example + " --org acme --data ./ledger --key lea.key",
		Args:    exactArgs(args),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.ask(cmd, func(c *api.Client) (service.Receipt, error) { return do(cmd, c, args) })
		},
	}
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}

func (a *app) personChart() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "chart [PERSON]",
		Short: "Show the organization chart, from the top or from one person downwards",
		Long: `Chart shows who is whose manager, as a tree. Who has no manager and is none is not
in it. Managers are assigned with tenure manager assign.`,
		Example: `  tenure person chart --org acme --data ./ledger
  tenure person chart lea --org acme --as-of 2026-01-31 --data ./ledger`,
		Args: asUsage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				chart, err := c.Chart(cmd.Context(), a.org, a.at, strings.Join(args, ""))
				if err != nil {
					return err
				}
				if a.format == "csv" {
					return print(a, chartRows(chart, "", 0), "", chartColumns()...)
				}
				text := chartText(chart)
				if len(chart) == 0 {
					text = "Nobody has a manager: tenure manager assign PERSON MANAGER --org " + a.org
				}
				return printOne(a, chart, text)
			})
		},
	}
	a.inOrg(cmd)
	a.dated(cmd)
	return cmd
}

// chartText draws the chart, who reports to somebody below them.
func chartText(chart []service.ChartNode) string {
	var b strings.Builder
	for _, node := range chart {
		fmt.Fprintln(&b, chartLabel(node))
		drawReports(&b, node.Reports, "")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func drawReports(b *strings.Builder, reports []service.ChartNode, indent string) {
	for i, node := range reports {
		branch, below := "├─ ", "│  "
		if i == len(reports)-1 {
			branch, below = "└─ ", "   "
		}
		fmt.Fprintln(b, indent+branch+chartLabel(node))
		drawReports(b, node.Reports, indent+below)
	}
}

func chartLabel(node service.ChartNode) string {
	label := visible(node.Login)
	if node.JobTitle != "" {
		label += ", " + visible(node.JobTitle)
	}
	if node.State != "member" {
		label += " (" + node.State + ")"
	}
	return label
}

// chartRow is a person in the chart, without the tree.
type chartRow struct {
	service.ChartNode
	manager string
	depth   int
}

func chartRows(chart []service.ChartNode, manager string, depth int) []chartRow {
	var rows []chartRow
	for _, node := range chart {
		rows = append(rows, chartRow{node, manager, depth})
		rows = append(rows, chartRows(node.Reports, node.Login, depth+1)...)
	}
	return rows
}

func chartColumns() []column[chartRow] {
	return []column[chartRow]{
		{"login", func(r chartRow) string { return r.Login }},
		{"id", func(r chartRow) string { return string(r.ID) }},
		{"name", func(r chartRow) string { return r.Name }},
		{"job title", func(r chartRow) string { return r.JobTitle }},
		{"state", func(r chartRow) string { return r.State }},
		{"manager", func(r chartRow) string { return r.manager }},
		{"depth", func(r chartRow) string { return fmt.Sprint(r.depth) }},
	}
}
