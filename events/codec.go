package events

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/vmihailenco/msgpack/v5"
)

// ContentType is the media type of an encoded commit.
const ContentType = "application/vnd.tenure.commit+msgpack"

// ErrUnknown is returned by [Decode] for an event type, a version or a field
// that this build does not know: a newer build wrote it, or none did.
var ErrUnknown = errors.New("unknown")

var (
	commitForm = formOf(reflect.TypeFor[Commit]())
	eventsForm = formOf(reflect.TypeFor[Events]())
	readCommit = readerOf[Commit](commitForm)
	readEvents = readerOf[Events](eventsForm)
)

// Encode writes a commit: msgpack, keys sorted, every value in its shortest
// form. Equal commits are equal bytes; a nil slice equals an empty one, and a
// time equals the same instant in another zone.
//
// It returns an error for an event that is not in the catalogue and for a time
// outside the years 1 to 9999.
func Encode(c Commit) ([]byte, error) {
	data, err := encode(commitForm, catalogue, reflect.ValueOf(&c).Elem())
	if err != nil {
		return nil, fmt.Errorf("encode commit: %w", err)
	}
	return data, nil
}

// Decode reads a commit from bytes of any origin. It accepts what [Encode]
// writes, now or in the past, and nothing else: unless the commit holds an
// event of an older version, encoding it again gives the same bytes. Times are
// in UTC, empty slices are nil, and nothing shares memory with data.
//
// It returns [ErrMalformed] or [ErrUnknown]. However hostile the input, what
// is allocated is a small multiple of its size.
func Decode(data []byte) (Commit, error) { return decodeCommit(data, catalogue) }

func decodeCommit(data []byte, types *registry) (Commit, error) {
	c, err := decode(readCommit, types, data)
	if err != nil {
		return Commit{}, fmt.Errorf("decode commit: %w", err)
	}
	return c, nil
}

// Marshal writes a value of this module as canonical msgpack. What [Scan]
// would refuse is refused: struct fields must be declared in the order of
// their json names, and maps be of string to string, bool or any.
func Marshal(v any) ([]byte, error) {
	e := takeEncoder(nil)
	defer encoders.Put(e)
	if err := e.enc.Encode(v); err != nil {
		return nil, err
	}
	if err := Scan(e.buf.Bytes()); err != nil {
		return nil, fmt.Errorf("%T could not be read again: %w", v, err)
	}
	return bytes.Clone(e.buf.Bytes()), nil
}

// Unmarshal reads canonical msgpack of any origin into v, a pointer. Input
// that fails [Scan], or that carries a field v does not know, is refused. A
// field that the input lacks keeps its value. Struct fields that are times are
// set in UTC.
func Unmarshal(data []byte, v any) error {
	if err := Scan(data); err != nil {
		return err
	}
	d := takeDecoder(nil, data)
	if err := d.dec.Decode(v); err != nil {
		return err
	}
	d.release()
	return nil
}

// EncodeMsgpack writes the commit as [Encode] does, as part of another value.
func (c Commit) EncodeMsgpack(enc *msgpack.Encoder) error {
	return encodeInto(enc, commitForm, reflect.ValueOf(c))
}

// DecodeMsgpack reads what EncodeMsgpack wrote.
func (c *Commit) DecodeMsgpack(dec *msgpack.Decoder) error { return decodeFrom(dec, readCommit, c) }

// EncodeMsgpack writes the events as they stand in a commit, as part of
// another value.
func (es Events) EncodeMsgpack(enc *msgpack.Encoder) error {
	return encodeInto(enc, eventsForm, reflect.ValueOf(es))
}

// DecodeMsgpack reads what EncodeMsgpack wrote, in any known version.
func (es *Events) DecodeMsgpack(dec *msgpack.Decoder) error { return decodeFrom(dec, readEvents, es) }

// EncodeMsgpack refuses: a record has no written form. The commit's method
// would otherwise stand in, and the revision be lost in silence.
func (Record) EncodeMsgpack(*msgpack.Encoder) error { return errRecord }

// DecodeMsgpack refuses, as EncodeMsgpack does.
func (*Record) DecodeMsgpack(*msgpack.Decoder) error { return errRecord }

var errRecord = errors.New("a record has no written form: write its commit and its revision")

func encodeInto(enc *msgpack.Encoder, f form, v reflect.Value) error {
	data, err := encode(f, catalogue, v)
	if err != nil {
		return err
	}
	return enc.Encode(msgpack.RawMessage(data))
}

func decodeFrom[T any](dec *msgpack.Decoder, read func(*decoder) (T, error), into *T) error {
	data, err := dec.DecodeRaw()
	if err != nil {
		return err
	}
	v, err := decode(read, catalogue, data)
	if err == nil {
		*into = v
	}
	return err
}

// encode writes v in its form.
func encode(f form, types *registry, v reflect.Value) ([]byte, error) {
	e := takeEncoder(types)
	defer encoders.Put(e)
	if err := f.write(e, v); err != nil {
		return nil, err
	}
	return bytes.Clone(e.buf.Bytes()), nil
}

// decode reads data of any origin as one value, and no more.
func decode[T any](read func(*decoder) (T, error), types *registry, data []byte) (T, error) {
	d := takeDecoder(types, data)
	v, err := read(d)
	if err == nil && d.pos < len(data) {
		err = malformed("%d bytes after the end", len(data)-d.pos)
	}
	if err != nil {
		return v, err
	}
	d.release()
	return v, nil
}

func init() {
	// The library gives times in the local zone, where one ledger would read
	// differently on two machines.
	msgpack.Register(time.Time{}, nil, func(dec *msgpack.Decoder, v reflect.Value) error {
		t, err := dec.DecodeTime()
		v.Set(reflect.ValueOf(t.UTC()))
		return err
	})
}

// encoder is a msgpack encoder and the buffer under it. Bytes that are always
// the same, such as keys, go straight into the buffer.
type encoder struct {
	buf   bytes.Buffer
	enc   *msgpack.Encoder
	types *registry
}

var encoders = sync.Pool{New: func() any {
	e := &encoder{}
	e.enc = msgpack.NewEncoder(&e.buf)
	e.enc.SetCustomStructTag("json")
	e.enc.SetSortMapKeys(true)
	e.enc.UseCompactInts(true)
	return e
}}

func takeEncoder(types *registry) *encoder {
	e := encoders.Get().(*encoder)
	e.buf.Reset()
	e.types = types
	return e
}

// decoder is a msgpack decoder and the input under it.
type decoder struct {
	input
	dec   *msgpack.Decoder
	types *registry
	// lifted is set while data is read that an upcaster made.
	lifted bool
	// recent holds strings read lately, by their hash. The same ids come again
	// and again in a ledger: sharing them saves the allocation, and whoever
	// keeps them the memory.
	recent [512]string
}

var decoders = sync.Pool{New: func() any {
	d := &decoder{}
	d.dec = msgpack.NewDecoder(&d.input)
	d.dec.SetCustomStructTag("json")
	d.dec.DisallowUnknownFields(true)
	return d
}}

func takeDecoder(types *registry, data []byte) *decoder {
	d := decoders.Get().(*decoder)
	d.input = input{data: data}
	d.types, d.lifted = types, false
	return d
}

// release gives a decoder back that has not failed. After a failure the
// library may still be recording a raw value, so such a decoder is dropped.
func (d *decoder) release() {
	d.input = input{}
	decoders.Put(d)
}
