package ledger

import (
	"errors"
	"fmt"

	"tenure/events"
)

// Errors of opening and closing.
var (
	// ErrLocked is returned by [Open] when another process, or another Ledger
	// of this one, has the folder open.
	ErrLocked = errors.New("the data folder is in use")

	// ErrStoreDamaged is returned by [Open] when the folder should hold a
	// ledger that cannot be found in it, or holds parts of another one.
	// Nothing has been changed. Restore a backup, or find the missing part.
	ErrStoreDamaged = errors.New("the store is damaged")

	// ErrSettings is returned by [Open] when the store was made with other
	// settings than this program needs. Nothing has been changed.
	ErrSettings = errors.New("the store has other settings")

	// ErrClosed is returned by every method once Close has begun.
	ErrClosed = errors.New("the ledger is closed")
)

// Errors of writing.
var (
	// ErrInvalid is returned when what was to be written is malformed: a
	// handle, an owner, an id, or a commit that contradicts its expectation.
	// Nothing was written.
	ErrInvalid = errors.New("not valid")

	// ErrTooLarge is returned when a commit exceeds [MaxCommitBytes] or
	// [MaxCommitEvents], or a record [MaxRecordBytes]. Nothing was written.
	ErrTooLarge = errors.New("too large")

	// ErrConflict is returned by [Ledger.Append] when the organization's last
	// revision is not the expected one, and what follows it is not this
	// commit. Nothing was written: catch up and decide again.
	ErrConflict = errors.New("the organization has moved on")

	// ErrUnconfirmed is returned when a write was sent, no answer came, and
	// looking for it could not tell: it may be there now, appear later, or
	// never. Append the same commit with the same expectation again: that
	// gives its revision if it is there, and never writes it twice.
	ErrUnconfirmed = errors.New("not confirmed")

	// ErrUnavailable is returned when the store does not serve: it met a write
	// error such as a full disk, or its server is down. After a write error
	// it refuses every write until it is opened again; see [Ledger.Ready].
	// Nothing was written, unless the error is ErrUnconfirmed as well.
	ErrUnavailable = errors.New("the store is unavailable")
)

// Errors of reading.
var (
	// ErrNotFound is returned by [Ledger.Get] for a revision that has not been
	// given out.
	ErrNotFound = errors.New("no such revision")

	// ErrGap is returned when a revision that was given out is not in the
	// store, when an organization's commits do not follow one another, or when
	// the reader asks to go on after a revision that was never given out. It
	// comes as a [RevisionError].
	ErrGap = errors.New("the ledger has a gap")

	// ErrUnreadable is returned when a message is not a commit: its bytes do
	// not decode, or its subject or id is not the commit's own. It then comes
	// as a [RevisionError]. It is also returned when records are missing from
	// their store.
	ErrUnreadable = errors.New("unreadable")
)

// Errors of [RestoreBackup].
var (
	// ErrBackupDamaged is returned when a backup is cut off, altered, or no
	// backup at all. The message says at which byte and what is wrong. Fetch
	// the file again, or take another one.
	ErrBackupDamaged = errors.New("the backup is damaged")

	// ErrNotEmpty is returned when the folder to restore to holds something.
	// Nothing has been changed. Give a folder that is not there yet.
	ErrNotEmpty = errors.New("the folder is not empty")
)

// RevisionError says at which revision reading ended, and why.
type RevisionError struct {
	// Revision is the one that is missing or unreadable.
	Revision events.Revision
	// Err is [ErrGap] or [ErrUnreadable], with the reason.
	Err error
}

// Error implements error.
func (e *RevisionError) Error() string { return fmt.Sprintf("revision %d: %v", e.Revision, e.Err) }

// Unwrap gives Err.
func (e *RevisionError) Unwrap() error { return e.Err }

func gap(at events.Revision, format string, args ...any) error {
	return &RevisionError{at, fmt.Errorf("%w: %s", ErrGap, fmt.Sprintf(format, args...))}
}

func unreadable(at events.Revision, err error) error {
	return &RevisionError{at, fmt.Errorf("%w: %w", ErrUnreadable, err)}
}
