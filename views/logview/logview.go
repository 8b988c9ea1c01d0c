// Package logview is the screen of an image's write-ahead log: the ring, its
// entries with what becomes of each, and what an entry changes, field by
// field. The replay can be taken step by step: all screens then show the image
// as it was after that many entries.
package logview

import (
	"context"
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/grid"
	"platter/views/theme"
)

// pane is one that can have the focus.
type pane uint8

const (
	entriesPane pane = iota
	changesPane
)

// mode is what shows of the bytes that an entry changes.
type mode uint8

const (
	difference mode = iota
	before
	after
	modes
)

func (m mode) String() string { return [...]string{"difference", "before", "after"}[m] }

// View is the log screen. It implements [views.View].
type View struct {
	image  disk.Image
	theme  *theme.Theme
	gen    views.Gen
	cancel context.CancelFunc // of what is being read
	halt   context.CancelFunc // of what is being verified

	w, h  int
	lay   layout
	focus pane
	mode  mode

	log     disk.Log
	loaded  bool
	failure error
	entries grid.Scroll
	ask     views.Gen // the effects that are asked for
	effect  effect
	rows    []row
	changes grid.Scroll

	canvas grid.Canvas
}

// Lacks says why an image has no log to show; empty if it has one.
func Lacks(img disk.Image) string {
	if _, ok := img.(disk.Logged); !ok {
		return "only a VHDX has a log"
	}
	return ""
}

// New makes the screen of an image. Start reads its log.
func New(env views.Env) *View {
	return &View{image: env.Image, theme: env.Theme, gen: views.NewGen(), cancel: func() {}, halt: func() {}}
}

// Start reads the log.
func (v *View) Start() tea.Cmd { return v.load() }

// Stop ends what is being read.
func (v *View) Stop() bool {
	running := !v.loaded
	v.cancel()
	v.halt()
	return running
}

// Title is the word on the tab.
func (v *View) Title() string { return "Log" }

// Context is the screen's own.
func (v *View) Context() keymap.Context { return keymap.Log }

// SetSize arranges the panes again.
func (v *View) SetSize(w, h int) {
	v.w, v.h, v.canvas.Dirty = w, h, true
	v.arrange()
}

// Update takes answers in.
func (v *View) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case loaded:
		return v.take(msg)
	case effected:
		if msg.gen == v.ask {
			v.effect, v.canvas.Dirty = msg.effect, true
			v.changes.Cursor = 0
			v.list()
		}
	case views.Changed:
		v.cancel()
		v.halt()
		v.image, v.gen, v.loaded, v.canvas.Dirty = msg.Image, views.NewGen(), false, true
		return v.load()
	}
	return nil
}

// take takes a log in. The cursor starts on the last entry that counts: what
// comes of it is what the disk is.
func (v *View) take(msg loaded) tea.Cmd {
	if msg.gen != v.gen {
		return nil
	}
	first, moved := v.log.Entries == nil, msg.log.At != v.log.At
	v.log, v.failure, v.loaded, v.canvas.Dirty = msg.log, msg.err, true, true
	v.arrange()
	if i := v.stepEntry(v.log.At); i >= 0 && moved {
		v.entries.Center(int64(i))
	} else if first {
		v.entries.To(v.entries.Total - 1)
	}
	return v.selected()
}

// stepEntry is the index of the entry of a step; -1 if there is none.
func (v *View) stepEntry(step int) int {
	for i, e := range v.log.Entries {
		if step > 0 && e.Step == step {
			return i
		}
	}
	return -1
}

// entry is the one under the cursor.
func (v *View) entry() (disk.LogEntry, bool) {
	if i := v.entries.Cursor; i >= 0 && i < int64(len(v.log.Entries)) {
		return v.log.Entries[i], true
	}
	return disk.LogEntry{}, false
}

// row is the line under the cursor of what the entry changes.
func (v *View) row() (row, bool) {
	if i := v.changes.Cursor; i >= 0 && i < int64(len(v.rows)) {
		return v.rows[i], true
	}
	return row{}, false
}

// Status tells about the entry under the cursor.
func (v *View) Status() string {
	if !v.loaded {
		return "reading the log ..."
	}
	e, ok := v.entry()
	if !ok {
		return v.verdict()
	}
	if r, ok := v.row(); ok && v.focus == changesPane {
		return r.text // it may be cut in the list
	}
	s := fmt.Sprintf("entry %d", e.Sequence)
	switch {
	case e.Active():
		return s + fmt.Sprintf(" | step %d of %d of the replay | %s", e.Step, v.log.Steps, v.shown())
	case e.Why != "":
		s += " | not replayed: " + decode.Printable(e.Why)
	}
	return s
}

// shown says which state of the replay all screens show.
func (v *View) shown() string {
	switch {
	case v.log.Steps == 0:
		return "nothing to replay"
	case v.log.At == 0:
		return "shown: BEFORE the replay, as it is on disk"
	case v.log.At < v.log.Steps:
		return fmt.Sprintf("shown: after step %d of %d (in memory)", v.log.At, v.log.Steps)
	}
	return "shown: AFTER the replay (in memory, the file is unchanged)"
}

// verdict says in a few words whether the log counts.
func (v *View) verdict() string {
	switch l := v.log; {
	case v.failure != nil:
		return "the log can't be read: " + decode.Printable(v.failure.Error())
	case l.Place.Length == 0 && l.Refused == nil:
		return "the image has no log"
	case l.Refused != nil:
		return "DIRTY, and can't be replayed: " + decode.Printable(l.Refused.Error())
	case l.Dirty:
		return fmt.Sprintf("DIRTY, %s to be replayed", decode.Plural(l.Steps, "entry", "entries"))
	}
	return "clean: nothing is to be replayed"
}
