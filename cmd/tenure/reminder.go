package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"tenure/api"
	"tenure/service"
)

func (a *app) remind() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "remind",
		Short: "Reminders about people whose membership has ended",
	}
	cmd.AddCommand(
		a.remindSet(), a.remindList(),
		a.itemVerb("remind", "done", "Say that what a reminder asked for is done",
			func(ctx context.Context, c *api.Client, id string) (service.Receipt, error) {
				return c.CompleteReminder(ctx, a.org, a.change, id)
			}),
		a.itemVerb("remind", "cancel", "Take a reminder back",
			func(ctx context.Context, c *api.Client, id string) (service.Receipt, error) {
				return c.CancelReminder(ctx, a.org, a.change, id)
			}),
	)
	return cmd
}

func (a *app) remindSet() *cobra.Command {
	var r service.ReminderRequest
	cmd := &cobra.Command{
		Use:   "set PERSON --at TIME",
		Short: "Ask to be reminded of a person whose membership has ended",
		Long: `Set asks to be reminded of a person whose membership has ended: at an RFC 3339 time,
at a time of the zone like 2026-01-31T09:30, at the end of a date, or a span like P30D
from now. With --every it falls due again until it is done or canceled.`,
		Example: `  tenure remind set tom --at P30D --org acme --data ./ledger --key carl.key
  tenure remind set tom --at 2031-01-31T09:00 --zone Europe/Vienna --every P2W --org acme --data ./ledger --key carl.key`,
		Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.Person = args[0]
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				receipt, err := c.SetReminder(cmd.Context(), a.org, a.change, r)
				if err != nil {
					return err
				}
				text := receiptText(receipt.Receipt)
				if receipt.ID != "" {
					text += fmt.Sprintf("\nWhen it is done: tenure remind done %s --org %s", receipt.ID, receipt.Org)
				}
				columns := []column[service.ReminderReceipt]{{"id", func(r service.ReminderReceipt) string { return string(r.ID) }}}
				columns = append(columns, receiptColumns(func(r service.ReminderReceipt) service.Receipt { return r.Receipt })...)
				return printOne(a, receipt, text, columns...)
			})
		},
	}
	cmd.Flags().StringVar(&r.At, "at", "", "when it is due: a time, a date, or a span from now like P30D")
	cmd.Flags().StringVar(&r.Every, "every", "", "how long after that it falls due again: P and a number of D, W, M or Y")
	cmd.Flags().StringVar(&r.Zone, "zone", "", "time zone whose calendar and clock it goes by; UTC if left out")
	must(cmd.MarkFlagRequired("at"))
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}

func (a *app) remindList() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List the open reminders, those first that are due first",
		Example: `  tenure remind list --org acme --data ./ledger --key carl.key`,
		Args:    exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				list, err := c.Reminders(cmd.Context(), a.org, a.at)
				if err != nil {
					return err
				}
				type view = service.ReminderView
				return print(a, list, "No reminder is open: tenure remind set PERSON --at TIME --org "+a.org,
					column[view]{"due", func(v view) string { return date(v.Due) }},
					column[view]{"state", func(v view) string { return v.State }},
					column[view]{"login", func(v view) string { return v.Login }},
					column[view]{"every", func(v view) string { return v.Every }},
					column[view]{"zone", func(v view) string { return v.Zone }},
					column[view]{"fired", func(v view) string { return fmt.Sprint(v.Fired) }},
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

// itemVerb is a command about something that has an id.
func (a *app) itemVerb(noun, verb, short string, do func(context.Context, *api.Client, string) (service.Receipt, error)) *cobra.Command {
	cmd := &cobra.Command{
		Use: verb + " ID", Short: short,
		Example:           "  tenure " + noun + " " + verb + " 01K0W4Z36K3W5C2R0A3M8N9P7Q --org acme --data ./ledger --key carl.key",
		Args:              exactArgs(1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.ask(cmd, func(c *api.Client) (service.Receipt, error) { return do(cmd.Context(), c, args[0]) })
		},
	}
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}
