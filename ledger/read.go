package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"tenure/events"
)

const (
	// pullBytes is how much a reader asks for at a time. The server's largest
	// message must fit with its subjects: else it would never be delivered.
	pullBytes = maxPayload + 64<<10
	// maxStalls is how often a reader begins anew without getting anywhere.
	maxStalls = 5
	// readAhead is how many decoded commits may wait for the reader.
	readAhead = 256
)

// Tail is the last revision of the ledger, 0 if it is empty.
func (l *Ledger) Tail(ctx context.Context) (events.Revision, error) {
	done, err := l.enter()
	if err != nil {
		return 0, err
	}
	defer done()
	info, err := l.ledger.Info(ctx)
	if err != nil {
		return 0, readError(ctx, "read the end of the ledger", err)
	}
	return events.Revision(info.State.LastSeq), nil
}

// OrgTail is the last revision of an organization, 0 if it has none.
func (l *Ledger) OrgTail(ctx context.Context, org events.OrgID) (events.Revision, error) {
	done, err := l.enter()
	if err != nil {
		return 0, err
	}
	defer done()
	if err := org.Validate(); err != nil {
		return 0, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	last, err := l.ledger.GetLastMsgForSubject(ctx, orgSubject(org))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, readError(ctx, "read the last commit of "+string(org), err)
	}
	return events.Revision(last.Sequence), nil
}

// Get reads one commit. It returns [ErrNotFound] for a revision that has not
// been given out, and a [RevisionError] for one that has and cannot be read.
func (l *Ledger) Get(ctx context.Context, revision events.Revision) (events.Record, error) {
	done, err := l.enter()
	if err != nil {
		return events.Record{}, err
	}
	defer done()
	if revision == 0 {
		return events.Record{}, fmt.Errorf("%w: 0", ErrNotFound)
	}
	msg, err := l.ledger.GetMsg(ctx, uint64(revision))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		tail, err := l.Tail(ctx)
		if err != nil {
			return events.Record{}, err
		}
		if revision <= tail {
			return events.Record{}, gap(revision, "it is not in the store")
		}
		return events.Record{}, fmt.Errorf("%w: %d; the last one is %d", ErrNotFound, revision, tail)
	}
	if err != nil {
		return events.Record{}, readError(ctx, fmt.Sprintf("read revision %d", revision), err)
	}
	return readRecord(msg.Subject, msg.Header, msg.Data, msg.Sequence, msg.Time)
}

// Replay calls fn for every commit after the given revision, in order, up to
// the last one at the time of the call.
//
// It ends with fn's error, with a [RevisionError] for [ErrGap] or
// [ErrUnreadable], with the context's error, or with [ErrClosed].
func (l *Ledger) Replay(ctx context.Context, after events.Revision, fn func(events.Record) error) error {
	tail, err := l.Tail(ctx)
	if err != nil || tail == after {
		return err
	}
	return l.read(ctx, span{after: after, until: tail}, fn)
}

// ReplayOrg is [Ledger.Replay] for the commits of one organization. It also
// demands that each follows the one before it, by number and previous revision.
func (l *Ledger) ReplayOrg(ctx context.Context, org events.OrgID, after events.Revision, fn func(events.Record) error) error {
	tail, err := l.OrgTail(ctx, org)
	if err != nil || tail <= after {
		return err
	}
	return l.read(ctx, span{org: org, after: after, until: tail}, fn)
}

// Follow calls fn for every commit after the given revision, in order, those
// that are there and those that come, until ctx ends; it then returns the
// context's error. Otherwise it ends like [Ledger.Replay].
func (l *Ledger) Follow(ctx context.Context, after events.Revision, fn func(events.Record) error) error {
	return l.read(ctx, span{after: after}, fn)
}

// span is the part of the ledger to read.
type span struct {
	org   events.OrgID // empty for all
	after events.Revision
	until events.Revision // 0 for no end
}

// errStalled is returned when the server does not deliver what it has.
var errStalled = fmt.Errorf("%w: the server does not deliver what it has", ErrUnavailable)

func (l *Ledger) read(ctx context.Context, s span, fn func(events.Record) error) error {
	done, err := l.enter()
	if err != nil {
		return err
	}
	defer done()
	ctx, cancel := l.until(ctx)
	defer cancel()
	if tail, err := l.Tail(ctx); err != nil {
		return ended(ctx, err)
	} else if s.after > tail {
		return gap(s.after, "reading was to go on after it, and the last one is %d", tail)
	}

	var previous events.Record
	each := func(r events.Record) (bool, error) {
		if err := s.follows(previous, r); err != nil {
			return true, err
		}
		if err := fn(r); err != nil {
			return true, err
		}
		// Only the place is needed: the events would be kept alive.
		previous = events.Record{Revision: r.Revision, Commit: events.Commit{Number: r.Number}}
		s.after = r.Revision
		return s.until != 0 && r.Revision >= s.until, nil
	}
	idle := func() error { return l.missing(ctx, s) }
	for stalls := 0; ; stalls++ {
		from := s.after
		err := pull(ctx, l, ledgerStream, s.consumer(), recordOf, each, idle)
		if s.after > from {
			stalls = 0
		}
		if !errors.Is(err, errStalled) || stalls == maxStalls {
			return ended(ctx, err)
		}
		l.log.Warn("a reader stalled and begins anew", "after", s.after)
	}
}

// consumer is where the server has to begin.
func (s span) consumer() jetstream.OrderedConsumerConfig {
	config := jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:   uint64(s.after) + 1,
	}
	if s.org != "" {
		config.FilterSubjects = []string{orgSubject(s.org)}
	}
	return config
}

// follows says whether r is what comes after the previous record; that one is
// zero at the beginning.
func (s span) follows(previous, r events.Record) error {
	if s.org == "" {
		if r.Revision != s.after+1 {
			return gap(s.after+1, "the next one in the store is %d", r.Revision)
		}
		return nil
	}
	if previous.Revision == 0 {
		// The reader may begin after any revision, of any organization.
		if r.Prev > s.after || (s.after == 0 && r.Number != 1) {
			return gap(r.Revision, "it is number %d of %s and follows %d, and reading began after %d", r.Number, s.org, r.Prev, s.after)
		}
		return nil
	}
	if r.Prev != previous.Revision || r.Number != previous.Number+1 {
		return gap(r.Revision, "it is number %d of %s and follows %d, but number %d at %d came before it",
			r.Number, s.org, r.Prev, previous.Number, previous.Revision)
	}
	return nil
}

// missing looks for the commit that a reader waits for. It returns nil if there
// is none, errStalled if it is there, and else why it never comes.
func (l *Ledger) missing(ctx context.Context, s span) error {
	if s.org == "" {
		tail, err := l.Tail(ctx)
		if err != nil || tail == s.after {
			return err
		}
		if _, err := l.Get(ctx, s.after+1); err != nil {
			return err
		}
		return errStalled
	}
	_, err := l.ledger.GetMsg(ctx, uint64(s.after)+1, jetstream.WithGetMsgSubject(orgSubject(s.org)))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return gap(s.until, "it was the last one of %s, and is not in the store", s.org)
	}
	if err != nil {
		return readError(ctx, "look for the next commit of "+string(s.org), err)
	}
	return errStalled
}

// until ends a context when the ledger closes.
func (l *Ledger) until(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(l.closing, func() { cancel(ErrClosed) })
	return ctx, func() { stop(); cancel(nil) }
}

// ended is why a reader ended: the end of its context goes before the errors
// that it causes.
func ended(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// readError tells a read whose context ended from one that failed because the
// server does not answer.
func readError(ctx context.Context, what string, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return fmt.Errorf("%w: %s: %w", ErrUnavailable, what, err)
}

// pull reads messages through an ordered consumer and hands what decode makes
// of them to each, until that says it is done. Decoding runs beside the
// fetching and beside each. Whenever nothing has come for a while it asks idle
// whether to go on.
func pull[T any](ctx context.Context, l *Ledger, stream string, config jetstream.OrderedConsumerConfig,
	decode func(jetstream.Msg) (T, error), each func(T) (done bool, err error), idle func() error) error {
	type delivery struct {
		item T
		err  error
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	consumer, err := l.js.OrderedConsumer(ctx, stream, config)
	if err != nil {
		return readError(ctx, "read "+stream, err)
	}
	deliveries := make(chan delivery, readAhead)
	deliver := func(d delivery) {
		select { // without the wait, this is cheaper
		case deliveries <- d:
			return
		default:
		}
		select {
		case deliveries <- d:
		case <-ctx.Done():
		}
	}
	reading, err := consumer.Consume(
		func(msg jetstream.Msg) {
			item, err := decode(msg)
			deliver(delivery{item, err})
		},
		jetstream.PullMaxBytes(pullBytes),
		jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) {
			// The consumer gets over the loss of a heartbeat, of the server's
			// side of it, or of the connection, by beginning anew.
			if errors.Is(err, nats.ErrConnectionClosed) {
				go deliver(delivery{err: readError(ctx, "read "+stream, err)})
			} else if ctx.Err() == nil {
				l.log.Warn("reading begins anew", "stream", stream, "error", err)
			}
		}))
	if err != nil {
		return readError(ctx, "read "+stream, err)
	}
	defer func() {
		cancel()
		name := consumer.CachedInfo().Name
		reading.Stop()
		<-reading.Closed()
		removing, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.ackWait)
		defer cancel()
		// The server forgets it in a few minutes anyway.
		_ = l.js.DeleteConsumer(removing, stream, name)
	}()

	watch := time.NewTicker(l.stallAfter)
	defer watch.Stop()
	progress := true
	take := func(d delivery) (bool, error) {
		if err := cmp.Or(d.err, ctx.Err()); err != nil {
			return true, err
		}
		progress = true
		return each(d.item)
	}
	for {
		for range len(deliveries) {
			if done, err := take(<-deliveries); done || err != nil {
				return err
			}
		}
		select {
		case d := <-deliveries:
			if done, err := take(d); done || err != nil {
				return err
			}
		case <-watch.C:
			if !progress && len(deliveries) == 0 {
				if err := idle(); err != nil {
					return err
				}
			}
			progress = false
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// recordOf reads a record from a delivered message.
func recordOf(msg jetstream.Msg) (events.Record, error) {
	place, err := msg.Metadata()
	if err != nil {
		return events.Record{}, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	return readRecord(msg.Subject(), msg.Headers(), msg.Data(), place.Sequence.Stream, place.Timestamp)
}

// readRecord decodes a stored message, and refuses one that is not where it
// says it belongs.
func readRecord(subject string, header nats.Header, data []byte, sequence uint64, recorded time.Time) (events.Record, error) {
	at := events.Revision(sequence)
	if kind := header.Get(contentTypeHeader); kind != events.ContentType {
		return events.Record{}, unreadable(at, fmt.Errorf("its content type is %q", kind))
	}
	commit, err := events.Decode(data)
	if err != nil {
		return events.Record{}, unreadable(at, err)
	}
	if org := strings.TrimPrefix(subject, ledgerPrefix); org != string(commit.Org) {
		return events.Record{}, unreadable(at, fmt.Errorf("a commit of %q stands under %q", commit.Org, subject))
	}
	if id := header.Get(nats.MsgIdHdr); id != string(commit.ID) {
		return events.Record{}, unreadable(at, fmt.Errorf("commit %s was stored as %q", commit.ID, id))
	}
	return events.Record{Commit: commit, Revision: at, RecordedAt: recorded.UTC()}, nil
}
