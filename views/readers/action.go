package readers

import (
	tea "github.com/charmbracelet/bubbletea"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/eyes"
	"platter/keymap"
	"platter/views"
	"platter/views/grid"
)

// Do carries an action out.
func (v *View) Do(a keymap.Action) tea.Cmd {
	v.canvas.Dirty = true
	switch a {
	case keymap.Left:
		v.column = max(0, v.column-1)
	case keymap.Right:
		v.column = max(0, min(len(v.who)-1, v.column+1))
	case keymap.Open:
		return v.open()
	case keymap.Follow:
		if p, ok := v.cause(); ok {
			return views.Send(views.Goto{To: views.Spot{Place: p}})
		}
	case keymap.ExplainPane:
		return v.explain()
	case keymap.ReaderHashes:
		return v.begin(true)
	case keymap.CompareAgain:
		return v.begin(v.hashed)
	default:
		v.list.Do(a)
	}
	return nil
}

// open goes to the bytes of the range.
func (v *View) open() tea.Cmd {
	r, ok := v.row()
	if !ok {
		return nil
	}
	return views.Send(views.Goto{To: views.Spot{Place: decode.Place{File: disk.VirtualDisk, Offset: r.start, Length: 1}}})
}

// cause is where the file says what the reader under the cursor takes otherwise: why it
// refuses the image, in the range, or when it opens the image. For a reader that agrees it
// is the first cause.
func (v *View) cause() (decode.Place, bool) {
	who, _ := v.reader()
	if who.at.File != "" {
		return who.at, true
	}
	r, _ := v.row()
	var first decode.Place
	for _, c := range r.causes {
		for _, name := range c.Policies {
			if name == who.policy.Name && c.Place.File != "" {
				return c.Place, true
			}
		}
		if first.File == "" {
			first = c.Place
		}
	}
	for _, n := range who.notes {
		if n.Place.File != "" {
			return n.Place, true
		}
	}
	return first, first.File != ""
}

// answerLead is how many columns of an answer its texts do not have.
const answerLead = 18

// explain tells all there is to say of the reader and the range under the cursors.
func (v *View) explain() tea.Cmd {
	who, ok := v.reader()
	if !ok {
		return nil
	}
	a := views.Answer{Image: v.image, Title: who.policy.Name + ": " + who.policy.Program}
	lead := func(at decode.Place, label, text string) {
		for i, line := range grid.Wrap(decode.Printable(text), max(v.w-answerLead, answerLead)) {
			if i > 0 {
				label = ""
			}
			a.Rows = append(a.Rows, views.AnswerRow{Cells: []string{label, line}, Place: at})
		}
	}
	add := func(label, text string) { lead(decode.Place{}, label, text) }
	add("known by", knownBy(who.policy))
	lead(who.at, "image", who.words())
	if who.digest.SHA256 != "" {
		add("SHA-256", who.digest.SHA256)
	}
	for _, n := range who.notes {
		lead(n.Place, "decided", n.Text)
	}
	if r, ok := v.row(); ok {
		add("range", r.where())
		for _, g := range r.groups {
			add("sees", names(g.Policies)+": "+g.Text)
		}
		for _, c := range r.causes {
			lead(c.Place, "because", names(c.Policies)+": "+c.Text)
		}
	}
	for _, d := range who.policy.Deviations(v.format) {
		words := d.Text + " [" + d.Source + ", " + string(d.Sure) + "]"
		if !d.Modelled {
			words += "; not shown here"
		}
		add("does", words)
	}
	return views.Send(a)
}

// knownBy says how it is known what a program does.
func knownBy(p eyes.Policy) string {
	switch {
	case p.Name == eyes.Spec:
		return "the format itself"
	case p.Sure == eyes.Tested:
		return "tests against the program"
	case p.Sure == eyes.Read:
		return "its code"
	}
	return "documents of its makers and users"
}

// Disabled tells why an action would do nothing.
func (v *View) Disabled(a keymap.Action) string {
	_, ok := v.row()
	switch a {
	case keymap.Open:
		if !ok {
			return "there is no range in which the readers differ"
		}
	case keymap.Follow:
		if _, ok := v.cause(); !ok {
			return "nothing in the file is named as a cause here"
		}
	case keymap.ExplainPane:
		if len(v.who) == 0 {
			return "the readers are not known yet"
		}
	case keymap.Escape:
		if !v.running {
			return "there is nothing to leave"
		}
	}
	return ""
}
