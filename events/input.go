package events

import (
	"bytes"
	"errors"
	"hash/maphash"
	"io"
)

// input is bytes and a place in them. The msgpack decoder reads from it;
// knowing the place, we compare keys and scan values without a copy.
type input struct {
	data []byte
	pos  int
}

// Read implements [io.Reader] for the msgpack decoder.
func (in *input) Read(p []byte) (int, error) {
	if in.pos >= len(in.data) {
		return 0, io.EOF
	}
	n := copy(p, in.data[in.pos:])
	in.pos += n
	return n, nil
}

// ReadByte implements [io.ByteScanner] for the msgpack decoder.
func (in *input) ReadByte() (byte, error) {
	if in.pos >= len(in.data) {
		return 0, io.EOF
	}
	in.pos++
	return in.data[in.pos-1], nil
}

// UnreadByte implements [io.ByteScanner] for the msgpack decoder.
func (in *input) UnreadByte() error {
	if in.pos == 0 {
		return errors.New("nothing to unread")
	}
	in.pos--
	return nil
}

// accept steps over the expected bytes if they come next. The first byte of a
// key tells its length, which alone rules out most others.
func (in *input) accept(expected []byte) bool {
	if in.pos >= len(in.data) || in.data[in.pos] != expected[0] ||
		!bytes.HasPrefix(in.data[in.pos:], expected) {
		return false
	}
	in.pos += len(expected)
	return true
}

// scalar checks that a whole number, time or truth value comes next, and
// returns its code. The msgpack decoder then reads it without surprise.
func (in *input) scalar() (byte, error) {
	if _, err := scanScalar(in.data, in.pos); err != nil {
		return 0, err
	}
	return in.data[in.pos], nil
}

// string steps over a string and returns it, still part of the input.
func (in *input) string() ([]byte, error) {
	s, end, err := scanString(in.data, in.pos)
	if err == nil {
		in.pos = end
	}
	return s, err
}

// length steps over what announces a value of the wanted kind, and returns the
// value's length: of bytes in bytes, of a list in elements, of a map in pairs.
func (in *input) length(wanted kind) (int, error) {
	k, n, after, err := header(in.data, in.pos)
	if err != nil {
		return 0, err
	}
	if k != wanted {
		return 0, malformed("want %s", wanted)
	}
	in.pos = after
	return n, nil
}

var seed = maphash.MakeSeed()

// share returns b as a string: the same one as last time, where it is short.
func (d *decoder) share(b []byte) string {
	if len(b) > 64 {
		return string(b)
	}
	slot := &d.recent[maphash.Bytes(seed, b)%uint64(len(d.recent))]
	if *slot != string(b) {
		*slot = string(b)
	}
	return *slot
}
