package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"tenure/events"
)

// raw is a stored message as the server gives it.
type raw struct {
	Subject string
	Header  nats.Header
	Data    []byte
	Time    time.Time
}

// stream reads a stream's messages by sequence.
func stream(t testing.TB, l *Ledger, name string) map[uint64]raw {
	t.Helper()
	s, err := l.js.Stream(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	all := map[uint64]raw{}
	for sequence := s.CachedInfo().State.FirstSeq; sequence <= s.CachedInfo().State.LastSeq; sequence++ {
		msg, err := s.GetMsg(t.Context(), sequence)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		all[sequence] = raw{msg.Subject, msg.Header, msg.Data, msg.Time}
	}
	return all
}

func replay(t testing.TB, l *Ledger) []events.Record {
	t.Helper()
	var all []events.Record
	if err := l.Replay(t.Context(), 0, func(r events.Record) error { all = append(all, r); return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

func backup(t testing.TB, l *Ledger) []byte {
	t.Helper()
	var file bytes.Buffer
	if _, err := l.Backup(t.Context(), &file, nil); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func TestBackupAndRestore(t *testing.T) {
	l := open(t, t.TempDir())
	fill(t, l, "acme", 20)
	fill(t, l, "other", 7)
	if err := l.PutRecords(t.Context(), secrets(5, 1)); err != nil {
		t.Fatal(err)
	}
	// Another stream, with a gap, and a reader that has read a part of it.
	notices, err := l.js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "OTHERS", Subjects: []string{"others.*"}, Metadata: map[string]string{"a": "b"}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		if _, err := l.js.Publish(t.Context(), fmt.Sprintf("others.%d", i), []byte("text")); err != nil {
			t.Fatal(err)
		}
	}
	reader, err := notices.CreateConsumer(t.Context(), jetstream.ConsumerConfig{Durable: "mailer", AckPolicy: jetstream.AckExplicitPolicy})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		msg, err := reader.Next()
		if err == nil {
			err = msg.DoubleAck(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := notices.DeleteMsg(t.Context(), 4); err != nil {
		t.Fatal(err)
	}

	var file bytes.Buffer
	var told []uint64
	made, err := l.Backup(t.Context(), &file, func(done, total uint64) { told = append(told, done, total) })
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(file.Bytes(), []byte(keysStream)) || bytes.Contains(file.Bytes(), []byte("secret of")) {
		t.Error("the backup has records")
	}
	dir := filepath.Join(t.TempDir(), "new")
	restored, err := RestoreBackup(t.Context(), dir, &file, RestoreOptions{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(made, restored); diff != "" {
		t.Error(diff)
	}
	want := []BackupStream{{Name: "NOTICES"}, {"OTHERS", 4, 1, 5}, {"LEDGER", 27, 1, 27}}
	if diff := cmp.Diff(want, restored.Streams); diff != "" {
		t.Error(diff)
	}

	again := open(t, dir)
	if again.ID() != l.ID() || !again.id.CreatedAt.Equal(l.id.CreatedAt) {
		t.Errorf("the ledger is %+v, and was %+v", again.id, l.id)
	}
	for _, name := range []string{ledgerStream, "OTHERS"} {
		if diff := cmp.Diff(stream(t, l, name), stream(t, again, name)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if diff := cmp.Diff(replay(t, l), replay(t, again)); diff != "" {
		t.Error(diff)
	}
	if got := records(t, again); len(got) != 0 {
		t.Errorf("records %v", got)
	}
	consumer, err := again.js.Consumer(t.Context(), "OTHERS", "mailer")
	if err != nil {
		t.Fatal(err)
	}
	if next, err := consumer.Next(); err != nil || next.Subject() != "others.2" {
		t.Errorf("the reader goes on with %v, %v", next, err)
	}
	// Appending goes on with the next revision, once.
	last := replay(t, again)[26]
	c := grant("other", last.Number+1, last.Revision)
	if _, err := again.Append(t.Context(), grant("other", last.Number, last.Revision-1), last.Revision-1); !errors.Is(err, ErrConflict) {
		t.Errorf("appended after %d: %v", last.Revision-1, err)
	}
	if revision, err := again.Append(t.Context(), c, last.Revision); err != nil || revision != 28 {
		t.Errorf("appended at %d, %v", revision, err)
	}
	if err := again.PutRecords(t.Context(), secrets(3, 1)); err != nil {
		t.Error(err)
	}
	shut(t, again)
	again = open(t, dir)
	if n := len(replay(t, again)); n != 28 {
		t.Errorf("%d commits", n)
	}
	if _, err := os.Stat(dir + ".restoring"); err == nil {
		t.Error("the building folder is left")
	}
}

func TestBackupOfNothing(t *testing.T) {
	l := open(t, t.TempDir())
	dir := t.TempDir()
	if _, err := RestoreBackup(t.Context(), dir, bytes.NewReader(backup(t, l)), RestoreOptions{Logger: quiet}); err != nil {
		t.Fatal(err)
	}
	again := open(t, dir)
	fill(t, again, "acme", 2)
}

// TestBackupWhileWriting takes backups while commits are appended. Each one is
// the beginning of the ledger, and has what was there when it was called.
func TestBackupWhileWriting(t *testing.T) {
	l := open(t, t.TempDir())
	fill(t, l, "acme", 50)
	var writing sync.WaitGroup
	stop := make(chan struct{})
	for w := range 3 {
		writing.Go(func() {
			var prev events.Revision
			for number := uint64(1); ; number++ {
				select {
				case <-stop:
					return
				default:
				}
				var err error
				if prev, err = l.Append(context.Background(), grant(orgName(w), number, prev), prev); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	var files [][]byte
	var tails []events.Revision
	for range 4 {
		tail, err := l.Tail(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		tails, files = append(tails, tail), append(files, backup(t, l))
	}
	close(stop)
	writing.Wait()
	all := replay(t, l)
	for i, file := range files {
		dir := filepath.Join(t.TempDir(), "new")
		b, err := RestoreBackup(t.Context(), dir, bytes.NewReader(file), RestoreOptions{Logger: quiet})
		if err != nil {
			t.Fatal(err)
		}
		again := open(t, dir)
		got := replay(t, again)
		if len(got) < int(tails[i]) || uint64(len(got)) != b.Streams[len(b.Streams)-1].Messages {
			t.Errorf("backup %d has %d commits, %d were there", i, len(got), tails[i])
		}
		if diff := cmp.Diff(all[:len(got)], got); diff != "" {
			t.Error(diff)
		}
		shut(t, again)
	}
}

// TestBackupDamaged spoils a backup in every way and place.
func TestBackupDamaged(t *testing.T) {
	l := open(t, t.TempDir())
	fill(t, l, "acme", 3)
	file := backup(t, l)
	dir := filepath.Join(t.TempDir(), "new")
	try := func(name string, spoiled []byte, says string) {
		t.Helper()
		_, err := RestoreBackup(t.Context(), dir, bytes.NewReader(spoiled), RestoreOptions{Logger: quiet})
		if !errors.Is(err, ErrBackupDamaged) || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "at byte ") {
			t.Errorf("%s: %v", name, err)
		}
		if files, _ := filepath.Glob(dir + "*"); len(files) > 0 {
			t.Fatalf("%s: left %v", name, files)
		}
	}
	dice := dice(t)
	for range 25 {
		at, bit := dice.IntN(len(file)), byte(1)<<dice.IntN(8)
		spoiled := bytes.Clone(file)
		spoiled[at] ^= bit
		try(fmt.Sprintf("bit %#x of byte %d of %d", bit, at, len(file)), spoiled, "")
	}
	for range 15 {
		at := dice.IntN(len(file))
		try(fmt.Sprintf("cut at %d of %d", at, len(file)), file[:at], "")
	}
	try("empty", nil, "it is no backup of a ledger")
	try("something else", []byte(strings.Repeat("something else ", 100)), "it is no backup of a ledger")
	try("its last byte missing", file[:len(file)-1], "it is cut off")
	try("more", append(bytes.Clone(file), 0), "it goes on after its trailer")
	try("twice", append(bytes.Clone(file), file...), "it goes on after its trailer")

	// Whoever damages parts with their checksums is found out by the trailer.
	var parts []part
	in := newFrameReader(bytes.NewReader(file))
	if err := in.begin(); err != nil {
		t.Fatal(err)
	}
	for {
		kind, content, _, err := in.next("HSPET")
		if err != nil {
			break
		}
		parts = append(parts, part{kind, bytes.Clone(content)})
	}
	if len(parts) != 8 {
		t.Fatalf("%d parts", len(parts))
	}
	build := func(change func(i int, p part) []part) []byte {
		var out bytes.Buffer
		w := newFrameWriter(&out)
		for i, p := range parts {
			for _, p := range change(i, p) {
				if p.kind == frameTrailer {
					p.content = bytes.Replace(p.content, []byte(in0(parts)), []byte(w.sum()), 1)
				}
				if err := w.write(p.kind, p.content); err != nil {
					t.Fatal(err)
				}
			}
		}
		return out.Bytes()
	}
	only := func(kind byte, then func(part) []part) func(int, part) []part {
		return func(_ int, p part) []part {
			if p.kind == kind {
				return then(p)
			}
			return []part{p}
		}
	}
	replaced := func(old, with string) func(part) []part {
		return func(p part) []part {
			return []part{{p.kind, bytes.Replace(p.content, []byte(old), []byte(with), 1)}}
		}
	}
	if !bytes.Equal(build(func(_ int, p part) []part { return []part{p} }), file) {
		t.Fatal("the backup was not rebuilt")
	}
	none := func(part) []part { return nil }
	try("another ledger", build(only(frameHead, replaced(l.ID(), "01HZX000000000000000000001"))), "its trailer speaks of other streams")
	try("another sum", build(only(frameTrailer, replaced(in0(parts), strings.Repeat("0", 64)))), "its SHA-256 is")
	try("no ledger", build(only(frameHead, replaced(l.ID(), "me"))), "no ULID")
	try("no stream", build(func(_ int, p part) []part {
		if strings.ContainsRune("SPE", rune(p.kind)) {
			return nil
		}
		return []part{p}
	}), "other streams")
	try("no snapshot", build(only(framePiece, none)), "cut off after sequence 0")
	try("no end", build(only(frameEnd, none)), "one of \"PE\" should be")
	try("half a snapshot", build(only(framePiece, func(p part) []part {
		return []part{{p.kind, p.content[:len(p.content)/2]}}
	})), "the snapshot of NOTICES") // which comes first
	try("records", build(only(frameStream, replaced(`"name":"LEDGER"`, `"name":"KEYS"`))), "has no place")
	try("a path", build(only(frameStream, replaced(`"name":"LEDGER"`, `"name":"../X"`))), "has no place")
	try("a longer stream", build(only(frameStream, replaced(`"last_seq":3`, `"last_seq":4`))), "should hold 3 up to 4")
	try("other numbers", build(only(frameEnd, replaced(`"messages":3`, `"messages":2`))), "should hold")
}

type part struct {
	kind    byte
	content []byte
}

// in0 is the SHA-256 in the trailer.
func in0(parts []part) string {
	_, rest, _ := strings.Cut(string(parts[len(parts)-1].content), `"sha256":"`)
	return rest[:64]
}

func TestRestoreRefuses(t *testing.T) {
	l := open(t, t.TempDir())
	fill(t, l, "acme", 3)
	file := backup(t, l)
	reads := func() io.Reader { return bytes.NewReader(file) }

	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "letter.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := RestoreBackup(t.Context(), full, reads(), RestoreOptions{Logger: quiet}); !errors.Is(err, ErrNotEmpty) || !strings.Contains(err.Error(), "letter.txt") {
		t.Error(err)
	}

	dir := filepath.Join(t.TempDir(), "new")
	left := func(what string) {
		t.Helper()
		if files, _ := filepath.Glob(dir + "*"); len(files) > 0 {
			t.Errorf("%s left %v", what, files)
		}
	}
	broken := errors.New("broken")
	o := RestoreOptions{Logger: quiet, Complete: func(_ context.Context, l *Ledger, at string) error {
		if at != dir+".restoring" || len(replay(t, l)) != 3 {
			t.Errorf("completed in %s", at)
		}
		return broken
	}}
	if _, err := RestoreBackup(t.Context(), dir, reads(), o); !errors.Is(err, broken) {
		t.Error(err)
	}
	left("a failed completion")
	if _, err := RestoreBackup(t.Context(), dir, io.MultiReader(bytes.NewReader(file[:500]), failingReader{broken}), RestoreOptions{Logger: quiet}); !errors.Is(err, broken) || errors.Is(err, ErrBackupDamaged) {
		t.Error(err)
	}
	left("a failing reader")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := RestoreBackup(ctx, dir, reads(), RestoreOptions{Logger: quiet}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	left("a canceled one")

	// While another one restores to the same folder.
	_, err := RestoreBackup(t.Context(), dir, reads(), RestoreOptions{Logger: quiet, Complete: func(context.Context, *Ledger, string) error {
		if _, err := RestoreBackup(t.Context(), dir, reads(), RestoreOptions{Logger: quiet}); !errors.Is(err, ErrLocked) {
			t.Errorf("a second one: %v", err)
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}

	// What a killed one has left is removed.
	if err := os.MkdirAll(filepath.Join(dir+".restoring", "nats", "jetstream", "$G", "streams", "LEDGER", "msgs"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir+".restoring", "left"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := RestoreBackup(t.Context(), dir, reads(), RestoreOptions{Logger: quiet}); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "left")); err == nil {
		t.Error("what a killed one has left is there")
	}
	if n := len(replay(t, open(t, dir))); n != 3 {
		t.Errorf("%d commits", n)
	}
}

type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }

func TestBackupFails(t *testing.T) {
	l := open(t, t.TempDir())
	fill(t, l, "acme", 3)
	full := errors.New("disk full")
	if _, err := l.Backup(t.Context(), failingWriter{full}, nil); !errors.Is(err, full) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Backup(ctx, io.Discard, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	shut(t, l)
	if _, err := l.Backup(t.Context(), io.Discard, nil); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

// TestBackupOfADamagedStore makes a record unreadable behind the server's back.
// Where the server still knows how many there were, the backup is refused.
func TestBackupOfADamagedStore(t *testing.T) {
	copies, refused := 0, 0
	flips(t, func(dir string, commits []events.Record, _ bool) {
		if copies++; copies%8 > 1 {
			return
		}
		l, err := Open(t.Context(), Options{Dir: dir, Logger: quiet, unchecked: true})
		if err != nil {
			return
		}
		defer shut(t, l)
		b, err := l.Backup(t.Context(), io.Discard, nil)
		tail, failed := l.Tail(t.Context())
		if failed != nil {
			t.Fatal(failed)
		}
		switch {
		case errors.Is(err, ErrUnreadable), errors.Is(err, ErrUnavailable):
			refused++
		case err != nil:
			t.Error(err)
		case b.Streams[len(b.Streams)-1].Messages != uint64(tail) || b.Streams[len(b.Streams)-1].Last != uint64(tail):
			t.Errorf("the backup has %+v, and the last revision is %d", b.Streams[len(b.Streams)-1], tail)
		case tail == events.Revision(len(commits)):
			t.Error("a backup of a damaged store")
		}
	})
	if refused == 0 {
		t.Error("no backup was refused")
	}
	t.Logf("%d of %d refused", refused, copies/4)
}

// BenchmarkBackup backs up and restores 100,000 commits.
func BenchmarkBackup(b *testing.B) {
	const commits = 100_000
	l := open(b, b.TempDir(), func(o *Options) { o.noSync = true })
	load(b, l, commits, 100)
	var size int
	var making, restoring time.Duration
	for b.Loop() {
		begin := time.Now()
		file := backup(b, l)
		making += time.Since(begin)
		size = len(file)
		begin = time.Now()
		dir := filepath.Join(b.TempDir(), "new")
		if _, err := RestoreBackup(b.Context(), dir, bytes.NewReader(file), RestoreOptions{Logger: quiet}); err != nil {
			b.Fatal(err)
		}
		restoring += time.Since(begin)
	}
	b.ReportMetric(float64(b.N)*commits/making.Seconds(), "commits/s-backup")
	b.ReportMetric(float64(b.N)*commits/restoring.Seconds(), "commits/s-restore")
	b.ReportMetric(float64(size)/commits, "B/commit")
}
