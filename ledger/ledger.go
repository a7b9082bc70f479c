package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"tenure/events"
)

const (
	// defaultAckWait is how long a write waits for its answer.
	defaultAckWait = 10 * time.Second
	// defaultStallAfter is how long a reader waits for a revision that should
	// be there before it looks for it.
	defaultStallAfter = 2 * time.Second
	// closeWait is how long Close waits for the connection to drain.
	closeWait = 5 * time.Second
)

// Options say which ledger to open.
type Options struct {
	// Dir is the data folder. It is created if it is not there.
	Dir string
	// Logger takes the ledger's and the server's log; nil for slog.Default.
	Logger *slog.Logger

	ackWait    time.Duration // 0 for defaultAckWait
	stallAfter time.Duration // 0 for defaultStallAfter
	noSync     bool          // for building large stores quickly
	unchecked  bool          // for opening damaged stores
	held       *os.File      // the folder's lock, if the caller has it; Close gives it back
}

// Ledger is an open ledger. Its methods may be called from several goroutines.
type Ledger struct {
	dir    folder
	lock   *os.File
	id     identity
	log    *slog.Logger
	server *server.Server
	conn   *nats.Conn
	// drained is closed when the connection has delivered all and is closed.
	drained chan struct{}
	js      jetstream.JetStream
	ledger  jetstream.Stream
	keys    jetstream.Stream

	ackWait    time.Duration
	stallAfter time.Duration

	// writes are what changes the store. Tests put faults here.
	writes writes
	// failed is the reason why no more is written, nil while all is well.
	failed atomic.Pointer[error]

	// keysLock is held by whoever writes or reads KEYS: a replacement is
	// several writes.
	keysLock sync.Mutex
	// erasing says that an erasure was begun and not completed.
	erasing bool

	gate    sync.Mutex
	closed  bool
	running sync.WaitGroup
	// closing ends the readers.
	closing context.Context
	end     context.CancelCauseFunc
}

// writes are the requests that change the store.
type writes struct {
	publish func(context.Context, *nats.Msg, ...jetstream.PublishOpt) (*jetstream.PubAck, error)
	erase   func(ctx context.Context, sequence uint64) error
	purge   func(context.Context, ...jetstream.StreamPurgeOpt) error
}

// Open opens the ledger in a folder, or creates one in a folder that holds
// none.
//
// It returns [ErrLocked], [ErrStoreDamaged] or [ErrSettings], none of which
// changes anything, or [ErrUnavailable] if the server does not start or an
// erasure that was interrupted cannot be completed.
func Open(ctx context.Context, o Options) (*Ledger, error) {
	l := &Ledger{
		dir:        folder(o.Dir),
		log:        o.Logger,
		drained:    make(chan struct{}),
		ackWait:    o.ackWait,
		stallAfter: o.stallAfter,
	}
	if l.log == nil {
		l.log = slog.Default()
	}
	if l.ackWait == 0 {
		l.ackWait = defaultAckWait
	}
	if l.stallAfter == 0 {
		l.stallAfter = defaultStallAfter
	}
	l.closing, l.end = context.WithCancelCause(context.Background())
	if err := l.open(ctx, o); err != nil {
		_ = l.Close(context.WithoutCancel(ctx))
		return nil, fmt.Errorf("open ledger %s: %w", o.Dir, err)
	}
	return l, nil
}

func (l *Ledger) open(ctx context.Context, o Options) error {
	l.lock = o.held
	if err := os.MkdirAll(string(l.dir), 0o700); err != nil {
		return err
	}
	var err error
	if l.lock == nil {
		if l.lock, err = l.dir.lock(); err != nil {
			return err
		}
	}
	if err := l.dir.removeTemporaries(); err != nil {
		return err
	}
	if l.erasing, err = l.dir.erasing(); err != nil {
		return err
	}
	known, err := l.dir.readIdentity()
	if err != nil {
		return err
	}
	var last events.Revision
	if !o.unchecked {
		if last, err = checkStore(l.dir, known); err != nil {
			return err
		}
	}
	var password string
	if l.server, password, err = startServer(l.dir.natsDir(), l.log, !o.noSync, writerPermissions()); err != nil {
		return err
	}
	if err := l.connect(password); err != nil {
		return fmt.Errorf("%w: connect to the NATS server: %w", ErrUnavailable, err)
	}
	if got := l.conn.MaxPayload(); got != maxPayload {
		return fmt.Errorf("%w: the NATS server takes messages of %d bytes, and must take %d", ErrSettings, got, maxPayload)
	}
	id, streams, err := openStreams(ctx, l.js, l.dir, known)
	if err != nil {
		return err
	}
	if got := events.Revision(streams[ledgerStream].CachedInfo().State.LastSeq); got != last && !o.unchecked {
		return fmt.Errorf("%w: the server knows of revision %d, and the last one that can be read is %d", ErrStoreDamaged, got, last)
	}
	l.id, l.ledger, l.keys = id, streams[ledgerStream], streams[keysStream]
	l.writes = writes{publish: l.js.PublishMsg, erase: l.keys.SecureDeleteMsg, purge: l.keys.Purge}
	return l.finishErasing(ctx)
}

func (l *Ledger) connect(password string) error {
	conn, err := nats.Connect("",
		nats.InProcessServer(l.server),
		nats.UserInfo(writerUser, password),
		nats.Name("ledger"),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(50*time.Millisecond),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			l.log.Error("connection to the NATS server", "error", err)
		}),
		nats.ClosedHandler(func(*nats.Conn) { close(l.drained) }),
	)
	if err != nil {
		return err
	}
	l.conn = conn
	l.js, err = jetstream.New(conn, jetstream.WithDefaultTimeout(l.ackWait))
	return err
}

// Close refuses new calls, ends the readers, waits for the calls that are under
// way, and stops the server. When ctx ends it no longer waits for calls: they
// return errors, and Close returns the reason. The folder is free when it
// returns. Closing again does nothing.
func (l *Ledger) Close(ctx context.Context) error {
	l.gate.Lock()
	if l.closed {
		l.gate.Unlock()
		return nil
	}
	l.closed = true
	l.gate.Unlock()
	l.end(ErrClosed)

	idle := make(chan struct{})
	go func() { l.running.Wait(); close(idle) }()
	var err error
	select {
	case <-idle:
	case <-ctx.Done():
		err = fmt.Errorf("close ledger: calls are still under way: %w", context.Cause(ctx))
	}
	if l.conn != nil {
		if err != nil || l.conn.Drain() != nil {
			l.conn.Close()
		}
		select {
		case <-l.drained:
		case <-time.After(closeWait):
			l.conn.Close()
			<-l.drained
		}
	}
	if l.server != nil {
		l.server.Shutdown()
		l.server.WaitForShutdown()
	}
	if l.lock != nil {
		err = errors.Join(err, l.lock.Close())
	}
	return err
}

// ID is the ledger's id, a ULID given to it when it was created.
func (l *Ledger) ID() string { return l.id.ID }

// Ready says why the ledger does not take writes, or nil if it does. It
// returns [ErrClosed] or [ErrUnavailable].
func (l *Ledger) Ready() error {
	done, err := l.enter()
	if err != nil {
		return err
	}
	defer done()
	l.examine()
	return l.refusal()
}

// enter counts a call as under way, until done is called.
func (l *Ledger) enter() (done func(), err error) {
	l.gate.Lock()
	defer l.gate.Unlock()
	if l.closed {
		return nil, ErrClosed
	}
	l.running.Add(1)
	return l.running.Done, nil
}

// examine asks the server for a write error, which it does not answer writes
// with: they time out. One such error is final, because what a failed sync
// left behind is known only after the store is read again.
func (l *Ledger) examine() {
	if err := writeError(l.server); err != nil {
		reason := fmt.Errorf("%w: %w; free space or repair the disk, and open the ledger again", ErrUnavailable, err)
		l.failed.CompareAndSwap(nil, &reason)
	}
}

// refusal is the reason why nothing more is written.
func (l *Ledger) refusal() error {
	if reason := l.failed.Load(); reason != nil {
		return *reason
	}
	return nil
}
