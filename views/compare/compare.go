// Package compare is the screen that puts the disks of two images side by
// side: the blocks in which they differ, with what each image has there, and
// below them the bytes of both. The comparison itself runs in the frame; the
// screen is given what it finds.
package compare

import (
	"context"
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/grid"
	"platter/views/theme"
	"platter/views/widget/hexpane"
)

// pane is one that can have the focus.
type pane uint8

const (
	listPane pane = iota
	bytesPane
)

// Progress is what a comparison has found since it was told last.
type Progress struct {
	Blocks []disk.BlockDiff
	Unread int64 // bytes that could not be compared
	Over   bool
	Err    error // why it ended before its end
}

// blockLimit bounds the blocks that are listed; all are counted.
const blockLimit = 100_000

// View is the comparison screen. It implements [views.View].
type View struct {
	images [2]disk.Image
	theme  *theme.Theme

	blocks []disk.BlockDiff
	count  int64 // blocks that differ, also those that are not listed
	differ int64 // bytes that do
	unread int64
	over   bool
	stale  bool // the first image has changed since
	err    error

	focus pane
	list  grid.Scroll
	hex   hex

	seeking views.Gen          // the search for the next difference; 0 for none
	cancel  context.CancelFunc // of it

	w, h   int
	canvas grid.Canvas
}

// New makes the screen of an image and a second one.
func New(env views.Env, other disk.Image) *View {
	v := &View{images: [2]disk.Image{env.Image, other}, theme: env.Theme, cancel: func() {}}
	v.hex.show(v.images)
	return v
}

// Begin forgets what was found: the disks are compared again.
func (v *View) Begin() {
	v.blocks, v.count, v.differ, v.unread = nil, 0, 0, 0
	v.over, v.stale, v.err, v.canvas.Dirty = false, false, nil, true
	v.arrange()
}

// Take takes in what the comparison has found.
func (v *View) Take(p Progress) tea.Cmd {
	v.canvas.Dirty = true
	first := len(v.blocks) == 0
	for _, b := range p.Blocks {
		v.count++
		v.differ += b.Bytes
		if len(v.blocks) < blockLimit {
			v.blocks = append(v.blocks, b)
		}
	}
	v.unread += p.Unread
	if v.over = v.over || p.Over; p.Err != nil {
		v.err = p.Err
	}
	v.arrange()
	if first && len(v.blocks) > 0 {
		return v.toBlock()
	}
	return nil
}

// Title is the word on the tab.
func (v *View) Title() string { return "Compare" }

// Context is the screen's own.
func (v *View) Context() keymap.Context { return keymap.Compare }

// SetSize arranges the panes again.
func (v *View) SetSize(w, h int) {
	v.w, v.h, v.canvas.Dirty = w, h, true
	v.arrange()
}

// hexRows is how much of h rows the lower pane gets.
func hexRows(h int) int { return h / 2 }

func (v *View) arrange() {
	v.list.Fit(int64(len(v.blocks)), v.h-hexRows(v.h)-3)
	v.hex.fit(v.w-2, hexRows(v.h)-3)
}

// Start reads the bytes under the cursor.
func (v *View) Start() tea.Cmd { return v.hex.read() }

// Update takes answers in.
func (v *View) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case hexpane.Answer:
		for i := range v.hex.disks {
			v.canvas.Dirty = v.hex.disks[i].Fill(msg) || v.canvas.Dirty
		}
	case sought:
		return v.found(msg)
	case tea.WindowSizeMsg:
		return v.hex.read()
	case views.Changed:
		v.Stop()
		v.images[0], v.stale, v.canvas.Dirty = msg.Image, true, true
		v.hex.show(v.images)
		v.arrange()
		return v.hex.read()
	}
	return nil
}

func (v *View) current() (disk.BlockDiff, bool) {
	if i := v.list.Cursor; i >= 0 && i < int64(len(v.blocks)) {
		return v.blocks[i], true
	}
	return disk.BlockDiff{}, false
}

// Do carries an action out.
func (v *View) Do(a keymap.Action) tea.Cmd {
	v.canvas.Dirty = true
	v.Stop()
	switch a {
	case keymap.NextPane, keymap.PrevPane:
		v.focus = bytesPane - v.focus
		return nil
	case keymap.Open:
		return views.Send(views.Goto{To: views.Spot{Place: decode.Place{File: disk.VirtualDisk, Offset: v.here(), Length: 1}}})
	case keymap.NextMark:
		return v.step(1)
	case keymap.PrevMark:
		return v.step(-1)
	}
	if v.focus == bytesPane {
		v.hex.lines.Do(a)
		return v.hex.read()
	}
	was := v.list.Cursor
	v.list.Do(a)
	if v.list.Cursor != was {
		return v.toBlock()
	}
	return nil
}

// here is the byte that the cursor stands on: in the list the first one of the
// block that differs.
func (v *View) here() int64 {
	if b, ok := v.current(); ok && v.focus == listPane {
		return b.First
	}
	return v.hex.lines.Cursor()
}

// toBlock shows the first bytes of the block under the cursor that differ.
func (v *View) toBlock() tea.Cmd {
	if b, ok := v.current(); ok {
		v.hex.lines.Go(b.First)
	}
	return v.hex.read()
}

// step goes to the next difference: in the list to the next block.
func (v *View) step(n int64) tea.Cmd {
	if v.focus == bytesPane {
		return v.seek(n)
	}
	v.list.Move(n)
	return v.toBlock()
}

// Disabled tells why an action would do nothing.
func (v *View) Disabled(a keymap.Action) string {
	switch a {
	case keymap.Open, keymap.NextMark, keymap.PrevMark:
		if len(v.blocks) == 0 {
			return "no difference was found"
		}
		if a == keymap.Open && v.here() >= v.hex.disks[0].Size() {
			return "the disk of this image ends before this byte"
		}
	case keymap.Escape:
		return "there is nothing to leave"
	}
	return ""
}

// Status sums up, or tells about the byte under the cursor.
func (v *View) Status() string {
	if v.focus == bytesPane {
		return v.hex.words(v.images)
	}
	return v.verdict()
}

// verdict says what the comparison came to.
func (v *View) verdict() string {
	var parts []string
	switch {
	case v.count > 0:
		parts = append(parts, fmt.Sprintf("%s in %s differ", bytesWord(v.differ), plural(v.count, "block")))
	case v.over && v.err == nil && v.unread == 0:
		parts = append(parts, "the same: no byte differs")
	case v.over:
		parts = append(parts, "no difference in what was compared")
	default:
		parts = append(parts, "no difference so far")
	}
	if v.count > int64(len(v.blocks)) {
		parts = append(parts, fmt.Sprintf("the first %d are listed", len(v.blocks)))
	}
	if v.unread > 0 {
		parts = append(parts, fmt.Sprintf("! %s can't be read", decode.FormatSize(uint64(v.unread))))
	}
	switch {
	case v.err != nil:
		parts = append(parts, "not complete: "+decode.Printable(v.err.Error()))
	case v.stale:
		parts = append(parts, "the image has changed since: ! compares again")
	case v.over:
		parts = append(parts, "complete")
	default:
		parts = append(parts, "comparing")
	}
	return strings.Join(parts, ", ")
}

func plural(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return decode.Grouped(n) + " " + what + "s"
}

// amount is a number of bytes, or a size where that would be too long.
func amount(n int64) string {
	if n >= 1<<30 {
		return decode.FormatSize(uint64(n))
	}
	return decode.Grouped(n)
}

func bytesWord(n int64) string {
	if n >= 1<<30 {
		return decode.FormatSize(uint64(n))
	}
	return plural(n, "byte")
}

// Mouse focuses and selects; a double click goes to the bytes.
func (v *View) Mouse(_, y int, what views.Mouse) tea.Cmd {
	v.canvas.Dirty = true
	v.Stop()
	below := v.h - hexRows(v.h)
	step := what.Wheel()
	switch {
	case y >= below && step != 0:
		v.hex.lines.Down(int(step))
		return v.hex.read()
	case y >= below:
		v.focus = bytesPane
		v.hex.lines.Click(0, y-below-2)
	case step != 0:
		v.list.Wheel(step)
		return v.toBlock()
	default:
		v.focus = listPane
		row, ok := v.list.At(y - 2)
		if !ok {
			return nil
		}
		v.list.To(row)
	}
	if what == views.DoubleClick && v.Disabled(keymap.Open) == "" {
		return v.Do(keymap.Open)
	}
	if v.focus == listPane {
		return v.toBlock()
	}
	return nil
}
