package vault

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func capsule(t testing.TB, v *Vault) []byte {
	t.Helper()
	var file bytes.Buffer
	must(t, v.WriteCapsule(&file))
	return file.Bytes()
}

func read(t testing.TB, file []byte) *Capsule {
	t.Helper()
	c, err := ReadCapsule(bytes.NewReader(file))
	must(t, err)
	return c
}

// copied is a copy of a file as it is now.
func copied(t testing.TB, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	must(t, err)
	to := filepath.Join(t.TempDir(), filepath.Base(path))
	must(t, os.WriteFile(to, content, 0o600))
	return to
}

func TestCapsule(t *testing.T) {
	for erasures := range 3 {
		v, _, dir := newVault(t)
		names := populate(t, v, 5)
		var erased []string
		for n := range erasures {
			_, err := v.Forget(t.Context(), []Erasure{of(person(n))}, nil)
			must(t, err)
			erased = append(erased, person(n))
		}
		file := capsule(t, v)
		if bytes.Contains(file, keyBytes(t, dir, v.key.number)) || bytes.Contains(file, []byte("name-")) {
			t.Error("the capsule has a key or a name")
		}
		c := read(t, file)
		if c.Records != len(v.all()) || c.Epoch != uint64(erasures+1) || len(c.Journal()) != erasures {
			t.Errorf("capsule of epoch %d with %d records, journal %v", c.Epoch, c.Records, c.Journal())
		}
		journal := ""
		if erasures > 0 {
			journal = copied(t, journalPath(dir))
		}
		m, again := newMemory(), t.TempDir()
		key := copied(t, keyPath(dir, c.Epoch))
		must(t, RestoreCapsule(t.Context(), m, again, c, key, journal))
		w := load(t, m, again)
		must(t, w.Unfinished())
		expectNames(t, w, names, erased...)
		if erasures > 0 {
			was, is := must1(os.ReadFile(journalPath(dir)))(t), must1(os.ReadFile(journalPath(again)))(t)
			if !bytes.Equal(was, is) {
				t.Errorf("the journal is %s, and was %s", is, was)
			}
		}
		// Life goes on.
		_, err := w.Forget(t.Context(), []Erasure{of(person(4))}, nil)
		must(t, err)
		expectNames(t, load(t, m, again), names, append(erased, person(4))...)
	}
}

// TestCapsuleKeepsNobodyWaiting: an erasure ends while the capsule's reader has
// not read anything. What it reads afterwards is whole, and from before.
func TestCapsuleKeepsNobodyWaiting(t *testing.T) {
	v, m, dir := newVault(t)
	names := populate(t, v, 50)
	_, err := v.Forget(t.Context(), []Erasure{of(person(0))}, nil)
	must(t, err)
	records := len(v.all())
	reader, writer := io.Pipe()
	begun := make(chan struct{})
	go func() {
		writer.CloseWithError(v.WriteCapsule(signaling{writer, begun}))
	}()
	<-begun
	forgotten := make(chan error, 1)
	go func() {
		_, err := v.Forget(context.Background(), []Erasure{of(person(1))}, nil)
		forgotten <- err
	}()
	select {
	case err := <-forgotten:
		must(t, err)
	case <-time.After(10 * time.Second):
		t.Fatal("the erasure waits for the reader of the capsule")
	}
	c, err := ReadCapsule(reader)
	must(t, err)
	if c.Epoch != 2 || c.Records != records || len(c.Journal()) != 1 {
		t.Errorf("capsule of epoch %d with %d records, journal %v", c.Epoch, c.Records, c.Journal())
	}
	expectNames(t, load(t, m, dir), names, person(0), person(1))
	wantError(t, RestoreCapsule(t.Context(), newMemory(), t.TempDir(), c, keyPath(dir, 3), journalPath(dir)), ErrWrongKey)
}

// signaling says when it is first written to.
type signaling struct {
	io.Writer
	begun chan struct{}
}

func (s signaling) Write(p []byte) (int, error) {
	select {
	case <-s.begun:
	default:
		close(s.begun)
	}
	return s.Writer.Write(p)
}

// TestCapsuleFromBeforeAnErasure: neither with the key of its time nor with the
// new one.
func TestCapsuleFromBeforeAnErasure(t *testing.T) {
	v, _, dir := newVault(t)
	names := populate(t, v, 3)
	old, oldKey := read(t, capsule(t, v)), copied(t, keyPath(dir, 1))
	_, err := v.Forget(t.Context(), []Erasure{of(person(1))}, nil)
	must(t, err)
	journal, newKey := journalPath(dir), keyPath(dir, 2)
	m, again := newMemory(), t.TempDir()
	wantError(t, RestoreCapsule(t.Context(), m, again, old, newKey, journal), ErrWrongKey)
	wantError(t, RestoreCapsule(t.Context(), m, again, old, newKey, ""), ErrWrongKey)
	err = RestoreCapsule(t.Context(), m, again, old, oldKey, journal)
	wantError(t, err, ErrCapsuleBehind)
	if !strings.Contains(err.Error(), person(1)) {
		t.Error(err)
	}
	if len(m.records) != 0 || tree(t, again) != "" {
		t.Error("something was written")
	}
	// A capsule that went on from the journal at hand is good.
	_, err = v.Forget(t.Context(), []Erasure{of(person(2))}, nil)
	must(t, err)
	journal = copied(t, journal)
	_, err = v.Forget(t.Context(), []Erasure{of(person(0))}, nil)
	must(t, err)
	must(t, RestoreCapsule(t.Context(), m, again, read(t, capsule(t, v)), keyPath(dir, 4), journal))
	expectNames(t, load(t, m, again), names, person(0), person(1), person(2))
}

func TestCapsuleRefuses(t *testing.T) {
	v, _, dir := newVault(t)
	populate(t, v, 2)
	_, err := v.Forget(t.Context(), []Erasure{of(person(1))}, nil)
	must(t, err)
	c, key := read(t, capsule(t, v)), keyPath(dir, 2)

	w, _, stranger := newVault(t)
	populate(t, w, 2)
	second := of(person(0))
	second.Revision = 43
	_, err = w.Forget(t.Context(), []Erasure{second}, nil)
	must(t, err)
	empty := t.TempDir()
	wantError(t, RestoreCapsule(t.Context(), newMemory(), empty, c, keyPath(stranger, 2), ""), ErrWrongKey)
	wantError(t, RestoreCapsule(t.Context(), newMemory(), empty, c, key, journalPath(stranger)), ErrOtherJournal)
	wantError(t, RestoreCapsule(t.Context(), newMemory(), empty, c, journalPath(dir), ""), ErrKeyDamaged)
	wantError(t, RestoreCapsule(t.Context(), newMemory(), empty, c, key, filepath.Join(dir, "none")), os.ErrNotExist)
	full := newMemory()
	put(t, load(t, full, t.TempDir()), acme, ben)
	wantError(t, RestoreCapsule(t.Context(), full, empty, c, key, ""), ErrNotEmpty)
	wantError(t, RestoreCapsule(t.Context(), newMemory(), stranger, c, key, ""), ErrNotEmpty)
	if tree(t, empty) != "" {
		t.Error("something was written")
	}
	// What is half done can be done again.
	m := newMemory()
	m.breakAt(2, halfway)
	wantError(t, RestoreCapsule(t.Context(), m, empty, c, key, ""), errFault)
	_, err = Load(t.Context(), m, empty)
	wantError(t, err, ErrKeyMissing)
	must(t, RestoreCapsule(t.Context(), m, empty, c, key, journalPath(dir)))
	load(t, m, empty)

	// While an erasure is not completed there is no capsule.
	v.step = func(string) {}
	m = newMemory()
	v = load(t, m, t.TempDir())
	populate(t, v, 2)
	m.breakAt(1, fails)
	_, err = v.Forget(t.Context(), []Erasure{of(person(1))}, nil)
	wantError(t, err, errFault)
	wantError(t, v.WriteCapsule(&bytes.Buffer{}), ErrUnfinished)
}

func TestCapsuleDamaged(t *testing.T) {
	v, _, _ := newVault(t)
	populate(t, v, 1)
	_, err := v.Forget(t.Context(), []Erasure{of(person(0))}, nil)
	must(t, err)
	file := capsule(t, v)
	for at := range file {
		spoiled := bytes.Clone(file)
		spoiled[at] ^= 4
		if _, err := ReadCapsule(bytes.NewReader(spoiled)); !errors.Is(err, ErrCapsuleDamaged) {
			t.Fatalf("byte %d altered: %v", at, err)
		}
		if _, err := ReadCapsule(bytes.NewReader(file[:at])); !errors.Is(err, ErrCapsuleDamaged) {
			t.Fatalf("cut at byte %d: %v", at, err)
		}
	}
	lines := bytes.SplitAfter(file, []byte("\n"))
	for i := range lines[:len(lines)-1] {
		if _, err := ReadCapsule(bytes.NewReader(bytes.Join(append(append([][]byte{}, lines[:i]...), lines[i+1:]...), nil))); !errors.Is(err, ErrCapsuleDamaged) {
			t.Errorf("without line %d: %v", i+1, err)
		}
	}
	if _, err := ReadCapsule(bytes.NewReader(append(bytes.Clone(file), file...))); !errors.Is(err, ErrCapsuleDamaged) {
		t.Errorf("twice: %v", err)
	}
}
