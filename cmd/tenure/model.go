package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"tenure/api"
	"tenure/events"
	"tenure/rolemodel"
	"tenure/service"
)

func (a *app) adoptedModel() *cobra.Command {
	cmd := &cobra.Command{
		Use: "model", Short: "The role model that is in force in an organization",
		Long: `An organization runs under one role model, which says who may do what there. It can
take another one, or a newer version, at any time: what is held stays as far as the
model has it. For the role models themselves, see tenure models.`,
	}
	cmd.AddCommand(a.modelShow(), a.modelAdopt())
	return cmd
}

func (a *app) modelShow() *cobra.Command {
	var source bool
	cmd := &cobra.Command{
		Use: "show", Short: "Show which role model is in force, and since when",
		Long: `Show says which role model is in force, since when and by whom, and whether the model
of the same id that comes along is another version. With --source it prints the
model's canonical form, which can be adopted elsewhere.`,
		Example: `  tenure model show --org acme --data ./ledger
  tenure model show --source --org acme --data ./ledger`,
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				adopted, err := c.AdoptedModel(cmd.Context(), a.org, a.at, source)
				if err != nil {
					return err
				}
				text := adoptedText(adopted)
				if source {
					text = adopted.Source
				}
				type view = service.AdoptedModel
				return printOne(a, adopted, text,
					column[view]{"org", func(m view) string { return string(m.Org) }},
					column[view]{"model", func(m view) string { return m.ID }},
					column[view]{"title", func(m view) string { return m.Title }},
					column[view]{"edition", func(m view) string { return m.Edition }},
					column[view]{"since", func(m view) string { return date(m.Since) }},
					column[view]{"revision", func(m view) string { return fmt.Sprint(m.Revision) }},
					column[view]{"by", func(m view) string { return m.By }},
					column[view]{"digest", func(m view) string { return m.Digest }},
					column[view]{"builtin", func(m view) string { return m.Builtin }},
				)
			})
		},
	}
	cmd.Flags().BoolVar(&source, "source", false, "print the model itself, as JSON")
	a.inOrg(cmd)
	a.dated(cmd)
	return cmd
}

func adoptedText(m service.AdoptedModel) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", m.ID, m.Title)
	fmt.Fprintf(&b, "In force in %s since %s, by %s (revision %d).\n", m.Org, date(m.Since), visible(m.By), m.Revision)
	if m.Edition != "" {
		fmt.Fprintf(&b, "Edition: %s\n", m.Edition)
	}
	fmt.Fprintf(&b, "SHA-256: %s\n", m.Digest)
	switch m.Builtin {
	case "same":
		fmt.Fprintf(&b, "It is the model %s that comes along.", m.ID)
	case "differs":
		fmt.Fprintf(&b, "The model %s that comes along is another version. What it would change: tenure model adopt %s --dry-run --org %s", m.ID, m.ID, m.Org)
	default:
		fmt.Fprintf(&b, "No model %s comes along: it is one of the organization's own.", m.ID)
	}
	return b.String()
}

func (a *app) modelAdopt() *cobra.Command {
	var r service.AdoptRequest
	var maps []string
	var edition string
	cmd := &cobra.Command{
		Use: "adopt MODEL|FILE", Short: "Put another role model, or a newer version, in force",
		Long: `Adopt puts a role model in force: one that comes along, by its id, or one of your own,
from a YAML or JSON file. What is held stays as far as the model has it, and everybody
has from then on what their roles give by the new rules.

Roles that are held and that the model does not have must be mapped: --map OLD=NEW puts
another role of the same kind of scope in their place, --map OLD=none ends them. The
adoption is refused where what is held would break the new rules; each reason is told.

With --dry-run nothing is done: it shows who would lose and who would gain what,
authority to grant and the like included, and what else the rules say otherwise.`,
		Example: `  tenure model adopt github --dry-run --org acme --data ./ledger --key lea.key
  tenure model adopt ./club.yaml --map organization.admin=organization.owner --org acme --data ./ledger --key lea.key`,
		Args: exactArgs(1),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			words, _ := completeModels(cmd, args, typed)
			return words, cobra.ShellCompDirectiveDefault
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			source, err := a.readModel(args[0])
			if err != nil {
				return err
			}
			r.Model, r.Source, r.Edition = source.id, source.text, events.EditionID(edition)
			if r.Roles, err = mappings(maps); err != nil {
				return err
			}
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				receipt, err := c.AdoptModel(cmd.Context(), a.org, a.change, r)
				if err != nil {
					return source.locate(err)
				}
				return printAdoption(a, receipt)
			})
		},
	}
	cmd.Flags().StringArrayVar(&maps, "map", nil, "what becomes of a role that is held: OLD=NEW or OLD=none, as often as needed")
	cmd.Flags().StringVar(&edition, "edition", "", "edition to be in force")
	must(cmd.RegisterFlagCompletionFunc("edition", completeEditions))
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}

// mappings reads OLD=NEW, each role once.
func mappings(list []string) (map[string]string, error) {
	var roles map[string]string
	for _, text := range list {
		from, into, is := strings.Cut(text, "=")
		if !is || from == "" || into == "" {
			return nil, usageError{fmt.Errorf("--map %s: write OLD=NEW or OLD=none", text)}
		}
		if _, twice := roles[from]; twice {
			return nil, usageError{fmt.Errorf("--map %s: %s is mapped already", text, from)}
		}
		if roles == nil {
			roles = map[string]string{}
		}
		roles[from] = into
	}
	return roles, nil
}

// modelSource is a role model as the command line names it: by its id, or by a
// file.
type modelSource struct {
	id, file, text string
}

// maxModel is how much of a file is read as a role model: a byte more than one
// may have.
const maxModel = 1<<20 + 1

// readModel tells an id from a file, by what an id cannot have in it.
func (a *app) readModel(name string) (modelSource, error) {
	if name != "-" && !strings.ContainsAny(name, `./\`) {
		return modelSource{id: name}, nil
	}
	in, file := a.in, "standard input"
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return modelSource{}, err
		}
		defer f.Close()
		in, file = f, name
	}
	text, err := io.ReadAll(io.LimitReader(in, maxModel))
	if err != nil {
		return modelSource{}, fmt.Errorf("read %s: %w", file, err)
	}
	if len(text) == 0 {
		return modelSource{}, fmt.Errorf("%s is empty", file)
	}
	if !utf8.Valid(text) { // a request would not carry it as it is
		_, err := rolemodel.Parse(file, text)
		return modelSource{}, cmp.Or(err, fmt.Errorf("%s is no UTF-8 text", file))
	}
	return modelSource{file: file, text: string(text)}, nil
}

var lineAndColumn = regexp.MustCompile(`^Line (\d+), column (\d+): `)

// locate puts the file before refusals of what it says, as editors read it.
func (s modelSource) locate(err error) error {
	p := asProblem(err)
	if p == nil || s.file == "" {
		return err
	}
	at := func(p api.Problem) api.Problem {
		if p.Field == "source" {
			p.Detail = lineAndColumn.ReplaceAllString(p.Detail, strings.ReplaceAll(s.file, "$", "$$")+":$1:$2: ")
		}
		return p
	}
	located := at(*p)
	located.Errors = nil
	for _, each := range p.Errors {
		located.Errors = append(located.Errors, at(each))
	}
	return &located
}

func printAdoption(a *app, receipt service.AdoptionReceipt) error {
	type view = service.ImpactView
	columns := []column[view]{
		{"change", func(i view) string { return map[string]string{"lost": "loses", "gained": "gains"}[i.Change] }},
		{"what", func(i view) string { return i.What }},
		{"id", func(i view) string { return i.ID }},
		{"title", func(i view) string { return i.Title }},
		{"who", concernedText},
	}
	switch a.format {
	case "json":
		return writeJSON(a.out, receipt)
	case "csv":
		return print(a, receipt.Impact, "", append(columns,
			column[view]{"only", func(i view) string { return i.Only }},
			column[view]{"count", func(i view) string { return fmt.Sprint(i.Count) }})...)
	}
	if _, err := fmt.Fprintln(a.out, receiptText(receipt.Receipt)); err != nil || receipt.Replayed || !receipt.Changed {
		return err
	}
	fmt.Fprintln(a.out)
	if err := print(a, receipt.Impact, "Nobody loses or gains anything.", columns...); err != nil {
		return err
	}
	if receipt.More > 0 {
		fmt.Fprintf(a.out, "and %d more.\n", receipt.More)
	}
	return printRules(a, receipt.Rules, receipt.MoreRules)
}

// mostRules is how many changes of the rules are printed; all of them are in the
// answer as JSON.
const mostRules = 40

// printRules shows what the rules say otherwise, whomever that affects.
func printRules(a *app, rules []service.RuleChangeView, more int) error {
	if len(rules) == 0 {
		return nil
	}
	fmt.Fprint(a.out, "\nWhat the rules say otherwise:\n\n")
	type view = service.RuleChangeView
	shown := rules[:min(len(rules), mostRules)]
	if err := print(a, shown, "",
		column[view]{"change", func(c view) string { return c.Change }},
		column[view]{"where", func(c view) string { return c.What }},
		column[view]{"id", func(c view) string { return c.ID }},
		column[view]{"keys", func(c view) string { return strings.Join(c.Keys, ", ") }},
	); err != nil {
		return err
	}
	if more += len(rules) - len(shown); more > 0 {
		fmt.Fprintf(a.out, "and %d more.\n", more)
	}
	return nil
}

// concernedText names those who lose or gain something, by scope.
func concernedText(i service.ImpactView) string {
	where := "on "
	if i.Below {
		where = "below "
	}
	var parts []string
	var names []string
	for n, at := range i.People {
		if at.ID == "" {
			parts = append(parts, "the group "+string(at.Scope))
			continue
		}
		names = append(names, at.Login)
		if n+1 == len(i.People) || i.People[n+1].Scope != at.Scope {
			parts = append(parts, strings.Join(names, ", ")+" "+where+string(at.Scope))
			names = nil
		}
	}
	if more := i.Count - len(i.People); more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	text := strings.Join(parts, "; ")
	if i.Only != "" {
		text += ", only " + i.Only
	}
	return text
}
