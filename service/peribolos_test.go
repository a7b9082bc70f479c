package service

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tenure/projections"
)

// histories is where real histories lie: FOO.changes.jsonl with the changes of
// an organization, FOO.snapshots.jsonl with what held at some of its commits.
const histories = "../../shared/data"

// TestRealHistories takes real histories over and compares what it exports of
// each date with what held then.
func TestRealHistories(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(histories, "*.changes.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skipf("there are no histories in %s", histories)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".changes.jsonl")
		t.Run(name, func(t *testing.T) {
			if info, err := os.Stat(file); err != nil || testing.Short() && info.Size() > 100_000 {
				t.Skip("the long histories are left out of a short run")
			}
			t.Parallel()
			realHistory(t, file, strings.TrimSuffix(file, ".changes.jsonl")+".snapshots.jsonl")
		})
	}
}

func realHistory(t *testing.T, changes, snapshots string) {
	h := open(t)
	h.clock.set(time.Now()) // after all that happened
	source := readHistory(t, changes)
	take := func() (appended int) {
		for i, commit := range source {
			receipt, err := h.ImportTimeline(t.Context(), operator, "acme", commit)
			if err != nil {
				t.Fatalf("commit %d, %s: %v", i+1, commit.Commit, err)
			}
			if !receipt.Replayed {
				appended++
			}
			if receipt.Number != uint64(i+1) {
				t.Fatalf("commit %d, %s, is number %d", i+1, commit.Commit, receipt.Number)
			}
		}
		return appended
	}
	if got := take(); got != len(source) {
		t.Errorf("%d commits were appended, and there are %d", got, len(source))
	}
	tail := h.revision("acme")
	if got := take(); got != 0 || h.revision("acme") != tail {
		t.Errorf("a second import appended %d commits", got)
	}

	compared := 0
	eachLine(t, snapshots, func(line []byte) {
		var want struct {
			Time  time.Time `json:"time"`
			State struct {
				Admins, Members []string
				Teams           map[string]flatTeam
			} `json:"state"`
		}
		if err := json.Unmarshal(line, &want); err != nil {
			t.Fatal(err)
		}
		p := must[Peribolos](t)(h.ExportPeribolos(t.Context(), operator, "acme", Reading{Moment: projections.Moment{AsOf: want.Time}}))
		got := want
		got.State.Admins, got.State.Members, got.State.Teams = p.Admins, p.Members, map[string]flatTeam{}
		flatten(got.State.Teams, "", p.Teams)
		for _, list := range [][]string{want.State.Admins, want.State.Members} {
			slices.Sort(list)
		}
		for _, team := range want.State.Teams {
			slices.Sort(team.Maintainers)
			slices.Sort(team.Members)
		}
		diff(t, "as of "+want.Time.String(), want, got)
		compared++
	})
	if compared == 0 {
		t.Error("nothing was compared")
	}
	noLogin(t, h, source)
}

// flatTeam is a team as the snapshots tell it.
type flatTeam struct {
	Parent               string
	Maintainers, Members []string
}

func flatten(into map[string]flatTeam, parent string, teams map[string]*PeribolosTeam) {
	for name, team := range teams {
		into[name] = flatTeam{parent, team.Maintainers, team.Members}
		flatten(into, name, team.Teams)
	}
}

// leastLogin is the length of the shortest login that is looked for. Keys,
// ids and sealed values look random, and shorter words occur in them by chance:
// among some millions of random bytes there is a good part of all words of
// four letters, and a word of six hardly ever.
const leastLogin = 6

// noLogin looks for the logins of a history in every byte below the folder.
func noLogin(t *testing.T, h *house, source []TimelineCommit) {
	t.Helper()
	begins := map[string][]string{} // logins by their first letters
	for _, commit := range source {
		for _, change := range commit.Changes {
			login := strings.ToLower(change.User)
			if len(login) < leastLogin {
				continue
			}
			if begin := login[:leastLogin]; !slices.Contains(begins[begin], login) {
				begins[begin] = append(begins[begin], login)
			}
		}
	}
	if len(begins) == 0 {
		t.Fatal("there are no logins to look for")
	}
	for path, data := range h.bytesBelow() {
		data = bytes.ToLower(data)
		for i := 0; i+leastLogin <= len(data); i++ {
			for _, login := range begins[string(data[i:i+leastLogin])] {
				if bytes.HasPrefix(data[i:], []byte(login)) {
					t.Errorf("%s holds the login %s at %d", path, login, i)
				}
			}
		}
	}
}

// readHistory reads a timeline file: lines of one commit follow each other.
func readHistory(t *testing.T, path string) []TimelineCommit {
	t.Helper()
	var source []TimelineCommit
	eachLine(t, path, func(line []byte) {
		var change struct {
			Time   time.Time `json:"time"`
			Commit string    `json:"commit"`
			TimelineChange
		}
		if err := json.Unmarshal(line, &change); err != nil {
			t.Fatal(err)
		}
		if n := len(source); n == 0 || source[n-1].Commit != change.Commit {
			source = append(source, TimelineCommit{Model: "github", Commit: change.Commit, Time: change.Time})
		}
		last := &source[len(source)-1]
		last.Changes = append(last.Changes, change.TimelineChange)
	})
	return source
}

func eachLine(t *testing.T, path string, fn func([]byte)) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		fn(lines.Bytes())
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

func TestExportPeribolos(t *testing.T) {
	h := open(t)
	h.found("acme", "zoe")
	h.join("acme", "ben", "ann")
	h.team("acme", "b", "", "Same Title")
	h.team("acme", "a", "", "Same Title")
	h.team("acme", "c", "team:a", "Same Title") // below another one
	h.team("acme", "d", "", "")
	h.grant("acme", "ben", "maintainer", "team:a")
	h.grant("acme", "ann", "member", "team:a")
	got := must[Peribolos](t)(h.ExportPeribolos(t.Context(), h.as("acme", "ben"), "acme", Reading{}))
	none := func() map[string]*PeribolosTeam { return map[string]*PeribolosTeam{} }
	diff(t, "the export", Peribolos{
		Admins: []string{"zoe"}, Members: []string{"ann", "ben"}, Teams: map[string]*PeribolosTeam{
			"Same Title": {Maintainers: []string{"ben"}, Members: []string{"ann"}, Teams: map[string]*PeribolosTeam{
				"Same Title": {Maintainers: []string{}, Members: []string{}, Teams: none()},
			}},
			"b": {Maintainers: []string{}, Members: []string{}, Teams: none()}, // its title is taken
			"d": {Maintainers: []string{}, Members: []string{}, Teams: none()},
		},
	}, got)
}
