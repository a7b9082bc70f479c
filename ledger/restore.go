package ledger

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/oklog/ulid/v2"

	"tenure/events"
)

// RestoreOptions say how to restore.
type RestoreOptions struct {
	// Logger takes the log of the servers that restore; nil for slog.Default.
	Logger *slog.Logger
	// Progress, if not nil, is told how many messages of the stream were read.
	Progress func(stream string, done, total uint64)
	// Complete, if not nil, is called with the restored ledger, open, and the
	// folder in which it is being built, for instance to put the records back.
	// If it returns an error nothing is restored.
	Complete func(ctx context.Context, l *Ledger, dir string) error
}

// RestoreBackup makes a new data folder of a backup: the same ledger with the
// same revisions, payloads, headers and recorded times, without records.
//
// dir must not exist, or be empty: [ErrNotEmpty]. The folder is built beside it,
// in DIR.restoring, read once from end to end, and gets its name last. So after
// an error, or when the process is killed, there is nothing in dir; what a
// killed one has left beside it, the next one removes.
//
// It returns [ErrBackupDamaged] when the file is cut off, altered or no backup,
// saying where, [ErrSettings] when it was made with other settings than this
// program needs, and [ErrLocked] while another process restores to dir.
//
// To go back to an older copy of a data folder, open that copy with [Open],
// make a backup of it and restore that: its records stay behind.
func RestoreBackup(ctx context.Context, dir string, r io.Reader, o RestoreOptions) (Backup, error) {
	o.Logger = cmp.Or(o.Logger, slog.Default())
	if err := wantEmpty(dir); err != nil {
		return Backup{}, fmt.Errorf("restore to %s: %w", dir, err)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Backup{}, err
	}
	building := folder(dir + ".restoring")
	lock, err := building.clean()
	if err != nil {
		return Backup{}, fmt.Errorf("restore to %s: %w", dir, err)
	}
	b, err := building.restore(ctx, r, lock, o)
	if err == nil {
		err = building.becomes(dir)
	}
	if err != nil {
		return b, errors.Join(fmt.Errorf("restore to %s: %w", dir, err), os.RemoveAll(string(building)))
	}
	return b, nil
}

// wantEmpty says whether something could be lost in a folder.
func wantEmpty(dir string) error {
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if len(files) > 0 {
		return fmt.Errorf("%w: it holds %s; restore to a new folder", ErrNotEmpty, files[0].Name())
	}
	return nil
}

// clean makes the folder, or removes what a restore that was killed has left in
// it, and locks it.
func (f folder) clean() (lock *os.File, err error) {
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return nil, err
	}
	if lock, err = f.lock(); err != nil {
		return nil, err
	}
	files, err := os.ReadDir(string(f))
	for _, file := range files {
		if path := filepath.Join(string(f), file.Name()); path != f.lockFile() {
			err = errors.Join(err, os.RemoveAll(path))
		}
	}
	if err != nil {
		lock.Close()
		return nil, err
	}
	return lock, nil
}

// restore builds the folder. It gives back the lock.
func (f folder) restore(ctx context.Context, r io.Reader, lock *os.File, o RestoreOptions) (Backup, error) {
	b, err := f.restoreStreams(ctx, r, o)
	if err == nil {
		err = f.writeIdentity(identity{ID: b.Ledger, Format: folderFormat, CreatedAt: b.CreatedAt})
	}
	if err != nil {
		lock.Close()
		return b, err
	}
	l, err := Open(ctx, Options{Dir: string(f), Logger: o.Logger, held: lock})
	if err != nil {
		return b, err
	}
	err = l.Replay(ctx, 0, func(events.Record) error { return nil })
	if err == nil && o.Complete != nil {
		err = o.Complete(ctx, l, string(f))
	}
	if err = errors.Join(err, l.Close(context.WithoutCancel(ctx))); err != nil {
		return b, err
	}
	return b, f.syncAll()
}

// restoreStreams lets a server of its own restore the streams.
func (f folder) restoreStreams(ctx context.Context, r io.Reader, o RestoreOptions) (b Backup, err error) {
	// All is synced at the end. The permissions keep the ledger's own user from
	// restoring over a stream; here there is nothing to lose.
	s, password, err := startServer(f.natsDir(), o.Logger, false, nil)
	if err != nil {
		return b, err
	}
	defer func() {
		s.Shutdown()
		s.WaitForShutdown()
	}()
	conn, err := nats.Connect("", nats.InProcessServer(s), nats.UserInfo(writerUser, password), nats.Name("restore"))
	if err != nil {
		return b, fmt.Errorf("%w: connect to the NATS server: %w", ErrUnavailable, err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		return b, err
	}

	in := newFrameReader(r)
	if err := in.begin(); err != nil {
		return b, err
	}
	if err := in.nextJSON(frameHead, &b); err != nil {
		return b, err
	}
	if b.Format != backupFormat {
		return b, fmt.Errorf("%w: the backup has format %d, and this program knows format %d only", ErrSettings, b.Format, backupFormat)
	}
	if _, err := ulid.ParseStrict(b.Ledger); err != nil {
		return b, in.damaged("the ledger's id is no ULID")
	}
	b.Streams = nil
	for {
		kind, content, sum, err := in.next(string([]byte{frameStream, frameTrailer}))
		if err != nil {
			return b, err
		}
		if kind == frameTrailer {
			if err := b.endsWith(in, content, sum); err != nil {
				return b, err
			}
			break
		}
		stream, err := f.restoreStream(ctx, conn, in, content, b, o)
		if err != nil {
			return b, err
		}
		b.Streams = append(b.Streams, stream)
	}
	for _, config := range wantedStreams(b.Ledger) {
		if config.Name == keysStream {
			_, err = js.CreateStream(ctx, config)
		} else {
			var restored jetstream.Stream
			if restored, err = js.Stream(ctx, config.Name); err == nil {
				if err := compareSettings(config, restored.CachedInfo().Config); err != nil {
					return b, err
				}
			}
		}
		if err != nil {
			return b, fmt.Errorf("%w: stream %s: %w", ErrUnavailable, config.Name, err)
		}
	}
	return b, nil
}

// endsWith compares the trailer with what was read.
func (b *Backup) endsWith(in *frameReader, content []byte, sum string) error {
	var trailer Backup
	if err := in.decode(content, &trailer); err != nil {
		return err
	}
	if trailer.SHA256 != sum {
		return in.damaged("its SHA-256 is %s, and should be %s", sum, trailer.SHA256)
	}
	if trailer.Ledger != b.Ledger || !slices.Equal(trailer.Streams, b.Streams) {
		return in.damaged("its trailer speaks of other streams")
	}
	if len(b.Streams) == 0 || b.Streams[len(b.Streams)-1].Name != ledgerStream {
		return in.damaged("it does not end with the stream %s", ledgerStream)
	}
	b.SHA256 = sum
	return in.end()
}

// restoreStream restores one stream. Its snapshot is kept in a file and checked
// before the server gets it, which waits for no slow reader.
func (f folder) restoreStream(ctx context.Context, conn *nats.Conn, in *frameReader, content []byte, b Backup, o RestoreOptions) (BackupStream, error) {
	var head streamHead
	if err := in.decode(content, &head); err != nil {
		return BackupStream{}, err
	}
	if err := in.decode(head.State, &head.state); err != nil {
		return BackupStream{}, err
	}
	if !streamName.MatchString(head.Name) || head.Name == keysStream {
		return BackupStream{}, in.damaged("a stream %.40q has no place in it", head.Name)
	}
	if n := len(b.Streams); n > 0 && ledgerLast(b.Streams[n-1].Name, head.Name) >= 0 {
		return BackupStream{}, in.damaged("stream %s comes after %s", head.Name, b.Streams[n-1].Name)
	}
	snapshot, err := os.OpenFile(filepath.Join(string(f), "snapshot"), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return BackupStream{}, err
	}
	defer os.Remove(snapshot.Name())
	defer snapshot.Close()
	var want BackupStream
	for want.Name == "" {
		if err := ctx.Err(); err != nil {
			return BackupStream{}, err
		}
		kind, content, _, err := in.next(string([]byte{framePiece, frameEnd}))
		if err != nil {
			return BackupStream{}, err
		}
		if kind == framePiece {
			if _, err := snapshot.Write(content); err != nil {
				return BackupStream{}, err
			}
			continue
		}
		if err := in.decode(content, &want); err != nil {
			return BackupStream{}, err
		}
		if want.Name != head.Name {
			return BackupStream{}, in.damaged("the end of stream %.40q comes after the beginning of %s", want.Name, head.Name)
		}
	}
	progress := func(n uint64) {
		if o.Progress != nil {
			o.Progress(head.Name, n, want.Messages)
		}
	}
	if _, err := snapshot.Seek(0, io.SeekStart); err != nil {
		return BackupStream{}, err
	}
	have, err := checkSnapshot(snapshot, head, progress)
	if err != nil {
		return BackupStream{}, in.damaged("%w", err)
	}
	if have != want {
		return BackupStream{}, in.damaged("the snapshot holds %+v, and should hold %+v", have, want)
	}
	if _, err := snapshot.Seek(0, io.SeekStart); err != nil {
		return BackupStream{}, err
	}
	if err := sendSnapshot(ctx, conn, head, snapshot); err != nil {
		return BackupStream{}, fmt.Errorf("stream %s: %w", head.Name, err)
	}
	return have, nil
}

// sendSnapshot gives a snapshot to the server.
func sendSnapshot(ctx context.Context, conn *nats.Conn, head streamHead, snapshot io.Reader) error {
	var answer struct {
		Error   *jetstream.APIError `json:"error"`
		Deliver string              `json:"deliver_subject"`
		State   server.StreamState  `json:"state"`
	}
	err := request(ctx, conn, "$JS.API.STREAM.RESTORE."+head.Name,
		map[string]json.RawMessage{"config": head.Config, "state": head.State}, &answer)
	if err == nil && answer.Error != nil {
		err = answer.Error
	}
	if err != nil {
		return readError(ctx, "restore it", err)
	}
	// The server answers each piece when it has taken it in, with nothing, or
	// with the reason why it does not.
	send := func(piece []byte, wait time.Duration) error {
		ctx, cancel := context.WithTimeout(ctx, wait)
		defer cancel()
		msg, err := conn.RequestWithContext(ctx, answer.Deliver, piece)
		if err == nil && len(msg.Data) > 0 {
			if err = json.Unmarshal(msg.Data, &answer); err == nil && answer.Error != nil {
				err = answer.Error
			}
		}
		return err
	}
	piece := make([]byte, snapshotPiece)
	for {
		n, err := io.ReadFull(snapshot, piece)
		if n > 0 {
			if err := send(piece[:n], snapshotWait); err != nil {
				return readError(ctx, "restore it", err)
			}
		}
		if cut(err) {
			break
		}
		if err != nil {
			return err
		}
	}
	if err := send(nil, 10*snapshotWait); err != nil {
		return readError(ctx, "restore it", err)
	}
	if answer.State.LastSeq != head.state.LastSeq {
		return fmt.Errorf("%w: the server restored it up to sequence %d, and not %d", ErrUnavailable, answer.State.LastSeq, head.state.LastSeq)
	}
	return nil
}

// syncAll makes everything in the folder durable.
func (f folder) syncAll() error {
	return filepath.WalkDir(string(f), func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return syncDir(path)
	})
}

// becomes gives the folder the name of another one, which must be empty.
func (f folder) becomes(dir string) error {
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", ErrNotEmpty, err)
	}
	if err := os.Rename(string(f), dir); err != nil {
		return err
	}
	return syncDir(filepath.Dir(dir))
}
