package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/projections"
	"tenure/vault"
)

// AnonymizationRequest names who is to be anonymized.
type AnonymizationRequest struct {
	Person string `json:"person" doc:"Login, address or id. The membership must have ended, no role be held, and no legal hold stand (F07)."`
}

// AnonymizationReceipt is a receipt with the certificate.
type AnonymizationReceipt struct {
	Receipt
	ID          events.PrincipalID `json:"id" doc:"The person's id, which stays in the history."`
	Completed   events.Revision    `json:"completed,omitempty" doc:"The commit that says that the person's key is destroyed; absent while that is under way."`
	Certificate string             `json:"certificate,omitempty" doc:"The erasure certificate: a signed note."`
}

// Anonymize makes a person unknowable: it decides so, destroys the person's key
// and everything that could bring it back, and records that with a signed
// certificate. Nothing takes it back. If the process ends in between, it is
// completed at the next start.
func (s *Service) Anonymize(ctx context.Context, caller Caller, org events.OrgID, envelope Envelope, request AnonymizationRequest) (AnonymizationReceipt, error) {
	var subject events.PrincipalID
	receipt, err := s.execute(ctx, caller, org, envelope, task{kind: "person.anonymize", request: request, prepare: func(p *plan) (aggregate.Command, error) {
		var err error
		subject, err = p.person(request.Person)
		return aggregate.Anonymize{Subject: subject}, err
	},
		outcome: noting(func(e events.AnonymizationStarted) { subject = e.Subject }),
	})
	if err != nil {
		return AnonymizationReceipt{}, err
	}
	if envelope.DryRun {
		return AnonymizationReceipt{Receipt: receipt, ID: subject}, nil
	}
	// From here on it goes through, whether the caller waits for it or not.
	if err := s.eraseDecided(context.WithoutCancel(ctx)); err != nil {
		s.log.Error("an anonymization is not completed yet; it will be tried again", "org", org, "person", subject, "error", err)
	}
	answer := AnonymizationReceipt{Receipt: receipt, ID: subject}
	if person, known := s.stateOf(org).Person(subject); known && person.Anonymized() {
		done := person.Matters.Anonymization
		answer.Completed, answer.Certificate = done.Completed.Revision, string(done.Certificate)
	}
	return answer, nil
}

// eraseDecided carries out every anonymization that was decided and is not
// completed. Each step is found again after a crash: the decision in the ledger,
// what was destroyed in the erasure journal, and the completion in the ledger.
func (s *Service) eraseDecided(ctx context.Context) error {
	s.erasing.Lock()
	defer s.erasing.Unlock()
	if err := s.resumeErasure(ctx); err != nil {
		return err
	}
	if err := s.catchUp(ctx, 0); err != nil {
		return err
	}
	decided := s.anonymizations.Pending()
	if len(decided) == 0 {
		return nil
	}
	done := s.destroyed(decided)
	var erasures []vault.Erasure
	for who, started := range decided {
		if _, is := done[who]; !is {
			erasures = append(erasures, vault.Erasure{Org: who.Org, Owner: string(who.Subject), Revision: started.Revision, At: started.At})
		}
	}
	if len(erasures) > 0 {
		if _, err := s.vault.Forget(ctx, erasures, nil); err != nil {
			return err
		}
		done = s.destroyed(decided)
	}
	for who := range decided {
		if err := s.forgetMail(who.Org, who.Subject); err != nil {
			return err
		}
		certificate, is := done[who]
		if !is {
			return fmt.Errorf("the erasure journal does not name %s of %s", who.Subject, who.Org)
		}
		if err := s.completeAnonymization(ctx, who, certificate); err != nil {
			return err
		}
	}
	return s.catchUp(ctx, 0)
}

// destroyed finds those of whom the journal says that their key is destroyed, by
// this very decision.
func (s *Service) destroyed(decided map[projections.Concerned]aggregate.Stamp) map[projections.Concerned]vault.Certificate {
	done := map[projections.Concerned]vault.Certificate{}
	for _, change := range s.vault.Journal() {
		if !change.Completed() {
			continue
		}
		for _, certificate := range change.Certificates(s.Ledger()) {
			who := projections.Concerned{Org: certificate.Org, Subject: events.PrincipalID(certificate.Owner)}
			if started, wanted := decided[who]; wanted && started.Revision == certificate.Revision {
				done[who] = certificate
			}
		}
	}
	return done
}

// completeAnonymization records that a person's key is destroyed, with the
// signed certificate.
func (s *Service) completeAnonymization(ctx context.Context, who projections.Concerned, c vault.Certificate) error {
	c.CompletedAt = events.Time(s.clock()) // by the clock that decisions go by
	signed, err := vault.SignCertificate(s.dir, c)
	if err != nil {
		return fmt.Errorf("sign the erasure certificate: %w", err)
	}
	_, err = s.execute(ctx, Caller{Principal: events.Background}, who.Org, Envelope{}, task{
		kind: "anonymization.complete", request: who, prepare: func(*plan) (aggregate.Command, error) {
			return aggregate.CompleteAnonymization{Subject: who.Subject, Epoch: c.Epoch, Certificate: signed}, nil
		}})
	return err
}

// resumeErasure ends an erasure that was interrupted, before anything else is
// asked of the vault.
func (s *Service) resumeErasure(ctx context.Context) error {
	if err := s.vault.Unfinished(); err == nil {
		return nil
	} else if !errors.Is(err, vault.ErrUnfinished) {
		return err
	}
	began := time.Now()
	ended, err := s.vault.Resume(ctx, nil)
	if err != nil {
		return fmt.Errorf("end an erasure that was interrupted: %w", err)
	}
	s.log.Info("ended an erasure that was interrupted", "persons", len(ended.Erasures), "epoch", ended.Epoch, "took", time.Since(began))
	return nil
}

// warnOfErased says which persons the erasure journal has and the ledger does
// not: those who were erased after the ledger's backup was made. Their names
// open no more, but they are there.
func (s *Service) warnOfErased() {
	for _, change := range s.vault.Journal() {
		for _, e := range change.Erasures {
			state := s.stateOf(e.Org)
			if person, known := state.Person(events.PrincipalID(e.Owner)); known && !person.Anonymizing() {
				s.log.Warn("a person was anonymized after this ledger's backup was made: decide it again", "org", e.Org, "person", e.Owner)
			}
		}
	}
}
