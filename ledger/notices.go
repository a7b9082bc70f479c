package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"tenure/events"
)

// MaxNoticeBytes is the size of the largest message about a notice.
const MaxNoticeBytes = 64 << 10

// ErrNoticeConflict is returned by [Ledger.AppendNotices] when the last message
// about a notice is not the expected one, and what follows it is not the one to
// be appended. It comes as a [NoticeConflict].
var ErrNoticeConflict = errors.New("the notice has moved on")

// NoticeConflict says which notice has moved on.
type NoticeConflict struct {
	Org events.OrgID
	ID  string
	// Expect is the sequence that was expected to be the last one.
	Expect uint64
}

// Error implements error.
func (e *NoticeConflict) Error() string {
	return fmt.Sprintf("notice %s of %q: %v: sequence %d is not its last one", e.ID, e.Org, ErrNoticeConflict, e.Expect)
}

// Unwrap gives [ErrNoticeConflict].
func (e *NoticeConflict) Unwrap() error { return ErrNoticeConflict }

// NoticeMessage is one message about a notice: the notice itself, or what became
// of it. What it says is not this package's business.
type NoticeMessage struct {
	// Org is empty for what concerns the ledger as a whole.
	Org events.OrgID
	// ID is 1 to 63 of a-z, 0-9 and -, not starting with -.
	ID string
	// Sequence is the message's place among those of all notices, from 1. When
	// appending, it is that of the last message about this notice, 0 if there
	// must be none.
	Sequence uint64
	// Data is at most [MaxNoticeBytes] long.
	Data []byte
}

var noticeID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

const (
	// wholeLedger stands for the organization where there is none.
	wholeLedger = "_"

	expectHeader = "Nats-Expected-Last-Subject-Sequence"

	// noticeBatchFrom is the number of messages about notices from which one
	// atomic batch is cheaper than as many publications.
	noticeBatchFrom = 24
)

func (m NoticeMessage) subject() (string, error) {
	org := wholeLedger
	if m.Org != "" {
		if err := m.Org.Validate(); err != nil {
			return "", fmt.Errorf("%w: %w", ErrInvalid, err)
		}
		org = string(m.Org)
	}
	if !noticeID.MatchString(m.ID) {
		return "", fmt.Errorf("%w: notice %.80q: want 1 to 63 of a-z, 0-9 and -, not starting with -", ErrInvalid, m.ID)
	}
	return noticesPrefix + org + "." + m.ID, nil
}

func (m NoticeMessage) message() (*nats.Msg, error) {
	subject, err := m.subject()
	if err != nil {
		return nil, err
	}
	if len(m.Data) > MaxNoticeBytes {
		return nil, fmt.Errorf("%w: a message about notice %s takes %d bytes, and %d fit", ErrTooLarge, m.ID, len(m.Data), MaxNoticeBytes)
	}
	msg := nats.NewMsg(subject)
	msg.Data = m.Data
	msg.Header.Set(expectHeader, strconv.FormatUint(m.Sequence, 10))
	return msg, nil
}

// AppendNotices appends messages, in their order, each if its Sequence is that
// of the last message about its notice, and returns the sequences that they
// have now. Each notice may come once only. When it returns nil the messages
// are durable.
//
// A message that is already there under the same expectation is not an error.
// So a call may be repeated after any error, and nothing takes effect twice.
// After an error the first ones may be there, and not the others:
//
//   - [ErrInvalid], [ErrTooLarge]: nothing was sent.
//   - [ErrNoticeConflict]: another message follows the expected one. It comes
//     as a [NoticeConflict]; the messages before that one are there.
//   - [ErrUnavailable], [ErrUnconfirmed]: as for [Ledger.Append].
func (l *Ledger) AppendNotices(ctx context.Context, messages []NoticeMessage) (sequences []uint64, err error) {
	done, err := l.enter()
	if err != nil {
		return nil, err
	}
	defer done()
	batch := make([]*nats.Msg, len(messages))
	once := make(map[string]bool, len(messages))
	for i, m := range messages {
		if batch[i], err = m.message(); err != nil {
			return nil, err
		}
		if once[batch[i].Subject] {
			return nil, fmt.Errorf("%w: notice %s comes twice", ErrInvalid, m.ID)
		}
		once[batch[i].Subject] = true
	}
	if err := l.refusal(); err != nil {
		return nil, err
	}
	for start := 0; start < len(messages); {
		end, size := start, 0
		for end < len(messages) && end-start < batchLimit && size < batchBytes {
			size += len(messages[end].Data)
			end++
		}
		part, err := l.appendNotices(ctx, messages[start:end], batch[start:end])
		sequences = append(sequences, part...)
		if err != nil {
			return sequences, err
		}
		start = end
	}
	return sequences, nil
}

// appendNotices appends at most as many messages as fit into one batch. A batch
// that is not accepted is sent again one by one: the server does not say which
// of them it is about, and an answer that was lost does not say that it was
// refused.
func (l *Ledger) appendNotices(ctx context.Context, messages []NoticeMessage, batch []*nats.Msg) (sequences []uint64, err error) {
	if len(batch) >= noticeBatchFrom {
		first, err := l.publishTogether(ctx, batch)
		if err == nil {
			for i := range batch {
				sequences = append(sequences, first+uint64(i))
			}
			return sequences, nil
		}
		if ctx.Err() != nil {
			return nil, l.recordsError("append notices", err)
		}
	}
	for _, m := range messages {
		msg, err := m.message() // without what a batch has put into its header
		if err != nil {
			return sequences, err
		}
		ack, err := l.publish(ctx, msg)
		if err == nil {
			sequences = append(sequences, ack.Sequence)
			continue
		}
		sequence, err := l.settleNotice(ctx, m, msg.Subject, err)
		if err != nil {
			return sequences, err
		}
		sequences = append(sequences, sequence)
	}
	return sequences, nil
}

// settleNotice finds out what became of a message whose publication was not
// acknowledged.
func (l *Ledger) settleNotice(ctx context.Context, m NoticeMessage, subject string, cause error) (uint64, error) {
	var refused *jetstream.APIError
	if errors.As(cause, &refused) && refused.ErrorCode != codeWrongLastSequence && refused.ErrorCode != codeWrongLastSequenceInFlight {
		return 0, fmt.Errorf("%w: append notice %s: %w", ErrUnavailable, m.ID, cause)
	}
	looking, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.ackWait)
	defer cancel()
	stream, err := l.js.Stream(looking, noticesStream)
	if err == nil {
		var next *jetstream.RawStreamMsg
		next, err = stream.GetMsg(looking, m.Sequence+1, jetstream.WithGetMsgSubject(subject))
		switch {
		case err == nil && bytes.Equal(next.Data, m.Data):
			return next.Sequence, nil
		case err == nil || refused != nil && refused.ErrorCode == codeWrongLastSequence && errors.Is(err, jetstream.ErrMsgNotFound):
			return 0, &NoticeConflict{Org: m.Org, ID: m.ID, Expect: m.Sequence}
		}
	}
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		err = nil
	}
	return 0, l.recordsError("append notice "+m.ID, errors.Join(cause, err))
}

// ReplayNotices calls fn for every message about notices after the given
// sequence, in order, up to the last one at the time of the call. It ends with
// fn's error, with [ErrUnreadable], [ErrGap] or [ErrUnavailable], with the
// context's error, or with [ErrClosed].
func (l *Ledger) ReplayNotices(ctx context.Context, after uint64, fn func(NoticeMessage) error) error {
	done, err := l.enter()
	if err != nil {
		return err
	}
	defer done()
	ctx, cancel := l.until(ctx)
	defer cancel()
	tail, err := l.noticesTail(ctx)
	if err != nil {
		return ended(ctx, err)
	}
	if after > tail {
		return fmt.Errorf("%w: reading notices was to go on after message %d, and the last one is %d", ErrGap, after, tail)
	}
	if after == tail {
		return nil
	}
	each := func(m NoticeMessage) (bool, error) {
		if m.Sequence != after+1 {
			return true, fmt.Errorf("%w: after message %d about notices comes message %d", ErrGap, after, m.Sequence)
		}
		if err := fn(m); err != nil {
			return true, err
		}
		after = m.Sequence
		return after >= tail, nil
	}
	idle := func() error {
		last, err := l.noticesTail(ctx)
		if err != nil || last == after {
			return err
		}
		return errStalled
	}
	for stalls := 0; ; stalls++ {
		from := after
		config := jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: after + 1}
		err := pull(ctx, l, noticesStream, config, noticeOf, each, idle)
		if after > from {
			stalls = 0
		}
		if !errors.Is(err, errStalled) || stalls == maxStalls {
			return ended(ctx, err)
		}
		l.log.Warn("a reader of notices stalled and begins anew", "after", after)
	}
}

func (l *Ledger) noticesTail(ctx context.Context) (uint64, error) {
	stream, err := l.js.Stream(ctx, noticesStream)
	if err != nil {
		return 0, readError(ctx, "read the end of the notices", err)
	}
	return stream.CachedInfo().State.LastSeq, nil
}

// noticeOf reads a message from a delivered one.
func noticeOf(msg jetstream.Msg) (NoticeMessage, error) {
	place, err := msg.Metadata()
	if err != nil {
		return NoticeMessage{}, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	org, id, _ := strings.Cut(strings.TrimPrefix(msg.Subject(), noticesPrefix), ".")
	if org == wholeLedger {
		org = ""
	}
	m := NoticeMessage{Org: events.OrgID(org), ID: id, Sequence: place.Sequence.Stream, Data: msg.Data()}
	if subject, err := m.subject(); err != nil || subject != msg.Subject() {
		return NoticeMessage{}, fmt.Errorf("%w: message %d about notices stands under %q", ErrUnreadable, m.Sequence, msg.Subject())
	}
	return m, nil
}
