package rolemodel

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Set must do what a set of integers does.
func TestSetIsASet(t *testing.T) {
	indexes := rapid.SliceOf(rapid.IntRange(0, 300))
	rapid.Check(t, func(t *rapid.T) {
		a, b := indexes.Draw(t, "a"), indexes.Draw(t, "b")
		inA, inB := naive(a), naive(b)
		setA, setB := NewSet(a...), NewSet(b...)

		if got, want := slices.Collect(setA.All()), slices.Sorted(maps.Keys(inA)); !slices.Equal(got, want) {
			t.Fatalf("All: %v, want %v", got, want)
		}
		if setA.Len() != len(inA) || setA.Empty() != (len(inA) == 0) {
			t.Fatalf("Len %d, Empty %v, want %d", setA.Len(), setA.Empty(), len(inA))
		}
		common := false
		for i := -2; i < 400; i++ {
			if setA.Has(i) != inA[i] {
				t.Fatalf("Has(%d) is %v, want %v", i, setA.Has(i), inA[i])
			}
			common = common || inA[i] && inB[i]
		}
		if setA.Intersects(setB) != common || setB.Intersects(setA) != common {
			t.Fatalf("Intersects, want %v", common)
		}
		if setA.Equal(setB) != maps.Equal(inA, inB) || setB.Equal(setA) != maps.Equal(inA, inB) {
			t.Fatalf("Equal, want %v", maps.Equal(inA, inB))
		}
		union := setA.Union(setB)
		maps.Copy(inB, inA)
		if got, want := slices.Collect(union.All()), slices.Sorted(maps.Keys(inB)); !slices.Equal(got, want) {
			t.Fatalf("Union: %v, want %v", got, want)
		}
		if !setA.Equal(NewSet(a...)) || !setB.Equal(NewSet(b...)) {
			t.Fatal("Union changed what it joined")
		}
	})
}

func naive(indexes []int) map[int]bool {
	in := map[int]bool{}
	for _, i := range indexes {
		in[i] = true
	}
	return in
}

func TestSetAllStopsEarly(t *testing.T) {
	var got []int
	for i := range NewSet(3, 70, 200).All() {
		got = append(got, i)
		if len(got) == 2 {
			break
		}
	}
	if !slices.Equal(got, []int{3, 70}) {
		t.Errorf("got %v", got)
	}
}
