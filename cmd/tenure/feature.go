package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tenure/api"
	"tenure/events"
	"tenure/service"
)

func (a *app) feature() *cobra.Command {
	cmd := &cobra.Command{
		Use: "feature", Short: "Features of the role model, which roles and permissions wait for",
		Long: `A role model may let roles and permissions wait for a feature. While it is off, such
a role cannot be granted, and gives nothing to those who hold it.`,
	}
	cmd.AddCommand(a.featureList(), a.featureVerb("on", "Turn a feature on", true), a.featureVerb("off", "Turn a feature off", false))
	return cmd
}

func (a *app) featureList() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List the features, and which are on",
		Example: `  tenure feature list --org acme --data ./ledger`,
		Args:    exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				list, err := c.Features(cmd.Context(), a.org, a.at)
				if err != nil {
					return err
				}
				type view = service.FeatureView
				return print(a, list, "The role model has no features.",
					column[view]{"feature", func(f view) string { return f.Feature }},
					column[view]{"on", func(f view) string { return fmt.Sprint(f.On) }},
					column[view]{"title", func(f view) string { return f.Title }},
					column[view]{"editions", func(f view) string { return strings.Join(f.Editions, " ") }},
				)
			})
		},
	}
	a.inOrg(cmd)
	a.dated(cmd)
	return cmd
}

func (a *app) featureVerb(verb, short string, on bool) *cobra.Command {
	cmd := &cobra.Command{
		Use: verb + " FEATURE", Short: short,
		Example:           "  tenure feature " + verb + " license_purchase --org acme --data ./ledger --key lea.key",
		Args:              exactArgs(1),
		ValidArgsFunction: first(completeFeatures),
		RunE: func(cmd *cobra.Command, args []string) error {
			return carryOut(a, cmd, (*api.Client).SwitchFeature, service.FeatureRequest{Feature: events.FeatureID(args[0]), On: on})
		},
	}
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}

func (a *app) record() *cobra.Command {
	var r service.FactRequest
	cmd := &cobra.Command{
		Use:   "record FACT",
		Short: "Put on record what was done elsewhere",
		Long: `Record says that something was done outside of this ledger, by somebody who had the
permission for it, for instance that licenses were purchased. Nothing else is done.`,
		Example: `  tenure record license_purchased --quantity 5 --org acme --data ./ledger --key tom.key
  tenure record password_reset --person tom --org acme --data ./ledger --key lea.key`,
		Args:              exactArgs(1),
		ValidArgsFunction: first(completeFacts),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.Fact = events.FactID(args[0])
			return carryOut(a, cmd, (*api.Client).RecordFact, r)
		},
	}
	cmd.Flags().Uint64Var(&r.Quantity, "quantity", 0, "how many, where that matters")
	cmd.Flags().StringVar(&r.Person, "person", "", "whom it concerned: login, address or id")
	a.on(cmd, &r.Scope)
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}

func (a *app) resolve() *cobra.Command {
	var on string
	cmd := &cobra.Command{
		Use:   "resolve RESOLVER",
		Short: "Say who is responsible for a scope",
		Long: `Resolve finds who is responsible for a scope, for instance who supports it: those
whom the scope itself names, else those of the nearest scope above that names some.`,
		Example:           `  tenure resolve support_team --on teamroom:docs --org acme --data ./ledger`,
		Args:              exactArgs(1),
		ValidArgsFunction: first(completeResolvers),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				answer, err := c.Resolve(cmd.Context(), a.org, a.at, args[0], on)
				if err != nil {
					return err
				}
				if a.format == "csv" {
					return print(a, answer.Holders, "", responsibleColumns(answer)...)
				}
				return printOne(a, answer, responsibleText(answer))
			})
		},
	}
	a.on(cmd, &on)
	a.inOrg(cmd)
	a.dated(cmd)
	return cmd
}

func responsibleColumns(answer service.Responsible) []column[service.HolderView] {
	type view = service.HolderView
	return []column[view]{
		{"resolver", func(view) string { return answer.Resolver }},
		{"asked", func(view) string { return string(answer.Asked) }},
		{"scope", func(view) string { return string(answer.Scope) }},
		{"login", func(h view) string { return h.Login }},
		{"id", func(h view) string { return string(h.ID) }},
		{"since", func(h view) string { return date(h.Since) }},
		{"revision", func(h view) string { return fmt.Sprint(h.Revision) }},
		{"by", func(h view) string { return h.By }},
		{"until", func(h view) string { return date(h.Until) }},
		{"invited by", func(h view) string { return h.InvitedBy }},
		{"since revision", func(h view) string { return fmt.Sprint(h.SinceRevision) }},
		{"changed by", func(h view) string { return h.ChangedBy }},
		{"changed at", func(h view) string { return date(h.ChangedAt) }},
	}
}

func responsibleText(answer service.Responsible) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s), asked about %s:", answer.Resolver, midSentence(answer.Title), answer.Asked)
	if answer.Scope == "" {
		b.WriteString(" nobody; no scope from there upwards names anybody.")
	}
	for _, h := range answer.Holders {
		fmt.Fprintf(&b, "\n  %s, named on %s%s", visible(h.Login), answer.Scope, originText(h.OriginView))
		if !h.Until.IsZero() {
			b.WriteString(", until " + date(h.Until))
		}
	}
	return b.String()
}
