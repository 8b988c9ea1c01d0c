package decode

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// Kind says what a field holds.
type Kind uint8

// The kinds of field.
const (
	KindUint Kind = iota
	KindText
	KindUTF16
	KindGUID
	KindBytes
	KindCHS
	KindArray
)

// Field is the untyped face of a field: the same declaration that the typed
// handles read through, for code that walks all fields.
type Field struct {
	layout    *Layout
	name, doc string
	off, size int
	low, bits int
	kind      Kind
	order     Order
	sub       *Layout
	count     int

	fixed     []byte
	sum       *sum
	points    *pointer
	multiple  uint64
	names     []Name
	flags     []Flag
	known     bool
	want      []uint64
	zero      bool
	hex       bool
	unit      Unit
	epoch     *epoch
	rule      func(uint64) string
	alternate bool
}

// Layout is the table that the field belongs to.
func (f *Field) Layout() *Layout { return f.layout }

// Name is the field's name in the specification.
func (f *Field) Name() string { return f.name }

// Doc is the sentence that explains the field.
func (f *Field) Doc() string { return f.doc }

// Offset is the field's first byte, counted from the start of the structure.
func (f *Field) Offset() int { return f.off }

// Size is the number of bytes that the field touches; for a bit field those
// of the integer that holds the bits.
func (f *Field) Size() int { return f.size }

// Bits tells which bits of the integer a bit field has: the lowest one and
// how many. A field that has the whole integer reports 0 and all its bits.
func (f *Field) Bits() (low, count int) {
	if f.bits == 0 {
		return 0, 8 * f.size
	}
	return f.low, f.bits
}

// Kind says what the field holds.
func (f *Field) Kind() Kind { return f.kind }

// Order is the byte order of the field.
func (f *Field) Order() Order { return f.order }

// Sub is the table of an array's elements and their number; nil for others.
func (f *Field) Sub() (*Layout, int) { return f.sub, f.count }

// IsSum reports whether the field is a checksum of its record.
func (f *Field) IsSum() bool { return f.sum != nil }

// IsReserved reports whether the field should hold zeros only.
func (f *Field) IsReserved() bool { return f.zero }

// IsAlternate reports whether the field shares its bytes with another reading
// of them (a union).
func (f *Field) IsAlternate() bool { return f.alternate }

// Names lists the values that have a name; empty for fields without an
// [Enum] role.
func (f *Field) Names() []Name { return f.names }

// Flags lists the named bits; empty for fields without a [Flags] role.
func (f *Field) Flags() []Flag { return f.flags }

// Uint reads an integer field of a record's bytes; 0 for other kinds and for
// records that are too short.
func (f *Field) Uint(rec []byte) uint64 {
	if f.kind != KindUint {
		return 0
	}
	return f.get(rec)
}

// before compares where two fields lie: bytes first, then bits.
func (f *Field) before(g *Field) int { return cmp.Or(f.off-g.off, f.low-g.low) }

func (f *Field) fits(b []byte) bool { return len(b) >= f.off+f.size }

// slice returns the field's bytes, as many as the record has.
func (f *Field) slice(b []byte) []byte {
	if len(b) <= f.off {
		return nil
	}
	return b[f.off:min(len(b), f.off+f.size)]
}

func (f *Field) get(b []byte) uint64 {
	if !f.fits(b) {
		return 0
	}
	v := f.order.Uint(b[f.off : f.off+f.size])
	if f.bits != 0 {
		v = v >> f.low & f.mask()
	}
	return v
}

func (f *Field) put(b []byte, v uint64) {
	if !f.fits(b) {
		return
	}
	at := b[f.off : f.off+f.size]
	if f.bits != 0 {
		v = f.order.Uint(at)&^(f.mask()<<f.low) | v&f.mask()<<f.low
	}
	f.order.Put(at, v)
}

// mask covers the values that the field can hold.
func (f *Field) mask() uint64 {
	n := f.bits
	if n == 0 {
		n = 8 * f.size
	}
	if n >= 64 {
		return ^uint64(0)
	}
	return 1<<n - 1
}

func (f *Field) get24(b []byte) uint32 {
	s := f.slice(b)
	if len(s) < 3 {
		return 0
	}
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16
}

func (f *Field) text(b []byte) string {
	s := f.slice(b)
	if f.kind == KindUTF16 {
		return DecodeUTF16(bytesTrimPairs(s), f.order)
	}
	return string(bytes.TrimRight(s, "\x00"))
}

func (f *Field) putText(b []byte, s string) {
	if !f.fits(b) {
		return
	}
	raw := []byte(s)
	if f.kind == KindUTF16 {
		raw = EncodeUTF16(s, f.order)
	}
	at := f.slice(b)
	clear(at[copy(at, raw):])
}

// guid converts between the stored bytes and the printed order.
func (f *Field) guid(b []byte) uuid.UUID {
	id := uuid.UUID(b)
	if f.order == Little {
		swapGUID(id[:])
	}
	return id
}

func (f *Field) putGUID(b []byte, id uuid.UUID) {
	copy(b, id[:])
	if f.order == Little {
		swapGUID(b)
	}
}

// ErrInput is what [Field.Parse] returns, wrapped, for a text that is no
// value of the field.
var ErrInput = errors.New("not a value of this field")

func (f *Field) inputError(text, want string) error {
	return fmt.Errorf("%s: %q: expected %s: %w", f.name, Printable(text), want, ErrInput)
}
