package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tenure/api"
	"tenure/rolemodel"
	"tenure/service"
)

func (a *app) models() *cobra.Command {
	cmd := &cobra.Command{
		Use: "models", Short: "Role models: who may do what, as data",
		Long: `A role model says which kinds of scope there are, which permissions and roles,
and who grants them. Without --url, list and show tell the models that this
program brings along.`,
	}
	list := &cobra.Command{
		Use: "list", Short: "List the role models that an organization can be founded with",
		Example: `  tenure models list`,
		Args:    exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			type view = service.ModelView
			list := service.Models()
			if a.url != "" {
				err := a.with(cmd.Context(), false, func(c *api.Client) (err error) {
					list, err = c.Models(cmd.Context())
					return err
				})
				if err != nil {
					return err
				}
			}
			return print(a, list, "There is none.",
				column[view]{"id", func(m view) string { return m.ID }},
				column[view]{"title", func(m view) string { return m.Title }},
				column[view]{"roles", func(m view) string { return fmt.Sprint(len(m.Roles)) }},
				column[view]{"permissions", func(m view) string { return fmt.Sprint(len(m.Permissions)) }},
			)
		},
	}
	var source bool
	show := &cobra.Command{
		Use: "show MODEL", Short: "Show a role model: its scopes, roles and permissions",
		Example: `  tenure models show github
  tenure models show standard --source`,
		Args:              exactArgs(1),
		ValidArgsFunction: completeModels,
		RunE: func(cmd *cobra.Command, args []string) error {
			model, err := a.model(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if source {
				_, err := fmt.Fprint(a.out, model.Source)
				return err
			}
			if a.format == "csv" {
				return print(a, model.Permissions, "", permissionColumns(model)...)
			}
			return printOne(a, model, modelText(model))
		},
	}
	show.Flags().BoolVar(&source, "source", false, "print the document itself, to make another one of it")
	var strict bool
	check := &cobra.Command{
		Use: "check FILE...", Short: "Check role model files",
		Long: `Check validates role model files and prints what is wrong as file:line:column. It warns
as well of what is allowed and looks like a mistake, for instance a permission that
nobody can ever have. The exit status is 0 if all are in order and 1 if not; with
--strict it is 1 for warnings, too.`,
		Example: `  tenure models check my-model.yaml
  tenure models check --strict -o json my-model.yaml`,
		Args: asUsage(cobra.MinimumNArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error { return a.checkModels(args, strict) },
	}
	check.Flags().BoolVar(&strict, "strict", false, "take warnings for faults")
	cmd.AddCommand(list, show, check)
	return cmd
}

// model shows a role model of the server, or of this program.
func (a *app) model(ctx context.Context, id string) (model service.ModelView, err error) {
	if a.url != "" {
		err = a.with(ctx, false, func(c *api.Client) error {
			model, err = c.Model(ctx, id)
			return err
		})
		return model, err
	}
	if model, err = service.Model(id); err != nil {
		err = localProblem("model", "There is no role model "+id+".", "tenure models list")
	}
	return model, err
}

// localProblem is what a server would answer about something that is not there.
func localProblem(field, detail, help string) error {
	return &api.Problem{
		Type: "urn:tenure:problem:unknown", Title: http.StatusText(http.StatusNotFound), Status: http.StatusNotFound,
		Code: "unknown", Detail: detail, Field: field, Help: help,
	}
}

// checkResult says what is wrong with role model files.
type checkResult struct {
	Files    int          `json:"files"`
	Problems []modelFault `json:"problems"`
	Warnings []modelFault `json:"warnings"`
}

type modelFault struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Detail string `json:"detail"`
	level  string
}

func (a *app) checkModels(files []string, strict bool) error {
	result := checkResult{Files: len(files), Problems: []modelFault{}, Warnings: []modelFault{}}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var problems rolemodel.Problems
		_, warnings, err := rolemodel.Check(file, source)
		if err != nil && !errors.As(err, &problems) {
			return err
		}
		for _, p := range problems {
			result.Problems = append(result.Problems, modelFault{p.File, p.Line, p.Column, p.Message, "problem"})
			if a.format == "table" {
				fmt.Fprintln(a.errs, p)
			}
		}
		for _, w := range warnings {
			result.Warnings = append(result.Warnings, modelFault{w.File, w.Line, w.Column, w.Message, "warning"})
			if a.format == "table" {
				w.Message = "warning: " + w.Message
				fmt.Fprintln(a.errs, w)
			}
		}
	}
	var err error
	switch a.format {
	case "json":
		err = writeJSON(a.out, result)
	case "csv":
		err = print(a, slices.Concat(result.Problems, result.Warnings), "",
			column[modelFault]{"file", func(f modelFault) string { return f.File }},
			column[modelFault]{"line", func(f modelFault) string { return fmt.Sprint(f.Line) }},
			column[modelFault]{"column", func(f modelFault) string { return fmt.Sprint(f.Column) }},
			column[modelFault]{"detail", func(f modelFault) string { return f.Detail }},
			column[modelFault]{"level", func(f modelFault) string { return f.level }})
	default:
		if len(result.Problems) == 0 {
			with := ""
			if n := len(result.Warnings); n > 0 {
				with = fmt.Sprintf(" but for what is warned of (%d)", n)
			}
			_, err = fmt.Fprintf(a.out, "In order%s: %s.\n", with, strings.Join(files, ", "))
		}
	}
	if err == nil && (len(result.Problems) > 0 || strict && len(result.Warnings) > 0) {
		err = errNotAllowed
	}
	return err
}

func permissionColumns(model service.ModelView) []column[service.PermissionView] {
	type view = service.PermissionView
	columns := []column[view]{
		{"id", func(p view) string { return p.ID }},
		{"title", func(p view) string { return p.Title }},
		{"section", func(p view) string { return p.Section }},
	}
	for _, role := range model.Roles {
		columns = append(columns, column[view]{role.ID, func(p view) string { return given(role, p.ID) }})
	}
	return columns
}

// given says how a role gives a permission: here, below, both, under a condition
// or not.
func given(role service.RoleView, permission string) string {
	var ways []string
	add := func(list []string, dependent []service.DependentView, where string) {
		if slices.Contains(list, permission) {
			ways = append(ways, where)
		}
		for _, d := range dependent {
			if d.Permission == permission {
				ways = append(ways, where+" if "+d.Condition)
			}
		}
	}
	add(role.Permissions, role.PermissionsIf, "here")
	add(role.Inherited, role.InheritedIf, "below")
	return strings.Join(ways, " and ")
}

func modelText(m service.ModelView) string {
	p := &page{}
	p.line("%s: %s", m.ID, m.Title)
	p.line("")
	p.line("%s", strings.TrimSpace(m.About))
	for _, kind := range m.Kinds {
		kindText(p, m, kind)
	}
	for _, t := range m.CustomRoles {
		p.line("")
		p.line("Custom roles of the template %s: %s%s, granted by %s", t.ID, t.Title, ruleText(t.Rule), strings.Join(t.GrantedBy, ", "))
		p.line("  out of %d permissions, at first %s", len(t.Permissions), orNone(t.Initial))
		for _, d := range t.PermissionsIf {
			p.line("    %s if %s", d.Permission, d.Condition)
		}
	}
	if len(m.Conditions) > 0 {
		p.line("")
		p.line("Conditions:")
	}
	for _, c := range m.Conditions {
		p.line("  %s: only %s%s", c.ID, c.Title, ruleText(c.Rule))
		p.line("    %s", c.When)
	}
	for _, e := range m.Editions {
		p.line("")
		p.line("Edition %s: %s, with %s", e.ID, e.Title, orNone(e.Features))
	}
	for _, s := range m.Sections {
		p.line("")
		p.line("Section %s%s, of %s alone", s.Title, ruleText(s.Rule), strings.Join(s.Exclusive, ", "))
	}
	return p.String()
}

// kindText writes what can be held on scopes of one kind.
func kindText(p *page, m service.ModelView, kind service.KindView) {
	p.line("")
	if len(kind.Under) > 0 {
		p.line("On %s (below %s):", rolemodel.A(kind.Kind), strings.Join(kind.Under, ", "))
	} else {
		p.line("On %s:", rolemodel.A(kind.Kind))
	}
	for _, attribute := range slices.Sorted(maps.Keys(kind.Attributes)) {
		p.line("  attribute %s: %s", attribute, strings.Join(kind.Attributes[attribute], ", "))
	}
	if len(kind.MemberKinds) > 0 {
		p.line("  members: %s", strings.Join(kind.MemberKinds, ", "))
	}
	if len(kind.Carries) > 0 {
		p.line("  its members can be given: %s", strings.Join(kind.Carries, ", "))
		for _, d := range kind.CarriesIf {
			p.line("    %s if %s", d.Permission, d.Condition)
		}
	}
	for _, role := range m.Roles {
		name, is := strings.CutPrefix(role.ID, kind.Kind+".")
		if !is {
			continue
		}
		p.line("  %s: %s%s%s", name, role.Title, ruleText(role.Rule), roleTerms(role))
		for _, permission := range m.Permissions {
			if how := given(role, permission.ID); how != "" {
				p.line("    %-32s %s (%s)", permission.ID, permission.Title, how)
			}
		}
		if len(role.Ceiling) > 0 {
			p.line("    and, whatever else its holder has, no more than: %s", strings.Join(role.Ceiling, ", "))
		}
	}
}

// roleTerms says how many hold a role, and how they come to.
func roleTerms(role service.RoleView) string {
	var b strings.Builder
	if role.AtLeast > 0 {
		fmt.Fprintf(&b, ", at least %d", role.AtLeast)
	}
	if role.AtMost > 0 {
		fmt.Fprintf(&b, ", at most %d", role.AtMost)
	}
	if role.Feature != "" {
		fmt.Fprintf(&b, ", waiting for the feature %s", role.Feature)
	}
	if len(role.MemberKinds) > 0 {
		fmt.Fprintf(&b, ", for %s", rolemodel.A(strings.Join(role.MemberKinds, " or ")))
	}
	switch {
	case role.AdjustablePer != "":
		fmt.Fprintf(&b, ", permissions can be withheld, for each %s apart", role.AdjustablePer)
	case role.Adjustable:
		b.WriteString(", permissions can be withheld")
	}
	if role.Clients {
		b.WriteString(", for API clients")
	}
	switch role.Given {
	case "default":
		b.WriteString(", of every member without another role")
	case "creator":
		b.WriteString(", of whoever creates it")
	case "background":
		b.WriteString(", of the background user")
	}
	if len(role.TransferredBy) > 0 {
		fmt.Fprintf(&b, ", transferred by %s", strings.Join(role.TransferredBy, ", "))
	}
	if len(role.GrantedBy) > 0 {
		fmt.Fprintf(&b, ", granted by %s", strings.Join(role.GrantedBy, ", "))
	}
	return b.String()
}

func ruleText(rule string) string {
	if rule == "" {
		return ""
	}
	return " [" + rule + "]"
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}
