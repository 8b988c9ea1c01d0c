package blockmap

import (
	"cmp"
	"context"
	"slices"

	"platter/engine/disk"
)

// mark is what a block is, all its bytes considered.
type mark uint8

// The marks, the worse the later.
const (
	absent   mark = iota // never written: unallocated
	zero                 // the format says: zeros
	parental             // stored in a parent
	full                 // stored in the image itself
	partial              // stored in part
	unmapped             // trimmed; old data may remain
	orphaned             // to be asked of a parent that is not there
	missing              // should be stored but is not there
	overlap              // stored where something else is stored too
	marks
)

// anomaly reports marks that no healthy image has.
func (m mark) anomaly() bool { return m >= orphaned }

// markOf is the mark of a block that is of one state throughout.
func markOf(s *disk.Span) mark {
	if s.State == disk.Data && s.Layer > 0 {
		return parental
	}
	return stateMarks[s.State]
}

// stateMarks are the marks of the states, stored in the image itself.
var stateMarks = [...]mark{
	disk.Data: full, disk.Zero: zero, disk.Unallocated: absent,
	disk.FromParent: orphaned, disk.Unmapped: unmapped, disk.Missing: missing,
}

// blend is the mark of a block by the set of marks that its parts have.
func blend(seen uint16) mark {
	has := func(m mark) bool { return seen&(1<<m) != 0 }
	for m := marks - 1; m >= orphaned; m-- {
		if has(m) {
			return m
		}
	}
	switch {
	case seen == 1<<full:
		return full
	case has(full):
		return partial
	case has(unmapped):
		return unmapped
	case has(parental):
		return parental
	case has(zero):
		return zero
	}
	return absent
}

// count is what a scan counts in a bucket or a cell.
type count struct {
	blocks [marks]int64
	jumps  int64 // times that the data continue further on in the file
	backs  int64 // times that they go on before
	from   layers
}

func (c *count) add(o *count) {
	for m := range c.blocks {
		c.blocks[m] += o.blocks[m]
	}
	c.jumps += o.jumps
	c.backs += o.backs
	c.from |= o.from
}

func (c *count) sub(o *count) {
	for m := range c.blocks {
		c.blocks[m] -= o.blocks[m]
	}
	c.jumps -= o.jumps
	c.backs -= o.backs
}

// total is the number of blocks counted; 0 for what was not scanned.
func (c *count) total() (n int64) {
	for _, b := range c.blocks {
		n += b
	}
	return n
}

// stored is the number of blocks with bytes in the image itself.
func (c *count) stored() int64 { return c.blocks[full] + c.blocks[partial] + c.blocks[overlap] }

// worst is the mark that a person should know of first.
func (c *count) worst() mark {
	for m := marks - 1; m > absent; m-- {
		if c.blocks[m] > 0 {
			return m
		}
	}
	return absent
}

// ranges are parts of files, ascending by file and offset, without overlaps.
type ranges []disk.Region

// meet reports whether a range of a file has bytes in common with one of r.
func (r ranges) meet(file string, off, length int64) bool {
	i, _ := slices.BinarySearchFunc(r, off, func(g disk.Region, off int64) int {
		return cmp.Or(cmp.Compare(g.File, file), cmp.Compare(g.Offset+g.Length-1, off))
	})
	return i < len(r) && r[i].File == file && r[i].Offset < off+length
}

// walker counts the spans of the map into cells of the same number of blocks.
type walker struct {
	shape  *shape
	shared ranges // parts of files that are claimed more than once
	out    []count
	cell   int   // index in out
	left   int64 // blocks that the cell still lacks
	per    int64 // blocks in a cell
	block  int64 // that is being filled
	pos    int64 // bytes
	seen   uint16
	bit    layers // of the span that is being counted
	from   layers // of the block that is being filled
	next   int64  // where data would go on in the file; 0 before the first
	file   string
	first  *[marks]int64 // the first block of each mark, -1 for none; may be nil
}

// walk counts the blocks from first on into out, 1<<level blocks to a cell.
// Blocks after the last of the disk don't count. What it could not count
// because of the error is left out.
func walk(ctx context.Context, img disk.Image, sh *shape, shared ranges, first int64, level uint, out []count, firsts *[marks]int64) error {
	w := walker{shape: sh, shared: shared, out: out, per: 1 << level, left: 1 << level, block: first, pos: sh.offset(first), first: firsts}
	to := sh.offset(first + int64(len(out))<<level)
	if w.pos >= to {
		return nil
	}
	if lister, ok := img.(disk.BlockLister); ok && sh.natural {
		return w.list(ctx, img, lister, to)
	}
	return w.spans(ctx, img, to)
}

// spans counts what the map tells up to an offset.
func (w *walker) spans(ctx context.Context, img disk.Image, to int64) error {
	spans := 0
	for s, err := range img.Map(w.pos, to-w.pos) {
		if err != nil {
			return err
		}
		w.add(&s, to)
		if spans++; spans&0xFFF == 0 && ctx.Err() != nil {
			break
		}
	}
	return ctx.Err()
}

// add counts a span. Spans come in ascending order; what a map should not
// have (holes, parts outside of what it was asked for) does no harm.
func (w *walker) add(s *disk.Span, to int64) {
	m := markOf(s)
	w.bit = layerOf(s)
	if m == full && s.Offset >= 0 {
		if m = w.place(s); m == overlap && s.Length > w.shape.block && s.Packed == 0 {
			w.split(s, to)
			return
		}
	}
	w.fill(s, m, to)
}

// split counts a span of several blocks, of which only some may be shared,
// one by one.
func (w *walker) split(s *disk.Span, to int64) {
	for end := min(s.Start+s.Length, to); w.pos < end; {
		part, m := *s, full
		part.Start, part.Length = w.pos, min(end, w.shape.offset(w.block+1))-w.pos
		if w.shared.meet(s.File, s.Offset+part.Start-s.Start, part.Length) {
			m = overlap
		}
		w.fill(&part, m, to)
	}
}

func (w *walker) fill(s *disk.Span, m mark, to int64) {
	if s.Length == w.shape.block && w.seen == 0 && s.Start == w.pos && s.Length <= to-s.Start {
		w.pos += s.Length
		w.from = w.bit
		w.put(m, 1)
		return
	}
	end := min(s.Start+s.Length, to)
	if s.Start > to {
		end = to
	}
	for w.pos < end {
		w.piece(m, end)
	}
}

// piece counts whole blocks up to end, or what there is of one.
func (w *walker) piece(m mark, end int64) {
	stop := w.shape.offset(w.block + 1)
	w.from |= w.bit
	switch {
	case end < stop:
		w.seen |= 1 << m
		w.pos = end
	case w.seen != 0:
		m = blend(w.seen | 1<<m)
		w.seen = 0
		fallthrough
	case end < stop+w.shape.block:
		w.pos = stop
		w.put(m, 1)
	default:
		n := 1 + (end-stop)/w.shape.block
		w.pos = w.shape.offset(w.block + n)
		w.put(m, n)
	}
}

// put counts n blocks.
func (w *walker) put(m mark, n int64) {
	if w.first != nil && w.first[m] < 0 {
		w.first[m] = w.block
	}
	w.block += n
	for n > 0 && w.cell < len(w.out) {
		k := min(n, w.left)
		w.out[w.cell].blocks[m] += k
		w.out[w.cell].from |= w.from
		n -= k
		if w.left -= k; w.left == 0 {
			w.cell++
			w.left = w.per
		}
	}
	w.from = 0
}

// place sees how the data lie in the file after those before, and whether
// something else lies there too. Less than a block between neighbours is no
// jump: formats put bitmaps and markers there.
func (w *walker) place(s *disk.Span) mark {
	length := s.Length
	if s.Packed > 0 {
		length = s.Packed
	}
	if w.next > 0 && w.file == s.File && w.cell < len(w.out) {
		switch gap := s.Offset - w.next; {
		case gap < 0:
			w.out[w.cell].backs++
		case gap >= w.shape.block:
			w.out[w.cell].jumps++
		}
	}
	w.file, w.next = s.File, s.Offset+length
	if len(w.shared) > 0 && w.shared.meet(s.File, s.Offset, length) {
		return overlap
	}
	return full
}
