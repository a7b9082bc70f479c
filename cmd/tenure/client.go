package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tenure/api"
	"tenure/service"
)

func (a *app) clients() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "client",
		Short: "API clients: programs that act under a name of their own",
		Long: `An API client is a principal that is no person. It holds roles that the role model
has for clients, granted with tenure grant, and acts with keys, issued with tenure
keys issue. What it does is recorded as done by it.`,
	}
	cmd.AddCommand(a.clientCreate(), a.clientList(), a.clientShow(), a.clientDelete())
	return cmd
}

func (a *app) clientCreate() *cobra.Command {
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Make an API client",
		Example: `  tenure client create payroll --org acme --data ./ledger --key lea.key`,
		Args:    exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				receipt, err := c.CreateClient(cmd.Context(), a.org, a.change, service.NewClientRequest{Name: args[0]})
				if err != nil {
					return err
				}
				columns := append([]column[service.ClientReceipt]{{"id", func(r service.ClientReceipt) string { return string(r.ID) }}},
					receiptColumns(func(r service.ClientReceipt) service.Receipt { return r.Receipt })...)
				return printOne(a, receipt, receiptText(receipt.Receipt), columns...)
			})
		},
	}
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}

func (a *app) clientDelete() *cobra.Command {
	cmd := &cobra.Command{
		Use: "delete CLIENT", Short: "End an API client, its keys and its roles",
		Example: `  tenure client delete payroll --org acme --data ./ledger --key lea.key`,
		Args:    exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return carryOut(a, cmd, (*api.Client).DeleteClient, service.ClientRequest{Client: args[0]})
		},
	}
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}

func (a *app) clientList() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List the API clients",
		Example: `  tenure client list --org acme --data ./ledger`,
		Args:    exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				list, err := c.Clients(cmd.Context(), a.org, a.at)
				if err != nil {
					return err
				}
				return print(a, list, "There is no API client: tenure client create NAME --org "+a.org, clientColumns()...)
			})
		},
	}
	a.inOrg(cmd)
	a.dated(cmd)
	return cmd
}

func (a *app) clientShow() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show CLIENT", Short: "Show one API client",
		Example: `  tenure client show payroll --org acme --data ./ledger`,
		Args:    exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				client, err := c.Client(cmd.Context(), a.org, a.at, args[0])
				if err != nil {
					return err
				}
				return printOne(a, client, clientText(client), clientColumns()...)
			})
		},
	}
	a.inOrg(cmd)
	a.dated(cmd)
	return cmd
}

func clientColumns() []column[service.ClientView] {
	type view = service.ClientView
	return []column[view]{
		{"name", func(c view) string { return c.Name }},
		{"id", func(c view) string { return string(c.ID) }},
		{"roles", func(c view) string { return strings.Join(rolesOf(c.Roles), " ") }},
		{"keys", func(c view) string { return fmt.Sprint(c.Keys) }},
		{"since", func(c view) string { return date(c.Since) }},
		{"by", func(c view) string { return c.By }},
		{"revision", func(c view) string { return fmt.Sprint(c.Revision) }},
	}
}

func clientText(c service.ClientView) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n", visible(c.Name), c.ID)
	fmt.Fprintf(&b, "  %-12s %s by %s\n", "created", date(c.Since), visible(c.By))
	if c.Deleted {
		fmt.Fprintf(&b, "  %-12s revision %d by %s\n", "deleted", c.Revision, visible(c.ChangedBy))
	}
	fmt.Fprintf(&b, "  %-12s %d\n", "API keys", c.Keys)
	for _, g := range c.Roles {
		fmt.Fprintf(&b, "  %-12s %s\n", "role", grantText(g))
	}
	return strings.TrimSuffix(b.String(), "\n")
}
