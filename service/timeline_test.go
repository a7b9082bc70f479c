package service

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/projections"
)

// source is the history that a test takes over, one commit after the other.
type source struct {
	*house
	commits int
}

func openSource(t *testing.T) *source {
	s := &source{house: open(t)}
	s.clock.set(start.AddDate(1, 0, 0))
	return s
}

// take takes one commit over, an hour after the one before.
func (s *source) take(changes ...TimelineChange) (Receipt, error) {
	s.t.Helper()
	s.commits++
	return s.ImportTimeline(s.t.Context(), operator, "acme", TimelineCommit{
		Model: "github", Commit: fmt.Sprintf("commit-%d", s.commits), Time: start.Add(time.Duration(s.commits) * time.Hour), Changes: changes,
	})
}

func (s *source) took(changes ...TimelineChange) Receipt {
	s.t.Helper()
	return must[Receipt](s.t)(s.take(changes...))
}

// holds compares the organization with what is written here: admins, members,
// and each team with its parent, maintainers and members.
func (s *source) holds(want string) {
	s.t.Helper()
	p := must[Peribolos](s.t)(s.ExportPeribolos(s.t.Context(), operator, "acme", Reading{}))
	flat := map[string]flatTeam{}
	flatten(flat, "", p.Teams)
	lines := []string{strings.Join(p.Admins, ",") + ";" + strings.Join(p.Members, ",")}
	for name, team := range flat {
		lines = append(lines, fmt.Sprintf("%s<%s:%s;%s", name, team.Parent, strings.Join(team.Maintainers, ","), strings.Join(team.Members, ",")))
	}
	slices.Sort(lines[1:])
	diff(s.t, "the organization", want, strings.Join(lines, " "))
}

func op(op, user string) TimelineChange { return TimelineChange{Op: op, User: user} }

func team(op, team string, parent ...string) TimelineChange {
	return TimelineChange{Op: "team." + op, Team: team, Parent: strings.Join(parent, "")}
}

func inTeam(op, team, user string) TimelineChange {
	return TimelineChange{Op: "team." + op, Team: team, User: user}
}

// TestImportInAnyOrder takes the lines of one commit in many orders, which all
// come to the same.
func TestImportInAnyOrder(t *testing.T) {
	for name, c := range map[string]struct {
		before  []TimelineChange
		changes []TimelineChange
		want    string
	}{
		"promotion": {
			[]TimelineChange{op("member.add", "ben")},
			[]TimelineChange{op("admin.add", "ben"), op("member.remove", "ben")},
			"ann,ben;",
		},
		"demotion": {
			[]TimelineChange{op("admin.add", "ben")},
			[]TimelineChange{op("admin.remove", "ben"), op("member.add", "ben")},
			"ann;ben",
		},
		"the last administrator is replaced": {
			nil,
			[]TimelineChange{op("admin.remove", "ann"), op("admin.add", "ben")},
			"ben;",
		},
		"whoever comes, joins a team, and another leaves": {
			[]TimelineChange{op("member.add", "cat"), team("create", "sig"), inTeam("member.add", "sig", "cat")},
			[]TimelineChange{op("member.add", "ben"), inTeam("maintainer.add", "sig", "ben"), op("member.remove", "cat"), inTeam("member.remove", "sig", "cat")},
			"ann;ben sig<:ben;",
		},
		"somebody leaves and the teams do not say so": {
			[]TimelineChange{op("member.add", "cat"), team("create", "sig"), inTeam("member.add", "sig", "cat")},
			[]TimelineChange{op("member.remove", "cat"), op("member.add", "ben")},
			"ann;ben sig<:;",
		},
		"member to maintainer": {
			[]TimelineChange{op("member.add", "ben"), team("create", "sig"), inTeam("member.add", "sig", "ben")},
			[]TimelineChange{inTeam("maintainer.add", "sig", "ben"), inTeam("member.remove", "sig", "ben")},
			"ann;ben sig<:ben;",
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, order := range permutations(len(c.changes)) {
				s := openSource(t)
				s.took(append([]TimelineChange{op("admin.add", "ann")}, c.before...)...)
				var changes []TimelineChange
				for _, i := range order {
					changes = append(changes, c.changes[i])
				}
				number := s.fold("acme").Number
				s.took(changes...)
				s.holds(c.want)
				if s.fold("acme").Number != number+1 {
					t.Error("it is not one commit")
				}
				s.shut()
			}
		})
	}
}

// permutations lists the orders of a few things; of more than three, some.
func permutations(n int) [][]int {
	if n == 1 {
		return [][]int{{0}}
	}
	if n > 3 { // as it is, and backwards
		forth := make([]int, n)
		for i := range forth {
			forth[i] = i
		}
		back := slices.Clone(forth)
		slices.Reverse(back)
		return [][]int{forth, back}
	}
	var all [][]int
	for _, shorter := range permutations(n - 1) {
		for at := range n {
			all = append(all, slices.Insert(slices.Clone(shorter), at, n-1))
		}
	}
	return all
}

func TestImportTeams(t *testing.T) {
	type step []TimelineChange
	base := step{op("admin.add", "ann"), op("member.add", "ben")}
	for name, c := range map[string]struct {
		steps []step
		want  string
	}{
		"the parent comes later in the same commit": {
			[]step{append(base, team("create", "child", "parent"), inTeam("member.add", "child", "ben"), team("create", "parent"))},
			"ann;ben child<parent:;ben parent<:;",
		},
		"three levels, from the bottom": {
			[]step{append(base, team("create", "c", "b"), team("create", "b", "a"), team("create", "a"))},
			"ann;ben a<:; b<a:; c<b:;",
		},
		"moved": {
			[]step{append(base, team("create", "a"), team("create", "b"), inTeam("member.add", "b", "ben")), {team("move", "b", "a")}},
			"ann;ben a<:; b<a:;ben",
		},
		"moved to the top": {
			[]step{append(base, team("create", "a"), team("create", "b", "a")), {team("move", "b")}},
			"ann;ben a<:; b<:;",
		},
		"moved below a team of the same commit": {
			[]step{append(base, team("create", "a")), {team("move", "a", "new"), team("create", "new")}},
			"ann;ben a<new:; new<:;",
		},
		"two change places": {
			[]step{append(base, team("create", "a"), team("create", "b", "a")), {team("move", "a", "b"), team("move", "b")}},
			"ann;ben a<b:; b<:;",
		},
		"moved and moved again": {
			[]step{append(base, team("create", "a"), team("create", "b"), team("create", "c")), {team("move", "c", "a"), team("move", "c", "b")}},
			"ann;ben a<:; b<:; c<b:;",
		},
		"deleted while its people are still listed": {
			[]step{append(base, team("create", "a"), inTeam("member.add", "a", "ben")), {team("delete", "a"), inTeam("member.remove", "a", "ben")}},
			"ann;ben",
		},
		"deleted after its people were": {
			[]step{append(base, team("create", "a"), inTeam("member.add", "a", "ben")), {inTeam("member.remove", "a", "ben"), team("delete", "a")}},
			"ann;ben",
		},
		"what moves out of a deleted team stays": {
			[]step{append(base, team("create", "a"), team("create", "b", "a"), inTeam("member.add", "b", "ben")), {team("delete", "a"), team("move", "b")}},
			"ann;ben b<:;ben",
		},
		"child teams go with it": {
			[]step{append(base, team("create", "a"), team("create", "b", "a")), {team("delete", "a")}},
			"ann;ben",
		},
		"created and deleted in one commit": {
			[]step{append(base, team("create", "a"), inTeam("member.add", "a", "ben"), team("delete", "a"))},
			"ann;ben",
		},
		"deleted and recreated in one commit, empty": {
			[]step{append(base, team("create", "a"), inTeam("member.add", "a", "ben")), {team("delete", "a"), team("create", "a")}},
			"ann;ben a<:;",
		},
		"deleted and recreated in one commit, with other people": {
			[]step{
				append(base, op("member.add", "cat"), team("create", "a"), inTeam("member.add", "a", "ben")),
				{team("delete", "a"), team("create", "a"), inTeam("maintainer.add", "a", "cat")},
			},
			"ann;ben,cat a<:cat;",
		},
		"deleted and recreated later": {
			[]step{append(base, team("create", "a"), inTeam("member.add", "a", "ben")), {team("delete", "a")}, {op("member.add", "cat")}, {team("create", "a"), inTeam("member.add", "a", "cat")}},
			"ann;ben,cat a<:;cat",
		},
		"deleted, recreated and deleted": {
			[]step{append(base, team("create", "a")), {team("delete", "a"), team("create", "a"), team("delete", "a")}},
			"ann;ben",
		},
		"people of a team that is not there any more": {
			[]step{append(base, team("create", "a")), {team("delete", "a")}, {inTeam("member.remove", "a", "ben")}},
			"ann;ben",
		},
		"somebody who was never there leaves": {
			[]step{base, {op("member.remove", "nobody"), inTeam("member.remove", "never", "ben")}},
			"ann;ben",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := openSource(t)
			for _, changes := range c.steps {
				s.took(changes...)
			}
			s.holds(c.want)
		})
	}
}

// TestImportNames: a team keeps the name that its owners gave it, and gets a
// handle that is one.
func TestImportNames(t *testing.T) {
	long := strings.Repeat("long name ", 10) + "end"
	s := openSource(t)
	names := []string{
		"sig", "SIG Network", "sig/network", "sig.network", "sig_network", "a/b", "a-b", "A.B.", "-a_b-", long, long + "!",
		"組織", "チーム", "…", "7", "x" + strings.Repeat("y", 62), "Ünïcode Team", strings.Repeat("z", 61),
	}
	changes := []TimelineChange{op("admin.add", "ann"), op("member.add", "ben")}
	for _, name := range names {
		changes = append(changes, team("create", name), inTeam("member.add", name, "ben"))
	}
	s.took(changes...)
	// In later commits, too, and after a restart.
	s.restart()
	later := []string{"a b", "組 織", long + "?"}
	for _, name := range later {
		s.took(team("create", name), inTeam("member.add", name, "ben"))
	}
	names = append(names, later...)
	p := must[Peribolos](t)(s.ExportPeribolos(t.Context(), operator, "acme", Reading{}))
	if len(p.Teams) != len(names) {
		t.Errorf("there are %d teams, want %d", len(p.Teams), len(names))
	}
	for _, name := range names {
		if p.Teams[name] == nil || len(p.Teams[name].Members) != 1 {
			t.Errorf("%q is exported as %+v", name, p.Teams[name])
		}
	}
	handles := map[events.ScopeID]string{}
	for _, scope := range must[[]ScopeView](t)(s.Scopes(t.Context(), operator, "acme", Reading{})) {
		if err := scope.ID.Validate(); err != nil {
			t.Error(err)
		}
		handles[scope.ID] = scope.Title
	}
	for handle, name := range map[events.ScopeID]string{
		"team:sig": "sig", "team:sig-network": "SIG Network", "team:sig-network-2": "sig/network", "team:sig-network-3": "sig.network",
		"team:sig-network-4": "sig_network", "team:a-b": "a/b", "team:7": "7", "team:n-code-team": "Ünïcode Team",
	} {
		if handles[handle] != name {
			t.Errorf("%s is %q, want %q", handle, handles[handle], name)
		}
	}
	// Names in other letters are the same name.
	_, err := s.take(team("create", "Sig"))
	if r := refusedWith(t, err, aggregate.CodeExists); r.Field != "changes[0]" || !strings.Contains(r.Message, "a team Sig already") {
		t.Errorf("refused with %+v", r)
	}
	s.took(inTeam("member.remove", "SIG", "ben"), team("move", "sIG", "a/b"))
	p = must[Peribolos](t)(s.ExportPeribolos(t.Context(), operator, "acme", Reading{}))
	if p.Teams["a/b"].Teams["sig"] == nil || len(p.Teams["a/b"].Teams["sig"].Members) != 0 {
		t.Errorf("sig is %+v", p.Teams["a/b"].Teams)
	}
}

// TestImportHandles: the handle wished for keeps a name out of what is public,
// also where the team is first mentioned as a parent.
func TestImportHandles(t *testing.T) {
	s := openSource(t)
	s.took(op("admin.add", "ann"),
		TimelineChange{Op: "team.create", Team: "child of ann", Parent: "team of ann", Handle: "team-0001"},
		TimelineChange{Op: "team.create", Team: "team of ann", Handle: "team-0002"},
		TimelineChange{Op: "team.create", Team: "another of ann", Handle: "team-0002"})
	var ids []string
	for _, scope := range must[[]ScopeView](t)(s.Scopes(t.Context(), operator, "acme", Reading{})) {
		ids = append(ids, string(scope.ID)+" "+scope.Title)
	}
	diff(t, "scopes", []string{"organization:acme ", "team:team-0002 team of ann", "team:team-0002-2 another of ann", "team:team-0001 child of ann"}, ids)
	// Another wish in a later run is the same commit.
	s.commits--
	if r := s.took(op("admin.add", "ann"),
		TimelineChange{Op: "team.create", Team: "child of ann", Parent: "team of ann"},
		TimelineChange{Op: "team.create", Team: "team of ann", Handle: "x"},
		TimelineChange{Op: "team.create", Team: "another of ann"}); !r.Replayed {
		t.Errorf("it is taken over again: %+v", r)
	}
	_, err := s.take(TimelineChange{Op: "team.create", Team: "z", Handle: "No Handle"})
	if r := refusedWith(t, err, aggregate.CodeInvalid); r.Field != "changes[0]" {
		t.Errorf("refused with %+v", r)
	}
}

func TestImportRefuses(t *testing.T) {
	s := openSource(t)
	s.took(op("admin.add", "ann"), op("member.add", "ben"), team("create", "sig"), team("create", "sub", "sig"))
	before, at := s.fold("acme").Snapshot(), s.revision("acme")
	owners := s.records("acme")
	for _, c := range []struct {
		name    string
		changes []TimelineChange
		code    aggregate.Code
		field   string
		says    string
	}{
		{"an unknown op", []TimelineChange{op("admin.add", "cat"), op("admin.ad", "cat")}, aggregate.CodeInvalid, "changes[1]", `no change "admin.ad"`},
		{"no user", []TimelineChange{op("admin.add", "")}, aggregate.CodeInvalid, "changes[0]", "names no user"},
		{"no user of a team", []TimelineChange{inTeam("member.add", "sig", "")}, aggregate.CodeInvalid, "changes[0]", "names no user"},
		{"no team", []TimelineChange{team("create", "")}, aggregate.CodeInvalid, "changes[0]", "names no team"},
		{"no team to join", []TimelineChange{inTeam("member.add", "", "ben")}, aggregate.CodeUnknown, "changes[0]", "no team"},
		{"joining an unknown team", []TimelineChange{op("member.add", "cat"), inTeam("member.add", "nowhere", "ben")}, aggregate.CodeUnknown, "changes[1]", "no team nowhere"},
		{"moving an unknown team", []TimelineChange{team("move", "nowhere")}, aggregate.CodeUnknown, "changes[0]", "no team nowhere"},
		{"deleting an unknown team", []TimelineChange{team("delete", "nowhere")}, aggregate.CodeUnknown, "changes[0]", "no team nowhere"},
		{"a parent that never comes", []TimelineChange{team("create", "new", "nowhere")}, aggregate.CodeUnknown, "changes[0]", "no scope team:nowhere"},
		{"creating what is there", []TimelineChange{team("create", "sig")}, aggregate.CodeExists, "changes[0]", "a team sig already"},
		{"creating twice", []TimelineChange{team("create", "new"), team("create", "new")}, aggregate.CodeExists, "changes[1]", "a team new already"},
		{"creating twice in other letters", []TimelineChange{team("create", "new"), team("create", "NEW")}, aggregate.CodeExists, "changes[1]", "a team NEW already"},
		{"moving what the same commit deletes", []TimelineChange{team("delete", "sub"), team("move", "sub")}, aggregate.CodeUnknown, "changes[1]", "no team sub"},
		{"deleting twice", []TimelineChange{team("delete", "sub"), team("delete", "sub")}, aggregate.CodeUnknown, "changes[1]", "no team sub"},
		{"below itself", []TimelineChange{team("move", "sig", "sub")}, aggregate.CodeStructure, "changes[0]", "below itself"},
		{"in a circle", []TimelineChange{team("create", "x", "y"), team("create", "y", "x")}, aggregate.CodeStructure, "changes[1]", "below itself"},
		{"below a deleted team", []TimelineChange{team("delete", "sig"), team("create", "new", "sig")}, aggregate.CodeStructure, "changes[1]", "which the same change deletes"},
		{"the last administrator", []TimelineChange{op("member.add", "cat"), op("admin.remove", "ann")}, aggregate.CodeTooFew, "changes[1]", "at least 1"},
		{"G02: no member of the organization", []TimelineChange{op("member.add", "cat"), inTeam("member.add", "sig", "stranger")}, aggregate.CodeNotMember, "changes[1]", "and stranger is none"},
		{"G02: whoever leaves stays in a team", []TimelineChange{inTeam("member.add", "sig", "ben"), op("member.remove", "ben")}, aggregate.CodeNotMember, "changes[0]", "ben is none"},
		{"a login of nothing visible", []TimelineChange{op("member.add", "\u200b")}, aggregate.CodeInvalid, "changes[0]", "nothing in"},
		{"a name of nothing", []TimelineChange{team("create", " ")}, aggregate.CodeInvalid, "changes[0]", "something to read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := s.take(c.changes...)
			r := refusedWith(t, err, c.code)
			if r.Field != c.field || !strings.Contains(r.Message, c.says) {
				t.Errorf("refused at %q: %s", r.Field, r.Message)
			}
			if s.revision("acme") != at {
				t.Error("something was appended")
			}
			diff(t, "owners of keys", owners, s.records("acme"))
		})
	}
	diff(t, "the organization", before, s.fold("acme").Snapshot())

	for name, c := range map[string]struct {
		commit TimelineCommit
		code   aggregate.Code
		field  string
	}{
		"without an id":       {TimelineCommit{Time: start}, aggregate.CodeInvalid, "commit"},
		"without a time":      {TimelineCommit{Commit: "x"}, aggregate.CodeInvalid, "time"},
		"before the last one": {TimelineCommit{Commit: "x", Time: start}, aggregate.CodeTimeOrder, "time"},
		"in the future":       {TimelineCommit{Commit: "x", Time: start.AddDate(2, 0, 0)}, aggregate.CodeTimeOrder, "time"},
		"under another model": {TimelineCommit{Model: "gitlab", Commit: "x", Time: start.Add(9 * time.Hour)}, aggregate.CodeInvalid, "model"},
		"with too long an id": {TimelineCommit{Commit: strings.Repeat("x", 300), Time: start.Add(9 * time.Hour)}, aggregate.CodeInvalid, "commit"},
	} {
		t.Run(name, func(t *testing.T) {
			c.commit.Changes = []TimelineChange{op("member.add", "cat")}
			_, err := s.ImportTimeline(t.Context(), operator, "acme", c.commit)
			if r := refusedWith(t, err, c.code); r.Field != c.field {
				t.Errorf("refused at %q: %s", r.Field, r.Message)
			}
		})
	}
	_, err := s.ImportTimeline(t.Context(), operator, "beta", TimelineCommit{Commit: "x", Time: start, Changes: []TimelineChange{op("admin.add", "ann")}})
	if r := refusedWith(t, err, aggregate.CodeUnknown); !strings.Contains(r.Help, "--model") {
		t.Errorf("refused with %+v", r)
	}
	_, err = s.ImportTimeline(t.Context(), operator, "beta", TimelineCommit{Model: "nope", Commit: "x", Time: start, Changes: []TimelineChange{op("admin.add", "ann")}})
	refusedWith(t, err, aggregate.CodeUnknown)
	_, err = s.ImportTimeline(t.Context(), operator, "beta", TimelineCommit{Model: "github", Commit: "x", Time: start, Changes: []TimelineChange{op("member.add", "ann")}})
	if r := refusedWith(t, err, aggregate.CodeTooFew); r.Rule != "X01" {
		t.Errorf("an organization without administrator is refused with %+v", r)
	}
}

func TestImportOnce(t *testing.T) {
	s := openSource(t)
	first := s.took(op("admin.add", "ann"), op("member.add", "ben"))
	for _, e := range first.Events {
		if e.Actor != string(events.Importer) || e.Ticket != "commit-1" || !e.EffectiveAt.Equal(start.Add(time.Hour)) || e.BreakGlass {
			t.Errorf("recorded as %+v", e)
		}
	}
	again := func(changes ...TimelineChange) (Receipt, error) { s.commits = 0; return s.take(changes...) }
	r := must[Receipt](t)(again(op("admin.add", "ann"), op("member.add", "ben")))
	if !r.Replayed || !r.Changed || r.Commit != first.Commit {
		t.Errorf("taken over again: %+v", r)
	}
	// Another zone is the same time.
	r = must[Receipt](t)(s.ImportTimeline(t.Context(), operator, "acme", TimelineCommit{Commit: "commit-1", Time: start.Add(time.Hour), Changes: []TimelineChange{op("admin.add", "ann"), op("member.add", "ben")}}))
	if !r.Replayed {
		t.Errorf("without the model: %+v", r)
	}
	// The source was rewritten.
	for _, changes := range [][]TimelineChange{
		{op("admin.add", "ann"), op("member.add", "eve")},
		{op("admin.add", "ann")},
		{op("member.add", "ben"), op("admin.add", "ann")},
	} {
		_, err := again(changes...)
		refusedWith(t, err, CodeKeyReused)
	}
	s.commits = 1
	// A commit that comes to nothing is remembered like any other.
	nothing := s.took(op("member.add", "ben"), team("create", "x"), team("delete", "x"))
	if nothing.Changed || nothing.Commit == "" {
		t.Errorf("nothing came of it, and the receipt is %+v", nothing)
	}
	s.commits = 1
	if r := s.took(op("member.add", "ben"), team("create", "x"), team("delete", "x")); !r.Replayed || r.Changed || r.Commit != nothing.Commit {
		t.Errorf("again: %+v", r)
	}
	s.restart()
	s.commits = 1
	if r := s.took(op("member.add", "ben"), team("create", "x"), team("delete", "x")); !r.Replayed || r.Commit != nothing.Commit {
		t.Errorf("after a restart: %+v", r)
	}
}

func TestImportPeople(t *testing.T) {
	s := openSource(t)
	s.took(op("admin.add", "Ann"), op("member.add", "Ben"))
	ben := s.id("acme", "ben")
	// Other letters are the same person, in one commit as well.
	s.took(op("member.remove", "BEN"), op("admin.add", "bEn"))
	s.took(op("member.add", "cat"), op("admin.add", "CAT"))
	s.holds("Ann,Ben,cat;cat")
	if n := len(s.fold("acme").Persons()); n != 3 {
		t.Errorf("there are %d people", n)
	}
	// Whoever leaves and comes back is the same person.
	s.took(op("admin.remove", "ben"))
	if view := must[PersonView](t)(s.Person(t.Context(), operator, "acme", Reading{}, "ben")); view.State != "known" || view.ID != ben {
		t.Errorf("ben left as %+v", view)
	}
	back := s.took(op("member.add", "ben"))
	if s.id("acme", "ben") != ben {
		t.Error("ben came back as somebody else")
	}
	view := must[PersonView](t)(s.Person(t.Context(), operator, "acme", Reading{}, "ben"))
	if view.State != "member" || !view.Since.Equal(back.Events[0].EffectiveAt) || view.Login != "Ben" {
		t.Errorf("ben is %+v", view)
	}
	// Somebody known by other means is not registered again.
	s.register("acme", PersonDetails{Login: "dan", Name: "Dan"})
	_, err := s.take(op("member.add", "DAN"))
	refusedWith(t, err, aggregate.CodeTimeOrder) // what is decided here is of today
	_, err = s.ImportTimeline(t.Context(), operator, "acme", TimelineCommit{Commit: "now", Time: s.clock.now(), Changes: []TimelineChange{op("member.add", "DAN")}})
	if err != nil {
		t.Fatal(err)
	}
	s.holds("Ann,cat;Ben,cat,dan")
}

// TestImportTimes: of an imported history, the past is asked by its own times.
func TestImportTimes(t *testing.T) {
	s := openSource(t)
	zone := time.FixedZone("", -7*3600)
	for i, c := range []struct {
		at     time.Time
		change TimelineChange
	}{
		{time.Date(2018, 8, 22, 21, 11, 39, 0, zone), op("admin.add", "ann")},
		{time.Date(2018, 8, 23, 4, 11, 39, 0, time.UTC), op("member.add", "ben")}, // the same time
		{time.Date(2018, 8, 24, 0, 0, 0, 0, time.UTC), op("member.add", "cat")},
	} {
		must[Receipt](t)(s.ImportTimeline(t.Context(), operator, "acme", TimelineCommit{Model: "github", Commit: fmt.Sprint(i), Time: c.at, Changes: []TimelineChange{c.change}}))
	}
	for when, want := range map[string]string{
		"2018-08-23T04:11:39Z":      "ann;ben",
		"2018-08-22T21:11:39-07:00": "ann;ben",
		"2018-08-23":                "ann;ben",
		"2018-08-24":                "ann;ben,cat",
	} {
		p := must[Peribolos](t)(s.ExportPeribolos(t.Context(), operator, "acme", Reading{Moment: must[projections.Moment](t)(ParseMoment(when))}))
		if got := strings.Join(p.Admins, ",") + ";" + strings.Join(p.Members, ","); got != want {
			t.Errorf("as of %s: %s, want %s", when, got, want)
		}
	}
	_, err := s.ExportPeribolos(t.Context(), operator, "acme", Reading{Moment: must[projections.Moment](t)(ParseMoment("2018-08-23T04:11:38Z"))})
	refusedWith(t, err, aggregate.CodeUnknown)
	list, _, err := s.History(t.Context(), operator, "acme", Reading{}, "created:2018-08-23 type:person.registered", Page{})
	if err != nil || len(list) != 2 || list[0].RecordedAt.Year() < 2024 {
		t.Errorf("%+v, %v", list, err)
	}
}

// A history is no way into an organization for anybody but the operator, and
// none under a model that does not tell the same story.
func TestImportIsTheOperators(t *testing.T) {
	s := openSource(t)
	s.took(op("admin.add", "ann"))
	_, err := s.ImportTimeline(t.Context(), s.as("acme", "ann"), "acme", TimelineCommit{Commit: "x", Time: s.clock.now(), Changes: []TimelineChange{op("admin.add", "ben")}})
	refusedWith(t, err, aggregate.CodeNotPermitted)
}
