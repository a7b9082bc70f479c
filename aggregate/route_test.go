package aggregate

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tenure/events"
)

func routed(on events.ScopeID, domains ...string) events.Event {
	return events.AddressesRouted{Scope: on, Domains: domains}
}

func TestRouteAddresses(t *testing.T) {
	route := func(domains ...string) RouteAddresses { return RouteAddresses{Scope: oak, Domains: domains} }
	invalid := func(says string) refused {
		return refused{code: CodeInvalid, scope: oak, field: "domains", says: says}
	}
	var many []string
	for i := range maxDomains + 1 {
		many = append(many, fmt.Sprintf("d%03d.example", i))
	}
	headed := manorOf(started(ben, oak), granted(ben, "head", oak))
	long := strings.Repeat("a123456789.", 23) + "example"
	specify(t, []specification{
		{"M05: by the head", headed, when(ben, route("oak.example")), then(routed(oak, "oak.example"))},
		{"in order, each once", headed, when(ben, route("z.example", "a.example", "z.example")), then(routed(oak, "a.example", "z.example"))},
		{"the same again", headed.and(routed(oak, "a.example", "b.example")), when(ben, route("b.example", "a.example")), then()},
		{"others", headed.and(routed(oak, "a.example", "b.example")), when(ben, route("b.example", "c.example")), then(routed(oak, "b.example", "c.example"))},
		{"none any more", headed.and(routed(oak, "a.example")), when(ben, route()), then(routed(oak))},
		{"none, again", headed, when(ben, route()), then()},
		{"as many as there may be", headed, when(ben, route(many[1:]...)), then(routed(oak, many[1:]...))},
		{"too many", headed, when(ben, route(many...)), invalid("at most 100")},
		{"of the guild itself", headed, when(events.Operator, RouteAddresses{Scope: manorHall, Domains: []string{"a.example"}}, because("requested")), then(routed(manorHall, "a.example")).underBreakGlass()},
		{"where there are no members", headed, when(ann, RouteAddresses{Scope: paper1, Domains: []string{"a.example"}}), refused{code: CodeStructure, scope: paper1, says: "has no members"}},
		{"nowhere", headed, when(ann, RouteAddresses{Scope: "house:none", Domains: []string{"a.example"}}), refused{code: CodeUnknown, help: "tenure scope list", says: "no scope"}},
		{"not by the head of another house", headed, when(ben, RouteAddresses{Scope: elm, Domains: []string{"a.example"}}),
			refused{code: CodeNotPermitted, rule: "K05", scope: elm, subject: ben, help: "tenure who", says: "addresses.route"}},
		{"to one scope only", headed.and(routed(elm, "a.example", "b.example")), when(ben, route("b.example")),
			refused{code: CodeExists, scope: oak, field: "domains", help: "tenure route list --org acme", says: "b.example are rerouted to house:elm already"}},
		{"which has let go of it", headed.and(routed(elm, "a.example", "b.example"), routed(elm, "a.example")), when(ben, route("b.example")), then(routed(oak, "b.example"))},
		{"which is gone", headed.and(routed(elm, "a.example"), deleted(elm)), when(ben, route("a.example")), then(routed(oak, "a.example"))},
		{"into an archive", headed.and(routed(oak, "a.example"), events.ScopeArchived{Scope: oak}), when(ben, route("a.example", "b.example")),
			refused{code: CodeArchived, scope: oak, help: "tenure scope restore", says: "in the archive"}},
		{"no more into an archive", headed.and(routed(oak, "a.example"), events.ScopeArchived{Scope: oak}), when(ben, route()), then(routed(oak))},
		{"a name of one word", headed, when(ben, route("localhost")), invalid(`"localhost" is no domain`)},
		{"a long label", headed, when(ben, route(strings.Repeat("a", 64)+".example")), invalid("is no domain")},
		{"a long name", headed, when(ben, route(long)), invalid("is no domain")},
	})
	for _, domain := range []string{"", ".", "a..b", ".example.org", "example.org.", "Example.org", "exa mple.org", "user@example.org", "*.example.org", "-a.example", "a-.example",
		"bücher.example", "127.0.0.1", "[::1]", "a_b.example", "example.org\n", "example.org\x00", "a.1", "http://example.org", "example.org/", strings.Repeat("a.", 5000)} {
		t.Run(domain, func(t *testing.T) {
			commit, err := when(ben, route(domain)).decide(headed.fold(t))
			invalid("is no domain").check(t, commit, err)
		})
	}
	forged(t, []forgery{
		{"out of order", headed, ben, together(routed(oak, "b.example", "a.example")), 0, invalid("and a.example is not")},
		{"twice", headed, ben, together(routed(oak, "a.example", "a.example")), 0, invalid("and a.example is not")},
		{"the same", headed.and(routed(oak, "a.example")), ben, together(routed(oak, "a.example")), 0,
			refused{code: CodeExists, scope: oak, field: "domains", says: "rerouted to house:oak already"}},
		{"nowhere", headed, ben, together(routed("")), 0, refused{code: CodeUnknown, says: "no scope"}},
		{"of a scope that comes on the way", headed, ann, together(created("house:new", manorHall), routed("house:new", "a.example")), 1,
			refused{code: CodeNotPermitted, scope: "house:new", says: "created by this very commit"}},
		{"two scopes at once", manorOf(), ann, together(routed(oak, "a.example"), routed(elm, "a.example")), 1,
			refused{code: CodeExists, scope: elm, field: "domains", help: "tenure route list", says: "house:oak already"}},
		{"by the importer", manorOf(), events.Importer, together(routed(oak, "a.example")), 0, refused{code: CodeNotPermitted, says: "by its cause"}},
	})

	state := headed.and(routed(oak, "a.example", "c.example"), routed(elm, "b.example")).fold(t)
	for domain, want := range map[string]events.ScopeID{"a.example": oak, "b.example": elm, "c.example": oak, "d.example": "", "": "", "x.a.example": ""} {
		if on, is := state.Route(domain); on != want || is != (want != "") {
			t.Errorf("%s is rerouted to %q", domain, on)
		}
	}
	archived := headed.and(routed(oak, "a.example"), events.ScopeArchived{Scope: oak}).fold(t)
	if on, is := archived.Route("a.example"); is {
		t.Errorf("into the archive: %s", on)
	}
	if on, is := (State{}).Route("a.example"); is {
		t.Error(on)
	}
}

// paper3 is a paper of the house oak.
const paper3 events.ScopeID = "paper:three"

// Eve is invited, by ann, and it is rerouted to the house oak, whose head is ben
// and whose porter is dan, who is no member of anything.
func rerouted(invitation events.InvitationSent, parts ...any) history {
	invitation.Invitation, invitation.Subject, invitation.Route = inviteID(1), eve, oak
	invitation.Expires, invitation.TokenHash = later, hash(1)
	return manorOf(started(ben, oak), granted(ben, "head", oak), routed(oak, "oak.example"), registered(eve), registered(dan), granted(dan, "porter", oak), created(paper3, oak), invitation).and(parts...)
}

func TestRerouted(t *testing.T) {
	byInvitation, byDefault, joined := events.CauseInvitation, events.CauseDefault, events.CauseJoined
	toOak := events.InvitationSent{Scope: oak, MemberKind: "guest"}
	send := SendInvitation{Invitation: inviteID(1), Subject: eve, Scope: oak, Route: oak, Kind: "guest", Expires: later, TokenHash: hash(1)}
	sent := events.InvitationSent{Invitation: inviteID(1), Subject: eve, Scope: oak, Route: oak, MemberKind: "guest", Expires: later, TokenHash: hash(1)}
	accept, decline := AcceptInvitation{Invitation: inviteID(1)}, DeclineInvitation{inviteID(1)}
	accepted, declined := events.InvitationAccepted{Invitation: inviteID(1), Subject: eve}, events.InvitationDeclined{Invitation: inviteID(1), Subject: eve}
	keyed := AcceptInvitation{Invitation: inviteID(1), Key: &IssueCredential{Subject: eve, Credential: keyID(1), Hash: hash(1), Prefix: "tenure_abc"}}
	comes := together(accepted, startedAs("guest", eve, manorHall, joined), startedAs("guest", eve, oak, byInvitation), granted(eve, "fellow", manorHall, byDefault))
	notTheirs := func(who events.PrincipalID) refused {
		return refused{code: CodeNotPermitted, rule: "K05", scope: oak, subject: who, help: "tenure who", says: "(invitation.answer) on house:oak: that takes head on house:oak, porter on house:oak or master"}
	}
	elsewhere := func(to string) refused {
		return refused{code: CodeNotPermitted, rule: "K05", scope: oak, subject: eve, says: "is to " + to + ", and not to house:oak or below"}
	}
	open := manorOf(registered(eve), routed(oak, "oak.example"))
	specify(t, []specification{
		{"sent", open, when(ann, send), then(sent)},
		{"sent to where nothing is rerouted", manorOf(registered(eve)), when(ann, send), refused{code: CodeInvalid, scope: oak, subject: eve, says: "No addresses are rerouted to house:oak"}},
		{"sent to nowhere", open.and(together(deleted(circle, events.CauseScopeDeleted), deleted(chess, events.CauseScopeDeleted), deleted(oak))), when(ann, SendInvitation{Invitation: inviteID(1), Subject: eve, Scope: elm, Route: oak, Expires: later, TokenHash: hash(1)}),
			refused{code: CodeInvalid, scope: elm, subject: eve, says: "No addresses are rerouted"}},
		{"sent to the archive", open.and(events.ScopeArchived{Scope: oak}), when(ann, SendInvitation{Invitation: inviteID(1), Subject: eve, Scope: elm, Route: oak, Expires: later, TokenHash: hash(1)}),
			refused{code: CodeArchived, scope: oak, help: "tenure scope restore", says: "in the archive"}},

		{"M05: accepted by the head", rerouted(toOak), when(ben, accept), then(comes...)},
		{"M05: accepted by the porter", rerouted(toOak), when(dan, accept), then(comes...)},
		{"M05: accepted by the one invited", rerouted(toOak), when(eve, accept), then(comes...)},
		{"M05: declined by the head", rerouted(toOak), when(ben, decline), then(declined)},
		{"M05: declined by the one invited", rerouted(toOak), when(eve, decline), then(declined)},
		{"M10: not by the head of another house", rerouted(toOak, registered(cat), granted(cat, "porter", elm)), when(cat, accept), notTheirs(cat)},
		{"M10: not by them declined", rerouted(toOak, registered(cat), granted(cat, "porter", elm)), when(cat, decline), notTheirs(cat)},
		{"not by somebody", rerouted(toOak, fellow(cat)), when(cat, accept), notTheirs(cat)},
		{"not by a porter who is one no more", rerouted(toOak, revoked(dan, "porter", oak)), when(dan, accept), notTheirs(dan)},
		{"not what is not rerouted", manorOf(registered(eve), started(ben, oak), granted(ben, "head", oak), routed(oak, "oak.example"),
			events.InvitationSent{Invitation: inviteID(1), Subject: eve, Scope: oak, Expires: later, TokenHash: hash(1)}), when(ben, accept),
			refused{code: CodeNotPermitted, subject: eve, says: "Only the one who is invited"}},
		{"also when the domain is no longer rerouted", rerouted(toOak, routed(oak)), when(ben, accept), then(comes...)},
		{"M05: to the guild, and so to the house", rerouted(events.InvitationSent{Scope: manorHall}), when(ben, accept),
			then(accepted, started(eve, manorHall, byInvitation), startedAs("user", eve, oak, byInvitation), granted(eve, "fellow", manorHall, byDefault))},
		{"M05: as a guest", rerouted(events.InvitationSent{Scope: manorHall, MemberKind: "guest"}), when(dan, accept),
			then(accepted, startedAs("guest", eve, manorHall, byInvitation), startedAs("guest", eve, oak, byInvitation), granted(eve, "fellow", manorHall, byDefault))},
		{"not to the house by one's own answer", rerouted(events.InvitationSent{Scope: manorHall}), when(eve, accept),
			then(accepted, started(eve, manorHall, byInvitation), granted(eve, "fellow", manorHall, byDefault))},
		{"nor under break-glass", rerouted(events.InvitationSent{Scope: manorHall}), when(events.Operator, accept, because("requested")),
			then(accepted, started(eve, manorHall, byInvitation), granted(eve, "fellow", manorHall, byDefault)).underBreakGlass()},
		{"what else is open there ends with it", rerouted(events.InvitationSent{Scope: manorHall}, events.InvitationSent{Invitation: inviteID(2), Subject: eve, Scope: oak, Expires: later, TokenHash: hash(2)}), when(ben, accept),
			then(accepted, started(eve, manorHall, byInvitation), events.InvitationWithdrawn{Invitation: inviteID(2), Subject: eve, Cause: byInvitation},
				startedAs("user", eve, oak, byInvitation), granted(eve, "fellow", manorHall, byDefault))},
		{"to the guild, of somebody who came to the house before", rerouted(events.InvitationSent{Scope: paper3, Role: "editor"}, together(startedAs("guest", eve, manorHall, joined), startedAs("guest", eve, oak), granted(eve, "fellow", manorHall, byDefault))), when(ben, accept),
			then(accepted, granted(eve, "editor", paper3, byInvitation))},
		{"to a role below", rerouted(events.InvitationSent{Scope: paper3, Role: "editor"}), when(dan, accept),
			then(accepted, started(eve, manorHall, byInvitation), startedAs("user", eve, oak, byInvitation), granted(eve, "editor", paper3, byInvitation), granted(eve, "fellow", manorHall, byDefault))},
		{"M10: not to another scope", rerouted(events.InvitationSent{Scope: elm}), when(ben, accept), elsewhere("house:elm")},
		{"M10: nor declined", rerouted(events.InvitationSent{Scope: elm}), when(dan, decline), elsewhere("house:elm")},
		{"to another scope by the one invited", rerouted(events.InvitationSent{Scope: elm}), when(eve, decline), then(declined)},
		{"M10: not to a role elsewhere", rerouted(events.InvitationSent{Scope: paper1, Role: "editor"}), when(dan, accept), elsewhere("paper:one")},
		{"M10: not to a role in the guild", rerouted(events.InvitationSent{Scope: manorHall, Role: "master"}), when(ben, accept), elsewhere("guild:acme")},
		{"a key comes with one's own answer", rerouted(toOak), when(eve, keyed), then(append(slices.Clip(comes[:3]), issued(eve, 1), comes[3])...)},
		{"and with no other's", rerouted(toOak), when(ben, keyed), then(comes...)},
		{"when it has ended", rerouted(toOak), when(ben, accept, clockAt(later)), refused{code: CodeInvalid, subject: eve, says: "The invitation ended"}},
		{"expired", rerouted(toOak), when(background, FireDeadlines{eve}, clockAt(later)), then(events.InvitationExpired{Invitation: inviteID(1), Subject: eve})},
		{"withdrawn", rerouted(toOak), when(ann, WithdrawInvitation{inviteID(1)}), then(withdrawn(eve))},
		{"not withdrawn by the porter", rerouted(toOak), when(dan, WithdrawInvitation{inviteID(1)}),
			refused{code: CodeNotPermitted, rule: "K05", scope: oak, subject: dan, help: "tenure who", says: "membership.start"}},
		{"sent again it stays there", rerouted(toOak, events.InvitationResent{Invitation: inviteID(1), Subject: eve, Expires: later.Add(time.Hour), TokenHash: hash(2)}), when(dan, accept), then(comes...)},
		{"a scope that is gone", rerouted(events.InvitationSent{Scope: elm}, deletedOak), when(ben, decline),
			refused{code: CodeNotPermitted, subject: eve, says: "Only the one who is invited"}},
		{"another scope of its name", rerouted(events.InvitationSent{Scope: elm}, deletedOak, together(created(oak, manorHall), granted(dan, "porter", oak)), routed(oak, "oak.example")), when(dan, accept),
			refused{code: CodeNotPermitted, subject: eve, says: "Only the one who is invited"}},
		{"while the porter is suspended", rerouted(toOak, together(started(dan, manorHall), granted(dan, "fellow", manorHall, byDefault)), suspended(dan, manorHall)), when(dan, accept),
			refused{code: CodeNotPermitted, scope: manorHall, subject: dan, help: "tenure member resume", says: "suspended"}},
	})
	forged(t, []forgery{
		{"accepted without coming", rerouted(toOak), ben, together(accepted), 0, refused{code: CodeUnfounded, scope: oak, subject: eve, says: "becomes a member"}},
		{"accepted without coming to where it is rerouted", rerouted(events.InvitationSent{Scope: manorHall}), ben, together(accepted, started(eve, manorHall, byInvitation), granted(eve, "fellow", manorHall, byDefault)), 0,
			refused{code: CodeUnfounded, scope: oak, subject: eve, says: "Whoever is accepted on house:oak becomes a member there"}},
		{"come there by one's own answer", rerouted(events.InvitationSent{Scope: manorHall}), eve, together(accepted, started(eve, manorHall, byInvitation), startedAs("user", eve, oak, byInvitation), granted(eve, "fellow", manorHall, byDefault)), 2,
			refused{code: CodeUnfounded, says: `claims the cause "invitation"`}},
		{"come there as another kind", rerouted(events.InvitationSent{Scope: manorHall, MemberKind: "guest"}), ben, together(accepted, startedAs("guest", eve, manorHall, byInvitation), startedAs("user", eve, oak, byInvitation), granted(eve, "fellow", manorHall, byDefault)), 2,
			refused{code: CodeUnfounded, says: `claims the cause "invitation"`}},
		{"a key by another's answer", rerouted(toOak), ben, together(comes, issued(eve, 1)), 4, refused{code: CodeNotPermitted, subject: eve, help: "tenure keys issue", says: "people issue their own"}},
		{"another role", rerouted(toOak), ben, together(comes, granted(eve, "steward", manorHall, byInvitation)), 4, refused{code: CodeUnfounded, says: `claims the cause "invitation"`}},
		{"another kind", rerouted(toOak), ben, together(accepted, startedAs("user", eve, manorHall, joined), startedAs("user", eve, oak, byInvitation), granted(eve, "fellow", manorHall, byDefault)), 2,
			refused{code: CodeUnfounded, says: `claims the cause "invitation"`}},
		{"oneself", rerouted(toOak), dan, together(accepted, startedAs("guest", dan, manorHall, joined), startedAs("guest", dan, oak, byInvitation), granted(dan, "fellow", manorHall, byDefault)), 2,
			refused{code: CodeUnfounded, says: `claims the cause "invitation"`}},
		{"in the name of another", rerouted(toOak), dan, together(events.InvitationAccepted{Invitation: inviteID(1), Subject: dan}), 0, refused{code: CodeUnknown, subject: dan, says: "no open invitation"}},
		{"rerouted by the very commit", manorOf(registered(eve), started(ben, oak), granted(ben, "head", oak)), ben,
			together(routed(oak, "oak.example"), sent, accepted), 2, refused{code: CodeNotPermitted, subject: eve, says: "Only the one who is invited"}},
		{"by the operator without a reason", rerouted(toOak), events.Operator, together(declined), 0, refused{code: CodeBreakGlass, field: "reason", help: "--reason", says: "break-glass"}},
	})
}

// deletedOak is the end of the house oak, with all that stands in it.
var deletedOak = []events.Event{
	deleted(circle, events.CauseScopeDeleted), deleted(chess, events.CauseScopeDeleted), deleted(paper3, events.CauseScopeDeleted),
	revoked(ben, "head", oak, events.CauseScopeDeleted), revoked(dan, "porter", oak, events.CauseScopeDeleted),
	terminated(ben, oak, events.CauseScopeDeleted), deleted(oak),
}

// The authority of whoever sent it counts, whoever answers.
func TestReroutedBySender(t *testing.T) {
	state := manorOf(started(ben, oak), granted(ben, "head", oak), routed(oak, "oak.example"), registered(eve), registered(dan), granted(dan, "porter", oak)).
		after(t, when(ben, SendInvitation{Invitation: inviteID(1), Subject: eve, Scope: oak, Route: oak, Expires: later, TokenHash: hash(1)}))
	if commit, err := when(dan, AcceptInvitation{Invitation: inviteID(1)}).decide(state); err != nil || len(commit.Events) != 4 {
		t.Fatalf("%v, %v", commit.Events, err)
	}
	for who, want := range map[events.PrincipalID]bool{eve: true, dan: true, ben: true, ann: true, nix: false, background: false, events.Operator: false} {
		if state.MayAnswer(who, inviteID(1)) != want || state.MayAnswer(who, inviteID(2)) {
			t.Errorf("%s may answer: %t", who, !want)
		}
	}
	commit, err := when(ann, RevokeRole{Subject: ben, Role: "head", Scope: oak}).decide(state)
	if err != nil {
		t.Fatal(err)
	}
	state = stored(t, state, commit)
	gone := refused{code: CodeNotPermitted, scope: oak, says: "Whoever sent this invitation"}
	for _, who := range []events.PrincipalID{dan, eve} {
		commit, err = when(who, AcceptInvitation{Invitation: inviteID(1)}).decide(state)
		gone.check(t, commit, err)
	}
	if commit, err = when(dan, DeclineInvitation{inviteID(1)}).decide(state); err != nil || len(commit.Events) != 1 {
		t.Errorf("declined: %v, %v", commit.Events, err)
	}
}

// Invitations lead to the membership that a role rests on, else to the
// organization.
func TestInvitationsToRoles(t *testing.T) {
	byInvitation, byDefault := events.CauseInvitation, events.CauseDefault
	send := func(scope events.ScopeID, role events.RoleID, kind events.MemberKindID) SendInvitation {
		return SendInvitation{Invitation: inviteID(1), Subject: eve, Scope: scope, Role: role, Kind: kind, Expires: later, TokenHash: hash(1)}
	}
	sent := func(n int, scope events.ScopeID, role events.RoleID, kind events.MemberKindID) events.InvitationSent {
		return events.InvitationSent{Invitation: inviteID(n), Subject: eve, Scope: scope, Role: role, MemberKind: kind, Expires: later, TokenHash: hash(n)}
	}
	accept, accepted := AcceptInvitation{Invitation: inviteID(1)}, events.InvitationAccepted{Invitation: inviteID(1), Subject: eve}
	new := &RegisterPerson{Subject: eve}
	stranger := func(c SendInvitation) SendInvitation { c.Register = new; return c }
	specify(t, []specification{
		{"to a role on a paper, as a guest of the guild", manorOf(registered(eve)), when(ann, send(paper1, "editor", "guest")), then(sent(1, paper1, "editor", "guest"))},
		{"of somebody new", manorOf(), when(ann, stranger(send(paper1, "editor", ""))), then(registered(eve), sent(1, paper1, "editor", ""))},
		{"to a paper without a role", manorOf(registered(eve)), when(ann, send(paper1, "", "")), refused{code: CodeStructure, scope: paper1, subject: eve, says: "invite to one of its roles"}},
		{"as a kind that the guild does not have", manorOf(registered(eve)), when(ann, send(paper1, "editor", "ghost")),
			refused{code: CodeUnknown, field: "member_kind", scope: manorHall, says: "there is user or guest"}},
		{"of a member, who is granted it", manorOf(fellow(eve)), when(ann, send(paper1, "editor", "")),
			refused{code: CodeExists, rule: "K08", role: "paper.editor", scope: paper1, subject: eve, help: "tenure grant " + string(eve) + " editor --on paper:one --org acme",
				says: "a member of guild:acme already, so editor on paper:one is granted without an invitation"}},
		{"of a member of the guild, to a house", manorOf(fellow(eve)), when(ann, send(oak, "head", "")), then(sent(1, oak, "head", ""))},
		{"of a member of the house", manorOf(fellow(eve), started(eve, oak)), when(ann, send(oak, "head", "")),
			refused{code: CodeExists, rule: "K11", role: "house.head", scope: oak, subject: eve, help: "tenure grant " + string(eve) + " head --on house:oak --org acme", says: "granted without an invitation"}},
		{"accepted", manorOf(registered(eve), sent(1, paper1, "editor", "guest")), when(eve, accept),
			then(accepted, startedAs("guest", eve, manorHall, byInvitation), granted(eve, "editor", paper1, byInvitation), granted(eve, "fellow", manorHall, byDefault))},
		{"accepted by somebody who came another way", manorOf(registered(eve), sent(1, paper1, "editor", ""), together(started(eve, manorHall), granted(eve, "fellow", manorHall, byDefault))), when(eve, accept),
			then(accepted, granted(eve, "editor", paper1, byInvitation))},
		{"two papers, one after the other", manorOf(registered(eve), sent(1, paper1, "editor", ""), sent(2, paper2, "editor", ""),
			together(events.InvitationAccepted{Invitation: inviteID(2), Subject: eve}, started(eve, manorHall, byInvitation), granted(eve, "editor", paper2, byInvitation), granted(eve, "fellow", manorHall, byDefault))),
			when(eve, accept), then(accepted, granted(eve, "editor", paper1, byInvitation))},
		{"the guild's own invitation ends with it", manorOf(registered(eve), sent(1, paper1, "editor", ""), sent(2, manorHall, "", "")), when(eve, accept),
			then(accepted, events.InvitationWithdrawn{Invitation: inviteID(2), Subject: eve, Cause: byInvitation}, started(eve, manorHall, byInvitation),
				granted(eve, "editor", paper1, byInvitation), granted(eve, "fellow", manorHall, byDefault))},
		{"withdrawn by whom it takes to send it", manorOf(registered(eve), registered(dan), granted(dan, "steward", manorHall), sent(1, paper1, "editor", "")), when(dan, WithdrawInvitation{inviteID(1)}), then(withdrawn(eve))},
		{"not by a fellow, of somebody who is not here", manorOf(registered(eve), sent(1, paper1, "editor", ""), together(events.InvitationWithdrawn{Invitation: inviteID(1), Subject: eve}, sent(2, oak, "", ""))),
			when(ben, WithdrawInvitation{inviteID(2)}), refused{code: CodeNotPermitted, rule: "K05", scope: oak, subject: ben, help: "tenure who", says: "membership.start"}},
		{"joins on acceptance", manorOf(registered(eve), sent(1, circle, "", "")), when(eve, accept),
			then(accepted, started(eve, manorHall, events.CauseJoined), started(eve, circle, byInvitation), granted(eve, "fellow", manorHall, byDefault))},

		{"C27: nobody from outside", manorOf(), when(ben, stranger(send(paper1, "editor", ""))),
			refused{code: CodeNotPermitted, rule: "K22", scope: manorHall, subject: ben, help: "tenure who", says: "person.register"}},
		{"C27: nobody who is merely known", manorOf(registered(eve)), when(ben, send(paper1, "editor", "")),
			refused{code: CodeNotPermitted, rule: "K27", scope: manorHall, subject: ben, help: "tenure who", says: "only for people who are here already, invited or active"}},
		{"C27: who is invited is here", manorOf(registered(eve), sent(2, oak, "", "")), when(ben, send(paper1, "editor", "")), then(sent(1, paper1, "editor", ""))},
		{"C27: to a circle, of somebody from outside", manorOf(registered(eve)), when(ben, send(circle, "", "")),
			refused{code: CodeNotPermitted, rule: "K27", scope: circle, subject: ben, help: "tenure who", says: "only for people who are here already"}},
		{"C27: to a circle, of a member", manorOf(fellow(eve)), when(ben, send(circle, "", "")), then(sent(1, circle, "", ""))},
		{"C27: a role that one may not grant", manorOf(fellow(eve)), when(ben, send(circle, "elder", "")),
			refused{code: CodeNotPermitted, rule: "K12", role: "circle.elder", scope: circle, subject: ben, help: "tenure who", says: "may not grant"}},
	})
	forged(t, []forgery{
		{"another invitation ends with it, elsewhere", manorOf(registered(eve), sent(1, paper1, "editor", ""), sent(2, oak, "", "")), eve,
			together(accepted, events.InvitationWithdrawn{Invitation: inviteID(2), Subject: eve, Cause: byInvitation}), 1, refused{code: CodeUnfounded, says: `claims the cause "invitation"`}},
		{"an invitation ends with one that is not accepted", manorOf(registered(eve), sent(1, paper1, "editor", ""), sent(2, manorHall, "", "")), eve,
			together(events.InvitationWithdrawn{Invitation: inviteID(2), Subject: eve, Cause: byInvitation}), 0, refused{code: CodeUnfounded, says: `claims the cause "invitation"`}},
		{"an invitation taken over from another", manorOf(registered(eve), sent(1, paper1, "editor", ""), registered(dan), granted(dan, "steward", manorHall)), dan,
			together(withdrawn(eve), events.InvitationSent{Invitation: inviteID(1), Subject: dan, Scope: chess, Expires: later, TokenHash: hash(1)}), 1,
			refused{code: CodeNotPermitted, scope: chess, subject: dan, help: "tenure who", says: "membership.start"}},
	})
	// To withdraw one and to send another of its id gives nothing that was offered
	// by the first.
	first := sent(1, paper1, "editor", "")
	given := manorOf(registered(eve), first, registered(dan), granted(dan, "steward", manorHall))
	state := given.fold(t)
	mine := first
	mine.Subject, mine.Role, mine.Scope = dan, "", manorHall
	refusals := Audit(state, following(state, dan, together(withdrawn(eve), mine, events.InvitationAccepted{Invitation: inviteID(1), Subject: dan},
		started(dan, manorHall, byInvitation), granted(dan, "editor", paper1, byInvitation))...))
	if len(refusals) == 0 || refusals[0].Code != CodeUnfounded || refusals[0].Event != 3 {
		t.Errorf("%+v", refusals)
	}
}

// What is rerouted stands in the state until it is answered.
func TestRoutesComeAndGo(t *testing.T) {
	state := rerouted(events.InvitationSent{Scope: elm}).fold(t)
	if _, invitation, open := state.Invitation(inviteID(1)); !open || invitation.Route != oak {
		t.Errorf("%+v", invitation)
	}
	scope, _ := state.Scope(oak)
	if diff := cmp.Diff([]string{"oak.example"}, scope.Domains); diff != "" || scope.Changed.Revision == scope.Created.Revision {
		t.Errorf("%s %+v", diff, scope.Changed)
	}
	gone := rerouted(events.InvitationSent{Scope: elm}, deletedOak).fold(t)
	if _, invitation, open := gone.Invitation(inviteID(1)); !open || invitation.Route != "" {
		t.Errorf("%+v", invitation)
	}
	if _, invitation, _ := state.Invitation(inviteID(1)); invitation.Route != oak {
		t.Error("the earlier state has changed")
	}
}
