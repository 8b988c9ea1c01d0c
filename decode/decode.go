// Package decode declares on-disk structures once and serves every reader of
// that declaration: the engine's codec, the structure tree, the field editor,
// the teaching text and the checks.
//
// A structure is a [Table]: an ordered list of fields, each with its place,
// its name in the specification, a sentence that explains it, and roles such
// as [Magic], [Sum] or [Points]. Fields are typed handles over the bytes of a
// [Record]; the type parameter makes a handle used on another structure's
// record a compile error:
//
//	type Header struct{}
//
//	var (
//		header         = decode.New[Header]("header", 4096, decode.Little, "...", "MS-VHDX 2.2.2")
//		HeaderSequence = header.U64(8, "SequenceNumber", "Grows with every header update.")
//	)
//
//	rec, ok := header.Of(b)
//	seq := HeaderSequence.Get(rec)
//
// The record is the bytes: reading copies nothing, unknown and reserved bits
// survive, and a truncated record still shows the fields that fit. Where
// structures lie and repeat is ordinary code that builds lazy [Node] values.
//
// The package knows no file system, no engine and no terminal.
package decode

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// Order is the byte order of a structure's integers.
type Order uint8

// The byte orders: VHDX and VMDK are little-endian, VHD is big-endian.
const (
	Little Order = iota
	Big
)

// Layout is the untyped face of a table: what the tree view, the editor and
// the documentation walk.
type Layout struct {
	name, doc, ref string
	size, min      int
	order          Order
	fields         []*Field
	blank          []func([]byte)
}

// Name is the structure's name in the format's own terms.
func (l *Layout) Name() string { return l.name }

// Doc is the sentence that explains the structure.
func (l *Layout) Doc() string { return l.doc }

// Ref names the section of the format reference or specification.
func (l *Layout) Ref() string { return l.ref }

// Size is the structure's length in bytes.
func (l *Layout) Size() int { return l.size }

// MinSize is the shortest length in bytes at which the structure still counts
// as whole; shorter only where an old producer cut reserved bytes off.
func (l *Layout) MinSize() int { return l.min }

// Order is the byte order of the structure's integers.
func (l *Layout) Order() Order { return l.order }

// Fields lists the fields in the order of their offsets.
func (l *Layout) Fields() []*Field { return l.fields }

// Field finds a field by its specification name; nil if there is none.
func (l *Layout) Field(name string) *Field {
	for _, f := range l.fields {
		if f.name == name {
			return f
		}
	}
	return nil
}

// Blank returns a new record's bytes with magics and fixed values filled.
func (l *Layout) Blank() []byte {
	b := make([]byte, l.size)
	for _, fill := range l.blank {
		fill(b)
	}
	return b
}

// Seal recomputes the checksums that a [Sum] role declares, in place. Sums
// that cover more bytes than b holds are left alone.
func (l *Layout) Seal(b []byte) {
	for _, f := range l.fields {
		if f.sum != nil && f.fits(b) && len(b) >= f.sum.over {
			f.put(b, f.sum.compute(f, b))
		}
	}
}

// Table declares one structure. R names the record in types and has no
// content of its own.
type Table[R any] struct{ Layout }

// Record is the bytes of one structure, at least MinSize long.
type Record[R any] struct{ b []byte }

// Bytes are the record's own bytes, not a copy.
func (r Record[R]) Bytes() []byte { return r.b }

// TableOption refines a table when it is declared.
type TableOption func(*Layout)

// MinSize lets records shorter than the table count as whole.
func MinSize(n int) TableOption { return func(l *Layout) { l.min = n } }

// New declares a structure of size bytes: its name, byte order, the sentence
// that explains it and the section of the reference that defines it.
func New[R any](name string, size int, order Order, doc, ref string, opts ...TableOption) *Table[R] {
	t := &Table[R]{Layout{name: name, doc: doc, ref: ref, size: size, min: size, order: order}}
	for _, o := range opts {
		o(&t.Layout)
	}
	return t
}

// Of sees b as a record. It reports false when b is shorter than the table's
// MinSize. A longer b is kept whole, so that a checksum over more than the
// table's fields can be verified.
func (t *Table[R]) Of(b []byte) (Record[R], bool) {
	if len(b) < t.min {
		return Record[R]{}, false
	}
	return Record[R]{b}, true
}

// Blank makes a new record with magics and fixed values filled.
func (t *Table[R]) Blank() Record[R] { return Record[R]{t.Layout.Blank()} }

// add registers a field in the order of offsets. Go initialises a variable
// that needs a later one after its neighbours, so the order of calls is not
// always that of the source.
func (l *Layout) add(f *Field, roles []Role) *Field {
	f.layout = l
	f.order = l.order
	for _, r := range roles {
		r(f)
	}
	if f.fixed != nil {
		l.blank = append(l.blank, func(b []byte) { copy(b[f.off:f.off+f.size], f.fixed) })
	}
	at := len(l.fields)
	for at > 0 && l.fields[at-1].before(f) > 0 {
		at--
	}
	l.fields = slices.Insert(l.fields, at, f)
	return f
}

// Uint is the integer of 1, 2, 4 or 8 bytes that b is; 0 for other lengths.
func (o Order) Uint(b []byte) uint64 {
	switch {
	case len(b) == 1:
		return uint64(b[0])
	case len(b) == 2 && o == Little:
		return uint64(binary.LittleEndian.Uint16(b))
	case len(b) == 2:
		return uint64(binary.BigEndian.Uint16(b))
	case len(b) == 4 && o == Little:
		return uint64(binary.LittleEndian.Uint32(b))
	case len(b) == 4:
		return uint64(binary.BigEndian.Uint32(b))
	case len(b) == 8 && o == Little:
		return binary.LittleEndian.Uint64(b)
	case len(b) == 8:
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// Put makes b the integer v, as much of it as fits.
func (o Order) Put(b []byte, v uint64) {
	for i := range b {
		shift := 8 * i
		if o == Big {
			shift = 8 * (len(b) - 1 - i)
		}
		b[i] = byte(v >> shift)
	}
}

// String names the byte order as a person would.
func (o Order) String() string {
	if o == Big {
		return "big-endian"
	}
	return "little-endian"
}

// hexWidth prints v with as many hex digits as its field has.
func hexWidth(v uint64, bits int) string {
	return fmt.Sprintf("0x%0*x", (bits+3)/4, v)
}
