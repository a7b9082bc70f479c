package notifier

import (
	"context"
	"sync"
	"time"
)

// Drain sends what is due, records what became of it, and says when something
// will be due next, zero for never. It fails as soon as the mail server does.
// It must not be called while [Mailer.Run] runs.
func (m *Mailer) Drain(ctx context.Context) (next time.Time, err error) {
	defer m.transport.close()
	line := &line{mailer: m, moved: make(chan struct{}, 1), outcomes: make(chan outcome, windowMost)}
	var recording sync.WaitGroup
	var recordErr error
	recording.Go(func() { recordErr = line.record(ctx) })
	next, err = line.run(ctx)
	close(line.outcomes)
	recording.Wait()
	if err == nil {
		err = recordErr
	}
	return next, err
}
