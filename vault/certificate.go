package vault

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
	"golang.org/x/mod/sumdb/note"

	"tenure/events"
)

// Certificate states an erasure. It names ids only, nothing personal.
//
// Its text is made of lines "key: value", in a fixed order, and is signed as a
// note (golang.org/x/mod/sumdb/note), so that it can be checked without this
// program and without a server.
type Certificate struct {
	Ledger string // its id
	Org    events.OrgID
	Owner  string
	// Revision is that of the commit that ordered the erasure, OrderedAt its
	// time.
	Revision    events.Revision
	OrderedAt   time.Time
	CompletedAt time.Time
	// Epoch, Rewrapped, Files and Bytes are those of [Destroyed]. Without files
	// it states that none were searched, and nothing of what is in them.
	Epoch     uint64
	Rewrapped int
	Files     int
	Bytes     int64
}

// Certificates makes the certificates of all erasures in d, which must be
// completed.
func (d Destroyed) Certificates(ledger string) []Certificate {
	list := make([]Certificate, len(d.Erasures))
	for i, e := range d.Erasures {
		list[i] = Certificate{
			Ledger: ledger, Org: e.Org, Owner: e.Owner, Revision: e.Revision, OrderedAt: e.At,
			CompletedAt: d.CompletedAt, Epoch: d.Epoch, Rewrapped: d.Rewrapped, Files: d.Files, Bytes: d.Bytes,
		}
	}
	return list
}

// certificateText is the text of a certificate, for a person's eyes as well.
const certificateText = `tenure erasure certificate: 1
ledger: %s
organization: %s
person: %s
ordered-by-revision: %d
ordered-at: %s
completed-at: %s
destroyed: the person's record, with its data key and all that the person could be looked up by
destroyed: the epoch key that the data key was wrapped by
epoch-key-destroyed: %d
records-under-the-next-key: %d
%skept: the history of roles, under the person's id
not-destroyed: e-mail that was sent
not-destroyed: exports that were made
not-destroyed: copies of key files that were made outside of the data folder
claim: irreversible with the means at hand
`

const searchedText = `files-searched: %d
bytes-searched: %d
found-in-files: 0
`

// String is the text that is signed.
func (c Certificate) String() string {
	return fmt.Sprintf(certificateText, c.Ledger, c.Org, c.Owner, c.Revision, stamp(c.OrderedAt), stamp(c.CompletedAt),
		c.Epoch, c.Rewrapped, c.searched())
}

// searched are the lines on the search of the files. Their absence of remains
// is stated only if they were searched.
func (c Certificate) searched() string {
	if c.Files == 0 {
		return "files-searched: none\n"
	}
	return fmt.Sprintf(searchedText, c.Files, c.Bytes)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// check says whether there can be such a certificate.
func (c Certificate) check() error {
	if _, err := ulid.ParseStrict(c.Ledger); err != nil {
		return errors.New("the ledger's id is no ULID")
	}
	if err := validate(c.Org, c.Owner); err != nil {
		return err
	}
	if c.Revision == 0 || c.Epoch == 0 || c.OrderedAt.IsZero() || c.CompletedAt.IsZero() || c.Rewrapped < 0 || c.Files < 0 || c.Bytes < 0 {
		return errors.New("it states an erasure that is not completed")
	}
	if c.Files == 0 && c.Bytes > 0 {
		return errors.New("it states a search of no files")
	}
	return nil
}

// parseCertificate reads the text of a certificate, and nothing else.
func parseCertificate(text string) (Certificate, error) {
	values := map[string]string{}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		values[key] = value
	}
	var failed error
	number := func(key string) uint64 {
		n, err := strconv.ParseUint(values[key], 10, 63)
		failed = errors.Join(failed, err)
		return n
	}
	moment := func(key string) time.Time {
		t, err := time.Parse(time.RFC3339Nano, values[key])
		failed = errors.Join(failed, err)
		return t.UTC()
	}
	c := Certificate{
		Ledger: values["ledger"], Org: events.OrgID(values["organization"]), Owner: values["person"],
		Revision:  events.Revision(number("ordered-by-revision")),
		OrderedAt: moment("ordered-at"), CompletedAt: moment("completed-at"),
		Epoch: number("epoch-key-destroyed"), Rewrapped: int(number("records-under-the-next-key")),
	}
	if values["files-searched"] != "none" {
		c.Files, c.Bytes = int(number("files-searched")), int64(number("bytes-searched"))
	}
	if failed == nil {
		failed = c.check()
	}
	// Certificates were signed that say of no files that nothing was found in
	// them. They hold, and read as what they should have said.
	if c.Files == 0 {
		text = strings.Replace(text, fmt.Sprintf(searchedText, 0, 0), c.searched(), 1)
	}
	if failed == nil && c.String() != text {
		failed = errors.New("it is not in the form of an erasure certificate")
	}
	return c, failed
}

func signerPath(dir string) string   { return filepath.Join(keysFolder(dir), "signer.key") }
func verifierPath(dir string) string { return filepath.Join(keysFolder(dir), "signer.pub") }

// VerifierKey returns the key by which the certificates of this installation
// are verified, and makes it if there is none: keys/signer.key (mode 0600) and,
// in the clear for whoever asks, keys/signer.pub. Keep the latter outside.
func VerifierKey(dir, ledger string) (string, error) {
	_, key, err := loadSigner(dir, ledger)
	return key, err
}

// loadSigner reads or makes the keys of the installation.
func loadSigner(dir, ledger string) (signer note.Signer, verifierKey string, err error) {
	private, err := os.ReadFile(signerPath(dir))
	if errors.Is(err, fs.ErrNotExist) {
		made, _, generated := note.GenerateKey(rand.Reader, signerName(ledger))
		if generated != nil {
			return nil, "", generated
		}
		private = []byte(made + "\n")
		err = writeKeyFile(signerPath(dir), private)
	}
	if err != nil {
		return nil, "", fmt.Errorf("vault: the key that signs certificates: %w", err)
	}
	defer clear(private)
	text := string(bytes.TrimSuffix(private, []byte("\n")))
	if signer, err = note.NewSigner(text); err == nil {
		verifierKey, err = verifierOf(text)
	}
	if err != nil {
		return nil, "", fmt.Errorf("vault: %w: %s: %w", ErrKeyDamaged, signerPath(dir), err)
	}
	if signer.Name() != signerName(ledger) {
		return nil, "", fmt.Errorf("vault: %w: %s signs for %s, not for the ledger %s", ErrWrongKey, signerPath(dir), signer.Name(), ledger)
	}
	if have, err := os.ReadFile(verifierPath(dir)); err == nil && string(have) == verifierKey+"\n" {
		return signer, verifierKey, nil
	}
	// It follows from the other one, so whatever stands there is wrong.
	if err := os.WriteFile(verifierPath(dir), []byte(verifierKey+"\n"), 0o644); err != nil {
		return nil, "", fmt.Errorf("vault: the key that verifies certificates: %w", err)
	}
	return signer, verifierKey, nil
}

func signerName(ledger string) string { return "tenure/" + ledger }

// verifierOf is the verifier key of a signer key, "PRIVATE+KEY+name+hash+seed".
func verifierOf(signerKey string) (string, error) {
	parts := strings.SplitN(signerKey, "+", 5)
	if len(parts) != 5 {
		return "", errors.New("it is no signer key")
	}
	seed, err := base64.StdEncoding.DecodeString(parts[4])
	if err != nil || len(seed) != 1+ed25519.SeedSize {
		return "", errors.New("it is no Ed25519 signer key")
	}
	defer clear(seed)
	private := ed25519.NewKeyFromSeed(seed[1:])
	defer clear(private)
	return note.NewEd25519VerifierKey(parts[2], private.Public().(ed25519.PublicKey))
}

// SignCertificate signs a certificate with the key of the installation in the
// folder, which it makes if there is none.
func SignCertificate(dir string, c Certificate) ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("vault: certificate: %w", err)
	}
	signer, _, err := loadSigner(dir, c.Ledger)
	if err != nil {
		return nil, err
	}
	return note.Sign(&note.Note{Text: c.String()}, signer)
}

// VerifyCertificate returns what a certificate states, if it was signed by the
// installation of the verifier key and was not altered since; else
// [ErrNotCertified]. It needs nothing else.
func VerifyCertificate(signed []byte, verifierKey string) (Certificate, error) {
	verifier, err := note.NewVerifier(strings.TrimSpace(verifierKey))
	if err != nil {
		return Certificate{}, fmt.Errorf("vault: the verifier key: %w", err)
	}
	n, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return Certificate{}, fmt.Errorf("vault: %w: %w", ErrNotCertified, err)
	}
	c, err := parseCertificate(n.Text)
	if err == nil && signerName(c.Ledger) != verifier.Name() {
		err = fmt.Errorf("it is of the ledger %s, and %s has signed it", c.Ledger, verifier.Name())
	}
	if err != nil {
		return Certificate{}, fmt.Errorf("vault: %w: %w", ErrNotCertified, err)
	}
	return c, nil
}
