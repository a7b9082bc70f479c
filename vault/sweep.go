package vault

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"tenure/events"
)

// Sweep erases the records of owners whom the ledger does not know: what a
// command stored whose commit was then never appended. known is asked for
// every owner, [Organization] included, and must answer for the whole ledger.
//
// Call it at start, before the first command: a command's keys are stored
// before the ledger knows their owner. It stops at the first error; erased
// counts what was done until then, and calling it again does the rest.
func (v *Vault) Sweep(ctx context.Context, known func(org events.OrgID, owner string) bool) (erased int, err error) {
	for _, at := range v.all() {
		if known(at.org, at.owner) {
			continue
		}
		if err := v.sweep(ctx, at); err != nil {
			return erased, fmt.Errorf("vault: sweep %s of %s: %w", at.owner, at.org, err)
		}
		erased++
	}
	return erased, nil
}

// sweep erases a record. Unlike [Vault.Erase] it keeps the owner listed until
// the record is gone, for the next Sweep to find.
func (v *Vault) sweep(ctx context.Context, at location) error {
	o := v.lock(at.org)
	defer o.writing.Unlock()
	if at.owner == Organization && len(o.holders) > 0 {
		return ErrInUse
	}
	if err := v.store.Erase(ctx, at.org, at.owner); err != nil {
		return err
	}
	v.show(o, map[string]*entry{at.owner: nil})
	return nil
}

// Mend brings the look-ups of relabeled owners in line with the ledger, for
// the case that the commit that changed them was never appended. current is
// asked for all look-ups that an owner has by the ledger; it is called once
// after each [Stage.Relabel], not for every owner, and may use this vault.
//
// Call it at start, after [Vault.Sweep] and before the first command. It stops
// at the first error; mended counts the owners whose look-ups were wrong until
// then, and calling it again does the rest.
func (v *Vault) Mend(ctx context.Context, current func(org events.OrgID, owner string) ([]Lookup, error)) (mended int, err error) {
	for _, at := range v.all() {
		if !at.entry.Relabeled {
			continue
		}
		lookups, err := current(at.org, at.owner)
		if err != nil {
			return mended, fmt.Errorf("vault: mend %s in %s: %w", at.owner, at.org, err)
		}
		wrong, err := v.mend(ctx, at, lookups)
		if err != nil {
			return mended, fmt.Errorf("vault: mend %s in %s: %w", at.owner, at.org, err)
		}
		if wrong {
			mended++
		}
	}
	return mended, nil
}

// mend writes the owner's record anew, with the look-ups that it should have.
func (v *Vault) mend(ctx context.Context, at location, lookups []Lookup) (wrong bool, err error) {
	var lookupKey []byte
	if anyValue(lookups) {
		e := v.entry(at.org, Organization)
		if e == nil {
			return false, fmt.Errorf("the look-up key: %w", ErrErased)
		}
		if lookupKey, err = v.unwrap(at.org, Organization, e); err != nil {
			return false, err
		}
		defer clear(lookupKey)
	}
	claims, err := relabel(nil, lookupKey, lookups)
	if err != nil {
		return false, err
	}
	o := v.lock(at.org)
	defer o.writing.Unlock()
	if !same(o.owners[at.owner], at.entry) {
		return false, ErrStale
	}
	dataKey, err := v.unwrap(at.org, at.owner, at.entry)
	if err != nil {
		return false, err
	}
	defer clear(dataKey)
	e := v.current().wrap(at.org, at.owner, dataKey, claims, false)
	r, err := e.record(at.org, at.owner)
	if err != nil {
		return false, err
	}
	if err := v.store.Put(ctx, []Record{r}); err != nil {
		return false, err
	}
	v.show(o, map[string]*entry{at.owner: e})
	return !sameClaims(claims, at.entry.Lookups), nil
}

// location is an owner and its entry.
type location struct {
	org   events.OrgID
	owner string
	entry *entry
}

// all lists every owner, by organization, the look-up key last.
func (v *Vault) all() []location {
	v.mu.RLock()
	defer v.mu.RUnlock()
	var list []location
	for org, o := range v.orgs {
		for owner, e := range o.owners {
			list = append(list, location{org, owner, e})
		}
	}
	slices.SortFunc(list, func(a, b location) int {
		return cmp.Or(cmp.Compare(a.org, b.org), organizationLast(a.owner, b.owner))
	})
	return list
}
