package ledger

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"
)

// TestTornBlock cuts the ledger's block off at every byte, as a write that was
// never completed leaves it.
func TestTornBlock(t *testing.T) {
	const commits = 5
	dir := t.TempDir()
	l := open(t, dir)
	fill(t, l, "acme", commits)
	shut(t, l)
	data, err := os.ReadFile(blockFile(dir))
	if err != nil {
		t.Fatal(err)
	}
	record := len(data) / commits
	for cut := range data {
		rest := (cut/record+1)*record - cut
		for name, tail := range map[string][]byte{"cut": nil, "zeros": make([]byte, rest), "noise": bytes.Repeat([]byte{0xa7}, rest)} {
			b := must(newBlock(append(bytes.Clone(data[:cut]), tail...), ledgerStream, 1))
			if last, err := b.check(0, true); err != nil || last != uint64(cut/record) {
				t.Fatalf("%s at byte %d: the last revision is %d, want %d: %v", name, cut, last, cut/record, err)
			}
			if _, err := b.check(0, false); (err == nil) != (cut%record == 0 && tail == nil) {
				t.Fatalf("%s at byte %d, in a block that others follow: %v", name, cut, err)
			}
		}
	}
	// The server cuts off the same.
	for _, cut := range []int{record - 1, record, record + 1, 3*record + 30, len(data) - 1} {
		torn := t.TempDir()
		if err := os.CopyFS(torn, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(blockFile(torn), int64(cut)); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(filepath.Dir(blockFile(torn)), "index.db")); err != nil {
			t.Fatal(err)
		}
		l := open(t, torn)
		if tail, err := l.Tail(t.Context()); int(tail) != cut/record || err != nil {
			t.Errorf("cut at byte %d: the tail is %d, want %d: %v", cut, tail, cut/record, err)
		}
		fill(t, l, "globex", 2)
		shut(t, l)
		shut(t, open(t, torn))
	}
}

// TestSpoiledBlock writes over any part of a block. It must never be taken for
// whole, unless only the last record is concerned.
func TestSpoiledBlock(t *testing.T) {
	const commits = 20
	dir := t.TempDir()
	l := open(t, dir)
	fill(t, l, "acme", commits)
	shut(t, l)
	data, err := os.ReadFile(blockFile(dir))
	if err != nil {
		t.Fatal(err)
	}
	var ends []int
	for b, at := must(newBlock(data, ledgerStream, 1)), 0; at < len(data); {
		_, length, _ := b.record(at)
		at += length
		ends = append(ends, at)
	}
	rapid.Check(t, func(t *rapid.T) {
		spoiled := bytes.Clone(data)
		at := rapid.IntRange(0, len(data)-1).Draw(t, "at")
		copy(spoiled[at:], rapid.SliceOfN(rapid.Byte(), 1, 100).Draw(t, "bytes"))
		for at < len(data) && spoiled[at] == data[at] {
			at++
		}
		intact := uint64(0)
		for _, end := range ends {
			if end <= at {
				intact++
			}
		}
		last, err := must(newBlock(spoiled, ledgerStream, 1)).check(0, true)
		if err == nil && (last != intact || intact < commits-1) {
			t.Fatalf("byte %d is spoiled, after %d intact records; %d pass", at, intact, last)
		}
	})
}

func must(b *block, err error) *block {
	if err != nil {
		panic(err)
	}
	return b
}

func TestForeignBlock(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "msgs"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "msgs", "x.blk"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := checkBlocks(dir, ledgerStream); !errors.Is(err, ErrStoreDamaged) {
		t.Errorf("got %v, want ErrStoreDamaged", err)
	}
}
