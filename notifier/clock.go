package notifier

import "time"

// Clock tells the time, and waits. Tests put one of their own here.
type Clock interface {
	Now() time.Time
	After(d time.Duration) <-chan time.Time
}

// SystemClock is the machine's clock.
type SystemClock struct{}

// Now implements [Clock].
func (SystemClock) Now() time.Time { return time.Now() }

// After implements [Clock].
func (SystemClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

// backoff is how long to wait after the n-th failure in a row, from 1: twice as
// long each time, from least to most, and up to a quarter longer by chance, so
// that many do not come back at once.
func backoff(n int, least, most time.Duration, chance float64) time.Duration {
	wait := least
	for i := 1; i < n && wait < most; i++ {
		wait *= 2
	}
	return min(most, wait+time.Duration(chance*float64(wait)/4))
}
