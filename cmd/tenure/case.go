package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tenure/api"
	"tenure/service"
)

func (a *app) cases() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cases",
		Short: "What is to be decided about people whose membership has ended",
		Long: `A case opens when a membership of the organization ends, and asks for a decision: to
anonymize the person, to keep the data for a time, or to hold it.`,
	}
	cmd.AddCommand(a.casesList(), a.casesShow())
	return cmd
}

func (a *app) casesList() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the open cases, the oldest first",
		Example: `  tenure cases list --org acme --data ./ledger --key carl.key
  tenure cases list --all --org acme --data ./ledger -o csv`,
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				list, err := c.Cases(cmd.Context(), a.org, a.at, all)
				if err != nil {
					return err
				}
				empty := "No case is open; for those that are closed: tenure cases list --all --org " + a.org
				if all {
					empty = "There is no case: nobody's membership has ended."
				}
				return print(a, list, empty, caseColumns(a.format != "table")...)
			})
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "closed cases as well")
	a.inOrg(cmd)
	a.dated(cmd)
	return cmd
}

func (a *app) casesShow() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show PERSON", Short: "Show one case: what happened, what was decided, and the evidence",
		Example: `  tenure cases show tom --org acme --data ./ledger --key carl.key`,
		Args:    exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				found, err := c.Case(cmd.Context(), a.org, a.at, args[0])
				if err != nil {
					return err
				}
				return printOne(a, found, caseText(found, a.org), caseColumns(true)...)
			})
		},
	}
	a.inOrg(cmd)
	a.dated(cmd)
	return cmd
}

func caseColumns(all bool) []column[service.CaseView] {
	type view = service.CaseView
	columns := []column[view]{
		{"opened", func(c view) string { return date(c.Opened) }},
		{"state", func(c view) string { return words(c.State) }},
		{"login", func(c view) string { return c.Login }},
		{"by", func(c view) string { return c.By }},
		{"decision", func(c view) string { return c.Decision }},
		{"keep until", func(c view) string { return date(c.KeepUntil) }},
		{"holds", func(c view) string { return fmt.Sprint(len(c.Holds)) }},
		{"reminder", func(c view) string { return nextDue(c.Reminders) }},
		{"closed", func(c view) string { return date(c.Closed) }},
	}
	if all {
		columns[1].text = func(c view) string { return c.State }
		columns = append(columns,
			column[view]{"person", func(c view) string { return string(c.Person) }},
			column[view]{"revision", func(c view) string { return number(uint64(c.Revision)) }},
			column[view]{"closed revision", func(c view) string { return number(uint64(c.ClosedBy)) }},
			column[view]{"keep ground", func(c view) string { return c.KeepGround }},
			column[view]{"kept by", func(c view) string { return c.KeptBy }},
			column[view]{"decided by", func(c view) string { return c.DecidedBy }},
			column[view]{"epoch", func(c view) string { return number(c.Epoch) }},
			column[view]{"certificate", func(c view) string { return c.Certificate }},
		)
	}
	return columns
}

// words is a name of the interface as it reads in a table.
func words(name string) string { return strings.ReplaceAll(name, "_", " ") }

// nextDue is when the first of the reminders is due.
func nextDue(reminders []service.ReminderView) string {
	first := ""
	for _, r := range reminders {
		if due := date(r.Due); first == "" || due < first {
			first = due
		}
	}
	return first
}

// caseText is a page about one case, as a file of it would read.
func caseText(c service.CaseView, org string) string {
	var p page
	title := c.Login
	if !strings.Contains(title, string(c.Person)) { // else there is no name, or it is gone
		title += "  " + string(c.Person)
	}
	p.line("Case of %s", title)
	p.field("state", words(c.State))
	if c.Revision > 0 {
		p.field("opened", fmt.Sprintf("%s, membership ended by %s (revision %d)", date(c.Opened), c.By, c.Revision))
	}
	if !c.Closed.IsZero() {
		p.field("closed", fmt.Sprintf("%s (revision %d)", date(c.Closed), c.ClosedBy))
	}
	p.field("decision", decisionText(c))
	p.field("ground", c.KeepGround)
	if c.Links != nil && c.Standing != nil {
		p.field("links", fmt.Sprintf("%d, %d of them standing: tenure links %s --org %s", *c.Links, *c.Standing, c.Person, org))
	}
	p.line("Alerts")
	for _, n := range c.Alerts {
		p.item("%s  %s to %s, %s%s", date(n.Since), n.Kind, n.Login, n.State, since(n))
		p.item("  because: %s", withRule(n.Why, n.Rule))
	}
	if len(c.Alerts) == 0 {
		p.item("none")
	}
	p.line("Reminders")
	for _, r := range c.Reminders {
		text := fmt.Sprintf("%s  %s", date(r.Due), r.State)
		if r.Every != "" {
			text += ", every " + r.Every
		}
		if r.Zone != "" {
			text += ", " + r.Zone
		}
		p.item("%s, set by %s at %s (revision %d): %s", text, r.By, date(r.Since), r.Revision, r.ID)
	}
	if len(c.Reminders) == 0 {
		p.item("none")
	}
	p.line("Legal holds")
	for _, h := range c.Holds {
		p.item("%s  %s, placed by %s (revision %d): %s", date(h.Since), h.Ground, h.By, h.Revision, h.ID)
	}
	if len(c.Holds) == 0 {
		p.item("none")
	}
	if c.Certificate != "" {
		p.line("Erasure certificate")
		for line := range strings.Lines(strings.TrimRight(c.Certificate, "\n")) {
			p.item("%s", strings.TrimSuffix(line, "\n"))
		}
	}
	if c.State == "open" {
		p.line("To decide")
		for _, way := range []string{"anonymize %s", "keep %s --until TIME --ground TEXT", "hold place %s --ground TEXT", "remind set %s --at TIME"} {
			p.item("tenure "+way+" --org %s", c.Login, org)
		}
	}
	return p.String()
}

// decisionText says what was decided last, and by whom.
func decisionText(c service.CaseView) string {
	switch {
	case c.Decision == "keep":
		return fmt.Sprintf("keep until %s, by %s", date(c.KeepUntil), c.KeptBy)
	case c.Decision == "anonymize" && c.Epoch > 0:
		return fmt.Sprintf("anonymize, by %s; destroyed along with epoch key %d", c.DecidedBy, c.Epoch)
	case c.Decision == "anonymize":
		return fmt.Sprintf("anonymize, by %s; under way", c.DecidedBy)
	}
	return c.Decision
}
