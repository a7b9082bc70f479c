package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"tenure/api"
	"tenure/service"
)

func (a *app) keys() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "API keys, which speak for people and for API clients",
		Long: `A key is 256 random bits, shown once and kept as a hash. People issue and revoke
their own; the operator issues a person's first one. Keys of an API client are
issued by whoever manages clients and may grant all that the client holds.`,
	}
	cmd.AddCommand(a.keysIssue(), a.keysRevoke(), a.keysList())
	return cmd
}

func (a *app) keysIssue() *cobra.Command {
	cmd := &cobra.Command{
		Use: "issue PERSON|CLIENT", Short: "Give a person or an API client a key, shown this once",
		Example: `  tenure keys issue lea --org acme --data ./ledger -o json`,
		Args:    exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				receipt, err := c.IssueKey(cmd.Context(), a.org, a.change, service.IssueRequest{Person: args[0]})
				if err != nil {
					return err
				}
				return a.printKey(receipt, args[0])
			})
		},
	}
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}

// printKey shows a new key, alone on standard output, and says there or beside
// it what it is.
func (a *app) printKey(receipt service.KeyReceipt, person string) error {
	text := receiptText(receipt.Receipt)
	switch {
	case receipt.Replayed && receipt.ID != "":
		fmt.Fprintf(a.errs, "The key was shown then and is kept nowhere. If it is lost: tenure keys revoke KEY, and issue another.\n")
	case receipt.Key != "":
		text = receipt.Key
		fmt.Fprintf(a.errs, "This key speaks for %s and is shown this once: keep it in a file that nobody else reads.\n",
			visible(firstOf(receipt.Person, person)))
	}
	return printOne(a, receipt, text,
		column[service.KeyReceipt]{"id", func(k service.KeyReceipt) string { return string(k.ID) }},
		column[service.KeyReceipt]{"person", func(k service.KeyReceipt) string { return k.Person }},
		column[service.KeyReceipt]{"prefix", func(k service.KeyReceipt) string { return k.Prefix }},
		column[service.KeyReceipt]{"key", func(k service.KeyReceipt) string { return k.Key }},
	)
}

func (a *app) keysRevoke() *cobra.Command {
	cmd := &cobra.Command{
		Use: "revoke KEY", Short: "End an API key, given by id or visible prefix",
		Example: `  tenure keys revoke tenure_Ab12Cd --org acme --data ./ledger --key lea.key`,
		Args:    exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return carryOut(a, cmd, (*api.Client).RevokeKey, service.RevokeKeyRequest{Key: args[0]})
		},
	}
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}

func (a *app) keysList() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List the API keys in force: one's own, and those that one may revoke",
		Example: `  tenure keys list --org acme --data ./ledger`,
		Args:    exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				list, err := c.Keys(cmd.Context(), a.org, a.at)
				if err != nil {
					return err
				}
				type view = service.KeyView
				return print(a, list, "No key is in force: tenure keys issue PERSON --org "+a.org,
					column[view]{"id", func(v view) string { return string(v.ID) }},
					column[view]{"person", func(v view) string { return v.Person }},
					column[view]{"prefix", func(v view) string { return v.Prefix }},
					column[view]{"since", func(v view) string { return date(v.Since) }},
					column[view]{"revision", func(v view) string { return fmt.Sprint(v.Revision) }},
					column[view]{"by", func(v view) string { return v.By }},
				)
			})
		},
	}
	a.inOrg(cmd)
	a.dated(cmd)
	return cmd
}
