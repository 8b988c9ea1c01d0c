package tui

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"
)

// press is one key as keymap names it, with the message it came from for
// those who take typed text.
type press struct {
	name string
	msg  tea.KeyMsg
}

// presses takes a key message apart. Keys that arrive in one read come as one
// message with several runes; escape followed quickly by a rune comes as
// alt+rune, which is what was meant only if that is bound.
func presses(msg tea.KeyMsg, bound func(string) bool) []press {
	if msg.Type == tea.KeySpace {
		return []press{{"space", msg}}
	}
	if msg.Type != tea.KeyRunes {
		return []press{{msg.String(), msg}}
	}
	var out []press
	for _, r := range msg.Runes {
		one := tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}}
		if msg.Alt && bound("alt+"+string(r)) {
			one.Alt = true
			out = append(out, press{"alt+" + string(r), one})
			continue
		}
		if msg.Alt {
			out = append(out, press{"esc", tea.KeyMsg{Type: tea.KeyEsc}})
		}
		name := string(r)
		if r == ' ' {
			name, one.Type = "space", tea.KeySpace
		}
		out = append(out, press{name, one})
	}
	return out
}

// keyMsg is the message that a key sends, by its name.
func keyMsg(name string) tea.KeyMsg {
	if t, ok := keyTypes[name]; ok {
		return tea.KeyMsg{Type: t}
	}
	if name == "space" {
		return tea.KeyMsg{Type: tea.KeySpace, Runes: []rune{' '}}
	}
	rest, alt := strings.CutPrefix(name, "alt+")
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(rest), Alt: alt}
}

// keyTypes are the keys that send no runes, by their names.
var keyTypes = func() map[string]tea.KeyType {
	types := map[string]tea.KeyType{}
	for t := tea.KeyF20; t <= tea.KeyBackspace; t++ {
		if name := t.String(); name != "" && t != tea.KeyRunes && t != tea.KeySpace {
			types[name] = t
		}
	}
	return types
}()

// line is a line of text that is typed.
type line string

// edit changes the line as a key says.
func (l *line) edit(p press) {
	switch r := []rune(*l); {
	case p.name == "backspace" || p.name == "ctrl+h":
		*l = line(r[:max(len(r)-1, 0)])
	case p.name == "ctrl+u":
		*l = ""
	default:
		l.typed(p.msg)
	}
}

// typed adds typed or pasted text, made harmless.
func (l *line) typed(msg tea.KeyMsg) {
	if msg.Type == tea.KeyRunes || msg.Type == tea.KeySpace {
		*l += line(plainText(string(msg.Runes)))
	}
}
