package vault

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"

	"tenure/events"
)

// Whoever can write to the store, but lacks the epoch key, can neither move a
// record nor direct a look-up to another owner.
func TestAlteredRecordsAreFound(t *testing.T) {
	for name, alter := range map[string]func(m *memory, ada, ben *entry){
		"key of another owner":     func(_ *memory, a, b *entry) { a.Key = b.Key },
		"look-up of another owner": func(_ *memory, a, b *entry) { a.Lookups, b.Lookups = b.Lookups, a.Lookups },
		"look-up removed":          func(_ *memory, a, _ *entry) { a.Lookups = nil },
		"look-up of another kind":  func(_ *memory, a, _ *entry) { a.Lookups[0].Kind = ByTitle },
		"epoch":                    func(_ *memory, a, _ *entry) { a.Epoch++ },
		"relabeled":                func(_ *memory, a, _ *entry) { a.Relabeled = true },
		"moved to another owner":   func(_ *memory, a, b *entry) { *a = *b },
		"moved to another organization": func(m *memory, a, _ *entry) {
			r, _ := a.record(other, ada)
			m.records[address{other, ada}] = r.Data
		},
	} {
		t.Run(name, func(t *testing.T) {
			v, m, dir := newVault(t)
			put(t, v, acme, ada, login("ada"))
			put(t, v, acme, ben, login("ben"))
			a, b := *v.entry(acme, ada), *v.entry(acme, ben)
			alter(m, &a, &b)
			for owner, e := range map[string]*entry{ada: &a, ben: &b} {
				r, err := e.record(acme, owner)
				must(t, err)
				m.records[address{acme, owner}] = r.Data
			}
			_, err := Load(context.Background(), m, dir)
			wantError(t, err, ErrWrongKey)
		})
	}
}

func TestMalformedRecordsAreRefused(t *testing.T) {
	key, tok := make([]byte, keySize+overhead), make([]byte, 32)
	good := entry{Epoch: 1, Key: key, Lookups: []claim{{ByEmail, tok}, {ByLogin, tok}}}
	with := func(change func(*entry)) any {
		e := good
		change(&e)
		return &e
	}
	for name, c := range map[string]struct {
		org   events.OrgID
		owner string
		value any
		fine  bool
	}{
		"good":               {acme, ada, &good, true},
		"good, scope":        {acme, docs, &good, true},
		"good, organization": {acme, Organization, &good, true},
		"organization":       {"No Such", ada, &good, false},
		"owner":              {acme, "ada", &good, false},
		"owner built in":     {acme, string(events.Operator), &good, false},
		"owner empty":        {acme, "", &good, false},
		"epoch 0":            {acme, ada, with(func(e *entry) { e.Epoch = 0 }), false},
		"epoch too high":     {acme, ada, with(func(e *entry) { e.Epoch = 1 << 40 }), false},
		"key short":          {acme, ada, with(func(e *entry) { e.Key = key[1:] }), false},
		"key absent":         {acme, ada, with(func(e *entry) { e.Key = nil }), false},
		"kind unknown":       {acme, ada, with(func(e *entry) { e.Lookups = []claim{{"phone", tok}} }), false},
		"token short":        {acme, ada, with(func(e *entry) { e.Lookups = []claim{{ByLogin, tok[1:]}} }), false},
		"kind twice":         {acme, ada, with(func(e *entry) { e.Lookups = []claim{{ByLogin, tok}, {ByLogin, tok}} }), false},
		"kinds unsorted":     {acme, ada, with(func(e *entry) { e.Lookups = []claim{{ByLogin, tok}, {ByEmail, tok}} }), false},
		"nothing":            {acme, ada, nil, false},
		"a list":             {acme, ada, []int{1}, false},
		"field unknown":      {acme, ada, map[string]any{"epoch": 1, "key": key, "name": "Ada"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := events.Marshal(c.value)
			must(t, err)
			if _, err = readEntry(Record{c.org, c.owner, data}); c.fine {
				must(t, err)
			} else {
				wantError(t, err, ErrBadRecord)
			}
		})
	}
}

// Neither what was sealed or looked up by, nor any key, is ever in a record;
// the epoch key neither.
func TestRecordsHoldNoSecrets(t *testing.T) {
	v, m, dir := newVault(t)
	ctx := context.Background()
	secrets := map[string][]byte{}
	for _, text := range []string{"Ada.Lovelace", "ada.lovelace", "ada@lovelace.example", "countess@lovelace.example", "Documentation People", "documentation people"} {
		secrets[text] = []byte(text)
	}
	s := v.Begin(acme)
	must(t, s.Create(ada, login("Ada.Lovelace"), email("ada@lovelace.example")))
	must(t, s.Create(docs, Lookup{ByTitle, "Documentation People"}))
	_, err := s.Seal(ada, one, FieldLogin, "Ada.Lovelace")
	must(t, err)
	must(t, s.Store(ctx))
	s = v.Begin(acme)
	must(t, s.Relabel(ada, email("countess@lovelace.example")))
	must(t, s.Store(ctx))
	for _, owner := range []string{ada, docs, Organization} {
		dataKey, err := v.key.unwrap(acme, owner, v.entry(acme, owner))
		must(t, err)
		secrets["key of "+owner] = dataKey
	}
	content, err := os.ReadFile(keyPath(dir, 1))
	must(t, err)
	epoch, err := hex.DecodeString(strings.TrimSpace(strings.TrimPrefix(string(content), "tenure epoch 1 key ")))
	must(t, err)
	secrets["epoch key"] = epoch

	if len(m.ever) != 4 || len(secrets) != 10 || len(epoch) != keySize {
		t.Fatalf("%d records and %d secrets: this test looks at too little", len(m.ever), len(secrets))
	}
	for name, secret := range secrets {
		for _, form := range [][]byte{secret, []byte(hex.EncodeToString(secret)), []byte(base64.StdEncoding.EncodeToString(secret)[:12])} {
			for i, data := range m.ever {
				if bytes.Contains(data, form) {
					t.Errorf("record %d shows %s", i, name)
				}
			}
		}
	}
}

func FuzzRecord(f *testing.F) {
	v, m, dir := newVault(f)
	put(f, v, acme, ada, login("ada"), email("ada@example.org"))
	genuine := m.records[address{acme, ada}]
	f.Add(string(acme), ada, genuine)
	f.Add(string(acme), ben, genuine)
	f.Add("", "", []byte{})
	f.Add(string(acme), docs, []byte{0xdf, 0xff, 0xff, 0xff, 0xff})
	f.Add(string(other), Organization, bytes.Repeat([]byte{0x91}, 1000))
	f.Fuzz(func(t *testing.T, org, owner string, data []byte) {
		m := m.clone()
		m.records[address{events.OrgID(org), owner}] = data
		v, err := Load(context.Background(), m, dir)
		if err != nil {
			if !errors.Is(err, ErrBadRecord) && !errors.Is(err, ErrWrongKey) {
				t.Fatalf("error %v", err)
			}
			return
		}
		if stored := m.records[address{acme, ada}]; len(m.records) != 2 || !bytes.Equal(stored, genuine) {
			e, err := readEntry(Record{acme, ada, stored})
			must(t, err)
			r, err := e.record(acme, ada)
			must(t, err)
			if !bytes.Equal(r.Data, genuine) { // other bytes, for instance a longer integer, may say the same
				t.Fatalf("a record was accepted that the vault did not write: %x", data)
			}
		}
		wantFound(t, v, acme, ByLogin, "ada", ada)
	})
}
