package rolemodel

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func github(t testing.TB) *Model {
	t.Helper()
	m, err := Builtin("github")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// role finds a role that the test is about.
func role(t testing.TB, m *Model, kind, name string) *Role {
	t.Helper()
	r, known := m.Role(kind, name)
	if !known {
		t.Fatalf("%s has no role %s.%s", m.ID, kind, name)
	}
	return r
}

func kind(t testing.TB, m *Model, name string) *Kind {
	t.Helper()
	k, known := m.Kind(name)
	if !known {
		t.Fatalf("%s has no scope kind %s", m.ID, name)
	}
	return k
}

// permissionIDs lists a set's permissions by id.
func permissionIDs(m *Model, s Set) []string {
	var ids []string
	for i := range s.All() {
		ids = append(ids, m.Permissions[i].ID)
	}
	return ids
}

func roleIDs(roles []*Role) []string {
	var ids []string
	for _, r := range roles {
		ids = append(ids, r.ID())
	}
	return ids
}

func TestGitHubScopes(t *testing.T) {
	m := github(t)
	organization, team := kind(t, m, "organization"), kind(t, m, "team")
	if m.Root != "organization" || !organization.Membership || !organization.Leave || len(organization.Under) != 0 {
		t.Errorf("root %s, %+v", m.Root, organization)
	}
	if team.Membership || team.Leave {
		t.Error("teams have roles, and no membership of their own")
	}
	// G02: teams nest in teams.
	for _, c := range []struct {
		child, parent *Kind
		want          bool
	}{{team, organization, true}, {team, team, true}, {organization, team, false}, {organization, organization, false}} {
		if got := c.child.MayStandUnder(c.parent); got != c.want {
			t.Errorf("%s under %s: %v, want %v", c.child.Name, c.parent.Name, got, c.want)
		}
	}
	if _, known := m.Kind("repository"); known {
		t.Error("a scope kind that nobody declared")
	}
}

func TestGitHubRoles(t *testing.T) {
	m := github(t)
	admin, member := role(t, m, "organization", "admin"), role(t, m, "organization", "member")
	maintainer, teamMember := role(t, m, "team", "maintainer"), role(t, m, "team", "member")

	// G01 and X01.
	if m.Highest != admin || admin.AtLeast != 1 || admin.AtMost != 0 || admin.Rule != "G01" {
		t.Errorf("highest %s: at least %d, at most %d, rule %s", m.Highest.ID(), admin.AtLeast, admin.AtMost, admin.Rule)
	}
	if !member.Default || kind(t, m, "organization").Default != member || kind(t, m, "team").Default != nil {
		t.Error("organization.member is the one default")
	}
	for _, c := range []struct {
		role      *Role
		grantedBy []string
		replaces  []string
	}{
		{admin, []string{"organization.admin"}, []string{"organization.member"}},
		{member, []string{"organization.admin"}, []string{"organization.admin"}},
		{maintainer, []string{"organization.admin", "team.maintainer"}, []string{"team.member"}},
		{teamMember, []string{"organization.admin", "team.maintainer"}, []string{"team.maintainer"}},
	} {
		if diff := cmp.Diff(c.grantedBy, roleIDs(c.role.GrantedBy)); diff != "" {
			t.Errorf("%s is granted by: %s", c.role.ID(), diff)
		}
		if diff := cmp.Diff(c.replaces, roleIDs(c.role.Replaces)); diff != "" {
			t.Errorf("%s replaces: %s", c.role.ID(), diff)
		}
		// G02 and G03: all hang on the membership of the organization.
		if c.role.Membership != "organization" {
			t.Errorf("%s needs membership of %q", c.role.ID(), c.role.Membership)
		}
		if !c.role.GrantedWith.Empty() {
			t.Errorf("%s is granted with %v", c.role.ID(), permissionIDs(m, c.role.GrantedWith))
		}
	}
	if _, known := m.Role("team", "admin"); known {
		t.Error("a role that nobody declared")
	}
}

func TestGitHubPermissions(t *testing.T) {
	m := github(t)
	if len(m.Permissions) < 12 {
		t.Errorf("%d permissions", len(m.Permissions))
	}
	var organization, team []string
	for i, p := range m.Permissions {
		if p.Index != i {
			t.Errorf("%s has index %d at %d", p.ID, p.Index, i)
		}
		if found, known := m.Permission(p.ID); !known || found != p {
			t.Errorf("Permission(%q) is %v, %v", p.ID, found, known)
		}
		if p.Kind == "organization" {
			organization = append(organization, p.ID)
		} else {
			team = append(team, p.ID)
		}
	}
	manage := slices.DeleteFunc(slices.Clone(team), func(id string) bool { return id == "team.move" })
	for _, c := range []struct {
		kind, name string
		own, below []string
	}{
		{"organization", "admin", organization, team},
		{"organization", "member", []string{"organization.people.read"}, []string{"team.read"}},
		{"team", "maintainer", manage, team},
		{"team", "member",
			[]string{"team.read", "team.discussions.read", "team.discussions.write"},
			[]string{"team.read", "team.discussions.read"}},
	} {
		r := role(t, m, c.kind, c.name)
		if diff := cmp.Diff(c.own, permissionIDs(m, r.Own)); diff != "" {
			t.Errorf("%s gives where it is held: %s", r.ID(), diff)
		}
		if diff := cmp.Diff(c.below, permissionIDs(m, r.Below)); diff != "" {
			t.Errorf("%s gives below: %s", r.ID(), diff)
		}
	}
}

// Every act of the engine that makes sense in this model is authorized by some
// permission, so that nothing needs the operator.
func TestGitHubAllowing(t *testing.T) {
	m := github(t)
	for _, c := range []struct {
		kind string
		act  Act
		want []string
	}{
		{"organization", PersonRegister, []string{"organization.people.register"}},
		{"organization", PersonUpdate, []string{"organization.people.edit"}},
		{"organization", CredentialRevoke, []string{"organization.keys.revoke"}},
		{"organization", DirectoryRead, []string{"organization.people.read"}},
		{"organization", HistoryRead, []string{"organization.history.read"}},
		{"organization", PersonAnonymize, []string{"organization.people.anonymize"}},
		{"organization", ReminderSet, []string{"organization.reminders.set"}},
		{"organization", LinksRead, []string{"organization.links.read"}},
		{"organization", HoldPlace, []string{"organization.holds.place"}},
		{"organization", CaseRead, []string{"organization.cases.read"}},
		{"organization", NoticeRead, []string{"organization.notices.read"}},
		{"organization", ReportRead, []string{"organization.reports.read"}},
		{"organization", ModelAdopt, []string{"organization.model.adopt"}},
		{"organization", FeatureSwitch, nil},
		{"organization", MembershipStart, []string{"organization.members.add"}},
		{"organization", MembershipSuspend, []string{"organization.members.suspend"}},
		{"organization", MembershipResume, []string{"organization.members.suspend"}},
		{"organization", MembershipTerminate, []string{"organization.members.remove"}},
		{"organization", ScopeRename, []string{"organization.edit"}},
		{"organization", ScopeExport, []string{"organization.people.export"}},
		{"organization", ScopeArchive, nil},
		{"organization", ScopeDelete, nil},
		{"organization", ScopeCreate("team"), []string{"organization.teams.create"}},
		{"team", ScopeRename, []string{"team.edit"}},
		{"team", ScopeMove, []string{"team.move"}},
		{"team", ScopeArchive, []string{"team.archive"}},
		{"team", ScopeExport, []string{"team.export"}},
		{"team", ScopeDelete, []string{"team.delete"}},
		{"team", ScopeCreate("team"), []string{"team.children.create"}},
		{"team", MembershipStart, nil},
		{"desk", ScopeRename, nil},
	} {
		if diff := cmp.Diff(c.want, permissionIDs(m, m.Allowing(c.kind, c.act))); diff != "" {
			t.Errorf("%s on %s: %s", c.act, c.kind, diff)
		}
	}
}

// Administrators are told, and asked.
func TestGitHubMessages(t *testing.T) {
	m := github(t)
	if m.Contact == nil || !slices.Equal(m.Contact.Roles, []*Role{m.Highest}) || m.Contact.Designation != nil {
		t.Errorf("contact: %+v", m.Contact)
	}
	for _, c := range []struct {
		message  Message
		audience *Audience
		subject  bool
	}{
		{RoleGranted, nil, true},
		{RoleRevoked, nil, true},
		{MembershipTerminated, m.Contact, true},
		{ReminderDue, m.Contact, false},
		{ReminderOverdue, m.Contact, false},
		{InvitationSent, nil, true},
		{GrantExpiring, m.Contact, true},
		{BreakGlassUsed, m.Contact, false},
		{NoticeParked, m.Contact, false},
	} {
		if got, sent := m.Message(c.message); !sent || got.Audience != c.audience || got.Subject != c.subject {
			t.Errorf("%s: %+v, %v", c.message, got, sent)
		}
	}
}
