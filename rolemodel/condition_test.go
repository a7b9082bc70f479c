package rolemodel

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"cel.dev/cel-go/cel"
	"github.com/google/go-cmp/cmp"
)

// setting is what a condition is judged by in tests: a name that is not in it is
// empty or false.
type setting struct {
	named      map[string]any
	attributes map[string]string
	holder     []string
	person     []string
	asked      *[]string // which names and roles were looked at
}

func (s setting) note(what string) {
	if s.asked != nil {
		*s.asked = append(*s.asked, what)
	}
}

func (s setting) Fact(name string) any {
	s.note(name)
	if value, known := s.named[name]; known {
		return value
	}
	for _, n := range names {
		if n.name == name && n.kind == cel.BoolType {
			return false
		} else if n.name == name {
			return ""
		}
	}
	return nil
}

func (s setting) Attribute(id string) string {
	s.note(id)
	return s.attributes[id]
}

func (s setting) HolderHolds(role *Role) bool {
	s.note("holder " + role.ID())
	return slices.Contains(s.holder, role.ID())
}

func (s setting) PersonHolds(role *Role) bool {
	s.note("person " + role.ID())
	return slices.Contains(s.person, role.ID())
}

// where is the yard with another expression in the place of its condition
// "workers".
func where(expression string) string {
	before, after, _ := strings.Cut(yard, "    when: >\n")
	_, after, _ = strings.Cut(after, "\n")
	return before + "    when: '" + strings.ReplaceAll(expression, "'", "''") + "'\n" + after
}

func TestConditionsAreMet(t *testing.T) {
	worker := map[string]any{PersonGiven: true, PersonMemberKind: "worker"}
	for _, c := range []struct {
		expression string
		in         setting
		want       bool
	}{
		{`true`, setting{}, true},
		{`false`, setting{}, false},
		{`target.attributes.tours == "offered"`, setting{attributes: map[string]string{"tours": "offered"}}, true},
		{`target.attributes.tours == "offered"`, setting{attributes: map[string]string{"tours": "off"}}, false},
		// A kind without the attribute has no value for it.
		{`target.attributes.tours == "offered"`, setting{}, false},
		{`target.attributes.tours == ""`, setting{}, true},
		{`target.attributes.tours != "offered"`, setting{}, true},
		{`!person.given || person.member_kind == "worker"`, setting{}, true},
		{`!person.given || person.member_kind == "worker"`, setting{named: worker}, true},
		{`!person.given || person.member_kind == "worker"`, setting{named: map[string]any{PersonGiven: true}}, false},
		{`target.parent == "dock" ? person.self : person.active`, setting{named: map[string]any{TargetParent: "dock", PersonActive: true}}, false},
		{`target.parent == "dock" ? person.self : person.active`, setting{named: map[string]any{PersonActive: true}}, true},
		{`target.kind in ["yard", "dock"]`, setting{named: map[string]any{TargetKind: "dock"}}, true},
		{`target.kind in ["yard", "dock"]`, setting{named: map[string]any{TargetKind: "vessel"}}, false},
		{`["yard", "dock"].exists(k, k == target.kind)`, setting{named: map[string]any{TargetKind: "dock"}}, true},
		{`[person.member, person.member_here].all(x, x)`, setting{named: map[string]any{PersonMember: true}}, false},
		{`[person.member, person.member_here].exists_one(x, x)`, setting{named: map[string]any{PersonMember: true}}, true},
		{`[person.member, person.member_here].filter(x, x).size() > 0`, setting{named: map[string]any{PersonMember: true}}, true},
		{`"dock" in [target.kind, target.parent].map(k, k)`, setting{named: map[string]any{TargetParent: "dock"}}, true},
		{`target.kind.startsWith("do") && target.kind.endsWith("ck") && target.kind.contains("o") && size(target.kind) >= 4`, setting{named: map[string]any{TargetKind: "dock"}}, true},
		{`target.kind + target.parent == "dockyard" && target.kind < target.parent`, setting{named: map[string]any{TargetKind: "dock", TargetParent: "yard"}}, true},
		{`person.member_kind == holder.member_kind && edition == "large" && !target.archived && !person.invited`,
			setting{named: map[string]any{EditionInForce: "large"}}, true},
		{`holder.holds("yard.owner")`, setting{holder: []string{"yard.owner"}}, true},
		{`holder.holds("yard.owner")`, setting{person: []string{"yard.owner"}}, false},
		{`person.holds("yard.owner") && !holder.holds("dock.master")`, setting{person: []string{"yard.owner"}}, true},
		// What does not decide may fail.
		{`9223372036854775807 + 1 > 0 || person.given`, setting{named: worker}, true},
		// What cannot be told is not met, and neither is its opposite.
		{`9223372036854775807 + size(target.kind) > 0`, setting{named: map[string]any{TargetKind: "dock"}}, false},
		{`!(9223372036854775807 + size(target.kind) > 0)`, setting{named: map[string]any{TargetKind: "dock"}}, false},
	} {
		m := parse(t, "yard.yaml", []byte(where(c.expression)))
		if got := condition(t, m, "workers").Met(c.in); got != c.want {
			t.Errorf("%s in %+v: %v, want %v", c.expression, c.in, got, c.want)
		}
	}
}

// Every name is asked for as what it is, and only where the expression gets to
// it.
func TestConditionsAskForWhatTheyName(t *testing.T) {
	for _, n := range names {
		expression, in := n.name, setting{asked: new([]string), named: map[string]any{n.name: true}}
		if n.kind == cel.StringType {
			expression += ` > ""`
			in.named[n.name] = "x"
		}
		m := parse(t, "yard.yaml", []byte(where(expression)))
		if !condition(t, m, "workers").Met(in) || !slices.Equal(*in.asked, []string{n.name}) {
			t.Errorf("%s asks for %v", expression, *in.asked)
		}
	}
	for expression, want := range map[string][]string{
		`target.attributes.season == "winter" && person.self`:                              {"season"},
		`person.given || target.archived`:                                                  {PersonGiven, TargetArchived},
		`holder.holds("yard.owner") || person.holds("dock.master") && person.self`:         {"holder yard.owner", "person dock.master"},
		`target.parent == "" ? holder.holds("yard.owner") : person.holds("yard.owner")`:    {TargetParent, "holder yard.owner"},
		`["off", "offered"].exists(v, target.attributes.tours == v) && edition == "large"`: {"tours", "tours"},
	} {
		in := setting{asked: new([]string)}
		m := parse(t, "yard.yaml", []byte(where(expression)))
		condition(t, m, "workers").Met(in)
		if diff := cmp.Diff(want, *in.asked); diff != "" {
			t.Errorf("%s asks for: %s", expression, diff)
		}
	}
}

// Run with -race: conditions are evaluated by any number of goroutines.
func TestConditionsAreMetConcurrently(t *testing.T) {
	m := parse(t, "yard.yaml", []byte(yard))
	var asking sync.WaitGroup
	for i := range 8 {
		asking.Go(func() {
			for j := range 100 {
				offered := (i+j)%2 == 0
				in := setting{attributes: map[string]string{"tours": "off"}}
				if offered {
					in.attributes["tours"] = "offered"
				}
				if m.Conditions[0].Met(in) != offered {
					t.Errorf("tours offered %v", offered)
				}
			}
		})
	}
	asking.Wait()
}

// Where in the file an expression stands does not matter for what is said of it,
// and where it can be told, the place is that of the word.
func TestPlacesInExpressions(t *testing.T) {
	for _, c := range []struct{ when, want string }{
		{"person.given && person.gone\n", `137:27: condition "workers": unknown name "person.gone"; known: person.given, person.self, person.member, person.active, person.invited, person.member_kind, person.member_here`},
		{"'person.given && person.gone'\n", `137:28: condition "workers": unknown name "person.gone"; known: person.given, person.self, person.member, person.active, person.invited, person.member_kind, person.member_here`},
		{"\"person.given && person.gone\"\n", `137:28: condition "workers": unknown name "person.gone"; known: person.given, person.self, person.member, person.active, person.invited, person.member_kind, person.member_here`},
		{"'\"ü\" == \"ü\" && person.gone'\n", `137:26: condition "workers": unknown name "person.gone"; known: person.given, person.self, person.member, person.active, person.invited, person.member_kind, person.member_here`},
		{">\n      person.given && person.gone\n", `138:23: condition "workers": unknown name "person.gone"; known: person.given, person.self, person.member, person.active, person.invited, person.member_kind, person.member_here`},
		{"|\n      person.given &&\n          person.gone\n", `139:11: condition "workers": unknown name "person.gone"; known: person.given, person.self, person.member, person.active, person.invited, person.member_kind, person.member_here`},
		// Lines that are folded, and characters that are escaped: the place of the
		// whole.
		{">\n      person.given &&\n      person.gone\n", `137:11: condition "workers": unknown name "person.gone"; known: person.given, person.self, person.member, person.active, person.invited, person.member_kind, person.member_here`},
		{">\n      person.given &&\n\n      person.gone\n", `137:11: condition "workers": unknown name "person.gone"; known: person.given, person.self, person.member, person.active, person.invited, person.member_kind, person.member_here`},
		{"person.given\n      && person.gone\n", `137:11: condition "workers": unknown name "person.gone"; known: person.given, person.self, person.member, person.active, person.invited, person.member_kind, person.member_here`},
		{"\"person.given \\x26& person.gone\"\n", `137:11: condition "workers": unknown name "person.gone"; known: person.given, person.self, person.member, person.active, person.invited, person.member_kind, person.member_here`},
		{"'''' == '''' && person.gone\n", `not YAML`},
		{"!!str person.given && person.gone\n", `137:11: condition "workers": unknown name "person.gone"; known: person.given, person.self, person.member, person.active, person.invited, person.member_kind, person.member_here`},
	} {
		source := strings.Replace(where(""), "''\n", c.when, 1)
		_, err := Parse("yard.yaml", []byte(source))
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q:\ngot  %v\nwant %s", c.when, err, c.want)
		}
		// With the line breaks of other systems, too.
		_, again := Parse("yard.yaml", []byte(strings.ReplaceAll(source, "\n", "\r\n")))
		if err != nil && (again == nil || again.Error() != err.Error()) {
			t.Errorf("%q, with carriage returns: %v", c.when, again)
		}
	}
}

// What no expression can be: each is refused at its place, none takes long.
func TestHostileExpressions(t *testing.T) {
	deep := func(open, inside, end string) string {
		return strings.Repeat(open, 40) + inside + strings.Repeat(end, 40)
	}
	list := func(element string, n int) string { return "[" + strings.Repeat(element+",", n-1) + element + "]" }
	for _, c := range []struct{ name, expression, want string }{
		{"nothing", ` `, `want a CEL expression of up to 1000 visible characters, no blanks around it; found " "`},
		{"too long", strings.Repeat("true&&", 170) + "true", `want a CEL expression of up to 1000 visible characters, no blanks around it; found "true&&true&&true&&true&&true&&true&&true&&true&&true&&true&&…"`},
		{"a blank at the end", "person.given ", `want a CEL expression of up to 1000 visible characters, no blanks around it; found "person.given "`},
		{"tab", "person.given\t", `want a CEL expression of up to 1000 visible characters, no blanks around it; found "person.given\t"`},
		{"invisible", "person.given \u202e", `want a CEL expression of up to 1000 visible characters, no blanks around it; found "person.given \u202e"`},
		{"no expression", `person.given &&`, `condition "workers": Syntax error: mismatched input '<EOF>' expecting`},
		{"two expressions", `person.given; person.self`, `condition "workers": Syntax error: token recognition error at: ';'`},
		{"backslashes", strings.Repeat(`\`, 900), `condition "workers": Syntax error: token recognition error`},
		{"an open text", `edition == "`, `condition "workers": Syntax error: token recognition error`},
		{"a NUL in a text", `edition == "\000"`, `condition "workers": edition is never "\x00"; it can be: "small", "large"`},
		{"not Unicode in a text", `edition == "\ud800"`, `condition "workers":`},

		{"parentheses", deep("(", "true", ")"), `condition "workers": expression recursion limit exceeded: 16`},
		{"lists", deep("[", "1", "]"), `condition "workers": expression recursion limit exceeded: 16`},
		{"maps", deep("{1:", "1", "}"), `condition "workers": expression recursion limit exceeded: 16`},
		{"macros in macros", deep("[1].all(x,", "true", ")"), `condition "workers": expression recursion limit exceeded: 16`},
		{"a path", "a" + strings.Repeat(".a", 450), `condition "workers": max recursion depth exceeded`},
		{"calls", "person" + strings.Repeat(`.holds("yard.owner")`, 40), `condition "workers":`},
		{"alternatives", strings.Repeat("true ? true : ", 60) + "true", `condition "workers":`},
		{"a sum", `"" == ""` + strings.Repeat(`+""`, 300), `condition "workers": max recursion depth exceeded`},

		{"a macro over a large list", list("1", 300) + ".all(x, x == 1)", `condition "workers" can cost 1511; at most 500 is allowed`},
		{"a macro in a macro", list("1", 30) + ".all(x, " + list("1", 30) + ".all(y, x == y))", `condition "workers" can cost 5831; at most 500 is allowed`},
		{"what grows", `["dock"]` + strings.Repeat(`.map(x, x + x)`, 12) + `.exists(x, x == target.kind)`, `condition "workers" can cost`},
		{"many roles", strings.TrimSuffix(strings.Repeat(`holder.holds("yard.owner")||`, 35), "||"), ``},
		{"too many roles", list(`person.holds("dock.guest")`, 34) + "==" + list("true", 12), ``},

		{"a text", `edition`, `condition "workers" is a string; it must be true or false`},
		{"a number", `1`, `condition "workers" is an int; it must be true or false`},
		{"nothing at all", `null`, `condition "workers" is a null_type; it must be true or false`},
		{"a principal", `holder`, `condition "workers" is a principal; it must be true or false`},
		{"a type in a type", listsInLists(), `condition "workers" is a list(list(list(list(list(list(list(list(list(list(list(list(…; it must be true or false`},
		{"a text beside a truth value", `person.given == "yes"`, `condition "workers": found no matching overload for '_==_' applied to '(bool, string)'`},
		{"a text negated", `!edition`, `condition "workers": found no matching overload for '!_' applied to '(string)'`},
		{"a mixed list", `person.given in [true, "yes"]`, `condition "workers": expected type 'bool' but found 'string'`},

		{"an unknown name", `persons.given`, `condition "workers": undeclared reference to 'persons.given'`},
		{"an unknown part", `target.color == "red"`, `condition "workers": unknown name "target.color"; known: target.kind, target.parent, target.archived, target.attributes.season, target.attributes.type, target.attributes.tours`},
		{"an unknown part of a part", `target.kind.length == 4`, `condition "workers": unknown name "target.kind.length"; known: target.kind,`},
		{"an unknown part of the holder", `holder.self`, `condition "workers": unknown name "holder.self"; known: holder.member_kind`},
		{"the target alone", `target == target`, `condition "workers": undeclared reference to 'target'`},
		{"an unknown attribute", `target.attributes.depth == "deep"`, `condition "workers": unknown name "target.attributes.depth"; known: target.kind,`},
		{"a part of what is no name", `(edition + edition).size`, `condition "workers": type 'string' does not support field selection`},
		{"all attributes", `size(target.attributes) > 0`, `condition "workers": unknown name "target.attributes"; known: target.kind,`},
		{"an attribute by index", `target.attributes["tours"] == "off"`, `condition "workers": unknown name "target.attributes"; known: target.kind,`},
		{"an unknown function", `now() > 1`, `condition "workers": undeclared reference to 'now'`},
		{"time", `timestamp("2024-01-01T00:00:00Z").getHours("Europe/Vienna") > 1`, `condition "workers": undeclared reference to 'timestamp'`},
		{"a regular expression", `edition.matches("(a+)+$")`, `condition "workers": undeclared reference to 'matches'`},
		{"without types", `dyn(edition) == 1`, `condition "workers": undeclared reference to 'dyn'`},
		{"has", `has(target.kind)`, `condition "workers": undeclared reference to 'has'`},

		{"an unknown role", `holder.holds("yard.boss")`, `unknown role "yard.boss"`},
		{"a custom role", `holder.holds("dock.job")`, `unknown role "dock.job"`},
		{"a permission for a role", `holder.holds("yard.run")`, `unknown role "yard.run"`},
		{"a long role", `holder.holds("` + strings.Repeat("x", 900) + `")`, `unknown role "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…"`},
		{"no role", `holder.holds("")`, `condition "workers": holds takes the id of a role, in quotes`},
		{"a computed role", `holder.holds("yard." + edition)`, `condition "workers": holds takes the id of a role, in quotes`},
		{"a role from a list", `["yard.owner"].exists(r, holder.holds(r))`, `condition "workers": holds takes the id of a role, in quotes`},
		{"a number for a role", `holder.holds(1)`, `condition "workers": found no matching overload for 'holds' applied to 'principal.(int)'`},
		{"holds of nobody", `holds("yard.owner")`, `condition "workers": found no matching overload for 'holds' applied to '(string)'`},
		{"holder and person compared", `holder == person`, `condition "workers": write holder.holds(ROLE); nothing else can be done with holder`},
		{"holder in a list", `[holder].exists(x, x.holds("yard.owner"))`, `condition "workers": write holder.holds(ROLE); nothing else can be done with holder`},
		{"one of both", `(person.self ? person : holder).holds("yard.owner")`, `condition "workers": write person.holds(ROLE); nothing else can be done with person`},

		{"a kind that there is not", `target.kind == "dok"`, `condition "workers": target.kind is never "dok"; it can be: "yard", "dock", "vessel", "crew"`},
		{"no kind", `target.kind != ""`, `condition "workers": target.kind is never ""; it can be: "yard", "dock", "vessel", "crew"`},
		{"a parent that there is not", `"dok" == target.parent`, `condition "workers": target.parent is never "dok"; it can be: "yard", "dock", "vessel", "crew", ""`},
		{"a value that there is not", `target.attributes.tours != "offerred"`, `condition "workers": target.attributes.tours is never "offerred"; it can be: "off", "offered", ""`},
		{"a value in a list", `target.attributes.type in ["dry", "wet"]`, `condition "workers": target.attributes.type is never "wet"; it can be: "dry", "floating", ""`},
		{"a value in a list of names", `"wet" in [target.attributes.type]`, `condition "workers": target.attributes.type is never "wet"; it can be: "dry", "floating", ""`},
		{"a kind of member that there is not", `person.member_kind == "guest"`, `condition "workers": person.member_kind is never "guest"; it can be: "worker", "visitor", ""`},
		{"nor of the holder", `holder.member_kind == "guest"`, `condition "workers": holder.member_kind is never "guest"; it can be: "worker", "visitor", ""`},
		{"an edition that there is not", `edition == "huge"`, `condition "workers": edition is never "huge"; it can be: "small", "large"`},
		// A variable of a macro is something else.
		{"a variable named like a name", `["x"].exists(edition, edition == "huge")`, ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			source := where(c.expression)
			if strings.Contains(c.expression, "\t") {
				source = strings.Replace(source, "'"+c.expression+"'", `"`+strings.ReplaceAll(c.expression, "\t", `\t`)+`"`, 1)
			}
			_, err := Parse("yard.yaml", []byte(source))
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil {
				t.Fatal("accepted")
			}
			requireProblems(t, err)
			first, _, _ := strings.Cut(err.Error(), "\n")
			place, message, _ := strings.Cut(first, " ")
			if !strings.HasPrefix(place, "yard.yaml:137:") || !strings.HasPrefix(message, c.want) {
				t.Errorf("got  %s\nwant 136: %s", first, c.want)
			}
			if len(err.Error()) > 1<<16 {
				t.Errorf("the message takes %d bytes", len(err.Error()))
			}
		})
	}
}

// What a message lists is bounded, whatever the file declares.
func TestListsInMessagesAreBounded(t *testing.T) {
	var values []string
	for i := range 64 {
		values = append(values, fmt.Sprintf("value%d", i))
	}
	source := strings.Replace(where(`target.attributes.season == "spring"`), "summer, winter", strings.Join(values, ", "), 1)
	_, err := Parse("yard.yaml", []byte(source))
	if err == nil || !strings.HasSuffix(err.Error(), `it can be: "value0", "value1", "value2", "value3", "value4", "value5", "value6", "value7", `+
		`"value8", "value9", "value10", "value11", "value12", "value13", "value14", "value15", …`) {
		t.Errorf("got %v", err)
	}
}

// listsInLists is a list in a list, as often as may be.
func listsInLists() string {
	return strings.Repeat("[", deepest-4) + "1" + strings.Repeat("]", deepest-4)
}

// As many expressions as a file can have, each as long as it can be.
func TestManyHostileExpressions(t *testing.T) {
	for _, piece := range []string{"a||", "[[]],", "``", "-", "1?1:"} {
		expression := strings.Repeat(piece, 1000/len(piece))
		var list strings.Builder
		for i := range 62 {
			fmt.Fprintf(&list, "  - {id: c%d, title: C, when: '%s'}\n", i, expression)
		}
		_, err := Parse("many.yaml", []byte(strings.Replace(yard, "conditions:\n", "conditions:\n"+list.String(), 1)))
		if err == nil {
			t.Fatal("accepted")
		}
		requireProblems(t, err)
		if !strings.Contains(err.Error(), `condition "c61"`) && !strings.HasSuffix(err.Error(), "there are more problems than are listed here") {
			t.Errorf("%s: not all are looked at: %.300v", piece, err)
		}
	}
}

// steady is always the same, and costs nothing to ask.
type steady struct{}

func (steady) Fact(name string) any {
	switch name {
	case PersonGiven, PersonActive:
		return true
	}
	return "visitor"
}

func (steady) Attribute(string) string { return "offered" }

func (steady) HolderHolds(*Role) bool { return true }

func (steady) PersonHolds(*Role) bool { return false }

// What evaluating a condition adds to a question, apart from what finding out
// its names costs.
func BenchmarkCondition(b *testing.B) {
	for _, c := range []struct{ name, expression string }{
		{"truth value", `person.active`},
		{"attribute", `target.attributes.tours == "offered"`},
		{"role", `holder.holds("yard.owner")`},
		{"three terms", `!person.given || person.member_kind == "worker" || holder.holds("yard.owner")`},
	} {
		met := condition(b, parse(b, "yard.yaml", []byte(where(c.expression))), "workers")
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !met.Met(steady{}) {
					b.Fatal("not met")
				}
			}
		})
	}
}

// What two conditions add to reading a model.
func BenchmarkParseConditions(b *testing.B) {
	without := strings.NewReplacer(" if tours_offered", "", " if workers", "").Replace(yard)
	before, after, _ := strings.Cut(without, "conditions:\n")
	_, after, _ = strings.Cut(after, "editions:\n")
	for _, c := range []struct{ name, source string }{{"without", before + "editions:\n" + after}, {"with", yard}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse("yard.yaml", []byte(c.source)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Where a part of an expression stands is looked for when something is wrong with
// it: the canonical form is one line, so that each search reads all of it.
func TestPlacesAreSoughtForProblemsAlone(t *testing.T) {
	canonical := parse(t, "sound.yaml", []byte(strings.Replace(sound, `target.attributes.floor == "high"`,
		`target.attributes.floor in ["low", "high"] && holder.holds("company.clerk")`, 1))).Canonical()
	for _, test := range []struct {
		source []byte
		want   int
	}{
		{canonical, 0},
		{bytes.Replace(canonical, []byte(`[\"low\"`), []byte(`[\"new\"`), 1), 1},
	} {
		r := &reader{file: "sound.json"}
		validate(r, r.read(test.source))
		if r.number != test.want || len(r.problems) != test.want {
			t.Errorf("line %d was looked at last, with %d problems; want %d", r.number, len(r.problems), test.want)
		}
	}
}

// What is wrong twice at one place is told once.
func TestProblemsAreToldOnce(t *testing.T) {
	_, err := Parse("sound.yaml", []byte(strings.Replace(sound, `target.attributes.floor == "high"`, `"duration(\"1s\") > duration(\"2s\")"`, 1)))
	if want := `sound.yaml:26:11: condition "upstairs": undeclared reference to 'duration'`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
