package rolemodel

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// FuzzParse holds that no input panics, that a refusal says where and why, and
// that what is accepted survives its canonical form.
func FuzzParse(f *testing.F) {
	for _, m := range List() {
		f.Add(m.Canonical())
		source, err := files.ReadFile("models/" + m.ID + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(source)
	}
	f.Add([]byte(small))
	f.Add([]byte(firm))
	f.Add([]byte(yard))
	for _, c := range broken {
		f.Add([]byte(c.source(f)))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		m, err := Parse("fuzz.yaml", source)
		if err != nil {
			requireProblems(t, err)
			return
		}
		again, err := Parse("canonical", m.Canonical())
		if err != nil {
			t.Fatalf("the canonical form is refused: %v\n%s", err, m.Canonical())
		}
		if !bytes.Equal(again.Canonical(), m.Canonical()) {
			t.Fatalf("canonical forms differ:\n%s\n%s", m.Canonical(), again.Canonical())
		}
	})
}

// FuzzExpressions holds that no expression panics, neither when it is read nor
// when it is evaluated, that a refusal says where and why, and that an answer is
// the same each time.
func FuzzExpressions(f *testing.F) {
	for _, m := range List() {
		for _, c := range m.Conditions {
			f.Add(c.Expression)
		}
	}
	for _, expression := range []string{
		`target.attributes.tours == "offered" && !target.archived`,
		`!person.given || person.member_kind == "worker" || holder.holds("yard.owner")`,
		`target.parent == "dock" ? person.self : person.active`,
		`target.kind in ["yard", "dock"] || person.holds("dock.master")`,
		`[person.member, person.member_here].exists_one(x, x) && ["yard"].map(k, k + edition).filter(k, k.size() > 4).all(k, k.startsWith("y"))`,
		`{"a": [1, 2u, 3.0]} == {} || r"\x" != b"\000" || 0x10 < -1 || null == null`,
	} {
		f.Add(expression)
	}
	f.Fuzz(func(t *testing.T, expression string) {
		value, err := json.Marshal(expression)
		if err != nil {
			t.Skip()
		}
		before, after, _ := strings.Cut(where("true"), "'true'")
		m, err := Parse("fuzz.yaml", []byte(before+string(value)+after))
		if err != nil {
			requireProblems(t, err)
			return
		}
		in := setting{
			named:      map[string]any{TargetKind: "dock", TargetParent: "yard", PersonGiven: true, PersonMemberKind: "visitor", EditionInForce: "large"},
			attributes: map[string]string{"tours": "offered"}, holder: []string{"yard.owner"},
		}
		met := condition(t, m, "workers")
		if first := met.Met(in); first != met.Met(in) {
			t.Fatalf("%q is %v, and then is not", expression, first)
		}
		met.Met(setting{})
	})
}

// requireProblems holds that the error is a list of problems, each with a place
// and a message.
func requireProblems(t *testing.T, err error) {
	t.Helper()
	var problems Problems
	if !errors.As(err, &problems) || len(problems) == 0 {
		t.Fatalf("error %v (%T) is no list of problems", err, err)
	}
	for _, p := range problems {
		if p.File == "" || p.Line < 1 || p.Column < 1 || p.Message == "" {
			t.Fatalf("problem without place or message: %#v", p)
		}
	}
}
