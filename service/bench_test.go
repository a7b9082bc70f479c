package service

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"tenure/aggregate"
	"tenure/events"
	"tenure/projections"
)

// BenchmarkImport takes over the largest history and then publishes the very
// same commits, raw, to a server with the same durability. Reported: the time
// of the import as a multiple of that.
func BenchmarkImport(b *testing.B) {
	source := benchTimeline(b, "../../shared/data/kubernetes-sigs.changes.jsonl")
	ctx := context.Background()
	for b.Loop() {
		s, err := Open(ctx, Config{Dir: b.TempDir()})
		if err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		for _, commit := range source {
			if _, err := s.ImportTimeline(ctx, Caller{Principal: events.Operator}, "bench", commit); err != nil {
				b.Fatal(err)
			}
		}
		imported := time.Since(start)
		var payloads [][]byte
		err = s.ledger.Replay(ctx, 0, func(r events.Record) error {
			payload, err := events.Encode(r.Commit)
			payloads = append(payloads, payload)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Close(ctx); err != nil {
			b.Fatal(err)
		}
		raw := rawPublish(b, payloads)
		b.ReportMetric(imported.Seconds()/raw.Seconds(), "times-raw-publish")
		b.ReportMetric(float64(imported.Microseconds())/float64(len(source)), "µs/commit")
		b.ReportMetric(float64(raw.Microseconds())/float64(len(source)), "raw-µs/commit")
	}
}

// BenchmarkReplay folds a ledger of many organizations into the view of
// permissions, and reads the very same messages, raw, with the fastest
// consumer. Reported: the speed of the replay as a part of that.
func BenchmarkReplay(b *testing.B) {
	const copies = 12
	source := benchTimeline(b, "../../shared/data/kubernetes-sigs.changes.jsonl")
	ctx := context.Background()
	s, err := Open(ctx, Config{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close(ctx)
	for _, commit := range source {
		if _, err := s.ImportTimeline(ctx, Caller{Principal: events.Operator}, "bench-0", commit); err != nil {
			b.Fatal(err)
		}
	}
	var history []events.Commit
	if err := s.ledger.Replay(ctx, 0, func(r events.Record) error { history = append(history, r.Commit); return nil }); err != nil {
		b.Fatal(err)
	}
	// The same history again, for other organizations.
	for n := 1; n < copies; n++ {
		prev := events.Revision(0)
		for _, commit := range history {
			commit.Org, commit.Prev = events.OrgID(fmt.Sprintf("bench-%d", n)), prev
			commit.ID = events.CommitID(s.newID())
			if prev, err = s.ledger.Append(ctx, commit, prev); err != nil {
				b.Fatal(err)
			}
		}
	}
	var payloads [][]byte
	err = s.ledger.Replay(ctx, 0, func(r events.Record) error {
		payload, err := events.Encode(r.Commit)
		payloads = append(payloads, payload)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	raw := rawStream(b, false)
	for _, payload := range payloads {
		if _, err := raw.PublishAsync("raw", payload); err != nil {
			b.Fatal(err)
		}
	}
	<-raw.PublishAsyncComplete()
	var replaying, reading time.Duration
	for b.Loop() {
		view := projections.NewPermissions()
		start := time.Now()
		if err := s.ledger.Replay(ctx, 0, view.Apply); err != nil {
			b.Fatal(err)
		}
		replaying += time.Since(start)
		if int(view.Position()) != len(payloads) {
			b.Fatal("not everything was replayed")
		}
		start = time.Now()
		rawRead(b, raw, len(payloads))
		reading += time.Since(start)
	}
	b.ReportMetric(reading.Seconds()/replaying.Seconds(), "of-raw-consumer")
	b.ReportMetric(float64(len(payloads)*b.N)/replaying.Seconds(), "commits/s")
	b.ReportMetric(float64(len(payloads)*b.N)/reading.Seconds(), "raw-messages/s")
}

// rawPublish times sync-always publishes of the payloads, one after the other,
// to an embedded server like the ledger's.
func rawPublish(b *testing.B, payloads [][]byte) time.Duration {
	js := rawStream(b, true)
	start := time.Now()
	for _, payload := range payloads {
		if _, err := js.Publish(context.Background(), "raw", payload); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(start)
}

// rawRead reads everything with an ordered consumer.
func rawRead(b *testing.B, js jetstream.JetStream, count int) {
	consumer, err := js.OrderedConsumer(context.Background(), "RAW", jetstream.OrderedConsumerConfig{})
	if err != nil {
		b.Fatal(err)
	}
	done, seen := make(chan struct{}), 0
	reading, err := consumer.Consume(func(jetstream.Msg) {
		if seen++; seen == count {
			close(done)
		}
	}, jetstream.PullMaxBytes(8<<20))
	if err != nil {
		b.Fatal(err)
	}
	<-done
	reading.Stop()
}

// rawStream starts a server like the ledger's with a plain stream.
func rawStream(b *testing.B, sync bool) jetstream.JetStream {
	ns, err := server.NewServer(&server.Options{
		DontListen: true, JetStream: true, StoreDir: b.TempDir(), SyncAlways: sync, NoSigs: true, NoLog: true, MaxPayload: 8 << 20,
	})
	if err != nil {
		b.Fatal(err)
	}
	ns.Start()
	b.Cleanup(func() { ns.Shutdown(); ns.WaitForShutdown() })
	if !ns.ReadyForConnections(10 * time.Second) {
		b.Fatal("the server did not start")
	}
	conn, err := nats.Connect("", nats.InProcessServer(ns))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := js.CreateStream(context.Background(), jetstream.StreamConfig{Name: "RAW", Subjects: []string{"raw"}}); err != nil {
		b.Fatal(err)
	}
	return js
}

// BenchmarkCheck asks the permission view, by string ids, about people in the
// largest history; it must not allocate.
func BenchmarkCheck(b *testing.B) {
	source := benchTimeline(b, "../../shared/data/kubernetes-sigs.changes.jsonl")
	ctx := context.Background()
	s, err := Open(ctx, Config{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close(ctx)
	for _, commit := range source {
		if _, err := s.ImportTimeline(ctx, Caller{Principal: events.Operator}, "bench", commit); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.catchUp(ctx, 0); err != nil {
		b.Fatal(err)
	}
	state, _ := s.permissions.State("bench")
	people, scopes := state.Persons(), state.Scopes()
	b.Run("view", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			s.permissions.Allowed("bench", people[i%len(people)].ID, "team.edit", scopes[i%len(scopes)].ID, start)
		}
	})
	b.Run("interned", func(b *testing.B) {
		permission, _ := state.Model.Permission("team.edit")
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			state.Allowed(aggregate.Question{Who: people[i%len(people)].ID, Permission: permission, On: scopes[i%len(scopes)].ID})
		}
	})
}

func benchTimeline(tb testing.TB, path string) []TimelineCommit {
	f, err := os.Open(filepath.FromSlash(path))
	if err != nil {
		tb.Skipf("the histories are not here: %v", err)
	}
	defer f.Close()
	var commits []TimelineCommit
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var line struct {
			TimelineChange
			Time   time.Time
			Commit string
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			tb.Fatal(err)
		}
		if n := len(commits); n == 0 || commits[n-1].Commit != line.Commit {
			commits = append(commits, TimelineCommit{Model: "github", Commit: line.Commit, Time: line.Time})
		}
		last := &commits[len(commits)-1]
		last.Changes = append(last.Changes, line.TimelineChange)
	}
	return commits
}
