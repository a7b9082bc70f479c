package vault

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFirstKeyIsCreated(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data", "tenure")
	v := load(t, newMemory(), dir)
	if v.key.number != 1 {
		t.Errorf("epoch %d", v.key.number)
	}
	for path, want := range map[string]fs.FileMode{"keys": 0o700 | fs.ModeDir, "keys/epoch-0001.key": 0o600} {
		info, err := os.Stat(filepath.Join(dir, path))
		must(t, err)
		if info.Mode() != want {
			t.Errorf("%s has mode %v, want %v", path, info.Mode(), want)
		}
	}
	files, err := os.ReadDir(filepath.Join(dir, "keys"))
	must(t, err)
	if len(files) != 1 {
		t.Errorf("files left: %v", files)
	}
}

func TestKeyFileNeverReplacesAnother(t *testing.T) {
	dir := t.TempDir()
	_, err := createEpochKey(dir, 1)
	must(t, err)
	before, err := os.ReadFile(keyPath(dir, 1))
	must(t, err)
	_, err = createEpochKey(dir, 1)
	wantError(t, err, fs.ErrExist)
	after, err := os.ReadFile(keyPath(dir, 1))
	must(t, err)
	if string(before) != string(after) {
		t.Error("the key was replaced")
	}
}

// Each case spoils a store with one owner, or its folder.
func TestLoadRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(t *testing.T, m *memory, dir string)
		want  error
		says  string
	}{
		"key file missing": {
			func(t *testing.T, _ *memory, dir string) { must(t, os.Remove(keyPath(dir, 1))) },
			ErrKeyMissing, "keys of 2 owners",
		},
		"key folder missing": {
			func(t *testing.T, _ *memory, dir string) { must(t, os.RemoveAll(filepath.Join(dir, "keys"))) },
			ErrKeyMissing, "epoch-0001.key",
		},
		"key of another store": {
			func(t *testing.T, _ *memory, dir string) {
				must(t, os.Remove(keyPath(dir, 1)))
				_, err := createEpochKey(dir, 1)
				must(t, err)
			},
			ErrWrongKey, "none of the records of 2 owners opens under epoch 1",
		},
		"key of another epoch": {
			func(t *testing.T, _ *memory, dir string) {
				_, err := createEpochKey(dir, 2)
				must(t, err)
			},
			ErrWrongKey, "is of epoch 1, at hand is epoch 2",
		},
		"key file cut short": {
			func(t *testing.T, _ *memory, dir string) { must(t, os.Truncate(keyPath(dir, 1), 40)) },
			ErrKeyDamaged, "epoch-0001.key",
		},
		"key file empty": {
			func(t *testing.T, _ *memory, dir string) { must(t, os.Truncate(keyPath(dir, 1), 0)) },
			ErrKeyDamaged, "epoch-0001.key",
		},
		"key file renamed": {
			func(t *testing.T, _ *memory, dir string) { must(t, os.Rename(keyPath(dir, 1), keyPath(dir, 3))) },
			ErrKeyDamaged, "epoch-0003.key",
		},
		"key file with more": {
			func(t *testing.T, _ *memory, dir string) {
				b, err := os.ReadFile(keyPath(dir, 1))
				must(t, err)
				must(t, os.WriteFile(keyPath(dir, 1), append(b, '\n'), 0o600))
			},
			ErrKeyDamaged, "epoch-0001.key",
		},
		"key file unreadable": {
			func(t *testing.T, _ *memory, dir string) {
				must(t, os.Remove(keyPath(dir, 1)))
				must(t, os.Mkdir(keyPath(dir, 1), 0o700))
			},
			nil, "read the epoch key",
		},
		"one record altered": {
			func(_ *testing.T, m *memory, _ string) {
				data := m.records[address{acme, ada}]
				data[20] ^= 1
			},
			ErrWrongKey, "records of 1 of 2 owners do not open under epoch 1",
		},
		"record malformed": {
			func(_ *testing.T, m *memory, _ string) { m.records[address{acme, ada}] = []byte{0x81} },
			ErrBadRecord, ada,
		},
		"store down": {
			func(_ *testing.T, m *memory, _ string) { m.breakAt(1, fails) },
			errFault, "load the records",
		},
	} {
		t.Run(name, func(t *testing.T) {
			v, m, dir := newVault(t)
			put(t, v, acme, ada, login("ada"))
			c.spoil(t, m, dir)
			before, files := m.clone(), tree(t, dir)
			_, err := Load(context.Background(), m, dir)
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Fatalf("error %v, want %v", err, c.want)
			}
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %q does not say %q", err, c.says)
			}
			if after := tree(t, dir); after != files {
				t.Errorf("files changed from\n%s to\n%s", files, after)
			}
			for at, data := range before.records {
				if string(m.records[at]) != string(data) {
					t.Errorf("the record of %v changed", at)
				}
			}
		})
	}
}

func TestStoreDownCreatesNoKey(t *testing.T) {
	m, dir := newMemory(), t.TempDir()
	m.breakAt(1, fails)
	_, err := Load(context.Background(), m, dir)
	wantError(t, err, errFault)
	if files := tree(t, dir); files != "" {
		t.Errorf("created %s", files)
	}
}

func TestNewestKeyIsLoaded(t *testing.T) {
	dir := t.TempDir()
	for _, number := range []uint64{2, 10000, 9999} {
		_, err := createEpochKey(dir, number)
		must(t, err)
	}
	must(t, os.WriteFile(filepath.Join(dir, "keys", "epoch-00020000.key"), nil, 0o600)) // not a name of ours
	key, err := loadEpochKey(dir)
	must(t, err)
	e := key.wrap(acme, ada, newDataKey(), nil, false)
	if key.number != 10000 || e.Epoch != 10000 {
		t.Errorf("loaded epoch %d, wrote epoch %d", key.number, e.Epoch)
	}
}

// tree lists the files below dir with their contents.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		b.WriteString(path + ": " + string(content) + "\n")
		return err
	}))
	return b.String()
}
