package events

import (
	"bytes"
	"errors"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func mustEncode(t testing.TB, c Commit) []byte {
	t.Helper()
	data, err := Encode(c)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// checkRoundTrip writes a commit, and reads and writes it again.
func checkRoundTrip(t rapid.TB, c Commit) {
	t.Helper()
	data, err := Encode(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := Scan(data); err != nil {
		t.Fatalf("Scan refuses what Encode wrote: %v", err)
	}
	got, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c, got); diff != "" {
		t.Fatalf("decoded (-want +got):\n%s", diff)
	}
	if again, err := Encode(got); err != nil || !bytes.Equal(data, again) {
		t.Fatalf("encoded again: %x, %v\nwant %x", again, err, data)
	}
}

func TestRoundTripOfEveryEvent(t *testing.T) {
	for _, typ := range Catalogue() {
		t.Run(typ.Name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				event := drawEvent(t, typ, true)
				for i, v := 0, reflect.ValueOf(event); i < v.NumField(); i++ {
					if v.Field(i).IsZero() {
						t.Fatalf("field %s was not filled", v.Type().Field(i).Name)
					}
				}
				checkRoundTrip(t, goldenCommit(event))
			})
		})
	}
}

func TestRoundTripOfAnyCommit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkRoundTrip(t, drawCommit(t, false)) })
}

func TestZeroCommit(t *testing.T) { checkRoundTrip(t, Commit{}) }

func TestEqualCommitsAreEqualBytes(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 1000, time.UTC)
	elsewhere := at.In(time.FixedZone("UTC+5", 5*3600))
	for name, pair := range map[string][2]Commit{
		"time zones":            {{DecidedAt: at, EffectiveAt: at}, {DecidedAt: elsewhere, EffectiveAt: elsewhere}},
		"no time, time zones":   {{}, {EffectiveAt: time.Time{}.In(elsewhere.Location())}},
		"nil and no events":     {{}, {Events: Events{}}},
		"nil and empty bytes":   {{}, {KeyHash: []byte{}, Note: Sealed{}}},
		"required empty bytes":  {{Events: Events{CredentialIssued{}}}, {Events: Events{CredentialIssued{Hash: []byte{}}}}},
		"optional empty list":   {{Events: Events{PersonUpdated{}}}, {Events: Events{PersonUpdated{Cleared: []string{}}}}},
		"monotonic clock reads": {{DecidedAt: at}, {DecidedAt: at.Add(0)}},
	} {
		t.Run(name, func(t *testing.T) {
			one, other := mustEncode(t, pair[0]), mustEncode(t, pair[1])
			if !bytes.Equal(one, other) {
				t.Errorf("%x\n%x", one, other)
			}
		})
	}
}

func TestEncodeRefuses(t *testing.T) {
	for name, c := range map[string]Commit{
		"a nil event":          {Events: Events{nil}},
		"a pointer":            {Events: Events{&RoleGranted{}}},
		"an unknown event":     {Events: Events{gateOpened{}}},
		"a year above 9999":    {DecidedAt: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
		"a year before year 1": {DecidedAt: time.Date(0, 12, 31, 23, 59, 59, 0, time.UTC)},
	} {
		t.Run(name, func(t *testing.T) {
			if data, err := Encode(c); err == nil {
				t.Errorf("encoded: %x", data)
			}
		})
	}
}

// TestDecodeRefuses changes a sound commit, as a map, and decodes it.
func TestDecodeRefuses(t *testing.T) {
	sound := mustEncode(t, Commit{
		Note: Sealed{1}, KeyHash: []byte{2},
		Events: Events{PersonUpdated{Cleared: []string{"email"}, Subject: "s"}},
	})
	type fields = map[string]any
	for _, test := range []struct {
		name   string
		change func(commit, event, data fields)
		want   error
		says   string
	}{
		{"unknown field of the commit", func(c, _, _ fields) { c["motive"] = "x" }, ErrUnknown, `field "motive"`},
		{"unknown field after all others", func(c, _, _ fields) { c["zeal"] = "x" }, ErrUnknown, `field "zeal"`},
		{"unknown field before all others", func(c, _, _ fields) { c["a"] = "x" }, ErrUnknown, `field "a"`},
		{"missing field of the commit", func(c, _, _ fields) { delete(c, "org") }, ErrMalformed, `field "org" is missing`},
		{"missing events", func(c, _, _ fields) { delete(c, "events") }, ErrMalformed, `field "events" is missing`},
		{"empty optional flag", func(c, _, _ fields) { c["break_glass"] = false }, ErrMalformed, `"break_glass" is empty`},
		{"empty optional string", func(c, _, _ fields) { c["ticket"] = "" }, ErrMalformed, `"ticket" is empty`},
		{"empty optional bytes", func(c, _, _ fields) { c["note"] = []byte{} }, ErrMalformed, `"note" is empty`},
		{"empty optional time", func(c, _, _ fields) { c["effective_at"] = time.Time{} }, ErrMalformed, `"effective_at" is empty`},
		{"empty optional list", func(_, _, d fields) { d["cleared"] = []any{} }, ErrMalformed, `"cleared" is empty`},
		{"nil for a string", func(c, _, _ fields) { c["org"] = nil }, ErrMalformed, "org: malformed msgpack: want a string"},
		{"bytes for a string", func(c, _, _ fields) { c["org"] = []byte("acme") }, ErrMalformed, "want a string"},
		{"string for bytes", func(c, _, _ fields) { c["note"] = "clear text" }, ErrMalformed, "want bytes"},
		{"number for a flag", func(c, _, _ fields) { c["break_glass"] = 1 }, ErrMalformed, "want true or false"},
		{"string for a number", func(c, _, _ fields) { c["number"] = "1" }, ErrMalformed, "is not a number"},
		{"nil for a number", func(c, _, _ fields) { c["number"] = nil }, ErrMalformed, "want a whole number"},
		{"negative number", func(c, _, _ fields) { c["number"] = -1 }, ErrMalformed, "not negative"},
		{"fraction", func(c, _, _ fields) { c["number"] = 1.5 }, ErrMalformed, "want a whole number"},
		{"string for a time", func(c, _, _ fields) { c["decided_at"] = "2026-01-01T00:00:00Z" }, ErrMalformed, "decided_at"},
		{"seconds for a time", func(c, _, _ fields) { c["decided_at"] = 1_700_000_000 }, ErrMalformed, "want a time"},
		{"year 10000", func(c, _, _ fields) { c["decided_at"] = time.Unix(lastSecond+1, 0) }, ErrMalformed, "years 1 to 9999"},
		{"map for the events", func(c, _, _ fields) { c["events"] = fields{} }, ErrMalformed, "want a list"},
		{"nil for the events", func(c, _, _ fields) { c["events"] = nil }, ErrMalformed, "want a list"},
		{"nil for an event", func(c, _, _ fields) { c["events"] = []any{nil} }, ErrMalformed, "want an event"},
		{"string for an event", func(c, _, _ fields) { c["events"] = []any{strings.Repeat("x", 100)} }, ErrMalformed, "want an event"},
		{"unknown type", func(_, e, _ fields) { e["type"] = "person.cloned" }, ErrUnknown, `"person.cloned"`},
		{"unknown type at length", func(_, e, _ fields) { e["type"] = strings.Repeat("x", 1<<20) }, ErrUnknown, "xxx"},
		{"version to come", func(_, e, _ fields) { e["v"] = 2 }, ErrUnknown, `"person.updated", version 2`},
		{"version 0", func(_, e, _ fields) { e["v"] = 0 }, ErrUnknown, "version 0"},
		{"negative version", func(_, e, _ fields) { e["v"] = -1 }, ErrUnknown, "version -1"},
		{"huge version", func(_, e, _ fields) { e["v"] = uint64(1<<64 - 1) }, ErrMalformed, "too large"},
		{"no version", func(_, e, _ fields) { delete(e, "v") }, ErrMalformed, "want an event"},
		{"no type", func(_, e, _ fields) { delete(e, "type") }, ErrMalformed, "want an event"},
		{"no data", func(_, e, _ fields) { delete(e, "data") }, ErrMalformed, "want an event"},
		{"unknown field of an event", func(_, e, _ fields) { e["a"] = 1 }, ErrMalformed, "want an event"},
		{"nil for the data", func(_, e, _ fields) { e["data"] = nil }, ErrMalformed, "want a map"},
		{"list for the data", func(_, e, _ fields) { e["data"] = []any{} }, ErrMalformed, "want a map"},
		{"unknown field of the data", func(_, _, d fields) { d["phone"] = "x" }, ErrUnknown, `field "phone"`},
		{"missing field of the data", func(_, _, d fields) { delete(d, "subject") }, ErrMalformed, `field "subject" is missing`},
		{"number in a list of strings", func(_, _, d fields) { d["cleared"] = []any{1} }, ErrMalformed, "want a string"},
		{"fields of another event", func(_, e, _ fields) { e["type"] = "scope.deleted" }, ErrUnknown, `field "cleared"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			var commit fields
			if err := Unmarshal(sound, &commit); err != nil {
				t.Fatal(err)
			}
			event := commit["events"].([]any)[0].(fields)
			test.change(commit, event, event["data"].(fields))
			data, err := Marshal(commit)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Decode(data)
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) {
				t.Fatalf("error %v\nwant %v saying %q", err, test.want, test.says)
			}
			if len(err.Error()) > 300 {
				t.Errorf("the error repeats the input: %d characters", len(err.Error()))
			}
			if diff := cmp.Diff(Commit{}, got); diff != "" {
				t.Errorf("a commit came with the error: %s", diff)
			}
		})
	}
}

// damage returns data with some bytes changed, inserted, removed or repeated.
func damage(t *rapid.T, data []byte) []byte {
	data = bytes.Clone(data)
	for range rapid.IntRange(1, 3).Draw(t, "damages") {
		if len(data) == 0 {
			return data
		}
		from := rapid.IntRange(0, len(data)-1).Draw(t, "from")
		to := rapid.IntRange(from, min(from+40, len(data))).Draw(t, "to")
		switch rapid.IntRange(0, 3).Draw(t, "damage") {
		case 0:
			data[from] = rapid.Byte().Draw(t, "byte")
		case 1:
			data = append(data[:from:from], append([]byte{rapid.Byte().Draw(t, "byte")}, data[from:]...)...)
		case 2:
			data = append(data[:from:from], data[to:]...)
		case 3:
			data = append(data[:to:to], data[from:]...)
		}
	}
	return data
}

func TestDamagedCommits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data, err := Encode(drawCommit(t, false))
		if err != nil {
			t.Fatal(err)
		}
		checkExact(t, damage(t, data))
	})
}

// checkExact decodes bytes of any origin: they are refused, or they are what
// Encode would write.
func checkExact(t rapid.TB, data []byte) {
	t.Helper()
	c, err := Decode(data)
	if err != nil {
		if !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrUnknown) {
			t.Fatalf("an error of no kind: %v", err)
		}
		return
	}
	if err := Scan(data); err != nil {
		t.Fatalf("Decode accepts what Scan refuses: %v", err)
	}
	again, err := Encode(c)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data, again) {
		t.Fatalf("two encodings of one commit:\n%x\n%x", data, again)
	}
}

func TestDecodedCommitSharesNoMemory(t *testing.T) {
	want := goldenCommit(PersonUpdated{Cleared: []string{"login"}, Email: Sealed("email"), Subject: person})
	data := mustEncode(t, want)
	got, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	for i := range data {
		data[i] = 0xff
	}
	mustEncode(t, Commit{Command: strings.Repeat("x", 1000)}) // over the buffer of the first
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEncodedBytesAreTheCallers(t *testing.T) {
	c := goldenCommit(ScopeDeleted{Scope: "team:a"})
	first := mustEncode(t, c)
	want := bytes.Clone(first)
	mustEncode(t, Commit{Command: strings.Repeat("x", 1000)})
	if !bytes.Equal(first, want) {
		t.Error("a later Encode changed the bytes of an earlier one")
	}
}

func TestTimesAreUTC(t *testing.T) {
	local := time.Local
	t.Cleanup(func() { time.Local = local })
	time.Local = time.FixedZone("UTC-7", -7*3600)

	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.Local)
	c, err := Decode(mustEncode(t, Commit{DecidedAt: at, EffectiveAt: at}))
	if err != nil {
		t.Fatal(err)
	}
	if c.DecidedAt.Location() != time.UTC || c.EffectiveAt.Location() != time.UTC || !c.DecidedAt.Equal(at) {
		t.Errorf("Decode: %v, %v", c.DecidedAt, c.EffectiveAt)
	}

	type dated struct {
		At    time.Time  `json:"at"`
		Maybe *time.Time `json:"maybe"`
	}
	data, err := Marshal(dated{At: at, Maybe: &at})
	if err != nil {
		t.Fatal(err)
	}
	var got dated
	if err := Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if got.At.Location() != time.UTC || got.Maybe.Location() != time.UTC || !got.At.Equal(at) {
		t.Errorf("Unmarshal: %v, %v", got.At, got.Maybe)
	}
}

func TestMarshalOtherValues(t *testing.T) {
	type inner struct {
		Name  string `json:"name"`
		Parts []int  `json:"parts"`
	}
	type record struct {
		Attributes map[string]string `json:"attributes"`
		Commit     Commit            `json:"commit"`
		Events     Events            `json:"events,omitempty"`
		Key        Sealed            `json:"key"`
		List       []inner           `json:"list"`
		Ratio      float64           `json:"ratio"`
		Revision   Revision          `json:"revision"`
	}
	rapid.Check(t, func(t *rapid.T) {
		want := record{
			Attributes: map[string]string{"b": "2", "a": "1", "c": "3"}, Commit: drawCommit(t, false),
			Events: drawCommit(t, false).Events, Key: Sealed{1}, List: []inner{{"x", []int{-1, 300}}}, Ratio: 0.5, Revision: 7,
		}
		data, err := Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got record
		if err := Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		commit, err := Encode(want.Commit)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(data, commit) {
			t.Fatalf("a commit within another value has other bytes:\n%x\n%x", data, commit)
		}
	})
}

func TestMarshalRefusesUnsortedFields(t *testing.T) {
	type unsorted struct {
		B int `json:"b"`
		A int `json:"a"`
	}
	_, err := Marshal(unsorted{})
	if !errors.Is(err, ErrMalformed) || !strings.Contains(err.Error(), "struct fields, must be in alphabetical order") {
		t.Errorf("error %v", err)
	}
	if data, err := Marshal(Record{Revision: 1}); err == nil {
		t.Errorf("a record was written without its revision: %x", data)
	}
	if err := Unmarshal(mustEncode(t, Commit{}), &Record{}); err == nil {
		t.Error("a commit was read as a record")
	}
}

func TestUnmarshalRefuses(t *testing.T) {
	type record struct {
		Name string `json:"name"`
	}
	for name, data := range map[string][]byte{
		"unknown field":  []byte("\x81\xa4nama\xa1x"),
		"trailing bytes": []byte("\x81\xa4name\xa1x\xc0"),
		"wrong type":     []byte("\x81\xa4name\x93\x01\x02\x03"),
		"nothing":        nil,
	} {
		t.Run(name, func(t *testing.T) {
			var r record
			if err := Unmarshal(data, &r); err == nil {
				t.Errorf("read: %+v", r)
			}
			var c Commit
			if err := Unmarshal(data, &c); err == nil {
				t.Errorf("read: %+v", c)
			}
		})
	}
	var r record
	if err := Unmarshal([]byte("\x81\xa4name\xa1x"), r); err == nil {
		t.Error("read into a value that is no pointer")
	}
	if err := Unmarshal([]byte("\x81\xa4name\xa1x"), (*Commit)(nil)); err == nil {
		t.Error("read into a nil commit")
	}
}

func TestUnmarshalCommitIsDecode(t *testing.T) {
	want := goldenCommit(ScopeDeleted{Scope: "team:a"})
	data, err := Marshal(&want)
	if err != nil {
		t.Fatal(err)
	}
	if encoded := mustEncode(t, want); !bytes.Equal(data, encoded) {
		t.Errorf("Marshal %x\nEncode %x", data, encoded)
	}
	var got Commit
	if err := Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// allocated counts the bytes that run allocates.
func allocated(run func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	run()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestHostileInputAllocatesLittle holds Decode to a multiple of sound input (an
// empty string takes one byte in the ledger and sixteen in Go), and to next to
// nothing where a length claims what is not there.
func TestHostileInputAllocatesLittle(t *testing.T) {
	const size = 1 << 20
	sound := mustEncode(t, Commit{Events: Events{PersonUpdated{Cleared: []string{"CUT"}, Subject: "s"}}})
	events := bytes.Index(sound, []byte("\xa6events")) + len("\xa6events")
	cleared := bytes.Index(sound, []byte("\x91\xa3CUT"))
	data := bytes.Index(sound, []byte("\xa4data")) + len("\xa4data")
	rest := sound[cleared+len("\x91\xa3CUT"):]
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	repeat := func(s string, n int) []byte { return bytes.Repeat([]byte(s), n) }
	for _, test := range []struct {
		name  string
		data  []byte
		sound bool
	}{
		{"five bytes claim a string", []byte("\xdb\xff\xff\xff\xff"), false},
		{"five bytes claim a list", []byte("\xdd\xff\xff\xff\xff"), false},
		{"five bytes claim a map", []byte("\xdf\xff\xff\xff\xff"), false},
		{"events that are not there", join(sound[:events], []byte("\xdd\xff\xff\xff\xff")), false},
		{"32 GiB of events in 5 bytes", join(sound[:events], []byte("\xdd\x7f\xff\xff\xff")), false},
		{"32 GiB of strings in 5 bytes", join(sound[:cleared], []byte("\xdd\x7f\xff\xff\xff"), rest), false},
		{"events of one byte each", join(sound[:events], []byte("\xdd\x00\x10\x00\x00"), repeat("\xc0", size)), false},
		{"strings that are not there", join(sound[:cleared], []byte("\xdd\xff\xff\xff\xff"), rest), false},
		{"strings that are empty", join(sound[:cleared], []byte("\xdd\x00\x10\x00\x00"), repeat("\xa0", size), rest), true},
		{"strings of two bytes", join(sound[:cleared], []byte("\xdd\x00\x08\x00\x00"), repeat("\xa1x", size/2), rest), true},
		{"bytes that are not there", join(sound[:cleared-len("\xa7cleared")], []byte("\xa5email\xc6\xff\xff\xff\xff"), rest), false},
		{"deep nesting", join(sound[:data], repeat("\x91", size)), false},
		{"a long list as data", join(sound[:data], []byte("\xdd\x00\x10\x00\x00"), repeat("\xc0", size)), false},
		{"small events", mustEncode(t, Commit{Events: slicesRepeat(ScopeDeleted{Scope: "a:b"}, size/50)}), true},
		{"large small events", mustEncode(t, Commit{Events: slicesRepeat(PersonUpdated{Subject: "a"}, size/50)}), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			var err error
			limit := uint64(1 << 16)
			if test.sound {
				limit += uint64(24 * len(test.data))
			}
			if got := allocated(func() { _, err = Decode(test.data) }); got > limit {
				t.Errorf("Decode of %d bytes allocates %d, more than %d", len(test.data), got, limit)
			}
			if (err == nil) != test.sound {
				t.Errorf("error %v", err)
			}
			if got := allocated(func() { err = Scan(test.data) }); got > 1<<12 {
				t.Errorf("Scan allocates %d", got)
			}
		})
	}
}

func slicesRepeat(e Event, n int) Events {
	events := make(Events, n)
	for i := range events {
		events[i] = e
	}
	return events
}

func TestCodecIsSafeForConcurrentUse(t *testing.T) {
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for i := range 200 {
				want := commitOf(worker+2, worker)
				want.Number = uint64(i)
				data, err := Encode(want)
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = Decode(data[:len(data)-1])
				got, err := Decode(data)
				if err != nil || !cmp.Equal(want, got) {
					t.Errorf("worker %d: %v\n%s", worker, err, cmp.Diff(want, got))
					return
				}
			}
		})
	}
	all.Wait()
}

func TestShortStringsAreShared(t *testing.T) {
	d := takeDecoder(catalogue, nil)
	for _, test := range []struct {
		s    string
		want bool
	}{{"acme", true}, {strings.Repeat("x", 64), true}, {strings.Repeat("x", 65), false}} {
		one, other := d.share([]byte(test.s)), d.share([]byte(test.s))
		if one != test.s || other != test.s {
			t.Errorf("%q is read as %q and %q", test.s, one, other)
		}
		if got := unsafe.StringData(one) == unsafe.StringData(other); got != test.want {
			t.Errorf("%q is shared: %v", test.s, got)
		}
	}
}
