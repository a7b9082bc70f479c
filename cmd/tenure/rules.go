package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"tenure/api"
	"tenure/service"
)

func (a *app) rules() *cobra.Command {
	cmd := &cobra.Command{
		Use: "rules", Short: "The numbered rules that role models cite and refusals name",
		Long: `A refusal such as "… may not grant owner (F02)" names a rule. Show says what it
means; list tells all of a role model, or all there are.`,
	}
	list := &cobra.Command{
		Use: "list [MODEL]", Short: "List the rules of a role model and of every one, or all",
		Example:           `  tenure rules list fabasoft`,
		Args:              asUsage(cobra.MaximumNArgs(1)),
		ValidArgsFunction: completeModels,
		RunE: func(cmd *cobra.Command, args []string) error {
			list, err := a.ruleList(cmd)
			if err != nil {
				return err
			}
			if len(args) > 0 {
				if _, err := a.model(cmd.Context(), args[0]); err != nil {
					return err
				}
				list = slices.DeleteFunc(list, func(r service.RuleView) bool { return r.Model != "" && r.Model != args[0] })
			}
			type view = service.RuleView
			return print(a, list, "There is none.",
				column[view]{"id", func(r view) string { return r.ID }},
				column[view]{"model", func(r view) string { return r.Model }},
				column[view]{"means", func(r view) string { return r.Means }},
			)
		},
	}
	show := &cobra.Command{
		Use: "show RULE", Short: "Say what a rule means",
		Example: `  tenure rules show F04`,
		Args:    exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			list, err := a.ruleList(cmd)
			if err != nil {
				return err
			}
			i := slices.IndexFunc(list, func(r service.RuleView) bool { return r.ID == args[0] })
			if i < 0 {
				return localProblem("rule", "There is no rule "+args[0]+".", "tenure rules list")
			}
			r := list[i]
			text := fmt.Sprintf("%s (%s): %s", r.ID, r.Title, r.Means)
			if r.Chosen {
				text += "\nNo source says so; it was decided here."
			}
			return printOne(a, r, text)
		},
	}
	cmd.AddCommand(list, show)
	return cmd
}

// ruleList lists the rules of the server, or of this program.
func (a *app) ruleList(cmd *cobra.Command) (list []service.RuleView, err error) {
	if a.url == "" {
		return service.Rules(), nil
	}
	err = a.with(cmd.Context(), false, func(c *api.Client) error {
		list, err = c.Rules(cmd.Context())
		return err
	})
	return list, err
}
