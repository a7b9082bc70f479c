package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"tenure/api"
	"tenure/events"
	"tenure/service"
)

func (a *app) invitations() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "invitations",
		Short: "Invitations to become a member",
		Long: `An invitation asks somebody to become a member of the organization or of a scope in
it. Its token is in the message to them, and speaks for them until they have answered.
Where it is rerouted by their address (tenure route), others can answer it as well.`,
	}
	cmd.AddCommand(
		a.invitationsSend(), a.invitationsList(),
		a.invitationsVerb("resend", "Send an invitation again, with another token, for another two weeks",
			func(ctx context.Context, c *api.Client, id string) error {
				receipt, err := c.ResendInvitation(ctx, a.org, a.change, id)
				if err != nil {
					return err
				}
				return a.printInvitation(receipt)
			}),
		a.invitationsVerb("withdraw", "Take an invitation back",
			func(ctx context.Context, c *api.Client, id string) error {
				receipt, err := c.WithdrawInvitation(ctx, a.org, a.change, id)
				if err != nil {
					return err
				}
				return printReceipt(a, receipt)
			}),
		a.invitationsAnswer("accept", "Become a member, with the token of an invitation as the key",
			func(ctx context.Context, c *api.Client, id string) error {
				receipt, err := c.AcceptInvitation(ctx, a.org, a.change, id)
				if err != nil {
					return err
				}
				return a.printKey(receipt, "you")
			}),
		a.invitationsAnswer("decline", "Say no to an invitation, with its token as the key",
			func(ctx context.Context, c *api.Client, id string) error {
				receipt, err := c.DeclineInvitation(ctx, a.org, a.change, id)
				if err != nil {
					return err
				}
				return printReceipt(a, receipt)
			}),
	)
	return cmd
}

func (a *app) invitationsSend() *cobra.Command {
	var r service.InvitationRequest
	var role string
	cmd := &cobra.Command{
		Use:   "send [PERSON]",
		Short: "Ask somebody to become a member",
		Long: `Send invites somebody who is known, by login, address or id, or somebody new, with
--email and what else is known about them. The token to answer with is shown this once;
it is in the message to them as well.`,
		Example: `  tenure invitations send tom --org acme --data ./ledger --key lea.key
  tenure invitations send tom --role editor --as guest --on plan:spring --org acme --data ./ledger --key lea.key
  tenure invitations send --email ida@example.org --login ida --name "Ida Example" --expires P7D --org acme --data ./ledger`,
		Args: asUsage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.Role = events.RoleID(role)
			switch {
			case len(args) == 1 && r.PersonDetails != (service.PersonDetails{}):
				return usageError{errors.New("invitations send: name somebody who is known, or give the details of somebody new, not both")}
			case len(args) == 1:
				r.Person = args[0]
			case r.Email == "":
				return usageError{errors.New("invitations send: name somebody who is known, or give the --email of somebody new")}
			}
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				receipt, err := c.Invite(cmd.Context(), a.org, a.change, r)
				if err != nil {
					return err
				}
				return a.printInvitation(receipt)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&r.Email, "email", "", "address of somebody new")
	flags.StringVar(&r.Login, "login", "", "login of somebody new")
	flags.StringVar(&r.Name, "name", "", "full name of somebody new")
	flags.StringVar(&r.JobTitle, "job-title", "", "job title of somebody new")
	flags.StringVar(&role, "role", "", "role that comes with the membership; needed where the scope has no members of its own")
	flags.StringVar((*string)(&r.MemberKind), "as", "", "kind of member, where the role model has several; the usual one if left out")
	flags.StringVar(&r.Expires, "expires", "", "when it can no longer be accepted: a date, a time, or P14D from now, which is meant if left out")
	must(cmd.RegisterFlagCompletionFunc("role", completeRoles))
	must(cmd.RegisterFlagCompletionFunc("as", completeMemberKinds))
	a.on(cmd, &r.Scope)
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}

// printInvitation says what was sent, with the token, which is not shown again.
func (a *app) printInvitation(receipt service.InvitationReceipt) error {
	text := receiptText(receipt.Receipt)
	switch {
	case receipt.Token != "":
		text += fmt.Sprintf("\nInvitation %s. The token to answer with, which is shown this once and speaks for the person invited:\n%s",
			receipt.ID, receipt.Token)
	case receipt.ID != "":
		text += fmt.Sprintf("\nInvitation %s. Its token is in the message to the person invited; for another one: tenure invitations resend %s --org %s",
			receipt.ID, receipt.ID, receipt.Org)
	}
	columns := []column[service.InvitationReceipt]{
		{"id", func(r service.InvitationReceipt) string { return string(r.ID) }},
		{"person", func(r service.InvitationReceipt) string { return string(r.Person) }},
		{"token", func(r service.InvitationReceipt) string { return r.Token }},
	}
	columns = append(columns, receiptColumns(func(r service.InvitationReceipt) service.Receipt { return r.Receipt })...)
	return printOne(a, receipt, text, columns...)
}

func (a *app) invitationsList() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List the open invitations that one may send and withdraw, or answer",
		Example: `  tenure invitations list --org acme --data ./ledger`,
		Args:    exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				list, err := c.Invitations(cmd.Context(), a.org, a.at)
				if err != nil {
					return err
				}
				type view = service.InvitationView
				return print(a, list, "No invitation waits for an answer: tenure invitations send PERSON --org "+a.org,
					column[view]{"login", func(v view) string { return v.Login }},
					column[view]{"scope", func(v view) string { return string(v.Scope) }},
					column[view]{"role", func(v view) string { return v.Role }},
					column[view]{"as", func(v view) string { return v.Kind }},
					column[view]{"route", func(v view) string { return string(v.Route) }},
					column[view]{"since", func(v view) string { return date(v.Since) }},
					column[view]{"expires", func(v view) string { return date(v.Expires) }},
					column[view]{"by", func(v view) string { return v.By }},
					column[view]{"revision", func(v view) string { return fmt.Sprint(v.Revision) }},
					column[view]{"id", func(v view) string { return string(v.ID) }},
					column[view]{"blocked", func(v view) string { return v.Blocked }},
				)
			})
		},
	}
	a.inOrg(cmd)
	a.dated(cmd)
	return cmd
}

func (a *app) invitationsVerb(verb, short string, do func(context.Context, *api.Client, string) error) *cobra.Command {
	cmd := &cobra.Command{
		Use: verb + " ID", Short: short,
		Example:           "  tenure invitations " + verb + " 01K0W4Z36K3W5C2R0A3M8N9P7Q --org acme --data ./ledger --key lea.key",
		Args:              exactArgs(1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error { return do(cmd.Context(), c, args[0]) })
		},
	}
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}

func (a *app) invitationsAnswer(verb, short string, do func(context.Context, *api.Client, string) error) *cobra.Command {
	cmd := &cobra.Command{
		Use: verb + " [ID]", Short: short,
		Long: short + `.
The organization and the invitation are those of the token. Who is a person with a key
of their own already can answer with that, and then says which: ID and --org. So does
who answers for another, where the invitation is rerouted.`,
		Example: "  tenure invitations " + verb + ` --key invitation.token --url http://127.0.0.1:7070
  tenure invitations ` + verb + " 01K0W4Z36K3W5C2R0A3M8N9P7Q --org acme --key tom.key --url http://127.0.0.1:7070",
		Args:              asUsage(cobra.MaximumNArgs(1)),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := a.answered(args)
			if err != nil {
				return err
			}
			return a.with(cmd.Context(), false, func(c *api.Client) error { return do(cmd.Context(), c, id) })
		},
	}
	cmd.Flags().StringVar(&a.org, "org", "", "organization; that of the token if left out, else TENURE_ORG")
	a.changes(cmd)
	return cmd
}

// answered says which invitation is answered, and sets the organization that it
// is of.
func (a *app) answered(args []string) (id string, err error) {
	key, err := a.key()
	if err != nil {
		return "", err
	}
	if key == "" {
		return "", usageError{errors.New("an invitation is answered by whom it is for: give its token with --key FILE or TENURE_KEY")}
	}
	org, invitation, is := service.TokenParts(key)
	id = string(invitation)
	if a.org == "" {
		if a.org = string(org); !is {
			a.org = os.Getenv("TENURE_ORG")
		}
		if a.org == "" {
			return "", usageError{errNoOrg}
		}
		if err := events.OrgID(a.org).Validate(); err != nil {
			return "", usageError{fmt.Errorf("TENURE_ORG: %w", err)}
		}
	}
	if len(args) == 1 {
		id = args[0]
	}
	if id == "" {
		return "", usageError{errors.New("the key is no token of an invitation, so say which one is answered: ID")}
	}
	return id, nil
}
