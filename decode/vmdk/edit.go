package vmdk

import (
	"cmp"
	"slices"
	"strings"
)

// Splice puts other text in the place of a part of a descriptor.
type Splice struct {
	At   Part
	Text string
}

// Drop is the splice that takes a line out.
func (l *Line) Drop() Splice { return Splice{l.At, ""} }

// Grown is the length in bytes of the text after the splices.
func (d *Descriptor) Grown(parts ...Splice) int64 {
	n := int64(d.Size)
	for _, p := range parts {
		n += int64(len(p.Text) - p.At.Length)
	}
	return n
}

// Splices carries splices of a text out. It reports false where two of them
// meet, or one lies outside.
func Splices(old []byte, parts []Splice) (out []byte, ok bool) {
	parts = slices.Clone(parts)
	slices.SortStableFunc(parts, func(a, b Splice) int {
		return cmp.Or(a.At.Offset-b.At.Offset, a.At.Length-b.At.Length) // what is put in comes before what goes
	})
	pos := 0
	for _, p := range parts {
		if p.At.Offset < pos || p.At.Offset > len(old) {
			return nil, false
		}
		out = append(append(out, old[pos:p.At.Offset]...), p.Text...)
		pos = min(p.At.Offset+p.At.Length, len(old)) // the last line may lack the end that goes with it
	}
	return append(out, old[pos:]...), true
}

// Set is the splice that gives a setting a value, quoted as it is or as its
// kind usually is. What is missing comes after the version, or at the end of the
// disk database.
func (d *Descriptor) Set(key, value string) Splice {
	if l := d.Setting(key); l != nil {
		return Splice{l.ValueAt, value}
	}
	if strings.HasPrefix(key, "ddb.") {
		return Splice{Part{Offset: d.Size}, d.lineEnd() + key + ` = "` + value + "\"\n"}
	}
	if slices.Contains([]string{"encoding", "createType", "parentFileNameHint"}, key) {
		value = `"` + value + `"`
	}
	return d.afterVersion(key + "=" + value)
}

// afterVersion puts a line where a setting goes that is missing: programs know a
// descriptor by the version, which no other setting may precede. Without one it
// goes after the first line, the title.
func (d *Descriptor) afterVersion(line string) Splice {
	l := d.Setting("version")
	if l == nil && len(d.Lines) > 0 {
		l = &d.Lines[0]
	}
	switch {
	case l == nil:
		return Splice{Part{}, line + "\n"}
	case l.Ending == "":
		return Splice{Part{Offset: d.Size}, "\n" + line}
	}
	return Splice{Part{Offset: l.At.Offset + l.At.Length}, line + "\n"}
}

// lineEnd is what has to precede a line put at the end of the text.
func (d *Descriptor) lineEnd() string {
	if n := len(d.Lines); n > 0 && d.Lines[n-1].Ending == "" {
		return "\n"
	}
	return ""
}

// DatabaseLine is the line of a disk database entry; nil if there is none. Some
// exports leave "ddb." out.
func (d *Descriptor) DatabaseLine(key string) *Line {
	if l := d.Setting("ddb." + key); l != nil {
		return l
	}
	return d.Setting(key)
}

// Geometry is the usual geometry of a disk of some sectors (vmdk.md 2.5).
func Geometry(sectors uint64, adapter string) (cylinders, heads, perTrack uint64) {
	heads, perTrack, most := uint64(16), uint64(63), uint64(16383)
	if sectors >= 1024*heads*perTrack && !strings.EqualFold(adapter, "ide") {
		heads, most = 255, 65535
	}
	return max(1, min(sectors/(heads*perTrack), most)), heads, perTrack
}
