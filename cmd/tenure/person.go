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
	cmd.AddCommand(a.personAdd(), a.personUpdate(), a.personShow(), a.personList(), a.personChart(), a.personImport(), a.personExport())
	return cmd
}

func (a *app) personAdd() *cobra.Command {
	var r service.NewMemberRequest
	cmd := &cobra.Command{
		Use:   "add LOGIN",
		Short: "Make a person known, and a member of a scope where one is named",
		Long: `Add makes a person known. With --on, --as or --role the person becomes a member by
the same commit: of the scope or, without --on, of the organization.`,
		Example: `  tenure person add tom --email tom@example.org --name "Tom Example" --org acme --data ./ledger
  tenure person add tom --role admin --org acme --data ./ledger --key lea.key`,
		Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.Login = args[0]
			member := false
			for _, flag := range []string{"on", "as", "role"} {
				member = member || cmd.Flags().Changed(flag)
			}
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				add := func() (service.PersonReceipt, error) {
					return c.RegisterPerson(cmd.Context(), a.org, a.change, r.PersonDetails)
				}
				if member {
					add = func() (service.PersonReceipt, error) { return c.AddMember(cmd.Context(), a.org, a.change, r) }
				}
				receipt, err := add()
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
	a.on(cmd, &r.Scope)
	cmd.Flags().StringVar((*string)(&r.MemberKind), "as", "", "kind of member, where the role model has several")
	cmd.Flags().StringVar((*string)(&r.Role), "role", "", "role on the scope that comes with it")
	must(cmd.RegisterFlagCompletionFunc("role", completeRoles))
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
			return carryOut(a, cmd, (*api.Client).UpdatePerson, r)
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
		{"roles", func(p view) string { return strings.Join(rolesOf(p.Roles), " ") }},
		{"since", func(p view) string { return date(p.Since) }},
		{"revision", func(p view) string { return fmt.Sprint(p.Revision) }},
		{"changed by", func(p view) string { return p.ChangedBy }},
	}
}

func rolesOf(grants []service.GrantView) []string {
	var roles []string
	for _, g := range grants {
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
		{"last change", fmt.Sprintf("%s by %s (revision %d)", date(p.ChangedAt), p.ChangedBy, p.Revision)},
		{"API keys", fmt.Sprint(p.Keys)},
		{"manager", p.Manager}, {"reports", strings.Join(p.Reports, ", ")},
	} {
		if line.text != "" {
			fmt.Fprintf(&b, "  %-12s %s\n", line.label, visible(line.text))
		}
	}
	for _, m := range p.Membership {
		fmt.Fprintf(&b, "  %-12s %s\n", "member of", membershipText(m))
	}
	for _, g := range p.Roles {
		fmt.Fprintf(&b, "  %-12s %s\n", "role", grantText(g))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// membershipText tells a membership in a line, with the commits that it comes from.
func membershipText(m service.MembershipView) string {
	text := string(m.Scope)
	if m.Kind != "" {
		text += " as " + m.Kind
	}
	text += originText(m.OriginView)
	if !m.Active {
		text += ", suspended"
	}
	return text
}

// originText tells since when something is had, by whom, and who changed it last
// where somebody did.
func originText(o service.OriginView) string {
	text := fmt.Sprintf(", since %s by %s", date(o.Since), visible(o.By))
	if o.InvitedBy != "" {
		text += ", invited by " + visible(o.InvitedBy)
	}
	text += fmt.Sprintf(" (revision %d)", o.SinceRevision)
	if o.Revision != o.SinceRevision {
		text += fmt.Sprintf(", last changed %s by %s (revision %d)", date(o.ChangedAt), visible(o.ChangedBy), o.Revision)
	}
	return text
}

// grantText tells a grant in a line, with the commits that it comes from.
func grantText(g service.GrantView) string {
	return g.Role + " on " + string(g.Scope) + grantStamp(g)
}

// grantStamp tells since when it is held, and what became of it.
func grantStamp(g service.GrantView) string {
	text := originText(g.OriginView)
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
