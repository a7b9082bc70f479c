package rolemodel

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sound is a valid document without anything to warn of. It has of everything
// that is looked at.
const sound = `model: sound
title: Sound
about: A model for tests.
root: company
highest: company.owner
scopes:
  - kind: company
    title: Company
    membership: true
    member_kinds: [{id: staff, title: Staff}, {id: guest, title: Guest}]
  - kind: office
    title: Office
    under: [company]
    attributes:
      - {id: floor, title: Floor, values: [low, high]}
      - {id: city, title: City, values: [vienna, graz], fixed: true}
  - kind: circle
    title: Circle
    under: [company]
    membership: true
    carries: [company.books]
features: [{id: gym, title: Gym}]
conditions:
  - id: upstairs
    title: on a high floor
    when: target.attributes.floor == "high"
editions: [{id: basic, title: Basic}, {id: big, title: Big}]
permissions:
  - {id: company.people, title: See people, section: Company, allows: [directory.read, report.read]}
  - {id: company.join, title: Add people, section: Company, allows: [membership.start, membership.terminate, client.manage]}
  - {id: company.build, title: Build, section: Company, allows: ["scope.create:office", "scope.create:circle", feature.switch, edition.set]}
  - {id: company.rights, title: Give rights, section: Rights, allows: [role.define, role.permit, role.unpermit, role.rename, role.delete, role.withhold]}
  - {id: company.secret, title: Know, section: Rights}
  - {id: company.books, title: Read books, section: Books}
  - {id: company.gym, title: Use the gym, section: Books, feature: gym}
  - {id: office.edit, title: Change an office, section: Offices, allows: ["scope.set:floor"]}
  - {id: office.sit, title: Sit, section: Offices}
  - {id: circle.lead, title: Lead, section: Circles, allows: [membership.start, membership.terminate]}
  - {id: circle.give, title: Give, section: Circles, allows: [scope.permit]}
roles:
  - id: company.owner
    title: Owner
    at_least: 1
    granted_by: [company.owner]
    permissions: [company.people, company.join, company.build, company.rights, company.secret, company.gym]
    inherited: [office.edit, circle.lead, circle.give]
  - id: company.clerk
    title: Clerk
    adjustable: true
    granted_by: [company.join]
    permissions: [company.people, company.gym]
  - id: company.bot
    title: Bot
    holder: client
    granted_by: [company.owner]
    permissions: [company.people]
  - id: office.host
    title: Host
    automatic: creator
    granted_by: [office.host, company.owner]
    permissions: [office.edit, office.sit if upstairs]
  - id: office.helper
    title: Helper
    automatic: background
    granted_by: [company.owner]
    permissions: [office.sit]
audiences:
  - {id: owners, title: Owners, roles: [company.owner]}
  - {id: clerks, title: Clerks, roles: [company.clerk], otherwise: owners}
messages:
  - {id: role.granted, title: A role was granted, audience: clerks}
sections:
  - {title: Rights, exclusive: [company.owner]}
custom_roles:
  - {id: company.custom, title: Custom, granted_by: [company.owner], permissions: [company.books, company.people, company.join, company.build, circle.lead, circle.give]}
posture: {dormant_days: 30}
`

func TestCheck(t *testing.T) {
	tests := []struct {
		name  string
		pairs []string
		want  []string
	}{
		{"nothing", nil, nil},
		{"a condition that is always met", []string{`target.attributes.floor == "high"`, `target.attributes.floor in ["", "low", "high"]`},
			[]string{`26:11: condition "upstairs" is always met`}},
		{"a condition that is never met", []string{`target.attributes.floor == "high"`, `target.attributes.floor == "low" && target.attributes.floor == "high"`, "permissions: [office.sit]", "permissions: [office.edit]"},
			[]string{`26:11: condition "upstairs" is never met`,
				`37:10: nobody can ever have permission "office.sit": no role that somebody can hold gives it, and no group can be given it`}},
		{"one by the kinds of scope", []string{`target.attributes.floor == "high"`, `target.kind != "office" || target.parent != target.kind || target.archived`},
			[]string{`61:32: condition "upstairs" is always met here, on scopes of kind "office"`}},
		{"one that is met by nothing of a kind", []string{`target.attributes.floor == "high"`, `target.kind == "company" && person.self`, "permissions: [office.sit]", "permissions: [office.edit]"},
			[]string{`37:10: nobody can ever have permission "office.sit": no role that somebody can hold gives it, and no group can be given it`,
				`61:32: condition "upstairs" is never met here, on scopes of kind "office"`}},
		{"one by the scope above", []string{`target.attributes.floor == "high"`, `target.parent == "office"`, "permissions: [office.sit]", "permissions: [office.edit]"},
			[]string{`37:10: nobody can ever have permission "office.sit": no role that somebody can hold gives it, and no group can be given it`,
				`61:32: condition "upstairs" is never met here, on scopes of kind "office"`}},
		{"one by what the root stands below", []string{"permissions: [company.people, company.join, company.build,", "permissions: [company.people, company.join, company.build if topmost,",
			"conditions:\n", "conditions:\n  - {id: topmost, title: at the top, when: target.parent == \"\"}\n"},
			[]string{`46:49: condition "topmost" is always met here, on scopes of kind "company"`}},
		{"one by attributes that the kind lacks", []string{`target.attributes.floor == "high"`, `target.attributes.floor != "high"`, "granted_by: [company.join]", "granted_by: [company.join if upstairs]"},
			[]string{`50:18: condition "upstairs" is always met here, on scopes of kind "company"`}},
		{"one about roles below", []string{`target.attributes.floor == "high"`, `'!person.holds("office.host")'`, "granted_by: [company.join]", "granted_by: [company.join if upstairs]"},
			[]string{`50:18: condition "upstairs" is always met here, on scopes of kind "company": nobody can hold "office.host" there or above`}},
		{"one about roles below and above", []string{`target.attributes.floor == "high"`, `'!holder.holds("office.host") && !person.holds("company.clerk") && !person.holds("office.host")'`, "granted_by: [company.join]", "granted_by: [company.join if upstairs]",
			"custom_roles:\n  - {id: company.custom, title: Custom, granted_by: [company.owner]", "custom_roles:\n  - {id: company.custom, title: Custom, granted_by: [company.owner if upstairs]"},
			[]string{`50:18: condition "upstairs" asks in vain here, on scopes of kind "company": nobody can hold "office.host" there or above`,
				`75:54: condition "upstairs" asks in vain here, on scopes of kind "company": nobody can hold "office.host" there or above`}},
		{"what is granted by nobody of a kind", []string{`target.attributes.floor == "high"`, `person.holds("office.host")`, "granted_by: [company.join]", "granted_by: [company.join if upstairs]"},
			[]string{`50:17: nobody can ever hold role "company.clerk": nobody can come to be who grants it`,
				`50:18: condition "upstairs" is never met here, on scopes of kind "company": nobody can hold "office.host" there or above`}},
		{"what is passed on under a condition", []string{"    title: Clerk\n    adjustable: true\n    granted_by: [company.join]\n", "    title: Clerk\n    adjustable: true\n    at_least: 1\n    at_most: 1\n    transferred_by: [company.join if upstairs]\n",
			`target.attributes.floor == "high"`, `person.member`}, nil},
		{"one about roles", []string{`target.attributes.floor == "high"`, `holder.holds("company.clerk") || !holder.holds("company.clerk")`},
			[]string{`26:11: condition "upstairs" is always met`}},
		{"one about roles that may be", []string{`target.attributes.floor == "high"`, `holder.holds("company.clerk") || !person.holds("company.clerk")`}, nil},
		{"one by the edition", []string{`target.attributes.floor == "high"`, `edition in ["basic", "big"]`}, []string{`26:11: condition "upstairs" is always met`}},

		{"a feature that nobody turns on", []string{", feature.switch", ""}, []string{`22:17: nobody can turn feature "gym" on: no permission allows "feature.switch"`}},
		{"an edition that nobody sets", []string{", edition.set", ""}, []string{`27:44: nobody can put another edition in force: no permission allows "edition.set"`}},
		{"a report that nobody reads", []string{", report.read", ""}, []string{`76:10: nobody can read the posture report: no permission allows "report.read"`}},
		{"scopes that nobody creates", []string{`"scope.create:office", `, ""}, []string{`11:11: nobody can create scopes of kind "office": no permission allows "scope.create:office"`}},
		{"members whom nobody makes", []string{"section: Circles, allows: [membership.start, membership.terminate]", "section: Circles"},
			[]string{`17:11: nobody can make anybody a member of scopes of kind "circle": no permission allows "membership.start"`,
				`17:11: nobody can end the membership of others of scopes of kind "circle": no permission allows "membership.terminate"`}},
		{"members of the root who come by joining", []string{"allows: [membership.start, membership.terminate, client.manage]", "allows: [membership.terminate, client.manage]", "    carries: [company.books]", "    joins: [member]\n    carries: [company.books]"}, nil},
		{"members whom those make who make members of one kind", []string{"allows: [membership.start, membership.terminate, client.manage]", `allows: ["membership.start:guest", membership.terminate, client.manage]`}, nil},
		{"members whom somebody makes from elsewhere", []string{"section: Circles, allows: [membership.start, membership.terminate]", "section: Circles, allows: [membership.terminate]",
			"allows: [membership.start, membership.terminate, client.manage]", `allows: [membership.start, membership.terminate, client.manage, "membership.assign:circle"]`}, nil},
		{"a condition about where somebody is assigned to", []string{"section: Circles, allows: [membership.start, membership.terminate]", `section: Circles, allows: [membership.start, membership.terminate, "membership.assign:company"]`,
			`target.attributes.floor == "high"`, `target.kind != "company" || edition == "big"`, "inherited: [office.edit, circle.lead, circle.give]", "inherited: [office.edit, circle.lead if upstairs, circle.give]",
			"office.sit if upstairs]", "office.sit]"}, nil},
		{"a custom role that gives what others have under a condition", []string{"    permissions: [office.edit, office.sit if upstairs]", "    permissions: [office.edit if upstairs, office.sit if upstairs]",
			"    granted_by: [company.owner]\n    permissions: [office.sit]", "    granted_by: [company.owner]\n    permissions: [office.sit if upstairs]", "company.build, circle.lead", "company.build, office.sit, office.edit, circle.lead"},
			[]string{`75:144: custom role "company.custom" gives permission "office.sit" whatever is the case, and every role gives it under a condition only: write "office.sit if upstairs"`,
				`75:156: custom role "company.custom" gives permission "office.edit" whatever is the case, and every role gives it under a condition only: write "office.edit if upstairs"`}},
		{"one that gives all", []string{"    granted_by: [company.owner]\n    permissions: [office.sit]", "    granted_by: [company.owner]\n    permissions: [office.sit if upstairs]",
			"granted_by: [company.owner], permissions: [company.books, company.people, company.join, company.build, circle.lead, circle.give]}", "granted_by: [company.owner]}"},
			[]string{`75:5: custom role "company.custom" gives permission "office.sit" whatever is the case, and every role gives it under a condition only: write "office.sit if upstairs"`}},
		{"one that guards it", []string{"    granted_by: [company.owner]\n    permissions: [office.sit]", "    granted_by: [company.owner]\n    permissions: [office.sit if upstairs]",
			"granted_by: [company.owner], permissions: [company.books, company.people, company.join, company.build, circle.lead, circle.give]}", "granted_by: [company.owner], guarded: [office.sit if upstairs]}"}, nil},
		{"a group that gives what others have under a condition", []string{"    granted_by: [company.owner]\n    permissions: [office.sit]", "    granted_by: [company.owner]\n    permissions: [office.sit if upstairs]",
			"carries: [company.books]", "carries: [company.books, office.sit]"},
			[]string{`21:30: a group of kind "circle" gives permission "office.sit" whatever is the case, and every role gives it under a condition only: write "office.sit if upstairs"`}},
		{"what is given under a condition that is never met", []string{`target.attributes.floor == "high"`, `target.attributes.floor == "low" && target.attributes.floor == "high"`, "carries: [company.books]", "carries: [company.books if upstairs]",
			"permissions: [company.books, company.people", "permissions: [company.books if upstairs, company.people"},
			[]string{`26:11: condition "upstairs" is never met`, `34:10: nobody can ever have permission "company.books": no role that somebody can hold gives it, and no group can be given it`}},
		{"an attribute that nobody sets", []string{`, allows: ["scope.set:floor"]`, ""}, []string{`15:14: nobody can change attribute "floor" of scopes of kind "office": no permission allows "scope.set:floor"`}},
		{"groups to which nobody gives", []string{", allows: [scope.permit]", ""}, []string{`21:14: nobody can give permissions to groups of kind "circle": no permission allows "scope.permit"`}},
		{"what groups alone could give", []string{", allows: [scope.permit]", "", "permissions: [company.books, company.people", "permissions: [company.people"},
			[]string{`21:14: nobody can give permissions to groups of kind "circle": no permission allows "scope.permit"`,
				`34:10: nobody can ever have permission "company.books": no role that somebody can hold gives it, and no group can be given it`}},
		{"custom roles that nobody changes", []string{", role.permit, role.unpermit, role.rename, role.delete", ""}, []string{
			`75:10: nobody can add a permission to a custom role "company.custom": no permission allows "role.permit"`,
			`75:10: nobody can remove a permission from a custom role "company.custom": no permission allows "role.unpermit"`,
			`75:10: nobody can rename a custom role "company.custom": no permission allows "role.rename"`,
			`75:10: nobody can delete a custom role "company.custom": no permission allows "role.delete"`}},
		{"a role from which nobody withholds", []string{", role.withhold", ""}, []string{`49:17: nobody can withhold permissions from role "company.clerk": no permission allows "role.withhold"`}},
		{"values of an attribute for which nobody withholds", []string{"  - id: office.host\n    title: Host\n", "  - id: office.host\n    title: Host\n    adjustable: true\n    adjustable_per: floor\n", "role.withhold]", `role.withhold, "role.withhold:low"]`},
			[]string{`59:17: nobody can withhold permissions from role "office.host": no permission allows "role.withhold:high"`}},
		{"clients whom nobody makes", []string{", client.manage", ""}, []string{
			`54:13: nobody can make an API client to hold role "company.bot": no permission allows "client.manage"`,
			`55:17: nobody can ever hold role "company.bot": nobody can come to be who grants it`}},

		{"a role that nobody comes to grant", []string{"  - id: office.helper\n", "  - {id: office.guest, title: Guest, granted_by: [office.helper], permissions: [office.sit]}\n  - id: office.helper\n"},
			[]string{`62:50: nobody can ever hold role "office.guest": nobody can come to be who grants it`}},
		{"a role that is granted under a condition that is never met", []string{`target.attributes.floor == "high"`, `target.attributes.floor == "low" && target.attributes.floor == "high"`, "granted_by: [company.join]", "granted_by: [company.join if upstairs]"},
			[]string{`26:11: condition "upstairs" is never met`, `50:17: nobody can ever hold role "company.clerk": nobody can come to be who grants it`}},
		{"a creator's role that nobody grants", []string{"    granted_by: [office.host, company.owner]\n", ""},
			[]string{`57:9: nobody can grant role "office.host": where whoever created the scope holds it no more, nobody does`}},

		{"a section that is written in two ways", []string{"title: Read books, section: Books", "title: Read books, section: Bokos"},
			[]string{`34:53: permission "company.books" stands alone in section "Bokos"; there is "Books", too`, `35:52: permission "company.gym" stands alone in section "Books"; there is "Bokos", too`}},
		{"a section with one permission", []string{"title: Read books, section: Books", "title: Read books, section: Library"}, nil},
		{"what the owners alone hold, elsewhere", []string{"title: Know, section: Rights", "title: Know, section: Company"},
			[]string{`33:48: permission "company.secret" is held by nobody but company.owner, and does not stand in the section "Rights" that is theirs`}},
		{"an audience that may be empty", []string{", otherwise: owners", "", "audience: clerks}", "audience: clerks}\n  - {id: role.revoked, title: A role ended, audience: owners}"},
			[]string{`69:10: there may be nobody in audience "clerks" for what happens on scopes of kind "company": no role of it, nor of what comes otherwise, always has a holder`}},
		{"an audience that is always there where it matters", []string{"  - {id: clerks, title: Clerks, roles: [company.clerk], otherwise: owners}", "  - {id: clerks, title: Hosts, roles: [office.host]}", "audience: clerks}", "audience: clerks, on: [office]}\n  - {id: role.revoked, title: A role ended, audience: owners}",
			"    automatic: creator\n", "    automatic: creator\n    at_least: 1\n"}, nil},
		{"and not elsewhere", []string{"  - {id: clerks, title: Clerks, roles: [company.clerk], otherwise: owners}", "  - {id: clerks, title: Hosts, roles: [office.host]}", "audience: clerks}", "audience: clerks, on: [circle]}\n  - {id: role.revoked, title: A role ended, audience: owners}",
			"    automatic: creator\n", "    automatic: creator\n    at_least: 1\n"},
			[]string{`70:10: there may be nobody in audience "clerks" for what happens on scopes of kind "circle": no role of it, nor of what comes otherwise, always has a holder`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			source := sound
			for i := 0; i < len(test.pairs); i += 2 {
				if n := strings.Count(source, test.pairs[i]); n != 1 {
					t.Fatalf("%q stands in the document %d times", test.pairs[i], n)
				}
				source = strings.Replace(source, test.pairs[i], test.pairs[i+1], 1)
			}
			model, warnings, err := Check("sound.yaml", []byte(source))
			if err != nil {
				t.Fatal(err)
			}
			if model == nil || model.ID != "sound" {
				t.Fatalf("the model is %v", model)
			}
			var got []string
			for _, w := range warnings {
				got = append(got, strings.TrimPrefix(w.String(), "sound.yaml:"))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// What Parse refuses, Check refuses the same.
func TestCheckRefusesLikeParse(t *testing.T) {
	for _, source := range []string{"", "model: [", small + "colour: red\n", strings.Replace(small, "at_least: 1", "at_least: many", 1)} {
		_, want := Parse("x.yaml", []byte(source))
		model, warnings, got := Check("x.yaml", []byte(source))
		var problems Problems
		if model != nil || warnings != nil || !errors.As(got, &problems) || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%v, %v, %v; Parse says %v", model, warnings, got, want)
		}
	}
}

// A condition that takes more cases than are tried is taken to change.
func TestConstantIsBounded(t *testing.T) {
	texts := []string{TargetKind, TargetParent, PersonMemberKind, HolderMemberKind, EditionInForce}
	var never []string // true of no case, which takes all of them to see
	for _, name := range texts {
		never = append(never, name+" != "+name)
	}
	for _, test := range []struct {
		when string
		want int
	}{
		{strings.Join(never, " || "), 1},
		{strings.Join(never, " || ") + ` || [person.given, person.self, person.member, person.active, person.invited, person.member_here, target.archived, holder.holds("company.owner"), holder.holds("company.clerk")] == [true]`, 0},
	} {
		source := strings.Replace(sound, `target.attributes.floor == "high"`, test.when, 1)
		if _, warnings, err := Check("sound.yaml", []byte(source)); err != nil || len(warnings) < test.want || test.want == 0 && len(warnings) > 0 {
			t.Errorf("%s: %v, %v", test.when, warnings, err)
		}
	}
}
