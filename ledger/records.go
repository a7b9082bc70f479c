package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"tenure/events"
)

// MaxRecordBytes is the size of the largest record.
const MaxRecordBytes = 1 << 20

const (
	// batchFrom is the number of records from which one atomic batch is
	// cheaper than as many publications.
	batchFrom = 12
	// batchLimit is the number of messages that the server takes in a batch.
	batchLimit = 1000
	// batchBytes bounds a batch, because the server stages it on the disk.
	batchBytes = 4 << 20

	// rewriteFrom is the number of former versions from which writing all
	// records anew is cheaper than erasing one by one: each erasure makes the
	// server write a block of up to 8 MiB.
	rewriteFrom = 64

	// lookUpCost is how many records can be read one after another in the time
	// in which one of them is looked up.
	lookUpCost = 16

	// codeNoSuchSequence is the server's answer to the erasure of what is not
	// there.
	codeNoSuchSequence = 10043

	// fillerSubject is none that an organization can have.
	fillerSubject = keysPrefix + "_.filler"
)

// Headers of an atomic batch.
const (
	batchIDHeader       = "Nats-Batch-Id"
	batchSequenceHeader = "Nats-Batch-Sequence"
	batchCommitHeader   = "Nats-Batch-Commit"
)

// Entry is a record that can be erased. It has one owner and no history.
type Entry struct {
	Org events.OrgID
	// Owner is a ULID, a scope ("KIND:HANDLE"), or a word of a-z, 0-9, - and _
	// of up to 31 characters that begins with a letter.
	Owner string
	// Data is at most [MaxRecordBytes] long.
	Data []byte
}

var ownerWord = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,30}$`)

// recordSubject is where an owner's record is kept.
func recordSubject(org events.OrgID, owner string) (string, error) {
	if err := org.Validate(); err != nil {
		return "", fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if !ownerWord.MatchString(owner) && events.ScopeID(owner).Validate() != nil && events.PrincipalID(owner).Validate() != nil {
		return "", fmt.Errorf("%w: owner %q: want a ULID, KIND:HANDLE, or a word", ErrInvalid, owner)
	}
	return keysPrefix + string(org) + "." + owner, nil
}

// PutRecords stores records, each in place of the one that its owner had. If an
// owner comes twice, the last one counts.
//
// When it returns nil the records are durable, and the bytes of those that
// they replace are in no file of the folder. When it returns an error, each
// owner has the new record or the former one, and former bytes may be left
// over: the next call that writes records, or the next [Open], removes them.
// It returns [ErrInvalid], [ErrTooLarge], [ErrUnavailable] or
// [ErrUnconfirmed]; call it again with the same records. [ErrUnreadable] says
// that the store of the records is damaged: nothing of it is thrown away then.
//
// The records of one ledger must be written through one Ledger at a time.
func (l *Ledger) PutRecords(ctx context.Context, entries []Entry) error {
	bySubject := make(map[string][]byte, len(entries))
	for _, e := range entries {
		subject, err := recordSubject(e.Org, e.Owner)
		if err != nil {
			return err
		}
		if len(e.Data) > MaxRecordBytes {
			return fmt.Errorf("%w: the record of %s in %s takes %d bytes, and %d fit", ErrTooLarge, e.Owner, e.Org, len(e.Data), MaxRecordBytes)
		}
		bySubject[subject] = e.Data
	}
	return l.changeRecords(ctx, bySubject, func() error {
		former, err := l.versions(ctx, bySubject)
		switch {
		case err != nil:
			return err
		case len(former) == 0:
			_, err := l.publishRecords(ctx, bySubject)
			return err
		}
		if err := l.beginErasing(); err != nil {
			return err
		}
		if len(former) >= rewriteFrom {
			return l.rewrite(ctx, bySubject)
		}
		if _, err := l.publishRecords(ctx, bySubject); err != nil {
			return err
		}
		return l.erase(ctx, former)
	})
}

// EraseRecord removes an owner's record. When it returns nil, its bytes are in
// no file of the folder. It is not an error if the owner has none. When it
// returns an error the record may be there or not; call it again.
func (l *Ledger) EraseRecord(ctx context.Context, org events.OrgID, owner string) error {
	subject, err := recordSubject(org, owner)
	if err != nil {
		return err
	}
	gone := map[string][]byte{subject: nil}
	return l.changeRecords(ctx, gone, func() error {
		former, err := l.versions(ctx, gone)
		if err != nil || len(former) == 0 {
			return err
		}
		if err := l.beginErasing(); err != nil {
			return err
		}
		return l.erase(ctx, former)
	})
}

// EachRecord calls fn for every record, in no order that means anything. fn
// may write records; it does not see them. If one cannot be read, fn is not
// called at all, and the error is [ErrUnreadable].
func (l *Ledger) EachRecord(ctx context.Context, fn func(Entry) error) error {
	done, err := l.enter()
	if err != nil {
		return err
	}
	defer done()
	l.keysLock.Lock()
	records, err := l.allRecords(ctx)
	l.keysLock.Unlock()
	if err != nil {
		return err
	}
	for subject, data := range records {
		org, owner, _ := strings.Cut(strings.TrimPrefix(subject, keysPrefix), ".")
		if err := fn(Entry{Org: events.OrgID(org), Owner: owner, Data: data}); err != nil {
			return err
		}
	}
	return nil
}

// changeRecords runs a change of records by itself, after completing what an
// earlier one left undone.
func (l *Ledger) changeRecords(ctx context.Context, concerned map[string][]byte, change func() error) error {
	done, err := l.enter()
	if err != nil {
		return err
	}
	defer done()
	if len(concerned) == 0 {
		return nil
	}
	l.keysLock.Lock()
	defer l.keysLock.Unlock()
	if err := l.finishErasing(ctx); err != nil {
		return err
	}
	if err := l.refusal(); err != nil {
		return err
	}
	if err := change(); err != nil {
		return err
	}
	return l.endErasing()
}

// beginErasing makes it durable that bytes are about to be erased. The server
// erases in two steps: it notes the sequence as deleted, then it writes over
// the bytes. Killed between the two it never comes back to the second.
func (l *Ledger) beginErasing() error {
	if err := l.dir.markErasing(); err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	l.erasing = true
	return nil
}

func (l *Ledger) endErasing() error {
	if !l.erasing {
		return nil
	}
	if err := l.dir.unmarkErasing(); err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	l.erasing = false
	return nil
}

// finishErasing completes an erasure that was interrupted.
func (l *Ledger) finishErasing(ctx context.Context) error {
	if !l.erasing {
		return nil
	}
	if err := l.refusal(); err != nil {
		return err
	}
	l.log.Info("completing an interrupted erasure of records")
	if err := l.rewrite(ctx, nil); err != nil {
		return fmt.Errorf("complete an interrupted erasure: %w", err)
	}
	return l.endErasing()
}

// versions are the sequences under which the subjects have messages.
func (l *Ledger) versions(ctx context.Context, subjects map[string][]byte) ([]uint64, error) {
	var sequences []uint64
	if len(subjects) >= rewriteFrom {
		info, err := l.keys.Info(ctx)
		if err != nil {
			return nil, readError(ctx, "look for former records", err)
		}
		if info.State.Msgs <= lookUpCost*uint64(len(subjects)) {
			err := l.eachStored(ctx, info, func(s stored) {
				if _, concerned := subjects[s.subject]; concerned {
					sequences = append(sequences, s.sequence)
				}
			}, func() { sequences = nil })
			return sequences, err
		}
	}
	for subject := range subjects {
		for from := uint64(1); ; {
			msg, err := l.keys.GetMsg(ctx, from, jetstream.WithGetMsgSubject(subject))
			if errors.Is(err, jetstream.ErrMsgNotFound) {
				break
			}
			if err != nil {
				return nil, readError(ctx, "look for former records", err)
			}
			sequences = append(sequences, msg.Sequence)
			from = msg.Sequence + 1
		}
	}
	return sequences, nil
}

// erase securely deletes messages.
func (l *Ledger) erase(ctx context.Context, sequences []uint64) error {
	for _, sequence := range sequences {
		err := l.writes.erase(ctx, sequence)
		var refused *jetstream.APIError
		if errors.As(err, &refused) && refused.ErrorCode == codeNoSuchSequence {
			continue
		}
		if err != nil {
			return l.recordsError("erase a record", err)
		}
	}
	return nil
}

// rewrite writes all records anew, with changes, and then removes the files
// that hold the former ones as a whole. It needs no knowledge of what exactly
// is left over in them.
//
// A message as large as a block makes the server begin a new file before it
// and after it. So the purge, which removes whole files only and does not
// write over the beginning of the last one, has none to spare.
func (l *Ledger) rewrite(ctx context.Context, changes map[string][]byte) error {
	all, err := l.allRecords(ctx)
	if err != nil {
		return err
	}
	maps.Copy(all, changes)
	if len(all) == 0 {
		if err := l.writes.purge(ctx); err != nil {
			return l.recordsError("remove former records", err)
		}
		return nil
	}
	filler := nats.NewMsg(fillerSubject)
	filler.Data = make([]byte, maxPayload)
	if _, err := l.publish(ctx, filler); err != nil {
		return l.recordsError("write records anew", err)
	}
	first, err := l.publishRecords(ctx, all)
	if err != nil {
		return err
	}
	if err := l.writes.purge(ctx, jetstream.WithPurgeSequence(first)); err != nil {
		return l.recordsError("remove former records", err)
	}
	return nil
}

// stored is a message of KEYS.
type stored struct {
	subject  string
	sequence uint64
	data     []byte
	// more is how many messages follow.
	more uint64
}

// allRecords reads the newest record of every owner, or fails: what it misses,
// a rewriting would destroy.
func (l *Ledger) allRecords(ctx context.Context) (map[string][]byte, error) {
	info, err := l.keys.Info(ctx)
	if err != nil {
		return nil, readError(ctx, "read the records", err)
	}
	var records map[string][]byte
	begin := func() { records = make(map[string][]byte, info.State.NumSubjects) }
	begin()
	err = l.eachStored(ctx, info, func(s stored) {
		if s.subject != fillerSubject {
			records[s.subject] = s.data
		}
	}, begin)
	if err != nil {
		return nil, err
	}
	return records, nil
}

// eachStored calls fn for all messages of KEYS, in order, or fails. If it has
// to start over, it calls again first. It reads all messages, not the last one
// per subject: asked for those, the server drops what does not fit into the
// current pull.
func (l *Ledger) eachStored(ctx context.Context, info *jetstream.StreamInfo, fn func(stored), again func()) error {
	for stalls := 0; info.State.Msgs > 0; stalls++ {
		read := uint64(0)
		err := pull(ctx, l, keysStream, jetstream.OrderedConsumerConfig{},
			func(msg jetstream.Msg) (stored, error) {
				place, err := msg.Metadata()
				if err != nil {
					return stored{}, err
				}
				return stored{msg.Subject(), place.Sequence.Stream, msg.Data(), place.NumPending}, nil
			},
			func(s stored) (bool, error) {
				read++
				fn(s)
				return s.more == 0, nil
			},
			func() error { return errStalled })
		switch {
		case err == nil && read == info.State.Msgs:
			return nil
		case err == nil || errors.Is(err, errStalled) && stalls == maxStalls:
			return fmt.Errorf("%w: stream %s holds %d messages, and %d can be read", ErrUnreadable, keysStream, info.State.Msgs, read)
		case !errors.Is(err, errStalled):
			return err
		}
		again()
	}
	return nil
}

// publishRecords stores records durably and returns the first one's sequence.
func (l *Ledger) publishRecords(ctx context.Context, bySubject map[string][]byte) (first uint64, err error) {
	batch := make([]*nats.Msg, 0, min(len(bySubject), batchLimit))
	size := 0
	flush := func() error {
		sequence, err := l.publishTogether(ctx, batch)
		if err != nil {
			return l.recordsError("store records", err)
		}
		if first == 0 {
			first = sequence
		}
		batch, size = batch[:0], 0
		return nil
	}
	for subject, data := range bySubject {
		msg := nats.NewMsg(subject)
		msg.Data = data
		size += len(data)
		if batch = append(batch, msg); len(batch) == batchLimit || size >= batchBytes {
			if err := flush(); err != nil {
				return 0, err
			}
		}
	}
	if len(batch) > 0 {
		if err := flush(); err != nil {
			return 0, err
		}
	}
	return first, nil
}

// publishTogether stores up to batchLimit messages and returns the first one's
// sequence.
func (l *Ledger) publishTogether(ctx context.Context, messages []*nats.Msg) (first uint64, err error) {
	if len(messages) < batchFrom {
		for i, msg := range messages {
			ack, err := l.publish(ctx, msg)
			if err != nil {
				return 0, err
			}
			if i == 0 {
				first = ack.Sequence
			}
		}
		return first, nil
	}
	id := nuid.Next()
	for i, msg := range messages {
		msg.Header.Set(batchIDHeader, id)
		msg.Header.Set(batchSequenceHeader, strconv.Itoa(i+1))
		if i < len(messages)-1 {
			if err := l.conn.PublishMsg(msg); err != nil {
				return 0, err
			}
			continue
		}
		msg.Header.Set(batchCommitHeader, "1")
		ack, err := l.publish(ctx, msg)
		if err != nil {
			return 0, err
		}
		first = ack.Sequence - uint64(len(messages)) + 1
	}
	return first, nil
}

func (l *Ledger) publish(ctx context.Context, msg *nats.Msg) (*jetstream.PubAck, error) {
	ctx, cancel := context.WithTimeout(ctx, l.ackWait)
	defer cancel()
	return l.writes.publish(ctx, msg, jetstream.WithRetryAttempts(0))
}

// recordsError says whether a failed write of records may have taken effect.
func (l *Ledger) recordsError(what string, cause error) error {
	var refused *jetstream.APIError
	if errors.As(cause, &refused) || errors.Is(cause, jetstream.ErrNoStreamResponse) {
		return fmt.Errorf("%w: %s: %w", ErrUnavailable, what, cause)
	}
	l.examine()
	if refusal := l.refusal(); refusal != nil {
		return fmt.Errorf("%w: %s: %w: %w", ErrUnconfirmed, what, cause, refusal)
	}
	return fmt.Errorf("%w: %s: %w", ErrUnconfirmed, what, cause)
}
