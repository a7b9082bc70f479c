package vault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"

	"tenure/events"
)

// rewrapBatch is how many records are written at a time. A store may have to
// write all of its records anew for each batch, so batches are large.
const rewrapBatch = 100_000

// Progress is told how many records were brought under the new epoch key, of
// how many.
type Progress func(done, total int)

// Forget erases owners for good: their records, and the epoch key by which they
// were wrapped, so that what is left of them in logs, mirrors, backups and
// capsules opens nothing. All other records are brought under a new epoch key.
//
// The steps, each durable before the next: the journal says what is to be
// destroyed; the records are erased; the new key is made; all others are
// wrapped by it; the old key is overwritten and removed, from memory as well;
// then no record of the owners or under the old key may be there, and no file
// below the vault's folder may hold the old key, as bytes or in hexadecimal, or
// the wrapped key of one of the erased records; the journal says that it is
// done. What the files are searched for stands in the journal as hashes, so a
// search that has found something is made again, by whatever process, until it
// finds nothing.
//
// From the first step on the owners open nothing and are not found. Others are
// opened, found and created meanwhile; what stores records waits for a batch.
//
// After an error, [Vault.Unfinished] says whether it has begun. If so, and after
// a crash, [Vault.Resume] ends it; if not, nothing has changed. Errors:
// [ErrUnfinished] if an earlier one must be resumed first, [ErrInUse] as in
// [Vault.Erase], [ErrRemains], and those of the store and the file system.
//
// Erasing an owner who has no record is no error.
func (v *Vault) Forget(ctx context.Context, erasures []Erasure, progress Progress) (Destroyed, error) {
	v.changing.Lock()
	defer v.changing.Unlock()
	if err := v.Unfinished(); err != nil {
		return Destroyed{}, err
	}
	erasures = slices.Clone(erasures)
	for i, e := range erasures {
		if err := e.check(); err != nil {
			return Destroyed{}, fmt.Errorf("vault: forget: %w", err)
		}
		erasures[i].At = e.At.UTC()
	}
	if len(erasures) == 0 {
		return Destroyed{}, errors.New("vault: forget: nobody is to be forgotten")
	}
	if err := ctx.Err(); err != nil {
		return Destroyed{}, err
	}
	v.step("begin")
	if err := v.begin(erasures); err != nil {
		return Destroyed{}, fmt.Errorf("vault: forget: %w", err)
	}
	v.step("journal written")
	return v.finish(ctx, progress)
}

// check says whether there can be such an erasure.
func (e Erasure) check() error {
	if err := validate(e.Org, e.Owner); err != nil {
		return err
	}
	if e.Revision == 0 || e.At.IsZero() {
		return fmt.Errorf("the erasure of %s in %s does not say which commit ordered it", e.Owner, e.Org)
	}
	return nil
}

// Unfinished returns [ErrUnfinished] if an erasure was begun and not completed.
func (v *Vault) Unfinished() error {
	change, err := v.pending()
	if err != nil || change == nil {
		return err
	}
	return fmt.Errorf("vault: %w: that of %d owners, for which the key of epoch %d is destroyed", ErrUnfinished, len(change.Erasures), change.Epoch)
}

// pending is the change to finish, or nil. A completed one is finished again if
// its key is back.
func (v *Vault) pending() (*Destroyed, error) {
	changes := v.Journal()
	if len(changes) == 0 {
		return nil, nil
	}
	last := changes[len(changes)-1]
	if !last.Completed() {
		return &last, nil
	}
	numbers, err := epochKeys(v.dir)
	if err == nil && len(numbers) > 0 && numbers[0] <= last.Epoch {
		return &last, nil
	}
	return nil, err
}

// Resume ends an erasure that was interrupted, and says what it has destroyed.
// Without one it returns the zero value. After an error call it again; while
// something remains it returns [ErrRemains], after any number of restarts.
func (v *Vault) Resume(ctx context.Context, progress Progress) (Destroyed, error) {
	v.changing.Lock()
	defer v.changing.Unlock()
	change, err := v.pending()
	if err != nil || change == nil {
		return Destroyed{}, err
	}
	return v.finish(ctx, progress)
}

// Journal lists all erasures that were ever begun, in order.
func (v *Vault) Journal() []Destroyed { return v.journal.list() }

// begin writes the journal and hides the owners. After an error nothing has
// begun.
func (v *Vault) begin(erasures []Erasure) error {
	leaving := map[ownerOf]bool{}
	orgs := map[events.OrgID]*organization{}
	for _, e := range erasures {
		leaving[ownerOf{e.Org, e.Owner}] = true
		orgs[e.Org] = nil
	}
	for _, org := range slices.Sorted(maps.Keys(orgs)) {
		orgs[org] = v.lock(org)
		defer orgs[org].writing.Unlock()
	}
	for at := range leaving {
		if at.owner != Organization {
			continue
		}
		for owner, e := range orgs[at.org].owners {
			if len(e.Lookups) > 0 && !leaving[ownerOf{at.org, owner}] {
				return fmt.Errorf("%s of %s: %w", at.owner, at.org, ErrInUse)
			}
		}
	}
	key := v.current()
	sought := []fingerprint{fingerprintOf(key.raw)}
	for at := range leaving {
		if e := orgs[at.org].owners[at.owner]; e != nil {
			sought = append(sought, fingerprintOf(e.Key))
		}
	}
	err := v.journal.append(journalLine{Begun: &begun{Epoch: key.number, Erasures: erasures, Sought: sought}})
	if err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.leaving = leaving
	for at := range leaving {
		orgs[at.org].replace(map[string]*entry{at.owner: nil})
	}
	return nil
}

// finish takes the steps after the journal's, as many of them as are left.
func (v *Vault) finish(ctx context.Context, progress Progress) (Destroyed, error) {
	change, err := v.pending()
	if err != nil {
		return Destroyed{}, err
	}
	if err := v.finishChange(ctx, change, progress); err != nil {
		return *change, fmt.Errorf("vault: forget %d owners, end epoch %d: %w", len(change.Erasures), change.Epoch, err)
	}
	changes := v.Journal()
	return changes[len(changes)-1], nil
}

func (v *Vault) finishChange(ctx context.Context, change *Destroyed, progress Progress) error {
	if err := v.seekMore(change); err != nil {
		return err
	}
	if err := v.eraseLeaving(ctx); err != nil {
		return err
	}
	v.step("records erased")
	if v.current().number == change.Epoch {
		if err := v.nextEpoch(change.Epoch + 1); err != nil {
			return err
		}
		v.step("new key made")
	}
	if err := v.rewrapAll(ctx, progress); err != nil {
		return err
	}
	v.step("records rewrapped")
	if err := v.rewrapHidden(ctx); err != nil {
		return err
	}
	if err := v.destroyFormer(); err != nil {
		return err
	}
	v.step("key destroyed")
	done, err := v.checkDestroyed(ctx, change)
	if err != nil {
		return err
	}
	v.step("checked")
	v.remains = nil
	if !change.Completed() {
		if err := v.journal.append(journalLine{Completed: &done}); err != nil {
			return err
		}
		v.step("completed")
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.leaving = map[ownerOf]bool{}
	return nil
}

// seekMore makes durable, before it is destroyed, what [Load] has met that must
// be nowhere and that the journal does not have yet: all of it if a former
// program has begun the change.
func (v *Vault) seekMore(change *Destroyed) error {
	if change.Completed() {
		return nil
	}
	list := slices.Clone(v.remains)
	v.mu.RLock()
	for _, key := range []*epochKey{v.former, v.key} {
		if key != nil && key.number == change.Epoch {
			list = append(list, fingerprintOf(key.raw))
		}
	}
	v.mu.RUnlock()
	more := missing(list, v.journal.sought)
	if len(more) == 0 {
		return nil
	}
	if err := v.journal.append(journalLine{Sought: &sought{Epoch: change.Epoch, Sought: more}}); err != nil {
		return err
	}
	v.remains = nil
	return nil
}

// eraseLeaving removes the records of the owners who go.
func (v *Vault) eraseLeaving(ctx context.Context) error {
	v.mu.RLock()
	leaving := slices.Collect(maps.Keys(v.leaving))
	v.mu.RUnlock()
	slices.SortFunc(leaving, func(a, b ownerOf) int { return organizationLast(a.owner, b.owner) })
	for _, at := range leaving {
		o := v.lock(at.org)
		err := v.store.Erase(ctx, at.org, at.owner)
		o.writing.Unlock()
		if err != nil {
			return fmt.Errorf("erase %s of %s: %w", at.owner, at.org, err)
		}
		v.step("record erased")
	}
	return nil
}

// nextEpoch makes the new key, durable, and uses it from now on. If its file is
// there, an attempt to make it failed after all was done.
func (v *Vault) nextEpoch(number uint64) error {
	if err := removeUnfinished(v.dir); err != nil {
		return err
	}
	next, err := readKeyFile(keyPath(v.dir, number))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		next, err = createEpochKey(v.dir, number)
	case err == nil && next.number != number:
		err = fmt.Errorf("%w: %s is that of epoch %d", ErrKeyDamaged, keyPath(v.dir, number), next.number)
	case err == nil:
		err = syncFolder(v.dir)
	}
	if err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.former, v.key = v.key, next
	return nil
}

// rewrapAll brings what is visible under the current key. An organization stays
// locked until its records are written and visible, so no change of them is
// lost or undone.
func (v *Vault) rewrapAll(ctx context.Context, progress Progress) error {
	v.mu.RLock()
	key := v.key
	orgs := slices.Sorted(maps.Keys(v.orgs))
	total := 0
	for _, o := range v.orgs {
		for _, e := range o.owners {
			if e.Epoch != key.number {
				total++
			}
		}
	}
	v.mu.RUnlock()
	b := &rewrapping{vault: v, done: func(int) {}}
	defer b.release()
	if progress != nil {
		sum := 0
		b.done = func(n int) { sum += n; progress(sum, max(sum, total)) }
	}
	for _, org := range orgs {
		for more := true; more; {
			o := v.lock(org)
			b.held = append(b.held, o)
			more = false
			for owner, e := range o.owners {
				if e.Epoch == key.number {
					continue
				}
				if more = len(b.records) >= v.batch; more {
					break
				}
				if err := b.add(key, o, org, owner, e); err != nil {
					return err
				}
			}
			if more || len(b.records) >= v.batch {
				if err := b.write(ctx); err != nil {
					return err
				}
			}
		}
	}
	return b.write(ctx)
}

// rewrapping is a batch of records on their way under another key.
type rewrapping struct {
	vault   *Vault
	held    []*organization // locked, in order
	records []Record
	visible map[*organization]map[string]*entry
	done    func(int)
}

func (b *rewrapping) add(key *epochKey, o *organization, org events.OrgID, owner string, e *entry) error {
	e, r, err := b.vault.under(key, org, owner, e, nil)
	if err != nil {
		return err
	}
	if b.visible == nil {
		b.visible = map[*organization]map[string]*entry{}
	}
	if b.visible[o] == nil {
		b.visible[o] = map[string]*entry{}
	}
	b.visible[o][owner] = e
	b.records = append(b.records, r)
	return nil
}

// write stores the batch, shows it, and lets go of its organizations.
func (b *rewrapping) write(ctx context.Context) error {
	defer b.release()
	if len(b.records) == 0 {
		return nil
	}
	if err := b.vault.store.Put(ctx, b.records); err != nil {
		return err
	}
	b.vault.step("batch written")
	for o, visible := range b.visible {
		b.vault.mu.Lock()
		// Not replace: the look-ups are the same, and readers shall not wait.
		maps.Copy(o.owners, visible)
		b.vault.mu.Unlock()
	}
	b.done(len(b.records))
	return nil
}

func (b *rewrapping) release() {
	for _, o := range b.held {
		o.writing.Unlock()
	}
	b.held, b.records, b.visible = nil, nil, nil
}

// rewrapHidden brings under the current key what only the store knows of: the
// records of a stage whose call of the store has failed and persisted.
func (v *Vault) rewrapHidden(ctx context.Context) error {
	key := v.current()
	behind := func() (list []location, err error) {
		err = v.store.Each(ctx, func(r Record) error {
			e, err := readEntry(r)
			if err == nil && e.Epoch != key.number {
				list = append(list, location{r.Org, r.Owner, e})
			}
			return err
		})
		return list, err
	}
	list, err := behind()
	if err != nil || len(list) == 0 {
		return err
	}
	b := &rewrapping{vault: v, done: func(int) {}}
	defer b.release()
	v.mu.RLock()
	orgs := map[events.OrgID]bool{}
	for org := range v.orgs {
		orgs[org] = true
	}
	v.mu.RUnlock()
	for _, at := range list {
		orgs[at.org] = true
	}
	for _, org := range slices.Sorted(maps.Keys(orgs)) {
		b.held = append(b.held, v.lock(org))
	}
	if list, err = behind(); err != nil { // as it is now that nobody writes
		return err
	}
	for _, at := range list {
		e := v.entry(at.org, at.owner) // visible, its record is older
		if e == nil {
			e = at.entry
		}
		_, r, err := v.under(key, at.org, at.owner, e, nil)
		if err != nil {
			return fmt.Errorf("the record of %s in %s: %w", at.owner, at.org, err)
		}
		b.records = append(b.records, r)
	}
	return b.write(ctx)
}

// destroyFormer destroys the keys of all epochs before the current one.
func (v *Vault) destroyFormer() error {
	numbers, err := epochKeys(v.dir)
	if err != nil {
		return err
	}
	current := v.current().number
	v.mu.RLock()
	former := v.former
	v.mu.RUnlock()
	for _, number := range numbers {
		if number < current {
			if err := destroyKeyFile(v.dir, number, v.step); err != nil {
				return err
			}
		}
	}
	if err := errors.Join(removeUnfinished(v.dir), syncFolder(keysFolder(v.dir))); err != nil {
		return err
	}
	if former != nil {
		v.mu.Lock()
		v.former = nil
		v.mu.Unlock()
		former.destroy()
	}
	return nil
}

// checkDestroyed says what is left, or fails if something is left that must not
// be. What the files are searched for is in the journal, so the search is the
// same in every process; see [newSearch]. If the key is not in it, because a
// former program has begun the change and destroyed the key, the search is not
// whole, and no files are stated. A change that was completed already is not
// searched for again.
func (v *Vault) checkDestroyed(ctx context.Context, change *Destroyed) (completed, error) {
	epoch := change.Epoch
	done := completed{Epoch: epoch}
	key := v.current().number
	err := v.store.Each(ctx, func(r Record) error {
		e, err := readEntry(r)
		switch {
		case err != nil:
			return err
		case v.isLeaving(r.Org, r.Owner):
			return fmt.Errorf("%w: the store has the record of %s in %s", ErrRemains, r.Owner, r.Org)
		case e.Epoch != key:
			return fmt.Errorf("%w: the record of %s in %s is of epoch %d", ErrRemains, r.Owner, r.Org, e.Epoch)
		}
		done.Rewrapped++
		return nil
	})
	if err != nil {
		return done, err
	}
	if _, err := os.Lstat(keyPath(v.dir, epoch)); !errors.Is(err, fs.ErrNotExist) {
		return done, fmt.Errorf("%w: %s", ErrRemains, keyPath(v.dir, epoch))
	}
	if !change.Completed() {
		s, whole := newSearch(v.journal.sought, epoch)
		if err := s.below(ctx, v.dir); err != nil {
			return done, fmt.Errorf("search %s: %w", v.dir, err)
		}
		if len(s.found) > 0 {
			return done, fmt.Errorf("%w: in %q", ErrRemains, s.found)
		}
		if whole {
			done.Files, done.Bytes = s.files, s.bytes
		}
	}
	done.At = time.Now().UTC()
	return done, nil
}
