package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func noticeMessage(id string, after uint64, data string) NoticeMessage {
	return NoticeMessage{Org: "acme", ID: id, Sequence: after, Data: []byte(data)}
}

func allNotices(t *testing.T, l *Ledger) []NoticeMessage {
	t.Helper()
	var list []NoticeMessage
	err := l.ReplayNotices(t.Context(), 0, func(m NoticeMessage) error { list = append(list, m); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestNotices(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	ctx := t.Context()
	one := noticeMessage("one", 0, "a")
	two := NoticeMessage{ID: "mark", Data: []byte("of all")}
	for range 2 { // again is not an error
		if got, err := l.AppendNotices(ctx, []NoticeMessage{one, two}); err != nil || !slices.Equal(got, []uint64{1, 2}) {
			t.Fatalf("got %v, %v", got, err)
		}
	}
	var conflict *NoticeConflict
	got, err := l.AppendNotices(ctx, []NoticeMessage{noticeMessage("three", 0, "c"), noticeMessage("one", 0, "other"), noticeMessage("four", 0, "d")})
	if !errors.Is(err, ErrNoticeConflict) || !errors.As(err, &conflict) || conflict.ID != "one" || !slices.Equal(got, []uint64{3}) {
		t.Errorf("got %v, %v, want a conflict about one", got, err)
	}
	if _, err := l.AppendNotices(ctx, []NoticeMessage{noticeMessage("one", 7, "other")}); !errors.Is(err, ErrNoticeConflict) {
		t.Errorf("with an expectation that never was: %v", err)
	}
	if got, err := l.AppendNotices(ctx, []NoticeMessage{noticeMessage("one", 1, "b")}); err != nil || got[0] != 4 {
		t.Errorf("got %v, %v", got, err)
	}
	shut(t, l)
	l = open(t, dir)
	two.Sequence = 2
	want := []NoticeMessage{noticeMessage("one", 1, "a"), two, noticeMessage("three", 3, "c"), noticeMessage("one", 4, "b")}
	if diff := cmp.Diff(want, allNotices(t, l)); diff != "" {
		t.Error(diff)
	}
	if err := l.ReplayNotices(ctx, 5, nil); !errors.Is(err, ErrGap) {
		t.Errorf("after what never was: %v", err)
	}
}

func TestNoticesRefused(t *testing.T) {
	l := open(t, t.TempDir())
	for _, test := range []struct {
		message NoticeMessage
		want    error
	}{
		{NoticeMessage{Org: "_", ID: "x"}, ErrInvalid},
		{NoticeMessage{Org: "a.b", ID: "x"}, ErrInvalid},
		{NoticeMessage{Org: "acme"}, ErrInvalid},
		{NoticeMessage{Org: "acme", ID: "*"}, ErrInvalid},
		{NoticeMessage{Org: "acme", ID: ">"}, ErrInvalid},
		{NoticeMessage{Org: "acme", ID: "a.b"}, ErrInvalid},
		{NoticeMessage{Org: "acme", ID: "a\x00"}, ErrInvalid},
		{NoticeMessage{Org: "acme", ID: "a\n"}, ErrInvalid},
		{NoticeMessage{Org: "acme", ID: "A"}, ErrInvalid},
		{NoticeMessage{Org: "acme", ID: strings.Repeat("a", 64)}, ErrInvalid},
		{NoticeMessage{Org: "acme", ID: "x", Data: make([]byte, MaxNoticeBytes+1)}, ErrTooLarge},
	} {
		if _, err := l.AppendNotices(t.Context(), []NoticeMessage{noticeMessage("ok", 0, ""), test.message}); !errors.Is(err, test.want) {
			t.Errorf("%q %q: got %v, want %v", test.message.Org, test.message.ID, err, test.want)
		}
	}
	if _, err := l.AppendNotices(t.Context(), []NoticeMessage{noticeMessage("x", 0, "1"), noticeMessage("x", 0, "2")}); !errors.Is(err, ErrInvalid) {
		t.Errorf("twice: %v", err)
	}
	if list := allNotices(t, l); list != nil {
		t.Errorf("something was stored: %v", list)
	}
}

// TestNoticesBatch appends so many that they go in batches, with what is there
// already among them, and with answers that are lost.
func TestNoticesBatch(t *testing.T) {
	l := open(t, t.TempDir())
	ctx := t.Context()
	var many []NoticeMessage
	for i := range 1200 {
		many = append(many, noticeMessage(fmt.Sprintf("n-%d", i), 0, "x"))
	}
	got, err := l.AppendNotices(ctx, many[:30])
	if err != nil || len(got) != 30 || got[0] != 1 || got[29] != 30 {
		t.Fatalf("got %v, %v", got, err)
	}
	publish := l.writes.publish
	lost := 0
	l.writes.publish = func(ctx context.Context, msg *nats.Msg, opts ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
		ack, err := publish(ctx, msg, opts...)
		if err == nil && lost < 2 {
			lost++
			return nil, nats.ErrTimeout
		}
		return ack, err
	}
	got, err = l.AppendNotices(ctx, many)
	if err != nil || lost != 2 || len(got) != len(many) {
		t.Fatalf("got %d, %v, %d answers lost", len(got), err, lost)
	}
	list := allNotices(t, l)
	if len(list) != len(many) {
		t.Fatalf("%d messages for %d notices", len(list), len(many))
	}
	for i, sequence := range got {
		if m := list[sequence-1]; m.ID != many[i].ID {
			t.Errorf("message %d is about %s, want %s", sequence, m.ID, many[i].ID)
		}
	}
	over := slices.Clone(many[:20])
	for i := range over {
		over[i].Sequence, over[i].Data = got[i], []byte("over")
	}
	over[15].Sequence = 1
	var conflict *NoticeConflict
	if done, err := l.AppendNotices(ctx, over); !errors.As(err, &conflict) || conflict.ID != "n-15" || len(done) != 15 {
		t.Errorf("got %d, %v, want a conflict at the sixteenth", len(done), err)
	}
}

// TestStoreWithoutNotices opens stores that lack the stream: one that is older
// than notices are, one whose creation was interrupted, and one that lost it.
func TestStoreWithoutNotices(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	id := l.ID()
	fill(t, l, "acme", 2)
	if _, err := l.AppendNotices(t.Context(), []NoticeMessage{noticeMessage("a", 0, "1")}); err != nil {
		t.Fatal(err)
	}
	shut(t, l)
	remove := func(path string) {
		t.Helper()
		if _, err := os.Stat(path); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
	}
	remove(folder(dir).streamDir(noticesStream))
	if _, err := Open(t.Context(), Options{Dir: dir, Logger: quiet}); !errors.Is(err, ErrStoreDamaged) || !strings.Contains(err.Error(), "its stream NOTICES is not in") {
		t.Errorf("a store that lost its notices: %v", err)
	}
	for _, begun := range []bool{false, true} {
		remove(folder(dir).noticesFile())
		if begun {
			remove(folder(dir).streamDir(noticesStream) + "/meta.sum")
			remove(folder(dir).streamDir(noticesStream) + "/msgs")
		}
		l = open(t, dir)
		if tail, err := l.Tail(t.Context()); l.ID() != id || err != nil || tail != 2 {
			t.Errorf("%s, %d, %v", l.ID(), tail, err)
		}
		if list := allNotices(t, l); list != nil {
			t.Errorf("%v", list)
		}
		shut(t, l)
	}
	l = open(t, dir)
	if _, err := l.AppendNotices(t.Context(), []NoticeMessage{noticeMessage("a", 0, "1")}); err != nil {
		t.Fatal(err)
	}
	shut(t, l)
	remove(folder(dir).noticesFile())
	remove(folder(dir).streamDir(noticesStream) + "/meta.sum")
	if _, err := Open(t.Context(), Options{Dir: dir, Logger: quiet}); !errors.Is(err, ErrStoreDamaged) || !strings.Contains(err.Error(), "cannot read the stream NOTICES") {
		t.Errorf("a store with notices that cannot be read: %v", err)
	}
}

// TestNoticesStay checks the settings under which nothing is deleted.
func TestNoticesStay(t *testing.T) {
	l := open(t, t.TempDir())
	stream, err := l.js.Stream(t.Context(), noticesStream)
	if err != nil {
		t.Fatal(err)
	}
	c := stream.CachedInfo().Config
	if !c.DenyDelete || !c.DenyPurge || c.Storage != jetstream.FileStorage || c.Replicas != 1 || c.MaxAge != 0 || c.MaxMsgs != -1 {
		t.Errorf("%+v", c)
	}
}

// BenchmarkAppendNotices appends outcomes of notices, by the number that go
// together, against single durable publications.
func BenchmarkAppendNotices(b *testing.B) {
	for _, n := range []int{1, 8, 12, 16, 32, 64} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			l := open(b, b.TempDir())
			data := bytes.Repeat([]byte("x"), 150)
			for i := 0; b.Loop(); i++ {
				batch := make([]NoticeMessage, n)
				for j := range batch {
					batch[j] = NoticeMessage{Org: "acme", ID: fmt.Sprintf("n-%d-%d", i, j), Data: data}
				}
				if _, err := l.AppendNotices(b.Context(), batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/message")
		})
	}
}
