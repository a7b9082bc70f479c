package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tenure/api"
	"tenure/service"
)

func (a *app) group() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "group",
		Short: "Groups, whose members have permissions by that",
		Long: `A group is a scope of a kind that carries permissions: its members have what the group is
given, on the scope above the group and on all below that. Groups are made with tenure
scope create, and people become members with tenure member start --on.`,
	}
	cmd.AddCommand(
		a.groupList(), a.groupShow(),
		a.groupPermit("permit", "Give permissions to the members of a group", (*api.Client).PermitGroup),
		a.groupPermit("unpermit", "Take permissions from the members of a group", (*api.Client).UnpermitGroup),
	)
	return cmd
}

func (a *app) groupList() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List the groups, with their members and permissions",
		Example: `  tenure group list --org acme --data ./ledger`,
		Args:    exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				list, err := c.Groups(cmd.Context(), a.org, a.at)
				if err != nil {
					return err
				}
				return print(a, list, "There is no group: tenure scope create KIND:HANDLE --org "+a.org+", of a kind that carries permissions", groupColumns()...)
			})
		},
	}
	a.inOrg(cmd)
	a.dated(cmd)
	return cmd
}

func groupColumns() []column[service.GroupView] {
	type view = service.GroupView
	return []column[view]{
		{"id", func(g view) string { return string(g.ID) }},
		{"title", func(g view) string { return g.Title }},
		{"under", func(g view) string { return string(g.Under) }},
		{"members", func(g view) string {
			var names []string
			for _, m := range g.Members {
				names = append(names, memberText(m))
			}
			return strings.Join(names, ", ")
		}},
		{"permissions", func(g view) string {
			var ids []string
			for _, p := range g.Permissions {
				ids = append(ids, p.ID)
			}
			return strings.Join(ids, ", ")
		}},
		{"revision", func(g view) string { return fmt.Sprint(g.Revision) }},
		{"changed by", func(g view) string { return g.ChangedBy }},
	}
}

func memberText(m service.GroupMemberView) string {
	if !m.Active {
		return m.Login + " (not active)"
	}
	return m.Login
}

func (a *app) groupShow() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show KIND:HANDLE", Short: "Show a group, with its members and permissions",
		Example: `  tenure group show user_group:buyers --org acme --data ./ledger`,
		Args:    exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				group, err := c.Group(cmd.Context(), a.org, a.at, args[0])
				if err != nil {
					return err
				}
				return printOne(a, group, groupText(group), groupColumns()...)
			})
		},
	}
	a.inOrg(cmd)
	a.dated(cmd)
	return cmd
}

func groupText(g service.GroupView) string {
	var b strings.Builder
	b.WriteString(string(g.ID))
	if g.Title != "" {
		b.WriteString(": " + visible(g.Title))
	}
	fmt.Fprintf(&b, "\n  below %s; changed last on %s by %s (revision %d)", g.Under, date(g.ChangedAt), visible(g.ChangedBy), g.Revision)
	if g.Archived {
		b.WriteString("\n  in the archive")
	}
	fmt.Fprintf(&b, "\n\nOn %s and all below, members have", g.Under)
	if len(g.Permissions) == 0 {
		b.WriteString(" nothing by this group.")
	}
	width := 0
	for _, p := range g.Permissions {
		width = max(width, len(p.ID))
	}
	for _, p := range g.Permissions {
		fmt.Fprintf(&b, "\n  %-*s  %s, since %s by %s (revision %d)", width, p.ID, visible(p.Title), date(p.Since), visible(p.ChangedBy), p.Revision)
		if p.Only != "" {
			b.WriteString("; only " + visible(p.Only))
		}
		if p.Feature != "" {
			fmt.Fprintf(&b, "; waits for the feature %s, which is off", p.Feature)
		}
	}
	if len(g.Members) == 0 {
		b.WriteString("\n\nNobody is a member.")
		return b.String()
	}
	b.WriteString("\n\nMembers are")
	for _, m := range g.Members {
		b.WriteString("\n  " + visible(memberText(m)) + originText(m.OriginView))
	}
	return b.String()
}

func (a *app) groupPermit(verb, short string,
	do func(*api.Client, context.Context, string, api.Options, service.PermitGroupRequest) (service.Receipt, error)) *cobra.Command {

	cmd := &cobra.Command{
		Use: verb + " KIND:HANDLE PERMISSION...", Short: short,
		Example:           "  tenure group " + verb + " user_group:buyers organization.orders.view --org acme --data ./ledger --key lea.key",
		Args:              asUsage(cobra.MinimumNArgs(2)),
		ValidArgsFunction: after(1, completePermissions),
		RunE: func(cmd *cobra.Command, args []string) error {
			r := service.PermitGroupRequest{Scope: args[0], Permissions: permissionIDs(args[1:])}
			return carryOut(a, cmd, do, r)
		},
	}
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}
