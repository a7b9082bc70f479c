package rolemodel

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What the github model has no example of.
func TestCompiledModel(t *testing.T) {
	source := strings.Replace(small, "    allows: [directory.read]\n",
		"    allows: [directory.read]\n  - {id: company.staff.list, title: List staff, section: Company, allows: [directory.read]}\n", 1)
	source = strings.Replace(source, "permissions: [company.people]", "permissions: [company.people, company.staff.list]", 1)
	source = strings.Replace(source, "granted_by: [office.edit]", "granted_by: [company.owner, office.edit, company.people]", 1)
	m := parse(t, "small.yaml", []byte(source))

	guest := role(t, m, "office", "guest")
	if diff := cmp.Diff([]string{"company.people", "office.edit"}, permissionIDs(m, guest.GrantedWith)); diff != "" {
		t.Errorf("guest is granted with: %s", diff)
	}
	if diff := cmp.Diff([]string{"company.owner"}, roleIDs(guest.GrantedBy)); diff != "" {
		t.Errorf("guest is granted by: %s", diff)
	}
	if guest.Membership != "" || guest.AtLeast != 0 || guest.AtMost != 5 {
		t.Errorf("guest: membership %q, %d to %d", guest.Membership, guest.AtLeast, guest.AtMost)
	}
	if diff := cmp.Diff([]string{"company.people", "company.staff.list"}, permissionIDs(m, m.Allowing("company", DirectoryRead))); diff != "" {
		t.Errorf("two permissions for one act: %s", diff)
	}
	var under []string
	for _, k := range kind(t, m, "desk").Under {
		under = append(under, k.Name)
	}
	if diff := cmp.Diff([]string{"company", "office", "desk"}, under); diff != "" {
		t.Errorf("desk stands under: %s", diff)
	}
	if m.Title != "Small" || m.About != "A model for tests." || kind(t, m, "desk").Title != "Desk" || guest.Title != "Guest" {
		t.Error("titles are lost")
	}
}

// The line break at the end of a block is no part of its text.
func TestBlocksOfText(t *testing.T) {
	for _, about := range []string{">\n  A model\n  for tests.\n", ">-\n  A model\n  for tests.\n", "|\n  A model for tests.\n\n"} {
		m := parse(t, "small.yaml", []byte(strings.Replace(small, "A model for tests.\n", about, 1)))
		if m.About != "A model for tests." {
			t.Errorf("about is %q", m.About)
		}
	}
}

// A role on a kind always below another one may need membership of that.
func TestMembershipBetween(t *testing.T) {
	source := strings.Replace(small, "under: [company, office, desk]", "under: [office, desk]", 1)
	source = strings.Replace(source, "replaces: [desk.visitor]", "membership: office", 1)
	m := parse(t, "small.yaml", []byte(source))
	if user := role(t, m, "desk", "user"); user.Membership != "office" {
		t.Errorf("membership %q", user.Membership)
	}
}

func TestReadsDoNotAllocate(t *testing.T) {
	m := github(t)
	admin, maintainer := role(t, m, "organization", "admin"), role(t, m, "team", "maintainer")
	team := kind(t, m, "team")
	ok := true
	allocations := testing.AllocsPerRun(100, func() {
		p, known := m.Permission("team.edit")
		r, _ := m.Role("team", "maintainer")
		k, _ := m.Kind("team")
		act := m.Allowing("team", ScopeRename)
		ok = ok && known && r.Own.Has(p.Index) && act.Intersects(admin.Below) && k.MayStandUnder(team) && !maintainer.Own.Empty()
		for i := range act.All() {
			ok = ok && m.Permissions[i].Kind == "team"
		}
	})
	if allocations != 0 || !ok {
		t.Errorf("%v allocations, ok %v", allocations, ok)
	}
}

// Run with -race: many readers of one model, from the first use on.
func TestModelsAreReadConcurrently(t *testing.T) {
	var readers sync.WaitGroup
	for range 8 {
		readers.Go(func() {
			m := github(t)
			again, err := Parse("canonical", m.Canonical())
			if err != nil || again.Digest() != m.Digest() {
				t.Errorf("read back: %v", err)
			}
			for _, r := range m.Roles {
				if found, _ := m.Role(r.Kind, r.Name); found != r || r.Own.Union(r.Below).Empty() {
					t.Errorf("role %s", r.ID())
				}
			}
		})
	}
	readers.Wait()
}

func TestActs(t *testing.T) {
	if kind, yes := ScopeCreate("team").Creates(); kind != "team" || !yes {
		t.Errorf("ScopeCreate(team) creates %q, %v", kind, yes)
	}
	if kind, yes := ScopeDelete.Creates(); yes {
		t.Errorf("ScopeDelete creates %q", kind)
	}
	for act, want := range map[Act]Act{
		ScopeCreate("team"):        "scope.create:team",
		ScopeImport("team"):        "scope.import:team",
		ScopeExportOf("team"):      "scope.export:team",
		ScopeSet("color"):          "scope.set:color",
		MembershipStartAs("guest"): "membership.start:guest",
		MembershipAssign("team"):   "membership.assign:team",
		RoleWithholdFor("project"): "role.withhold:project",
		RoleWithholdFor(""):        RoleWithhold,
	} {
		if act != want {
			t.Errorf("got %s, want %s", act, want)
		}
	}
}

func BenchmarkAllowing(b *testing.B) {
	m := github(b)
	admin := role(b, m, "organization", "admin")
	b.ReportAllocs()
	for b.Loop() {
		if !m.Allowing("team", ScopeRename).Intersects(admin.Below) {
			b.Fatal("not allowed")
		}
	}
}

func BenchmarkParse(b *testing.B) {
	source, err := files.ReadFile("models/github.yaml")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("github.yaml", source); err != nil {
			b.Fatal(err)
		}
	}
}
