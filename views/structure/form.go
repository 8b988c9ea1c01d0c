package structure

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/keymap"
	"platter/views"
)

// form is the line in which a field gets another value. The zero form is
// closed.
type form struct {
	gen    views.Gen
	node   decode.Node
	name   string // of record and field
	toward int    // to the field to go on with, once what was staged is there; 0: this one

	// typedMeanwhile is the keys that came before the field was read.
	typedMeanwhile []tea.KeyMsg

	second string // what to say of the second copy; empty if there is none
	recs   []rec
	input  textinput.Model
	from   int  // column of the line's first character, as drawn
	cut    int  // characters of the line before that one
	seal   bool // checksums are updated too

	err   error
	bytes []byte      // new content of the field; nil while there is none
	words string      // the new value with its meaning
	sums  []disk.Edit // what updates the checksums
}

// rec is a record that the field belongs to: its own, or one around that.
type rec struct {
	disk.Record
	name string
}

// recorded is the bytes of the records that a field belongs to.
type recorded struct {
	gen  views.Gen
	recs []rec
	err  error
}

func (f *form) open() bool { return f.gen != 0 }

// fieldMost is the longest field of plain bytes that fits into a line.
const fieldMost = 64

// noField says why the row under the cursor can't be edited as a field; empty
// if it can.
func (v *View) noField() string {
	n, ok := v.current()
	switch {
	case v.locked() != "":
		return v.locked()
	case !ok:
		return "it is still being read"
	}
	return unfit(n)
}

// unfit says why a node has no line to edit it in; empty if it has.
func unfit(n decode.Node) string {
	switch {
	case n.Field == nil && n.Len() > 0:
		return "this is not a field: open it and choose one"
	case n.Field == nil:
		return "this has no fixed form: edit its bytes in the hex pane (tab, e)"
	case n.Field.Kind() == decode.KindArray:
		return "this is a table: open it and choose a field of one of its rows"
	case len(n.Raw) < n.Field.Size():
		return "the field is cut off by the end of the file"
	case n.Field.Kind() == decode.KindBytes && n.Field.Size() > fieldMost:
		return "these are too many bytes for a line: edit them in the hex pane (tab, e)"
	}
	return ""
}

// openForm opens the line for the field under the cursor.
func (v *View) openForm() tea.Cmd {
	if why := v.noField(); why != "" {
		return views.Send(views.Failed{Err: errors.New(why)})
	}
	n, _ := v.current()
	typed := v.form.typedMeanwhile
	v.form = form{typedMeanwhile: typed, gen: views.NewGen(), node: n, name: v.crumbs(2), input: textinput.New(), seal: true}
	v.form.input.Focus()
	v.form.input.CharLimit = 400
	if place, ok := v.secondPlace(); ok {
		v.form.second = fmt.Sprintf("the copy at 0x%x differs now (%% goes there)", place.Offset)
	}
	i, ok := v.file(n.Place.File)
	if !ok {
		v.form = form{}
		return nil
	}
	return readRecords(v.files[i], v.form.gen, records(v.trail()))
}

// records are those that the last node of a trail belongs to, the innermost
// first.
func records(trail []decode.Node) []rec {
	var out []rec
	list, index := disk.Records(trail)
	for k, i := range index {
		r := rec{list[k], list[k].Layout.Name()}
		if i > 0 {
			r.name = decode.Printable(trail[i-1].Name)
		}
		out = append(out, r)
	}
	return out
}

func readRecords(f disk.File, gen views.Gen, recs []rec) tea.Cmd {
	return func() tea.Msg {
		for i := range recs {
			if err := recs[i].Read(f); err != nil {
				return recorded{gen: gen, err: err}
			}
		}
		return recorded{gen, recs, nil}
	}
}

func (v *View) recorded(msg recorded) tea.Cmd {
	f := &v.form
	if msg.gen != f.gen || !f.open() {
		return nil
	}
	v.canvas.Dirty = true
	if f.err = msg.err; msg.err != nil {
		return nil
	}
	again := len(f.recs) > 0
	f.recs = msg.recs
	if again {
		f.parse()
		return nil
	}
	f.set(f.node.Field.Value(f.recs[0].Data))
	return v.retype()
}

// set puts a text into the line.
func (f *form) set(text string) {
	f.input.SetValue(text)
	f.input.CursorEnd()
	f.parse()
}

// parse works out what the line means.
func (f *form) parse() {
	f.bytes, f.sums, f.words = nil, nil, ""
	if len(f.recs) == 0 {
		return
	}
	own := f.recs[0]
	b, err := f.node.Field.Parse(own.Data, f.input.Value())
	if f.err = err; err != nil {
		return
	}
	f.bytes = b
	after := f.patched(own, []disk.Edit{f.edit()})
	f.words = f.node.Field.Text(after)
	if mark, words := f.node.Field.Verdict(after); mark > decode.Good && words != "" {
		f.words += "  ! " + words
	}
	f.sums = f.seals()
}

// edit is the change of the field itself.
func (f *form) edit() disk.Edit {
	return disk.Edit{File: f.node.Place.File, Offset: f.recs[0].Place.Offset + int64(f.node.Field.Offset()), Data: f.bytes}
}

// same reports whether the line means the value that the field has.
func (f *form) same() bool {
	own := f.recs[0]
	return bytes.Equal(f.patched(own, []disk.Edit{f.edit()}), own.Data)
}

// patched is a record's bytes after some edits.
func (f *form) patched(r rec, edits []disk.Edit) []byte { return r.Patched(edits) }

// seals are the edits that make the checksums over the field fit, from the
// inside out.
func (f *form) seals() []disk.Edit {
	if f.node.Field.IsSum() {
		return nil
	}
	list := make([]disk.Record, len(f.recs))
	for i, r := range f.recs {
		list[i] = r.Record
	}
	return disk.Seals(list, f.edit())
}

// typeForm takes a key for the line.
func (v *View) typeForm(msg tea.KeyMsg) tea.Cmd {
	f := &v.form
	a, _ := keymap.Lookup(keymap.Field, msg.String())
	if msg.Paste {
		a = ""
	}
	if a != keymap.Cancel && len(f.recs) == 0 && f.err == nil {
		f.typedMeanwhile = append(f.typedMeanwhile, msg)
		return nil
	}
	switch a {
	case keymap.Cancel:
		v.form = form{}
	case keymap.Accept:
		return v.acceptForm()
	case keymap.NextField:
		return v.hop(1)
	case keymap.PrevField:
		return v.hop(-1)
	case keymap.Up:
		f.step(1)
	case keymap.Down:
		f.step(-1)
	case keymap.FixSum:
		f.seal = !f.seal
	case keymap.ShowHelp:
		return v.queue.Send(views.Act{Action: keymap.ShowHelp})
	default:
		f.typed(msg)
	}
	return nil
}

// typed edits the line. What can't be seen does not get in.
func (f *form) typed(msg tea.KeyMsg) {
	if msg.Type == tea.KeyRunes {
		var kept []rune
		for _, r := range msg.Runes {
			if s := string(r); decode.Printable(s) == s {
				kept = append(kept, r)
			}
		}
		msg.Runes, msg.Paste = kept, false
	}
	if msg.Type == tea.KeyCtrlH {
		msg = tea.KeyMsg{Type: tea.KeyBackspace}
	}
	f.input, _ = f.input.Update(msg)
	f.parse()
}

// step goes to the next value: of the named ones, or the next number.
func (f *form) step(by int) {
	field := f.node.Field
	if f.bytes == nil || field.Kind() != decode.KindUint && len(field.Names()) == 0 {
		return
	}
	now := f.patched(f.recs[0], []disk.Edit{f.edit()})
	if names := field.Names(); len(names) > 0 {
		at := 0
		for i, n := range names {
			if meaning := field.Meaning(now); n.Name == meaning {
				at = i + by
			}
		}
		f.set(names[(at+len(names))%len(names)].Name)
		return
	}
	next, err := field.Parse(now, strconv.FormatUint(field.Uint(now)+uint64(int64(by)), 10))
	if err != nil {
		return
	}
	f.bytes = next
	f.set(field.Value(f.patched(f.recs[0], []disk.Edit{f.edit()})))
}

// acceptForm stages the value, and as a second change the checksums. A value
// that does not fit leaves the line open.
func (v *View) acceptForm() tea.Cmd {
	f := v.form
	if f.bytes == nil {
		return nil
	}
	v.form = form{}
	return f.stage(v.queue)
}

// stage stages what the line says, if that is anything new.
func (f *form) stage(queue *views.Queue) tea.Cmd {
	old := f.node.Field.Value(f.recs[0].Data)
	value := f.node.Field.Value(f.patched(f.recs[0], []disk.Edit{f.edit()}))
	if old == value {
		return nil
	}
	changes := []views.Stage{{Title: fmt.Sprintf("%s: %s -> %s", f.name, old, value), Edits: []disk.Edit{f.edit()}}}
	if f.seal && len(f.sums) > 0 {
		changes = append(changes, views.Stage{Title: "checksum of " + f.sealed(), Edits: f.sums})
	}
	last := len(changes) - 1
	if changes[last].Note = f.second; last > 0 && f.second == "" {
		changes[last].Note = "and before it: " + changes[0].Title
	} else if last > 0 {
		changes[last].Note = "and before it: " + changes[0].Title + "; " + f.second
	}
	var cmds []tea.Cmd
	for _, c := range changes {
		cmds = append(cmds, queue.Send(c))
	}
	return tea.Batch(cmds...)
}

// sealed names the records whose checksums are updated too.
func (f *form) sealed() string {
	name := ""
	for _, r := range f.recs {
		for _, e := range f.sums {
			if e.Offset >= r.Place.Offset && e.Offset < r.Place.Offset+int64(r.Layout.Size()) && name == "" {
				name = r.name
			}
		}
	}
	return name
}
