package service

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/projections"
)

func sorted(list []string) []string { slices.Sort(list); return list }

func TestParseTime(t *testing.T) {
	for text, want := range map[string]string{
		"2026-01-31":                      "2026-01-31T23:59:59.999999999Z",
		"2024-02-29":                      "2024-02-29T23:59:59.999999999Z",
		"2026-01-31T09:30:00Z":            "2026-01-31T09:30:00Z",
		"2026-01-31T09:30:00.5+01:00":     "2026-01-31T08:30:00.5Z",
		"0001-01-01":                      "0001-01-01T23:59:59.999999999Z",
		"":                                "",
		"yesterday":                       "",
		"2026-02-30":                      "",
		"2026-1-31":                       "",
		"2026-01-31 09:30":                "",
		"2026-01-31T09:30:00":             "",
		"0001-01-01T00:00:00Z":            "", // stands for no time
		"0001-01-01T01:00:00+01:00":       "",
		"@7":                              "",
		strings.Repeat("2", 1<<16) + "-1": "",
	} {
		at, err := ParseTime(text)
		switch {
		case want == "":
			r := refusedWith(t, err, aggregate.CodeInvalid)
			if r.Field != "time" || !strings.Contains(r.Message, "write 2026-01-31") {
				t.Errorf("%.40q is refused with %.200q at %q", text, r.Message, r.Field)
			}
		case err != nil || at.Format(time.RFC3339Nano) != want:
			t.Errorf("%q is %v, %v", text, at, err)
		}
	}
}

func TestParseMoment(t *testing.T) {
	if m, err := ParseMoment("@7"); err != nil || (m != projections.Moment{Revision: 7}) {
		t.Errorf("%+v, %v", m, err)
	}
	if m, err := ParseMoment("2026-01-31"); err != nil || m.AsOf.IsZero() || m.Revision != 0 {
		t.Errorf("%+v, %v", m, err)
	}
	for _, text := range []string{"@", "@0", "@-1", "@x", "@18446744073709551616", "now"} {
		_, err := ParseMoment(text)
		refusedWith(t, err, aggregate.CodeInvalid)
	}
}

// TestDatedQuestions asks every question as of a moment, by all three clocks.
func TestDatedQuestions(t *testing.T) {
	h := open(t)
	h.clock.set(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	h.found("acme", "ann")
	h.clock.set(time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC))
	h.join("acme", "ben")
	h.team("acme", "sig", "", "Old Title")
	february := h.revision("acme")
	h.clock.set(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	login := "benjamin"
	must[Receipt](t)(h.UpdatePerson(t.Context(), operator, "acme", requested, PersonChange{Person: "ben", Login: &login}))
	must[Receipt](t)(h.RenameScope(t.Context(), operator, "acme", requested, ScopeRequest{Scope: "team:sig", Title: "New Title"}))
	h.grant("acme", "benjamin", "admin", "")
	h.join("acme", "cat")
	ann := h.as("acme", "ann")

	names := func(r Reading) string {
		var list []string
		for _, p := range must[[]PersonView](t)(h.People(t.Context(), ann, "acme", r)) {
			list = append(list, p.Login)
		}
		return strings.Join(list, " ")
	}
	asOf := func(text string) Reading {
		return Reading{Moment: projections.Moment{AsOf: must[time.Time](t)(ParseTime(text))}}
	}
	recorded := must[events.Record](t)(h.ledger.Get(t.Context(), february)).RecordedAt
	for _, c := range []struct {
		name    string
		reading Reading
		people  string
		admins  string
	}{
		{"now", Reading{}, "ann benjamin cat", "ann benjamin"},
		{"a date", asOf("2026-01-31"), "ann", "ann"},
		{"another", asOf("2026-02-01"), "ann ben", "ann"},
		{"a time", asOf("2026-02-28T23:59:59Z"), "ann ben", "ann"},
		{"the future", asOf("2036-01-01"), "ann benjamin cat", "ann benjamin"},
		{"a revision", Reading{Moment: atRevision(february)}, "ann ben", "ann"},
		{"a time of recording", Reading{Moment: projections.Moment{Recorded: recorded}}, "ann ben", "ann"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := names(c.reading); got != c.people {
				t.Errorf("people are %s", got)
			}
			if got := strings.Join(logins(must[[]GrantView](t)(h.Holders(t.Context(), ann, "acme", c.reading, "admin", ""))), " "); got != c.admins {
				t.Errorf("administrators are %s", got)
			}
			if c.people == "ann" {
				return
			}
			// Somebody is found by today's login, and shown under that of the day.
			view := must[PersonView](t)(h.Person(t.Context(), ann, "acme", c.reading, "benjamin"))
			if !strings.Contains(" "+c.people+" ", " "+view.Login+" ") {
				t.Errorf("benjamin was called %s", view.Login)
			}
			answer := must[Answer](t)(h.Can(t.Context(), ann, "acme", c.reading, "benjamin", "organization.edit", ""))
			if answer.Allowed != strings.Contains(c.admins, "benjamin") {
				t.Errorf("benjamin is allowed: %t", answer.Allowed)
			}
			scopes := must[[]ScopeView](t)(h.Scopes(t.Context(), ann, "acme", c.reading))
			if want := map[bool]string{true: "Old Title", false: "New Title"}[strings.Contains(c.people, "ben ") || strings.HasSuffix(c.people, "ben")]; scopes[1].Title != want {
				t.Errorf("the team was called %q, want %q", scopes[1].Title, want)
			}
		})
	}
	// Not known then is not known.
	_, err := h.Person(t.Context(), ann, "acme", asOf("2026-01-31"), "benjamin")
	refusedWith(t, err, aggregate.CodeUnknown)
	if answer, err := h.Can(t.Context(), ann, "acme", asOf("2026-01-31"), "benjamin", "organization.people.read", ""); err != nil || answer.Allowed {
		t.Errorf("before joining: %+v, %v", answer, err)
	}
	for _, when := range []string{"2025-12-31", "1970-01-01"} {
		_, err = h.Organization(t.Context(), ann, "acme", asOf(when))
		if r := refusedWith(t, err, aggregate.CodeUnknown); !strings.Contains(r.Message, "not founded yet") {
			t.Errorf("it says %q", r.Message)
		}
	}
	// What a revision to come will be, nobody knows.
	for name, ask := range map[string]func(Reading) error{
		"People":  func(r Reading) error { return failed(h.People(t.Context(), ann, "acme", r)) },
		"History": func(r Reading) error { _, _, err := h.History(t.Context(), ann, "acme", r, "", Page{}); return err },
		"Diff":    func(r Reading) error { return failed(h.Diff(t.Context(), ann, "acme", 0, atRevision(1), r.Moment)) },
	} {
		if r := refusedWith(t, ask(Reading{Moment: atRevision(h.Position() + 1)}), CodeNotYet); r.Field != "at_revision" {
			t.Errorf("%s is refused with %+v", name, r)
		}
		if err := ask(Reading{Moment: atRevision(h.Position())}); err != nil {
			t.Errorf("%s at the newest revision: %v", name, err)
		}
	}
}

// TestTimelinesAreEvicted keeps one history at a time and gets the same
// answers, from many at once.
func TestTimelinesAreEvicted(t *testing.T) {
	h := open(t)
	const orgs = 4
	revisions := map[events.OrgID]events.Revision{}
	for i := range orgs {
		org := fmt.Sprintf("org-%d", i)
		revisions[events.OrgID(org)] = h.found(org, "ann").Revision
		h.join(org, "ben")
	}
	h.timelines = newTimelines(1)
	var all sync.WaitGroup
	for g := range orgs {
		all.Go(func() {
			for i := range 3 * orgs {
				org := events.OrgID(fmt.Sprintf("org-%d", (g+i)%orgs))
				people, err := h.People(t.Context(), operator, org, Reading{Moment: atRevision(revisions[org])})
				if err != nil || len(people) != 1 || people[0].Login != "ann" {
					t.Errorf("%s at its founding: %+v, %v", org, people, err)
				}
				list, _, err := h.History(t.Context(), operator, org, Reading{}, "type:person.registered", Page{})
				if err != nil || len(list) != 2 {
					t.Errorf("history of %s: %+v, %v", org, list, err)
				}
			}
		})
	}
	all.Wait()
	if n := len(h.timelines.byOrg); n != 1 {
		t.Errorf("%d histories are kept", n)
	}
	// One that is kept learns what came after.
	h.join("org-0", "cat")
	list, _, err := h.History(t.Context(), operator, "org-0", Reading{}, "type:person.registered", Page{})
	if err != nil || len(list) != 3 {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestWatermark(t *testing.T) {
	w := newWatermark()
	w.advance(3)
	for revision := range events.Revision(4) {
		if err := w.wait(t.Context(), revision); err != nil {
			t.Errorf("%d of 3 is waited for: %v", revision, err)
		}
	}
	reached := make(chan error)
	for range 3 {
		go func() { reached <- w.wait(t.Context(), 5) }()
	}
	w.advance(4)
	w.advance(5)
	for range 3 {
		if err := <-reached; err != nil {
			t.Error(err)
		}
	}
	broken := errors.New("broken")
	go func() { reached <- w.wait(t.Context(), 6) }()
	w.fail(broken)
	if err := <-reached; !errors.Is(err, broken) {
		t.Errorf("who waits when it breaks gets %v", err)
	}
	for _, revision := range []events.Revision{0, 5, 6} {
		if err := w.wait(t.Context(), revision); !errors.Is(err, broken) {
			t.Errorf("who waits for %d afterwards gets %v", revision, err)
		}
	}
}
