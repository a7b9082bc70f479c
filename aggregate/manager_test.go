package aggregate

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"tenure/events"
)

func TestManagers(t *testing.T) {
	termination := events.CauseTermination
	// cat is the head of north, where ben and dan are; eve is in south.
	with := func(parts ...any) history {
		return bureauFounded(append([]any{staffed(ben, north), staffed(cat, north), granted(cat, "head", north), staffed(dan, north), staffed(eve, south)}, parts...)...)
	}
	lacks := func(on events.ScopeID, rule string) refused {
		return refused{code: CodeNotPermitted, rule: rule, scope: on, subject: cat, help: "tenure who --role", says: "manager.assign"}
	}
	specify(t, []specification{
		{"whoever may says who it is", with(), when(ann, AssignManager{ben, cat}), then(managed(ben, cat))},
		{"in a department, for its members", with(), when(cat, AssignManager{ben, eve}), then(managed(ben, eve))},
		{"for them alone", with(), when(cat, AssignManager{eve, ben}), lacks(south, "B03")},
		{"not for oneself without that", with(), when(ben, AssignManager{ben, cat}),
			refused{code: CodeNotPermitted, rule: "B01", scope: org, subject: ben, help: "tenure who --role", says: "manager.assign"}},
		{"another one instead", with(managed(ben, cat)), when(ann, AssignManager{ben, dan}), then(managed(ben, dan))},
		{"the same again", with(managed(ben, cat)), when(ann, AssignManager{ben, cat}), then()},
		{"none any more", with(managed(ben, cat)), when(ann, RemoveManager{ben}), then(unmanaged(ben, cat))},
		{"none as before", with(), when(ann, RemoveManager{ben}), then()},
		{"removed by whoever may assign", with(managed(eve, cat)), when(cat, RemoveManager{eve}), lacks(south, "B03")},
		{"nobody's own", with(), when(ann, AssignManager{ben, ben}), refused{code: CodeInvalid, field: "manager", scope: org, subject: ben, says: "own manager"}},
		{"no circle", with(managed(ben, cat), managed(cat, dan)), when(ann, AssignManager{dan, ben}),
			refused{code: CodeStructure, field: "manager", scope: org, subject: ben, says: "stands above"}},
		{"but to come under one's equal", with(managed(ben, cat), managed(dan, cat)), when(ann, AssignManager{dan, ben}), then(managed(dan, ben))},
		{"no stranger's", with(), when(ann, AssignManager{nix, ben}), refused{code: CodeUnknown, help: "tenure person add", says: "no person"}},
		{"and no stranger", with(), when(ann, AssignManager{ben, nix}), refused{code: CodeUnknown, help: "tenure person add", says: "no person"}},
		{"a member of no department", with(together(revoked(eve, "hand", south, termination), terminated(eve, south))), when(ann, AssignManager{ben, eve}), then(managed(ben, eve))},
		{"nobody who is no member", bureauFounded(staffed(ben), registered(dan)), when(ann, AssignManager{ben, dan}),
			refused{code: CodeNotMember, field: "manager", scope: org, subject: dan, help: "tenure member start", says: "is none"}},
		{"nor of such a person", bureauFounded(staffed(ben), registered(dan)), when(ann, AssignManager{dan, ben}),
			refused{code: CodeNotMember, field: "manager", scope: org, subject: dan, help: "tenure member start", says: "is none"}},
		{"a suspended one", with(suspended(ben, org), suspended(cat, org)), when(ann, AssignManager{ben, cat}), then(managed(ben, cat))},
		{"not the background user", with(), when(ann, AssignManager{ben, events.Background}), refused{code: CodeInvalid, field: "manager", scope: org, subject: events.Background, says: "no person"}},
		{"it ends with the membership", bureauFounded(staffed(ben), staffed(cat), staffed(dan), managed(ben, cat), managed(cat, dan)), when(ann, TerminateMembership{cat, org}),
			then(unmanaged(cat, dan, termination), unmanaged(ben, cat, termination), terminated(cat, org))},
	})
	forged(t, []forgery{
		{"removed who is none", with(managed(ben, cat)), ann, together(unmanaged(ben, dan)), 0, refused{code: CodeUnknown, subject: ben, says: "is not the manager"}},
		{"removed nobody", with(), ann, together(unmanaged(ben, "")), 0, refused{code: CodeUnknown, subject: ben, says: "is not the manager"}},
		{"assigned nobody", with(), ann, together(managed(ben, "")), 0, refused{code: CodeUnknown, field: "manager", help: "tenure person list", says: "no person"}},
		{"assigned twice", with(), ann, together(managed(ben, cat), managed(ben, cat)), 1, refused{code: CodeExists, field: "manager", scope: org, subject: cat, says: "already"}},
		{"a circle in one commit", with(), ann, together(managed(ben, cat), managed(cat, ben)), 1, refused{code: CodeStructure, field: "manager", scope: org, subject: ben, says: "stands above"}},
		{"by a termination that does not come", with(managed(ben, cat)), ben, together(unmanaged(ben, cat, termination)), 0, refused{code: CodeUnfounded, says: "termination"}},
		{"by the termination of another one", with(managed(ben, cat)), ann, together(unmanaged(ben, cat, termination), revoked(eve, "hand", south, termination), terminated(eve, south, termination), terminated(eve, org)), 0,
			refused{code: CodeUnfounded, says: "termination"}},
		{"X02: a place among managers is left", bureauFounded(staffed(ben), staffed(cat), managed(ben, cat)), ann, together(terminated(cat, org)), 0,
			refused{code: CodeUnfounded, rule: "X02", scope: org, subject: cat, says: "a place among managers"}},
		{"nobody's manager", with(), ann, together(managed(nix, ben)), 0, refused{code: CodeUnknown, says: "no person"}},
	})
}

// Who stands below whom is known from both sides, and ends on both.
func TestChart(t *testing.T) {
	state := bureauFounded(staffed(ben), staffed(cat), staffed(dan), managed(ben, cat), managed(dan, cat), managed(cat, ann)).
		after(t, when(ann, AssignManager{dan, ann}), when(ann, RemoveManager{ben}))
	got := map[events.PrincipalID]Chart{}
	for _, p := range state.Persons() {
		if p.Chart != nil {
			got[p.ID] = Chart{Manager: p.Chart.Manager, Reports: p.Chart.Reports}
		}
	}
	want := map[events.PrincipalID]Chart{
		ann: {Reports: []events.PrincipalID{cat, dan}}, cat: {Manager: ann}, dan: {Manager: ann},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
