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
