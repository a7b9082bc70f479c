package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"tenure/aggregate"
	"tenure/api"
	"tenure/events"
	"tenure/ledger"
	"tenure/service"
)

// app is what all commands share: the streams, the global flags and the way to
// the ledger.
type app struct {
	args      []string
	in        io.Reader
	out, errs io.Writer
	// began says that the command line was in order and the command has begun.
	began bool

	data, url, keyFile, format string
	org                        string
	change                     api.Options
	at                         api.At
}

// errNotAllowed ends a question whose answer is no. The answer itself has been
// printed.
var errNotAllowed = errors.New("not allowed")

// errUnfinished ends a command that did less than it was asked for. What it did,
// and what is missing, has been printed.
var errUnfinished = errors.New("unfinished")

var errNoOrg = errors.New("say which organization: --org ORG or TENURE_ORG")

// usageError is a mistake in the command line.
type usageError struct{ error }

func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "tenure",
		Short: "Who holds which role, since when, by whose authority",
		Long: `Tenure records who holds which role in an organization, since when, and by
whose authority, in an append-only ledger, and answers questions about it.

It works on a data folder (--data) or with a running server (--url); both give
the same results. Without a key of a person, it acts with the operator's key of
the data folder.

Exit status: 0 done or allowed, 1 refused or not allowed, 2 error or usage.`,
		Example: `  tenure demo
  tenure found acme --model github --owner lea --data ./ledger
  tenure can lea organization.billing.manage --org acme --explain --data ./ledger`,
		SilenceErrors: true, SilenceUsage: true,
		Version: version(),
	}
	flags := root.PersistentFlags()
	flags.StringVar(&a.data, "data", os.Getenv("TENURE_DATA"), "data folder to work on (TENURE_DATA)")
	flags.StringVar(&a.url, "url", os.Getenv("TENURE_URL"), "server to work with (TENURE_URL)")
	flags.StringVar(&a.keyFile, "key", "", "file with the API key to act with (or the key in TENURE_KEY)")
	flags.StringVarP(&a.format, "output", "o", "table", "table, json or csv")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if word := cmd.Flags().Arg(0); word != "" && cmd.HasSubCommands() {
			return unknownCommand(cmd, word) // whose flag it may be
		}
		return usageError{err}
	})
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return a.settle(cmd) }
	must(root.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"table", "json", "csv"}, cobra.ShellCompDirectiveNoFileComp)))
	root.AddCommand(
		a.demo(), a.serve(), a.found(), a.person(), a.member(), a.manager(),
		a.grant(), a.revoke(), a.transfer(), a.designate(), a.undesignate(), a.roles(), a.feature(), a.edition(), a.record(),
		a.role(), a.group(),
		a.scope(), a.clients(), a.keys(), a.invitations(), a.route(),
		a.can(), a.who(), a.sections(), a.resolve(), a.history(), a.diff(), a.links(), a.report(),
		a.cases(), a.remind(), a.hold(), a.keep(), a.anonymize(), a.notices(), a.verify(),
		a.importing(), a.export(), a.backup(), a.restore(), a.models(), a.adoptedModel(), a.rules(), a.organizations(),
	)
	root.SetHelpCommand(help(root))
	root.InitDefaultCompletionCmd(a.args...)
	if completion, _, err := root.Find([]string{"completion"}); err == nil {
		for _, shell := range completion.Commands() {
			shell.Example = "  tenure completion " + shell.Name()
		}
	}
	a.prepare(root)
	return root
}

// prepare makes every command note that it has begun, and groups of commands
// refuse what is none of them.
func (a *app) prepare(cmd *cobra.Command) {
	if cmd.HasSubCommands() && cmd.RunE == nil && cmd.Run == nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return unknownCommand(cmd, args[0])
		}
		cmd.Args = cobra.ArbitraryArgs
	}
	if do := cmd.RunE; do != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			a.began = true
			return do(cmd, args)
		}
	}
	for _, child := range cmd.Commands() {
		a.prepare(child)
	}
}

func unknownCommand(cmd *cobra.Command, word string) error {
	text := fmt.Sprintf("unknown command %q for %q", word, cmd.CommandPath())
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(word); len(near) > 0 {
		text += "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return usageError{errors.New(text)}
}

// help is the help command; unlike the library's own it fails where there is
// nothing to help with.
func help(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Help about any command",
		Example: "  tenure help grant",
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			var names []string
			if cmd, _, err := root.Find(args); err == nil {
				for _, child := range cmd.Commands() {
					if child.IsAvailableCommand() {
						names = append(names, child.Name()+"\t"+child.Short)
					}
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return usageError{fmt.Errorf("there is no command %q to help with", strings.Join(args, " "))}
			}
			cmd.InitDefaultHelpFlag()
			return cmd.Help()
		},
	}
}

// version is that of the main module, as the build recorded it.
func version() string {
	if build, known := debug.ReadBuildInfo(); known && build.Main.Version != "" {
		return build.Main.Version
	}
	return "(devel)"
}

// settle judges the flags that all commands share. A flag that is given beats
// the environment.
func (a *app) settle(cmd *cobra.Command) error {
	switch a.format {
	case "table", "json", "csv":
	default:
		return usageError{fmt.Errorf("-o %s: use table, json or csv", a.format)}
	}
	if given := cmd.Flags().Changed; given("data") && !given("url") {
		a.url = ""
	} else if given("url") && !given("data") {
		a.data = ""
	}
	if org := cmd.Flags().Lookup("org"); org != nil {
		if _, needed := org.Annotations[cobra.BashCompOneRequiredFlag]; a.org == "" && !org.Changed {
			if needed {
				return usageError{errNoOrg}
			}
			return nil
		}
		if err := events.OrgID(a.org).Validate(); err != nil {
			return usageError{fmt.Errorf("--org: %w", err)}
		}
	}
	return nil
}

// inOrg adds the flag that says which organization is meant.
func (a *app) inOrg(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.org, "org", os.Getenv("TENURE_ORG"), "organization (TENURE_ORG)")
	if os.Getenv("TENURE_ORG") == "" {
		must(cmd.MarkFlagRequired("org"))
	}
}

// changes adds the flags of every command that changes something.
func (a *app) changes(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&a.change.Reason, "reason", "", "reason code: "+strings.Join(events.Reasons, ", "))
	flags.StringVar(&a.change.Ticket, "ticket", "", "reference into another system")
	flags.StringVar(&a.change.Note, "note", "", "note about the person concerned, kept sealed")
	flags.StringVar(&a.change.IdempotencyKey, "idempotency-key", "", "do this once, however often it is asked")
	flags.StringVar(&a.change.OnBehalfOf, "on-behalf-of", "", "the person for whom this is done, who is named beside you")
	flags.BoolVar(&a.change.DryRun, "dry-run", false, "decide and show what would be done, and do nothing")
	flags.Uint64Var((*uint64)(&a.change.IfRevision), "if-revision", 0, "only if the organization stands at this revision")
	must(cmd.RegisterFlagCompletionFunc("reason", cobra.FixedCompletions(events.Reasons, cobra.ShellCompDirectiveNoFileComp)))
}

// dated adds the flags of every question that can be asked of the past.
func (a *app) dated(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&a.at.AsOf, "as-of", "", "as of a date (its end, UTC) or RFC 3339 time, by effective time")
	flags.StringVar(&a.at.Recorded, "recorded", "", "the same by the time of recording")
	flags.Uint64Var((*uint64)(&a.at.Revision), "at-revision", 0, "as of a revision")
	flags.Uint64Var((*uint64)(&a.at.AtLeast), "at-least", 0, "wait until this revision has been folded")
	cmd.MarkFlagsMutuallyExclusive("as-of", "recorded", "at-revision")
}

// connect gives a client for the folder or the server, and what ends it. Only
// commands that may begin a ledger create a folder.
func (a *app) connect(ctx context.Context, create bool) (*api.Client, func() error, error) {
	switch {
	case a.data != "" && a.url != "":
		return nil, nil, usageError{errors.New("give --data (TENURE_DATA) or --url (TENURE_URL), not both")}
	case a.data == "" && a.url == "":
		return nil, nil, usageError{errors.New("say which ledger: --data DIR for a folder, or --url URL for a server")}
	}
	// The key comes first: where it is missing, nothing is made or asked.
	key, err := a.key()
	if err != nil {
		return nil, nil, err
	}
	if a.url != "" {
		if at, err := url.Parse(a.url); err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
			return nil, nil, usageError{fmt.Errorf("--url %q: want an address like http://127.0.0.1:7070", a.url)}
		}
		if key == "" {
			return nil, nil, usageError{errors.New("a server needs an API key: give --key FILE or TENURE_KEY; the operator's is operator.key in the server's data folder")}
		}
		return api.NewClient(a.url, key, http.DefaultTransport), func() error { return nil }, nil
	}
	if !create && !ledger.Exists(a.data) {
		return nil, nil, fmt.Errorf("there is no ledger in %s: found an organization in it with tenure found, or import one", a.data)
	}
	log := slog.New(slog.NewTextHandler(a.errs, &slog.HandlerOptions{Level: slog.LevelWarn}))
	mail, err := mailSettingsFromEnvironment().mail()
	if err != nil {
		return nil, nil, err
	}
	s, err := service.Open(ctx, service.Config{Dir: a.data, Logger: log, Mail: mail})
	if err != nil {
		return nil, nil, err
	}
	end := func() error { return s.Close(context.WithoutCancel(ctx)) }
	if key == "" {
		// Read after the start: the first one writes it.
		if key, err = readKey(filepath.Join(a.data, service.OperatorKeyFile)); err != nil {
			err = fmt.Errorf("there is no operator's key in %s, so say with which key to act: --key FILE or TENURE_KEY (%w)", a.data, err)
			return nil, nil, errors.Join(err, end())
		}
	}
	return api.InProcess(api.Handler(s, log), key), end, nil
}

// with runs fn with a client.
func (a *app) with(ctx context.Context, create bool, fn func(*api.Client) error) (err error) {
	client, end, err := a.connect(ctx, create)
	if err != nil {
		return err
	}
	defer func() {
		if endErr := end(); endErr != nil {
			err = errors.Join(err, endErr)
		}
	}()
	return fn(client)
}

// carryOut asks for a change and prints its receipt.
func carryOut[R any](a *app, cmd *cobra.Command, do func(*api.Client, context.Context, string, api.Options, R) (service.Receipt, error), r R) error {
	return a.ask(cmd, func(c *api.Client) (service.Receipt, error) { return do(c, cmd.Context(), a.org, a.change, r) })
}

// ask asks for a change in any way and prints its receipt.
func (a *app) ask(cmd *cobra.Command, change func(*api.Client) (service.Receipt, error)) error {
	return a.with(cmd.Context(), false, func(c *api.Client) error {
		receipt, err := change(c)
		if err != nil {
			return err
		}
		return printReceipt(a, receipt)
	})
}

// key is the API key given, if one was given.
func (a *app) key() (string, error) {
	if a.keyFile != "" {
		return readKey(a.keyFile)
	}
	return strings.TrimSpace(os.Getenv("TENURE_KEY")), nil
}

// readKey reads the one word that a key file holds. Its errors never show what
// the file holds instead.
func readKey(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the API key: %w", err)
	}
	words := strings.Fields(string(text))
	if len(words) != 1 {
		return "", fmt.Errorf("read the API key: %s must hold the key and nothing else", path)
	}
	return words[0], nil
}

// mishap is an error that no server answered with, as JSON.
type mishap struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	// Code is "usage" for a mistake in the command line, else "error".
	Code string `json:"code"`
}

// exit prints the error, if there is one, and gives the exit status.
func (a *app) exit(err error) int {
	if err == nil {
		return 0
	}
	switch err { // alone: whatever came with it is told
	case errNotAllowed:
		return 1
	case errUnfinished:
		return 2
	}
	var usage usageError
	misused := errors.As(err, &usage) || !a.began
	p := asProblem(err)
	switch {
	case a.format == "json" || misused && wantsJSON(a.args):
		var object any = mishap{"urn:tenure:problem:error", "Error", err.Error(), "error"}
		if p != nil {
			object = p
		} else if misused {
			object = mishap{"urn:tenure:problem:usage", "Usage", err.Error(), "usage"}
		}
		if printErr := writeJSON(a.out, object); printErr != nil {
			fmt.Fprintln(a.errs, printErr)
		}
	case p != nil:
		a.printProblem(p)
	default:
		fmt.Fprintln(a.errs, "Error:", err)
		if misused {
			fmt.Fprintln(a.errs, "See tenure help.")
		}
	}
	if p != nil && refused(p) {
		return 1
	}
	return 2
}

// wantsJSON looks for -o json where a mistake kept the flags from being read.
func wantsJSON(args []string) bool {
	for i, arg := range args {
		switch arg {
		case "--":
			return false
		case "-ojson", "-o=json", "--output=json":
			return true
		case "-o", "--output":
			if i+1 < len(args) && args[i+1] == "json" {
				return true
			}
		}
	}
	return false
}

// asProblem finds the problem in an error. Commands that refuse without asking
// make one of their own.
func asProblem(err error) *api.Problem {
	var p *api.Problem
	if errors.As(err, &p) {
		return p
	}
	return nil
}

// refused says whether the problem is a refusal by the rules, and not a
// mistake in the request or trouble with the installation.
func refused(p *api.Problem) bool {
	switch p.Status {
	case http.StatusForbidden, http.StatusConflict, http.StatusPreconditionFailed, http.StatusRequestEntityTooLarge:
		return true
	}
	return p.Rule != "" || p.Code == string(service.CodeKeyReused) || p.Code == string(aggregate.CodeStructure)
}

func (a *app) printProblem(p *api.Problem) {
	list := p.Errors
	if len(list) == 0 {
		list = []api.Problem{*p}
	}
	for _, each := range list {
		word := "Error"
		if refused(&each) {
			word = "Refused"
		}
		fmt.Fprintf(a.errs, "%s: %s\n", word, visible(each.Error()))
		if each.Field != "" {
			fmt.Fprintf(a.errs, "  at:   %s\n", each.Field)
		}
		if each.Help != "" {
			fmt.Fprintf(a.errs, "  help: %s\n", visible(each.Help))
		}
		if len(each.Contact) > 0 {
			fmt.Fprintf(a.errs, "  ask:  %s\n", visible(strings.Join(each.Contact, ", ")))
		}
	}
}

// exactArgs is cobra.ExactArgs as a mistake in the command line.
func exactArgs(n int) cobra.PositionalArgs { return asUsage(cobra.ExactArgs(n)) }

func asUsage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{fmt.Errorf("%s: %w; usage: %s", cmd.CommandPath(), err, cmd.UseLine())}
		}
		return nil
	}
}

// must is for wiring that can only fail by a mistake in this package.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
