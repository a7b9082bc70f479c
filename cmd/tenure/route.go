package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tenure/api"
	"tenure/service"
)

func (a *app) route() *cobra.Command {
	cmd := &cobra.Command{
		Use: "route", Short: "Invitations that are rerouted to a scope, by the domains of their addresses",
		Long: `Invitations to addresses of some domains can be rerouted to a scope with members.
Whoever has the permission there can then answer them in the place of those invited,
who can still answer for themselves. What is open stays where it was sent.`,
	}
	cmd.AddCommand(
		a.routeVerb("set SCOPE DOMAIN...", "Say of all domains that are rerouted to a scope",
			`  tenure route set organization:north north.example north.example.org --org acme --data ./ledger --key lea.key`, asUsage(cobra.MinimumNArgs(2))),
		a.routeVerb("clear SCOPE", "Reroute nothing to a scope any more",
			`  tenure route clear organization:north --org acme --data ./ledger --key lea.key`, exactArgs(1)),
		a.routeList(),
	)
	return cmd
}

func (a *app) routeVerb(use, short, example string, args cobra.PositionalArgs) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Example: example, Args: args, ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			return carryOut(a, cmd, (*api.Client).RouteAddresses, service.RouteRequest{Scope: args[0], Domains: args[1:]})
		},
	}
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}

func (a *app) routeList() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List where invitations are rerouted, and one may say so or answer them",
		Example: `  tenure route list --org acme --data ./ledger`,
		Args:    exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				list, err := c.Routes(cmd.Context(), a.org, a.at)
				if err != nil {
					return err
				}
				type view = service.RouteView
				return print(a, list, "No invitations are rerouted: tenure route set SCOPE DOMAIN... --org "+a.org,
					column[view]{"scope", func(r view) string { return string(r.Scope) }},
					column[view]{"title", func(r view) string { return r.Title }},
					column[view]{"domains", func(r view) string { return strings.Join(r.Domains, " ") }},
					column[view]{"since", func(r view) string { return date(r.Since) }},
					column[view]{"revision", func(r view) string { return fmt.Sprint(r.Revision) }},
					column[view]{"changed by", func(r view) string { return r.ChangedBy }},
				)
			})
		},
	}
	a.inOrg(cmd)
	a.dated(cmd)
	return cmd
}
