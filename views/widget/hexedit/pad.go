package hexedit

import (
	"bytes"
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"platter/keymap"
	"platter/views"
	"platter/views/hexgrid"
)

// Pad is where bytes are edited: the bytes of a pane on a screen.
type Pad struct {
	Bytes  Bytes
	Screen Screen
	Queue  *views.Queue // for what is to be staged, and for actions of the program's own
}

// Bytes is what a pane shows.
type Bytes interface {
	Cursor() int64
	Size() int64
	// Bytes are up to n bytes from an offset, as many as are loaded.
	Bytes(off int64, n int) []byte
	// Text is how the text column reads bytes; Off if there is none.
	Text() hexgrid.Encoding
	Selection() hexgrid.Range
	Unselect() bool
	// Patch shows bytes before they are staged.
	Patch(off int64, data []byte)
}

// Screen is the one that the pane is on.
type Screen interface {
	// Edit is the change that puts bytes in place of others; its title is
	// empty. An error says why they can't be.
	Edit(off int64, data []byte) (views.Stage, error)
	// GoTo moves the cursor.
	GoTo(off int64) tea.Cmd
	// Blank reports whether a byte is known to be zero, without being read.
	Blank(off int64) bool
	// Target is what is filled: the selection, else the field under the cursor,
	// else its byte.
	Target() hexgrid.Range
	// Where words the place of a byte.
	Where(off int64) string
	// Do carries out what is no typing: moves, and keymap.RevertBytes.
	Do(keymap.Action) tea.Cmd
}

// byte is the one under the cursor; false if it is not loaded.
func (p Pad) byte() (byte, bool) {
	if b := p.Bytes.Bytes(p.Bytes.Cursor(), 1); len(b) == 1 {
		return b[0], true
	}
	return 0, p.Screen.Blank(p.Bytes.Cursor())
}

// put overwrites from the cursor on, not past a selection that starts there,
// or past the end.
func (p Pad) put(data []byte) tea.Cmd {
	at, end := p.Bytes.Cursor(), p.Bytes.Size()
	if r := p.Bytes.Selection(); r.Start == at && r.End > at+1 {
		end = r.End
	}
	return p.overwrite(at, data[:min(int64(len(data)), end-at)])
}

// room is where a paste goes: from the start of the selection, else from the
// cursor on; how many bytes are selected, and how many there are up to the end.
func (p Pad) room() (start, selected, left int64) {
	start = p.Bytes.Cursor()
	if r := p.Bytes.Selection(); !r.Empty() {
		start, selected = r.Start, r.End-r.Start
	}
	return start, selected, p.Bytes.Size() - start
}

// putAt overwrites from an offset, which ends the selection.
func (p Pad) putAt(off int64, data []byte) tea.Cmd {
	p.Bytes.Unselect()
	return p.overwrite(off, data)
}

// overwrite stages what was typed and goes past it.
func (p Pad) overwrite(off int64, data []byte) tea.Cmd {
	cmd := p.stage(off, data, func(s *views.Stage) { s.Typed = p.Screen.Where(off) })
	return tea.Batch(cmd, p.Screen.GoTo(off+int64(len(data))))
}

// stage shows bytes and stages them, with a title.
func (p Pad) stage(off int64, data []byte, title func(*views.Stage)) tea.Cmd {
	if len(data) == 0 {
		return nil
	}
	s, err := p.Screen.Edit(off, data)
	if err != nil {
		return fail(err)
	}
	p.Bytes.Patch(off, data)
	title(&s)
	return p.Queue.Send(s)
}

// fillMost bounds what is filled at once, in bytes.
const fillMost = 16 << 20

// fill overwrites the target with a byte.
func (p Pad) fill(b byte) tea.Cmd {
	r := p.Screen.Target()
	n := r.End - r.Start
	if n > fillMost {
		return fail(fmt.Errorf("%d bytes are too many to fill at once: at most %d", n, fillMost))
	}
	p.Bytes.Unselect()
	return p.stage(r.Start, bytes.Repeat([]byte{b}, int(n)), func(s *views.Stage) {
		s.Title = fmt.Sprintf("fill %s at %s with %02x", hexgrid.Bytes(n), p.Screen.Where(r.Start), b)
	})
}

// ask passes an action on to the program.
func (p Pad) ask(a keymap.Action) tea.Cmd { return p.Queue.Send(views.Act{Action: a}) }

func fail(err error) tea.Cmd { return views.Send(views.Failed{Err: err}) }
