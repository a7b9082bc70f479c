package aggregate

import (
	"crypto/sha256"
	"testing"

	"tenure/events"
	"tenure/rolemodel"
)

// A forgery is a commit that no command makes, with a sound envelope. It is
// refused at the event with the index, -1 for the whole.
type forgery struct {
	name   string
	given  history
	actor  events.PrincipalID
	events []events.Event
	at     int
	want   refused
}

func forged(t *testing.T, forgeries []forgery) {
	t.Helper()
	for _, f := range forgeries {
		t.Run(f.name, func(t *testing.T) {
			state := f.given.fold(t)
			refusals := Audit(state, following(state, f.actor, f.events...))
			if len(refusals) == 0 {
				t.Fatal("not refused")
			}
			f.want.compare(t, refusals[0])
			if refusals[0].Event != f.at {
				t.Errorf("refused at event %d, want %d: %s", refusals[0].Event, f.at, refusals[0].Message)
			}
		})
	}
}

func TestCausesAreAudited(t *testing.T) {
	const (
		termination  = events.CauseTermination
		scopeDeleted = events.CauseScopeDeleted
		replaced     = events.CauseReplaced
		byDefault    = events.CauseDefault
	)
	acme := func(parts ...any) history {
		return given(append([]any{acmeFounded, joined(ben), joined(cat), teams}, parts...)...)
	}
	unfounded := func(cause string) refused {
		return refused{code: CodeUnfounded, says: `claims the cause "` + cause + `"`}
	}
	forged(t, []forgery{
		{"termination without one", acme(granted(cat, "member", sig)), ben,
			together(revoked(cat, "member", sig, termination)), 0, unfounded("termination")},
		{"termination of somebody else", acme(granted(cat, "member", sig)), ben,
			together(revoked(cat, "member", sig, termination), revoked(ben, "member", org, termination), terminated(ben, org)), 0, unfounded("termination")},
		{"a termination that came before", acme(granted(ben, "member", sig)), ben,
			together(revoked(ben, "member", org, termination), revoked(ben, "member", sig, termination), terminated(ben, org),
				started(ben, org, termination)), 3, unfounded("termination")},
		{"a revocation out of a termination that came before", acme(), ann,
			together(revoked(ben, "member", org, termination), terminated(ben, org), started(ben, org), granted(ben, "member", org, byDefault),
				granted(ben, "admin", org), revoked(ben, "member", org, termination)), 5, unfounded("termination")},
		{"a grant out of a termination", acme(), ben,
			together(granted(ben, "admin", org, termination), revoked(ben, "member", org, termination), revoked(ben, "admin", org, termination), terminated(ben, org)),
			0, unfounded("termination")},
		{"a grant after one's own termination", acme(), ben,
			together(revoked(ben, "member", org, termination), terminated(ben, org), granted(ben, "admin", org, termination)), 2, unfounded("termination")},
		{"a termination that causes itself", acme(), ben,
			together(revoked(cat, "member", org, termination), terminated(cat, org, termination)), 1, unfounded("termination")},
		{"terminations that cause each other", given(worksFounded, departments, hired(ben, "worker"), hired(cat, "worker"), placed(cat, north, "hand"), placed(cat, south, "hand")), ben,
			together(revoked(cat, "hand", north, termination), terminated(cat, north, termination), revoked(cat, "hand", south, termination), terminated(cat, south, termination)),
			1, unfounded("termination")},
		{"a role that does not rest on the membership that ends", given(worksFounded, departments, hired(ben, "worker"), placed(ben, north, "head"), hired(cat, "worker"), placed(cat, north, "hand"), placed(cat, south, "hand")), ben,
			together(revoked(cat, "hand", south, termination), revoked(cat, "hand", north, termination), terminated(cat, north)), 0, unfounded("termination")},
		{"nor one of the company above", given(worksFounded, departments, hired(ben, "worker"), placed(ben, north, "head"), hired(cat, "owner"), placed(cat, north, "hand")), ben,
			together(revoked(cat, "owner", company, termination), revoked(cat, "hand", north, termination), terminated(cat, north)), 0, unfounded("termination")},
		{"a key, when a department is left", given(worksFounded, departments, hired(ben, "worker"), placed(ben, north, "head"), hired(cat, "worker"), placed(cat, north, "hand"), issued(cat, 1)), ben,
			together(ended(cat, 1, termination), revoked(cat, "hand", north, termination), terminated(cat, north)), 0, unfounded("termination")},

		{"scope deleted without that", acme(granted(cat, "member", sig)), ben,
			together(revoked(cat, "member", sig, scopeDeleted)), 0, unfounded("scope_deleted")},
		{"another scope deleted", acme(granted(ben, "maintainer", side), granted(cat, "member", sig)), ben,
			together(revoked(cat, "member", sig, scopeDeleted), deleted(side)), 0, refused{code: CodeUnfounded, says: "scope_deleted"}},
		{"a role of a child team", acme(granted(ben, "maintainer", sig), granted(cat, "member", sub)), ann,
			together(revoked(ben, "maintainer", sig, scopeDeleted), deleted(leaf), revoked(cat, "member", sub, scopeDeleted), deleted(sub)), 0, unfounded("scope_deleted")},
		{"a child team of a team that stays", acme(), ben,
			together(deleted(leaf, scopeDeleted)), 0, unfounded("scope_deleted")},
		{"a team that is deleted because it is deleted", acme(), ben,
			together(deleted(side, scopeDeleted)), 0, unfounded("scope_deleted")},
		{"a revocation out of a deletion that came before", acme(), events.Importer,
			together(deleted(side, imported), created(side, org, imported), granted(ben, "member", side, imported), revoked(ben, "member", side, scopeDeleted)),
			3, unfounded("scope_deleted")},
		{"a grant out of a deletion", acme(granted(ben, "maintainer", side)), ben,
			together(granted(cat, "maintainer", side, scopeDeleted), revoked(ben, "maintainer", side, scopeDeleted), revoked(cat, "maintainer", side, scopeDeleted), deleted(side)),
			0, unfounded("scope_deleted")},
		{"a creation out of a deletion", acme(granted(ben, "maintainer", sub)), ben,
			together(deleted(leaf), created(leaf, org, scopeDeleted)), 1, unfounded("scope_deleted")},
		{"a move out of a deletion", acme(granted(ben, "maintainer", sub)), ben,
			together(moved(leaf, org, scopeDeleted), deleted(leaf)), 0, unfounded("scope_deleted")},
		{"a new title out of a deletion", acme(granted(ben, "maintainer", sub)), ben,
			together(events.ScopeRenamed{Scope: leaf, Cause: scopeDeleted}, deleted(leaf)), 0, unfounded("scope_deleted")},

		{"replaced by nothing", acme(promoted(dan)), ben,
			together(revoked(dan, "admin", org, replaced)), 0, unfounded("replaced")},
		{"replaced by a role that is held for long", acme(granted(cat, "member", sig)), ben,
			together(revoked(cat, "member", sig, replaced)), 0, unfounded("replaced")},
		{"replaced by a grant that comes later", acme(granted(cat, "member", sig), granted(ben, "maintainer", sig)), ben,
			together(revoked(cat, "member", sig, replaced), granted(cat, "maintainer", sig)), 0, unfounded("replaced")},
		{"replaced by a grant to somebody else", acme(granted(cat, "member", sig), granted(ben, "maintainer", sig)), ben,
			together(granted(ben, "member", sub), revoked(cat, "member", sig, replaced)), 1, unfounded("replaced")},
		{"replaced by a grant elsewhere", acme(granted(cat, "member", sig), granted(ben, "maintainer", sig)), ben,
			together(granted(cat, "maintainer", sub), revoked(cat, "member", sig, replaced)), 1, unfounded("replaced")},
		{"replaced by a grant that is taken back", acme(granted(cat, "member", sig), granted(ben, "maintainer", sig)), ben,
			together(granted(cat, "maintainer", sig), revoked(cat, "maintainer", sig), revoked(cat, "member", sig, replaced)), 2, unfounded("replaced")},
		{"a grant that claims to be a replacement", acme(promoted(dan)), ann,
			together(granted(ben, "admin", org, replaced)), 0, unfounded("replaced")},
		{"a grant that replaces the one before", acme(granted(ben, "maintainer", sig)), ben,
			together(granted(cat, "maintainer", sig), granted(cat, "member", sig, replaced)), 1, unfounded("replaced")},
		{"replaced by those who could not revoke it", given(worksFounded, hired(ben, "manager"), hired(cat, "owner")), ben,
			together(granted(cat, "worker", company), revoked(cat, "owner", company, replaced)), 1,
			refused{code: CodeNotPermitted, rule: "W01", role: "company.owner", scope: company, subject: ben, help: "tenure who --role owner", says: "may not revoke owner"}},

		{"a default that is none", acme(), ben,
			together(granted(ben, "admin", org, byDefault)), 0, unfounded("default")},
		{"a default of a kind that has none", acme(), ben,
			together(granted(ben, "member", sig, byDefault)), 0, unfounded("default")},
		{"a default for one who holds better", acme(promoted(dan)), ben,
			together(granted(dan, "member", org, byDefault)), 0, unfounded("default")},
		{"a default for a stranger", acme(registered(dan)), ben,
			together(granted(dan, "member", org, byDefault)), 0, unfounded("default")},
		{"a revocation by default", acme(promoted(dan)), ben,
			together(revoked(dan, "admin", org, byDefault)), 0, unfounded("default")},

		{"imported by a person", acme(), ben,
			together(granted(ben, "admin", org, events.CauseImport)), 0, unfounded("import")},
		{"imported by the operator", acme(), events.Operator,
			together(granted(ben, "admin", org, events.CauseImport)), 0, unfounded("import")},
		{"created with something", acme(), ben,
			together(granted(ben, "admin", org, events.CauseCreated)), 0, unfounded("created")},
		{"an invented cause", acme(), ben,
			together(granted(ben, "admin", org, "because I can")), 0, unfounded("because I can")},
	})
}

func TestCascadesAreAudited(t *testing.T) {
	termination := events.CauseTermination
	works := func(parts ...any) history {
		return given(append([]any{worksFounded, departments, hired(ben, "worker"), placed(ben, north, "hand"), granted(ben, "keeper", desk), issued(ben, 1)}, parts...)...)
	}
	whole := []any{revoked(ben, "worker", company, termination), revoked(ben, "hand", north, termination), revoked(ben, "keeper", desk, termination),
		terminated(ben, north, termination), ended(ben, 1, termination), terminated(ben, company)}
	but := func(left int) []events.Event {
		list := together(whole...)
		return append(list[:left:left], list[left+1:]...)
	}
	// Whole, it stands.
	state := works().fold(t)
	if refusals := Audit(state, following(state, ann, together(whole...)...)); refusals != nil {
		t.Fatalf("the whole cascade is refused: %v", refusals)
	}
	left := func(says string) refused {
		return refused{code: CodeUnfounded, rule: "X02", scope: company, subject: ben, says: says}
	}
	forged(t, []forgery{
		{"X02: a role is left", works(), ann, but(0), 4, left("worker on company:acme")},
		{"X02: a role of a department is left", works(), ann, but(1), 2,
			refused{code: CodeUnfounded, rule: "X02", scope: north, subject: ben, says: "hand on department:north"}},
		{"X02: a role that rests on the department is left", works(), ann, but(2), 2,
			refused{code: CodeUnfounded, rule: "X02", scope: north, subject: ben, says: "keeper on desk:one"}},
		{"X02: a membership is left", works(), ann, but(3), 4, left("membership of department:north")},
		{"X02: a key is left", works(), ann, but(4), 4, left("key " + string(keyID(1)))},
		{"X02: a role of non-members is left", works(granted(ben, "guest", desk)), ann, together(whole...), 5, left("guest on desk:one")},
		{"X02: ended and begun again with all roles", works(), ann, together(terminated(ben, company), started(ben, company)), 0, left("worker on company:acme")},
		{"a team with roles", given(acmeFounded, joined(ben), teams, granted(ben, "member", side)), ann, together(deleted(side)), 0,
			refused{code: CodeUnfounded, scope: side, says: "some would be left"}},
		{"a team with teams", given(acmeFounded, teams), ann, together(deleted(sig)), 0,
			refused{code: CodeUnfounded, scope: sig, says: "some would be left"}},
		{"a department with members", works(), ann, together(revoked(ben, "hand", north), deleted(desk), deleted(inner), deleted(north)), 1,
			refused{code: CodeUnfounded, scope: desk, says: "some would be left"}},
		{"a grant that does not replace", given(acmeFounded, joined(ben)), ann, together(granted(ben, "admin", org)), 0,
			refused{code: CodeUnfounded, role: "organization.admin", scope: org, subject: ben, says: "Who becomes admin on organization:acme is member no longer"}},
		{"a membership without its default", given(acmeFounded, registered(ben)), ann, together(started(ben, org)), 0,
			refused{code: CodeDefaultRole, role: "organization.member", scope: org, subject: ben, help: "tenure member terminate", says: "Every member"}},
		{"a default laid down", given(acmeFounded, joined(ben)), ben, together(revoked(ben, "member", org)), 0,
			refused{code: CodeDefaultRole, role: "organization.member", scope: org, subject: ben, help: "tenure member terminate", says: "Every member"}},
		{"an administrator laid down without the default", given(acmeFounded, promoted(ben)), ben, together(revoked(ben, "admin", org)), 0,
			refused{code: CodeDefaultRole, role: "organization.member", scope: org, subject: ben, help: "tenure member terminate", says: "Every member"}},
	})
}

func TestAuthorityIsAudited(t *testing.T) {
	acme := func(parts ...any) history {
		return given(append([]any{acmeFounded, joined(ben), joined(cat), teams}, parts...)...)
	}
	forged(t, []forgery{
		{"authority given to oneself on the way", acme(), ben,
			together(granted(ben, "admin", org), revoked(ben, "member", org, events.CauseReplaced), granted(cat, "admin", org)), 0,
			refused{code: CodeNotPermitted, rule: "G01", role: "organization.admin", scope: org, subject: ben, help: "tenure who --role admin", says: "may not grant"}},
		{"authority given on the way by one who may", given(worksFounded, hired(ben, "worker"), together(created(vault, company), granted(ben, "keeper", vault))), ann,
			together(granted(ann, "keeper", vault), granted(ann, "guest", vault)), 1,
			refused{code: CodeNotPermitted, rule: "W08", role: "vault.guest", scope: vault, subject: ann, help: "tenure who --role keeper --on vault:one", says: "that takes keeper on vault:one"}},
		{"authority by moving the scope on the way", given(worksFounded, departments, hired(ben, "worker"), placed(ben, north, "head"), placed(ben, south, "head"), hired(cat, "worker"), placed(cat, inner, "hand")), ben,
			together(created("department:new", south), moved(inner, "department:new")), 1,
			refused{code: CodeNotPermitted, scope: "department:new", says: "created by this very commit"}},
		{"authority over a scope that replaces one of the same name", acme(granted(ben, "maintainer", sub), granted(ben, "maintainer", leaf), granted(ben, "maintainer", side)), ben,
			together(revoked(ben, "maintainer", leaf, events.CauseScopeDeleted), deleted(leaf), created(leaf, side), granted(cat, "maintainer", leaf)), 3,
			refused{code: CodeNotPermitted, scope: leaf, says: "created by this very commit"}},
		{"authority that was laid down the day before", acme(promoted(dan), together(revoked(dan, "admin", org), granted(dan, "member", org, events.CauseDefault))), dan,
			together(granted(ben, "admin", org), revoked(ben, "member", org, events.CauseReplaced)), 0,
			refused{code: CodeNotPermitted, rule: "G01", role: "organization.admin", scope: org, subject: dan, help: "tenure who --role admin", says: "may not grant"}},
		{"a suspended administrator", acme(promoted(dan), suspended(dan, org)), dan,
			together(granted(ben, "admin", org), revoked(ben, "member", org, events.CauseReplaced)), -1,
			refused{code: CodeNotPermitted, scope: org, subject: dan, help: "tenure member resume", says: "suspended"}},
		{"who resumes first", acme(promoted(dan), suspended(dan, org)), dan,
			together(resumed(dan, org), registered(eve)), -1,
			refused{code: CodeNotPermitted, scope: org, subject: dan, help: "tenure member resume", says: "suspended"}},
		{"a stranger", acme(), nix, together(registered(eve)), -1, refused{code: CodeNotPermitted, says: "not known"}},
		{"who registers first", acme(), eve, together(registered(eve)), -1, refused{code: CodeNotPermitted, says: "not known"}},
		{"a person who is no member", acme(registered(dan)), dan, together(started(dan, org), granted(dan, "member", org, events.CauseDefault)), 0,
			refused{code: CodeNotPermitted, scope: org, subject: dan, help: "tenure who --role admin", says: "membership.start"}},
		{"the background user", acme(), events.Background, together(registered(eve)), 0, refused{code: CodeNotPermitted, says: "what falls due"}},
		{"the operator without break-glass", acme(), events.Operator, together(registered(eve)), 0,
			refused{code: CodeBreakGlass, field: "reason", help: "--reason", says: "break-glass"}},
		{"the operator's second first key", acme(), events.Operator, together(issued(ben, 1), issued(ben, 2)), 1,
			refused{code: CodeBreakGlass, field: "reason", help: "--reason", says: "break-glass"}},
		{"a first key and something else", acme(), events.Operator, together(issued(ben, 1), registered(eve)), 1,
			refused{code: CodeBreakGlass, field: "reason", help: "--reason", says: "break-glass"}},
		{"the importer without saying so", acme(), events.Importer, together(granted(ben, "admin", org), revoked(ben, "member", org, events.CauseReplaced)), 0,
			refused{code: CodeNotPermitted, says: "by its cause"}},
		{"the importer's keys", acme(), events.Importer, together(issued(ben, 1)), 0, refused{code: CodeNotPermitted, says: "by its cause"}},
		{"a key for somebody else", acme(), ann, together(issued(ben, 1)), 0,
			refused{code: CodeNotPermitted, subject: ben, help: "tenure keys issue", says: "people issue their own"}},
	})
}

func TestEventsAreAudited(t *testing.T) {
	acme := func(parts ...any) history {
		return given(append([]any{acmeFounded, joined(ben), teams}, parts...)...)
	}
	nobody := refused{code: CodeUnknown, says: "no person"}
	nowhere := refused{code: CodeUnknown, says: "no scope"}
	importer := events.Importer // to whom nothing is forbidden but what is impossible
	forged(t, []forgery{
		{"an unknown person's details", acme(), ann, together(events.PersonUpdated{Subject: nix}), 0, nobody},
		{"nobody's details", acme(), ann, together(events.PersonUpdated{}), 0, nobody},
		{"nobody registered", acme(), importer, together(events.PersonRegistered{}), 0, refused{code: CodeInvalid, says: "ULID"}},
		{"an unknown person's key", acme(), events.Operator, together(issued(nix, 1)), 0, nobody},
		{"nobody's key", acme(), events.Operator, together(issued("", 1)), 0, nobody},
		{"an unknown key", acme(), ben, together(ended(ben, 1)), 0, refused{code: CodeUnknown, says: "no key"}},
		{"another person's key", acme(issued(ann, 1)), ben, together(ended(ben, 1)), 0, refused{code: CodeUnknown, says: "no key"}},
		{"an unknown member", acme(), importer, together(started(nix, org, imported)), 0, nobody},
		{"nobody as member", acme(), importer, together(started("", org, imported)), 0, nobody},
		{"a member of an unknown scope", acme(), importer, together(started(ben, "team:none", imported)), 0, nowhere},
		{"a member of nothing", acme(), importer, together(started(ben, "", imported)), 0, nowhere},
		{"a member twice", acme(), importer, together(started(ben, org, imported)), 0, refused{code: CodeExists, scope: org, subject: ben, says: "already"}},
		{"a member of a team", acme(), importer, together(started(ben, sig, imported)), 0, refused{code: CodeStructure, scope: sig, subject: ben, says: "membership above"}},
		{"suspended without membership", acme(registered(cat)), ann, together(suspended(cat, org)), 0, refused{code: CodeNotMember, scope: org, subject: cat, says: "not a member"}},
		{"suspended in nothing", acme(), ann, together(suspended(ben, "")), 0, nowhere},
		{"nobody suspended", acme(), ann, together(suspended("", org)), 0, nobody},
		{"suspended twice", acme(suspended(ben, org)), ann, together(suspended(ben, org)), 0, refused{code: CodeExists, scope: org, subject: ben, says: "suspended already"}},
		{"resumed without suspension", acme(), ann, together(resumed(ben, org)), 0, refused{code: CodeExists, scope: org, subject: ben, says: "not suspended"}},
		{"terminated without membership", acme(registered(cat)), ann, together(terminated(cat, org)), 0, refused{code: CodeNotMember, scope: org, subject: cat, says: "not a member"}},
		{"an unknown role", acme(), importer, together(granted(ben, "king", org, imported)), 0, refused{code: CodeUnknown, scope: org, subject: ben, says: `no role "king"`}},
		{"a role of another kind", acme(), importer, together(granted(ben, "admin", sig, imported)), 0, refused{code: CodeUnknown, scope: sig, subject: ben, says: "team"}},
		{"a role held already", acme(), importer, together(granted(ben, "member", org, imported)), 0, refused{code: CodeExists, role: "organization.member", scope: org, subject: ben, says: "already"}},
		{"a role of nobody", acme(), importer, together(granted("", "member", org, imported)), 0, nobody},
		{"a role on nothing", acme(), importer, together(granted(ben, "member", "", imported)), 0, nowhere},
		{"a role on an unknown scope", acme(), importer, together(granted(ben, "member", "team:none", imported)), 0, nowhere},
		{"a role taken that is not held", acme(), importer, together(revoked(ben, "admin", org, imported)), 0, refused{code: CodeUnknown, role: "organization.admin", scope: org, subject: ben, says: "is not admin"}},
		{"a scope without a name", acme(), importer, together(created("", org, imported)), 0, refused{code: CodeInvalid, says: "no scope"}},
		{"a scope of an unknown kind", acme(), importer, together(created("desk:one", org, imported)), 0, refused{code: CodeUnknown, says: "no scope kind desk"}},
		{"a scope below an unknown one", acme(), importer, together(created("team:new", "team:none", imported)), 0, nowhere},
		{"a scope below nothing", acme(), importer, together(created("team:new", "", imported)), 0, nowhere},
		{"a scope twice", acme(), importer, together(created(sig, org, imported)), 0, refused{code: CodeExists, field: "scope", scope: sig, says: "already"}},
		{"a second root", acme(), importer, together(created("organization:two", org, imported)), 0, refused{code: CodeStructure, scope: "organization:two", says: "stands below nothing"}},
		{"an unknown scope renamed", acme(), importer, together(events.ScopeRenamed{Scope: "team:none", Cause: imported}), 0, nowhere},
		{"nothing renamed", acme(), importer, together(events.ScopeRenamed{Cause: imported}), 0, nowhere},
		{"nothing moved", acme(), importer, together(moved("", org, imported)), 0, nowhere},
		{"moved to nothing", acme(), importer, together(moved(sig, "", imported)), 0, nowhere},
		{"the root moved", acme(), importer, together(moved(org, sig, imported)), 0, refused{code: CodeStructure, scope: org, says: "cannot be moved"}},
		{"moved below itself", acme(), importer, together(moved(sig, leaf, imported)), 0, refused{code: CodeStructure, scope: sig, says: "below itself"}},
		{"the root deleted", acme(), importer, together(deleted(org, imported)), 0, refused{code: CodeStructure, scope: org, says: "cannot be deleted"}},
		{"nothing deleted", acme(), importer, together(deleted("", imported)), 0, nowhere},
		{"deleted twice", acme(), importer, together(deleted(side, imported), deleted(side, imported)), 1, nowhere},
		{"no event", acme(), importer, []events.Event{nil}, 0, refused{code: CodeInvalid, says: "no event of the ledger"}},
		{"no event that the ledger could hold", acme(), importer, []events.Event{&events.RoleGranted{Subject: ben, Role: "admin", Scope: org, Cause: imported}}, 0, refused{code: CodeInvalid, says: "no event of the ledger"}},
		{"a missing event of that kind", acme(), importer, []events.Event{(*events.RoleGranted)(nil)}, 0, refused{code: CodeInvalid, says: "no event of the ledger"}},
	})
}

func TestBoundsAreAudited(t *testing.T) {
	forged(t, []forgery{
		{"X01", given(acmeFounded, joined(ben)), ann, together(revoked(ann, "admin", org), granted(ann, "member", org, events.CauseDefault)), 0,
			refused{code: CodeTooFew, rule: "X01", role: "organization.admin", scope: org, subject: ann, help: "tenure grant PERSON admin", says: "too few"}},
		{"X01 by import", given(acmeFounded), events.Importer, together(revoked(ann, "admin", org, imported), terminated(ann, org, imported)), 0,
			refused{code: CodeTooFew, rule: "X01", role: "organization.admin", scope: org, subject: ann, help: "tenure grant PERSON admin", says: "too few"}},
		{"one too many", given(worksFounded, hired(ben, "owner"), hired(cat, "worker")), ann, together(granted(cat, "owner", company), revoked(cat, "worker", company, events.CauseReplaced)), 0,
			refused{code: CodeTooMany, rule: "W01", role: "company.owner", scope: company, subject: cat, help: "tenure revoke PERSON owner", says: "At most 2"}},
		{"two too many in one", given(worksFounded, registered(ben), registered(cat)), ann, together(granted(ben, "auditor", company), granted(cat, "auditor", company)), 1,
			refused{code: CodeTooMany, rule: "W04", role: "company.auditor", scope: company, subject: cat, help: "tenure revoke PERSON auditor", says: "At most 1"}},
		{"a scope without the holder that it needs", given(worksFounded), ann, together(created(vault, company)), 0,
			refused{code: CodeTooFew, rule: "W07", role: "vault.keeper", scope: vault, help: "tenure grant PERSON keeper", says: "at least 1"}},
		{"a role without the membership that it needs", given(acmeFounded, registered(ben), teams), ann, together(granted(ben, "member", sig)), 0,
			refused{code: CodeNotMember, rule: "G02", role: "team.member", scope: sig, subject: ben, help: "tenure member start", says: "Only a member"}},
		{"the membership ends after the grant", given(acmeFounded, joined(ben), teams), ann,
			together(granted(ben, "member", sig), revoked(ben, "member", org, events.CauseTermination), terminated(ben, org)), 2,
			refused{code: CodeUnfounded, rule: "X02", scope: org, subject: ben, says: "member on team:sig"}},
	})
}

// What comes apart on the way may hold in the end: only the outcome counts.
func TestOnlyTheOutcomeCounts(t *testing.T) {
	for name, test := range map[string]struct {
		given  history
		events []events.Event
	}{
		"no administrator in between": {given(acmeFounded, joined(ben)),
			together(revoked(ann, "admin", org), granted(ann, "member", org, events.CauseDefault), granted(ben, "admin", org), revoked(ben, "member", org, events.CauseReplaced))},
		"two auditors in between": {given(worksFounded, registered(ben), registered(cat), granted(ben, "auditor", company)),
			together(granted(cat, "auditor", company), revoked(ben, "auditor", company))},
		"a team role before the membership": {given(acmeFounded, registered(ben), teams),
			together(granted(ben, "member", sig), started(ben, org), granted(ben, "member", org, events.CauseDefault))},
	} {
		t.Run(name, func(t *testing.T) {
			state := test.given.fold(t)
			if refusals := Audit(state, following(state, ann, test.events...)); refusals != nil {
				t.Errorf("refused: %v", refusals)
			}
		})
	}
}

func sha(source string) []byte {
	digest := sha256.Sum256([]byte(source))
	return digest[:]
}

func parseModel(source string) (*rolemodel.Model, error) {
	return rolemodel.Parse("model.yaml", []byte(source))
}
