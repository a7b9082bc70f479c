package vault

import (
	"testing"

	"pgregory.net/rapid"
)

func TestNormalize(t *testing.T) {
	for value, want := range map[string]string{
		"ada":             "ada",
		"  Ada\t\n":       "ada",
		"ADA@Example.ORG": "ada@example.org",
		"Ada  Lovelace":   "ada  lovelace",
		"\u00c4nne":       "\u00e4nne", // composed
		"A\u0308nne":      "\u00e4nne", // decomposed
		"Stra\u00dfe":     "strasse",
		"STRASSE":         "strasse",
		"\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2": "\u03c3\u03af\u03c3\u03c5\u03c6\u03bf\u03c3", // both sigmas
		"\uff21\uff24\uff21":                         "ada",                                        // full width
		"\ufb01n":                                    "fin",                                        // ligature
		"ad\u200ba":                                  "ada",                                        // zero width space
		"\ufeffada\u00ad":                            "ada",                                        // byte order mark, soft hyphen
		"\u00a0ada\u3000":                            "ada",                                        // other white space
		"\u0130":                                     "i\u0307",                                    // never a language's own case rules
		"\u0000":                                     "\u0000",                                     // not ours to judge
		"\U0001f469\u200d\U0001f680":                 "\U0001f469\U0001f680",
	} {
		got, err := normalize(value)
		if err != nil || got != want {
			t.Errorf("%+q: %+q, %v; want %+q", value, got, err, want)
		}
	}
	for _, value := range []string{"", " ", "\t\u00a0\u3000", "\u200b\u200d", "\xff", "ada\xc3"} {
		got, err := normalize(value)
		if got != "" {
			t.Errorf("%+q: %+q", value, got)
		}
		wantError(t, err, ErrNoText)
	}
}

func TestNormalizeTwiceIsOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.String().Draw(t, "value")
		if rapid.Bool().Draw(t, "marks") { // the characters that do not commute
			value = string(rapid.SliceOfN(rapid.SampledFrom([]rune("aA\u0345\u0399\u1fb3\u0130\u0307\u00b4\u00df\u1e9e\u03c2\u200b\uffa0\u115f\ufdfa \u00a0")), 1, 8).Draw(t, "runes"))
		}
		onceDone, err := normalize(value)
		if err != nil {
			return
		}
		twice, err := normalize(onceDone)
		if err != nil || twice != onceDone {
			t.Fatalf("%+q: %+q, then %+q, %v", value, onceDone, twice, err)
		}
	})
}

func TestTokensDiffer(t *testing.T) {
	v, _, _ := newVault(t)
	put(t, v, acme, ada, login("ada"), email("ada@example.org"))
	put(t, v, other, ben, login("ada"))
	wantFound(t, v, acme, ByLogin, " ADA ", ada)
	wantFound(t, v, acme, ByEmail, "Ada@Example.org", ada)
	wantFound(t, v, acme, ByEmail, "ada", "")
	wantFound(t, v, acme, ByLogin, "ada@example.org", "")
	wantFound(t, v, acme, ByTitle, "ada", "")
	wantFound(t, v, acme, "phone", "ada", "")
	wantFound(t, v, acme, ByLogin, "", "")
	wantFound(t, v, acme, ByLogin, "\xff", "")
	wantFound(t, v, other, ByLogin, "ada", ben)
	wantFound(t, v, "third", ByLogin, "ada", "")
	if string(v.entry(acme, ada).Lookups[1].Token) == string(v.entry(other, ben).Lookups[0].Token) {
		t.Error("two organizations share a token")
	}
}
