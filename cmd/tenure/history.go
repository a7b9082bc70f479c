package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tenure/api"
	"tenure/service"
)

func (a *app) history() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "history [QUERY]",
		Short: "Search what happened, when, and by whose authority",
		Long: `History lists events, oldest first. The query is made of terms FIELD:VALUE:
actor, subject, on_behalf_of, person (any of these, or manager), type, role,
scope, cause, command, reason, ticket, commit, created, recorded and revision (a
value or a range A..B). Terms of one field are alternatives, terms of different
fields must all hold, and a term with a minus in front must not.`,
		Example: `  tenure history type:role.granted role:admin --org acme --data ./ledger
  tenure history subject:tom created:2026-01-01..2026-02-01 -cause:import --org acme --data ./ledger`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				list, err := c.History(cmd.Context(), a.org, a.at, strings.Join(args, " "))
				if err != nil {
					return err
				}
				columns := eventColumns()
				switch {
				case a.format == "csv":
					columns = append(columns, eventDetails()...)
				case slices.ContainsFunc(list, func(e service.EventView) bool { return itemWord(e) != "" }):
					columns = slices.Insert(columns, 6, column[service.EventView]{"item", itemWord})
				}
				if a.format != "csv" && slices.ContainsFunc(list, func(e service.EventView) bool { return e.OnBehalfOf != "" }) {
					columns = slices.Insert(columns, 3, column[service.EventView]{"on behalf of", func(e service.EventView) string { return e.OnBehalfOf }})
				}
				return print(a, list, "Nothing in the history matches.", columns...)
			})
		},
	}
	a.inOrg(cmd)
	a.dated(cmd)
	return cmd
}

var negatedTerm = regexp.MustCompile(`^-[a-z_]+:.`)

// negatedLast moves the negated terms of a history query behind a --, so that
// they are not taken for flags.
func negatedLast(root *cobra.Command, args []string) []string {
	if cmd, _, err := root.Find(args); err != nil || cmd.Name() != "history" {
		return args
	}
	end := slices.Index(args, "--")
	if end < 0 {
		end = len(args)
	}
	var rest, negated []string
	for _, arg := range args[:end] {
		if negatedTerm.MatchString(arg) {
			negated = append(negated, arg)
		} else {
			rest = append(rest, arg)
		}
	}
	if negated == nil {
		return args
	}
	rest = append(append(rest, "--"), negated...)
	return append(rest, args[min(end+1, len(args)):]...)
}

func eventColumns() []column[service.EventView] {
	type view = service.EventView
	return []column[view]{
		{"revision", func(e view) string { return fmt.Sprint(e.Revision) }},
		{"effective at", func(e view) string { return date(e.EffectiveAt) }},
		{"actor", func(e view) string { return e.Actor }},
		{"type", func(e view) string { return e.Type }},
		{"login", func(e view) string { return e.Login }},
		{"role", func(e view) string { return string(e.Role) }},
		{"scope", func(e view) string { return string(e.Scope) }},
		{"cause", func(e view) string { return string(e.Cause) }},
		{"reason", func(e view) string { return e.Reason }},
		{"ticket", func(e view) string { return e.Ticket }},
	}
}

// eventDetails are columns that only a file has room for.
func eventDetails() []column[service.EventView] {
	type view = service.EventView
	return []column[view]{
		{"number", func(e view) string { return fmt.Sprint(e.Number) }},
		{"commit", func(e view) string { return string(e.Commit) }},
		{"recorded at", func(e view) string { return date(e.RecordedAt) }},
		{"command", func(e view) string { return e.Command }},
		{"actor id", func(e view) string { return string(e.ActorID) }},
		{"id", func(e view) string { return string(e.ID) }},
		{"break glass", func(e view) string { return fmt.Sprint(e.BreakGlass) }},
		{"note", func(e view) string { return e.Note }},
		{"item", func(e view) string { return e.Item }},
		{"former", func(e view) string { return e.Former }},
		{"until", func(e view) string { return date(e.Until) }},
		{"member kind", func(e view) string { return string(e.MemberKind) }},
		{"route", func(e view) string { return string(e.Route) }},
		{"domains", func(e view) string { return strings.Join(e.Domains, " ") }},
		{"kind", func(e view) string { return e.Kind }},
		{"value", func(e view) string { return e.Value }},
		{"on behalf of", func(e view) string { return e.OnBehalfOf }},
		{"manager", func(e view) string { return e.Manager }},
	}
}

func (a *app) diff() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "diff T1 T2",
		Short: "Say what changed between two moments",
		Long: `Diff compares the organization at two moments, each a date (its end, UTC), an
RFC 3339 time, or @REVISION. Comings and goings in between do not show.`,
		Example: `  tenure diff 2026-01-01 2026-02-01 --org acme --data ./ledger
  tenure diff @10 @20 --org acme --data ./ledger`,
		Args: exactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				list, err := c.Diff(cmd.Context(), a.org, args[0], args[1])
				if err != nil {
					return err
				}
				type view = service.Difference
				return print(a, list, "Nothing differs.",
					column[view]{"change", func(d view) string { return d.Change }},
					column[view]{"what", func(d view) string { return d.What }},
					column[view]{"login", func(d view) string { return d.Login }},
					column[view]{"role", func(d view) string { return d.Role }},
					column[view]{"scope", func(d view) string { return string(d.Scope) }},
					column[view]{"since", func(d view) string { return date(d.Since) }},
					column[view]{"revision", func(d view) string { return fmt.Sprint(d.Revision) }},
				)
			})
		},
	}
	a.inOrg(cmd)
	return cmd
}
