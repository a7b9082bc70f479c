package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"tenure/api"
	"tenure/service"
)

func (a *app) importing() *cobra.Command {
	cmd := &cobra.Command{Use: "import", Short: "Take over history from another system"}
	var model string
	timeline := &cobra.Command{
		Use:   "timeline FILE",
		Short: "Take over a membership history, one source commit at a time",
		Long: `Import timeline reads a history of changes, one JSON object a line, oldest first:

  {"time":"2024-01-26T18:56:34-08:00","commit":"ffaa7203","op":"admin.add","user":"lea"}

The op is one of admin.add, admin.remove, member.add, member.remove,
team.create, team.move, team.delete (with team and parent) and
team.maintainer.add, team.maintainer.remove, team.member.add, team.member.remove
(with team and user). Lines of one commit follow each other and count together:
they become one commit of the ledger, effective at their time, judged by its net
outcome. The first one founds the organization.

What was taken over before is not taken over again, so an import that was
interrupted goes on where it was. A malformed line, or a commit that breaks the
model, stops the import there, with file and line; all commits before it stay.`,
		Example: `  tenure import timeline history.jsonl --org acme --model github --data ./ledger`,
		Args:    exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, err := os.ReadFile(args[0])
			if err != nil {
				return err
			}
			source := readTimeline(args[0], file)
			if len(source.commits) == 0 {
				if source.err != nil {
					return source.err
				}
				return fmt.Errorf("%s holds no commit", args[0])
			}
			return a.with(cmd.Context(), model != "", func(c *api.Client) error {
				return a.takeOver(cmd.Context(), c, args[0], source, model)
			})
		},
	}
	timeline.Flags().StringVar(&model, "model", "", "role model to found the organization with")
	must(timeline.RegisterFlagCompletionFunc("model", completeModels))
	a.inOrg(timeline)
	cmd.AddCommand(timeline)
	return cmd
}

// timelineSource is a history as far as it could be read.
type timelineSource struct {
	commits []service.TimelineCommit
	// lines[i][j] is the line of commits[i].Changes[j].
	lines [][]int
	// err is why reading stopped, with file and line; nil at the end.
	err error
}

// timelineLine is one line of the file.
type timelineLine struct {
	Time   time.Time `json:"time"`
	Commit string    `json:"commit"`
	Op     string    `json:"op"`
	User   string    `json:"user"`
	Team   string    `json:"team"`
	Parent string    `json:"parent"`
}

// readTimeline reads whole commits up to the end or to the first line that is
// malformed. The commit that such a line belongs to, or may belong to, is left
// out with all that follows it: half a commit that was taken over could never
// be completed.
func readTimeline(name string, file []byte) *timelineSource {
	s := &timelineSource{}
	index := map[string]int{}
	number := 0
	for text := range bytes.Lines(file) {
		number++
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		last := len(s.commits) - 1
		line, err := parseLine(text)
		at, seen := index[line.Commit]
		switch {
		case line.Commit == "":
			at, seen = last, last >= 0
		case err == nil && seen && at != last:
			err = fmt.Errorf("commit %s appeared before, at line %d; its lines must follow each other", line.Commit, s.lines[at][0])
		case err == nil && seen && !s.commits[at].Time.Equal(line.Time):
			err = fmt.Errorf("the time differs from line %d of the same commit", s.lines[at][0])
		}
		if err != nil {
			s.err = fmt.Errorf("%s:%d: %w", name, number, err)
			if seen {
				s.commits, s.lines = s.commits[:at], s.lines[:at]
			}
			break
		}
		if !seen {
			last++
			index[line.Commit] = last
			s.commits = append(s.commits, service.TimelineCommit{Commit: line.Commit, Time: line.Time})
			s.lines = append(s.lines, nil)
		}
		s.commits[last].Changes = append(s.commits[last].Changes,
			service.TimelineChange{Op: line.Op, User: line.User, Team: line.Team, Parent: line.Parent})
		s.lines[last] = append(s.lines[last], number)
	}
	s.chooseHandles()
	return s
}

// parseLine reads a change. Where it is malformed, the line's commit comes
// along with the error if it could be read.
func parseLine(text []byte) (timelineLine, error) {
	var line timelineLine
	if !utf8.Valid(text) {
		return line, errors.New("this is no UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&line); errors.Is(err, io.ErrUnexpectedEOF) {
		return timelineLine{}, errors.New("this is no change: the line ends in the middle of it")
	} else if err != nil {
		return timelineLine{}, fmt.Errorf("this is no change: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return timelineLine{}, errors.New("there is something after the change")
	}
	team := strings.HasPrefix(line.Op, "team.")
	user := !team || strings.HasPrefix(line.Op, "team.maintainer.") || strings.HasPrefix(line.Op, "team.member.")
	switch {
	case line.Commit == "":
		return line, errors.New("the commit is missing")
	case line.Time.IsZero():
		return line, errors.New("the time is missing")
	case line.Op == "":
		return line, errors.New("the op is missing")
	case !knownOp(line.Op):
		return line, fmt.Errorf("there is no op %q", line.Op)
	case team && line.Team == "":
		return line, fmt.Errorf("%s names no team", line.Op)
	case !team && line.Team != "":
		return line, fmt.Errorf("%s is about no team, and %q is named", line.Op, line.Team)
	case user && line.User == "":
		return line, fmt.Errorf("%s names no user", line.Op)
	}
	return line, nil
}

func knownOp(op string) bool {
	switch op {
	case "team.create", "team.move", "team.delete",
		"admin.add", "admin.remove", "member.add", "member.remove",
		"team.maintainer.add", "team.maintainer.remove", "team.member.add", "team.member.remove":
		return true
	}
	return false
}

// shortLogin is the length below which a login is no sign of a person's name
// when it merely occurs within a word.
const shortLogin = 4

// chooseHandles keeps people's logins out of handles, which are public: a team
// whose name holds a login that occurs anywhere in the file gets a handle that
// says nothing.
func (s *timelineSource) chooseHandles() {
	logins := map[string]bool{}
	for _, commit := range s.commits {
		for _, change := range commit.Changes {
			if change.User != "" {
				logins[strings.ToLower(change.User)] = true
			}
		}
	}
	chosen := map[string]string{}
	for _, commit := range s.commits {
		for i, change := range commit.Changes {
			if change.Op != "team.create" {
				continue
			}
			handle, done := chosen[change.Team]
			if !done {
				if namesPerson(change.Team, logins) {
					digest := sha256.Sum256([]byte(change.Team))
					handle = "team-" + hex.EncodeToString(digest[:5])
				}
				chosen[change.Team] = handle
			}
			commit.Changes[i].Handle = handle
		}
	}
}

func namesPerson(team string, logins map[string]bool) bool {
	team = strings.ToLower(team)
	words := strings.FieldsFunc(team, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9')
	})
	for login := range logins {
		if len(login) >= shortLogin && strings.Contains(strings.Join(words, "-"), strings.Trim(login, "-_")) {
			return true
		}
		for _, word := range words {
			if word == login {
				return true
			}
		}
	}
	return false
}

// timelineResult says what an import did.
type timelineResult struct {
	Org      string `json:"org"`
	Imported int    `json:"imported"`
	Present  int    `json:"present"`
	Revision uint64 `json:"revision"`
}

// takeOver sends commit after commit.
func (a *app) takeOver(ctx context.Context, c *api.Client, name string, source *timelineSource, model string) error {
	bar := a.progress(len(source.commits), "importing "+a.org)
	defer bar.Clear()
	result := timelineResult{Org: a.org}
	for i, commit := range source.commits {
		commit.Model = model
		receipt, err := c.ImportTimeline(ctx, a.org, commit)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("interrupted at %s:%d, commit %d of %d; run it again to go on", name, source.lines[i][0], i+1, len(source.commits))
		case err != nil:
			bar.Clear()
			a.stopped(i)
			return located(err, name, commit.Commit, source.lines[i])
		case receipt.Replayed:
			result.Present++
		default:
			result.Imported++
		}
		result.Revision = uint64(receipt.Revision)
		bar.Add(1)
	}
	bar.Finish()
	if source.err != nil {
		a.stopped(len(source.commits))
		return source.err
	}
	text := fmt.Sprintf("%s: %d commits taken over, %d were there already; revision %d.", a.org, result.Imported, result.Present, result.Revision)
	return printOne(a, result, text,
		column[timelineResult]{"org", func(r timelineResult) string { return r.Org }},
		column[timelineResult]{"imported", func(r timelineResult) string { return fmt.Sprint(r.Imported) }},
		column[timelineResult]{"present", func(r timelineResult) string { return fmt.Sprint(r.Present) }},
		column[timelineResult]{"revision", func(r timelineResult) string { return fmt.Sprint(r.Revision) }},
	)
}

// stopped says what came of an import that met an error.
func (a *app) stopped(commits int) {
	if a.format != "json" {
		fmt.Fprintf(a.errs, "Commits taken over before it stopped: %d. The next run goes on there.\n", commits)
	}
}

// located puts file, line and commit before the error. A refusal says in its
// field which change it is about: "changes[3]".
func located(err error, name, commit string, lines []int) error {
	p := asProblem(err)
	if p == nil {
		return fmt.Errorf("%s:%d: commit %s: %w", name, lines[0], commit, err)
	}
	at := func(p api.Problem) api.Problem {
		line, index := lines[0], 0
		if n, _ := fmt.Sscanf(p.Field, "changes[%d]", &index); n == 1 {
			p.Field = ""
			if index >= 0 && index < len(lines) {
				line = lines[index]
			}
		}
		p.Detail = fmt.Sprintf("%s:%d: commit %s: %s", name, line, commit, p.Detail)
		return p
	}
	told := at(*p)
	told.Errors = nil
	for _, each := range p.Errors {
		told.Errors = append(told.Errors, at(each))
	}
	return &told
}

// progress shows a bar on a terminal, and nothing elsewhere.
func (a *app) progress(steps int, what string) *progressbar.ProgressBar {
	f, is := a.errs.(*os.File)
	return progressbar.NewOptions(steps,
		progressbar.OptionSetWriter(a.errs),
		progressbar.OptionSetDescription(what),
		progressbar.OptionSetVisibility(is && term.IsTerminal(int(f.Fd()))),
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("commits"),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(),
	)
}
