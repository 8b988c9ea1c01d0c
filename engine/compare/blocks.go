package compare

import (
	"context"
	"iter"

	"platter/engine/convoy"
	"platter/engine/disk"
)

// Block is a block of two surfaces in which they differ.
type Block struct {
	Start  int64 // bytes
	Length int64 // bytes; less than a unit at the end
	First  int64 // offset of the first byte that differs
	Bytes  int64 // how many differ
}

// Blocks yields the blocks of unit bytes in which two surfaces differ,
// ascending, with the number of bytes that do. Where one surface is longer,
// the rest of it comes last, as one block. Progress and errors are those of
// [Compare].
func Blocks(ctx context.Context, a, b disk.Surface, unit int64, progress func(at, of int64)) iter.Seq2[Block, error] {
	return func(yield func(Block, error) bool) {
		c := comparison{a: a, b: b, common: min(a.Size, b.Size)}
		total := max(a.Size, b.Size)
		held := Block{}
		flush := func() bool {
			out := held
			held = Block{}
			return out.Bytes == 0 || yield(out, nil)
		}
		for f, err := range convoy.Run(ctx, convoy.Width(), c.jobs(ctx), workers(&c, func(list []Block, a, b []byte, off int64) []Block {
			return c.count(list, a, b, off, unit)
		})) {
			if err != nil {
				yield(Block{}, err)
				return
			}
			for _, t := range f.list {
				if t.Start == held.Start && held.Bytes > 0 { // a large block takes several jobs
					held.Bytes += t.Bytes
				} else if !flush() {
					return
				} else {
					held = t
				}
			}
			for _, err := range f.errs {
				if !yield(Block{}, err) {
					return
				}
			}
			if progress != nil {
				progress(f.end, total)
			}
		}
		if !flush() {
			return
		}
		if rest := total - c.common; rest > 0 && !yield(Block{c.common, rest, c.common, rest}, nil) {
			return
		}
		if progress != nil {
			progress(total, total)
		}
	}
}

// count adds the blocks in which a and b, which start at base, differ.
func (c *comparison) count(list []Block, a, b []byte, base, unit int64) []Block {
	for k := range unequal(a, b) {
		at := base + int64(k)
		start := at - at%unit
		if n := len(list); n == 0 || list[n-1].Start != start {
			list = append(list, Block{Start: start, Length: min(unit, c.common-start), First: at})
		}
		list[len(list)-1].Bytes++
	}
	return list
}
