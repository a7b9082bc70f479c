package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"tenure/aggregate"
	"tenure/api"
	"tenure/events"
	"tenure/service"
)

func (a *app) roles() *cobra.Command {
	cmd := &cobra.Command{
		Use: "roles", Short: "All roles of a scope, shown and defined at once",
	}
	cmd.AddCommand(a.rolesShow(), a.rolesDefine())
	return cmd
}

func (a *app) rolesShow() *cobra.Command {
	var on string
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Show who holds the roles of a scope, and which of them you may change",
		Long: `Show lists the roles and designations of a scope, who holds them, and which of them
the key may change. As JSON or CSV it also lists designations whose conditions are not
met, which cannot be set.`,
		Example: `  tenure roles show --org acme --data ./ledger --key lea.key
  tenure roles show --on teamroom:docs --org acme --as-of 2026-01-31 --data ./ledger`,
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				form, err := c.RoleForm(cmd.Context(), a.org, a.at, on)
				if err != nil {
					return err
				}
				shown := form
				if a.format == "table" {
					shown = slices.DeleteFunc(slices.Clone(form), func(f service.RoleField) bool { return !f.Visible })
				}
				return print(a, shown, "There are no roles on such a scope.", roleFieldColumns(a.format != "table", hasIcons(shown))...)
			})
		},
	}
	a.on(cmd, &on)
	a.inOrg(cmd)
	a.dated(cmd)
	return cmd
}

// hasIcons says whether some role has an icon to show.
func hasIcons(form []service.RoleField) bool {
	return slices.ContainsFunc(form, func(f service.RoleField) bool { return f.Icon != "" })
}

func roleFieldColumns(all, icons bool) []column[service.RoleField] {
	type view = service.RoleField
	columns := []column[view]{
		{"field", func(f view) string { return f.Field }},
		{"title", func(f view) string { return f.Title }},
		{"holders", func(f view) string { return strings.Join(holderTexts(f.Holders), ", ") }},
		{"takes", roleTakes},
		{"editable", func(f view) string { return fmt.Sprint(f.Editable) }},
	}
	if all || icons {
		columns = append(columns, column[view]{"icon", func(f view) string { return f.Icon }})
	}
	if all {
		columns = append(columns,
			column[view]{"visible", func(f view) string { return fmt.Sprint(f.Visible) }},
			column[view]{"scope", func(f view) string { return string(f.Scope) }},
			column[view]{"rule", func(f view) string { return f.Rule }},
		)
	}
	return columns
}

func holderTexts(holders []service.HolderView) []string {
	var texts []string
	for _, h := range holders {
		text := h.Login
		if !h.Until.IsZero() {
			text += " (until " + date(h.Until) + ")"
		}
		if !h.Active {
			text += " (not active)"
		}
		texts = append(texts, text)
	}
	return texts
}

// roleTakes says how many may hold a role, and what it takes.
func roleTakes(f service.RoleField) string {
	var parts []string
	switch {
	case f.AtLeast > 0 && f.AtLeast == f.AtMost:
		parts = append(parts, fmt.Sprintf("exactly %d", f.AtLeast))
	case f.AtLeast > 0 && f.AtMost > 0:
		parts = append(parts, fmt.Sprintf("%d to %d", f.AtLeast, f.AtMost))
	case f.AtLeast > 0:
		parts = append(parts, fmt.Sprintf("at least %d", f.AtLeast))
	case f.AtMost > 0:
		parts = append(parts, fmt.Sprintf("at most %d", f.AtMost))
	}
	if f.Members {
		parts = append(parts, "members only")
	}
	if f.Feature != "" {
		parts = append(parts, "feature "+f.Feature+", which is off")
	}
	return strings.Join(parts, ", ")
}

func (a *app) rolesDefine() *cobra.Command {
	var file, on string
	cmd := &cobra.Command{
		Use:   "define -f FILE",
		Short: "Set all roles and designations of a scope in one step",
		Long: `Define reads who shall hold the roles of a scope, as YAML or JSON:

  roles:
    owner: [lea]
    administrator: [tom, ida]
  designations:
    main_owner: lea

People are named by login, address or id. What is listed holds afterwards: [] is for a
role that nobody shall hold, null for a designation that marks nobody. What is not listed
stays as it is. It is one step: if any of it is refused nothing changes, and everything
that is refused is named with its field and its line.`,
		Example: `  tenure roles define -f roles.yaml --org acme --data ./ledger --key lea.key
  tenure roles define -f - --on teamroom:docs --org acme --data ./ledger --key lea.key`,
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			source, err := a.readDefinition(file)
			if err != nil {
				return err
			}
			source.request.Scope = on
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				receipt, err := c.DefineRoles(cmd.Context(), a.org, a.change, source.request)
				if err != nil {
					return source.locate(err)
				}
				return printReceipt(a, receipt)
			})
		},
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "file that says it, or - for standard input")
	must(cmd.MarkFlagRequired("file"))
	a.on(cmd, &on)
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}

// maxDefinition is how large a file that defines roles may be, in bytes.
const maxDefinition = 4 << 20

// definition is a file that defines roles.
type definition struct {
	name    string
	request service.DefineRolesRequest
	// lines says where a field stands.
	lines map[string]int
	// mistakes are all that is wrong with the file.
	mistakes []api.Problem
}

func (a *app) readDefinition(file string) (*definition, error) {
	d := &definition{name: file, lines: map[string]int{}, request: service.DefineRolesRequest{
		Roles: map[events.RoleID][]string{}, Designations: map[events.DesignationID]string{},
	}}
	in := a.in
	if file == "-" {
		d.name = "standard input"
	} else {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxDefinition+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", d.name, err)
	}
	if len(text) > maxDefinition {
		return nil, fmt.Errorf("%s is larger than %d MiB", d.name, maxDefinition>>20)
	}
	d.read(text)
	switch len(d.mistakes) {
	case 0:
		return d, nil
	case 1:
		return nil, &d.mistakes[0]
	}
	first := d.mistakes[0]
	first.Errors = d.mistakes
	return nil, &first
}

var yamlLine = regexp.MustCompile(`^line (\d+): `)

// read goes through the file's nodes, since they know where they stand.
func (d *definition) read(text []byte) {
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	var document, more yaml.Node
	err := decoder.Decode(&document)
	if err == nil {
		if err = decoder.Decode(&more); err == nil {
			d.wrong(&more, "", "There is a second document; one is read.")
			return
		}
	} else if err == io.EOF {
		d.wrong(&yaml.Node{Line: 1, Column: 1}, "", "There is nothing in it; list roles or designations.")
		return
	}
	if err != io.EOF {
		at, text := &yaml.Node{Line: 1, Column: 1}, strings.TrimPrefix(err.Error(), "yaml: ")
		if m := yamlLine.FindStringSubmatch(text); m != nil {
			at.Line, _ = strconv.Atoi(m[1])
			text = text[len(m[0]):]
		}
		d.wrong(at, "", "This is no YAML or JSON: %s.", text)
		return
	}
	d.each(document.Content[0], "", func(key, value *yaml.Node) {
		switch key.Value {
		case "roles":
			d.each(value, "roles", d.role)
		case "designations":
			d.each(value, "designations", d.designation)
		default:
			d.wrong(key, "", "There is no key %.40q here; there are roles and designations.", key.Value)
		}
	})
	if len(d.mistakes) == 0 && len(d.request.Roles)+len(d.request.Designations) == 0 {
		d.wrong(document.Content[0], "", "There is nothing in it; list roles or designations.")
	}
}

// each calls fn with the keys and values of a mapping, each key once.
func (d *definition) each(mapping *yaml.Node, field string, fn func(key, value *yaml.Node)) {
	if mapping.Kind != yaml.MappingNode {
		what := "The file"
		if field != "" {
			what = field
		}
		d.wrong(mapping, field, "%s must be keys with values, like owner: [lea].", what)
		return
	}
	before := map[string]*yaml.Node{}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], mapping.Content[i+1]
		if first, twice := before[key.Value]; twice {
			d.wrong(key, field, "The key %.40q stands at line %d already.", key.Value, first.Line)
			continue
		}
		before[key.Value] = key
		if key.Kind != yaml.ScalarNode {
			d.wrong(key, field, "A key must be a word.")
			continue
		}
		fn(key, value)
	}
}

func (d *definition) role(key, value *yaml.Node) {
	field := "roles." + key.Value
	d.lines[field] = key.Line
	if value.Kind != yaml.SequenceNode {
		d.wrong(value, field, "Who holds a role is a list, like [lea, tom]; [] is for nobody.")
		return
	}
	holders := []string{}
	for _, item := range value.Content {
		if name, is := d.person(item, field); is {
			holders = append(holders, name)
		}
	}
	d.request.Roles[events.RoleID(key.Value)] = holders
}

func (d *definition) designation(key, value *yaml.Node) {
	field := "designations." + key.Value
	d.lines[field] = key.Line
	name := ""
	if value.Kind != yaml.ScalarNode || value.Tag != "!!null" && value.Value != "" {
		var is bool
		if name, is = d.person(value, field); !is {
			return
		}
	}
	d.request.Designations[events.DesignationID(key.Value)] = name
}

// person reads the name of one, as it is written: 007 is a login as well.
func (d *definition) person(node *yaml.Node, field string) (string, bool) {
	if node.Kind != yaml.ScalarNode || node.Tag == "!!null" || node.Value == "" {
		d.wrong(node, field, "Name a person here: by login, address or id.")
		return "", false
	}
	return node.Value, true
}

func (d *definition) wrong(at *yaml.Node, field, format string, args ...any) {
	d.mistakes = append(d.mistakes, api.Problem{
		Type: "urn:tenure:problem:" + string(aggregate.CodeInvalid), Title: http.StatusText(http.StatusUnprocessableEntity),
		Status: http.StatusUnprocessableEntity, Code: string(aggregate.CodeInvalid), Field: field,
		Detail: fmt.Sprintf("%s:%d:%d: ", d.name, max(at.Line, 1), max(at.Column, 1)) + fmt.Sprintf(format, args...),
	})
}

// locate puts file and line before refusals, where a field of the file is
// refused.
func (d *definition) locate(err error) error {
	p := asProblem(err)
	if p == nil {
		return err
	}
	at := func(p api.Problem) api.Problem {
		field, _, _ := strings.Cut(p.Field, "[")
		if line, stands := d.lines[field]; stands {
			p.Detail = fmt.Sprintf("%s:%d: %s", d.name, line, p.Detail)
		}
		return p
	}
	told := at(*p)
	told.Errors = nil
	for _, each := range p.Errors {
		told.Errors = append(told.Errors, at(each))
	}
	return &told
}
