package aggregate

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tenure/events"
	"tenure/rolemodel"
)

// differ tells the difference, and quickly that there is none.
func differ(a, b any) string {
	if reflect.DeepEqual(a, b) {
		return ""
	}
	return cmp.Diff(a, b)
}

// person is one of many.
func person(i int) events.PrincipalID {
	return events.PrincipalID(fmt.Sprintf("01J0000000000000000P%06d", i))
}

// world is what random histories are about: few names, so that they meet.
type world struct {
	model  *rolemodel.Model
	before history
	people []events.PrincipalID
	scopes []events.ScopeID
	roles  []events.RoleID
	keys   []events.CredentialID
}

var worlds = []world{
	{
		github, given(acmeFounded, joined(ben), joined(cat), created(sig, org), created(sub, sig)), []events.PrincipalID{ann, ben, cat, dan, nix},
		[]events.ScopeID{org, sig, sub, leaf, side}, []events.RoleID{"admin", "member", "maintainer"},
		[]events.CredentialID{keyID(1), keyID(2), keyID(3)},
	},
	{
		works, given(worksFounded, hired(ben, "manager"), hired(cat, "worker"), created(north, company), created(desk, north)), []events.PrincipalID{ann, ben, cat, dan, nix},
		[]events.ScopeID{company, north, inner, south, desk, vault},
		[]events.RoleID{"owner", "manager", "worker", "auditor", "head", "hand", "keeper", "guest"},
		[]events.CredentialID{keyID(1), keyID(2), keyID(3)},
	},
	{
		fabasoft, house(registered(eve), created(crm, org), opened(board, crm)), []events.PrincipalID{ann, ben, cat, dan, eve, nix, background},
		[]events.ScopeID{org, crm, board, lab},
		[]events.RoleID{"owner", "co_owner", "payment_user", "administrator", "compliance_manager", "member", "manager", "background_tasks"},
		[]events.CredentialID{keyID(1), keyID(2), keyID(3)},
	},
	{
		manor, manorOf(fellow(cat), registered(eve), edition("full"), routed(oak, "oak.example"), together(started(cat, oak), granted(cat, "head", oak))),
		[]events.PrincipalID{ann, ben, cat, dan, eve, nix}, []events.ScopeID{manorHall, oak, elm, chess, circle, paper1},
		[]events.RoleID{"master", "fellow", "viewer", "steward", "head", "porter", "elder", "editor"},
		[]events.CredentialID{keyID(1), keyID(2), keyID(3)},
	},
	{
		guild, lodge(porter, runner), []events.PrincipalID{ann, ben, cat, dan, nix},
		[]events.ScopeID{hall, north1, deep, page, smiths}, []events.RoleID{"warden", "steward", "member", "lead", "scribe"},
		[]events.CredentialID{keyID(1), keyID(2), keyID(3)},
	},
	{
		bureau, bureauFounded(staffed(ben, north), staffed(cat, north), granted(ben, "head", north), client(bot), granted(bot, "integration", org), managed(cat, ben)),
		[]events.PrincipalID{ann, ben, cat, dan, nix, bot, cog},
		[]events.ScopeID{org, north, south, desk}, []events.RoleID{"owner", "registrar", "integration", "reader", "head", "hand", "visitor", "user"},
		[]events.CredentialID{keyID(1), keyID(2), keyID(3)},
	},
	{
		atelier, given(atelierFounded, resident(ben), visitor(cat), resident(dan), team(alpha, atelierHouse, ben), team(gamma, atelierHouse, dan), memberOf(dan, alpha)),
		[]events.PrincipalID{ann, ben, cat, dan, eve, nix},
		[]events.ScopeID{atelierHouse, wing, alpha, beta, gamma, chalk},
		[]events.RoleID{"owner", "lead", "speaker", "reader", "writer", "critic", "patron", "friend", "pupil", "keeper", "visitor", "scribe", "resident"},
		[]events.CredentialID{keyID(1), keyID(2), keyID(3)},
	},
}

// attributes picks what some attributes of a scope could be.
func (w *world) attributes(d draw, scope events.ScopeID) map[events.AttributeID]string {
	picked := map[events.AttributeID]string{}
	kind, _ := w.model.Kind(scope.Kind())
	if kind == nil {
		return picked
	}
	for _, attribute := range kind.Attributes {
		if d(3) == 0 {
			picked[events.AttributeID(attribute.ID)] = pick(d, attribute.Values)
		}
	}
	if d(30) == 0 {
		picked["none"] = "nothing"
	}
	return picked
}

// life is a random command about scopes beyond creating and moving them.
func (w *world) life(d draw, scope, other events.ScopeID, who events.PrincipalID) Command {
	switch d(6) {
	case 0, 1:
		return MergeScope{Scope: scope, Into: pick(d, w.scopes)}
	case 2:
		return ArchiveScope{Scope: scope, Restore: d(3) > 0}
	case 3:
		return SetAttributes{Scope: scope, Attributes: w.attributes(d, scope)}
	case 4:
		command := CreateScope{Scope: scope, Parent: other, Attributes: w.attributes(d, scope)}
		for range d(3) {
			command.Members = append(command.Members, pick(d, w.people))
		}
		if d(2) == 0 {
			command.Creator = who
		}
		return command
	default:
		var command ImportScopes
		for i := range d(4) {
			row := ImportedScope{CreateScope{Scope: pick(d, w.scopes), Parent: pick(d, w.scopes), Attributes: w.attributes(d, scope)}, fmt.Sprint("line ", i)}
			if d(2) == 0 {
				row.Creator = pick(d, w.people)
			}
			command.Scopes = append(command.Scopes, row)
		}
		return command
	}
}

// lifeEvent is any event about scopes beyond creating and moving them.
func (w *world) lifeEvent(d draw, scope, other events.ScopeID, cause events.Cause) events.Event {
	switch d(4) {
	case 0:
		return events.ScopeMerged{Scope: scope, Into: other}
	case 1:
		return pick(d, []events.Event{events.ScopeArchived{Scope: scope}, events.ScopeRestored{Scope: scope}})
	default:
		attributes := w.attributes(d, scope)
		if len(attributes) == 0 {
			return events.ScopeRenamed{Scope: scope, Cause: cause}
		}
		id := pick(d, sortedKeys(attributes))
		return events.AttributeSet{Scope: scope, Attribute: id, Value: attributes[id], Cause: cause}
	}
}

// draw is a source of choices: rapid's, or a plain one.
type draw func(n int) int

func pick[T any](d draw, list []T) T { return list[d(len(list))] }

// prefer picks one that suits, if one of the first few does.
func prefer[T any](d draw, list []T, suits func(T) bool) T {
	picked := pick(d, list)
	for range 3 {
		if suits(picked) {
			break
		}
		picked = pick(d, list)
	}
	return picked
}

// roleOn picks a role, mostly one that there is on the scope.
func (w *world) roleOn(d draw, scope events.ScopeID) events.RoleID {
	var fitting []events.RoleID
	for _, role := range w.model.Roles {
		if role.Kind == scope.Kind() {
			fitting = append(fitting, events.RoleID(role.Name))
		}
	}
	fitting = append(fitting, w.custom()...)
	if len(fitting) == 0 || d(10) == 0 {
		return pick(d, w.roles)
	}
	return pick(d, fitting)
}

// fits says whether a scope may stand below another by their kinds.
func (w *world) fits(scope, parent events.ScopeID) bool {
	kind, _ := w.model.Kind(scope.Kind())
	above, _ := w.model.Kind(parent.Kind())
	return kind != nil && above != nil && kind.MayStandUnder(above)
}

func (w *world) command(d draw, s State) Command {
	known := func(who events.PrincipalID) bool { _, known := s.Person(who); return known }
	there := func(scope events.ScopeID) bool { _, there := s.Scope(scope); return there }
	kind := d(14)
	who := prefer(d, w.people, func(who events.PrincipalID) bool { return known(who) == (kind != 0) })
	scope := prefer(d, w.scopes, func(scope events.ScopeID) bool { return there(scope) == (kind != 10) })
	other := prefer(d, w.scopes, func(other events.ScopeID) bool { return there(other) && w.fits(scope, other) })
	if d(2) == 0 {
		return w.matter(d, s, who, scope)
	}
	if len(w.custom()) > 0 && d(2) == 0 {
		return w.term(d, scope)
	}
	if d(4) == 0 {
		return w.staff(d, who, scope)
	}
	if d(3) == 0 {
		return w.life(d, scope, other, who)
	}
	switch kind {
	case 0:
		return RegisterPerson{Subject: who, Login: events.Sealed("login")}
	case 1:
		return UpdatePerson{Subject: who, FullName: events.Sealed("name"), Cleared: []string{"login"}}
	case 2, 3:
		return StartMembership{Subject: who, Scope: scope, Kind: w.memberKind(d, scope)}
	case 4:
		return SuspendMembership{Subject: who, Scope: scope}
	case 5:
		return pick(d, []Command{ResumeMembership{Subject: who, Scope: scope}, ChangeMemberKind{Subject: who, Scope: scope, Kind: w.memberKind(d, scope)}})
	case 6:
		return TerminateMembership{Subject: who, Scope: scope}
	case 7, 8:
		return GrantRole{Subject: who, Role: w.roleOn(d, scope), Scope: scope}
	case 9:
		return RevokeRole{Subject: who, Role: w.roleOn(d, scope), Scope: scope}
	case 10:
		return CreateScope{Scope: scope, Parent: other}
	case 11:
		return pick(d, []Command{MoveScope{Scope: scope, Parent: other}, RenameScope{Scope: scope, Title: events.Sealed("title")}})
	case 12:
		return DeleteScope{Scope: scope}
	default:
		key := d(len(w.keys)) + 1
		return pick(d, []Command{IssueCredential{Subject: who, Credential: keyID(key), Hash: hash(key), Prefix: "tenure_"}, RevokeCredential{Credential: keyID(key)}})
	}
}

func (w *world) change(d draw, s State) Import {
	var command Import
	for _, scope := range w.scopes[1:] {
		switch _, exists := s.Scope(scope); d(8) {
		case 0, 1:
			command.Scopes = append(command.Scopes, ScopeOutcome{Scope: scope, Exists: true, Parent: prefer(d, w.scopes, func(parent events.ScopeID) bool { return w.fits(scope, parent) }), Anew: exists && d(3) == 0})
		case 2:
			command.Scopes = append(command.Scopes, ScopeOutcome{Scope: scope})
		}
	}
	said := map[position]bool{}
	for range d(6) {
		scope := prefer(d, w.scopes, func(scope events.ScopeID) bool { _, there := s.Scope(scope); return there })
		who := prefer(d, w.people, func(who events.PrincipalID) bool { _, known := s.Person(who); return known })
		outcome := RoleOutcome{Subject: who, Role: w.roleOn(d, scope), Scope: scope, Held: d(3) > 0}
		role, _ := w.model.Role(scope.Kind(), string(outcome.Role))
		if at := (position{outcome.Subject, role, scope}); !said[at] {
			said[at] = true
			command.Roles = append(command.Roles, outcome)
		}
	}
	for _, who := range w.people {
		if _, known := s.Person(who); !known && d(4) == 0 {
			command.People = append(command.People, RegisterPerson{Subject: who})
		}
	}
	return command
}

// attempt is a random command by a random actor; some are the operator's, who
// gets things going.
func (w *world) attempt(d draw, s State) attempt {
	a := attempt{actor: pick(d, w.people), command: w.command(d, s)}
	switch d(6) {
	case 0, 1:
		a.actor = events.Operator
		if d(4) > 0 {
			a.with = append(a.with, because("correction"))
		}
	case 2:
		a.actor = ann
	case 3:
		a.actor, a.command = events.Importer, w.change(d, s)
		if d(2) == 0 {
			a.with = append(a.with, effective(s.Effective.Add(time.Duration(d(6)-1)*time.Second)))
		}
	}
	if alone, is := actorOf(s, a.command); is && d(4) > 0 {
		a.actor = alone
	}
	if d(3) == 0 {
		a.with = append(a.with, clockAt(s.Effective.Add(pick(d, []time.Duration{-time.Hour, time.Microsecond, time.Hour, day, 6 * day}))))
	}
	if d(10) == 0 {
		a.with = append(a.with, onBehalfOf(pick(d, w.people)))
	}
	if d(5) == 0 {
		a.with = append(a.with, idempotent(hash(d(250)), hash(d(250))))
	}
	return a
}

// trial is a history in the making: all that is decided is stored, read, audited
// and folded.
type trial struct {
	*world
	state   State
	history []events.Record
}

// begin does what was before in the world.
func (x *trial) begin(t rapid.TB, d draw) {
	for _, list := range x.before {
		commit := following(x.state, events.Operator, list...)
		if commit.BreakGlass = x.state.Founded(); commit.BreakGlass {
			commit.Reason = "correction"
		}
		x.store(t, d, commit)
	}
}

func (x *trial) store(t rapid.TB, d draw, commit events.Commit) {
	data, err := events.Encode(commit)
	if err != nil {
		t.Fatalf("the commit cannot be written: %v", err)
	}
	read, err := events.Decode(data)
	if err != nil {
		t.Fatalf("the commit cannot be read: %v", err)
	}
	if again, err := events.Encode(read); err != nil || !bytes.Equal(data, again) {
		t.Fatalf("read and written again it differs: %v", err)
	}
	if refusals := Audit(x.state, read); refusals != nil {
		t.Fatalf("the stored commit fails its audit: %v", refusals)
	}
	record := events.Record{Commit: read, Revision: x.state.Revision + events.Revision(1+d(3))}
	live := events.Record{Commit: commit, Revision: record.Revision}
	next, err := x.state.Apply(live)
	if err != nil {
		t.Fatalf("the commit cannot be folded: %v", err)
	}
	if x.state.Founded() {
		if faults := offended(x.state.Snapshot(), next.Snapshot(), x.model, read); faults != nil {
			t.Fatalf("%v\nafter %+v", faults, read)
		}
	}
	x.history = append(x.history, record)
	x.state = next
}

// attempt decides a random command twice, and stores what comes of it. It says
// whether something did.
func (x *trial) attempt(t rapid.TB, d draw) bool {
	before := x.state.Snapshot()
	wanted := x.world.attempt(d, x.state)
	commit, err := wanted.decide(x.state)
	again, errAgain := wanted.decide(x.state)
	if diff := differ(before, x.state.Snapshot()); diff != "" {
		t.Fatalf("Decide changed the state it was given:\n%s", diff)
	}
	if diff := differ([]any{commit, err}, []any{again, errAgain}); diff != "" {
		t.Fatalf("Decide does not give the same twice:\n%s", diff)
	}
	if err != nil {
		refusals, are := err.(Refusals)
		if !are || len(refusals) == 0 {
			t.Fatalf("%T is no refusal: %v", err, err)
		}
		for _, refused := range refusals {
			_, imports := wanted.command.(Import)
			// What Decide proposes is complete, and follows on the state.
			if refused.Code == "" || refused.Message == "" || refused.Code == CodeHistory || refused.Code == CodeUnfounded && !imports {
				t.Fatalf("%s (%+v) is refused with %+v", wanted.actor, wanted.command, refused)
			}
		}
		return false
	}
	if len(commit.Events) == 0 && len(commit.KeyHash) == 0 {
		return false
	}
	x.store(t, d, commit)
	return true
}

// sound demands that nothing is broken.
func (x *trial) sound(t rapid.TB, d draw) {
	last := x.history[len(x.history)-1]
	if faults := broken(x.state.Snapshot(), x.model); faults != nil {
		t.Fatalf("%v\nafter %+v", faults, last)
	}
	if fault := misjudged(x.state); fault != "" {
		t.Fatalf("%s\nafter %+v", fault, last)
	}
	if fault := stuck(x.state, x.state.Effective.Add(time.Duration(d(30))*day)); fault != "" {
		t.Fatal(fault)
	}
}

// refold demands that the history folded from zero is the same state.
func (x *trial) refold(t rapid.TB) {
	var folded State
	for _, record := range x.history {
		var err error
		if folded, err = folded.Apply(record); err != nil {
			t.Fatal(err)
		}
	}
	if diff := differ(x.state.Snapshot(), folded.Snapshot()); diff != "" {
		t.Fatalf("live and folded from zero differ:\n%s", diff)
	}
}

// Random histories by random actors never break an invariant, and what is
// decided is what is stored, read, audited and folded.
func TestRandomHistories(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "") })
		x := &trial{world: &worlds[d(len(worlds))]}
		x.begin(t, d)
		t.Repeat(map[string]func(*rapid.T){
			"decide": func(t *rapid.T) { x.attempt(t, d) },
			"":       func(t *rapid.T) { x.sound(t, d) },
		})
		x.refold(t)
	})
}

// stuck finds a person for whom what is due cannot be done, or is not over
// afterwards; it says so, or nothing.
func stuck(s State, at time.Time) string {
	for _, person := range s.Principals() {
		deadline := person.Deadline()
		commit, err := when(events.Background, FireDeadlines{person.ID}, clockAt(at)).decide(s)
		if err != nil {
			return fmt.Sprintf("what is due of %s is refused: %v", person.ID, err)
		}
		if isDue := !deadline.IsZero() && !deadline.After(at); isDue != (len(commit.Events) > 0) {
			return fmt.Sprintf("%s is due at %s, and at %s this happens: %v", person.ID, deadline, at, commit.Events)
		}
		next, err := s.Apply(events.Record{Commit: commit, Revision: s.Revision + 1})
		if err != nil {
			return err.Error()
		}
		if then, _ := next.Person(person.ID); !then.Deadline().IsZero() && !then.Deadline().After(at) {
			return fmt.Sprintf("%s is due at %s still", person.ID, then.Deadline())
		}
	}
	return ""
}

// event is any event about the world's names, with any cause.
func (w *world) event(d draw, s State) events.Event {
	who, scope, other := pick(d, w.people), pick(d, w.scopes), pick(d, w.scopes)
	cause := events.Cause("")
	if d(2) == 0 {
		cause = pick(d, events.Causes)
	}
	if d(50) == 0 {
		who = ""
	}
	if d(50) == 0 {
		scope = ""
	}
	if d(2) == 0 && s.Model != nil {
		return w.matterEvent(d, s, who, scope, cause)
	}
	if len(w.custom()) > 0 && d(2) == 0 {
		return w.termEvent(d, s, scope, cause)
	}
	if d(4) == 0 {
		return w.staffEvent(d, s, who, cause)
	}
	if d(6) == 0 {
		return w.lifeEvent(d, scope, other, cause)
	}
	switch d(17) {
	case 0:
		return pick(d, append(founding(w.model, acme), nil))
	case 1:
		return events.PersonRegistered{Subject: who}
	case 2:
		return events.PersonUpdated{Subject: who, Name: events.Sealed("name")}
	case 3:
		return events.CredentialIssued{Subject: who, Credential: pick(d, w.keys), Hash: hash(d(3)), Prefix: "tenure_"}
	case 4:
		return events.CredentialRevoked{Subject: who, Credential: pick(d, w.keys), Cause: cause}
	case 5:
		return events.MembershipStarted{Subject: who, Scope: scope, MemberKind: w.memberKind(d, scope), Cause: cause}
	case 6:
		return events.MembershipSuspended{Subject: who, Scope: scope}
	case 7:
		return pick(d, []events.Event{events.MembershipResumed{Subject: who, Scope: scope}, events.MembershipKindChanged{Subject: who, Scope: scope, MemberKind: w.memberKind(d, scope)}})
	case 8, 9:
		return events.MembershipTerminated{Subject: who, Scope: scope, Cause: cause}
	case 10:
		return events.RoleGranted{Subject: who, Role: w.roleOn(d, scope), Scope: scope, Cause: cause}
	case 11, 12:
		return events.RoleRevoked{Subject: who, Role: w.roleOn(d, scope), Scope: scope, Cause: cause}
	case 13:
		return events.ScopeCreated{Scope: scope, Parent: other, Cause: cause}
	case 14:
		return events.ScopeRenamed{Scope: scope, Title: events.Sealed("title"), Cause: cause}
	case 15:
		return events.ScopeMoved{Scope: scope, Parent: other, Cause: cause}
	default:
		return events.ScopeDeleted{Scope: scope, Cause: cause}
	}
}

// walk is a commit of up to length events, most of which are possible where
// they stand, so that only authority and cause are in their way.
func (w *world) walk(d draw, s State, actor events.PrincipalID, length int) events.Commit {
	commit := following(s, actor)
	if actor == events.Operator && d(2) == 0 {
		commit.BreakGlass, commit.Reason = true, "emergency"
	}
	if d(3) == 0 {
		commit.DecidedAt = commit.DecidedAt.Add(time.Duration(d(15)) * day)
	}
	at := s
	at.Org = acme
	for range 40 * length {
		event := w.event(d, at)
		if admissible(at, &commit, event) != nil {
			if d(200) == 0 {
				commit.Events = append(commit.Events, event)
			}
			continue
		}
		next, err := at.evolve(event, commit.ID, Stamp{Revision: s.Revision + 1}, "")
		if err != nil {
			continue
		}
		at = next
		if commit.Events = append(commit.Events, event); len(commit.Events) >= length {
			break
		}
	}
	return commit
}

// settled is a random state that commands led to.
func (w *world) settled(t testing.TB, d draw, commands int) State {
	state := w.before.fold(t)
	for range commands {
		if commit, err := w.attempt(d, state).decide(state); err == nil && len(commit.Events) > 0 {
			next, err := state.Apply(events.Record{Commit: commit, Revision: state.Revision + 1})
			if err != nil {
				t.Fatal(err)
			}
			state = next
		}
	}
	return state
}

// Whatever events in whatever order are forged into a commit: Audit does not
// panic, and what it lets through breaks no invariant.
func TestAuditOfRandomEvents(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	d := draw(random.IntN)
	let, kept := 0, 0
	for range 60 {
		w := &worlds[d(len(worlds))]
		state := w.settled(t, d, 60)
		if d(10) == 0 {
			state = State{}
		}
		for range 150 {
			commit := w.walk(d, state, pick(d, append(w.people, events.Operator, events.Importer, events.Background)), 1+d(4))
			if Audit(state, commit) != nil {
				kept++
				continue
			}
			let++
			next := stored(t, state, commit)
			if faults := broken(next.Snapshot(), w.model); faults != nil {
				t.Fatalf("%v\nafter %+v", faults, commit)
			}
		}
	}
	t.Logf("%d commits were let through, %d refused", let, kept)
	if let < 100 || kept < 1000 {
		t.Error("the random commits show nothing: too many of a kind")
	}
}

// Who may do nothing but give up what is theirs brings nothing else about, by
// no sequence of events and causes.
func TestNobodyUsurps(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	d := draw(random.IntN)
	// cat holds default roles alone, which allow no act and grant no role.
	states := []State{
		given(acmeFounded, joined(cat), promoted(ben), joined(dan), teams, granted(ben, "maintainer", sub), granted(cat, "member", sub), issued(cat, 1)).fold(t),
		given(worksFounded, departments, hired(cat, "worker"), hired(ben, "manager"), hired(dan, "worker"), placed(ben, north, "head"), placed(cat, north, "hand"),
			granted(dan, "guest", desk), issued(ben, 1)).fold(t),
		given(houseFounded, joined(ben), joined(cat), joined(dan), created(crm, org), opened(board, crm), granted(ben, "co_owner", org), until(start.Add(9*day), granted(dan, "administrator", org)),
			granted(cat, "user", crm), until(start.Add(20*day), granted(cat, "member", board)), marked(ben, mainOwner), registered(eve), invited1(eve, "co_owner"), issued(ben, 1)).fold(t),
		rerouted(events.InvitationSent{Scope: elm}, edition("full"), registered(cat), startedAs("user", cat, chess), granted(cat, "viewer", paper1), granted(cat, "viewer", paper2)).fold(t),
		lodge(porter, runner, granted(ben, "porter", hall), started(cat, north1), started(cat, smiths), carried(smiths, "guild.desk"), kept("team", "lead", "team.read", "group"), asked(dan, "porter", hall, 1)).fold(t),
		bureauFounded(staffed(ben, north), staffed(cat, north), staffed(dan), granted(ben, "head", north), client(bot), granted(bot, "integration", org), client(cog),
			issued(bot, 1), issued(cat, 2), managed(cat, ben), managed(dan, cat)).fold(t),
		given(atelierFounded, registered(cat), resident(ben), resident(dan), team(alpha, atelierHouse, ben), team(gamma, atelierHouse, dan), memberOf(cat, alpha), memberOf(cat, gamma),
			created(chalk, alpha), granted(cat, "keeper", chalk), granted(cat, "friend", gamma), created(wing, atelierHouse)).fold(t),
	}
	let := 0
	for range 20000 {
		i := d(len(states))
		w, state := &worlds[i], states[i]
		about := *w
		if d(2) == 0 { // dwell on oneself
			about.people = []events.PrincipalID{cat}
		}
		if d(2) == 0 { // and on one place
			about.scopes = []events.ScopeID{pick(d, w.scopes)}
		}
		commit := about.walk(d, state, cat, 1+d(6))
		if Audit(state, commit) != nil {
			continue
		}
		let++
		next, err := state.Apply(events.Record{Commit: commit, Revision: state.Revision + 1})
		if err != nil {
			t.Fatal(err)
		}
		if faults := usurped(state.Snapshot(), next.Snapshot(), w.model, cat); faults != nil {
			t.Fatalf("%v\nafter %+v", faults, commit.Events)
		}
	}
	t.Logf("%d commits were let through", let)
	if let < 20 {
		t.Error("the random commits show nothing: hardly any was let through")
	}
}

// Who holds a role for a time holds it no longer than that by what they do
// themselves, in whatever number of commits.
func TestNobodyProlongsTheirOwn(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	d := draw(random.IntN)
	end := start.Add(5 * day)
	// eve may do what a co-owner may, and is no member, so that she can be
	// invited.
	before := house(registered(eve), until(end, granted(eve, "co_owner", org)), created(crm, org), opened(board, crm)).fold(t)
	sent, comes := invited1(eve, "co_owner").(events.InvitationSent), events.CauseInvitation
	some := func() []events.Event {
		at := pick(d, []time.Time{{}, end, end.Add(-day), end.Add(day)})
		sent.Expires = start.Add(30 * day)
		if d(8) == 0 {
			return together(events.InvitationAccepted{Invitation: sent.Invitation, Subject: eve}, started(eve, org, comes), granted(eve, "co_owner", org, comes), granted(eve, "member", org, byDefault))
		}
		return []events.Event{pick(d, []events.Event{
			revoked(eve, "co_owner", org), revoked(eve, "co_owner", org, pick(d, events.Causes)),
			until(at, granted(eve, "co_owner", org)), until(at, granted(eve, "co_owner", org, pick(d, events.Causes))), limited(eve, "co_owner", at),
			granted(eve, "administrator", org), granted(dan, "co_owner", org), granted(eve, "member", org, byDefault),
			sent, events.InvitationResent{Invitation: sent.Invitation, Subject: eve, Expires: sent.Expires, TokenHash: hash(3)}, events.InvitationAccepted{Invitation: sent.Invitation, Subject: eve},
			withdrawn(eve), started(eve, org), started(eve, org, comes), granted(eve, "co_owner", org, comes), terminated(eve, org),
			transferred(ann, eve), transferred(eve, dan),
		})}
	}
	let := 0
	for range 3000 {
		state := before
		for range 10 {
			commit := following(state, eve)
			for range 1 + d(3) {
				commit.Events = append(commit.Events, some()...)
			}
			if Audit(state, commit) != nil {
				continue
			}
			let++
			next, err := state.Apply(events.Record{Commit: commit, Revision: state.Revision + 1})
			if err != nil {
				t.Fatal(err)
			}
			state = next
			person, _ := state.Person(eve)
			role, _ := state.Model.Role("organization", "co_owner")
			if g, holds := person.Grant(role, org); holds && (g.Until.IsZero() || g.Until.After(end)) {
				t.Fatalf("co-owner until %s, not %s, after %+v", g.Until, end, commit.Events)
			}
		}
	}
	t.Logf("%d commits were let through", let)
	if let < 300 {
		t.Error("the random commits show nothing: hardly any was let through")
	}
}

// Equal content is an equal snapshot and an equal decision, by whatever way
// the state came to be.
func TestSnapshotsAreCanonical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		grants := [][]events.Event{joined(ben), joined(cat), {created(side, org)}, {created(sig, org)}}
		roles := []events.Event{granted(ben, "member", sig), granted(ben, "member", side), granted(cat, "maintainer", sig), issued(ben, 1), issued(ben, 2)}
		fold := func(first []int, second []int) State {
			var commit []events.Event
			for _, i := range first {
				commit = append(commit, grants[i]...)
			}
			for _, i := range second {
				commit = append(commit, roles[i])
			}
			var state State
			for _, list := range [][]events.Event{acmeFounded, commit} {
				next, err := state.Apply(events.Record{Commit: following(state, events.Operator, list...), Revision: state.Revision + 1})
				if err != nil {
					t.Fatal(err)
				}
				state = next
			}
			return state
		}
		orderly := fold([]int{0, 1, 2, 3}, []int{0, 1, 2, 3, 4})
		other := fold(rapid.Permutation([]int{0, 1, 2, 3}).Draw(t, "first"), rapid.Permutation([]int{0, 1, 2, 3, 4}).Draw(t, "second"))
		if diff := differ(orderly.Snapshot(), other.Snapshot()); diff != "" {
			t.Fatal(diff)
		}
		for _, wanted := range []attempt{when(ann, TerminateMembership{Subject: ben, Scope: org}), when(ann, DeleteScope{Scope: sig})} {
			one, two := must(wanted.decide(orderly)), must(wanted.decide(other))
			if !slices.Equal(one.Events, two.Events) {
				t.Fatalf("decided %v and %v", one.Events, two.Events)
			}
		}
	})
}
