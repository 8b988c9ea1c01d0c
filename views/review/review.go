// Package review is the screen that shows what is staged before it is written:
// each run of bytes that a commit would replace, what it is, what it was and
// what it would be. Nothing here writes: the program asks and does that.
package review

import (
	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/store"
	"platter/keymap"
	"platter/views"
	"platter/views/grid"
	"platter/views/theme"
)

// View is the review screen. It implements [views.View].
type View struct {
	theme    *theme.Theme
	image    disk.Image
	editor   disk.Staging
	explorer disk.Explorer // nil: what the guest wrote is not named
	queue    *views.Queue
	gen      views.Gen

	read    bool
	entries []entry
	more    int // steps that are not listed
	changes int
	several bool // the image has several files

	rows   grid.Scroll
	w, h   int
	canvas grid.Canvas
}

// entry is one step of the plan and what it changes.
type entry struct {
	store.Step
	what string // the structure and field that the bytes are, safe to print
	disk string // where on the virtual disk they are; empty if nowhere
	doc  string
	old  string // the field's value as it is on disk; empty where there is none
	new  string
}

// New makes the screen. Start reads the plan.
func New(env views.Env) *View {
	return &View{theme: env.Theme, image: env.Image, editor: env.Editor, explorer: env.Explorer, queue: env.Queue}
}

// listed bounds the steps that are listed; all of them are written.
const listed = 2000

// planned is the answer to Start.
type planned struct {
	gen     views.Gen
	entries []entry
	more    int
	changes int
}

// Start reads the plan, and finds out what each step changes.
func (v *View) Start() tea.Cmd {
	v.gen = views.NewGen()
	gen, ed, w := v.gen, v.editor, namer{image: v.image, explorer: v.explorer}
	return func() tea.Msg {
		steps := ed.Plan()
		msg := planned{gen: gen, more: max(len(steps)-listed, 0), changes: ed.Staged()}
		for _, s := range steps[:len(steps)-msg.more] {
			msg.entries = append(msg.entries, entry{Step: s})
		}
		w.name(msg.entries)
		return msg
	}
}

// Title is the word for the screen.
func (v *View) Title() string { return "Staged" }

// Context is the screen's own.
func (v *View) Context() keymap.Context { return keymap.Staging }

// SetSize arranges the panes again.
func (v *View) SetSize(w, h int) {
	v.w, v.h, v.canvas.Dirty = w, h, true
	v.arrange()
}

// detailRows is how much of h rows the lower pane gets.
func detailRows(h int) int { return min(max(9, h*2/5), max(h-5, 0)) }

func (v *View) arrange() { v.rows.Fit(int64(len(v.entries)), v.h-detailRows(v.h)-3) }

// Update takes the plan in, and asks for it again when it has changed.
func (v *View) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case planned:
		if msg.gen == v.gen {
			v.entries, v.more, v.changes = msg.entries, msg.more, msg.changes
			v.read, v.canvas.Dirty, v.several = true, true, len(v.image.Files()) > 1
			v.arrange()
		}
	case views.Changed:
		v.image = msg.Image
		if msg.Editor != nil {
			v.editor = msg.Editor
		}
		return v.Start()
	}
	return nil
}

func (v *View) current() (entry, bool) {
	if i := v.rows.Cursor; i >= 0 && i < int64(len(v.entries)) {
		return v.entries[i], true
	}
	return entry{}, false
}

// Do carries an action out.
func (v *View) Do(a keymap.Action) tea.Cmd {
	v.canvas.Dirty = true
	switch a {
	case keymap.Open:
		if e, ok := v.current(); ok {
			return views.Send(views.Goto{To: views.Spot{Place: decode.Place{File: e.File, Offset: e.Offset}}})
		}
	case keymap.Drop:
		if e, ok := v.current(); ok {
			return v.queue.Send(views.Drop{ID: e.Change})
		}
	default:
		v.rows.Do(a)
	}
	return nil
}

// Disabled says why an action would do nothing.
func (v *View) Disabled(a keymap.Action) string {
	switch a {
	case keymap.Open, keymap.Drop, keymap.Write:
		if len(v.entries) == 0 {
			return "nothing is staged"
		}
	}
	return ""
}

// Mouse puts the cursor on a row; a double click goes to its bytes.
func (v *View) Mouse(_, y int, what views.Mouse) tea.Cmd {
	v.canvas.Dirty = true
	if what.On(&v.rows, y-2) && what == views.DoubleClick {
		return v.Do(keymap.Open)
	}
	return nil
}
