package notifier

import (
	"context"
	"time"
)

// Drain sends what is due, records what became of it, and says when something
// will be due next, zero for never. It fails as soon as the mail server does,
// with the context's error if that ends before it is done, and if the outbox's
// store is closed under it. It must not be called while [Mailer.Run] runs. Under
// [Config.Hold] it sends nothing, and nothing is ever due.
func (m *Mailer) Drain(ctx context.Context) (next time.Time, err error) {
	if m.transport == nil {
		return time.Time{}, nil
	}
	defer m.transport.close()
	line, lasting, end := m.begin(ctx)
	next, err = line.run(lasting)
	if ended := end(); err == nil {
		err = ended
	}
	return next, err
}
