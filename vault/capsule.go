package vault

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"tenure/events"
)

// Capsule is a copy of the wrapped records and of the erasure journal. Without
// the epoch key, which is not in it, it opens nothing. With the end of the
// epoch it becomes worthless.
//
// As a file it is lines of JSON, linked like those of the journal: a head, the
// journal's lines, the records, an end.
type Capsule struct {
	// Epoch is the number of the epoch key that the records need.
	Epoch   uint64
	TakenAt time.Time
	// Records is how many there are.
	Records int

	records []Record
	journal *journal
}

// Journal lists the erasures up to the capsule.
func (c *Capsule) Journal() []Destroyed { return c.journal.list() }

const capsuleFormat = 1

// capsuleLine is what a line of the file says. It has one of them.
type capsuleLine struct {
	Head   *capsuleHead    `json:"capsule,omitempty"`
	Change json.RawMessage `json:"journal,omitempty"`
	Record *capsuleRecord  `json:"record,omitempty"`
	End    *capsuleEnd     `json:"end,omitempty"`
}

type capsuleHead struct {
	Format  int       `json:"format"`
	Epoch   uint64    `json:"epoch"`
	TakenAt time.Time `json:"taken_at"`
}

type capsuleRecord struct {
	Org   events.OrgID `json:"org"`
	Owner string       `json:"owner"`
	Data  []byte       `json:"data"`
}

type capsuleEnd struct {
	Journal int `json:"journal"`
	Records int `json:"records"`
}

// WriteCapsule writes the records and the erasure journal as they are at one
// moment. It waits for an erasure that is under way, and returns [ErrUnfinished]
// after one that was interrupted. While it writes, nothing waits for it, however
// slow the writer; if an erasure begins meanwhile, the capsule is one from
// before it.
//
// What a backup of the ledger needs is in a capsule that is written after it.
// Write a new one after each erasure: from then on the former ones are refused.
func (v *Vault) WriteCapsule(w io.Writer) error {
	head, journal, list, err := v.snapshot()
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	var links chain
	line := func(l capsuleLine) error {
		entry, err := json.Marshal(l)
		if err != nil {
			return err
		}
		_, err = out.Write(append(links.line(entry), '\n'))
		return err
	}
	err = line(capsuleLine{Head: &head})
	for _, entry := range journal {
		err = errors.Join(err, line(capsuleLine{Change: entry}))
	}
	for _, at := range list {
		if err != nil {
			break
		}
		var r Record
		if r, err = at.entry.record(at.org, at.owner); err == nil {
			err = line(capsuleLine{Record: &capsuleRecord{r.Org, r.Owner, r.Data}})
		}
	}
	if err == nil {
		err = line(capsuleLine{End: &capsuleEnd{Journal: len(journal), Records: len(list)}})
	}
	if err = errors.Join(err, out.Flush()); err != nil {
		return fmt.Errorf("vault: write the key capsule: %w", err)
	}
	return nil
}

// snapshot is what a capsule written now has in it. Entries and journal lines
// are never changed once they are made, so the lists alone are copied.
func (v *Vault) snapshot() (head capsuleHead, journal [][]byte, list []location, err error) {
	v.changing.Lock()
	defer v.changing.Unlock()
	if err := v.Unfinished(); err != nil {
		return head, nil, nil, err
	}
	head = capsuleHead{Format: capsuleFormat, Epoch: v.current().number, TakenAt: time.Now().UTC()}
	return head, slices.Clone(v.journal.lines), v.all(), nil
}

// maxCapsuleLine bounds a line. The longest says which owners were erased
// together.
const maxCapsuleLine = 128 << 20

// ReadCapsule reads a capsule to its end. It returns [ErrCapsuleDamaged], which
// says in which line, or the reader's error.
func ReadCapsule(r io.Reader) (*Capsule, error) {
	c := &Capsule{journal: &journal{}}
	var links chain
	var ended bool
	damaged := func(line int, err error) error {
		return fmt.Errorf("vault: %w: line %d: %w", ErrCapsuleDamaged, line, err)
	}
	in := bufio.NewScanner(r)
	in.Buffer(nil, maxCapsuleLine)
	in.Split(wholeLines)
	number := 0
	for in.Scan() {
		number++
		entry, err := links.read(in.Bytes())
		if err == nil && ended {
			err = errors.New("it goes on after its end")
		}
		if err == nil {
			ended, err = c.add(entry, number == 1)
		}
		if err != nil {
			return nil, damaged(number, err)
		}
	}
	switch {
	case errors.Is(in.Err(), bufio.ErrTooLong):
		return nil, damaged(number+1, in.Err())
	case in.Err() != nil:
		return nil, fmt.Errorf("vault: read the key capsule: %w", in.Err())
	case !ended:
		return nil, damaged(number+1, errors.New("it is cut off"))
	}
	if c.journal.unfinished() != nil || c.journal.newestKey() != c.Epoch {
		return nil, damaged(number, fmt.Errorf("its journal leads to epoch %d, and its records are of epoch %d", c.journal.newestKey(), c.Epoch))
	}
	return c, nil
}

// wholeLines splits like [bufio.ScanLines], but keeps a last line without an
// end for what it is: cut off.
func wholeLines(data []byte, _ bool) (int, []byte, error) {
	if end := bytes.IndexByte(data, '\n'); end >= 0 {
		return end + 1, data[:end], nil
	}
	return 0, nil, nil
}

// add takes in a line.
func (c *Capsule) add(entry []byte, first bool) (ended bool, err error) {
	var line capsuleLine
	if err := json.Unmarshal(entry, &line); err != nil {
		return false, err
	}
	switch {
	case first != (line.Head != nil):
		return false, errors.New("it is no key capsule")
	case line.Head != nil:
		if line.Head.Format != capsuleFormat {
			return false, fmt.Errorf("it has format %d, and this program knows format %d only", line.Head.Format, capsuleFormat)
		}
		c.Epoch, c.TakenAt = line.Head.Epoch, line.Head.TakenAt
	case line.Change != nil:
		return false, c.journal.add(line.Change)
	case line.Record != nil:
		r := Record(*line.Record)
		e, err := readEntry(r)
		if err == nil && e.Epoch != c.Epoch {
			err = fmt.Errorf("the record of %s in %s is of epoch %d, and not %d", r.Owner, r.Org, e.Epoch, c.Epoch)
		}
		if err != nil {
			return false, err
		}
		c.records = append(c.records, r)
		c.Records++
	case line.End != nil:
		if line.End.Journal != len(c.journal.lines) || line.End.Records != c.Records {
			return false, fmt.Errorf("it has %d lines of journal and %d records, and should have %d and %d",
				len(c.journal.lines), c.Records, line.End.Journal, line.End.Records)
		}
		return true, nil
	default:
		return false, errors.New("it says nothing")
	}
	return false, nil
}

// RestoreCapsule puts the records of a capsule into an empty store, and the
// epoch key and the journal into a folder that has neither. keyFile is the
// epoch key, a file kept apart from the capsule. newestJournal is the erasure
// journal as it was last, from wherever it survived; "" if there is none: then
// nothing tells whether the capsule is from before an erasure, except that the
// key of its epoch should be no more.
//
// It returns, before anything is written:
//
//   - [ErrWrongKey], [ErrKeyDamaged]: the key is not that of the capsule.
//   - [ErrCapsuleBehind]: by the newest journal, erasures came after it.
//   - [ErrOtherJournal]: the newest journal is of another installation.
//   - [ErrJournalDamaged]: the newest journal was altered.
//   - [ErrNotEmpty]: there are other records or keys.
//
// The key file is written last. If it was interrupted, call it again.
func RestoreCapsule(ctx context.Context, store Store, dir string, c *Capsule, keyFile, newestJournal string) error {
	if err := c.restore(ctx, store, dir, keyFile, newestJournal); err != nil {
		return fmt.Errorf("restore the keys: %w", err)
	}
	return nil
}

func (c *Capsule) restore(ctx context.Context, store Store, dir, keyFile, newestJournal string) error {
	key, err := readKeyFile(keyFile)
	if err != nil {
		return err
	}
	defer key.destroy()
	if key.number != c.Epoch {
		return fmt.Errorf("%w: %s is the key of epoch %d, and the capsule needs that of epoch %d; bring the key file that was in use when the capsule was written",
			ErrWrongKey, keyFile, key.number, c.Epoch)
	}
	known := make(map[ownerOf][]byte, len(c.records))
	for _, r := range c.records {
		e, err := readEntry(r)
		if err != nil {
			return err
		}
		dataKey, err := key.unwrap(r.Org, r.Owner, e)
		if err != nil {
			return fmt.Errorf("%s is the key of another installation, or the capsule was altered: %w", keyFile, err)
		}
		clear(dataKey)
		known[ownerOf{r.Org, r.Owner}] = r.Data
	}
	if newestJournal != "" {
		if err := c.reaches(newestJournal); err != nil {
			return err
		}
	}
	if err := c.wantNothing(ctx, store, dir, known); err != nil {
		return err
	}

	for batch := range slices.Chunk(c.records, rewrapBatch) {
		if err := store.Put(ctx, batch); err != nil {
			return err
		}
	}
	if len(c.journal.lines) > 0 {
		path := journalPath(dir)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := (&journal{path: path}).write(c.journal.text()); err != nil {
			return err
		}
	}
	text := keyText(key.number, key.raw)
	defer clear(text)
	return writeKeyFile(keyPath(dir, key.number), text)
}

// reaches says whether the capsule's journal is the one in the file or goes on
// from it.
func (c *Capsule) reaches(path string) error {
	if _, err := os.Stat(path); err != nil {
		return err
	}
	newest, err := readJournalFile(path)
	if err != nil {
		return err
	}
	for i, line := range newest.lines[:min(len(newest.lines), len(c.journal.lines))] {
		if !bytes.Equal(line, c.journal.lines[i]) {
			return fmt.Errorf("%w: %s differs from it in line %d; bring journal and capsule of the same installation", ErrOtherJournal, path, i+1)
		}
	}
	if n := len(c.journal.changes); len(newest.changes) > n {
		lost := newest.changes[n]
		return fmt.Errorf("%w: it ends with epoch %d, and %s goes on with the erasure of %s in %s by revision %d; bring a capsule that was written after the last erasure",
			ErrCapsuleBehind, c.Epoch, path, lost.Erasures[0].Owner, lost.Erasures[0].Org, lost.Erasures[0].Revision)
	}
	return nil
}

// wantNothing says whether something would be lost in the store or the folder.
// What an earlier attempt of the same has written is nothing.
func (c *Capsule) wantNothing(ctx context.Context, store Store, dir string, known map[ownerOf][]byte) error {
	numbers, err := epochKeys(dir)
	if err != nil {
		return err
	}
	if len(numbers) > 0 {
		return fmt.Errorf("%w: %s", ErrNotEmpty, keyPath(dir, numbers[0]))
	}
	have, err := os.ReadFile(journalPath(dir))
	if err == nil && !bytes.HasPrefix(c.journal.text(), have) {
		return fmt.Errorf("%w: %s", ErrNotEmpty, journalPath(dir))
	}
	return store.Each(ctx, func(r Record) error {
		if !bytes.Equal(known[ownerOf{r.Org, r.Owner}], r.Data) {
			return fmt.Errorf("%w: the store has the record of %s in %s", ErrNotEmpty, r.Owner, r.Org)
		}
		return nil
	})
}

// text is the journal as a file.
func (j *journal) text() []byte {
	var text []byte
	var links chain
	for _, entry := range j.lines {
		text = append(append(text, links.line(entry)...), '\n')
	}
	return text
}
