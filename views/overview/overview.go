// Package overview is the first screen of an image: what it is, how it was
// recognised, what deserves attention, how much of it is allocated and what
// partitions it has.
package overview

import (
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/grid"
	"platter/views/theme"
	"platter/views/widget/parts"
)

// pane is one that can have the focus.
type pane uint8

const (
	identityPane pane = iota
	findingsPane
	guestPane
	panes
)

// View is the overview screen. It implements [views.View].
type View struct {
	env   views.Env
	info  disk.Info
	files int
	rows  []disk.Detail
	lines []line // of the identity, broken for its width
	w, h  int
	lay   layout
	focus pane

	facts    grid.Scroll
	list     grid.Scroll
	findings views.Findings
	scan     parts.Scan[tally]
	total    tally
	guest    partitions
	parts    grid.Scroll // over the partitions

	canvas grid.Canvas
}

// New makes the screen of an image. Start begins the scan of its allocation.
func New(env views.Env) *View {
	v := &View{env: env, focus: findingsPane}
	v.take(env.Image)
	return v
}

func (v *View) take(img disk.Image) {
	v.env.Image, v.info = img, img.Info()
	v.findings = views.Findings{List: told(v.info.Findings)}
	v.scan, v.total = parts.New(img, func(off, n int64) (tally, error) { return tallied(img, off, n) }), tally{}
	v.guest = partitions{}
	v.files = len(img.Files())
	v.rows = facts(v.info, v.files)
}

// Start scans the allocation and reads the partition table.
func (v *View) Start() tea.Cmd {
	return tea.Batch(v.scan.Step(), v.readPartitions())
}

// Stop ends the scan.
func (v *View) Stop() bool {
	v.canvas.Dirty = true
	return v.scan.Stop()
}

// Title is the word on the tab.
func (v *View) Title() string { return "Overview" }

// Context is the same for all panes.
func (v *View) Context() keymap.Context { return keymap.Overview }

// SetSize arranges the panes again.
func (v *View) SetSize(w, h int) {
	v.w, v.h, v.canvas.Dirty = w, h, true
	v.arrange()
}

// Update takes answers in.
func (v *View) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case parts.Found[tally]:
		found, next := v.scan.Take(msg)
		for _, t := range found {
			v.total.add(t)
		}
		v.canvas.Dirty = true
		return next
	case partitioned:
		if msg.gen == v.scan.Gen {
			v.guest, v.canvas.Dirty = msg.parts, true
			v.arrange()
		}
	case views.Findings:
		v.findings, v.canvas.Dirty = msg, true
		v.findings.List = told(msg.List)
		v.arrange()
	case views.Changed:
		v.scan.Stop()
		v.take(msg.Image)
		v.scan.Rest = v.env.Rest
		v.arrange()
		v.canvas.Dirty = true
		return v.Start()
	}
	return nil
}

// Do moves in the pane with the focus, or goes to the bytes of a finding.
func (v *View) Do(a keymap.Action) tea.Cmd {
	v.canvas.Dirty = true
	switch a {
	case keymap.NextPane:
		v.turn(1)
	case keymap.PrevPane:
		v.turn(panes - 1)
	case keymap.Open:
		return v.open()
	default:
		switch v.focus {
		case identityPane:
			v.facts.Roll(a)
		case guestPane:
			v.parts.Do(a)
		default:
			v.list.Do(a)
		}
	}
	return nil
}

// turn gives the focus to the next pane; that of the partitions has none to select
// where there are none.
func (v *View) turn(step pane) {
	v.focus = (v.focus + step) % panes
	if v.focus == guestPane && (len(v.guest.table.Partitions) == 0 || !v.lay.guest.Shows()) {
		v.turn(step)
	}
}

// partition is the one under the cursor.
func (v *View) partition() (disk.Partition, bool) {
	i := int(v.parts.Cursor)
	if v.focus != guestPane || i >= len(v.guest.table.Partitions) {
		return disk.Partition{}, false
	}
	return v.guest.table.Partitions[i], true
}

// selected is the finding under the cursor.
func (v *View) selected() (disk.Finding, bool) {
	i := int(v.list.Cursor)
	if v.focus != findingsPane || i >= len(v.findings.List) {
		return disk.Finding{}, false
	}
	return v.findings.List[i], true
}

func (v *View) open() tea.Cmd {
	if p, ok := v.partition(); ok {
		return views.Send(views.Goto{To: views.Spot{Place: decode.Place{File: disk.VirtualDisk, Offset: p.Start, Length: 1}}})
	}
	if f, ok := v.selected(); ok && len(f.Where) > 0 {
		return views.Send(views.Goto{To: views.Spot{Place: f.Where[0]}})
	}
	return nil
}

// Disabled says why an action would do nothing.
func (v *View) Disabled(a keymap.Action) string {
	switch a {
	case keymap.Open:
		if _, ok := v.partition(); ok {
			return ""
		}
		switch f, ok := v.selected(); {
		case !ok:
			return "no finding is selected (tab changes the pane)"
		case len(f.Where) == 0:
			return "this finding is not about particular bytes"
		}
	case keymap.Escape:
		return "there is nothing to leave"
	}
	return ""
}

// Status tells about the selected finding, else how the scan goes.
func (v *View) Status() string {
	if v.scan.Running {
		return fmt.Sprintf("allocation scanned %d %%  (esc stops)", v.scan.Percent())
	}
	if p, ok := v.partition(); ok {
		return fmt.Sprintf("partition %d: bytes 0x%x to 0x%x of the disk, %s; enter goes to its first sector", p.Number, p.Start, p.End()-1, decode.Printable(p.Type))
	}
	if f, ok := v.selected(); ok && f.Detail != "" {
		return decode.Printable(f.Detail)
	}
	return decode.Printable(v.info.Path)
}

// Mouse focuses and selects; a double click goes to the bytes.
func (v *View) Mouse(x, y int, what views.Mouse) tea.Cmd {
	v.canvas.Dirty = true
	step := map[views.Mouse]int64{views.WheelUp: -1, views.WheelDown: 1}[what]
	switch {
	case v.lay.identity.Holds(x, y):
		v.facts.Wheel(step)
		if step == 0 {
			v.focus = identityPane
		}
	case v.lay.findings.Holds(x, y):
		v.list.Wheel(step)
		if step != 0 {
			return nil
		}
		v.focus = findingsPane
		if row, ok := v.list.At(y - v.lay.findings.Y - 1); ok {
			v.list.To(row)
			if what == views.DoubleClick {
				return v.open()
			}
		}
	case v.lay.guest.Holds(x, y):
		v.parts.Wheel(step)
		if step != 0 || len(v.guest.table.Partitions) == 0 {
			return nil
		}
		v.focus = guestPane
		if row, ok := v.parts.At(y - v.lay.guest.Y - 2); ok && v.lay.guest.H > 4 {
			v.parts.To(row)
			if what == views.DoubleClick {
				return v.open()
			}
		}
	}
	return nil
}

// told has equal findings in one row, and each after what explains it.
func told(list []disk.Finding) []disk.Finding { return disk.Nest(disk.Merge(list)) }

// severity is how a finding's weight is written and looks.
func severity(s disk.Severity) (string, theme.Style) {
	switch s {
	case disk.SeverityError:
		return "!!", theme.Error
	case disk.SeverityWarning:
		return "!", theme.Warn
	}
	return "i", theme.Note
}
