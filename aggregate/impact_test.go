package aggregate

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tenure/events"
)

// impactLines writes an impact in lines: "-" and "+" for what is lost and gained, what it
// is, and who on which scopes.
func impactLines(impact Impact) []string {
	var lines []string
	sign := map[bool]string{false: "-", true: "+"}
	places := func(list []Concerned) string {
		var parts []string
		for _, at := range list {
			who := map[events.PrincipalID]string{ann: "ann", ben: "ben", cat: "cat", dan: "dan", eve: "eve", background: "background", "": "it"}[at.Who]
			parts = append(parts, who+" on "+string(at.On))
		}
		return strings.Join(parts, ", ")
	}
	for _, c := range impact.Roles {
		lines = append(lines, fmt.Sprintf("%s%s: %s", sign[c.Gained], c.Role, places(c.Places)))
	}
	for _, c := range impact.Permissions {
		line := sign[c.Gained] + c.Permission
		if c.Below {
			line += " below"
		}
		if c.Only != "" {
			line += " only " + c.Only
		}
		lines = append(lines, line+": "+places(c.Places))
	}
	for _, c := range impact.Authority {
		line := sign[c.Gained] + c.Authority
		if c.Below {
			line += " below"
		}
		if c.Only != "" {
			line += " only " + c.Only
		}
		lines = append(lines, line+": "+places(c.Places))
	}
	return lines
}

func TestDiffPermissions(t *testing.T) {
	// Sections may be shut, and guests may be kept from something.
	conditions := func(list string) []string {
		return []string{"roles:\n  - id: club.chair", "conditions:\n" + list + "roles:\n  - id: club.chair"}
	}
	shut := "  - {id: shut, title: while the door is shut, when: 'target.attributes.door == \"shut\"'}\n"
	full := "  - {id: full, title: as a full member, when: 'holder.member_kind == \"full\"'}\n"
	plays := "inherited: [section.edit, section.play]"
	withPlayers := []any{opens(chessSection, clubhouse), opens(night, chessSection), granted(dan, "player", chessSection), granted(eve, "auditor", clubhouse)}
	for _, test := range []struct {
		name  string
		given history
		adopt AdoptModel
		want  []string
	}{
		{"nothing", members(withPlayers...), AdoptModel{Model: clubThree}, nil},
		{"a role gives more", members(withPlayers...), AdoptModel{Model: clubRicher}, []string{"+club.keys.hold: ben on club:acme, cat on club:acme"}},
		{"what somebody has from elsewhere is not gained", members(granted(ann, "treasurer", clubhouse)), AdoptModel{Model: clubRicher}, []string{"+club.keys.hold: ben on club:acme, cat on club:acme"}},
		{"who is suspended has nothing to lose", members(suspended(cat, clubhouse)), AdoptModel{Model: clubRicher}, []string{"+club.keys.hold: ben on club:acme"}},
		{"a role with another name", members(), AdoptModel{Model: clubCashier, Roles: map[string]string{"club.treasurer": "club.cashier"}},
			[]string{"-club.treasurer: ben on club:acme, cat on club:acme", "+club.cashier: ben on club:acme, cat on club:acme", "-grant club.treasurer: ann on club:acme", "+grant club.cashier: ann on club:acme"}},
		{"a role that ends", members(granted(ben, "auditor", clubhouse)), AdoptModel{Model: clubCashier, Roles: map[string]string{"club.treasurer": "none"}},
			[]string{"-club.treasurer: ben on club:acme, cat on club:acme", "-club.books.read: cat on club:acme", "-club.books.write: ben on club:acme, cat on club:acme",
				"-grant club.treasurer: ann on club:acme", "+grant club.cashier: ann on club:acme"}},
		{"what is had below is told once", members(withPlayers...), AdoptModel{Model: clubWith(plays, "inherited: [section.edit]")}, []string{"-section.play below: ann on club:acme"}},
		{"and elsewhere all the same", members(opens(chessSection, clubhouse), opens(night, chessSection), granted(ann, "player", night)), AdoptModel{Model: clubWith(plays, "inherited: [section.edit]")}, []string{"-section.play below: ann on club:acme"}},
		{"on a scope and below it", members(opens(chessSection, clubhouse), granted(ben, "lead", chessSection)), AdoptModel{Model: clubWith("replaces: [section.player]\n    permissions: [section.edit, section.play]", "replaces: [section.player]\n    permissions: [section.play]\n    inherited: [section.play]")},
			[]string{"-section.edit: ben on section:chess", "+section.play below: ben on section:chess"}},
		{"a condition", members(withPlayers...), AdoptModel{Model: clubWith(append(conditions(shut), plays, "inherited: [section.edit, section.play if shut]")...)},
			[]string{"-section.play below: ann on club:acme", "+section.play below only while the door is shut: ann on club:acme"}},
		{"a ceiling", members(granted(ben, "auditor", clubhouse)), AdoptModel{Model: clubWith("title: Auditor\n", "title: Auditor\n    replaces: [club.chair]\n    ceiling: [club.books.read]\n", "title: Chair\n", "title: Chair\n    replaces: [club.auditor]\n")}, []string{"-club.books.write: ben on club:acme"}},
		{"a ceiling with a condition", members(granted(ben, "auditor", clubhouse)), AdoptModel{Model: clubWith(append(conditions(full), "title: Auditor\n", "title: Auditor\n    replaces: [club.chair]\n    ceiling: [club.books.read, club.books.write if full]\n", "title: Chair\n", "title: Chair\n    replaces: [club.auditor]\n")...)},
			[]string{"-club.books.write: ben on club:acme", "+club.books.write only as a full member: ben on club:acme"}},
		{"a feature that is gone", members(events.FeatureEnabled{Feature: "trips"}), AdoptModel{Model: clubEditions}, []string{"-club.trips.plan: ann on club:acme"}},
		{"the background user", members(opens(chessSection, clubhouse)), AdoptModel{Model: clubHelper}, []string{"+club.helper: background on club:acme", "+club.books.read: background on club:acme", "+grant club.helper: ann on club:acme"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := test.given.fold(t)
			after := decided(t, before, when(ann, test.adopt))
			if diff := cmp.Diff(test.want, impactLines(DiffPermissions(before, after))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// Who may do what with the same roles and permissions is told, too: between two
// versions, of which the first is the club model with the first pairs.
func TestDiffAuthority(t *testing.T) {
	treasurer := "granted_by: [club.chair]\n    adjustable: true\n"
	grantedBy := func(list string) []string {
		return []string{treasurer, "granted_by: [" + list + "]\n    adjustable: true\n"}
	}
	condition := func(when string) []string {
		return []string{"roles:\n  - id: club.chair", "conditions:\n  - {id: full, title: as a full member, when: '" + when + "'}\nroles:\n  - id: club.chair"}
	}
	with := func(lists ...[]string) []string { return slices.Concat(lists...) }
	transferred := func(list string) []string {
		return []string{"at_least: 1\n    granted_by: [club.chair]\n    permissions", "at_least: 1\n    at_most: 1\n    transferred_by: [" + list + "]\n    permissions"}
	}
	fact := func(permission string) []string {
		return []string{"designations:\n", "facts:\n  - {id: club.audited, title: The books were audited, permission: " + permission + "}\ndesignations:\n"}
	}
	ceiling := func(list string) []string {
		return []string{"title: Auditor\n", "title: Auditor\n    replaces: [club.chair]\n    ceiling: [" + list + "]\n", "title: Chair\n", "title: Chair\n    replaces: [club.auditor]\n"}
	}
	full, guest := condition(`holder.member_kind == "full"`), condition(`holder.member_kind == "guest"`)
	for _, test := range []struct {
		name          string
		before, after []string
		want          []string
	}{
		{"nothing", grantedBy("club.chair, club.auditor"), grantedBy("club.auditor, club.chair"), nil},
		{"who grants a role", nil, grantedBy("club.chair, club.auditor"), []string{"+grant club.treasurer: cat on club:acme, dan on club:acme"}},
		{"who grants it no more", grantedBy("club.chair, club.auditor"), nil, []string{"-grant club.treasurer: cat on club:acme, dan on club:acme"}},
		{"by a permission", nil, grantedBy("club.chair, club.books.write"), []string{"+grant club.treasurer: ben on club:acme, cat on club:acme"}},
		{"on the scopes below", nil, []string{"granted_by: [section.lead, club.chair]", "granted_by: [section.lead, club.chair, club.auditor]"}, []string{"+grant section.player below: cat on club:acme, dan on club:acme"}},
		{"on the scopes below, by a permission there", nil, []string{"granted_by: [section.lead, club.chair]", "granted_by: [section.lead, club.chair, section.play]"}, []string{"+grant section.player: background on section:chess", "+grant section.player below: background on section:chess"}},
		{"where a condition is met", nil, with(full, grantedBy("club.chair if full")), []string{"-grant club.treasurer: ann on club:acme", "+grant club.treasurer only as a full member: ann on club:acme"}},
		{"by a permission, where a condition is met", nil, with(full, grantedBy("club.chair, club.books.write if full")), []string{"+grant club.treasurer only as a full member: ben on club:acme, cat on club:acme"}},
		{"a condition that means something else", with(full, grantedBy("club.chair if full")), with(guest, grantedBy("club.chair if full")),
			[]string{"-grant club.treasurer only as a full member: ann on club:acme", "+grant club.treasurer only as a full member: ann on club:acme"}},
		{"a condition of a permission that means something else", with(full, []string{"inherited: [section.edit, section.play]", "inherited: [section.edit, section.play if full]"}), with(guest, []string{"inherited: [section.edit, section.play]", "inherited: [section.edit, section.play if full]"}),
			[]string{"-section.play below only as a full member: ann on club:acme", "+section.play below only as a full member: ann on club:acme"}},
		{"a ceiling takes authority", grantedBy("club.chair, club.treasurer"), with(grantedBy("club.chair, club.treasurer"), ceiling("club.books.read")), []string{"-club.books.write: cat on club:acme", "-grant club.treasurer: cat on club:acme"}},
		{"a ceiling that reaches further", ceiling("club.books.read"), ceiling("club.books.read, club.books.write"), []string{"+club.books.write: cat on club:acme"}},
		{"who transfers a role", transferred("club.chair"), transferred("club.chair, club.auditor"), []string{"+transfer club.chair: cat on club:acme, dan on club:acme"}},
		{"granted before, transferred now", nil, transferred("club.chair"), []string{"-grant club.chair: ann on club:acme", "+transfer club.chair: ann on club:acme"}},
		{"who sets a mark", nil, []string{"set_by: [club.chair]", "set_by: [club.chair, club.books.write]"}, []string{"+set club.first: ben on club:acme, cat on club:acme"}},
		{"who records a fact", fact("club.books.read"), fact("club.books.write"), []string{"-record club.audited: dan on club:acme"}},
		{"what a permission allows", nil, []string{"title: Read the books, section: Books", "title: Read the books, section: Books, allows: [history.read]"}, []string{"+do history.read on club: ann on club:acme, ben on club:acme, cat on club:acme, dan on club:acme"}},
		{"what it allows below", nil, []string{"allows: [scope.rename]", "allows: [scope.move]"}, []string{"-do scope.rename on section: ben on section:chess", "-do scope.rename on section below: ann on club:acme", "+do scope.move on section: ben on section:chess", "+do scope.move on section below: ann on club:acme"}},
		{"what comes with a permission is not told beside it", nil, []string{"    adjustable: true\n    permissions: [club.books.read, ", "    adjustable: true\n    permissions: [club.books.read, club.rules, "},
			[]string{"+club.rules: ben on club:acme, cat on club:acme"}},
		{"who grants custom roles", nil, []string{"title: Office, granted_by: [club.chair]", "title: Office, granted_by: [club.chair, club.auditor]"}, []string{"+grant club.clerk: cat on club:acme, dan on club:acme"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := members(opens(chessSection, clubhouse), granted(ben, "lead", chessSection), granted(dan, "auditor", clubhouse), granted(cat, "auditor", clubhouse), events.RoleDefined{Role: "clerk", Scope: clubhouse, Template: "club.office"}).fold(t)
			if len(test.before) > 0 {
				before = decided(t, before, when(ann, AdoptModel{Model: clubWith(test.before...)}))
			}
			impact := DiffPermissions(before, decided(t, before, when(ann, AdoptModel{Model: clubWith(test.after...)})))
			if diff := cmp.Diff(test.want, impactLines(impact)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if len(impact.Rules) == 0 && len(test.want) > 0 {
				t.Error("the rules are the same")
			}
		})
	}
}

// Groups, custom roles and what was withheld have their part in it.
func TestDiffPermissionsOfWhatAnOrganizationSays(t *testing.T) {
	before := members(created(board2, clubhouse), started(dan, board2), started(eve, board2)).fold(t)
	before = applied(t, before, events.RoleDefined{Role: "clerk", Scope: clubhouse, Template: "club.office"})
	steps := []struct {
		events []events.Event
		want   []string
	}{
		{together(events.PermissionAdded{Permission: "club.keys.hold", Scope: board2}),
			[]string{"+club.keys.hold: it on circle:board, dan on club:acme, eve on club:acme"}},
		{together(granted(dan, "clerk", clubhouse), events.PermissionAdded{Role: "clerk", Permission: "section.play", Scope: clubhouse}),
			[]string{"+club.clerk: dan on club:acme", "+section.play below: dan on club:acme"}},
		{together(events.PermissionWithheld{Kind: "club", Role: "treasurer", Permission: "club.books.write"}),
			[]string{"-club.books.write: ben on club:acme, cat on club:acme"}},
		{together(suspended(dan, clubhouse)), []string{"-club.keys.hold: dan on club:acme", "-section.play below: dan on club:acme"}},
		{together(terminated(eve, board2)), []string{"-club.keys.hold: eve on club:acme"}},
		{together(events.PermissionRestored{Kind: "club", Role: "treasurer", Permission: "club.books.write"}, events.PermissionRemoved{Permission: "club.keys.hold", Scope: board2}),
			[]string{"-club.keys.hold: it on circle:board", "+club.books.write: ben on club:acme, cat on club:acme"}},
	}
	for i, step := range steps {
		after := applied(t, before, step.events...)
		if diff := cmp.Diff(step.want, impactLines(DiffPermissions(before, after))); diff != "" {
			t.Errorf("step %d (-want +got)\n%s", i, diff)
		}
		before = after
	}
}

// Of many people who hold the same, it is found out once.
func BenchmarkDiffPermissions(b *testing.B) {
	parts := []any{clubFounded}
	for i := range 2000 {
		parts = append(parts, enrolled(person(i)))
	}
	before := given(parts...).fold(b)
	after := decided(b, before, when(ann, AdoptModel{Model: clubRicher}))
	for b.Loop() {
		DiffPermissions(before, after)
	}
}
