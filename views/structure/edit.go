package structure

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

// Typing reports whether keys overwrite bytes, or are typed into the line of
// the field editor.
func (v *View) Typing() bool { return v.edit.On() || v.form.open() }

// Type takes a key while they do.
func (v *View) Type(msg tea.KeyMsg) tea.Cmd {
	v.canvas.Dirty = true
	if v.form.open() {
		return v.typeForm(msg)
	}
	return v.edit.Type(v.pad(), msg)
}

// locked says why nothing can be edited; empty if it can.
func (v *View) locked() string {
	switch {
	case v.editor != nil:
		return ""
	case v.why != "":
		return v.why
	}
	return "this image is open read-only"
}

// doEdit is the actions that change bytes.
func (v *View) doEdit(a keymap.Action) tea.Cmd {
	if why := v.locked(); why != "" {
		return views.Send(views.Failed{Err: errors.New(why)})
	}
	switch a {
	case keymap.EditBytes:
		v.edit.Start(false)
	case keymap.FillBytes:
		v.edit.Start(true)
	case keymap.PasteBytes:
		v.edit.StartPaste()
	case keymap.EditField:
		return v.openForm()
	case keymap.RevertBytes:
		return v.revert()
	}
	return nil
}

// pad is what the edit mode works on.
func (v *View) pad() hexedit.Pad {
	return hexedit.Pad{Bytes: &v.hex, Screen: hexScreen{v}, Queue: v.queue}
}

// hexScreen is the screen as the edit mode sees it.
type hexScreen struct{ v *View }

// Edit is a change of the file in the hex pane.
func (s hexScreen) Edit(off int64, data []byte) (views.Stage, error) {
	return views.Stage{Edits: []disk.Edit{{File: s.v.hex.Source().Name, Offset: off, Data: data}}}, nil
}

// Blank is not told of files: holes are read as other bytes are.
func (s hexScreen) Blank(int64) bool { return false }

// GoTo moves the cursor.
func (s hexScreen) GoTo(off int64) tea.Cmd {
	s.v.hex.Go(off)
	return s.v.hexMoved(stay)
}

// Where is a byte's place in its file.
func (s hexScreen) Where(off int64) string {
	return fmt.Sprintf("0x%x of %s", off, s.v.hex.Source().Name)
}

// Target is the selection, or the field under the cursor, or its byte.
func (s hexScreen) Target() hexgrid.Range {
	if r := s.v.hex.Selection(); !r.Empty() {
		return r
	}
	at := s.v.hex.Cursor()
	if n, ok := s.v.field(at); ok {
		return hexgrid.Range{Start: n.Place.Offset, End: n.Place.End()}
	}
	return hexgrid.Range{Start: at, End: at + 1}
}

// Do moves, and reverts to what is on disk.
func (s hexScreen) Do(a keymap.Action) tea.Cmd { return s.v.doHex(a) }

// revert stages what is on disk: in the tree for the node under the cursor, in
// the hex pane for the selection, or else the byte.
func (v *View) revert() tea.Cmd {
	name := v.hex.Source().Name
	at := decode.Place{File: name, Offset: v.hex.Cursor(), Length: 1}
	if r := v.hex.Selection(); v.focus == hexPane && !r.Empty() {
		at.Offset, at.Length = r.Start, r.End-r.Start
	}
	if n, ok := v.current(); ok && v.focus == treePane {
		at = n.Place
	}
	if at.Length == 0 {
		return views.Send(views.Failed{Err: errors.New("this has no bytes of its own")})
	}
	title := fmt.Sprintf("revert %s at 0x%x of %s", hexgrid.Bytes(at.Length), at.Offset, at.File)
	return v.queue.Send(views.Revert{Title: title, Place: at})
}

// compared takes in what is staged.
func (v *View) compared(msg views.Compared) {
	if msg.Gen == v.gen {
		v.staged, v.canvas.Dirty = msg.Staged, true
		v.mark()
	}
}
