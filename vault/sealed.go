package vault

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"

	"tenure/events"
)

// Field numbers the places in a commit where sealed values stand. The numbers
// are part of what a value is bound to: they are only ever added to.
type Field uint8

// The fields.
const (
	FieldLogin    Field = 1 // a person's login
	FieldEmail    Field = 2 // a person's address
	FieldName     Field = 3 // a person's full name
	FieldJobTitle Field = 4 // a person's job title
	FieldNote     Field = 5 // a commit's note
	FieldTitle    Field = 6 // the title of an organization or another scope
	FieldGround   Field = 7 // why a person is on hold, or a person's data is kept
	FieldToken    Field = 8 // the token of an invitation
)

func (f Field) known() bool { return f >= FieldLogin && f <= FieldToken }

// A sealed value is one format byte, then nonce, ciphertext and tag of
// AES-256-GCM. The plaintext is followed by 0x80 and as many zeros as fill up
// the block: sealed values stay in the ledger for ever, and their length shall
// not tell the length of an erased name.
const (
	formatGCM   = 1
	sealedBlock = 32
)

// sealText seals a plaintext under a data key.
func sealText(dataKey []byte, org events.OrgID, owner string, commit events.CommitID, field Field, plaintext string) (events.Sealed, error) {
	aead, err := newAEAD(dataKey)
	if err != nil {
		return nil, err
	}
	padded := make([]byte, (len(plaintext)/sealedBlock+1)*sealedBlock)
	copy(padded, plaintext)
	padded[len(plaintext)] = 0x80
	sealed := make([]byte, 1, 1+len(padded)+overhead)
	sealed[0] = formatGCM
	return aead.Seal(sealed, nil, padded, place(org, owner, commit, field)), nil
}

// openText is the reverse of sealText.
func openText(dataKey []byte, org events.OrgID, owner string, commit events.CommitID, field Field, sealed events.Sealed) (string, error) {
	if len(sealed) < 1+overhead || sealed[0] != formatGCM {
		return "", ErrTampered
	}
	aead, err := newAEAD(dataKey)
	if err != nil {
		return "", err
	}
	padded, err := aead.Open(nil, nil, sealed[1:], place(org, owner, commit, field))
	if err != nil {
		return "", ErrTampered
	}
	end := bytes.LastIndexByte(padded, 0x80)
	if end < 1 {
		return "", ErrTampered
	}
	return string(padded[:end]), nil
}

// place is what a sealed value is bound to.
func place(org events.OrgID, owner string, commit events.CommitID, field Field) []byte {
	return bind(nil, "tenure sealed 1", string(org), owner, string(commit), strconv.Itoa(int(field)))
}

// bind appends the parts, each preceded by its length, so that no two lists of
// parts give the same bytes.
func bind(b []byte, parts ...string) []byte {
	if b == nil {
		b = make([]byte, 0, 128)
	}
	for _, p := range parts {
		b = binary.AppendUvarint(b, uint64(len(p)))
		b = append(b, p...)
	}
	return b
}

// check says whether a value can be sealed for the place.
func (f Field) check(commit events.CommitID, plaintext string) error {
	if !f.known() {
		return fmt.Errorf("vault: field %d is unknown", f)
	}
	if err := commit.Validate(); err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	if plaintext == "" {
		return fmt.Errorf("vault: field %d: %w: leave an absent field out", f, ErrNoText)
	}
	return nil
}
