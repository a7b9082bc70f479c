package vault

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"

	"tenure/events"
)

// Stage prepares the keys of one command, in memory until [Stage.Store], so
// that a refused command leaves nothing behind:
//
//	stage := v.Begin(org)
//	stage.Create(person, vault.Lookup{Kind: vault.ByLogin, Value: login})
//	sealed, err := stage.Seal(person, commit, vault.FieldLogin, login)
//	… decide; if refused, drop the stage …
//	err = stage.Store(ctx)
//	… append; if not appended, stage.Discard(ctx) …
//
// A stage is not safe for concurrent use. Stages of one organization may
// overlap: the second to store what the first has changed is refused. But a
// value that a stored relabeling has given up is free at once; so that it need
// not be given back later, do not interleave commands of one organization
// between Store and the append.
type Stage struct {
	vault   *Vault
	org     events.OrgID
	changes map[string]change
	holders map[token]string // of the changed owners only
	phase   phase
	// key wraps the data keys of the changed owners until they are stored, so
	// that a stage outlives the epoch in which it was begun; nil until needed.
	key *epochKey
}

// change is what becomes of one owner.
type change struct {
	former *entry // nil: created by this stage
	entry  *entry
}

type phase int

const (
	open    phase = iota // nothing has left memory
	tried                // the store was called and failed, perhaps after persisting
	stored               // durable and visible
	undoing              // invisible again; the store perhaps not yet undone
	closed
)

// Begin opens a stage for one command in the organization.
func (v *Vault) Begin(org events.OrgID) *Stage {
	return &Stage{vault: v, org: org, changes: map[string]change{}, holders: map[token]string{}}
}

// Create gives the owner a new data key and look-ups; those with an empty
// Value are left out. The organization's look-up key is made along with the
// first look-up; creating [Organization] by name does nothing if it is there.
//
// It returns [ErrExists] if the owner has a key, [ErrTaken] if another owner
// holds a look-up value, [ErrNoText] for a value that cannot be looked up, and
// then changes nothing.
func (s *Stage) Create(owner string, lookups ...Lookup) error {
	if err := s.usable(owner, lookups); err != nil {
		return fmt.Errorf("vault: create %w", err)
	}
	if s.Has(owner) {
		if owner == Organization {
			return nil
		}
		return fmt.Errorf("vault: create %s in %s: %w", owner, s.org, ErrExists)
	}
	claims, err := s.claims(owner, nil, lookups)
	if err != nil {
		return fmt.Errorf("vault: create %s in %s: %w", owner, s.org, err)
	}
	dataKey := newDataKey()
	defer clear(dataKey)
	s.set(owner, change{entry: s.stageKey().wrap(s.org, owner, dataKey, claims, false)})
	return nil
}

// Relabel replaces the owner's look-ups of the given kinds, for instance after
// a change of login; one with an empty Value removes its kind. The data key
// stays. It returns [ErrErased] if the owner has no key, else errors like
// [Stage.Create].
func (s *Stage) Relabel(owner string, lookups ...Lookup) error {
	if err := s.usable(owner, lookups); err != nil {
		return fmt.Errorf("vault: relabel %w", err)
	}
	c, staged := s.changes[owner]
	if !staged {
		c.former = s.vault.entry(s.org, owner)
		c.entry = c.former
	}
	if c.entry == nil {
		return fmt.Errorf("vault: relabel %s in %s: %w", owner, s.org, ErrErased)
	}
	claims, err := s.claims(owner, c.entry, lookups)
	if err != nil {
		return fmt.Errorf("vault: relabel %s in %s: %w", owner, s.org, err)
	}
	if sameClaims(claims, c.entry.Lookups) {
		return nil
	}
	dataKey, err := s.unwrap(owner, c.entry)
	if err != nil {
		return fmt.Errorf("vault: relabel: %w", err)
	}
	defer clear(dataKey)
	// An owner that this stage creates is swept if the commit is not appended;
	// only one that was there before needs mending.
	c.entry = s.stageKey().wrap(s.org, owner, dataKey, claims, c.former != nil)
	s.set(owner, c)
	return nil
}

// Has says whether the owner has a key, in this stage or in the vault.
func (s *Stage) Has(owner string) bool { return s.entry(owner) != nil }

// Find is [Vault.Find] with the changes of this stage.
func (s *Stage) Find(kind Kind, value string) (owner string, found bool) {
	e := s.entry(Organization)
	if e == nil || !kind.known() {
		return "", false
	}
	lookupKey, err := s.unwrap(Organization, e)
	if err != nil {
		return "", false
	}
	defer clear(lookupKey)
	t, err := tokenOf(lookupKey, kind, value)
	if err != nil {
		return "", false
	}
	holder, _ := s.holder(t)
	return holder, holder != contested
}

// Digest makes a digest of a text under the organization's look-up key, so that
// whoever has the digest alone cannot try out what the text may have been. The
// same text gives the same digest, in this stage and after it was stored.
func (s *Stage) Digest(text []byte) ([]byte, error) {
	if err := s.Create(Organization); err != nil {
		return nil, err
	}
	lookupKey, err := s.unwrap(Organization, s.entry(Organization))
	if err != nil {
		return nil, fmt.Errorf("vault: digest: %w", err)
	}
	defer clear(lookupKey)
	mac := hmac.New(sha256.New, lookupKey)
	mac.Write(bind(nil, "tenure digest 1", string(text)))
	return mac.Sum(nil), nil
}

// Seal seals a plaintext under the owner's data key, for one field of one
// commit. It returns [ErrErased] if the owner has no key, and [ErrNoText] for
// an empty plaintext: an absent field is left out.
func (s *Stage) Seal(owner string, commit events.CommitID, field Field, plaintext string) (events.Sealed, error) {
	if err := field.check(commit, plaintext); err != nil {
		return nil, err
	}
	e := s.entry(owner)
	if e == nil {
		return nil, fmt.Errorf("vault: seal field %d of %s in %s: %w", field, owner, s.org, ErrErased)
	}
	dataKey, err := s.unwrap(owner, e)
	if err != nil {
		return nil, fmt.Errorf("vault: seal field %d: %w", field, err)
	}
	defer clear(dataKey)
	sealed, err := sealText(dataKey, s.org, owner, commit, field, plaintext)
	if err != nil {
		return nil, fmt.Errorf("vault: seal field %d: %w", field, err)
	}
	return sealed, nil
}

// Store makes the staged records durable and then, all at once, visible to the
// vault. A stage without changes does not touch the store.
//
// It returns [ErrTaken] or [ErrStale], before the store is touched, if another
// stage was first. After any error nothing is visible; call Store again, or
// [Stage.Discard], because the store may hold some of it.
func (s *Stage) Store(ctx context.Context) error {
	switch {
	case s.phase == undoing || s.phase == closed:
		return fmt.Errorf("vault: store: %w", ErrClosed)
	case s.phase == stored || len(s.changes) == 0:
		s.phase = stored
		return nil
	}
	o := s.vault.lock(s.org)
	defer o.writing.Unlock()
	if err := s.check(o); err != nil {
		return err
	}
	key := s.vault.current() // for as long as the organization is locked
	records := make([]Record, 0, len(s.changes))
	visible := make(map[string]*entry, len(s.changes))
	for _, owner := range slices.Sorted(maps.Keys(s.changes)) {
		e, r, err := s.vault.under(key, s.org, owner, s.changes[owner].entry, s.key)
		if err != nil {
			return fmt.Errorf("vault: store %s in %s: %w", owner, s.org, err)
		}
		records, visible[owner] = append(records, r), e
	}
	s.phase = tried
	if err := s.vault.store.Put(ctx, records); err != nil {
		return fmt.Errorf("vault: store the keys of %d owners of %s: %w", len(records), s.org, err)
	}
	s.vault.show(o, visible)
	s.phase = stored
	return nil
}

// Discard undoes a stage whose commit was not appended: it erases the owners
// that the stage created, and restores those that it relabeled. What was
// changed by others since is left alone. If the store was never called there
// is nothing to do.
//
// When it returns, even with an error, the vault shows nothing of the stage
// any more. After an error call it again; failing that, [Vault.Sweep] and
// [Vault.Mend] do the rest at the next start. Give it a context that outlives
// the command's.
//
// It returns [ErrTaken], with everything undone, if another owner was given a
// value that is restored here. Neither is found by it until one is relabeled.
func (s *Stage) Discard(ctx context.Context) error {
	if s.phase == open || s.phase == closed || len(s.changes) == 0 {
		s.close()
		return nil
	}
	o := s.vault.lock(s.org)
	defer o.writing.Unlock()
	undo := map[string]*entry{}
	for owner, c := range s.changes {
		visible := c.former
		if s.phase == stored {
			visible = c.entry
		}
		if same(o.owners[owner], visible) {
			undo[owner] = c.former
		}
	}
	var errs []error
	var restored []Record
	for owner, former := range undo {
		if former == nil {
			continue
		}
		// The key that the former entry is wrapped by may be gone. What is
		// visible has the same data key.
		e, r, err := s.vault.restored(s.org, owner, former, o.owners[owner])
		if err != nil {
			errs = append(errs, err)
			continue
		}
		undo[owner], restored = e, append(restored, r)
	}
	if former, created := undo[Organization]; created && former == nil && o.othersHold(undo) {
		delete(undo, Organization)
	}
	s.vault.show(o, undo)
	s.phase = undoing

	var lost error
	for _, owner := range slices.SortedFunc(maps.Keys(undo), organizationLast) {
		former := undo[owner]
		if former == nil {
			errs = append(errs, s.vault.store.Erase(ctx, s.org, owner))
			continue
		}
		for _, t := range former.tokens() {
			if o.holders[t] != owner {
				lost = fmt.Errorf("vault: discard in %s: a look-up value of %s was given to another owner before the stage was discarded: %w", s.org, owner, ErrTaken)
			}
		}
	}
	if len(restored) > 0 {
		errs = append(errs, s.vault.store.Put(ctx, restored))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("vault: discard the keys of %d owners of %s: %w", len(undo), s.org, err)
	}
	s.close()
	return lost
}

// usable says whether the stage may still be changed, and for this owner.
func (s *Stage) usable(owner string, lookups []Lookup) error {
	if s.phase != open && s.phase != tried {
		return fmt.Errorf("in %s: %w", s.org, ErrClosed)
	}
	if err := validate(s.org, owner); err != nil {
		return err
	}
	if owner == Organization && len(lookups) > 0 {
		return fmt.Errorf("%s in %s: it has no look-ups of its own", owner, s.org)
	}
	return nil
}

// claims computes the owner's claims after the look-ups, and checks that no
// other owner holds them. It makes the organization's look-up key if there is
// none.
func (s *Stage) claims(owner string, former *entry, lookups []Lookup) (claims []claim, err error) {
	if former != nil {
		claims = former.Lookups
	}
	var lookupKey []byte
	if anyValue(lookups) {
		if !s.Has(Organization) {
			if err := s.Create(Organization); err != nil {
				return nil, err
			}
			defer func() {
				if err != nil {
					delete(s.changes, Organization)
				}
			}()
		}
		if lookupKey, err = s.unwrap(Organization, s.entry(Organization)); err != nil {
			return nil, err
		}
		defer clear(lookupKey)
	}
	if claims, err = relabel(claims, lookupKey, lookups); err != nil {
		return nil, err
	}
	for _, c := range claims {
		if former.holds(token(c.Token)) {
			continue
		}
		if holder, held := s.holder(token(c.Token)); held && holder != owner {
			return nil, taken(c.Kind, holder)
		}
	}
	return claims, nil
}

// stageKey is the stage's own key.
func (s *Stage) stageKey() *epochKey {
	if s.key == nil {
		key := newDataKey()
		defer clear(key)
		s.key, _ = newEpochKey(0, key) // fails for keys of another size only
	}
	return s.key
}

// unwrap returns the owner's data key of an entry of the stage or the vault.
// The caller clears it after use.
func (s *Stage) unwrap(owner string, e *entry) ([]byte, error) {
	if e.Epoch == 0 {
		return s.stageKey().unwrap(s.org, owner, e)
	}
	return s.vault.unwrap(s.org, owner, e)
}

// entry is the owner's entry in the stage, else in the vault, or nil.
func (s *Stage) entry(owner string) *entry {
	if c, staged := s.changes[owner]; staged {
		return c.entry
	}
	return s.vault.entry(s.org, owner)
}

// holder is the owner who will hold the token once the stage is stored.
func (s *Stage) holder(t token) (owner string, held bool) {
	if owner, held = s.holders[t]; held {
		return owner, true
	}
	owner, held = s.vault.holder(s.org, t)
	if _, staged := s.changes[owner]; staged {
		return "", false // given up in this stage
	}
	return owner, held
}

// set stages the owner's change.
func (s *Stage) set(owner string, c change) {
	for _, t := range s.changes[owner].entry.tokens() {
		delete(s.holders, t)
	}
	for _, t := range c.entry.tokens() {
		s.holders[t] = owner
	}
	s.changes[owner] = c
}

// check says whether the changes still fit to what is visible now.
func (s *Stage) check(o *organization) error {
	for owner, c := range s.changes {
		for _, claim := range c.entry.Lookups {
			t := token(claim.Token)
			if c.former.holds(t) {
				continue
			}
			holder, held := o.holders[t]
			if _, staged := s.changes[holder]; held && !staged {
				return fmt.Errorf("vault: store %s in %s: %w", owner, s.org, taken(claim.Kind, holder))
			}
		}
	}
	for owner, c := range s.changes {
		if !same(o.owners[owner], c.former) || s.vault.isLeaving(s.org, owner) {
			return fmt.Errorf("vault: store %s in %s: %w", owner, s.org, ErrStale)
		}
	}
	return nil
}

// taken says who holds the value; the value itself is personal.
func taken(kind Kind, holder string) error {
	if holder == contested {
		holder = "several owners"
	}
	return fmt.Errorf("%w: this %s is held by %s", ErrTaken, kind, holder)
}

func (s *Stage) close() {
	s.phase = closed
	clear(s.changes)
	clear(s.holders)
}

// othersHold says whether an owner outside of the set is looked up by a value.
func (o *organization) othersHold(set map[string]*entry) bool {
	for owner, e := range o.owners {
		if _, within := set[owner]; !within && len(e.Lookups) > 0 {
			return true
		}
	}
	return false
}

// organizationLast sorts owners, the organization's look-up key at the end:
// without it the tokens of the others mean nothing.
func organizationLast(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == Organization:
		return 1
	case b == Organization:
		return -1
	case a < b:
		return -1
	}
	return 1
}
