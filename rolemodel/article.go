package rolemodel

import (
	"regexp"
	"strings"
)

// These find words whose first letter does not say whether they begin with a
// vowel: a user, a unit, a one-off, a European; an hour, an heir, an honest one.
var (
	consonantSound = regexp.MustCompile(`^(?:us[aeiou]|uti|uni(?:on|[^mnold]|$)|unanim|urin|uran|ubiq|eu|ew|once|one(?:[^a-z]|$))`)
	vowelSound     = regexp.MustCompile(`^(?:[aeiou]|hour|heir|honest|honou?r)`)
)

// A puts the indefinite article before a word, or several: by how the first of them
// sounds.
func A(words string) string {
	sound := strings.ToLower(words)
	if vowelSound.MatchString(sound) && !consonantSound.MatchString(sound) {
		return "an " + words
	}
	return "a " + words
}
