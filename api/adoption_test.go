package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"tenure/service"
)

// hallSource is a role model of one's own; some of it is written otherwise by
// pairs.
func hallSource(pairs ...string) string {
	return strings.NewReplacer(pairs...).Replace(`model: hall
title: Hall
about: A hall has a keeper.
root: organization
highest: organization.keeper
scopes:
  - {kind: organization, title: Hall, membership: true}
conditions:
  - {id: about_others, title: about others, when: person.given}
permissions:
  - {id: organization.people, title: Manage people, section: People, allows: [directory.read, person.register, membership.start, membership.terminate, history.read]}
  - {id: organization.rules, title: Change the rules, section: Rules, allows: [model.adopt]}
  - {id: organization.lamps, title: Light the lamps, section: Rules}
roles:
  - {id: organization.keeper, title: Keeper, at_least: 1, granted_by: [organization.keeper], permissions: [organization.people, organization.rules, organization.lamps if about_others]}
  - {id: organization.porter, title: Porter, granted_by: [organization.keeper], permissions: [organization.lamps]}
`)
}

// modelStory goes on with an organization that has a model of its own.
func modelStory(t *testing.T, client func(key string) *Client, operator *Client, call func(string, error)) {
	t.Helper()
	ctx, o := t.Context(), Options{}
	_, err := operator.Found(ctx, o, service.FoundRequest{Org: "hall", Source: hallSource(), Owner: service.PersonDetails{Login: "kim"}})
	call("Found", err)
	key, err := operator.IssueKey(ctx, "hall", o, service.IssueRequest{Person: "kim"})
	call("IssueKey", err)
	kim := client(key.Key)
	_, err = kim.GrantRole(ctx, "hall", o, service.GrantRequest{RoleRequest: service.RoleRequest{Person: "kim", Role: "porter"}})
	call("GrantRole", err)
	request := service.AdoptRequest{Source: hallSource("organization.porter", "organization.usher"), Roles: map[string]string{"organization.porter": "organization.usher"}}
	tried, err := kim.AdoptModel(ctx, "hall", Options{DryRun: true}, request)
	call("AdoptModel", err)
	adopted, err := kim.AdoptModel(ctx, "hall", o, request)
	call("AdoptModel", err)
	diff(t, "what a dry run says", tried.Impact, adopted.Impact)
	shown, err := kim.AdoptedModel(ctx, "hall", At{}, true)
	call("AdoptedModel", err)
	diff(t, "the model", []any{"hall", "none", adopted.Revision, "kim"}, []any{shown.ID, shown.Builtin, shown.Revision, shown.By})
	_, err = operator.Found(ctx, o, service.FoundRequest{Org: "copy", Source: shown.Source, Owner: service.PersonDetails{Login: "kim"}})
	call("Found", err)
	copied, err := operator.AdoptedModel(ctx, "copy", At{}, false)
	call("AdoptedModel", err)
	diff(t, "a copy of the model", shown.Digest, copied.Digest)

	_, err = operator.Found(ctx, o, service.FoundRequest{Org: "inn", Owner: service.PersonDetails{Login: "kim"}})
	call("Found", err)
	guest := service.MembershipRequest{Person: "lou", MemberKind: "guest"}
	_, err = operator.RegisterPerson(ctx, "inn", because, service.PersonDetails{Login: guest.Person})
	call("RegisterPerson", err)
	_, err = operator.ChangeMembership(ctx, "inn", because, "start", guest)
	call("ChangeMembership", err)
	guest.MemberKind = "member"
	changed, err := operator.ChangeMembership(ctx, "inn", because, "change", guest)
	call("ChangeMembership", err)
	diff(t, "the change of a kind", []any{1, "membership.kind_changed", guest.MemberKind}, []any{len(changed.Events), changed.Events[0].Type, changed.Events[0].MemberKind})
	guest.MemberKind = ""
	_, err = operator.ChangeMembership(ctx, "inn", because, "change", guest)
	var p *Problem
	if !errors.As(err, &p) || p.Field != "member_kind" || p.Status != http.StatusUnprocessableEntity {
		t.Errorf("without a kind it gives %v", err)
	}
}

// Whatever is sent as a role model, it is refused where it is wrong, and nothing
// is done.
func TestHostileModels(t *testing.T) {
	x := open(t)
	operator := x.network(x.operator)
	ctx := t.Context()
	if _, err := operator.Found(ctx, Options{}, service.FoundRequest{Org: "hall", Source: hallSource(), Owner: service.PersonDetails{Login: "kim"}}); err != nil {
		t.Fatal(err)
	}
	var crowd strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&crowd, "  - {id: organization.r%d, title: R, granted_by: [organization.keeper]}\n", i)
	}
	deep := strings.Repeat("[", 600) + strings.Repeat("]", 600)
	costly := `["` + strings.Repeat(`a", "`, 90) + `b"].all(a, ["` + strings.Repeat(`c", "`, 90) + `d"].all(b, a != b))`
	tests := []struct {
		name, source string
		status       int
		says         string
	}{
		{"10,000 roles", hallSource() + crowd.String(), 422, `Line 15, column 3: "roles" has 10002 entries; at most 1024 are allowed`},
		{"a costly condition", hallSource("when: person.given", "when: '"+costly+"'"), 422, `Line 9, column 51: condition "about_others" can cost`},
		{"a condition that is none", hallSource("when: person.given", "when: person.name"), 422, `Line 9, column 51: condition "about_others": unknown name`},
		{"a condition about a role that there is not", hallSource("when: person.given", `when: 'holder.holds("organization.king")'`), 422, `Line 9, column`},
		{"keys twice", hallSource("title: Hall\n", "title: Hall\ntitle: Hall\n"), 422, `Line 3, column 1: key "title" stands here twice, first on line 2`},
		{"a key that there is not", hallSource("title: Hall\n", "title: Hall\ncolour: red\n"), 422, `Line 3, column 1: unknown key "colour"`},
		{"deep", hallSource("title: Hall\n", "title: "+deep+"\n"), 422, `Line 2, column 8: want text, found a list`},
		{"an alias", hallSource("title: Hall\n", "title: &a Hall\n"), 422, `Line 2, column 8: anchors and aliases are not allowed`},
		{"a NUL", hallSource("title: Hall\n", "title: \"a\\0b\"\n"), 422, `Line 2, column 8: want a line of up to 200`},
		{"larger than a model may be", hallSource() + "# " + strings.Repeat("x", 1<<20), 422, `Line 1, column 1: the file is larger than 1048576 bytes`},
		{"larger than a request may be", strings.Repeat("x", 5<<20), 413, ""},
		{"binary", "\x00\x01\x02", 422, "Line 1, column 1: not YAML"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			check := func(err error) {
				t.Helper()
				var p *Problem
				if !errors.As(err, &p) || p.Status != test.status || !strings.HasPrefix(p.Detail, test.says) {
					t.Fatalf("%.600v", err)
				}
				if p.Status == http.StatusUnprocessableEntity && (p.Code != "invalid" || p.Field != "source") {
					t.Errorf("%s at %q", p.Code, p.Field)
				}
				if text, err := json.Marshal(p); err != nil || len(text) > 200_000 {
					t.Errorf("the answer has %d bytes, %v", len(text), err)
				}
			}
			_, err := operator.AdoptModel(ctx, "hall", because, service.AdoptRequest{Source: test.source})
			check(err)
			_, err = operator.AdoptModel(ctx, "hall", Options{Reason: "requested", DryRun: true}, service.AdoptRequest{Source: test.source})
			check(err)
			_, err = operator.Found(ctx, Options{}, service.FoundRequest{Org: "other", Source: test.source, Owner: service.PersonDetails{Login: "kim"}})
			check(err)
		})
	}
	shown, err := operator.AdoptedModel(ctx, "hall", At{}, false)
	if err != nil || shown.Revision != 1 {
		t.Errorf("%+v, %v", shown, err)
	}
}
