package rolemodel

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// yard is a valid document that uses every key of the language.
const yard = `model: yard
title: Shipyard
about: Every key of the language, at least once.
root: yard
highest: yard.owner
scopes:
  - kind: yard
    title: Yard
    membership: true
    leave: true
    member_kinds:
      - {id: worker, title: Worker}
      - {id: visitor, title: Visitor}
    attributes:
      - {id: season, title: Season, values: [summer, winter]}
  - kind: dock
    title: Dock
    under: [yard]
    membership: true
    member_kinds:
      - {id: worker, title: Worker, needs: [worker], rule: Y21}
      - {id: visitor, title: Visitor}
    joins: [visitor]
    attributes:
      - {id: type, title: Type, values: [dry, floating], fixed: true}
      - {id: tours, title: Tours, values: [off, offered]}
  - kind: vessel
    title: Vessel
    under: [dock]
  - kind: crew
    title: Crew
    under: [yard, dock]
    membership: true
    joins: [member]
    carries: [dock.enter, vessel.board]
features:
  - {id: tours, title: Guided tours, rule: Y20}
  - {id: welding, title: Welding}
permissions:
  - id: yard.run
    title: Run the yard
    section: Yard
    rule: Y01
    allows: [edition.set, client.manage, role.define, role.withhold, "role.withhold:dry", "scope.set:season", "membership.start:visitor"]
  - {id: yard.books, title: Keep the books, section: Books}
  - {id: dock.enter, title: Enter a dock, section: Docks}
  - {id: dock.run, title: Run a dock, section: Docks, allows: ["scope.create:vessel", "scope.set:tours", "membership.assign:crew"]}
  - {id: dock.guide, title: Guide visitors, section: Docks, feature: tours}
  - {id: vessel.board, title: Board a vessel, section: Vessels}
  - {id: vessel.weld, title: Weld on a vessel, section: Vessels, feature: welding}
  - {id: crew.equip, title: Equip a crew, section: Crews, allows: [scope.permit]}
roles:
  - id: yard.owner
    title: Owner
    rule: Y02
    membership: yard
    member_kinds: [worker]
    at_least: 1
    at_most: 1
    transferred_by: [yard.owner]
    former: yard.partner
    replaces: [yard.watcher]
    permissions: [yard.run, yard.books]
    inherited: [dock.enter, dock.run, crew.equip]
  - id: yard.partner
    title: Partner
    membership: yard
    member_kinds: [worker]
    granted_by: [yard.owner, yard.run if workers]
    permissions: [yard.run]
    inherited: [dock.guide if tours_offered]
  - id: yard.watcher
    title: Watcher
    feature: tours
    granted_by: [yard.owner if workers, yard.run]
    replaces: [yard.owner]
    ceiling: [dock.enter, dock.guide if tours_offered]
    ceiling_rule: Y21
  - id: yard.hand
    title: Hand
    membership: yard
    default: true
  - id: yard.feed
    title: Feed
    holder: client
    granted_by: [yard.run]
  - id: dock.master
    title: Dock master
    membership: dock
    automatic: creator
    adjustable: true
    adjustable_per: type
    transferred_by: [dock.master, dock.run if workers]
    at_least: 1
    at_most: 1
    permissions: [dock.enter, dock.run, dock.guide if tours_offered]
    inherited: [vessel.board]
  - id: dock.guest
    title: Guest
    holder: person
    granted_by: [dock.master]
    permissions: [dock.enter if tours_offered]
  - id: vessel.welder
    title: Welder
    membership: dock
    adjustable: true
    granted_by: [dock.run]
    permissions: [vessel.board, vessel.weld]
  - id: vessel.robot
    title: Robot
    automatic: background
    granted_by: [yard.owner]
    permissions: [vessel.weld]
custom_roles:
  - id: dock.job
    title: Job on a dock
    rule: Y03
    membership: dock
    member_kinds: [worker]
    granted_by: [dock.master, yard.run if workers]
    permissions: [dock.enter, dock.guide, vessel.board]
    initial: [dock.enter]
    confirm: DELETE
    confirm_rule: Y22
  - id: yard.office
    title: Office
    granted_by: [yard.owner]
    guarded: [dock.guide if tours_offered]
    feature: tours
conditions:
  - id: tours_offered
    title: where tours are offered
    rule: Y04
    when: target.attributes.tours == "offered"
  - id: workers
    title: for workers
    when: >
      !person.given || person.member_kind == "worker" || holder.holds("yard.owner")
editions:
  - {id: small, title: Small}
  - {id: large, title: Large, rule: Y05, features: [tours]}
sections:
  - {title: Books, exclusive: [yard.owner], rule: Y06}
posture: {rule: Y07, roles: [yard.owner, yard.partner], units: [dock, crew], dormant_days: 30}
designations:
  - id: yard.first
    title: First partner
    rule: Y08
    among: [yard.owner, yard.partner]
    while: [{role: yard.partner, at_least: 2}]
    set_by: [yard.partner, yard.run if workers]
audiences:
  - {id: owners, title: Owners, roles: [yard.owner]}
  - {id: partners, title: Partners, rule: Y09, designation: yard.first, roles: [yard.partner], otherwise: owners}
messages:
  - {id: role.granted, title: A role was granted, audience: partners, subject: true, on: [yard]}
contact: owners
resolvers:
  - {id: lead, title: Who leads, rule: Y10, roles: [dock.master, yard.owner]}
facts:
  - {id: yard.sold, title: A vessel was sold, rule: Y11, permission: yard.books}
`

// What the yard says, key by key.
func TestCompiledYard(t *testing.T) {
	m := parse(t, "yard.yaml", []byte(yard))
	top, dock, vessel, crew := kind(t, m, "yard"), kind(t, m, "dock"), kind(t, m, "vessel"), kind(t, m, "crew")
	owner, partner, watcher := role(t, m, "yard", "owner"), role(t, m, "yard", "partner"), role(t, m, "yard", "watcher")
	hand, feed, master := role(t, m, "yard", "hand"), role(t, m, "yard", "feed"), role(t, m, "dock", "master")
	guest, welder, robot := role(t, m, "dock", "guest"), role(t, m, "vessel", "welder"), role(t, m, "vessel", "robot")
	offered, workers := condition(t, m, "tours_offered"), condition(t, m, "workers")
	tours, welding := m.Features[0], m.Features[1]
	ids := func(set Set) []string { return permissionIDs(m, set) }
	index := func(id string) int { return permission(t, m, id).Index }

	t.Run("document", func(t *testing.T) {
		if m.ID != "yard" || m.Title != "Shipyard" || m.About != "Every key of the language, at least once." || m.Root != "yard" || m.Highest != owner {
			t.Errorf("%s %q %q %s %s", m.ID, m.Title, m.About, m.Root, m.Highest.ID())
		}
		if !m.Groups || !m.Ceilings || m.Contact != m.Audiences[0] {
			t.Errorf("groups %v, ceilings %v, contact %v", m.Groups, m.Ceilings, m.Contact)
		}
		counts := []int{len(m.Kinds), len(m.Features), len(m.Permissions), len(m.Roles), len(m.Designations), len(m.Audiences), len(m.Messages),
			len(m.Resolvers), len(m.Facts), len(m.Conditions), len(m.Editions), len(m.Sections), len(m.Templates)}
		if want := []int{4, 2, 8, 9, 1, 2, 1, 1, 1, 2, 2, 1, 2}; !slices.Equal(counts, want) {
			t.Errorf("entries %v, want %v", counts, want)
		}
	})

	t.Run("scopes", func(t *testing.T) {
		worker, visitor, docker := &MemberKind{ID: "worker", Title: "Worker"}, &MemberKind{ID: "visitor", Title: "Visitor"}, &MemberKind{ID: "worker", Title: "Worker", Needs: []string{"worker"}, Rule: "Y21"}
		for _, c := range []struct {
			kind              *Kind
			name, title       string
			under             []*Kind
			membership, leave bool
			memberKinds       []*MemberKind
			joins             []string
			attributes        []*Attribute
			carries           []string
		}{
			{top, "yard", "Yard", nil, true, true, []*MemberKind{worker, visitor}, nil,
				[]*Attribute{{ID: "season", Title: "Season", Values: []string{"summer", "winter"}}}, nil},
			{dock, "dock", "Dock", []*Kind{top}, true, false, []*MemberKind{docker, visitor}, []string{"visitor"},
				[]*Attribute{
					{ID: "type", Title: "Type", Values: []string{"dry", "floating"}, Fixed: true},
					{ID: "tours", Title: "Tours", Values: []string{"off", "offered"}},
				}, nil},
			{vessel, "vessel", "Vessel", []*Kind{dock}, false, false, nil, nil, nil, nil},
			{crew, "crew", "Crew", []*Kind{top, dock}, true, false, nil, []string{"member"}, nil, []string{"dock.enter", "vessel.board"}},
		} {
			if c.kind.Name != c.name || c.kind.Title != c.title || c.kind.Membership != c.membership || c.kind.Leave != c.leave || c.kind.Group() != (c.carries != nil) {
				t.Errorf("%s: %+v", c.name, c.kind)
			}
			if !slices.Equal(c.kind.Under, c.under) || !slices.Equal(c.kind.Joins, c.joins) {
				t.Errorf("%s stands under %v, joins %v", c.name, c.kind.Under, c.kind.Joins)
			}
			if diff := cmp.Diff(c.memberKinds, c.kind.MemberKinds) + cmp.Diff(c.attributes, c.kind.Attributes) + cmp.Diff(c.carries, ids(c.kind.Carries)); diff != "" {
				t.Errorf("%s: %s", c.name, diff)
			}
		}
		if top.Default != hand || dock.Default != nil || !slices.Equal(dock.Creator, []*Role{master}) || dock.Automatic != nil ||
			!slices.Equal(vessel.Automatic, []*Role{robot}) || vessel.Creator != nil {
			t.Error("who comes with a scope")
		}
	})

	t.Run("members", func(t *testing.T) {
		for _, c := range []struct {
			kind  *Kind
			asked string
			found string
			joins bool
		}{
			{dock, "", "worker", false},
			{dock, "worker", "worker", false},
			{dock, "visitor", "visitor", true},
			{dock, "member", "", false},
			{top, "visitor", "visitor", false},
			{crew, "", "", true},
			{vessel, "", "", false},
		} {
			found, known := c.kind.MemberKind(c.asked)
			if known != (c.found != "") || known && found.ID != c.found || c.kind.JoinsRoot(c.asked) != c.joins {
				t.Errorf("%s, %q: %v, joins %v", c.kind.Name, c.asked, found, c.kind.JoinsRoot(c.asked))
			}
		}
		if found, known := dock.Attribute("tours"); !known || found.Title != "Tours" {
			t.Errorf("attribute tours: %v", found)
		}
		if found, known := top.Attribute("tours"); known {
			t.Errorf("attribute of another kind: %v", found)
		}
	})

	t.Run("permissions", func(t *testing.T) {
		run := permission(t, m, "yard.run")
		want := Permission{Index: 0, ID: "yard.run", Kind: "yard", Title: "Run the yard", Section: "Yard", Rule: "Y01", Allows: []Act{
			EditionSet, ClientManage, RoleDefine, RoleWithhold, RoleWithholdFor("dry"), ScopeSet("season"), MembershipStartAs("visitor")}}
		if !reflect.DeepEqual(*run, want) {
			t.Errorf("yard.run is %+v, want %+v", *run, want)
		}
		for _, act := range want.Allows {
			if !slices.Equal(ids(m.Allowing("yard", act)), []string{"yard.run"}) || !m.Allowing("dock", act).Empty() {
				t.Errorf("%s is allowed by %v", act, ids(m.Allowing("yard", act)))
			}
		}
		for _, act := range []Act{ScopeCreate("vessel"), ScopeSet("tours"), MembershipAssign("crew")} {
			if !slices.Equal(ids(m.Allowing("dock", act)), []string{"dock.run"}) {
				t.Errorf("%s is allowed by %v", act, ids(m.Allowing("dock", act)))
			}
		}
		if permission(t, m, "dock.guide").Feature != tours || permission(t, m, "vessel.weld").Feature != welding || permission(t, m, "dock.run").Rule != "" {
			t.Error("features and rules of permissions")
		}
	})

	t.Run("roles", func(t *testing.T) {
		for _, c := range []struct {
			role       *Role
			membership string
			kinds      []string
			bounds     [2]int
			own, below []string
		}{
			{owner, "yard", []string{"worker"}, [2]int{1, 1}, []string{"yard.run", "yard.books"}, []string{"dock.enter", "dock.run", "crew.equip"}},
			{partner, "yard", []string{"worker"}, [2]int{}, []string{"yard.run"}, nil},
			{watcher, "", nil, [2]int{}, nil, nil},
			{hand, "yard", nil, [2]int{}, nil, nil},
			{feed, "", nil, [2]int{}, nil, nil},
			{master, "dock", nil, [2]int{1, 1}, []string{"dock.enter", "dock.run"}, []string{"vessel.board"}},
			{guest, "", nil, [2]int{}, nil, nil},
			{welder, "dock", nil, [2]int{}, []string{"vessel.board", "vessel.weld"}, nil},
			{robot, "", nil, [2]int{}, []string{"vessel.weld"}, nil},
		} {
			r := c.role
			if r.Membership != c.membership || !slices.Equal(r.MemberKinds, c.kinds) || r.AtLeast != c.bounds[0] || r.AtMost != c.bounds[1] {
				t.Errorf("%s needs %q of %v, %d to %d", r.ID(), r.Membership, r.MemberKinds, r.AtLeast, r.AtMost)
			}
			if diff := cmp.Diff(c.own, ids(r.Own)) + cmp.Diff(c.below, ids(r.Below)); diff != "" {
				t.Errorf("%s gives: %s", r.ID(), diff)
			}
			if r.Default != (r == hand) || r.Creator != (r == master) || r.Automatic != (r == robot) || r.Client != (r == feed) ||
				r.Adjustable != (r == master || r == welder) || (r.Feature == tours) != (r == watcher) || r.Template != nil {
				t.Errorf("%s: %+v", r.ID(), r)
			}
			if (r.AdjustablePer != nil) != (r == master) || (r.Ceiling != nil) != (r == watcher) || (r.Rule == "Y02") != (r == owner) {
				t.Errorf("%s: adjustable per %v, ceiling %v, rule %q", r.ID(), r.AdjustablePer, r.Ceiling, r.Rule)
			}
		}
		if master.AdjustablePer != dock.Attributes[0] {
			t.Errorf("adjustable per %v", master.AdjustablePer)
		}
		if owner.Former != partner || !slices.Equal(owner.Replaces, []*Role{watcher}) || !slices.Equal(watcher.Replaces, []*Role{owner}) {
			t.Error("what a role leaves and replaces")
		}
	})

	t.Run("on conditions", func(t *testing.T) {
		guide := Dependent{index("dock.guide"), offered}
		if !slices.Equal(partner.BelowIf, []Dependent{guide}) || partner.OwnIf != nil || !slices.Equal(master.OwnIf, []Dependent{guide}) ||
			!slices.Equal(guest.OwnIf, []Dependent{{index("dock.enter"), offered}}) || owner.OwnIf != nil || owner.BelowIf != nil {
			t.Error("permissions that depend on a condition")
		}
		if !slices.Equal(ids(watcher.Ceiling.Set), []string{"dock.enter"}) || !slices.Equal(watcher.Ceiling.If, []Dependent{guide}) || watcher.Ceiling.Rule != "Y21" || watcher.Feature.Rule != "Y20" {
			t.Errorf("ceiling %+v", watcher.Ceiling)
		}
		for _, c := range []struct {
			own        bool
			permission string
			want       bool
		}{
			{true, "dock.enter", true}, {true, "dock.guide", true}, {true, "vessel.board", false},
			{false, "dock.guide", false}, {false, "vessel.board", true},
		} {
			if got := master.May(c.own, index(c.permission)); got != c.want {
				t.Errorf("%s, on its own scope %v: %v", c.permission, c.own, got)
			}
		}
	})

	t.Run("authority", func(t *testing.T) {
		run := index("yard.run")
		for _, c := range []struct {
			what      string
			by        []*Role
			with      Set
			dependent []Authority
			wantBy    []*Role
			wantWith  []string
			wantIf    []Authority
		}{
			{"owner, transferred", owner.TransferredBy, owner.TransferredWith, owner.TransferredIf, []*Role{owner}, nil, nil},
			{"owner", owner.GrantedBy, owner.GrantedWith, owner.GrantedIf, nil, nil, nil},
			{"partner", partner.GrantedBy, partner.GrantedWith, partner.GrantedIf, []*Role{owner}, nil, []Authority{{Permission: run, Condition: workers}}},
			{"watcher", watcher.GrantedBy, watcher.GrantedWith, watcher.GrantedIf, nil, []string{"yard.run"}, []Authority{{Role: owner, Condition: workers}}},
			{"master, transferred", master.TransferredBy, master.TransferredWith, master.TransferredIf, []*Role{master}, nil,
				[]Authority{{Permission: index("dock.run"), Condition: workers}}},
			{"first", m.Designations[0].SetBy, m.Designations[0].SetWith, m.Designations[0].SetIf, []*Role{partner}, nil, []Authority{{Permission: run, Condition: workers}}},
			{"job", m.Templates[0].GrantedBy, m.Templates[0].GrantedWith, m.Templates[0].GrantedIf, []*Role{master}, nil, []Authority{{Permission: run, Condition: workers}}},
		} {
			if !slices.Equal(c.by, c.wantBy) || !slices.Equal(ids(c.with), c.wantWith) || !slices.Equal(c.dependent, c.wantIf) {
				t.Errorf("%s: by %v, with %v, if %+v", c.what, roleIDs(c.by), ids(c.with), c.dependent)
			}
		}
		if !owner.Passes() || !master.Passes() || partner.Passes() {
			t.Error("which roles pass by transfer")
		}
	})

	t.Run("custom roles", func(t *testing.T) {
		job, known := m.Template("dock.job")
		if !known || job != m.Templates[0] || job.ID() != "dock.job" || job.Kind != "dock" || job.Name != "job" || job.Title != "Job on a dock" || job.Rule != "Y03" ||
			job.Membership != "dock" || !slices.Equal(job.MemberKinds, []string{"worker"}) || job.Confirm != "DELETE" {
			t.Errorf("job: %+v, %v", job, known)
		}
		if diff := cmp.Diff([]string{"dock.enter", "dock.guide", "vessel.board"}, ids(job.Choices)) + cmp.Diff([]string{"dock.enter"}, ids(job.Initial)); diff != "" {
			t.Errorf("job: %s", diff)
		}
		// All of its kind and of kinds below, but for the exclusive section.
		office := m.Templates[1]
		if diff := cmp.Diff([]string{"yard.run", "dock.enter", "dock.run", "dock.guide", "vessel.board", "vessel.weld", "crew.equip"}, ids(office.Choices)); diff != "" {
			t.Errorf("office: %s", diff)
		}
		guarded := []Dependent{{permission(t, m, "dock.guide").Index, offered}}
		if diff := cmp.Diff([]string{"yard.run"}, ids(m.Given(office, office.Choices).Own)) + cmp.Diff([]string{"yard.run", "dock.enter", "dock.run", "vessel.board", "vessel.weld", "crew.equip"}, ids(m.Given(office, office.Choices).Below)); diff != "" {
			t.Errorf("what an office gives: %s", diff)
		}
		if terms := m.Given(office, office.Choices); !slices.Equal(office.If, guarded) || terms.OwnIf != nil || !slices.Equal(terms.BelowIf, guarded) {
			t.Errorf("what an office gives under a condition: %+v", terms)
		}
		if !office.Initial.Empty() || office.Confirm != "" || office.Rule != "" || office.Feature != tours || office.Role(9, "x").Feature != tours {
			t.Errorf("office: %+v", office)
		}
		made := job.Role(12, "rigger")
		if made.Index != 12 || made.ID() != "dock.rigger" || made.Template != job || made.Membership != "dock" || !slices.Equal(made.MemberKinds, job.MemberKinds) ||
			!slices.Equal(made.GrantedBy, job.GrantedBy) || !slices.Equal(made.GrantedIf, job.GrantedIf) || !made.Own.Empty() {
			t.Errorf("a role made from it: %+v", made)
		}
		terms := m.Given(job, job.Choices)
		if diff := cmp.Diff([]string{"dock.enter", "dock.guide"}, ids(terms.Own)) + cmp.Diff(ids(job.Choices), ids(terms.Below)); diff != "" {
			t.Errorf("what it gives: %s", diff)
		}
		if found, known := m.Template("dock.master"); known {
			t.Errorf("a template that nobody declared: %+v", found)
		}
	})

	t.Run("conditions", func(t *testing.T) {
		if offered != m.Conditions[0] || offered.Title != "where tours are offered" || offered.Rule != "Y04" || offered.Expression != `target.attributes.tours == "offered"` {
			t.Errorf("tours offered: %+v", offered)
		}
		if workers.Expression != `!person.given || person.member_kind == "worker" || holder.holds("yard.owner")` || workers.Rule != "" {
			t.Errorf("workers: %+v", workers)
		}
		if found, known := m.Condition("nobody"); known {
			t.Errorf("a condition that nobody declared: %+v", found)
		}
	})

	t.Run("editions", func(t *testing.T) {
		small, large := m.Editions[0], m.Editions[1]
		if !reflect.DeepEqual(*small, Edition{ID: "small", Title: "Small"}) {
			t.Errorf("small: %+v", small)
		}
		if large.ID != "large" || large.Title != "Large" || large.Rule != "Y05" || !large.Features.Equal(NewSet(tours.Index)) {
			t.Errorf("large: %+v", large)
		}
		if !slices.Equal(tours.Editions, []*Edition{large}) || welding.Editions != nil {
			t.Error("which features follow editions")
		}
		for id, want := range map[string]*Edition{"": small, "large": large, "huge": nil} {
			if found, known := m.Edition(id); found != want || known != (want != nil) {
				t.Errorf("Edition(%q) is %v", id, found)
			}
		}
		if !slices.Equal(ids(tours.Permissions), []string{"dock.guide"}) || !slices.Equal(tours.Roles, []*Role{watcher}) {
			t.Errorf("tours turns on %v and %v", ids(tours.Permissions), roleIDs(tours.Roles))
		}
	})

	t.Run("sections and posture", func(t *testing.T) {
		if want := (Section{"Books", []*Role{owner}, "Y06"}); !reflect.DeepEqual(*m.Sections[0], want) {
			t.Errorf("section %+v", m.Sections[0])
		}
		if want := (Posture{"Y07", []*Role{owner, partner}, []*Kind{dock, crew}, 30}); !reflect.DeepEqual(m.Posture, want) {
			t.Errorf("posture %+v", m.Posture)
		}
	})

	t.Run("marks and messages", func(t *testing.T) {
		first, owners, partners := m.Designations[0], m.Audiences[0], m.Audiences[1]
		if first.ID() != "yard.first" || first.Title != "First partner" || first.Rule != "Y08" || !slices.Equal(first.Among, []*Role{owner, partner}) ||
			!slices.Equal(first.While, []Quorum{{partner, 2}}) || !slices.Equal(top.Designations, []*Designation{first}) {
			t.Errorf("first: %+v", first)
		}
		if want := (Audience{"owners", "Owners", "", "yard", nil, []*Role{owner}, nil}); !reflect.DeepEqual(*owners, want) {
			t.Errorf("owners: %+v", owners)
		}
		if want := (Audience{"partners", "Partners", "Y09", "yard", first, []*Role{partner}, owners}); !reflect.DeepEqual(*partners, want) {
			t.Errorf("partners: %+v", partners)
		}
		if want := (Recipients{RoleGranted, "A role was granted", partners, true, []*Kind{top}}); !reflect.DeepEqual(*m.Messages[0], want) {
			t.Errorf("role.granted: %+v", m.Messages[0])
		}
		if want := (Resolver{"lead", "Who leads", "Y10", []*Role{master, owner}}); !reflect.DeepEqual(*m.Resolvers[0], want) {
			t.Errorf("lead: %+v", m.Resolvers[0])
		}
		if want := (Fact{"yard", "sold", "A vessel was sold", "Y11", permission(t, m, "yard.books")}); !reflect.DeepEqual(*m.Facts[0], want) {
			t.Errorf("sold: %+v", m.Facts[0])
		}
	})
}

// Where the document says nothing of the posture, it says the usual.
func TestUsualPosture(t *testing.T) {
	source := bytes.Replace([]byte(yard), []byte("posture: {rule: Y07, roles: [yard.owner, yard.partner], units: [dock, crew], dormant_days: 30}\n"), nil, 1)
	m := parse(t, "yard.yaml", source)
	want := Posture{Roles: []*Role{m.Highest}, Units: []*Kind{kind(t, m, "dock")}, DormantDays: 90}
	if !reflect.DeepEqual(m.Posture, want) {
		t.Errorf("posture %+v, want %+v", m.Posture, want)
	}
}

// The test above would not see a key that the yard forgets.
func TestYardUsesEveryKey(t *testing.T) {
	var d document
	if err := json.Unmarshal(parse(t, "yard.yaml", []byte(yard)).Canonical(), &d); err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	markUsed(reflect.ValueOf(d), used)
	if missing := unused(reflect.TypeFor[document](), used); missing != nil {
		t.Errorf("the yard lacks %v", missing)
	}
}

func permission(t testing.TB, m *Model, id string) *Permission {
	t.Helper()
	p, known := m.Permission(id)
	if !known {
		t.Fatalf("%s has no permission %s", m.ID, id)
	}
	return p
}

func condition(t testing.TB, m *Model, id string) *Condition {
	t.Helper()
	c, known := m.Condition(id)
	if !known {
		t.Fatalf("%s has no condition %s", m.ID, id)
	}
	return c
}
