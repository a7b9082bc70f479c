package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"tenure/api"
	"tenure/service"
)

func (a *app) scope() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "scope",
		Short: "Scopes: the organization and what lies below it",
		Long: `A scope is the organization or something below it, written KIND:HANDLE. The
handle is public and stays for ever; the title is kept sealed and can change.`,
	}
	create := a.scopeVerb("create", "Add a scope below another", `  tenure scope create team:docs --title "Documentation" --org acme --data ./ledger --key lea.key`, true, true)
	rename := a.scopeVerb("rename", "Give a scope another title", `  tenure scope rename team:docs --title "Docs" --org acme --data ./ledger --key lea.key`, false, true)
	move := a.scopeVerb("move", "Put a scope, and all below it, under another", `  tenure scope move team:docs --under team:product --org acme --data ./ledger --key lea.key`, true, false)
	remove := a.scopeVerb("delete", "End a scope, the scopes below it, and what was held on them", `  tenure scope delete team:docs --org acme --data ./ledger --key lea.key`, false, false)
	cmd.AddCommand(create, rename, move, remove, a.scopeList())
	return cmd
}

func (a *app) scopeVerb(verb, short, example string, under, title bool) *cobra.Command {
	var r service.ScopeRequest
	cmd := &cobra.Command{
		Use: verb + " KIND:HANDLE", Short: short, Example: example, Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.Scope = args[0]
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				receipt, err := c.ChangeScope(cmd.Context(), a.org, a.change, verb, r)
				if err != nil {
					return err
				}
				return printReceipt(a, receipt)
			})
		},
	}
	if under {
		cmd.Flags().StringVar(&r.Under, "under", "", "the scope above, KIND:HANDLE; the organization itself if left out")
	}
	if title {
		cmd.Flags().StringVar(&r.Title, "title", "", "title, kept sealed")
	}
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}

func (a *app) scopeList() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List the scopes, parents before children",
		Example: `  tenure scope list --org acme --data ./ledger`,
		Args:    exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				list, err := c.Scopes(cmd.Context(), a.org, a.at)
				if err != nil {
					return err
				}
				type view = service.ScopeView
				return print(a, list, "There is no scope.",
					column[view]{"id", func(v view) string { return string(v.ID) }},
					column[view]{"title", func(v view) string { return v.Title }},
					column[view]{"under", func(v view) string { return string(v.Under) }},
					column[view]{"holders", func(v view) string { return fmt.Sprint(v.Holders) }},
					column[view]{"since", func(v view) string { return date(v.Since) }},
					column[view]{"revision", func(v view) string { return fmt.Sprint(v.Revision) }},
					column[view]{"changed by", func(v view) string { return v.ChangedBy }},
				)
			})
		},
	}
	a.inOrg(cmd)
	a.dated(cmd)
	return cmd
}
