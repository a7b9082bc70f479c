package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"tenure/api"
	"tenure/events"
	"tenure/service"
)

func (a *app) designate() *cobra.Command {
	var r service.DesignationRequest
	cmd := &cobra.Command{
		Use:   "designate PERSON DESIGNATION",
		Short: "Mark one holder of a role, and nobody else any more",
		Long: `Designate marks one of those who hold a role, for instance one of the owners as the
main owner. The role model says whom it can mark, while what holds, and who sets it.`,
		Example:           `  tenure designate tom main_owner --org acme --data ./ledger --key lea.key`,
		Args:              exactArgs(2),
		ValidArgsFunction: second(completeDesignations),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.Person, r.Designation = args[0], events.DesignationID(args[1])
			return carryOut(a, cmd, (*api.Client).SetDesignation, r)
		},
	}
	a.on(cmd, &r.Scope)
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}

func (a *app) undesignate() *cobra.Command {
	var r service.DesignationRequest
	cmd := &cobra.Command{
		Use:   "undesignate [PERSON] DESIGNATION",
		Short: "Take a mark away",
		Long: `Undesignate takes a mark away. Where a person is named, it is refused unless that
person is the one who is marked.`,
		Example: `  tenure undesignate main_owner --org acme --data ./ledger --key lea.key
  tenure undesignate tom main_owner --org acme --data ./ledger --key lea.key`,
		Args: asUsage(cobra.RangeArgs(1, 2)),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 1 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return completeDesignations(cmd, args, typed)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			r.Designation = events.DesignationID(args[len(args)-1])
			return a.ask(cmd, func(c *api.Client) (service.Receipt, error) {
				if len(args) == 2 {
					return a.clearOf(cmd.Context(), c, args[0], r)
				}
				return c.ClearDesignation(cmd.Context(), a.org, a.change, r)
			})
		},
	}
	a.on(cmd, &r.Scope)
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}

// maxLooks bounds how often the organization is looked at again because others
// changed it meanwhile.
const maxLooks = 8

// clearOf takes a mark from the person named, and from nobody else: it is
// expected that the organization stands where it was looked at.
func (a *app) clearOf(ctx context.Context, c *api.Client, person string, r service.DesignationRequest) (service.Receipt, error) {
	for look := 1; ; look++ {
		options := a.change
		org, err := c.Organization(ctx, a.org, api.At{})
		if err != nil {
			return service.Receipt{}, err
		}
		if options.IfRevision == 0 {
			options.IfRevision = org.Revision
		}
		at := api.At{AtLeast: org.Revision}
		known, err := c.Person(ctx, a.org, at, person)
		if err != nil {
			return service.Receipt{}, err
		}
		form, err := c.RoleForm(ctx, a.org, at, r.Scope)
		if err != nil {
			return service.Receipt{}, err
		}
		for _, field := range form {
			if field.Designation != string(r.Designation) {
				continue
			}
			// With an idempotency key it may have been done by this very request.
			if len(field.Holders) == 0 && options.IdempotencyKey != "" {
				break
			}
			if len(field.Holders) != 1 || field.Holders[0].ID != known.ID {
				return service.Receipt{}, notMarked(a.org, known.Login, field)
			}
		}
		receipt, err := c.ClearDesignation(ctx, a.org, options, r)
		p := asProblem(err)
		if p == nil || p.Code != string(service.CodePrecondition) || a.change.IfRevision != 0 || look == maxLooks {
			return receipt, err
		}
	}
}

// notMarked refuses to take a mark from somebody who has it not.
func notMarked(org, login string, field service.RoleField) error {
	instead := "nobody"
	if len(field.Holders) > 0 {
		instead = field.Holders[0].Login
	}
	return &api.Problem{
		Type: "urn:tenure:problem:not_designated", Title: http.StatusText(http.StatusConflict), Status: http.StatusConflict,
		Code: "not_designated", Field: "person", Scope: field.Scope,
		Help:   fmt.Sprintf("tenure roles show --on %s --org %s", field.Scope, org),
		Detail: fmt.Sprintf("%s is not %s on %s: %s is.", login, field.Designation, field.Scope, instead),
	}
}
