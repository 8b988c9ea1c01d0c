package decode

import (
	"fmt"
	"strings"
)

// Type words what a field holds: "32-bit integer, big-endian".
func (f *Field) Type() string {
	low, bits := f.Bits()
	bytes := Plural(f.size, "byte", "bytes")
	switch f.kind {
	case KindUint:
		if bits != 8*f.size {
			return fmt.Sprintf("bits %d to %d of a %d-bit integer, %s", low, low+bits-1, 8*f.size, f.order)
		}
		if f.size == 1 {
			return "8-bit integer"
		}
		return fmt.Sprintf("%d-bit integer, %s", bits, f.order)
	case KindText:
		return "text, " + bytes
	case KindUTF16:
		return fmt.Sprintf("UTF-16 text, %s, %s", f.order, bytes)
	case KindGUID:
		return "GUID, " + f.order.String()
	case KindCHS:
		return "cylinder, head and sector, packed in 3 bytes"
	case KindArray:
		return fmt.Sprintf("%d times %s of %s", f.count, f.sub.name, Plural(f.sub.size, "byte", "bytes"))
	}
	return bytes
}

// Rules words what the declaration says about a field's values beyond its type: what it
// must be, what it counts, where it leads. Each is a part of a sentence.
func (f *Field) Rules() (list []string) {
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	switch {
	case len(f.fixed) > 0 && f.kind == KindUint:
		add("always %s", hexWidth(f.order.Uint(f.fixed), 8*f.size))
	case len(f.fixed) > 0 && f.kind == KindUTF16:
		add("always %s", Quote(DecodeUTF16(f.fixed, f.order)))
	case len(f.fixed) > 0:
		add("always %s", Quote(string(f.fixed)))
	}
	if len(f.want) > 0 {
		words := make([]string, len(f.want))
		for i, v := range f.want {
			words[i] = f.uintText(v)
		}
		add("must be %s", strings.Join(words, " or "))
	}
	if f.zero {
		add("must be zero")
	}
	if f.multiple > 1 {
		add("a multiple of %d", f.multiple)
	}
	if f.sum != nil {
		add("%s over the first %s of the structure", f.sum.name, Plural(f.sum.over, "byte", "bytes"))
	}
	if p := f.points; p != nil {
		add("leads to: %s, counted in %s", p.what, p.unit)
	} else if f.unit != NoUnit {
		add("counted in %s", f.unit)
	}
	if e := f.epoch; e != nil {
		add("counts from %s, in steps of %s", e.start.Format("2006-01-02"), e.unit)
	}
	return list
}
