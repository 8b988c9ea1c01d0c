package tui

import (
	"errors"
	"fmt"
	"io"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/decode/inspect"
	"platter/engine/disk"
	"platter/views"
	"platter/views/widget/menu"
)

// values are the ways to change bytes by what they mean: as a field of a structure, as a
// number, a date or a GUID.
func (h *hands) values(p views.Pointed) []way {
	_, why := fieldUnder(p)
	return []way{
		{menu.Item{Name: "field", Help: "change the field here, with its checksums", Why: why}, func() tea.Cmd { return h.readField(p) }},
		{menu.Item{Name: "value", Help: "type a number, a date or a GUID at the cursor"}, func() tea.Cmd { return h.readValues(p.Cursor) }},
	}
}

// noField says that nothing known lies under the cursor.
const noField = "there is no field of a known structure here"

// fieldUnder is the field around the cursor, and why it can't be typed as one; empty if it can.
func fieldUnder(p views.Pointed) (n decode.Node, why string) {
	n, ok := p.Node()
	switch {
	case !ok || n.Field == nil || n.Field.Kind() == decode.KindArray || len(n.Raw) < n.Field.Size():
		return n, noField
	case n.Field.Kind() == decode.KindBytes && n.Field.Size() > fieldMost:
		return n, decode.Printable(n.Name) + " has too many bytes for a line: type over them"
	}
	return n, ""
}

// fieldMost is the longest field of plain bytes that fits into a line.
const fieldMost = 64

// readField reads the structures around the field and asks for its value.
func (h *hands) readField(p views.Pointed) tea.Cmd {
	n, _ := fieldUnder(p)
	recs, _ := disk.Records(p.Nodes)
	s, err := h.surface(p.Cursor)
	if err != nil || len(recs) == 0 {
		h.say(noField, false)
		return nil
	}
	return h.later(func() (tea.Msg, error) {
		for i := range recs {
			if err := recs[i].Read(disk.File{Name: p.Cursor.File, Size: s.Size, Data: s}); err != nil {
				return nil, err
			}
		}
		return shown{then: func() tea.Cmd { return h.askField(n, recs) }}, nil
	})
}

// askField asks for the value of a field. What it means shows while it is typed.
func (h *hands) askField(n decode.Node, recs []disk.Record) tea.Cmd {
	own, name := recs[0], decode.Printable(n.Name)
	change := func(text string) (disk.Edit, error) {
		b, err := n.Field.Parse(own.Data, text)
		return disk.Edit{File: n.Place.File, Offset: own.Place.Offset + int64(n.Field.Offset()), Data: b}, err
	}
	pr := &prompt{kind: "field " + name, name: name}
	pr.changed = func(text string) {
		e, err := change(text)
		if err != nil {
			pr.wrong, pr.hint = err.Error(), ""
			return
		}
		pr.hint = decode.Printable(n.Field.Text(own.Patched([]disk.Edit{e})))
	}
	pr.accept = func(text string) tea.Cmd {
		e, err := change(text)
		if err != nil {
			h.say(err.Error(), true)
			return nil
		}
		return h.stageField(n, recs, e)
	}
	return h.openPrompt(pr, n.Field.Value(own.Data))
}

// stageField stages a field, and as a second change the checksums over it.
func (h *hands) stageField(n decode.Node, recs []disk.Record, e disk.Edit) tea.Cmd {
	own, name := recs[0], decode.Printable(n.Name)
	old, now := n.Field.Value(own.Data), n.Field.Value(own.Patched([]disk.Edit{e}))
	if old == now {
		h.say(name+" has this value already", false)
		return nil
	}
	title := fmt.Sprintf("%s: %s -> %s", name, decode.Printable(old), decode.Printable(now))
	sums := views.Stage{Title: "checksum over " + name, Note: "and before it: " + title}
	if !n.Field.IsSum() {
		sums.Edits = disk.Seals(recs, e)
	}
	cmds := []tea.Cmd{h.edits.drain(), h.edits.wanted(views.Stage{Title: title, Edits: []disk.Edit{e}})}
	if len(sums.Edits) > 0 {
		cmds = append(cmds, h.edits.wanted(sums))
	}
	if n.Place.File == disk.VirtualDisk && !n.Field.IsSum() {
		last := h.edits.last
		cmds = append(cmds, h.edits.enqueue(func(ed disk.Session) (string, error) { return last.sums(ed, n.Place, title) }))
	}
	return tea.Batch(cmds...)
}

// readValues reads the bytes at the cursor and lists what they may be.
func (h *hands) readValues(at decode.Place) tea.Cmd {
	s, err := h.surface(at)
	if err != nil {
		h.say(err.Error(), true)
		return nil
	}
	return h.later(func() (tea.Msg, error) {
		b := make([]byte, inspect.Window)
		n, err := s.ReadAt(b, at.Offset)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		return shown{then: func() tea.Cmd { return h.chooseValue(at, b[:n]) }}, nil
	})
}

// chooseValue asks what the bytes are to be read as.
func (h *hands) chooseValue(at decode.Place, b []byte) tea.Cmd {
	var list []way
	for _, o := range []decode.Order{decode.Little, decode.Big} {
		for _, r := range inspect.Readings(b, o) {
			if r.Size == 0 || !slices.Contains(inspect.Writable(), r.Name) && r.Text != "" || o == decode.Big && !inspect.Ordered(r.Name) {
				continue
			}
			name := r.Name
			if inspect.Ordered(r.Name) {
				name += " " + o.String()
			}
			list = append(list, way{menu.Item{Name: name, Help: "now " + decode.Printable(r.Text)}, func() tea.Cmd { return h.askValue(at, r, name, o) }})
		}
	}
	return h.choose("Value at "+placeText(at), list)
}

// askValue asks for the value, and overwrites exactly its bytes.
func (h *hands) askValue(at decode.Place, r inspect.Reading, name string, o decode.Order) tea.Cmd {
	pr := &prompt{kind: "value", name: name}
	pr.changed = func(text string) {
		b, err := inspect.Encode(r.Name, text, o)
		if err != nil {
			pr.wrong, pr.hint = err.Error(), ""
			return
		}
		pr.hint = fmt.Sprintf("% x", b)
	}
	pr.accept = func(text string) tea.Cmd {
		b, err := inspect.Encode(r.Name, text, o)
		if err != nil {
			h.say(err.Error(), true)
			return nil
		}
		return h.stage(fmt.Sprintf("%s %s at %s", name, decode.Printable(text), placeText(at)), at, b)
	}
	return h.openPrompt(pr, r.Text)
}
