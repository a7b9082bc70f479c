package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/ledger"
	"tenure/notifier"
	"tenure/vault"
)

// Mail says how messages leave the house.
type Mail struct {
	// SMTP is the mail server; nil puts mails into the folder mail of the data
	// folder.
	SMTP *notifier.SMTP
	// From is the sender; empty for a name of this product's own.
	From string
	// PublicURL is that of the pages, for links in mails; empty if there are
	// none.
	PublicURL string
	// Lasting says that this is how the installation sends mail from now on, and
	// not only what one command knows of it.
	Lasting bool
}

// mailServerFile is there while the installation sends its mail through a
// server: a command that does not know of it leaves the mail to who does.
const mailServerFile = "mail.server"

// holds says whether messages are left for somebody who knows the mail server.
func (s *Service) holds(m Mail) (bool, error) {
	path := filepath.Join(s.dir, mailServerFile)
	_, err := os.Stat(path)
	remembered := err == nil
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return false, err
	case m.SMTP == nil && !m.Lasting:
		return remembered, nil
	case m.SMTP != nil && m.Lasting && !remembered:
		return false, writeFile(path, "Mail goes through a server, which is given to tenure serve.\n")
	case m.SMTP == nil && remembered:
		return false, os.Remove(path)
	}
	return false, nil
}

// defaultFrom is the sender where none is given.
const defaultFrom = "Tenure <tenure@localhost.localdomain>"

// telling decides who is told of a commit, in the order of the ledger, beside
// the projections: so that these do not wait for the outbox.
type telling struct {
	outbox *notifier.Outbox
	mailer *notifier.Mailer

	mu      sync.Mutex
	waiting []happened
	wake    chan struct{}
	done    *watermark
}

// happened is a commit and the states around it.
type happened struct {
	before, after *aggregate.State
	record        events.Record
}

func (s *Service) openTelling(ctx context.Context, m Mail) error {
	t := &s.telling
	t.wake, t.done = make(chan struct{}, 1), newWatermark()
	hold, err := s.holds(m)
	if err != nil {
		return err
	}
	if t.outbox, err = notifier.OpenOutbox(ctx, s.ledger, s.clock); err != nil {
		return err
	}
	from := m.From
	if from == "" {
		from = defaultFrom
	}
	t.mailer, err = notifier.NewMailer(notifier.Config{
		Outbox: t.outbox, Opener: opener{s}, LedgerID: s.Ledger(), From: from, PublicURL: m.PublicURL,
		SMTP: m.SMTP, Dir: s.dir, Clock: clockOf(s.clock), Logger: s.log, Hold: hold,
	})
	t.done.advance(t.outbox.Position())
	return err
}

// hear takes a commit that the projections have folded.
func (t *telling) hear(before, after *aggregate.State, r events.Record) {
	if r.Revision <= t.outbox.Position() {
		return
	}
	t.mu.Lock()
	t.waiting = append(t.waiting, happened{before, after, r})
	t.mu.Unlock()
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// tell puts notices into the outbox until the context ends.
func (s *Service) tell(ctx context.Context) {
	t := &s.telling
	for ctx.Err() == nil {
		t.mu.Lock()
		waiting := t.waiting
		t.waiting = nil
		t.mu.Unlock()
		for i, h := range waiting {
			if err := s.tellOf(ctx, h); err != nil {
				t.mu.Lock()
				t.waiting = append(waiting[i:], t.waiting...)
				t.mu.Unlock()
				break
			}
			t.done.advance(h.record.Revision)
		}
		select {
		case <-ctx.Done():
		case <-t.wake:
		}
	}
}

// tellOf puts the notices of one commit into the outbox, however often that
// takes.
func (s *Service) tellOf(ctx context.Context, h happened) error {
	notices := notifier.Notices(h.before, h.after, h.record)
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 30*time.Second) {
		err := s.telling.outbox.Take(ctx, h.record.Revision, notices)
		if err == nil || ctx.Err() != nil || errors.Is(err, ledger.ErrClosed) {
			return err
		}
		s.log.Error("a commit's messages cannot be put into the outbox; it is tried again", "revision", h.record.Revision, "error", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// heard waits until all that the projections have folded is in the outbox.
func (s *Service) heard(ctx context.Context) error {
	if err := s.catchUp(ctx, 0); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	err := s.telling.done.wait(ctx, s.Position())
	if errors.Is(err, context.DeadlineExceeded) {
		return refuse(CodeNotYet, "", "The outbox has not taken up all that has happened; try again.")
	}
	return err
}

// clockOf is the service's clock for the mailer.
type clockOf func() time.Time

func (c clockOf) Now() time.Time                       { return c() }
func (clockOf) After(d time.Duration) <-chan time.Time { return time.After(d) }

// opener opens what a mail names, at the moment of sending.
type opener struct{ service *Service }

func (o opener) State(_ context.Context, org events.OrgID) (*aggregate.State, error) {
	state, known := o.service.permissions.State(org)
	if !known {
		return nil, fmt.Errorf("there is no organization %s", org)
	}
	now := state.At(o.service.clock())
	return &now, nil
}

func (o opener) Title(ctx context.Context, org events.OrgID, scope events.ScopeID) (string, error) {
	state, err := o.State(ctx, org)
	if err != nil {
		return "", err
	}
	return o.service.title(state, scope), nil
}

func (o opener) RoleTitle(ctx context.Context, org events.OrgID, kind, name string) (string, error) {
	state, err := o.State(ctx, org)
	if err != nil {
		return "", err
	}
	role, known := state.Role(kind, name)
	if !known {
		return "", nil
	}
	custom, _ := state.CustomRole(role)
	if custom == nil {
		return "", nil
	}
	return o.service.open(org, string(state.Root), vault.FieldTitle, custom.Title), nil
}

func (o opener) Person(ctx context.Context, org events.OrgID, id events.PrincipalID) (notifier.Person, error) {
	state, err := o.State(ctx, org)
	if err != nil {
		return notifier.Person{}, err
	}
	person, known := state.Person(id)
	if !known {
		return notifier.Person{}, nil
	}
	if person.Anonymizing() {
		return notifier.Person{Gone: true}, nil
	}
	open := func(field vault.Field, sealed aggregate.Sealed) string {
		return o.service.open(org, string(id), field, sealed)
	}
	return notifier.Person{
		Name:    firstOf(open(vault.FieldName, person.Details.Name), open(vault.FieldLogin, person.Details.Login)),
		Address: open(vault.FieldEmail, person.Details.Email),
	}, nil
}

func (o opener) Token(ctx context.Context, org events.OrgID, revision events.Revision, event int) (string, error) {
	state, err := o.State(ctx, org)
	if err != nil {
		return "", err
	}
	record, err := o.service.ledger.Get(ctx, revision)
	if err != nil {
		return "", err
	}
	if event < 0 || event >= len(record.Events) {
		return "", fmt.Errorf("revision %d has no event %d", revision, event)
	}
	var id events.InvitationID
	var token events.Sealed
	switch e := record.Events[event].(type) {
	case events.InvitationSent:
		id, token = e.Invitation, e.Token
	case events.InvitationResent:
		id, token = e.Invitation, e.Token
	}
	person, invitation, open := state.Invitation(id)
	if !open || invitation.Sent.Revision != revision {
		return "", notifier.ErrOver
	}
	return o.service.open(org, string(person.ID), vault.FieldToken, aggregate.Sealed{Commit: record.ID, Value: token}), nil
}

// forgetMail removes the mails in the data folder that name a person.
func (s *Service) forgetMail(org events.OrgID, id events.PrincipalID) error {
	return notifier.ForgetMail(s.dir, s.telling.outbox.Naming(org, id))
}
