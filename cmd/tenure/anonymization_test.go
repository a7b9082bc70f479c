package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"tenure/service"
)

// TestAnonymizeAsks answers the question that is asked on a terminal: wrongly,
// not at all, and then as it wants.
func TestAnonymizeAsks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := ledgers["cloud"].copyTo(dir); err != nil {
		t.Fatal(err)
	}
	acme := []string{"--org", "acme", "--data", "ledger", "--key"}
	mustRun(t, dir, append([]string{"member", "terminate", "nina"}, append(acme, "olga.key")...)...)
	anonymize := append([]string{"anonymize", "nina"}, append(acme, "carl.key")...)
	for _, each := range []struct {
		typed, shows string
		code         int
	}{
		{"tom\n", "that is neither the login nor the id, so nothing was done", 2},
		{"\n", "that is neither the login nor the id, so nothing was done", 2},
		{"nina\n", " is anonymized, as revision ", 0},
	} {
		master, terminal := openTerminal(t)
		shown := make(chan string)
		go func() {
			text, _ := io.ReadAll(master) // ends with an error when the last user of the terminal is gone
			shown <- string(text)
		}()
		if _, err := master.WriteString(each.typed); err != nil {
			t.Fatal(err)
		}
		code, err := onTerminal(dir, terminal, anonymize...)
		terminal.Close()
		text := <-shown
		if err != nil || code != each.code || !strings.Contains(text, each.shows) {
			t.Errorf("%q: exit status %d, %v: %s", each.typed, code, err, text)
		}
		if !strings.Contains(text, "This destroys what tells who Nina (01") {
			t.Errorf("it does not say who is meant: %s", text)
		}
	}
}

// TestAnonymizeInterrupted interrupts the question: nothing is done.
func TestAnonymizeInterrupted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := ledgers["cloud"].copyTo(dir); err != nil {
		t.Fatal(err)
	}
	_, terminal := openTerminal(t)
	defer terminal.Close()
	p, err := startWith(dir, terminal, nil, "anonymize", "nina", "--org", "acme", "--data", "ledger", "--key", "carl.key")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	eventually(t, "it asks", func() bool { return strings.Contains(p.stderr(), "to go on: ") })
	if err := p.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code, err := p.end(); err != nil || code != 2 {
		t.Errorf("exit status %d, %v: %s", code, err, p.stderr())
	}
	if stdout := mustRun(t, dir, "person", "show", "nina", "--org", "acme", "--data", "ledger"); !strings.Contains(stdout, "member since") {
		t.Errorf("it was done: %s", stdout)
	}
}

// TestCertificateMissing wants no file where there is no certificate yet, and
// an end that is told apart from a good one.
func TestCertificateMissing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "certificate")
	file, err := createFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.discard()
	if err := keepCertificate(file, service.AnonymizationReceipt{ID: "01"}); err == nil {
		t.Error("there is no certificate, and it is no error")
	}
	file.discard()
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	text := anonymizationText(service.AnonymizationReceipt{ID: "01"}, path)
	if !strings.Contains(text, "01 is not anonymized yet") || strings.Contains(text, path) {
		t.Errorf("it says %s", text)
	}
}
