package compare

import (
	"context"
	"fmt"
	"iter"

	"platter/engine/disk"
	"platter/engine/transfer"
)

// wideBlock is the unit in which images without blocks are compared, in bytes.
const wideBlock = 1 << 20

// Disks yields the blocks in which two virtual disks differ, with what each
// side has there, by the blocks of the first one. Order, progress and errors are
// those of [Blocks]; a disk that can't be read at all ends it.
func Disks(ctx context.Context, a, b disk.Image, progress func(done, total int64)) iter.Seq2[disk.BlockDiff, error] {
	return func(yield func(disk.BlockDiff, error) bool) {
		for _, img := range []disk.Image{a, b} {
			if err := img.Info().Refused; err != nil {
				yield(disk.BlockDiff{}, fmt.Errorf("%s can't be read: %w", img.Info().Path, err))
				return
			}
		}
		unit := a.Info().BlockSize
		if unit <= 0 {
			unit = wideBlock
		}
		for d, err := range Blocks(ctx, disk.DiskSurface(a), disk.DiskSurface(b), unit, progress) {
			for i, img := range []disk.Image{a, b} {
				if err == nil {
					d.Sides[i], err = disk.SideOf(img, d.Start, d.Length)
				}
			}
			if !yield(d, err) {
				return
			}
		}
	}
}

// Blocks yields the blocks of unit bytes in which two surfaces differ,
// ascending, with the number of bytes that do. Where one surface is longer,
// the rest of it comes last, as one block. Progress and errors are those of
// [Compare]; that of a range which starts inside a block comes after it. What
// the sides have there is left open.
func Blocks(ctx context.Context, a, b disk.Surface, unit int64, progress func(at, of int64)) iter.Seq2[disk.BlockDiff, error] {
	return func(yield func(disk.BlockDiff, error) bool) {
		c := comparison{a: a, b: b, common: min(a.Size, b.Size)}
		total := max(a.Size, b.Size)
		out := gatherer{yield: yield}
		for f, err := range transfer.Convoy(ctx, transfer.Width(), c.jobs(ctx), workers(&c, func(list []disk.BlockDiff, a, b []byte, off int64) []disk.BlockDiff {
			return c.count(list, a, b, off, unit)
		})) {
			if err != nil {
				if out.flush() {
					yield(disk.BlockDiff{}, err)
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
		if rest := total - c.common; rest > 0 && !yield(disk.BlockDiff{Start: c.common, Length: rest, First: c.common, Bytes: rest}, nil) {
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
	yield func(disk.BlockDiff, error) bool
	held  disk.BlockDiff
	errs  []*disk.Error // of ranges that start inside the held block
}

// take adds what a job found.
func (g *gatherer) take(f finding[disk.BlockDiff]) bool {
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

func (g *gatherer) add(b disk.BlockDiff) bool {
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
	return g.yield(disk.BlockDiff{}, e)
}

// flush yields the held block and what could not be compared of it.
func (g *gatherer) flush() bool {
	held, errs := g.held, g.errs
	g.held, g.errs = disk.BlockDiff{}, nil
	if held.Bytes > 0 && !g.yield(held, nil) {
		return false
	}
	for _, e := range errs {
		if !g.yield(disk.BlockDiff{}, e) {
			return false
		}
	}
	return true
}

// count adds the blocks in which a and b, which start at base, differ.
func (c *comparison) count(list []disk.BlockDiff, a, b []byte, base, unit int64) []disk.BlockDiff {
	for k := range unequal(a, b) {
		at := base + int64(k)
		start := at - at%unit
		if n := len(list); n == 0 || list[n-1].Start != start {
			list = append(list, disk.BlockDiff{Start: start, Length: min(unit, c.common-start), First: at})
		}
		list[len(list)-1].Bytes++
	}
	return list
}
