package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBackupBreaksOff lets a server break off, say no, or send nothing in the
// middle of a backup: there is no file then, not even the one that was whole.
func TestBackupBreaksOff(t *testing.T) {
	t.Parallel()
	for name, capsule := range map[string]http.HandlerFunc{
		"breaks off": func(w http.ResponseWriter, _ *http.Request) {
			w.Write(bytes.Repeat([]byte("x"), 1<<16))
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		},
		"refuses":       func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusInternalServerError) },
		"sends nothing": func(http.ResponseWriter, *http.Request) {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "/ledger") {
					w.Write([]byte("a ledger"))
					return
				}
				capsule(w, r)
			}))
			t.Cleanup(server.Close)
			dir, key := t.TempDir(), filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(key, []byte("tenure_x\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			_, stderr, code, err := tenureIn(dir, "backup", "--ledger", "one", "--capsule", "two", "--url", server.URL, "--key", key)
			if err != nil || code != 2 || stderr == "" {
				t.Errorf("exit status %d, %v: %s", code, err, stderr)
			}
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
			if _, stderr, code, err := tenureIn(dir, "backup", "--ledger", "one", "--url", server.URL, "--key", key); err != nil || code != 0 {
				t.Errorf("exit status %d, %v: %s", code, err, stderr)
			}
			if text, err := os.ReadFile(filepath.Join(dir, "one")); string(text) != "a ledger" {
				t.Errorf("the file holds %q, %v", text, err)
			}
		})
	}
}

// TestFileIsNeverReplaced lets a file come in between the look and the name.
func TestFileIsNeverReplaced(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	file, err := createFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := file.publish(); err == nil || !strings.Contains(err.Error(), "is not overwritten") {
		t.Errorf("publish: %v", err)
	}
	file.discard()
	if text, _ := os.ReadFile(path); string(text) != "theirs" {
		t.Errorf("the file holds %q", text)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}
