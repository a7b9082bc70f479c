package service

import (
	"context"
	"errors"
	"time"
)

// Attend does what a running service does beside answering: what is due, and
// telling those who are to be told. A service with a clock of its own does so
// when it is asked to, so that time passes only between two calls.
func (s *Service) Attend(ctx context.Context) error {
	if s.leave != nil {
		return errors.New("the service sees to it by itself")
	}
	if err := s.FireDeadlines(ctx); err != nil {
		return err
	}
	if err := s.heard(ctx); err != nil {
		return err
	}
	s.mailing.Lock()
	defer s.mailing.Unlock()
	_, err := s.telling.mailer.Drain(ctx)
	return err
}

// farewell is how long a service that ends goes on sending what is pending.
const farewell = 5 * time.Second

// takeLeave sends what is still to be sent, as far as that goes in a short
// time: the rest is sent after the next start.
func (s *Service) takeLeave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	if s.haltedBy() != nil {
		return
	}
	err := s.heard(ctx)
	if err == nil {
		s.mailing.Lock()
		defer s.mailing.Unlock()
		_, err = s.telling.mailer.Drain(ctx)
	}
	if err == nil {
		err = s.telling.outbox.Mark(ctx)
	}
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		s.log.Warn("messages are left for the next start", "error", err)
	}
}

// attend does what falls due and sends messages until the context ends.
func (s *Service) attend(ctx context.Context) {
	s.mailing.Lock()
	defer s.mailing.Unlock()
	deadlines := make(chan struct{})
	go func() {
		defer close(deadlines)
		s.watchDeadlines(ctx)
	}()
	if err := s.telling.mailer.Run(ctx); err != nil && ctx.Err() == nil {
		s.log.Error("no messages are sent any more", "error", err)
	}
	<-deadlines
}
