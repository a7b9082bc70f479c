package notifier

import (
	"bytes"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"tenure/events"
	"tenure/rolemodel"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file under testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, []byte(got)) {
		t.Errorf("%s differs; -update writes it anew. It is now:\n%s", path, got)
	}
}

// letters has a notice of each kind, and of the variants that read differently.
func letters() map[string]Notice {
	base := func(kind rolemodel.Message, g Ground, change func(*Notice)) Notice {
		n := Notice{
			ID: "abcdefghijklmnopqrstuvwx", Org: acme, Kind: kind, Revision: 42, Commit: someCommit, At: start,
			Actor: ann, Command: "role.grant", Recipient: cat, Subject: ben, Scope: org, Ground: g,
		}
		if g.Side != "" {
			n.Recipient = ben
		}
		if change != nil {
			change(&n)
		}
		return n
	}
	owners := Ground{Audience: "owners", Rule: "F04", Role: "organization.co_owner"}
	alone := Ground{Audience: "owners", Rule: "F04", Role: "organization.co_owner", Designation: "organization.main_owner"}
	compliance := Ground{Audience: "compliance_managers", Rule: "F07", Role: "organization.compliance_manager"}
	instead := Ground{Audience: "owners", Rule: "F04", Role: "organization.co_owner", Skipped: []Skipped{{"compliance_managers", "F07", Vacant}}}
	self := Ground{Side: Concerned}
	role := func(n *Notice) { n.Role = "co_owner" }
	reminder := func(n *Notice) {
		n.Actor, n.Reminder, n.Due, n.Count, n.Scope = events.Background, someReminder, start.Add(-time.Minute), 1, ""
	}
	transfer := func(n *Notice) { n.Role, n.Former, n.Actor = "owner", ann, ann }
	return map[string]Notice{
		"role.granted":                    base(rolemodel.RoleGranted, alone, func(n *Notice) { role(n); n.Until = start.AddDate(0, 1, 0) }),
		"role.granted-self":               base(rolemodel.RoleGranted, Ground{Side: Concerned, Audience: "owners", Rule: "F04", Role: "organization.co_owner"}, role),
		"role.granted-teamroom":           base(rolemodel.RoleGranted, owners, func(n *Notice) { n.Role, n.Scope, n.OnBehalfOf = "manager", room, dan }),
		"role.revoked":                    base(rolemodel.RoleRevoked, owners, role),
		"role.revoked-self":               base(rolemodel.RoleRevoked, self, role),
		"ownership.transferred":           base(rolemodel.OwnershipTransferred, owners, transfer),
		"ownership.transferred-new":       base(rolemodel.OwnershipTransferred, self, transfer),
		"ownership.transferred-former":    base(rolemodel.OwnershipTransferred, Ground{Side: FormerHolder}, func(n *Notice) { transfer(n); n.Recipient = ann }),
		"membership.terminated":           base(rolemodel.MembershipTerminated, compliance, nil),
		"membership.terminated-vacant":    base(rolemodel.MembershipTerminated, instead, nil),
		"membership.terminated-self":      base(rolemodel.MembershipTerminated, self, nil),
		"membership.terminated-room":      base(rolemodel.MembershipTerminated, owners, func(n *Notice) { n.Scope = room }),
		"membership.terminated-room-self": base(rolemodel.MembershipTerminated, self, func(n *Notice) { n.Scope = room }),
		"membership.terminated-deleted":   base(rolemodel.MembershipTerminated, self, func(n *Notice) { n.Scope, n.Cause, n.More = room, events.CauseScopeDeleted, 2 }),
		"role.revoked-deleted":            base(rolemodel.RoleRevoked, self, func(n *Notice) { n.Role, n.Scope, n.Cause, n.More = "manager", room, events.CauseScopeDeleted, 1 }),
		"role.revoked-terminated":         base(rolemodel.RoleRevoked, self, func(n *Notice) { n.Role, n.Cause = "administrator", events.CauseTermination }),
		"model.adopted":                   base(rolemodel.ModelAdopted, owners, func(n *Notice) { n.Model, n.Subject, n.Scope, n.Command = "fabasoft", "", "", "model.adopt" }),
		"reminder.due":                    base(rolemodel.ReminderDue, compliance, reminder),
		"reminder.due-retention":          base(rolemodel.ReminderDue, compliance, func(n *Notice) { reminder(n); n.Reminder, n.Count = "", 0 }),
		"reminder.overdue":                base(rolemodel.ReminderOverdue, compliance, func(n *Notice) { reminder(n); n.Kind, n.Count = rolemodel.ReminderOverdue, 3 }),
		"invitation.sent": base(rolemodel.InvitationSent, self, func(n *Notice) {
			n.Invitation, n.Role, n.Until = someInvitation, "administrator", start.AddDate(0, 0, 7)
		}),
		"invitation.sent-others": base(rolemodel.InvitationSent, owners, func(n *Notice) {
			n.Invitation, n.Role, n.Until = someInvitation, "administrator", start.AddDate(0, 0, 7)
		}),
		"grant.expiring":      base(rolemodel.GrantExpiring, owners, func(n *Notice) { n.Role, n.Scope, n.Until = "manager", room, start.AddDate(0, 0, 7) }),
		"grant.expiring-self": base(rolemodel.GrantExpiring, self, func(n *Notice) { role(n); n.Until = start.AddDate(0, 0, 7) }),
		"break_glass.used": base(rolemodel.BreakGlassUsed, Ground{Audience: "owners", Rule: "F04", Role: "organization.owner"}, func(n *Notice) {
			n.Actor, n.Reason, n.Event, n.Subject, n.Scope = events.Operator, "emergency", -1, "", ""
		}),
		"notice.parked": base(rolemodel.NoticeParked, Ground{Audience: "administrators", Rule: "F08", Role: "organization.administrator", Skipped: nil}, func(n *Notice) {
			n.Parked = &Parked{Code: 550, ID: "parkedparkedparkedparked", Kind: rolemodel.RoleGranted, Why: WhyRefused}
		}),
	}
}

func TestLetters(t *testing.T) {
	state := fold(t, "fabasoft", append(members(ben, cat), events.ScopeCreated{Scope: room, Parent: org})...)
	told := map[rolemodel.Message]bool{}
	for name, n := range letters() {
		told[n.Kind] = true
		letter, err := write(t.Context(), newNames(state), "https://tenure.example.com", &n)
		if err != nil {
			t.Fatal(err)
		}
		text, html, err := letter.render()
		if err != nil {
			t.Fatal(err)
		}
		// Nobody is sent to what they may not read.
		reads := state.MayAct(n.Recipient, rolemodel.HistoryRead, org)
		if strings.Contains(text, "tenure history revision:42 --org acme") != reads || strings.Contains(html, "tenure history") != reads {
			t.Errorf("%s: who may read the history is %t:\n%s", name, reads, text)
		}
		golden(t, name+".txt", "Subject: "+letter.Subject+"\n\n"+text)
		golden(t, name+".html", html)
		for _, part := range []string{text, html} {
			if !strings.Contains(part, "revision 42") || !strings.Contains(part, "March 4, 2026, 05:06 UTC") || !strings.Contains(part, "get this mail") {
				t.Errorf("%s does not say which event it is about:\n%s", name, part)
			}
		}
		if without, err := write(t.Context(), newNames(state), "", &n); err != nil || strings.Contains(must2(without.render()), "http") {
			t.Errorf("%s: links to pages that are not there, %v", name, err)
		}
	}
	for _, kind := range must(rolemodel.Builtin("fabasoft")).Messages {
		if !told[kind.Message] {
			t.Errorf("there is no letter for %s", kind.Message)
		}
	}
	// Whoever has the token can accept.
	for name, holds := range map[string]bool{"invitation.sent": true, "invitation.sent-others": false} {
		n, names := letters()[name], newNames(state)
		text := must2(must(write(t.Context(), names, "https://tenure.example.com", &n)).render())
		if strings.Contains(text, names.token) != holds {
			t.Errorf("%s: holds the token: %t\n%s", name, !holds, text)
		}
	}
	// F07: the three actions, by ids, as commands and as links.
	n := letters()["membership.terminated"]
	letter := must(write(t.Context(), newNames(state), "https://tenure.example.com", &n))
	for i, want := range []action{
		{Command: "tenure anonymize " + string(ben) + " --org acme", Link: "https://tenure.example.com/orgs/acme/cases/" + string(ben) + "#anonymize"},
		{Command: "tenure links " + string(ben) + " --org acme", Link: "https://tenure.example.com/orgs/acme/cases/" + string(ben) + "#links"},
		{Command: "tenure remind set " + string(ben) + " --at TIME --org acme", Link: "https://tenure.example.com/orgs/acme/cases/" + string(ben) + "#reminder"},
	} {
		if got := letter.Actions[i]; got.Command != want.Command || got.Link != want.Link {
			t.Errorf("%+v", got)
		}
	}
}

// whys are all codes of the type Why, by their constants' names.
func whys(t *testing.T) map[string]Why {
	t.Helper()
	file := must(parser.ParseFile(token.NewFileSet(), "message.go", nil, parser.SkipObjectResolution))
	all := map[string]Why{}
	for _, declaration := range file.Decls {
		d, general := declaration.(*ast.GenDecl)
		if !general || d.Tok != token.CONST {
			continue
		}
		for _, s := range d.Specs {
			spec := s.(*ast.ValueSpec)
			if kind, named := spec.Type.(*ast.Ident); named && kind.Name == "Why" {
				all[spec.Names[0].Name] = Why(must(strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)))
			}
		}
	}
	if len(all) < 9 {
		t.Fatalf("found %d codes: %v", len(all), all)
	}
	return all
}

// TestParkedLetters says of each code why the notice was parked, each in its own
// words.
func TestParkedLetters(t *testing.T) {
	state := fold(t, "fabasoft", members(ben, cat)...)
	lead := func(why Why) string {
		n := letters()["notice.parked"]
		n.Parked.Why = why
		return must(write(t.Context(), newNames(state), "", &n)).Lead[0]
	}
	seen := map[string]string{lead("of a later program"): "unknown"}
	for name, why := range whys(t) {
		if why == WhyAnonymized || why == WhyOver { // these are dropped
			continue
		}
		if other, said := seen[lead(why)]; said {
			t.Errorf("%s is said as %s is: %s", name, other, lead(why))
		}
		seen[lead(why)] = name
	}
}

func must2(text, html string, err error) string {
	if err != nil {
		panic(err)
	}
	return text + html
}

// TestGoneInLetters names people who are anonymized, and scopes and roles of
// which nothing is known any more.
func TestGoneInLetters(t *testing.T) {
	state := fold(t, "fabasoft")
	names := newNames(state)
	names.people[ben] = Person{Gone: true, Name: "Ben Baker"}
	names.people[dan] = Person{Address: "dan@example.com"}
	delete(names.people, ann)
	names.titles = nil
	n := letters()["role.granted-teamroom"]
	n.Role = "abolished"
	text := must2(must(write(t.Context(), names, "", &n)).render())
	for _, want := range []string{"anonymized person " + string(ben) + " now holds the role abolished in teamroom:plans, acme", "person " + string(ann) + ", on behalf of dan@example.com"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "Baker") {
		t.Error("it names somebody who is gone")
	}
}

// hostile are names that try to be more.
var hostile = []string{
	"Ann\r\nBcc: all@example.com\r\n\r\nBody", "Ann\nSubject: other", "\x00\x07Ann\x1b[31m", `Ann "Quote" \ <ann@evil.example>, other@example.com`,
	"\u202egnp.exe\u202c Ann\u200f", strings.Repeat("Ann ", 2500), "{{.Subject}} {{template \"x\"}}", "<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`,
	"=?utf-8?q?Bcc=3A_all=40example.com=0D=0A?=", "Ann\u2028Line\u2029Paragraph\u0085Next", "\xff\xfe", "A\u0300" + strings.Repeat("\u0301", 500), "عنوان", "&lt;b&gt;", "",
	"Ann\r\n.\r\nMAIL FROM:<x@example.com>", "$(reboot) `reboot` 'x'", "\U000e0041\U000e0042", "%s %n %!d",
}

func TestPlain(t *testing.T) {
	for _, name := range hostile {
		got := plain(name)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > longestName+2 || strings.TrimSpace(got) != got {
			t.Errorf("%.40q gives %q", name, got)
		}
		inside := strings.TrimSuffix(strings.TrimPrefix(got, "\u2068"), "\u2069")
		for _, r := range inside {
			if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co) || unicode.IsSpace(r) && r != ' ' {
				t.Errorf("%.40q gives %q, with %U", name, got, r)
			}
		}
	}
	for name, want := range map[string]string{
		"  Ann \t Author ": "Ann Author", "Zoë Ångström": "Zoë Ångström", "می\u200cخواهم": "\u2068می\u200cخواهم\u2069", "👩\u200d💻 Ann": "👩\u200d💻 Ann",
		"\u202egnp.exe\u202c": "gnp.exe",
	} {
		if got := plain(name); got != want {
			t.Errorf("%q gives %q", name, got)
		}
	}
	for word, want := range map[string]string{"tok-en_1": "tok-en_1", "": "''", "a b": "'a b'", "it's": `'it'\''s'`, "$(x)": "'$(x)'"} {
		if got := quoted(word); got != want {
			t.Errorf("%q gives %s", word, got)
		}
	}
}
