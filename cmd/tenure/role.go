package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"tenure/api"
	"tenure/events"
	"tenure/service"
)

func (a *app) grant() *cobra.Command {
	return a.roleVerb("grant", "Give a person a role",
		func(c *api.Client, ctx context.Context, r service.RoleRequest) (service.Receipt, error) {
			return c.GrantRole(ctx, a.org, a.change, r)
		})
}

func (a *app) revoke() *cobra.Command {
	return a.roleVerb("revoke", "End a person's role",
		func(c *api.Client, ctx context.Context, r service.RoleRequest) (service.Receipt, error) {
			return c.RevokeRole(ctx, a.org, a.change, r)
		})
}

func (a *app) roleVerb(verb, short string, do func(*api.Client, context.Context, service.RoleRequest) (service.Receipt, error)) *cobra.Command {
	var r service.RoleRequest
	cmd := &cobra.Command{
		Use:     verb + " PERSON ROLE",
		Short:   short,
		Example: "  tenure " + verb + " tom maintainer --on team:docs --org acme --data ./ledger --key lea.key",
		Args:    exactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.Person, r.Role = args[0], events.RoleID(args[1])
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				receipt, err := do(c, cmd.Context(), r)
				if err != nil {
					return err
				}
				return printReceipt(a, receipt)
			})
		},
	}
	cmd.Flags().StringVar(&r.Scope, "on", "", "scope, KIND:HANDLE; the organization itself if left out")
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}

func (a *app) can() *cobra.Command {
	var on string
	var explain bool
	cmd := &cobra.Command{
		Use:   "can PERSON PERMISSION",
		Short: "Say whether a person may do something, and why",
		Long: `Can answers a permission question. The exit status is 0 if it is allowed and 1
if it is not. With --explain it names the ledger entries that make the answer
so: which role gives it, since when, by whom, and at which revision.`,
		Example: `  tenure can tom team.edit --on team:docs --org acme --explain --data ./ledger
  tenure can tom team.edit --on team:docs --org acme --as-of 2026-01-31 --data ./ledger`,
		Args: exactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				answer, err := c.Can(cmd.Context(), a.org, a.at, args[0], args[1], on)
				if err != nil {
					return err
				}
				if err := printOne(a, answer, answerText(answer, explain), answerColumns()...); err != nil {
					return err
				}
				if !answer.Allowed {
					return errNotAllowed
				}
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&on, "on", "", "scope, KIND:HANDLE; the organization itself if left out")
	cmd.Flags().BoolVar(&explain, "explain", false, "say why")
	a.inOrg(cmd)
	a.dated(cmd)
	return cmd
}

func answerColumns() []column[service.Answer] {
	type view = service.Answer
	return []column[view]{
		{"allowed", func(v view) string { return fmt.Sprint(v.Allowed) }},
		{"login", func(v view) string { return v.Login }},
		{"permission", func(v view) string { return v.Permission }},
		{"scope", func(v view) string { return string(v.Scope) }},
		{"revision", func(v view) string { return fmt.Sprint(v.Revision) }},
		{"because", func(v view) string {
			var list []string
			for _, g := range v.Because {
				list = append(list, fmt.Sprintf("%s@%s#%d", g.Role, g.Scope, g.Revision))
			}
			return strings.Join(list, " ")
		}},
	}
}

func answerText(v service.Answer, explain bool) string {
	var b strings.Builder
	word := "no"
	if v.Allowed {
		word = "yes"
	}
	b.WriteString(word)
	if !explain {
		return b.String()
	}
	verb := "may not"
	if v.Allowed {
		verb = "may"
	}
	login := visible(v.Login)
	fmt.Fprintf(&b, ": %s %s do %s on %s (%s), as of revision %d, %s.", login, verb, v.Permission, v.Scope,
		midSentence(v.Title), v.Revision, date(v.AsOf))
	for _, g := range v.Because {
		fmt.Fprintf(&b, "\n  because %s is %s", login, grantText(g))
	}
	if v.Suspended {
		b.WriteString("\n  a role would give it, but the membership that it rests on is suspended")
	}
	if len(v.Instead) > 0 {
		b.WriteString("\n  it would take one of")
		for _, m := range v.Instead {
			fmt.Fprintf(&b, "\n    %s on %s", m.Role, m.Scope)
		}
	}
	if len(v.Ask) > 0 {
		fmt.Fprintf(&b, "\n  ask %s", visible(strings.Join(v.Ask, ", ")))
	}
	return b.String()
}

// midSentence is a title as it is written within a sentence.
func midSentence(title string) string {
	first, size := utf8.DecodeRuneInString(title)
	if size == 0 {
		return ""
	}
	return string(unicode.ToLower(first)) + title[size:]
}

func (a *app) who() *cobra.Command {
	var role, permission, on string
	cmd := &cobra.Command{
		Use:   "who --role ROLE | --permission PERMISSION",
		Short: "List who holds a role, or has a permission",
		Example: `  tenure who --role admin --org acme --as-of 2026-01-31 --data ./ledger
  tenure who --permission team.edit --on team:docs --org acme --data ./ledger`,
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if (role == "") == (permission == "") {
				return usageError{errors.New("who: give --role or --permission")}
			}
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				var list []service.GrantView
				var err error
				if role != "" {
					list, err = c.Holders(cmd.Context(), a.org, a.at, events.RoleID(role), on)
				} else {
					list, err = c.Permitted(cmd.Context(), a.org, a.at, permission, on)
				}
				if err != nil {
					return err
				}
				return print(a, list, nobody(role, permission, on, a.org), grantColumns()...)
			})
		},
	}
	cmd.Flags().StringVar(&role, "role", "", "role, among those of the scope's kind")
	cmd.Flags().StringVar(&permission, "permission", "", "permission")
	cmd.Flags().StringVar(&on, "on", "", "scope, KIND:HANDLE; the organization itself if left out")
	a.inOrg(cmd)
	a.dated(cmd)
	return cmd
}

// nobody says what to do about an empty list.
func nobody(role, permission, on, org string) string {
	if on != "" {
		on = " --on " + on
	}
	if role != "" {
		return fmt.Sprintf("Nobody holds it: tenure grant PERSON %s%s --org %s", role, on, org)
	}
	return fmt.Sprintf("Nobody has it; what would give it: tenure can PERSON %s%s --explain --org %s", permission, on, org)
}

func grantColumns() []column[service.GrantView] {
	type view = service.GrantView
	return []column[view]{
		{"login", func(g view) string { return g.Login }},
		{"id", func(g view) string { return string(g.ID) }},
		{"role", func(g view) string { return g.Role }},
		{"scope", func(g view) string { return string(g.Scope) }},
		{"since", func(g view) string { return date(g.Since) }},
		{"revision", func(g view) string { return fmt.Sprint(g.Revision) }},
		{"by", func(g view) string { return g.By }},
		{"cause", func(g view) string { return string(g.Cause) }},
		{"active", func(g view) string { return fmt.Sprint(g.Active) }},
	}
}
