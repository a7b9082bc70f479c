package events

import (
	"fmt"
	"math/bits"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/vmihailenco/msgpack/v5"
)

// form is how values of one Go type are written and read. Forms are built from
// the types alone, when the program starts: so an event needs no code of its
// own, and replay looks nothing up by name.
type form struct {
	write func(*encoder, reflect.Value) error
	// read sets a zero value from bytes of any origin, and refuses what write
	// would not have written.
	read func(*decoder, reflect.Value) error
	// empty says whether an optional field of this type is left out.
	empty func(reflect.Value) bool
	// least is the length of the shortest value. It keeps a list from claiming
	// more elements, and so more memory, than its bytes can hold.
	least int
}

// formOf builds the form of a type. It panics on a type that the ledger cannot
// hold: that is a mistake in this package, found by any test.
func formOf(t reflect.Type) form {
	switch t {
	case reflect.TypeFor[Events]():
		return form{writeEventList, readEventList, emptyList, 1}
	case reflect.TypeFor[time.Time]():
		return form{writeTime, readTime, emptyTime, 6}
	}
	switch t.Kind() {
	case reflect.Bool:
		return form{writeBool, readBool, reflect.Value.IsZero, 1}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return form{writeInt, readInt, reflect.Value.IsZero, 1}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return form{writeUint, readUint, reflect.Value.IsZero, 1}
	case reflect.String:
		return form{writeString, readString, emptyList, 1}
	case reflect.Struct:
		return structForm(t)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return form{writeBytes, readBytes, emptyList, 2}
		}
		return listForm(t)
	}
	panic(fmt.Sprintf("events: the ledger cannot hold a %s", t))
}

// readerOf reads values of a form as T. It reads into a variable that is used
// again and again, because one that reflection sets cannot live on the stack.
func readerOf[T any](f form) func(*decoder) (T, error) {
	var zero T
	variables := sync.Pool{New: func() any { return new(T) }}
	return func(d *decoder) (T, error) {
		variable := variables.Get().(*T)
		if err := f.read(d, reflect.ValueOf(variable).Elem()); err != nil {
			return zero, err
		}
		value := *variable
		*variable = zero
		variables.Put(variable)
		return value, nil
	}
}

// field is one field of a struct, as it is written.
type field struct {
	form
	name     string
	key      []byte // the name in msgpack
	index    int
	optional bool // left out when empty
}

// fieldsOf lists the fields of a struct. It panics where they do not stand in
// the order of their json names, since that is the order they are written in.
func fieldsOf(t reflect.Type) []field {
	if t.NumField() > 64 {
		panic(fmt.Sprintf("events: %s has more than 64 fields", t))
	}
	var fields []field
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" || f.Anonymous || !f.IsExported() {
			panic(fmt.Sprintf("events: %s.%s must be exported and have a json name", t, f.Name))
		}
		if i > 0 && name <= fields[i-1].name {
			panic(fmt.Sprintf("events: the fields of %s are not in the alphabetical order of their json names: %s stands after %s",
				t, name, fields[i-1].name))
		}
		key, err := msgpack.Marshal(name)
		if err != nil {
			panic(err)
		}
		fields = append(fields, field{
			form: formOf(f.Type), name: name, key: key, index: i,
			optional: strings.Contains(options, "omitempty"),
		})
	}
	return fields
}

// structForm is a map from the fields' names to their values.
func structForm(t reflect.Type) form {
	fields := fieldsOf(t)
	least := 1
	for i := range fields {
		if f := &fields[i]; !f.optional {
			least += len(f.key) + f.least
		}
	}
	return form{
		write: func(e *encoder, v reflect.Value) error { return writeStruct(e, v, fields) },
		read:  func(d *decoder, v reflect.Value) error { return readStruct(d, v, fields) },
		empty: func(v reflect.Value) bool {
			for i := range fields {
				if f := &fields[i]; !f.empty(v.Field(f.index)) {
					return false
				}
			}
			return true
		},
		least: least,
	}
}

func writeStruct(e *encoder, v reflect.Value, fields []field) error {
	var present uint64 // one bit for each field
	for i := range fields {
		if f := &fields[i]; !f.optional || !f.empty(v.Field(f.index)) {
			present |= 1 << i
		}
	}
	if err := e.enc.EncodeMapLen(bits.OnesCount64(present)); err != nil {
		return err
	}
	for i := range fields {
		if present&(1<<i) == 0 {
			continue
		}
		f := &fields[i]
		e.buf.Write(f.key)
		if err := f.write(e, v.Field(f.index)); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return nil
}

// readStruct walks the fields and the written keys side by side: both are
// sorted, so that each key is found by comparing it with few names.
func readStruct(d *decoder, v reflect.Value, fields []field) error {
	written, err := d.length(aMap)
	if err != nil {
		return err
	}
	for i := range fields {
		f := &fields[i]
		if written == 0 || !d.accept(f.key) {
			if !f.optional {
				return d.unexpected(f.name, written)
			}
			continue
		}
		written--
		value := v.Field(f.index)
		if err := f.read(d, value); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		if f.optional && !d.lifted && f.empty(value) {
			return malformed("field %q is empty, and so must be left out", f.name)
		}
	}
	if written > 0 {
		return d.unexpected("", written)
	}
	return nil
}

// unexpected says what is wrong where the next key is not the wanted one.
// Wanted is empty after the last field.
func (d *decoder) unexpected(wanted string, written int) error {
	if written > 0 {
		key, _, err := scanString(d.data, d.pos)
		if err != nil {
			return err
		}
		if wanted == "" || string(key) < wanted {
			return fmt.Errorf("%w field %.40q, or out of order", ErrUnknown, key)
		}
	}
	return malformed("field %q is missing", wanted)
}

// listForm is an array of values of one form.
func listForm(t reflect.Type) form {
	element := formOf(t.Elem())
	return form{
		write: func(e *encoder, v reflect.Value) error {
			if err := e.enc.EncodeArrayLen(v.Len()); err != nil {
				return err
			}
			for i := range v.Len() {
				if err := element.write(e, v.Index(i)); err != nil {
					return err
				}
			}
			return nil
		},
		read: func(d *decoder, v reflect.Value) error {
			n, err := d.listLen(element.least)
			if err != nil || n == 0 {
				return err
			}
			list := reflect.MakeSlice(t, n, n)
			for i := range n {
				if err := element.read(d, list.Index(i)); err != nil {
					return err
				}
			}
			v.Set(list)
			return nil
		},
		empty: emptyList,
		least: 1,
	}
}

// listLen reads the length of an array whose elements take at least so many
// bytes each.
func (d *decoder) listLen(least int) (int, error) {
	n, err := d.length(anArray)
	if err != nil {
		return 0, err
	}
	if n > (len(d.data)-d.pos)/least {
		return 0, malformed("%d elements do not fit", n)
	}
	return n, nil
}

func emptyList(v reflect.Value) bool { return v.Len() == 0 }

// get returns the value as a T, without a copy on the heap where it can.
func get[T any](v reflect.Value) T {
	if v.CanAddr() {
		return *v.Addr().Interface().(*T)
	}
	return v.Interface().(T)
}
