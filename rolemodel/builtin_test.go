package rolemodel

import (
	"errors"
	"slices"
	"testing"
)

func TestBuiltinModels(t *testing.T) {
	var ids []string
	for _, m := range List() {
		ids = append(ids, m.ID)
		found, err := Builtin(m.ID)
		if err != nil || found != m {
			t.Errorf("Builtin(%q) is %p, %v, want %p", m.ID, found, err, m)
		}
	}
	if !slices.Contains(ids, "fabasoft") || !slices.Contains(ids, "github") || !slices.IsSorted(ids) {
		t.Errorf("List: %v", ids)
	}
	clear(List())
	if List()[0] == nil {
		t.Error("List shows its callers' changes")
	}
	if _, err := Builtin("nowhere"); !errors.Is(err, ErrUnknownModel) {
		t.Errorf("Builtin of an unknown id: %v", err)
	}
}
