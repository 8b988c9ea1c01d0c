package blockmap

import "platter/views/theme"

// overlay is what the cells of the map show.
type overlay uint8

const (
	allocation overlay = iota
	fileOrder
	layered
	contents
	readers
	overlays
)

func (o overlay) String() string {
	return [...]string{"allocation", "file order", "layer", "content", "readers"}[o]
}

// look is the appearance of a cell, and the words that the legend has for it.
type look struct {
	glyph rune
	style theme.Style
	words string
}

// The looks of the allocation overlay, by index. Those from lookAbsent on are
// in the order of the marks.
const (
	lookUnknown = iota
	lookAbsent
	lookZero
	lookParental
	lookFull
	lookPartial
	lookUnmapped
	lookOrphaned
	lookMissing
	lookOverlap
	lookMost
	lookHalf
	lookSome
)

// lookOf is the look of cells all of whose blocks have one mark.
func (m mark) look() uint8 { return lookAbsent + uint8(m) }

// String is the mark's name, as in the legend.
func (m mark) String() string { return markNames[m] }

var markNames = [marks]string{
	"not present", "zero", "in parent", "present", "partial", "unmapped", "no parent", "missing", "overlap",
}

// The looks of the other overlays.
const (
	orderNone = iota + 1
	orderNext
	orderAhead
	orderBack
)

const (
	contentNone = iota + 1
	contentZero
	contentZeros
	contentLow
	contentText
	contentMixed
	contentDense
	contentLost
)

// looks are the tables of all overlays in a set of glyphs. Within a table all
// shapes differ.
func looks(g theme.Glyphs) [overlays][]look {
	s := g.States()
	of := func(state int, words string) look { return look{s[state].Glyph, s[state].Style, words} }
	none := of(theme.CellNone, "not present")
	return [overlays][]look{
		allocation: {
			lookUnknown: {' ', theme.Plain, "not scanned"},
			lookAbsent:  none, lookZero: of(theme.CellZero, markNames[zero]),
			lookParental: of(theme.CellParent, markNames[parental]), lookFull: of(theme.CellFull, markNames[full]),
			lookPartial: of(theme.CellPartial, markNames[partial]), lookUnmapped: of(theme.CellUnmapped, markNames[unmapped]),
			lookOrphaned: {'?', theme.StateMissing, markNames[orphaned]}, lookMissing: of(theme.CellMissing, markNames[missing]),
			lookOverlap: {'X', theme.StateMissing, markNames[overlap]},
			lookMost:    {g.Density(3), theme.StatePartial, "> 3/4"}, lookHalf: {g.Density(2), theme.StatePartial, "> 1/4"},
			lookSome: {g.Density(1), theme.StatePartial, "some"},
		},
		fileOrder: {
			lookUnknown: {' ', theme.Plain, "not scanned"},
			orderNone:   {none.glyph, none.style, "nothing stored"}, orderNext: {'=', theme.StateFull, "in order"},
			orderAhead: {'>', theme.StatePartial, "jumps ahead in the file"}, orderBack: {'<', theme.StateUnmapped, "goes back in the file"},
		},
		layered: layerLooks(none, of(theme.CellZero, markNames[zero]), of(theme.CellMissing, "can't be read")),
		contents: {
			lookUnknown: {' ', theme.Plain, "not sampled"},
			contentNone: {none.glyph, none.style, "nothing stored"}, contentZero: of(theme.CellZero, "stored, all zero"),
			contentZeros: {'z', theme.StateZero, "zero where sampled"},
			contentLow:   {g.Density(1), theme.StatePartial, "repetitive"}, contentText: {g.Density(2), theme.StatePartial, "text-like"},
			contentMixed: {g.Density(3), theme.StatePartial, "mixed"}, contentDense: of(theme.CellFull, "packed or encrypted"),
			contentLost: of(theme.CellMissing, "can't be read"),
		},
		readers: {
			lookUnknown: {' ', theme.Plain, "not compared"},
			disputeNone: {none.glyph, none.style, "same to all readers"}, disputeSome: {'#', theme.StateMissing, "readers disagree"},
		},
	}
}

// allocated is the look of a cell in the allocation overlay: the worst mark
// if something is wrong or left behind, else how much is stored, else the
// mark.
func allocated(c *count) uint8 {
	total := c.total()
	if total == 0 {
		return lookUnknown
	}
	worst, stored := c.worst(), c.stored()
	switch {
	case worst.anomaly() || worst == unmapped || stored == 0:
		return worst.look()
	case stored == total:
		return worst.look()
	case 4*stored > 3*total: // blocks are 512 bytes at least: no overflow
		return lookMost
	case 4*stored > total:
		return lookHalf
	}
	return lookSome
}

// ordered is the look of a cell in the file order overlay.
func ordered(c *count) uint8 {
	switch {
	case c.total() == 0:
		return lookUnknown
	case c.stored() == 0:
		return orderNone
	case c.backs > 0:
		return orderBack
	case c.jumps > 0:
		return orderAhead
	}
	return orderNext
}

// kin puts looks together that differ only by degree, for jumps from one kind
// of cell to the next.
func kin(l uint8) uint8 {
	switch l {
	case lookMost, lookHalf:
		return lookSome
	}
	return l
}
