package sectors

import (
	"errors"
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/hexgrid"
	"platter/views/widget/hexedit"
)

// Typing reports whether keys overwrite bytes.
func (v *View) Typing() bool { return v.edit.On() }

// Type takes a key while they do.
func (v *View) Type(msg tea.KeyMsg) tea.Cmd {
	v.canvas.Dirty = true
	return v.edit.Type(v.pad(), msg)
}

// startEdit turns the mode on: for typing, for a byte to fill with, or for a
// line to paste.
func (v *View) startEdit(a keymap.Action) tea.Cmd {
	if err := v.fixed(v.hex.Cursor(), v.hex.Cursor()+1); err != nil {
		return views.Send(views.Failed{Err: err})
	}
	if a == keymap.PasteBytes {
		v.edit.StartPaste()
	} else {
		v.edit.Start(a == keymap.FillBytes)
	}
	return v.moved()
}

// fixed says why a range of the disk can't be overwritten where it lies; nil
// if it can, as far as the map is known.
func (v *View) fixed(start, end int64) error {
	if v.foreign.image != nil {
		return errors.New(v.foreign.fixed())
	}
	if v.editor == nil {
		return errors.New(v.locked)
	}
	for i, ok := v.ground.find(start); ok && i < len(v.ground.list) && start < end; i++ {
		s := &v.ground.list[i]
		if why := s.uneditable(); why != "" {
			return fmt.Errorf("byte 0x%x of the virtual disk %s", start, why)
		}
		start = s.end
	}
	return nil
}

// uneditable says why the bytes of a stretch can't be edited. What is not stored, lies in
// a parent or is compressed can: it is stored in the image for that.
func (s *stretch) uneditable() string {
	if s.state.Content() == disk.Lost {
		return "can't be read (" + s.state.String() + "), so a change of it can't be stored"
	}
	return ""
}

// pad is what the edit mode works on.
func (v *View) pad() hexedit.Pad {
	return hexedit.Pad{Bytes: &v.hex, Screen: screen{v}, Queue: v.queue}
}

// screen is the screen as the edit mode sees it.
type screen struct{ v *View }

// Edit is a change of the virtual disk.
func (s screen) Edit(off int64, data []byte) (views.Stage, error) {
	return views.Stage{Edits: []disk.Edit{{File: disk.VirtualDisk, Offset: off, Data: data}}}, s.v.fixed(off, off+int64(len(data)))
}

// Blank reports whether nothing is stored for a byte, and it reads as zero.
func (s screen) Blank(off int64) bool {
	i, ok := s.v.ground.find(off)
	return ok && s.v.ground.list[i].state.Content() == disk.Zeros
}

// GoTo moves the cursor.
func (s screen) GoTo(off int64) tea.Cmd { return s.v.goTo(off) }

// Target is the selection, or the field under the cursor, or its byte.
func (s screen) Target() hexgrid.Range {
	if r := s.v.hex.Selection(); !r.Empty() {
		return r
	}
	if n, ok := s.v.current(); ok {
		return hexgrid.Range{Start: n.Place.Offset, End: n.Place.End()}
	}
	return hexgrid.Range{Start: s.v.hex.Cursor(), End: s.v.hex.Cursor() + 1}
}

// Where is the sector of a byte, and its place in that.
func (s screen) Where(off int64) string {
	sector := s.v.hex.Source().Sector
	return fmt.Sprintf("LBA %d +0x%x", off/sector, off%sector)
}

// Do moves, and reverts to what is on disk.
func (s screen) Do(a keymap.Action) tea.Cmd { return s.v.doBytes(a) }

// revert stages what is on disk: for the selection, or in its absence for the
// byte under the cursor.
func (v *View) revert() tea.Cmd {
	r := v.hex.Selection()
	if r.Empty() {
		r = hexgrid.Range{Start: v.hex.Cursor(), End: v.hex.Cursor() + 1}
	}
	if err := v.fixed(r.Start, r.End); err != nil {
		return views.Send(views.Failed{Err: err})
	}
	n := r.End - r.Start
	return v.queue.Send(views.Revert{
		Title: fmt.Sprintf("revert %s at %s", hexgrid.Bytes(n), screen{v}.Where(r.Start)),
		Place: decode.Place{File: disk.VirtualDisk, Offset: r.Start, Length: n},
	})
}
