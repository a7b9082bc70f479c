package events

import (
	"errors"
	"strings"
	"testing"
)

// hostile is input that Scan must refuse, and what it says.
var hostile = []struct{ name, data, says string }{
	{"nothing", "", "ends early"},
	{"no number in 4 bytes", "\xca\x7f\x91\x91\x91", "no number"},
	{"no number in 8 bytes", "\xcb\x7f\xf9\x00\x00\x00\x00\x00\x00", "no number"},
	{"string of 4 GiB in 5 bytes", "\xdb\xff\xff\xff\xff", "passes the end"},
	{"bytes of 4 GiB in 5 bytes", "\xc6\xff\xff\xff\xff", "passes the end"},
	{"list of 32 GiB in 5 bytes", "\xdd\xff\xff\xff\xff", "passes the end"},
	{"map of 64 GiB in 5 bytes", "\xdf\xff\xff\xff\xff", "passes the end"},
	{"list of 16 GiB in 5 bytes", "\xdd\x7f\xff\xff\xff", "do not fit"},
	{"map of 32 GiB in 5 bytes", "\xdf\x7f\xff\xff\xff", "do not fit"},
	{"short list that does not fit", "\x93\xc0\xc0", "do not fit"},
	{"short map that does not fit", "\x82\xa0\xc0\xc0", "do not fit"},
	{"list that ends in an element", "\x92\xc0\xa1", "passes the end"},
	{"string that ends early", "\xa3ab", "passes the end"},
	{"length that ends early", "\xda\x01", "passes the end"},
	{"number that ends early", "\xcd\x01", "passes the end"},
	{"signed number that ends early", "\xd3\xff", "passes the end"},
	{"fraction that ends early", "\xcb\x00", "passes the end"},
	{"short fraction that ends early", "\xca\x00", "passes the end"},
	{"map that ends in a key", "\x81\xa2a", "passes the end"},
	{"map that ends after a key", "\x82\xa1a\xc0\xa1b", "ends early"},
	{"13 lists within each other", strings.Repeat("\x91", 13) + "\xc0", "nested deeper"},
	{"13 maps within each other", strings.Repeat("\x81\xa0", 13) + "\xc0", "nested deeper"},
	{"a million lists within each other", strings.Repeat("\x91", 1<<20), "nested deeper"},
	{"trailing value", "\xc0\xc0", "1 bytes after the end"},
	{"trailing bytes of a map", "\x80\x00\x00", "2 bytes after the end"},
	{"key twice", "\x82\xa1a\x01\xa1a\x02", `key "a" stands after "a"`},
	{"keys in the wrong order", "\x82\xa1b\x01\xa1a\x02", `key "a" stands after "b"`},
	{"shorter key second", "\x82\xa2ab\x01\xa1a\x02", `key "a" stands after "ab"`},
	{"unsorted within a list", "\x91\x82\xa1b\x01\xa1a\x02", "alphabetical order"},
	{"number as key", "\x81\x01\x01", "want a string"},
	{"bytes as key", "\x81\xc4\x01a\x01", "want a string"},
	{"nil as key", "\x81\xc0\x01", "want a string"},
	{"list as key", "\x81\x90\x01", "want a string"},
	{"code that msgpack never uses", "\xc1", "code 0xc1"},
	{"extension of another type", "\xd6\x05\x00\x00\x00\x00", "no timestamp"},
	{"extension of 1 byte", "\xd4\xff\x00", "code 0xd4"},
	{"extension of 2 bytes", "\xd5\xff\x00\x00", "code 0xd5"},
	{"extension of 16 bytes", "\xd8\xff" + strings.Repeat("\x00", 16), "code 0xd8"},
	{"extension of 11 bytes", "\xc7\x0b\xff" + strings.Repeat("\x00", 11), "no timestamp"},
	{"extension of no bytes", "\xc7\x00\xff", "no timestamp"},
	{"long extension", "\xc8\x00\x0c\xff" + strings.Repeat("\x00", 12), "code 0xc8"},
	{"extension of 4 GiB", "\xc9\xff\xff\xff\xff\xff", "code 0xc9"},
	{"time that ends early", "\xd7\xff\x00", "passes the end"},
	{"time without its type", "\xd6", "no timestamp"},
	{"long time without its length", "\xc7", "no timestamp"},

	{"7-bit number in 2 bytes", "\xcc\x7f", "shortest form"},
	{"8-bit number in 3 bytes", "\xcd\x00\xff", "shortest form"},
	{"16-bit number in 5 bytes", "\xce\x00\x00\xff\xff", "shortest form"},
	{"32-bit number in 9 bytes", "\xcf\x00\x00\x00\x00\xff\xff\xff\xff", "shortest form"},
	{"positive number as signed", "\xd0\x01", "shortest form"},
	{"-32 in 2 bytes", "\xd0\xe0", "shortest form"},
	{"-128 in 3 bytes", "\xd1\xff\x80", "shortest form"},
	{"-32768 in 5 bytes", "\xd2\xff\xff\x80\x00", "shortest form"},
	{"-2147483648 in 9 bytes", "\xd3\xff\xff\xff\xff\x80\x00\x00\x00", "shortest form"},
	{"positive number as signed in 9 bytes", "\xd3\x7f\xff\xff\xff\xff\xff\xff\xff", "shortest form"},
	{"short string with a long length", "\xd9\x01a", "shortest form"},
	{"short string with a longer length", "\xda\x00\x01a", "shortest form"},
	{"short string with the longest length", "\xdb\x00\x00\x00\x01a", "shortest form"},
	{"short key with a long length", "\x81\xd9\x01a\xc0", "shortest form"},
	{"short bytes with a long length", "\xc5\x00\x01a", "shortest form"},
	{"short bytes with the longest length", "\xc6\x00\x00\x00\x01a", "shortest form"},
	{"short list with a long length", "\xdc\x00\x01\xc0", "shortest form"},
	{"short list with the longest length", "\xdd\x00\x00\x00\x01\xc0", "shortest form"},
	{"short map with a long length", "\xde\x00\x01\xa1a\xc0", "shortest form"},
	{"short map with the longest length", "\xdf\x00\x00\x00\x01\xa1a\xc0", "shortest form"},
	{"whole second in 8 bytes", "\xd7\xff\x00\x00\x00\x00\x00\x00\x00\x01", "shortest form"},
	{"time in 12 bytes", "\xc7\x0c\xff\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01", "shortest form"},
	{"a billion nanoseconds in 8 bytes", "\xd7\xff\xee\x6b\x28\x00\x00\x00\x00\x01", "shortest form"},
	{"a billion nanoseconds in 12 bytes", "\xc7\x0c\xff\x3b\x9a\xca\x00\xff\xff\xff\xff\xff\xff\xff\xff", "shortest form"},
}

// canonical is input that Scan must accept: every code that is used, and the
// bounds between the forms.
var canonical = map[string]string{
	"nil":                         "\xc0",
	"false":                       "\xc2",
	"true":                        "\xc3",
	"0":                           "\x00",
	"127":                         "\x7f",
	"128":                         "\xcc\x80",
	"256":                         "\xcd\x01\x00",
	"65536":                       "\xce\x00\x01\x00\x00",
	"4294967296":                  "\xcf\x00\x00\x00\x01\x00\x00\x00\x00",
	"-1":                          "\xff",
	"-32":                         "\xe0",
	"-33":                         "\xd0\xdf",
	"-129":                        "\xd1\xff\x7f",
	"-32769":                      "\xd2\xff\xff\x7f\xff",
	"-2147483649":                 "\xd3\xff\xff\xff\xff\x7f\xff\xff\xff",
	"fraction of 4 bytes":         "\xca\x3f\x00\x00\x00",
	"fraction of 8 bytes":         "\xcb\x3f\xe0\x00\x00\x00\x00\x00\x00",
	"empty string":                "\xa0",
	"string of 31 bytes":          "\xbf" + strings.Repeat("a", 31),
	"string of 32 bytes":          "\xd9\x20" + strings.Repeat("a", 32),
	"string of 256 bytes":         "\xda\x01\x00" + strings.Repeat("a", 256),
	"string of 65536 bytes":       "\xdb\x00\x01\x00\x00" + strings.Repeat("a", 65536),
	"empty bytes":                 "\xc4\x00",
	"255 bytes":                   "\xc4\xff" + strings.Repeat("a", 255),
	"256 bytes":                   "\xc5\x01\x00" + strings.Repeat("a", 256),
	"65536 bytes":                 "\xc6\x00\x01\x00\x00" + strings.Repeat("a", 65536),
	"empty list":                  "\x90",
	"list of 16":                  "\xdc\x00\x10" + strings.Repeat("\xc0", 16),
	"list of 65536":               "\xdd\x00\x01\x00\x00" + strings.Repeat("\xc0", 65536),
	"empty map":                   "\x80",
	"map":                         "\x83\xa0\x01\xa1a\x02\xa2ab\x03",
	"12 lists within each other":  strings.Repeat("\x91", 12) + "\xc0",
	"time of 4 bytes":             "\xd6\xff\xff\xff\xff\xff",
	"time of 8 bytes":             "\xd7\xff\x00\x00\x00\x04\x00\x00\x00\x01",
	"time of 8 bytes, after 2106": "\xd7\xff\x00\x00\x00\x01\x00\x00\x00\x00",
	"time of 12 bytes":            "\xc7\x0c\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff",
	"time of 12 bytes, year 2514": "\xc7\x0c\xff\x00\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x00",
}

func TestScanRefuses(t *testing.T) {
	for _, test := range hostile {
		t.Run(test.name, func(t *testing.T) {
			err := Scan([]byte(test.data))
			if !errors.Is(err, ErrMalformed) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %v\nwant one saying %q", err, test.says)
			}
			checkExact(t, []byte(test.data))
		})
	}
}

func TestScanAccepts(t *testing.T) {
	for name, data := range canonical {
		t.Run(name, func(t *testing.T) {
			if err := Scan([]byte(data)); err != nil {
				t.Error(err)
			}
			checkCanonical(t, []byte(data))
			for end := range len(data) - 1 {
				if Scan([]byte(data[:end])) == nil {
					t.Fatalf("accepted when cut to %d of %d bytes", end, len(data))
				}
				if end == 100 {
					break
				}
			}
		})
	}
}

// checkCanonical reads whatever Scan accepts and writes it again: one value,
// one form.
func checkCanonical(t testing.TB, data []byte) {
	t.Helper()
	var v any
	if err := Unmarshal(data, &v); err != nil {
		t.Fatalf("Scan accepts what cannot be read: %v", err)
	}
	again, err := Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if string(again) != string(data) {
		t.Fatalf("two forms of one value:\n%x\n%x", data, again)
	}
}

func TestScanAllocatesNothing(t *testing.T) {
	data := mustEncode(t, commitOf(100, 1))
	if n := testing.AllocsPerRun(100, func() {
		if err := Scan(data); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
