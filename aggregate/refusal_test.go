package aggregate

import (
	"errors"
	"fmt"
	"testing"
)

func TestRefusalsAsError(t *testing.T) {
	few := Refusal{Code: CodeTooFew, Message: "Too few.", Rule: "X01"}
	many := Refusal{Code: CodeTooMany, Message: "Too many."}
	for _, test := range []struct {
		refusals Refusals
		want     string
	}{
		{nil, "refused"},
		{Refusals{many}, "Too many."},
		{Refusals{few}, "Too few. (X01)"},
		{Refusals{few, many, many}, "Too few. (X01) [and 2 more]"},
	} {
		if got := test.refusals.Error(); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}

	err := fmt.Errorf("grant: %w", Refusals{few, many})
	if !errors.Is(err, Refusals{{Code: CodeTooFew}}) {
		t.Error("not found by the code of the first one")
	}
	for _, other := range []error{Refusals{{Code: CodeTooMany}}, Refusals{}, errors.New("too few")} {
		if errors.Is(err, other) {
			t.Errorf("found as %v", other)
		}
	}
}

func TestAnyOf(t *testing.T) {
	for want, options := range map[string][]string{
		"none":         nil,
		"a":            {"a"},
		"a or b":       {"a", "b"},
		"a, b or c":    {"a", "b", "c"},
		"a, b, c or d": {"a", "b", "c", "d"},
	} {
		if got := anyOf(options); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
