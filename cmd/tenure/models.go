package main

import (
	"context"
	"errors"
	"fmt"
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
	show := &cobra.Command{
		Use: "show MODEL", Short: "Show a role model: its scopes, roles and permissions",
		Example:           `  tenure models show github`,
		Args:              exactArgs(1),
		ValidArgsFunction: completeModels,
		RunE: func(cmd *cobra.Command, args []string) error {
			model, err := a.model(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if a.format == "csv" {
				return print(a, model.Permissions, "", permissionColumns(model)...)
			}
			return printOne(a, model, modelText(model))
		},
	}
	check := &cobra.Command{
		Use: "check FILE...", Short: "Check role model files",
		Long: `Check validates role model files and prints what is wrong as file:line:column.
The exit status is 0 if all are in order and 1 if not.`,
		Example: `  tenure models check my-model.yaml`,
		Args:    asUsage(cobra.MinimumNArgs(1)),
		RunE:    func(_ *cobra.Command, args []string) error { return a.checkModels(args) },
	}
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
		err = &api.Problem{
			Type: "urn:tenure:problem:unknown", Title: http.StatusText(http.StatusNotFound), Status: http.StatusNotFound,
			Code: "unknown", Detail: "There is no role model " + id + ".", Field: "model", Help: "tenure models list",
		}
	}
	return model, err
}

// checkResult says what is wrong with role model files.
type checkResult struct {
	Files    int          `json:"files"`
	Problems []modelFault `json:"problems"`
}

type modelFault struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Detail string `json:"detail"`
}

func (a *app) checkModels(files []string) error {
	result := checkResult{Files: len(files), Problems: []modelFault{}}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var problems rolemodel.Problems
		if _, err := rolemodel.Parse(file, source); err != nil && !errors.As(err, &problems) {
			return err
		}
		for _, p := range problems {
			result.Problems = append(result.Problems, modelFault{p.File, p.Line, p.Column, p.Message})
			if a.format == "table" {
				fmt.Fprintln(a.errs, p)
			}
		}
	}
	var err error
	switch a.format {
	case "json":
		err = writeJSON(a.out, result)
	case "csv":
		err = print(a, result.Problems, "",
			column[modelFault]{"file", func(f modelFault) string { return f.File }},
			column[modelFault]{"line", func(f modelFault) string { return fmt.Sprint(f.Line) }},
			column[modelFault]{"column", func(f modelFault) string { return fmt.Sprint(f.Column) }},
			column[modelFault]{"detail", func(f modelFault) string { return f.Detail }})
	default:
		if len(result.Problems) == 0 {
			_, err = fmt.Fprintf(a.out, "In order: %s.\n", strings.Join(files, ", "))
		}
	}
	if err == nil && len(result.Problems) > 0 {
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

// given says how a role gives a permission: here, below, both or not.
func given(role service.RoleView, permission string) string {
	here, below := slices.Contains(role.Permissions, permission), slices.Contains(role.Inherited, permission)
	switch {
	case here && below:
		return "here and below"
	case here:
		return "here"
	case below:
		return "below"
	}
	return ""
}

func modelText(m service.ModelView) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\n%s\n", m.ID, m.Title, strings.TrimSpace(m.About))
	for _, kind := range m.Kinds {
		fmt.Fprintf(&b, "\nOn a %s", kind.Kind)
		if len(kind.Under) > 0 {
			fmt.Fprintf(&b, " (below %s)", strings.Join(kind.Under, ", "))
		}
		b.WriteString(":\n")
		for _, role := range m.Roles {
			name, is := strings.CutPrefix(role.ID, kind.Kind+".")
			if !is {
				continue
			}
			fmt.Fprintf(&b, "  %s: %s", name, role.Title)
			if role.Rule != "" {
				fmt.Fprintf(&b, " [%s]", role.Rule)
			}
			if role.AtLeast > 0 {
				fmt.Fprintf(&b, ", at least %d", role.AtLeast)
			}
			if role.AtMost > 0 {
				fmt.Fprintf(&b, ", at most %d", role.AtMost)
			}
			fmt.Fprintf(&b, ", granted by %s\n", strings.Join(role.GrantedBy, ", "))
			for _, p := range m.Permissions {
				if how := given(role, p.ID); how != "" {
					fmt.Fprintf(&b, "    %-32s %s (%s)\n", p.ID, p.Title, how)
				}
			}
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}
