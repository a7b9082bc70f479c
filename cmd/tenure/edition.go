package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tenure/api"
	"tenure/events"
	"tenure/service"
)

func (a *app) edition() *cobra.Command {
	cmd := &cobra.Command{
		Use: "edition", Short: "Editions of the role model, which turn features on",
		Long: `A role model may have editions, one of which is in force. Features that it lists are
on, features of other editions are off. An edition is not put in force while somebody
holds a role that it does not have.`,
	}
	cmd.AddCommand(a.editionList(), a.editionSet())
	return cmd
}

func (a *app) editionList() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List the editions, and which is in force",
		Example: `  tenure edition list --org acme --data ./ledger`,
		Args:    exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				list, err := c.Editions(cmd.Context(), a.org, a.at)
				if err != nil {
					return err
				}
				type view = service.EditionView
				return print(a, list, "The role model has no editions.",
					column[view]{"edition", func(e view) string { return e.Edition }},
					column[view]{"in force", func(e view) string { return fmt.Sprint(e.InForce) }},
					column[view]{"title", func(e view) string { return e.Title }},
					column[view]{"features", func(e view) string { return strings.Join(e.Features, " ") }},
					column[view]{"since", func(e view) string { return date(e.Since) }},
					column[view]{"changed by", func(e view) string { return e.ChangedBy }},
				)
			})
		},
	}
	a.inOrg(cmd)
	a.dated(cmd)
	return cmd
}

func (a *app) editionSet() *cobra.Command {
	cmd := &cobra.Command{
		Use: "set EDITION", Short: "Put an edition in force",
		Example:           `  tenure edition set essentials --org acme --data ./ledger --key lea.key`,
		Args:              exactArgs(1),
		ValidArgsFunction: first(completeEditions),
		RunE: func(cmd *cobra.Command, args []string) error {
			return carryOut(a, cmd, (*api.Client).SetEdition, service.EditionRequest{Edition: events.EditionID(args[0])})
		},
	}
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}
