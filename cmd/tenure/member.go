package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"tenure/aggregate"
	"tenure/api"
	"tenure/service"
)

func (a *app) member() *cobra.Command {
	cmd := &cobra.Command{Use: "member", Short: "Memberships of the organization and of scopes in it"}
	for _, verb := range []struct{ word, short string }{
		{"start", "Make a person a member"},
		{"change", "Make a member one of another kind, with all roles kept"},
		{"suspend", "Make a member inactive, with all roles kept"},
		{"resume", "Make a suspended member active again"},
		{"terminate", "End a membership, and with it every role that the person holds through it"},
	} {
		cmd.AddCommand(a.memberVerb(verb.word, verb.short))
	}
	cmd.AddCommand(a.memberList())
	return cmd
}

func (a *app) memberVerb(verb, short string) *cobra.Command {
	var r service.MembershipRequest
	cmd := &cobra.Command{
		Use:     verb + " PERSON",
		Short:   short,
		Example: "  tenure member " + verb + " tom --org acme --data ./ledger --key lea.key",
		Args:    exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.Person = args[0]
			return a.ask(cmd, func(c *api.Client) (service.Receipt, error) {
				if len(args) == 1 {
					return c.ChangeMembership(cmd.Context(), a.org, a.change, verb, r)
				}
				return c.ChangeMemberships(cmd.Context(), a.org, a.change,
					service.MembershipsRequest{Verb: aggregate.Verb(verb), People: args, Scope: r.Scope})
			})
		},
	}
	switch verb {
	case "change":
		cmd.Flags().StringVar((*string)(&r.MemberKind), "as", "", "kind of member from now on, of those that the role model has")
		must(cmd.RegisterFlagCompletionFunc("as", completeMemberKinds))
		must(cmd.MarkFlagRequired("as"))
		cmd.Example = "  tenure member change ida --as guest --on team:docs --org acme --data ./ledger --key lea.key"
	case "start":
		cmd.Flags().StringVar((*string)(&r.MemberKind), "as", "", "kind of member, where the role model has several; the usual one if left out")
		must(cmd.RegisterFlagCompletionFunc("as", completeMemberKinds))
		cmd.Example += "\n  tenure member start ida --as guest --on team:docs --org acme --data ./ledger --key lea.key"
	default:
		cmd.Use, cmd.Args = verb+" PERSON...", asUsage(cobra.MinimumNArgs(1))
		cmd.Long = short + `.
To several people it is done in one commit, to all of them or to none; all that is
refused is told, with the place in the list, from people.0.`
		cmd.Example += "\n  tenure member " + verb + " tom ida --org acme --data ./ledger --key lea.key"
	}
	cmd.Flags().StringVar(&r.Scope, "on", "", "scope, KIND:HANDLE; the organization itself if left out")
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}

// memberColumns are the columns of who is a member. A table shows who invited only
// where somebody did.
func (a *app) memberColumns(list []service.MemberView) []column[service.MemberView] {
	type view = service.MemberView
	columns := []column[view]{
		{"login", func(m view) string { return m.Login }},
		{"id", func(m view) string { return string(m.ID) }},
		{"kind", func(m view) string { return m.Kind }},
		{"active", func(m view) string { return fmt.Sprint(m.Active) }},
		{"since", func(m view) string { return date(m.Since) }},
		{"revision", func(m view) string { return fmt.Sprint(m.Revision) }},
		{"changed by", func(m view) string { return m.ChangedBy }},
		{"changed at", func(m view) string { return date(m.ChangedAt) }},
		{"by", func(m view) string { return m.By }},
	}
	if a.format != "table" || slices.ContainsFunc(list, func(m view) bool { return m.InvitedBy != "" }) {
		columns = append(columns, column[view]{"invited by", func(m view) string { return m.InvitedBy }})
	}
	return columns
}

func (a *app) memberList() *cobra.Command {
	var on string
	cmd := &cobra.Command{
		Use: "list", Short: "List the members of the organization or of a scope in it",
		Example: `  tenure member list --on team:docs --org acme --data ./ledger`,
		Args:    exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				list, err := c.Members(cmd.Context(), a.org, a.at, on)
				if err != nil {
					return err
				}
				return print(a, list, "Nobody is a member: tenure member start PERSON --org "+a.org, a.memberColumns(list)...)
			})
		},
	}
	a.on(cmd, &on)
	a.inOrg(cmd)
	a.dated(cmd)
	return cmd
}
