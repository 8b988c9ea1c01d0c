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
	"platter/views/widget/hexpane"
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
	editor   disk.Staging  // nil: nothing can be changed
	queue    *views.Queue  // for what is to be staged
	locked   string        // why not
	image    disk.Image
	info     disk.Info
	gen      views.Gen // of the image
	foreign  foreign   // how another program sees it

	w, h    int
	lay     layout
	focus   pane
	zoomed  bool
	explain bool // shows, where there is room beside the bytes
	reading bool // the explanation shows in the place of something else

	hex    hexpane.Pane
	ground ground
	stood  int64         // where the cursor was on a disk that had so much
	volume bool          // offsets count from the start of the partition at the cursor
	grown  hexgrid.Range // the selection that the last growing made
	seed   int64         // the byte that it grew around

	staged   views.Staged // nothing that is stored in a parent is
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

	canvas    grid.Canvas
	edit      hexedit.Mode
	inspector inspector.Pane
}

// New makes the screen of an image. Start reads what it shows first.
func New(env views.Env) *View {
	v := &View{theme: env.Theme, explorer: env.Explorer, editor: env.Editor, queue: env.Queue, explain: true}
	if v.locked = env.Locked; v.locked == "" {
		v.locked = "this image is open read-only"
	}
	v.hex.Fold, v.ground.theme = true, env.Theme
	v.open(env.Image)
	v.ground.restart(0)
	v.hex.Show(v.source())
	return v
}

// open takes an image in: the first one, or the same with other bytes.
func (v *View) open(img disk.Image) {
	v.image, v.info, v.gen = img, img.Info(), views.NewGen()
	v.foreign = foreign{}
	if v.foreign.image, _ = img.(disk.Foreign); v.foreign.image != nil {
		v.staged = nil
	}
	v.ground.open(img)
	v.factGen, v.asking = views.NewGen(), false
	v.guest, v.guestErr = decode.Node{}, nil
	v.run.stop()
}

// source is the virtual disk as the hex pane reads it.
func (v *View) source() hexpane.Source {
	return hexpane.Source{Name: disk.VirtualDisk, Size: v.ground.size, Data: v.image, Sector: v.info.LogicalSectorSize, Runs: &v.ground}
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

// SetSize arranges the panes again.
func (v *View) SetSize(w, h int) {
	v.w, v.h, v.canvas.Dirty = w, h, true
	v.place()
}

// Update takes answers in.
func (v *View) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case mapped:
		v.ground.mapped(msg, v.hex.Cursor())
	case remapped:
		v.ground.remapped(msg)
		return v.moved()
	case hexpane.Answer:
		if !v.hex.Fill(msg) {
			return nil
		}
	case surveyed:
		v.surveyed(msg)
	case examined:
		v.examined(msg)
	case unlike:
		v.foreign.take(msg)
	case views.Compared:
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

// changed reads everything again, stays where it was, and shows the old bytes
// until the new ones are there.
func (v *View) changed(msg views.Changed) tea.Cmd {
	if msg.Editor != nil {
		v.editor = msg.Editor
	}
	from := min(v.hex.Cursor(), v.hex.Shown().Start)
	if v.ground.size > v.stood {
		v.stood = v.hex.Cursor()
	}
	v.open(msg.Image)
	v.hex.Renew(v.source())
	if v.stood != v.hex.Cursor() && v.stood < v.ground.size {
		v.hex.Go(v.stood)
		from = v.stood
	}
	v.place()
	return tea.Batch(v.ground.remap(from), v.survey(), v.compare(), v.refresh())
}

// refresh works out what shows by now and asks for what is lacking.
func (v *View) refresh() tea.Cmd {
	v.canvas.Dirty = true
	v.ground.typed = hexgrid.Range{}
	if v.edit.On() {
		sector := v.hex.Source().Sector
		start := v.hex.Cursor() / sector * sector
		v.ground.typed = hexgrid.Range{Start: start, End: start + sector}
	}
	v.hex.Relay()
	cmds := []tea.Cmd{v.hex.Read(), v.examine()}
	if rows := 2 * v.hex.Rows(); rows > 0 && v.ground.size > 0 {
		cmds = append(cmds, v.ground.reach(v.hex.Shown(), rows, int64(v.hex.PerRow())))
	}
	return tea.Batch(append(cmds, v.foreign.ask(v.hex.Shown()))...)
}

// moved follows the cursor to where the map may not be known.
func (v *View) moved() tea.Cmd {
	if _, ok := v.ground.find(v.hex.Cursor()); !ok {
		v.ground.restart(v.hex.Cursor())
		v.hex.Recenter()
	}
	return v.refresh()
}

// Here is where the cursor is.
func (v *View) Here() views.Spot {
	return views.Spot{Place: decode.Place{File: disk.VirtualDisk, Offset: v.hex.Cursor(), Length: 1}}
}

// Show goes to a byte of the virtual disk.
func (v *View) Show(s views.Spot) tea.Cmd {
	if s.Place.File != disk.VirtualDisk {
		return nil
	}
	v.edit.Stop()
	v.focus = bytesPane
	v.place()
	return v.goTo(s.Place.Offset)
}
