package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is wrong with a file is told with its place, whichever command reads it,
// however much it is.
func TestHostileModelFiles(t *testing.T) {
	dir := t.TempDir()
	const head = `model: hall
title: Hall
about: A hall has a keeper.
root: organization
highest: organization.keeper
scopes:
  - {kind: organization, title: Hall, membership: true}
conditions:
  - {id: about_others, title: about others, when: 'CONDITION'}
permissions:
  - {id: organization.lamps, title: Light the lamps, section: Hall}
roles:
  - {id: organization.keeper, title: Keeper, at_least: 1, granted_by: [organization.keeper], permissions: [organization.lamps if about_others]}
`
	var crowd strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&crowd, "  - {id: organization.r%d, title: R, granted_by: [organization.keeper]}\n", i)
	}
	letters := `["` + strings.Repeat(`a", "`, 90) + `b"]`
	tests := []struct{ file, text, says string }{
		{"crowd.yaml", strings.Replace(head, "CONDITION", "person.given", 1) + crowd.String(), `:13:3: "roles" has 10001 entries; at most 1024 are allowed`},
		{"costly.yaml", strings.Replace(head, "CONDITION", letters+".all(a, "+letters+".all(b, a != b))", 1), `:9:51: condition "about_others" can cost `},
		{"twice.yaml", strings.Replace(head, "CONDITION", "person.given", 1) + "title: Hall\n", `:14:1: key "title" stands here twice, first on line 2`},
		{"wide.yaml", "\xff\xfem\x00o\x00", ":1:1: the file is in UTF-16; save it in UTF-8"},
		{"latin.yaml", strings.Replace(head, "title: Hall", "title: H\xe4ll", 1), ":2:"},
		{"large.yaml", head + "# " + strings.Repeat("x", 1<<20), `:1:1: the file is larger than 1048576 bytes`},
	}
	for _, test := range tests {
		if err := os.WriteFile(filepath.Join(dir, test.file), []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, run := range []struct {
			args string
			code int
		}{
			{"models check " + test.file, 1},
			{"found acme --owner lea --data ledger --model " + test.file, 2},
			{"found acme --owner lea --data ledger --dry-run --model " + test.file, 2},
		} {
			_, stderr, code, err := tenureIn(dir, strings.Fields(run.args)...)
			if err != nil || code != run.code || !strings.Contains(stderr, test.file+test.says) {
				t.Errorf("tenure %s: exit status %d, %v: %.400s", run.args, code, err, stderr)
			}
			if len(stderr) > 100_000 {
				t.Errorf("tenure %s says %d bytes", run.args, len(stderr))
			}
		}
	}
}
