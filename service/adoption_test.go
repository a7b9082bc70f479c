package service

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"tenure/aggregate"
	"tenure/events"
	"tenure/projections"
	"tenure/rolemodel"
	"tenure/vault"
)

// githubWith is the github model with one place written otherwise.
func githubWith(t testing.TB, old, new string) string {
	t.Helper()
	source, err := os.ReadFile("../rolemodel/models/github.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), old); n != 1 {
		t.Fatalf("%q stands in the model %d times", old, n)
	}
	return strings.Replace(string(source), old, new, 1)
}

// githubLead is a version in which maintainers have another name.
func githubLead(t testing.TB) string {
	return strings.ReplaceAll(githubWith(t, "\n  - id: team.member\n", "\n  - id: team.member\n"), "team.maintainer", "team.lead")
}

// impactLines tells an impact in lines.
func impactLines(list []ImpactView) []string {
	lines := []string{}
	for _, i := range list {
		line := fmt.Sprintf("%s %s %s", i.Change, i.What, i.ID)
		if i.Below {
			line += " below"
		}
		line += fmt.Sprintf(" %d:", i.Count)
		for _, at := range i.People {
			line += " " + at.Login + " on " + string(at.Scope)
		}
		lines = append(lines, line)
	}
	return lines
}

func TestAdoptModel(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	h.join("acme", "ben", "cat")
	h.team("acme", "sig", "", "Sig Title")
	h.grant("acme", "ben", "maintainer", "team:sig")
	before := h.revision("acme")
	request := AdoptRequest{Source: githubLead(t), Roles: map[string]string{"team.maintainer": "team.lead"}}
	want := []string{
		"lost role team.maintainer 1: ben on team:sig", "gained role team.lead 1: ben on team:sig",
		"lost authority grant team.maintainer 1: ben on team:sig", "lost authority grant team.maintainer below 2: ann on organization:acme ben on team:sig",
		"gained authority grant team.lead 1: ben on team:sig", "gained authority grant team.lead below 2: ann on organization:acme ben on team:sig",
	}

	shown := must[AdoptedModel](t)(h.AdoptedModel(t.Context(), h.as("acme", "ben"), "acme", Reading{}, false))
	diff(t, "the model at first", []any{"github", "same", events.Revision(1), "", "operator"}, []any{shown.ID, shown.Builtin, shown.Revision, shown.Source, shown.By})

	// A dry run says the same, and does nothing.
	keys := h.records("acme")
	dry := requested
	dry.DryRun = true
	tried := must[AdoptionReceipt](t)(h.AdoptModel(t.Context(), operator, "acme", dry, request))
	diff(t, "what would change", want, impactLines(tried.Impact))
	rules := []RuleChangeView{{"added", "roles", "team.lead", nil}, {"removed", "roles", "team.maintainer", nil}, {"changed", "roles", "team.member", []string{"granted_by", "replaces"}}}
	diff(t, "what the rules say otherwise", rules, tried.Rules)
	diff(t, "the keys that are kept", keys, h.records("acme"))
	if !tried.DryRun || h.revision("acme") != tried.Revision {
		t.Errorf("the receipt is %+v", tried.Receipt)
	}
	adopted := must[AdoptionReceipt](t)(h.AdoptModel(t.Context(), operator, "acme", keyed("k"), request))
	diff(t, "what changes", want, impactLines(adopted.Impact))
	diff(t, "what the rules say otherwise", rules, adopted.Rules)
	again := must[AdoptionReceipt](t)(h.AdoptModel(t.Context(), operator, "acme", keyed("k"), request))
	if !again.Replayed || again.Revision != adopted.Revision || len(again.Impact) > 0 {
		t.Errorf("again it is %+v", again)
	}

	// Questions of today go by the new model, dated ones by the one before.
	now := must[AdoptedModel](t)(h.AdoptedModel(t.Context(), operator, "acme", Reading{}, true))
	diff(t, "the model", []any{"github", "differs", adopted.Revision, "operator"}, []any{now.ID, now.Builtin, now.Revision, now.By})
	if _, err := rolemodel.Parse("source", []byte(now.Source)); err != nil || now.Digest == shown.Digest {
		t.Errorf("the model's source: %v", err)
	}
	then := Reading{Moment: projections.Moment{Revision: before}}
	past := must[AdoptedModel](t)(h.AdoptedModel(t.Context(), operator, "acme", then, false))
	diff(t, "the model before", shown.Digest, past.Digest)
	for _, ask := range []struct {
		reading Reading
		role    events.RoleID
		known   bool
	}{{Reading{}, "lead", true}, {Reading{}, "maintainer", false}, {then, "lead", false}, {then, "maintainer", true}} {
		holders, err := h.Holders(t.Context(), operator, "acme", ask.reading, ask.role, "team:sig")
		if ask.known && (err != nil || len(holders) != 1) || !ask.known && err == nil {
			t.Errorf("%s at %+v: %v, %v", ask.role, ask.reading.Moment, holders, err)
		}
	}
	can := must[Answer](t)(h.Can(t.Context(), operator, "acme", Reading{}, "ben", "team.edit", "team:sig"))
	if !can.Allowed || can.Because[0].Revision != adopted.Revision {
		t.Errorf("%+v", can)
	}
	differences := must[[]Difference](t)(h.Diff(t.Context(), operator, "acme", 0, then.Moment, projections.Moment{Revision: adopted.Revision}))
	var lines []string
	for _, d := range differences {
		lines = append(lines, d.Change+" "+d.Role)
	}
	diff(t, "the difference", []string{"added lead", "removed maintainer"}, lines)

	// And it is the same after a restart.
	state := h.fold("acme").Snapshot()
	h.restart()
	projected, _ := h.permissions.State("acme")
	diff(t, "the rebuilt projection", state, projected.Snapshot())
	must[Receipt](t)(h.GrantRole(t.Context(), h.as("acme", "ann"), "acme", Envelope{}, GrantRequest{RoleRequest: RoleRequest{"cat", "lead", "team:sig"}}))
}

func TestAdoptModelIsRefused(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	h.found("zoo", "zoe")
	h.join("acme", "ben")
	h.team("acme", "sig", "", "")
	h.grant("acme", "ben", "maintainer", "team:sig")
	good := githubWith(t, "title: GitHub organization", "title: GitHub organisation")
	// What is wrong with a source is told to those alone who may adopt.
	for _, c := range []struct {
		name    string
		caller  Caller
		request AdoptRequest
		code    aggregate.Code
		field   string
		says    string
	}{
		{"a member", h.as("acme", "ben"), AdoptRequest{Source: good}, aggregate.CodeNotPermitted, "", "model.adopt"},
		{"a member, with nothing", h.as("acme", "ben"), AdoptRequest{}, aggregate.CodeNotPermitted, "", "model.adopt"},
		{"a member, with what cannot be read", h.as("acme", "ben"), AdoptRequest{Source: "{"}, aggregate.CodeNotPermitted, "", "model.adopt"},
		{"somebody of another organization", h.as("zoo", "zoe"), AdoptRequest{Source: good}, aggregate.CodeUnknown, "org", "acme"},
		{"nothing", operator, AdoptRequest{}, aggregate.CodeInvalid, "model", "Say which"},
		{"two things", operator, AdoptRequest{Model: "github", Source: good}, aggregate.CodeInvalid, "source", "not both"},
		{"no such model", operator, AdoptRequest{Model: "nope"}, aggregate.CodeUnknown, "model", "nope"},
		{"no model at all", operator, AdoptRequest{Source: "model: ["}, aggregate.CodeInvalid, "source", "Line 2, column 1: not YAML"},
		{"a key too many", operator, AdoptRequest{Source: good + "colour: red\n"}, aggregate.CodeInvalid, "source", `unknown key "colour"`},
		{"a role that is held", operator, AdoptRequest{Source: githubLead(t)}, aggregate.CodeUnfit, "roles.team.maintainer", "held once"},
		{"another kind of organization", operator, AdoptRequest{Source: strings.ReplaceAll(good, "organization", "network")}, aggregate.CodeUnfit, "", "network"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := h.revision("acme")
			_, err := h.AdoptModel(t.Context(), c.caller, "acme", requested, c.request)
			refused := refusedWith(t, err, c.code)
			if refused.Field != c.field || !strings.Contains(refused.Message, c.says) {
				t.Errorf("refused at %q: %s", refused.Field, refused.Message)
			}
			if h.revision("acme") != before {
				t.Error("something was done")
			}
		})
	}
}

// An organization can be founded with a role model of its own, or without saying
// which.
func TestFoundWithAModelOfOnesOwn(t *testing.T) {
	h := open(t)
	own := strings.Replace(githubWith(t, "title: GitHub organization", "title: Ours"), "model: github", "model: ours", 1)
	request := FoundRequest{Org: "acme", Source: own, Owner: PersonDetails{Login: "ann"}}
	must[PersonReceipt](t)(h.Found(t.Context(), operator, keyed("k"), request))
	if again := must[PersonReceipt](t)(h.Found(t.Context(), operator, keyed("k"), request)); !again.Replayed {
		t.Errorf("again it is %+v", again)
	}
	shown := must[AdoptedModel](t)(h.AdoptedModel(t.Context(), operator, "acme", Reading{}, false))
	diff(t, "the model", []string{"ours", "Ours", "none"}, []string{shown.ID, shown.Title, shown.Builtin})
	_, err := h.Found(t.Context(), operator, Envelope{}, FoundRequest{Org: "beta", Source: strings.Replace(own, "root: organization", "root: planet", 1), Owner: PersonDetails{Login: "bob"}})
	if refused := refusedWith(t, err, aggregate.CodeInvalid); refused.Field != "source" || !strings.HasPrefix(refused.Message, "Line ") {
		t.Errorf("refused at %q: %s", refused.Field, refused.Message)
	}
	if owners := h.records("beta"); len(owners) > 0 {
		t.Errorf("keys are left of what was refused: %v", owners)
	}
	_, err = h.Found(t.Context(), operator, Envelope{}, FoundRequest{Org: "gamma", Owner: PersonDetails{Login: "bob"}})
	if _, missing := rolemodel.Builtin(rolemodel.Default); missing != nil {
		if refused := refusedWith(t, err, aggregate.CodeUnknown); !strings.Contains(refused.Message, rolemodel.Default) {
			t.Errorf("refused with %s", refused.Message)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	shown = must[AdoptedModel](t)(h.AdoptedModel(t.Context(), operator, "gamma", Reading{}, false))
	diff(t, "the model without choosing", rolemodel.Default, shown.ID)
}

// All that is wrong with a model is told, up to a bound.
func TestFaultsOfAModelAreBounded(t *testing.T) {
	var source strings.Builder
	for i := range 300 {
		fmt.Fprintf(&source, "colour%d: red\n", i)
	}
	_, err := modelOf("", source.String())
	var refusals aggregate.Refusals
	if !errors.As(err, &refusals) || len(refusals) != mostFaults+1 || !strings.HasSuffix(refusals[mostFaults].Message, "more faults.") {
		t.Errorf("%d refusals, the last: %v", len(refusals), refusals[len(refusals)-1])
	}
}

// However many lose something, the answer stays readable.
func TestImpactIsBounded(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	ann := h.id("acme", "ann")
	seen := newView(h.Service, operator, h.stateOf("acme"), h.stateOf("acme"))
	var impact aggregate.Impact
	for i := range mostChanges + 7 {
		change := aggregate.PermissionChange{Permission: fmt.Sprintf("team.p%d", i), Gained: i%2 == 0}
		for n := range 25 {
			change.Places = append(change.Places, aggregate.Concerned{Who: ann, On: events.Scope("team", fmt.Sprintf("t%d", n))})
		}
		impact.Permissions = append(impact.Permissions, change)
	}
	list, more := seen.impact(impact)
	if len(list) != mostChanges || more != 7 || list[0].Count != 25 || len(list[0].People) != mostPlaces || list[0].People[0].Login != "ann" {
		t.Errorf("%d changes, %d more; the first: %+v", len(list), more, list[0])
	}
	if rules, more := ruleChanges(make([]rolemodel.Change, mostChanges+3)); len(rules) != mostChanges || more != 3 {
		t.Errorf("%d changes of rules, %d more", len(rules), more)
	}
}

// Nothing of a model of one's own is sealed, and nothing of it is lost: the vault
// has no part in it.
func TestAdoptionNeedsNoKeys(t *testing.T) {
	h := open(t)
	h.found("acme", "ann")
	keys := h.records("acme")
	must[AdoptionReceipt](t)(h.AdoptModel(t.Context(), operator, "acme", requested, AdoptRequest{Source: githubLead(t)}))
	diff(t, "the keys that are kept", keys, h.records("acme"))
	if _, kept := keys[vault.Organization]; !kept {
		t.Error("there should be some")
	}
}
