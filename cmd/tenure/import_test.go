package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	addLea = `{"time":"2024-01-01T09:00:00Z","commit":"a1","op":"admin.add","user":"lea"}`
	addTom = `{"time":"2024-01-02T09:00:00Z","commit":"b2","op":"member.add","user":"tom"}`
	addIda = `{"time":"2024-01-02T09:00:00Z","commit":"b2","op":"member.add","user":"ida"}`
	addMia = `{"time":"2024-01-03T09:00:00Z","commit":"c3","op":"member.add","user":"mia"}`
)

// TestReadTimeline reads histories as far as they are in order: whole commits
// only.
func TestReadTimeline(t *testing.T) {
	t.Parallel()
	lines := func(lines ...string) string { return strings.Join(lines, "\n") + "\n" }
	bad := `{"time":"2024-01-02T09:00:00Z","commit":"b2","op":"member.eat","user":"ida"}`
	for _, each := range []struct {
		name, file string
		commits    string
		err        string
	}{
		{"all", lines(addLea, addTom, addIda, addMia), "a1 b2 c3", ""},
		{"no line end at the end", strings.TrimSuffix(lines(addLea, addTom), "\n"), "a1 b2", ""},
		{"lines ending as elsewhere", strings.ReplaceAll(lines(addLea, addTom), "\n", "\r\n"), "a1 b2", ""},
		{"empty lines", lines("", addLea, "  ", addTom, "", ""), "a1 b2", ""},
		{"nothing", "", "", ""},
		{"malformed at the start", lines("x", addLea), "", "f:1: this is no change: invalid character 'x'"},
		{"malformed in the middle of a commit", lines(addLea, addTom, "x", addIda, addMia), "a1", "f:3: this is no change"},
		{"malformed between commits may belong to the one before", lines(addLea, addTom, addIda, "x", addMia), "a1", "f:4: this is no change"},
		{"a bad line of a commit takes it along", lines(addLea, addTom, bad, addMia), "a1", `f:3: there is no op "member.eat"`},
		{"a bad line that begins a commit leaves the one before", lines(addLea, bad, addMia), "a1", `f:2: there is no op`},
		{"a bad line of an earlier commit takes all from there along", lines(addLea, addTom, addMia, bad), "a1", `f:4: there is no op`},
		{"cut off", lines(addLea, addTom) + addIda[:30], "a1", "f:3: this is no change: the line ends in the middle of it"},
		{"cut off in the last character", lines(addLea, addTom) + addIda[:len(addIda)-1], "a1", "f:3: this is no change: the line ends in the middle of it"},
		{"a commit appears again", lines(addLea, addTom, addMia, addIda), "a1", "f:4: commit b2 appeared before, at line 2"},
		{"times differ", lines(addLea, addTom, strings.Replace(addIda, "09:00:00", "09:00:01", 1)), "a1", "f:3: the time differs from line 2"},
		{"the same time elsewhere", lines(addLea, addTom, strings.Replace(addIda, "09:00:00Z", "10:00:00+01:00", 1)), "a1 b2", ""},
		{"two changes in a line", lines(addLea, addTom+addIda), "", "f:2: there is something after the change"},
		{"a bracket too many", lines(addLea, addTom+"]"), "", "f:2: there is something after the change"},
		{"an array", lines(addLea, "["+addTom+"]"), "", "f:2: this is no change: json: cannot unmarshal array"},
		{"null", lines(addLea, "null"), "", "f:2: the commit is missing"},
		{"a number for a name", lines(addLea, strings.Replace(addTom, `"tom"`, `7`, 1)), "", "f:2: this is no change: json: cannot unmarshal number"},
		{"bytes that are no text", lines(addLea, strings.Replace(addTom, "tom", "t\xffm", 1)), "", "f:2: this is no UTF-8"},
		{"a time without a zone", lines(addLea, strings.Replace(addTom, "00Z", "00", 1)), "", "f:2: this is no change: parsing time"},
		{"no op", lines(addLea, strings.Replace(addTom, `"op":"member.add",`, "", 1)), "a1", "f:2: the op is missing"},
		{"no team", lines(addLea, strings.Replace(addTom, "member.add", "team.member.add", 1)), "a1", "f:2: team.member.add names no team"},
	} {
		s := readTimeline("f", []byte(each.file))
		var commits []string
		for i, commit := range s.commits {
			commits = append(commits, commit.Commit)
			if len(commit.Changes) != len(s.lines[i]) {
				t.Errorf("%s: %s has %d changes and %d lines", each.name, commit.Commit, len(commit.Changes), len(s.lines[i]))
			}
		}
		if got := strings.Join(commits, " "); got != each.commits {
			t.Errorf("%s: read %q, want %q", each.name, got, each.commits)
		}
		if got := ""; s.err != nil || each.err != "" {
			if s.err != nil {
				got = s.err.Error()
			}
			if !strings.HasPrefix(got, each.err) || each.err == "" {
				t.Errorf("%s: says %q, want %q", each.name, got, each.err)
			}
		}
	}
}

// TestHandlesNameNobody chooses handles for teams that are called like people.
func TestHandlesNameNobody(t *testing.T) {
	t.Parallel()
	team := func(name string) string {
		return `{"time":"2024-01-01T09:00:00Z","commit":"a1","op":"team.create","team":"` + name + `"}`
	}
	s := readTimeline("f", []byte(strings.Join([]string{
		team("docs"), team("friends of Mia"), team("mia"), team("miami"), team("Zebedee's"), team("xzebedeex"),
		addLea, addTom, addMia, strings.ReplaceAll(addMia, `"mia"`, `"zebedee"`),
	}, "\n")))
	if s.err != nil {
		t.Fatal(s.err)
	}
	replaced := map[string]bool{}
	for _, change := range s.commits[0].Changes {
		if change.Op != "team.create" {
			continue
		}
		replaced[change.Team] = change.Handle != ""
		if change.Handle != "" && !strings.HasPrefix(change.Handle, "team-") {
			t.Errorf("%s gets the handle %s", change.Team, change.Handle)
		}
	}
	want := map[string]bool{"docs": false, "friends of Mia": true, "mia": true, "miami": false, "Zebedee's": true, "xzebedeex": true}
	if diff := cmp.Diff(want, replaced); diff != "" {
		t.Errorf("which handles are replaced (-want +got):\n%s", diff)
	}
}

// FuzzReadTimeline reads anything: it ends, each commit is one run of lines,
// and none is empty.
func FuzzReadTimeline(f *testing.F) {
	f.Add([]byte(addLea + "\n" + addTom + "\n" + addIda + "\n"))
	f.Add([]byte(addLea + "\n" + addTom + "\n" + addMia + "\n" + addIda))
	f.Add([]byte(addLea + "\n\x00\n{}\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		s := readTimeline("f", file)
		seen, line := map[string]bool{}, 0
		for i, commit := range s.commits {
			if seen[commit.Commit] || commit.Commit == "" || commit.Time.IsZero() || len(commit.Changes) == 0 || len(commit.Changes) != len(s.lines[i]) {
				t.Fatalf("commit %d: %+v, lines %v", i, commit, s.lines[i])
			}
			seen[commit.Commit] = true
			for _, number := range s.lines[i] {
				if number <= line {
					t.Fatalf("line %d comes after line %d", number, line)
				}
				line = number
			}
		}
		if s.err == nil && len(s.commits) == 0 && strings.TrimSpace(string(file)) != "" {
			t.Fatal("something was read as nothing")
		}
	})
}
