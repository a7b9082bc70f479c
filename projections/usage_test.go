package projections

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tenure/events"
)

// tally writes a usage down in a line.
func tally(list []Usage) []string {
	var texts []string
	for _, u := range list {
		as := ""
		if u.Behalf {
			as = " (on behalf)"
		}
		text := fmt.Sprintf("%s %s%s %d/%d %v %v", u.Unit, u.Who, as, u.Commits, u.Events, u.Commands, u.Types)
		for _, id := range []events.PrincipalID{ann, ben, cat, dan} {
			text = strings.ReplaceAll(text, string(id), strings.ToLower(string(id[23:])))
		}
		texts = append(texts, strings.NewReplacer("map[]", "-", "map", "", "test.", "").Replace(text))
	}
	return texts
}

func TestUsage(t *testing.T) {
	p := schoolOf(t, school)
	p.on(t, 1, ann, append(append(comes(ben), comes(cat)...), creates("department:a", "school:acme"), creates("department:b", "school:acme"))...)
	p.on(t, 2, ann, events.MembershipStarted{Subject: ben, Scope: "department:a"}, events.MembershipStarted{Subject: cat, Scope: "department:b"})
	p.on(t, 3, ben, creates("course:x", "department:a"), creates("course:y", "department:b"))
	p.on(t, 4, ben, events.ScopeRenamed{Scope: "course:x"})
	p.on(t, 5, ann, events.ScopeMoved{Scope: "course:x", Parent: "department:b"}) // from a, where it is counted
	p.on(t, 6, ben, events.ScopeRenamed{Scope: "course:x"})                       // in b by now
	p.behalf(t, 7, ann, cat, events.ScopeRenamed{Scope: "course:y"})
	p.on(t, 8, ann, events.PersonRegistered{Subject: dan}, events.InvitationSent{Subject: dan, Invitation: "01J00000000000000000000X01", Scope: "department:b", Expires: daysIn(20), TokenHash: make([]byte, 32)})
	p.on(t, 9, dan, events.InvitationDeclined{Subject: dan, Invitation: "01J00000000000000000000X01"})
	p.on(t, 10, ann, events.ScopeRenamed{Scope: "department:a", Cause: events.CauseImport}, events.ScopeDeleted{Scope: "course:x"}, events.ScopeDeleted{Scope: "department:b"})
	for _, c := range []struct {
		name     string
		from, to time.Time
		want     []string
	}{
		{"on one day", daysIn(3), daysIn(3), []string{
			"school:acme ann 0/0 - -", "school:acme ben 0/0 - -", "school:acme cat 0/0 - -",
			"department:a ben 1/1 [scope_created:1] [scope.created:1]",
			"department:b ben 1/1 [scope_created:1] [scope.created:1]",
		}},
		{"a scope that moves", daysIn(4), daysIn(6), []string{
			"school:acme ann 0/0 - -", "school:acme ben 0/0 - -", "school:acme cat 0/0 - -",
			"department:a ann 1/1 [scope_moved:1] [scope.moved:1]",
			"department:a ben 1/1 [scope_renamed:1] [scope.renamed:1]",
			"department:b ben 1/1 [scope_renamed:1] [scope.renamed:1]",
		}},
		{"on behalf", daysIn(7), daysIn(7), []string{
			"school:acme ann 0/0 - -", "school:acme ben 0/0 - -", "school:acme cat 0/0 - -",
			"department:a ben 0/0 - -",
			"department:b ann 1/1 [scope_renamed:1] [scope.renamed:1]",
			"department:b cat (on behalf) 1/1 [scope_renamed:1] [scope.renamed:1]",
		}},
		{"invitations belong where they lead", daysIn(8), daysIn(9), []string{
			"school:acme ann 1/1 [person_registered:1] [person.registered:1]", "school:acme ben 0/0 - -", "school:acme cat 0/0 - -",
			"department:a ben 0/0 - -",
			"department:b ann 1/1 [person_registered:1] [invitation.sent:1]",
			"department:b dan 1/1 [invitation_declined:1] [invitation.declined:1]",
		}},
		{"from a day on, units that are gone included", daysIn(10), time.Time{}, []string{
			"school:acme ann 0/0 - -", "school:acme ben 0/0 - -", "school:acme cat 0/0 - -",
			"department:a ann 1/1 [scope_renamed:1] [scope.renamed:1]",
			"department:a ben 0/0 - -",
			"department:b ann 1/2 [scope_renamed:1] [scope.deleted:2]",
		}},
		{"up to a day", time.Time{}, daysIn(1), []string{
			"school:acme ann 1/4 [person_registered:1] [membership.started:2 person.registered:2]",
			"school:acme ben 0/0 - -", "school:acme cat 0/0 - -",
			"school:acme operator 1/5 [organization_founded:1] [membership.started:1 model.adopted:1 organization.founded:1 person.registered:1 role.granted:1]",
			"department:a ann 1/1 [person_registered:1] [scope.created:1]",
			"department:a ben 0/0 - -",
			"department:b ann 1/1 [person_registered:1] [scope.created:1]",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			list := UsageOf(p.records, p.state, Period{c.from, c.to})
			if diff := cmp.Diff(c.want, tally(list)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			for _, u := range list {
				if (u.Commits == 0) != u.First.IsZero() || u.Commits > 0 && (!(Period{c.from, c.to}).Holds(u.First) || u.Last.Before(u.First)) {
					t.Errorf("%s %s did something from %s to %s", u.Unit, u.Who, u.First, u.Last)
				}
			}
		})
	}
}

// TestUsageAddsUp: over random histories, what all did everywhere is what the
// history holds, by actor and type and, for commits, never less.
func TestUsageAddsUp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		h := newHistory("acme")
		for range rapid.IntRange(1, 80).Draw(rt, "steps") {
			_, _ = h.step(rt, h.state.Revision+1)
		}
		period := Period{From: start.Add(time.Duration(rapid.IntRange(0, 40).Draw(rt, "from")) * time.Second)}
		want, commits := map[string]int{}, map[string]int{}
		for _, r := range h.records {
			if !period.Holds(r.Effective()) || len(r.Events) == 0 {
				continue
			}
			commits[string(r.Actor)+" "+r.Command]++
			for _, e := range r.Events {
				want[string(r.Actor)+" "+events.Name(e)]++
			}
		}
		got := map[string]int{}
		for _, u := range UsageOf(h.records, h.state, period) {
			sum := 0
			for name, n := range u.Types {
				got[string(u.Who)+" "+name] += n
				sum += n
			}
			if sum != u.Events || u.Commits != total(u.Commands) {
				rt.Fatalf("%+v does not add up", u)
			}
			for name, n := range u.Commands {
				if n > commits[string(u.Who)+" "+name] {
					rt.Fatalf("%+v counts more commits than there are", u)
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Fatalf("(-history +usage)\n%s", diff)
		}
		root, _ := h.state.Scope(h.state.Root)
		if h.state.Founded() {
			rows := UsageOf(h.records, h.state, Period{To: start.Add(-time.Hour)})
			if len(rows) != len(root.Members()) { // the scopes of this model have no members of their own
				rt.Fatalf("%d members are listed as %d rows", len(root.Members()), len(rows))
			}
		}
	})
}

func total(counts map[string]int) int {
	sum := 0
	for n := range maps.Values(counts) {
		sum += n
	}
	return sum
}

func TestPeriod(t *testing.T) {
	within := Period{start, start.Add(time.Hour)}
	for at, want := range map[time.Duration]bool{-1: false, 0: true, time.Minute: true, time.Hour: true, time.Hour + 1: false} {
		if got := within.Holds(start.Add(at)); got != want {
			t.Errorf("%s: %t", at, got)
		}
	}
	if !slices.Equal([]bool{true, true, false}, []bool{(Period{}).Holds(start), (Period{From: start}).Holds(daysIn(9999)), (Period{From: daysIn(1)}).Holds(start)}) {
		t.Error("open ends")
	}
}
