package rolemodel

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"
)

func parse(t rapid.TB, file string, source []byte) *Model {
	t.Helper()
	m, err := Parse(file, source)
	if err != nil {
		t.Fatalf("Parse: %v\n%s", err, source)
	}
	return m
}

// difference compares all that models hold, but for what conditions were compiled
// to: their expressions tell them apart. What points to an entry of the model is
// compared by its id, since entries point to each other in circles.
func difference(a, b *Model) string {
	options := cmp.Options{
		cmp.Exporter(func(reflect.Type) bool { return true }),
		cmpopts.IgnoreFields(Condition{}, "program", "model"),
		byID(func(k *Kind) string { return k.Name }),
		byID(func(f *Feature) string { return f.ID }),
		byID(func(p *Permission) string { return p.ID }),
		byID(func(r *Role) string { return r.ID() }),
		byID(func(d *Designation) string { return d.ID() }),
		byID(func(a *Audience) string { return a.ID }),
		byID(func(r *Recipients) string { return string(r.Message) }),
		byID(func(r *Resolver) string { return r.ID }),
		byID(func(f *Fact) string { return f.ID() }),
		byID(func(c *Condition) string { return c.ID }),
		byID(func(e *Edition) string { return e.ID }),
		byID(func(s *Section) string { return s.Title }),
		byID(func(t *Template) string { return t.ID() }),
	}
	diff := cmp.Diff(*a, *b, options)
	diff += entries(a.Kinds, b.Kinds, options) + entries(a.Features, b.Features, options) + entries(a.Permissions, b.Permissions, options)
	diff += entries(a.Roles, b.Roles, options) + entries(a.Designations, b.Designations, options) + entries(a.Audiences, b.Audiences, options)
	diff += entries(a.Messages, b.Messages, options) + entries(a.Resolvers, b.Resolvers, options) + entries(a.Facts, b.Facts, options)
	diff += entries(a.Conditions, b.Conditions, options) + entries(a.Editions, b.Editions, options) + entries(a.Sections, b.Sections, options)
	return diff + entries(a.Templates, b.Templates, options)
}

func byID[T any](id func(*T) string) cmp.Option {
	return cmp.Comparer(func(a, b *T) bool { return a == b || a != nil && b != nil && id(a) == id(b) })
}

// entries compares lists of the same ids entry by entry.
func entries[T any](a, b []*T, options cmp.Options) string {
	var diff string
	for i := range min(len(a), len(b)) {
		diff += cmp.Diff(*a[i], *b[i], options)
	}
	return diff
}

func TestCanonicalFormIsReadBack(t *testing.T) {
	models := append(List(), parse(t, "small.yaml", []byte(small)), parse(t, "firm.yaml", []byte(firm)), parse(t, "yard.yaml", []byte(yard)))
	for _, m := range models {
		again := parse(t, "canonical", m.Canonical())
		if diff := difference(m, again); diff != "" {
			t.Errorf("%s: %s", m.ID, diff)
		}
		if m.Digest() != sha256.Sum256(m.Canonical()) {
			t.Errorf("%s: the digest is not that of the canonical form", m.ID)
		}
	}
}

func TestCanonicalFormCannotBeChanged(t *testing.T) {
	m := parse(t, "small.yaml", []byte(small))
	clear(m.Canonical())
	parse(t, "canonical", m.Canonical())
}

// What changes the meaning changes the digest.
func TestDigestTellsModelsApart(t *testing.T) {
	m := parse(t, "small.yaml", []byte(small))
	other := parse(t, "small.yaml", []byte(strings.Replace(small, "at_most: 5", "at_most: 6", 1)))
	if m.Digest() == other.Digest() {
		t.Error("two models have one digest")
	}
}

// The same document, laid out and commented in any way, has one canonical form.
func TestLayoutDoesNotChangeTheCanonicalForm(t *testing.T) {
	var sources [][]byte
	var names []string
	for _, m := range List() {
		source, err := files.ReadFile("models/" + m.ID + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		sources, names = append(sources, source), append(names, m.ID)
	}
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.IntRange(0, len(sources)-1).Draw(t, "model")
		var node yaml.Node
		if err := yaml.Unmarshal(sources[i], &node); err != nil {
			t.Fatal(err)
		}
		dress(t, &node, false)
		var b bytes.Buffer
		encoder := yaml.NewEncoder(&b)
		encoder.SetIndent(rapid.IntRange(2, 8).Draw(t, "indent"))
		if err := encoder.Encode(&node); err != nil {
			t.Fatal(err)
		}
		want, err := Builtin(names[i])
		if err != nil {
			t.Fatal(err)
		}
		got := parse(t, "dressed.yaml", b.Bytes())
		if diff := cmp.Diff(string(want.Canonical()), string(got.Canonical())); diff != "" {
			t.Fatalf("%s\n%s", diff, b.String())
		}
	})
}

// dress gives nodes other comments and other styles.
func dress(t *rapid.T, n *yaml.Node, flow bool) {
	n.HeadComment, n.LineComment, n.FootComment = "", "", ""
	style := rapid.IntRange(0, 5).Draw(t, "style")
	switch n.Kind {
	case yaml.ScalarNode:
		if n.ShortTag() == "!!str" && !flow {
			n.Style = []yaml.Style{0, yaml.DoubleQuotedStyle, yaml.SingleQuotedStyle, yaml.FoldedStyle, yaml.LiteralStyle, 0}[style]
		} else if n.ShortTag() == "!!str" {
			n.Style = []yaml.Style{0, yaml.DoubleQuotedStyle, yaml.SingleQuotedStyle}[style%3]
		}
	case yaml.MappingNode, yaml.SequenceNode:
		n.Style = 0
		if flow = flow || style == 0; flow {
			n.Style = yaml.FlowStyle
		}
	}
	for i, child := range n.Content {
		key := n.Kind == yaml.MappingNode && i%2 == 0
		dress(t, child, flow || key)
		if !flow && (key || n.Kind == yaml.SequenceNode) && style == 1 {
			child.HeadComment = "# Why this is so."
		}
	}
}

// A text either has a canonical form that reads back to it, or is refused.
func TestTextsSurviveOrAreRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		title := rapid.OneOf(
			rapid.String(),
			rapid.StringMatching(`[ -~]{1,20}`),
			rapid.SampledFrom([]string{"no", "~", "<b>&", "a: b", "#", "1e3", "\u2028x", "x\u007f", "é́", "日本", "🗝", `"`, `\`, "- x"}),
		).Draw(t, "title")
		quoted := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.DoubleQuotedStyle, Value: title}
		text, err := yaml.Marshal(quoted)
		if err != nil {
			t.Skip("YAML cannot hold it")
		}
		source := strings.Replace(small, "title: Small\n", "title: "+string(text), 1)
		m, err := Parse("small.yaml", []byte(source))
		if err != nil {
			shape := shapes[reflect.TypeFor[line]()]
			if shape.pattern.MatchString(title) && utf8.RuneCountInString(title) <= shape.longest {
				t.Fatalf("a good title is refused: %v", err)
			}
			return
		}
		if want := strings.TrimRight(title, "\n"); m.Title != want {
			t.Fatalf("title %q became %q", title, m.Title)
		}
		if diff := difference(m, parse(t, "canonical", m.Canonical())); diff != "" {
			t.Fatal(diff)
		}
	})
}

// Between them, the old forms have every key of the format, every act and every
// message.
func TestOldCanonicalFormsHaveEveryKey(t *testing.T) {
	paths, err := filepath.Glob("testdata/v1/*.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	used := map[string]bool{}
	for _, path := range paths {
		old, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var d document
		if err := json.Unmarshal(old, &d); err != nil {
			t.Fatal(err)
		}
		all = append(all, old...)
		markUsed(reflect.ValueOf(d), used)
	}
	for _, missing := range unused(reflect.TypeFor[document](), used) {
		t.Errorf("no old form has %s", missing)
	}
	var words []string
	for _, a := range acts {
		words = append(words, string(a.act)+`"`)
	}
	for _, p := range prefixes {
		words = append(words, p.prefix)
	}
	for _, name := range messageNames() {
		words = append(words, name+`"`)
	}
	for _, word := range words {
		if !bytes.Contains(all, []byte(`"`+word)) {
			t.Errorf("no old form has \"%s", word)
		}
	}
}

// markUsed marks the fields of the document, and of its entries, that are not
// at their zero.
func markUsed(v reflect.Value, used map[string]bool) {
	switch v.Kind() {
	case reflect.Slice:
		for i := range v.Len() {
			markUsed(v.Index(i), used)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if !v.Field(i).IsZero() {
				used[v.Type().Name()+"."+v.Type().Field(i).Name] = true
			}
			markUsed(v.Field(i), used)
		}
	}
}

// unused lists the fields that are not marked.
func unused(of reflect.Type, used map[string]bool) []string {
	var missing []string
	for _, field := range reflect.VisibleFields(of) {
		if name := of.Name() + "." + field.Name; !used[name] {
			missing = append(missing, name)
		}
		entry := field.Type
		if entry.Kind() == reflect.Slice {
			entry = entry.Elem()
		}
		if entry.Kind() == reflect.Struct {
			missing = append(missing, unused(entry, used)...)
		}
	}
	return missing
}

// The ledger keeps canonical forms. Files under testdata/v1 are only ever added
// to; each must read back to itself for ever.
func TestOldCanonicalFormsStayReadable(t *testing.T) {
	paths, err := filepath.Glob("testdata/v1/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no old forms: %v", err)
	}
	for _, path := range paths {
		old, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		old = bytes.TrimSuffix(old, []byte("\n"))
		if diff := cmp.Diff(string(old), string(parse(t, path, old).Canonical())); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
}
