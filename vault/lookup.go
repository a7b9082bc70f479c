package vault

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Kind is what sort of value an owner is looked up by. An owner has at most
// one value of each kind, and no other owner of the organization has the same.
type Kind string

// The kinds. They are part of what a token is made from: they are only ever
// added to.
const (
	ByLogin Kind = "login"
	ByEmail Kind = "email"
	ByTitle Kind = "title" // of a scope
	// ByClient is the name of an API client.
	ByClient Kind = "client"
)

func (k Kind) known() bool { return k == ByLogin || k == ByEmail || k == ByTitle || k == ByClient }

// Lookup is a value to find an owner by, as it was written.
type Lookup struct {
	Kind  Kind
	Value string
}

// token stands for a look-up value in an organization.
type token [sha256.Size]byte

// tokenOf makes the token of a value under the organization's look-up key.
func tokenOf(lookupKey []byte, kind Kind, value string) (token, error) {
	normal, err := normalize(value)
	if err != nil {
		return token{}, fmt.Errorf("vault: %s to look up: %w", kind, err)
	}
	mac := hmac.New(sha256.New, lookupKey)
	mac.Write(bind(nil, "tenure look-up 1", string(kind), normal))
	return token(mac.Sum(nil)), nil
}

// normalize brings values that people take for the same to one form: NFKC with
// full case folding (compatibility caseless matching, Unicode D146), without
// characters that cannot be seen, without white space at the ends.
//
// NFKC rather than NFC, because values are looked up here, never shown: "ＡＬＩＣＥ"
// and "alice" must not be two people. Stored tokens depend on this function.
func normalize(value string) (string, error) {
	if !utf8.ValidString(value) {
		return "", fmt.Errorf("%w: it is not UTF-8", ErrNoText)
	}
	normal := strings.Map(seen, value)
	fold := cases.Fold()
	normal = norm.NFKD.String(fold.String(norm.NFD.String(normal)))
	normal = norm.NFKC.String(fold.String(normal))
	normal = strings.TrimSpace(normal)
	if normal == "" {
		return "", fmt.Errorf("%w: nothing is left of it without white space and invisible characters", ErrNoText)
	}
	return normal, nil
}

// seen drops the characters that Unicode wants ignored where it compares
// identifiers (Default_Ignorable_Code_Point).
func seen(r rune) rune {
	if unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) &&
		!unicode.Is(unicode.Prepended_Concatenation_Mark, r) {
		return -1
	}
	return r
}

// anyValue says whether one of the look-ups has a value, so that the
// organization's look-up key is needed.
func anyValue(lookups []Lookup) bool {
	return slices.ContainsFunc(lookups, func(l Lookup) bool { return l.Value != "" })
}

// relabel replaces the claims of the given kinds; an empty value removes its
// kind. The result is sorted by kind.
func relabel(claims []claim, lookupKey []byte, lookups []Lookup) ([]claim, error) {
	given := map[Kind]bool{}
	claims = slices.Clone(claims)
	for _, l := range lookups {
		if !l.Kind.known() {
			return nil, fmt.Errorf("vault: look-up kind %.20q is unknown", string(l.Kind))
		}
		if given[l.Kind] {
			return nil, fmt.Errorf("vault: two look-ups of kind %s for one owner", l.Kind)
		}
		given[l.Kind] = true
		claims = slices.DeleteFunc(claims, func(c claim) bool { return c.Kind == l.Kind })
		if l.Value == "" {
			continue
		}
		t, err := tokenOf(lookupKey, l.Kind, l.Value)
		if err != nil {
			return nil, err
		}
		claims = append(claims, claim{Kind: l.Kind, Token: t[:]})
	}
	slices.SortFunc(claims, func(a, b claim) int { return strings.Compare(string(a.Kind), string(b.Kind)) })
	return claims, nil
}

func sameClaims(a, b []claim) bool {
	return slices.EqualFunc(a, b, func(a, b claim) bool {
		return a.Kind == b.Kind && string(a.Token) == string(b.Token)
	})
}
