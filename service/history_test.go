package service

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/projections"
)

// rows tells events in few words.
func rows(list []EventView) []string {
	got := []string{}
	for _, e := range list {
		got = append(got, strings.Join(strings.Fields(fmt.Sprintf("%d %s %s %s %s %s", e.Revision, e.Actor, e.Type, e.Login, e.Role, e.Scope)), " "))
	}
	return got
}

func TestHistory(t *testing.T) {
	h := open(t)
	h.clock.set(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	h.found("acme", "ann")                                   // 1
	ann := h.as("acme", "ann")                               // 2
	h.found("beta", "ann")                                   // 3
	noise := h.register("beta", PersonDetails{Login: "bob"}) // 4
	h.clock.set(time.Date(2026, 1, 15, 0, 0, 0, 0, time.UTC))
	_ = must[PersonReceipt](t)(h.RegisterPerson(t.Context(), ann, "acme", Envelope{Reason: "joined", Ticket: "HR-1"}, PersonDetails{Login: "ben"})) // 5
	must[Receipt](t)(h.StartMembership(t.Context(), ann, "acme", Envelope{Reason: "joined"}, MembershipRequest{Person: "ben"}))                     // 6
	h.clock.set(time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC))
	h.team("acme", "sig", "", "Sig Title")                                                                          // 7
	granted := h.grant("acme", "ben", "maintainer", "team:sig")                                                     // 8
	must[Receipt](t)(h.TerminateMembership(t.Context(), ann, "acme", Envelope{}, MembershipRequest{Person: "ben"})) // 9
	benJoined := []string{"6 ann membership.started ben organization:acme", "6 ann role.granted ben member organization:acme"}
	benLeft := []string{"9 ann role.revoked ben member organization:acme", "9 ann role.revoked ben maintainer team:sig", "9 ann membership.terminated ben organization:acme"}
	for _, c := range []struct {
		query string
		want  []string
	}{
		{"subject:ben", append(append([]string{"5 ann person.registered ben"}, benJoined...), append([]string{"8 operator role.granted ben maintainer team:sig"}, benLeft...)...)},
		{"subject:ben actor:operator", []string{"8 operator role.granted ben maintainer team:sig"}},
		{"subject:" + string(h.id("acme", "ben")) + " type:role.granted", []string{benJoined[1], "8 operator role.granted ben maintainer team:sig"}},
		{"type:role.granted type:role.revoked scope:team:sig", []string{"8 operator role.granted ben maintainer team:sig", benLeft[1]}},
		{"scope:team:sig", []string{"7 operator scope.created team:sig", "8 operator role.granted ben maintainer team:sig", benLeft[1]}},
		{"role:maintainer -type:role.revoked", []string{"8 operator role.granted ben maintainer team:sig"}},
		{"subject:ben -cause:termination -cause:default revision:6..", []string{benJoined[0], "8 operator role.granted ben maintainer team:sig", benLeft[2]}},
		{"cause:termination", benLeft[:2]},
		{"created:2026-01-15", append([]string{"5 ann person.registered ben"}, benJoined...)},
		{"created:2026-01-15..2026-01-31", append([]string{"5 ann person.registered ben"}, benJoined...)},
		{"created:2026-02-01.. actor:ann", benLeft},
		{"created:..2026-01-14 actor:ann", []string{}},
		{"created:2026-01-01 created:2026-02-01 scope:team:sig", []string{"7 operator scope.created team:sig", "8 operator role.granted ben maintainer team:sig", benLeft[1]}},
		{"subject:ben -created:2026-01-15 type:role.granted", []string{"8 operator role.granted ben maintainer team:sig"}},
		{"revision:5", []string{"5 ann person.registered ben"}},
		{"revision:5 revision:7", []string{"5 ann person.registered ben", "7 operator scope.created team:sig"}},
		{"revision:..2 type:credential.issued", []string{"2 operator credential.issued ann"}},
		{"-revision:..7 -revision:9", []string{"8 operator role.granted ben maintainer team:sig"}},
		{"ticket:HR-1", []string{"5 ann person.registered ben"}},
		{"reason:joined type:membership.started", benJoined[:1]},
		{"command:scope.create", []string{"7 operator scope.created team:sig"}},
		{"commit:" + string(granted.Commit), []string{"8 operator role.granted ben maintainer team:sig"}},
		{"commit:" + string(noise.Commit), []string{}}, // of another organization
		{"person:ann type:credential.issued", []string{"2 operator credential.issued ann"}},
		{"actor:import", []string{}},
		{"scope:team:never", []string{}},
		{"recorded:2020-01-01..2021-01-01", []string{}},
	} {
		t.Run(c.query, func(t *testing.T) {
			list, next, err := h.History(t.Context(), ann, "acme", Reading{}, c.query, Page{})
			if err != nil || next != 0 {
				t.Fatalf("next %d, %v", next, err)
			}
			diff(t, "events", c.want, rows(list))
		})
	}
	everything, _, err := h.History(t.Context(), ann, "acme", Reading{}, "", Page{})
	if err != nil || len(everything) != 14 {
		t.Fatalf("%d events, %v", len(everything), err)
	}
	for _, e := range everything {
		if e.RecordedAt.IsZero() || e.EffectiveAt.IsZero() || e.Commit == "" || e.Command == "" {
			t.Errorf("it says too little: %+v", e)
		}
	}

	t.Run("page by page", func(t *testing.T) {
		for limit := 1; limit <= len(everything)+1; limit++ {
			var got []EventView
			pages := 0
			for after := events.Revision(0); ; {
				list, next, err := h.History(t.Context(), ann, "acme", Reading{}, "", Page{After: after, Limit: limit})
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, list...)
				if pages++; pages > len(everything)+1 || next != 0 && len(list) < limit {
					t.Fatalf("page %d of %d events goes on after %d", pages, len(list), next)
				}
				if after = next; next == 0 {
					break
				}
			}
			diff(t, fmt.Sprintf("pages of %d", limit), rows(everything), rows(got))
		}
	})
	t.Run("as of a moment", func(t *testing.T) {
		list, _, err := h.History(t.Context(), ann, "acme", Reading{Moment: atRevision(6)}, "subject:ben", Page{})
		if err != nil {
			t.Fatal(err)
		}
		diff(t, "events", append([]string{"5 ann person.registered ben"}, benJoined...), rows(list))
	})
}

func TestQueryRefuses(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	for query, want := range map[string]struct {
		code aggregate.Code
		says string
	}{
		"ann":                            {aggregate.CodeInvalid, `"ann" is no term: write field:value, with one of actor, cause, command, commit, created, item, on_behalf_of, person, reason, recorded, revision, role, scope, subject, ticket, type`},
		"actor:":                         {aggregate.CodeInvalid, "is no term"},
		"-":                              {aggregate.CodeInvalid, "is no term"},
		":ann":                           {aggregate.CodeInvalid, "no field"},
		"colour:red":                     {aggregate.CodeInvalid, `no field "colour"`},
		"actor:nobody":                   {aggregate.CodeUnknown, "no person nobody"},
		"actor: ann":                     {aggregate.CodeInvalid, "is no term"},
		"type:role.taken":                {aggregate.CodeUnknown, "no event type role.taken: use organization.founded,"},
		"cause:whim":                     {aggregate.CodeUnknown, "no cause whim: use termination,"},
		"reason:whim":                    {aggregate.CodeUnknown, "no reason whim: use requested,"},
		"scope:none":                     {aggregate.CodeUnknown, "no scope none"},
		"created:yesterday":              {aggregate.CodeInvalid, "is no time"},
		"created:..":                     {aggregate.CodeInvalid, "neither a beginning nor an end"},
		"created:2026-02-01..2026-01":    {aggregate.CodeInvalid, "is no time"},
		"created:2026-02-01..2026-01-01": {aggregate.CodeInvalid, "ends before it begins"},
		"recorded:x..2026-01-01":         {aggregate.CodeInvalid, "is no time"},
		"revision:..":                    {aggregate.CodeInvalid, "neither a beginning nor an end"},
		"revision:0":                     {aggregate.CodeInvalid, `"0" is no revision`},
		"revision:-1":                    {aggregate.CodeInvalid, "is no revision"},
		"revision:7..x":                  {aggregate.CodeInvalid, "is no revision"},
		"revision:7..3":                  {aggregate.CodeInvalid, "ends before it begins"},
		"actor:ann -revision:7..3":       {aggregate.CodeInvalid, "ends before it begins"},
	} {
		t.Run(query, func(t *testing.T) {
			_, _, err := h.History(t.Context(), operator, "acme", Reading{}, query, Page{})
			if r := refusedWith(t, err, want.code); r.Field != "q" || !strings.Contains(r.Message, want.says) {
				t.Errorf("refused at %q: %s", r.Field, r.Message)
			}
		})
	}
}

// TestHistoryOfWhatIsGone: events name scopes by their titles of today, and
// those that are gone by their last.
func TestHistoryOfWhatIsGone(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	h.team("acme", "sig", "", "Sig Title")
	must[Receipt](t)(h.RenameScope(t.Context(), operator, "acme", requested, ScopeRequest{Scope: "team:sig", Title: "Last Title"}))
	must[Receipt](t)(h.DeleteScope(t.Context(), operator, "acme", requested, ScopeRequest{Scope: "team:sig"}))
	h.team("acme", "bare", "", "")
	list, _, err := h.History(t.Context(), operator, "acme", Reading{}, "command:scope.create command:scope.delete", Page{})
	if err != nil || len(list) != 3 {
		t.Fatalf("%+v, %v", list, err)
	}
	diff(t, "titles", []string{"Last Title", "Last Title", ""}, []string{list[0].Title, list[1].Title, list[2].Title})
}

func TestDiff(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	h.join("acme", "ben", "cat")
	h.team("acme", "old", "", "Old Title")
	h.team("acme", "top", "", "")
	h.team("acme", "sub", "", "")
	h.grant("acme", "cat", "member", "team:sub")
	first := h.revision("acme")
	h.join("acme", "dan")
	h.grant("acme", "ben", "admin", "")
	must[Receipt](t)(h.DeleteScope(t.Context(), operator, "acme", requested, ScopeRequest{Scope: "team:old"}))
	moved := must[Receipt](t)(h.MoveScope(t.Context(), operator, "acme", requested, ScopeRequest{Scope: "team:sub", Under: "team:top"}))
	h.grant("acme", "ben", "member", "team:sub") // which is no difference in where it stands
	h.team("acme", "new", "", "")
	created := h.revision("acme")
	h.grant("acme", "ben", "maintainer", "team:new")
	must[Receipt](t)(h.SuspendMembership(t.Context(), operator, "acme", requested, MembershipRequest{Person: "cat"}))
	// What came and went in between does not show.
	h.team("acme", "brief", "", "")
	must[Receipt](t)(h.DeleteScope(t.Context(), operator, "acme", requested, ScopeRequest{Scope: "team:brief"}))
	second := h.revision("acme")

	rows := func(from, to events.Revision) []string {
		var list []string
		for _, d := range must[[]Difference](t)(h.Diff(t.Context(), operator, "acme", 0, atRevision(from), atRevision(to))) {
			if want := map[events.ScopeID]events.Revision{"team:sub": moved.Revision, "team:new": created}[d.Scope]; from < to && d.What == "scope" && want > 0 && d.Revision != want {
				t.Errorf("%s %s at revision %d, not %d", d.Scope, d.Change, d.Revision, want)
			}
			list = append(list, strings.Join(strings.Fields(fmt.Sprintf("%s %s %s %s %s %q", d.Change, d.What, d.Login, d.Role, d.Scope, d.Title)), " "))
		}
		return list
	}
	forth := []string{
		`removed membership cat organization:acme ""`, `added membership cat organization:acme ""`, `added membership dan organization:acme ""`,
		`added role ben admin organization:acme ""`, `removed role ben member organization:acme ""`, `added role dan member organization:acme ""`,
		`added role ben member team:sub ""`, `added role ben maintainer team:new ""`, `added scope team:new ""`,
		`removed scope team:old "Old Title"`, `added scope team:sub ""`, `removed scope team:sub ""`,
	}
	diff(t, "forth", sorted(forth), sorted(rows(first, second)))
	var back []string
	for _, row := range forth {
		if rest, added := strings.CutPrefix(row, "added"); added {
			back = append(back, "removed"+rest)
		} else {
			back = append(back, "added"+strings.TrimPrefix(row, "removed"))
		}
	}
	diff(t, "and back", sorted(back), sorted(rows(second, first)))
	if got := rows(second, second); len(got) != 0 {
		t.Errorf("from a moment to itself: %v", got)
	}
	before, err := h.Diff(t.Context(), operator, "acme", 0, must[projections.Moment](t)(ParseMoment("2020-01-01")), atRevision(1))
	if err != nil || len(before) != 3 { // the organization, the owner's membership and role
		t.Errorf("from before the founding: %+v, %v", before, err)
	}
}
