// Package readers is the screen that shows an image through the eyes of other
// programs: what size each of them finds or why it refuses the image, and the
// ranges of the disk in which they do not see the same bytes, with the table
// entry, bit or header that is the cause. The image is opened a second time,
// as it is stored: what is staged is not in it.
package readers

import (
	"context"
	"fmt"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/eyes"
	"platter/keymap"
	"platter/views"
	"platter/views/grid"
	"platter/views/hexgrid"
	"platter/views/theme"
)

// Look opens an image once more, as all readers see it. Who gets it closes it.
type Look func(ctx context.Context) (*eyes.Eyes, error)

// View is the screen. It implements [views.View].
type View struct {
	image  disk.Image
	theme  *theme.Theme
	look   Look
	gen    views.Gen
	cancel context.CancelFunc // of the comparison

	format  string
	who     []reader
	rows    []row
	unlike  views.Disagreed // for the other screens
	count   int64           // ranges that differ, also those that are not listed
	bytes   int64           // in them
	hashed  bool            // digests are asked for
	running bool
	changed bool         // the image has changed since it was compared
	editor  disk.Staging // nil: nothing can be staged
	staged  bool
	err     error

	list   grid.Scroll
	column int // the reader under the cursor

	w, h   int
	lay    layout
	canvas grid.Canvas
}

// Lacks says why an image has no readers to compare; empty if it has some.
func Lacks(img disk.Image) string {
	if img.Info().Format == "raw" {
		return "a raw disk reads the same in all programs"
	}
	return ""
}

// New makes the screen of an image. Start compares the readers.
func New(env views.Env, look Look) *View {
	return &View{image: env.Image, theme: env.Theme, look: look, cancel: func() {}, editor: env.Editor}
}

// Start compares the readers.
func (v *View) Start() tea.Cmd { return v.begin(v.hashed) }

// Stop ends the comparison.
func (v *View) Stop() bool {
	was := v.running
	v.cancel()
	v.running, v.canvas.Dirty = false, true
	return was
}

// Title is the word on the tab.
func (v *View) Title() string { return "Eyes" }

// Context is the screen's own.
func (v *View) Context() keymap.Context { return keymap.Readers }

// SetSize arranges the panes again.
func (v *View) SetSize(w, h int) {
	v.w, v.h, v.canvas.Dirty = w, h, true
	v.arrange()
}

// Update takes answers in. A change of the image is only told of: the readers
// look at what is stored, which an edit does not change before it is written.
func (v *View) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case told:
		return v.take(msg)
	case views.Changed:
		v.image, v.changed, v.canvas.Dirty = msg.Image, true, true
		if msg.Editor != nil {
			v.editor = msg.Editor
		}
		v.staged = v.editor != nil && slices.ContainsFunc(v.image.Files(), func(f disk.File) bool { return len(v.editor.Dirty(f.Name)) > 0 })
	}
	return nil
}

// take takes in what the comparison has found, and waits for more.
func (v *View) take(msg told) tea.Cmd {
	if msg.gen != v.gen || !v.running {
		return nil
	}
	v.canvas.Dirty = true
	if msg.who != nil {
		v.who, v.format = msg.who, msg.format
	}
	for _, r := range msg.rows {
		if len(v.rows) < rowLimit {
			v.rows = append(v.rows, r)
		}
		v.disagree(r)
		v.bytes += r.end - r.start
	}
	v.count += int64(len(msg.rows))
	v.err = msg.err
	v.arrange()
	v.unlike.Whole = msg.over && msg.err == nil && len(v.unlike.List) < unlikeMost
	unlike := v.unlike
	unlike.List = slices.Clone(unlike.List)
	tell := views.Send(unlike)
	if msg.over {
		v.running = false
		return tell
	}
	return tea.Batch(tell, msg.wait())
}

// unlikeMost bounds the ranges that the other screens are told of.
const unlikeMost = 1 << 16

// disagree adds a range to what the other screens are told.
func (v *View) disagree(r row) {
	list := v.unlike.List
	switch n := len(list); {
	case n >= unlikeMost:
		return
	case n > 0 && list[n-1].End == r.start:
		list[n-1].End = r.end
	default:
		list = append(list, hexgrid.Range{Start: r.start, End: r.end})
	}
	v.unlike.List, v.unlike.Until = list, r.end
}

// row is the range under the cursor.
func (v *View) row() (row, bool) {
	if i := v.list.Cursor; i >= 0 && i < int64(len(v.rows)) {
		return v.rows[i], true
	}
	return row{}, false
}

// reader is the one under the cursor.
func (v *View) reader() (reader, bool) {
	if v.column >= 0 && v.column < len(v.who) {
		return v.who[v.column], true
	}
	return reader{}, false
}

// Status says how far the comparison is and what it came to.
func (v *View) Status() string {
	s := v.verdict()
	switch {
	case v.staged:
		s += " | what is staged is not seen: the readers look at what is stored"
	case v.changed:
		s += " | the image has changed since: r compares again what is stored"
	}
	return s
}

func (v *View) verdict() string {
	switch n := decode.Plural(v.count, "range", "ranges"); {
	case v.running && v.count == 0:
		return "comparing the readers ..."
	case v.running:
		return fmt.Sprintf("comparing the readers ... %s differ so far", n)
	case v.err != nil:
		return "the comparison ended early: " + decode.Printable(v.err.Error())
	case len(v.who) == 0:
		return "the comparison was stopped: r begins it again"
	case v.count > 0:
		return fmt.Sprintf("the readers see %s of the disk differently, in %s", decode.FormatSize(uint64(v.bytes)), n)
	case !slices.ContainsFunc(v.who, reader.opens):
		return "no reader that is known opens the image"
	case v.refused():
		return "some readers refuse the image; those that open it see the same disk"
	}
	return "all readers that open the image see the same disk"
}

// refused reports whether a reader does not open what another one does.
func (v *View) refused() bool {
	opens, refuses := false, false
	for _, r := range v.who {
		opens, refuses = opens || r.opens(), refuses || r.refused != ""
	}
	return opens && refuses
}

// Mouse scrolls the list, and puts the cursors on a range and a reader.
func (v *View) Mouse(x, y int, what views.Mouse) tea.Cmd {
	v.canvas.Dirty = true
	table := v.lay.table.Inside()
	for i := range v.who {
		if at := table.X + v.lay.column(i); what.Wheel() == 0 && table.Holds(x, y) && x >= at && x < at+v.lay.wide {
			v.column = i
		}
	}
	hit := what.On(&v.list, y-table.Y-v.lay.head())
	if hit && what == views.DoubleClick {
		return v.open()
	}
	return nil
}
