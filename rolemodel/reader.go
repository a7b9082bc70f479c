package rolemodel

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"cel.dev/cel-go/common"
	"go.yaml.in/yaml/v3"
)

// mostBytes is the largest file that is read.
const mostBytes = 1 << 20

// reader takes a file into a [document], keeping where each value stood and
// what was wrong.
type reader struct {
	file     string
	source   []byte
	problems Problems
	// crowded says that there were more problems than are kept.
	crowded bool
	// places finds the node that a value was read from by the value's address
	// in the document, for instance &role.AtLeast. So the document must neither
	// be copied nor have its lists appended to.
	places map[any]*yaml.Node
	// latest is the line of the source that was looked at last, and its number: a
	// file may be one long line with many problems.
	latest []rune
	number int
}

// read takes in the source. Values that were wrong are left out of the
// document, so that the rest can be checked further. The document is nil where
// there is nothing to check.
func (r *reader) read(source []byte) *document {
	r.source, r.places = source, map[any]*yaml.Node{}
	node := r.parse(source)
	if node == nil {
		return nil
	}
	d := new(document)
	r.value(node, reflect.ValueOf(d).Elem())
	return d
}

// parse returns the one node at the top of the one YAML document in source, or
// nil after adding a problem.
func (r *reader) parse(source []byte) *yaml.Node {
	start := &yaml.Node{Line: 1, Column: 1}
	if len(source) > mostBytes {
		r.problem(start, "the file is larger than %d bytes", mostBytes)
		return nil
	}
	if bytes.HasPrefix(source, []byte("\xff\xfe")) || bytes.HasPrefix(source, []byte("\xfe\xff")) {
		r.problem(start, "the file is in UTF-16; save it in UTF-8") // which YAML could be, and JSON cannot
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(source))
	var top, next yaml.Node
	switch err := decoder.Decode(&top); {
	case errors.Is(err, io.EOF):
		r.problem(start, "the file is empty")
		return nil
	case err != nil:
		r.syntax(err)
		return nil
	}
	switch err := decoder.Decode(&next); {
	case err == nil:
		r.problem(&next, "a second document; one file is one role model")
		return nil
	case !errors.Is(err, io.EOF):
		r.syntax(err)
		return nil
	}
	return top.Content[0]
}

var (
	syntaxError = regexp.MustCompile(`(?s)^yaml: (?:line (\d+): )?(.*)$`)
	// The library counts lines from 1 where it fails to make tokens, and from
	// 0 where it fails to make sense of them: then it says one of these.
	fromZero = regexp.MustCompile(`^did not find expected (node content|<document start>|'-' indicator|key|',' or)`)
)

// syntax adds the YAML reader's own complaint. It names at most the line where
// the broken thing begins, and that in words; where it names none, the place is
// where it stopped reading.
func (r *reader) syntax(err error) {
	var at *yaml.Node
	message := err.Error()
	if part := syntaxError.FindStringSubmatch(message); part != nil {
		if n, err := strconv.Atoi(part[1]); err == nil && n > 0 {
			at = &yaml.Node{Line: n, Column: 1}
			if fromZero.MatchString(part[2]) {
				at.Line++
			}
		}
		message = part[2]
	}
	if at == nil {
		at = r.stop()
	}
	r.problem(at, "not YAML: %s", message)
}

// stop is the place of the first character that is none or cannot stand in YAML, or
// else of the last one that the YAML reader looks at before it gives up.
func (r *reader) stop() *yaml.Node {
	slow := &byByte{source: r.source}
	for decoder := yaml.NewDecoder(slow); decoder.Decode(new(yaml.Node)) == nil; {
	}
	at := &yaml.Node{Line: 1}
	for rest := bytes.TrimPrefix(r.source[:slow.read], []byte("\ufeff")); ; {
		character, size := utf8.DecodeRune(rest)
		at.Column++
		refused := character == utf8.RuneError && size == 1 || unicode.IsControl(character) && !strings.ContainsRune("\t\n\r\u0085", character)
		if rest = rest[size:]; len(rest) == 0 || refused {
			return at
		}
		if character == '\n' {
			at.Line, at.Column = at.Line+1, 0
		}
	}
}

// byByte gives a source byte by byte, and counts.
type byByte struct {
	source []byte
	read   int
}

// Read implements [io.Reader].
func (b *byByte) Read(into []byte) (int, error) {
	if b.read == len(b.source) || len(into) == 0 {
		return 0, io.EOF
	}
	into[0] = b.source[b.read]
	b.read++
	return 1, nil
}

// problem adds one at the node.
func (r *reader) problem(n *yaml.Node, format string, args ...any) {
	if len(r.problems) >= mostProblems {
		r.crowded = true
		return
	}
	// What stands twice in a text may have the same place.
	if p := (Problem{r.file, n.Line, n.Column, fmt.Sprintf(format, args...)}); !slices.Contains(r.problems, p) {
		r.problems = append(r.problems, p)
	}
}

// report is what the reader and those who used it have found.
func (r *reader) report() Problems {
	sorted := r.problems.sorted()
	if r.crowded {
		last := sorted[len(sorted)-1]
		last.Message = "there are more problems than are listed here"
		sorted = append(sorted, last)
	}
	return sorted
}

// at is where the value at that address of the document stood, or else where
// the entry stood that lacks it.
func (r *reader) at(address, entry any) *yaml.Node {
	if n := r.places[address]; n != nil {
		return n
	}
	return r.places[entry]
}

// absent says whether the file gives nothing for the value at that address.
func (r *reader) absent(address any) bool {
	n := r.places[address]
	return n == nil || n.Kind == yaml.SequenceNode && len(n.Content) == 0
}

// line is the line of the value at that address of the document.
func (r *reader) line(address any) int { return r.places[address].Line }

// within is the place of a character of the text at the node, where the file has
// the text's line as it is; else that of the node.
func (r *reader) within(n *yaml.Node, in common.Location) *yaml.Node {
	lines := strings.Split(n.Value, "\n")
	if in.Line() < 1 || in.Line() > len(lines) || in.Column() < 0 {
		return n
	}
	text, at, before := []rune(lines[in.Line()-1]), n.Line, n.Column-1
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		at += in.Line()
		before = len(r.sourceLine(at)) - len(text)
	} else if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		before++
	}
	source := r.sourceLine(at)
	if before < 0 || before > len(source) || !slices.Equal(text, source[before:min(before+len(text), len(source))]) {
		return n
	}
	return &yaml.Node{Line: at, Column: before + in.Column() + 1}
}

// sourceLine is one line of the file, counted from 1; empty past the end.
func (r *reader) sourceLine(number int) []rune {
	if number == r.number {
		return r.latest
	}
	r.latest, r.number = nil, number
	rest := r.source
	for ; number > 1; number-- {
		_, after, more := bytes.Cut(rest, []byte("\n"))
		if !more {
			return nil
		}
		rest = after
	}
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	r.latest = []rune(string(bytes.TrimSuffix(line, []byte("\r"))))
	return r.latest
}

// value reads one node as the Go type says.
func (r *reader) value(n *yaml.Node, into reflect.Value) {
	r.places[into.Addr().Interface()] = n
	if marked(n) {
		r.problem(n, "anchors and aliases are not allowed; write the value out")
		return
	}
	switch into.Kind() {
	case reflect.Struct:
		r.mapping(n, into)
	case reflect.Slice:
		r.list(n, into)
	case reflect.String:
		r.text(n, into)
	case reflect.Bool:
		yes := strings.EqualFold(n.Value, "true")
		if !scalar(n, "!!bool") || !yes && !strings.EqualFold(n.Value, "false") {
			r.problem(n, "want true or false, found %s", found(n))
			return
		}
		into.SetBool(yes)
	case reflect.Int:
		number, err := strconv.Atoi(n.Value)
		if !scalar(n, "!!int") || err != nil || number < 1 || number > mostCount {
			r.problem(n, "want a whole number from 1 to %d, found %s; leave the key out for no bound", mostCount, found(n))
			return
		}
		into.SetInt(int64(number))
	default:
		panic("rolemodel: the document has a field of type " + into.Type().String())
	}
}

func (r *reader) mapping(n *yaml.Node, into reflect.Value) {
	fields := reflect.VisibleFields(into.Type())
	if n.Kind != yaml.MappingNode {
		r.problem(n, "want a mapping with the keys %s; found %s", keys(fields), found(n))
		return
	}
	first := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		field := slices.IndexFunc(fields, func(f reflect.StructField) bool {
			name, _ := keyOf(f)
			return scalar(key, "!!str") && key.Value == name
		})
		switch {
		case marked(key):
			r.problem(key, "anchors and aliases are not allowed; write the key out")
		case field < 0:
			r.problem(key, "unknown key %s; known here: %s", keyFound(key), keys(fields))
		case first[key.Value] != nil:
			r.problem(key, "key %q stands here twice, first on line %d", key.Value, first[key.Value].Line)
		default:
			first[key.Value] = key
			if r.fits(value, fields[field]) {
				r.value(value, into.FieldByIndex(fields[field].Index))
			}
		}
	}
	for _, field := range fields {
		if name, required := keyOf(field); required && first[name] == nil {
			r.problem(n, "key %q is missing", name)
		}
	}
}

// fits says whether a list is neither too long nor empty where it must not be.
func (r *reader) fits(n *yaml.Node, field reflect.StructField) bool {
	if field.Type.Kind() != reflect.Slice || n.Kind != yaml.SequenceNode {
		return true
	}
	name, required := keyOf(field)
	if required && len(n.Content) == 0 {
		r.problem(n, "%q must not be empty", name)
		return false
	}
	if most := mostOf(field); len(n.Content) > most {
		r.problem(n, "%q has %d entries; at most %d are allowed", name, len(n.Content), most)
		return false
	}
	return true
}

// list reads entries, or references, none of which may stand twice.
func (r *reader) list(n *yaml.Node, into reflect.Value) {
	if n.Kind != yaml.SequenceNode {
		r.problem(n, "want a list, found %s", found(n))
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(n.Content), len(n.Content)))
	seen := map[string]bool{}
	for i, entry := range n.Content {
		r.value(entry, into.Index(i))
		if into.Type().Elem().Kind() != reflect.String {
			continue
		}
		if text := into.Index(i).String(); text != "" && seen[text] {
			r.problem(entry, "%s stands in this list twice", quoted(text))
		} else {
			seen[text] = true
		}
	}
}

func (r *reader) text(n *yaml.Node, into reflect.Value) {
	if !scalar(n, "!!str") {
		hint := ""
		if n.Kind == yaml.ScalarNode && n.Value != "" {
			hint = "; put it in quotes if it is text"
		}
		r.problem(n, "want text, found %s%s", found(n), hint)
		return
	}
	// The line break that ends a block is layout, not text.
	text := strings.TrimRight(n.Value, "\n")
	shape, bound := shapes[into.Type()]
	if bound && (utf8.RuneCountInString(text) > shape.longest || !shape.pattern.MatchString(text)) {
		r.problem(n, "want %s; found %s", shape.want, quoted(text))
		return
	}
	into.SetString(text)
}

// keyOf is the key of a field, and whether it is required.
func keyOf(field reflect.StructField) (name string, required bool) {
	name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
	return name, !strings.HasPrefix(options, "omitempty")
}

// mostOf is how many entries the field's list may have.
func mostOf(field reflect.StructField) int {
	if most, err := strconv.Atoi(field.Tag.Get("most")); err == nil {
		return most
	}
	return mostBytes
}

func keys(fields []reflect.StructField) string {
	names := make([]string, len(fields))
	for i, field := range fields {
		names[i], _ = keyOf(field)
	}
	return strings.Join(names, ", ")
}

func marked(n *yaml.Node) bool { return n.Anchor != "" || n.Kind == yaml.AliasNode }

func scalar(n *yaml.Node, tag string) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == tag }

// found describes a node for a message.
func found(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	switch n.ShortTag() {
	case "!!str":
		return "the text " + quoted(n.Value)
	case "!!null":
		return "nothing"
	case "!!bool", "!!int", "!!float", "!!timestamp", "!!merge":
		return shortened(n.Value)
	default:
		return "a value tagged " + quoted(n.Tag)
	}
}

// keyFound is like found, for a key.
func keyFound(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode {
		return quoted(n.Value)
	}
	return found(n)
}

func quoted(text string) string { return strconv.Quote(shortened(text)) }

// shortened keeps a message readable whatever the file holds.
func shortened(text string) string { return shortenedTo(text, 60) }

func shortenedTo(text string, most int) string {
	if characters := []rune(text); len(characters) > most {
		return string(characters[:most]) + "…"
	}
	return text
}
