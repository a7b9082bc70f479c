package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tenure/api"
	"tenure/service"
)

func (a *app) person() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "person",
		Short: "People whom an organization knows",
		Long: `A person is known to an organization before holding anything in it. Login,
address, name and job title are kept sealed.`,
	}
	cmd.AddCommand(a.personAdd(), a.personUpdate(), a.personShow(), a.personList())
	return cmd
}

func (a *app) personAdd() *cobra.Command {
	var r service.PersonDetails
	cmd := &cobra.Command{
		Use:     "add LOGIN",
		Short:   "Make a person known",
		Example: `  tenure person add tom --email tom@example.org --name "Tom Example" --org acme --data ./ledger`,
		Args:    exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.Login = args[0]
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				receipt, err := c.RegisterPerson(cmd.Context(), a.org, a.change, r)
				if err != nil {
					return err
				}
				return printOne(a, receipt, receiptText(receipt.Receipt), personReceiptColumns()...)
			})
		},
	}
	cmd.Flags().StringVar(&r.Email, "email", "", "address")
	cmd.Flags().StringVar(&r.Name, "name", "", "full name")
	cmd.Flags().StringVar(&r.JobTitle, "job-title", "", "job title")
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}

func (a *app) personUpdate() *cobra.Command {
	var login, email, name, jobTitle string
	cmd := &cobra.Command{
		Use:     "update PERSON",
		Short:   "Change a person's details; an empty value removes one",
		Example: `  tenure person update tom --job-title "Head of nothing" --org acme --data ./ledger`,
		Args:    exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r := service.PersonChange{Person: args[0]}
			for _, f := range []struct {
				flag  string
				value *string
				into  **string
			}{{"login", &login, &r.Login}, {"email", &email, &r.Email}, {"name", &name, &r.Name}, {"job-title", &jobTitle, &r.JobTitle}} {
				if cmd.Flags().Changed(f.flag) {
					*f.into = f.value
				}
			}
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				receipt, err := c.UpdatePerson(cmd.Context(), a.org, a.change, r)
				if err != nil {
					return err
				}
				return printReceipt(a, receipt)
			})
		},
	}
	cmd.Flags().StringVar(&login, "login", "", "new login")
	cmd.Flags().StringVar(&email, "email", "", "new address")
	cmd.Flags().StringVar(&name, "name", "", "new full name")
	cmd.Flags().StringVar(&jobTitle, "job-title", "", "new job title")
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}

func (a *app) personShow() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "show PERSON",
		Short:   "Show one person",
		Example: `  tenure person show tom --org acme --as-of 2026-01-31 --data ./ledger`,
		Args:    exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				person, err := c.Person(cmd.Context(), a.org, a.at, args[0])
				if err != nil {
					return err
				}
				return printOne(a, person, personText(person), personColumns()...)
			})
		},
	}
	a.inOrg(cmd)
	a.dated(cmd)
	return cmd
}

func (a *app) personList() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List everybody whom the organization knows",
		Example: `  tenure person list --org acme -o csv --data ./ledger`,
		Args:    exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				list, err := c.People(cmd.Context(), a.org, a.at)
				if err != nil {
					return err
				}
				return print(a, list, "Nobody is known: tenure person add LOGIN --org "+a.org, personColumns()...)
			})
		},
	}
	a.inOrg(cmd)
	a.dated(cmd)
	return cmd
}

func personColumns() []column[service.PersonView] {
	type view = service.PersonView
	return []column[view]{
		{"login", func(p view) string { return p.Login }},
		{"id", func(p view) string { return string(p.ID) }},
		{"state", func(p view) string { return p.State }},
		{"name", func(p view) string { return p.Name }},
		{"email", func(p view) string { return p.Email }},
		{"roles", func(p view) string { return strings.Join(rolesOf(p), " ") }},
		{"since", func(p view) string { return date(p.Since) }},
		{"revision", func(p view) string { return fmt.Sprint(p.Revision) }},
		{"changed by", func(p view) string { return p.ChangedBy }},
	}
}

func rolesOf(p service.PersonView) []string {
	var roles []string
	for _, g := range p.Roles {
		roles = append(roles, g.Role+"@"+string(g.Scope))
	}
	return roles
}

func personText(p service.PersonView) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n", visible(p.Login), p.ID)
	for _, line := range []struct{ label, text string }{
		{"name", p.Name}, {"email", p.Email}, {"job title", p.JobTitle},
		{"state", p.State + " since " + date(p.Since)},
		{"last change", fmt.Sprintf("revision %d by %s", p.Revision, p.ChangedBy)},
		{"API keys", fmt.Sprint(p.Keys)},
	} {
		if line.text != "" {
			fmt.Fprintf(&b, "  %-12s %s\n", line.label, visible(line.text))
		}
	}
	for _, g := range p.Roles {
		fmt.Fprintf(&b, "  %-12s %s\n", "role", grantText(g))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// grantText tells a grant in a line, with the commit that gave it.
func grantText(g service.GrantView) string {
	text := fmt.Sprintf("%s on %s, since %s by %s (revision %d)", g.Role, g.Scope, date(g.Since), visible(g.By), g.Revision)
	if g.Cause != "" {
		text += ", cause " + string(g.Cause)
	}
	if !g.Until.IsZero() {
		text += ", until " + date(g.Until)
	}
	if !g.Active {
		text += ", not active"
	}
	return text
}
