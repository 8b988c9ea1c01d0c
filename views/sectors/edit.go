package sectors

import (
	"bytes"
	"errors"
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/hexgrid"
)

// Typing reports whether keys overwrite bytes.
func (v *View) Typing() bool { return v.edit.On() }

// Type takes a key while they do.
func (v *View) Type(msg tea.KeyMsg) tea.Cmd {
	v.dirty = true
	return v.edit.Type(pad{v}, msg)
}

// startEdit turns the mode on: for typing, for a byte to fill with, or for a
// line to paste.
func (v *View) startEdit(a keymap.Action) tea.Cmd {
	if err := v.fixed(v.cursor, v.cursor+1); err != nil {
		return views.Send(views.Failed{Err: err})
	}
	if a == keymap.PasteBytes {
		v.edit.StartPaste()
	} else {
		v.edit.Start(a == keymap.FillBytes)
	}
	return nil
}

// fixed says why a range of the disk can't be overwritten where it lies; nil
// if it can, as far as the map is known.
func (v *View) fixed(start, end int64) error {
	if v.editor == nil {
		return errors.New(v.locked)
	}
	for i, ok := v.win.find(start); ok && i < len(v.win.list) && start < end; i++ {
		s := &v.win.list[i]
		if why := s.uneditable(); why != "" {
			return fmt.Errorf("byte 0x%x of the virtual disk %s", start, why)
		}
		start = s.end
	}
	return nil
}

// uneditable says why the bytes of a stretch can't be replaced where they
// lie.
func (s *stretch) uneditable() string {
	switch {
	case !s.stored():
		return "is not stored in the file (" + s.state.String() + "): only allocated sectors can be edited"
	case s.layer > 0:
		return "is a parent's, which must not change"
	case s.packed > 0:
		return "is stored compressed"
	}
	return ""
}

// pad is the bytes pane as the edit mode sees it.
type pad struct{ v *View }

// Byte is the byte under the cursor.
func (p pad) Byte() (byte, bool) {
	if b := p.v.pages.bytes(p.v.cursor, 1); len(b) == 1 {
		return b[0], true
	}
	return 0, false
}

// Text is how the text column reads bytes.
func (p pad) Text() hexgrid.Encoding { return p.v.format.Text }

// Put overwrites from the cursor on, not behind a selection or the disk's end.
func (p pad) Put(data []byte) tea.Cmd {
	v := p.v
	end := v.win.size
	if _, last := v.selection(); v.begun >= 0 && v.begun > v.cursor {
		end = last
	}
	return p.put(v.cursor, data[:min(int64(len(data)), end-v.cursor)])
}

// Room is where a paste goes.
func (p pad) Room() (start, selected, left int64) {
	at := p.v.cursor
	if first, last := p.v.selection(); last > first {
		at, selected = first, last-first
	}
	return at, selected, p.v.win.size - at
}

// AskPast has the user asked how much of a paste goes past the selection.
func (p pad) AskPast(n, selected int64, put func(int64) tea.Cmd) tea.Cmd {
	return p.v.queue.Send(views.PastSelection(n, selected, put))
}

// PutAt overwrites from an offset on, which ends the selection.
func (p pad) PutAt(off int64, data []byte) tea.Cmd {
	p.v.begun = -1
	return p.put(off, data)
}

func (p pad) put(off int64, data []byte) tea.Cmd {
	p.v.dirty = true
	cmd := p.v.overwrite(off, data, views.Stage{Typed: p.v.lba(off)})
	return tea.Batch(cmd, p.v.goTo(off+int64(len(data))))
}

// fillMost bounds what is filled at once, in bytes.
const fillMost = 16 << 20

// Fill overwrites the selection, or the field under the cursor, or its byte.
func (p pad) Fill(b byte) tea.Cmd {
	start, end := p.v.target()
	if end-start > fillMost {
		return p.Fail(fmt.Errorf("%d bytes are too many to fill at once: at most %d", end-start, fillMost))
	}
	p.v.begun = -1
	return p.v.overwrite(start, bytes.Repeat([]byte{b}, int(end-start)), views.Stage{Title: fmt.Sprintf("fill %d bytes at %s with %02x", end-start, p.v.lba(start), b)})
}

// Do moves, and puts back what is on disk.
func (p pad) Do(a keymap.Action) tea.Cmd { return p.v.doBytes(a) }

// Ask passes an action on to the program.
func (p pad) Ask(a keymap.Action) tea.Cmd { return p.v.queue.Send(views.Act{Action: a}) }

// Fail tells the user why something can't be.
func (p pad) Fail(err error) tea.Cmd { return views.Send(views.Failed{Err: err}) }

// target is the selection, or the field under the cursor, or its byte.
func (v *View) target() (start, end int64) {
	if v.begun >= 0 {
		return v.selection()
	}
	if n, ok := v.current(); ok {
		return n.Place.Offset, n.Place.End()
	}
	return v.cursor, v.cursor + 1
}

// overwrite stages bytes and shows them at once.
func (v *View) overwrite(off int64, data []byte, as views.Stage) tea.Cmd {
	if err := v.fixed(off, off+int64(len(data))); err != nil || len(data) == 0 {
		if err != nil {
			return views.Send(views.Failed{Err: err})
		}
		return nil
	}
	v.pages.patch(off, data)
	as.Edits = []disk.Edit{{File: disk.VirtualDisk, Offset: off, Data: data}}
	return v.queue.Send(as)
}

// lba words where a byte of the disk lies.
func (v *View) lba(off int64) string {
	return fmt.Sprintf("LBA %d +0x%x", off/v.format.Sector, off%v.format.Sector)
}

// patch shows new bytes before the image has them.
func (p *pages) patch(off int64, data []byte) {
	for len(data) > 0 {
		base := off &^ (pageSize - 1)
		n := min(int64(len(data)), base+pageSize-off)
		if pg := p.kept[base]; pg != nil && off-base < int64(len(pg.data)) {
			copy(pg.data[off-base:], data[:n])
			delete(p.zeros, base)
		}
		off, data = off+n, data[n:]
	}
}

// revert stages what is on disk: for the selection, or in its absence for the
// byte under the cursor.
func (v *View) revert() tea.Cmd {
	start, end := v.cursor, v.cursor+1
	if v.begun >= 0 {
		start, end = v.selection()
	}
	if err := v.fixed(start, end); err != nil {
		return views.Send(views.Failed{Err: err})
	}
	return v.queue.Send(views.Revert{
		Title: fmt.Sprintf("revert %d bytes at %s", end-start, v.lba(start)),
		Place: decode.Place{File: disk.VirtualDisk, Offset: start, Length: end - start},
	})
}
