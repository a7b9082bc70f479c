package events

import (
	"bytes"
	"errors"
	"reflect"
	"time"

	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

func writeBool(e *encoder, v reflect.Value) error { return e.enc.EncodeBool(v.Bool()) }

func readBool(d *decoder, v reflect.Value) error {
	c, err := d.scalar()
	if err != nil {
		return err
	}
	if c != msgpcode.False && c != msgpcode.True {
		return malformed("want true or false")
	}
	b, err := d.dec.DecodeBool()
	v.SetBool(b)
	return err
}

func writeInt(e *encoder, v reflect.Value) error { return e.enc.EncodeInt(v.Int()) }

func readInt(d *decoder, v reflect.Value) error {
	n, err := d.int()
	if err != nil {
		return err
	}
	if v.OverflowInt(n) {
		return malformed("the number %d is too large", n)
	}
	v.SetInt(n)
	return nil
}

func (d *decoder) int() (int64, error) {
	c, err := d.scalar()
	if err != nil {
		return 0, err
	}
	if !isUnsigned(c) && !isNegative(c) {
		return 0, malformed("want a whole number")
	}
	n, err := d.dec.DecodeInt64()
	if err == nil && n < 0 && isUnsigned(c) {
		err = malformed("the number %d is too large", uint64(n))
	}
	return n, err
}

// In its shortest form a number is written as unsigned unless it is negative.
func isUnsigned(c byte) bool {
	return c <= msgpcode.PosFixedNumHigh || c >= msgpcode.Uint8 && c <= msgpcode.Uint64
}

func isNegative(c byte) bool {
	return c >= msgpcode.NegFixedNumLow || c >= msgpcode.Int8 && c <= msgpcode.Int64
}

func writeUint(e *encoder, v reflect.Value) error { return e.enc.EncodeUint(v.Uint()) }

func readUint(d *decoder, v reflect.Value) error {
	c, err := d.scalar()
	if err != nil {
		return err
	}
	if !isUnsigned(c) {
		return malformed("want a whole number, not negative")
	}
	n, err := d.dec.DecodeUint64()
	if err != nil {
		return err
	}
	if v.OverflowUint(n) {
		return malformed("the number %d is too large", n)
	}
	v.SetUint(n)
	return nil
}

func writeString(e *encoder, v reflect.Value) error { return e.enc.EncodeString(v.String()) }

func readString(d *decoder, v reflect.Value) error {
	b, err := d.string()
	if err != nil {
		return err
	}
	v.SetString(d.share(b))
	return nil
}

func writeBytes(e *encoder, v reflect.Value) error {
	b := v.Bytes()
	if err := e.enc.EncodeBytesLen(len(b)); err != nil {
		return err
	}
	_, err := e.buf.Write(b)
	return err
}

func readBytes(d *decoder, v reflect.Value) error {
	n, err := d.length(aBinary)
	if err != nil || n == 0 {
		return err
	}
	end, err := skip(d.data, d.pos, n)
	if err != nil {
		return err
	}
	v.SetBytes(bytes.Clone(d.data[d.pos:end]))
	d.pos = end
	return nil
}

// The seconds that a time may lie in: the years that every reader can print.
const (
	firstSecond = -62135596800 // 0001-01-01T00:00:00Z
	lastSecond  = 253402300799 // 9999-12-31T23:59:59Z
)

var errYear = errors.New("the time lies outside the years 1 to 9999")

func writeTime(e *encoder, v reflect.Value) error {
	t := get[time.Time](v)
	if s := t.Unix(); s < firstSecond || s > lastSecond {
		return errYear
	}
	return e.enc.EncodeTime(t)
}

func readTime(d *decoder, v reflect.Value) error {
	c, err := d.scalar()
	if err != nil {
		return err
	}
	if c != msgpcode.FixExt4 && c != msgpcode.FixExt8 && c != msgpcode.Ext8 {
		return malformed("want a time")
	}
	t, err := d.dec.DecodeTime()
	if err != nil {
		return err
	}
	if s := t.Unix(); s < firstSecond || s > lastSecond {
		return malformed("%v", errYear)
	}
	*v.Addr().Interface().(*time.Time) = t.UTC()
	return nil
}

func emptyTime(v reflect.Value) bool { return get[time.Time](v).IsZero() }
