package service

import (
	"slices"
	"strings"
	"testing"

	"tenure/aggregate"
	"tenure/events"
	"tenure/rolemodel"
)

// The guild model has editions, kinds of member and houses to which invitations
// are rerouted.
const guild = `
model: guild
title: Guild
about: Houses with members of their own.
root: guild
highest: guild.master
scopes:
  - {kind: guild, title: Guild, membership: true, member_kinds: [{id: user, title: User}, {id: guest, title: Guest}]}
  - {kind: house, title: House, under: [guild], membership: true, leave: true, member_kinds: [{id: user, title: User}, {id: guest, title: Guest}], joins: [user, guest]}
  - {kind: paper, title: Paper, under: [guild]}
features:
  - {id: viewers, title: The role Viewer}
  - {id: fairs, title: Fairs}
  - {id: bells, title: Bells}
editions:
  - {id: basics, title: Basics, rule: K28}
  - {id: full, title: Full, features: [viewers]}
  - {id: grand, title: Grand, features: [viewers, fairs]}
conditions:
  - {id: here, title: for people who are here already, rule: K27, when: "!person.given || person.active"}
permissions:
  - {id: guild.people, title: Manage people, rule: K22, section: People, allows: [person.register, person.update, membership.start, membership.terminate, directory.read]}
  - {id: guild.invite, title: Bring people in, section: People, allows: [membership.start]}
  - {id: guild.sell, title: Choose the edition, section: Guild, allows: [edition.set, feature.switch]}
  - {id: guild.fair, title: Hold a fair, section: Guild, feature: fairs}
  - {id: guild.bell, title: Ring the bells, section: Guild, feature: bells}
  - {id: house.people, title: Manage the people of a house, section: People, allows: [membership.start, addresses.route, invitation.answer]}
  - {id: house.answer, title: Answer invitations, section: People, allows: [invitation.answer]}
  - {id: paper.read, title: Read a paper, section: Work}
roles:
  - id: guild.master
    title: Master
    membership: guild
    member_kinds: [user]
    at_least: 1
    granted_by: [guild.master]
    replaces: [guild.fellow]
    permissions: [guild.people, guild.sell, guild.fair, guild.bell]
    inherited: [house.people]
  - {id: guild.fellow, title: Fellow, membership: guild, default: true, granted_by: [guild.master], permissions: [guild.invite if here]}
  - {id: house.porter, title: Porter, granted_by: [guild.master], permissions: [house.answer]}
  - {id: paper.viewer, title: Viewer, rule: K07, feature: viewers, granted_by: [guild.master], permissions: [paper.read]}
  - {id: paper.editor, title: Editor, membership: guild, granted_by: [guild.master, guild.fellow], permissions: [paper.read]}
audiences:
  - {id: porters, title: The porters, roles: [house.porter]}
messages:
  - {id: invitation.sent, title: An invitation was sent, subject: true}
  - {id: invitation.rerouted, title: An invitation was rerouted, audience: porters}
`

// guildIn founds the organization acme under the guild model, with mia as its
// master, tom as a fellow, and pia, who is no member of anything, as porter of the
// house oak.
func guildIn(t *testing.T, h *house) {
	t.Helper()
	model := must[*rolemodel.Model](t)(rolemodel.Parse("guild.yaml", []byte(guild)))
	must[Receipt](t)(h.execute(t.Context(), operator, "acme", Envelope{}, task{kind: "organization.found", founds: true, prepare: func(p *plan) (aggregate.Command, error) {
		owner, err := p.register(PersonDetails{Login: "mia", Email: "mia@acme.example"}, "")
		return aggregate.Found{Model: model, Owner: &owner}, err
	}}))
	h.join("acme", "tom")
	h.register("acme", PersonDetails{Login: "pia", Email: "pia@oak.example"})
	for _, scope := range []string{"house:oak", "house:elm", "paper:one"} {
		must[Receipt](t)(h.CreateScope(t.Context(), operator, "acme", requested, ScopeRequest{Scope: scope}))
	}
	h.grant("acme", "pia", "porter", "house:oak")
}

func TestEditions(t *testing.T) {
	h := open(t)
	guildIn(t, h)
	ctx := t.Context()
	mia, tom := h.as("acme", "mia"), h.as("acme", "tom")
	set := func(caller Caller, edition events.EditionID) (Receipt, error) {
		return h.SetEdition(ctx, caller, "acme", Envelope{}, EditionRequest{Edition: edition})
	}
	inForce := func(reading Reading) EditionView {
		list := must[[]EditionView](t)(h.Editions(ctx, tom, "acme", reading))
		if len(list) != 3 {
			t.Fatalf("%+v", list)
		}
		return list[slices.IndexFunc(list, func(e EditionView) bool { return e.InForce })]
	}
	before := h.revision("acme")
	basics := inForce(Reading{})
	diff(t, "from the founding", EditionView{Edition: "basics", Title: "Basics", Rule: "K28", Features: []string{}, InForce: true, Since: basics.Since, Revision: 1, ChangedBy: "operator"}, basics)
	_, err := set(tom, "full")
	refusedWith(t, err, aggregate.CodeNotPermitted)
	_, err = set(mia, "moon")
	if refused := refusedWith(t, err, aggregate.CodeUnknown); refused.Field != "edition" || !strings.Contains(refused.Message, "basics, full or grand") {
		t.Errorf("%+v", refused)
	}
	_, err = h.GrantRole(ctx, mia, "acme", Envelope{}, GrantRequest{RoleRequest: RoleRequest{"tom", "viewer", "paper:one"}})
	if refused := refusedWith(t, err, aggregate.CodeFeatureOff); refused.Rule != "K07" || !strings.Contains(refused.Message, "Full or Grand alone, and acme has Basics") {
		t.Errorf("%+v", refused)
	}
	full := must[Receipt](t)(set(mia, "full"))
	if again := must[Receipt](t)(set(mia, "full")); again.Changed {
		t.Errorf("%+v", again)
	}
	must[Receipt](t)(h.GrantRole(ctx, mia, "acme", Envelope{}, GrantRequest{RoleRequest: RoleRequest{"tom", "viewer", "paper:one"}}))
	_, err = set(mia, "basics")
	if refused := refusedWith(t, err, aggregate.CodeStillHolding); refused.Rule != "K28" || !strings.Contains(refused.Message, "paper.viewer, which 1 person holds") {
		t.Errorf("%+v", refused)
	}
	must[Receipt](t)(h.SwitchFeature(ctx, mia, "acme", Envelope{}, FeatureRequest{Feature: "bells", On: true}))
	grand := must[Receipt](t)(set(mia, "grand"))
	if got := inForce(Reading{}); got.Edition != "grand" || got.Revision != grand.Revision || got.ChangedBy != string(mia.Principal) || !slices.Equal(got.Features, []string{"viewers", "fairs"}) {
		t.Errorf("%+v", got)
	}
	past := Reading{}
	past.Revision = before
	if got := inForce(past); got.Edition != "basics" || got.Revision != 1 {
		t.Errorf("%+v", got)
	}
	if got := must[OrganizationView](t)(h.Organization(ctx, mia, "acme", Reading{})); got.Edition != "grand" {
		t.Errorf("%+v", got)
	}
	// The features follow, each with who turned it on last.
	features := must[[]FeatureView](t)(h.Features(ctx, mia, "acme", Reading{}))
	for i, want := range []FeatureView{
		{Feature: "viewers", Title: "The role Viewer", On: true, Editions: []string{"full", "grand"}, Revision: full.Revision, ChangedBy: "mia"},
		{Feature: "fairs", Title: "Fairs", On: true, Editions: []string{"grand"}, Revision: grand.Revision, ChangedBy: "mia"},
		{Feature: "bells", Title: "Bells", On: true, Revision: grand.Revision - 1, ChangedBy: "mia"},
	} {
		want.Since = features[i].Since
		diff(t, "feature", want, features[i])
	}
	past.Revision = full.Revision
	if list := must[[]FeatureView](t)(h.Features(ctx, mia, "acme", past)); !list[0].On || list[1].On || list[2].On || list[1].Revision != 0 {
		t.Errorf("%+v", list)
	}
	// Models without editions have none, and found with none.
	h.found("beta", "ann")
	if list := must[[]EditionView](t)(h.Editions(ctx, operator, "beta", Reading{})); len(list) != 0 {
		t.Errorf("%+v", list)
	}
	_, err = h.Found(ctx, operator, Envelope{}, FoundRequest{Org: "gamma", Model: "github", Edition: "full", Owner: PersonDetails{Login: "ann"}})
	if refused := refusedWith(t, err, aggregate.CodeUnknown); refused.Field != "edition" {
		t.Errorf("%+v", refused)
	}
}

func TestKindsOfMember(t *testing.T) {
	h := open(t)
	guildIn(t, h)
	ctx := t.Context()
	mia := h.as("acme", "mia")
	h.register("acme", PersonDetails{Login: "gus"})
	started := must[Receipt](t)(h.StartMembership(ctx, mia, "acme", Envelope{}, MembershipRequest{Person: "gus", Scope: "house:oak", MemberKind: "guest"}))
	gus := must[PersonView](t)(h.Person(ctx, mia, "acme", Reading{}, "gus"))
	for i, want := range []MembershipView{{Scope: "guild:acme"}, {Scope: "house:oak"}} {
		want.Kind, want.Active, want.Since, want.Revision, want.ChangedBy = "guest", true, gus.Membership[i].Since, started.Revision, "mia"
		want.SinceRevision, want.By, want.ChangedAt = started.Revision, "mia", started.Events[0].EffectiveAt
		diff(t, "membership", want, gus.Membership[i])
	}
	_, err := h.GrantRole(ctx, mia, "acme", Envelope{}, GrantRequest{RoleRequest: RoleRequest{"gus", "master", ""}})
	if refused := refusedWith(t, err, aggregate.CodeNotMember); !strings.Contains(refused.Message, "is a Guest") {
		t.Errorf("%+v", refused)
	}
	_, err = h.StartMembership(ctx, mia, "acme", Envelope{}, MembershipRequest{Person: "gus", MemberKind: "user"})
	if refused := refusedWith(t, err, aggregate.CodeExists); refused.Field != "member_kind" || !strings.Contains(refused.Message, "as guest") {
		t.Errorf("%+v", refused)
	}
	must[Receipt](t)(h.SuspendMembership(ctx, operator, "acme", requested, MembershipRequest{Person: "gus", Scope: "house:oak"}))
	members := must[[]MemberView](t)(h.Members(ctx, mia, "acme", Reading{}, "house:oak"))
	if len(members) != 1 || members[0].Login != "gus" || members[0].Kind != "guest" || members[0].Active {
		t.Errorf("%+v", members)
	}
	all := must[[]MemberView](t)(h.Members(ctx, mia, "acme", Reading{}, ""))
	var who []string
	for _, m := range all {
		who = append(who, m.Login+" "+m.Kind)
	}
	diff(t, "members of the guild", []string{"gus guest", "mia user", "tom user"}, who)
	if list := must[[]MemberView](t)(h.Members(ctx, mia, "acme", Reading{}, "paper:one")); len(list) != 0 {
		t.Errorf("%+v", list)
	}
	_, err = h.Members(ctx, h.as("acme", "tom"), "acme", Reading{}, "")
	refusedWith(t, err, aggregate.CodeNotPermitted)
	_, err = h.Members(ctx, mia, "acme", Reading{}, "house:none")
	refusedWith(t, err, aggregate.CodeUnknown)
}

// TestRerouted: who may answer invitations by their addresses does so, sees these
// alone, and gets no key by it.
func TestRerouted(t *testing.T) {
	h := open(t)
	guildIn(t, h)
	ctx := t.Context()
	mia, tom, pia := h.as("acme", "mia"), h.as("acme", "tom"), h.as("acme", "pia")
	route := func(caller Caller, scope string, domains ...string) (Receipt, error) {
		return h.RouteAddresses(ctx, caller, "acme", Envelope{}, RouteRequest{Scope: scope, Domains: domains})
	}
	_, err := route(pia, "house:oak", "oak.example")
	refusedWith(t, err, aggregate.CodeNotPermitted)
	if refused := func() aggregate.Refusal {
		_, err := route(mia, "house:oak", "oak.example", "localhost")
		return refusedWith(t, err, aggregate.CodeInvalid)
	}(); refused.Field != "domains" || !strings.Contains(refused.Message, `"localhost" is no domain`) {
		t.Errorf("%+v", refused)
	}
	routed := must[Receipt](t)(route(mia, "house:oak", "@OAK.example", "Bücher.Example.", "oak.example"))
	routes := must[[]RouteView](t)(h.Routes(ctx, mia, "acme", Reading{}))
	diff(t, "routes", []RouteView{{Scope: "house:oak", Domains: []string{"oak.example", "xn--bcher-kva.example"}, Since: routes[0].Since, Revision: routed.Revision, ChangedBy: "mia"}}, routes)
	must[Receipt](t)(route(mia, "house:elm", "elm.example"))
	if list := must[[]RouteView](t)(h.Routes(ctx, pia, "acme", Reading{})); len(list) != 1 || list[0].Scope != "house:oak" {
		t.Errorf("%+v", list)
	}
	_, err = h.Routes(ctx, tom, "acme", Reading{})
	refusedWith(t, err, aggregate.CodeNotPermitted)

	invite := func(email, scope, role string) InvitationReceipt {
		t.Helper()
		return must[InvitationReceipt](t)(h.Invite(ctx, mia, "acme", Envelope{}, InvitationRequest{
			PersonDetails: PersonDetails{Email: email}, Scope: scope, Role: events.RoleID(role), MemberKind: "guest",
		}))
	}
	first, other, foreign := invite("gus@oak.example", "", ""), invite("ida@elm.example", "house:elm", ""), invite("ulf@BÜCHER.example", "house:oak", "")
	elsewhere, below := invite("eva@sub.oak.example", "", ""), invite("kim@oak.example", "paper:one", "editor") // which is not below the house
	routesOf := map[events.InvitationID]events.ScopeID{}
	for _, i := range must[[]InvitationView](t)(h.Invitations(ctx, mia, "acme", Reading{})) {
		if routesOf[i.ID] = i.Route; i.Kind != "guest" {
			t.Errorf("%+v", i)
		}
	}
	diff(t, "where they can be answered", map[events.InvitationID]events.ScopeID{first.ID: "house:oak", other.ID: "house:elm", foreign.ID: "house:oak", elsewhere.ID: "", below.ID: ""}, routesOf)

	// Pia sees those of her house alone, and whom they are for.
	var seen []string
	for _, i := range must[[]InvitationView](t)(h.Invitations(ctx, pia, "acme", Reading{})) {
		seen = append(seen, i.Login+" by "+i.By)
	}
	diff(t, "what pia sees", []string{"gus@oak.example by mia", "ulf@BÜCHER.example by mia"}, seen)
	_, err = h.Invitations(ctx, tom, "acme", Reading{})
	refusedWith(t, err, aggregate.CodeNotPermitted)
	_, err = h.People(ctx, pia, "acme", Reading{})
	refusedWith(t, err, aggregate.CodeNotPermitted)

	// She and nobody else answers them.
	for _, caller := range []Caller{tom, pia} {
		for _, id := range []events.InvitationID{other.ID, elsewhere.ID, below.ID} {
			_, err = h.AcceptInvitation(ctx, caller, "acme", Envelope{}, ItemRequest{ID: string(id)})
			refusedWith(t, err, aggregate.CodeNotPermitted)
			_, err = h.DeclineInvitation(ctx, caller, "acme", Envelope{}, ItemRequest{ID: string(id)})
			refusedWith(t, err, aggregate.CodeNotPermitted)
		}
	}
	_, err = h.AcceptInvitation(ctx, tom, "acme", Envelope{}, ItemRequest{ID: string(first.ID)})
	if refused := refusedWith(t, err, aggregate.CodeNotPermitted); !strings.Contains(refused.Message, "house:oak") {
		t.Errorf("%+v", refused)
	}
	accepted := must[KeyReceipt](t)(h.AcceptInvitation(ctx, pia, "acme", Envelope{Note: "from the fair"}, ItemRequest{ID: string(first.ID)}))
	if accepted.Key != "" || accepted.ID != "" || accepted.Person != "" || !accepted.Changed {
		t.Errorf("a key was issued: %+v", accepted)
	}
	gus := must[PersonView](t)(h.Person(ctx, mia, "acme", Reading{}, "gus@oak.example"))
	if len(gus.Membership) != 2 || gus.Membership[0].Kind != "guest" || gus.Membership[1].Scope != "house:oak" || gus.Membership[1].Kind != "guest" || gus.Keys != 0 {
		t.Errorf("%+v", gus)
	}
	must[Receipt](t)(h.DeclineInvitation(ctx, pia, "acme", Envelope{}, ItemRequest{ID: string(foreign.ID)}))
	// Nothing is left to answer, which she may know.
	if list := must[[]InvitationView](t)(h.Invitations(ctx, pia, "acme", Reading{})); len(list) != 0 {
		t.Errorf("%+v", list)
	}

	// Somebody who is known already: by the address, which is opened for that.
	h.register("acme", PersonDetails{Login: "uma", Email: "uma@oak.example"})
	known := must[InvitationReceipt](t)(h.Invite(ctx, mia, "acme", Envelope{}, InvitationRequest{Person: "uma"}))
	list := must[[]InvitationView](t)(h.Invitations(ctx, pia, "acme", Reading{}))
	if len(list) != 1 || list[0].ID != known.ID || list[0].Route != "house:oak" || list[0].Login != "uma" {
		t.Fatalf("%+v", list)
	}
	// Sent again it stays there, and the porter is told again, without the token.
	must[InvitationReceipt](t)(h.ResendInvitation(ctx, mia, "acme", Envelope{}, ItemRequest{ID: string(known.ID)}))
	if list = must[[]InvitationView](t)(h.Invitations(ctx, pia, "acme", Reading{})); len(list) != 1 || list[0].Route != "house:oak" {
		t.Errorf("%+v", list)
	}
	notices := must[[]NoticeView](t)(h.Notices(ctx, operator, "acme", NoticeFilter{Kind: rolemodel.InvitationRerouted}))
	if len(notices) != 4 {
		t.Errorf("%d messages: %+v", len(notices), notices)
	}
	// It ends like any other.
	h.clock.set(start.AddDate(0, 1, 0))
	if err := h.FireDeadlines(ctx); err != nil {
		t.Fatal(err)
	}
	if list = must[[]InvitationView](t)(h.Invitations(ctx, mia, "acme", Reading{})); len(list) != 0 {
		t.Errorf("%+v", list)
	}
	_, err = h.AcceptInvitation(ctx, pia, "acme", Envelope{}, ItemRequest{ID: string(known.ID)})
	refusedWith(t, err, aggregate.CodeUnknown)
	h.fold("acme")
}

// TestContributorsInviteNobodyNew: who may bring in those alone who are here is
// refused others by the rule, and nothing is left of the attempt.
func TestContributorsInviteNobodyNew(t *testing.T) {
	h := open(t)
	guildIn(t, h)
	ctx := t.Context()
	mia, tom := h.as("acme", "mia"), h.as("acme", "tom")
	known := h.register("acme", PersonDetails{Login: "gus", Email: "gus@oak.example"})
	before, owners := h.revision("acme"), h.records("acme")
	for _, c := range []struct {
		name    string
		request InvitationRequest
		rule    string
	}{
		{"a stranger", InvitationRequest{PersonDetails: PersonDetails{Email: "eva@oak.example"}, Scope: "paper:one", Role: "editor"}, "K22"},
		{"a stranger, whose address is known", InvitationRequest{PersonDetails: PersonDetails{Email: "gus@oak.example"}, Scope: "paper:one", Role: "editor"}, "K22"},
		{"somebody who is known", InvitationRequest{Person: string(known.ID), Scope: "paper:one", Role: "editor"}, "K27"},
		{"somebody who is known, to the guild", InvitationRequest{Person: string(known.ID)}, "K27"},
	} {
		_, err := h.Invite(ctx, tom, "acme", Envelope{IdempotencyKey: c.name}, c.request)
		if refused := refusedWith(t, err, aggregate.CodeNotPermitted); refused.Rule != c.rule {
			t.Errorf("%s: %+v", c.name, refused)
		}
	}
	diff(t, "keys", owners, h.records("acme"))
	if now := h.revision("acme"); now != before {
		t.Errorf("revision %d has come", now)
	}
	// A member is granted the role instead.
	_, err := h.Invite(ctx, mia, "acme", Envelope{}, InvitationRequest{Person: "tom", Scope: "paper:one", Role: "editor"})
	if refused := refusedWith(t, err, aggregate.CodeExists); refused.Help != "tenure grant tom editor --on paper:one --org acme" {
		t.Errorf("%+v", refused)
	}
}

func TestDomains(t *testing.T) {
	for text, want := range map[string]string{
		"example.org": "example.org", "@Example.ORG": "example.org", " example.org. ": "example.org", "bücher.example": "xn--bcher-kva.example",
		"BÜCHER.example": "xn--bcher-kva.example", "": "", "@": "", "a_B.example": "a_b.example", "例え.テスト": "xn--r8jz45g.xn--zckzah", "[192.0.2.1]": "[192.0.2.1]",
	} {
		if got := asDomain(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	for address, want := range map[string]string{"": "", "ida": "", "ida@Example.org": "example.org", `"i@da"@example.org`: "example.org", "ida@bücher.example": "xn--bcher-kva.example"} {
		if got := domainOf(address); got != want {
			t.Errorf("%q is of %q, want %q", address, got, want)
		}
	}
}
