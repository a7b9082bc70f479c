package service

import (
	"context"
	"sync"

	"tenure/events"
)

// watermark is a revision that only rises, and that can be waited for.
type watermark struct {
	mu      sync.Mutex
	at      events.Revision
	err     error
	changed chan struct{}
}

func newWatermark() *watermark { return &watermark{changed: make(chan struct{})} }

func (w *watermark) advance(to events.Revision) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = to
	close(w.changed)
	w.changed = make(chan struct{})
}

// fail ends all waiting, now and later. What had been reached by then is no
// longer the newest, so there is nothing to wait for.
func (w *watermark) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.err = err
	close(w.changed)
	w.changed = make(chan struct{})
}

// wait returns when the revision has been reached, or with the failure.
func (w *watermark) wait(ctx context.Context, revision events.Revision) error {
	for {
		w.mu.Lock()
		at, err, changed := w.at, w.err, w.changed
		w.mu.Unlock()
		if err != nil {
			return err
		}
		if at >= revision {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
