package compare

import (
	"bytes"
	"fmt"
	"iter"

	"platter/decode"
	"platter/engine/disk"
)

// step is how many bytes are compared at once before each is looked at.
const step = 4096

// differences adds the ranges in which a and b, of the same length, differ.
// Ranges with fewer than join equal bytes between them become one.
func differences(list []Range, a, b []byte, base int64, join int64) []Range {
	fresh := len(list)
	for k := range unequal(a, b) {
		at := base + int64(k)
		if n := len(list); n > fresh && at-list[n-1].End() < join {
			list[n-1].Length = at + 1 - list[n-1].Start
		} else {
			list = append(list, Range{at, 1})
		}
	}
	return list
}

// unequal yields where a and b, of the same length, differ.
func unequal(a, b []byte) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 0; i < len(a); i += step {
			end := min(i+step, len(a))
			if bytes.Equal(a[i:end], b[i:end]) {
				continue
			}
			for k := i; k < end; k++ {
				if a[k] != b[k] && !yield(k) {
					return
				}
			}
		}
	}
}

// Bytes lists the runs in which a and b differ, to the byte. Where one is
// longer, its rest differs.
func Bytes(a, b []byte) []Range {
	common := min(len(a), len(b))
	list := differences(nil, a[:common], b[:common], 0, 1)
	if rest := max(len(a), len(b)) - common; rest > 0 {
		if n := len(list); n > 0 && list[n-1].End() == int64(common) {
			list[n-1].Length += int64(rest)
		} else {
			list = append(list, Range{int64(common), int64(rest)})
		}
	}
	return list
}

// Records puts two records of a layout side by side, field by field. Of arrays
// only the elements that differ are taken apart.
func Records(layout *decode.Layout, a, b []byte) []disk.FieldDiff {
	return records(nil, layout, a, b, "", 0)
}

func records(list []disk.FieldDiff, layout *decode.Layout, a, b []byte, before string, base int) []disk.FieldDiff {
	for _, f := range layout.Fields() {
		x, y := part(a, f.Offset(), f.Size()), part(b, f.Offset(), f.Size())
		d := disk.FieldDiff{Name: before + f.Name(), Offset: base + f.Offset(), Size: f.Size(), Differs: !bytes.Equal(x, y)}
		sub, count := f.Sub()
		switch {
		case sub == nil:
			d.A, d.B = f.Text(a), f.Text(b)
			if low, bits := f.Bits(); low > 0 || bits < 8*f.Size() {
				d.Differs = d.A != d.B // the neighbours in the integer may differ
			}
			list = append(list, d)
		case !d.Differs:
			d.A = fmt.Sprintf("%d x %s", count, sub.Name())
			d.B = d.A
			list = append(list, d)
		default:
			list = elements(list, sub, count, x, y, d)
		}
	}
	return list
}

func elements(list []disk.FieldDiff, sub *decode.Layout, count int, a, b []byte, d disk.FieldDiff) []disk.FieldDiff {
	for i := range count {
		x, y := part(a, i*sub.Size(), sub.Size()), part(b, i*sub.Size(), sub.Size())
		if bytes.Equal(x, y) {
			continue
		}
		before := fmt.Sprintf("%s %d.", sub.Name(), i+1)
		list = records(list, sub, x, y, before, d.Offset+i*sub.Size())
	}
	return list
}

// part is as much of b[off:off+n] as there is.
func part(b []byte, off, n int) []byte {
	off = min(off, len(b))
	return b[off:min(off+n, len(b))]
}
