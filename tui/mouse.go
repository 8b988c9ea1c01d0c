package tui

import (
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"platter/keymap"
	"platter/views"
	"platter/views/grid"
)

// click is where and when the mouse was pressed last.
type click struct {
	x, y int
	at   time.Time
	on   any // what took it: of two clicks on different things none is double
}

// doubleClick is how soon a second click on the same cell must come.
const doubleClick = 400 * time.Millisecond

// pointer does what the mouse is used for.
type pointer struct{ *model }

// mouse acts on the frame itself and passes on what lies within it.
func (m pointer) mouse(msg tea.MouseMsg) tea.Cmd {
	if msg.Action == tea.MouseActionMotion {
		return m.drag(msg.X, msg.Y-chromeTop)
	}
	what, ok := m.clicked.kind(msg, m.uppermost())
	switch {
	case !ok:
		return nil
	case m.goTo.underway():
		m.goTo.hold(msg)
		return nil
	}
	m.held = false
	y := msg.Y - chromeTop
	bottom := m.h - chromeBottom
	switch wheel := what == views.WheelUp || what == views.WheelDown; {
	case msg.Ctrl && wheel && m.bare() && m.view().Context() == keymap.Map:
		return m.ask(map[views.Mouse]keymap.Action{views.WheelUp: keymap.ZoomIn, views.WheelDown: keymap.ZoomOut}[what])
	case y < 0 && !wheel:
		return m.clickTop(msg.X, msg.Y)
	case msg.Y == bottom && !wheel:
		return m.clickStatus(msg.X)
	case msg.Y == bottom+1 && !wheel:
		return m.clickHint(msg.X)
	case y < 0 || msg.Y >= bottom || m.prompt != nil && !wheel:
		return nil
	}
	return m.mouseBody(msg.X, y, what)
}

// mouseBody passes the mouse on to what shows between tabs and status line.
func (m pointer) mouseBody(x, y int, what views.Mouse) tea.Cmd {
	m.message, m.failure = "", false
	switch {
	case m.help != nil:
		return m.mouseHelp(x, y, what)
	case m.over != nil:
		return m.over.mouse(m.model, x, y, what)
	}
	if m.school.lesson != nil && m.school.covers(x, y) {
		return nil
	}
	m.held = what == views.Click
	if v, ok := m.view().(views.Mouser); ok {
		return v.Mouse(x, y, what)
	}
	return nil
}

// drag tells the view that the button is still held.
func (m pointer) drag(x, y int) tea.Cmd {
	v, ok := m.view().(views.Dragger)
	if !ok || !m.held || !m.bare() {
		return nil
	}
	return v.Drag(x, y)
}

// uppermost is what shows between tabs and status line.
func (m pointer) uppermost() any {
	switch {
	case m.help != nil:
		return m.help
	case m.over != nil:
		return m.over
	}
	return m.view()
}

// kind tells what a message of the mouse is, to what shows; false for nothing.
func (last *click) kind(msg tea.MouseMsg, on any) (views.Mouse, bool) {
	if msg.Action != tea.MouseActionPress {
		return 0, false
	}
	switch msg.Button {
	case tea.MouseButtonWheelUp:
		return views.WheelUp, true
	case tea.MouseButtonWheelDown:
		return views.WheelDown, true
	case tea.MouseButtonLeft:
		c := click{msg.X, msg.Y, time.Now(), on}
		if last.x == c.x && last.y == c.y && last.on == c.on && c.at.Sub(last.at) < doubleClick {
			*last = click{}
			return views.DoubleClick, true
		}
		*last = c
		return views.Click, true
	}
	return 0, false
}

// clickTop acts on the badges and the tabs. A question stays: it wants an
// answer first.
func (m pointer) clickTop(x, y int) tea.Cmd {
	if _, asks := m.over.(*dialog); asks || m.prompt != nil {
		return nil
	}
	if y == 0 {
		return m.clickBadge(x)
	}
	for _, t := range frame(m).tabs() {
		if x >= t.x && x < t.x+t.w {
			m.help, m.over = nil, nil
			return m.goScreen(t.screen)
		}
	}
	return nil
}

// clickBadge does what a badge is about: RO and RW turn writing on and off,
// the findings and what is staged show.
func (m pointer) clickBadge(x int) tea.Cmd {
	for _, b := range frame(m).badges() {
		if x >= b.x && x < b.x+grid.Width(strings.TrimRight(b.text, " ")) && m.bare() {
			return m.do(b.action)
		}
	}
	return nil
}

// clickStatus acts on the line over the hints: the cursor and the completions
// of a prompt, or the crumbs of the view's status.
func (m pointer) clickStatus(x int) tea.Cmd {
	if m.prompt != nil {
		return m.prompt.click(x)
	}
	if v, ok := m.view().(views.Crumber); ok && m.bare() && m.message == "" && x >= m.statusAt {
		return v.Crumb(x - m.statusAt)
	}
	return nil
}

// clickHint presses the key that a hint names.
func (m pointer) clickHint(x int) tea.Cmd {
	for _, h := range m.hints() {
		if x >= h.x && x < h.x+h.Width() {
			return m.pressKey(h.key(x - h.x))
		}
	}
	return nil
}

// pressKey is as if a key had been pressed.
func (m pointer) pressKey(name string) tea.Cmd {
	if name == "" {
		return nil
	}
	m.message, m.failure = "", false
	return m.press(press{name, keyMsg(name)})
}

// hint is where an entry of the hint line lies.
type hint struct {
	keymap.Hint
	ctx keymap.Context
	x   int
}

// hints lays the hint line out.
func (m pointer) hints() []hint {
	var out []hint
	if _, rest := frame(m).messageRows(); rest != "" && !frame(m).prompting() {
		return nil // it lies over them
	}
	x, ctx := 1, m.context()
	for _, h := range keymap.Hints(ctx, m.bottom.Area().W()-1, frame(m).skipHint) {
		out = append(out, hint{h, ctx, x})
		x += h.Width() + 2
	}
	return out
}

// key is the key at a column of a hint: of two that it names the one under the
// mouse.
func (h hint) key(x int) string {
	first, second, two := strings.Cut(h.Keys, "/")
	for name, at := range map[string]int{first: 0, second: len(first) + 1} {
		if _, bound := keymap.Lookup(h.ctx, name); two && bound && x >= at && x < at+len(name) {
			return name
		}
	}
	return keymap.Key(h.ctx, h.Action)
}
