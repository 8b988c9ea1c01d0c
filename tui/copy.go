package tui

import (
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/decode/inspect"
	"platter/engine/disk"
	"platter/views"
	"platter/views/grid"
	"platter/views/widget/menu"
)

// copyLimit bounds what is copied, in bytes of the image: more is saved.
const copyLimit = 1 << 20

// clip brings text to the clipboard, in the background; what says what it is.
func (m *model) clip(text, what string) tea.Cmd {
	copy := m.cfg.Copy
	if copy == nil {
		m.say("there is no clipboard here", false)
		return nil
	}
	return func() tea.Msg {
		words, err := copy(text)
		switch {
		case err != nil:
			return said{err.Error(), true}
		case words == "":
			words = "copied " + what
			if one := oneLine(text); one != "" {
				words += ": " + one
			}
		}
		return said{text: words}
	}
}

// oneLine is the beginning of a text, for the status line.
func oneLine(text string) string {
	line, _, more := strings.Cut(text, "\n")
	if line = grid.Fit(line, 48); more {
		line += " .."
	}
	return line
}

// this words what is pointed at: its size and place.
func this(p decode.Place) string {
	noun := "bytes"
	if p.Length == 1 {
		noun = "byte"
	}
	return fmt.Sprintf("%d %s at %s", p.Length, noun, placeText(p))
}

// tooLarge tells that something is too large to be copied.
func (m *model) tooLarge(p decode.Place) bool {
	if p.Length > copyLimit {
		m.say(this(p)+" are too many to copy: S saves them to a file", false)
		return true
	}
	return false
}

// copyPlain copies the bytes pointed at in hexadecimal.
func (m *model) copyPlain() tea.Cmd {
	p, _ := m.pointed()
	place := p.Place()
	if m.tooLarge(place) {
		return nil
	}
	return m.fetch(place, func(b []byte) tea.Cmd {
		return m.clip(inspect.Copy(inspect.SpacedHex, b, place.Offset), this(place))
	})
}

// form is a form to copy in.
type form struct{ name, text, why string }

// openCopy lets the user choose the form to copy in.
func (m *model) openCopy() tea.Cmd {
	p, _ := m.pointed()
	place := p.Place()
	if m.tooLarge(place) {
		return nil
	}
	return m.fetch(place, func(b []byte) tea.Cmd {
		forms := m.forms(p, b)
		var items []menu.Item
		for _, f := range forms {
			items = append(items, menu.Item{Name: f.name, Help: oneLine(f.text), Why: f.why})
		}
		m.cover(&choice{menu.New("Copy "+this(place), items), func(i int) tea.Cmd {
			if f := forms[i]; f.why != "" {
				m.say(f.why, false)
				return nil
			}
			return m.clip(forms[i].text, this(place)+" as "+forms[i].name)
		}})
		return nil
	})
}

// forms are all forms of what is pointed at, with what they come to.
func (m *model) forms(p views.Pointed, b []byte) []form {
	place := p.Place()
	var list []form
	for _, f := range inspect.Formats() {
		one := form{name: string(f), text: inspect.Copy(f, b, place.Offset)}
		if one.text == "" {
			one.why = "takes 16 bytes for each"
		}
		list = append(list, one)
	}
	if n, ok := p.Node(); ok && n.Value != "" && n.Place == place {
		list = append(list, form{name: "value", text: decode.Printable(n.Value)})
	}
	return append(list, form{name: "address", text: placeText(place)}, form{name: "command line", text: m.commandLine(place)})
}

// commandLine prints the bytes of a place in a shell.
func (m *model) commandLine(p decode.Place) string {
	words := []string{"platter", "read", shellQuote(m.path)}
	if p.File != disk.VirtualDisk {
		file := "--file"
		if files := m.image.Files(); len(files) > 0 && files[0].Name != p.File {
			file += "=" + shellQuote(p.File)
		}
		words = append(words, file)
	}
	return strings.Join(append(words, fmt.Sprintf("--offset 0x%x --length %d", p.Offset, p.Length)), " ")
}

// shellQuote quotes a word for a POSIX shell. Control characters are quoted in
// the form that bash and zsh know, so that pasting the line is harmless.
func shellQuote(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:,+=@%", r)
	}
	switch {
	case s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0:
		return s
	case decode.Printable(s) == s:
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	var b strings.Builder
	b.WriteString("$'")
	for _, c := range []byte(s) {
		if plain(rune(c)) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\x%02x`, c)
		}
	}
	return b.String() + "'"
}
