package vault

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tenure/events"
)

var ordered = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// of is the erasure of an owner of acme.
func of(owner string) Erasure {
	return Erasure{Org: acme, Owner: owner, Revision: 42, At: ordered}
}

// sealedName is a name in the ledger.
type sealedName struct {
	org    events.OrgID
	owner  string
	plain  string
	sealed events.Sealed
}

func person(n int) string { return fmt.Sprintf("01HZY%021d", n) }

// populate creates owners in two organizations.
func populate(t testing.TB, v *Vault, n int) []sealedName {
	var names []sealedName
	for _, org := range []events.OrgID{acme, other} {
		s := v.Begin(org)
		for i := range n {
			plain := fmt.Sprintf("name-%d", i)
			must(t, s.Create(person(i), login(plain)))
			sealed, err := s.Seal(person(i), one, FieldName, plain)
			must(t, err)
			names = append(names, sealedName{org, person(i), plain, sealed})
		}
		must(t, s.Store(context.Background()))
	}
	return names
}

// expectNames says that all names but those of the erased owners of acme open
// and are found.
func expectNames(t fatal, v *Vault, names []sealedName, erased ...string) {
	t.Helper()
	for _, n := range names {
		gone := false
		for _, owner := range erased {
			gone = gone || n.org == acme && n.owner == owner
		}
		plain, err := v.Open(n.org, n.owner, one, FieldName, n.sealed)
		if gone {
			wantError(t, err, ErrErased)
			wantFound(t, v, n.org, ByLogin, n.plain, "")
			continue
		}
		if err != nil || plain != n.plain {
			t.Fatalf("%s in %s opens as %q, %v", n.owner, n.org, plain, err)
		}
		wantFound(t, v, n.org, ByLogin, n.plain, n.owner)
	}
}

// keyBytes reads the key of an epoch from its file.
func keyBytes(t fatal, dir string, number uint64) []byte {
	t.Helper()
	k, err := readKeyFile(keyPath(dir, number))
	must(t, err)
	return k.raw
}

func TestForget(t *testing.T) {
	v, m, dir := newVault(t)
	names := populate(t, v, 10)
	oldKey, erasedRecord := keyBytes(t, dir, 1), v.entry(acme, person(3)).Key
	var told []string
	v.batch = 4
	v.step = func(name string) {
		if name != "key overwritten" {
			return
		}
		if content, err := os.ReadFile(keyPath(dir, 1)); err != nil || bytes.Contains(content, []byte(hex.EncodeToString(oldKey))) {
			t.Errorf("the key file was not overwritten: %q, %v", content, err)
		}
	}
	got, err := v.Forget(t.Context(), []Erasure{of(person(3)), of(person(5))}, func(done, total int) {
		told = append(told, fmt.Sprintf("%d/%d", done, total))
	})
	must(t, err)
	v.step = func(string) {}
	if got.Epoch != 1 || len(got.Erasures) != 2 || got.Rewrapped != 20 || got.Files < 2 || got.Bytes == 0 || !got.Completed() {
		t.Errorf("destroyed %+v", got)
	}
	if want := "4/20 8/20 12/20 16/20 20/20"; strings.Join(told, " ") != want {
		t.Errorf("progress %v, want %s", told, want)
	}
	must(t, v.Unfinished())
	for _, v := range []*Vault{v, load(t, m, dir)} {
		expectNames(t, v, names, person(3), person(5))
		if v.key.number != 2 || v.former != nil || len(v.remains) != 0 || len(v.Journal()) != 1 {
			t.Errorf("epoch %d, former %v, journal %v", v.key.number, v.former, v.Journal())
		}
	}
	wantNowhere(t, dir, oldKey, erasedRecord)
	for at, data := range m.records {
		if e, err := readEntry(Record{at.org, at.owner, data}); err != nil || e.Epoch != 2 {
			t.Errorf("the record of %v is of epoch %d, %v", at, e.Epoch, err)
		}
	}
	// Again, with owners who came and went meanwhile.
	put(t, v, acme, cleo, login("name-3"))
	must(t, v.Erase(t.Context(), acme, person(6)))
	got, err = v.Forget(t.Context(), []Erasure{of(person(6)), of(cleo)}, nil)
	must(t, err)
	if got.Epoch != 2 || len(v.Journal()) != 2 {
		t.Errorf("destroyed %+v", got)
	}
	expectNames(t, load(t, m, dir), names, person(3), person(5), person(6))
}

// wantNowhere searches a folder independently of the vault.
func wantNowhere(t *testing.T, dir string, secrets ...[]byte) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		for _, secret := range secrets {
			if bytes.Contains(content, secret) || bytes.Contains(content, []byte(hex.EncodeToString(secret))) {
				t.Errorf("%s holds what was destroyed", path)
			}
		}
		return err
	}))
}

func TestForgetRefuses(t *testing.T) {
	v, m, dir := newVault(t)
	names := populate(t, v, 3)
	before := tree(t, dir)
	calls := m.calls
	noRevision, noTime, noOrg := of(ada), of(ada), of(ada)
	noRevision.Revision, noTime.At, noOrg.Org = 0, time.Time{}, "No Such"
	for name, list := range map[string][]Erasure{
		"nobody": nil, "no id": {of("Ada")}, "no revision": {noRevision}, "no time": {noTime}, "no organization": {noOrg},
		"look-up key in use": {of(Organization)}, "look-up key in use by one": {of(Organization), of(person(0)), of(person(1))},
	} {
		if _, err := v.Forget(t.Context(), list, nil); err == nil || strings.HasPrefix(name, "look") && !errors.Is(err, ErrInUse) {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(t, v.Unfinished())
	if tree(t, dir) != before || m.calls != calls {
		t.Error("something was changed")
	}
	expectNames(t, v, names)
	// With all its owners the look-up key may go.
	_, err := v.Forget(t.Context(), []Erasure{of(Organization), of(person(0)), of(person(1)), of(person(2))}, nil)
	must(t, err)
	expectNames(t, load(t, m, dir), names, person(0), person(1), person(2))
}

// TestForgetFaults lets every call of the store go wrong in every way, once.
// The erasure is then resumed, in the same vault and after a restart.
func TestForgetFaults(t *testing.T) {
	for name, how := range faults {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprint(name, restart), func(t *testing.T) {
				for n := 1; ; n++ {
					v, m, dir := newVault(t)
					names := populate(t, v, 4)
					oldKey := keyBytes(t, dir, 1)
					v.batch = 3
					m.breakAt(n, how)
					_, err := v.Forget(t.Context(), []Erasure{of(person(2))}, nil)
					if err == nil {
						if n < 5 {
							t.Errorf("only %d calls", n)
						}
						return
					}
					wantError(t, err, errFault)
					wantError(t, v.Unfinished(), ErrUnfinished)
					expectNames(t, v, names, person(2))
					_, err = v.Forget(t.Context(), []Erasure{of(person(1))}, nil)
					wantError(t, err, ErrUnfinished)
					if restart {
						v = load(t, m, dir)
						expectNames(t, v, names, person(2))
						wantError(t, v.Unfinished(), ErrUnfinished)
					}
					put(t, v, acme, ben, login("ben"))
					got, err := v.Resume(t.Context(), nil)
					must(t, err)
					must(t, v.Unfinished())
					if got.Rewrapped != 10 || !got.Completed() {
						t.Errorf("destroyed %+v", got)
					}
					wantNowhere(t, dir, oldKey)
					v = load(t, m, dir)
					expectNames(t, v, names, person(2))
					wantFound(t, v, acme, ByLogin, "ben", ben)
				}
			})
		}
	}
}

// TestStagesSpanForget stores, undoes and tries again, between two steps of an
// erasure, what was begun before it. Nobody loses a key, and none is left under
// the key that is destroyed.
func TestStagesSpanForget(t *testing.T) {
	ctx := context.Background()
	for _, at := range []string{"begin", "journal written", "records erased", "new key made", "records rewrapped", "key overwritten", "key destroyed", "checked", "completed"} {
		t.Run(at, func(t *testing.T) {
			v, m, dir := newVault(t)
			names := populate(t, v, 3)
			creating, relabeling, undone, hidden, gone := v.Begin(acme), v.Begin(acme), v.Begin(acme), v.Begin("third"), v.Begin(acme)
			must(t, creating.Create(ben, login("ben")))
			sealed, err := creating.Seal(ben, two, FieldName, "Ben")
			must(t, err)
			must(t, relabeling.Relabel(person(0), login("zero")))
			must(t, undone.Relabel(person(1), login("nobody")))
			must(t, undone.Create(cleo, login("cleo")))
			must(t, undone.Store(ctx))
			must(t, hidden.Create(docs))
			hiddenTitle, err := hidden.Seal(docs, two, FieldTitle, "Docs")
			must(t, err)
			m.breakAt(1, persists)
			wantError(t, hidden.Store(ctx), errFault)
			must(t, gone.Relabel(person(2), login("two")))

			reached := false
			v.step = func(name string) {
				if name != at {
					return
				}
				reached = true
				must(t, creating.Store(ctx))
				must(t, relabeling.Store(ctx))
				must(t, undone.Discard(ctx))
				if at != "begin" {
					wantError(t, gone.Store(ctx), ErrStale)
					again := v.Begin(acme)
					if at != "completed" {
						must(t, again.Create(person(2), login("back")))
						wantError(t, again.Store(ctx), ErrStale)
					}
				}
			}
			_, err = v.Forget(ctx, []Erasure{of(person(2))}, nil)
			must(t, err)
			if !reached {
				t.Fatal("there is no such step")
			}
			must(t, hidden.Store(ctx))
			for _, v := range []*Vault{v, load(t, m, dir)} {
				for value, owner := range map[string]string{"ben": ben, "zero": person(0), "name-0": "", "name-1": person(1), "nobody": "", "cleo": "", "name-2": "", "two": "", "back": ""} {
					wantFound(t, v, acme, ByLogin, value, owner)
				}
				for _, n := range names[:2] {
					if got, err := v.Open(acme, n.owner, one, FieldName, n.sealed); got != n.plain {
						t.Errorf("%s opens as %q, %v", n.owner, got, err)
					}
				}
				if got, err := v.Open(acme, ben, two, FieldName, sealed); got != "Ben" {
					t.Errorf("ben opens as %q, %v", got, err)
				}
				if got, err := v.Open("third", docs, two, FieldTitle, hiddenTitle); got != "Docs" {
					t.Errorf("the title opens as %q, %v", got, err)
				}
			}
		})
	}
}

// TestForgetUnderLoad opens, finds, creates and relabels all the time while
// owners are forgotten, again and again.
func TestForgetUnderLoad(t *testing.T) {
	ctx := context.Background()
	v, m, dir := newVault(t)
	names := populate(t, v, 50)
	v.batch = 7
	stop := make(chan struct{})
	var working sync.WaitGroup
	var mu sync.Mutex
	created := map[string]sealedName{}
	for w := range 3 {
		working.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				name := names[50+n%50] // of the other organization, which stays
				if got, err := v.Open(name.org, name.owner, one, FieldName, name.sealed); got != name.plain {
					t.Errorf("%s opens as %q, %v", name.owner, got, err)
					return
				}
				if owner, _ := v.Find(name.org, ByLogin, name.plain); owner != name.owner {
					t.Errorf("%q finds %q", name.plain, owner)
					return
				}
				owner, plain := fmt.Sprintf("01HZZ%d%020d", w, n), fmt.Sprintf("new-%d-%d", w, n)
				s := v.Begin(acme)
				must(t, s.Create(owner, login(plain)))
				sealed, err := s.Seal(owner, one, FieldName, plain)
				must(t, err)
				if err := s.Store(ctx); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				created[owner] = sealedName{acme, owner, plain, sealed}
				mu.Unlock()
				runtime.Gosched()
			}
		})
	}
	var erased []string
	for n := range 15 {
		erased = append(erased, person(n))
		got, err := v.Forget(ctx, []Erasure{of(person(n))}, nil)
		must(t, err)
		if got.Epoch != uint64(n+1) {
			t.Errorf("epoch %d", got.Epoch)
		}
	}
	close(stop)
	working.Wait()
	for _, n := range created {
		names = append(names, n)
	}
	t.Logf("%d owners came meanwhile", len(created))
	expectNames(t, v, names, erased...)
	expectNames(t, load(t, m, dir), names, erased...)
}

// TestForgetFindsRemains puts what is to be destroyed where it must not be.
func TestForgetFindsRemains(t *testing.T) {
	for name, write := range map[string]func(v *Vault, key []byte) []byte{
		"key":         func(_ *Vault, key []byte) []byte { return key },
		"key as text": func(_ *Vault, key []byte) []byte { return []byte(hex.EncodeToString(key)) },
		"key file":    func(_ *Vault, key []byte) []byte { return keyText(1, key) },
		"record":      func(v *Vault, _ []byte) []byte { return v.entry(acme, person(1)).Key },
	} {
		for _, before := range []int{0, 1, 1<<20 + 118, 3 << 20} { // one lies across the end of what is read at once
			t.Run(fmt.Sprint(name, before), func(t *testing.T) {
				v, m, dir := newVault(t)
				names := populate(t, v, 3)
				remains := bytes.Clone(write(v, keyBytes(t, dir, 1)))
				path := filepath.Join(dir, "below", "copy")
				must(t, os.Mkdir(filepath.Dir(path), 0o700))
				must(t, os.WriteFile(path, slices.Concat(make([]byte, before), remains, make([]byte, 100)), 0o600))
				_, err := v.Forget(t.Context(), []Erasure{of(person(1))}, nil)
				wantError(t, err, ErrRemains)
				if !strings.Contains(err.Error(), path) {
					t.Errorf("%v does not name %s", err, path)
				}
				wantError(t, v.Unfinished(), ErrUnfinished)
				_, err = v.Resume(t.Context(), nil)
				wantError(t, err, ErrRemains)
				for range 2 {
					v = load(t, m, dir)
					_, err = v.Resume(t.Context(), nil)
					wantError(t, err, ErrRemains)
					if !strings.Contains(err.Error(), path) {
						t.Errorf("%v does not name %s", err, path)
					}
				}
				must(t, os.Remove(path))
				v = load(t, m, dir)
				done, err := v.Resume(t.Context(), nil)
				must(t, err)
				if done.Files < 2 || done.Bytes == 0 {
					t.Errorf("completed without a search: %+v", done)
				}
				must(t, v.Unfinished())
				expectNames(t, v, names, person(1))
			})
		}
	}
}

// forgetSought writes a journal anew as a former program would have, without
// anything to search for.
func forgetSought(t *testing.T, dir string) {
	t.Helper()
	was, err := readJournal(dir)
	must(t, err)
	must(t, os.Remove(journalPath(dir)))
	is := &journal{path: journalPath(dir)}
	for _, change := range was.changes { // one, which is not completed
		must(t, is.append(journalLine{Begun: &begun{Epoch: change.Epoch, Erasures: change.Erasures}}))
	}
	content, err := os.ReadFile(journalPath(dir))
	must(t, err)
	if bytes.Contains(content, []byte("sought")) {
		t.Fatal("the journal has what a former program did not write")
	}
}

// TestFormerJournalKeyThere: a former program has begun an erasure and died
// before the key was destroyed. What is met at its end is searched for, and
// that outlives restarts.
func TestFormerJournalKeyThere(t *testing.T) {
	for name, at := range map[string]int{"nothing erased": 1, "record erased": 2, "new key made": 3} {
		for kind, write := range map[string]func(record, key []byte) []byte{
			"key":    func(_, key []byte) []byte { return key },
			"record": func(record, _ []byte) []byte { return record },
		} {
			if kind == "record" && at > 1 {
				continue // it is gone, and nothing tells what it was
			}
			t.Run(name+" "+kind, func(t *testing.T) {
				v, m, dir := newVault(t)
				names := populate(t, v, 3)
				path := filepath.Join(dir, "copy")
				must(t, os.WriteFile(path, append([]byte("x"), write(v.entry(acme, person(1)).Key, keyBytes(t, dir, 1))...), 0o600))
				m.breakAt(at, fails)
				_, err := v.Forget(t.Context(), []Erasure{of(person(1))}, nil)
				wantError(t, err, errFault)
				m.repair()
				forgetSought(t, dir)
				for range 3 {
					v = load(t, m, dir)
					_, err = v.Resume(t.Context(), nil)
					wantError(t, err, ErrRemains)
				}
				must(t, os.Remove(path))
				v = load(t, m, dir)
				done, err := v.Resume(t.Context(), nil)
				must(t, err)
				if done.Files < 2 {
					t.Errorf("completed without a search: %+v", done)
				}
				v = load(t, m, dir)
				must(t, v.Unfinished())
				expectNames(t, v, names, person(1))
				_, err = v.Forget(t.Context(), []Erasure{of(person(2))}, nil)
				must(t, err)
				expectNames(t, load(t, m, dir), names, person(1), person(2))
			})
		}
	}
}

// TestFormerJournalKeyGone: a former program has destroyed the key, so nothing
// tells its bytes. A copy of its file is found; a completion without one claims
// no search.
func TestFormerJournalKeyGone(t *testing.T) {
	v, m, dir := newVault(t)
	names := populate(t, v, 3)
	path := filepath.Join(dir, "notes.txt")
	must(t, os.WriteFile(path, append([]byte("kept: "), keyText(1, keyBytes(t, dir, 1))...), 0o600))
	_, err := v.Forget(t.Context(), []Erasure{of(person(1))}, nil)
	wantError(t, err, ErrRemains)
	forgetSought(t, dir)
	for range 2 {
		v = load(t, m, dir)
		_, err = v.Resume(t.Context(), nil)
		wantError(t, err, ErrRemains)
	}
	must(t, os.Remove(path))
	done, err := v.Resume(t.Context(), nil)
	must(t, err)
	if done.Files != 0 || done.Bytes != 0 {
		t.Errorf("claims a search that was not whole: %+v", done)
	}
	signed, err := SignCertificate(dir, done.Certificates(aLedger)[0])
	must(t, err)
	if text := string(signed); strings.Contains(text, "found-in-files") || !strings.Contains(text, "\nfiles-searched: none\n") {
		t.Errorf("states %s", text)
	}
	expectNames(t, load(t, m, dir), names, person(1))
}

// TestJournalDoesNotTell: the journal does not have what it helps to find.
func TestJournalDoesNotTell(t *testing.T) {
	v, _, dir := newVault(t)
	populate(t, v, 3)
	key, record := keyBytes(t, dir, 1), v.entry(acme, person(1)).Key
	_, err := v.Forget(t.Context(), []Erasure{of(person(1))}, nil)
	must(t, err)
	content, err := os.ReadFile(journalPath(dir))
	must(t, err)
	for _, b := range [][]byte{key, record} {
		f := fingerprintOf(b)
		text, err := f.MarshalText()
		must(t, err)
		if !bytes.Contains(content, text) {
			t.Errorf("the journal lacks %s", text)
		}
		if part := hex.EncodeToString(b[:len(f.beginning)+1]); bytes.Contains(text, []byte(part)) {
			t.Errorf("%s has more than the beginning", text)
		}
		var again fingerprint
		must(t, again.UnmarshalText(text))
		if !again.begins(b) || again.begins(b[:len(b)-1]) || again.ofKey() != f.ofKey() {
			t.Errorf("%s is read as %v", text, again)
		}
		for at := range text {
			if again.UnmarshalText(text[:at]) == nil {
				t.Errorf("%s is read", text[:at])
			}
		}
		if again.UnmarshalText(append(text, "00"...)) == nil {
			t.Error("read though it is too long")
		}
	}
}

// TestKeyThatComesBack: a copy of a destroyed key is destroyed again.
func TestKeyThatComesBack(t *testing.T) {
	v, m, dir := newVault(t)
	names := populate(t, v, 3)
	content, err := os.ReadFile(keyPath(dir, 1))
	must(t, err)
	_, err = v.Forget(t.Context(), []Erasure{of(person(1))}, nil)
	must(t, err)
	must(t, os.WriteFile(keyPath(dir, 1), content, 0o600))
	v = load(t, m, dir)
	wantError(t, v.Unfinished(), ErrUnfinished)
	_, err = v.Resume(t.Context(), nil)
	must(t, err)
	must(t, v.Unfinished())
	if _, err := os.Stat(keyPath(dir, 1)); err == nil {
		t.Error("the key is there")
	}
	expectNames(t, load(t, m, dir), names, person(1))
}

// TestJournalKeepsWhole spoils the journal and the keys of a vault with two
// completed erasures, or its last lines.
func TestJournalKeepsWhole(t *testing.T) {
	lines := func(b []byte) [][]byte { return bytes.SplitAfter(bytes.TrimSuffix(b, []byte("\n")), []byte("\n")) }
	join := func(l ...[]byte) []byte { return bytes.Join(l, nil) }
	for name, c := range map[string]struct {
		spoil func(b []byte) []byte
		want  error
	}{
		"gone":                 {func([]byte) []byte { return nil }, ErrJournalDamaged},
		"last change cut":      {func(b []byte) []byte { return join(lines(b)[:2]...) }, ErrJournalDamaged},
		"first change cut":     {func(b []byte) []byte { return join(lines(b)[2:]...) }, ErrJournalDamaged},
		"middle line cut":      {func(b []byte) []byte { l := lines(b); return join(l[0], l[2], l[3]) }, ErrJournalDamaged},
		"lines swapped":        {func(b []byte) []byte { l := lines(b); return join(l[1], l[0], l[2], l[3]) }, ErrJournalDamaged},
		"first line altered":   {func(b []byte) []byte { return bytes.Replace(b, []byte("42"), []byte("43"), 1) }, ErrJournalDamaged},
		"more":                 {func(b []byte) []byte { return append(b, "{}\n{}\n"...) }, ErrJournalDamaged},
		"last completion cut":  {func(b []byte) []byte { return join(lines(b)[:3]...) }, ErrUnfinished},
		"last completion torn": {func(b []byte) []byte { return b[:len(b)-20] }, ErrUnfinished},
		"a torn line":          {func(b []byte) []byte { return append(b, `{"entry":{"beg`...) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			v, m, dir := newVault(t)
			names := populate(t, v, 3)
			for n := range 2 {
				_, err := v.Forget(t.Context(), []Erasure{of(person(n))}, nil)
				must(t, err)
			}
			content, err := os.ReadFile(journalPath(dir))
			must(t, err)
			must(t, os.WriteFile(journalPath(dir), c.spoil(content), 0o600))
			before := tree(t, dir)
			v, err = Load(t.Context(), m, dir)
			if c.want == ErrJournalDamaged {
				wantError(t, err, c.want)
				if tree(t, dir) != before {
					t.Error("files were changed")
				}
				return
			}
			must(t, err)
			if err := v.Unfinished(); !errors.Is(err, c.want) {
				t.Errorf("unfinished %v", err)
			}
			_, err = v.Resume(t.Context(), nil)
			must(t, err)
			_, err = v.Forget(t.Context(), []Erasure{of(person(2))}, nil)
			must(t, err)
			v = load(t, m, dir)
			expectNames(t, v, names, person(0), person(1), person(2))
			if len(v.Journal()) != 3 {
				t.Errorf("journal %+v", v.Journal())
			}
		})
	}
	t.Run("keys gone", func(t *testing.T) {
		v, _, dir := newVault(t)
		populate(t, v, 1)
		_, err := v.Forget(t.Context(), []Erasure{of(person(0))}, nil)
		must(t, err)
		must(t, os.Remove(keyPath(dir, 2)))
		_, err = Load(t.Context(), newMemory(), dir)
		wantError(t, err, ErrKeyMissing)
	})
}
