// Package start is the screen without an image: recent files, the built-in
// samples, and a file picker.
package start

import (
	"path/filepath"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/keymap"
	"platter/views"
	"platter/views/grid"
	"platter/views/theme"
)

// Sample is a built-in image to look at.
type Sample struct {
	Name  string
	About string // one line
	Story string // a few sentences
	Path  string // what opens it
	Hint  string // for the status line; empty for an image that the command line takes by its path
}

// Config is what the screen offers.
type Config struct {
	Theme   *theme.Theme
	Samples []Sample
	Recent  []string // paths, the latest first
	Folder  string   // where the file picker starts; empty: the working directory
}

// pane is one of the lists.
type pane uint8

const (
	recentPane pane = iota
	samplePane
	filePane
	panes
)

// View is the start screen. It implements [views.View].
type View struct {
	cfg   Config
	gen   views.Gen
	w, h  int
	lay   [panes]grid.Rect
	about grid.Rect
	story int // rows of the samples' pane for what is told of the selected one
	focus pane
	lists [panes]grid.Scroll

	folder  string
	entries []entry
	err     error
	reading bool            // another folder is on its way
	ahead   []keymap.Action // meant for it

	canvas grid.Canvas
}

// New makes the screen. Start reads the folder.
func New(cfg Config) *View {
	v := &View{cfg: cfg, gen: views.NewGen(), focus: samplePane, folder: cfg.Folder}
	switch {
	case len(cfg.Recent) > 0:
		v.focus = recentPane
	case len(cfg.Samples) == 0:
		v.focus = filePane
	}
	return v
}

// Start reads the folder of the file picker.
func (v *View) Start() tea.Cmd { return v.read(v.folder, "") }

// Title is the word on the tab.
func (v *View) Title() string { return "Start" }

// Context is the same for all lists.
func (v *View) Context() keymap.Context { return keymap.Start }

// SetSize arranges the lists.
func (v *View) SetSize(w, h int) {
	v.w, v.h, v.canvas.Dirty = w, h, true
	v.arrange()
}

// Update takes a folder's content in.
func (v *View) Update(msg tea.Msg) tea.Cmd {
	l, ok := msg.(listed)
	if !ok || l.gen != v.gen {
		return nil
	}
	v.canvas.Dirty, v.reading = true, false
	v.err = l.err
	if l.err != nil {
		v.ahead = nil // it was meant for what is in there
	} else {
		v.folder, v.entries = l.folder, l.entries
		v.lists[filePane] = grid.Scroll{}
		v.arrange()
		i := slices.IndexFunc(v.entries, func(e entry) bool { return e.name == l.from })
		v.lists[filePane].To(int64(max(i, 0)))
	}
	return v.catchUp()
}

// catchUp does what was asked for while the folder was read.
func (v *View) catchUp() tea.Cmd {
	ahead := v.ahead
	v.ahead = nil
	var cmds []tea.Cmd
	for _, a := range ahead {
		cmds = append(cmds, v.Do(a)) // waits again after one that opens a folder
	}
	return tea.Batch(cmds...)
}

// aheadMost bounds the actions that wait for a folder.
const aheadMost = 64

// count is how many rows a list has. The picker's first row leads to the
// folder above.
func (v *View) count(p pane) int {
	switch p {
	case recentPane:
		return len(v.cfg.Recent)
	case samplePane:
		return len(v.cfg.Samples)
	}
	return len(v.entries)
}

// Do moves in the list with the focus, or opens what is selected.
func (v *View) Do(a keymap.Action) tea.Cmd {
	v.canvas.Dirty = true
	if v.reading && v.focus == filePane {
		v.ahead = append(v.ahead, a)
		v.ahead = v.ahead[:min(len(v.ahead), aheadMost)]
		return nil
	}
	s := &v.lists[v.focus]
	switch a {
	case keymap.NextPane:
		v.turn(1)
	case keymap.PrevPane:
		v.turn(-1)
	case keymap.Down:
		if s.Cursor == s.Total-1 {
			v.turn(1)
			v.lists[v.focus].To(0)
			break
		}
		s.Do(a)
	case keymap.Up:
		if s.Cursor == 0 {
			v.turn(-1)
			v.lists[v.focus].To(v.lists[v.focus].Total)
			break
		}
		s.Do(a)
	case keymap.Left:
		return v.up()
	case keymap.Open:
		return v.open()
	default:
		s.Do(a)
	}
	return nil
}

// turn gives the focus to the next list that has rows.
func (v *View) turn(step int) {
	for range panes {
		v.focus = pane((int(v.focus) + step + int(panes)) % int(panes))
		if v.count(v.focus) > 0 || v.focus == filePane {
			return
		}
	}
}

func (v *View) up() tea.Cmd {
	v.focus = filePane
	return v.read(filepath.Dir(v.folder), filepath.Base(v.folder))
}

func (v *View) open() tea.Cmd {
	i := int(v.lists[v.focus].Cursor)
	if i >= v.count(v.focus) {
		return nil
	}
	switch v.focus {
	case recentPane:
		return views.Send(views.OpenPath{Path: v.cfg.Recent[i]})
	case samplePane:
		return views.Send(views.OpenPath{Path: v.cfg.Samples[i].Path})
	}
	e := v.entries[i]
	if path := filepath.Join(v.folder, e.name); e.folder {
		return v.read(path, "")
	} else {
		return views.Send(views.OpenPath{Path: path})
	}
}

// Disabled says why an action would do nothing.
func (v *View) Disabled(a keymap.Action) string {
	switch a {
	case keymap.Open:
		if v.count(v.focus) == 0 {
			return "there is nothing to open in this list"
		}
	case keymap.Escape:
		return "there is nothing to leave"
	}
	return ""
}

// Status tells what is selected.
func (v *View) Status() string {
	i := int(v.lists[v.focus].Cursor)
	switch {
	case v.err != nil:
		return "! " + decode.Printable(v.err.Error())
	case i >= v.count(v.focus):
		return ""
	case v.focus == recentPane:
		return decode.Printable(v.cfg.Recent[i])
	case v.focus == samplePane && v.cfg.Samples[i].Hint != "":
		return v.cfg.Samples[i].Hint
	case v.focus == samplePane:
		return "built in, in memory; on the command line: " + decode.Printable(v.cfg.Samples[i].Path)
	}
	return decode.Printable(filepath.Join(v.folder, v.entries[i].name))
}

// Mouse selects; a double click opens.
func (v *View) Mouse(x, y int, what views.Mouse) tea.Cmd {
	v.canvas.Dirty = true
	for p := range panes {
		if !v.lay[p].Holds(x, y) {
			continue
		}
		if what.Wheel() == 0 {
			v.focus = p
		}
		if what.On(&v.lists[p], y-v.lay[p].Y-1) && what == views.DoubleClick {
			return v.open()
		}
	}
	return nil
}
