package events

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// maxDepth bounds nesting. The data of an event lies three deep (commit,
// events, event, data) and its fields hold at most lists of maps of lists.
const (
	maxDepth  = 12
	dataDepth = 3
)

// ErrMalformed is returned by [Scan] and [Decode] when the bytes are not the
// canonical msgpack that this module writes.
var ErrMalformed = errors.New("malformed msgpack")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

// Scan checks, without allocating, that data is exactly one msgpack value as
// this module writes it: every length lies within the input, maps have string
// keys in strictly rising order, lengths, numbers and times are in their
// shortest form, the only extension is the timestamp, nesting is bounded, and
// nothing trails. A value of the kinds that msgpack knows thus has one single
// form that passes.
func Scan(data []byte) error {
	end, err := scan(data, 0, 0)
	if err != nil {
		return err
	}
	if end != len(data) {
		return malformed("%d bytes after the end", len(data)-end)
	}
	return nil
}

// scan checks the value at pos and returns where it ends.
func scan(b []byte, pos, depth int) (end int, err error) {
	if depth > maxDepth {
		return 0, malformed("nested deeper than %d", maxDepth)
	}
	kind, n, after, err := header(b, pos)
	if err != nil {
		return 0, err
	}
	switch kind {
	case aString, aBinary:
		return skip(b, after, n)
	case anArray:
		return scanArray(b, after, n, depth)
	case aMap:
		return scanMap(b, after, n, depth)
	}
	return scanScalar(b, pos)
}

func scanArray(b []byte, pos, n, depth int) (end int, err error) {
	if n > len(b)-pos {
		return 0, malformed("%d elements do not fit", n)
	}
	for range n {
		if pos, err = scan(b, pos, depth+1); err != nil {
			return 0, err
		}
	}
	return pos, nil
}

func scanMap(b []byte, pos, n, depth int) (end int, err error) {
	if n > (len(b)-pos)/2 {
		return 0, malformed("%d pairs do not fit", n)
	}
	var previous []byte
	for i := range n {
		key, after, err := scanString(b, pos)
		if err != nil {
			return 0, err
		}
		if i > 0 && string(key) <= string(previous) {
			return 0, malformed("key %.40q stands after %.40q; keys, and so struct fields, must be in alphabetical order",
				key, previous)
		}
		previous = key
		if pos, err = scan(b, after, depth+1); err != nil {
			return 0, err
		}
	}
	return pos, nil
}

// scanString returns the string at pos, still part of b, and where it ends.
func scanString(b []byte, pos int) (s []byte, end int, err error) {
	kind, n, after, err := header(b, pos)
	if err != nil {
		return nil, 0, err
	}
	if kind != aString {
		return nil, 0, malformed("want %s", aString)
	}
	if end, err = skip(b, after, n); err != nil {
		return nil, 0, err
	}
	return b[after:end], end, nil
}

// kind is a kind of msgpack value.
type kind byte

const (
	aScalar kind = iota // the only one without a length in front
	aString
	aBinary
	anArray
	aMap
)

func (k kind) String() string {
	return [...]string{"a number, a time, true or false", "a string", "bytes", "a list", "a map"}[k]
}

// header reads what a value with a length begins with: the kind, the length,
// and where the content starts. Other values are scalars, which it leaves to
// scanScalar.
func header(b []byte, pos int) (k kind, n, after int, err error) {
	if pos >= len(b) {
		return 0, 0, 0, malformed("ends early")
	}
	c := b[pos]
	pos++
	switch {
	case msgpcode.IsFixedString(c):
		return aString, int(c & msgpcode.FixedStrMask), pos, nil
	case msgpcode.IsFixedMap(c):
		return aMap, int(c & msgpcode.FixedMapMask), pos, nil
	case msgpcode.IsFixedArray(c):
		return anArray, int(c & msgpcode.FixedArrayMask), pos, nil
	}
	// The least length is what does not fit the next shorter form.
	var width, least int
	switch c {
	case msgpcode.Str8:
		k, width, least = aString, 1, 1<<5
	case msgpcode.Str16:
		k, width, least = aString, 2, 1<<8
	case msgpcode.Str32:
		k, width, least = aString, 4, 1<<16
	case msgpcode.Bin8:
		k, width, least = aBinary, 1, 0
	case msgpcode.Bin16:
		k, width, least = aBinary, 2, 1<<8
	case msgpcode.Bin32:
		k, width, least = aBinary, 4, 1<<16
	case msgpcode.Array16:
		k, width, least = anArray, 2, 1<<4
	case msgpcode.Array32:
		k, width, least = anArray, 4, 1<<16
	case msgpcode.Map16:
		k, width, least = aMap, 2, 1<<4
	case msgpcode.Map32:
		k, width, least = aMap, 4, 1<<16
	default:
		return aScalar, 0, 0, nil
	}
	if after, err = skip(b, pos, width); err != nil {
		return 0, 0, 0, err
	}
	length := unsigned(b[pos:after])
	if length > math.MaxInt32 { // no negative int where int has 32 bits
		return 0, 0, 0, malformed("a length of %d passes the end", length)
	}
	if int(length) < least {
		return 0, 0, 0, malformed("a length of %d is not in its shortest form", length)
	}
	return k, int(length), after, nil
}

// The bounds that a number must pass for its form to be the shortest: the
// forms follow each other by width, 1, 2, 4 and 8 bytes.
var (
	aboveUnsigned = [4]uint64{math.MaxInt8, math.MaxUint8, math.MaxUint16, math.MaxUint32}
	belowSigned   = [4]int64{-1 << 5, math.MinInt8, math.MinInt16, math.MinInt32}
)

// scanScalar checks a value that has no length in front.
func scanScalar(b []byte, pos int) (end int, err error) {
	if pos >= len(b) {
		return 0, malformed("ends early")
	}
	c := b[pos]
	pos++
	if msgpcode.IsFixedNum(c) {
		return pos, nil
	}
	switch c {
	case msgpcode.Nil, msgpcode.False, msgpcode.True:
		return pos, nil
	case msgpcode.Float:
		if end, err = skip(b, pos, 4); err != nil {
			return 0, err
		}
		return end, scanFraction(float64(math.Float32frombits(uint32(unsigned(b[pos:end])))))
	case msgpcode.Double:
		if end, err = skip(b, pos, 8); err != nil {
			return 0, err
		}
		return end, scanFraction(math.Float64frombits(unsigned(b[pos:end])))
	case msgpcode.Uint8, msgpcode.Uint16, msgpcode.Uint32, msgpcode.Uint64:
		form := c - msgpcode.Uint8
		if end, err = skip(b, pos, 1<<form); err != nil {
			return 0, err
		}
		if n := unsigned(b[pos:end]); n <= aboveUnsigned[form] {
			return 0, malformed("the number %d is not in its shortest form", n)
		}
		return end, nil
	case msgpcode.Int8, msgpcode.Int16, msgpcode.Int32, msgpcode.Int64:
		form := c - msgpcode.Int8
		if end, err = skip(b, pos, 1<<form); err != nil {
			return 0, err
		}
		unused := 64 - 8<<form
		if n := int64(unsigned(b[pos:end])<<unused) >> unused; n >= belowSigned[form] {
			return 0, malformed("the number %d is not in its shortest form", n)
		}
		return end, nil
	case msgpcode.FixExt4:
		return scanTime(b, pos, 4)
	case msgpcode.FixExt8:
		return scanTime(b, pos, 8)
	case msgpcode.Ext8:
		if pos >= len(b) || b[pos] != 12 {
			return 0, malformed("an extension that is no timestamp")
		}
		return scanTime(b, pos+1, 12)
	}
	return 0, malformed("code 0x%02x is not %s", c, aScalar)
}

// scanFraction refuses what is no number: it has many forms, and is not equal to
// itself.
func scanFraction(f float64) error {
	if math.IsNaN(f) {
		return malformed("a fraction that is no number")
	}
	return nil
}

// scanTime checks a timestamp of 4, 8 or 12 bytes and the type before it. The
// forms hold 32 bits of seconds; 30 bits of nanoseconds and 34 of seconds; 32
// of nanoseconds and 64 of seconds.
func scanTime(b []byte, pos, width int) (end int, err error) {
	if pos >= len(b) || int8(b[pos]) != -1 {
		return 0, malformed("an extension that is no timestamp")
	}
	if end, err = skip(b, pos+1, width); err != nil {
		return 0, err
	}
	var seconds, nanoseconds uint64
	var shorter bool
	switch b = b[pos+1 : end]; width {
	case 8:
		seconds, nanoseconds = unsigned(b)&(1<<34-1), unsigned(b)>>34
		shorter = nanoseconds == 0 && seconds < 1<<32
	case 12:
		seconds, nanoseconds = unsigned(b[4:]), unsigned(b[:4])
		shorter = seconds < 1<<34
	}
	if shorter || nanoseconds >= 1e9 {
		return 0, malformed("a time is not in its shortest form")
	}
	return end, nil
}

// unsigned reads a big-endian number of 1, 2, 4 or 8 bytes.
func unsigned(b []byte) uint64 {
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.BigEndian.Uint16(b))
	case 4:
		return uint64(binary.BigEndian.Uint32(b))
	default:
		return binary.BigEndian.Uint64(b)
	}
}

// skip steps over n bytes.
func skip(b []byte, pos, n int) (end int, err error) {
	if n > len(b)-pos {
		return 0, malformed("a length of %d passes the end", n)
	}
	return pos + n, nil
}
