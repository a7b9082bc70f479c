package vault

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/note"
)

const aLedger = "01HZX0000000000000000000ZZ"

func TestCertificate(t *testing.T) {
	v, _, dir := newVault(t)
	populate(t, v, 3)
	done, err := v.Forget(t.Context(), []Erasure{of(person(1)), of(person(2))}, nil)
	must(t, err)
	verifier, err := VerifierKey(dir, aLedger)
	must(t, err)
	for i, c := range done.Certificates(aLedger) {
		signed, err := SignCertificate(dir, c)
		must(t, err)
		got, err := VerifyCertificate(signed, verifier+"\n")
		must(t, err)
		if diff := cmp.Diff(c, got); diff != "" {
			t.Error(diff)
		}
		if got.Owner != person(i+1) || got.Revision != 42 || got.Files == 0 {
			t.Errorf("states %+v", got)
		}
		if strings.Contains(string(signed), "name-") {
			t.Error("it names somebody")
		}
		for at := range signed {
			spoiled := []byte(string(signed))
			spoiled[at] ^= 1
			// Base64 leaves a few bits of the signature's text without meaning.
			if got, err := VerifyCertificate(spoiled, verifier); err == nil && got.String() != c.String() {
				t.Fatalf("byte %d altered: %+v", at, got)
			}
		}
	}
	if mode := must1(os.Stat(signerPath(dir)))(t).Mode(); mode != 0o600 {
		t.Errorf("mode %v", mode)
	}
	// The public half follows from the private one.
	must(t, os.Remove(verifierPath(dir)))
	again, err := VerifierKey(dir, aLedger)
	must(t, err)
	if public := must1(os.ReadFile(verifierPath(dir)))(t); again != verifier || string(public) != verifier+"\n" {
		t.Errorf("verifier key %q, was %q", again, verifier)
	}
	_, err = VerifierKey(dir, "01HZX0000000000000000000YY")
	wantError(t, err, ErrWrongKey)
	must(t, os.Truncate(signerPath(dir), 30))
	_, err = VerifierKey(dir, aLedger)
	wantError(t, err, ErrKeyDamaged)
}

func must1[T any](value T, err error) func(t *testing.T) T {
	return func(t *testing.T) T { t.Helper(); must(t, err); return value }
}

// TestCertificateWithoutSearch: who searched nothing has found nothing, and
// must not say so. Certificates that did hold, and read as if they had not.
func TestCertificateWithoutSearch(t *testing.T) {
	dir := t.TempDir()
	c := Certificate{Ledger: aLedger, Org: acme, Owner: ada, Revision: 1, OrderedAt: ordered, CompletedAt: ordered, Epoch: 1}
	signed, err := SignCertificate(dir, c)
	must(t, err)
	if strings.Contains(string(signed), "found-in-files") || !strings.Contains(string(signed), "\nfiles-searched: none\nkept: ") {
		t.Errorf("states %s", signed)
	}
	signer, verifier, err := loadSigner(dir, aLedger)
	must(t, err)
	former, err := note.Sign(&note.Note{Text: strings.Replace(c.String(), "files-searched: none\n", "files-searched: 0\nbytes-searched: 0\nfound-in-files: 0\n", 1)}, signer)
	must(t, err)
	for _, signed := range [][]byte{signed, former} {
		got, err := VerifyCertificate(signed, verifier)
		must(t, err)
		if diff := cmp.Diff(c, got); diff != "" {
			t.Error(diff)
		}
	}
	c.Bytes = 1
	if _, err := SignCertificate(dir, c); err == nil {
		t.Error("signed a search of no files")
	}
}

func TestCertificateRefuses(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	good := Certificate{Ledger: aLedger, Org: acme, Owner: ada, Revision: 1, OrderedAt: ordered, CompletedAt: ordered, Epoch: 1}
	signed, err := SignCertificate(dir, good)
	must(t, err)
	other, err := VerifierKey(elsewhere, aLedger)
	must(t, err)
	_, err = VerifyCertificate(signed, other)
	wantError(t, err, ErrNotCertified)
	if _, err = VerifyCertificate(signed, "no key"); err == nil {
		t.Error("verified without a key")
	}
	for name, spoil := range map[string]func(*Certificate){
		"ledger":    func(c *Certificate) { c.Ledger = "x" },
		"owner":     func(c *Certificate) { c.Owner = "Ada\nclaim: none" },
		"revision":  func(c *Certificate) { c.Revision = 0 },
		"completed": func(c *Certificate) { c.CompletedAt = time.Time{} },
	} {
		c := good
		spoil(&c)
		if _, err := SignCertificate(dir, c); err == nil {
			t.Errorf("%s: signed", name)
		}
	}
	// What the installation has signed otherwise is no certificate.
	signer, verifier, err := loadSigner(dir, aLedger)
	must(t, err)
	for _, text := range []string{"hello\n", good.String() + "more: x\n", strings.Replace(good.String(), "claim: ", "claim: not ", 1)} {
		signed, err := note.Sign(&note.Note{Text: text}, signer)
		must(t, err)
		_, err = VerifyCertificate(signed, verifier)
		wantError(t, err, ErrNotCertified)
	}
}
