package service

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oklog/ulid/v2"

	"tenure/aggregate"
	"tenure/events"
	"tenure/ledger"
	"tenure/projections"
	"tenure/vault"
)

// Config says where a service works and what it sees.
type Config struct {
	// Dir is the data folder.
	Dir string
	// Clock is what decisions see; nil means the machine's clock.
	// With a clock of its own the service does nothing by itself; see
	// [Service.Attend].
	Clock func() time.Time
	// Logger gets what is worth knowing, without personal data; nil discards.
	Logger *slog.Logger
	// Mail says how messages leave the house.
	Mail Mail
}

// Service is one running instance over one data folder.
type Service struct {
	dir    string
	clock  func() time.Time
	log    *slog.Logger
	ledger *ledger.Ledger
	vault  *vault.Vault

	operator       operatorKey
	permissions    *projections.Permissions
	credentials    *projections.Credentials
	deadlines      *projections.Deadlines
	anonymizations *projections.Anonymizations
	applied        *watermark
	desks          *desks
	timelines      *timelines
	// append is the ledger's. Tests put faults and other writers here.
	append func(context.Context, events.Commit, events.Revision) (events.Revision, error)
	// appended is the newest revision that this instance wrote.
	appended atomic.Uint64

	// erasing is held while keys are destroyed.
	erasing sync.Mutex
	telling telling
	firing  firing
	// mailing is held by who sends messages.
	mailing sync.Mutex

	stop     context.CancelFunc
	leave    context.CancelFunc // of what the service does by itself; nil if nothing
	followed chan struct{}
	// aside are what runs beside answering.
	aside sync.WaitGroup
	// halted is why the projections stopped, if they did.
	halted struct {
		sync.Mutex
		err error
	}

	ids struct {
		sync.Mutex
		entropy *ulid.MonotonicEntropy
	}
}

// Open starts the ledger in the data folder, brings the projections up to its
// tail and finishes what a crash may have left half done in the vault. The
// caller owns the service and must Close it.
func Open(ctx context.Context, c Config) (*Service, error) {
	s := &Service{
		dir: c.Dir, clock: c.Clock, log: c.Logger,
		permissions:    projections.NewPermissions(),
		credentials:    projections.NewCredentials(),
		deadlines:      projections.NewDeadlines(),
		anonymizations: projections.NewAnonymizations(),
		applied:        newWatermark(),
		desks:          newDesks(maxDesks),
		timelines:      newTimelines(maxTimelines),
		followed:       make(chan struct{}),
		firing:         firing{later: map[projections.Concerned]time.Time{}},
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.ids.entropy = ulid.Monotonic(rand.Reader, 0)

	var err error
	if s.ledger, err = ledger.Open(ctx, ledger.Options{Dir: c.Dir, Logger: s.log}); err != nil {
		return nil, err
	}
	s.append = s.ledger.Append
	if err = s.start(ctx, c); err != nil {
		return nil, errors.Join(err, s.ledger.Close(context.WithoutCancel(ctx)))
	}
	return s, nil
}

func (s *Service) start(ctx context.Context, c Config) error {
	var err error
	if s.operator, err = loadOperatorKey(s.dir); err != nil {
		return err
	}
	if s.vault, err = vault.Load(ctx, records{s.ledger}, s.dir); err != nil {
		return err
	}
	if err = s.resumeErasure(ctx); err != nil {
		// Nobody whom it concerns can be opened, whether it ends now or later.
		s.log.Error("an erasure that was interrupted has not ended; it is tried again", "error", err)
	}
	if err = s.openTelling(ctx, c.Mail); err != nil {
		return err
	}
	// A scope's title outlives the scope, in its history.
	scopes := map[scopeOf]bool{}
	err = s.ledger.Replay(ctx, 0, func(r events.Record) error {
		for _, e := range r.Events {
			if concern := e.Concern(); concern.Scope != "" {
				scopes[scopeOf{r.Org, concern.Scope}] = true
			}
		}
		return s.apply(r)
	})
	if err != nil {
		return fmt.Errorf("replay the ledger: %w", err)
	}
	if err = s.tidyVault(ctx, scopes); err != nil {
		return err
	}
	follow, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	go func() {
		defer close(s.followed)
		if err := s.ledger.Follow(follow, s.permissions.Position(), s.apply); err != nil && follow.Err() == nil {
			s.halt(err)
		}
	}()
	s.aside.Go(func() { s.tell(follow) })
	s.warnOfErased()
	if err := s.eraseDecided(ctx); err != nil {
		s.log.Error("an anonymization is not completed yet; it is tried again", "error", err)
	}
	if c.Clock != nil {
		return nil
	}
	if err := s.FireDeadlines(ctx); err != nil {
		s.log.Error("do what is due", "error", err)
	}
	attend, leave := context.WithCancel(follow)
	s.leave = leave
	s.aside.Go(func() { s.attend(attend) })
	return nil
}

// scopeOf is a scope of an organization.
type scopeOf struct {
	org   events.OrgID
	scope events.ScopeID
}

// Close stops following, ends the ledger and lets go of the folder.
func (s *Service) Close(ctx context.Context) error {
	if s.leave != nil {
		s.leave()
		s.takeLeave(ctx)
	}
	s.stop()
	<-s.followed
	s.aside.Wait()
	return s.ledger.Close(ctx)
}

// Ledger is the id of the ledger that the service works on.
func (s *Service) Ledger() string { return s.ledger.ID() }

// Ready is nil while the projections follow the ledger and the ledger takes
// writes, else why not: [ErrHalted], [ledger.ErrUnavailable] or
// [ledger.ErrClosed].
func (s *Service) Ready() error {
	if err := s.haltedBy(); err != nil {
		return err
	}
	return s.ledger.Ready()
}

func (s *Service) haltedBy() error {
	s.halted.Lock()
	defer s.halted.Unlock()
	return s.halted.err
}

// Position is the revision that the projections have reached.
func (s *Service) Position() events.Revision { return s.permissions.Position() }

// apply folds a record into every projection.
func (s *Service) apply(r events.Record) error {
	before := s.stateOf(r.Org)
	if err := s.credentials.Apply(r); err != nil {
		return err
	}
	if err := s.permissions.Apply(r); err != nil {
		return err
	}
	after, _ := s.permissions.State(r.Org)
	s.deadlines.Apply(r, after)
	s.anonymizations.Apply(r)
	s.telling.hear(before, after, r)
	s.applied.advance(r.Revision)
	return nil
}

// halt stops answering: a projection never goes on past what it cannot fold.
func (s *Service) halt(err error) {
	err = fmt.Errorf("%w at revision %d: %w", ErrHalted, s.Position(), err)
	s.halted.Lock()
	s.halted.err = err
	s.halted.Unlock()
	s.log.Error("projections halted", "position", s.Position(), "error", err)
	s.applied.fail(err)
}

// tidyVault erases keys whose commit never came, and takes back look-ups that
// were changed for a commit that never came. The scopes are all that the ledger
// ever named.
func (s *Service) tidyVault(ctx context.Context, scopes map[scopeOf]bool) error {
	erased, err := s.vault.Sweep(ctx, func(org events.OrgID, owner string) bool {
		state, known := s.permissions.State(org)
		if !known {
			return false
		}
		if owner == vault.Organization {
			return true
		}
		_, person := state.Person(events.PrincipalID(owner))
		return person || scopes[scopeOf{org, events.ScopeID(owner)}]
	})
	if err != nil {
		return fmt.Errorf("sweep the vault: %w", err)
	}
	mended, err := s.vault.Mend(ctx, s.currentLookups)
	if err != nil {
		return fmt.Errorf("mend the vault: %w", err)
	}
	if erased+mended > 0 {
		s.log.Info("tidied the vault", "erased", erased, "mended", mended)
	}
	return nil
}

// currentLookups are the values that an owner is looked up by, from the
// ledger.
func (s *Service) currentLookups(org events.OrgID, owner string) ([]vault.Lookup, error) {
	state, known := s.permissions.State(org)
	if !known {
		return nil, nil
	}
	open := func(kind vault.Kind, field vault.Field, sealed aggregate.Sealed) (vault.Lookup, error) {
		if len(sealed.Value) == 0 {
			return vault.Lookup{Kind: kind}, nil
		}
		value, err := s.vault.Open(org, owner, sealed.Commit, field, sealed.Value)
		return vault.Lookup{Kind: kind, Value: value}, err
	}
	if person, is := state.Person(events.PrincipalID(owner)); is && person.Client {
		name, err := open(vault.ByClient, vault.FieldName, person.Details.Name)
		if holder, taken := s.vault.Find(org, vault.ByClient, name.Value); taken && holder != owner {
			name.Value = "" // it was deleted, and another one has the name
		}
		return []vault.Lookup{name}, err
	} else if is {
		login, err := open(vault.ByLogin, vault.FieldLogin, person.Details.Login)
		if err != nil {
			return nil, err
		}
		email, err := open(vault.ByEmail, vault.FieldEmail, person.Details.Email)
		return []vault.Lookup{login, email}, err
	}
	if scope, is := state.Scope(events.ScopeID(owner)); is {
		title, err := open(vault.ByTitle, vault.FieldTitle, scope.Title)
		if title.Value != "" {
			title.Value = titleKey(scope.ID.Kind(), title.Value)
			if holder, taken := s.vault.Find(org, vault.ByTitle, title.Value); taken && holder != owner {
				title.Value = "" // another scope of that title is found by it
			}
		}
		return []vault.Lookup{title}, err
	}
	return nil, nil
}

// newID makes a ULID; those made in one millisecond sort in the order made.
func (s *Service) newID() string {
	s.ids.Lock()
	defer s.ids.Unlock()
	id, err := ulid.New(ulid.Timestamp(s.clock()), s.ids.entropy)
	if err != nil { // more than 2^80 in a millisecond, or a clock beyond the year 10889
		id = ulid.Make()
	}
	return id.String()
}

// records lets the vault keep its records in the ledger's erasable stream.
type records struct{ ledger *ledger.Ledger }

func (r records) Put(ctx context.Context, list []vault.Record) error {
	entries := make([]ledger.Entry, len(list))
	for i, record := range list {
		entries[i] = ledger.Entry(record)
	}
	return r.ledger.PutRecords(ctx, entries)
}

func (r records) Erase(ctx context.Context, org events.OrgID, owner string) error {
	return r.ledger.EraseRecord(ctx, org, owner)
}

func (r records) Each(ctx context.Context, fn func(vault.Record) error) error {
	return r.ledger.EachRecord(ctx, func(e ledger.Entry) error { return fn(vault.Record(e)) })
}
