package vault

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"tenure/ledger"
)

// TestRestoreLedgerAndKeys goes back to an older copy of a whole data folder,
// from before an erasure. Its ledger comes back, its keys do not: those come
// from the newest capsule, in which the erased owner is not.
func TestRestoreLedgerAndKeys(t *testing.T) {
	ctx, dir, older := t.Context(), t.TempDir(), t.TempDir()
	l := openLedger(t, dir)
	v, err := Load(ctx, ledgerStore{l}, dir)
	must(t, err)
	names := populate(t, v, 20)
	tooOld := read(t, capsule(t, v))
	must(t, l.Close(ctx))
	must(t, os.CopyFS(older, os.DirFS(dir)))

	l = openLedger(t, dir)
	v, err = Load(ctx, ledgerStore{l}, dir)
	must(t, err)
	id := l.ID()
	_, err = v.Forget(ctx, []Erasure{of(person(7))}, nil)
	must(t, err)
	newest := read(t, capsule(t, v))
	key, journal := copied(t, keyPath(dir, 2)), copied(t, journalPath(dir))
	must(t, l.Close(ctx))

	l = openLedger(t, older)
	var file bytes.Buffer
	_, err = l.Backup(ctx, &file, nil)
	must(t, err)
	must(t, l.Close(ctx))

	restored := filepath.Join(t.TempDir(), "data")
	options := func(c *Capsule, key string) ledger.RestoreOptions {
		return ledger.RestoreOptions{Logger: slog.New(slog.DiscardHandler), Complete: func(ctx context.Context, l *ledger.Ledger, dir string) error {
			return RestoreCapsule(ctx, ledgerStore{l}, dir, c, key, journal)
		}}
	}
	// The older copy has an older key and older records. They are of no use.
	_, err = ledger.RestoreBackup(ctx, restored, bytes.NewReader(file.Bytes()), options(tooOld, keyPath(older, 1)))
	wantError(t, err, ErrCapsuleBehind)
	_, err = ledger.RestoreBackup(ctx, restored, bytes.NewReader(file.Bytes()), options(newest, keyPath(older, 1)))
	wantError(t, err, ErrWrongKey)
	if left, _ := filepath.Glob(restored + "*"); len(left) > 0 {
		t.Errorf("left %v", left)
	}

	_, err = ledger.RestoreBackup(ctx, restored, bytes.NewReader(file.Bytes()), options(newest, key))
	must(t, err)
	l = openLedger(t, restored)
	v, err = Load(ctx, ledgerStore{l}, restored)
	must(t, err)
	if l.ID() != id {
		t.Errorf("the ledger is %s, and was %s", l.ID(), id)
	}
	must(t, v.Unfinished())
	expectNames(t, v, names, person(7))
	must(t, l.Close(ctx))
}
