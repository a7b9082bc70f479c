package service

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
)

// The studio model is about what github lacks: attributes, creators' roles,
// members of teams, and the permissions to import, export and merge.
const studioModel = `
model: studio
title: Studio
about: Teams that people create, import, export and merge.
root: house
highest: house.owner
scopes:
  - kind: house
    title: House
    membership: true
    member_kinds: [{id: user, title: User}, {id: guest, title: Guest}]
  - kind: team
    title: Team
    under: [house, team]
    membership: true
    member_kinds: [{id: user, title: User}, {id: guest, title: Guest}]
    attributes:
      - {id: sight, title: Sight, values: [hidden, open]}
      - {id: type, title: Type, values: [project, group], fixed: true}
  - {kind: board, title: Board, under: [team]}
permissions:
  - {id: house.people, title: Manage people, section: People, allows: [directory.read, person.register, membership.start, membership.suspend, scope.export]}
  - {id: house.build, title: Build, section: Structure, allows: ["scope.create:team", "scope.import:team"]}
  - {id: team.manage, title: Manage a team, section: Structure, allows: [membership.start, "scope.set:sight", scope.archive, scope.merge, "scope.create:board", "scope.create:team"]}
  - {id: team.export, title: Export a team, section: Structure, rule: S01, allows: [scope.export]}
roles:
  - id: house.owner
    title: Owner
    membership: house
    at_least: 1
    granted_by: [house.owner]
    permissions: [house.people, house.build]
    inherited: [team.manage]
  - id: team.owner
    title: Owner of a team
    rule: S02
    membership: team
    at_most: 1
    at_least: 1
    transferred_by: [team.owner]
    automatic: creator
    permissions: [team.manage, team.export]
  - id: team.helper
    title: Helper
    granted_by: [house.owner]
    permissions: [team.export]
`

// studio founds an organization of the model, which ann owns.
func (h *house) studio() {
	h.t.Helper()
	model, err := rolemodel.Parse("studio.yaml", []byte(studioModel))
	if err != nil {
		h.t.Fatal(err)
	}
	_, err = h.execute(h.t.Context(), operator, "acme", Envelope{}, task{kind: "organization.found", founds: true, prepare: func(p *plan) (aggregate.Command, error) {
		ann, err := p.register(PersonDetails{Login: "ann", Name: "Ann Example"}, "")
		return aggregate.Found{Model: model, Owner: &ann}, err
	}})
	if err != nil {
		h.t.Fatal(err)
	}
}

func TestScopeLife(t *testing.T) {
	h := open(t)
	h.studio()
	h.join("acme", "ben", "cat", "dan")
	ann, ben := h.as("acme", "ann"), h.as("acme", "ben")
	do := func(r Receipt, err error) Receipt { t.Helper(); return must[Receipt](t)(r, err) }
	change := func(do func(c Caller, e Envelope, r ScopeRequest) (Receipt, error)) func(Caller, ScopeRequest) error {
		return func(c Caller, r ScopeRequest) error { _, err := do(c, Envelope{}, r); return err }
	}
	create := change(func(c Caller, e Envelope, r ScopeRequest) (Receipt, error) {
		return h.CreateScope(t.Context(), c, "acme", e, r)
	})
	set := change(func(c Caller, e Envelope, r ScopeRequest) (Receipt, error) {
		return h.SetAttributes(t.Context(), c, "acme", e, r)
	})
	merge := change(func(c Caller, e Envelope, r ScopeRequest) (Receipt, error) {
		return h.MergeScope(t.Context(), c, "acme", e, r)
	})
	rows := func(list []ScopeView) (rows []string) {
		for _, s := range list {
			rows = append(rows, strings.Join(strings.Fields(fmt.Sprint(s.ID, " ", s.Title, " ", s.Attributes["type"], " ", s.Attributes["sight"], " ", s.Archived)), " "))
		}
		return rows
	}
	list := func() []string {
		return rows(must[[]ScopeView](t)(h.Scopes(t.Context(), ann, "acme", Reading{})))
	}

	do(h.CreateScope(t.Context(), ann, "acme", Envelope{}, ScopeRequest{Scope: "team:north", Title: "North", Attributes: map[events.AttributeID]string{"type": "group"}, Members: []string{"ben", "cat"}}))
	do(h.CreateScope(t.Context(), operator, "acme", requested, ScopeRequest{Scope: "team:south", For: "ben", Attributes: map[events.AttributeID]string{"type": "group"}}))
	diff(t, "scopes", []string{"house:acme false", "team:north North group hidden false", "team:south group hidden false"}, list())
	do(h.SetAttributes(t.Context(), ben, "acme", Envelope{}, ScopeRequest{Scope: "team:south", Attributes: map[events.AttributeID]string{"sight": "open"}}))
	do(h.CreateScope(t.Context(), ann, "acme", Envelope{}, ScopeRequest{Scope: "board:chalk", Under: "team:north"}))
	do(h.ArchiveScope(t.Context(), ann, "acme", Envelope{}, ScopeRequest{Scope: "team:North"}))
	diff(t, "scopes", []string{"house:acme false", "team:north North group hidden true", "team:south group open false", "board:chalk true"}, list())
	shown := must[ScopeDetail](t)(h.Scope(t.Context(), ann, "acme", Reading{}, "team:north"))
	var members, held []string
	for _, m := range shown.Members {
		members = append(members, fmt.Sprint(m.Login, " ", m.Kind, " ", m.Active, " by ", m.ChangedBy))
	}
	for _, g := range shown.Roles {
		held = append(held, g.Login+" "+g.Role)
	}
	diff(t, "members", []string{"ann user true by ann", "ben user true by ann", "cat user true by ann"}, members)
	diff(t, "roles", []string{"ann owner"}, held)
	diff(t, "below", []events.ScopeID{"board:chalk"}, shown.Children)
	if shown.ArchivedBy != "ann" || shown.ArchivedSince.IsZero() || !shown.Archived {
		t.Errorf("the archive is %+v", shown)
	}
	for _, c := range []struct {
		name  string
		err   error
		code  aggregate.Code
		field string
		rule  string
	}{
		{"a member of no login", create(ann, ScopeRequest{Scope: "team:x", Members: []string{"ben", "nobody"}}), aggregate.CodeUnknown, "members", ""},
		{"an owner by another", create(ann, ScopeRequest{Scope: "team:x", For: "ben"}), aggregate.CodeNotPermitted, "for", ""},
		{"an owner of no login", create(operator, ScopeRequest{Scope: "team:x", For: "nobody"}), aggregate.CodeUnknown, "for", ""},
		{"an attribute that there is not", create(ann, ScopeRequest{Scope: "team:x", Attributes: map[events.AttributeID]string{"color": "red"}}), aggregate.CodeUnknown, "attributes.color", ""},
		{"no attribute", set(ben, ScopeRequest{Scope: "team:south"}), aggregate.CodeInvalid, "attributes", ""},
		{"a fixed one", set(ben, ScopeRequest{Scope: "team:south", Attributes: map[events.AttributeID]string{"type": "project"}}), aggregate.CodeInvalid, "attributes.type", ""},
		{"in the archive", create(ann, ScopeRequest{Scope: "team:x", Under: "team:north"}), aggregate.CodeArchived, "", ""},
		{"a merger with it", merge(ann, ScopeRequest{Scope: "team:south", Into: "team:north"}), aggregate.CodeArchived, "", ""},
		{"a merger into nothing", merge(ann, ScopeRequest{Scope: "team:south", Into: "team:none"}), aggregate.CodeUnknown, "into", ""},
		{"a merger into the house", merge(ann, ScopeRequest{Scope: "team:south"}), aggregate.CodeStructure, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if r := refusedWith(t, c.err, c.code); r.Field != c.field || r.Rule != c.rule {
				t.Errorf("refused at %q by %q: %s", r.Field, r.Rule, r.Message)
			}
		})
	}
	do(h.RestoreScope(t.Context(), ann, "acme", Envelope{}, ScopeRequest{Scope: "team:north"}))
	before := h.revision("acme")
	tried := do(h.MergeScope(t.Context(), ann, "acme", Envelope{DryRun: true}, ScopeRequest{Scope: "team:north", Into: "team:south"}))
	if h.revision("acme") != before {
		t.Fatal("the dry run merged")
	}
	merged := do(h.MergeScope(t.Context(), ann, "acme", Envelope{}, ScopeRequest{Scope: "team:north", Into: "team:south"}))
	if len(tried.Events) != len(merged.Events) {
		t.Errorf("tried %d events, then %d happened", len(tried.Events), len(merged.Events))
	}
	diff(t, "scopes", []string{"house:acme false", "team:south group open false", "board:chalk false"}, list())
	shown = must[ScopeDetail](t)(h.Scope(t.Context(), ann, "acme", Reading{}, "team:south"))
	if len(shown.Members) != 3 || len(shown.Roles) != 1 || shown.Roles[0].Login != "ben" {
		t.Errorf("after the merger it is %+v", shown)
	}
	// As it was before.
	old := rows(must[[]ScopeView](t)(h.Scopes(t.Context(), ann, "acme", reading(before))))
	diff(t, "scopes before", []string{"house:acme false", "team:north North group hidden false", "team:south group open false", "board:chalk false"}, old)
	h.fold("acme") // by its events alone
}

func reading(revision events.Revision) Reading {
	var r Reading
	r.Revision = revision
	return r
}

func TestImportOfScopes(t *testing.T) {
	h := open(t)
	h.studio()
	h.join("acme", "ben")
	ann := h.as("acme", "ann")
	file := "\ufefftitle,handle,owner,under,type\r\n" +
		"\"East, \"\"the\"\" end\",east,,north,group\r\n" +
		",,,,\r\n" +
		"'=North, team:north ,ben,,\r\n" +
		"North again,west,ben,house:acme,project\r\n"
	request := ScopeImportRequest{Kind: "team", CSV: strings.Replace(file, "'=North,", "\"=North\",", 1)}
	tried := must[Receipt](t)(h.ImportScopes(t.Context(), ann, "acme", Envelope{DryRun: true}, request))
	if tried.Changed != true || h.revision("acme") != tried.Revision {
		t.Errorf("the dry run is %+v", tried)
	}
	request.CSV = file
	done := must[Receipt](t)(h.ImportScopes(t.Context(), ann, "acme", Envelope{IdempotencyKey: "k", Ticket: "T-1"}, request))
	if done.Revision != h.revision("acme") {
		t.Errorf("it took more than one commit: %+v", done)
	}
	exported := must[[]ScopeRow](t)(h.ExportScopes(t.Context(), ann, "acme", Reading{}, "team", ""))
	var rows []string
	for _, r := range exported {
		rows = append(rows, strings.Join([]string{r.Handle, r.Title, string(r.Under), r.Owner, r.Attributes["type"], fmt.Sprint(r.Members)}, "|"))
	}
	diff(t, "teams", []string{
		"north|=North||ben|project|1",
		"west|North again||ben|project|1",
		`east|East, "the" end|team:north|ann|group|1`,
	}, rows)
	if again := must[Receipt](t)(h.ImportScopes(t.Context(), ann, "acme", Envelope{IdempotencyKey: "k", Ticket: "T-1"}, request)); !again.Replayed {
		t.Errorf("the same again is %+v", again)
	}
	below := must[[]ScopeRow](t)(h.ExportScopes(t.Context(), operator, "acme", Reading{}, "team", "team:north"))
	if len(below) != 1 || below[0].Handle != "east" {
		t.Errorf("below the one there is %+v", below)
	}
	state := h.fold("acme")
	if owner, exists := state.Scope("team:west"); !exists || len(owner.Members()) != 1 {
		t.Error("nobody is in the west")
	}
	// Two of one title: the first is found by it.
	must[Receipt](t)(h.ImportScopes(t.Context(), ann, "acme", Envelope{}, ScopeImportRequest{Kind: "team", CSV: "handle,title\ntwin-a,Twin\ntwin-b,Twin\n"}))
	if twin := must[ScopeDetail](t)(h.Scope(t.Context(), ann, "acme", Reading{}, "team:Twin")); twin.ID != "team:twin-a" {
		t.Errorf("found by its title is %s", twin.ID)
	}
}

func TestImportOfScopesTellsEveryLine(t *testing.T) {
	h := open(t)
	h.studio()
	h.join("acme", "ben")
	ann, ben := h.as("acme", "ann"), h.as("acme", "ben")
	must[Receipt](t)(h.CreateScope(t.Context(), ann, "acme", Envelope{}, ScopeRequest{Scope: "team:there", Title: "There"}))
	must[Receipt](t)(h.CreateScope(t.Context(), ann, "acme", Envelope{}, ScopeRequest{Scope: "board:chalk", Under: "team:there"}))
	many := &strings.Builder{}
	many.WriteString("handle\n")
	for i := range 250 {
		fmt.Fprintf(many, "Bad %d\n", i)
	}
	large := &strings.Builder{}
	large.WriteString("handle\n")
	for i := range aggregate.MaxEvents + 1 {
		fmt.Fprintf(large, "b%d\n", i)
	}
	for _, c := range []struct {
		name   string
		caller Caller
		file   string
		want   []string
	}{
		{"nothing", ann, "", []string{"line 1: The file is empty"}},
		{"a header alone", ann, "handle,title\n", []string{"line 1: The file has a header and nothing else"}},
		{"no handles", ann, "title\nNorth\n", []string{"line 1: The column handle is missing"}},
		{"columns that mean nothing", ann, "handle,color,title,title,\nx,,,,\n",
			[]string{`line 1: There is no column "color"; there is handle, title, under, owner, sight, type`, "line 1: The column title stands there twice", `line 1: There is no column ""`}},
		{"another separator", ann, "handle;title\nx;y\n", []string{`line 1: There is no column "handle;title"`, "line 1: The column handle is missing"}},
		{"lines of another length", ann, "handle,title\na\nb,B\nc,C,\n", []string{"line 2: This line has 1 columns, and the header names 2", "line 4: This line has 3 columns"}},
		{"an open quote", ann, "handle,title\na,A\nb,\"B\n", []string{"line 3: This cannot be read as CSV"}},
		{"no text", ann, "handle,title\na,A\nb,\xff\xfe\n", []string{"line 3: This is no UTF-8 text"}},
		{"handles that are none", ann, "handle\nNorth End\nboard:x\nteam:\n-x\n" + strings.Repeat("x", 64) + "\n../../etc\nx\x00y\n",
			[]string{"line 2: \"North End\" is no handle of a team", "line 3: \"board:x\" is no handle", "line 4: \"team:\" is no", "line 5: \"-x\" is no", "line 6: \"xxx", "line 7: \"../../etc\" is no", "line 8: \"x\\x00y\" is no"}},
		{"twice the same", ann, "handle\nnorth\nsouth\nteam:north\nsouth\n", []string{"line 4: team:north stands in line 2 already", "line 5: team:south stands in line 3 already"}},
		{"what is there", ann, "handle,title\nthere,Here\n", []string{"line 2: There is a team:there already"}},
		{"places that are not there", ann, "handle,under\na,none\nb,team:none\nc,board:chalk\nd,house:beta\ne,team:There\n",
			[]string{"line 2: There is no scope team:none", "line 3: There is no scope team:none", "line 4: team:c cannot stand below board:chalk", "line 5: There is no scope house:beta", "line 6: ann may not do this (scope.import:team) on team:there"}},
		{"circles", ann, "handle,under\na,b\nb,c\nc,a\nd,c\ne,e\n",
			[]string{"line 2: team:a cannot stand below itself", "line 3: team:b cannot stand below itself", "line 4: team:c cannot stand below itself", "line 6: team:e cannot stand below itself"}},
		{"titles that cannot be kept", ann, "handle,title\na," + strings.Repeat("x", 10_000) + "\nb,x\x1b[2Jy\nc,\"two\nlines\"\nd,\u202eright\n",
			[]string{"line 2: Title: This has 10000 characters", "line 3: Title: This has line breaks", "line 4: Title: This has line breaks", "line 6: Title: This has line breaks"}},
		{"owners that are not known", ann, "handle,owner\na,nobody\nb,ben\nc," + strings.Repeat("o", 10_000) + "\n", []string{"line 2: There is no person nobody", "line 4: There is no person ooo"}},
		{"attributes that cannot be", ann, "handle,type,sight\na,club,blue\nb,group,\n", []string{`line 2: Sight is hidden or open, not "blue"`, `line 2: Type is project or group, not "club"`}},
		{"all at once, in the order of the lines", ann, "handle,title,owner,under\nx y,,,\na,a\x00,nobody,none\nthere,,,\n",
			[]string{"line 2: \"x y\" is no handle", "line 3: There is no scope team:none", "line 3: There is no person nobody", "line 3: Title: This has line breaks", "line 4: There is a team:there already"}},
		{"all that is wrong with a line whose handle is none", ann, "handle,title,owner,under,type\nx y,a\x00,nobody,none,club\na,A,,,\na,,nobody,,\nb,\x00,,,club\n",
			[]string{"line 2: \"x y\" is no handle", "line 2: There is no scope team:none", "line 2: There is no person nobody", "line 2: Title: This has line breaks", `line 2: Type is project or group, not "club"`,
				"line 4: team:a stands in line 3 already", "line 4: There is no person nobody", "line 5: Title: This has line breaks", `line 5: Type is project or group, not "club"`}},
		{"by who may not", ben, "handle\na\nb\n", []string{"may not do this (scope.import:team) on house:acme", "may not do this (scope.import:team) on house:acme"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, keys := h.revision("acme"), h.records("acme")
			for _, dry := range []bool{true, false} {
				_, err := h.ImportScopes(t.Context(), c.caller, "acme", Envelope{DryRun: dry}, ScopeImportRequest{Kind: "team", CSV: c.file})
				var refusals aggregate.Refusals
				if !errors.As(err, &refusals) {
					t.Fatalf("not refused: %v", err)
				}
				var got []string
				for i, r := range refusals {
					line := r.Field + ": " + r.Message
					if i < len(c.want) && strings.Contains(line, c.want[i]) {
						line = c.want[i]
					}
					got = append(got, line)
				}
				diff(t, "what is told", c.want, got)
			}
			if h.revision("acme") != before {
				t.Error("something was appended")
			}
			diff(t, "keys", keys, h.records("acme"))
		})
	}
	t.Run("many problems", func(t *testing.T) {
		_, err := h.ImportScopes(t.Context(), ann, "acme", Envelope{}, ScopeImportRequest{Kind: "team", CSV: many.String()})
		var refusals aggregate.Refusals
		if !errors.As(err, &refusals) || len(refusals) != maxProblems+1 || !strings.Contains(refusals[maxProblems].Message, "150 more") {
			t.Errorf("%d problems are told", len(refusals))
		}
	})
	t.Run("too many", func(t *testing.T) {
		_, err := h.ImportScopes(t.Context(), ann, "acme", Envelope{DryRun: true}, ScopeImportRequest{Kind: "board", Under: "team:there", CSV: large.String()})
		refusedWith(t, err, aggregate.CodeTooLarge)
	})
	for field, request := range map[string]ScopeImportRequest{
		"kind":  {Kind: "desk", CSV: "handle\nx\n"},
		"under": {Kind: "team", Under: "team:none", CSV: "handle\nx\n"},
	} {
		_, err := h.ImportScopes(t.Context(), ann, "acme", Envelope{}, request)
		if r := refusedWith(t, err, aggregate.CodeUnknown); r.Field != field {
			t.Errorf("refused at %q", r.Field)
		}
	}
}

func TestExport(t *testing.T) {
	h := open(t)
	h.studio()
	h.join("acme", "ben", "cat", "dan")
	h.register("acme", PersonDetails{Login: "eve", Name: "Eve Example"})
	must[Receipt](t)(h.CreateScope(t.Context(), operator, "acme", requested, ScopeRequest{Scope: "team:north", For: "ben", Members: []string{"cat", "dan"}}))
	h.grant("acme", "eve", "helper", "team:north")
	must[Receipt](t)(h.SuspendMembership(t.Context(), operator, "acme", requested, MembershipRequest{Person: "cat", Scope: "team:north"}))
	must[Receipt](t)(h.SuspendMembership(t.Context(), operator, "acme", requested, MembershipRequest{Person: "dan"}))
	ann, ben := h.as("acme", "ann"), h.as("acme", "ben")
	rows := func(list []MemberRow) (rows []string) {
		for _, r := range list {
			rows = append(rows, strings.Join([]string{r.Login, r.Name, r.Kind, r.Status, strings.Join(r.Roles, " ")}, "|"))
			if r.Since.IsZero() {
				t.Errorf("%s is there since ever", r.Login)
			}
		}
		return rows
	}
	// Ben may not read the directory, but export the own team, names and all.
	_, err := h.People(t.Context(), ben, "acme", Reading{})
	refusedWith(t, err, aggregate.CodeNotPermitted)
	want := []string{"ben||user|active|owner", "cat||user|suspended|", "dan||user|suspended|", "eve|Eve Example||none|helper"}
	diff(t, "the team", want, rows(must[[]MemberRow](t)(h.ExportMembers(t.Context(), ben, "acme", Reading{}, "team:north"))))
	diff(t, "the house", []string{"ann|Ann Example|user|active|owner", "ben||user|active|", "cat||user|active|", "dan||user|suspended|"},
		rows(must[[]MemberRow](t)(h.ExportMembers(t.Context(), ann, "acme", Reading{}, ""))))
	_, err = h.ExportMembers(t.Context(), ben, "acme", Reading{}, "")
	refusedWith(t, err, aggregate.CodeNotPermitted)
	_, err = h.ExportScopes(t.Context(), ben, "acme", Reading{}, "team", "")
	refusedWith(t, err, aggregate.CodeNotPermitted)
	_, err = h.ExportMembers(t.Context(), ann, "acme", Reading{}, "team:north")
	if r := refusedWith(t, err, aggregate.CodeNotPermitted); r.Rule != "S01" || r.Scope != "team:north" {
		t.Errorf("refused with %+v", r)
	}
	_, err = h.ExportMembers(t.Context(), ann, "acme", Reading{}, "team:none")
	refusedWith(t, err, aggregate.CodeUnknown)
	_, err = h.ExportScopes(t.Context(), ann, "acme", Reading{}, "desk", "")
	refusedWith(t, err, aggregate.CodeUnknown)
	diff(t, "boards", []ScopeRow{}, must[[]ScopeRow](t)(h.ExportScopes(t.Context(), ben, "acme", Reading{}, "board", "team:north")))
	// Who may not any more may not of the past either.
	before := h.revision("acme")
	must[Receipt](t)(h.ResumeMembership(t.Context(), operator, "acme", requested, MembershipRequest{Person: "cat", Scope: "team:north"}))
	must[Receipt](t)(h.TransferRole(t.Context(), operator, "acme", requested, TransferRequest{Person: "cat", Scope: "team:north"}))
	_, err = h.ExportMembers(t.Context(), ben, "acme", reading(before), "team:north")
	refusedWith(t, err, aggregate.CodeNotPermitted)
}
