package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"tenure/aggregate"
	"tenure/events"
	"tenure/ledger"
	"tenure/projections"
	"tenure/vault"
)

// MayBackup refuses everybody but the operator.
func MayBackup(caller Caller) error {
	if caller.Operator() {
		return nil
	}
	return refuse(aggregate.CodeNotPermitted, "", "Only the operator makes backups.")
}

// BackupLedger writes the ledger as of now, without any key: nothing personal
// in it can be read without the key capsule and the epoch key. Only the operator
// may.
func (s *Service) BackupLedger(ctx context.Context, caller Caller, w io.Writer) error {
	if err := MayBackup(caller); err != nil {
		return err
	}
	_, err := s.ledger.Backup(ctx, w, nil)
	return err
}

// BackupCapsule writes the key capsule: the wrapped keys and the erasure
// journal. The epoch key is not in it and is to be kept apart; each erasure
// replaces it, and makes all capsules of before worthless. Only the operator
// may.
func (s *Service) BackupCapsule(_ context.Context, caller Caller, w io.Writer) error {
	if err := MayBackup(caller); err != nil {
		return err
	}
	return s.vault.WriteCapsule(w)
}

// RestoreRequest says from what a data folder is made anew.
type RestoreRequest struct {
	// Dir is the folder to make; it must not be there, or be empty.
	Dir string
	// Ledger is a backup of the ledger, or an older data folder.
	Ledger string
	// Capsule is the newest key capsule.
	Capsule string
	// EpochKey is the file of the epoch key that the capsule is wrapped under.
	EpochKey string
	// Journal is the newest erasure journal, keys/erasures.jsonl of the folder:
	// [NoJournal] if nobody was ever anonymized.
	Journal string
	// Signer is the key that erasure certificates are signed with,
	// keys/signer.key of the folder; empty for a new one, by which the
	// certificates of before do not verify.
	Signer string
	// Progress is called now and then; it may be nil.
	Progress func(done, total uint64)
	// Logger gets what is worth knowing; nil discards.
	Logger *slog.Logger
}

// NoJournal says that there is no erasure journal, since nobody was ever
// anonymized.
const NoJournal = "none"

// ErrNoJournal is returned where nothing is said of the erasure journal: an old
// capsule with its old epoch key would bring back who was anonymized since.
var ErrNoJournal = errors.New("a restore needs the newest erasure journal (keys/erasures.jsonl), which is kept apart from the backups; say none if nobody was ever anonymized")

// Restore makes a data folder anew from a backup of the ledger, the newest key
// capsule and its epoch key. What was erased stays erased: nothing is restored
// with a capsule that is older than an erasure that the ledger or the journal
// knows of. The folder is there in whole or not at all.
func Restore(ctx context.Context, r RestoreRequest) error {
	if r.Logger == nil {
		r.Logger = slog.New(slog.DiscardHandler)
	}
	switch r.Journal {
	case "":
		return ErrNoJournal
	case NoJournal:
		r.Journal = ""
	}
	file, err := os.Open(r.Capsule)
	if err != nil {
		return fmt.Errorf("open the key capsule: %w", err)
	}
	defer file.Close()
	capsule, err := vault.ReadCapsule(file)
	if err != nil {
		return err
	}
	source, err := backupOf(ctx, r.Ledger, r.Logger)
	if err != nil {
		return err
	}
	defer source.Close()
	_, err = ledger.RestoreBackup(ctx, r.Dir, source, ledger.RestoreOptions{
		Logger: r.Logger,
		Progress: func(_ string, done, total uint64) {
			if r.Progress != nil {
				r.Progress(done, total)
			}
		},
		Complete: func(ctx context.Context, l *ledger.Ledger, dir string) error {
			if err := capsuleReaches(ctx, l, capsule); err != nil {
				return err
			}
			if err := vault.RestoreCapsule(ctx, records{l}, dir, capsule, r.EpochKey, r.Journal); err != nil || r.Signer == "" {
				return err
			}
			signer, err := os.ReadFile(r.Signer)
			if err != nil {
				return fmt.Errorf("read the key that certificates are signed with: %w", err)
			}
			if err := writeFile(filepath.Join(dir, "keys", "signer.key"), string(signer)); err != nil {
				return err
			}
			_, err = vault.VerifierKey(dir, l.ID())
			return err
		},
	})
	return err
}

// backupOf opens a backup, or makes one of an older data folder: of a copy of
// it, so that the folder itself stays as it is.
func backupOf(ctx context.Context, path string, log *slog.Logger) (io.ReadCloser, error) {
	if !ledger.Exists(path) {
		file, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("open the ledger's backup: %w", err)
		}
		return file, nil
	}
	dir, err := os.MkdirTemp(filepath.Dir(filepath.Clean(path)), ".restore-*")
	if err != nil {
		return nil, err
	}
	made := func() (io.ReadCloser, error) {
		copied := filepath.Join(dir, "folder")
		if err := ledger.Copy(copied, path); err != nil {
			return nil, fmt.Errorf("copy the older data folder: %w", err)
		}
		old, err := ledger.Open(ctx, ledger.Options{Dir: copied, Logger: log})
		if err != nil {
			return nil, err
		}
		file, err := os.Create(filepath.Join(dir, "backup"))
		if err != nil {
			return nil, errors.Join(err, old.Close(ctx))
		}
		_, err = old.Backup(ctx, file, nil)
		if err = errors.Join(err, old.Close(ctx)); err == nil {
			_, err = file.Seek(0, io.SeekStart)
		}
		return temporary{file, dir}, err
	}
	source, err := made()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return source, nil
}

// temporary is a file that goes, with its folder, when it is closed.
type temporary struct {
	*os.File
	dir string
}

func (t temporary) Close() error { return errors.Join(t.File.Close(), os.RemoveAll(t.dir)) }

// ErrCapsuleOld is returned when the key capsule is older than an erasure that
// the ledger tells of: it would bring back what was erased.
var ErrCapsuleOld = errors.New("the key capsule is older than the ledger")

// capsuleReaches demands that the capsule knows of every erasure that the ledger
// says was completed.
func capsuleReaches(ctx context.Context, l *ledger.Ledger, capsule *vault.Capsule) error {
	erased := map[projections.Concerned]bool{}
	for _, change := range capsule.Journal() {
		for _, e := range change.Erasures {
			erased[projections.Concerned{Org: e.Org, Subject: events.PrincipalID(e.Owner)}] = true
		}
	}
	return l.Replay(ctx, 0, func(r events.Record) error {
		for _, e := range r.Events {
			done, is := e.(events.PersonAnonymized)
			if is && !erased[projections.Concerned{Org: r.Org, Subject: done.Subject}] {
				return fmt.Errorf("%w: at revision %d a person of %s was anonymized, of which the capsule does not know; bring the newest capsule", ErrCapsuleOld, r.Revision, r.Org)
			}
		}
		return nil
	})
}
