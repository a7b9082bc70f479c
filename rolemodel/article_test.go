package rolemodel

import (
	"strings"
	"testing"
)

func TestA(t *testing.T) {
	for _, want := range []string{
		"an organization", "a user", "a user_group", "an External user", "a unit", "a university", "an unimportant one", "an uninvited guest", "an umbrella group",
		"an upper_school", "a usable role", "an usher", "a utility", "a uniform", "a unit or team", "an office", "a team", "a one-off", "an onboarding", "a European office",
		"an hour", "a house", "an honorary member", "an app", "an int", "a Student", "a 1st", "a ",
	} {
		_, words, _ := strings.Cut(want, " ")
		if got := A(words); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
