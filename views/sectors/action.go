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
	v.canvas.Dirty = true
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
		if v.lay.inspect.Shows() {
			v.explain = !v.explain
		} else {
			v.reading = !v.reading
		}
	case keymap.Endian:
		v.inspector.Turn()
	default:
		return v.hex.Look(a)
	}
	return true
}

// escape backs out of one thing: the search for data, the selection, the
// zoom, the list.
func (v *View) escape() {
	switch {
	case v.run.stop():
	case v.hex.Unselect():
	case v.zoomed:
		v.zoomed = false
	default:
		v.focus = bytesPane
	}
}

func (v *View) doList(a keymap.Action) tea.Cmd {
	if a == keymap.Open || a == keymap.Follow {
		return v.openPartition()
	}
	v.list.Do(a)
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
	if v.hex.Do(a) {
		return v.moved()
	}
	switch a {
	case keymap.NextField:
		return v.nextField()
	case keymap.PrevField:
		return v.prevField()
	case keymap.NextRun, keymap.PrevRun:
		return v.seekRun(a == keymap.NextRun)
	case keymap.GrowSelect:
		return v.growSelection()
	case keymap.OtherSpace:
		return v.otherSpace()
	case keymap.EditBytes, keymap.FillBytes, keymap.PasteBytes:
		return v.startEdit(a)
	case keymap.RevertBytes:
		return v.revert()
	case keymap.Follow, keymap.Open:
		return v.follow()
	case keymap.SecondCopy:
		return v.second()
	}
	return nil
}

// growSelection selects the smallest of field, structures, sector, block,
// partitions and disk around the cursor that is more than what is selected. A
// selection that grew so far goes on around the byte where that began: the
// cursor is at its end, and a block and a partition need not hold each other.
func (v *View) growSelection() tea.Cmd {
	sel, seed := v.hex.Selection(), v.hex.Cursor()
	held := sel
	switch {
	case sel.Empty():
		held = hexgrid.Range{Start: seed, End: seed + 1}
	case held == v.grown:
		seed = v.seed
		held = hexgrid.Range{Start: seed, End: seed + 1}
	}
	best := hexgrid.Range{}
	for _, r := range v.around(seed) {
		larger := r.Start <= held.Start && r.End >= held.End && r.End-r.Start > sel.End-sel.Start
		if larger && (best.Empty() || r.End-r.Start < best.End-best.Start) {
			best = r
		}
	}
	if best.Empty() {
		return nil
	}
	v.grown, v.seed = best, seed
	v.hex.Select(best)
	return v.moved()
}

// around lists ranges that hold a byte, and structures at the cursor.
func (v *View) around(at int64) []hexgrid.Range {
	unit := func(size int64) hexgrid.Range {
		start := at - at%size
		return hexgrid.Range{Start: start, End: min(start+size, v.ground.size)}
	}
	list := []hexgrid.Range{{Start: at, End: at + 1}, unit(v.hex.Source().Sector)}
	if v.info.BlockSize > 0 {
		list = append(list, unit(v.info.BlockSize))
	}
	for _, p := range v.parts {
		list = append(list, hexgrid.Range{Start: p.Start, End: min(p.End(), v.ground.size)})
	}
	if v.known() {
		for _, n := range v.fact.nodes {
			list = append(list, hexgrid.Range{Start: n.Place.Offset, End: min(n.Place.End(), v.ground.size)})
		}
	}
	return append(list, hexgrid.Range{End: v.ground.size})
}

// otherSpace shows the byte in the next space of addresses: in its partition,
// then in its file.
func (v *View) otherSpace() tea.Cmd {
	if _, ok := v.partition(v.hex.Cursor()); ok && !v.volume {
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
	return v.fact.gen == v.factGen && v.fact.off == v.hex.Cursor() && v.fact.err == nil
}

// current is the field under the cursor.
func (v *View) current() (decode.Node, bool) {
	n, ok := v.fact.field()
	return n, ok && v.fact.gen == v.factGen && n.Place.Holds(disk.VirtualDisk, v.hex.Cursor())
}

func (v *View) follow() tea.Cmd {
	if n, ok := v.current(); ok && n.Target != nil {
		return views.Send(views.Goto{To: views.Spot{Place: n.Target.Place}})
	}
	return nil
}

// second goes to the second copy of the field or of its structure.
func (v *View) second() tea.Cmd {
	if place, ok := v.secondPlace(); ok {
		return views.Send(views.Goto{To: views.Spot{Place: place}})
	}
	return nil
}

func (v *View) secondPlace() (decode.Place, bool) {
	if !v.known() {
		return decode.Place{}, false
	}
	for i := len(v.fact.nodes) - 1; i >= 0; i-- {
		if n := v.fact.nodes[i]; n.SecondCopy != nil {
			return *n.SecondCopy, true
		}
	}
	return decode.Place{}, false
}

// Disabled says why an action would do nothing where the cursor is.
func (v *View) Disabled(a keymap.Action) string {
	if a == keymap.Escape && v.run.cancel == nil && v.hex.Selection().Empty() && !v.zoomed && v.focus == bytesPane {
		return "there is nothing to leave"
	}
	if v.ground.size == 0 {
		return v.disabledAll(a)
	}
	n, ok := v.current()
	switch a {
	case keymap.Follow, keymap.Open:
		if v.focus == bytesPane && (!ok || n.Target == nil) {
			return "this is not a pointer: there is nothing to follow"
		}
		if v.focus == listPane && len(v.parts) == 0 {
			return "there are no partitions"
		}
	case keymap.SecondCopy:
		if _, ok := v.secondPlace(); !ok {
			return "there is no second copy of this"
		}
	case keymap.OtherSpace:
		if _, part := v.partition(v.hex.Cursor()); !part && v.known() && (v.fact.span.File == "" || v.fact.span.Layer > 0) {
			return "this byte is stored in no file of this image"
		}
	case keymap.EditBytes, keymap.FillBytes, keymap.PasteBytes, keymap.RevertBytes:
		if err := v.fixed(v.hex.Cursor(), v.hex.Cursor()+1); err != nil {
			return err.Error()
		}
	case keymap.NextFile, keymap.PrevFile:
		return "the virtual disk is one space, however many files hold it"
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
