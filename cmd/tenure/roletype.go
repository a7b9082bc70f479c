package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tenure/api"
	"tenure/events"
	"tenure/rolemodel"
	"tenure/service"
)

func (a *app) role() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "role",
		Short: "Types of role: what each gives, and those that you define yourself",
		Long: `A type of role is one of the role model, or a custom role, which an organization defines
itself from a template of the model. What a custom role gives is added and removed; from
some roles of the model permissions can be withheld. Either takes effect at once for all
who hold the role. Who holds which role: see tenure roles, grant and revoke.`,
	}
	cmd.AddCommand(
		a.roleList(), a.roleShow(), a.roleDefine(), a.roleRename(), a.roleDelete(),
		a.rolePermit("permit", "Add permissions to a custom role", (*api.Client).PermitRole),
		a.rolePermit("unpermit", "Take permissions from a custom role", (*api.Client).UnpermitRole),
		a.roleWithhold("withhold", "Withhold permissions from a role of the model", "takes permissions from", (*api.Client).WithholdPermission),
		a.roleWithhold("restore", "Give back to a role of the model what was withheld", "gives permissions back to", (*api.Client).RestorePermission),
	)
	return cmd
}

func (a *app) roleList() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List the types of role, and how many hold each",
		Example: `  tenure role list --org acme --data ./ledger
  tenure role list --org acme --as-of 2026-01-31 -o json --data ./ledger`,
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				list, err := c.RoleTypes(cmd.Context(), a.org, a.at)
				if err != nil {
					return err
				}
				type view = service.RoleTypeView
				return print(a, list, "There are no roles.",
					column[view]{"id", func(r view) string { return r.ID }},
					column[view]{"title", func(r view) string { return r.Title }},
					column[view]{"icon", func(r view) string { return r.Icon }},
					column[view]{"custom", func(r view) string { return fmt.Sprint(r.Template != "") }},
					column[view]{"holders", func(r view) string { return fmt.Sprint(r.Holders) }},
					column[view]{"permissions", func(r view) string { return fmt.Sprint(len(r.Permissions)) }},
					column[view]{"withheld", func(r view) string { return fmt.Sprint(countWithheld(r)) }},
				)
			})
		},
	}
	a.inOrg(cmd)
	a.dated(cmd)
	return cmd
}

func countWithheld(r service.RoleTypeView) int {
	count := 0
	for _, p := range r.Permissions {
		if len(p.Withheld) > 0 {
			count++
		}
	}
	return count
}

func (a *app) roleShow() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show ROLE", Short: "Show what a role gives now, and who holds it",
		Long: `Show says what a role gives now, where, and what of it is withheld; and who holds it. The
role is written KIND.NAME, or NAME where there is one of that name. As CSV it lists the
permissions alone.`,
		Example: `  tenure role show help_desk --org acme --data ./ledger
  tenure role show team.administrator --org acme --as-of 2026-01-31 --data ./ledger`,
		Args:              exactArgs(1),
		ValidArgsFunction: first(completeRoleTypes),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				detail, err := c.RoleType(cmd.Context(), a.org, a.at, args[0])
				if err != nil {
					return err
				}
				if a.format == "csv" {
					return print(a, detail.Permissions, "", rolePermissionColumns()...)
				}
				return printOne(a, detail, roleTypeText(detail))
			})
		},
	}
	a.inOrg(cmd)
	a.dated(cmd)
	return cmd
}

func rolePermissionColumns() []column[service.RolePermissionView] {
	type view = service.RolePermissionView
	return []column[view]{
		{"id", func(p view) string { return p.ID }},
		{"title", func(p view) string { return p.Title }},
		{"section", func(p view) string { return p.Section }},
		{"here", func(p view) string { return fmt.Sprint(p.Here) }},
		{"below", func(p view) string { return fmt.Sprint(p.Below) }},
		{"only", func(p view) string { return p.Only }},
		{"since", func(p view) string { return date(p.Since) }},
		{"revision", func(p view) string { return optional(p.Revision) }},
		{"changed by", func(p view) string { return p.ChangedBy }},
		{"withheld", func(p view) string { return strings.Join(withheldFor(p), " ") }},
	}
}

// optional writes a revision, if there is one.
func optional(revision events.Revision) string {
	if revision == 0 {
		return ""
	}
	return fmt.Sprint(revision)
}

// withheldFor lists the values for which a permission is withheld, or everywhere.
func withheldFor(p service.RolePermissionView) []string {
	var values []string
	for _, w := range p.Withheld {
		if w.Value == "" {
			return []string{"everywhere"}
		}
		values = append(values, w.Value)
	}
	return values
}

func roleTypeText(r service.RoleTypeDetail) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", r.ID, visible(r.Title))
	if r.Rule != "" {
		fmt.Fprintf(&b, " [%s]", r.Rule)
	}
	if r.Template != "" {
		fmt.Fprintf(&b, "\n  a custom role, made from %s on %s by %s", r.Template, date(r.Defined), visible(r.DefinedBy))
	}
	if r.Icon != "" {
		fmt.Fprintf(&b, "\n  icon: %s", r.Icon)
	}
	if r.Revision > 0 {
		fmt.Fprintf(&b, "\n  changed last on %s by %s (revision %d)", date(r.Since), visible(r.ChangedBy), r.Revision)
	}
	fmt.Fprintf(&b, "\n  held on %s", rolemodel.A(r.Kind))
	if r.Membership != "" {
		fmt.Fprintf(&b, ", by members of the %s", r.Membership)
		if len(r.MemberKinds) > 0 {
			fmt.Fprintf(&b, " of the kind %s", strings.Join(r.MemberKinds, " or "))
		}
	}
	if len(r.GrantedBy) > 0 {
		fmt.Fprintf(&b, "\n  granted by %s", strings.Join(r.GrantedBy, ", "))
	}
	if r.Feature != "" {
		fmt.Fprintf(&b, "\n  it waits for the feature %s, which is off", r.Feature)
	}
	switch {
	case r.AdjustablePer != "":
		fmt.Fprintf(&b, "\n  permissions can be withheld, for each %s apart: %s", r.AdjustablePer, strings.Join(r.Values, ", "))
	case r.Adjustable:
		b.WriteString("\n  permissions can be withheld")
	case r.Confirm != "":
		fmt.Fprintf(&b, "\n  to delete it takes --confirm %s", r.Confirm)
	}
	b.WriteString("\n\nIt gives")
	if len(r.Permissions) == 0 {
		b.WriteString(" nothing.")
	}
	width := 0
	for _, p := range r.Permissions {
		width = max(width, len(p.ID))
	}
	for _, p := range r.Permissions {
		fmt.Fprintf(&b, "\n  %-*s  %s (%s)", width, p.ID, visible(p.Title), strings.Join(rolePermissionRemarks(p), "; "))
	}
	if len(r.Held) == 0 {
		b.WriteString("\n\nNobody holds it.")
		return b.String()
	}
	b.WriteString("\n\nHeld by")
	for _, g := range r.Held {
		fmt.Fprintf(&b, "\n  %s on %s%s", visible(g.Login), g.Scope, originText(g.OriginView))
		if !g.Until.IsZero() {
			b.WriteString(", until " + date(g.Until))
		}
		if !g.Active {
			b.WriteString(", not active")
		}
	}
	return b.String()
}

// rolePermissionRemarks says where a permission is had, on what it depends, who
// added it, and where it is withheld.
func rolePermissionRemarks(p service.RolePermissionView) []string {
	var remarks []string
	switch {
	case p.Here && p.Below:
		remarks = append(remarks, "here and below")
	case p.Here:
		remarks = append(remarks, "here")
	default:
		remarks = append(remarks, "below")
	}
	if p.Only != "" {
		remarks = append(remarks, "only "+p.Only)
	}
	if p.Feature != "" {
		remarks = append(remarks, "waits for the feature "+p.Feature+", which is off")
	}
	if p.Revision > 0 {
		remarks = append(remarks, fmt.Sprintf("added by %s, revision %d", visible(p.ChangedBy), p.Revision))
	}
	for _, w := range p.Withheld {
		where := ""
		if w.Value != "" {
			where = " for " + w.Value
		}
		remarks = append(remarks, fmt.Sprintf("WITHHELD%s since %s by %s, revision %d", where, date(w.Since), visible(w.ChangedBy), w.Revision))
	}
	return remarks
}

func (a *app) roleDefine() *cobra.Command {
	var r service.DefineRoleRequest
	var permissions []string
	cmd := &cobra.Command{
		Use:   "define NAME",
		Short: "Define a custom role",
		Long: `Define makes a custom role from a template of the role model: tenure models show MODEL
lists them. The name is public, stays for ever and must not name a person; the title is
kept sealed and can change. A new role gives what its template says, which can be removed,
and the permissions listed.`,
		Example: `  tenure role define help_desk --title "Help desk" --icon lifebuoy --org acme --data ./ledger --key lea.key
  tenure role define editor --template team.own_role --permission page.edit,team.read --org acme --data ./ledger --key lea.key`,
		Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.Role, r.Permissions = events.RoleID(args[0]), permissionIDs(permissions)
			return carryOut(a, cmd, (*api.Client).DefineRole, r)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&r.Template, "template", "", "template of the role model, KIND.NAME; the only one if left out")
	flags.StringVar(&r.Title, "title", "", "title, kept sealed")
	flags.StringVar(&r.Icon, "icon", "", "name of a picture for it")
	flags.StringSliceVar(&permissions, "permission", nil, "permissions that it gives besides; may be repeated")
	must(cmd.RegisterFlagCompletionFunc("template", completeTemplates))
	must(cmd.RegisterFlagCompletionFunc("permission", completePermissions))
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}

func permissionIDs(words []string) []events.PermissionID {
	var ids []events.PermissionID
	for _, word := range words {
		ids = append(ids, events.PermissionID(word))
	}
	return ids
}

func (a *app) roleRename() *cobra.Command {
	var title, icon string
	cmd := &cobra.Command{
		Use: "rename NAME", Short: "Give a custom role another title or icon",
		Long: `Rename gives a custom role another title, another icon, or both; the name itself stays
for ever. What is left out stays; an empty text removes it.`,
		Example: `  tenure role rename help_desk --title "Service desk" --org acme --data ./ledger --key lea.key
  tenure role rename help_desk --icon phone --org acme --data ./ledger --key lea.key`,
		Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r := service.RenameRoleRequest{Role: args[0]}
			if cmd.Flags().Changed("title") {
				r.Title = &title
			}
			if cmd.Flags().Changed("icon") {
				r.Icon = &icon
			}
			return carryOut(a, cmd, (*api.Client).RenameRole, r)
		},
	}
	cmd.Flags().StringVar(&title, "title", "", "title, kept sealed")
	cmd.Flags().StringVar(&icon, "icon", "", "name of a picture for it")
	cmd.MarkFlagsOneRequired("title", "icon")
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}

func (a *app) roleDelete() *cobra.Command {
	var r service.DeleteRoleRequest
	cmd := &cobra.Command{
		Use: "delete NAME", Short: "End a custom role; those who hold it lose it",
		Long: `Delete ends a custom role. Whoever holds it loses it in the same step, and invitations
that offer it are withdrawn. Where the role's template asks for a word, give it with
--confirm.`,
		Example: `  tenure role delete help_desk --confirm DELETE --org acme --data ./ledger --key lea.key`,
		Args:    exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.Role = args[0]
			return carryOut(a, cmd, (*api.Client).DeleteRole, r)
		},
	}
	cmd.Flags().StringVar(&r.Confirm, "confirm", "", "the word that the role's template asks for, for instance DELETE")
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}

func (a *app) rolePermit(verb, short string,
	do func(*api.Client, context.Context, string, api.Options, service.PermitRoleRequest) (service.Receipt, error)) *cobra.Command {

	cmd := &cobra.Command{
		Use: verb + " NAME PERMISSION...", Short: short,
		Example:           "  tenure role " + verb + " help_desk domain.user.view team.read --org acme --data ./ledger --key lea.key",
		Args:              asUsage(cobra.MinimumNArgs(2)),
		ValidArgsFunction: after(1, completePermissions),
		RunE: func(cmd *cobra.Command, args []string) error {
			r := service.PermitRoleRequest{Role: args[0], Permissions: permissionIDs(args[1:])}
			return carryOut(a, cmd, do, r)
		},
	}
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}

func (a *app) roleWithhold(verb, short, does string,
	do func(*api.Client, context.Context, string, api.Options, service.WithholdRequest) (service.Receipt, error)) *cobra.Command {

	var value string
	cmd := &cobra.Command{
		Use: verb + " ROLE PERMISSION...", Short: short,
		Long: strings.ToUpper(verb[:1]) + verb[1:] + " " + does + ` all who hold a role, at once. Only some roles of a
model are adjustable. Where they are so by an attribute of the scope, --value says for
which of its values; left out, it is for all.`,
		Example:           "  tenure role " + verb + " team.administrator team.delete --value project --org acme --data ./ledger --key lea.key",
		Args:              asUsage(cobra.MinimumNArgs(2)),
		ValidArgsFunction: completeWithholding,
		RunE: func(cmd *cobra.Command, args []string) error {
			r := service.WithholdRequest{Role: args[0], Permissions: permissionIDs(args[1:]), Value: value}
			return carryOut(a, cmd, do, r)
		},
	}
	cmd.Flags().StringVar(&value, "value", "", "value of the attribute that the role is adjusted by; all if left out")
	must(cmd.RegisterFlagCompletionFunc("value", completeAdjustedValues))
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}

// after completes all words from the n-th on.
func after(n int, complete completion) completion {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		if len(args) < n {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete(cmd, args, typed)
	}
}

var (
	completeRoleTypes = offer(func(m *rolemodel.Model, _ string, add func(word, title string)) {
		for _, role := range m.Roles {
			add(role.ID(), role.Title)
		}
	})
	completeTemplates = offer(func(m *rolemodel.Model, _ string, add func(word, title string)) {
		for _, template := range m.Templates {
			add(template.ID(), template.Title)
		}
	})
	completeAdjustable = offer(func(m *rolemodel.Model, _ string, add func(word, title string)) {
		for _, role := range m.Roles {
			if role.Adjustable {
				add(role.ID(), role.Title)
			}
		}
	})
	completeAdjustedValues = offer(func(m *rolemodel.Model, _ string, add func(word, title string)) {
		for _, role := range m.Roles {
			if role.AdjustablePer != nil {
				for _, value := range role.AdjustablePer.Values {
					add(value, role.AdjustablePer.Title)
				}
			}
		}
	})
)

// completeWithholding completes an adjustable role, and then permissions.
func completeWithholding(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return completeAdjustable(cmd, args, typed)
	}
	return completePermissions(cmd, args, typed)
}
