package projections

import (
	"crypto/sha256"
	"fmt"
	"sync"

	"tenure/events"
)

// Holder is whom a credential speaks for.
type Holder struct {
	Org        events.OrgID
	Principal  events.PrincipalID
	Credential events.CredentialID
}

// Credentials finds whom an API key speaks for, by the key's SHA-256. One
// goroutine applies; any number read.
type Credentials struct {
	mu      sync.RWMutex
	holders map[[sha256.Size]byte]Holder
	hashes  map[events.CredentialID][sha256.Size]byte
}

// NewCredentials is the view before the first commit.
func NewCredentials() *Credentials {
	return &Credentials{
		holders: map[[sha256.Size]byte]Holder{},
		hashes:  map[events.CredentialID][sha256.Size]byte{},
	}
}

// Apply folds a record. It looks at credential events alone and expects
// records in order. It returns an error, and changes nothing, where a hash is
// no SHA-256: the record cannot be of a ledger that was written by decisions.
func (c *Credentials) Apply(r events.Record) error {
	for i, event := range r.Events {
		if e, issued := event.(events.CredentialIssued); issued && len(e.Hash) != sha256.Size {
			return fmt.Errorf("revision %d: event %d: the hash of key %.40q has %d bytes, and a SHA-256 has %d",
				r.Revision, i+1, string(e.Credential), len(e.Hash), sha256.Size)
		}
	}
	for _, event := range r.Events {
		switch e := event.(type) {
		case events.CredentialIssued:
			c.mu.Lock()
			hash := [sha256.Size]byte(e.Hash)
			c.hashes[e.Credential] = hash
			c.holders[hash] = Holder{Org: r.Org, Principal: e.Subject, Credential: e.Credential}
			c.mu.Unlock()
		case events.CredentialRevoked:
			c.mu.Lock()
			delete(c.holders, c.hashes[e.Credential])
			delete(c.hashes, e.Credential)
			c.mu.Unlock()
		}
	}
	return nil
}

// Find says whom the key with this hash speaks for.
func (c *Credentials) Find(hash [sha256.Size]byte) (Holder, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	holder, found := c.holders[hash]
	return holder, found
}
