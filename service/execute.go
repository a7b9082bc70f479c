package service

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/ledger"
	"tenure/rolemodel"
	"tenure/vault"
)

// maxAttempts bounds how often a command is decided again because others wrote
// first.
const maxAttempts = 8

// maxWait bounds how long a question waits for the projections.
const maxWait = 10 * time.Second

// Envelope is what may come along with any command.
type Envelope struct {
	// IdempotencyKey makes the command happen once: the same key with the same
	// request gives the first receipt again.
	IdempotencyKey string
	// IfRevision is the organization's revision that the command expects;
	// nil means any.
	IfRevision *events.Revision
	Reason     string
	Ticket     string
	// Note is about the one person whom the command concerns.
	Note string
	// OnBehalfOf is the person for whom the caller acts, who is named beside
	// them: login, address or id (D11).
	OnBehalfOf string
	// DryRun decides, says what would be done, and does nothing.
	DryRun bool
}

// Receipt says what became of a command.
type Receipt struct {
	Org events.OrgID `json:"org" doc:"The organization."`
	// Commit is empty where nothing changed.
	Commit   events.CommitID `json:"commit,omitempty" doc:"The commit's id; absent where nothing changed, and in a dry run."`
	Revision events.Revision `json:"revision" doc:"The organization's revision after the command."`
	Number   uint64          `json:"number" doc:"How many commits the organization has."`
	Changed  bool            `json:"changed" doc:"Whether the command appended a commit with events; in a dry run, whether it would."`
	Replayed bool            `json:"replayed,omitempty" doc:"Whether this is the receipt of an earlier request with the same idempotency key."`
	DryRun   bool            `json:"dry_run,omitempty" doc:"Whether this was a dry run: nothing was done, and the events are what would have happened."`
	Events   []EventView     `json:"events,omitempty" doc:"What happened."`
	Remarks  []string        `json:"remarks,omitempty" doc:"What does not show by that: a role that gives its holder nothing, a permission that was withheld and is had in another way, a key that was not issued."`
}

// first says whether the command was carried out now: what is shown once is
// shown then.
func (r Receipt) first() bool { return !r.Replayed && !r.DryRun }

// task is a request to be carried out, once.
type task struct {
	// kind and request are what an idempotency key stands for. The kind is part
	// of what is remembered, so it stays what it is.
	kind    string
	request any
	// founds says that the organization need not exist.
	founds bool
	// answers says that it answers an invitation.
	answers bool
	// prepare turns the request into a command. It is called again when others
	// wrote first.
	prepare func(*plan) (aggregate.Command, error)
	// outcome, where it is wanted, gets the events that the request led to, now
	// or when it first came.
	outcome func(events.Events)
	// effect, where it is wanted, gets the states before and after, in a dry run
	// the one that there would be. It is not called where an idempotency key led
	// to an earlier receipt.
	effect func(seen *view, before, after *aggregate.State)
}

// plan is a command being prepared: it resolves names against the state, and
// seals.
type plan struct {
	service *Service
	caller  Caller
	state   aggregate.State
	stage   *vault.Stage
	commit  events.CommitID
	org     events.OrgID
	// about is the one person whom the command concerns, for its note.
	about events.PrincipalID
	// enlists says whether the caller may bring people to some scope, once that
	// was asked.
	enlists *bool
	// newcomers are the names of those whom the command registers, and titles
	// those that it gives to scopes: neither the state nor the vault knows them
	// yet.
	newcomers map[events.PrincipalID]string
	titles    map[events.ScopeID]string
	// actor and effective replace the caller and the clock for imports.
	actor     events.PrincipalID
	effective time.Time
}

// execute carries a request out, once.
func (s *Service) execute(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, t task) (Receipt, error) {
	if err := s.haltedBy(); err != nil {
		return Receipt{}, err
	}
	if err := org.Validate(); err != nil {
		return Receipt{}, refuse(aggregate.CodeInvalid, "org", "This is no handle: %v.", err)
	}
	keyHash, body, err := fingerprint(caller, org, envelope, t)
	if err != nil {
		return Receipt{}, err
	}
	if !caller.Operator() && caller.Principal != events.Background && caller.Org != org {
		return Receipt{}, refuseOrganization(caller, org)
	}
	if caller.Invitation != "" && !t.answers {
		return Receipt{}, refuseInvited()
	}
	desk, err := s.desks.take(ctx, org)
	if err != nil {
		return Receipt{}, err
	}
	defer s.desks.leave(desk)
	if err := s.settle(ctx, desk); err != nil {
		return Receipt{}, err
	}

	commit := events.CommitID(s.newID())
	for range maxAttempts {
		if err := s.refresh(ctx, desk); err != nil {
			return Receipt{}, err
		}
		state := desk.state
		if !state.Founded() && !t.founds {
			return Receipt{}, refuseOrganization(caller, org)
		}
		if err := s.admit(&state, caller); err != nil {
			return Receipt{}, err
		}
		if first, used := state.Remembered(keyHash); used {
			receipt, err := s.replay(ctx, caller, &state, first, body, t)
			receipt.DryRun = envelope.DryRun
			return receipt, err
		}
		if envelope.IfRevision != nil && *envelope.IfRevision != state.Revision {
			return Receipt{}, refuse(CodePrecondition, "If-Match",
				"%s stands at revision %d, not at %d: look at what changed, then try again.", org, state.Revision, *envelope.IfRevision)
		}
		receipt, err := s.attempt(ctx, desk, &plan{
			service: s, caller: caller, state: state.At(s.clock()), stage: s.vault.Begin(org),
			commit: commit, org: org, newcomers: map[events.PrincipalID]string{}, titles: map[events.ScopeID]string{}, actor: caller.Principal,
		}, envelope, keyHash, body, t)
		if !errors.Is(err, ledger.ErrConflict) && !errors.Is(err, vault.ErrStale) {
			return receipt, err
		}
		// Someone else wrote first: catch up and decide again.
		desk.warm = false
	}
	return Receipt{}, refuse(CodeBusy, "", "Others kept changing %s; try again.", org)
}

// refresh brings the state at the desk up to date with the projections and, if
// it may still lag behind, with the ledger itself.
func (s *Service) refresh(ctx context.Context, desk *desk) error {
	if projected, known := s.permissions.State(desk.org); known && projected.Revision > desk.state.Revision {
		desk.state = *projected
	}
	if desk.warm {
		return nil
	}
	err := s.ledger.ReplayOrg(ctx, desk.org, desk.state.Revision, func(r events.Record) error {
		next, err := desk.state.Apply(r)
		if err == nil {
			desk.state = next
		}
		return err
	})
	desk.warm = err == nil
	return err
}

// settle finds out what became of a commit whose append gave no answer, before
// anything else is decided: appended again, it is there, or it never can be.
// Without that its keys could neither be used nor be erased.
func (s *Service) settle(ctx context.Context, desk *desk) error {
	lost := desk.unsettled
	if lost == nil {
		return nil
	}
	revision, err := s.append(context.WithoutCancel(ctx), lost.commit, lost.commit.Prev)
	switch {
	case err == nil:
		s.noteAppended(revision)
	case errors.Is(err, ledger.ErrConflict):
		s.discard(ctx, lost.stage)
	default: // nothing was done of what is asked for now
		return fmt.Errorf("%w: an earlier commit of %s is not settled: %v", ledger.ErrUnavailable, desk.org, err)
	}
	desk.unsettled, desk.warm = nil, false
	return nil
}

// attempt decides and appends once.
func (s *Service) attempt(ctx context.Context, desk *desk, p *plan, envelope Envelope, keyHash, body []byte, t task) (Receipt, error) {
	seen := newView(s, p.caller, &p.state, &p.state)
	seen.opened, seen.titles = p.newcomers, p.titles
	command, err := t.prepare(p)
	if err != nil {
		return Receipt{}, seen.named(err)
	}
	request := aggregate.Request{
		Org: p.org, ID: p.commit, Actor: p.actor, At: s.clock(), EffectiveAt: p.effective,
		Reason: envelope.Reason, Ticket: envelope.Ticket, KeyHash: keyHash,
	}
	if envelope.OnBehalfOf != "" {
		if request.OnBehalfOf, err = p.find("on_behalf_of", envelope.OnBehalfOf); err != nil {
			return Receipt{}, seen.named(err)
		}
	}
	if len(keyHash) > 0 {
		if request.RequestDigest, err = p.stage.Digest(body); err != nil {
			return Receipt{}, err
		}
	}
	if envelope.Note != "" {
		if p.about == "" {
			return Receipt{}, refuse(aggregate.CodeInvalid, "note",
				"A note is kept under the key of the one person it is about; this command is about nobody or several, so give a reason and a ticket.")
		}
		request.NoteAbout = p.about
		if person, known := p.state.Person(p.about); known && person.Anonymizing() {
			request.Note = events.Sealed{0} // the decision refuses it; there is no key
		} else if request.Note, err = p.stage.Seal(string(p.about), p.commit, vault.FieldNote, envelope.Note); err != nil {
			return Receipt{}, fmt.Errorf("seal the note: %w", err)
		}
	}
	commit, err := aggregate.Decide(p.state, request, command)
	if err != nil {
		s.logRefusal(p, command, err)
		return Receipt{}, seen.named(err)
	}
	if len(commit.Events) == 0 && p.curious() {
		refused := refuse(aggregate.CodeNotPermitted, "", "You may not do this in %s, or it is so already; you may not see which.", p.org)
		refused[0].Contact = p.state.Contact(p.caller.Principal)
		return Receipt{}, seen.named(refused)
	}
	if envelope.DryRun {
		return p.rehearsed(seen, commit, t)
	}
	if len(commit.Events) == 0 && len(keyHash) == 0 {
		return Receipt{Org: p.org, Revision: p.state.Revision, Number: p.state.Number}, nil
	}
	if err := ctx.Err(); err != nil {
		return Receipt{}, err
	}
	// It is decided, and goes through whether the caller waits for it or not:
	// half way there is only trouble. The ledger bounds how long it takes.
	ctx = context.WithoutCancel(ctx)
	if err := p.stage.Store(ctx); err != nil {
		s.discard(ctx, p.stage)
		return Receipt{}, err
	}
	revision, err := s.append(ctx, commit, p.state.Revision)
	if errors.Is(err, ledger.ErrUnconfirmed) {
		// It may yet be there, so its keys must stay.
		desk.unsettled = &unsettled{commit, p.stage}
		return Receipt{}, err
	}
	if err != nil {
		s.discard(ctx, p.stage)
		return Receipt{}, tooLarge(err)
	}
	s.noteAppended(revision)
	record := events.Record{Commit: commit, Revision: revision}
	next, err := p.state.Apply(record)
	if err != nil {
		desk.state, desk.warm = aggregate.State{}, false
		return Receipt{}, fmt.Errorf("fold the own commit at revision %d: %w", revision, err)
	}
	desk.state = next
	if t.effect != nil {
		t.effect(seen, &p.state, &next)
	}
	receipt := s.receipt(p.caller, &next, record, t)
	if remarkable(commit.Events) {
		receipt.Remarks = newView(s, p.caller, &next, &next).remarks(&next, commit.Events)
	}
	return receipt, nil
}

// rehearsed says what a commit would do that is not appended, or why the ledger
// would not take it. The keys that were prepared for it go with the plan.
func (p *plan) rehearsed(seen *view, commit events.Commit, t task) (Receipt, error) {
	if err := ledger.Check(commit, p.state.Revision); err != nil {
		return Receipt{}, tooLarge(err)
	}
	var remarks []string
	if len(commit.Events) > 0 && (t.effect != nil || remarkable(commit.Events)) {
		after, err := p.state.Apply(events.Record{Commit: commit, Revision: p.state.Revision + 1})
		if err != nil {
			return Receipt{}, fmt.Errorf("fold a commit that is not appended: %w", err)
		}
		if t.effect != nil {
			t.effect(seen, &p.state, &after)
		}
		remarks = seen.remarks(&after, commit.Events)
	}
	receipt := Receipt{
		Org: p.org, Revision: p.state.Revision, Number: p.state.Number, Changed: len(commit.Events) > 0, DryRun: true,
		Events: seen.events(events.Record{Commit: commit}, nil), Remarks: remarks,
	}
	for i := range receipt.Events { // there is no such commit
		receipt.Events[i].Commit, receipt.Events[i].Number = "", 0
	}
	return receipt, nil
}

// tooLarge makes a refusal of a commit that is larger than the ledger takes.
func tooLarge(err error) error {
	if errors.Is(err, ledger.ErrTooLarge) {
		return refuse(aggregate.CodeTooLarge, "", "This makes a commit that is %v.", err)
	}
	return err
}

// curious says whether that nothing changes would tell the caller something that
// they may not see.
func (p *plan) curious() bool {
	_, person := p.state.Person(p.caller.Principal)
	return person && p.about != p.caller.Principal && p.caller.Invitation == "" &&
		!p.state.MayAct(p.caller.Principal, rolemodel.DirectoryRead, p.state.Root)
}

// noting is an outcome that takes note of the events of one type.
func noting[E events.Event](take func(E)) func(events.Events) {
	return func(list events.Events) {
		for _, event := range list {
			if e, is := event.(E); is {
				take(e)
			}
		}
	}
}

// discard takes back keys whose commit is not in the ledger.
func (s *Service) discard(ctx context.Context, stage *vault.Stage) {
	if err := stage.Discard(context.WithoutCancel(ctx)); err != nil {
		s.log.Warn("keys without a commit are left over until the next start", "error", err)
	}
}

// receipt says what a stored commit did, with names for those who may see them.
func (s *Service) receipt(caller Caller, state *aggregate.State, r events.Record, t task) Receipt {
	if t.outcome != nil {
		t.outcome(r.Events)
	}
	return Receipt{
		Org: r.Org, Commit: r.ID, Revision: r.Revision, Number: r.Number, Changed: len(r.Events) > 0,
		Events: newView(s, caller, state, state).events(r, nil),
	}
}

// replay gives the receipt of an earlier request, or refuses where the key
// came with another one.
func (s *Service) replay(ctx context.Context, caller Caller, state *aggregate.State, first aggregate.Remembered, body []byte, t task) (Receipt, error) {
	digest, err := s.vault.Begin(state.Org).Digest(body)
	if err != nil {
		return Receipt{}, err
	}
	if string(first.RequestDigest) != string(digest) {
		return Receipt{}, refuse(CodeKeyReused, "Idempotency-Key",
			"This idempotency key came with another request before (commit %s, revision %d); use a new one for a new request.",
			first.Commit, first.Revision)
	}
	record, err := s.ledger.Get(ctx, first.Revision)
	if err != nil {
		return Receipt{}, fmt.Errorf("read the commit that the idempotency key led to: %w", err)
	}
	receipt := s.receipt(caller, state, record, t)
	receipt.Replayed = true
	return receipt, nil
}

// fingerprint hashes the idempotency key within its organization and
// credential, and writes down the request that it stands for. The body goes
// into the ledger as a digest under the organization's look-up key alone: a
// plain hash would let anyone who has the ledger guess at names in it.
func fingerprint(caller Caller, org events.OrgID, envelope Envelope, t task) (keyHash, body []byte, err error) {
	if envelope.IdempotencyKey == "" {
		return nil, nil, nil
	}
	if len(envelope.IdempotencyKey) > 256 {
		return nil, nil, refuse(aggregate.CodeInvalid, "Idempotency-Key", "An idempotency key has at most 256 characters.")
	}
	credential := string(caller.Credential)
	if credential == "" {
		credential = string(caller.Principal)
	}
	key := sha256.New()
	fmt.Fprintf(key, "%d:%s%d:%s%s", len(org), org, len(credential), credential, envelope.IdempotencyKey)
	// The key itself goes in, of which the ledger has a hash alone: without it
	// nobody can try out what a request may have said, also not with the
	// organization's own key, after the person whom it named was anonymized.
	body, err = json.Marshal(struct {
		Key        string
		Kind       string
		Request    any
		Reason     string
		Ticket     string
		Note       string
		OnBehalfOf string `json:",omitempty"`
	}{envelope.IdempotencyKey, t.kind, t.request, envelope.Reason, envelope.Ticket, envelope.Note, envelope.OnBehalfOf})
	if err != nil {
		return nil, nil, fmt.Errorf("write the request down: %w", err)
	}
	return key.Sum(nil), body, nil
}

// noteAppended raises the newest revision that this instance wrote.
func (s *Service) noteAppended(revision events.Revision) {
	for {
		at := s.appended.Load()
		if at >= uint64(revision) || s.appended.CompareAndSwap(at, uint64(revision)) {
			return
		}
	}
}

// catchUp waits until the projections hold the revision asked for, and what
// this instance has written itself: whoever writes here reads it here. Once the
// projections have halted it fails: what they hold is no longer the newest.
func (s *Service) catchUp(ctx context.Context, atLeast events.Revision) error {
	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	wanted := max(atLeast, events.Revision(s.appended.Load()))
	err := s.applied.wait(ctx, wanted)
	if errors.Is(err, context.DeadlineExceeded) {
		return refuse(CodeNotYet, "at_least", "Revision %d has not been reached yet; ask again later.", wanted)
	}
	return err
}

// logRefusal counts a refused attempt by its rule; it names no person.
func (s *Service) logRefusal(p *plan, command aggregate.Command, err error) {
	var refusals aggregate.Refusals
	if errors.As(err, &refusals) && len(refusals) > 0 {
		s.log.Info("command refused", "org", p.org, "command", command.Name(), "code", refusals[0].Code, "rule", refusals[0].Rule)
	}
}
