package blockmap

import (
	"context"
	"fmt"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/views"
)

// Bounds on what is looked at for one cell.
const (
	detailBlocks = 1 << 22 // counted one by one
	detailRows   = 16      // blocks that are listed
	headBytes    = 16      // that are shown of a block
)

// block is a block of the disk in the list of those of a cell.
type block struct {
	number int64
	mark   mark
	span   disk.Span // its first; Via is its own
	head   []byte    // first bytes; nil where there are none
	err    error     // why they can't be read
}

// detail is what is known about the cell under the cursor.
type detail struct {
	level  uint
	cell   int64
	counts count
	blocks []block // the one that matters most, and those after it
	err    error
}

// examined is the answer to a question about a cell.
type examined struct {
	gen views.Gen
	detail
}

// examine looks at a cell: counts, and the blocks to show first.
func examine(ctx context.Context, gen views.Gen, img disk.Image, sh shape, shared ranges, level uint, cell int64) tea.Cmd {
	return func() (msg tea.Msg) {
		d := detail{level: level, cell: cell}
		defer func() {
			if r := recover(); r != nil {
				d.err = fmt.Errorf("cell %d: %v", cell, r)
				msg = examined{gen, d}
			}
		}()
		d.read(ctx, img, sh, shared)
		if ctx.Err() != nil {
			return nil
		}
		return examined{gen, d}
	}
}

func (d *detail) read(ctx context.Context, img disk.Image, sh shape, shared ranges) {
	first, n := sh.cell(d.level, d.cell)
	at := first
	if n <= detailBlocks {
		var firsts [marks]int64
		for m := range firsts {
			firsts[m] = -1
		}
		out := make([]count, 1)
		d.err = walk(ctx, img, &sh, shared, first, d.level, out, &firsts)
		d.counts = out[0]
		at = max(first, firsts[d.counts.worst()])
	}
	for i := at; i < min(at+detailRows, first+n) && ctx.Err() == nil; i++ {
		d.blocks = append(d.blocks, readBlock(ctx, img, sh, shared, i))
	}
}

// readBlock looks at a block by itself.
func readBlock(ctx context.Context, img disk.Image, sh shape, shared ranges, number int64) block {
	b := block{number: number}
	out := make([]count, 1)
	b.err = walk(ctx, img, &sh, shared, number, 0, out, nil)
	b.mark = out[0].worst()
	start := sh.offset(number)
	for s, err := range img.Map(start, sh.offset(number+1)-start) {
		if err != nil {
			b.err = err
			return b
		}
		if b.span.Length == 0 || telling(&s) > telling(&b.span) {
			b.span = s
			b.span.Via = slices.Clone(s.Via)
		}
		if telling(&s) == ownData || ctx.Err() != nil {
			break
		}
	}
	if b.span.State == disk.Data {
		head := make([]byte, min(headBytes, b.span.Length))
		n, err := img.ReadAt(head, b.span.Start)
		b.head = head[:n]
		if n < len(head) {
			b.err = firstError(b.err, err)
		}
	}
	return b
}

// ownData is what a span tells that lies in the image itself.
const ownData = 2

// telling ranks the spans of a block: what the image itself stores says most,
// then what a parent does.
func telling(s *disk.Span) int {
	switch {
	case s.State == disk.Data && s.Layer == 0:
		return ownData
	case s.State == disk.Data:
		return 1
	}
	return 0
}
