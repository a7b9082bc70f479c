package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
)

// folderFormat is the layout of the data folder that this program writes.
const folderFormat = 1

// folder is the data folder.
type folder string

// identity is the content of ledger.json.
type identity struct {
	ID        string    `json:"id"`
	Format    int       `json:"format"`
	CreatedAt time.Time `json:"created_at"`
}

func (f folder) natsDir() string      { return filepath.Join(string(f), "nats") }
func (f folder) identityFile() string { return filepath.Join(string(f), "ledger.json") }
func (f folder) lockFile() string     { return filepath.Join(string(f), "lock") }
func (f folder) erasingFile() string  { return filepath.Join(string(f), "erasing") }

// streamDir is where the server keeps a stream.
func (f folder) streamDir(stream string) string {
	return filepath.Join(f.natsDir(), "jetstream", "$G", "streams", stream)
}

// readIdentity returns nil, nil if the folder has no ledger.json.
func (f folder) readIdentity() (*identity, error) {
	data, err := os.ReadFile(f.identityFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var id identity
	if err := json.Unmarshal(data, &id); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrStoreDamaged, f.identityFile(), err)
	}
	if id.Format != folderFormat {
		return nil, fmt.Errorf("%w: %s has format %d, and this program knows format %d only",
			ErrSettings, f.identityFile(), id.Format, folderFormat)
	}
	if _, err := ulid.ParseStrict(id.ID); err != nil {
		return nil, fmt.Errorf("%w: %s gives the id %q, which is no ULID", ErrStoreDamaged, f.identityFile(), id.ID)
	}
	return &id, nil
}

// writeIdentity makes ledger.json durable, whole or not at all.
func (f folder) writeIdentity(id identity) error {
	data, err := json.MarshalIndent(id, "", "  ")
	if err != nil {
		return err
	}
	temporary := f.identityFile() + ".tmp"
	if err := writeSynced(temporary, append(data, '\n')); err != nil {
		return err
	}
	if err := os.Rename(temporary, f.identityFile()); err != nil {
		return err
	}
	return syncDir(string(f))
}

// streamState says what the disk holds of a stream that the server may not
// have found.
func (f folder) streamState(stream string) (exists, holdsMessages bool, err error) {
	dir := f.streamDir(stream)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return false, false, nil
	} else if err != nil {
		return false, false, err
	}
	blocks, err := filepath.Glob(filepath.Join(dir, "msgs", "*.blk"))
	if err != nil {
		return true, false, err
	}
	for _, block := range blocks {
		info, err := os.Stat(block)
		if err != nil {
			return true, false, err
		}
		if info.Size() > 0 {
			return true, true, nil
		}
	}
	return true, false, nil
}

// removeTemporaries removes the files that a killed server left half written
// beside a block. The server never looks at them again, and they can hold
// records that are erased later on.
func (f folder) removeTemporaries() error {
	return filepath.WalkDir(f.natsDir(), func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if entry.Type().IsRegular() && (strings.HasSuffix(path, ".tmp") || strings.HasSuffix(path, ".new")) {
			return os.Remove(path)
		}
		return nil
	})
}

// markErasing makes it durable that an erasure has begun.
func (f folder) markErasing() error {
	if err := writeSynced(f.erasingFile(), nil); err != nil {
		return err
	}
	return syncDir(string(f))
}

// unmarkErasing says that the erasure is complete. It need not be durable:
// erasing again does no harm.
func (f folder) unmarkErasing() error { return os.Remove(f.erasingFile()) }

// erasing says whether an erasure was begun and not completed.
func (f folder) erasing() (bool, error) {
	_, err := os.Stat(f.erasingFile())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func writeSynced(path string, data []byte) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Sync(), file.Close())
}

// syncDir makes the names in a folder durable.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Exists says whether the folder holds a ledger.
func Exists(dir string) bool {
	_, err := os.Stat(folder(dir).identityFile())
	return err == nil
}

// Copy copies what a ledger consists of to a folder that does not exist: the
// store and what belongs to it, and nothing else that may lie in the folder,
// such as keys.
func Copy(to, from string) error {
	if err := os.Mkdir(to, 0o700); err != nil {
		return err
	}
	for _, name := range []string{"ledger.json", "erasing", "notices"} {
		content, err := os.ReadFile(filepath.Join(from, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(to, name), content, 0o600)
		}
		if err != nil {
			return err
		}
	}
	return os.CopyFS(filepath.Join(to, "nats"), os.DirFS(filepath.Join(from, "nats")))
}
