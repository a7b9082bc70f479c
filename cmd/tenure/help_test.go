package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// duties say what each command is: one that changes something, a question that
// can be asked of the past, an answer to an invitation, something else about an
// organization ("org"), or none of that. They decide which flags it must have.
var duties = map[string]string{
	"found":      "change",
	"person add": "change", "person update": "change", "person show": "dated", "person list": "dated",
	"person import": "change", "person export": "dated", "person chart": "dated", "manager assign": "change", "manager remove": "change",
	"client create": "change", "client delete": "change", "client list": "dated", "client show": "dated",
	"member start": "change", "member change": "change", "member suspend": "change", "member resume": "change", "member terminate": "change",
	"grant": "change", "revoke": "change", "transfer": "change", "can": "dated", "who": "dated",
	"designate": "change", "undesignate": "change", "roles show": "dated", "roles define": "change",
	"edition list": "dated", "edition set": "change", "route set": "change", "route clear": "change", "route list": "dated", "member list": "dated",
	"role list": "dated", "role show": "dated", "role define": "change", "role rename": "change", "role delete": "change",
	"role permit": "change", "role unpermit": "change", "role withhold": "change", "role restore": "change",
	"group list": "dated", "group show": "dated", "group permit": "change", "group unpermit": "change",
	"feature list": "dated", "feature on": "change", "feature off": "change", "record": "change", "resolve": "dated",
	"invitations send": "change", "invitations list": "dated", "invitations resend": "change", "invitations withdraw": "change",
	"invitations accept": "answer", "invitations decline": "answer",
	"links": "dated", "cases list": "dated", "cases show": "dated", "keep": "change", "anonymize": "change",
	"remind set": "change", "remind list": "dated", "remind done": "change", "remind cancel": "change",
	"hold place": "change", "hold list": "dated", "hold release": "change",
	"notices list": "org", "notices show": "org", "notices retry": "org",
	"verify": "", "backup": "", "restore": "",
	"scope create": "change", "scope rename": "change", "scope move": "change", "scope delete": "change", "scope list": "dated",
	"scope set": "change", "scope merge": "change", "scope archive": "change", "scope restore": "change", "scope import": "change",
	"scope show": "dated", "scope export": "dated",
	"keys issue": "change", "keys revoke": "change", "keys list": "dated",
	"sections": "dated", "report posture": "dated", "report usage": "dated",
	"history": "dated", "diff": "org", "export peribolos": "dated", "import timeline": "org",
	"model show": "dated", "model adopt": "change",
	"orgs": "", "models list": "", "models show": "", "models check": "", "rules list": "", "rules show": "", "demo": "", "serve": "", "help": "",
	"completion bash": "", "completion zsh": "", "completion fish": "", "completion powershell": "",
}

// TestEveryCommandIsExplained walks all commands: each says what it does, and
// shows it in examples that are in order.
func TestEveryCommandIsExplained(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	root := new(app).command()
	root.InitDefaultHelpCmd()
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Short == "" {
			t.Errorf("%s: there is no short help", cmd.CommandPath())
		}
		if strings.HasSuffix(cmd.Short, ".") {
			t.Errorf("%s: the short help ends with a period", cmd.CommandPath())
		}
		for line := range strings.Lines(cmd.Long) {
			ours := !strings.HasPrefix(cmd.CommandPath(), "tenure completion")
			if ours && utf8.RuneCountInString(strings.TrimSuffix(line, "\n")) > 90 {
				t.Errorf("%s: a line of help is too long: %s", cmd.CommandPath(), line)
			}
		}
		cmd.LocalFlags().VisitAll(func(flag *pflag.Flag) {
			if flag.Usage == "" {
				t.Errorf("%s --%s: there is no help", cmd.CommandPath(), flag.Name)
			}
		})
		for line := range strings.Lines(cmd.Example) {
			checkExample(t, cmd, strings.TrimSpace(line))
		}
		for _, child := range cmd.Commands() {
			walk(child)
		}
		if cmd.HasSubCommands() {
			return
		}
		name := strings.TrimPrefix(cmd.CommandPath(), "tenure ")
		seen[name] = true
		if cmd.Example == "" {
			t.Errorf("%s: there is no example", cmd.CommandPath())
		}
		duty, known := duties[name]
		if !known {
			t.Errorf("%s: say in duties what it is", cmd.CommandPath())
		}
		checkFlags(t, cmd, duty == "change" || duty == "answer", "reason", "ticket", "note", "on-behalf-of", "idempotency-key", "if-revision")
		checkFlags(t, cmd, duty == "change" || duty == "answer", "reason", "ticket", "note", "idempotency-key", "if-revision", "dry-run")
		checkFlags(t, cmd, duty == "dated", "as-of", "recorded", "at-revision", "at-least")
		checkFlags(t, cmd, duty != "" && name != "found", "org")
	}
	walk(root)
	for name := range duties {
		if !seen[name] {
			t.Errorf("there is no command %s", name)
		}
	}
}

func checkFlags(t *testing.T, cmd *cobra.Command, want bool, names ...string) {
	t.Helper()
	for _, name := range names {
		if has := cmd.Flags().Lookup(name) != nil; has != want {
			t.Errorf("%s: has --%s: %v, want %v", cmd.CommandPath(), name, has, want)
		}
	}
}

// checkExample parses an example line as the program would, without running it.
func checkExample(t *testing.T, of *cobra.Command, line string) {
	t.Helper()
	words := shellWords(line)
	if len(words) == 0 || words[0] != "tenure" {
		t.Errorf("%s: the example %q does not begin with tenure", of.CommandPath(), line)
		return
	}
	root := new(app).command()
	root.InitDefaultHelpCmd()
	cmd, rest, err := root.Find(negatedLast(root, words[1:]))
	if err == nil {
		err = cmd.ParseFlags(rest)
	}
	if err == nil {
		err = cmd.ValidateArgs(cmd.Flags().Args())
	}
	if err == nil {
		err = cmd.ValidateRequiredFlags()
	}
	if err == nil {
		err = cmd.ValidateFlagGroups()
	}
	if err != nil {
		t.Errorf("%s: the example %q: %v", of.CommandPath(), line, err)
	}
	if of.HasParent() && cmd.CommandPath() != of.CommandPath() && of.Name() != "found" {
		t.Errorf("%s: the example %q is of %s", of.CommandPath(), line, cmd.CommandPath())
	}
	answers := duties[strings.TrimPrefix(cmd.CommandPath(), "tenure ")] == "answer" // its key says which
	if cmd.Flags().Lookup("org") != nil && !answers && !strings.Contains(line, "--org ") {
		t.Errorf("%s: the example %q names no organization", of.CommandPath(), line)
	}
}

// shellWords splits a line at spaces outside of double quotes.
func shellWords(line string) (words []string) {
	quoted := false
	for i, part := range strings.Split(line, `"`) {
		quoted = i%2 == 1
		if quoted {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	return words
}

// TestHelpShowsExamples asks for help in both ways, of all commands.
func TestHelpShowsExamples(t *testing.T) {
	t.Parallel()
	for name := range duties {
		if name == "help" {
			continue
		}
		asked := func(args ...string) string {
			var out, errs bytes.Buffer
			if code := run(context.Background(), args, strings.NewReader(""), &out, &errs); code != 0 || errs.Len() > 0 {
				t.Errorf("tenure %q: exit status %d: %s", args, code, errs.String())
			}
			return out.String()
		}
		words := strings.Fields(name)
		text := asked(append(words, "--help")...)
		if !strings.Contains(text, "Examples:\n  tenure "+name) && name != "history" {
			t.Errorf("the help of %s shows no example of it:\n%s", name, text)
		}
		if other := asked(append([]string{"help"}, words...)...); other != text {
			t.Errorf("tenure help %s is not tenure %s --help:\n%s\n%s", name, name, other, text)
		}
	}
}
