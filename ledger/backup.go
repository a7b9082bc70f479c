package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"regexp"
	"slices"
	"time"

	"github.com/klauspost/compress/s2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats-server/v2/server/archive"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A backup is a file of frames (see frame.go): the head, then for every stream
// its head, its snapshot in pieces and its end, then the trailer. A snapshot is
// what the server makes of a stream, in its own archive format: the settings,
// the state, and every message with subject, sequence, headers, payload and
// the server's time.
const (
	frameHead    = 'H'
	frameStream  = 'S'
	framePiece   = 'P'
	frameEnd     = 'E'
	frameTrailer = 'T'
)

// backupFormat is the format of the backups that this program writes and reads.
const backupFormat = 1

// Backup is what a backup holds.
type Backup struct {
	Format int `json:"format"`
	// Ledger is the ledger's id.
	Ledger string `json:"ledger"`
	// CreatedAt is when the ledger was created, TakenAt when the backup began.
	CreatedAt time.Time `json:"created_at"`
	TakenAt   time.Time `json:"taken_at"`
	// Streams are in the order in which they were read, the ledger's own last:
	// what follows from it is never ahead of it.
	Streams []BackupStream `json:"streams,omitempty"`
	// SHA256 is over the file up to its trailer, in hexadecimal.
	SHA256 string `json:"sha256,omitempty"`
}

// BackupStream is a stream in a backup.
type BackupStream struct {
	Name     string `json:"name"`
	Messages uint64 `json:"messages"`
	// First and Last are sequences. In the ledger's own stream those are
	// revisions, and First is 1.
	First uint64 `json:"first"`
	Last  uint64 `json:"last"`
}

// streamHead stands in front of a stream's snapshot.
type streamHead struct {
	Name   string          `json:"name"`
	Config json.RawMessage `json:"config"`
	State  json.RawMessage `json:"state"`
	state  server.StreamState
}

const (
	// snapshotPiece is how much of a snapshot the server sends at a time, and
	// snapshotWindow how much of it may be under way.
	snapshotPiece  = 512 << 10
	snapshotWindow = 8 << 20
	// snapshotWait is how long the next piece may take.
	snapshotWait = time.Minute
)

var streamName = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,31}$`)

// Backup writes every stream but that of the erasable records to w: the ledger
// as of its last revision at the time of the call, or a little later, and what
// other streams there are, with their durable readers, as of a moment before.
// Writes go on meanwhile. [RestoreBackup] reads it.
//
// The records are never in a backup, so that it need not be hunted down when
// one of them is erased.
//
// progress, if not nil, is told how many messages were written of those that
// there were at the beginning. What was written before an error is no backup:
// it has no trailer, and is refused. Errors: those of w, [ErrUnavailable] when
// the server does not deliver, or when w does not take a part of the backup in
// a minute, and [ErrUnreadable] when what it delivers is not whole.
func (l *Ledger) Backup(ctx context.Context, w io.Writer, progress func(done, total uint64)) (Backup, error) {
	b := Backup{Format: backupFormat, Ledger: l.id.ID, CreatedAt: l.id.CreatedAt, TakenAt: time.Now().UTC()}
	done, err := l.enter()
	if err != nil {
		return b, err
	}
	defer done()
	ctx, cancel := l.until(ctx)
	defer cancel()
	if err := l.backup(ctx, &b, newFrameWriter(w), progress); err != nil {
		return b, fmt.Errorf("back up ledger %s: %w", l.id.ID, ended(ctx, err))
	}
	return b, nil
}

func (l *Ledger) backup(ctx context.Context, b *Backup, w *frameWriter, progress func(done, total uint64)) error {
	names, total, err := l.backupStreams(ctx)
	if err != nil {
		return err
	}
	if err := w.writeJSON(frameHead, b); err != nil {
		return err
	}
	var before uint64
	for _, name := range names {
		stream, err := l.backupStream(ctx, name, w, func(n uint64) {
			if progress != nil {
				progress(before+n, max(total, before+n))
			}
		})
		if err != nil {
			return fmt.Errorf("stream %s: %w", name, err)
		}
		b.Streams = append(b.Streams, stream)
		before += stream.Messages
	}
	b.SHA256 = w.sum()
	return w.writeJSON(frameTrailer, b)
}

// backupStreams are the streams to back up, the ledger's own last, and the
// number of their messages.
func (l *Ledger) backupStreams(ctx context.Context) (names []string, messages uint64, err error) {
	list := l.js.ListStreams(ctx)
	for info := range list.Info() {
		if info.Config.Name == keysStream {
			continue
		}
		names = append(names, info.Config.Name)
		messages += info.State.Msgs
	}
	if err := list.Err(); err != nil {
		return nil, 0, readError(ctx, "list the streams", err)
	}
	slices.SortFunc(names, ledgerLast)
	return names, messages, nil
}

func ledgerLast(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == ledgerStream || b != ledgerStream && a > b:
		return 1
	}
	return -1
}

// backupStream writes one stream. The snapshot is read on its way as whoever
// restores it will read it.
func (l *Ledger) backupStream(ctx context.Context, name string, w *frameWriter, progress func(uint64)) (BackupStream, error) {
	pieces := make(chan *nats.Msg, snapshotWindow/snapshotPiece+2)
	inbox := l.conn.NewInbox()
	subscription, err := l.conn.ChanSubscribe(inbox, pieces)
	if err != nil {
		return BackupStream{}, readError(ctx, "receive the snapshot", err)
	}
	defer func() { _ = subscription.Unsubscribe() }()

	var answer struct {
		Error  *jetstream.APIError `json:"error"`
		Config json.RawMessage     `json:"config"`
		State  json.RawMessage     `json:"state"`
	}
	err = request(ctx, l.conn, "$JS.API.STREAM.SNAPSHOT."+name, server.JSApiStreamSnapshotRequest{
		DeliverSubject: inbox,
		ChunkSize:      snapshotPiece,
		WindowSize:     snapshotWindow,
		// The ledger's own readers keep their place themselves.
		NoConsumers: name == ledgerStream,
	}, &answer)
	if err == nil && answer.Error != nil {
		err = answer.Error
	}
	if err != nil {
		return BackupStream{}, readError(ctx, "ask for the snapshot", err)
	}
	head := streamHead{Name: name, Config: answer.Config, State: answer.State}
	if err := json.Unmarshal(head.State, &head.state); err != nil {
		return BackupStream{}, fmt.Errorf("%w: its state: %w", ErrUnreadable, err)
	}
	if err := w.writeJSON(frameStream, head); err != nil {
		return BackupStream{}, err
	}

	reading, checked := io.Pipe()
	type finding struct {
		stream BackupStream
		err    error
	}
	found := make(chan finding, 1)
	go func() {
		stream, err := checkSnapshot(reading, head, progress)
		reading.CloseWithError(err)
		found <- finding{stream, err}
	}()
	err = receivePieces(ctx, pieces, func(piece []byte) error {
		if err := w.write(framePiece, piece); err != nil {
			return err
		}
		// Its error is what checkSnapshot found.
		_, _ = checked.Write(piece)
		return nil
	})
	if err != nil {
		checked.CloseWithError(err)
		<-found
		return BackupStream{}, err
	}
	checked.Close()
	check := <-found
	if check.err != nil {
		return BackupStream{}, fmt.Errorf("%w: %w", ErrUnreadable, check.err)
	}
	return check.stream, w.writeJSON(frameEnd, check.stream)
}

// receivePieces hands on the pieces of a snapshot until its end.
func receivePieces(ctx context.Context, pieces <-chan *nats.Msg, take func([]byte) error) error {
	late := time.NewTimer(snapshotWait)
	defer late.Stop()
	for {
		select {
		case msg := <-pieces:
			if status := msg.Header.Get("Status"); len(msg.Data) == 0 && status != "" && status != "204" {
				return fmt.Errorf("%w: the snapshot broke off: %s %s", ErrUnavailable, status, msg.Header.Get("Description"))
			}
			if len(msg.Data) == 0 {
				return nil
			}
			if err := take(msg.Data); err != nil {
				return err
			}
			if msg.Reply != "" {
				if err := msg.Respond(nil); err != nil {
					return readError(ctx, "receive the snapshot", err)
				}
			}
			late.Reset(snapshotWait)
		case <-late.C:
			return fmt.Errorf("%w: the snapshot broke off", ErrUnavailable)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// checkSnapshot reads a snapshot to its end and says what is in it. Of the
// ledger's own stream no revision may be missing.
func checkSnapshot(r io.Reader, head streamHead, progress func(messages uint64)) (BackupStream, error) {
	stream := BackupStream{Name: head.Name}
	messages := archive.NewReader(s2.NewReader(r))
	for ended := false; ; {
		entry, err := messages.Next()
		switch {
		case errors.Is(err, io.EOF) && !ended:
			return stream, fmt.Errorf("the snapshot of %s is cut off after sequence %d", head.Name, stream.Last)
		case errors.Is(err, io.EOF):
			return stream, head.agrees(stream)
		case err != nil:
			return stream, fmt.Errorf("the snapshot of %s, after sequence %d: %w", head.Name, stream.Last, err)
		case ended:
			return stream, fmt.Errorf("the snapshot of %s goes on after its end", head.Name)
		case entry.Sequence == 0:
			ended = entry.Name == ""
			continue
		case entry.Sequence <= stream.Last, head.Name == ledgerStream && entry.Sequence != stream.Last+1:
			return stream, fmt.Errorf("the snapshot of %s has sequence %d after %d", head.Name, entry.Sequence, stream.Last)
		}
		if stream.Messages++; stream.Messages == 1 {
			stream.First = entry.Sequence
		}
		stream.Last = entry.Sequence
		if progress != nil && stream.Messages%1024 == 0 {
			progress(stream.Messages)
		}
	}
}

// agrees says whether the messages are those that the stream's state speaks of.
// Behind the last message there may be sequences that were given out and are
// gone, but not in the ledger's own stream.
func (h streamHead) agrees(stream BackupStream) error {
	if stream.Last > h.state.LastSeq || stream.Messages > h.state.Msgs || h.Name == ledgerStream && stream.Last != h.state.LastSeq {
		return fmt.Errorf("the snapshot of %s holds %d messages up to sequence %d, and should hold %d up to %d",
			h.Name, stream.Messages, stream.Last, h.state.Msgs, h.state.LastSeq)
	}
	return nil
}

// request asks the server's API.
func request(ctx context.Context, conn *nats.Conn, subject string, question, answer any) error {
	data, err := json.Marshal(question)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, defaultAckWait)
	defer cancel()
	msg, err := conn.RequestWithContext(ctx, subject, data)
	if err != nil {
		return err
	}
	return json.Unmarshal(msg.Data, answer)
}

// digest is a hash in hexadecimal.
func digest(h hash.Hash) string { return hex.EncodeToString(h.Sum(make([]byte, 0, sha256.Size))) }
