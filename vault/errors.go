package vault

import "errors"

// Errors of [Load].
var (
	// ErrKeyMissing is returned when the store holds records but the folder
	// holds no epoch key. Nothing was created. Bring the key file back: without
	// it nothing that was sealed can be opened.
	ErrKeyMissing = errors.New("the epoch key file is missing")
	// ErrKeyDamaged is returned when the epoch key file is there but is not
	// what this package wrote, for instance cut short.
	ErrKeyDamaged = errors.New("the epoch key file is damaged")
	// ErrWrongKey is returned when records do not open under the epoch key: the
	// file belongs to another store, or the records were altered. Nothing was
	// changed.
	ErrWrongKey = errors.New("records do not open under the epoch key")
	// ErrBadRecord is returned when a record cannot be read at all.
	ErrBadRecord = errors.New("malformed record")
)

// Errors of erasures.
var (
	// ErrJournalDamaged is returned when the erasure journal was altered, cut or
	// lost, or belongs to other keys. Bring back the journal as it was last.
	ErrJournalDamaged = errors.New("the erasure journal is damaged")
	// ErrUnfinished is returned while an erasure was begun and not completed.
	// Call [Vault.Resume].
	ErrUnfinished = errors.New("an erasure is not completed")
	// ErrRemains is returned when something was found that should have been
	// destroyed. The message says where. Remove it and call [Vault.Resume].
	ErrRemains = errors.New("something remains of what was to be destroyed")
)

// Errors of capsules and certificates.
var (
	// ErrCapsuleDamaged is returned when a key capsule is cut off, altered, or
	// no capsule at all.
	ErrCapsuleDamaged = errors.New("the key capsule is damaged")
	// ErrCapsuleBehind is returned when erasures were made since the capsule was
	// written. Bring one that was written after the last of them.
	ErrCapsuleBehind = errors.New("the key capsule is older than an erasure")
	// ErrOtherJournal is returned when the journal beside a capsule is not the
	// beginning of the capsule's: they are of different installations.
	ErrOtherJournal = errors.New("the erasure journal is not that of the capsule")
	// ErrNotEmpty is returned when a capsule is to be restored where there are
	// records or keys already.
	ErrNotEmpty = errors.New("there are records or keys already")
	// ErrNotCertified is returned when a certificate was altered, was signed by
	// another key, or is none.
	ErrNotCertified = errors.New("the certificate does not hold")
)

// Errors of sealing and opening.
var (
	// ErrErased is returned when the owner has no key: it was erased, or there
	// never was one.
	ErrErased = errors.New("the owner has no key, or it was erased")
	// ErrTampered is returned when a sealed value was altered, or was sealed
	// for another organization, owner, commit or field.
	ErrTampered = errors.New("the sealed value was altered or belongs elsewhere")
	// ErrNoText is returned when a text to seal is empty, or a look-up value
	// has nothing to look up by or is not UTF-8.
	ErrNoText = errors.New("there is no usable text")
)

// Errors of a [Stage] and of [Vault.Erase].
var (
	// ErrExists is returned when a key is to be created for an owner that has
	// one.
	ErrExists = errors.New("the owner has a key already")
	// ErrTaken is returned when another owner of the organization holds the
	// look-up value.
	ErrTaken = errors.New("the look-up value is taken")
	// ErrStale is returned when an owner of the stage was created, relabeled or
	// erased by someone else in the meantime. Begin a new stage and decide again.
	ErrStale = errors.New("the owner changed in the meantime")
	// ErrClosed is returned when a stage is used after it was stored or discarded.
	ErrClosed = errors.New("the stage is closed")
	// ErrInUse is returned when an organization's look-up key is to be erased
	// while owners are still looked up by it.
	ErrInUse = errors.New("the look-up key is in use")
)
