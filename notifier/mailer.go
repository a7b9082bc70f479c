package notifier

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	netmail "net/mail"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tenure/events"
	"tenure/ledger"
	"tenure/rolemodel"
)

// Window is how many mails, at most, may be on their way from the outbox to the
// record of their outcome: so many are sent a second time after a crash. It is
// 16, unless much is pending; then it is a sixteenth of that, up to 128, since
// a durable record costs the same for one mail and for many.
func Window(pending int) int { return max(windowLeast, min(windowMost, pending/16)) }

const (
	windowLeast, windowMost = 16, 128
	// gatherFor is how long, at most, an outcome waits for others to be recorded
	// together with it. They are recorded when they fill half the window, too.
	gatherFor = 10 * time.Millisecond

	// A mail that was refused for now is tried again after so long.
	retryLeast, retryMost = time.Minute, time.Hour
	// retryFor is how long it is tried again, from the first time on.
	retryFor = 3 * 24 * time.Hour
	// While the mail server fails, it is tried again after so long.
	serverLeast, serverMost = time.Second, 5 * time.Minute
	// idleAfter is how long a connection is kept without use.
	idleAfter = 10 * time.Second
	// recordWait is how long recording may take once the mailer is to stop.
	recordWait = 10 * time.Second
)

// Config is what a mailer needs.
type Config struct {
	Outbox *Outbox
	Opener Opener
	// LedgerID becomes part of every Message-ID.
	LedgerID string
	// From is the sender, for instance "Tenure <tenure@example.com>".
	From string
	// PublicURL is that of the pages, for links; empty if there are none.
	PublicURL string
	// SMTP is the mail server. Where it is nil, mails are put into Dir/mail.
	SMTP *SMTP
	Dir  string
	// Hold leaves all that is pending in the outbox, and puts or sends it nowhere:
	// for a process that does not know how mail leaves the house, on an outbox of
	// which another one sends. SMTP and Dir are then not looked at.
	Hold bool
	// Clock is the machine's where it is nil.
	Clock Clock
	// Chance gives numbers from 0 up to 1, without 1; random ones where it is nil.
	Chance func() float64
	// Logger is the default one where it is nil. No personal data is logged.
	Logger *slog.Logger
}

// Mailer sends what is pending in an outbox. There must be one for each outbox.
type Mailer struct {
	outbox    *Outbox
	opener    Opener
	ledgerID  string
	from      *netmail.Address
	public    string
	transport transport // nil to send nothing
	clock     Clock
	chance    func() float64
	log       *slog.Logger
	trouble   atomic.Pointer[Trouble]
	// broke is the notice at whose mail the connection broke last, and how often
	// in a row.
	broke struct {
		id    string
		times int
	}
}

// Trouble is why nothing is being sent.
type Trouble struct {
	// Since is when it began.
	Since time.Time
	Err   error
}

// transport takes mails.
type transport interface {
	// send asks for the mail when all that may take long before it is done, and
	// again if it has to begin anew. An error of mail is returned as it is.
	send(ctx context.Context, mail func() (*envelope, error)) (answer, error)
	open() bool
	close()
}

// NewMailer checks the configuration. It connects to nothing yet.
func NewMailer(c Config) (*Mailer, error) {
	m := &Mailer{
		outbox: c.Outbox, opener: c.Opener, ledgerID: c.LedgerID,
		clock: c.Clock, chance: c.Chance, log: c.Logger,
	}
	if m.clock == nil {
		m.clock = SystemClock{}
	}
	if m.chance == nil {
		m.chance = rand.Float64
	}
	if m.log == nil {
		m.log = slog.Default()
	}
	var err error
	if m.from, err = netmail.ParseAddress(c.From); err != nil || !isAddress(m.from.Address) {
		return nil, fmt.Errorf("sender of mail %q: want an address, with or without a name before it", c.From)
	}
	if c.PublicURL != "" {
		u, err := url.Parse(c.PublicURL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return nil, fmt.Errorf("public URL %q: want http or https, a host, and at most a path", c.PublicURL)
		}
		m.public = strings.TrimRight(u.String(), "/")
	}
	if c.Hold {
		return m, nil
	}
	if c.SMTP == nil {
		if c.Dir == "" {
			return nil, errors.New("neither a mail server nor a folder for mail is given")
		}
		m.transport = folderTransport(filepath.Join(c.Dir, Folder))
		return m, nil
	}
	if m.transport, err = newSMTPTransport(*c.SMTP); err != nil {
		return nil, err
	}
	return m, nil
}

// Trouble says why nothing is being sent at the moment; nil while all is well.
func (m *Mailer) Trouble() *Trouble { return m.trouble.Load() }

// Run sends what is pending, and what comes, until ctx ends; it then lets the
// mail under way come to its end, records what was sent, and returns the
// context's error. It returns another error only if the outbox's store is
// closed under it. Under [Config.Hold] it sends nothing, and waits for ctx.
func (m *Mailer) Run(ctx context.Context) error {
	if m.transport == nil {
		<-ctx.Done()
		return context.Cause(ctx)
	}
	defer m.transport.close()
	line, ctx, end := m.begin(ctx)
	defer func() { _ = end() }()
	for failures := 0; ctx.Err() == nil; {
		next, err := line.run(ctx)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			failures++
			wait := backoff(failures, serverLeast, serverMost, m.chance())
			m.troubled(err, wait)
			m.wait(ctx, wait, nil)
		default:
			failures = 0
			m.idle(ctx, next)
		}
	}
	return context.Cause(ctx)
}

func (m *Mailer) troubled(err error, wait time.Duration) {
	level := slog.LevelWarn
	if m.trouble.CompareAndSwap(nil, &Trouble{m.clock.Now(), err}) {
		level = slog.LevelError
	} else {
		m.trouble.Store(&Trouble{m.trouble.Load().Since, err})
	}
	m.log.Log(context.Background(), level, "mail waits", "error", err, "retry_in", wait)
}

func (m *Mailer) well() {
	if was := m.trouble.Swap(nil); was != nil {
		m.log.Info("mail is sent again", "waited_since", was.Since)
	}
}

// idle waits until something is to be sent. A connection that is not used for a
// while is closed.
func (m *Mailer) idle(ctx context.Context, next time.Time) {
	for ctx.Err() == nil {
		now := m.clock.Now()
		if !next.IsZero() && !next.After(now) {
			return
		}
		wait, timed := time.Duration(0), !next.IsZero()
		if timed {
			wait = next.Sub(now)
		}
		if m.transport.open() && (!timed || wait > idleAfter) {
			if m.wait(ctx, idleAfter, m.outbox.wake) {
				return
			}
			m.transport.close()
			continue
		}
		if !timed {
			select {
			case <-m.outbox.wake:
			case <-ctx.Done():
			}
			return
		}
		if m.wait(ctx, wait, m.outbox.wake) {
			return
		}
	}
}

// wait says whether it was woken before its time.
func (m *Mailer) wait(ctx context.Context, d time.Duration, wake <-chan struct{}) bool {
	select {
	case <-m.clock.After(d):
		return false
	case <-wake:
	case <-ctx.Done():
	}
	return true
}

// line is the way of the notices: claimed and written ahead, sent one after the
// other, recorded together. At most [Window] are on it.
type line struct {
	mailer *Mailer
	// length is how many are on it; moved gets a value when some have left.
	length   atomic.Int64
	moved    chan struct{}
	outcomes chan outcome
}

// begin records what comes off a line until end is called, which waits until all
// of it is, and says why the line's context has ended, if it has: with the given
// one, or because nothing can be recorded any more, so that nothing must be sent.
func (m *Mailer) begin(ctx context.Context) (l *line, lasting context.Context, end func() error) {
	l = &line{mailer: m, moved: make(chan struct{}, 1), outcomes: make(chan outcome, windowMost)}
	lasting, stop := context.WithCancelCause(ctx)
	var recording sync.WaitGroup
	recording.Go(func() {
		if err := l.record(lasting); err != nil {
			stop(err)
		}
	})
	return l, lasting, func() error {
		defer stop(nil)
		close(l.outcomes)
		recording.Wait()
		return context.Cause(lasting)
	}
}

// window is how many may be on the line now.
func (l *line) window() int { return Window(l.mailer.outbox.pending()) }

// left says that so many have left the line.
func (l *line) left(n int) {
	l.length.Add(-int64(n))
	select {
	case l.moved <- struct{}{}:
	default:
	}
}

// outcome is what became of a claimed notice.
type outcome struct {
	item Item
	message
}

// written is a claimed notice and its mail, or why there is none.
type written struct {
	item Item
	mail *envelope
	err  error
}

// run sends until nothing is due, and says when something will be, zero for
// never; or until the server fails.
func (l *line) run(ctx context.Context) (next time.Time, err error) {
	writing, stop := context.WithCancel(ctx)
	defer stop()
	ahead := make(chan written, 2)
	go func() {
		defer close(ahead)
		for {
			for int(l.length.Load()) >= l.window() {
				select {
				case <-l.moved:
				case <-writing.Done():
					return
				}
			}
			var item Item
			var claimed bool
			if item, next, claimed = l.mailer.outbox.claim(); !claimed {
				return
			}
			l.length.Add(1)
			w := written{item: item}
			w.mail, w.err = l.mailer.compose(writing, &w.item.Notice)
			select {
			case ahead <- w:
			case <-writing.Done():
				l.giveBack(item)
				return
			}
		}
	}()
	for w := range ahead {
		if writing.Err() != nil {
			l.giveBack(w.item)
			continue
		}
		var a answer
		if w.err == nil {
			a, w.err = l.mailer.transport.send(ctx, func() (*envelope, error) {
				var err error
				w.mail, err = l.mailer.afresh(writing, &w.item.Notice, w.mail)
				return w.mail, err
			})
		}
		if m, settled := l.mailer.settle(ctx, w, a); settled {
			l.outcomes <- outcome{w.item, m}
			continue
		}
		if ctx.Err() == nil {
			err = w.err
		}
		l.giveBack(w.item)
		stop()
	}
	return next, err
}

func (l *line) giveBack(item Item) {
	l.mailer.outbox.release(item.Org, item.ID)
	l.left(1)
}

// settle says what became of a notice. It is not settled if that is nothing of
// its own doing, or of the mailer's being stopped.
func (m *Mailer) settle(ctx context.Context, w written, a answer) (message, bool) {
	now := m.clock.Now()
	var drop dropped
	var refused *refusal
	switch {
	case w.err == nil:
		m.well()
		return message{Op: opSent, At: now, Code: a.code, Class: a.class, MessageID: m.messageID(&w.item.Notice)}, true
	case errors.As(w.err, &drop):
		return message{Op: opDropped, At: now, Why: Why(drop)}, true
	case errors.Is(w.err, ErrOver):
		return message{Op: opDropped, At: now, Why: WhyOver}, true
	case errors.As(w.err, &refused):
		if refused.code != 0 {
			m.well()
		}
		if !refused.passing {
			return message{Op: opParked, At: now, Code: refused.code, Class: refused.class, Why: refused.why}, true
		}
		return m.putOff(w.item, now, *refused), true
	case ctx.Err() != nil:
		return message{}, false
	case m.breaksAgain(w):
		return m.putOff(w.item, now, refusal{why: WhyBroken}), true
	case w.mail == nil:
		m.log.Error("a notice could not be opened", "org", w.item.Org, "notice", w.item.ID, "error", w.err)
		return m.putOff(w.item, now, refusal{why: WhyUnopened}), true
	}
	return message{}, false
}

// suspectAfter is how often in a row a connection breaks at one mail before
// others go first.
const suspectAfter = 5

// breaksAgain says whether it is the mail itself at which the connection breaks:
// it must not keep back all others for ever.
func (m *Mailer) breaksAgain(w written) bool {
	var broken *brokenError
	if !errors.As(w.err, &broken) || broken.step == stepBegin || broken.code != 0 {
		return false
	}
	if m.broke.id != w.item.ID {
		m.broke.id, m.broke.times = w.item.ID, 0
	}
	m.broke.times++
	if m.broke.times < suspectAfter {
		return false
	}
	m.broke.times = 0
	return true
}

// putOff says when a mail is tried again, or that it is not.
func (m *Mailer) putOff(item Item, now time.Time, r refusal) message {
	if item.Attempts > 0 && now.Sub(item.first) >= retryFor {
		why := r.why
		if why == WhyRefused {
			why = WhyGivenUp
		}
		return message{Op: opParked, At: now, Code: r.code, Class: r.class, Why: why}
	}
	attempt := item.Attempts + 1
	return message{
		Op: opFailed, At: now, Attempt: attempt, Code: r.code, Class: r.class, Why: r.why,
		Next: events.Time(now.Add(backoff(attempt, retryLeast, retryMost, m.chance()))),
	}
}

// record makes outcomes durable, those that are there at a time together, until
// there are no more. It fails only if the store is closed.
func (l *line) record(ctx context.Context) error {
	for first := range l.outcomes {
		batch := []outcome{first}
		for more, late := true, time.After(gatherFor); more && len(batch) < l.window()/2; {
			select {
			case o, open := <-l.outcomes:
				if more = open; open {
					batch = append(batch, o)
				}
			case <-late:
				more = false
			}
		}
		if err := l.mailer.record(ctx, batch); err != nil {
			return err
		}
		l.left(len(batch))
	}
	return nil
}

// record makes outcomes durable, however often that takes. Soon nothing else is
// sent in the meantime, because the window is full.
func (m *Mailer) record(ctx context.Context, batch []outcome) error {
	for failures := 0; ; {
		last := ctx.Err() != nil
		err := m.store(ctx, batch)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, ledger.ErrClosed):
			return fmt.Errorf("record what was sent: %w", err)
		case last:
			m.log.Error("what was sent could not be recorded; it will be sent again", "mails", len(batch), "error", err)
			return nil
		}
		failures++
		wait := backoff(failures, serverLeast, serverMost, m.chance())
		m.log.Error("what was sent cannot be recorded; mail waits", "mails", len(batch), "error", err, "retry_in", wait)
		m.wait(ctx, wait, nil)
	}
}

func (m *Mailer) store(ctx context.Context, batch []outcome) error {
	recording, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordWait)
	defer cancel()
	entries := make([]entry, len(batch))
	for i, o := range batch {
		entries[i] = entry{o.item.Org, o.item.ID, o.message}
		if o.Op == opParked {
			if err := m.alert(recording, o); err != nil {
				return err
			}
		}
	}
	return m.outbox.record(recording, entries)
}

// alert tells others of a notice that is about to be parked. It comes before the
// parking: after a crash between the two the mail is tried, and refused, again,
// and the alert is there already.
func (m *Mailer) alert(ctx context.Context, o outcome) error {
	level := slog.LevelError
	if o.Why == WhyNoAddress {
		level = slog.LevelInfo // people may well be registered without one, and nothing has failed
	}
	m.log.Log(ctx, level, "a notice is parked", "org", o.item.Org, "notice", o.item.ID, "kind", o.item.Kind, "why", o.Why, "code", o.Code)
	if o.item.Kind == rolemodel.NoticeParked {
		return nil
	}
	state, err := m.opener.State(ctx, o.item.Org)
	if err != nil {
		m.log.Error("nobody can be told of a parked notice", "org", o.item.Org, "notice", o.item.ID, "error", err)
		return nil
	}
	now := state.At(o.At)
	what := Parked{ID: o.item.ID, Kind: o.item.Kind, Code: o.Code, Why: o.Why}
	return m.outbox.alert(ctx, alerts(&now, o.item.Notice, what, o.At, o.item.last))
}
