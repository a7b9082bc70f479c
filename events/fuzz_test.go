package events

import (
	"os"
	"path/filepath"
	"testing"
)

// addSeeds adds the golden commits and both kinds of scan tests.
func addSeeds(f *testing.F) {
	files, err := filepath.Glob(goldenPath("*"))
	if err != nil || len(files) == 0 {
		f.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add(mustEncode(f, commitOf(3, 1)))
	for _, test := range hostile {
		f.Add([]byte(test.data))
	}
	for _, data := range canonical {
		f.Add([]byte(data))
	}
}

// FuzzScan: what passes can be read, and has no second form.
func FuzzScan(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		if Scan(data) == nil {
			checkCanonical(t, data)
		}
	})
}

// FuzzDecode: what decodes is what Encode writes.
func FuzzDecode(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte) { checkExact(t, data) })
}
