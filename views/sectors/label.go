package sectors

import (
	"fmt"
	"strings"

	"platter/decode"
	"platter/engine/disk"
	"platter/views/hexgrid"
	"platter/views/theme"
	"platter/views/widget/hexpane"
)

// Run is the stretch that holds a byte, as the hex pane sees it.
func (g *ground) Run(off int64) (hexpane.Run, bool) {
	i, ok := g.find(off)
	if !ok {
		return hexpane.Run{}, false
	}
	s := &g.list[i]
	if s.stored() {
		return hexpane.Run{Start: s.start, End: s.end, Stored: true}, true
	}
	typed := hexgrid.Range{Start: max(s.start, g.typed.Start), End: min(s.end, g.typed.End)}
	switch {
	case typed.Empty():
		return hexpane.Run{Start: s.start, End: s.end}, true
	case off < typed.Start:
		return hexpane.Run{Start: s.start, End: typed.Start}, true
	case off >= typed.End:
		return hexpane.Run{Start: typed.End, End: s.end}, true
	}
	return hexpane.Run{Start: typed.Start, End: typed.End, Stored: true}, true
}

// Label says where a stretch is stored, or why it is not.
func (g *ground) Label(off int64) hexpane.Label {
	i, _ := g.find(off)
	s := &g.list[i]
	if s.stored() {
		if s.label == "" {
			s.label = g.rulerText(s)
		}
		return hexpane.Label{Glyph: g.theme.Glyphs.Border(false).Horizontal, Text: s.label}
	}
	if g.typed.Start <= off && off < g.typed.End {
		return hexpane.Label{Glyph: g.theme.Glyphs.Border(false).Horizontal, Text: " " + s.state.String() + ": what is typed here is stored with all that it needs "}
	}
	if s.label == "" {
		s.label = g.foldText(s)
	}
	state := g.theme.Glyphs.States()[cellOf(s.state)]
	return hexpane.Label{Glyph: state.Glyph, Style: state.Style, Text: s.label}
}

// Edge says why nothing more is known.
func (g *ground) Edge() string {
	if g.err != nil {
		return "! the map can't be read: " + decode.Printable(g.err.Error())
	}
	return "reading the map .."
}

func (g *ground) rulerText(s *stretch) string {
	var parts []string
	if s.block >= 0 {
		parts = append(parts, fmt.Sprintf("%s %d%s", g.unit, s.block, g.blockOffset(s)))
	}
	if s.layer > 0 {
		parts = append(parts, fmt.Sprintf("layer %d", s.layer))
	}
	place := fmt.Sprintf("%s 0x%x", decode.Printable(s.file), s.offset)
	if s.packed > 0 {
		place += fmt.Sprintf(", %d bytes compressed", s.packed)
	}
	parts = append(parts, place)
	if t := viaText(s.via); t != "" {
		parts = append(parts, t)
	}
	return " " + strings.Join(parts, "  ") + " "
}

// blockOffset is where in its block a stretch starts, if it is not the start.
func (g *ground) blockOffset(s *stretch) string {
	if in := s.start - s.block*g.block; in > 0 {
		return fmt.Sprintf(" +0x%x", in)
	}
	return ""
}

// viaText words a table entry; empty if there is none.
func viaText(via disk.Via) string {
	switch {
	case via.Table == "":
		return ""
	case via.IsBit:
		return fmt.Sprintf("%s bit %d = %d", via.Table, via.Index, via.Raw)
	}
	return fmt.Sprintf("%s[%d] = 0x%x", via.Table, via.Index, via.Raw)
}

// cellOf is the mark of a state that the map shows too.
func cellOf(s disk.State) int {
	return [...]int{theme.CellFull, theme.CellZero, theme.CellNone, theme.CellParent, theme.CellUnmapped, theme.CellMissing}[s]
}

// foldText says how much is folded and why.
func (g *ground) foldText(s *stretch) string {
	size := decode.FormatSize(uint64(s.end - s.start))
	text := fmt.Sprintf("%s  %s", stateWord(s.state), size)
	if s.entries > 1 {
		text += fmt.Sprintf(" (%ss %d to %d)", g.unit, s.block, s.block+s.entries-1)
	} else if s.block >= 0 {
		text += fmt.Sprintf(" (%s %d)", g.unit, s.block)
	}
	if end := s.end; end == g.end() && end < g.size {
		text += " or more"
	}
	if s.layer > 0 {
		text += fmt.Sprintf("  layer %d", s.layer)
	}
	if t := viaText(s.via); t != "" {
		text += "  " + t
	}
	return text
}

// stateWord says in a word or two what a range without data is.
func stateWord(s disk.State) string {
	switch s {
	case disk.Zero:
		return "zero"
	case disk.FromParent:
		return "in the parent, which is not open: can't be read"
	case disk.Unmapped:
		return "unmapped, reads as zeros"
	case disk.Missing:
		return "MISSING: can't be read"
	}
	return s.String()
}
