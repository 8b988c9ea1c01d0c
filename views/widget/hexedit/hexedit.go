// Package hexedit is the mode in which bytes are overwritten in a hex pane:
// digits in the hexadecimal column, characters in the text column. It is the
// one mode of the screens. It moves nothing and stages nothing itself: the
// screen does. Bytes are overwritten only; none can be put in or taken out, that
// would move all that follows.
package hexedit

import (
	"errors"
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"platter/keymap"
	"platter/views/hexgrid"
)

// Mode is the state of the mode. The zero Mode is off.
type Mode struct {
	on     bool
	fill   bool // the next byte fills the selection
	asking bool // a line of bytes is typed that enter puts in
	line   []rune
	inText bool
	half   bool // the high digit is typed
	high   byte
	next   int64 // where typing goes on, in bytes; 0 if it was not typed just now
}

// Start turns the mode on; fill says that the next byte typed fills the
// selection and ends it.
func (m *Mode) Start(fill bool) { *m = Mode{on: true, fill: fill, inText: m.inText} }

// StartPaste turns the mode on for one line: bytes in hexadecimal, or a text
// in quotes, which enter puts in from the cursor on.
func (m *Mode) StartPaste() { *m = Mode{on: true, asking: true, inText: m.inText} }

// Stop turns the mode off. A digit that has no second one is dropped.
func (m *Mode) Stop() { *m = Mode{inText: m.inText} }

// On reports whether the mode is on.
func (m *Mode) On() bool { return m.on }

// Context is the keys of the mode while it is on.
func (m *Mode) Context() keymap.Context {
	if m.asking {
		return keymap.Paste
	}
	return keymap.Edit
}

// InText reports whether characters are typed, not digits.
func (m *Mode) InText() bool { return m.on && m.inText }

// Half is the high digit that waits for its low one.
func (m *Mode) Half() (digit byte, ok bool) { return m.high, m.half }

// SetColumn chooses where the mode types: in the text or in the digits.
func (m *Mode) SetColumn(text bool) { m.inText, m.half = text, false }

// Words say what the mode does, for titles and the status line.
func (m *Mode) Words() string {
	switch {
	case m.asking:
		return "PASTE hex or \"text\": " + m.tail() + "_  enter pastes it"
	case m.fill && m.inText:
		return "FILL: type a character"
	case m.fill:
		return "FILL: type two digits"
	case m.inText:
		return "EDIT overwrite, text column"
	}
	return "EDIT overwrite, hex column"
}

// Type takes a key. The message holds one key, or a paste.
func (m *Mode) Type(p Pad, msg tea.KeyMsg) tea.Cmd {
	if m.asking {
		return m.ask(p, msg)
	}
	if msg.Paste {
		return m.paste(p, string(msg.Runes))
	}
	if a, ok := keymap.Lookup(keymap.Edit, msg.String()); ok {
		return m.do(p, a)
	}
	switch msg.Type {
	case tea.KeySpace:
		return m.typed(p, ' ')
	case tea.KeyRunes:
		var cmds []tea.Cmd
		for _, r := range msg.Runes {
			cmds = append(cmds, m.typed(p, r))
		}
		return tea.Batch(cmds...)
	}
	return nil
}

func (m *Mode) do(p Pad, a keymap.Action) tea.Cmd {
	dropped := m.half
	m.half, m.next = false, 0
	switch a {
	case keymap.Cancel:
		m.Stop()
		return nil
	case keymap.OtherColumn:
		m.inText = !m.inText && p.Bytes.Text() != hexgrid.Off
		return nil
	case keymap.StepBack:
		if dropped { // takes the one digit back
			return nil
		}
		return tea.Batch(p.Screen.Do(keymap.Left), p.Screen.Do(keymap.RevertBytes))
	case keymap.Undo, keymap.Redo, keymap.GoTo, keymap.Review, keymap.FixSum, keymap.ShowHelp:
		return p.ask(a)
	}
	return p.Screen.Do(a)
}

// typed takes one character.
func (m *Mode) typed(p Pad, r rune) tea.Cmd {
	if m.next > 0 && m.next >= p.Bytes.Size() { // the cursor stands on the last byte still
		return fail(errors.New("this is the end: there is no room after the last byte"))
	}
	if m.inText {
		b, ok := p.Bytes.Text().Encode(r)
		if !ok {
			return fail(fmt.Errorf("%q can't be written in %s", r, p.Bytes.Text()))
		}
		return m.put(p, b)
	}
	d, ok := digit(r)
	if !ok {
		return fail(fmt.Errorf("%q is not a hexadecimal digit: tab goes to the text, esc leaves the mode; bytes can only be overwritten", r))
	}
	if _, ok := p.byte(); !ok && !m.fill {
		return fail(errors.New("this byte is not read yet"))
	}
	if m.half = !m.half; m.half {
		m.high = d
		return nil
	}
	return m.put(p, []byte{m.high<<4 | d})
}

// put hands bytes over to the pane.
func (m *Mode) put(p Pad, b []byte) tea.Cmd {
	if !m.fill {
		m.next = p.Bytes.Cursor() + int64(len(b))
		return p.put(b)
	}
	if len(b) != 1 {
		return fail(errors.New("a selection is filled with a single byte"))
	}
	m.Stop()
	return p.fill(b[0])
}

// paste overwrites with what was pasted: hexadecimal digits in their column,
// characters in the text.
func (m *Mode) paste(p Pad, text string) tea.Cmd {
	m.half = false
	var data []byte
	var err error
	if m.inText {
		data, err = encode(p.Bytes.Text(), text)
	} else {
		data, err = ParseHex(text)
	}
	if err != nil {
		return fail(err)
	}
	if len(data) == 0 {
		return nil
	}
	if m.fill {
		return m.put(p, data)
	}
	return into(p, data)
}

func encode(e hexgrid.Encoding, text string) ([]byte, error) {
	var data []byte
	for _, r := range text {
		b, ok := e.Encode(r)
		if !ok {
			return nil, fmt.Errorf("%q can't be written in %s", r, e)
		}
		data = append(data, b...)
	}
	return data, nil
}

// ParseHex reads bytes as people write them: pairs of digits, with or without
// blanks, line breaks, commas, colons and 0x between them.
func ParseHex(text string) ([]byte, error) {
	var data []byte
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n,:;-_{}[]", r) }) {
		word = strings.TrimPrefix(strings.TrimPrefix(word, "0x"), `\x`)
		if len(word)%2 != 0 {
			return nil, fmt.Errorf("%q is not hexadecimal: an odd number of digits", word)
		}
		for i := 0; i < len(word); i += 2 {
			high, ok := digit(rune(word[i]))
			low, ok2 := digit(rune(word[i+1]))
			if !ok || !ok2 {
				return nil, fmt.Errorf("%q is not hexadecimal", word)
			}
			data = append(data, high<<4|low)
		}
	}
	return data, nil
}

func digit(r rune) (byte, bool) {
	switch {
	case r >= '0' && r <= '9':
		return byte(r - '0'), true
	case r >= 'a' && r <= 'f':
		return byte(r-'a') + 10, true
	case r >= 'A' && r <= 'F':
		return byte(r-'A') + 10, true
	}
	return 0, false
}
