package tui

import (
	"fmt"
	"sort"
	"strings"

	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/grid"
	"platter/views/theme"
)

// prompt is the line in which something is typed.
type prompt struct {
	gen    views.Gen
	ctx    keymap.Context
	kind   string // whose history it has
	name   string // what stands before the line
	hint   string // what can be typed, at the right end
	wrong  string // what is wrong with what is typed
	input  textinput.Model
	older  []string // what was typed before, oldest first
	at     int      // among older; their number: the line being typed
	line   string   // that line while an older one shows
	tried  string   // what was typed when completion began
	list   []disk.Completion
	choice int    // of list
	from   int    // column of the line's first character, as drawn
	cut    int    // characters of the line before that one
	shown  []int  // the columns of those that show, and of the end if it does
	places []span // of the completions that show, as drawn

	blank   bool // nothing is an answer too
	accept  func(text string) tea.Cmd
	suggest func(text string) tea.Cmd // asks for completions; may be nil
	act     func(keymap.Action)       // the keys of its own context; may be nil
	changed func(text string)         // may be nil
}

// promptLimit is how many characters can be typed: some sectors in hexadecimal.
const promptLimit = 16 << 10

// open shows a prompt that was filled in.
func (m *model) openPrompt(p *prompt, text string) tea.Cmd {
	p.gen, p.input = views.NewGen(), textinput.New()
	if p.ctx == "" {
		p.ctx = keymap.Prompt
	}
	p.older = m.typed[p.kind]
	p.at = len(p.older)
	p.input.Focus()
	p.input.CharLimit = promptLimit
	m.prompt = p
	p.set(text)
	return p.edited()
}

func (m *model) promptKey(a keymap.Action, p press) tea.Cmd {
	pr := m.prompt
	switch a {
	case keymap.Cancel:
		m.prompt = nil
	case keymap.Accept:
		return m.accept()
	case keymap.Older:
		pr.browse(-1)
	case keymap.Newer:
		pr.browse(1)
	case keymap.Complete:
		return pr.complete()
	case keymap.ShowHelp:
		m.openHelp()
	case "":
		if p.name == "ctrl+h" {
			p.msg = tea.KeyMsg{Type: tea.KeyBackspace}
		}
		return pr.typed(p.msg)
	default:
		if pr.act != nil {
			pr.act(a)
			return pr.edited()
		}
	}
	return nil
}

// typed edits the line. Pasted text is made harmless.
func (p *prompt) typed(msg tea.KeyMsg) tea.Cmd {
	if msg.Type == tea.KeyRunes {
		msg.Runes = []rune(plainText(string(msg.Runes)))
		msg.Paste = false
		if len(msg.Runes) > promptLimit-len([]rune(p.input.Value())) {
			p.wrong = fmt.Sprintf("no more than %d characters fit", promptLimit)
			return nil
		}
	}
	p.input, _ = p.input.Update(msg)
	return p.edited()
}

// edited looks at what is typed by now.
func (p *prompt) edited() tea.Cmd {
	text := p.input.Value()
	p.tried, p.list, p.choice, p.wrong = text, nil, 0, ""
	if p.changed != nil {
		p.changed(text)
	}
	if p.suggest == nil {
		return nil
	}
	return p.suggest(text)
}

// completions are ways to go on with what is typed in a prompt.
type completions struct {
	gen  views.Gen
	text string
	list []disk.Completion
}

func (m *model) completions(msg completions) {
	if p := m.prompt; p != nil && p.gen == msg.gen && p.tried == msg.text {
		p.list = msg.list
	}
}

// plainText drops what can't be seen.
func plainText(s string) string {
	return strings.Map(func(r rune) rune {
		if c := string(r); decode.Printable(c) != c {
			return -1
		}
		return r
	}, s)
}

func (p *prompt) browse(step int) {
	if p.at == len(p.older) {
		p.line = p.input.Value()
	}
	p.at = max(0, min(p.at+step, len(p.older)))
	text := p.line
	if p.at < len(p.older) {
		text = p.older[p.at]
	}
	p.set(text)
	p.edited()
}

func (p *prompt) set(text string) {
	p.input.SetValue(text)
	p.input.CursorEnd()
}

// complete puts the next completion in; after the only one it goes on.
func (p *prompt) complete() tea.Cmd {
	if len(p.list) == 0 {
		return nil
	}
	p.set(p.list[p.choice%len(p.list)].Text)
	if len(p.list) == 1 {
		return p.edited()
	}
	p.choice++
	return nil
}

// skip leaves out of the hints what would do nothing.
func (p *prompt) skip(a keymap.Action) bool {
	switch a {
	case keymap.Complete:
		return p.suggest == nil
	case keymap.Older, keymap.Newer:
		return len(p.older) == 0
	}
	return false
}

// accept closes the prompt and does what it is for. The same line is
// remembered once.
func (m *model) accept() tea.Cmd {
	p := m.prompt
	text := p.input.Value()
	if p.wrong != "" {
		return nil
	}
	m.prompt = nil
	if strings.TrimSpace(text) == "" {
		if p.blank {
			return p.accept("")
		}
		return nil
	}
	if n := len(p.older); n == 0 || p.older[n-1] != text {
		m.typed[p.kind] = append(p.older, text)
	}
	return p.accept(text)
}

func (p *prompt) draw(a grid.Area) {
	x := a.Text(1, 0, p.name+": ", theme.HintKey)
	p.from = x
	room := a.W() - x - 1
	if p.wrong != "" {
		room = max(room-grid.Width(p.wrong)-2, room/2)
	}
	value, at := []rune(p.input.Value()), p.input.Position()
	p.frame(value, at, room)
	for i := p.cut; i < len(value) && x-p.from+grid.Width(string(value[i])) <= room; i++ {
		style := theme.Strong
		if i == at {
			style = theme.Cursor
		}
		x += a.Set(x, 0, value[i], style)
	}
	if at >= len(value) {
		x += a.Set(x, 0, ' ', theme.Cursor)
	}
	text, style := p.aside(a.W() - x - 3)
	a.TextRight(a.W()-1, 0, text, style)
	for i := range p.places {
		p.places[i].from += a.W() - 1 - grid.Width(text)
		p.places[i].to += a.W() - 1 - grid.Width(text)
	}
}

// frame chooses which part of a line shows: the cursor is in it, and as little as
// can be moves.
func (p *prompt) frame(value []rune, at, room int) {
	fits := func(end int) int { // the first character from which all in front of end show
		i, w := end, 0
		for ; i > 0; i-- {
			if w += grid.Width(string(value[i-1])); w >= room {
				break
			}
		}
		return i
	}
	p.cut = min(max(p.cut, fits(at)), fits(len(value)), at)
	p.shown = p.shown[:0]
	for i, x := p.cut, 0; i <= len(value) && x <= room; i++ {
		if p.shown = append(p.shown, x); i < len(value) {
			x += grid.Width(string(value[i]))
		}
	}
}

// span is columns of the line.
type span struct{ from, to int }

// click puts the cursor on a character, or takes a completion.
func (p *prompt) click(x int) tea.Cmd {
	for i, at := range p.places {
		if x >= at.from && x < at.to {
			p.choice = max(p.choice-1, 0) + i
			return p.complete()
		}
	}
	if x >= p.from {
		p.input.SetCursor(p.cut + sort.SearchInts(p.shown, x-p.from+1) - 1) // on what begins there or before
	}
	return nil
}

// aside is what stands at the right end: what is wrong, how it can go on, or
// what can be typed.
func (p *prompt) aside(w int) (string, theme.Style) {
	p.places = p.places[:0]
	switch {
	case p.wrong != "":
		return grid.Fit(p.wrong, w), theme.Failure
	case len(p.list) > 0 && p.input.Value() != "":
		text := ""
		for i := range p.list {
			c := p.list[(max(p.choice-1, 0)+i)%len(p.list)]
			next := strings.TrimSpace(c.Text)
			if i == 0 && c.Help != "" {
				next += " (" + c.Help + ")"
			}
			if grid.Width(text)+2+grid.Width(next) > w {
				break
			}
			text += "  " + next
			p.places = append(p.places, span{grid.Width(text) - grid.Width(next), grid.Width(text)})
		}
		return text, theme.Dim
	case grid.Width(p.hint) <= w:
		return p.hint, theme.Dim
	}
	return "", theme.Dim
}
