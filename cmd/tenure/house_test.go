package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// house says which packages of this module each package may import. A package
// that is not listed may not exist: say first what question it answers.
var house = map[string][]string{
	"events":      {},
	"rolemodel":   {},
	"aggregate":   {"events", "rolemodel"},
	"ledger":      {"events"},
	"vault":       {"events"},
	"projections": {"events", "rolemodel", "aggregate"},
	"notifier":    {"events", "rolemodel", "aggregate", "ledger", "vault", "projections"},
	"service":     {"events", "rolemodel", "aggregate", "ledger", "vault", "projections", "notifier"},
	"api":         {"events", "rolemodel", "aggregate", "ledger", "vault", "projections", "notifier", "service"},
	"cmd/tenure":  {"events", "rolemodel", "aggregate", "ledger", "vault", "projections", "notifier", "service", "api"},
}

// TestImportDirections holds the directions of imports that keep deciding
// apart from storing, and storing apart from telling.
func TestImportDirections(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "tenure/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		name := strings.TrimPrefix(words[0], "tenure/")
		seen[name] = true
		allowed, listed := house[name]
		if !listed {
			t.Errorf("package %s is not in the house", name)
			continue
		}
		for _, imported := range words[1:] {
			if ours, is := strings.CutPrefix(imported, "tenure/"); is && !slices.Contains(allowed, ours) {
				t.Errorf("%s imports %s, which it may not", name, ours)
			}
		}
	}
	for name := range house {
		if !seen[name] {
			t.Errorf("package %s is in the house and nowhere else", name)
		}
	}
}

// purePackages decide and fold: they see no clock, no network, no file and no
// chance.
var purePackages = []string{"events", "aggregate", "projections"}

func TestPurePackagesDoNoIO(t *testing.T) {
	for _, name := range purePackages {
		out, err := exec.Command("go", "list", "-f", `{{join .Imports "\n"}}`, "tenure/"+name).Output()
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		for _, imported := range strings.Fields(string(out)) {
			switch imported {
			case "os", "net", "net/http", "io/fs", "math/rand", "math/rand/v2", "crypto/rand", "os/exec", "log/slog", "context":
				t.Errorf("%s imports %s", name, imported)
			}
		}
	}
}
