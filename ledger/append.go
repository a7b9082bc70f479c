package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"tenure/events"
)

const (
	// MaxCommitBytes is the size of the largest commit, encoded.
	MaxCommitBytes = 4 << 20
	// MaxCommitEvents is the number of events in the largest commit.
	MaxCommitEvents = 10_000
)

const contentTypeHeader = "Content-Type"

// Answers of the server that the expected sequence is not the last one: the
// first from the store, the second from writes still on their way into it.
const (
	codeWrongLastSequence         = 10071
	codeWrongLastSequenceInFlight = 10164
)

// Append appends a commit if the organization's last revision is expect, 0 for
// an organization that has none, and returns the commit's revision. The
// commit's Prev must be expect, its Number 1 if and only if expect is 0.
//
// For one organization appends are serializable: of several appends with the
// same expectation at most one succeeds, whichever process makes them. When
// Append returns nil the commit is durable and every later read sees it.
//
// Appending a commit that is already there under the same expectation is not
// an error: it returns its revision. So an append may be repeated after any
// error, with the same commit and expectation, and never takes effect twice.
//
//   - [ErrInvalid], [ErrTooLarge]: nothing was sent.
//   - [ErrConflict]: something else follows expect. This commit is not there,
//     and cannot come with this expectation any more.
//   - [ErrUnavailable]: the store takes no writes; this commit is not there
//     unless the error is ErrUnconfirmed as well.
//   - [ErrUnconfirmed]: the commit may be there. A context that ends while the
//     answer is awaited leads here too, if looking for the commit cannot tell.
func (l *Ledger) Append(ctx context.Context, c events.Commit, expect events.Revision) (events.Revision, error) {
	done, err := l.enter()
	if err != nil {
		return 0, err
	}
	defer done()
	msg, err := commitMessage(c, expect)
	if err != nil {
		return 0, err
	}
	if err := l.refusal(); err != nil {
		return 0, err
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	waiting, cancel := context.WithTimeout(ctx, l.ackWait)
	defer cancel()
	ack, err := l.writes.publish(waiting, msg,
		jetstream.WithMsgID(string(c.ID)),
		jetstream.WithExpectLastSequencePerSubject(uint64(expect)),
		jetstream.WithRetryAttempts(0))
	if err == nil && !ack.Duplicate {
		return events.Revision(ack.Sequence), nil
	}
	return l.settle(ctx, c.ID, msg, expect, ack, err)
}

// Check says whether [Ledger.Append] would send the commit: it returns nil,
// [ErrInvalid] or [ErrTooLarge]. It does not look at what is in the ledger.
func Check(c events.Commit, expect events.Revision) error {
	_, err := commitMessage(c, expect)
	return err
}

// commitMessage encodes a commit, or says why it cannot be appended.
func commitMessage(c events.Commit, expect events.Revision) (*nats.Msg, error) {
	if err := errors.Join(c.Org.Validate(), c.ID.Validate()); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if c.Prev != expect {
		return nil, fmt.Errorf("%w: commit %s says it follows revision %d, and is appended after %d", ErrInvalid, c.ID, c.Prev, expect)
	}
	if c.Number == 0 || (c.Number == 1) != (expect == 0) {
		return nil, fmt.Errorf("%w: commit %s has number %d after revision %d", ErrInvalid, c.ID, c.Number, expect)
	}
	if n := len(c.Events); n > MaxCommitEvents {
		return nil, fmt.Errorf("%w: commit %s has %d events, and %d fit; split the command into several, of fewer persons or scopes each",
			ErrTooLarge, c.ID, n, MaxCommitEvents)
	}
	payload, err := events.Encode(c)
	if err != nil {
		return nil, fmt.Errorf("%w: commit %s: %w", ErrInvalid, c.ID, err)
	}
	if n := len(payload); n > MaxCommitBytes {
		return nil, fmt.Errorf("%w: commit %s takes %d bytes, and %d fit; split the command into several, of fewer persons or scopes each",
			ErrTooLarge, c.ID, n, MaxCommitBytes)
	}
	msg := nats.NewMsg(orgSubject(c.Org))
	msg.Data = payload
	msg.Header.Set(contentTypeHeader, events.ContentType)
	return msg, nil
}

// settle finds out what became of a commit whose publication was answered by
// anything but a fresh acknowledgment. The answer of one look-up decides: a
// commit stored under its expectation is the first one after it.
func (l *Ledger) settle(ctx context.Context, id events.CommitID, sent *nats.Msg, expect events.Revision, ack *jetstream.PubAck, cause error) (events.Revision, error) {
	var refused *jetstream.APIError
	wrongLast, inFlight := false, false
	if errors.As(cause, &refused) {
		wrongLast = refused.ErrorCode == codeWrongLastSequence
		inFlight = refused.ErrorCode == codeWrongLastSequenceInFlight
		if !wrongLast && !inFlight {
			return 0, fmt.Errorf("%w: append commit %s: %w", ErrUnavailable, id, cause)
		}
	}
	if errors.Is(cause, jetstream.ErrNoStreamResponse) {
		return 0, fmt.Errorf("%w: append commit %s: %w", ErrUnavailable, id, cause)
	}

	// The caller's time may be over, but not knowing would cost it more.
	looking, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.ackWait)
	defer cancel()
	next, err := l.ledger.GetMsg(looking, uint64(expect)+1, jetstream.WithGetMsgSubject(sent.Subject))
	switch {
	case err == nil && next.Header.Get(nats.MsgIdHdr) == string(id) && bytes.Equal(next.Data, sent.Data):
		return events.Revision(next.Sequence), nil
	case err == nil && next.Header.Get(nats.MsgIdHdr) == string(id):
		return 0, fmt.Errorf("%w: the commit id %s is used by other content, at revision %d", ErrInvalid, id, next.Sequence)
	case err == nil:
		return 0, fmt.Errorf("%w: revision %d follows revision %d", ErrConflict, next.Sequence, expect)
	case !errors.Is(err, jetstream.ErrMsgNotFound):
		cause = errors.Join(cause, fmt.Errorf("look for the commit: %w", err))
	case cause == nil: // a duplicate that is not here
		return 0, fmt.Errorf("%w: the commit id %s is used already, at revision %d", ErrInvalid, id, ack.Sequence)
	case wrongLast:
		return 0, fmt.Errorf("%w: revision %d is not its last one, and nothing follows it", ErrConflict, expect)
	}
	l.examine()
	if refusal := l.refusal(); refusal != nil {
		return 0, fmt.Errorf("%w: commit %s: %w: %w", ErrUnconfirmed, id, cause, refusal)
	}
	return 0, fmt.Errorf("%w: commit %s: %w", ErrUnconfirmed, id, cause)
}
