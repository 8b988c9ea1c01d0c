package report

import (
	"encoding/hex"
	"fmt"
	"io"

	"platter/decode"
	"platter/engine/damage"
)

// Broken is a damaged copy that was made.
type Broken struct {
	Outcome
	Path, Key string
	Faults    int
}

// Break reports that a damaged copy was made, and nothing of what is wrong with it.
func Break(w io.Writer, b Broken, form Form) error {
	if form == JSON {
		d := newDocument(w, "break")
		d.outcome(b.Outcome)
		d.number("faults", int64(b.Faults))
		d.text("image", b.Path)
		d.text("key", b.Key)
		return d.end(nil)
	}
	p := newPage(w)
	p.print("%s: a copy with %s", b.Path, decode.Plural(b.Faults, "fault", "faults"))
	p.print("%s: the answer, packed so that nobody reads it by accident (it is not encrypted)", b.Key)
	p.print("platter lesson check %s says how far it was repaired", b.Path)
	return p.end(nil)
}

// Faults lists kinds of damage.
func Faults(w io.Writer, list []damage.Fault, form Form) error {
	if form == JSON {
		d := newDocument(w, "break")
		d.outcome(Outcome{DryRun: true})
		d.list("known")
		for _, f := range list {
			d.item()
			d.text("code", f.Code)
			d.text("about", f.About)
			d.close()
		}
		return d.end(nil)
	}
	p := newPage(w)
	for _, f := range list {
		p.print("%-10s  %s", f.Code, f.About)
	}
	return p.end(nil)
}

// Marks reports how far a damaged image was repaired, and with answers what each fault is.
func Marks(w io.Writer, m damage.Marks, answers bool, form Form) error {
	if form == JSON {
		return marksJSON(w, m, answers)
	}
	got, of := m.Points()
	p := newPage(w)
	for i, f := range m.Faults {
		p.mark(fmt.Sprintf("fault %d of %d", i+1, len(m.Faults)), f)
		if m.Asked && f.Named {
			p.print("  a byte of it was named")
		} else if m.Asked {
			p.print("  no byte of it was named")
		}
		if answers {
			p.answer(f.KeyFault)
		}
	}
	for _, off := range m.Wrong {
		p.print("named, and no fault lies there: 0x%x", off)
	}
	switch {
	case m.Exact:
		p.print("the file is what it was before it was damaged, byte for byte")
	case len(m.Touched) > 0:
		p.print("something else was changed, in:")
		p.placed(m.Touched)
	default:
		p.print("nothing was changed but the bytes of the faults, and those that repairs of them write")
	}
	if m.Other {
		p.print("the disk does not show what it showed before it was damaged")
	}
	for _, f := range m.New {
		p.print("found now, and not before the damage: %s  %s", f.Code, f.Text)
	}
	p.print("score: %d of %d points", got, of)
	return p.end(nil)
}

func marksJSON(w io.Writer, m damage.Marks, answers bool) error {
	got, of := m.Points()
	d := newDocument(w, "lesson")
	d.bool("passed", m.Passed())
	d.number("points", int64(got))
	d.number("of", int64(of))
	d.bool("exact", m.Exact)
	d.list("faults")
	for _, f := range m.Faults {
		d.item()
		d.text("code", f.Code)
		d.text("about", f.About)
		d.bool("repaired", f.Done)
		d.text("state", stateOf(f))
		d.bool("named", f.Named)
		d.located("left", f.Left)
		if answers {
			d.text("finding", f.Text)
			d.list("changes")
			for _, c := range f.Changes {
				d.item()
				d.number("offset", c.Offset)
				d.text("good", hex.EncodeToString(c.Before))
				d.text("damaged", hex.EncodeToString(c.After))
				d.close()
			}
			d.close()
		}
		d.close()
	}
	d.close()
	d.list("wrongly_named")
	for _, off := range m.Wrong {
		d.item()
		d.number("offset", off)
		d.close()
	}
	d.close()
	d.located("touched", m.Touched)
	d.bool("other_content", m.Other)
	d.list("new_findings")
	for _, f := range m.New {
		d.finding(f)
	}
	return d.end(nil)
}

// mark tells what became of a fault.
func (p *page) mark(name string, f damage.FaultMark) {
	switch {
	case f.Done && len(f.Left) == 0:
		p.print("%s: repaired: %s, %s", name, f.Code, f.About)
	case f.Done:
		p.print("%s: repaired in another way than byte for byte: %s, %s", name, f.Code, f.About)
	default:
		state := "not repaired"
		if !f.Untouched {
			state += ", though changed"
		}
		p.print("%s: %s: %s, %s", name, state, f.Code, f.About)
		p.print("  these bytes are not what they were:")
		p.placed(f.Left)
	}
}

// stateOf is what became of a fault in a word.
func stateOf(f damage.FaultMark) string {
	switch {
	case f.Done && len(f.Left) == 0:
		return "repaired"
	case f.Done:
		return "repaired in another way"
	case f.Untouched:
		return "untouched"
	}
	return "changed"
}

// answerBytes is how many bytes of a change an answer shows.
const answerBytes = 16

// answer tells all that the key holds of a fault.
func (p *page) answer(f damage.KeyFault) {
	p.print("  answer: the check says: %s", f.Text)
	show := func(b []byte) string {
		text := fmt.Sprintf("% x", b[:min(len(b), answerBytes)])
		switch {
		case len(b) == 0:
			return "no bytes"
		case len(b) > answerBytes:
			return fmt.Sprintf("%s .. (%d bytes)", text, len(b))
		}
		return text
	}
	for _, c := range f.Changes[:min(len(f.Changes), placesListed)] {
		p.print("  answer: at 0x%x the good bytes are %s; the damage made them %s", c.Offset, show(c.Before), show(c.After))
	}
	if more := len(f.Changes) - placesListed; more > 0 {
		p.print("  answer: and %s more; --json lists all", decode.Plural(more, "change", "changes"))
	}
}

// placed lists places, the first of them.
func (p *page) placed(list []decode.Place) {
	for _, at := range list[:min(len(list), placesListed)] {
		p.print("  %s 0x%x, %s", at.File, at.Offset, decode.Plural(at.Length, "byte", "bytes"))
	}
	if more := len(list) - placesListed; more > 0 {
		p.print("  and %s more; --json lists all", decode.Plural(more, "place", "places"))
	}
}

// LessonRow is a lesson, and how many of its tasks are done.
type LessonRow struct {
	Name, Title, About, Image string
	Done, Tasks               int
}

// Lessons lists lessons.
func Lessons(w io.Writer, list []LessonRow, form Form) error {
	if form == JSON {
		d := newDocument(w, "lesson")
		d.list("lessons")
		for _, l := range list {
			d.item()
			d.text("name", l.Name)
			d.text("title", l.Title)
			d.text("about", l.About)
			d.text("image", l.Image)
			d.number("done", int64(l.Done))
			d.number("tasks", int64(l.Tasks))
			d.close()
		}
		return d.end(nil)
	}
	p := newPage(w)
	for _, l := range list {
		p.print("%-16s  %2d of %2d done  %s", l.Name, l.Done, l.Tasks, l.Title)
		p.print("  %s", l.About)
	}
	p.print("")
	p.print("done counts tasks; platter lesson NAME opens a lesson")
	return p.end(nil)
}
