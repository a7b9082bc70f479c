package service

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"tenure/events"
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

// rawPublish times sync-always publishes of the payloads, one after the other,
// to an embedded server like the ledger's.
func rawPublish(b *testing.B, payloads [][]byte) time.Duration {
	ns, err := server.NewServer(&server.Options{
		DontListen: true, JetStream: true, StoreDir: b.TempDir(), SyncAlways: true, NoSigs: true, NoLog: true, MaxPayload: 8 << 20,
	})
	if err != nil {
		b.Fatal(err)
	}
	ns.Start()
	defer func() { ns.Shutdown(); ns.WaitForShutdown() }()
	if !ns.ReadyForConnections(10 * time.Second) {
		b.Fatal("the server did not start")
	}
	conn, err := nats.Connect("", nats.InProcessServer(ns))
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	if _, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "RAW", Subjects: []string{"raw"}}); err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	for _, payload := range payloads {
		if _, err := js.Publish(ctx, "raw", payload); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(start)
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
			s.permissions.Allowed("bench", people[i%len(people)].ID, "team.edit", scopes[i%len(scopes)].ID)
		}
	})
	b.Run("interned", func(b *testing.B) {
		permission, _ := state.Model.Permission("team.edit")
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			state.Allowed(people[i%len(people)].ID, permission, scopes[i%len(scopes)].ID)
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
