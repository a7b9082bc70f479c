package rolemodel

import (
	"bytes"
	"errors"
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
