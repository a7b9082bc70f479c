package main

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rivo/uniseg"
	"pgregory.net/rapid"

	"tenure/api"
	"tenure/service"
)

func TestHarmless(t *testing.T) {
	t.Parallel()
	for _, each := range []struct{ in, want string }{
		{"", ""}, {"lea", "lea"}, {"2026-01-01", "2026-01-01"}, {"a=b", "a=b"},
		{"=1+1", "'=1+1"}, {"+1", "'+1"}, {"-1", "'-1"}, {"@x", "'@x"}, {"\tx", "'\tx"}, {"\rx", "'\rx"}, {"\n=1", "'\n=1"},
		{"＝1", "'＝1"}, {"＋1", "'＋1"}, {"－1", "'－1"}, {"＠x", "'＠x"}, {"é", "é"}, {"\xff=", "\xff="},
	} {
		if got := harmless(each.in); got != each.want {
			t.Errorf("harmless(%q) = %q, want %q", each.in, got, each.want)
		}
	}
}

func TestVisible(t *testing.T) {
	t.Parallel()
	for _, each := range []struct{ in, want string }{
		{"Zoë 山田 👩‍🌾", "Zoë 山田 👩‍🌾"},
		{"a\x1b[31mred", "a [31mred"},
		{"a\nb\r\tc\x00\x7f", "a b  c  "},
		{"csi\u009b31m", "csi 31m"},
		{"turned \u202e around \u2066 x\u200f", "turned   around   x "},
		{"two\u2028lines\u2029", "two lines "},
	} {
		if got := visible(each.in); got != each.want {
			t.Errorf("visible(%q) = %q, want %q", each.in, got, each.want)
		}
	}
}

// TestHostileNames prints a person whose every detail would drive a terminal,
// in all the texts that show people.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	evil := "x\x1b[2J\n\u202ey"
	grant := service.GrantView{Login: evil, OriginView: service.OriginView{By: evil, InvitedBy: evil, Revision: 1, ChangedBy: evil}, Role: "admin", Scope: "organization:acme"}
	for name, text := range map[string]string{
		"person": personText(service.PersonView{Login: evil, Name: evil, Email: evil, JobTitle: evil, ChangedBy: evil, Roles: []service.GrantView{grant}}),
		"answer": answerText(service.Answer{
			Login: evil, About: evil, Title: "See", Because: []service.GrantView{grant}, Unmet: []service.GrantView{grant}, Ask: []string{evil},
			Withheld: []service.WithheldView{{GrantView: grant, Who: evil}}, Idle: []service.IdleView{{GrantView: grant, SuspendedBy: evil}},
			Ceiling: &service.CeilingView{GrantView: grant, Capped: []service.GrantView{grant}},
		}, true),
		"responsible":   responsibleText(service.Responsible{Holders: []service.HolderView{{Login: evil, OriginView: grant.OriginView}}}),
		"notice":        noticeText(service.NoticeView{ID: "1", Login: evil, Concerns: evil, Title: evil, Problem: evil, Outcomes: []service.NoticeOutcome{{Problem: evil}}}, "acme"),
		"anonymization": anonymizationText(service.AnonymizationReceipt{Certificate: "kept: " + evil + "\ndestroyed: y\n"}, evil),
		"case": caseText(service.CaseView{
			Login: evil, Person: "01", By: evil, KeepGround: evil, KeptBy: evil, Decision: "keep", Revision: 1, State: "open",
			Alerts: []service.NoticeView{{Login: evil, Why: evil}}, Holds: []service.HoldView{{Ground: evil, By: evil}},
			Reminders: []service.ReminderView{{By: evil}}, Certificate: "a: " + evil + "\n",
		}, "acme"),
		"receipt": receiptText(service.Receipt{Changed: true, Events: []service.EventView{{Type: "person.registered", Login: evil}}}),
	} {
		if strings.ContainsAny(text, "\x1b\u202e") || strings.Contains(text, "\ny") || !strings.Contains(text, "y") {
			t.Errorf("%s: %q", name, text)
		}
	}
	var errs bytes.Buffer
	a := &app{errs: &errs}
	a.printProblem(&api.Problem{Detail: "There is no person " + evil + ".", Help: evil})
	if strings.ContainsAny(errs.String(), "\x1b\u202e") || strings.Count(errs.String(), "\n") != 2 {
		t.Errorf("problem: %q", errs.String())
	}
}

func TestMidSentence(t *testing.T) {
	t.Parallel()
	for _, each := range []struct{ in, want string }{{"", ""}, {"See it", "see it"}, {"Ändern", "ändern"}, {"権限", "権限"}} {
		if got := midSentence(each.in); got != each.want {
			t.Errorf("midSentence(%q) = %q, want %q", each.in, got, each.want)
		}
	}
}

// TestColumnsAlign draws cells of any letters: the second column begins at one
// place in all lines.
func TestColumnsAlign(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.Map(rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-zé山👩́]{0,6}`)), visible)
		rows := [][]string{}
		for _, first := range rapid.SliceOfN(cell, 1, 8).Draw(t, "first") {
			rows = append(rows, []string{strings.TrimSpace(first), "|"})
		}
		at := -1
		for _, line := range strings.Split(strings.TrimSuffix(align(rows), "\n"), "\n") {
			if line != strings.TrimRight(line, " ") {
				t.Fatalf("%q ends with a space", line)
			}
			before, is := strings.CutSuffix(line, "|")
			width := uniseg.StringWidth(before)
			if !is || at >= 0 && width != at {
				t.Fatalf("%q has its column at %d, others at %d", line, width, at)
			}
			at = width
		}
	})
}

// TestCSVReadsBack draws values: a CSV reader gets back each, at most with the
// quotation mark that makes it harmless.
func TestCSVReadsBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOf(rapid.String()).Draw(t, "values")
		var out bytes.Buffer
		err := print(&app{out: &out, format: "csv"}, values, "",
			column[string]{"some value", func(s string) string { return s }},
			column[string]{"end", func(string) string { return "end" }})
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&out).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"some_value", "end"}, rows[0]); diff != "" {
			t.Fatal(diff)
		}
		for i, value := range values {
			// CSV has one kind of line end.
			want := strings.ReplaceAll(value, "\r\n", "\n")
			if got := rows[i+1][0]; got != want && got != "'"+want {
				t.Fatalf("%q is read back as %q", value, got)
			}
			if got := rows[i+1][0]; got != "" && strings.ContainsRune("=+-@\t\r\n", rune(got[0])) {
				t.Fatalf("%q is a formula", got)
			}
		}
	})
}
