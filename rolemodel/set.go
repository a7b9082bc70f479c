package rolemodel

import (
	"iter"
	"math/bits"
	"slices"
)

// Set is a set of permissions of one model, by [Permission.Index], or of
// features, by [Feature.Index]: a bit set that cannot be changed once made. The
// zero Set is empty. Sets of different models have nothing in common, though
// nothing stops them from being compared.
type Set struct{ words []uint64 }

// NewSet holds the given indexes, none of which may be negative.
func NewSet(indexes ...int) Set {
	if len(indexes) == 0 {
		return Set{}
	}
	words := make([]uint64, slices.Max(indexes)/64+1)
	for _, i := range indexes {
		words[i/64] |= 1 << (i % 64)
	}
	return Set{words}
}

// Has says whether the index is in the set.
func (s Set) Has(index int) bool {
	return index >= 0 && index/64 < len(s.words) && s.words[index/64]&(1<<(index%64)) != 0
}

// Intersects says whether the sets have an index in common.
func (s Set) Intersects(other Set) bool {
	for i := range min(len(s.words), len(other.words)) {
		if s.words[i]&other.words[i] != 0 {
			return true
		}
	}
	return false
}

// Union is a new set of what is in either one.
func (s Set) Union(other Set) Set {
	long, short := s.words, other.words
	if len(long) < len(short) {
		long, short = short, long
	}
	words := slices.Clone(long)
	for i, w := range short {
		words[i] |= w
	}
	return Set{words}
}

// Empty says whether nothing is in the set.
func (s Set) Empty() bool { return s.Len() == 0 }

// Len counts what is in the set.
func (s Set) Len() int {
	n := 0
	for _, w := range s.words {
		n += bits.OnesCount64(w)
	}
	return n
}

// Equal says whether both sets hold the same indexes.
func (s Set) Equal(other Set) bool {
	for i := range max(len(s.words), len(other.words)) {
		var a, b uint64
		if i < len(s.words) {
			a = s.words[i]
		}
		if i < len(other.words) {
			b = other.words[i]
		}
		if a != b {
			return false
		}
	}
	return true
}

// All yields the indexes in rising order.
func (s Set) All() iter.Seq[int] {
	return func(yield func(int) bool) {
		for i, w := range s.words {
			for ; w != 0; w &= w - 1 {
				if !yield(i*64 + bits.TrailingZeros64(w)) {
					return
				}
			}
		}
	}
}
