package vault

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"tenure/events"
)

// Erasure is one owner to be forgotten, and why.
type Erasure struct {
	Org   events.OrgID `json:"org"`
	Owner string       `json:"owner"`
	// Revision is that of the commit that ordered it, At its time.
	Revision events.Revision `json:"revision"`
	At       time.Time       `json:"at"`
}

// Destroyed is what one change of the epoch key has destroyed.
type Destroyed struct {
	// Epoch is the number of the epoch key that was destroyed. What remains
	// stands under the next one.
	Epoch    uint64    `json:"epoch"`
	Erasures []Erasure `json:"erasures"`
	// The others are zero until it is completed. Rewrapped is how many records
	// stand under the new key; Files and Bytes are what was searched for
	// remains of the old one. Without files there was no such search: the
	// erasure was begun by a program that kept nothing to search for.
	Rewrapped   int       `json:"rewrapped"`
	Files       int       `json:"files"`
	Bytes       int64     `json:"bytes"`
	CompletedAt time.Time `json:"completed_at"`
}

// Completed says whether all of it is done.
func (d Destroyed) Completed() bool { return !d.CompletedAt.IsZero() }

// journal is the erasure journal, the file keys/erasures.jsonl. A change of the
// epoch key has two lines in it, one from before its first step and one from
// after its last; between them there may be lines that say what else must be
// nowhere. Nothing is ever taken out of it.
type journal struct {
	path    string
	writing sync.Mutex
	changes []Destroyed
	// sought is what the change that is not completed must leave in no file.
	sought []fingerprint
	lines  [][]byte // the content of each line, as it stands in it
	chain  chain
	size   int64 // of the valid part of the file
	broken error // why nothing more can be written
}

// journalLine is what a line says. It has one of them.
type journalLine struct {
	Begun     *begun     `json:"begun,omitempty"`
	Sought    *sought    `json:"sought,omitempty"`
	Completed *completed `json:"completed,omitempty"`
}

type begun struct {
	Epoch    uint64    `json:"epoch"`
	Erasures []Erasure `json:"erasures"`
	// Sought has the epoch key and the wrapped keys of the owners. Journals of
	// former programs lack it.
	Sought []fingerprint `json:"sought,omitempty"`
}

// sought adds to what must be nowhere, when more is found out later.
type sought struct {
	Epoch  uint64        `json:"epoch"`
	Sought []fingerprint `json:"sought"`
}

type completed struct {
	Epoch     uint64    `json:"epoch"`
	Rewrapped int       `json:"rewrapped"`
	Files     int       `json:"files"`
	Bytes     int64     `json:"bytes"`
	At        time.Time `json:"at"`
}

func journalPath(dir string) string { return filepath.Join(keysFolder(dir), "erasures.jsonl") }

// readJournal reads the journal of a folder, which may have none.
func readJournal(dir string) (*journal, error) { return readJournalFile(journalPath(dir)) }

// readJournalFile reads a journal. A last line that is not whole was never
// followed by a step, and is left out; [journal.fits] finds out if that is not
// so.
func readJournalFile(path string) (*journal, error) {
	j := &journal{path: path}
	content, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("vault: read the erasure journal: %w", err)
	}
	for len(content) > 0 {
		line, rest, whole := bytes.Cut(content, []byte("\n"))
		entry, err := j.chain.read(line)
		if err == nil && whole {
			if err := j.add(entry); err != nil {
				return nil, fmt.Errorf("vault: %w: %s, line %d: %w", ErrJournalDamaged, path, len(j.lines)+1, err)
			}
			j.size += int64(len(line)) + 1
			content = rest
			continue
		}
		if len(rest) > 0 {
			return nil, fmt.Errorf("vault: %w: %s, line %d: %w", ErrJournalDamaged, path, len(j.lines)+1, err)
		}
		break
	}
	return j, nil
}

// add takes in the content of a line.
func (j *journal) add(entry []byte) error {
	var line journalLine
	if err := json.Unmarshal(entry, &line); err != nil {
		return err
	}
	last := len(j.changes) - 1
	kinds := 0
	for _, there := range []bool{line.Begun != nil, line.Sought != nil, line.Completed != nil} {
		if there {
			kinds++
		}
	}
	if kinds != 1 {
		return errors.New("it says nothing, or more than one thing")
	}
	switch {
	case line.Begun != nil:
		if n := uint64(len(j.changes)) + 1; line.Begun.Epoch != n || last >= 0 && !j.changes[last].Completed() {
			return fmt.Errorf("it begins with epoch %d, where epoch %d should follow", line.Begun.Epoch, n)
		}
		if len(line.Begun.Erasures) == 0 {
			return errors.New("it erases nobody")
		}
		j.changes = append(j.changes, Destroyed{Epoch: line.Begun.Epoch, Erasures: line.Begun.Erasures})
		j.sought = line.Begun.Sought
	case line.Sought != nil:
		if last < 0 || j.changes[last].Completed() || j.changes[last].Epoch != line.Sought.Epoch {
			return fmt.Errorf("it adds to epoch %d, which was not begun", line.Sought.Epoch)
		}
		j.sought = append(j.sought, line.Sought.Sought...)
	case line.Completed != nil:
		c := line.Completed
		if last < 0 || j.changes[last].Completed() || j.changes[last].Epoch != c.Epoch || c.At.IsZero() {
			return fmt.Errorf("it completes epoch %d, which was not begun", c.Epoch)
		}
		d := &j.changes[last]
		d.Rewrapped, d.Files, d.Bytes, d.CompletedAt = c.Rewrapped, c.Files, c.Bytes, c.At
		j.sought = nil
	}
	j.lines = append(j.lines, bytes.Clone(entry))
	return nil
}

// list is all changes so far.
func (j *journal) list() []Destroyed {
	j.writing.Lock()
	defer j.writing.Unlock()
	return slices.Clone(j.changes)
}

// unfinished is the change that was begun and not completed, or nil.
func (j *journal) unfinished() *Destroyed {
	if n := len(j.changes); n > 0 && !j.changes[n-1].Completed() {
		return &j.changes[n-1]
	}
	return nil
}

// newestKey is the number of the epoch key that there must be; of an unfinished
// change, the one that is replaced.
func (j *journal) newestKey() uint64 {
	if j.unfinished() != nil {
		return uint64(len(j.changes))
	}
	return uint64(len(j.changes)) + 1
}

// fits says whether journal and newest epoch key, which may be nil, belong
// together. Epochs are counted in both: one that is missing from either was
// cut off.
func (j *journal) fits(key *epochKey) error {
	want := j.newestKey()
	switch {
	case key == nil && len(j.changes) == 0:
		return nil
	case key == nil || key.number < want:
		return fmt.Errorf("vault: %w: by the erasure journal %s the key of epoch %d must be there; bring that file back",
			ErrKeyMissing, j.path, want)
	case key.number > want && (j.unfinished() == nil || key.number > want+1):
		return fmt.Errorf("vault: %w: there is the key of epoch %d, and %s ends with the change from epoch %d",
			ErrJournalDamaged, key.number, j.path, len(j.changes))
	}
	return nil
}

// append makes a line durable. After an error the line is not there, and the
// journal takes no more if that is not certain.
func (j *journal) append(line journalLine) error {
	j.writing.Lock()
	defer j.writing.Unlock()
	if j.broken != nil {
		return fmt.Errorf("vault: write the erasure journal: %w; load the vault again", j.broken)
	}
	entry, err := json.Marshal(line)
	if err != nil {
		return err
	}
	next := j.chain
	text := append(next.line(entry), '\n')
	if err := j.write(text); err != nil {
		if undone := j.write(nil); undone != nil {
			j.broken = errors.Join(err, undone)
		}
		return fmt.Errorf("vault: write the erasure journal: %w", err)
	}
	if err := j.add(entry); err != nil {
		j.broken = err
		return err
	}
	j.chain, j.size = next, j.size+int64(len(text))
	return nil
}

// write puts the text after the valid part of the file, in place of whatever is
// there.
func (j *journal) write(text []byte) error {
	f, err := os.OpenFile(j.path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Truncate(j.size); err != nil {
		return err
	}
	if _, err := f.WriteAt(text, j.size); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(j.path))
}

// chain links lines: each carries a SHA-256 over itself and the one before, so
// that a line that was altered, added or left out is noticed, wherever it is
// but at the end.
type chain struct{ last [sha256.Size]byte }

const (
	lineBegin  = `{"entry":`
	lineMiddle = `,"sha256":"`
	lineEnd    = `"}`
)

// line makes the next line, without its end, from a JSON object.
func (c *chain) line(entry []byte) []byte {
	c.last = sha256.Sum256(append(c.last[:], entry...))
	line := append([]byte(lineBegin), entry...)
	line = append(line, lineMiddle...)
	line = hex.AppendEncode(line, c.last[:])
	return append(line, lineEnd...)
}

var errLine = errors.New("the line is not whole, or does not follow the one before it")

// read gives what the next line says.
func (c *chain) read(line []byte) (entry []byte, err error) {
	tail := len(lineMiddle) + 2*sha256.Size + len(lineEnd)
	if len(line) < len(lineBegin)+tail {
		return nil, errLine
	}
	entry = line[len(lineBegin) : len(line)-tail]
	next := *c
	if !bytes.Equal(next.line(entry), line) {
		return nil, errLine
	}
	*c = next
	return entry, nil
}
