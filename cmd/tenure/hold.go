package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"tenure/api"
	"tenure/service"
)

func (a *app) hold() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "hold",
		Short: "Legal holds, which keep people from being anonymized",
	}
	cmd.AddCommand(
		a.holdPlace(), a.holdList(),
		a.itemVerb("hold", "release", "End a legal hold",
			func(ctx context.Context, c *api.Client, id string) (service.Receipt, error) {
				return c.ReleaseHold(ctx, a.org, a.change, id)
			}),
	)
	return cmd
}

func (a *app) holdPlace() *cobra.Command {
	var r service.HoldRequest
	cmd := &cobra.Command{
		Use:     "place PERSON --ground TEXT",
		Short:   "Keep a person from being anonymized until the hold is released",
		Example: `  tenure hold place tom --ground "Pending case 4711" --org acme --data ./ledger --key carl.key`,
		Args:    exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.Person = args[0]
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				receipt, err := c.PlaceHold(cmd.Context(), a.org, a.change, r)
				if err != nil {
					return err
				}
				text := receiptText(receipt.Receipt)
				if receipt.ID != "" {
					text += fmt.Sprintf("\nTo end it: tenure hold release %s --org %s", receipt.ID, receipt.Org)
				}
				columns := []column[service.HoldReceipt]{{"id", func(r service.HoldReceipt) string { return string(r.ID) }}}
				columns = append(columns, receiptColumns(func(r service.HoldReceipt) service.Receipt { return r.Receipt })...)
				return printOne(a, receipt, text, columns...)
			})
		},
	}
	cmd.Flags().StringVar(&r.Ground, "ground", "", "why, kept sealed")
	must(cmd.MarkFlagRequired("ground"))
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}

func (a *app) holdList() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List the legal holds in force",
		Example: `  tenure hold list --org acme --data ./ledger --key carl.key`,
		Args:    exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				list, err := c.Holds(cmd.Context(), a.org, a.at)
				if err != nil {
					return err
				}
				type view = service.HoldView
				return print(a, list, "No legal hold is in force: tenure hold place PERSON --ground TEXT --org "+a.org,
					column[view]{"login", func(v view) string { return v.Login }},
					column[view]{"ground", func(v view) string { return v.Ground }},
					column[view]{"since", func(v view) string { return date(v.Since) }},
					column[view]{"by", func(v view) string { return v.By }},
					column[view]{"revision", func(v view) string { return fmt.Sprint(v.Revision) }},
					column[view]{"id", func(v view) string { return string(v.ID) }},
				)
			})
		},
	}
	a.inOrg(cmd)
	a.dated(cmd)
	return cmd
}

func (a *app) keep() *cobra.Command {
	var r service.RetentionRequest
	cmd := &cobra.Command{
		Use:   "keep PERSON --until TIME --ground TEXT",
		Short: "Decide to keep the data of a person whose membership has ended",
		Long: `Keep decides that the data of a person whose membership has ended is kept until a
time, and why. When that has come, another decision is due.`,
		Example: `  tenure keep tom --until P10Y --ground "Tax records" --org acme --data ./ledger --key carl.key`,
		Args:    exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.Person = args[0]
			return carryOut(a, cmd, (*api.Client).SetRetention, r)
		},
	}
	cmd.Flags().StringVar(&r.Until, "until", "", "until when: a date (its end, UTC), an RFC 3339 time, or P10Y from now")
	cmd.Flags().StringVar(&r.Ground, "ground", "", "why, kept sealed")
	must(cmd.MarkFlagRequired("until"))
	must(cmd.MarkFlagRequired("ground"))
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}
