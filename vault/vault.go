package vault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"tenure/events"
)

// Vault holds the wrapped data keys of a store in memory. Its methods may be
// called from many goroutines at once. Those that only read ([Vault.Open],
// [Vault.Find], [Vault.Has]) never wait for the store; those that write wait
// for each other within one organization.
type Vault struct {
	store Store
	dir   string

	// changing is held by whoever changes the epoch or needs it not to change;
	// taken before all other mutexes.
	changing sync.Mutex
	journal  *journal
	// remains are the wrapped keys that [Load] has met of owners who go, until
	// the journal has them.
	remains []fingerprint
	batch   int // how many records are brought under a new key at a time
	// step is called after each durable step of an erasure. Tests end the
	// process here.
	step func(string)

	mu   sync.RWMutex
	orgs map[events.OrgID]*organization
	// key is what new records are wrapped by. While an erasure is under way,
	// former is the key that is being replaced, else nil, and leaving are the
	// owners who go.
	key     *epochKey
	former  *epochKey
	leaving map[ownerOf]bool
}

// ownerOf is an owner in an organization.
type ownerOf struct {
	org   events.OrgID
	owner string
}

// organization is what the vault knows of one organization. The maps are
// written under both mutexes and read under either.
type organization struct {
	// writing is held from the check of a change until it is visible, across
	// the calls of the store; taken before the vault's mutex.
	writing sync.Mutex
	owners  map[string]*entry
	// holders has the owner of every token. A token that two records claim,
	// which only a crash or a late undo can bring about, has the holder
	// [contested].
	holders map[token]string
}

// contested stands for the owner of a token that more than one owner claims.
// It finds nobody, and nobody can take it.
const contested = ""

// Load reads all records of the store, the newest epoch key of the folder dir,
// the file keys/epoch-NNNN.key, and the erasure journal beside it. Where there
// is neither record nor key nor journal, it creates the key of epoch 1.
//
// After an erasure that was interrupted the vault works, and shows nothing of
// the owners who were to be forgotten; [Vault.Unfinished] says so. Call
// [Vault.Resume] then, which ends it.
//
// Errors, after none of which anything was changed: [ErrKeyMissing],
// [ErrKeyDamaged], [ErrWrongKey], [ErrBadRecord], [ErrJournalDamaged], and
// those of the store and the file system.
//
// Before the first command, call [Vault.Sweep] and [Vault.Mend].
func Load(ctx context.Context, store Store, dir string) (*Vault, error) {
	key, err := loadEpochKey(dir)
	if err != nil {
		return nil, err
	}
	j, err := readJournal(dir)
	if err != nil {
		return nil, err
	}
	v := &Vault{
		store: store, dir: dir, key: key, journal: j, batch: rewrapBatch, step: func(string) {},
		orgs: map[events.OrgID]*organization{}, leaving: map[ownerOf]bool{},
	}
	if err := v.loadFormer(); err != nil {
		return nil, err
	}
	var count, foreign int
	var firstForeign error
	err = store.Each(ctx, func(r Record) error {
		count++
		if key == nil {
			return nil
		}
		e, err := readEntry(r)
		if err != nil {
			return err
		}
		dataKey, err := v.keyOf(e.Epoch).unwrap(r.Org, r.Owner, e)
		if err != nil {
			if foreign++; foreign == 1 {
				firstForeign = err
			}
			return nil
		}
		clear(dataKey)
		if v.leaving[ownerOf{r.Org, r.Owner}] {
			v.remains = append(v.remains, fingerprintOf(e.Key))
			return nil
		}
		v.organization(r.Org).replace(map[string]*entry{r.Owner: e})
		return nil
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("vault: load the records: %w", err)
	case key == nil && count > 0:
		return nil, fmt.Errorf("vault: %w: the store has the keys of %d owners, but %s has no epoch key file", ErrKeyMissing, count, keyPath(dir, j.newestKey()))
	case foreign > 0 && foreign == count:
		return nil, fmt.Errorf("vault: none of the records of %d owners opens under epoch %d: %s is the key of another store, or they were altered; the first: %w", count, key.number, keyPath(dir, key.number), firstForeign)
	case foreign > 0:
		return nil, fmt.Errorf("vault: the records of %d of %d owners do not open under epoch %d; they were altered or come from elsewhere, the first: %w", foreign, count, key.number, firstForeign)
	}
	if err := j.fits(key); err != nil {
		return nil, err
	}
	if key == nil {
		if v.key, err = createEpochKey(dir, 1); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// loadFormer reads what an interrupted erasure has left: the owners who go, and
// the key that is being replaced.
func (v *Vault) loadFormer() error {
	change := v.journal.unfinished()
	if change == nil || v.key == nil {
		return nil
	}
	for _, e := range change.Erasures {
		v.leaving[ownerOf{e.Org, e.Owner}] = true
	}
	if v.key.number != change.Epoch+1 {
		return nil
	}
	former, err := readKeyFile(keyPath(v.dir, change.Epoch))
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, ErrKeyDamaged):
		// It was being destroyed. Should a record need it, that is found out.
		return nil
	case err == nil && former.number == change.Epoch:
		v.former = former
	}
	return err
}

// Has says whether the owner has a key.
func (v *Vault) Has(org events.OrgID, owner string) bool { return v.entry(org, owner) != nil }

// Find returns the owner whom the value leads to. Case, width and white space
// at the ends do not matter; an erased owner is not found.
func (v *Vault) Find(org events.OrgID, kind Kind, value string) (owner string, found bool) {
	e := v.entry(org, Organization)
	if e == nil || !kind.known() {
		return "", false
	}
	t, err := v.token(org, e, kind, value)
	if err != nil {
		return "", false
	}
	holder, _ := v.holder(org, t)
	return holder, holder != contested
}

// Open returns the plaintext of a sealed value. It returns [ErrErased] when
// the owner's key is gone, and [ErrTampered] when the value was altered or
// belongs to another organization, owner, commit or field.
func (v *Vault) Open(org events.OrgID, owner string, commit events.CommitID, field Field, sealed events.Sealed) (string, error) {
	e := v.entry(org, owner)
	if e == nil {
		return "", fmt.Errorf("vault: open field %d of %s in %s: %w", field, owner, org, ErrErased)
	}
	dataKey, err := v.unwrap(org, owner, e)
	if err != nil {
		return "", fmt.Errorf("vault: open field %d of %s in %s: %w", field, owner, org, err)
	}
	defer clear(dataKey)
	plaintext, err := openText(dataKey, org, owner, commit, field, sealed)
	if err != nil {
		return "", fmt.Errorf("vault: open field %d of %s in %s, commit %.40q: %w", field, owner, org, string(commit), err)
	}
	return plaintext, nil
}

// Erase removes an owner's key and look-ups for good. From the call on,
// whatever it returns, this vault neither opens nor finds anything by them;
// they are gone from the store when it returns nil. After an error call it
// again: erasing what is not there is no error.
//
// An organization's look-up key is erased last: while other owners are looked
// up by it, [ErrInUse] is returned.
func (v *Vault) Erase(ctx context.Context, org events.OrgID, owner string) error {
	if err := validate(org, owner); err != nil {
		return fmt.Errorf("vault: erase: %w", err)
	}
	o := v.lock(org)
	defer o.writing.Unlock()
	if owner == Organization && len(o.holders) > 0 {
		return fmt.Errorf("vault: erase %s of %s: %w", owner, org, ErrInUse)
	}
	v.show(o, map[string]*entry{owner: nil})
	if err := v.store.Erase(ctx, org, owner); err != nil {
		return fmt.Errorf("vault: erase %s of %s: %w", owner, org, err)
	}
	return nil
}

// current is the key that new records are wrapped by. Whoever has an
// organization locked can use it until then.
func (v *Vault) current() *epochKey {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.key
}

// keyOf is the key of an epoch, or the current one if there is none.
func (v *Vault) keyOf(epoch uint64) *epochKey {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if v.former != nil && v.former.number == epoch {
		return v.former
	}
	return v.key
}

// unwrap returns the data key of an owner's entry, which the caller clears
// after use. If the epoch has changed since the entry was looked up, it looks
// it up again.
func (v *Vault) unwrap(org events.OrgID, owner string, e *entry) ([]byte, error) {
	for {
		dataKey, err := v.keyOf(e.Epoch).unwrap(org, owner, e)
		if err == nil {
			return dataKey, nil
		}
		again := v.entry(org, owner)
		switch {
		case again == nil:
			return nil, ErrErased
		case again.Epoch == e.Epoch:
			return nil, err
		}
		e = again
	}
}

// under brings a staged or stored entry under the key, for the store.
func (v *Vault) under(key *epochKey, org events.OrgID, owner string, e *entry, stage *epochKey) (*entry, Record, error) {
	var dataKey []byte
	var err error
	if e.Epoch == 0 {
		dataKey, err = stage.unwrap(org, owner, e)
	} else {
		dataKey, err = v.unwrap(org, owner, e)
	}
	if err != nil {
		return nil, Record{}, err
	}
	defer clear(dataKey)
	e = key.rewrap(org, owner, dataKey, e)
	r, err := e.record(org, owner)
	return e, r, err
}

// restored is a former entry under the current key; visible is one of the same
// data key.
func (v *Vault) restored(org events.OrgID, owner string, former, visible *entry) (*entry, Record, error) {
	dataKey, err := v.unwrap(org, owner, visible)
	if err != nil {
		return nil, Record{}, err
	}
	defer clear(dataKey)
	e := v.current().rewrap(org, owner, dataKey, former)
	r, err := e.record(org, owner)
	return e, r, err
}

// isLeaving says whether the owner is being forgotten.
func (v *Vault) isLeaving(org events.OrgID, owner string) bool {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.leaving[ownerOf{org, owner}]
}

// entry is the owner's entry, or nil.
func (v *Vault) entry(org events.OrgID, owner string) *entry {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if o := v.orgs[org]; o != nil {
		return o.owners[owner]
	}
	return nil
}

// holder is the owner who holds the token, or [contested].
func (v *Vault) holder(org events.OrgID, t token) (owner string, held bool) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if o := v.orgs[org]; o != nil {
		owner, held = o.holders[t]
	}
	return owner, held
}

// token makes the token of a value under the look-up key in the entry.
func (v *Vault) token(org events.OrgID, e *entry, kind Kind, value string) (token, error) {
	lookupKey, err := v.unwrap(org, Organization, e)
	if err != nil {
		return token{}, err
	}
	defer clear(lookupKey)
	return tokenOf(lookupKey, kind, value)
}

// organization returns what is known of the organization, from now on if need
// be. The caller holds the mutex.
func (v *Vault) organization(org events.OrgID) *organization {
	o := v.orgs[org]
	if o == nil {
		o = &organization{owners: map[string]*entry{}, holders: map[token]string{}}
		v.orgs[events.OrgID(strings.Clone(string(org)))] = o
	}
	return o
}

// lock takes the organization for writing.
func (v *Vault) lock(org events.OrgID) *organization {
	v.mu.Lock()
	o := v.organization(org)
	v.mu.Unlock()
	o.writing.Lock()
	return o
}

// show makes the changes visible, all at once.
func (v *Vault) show(o *organization, changes map[string]*entry) {
	v.mu.Lock()
	defer v.mu.Unlock()
	o.replace(changes)
}

// replace puts the entries in the place of the owners' former ones; nil
// removes. What is given up is given up before anything is claimed, so that
// owners can exchange values.
func (o *organization) replace(changes map[string]*entry) {
	for owner := range changes {
		former := o.owners[owner]
		delete(o.owners, owner)
		for _, t := range former.tokens() {
			o.release(t)
		}
	}
	for owner, e := range changes {
		if e == nil {
			continue
		}
		o.owners[owner] = e
		for _, t := range e.tokens() {
			if _, held := o.holders[t]; held {
				o.holders[t] = contested
			} else {
				o.holders[t] = owner
			}
		}
	}
}

// release takes the token from an owner who is no longer listed. If others
// claimed it too, the last of them has it now.
func (o *organization) release(t token) {
	before := o.holders[t]
	delete(o.holders, t)
	if before != contested {
		return
	}
	for owner, e := range o.owners {
		if !e.holds(t) {
			continue
		}
		if _, held := o.holders[t]; held {
			o.holders[t] = contested
			return
		}
		o.holders[t] = owner
	}
}
