package aggregate

import (
	"testing"

	"tenure/events"
	"tenure/rolemodel"
)

// The keep has a custom role and a group that give what they do under a condition.
var keep = must(rolemodel.Parse("keep.yaml", []byte(`
model: keep
title: Keep
about: Custom roles and groups that cannot be turned against those above.
root: keep
highest: keep.lord
scopes:
  - {kind: keep, title: Keep, membership: true}
  - kind: guard
    title: Guard
    under: [keep]
    membership: true
    carries: [keep.banish if below_lords, keep.look]
conditions:
  - id: below_lords
    title: for people who are no lords
    rule: W01
    when: '!person.given || !person.holds("keep.lord")'
permissions:
  - {id: keep.look, title: Look around, section: Keep}
  - {id: keep.banish, title: Banish, section: Keep, rule: W02, allows: [membership.terminate]}
  - {id: keep.rule, title: Rule, section: Rule, allows: [role.define, role.permit, membership.start, "scope.create:guard"]}
  - {id: guard.lead, title: Lead, section: Rule, allows: [membership.start, scope.permit]}
roles:
  - id: keep.lord
    title: Lord
    membership: keep
    at_least: 1
    granted_by: [keep.lord]
    permissions: [keep.look, keep.banish, keep.rule]
    inherited: [guard.lead]
sections:
  - {title: Rule, exclusive: [keep.lord]}
custom_roles:
  - {id: keep.office, title: Office, rule: W03, membership: keep, granted_by: [keep.lord], guarded: [keep.banish if below_lords]}
`)))

const (
	tower   events.ScopeID = "keep:acme"
	watch   events.ScopeID = "guard:watch"
	patrols events.RoleID  = "patrol"
)

// keepOf is a keep with ann and dan as its lords, and ben and cat as members.
func keepOf(parts ...any) history {
	founded := append(founding(keep, acme), registered(ann), started(ann, tower), granted(ann, "lord", tower))
	return given(append([]any{founded, registered(dan), started(dan, tower), granted(dan, "lord", tower),
		registered(ben), started(ben, tower), registered(cat), started(cat, tower), created(watch, tower)}, parts...)...)
}

// patrol is a custom role that ben holds.
func patrol(parts ...any) history {
	return keepOf(append([]any{[]events.Event{
		events.RoleDefined{Role: patrols, Scope: tower, Template: "keep.office"},
		events.PermissionAdded{Role: patrols, Scope: tower, Permission: "keep.banish"},
		events.PermissionAdded{Role: patrols, Scope: tower, Permission: "keep.look"},
	}, granted(ben, patrols, tower)}, parts...)...)
}

// guarding is a group of which ben is a member.
func guarding() history {
	return keepOf(together(carried(watch, "keep.banish"), carried(watch, "keep.look")), started(ben, watch))
}

func TestGuarded(t *testing.T) {
	banish := func(who events.PrincipalID) TerminateMembership {
		return TerminateMembership{Subject: who, Scope: tower}
	}
	above := refused{code: CodeNotPermitted, rule: "W01", scope: tower, subject: ben, help: "tenure who --role", says: "only for people who are no lords"}
	specify(t, []specification{
		{"by a custom role", patrol(), when(ben, banish(cat)), then(terminated(cat, tower))},
		{"by a group", guarding(), when(ben, banish(cat)), then(terminated(cat, tower))},
		{"not those above, by a custom role", patrol(), when(ben, banish(dan)), above},
		{"not those above, by a group", guarding(), when(ben, banish(dan)), above},
		{"those above by those above", patrol(), when(ann, banish(dan)), then(revoked(dan, "lord", tower, events.CauseTermination), terminated(dan, tower))},
		{"not those above after a change of what the role gives", patrol(events.PermissionRemoved{Role: patrols, Scope: tower, Permission: "keep.look"}), when(ben, banish(dan)), above},
	})
	forged(t, []forgery{
		{"those above, by a custom role", patrol(), ben, together(revoked(dan, "lord", tower, events.CauseTermination), terminated(dan, tower)), 1, above},
		{"those above, by a group", guarding(), ben, together(revoked(dan, "lord", tower, events.CauseTermination), terminated(dan, tower)), 1, above},
	})
}

// What a custom role or a group gives under a condition is explained by it.
func TestExplainGuarded(t *testing.T) {
	guards := func(c *rolemodel.Condition) bool { return c != nil && c.ID == "below_lords" }
	for name, h := range map[string]history{"custom role": patrol(), "group": guarding()} {
		state := h.fold(t)
		for about, want := range map[events.PrincipalID]bool{"": true, cat: true, dan: false} {
			question := Question{Who: ben, Permission: must(found(state.Model.Permission("keep.banish"))), On: tower, About: about}
			answer := state.Explain(question)
			if allowed := state.Allowed(question); allowed != want || answer.Allowed != want {
				t.Errorf("%s, about %q: %t, explained as %+v", name, about, allowed, answer)
				continue
			}
			reasons := answer.Because
			if !want {
				reasons = answer.Unmet
			}
			if len(reasons) != 1 || !guards(reasons[0].Condition) || reasons[0].Given.Revision == 0 {
				t.Errorf("%s, about %q: %+v", name, about, answer)
			}
		}
		plain := Question{Who: ben, Permission: must(found(state.Model.Permission("keep.look"))), On: tower, About: dan}
		if answer := state.Explain(plain); !answer.Allowed || answer.Because[0].Condition != nil || !state.Allowed(plain) {
			t.Errorf("%s: %+v", name, answer)
		}
	}
	missing := guarding().fold(t).Explain(Question{Who: cat, Permission: must(found(keep.Permission("keep.banish"))), On: tower})
	for _, m := range missing.Instead {
		if m.Role == nil && (m.Scope != watch || !guards(m.Condition)) {
			t.Errorf("instead: %+v", m)
		}
	}
	if len(missing.Instead) != 2 {
		t.Errorf("instead: %+v", missing.Instead)
	}
}

// Who has something under a condition alone loses by the adoption of a model that
// asks for one.
func TestGuardedImpact(t *testing.T) {
	for name, h := range map[string]history{"custom role": patrol(), "group": guarding()} {
		state := h.fold(t)
		holdings := state.holdings(ben)
		had := holdings.reach(tower, false)["keep.banish"]
		if had.plain || len(had.when) != 1 || had.words() != "for people who are no lords" {
			t.Errorf("%s: %+v", name, had)
		}
	}
}
