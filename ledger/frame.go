package ledger

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
)

// A backup begins with a line that says what it is. Then come frames:
//
//	kind(1) length(4) content checksum(4)
//
// big-endian; the checksum is CRC-32C over kind, length and content. It says
// where a file is damaged; the SHA-256 in the trailer says that it is whole.
const (
	backupLine   = "tenure ledger backup\n"
	frameFirst   = 5
	frameLast    = 4
	frameLongest = 4 << 20
)

var frameTable = crc32.MakeTable(crc32.Castagnoli)

// frameWriter writes frames.
type frameWriter struct {
	out     io.Writer
	all     hash.Hash
	started bool
}

func newFrameWriter(w io.Writer) *frameWriter { return &frameWriter{out: w, all: sha256.New()} }

func (w *frameWriter) writeJSON(kind byte, content any) error {
	data, err := json.Marshal(content)
	if err != nil {
		return err
	}
	return w.write(kind, data)
}

func (w *frameWriter) write(kind byte, content []byte) error {
	var frame []byte
	if !w.started {
		frame, w.started = append(frame, backupLine...), true
	}
	begin := len(frame)
	frame = append(frame, kind)
	frame = binary.BigEndian.AppendUint32(frame, uint32(len(content)))
	frame = append(frame, content...)
	frame = binary.BigEndian.AppendUint32(frame, crc32.Checksum(frame[begin:], frameTable))
	w.all.Write(frame)
	_, err := w.out.Write(frame)
	return err
}

// sum is the SHA-256 of all that was written.
func (w *frameWriter) sum() string { return digest(w.all) }

// frameReader reads frames, and says at which byte they are damaged.
type frameReader struct {
	in  *bufio.Reader
	all hash.Hash
	// at is where the next frame begins.
	at int64
}

func newFrameReader(r io.Reader) *frameReader {
	return &frameReader{in: bufio.NewReaderSize(r, 1<<20), all: sha256.New()}
}

// damaged says where the file is damaged, and how.
func (r *frameReader) damaged(format string, args ...any) error {
	return fmt.Errorf("%w, at byte %d: %w", ErrBackupDamaged, r.at, fmt.Errorf(format, args...))
}

// begin reads the file's first line.
func (r *frameReader) begin() error {
	line := make([]byte, len(backupLine))
	if _, err := io.ReadFull(r.in, line); err != nil && !cut(err) {
		return err
	} else if string(line) != backupLine {
		return r.damaged("it is no backup of a ledger")
	}
	r.all.Write(line)
	r.at += int64(len(line))
	return nil
}

// next reads a frame of one of the kinds. Before a trailer, sum is the SHA-256
// of all that comes before it.
func (r *frameReader) next(kinds string) (kind byte, content []byte, sum string, err error) {
	frame := make([]byte, frameFirst)
	if err := r.fill(frame); err != nil {
		return 0, nil, "", err
	}
	length := binary.BigEndian.Uint32(frame[1:])
	if length > frameLongest {
		return 0, nil, "", r.damaged("a part of %d bytes cannot be", length)
	}
	frame = append(frame, make([]byte, length+frameLast)...)
	if err := r.fill(frame[frameFirst:]); err != nil {
		return 0, nil, "", err
	}
	end := len(frame) - frameLast
	if binary.BigEndian.Uint32(frame[end:]) != crc32.Checksum(frame[:end], frameTable) {
		return 0, nil, "", r.damaged("the checksum of a part of %d bytes is wrong", length)
	}
	kind = frame[0]
	known := false
	for _, k := range []byte(kinds) {
		known = known || k == kind
	}
	if !known {
		return 0, nil, "", r.damaged("there is a part %q where one of %q should be", kind, kinds)
	}
	sum = digest(r.all)
	r.all.Write(frame)
	r.at += int64(len(frame))
	return kind, frame[frameFirst:end], sum, nil
}

func (r *frameReader) nextJSON(kind byte, content any) error {
	_, data, _, err := r.next(string(kind))
	if err != nil {
		return err
	}
	return r.decode(data, content)
}

func (r *frameReader) decode(data []byte, content any) error {
	if err := json.Unmarshal(data, content); err != nil {
		return r.damaged("%w", err)
	}
	return nil
}

// end demands that nothing follows.
func (r *frameReader) end() error {
	switch _, err := r.in.ReadByte(); {
	case err == nil:
		return r.damaged("it goes on after its trailer")
	case !errors.Is(err, io.EOF):
		return err
	}
	return nil
}

func (r *frameReader) fill(buffer []byte) error {
	_, err := io.ReadFull(r.in, buffer)
	if cut(err) {
		return r.damaged("it is cut off")
	}
	return err
}

func cut(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }
