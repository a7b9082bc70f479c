package service

import (
	"context"
	"errors"
	"sync"
	"time"

	"tenure/aggregate"
	"tenure/events"
	"tenure/projections"
)

// checkEvery is how often a running service looks whether something is due.
const checkEvery = time.Second

// eraseEvery is how often it looks whether an anonymization is left over.
const eraseEvery = time.Minute

// FireDeadlines does what is due, as the background user: once, however many
// ask for it at the same time, and also what fell due while nobody was there to
// do it. A service with a clock of its own is told to; others see to it
// themselves.
func (s *Service) FireDeadlines(ctx context.Context) error {
	if err := s.catchUp(ctx, 0); err != nil {
		return err
	}
	s.firing.Lock()
	defer s.firing.Unlock()
	tried := map[projections.Concerned]bool{}
	for {
		left := 0
		for _, who := range s.deadlines.Due(s.clock()) {
			if tried[who] || s.clock().Before(s.firing.later[who]) {
				continue
			}
			tried[who], left = true, left+1
			delete(s.firing.later, who)
			if err := s.fire(ctx, who); err != nil {
				var refusals aggregate.Refusals
				if !errors.As(err, &refusals) {
					return err
				}
				// The others do not wait for it.
				s.firing.later[who] = s.clock().Add(refusedFor)
				s.log.Error("what is due cannot be done", "org", who.Org, "person", who.Subject, "code", refusals[0].Code, "rule", refusals[0].Rule)
			}
		}
		if left == 0 {
			return s.catchUp(ctx, 0)
		}
	}
}

// refusedFor is how long what was due and refused is left alone.
const refusedFor = 10 * time.Minute

// firing is what has been refused, and until when it is left alone.
type firing struct {
	sync.Mutex
	later map[projections.Concerned]time.Time
}

// fire does what is due for one person.
func (s *Service) fire(ctx context.Context, who projections.Concerned) error {
	_, err := s.execute(ctx, Caller{Principal: events.Background}, who.Org, Envelope{}, task{
		kind: "deadline.fire", request: who, prepare: func(*plan) (aggregate.Command, error) {
			return aggregate.FireDeadlines{Subject: who.Subject}, nil
		}})
	return err
}

// watchDeadlines does what is due until the context ends.
func (s *Service) watchDeadlines(ctx context.Context) {
	tick, erase := time.NewTicker(checkEvery), time.NewTicker(eraseEvery)
	defer tick.Stop()
	defer erase.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-erase.C:
			if err := s.eraseDecided(ctx); err != nil && ctx.Err() == nil {
				s.log.Error("an anonymization is not completed yet; it is tried again", "error", err)
			}
			continue
		case <-tick.C:
		}
		if next, any := s.deadlines.Next(); !any || next.After(s.clock()) {
			continue
		}
		if err := s.FireDeadlines(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("do what is due", "error", err)
		}
	}
}
