package tui

import (
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/keymap"
	"platter/views"
	"platter/views/grid"
	"platter/views/theme"
)

// dialog is a question with buttons. The first button is the safe one: it has
// the focus at first, and escape presses it.
type dialog struct {
	title   string
	lines   []string // may hold what comes from an image
	buttons []button
	at      int
	hurried int // the button that ctrl+c presses, until a moment has passed
	until   time.Time
	below   overlay // what the dialog covers

	want string // must be typed before the last button can be pressed; empty: nothing
	line line

	w, h int
	row  int // of the buttons, as drawn
	left int // column that places count from
	grid grid.Grid
}

type button struct {
	label string
	press func() tea.Cmd // nil: only closes the dialog
}

// ask shows a dialog over whatever shows.
func (m *model) question(d *dialog) {
	if old, ok := m.over.(*dialog); ok {
		d.below = old.below
	} else {
		d.below = m.over
	}
	m.cover(d)
}

// hurryTime is how soon a second ctrl+c must follow the one that asked.
const hurryTime = time.Second

// hurry has a ctrl+c that follows at once press the button for those in a hurry.
func (d *dialog) hurry() { d.until = time.Now().Add(hurryTime) }

func (*dialog) context() keymap.Context { return keymap.Dialog }

// SetSize tells the room that there is for the dialog.
func (d *dialog) SetSize(w, h int) { d.w, d.h = w, h }

func (*dialog) skip(keymap.Action) bool { return false }

func (d *dialog) do(m *model, a keymap.Action, p press) tea.Cmd {
	switch a {
	case keymap.Right:
		d.at = (d.at + 1) % len(d.buttons)
	case keymap.Left:
		d.at = (d.at + len(d.buttons) - 1) % len(d.buttons)
	case keymap.Accept:
		if d.want != "" && d.line != "" && string(d.line) != d.want {
			m.say("that is not "+d.want+"; esc leaves everything as it is", false)
			return nil
		}
		return d.press(m, d.at)
	case keymap.Cancel:
		if p.name == "ctrl+c" && time.Now().Before(d.until) {
			return d.press(m, d.hurried)
		}
		return d.press(m, 0)
	default:
		return d.key(m, p)
	}
	return nil
}

// key edits the line, or presses the button with that first letter.
func (d *dialog) key(m *model, p press) tea.Cmd {
	if d.want != "" {
		d.line.edit(p)
		d.agree()
		return nil
	}
	for i, b := range d.buttons {
		if strings.EqualFold(b.label[:1], p.name) {
			return d.press(m, i)
		}
	}
	return nil
}

// agree gives the last button the focus once what was asked for is typed, and
// takes it away again: what has the focus is what enter presses.
func (d *dialog) agree() {
	d.at = 0
	if string(d.line) == d.want {
		d.at = len(d.buttons) - 1
	}
}

// typed takes text for the line.
func (d *dialog) typed(msg tea.KeyMsg) {
	if d.want != "" {
		d.line.typed(msg)
		d.agree()
	}
}

func (d *dialog) press(m *model, i int) tea.Cmd {
	if d.want != "" && i == len(d.buttons)-1 && string(d.line) != d.want {
		m.say("type "+d.want+" first", false)
		return nil
	}
	m.cover(d.below)
	if d.buttons[i].press == nil {
		return nil
	}
	return d.buttons[i].press()
}

// dialogWidth is how wide a dialog is where there is room.
const dialogWidth = 68

// View paints the dialog in the middle of the screen.
func (d *dialog) View(t *theme.Theme) string {
	d.grid.Resize(d.w, d.h)
	d.grid.Clear()
	w := min(dialogWidth, d.w)
	var lines []string
	for _, l := range d.lines {
		lines = append(lines, grid.Wrap(decode.Printable(l), w-4)...)
	}
	h := len(lines) + 4
	if d.want != "" {
		h += 2
	}
	h = min(h, d.h)
	in := d.grid.Area().Sub((d.w-w)/2, (d.h-h)/3, w, h).Box(t, d.title, true)
	d.left, d.row = (d.w-w)/2+1, (d.h-h)/3+h-2
	for y, l := range lines {
		in.Text(1, y, l, theme.Value)
	}
	if d.want != "" {
		x := in.Text(1, in.H()-4, "> ", theme.Label)
		x = in.TextFit(x, in.H()-4, in.W()-x-2, string(d.line), theme.Strong)
		in.Set(x, in.H()-4, ' ', theme.Cursor)
	}
	for i, r := range d.places() {
		text, style := "  "+d.buttons[i].label+"  ", theme.Tab
		if i == d.at {
			text, style = "[ "+d.buttons[i].label+" ]", theme.Selected
		}
		in.Text(r, in.H()-1, text, style)
	}
	return d.grid.String(t)
}

// places is the columns of the buttons.
func (d *dialog) places() []int {
	var out []int
	x := 1
	for _, b := range d.buttons {
		out = append(out, x)
		x += grid.Width(b.label) + 6
	}
	return out
}

// mouse presses the button under it. Nothing else in a dialog listens to it:
// what is typed goes into its one line anyway.
func (d *dialog) mouse(m *model, x, y int, what views.Mouse) tea.Cmd {
	if y != d.row || what != views.Click {
		return nil
	}
	for i, at := range d.places() {
		if x -= d.left; x >= at && x < at+grid.Width(d.buttons[i].label)+4 {
			return d.press(m, i)
		}
		x += d.left
	}
	return nil
}
