package vault

import (
	"context"
	"fmt"
	"runtime"
	"testing"
)

func benchVault(b *testing.B, owners int) (*Vault, *memory, string) {
	v, m, dir := newVault(b)
	s := v.Begin(acme)
	must(b, s.Create(ada, login("ada"), email("ada@example.org")))
	for n := range owners - 1 {
		must(b, s.Create(fmt.Sprintf("01HZY%021d", n), login(fmt.Sprint("user", n)), email(fmt.Sprintf("user%d@example.org", n))))
	}
	must(b, s.Store(context.Background()))
	b.ReportAllocs()
	return v, m, dir
}

func BenchmarkSeal(b *testing.B) {
	v, _, _ := benchVault(b, 1000)
	s := v.Begin(acme)
	for b.Loop() {
		if _, err := s.Seal(ada, one, FieldName, "Ada Lovelace"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	v, _, _ := benchVault(b, 1000)
	sealed := seal(b, v, acme, ada, one, FieldName, "Ada Lovelace")
	for b.Loop() {
		if _, err := v.Open(acme, ada, one, FieldName, sealed); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	v, _, _ := benchVault(b, 1000)
	for b.Loop() {
		if _, found := v.Find(acme, ByEmail, "Ada@Example.org"); !found {
			b.Fatal("not found")
		}
	}
}

func BenchmarkCreate(b *testing.B) {
	v, _, _ := newVault(b)
	s, n := v.Begin(acme), 0
	b.ReportAllocs()
	for b.Loop() {
		n++
		must(b, s.Create(fmt.Sprintf("01HZY%021d", n), login(fmt.Sprint("user", n)), email(fmt.Sprintf("user%d@example.org", n))))
	}
}

// BenchmarkLoad loads 10,000 owners with two look-ups each.
func BenchmarkLoad(b *testing.B) {
	const owners = 10_000
	_, m, dir := benchVault(b, owners)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	v := load(b, m, dir)
	runtime.GC()
	runtime.ReadMemStats(&after)
	for b.Loop() {
		load(b, m, dir)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/owners, "ns/owner")
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/owners, "B/owner")
	runtime.KeepAlive(v)
}
