package space

import (
	"math"
	"math/bits"
)

// set is a bit for each of some things with numbers.
type set []uint64

// add puts a number in; the set grows as far as it has to.
func (s *set) add(n int64) {
	for int64(len(*s)) <= n/64 {
		*s = append(*s, 0)
	}
	(*s)[n/64] |= 1 << (n % 64)
}

// from is the first number from n on that is in the set; if there is none, more
// than any.
func (s set) from(n int64) int64 {
	limit := int64(len(s)) * 64
	if n = next([]set{s}, n, limit, 0); n >= limit {
		return math.MaxInt64
	}
	return n
}

// union is a word of all sets together.
func union(sets []set, word int64) uint64 {
	w := uint64(0)
	for _, s := range sets {
		w |= s[word]
	}
	return w
}

// next is the first number from at on, below to, that one of the sets has; with
// a flip of all ones, that none has.
func next(sets []set, at, to int64, flip uint64) int64 {
	for at < to {
		if w := (union(sets, at/64) ^ flip) >> (at % 64); w != 0 {
			return min(at+int64(bits.TrailingZeros64(w)), to)
		}
		at += 64 - at%64
	}
	return to
}
