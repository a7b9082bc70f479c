package ledger

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"tenure/events"
)

// BenchmarkAppend appends commits from one client, each durable, and publishes
// the same bytes to a plain stream of the same server in turn.
//
// raw/append is the speed of Append as a share of the plain publication.
func BenchmarkAppend(b *testing.B) {
	l := open(b, b.TempDir())
	plain, err := l.js.CreateStream(b.Context(), jetstream.StreamConfig{
		Name: "PLAIN", Subjects: []string{"plain.*"}, Storage: jetstream.FileStorage,
	})
	if err != nil {
		b.Fatal(err)
	}
	var prev events.Revision
	var appending, publishing time.Duration
	for number := uint64(1); b.Loop(); number++ {
		c := grant("acme", number, prev)
		begin := time.Now()
		if prev, err = l.Append(b.Context(), c, prev); err != nil {
			b.Fatal(err)
		}
		appending += time.Since(begin)

		payload, err := events.Encode(c)
		if err != nil {
			b.Fatal(err)
		}
		begin = time.Now()
		if _, err := l.js.Publish(b.Context(), "plain.acme", payload); err != nil {
			b.Fatal(err)
		}
		publishing += time.Since(begin)
	}
	b.ReportMetric(float64(appending.Nanoseconds())/float64(b.N), "ns/append")
	b.ReportMetric(float64(publishing)/float64(appending), "raw/append")
	if info, err := plain.Info(b.Context()); err != nil || info.State.Msgs != uint64(b.N) {
		b.Fatal(info, err)
	}
}

// BenchmarkReplay reads a ledger of 100,000 commits, decoding included, and
// reads the same messages through a plain ordered consumer in turn.
//
// raw/replay is the speed of Replay as a share of the plain reader;
// decode/replay is the time that decoding alone takes, as a share of Replay.
func BenchmarkReplay(b *testing.B) {
	const commits, organizations = 100_000, 100
	l := open(b, b.TempDir(), func(o *Options) { o.noSync = true })
	payloads := load(b, l, commits, organizations)
	var replaying, reading, decoding time.Duration
	for b.Loop() {
		begin := time.Now()
		seen := 0
		if err := l.Replay(b.Context(), 0, func(events.Record) error { seen++; return nil }); err != nil || seen != commits {
			b.Fatal(seen, err)
		}
		replaying += time.Since(begin)

		begin = time.Now()
		readPlain(b, l, commits)
		reading += time.Since(begin)

		begin = time.Now()
		for _, payload := range payloads {
			if _, err := events.Decode(payload); err != nil {
				b.Fatal(err)
			}
		}
		decoding += time.Since(begin)
	}
	b.ReportMetric(float64(commits*b.N)/replaying.Seconds(), "commits/s")
	b.ReportMetric(float64(commits*b.N)/reading.Seconds(), "raw-msgs/s")
	b.ReportMetric(float64(reading)/float64(replaying), "raw/replay")
	b.ReportMetric(float64(decoding)/float64(replaying), "decode/replay")
}

// load writes many commits at once and returns their payloads.
func load(b *testing.B, l *Ledger, commits, organizations int) [][]byte {
	b.Helper()
	payloads := make([][]byte, commits)
	prev := make([]events.Revision, organizations)
	for i := range commits {
		o := i % organizations
		msg, err := commitMessage(grant(orgName(o), uint64(i/organizations+1), prev[o]), prev[o])
		if err != nil {
			b.Fatal(err)
		}
		prev[o] = events.Revision(i + 1)
		payloads[i] = msg.Data
		msg.Header.Set(nats.MsgIdHdr, string(mustDecode(b, msg.Data).ID))
		if _, err := l.js.PublishMsgAsync(msg); err != nil {
			b.Fatal(err)
		}
	}
	select {
	case <-l.js.PublishAsyncComplete():
	case <-time.After(time.Minute):
		b.Fatal("the store was not loaded within a minute")
	}
	return payloads
}

func mustDecode(t testing.TB, payload []byte) events.Commit {
	t.Helper()
	c, err := events.Decode(payload)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// readPlain reads n messages through a plain ordered consumer.
func readPlain(b *testing.B, l *Ledger, n int) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	consumer, err := l.js.OrderedConsumer(ctx, ledgerStream, jetstream.OrderedConsumerConfig{})
	if err != nil {
		b.Fatal(err)
	}
	seen, all := 0, make(chan struct{})
	reading, err := consumer.Consume(func(jetstream.Msg) {
		if seen++; seen == n {
			close(all)
		}
	}, jetstream.PullMaxBytes(pullBytes))
	if err != nil {
		b.Fatal(err)
	}
	select {
	case <-all:
	case <-ctx.Done():
		b.Fatal(ctx.Err())
	}
	reading.Stop()
	<-reading.Closed()
}

// BenchmarkCheck reads the blocks of a ledger of 100,000 commits, as every Open
// does before it starts the server.
func BenchmarkCheck(b *testing.B) {
	dir := b.TempDir()
	l := open(b, dir, func(o *Options) { o.noSync = true })
	size := 0
	for _, payload := range load(b, l, 100_000, 100) {
		size += len(payload)
	}
	shut(b, l)
	b.SetBytes(int64(size))
	for b.Loop() {
		if last, _, err := checkBlocks(folder(dir).streamDir(ledgerStream), ledgerStream); last != 100_000 || err != nil {
			b.Fatal(last, err)
		}
	}
}
