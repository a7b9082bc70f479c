package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tenure/api"
	"tenure/rolemodel"
	"tenure/service"
)

func (a *app) notices() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "notices",
		Short: "Messages to people: which went to whom, why, and what became of them",
	}
	cmd.AddCommand(a.noticesList(),
		a.noticesVerb("show", "Show one message and all that happened to it",
			func(ctx context.Context, c *api.Client, id string) (service.NoticeView, error) {
				return c.Notice(ctx, a.org, id)
			}),
		a.noticesVerb("retry", "Try at once to deliver a message that could not be delivered",
			func(ctx context.Context, c *api.Client, id string) (service.NoticeView, error) {
				return c.RetryNotice(ctx, a.org, id)
			}),
	)
	return cmd
}

func (a *app) noticesList() *cobra.Command {
	var filter service.NoticeFilter
	var kind string
	cmd := &cobra.Command{
		Use: "list", Short: "List messages, newest first",
		Example: `  tenure notices list --org acme --data ./ledger
  tenure notices list --person carl --kind membership.terminated --state parked --org acme --data ./ledger`,
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			filter.Kind = rolemodel.Message(kind)
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				list, err := c.Notices(cmd.Context(), a.org, filter)
				if err != nil {
					return err
				}
				empty := "No message was sent yet."
				if filter != (service.NoticeFilter{}) {
					empty = "No message is like this; for all of them: tenure notices list --org " + a.org
				}
				return print(a, list, empty, noticeColumns(a.format != "table")...)
			})
		},
	}
	cmd.Flags().StringVar(&filter.Person, "person", "", "recipient: login, address or id")
	cmd.Flags().StringVar(&kind, "kind", "", "kind of message, for instance membership.terminated")
	cmd.Flags().StringVar(&filter.State, "state", "", "pending, sent, parked or dropped")
	must(cmd.RegisterFlagCompletionFunc("kind", completeMessages))
	must(cmd.RegisterFlagCompletionFunc("state", cobra.FixedCompletions([]string{"pending", "sent", "parked", "dropped"}, cobra.ShellCompDirectiveNoFileComp)))
	a.inOrg(cmd)
	return cmd
}

func (a *app) noticesVerb(verb, short string, do func(context.Context, *api.Client, string) (service.NoticeView, error)) *cobra.Command {
	cmd := &cobra.Command{
		Use: verb + " ID", Short: short,
		Example:           "  tenure notices " + verb + " 01K0W4Z36K3W5C2R0A3M8N9P7Q --org acme --data ./ledger",
		Args:              exactArgs(1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				notice, err := do(cmd.Context(), c, args[0])
				if err != nil {
					return err
				}
				return printOne(a, notice, noticeText(notice, a.org), noticeColumns(true)...)
			})
		},
	}
	a.inOrg(cmd)
	return cmd
}

func noticeColumns(all bool) []column[service.NoticeView] {
	type view = service.NoticeView
	columns := []column[view]{
		{"since", func(n view) string { return date(n.Since) }},
		{"kind", func(n view) string { return string(n.Kind) }},
		{"login", func(n view) string { return n.Login }},
		{"concerns", func(n view) string { return n.Concerns }},
		{"state", func(n view) string { return n.State }},
		{"sent at", func(n view) string { return date(n.SentAt) }},
		{"rule", func(n view) string { return n.Rule }},
		{"revision", func(n view) string { return fmt.Sprint(n.Revision) }},
		{"id", func(n view) string { return n.ID }},
	}
	if all {
		columns = append(columns,
			column[view]{"title", func(n view) string { return n.Title }},
			column[view]{"recipient", func(n view) string { return string(n.Recipient) }},
			column[view]{"person", func(n view) string { return string(n.Person) }},
			column[view]{"audience", func(n view) string { return n.Audience }},
			column[view]{"why", func(n view) string { return n.Why }},
			column[view]{"message id", func(n view) string { return n.MessageID }},
			column[view]{"attempts", func(n view) string { return fmt.Sprint(n.Attempts) }},
			column[view]{"next", func(n view) string { return date(n.Next) }},
			column[view]{"problem", func(n view) string { return n.Problem }},
		)
	}
	return columns
}

// noticeText is a page about one message.
func noticeText(n service.NoticeView, org string) string {
	var p page
	p.line("%s: %s", n.ID, n.Title)
	p.field("kind", string(n.Kind))
	p.field("to", n.Login)
	p.field("about", n.Concerns)
	p.field("because", withRule(n.Why, n.Rule))
	p.field("commit", fmt.Sprintf("revision %d", n.Revision))
	p.field("state", n.State+since(n))
	p.field("message id", n.MessageID)
	p.field("problem", n.Problem)
	p.field("next try", date(n.Next))
	if len(n.Outcomes) > 0 {
		p.line("What happened to it")
		for _, o := range n.Outcomes {
			text := date(o.At) + "  " + o.What
			if o.Attempt > 0 {
				text += fmt.Sprintf(", attempt %d", o.Attempt)
			}
			if o.Problem != "" {
				text += ": " + o.Problem
			}
			p.item("%s", text)
		}
	}
	if n.State == "parked" {
		p.line("To try again: tenure notices retry %s --org %s", n.ID, org)
	}
	return p.String()
}

// since says when a message came to its state.
func since(n service.NoticeView) string {
	switch {
	case !n.SentAt.IsZero():
		return " at " + date(n.SentAt)
	case len(n.Outcomes) > 0:
		return " since " + date(n.Outcomes[len(n.Outcomes)-1].At)
	}
	return " since " + date(n.Since)
}

// withRule adds the number of a rule.
func withRule(text, rule string) string {
	if rule != "" {
		text = strings.TrimSpace(text + " (" + rule + ")")
	}
	return text
}

// page is a text about one thing: lines, and fields and items below them.
type page struct{ strings.Builder }

func (p *page) line(format string, args ...any) {
	if p.Len() > 0 {
		p.WriteByte('\n')
	}
	p.WriteString(visible(fmt.Sprintf(format, args...)))
}

// field is left out where there is no text.
func (p *page) field(label, text string) {
	if text != "" {
		p.line("  %-14s %s", label, text)
	}
}

func (p *page) item(format string, args ...any) { p.line("  "+format, args...) }
