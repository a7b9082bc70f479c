package vault

import (
	"bytes"
	"context"
	"testing"

	"pgregory.net/rapid"

	"tenure/events"
)

func TestSealedOpensWhereItWasSealed(t *testing.T) {
	v, m, dir := newVault(t)
	for _, org := range []events.OrgID{acme, other} {
		for _, owner := range []string{ada, ben, docs} {
			put(t, v, org, owner)
		}
	}
	again := load(t, m, dir)
	type spot struct {
		org    events.OrgID
		owner  string
		commit events.CommitID
		field  Field
	}
	draw := rapid.Custom(func(t *rapid.T) spot {
		return spot{
			rapid.SampledFrom([]events.OrgID{acme, other}).Draw(t, "org"),
			rapid.SampledFrom([]string{ada, ben, docs}).Draw(t, "owner"),
			rapid.SampledFrom([]events.CommitID{one, two}).Draw(t, "commit"),
			Field(rapid.IntRange(1, 6).Draw(t, "field")),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		at := draw.Draw(t, "sealed at")
		text := rapid.StringN(1, -1, -1).Draw(t, "text")
		if rapid.Bool().Draw(t, "binary") {
			text = string(rapid.SliceOfN(rapid.SampledFrom([]byte{0, 0x80, 'x'}), 1, 70).Draw(t, "bytes"))
		}
		sealed := seal(t, v, at.org, at.owner, at.commit, at.field, text)
		if len(text) > 8 && bytes.Contains(sealed, []byte(text)) {
			t.Fatalf("the sealed value shows its text")
		}
		for _, v := range []*Vault{v, again} {
			got, err := v.Open(at.org, at.owner, at.commit, at.field, sealed)
			must(t, err)
			if got != text {
				t.Fatalf("opened %q, sealed %q", got, text)
			}
		}
		elsewhere := draw.Draw(t, "opened at")
		got, err := v.Open(elsewhere.org, elsewhere.owner, elsewhere.commit, elsewhere.field, sealed)
		if elsewhere == at {
			must(t, err)
		} else if got != "" {
			t.Fatalf("opened %q at %v", got, elsewhere)
		} else {
			wantError(t, err, ErrTampered)
		}
		// One part at a time, so that none of the four hides another.
		for _, elsewhere := range []spot{
			{map[events.OrgID]events.OrgID{acme: other, other: acme}[at.org], at.owner, at.commit, at.field},
			{at.org, map[string]string{ada: ben, ben: docs, docs: ada}[at.owner], at.commit, at.field},
			{at.org, at.owner, map[events.CommitID]events.CommitID{one: two, two: one}[at.commit], at.field},
			{at.org, at.owner, at.commit, at.field%6 + 1},
		} {
			_, err := v.Open(elsewhere.org, elsewhere.owner, elsewhere.commit, elsewhere.field, sealed)
			wantError(t, err, ErrTampered)
		}
		at1 := rapid.IntRange(0, len(sealed)-1).Draw(t, "flipped")
		flipped := bytes.Clone(sealed)
		flipped[at1] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		_, err = v.Open(at.org, at.owner, at.commit, at.field, flipped)
		wantError(t, err, ErrTampered)
		_, err = v.Open(at.org, at.owner, at.commit, at.field, sealed[:at1])
		wantError(t, err, ErrTampered)
	})
}

// Owner and organization have keys of their own, which hides whether they are
// bound as well: here two owners are given the same key.
func TestSealedIsBoundToOwnerAndOrganization(t *testing.T) {
	v, _, _ := newVault(t)
	dataKey := newDataKey()
	for _, org := range []events.OrgID{acme, other} {
		for _, owner := range []string{ada, ben} {
			v.organization(org).replace(map[string]*entry{owner: v.key.wrap(org, owner, dataKey, nil, false)})
		}
	}
	sealed := seal(t, v, acme, ada, one, FieldName, "Ada")
	for _, at := range []address{{acme, ben}, {other, ada}, {other, ben}} {
		_, err := v.Open(at.org, at.owner, one, FieldName, sealed)
		wantError(t, err, ErrTampered)
	}
	if got, err := v.Open(acme, ada, one, FieldName, sealed); got != "Ada" {
		t.Fatalf("opened %q, %v", got, err)
	}
}

// Every list of up to two short parts, of characters that a length could be
// taken for.
func TestBindingIsUnambiguous(t *testing.T) {
	parts := []string{""}
	for i := 0; len(parts[i]) < 2; i++ {
		parts = append(parts, parts[i]+"\x00", parts[i]+"\x01", parts[i]+"a")
	}
	lists := [][]string{{}}
	for _, a := range parts {
		lists = append(lists, []string{a})
		for _, b := range parts {
			lists = append(lists, []string{a, b})
		}
	}
	bound := map[string][]string{}
	for _, list := range lists {
		b := string(bind(nil, list...))
		if former, twice := bound[b]; twice {
			t.Fatalf("%q and %q bind alike", former, list)
		}
		bound[b] = list
	}
}

func TestSealedHidesTheLengthOfNames(t *testing.T) {
	v, _, _ := newVault(t)
	put(t, v, acme, ada)
	short := seal(t, v, acme, ada, one, FieldName, "Bo")
	long := seal(t, v, acme, ada, one, FieldName, "Wolfeschlegelsteinhausenberger")
	if len(short) != len(long) {
		t.Errorf("%d and %d bytes", len(short), len(long))
	}
	if bytes.Equal(short, seal(t, v, acme, ada, one, FieldName, "Bo")) {
		t.Error("the same text gives the same bytes twice")
	}
	if short[0] != formatGCM {
		t.Errorf("begins with %d", short[0])
	}
}

func TestSealRefuses(t *testing.T) {
	v, _, _ := newVault(t)
	put(t, v, acme, ada)
	for name, c := range map[string]struct {
		owner  string
		commit events.CommitID
		field  Field
		text   string
		want   error // nil: any
	}{
		"no text":      {ada, one, FieldName, "", ErrNoText},
		"no key":       {ben, one, FieldName, "Ben", ErrErased},
		"field 0":      {ada, one, 0, "Ada", nil},
		"field 9":      {ada, one, 9, "Ada", nil},
		"no commit id": {ada, "", FieldName, "Ada", nil},
	} {
		t.Run(name, func(t *testing.T) {
			sealed, err := v.Begin(acme).Seal(c.owner, c.commit, c.field, c.text)
			if err == nil || sealed != nil {
				t.Fatalf("sealed as %x, error %v", sealed, err)
			}
			if c.want != nil {
				wantError(t, err, c.want)
			}
		})
	}
}

// The numbers are written history: a change would make sealed values of other
// versions unreadable.
func TestFieldNumbersStay(t *testing.T) {
	for i, f := range []Field{FieldLogin, FieldEmail, FieldName, FieldJobTitle, FieldNote, FieldTitle} {
		if int(f) != i+1 || !f.known() {
			t.Errorf("field %d is number %d", i+1, f)
		}
	}
}

func FuzzOpen(f *testing.F) {
	v, err := Load(context.Background(), newMemory(), f.TempDir())
	must(f, err)
	put(f, v, acme, ada)
	genuine := seal(f, v, acme, ada, one, FieldName, "Ada")
	f.Add([]byte{})
	f.Add([]byte{formatGCM})
	f.Add([]byte(genuine))
	f.Add(append(bytes.Clone(genuine), 0))
	f.Add(bytes.Repeat([]byte{formatGCM}, 1+overhead))
	f.Fuzz(func(t *testing.T, sealed []byte) {
		got, err := v.Open(acme, ada, one, FieldName, sealed)
		if bytes.Equal(sealed, genuine) {
			if got != "Ada" {
				t.Fatalf("opened %q, %v", got, err)
			}
			return
		}
		wantError(t, err, ErrTampered)
	})
}
