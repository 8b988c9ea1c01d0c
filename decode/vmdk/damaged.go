package vmdk

import (
	"bytes"
	"math/bits"
	"strings"
	"unicode/utf8"
)

// SniffDamaged tells the kind of a file whose magic is damaged by what the rest of its
// header says: all that is the same in all files of a kind, but for one field. It needs
// [CowdHeaderSize] bytes, or the whole file.
func SniffDamaged(b []byte) Kind {
	if Sniff(b) != KindNone || len(bytes.Trim(b[:min(len(b), SectorSize)], "\x00")) == 0 {
		return KindNone
	}
	for kind := range marks {
		if marked(kind, b) {
			return kind
		}
	}
	return KindNone
}

// SniffWhole tells the kind of a file that starts with a whole header: the magic, and
// what else all headers of its kind have. It needs as many bytes as [SniffDamaged].
func SniffWhole(b []byte) Kind {
	if kind := Sniff(b); marks[kind] != nil && marked(kind, b) {
		return kind
	}
	return KindNone
}

// marks are what the headers of each kind always have.
var marks = map[Kind]func([]byte) []bool{KindHosted: hostedMarks, KindCowd: cowdMarks, KindSeSparse: seMarks}

// marked reports whether bytes have the marks of a kind, but for one.
func marked(kind Kind, b []byte) bool {
	wrong, list := 0, marks[kind](b)
	for _, right := range list {
		if !right {
			wrong++
		}
	}
	return len(list) > 0 && wrong <= 1
}

func isPower(v uint64) bool { return bits.OnesCount64(v) == 1 }

// hostedMarks are what a hosted header always has (vmdk.md 4.1).
func hostedMarks(b []byte) []bool {
	h, ok := HeaderTable.Of(b)
	if !ok {
		return nil
	}
	v, flags, grain := HeaderVersion.Get(h), HeaderFlags.Get(h), HeaderGrainSize.Get(h)
	return []bool{
		v >= 1 && v <= 3, flags != 0 && flags&^KnownFlags == 0, HeaderCapacity.Get(h) > 0 && HeaderCapacity.Get(h) < 1<<54,
		isPower(grain) && grain <= 1<<16, HeaderTableEntries.Get(h) == TableEntries,
		HeaderSingleEndLine.Get(h) == '\n' && HeaderNonEndLine.Get(h) == ' ' && HeaderDoubleEndLine1.Get(h) == '\r' && HeaderDoubleEndLine2.Get(h) == '\n',
		HeaderCompression.Get(h) <= 1, len(bytes.Trim(HeaderPad.Get(h), "\x00")) == 0,
	}
}

// cowdMarks are what the header of a redo log always has (vmdk.md 6).
func cowdMarks(b []byte) []bool {
	h, ok := CowdTable.Of(b)
	if !ok {
		return nil
	}
	v, flags, grain := CowdVersion.Get(h), CowdFlags.Get(h), uint64(CowdGrain.Get(h))
	count, per := uint64(CowdSectors.Get(h)), uint64(CowdTableEntries)*max(grain, 1)
	if v != 1 {
		per = CowdLegacyTableEntries * max(grain, 1)
	}
	return []bool{
		v == 1 || v == 3, flags == 3 || flags == 0x1B, count > 0, isPower(grain) && grain <= 1<<16,
		CowdDirectory.Get(h) == CowdHeaderSize/SectorSize, uint64(CowdDirectoryEntries.Get(h)) == (count+per-1)/per,
		CowdFree.Get(h) > CowdDirectory.Get(h),
	}
}

// seMarks are what the const header of a seSparse always has (vmdk.md 7).
func seMarks(b []byte) []bool {
	h, ok := ConstHeaderTable.Of(b)
	if !ok {
		return nil
	}
	return []bool{
		ConstVersion.Get(h) == SeVersion, ConstCapacity.Get(h) > 0, ConstGrain.Get(h) == SeGrainSectors, ConstTable.Get(h) == SeTableSectors,
		ConstFlags.Get(h) == 0, ConstVolatile.Get(h) > 0, ConstDirectory.Get(h) > 0, ConstTables.Get(h) > 0, ConstGrains.Get(h) > 0,
	}
}

// IsDamagedDescriptor reports whether a file that starts with b is a descriptor whose
// first lines are damaged: text, with the settings and extent lines that one has.
func IsDamagedDescriptor(b []byte) bool {
	if IsDescriptor(b) {
		return false
	}
	const most = 64 << 10
	b = b[:min(len(b), most)]
	d := ParseDescriptor(b)
	known, odd := 0, 0
	for i := range d.Lines {
		l := &d.Lines[i]
		switch {
		case l.Kind == LineExtent && l.Fault == "", l.Kind == LineSetting && l.IsDatabase():
			known++
		case l.Kind == LineSetting && (strings.EqualFold(l.Key, "CID") || strings.EqualFold(l.Key, "parentCID") || strings.EqualFold(l.Key, "createType")):
			known++
		case l.Kind == LineUnknown || !utf8.ValidString(l.Text) || strings.ContainsFunc(l.Text, isControl):
			odd++
		}
	}
	return d.Fault == "" && len(d.Extents()) > 0 && known >= 4 && odd <= 2
}

// Titled is the change of a text with damaged first lines that makes it start as a
// descriptor does: what precedes its settings gives way to the title.
func (d *Descriptor) Titled() []Splice {
	at, ending := Part{}, "\n"
	for i := range d.Lines {
		l := &d.Lines[i]
		if l.Kind == LineExtent || l.Kind == LineSetting && (i > 0 || strings.EqualFold(l.Key, "version") || strings.EqualFold(l.Key, "CID")) {
			break
		}
		at.Length, ending = l.At.Offset+l.At.Length, l.Ending
	}
	text := headTitle + ending
	if _, ok := d.Get("version"); !ok {
		text += "version=1" + ending
	}
	return []Splice{{At: at, Text: text}}
}
