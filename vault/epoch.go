package vault

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"sync"

	"tenure/events"
)

const (
	// keySize is the length of every key, in bytes.
	keySize = 32
	// overhead is what AES-256-GCM adds: a nonce of 12 bytes and a tag of 16.
	overhead = 28
)

// epochKey wraps the data keys of one epoch. A [Stage] has one of its own, of
// number 0, for what it has not stored yet.
type epochKey struct {
	number uint64

	// using is held while the key is used, and by destroy.
	using sync.RWMutex
	aead  cipher.AEAD // nil once it was destroyed
	// raw is the key itself. It is what the check after its destruction looks
	// for.
	raw []byte
}

// errDestroyed is returned for a key that was destroyed in the meantime. What
// it wrapped is wrapped by the next one: look the entry up again.
var errDestroyed = errors.New("the epoch key was destroyed")

// newEpochKey makes a key of its own copy of the bytes.
func newEpochKey(number uint64, key []byte) (*epochKey, error) {
	aead, err := newAEAD(key)
	return &epochKey{number: number, aead: aead, raw: bytes.Clone(key)}, err
}

// destroy ends the use of the key and clears it from memory.
func (k *epochKey) destroy() {
	k.using.Lock()
	defer k.using.Unlock()
	clear(k.raw)
	wipe(k.aead)
	k.aead, k.raw = nil, nil
}

// wipe clears a cipher, whose key schedule begins with the key itself. The
// standard library has no such call; what it cannot reach is left to the
// garbage collector.
func wipe(cipher any) {
	v := reflect.ValueOf(cipher)
	if v.Kind() == reflect.Struct && v.NumField() > 0 {
		v = v.Field(0)
	}
	if v.Kind() == reflect.Pointer && !v.IsNil() && v.Elem().CanSet() {
		v.Elem().SetZero()
	}
}

// newAEAD makes AES-256-GCM with a random nonce in front of every ciphertext.
func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	defer wipe(block) // the mode has copied it
	return cipher.NewGCMWithRandomNonce(block)
}

// newDataKey is a fresh key; the caller clears it after use.
func newDataKey() []byte {
	key := make([]byte, keySize)
	rand.Read(key) // never fails: the runtime ends the program instead
	return key
}

// wrap makes the entry of an owner around its data key. A key that is being
// replaced wraps nothing any more.
func (k *epochKey) wrap(org events.OrgID, owner string, dataKey []byte, lookups []claim, relabeled bool) *entry {
	e := &entry{Epoch: k.number, Lookups: lookups, Relabeled: relabeled, version: versions.Add(1)}
	e.Key = k.aead.Seal(nil, nil, dataKey, wrapping(org, owner, e))
	return e
}

// rewrap makes the same version of an entry under this key.
func (k *epochKey) rewrap(org events.OrgID, owner string, dataKey []byte, e *entry) *entry {
	again := k.wrap(org, owner, dataKey, e.Lookups, e.Relabeled)
	again.version = e.version
	return again
}

// unwrap returns the owner's data key, which the caller clears after use. It
// fails if any part of the entry was altered, or belongs to another owner.
func (k *epochKey) unwrap(org events.OrgID, owner string, e *entry) ([]byte, error) {
	if e.Epoch != k.number {
		return nil, fmt.Errorf("%w: the key of %s in %s is of epoch %d, at hand is epoch %d", ErrWrongKey, owner, org, e.Epoch, k.number)
	}
	k.using.RLock()
	defer k.using.RUnlock()
	if k.aead == nil {
		return nil, errDestroyed
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

var (
	keyFile    = regexp.MustCompile(`^epoch-([0-9]{4,9})\.key$`)
	keyContent = regexp.MustCompile(`^tenure epoch ([0-9]{1,9}) key ([0-9a-f]{64})\n$`)
)

// keysFolder is where keys and journal lie.
func keysFolder(dir string) string { return filepath.Join(dir, "keys") }

// keyPath is where the key of an epoch lies.
func keyPath(dir string, number uint64) string {
	return filepath.Join(keysFolder(dir), fmt.Sprintf("epoch-%04d.key", number))
}

// keyText is the content of a key file. It names the epoch, so that a renamed
// file is found out. The caller clears it.
func keyText(number uint64, key []byte) []byte {
	text := make([]byte, 0, 128)
	text = fmt.Appendf(text, "tenure epoch %d key ", number)
	return append(hex.AppendEncode(text, key), '\n')
}

// epochKeys are the numbers of the epoch keys in the folder, in order.
func epochKeys(dir string) ([]uint64, error) {
	files, err := os.ReadDir(keysFolder(dir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("vault: look for the epoch key: %w", err)
	}
	var numbers []uint64
	for _, f := range files {
		if m := keyFile.FindStringSubmatch(f.Name()); m != nil {
			number, _ := strconv.ParseUint(m[1], 10, 64)
			if number > 0 && f.Name() == filepath.Base(keyPath(dir, number)) {
				numbers = append(numbers, number)
			}
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

// loadEpochKey reads the newest epoch key of the folder; nil if there is none.
func loadEpochKey(dir string) (*epochKey, error) {
	numbers, err := epochKeys(dir)
	if err != nil || len(numbers) == 0 {
		return nil, err
	}
	newest := numbers[len(numbers)-1]
	key, err := readKeyFile(keyPath(dir, newest))
	if err == nil && key.number != newest {
		err = fmt.Errorf("vault: %w: %s is not the key of epoch %d as it was written", ErrKeyDamaged, keyPath(dir, newest), newest)
	}
	if err != nil {
		return nil, err
	}
	return key, nil
}

// readKeyFile reads the key of an epoch from any file.
func readKeyFile(path string) (*epochKey, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("vault: read the epoch key: %w", err)
	}
	defer clear(content)
	key := make([]byte, keySize)
	defer clear(key)
	var number uint64
	if m := keyContent.FindSubmatch(content); m != nil {
		number, _ = strconv.ParseUint(string(m[1]), 10, 64)
		_, _ = hex.Decode(key, m[2])
	}
	text := keyText(number, key)
	defer clear(text)
	if number == 0 || !bytes.Equal(text, content) {
		return nil, fmt.Errorf("vault: %w: %s is not an epoch key as it was written", ErrKeyDamaged, path)
	}
	return newEpochKey(number, key)
}

// createEpochKey makes a new epoch key and its file. The file is there in
// whole or not at all, durable, and never replaces another.
func createEpochKey(dir string, number uint64) (*epochKey, error) {
	key := newDataKey()
	defer clear(key)
	path := keyPath(dir, number)
	text := keyText(number, key)
	defer clear(text)
	if err := writeKeyFile(path, text); err != nil {
		return nil, fmt.Errorf("vault: create the epoch key %s: %w", path, err)
	}
	return newEpochKey(number, key)
}

// writeKeyFile writes a file of keys/.
func writeKeyFile(path string, content []byte) error {
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
	if _, err := f.Write(content); err != nil {
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

// destroyKeyFile writes over the file of an epoch key and removes it.
func destroyKeyFile(dir string, number uint64, step func(string)) error {
	path := keyPath(dir, number)
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return syncFolder(filepath.Dir(path))
	}
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	noise := make([]byte, info.Size())
	rand.Read(noise)
	if _, err := f.WriteAt(noise, 0); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	step("key overwritten")
	if err := os.Remove(path); err != nil {
		return err
	}
	step("key removed")
	return syncFolder(filepath.Dir(path))
}

// removeUnfinished removes key files that were never completed.
func removeUnfinished(dir string) error {
	files, err := filepath.Glob(filepath.Join(keysFolder(dir), "new-*"))
	for _, f := range files {
		err = errors.Join(err, os.Remove(f))
	}
	return err
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
