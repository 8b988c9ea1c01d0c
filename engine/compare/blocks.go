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
// [Compare]; that of a range which starts inside a block comes behind it.
func Blocks(ctx context.Context, a, b disk.Surface, unit int64, progress func(at, of int64)) iter.Seq2[Block, error] {
	return func(yield func(Block, error) bool) {
		c := comparison{a: a, b: b, common: min(a.Size, b.Size)}
		total := max(a.Size, b.Size)
		out := gatherer{yield: yield}
		for f, err := range convoy.Run(ctx, convoy.Width(), c.jobs(ctx), workers(&c, func(list []Block, a, b []byte, off int64) []Block {
			return c.count(list, a, b, off, unit)
		})) {
			if err != nil {
				if out.flush() {
					yield(Block{}, err)
				}
				return
			}
			if !out.take(f) {
				return
			}
			if progress != nil {
				progress(f.end, total)
			}
		}
		if !out.flush() {
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

// maxHeld bounds how many errors wait for the end of a block: a damaged map can
// have any number.
const maxHeld = 1 << 14

// gatherer makes one block of the parts that jobs find of it, and puts what
// could not be compared in order with the blocks.
type gatherer struct {
	yield func(Block, error) bool
	held  Block
	errs  []*disk.Error // of ranges that start inside the held block
}

// take adds what a job found.
func (g *gatherer) take(f finding[Block]) bool {
	errs := f.errs
	for _, b := range f.list {
		for ; len(errs) > 0 && errs[0].At.Offset < b.Start; errs = errs[1:] {
			if !g.fail(errs[0]) {
				return false
			}
		}
		if !g.add(b) {
			return false
		}
	}
	for _, e := range errs {
		if !g.fail(e) {
			return false
		}
	}
	return true
}

func (g *gatherer) add(b Block) bool {
	if g.held.Bytes > 0 && b.Start == g.held.Start { // a large block takes several jobs
		g.held.Bytes += b.Bytes
		return true
	}
	ok := g.flush()
	g.held = b
	return ok
}

func (g *gatherer) fail(e *disk.Error) bool {
	switch inside := g.held.Bytes > 0 && e.At.Offset < g.held.Start+g.held.Length; {
	case inside && len(g.errs) < maxHeld:
		g.errs = append(g.errs, e)
		return true
	case !inside && !g.flush():
		return false
	}
	return g.yield(Block{}, e)
}

// flush yields the held block and what could not be compared of it.
func (g *gatherer) flush() bool {
	held, errs := g.held, g.errs
	g.held, g.errs = Block{}, nil
	if held.Bytes > 0 && !g.yield(held, nil) {
		return false
	}
	for _, e := range errs {
		if !g.yield(Block{}, e) {
			return false
		}
	}
	return true
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
