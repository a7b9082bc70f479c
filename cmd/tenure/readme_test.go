package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// shown is a command in a document, and what it prints according to it.
type shown struct {
	line    int
	command string
	prints  []string
}

// consoleCommands reads the blocks fenced as console: lines that begin with
// "$ " are commands, and the lines below are what they print.
func consoleCommands(text string) (list []shown) {
	in := false
	for i, line := range strings.Split(text, "\n") {
		switch {
		case !in:
			in = strings.TrimSpace(line) == "```console"
		case strings.HasPrefix(line, "```"):
			in = false
		case strings.HasPrefix(line, "$ "):
			list = append(list, shown{line: i + 1, command: line[2:]})
		case len(list) == 0:
		case len(list[len(list)-1].prints) == 0 && strings.HasSuffix(list[len(list)-1].command, `\`):
			last := &list[len(list)-1]
			last.command = strings.TrimSuffix(last.command, `\`) + strings.TrimSpace(line)
		default:
			last := &list[len(list)-1]
			last.prints = append(last.prints, line)
		}
	}
	return list
}

// pattern matches what a document shows: … stands for anything within a line,
// and alone on a line for any lines.
func (s shown) pattern() *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`\A`)
	for _, line := range s.prints {
		if strings.TrimSpace(line) == "…" {
			b.WriteString(`(?:.*\n)*`)
			continue
		}
		line, open := strings.CutSuffix(strings.TrimRight(line, " "), "…")
		if open { // also matches what has no further columns
			line = strings.TrimRight(line, " ")
		}
		b.WriteString(strings.ReplaceAll(regexp.QuoteMeta(line), "…", `.*`))
		if open {
			b.WriteString(`.*`)
		}
		b.WriteString(` *\n`)
	}
	b.WriteString(`\z`)
	return regexp.MustCompile(b.String())
}

// runnable says whether the test runs a command, by its first word. What fetches
// or shows something is run if it is there.
func (s shown) runnable() bool {
	word := strings.Fields(s.command)[0]
	if word == "tenure" {
		return true
	}
	_, err := exec.LookPath(word)
	return err == nil && slices.Contains([]string{"awk", "cat", "curl", "jq", "sed"}, word)
}

// TestReadme runs every command that the README shows, in order, and compares
// what it prints.
func TestReadme(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	list := consoleCommands(string(text))
	if !slices.ContainsFunc(list, func(s shown) bool { return strings.HasPrefix(s.command, "tenure ") }) {
		t.Fatal("the README shows no command of tenure in a block fenced as console")
	}
	dir := t.TempDir()
	for _, each := range list {
		if !each.runnable() {
			t.Logf("README.md:%d: not run: %s", each.line, each.command)
			continue
		}
		if command, background := strings.CutSuffix(each.command, "&"); background {
			inBackground(t, dir, each, command)
			continue
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		cmd := exec.CommandContext(ctx, "sh", "-c", each.command)
		cmd.Dir, cmd.Env = dir, cleanEnvironment()
		output, err := cmd.CombinedOutput()
		cancel()
		var exit *exec.ExitError
		refused := errors.As(err, &exit) && exit.ExitCode() == 1 && len(each.prints) > 0
		if err != nil && !refused {
			t.Fatalf("README.md:%d: %s: %v\n%s", each.line, each.command, err, output)
		}
		if len(each.prints) > 0 && !each.pattern().Match(output) {
			t.Errorf("README.md:%d: %s\nprints\n%s\nand not\n%s", each.line, each.command, output, strings.Join(each.prints, "\n"))
		}
	}
}

// inBackground starts a command that goes on while the next ones run, once it
// has printed its first line.
func inBackground(t *testing.T, dir string, each shown, command string) {
	t.Helper()
	p, err := start(dir, nil, strings.Fields(command)[1:]...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Process.Signal(syscall.SIGTERM)
		<-p.ended
	})
	first := <-p.firstLine
	if first == "" || len(each.prints) > 0 && !each.pattern().MatchString(first+"\n") {
		t.Fatalf("README.md:%d: %s\nprints %q\n%s", each.line, each.command, first, p.stderr())
	}
}

func TestConsoleCommands(t *testing.T) {
	t.Parallel()
	text := "```sh\n$ not this\n```\n```console\n$ tenure one \\\n    more\nA  b …\n  … c\n$ cat x\n…\nend\n```\n$ nor this\n"
	list := consoleCommands(text)
	if len(list) != 2 || list[0].command != "tenure one more" || list[1].command != "cat x" || list[0].line != 5 {
		t.Fatalf("found %+v", list)
	}
	for _, each := range []struct {
		shown   shown
		printed string
		matches bool
	}{
		{list[0], "A  b   and on\n  anything c\n", true},
		{list[0], "A  b\n  anything c\n", true},
		{list[0], "A  x\n  anything c\n", false},
		{list[0], "A  b\n  anything c\nmore\n", false},
		{list[0], "A  b\n", false},
		{list[1], "1\n2\nend\n", true},
		{list[1], "end\n", true},
		{list[1], "1\nend \n", true},
		{list[1], "1\n", false},
	} {
		if got := each.shown.pattern().Match(bytes.Clone([]byte(each.printed))); got != each.matches {
			t.Errorf("%q matches %q: %v", each.shown.prints, each.printed, got)
		}
	}
}
