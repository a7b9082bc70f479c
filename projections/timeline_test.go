package projections

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"tenure/aggregate"
	"tenure/events"
)

// counted says how many commits had happened at the moment, the slow way.
func counted(records []events.Record, m Moment) int {
	for i, r := range records {
		var later bool
		switch {
		case m.Revision > 0:
			later = r.Revision > m.Revision
		case !m.Recorded.IsZero():
			later = r.RecordedAt.After(m.Recorded)
		case !m.AsOf.IsZero():
			later = r.Effective().After(m.AsOf)
		}
		if later {
			return i
		}
	}
	return len(records)
}

// TestTimelineIsTheNaiveFold asks random histories about every commit, and
// about times near each, and compares with a fold from zero.
func TestTimelineIsTheNaiveFold(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		h, timeline, states := newHistory("acme"), Timeline{}, []aggregate.State{{}}
		revision := events.Revision(0)
		for range rapid.IntRange(1, 6*stride).Draw(rt, "steps") {
			record, err := h.step(rt, revision+1)
			if err != nil {
				continue
			}
			if err := timeline.Apply(record); err != nil {
				rt.Fatal(err)
			}
			states = append(states, h.state)
			// Other organizations write in between.
			revision = record.Revision + events.Revision(rapid.IntRange(0, 2).Draw(rt, "others"))
		}
		same(rt, "the states that decisions saw are not those of a fold", fold(rt, h.records), h.state)

		moments := []Moment{{}, {AsOf: start.Add(-time.Second)}, {Recorded: start.Add(-time.Hour)}, {Revision: revision + 5}}
		for _, r := range h.records {
			moments = append(moments, Moment{Revision: r.Revision}, Moment{Revision: r.Revision + 1})
			for _, by := range []time.Duration{-time.Second, -time.Nanosecond, 0, time.Nanosecond, time.Second} {
				moments = append(moments, Moment{AsOf: r.Effective().Add(by)}, Moment{Recorded: r.RecordedAt.Add(by)})
			}
		}
		for i, m := range moments {
			count := counted(h.records, m)
			got, err := timeline.At(m)
			if err != nil {
				rt.Fatal(err)
			}
			if got.Revision != states[count].Revision || got.Number != uint64(count) {
				rt.Fatalf("at %+v the timeline stands at number %d, revision %d; the fold at number %d, revision %d",
					m, got.Number, got.Revision, count, states[count].Revision)
			}
			// Writing every state out would take long; every commit's is.
			if m.Revision > 0 && i%2 == 0 {
				same(rt, "the dated state is not that of the fold", states[count], got)
			}
		}
	})
}

func TestTimelineBoundaries(t *testing.T) {
	h := newHistory("acme")
	h.found(t)
	second, third := h.join(t), h.person() // two commits at two times
	h.must(t, aggregate.RegisterPerson{Subject: third})
	// A fourth and a fifth at the very time of the third.
	for _, who := range []events.PrincipalID{third, second} {
		if _, err := h.decide(h.state.Revision+4, h.clock.Add(time.Hour), aggregate.Request{Actor: events.Operator, Reason: "requested"}, h.issue(who)); err != nil {
			t.Fatal(err)
		}
	}
	var timeline Timeline
	for _, r := range h.records {
		if err := timeline.Apply(r); err != nil {
			t.Fatal(err)
		}
	}
	at := func(i int) time.Time { return h.records[i].Effective() }
	recorded := func(i int) time.Time { return h.records[i].RecordedAt }
	last := len(h.records)
	for _, c := range []struct {
		name   string
		moment Moment
		want   int
	}{
		{"now", Moment{}, last},
		{"before founding", Moment{AsOf: at(0).Add(-time.Microsecond)}, 0},
		{"exactly at founding", Moment{AsOf: at(0)}, 1},
		{"between two commits", Moment{AsOf: at(1).Add(-time.Nanosecond)}, 1},
		{"exactly at the second", Moment{AsOf: at(1)}, 2},
		{"just before several of one time", Moment{AsOf: at(last - 1).Add(-time.Nanosecond)}, last - 3},
		{"at several of one time: all of them", Moment{AsOf: at(last - 3)}, last},
		{"in the future", Moment{AsOf: at(last-1).AddDate(9, 0, 0)}, last},
		{"in another zone", Moment{AsOf: at(1).In(time.FixedZone("", 3600))}, 2},
		{"recorded before founding", Moment{Recorded: recorded(0).Add(-time.Nanosecond)}, 0},
		{"recorded exactly then", Moment{Recorded: recorded(0)}, 1},
		{"recorded by then, though effective before", Moment{Recorded: at(last - 1)}, last - 3},
		{"by revision", Moment{Revision: h.records[2].Revision}, 3},
		{"by a revision of another organization", Moment{Revision: h.records[last-2].Revision + 2}, last - 1},
		{"by a revision before the founding", Moment{Revision: 0}, last},
		{"by a revision to come", Moment{Revision: 9999}, last},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := timeline.Count(c.moment); got != c.want {
				t.Errorf("%d commits, want %d", got, c.want)
			}
			state, err := timeline.At(c.moment)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "the state is not that of the fold", fold(t, h.records[:c.want]), state)
		})
	}
	if state, err := timeline.At(Moment{AsOf: start.AddDate(-1, 0, 0)}); err != nil || state.Founded() {
		t.Errorf("before founding there is %+v, %v", state, err)
	}
}

// The clock that records may be set back; the search must not go astray.
func TestTimelineWithARecordingClockSetBack(t *testing.T) {
	h := newHistory("acme")
	h.found(t)
	for range 20 {
		h.join(t)
	}
	var timeline Timeline
	for i := range h.records {
		if i >= 10 && i < 30 {
			h.records[i].RecordedAt = h.records[i].RecordedAt.Add(-24 * time.Hour)
		}
		if err := timeline.Apply(h.records[i]); err != nil {
			t.Fatal(err)
		}
	}
	for i, r := range h.records {
		m := Moment{Recorded: r.RecordedAt}
		if got, want := timeline.Count(m), counted(h.records, m); got != want {
			t.Errorf("by the time of commit %d there are %d, want %d", i+1, got, want)
		}
	}
}

func TestTimelineRefusesWhatDoesNotFollow(t *testing.T) {
	h := newHistory("acme")
	h.found(t)
	h.join(t)
	var timeline Timeline
	for _, r := range []events.Record{h.records[0], h.records[1]} {
		if err := timeline.Apply(r); err != nil {
			t.Fatal(err)
		}
	}
	for name, r := range map[string]events.Record{"the same again": h.records[1], "the first again": h.records[0]} {
		if err := timeline.Apply(r); err == nil {
			t.Errorf("%s is folded", name)
		}
	}
	if got := timeline.Position(); got != h.records[1].Revision || len(timeline.Records()) != 2 {
		t.Errorf("the timeline moved on to revision %d", got)
	}
	if err := timeline.Apply(h.records[2]); err != nil {
		t.Errorf("what follows is refused: %v", err)
	}
}
