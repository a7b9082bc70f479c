package aggregate

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tenure/events"
)

const day = 24 * time.Hour

func limited(who events.PrincipalID, role events.RoleID, at time.Time) events.Event {
	return events.RoleLimited{Subject: who, Role: role, Scope: org, Until: at}
}

func announced(who events.PrincipalID, role events.RoleID, at time.Time) events.Event {
	return events.ExpiryAnnounced{Subject: who, Role: role, Scope: org, Until: at}
}

func TestExpiringGrants(t *testing.T) {
	end := start.Add(30 * day)
	grant := func(who events.PrincipalID, role events.RoleID, at time.Time) GrantRole {
		return GrantRole{Subject: who, Role: role, Scope: org, Until: at}
	}
	fire := FireDeadlines{dan}
	untilEnd := house(until(end, granted(dan, "co_owner", org)))
	expired := revoked(dan, "co_owner", org, events.CauseExpiry)
	own := func(field string) refused {
		return refused{code: CodeNotPermitted, rule: "F03", role: "organization.co_owner", scope: org, subject: dan, field: field, says: "nobody prolongs their own role"}
	}
	after := func(h history, parts ...any) history { return append(append(history{}, h...), given(parts...)...) }
	specify(t, []specification{
		{"given for a time", house(), when(ann, grant(dan, "co_owner", end)), then(until(end, granted(dan, "co_owner", org)))},
		{"given until now", house(), when(ann, grant(dan, "co_owner", start.Add(time.Hour)), clockAt(start.Add(time.Hour))),
			refused{code: CodeInvalid, field: "until", says: "is over"}},
		{"given beyond all time", house(), when(ann, grant(dan, "co_owner", start.AddDate(9000, 0, 0))),
			refused{code: CodeInvalid, field: "until", says: "by the year 9999"}},
		{"a default role", house(), when(ann, grant(dan, "member", end)), refused{code: CodeInvalid, role: "organization.member", scope: org, field: "until", says: "ends with the membership"}},
		{"prolonged by another", untilEnd, when(ann, grant(dan, "co_owner", end.Add(day))), then(limited(dan, "co_owner", end.Add(day)))},
		{"for good by another", untilEnd, when(ben, grant(dan, "co_owner", time.Time{})), then(limited(dan, "co_owner", time.Time{}))},
		{"the same again", untilEnd, when(ann, grant(dan, "co_owner", end)), then()},
		{"limited, to be laid down", house(), when(cat, grant(cat, "administrator", end)), then(limited(cat, "administrator", end))},
		{"not for good by oneself after that", house(limited(cat, "administrator", end)), when(cat, grant(cat, "administrator", time.Time{})),
			refused{code: CodeNotPermitted, rule: "F08", role: "organization.administrator", scope: org, subject: cat, field: "until", says: "nobody prolongs"}},
		{"shortened by oneself", untilEnd, when(dan, grant(dan, "co_owner", end.Add(-day))), then(limited(dan, "co_owner", end.Add(-day)))},
		{"not prolonged by oneself", untilEnd, when(dan, grant(dan, "co_owner", end.Add(day))), own("until")},
		{"nor for good", untilEnd, when(dan, grant(dan, "co_owner", time.Time{})), own("until")},
		{"nor by listing oneself", untilEnd, when(dan, define(lists("co_owner", ben, dan))), then()},
		{"a listed one keeps the end", untilEnd, when(ann, define(lists("co_owner", dan))), then(revoked(ben, "co_owner", org))},
		{"limited by one who may not grant it", house(), when(dan, grant(cat, "administrator", end)),
			refused{code: CodeNotPermitted, rule: "F08", role: "organization.administrator", scope: org, subject: dan, help: "tenure who", says: "may not limit"}},

		{"nothing before", untilEnd, when(background, fire, clockAt(end.Add(-7*day-time.Microsecond))), then()},
		{"announced", untilEnd, when(background, fire, clockAt(end.Add(-7*day))), then(announced(dan, "co_owner", end))},
		{"ended just then", untilEnd, when(background, fire, clockAt(end)), then(expired)},
		{"ended long after", untilEnd, when(background, fire, clockAt(end.Add(365*day))), then(expired)},
		{"not before, announced or not", untilEnd, when(background, fire, clockAt(end.Add(-time.Microsecond))), then(announced(dan, "co_owner", end))},
		{"given for so short that it is not announced", house(until(start.Add(7*day), granted(dan, "co_owner", org))), when(background, fire, clockAt(start.Add(7*day-1000))), then()},
		{"held for long and limited to soon, it is", house(limited(cat, "administrator", start.Add(8*day))), when(background, FireDeadlines{cat}, clockAt(start.Add(7*day))),
			then(announced(cat, "administrator", start.Add(8*day)))},
		{"not by the operator", untilEnd, when(events.Operator, fire, clockAt(end), because("correction")), refused{code: CodeNotPermitted, says: "background user alone"}},
		{"a mark lapses with it", after(untilEnd, marked(dan, mainOwner)), when(background, fire, clockAt(end)), then(expired, lapsed(dan, mainOwner, events.CauseUnheld))},
		{"a quorum lapses with it", given(houseFounded, joined(dan), until(end, granted(dan, "co_owner", org)), marked(ann, mainOwner)), when(background, fire, clockAt(end)),
			then(expired, lapsed(ann, mainOwner, events.CauseQuorum))},
		{"the default role takes its place", given(acmeFounded, together(registered(ben), started(ben, org), until(end, granted(ben, "admin", org)))), when(background, FireDeadlines{ben}, clockAt(end)),
			then(revoked(ben, "admin", org, events.CauseExpiry), granted(ben, "member", org, byDefault))},
		{"X01: it does not count", given(acmeFounded, together(registered(ben), started(ben, org), until(end, granted(ben, "admin", org)))), when(ann, RevokeRole{Subject: ann, Role: "admin", Scope: org}),
			refused{code: CodeTooFew, rule: "X01", role: "organization.admin", scope: org, subject: ann, help: "tenure grant", says: "nor do those whose role ends by itself"}},
		{"X01: nor if limited afterwards", given(acmeFounded, promoted(ben)), when(ann, GrantRole{Subject: ben, Role: "admin", Scope: org, Until: end}), then(limited(ben, "admin", end))},
		{"X01: the last one is not limited", given(acmeFounded), when(ann, GrantRole{Subject: ann, Role: "admin", Scope: org, Until: end}),
			refused{code: CodeTooFew, rule: "X01", role: "organization.admin", scope: org, subject: ann, help: "tenure grant", says: "at least 1 active admin"}},

		// A co-owner for a time, who is no member.
		{"not invited to it by oneself", house(registered(eve), until(end, granted(eve, "co_owner", org))), when(eve, invitation(eve, "co_owner")),
			refused{code: CodeNotPermitted, rule: "F03", role: "organization.co_owner", scope: org, subject: eve, field: "until", says: "nobody prolongs"}},
		{"nor invited again", house(registered(eve), invited1(eve, "co_owner"), until(end, granted(eve, "co_owner", org))),
			when(eve, ResendInvitation{Invitation: inviteID(1), Expires: end.Add(day), TokenHash: hash(8)}),
			refused{code: CodeNotPermitted, rule: "F03", role: "organization.co_owner", scope: org, subject: eve, field: "until", says: "nobody prolongs"}},
	})
	forged(t, []forgery{
		{"laid down and taken again", untilEnd, dan, together(revoked(dan, "co_owner", org), granted(dan, "co_owner", org)), 1, own("until")},
		{"shortened and prolonged", untilEnd, dan, together(limited(dan, "co_owner", end.Add(-day)), limited(dan, "co_owner", end.Add(day))), 1, own("until")},
		{"expired before the time", untilEnd, background, together(expired), 0, refused{code: CodeUnfounded, says: `"expiry"`}},
		{"what does not end expired", house(), background, together(revoked(ben, "co_owner", org, events.CauseExpiry)), 0, refused{code: CodeUnfounded, says: `"expiry"`}},
		{"announced before", untilEnd, background, together(announced(dan, "co_owner", end)), 0, refused{code: CodeNotPermitted, says: "what falls due"}},
		{"announced for another time", untilEnd, background, together(announced(dan, "co_owner", end.Add(day))), 0,
			refused{code: CodeInvalid, role: "organization.co_owner", scope: org, subject: dan, says: "not when it ends"}},
		{"limited, of one who does not hold it", house(), ann, together(limited(dan, "co_owner", end)), 0, refused{code: CodeUnknown, role: "organization.co_owner", scope: org, subject: dan, says: "is not co_owner"}},
		{"limited as it is", house(), ann, together(limited(ben, "co_owner", time.Time{})), 0, refused{code: CodeExists, role: "organization.co_owner", scope: org, subject: ben, says: "ends already"}},
	})

	// Announced once; ended once; and not counted from then on, fired or not.
	state := untilEnd.after(t, when(background, fire, clockAt(end.Add(-7*day))))
	person, _ := state.Person(dan)
	if !person.Deadline().Equal(end) {
		t.Errorf("then due at %s", person.Deadline())
	}
	if commit, err := when(background, fire, clockAt(end.Add(-day))).decide(state); err != nil || len(commit.Events) > 0 {
		t.Errorf("announced again: %v, %v", commit.Events, err)
	}
	permission, _ := state.Model.Permission("organization.settings.edit")
	for at, want := range map[time.Time]bool{end.Add(-1000): true, end: false, end.Add(day): false} {
		if state.At(at).Allowed(Question{Who: dan, Permission: permission, On: org}) != want || (state.At(at).Explain(Question{Who: dan, Permission: permission, On: org}).Idle != nil) == want {
			t.Errorf("allowed at %s, which is not %t", at, want)
		}
	}
	if _, err := when(dan, GrantRole{Subject: cat, Role: "support_team", Scope: org}, clockAt(end)).decide(state); err == nil {
		t.Error("who held a role until now still grants")
	}
	// Prolonged, it is announced anew.
	state = untilEnd.after(t, when(background, fire, clockAt(end.Add(-7*day))), when(ann, grant(dan, "co_owner", end.Add(60*day)), clockAt(end.Add(-day))))
	if person, _ := state.Person(dan); !person.Deadline().Equal(end.Add(53 * day)) {
		t.Errorf("prolonged, and due at %s", person.Deadline())
	}
	// A state that was not given a time is asked as of its last commit.
	state = untilEnd.after(t, when(ann, RegisterPerson{Subject: nix}, clockAt(end)))
	if state.Allowed(Question{Who: dan, Permission: permission, On: org}) {
		t.Error("allowed as of a commit after its end")
	}
}

func TestDeadline(t *testing.T) {
	end := start.Add(30 * day)
	for _, test := range []struct {
		name  string
		given history
		want  time.Time
	}{
		{"none", house(), time.Time{}},
		{"an announcement", house(until(end, granted(dan, "co_owner", org))), end.Add(-7 * day)},
		{"a short role", house(until(start.Add(day), granted(dan, "co_owner", org))), start.Add(day)},
		{"an invitation", left(invited1(dan, "")), later},
		{"a reminder", left(reminder(nil)), later},
		{"a retention", left(events.RetentionSet{Subject: dan, Until: later, Ground: events.Sealed("g")}), later},
		{"the first of them", left(reminder(nil), events.RetentionSet{Subject: dan, Until: later.Add(-1000), Ground: events.Sealed("g")}), later.Add(-1000)},
		{"anonymizing", left(events.RetentionSet{Subject: dan, Until: later, Ground: events.Sealed("g")}, events.AnonymizationStarted{Subject: dan}), time.Time{}},
	} {
		person, _ := test.given.fold(t).Person(dan)
		if got := person.Deadline(); !got.Equal(test.want) {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

// A default role that takes the place of one whose time is over ends what it
// replaces, though the background user has no say in that.
func TestExpiryLeavesTheDefault(t *testing.T) {
	model := must(parseModel(`
model: crews
title: Crews
about: Hands, some of them lent for a time.
root: crew
highest: crew.head
scopes:
  - {kind: crew, title: Crew, membership: true}
permissions:
  - {id: crew.people, title: People, section: Crew, allows: [person.register, membership.start]}
roles:
  - {id: crew.head, title: Head, at_least: 1, granted_by: [crew.head], permissions: [crew.people]}
  - {id: crew.mate, title: Mate, granted_by: [crew.head], replaces: [crew.hand]}
  - {id: crew.guest, title: Guest, granted_by: [crew.head]}
  - {id: crew.hand, title: Hand, membership: crew, default: true, replaces: [crew.guest]}
`))
	const crew events.ScopeID = "crew:acme"
	end := start.Add(day)
	specify(t, []specification{{"expired",
		given(append(founding(model, acme), registered(ann), granted(ann, "head", crew), registered(ben), started(ben, crew),
			events.RoleGranted{Subject: ben, Role: "mate", Scope: crew, Until: end}, granted(ben, "guest", crew))),
		when(background, FireDeadlines{ben}, clockAt(end)),
		then(revoked(ben, "mate", crew, events.CauseExpiry), granted(ben, "hand", crew, byDefault), revoked(ben, "guest", crew, replaced)),
	}})
}

func TestReminders(t *testing.T) {
	ask := func(change func(*SetReminder)) SetReminder {
		c := SetReminder{Reminder: reminderID(1), Subject: dan, Due: later}
		if change != nil {
			change(&c)
		}
		return c
	}
	weekly := func(e *events.ReminderSet) { e.Every, e.Zone = "P1W", "Europe/Vienna" }
	fired := func(count uint64, due, next time.Time) events.Event {
		return events.ReminderFired{Reminder: reminderID(1), Subject: dan, Due: due, Count: count, Next: next}
	}
	fire := FireDeadlines{dan}
	complete, cancel := CompleteReminder{reminderID(1)}, CancelReminder{reminderID(1)}
	completed, canceled := events.ReminderCompleted{Reminder: reminderID(1), Subject: dan}, events.ReminderCanceled{Reminder: reminderID(1), Subject: dan}
	none := refused{code: CodeUnknown, help: "tenure remind list", says: "no open reminder"}
	invalid := func(field, says string) refused {
		return refused{code: CodeInvalid, subject: dan, field: field, says: says}
	}
	malformed := func(field, says string) refused { return refused{code: CodeInvalid, field: field, says: says} }
	specs := []specification{
		{"F07: set", left(), when(eve, ask(nil)), then(reminder(nil))},
		{"F07: that repeats", left(), when(eve, ask(func(c *SetReminder) { c.Every, c.Zone = "P1W", "Europe/Vienna" })), then(reminder(weekly))},
		{"F07: not by the owner", left(), when(ann, ask(nil)), refused{code: CodeNotPermitted, scope: org, subject: ann, help: "tenure who --role compliance_manager", says: "reminder.set"}},
		{"F07: of a member", left(), when(eve, ask(func(c *SetReminder) { c.Subject = cat })),
			refused{code: CodeStillHolding, scope: org, subject: cat, help: "tenure member terminate", says: "is a member"}},
		{"of nobody", left(), when(eve, ask(func(c *SetReminder) { c.Subject = nix })), refused{code: CodeUnknown, help: "tenure person add", says: "no person"}},
		{"of the background user", left(), when(eve, ask(func(c *SetReminder) { c.Subject = background })), refused{code: CodeInvalid, subject: background, says: "is no person"}},
		{"of the same id", left(reminder(nil)), when(eve, ask(nil)), refused{code: CodeExists, subject: dan, says: "is open already"}},
		{"of now", left(), when(eve, ask(nil), clockAt(later)), invalid("at", "is over")},
		{"just in time", left(), when(eve, ask(nil), clockAt(later.Add(-time.Microsecond))), then(reminder(nil))},
		{"of no time", left(), when(eve, ask(func(c *SetReminder) { c.Due = time.Time{} })), invalid("at", "is over")},
		{"beyond all time", left(), when(eve, ask(func(c *SetReminder) { c.Due = start.AddDate(8000, 0, 0) })), invalid("at", "9999")},
		{"that repeats beyond all time", left(), when(eve, ask(func(c *SetReminder) { c.Every = "P9999Y" })), malformed("every", "9999")},

		{"not before", left(reminder(nil)), when(background, fire, clockAt(later.Add(-time.Microsecond))), then()},
		{"due", left(reminder(nil)), when(background, fire, clockAt(later)), then(fired(1, later, time.Time{}))},
		{"due, and again in a week", left(reminder(weekly)), when(background, fire, clockAt(later)), then(fired(1, later, later.Add(7*day)))},
		{"due after a downtime, once", left(reminder(weekly)), when(background, fire, clockAt(later.Add(15*day))), then(fired(1, later, later.Add(21*day)))},
		{"due after a downtime, at the very next time", left(reminder(weekly)), when(background, fire, clockAt(later.Add(14*day))), then(fired(1, later, later.Add(21*day)))},
		{"completed", left(reminder(weekly)), when(eve, complete), then(completed)},
		{"canceled", left(reminder(weekly)), when(eve, cancel), then(canceled)},
		{"completed by the owner", left(reminder(nil)), when(ann, complete), refused{code: CodeNotPermitted, scope: org, subject: ann, help: "tenure who", says: "reminder.set"}},
		{"completed twice", left(reminder(nil), completed), when(eve, complete), none},
		{"canceled after", left(reminder(nil), completed), when(eve, cancel), none},
		{"fired after", left(reminder(nil), canceled), when(background, fire, clockAt(later)), then()},
	}
	for _, every := range []string{"P0D", "1D", "P1H", "P-1D", "P1D1M", "P10000D", "P01D", "P 1D", "P1D\n"} {
		specs = append(specs, specification{"every " + every, left(), when(eve, ask(func(c *SetReminder) { c.Every = every })), malformed("every", "is no interval")})
	}
	for _, zone := range []string{"Local", "Vienna", "../UTC", "/etc/passwd", "Europe", "europe/nowhere"} {
		specs = append(specs, specification{"zone " + zone, left(), when(eve, ask(func(c *SetReminder) { c.Every, c.Zone = "P1D", zone })), malformed("zone", "is no time zone")})
	}
	specify(t, specs)
	forged(t, []forgery{
		{"fired before", left(reminder(nil)), background, together(fired(1, later, time.Time{})), 0, refused{code: CodeNotPermitted, says: "what falls due"}},
		{"fired at another time", left(reminder(nil)), background, together(fired(1, start, time.Time{})), 0, invalid("", "not when")},
		{"fired with another count", left(reminder(nil)), background, together(fired(2, later, time.Time{})), 0, invalid("", "not when")},
		{"fired once for ever", left(reminder(weekly)), background, together(fired(1, later, time.Time{})), 0, invalid("", "not when")},
		{"fired for ever, of one that does not repeat", left(reminder(nil)), background, together(fired(1, later, later.Add(day))), 0, invalid("", "not when")},
	})
	// Fired late and due again before that, it would fire without end.
	state := left(reminder(weekly)).fold(t)
	commit := following(state, background, fired(1, later, later.Add(7*day)))
	commit.DecidedAt = later.Add(8 * day)
	if Audit(state, commit) == nil {
		t.Error("a reminder is next due in the past")
	}

	// It counts on until it is completed.
	state = left(reminder(weekly)).after(t, when(background, fire, clockAt(later)), when(background, fire, clockAt(later.Add(7*day))))
	person, open, _ := state.Reminder(reminderID(1))
	if open.Fired != 2 || !open.Due.Equal(later.Add(14*day)) || !open.First.Equal(later) || !person.Deadline().Equal(open.Due) {
		t.Errorf("%+v", open)
	}
	// One that fell due once stays open, and has no deadline any more.
	state = left(reminder(nil)).after(t, when(background, fire, clockAt(later)))
	if person, open, _ := state.Reminder(reminderID(1)); open.Fired != 1 || !person.Deadline().IsZero() {
		t.Errorf("%+v", open)
	}
}

func TestRepetitions(t *testing.T) {
	in := func(zone, at string) time.Time {
		return must(time.ParseInLocation("2006-01-02 15:04", at, must(time.LoadLocation(zone))))
	}
	for _, test := range []struct {
		name, every, zone, first string
		want                     []string // in the zone
	}{
		{"clocks forward", "P1D", "Europe/Vienna", "2026-03-27 09:00", []string{"2026-03-28 09:00", "2026-03-29 09:00", "2026-03-30 09:00"}},
		{"clocks back", "P1D", "Europe/Vienna", "2026-10-23 09:00", []string{"2026-10-24 09:00", "2026-10-25 09:00", "2026-10-26 09:00"}},
		{"a time that is left out", "P1D", "Europe/Vienna", "2026-03-27 02:30", []string{"2026-03-28 02:30", "2026-03-29 03:30", "2026-03-30 02:30"}},
		{"clocks forward in the west", "P1W", "America/New_York", "2026-03-01 18:00", []string{"2026-03-08 18:00", "2026-03-15 18:00"}},
		{"month ends", "P1M", "", "2026-01-31 12:00", []string{"2026-02-28 12:00", "2026-03-31 12:00", "2026-04-30 12:00"}},
		{"month ends in a leap year", "P1M", "", "2028-01-30 12:00", []string{"2028-02-29 12:00", "2028-03-30 12:00"}},
		{"leap day", "P1Y", "", "2028-02-29 12:00", []string{"2029-02-28 12:00", "2030-02-28 12:00", "2031-02-28 12:00", "2032-02-29 12:00"}},
		{"over the new year", "P1M", "Asia/Tokyo", "2026-11-30 23:30", []string{"2026-12-30 23:30", "2027-01-30 23:30", "2027-02-28 23:30"}},
		{"thirteen months", "P13M", "", "2026-12-31 00:00", []string{"2028-01-31 00:00", "2029-02-28 00:00"}},
		// There, clocks go forward at midnight of the last day of the month.
		{"a last day without a midnight", "P1M", "Atlantic/Azores", "2030-01-31 10:00", []string{"2030-02-28 10:00", "2030-03-31 10:00", "2030-04-30 10:00"}},
		{"six centuries", "P574Y", "", "2026-01-01 12:00", []string{"2600-01-01 12:00", "3174-01-01 12:00"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			zone := test.zone
			if zone == "" {
				zone = "UTC"
			}
			r := Reminder{Every: test.every, Zone: test.zone, First: events.Time(in(zone, test.first)), Due: events.Time(in(zone, test.first))}
			for i, want := range test.want {
				// A moment later, and just before the one after it.
				for _, at := range []time.Time{r.Due, r.Due.Add(time.Hour), in(zone, want).Add(-time.Microsecond)} {
					if got := r.next(at); !got.Equal(in(zone, want)) {
						t.Fatalf("number %d asked at %s is %s, want %s", i+1, at, got.In(in(zone, want).Location()), want)
					}
				}
				r.Due = r.next(r.Due)
			}
		})
	}
}

// Found quickly or one by one, the next repetition is the same, later than the
// time at hand, and no repetition is left out.
func TestRepetitionsAreCounted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := must(time.LoadLocation(rapid.SampledFrom([]string{"UTC", "Europe/Vienna", "America/New_York", "Africa/Cairo", "Australia/Lord_Howe", "America/Sao_Paulo"}).Draw(t, "zone")))
		every := must(parseInterval(rapid.SampledFrom([]string{"P1D", "P3D", "P1W", "P1M", "P5M", "P1Y", "P4Y", "P300Y"}).Draw(t, "every")))
		first := events.Time(time.Unix(rapid.Int64Range(1.0e9, 2.5e9).Draw(t, "first"), 0))
		at := first.Add(time.Duration(rapid.Int64Range(-1e5, 1.5e8).Draw(t, "at")) * time.Second)
		want := every.occurrence(first, zone, 0)
		if !want.Equal(first) {
			t.Fatalf("the first is %s, not %s", want, first)
		}
		for n := 1; !want.After(at); n++ {
			next := every.occurrence(first, zone, n)
			if !next.After(want) {
				t.Fatalf("%s comes after %s", next, want)
			}
			want = next
		}
		if got := every.after(first, zone, at); !got.Equal(want) {
			t.Fatal(cmp.Diff(want, got))
		}
	})
}
