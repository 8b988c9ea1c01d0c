package decode

import "time"

// Role gives a field meaning beyond its type: validation, repair, pointers to
// follow and worded values all come from roles.
type Role func(*Field)

// Unit is what an integer counts.
type Unit uint8

// The units. Bytes and sectors (of 512 bytes) are also what pointers count.
const (
	NoUnit Unit = iota
	InBytes
	InSectors
	InMiB
)

// Size is the unit in bytes; 0 for NoUnit.
func (u Unit) Size() uint64 {
	switch u {
	case InBytes:
		return 1
	case InSectors:
		return 512
	case InMiB:
		return 1 << 20
	}
	return 0
}

// String names what is counted.
func (u Unit) String() string {
	return [...]string{"units of its own", "bytes", "sectors of 512 bytes", "MiB"}[u]
}

// Name words a value of an [Enum].
type Name struct {
	Value uint64
	Name  string
	Doc   string // what the value means; may be empty
}

// Flag words one bit, or several that belong together, of a [Flags] field.
type Flag struct {
	Mask uint64
	Name string
	Doc  string
}

// Magic fixes the field's content: blank records are filled with it and any
// other content is damage.
func Magic(s string) Role {
	return func(f *Field) {
		f.fixed = []byte(s)
		if f.kind == KindUTF16 {
			f.fixed = EncodeUTF16(s, f.order)
		}
	}
}

// Fixed fixes an integer's value, as [Magic] does for text.
func Fixed(v uint64) Role {
	return func(f *Field) {
		f.fixed = make([]byte, f.size)
		f.order.Put(f.fixed, v)
		f.hex = true
	}
}

// Is lists the only values that the format allows. The first one fills blank
// records.
func Is(values ...uint64) Role {
	return func(f *Field) {
		f.want = values
		first := make([]byte, f.size)
		if f.bits == 0 && values[0] != 0 {
			f.order.Put(first, values[0])
			f.layout.blank = append(f.layout.blank, func(b []byte) { copy(b[f.off:], first) })
		}
	}
}

type sum struct {
	name string
	over int
	fn   func(b []byte) uint64
}

// compute works on a copy in which the checksum itself is zero, as all three
// formats define theirs.
func (s *sum) compute(f *Field, rec []byte) uint64 {
	b := append([]byte(nil), rec[:s.over]...)
	clear(b[f.off : f.off+f.size])
	return s.fn(b)
}

// Sum marks the field as checksum over the first over bytes of the record
// (the field itself taken as zero), computed by fn and called name. With a
// nil fn the sum covers bytes outside the record: code that places the record
// verifies it.
func Sum(name string, over int, fn func(b []byte) uint64) Role {
	return func(f *Field) {
		f.hex = true
		if fn != nil {
			f.sum = &sum{name, over, fn}
		}
	}
}

type pointer struct {
	unit Unit
	what string
	none []uint64
}

// Points marks an offset, counted in unit, at which something called what
// lies. The values in none mean that there is nothing. Offsets count from the
// start of the file unless the record is placed with [RelativeTo].
func Points(unit Unit, what string, none ...uint64) Role {
	return func(f *Field) {
		f.points = &pointer{unit, what, none}
		f.hex = true
	}
}

// Multiple says that the value must be a multiple of n.
func Multiple(n uint64) Role { return func(f *Field) { f.multiple = n } }

// Enum names the values of an integer or of a four-character code. Values
// that are not listed are worded as unknown.
func Enum(names ...Name) Role { return func(f *Field) { f.names = names } }

// Known says that values outside the field's [Enum] or [Flags] are damage, not
// just unknown.
func Known() Role { return func(f *Field) { f.known = true } }

// Flags names the bits of an integer.
func Flags(flags ...Flag) Role {
	return func(f *Field) { f.flags, f.hex = flags, true }
}

// Zero says that the field has no meaning and should hold zeros.
func Zero() Role { return func(f *Field) { f.zero = true } }

// Hex shows the integer in hexadecimal.
func Hex() Role { return func(f *Field) { f.hex = true } }

// Count says what an integer counts, so that sizes are worded ("2 MiB").
func Count(u Unit) Role { return func(f *Field) { f.unit = u } }

// InOrder overrides the table's byte order for one field.
func InOrder(o Order) Role { return func(f *Field) { f.order = o } }

type epoch struct {
	start time.Time
	unit  time.Duration
}

// Time marks a time stamp that counts units since start.
func Time(start time.Time, unit time.Duration) Role {
	return func(f *Field) { f.epoch = &epoch{start, unit} }
}

// Rule adds a check of an integer's value: fn returns "" or says what is
// wrong with it.
func Rule(fn func(v uint64) string) Role { return func(f *Field) { f.rule = fn } }

// Alternate marks a field that reads bytes of other fields in another way (a
// union): it may overlap them.
func Alternate() Role { return func(f *Field) { f.alternate = true } }
