package hexedit

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/keymap"
	"platter/views"
	"platter/views/hexgrid"
)

// lineMost bounds the line of bytes that is typed, in characters.
const lineMost = 4096

// tailShown is how much of the line's end shows.
const tailShown = 24

// tail is the end of the line, for the title.
func (m *Mode) tail() string {
	text := m.line
	if len(text) > tailShown {
		text = append([]rune(".."), text[len(text)-tailShown:]...)
	}
	return decode.Printable(string(text))
}

// ask takes a key for the line.
func (m *Mode) ask(p Pad, msg tea.KeyMsg) tea.Cmd {
	a, _ := keymap.Lookup(keymap.Paste, msg.String())
	switch {
	case a == keymap.Accept && !msg.Paste:
		return m.pasteLine(p)
	case a == keymap.ShowHelp && !msg.Paste:
		return p.ask(a)
	case a == keymap.Cancel && !msg.Paste:
		m.Stop()
	case a == keymap.StepBack && !msg.Paste:
		m.line = m.line[:max(len(m.line)-1, 0)]
	case msg.Type == tea.KeySpace:
		m.line = append(m.line, ' ')
	case msg.Type == tea.KeyRunes:
		m.line = append(m.line, msg.Runes...)
		m.line = m.line[:min(len(m.line), lineMost)]
	}
	return nil
}

// pasteLine puts in what the line says. A line that is wrong stays, to be
// corrected.
func (m *Mode) pasteLine(p Pad) tea.Cmd {
	data, err := p.repeated(string(m.line))
	if err == nil {
		err = fits(p, data)
	}
	if err != nil {
		return fail(err)
	}
	m.Stop()
	if len(data) == 0 {
		return nil
	}
	return into(p, data)
}

// repeated is what a line says; after fill: as often as it takes to fill the selection.
func (p Pad) repeated(line string) ([]byte, error) {
	pattern, fill := strings.CutPrefix(strings.TrimSpace(line), "fill:")
	data, err := parseLine(p.Bytes.Text(), pattern)
	if err != nil || !fill || len(data) == 0 {
		return data, err
	}
	r := p.Bytes.Selection()
	n := r.End - r.Start
	switch {
	case r.Empty():
		return nil, errors.New("select the bytes to fill first (v, then move)")
	case n > fillMost:
		return nil, fmt.Errorf("%d bytes are too many to fill at once: at most %d", n, fillMost)
	}
	return bytes.Repeat(data, int(n)/len(data)+1)[:n], nil
}

// fits says why there is no room for what was pasted: nothing that a person
// edits changes a file's length.
func fits(p Pad, data []byte) error {
	if _, _, left := p.room(); int64(len(data)) > left {
		return fmt.Errorf("%d bytes don't fit: %d are left up to the end, and nothing is ever inserted", len(data), left)
	}
	return nil
}

// into overwrites with what was pasted. More than what is selected asks first;
// more than there is room for goes nowhere.
func into(p Pad, data []byte) tea.Cmd {
	if err := fits(p, data); err != nil {
		return fail(err)
	}
	start, selected, _ := p.room()
	n := int64(len(data))
	if selected == 0 || n <= selected {
		return p.putAt(start, data)
	}
	return p.Queue.Send(views.PastSelection(n, selected, func(n int64) tea.Cmd { return p.putAt(start, data[:n]) }))
}

// parseLine reads bytes in hexadecimal, or the characters of a text in quotes
// as the text column reads them.
func parseLine(e hexgrid.Encoding, line string) ([]byte, error) {
	text := strings.TrimSpace(line)
	if packed, ok := strings.CutPrefix(text, "base64:"); ok {
		b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(packed), ""))
		if err != nil {
			return nil, fmt.Errorf("that is no base64: %w", err)
		}
		return b, nil
	}
	if !strings.HasPrefix(text, `"`) {
		return ParseHex(text)
	}
	text = text[1:]
	if !strings.HasSuffix(text, `"`) {
		return nil, errors.New("the closing quote is missing")
	}
	if e == hexgrid.Off {
		e = hexgrid.ASCII
	}
	return encode(e, strings.TrimSuffix(text, `"`))
}
