package tui

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"platter/decode"
	"platter/keymap"
	"platter/views"
	"platter/views/grid"
	"platter/views/theme"
)

// frame draws what is around a screen: title, badges and tabs above, status and keys below.
type frame struct{ *model }

func (m frame) tooSmall() string {
	quits := "q quits"
	if m.edits.staged > 0 {
		quits = "ctrl+c twice\nkeeps what is\nstaged and quits"
	}
	text := fmt.Sprintf("platter\nneeds %d x %d,\nthis is %d x %d.\n%s", minWidth, minHeight, m.w, m.h, quits)
	var lines []string
	for _, line := range grid.Wrap(text, max(m.w-1, 1)) {
		if len(lines) < m.h {
			lines = append(lines, line)
		}
	}
	return lipgloss.Place(max(m.w-1, 1), m.h, lipgloss.Center, lipgloss.Center, strings.Join(lines, "\n"))
}

// drawTop paints title and tabs.
func (m frame) drawTop() {
	m.top.Clear()
	a := m.top.Area()
	x := a.Text(1, 0, "platter", theme.Title)
	right := m.drawBadges(a)
	switch {
	case m.image != nil:
		name, kind := m.identity()
		x = a.Text(x, 0, " | ", theme.Dim)
		x = a.TextFit(x, 0, min(max(right-x-grid.Width(kind)-3, (right-x)/2), right-x), name, theme.Strong)
		a.TextFit(x+2, 0, right-x-3, kind, theme.Status)
	case m.opening != "":
		a.TextFit(x, 0, right-x, " | opening "+decode.Printable(m.opening)+" ..", theme.Status)
	}
	m.drawTabs(a)
}

// identity is the image's name and what it is.
func (m frame) identity() (name, kind string) {
	info := m.info
	name = decode.Printable(filepath.Base(info.Path))
	kind = strings.ToUpper(info.Format)
	if info.Type != "" && info.Type != info.Format {
		kind += " " + decode.Printable(info.Type)
	}
	if m.replay.words != "" {
		kind += "  " + m.replay.words
	}
	if info.VirtualSize > 0 {
		kind += " " + decode.FormatSize(uint64(info.VirtualSize))
	}
	return name, kind
}

// badge is a word at the title's right end and what a click on it does.
type badge struct {
	x      int
	text   string
	style  theme.Style
	action keymap.Action
}

// badges lays out what matters everywhere, from left to right.
func (m frame) badges() []badge {
	if m.image == nil {
		return nil
	}
	text, style := m.checks.badge()
	list := []badge{{0, "RO  ", theme.Badge, keymap.Writing}, {0, text, style, keymap.Screen5}}
	if m.edits.writing {
		list[0].text = "RW  "
	}
	if n := m.edits.staged; n > 0 {
		list = append(list, badge{0, "  ", theme.Plain, ""}, badge{0, fmt.Sprintf("* %d staged", n), theme.Mark, keymap.Review})
	}
	x := m.top.Area().W() - 1
	for i := len(list) - 1; i >= 0; i-- {
		x -= grid.Width(list[i].text)
		list[i].x = x
	}
	return list
}

// drawBadges paints the badges and returns the column before them.
func (m frame) drawBadges(a grid.Area) int {
	list := m.badges()
	for _, b := range list {
		a.Text(b.x, 0, strings.TrimRight(b.text, " "), b.style)
	}
	if len(list) == 0 {
		return a.W()
	}
	return list[0].x - 1
}

// tab is where a screen's tab lies on the second row.
type tab struct {
	screen, x, w int
	text         string
}

// tabs lays the tabs out: closer together where there is not enough room, and
// then with less of the words.
func (m frame) tabs() []tab {
	if m.image == nil {
		return nil
	}
	var out []tab
	for _, form := range []struct{ gap, letters int }{{1, 100}, {0, 100}, {0, 6}, {0, 3}} {
		out = out[:0]
		x := 1
		for i := range m.views {
			text := m.tabText(i, form.letters)
			out = append(out, tab{i, x, grid.Width(text), text})
			x += grid.Width(text) + form.gap
		}
		if x-form.gap <= m.top.Area().W() {
			break
		}
	}
	return out
}

// tabText is a tab with brackets where its screen shows, so that it can be
// seen without colour. Of the titles of the others it has so many letters.
func (m frame) tabText(i, letters int) string {
	key, title := keymap.Key(keymap.Everywhere, m.screens[i].action), m.views[i].Title()
	if i == m.active {
		return "[" + key + " " + title + "]"
	}
	return " " + key + " " + title[:min(letters, len(title))] + " "
}

func (m frame) drawTabs(a grid.Area) {
	if m.image == nil {
		a.Text(1, 1, "a VHD, VHDX or VMDK to look into", theme.Dim)
		return
	}
	for _, t := range m.tabs() {
		style := theme.Tab
		if t.screen == m.active {
			style = theme.TabActive
		}
		a.Text(t.x, 1, t.text, style)
	}
}

// drawBottom paints the status line (or the prompt, or a message) and the
// hints.
func (m frame) drawBottom() {
	m.bottom.Clear()
	a := m.bottom.Area()
	switch {
	case m.prompting():
		m.prompt.draw(a)
	case m.message != "":
		m.drawMessage(a)
	default:
		m.drawStatus(a)
	}
	m.drawHints(a)
}

// prompting reports whether the prompt shows in place of messages.
func (m frame) prompting() bool { return m.prompt != nil && m.help == nil }

// drawMessage paints a message, over the hints if one row has no room for it.
func (m frame) drawMessage(a grid.Area) {
	style := theme.Message
	if m.failure {
		style = theme.Failure
	}
	first, rest := m.messageRows()
	a.TextFit(1, 0, a.W()-1, first, style)
	a.TextFit(1, 1, a.W()-1, rest, style)
}

// messageRows is a message in two rows; the second is empty if one is enough.
func (m frame) messageRows() (first, rest string) {
	text := decode.Printable(m.message)
	lines := grid.Wrap(text, m.bottom.Area().W()-2)
	if len(lines) < 2 {
		return text, ""
	}
	return lines[0], strings.Join(lines[1:], " ")
}

func (m frame) drawStatus(a grid.Area) {
	var parts []string
	if text := m.jobs.text(); text != "" {
		parts = append(parts, text)
	}
	if p, ok := pointedIn(m.view()); ok && m.bare() {
		if text := m.notes.text(p.Cursor); text != "" {
			parts = append(parts, text)
		}
	}
	if s, ok := m.view().(views.Statuser); ok && m.bare() {
		m.statusAt = 1
		if len(parts) > 0 {
			m.statusAt += grid.Width(strings.Join(parts, " | ")) + 3
		}
		parts = append(parts, s.Status())
	}
	if n := len(m.history.stops); n > 0 && m.bare() {
		parts = append(parts, fmt.Sprintf("history %d/%d", m.history.at, n))
	}
	if m.checks.running() {
		parts = append(parts, "checking ..")
	}
	a.TextFit(1, 0, a.W()-1, strings.Join(parts, " | "), theme.Status)
}

func (m frame) drawHints(a grid.Area) {
	for _, h := range pointer(m).hints() {
		x := a.Text(h.x, 1, h.Keys, theme.HintKey)
		a.Text(x+1, 1, h.Label, theme.Hint)
	}
}

// skipHint leaves out what would do nothing where the cursor is.
func (m frame) skipHint(a keymap.Action) bool {
	if m.needsImage(a) {
		return true
	}
	if m.prompting() {
		return m.prompt.skip(a)
	}
	if m.over != nil && m.help == nil {
		return m.over.skip(a)
	}
	if a == keymap.Back && len(m.history.stops) == 0 || a == keymap.Review && m.edits.staged == 0 {
		return true
	}
	return m.bare() && m.disabled(a) != ""
}
