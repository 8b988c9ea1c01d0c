package tui

import (
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/decode/inspect"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
	"platter/views/grid"
	"platter/views/widget/menu"
)

// copyLimit bounds what is copied, in bytes of the image: more is saved.
const copyLimit = 1 << 20

// export takes what shows out of the program: to the clipboard, to files, as a
// hash.
type export struct {
	feature
	comparison *comparison
	checks     *checks
	screen     func() keymap.Action // the screen that shows
}

// clip brings text to the clipboard, in the background; what says what it is.
func (e *export) clip(text, what string) tea.Cmd {
	copy := e.cfg.Copy
	if copy == nil {
		e.say("there is no clipboard here", false)
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

// take reads what is pointed at and continues with it, unless it is too large to be
// copied.
func (e *export) take(then func(p views.Pointed, place decode.Place, b []byte) tea.Cmd) tea.Cmd {
	p, _ := e.pointed()
	place := p.Place()
	if place.Length > copyLimit {
		e.say(this(place)+" are too many to copy: S saves them to a file", false)
		return nil
	}
	return e.fetch(place, func(b []byte) tea.Cmd { return then(p, place, b) })
}

// copyPlain copies the bytes pointed at in hexadecimal.
func (e *export) copyPlain() tea.Cmd {
	return e.take(func(_ views.Pointed, place decode.Place, b []byte) tea.Cmd {
		return e.clip(inspect.Copy(inspect.SpacedHex, b, place.Offset), this(place))
	})
}

// form is a form to copy in.
type form struct{ name, text, why string }

// openCopy lets the user choose the form to copy in.
func (e *export) openCopy() tea.Cmd {
	return e.take(func(p views.Pointed, place decode.Place, b []byte) tea.Cmd {
		forms := e.forms(p, b)
		var items []menu.Item
		for _, f := range forms {
			items = append(items, menu.Item{Name: f.name, Help: oneLine(f.text), Why: f.why})
		}
		return e.offer("Copy "+this(place), items, func(i int) tea.Cmd {
			if f := forms[i]; f.why != "" {
				e.say(f.why, false)
				return nil
			}
			return e.clip(forms[i].text, this(place)+" as "+forms[i].name)
		})
	})
}

// forms are all forms of what is pointed at, with what they come to.
func (e *export) forms(p views.Pointed, b []byte) []form {
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
	return append(list, form{name: "address", text: placeText(place)}, form{name: "command line", text: e.commandLine(place)})
}

// commandLine prints the bytes of a place in a shell.
func (e *export) commandLine(p decode.Place) string {
	words := []string{"platter", "read", shellQuote(e.current().path)}
	if p.File != disk.VirtualDisk {
		file := "--file"
		if files := e.current().image.Files(); len(files) > 0 && files[0].Name != p.File {
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
