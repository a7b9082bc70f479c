package aggregate

import (
	"testing"

	"tenure/events"
)

func TestGrantRole(t *testing.T) {
	specify(t, []specification{
		{
			"an administrator makes a member an administrator, who is a plain member no longer",
			given(acmeFounded, joined(ben)),
			when(ann, GrantRole{Subject: ben, Role: "admin", Scope: org}),
			then(granted(ben, "admin", org), revoked(ben, "member", org, events.CauseReplaced)),
		},
		{
			"granting what is held changes nothing",
			given(acmeFounded, promoted(ben)),
			when(ann, GrantRole{Subject: ben, Role: "admin", Scope: org}),
			then(),
		},
		{
			"a member does not",
			given(acmeFounded, joined(ben), joined(cat)),
			when(ben, GrantRole{Subject: cat, Role: "admin", Scope: org}),
			refused{code: CodeNotPermitted, rule: "G01", role: "organization.admin", scope: org, subject: ben,
				help: "tenure who --role admin --org acme", says: "may not grant admin on organization:acme: that takes admin on organization:acme"},
		},
		{
			"nobody grants themselves what they may not",
			given(acmeFounded, joined(ben)),
			when(ben, GrantRole{Subject: ben, Role: "admin", Scope: org}),
			refused{code: CodeNotPermitted, rule: "G01", role: "organization.admin", scope: org, subject: ben, help: "tenure who --role admin", says: "may not grant"},
		},
		{
			"an administrator becomes a plain member by the grant",
			given(acmeFounded, promoted(ben)),
			when(ann, GrantRole{Subject: ben, Role: "member", Scope: org}),
			then(granted(ben, "member", org), revoked(ben, "admin", org, events.CauseReplaced)),
		},
		{
			"G02: a team role needs membership of the organization",
			given(acmeFounded, registered(ben), teams),
			when(ann, GrantRole{Subject: ben, Role: "member", Scope: sig}),
			refused{code: CodeNotMember, rule: "G02", role: "team.member", scope: sig, subject: ben,
				help: "tenure member start " + string(ben) + " --org acme", says: "Only a member of organization:acme can be member on team:sig"},
		},
		{
			"a maintainer grants in the own team",
			given(acmeFounded, joined(ben), joined(cat), teams, granted(ben, "maintainer", sig)),
			when(ben, GrantRole{Subject: cat, Role: "maintainer", Scope: sig}),
			then(granted(cat, "maintainer", sig)),
		},
		{
			"and three levels down",
			given(acmeFounded, joined(ben), joined(cat), teams, granted(ben, "maintainer", sig)),
			when(ben, GrantRole{Subject: cat, Role: "member", Scope: leaf}),
			then(granted(cat, "member", leaf)),
		},
		{
			"but not above",
			given(acmeFounded, joined(ben), joined(cat), teams, granted(ben, "maintainer", leaf)),
			when(ben, GrantRole{Subject: cat, Role: "member", Scope: sub}),
			refused{code: CodeNotPermitted, rule: "G02", role: "team.member", scope: sub, subject: ben, help: "tenure who --role admin --org acme",
				says: "that takes maintainer on team:sub, maintainer on team:sig or admin on organization:acme"},
		},
		{
			"nor beside",
			given(acmeFounded, joined(ben), joined(cat), teams, granted(ben, "maintainer", sig)),
			when(ben, GrantRole{Subject: cat, Role: "member", Scope: side}),
			refused{code: CodeNotPermitted, rule: "G02", role: "team.member", scope: side, subject: ben, help: "tenure who --role admin", says: "team:side"},
		},
		{
			"a plain team member grants nothing",
			given(acmeFounded, joined(ben), joined(cat), teams, granted(ben, "member", sig)),
			when(ben, GrantRole{Subject: cat, Role: "member", Scope: sig}),
			refused{code: CodeNotPermitted, rule: "G02", role: "team.member", scope: sig, subject: ben, help: "tenure who --role admin", says: "maintainer on team:sig"},
		},
		{
			"a suspended member may be given a role, and has it on coming back",
			given(acmeFounded, joined(ben), teams, suspended(ben, org)),
			when(ann, GrantRole{Subject: ben, Role: "member", Scope: sig}),
			then(granted(ben, "member", sig)),
		},
		{
			"a stranger grants nothing",
			given(acmeFounded, joined(ben)),
			when(nix, GrantRole{Subject: ben, Role: "admin", Scope: org}),
			refused{code: CodeNotPermitted, says: "not known in acme"},
		},
		{
			"nor does a stranger get anything",
			given(acmeFounded),
			when(ann, GrantRole{Subject: nix, Role: "admin", Scope: org}),
			refused{code: CodeUnknown, help: "tenure person add LOGIN --org acme", says: string(nix)},
		},
		{
			"a role is one of the scope's kind",
			given(acmeFounded, joined(ben), teams),
			when(ann, GrantRole{Subject: ben, Role: "admin", Scope: sig}),
			refused{code: CodeUnknown, scope: sig, help: "tenure models show github", says: "no role admin on team:sig; there is maintainer or member"},
		},
		{
			"on a scope that is there",
			given(acmeFounded, joined(ben)),
			when(ann, GrantRole{Subject: ben, Role: "member", Scope: sig}),
			refused{code: CodeUnknown, help: "tenure scope list --org acme", says: "no scope team:sig"},
		},
		{
			"a permission lets grant on its scope and below",
			given(worksFounded, departments, hired(ben, "worker"), placed(ben, north, "head"), hired(cat, "worker"), placed(cat, north, "hand")),
			when(ben, GrantRole{Subject: cat, Role: "keeper", Scope: desk}),
			then(granted(cat, "keeper", desk)),
		},
		{
			"inherited as well",
			given(worksFounded, departments, hired(ben, "worker"), placed(ben, north, "hand")),
			when(ann, GrantRole{Subject: ben, Role: "keeper", Scope: desk}),
			then(granted(ben, "keeper", desk)),
		},
		{
			"of the company, it lets grant in every department",
			given(worksFounded, departments, hired(ben, "worker"), placed(ben, inner, "hand")),
			when(ann, GrantRole{Subject: ben, Role: "head", Scope: inner}),
			then(granted(ben, "head", inner), revoked(ben, "hand", inner, events.CauseReplaced)),
		},
		{
			"a permission for what is below lets grant there",
			given(worksFounded, departments, created("desk:two", inner), hired(ben, "worker"), placed(ben, north, "hand"), granted(ben, "deputy", north), hired(cat, "worker"), placed(cat, inner, "hand")),
			when(ben, GrantRole{Subject: cat, Role: "keeper", Scope: "desk:two"}),
			then(granted(cat, "keeper", "desk:two")),
		},
		{
			"and not where it is held itself",
			given(worksFounded, departments, created("desk:two", inner), hired(ben, "worker"), placed(ben, inner, "hand"), granted(ben, "deputy", inner), hired(cat, "worker"), placed(cat, inner, "hand")),
			when(ben, GrantRole{Subject: cat, Role: "keeper", Scope: "desk:two"}),
			refused{code: CodeNotPermitted, rule: "W06", role: "desk.keeper", scope: "desk:two", subject: ben, help: "tenure who --role owner --org acme",
				says: "that takes head on department:inner, head on department:north, deputy on department:north or owner on company:acme"},
		},
		{
			"who has it elsewhere does not",
			given(worksFounded, departments, hired(ben, "worker"), placed(ben, south, "head"), hired(cat, "worker"), placed(cat, north, "hand")),
			when(ben, GrantRole{Subject: cat, Role: "keeper", Scope: desk}),
			refused{code: CodeNotPermitted, rule: "W06", role: "desk.keeper", scope: desk, subject: ben, help: "tenure who --role owner --org acme",
				says: "that takes head on department:north or owner on company:acme"},
		},
		{
			"a role can need the membership of a department in between",
			given(worksFounded, departments, hired(ben, "worker"), placed(ben, south, "hand")),
			when(ann, GrantRole{Subject: ben, Role: "keeper", Scope: desk}),
			refused{code: CodeNotMember, rule: "W06", role: "desk.keeper", scope: desk, subject: ben,
				help: "tenure member start " + string(ben) + " --on department:north --org acme", says: "Only a member of department:north"},
		},
		{
			"or none at all",
			given(worksFounded, departments, registered(ben)),
			when(ann, GrantRole{Subject: ben, Role: "guest", Scope: desk}),
			then(granted(ben, "guest", desk)),
		},
		{
			"a non-member acts by such a role",
			given(worksFounded, departments, hired(ben, "worker"), placed(ben, north, "hand"), granted(ben, "keeper", desk), registered(cat)),
			when(ben, GrantRole{Subject: cat, Role: "guest", Scope: desk}),
			then(granted(cat, "guest", desk)),
		},
		{
			"at most so many hold it",
			given(worksFounded, registered(ben), granted(ben, "auditor", company), registered(cat)),
			when(ann, GrantRole{Subject: cat, Role: "auditor", Scope: company}),
			refused{code: CodeTooMany, rule: "W04", role: "company.auditor", scope: company, subject: cat,
				help: "tenure revoke PERSON auditor --org acme", says: "At most 1 may be auditor on company:acme"},
		},
		{
			"suspended or not",
			given(worksFounded, hired(ben, "worker"), granted(ben, "auditor", company), suspended(ben, company), registered(cat)),
			when(ann, GrantRole{Subject: cat, Role: "auditor", Scope: company}),
			refused{code: CodeTooMany, rule: "W04", role: "company.auditor", scope: company, subject: cat, help: "tenure revoke PERSON auditor", says: "At most 1"},
		},
		{
			"on each scope",
			given(worksFounded, departments, hired(ben, "worker"), placed(ben, north, "head"), placed(ben, south, "hand")),
			when(ann, GrantRole{Subject: ben, Role: "head", Scope: south}),
			then(granted(ben, "head", south), revoked(ben, "hand", south, events.CauseReplaced)),
		},
		{
			"a role is taken by replacing it only by those who may take it: a manager makes a worker of nobody above",
			given(worksFounded, hired(ben, "manager"), hired(cat, "owner")),
			when(ben, GrantRole{Subject: cat, Role: "worker", Scope: company}),
			refused{code: CodeNotPermitted, rule: "W01", role: "company.owner", scope: company, subject: ben, help: "tenure who --role owner --org acme",
				says: "may not revoke owner on company:acme"},
		},
		{
			"but of themselves, since everybody may lay down a role",
			given(worksFounded, hired(ben, "manager")),
			when(ben, GrantRole{Subject: ben, Role: "worker", Scope: company}),
			then(granted(ben, "worker", company), revoked(ben, "manager", company, events.CauseReplaced)),
		},
		{
			"the operator breaks the glass",
			given(acmeFounded, joined(ben)),
			when(events.Operator, GrantRole{Subject: ben, Role: "admin", Scope: org}, because("emergency")),
			then(granted(ben, "admin", org), revoked(ben, "member", org, events.CauseReplaced)).underBreakGlass(),
		},
		{
			"with a reason, or not at all",
			given(acmeFounded, joined(ben)),
			when(events.Operator, GrantRole{Subject: ben, Role: "admin", Scope: org}),
			refused{code: CodeBreakGlass, field: "reason", help: "--reason requested", says: "break-glass"},
		},
		{
			"and within the bounds all the same",
			given(worksFounded, hired(ben, "owner"), hired(cat, "worker")),
			when(events.Operator, GrantRole{Subject: cat, Role: "owner", Scope: company}, because("emergency")),
			refused{code: CodeTooMany, rule: "W01", role: "company.owner", scope: company, subject: cat, help: "tenure revoke PERSON owner", says: "At most 2"},
		},
		{
			"the background user has no authority of its own",
			given(acmeFounded, joined(ben)),
			when(events.Background, GrantRole{Subject: ben, Role: "admin", Scope: org}, because("emergency")),
			refused{code: CodeNotPermitted, says: "what falls due"},
		},
		{
			"the importer does nothing but import",
			given(acmeFounded, joined(ben)),
			when(events.Importer, GrantRole{Subject: ben, Role: "admin", Scope: org}),
			refused{code: CodeNotPermitted, says: "What is imported says so by its cause"},
		},
	})
}

func TestRevokeRole(t *testing.T) {
	specify(t, []specification{
		{
			"an administrator is made a plain member",
			given(acmeFounded, promoted(ben)),
			when(ann, RevokeRole{Subject: ben, Role: "admin", Scope: org}),
			then(revoked(ben, "admin", org), granted(ben, "member", org, events.CauseDefault)),
		},
		{
			"revoking what is not held changes nothing",
			given(acmeFounded, joined(ben), teams),
			when(ann, RevokeRole{Subject: ben, Role: "member", Scope: sig}),
			then(),
		},
		{
			"anybody lays down their own role",
			given(acmeFounded, joined(ben), teams, granted(ben, "member", sig)),
			when(ben, RevokeRole{Subject: ben, Role: "member", Scope: sig}),
			then(revoked(ben, "member", sig)),
		},
		{
			"and nobody that of others",
			given(acmeFounded, joined(ben), joined(cat), teams, granted(cat, "member", sig)),
			when(ben, RevokeRole{Subject: cat, Role: "member", Scope: sig}),
			refused{code: CodeNotPermitted, rule: "G02", role: "team.member", scope: sig, subject: ben, help: "tenure who --role admin --org acme",
				says: "may not revoke member on team:sig"},
		},
		{
			"the default role ends with the membership alone",
			given(acmeFounded, joined(ben)),
			when(ann, RevokeRole{Subject: ben, Role: "member", Scope: org}),
			refused{code: CodeDefaultRole, role: "organization.member", scope: org, subject: ben,
				help: "tenure member terminate " + string(ben) + " --org acme", says: "ends with the membership"},
		},
		{
			"for its holder too, and in a department",
			given(worksFounded, departments, hired(ben, "worker"), placed(ben, north, "hand")),
			when(ben, RevokeRole{Subject: ben, Role: "hand", Scope: north}),
			refused{code: CodeDefaultRole, role: "department.hand", scope: north, subject: ben,
				help: "tenure member terminate " + string(ben) + " --on department:north --org acme", says: "ends with the membership"},
		},
		{
			"of one's own authority, whoever follows",
			given(acmeFounded, promoted(ben)),
			when(ann, RevokeRole{Subject: ann, Role: "admin", Scope: org}),
			then(revoked(ann, "admin", org), granted(ann, "member", org, events.CauseDefault)),
		},
		{
			"the last keeper of a vault stays",
			given(worksFounded, hired(ben, "worker"), together(created(vault, company), granted(ben, "keeper", vault))),
			when(ann, RevokeRole{Subject: ben, Role: "keeper", Scope: vault}),
			refused{code: CodeTooFew, rule: "W07", role: "vault.keeper", scope: vault, subject: ben,
				help: "tenure grant PERSON keeper --on vault:one --org acme", says: "at least 1 active keeper on vault:one"},
		},
		{
			"is not terminated",
			given(worksFounded, hired(ben, "worker"), together(created(vault, company), granted(ben, "keeper", vault))),
			when(ann, TerminateMembership{Subject: ben, Scope: company}),
			refused{code: CodeTooFew, rule: "W07", role: "vault.keeper", scope: vault, subject: ben, help: "tenure grant PERSON keeper --on vault:one", says: "vault:one"},
		},
		{
			"and not suspended",
			given(worksFounded, hired(ben, "worker"), together(created(vault, company), granted(ben, "keeper", vault))),
			when(ann, SuspendMembership{Subject: ben, Scope: company}),
			refused{code: CodeTooFew, rule: "W07", role: "vault.keeper", scope: vault, subject: ben, help: "tenure grant PERSON keeper --on vault:one", says: "suspended do not count"},
		},
	})
}

// A default role that somebody holds beside one that replaces it can be taken away:
// they stay with the other one.
func TestDefaultBesideAnother(t *testing.T) {
	one := given(atelierFounded, resident(ben), resident(dan), team(alpha, atelierHouse, dan), memberOf(ben, alpha))
	both := one.and(together(granted(ben, "writer", alpha), revoked(ben, "reader", alpha, events.CauseReplaced)), granted(ben, "reader", alpha))
	lists := func(role events.RoleID, holders ...events.PrincipalID) RoleHolders {
		return RoleHolders{Role: role, Holders: holders, Field: string(role)}
	}
	define := func(roles ...RoleHolders) Command { return DefineRoles{Scope: alpha, Roles: roles} }
	stays := func(field string) refused {
		return refused{code: CodeDefaultRole, role: "team.reader", scope: alpha, subject: ben, field: field, help: "tenure member terminate", says: "Every member"}
	}
	specify(t, []specification{
		{"granted", one.and(together(granted(ben, "writer", alpha), revoked(ben, "reader", alpha, events.CauseReplaced))), when(dan, GrantRole{Subject: ben, Role: "reader", Scope: alpha}), then(granted(ben, "reader", alpha))},
		{"and revoked", both, when(dan, RevokeRole{Subject: ben, Role: "reader", Scope: alpha}), then(revoked(ben, "reader", alpha))},
		{"by oneself", both, when(ben, RevokeRole{Subject: ben, Role: "reader", Scope: alpha}), then(revoked(ben, "reader", alpha))},
		{"the other one", both, when(dan, RevokeRole{Subject: ben, Role: "writer", Scope: alpha}), then(revoked(ben, "writer", alpha))},
		{"not without the other one", one, when(dan, RevokeRole{Subject: ben, Role: "reader", Scope: alpha}), stays("")},
		{"by definition", both, when(dan, define(lists("reader", dan))), then(revoked(ben, "reader", alpha))},
		{"with the other one", both, when(dan, define(lists("reader", dan), lists("writer", ben))), then(revoked(ben, "reader", alpha))},
		{"not with the end of the other one", both, when(dan, define(lists("reader", dan), lists("writer"))), stays("reader")},
		{"in either order", both, when(dan, define(lists("writer"), lists("reader", dan))), stays("reader")},
	})
}
