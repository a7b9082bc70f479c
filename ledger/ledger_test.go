package ledger

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"go.uber.org/goleak"

	"tenure/events"
)

// TestMain runs a child process of a test if the environment asks for one.
func TestMain(m *testing.M) {
	if role := os.Getenv(childRole); role != "" {
		os.Exit(childMain(role))
	}
	goleak.VerifyTestMain(m)
}

// quiet drops the log; what the server says of the faults in these tests is
// expected.
var quiet = slog.New(slog.DiscardHandler)

// logged keeps a log.
type logged struct {
	lock sync.Mutex
	text strings.Builder
}

func (l *logged) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

func (l *logged) Write(line []byte) (int, error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.text.Write(line)
}

func (l *logged) String() string {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.text.String()
}

// open opens the ledger in a folder, and closes it with the test.
func open(t testing.TB, dir string, adjust ...func(*Options)) *Ledger {
	t.Helper()
	o := Options{Dir: dir, Logger: quiet}
	for _, a := range adjust {
		a(&o)
	}
	l, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shut(t, l) })
	return l
}

func shut(t testing.TB, l *Ledger) {
	t.Helper()
	if err := l.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

var testTime = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// grant is a commit of one granted role, the number-th of the organization.
func grant(org events.OrgID, number uint64, prev events.Revision) events.Commit {
	id := ulid.Make().String()
	return events.Commit{
		Actor:     events.Operator,
		Command:   "role.grant",
		DecidedAt: testTime,
		Events: events.Events{events.RoleGranted{
			Role:    "member",
			Scope:   events.Scope("organization", string(org)),
			Subject: events.PrincipalID(id),
		}},
		ID:     events.CommitID(id),
		Number: number,
		Org:    org,
		Prev:   prev,
	}
}

// fill appends n commits to an organization that has none, and returns them
// with their revisions.
func fill(t testing.TB, l *Ledger, org events.OrgID, n int) []events.Record {
	t.Helper()
	var records []events.Record
	var prev events.Revision
	for i := range n {
		c := grant(org, uint64(i+1), prev)
		revision, err := l.Append(t.Context(), c, prev)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, events.Record{Commit: c, Revision: revision})
		prev = revision
	}
	return records
}

func orgName(i int) events.OrgID { return events.OrgID(fmt.Sprintf("org-%d", i)) }
