package tui

import (
	"strings"

	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/keymap"
	"platter/views"
	"platter/views/grid"
	"platter/views/theme"
)

// prompt is the line in which a place to go to is typed.
type prompt struct {
	gen    views.Gen
	input  textinput.Model
	older  []string // what was typed before, oldest first
	at     int      // among older; their number: the line being typed
	line   string   // that line while an older one shows
	names  []string // of structures and fields, for completion
	tried  string   // what was typed when completion began
	choice int      // of the names that match it
}

func (m *model) openPrompt() tea.Cmd {
	if m.image == nil {
		m.say("open an image first", false)
		return nil
	}
	p := &prompt{gen: views.NewGen(), input: textinput.New(), older: m.typed, at: len(m.typed)}
	p.input.Focus()
	p.input.CharLimit = 200
	m.prompt = p
	gen, img := p.gen, m.image
	return func() tea.Msg { return names{gen, nodeNames(img.Tree())} }
}

// names is the names that a prompt can complete.
type names struct {
	gen  views.Gen
	list []string
}

func (m *model) named(msg names) {
	if m.prompt != nil && m.prompt.gen == msg.gen {
		m.prompt.names = msg.list
	}
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
		pr.complete()
	default:
		if p.name == "ctrl+h" {
			p.msg = tea.KeyMsg{Type: tea.KeyBackspace}
		}
		return pr.typed(p.msg)
	}
	return nil
}

// typed edits the line. Pasted text is made harmless.
func (p *prompt) typed(msg tea.KeyMsg) tea.Cmd {
	if msg.Type == tea.KeyRunes {
		msg.Runes = []rune(plainText(string(msg.Runes)))
		msg.Paste = false
	}
	p.tried, p.choice = "", 0
	p.input, _ = p.input.Update(msg)
	return nil
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
}

func (p *prompt) set(text string) {
	p.input.SetValue(text)
	p.input.CursorEnd()
}

// complete puts the next name in that begins with what was typed.
func (p *prompt) complete() {
	if p.choice == 0 {
		p.tried = p.input.Value()
	}
	var match []string
	for _, n := range p.names {
		if strings.HasPrefix(normal(n), normal(p.tried)) {
			match = append(match, n)
		}
	}
	if len(match) == 0 {
		return
	}
	p.set(match[p.choice%len(match)])
	p.choice++
}

func (m *model) accept() tea.Cmd {
	text := strings.TrimSpace(m.prompt.input.Value())
	m.prompt = nil
	if text == "" {
		return nil
	}
	if n := len(m.typed); n == 0 || m.typed[n-1] != text {
		m.typed = append(m.typed, text)
	}
	return m.resolve(text)
}

func (p *prompt) draw(a grid.Area) {
	x := a.Text(1, 0, "go to: ", theme.HintKey)
	value := []rune(p.input.Value())
	for i, r := range value {
		style := theme.Strong
		if i == p.input.Position() {
			style = theme.Cursor
		}
		x += a.Set(x, 0, r, style)
	}
	if p.input.Position() >= len(value) {
		x += a.Set(x, 0, ' ', theme.Cursor)
	}
	hint := "0x1f00  8k  100s  end-512  +0x200  header 2  hdr2.checksum"
	if x+3+len(hint) < a.W() {
		a.TextRight(a.W()-1, 0, hint, theme.Dim)
	}
}
