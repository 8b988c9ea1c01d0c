package layer

import (
	"bytes"
	"io"
)

// sameBytes is how much is compared at once.
const sameBytes = 256 << 10

// Shows reports whether the parent shows at off of the disk the n bytes that a file has
// at a place.
func (b Under) Shows(f io.ReaderAt, at, off, n int64) (bool, error) {
	return holds(f, at, off, n, b.Read)
}

// HoldsZeros reports whether n bytes of a file are zeros.
func HoldsZeros(f io.ReaderAt, at, n int64) (bool, error) {
	return holds(f, at, 0, n, func(p []byte, _ int64) error {
		clear(p)
		return nil
	})
}

// holds compares n bytes of a file with others, which lie at off.
func holds(f io.ReaderAt, at, off, n int64, other func(p []byte, off int64) error) (bool, error) {
	one, two := make([]byte, min(n, sameBytes)), make([]byte, min(n, sameBytes))
	for done := int64(0); done < n; {
		k := min(n-done, sameBytes)
		if err := ReadFull(f, one[:k], at+done); err != nil {
			return false, err
		}
		if err := other(two[:k], off+done); err != nil {
			return false, err
		}
		if !bytes.Equal(one[:k], two[:k]) {
			return false, nil
		}
		done += k
	}
	return true, nil
}
