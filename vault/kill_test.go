package vault

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tenure/events"
	"tenure/ledger"
)

// Some tests kill a process: this test binary again, with a folder and a moment
// in its environment.
const (
	childDir  = "TENURE_VAULT_CHILD_DIR"
	childStep = "TENURE_VAULT_CHILD_STEP"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := forgetAndDie(dir); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// forgetAndDie forgets one owner of the store in a folder, or ends what another
// process has begun, and dies after a number of steps.
func forgetAndDie(dir string) error {
	ctx := context.Background()
	last, err := strconv.Atoi(os.Getenv(childStep))
	if err != nil {
		return err
	}
	l, err := ledger.Open(ctx, ledger.Options{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	v, err := Load(ctx, ledgerStore{l}, dir)
	if err != nil {
		return err
	}
	v.batch = 10
	v.step = func(name string) {
		fmt.Println(name)
		if last--; last == 0 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	if v.Unfinished() != nil {
		_, err = v.Resume(ctx, nil)
	} else {
		_, err = v.Forget(ctx, []Erasure{of(person(len(v.Journal())))}, nil)
	}
	if err != nil {
		return err
	}
	return l.Close(ctx)
}

// ledgerStore keeps the records where they are kept in earnest.
type ledgerStore struct{ *ledger.Ledger }

func (s ledgerStore) Put(ctx context.Context, records []Record) error {
	entries := make([]ledger.Entry, len(records))
	for i, r := range records {
		entries[i] = ledger.Entry(r)
	}
	return s.PutRecords(ctx, entries)
}

func (s ledgerStore) Erase(ctx context.Context, org events.OrgID, owner string) error {
	return s.EraseRecord(ctx, org, owner)
}

func (s ledgerStore) Each(ctx context.Context, fn func(Record) error) error {
	return s.EachRecord(ctx, func(e ledger.Entry) error { return fn(Record(e)) })
}

func openLedger(t testing.TB, dir string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), ledger.Options{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	return l
}

// TestKilledWhileForgetting kills a process that forgets an owner, after every
// single step and at moments by chance. What has begun is ended by the next
// process, which is killed in turn; what has not begun has changed nothing.
func TestKilledWhileForgetting(t *testing.T) {
	dir := t.TempDir()
	l := openLedger(t, dir)
	v, err := Load(t.Context(), ledgerStore{l}, dir)
	must(t, err)
	names := populate(t, v, 40)
	records := map[string][]byte{}
	for i := range 40 {
		records[person(i)] = v.entry(acme, person(i)).Key
	}
	must(t, l.Close(context.Background()))

	child := func(step int, chance time.Duration) (steps []string, killed bool) {
		t.Helper()
		self, err := os.Executable()
		must(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), chance)
		defer cancel()
		cmd := exec.CommandContext(ctx, self) // killed when the context ends
		cmd.Env = append(os.Environ(), childDir+"="+dir, childStep+"="+strconv.Itoa(step))
		out, err := cmd.Output()
		steps = strings.Split(strings.TrimSpace(string(out)), "\n")
		if exit, is := err.(*exec.ExitError); err != nil && ctx.Err() == nil && (!is || exit.Exited()) {
			t.Fatalf("child: %v: %s", err, out)
		}
		return steps, err != nil
	}
	seen := map[string]bool{}
	check := func(steps []string) {
		t.Helper()
		for _, step := range steps {
			seen[step] = true
		}
		l := openLedger(t, dir)
		v, err := Load(t.Context(), ledgerStore{l}, dir)
		must(t, err)
		changes := v.Journal()
		var erased []string
		for _, change := range changes {
			erased = append(erased, change.Erasures[0].Owner)
		}
		expectNames(t, v, names, erased...)
		if v.Unfinished() != nil && rand.IntN(2) == 0 {
			v.batch = 10
			_, err := v.Resume(t.Context(), nil)
			must(t, err)
			expectNames(t, v, names, erased...)
		}
		secrets := map[string][]byte{}
		if v.Unfinished() == nil {
			numbers, err := epochKeys(dir)
			must(t, err)
			if len(numbers) != 1 || numbers[0] != uint64(len(changes))+1 {
				t.Fatalf("after %d erasures there are the keys of epochs %d", len(changes), numbers)
			}
			for _, owner := range erased {
				secrets[owner] = records[owner]
			}
		}
		if v.former == nil {
			for i := range 40 {
				if e := v.entry(acme, person(i)); e != nil && v.Unfinished() == nil {
					records[person(i)] = e.Key
				}
			}
		}
		must(t, l.Close(context.Background()))
		for _, secret := range secrets {
			wantNowhere(t, dir, secret)
		}
	}
	kills := 0
	for step := 1; ; step++ {
		steps, killed := child(step, time.Minute)
		check(steps)
		if !killed {
			break
		}
		kills++
	}
	for range 6 {
		steps, killed := child(0, 30*time.Millisecond+time.Duration(rand.IntN(60_000))*time.Microsecond)
		check(steps)
		if killed {
			kills++
		}
	}
	for _, step := range []string{"begin", "journal written", "record erased", "records erased", "new key made", "batch written",
		"records rewrapped", "key overwritten", "key removed", "key destroyed", "checked", "completed"} {
		if !seen[step] {
			t.Errorf("no process was killed after %q", step)
		}
	}
	t.Logf("%d kills", kills)
}

// TestMemoryForgets looks for the old key in the memory of this process. A
// signal at the wrong moment leaves a copy of the registers on its stack, which
// no program can clear: so one of a few erasures must leave nothing.
func TestMemoryForgets(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc/self/mem")
	}
	for range 3 {
		v, _, dir := newVault(t)
		names := populate(t, v, 20)
		content, err := os.ReadFile(keyPath(dir, 1))
		must(t, err)
		m := keyContent.FindSubmatch(content)
		masked := make([]byte, keySize) // so that the search does not find itself
		for i := range masked {
			b, err := strconv.ParseUint(string(m[2][2*i:2*i+2]), 16, 8)
			must(t, err)
			masked[i] = byte(b) ^ 0x5a
		}
		clear(content)
		before := inMemory(t, masked)
		if before == 0 {
			t.Fatal("the key is not in memory while it is used: the search does not work")
		}
		_, err = v.Forget(t.Context(), []Erasure{of(person(1))}, nil)
		must(t, err)
		expectNames(t, v, names, person(1))
		after := inMemory(t, masked)
		if after == 0 {
			return
		}
		t.Logf("the key was in memory %d times, and is %d times", before, after)
	}
	t.Error("the old key stays in memory")
}

// inMemory counts the places in writable memory that hold the bytes.
func inMemory(t *testing.T, masked []byte) (n int) {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	must(t, err)
	mem, err := os.Open("/proc/self/mem")
	must(t, err)
	defer mem.Close()
	buffer := make([]byte, 1<<20)
	for line := range strings.Lines(string(maps)) {
		var from, to uint64
		var mode string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &mode); err != nil || !strings.HasPrefix(mode, "rw") ||
			to-from > 1<<30 || from >= 0x700000000000 && !strings.Contains(line, "[stack]") {
			continue // the last two are the runtime's and the race detector's own
		}
		for at := from; at < to; at += uint64(len(buffer) - len(masked)) {
			got, _ := mem.ReadAt(buffer[:min(uint64(len(buffer)), to-at)], int64(at))
			for rest := buffer[:max(got, 0)]; ; rest = rest[1:] {
				i := bytes.IndexByte(rest, masked[0]^0x5a)
				if i < 0 || len(rest)-i < len(masked) {
					break
				}
				rest = rest[i:]
				same := 0
				for same < len(masked) && rest[same]^0x5a == masked[same] {
					same++
				}
				if same == len(masked) {
					n++
				}
			}
			clear(buffer)
		}
	}
	return n
}

// BenchmarkForget forgets one owner among 100,000, over the real store, and
// writes as many records to another one, which is empty, in the same batches.
//
// forget/raw is the time of Forget as a multiple of the plain writing. The
// search of the files is a part of it.
func BenchmarkForget(b *testing.B) {
	const owners = 100_000
	ctx := context.Background()
	dir := b.TempDir()
	l := openLedger(b, dir)
	defer l.Close(ctx)
	v, err := Load(ctx, ledgerStore{l}, dir)
	must(b, err)
	s := v.Begin(acme)
	for i := range owners + 1 {
		must(b, s.Create(person(i), login(fmt.Sprint("user", i)), email(fmt.Sprintf("user%d@example.org", i))))
	}
	must(b, s.Store(ctx))
	var forgetting, writing time.Duration
	n := 0
	for b.Loop() {
		begin := time.Now()
		done, err := v.Forget(ctx, []Erasure{of(person(n))}, nil)
		must(b, err)
		forgetting += time.Since(begin)
		n++
		b.ReportMetric(float64(done.Bytes)/(1<<20), "MiB-searched")

		var records []Record
		for _, at := range v.all() {
			r, err := at.entry.record(at.org, at.owner)
			must(b, err)
			records = append(records, r)
		}
		empty := openLedger(b, b.TempDir())
		begin = time.Now()
		for from := 0; from < len(records); from += rewrapBatch {
			must(b, ledgerStore{empty}.Put(ctx, records[from:min(from+rewrapBatch, len(records))]))
		}
		writing += time.Since(begin)
		must(b, empty.Close(ctx))
	}
	b.ReportMetric(forgetting.Seconds()/float64(n), "s/forget")
	b.ReportMetric(writing.Seconds()/float64(n), "s/raw")
	b.ReportMetric(float64(forgetting)/float64(writing), "forget/raw")
}
