// Package sectors is the screen that shows the virtual disk byte by byte, and
// for every sector where it comes from: its state, its block, the table entry
// and the bitmap bit that decided it, file and offset. Of what is not stored a
// whole run is one line that says how much it is and why; what is missing is
// shown as missing, never as zeros.
//
// The disk may have 64 TiB: nothing here depends on its size. The screen knows
// the map around the cursor only, and its lines are worked out from there.
package sectors

import (
	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/grid"
	"platter/views/hexgrid"
	"platter/views/theme"
	"platter/views/widget/explain"
	"platter/views/widget/hexedit"
	"platter/views/widget/inspector"
)

// pane is one of the panes that can have the focus.
type pane uint8

const (
	bytesPane pane = iota
	listPane       // partitions
)

// View is the sectors screen. It implements [views.View].
type View struct {
	theme    *theme.Theme
	explorer disk.Explorer // nil: what the guest wrote is not looked at
	editor   disk.Editor   // nil: nothing can be changed
	queue    *views.Queue  // for what is to be staged
	locked   string        // why not
	image    disk.Image
	info     disk.Info
	gen      views.Gen // of the image
	mapGen   views.Gen // of the window

	w, h    int
	lay     layout
	focus   pane
	zoomed  bool
	explain bool // shows, where there is room beside the bytes
	reading bool // the explanation shows in the place of something else

	want      hexgrid.Want
	format    hexgrid.Format
	foldZeros bool
	volume    bool // offsets count from the start of the partition at the cursor

	cursor int64
	column int64         // byte of the row that up and down keep to
	anchor int           // line of the pane that the cursor is on
	begun  int64         // where the selection began; -1 for none
	grown  hexgrid.Range // the selection that the last growing made
	seed   int64         // the byte that it grew around
	held   bool          // the last click hit a byte: dragging selects from there

	win     window
	growing [2]bool
	mapErr  error
	pages   pages
	rows    int // of the hex pane
	lines   []line
	spare   []line

	staged   staged
	fact     fact
	factGen  views.Gen // of what facts are made of
	asking   bool
	notes    []explain.Note // what the facts mean
	parts    []disk.Partition
	names    []string // their lines in the list
	guest    decode.Node
	guestErr error
	list     grid.Scroll // of partitions
	run      run

	grid      grid.Grid
	edit      hexedit.Mode
	inspector inspector.Pane
	marks     hexgrid.Marks
	text      string
	dirty     bool
}

// New makes the screen of an image. Start reads what it shows first.
func New(env views.Env) *View {
	v := &View{theme: env.Theme, explorer: env.Explorer, editor: env.Editor, queue: env.Queue, foldZeros: true, explain: true, begun: -1, dirty: true}
	if v.locked = env.Locked; v.locked == "" {
		v.locked = "this image is open for reading only"
	}
	v.pages.reset()
	v.open(env.Image)
	v.restart(0)
	return v
}

// open takes an image in: the first one, or the same with other bytes.
func (v *View) open(img disk.Image) {
	v.image, v.info, v.gen = img, img.Info(), views.NewGen()
	v.win.size = v.info.VirtualSize
	if !v.info.Readable() {
		v.win.size = 0
	}
	v.want.Sector = v.info.LogicalSectorSize
	v.factGen, v.asking = views.NewGen(), false
	v.guest, v.guestErr = decode.Node{}, nil
	v.run.stop()
}

// restart forgets the map and begins anew around a byte.
func (v *View) restart(off int64) {
	v.mapGen, v.mapErr, v.growing = views.NewGen(), nil, [2]bool{}
	if v.info.BlockSize > 0 {
		off -= off % v.info.BlockSize
	}
	v.win.reset(off)
}

// Start reads the disk's first bytes and its partitions.
func (v *View) Start() tea.Cmd {
	return tea.Batch(v.survey(), v.compare(), v.refresh())
}

// Stop ends a search for the next data, and reports whether there was one.
func (v *View) Stop() bool { return v.run.stop() }

// Title is the word on the tab.
func (v *View) Title() string { return "Sectors" }

// Context is that of the pane with the focus, or the mode in which bytes are
// overwritten.
func (v *View) Context() keymap.Context {
	if v.edit.On() {
		return v.edit.Context()
	}
	return [...]keymap.Context{keymap.Sectors, keymap.Partitions}[v.focus]
}

// SetSize arranges the panes anew.
func (v *View) SetSize(w, h int) {
	v.w, v.h, v.dirty = w, h, true
	v.place()
}

// Update takes answers in.
func (v *View) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case mapped:
		v.mapped(msg)
	case remapped:
		v.remapped(msg)
	case loaded:
		v.loaded(msg)
	case surveyed:
		v.surveyed(msg)
	case examined:
		v.examined(msg)
	case compared:
		v.compared(msg)
	case tea.WindowSizeMsg: // more may show than was asked for
	case ran:
		return v.ran(msg)
	case views.Marks:
		v.marked(msg)
	case views.Changed:
		return v.changed(msg)
	default:
		return nil
	}
	return v.refresh()
}

// changed reads everything anew, stays where it was, and shows the old bytes
// until the new ones are there.
func (v *View) changed(msg views.Changed) tea.Cmd {
	if msg.Editor != nil {
		v.editor = msg.Editor
	}
	v.open(msg.Image)
	v.pages.stale()
	v.place()
	return tea.Batch(v.remap(), v.survey(), v.compare(), v.refresh())
}

// refresh works out what shows by now and asks for what is lacking.
func (v *View) refresh() tea.Cmd {
	v.dirty = true
	v.cursor = max(0, min(v.cursor, v.win.size-1))
	v.arrange()
	return tea.Batch(v.reach(), v.load(), v.examine())
}

// reach asks for the map where its known part ends within two screens.
func (v *View) reach() tea.Cmd {
	if len(v.lines) == 0 {
		return nil
	}
	if len(v.win.list) == 0 {
		return v.grow(false)
	}
	var cmds []tea.Cmd
	if v.ahead(v.lines[len(v.lines)-1], 1) < 2*v.rows {
		cmds = append(cmds, v.grow(false))
	}
	if v.ahead(v.lines[0], -1) < 2*v.rows {
		cmds = append(cmds, v.grow(true))
	}
	return tea.Batch(cmds...)
}

// ahead is how many rows are known beyond a line: at least, and no more than
// asked for.
func (v *View) ahead(l line, step int) int {
	if l.kind == edgeLine {
		return 0
	}
	rows := 0
	for i := l.number; i >= 0 && i < len(v.win.list) && rows < 2*v.rows; i += step {
		if s := &v.win.list[i]; i != l.number && !s.stored() {
			rows++
		} else if s.stored() {
			from, to := s.start, s.end
			if i == l.number && step > 0 {
				from = l.start
			} else if i == l.number {
				to = l.end
			}
			rows += int(min(int64(2*v.rows), (to-from)/int64(v.format.Bytes)+1))
		}
	}
	return rows
}

// Here is where the cursor is.
func (v *View) Here() views.Spot {
	return views.Spot{Place: decode.Place{File: disk.VirtualDisk, Offset: v.cursor, Length: 1}}
}

// Show goes to a byte of the virtual disk.
func (v *View) Show(s views.Spot) tea.Cmd {
	if s.Place.File != disk.VirtualDisk {
		return nil
	}
	v.edit.Stop()
	v.focus = bytesPane
	v.place()
	return v.jump(s.Place.Offset)
}
