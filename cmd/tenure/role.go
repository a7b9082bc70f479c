package main

import (
	"errors"
	"fmt"
	"slices"

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
			return carryOut(a, cmd, (*api.Client).GrantRole, r)
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
			return carryOut(a, cmd, (*api.Client).RevokeRole, r)
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
			return carryOut(a, cmd, (*api.Client).TransferRole, r)
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
	var on, about string
	var explain bool
	cmd := &cobra.Command{
		Use:   "can PERSON PERMISSION",
		Short: "Say whether a person may do something, and why",
		Long: `Can answers a permission question. The exit status is 0 if it is allowed and 1
if it is not. With --explain it names what decided: which role or group gives it,
since when, by whom, and at which revision; or the condition that is not met, the
ceiling that holds it back, who withheld or suspended it, the feature that is off, what
it would take, and whom to ask.

Some permissions depend on the person whom something is done to: say who that is with
--person. Somebody whom the organization does not know counts as an outsider.`,
		Example: `  tenure can tom team.edit --on team:docs --org acme --explain --data ./ledger
  tenure can tom team.edit --on team:docs --person ida --org acme --data ./ledger
  tenure can tom team.edit --on team:docs --org acme --as-of 2026-01-31 --data ./ledger`,
		Args:              exactArgs(2),
		ValidArgsFunction: second(completePermissions),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				answer, err := c.CanUpon(cmd.Context(), a.org, a.at, args[0], args[1], on, about)
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
	cmd.Flags().StringVar(&about, "person", "", "the person concerned, at whom conditions look: login, address or id")
	a.inOrg(cmd)
	a.dated(cmd)
	return cmd
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
				return print(a, list, nobody(role, permission, on, a.org), a.grantColumns(list)...)
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

// grantColumns are the columns of who has something. A table shows groups, the
// times at which roles end, who invited and who changed something later only where
// there are any.
func (a *app) grantColumns(list []service.GrantView) []column[service.GrantView] {
	type view = service.GrantView
	changed := func(g view) bool { return g.Revision != g.SinceRevision }
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
	for _, c := range []struct {
		column[view]
		has func(view) bool
	}{
		{column[view]{"until", func(g view) string { return date(g.Until) }}, func(g view) bool { return !g.Until.IsZero() }},
		{column[view]{"group", func(g view) string { return string(g.Group) }}, func(g view) bool { return g.Group != "" }},
		{column[view]{"only", func(g view) string { return g.Only }}, func(g view) bool { return g.Only != "" }},
		{column[view]{"invited by", func(g view) string { return g.InvitedBy }}, func(g view) bool { return g.InvitedBy != "" }},
		{column[view]{"since revision", func(g view) string { return fmt.Sprint(g.SinceRevision) }}, changed},
		{column[view]{"changed by", func(g view) string { return g.ChangedBy }}, changed},
		{column[view]{"changed at", func(g view) string { return date(g.ChangedAt) }}, changed},
	} {
		if a.format != "table" || slices.ContainsFunc(list, c.has) {
			columns = append(columns, c.column)
		}
	}
	return columns
}
