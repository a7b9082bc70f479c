package api

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tenure/rolemodel"
)

// runner runs a test of a rule, or takes note of its name.
type runner interface {
	Run(name string, test func(t *testing.T)) bool
}

// rulesOf has the tests of every model. A name is the number of the rule, and
// what is shown of it in words.
var rulesOf = []func(runner){
	allRules, githubRules,
	cadenceRules, fabasoftRules, mangoappsRules, cascadeRules, zudelloRules,
}

// TestRules has nothing that the other tests would not show about goroutines, so
// that -short, for the race detector, leaves it out.
func TestRules(t *testing.T) {
	if testing.Short() {
		t.Skip("each rule has a server of its own")
	}
	for _, of := range rulesOf {
		of(abreast{t})
	}
}

// abreast runs tests in parallel.
type abreast struct{ *testing.T }

func (a abreast) Run(name string, test func(*testing.T)) bool {
	return a.T.Run(name, func(t *testing.T) {
		t.Parallel()
		test(t)
	})
}

// named takes note of the tests of each rule.
type named map[string][]string

func (n named) Run(name string, _ func(*testing.T)) bool {
	rule, _, _ := strings.Cut(name, "_")
	n[rule] = append(n[rule], name)
	return true
}

var updatePage = flag.Bool("update-rules", false, "write docs/rules.md anew")

const rulesPage = "../docs/rules.md"

// Every rule has a test, every test a rule, and every rule of a model a line of
// it that carries it.
func TestRulesPage(t *testing.T) {
	tests := named{}
	for _, of := range rulesOf {
		of(tests)
	}
	carried := carriedBy(t)
	page := &bytes.Buffer{}
	page.WriteString(`# The rules

<!-- Written by TestRulesPage from rolemodel/rules/, the models and the tests.
     After a change there: go test ./api -run TestRulesPage -update-rules -->

What the role systems of the products demand, numbered as refusals and answers
name it; the tests that show each rule through the HTTP API with people's own
keys (` + "`go test ./api -run TestRules/F04`" + `); and the lines of the models that carry it. A
rule marked * is not said by a source: it was decided here.
`)
	title := ""
	known := map[string]bool{}
	for _, r := range rolemodel.Rules() {
		known[r.ID] = true
		if r.Title != title {
			title = r.Title
			fmt.Fprintf(page, "\n## %s\n", title)
			if r.Model != "" {
				fmt.Fprintf(page, "\nModel: [%s](../rolemodel/models/%[1]s.yaml)\n", r.Model)
			}
			page.WriteString("\n| rule | what it means | shown by | carried by |\n|---|---|---|---|\n")
		}
		chosen := ""
		if r.Chosen {
			chosen = " *"
		}
		var shown, lines []string
		for _, name := range slices.Sorted(slices.Values(tests[r.ID])) {
			_, words, _ := strings.Cut(name, "_")
			shown = append(shown, strings.ReplaceAll(words, "_", " "))
		}
		for _, line := range carried[r.ID] {
			if r.Model != "" && line.model == r.Model {
				lines = append(lines, fmt.Sprint(line.number))
			}
		}
		if len(shown) == 0 {
			t.Errorf("no test shows %s: %s", r.ID, r.Means)
		}
		if r.Model != "" && len(lines) == 0 {
			t.Errorf("no line of %s carries %s", r.Model, r.ID)
		}
		by := "the engine"
		if len(lines) > 0 {
			by = "line " + strings.Join(lines, ", ")
		}
		fmt.Fprintf(page, "| %s%s | %s | %s | %s |\n", r.ID, chosen, r.Means, strings.Join(shown, "; "), by)
	}
	for rule, names := range tests {
		if !known[rule] {
			t.Errorf("%s shows no rule: there is no %s", names[0], rule)
		}
	}
	for rule, lines := range carried {
		if !known[rule] {
			t.Errorf("%s.yaml:%d cites %s, which there is not", lines[0].model, lines[0].number, rule)
		}
	}
	if *updatePage {
		if err := os.WriteFile(rulesPage, page.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	stored, err := os.ReadFile(rulesPage)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(stored, page.Bytes()) {
		t.Error("docs/rules.md is not current: run go test ./api -run TestRulesPage -update-rules")
	}
}

type modelLine struct {
	model  string
	number int
}

// citation is the number of a rule, in a key or in a comment.
var citation = regexp.MustCompile(`\b[A-Z][0-9]{2}[a-z]?(\.[0-9]{2})?\b`)

// carriedBy finds the lines of the models that cite each rule.
func carriedBy(t *testing.T) map[string][]modelLine {
	t.Helper()
	carried := map[string][]modelLine{}
	files, err := filepath.Glob("../rolemodel/models/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		model := strings.TrimSuffix(filepath.Base(file), ".yaml")
		for i, line := range strings.Split(string(source), "\n") {
			for _, rule := range citation.FindAllString(line, -1) {
				carried[rule] = append(carried[rule], modelLine{model, i + 1})
			}
		}
	}
	return carried
}
