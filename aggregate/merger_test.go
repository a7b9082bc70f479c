package aggregate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tenure/events"
)

const comesOver = events.CauseMerge

func merged(scope, into events.ScopeID) events.Event {
	return events.ScopeMerged{Scope: scope, Into: into}
}

// twoTeams are alpha, which ben owns, with beta and a board in it, and gamma,
// which cat owns. Dan lives in the house, and eve is a guest there.
var twoTeams = []any{atelierFounded, resident(ben), resident(cat), resident(dan), visitor(eve),
	team(alpha, atelierHouse, ben), team(beta, alpha, ben), created(chalk, alpha), team(gamma, atelierHouse, cat)}

func teamsWith(parts ...any) history { return given(slices.Concat(twoTeams, parts)...) }

// alphaMerged is the whole merger of alpha into gamma, as they are.
func alphaMerged() []events.Event {
	gone := events.CauseScopeDeleted
	return []events.Event{
		merged(alpha, gamma),
		started(ben, gamma, comesOver),
		granted(ben, "lead", gamma, comesOver),
		moved(chalk, gamma, comesOver), moved(beta, gamma, comesOver),
		revoked(ben, "owner", alpha, gone), revoked(ben, "lead", alpha, gone), revoked(ben, "reader", alpha, gone),
		terminated(ben, alpha, gone),
		deleted(alpha, comesOver),
		granted(ben, "reader", gamma, events.CauseDefault),
	}
}

func TestMergeScope(t *testing.T) {
	const delta events.ScopeID = "team:delta"
	merge := MergeScope{Scope: alpha, Into: gamma}
	specify(t, []specification{
		{"members, roles and what lies below come over, and the owner stays the one", teamsWith(), when(ann, merge), then(alphaMerged()...)},
		{"M08: not with the permission on the one alone", teamsWith(), when(ben, merge),
			refused{code: CodeNotPermitted, rule: "S07", scope: gamma, subject: ben, help: "tenure who --role owner", says: "scope.merge"}},
		{"M08: nor with that on the other", teamsWith(), when(cat, merge),
			refused{code: CodeNotPermitted, rule: "S07", scope: alpha, subject: cat, help: "tenure who --role owner", says: "scope.merge"}},
		{"not into itself", teamsWith(), when(ann, MergeScope{Scope: alpha, Into: alpha}),
			refused{code: CodeStructure, scope: alpha, says: "cannot be merged into itself"}},
		{"not into what it stands below", teamsWith(), when(ann, MergeScope{Scope: beta, Into: alpha}),
			refused{code: CodeStructure, scope: beta, says: "stands below the other"}},
		{"nor into what stands below it", teamsWith(), when(ann, MergeScope{Scope: alpha, Into: beta}),
			refused{code: CodeStructure, scope: alpha, says: "stands below the other"}},
		{"not with another kind", teamsWith(), when(ann, MergeScope{Scope: chalk, Into: gamma}),
			refused{code: CodeStructure, scope: chalk, says: "only scopes of one kind"}},
		{"M08: not a project with a group", teamsWith(together(team(delta, atelierHouse, cat)[:1], set(delta, "type", "group", events.CauseCreated), team(delta, atelierHouse, cat)[1:])), when(events.Operator, MergeScope{Scope: alpha, Into: delta}, because("reorganization")),
			refused{code: CodeStructure, scope: alpha, says: "Type of team:alpha is project, that of team:delta is group"}},
		{"not the organization", teamsWith(), when(ann, MergeScope{Scope: atelierHouse, Into: gamma}),
			refused{code: CodeStructure, scope: atelierHouse, says: "organization itself"}},
		{"nor into it", teamsWith(), when(ann, MergeScope{Scope: alpha, Into: atelierHouse}),
			refused{code: CodeStructure, scope: alpha, says: "organization itself"}},
		{"not what is not there", teamsWith(), when(ann, MergeScope{Scope: "team:none", Into: gamma}),
			refused{code: CodeUnknown, help: "tenure scope list", says: "no scope team:none"}},
		{"nor into that", teamsWith(), when(ann, MergeScope{Scope: alpha, Into: "team:none"}),
			refused{code: CodeUnknown, help: "tenure scope list", says: "no scope team:none"}},
		{"not out of the archive", teamsWith(created(wing, atelierHouse), moved(alpha, wing), events.ScopeArchived{Scope: alpha}), when(ann, merge), archived(alpha, alpha)},
		{"nor into it", teamsWith(events.ScopeArchived{Scope: gamma}), when(ann, merge), archived(gamma, gamma)},
		{"the operator merges for a reason", teamsWith(), when(events.Operator, merge),
			refused{code: CodeBreakGlass, field: "reason", help: "--reason", says: "break-glass"}},
		{"and then does", teamsWith(), when(events.Operator, merge, because("reorganization")), then(alphaMerged()...).underBreakGlass()},
		{"kinds without members merge as well", teamsWith(created("board:slate", gamma), granted(dan, "visitor", "board:slate")),
			when(events.Operator, MergeScope{Scope: "board:slate", Into: chalk}, because("reorganization")),
			then(merged("board:slate", chalk), granted(dan, "visitor", chalk, comesOver), revoked(dan, "visitor", "board:slate", events.CauseScopeDeleted), deleted("board:slate", comesOver)).underBreakGlass()},
	})
}

// here says in short what is held on a scope and what stands below it.
func here(s State, on events.ScopeID) []string {
	names := map[events.PrincipalID]string{ann: "ann", ben: "ben", cat: "cat", dan: "dan", eve: "eve"}
	scope, exists := s.Scope(on)
	if !exists {
		return []string{"nothing"}
	}
	var list []string
	for _, subject := range scope.Members() {
		person, _ := s.Person(subject)
		m, _ := person.Membership(on)
		word := names[subject] + " member"
		if m.MemberKind != "" {
			word = names[subject] + " " + string(m.MemberKind)
		}
		if !m.Active {
			word += " suspended"
		}
		list = append(list, word)
	}
	for _, h := range scope.holders {
		for _, subject := range sorted(h.people) {
			person, _ := s.Person(subject)
			g, _ := person.Grant(h.role, on)
			word := names[subject] + " " + h.role.Name
			if !g.Until.IsZero() {
				word += " until " + g.Until.Format("Jan 2")
			}
			list = append(list, word)
		}
	}
	for _, marked := range scope.designated {
		list = append(list, names[marked.Subject]+" is "+marked.Designation.Name)
	}
	for _, child := range scope.Children() {
		list = append(list, string(child))
	}
	return list
}

// What comes over, and what does not.
func TestWhatAMergerBrings(t *testing.T) {
	byDefault := events.CauseDefault
	as := func(who events.PrincipalID, role events.RoleID, on events.ScopeID) []events.Event {
		return []events.Event{started(who, on), granted(who, role, on)}
	}
	usual := []string{"ben member", "cat member", "cat owner", "ben lead", "cat lead", "ben reader", "cat reader", "board:chalk", "team:beta"}
	for _, c := range []struct {
		name  string
		given []any
		has   []string // besides the usual
		also  map[events.ScopeID][]string
	}{
		{"nothing but the usual", nil, nil, map[events.ScopeID][]string{alpha: {"nothing"}}},
		{"a guest as a guest", []any{together(guest(eve, alpha), granted(eve, "reader", alpha, byDefault))}, []string{"eve guest", "eve reader"}, nil},
		{"a member of both as on the other", []any{together(guest(eve, alpha), granted(eve, "reader", alpha, byDefault)), memberOf(eve, gamma)}, []string{"eve member", "eve reader"}, nil},
		{"a role for a time for that time", []any{together(started(dan, alpha), until(start.Add(9*day), granted(dan, "writer", alpha)))}, []string{"dan member", "dan writer until Jan 10"}, nil},
		{"a role that is held there too with its time there",
			[]any{as(dan, "writer", alpha), together(started(dan, gamma), until(start.Add(9*day), granted(dan, "writer", gamma)))}, []string{"dan member", "dan writer until Jan 10"}, nil},
		{"a role in the place of the default", []any{as(dan, "writer", alpha), memberOf(dan, gamma)}, []string{"dan member", "dan writer"}, nil},
		{"no role in the place of an alternative", []any{as(dan, "writer", alpha), as(dan, "critic", gamma)}, []string{"dan member", "dan critic"}, nil},
		{"a bounded role that nobody has", []any{together(memberOf(dan, alpha), granted(dan, "speaker", alpha))}, []string{"dan member", "dan reader", "dan speaker"}, nil},
		{"no bounded role that somebody has", []any{together(memberOf(dan, alpha), granted(dan, "speaker", alpha)), granted(cat, "speaker", gamma)}, []string{"dan member", "dan reader", "cat speaker"}, nil},
		{"roles of those who are members above", []any{granted(dan, "patron", alpha)}, []string{"dan patron"}, nil},
		{"roles of those who need be no members", []any{granted(dan, "friend", alpha)}, []string{"dan friend"}, nil},
		{"a user's role not to a guest there", []any{together(guest(dan, gamma), granted(dan, "reader", gamma, byDefault)), together(memberOf(dan, alpha), granted(dan, "lead", alpha))},
			[]string{"dan guest", "dan reader"}, nil},
		{"nothing of who is suspended",
			[]any{together(memberOf(dan, alpha), granted(dan, "lead", alpha)), granted(dan, "keeper", chalk), granted(dan, "visitor", chalk), suspended(dan, alpha)}, nil,
			map[events.ScopeID][]string{chalk: {"dan visitor"}}},
		{"nothing more of who is suspended and active there",
			[]any{together(memberOf(dan, alpha), granted(dan, "lead", alpha)), granted(dan, "keeper", chalk), suspended(dan, alpha), memberOf(dan, gamma)}, []string{"dan member", "dan reader"},
			map[events.ScopeID][]string{chalk: nil}},
		{"what rests above of who is suspended", []any{together(memberOf(dan, alpha), granted(dan, "patron", alpha)), suspended(dan, alpha)}, []string{"dan patron"}, nil},
		{"and who is suspended there stays so", []any{together(memberOf(dan, alpha), granted(dan, "lead", alpha)), granted(dan, "keeper", chalk), memberOf(dan, gamma), suspended(dan, gamma)},
			[]string{"dan member suspended", "dan reader", "dan lead"}, map[events.ScopeID][]string{chalk: {"dan keeper"}}},
		{"who is suspended in the house comes along", []any{together(memberOf(dan, alpha), granted(dan, "lead", alpha)), suspended(dan, atelierHouse)},
			[]string{"dan member", "dan reader", "dan lead"}, nil},
		{"roles below rest on the other membership", []any{granted(ben, "keeper", chalk)}, nil, map[events.ScopeID][]string{chalk: {"ben keeper"}}},
		{"no mark", []any{events.DesignationSet{Subject: ben, Designation: "face", Scope: alpha}}, nil, nil},
		{"the mark there stays", []any{events.DesignationSet{Subject: ben, Designation: "face", Scope: alpha}, events.DesignationSet{Subject: cat, Designation: "face", Scope: gamma}},
			[]string{"cat is face"}, nil},
		{"what was bounded is so still", []any{together(memberOf(dan, alpha), granted(dan, "pupil", alpha))}, []string{"dan member", "dan reader", "dan pupil"}, nil},
		{"what is in the archive below", []any{events.ScopeArchived{Scope: beta}}, nil, nil},
		{"an invitation there is over for who comes over",
			[]any{events.InvitationSent{Subject: ben, Invitation: inviteID(1), Scope: gamma, Role: "lead", Expires: start.Add(20 * day), TokenHash: hash(1)}}, nil, nil},
		{"an invitation to the one is over",
			[]any{events.InvitationSent{Subject: dan, Invitation: inviteID(1), Scope: alpha, Expires: start.Add(20 * day), TokenHash: hash(1)}}, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			state := teamsWith(c.given...).fold(t)
			commit, err := when(ann, MergeScope{Scope: alpha, Into: gamma}).decide(state)
			if err != nil {
				t.Fatal(err)
			}
			after := stored(t, state, commit)
			want, got := slices.Concat(usual, c.has), here(after, gamma)
			slices.Sort(want)
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("on the scope that remains (-want +got):\n%s", diff)
			}
			for on, want := range c.also {
				if diff := cmp.Diff(want, here(after, on)); diff != "" {
					t.Errorf("on %s (-want +got):\n%s", on, diff)
				}
			}
			if faults := broken(after.Snapshot(), atelier); faults != nil {
				t.Error(strings.Join(faults, "\n"))
			}
			if into, _ := after.Scope(gamma); into.Changed.Actor != ann || into.Changed.Revision != after.Revision { // X03
				t.Errorf("changed last by %+v", into.Changed)
			}
		})
	}
}

// Elsewhere alternatives are held at once; one of them comes over.
func TestMergerOfImportedAlternatives(t *testing.T) {
	imported := events.CauseImport
	state := teamsWith().fold(t)
	history := following(state, events.Importer, started(dan, alpha, imported), granted(dan, "writer", alpha, imported), granted(dan, "critic", alpha, imported))
	history.Command = Import{}.Name()
	state = stored(t, state, history)
	after := stored(t, state, must(when(ann, MergeScope{Scope: alpha, Into: gamma}).decide(state)))
	want := []string{"ben member", "cat member", "dan member", "cat owner", "ben lead", "cat lead", "ben reader", "cat reader", "dan writer", "board:chalk", "team:beta"}
	if diff := cmp.Diff(want, here(after, gamma)); diff != "" {
		t.Errorf("on the scope that remains (-want +got):\n%s", diff)
	}
}

func TestMergersAreAudited(t *testing.T) {
	gone, byDefault := events.CauseScopeDeleted, events.CauseDefault
	whole := alphaMerged()
	state := teamsWith().fold(t)
	if refusals := Audit(state, following(state, ann, whole...)); refusals != nil {
		t.Fatalf("the whole merger is refused: %v", refusals)
	}
	// without is the merger without some of its events, among is it with others
	// before the i-th.
	without := func(indexes ...int) []events.Event {
		var list []events.Event
		for i, e := range whole {
			if !slices.Contains(indexes, i) {
				list = append(list, e)
			}
		}
		return list
	}
	among := func(i int, others ...events.Event) []events.Event { return slices.Concat(whole[:i], others, whole[i:]) }
	unfounded := refused{code: CodeUnfounded, says: `"merge"`}
	with := func(parts ...any) history { return teamsWith(parts...) }
	forged(t, []forgery{
		{"a scope that stays", with(), ann, without(5, 6, 7, 8, 9), 0, refused{code: CodeUnfounded, scope: alpha, says: "is there afterwards"}},
		{"a member who is left behind", with(memberOf(dan, alpha)), ann,
			together(whole[:8], revoked(dan, "reader", alpha, gone), whole[8], terminated(dan, alpha, gone), whole[9:]), 0,
			refused{code: CodeUnfounded, scope: alpha, subject: dan, says: "becomes one of team:gamma"}},
		{"a role that is left behind", with(), ann, without(2), 0,
			refused{code: CodeUnfounded, rule: "S09", role: "team.lead", scope: alpha, subject: ben, says: "is not so on team:gamma afterwards"}},
		{"a bound that is left behind", with(together(memberOf(dan, alpha), granted(dan, "pupil", alpha))), ann,
			together(whole[:2], started(dan, gamma, comesOver), whole[2:8], revoked(dan, "reader", alpha, gone), revoked(dan, "pupil", alpha, gone), whole[8],
				terminated(dan, alpha, gone), whole[9:], granted(dan, "reader", gamma, byDefault)), 0,
			refused{code: CodeUnfounded, rule: "S10", role: "team.pupil", scope: alpha, subject: dan, says: "is not so on team:gamma afterwards"}},
		{"no merger", with(), ann, whole[1:], 0, unfounded},
		{"a merger that comes later", with(), ann, slices.Concat(whole[1:5], whole[:1], whole[5:]), 0, unfounded},
		{"a merger into another scope", with(team("team:delta", atelierHouse, dan)), ann, slices.Concat([]events.Event{merged(alpha, "team:delta")}, whole[1:]), 1, unfounded},
		{"two mergers", with(team("team:delta", atelierHouse, dan)), ann, among(1, merged(alpha, "team:delta")), 1,
			refused{code: CodeUnfounded, scope: alpha, says: "into another scope before"}},
		{"twice the same", with(), ann, among(1, merged(alpha, gamma)), 1, refused{code: CodeUnfounded, scope: alpha, says: "into another scope before"}},
		{"by whoever may on one of them alone", with(), ben, whole, 0, refused{code: CodeNotPermitted, rule: "S07", scope: gamma, subject: ben, help: "tenure who --role owner", says: "scope.merge"}},
		{"by an importer", with(), events.Importer, whole, 0, refused{code: CodeNotPermitted, says: "imported"}},
		{"by the background user", with(), events.Background, whole, 0, refused{code: CodeNotPermitted, says: "background user"}},
		{"of scopes that the commit makes", with(), ann, together(team("team:new", atelierHouse, ann), merged("team:new", gamma)), 5,
			refused{code: CodeNotPermitted, scope: "team:new", says: "created by this very commit"}},

		{"somebody who is no member", with(), ann, among(2, started(dan, gamma, comesOver), granted(dan, "reader", gamma, byDefault)), 2, unfounded},
		{"a guest as a user", with(together(guest(eve, alpha), granted(eve, "reader", alpha, byDefault))), ann, among(2, started(eve, gamma, comesOver)), 2, unfounded},
		{"who is suspended", with(memberOf(dan, alpha), suspended(dan, alpha)), ann, among(2, started(dan, gamma, comesOver)), 2, unfounded},
		{"a role that is not held", with(), ann, among(3, granted(ben, "writer", gamma, comesOver)), 3, unfounded},
		{"a role of somebody else", with(memberOf(dan, gamma)), ann, among(3, granted(dan, "lead", gamma, comesOver)), 3, unfounded},
		{"the owner's role", with(), ann, among(3, granted(ben, "owner", gamma, comesOver)), 3, unfounded},
		{"the default role", with(), ann, among(2, granted(ben, "reader", gamma, comesOver)), 2, unfounded},
		{"a role for longer", with(together(memberOf(dan, alpha), until(start.Add(9*day), granted(dan, "lead", alpha)))), ann,
			among(3, started(dan, gamma, comesOver), granted(dan, "lead", gamma, comesOver)), 4, unfounded},
		{"a role of who is suspended", with(together(memberOf(dan, alpha), granted(dan, "lead", alpha)), suspended(dan, alpha), memberOf(dan, gamma)), ann,
			among(3, granted(dan, "lead", gamma, comesOver)), 3, unfounded},
		{"a role beside an alternative", with(together(started(dan, alpha), granted(dan, "writer", alpha)), together(started(dan, gamma), granted(dan, "critic", gamma))), ann,
			among(3, granted(dan, "writer", gamma, comesOver)), 3, unfounded},
		{"a bounded role that somebody has", with(together(memberOf(dan, alpha), granted(dan, "speaker", alpha)), granted(cat, "speaker", gamma)), ann,
			among(3, started(dan, gamma, comesOver), granted(dan, "speaker", gamma, comesOver)), 4, unfounded},
		{"a scope from elsewhere", with(created("board:slate", beta)), ann, among(5, moved("board:slate", gamma, comesOver)), 5, unfounded},
		{"a scope to elsewhere", with(created("board:slate", alpha)), ann, among(3, moved("board:slate", beta, comesOver)), 3, unfounded},
		{"what lies below, while somebody there is suspended", with(memberOf(dan, alpha), suspended(dan, alpha)), ann, whole, 3, unfounded},
		{"the end of a membership that counts", with(memberOf(dan, alpha)), ann,
			among(3, revoked(dan, "reader", alpha, events.CauseTermination), terminated(dan, alpha, comesOver)), 4, unfounded},
		{"the end of another membership", with(memberOf(dan, gamma), suspended(dan, gamma)), ann,
			among(3, revoked(dan, "reader", gamma, events.CauseTermination), terminated(dan, gamma, comesOver)), 4, unfounded},
		{"the end of another scope", with(), ann, among(3, deleted(chalk, comesOver)), 3, unfounded},
		{"an invitation of somebody else", with(events.InvitationSent{Subject: dan, Invitation: inviteID(1), Scope: gamma, Expires: start.Add(20 * day), TokenHash: hash(1)}), ann,
			among(1, events.InvitationWithdrawn{Subject: dan, Invitation: inviteID(1), Cause: comesOver}), 1, unfounded},
		{"a new title out of it", with(), ann, among(1, events.ScopeRenamed{Scope: gamma, Cause: comesOver}), 1, unfounded},
		{"a new scope out of it", with(), ann, among(1, created("team:new", gamma, comesOver)), 1, unfounded},
		{"a mark out of it", with(), ann, among(1, set(gamma, "sight", "open", comesOver)), 1, unfounded},
		{"a revocation out of it", with(memberOf(dan, gamma), granted(dan, "friend", gamma)), ann, among(1, revoked(dan, "friend", gamma, comesOver)), 1, unfounded},
		{"a replacement by it that is none", with(together(started(dan, gamma), granted(dan, "critic", gamma))), cat,
			together(granted(dan, "writer", gamma, comesOver), revoked(dan, "critic", gamma, events.CauseReplaced)), 0, unfounded},
		{"another one of the name afterwards", with(), ann, together(whole, team(alpha, atelierHouse, ann)), 0, refused{code: CodeUnfounded, scope: alpha, says: "is there afterwards"}},
	})
}

// Whatever is done to the commit of a merger but to decide something else in it:
// what it lets through gives nobody more than they had on the scope that ends.
func TestNobodyGainsByAMerger(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	d := draw(random.IntN)
	w := &worlds[len(worlds)-1]
	// The operator gets many into the teams.
	crowd := func() State {
		state := w.before.fold(t)
		for range 40 {
			on, who := pick(d, []events.ScopeID{alpha, gamma, gamma, chalk, beta}), pick(d, []events.PrincipalID{ann, ben, cat, dan, eve})
			commit, err := when(events.Operator, pick(d, []Command{
				RegisterPerson{Subject: eve}, StartMembership{Subject: who, Scope: on, Kind: w.memberKind(d, on)}, SuspendMembership{Subject: who, Scope: on},
				GrantRole{Subject: who, Role: w.roleOn(d, on), Scope: on, Until: pick(d, []time.Time{{}, {}, start.Add(9 * day)})},
				CreateScope{Scope: beta, Parent: alpha, Creator: who}, CreateScope{Scope: chalk, Parent: alpha}, SuspendMembership{Subject: who, Scope: atelierHouse},
				SendInvitation{Invitation: inviteID(1 + d(4)), Subject: who, Scope: on, Expires: start.Add(20 * day), TokenHash: hash(1)},
			}), because("correction")).decide(state)
			if err == nil && len(commit.Events) > 0 {
				state = stored(t, state, commit)
			}
		}
		return state
	}
	whole, let := 0, 0
	for range 150 {
		state := crowd()
		commit, err := when(ann, MergeScope{Scope: alpha, Into: gamma}).decide(state)
		if err != nil {
			// Ann is suspended, or a guest there stands in the way of a role below.
			if code := err.(Refusals)[0].Code; code != CodeNotPermitted && code != CodeNotMember {
				t.Fatalf("the merger is refused: %v", err)
			}
			continue
		}
		whole++
		check := func(commit events.Commit) {
			next := stored(t, state, commit)
			if faults := slices.Concat(broken(next.Snapshot(), atelier), gained(state, next)); faults != nil {
				t.Fatalf("%v\nafter %+v", faults, commit.Events)
			}
		}
		check(commit)
		for range 60 {
			list := slices.Clone(commit.Events)
			for range 1 + d(2) {
				i := d(len(list))
				if d(2) == 0 {
					list = slices.Delete(list, i, i+1)
					continue
				}
				event := w.event(d, state)
				for event == nil || event.Concern().Cause == "" {
					event = w.event(d, state)
				}
				list = slices.Insert(list, i, event)
			}
			forged := following(state, ann, list...)
			if Audit(state, forged) == nil {
				let++
				check(forged)
			}
		}
	}
	t.Logf("%d mergers, %d others were let through", whole, let)
	if whole < 50 || let < 20 {
		t.Error("the random commits show nothing: hardly any was let through")
	}
}

// gained finds what somebody has after alpha was merged into gamma that they
// neither had there nor on alpha. Empty means nothing.
func gained(before, after State) (faults []string) {
	for _, then := range after.Snapshot().Persons {
		person, _ := before.Person(then.ID)
		counts := func(on events.ScopeID) bool { m, _ := person.Membership(on); return m.Active }
		for _, m := range then.Memberships {
			had, was := person.Membership(m.Scope)
			from, _ := person.Membership(alpha)
			switch {
			case was && had.Active == m.Active && had.MemberKind == m.MemberKind:
			case m.Scope == gamma && from.Active && from.MemberKind == m.MemberKind:
			case m.Scope == atelierHouse && m.MemberKind == "guest" && from.Active && from.MemberKind == "guest":
			default:
				faults = append(faults, fmt.Sprintf("%s has come to %+v", then.ID, m))
			}
		}
		for _, g := range then.Grants {
			role, _ := after.role(g.Role, g.Scope)
			held, did := person.Grant(role, g.Scope)
			from, had := person.Grant(role, alpha)
			switch {
			case did && held.Until.Equal(g.Until) && (role.Membership != "team" || g.Scope.Kind() == "team" || counts(alpha) || counts(gamma) && before.Under(g.Scope, gamma) || before.Under(g.Scope, beta)):
			case role.Default:
			case g.Scope == gamma && had && from.Until.Equal(g.Until) && (role.Membership != "team" || counts(alpha)):
			default:
				faults = append(faults, fmt.Sprintf("%s has come to %+v", then.ID, g))
			}
		}
	}
	return faults
}
