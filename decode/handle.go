package decode

import "github.com/google/uuid"

// Unsigned is what an integer field can hold.
type Unsigned interface {
	uint8 | uint16 | uint32 | uint64
}

// handle is what all handles share. They embed it instead of the Field: every
// method that a handle is promoted is compiled again for each record, in each
// package that imports the table.
type handle struct{ field *Field }

// Field is the field as a value of its own, with all that can be asked of it.
func (h handle) Field() *Field { return h.field }

// Offset is where the field starts, in bytes from the start of the record.
func (h handle) Offset() int { return h.field.off }

// Size is the field's length in bytes.
func (h handle) Size() int { return h.field.size }

// Uint is the handle of an unsigned integer field of record R.
type Uint[R any, T Unsigned] struct{ handle }

// Get reads the field; 0 if the record is too short to hold it.
func (h Uint[R, T]) Get(r Record[R]) T { return T(h.field.get(r.b)) }

// Put writes the field in place; nothing happens if it does not fit.
func (h Uint[R, T]) Put(r Record[R], v T) { h.field.put(r.b, uint64(v)) }

// Bits is the handle of some bits of an integer in record R.
type Bits[R any] struct{ handle }

// Get reads the bits, shifted down to bit 0.
func (h Bits[R]) Get(r Record[R]) uint64 { return h.field.get(r.b) }

// Put writes the bits and leaves their neighbours in the integer alone.
func (h Bits[R]) Put(r Record[R], v uint64) { h.field.put(r.b, v) }

// Text is the handle of a text field of fixed size in record R.
type Text[R any] struct{ handle }

// Get reads the text without its trailing NULs.
func (h Text[R]) Get(r Record[R]) string { return h.field.text(r.b) }

// Put writes the text, padded with NULs and cut at the field's size.
func (h Text[R]) Put(r Record[R], s string) { h.field.putText(r.b, s) }

// GUID is the handle of a 16-byte identifier in record R.
type GUID[R any] struct{ handle }

// Get reads the identifier in the byte order of the field.
func (h GUID[R]) Get(r Record[R]) uuid.UUID {
	if !h.field.fits(r.b) {
		return uuid.UUID{}
	}
	return h.field.guid(h.field.slice(r.b))
}

// Put writes the identifier in the byte order of the field.
func (h GUID[R]) Put(r Record[R], id uuid.UUID) {
	if h.field.fits(r.b) {
		h.field.putGUID(h.field.slice(r.b), id)
	}
}

// Bytes is the handle of a run of bytes in record R.
type Bytes[R any] struct{ handle }

// Get returns the field's own bytes, not a copy; those that fit if the record
// is short.
func (h Bytes[R]) Get(r Record[R]) []byte { return h.field.slice(r.b) }

// CHS is the handle of a packed cylinder/head/sector address of three bytes,
// as in a partition table entry.
type CHS[R any] struct{ handle }

// Get reads the address; the sector counts from 1.
func (h CHS[R]) Get(r Record[R]) (cylinder, head, sector int) {
	return unpackCHS(h.field.get24(r.b))
}

// Array is the handle of a structure, or several in a row, within record R.
type Array[R, S any] struct{ handle }

// At returns record i of the array; false if it does not fit.
func (h Array[R, S]) At(r Record[R], i int) (Record[S], bool) {
	if i < 0 || i >= h.field.count {
		return Record[S]{}, false
	}
	start := h.field.off + i*h.field.sub.size
	if len(r.b) < start+h.field.sub.size {
		return Record[S]{}, false
	}
	return Record[S]{r.b[start : start+h.field.sub.size]}, true
}

// U8 declares an integer of one byte at off.
func (t *Table[R]) U8(off int, name, doc string, roles ...Role) Uint[R, uint8] {
	return Uint[R, uint8]{handle{t.integer(off, 1, name, doc, roles)}}
}

// U16 declares an integer of two bytes at off.
func (t *Table[R]) U16(off int, name, doc string, roles ...Role) Uint[R, uint16] {
	return Uint[R, uint16]{handle{t.integer(off, 2, name, doc, roles)}}
}

// U32 declares an integer of four bytes at off.
func (t *Table[R]) U32(off int, name, doc string, roles ...Role) Uint[R, uint32] {
	return Uint[R, uint32]{handle{t.integer(off, 4, name, doc, roles)}}
}

// U64 declares an integer of eight bytes at off.
func (t *Table[R]) U64(off int, name, doc string, roles ...Role) Uint[R, uint64] {
	return Uint[R, uint64]{handle{t.integer(off, 8, name, doc, roles)}}
}

func (l *Layout) integer(off, size int, name, doc string, roles []Role) *Field {
	return l.add(&Field{name: name, doc: doc, off: off, size: size, kind: KindUint}, roles)
}

// Bits declares count bits, from bit low up, of the integer of size bytes at
// off. Bit 0 is the least significant of the integer in the table's order.
func (t *Table[R]) Bits(off, size, low, count int, name, doc string, roles ...Role) Bits[R] {
	f := &Field{name: name, doc: doc, off: off, size: size, low: low, bits: count, kind: KindUint}
	return Bits[R]{handle{t.add(f, roles)}}
}

// Text declares size bytes of ASCII or UTF-8 text at off.
func (t *Table[R]) Text(off, size int, name, doc string, roles ...Role) Text[R] {
	return Text[R]{handle{t.add(&Field{name: name, doc: doc, off: off, size: size, kind: KindText}, roles)}}
}

// UTF16 declares size bytes of UTF-16 text at off, in the table's byte order
// unless [InOrder] says otherwise.
func (t *Table[R]) UTF16(off, size int, name, doc string, roles ...Role) Text[R] {
	return Text[R]{handle{t.add(&Field{name: name, doc: doc, off: off, size: size, kind: KindUTF16}, roles)}}
}

// GUID declares 16 bytes at off. In a little-endian table the first three
// groups are stored byte-swapped (a Windows GUID), in a big-endian one as
// printed (RFC 4122).
func (t *Table[R]) GUID(off int, name, doc string, roles ...Role) GUID[R] {
	return GUID[R]{handle{t.add(&Field{name: name, doc: doc, off: off, size: 16, kind: KindGUID}, roles)}}
}

// Bytes declares size opaque bytes at off.
func (t *Table[R]) Bytes(off, size int, name, doc string, roles ...Role) Bytes[R] {
	return Bytes[R]{handle{t.add(&Field{name: name, doc: doc, off: off, size: size, kind: KindBytes}, roles)}}
}

// Reserved declares size bytes at off that have no meaning and should be zero.
func (t *Table[R]) Reserved(off, size int, roles ...Role) Bytes[R] {
	return t.Bytes(off, size, "reserved", "No meaning in the format; should be zero, and is kept as it is when neighbours are edited.", append(roles, Zero())...)
}

// CHS declares a packed cylinder/head/sector address at off.
func (t *Table[R]) CHS(off int, name, doc string, roles ...Role) CHS[R] {
	return CHS[R]{handle{t.add(&Field{name: name, doc: doc, off: off, size: 3, kind: KindCHS}, roles)}}
}

// Sub declares count structures in a row at off, described by their own table.
func Sub[R, S any](t *Table[R], off, count int, name, doc string, sub *Table[S], roles ...Role) Array[R, S] {
	f := &Field{name: name, doc: doc, off: off, size: count * sub.size, kind: KindArray, sub: &sub.Layout, count: count}
	t.blank = append(t.blank, func(b []byte) {
		for i := range count {
			copy(b[off+i*sub.size:], sub.Layout.Blank())
		}
	})
	return Array[R, S]{handle{t.add(f, roles)}}
}
