package compare

import (
	"errors"
	"fmt"
	"io"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
)

// hex is the lower pane: the bytes of both disks from top on.
type hex struct {
	size   int64 // of the larger disk
	per    int   // bytes in a row, of each disk
	text   bool  // there is room for them as text
	digits int   // of offsets
	rows   int
	top    int64 // offset of the first row
	cursor int64

	gen   views.Gen
	from  int64 // where what is at hand starts
	sides [2]side
}

// side is what was read of a disk.
type side struct {
	b   []byte
	err error // why it ends; nil at the end of the disk
}

// at is the byte at an offset from the first one that was read.
func (s *side) at(i int64) (byte, bool) {
	if i < 0 || i >= int64(len(s.b)) {
		return 0, false
	}
	return s.b[i], true
}

// fit finds a form for w columns and h rows: as many bytes as there is room
// for, first with their text.
func (x *hex) fit(size int64, w, h int) {
	x.size, x.rows, x.digits = size, max(h, 0), max(4, len(fmt.Sprintf("%x", max(size-1, 0))))
	for _, f := range []struct {
		per  int
		text bool
	}{{32, true}, {16, true}, {8, true}, {16, false}, {8, false}, {4, false}} {
		if x.per, x.text = f.per, f.text; x.digits+5+2*x.width() <= w {
			break
		}
	}
	x.show(x.cursor)
}

// width is that of a disk's part of a row.
func (x *hex) width() int {
	if x.text {
		return 4*x.per + 1
	}
	return 3 * x.per
}

// show puts the cursor on an offset and scrolls as little as need be, but to
// the middle where that is far.
func (x *hex) show(off int64) {
	x.cursor = max(0, min(off, x.size-1))
	row, page := x.cursor-x.cursor%int64(x.per), int64(max(x.rows-1, 0))*int64(x.per)
	x.top -= x.top % int64(x.per)
	switch {
	case row < x.top-page || row > x.top+2*page:
		x.top = row - page/2/int64(x.per)*int64(x.per)
	case row < x.top:
		x.top = row
	case row > x.top+page:
		x.top = row - page
	}
	x.top = max(0, x.top)
}

func (x *hex) move(a keymap.Action) {
	per := int64(x.per)
	page := per * int64(max(1, x.rows-1))
	switch a {
	case keymap.Down:
		x.by(per)
	case keymap.Up:
		x.by(-per)
	case keymap.Right:
		x.by(1)
	case keymap.Left:
		x.by(-1)
	case keymap.PageDown:
		x.by(page)
	case keymap.PageUp:
		x.by(-page)
	case keymap.HalfDown:
		x.by(page / 2)
	case keymap.HalfUp:
		x.by(-page / 2)
	case keymap.First:
		x.show(0)
	case keymap.Last:
		x.show(x.size - 1)
	}
}

// by moves the cursor, unless that leads out of the disk.
func (x *hex) by(n int64) {
	if to := x.cursor + n; to >= 0 && to < x.size {
		x.show(to)
	}
}

// scroll moves the rows, and the cursor with them.
func (x *hex) scroll(rows int64) {
	x.by(rows * int64(x.per))
}

// toRow puts the cursor on a row that shows.
func (x *hex) toRow(row int64) {
	if off := x.top + row*int64(x.per); row >= 0 && row < int64(x.rows) && off < x.size {
		x.cursor = off
	}
}

func (x *hex) forget() { x.sides, x.gen = [2]side{}, 0 }

// fetched is bytes of both disks.
type fetched struct {
	gen   views.Gen
	from  int64
	sides [2]side
}

func (x *hex) take(msg fetched) bool {
	if msg.gen != x.gen {
		return false
	}
	x.from, x.sides = msg.from, msg.sides
	return true
}

// readAround is how much is read before and behind what shows.
const readAround = 16 << 10

// read asks for the bytes that show, unless they are at hand or asked for.
func (v *View) read() tea.Cmd {
	x := &v.hex
	shown := int64(x.rows) * int64(x.per)
	have := max(len(x.sides[0].b), len(x.sides[1].b))
	end := min(x.top+shown, x.size)
	if x.rows == 0 || x.size == 0 || have > 0 && x.top >= x.from && end <= x.from+int64(have) {
		return nil
	}
	x.gen = views.NewGen()
	from := max(0, x.top-readAround)
	gen, images, n := x.gen, v.images, int(min(x.top+shown+readAround, x.size)-from)
	return func() tea.Msg { return fetched{gen, from, readBoth(images, from, n)} }
}

// readBoth reads n bytes of two disks, as far as they go.
func readBoth(images [2]disk.Image, off int64, n int) (sides [2]side) {
	for i, img := range images {
		b := make([]byte, max(0, min(int64(n), img.Info().VirtualSize-off)))
		got, err := 0, img.Info().Refused
		if err == nil && len(b) > 0 {
			got, err = img.ReadAt(b, off)
		}
		if errors.Is(err, io.EOF) || got == len(b) {
			err = nil
		}
		sides[i] = side{b[:got], err}
	}
	return sides
}

// differs reports whether a byte that was read differs; a byte that only one
// disk has does. Of one that can't be read nobody knows.
func (x *hex) differs(off int64) bool {
	a, okA := x.sides[0].at(off - x.from)
	b, okB := x.sides[1].at(off - x.from)
	if !okA && x.sides[0].err != nil || !okB && x.sides[1].err != nil {
		return false
	}
	return okA != okB || okA && a != b
}

// words tell about the byte under the cursor.
func (x *hex) words(images [2]disk.Image) string {
	text := fmt.Sprintf("virtual 0x%x, LBA %d", x.cursor, x.cursor/max(images[0].Info().LogicalSectorSize, 512))
	for i, s := range x.sides {
		switch b, ok := s.at(x.cursor - x.from); {
		case ok:
			text += fmt.Sprintf(" | %s: %02x", name(images[i]), b)
		case s.err != nil:
			text += fmt.Sprintf(" | %s: can't be read", name(images[i]))
		default:
			text += fmt.Sprintf(" | %s: nothing", name(images[i]))
		}
	}
	if x.differs(x.cursor) {
		text += " | differs"
	}
	return text
}
