package notifier

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/bidi"
)

const (
	// longestName bounds a name or title in a mail, longestSubject a subject
	// line, in characters.
	longestName    = 64
	longestSubject = 120
)

// plain makes a name or title fit to stand in a line of a mail, whatever it is:
// one line, without control characters and without marks that reverse or hide
// the text around it, and bounded. A name that is written from right to left is
// isolated, so that it does not turn its surroundings.
func plain(name string) string {
	kept, rightToLeft, space := make([]rune, 0, min(len(name), longestName+1)), false, false
	for _, r := range name {
		if unicode.IsSpace(r) || unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp) {
			space = len(kept) > 0
			continue
		}
		// Joiners are part of how some scripts and symbols are written; the other
		// marks of format are not, nor is what is no character.
		if r != '\u200c' && r != '\u200d' && unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs) || r == unicode.ReplacementChar {
			continue
		}
		if space {
			kept, space = append(kept, ' '), false
		}
		if kept = append(kept, r); len(kept) > longestName {
			kept = append([]rune(strings.TrimSpace(string(kept[:longestName-1]))), '…')
			break
		}
		if p, _ := bidi.LookupRune(r); p.Class() == bidi.R || p.Class() == bidi.AL {
			rightToLeft = true
		}
	}
	if rightToLeft {
		return "\u2068" + string(kept) + "\u2069"
	}
	return string(kept)
}

// headline makes a line fit for the header: bounded, and not to be taken for
// encoded words, which a reader of mail would decode.
func headline(line string) string {
	line = strings.ReplaceAll(line, "=?", "= ?")
	if runes := []rune(line); len(runes) > longestSubject {
		line = strings.TrimSpace(string(runes[:longestSubject-1])) + "…"
	}
	return line
}

// quoted makes a word safe for the command lines that a mail shows.
func quoted(word string) string {
	safe := func(r rune) bool {
		return r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_.:/", r))
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !safe(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
