package vault

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync/atomic"

	"tenure/events"
)

// Organization is the owner id of an organization's look-up key. The other
// owner ids are the ULIDs of persons and the ids of scopes, "KIND:HANDLE".
const Organization = "organization"

// Record is one erasable record of the store.
type Record struct {
	Org   events.OrgID
	Owner string
	// Data is opaque to the store. It holds nothing personal in the clear.
	Data []byte
}

// Store keeps one record for each owner of each organization.
//
// When a method returns an error, the vault takes it that the call may have
// had its effect all the same, or a part of it.
type Store interface {
	// Put writes the records. They are durable when it returns, and an owner's
	// former record is erased.
	Put(ctx context.Context, records []Record) error
	// Erase removes an owner's record so that its bytes cannot be read back.
	// It is no error if there is none.
	Erase(ctx context.Context, org events.OrgID, owner string) error
	// Each calls fn for every record, in any order, and stops with fn's error.
	Each(ctx context.Context, fn func(Record) error) error
}

// entry is what a record holds. It is never changed once it is made, so it can
// be shared by readers.
//
// All of it is authenticated: the fields beside the key are bound to the
// wrapping of the key, so that whoever can write to the store, but lacks the
// epoch key, cannot direct a look-up to another owner.
type entry struct {
	// Epoch is the number of the epoch key that wraps Key.
	Epoch uint64 `json:"epoch"`
	// Key is the wrapped data key: nonce, ciphertext, tag.
	Key []byte `json:"key"`
	// Lookups are sorted by kind, at most one of each.
	Lookups []claim `json:"lookups,omitempty"`
	// Relabeled says that the look-ups were changed after the owner's creation
	// and have not been compared with the ledger since; see [Vault.Mend].
	Relabeled bool `json:"relabeled,omitempty"`

	// version stays when the entry is wrapped by another key, and only then.
	version uint64
}

// versions gives every entry of this process its version.
var versions atomic.Uint64

// same says whether two entries, which may be nil, are one, under whatever key.
func same(a, b *entry) bool {
	return a == b || a != nil && b != nil && a.version == b.version
}

// claim is one value that an owner is looked up by.
type claim struct {
	Kind  Kind   `json:"kind"`
	Token []byte `json:"token"`
}

// holds says whether the entry, which may be nil, claims the token.
func (e *entry) holds(t token) bool {
	return e != nil && slices.ContainsFunc(e.Lookups, func(c claim) bool { return token(c.Token) == t })
}

// tokens are what the entry, which may be nil, is looked up by.
func (e *entry) tokens() []token {
	if e == nil {
		return nil
	}
	list := make([]token, len(e.Lookups))
	for i, c := range e.Lookups {
		list[i] = token(c.Token)
	}
	return list
}

// record brings the entry to the form in which it is stored.
func (e *entry) record(org events.OrgID, owner string) (Record, error) {
	data, err := events.Marshal(e)
	if err != nil {
		return Record{}, fmt.Errorf("vault: write the record of %s in %s: %w", owner, org, err)
	}
	return Record{Org: org, Owner: owner, Data: data}, nil
}

// readEntry reads a record of any origin. It checks all that can be checked
// without a key.
func readEntry(r Record) (*entry, error) {
	if err := validate(r.Org, r.Owner); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadRecord, err)
	}
	var e entry
	err := events.Unmarshal(r.Data, &e)
	if err == nil {
		err = e.check()
	}
	if err != nil {
		return nil, fmt.Errorf("%w of %s in %s: %w", ErrBadRecord, r.Owner, r.Org, err)
	}
	e.version = versions.Add(1)
	return &e, nil
}

func (e *entry) check() error {
	if e.Epoch == 0 || e.Epoch > math.MaxUint32 {
		return fmt.Errorf("there is no epoch %d", e.Epoch)
	}
	if len(e.Key) != keySize+overhead {
		return fmt.Errorf("a wrapped key of %d bytes, want %d", len(e.Key), keySize+overhead)
	}
	for i, c := range e.Lookups {
		if !c.Kind.known() || len(c.Token) != len(token{}) {
			return fmt.Errorf("a look-up of kind %.20q with %d bytes", string(c.Kind), len(c.Token))
		}
		if i > 0 && c.Kind <= e.Lookups[i-1].Kind {
			return fmt.Errorf("look-up %s after %s", c.Kind, e.Lookups[i-1].Kind)
		}
	}
	return nil
}

// validate says whether there can be such an owner.
func validate(org events.OrgID, owner string) error {
	if err := org.Validate(); err != nil {
		return err
	}
	if p := events.PrincipalID(owner); !p.Builtin() && p.Validate() == nil {
		return nil
	}
	if owner == Organization || events.ScopeID(owner).Validate() == nil {
		return nil
	}
	// Not shown: what was mistaken for an id may be somebody's name.
	return fmt.Errorf("an owner id of %d bytes in %s: want a person's ULID, KIND:HANDLE, or %q", len(owner), org, Organization)
}
