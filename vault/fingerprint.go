package vault

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// fingerprint tells a key or a wrapped key when it is seen again, and does not
// tell what it is. The journal keeps those of what an erasure must leave in no
// file, so that the files can be searched whenever it is resumed.
//
// As text it is "LENGTH:BEGINNING:SHA256", the latter two in hexadecimal.
type fingerprint struct {
	length int
	// beginning rules out nearly all places of a file without a hash. Of an
	// epoch key it is 2 bytes, which leaves 240 bits unknown; of a wrapped key
	// it is 8 bytes of its nonce, which is no secret.
	beginning []byte
	// sum is the SHA-256 of the bytes, followed by zeros up to 64.
	sum [sha256.Size]byte
}

const (
	keyBeginning    = 2
	recordBeginning = 8
)

// fingerprintOf is that of an epoch key or of the wrapped key of a record.
func fingerprintOf(b []byte) fingerprint {
	n := recordBeginning
	if len(b) == keySize {
		n = keyBeginning
	}
	return fingerprint{len(b), bytes.Clone(b[:n]), paddedSum(b)}
}

// paddedSum hashes one whole block, because the hash would keep a copy of a
// shorter one, and so of the key, in memory.
func paddedSum(b []byte) [sha256.Size]byte {
	var block [sha256.BlockSize]byte
	defer clear(block[:])
	copy(block[:], b)
	return sha256.Sum256(block[:])
}

// ofKey says whether it is that of an epoch key.
func (f fingerprint) ofKey() bool { return f.length == keySize }

// begins says whether the text begins with what the fingerprint is of.
func (f fingerprint) begins(text []byte) bool {
	return len(text) >= f.length && bytes.HasPrefix(text, f.beginning) && paddedSum(text[:f.length]) == f.sum
}

// beginsAsHex says the same of its lower-case hexadecimal form.
func (f fingerprint) beginsAsHex(text []byte) bool {
	var raw [sha256.BlockSize]byte
	defer clear(raw[:])
	if len(text) < 2*f.length {
		return false
	}
	// The beginning alone rules out most places.
	if n, err := hex.Decode(raw[:], text[:2*len(f.beginning)]); err != nil || !bytes.Equal(raw[:n], f.beginning) {
		return false
	}
	n, err := hex.Decode(raw[:], text[:2*f.length])
	return err == nil && f.begins(raw[:n])
}

// MarshalText writes the form that the journal keeps.
func (f fingerprint) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%d:%x:%x", f.length, f.beginning, f.sum), nil
}

// UnmarshalText reads it.
func (f *fingerprint) UnmarshalText(text []byte) error {
	parts := strings.Split(string(text), ":")
	if len(parts) != 3 {
		return errors.New("it has a fingerprint in no known form")
	}
	length, err := strconv.Atoi(parts[0])
	beginning, err1 := hex.DecodeString(parts[1])
	sum, err2 := hex.DecodeString(parts[2])
	read := fingerprint{length: length, beginning: beginning}
	wellFormed := length == keySize && len(beginning) == keyBeginning ||
		length == keySize+overhead && len(beginning) == recordBeginning
	if errors.Join(err, err1, err2) != nil || !wellFormed || copy(read.sum[:], sum) != sha256.Size || len(sum) != sha256.Size {
		return errors.New("it has a fingerprint in no known form")
	}
	*f = read
	return nil
}

// missing are those of the list that known does not have.
func missing(list, known []fingerprint) []fingerprint {
	have := make(map[[sha256.Size]byte]bool, len(known))
	for _, f := range known {
		have[f.sum] = true
	}
	var more []fingerprint
	for _, f := range list {
		if !have[f.sum] {
			have[f.sum] = true
			more = append(more, f)
		}
	}
	return more
}
