package aggregate

import (
	"testing"
	"time"

	"tenure/events"
)

func TestRequest(t *testing.T) {
	register := RegisterPerson{Subject: cat}
	known := then(registered(cat))
	specify(t, []specification{
		{
			"with a reason and a ticket",
			given(acmeFounded),
			when(ann, register, because("joined"), ticket("OPS-1234")),
			known,
		},
		{
			"a reason is one of the codes",
			given(acmeFounded),
			when(ann, register, because("because")),
			refused{code: CodeInvalid, field: "reason", says: `"because" is no reason code; use requested`},
		},
		{
			"a ticket holds no names",
			given(acmeFounded),
			when(ann, register, ticket("ask Ben")),
			refused{code: CodeInvalid, field: "ticket", says: "1 to 32 letters"},
		},
		{
			"told before what is wrong with the command",
			given(acmeFounded),
			when(ann, GrantRole{Subject: nix, Role: "nothing", Scope: "team:none"}, ticket("ask Ben")),
			refused{code: CodeInvalid, field: "ticket", says: "1 to 32 letters"},
		},
		{
			"a note about the person whom it registers",
			given(acmeFounded),
			when(ann, register, note(cat)),
			known,
		},
		{
			"a note about the person, whatever follows",
			given(acmeFounded, joined(ben), teams, granted(ben, "member", sig)),
			when(ann, TerminateMembership{Subject: ben, Scope: org}, note(ben)),
			then(revoked(ben, "member", org, events.CauseTermination), revoked(ben, "member", sig, events.CauseTermination), terminated(ben, org)),
		},
		{
			"not about another person",
			given(acmeFounded, joined(ben)),
			when(ann, register, note(ben)),
			refused{code: CodeInvalid, field: "note", subject: ben, says: "does not concern " + string(ben) + " alone"},
		},
		{
			"not about one of several",
			given(acmeFounded, joined(ben), joined(cat), teams, granted(ben, "member", sig), granted(cat, "member", sig)),
			when(ann, DeleteScope{Scope: sig}, note(ben)),
			refused{code: CodeInvalid, field: "note", subject: ben, says: "alone"},
		},
		{
			"not where nobody is concerned",
			given(acmeFounded, joined(ben), teams),
			when(ann, MoveScope{Scope: sub, Parent: side}, note(ben)),
			refused{code: CodeInvalid, field: "note", subject: ben, says: "alone"},
		},
		{
			"not about nobody",
			given(acmeFounded),
			when(ann, register, note("")),
			refused{code: CodeInvalid, field: "note", says: "under the key of the one person"},
		},
		{
			"not about a stranger",
			given(acmeFounded, joined(ben)),
			when(ann, GrantRole{Subject: ben, Role: "member", Scope: org}, note(nix), idempotent(hash(1), hash(2))),
			refused{code: CodeInvalid, field: "note", subject: nix, says: "alone"},
		},
		{
			"on behalf of nobody where the model has no such thing",
			given(acmeFounded, joined(ben)),
			when(ann, register, onBehalfOf(ben)),
			refused{code: CodeNotPermitted, scope: org, subject: ann, field: "on_behalf_of", says: "behalf.act"},
		},
		{
			"on behalf of nobody else",
			given(acmeFounded),
			when(ann, register, onBehalfOf(nix)),
			refused{code: CodeUnknown, field: "on_behalf_of", says: string(nix)},
		},
		{
			"a commit has an id",
			given(acmeFounded),
			when(ann, register, withID("commit-7")),
			refused{code: CodeInvalid, field: "id", says: "commit-7"},
		},
		{
			"only imported history has a time of its own",
			given(acmeFounded),
			when(ann, register, effective(start.Add(time.Second))),
			refused{code: CodeInvalid, field: "effective_at", says: "Only imported history"},
		},
		{
			"a clock that is behind is taken to show the last commit's time",
			given(acmeFounded, joined(ben)),
			when(ann, register, clockAt(start.Add(-time.Hour))),
			known,
		},
		{
			"an idempotency key is remembered even if nothing changes",
			given(acmeFounded, joined(ben)),
			when(ann, StartMembership{Subject: ben, Scope: org}, idempotent(hash(1), hash(2))),
			then(),
		},
		{
			"a stranger leaves no trace by that",
			given(acmeFounded, joined(ben)),
			when(nix, StartMembership{Subject: ben, Scope: org}, idempotent(hash(1), hash(2))),
			refused{code: CodeNotPermitted, says: "not known in acme"},
		},
		{
			"a key is kept as its hash",
			given(acmeFounded),
			when(ann, register, idempotent([]byte("my key"), hash(2))),
			refused{code: CodeInvalid, field: "idempotency_key", says: "SHA-256"},
		},
		{
			"with that of its request",
			given(acmeFounded),
			when(ann, register, idempotent(hash(1), nil)),
			refused{code: CodeInvalid, field: "idempotency_key", says: "SHA-256"},
		},
	})
}

// A command that changes nothing gives a commit to remember its idempotency
// key by, and that key is taken once.
func TestRemembered(t *testing.T) {
	state := given(acmeFounded, joined(ben)).fold(t)
	nothing := when(ann, StartMembership{Subject: ben, Scope: org}, idempotent(hash(1), hash(2)))
	commit, err := nothing.decide(state)
	if err != nil {
		t.Fatal(err)
	}
	next := stored(t, state, commit)
	got, found := next.Remembered(hash(1))
	if want := (Remembered{RequestDigest: hash(2), Commit: commit.ID, Number: 3, Revision: 9}); !found || string(got.RequestDigest) != string(want.RequestDigest) || got.Commit != want.Commit || got.Number != want.Number || got.Revision != want.Revision {
		t.Errorf("remembered %+v, want %+v", got, want)
	}
	if _, found := next.Remembered(nil); found {
		t.Error("no key is remembered as one")
	}
	_, err = nothing.decide(next)
	refused{code: CodeExists, field: "idempotency_key", says: string(commit.ID)}.check(t, events.Commit{}, err)
}

func TestDecidedAt(t *testing.T) {
	state := given(acmeFounded, joined(ben)).fold(t)
	for at, want := range map[time.Time]time.Time{
		start.Add(-time.Hour): state.Effective,
		start.Add(time.Hour + 1500*time.Nanosecond).In(time.FixedZone("", 3600)): start.Add(time.Hour + time.Microsecond),
	} {
		commit, err := when(ann, RegisterPerson{Subject: cat}, clockAt(at)).decide(state)
		if err != nil || commit.DecidedAt != want || !commit.EffectiveAt.IsZero() {
			t.Errorf("at %s it is decided at %s (%v), want %s", at, commit.DecidedAt, err, want)
		}
	}
}

func TestEnvelopeIsAudited(t *testing.T) {
	state := given(acmeFounded, joined(ben), registered(dan)).fold(t)
	for _, test := range []struct {
		name  string
		alter func(*events.Commit)
		want  refused
	}{
		{"number skipped", func(c *events.Commit) { c.Number++ }, refused{code: CodeHistory, says: "stands at number 3"}},
		{"number repeated", func(c *events.Commit) { c.Number-- }, refused{code: CodeHistory, says: "stands at number 3"}},
		{"another predecessor", func(c *events.Commit) { c.Prev-- }, refused{code: CodeHistory, says: "revision 9"}},
		{"another organization", func(c *events.Commit) { c.Org = "other" }, refused{code: CodeInvalid, field: "org", says: "other"}},
		{"no organization", func(c *events.Commit) { c.Org = "" }, refused{code: CodeInvalid, field: "org", says: "no handle"}},
		{"no command", func(c *events.Commit) { c.Command = "" }, refused{code: CodeInvalid, field: "command", says: "noun.verb"}},
		{"a command that tells stories", func(c *events.Commit) { c.Command = "ben asked for it" }, refused{code: CodeInvalid, field: "command", says: "noun.verb"}},
		{"no time", func(c *events.Commit) { c.DecidedAt = time.Time{} }, refused{code: CodeInvalid, field: "decided_at", says: "when"}},
		{"before the last commit", func(c *events.Commit) { c.DecidedAt = state.Effective.Add(-1) }, refused{code: CodeTimeOrder, field: "time", says: "in order"}},
		{"break-glass of a person", func(c *events.Commit) { c.BreakGlass, c.Reason = true, "emergency" }, refused{code: CodeInvalid, field: "reason", says: "operator's alone"}},
		{"break-glass without a reason", func(c *events.Commit) { c.BreakGlass, c.Actor = true, events.Operator }, refused{code: CodeInvalid, field: "reason", says: "with a reason"}},
		{"nothing for nothing", func(c *events.Commit) { c.Events = nil }, refused{code: CodeInvalid, says: "remember an idempotency key"}},
		{"a note's person without a note", func(c *events.Commit) { c.NoteAbout = cat }, refused{code: CodeInvalid, field: "note", says: "one person"}},
		{"too large", func(c *events.Commit) { c.Events = make(events.Events, MaxEvents+1) }, refused{code: CodeTooLarge, says: "at most 10000"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			commit := following(state, ann, registered(cat))
			if refusals := Audit(state, commit); refusals != nil {
				t.Fatalf("refused before it is altered: %v", refusals)
			}
			test.alter(&commit)
			refusals := Audit(state, commit)
			if len(refusals) != 1 || refusals[0].Event != -1 {
				t.Fatalf("refused with %+v", refusals)
			}
			test.want.compare(t, refusals[0])
		})
	}
}

// A commit holds MaxEvents and no more.
func TestCommitSize(t *testing.T) {
	state := given(acmeFounded, teams).fold(t)
	importing := func(count int) attempt {
		var command Import
		for i := range count {
			command.People = append(command.People, RegisterPerson{Subject: person(i)})
		}
		return when(events.Importer, command)
	}
	commit, err := importing(MaxEvents).decide(state)
	if err != nil || len(commit.Events) != MaxEvents {
		t.Errorf("%d events: %v", len(commit.Events), err)
	}
	_, err = importing(MaxEvents + 1).decide(state)
	refused{code: CodeTooLarge, says: "10001 events, and a commit holds at most 10000; do it in several commands"}.check(t, commit, err)
}
