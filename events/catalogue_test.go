package events

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCataloguePage(t *testing.T) {
	path := filepath.Join("..", "docs", "events.md")
	var page bytes.Buffer
	if err := WriteCatalogue(&page); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, page.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(written), page.String()); diff != "" {
		t.Errorf("docs/events.md is stale; go test ./events -run TestCataloguePage -update writes it:\n%s", diff)
	}
}

type brokenWriter struct{}

var errDiskFull = errors.New("disk full")

func (brokenWriter) Write([]byte) (int, error) { return 0, errDiskFull }

func TestWriteCatalogueReportsErrors(t *testing.T) {
	if err := WriteCatalogue(brokenWriter{}); !errors.Is(err, errDiskFull) {
		t.Errorf("error %v", err)
	}
}
