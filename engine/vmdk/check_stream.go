package vmdk

import (
	"fmt"

	"platter/decode"
	"platter/decode/vmdk"
	"platter/engine/disk"
)

// What a check unpacks at most: so many bytes, and so many for each byte of the
// file. What real programs write stays far below; a grain that is nothing but
// zeros, and was packed all the same, may be a thousand times its size.
const (
	inflateBudget = 2 << 30
	inflateRatio  = 32
)

// packedGrain is S4 to S6: a grain of a stream is unpacked.
func (w *scan) packedGrain(t, i int64, entry decode.Place, at int64) {
	g, c := w.g, w.c
	u := g.packed
	c.spend(g.grain / vmdk.SectorSize)
	size, ok, err := u.size(at)
	if err != nil {
		return // reported by whoever asked
	}
	where := joined(g.file.place(at, u.headBytes()), entry)
	if !ok {
		c.found(disk.SeverityError, "S5", where, "the compressed grain at byte 0x%x has a size of %d bytes: at most %d fit, and the file ends after %d", at, size, 2*g.grain, g.file.Size-at)
		return
	}
	if u.markers {
		w.grainMarker(t, i, at, where)
	}
	if c.light || !w.unpacked.first(at) {
		return // shared with an entry that was looked at before: G8
	}
	if w.inflated += g.grain; w.inflated > inflateBudget+inflateRatio*g.file.Size {
		if w.inflated -= g.grain; !w.gaveUp {
			w.gaveUp = true
			c.note("S6", g.file.place(at, u.headBytes()), "the grains in front of byte 0x%x gave %d bytes: those from there on are not unpacked here", at, w.inflated)
		}
		return
	}
	data, unused, err := u.inflate(at)
	where = joined(g.file.place(at, u.headBytes()+size), entry)
	switch need := w.inside(t, i); {
	case err != nil:
		c.found(disk.SeverityError, "S6", where, "%v", err)
	case int64(len(data)) < need:
		c.found(disk.SeverityError, "S6", where, "the compressed grain at byte 0x%x unpacks to %d bytes, %d are needed", at, len(data), need)
	case unused > 0:
		c.found(disk.SeverityWarning, "S6:tail", where, "%d bytes follow the compressed data of the grain at byte 0x%x", unused, at)
	}
}

// grainMarker is S4.
func (w *scan) grainMarker(t, i, at int64, where []decode.Place) {
	g, c := w.g, w.c
	want := sectors((t*g.perTable + i) * g.grain)
	lba, err := g.file.tables.number(at, vmdk.MarkerValue)
	switch {
	case err != nil:
	case int64(lba) != want:
		c.found(disk.SeverityError, "S4", where, "the marker at byte 0x%x says sector %d, its table entry stands for sector %d", at, lba, want)
	case at < w.lastLBA && !w.unordered:
		w.unordered = true
		c.found(disk.SeverityWarning, "S4", where, "the grain at byte 0x%x lies in front of that of an earlier sector: the stream can't be read from front to back", at)
	}
	w.lastLBA = at
}

// stream walks over the markers, as a reader without the tables would: S3, S7,
// S8 and what of G12 concerns streams.
func (w *scan) stream() {
	c, s, g := w.c, w.s, w.g
	w.announced()
	named := w.strays()
	var lost leaks
	pos := s.floor()
	for pos >= vmdk.SectorSize && pos <= s.file.Size-vmdk.SectorSize && c.going() {
		lba, err := g.file.tables.number(pos, vmdk.MarkerValue)
		size, err2 := g.file.tables.number(pos, vmdk.MarkerSize)
		kind, err3 := g.file.tables.number(pos, vmdk.MarkerType)
		if err != nil || err2 != nil || err3 != nil {
			return
		}
		next := pos + vmdk.SectorSize
		switch {
		case size != 0:
			n := roundUp(vmdk.GrainMarkerSize+int64(size), vmdk.SectorSize)
			if n > 3*g.grain || lba >= uint64(sectors(g.capacity)) {
				c.warn("S3", s.file.place(pos, vmdk.GrainMarkerSize), "at byte 0x%x is no marker: the stream can't be followed any further", pos)
				return
			}
			if w.inWindow(pos) && !w.space.Has(useData, pos, vmdk.SectorSize) && !named[pos] {
				lost.add(s.file.place(pos, n))
			}
			w.grainTail(pos, int64(size))
			next = pos + n
		case lba == 0 && kind == vmdk.MarkerEndOfStream:
			w.afterEnd(next)
			w.reportLost(lost)
			return
		case kind == vmdk.MarkerProgress:
			c.note("S3", s.file.place(pos, vmdk.SectorSize), "a progress marker, which is not documented")
		case kind > vmdk.MarkerProgress:
			c.warn("S3", s.file.place(pos, vmdk.SectorSize), "a marker of unknown type %d", kind)
		case kind == vmdk.MarkerFooter && pos != s.footer-vmdk.SectorSize:
			other := fmt.Sprintf("the stream's footer is at byte 0x%x", s.footer)
			if s.footer == 0 {
				other = "the header says where the directory is, so that there is none to be"
			}
			c.warn("S11", s.file.place(pos, vmdk.SectorSize), "a footer marker at byte 0x%x, but %s: a footer that nobody reads", pos, other)
			next += vmdk.SectorSize
		case lba <= uint64(sectors(s.file.Size-pos)):
			w.markerTail(pos)
			next += int64(lba) * vmdk.SectorSize
		}
		pos = next
	}
	w.reportLost(lost)
}

func (w *scan) reportLost(lost leaks) {
	if lost.count == 0 {
		return
	}
	text := fmt.Sprintf("%d compressed grains in the stream, %d bytes, are named by no table entry", lost.count, lost.bytes)
	if w.c.doubt != "" {
		w.c.note("G12", lost.where[0], "%s that can be believed: settle %s first, which may name them", text, w.c.doubt)
		return
	}
	w.c.found(disk.SeverityWarning, "G12", lost.where, "%s: old grains of which the stream has newer ones, or such that can't be unpacked", text)
}

// afterEnd is the second half of S8.
func (w *scan) afterEnd(end int64) {
	f := w.s.file
	switch rest := f.Size - end; {
	case rest < vmdk.SectorSize || w.space.Has(useData, end, rest):
	case f.isZero(w.c.ctx, end, rest):
		w.c.note("S8:zeros", f.place(end, rest), "%d zero bytes follow the end of the stream", rest)
	default:
		words := ""
		if text := w.c.m.strayText(f, end); text != "" {
			words = ": " + text
		}
		w.c.warn("S8", f.place(end, rest), "%d bytes follow the end of the stream%s", rest, words)
	}
}

// announced is S7: the markers in front of tables and directory.
func (w *scan) announced() {
	c, s, g := w.c, w.s, w.g
	if s.footer == 0 {
		c.note("S7", s.headerPlace(vmdk.HeaderDirectoryOffset.Field()), "directory and tables lie in front of the grains, without markers")
		return
	}
	check := func(at int64, kind uint32, name string, length int64) {
		marker := s.file.place(at-vmdk.SectorSize, vmdk.SectorSize)
		if !s.markerBefore(at, kind) {
			c.warn("S7", marker, "no marker in front of the %s at byte 0x%x", name, at)
			return
		}
		if n, err := g.file.tables.number(marker.Offset, vmdk.MarkerValue); err == nil && int64(n) != length {
			c.warn("S7", marker, "the marker says %d sectors, the %s has %d", n, name, length)
		}
	}
	w.each(func(t, at int64) bool {
		if at >= s.floor() {
			check(at, vmdk.MarkerTableType, "grain table", roundUp(g.tableBytes(), vmdk.SectorSize)/vmdk.SectorSize)
		}
		return c.going()
	})
	check(g.dirs[0], vmdk.MarkerDirectory, "grain directory", roundUp(g.tables*g.width, vmdk.SectorSize)/vmdk.SectorSize)
}

// seBitmap is the softer half of Z5: the free bitmap counts allocated grains
// too. Its exact form is only known from other people's reading, so that a
// difference is no more than a hint.
func (c *checker) seBitmap(s *sparse) {
	g := s.grid
	at, length := s.area(vmdk.ConstFreeBitmap, vmdk.ConstFreeBitmapSize)
	if length == 0 || s.file.isZero(c.ctx, at, length) {
		return // not kept up
	}
	w := &scan{c: c, s: s, g: g}
	var wrong leaks
	w.each(func(t, table int64) bool {
		return w.entries(table, func(i int64, raw uint64) {
			index := int64(vmdk.SeGrainIndex(raw))
			if raw>>60 != vmdk.SeAllocated || index >= g.grainLimit || index/8 >= length {
				return
			}
			word, err := g.file.tables.uint((at+index/8)&^3, 4)
			if err == nil && word>>((at+index/8)%4*8+index%8)&1 == 0 {
				wrong.add(g.file.place(table+i*g.width, g.width))
			}
		}) && c.going()
	})
	if wrong.count > 0 {
		c.found(disk.SeverityWarning, "Z5:free", wrong.where, "%d grains are in use, but free in the free bitmap", wrong.count)
	}
}
