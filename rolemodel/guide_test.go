package rolemodel

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

const guideFile = "../docs/models.md"

// guide is the page for people who write a model.
func guide(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile(guideFile)
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// The models on the page are in order, as they stand there, and nothing in them
// looks like a mistake.
func TestModelsOfTheGuide(t *testing.T) {
	var ids []string
	for _, block := range strings.Split(guide(t), "```yaml\n")[1:] {
		source, _, closed := strings.Cut(block, "\n```\n")
		if !closed {
			t.Errorf("a block has no end: %.40s", block)
		}
		if strings.HasPrefix(source, "model: ") {
			m, warnings, err := Check(guideFile, []byte(source))
			if err != nil || len(warnings) > 0 {
				t.Fatalf("%v%v", err, warnings)
			}
			ids = append(ids, m.ID)
		}
	}
	requireIDs(t, "models on the page", ids, "club", "choirs")
}

// The page has every key, act, message and name of the language, and no other
// act.
func TestGuideIsComplete(t *testing.T) {
	page := guide(t)
	var words []string
	for _, a := range acts {
		words = append(words, string(a.act))
	}
	for _, p := range prefixes {
		words = append(words, p.prefix+p.argument)
	}
	words = append(words, messageNames()...)
	for _, n := range names {
		words = append(words, n.name)
	}
	words = append(words, attributePrefix+"NAME", `holder.holds("KIND.ROLE")`, `person.holds("KIND.ROLE")`)
	words = append(words, keysOf(reflect.TypeFor[document]())...)
	for _, word := range words {
		if !strings.Contains(page, "`"+word+"`") && !strings.Contains(page, "`"+word+":") {
			t.Errorf("the page lacks `%s`", word)
		}
	}
	_, table, _ := strings.Cut(page, "## Acts\n")
	table, _, _ = strings.Cut(table, "\n## ")
	for _, row := range strings.Split(table, "\n| ")[1:] {
		cell, _, _ := strings.Cut(row, " |")
		for i, word := range strings.Split(cell, "`") {
			if i%2 == 1 && !slices.Contains(actNames(), word) {
				t.Errorf("the page has an act that there is not, %q", word)
			}
		}
	}
}

// keysOf lists the keys of the document and of its entries.
func keysOf(of reflect.Type) []string {
	var keys []string
	for _, field := range reflect.VisibleFields(of) {
		name, _ := keyOf(field)
		keys = append(keys, name)
		entry := field.Type
		if entry.Kind() == reflect.Slice {
			entry = entry.Elem()
		}
		if entry.Kind() == reflect.Struct {
			keys = append(keys, keysOf(entry)...)
		}
	}
	return keys
}
