package structure

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
	"platter/views/widget/explain"
)

// Typing reports whether keys overwrite bytes, or are typed into the line of
// the field editor.
func (v *View) Typing() bool { return v.edit.On() || v.form.open() }

// Type takes a key while they do.
func (v *View) Type(msg tea.KeyMsg) tea.Cmd {
	v.dirty = true
	if v.form.open() {
		return v.typeForm(msg)
	}
	return v.edit.Type(pad{v}, msg)
}

// locked says why nothing can be edited; empty if it can.
func (v *View) locked() string {
	switch {
	case v.editor != nil:
		return ""
	case v.why != "":
		return v.why
	}
	return "this image is open for reading only"
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

// pad is the hex pane as the edit mode sees it.
type pad struct{ v *View }

// Byte is the byte under the cursor.
func (p pad) Byte() (byte, bool) {
	if b := p.v.hex.Bytes(p.v.hex.Cursor(), 1); len(b) == 1 {
		return b[0], true
	}
	return 0, false
}

// Text is how the text column reads bytes.
func (p pad) Text() hexgrid.Encoding { return p.v.hex.Text() }

// Put overwrites from the cursor on, not behind a selection or the file's end.
func (p pad) Put(data []byte) tea.Cmd {
	v, at := p.v, p.v.hex.Cursor()
	end := v.hex.Source().Size
	if r := v.selection(); v.begun > at {
		end = r.End
	}
	return p.put(at, data[:min(int64(len(data)), end-at)])
}

// Room is where a paste goes.
func (p pad) Room() (start, selected, left int64) {
	at := p.v.hex.Cursor()
	if r := p.v.selection(); !r.Empty() {
		at, selected = r.Start, r.End-r.Start
	}
	return at, selected, p.v.hex.Source().Size - at
}

// AskPast has the user asked how much of a paste goes past the selection.
func (p pad) AskPast(n, selected int64, put func(int64) tea.Cmd) tea.Cmd {
	return p.v.queue.Send(views.PastSelection(n, selected, put))
}

// PutAt overwrites from an offset on, which ends the selection.
func (p pad) PutAt(at int64, data []byte) tea.Cmd {
	p.v.begun = -1
	return p.put(at, data)
}

func (p pad) put(at int64, data []byte) tea.Cmd {
	v := p.v
	if len(data) == 0 {
		return nil
	}
	v.dirty = true
	v.hex.Patch(at, data)
	stage := v.queue.Send(views.Stage{Typed: fmt.Sprintf("0x%x of %s", at, v.hex.Source().Name), Edits: v.here(at, data)})
	v.hex.Go(at + int64(len(data)))
	return tea.Batch(stage, v.hexMoved(stay))
}

// fillMost bounds what is filled at once, in bytes.
const fillMost = 16 << 20

// Fill overwrites the selection, or the field under the cursor, or its byte.
func (p pad) Fill(b byte) tea.Cmd {
	v := p.v
	at := v.target()
	if at.Length > fillMost {
		return p.Fail(fmt.Errorf("%d bytes are too many to fill at once: at most %d", at.Length, fillMost))
	}
	data := bytes.Repeat([]byte{b}, int(at.Length))
	v.hex.Patch(at.Offset, data)
	v.begun = -1
	return v.queue.Send(views.Stage{
		Title: fmt.Sprintf("fill %s at 0x%x of %s with %02x", explain.Bytes(at.Length), at.Offset, at.File, b),
		Edits: v.here(at.Offset, data),
	})
}

// Do moves, and puts back what is on disk.
func (p pad) Do(a keymap.Action) tea.Cmd { return p.v.doHex(a) }

// Ask passes an action on to the program.
func (p pad) Ask(a keymap.Action) tea.Cmd { return p.v.queue.Send(views.Act{Action: a}) }

// Fail tells the user why something can't be.
func (p pad) Fail(err error) tea.Cmd { return views.Send(views.Failed{Err: err}) }

// here is an edit of the file in the hex pane.
func (v *View) here(off int64, data []byte) []disk.Edit {
	return []disk.Edit{{File: v.hex.Source().Name, Offset: off, Data: data}}
}

// target is the selection, or the field under the cursor, or its byte.
func (v *View) target() decode.Place {
	name, at := v.hex.Source().Name, v.hex.Cursor()
	if r := v.selection(); !r.Empty() {
		return decode.Place{File: name, Offset: r.Start, Length: r.End - r.Start}
	}
	if n, ok := v.field(at); ok {
		return n.Place
	}
	return decode.Place{File: name, Offset: at, Length: 1}
}

// revert stages what is on disk: in the tree for the node under the cursor, in
// the hex pane for the selection, or else the byte.
func (v *View) revert() tea.Cmd {
	name := v.hex.Source().Name
	at := decode.Place{File: name, Offset: v.hex.Cursor(), Length: 1}
	if r := v.selection(); v.focus == hexPane && !r.Empty() {
		at.Offset, at.Length = r.Start, r.End-r.Start
	}
	if n, ok := v.current(); ok && v.focus == treePane {
		at = n.Place
	}
	if at.Length == 0 {
		return views.Send(views.Failed{Err: errors.New("this has no bytes of its own")})
	}
	title := fmt.Sprintf("revert %s at 0x%x of %s", explain.Bytes(at.Length), at.Offset, at.File)
	return v.queue.Send(views.Revert{Title: title, Place: at})
}

// compared is where the files differ from what is on disk.
type compared struct {
	gen    views.Gen
	staged map[string][]hexgrid.Range
}

// compare asks what is staged.
func (v *View) compare() tea.Cmd {
	if v.editor == nil {
		return nil
	}
	ed, files, gen := v.editor, v.files, v.gen
	return func() tea.Msg {
		all := map[string][]hexgrid.Range{}
		for _, f := range files {
			for _, r := range ed.Dirty(f.Name) {
				all[f.Name] = append(all[f.Name], hexgrid.Range{Start: r.Offset, End: r.End()})
			}
		}
		return compared{gen, all}
	}
}

func (v *View) compared(msg compared) {
	if msg.gen == v.gen {
		v.staged, v.dirty = msg.staged, true
		v.mark()
	}
}

// isStaged reports whether a byte of a place differs from the disk.
func (v *View) isStaged(p decode.Place) bool {
	list := v.staged[p.File]
	return len(list) > 0 && hexgrid.Touches(list, hexgrid.Range{Start: p.Offset, End: p.End()})
}
