package blockmap

import (
	"errors"
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
)

// leap is how many cells the large steps go.
const leap = 8

// Do carries an action out.
func (v *View) Do(a keymap.Action) tea.Cmd {
	v.canvas.Dirty, v.opening, v.note = true, "", ""
	switch a {
	case keymap.NextPane, keymap.PrevPane:
		v.focus ^= stripPane
		return nil
	case keymap.Overlay:
		return v.nextOverlay()
	case keymap.ZoomIn:
		return v.zoom(-1)
	case keymap.ZoomOut:
		return v.zoom(1)
	case keymap.Open, keymap.Follow:
		return v.visit(a)
	case keymap.TableEntry:
		return v.visitEntry()
	}
	if v.focus == stripPane {
		v.doStrip(a)
		return nil
	}
	if v.tally.shape.blocks == 0 {
		return nil
	}
	switch a {
	case keymap.NextMark:
		return v.seek(1)
	case keymap.PrevMark:
		return v.seek(-1)
	}
	v.seeking.stop()
	v.move(a)
	v.place()
	return tea.Batch(v.refresh(), v.sample())
}

// move moves the cursor over the map.
func (v *View) move(a keymap.Action) {
	cols := int64(max(v.lay.cols, 1))
	page := cols * int64(max(1, v.lay.rows-1))
	inRow := v.cell() % cols
	switch a {
	case keymap.Left:
		v.step(-1)
	case keymap.Right:
		v.step(1)
	case keymap.Up:
		v.step(-cols)
	case keymap.Down:
		v.step(cols)
	case keymap.LeapLeft:
		v.step(-leap)
	case keymap.LeapRight:
		v.step(leap)
	case keymap.LeapUp:
		v.step(-leap * cols)
	case keymap.LeapDown:
		v.step(leap * cols)
	case keymap.PageUp:
		v.step(-page)
	case keymap.PageDown:
		v.step(page)
	case keymap.HalfUp:
		v.step(-cols * int64(max(1, v.lay.rows/2)))
	case keymap.HalfDown:
		v.step(cols * int64(max(1, v.lay.rows/2)))
	case keymap.RowStart:
		v.step(-inRow)
	case keymap.RowEnd:
		v.step(cols - 1 - inRow)
	case keymap.First:
		v.cursor = 0
	case keymap.Last:
		v.cursor = v.tally.shape.blocks - 1
	}
}

// step moves by n cells, to the first block of one.
func (v *View) step(n int64) {
	cell := max(0, min(v.cell()+n, v.tally.shape.cells(v.level)-1))
	v.cursor = cell << v.level
}

// zoom makes cells larger or smaller. The cursor goes to the block of its cell
// that matters most, if that is known.
func (v *View) zoom(step int) tea.Cmd {
	if v.Disabled(keymap.ZoomIn) != "" && step < 0 || v.Disabled(keymap.ZoomOut) != "" && step > 0 {
		return nil
	}
	if v.known() {
		v.cursor = v.detail.blocks[0].number
	}
	v.level = uint(int(v.level) + step)
	v.fine.stop()
	v.exam.stop()
	v.place()
	return tea.Batch(v.refresh(), v.sample())
}

func (v *View) nextOverlay() tea.Cmd {
	v.overlay = (v.overlay + 1) % overlays
	if v.overlay == layered && v.image.Parent() == nil {
		v.overlay++
	}
	if v.overlay == readers && v.readers == nil {
		v.overlay = allocation
	}
	v.stale = true
	if v.overlay != contents {
		v.content.stop()
	}
	return v.sample()
}

// visit goes to the bytes of the block under the cursor, on the virtual disk
// or, to follow it, in the file; or to those of the region under the strip's
// cursor.
func (v *View) visit(a keymap.Action) tea.Cmd {
	switch {
	case v.focus == stripPane:
		return v.visitRegion()
	case !v.known():
		v.opening = a
		return v.refresh()
	}
	s := v.detail.blocks[0].span
	if first, n := v.disputedHere(); n > 0 && a == keymap.Open {
		return goTo(decode.Place{File: disk.VirtualDisk, Offset: first.Start})
	}
	if a == keymap.Open {
		return goTo(decode.Place{File: disk.VirtualDisk, Offset: s.Start})
	}
	if why := v.unreachable(); why != "" {
		return views.Send(views.Failed{Err: errors.New(why)})
	}
	return goTo(decode.Place{File: s.File, Offset: s.Offset})
}

func (v *View) visitRegion() tea.Cmd {
	s, ok := v.strip.column(v.column, v.lay.stripColumns())
	if !ok {
		return nil
	}
	return goTo(decode.Place{File: s.region.File, Offset: s.region.Offset, Length: s.region.Length})
}

func goTo(place decode.Place) tea.Cmd {
	return views.Send(views.Goto{To: views.Spot{Place: place}})
}

// unreachable tells why the block under the cursor has no place in a file of
// the image itself.
func (v *View) unreachable() string {
	b := v.detail.blocks[0]
	switch {
	case b.span.State != disk.Data:
		return fmt.Sprintf("%s %s is not stored (%s): it has no place in a file", v.unit(), grouped(b.number), b.mark)
	case b.span.Layer > 0:
		return fmt.Sprintf("%s %s is stored in a parent, in %s", v.unit(), grouped(b.number), decode.Printable(b.span.File))
	}
	return ""
}

// visitEntry goes to the table entry that decided about the block.
func (v *View) visitEntry() tea.Cmd {
	if via, ok := v.entry(); ok {
		return goTo(via.Place)
	}
	return nil
}

// entry is the innermost table entry of the image itself that decided about
// the block under the cursor; bitmap bits decide about sectors, not blocks.
func (v *View) entry() (via disk.Via, ok bool) {
	if !v.known() {
		return via, false
	}
	for _, e := range v.detail.blocks[0].span.Via {
		if e.Layer == 0 && !e.IsBit {
			via, ok = e, true
		}
	}
	return via, ok
}

// doStrip moves the cursor of the file strip.
func (v *View) doStrip(a keymap.Action) {
	cols, width := v.lay.stripColumns(), max(v.lay.strip.W, 1)
	switch a {
	case keymap.Left:
		v.column--
	case keymap.Right:
		v.column++
	case keymap.LeapLeft:
		v.column -= leap
	case keymap.LeapRight:
		v.column += leap
	case keymap.Up, keymap.PageUp, keymap.LeapUp, keymap.HalfUp:
		v.column -= width
	case keymap.Down, keymap.PageDown, keymap.LeapDown, keymap.HalfDown:
		v.column += width
	case keymap.RowStart:
		v.column -= v.column % width
	case keymap.RowEnd:
		v.column += width - 1 - v.column%width
	case keymap.First:
		v.column = 0
	case keymap.Last:
		v.column = cols - 1
	case keymap.NextMark:
		v.column = v.nextColumn(1)
	case keymap.PrevMark:
		v.column = v.nextColumn(-1)
	}
	v.column = max(0, min(v.column, cols-1))
}

// nextColumn is the next column of another kind than the one before it; the
// present one if there is none.
func (v *View) nextColumn(step int) int {
	cols := v.lay.stripColumns()
	before, _ := v.strip.column(v.column, cols)
	for i := v.column + step; i >= 0 && i < cols; i += step {
		if s, ok := v.strip.column(i, cols); ok && s.rank != before.rank {
			return i
		}
	}
	return v.column
}

// Disabled says why an action would do nothing where the cursor is.
func (v *View) Disabled(a keymap.Action) string {
	switch a {
	case keymap.ZoomIn:
		if v.level == 0 {
			return "a cell is a single block already"
		}
	case keymap.ZoomOut:
		if v.level >= v.top {
			return "the whole disk shows already"
		}
	case keymap.Follow:
		if v.focus == mapPane && v.known() {
			return v.unreachable()
		}
	case keymap.TableEntry:
		if _, ok := v.entry(); v.known() && !ok {
			return "no table entry places this block"
		}
	case keymap.Escape:
		return "there is nothing to leave"
	}
	return ""
}

// Mouse puts cursors where it clicks and scrolls the map.
func (v *View) Mouse(x, y int, what views.Mouse) tea.Cmd {
	v.canvas.Dirty = true
	switch what {
	case views.WheelUp, views.WheelDown:
		return v.wheel(what)
	}
	if i, ok := v.lay.stripAt(x, y); ok {
		v.focus, v.column = stripPane, i
	} else if cell, ok := v.cellAt(x, y); ok {
		v.focus, v.cursor = mapPane, cell<<v.level
		v.place()
	} else {
		return nil
	}
	if what == views.DoubleClick {
		return v.Do(keymap.Open)
	}
	return tea.Batch(v.refresh(), v.sample())
}

// wheelRows is how many rows a turn of the wheel scrolls.
const wheelRows = 3

func (v *View) wheel(what views.Mouse) tea.Cmd {
	n := int64(wheelRows)
	if what == views.WheelUp {
		n = -n
	}
	cols := int64(max(v.lay.cols, 1))
	before := v.rows.Cursor
	v.rows.Wheel(n)
	v.step((v.rows.Cursor - before) * cols)
	v.stale = true
	return tea.Batch(v.refresh(), v.sample())
}

// cellAt is the cell at a column and row of the screen.
func (v *View) cellAt(x, y int) (int64, bool) {
	m := v.lay.cells
	if !m.Holds(x, y) {
		return 0, false
	}
	row, ok := v.rows.At(y - m.Y)
	cell := row*int64(v.lay.cols) + int64((x-m.X)/max(v.lay.wide, 1))
	return cell, ok && cell < v.tally.shape.cells(v.level)
}
