package aggregate

import (
	"testing"

	"tenure/events"
)

// X01: the highest role always has an active holder, whatever the path.
func TestHighestRoleAlwaysHasAnActiveHolder(t *testing.T) {
	emergency := because("emergency")
	githubPaths := []struct {
		name string
		by   attempt
		// field is where an import is told off.
		field string
	}{
		{"revoked by another", when(events.Operator, RevokeRole{Subject: ann, Role: "admin", Scope: org}, emergency), ""},
		{"laid down", when(ann, RevokeRole{Subject: ann, Role: "admin", Scope: org}), ""},
		{"replaced by another", when(events.Operator, GrantRole{Subject: ann, Role: "member", Scope: org}, emergency), ""},
		{"replaced by the holder", when(ann, GrantRole{Subject: ann, Role: "member", Scope: org}), ""},
		{"suspended by another", when(events.Operator, SuspendMembership{Subject: ann, Scope: org}, emergency), ""},
		{"suspended by the holder", when(ann, SuspendMembership{Subject: ann, Scope: org}), ""},
		{"terminated by another", when(events.Operator, TerminateMembership{Subject: ann, Scope: org}, emergency), ""},
		{"left", when(ann, TerminateMembership{Subject: ann, Scope: org}), ""},
		{"imported demotion", when(events.Importer, roles(lacks(ann, "admin", org, "changes[0]"), holds(ann, "member", org, "changes[1]"))), "changes[0]"},
		{"imported replacement", when(events.Importer, roles(holds(ann, "member", org, "changes[0]"))), "changes[0]"},
		{"imported departure", when(events.Importer, roles(lacks(ann, "admin", org, "changes[0]"))), "changes[0]"},
	}
	situations := []struct {
		name  string
		given history
		holds bool
	}{
		{"one holder", given(acmeFounded, joined(ben)), false},
		{"two holders", given(acmeFounded, promoted(ben)), true},
		{"the second one suspended", given(acmeFounded, promoted(ben), suspended(ben, org)), false},
		{"the second one resumed", given(acmeFounded, promoted(ben), suspended(ben, org), resumed(ben, org)), true},
		{"the second one gone", given(acmeFounded, promoted(ben), together(revoked(ben, "admin", org, events.CauseTermination), terminated(ben, org))), false},
	}
	for _, path := range githubPaths {
		for _, situation := range situations {
			t.Run(path.name+"/"+situation.name, func(t *testing.T) {
				state := situation.given.fold(t)
				commit, err := path.by.decide(state)
				if !situation.holds {
					refused{
						code: CodeTooFew, rule: "X01", role: "organization.admin", scope: org, subject: ann, field: path.field,
						help: "tenure grant PERSON admin --org acme",
						says: "There must always be at least 1 active admin on organization:acme. This would leave too few: first grant the role to another person.",
					}.check(t, commit, err)
					return
				}
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				next := stored(t, state, commit)
				root, _ := next.Scope(org)
				holders := root.Holders(next.Model.Highest)
				switch path.by.command.(type) {
				case SuspendMembership:
					if len(holders) != 2 {
						t.Errorf("held by %v, want both", holders)
					}
				default:
					if len(holders) != 1 || holders[0] != ben {
						t.Errorf("held by %v, want ben", holders)
					}
				}
			})
		}
	}
}

// A refusal says that suspended holders do not count where that is the reason.
func TestTooFewNamesSuspendedHolders(t *testing.T) {
	specify(t, []specification{{
		"the second one suspended",
		given(acmeFounded, promoted(ben), suspended(ben, org)),
		when(ann, RevokeRole{Subject: ann, Role: "admin", Scope: org}),
		refused{code: CodeTooFew, rule: "X01", role: "organization.admin", scope: org, subject: ann, help: "tenure grant PERSON admin", says: "suspended do not count"},
	}})
}

// A lower bound counts active holders, wherever their activity rests: a move
// can put a role under a membership that is suspended.
func TestMoveKeepsBounds(t *testing.T) {
	model := must(parseModel(`
model: posts
title: Posts
about: A post is always manned.
root: company
highest: company.owner
scopes:
  - {kind: company, title: Company, membership: true}
  - {kind: area, title: Area, under: [company], membership: true}
  - {kind: post, title: Post, under: [area]}
permissions:
  - {id: company.run, title: Run, section: Company, allows: [membership.start, "scope.create:area"]}
  - {id: area.run, title: Run, section: Area, allows: ["scope.create:post"]}
  - {id: post.run, title: Run, section: Post, allows: [scope.move]}
roles:
  - {id: company.owner, title: Owner, membership: company, at_least: 1, granted_by: [company.owner], permissions: [company.run], inherited: [area.run, post.run]}
  - {id: post.guard, title: Guard, rule: P01, membership: area, at_least: 1, granted_by: [company.owner]}
`))
	const east, west, post = events.ScopeID("area:east"), events.ScopeID("area:west"), events.ScopeID("post:one")
	before := []any{
		append(founding(model, acme), registered(ann), started(ann, company), granted(ann, "owner", company)), created(east, company), created(west, company),
		together(registered(ben), started(ben, east), started(ben, west), created(post, east), granted(ben, "guard", post)),
	}
	move := when(ann, MoveScope{Scope: post, Parent: west})
	// Where a kind has no default role, a member has none.
	specify(t, []specification{{
		"a membership without a default role", given(before...),
		when(ann, StartMembership{Subject: ben, Scope: company}), then(started(ben, company)),
	}})
	specify(t, []specification{
		{"to an active membership", given(before...), move, then(moved(post, west))},
		{
			"to a suspended one", given(append(before, suspended(ben, west))...), move,
			refused{code: CodeTooFew, rule: "P01", role: "post.guard", scope: post, help: "tenure grant PERSON guard --on post:one", says: "suspended do not count"},
		},
	})
}

// A move can take a mark what it needs, as it can take a bound its holders.
func TestMoveEndsMarks(t *testing.T) {
	model := must(parseModel(`
model: marks
title: Marks
about: A post has a first guard while there is a guard.
root: company
highest: company.owner
scopes:
  - {kind: company, title: Company, membership: true}
  - {kind: area, title: Area, under: [company], membership: true}
  - {kind: post, title: Post, under: [area]}
permissions:
  - {id: company.run, title: Run, section: Company, allows: [membership.start, "scope.create:area"]}
  - {id: area.run, title: Run, section: Area, allows: ["scope.create:post"]}
  - {id: post.run, title: Run, section: Post, allows: [scope.move]}
roles:
  - {id: company.owner, title: Owner, membership: company, at_least: 1, granted_by: [company.owner], permissions: [company.run], inherited: [area.run, post.run]}
  - {id: post.guard, title: Guard, membership: area, granted_by: [company.owner]}
designations:
  - {id: post.first, title: First, among: [post.guard], while: [{role: post.guard, at_least: 1}], set_by: [company.owner]}
`))
	const east, west, post = events.ScopeID("area:east"), events.ScopeID("area:west"), events.ScopeID("post:one")
	specify(t, []specification{{"to a suspended membership",
		given(append(founding(model, acme), registered(ann), started(ann, company), granted(ann, "owner", company)), created(east, company), created(west, company),
			together(registered(ben), started(ben, east), started(ben, west), created(post, east), granted(ben, "guard", post)),
			events.DesignationSet{Subject: ben, Designation: "first", Scope: post}, suspended(ben, west)),
		when(ann, MoveScope{Scope: post, Parent: west}),
		then(moved(post, west), events.DesignationLapsed{Subject: ben, Designation: "first", Scope: post, Cause: events.CauseQuorum}),
	}})
}
