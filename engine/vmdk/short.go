package vmdk

import (
	"strconv"
	"strings"

	"platter/decode/guest"
	"platter/decode/vmdk"
)

// Short is what is known of a flat file that is shorter than its line says.
type Short struct {
	Sectors uint64 // that the file has for the line
	Words   string // what says that the line is wrong, or that the file was cut; empty: nothing does
	Cut     bool   // the file was cut: the disk was longer than the file is
}

// Short tells whether a flat extent's line or its file is wrong, by what else says how
// long the disk is. It reports false where the line can't count what the file has.
func (t Text) Short(e Extent) (s Short, ok bool) {
	if e.sparse != nil || e.file == nil || e.fault != nil || e.extent != t.image.extents[len(t.image.extents)-1] {
		return s, false // what follows would get another place on the disk
	}
	have := e.file.Size - e.base
	s.Sectors = uint64(max(have, 0)) / vmdk.SectorSize
	if s.Sectors == 0 || have >= e.length {
		return s, false
	}
	s.judge(t, e)
	return s, true
}

// judge weighs the line against the file.
func (s *Short) judge(t Text, e Extent) {
	line := uint64(sectors(e.length))
	before := uint64(sectors(e.start))
	last, table := e.partitionsEnd()
	fits, known := t.geometryFits(before + s.Sectors)
	fitsLine, _ := t.geometryFits(before + line)
	var points, against []string
	if line == s.Sectors*vmdk.SectorSize {
		points = append(points, "the line counts bytes")
	}
	if known && fits {
		points = append(points, "the geometry goes with the file")
	} else if known && fitsLine {
		against = append(against, "the geometry goes with the line")
	}
	if table && last <= s.Sectors {
		points = append(points, "the partition table ends in it")
	} else if table && last <= line {
		against = append(against, "the partition table reaches past its end")
	}
	s.Cut = len(against) > 0
	if s.Words = strings.Join(points, ", "); s.Cut {
		s.Words = strings.Join(against, ", ")
	}
}

// partitionsEnd is the sector after the last partition of the table at the start of a
// flat extent; false if there is none that tells.
func (e Extent) partitionsEnd() (last uint64, ok bool) {
	b, err := e.file.head(e.base, vmdk.SectorSize)
	m, whole := guest.MBR.Of(b)
	if err != nil || !whole || e.start != 0 || guest.MBRSignature.Get(m) != 0xAA55 {
		return 0, false
	}
	for i := range 4 {
		p, _ := guest.MBREntries.At(m, i)
		if s := guest.MBREntryStatus.Get(p); s != 0 && s != 0x80 {
			return 0, false
		}
		if kind := guest.MBREntryType.Get(p); kind == 0 || kind == guest.TypeProtective {
			continue
		}
		last = max(last, uint64(guest.MBREntryLBA.Get(p))+uint64(guest.MBREntrySectors.Get(p)))
	}
	return last, last > 0
}

// shortFlat reports whether a flat file is shorter than its line: then other numbers
// that do not fit may only follow from that.
func (m *Image) shortFlat() bool {
	for _, e := range m.extents {
		if e.line != nil && e.file != nil && e.sparse == nil && e.fault == nil && e.base > e.file.Size-e.length {
			return true
		}
	}
	return false
}

// geometryOf are the three numbers of the text; false if one is missing or no number.
func geometryOf(t *vmdk.Descriptor) (cylinders, heads, perTrack uint64, ok bool) {
	ok = true
	number := func(key string) uint64 {
		s, _ := t.Database("geometry." + key)
		v, err := strconv.ParseUint(s, 10, 32)
		ok = ok && err == nil
		return v
	}
	return number("cylinders"), number("heads"), number("sectors"), ok
}

// geometryFits reports whether the geometry goes with a number of sectors, and whether
// there is one that means something.
func (t Text) geometryFits(n uint64) (fits, known bool) {
	cylinders, heads, perTrack, ok := geometryOf(t.Descriptor)
	if !ok || heads == 0 || heads > 255 || perTrack == 0 || perTrack > 63 || cylinders == 0 {
		return false, false
	}
	return geometryFits(cylinders, heads*perTrack, n), true
}

// geometryFits reports whether so many cylinders of some sectors make about n.
func geometryFits(cylinders, cylinder, n uint64) bool {
	product := cylinders * cylinder
	slack := max(2*cylinder, n/16)
	capped := cylinders == 16383 || cylinders == 65535
	return product <= n+slack && (capped || product+slack >= n)
}
