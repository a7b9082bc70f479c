package rolemodel

import (
	"fmt"
	"strings"
	"testing"
)

// fill repeats the piece up to the size of the largest file.
func fill(before, piece, after string) string {
	room := mostBytes - len(before) - len(after)
	return before + strings.Repeat(piece, room/len(piece)) + after
}

func TestHostileDocuments(t *testing.T) {
	bomb := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for i := 'b'; i <= 'z'; i++ {
		bomb += fmt.Sprintf("%c: &%[1]c [*%c%s]\n", i, i-1, strings.Repeat(fmt.Sprintf(", *%c", i-1), 9))
	}
	tests := []struct{ name, source, first string }{
		{"too large", fill("# ", "x", "") + "x", "1:1: the file is larger than 1048576 bytes"},
		{"aliases of aliases", bomb, `1:1: unknown key "a"; known here: ` + documentKeys},
		{"nested flow", fill("", "[", ""), "1:10004: not YAML: exceeded max depth of 10000"},
		{"nested blocks", fill("", "- ", ""), "1:20004: not YAML: exceeded max depth of 10000"},
		{"nested entries", "roles: " + strings.Repeat("[", 9000) + strings.Repeat("]", 9000), `1:1: key "model" is missing`},
		{"wide", fill("roles: [{id: desk.a, replaces: [", "desk.b,", "]}]"), `1:40: "desk.b" stands in this list twice`},
		{"comments", strings.Repeat("a: #\n", 20_000), `1:1: unknown key "a"; known here: ` + documentKeys},
		{"one long text", fill("title: \"", "x", "\""), `1:1: key "model" is missing`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse("hostile.yaml", []byte(test.source))
			if err == nil {
				t.Fatal("accepted")
			}
			requireProblems(t, err)
			first, _, _ := strings.Cut(err.Error(), "\n")
			if want := "hostile.yaml:" + test.first; first != want {
				t.Errorf("got  %s\nwant %s", first, want)
			}
			if size := len(err.Error()); size > 1<<20 {
				t.Errorf("the message takes %d bytes", size)
			}
		})
	}
}

// A file within the bound must not become a model whose own canonical form is
// past it.
func TestCanonicalFormPastTheBound(t *testing.T) {
	var list strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&list, "- {id: desk.p%d, title: P, section: S}\n", i)
	}
	permissions := list.String()
	var ids strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&ids, "desk.p%d,", i)
	}
	var holders strings.Builder
	for i := 0; holders.Len()+len(permissions)+len(small)+2*ids.Len() < mostBytes; i++ {
		fmt.Fprintf(&holders, "  - {id: desk.r%d, title: R, granted_by: [company.owner], permissions: [%s]}\n", i, ids.String())
	}
	source := strings.Replace(small, "permissions:\n", "permissions:\n"+indented(permissions), 1) + holders.String()
	if len(source) > mostBytes {
		t.Fatalf("the source itself is past the bound: %d", len(source))
	}
	_, err := Parse("large.yaml", []byte(source))
	if err == nil {
		t.Fatal("accepted")
	}
	if !strings.HasPrefix(err.Error(), "large.yaml:1:1: the model takes ") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %.300s", err)
	}
}

func indented(lines string) string {
	return "  " + strings.ReplaceAll(strings.TrimSuffix(lines, "\n"), "\n", "\n  ") + "\n"
}

func TestProblemsAreBounded(t *testing.T) {
	_, err := Parse("f", []byte(strings.Repeat("a: 1\n", 5000)))
	problems, are := err.(Problems)
	if !are || len(problems) != mostProblems+1 {
		t.Fatalf("got %d problems, want %d and a note", len(problems), mostProblems)
	}
	last := problems[mostProblems]
	if want := "there are more problems than are listed here"; last.Message != want {
		t.Errorf("last is %q, want %q", last.Message, want)
	}
	if last.Line != problems[mostProblems-1].Line {
		t.Errorf("the note is on line %d, the problem before it on %d", last.Line, problems[mostProblems-1].Line)
	}
}
