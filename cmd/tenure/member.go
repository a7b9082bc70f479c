package main

import (
	"github.com/spf13/cobra"

	"tenure/api"
	"tenure/service"
)

func (a *app) member() *cobra.Command {
	cmd := &cobra.Command{Use: "member", Short: "Memberships of the organization and of scopes in it"}
	for _, verb := range []struct{ word, short string }{
		{"start", "Make a person a member"},
		{"suspend", "Make a member inactive, with all roles kept"},
		{"resume", "Make a suspended member active again"},
		{"terminate", "End a membership, and with it every role that the person holds through it"},
	} {
		cmd.AddCommand(a.memberVerb(verb.word, verb.short))
	}
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
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				receipt, err := c.ChangeMembership(cmd.Context(), a.org, a.change, verb, r)
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
