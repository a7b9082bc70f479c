package events

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// everyForm has a field of every type that an event may have.
type everyForm struct {
	Bool    bool         `json:"a_bool,omitempty"`
	Bytes   []byte       `json:"b_bytes,omitempty"`
	Int     int64        `json:"c_int,omitempty"`
	Int8    int8         `json:"d_int8"`
	List    []everyInner `json:"e_list,omitempty"`
	String  string       `json:"f_string,omitempty"`
	Strings []RoleID     `json:"g_strings,omitempty"`
	Struct  everyInner   `json:"h_struct,omitempty"`
	Time    time.Time    `json:"i_time,omitempty"`
	Uint16  uint16       `json:"j_uint16"`
	Uint64  uint64       `json:"k_uint64"`
}

type everyInner struct {
	Bytes []byte    `json:"bytes"`
	Time  time.Time `json:"time"`
}

func TestEveryForm(t *testing.T) {
	f := formOf(reflect.TypeFor[everyForm]())
	read := readerOf[everyForm](f)
	check := func(t rapid.TB, want everyForm) {
		data, err := encode(f, catalogue, reflect.ValueOf(want))
		if err != nil {
			t.Fatal(err)
		}
		if err := Scan(data); err != nil {
			t.Fatal(err)
		}
		got, err := decode(read, catalogue, data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	}
	for name, want := range map[string]everyForm{
		"empty":                 {},
		"greatest":              {Int: math.MaxInt64, Int8: math.MaxInt8, Uint16: math.MaxUint16, Uint64: math.MaxUint64},
		"least":                 {Int: math.MinInt64, Int8: math.MinInt8},
		"list of empty structs": {List: make([]everyInner, 20)},
		"long":                  {String: string(make([]byte, 1<<16)), Bytes: make([]byte, 1<<16), Strings: make([]RoleID, 1<<16)},
	} {
		t.Run(name, func(t *testing.T) { check(t, want) })
	}
	rapid.Check(t, func(t *rapid.T) {
		var want everyForm
		draw(t, reflect.ValueOf(&want).Elem(), rapid.Bool().Draw(t, "all"))
		check(t, want)
	})
	rapid.Check(t, func(t *rapid.T) {
		var sound everyForm
		draw(t, reflect.ValueOf(&sound).Elem(), false)
		data, err := encode(f, catalogue, reflect.ValueOf(sound))
		if err != nil {
			t.Fatal(err)
		}
		data = damage(t, data)
		got, err := decode(read, catalogue, data)
		if err != nil {
			return
		}
		if again, err := encode(f, catalogue, reflect.ValueOf(got)); err != nil || !bytes.Equal(data, again) {
			t.Fatalf("two encodings of one value, %v:\n%x\n%x", err, data, again)
		}
	})
}

// TestEmptyWithinEmpty: what is left out must not depend on how emptiness is
// spelled in Go.
func TestEmptyWithinEmpty(t *testing.T) {
	f := formOf(reflect.TypeFor[everyForm]())
	zone := time.FixedZone("UTC+1", 3600)
	plain, err := encode(f, catalogue, reflect.ValueOf(everyForm{}))
	if err != nil {
		t.Fatal(err)
	}
	odd, err := encode(f, catalogue, reflect.ValueOf(everyForm{
		List: []everyInner{}, Time: time.Time{}.In(zone), Struct: everyInner{Bytes: []byte{}, Time: time.Time{}.In(zone)},
	}))
	if err != nil || !bytes.Equal(plain, odd) {
		t.Errorf("%x\n%x, %v", plain, odd, err)
	}
}

func TestNumbersOutOfRange(t *testing.T) {
	type wide struct {
		Int8   int64  `json:"d_int8"`
		Uint16 int64  `json:"j_uint16"`
		Uint64 uint64 `json:"k_uint64"`
	}
	type signed struct {
		Int    uint64 `json:"c_int"`
		Int8   int64  `json:"d_int8"`
		Uint16 int64  `json:"j_uint16"`
		Uint64 uint64 `json:"k_uint64"`
	}
	read := readerOf[everyForm](formOf(reflect.TypeFor[everyForm]()))
	for name, written := range map[string]any{
		"above int8":      wide{Int8: 128},
		"below int8":      wide{Int8: -129},
		"above uint16":    wide{Uint16: 1 << 16},
		"negative uint16": wide{Uint16: -1},
		"above int64":     signed{Int: 1 << 63},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := Marshal(written)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := decode(read, catalogue, data); !errors.Is(err, ErrMalformed) {
				t.Errorf("read %+v, %v", got, err)
			}
		})
	}
}

func TestFormRefuses(t *testing.T) {
	type unsorted struct {
		B int `json:"b"`
		A int `json:"a"`
	}
	type unnamed struct{ A int }
	type embedding struct {
		everyInner `json:"inner"`
	}
	for name, test := range map[string]struct {
		t    reflect.Type
		says string
	}{
		"unsorted fields":     {reflect.TypeFor[unsorted](), "the fields of events.unsorted are not in the alphabetical order of their json names: a stands after b"},
		"a field with no tag": {reflect.TypeFor[unnamed](), "must be exported and have a json name"},
		"embedding":           {reflect.TypeFor[embedding](), "must be exported and have a json name"},
		"a map":               {reflect.TypeFor[map[string]string](), "cannot hold a map[string]string"},
		"a fraction":          {reflect.TypeFor[float64](), "cannot hold a float64"},
		"a pointer":           {reflect.TypeFor[*string](), "cannot hold a *string"},
		"a list of anything":  {reflect.TypeFor[[]any](), "cannot hold a interface {}"},
	} {
		t.Run(name, func(t *testing.T) { checkPanic(t, func() { formOf(test.t) }, test.says) })
	}
}
