package events

import (
	"fmt"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
)

// commitOf makes a plain commit of so many small events; seed varies it. Its
// persons and scopes are few, as in a ledger, and its own id is new.
func commitOf(count, seed int) Commit {
	c := Commit{
		Actor: personOf(seed % 50), Command: "role.grant", ID: CommitID(ulidOf(1 << 40 * (seed + 1))),
		DecidedAt: time.Date(2026, 1, 2, 3, 4, seed, 678_901_000, time.UTC),
		Number:    uint64(seed), Org: "acme", Prev: Revision(10 * seed), Reason: "requested", Ticket: fmt.Sprint("OPS-", seed),
	}
	for i := range count {
		subject := personOf((seed*7 + i) % 5000)
		scope := Scope("team", fmt.Sprint("sig-", (seed+i)%200))
		if i%2 == 0 {
			c.Events = append(c.Events, RoleGranted{Role: "maintainer", Scope: scope, Subject: subject})
		} else {
			c.Events = append(c.Events, RoleRevoked{Cause: CauseReplaced, Role: "member", Scope: scope, Subject: subject})
		}
	}
	return c
}

func personOf(n int) PrincipalID { return PrincipalID(ulidOf(n)) }

func ulidOf(n int) string {
	var id ulid.ULID
	for i := range 8 {
		id[15-i] = byte(n >> (8 * i))
	}
	return id.String()
}

// benchmark runs over a thousand different commits, once for each size. The
// time reported is that of one commit.
func benchmark(b *testing.B, run func(c Commit, data []byte) error) {
	for _, count := range []int{1, 2, 100} {
		b.Run(fmt.Sprintf("events=%d", count), func(b *testing.B) {
			commits := make([]Commit, 1000)
			encoded := make([][]byte, len(commits))
			for i := range commits {
				commits[i] = commitOf(count, i)
				encoded[i] = mustEncode(b, commits[i])
			}
			b.ReportAllocs()
			b.SetBytes(int64(len(encoded[0])))
			for i := 0; b.Loop(); i++ {
				if err := run(commits[i%len(commits)], encoded[i%len(commits)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	benchmark(b, func(_ Commit, data []byte) error { _, err := Decode(data); return err })
}

func BenchmarkEncode(b *testing.B) {
	benchmark(b, func(c Commit, _ []byte) error { _, err := Encode(c); return err })
}

func BenchmarkScan(b *testing.B) {
	benchmark(b, func(_ Commit, data []byte) error { return Scan(data) })
}
