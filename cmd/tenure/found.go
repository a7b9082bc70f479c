package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"tenure/api"
	"tenure/events"
	"tenure/rolemodel"
	"tenure/service"
)

func (a *app) found() *cobra.Command {
	var r service.FoundRequest
	var model string
	cmd := &cobra.Command{
		Use:   "found ORG --owner LOGIN [--model MODEL|FILE]",
		Short: "Found an organization under a role model",
		Long: `Found opens an organization: it puts a role model in force, makes the owner
known and a member, and gives the owner the model's highest role. The model is one
that comes along, by its id, or one of your own, from a YAML or JSON file. Only the
operator founds. The handle is public, stays for ever and must not name a
person.`,
		Example: `  tenure found acme --model github --owner lea --title "Acme" --data ./ledger
  tenure keys issue lea --org acme --data ./ledger`,
		Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.Org = events.OrgID(args[0])
			source, err := a.readModel(model)
			if err != nil {
				return err
			}
			r.Model, r.Source = source.id, source.text
			return a.with(cmd.Context(), !a.change.DryRun, func(c *api.Client) error {
				receipt, err := c.Found(cmd.Context(), a.change, r)
				if err != nil {
					return source.locate(err)
				}
				text := receiptText(receipt.Receipt)
				if !receipt.DryRun {
					text += fmt.Sprintf("\nNext, give the owner a key: tenure keys issue %s --org %s", firstOf(r.Owner.Login, r.Owner.Email), r.Org)
				}
				return printOne(a, receipt, text, personReceiptColumns()...)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&model, "model", rolemodel.Default, "role model, by id (see tenure models list) or file")
	flags.StringVar(&r.Owner.Login, "owner", "", "login of who holds the highest role")
	flags.StringVar(&r.Owner.Email, "email", "", "the owner's address")
	flags.StringVar(&r.Owner.Name, "name", "", "the owner's full name")
	flags.StringVar((*string)(&r.Edition), "edition", "", "edition of the role model that is in force from the beginning; its first one if left out")
	flags.StringVar(&r.Title, "title", "", "the organization's title, kept sealed")
	must(cmd.MarkFlagRequired("owner"))
	must(cmd.RegisterFlagCompletionFunc("model", func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		words, _ := completeModels(cmd, args, typed)
		return words, cobra.ShellCompDirectiveDefault
	}))
	must(cmd.RegisterFlagCompletionFunc("edition", completeEditions))
	a.changes(cmd)
	return cmd
}

func (a *app) organizations() *cobra.Command {
	return &cobra.Command{
		Use:     "orgs",
		Short:   "List the organizations of the ledger",
		Example: `  tenure orgs --data ./ledger`,
		Args:    exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				list, err := c.Organizations(cmd.Context())
				if err != nil {
					return err
				}
				return print(a, list, "There is no organization yet: tenure found ORG --model MODEL --owner LOGIN",
					column[service.OrganizationView]{"org", func(o service.OrganizationView) string { return string(o.Org) }},
					column[service.OrganizationView]{"title", func(o service.OrganizationView) string { return o.Title }},
					column[service.OrganizationView]{"model", func(o service.OrganizationView) string { return o.Model }},
					column[service.OrganizationView]{"edition", func(o service.OrganizationView) string { return o.Edition }},
					column[service.OrganizationView]{"members", func(o service.OrganizationView) string { return fmt.Sprint(o.Members) }},
					column[service.OrganizationView]{"scopes", func(o service.OrganizationView) string { return fmt.Sprint(o.Scopes) }},
					column[service.OrganizationView]{"commits", func(o service.OrganizationView) string { return fmt.Sprint(o.Commits) }},
					column[service.OrganizationView]{"revision", func(o service.OrganizationView) string { return fmt.Sprint(o.Revision) }},
				)
			})
		},
	}
}

func personReceiptColumns() []column[service.PersonReceipt] {
	columns := []column[service.PersonReceipt]{{"id", func(r service.PersonReceipt) string { return string(r.ID) }}}
	return append(columns, receiptColumns(func(r service.PersonReceipt) service.Receipt { return r.Receipt })...)
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
