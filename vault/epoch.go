package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"

	"tenure/events"
)

const (
	// keySize is the length of every key, in bytes.
	keySize = 32
	// overhead is what AES-256-GCM adds: a nonce of 12 bytes and a tag of 16.
	overhead = 28
)

// epochKey wraps the data keys of one epoch.
type epochKey struct {
	number uint64
	aead   cipher.AEAD
}

func newEpochKey(number uint64, key []byte) (*epochKey, error) {
	aead, err := newAEAD(key)
	return &epochKey{number: number, aead: aead}, err
}

// newAEAD makes AES-256-GCM with a random nonce in front of every ciphertext.
func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// newDataKey is a fresh key; the caller clears it after use.
func newDataKey() []byte {
	key := make([]byte, keySize)
	rand.Read(key) // never fails: the runtime ends the program instead
	return key
}

// wrap makes the entry of an owner around its data key.
func (k *epochKey) wrap(org events.OrgID, owner string, dataKey []byte, lookups []claim, relabeled bool) *entry {
	e := &entry{Epoch: k.number, Lookups: lookups, Relabeled: relabeled}
	e.Key = k.aead.Seal(nil, nil, dataKey, wrapping(org, owner, e))
	return e
}

// unwrap returns the owner's data key, which the caller clears after use. It
// fails if any part of the entry was altered, or belongs to another owner.
func (k *epochKey) unwrap(org events.OrgID, owner string, e *entry) ([]byte, error) {
	if e.Epoch != k.number {
		return nil, fmt.Errorf("%w: the key of %s in %s is of epoch %d, at hand is epoch %d", ErrWrongKey, owner, org, e.Epoch, k.number)
	}
	dataKey, err := k.aead.Open(nil, nil, e.Key, wrapping(org, owner, e))
	if err != nil {
		return nil, fmt.Errorf("%w: the key of %s in %s, epoch %d", ErrWrongKey, owner, org, k.number)
	}
	return dataKey, nil
}

// wrapping is what a wrapped key is bound to.
func wrapping(org events.OrgID, owner string, e *entry) []byte {
	b := bind(nil, "tenure data key 1", string(org), owner, strconv.FormatUint(e.Epoch, 10), strconv.FormatBool(e.Relabeled))
	for _, c := range e.Lookups {
		b = bind(b, string(c.Kind), string(c.Token))
	}
	return b
}

var keyFile = regexp.MustCompile(`^epoch-([0-9]{4,9})\.key$`)

// keyPath is where the key of an epoch lies.
func keyPath(dir string, number uint64) string {
	return filepath.Join(dir, "keys", fmt.Sprintf("epoch-%04d.key", number))
}

// keyText is the content of a key file. It names the epoch, so that a renamed
// file is found out.
func keyText(number uint64, key []byte) string {
	return fmt.Sprintf("tenure epoch %d key %s\n", number, hex.EncodeToString(key))
}

// loadEpochKey reads the newest epoch key of the folder; nil if there is none.
func loadEpochKey(dir string) (*epochKey, error) {
	files, err := os.ReadDir(filepath.Join(dir, "keys"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("vault: look for the epoch key: %w", err)
	}
	var newest uint64
	for _, f := range files {
		if m := keyFile.FindStringSubmatch(f.Name()); m != nil {
			number, _ := strconv.ParseUint(m[1], 10, 64)
			if f.Name() == filepath.Base(keyPath(dir, number)) {
				newest = max(newest, number)
			}
		}
	}
	if newest == 0 {
		return nil, nil
	}
	path := keyPath(dir, newest)
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("vault: read the epoch key: %w", err)
	}
	var (
		number uint64
		key    []byte
	)
	if _, err := fmt.Sscanf(string(content), "tenure epoch %d key %x", &number, &key); err != nil ||
		number != newest || len(key) != keySize || keyText(number, key) != string(content) {
		return nil, fmt.Errorf("vault: %w: %s is not the key of epoch %d as it was written", ErrKeyDamaged, path, newest)
	}
	defer clear(key)
	return newEpochKey(newest, key)
}

// createEpochKey makes a new epoch key and its file. The file is there in
// whole or not at all, durable, and never replaces another.
func createEpochKey(dir string, number uint64) (*epochKey, error) {
	key := newDataKey()
	defer clear(key)
	path := keyPath(dir, number)
	if err := writeKeyFile(path, keyText(number, key)); err != nil {
		return nil, fmt.Errorf("vault: create the epoch key %s: %w", path, err)
	}
	return newEpochKey(number, key)
}

func writeKeyFile(path, content string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if _, err := f.WriteString(content); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	// A link, unlike a rename, fails if the file exists: a key that records
	// depend on is never lost to a second process.
	if err := os.Link(f.Name(), path); err != nil {
		return err
	}
	if err := syncFolder(dir); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(dir))
}

// syncFolder makes the folder's list of files durable.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" { // has no such call
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
