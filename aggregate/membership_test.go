package aggregate

import (
	"testing"

	"tenure/events"
)

func TestStartMembership(t *testing.T) {
	specify(t, []specification{
		{
			"a new member gets the default role",
			given(acmeFounded, registered(ben)),
			when(ann, StartMembership{Subject: ben, Scope: org}),
			then(started(ben, org), granted(ben, "member", org, events.CauseDefault)),
		},
		{
			"who is a member already stays one",
			given(acmeFounded, joined(ben)),
			when(ann, StartMembership{Subject: ben, Scope: org}),
			then(),
		},
		{
			"a member does not add members",
			given(acmeFounded, joined(ben), registered(cat)),
			when(ben, StartMembership{Subject: cat, Scope: org}),
			refused{code: CodeNotPermitted, scope: org, subject: ben, help: "tenure who --role admin --org acme", says: "membership.start"},
		},
		{
			"not even themselves",
			given(acmeFounded, registered(ben)),
			when(ben, StartMembership{Subject: ben, Scope: org}),
			refused{code: CodeNotPermitted, scope: org, subject: ben, help: "tenure who --role admin", says: "membership.start"},
		},
		{
			"teams have no members of their own",
			given(acmeFounded, joined(ben), teams),
			when(ann, StartMembership{Subject: ben, Scope: sig}),
			refused{code: CodeStructure, scope: sig, subject: ben, says: "rest on a membership above"},
		},
		{
			"nobody is unknown",
			given(acmeFounded),
			when(ann, StartMembership{Subject: nix, Scope: org}),
			refused{code: CodeUnknown, help: "tenure person add", says: string(nix)},
		},
		{
			"the scope is there",
			given(acmeFounded, joined(ben)),
			when(ann, StartMembership{Subject: ben, Scope: sig}),
			refused{code: CodeUnknown, help: "tenure scope list", says: string(sig)},
		},
		{
			"a department has members and a default role of its own",
			given(worksFounded, departments, hired(ben, "worker")),
			when(ann, StartMembership{Subject: ben, Scope: north}),
			then(started(ben, north), granted(ben, "hand", north, events.CauseDefault)),
		},
		{
			"its head adds them, without a say in the company",
			given(worksFounded, departments, hired(ben, "worker"), placed(ben, north, "head"), hired(cat, "worker")),
			when(ben, StartMembership{Subject: cat, Scope: north}),
			then(started(cat, north), granted(cat, "hand", north, events.CauseDefault)),
		},
		{
			"and in the departments within",
			given(worksFounded, departments, hired(ben, "worker"), placed(ben, north, "head"), hired(cat, "worker")),
			when(ben, StartMembership{Subject: cat, Scope: inner}),
			then(started(cat, inner), granted(cat, "hand", inner, events.CauseDefault)),
		},
		{
			"but not next door",
			given(worksFounded, departments, hired(ben, "worker"), placed(ben, north, "head"), hired(cat, "worker")),
			when(ben, StartMembership{Subject: cat, Scope: south}),
			refused{code: CodeNotPermitted, scope: south, subject: ben, help: "tenure who --role owner --org acme",
				says: "that takes head on department:south or owner on company:acme"},
		},
	})
}

func TestSuspendAndResume(t *testing.T) {
	specify(t, []specification{
		{
			"suspended, with all roles kept",
			given(acmeFounded, joined(ben), teams, granted(ben, "maintainer", sig)),
			when(ann, SuspendMembership{Subject: ben, Scope: org}),
			then(suspended(ben, org)),
		},
		{
			"suspended once",
			given(acmeFounded, joined(ben), suspended(ben, org)),
			when(ann, SuspendMembership{Subject: ben, Scope: org}),
			then(),
		},
		{
			"resumed",
			given(acmeFounded, joined(ben), suspended(ben, org)),
			when(ann, ResumeMembership{Subject: ben, Scope: org}),
			then(resumed(ben, org)),
		},
		{
			"resumed once",
			given(acmeFounded, joined(ben)),
			when(ann, ResumeMembership{Subject: ben, Scope: org}),
			then(),
		},
		{
			"no membership, nothing to suspend",
			given(acmeFounded, registered(ben)),
			when(ann, SuspendMembership{Subject: ben, Scope: org}),
			refused{code: CodeNotMember, scope: org, subject: ben, help: "tenure member start " + string(ben) + " --org acme", says: "not a member of organization:acme"},
		},
		{
			"a suspended member is refused everything",
			given(acmeFounded, promoted(ben), suspended(ben, org)),
			when(ben, RegisterPerson{Subject: cat}),
			refused{code: CodeNotPermitted, scope: org, subject: ben, help: "tenure member resume " + string(ben) + " --org acme", says: "suspended"},
		},
		{
			"to come back as well",
			given(acmeFounded, promoted(ben), suspended(ben, org)),
			when(ben, ResumeMembership{Subject: ben, Scope: org}),
			refused{code: CodeNotPermitted, scope: org, subject: ben, help: "tenure member resume", says: "suspended"},
		},
		{
			"and to lay down a role",
			given(acmeFounded, promoted(ben), suspended(ben, org)),
			when(ben, RevokeRole{Subject: ben, Role: "admin", Scope: org}),
			refused{code: CodeNotPermitted, scope: org, subject: ben, help: "tenure member resume", says: "suspended"},
		},
		{
			"and what would change nothing",
			given(acmeFounded, promoted(ben), suspended(ben, org)),
			when(ben, GrantRole{Subject: ben, Role: "admin", Scope: org}),
			refused{code: CodeNotPermitted, scope: org, subject: ben, help: "tenure member resume", says: "suspended"},
		},
		{
			"suspended in a department, a head has no say there",
			given(worksFounded, departments, hired(ben, "worker"), placed(ben, north, "head"), suspended(ben, north), hired(cat, "worker")),
			when(ben, StartMembership{Subject: cat, Scope: north}),
			refused{code: CodeNotPermitted, scope: north, subject: ben, help: "tenure who --role owner", says: "membership.start"},
		},
		{
			"but keeps it in another one",
			given(worksFounded, departments, hired(ben, "worker"), placed(ben, north, "hand"), suspended(ben, north), placed(ben, south, "head"), hired(cat, "worker")),
			when(ben, StartMembership{Subject: cat, Scope: south}),
			then(started(cat, south), granted(cat, "hand", south, events.CauseDefault)),
		},
	})
}

func TestTerminateMembership(t *testing.T) {
	specify(t, []specification{
		{
			"ends every role, membership and key, with the cause termination (X02)",
			given(worksFounded, departments, hired(ben, "manager"), placed(ben, north, "head"), placed(ben, south, "hand"),
				granted(ben, "auditor", company), granted(ben, "keeper", desk), issued(ben, 1), issued(ben, 2)),
			when(ann, TerminateMembership{Subject: ben, Scope: company}),
			then(
				revoked(ben, "manager", company, events.CauseTermination),
				revoked(ben, "auditor", company, events.CauseTermination),
				revoked(ben, "head", north, events.CauseTermination),
				revoked(ben, "hand", south, events.CauseTermination),
				revoked(ben, "keeper", desk, events.CauseTermination),
				terminated(ben, north, events.CauseTermination),
				terminated(ben, south, events.CauseTermination),
				ended(ben, 1, events.CauseTermination),
				ended(ben, 2, events.CauseTermination),
				terminated(ben, company),
			),
		},
		{
			"G03: of an organization ends the team roles",
			given(acmeFounded, joined(ben), teams, granted(ben, "maintainer", sig), granted(ben, "member", leaf)),
			when(ann, TerminateMembership{Subject: ben, Scope: org}),
			then(
				revoked(ben, "member", org, events.CauseTermination),
				revoked(ben, "member", leaf, events.CauseTermination),
				revoked(ben, "maintainer", sig, events.CauseTermination),
				terminated(ben, org),
			),
		},
		{
			"of a department ends the roles that rest on it, and no others",
			given(worksFounded, departments, hired(ben, "worker"), placed(ben, north, "head"), placed(ben, inner, "hand"), granted(ben, "keeper", desk), granted(ben, "guest", desk)),
			when(ann, TerminateMembership{Subject: ben, Scope: north}),
			then(
				revoked(ben, "head", north, events.CauseTermination),
				revoked(ben, "keeper", desk, events.CauseTermination),
				terminated(ben, north),
			),
		},
		{
			"a member leaves, where the model lets members leave",
			given(acmeFounded, joined(ben)),
			when(ben, TerminateMembership{Subject: ben, Scope: org}),
			then(revoked(ben, "member", org, events.CauseTermination), terminated(ben, org)),
		},
		{
			"a hand leaves a department",
			given(worksFounded, departments, hired(ben, "worker"), placed(ben, north, "hand")),
			when(ben, TerminateMembership{Subject: ben, Scope: north}),
			then(revoked(ben, "hand", north, events.CauseTermination), terminated(ben, north)),
		},
		{
			"and not where it does not",
			given(worksFounded, hired(ben, "worker")),
			when(ben, TerminateMembership{Subject: ben, Scope: company}),
			refused{code: CodeNotPermitted, scope: company, subject: ben, help: "tenure who --role owner --org acme", says: "that takes owner on company:acme or manager on company:acme"},
		},
		{
			"nobody ends the membership of others without authority",
			given(acmeFounded, joined(ben), joined(cat)),
			when(ben, TerminateMembership{Subject: cat, Scope: org}),
			refused{code: CodeNotPermitted, scope: org, subject: ben, help: "tenure who --role admin", says: "membership.terminate"},
		},
		{
			"who is no member cannot leave",
			given(acmeFounded, registered(ben)),
			when(ben, TerminateMembership{Subject: ben, Scope: org}),
			refused{code: CodeNotMember, scope: org, subject: ben, help: "tenure member start", says: "not a member"},
		},
		{
			"an administrator who goes by their own authority",
			given(worksFounded, hired(ben, "owner")),
			when(ann, TerminateMembership{Subject: ann, Scope: company}),
			then(revoked(ann, "owner", company, events.CauseTermination), terminated(ann, company)),
		},
		{
			"a role that non-members may hold must be granted anew (X02)",
			given(worksFounded, hired(ben, "worker"), granted(ben, "auditor", company),
				together(revoked(ben, "worker", company, events.CauseTermination), revoked(ben, "auditor", company, events.CauseTermination), terminated(ben, company))),
			when(ann, GrantRole{Subject: ben, Role: "auditor", Scope: company}),
			then(granted(ben, "auditor", company)),
		},
	})
}
