package decode

import (
	"bytes"
	"fmt"
)

// Mark is a verdict on a node, worst last.
type Mark uint8

// The verdicts.
const (
	Plain Mark = iota // nothing to check
	Good              // checked and right
	Note              // worth knowing, not wrong
	Doubt             // violates the format, still readable
	Wrong             // damaged
)

// String is the short form that the screens print.
func (m Mark) String() string {
	return [...]string{"", "ok", "note", "doubt", "wrong"}[m]
}

// Verdict checks a field of a record against its roles: magic, checksum,
// allowed values, alignment, reserved zeros. The words say what was found and
// what was expected; they are empty where nothing is to be said.
func (f *Field) Verdict(rec []byte) (Mark, string) {
	if !f.fits(rec) {
		return Wrong, "the structure is cut off before the end of this field"
	}
	switch {
	case f.sum != nil:
		return f.sumVerdict(rec)
	case f.fixed != nil:
		if !bytes.Equal(f.slice(rec), f.fixed) {
			return Wrong, "expected " + f.Value(f.placed(f.fixed))
		}
		return Good, ""
	case f.zero:
		if f.bits == 0 && !allZero(f.slice(rec)) || f.bits != 0 && f.get(rec) != 0 {
			return Note, "reserved bytes are not zero"
		}
		return Plain, ""
	}
	return f.valueVerdict(rec)
}

func (f *Field) valueVerdict(rec []byte) (Mark, string) {
	if len(f.names) > 0 && f.known && f.nameOf(f.enumValue(rec)) == "unknown" {
		return Wrong, "not a value that the format defines"
	}
	if f.kind != KindUint {
		return Plain, ""
	}
	v := f.get(rec)
	switch {
	case len(f.want) > 0 && !contains(f.want, v):
		return Wrong, "expected " + f.wantText()
	case f.known && len(f.flags) > 0 && v&^f.flagMask() != 0:
		return Doubt, fmt.Sprintf("bits 0x%x are not defined", v&^f.flagMask())
	case f.points != nil && f.points.isNone(v):
		return Plain, ""
	case f.multiple > 1 && v%f.multiple != 0:
		return Doubt, fmt.Sprintf("not a multiple of %d", f.multiple)
	}
	if f.rule != nil {
		if why := f.rule(v); why != "" {
			return Doubt, why
		}
	}
	if len(f.want) > 0 {
		return Good, ""
	}
	return Plain, ""
}

func (f *Field) sumVerdict(rec []byte) (Mark, string) {
	if len(rec) < f.sum.over {
		return Wrong, fmt.Sprintf("%s covers %d bytes, only %d are there", f.sum.name, f.sum.over, len(rec))
	}
	_, bits := f.Bits()
	got, want := f.get(rec), f.sum.compute(f, rec)
	if got != want {
		return Wrong, fmt.Sprintf("%s: %s stored, %s computed", f.sum.name, hexWidth(got, bits), hexWidth(want, bits))
	}
	return Good, f.sum.name + " matches"
}

// placed puts a field's content where a record has it.
func (f *Field) placed(content []byte) []byte {
	rec := make([]byte, f.off+f.size)
	copy(rec[f.off:], content)
	return rec
}

func (f *Field) wantText() string {
	s := f.uintText(f.want[0])
	for _, v := range f.want[1:] {
		s += " or " + f.uintText(v)
	}
	return s
}

func (f *Field) flagMask() uint64 {
	var m uint64
	for _, fl := range f.flags {
		m |= fl.Mask
	}
	return m
}

func contains(list []uint64, v uint64) bool {
	for _, w := range list {
		if w == v {
			return true
		}
	}
	return false
}
