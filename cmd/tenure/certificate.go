package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tenure/events"
	"tenure/vault"
)

func (a *app) verify() *cobra.Command {
	var key string
	cmd := &cobra.Command{
		Use:   "verify FILE --key KEY",
		Short: "Say whether an erasure certificate holds, and what it states",
		Long: `Verify checks an erasure certificate by the verifier key of the installation that
signed it, which is keys/signer.pub in its data folder. It needs no ledger and no server.
The exit status is 0 if the certificate holds and 1 if it does not.`,
		Example: `  tenure verify tom.certificate --key signer.pub`,
		Args:    exactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			signed, err := readCertificate(args[0])
			if err != nil {
				return err
			}
			if text, err := readCertificate(key); err == nil {
				key = string(text)
			} else if strings.Count(key, "+") < 2 { // no key, so it was to be a file
				return fmt.Errorf("read the verifier key: %w", err)
			}
			certificate, err := vault.VerifyCertificate(signed, key)
			if err != nil && !errors.Is(err, vault.ErrNotCertified) {
				return err
			}
			answer := verified{Holds: err == nil}
			if err != nil {
				answer.Detail = strings.TrimPrefix(err.Error(), "vault: ")
			} else {
				answer.state(certificate)
			}
			if err := printOne(a, answer, answer.text(certificate), verifiedColumns()...); err != nil {
				return err
			}
			if !answer.Holds {
				return errNotAllowed
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&key, "key", "", "verifier key of the installation, or a file that holds it")
	must(cmd.MarkFlagRequired("key"))
	return cmd
}

// maxCertificate is how much of a file is read as a certificate, in bytes.
const maxCertificate = 1 << 20

func readCertificate(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxCertificate+1))
	if err == nil && len(text) > maxCertificate {
		err = fmt.Errorf("%s is too large to be what it should be", path)
	}
	return text, err
}

// verified says whether a certificate holds, and what it states then.
type verified struct {
	Holds       bool            `json:"holds"`
	Detail      string          `json:"detail,omitempty"`
	Ledger      string          `json:"ledger,omitempty"`
	Org         events.OrgID    `json:"org,omitempty"`
	ID          string          `json:"id,omitempty"`
	Revision    events.Revision `json:"revision,omitempty"`
	OrderedAt   time.Time       `json:"ordered_at,omitzero"`
	CompletedAt time.Time       `json:"completed_at,omitzero"`
	Epoch       uint64          `json:"epoch,omitempty"`
	Rewrapped   int             `json:"rewrapped,omitempty"`
	Files       int             `json:"files,omitempty"`
	Bytes       int64           `json:"bytes,omitempty"`
}

func (v *verified) state(c vault.Certificate) {
	v.Ledger, v.Org, v.ID, v.Revision = c.Ledger, c.Org, c.Owner, c.Revision
	v.OrderedAt, v.CompletedAt, v.Epoch = c.OrderedAt, c.CompletedAt, c.Epoch
	v.Rewrapped, v.Files, v.Bytes = c.Rewrapped, c.Files, c.Bytes
}

func (v *verified) text(c vault.Certificate) string {
	var p page
	if !v.Holds {
		p.line("It does not hold: %s.", v.Detail)
		return p.String()
	}
	p.line("It holds: the installation of ledger %s signed it, and nothing was changed since. It states:", c.Ledger)
	for _, line := range statements(c.String()) {
		p.item("%-28s %s", strings.ReplaceAll(line.key, "-", " "), line.value)
	}
	return p.String()
}

func verifiedColumns() []column[verified] {
	return []column[verified]{
		{"holds", func(v verified) string { return fmt.Sprint(v.Holds) }},
		{"detail", func(v verified) string { return v.Detail }},
		{"ledger", func(v verified) string { return v.Ledger }},
		{"org", func(v verified) string { return string(v.Org) }},
		{"id", func(v verified) string { return v.ID }},
		{"revision", func(v verified) string { return number(uint64(v.Revision)) }},
		{"ordered at", func(v verified) string { return date(v.OrderedAt) }},
		{"completed at", func(v verified) string { return date(v.CompletedAt) }},
		{"epoch", func(v verified) string { return number(v.Epoch) }},
	}
}

// statement is a line of a certificate.
type statement struct{ key, value string }

// statements reads the lines of a certificate, up to its signature.
func statements(text string) (list []statement) {
	text, _, _ = strings.Cut(text, "\n\n")
	for line := range strings.Lines(text) {
		if key, value, is := strings.Cut(strings.TrimSpace(line), ": "); is {
			list = append(list, statement{key, value})
		}
	}
	return list
}
