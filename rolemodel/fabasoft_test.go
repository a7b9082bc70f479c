package rolemodel

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func fabasoft(t testing.TB) *Model {
	t.Helper()
	m, err := Builtin("fabasoft")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// holding are the roles that give the permission, where they are held or below.
func holding(t testing.TB, m *Model, id string) []string {
	t.Helper()
	p, known := m.Permission(id)
	if !known {
		t.Fatalf("%s has no permission %s", m.ID, id)
	}
	var ids []string
	for _, r := range m.Roles {
		if r.Own.Has(p.Index) || r.Below.Has(p.Index) {
			ids = append(ids, r.ID())
		}
	}
	return ids
}

// grantable are the roles that holders of a role can come by or hand out, step
// by step, itself included.
func grantable(m *Model, from *Role) []*Role {
	list := []*Role{from}
	for i := 0; i < len(list); i++ {
		for _, r := range m.Roles {
			if slices.Contains(list, r) {
				continue
			}
			if slices.Contains(r.GrantedBy, list[i]) || slices.Contains(r.TransferredBy, list[i]) ||
				r.GrantedWith.Intersects(list[i].Own.Union(list[i].Below)) {
				list = append(list, r)
			}
		}
	}
	return list
}

func requireIDs(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: %s", what, diff)
	}
}

// What the model alone says of the rules F01 to F16, and of X01.
func TestFabasoftRules(t *testing.T) {
	m := fabasoft(t)
	organization, app, teamroom := kind(t, m, "organization"), kind(t, m, "app"), kind(t, m, "teamroom")
	owner, coOwner := role(t, m, "organization", "owner"), role(t, m, "organization", "co_owner")
	paymentUser, buyer := role(t, m, "organization", "payment_user"), role(t, m, "organization", "authorized_buyer")
	compliance := role(t, m, "organization", "compliance_manager")
	administrator := role(t, m, "organization", "administrator")
	owners := []string{"organization.owner", "organization.co_owner"}
	designation := func(name string) *Designation {
		d, known := m.Designation("organization", name)
		if !known {
			t.Fatalf("no designation %s", name)
		}
		return d
	}
	audience := func(id string) *Audience {
		a, known := m.Audience(id)
		if !known {
			t.Fatalf("no audience %s", id)
		}
		return a
	}
	sent := func(message Message) *Recipients {
		r, sent := m.Message(message)
		if !sent {
			t.Fatalf("%s is not sent", message)
		}
		return r
	}

	t.Run("scopes", func(t *testing.T) {
		if m.Root != "organization" || !organization.Membership || app.Membership || teamroom.Membership {
			t.Error("the organization alone has members")
		}
		if !app.MayStandUnder(organization) || !teamroom.MayStandUnder(organization) || !teamroom.MayStandUnder(app) ||
			app.MayStandUnder(app) || teamroom.MayStandUnder(teamroom) || app.MayStandUnder(teamroom) {
			t.Error("teamrooms stand in the organization or in apps, apps in the organization")
		}
	})

	t.Run("X01_there_is_always_an_owner", func(t *testing.T) {
		if m.Highest != owner || owner.AtLeast != 1 {
			t.Errorf("highest %s, at least %d", m.Highest.ID(), owner.AtLeast)
		}
	})

	t.Run("F01_owner_and_co_owners_reach_everything", func(t *testing.T) {
		if owner.AtMost != 1 || coOwner.AtMost != 0 || coOwner.AtLeast != 0 {
			t.Error("one owner, any number of co-owners")
		}
		// But for who adopts another model, which could give the ownership away.
		adopt, _ := m.Permission("organization.model.adopt")
		if coOwner.Own.Has(adopt.Index) || !owner.Own.Equal(coOwner.Own.Union(NewSet(adopt.Index))) || !owner.Below.Equal(coOwner.Below) {
			t.Error("owner and co-owners may do the same")
		}
		for _, p := range m.Permissions {
			// The background user's task, and the support teams'.
			special := p.ID == "teamroom.tasks.run" || strings.Contains(p.ID, "support")
			if p.Kind != "organization" && owner.Below.Has(p.Index) == special {
				t.Errorf("%s in all %ss: %v", p.ID, p.Kind, !special)
			}
		}
		for _, act := range []Act{PersonRegister, PersonUpdate, CredentialRevoke, DirectoryRead, HistoryRead, LinksRead, HoldPlace, CaseRead,
			FeatureSwitch, NoticeRead, MembershipStart, MembershipSuspend, MembershipResume, MembershipTerminate, ScopeRename, ScopeCreate("app"), ScopeCreate("teamroom")} {
			if !m.Allowing("organization", act).Intersects(owner.Own) {
				t.Errorf("%s of the organization is not the owner's", act)
			}
		}
		for _, act := range []Act{ScopeRename, ScopeMove, ScopeDelete} {
			if !m.Allowing("teamroom", act).Intersects(owner.Below) {
				t.Errorf("%s of teamrooms is not the owner's", act)
			}
		}
	})

	t.Run("F02_the_owner_alone_transfers", func(t *testing.T) {
		requireIDs(t, "owner is transferred by", roleIDs(owner.TransferredBy), "organization.owner")
		requireIDs(t, "owner ends", roleIDs(owner.Replaces), "organization.co_owner")
		if owner.GrantedBy != nil || !owner.GrantedWith.Empty() {
			t.Error("nobody grants the owner")
		}
		if owner.Former != coOwner || owner.Membership != "organization" || owner.Rule != "F02" {
			t.Errorf("former %v, membership %q, rule %s", owner.Former, owner.Membership, owner.Rule)
		}
	})

	t.Run("F03_co_owners", func(t *testing.T) {
		requireIDs(t, "co-owner is granted by", roleIDs(coOwner.GrantedBy), owners...)
		// The owner cannot be co-owner as well.
		requireIDs(t, "co-owner ends", roleIDs(coOwner.Replaces), "organization.owner")
	})

	t.Run("F04_main_owner", func(t *testing.T) {
		main := designation("main_owner")
		requireIDs(t, "among", roleIDs(main.Among), owners...)
		requireIDs(t, "set by", roleIDs(main.SetBy), owners...)
		if !slices.Equal(main.While, []Quorum{{coOwner, 1}}) || main.Rule != "F04" {
			t.Errorf("while %v, rule %s", main.While, main.Rule)
		}
		mail := audience("owners")
		requireIDs(t, "owners' mail", roleIDs(mail.Roles), owners...)
		if mail.Designation != main || mail.Otherwise != nil {
			t.Errorf("owners' mail: %+v", mail)
		}
		if sent(OwnershipTransferred).Audience != mail {
			t.Error("ownership.transferred goes to the owners' audience")
		}
		if m.Contact == nil || m.Contact.Designation != main || !slices.Equal(m.Contact.Roles, []*Role{owner}) || m.Contact.Kind != "organization" {
			t.Errorf("contact: %+v", m.Contact)
		}
		for _, message := range []Message{BreakGlassUsed, ModelAdopted} {
			if sent(message).Audience != mail {
				t.Errorf("%s goes to the owners' audience", message)
			}
		}
	})

	t.Run("F05_payment_user", func(t *testing.T) {
		requireIDs(t, "granted by", roleIDs(paymentUser.GrantedBy), owners...)
		if paymentUser.AtMost != 1 || !slices.Contains(administrator.GrantedBy, paymentUser) {
			t.Error("at most one, who defines administrators")
		}
		requireIDs(t, "and nobody else", roleIDs(grantable(m, paymentUser)), "organization.payment_user", "organization.administrator")
	})

	t.Run("F05_F06_licenses", func(t *testing.T) {
		requireIDs(t, "granted by", roleIDs(buyer.GrantedBy), owners...)
		requireIDs(t, "purchase", holding(t, m, "organization.licenses.purchase"), "organization.payment_user", "organization.authorized_buyer")
		feature, known := m.Feature("license_purchase")
		purchase, _ := m.Permission("organization.licenses.purchase")
		if !known || purchase.Feature != feature {
			t.Error("purchasing waits for the feature")
		}
		requireIDs(t, "the feature turns on", permissionIDs(m, feature.Permissions), "organization.licenses.purchase")
		if fact, known := m.Fact("organization", "license_purchased"); !known || fact.Permission != purchase || fact.Rule != "F05" {
			t.Errorf("license purchased: %+v", fact)
		}
		// Who buys does not say that buying is enabled.
		requireIDs(t, "features are switched by", holding(t, m, "organization.features.switch"), owners...)
	})

	t.Run("F07_compliance_managers", func(t *testing.T) {
		requireIDs(t, "granted by", roleIDs(compliance.GrantedBy), owners...)
		const alone = "organization.compliance_manager"
		for _, c := range []struct {
			act  Act
			held []string
		}{
			{PersonAnonymize, []string{alone}},
			{ReminderSet, []string{alone}},
			{LinksRead, append(owners, alone)},
			{HoldPlace, append(owners, alone)},
			{CaseRead, append(owners, alone)},
		} {
			for i := range m.Allowing("organization", c.act).All() {
				requireIDs(t, string(c.act), holding(t, m, m.Permissions[i].ID), c.held...)
			}
			if !m.Allowing("organization", c.act).Intersects(compliance.Own) {
				t.Errorf("%s is not a compliance manager's", c.act)
			}
		}
		for _, message := range []Message{MembershipTerminated, ReminderDue, ReminderOverdue} {
			to := sent(message)
			if to.Audience.Designation != nil || to.Audience.Otherwise != audience("owners") {
				t.Errorf("%s goes to %+v", message, to.Audience)
			}
			// Whom it is about is told of the end of the membership alone.
			if !slices.Equal(to.Audience.Roles, []*Role{compliance}) || to.Subject != (message == MembershipTerminated) {
				t.Errorf("%s goes to %+v", message, to)
			}
		}
	})

	t.Run("F08_administrators", func(t *testing.T) {
		requireIDs(t, "granted by", roleIDs(administrator.GrantedBy), append(owners, "organization.payment_user")...)
		if !administrator.Below.Empty() {
			t.Errorf("gives below: %v", permissionIDs(m, administrator.Below))
		}
		// Nor do they come by anything there over roles that they grant.
		requireIDs(t, "grants", roleIDs(grantable(m, administrator)), "organization.administrator")
		for _, act := range []Act{PersonRegister, MembershipStart, MembershipTerminate, ScopeRename, ScopeCreate("teamroom")} {
			allowed := m.Allowing("organization", act)
			if !allowed.Intersects(administrator.Own) && !slices.ContainsFunc(administrator.OwnIf, func(d Dependent) bool { return allowed.Has(d.Permission) }) {
				t.Errorf("%s is not the administrators'", act)
			}
		}
		if owner.Own.Equal(administrator.Own) || !owner.Own.Equal(owner.Own.Union(administrator.Own)) {
			t.Error("administrators may do less than the owner, and nothing else")
		}
		main := designation("main_administrator")
		requireIDs(t, "among", roleIDs(main.Among), "organization.administrator")
		requireIDs(t, "set by", roleIDs(main.SetBy), append(owners, "organization.payment_user")...)
		if !slices.Equal(main.While, []Quorum{{administrator, 2}}) || main.Rule != "F08" {
			t.Errorf("while %v, rule %s", main.While, main.Rule)
		}
		mail := audience("administrators")
		if mail.Designation != main || !slices.Equal(mail.Roles, []*Role{administrator}) || mail.Otherwise != audience("owners") {
			t.Errorf("administrators' mail: %+v", mail)
		}
		if sent(NoticeParked).Audience != mail {
			t.Error("notice.parked goes to the administrators' audience")
		}
	})

	t.Run("F09_support_team", func(t *testing.T) {
		resolver, known := m.Resolver("support_team")
		if !known || resolver.Rule != "F09" {
			t.Fatalf("resolver %+v", resolver)
		}
		for _, c := range []struct {
			kind   string
			grants []string
		}{
			{"organization", owners},
			{"app", append(owners, "app.manager")},
			{"teamroom", append(owners, "teamroom.manager")},
		} {
			team := role(t, m, c.kind, "support_team")
			requireIDs(t, team.ID(), roleIDs(team.GrantedBy), c.grants...)
			answer, _ := m.Permission(c.kind + ".support.answer")
			if resolver.RoleOn(c.kind) != team || !team.Own.Has(answer.Index) {
				t.Errorf("%s does not answer", team.ID())
			}
		}
	})

	t.Run("F10_all_but_the_owner_may_be_no_members", func(t *testing.T) {
		for _, r := range m.Roles {
			member := r == owner || r == organization.Default
			if r.Kind == "organization" && (r.Membership != "") != member {
				t.Errorf("%s needs membership of %q", r.ID(), r.Membership)
			}
		}
	})

	t.Run("F11_background_tasks", func(t *testing.T) {
		background := role(t, m, "teamroom", "background_tasks")
		if !slices.Equal(teamroom.Automatic, []*Role{background}) || organization.Automatic != nil || app.Automatic != nil || background.Rule != "F11" {
			t.Errorf("automatic in teamrooms: %v", roleIDs(teamroom.Automatic))
		}
		requireIDs(t, "tasks are run by", holding(t, m, "teamroom.tasks.run"), "teamroom.background_tasks")
		requireIDs(t, "withdrawn by", roleIDs(background.GrantedBy), append(owners, "teamroom.manager")...)
	})

	// F12 and F14 ask, for each field, who may grant: every role that people
	// define has an answer. F13 is F04's and F08's quorum.
	t.Run("F12_F14_every_field_has_an_owner", func(t *testing.T) {
		for _, r := range m.Roles {
			if r.Kind == "organization" && r != owner && !r.Default && !slices.Contains(r.GrantedBy, owner) {
				t.Errorf("%s is not the owner's to grant", r.ID())
			}
		}
		if len(organization.Designations) != 2 {
			t.Errorf("%d designations", len(organization.Designations))
		}
	})

	t.Run("F15_termination", func(t *testing.T) {
		if owner.AtLeast != 1 || owner.Membership != "organization" || organization.Leave {
			t.Error("the owner rests on the membership, and must not be left without")
		}
	})

	// F16 is X03: who changed something last stands in the history.
	t.Run("F16_history", func(t *testing.T) {
		requireIDs(t, "history", holding(t, m, "organization.history.read"), append(owners, "organization.administrator")...)
	})
}

func TestFabasoftPermissions(t *testing.T) {
	m := fabasoft(t)
	if len(m.Permissions) < 25 {
		t.Errorf("%d permissions", len(m.Permissions))
	}
	// Every act is somebody's, but those on memberships below the organization
	// and those that this model has no use for: it has no editions, custom roles,
	// groups or API clients, nobody stands in for others or has a manager, and
	// all are invited to the organization itself.
	without := []Act{
		EditionSet, RoleDefine, RoleRename, RoleDelete, RolePermit, RoleUnpermit, RoleWithhold, ScopePermit, ClientManage,
		BehalfAct, ManagerAssign, AddressesRoute, InvitationAnswer, ScopeMerge,
	}
	for _, a := range acts {
		if slices.Contains(without, a.act) {
			continue
		}
		on := []string{"organization"}
		switch {
		case a.act == ReportRead: // of which no units are counted apart
		case a.on == onEvery:
			on = []string{"organization", "app", "teamroom"}
		case a.on == onBelowRoot:
			on = []string{"teamroom"}
		}
		for _, kind := range on {
			if m.Allowing(kind, a.act).Empty() {
				t.Errorf("nobody may do %s on %s", a.act, kind)
			}
		}
	}
	for _, act := range without {
		for _, kind := range m.Kinds {
			if !m.Allowing(kind.Name, act).Empty() {
				t.Errorf("somebody may do %s on %s", act, kind.Name)
			}
		}
	}
	requireIDs(t, "organization.model.adopt", holding(t, m, "organization.model.adopt"), "organization.owner")
	for _, id := range []string{"organization.reports.read", "organization.people.export", "app.archive", "teamroom.archive", "app.export", "teamroom.export"} {
		requireIDs(t, id, holding(t, m, id), "organization.owner", "organization.co_owner")
	}
	// Every message that the engine knows is sent to somebody, but for what does
	// not happen here: nobody may say which addresses are rerouted.
	for _, kind := range messages {
		if kind.message == InvitationRerouted {
			continue
		}
		if r, sent := m.Message(kind.message); !sent || r.Audience == nil && !r.Subject {
			t.Errorf("%s is not sent", kind.message)
		}
	}
}
