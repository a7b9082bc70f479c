package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What a request cannot carry is told before anything is asked.
func TestReadFile(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, content, says string }{
		{"text", "handle\nküche\n", ""},
		{"nothing", "", ""},
		{"as much as goes", strings.Repeat("x", maxFile), ""},
		{"more than goes", strings.Repeat("x", maxFile+1), "split it into several"},
		{"no text", "handle\nk\xfcche\n", "no text in UTF-8"},
	} {
		path := filepath.Join(t.TempDir(), "file.csv")
		if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		for from, a := range map[string]*app{path: {}, "-": {in: strings.NewReader(c.content)}} {
			text, err := a.readFile(from)
			if c.says == "" && (err != nil || text != c.content) {
				t.Errorf("%s: %v", c.name, err)
			}
			if c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("%s: %v", c.name, err)
			}
		}
	}
	if _, err := new(app).readFile(filepath.Join(t.TempDir(), "none.csv")); err == nil {
		t.Error("a file that is not there is read")
	}
}
