package vmdk

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"

	"platter/decode/vmdk"
	"platter/engine/disk"
)

// splice puts other text in the place of a part of the descriptor.
type splice struct {
	at   vmdk.Part
	text string
}

// grown is the length of the text after the splices.
func (m *Image) grown(parts []splice) int64 {
	n := int64(m.text.Size)
	for _, p := range parts {
		n += int64(len(p.text) - p.at.Length)
	}
	return n
}

// room is how long the text may become without changing the length of the
// file: a NUL stays behind it inside an extent.
func (m *Image) room() int64 {
	if !m.separate {
		return m.textAt.Length - 1
	}
	return m.textAt.Length
}

// rewrite is the repair of changing parts of the descriptor that do not
// overlap. Inside an extent the text may grow into the room that is reserved
// for it; a file of its own gets another length. There is no such repair if the
// new text does not fit.
func (m *Image) rewrite(title, risk string, parts ...splice) []disk.Repair {
	if len(parts) == 0 || m.text.Fault != "" {
		return nil
	}
	return m.replace(title, risk, parts)
}

func (m *Image) replace(title, risk string, parts []splice) []disk.Repair {
	n := m.grown(parts)
	if !m.separate && n > m.room() || n > vmdk.MaxDescriptor {
		return nil
	}
	return []disk.Repair{{Title: title, Risk: risk, Edits: func(context.Context) ([]disk.Edit, error) { return m.retext(parts) }}}
}

// retext carries the splices out.
func (m *Image) retext(parts []splice) ([]disk.Edit, error) {
	old, err := m.main.head(m.textAt.Offset, int64(m.text.Size))
	if err != nil {
		return nil, err
	}
	if len(old) < m.text.Size {
		return nil, m.main.impossible(m.textAt.Offset, int64(m.text.Size), "the descriptor has changed while it was looked at")
	}
	parts = slices.Clone(parts)
	slices.SortStableFunc(parts, func(a, b splice) int {
		return cmp.Or(a.at.Offset-b.at.Offset, a.at.Length-b.at.Length) // what is put in comes before what goes
	})
	var out []byte
	pos := 0
	for _, p := range parts {
		if p.at.Offset < pos || p.at.Offset > len(old) {
			return nil, m.main.impossible(m.textAt.Offset+int64(p.at.Offset), int64(p.at.Length), "two changes of the text meet: settle the other findings about it first")
		}
		out = append(append(out, old[pos:p.at.Offset]...), p.text...)
		pos = min(p.at.Offset+p.at.Length, len(old)) // the last line may lack the end that goes with it
	}
	out = append(out, old[pos:]...)
	d := &draft{f: m.main, size: m.main.Size}
	if m.fillsFile() {
		d.size = int64(len(out))
	} else if n := len(old) - len(out); n > 0 {
		out = append(out, make([]byte, n)...)
	} else {
		rest, err := m.remains(int64(-n))
		if err != nil {
			return nil, err
		}
		out = append(out, make([]byte, rest)...)
	}
	d.exactly(m.textAt.Offset, old, out)
	return d.finish()
}

// remains is how many bytes of an older text have to become zeros behind a text
// that grows over the NUL at its end: they would be read as part of it. More
// than QEMU leaves is for the user to look at first.
func (m *Image) remains(grow int64) (int64, error) {
	at := m.textAt.Offset + int64(m.text.Size)
	behind := m.textAt.Length - int64(m.text.Size)
	if grow == 0 || m.fillsFile() {
		return 0, nil
	}
	b, err := m.main.head(at, min(behind, grow+1+leftover))
	if err != nil {
		return 0, err
	}
	if len(bytes.Trim(b[:min(grow+1, int64(len(b)))], "\x00")) == 0 {
		return 0, nil
	}
	n := int64(len(bytes.TrimRight(b, "\x00")))
	if n > leftover {
		return 0, m.main.impossible(at, behind, "what lies behind the end of the text would become part of it, or be lost: settle D8 first")
	}
	return max(0, n-grow), nil
}

// fillsFile reports whether the text is all that its file holds, or more than
// is read of it.
func (m *Image) fillsFile() bool {
	return m.separate && (int64(m.text.Size) == m.textAt.Length || m.text.Size == vmdk.MaxDescriptor)
}

// exactly writes what differs between two texts, and nothing more than that:
// people read these edits.
func (d *draft) exactly(off int64, old, out []byte) {
	n := min(len(old), len(out))
	d.edits = append(d.edits, disk.Patch(d.f.Name, off, old[:n], out[:n])...)
	if rest := out[n:]; len(rest) > 0 {
		if off+int64(n) < d.f.Size {
			inside := min(int64(len(rest)), d.f.Size-off-int64(n))
			d.edits = append(d.edits, disk.Edit{File: d.f.Name, Offset: off + int64(n), Data: rest[:inside]})
			n, rest = n+int(inside), rest[inside:]
		}
		if len(rest) > 0 {
			d.edits = append(d.edits, disk.Edit{File: d.f.Name, Offset: off + int64(n), Data: rest})
		}
		d.size = max(d.size, off+int64(n+len(rest)))
	}
}

// set gives a setting another value; what is missing comes behind the version,
// or at the end of the disk database.
func (m *Image) set(title, risk, key, value string) []disk.Repair {
	return m.rewrite(title, risk, m.setting(key, value))
}

// setting is the splice that gives a setting a value, quoted as it is or as its
// kind usually is.
func (m *Image) setting(key, value string) splice {
	if l := m.text.Setting(key); l != nil {
		return splice{l.ValueAt, value}
	}
	if strings.HasPrefix(key, "ddb.") {
		return splice{vmdk.Part{Offset: m.text.Size}, m.lineEnd() + key + ` = "` + value + "\"\n"}
	}
	if slices.Contains([]string{"encoding", "createType", "parentFileNameHint"}, key) {
		value = `"` + value + `"`
	}
	return m.behindVersion(key + "=" + value)
}

// behindVersion puts a line where a setting goes that is missing: programs know
// a descriptor by the version, which no other setting may precede. Without one
// it goes behind the first line, the title.
func (m *Image) behindVersion(line string) splice {
	l := m.text.Setting("version")
	if l == nil && len(m.text.Lines) > 0 {
		l = &m.text.Lines[0]
	}
	switch {
	case l == nil:
		return splice{vmdk.Part{}, line + "\n"}
	case l.Ending == "":
		return splice{vmdk.Part{Offset: m.text.Size}, "\n" + line}
	}
	return splice{vmdk.Part{Offset: l.At.Offset + l.At.Length}, line + "\n"}
}

// lineEnd is what has to precede a line put at the end of the text.
func (m *Image) lineEnd() string {
	if n := len(m.text.Lines); n > 0 && m.text.Lines[n-1].Ending == "" {
		return "\n"
	}
	return ""
}

// drop is the splice that takes a line out.
func drop(l *vmdk.Line) splice { return splice{l.At, ""} }

// clearBehindText zeroes what follows the end of the text, makes room behind
// it, or takes control bytes out of a line (D8).
func (m *Image) clearBehindText(f *disk.Finding) []disk.Repair {
	at := f.Where[0]
	switch {
	case !m.separate && int64(m.text.Size) == m.textAt.Length:
		return m.makeRoom()
	case at.Offset == m.textAt.Offset+int64(m.text.Size) && at.Offset != m.textAt.Offset:
		return []disk.Repair{disk.Mend("zero what follows the text", "what is hidden there is lost", m.main.handle, at, func(b []byte) { clear(b) })}
	}
	for i := range m.text.Lines {
		l := &m.text.Lines[i]
		if m.linePlace(l) == at && l.Kind != vmdk.LineExtent && len(l.Text) > 0 {
			plain := strings.Map(func(r rune) rune {
				if r < ' ' && r != '\t' || r == 0x7F {
					return -1
				}
				return r
			}, l.Text)
			return m.rewrite("take the control bytes out of the line", "whatever they were meant for is lost", splice{l.At, plain + l.Ending})
		}
	}
	return nil
}

// makeRoom shortens a text that fills its room by what says nothing: blank
// lines and empty comments.
func (m *Image) makeRoom() []disk.Repair {
	var parts []splice
	for i := range m.text.Lines {
		l := &m.text.Lines[i]
		if l.Kind == vmdk.LineBlank || l.Kind == vmdk.LineComment && strings.Trim(l.Text, "# \t") == "" {
			parts = append(parts, drop(l))
		}
	}
	if len(parts) > 0 && m.grown(parts) <= m.room() {
		return m.replace("take blank lines and empty comments out of the text", "", parts)
	}
	return nil
}
