package ledger

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"tenure/events"
)

func TestReopen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	l := open(t, dir)
	id := l.ID()
	if config := l.server.JetStreamConfig(); !config.SyncAlways {
		t.Error("the server does not sync every write")
	}
	want := fill(t, l, "acme", 2)
	shut(t, l)
	shut(t, l) // closing again does nothing
	if _, err := l.Append(t.Context(), grant("acme", 3, 2), 2); !errors.Is(err, ErrClosed) {
		t.Errorf("append to a closed ledger: %v", err)
	}
	if err := l.Ready(); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed ledger is ready: %v", err)
	}
	l = open(t, dir)
	if l.ID() != id {
		t.Errorf("the ledger is %s, and was %s", l.ID(), id)
	}
	if err := l.Ready(); err != nil {
		t.Error(err)
	}
	if got, err := l.Get(t.Context(), 2); err != nil || got.ID != want[1].ID {
		t.Errorf("got %v, %v", got.ID, err)
	}
	if got, err := l.OrgTail(t.Context(), "acme"); err != nil || got != 2 {
		t.Errorf("the tail is %d, %v", got, err)
	}
}

// TestCloseWaits closes while an append is under way.
func TestCloseWaits(t *testing.T) {
	l := open(t, t.TempDir())
	sending, send := make(chan struct{}), make(chan struct{})
	publish := l.writes.publish
	l.writes.publish = func(ctx context.Context, msg *nats.Msg, opts ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
		close(sending)
		<-send
		return publish(ctx, msg, opts...)
	}
	appended, closed := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := l.Append(t.Context(), grant("acme", 1, 0), 0)
		appended <- err
	}()
	<-sending
	go func() { closed <- l.Close(context.Background()) }()
	<-l.closing.Done()
	if _, err := l.Tail(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("a closing ledger takes calls: %v", err)
	}
	select {
	case err := <-closed:
		t.Fatalf("closed while an append was under way: %v", err)
	default:
	}
	close(send)
	if err := <-appended; err != nil {
		t.Errorf("the append under way: %v", err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

// TestCloseGivesUp closes with a context that has ended.
func TestCloseGivesUp(t *testing.T) {
	l := open(t, t.TempDir())
	sending := make(chan struct{})
	l.writes.publish = func(ctx context.Context, _ *nats.Msg, _ ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
		close(sending)
		<-ctx.Done()
		return nil, ctx.Err()
	}
	ctx, cancel := context.WithCancel(t.Context())
	appended := make(chan error, 1)
	go func() {
		_, err := l.Append(ctx, grant("acme", 1, 0), 0)
		appended <- err
	}()
	<-sending
	over, end := context.WithCancel(t.Context())
	end()
	if err := l.Close(over); !errors.Is(err, context.Canceled) {
		t.Errorf("close: %v", err)
	}
	cancel()
	if err := <-appended; err == nil {
		t.Error("an append succeeded without a server")
	}
}

// TestCloseUnderReader closes with a context that has ended, while a reader's
// function is at work.
func TestCloseUnderReader(t *testing.T) {
	l := open(t, t.TempDir(), func(o *Options) { o.ackWait = 100 * time.Millisecond })
	fill(t, l, "acme", 2)
	reading, goOn, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- l.Follow(t.Context(), 0, func(r events.Record) error {
			if r.Revision == 1 {
				close(reading)
				<-goOn
			}
			return nil
		})
	}()
	<-reading
	over, end := context.WithCancel(t.Context())
	end()
	if err := l.Close(over); !errors.Is(err, context.Canceled) {
		t.Errorf("close: %v", err)
	}
	close(goOn)
	if err := <-ended; !errors.Is(err, ErrClosed) {
		t.Errorf("the reader ended with %v", err)
	}
}

// TestServerGone takes the server away under an open ledger.
func TestServerGone(t *testing.T) {
	l := open(t, t.TempDir(), func(o *Options) { o.ackWait, o.stallAfter = 100*time.Millisecond, 50*time.Millisecond })
	fill(t, l, "acme", 1)
	reached, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- l.Follow(t.Context(), 0, func(events.Record) error { close(reached); return nil })
	}()
	<-reached
	l.server.Shutdown()
	l.server.WaitForShutdown()
	if err := <-ended; !errors.Is(err, ErrUnavailable) {
		t.Errorf("follow: %v", err)
	}
	if _, err := l.Append(t.Context(), grant("acme", 2, 1), 1); !errors.Is(err, ErrUnavailable) {
		t.Errorf("append: %v", err)
	}
	if err := l.Ready(); !errors.Is(err, ErrUnavailable) {
		t.Errorf("ready: %v", err)
	}
	for name, err := range map[string]error{
		"put":    l.PutRecords(t.Context(), secrets(1, 1)),
		"erase":  l.EraseRecord(t.Context(), "acme", ownerName(1)),
		"each":   l.EachRecord(t.Context(), func(Entry) error { return nil }),
		"replay": l.Replay(t.Context(), 0, func(events.Record) error { return nil }),
	} {
		if !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := l.Tail(ctx); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrUnavailable) {
		t.Errorf("read with a context that ends: %v", err)
	}
}

func TestLocked(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	says := func(err string) {
		t.Helper()
		if !strings.Contains(err, dir) || !strings.Contains(err, fmt.Sprintf("process %d", os.Getpid())) {
			t.Errorf("the refusal names neither folder nor process: %s", err)
		}
	}
	_, err := Open(t.Context(), Options{Dir: dir, Logger: quiet})
	if !errors.Is(err, ErrLocked) {
		t.Fatalf("opened twice: %v", err)
	}
	says(err.Error())
	out, err := command(t, "open", dir).Output()
	if err == nil || !strings.HasPrefix(string(out), "locked:") {
		t.Fatalf("opened in a second process: %s, %v", out, err)
	}
	says(string(out))
	fill(t, l, "acme", 1)
	shut(t, l)
	open(t, dir)
}

// TestStartRules spoils a store and demands that it is refused, with the
// reason, and that nothing is made in the place of what is missing.
func TestStartRules(t *testing.T) {
	streamFile := func(stream string, path ...string) func(string) string {
		return func(dir string) string {
			return filepath.Join(append([]string{folder(dir).streamDir(stream)}, path...)...)
		}
	}
	remove := func(path func(string) string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			if _, err := os.Stat(path(dir)); err != nil {
				t.Fatal(err)
			}
			if err := os.RemoveAll(path(dir)); err != nil {
				t.Fatal(err)
			}
		}
	}
	write := func(path func(string) string, data string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			if err := os.WriteFile(path(dir), []byte(data), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	rename := func(path func(string) string, name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			if err := os.Rename(path(dir), filepath.Join(filepath.Dir(path(dir)), name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	both := func(spoils ...func(*testing.T, string)) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			for _, spoil := range spoils {
				spoil(t, dir)
			}
		}
	}
	identityFile := func(dir string) string { return folder(dir).identityFile() }
	nats := func(dir string) string { return folder(dir).natsDir() }
	tests := []struct {
		name  string
		spoil func(*testing.T, string)
		want  error // nil if the ledger must open, and be the same one
		says  string
	}{
		{"nothing", func(*testing.T, string) {}, nil, ""},
		{"no meta.inf", remove(streamFile(ledgerStream, "meta.inf")), ErrStoreDamaged, "cannot read the stream LEDGER"},
		{"no meta.sum", remove(streamFile(ledgerStream, "meta.sum")), ErrStoreDamaged, "cannot read the stream LEDGER"},
		{"corrupt meta.inf", write(streamFile(ledgerStream, "meta.inf"), "{}"), ErrStoreDamaged, "cannot read the stream LEDGER"},
		{"empty meta.inf", write(streamFile(ledgerStream, "meta.inf"), ""), ErrStoreDamaged, "cannot read the stream LEDGER"},
		{"no LEDGER", remove(streamFile(ledgerStream)), ErrStoreDamaged, "its stream LEDGER is not in"},
		{"no KEYS", remove(streamFile(keysStream)), ErrStoreDamaged, "its stream KEYS is not in"},
		{"corrupt KEYS", write(streamFile(keysStream, "meta.sum"), "x"), ErrStoreDamaged, "cannot read the stream KEYS"},
		{"no store", remove(nats), ErrStoreDamaged, "is not in"},
		{"no block", remove(streamFile(ledgerStream, "msgs", "1.blk")), ErrStoreDamaged, "revision 1"},
		{"empty block", write(streamFile(ledgerStream, "msgs", "1.blk"), ""), ErrStoreDamaged, "knows of revision 2"},
		{"no messages", remove(streamFile(ledgerStream, "msgs")), ErrStoreDamaged, "revision 1"},
		{"other number", rename(streamFile(ledgerStream, "msgs", "1.blk"), "2.blk"), ErrStoreDamaged, "revision 1"},
		{"odd block", write(streamFile(ledgerStream, "msgs", "x.blk"), "x"), ErrStoreDamaged, "is no block"},
		{"no identity", remove(identityFile), nil, ""},
		{"no identity, no meta.inf", both(remove(identityFile), remove(streamFile(ledgerStream, "meta.inf"))), ErrStoreDamaged, "cannot read the stream LEDGER"},
		{"no identity, no LEDGER", both(remove(identityFile), remove(streamFile(ledgerStream))), ErrStoreDamaged, "KEYS holds records"},
		{"no NOTICES", remove(streamFile(noticesStream)), ErrStoreDamaged, "its stream NOTICES is not in"},
		{"corrupt NOTICES", write(streamFile(noticesStream, "meta.sum"), "x"), ErrStoreDamaged, "cannot read the stream NOTICES"},
		{"no identity, no KEYS", both(remove(identityFile), remove(streamFile(keysStream))), ErrStoreDamaged, "but stream KEYS is not"},
		{"other identity", write(identityFile, `{"id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","format":1}`), ErrStoreDamaged, "belongs to the ledger"},
		{"no ULID", write(identityFile, `{"id":"x","format":1}`), ErrStoreDamaged, "no ULID"},
		{"corrupt identity", write(identityFile, "{"), ErrStoreDamaged, "ledger.json"},
		{"later format", write(identityFile, `{"id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","format":2}`), ErrSettings, "format 2"},
		{"nothing at all", both(remove(identityFile), remove(nats)), errNew, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			l := open(t, dir)
			id := l.ID()
			fill(t, l, "acme", 2)
			if err := l.PutRecords(t.Context(), secrets(1, 1)); err != nil {
				t.Fatal(err)
			}
			shut(t, l)
			test.spoil(t, dir)
			before := listing(t, dir)
			l, err := Open(t.Context(), Options{Dir: dir, Logger: quiet})
			switch {
			case test.want == nil || test.want == errNew:
				if err != nil {
					t.Fatal(err)
				}
				if same := l.ID() == id; same != (test.want == nil) {
					t.Errorf("the ledger is %s, and was %s", l.ID(), id)
				}
				shut(t, l)
			case err == nil:
				shut(t, l)
				t.Error("the store was opened")
			default:
				if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), dir) {
					t.Errorf("got %v, want %v that says %q and names the folder", err, test.want, test.says)
				}
				for path := range listing(t, dir) {
					if !before[path] && !strings.HasSuffix(path, ".db") && test.name != "empty block" {
						t.Errorf("%s was created", path)
					}
				}
			}
		})
	}
}

// errNew marks the case in which a new ledger must be made.
var errNew = errors.New("a new ledger")

// listing are the folders and files of a store.
func listing(t *testing.T, dir string) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		all[path] = true
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestSettings changes a setting of a stream, as someone with the whole server
// in hand can.
func TestSettings(t *testing.T) {
	tests := []struct {
		name   string
		stream string
		change func(*jetstream.StreamConfig)
		says   string
	}{
		{"direct get", ledgerStream, func(c *jetstream.StreamConfig) { c.AllowDirect = true }, "allow_direct of stream LEDGER is true, and must be false"},
		{"limit", ledgerStream, func(c *jetstream.StreamConfig) { c.MaxAge = time.Hour }, "max_age of stream LEDGER is 3600000000000, and must be 0"},
		{"subjects", keysStream, func(c *jetstream.StreamConfig) { c.Subjects = []string{"keys.>"} }, `subjects of stream KEYS is ["keys.\u003e"], and must be ["keys.*.*"]`},
		{"republish", ledgerStream, func(c *jetstream.StreamConfig) {
			c.RePublish = &jetstream.RePublish{Source: ">", Destination: "copy.>"}
		}, "republish of stream LEDGER is"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			shut(t, open(t, dir))
			s, err := server.NewServer(&server.Options{DontListen: true, NoSigs: true, NoLog: true, JetStream: true, StoreDir: folder(dir).natsDir()})
			if err != nil {
				t.Fatal(err)
			}
			s.Start()
			conn, err := nats.Connect("", nats.InProcessServer(s))
			if err != nil {
				t.Fatal(err)
			}
			js, err := jetstream.New(conn)
			if err != nil {
				t.Fatal(err)
			}
			stream, err := js.Stream(t.Context(), test.stream)
			if err != nil {
				t.Fatal(err)
			}
			config := stream.CachedInfo().Config
			test.change(&config)
			if _, err := js.UpdateStream(t.Context(), config); err != nil {
				t.Fatal(err)
			}
			conn.Close()
			s.Shutdown()
			s.WaitForShutdown()
			if _, err := Open(t.Context(), Options{Dir: dir, Logger: quiet}); !errors.Is(err, ErrSettings) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want ErrSettings that says %q", err, test.says)
			}
		})
	}
}

// TestGuard tries, with the rights of this process, what would destroy history.
func TestGuard(t *testing.T) {
	var log logged
	l := open(t, t.TempDir(), func(o *Options) { o.Logger = log.logger() })
	fill(t, l, "acme", 2)
	if err := l.PutRecords(t.Context(), secrets(1, 1)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.AppendNotices(t.Context(), []NoticeMessage{{Org: "acme", ID: "x"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "EVENTS", Subjects: []string{"events.>"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.js.Publish(t.Context(), "events.x", nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{ledgerStream, "EVENTS", "NOTICES"} {
		stream, err := l.js.Stream(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		attempts := map[string]func(context.Context) error{
			"delete the stream": func(ctx context.Context) error { return l.js.DeleteStream(ctx, name) },
			"purge":             func(ctx context.Context) error { return stream.Purge(ctx) },
			"update": func(ctx context.Context) error {
				config := stream.CachedInfo().Config
				config.MaxMsgs = 1
				_, err := l.js.UpdateStream(ctx, config)
				return err
			},
			"delete a message": func(ctx context.Context) error { return stream.DeleteMsg(ctx, 1) },
			"erase a message":  func(ctx context.Context) error { return stream.SecureDeleteMsg(ctx, 1) },
			"restore": func(ctx context.Context) error {
				_, err := l.conn.RequestWithContext(ctx, "$JS.API.STREAM.RESTORE."+name, []byte("{}"))
				return err
			},
			"purge the account": func(ctx context.Context) error {
				_, err := l.conn.RequestWithContext(ctx, "$JS.API.ACCOUNT.PURGE.$G", nil)
				return err
			},
		}
		for what, attempt := range attempts {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			if err := attempt(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s, %s: got %v, want a time-out", name, what, err)
			}
			cancel()
		}
		if info, err := stream.Info(t.Context()); err != nil || info.State.Msgs == 0 || info.State.FirstSeq != 1 || info.Config.MaxMsgs != -1 {
			t.Errorf("%s was changed: %+v, %v", name, info, err)
		}
	}
	for _, what := range []string{"STREAM.DELETE.LEDGER", "STREAM.PURGE.EVENTS", "STREAM.MSG.DELETE.NOTICES"} {
		if want := fmt.Sprintf("Permissions Violation for Publish to \\\"$JS.API.%s", what); !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %s", want)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := l.js.DeleteStream(ctx, keysStream); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("delete stream KEYS: got %v, want a time-out", err)
	}
	if err := l.EraseRecord(t.Context(), "acme", ownerName(0)); err != nil {
		t.Errorf("erase in KEYS: %v", err)
	}
	expectSecrets(t, l, nil)
}

// TestStranger talks to the server of an open ledger without its password.
func TestStranger(t *testing.T) {
	l := open(t, t.TempDir())
	for name, options := range map[string]string{
		"nobody":         `{}`,
		"other password": `{"user":"writer","pass":"guess"}`,
		"system account": `{"user":"sys","pass":"sys"}`,
	} {
		conn, err := l.server.InProcessConn()
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		in := bufio.NewReader(conn)
		if _, err := in.ReadString('\n'); err != nil { // the server's greeting
			t.Fatal(err)
		}
		if _, err := fmt.Fprintf(conn, "CONNECT %s\r\n", options); err != nil {
			t.Fatal(err)
		}
		if answer, err := in.ReadString('\n'); err != nil || !strings.Contains(answer, "Authorization Violation") {
			t.Errorf("%s is answered %q, %v", name, answer, err)
		}
		conn.Close()
	}
	if addr := l.server.Addr(); addr != nil {
		t.Errorf("the server listens on %v", addr)
	}
}

// TestFullDisk fills a small file system.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=8m"); err != nil {
		t.Skipf("mounting a small file system is not permitted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 4<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	small := func(o *Options) { o.ackWait = 500 * time.Millisecond }
	l := open(t, data, small)

	acknowledged := map[events.Revision]events.CommitID{}
	var prev events.Revision
	number := uint64(1)
	commit := func() events.Commit {
		c := grant("acme", number, prev)
		c.Events = events.Events{events.ModelAdopted{Source: make([]byte, 50_000)}}
		return c
	}
	add := func(c events.Commit) error {
		revision, err := l.Append(t.Context(), c, prev)
		if err == nil {
			acknowledged[revision] = c.ID
			prev, number = revision, number+1
		}
		return err
	}
	verify := func() {
		t.Helper()
		stored := map[events.Revision]events.CommitID{}
		err := l.Replay(t.Context(), 0, func(r events.Record) error { stored[r.Revision] = r.ID; return nil })
		if err != nil {
			t.Error(err)
		}
		for revision, id := range acknowledged {
			if stored[revision] != id {
				t.Errorf("revision %d was acknowledged as %s, and is %q", revision, id, stored[revision])
			}
		}
	}

	var last events.Commit
	var err error
	for err == nil {
		if last = commit(); number > 1000 {
			t.Fatal("the file system does not fill")
		}
		err = add(last)
	}
	t.Logf("after %d commits: %v", len(acknowledged), err)
	if !errors.Is(err, ErrUnavailable) || !errors.Is(err, ErrUnconfirmed) || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("got %v, want ErrUnavailable and ErrUnconfirmed that name the full disk", err)
	}
	// From here on it is refused at once, without being sent.
	if err := add(commit()); !errors.Is(err, ErrUnavailable) || errors.Is(err, ErrUnconfirmed) {
		t.Errorf("got %v, want ErrUnavailable alone", err)
	}
	if err := l.PutRecords(t.Context(), secrets(1, 1)); !errors.Is(err, ErrUnavailable) {
		t.Errorf("put a record: got %v, want ErrUnavailable", err)
	}
	if err := l.Ready(); !errors.Is(err, ErrUnavailable) {
		t.Errorf("ready: got %v, want ErrUnavailable", err)
	}
	verify()
	shut(t, l)

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	l = open(t, data, small)
	verify()
	// The commit that was not confirmed can be appended as it is.
	if err := add(last); err != nil {
		t.Error(err)
	}
	if err := add(commit()); err != nil {
		t.Error(err)
	}
	if err := l.PutRecords(t.Context(), secrets(1, 1)); err != nil {
		t.Error(err)
	}
	verify()
}
