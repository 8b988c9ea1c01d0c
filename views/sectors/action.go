package sectors

import (
	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/hexgrid"
)

// Do carries an action out, in the pane with the focus.
func (v *View) Do(a keymap.Action) tea.Cmd {
	v.dirty = true
	if v.common(a) {
		v.place()
		return v.refresh()
	}
	if v.focus == listPane {
		return v.doList(a)
	}
	return v.doBytes(a)
}

// common is what both panes understand alike, and changes how things look.
func (v *View) common(a keymap.Action) bool {
	switch a {
	case keymap.NextPane, keymap.PrevPane:
		v.focus = 1 - v.focus
	case keymap.Zoom:
		v.zoomed = !v.zoomed
	case keymap.Escape:
		v.escape()
	case keymap.ExplainPane:
		if v.lay.inspect.shows() {
			v.explain = !v.explain
		} else {
			v.reading = !v.reading
		}
	case keymap.Endian:
		v.inspector.Turn()
	case keymap.OffsetBase:
		v.want.Base = v.want.Base.Next()
	case keymap.FoldZeros:
		v.foldZeros = !v.foldZeros
	case keymap.TextColumn:
		v.want.Text = v.want.Text.Next()
	case keymap.MoreBytes:
		v.want.Bytes = v.format.Wider(1)
	case keymap.FewerBytes:
		v.want.Bytes = v.format.Wider(-1)
	default:
		return false
	}
	return true
}

// escape backs out of one thing: the search for data, the selection, the
// zoom, the list.
func (v *View) escape() {
	switch {
	case v.run.stop():
	case v.begun >= 0:
		v.begun = -1
	case v.zoomed:
		v.zoomed = false
	default:
		v.focus = bytesPane
	}
}

func (v *View) doList(a keymap.Action) tea.Cmd {
	switch a {
	case keymap.Down:
		v.list.Move(1)
	case keymap.Up:
		v.list.Move(-1)
	case keymap.PageDown, keymap.HalfDown:
		v.list.Page(1)
	case keymap.PageUp, keymap.HalfUp:
		v.list.Page(-1)
	case keymap.First:
		v.list.To(0)
	case keymap.Last:
		v.list.To(v.list.Total)
	case keymap.Open, keymap.Follow:
		return v.openPartition()
	}
	return nil
}

// openPartition goes to the first byte of the partition under the list's
// cursor.
func (v *View) openPartition() tea.Cmd {
	i := v.list.Cursor
	if i < 0 || i >= int64(len(v.parts)) {
		return nil
	}
	p := v.parts[i]
	return views.Send(views.Goto{To: spot(p.Start, p.Length)})
}

// spot is a place on the virtual disk to go to.
func spot(off, length int64) views.Spot {
	return views.Spot{Place: decode.Place{File: disk.VirtualDisk, Offset: off, Length: length}}
}

func (v *View) doBytes(a keymap.Action) tea.Cmd {
	switch a {
	case keymap.Down:
		return v.vertical(1, 0)
	case keymap.Up:
		return v.vertical(-1, 0)
	case keymap.Left:
		return v.step(-1)
	case keymap.Right:
		return v.step(1)
	case keymap.PageDown, keymap.HalfDown:
		return v.page(true, a == keymap.HalfDown)
	case keymap.PageUp, keymap.HalfUp:
		return v.page(false, a == keymap.HalfUp)
	case keymap.First:
		return v.jump(0)
	case keymap.Last:
		return v.jump(v.win.size - 1)
	case keymap.RowStart, keymap.RowEnd:
		return v.rowEdge(a == keymap.RowEnd)
	case keymap.NextField:
		return v.nextField()
	case keymap.PrevField:
		return v.prevField()
	case keymap.NextSector:
		return v.sector(1)
	case keymap.PrevSector:
		return v.sector(0)
	case keymap.NextRun, keymap.PrevRun:
		return v.seekRun(a == keymap.NextRun)
	}
	return v.doSelect(a)
}

// doSelect is the actions on the selection, and those that lead elsewhere.
func (v *View) doSelect(a keymap.Action) tea.Cmd {
	switch a {
	case keymap.Select:
		if v.begun >= 0 {
			v.begun = -1
		} else {
			v.begun = v.cursor
		}
	case keymap.GrowSelect:
		return v.growSelection()
	case keymap.ExtendDown, keymap.ExtendUp, keymap.ExtendLeft, keymap.ExtendRight:
		if v.begun < 0 {
			v.begun = v.cursor
		}
		return v.doBytes(plain[a])
	case keymap.OtherSpace:
		return v.otherSpace()
	case keymap.EditBytes, keymap.FillBytes, keymap.PasteBytes:
		return v.startEdit(a)
	case keymap.RevertBytes:
		return v.revert()
	case keymap.Follow, keymap.Open:
		return v.follow()
	case keymap.Twin:
		return v.twin()
	}
	return nil
}

// growSelection selects the smallest of field, structures, sector, block,
// partitions and disk around the cursor that is more than what is selected. A
// selection that grew so far goes on around the byte where that began: the
// cursor is at its end, and a block and a partition need not hold each other.
func (v *View) growSelection() tea.Cmd {
	start, end := v.selection()
	held, seed := hexgrid.Range{Start: start, End: end}, v.cursor
	switch {
	case v.begun < 0:
		held = hexgrid.Range{Start: seed, End: seed + 1}
	case held == v.grown:
		seed = v.seed
		held = hexgrid.Range{Start: seed, End: seed + 1}
	}
	best := hexgrid.Range{}
	for _, r := range v.around(seed) {
		larger := r.Start <= held.Start && r.End >= held.End && r.End-r.Start > end-start
		if larger && (best.Empty() || r.End-r.Start < best.End-best.Start) {
			best = r
		}
	}
	if best.Empty() {
		return nil
	}
	v.begun, v.grown, v.seed = best.Start, best, seed
	return v.goTo(best.End - 1)
}

// around lists ranges that hold a byte, and structures at the cursor.
func (v *View) around(at int64) []hexgrid.Range {
	unit := func(size int64) hexgrid.Range {
		start := at - at%size
		return hexgrid.Range{Start: start, End: min(start+size, v.win.size)}
	}
	list := []hexgrid.Range{{Start: at, End: at + 1}, unit(v.format.Sector)}
	if v.info.BlockSize > 0 {
		list = append(list, unit(v.info.BlockSize))
	}
	for _, p := range v.parts {
		list = append(list, hexgrid.Range{Start: p.Start, End: min(p.End(), v.win.size)})
	}
	if v.known() {
		for _, n := range v.fact.nodes {
			list = append(list, hexgrid.Range{Start: n.Place.Offset, End: min(n.Place.End(), v.win.size)})
		}
	}
	return append(list, hexgrid.Range{End: v.win.size})
}

// plain is the move that an extension of the selection makes.
var plain = map[keymap.Action]keymap.Action{
	keymap.ExtendDown: keymap.Down, keymap.ExtendUp: keymap.Up, keymap.ExtendLeft: keymap.Left, keymap.ExtendRight: keymap.Right,
}

// otherSpace shows the byte in the next space of addresses: in its partition,
// then in its file.
func (v *View) otherSpace() tea.Cmd {
	if _, ok := v.partition(v.cursor); ok && !v.volume {
		v.volume = true
		return nil
	}
	v.volume = false
	if s := v.fact.span; v.known() && s.File != "" && s.Layer == 0 {
		return views.Send(views.Goto{To: views.Spot{Place: decode.Place{File: s.File, Offset: s.Offset, Length: 1}}})
	}
	return nil
}

// known reports whether the facts are those of the byte under the cursor.
func (v *View) known() bool {
	return v.fact.gen == v.factGen && v.fact.off == v.cursor && v.fact.err == nil
}

// current is the field under the cursor.
func (v *View) current() (decode.Node, bool) {
	n, ok := v.fact.field()
	return n, ok && v.fact.gen == v.factGen && n.Place.Holds(disk.VirtualDisk, v.cursor)
}

func (v *View) follow() tea.Cmd {
	if n, ok := v.current(); ok && n.Target != nil {
		return views.Send(views.Goto{To: views.Spot{Place: n.Target.Place}})
	}
	return nil
}

// twin goes to the second copy of the field or of its structure.
func (v *View) twin() tea.Cmd {
	if place, ok := v.twinPlace(); ok {
		return views.Send(views.Goto{To: views.Spot{Place: place}})
	}
	return nil
}

func (v *View) twinPlace() (decode.Place, bool) {
	if !v.known() {
		return decode.Place{}, false
	}
	for i := len(v.fact.nodes) - 1; i >= 0; i-- {
		if n := v.fact.nodes[i]; n.Twin != nil {
			return *n.Twin, true
		}
	}
	return decode.Place{}, false
}

// selection is the bytes selected; empty if there are none.
func (v *View) selection() (start, end int64) {
	if v.begun < 0 {
		return 0, 0
	}
	return min(v.begun, v.cursor), max(v.begun, v.cursor) + 1
}

// Disabled says why an action would do nothing where the cursor is.
func (v *View) Disabled(a keymap.Action) string {
	if v.win.size == 0 {
		return v.disabledAll(a)
	}
	n, ok := v.current()
	switch a {
	case keymap.Follow, keymap.Open:
		if v.focus == bytesPane && (!ok || n.Target == nil) {
			return "this is no pointer: there is nothing to follow"
		}
		if v.focus == listPane && len(v.parts) == 0 {
			return "there are no partitions"
		}
	case keymap.Twin:
		if _, ok := v.twinPlace(); !ok {
			return "there is no second copy of this"
		}
	case keymap.OtherSpace:
		if _, part := v.partition(v.cursor); !part && v.known() && (v.fact.span.File == "" || v.fact.span.Layer > 0) {
			return "this byte is stored in no file of this image"
		}
	case keymap.EditBytes, keymap.FillBytes, keymap.PasteBytes, keymap.RevertBytes:
		if err := v.fixed(v.cursor, v.cursor+1); err != nil {
			return err.Error()
		}
	case keymap.Escape:
		if v.run.cancel == nil && v.begun < 0 && !v.zoomed && v.focus == bytesPane {
			return "there is nothing to leave"
		}
	case keymap.NextFile, keymap.PrevFile:
		return "the virtual disk is one, in however many files it lies"
	}
	return ""
}

func (v *View) disabledAll(a keymap.Action) string {
	switch a {
	case keymap.NextPane, keymap.PrevPane, keymap.Zoom, keymap.Escape, keymap.ExplainPane:
		return ""
	}
	return "the virtual disk can't be read"
}
