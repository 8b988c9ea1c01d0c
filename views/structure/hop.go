package structure

import (
	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/views"
)

// hop stages what the line says and continues with the next field of the same
// structure that has a line, or the previous one; after the last comes the
// first. A value that does not fit stays to be corrected. The line is open all
// the time: what is typed before the next field is read goes into that.
func (v *View) hop(step int) tea.Cmd {
	f := v.form
	if f.bytes == nil {
		return nil
	}
	v.form = form{gen: views.NewGen(), name: f.name, toward: step}
	if cmd := f.stage(v.queue); cmd != nil { // the tree is read again first
		return cmd
	}
	return v.nextField()
}

// hopMost bounds the neighbours that are tried.
const hopMost = 4096

// hopped is the field to go on with.
type hopped struct {
	gen   views.Gen
	index int
	node  decode.Node
}

// nextField looks for the field that the line continues with.
func (v *View) nextField() tea.Cmd {
	parent, at, step, gen := v.tree.cursor.in.node, v.tree.cursor.index, v.form.toward, v.form.gen
	return func() tea.Msg {
		n := parent.Len()
		i := at
		for range min(n, hopMost) {
			i = (i + step + n) % n
			if c := parent.Child(i); unfit(c) == "" {
				return hopped{gen, i, c}
			}
		}
		return hopped{gen: gen, index: -1}
	}
}

// hopped opens the line for the field that was found.
func (v *View) hopped(msg hopped) tea.Cmd {
	if msg.gen != v.form.gen || !v.form.open() {
		return nil
	}
	v.canvas.Dirty = true
	if msg.index < 0 {
		v.form = form{}
		return nil
	}
	k := key{v.tree.cursor.in, msg.index}
	v.tree.cursor = k
	v.tree.put([]key{k}, []decode.Node{msg.node})
	return tea.Batch(v.moved(), v.openForm())
}

// refreshForm brings the line up to date with an image that has changed.
func (v *View) refreshForm() tea.Cmd {
	f := &v.form
	switch i, ok := v.file(f.node.Place.File); {
	case !f.open():
		return nil
	case f.toward != 0:
		return v.nextField()
	case ok:
		return readRecords(v.files[i], f.gen, records(v.trail()))
	}
	return nil
}

// retype takes the keys that came too early.
func (v *View) retype() tea.Cmd {
	keys := v.form.typedMeanwhile
	v.form.typedMeanwhile = nil
	var cmds []tea.Cmd
	for _, k := range keys {
		if !v.form.open() {
			break
		}
		cmds = append(cmds, v.typeForm(k))
	}
	return tea.Batch(cmds...)
}
