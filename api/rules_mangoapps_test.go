package api

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"tenure/service"
)

// network is a domain under the model mangoapps: nora is the network
// administrator; oscar and otto administer the organizations east and west, of
// which eva and wes are users; cleo administers the company intranet with its
// department sales, and ivan the ideas; carl manages the campaign green; tess
// owns the project crew, of which tom is a member, and the group club; uma is a
// network user and holds nothing, gus a guest, and nina does not belong to the
// domain.
type network struct{ *stage }

func domain(t *testing.T) network {
	t.Helper()
	n := network{enact(t, "mangoapps", "nora", "oscar", "otto", "cleo", "ivan", "carl", "tess", "tom", "uma", "nina!")}
	n.as("nora").post("/people/members", `{"login": "gus", "email": "gus@example.org", "member_kind": "guest"}`).done()
	n.key("gus")
	for _, scope := range []string{"organization:east", "organization:west", "company:intranet"} {
		n.as("nora").create(scope, "").done()
	}
	n.grant("nora", "oscar", "administrator", "organization:east").done()
	n.grant("nora", "otto", "administrator", "organization:west").done()
	n.grant("nora", "cleo", "administrator", "company:intranet").done()
	n.grant("nora", "ivan", "idea_administrator", "").done()
	n.newcomer("oscar", "eva", "organization:east").done()
	n.newcomer("otto", "wes", "organization:west").done()
	n.key("eva")
	n.key("wes")
	n.as("cleo").create("department:sales", "company:intranet").done()
	n.as("ivan").create("campaign:green", "").done()
	n.as("ivan").create("idea:bike", "").done()
	n.as("ivan").create("idea:solar", "campaign:green").done()
	n.grant("nora", "carl", "manager", "campaign:green").done()
	n.as("tess").create("team:crew", "").done()
	n.as("tess").post("/scopes", `{"scope": "team:club", "title": "Club", "attributes": {"type": "group"}}`).done()
	n.membership("tess", "start", "tom", "team:crew").done()
	n.delivered()
	return n
}

// named is somebody as another one can name them: whoever may not look people up
// has to know the id.
func (n network) named(by, who string) string {
	n.t.Helper()
	if by == "nora" {
		return who
	}
	return string(n.id(who))
}

func (n network) grant(by, who, role, on string) *act {
	n.t.Helper()
	return n.as(by).grant(n.named(by, who), role, on)
}

func (n network) revoke(by, who, role, on string) *act {
	n.t.Helper()
	return n.as(by).revoke(n.named(by, who), role, on)
}

// newcomer makes somebody known and a user of an organization at once.
func (n network) newcomer(by, who, on string) *act {
	n.t.Helper()
	return n.as(by).post("/people/members", `{"login": %q, "email": %q, "scope": %q}`, who, who+"@example.org", on)
}

func (n network) membership(by, verb, who, on string) *act {
	n.t.Helper()
	return n.as(by).post("/memberships/"+verb, `{"person": %q, "scope": %q}`, n.named(by, who), on)
}

func (n network) guest(by, who, on string) *act {
	n.t.Helper()
	return n.as(by).post("/memberships/start", `{"person": %q, "scope": %q, "member_kind": "guest"}`, n.named(by, who), on)
}

func (n network) rename(by, scope string) *act {
	n.t.Helper()
	return n.as(by).post("/scopes/rename", `{"scope": %q, "title": %q}`, scope, "Title by "+by)
}

func (n network) set(by, scope, attribute, value string) *act {
	n.t.Helper()
	return n.as(by).post("/scopes/set", `{"scope": %q, "attributes": {%q: %q}}`, scope, attribute, value)
}

// scope does to a scope what takes no more than its name.
func (n network) scope(by, verb, scope string) *act {
	n.t.Helper()
	return n.as(by).post("/scopes/"+verb, `{"scope": %q}`, scope)
}

func (n network) transfer(by, who, on string) *act {
	n.t.Helper()
	return n.as(by).post("/transfers", `{"person": %q, "role": "owner", "scope": %q}`, n.named(by, who), on)
}

func (n network) withhold(by, verb, permission, value string) *act {
	n.t.Helper()
	return n.as(by).post("/role-types/"+verb, `{"role": "team.administrator", "permissions": [%q], "value": %q}`, permission, value)
}

// who has a permission, by login.
func (n network) who(permission, on string) []string {
	n.t.Helper()
	var list []service.GrantView
	n.as("operator").get("/grants?" + url.Values{"permission": {permission}, "scope": {on}}.Encode()).into(&list)
	names := []string{}
	for _, g := range list {
		names = append(names, g.Login)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// roleType is a type of role as somebody sees it.
func (n network) roleType(by, role string) service.RoleTypeDetail {
	n.t.Helper()
	var detail service.RoleTypeDetail
	n.as(by).get("/role-types/" + role).into(&detail)
	return detail
}

// press defines a custom role for the news, which uma holds.
func (n network) press() {
	n.t.Helper()
	n.as("nora").post("/role-types", `{"role": "press", "title": "Press office", "icon": "megaphone", "permissions": ["company.posts.create"]}`).done()
	n.grant("nora", "uma", "press", "").done()
	n.delivered()
}

func permissionsOf(role service.RoleTypeDetail) []string {
	names := []string{}
	for _, p := range role.Permissions {
		names = append(names, p.ID)
	}
	return names
}

// adminRole is a type of admin role that the model has: where it is held, by
// whom, and the rule that refusals to grant it cite.
type adminRole struct{ words, role, on, holder, rule string }

var adminRoles = []adminRole{
	{"network_administrator", "administrator", "", "nora", "M04"},
	{"organization_administrator", "administrator", "organization:east", "oscar", "M05"},
	{"company_administrator", "administrator", "company:intranet", "cleo", "M06"},
	{"idea_administrator", "idea_administrator", "", "ivan", "M07"},
	{"campaign_manager", "manager", "campaign:green", "carl", "M09"},
	{"team_administrator", "administrator", "team:crew", "tess", "M16"},
}

// block is the permissions of one admin role: as many as the source has, each
// on a scope, by its title, and with all who have it besides the holder.
type block struct {
	rule, words, holder string
	count               int
	on                  string // where, unless the line says so
	lines               string // ID, SCOPE if not on, others in brackets, then the title
}

var blocks = []block{
	{"M04", "the_41_of_a_network_administrator", "nora", 41, "", `
		domain.domain.view View Domain
		domain.domain.manage Manage Domain
		domain.user.view View User
		domain.user.manage Manage User
		domain.modules.view View Modules
		domain.modules.manage Manage Modules
		domain.navigation.view View Navigation
		domain.navigation.manage Manage Navigation
		domain.email.view View Email
		domain.email.manage Manage Email
		domain.single_sign_on.view View Single Sign-On
		domain.single_sign_on.manage Manage Single Sign-On
		domain.security.view View Security
		domain.security.manage Manage Security
		domain.compliance.view View Compliance
		domain.compliance.manage Manage Compliance
		domain.integrations.view View Integrations
		domain.integrations.manage Manage Integrations
		domain.branding.view View Branding
		domain.branding.manage Manage Branding
		domain.reports.view View Reports
		domain.reports.manage Manage Reports
		domain.analytics.view View Analytics
		domain.analytics.manage Manage Analytics
		domain.billing.view View Billing
		domain.billing.manage Manage Billing
		domain.portal.access Access Admin Portal
		domain.dashboard.access Access admin dashboard
		domain.settings.change Change domain-wide settings
		domain.role_types.view View Admin Role Types
		domain.admins.view View Admins
		domain.role_permissions.view View Permissions
		domain.admins.add Add Admin
		domain.admins.remove Remove as Admin
		domain.team_admins.limit_in_projects Edit Team Admin's Permissions for Projects
		domain.team_admins.limit_in_groups Edit Team Admin's Permissions for Groups
		domain.roles.add Add Admin Role
		domain.roles.edit Edit Role
		domain.roles.delete Delete Role
		domain.roles.add_permissions Add Permissions
		domain.roles.remove_permission Remove Permission`},
	{"M05", "the_13_of_an_organization_administrator", "oscar", 13, "organization:east", `
		organization.users.invite Invite users
		organization.users.add [nora] Add users
		organization.users.reset_password Reset a user's password
		organization.users.activate [nora] Activate users
		organization.users.deactivate [nora] Deactivate users
		organization.users.edit_profile Edit users' profile
		organization.users.view_chart [nora] View a user's organization chart
		organization.users.assign_groups Assign groups to users
		organization.users.assign_projects Assign projects to users
		organization.users.assign_departments Assign departments to users
		organization.users.assign_managers Assign managers to users
		organization.invitations.accept Accept invitations rerouted based on a user's email address
		organization.invitations.decline Decline invitations rerouted based on a user's email address`},
	{"M06", "the_29_of_a_company_administrator", "cleo", 29, "company:intranet", `
		company.pages.create Create company pages
		company.pages.read Read company pages
		company.pages.update Update company pages
		company.pages.delete Delete company pages
		company.posts.create Create company posts
		company.posts.read Read company posts
		company.posts.update Update company posts
		company.posts.delete Delete company posts
		company.announcements.create Create company announcements
		company.announcements.read Read company announcements
		company.announcements.update Update company announcements
		company.announcements.delete Delete company announcements
		company.events.create Create company events
		company.events.read Read company events
		company.events.update Update company events
		company.events.delete Delete company events
		company.pages.organize Organize pages
		company.admins.assign Assign company admins
		company.cover_image.set Set cover image
		company.cover_photo.set Set cover photo
		company.settings.edit Edit company settings
		company.departments.create Create departments
		department.read department:sales [tom uma] Read departments
		department.update department:sales [tom] Update departments
		department.delete department:sales Delete departments
		department.owner_rights.transfer department:sales [nora] Transfer department owner rights
		company.departments.import_from_ad Import departments from AD
		company.departments.import_from_csv Import departments from CSV
		company.departments.export Export departments`},
	{"M07", "the_10_of_an_idea_administrator", "ivan", 10, "", `
		domain.ideas.create Create ideas
		idea.read idea:bike Read ideas
		idea.update idea:solar Update ideas
		idea.delete idea:solar Delete ideas
		domain.ideas.export Export all ideas
		domain.campaigns.create Create idea campaigns
		campaign.read campaign:green [carl] Read idea campaigns
		campaign.update campaign:green Update idea campaigns
		campaign.delete campaign:green Delete idea campaigns
		idea.status.change idea:bike Change idea status`},
	{"M09", "the_one_of_a_campaign_manager", "carl", 1, "", `
		idea.life_cycle.manage idea:solar Manage the life-cycle of ideas in a campaign`},
	{"M08", "the_18_of_a_team_administrator", "tess", 18, "team:crew", `
		domain.teams.create domain:acme [carl cleo eva ivan nora oscar otto tom uma wes] Create teams
		team.read [tom] Read teams
		team.update Update teams
		team.delete Delete teams
		team.users.manage Manage users on the team
		team.information.manage Manage information on the team
		team.modules.manage Manage modules with teams
		team.custom_fields.edit Edit custom fields
		team.external_systems.edit Edit external systems
		team.guest_settings.edit Edit guest settings
		team.guests.invite Invite guest users
		team.owner_rights.transfer [nora] Transfer owner rights
		team.merge Merge teams
		team.announcements.allow Allow posts as announcements
		team.data.export Export all team data
		team.members.export Export members info only
		team.chat.export Export chat history
		team.archive Archive teams`},
}

// permissionLine is one permission of a block.
type permissionLine struct {
	id, on, title string
	who           []string // all who have it, in order
}

func (b block) permissions() []permissionLine {
	var list []permissionLine
	for line := range strings.Lines(strings.TrimSpace(b.lines)) {
		id, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		p := permissionLine{id: id, on: b.on, who: []string{b.holder}}
		if scope, after, _ := strings.Cut(rest, " "); strings.Contains(scope, ":") {
			p.on, rest = scope, after
		}
		if others, bracketed := strings.CutPrefix(rest, "["); bracketed {
			names, after, _ := strings.Cut(others, "] ")
			p.who, rest = append(p.who, strings.Fields(names)...), after
		}
		slices.Sort(p.who)
		p.title = rest
		list = append(list, p)
	}
	return list
}

func mangoappsRules(t runner) {
	t.Run("M01_the_permissions_are_112_and_network_administrators_see_them_by_type", func(t *testing.T) {
		n := domain(t)
		var model struct {
			Permissions []struct{ ID, Title string } `json:"permissions"`
		}
		n.as("nora").get("/v1/models/mangoapps").into(&model)
		titles := map[string]string{}
		for _, p := range model.Permissions {
			titles[p.ID] = p.Title
		}
		count := 0
		for _, b := range blocks {
			for _, p := range b.permissions() {
				if count++; titles[p.id] != p.title {
					t.Errorf("%s is titled %q, want %q", p.id, titles[p.id], p.title)
				}
				delete(titles, p.id)
			}
		}
		if count != 112 || len(titles) > 0 {
			t.Errorf("there are %d permissions, and besides them %v", count, titles)
		}
		for role, want := range map[string][]string{
			"domain.administrator": append(idsIn(blocks[0]), "organization.users.add", "organization.users.activate", "organization.users.deactivate",
				"organization.users.view_chart", "team.owner_rights.transfer", "department.owner_rights.transfer"),
			"organization.administrator": idsIn(blocks[1]),
			"company.administrator":      idsIn(blocks[2]),
			"domain.idea_administrator":  idsIn(blocks[3]),
			"campaign.manager":           append(idsIn(blocks[4]), "campaign.read", "idea.read"),
			"team.administrator":         idsIn(blocks[5])[1:], // whoever is a network user creates teams
		} {
			got := permissionsOf(n.roleType("nora", role))
			slices.Sort(got)
			if slices.Sort(want); !slices.Equal(got, want) {
				t.Errorf("%s allows %v, want %v", role, got, want)
			}
		}
		n.as("gus").get("/role-types/domain.administrator").refused("not_permitted", "M04")
		n.as("nina").get("/role-types").refused("not_permitted", "M04")
	})

	for _, b := range blocks {
		t.Run(b.rule+"_"+b.words, func(t *testing.T) {
			n := domain(t)
			// A department has an owner, who is not who administers the company.
			n.transfer("cleo", "tom", "department:sales").done()
			n.membership("cleo", "start", "uma", "department:sales").done()
			list := b.permissions()
			if len(list) != b.count {
				t.Errorf("there are %d", len(list))
			}
			for _, p := range list {
				if got := n.who(p.id, p.on); !slices.Equal(got, p.who) {
					t.Errorf("%s on %q is had by %v, want %v", p.id, p.on, got, p.who)
				}
				n.cannot("gus", p.id, p.on)
				n.cannot("nina", p.id, p.on)
			}
			// Whoever is suspended has none of it.
			switch b.holder {
			case "nora":
				n.grant("nora", "uma", "administrator", "").done()
				n.membership("uma", "suspend", b.holder, "").done()
			case "tess": // who owns teams, is suspended on one after she passed it on
				n.transfer("tess", "tom", "team:crew").done()
				n.grant("nora", "tom", "administrator", "team:crew").done()
				n.membership("tom", "suspend", "tess", "team:crew").done()
				list = list[1:]
			default:
				n.membership("nora", "suspend", b.holder, "").done()
			}
			for _, p := range list {
				n.cannot(b.holder, p.id, p.on)
			}
		})
	}

	for _, r := range adminRoles {
		t.Run("M01_network_administrators_grant_and_revoke_"+r.words, func(t *testing.T) {
			n := domain(t)
			n.grant("nora", "tom", r.role, r.on).done()
			if got := n.holders(r.role, r.on); !slices.Contains(got, "tom") {
				t.Errorf("the list of its admins is %v", got)
			}
			n.revoke("nora", "tom", r.role, r.on).done()
			n.held(r.role, r.on, r.holder)
			n.unchanged(func() {
				for _, who := range []string{"oscar", "otto", "cleo", "ivan", "carl", "tess", "uma", "gus", "nina"} {
					if who == "cleo" && r.on == "company:intranet" || who == "tess" && r.on == "team:crew" {
						continue // M13 and M15
					}
					n.grant(who, "tom", r.role, r.on).refused("not_permitted", r.rule)
					n.grant(who, who, r.role, r.on)
					if who != r.holder {
						n.revoke(who, r.holder, r.role, r.on).refused("not_permitted", r.rule)
						n.as(who).put("/roles", `{"scope": %q, "roles": {%q: [%q]}}`, r.on, r.role, r.holder)
						n.as(who).put("/roles", `{"scope": %q, "roles": {%q: [%q, %q]}}`, r.on, r.role, r.holder, who)
					}
				}
			})
			n.held(r.role, r.on, r.holder)
		})
	}

	t.Run("M02_who_is_made_administrator_is_told_in_the_app_and_by_mail", func(t *testing.T) {
		n := domain(t)
		for i, r := range adminRoles {
			tells := func(kind string) {
				t.Helper()
				if got := n.mails(kind); !slices.Equal(got, []string{"tom"}) {
					t.Errorf("%s: mail of %s goes to %v", r.words, kind, got)
				}
				var list []service.NoticeView
				n.as("tom").get("/notices?person=tom&kind=" + kind).into(&list)
				if len(list) != i+1 || list[0].Login != "tom" || list[0].State != "sent" {
					t.Errorf("%s: in the app is %+v", r.words, list)
				}
			}
			n.grant("uma", "tom", r.role, r.on).refused("not_permitted", r.rule)
			if got := n.mails("role.granted"); len(got) > 0 {
				t.Errorf("told of what was refused are %v", got)
			}
			n.grant("nora", "tom", r.role, r.on).done()
			tells("role.granted")
			n.revoke("nora", "tom", r.role, r.on).done()
			tells("role.revoked")
		}
		n.as("uma").get("/notices?person=tom").refused("not_permitted", "M04")
	})

	t.Run("M11_no_guest_is_made_administrator", func(t *testing.T) {
		n := domain(t)
		n.guest("tess", "gus", "team:crew").done()
		for _, r := range adminRoles {
			n.unchanged(func() {
				n.grant("nora", "gus", r.role, r.on).refused("not_a_member", r.rule)
				n.grant("nora", "nina", r.role, r.on).refused("not_a_member", r.rule)
				n.as("nora").put("/roles", `{"scope": %q, "roles": {%q: [%q, "gus"]}}`, r.on, r.role, r.holder).refused("not_a_member", r.rule)
				n.as("nora").post("/imports/people", `{"file": "login,role,scope\ngus,%s,%s\n"}`, r.role, r.on)
			})
			n.held(r.role, r.on, r.holder)
			n.grant("nora", "tom", r.role, r.on).done()
		}
	})

	t.Run("M03_to_remove_an_administrator_takes_effect_at_once", func(t *testing.T) {
		n := domain(t)
		for _, r := range adminRoles {
			n.grant("nora", "tom", r.role, r.on).done()
			list := blocks[slices.IndexFunc(blocks, func(b block) bool { return b.holder == r.holder })].permissions()
			p := list[len(list)-1]
			n.can("tom", p.id, p.on)
			// What the console asks about before it is done changes nothing.
			n.unchanged(func() {
				n.as("nora").post("/grants/revoke", `{"person": "tom", "role": %q, "scope": %q, "dry_run": true}`, r.role, r.on).done()
			})
			n.can("tom", p.id, p.on)
			n.revoke("nora", "tom", r.role, r.on).done()
			n.cannot("tom", p.id, p.on)
			n.grant("tom", "uma", r.role, r.on).refused("not_permitted", r.rule)
		}
	})

	t.Run("M03_the_last_network_administrator_is_not_removed", func(t *testing.T) {
		n := domain(t)
		n.unchanged(func() {
			n.revoke("nora", "nora", "administrator", "").refused("too_few_holders", "X01")
		})
		n.grant("nora", "uma", "administrator", "").done()
		n.revoke("uma", "nora", "administrator", "").done()
		n.as("nora").create("organization:north", "").refused("not_permitted", "M04")
	})

	t.Run("M04_network_administrators_run_the_domain", func(t *testing.T) {
		n := domain(t)
		for _, who := range []string{"oscar", "cleo", "ivan", "carl", "tess", "uma", "gus"} {
			n.unchanged(func() {
				n.rename(who, "domain:acme").refused("not_permitted", "M04")
				n.as(who).create("organization:north", "").refused("not_permitted", "M04")
				n.as(who).create("company:press", "").refused("not_permitted", "M04")
				n.as(who).post("/people", `{"login": "zoe", "email": "zoe@example.org"}`).refused("not_permitted", "M04")
				n.membership(who, "suspend", "tom", "").refused("not_permitted", "M04")
				n.membership(who, "terminate", "nora", "").refused("not_permitted", "M04")
				n.as(who).post("/facts", `{"fact": "settings_changed"}`).refused("not_permitted", "M04")
				n.as(who).post("/facts", `{"fact": "single_sign_on_configured"}`).refused("not_permitted", "M04")
				n.as(who).post("/routes", `{"scope": "domain:acme", "domains": ["acme.example"]}`).refused("not_permitted", "M04")
			})
		}
		n.rename("nora", "domain:acme").done()
		n.as("nora").create("company:press", "").done()
		n.as("nora").post("/people", `{"login": "zoe", "email": "zoe@example.org"}`).done()
		n.membership("nora", "suspend", "tom", "").done()
		n.as("tom").create("team:band", "").refused("not_permitted", "")
		n.membership("nora", "resume", "tom", "").done()
		n.as("nora").post("/facts", `{"fact": "settings_changed"}`).done()
		n.as("nora").post("/facts", `{"fact": "single_sign_on_configured"}`).done()
		n.as("nora").post("/routes", `{"scope": "domain:acme", "domains": ["acme.example"]}`).done()
		n.as("nora").get("/reports/posture").done()
		n.as("nora").get("/history").done()
		for _, who := range []string{"oscar", "uma", "gus"} {
			n.as(who).get("/reports/posture").refused("not_permitted", "M04")
			n.as(who).get("/history").refused("not_permitted", "M04")
		}
	})

	t.Run("M04_what_is_in_a_module_takes_the_role_of_the_module", func(t *testing.T) {
		n := domain(t)
		n.unchanged(func() {
			n.rename("nora", "company:intranet").refused("not_permitted", "M06")
			n.rename("nora", "department:sales").refused("not_permitted", "M06")
			n.as("nora").create("department:legal", "company:intranet").refused("not_permitted", "M06")
			n.as("nora").create("idea:lamp", "").refused("not_permitted", "M07")
			n.set("nora", "idea:bike", "status", "accepted").refused("not_permitted", "M07")
			n.set("nora", "idea:solar", "status", "accepted").refused("not_permitted", "M07")
			n.rename("nora", "team:crew").refused("not_permitted", "M08")
			n.scope("nora", "delete", "team:crew").refused("not_permitted", "M08")
		})
		n.grant("nora", "nora", "administrator", "company:intranet").done()
		n.rename("nora", "company:intranet").done()
		n.as("nora").create("department:legal", "company:intranet").done()
		n.grant("nora", "nora", "idea_administrator", "").done()
		n.set("nora", "idea:bike", "status", "accepted").done()
	})

	t.Run("M05_organization_administrators_provision_users", func(t *testing.T) {
		n := domain(t)
		n.newcomer("oscar", "zoe", "organization:east").done()
		invitation := n.as("oscar").post("/invitations", `{"email": "yan@example.org", "scope": "organization:east"}`).done().text("id")
		n.as("operator").get("/people/zoe").done()
		var keys []service.KeyView
		n.as("operator").get("/keys").into(&keys)
		key := keys[slices.IndexFunc(keys, func(k service.KeyView) bool { return k.Person == "eva" })].ID
		n.unchanged(func() {
			for _, who := range []string{"eva", "uma", "cleo", "tess", "gus"} {
				n.newcomer(who, "xia", "organization:east").refused("not_permitted", "M10")
				n.as(who).post("/invitations", `{"email": "xia@example.org", "scope": "organization:east"}`).refused("not_permitted", "M10")
				n.as(who).post("/invitations/"+invitation+"/withdraw", `{}`).refused("not_permitted", "M10")
				n.membership(who, "suspend", "eva", "organization:east").refused("not_permitted", "M10")
				n.membership(who, "resume", "eva", "organization:east")
				n.as(who).post("/routes", `{"scope": "organization:east", "domains": ["east.example"]}`).refused("not_permitted", "M04")
				n.as(who).post("/managers", `{"person": %q, "manager": %q}`, n.named(who, "eva"), n.named(who, "uma")).refused("not_permitted", "M04")
				if who != "eva" {
					n.as(who).ask("PATCH", "/people", fmt.Sprintf(`{"person": %q, "job_title": "Scout"}`, n.named(who, "eva"))).refused("not_permitted", "M04")
					n.as(who).post("/keys/revoke", `{"key": %q}`, key).refused("not_permitted", "M04")
				}
			}
		})
		n.as("oscar").ask("PATCH", "/people", `{"person": "eva", "job_title": "Scout"}`).done()
		n.as("oscar").post("/managers", `{"person": "eva", "manager": "uma"}`).done()
		n.as("oscar").get("/chart?person=eva").done()
		n.as("oscar").post("/managers/remove", `{"person": "eva"}`).done()
		n.as("oscar").post("/keys/revoke", `{"key": %q}`, key).done()
		n.as("eva").get("/people/eva").refused("unauthenticated", "")
		n.as("oscar").post("/invitations/"+invitation+"/withdraw", `{}`).done()
	})

	t.Run("M05_activation_is_of_the_organization", func(t *testing.T) {
		n := domain(t)
		n.membership("oscar", "suspend", "eva", "organization:east").done()
		n.as("eva").create("team:band", "").done() // she is active in the domain
		n.unchanged(func() {
			n.membership("oscar", "suspend", "eva", "").refused("not_permitted", "M04")
			n.membership("oscar", "terminate", "eva", "").refused("not_permitted", "M04")
			n.membership("otto", "resume", "eva", "organization:east").refused("not_permitted", "M10")
		})
		n.membership("oscar", "resume", "eva", "organization:east").done()
		n.membership("oscar", "terminate", "eva", "organization:east").done()
		if state := n.as("nora").get("/people/eva").done().text("state"); state != "member" {
			t.Errorf("eva is %s", state)
		}
		n.unchanged(func() { // she is a user of the organization no longer
			n.as("oscar").ask("PATCH", "/people", `{"person": "eva", "job_title": "Scout"}`).refused("not_permitted", "M04")
			n.membership("oscar", "start", "eva", "team:crew").refused("not_permitted", "M08")
		})
	})

	for scope, by := range map[string]string{"team:crew": "tess", "team:club": "tess", "department:sales": "cleo"} {
		kind, _, _ := strings.Cut(scope, ":")
		t.Run("M05_organization_administrators_assign_their_users_to_"+strings.ReplaceAll(scope, ":", "_"), func(t *testing.T) {
			n := domain(t)
			rule := map[string]string{"team": "M08", "department": "M06"}[kind]
			n.membership("oscar", "start", "eva", scope).done()
			if got := n.holders("member", scope); !slices.Contains(got, "eva") {
				t.Errorf("its members are %v", got)
			}
			n.unchanged(func() {
				n.membership("oscar", "start", "wes", scope).refused("not_permitted", rule) // M10
				n.membership("oscar", "start", "uma", scope).refused("not_permitted", rule)
				n.membership("otto", "terminate", "eva", scope).refused("not_permitted", rule)
				n.grant("oscar", "eva", "administrator", scope)
				n.transfer("oscar", "eva", scope).refused("not_permitted", "M17")
			})
			n.membership("oscar", "terminate", "eva", scope).done()
			n.membership(by, "start", "wes", scope).done()
			n.unchanged(func() { n.membership("oscar", "terminate", "wes", scope).refused("not_permitted", rule) })
		})
	}

	t.Run("M05_to_assign_groups_and_to_assign_projects_are_two", func(t *testing.T) {
		n := domain(t)
		n.press()
		n.as("nora").post("/role-types/permit", `{"role": "press", "permissions": ["domain.user.view", "organization.users.assign_groups"]}`).done()
		n.unchanged(func() { n.membership("uma", "start", "eva", "team:crew").refused("not_permitted", "M08") })
		n.membership("uma", "start", "eva", "team:club").done()
		n.as("nora").post("/role-types/unpermit", `{"role": "press", "permissions": ["organization.users.assign_groups"]}`).done()
		n.as("nora").post("/role-types/permit", `{"role": "press", "permissions": ["organization.users.assign_projects"]}`).done()
		n.unchanged(func() { n.membership("uma", "terminate", "eva", "team:club").refused("not_permitted", "M08") })
		n.membership("uma", "start", "eva", "team:crew").done()
		n.membership("uma", "terminate", "eva", "team:crew").done()
	})

	t.Run("M05_rerouted_invitations_are_answered_by_the_organization", func(t *testing.T) {
		n := domain(t)
		n.as("nora").post("/routes", `{"scope": "organization:east", "domains": ["east.example"]}`).done()
		invite := func(who, domain string) string {
			t.Helper()
			return n.as("nora").post("/invitations", `{"login": %q, "email": %q}`, who, who+"@"+domain).done().text("id")
		}
		xia, yan, zoe := invite("xia", "east.example"), invite("yan", "EAST.example"), invite("zoe", "elsewhere.example")
		if got := n.mails("invitation.rerouted"); !slices.Equal(got, []string{"oscar", "oscar"}) {
			t.Errorf("told are %v", got)
		}
		n.unchanged(func() {
			for _, who := range []string{"otto", "uma", "eva", "cleo"} {
				n.as(who).post("/invitations/"+xia+"/accept", `{}`).refused("not_permitted", "M10")
				n.as(who).post("/invitations/"+yan+"/decline", `{}`).refused("not_permitted", "M10")
			}
			for _, verb := range []string{"accept", "decline"} {
				n.as("oscar").post("/invitations/"+zoe+"/"+verb, `{}`).refused("not_permitted", "")
			}
			// What is rerouted is for network administrators to say.
			for _, who := range []string{"oscar", "otto"} {
				n.as(who).post("/routes", `{"scope": "organization:east", "domains": []}`).refused("not_permitted", "M04")
				n.as(who).post("/routes", `{"scope": "organization:east", "domains": ["east.example", "west.example"]}`).refused("not_permitted", "M04")
			}
		})
		n.as("oscar").post("/invitations/"+xia+"/accept", `{}`).done()
		n.as("oscar").post("/invitations/"+yan+"/decline", `{}`).done()
		for who, want := range map[string]string{"xia": "member", "yan": "known", "zoe": "known"} {
			if state := n.as("nora").get("/people/" + who).done().text("state"); state != want {
				t.Errorf("%s is %s, want %s", who, state, want)
			}
		}
		// She is one of theirs now, of whom they do the rest.
		if got := n.history("type:membership.started subject:xia"); len(got) != 2 || got[1].Scope != "organization:east" || got[1].Actor != "oscar" || got[1].Cause != "invitation" {
			t.Errorf("the history has %+v", got)
		}
		n.as("oscar").ask("PATCH", "/people", `{"person": "xia", "job_title": "Scout"}`).done()
	})

	t.Run("M05_what_leads_elsewhere_is_not_rerouted", func(t *testing.T) {
		n := domain(t)
		n.as("nora").post("/routes", `{"scope": "organization:east", "domains": ["east.example", "example.org"]}`).done()
		invite := func(by, body string) string {
			t.Helper()
			return n.as(by).ask("POST", "/invitations", body).done().text("id")
		}
		list := []string{
			invite("nora", `{"login": "xia", "email": "xia@east.example", "role": "administrator"}`),
			invite("otto", `{"login": "yan", "email": "yan@east.example", "scope": "organization:west"}`),
			invite("tess", `{"person": "uma", "scope": "team:crew"}`),
			invite("nora", `{"login": "zoe", "email": "zoe@east.example", "member_kind": "guest"}`), // an organization has no guests
			invite("nora", `{"login": "ada", "email": "ada@east.example", "scope": "company:intranet", "role": "administrator"}`),
		}
		if got := n.mails("invitation.rerouted"); len(got) > 0 {
			t.Errorf("told are %v", got)
		}
		n.unchanged(func() {
			for _, id := range list {
				for _, verb := range []string{"accept", "decline"} {
					n.as("oscar").post("/invitations/"+id+"/"+verb, `{}`).refused("not_permitted", "")
				}
			}
		})
		own := invite("oscar", `{"login": "bo", "email": "bo@east.example", "scope": "organization:east"}`)
		n.as("oscar").post("/invitations/"+own+"/accept", `{}`).done()
	})

	t.Run("M05_network_administrators_add_whoever_is_in_the_domain", func(t *testing.T) {
		n := domain(t)
		n.membership("nora", "start", "uma", "organization:east").done()
		n.as("oscar").ask("PATCH", "/people", `{"person": "uma", "job_title": "Scout"}`).done()
		n.membership("nora", "start", "wes", "organization:east").done() // of two organizations
		n.newcomer("nora", "zoe", "organization:west").done()
		// Whoever left is added again by them alone.
		n.membership("oscar", "terminate", "eva", "organization:east").done()
		n.unchanged(func() {
			n.membership("oscar", "start", "eva", "organization:east").refused("not_permitted", "M10")
			n.membership("uma", "start", "eva", "organization:east").refused("not_permitted", "M10")
			n.membership("nora", "start", "gus", "organization:east").refused("not_permitted", "M05")
		})
		n.membership("nora", "start", "eva", "organization:east").done()
		n.membership("nora", "suspend", "eva", "organization:east").done()
		n.membership("nora", "resume", "eva", "organization:east").done()
		n.membership("nora", "terminate", "eva", "organization:east").done()
	})

	t.Run("M06_company_administrators_run_company_and_departments", func(t *testing.T) {
		n := domain(t)
		n.as("nora").create("company:press", "").done()
		n.rename("cleo", "company:intranet").done()
		n.as("cleo").create("department:legal", "company:intranet").done()
		n.rename("cleo", "department:legal").done()
		n.as("cleo").post("/scopes/import", `{"kind": "department", "under": "company:intranet", "csv": "handle,title,owner\nhr,People,uma\n"}`).done()
		n.held("owner", "department:hr", "uma")
		n.as("cleo").get("/exports/scopes?kind=department&under=company:intranet").done()
		// Of the domain they do not, and are told where they do.
		if refused := n.as("cleo").get("/exports/scopes?kind=department").refused("not_permitted", "M04"); refused.Help != "tenure scope export company:intranet --kind department --org acme" {
			t.Errorf("help is %q", refused.Help)
		}
		n.membership("cleo", "start", "uma", "department:legal").done()
		n.unchanged(func() {
			for _, who := range []string{"nora", "oscar", "ivan", "tess", "uma", "gus"} {
				n.rename(who, "company:intranet").refused("not_permitted", "M06")
				n.as(who).create("department:it", "company:intranet").refused("not_permitted", "M06")
				n.as(who).post("/scopes/import", `{"kind": "department", "under": "company:intranet", "csv": "handle\nit\n"}`).refused("not_permitted", "M06")
				n.rename(who, "department:legal").refused("not_permitted", "M06")
				n.scope(who, "delete", "department:legal").refused("not_permitted", "M06")
				if who != "nora" { // whose users all are (M17)
					n.membership(who, "start", "tom", "department:legal").refused("not_permitted", "M06")
				}
				n.as(who).get("/exports/scopes?kind=department&under=company:intranet").refused("not_permitted", "M06")
			}
			// Another company is another scope.
			n.rename("cleo", "company:press").refused("not_permitted", "M06")
			n.as("cleo").create("department:it", "company:press").refused("not_permitted", "M06")
			n.scope("cleo", "delete", "company:intranet").refused("not_permitted", "")
			// Members come from the domain, and as network users.
			n.membership("cleo", "start", "nina", "department:legal").refused("not_permitted", "M08")
			n.membership("cleo", "start", "gus", "department:legal").refused("not_permitted", "M08")
		})
		n.scope("cleo", "delete", "department:legal").done()
	})

	t.Run("M06_a_department_owner_updates_the_department_alone", func(t *testing.T) {
		n := domain(t)
		n.transfer("cleo", "uma", "department:sales").done()
		n.rename("uma", "department:sales").done()
		n.membership("uma", "start", "tom", "department:sales").done()
		n.unchanged(func() {
			n.scope("uma", "delete", "department:sales").refused("not_permitted", "M06")
			n.rename("uma", "company:intranet").refused("not_permitted", "M06")
			n.rename("tom", "department:sales").refused("not_permitted", "M06")
		})
	})

	t.Run("M07_idea_administrators_look_after_ideas_and_campaigns", func(t *testing.T) {
		n := domain(t)
		n.as("ivan").create("idea:lamp", "").done()
		n.as("ivan").create("idea:wind", "campaign:green").done()
		n.as("ivan").create("campaign:blue", "").done()
		n.rename("ivan", "idea:wind").done()
		n.rename("ivan", "campaign:blue").done()
		n.set("ivan", "idea:lamp", "status", "accepted").done()
		n.unchanged(func() {
			for _, who := range []string{"nora", "oscar", "cleo", "carl", "tess", "uma", "gus"} {
				n.as(who).create("idea:sun", "").refused("not_permitted", "M07")
				n.as(who).create("idea:sun", "campaign:green").refused("not_permitted", "M07")
				n.as(who).create("campaign:red", "").refused("not_permitted", "M07")
				for _, scope := range []string{"idea:lamp", "idea:wind", "campaign:green"} {
					n.rename(who, scope).refused("not_permitted", "M07")
					n.scope(who, "delete", scope).refused("not_permitted", "M07")
				}
				n.set(who, "idea:lamp", "status", "declined").refused("not_permitted", "M07")
			}
		})
		n.scope("ivan", "delete", "idea:wind").done()
		n.scope("ivan", "delete", "campaign:blue").done()
	})

	t.Run("M07_idea_administrators_export_all_ideas", func(t *testing.T) {
		n := domain(t)
		var rows []service.ScopeRow
		n.as("ivan").get("/exports/scopes?kind=idea").into(&rows)
		if len(rows) != 2 || rows[0].ID != "idea:bike" || rows[1].ID != "idea:solar" || rows[1].Under != "campaign:green" {
			t.Errorf("the ideas are %+v", rows)
		}
		// And nothing else, nor does anybody else but who exports all that there is.
		for _, kind := range []string{"team", "campaign"} {
			n.as("ivan").get("/exports/scopes?kind="+kind).refused("not_permitted", "M04")
		}
		n.as("ivan").get("/exports/members").refused("not_permitted", "M04")
		n.as("ivan").get("/exports/people").refused("not_permitted", "M04")
		for _, who := range []string{"oscar", "cleo", "carl", "tess", "uma", "gus"} {
			n.as(who).get("/exports/scopes?kind=idea").refused("not_permitted", "M07")
		}
		n.as("nora").get("/exports/scopes?kind=idea").done()
	})

	t.Run("M07_the_status_of_stand_alone_ideas_only", func(t *testing.T) {
		n := domain(t)
		n.set("ivan", "idea:bike", "status", "in_review").done()
		n.unchanged(func() {
			n.set("ivan", "idea:solar", "status", "in_review").refused("not_permitted", "M07")
			n.as("ivan").post("/scopes/move", `{"scope": "idea:solar", "under": "domain:acme"}`).refused("not_permitted", "")
			n.grant("ivan", "ivan", "manager", "campaign:green").refused("not_permitted", "M09")
		})
		n.cannot("ivan", "idea.status.change", "idea:solar")
	})

	t.Run("M09_campaign_managers_alone_manage_the_life_cycle", func(t *testing.T) {
		n := domain(t)
		n.as("ivan").create("campaign:blue", "").done()
		n.as("ivan").create("idea:tide", "campaign:blue").done()
		n.set("carl", "idea:solar", "status", "accepted").done()
		n.unchanged(func() {
			for _, who := range []string{"nora", "oscar", "cleo", "ivan", "tess", "uma", "gus"} {
				n.set(who, "idea:solar", "status", "declined").refused("not_permitted", "M07")
			}
			n.set("carl", "idea:bike", "status", "accepted").refused("not_permitted", "M07")
			n.set("carl", "idea:tide", "status", "accepted").refused("not_permitted", "M07")
			n.rename("carl", "idea:solar").refused("not_permitted", "M07")
		})
		n.grant("nora", "ivan", "manager", "campaign:green").done() // both tasks in one hand
		n.set("ivan", "idea:solar", "status", "implemented").done()
		n.revoke("nora", "carl", "manager", "campaign:green").done()
		n.set("carl", "idea:solar", "status", "declined").refused("not_permitted", "M07")
	})

	t.Run("M09_no_idea_gets_to_a_campaign_with_its_life_behind_it", func(t *testing.T) {
		n := domain(t)
		n.unchanged(func() {
			n.as("ivan").post("/scopes", `{"scope": "idea:wind", "under": "campaign:green", "attributes": {"status": "accepted"}}`).refused("not_permitted", "M07")
		})
		n.as("ivan").post("/scopes", `{"scope": "idea:lamp", "attributes": {"status": "accepted"}}`).done()
	})

	t.Run("M08_every_network_user_creates_teams_and_no_guest", func(t *testing.T) {
		n := domain(t)
		for _, who := range []string{"uma", "nora", "eva"} {
			n.as(who).create("team:by-"+who, "").done()
		}
		n.unchanged(func() {
			n.as("gus").create("team:spies", "").refused("not_permitted", "M08")
			n.as("nina").create("team:spies", "").refused("not_permitted", "M08")
		})
		n.guest("tess", "gus", "team:crew").done() // who is one in a team creates none, either
		n.as("gus").create("team:spies", "").refused("not_permitted", "M08")
	})

	t.Run("M08_team_administrators_manage_their_team", func(t *testing.T) {
		n := domain(t)
		n.as("uma").create("team:band", "").done()
		n.rename("tess", "team:crew").done()
		n.set("tess", "team:crew", "announcements", "allowed").done()
		n.membership("tess", "start", "eva", "team:crew").done()
		n.membership("tess", "suspend", "eva", "team:crew").done()
		n.membership("tess", "resume", "eva", "team:crew").done()
		n.as("tess").get("/exports/members?scope=team:crew").done()
		n.unchanged(func() {
			// Members of the team, administrators of all else, and those of other teams.
			for _, who := range []string{"tom", "eva", "nora", "oscar", "cleo", "ivan", "uma", "gus"} {
				n.rename(who, "team:crew").refused("not_permitted", "M08")
				n.set(who, "team:crew", "announcements", "not_allowed").refused("not_permitted", "M08")
				n.set(who, "team:crew", "guests", "not_allowed").refused("not_permitted", "M08")
				if who != "nora" { // whose users all are (M17)
					n.membership(who, "start", "wes", "team:crew").refused("not_permitted", "M08")
				}
				n.scope(who, "archive", "team:crew").refused("not_permitted", "M08")
				n.scope(who, "delete", "team:crew").refused("not_permitted", "M08")
				if exports := n.as(who).get("/exports/members?scope=team:crew"); who == "tom" || who == "eva" || who == "nora" {
					exports.refused("not_permitted", "M08")
				} else { // who are not told that there is such a team
					exports.refused("unknown", "")
				}
				if who != "tom" && who != "nora" {
					n.membership(who, "terminate", "tom", "team:crew").refused("not_permitted", "M08")
				}
			}
			n.set("tess", "team:crew", "type", "group").refused("invalid", "")
		})
		n.scope("tess", "archive", "team:crew").done()
		n.rename("tess", "team:crew").refused("archived", "")
		n.scope("tess", "restore", "team:crew").done()
		n.scope("tess", "delete", "team:crew").done()
	})

	t.Run("M08_guests_come_by_a_team_where_they_are_allowed", func(t *testing.T) {
		n := domain(t)
		add := func(by, who, kind string) *act {
			t.Helper()
			return n.as(by).post("/people/members", `{"login": %q, "email": %q, "scope": "team:crew", "member_kind": %q}`, who, who+"@example.org", kind)
		}
		add("tess", "zoe", "guest").done()
		n.guest("tess", "gus", "team:crew").done()
		n.as("tess").post("/invitations", `{"email": "yan@example.org", "scope": "team:crew", "member_kind": "guest"}`).done()
		n.cannot("zoe", "domain.teams.create", "")
		n.can("zoe", "team.read", "team:crew")
		n.cannot("zoe", "team.read", "team:club")
		n.unchanged(func() {
			// Who is no network user does not become one by a team.
			add("tess", "xia", "user").refused("not_permitted", "M08")
			n.membership("tess", "start", "gus", "team:club").refused("not_permitted", "M08")
			n.as("tess").post("/invitations", `{"email": "xia@example.org", "scope": "team:crew"}`).refused("not_permitted", "M08")
			n.guest("tess", "uma", "team:crew").refused("not_permitted", "M08")
			add("tom", "xia", "guest").refused("not_permitted", "M08")
			n.guest("uma", "gus", "team:club").refused("not_permitted", "M08")
			n.as("tess").post("/memberships/start", `{"person": "nina", "member_kind": "guest"}`).refused("not_permitted", "M04")
		})
		n.set("tess", "team:club", "guests", "not_allowed").done()
		n.unchanged(func() { n.guest("tess", "gus", "team:club").refused("not_permitted", "M08") })
		n.membership("tess", "start", "uma", "team:club").done() // a network user
		n.set("tess", "team:club", "guests", "allowed").done()
		n.guest("tess", "gus", "team:club").done()
	})

	t.Run("M08_a_merger_takes_the_permission_on_both_teams", func(t *testing.T) {
		n := domain(t)
		n.as("uma").create("team:band", "").done()
		merge := func(by, from, into string) *act {
			t.Helper()
			return n.as(by).post("/scopes/merge", `{"scope": %q, "into": %q}`, from, into)
		}
		n.unchanged(func() {
			merge("tess", "team:crew", "team:band").refused("not_permitted", "M08")
			merge("tess", "team:band", "team:crew").refused("not_permitted", "M08")
			merge("uma", "team:crew", "team:band").refused("not_permitted", "M08")
			merge("tom", "team:crew", "team:club").refused("not_permitted", "M08")
			merge("nora", "team:crew", "team:club").refused("not_permitted", "M08")
			merge("tess", "team:crew", "team:club").refused("structure", "") // a project and a group
		})
		n.membership("uma", "start", "tess", "team:band").done()
		n.grant("uma", "tess", "administrator", "team:band").done()
		merge("tess", "team:crew", "team:band").done()
		n.held("owner", "team:band", "uma")
		if got := n.holders("member", "team:band"); !slices.Contains(got, "tom") {
			t.Errorf("its members are %v", got)
		}
	})

	t.Run("M08_no_guest_comes_by_a_merger_where_guests_are_not_allowed", func(t *testing.T) {
		n := domain(t)
		n.as("tess").create("team:band", "").done()
		n.guest("tess", "gus", "team:band").done()
		n.set("tess", "team:crew", "guests", "not_allowed").done()
		merge := func() *act {
			t.Helper()
			return n.as("tess").post("/scopes/merge", `{"scope": "team:band", "into": "team:crew"}`)
		}
		n.unchanged(func() { merge().refused("not_permitted", "M08") })
		n.set("tess", "team:crew", "guests", "allowed").done()
		merge().done()
		if got := n.holders("member", "team:crew"); !slices.Contains(got, "gus") {
			t.Errorf("its members are %v", got)
		}
	})

	t.Run("M10_organization_administrators_reach_their_own_users_only", func(t *testing.T) {
		n := domain(t)
		var keys []service.KeyView
		n.as("operator").get("/keys").into(&keys)
		key := func(of string) string {
			return string(keys[slices.IndexFunc(keys, func(k service.KeyView) bool { return k.Person == of })].ID)
		}
		for _, other := range []string{"wes", "uma", "nora", "otto", "gus"} {
			rule := "M04" // of those who belong to no organization
			if other == "wes" {
				rule = "M10"
			}
			n.unchanged(func() {
				n.as("oscar").ask("PATCH", "/people", fmt.Sprintf(`{"person": %q, "job_title": "Scout"}`, other)).refused("not_permitted", rule)
				n.as("oscar").post("/keys/revoke", `{"key": %q}`, key(other)).refused("not_permitted", rule)
				n.as("oscar").post("/managers", `{"person": %q, "manager": "oscar"}`, other).refused("not_permitted", rule)
				n.membership("oscar", "start", other, "organization:east").refused("not_permitted", "M10")
				n.as("oscar").post("/invitations", `{"person": %q, "scope": "organization:east"}`, other).refused("not_permitted", "M10")
				n.membership("oscar", "start", other, "team:club").refused("not_permitted", "M08")
				n.as("oscar").post("/imports/people", `{"file": "login,scope,job_title\n%s,organization:east,Scout\n"}`, other)
			})
		}
		n.unchanged(func() {
			n.newcomer("oscar", "zoe", "organization:west").refused("not_permitted", "M10")
			n.newcomer("oscar", "zoe", "").refused("not_permitted", "M04")
			n.as("oscar").post("/people", `{"login": "zoe", "email": "zoe@example.org"}`).refused("not_permitted", "M04")
			for _, verb := range []string{"suspend", "terminate"} {
				n.membership("oscar", verb, "wes", "organization:west").refused("not_permitted", "M10")
				n.as("oscar").post("/memberships/bulk", `{"verb": %q, "people": ["wes"], "scope": "organization:west"}`, verb).refused("not_permitted", "M10")
			}
			n.as("oscar").post("/routes", `{"scope": "organization:west", "domains": ["west.example"]}`).refused("not_permitted", "M04")
		})
		n.membership("nora", "start", "uma", "organization:east").done() // she manages all users
		n.as("oscar").ask("PATCH", "/people", `{"person": "uma", "job_title": "Scout"}`).done()
		n.grant("nora", "oscar", "administrator", "organization:west").done()
		n.as("oscar").ask("PATCH", "/people", `{"person": "wes", "job_title": "Scout"}`).done()
		// A network administrator is out of their reach as a user of theirs, too.
		n.membership("nora", "start", "nora", "organization:east").done()
		n.unchanged(func() {
			n.as("oscar").ask("PATCH", "/people", `{"person": "nora", "email": "oscar@example.net"}`).refused("not_permitted", "M01")
			n.as("oscar").post("/keys/revoke", `{"key": %q}`, key("nora")).refused("not_permitted", "M01")
		})
		// A network administrator is out of their reach as a user of theirs, too.
		n.membership("nora", "start", "nora", "organization:east").done()
		n.unchanged(func() {
			n.as("oscar").ask("PATCH", "/people", `{"person": "nora", "email": "oscar@example.net"}`).refused("not_permitted", "M01")
			n.as("oscar").post("/keys/revoke", `{"key": %q}`, key("nora")).refused("not_permitted", "M01")
		})
	})

	t.Run("M11_no_administrator_becomes_a_guest", func(t *testing.T) {
		n := domain(t)
		n.membership("nora", "terminate", "ivan", "").done()
		n.held("idea_administrator", "")
		n.guest("nora", "ivan", "").done()
		n.grant("nora", "ivan", "idea_administrator", "").refused("not_a_member", "M07")
		n.as("nora").post("/role-types", `{"role": "press"}`).done()
		n.grant("nora", "gus", "press", "").refused("not_a_member", "M18")
		// Nor is a guest invited to become one.
		n.as("operator").post("/invitations", `{"login": "zoe", "email": "zoe@example.org", "role": "press", "member_kind": "guest", "reason": "requested"}`).refused("not_a_member", "M18")
		asked := n.as("operator").post("/invitations", `{"login": "yan", "email": "yan@example.org", "role": "press", "reason": "requested"}`).done()
		n.keys["yan"] = asked.text("token")
		n.as("yan").post("/invitations/"+asked.text("id")+"/accept", `{}`).done()
		n.held("press", "", "yan")
	})

	t.Run("M11_guests_become_users", func(t *testing.T) {
		n := domain(t)
		become := func(by, who, kind, on string) *act {
			t.Helper()
			return n.as(by).post("/memberships/change", `{"person": %q, "scope": %q, "member_kind": %q}`, n.named(by, who), on, kind)
		}
		n.guest("tess", "gus", "team:crew").done()
		n.grant("nora", "gus", "idea_administrator", "").refused("not_a_member", "M07")
		// By network administrators alone, and by nobody upon themselves.
		for _, by := range []string{"gus", "uma", "tess", "oscar", "ivan"} {
			n.unchanged(func() { become(by, "gus", "user", "").refused("not_permitted", "M04") })
		}
		become("nora", "gus", "user", "").done()
		n.grant("nora", "gus", "idea_administrator", "").done()
		n.held("idea_administrator", "", "gus", "ivan")
		// In a team they are a guest still, until its administrators say otherwise.
		n.grant("nora", "gus", "administrator", "team:crew").refused("not_a_member", "M16")
		become("tess", "gus", "user", "team:crew").done()
		n.grant("tess", "gus", "administrator", "team:crew").done()
		// And nobody becomes a guest while they administer something.
		n.unchanged(func() {
			become("nora", "gus", "guest", "").refused("not_a_member", "M07")
			become("tess", "gus", "guest", "team:crew").refused("not_permitted", "M08")
			become("nora", "nora", "guest", "").refused("not_a_member", "M04")
		})
		n.revoke("nora", "gus", "idea_administrator", "").done()
		n.revoke("nora", "gus", "administrator", "team:crew").done()
		// Nor while they are a user of something.
		n.unchanged(func() { become("nora", "gus", "guest", "").refused("not_a_member", "M08") })
		n.membership("tess", "terminate", "gus", "team:crew").done()
		become("nora", "gus", "guest", "").done()
		n.grant("nora", "gus", "idea_administrator", "").refused("not_a_member", "M07")
		// A guest of a team is not made a user there, though they are in already.
		n.guest("tess", "gus", "team:crew").done()
		n.unchanged(func() { become("tess", "gus", "user", "team:crew").refused("not_permitted", "M08") })
		// Organizations and departments have users alone.
		n.membership("cleo", "start", "eva", "department:sales").done()
		n.unchanged(func() { become("nora", "wes", "guest", "").refused("not_a_member", "M05") })
		n.membership("nora", "terminate", "eva", "organization:east").done()
		n.unchanged(func() { become("nora", "eva", "guest", "").refused("not_a_member", "M06") })
		n.membership("cleo", "terminate", "eva", "department:sales").done()
		become("nora", "eva", "guest", "").done()
	})

	t.Run("M08_assigned_are_users_whatever_the_guest_settings", func(t *testing.T) {
		n := domain(t)
		n.set("tess", "team:crew", "guests", "not_allowed").done()
		n.unchanged(func() { n.guest("oscar", "eva", "team:crew").refused("not_permitted", "M08") })
		n.membership("oscar", "start", "eva", "team:crew").done()
		n.unchanged(func() {
			n.as("oscar").post("/memberships/change", `{"person": "eva", "scope": "team:crew", "member_kind": "guest"}`).refused("not_permitted", "M08")
		})
	})

	t.Run("M12_the_console_has_types_with_admins_and_permissions", func(t *testing.T) {
		n := domain(t)
		n.press()
		var types []service.RoleTypeView
		n.as("nora").get("/role-types").into(&types)
		holders := map[string]int{}
		for _, v := range types {
			holders[v.ID] = v.Holders
			if v.Title == "" || len(v.Permissions) == 0 && v.ID != "team.owner" {
				t.Errorf("the console has nothing to show: %+v", v)
			}
		}
		for role, want := range map[string]int{
			"domain.administrator": 1, "organization.administrator": 2, "company.administrator": 1, "domain.idea_administrator": 1,
			"campaign.manager": 1, "team.administrator": 1, "domain.press": 1,
		} {
			if holders[role] != want {
				t.Errorf("%s is held by %d, want %d", role, holders[role], want)
			}
		}
		admins := func() []string {
			t.Helper()
			var names []string
			for _, g := range n.roleType("nora", "organization.administrator").Held {
				names = append(names, g.Login+" "+string(g.Scope))
			}
			return names
		}
		if got := admins(); !slices.Equal(got, []string{"oscar organization:east", "otto organization:west"}) {
			t.Errorf("the tab Admin has %v", got)
		}
		n.grant("nora", "uma", "administrator", "organization:west").done()
		n.unchanged(func() { // the question before the confirmation
			n.as("nora").post("/grants/revoke", `{"person": "otto", "role": "administrator", "scope": "organization:west", "dry_run": true}`).done()
		})
		n.revoke("nora", "otto", "administrator", "organization:west").done()
		if got := admins(); !slices.Equal(got, []string{"oscar organization:east", "uma organization:west"}) {
			t.Errorf("the tab Admin has %v", got)
		}
		n.as("gus").get("/role-types").refused("not_permitted", "M04")
		n.as("uma").get("/roles").refused("not_permitted", "M04")
		if !n.field("nora", "roles.administrator").Editable {
			t.Error("the checkboxes are for those who may grant the role")
		}
	})

	t.Run("M13_company_administrators_grant_company_administrator", func(t *testing.T) {
		n := domain(t)
		n.as("nora").create("company:press", "").done()
		n.grant("cleo", "uma", "administrator", "company:intranet").done()
		n.grant("uma", "tom", "administrator", "company:intranet").done()
		n.revoke("tom", "cleo", "administrator", "company:intranet").done()
		n.held("administrator", "company:intranet", "tom", "uma")
		n.unchanged(func() {
			n.grant("cleo", "cleo", "administrator", "company:intranet").refused("not_permitted", "M06")
			n.grant("uma", "uma", "administrator", "company:press").refused("not_permitted", "M06")
			n.grant("uma", "uma", "administrator", "").refused("not_permitted", "M04")
			n.grant("uma", "uma", "idea_administrator", "").refused("not_permitted", "M07")
			n.grant("uma", "uma", "administrator", "organization:east").refused("not_permitted", "M05")
			n.grant("uma", "gus", "administrator", "company:intranet").refused("not_a_member", "M06")
		})
		n.membership("nora", "suspend", "uma", "").done()
		n.grant("uma", "eva", "administrator", "company:intranet").refused("not_permitted", "")
	})

	t.Run("M14_only_network_administrators_have_to_do_with_custom_roles", func(t *testing.T) {
		n := domain(t)
		n.press()
		// All that can be chosen, and yet nothing of the admin roles themselves.
		all := n.choosable()
		n.as("nora").post("/role-types/permit", `{"role": "press", "permissions": ["%s"]}`, strings.Join(all, `", "`)).done()
		for _, who := range []string{"oscar", "cleo", "ivan", "carl", "tess", "tom", "gus", "uma"} {
			n.unchanged(func() {
				n.as(who).post("/role-types", `{"role": "spies"}`).refused("not_permitted", "M14")
				n.as(who).post("/role-types/rename", `{"role": "press", "title": "Spies"}`).refused("not_permitted", "M14")
				n.as(who).post("/role-types/rename", `{"role": "press", "icon": "eye"}`).refused("not_permitted", "M14")
				n.as(who).post("/role-types/permit", `{"role": "press", "permissions": ["domain.dashboard.access"]}`)
				n.as(who).post("/role-types/unpermit", `{"role": "press", "permissions": ["company.posts.create"]}`).refused("not_permitted", "M14")
				n.as(who).post("/role-types/delete", `{"role": "press", "confirm": "DELETE"}`).refused("not_permitted", "M14")
				n.grant(who, "tom", "press", "").refused("not_permitted", "M18")
				n.grant(who, who, "administrator", "").refused("not_permitted", "M04")
				n.withhold(who, "withhold", "team.archive", "group").refused("not_permitted", "M17b")
			})
		}
		n.as("nora").post("/role-types/unpermit", `{"role": "press", "permissions": ["company.posts.create"]}`).done()
		n.unchanged(func() {
			n.as("oscar").post("/role-types/permit", `{"role": "press", "permissions": ["company.posts.create"]}`).refused("not_permitted", "M14")
			for p, rule := range map[string]string{
				"domain.admins.add": "M14", "domain.admins.remove": "M14", "domain.roles.add": "M14", "domain.roles.edit": "M14", "domain.roles.delete": "M14",
				"domain.roles.add_permissions": "M14", "domain.roles.remove_permission": "M14", "domain.team_admins.limit_in_projects": "M14",
				"domain.team_admins.limit_in_groups": "M14", "idea.status.change": "M07", "idea.life_cycle.manage": "M09",
			} {
				n.as("nora").post("/role-types/permit", `{"role": "press", "permissions": [%q]}`, p).refused("invalid", rule)
				n.as("nora").post("/role-types", `{"role": "spies", "permissions": [%q]}`, p).refused("invalid", rule)
			}
		})
	})

	t.Run("M14_a_custom_role_has_the_conditions_of_the_other_roles", func(t *testing.T) {
		n := domain(t)
		n.press()
		n.as("nora").post("/role-types/permit", `{"role": "press", "permissions": ["domain.user.view", "domain.user.manage", "domain.security.manage",
			"organization.users.add", "organization.users.edit_profile", "organization.users.reset_password", "team.guests.invite", "team.users.manage"]}`).done()
		n.grant("nora", "tom", "administrator", "").done()
		var keys []service.KeyView
		n.as("operator").get("/keys").into(&keys)
		key := keys[slices.IndexFunc(keys, func(k service.KeyView) bool { return k.Person == "tom" })].ID
		n.set("tess", "team:crew", "guests", "not_allowed").done()
		n.unchanged(func() {
			for _, verb := range []string{"suspend", "terminate"} {
				n.membership("uma", verb, "tom", "").refused("not_permitted", "M01")
			}
			n.as("uma").ask("PATCH", "/people", `{"person": "tom", "email": "uma@example.net"}`).refused("not_permitted", "M01")
			n.as("uma").post("/keys/revoke", `{"key": %q}`, key).refused("not_permitted", "M01")
			n.membership("uma", "start", "tom", "organization:east").refused("not_permitted", "M10")
			n.guest("uma", "gus", "team:crew").refused("not_permitted", "M08")
			n.membership("uma", "start", "gus", "team:crew").refused("not_a_member", "M08")
		})
		// It has them, and no others.
		n.membership("uma", "suspend", "wes", "").done()
		n.membership("uma", "start", "eva", "team:crew").done()
		for _, p := range n.roleType("nora", "press").Permissions {
			if p.ID == "domain.user.manage" && p.Only != "for people who are no network administrators" || p.ID == "domain.user.view" && p.Only != "" {
				t.Errorf("it gives %+v", p)
			}
		}
		var answer service.Answer
		n.as("operator").get("/check?person=uma&permission=domain.user.manage&about=tom").into(&answer)
		if answer.Allowed || len(answer.Unmet) != 1 || answer.Unmet[0].Condition != "below_administrators" || answer.Unmet[0].Role != "press" {
			t.Errorf("the answer is %+v", answer)
		}
	})

	t.Run("M15_the_creator_owns_and_administers_the_team", func(t *testing.T) {
		n := domain(t)
		n.as("uma").create("team:band", "").done()
		n.held("owner", "team:band", "uma")
		n.held("administrator", "team:band", "uma")
		n.membership("uma", "start", "tom", "team:band").done()
		n.membership("uma", "start", "eva", "team:band").done()
		n.grant("uma", "tom", "administrator", "team:band").done()
		n.grant("tom", "eva", "administrator", "team:band").done()
		n.held("administrator", "team:band", "eva", "tom", "uma")
		n.unchanged(func() {
			n.grant("uma", "tom", "owner", "team:band").refused("transferred_only", "M17")
			n.grant("nora", "nora", "owner", "team:band").refused("transferred_only", "M17")
			n.revoke("tom", "uma", "owner", "team:band").refused("transferred_only", "M17")
			n.membership("uma", "terminate", "uma", "team:band").refused("too_few_holders", "M17")
		})
		// By default, that is: an owner need not be an administrator.
		n.revoke("tom", "uma", "administrator", "team:band").done()
		n.rename("uma", "team:band").refused("not_permitted", "M08")
		n.grant("uma", "uma", "administrator", "team:band").done()
		n.rename("uma", "team:band").done()
	})

	t.Run("M16_a_team_administrator_is_a_member_of_the_team", func(t *testing.T) {
		n := domain(t)
		n.unchanged(func() {
			for _, by := range []string{"nora", "tess"} {
				n.grant(by, "uma", "administrator", "team:crew").refused("not_a_member", "M16")
				n.as(by).put("/roles", `{"scope": "team:crew", "roles": {"administrator": ["tess", "uma"]}}`).refused("not_a_member", "M16")
			}
			n.grant("tom", "tom", "administrator", "team:crew").refused("not_permitted", "M16")
		})
		n.grant("tess", "tom", "administrator", "team:crew").done()
		n.can("tom", "team.archive", "team:crew")
		n.cannot("tom", "team.archive", "team:club")
		n.membership("tess", "suspend", "tom", "team:crew").done()
		n.cannot("tom", "team.archive", "team:crew")
		n.membership("tess", "resume", "tom", "team:crew").done()
		n.can("tom", "team.archive", "team:crew")
		n.membership("tom", "terminate", "tom", "team:crew").done() // everybody leaves as they like
		n.held("administrator", "team:crew", "tess")
		if list := n.history("type:role.revoked subject:tom role:administrator"); len(list) != 1 || list[0].Cause == "" {
			t.Errorf("the history has %+v", list)
		}
		n.membership("tess", "start", "tom", "team:crew").done()
		n.cannot("tom", "team.archive", "team:crew")
	})

	t.Run("M17_team_owner_rights_are_transferred_by_owner_or_administrators", func(t *testing.T) {
		n := domain(t)
		n.membership("tess", "start", "eva", "team:crew").done()
		n.grant("tess", "tom", "administrator", "team:crew").done()
		n.unchanged(func() {
			for _, who := range []string{"eva", "uma", "oscar", "cleo", "gus"} {
				n.transfer(who, "eva", "team:crew").refused("not_permitted", "M17")
			}
			n.transfer("tess", "uma", "team:crew").refused("not_a_member", "M17")
			n.transfer("tom", "tom", "team:club").refused("not_permitted", "M17")
		})
		n.transfer("tom", "eva", "team:crew").done() // an administrator
		n.held("owner", "team:crew", "eva")
		n.transfer("eva", "tom", "team:crew").done() // the owner, who is no administrator
		n.held("owner", "team:crew", "tom")
		n.unchanged(func() { n.transfer("eva", "eva", "team:crew").refused("not_permitted", "M17") })
		n.guest("tess", "gus", "team:crew").done()
		n.transfer("tom", "gus", "team:crew").refused("not_a_member", "M17")
		if got := n.mails("ownership.transferred"); !slices.Equal(got, []string{"eva", "eva", "tess", "tom"}) {
			t.Errorf("told are %v", got)
		}
	})

	t.Run("M17_nobody_stays_for_what_they_own", func(t *testing.T) {
		n := domain(t)
		n.as("uma").create("team:band", "").done()
		n.transfer("cleo", "uma", "department:sales").done()
		n.unchanged(func() {
			for _, verb := range []string{"suspend", "terminate"} {
				n.membership("nora", verb, "uma", "").refused("too_few_holders", "M17")
			}
			n.transfer("nora", "tom", "team:band").refused("not_a_member", "M17")
			n.membership("nora", "start", "gus", "team:band").refused("not_a_member", "M08")
			n.membership("oscar", "start", "eva", "company:intranet").refused("structure", "")
		})
		n.membership("nora", "start", "tom", "team:band").done()
		n.transfer("nora", "tom", "team:band").done()
		n.transfer("nora", "tom", "department:sales").done()
		n.membership("nora", "terminate", "uma", "").done()
		n.held("owner", "team:band", "tom")
		n.held("owner", "department:sales", "tom")
	})

	t.Run("M10_the_directory_is_for_those_who_view_it", func(t *testing.T) {
		n := domain(t)
		for _, who := range []string{"uma", "tess", "oscar", "gus"} {
			n.as(who).get("/people").refused("not_permitted", "M04")
			n.as(who).get("/role-types").refused("not_permitted", "M04")
			n.as(who).get("/check?permission=team.read&scope=team:crew&person="+string(n.id("wes"))).refused("not_permitted", "M04")
			n.as(who).get("/people/" + who).done()
		}
		// Organization administrators see the users of theirs, and who is in a team
		// or a department sees that.
		shown := map[string][]string{
			"organization:east": {"nora", "oscar"}, "organization:west": {"nora", "otto"},
			"department:sales": {"nora", "cleo"}, "team:crew": {"nora", "tess", "tom"},
		}
		for scope, to := range shown {
			for _, who := range []string{"nora", "oscar", "otto", "cleo", "tess", "tom", "uma"} {
				for _, path := range []string{"/scopes/" + scope, "/memberships?scope=" + scope} {
					if asked := n.as(who).get(path); slices.Contains(to, who) {
						asked.done()
					} else {
						asked.refused("not_permitted", "M04")
					}
				}
			}
		}
		n.as("nora").get("/people").done()
	})

	t.Run("M17_department_owner_rights_are_transferred_by_owner_or_company_administrators", func(t *testing.T) {
		n := domain(t)
		n.transfer("cleo", "uma", "department:sales").done()
		n.membership("uma", "start", "eva", "department:sales").done()
		n.as("nora").create("company:press", "").done()
		n.grant("nora", "otto", "administrator", "company:press").done()
		n.unchanged(func() {
			for _, who := range []string{"eva", "oscar", "otto", "tess", "gus"} {
				n.transfer(who, "eva", "department:sales").refused("not_permitted", "M17")
			}
			n.transfer("cleo", "gus", "department:sales").refused("not_a_member", "M17")
			n.transfer("cleo", "nina", "department:sales").refused("not_a_member", "M17")
		})
		n.transfer("uma", "tom", "department:sales").done()
		n.held("owner", "department:sales", "tom")
		n.transfer("uma", "uma", "department:sales").refused("not_permitted", "M17")
		n.transfer("cleo", "uma", "department:sales").done()
		n.held("owner", "department:sales", "uma")
	})

	t.Run("M17_what_somebody_owns_is_passed_on_before_they_go", func(t *testing.T) {
		n := domain(t)
		n.unchanged(func() {
			n.membership("nora", "terminate", "tess", "").refused("too_few_holders", "M17")
			n.membership("nora", "terminate", "cleo", "").refused("too_few_holders", "M17")
		})
		// A network administrator gets there by roles on record: an administrator of
		// the team first, who may pass its ownership on then.
		n.grant("nora", "tom", "administrator", "team:crew").done()
		n.transfer("tom", "tom", "team:crew").done()
		n.membership("nora", "start", "nora", "organization:east").done()
		n.grant("nora", "nora", "administrator", "organization:east").done()
		n.membership("nora", "start", "nora", "team:club").done()
		n.grant("nora", "nora", "administrator", "team:club").done()
		n.transfer("nora", "nora", "team:club").done()
		n.membership("nora", "terminate", "tess", "").done()
		n.held("owner", "team:crew", "tom")
		n.held("owner", "team:club", "nora")
	})

	for value, team := range map[string]string{"project": "team:crew", "group": "team:club"} {
		t.Run("M17b_what_is_unchecked_in_a_"+value+"_is_lost_at_once", func(t *testing.T) {
			n := domain(t)
			other := map[string]string{"team:crew": "team:club", "team:club": "team:crew"}[team]
			n.membership("tess", "start", "uma", team).done()
			n.grant("tess", "uma", "administrator", team).done()
			n.unchanged(func() {
				for _, who := range []string{"oscar", "cleo", "tess", "uma", "gus"} {
					n.withhold(who, "withhold", "team.archive", value).refused("not_permitted", "M17b")
				}
			})
			n.withhold("nora", "withhold", "team.archive", value).done()
			for _, who := range []string{"tess", "uma"} {
				n.cannot(who, "team.archive", team)
				n.scope(who, "archive", team).refused("not_permitted", "M08")
			}
			n.can("tess", "team.archive", other)
			// Those made administrators later, and of later teams, do not have it either.
			n.as("tess").post("/scopes", `{"scope": "team:later", "attributes": {"type": %q}}`, value).done()
			n.cannot("tess", "team.archive", "team:later")
			n.unchanged(func() { n.withhold("tess", "restore", "team.archive", value).refused("not_permitted", "M17b") })
			n.withhold("nora", "restore", "team.archive", value).done()
			n.scope("uma", "archive", team).done()
		})
	}

	t.Run("M17b_in_projects_and_groups_at_once", func(t *testing.T) {
		n := domain(t)
		n.withhold("nora", "withhold", "team.merge", "").done()
		n.cannot("tess", "team.merge", "team:crew")
		n.cannot("tess", "team.merge", "team:club")
		n.withhold("nora", "restore", "team.merge", "group").done()
		n.cannot("tess", "team.merge", "team:crew")
		n.can("tess", "team.merge", "team:club")
	})

	t.Run("M17b_every_permission_of_the_type_can_be_unchecked", func(t *testing.T) {
		n := domain(t)
		for _, p := range blocks[5].permissions()[1:] {
			n.can("tess", p.id, "team:crew")
			n.withhold("nora", "withhold", p.id, "project").done()
			if p.id != "team.read" { // which every member has
				n.cannot("tess", p.id, "team:crew")
			}
			n.can("tess", p.id, "team:club")
		}
		// What comes in another way all the same is told, and by what.
		var receipt service.Receipt
		n.as("nora").post("/role-types/withhold", `{"role": "team.administrator", "permissions": ["team.read", "team.update"], "value": "group", "dry_run": true}`).into(&receipt)
		if want := []string{"team.read is still had by 1 holder of team.administrator, by the role team.member."}; !slices.Equal(receipt.Remarks, want) {
			t.Errorf("the remarks are %q", receipt.Remarks)
		}
		refused := n.withhold("nora", "withhold", "domain.teams.create", "group").refused("invalid", "M16")
		if !strings.Contains(refused.Detail, "it comes by domain.member") {
			t.Errorf("it says %q", refused.Detail)
		}
		// What is withheld is not had by being the owner of the team, and nobody takes
		// the place of the owner by it.
		n.unchanged(func() {
			n.membership("tess", "start", "uma", "team:crew").refused("not_permitted", "M08")
			n.rename("tess", "team:crew").refused("not_permitted", "M08")
			n.as("tess").get("/exports/members?scope=team:crew").refused("not_permitted", "M08")
		})
		n.transfer("tess", "tom", "team:crew").done() // as its owner
	})

	t.Run("M17b_the_other_types_of_the_model_are_read_only", func(t *testing.T) {
		n := domain(t)
		for role, rule := range map[string]string{
			"domain.administrator": "M04", "organization.administrator": "M05", "company.administrator": "M06", "domain.idea_administrator": "M07",
			"campaign.manager": "M09", "team.owner": "M17", "department.owner": "M17", "domain.member": "", "team.member": "",
		} {
			permission := "team.archive"
			if list := n.roleType("nora", role).Permissions; len(list) > 0 {
				permission = list[0].ID
			}
			n.unchanged(func() {
				for _, value := range []string{"", "project", "group"} {
					for _, verb := range []string{"withhold", "restore"} {
						n.as("nora").post("/role-types/"+verb, `{"role": %q, "permissions": [%q], "value": %q}`, role, permission, value).refused("invalid", rule)
					}
				}
				for _, verb := range []string{"permit", "unpermit"} {
					n.as("nora").post("/role-types/"+verb, `{"role": %q, "permissions": ["domain.portal.access"]}`, role).refused("invalid", rule)
				}
				n.as("nora").post("/role-types/rename", `{"role": %q, "title": "Other"}`, role).refused("invalid", rule)
				n.as("nora").post("/role-types/delete", `{"role": %q, "confirm": "DELETE"}`, role).refused("invalid", rule)
			})
		}
	})

	t.Run("M18_a_custom_role_begins_with_the_admin_dashboard", func(t *testing.T) {
		n := domain(t)
		n.as("nora").post("/role-types", `{"role": "press", "title": "Press office", "icon": "megaphone"}`).done()
		role := n.roleType("nora", "press")
		if got := permissionsOf(role); role.Title != "Press office" || role.Icon != "megaphone" || !slices.Equal(got, []string{"domain.dashboard.access"}) {
			t.Errorf("it is %+v", role)
		}
		n.cannot("uma", "domain.dashboard.access", "")
		n.grant("nora", "uma", "press", "").done()
		if got := n.mails("role.granted"); !slices.Equal(got, []string{"uma"}) {
			t.Errorf("told are %v", got)
		}
		n.can("uma", "domain.dashboard.access", "")
		n.as("nora").post("/role-types/unpermit", `{"role": "press", "permissions": ["domain.dashboard.access"]}`).done()
		n.cannot("uma", "domain.dashboard.access", "")
		n.revoke("nora", "uma", "press", "").done()
		n.held("press", "")
		n.unchanged(func() {
			// No two types have one title.
			n.as("nora").post("/role-types", `{"role": "news", "title": " press OFFICE"}`).refused("exists", "M18")
			n.as("nora").post("/role-types", `{"role": "news", "title": "Network administrator"}`).refused("exists", "M04")
			n.as("uma").post("/role-types", `{"role": "news", "title": "Press office"}`).refused("not_permitted", "M14")
			refused := n.as("nora").post("/role-types", `{"role": "news", "permissions": ["domain.admins.add", "domain.nothing", "team.archive", "idea.status.change"]}`).refused("invalid", "M14")
			if len(refused.Errors) != 3 || refused.Errors[1].Code != "unknown" || refused.Errors[2].Rule != "M07" {
				t.Errorf("the refusals are %+v", refused.Errors)
			}
			n.as("nora").post("/role-types", `{"role": "press"}`).refused("exists", "")
			n.grant("nora", "nina", "press", "").refused("not_a_member", "M18")
		})
	})

	t.Run("M18_permissions_are_chosen_out_of_more_than_100", func(t *testing.T) {
		n := domain(t)
		n.press()
		all := n.choosable()
		if len(all) <= 100 {
			t.Errorf("there are %d", len(all))
		}
		on := map[string]string{"domain": "", "organization": "organization:east", "company": "company:intranet", "department": "department:sales",
			"campaign": "campaign:green", "idea": "idea:solar", "team": "team:crew"}
		for _, p := range all {
			kind, _, _ := strings.Cut(p, ".")
			n.as("nora").post("/role-types/permit", `{"role": "press", "permissions": [%q]}`, p).done()
			n.can("uma", p, on[kind])
		}
		for _, p := range all {
			kind, _, _ := strings.Cut(p, ".")
			n.as("nora").post("/role-types/unpermit", `{"role": "press", "permissions": [%q]}`, p).done()
			if p != "domain.teams.create" {
				n.cannot("uma", p, on[kind])
			}
		}
		n.as("nora").post("/role-types/permit", `{"role": "press", "permissions": ["domain.nothing"]}`).refused("unknown", "")
	})

	t.Run("M18_what_a_custom_role_allows_is_done", func(t *testing.T) {
		n := domain(t)
		n.press()
		n.rename("uma", "company:intranet").refused("not_permitted", "M06")
		n.as("nora").post("/role-types/permit", `{"role": "press", "permissions": ["company.settings.edit", "domain.ideas.create"]}`).done()
		n.rename("uma", "company:intranet").done()
		n.as("uma").create("idea:lamp", "").done()
		n.set("uma", "idea:lamp", "status", "accepted").refused("not_permitted", "M07")
		n.as("nora").post("/role-types/unpermit", `{"role": "press", "permissions": ["company.settings.edit"]}`).done()
		n.rename("uma", "company:intranet").refused("not_permitted", "M06")
		n.membership("nora", "suspend", "uma", "").done()
		n.as("uma").create("idea:sun", "").refused("not_permitted", "")
	})

	t.Run("M19_a_custom_role_gets_another_title_and_icon", func(t *testing.T) {
		n := domain(t)
		n.press()
		n.as("uma").post("/role-types/rename", `{"role": "press", "title": "Mine"}`).refused("not_permitted", "M14")
		n.as("nora").post("/role-types/rename", `{"role": "press", "title": "News desk"}`).done()
		n.as("nora").post("/role-types/rename", `{"role": "press", "icon": "paper"}`).done()
		role := n.roleType("nora", "press")
		if role.Title != "News desk" || role.Icon != "paper" || role.ChangedBy != "nora" || role.Holders != 1 {
			t.Errorf("it is %+v", role)
		}
		n.held("press", "", "uma")
		n.can("uma", "company.posts.create", "company:intranet")
		n.unchanged(func() {
			n.as("nora").post("/role-types/rename", `{"role": "desk", "title": "News desk"}`).refused("unknown", "")
		})
	})

	t.Run("M20_a_custom_role_is_deleted_only_with_the_word", func(t *testing.T) {
		n := domain(t)
		n.press()
		n.grant("nora", "tom", "press", "").done()
		n.as("nora").post("/grants", `{"person": "eva", "role": "press", "until": "P10D"}`).done()
		n.delivered()
		n.unchanged(func() {
			for _, word := range []string{"", "delete", "Delete", "DELETE ", "press"} {
				n.as("nora").post("/role-types/delete", `{"role": "press", "confirm": %q}`, word).refused("invalid", "M20")
			}
			n.as("uma").post("/role-types/delete", `{"role": "press", "confirm": "DELETE"}`).refused("not_permitted", "M14")
		})
		n.held("press", "", "eva", "tom", "uma")
		n.as("nora").post("/role-types/delete", `{"role": "press", "confirm": "DELETE"}`).done()
		n.cannot("uma", "company.posts.create", "company:intranet")
		deleted, ended := n.history("type:role.deleted"), n.history("type:role.revoked role:press")
		if len(deleted) != 1 || len(ended) != 3 {
			t.Fatalf("the history has %+v and %+v", deleted, ended)
		}
		for _, e := range ended {
			if e.Commit != deleted[0].Commit || e.Cause == "" {
				t.Errorf("%s lost it by %+v", e.Login, e)
			}
		}
		if got := n.mails("role.revoked"); !slices.Equal(got, []string{"eva", "tom", "uma"}) {
			t.Errorf("told are %v", got)
		}
		n.grant("nora", "tom", "press", "").refused("unknown", "")
		n.pass(20 * 24 * time.Hour)
		n.delivered()
		// Another role of that name is another role.
		n.as("nora").post("/role-types", `{"role": "press"}`).done()
		n.held("press", "")
	})
}

// choosable are the permissions of which custom roles can be made.
func (n network) choosable() []string {
	n.t.Helper()
	var model service.ModelView
	n.as("nora").get("/v1/models/mangoapps").into(&model)
	return model.CustomRoles[0].Permissions
}

func idsIn(b block) []string {
	var ids []string
	for _, p := range b.permissions() {
		ids = append(ids, p.id)
	}
	return ids
}
