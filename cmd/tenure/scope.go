package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tenure/api"
	"tenure/events"
	"tenure/service"
)

func (a *app) scope() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "scope",
		Short: "Scopes: the organization and what lies below it",
		Long: `A scope is the organization or something below it, written KIND:HANDLE. The
handle is public and stays for ever; the title is kept sealed and can change.`,
	}
	rename := a.scopeVerb("rename", "Give a scope another title", `  tenure scope rename team:docs --title "Docs" --org acme --data ./ledger --key lea.key`)
	titled(rename)
	move := a.scopeVerb("move", "Put a scope, and all below it, under another", `  tenure scope move team:docs --under team:product --org acme --data ./ledger --key lea.key`)
	under(move)
	cmd.AddCommand(
		a.scopeCreate(), rename.cmd, a.scopeSet(), move.cmd, a.scopeMerge(),
		a.scopeVerb("archive", "Freeze a scope and all below it until it is restored", `  tenure scope archive team:docs --org acme --data ./ledger --key lea.key`).cmd,
		a.scopeVerb("restore", "Take a scope out of the archive", `  tenure scope restore team:docs --org acme --data ./ledger --key lea.key`).cmd,
		a.scopeVerb("delete", "End a scope, the scopes below it, and what was held on them", `  tenure scope delete team:docs --org acme --data ./ledger --key lea.key`).cmd,
		a.scopeImport(), a.scopeExport(), a.scopeShow(), a.scopeList(),
	)
	return cmd
}

// scopeVerb is a command that changes a scope, and its request.
type scopeVerb struct {
	cmd     *cobra.Command
	request *service.ScopeRequest
}

func (a *app) scopeVerb(verb, short, example string) scopeVerb {
	v := scopeVerb{request: &service.ScopeRequest{}}
	v.cmd = &cobra.Command{
		Use: verb + " KIND:HANDLE", Short: short, Example: example, Args: exactArgs(1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.changeScope(cmd, verb, args[0], v.request) },
	}
	a.inOrg(v.cmd)
	a.changes(v.cmd)
	return v
}

func (a *app) changeScope(cmd *cobra.Command, verb, scope string, r *service.ScopeRequest) error {
	r.Scope = scope
	return a.ask(cmd, func(c *api.Client) (service.Receipt, error) {
		return c.ChangeScope(cmd.Context(), a.org, a.change, verb, *r)
	})
}

func under(v scopeVerb) {
	v.cmd.Flags().StringVar(&v.request.Under, "under", "", "the scope above, KIND:HANDLE; the organization itself if left out")
}

func titled(v scopeVerb) {
	v.cmd.Flags().StringVar(&v.request.Title, "title", "", "title, kept sealed")
}

func (a *app) scopeCreate() *cobra.Command {
	var set []string
	v := a.scopeVerb("create", "Add a scope below another", `  tenure scope create team:docs --title "Documentation" --org acme --data ./ledger --key lea.key
  tenure scope create team:docs --set type=project --member tom --member ida --org acme --data ./ledger --key lea.key`)
	v.cmd.Long = `Create adds a scope. Whoever creates it is given there what the role model says of
creators, and is a member from the start where that takes it; --for names somebody else,
where the operator creates it.`
	v.cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var err error
		if v.request.Attributes, err = assignments(set); err != nil {
			return usageError{fmt.Errorf("--set: %w", err)}
		}
		return a.changeScope(cmd, "create", args[0], v.request)
	}
	under(v)
	titled(v)
	flags := v.cmd.Flags()
	flags.StringArrayVar(&set, "set", nil, "an attribute that is not at its first value, ATTRIBUTE=VALUE; repeat it for more")
	flags.StringArrayVar(&v.request.Members, "member", nil, "who is a member from the start: login, address or id; repeat it for more")
	flags.StringVar(&v.request.For, "for", "", "for whom the operator creates it: login, address or id")
	return v.cmd
}

func (a *app) scopeSet() *cobra.Command {
	v := a.scopeVerb("set", "Say what attributes of a scope are", `  tenure scope set team:docs commenting=offered --org acme --data ./ledger --key lea.key`)
	v.cmd.Use = "set KIND:HANDLE ATTRIBUTE=VALUE..."
	v.cmd.Args = asUsage(cobra.MinimumNArgs(2))
	v.cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var err error
		if v.request.Attributes, err = assignments(args[1:]); err != nil {
			return usageError{fmt.Errorf("scope set: %w", err)}
		}
		return a.changeScope(cmd, "set", args[0], v.request)
	}
	return v.cmd
}

// assignments reads words like type=project.
func assignments(words []string) (map[events.AttributeID]string, error) {
	if len(words) == 0 {
		return nil, nil
	}
	set := map[events.AttributeID]string{}
	for _, word := range words {
		id, value, is := strings.Cut(word, "=")
		if _, twice := set[events.AttributeID(id)]; !is || id == "" || twice {
			return nil, fmt.Errorf("%q: want ATTRIBUTE=VALUE, each attribute once", word)
		}
		set[events.AttributeID(id)] = value
	}
	return set, nil
}

func (a *app) scopeMerge() *cobra.Command {
	v := a.scopeVerb("merge", "Put a scope into another one of its kind, which remains", `  tenure scope merge team:docs --into team:writing --dry-run --org acme --data ./ledger --key lea.key
  tenure scope merge team:docs --into team:writing --org acme --data ./ledger --key lea.key`)
	v.cmd.Long = `Merge puts a scope into another one of its kind. Its active members become members of
the other one; what they hold passes over, unless they hold an alternative there, its
upper bound is reached, or it is a role that is transferred; and so do the scopes
directly below. Who is suspended leaves with the scope, and its marks, attributes and
invitations end with it. What the other one has stays as it is.`
	v.cmd.Flags().StringVar(&v.request.Into, "into", "", "the scope that remains, KIND:HANDLE")
	must(v.cmd.MarkFlagRequired("into"))
	return v.cmd
}

// maxFile bounds the file of an import, in bytes: a request takes little more.
const maxFile = 3 << 20

func (a *app) scopeImport() *cobra.Command {
	var r service.ScopeImportRequest
	cmd := &cobra.Command{
		Use:   "import FILE --kind KIND",
		Short: "Add many scopes of one kind from a CSV file",
		Long: `Import adds the scopes of a file, all of them in one commit, or none and tells every
line that stands in the way. The first line names the columns: handle; title; under, a
KIND:HANDLE or the handle of a scope of the kind, of this file or not, where it is not
--under; owner, who is given what the creator of such a scope is given, where that is not
whoever imports; and the attributes of the kind. FILE - is the standard input.`,
		Example: `  tenure scope import departments.csv --kind department --dry-run --org acme --data ./ledger --key lea.key
  tenure scope import departments.csv --kind department --under company:acme-inc --org acme --data ./ledger --key lea.key`,
		Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := a.readFile(args[0])
			if err != nil {
				return err
			}
			r.CSV = text
			return carryOut(a, cmd, (*api.Client).ImportScopes, r)
		},
	}
	cmd.Flags().StringVar(&r.Kind, "kind", "", "the kind of all scopes in the file")
	cmd.Flags().StringVar(&r.Under, "under", "", "the scope above, where the file does not say; the organization itself if left out")
	must(cmd.MarkFlagRequired("kind"))
	must(cmd.RegisterFlagCompletionFunc("kind", completeKinds))
	a.inOrg(cmd)
	a.changes(cmd)
	return cmd
}

// readFile reads a file of a size that a request can carry, or the standard
// input.
func (a *app) readFile(name string) (string, error) {
	in := a.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return "", err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	switch {
	case err != nil:
		return "", err
	case len(text) > maxFile:
		return "", fmt.Errorf("%s has more than %d bytes: split it into several", name, maxFile)
	case strings.ToValidUTF8(string(text), "") != string(text):
		return "", fmt.Errorf("%s is no text in UTF-8: save it as CSV in UTF-8", name)
	}
	return string(text), nil
}

func (a *app) scopeExport() *cobra.Command {
	var kind string
	cmd := &cobra.Command{
		Use:   "export [SCOPE]",
		Short: "Write the members of a scope, or the scopes of a kind, to a file",
		Long: `Export lists the members of a scope, the organization if none is named, and who holds
a role there. With --kind it lists the scopes of that kind below it; as CSV, that is what
tenure scope import reads.`,
		Example: `  tenure scope export team:docs -o csv --org acme --data ./ledger --key lea.key
  tenure scope export --kind team -o csv --org acme --data ./ledger --key lea.key`,
		Args:              asUsage(cobra.MaximumNArgs(1)),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			scope := ""
			if len(args) == 1 {
				scope = args[0]
			}
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				if kind != "" {
					list, err := c.ExportScopes(cmd.Context(), a.org, a.at, kind, scope)
					if err != nil {
						return err
					}
					return print(a, list, "There is no "+kind+".", scopeRowColumns(list)...)
				}
				list, err := c.ExportMembers(cmd.Context(), a.org, a.at, scope)
				if err != nil {
					return err
				}
				type view = service.MemberRow
				return print(a, list, "Nobody is there.",
					column[view]{"login", func(v view) string { return v.Login }},
					column[view]{"name", func(v view) string { return v.Name }},
					column[view]{"kind", func(v view) string { return v.Kind }},
					column[view]{"status", func(v view) string { return v.Status }},
					column[view]{"roles", func(v view) string { return strings.Join(v.Roles, " ") }},
					column[view]{"since", func(v view) string { return date(v.Since) }},
				)
			})
		},
	}
	cmd.Flags().StringVar(&kind, "kind", "", "list the scopes of this kind instead")
	must(cmd.RegisterFlagCompletionFunc("kind", completeKinds))
	a.inOrg(cmd)
	a.dated(cmd)
	return cmd
}

// scopeRowColumns are those that an import reads.
func scopeRowColumns(list []service.ScopeRow) []column[service.ScopeRow] {
	type view = service.ScopeRow
	columns := []column[view]{
		{"handle", func(v view) string { return v.Handle }},
		{"title", func(v view) string { return v.Title }},
		{"under", func(v view) string { return string(v.Under) }},
		{"owner", func(v view) string { return v.Owner }},
	}
	if len(list) > 0 { // all of one kind
		for _, attribute := range slices.Sorted(maps.Keys(list[0].Attributes)) {
			columns = append(columns, column[view]{attribute, func(v view) string { return v.Attributes[attribute] }})
		}
	}
	return columns
}

func (a *app) scopeShow() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show KIND:HANDLE", Short: "Show a scope, with who and what is there",
		Example:           `  tenure scope show team:docs --org acme --data ./ledger`,
		Args:              exactArgs(1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				scope, err := c.Scope(cmd.Context(), a.org, a.at, args[0])
				if err != nil {
					return err
				}
				return printOne(a, scope, scopeText(scope), scopeColumns(true, true, func(d service.ScopeDetail) service.ScopeView { return d.ScopeView })...)
			})
		},
	}
	a.inOrg(cmd)
	a.dated(cmd)
	return cmd
}

func scopeText(s service.ScopeDetail) string {
	var p page
	p.line("%s", strings.TrimRight(string(s.ID)+"  "+visible(s.Title), " "))
	if s.Under != "" {
		p.field("under", string(s.Under))
	}
	for _, attribute := range slices.Sorted(maps.Keys(s.Attributes)) {
		p.field(attribute, s.Attributes[attribute])
	}
	p.field("created", date(s.Since))
	p.field("last change", fmt.Sprintf("%s by %s (revision %d)", date(s.ChangedAt), s.ChangedBy, s.Revision))
	switch {
	case !s.ArchivedSince.IsZero():
		p.field("archived", fmt.Sprintf("since %s by %s", date(s.ArchivedSince), s.ArchivedBy))
	case s.Archived:
		p.field("archived", "with a scope above it")
	}
	for _, m := range s.Members {
		text := strings.TrimSpace(m.Login+" "+m.Kind) + originText(m.OriginView)
		if !m.Active {
			text += ", not active"
		}
		p.field("member", text)
	}
	for _, g := range s.Roles {
		p.field("role", g.Login+" "+grantText(g))
	}
	for _, child := range s.Children {
		p.field("below", string(child))
	}
	return p.String()
}

func (a *app) scopeList() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List the scopes, parents before children",
		Example: `  tenure scope list --org acme --data ./ledger`,
		Args:    exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.with(cmd.Context(), false, func(c *api.Client) error {
				list, err := c.Scopes(cmd.Context(), a.org, a.at)
				if err != nil {
					return err
				}
				// A table shows attributes and the archive where there is something.
				some := func(has func(service.ScopeView) bool) bool {
					return a.format != "table" || slices.ContainsFunc(list, has)
				}
				return print(a, list, "There is no scope.", scopeColumns(
					some(func(v service.ScopeView) bool { return len(v.Attributes) > 0 }), some(func(v service.ScopeView) bool { return v.Archived }),
					func(v service.ScopeView) service.ScopeView { return v })...)
			})
		},
	}
	a.inOrg(cmd)
	a.dated(cmd)
	return cmd
}

func scopeColumns[T any](attributes, archived bool, view func(T) service.ScopeView) []column[T] {
	columns := []column[T]{
		{"id", func(t T) string { return string(view(t).ID) }},
		{"title", func(t T) string { return view(t).Title }},
		{"under", func(t T) string { return string(view(t).Under) }},
		{"holders", func(t T) string { return fmt.Sprint(view(t).Holders) }},
		{"since", func(t T) string { return date(view(t).Since) }},
		{"revision", func(t T) string { return fmt.Sprint(view(t).Revision) }},
		{"changed by", func(t T) string { return view(t).ChangedBy }},
	}
	if attributes {
		columns = append(columns, column[T]{"attributes", func(t T) string { return assigned(view(t).Attributes) }})
	}
	if archived {
		columns = append(columns, column[T]{"archived", func(t T) string { return fmt.Sprint(view(t).Archived) }})
	}
	return columns
}

// assigned writes attributes like type=project.
func assigned(attributes map[string]string) string {
	var words []string
	for _, id := range slices.Sorted(maps.Keys(attributes)) {
		words = append(words, id+"="+attributes[id])
	}
	return strings.Join(words, " ")
}
