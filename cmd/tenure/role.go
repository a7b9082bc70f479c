package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"tenure/api"
	"tenure/events"
	"tenure/service"
)

func (a *app) grant() *cobra.Command {
	var r service.GrantRequest
	cmd := &cobra.Command{
		Use:   "grant PERSON ROLE",
		Short: "Give a person a role",
		Long: `Grant gives a person a role, for good or, with --until, for a time. Where the role is
held already, only the time at which it ends changes.`,
		Example: `  tenure grant tom maintainer --on team:docs --org acme --data ./ledger --key lea.key
  tenure grant tom maintainer --on team:docs --until P30D --org acme --data ./ledger --key lea.key`,
		Args:              exactArgs(2),
		ValidArgsFunction: second(completeRoles),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.Person, r.Role = args[0], events.RoleID(args[1])
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				receipt, err := c.GrantRole(cmd.Context(), a.org, a.change, r)
				if err != nil {
					return err
				}
				return printReceipt(a, receipt)
			})
		},
	}
	cmd.Flags().StringVar(&r.Until, "until", "", "when it ends by itself: a date (its end, UTC), an RFC 3339 time, or P30D from now")
	a.on(cmd, &r.Scope)
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}

func (a *app) revoke() *cobra.Command {
	var r service.RoleRequest
	cmd := &cobra.Command{
		Use:               "revoke PERSON ROLE",
		Short:             "End a person's role",
		Example:           `  tenure revoke tom maintainer --on team:docs --org acme --data ./ledger --key lea.key`,
		Args:              exactArgs(2),
		ValidArgsFunction: second(completeRoles),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.Person, r.Role = args[0], events.RoleID(args[1])
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				receipt, err := c.RevokeRole(cmd.Context(), a.org, a.change, r)
				if err != nil {
					return err
				}
				return printReceipt(a, receipt)
			})
		},
	}
	a.on(cmd, &r.Scope)
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}

func (a *app) transfer() *cobra.Command {
	var r service.TransferRequest
	var role, former string
	cmd := &cobra.Command{
		Use:   "transfer PERSON",
		Short: "Pass a role that has one holder on to another person",
		Long: `Transfer passes a role that always has one holder, for instance that of an owner, on
to another person. The former holder is left with the role that the role model says,
unless --former says another one, or none.`,
		Example: `  tenure transfer tom --org acme --data ./ledger --key lea.key
  tenure transfer tom --role owner --former none --org acme --data ./ledger --key lea.key`,
		Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.Person, r.Role, r.Former = args[0], events.RoleID(role), events.RoleID(former)
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				receipt, err := c.TransferRole(cmd.Context(), a.org, a.change, r)
				if err != nil {
					return err
				}
				return printReceipt(a, receipt)
			})
		},
	}
	cmd.Flags().StringVar(&role, "role", "", "role; the one that is transferred there if left out")
	cmd.Flags().StringVar(&former, "former", "", "role that the former holder gets, or none; what the role model says if left out")
	must(cmd.RegisterFlagCompletionFunc("role", completeRoles))
	must(cmd.RegisterFlagCompletionFunc("former", completeRoles))
	a.on(cmd, &r.Scope)
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}

// on adds the flag that says on which scope.
func (a *app) on(cmd *cobra.Command, scope *string) {
	cmd.Flags().StringVar(scope, "on", "", "scope, KIND:HANDLE; the organization itself if left out")
	must(cmd.RegisterFlagCompletionFunc("on", cobra.NoFileCompletions))
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
		Args:              exactArgs(2),
		ValidArgsFunction: second(completePermissions),
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
	a.on(cmd, &on)
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
	switch {
	case v.Feature != "":
		fmt.Fprintf(&b, "\n  it waits for the feature %s, which is off: tenure feature on %s", v.Feature, v.Feature)
	case v.Suspended:
		b.WriteString("\n  a role would give it, but the membership that it rests on is suspended, or its time is over")
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
				return print(a, list, nobody(role, permission, on, a.org), grantColumns(a.limited(list))...)
			})
		},
	}
	cmd.Flags().StringVar(&role, "role", "", "role, among those of the scope's kind")
	cmd.Flags().StringVar(&permission, "permission", "", "permission")
	must(cmd.RegisterFlagCompletionFunc("role", completeRoles))
	must(cmd.RegisterFlagCompletionFunc("permission", completePermissions))
	a.on(cmd, &on)
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

// limited says whether a list of roles is to show when they end: a table only
// where one does.
func (a *app) limited(list []service.GrantView) bool {
	return a.format != "table" || slices.ContainsFunc(list, func(g service.GrantView) bool { return !g.Until.IsZero() })
}

func grantColumns(until bool) []column[service.GrantView] {
	type view = service.GrantView
	columns := []column[view]{
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
	if until {
		columns = append(columns, column[view]{"until", func(g view) string { return date(g.Until) }})
	}
	return columns
}
