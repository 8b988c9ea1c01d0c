package decode

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Text words the field of a record: the value, which [Field.Parse] reads
// back, and after it in parentheses what the value means. All of it is exact
// and none of it is escaped for a terminal beyond what quoting demands:
// [Printable] does that. A field that does not fit the record is "(cut off)".
func (f *Field) Text(rec []byte) string {
	if !f.fits(rec) {
		return "(cut off)"
	}
	value, meaning := f.Value(rec), f.Meaning(rec)
	if meaning == "" {
		return value
	}
	return value + " (" + meaning + ")"
}

// Value is the part of [Field.Text] that [Field.Parse] needs.
func (f *Field) Value(rec []byte) string {
	if !f.fits(rec) {
		return ""
	}
	switch f.kind {
	case KindUint:
		return f.uintText(f.get(rec))
	case KindText, KindUTF16:
		return Quote(f.text(rec))
	case KindGUID:
		return f.guid(f.slice(rec)).String()
	case KindCHS:
		c, h, s := unpackCHS(f.get24(rec))
		return fmt.Sprintf("%d/%d/%d", c, h, s)
	}
	if allZero(f.slice(rec)) {
		return "0"
	}
	return hex.EncodeToString(f.slice(rec))
}

func (f *Field) uintText(v uint64) string {
	_, bits := f.Bits()
	switch {
	case f.epoch != nil:
		if t, ok := f.epoch.time(v); ok {
			return t.Format(time.RFC3339Nano)
		}
	case f.hex:
		return hexWidth(v, bits)
	}
	return strconv.FormatUint(v, 10)
}

// Meaning words a value beyond its digits: the name of an enum value, the set
// flags, a size in units, the other reading of a GUID. It may be empty.
func (f *Field) Meaning(rec []byte) string {
	switch {
	case !f.fits(rec):
		return ""
	case f.kind == KindGUID:
		return f.otherGUID(f.slice(rec))
	case f.kind == KindBytes:
		return fmt.Sprintf("%d bytes", f.size)
	case len(f.names) > 0:
		return f.nameOf(f.enumValue(rec))
	case f.kind != KindUint:
		return ""
	case len(f.flags) > 0:
		return f.flagText(f.get(rec))
	case f.points != nil && f.points.isNone(f.get(rec)):
		return "none"
	}
	return f.sizeText(f.get(rec))
}

// enumValue lets four-character codes share the enum role: they are named by
// their bytes read as an integer in the table's order.
func (f *Field) enumValue(rec []byte) uint64 {
	if f.kind == KindUint {
		return f.get(rec)
	}
	return f.order.Uint(f.slice(rec))
}

func (f *Field) nameOf(v uint64) string {
	for _, n := range f.names {
		if n.Value == v {
			return n.Name
		}
	}
	return "unknown"
}

func (f *Field) flagText(v uint64) string {
	if v == 0 {
		return "none"
	}
	var set []string
	for _, fl := range f.flags {
		if fl.Mask != 0 && v&fl.Mask == fl.Mask {
			set = append(set, fl.Name)
			v &^= fl.Mask
		}
	}
	if v != 0 {
		set = append(set, fmt.Sprintf("unknown 0x%x", v))
	}
	return strings.Join(set, ", ")
}

func (f *Field) sizeText(v uint64) string {
	unit := f.unit
	if f.points != nil && f.points.unit != InBytes {
		unit = f.points.unit
		if v <= ^uint64(0)/unit.Size() {
			return fmt.Sprintf("byte 0x%x", v*unit.Size())
		}
	}
	if unit == NoUnit || v > ^uint64(0)/unit.Size() || v*unit.Size() < 1024 {
		return ""
	}
	return FormatSize(v * unit.Size())
}

func (p *pointer) isNone(v uint64) bool {
	for _, n := range p.none {
		if n == v {
			return true
		}
	}
	return false
}

// otherGUID words the reading in the other byte order when only that one
// looks like a real identifier (version 1 to 5, RFC variant).
func (f *Field) otherGUID(b []byte) string {
	id := f.guid(b)
	other := id
	swapGUID(other[:])
	if looksReal(id) || !looksReal(other) {
		return ""
	}
	return "read in the other byte order: " + other.String()
}

func looksReal(id uuid.UUID) bool {
	return id.Version() >= 1 && id.Version() <= 5 && id.Variant() == uuid.RFC4122
}

// Parse reads a text as a person types it and returns the field's new bytes,
// those of the integer for a bit field. It accepts everything that
// [Field.Text] prints, and more: 0x and decimal numbers with units (32M,
// 0x100s for sectors), names of enum values and flags, dates, GUIDs with or
// without braces, hex bytes, quoted or bare text. A text that is no value of
// the field is an [ErrInput].
func (f *Field) Parse(rec []byte, text string) ([]byte, error) {
	if !f.fits(rec) {
		return nil, f.inputError(text, "nothing: the record is cut off before this field")
	}
	work := append([]byte(nil), rec...)
	if err := f.parseInto(work, strings.TrimSpace(text)); err != nil {
		return nil, err
	}
	return f.slice(work), nil
}

func (f *Field) parseInto(rec []byte, text string) error {
	switch f.kind {
	case KindUint:
		return f.parseUint(rec, text)
	case KindText, KindUTF16:
		return f.parseText(rec, text)
	case KindGUID:
		id, err := uuid.Parse(bare(text))
		if err != nil {
			return f.inputError(text, "a GUID such as 5d1f2c9e-8b3a-4f0e-9c55-0a7be2d3f611")
		}
		f.putGUID(f.slice(rec), id)
		return nil
	case KindCHS:
		return f.parseCHS(rec, text)
	}
	return f.parseBytes(rec, text)
}

func (f *Field) parseUint(rec []byte, text string) error {
	v, err := f.number(text)
	if err != nil {
		return err
	}
	if v > f.mask() {
		return f.inputError(text, fmt.Sprintf("at most %s", f.uintText(f.mask())))
	}
	f.put(rec, v)
	return nil
}

func (f *Field) number(text string) (uint64, error) {
	for _, n := range f.names {
		if strings.EqualFold(n.Name, text) {
			return n.Value, nil
		}
	}
	if v, ok := f.flagValue(text); ok {
		return v, nil
	}
	value := bare(text)
	if f.epoch != nil {
		if t, ok := ParseTime(value); ok {
			return f.epoch.count(t)
		}
	}
	if v, err := strconv.ParseUint(value, 0, 64); err == nil {
		return v, nil
	}
	v, err := ParseSize(value)
	if err != nil {
		return 0, f.inputError(text, f.wanted())
	}
	if u := f.unit.Size(); u > 1 {
		if v%u != 0 {
			return 0, f.inputError(text, fmt.Sprintf("a multiple of %d bytes", u))
		}
		v /= u
	}
	return v, nil
}

func (f *Field) wanted() string {
	switch {
	case len(f.names) > 0:
		return "a number or one of the named values"
	case len(f.flags) > 0:
		return "a number or flag names joined by commas"
	case f.epoch != nil:
		return "a time such as 2026-01-31T12:00:00Z or a number"
	}
	return "a number such as 4096, 0x1000 or 4K"
}

func (f *Field) flagValue(text string) (uint64, bool) {
	if len(f.flags) == 0 {
		return 0, false
	}
	var v uint64
	for word := range strings.SplitSeq(text, ",") {
		found := false
		for _, fl := range f.flags {
			if strings.EqualFold(fl.Name, strings.TrimSpace(word)) {
				v, found = v|fl.Mask, true
			}
		}
		if !found {
			return 0, false
		}
	}
	return v, true
}

func (f *Field) parseText(rec []byte, text string) error {
	s := text
	if strings.HasPrefix(text, `"`) {
		var err error
		if s, err = Unquote(bareQuoted(text)); err != nil {
			return f.inputError(text, "a text in quotes")
		}
	} else if v, ok := f.codeNamed(text); ok {
		f.order.Put(f.slice(rec), v)
		return nil
	}
	n := len(s)
	if f.kind == KindUTF16 {
		n = len(EncodeUTF16(s, f.order))
	}
	if n > f.size {
		return f.inputError(text, fmt.Sprintf("at most %d bytes, not %d", f.size, n))
	}
	f.putText(rec, s)
	return nil
}

// codeNamed finds a four-character code by the name of its meaning.
func (f *Field) codeNamed(text string) (uint64, bool) {
	for _, n := range f.names {
		if strings.EqualFold(n.Name, text) {
			return n.Value, true
		}
	}
	return 0, false
}

func (f *Field) parseCHS(rec []byte, text string) error {
	var c, h, s int
	n, err := fmt.Sscanf(bare(text), "%d/%d/%d", &c, &h, &s)
	if err != nil || n != 3 || c < 0 || c > 1023 || h < 0 || h > 255 || s < 0 || s > 63 {
		return f.inputError(text, "cylinder/head/sector up to 1023/255/63")
	}
	v := packCHS(c, h, s)
	copy(f.slice(rec), []byte{byte(v), byte(v >> 8), byte(v >> 16)})
	return nil
}

func (f *Field) parseBytes(rec []byte, text string) error {
	at := f.slice(rec)
	value := bare(text)
	if value == "0" {
		clear(at)
		return nil
	}
	raw, err := hex.DecodeString(strings.Join(strings.Fields(value), ""))
	if err != nil || len(raw) != len(at) {
		return f.inputError(text, fmt.Sprintf("%d bytes in hex, or 0 for zeros", len(at)))
	}
	copy(at, raw)
	return nil
}

// bare cuts the meaning in parentheses off.
func bare(text string) string {
	if i := strings.Index(text, " ("); i >= 0 {
		return text[:i]
	}
	return text
}

// bareQuoted cuts what follows the closing quote off.
func bareQuoted(text string) string {
	if i := strings.LastIndexByte(text, '"'); i > 0 {
		return text[:i+1]
	}
	return text
}

// time converts a count to a time; false where the count is beyond what the
// text form can say exactly.
func (e *epoch) time(v uint64) (time.Time, bool) {
	const century9999 = 253402300799 // 9999-12-31T23:59:59Z in Unix seconds
	per := uint64(time.Second / e.unit)
	secs, rest := v/per, v%per
	if secs > century9999+62135596800 {
		return time.Time{}, false
	}
	unix := e.start.Unix() + int64(secs)
	if unix > century9999 {
		return time.Time{}, false
	}
	return time.Unix(unix, int64(rest)*int64(e.unit)).UTC(), true
}

// timeLayouts are the forms in which a time is taken; without a zone it is UTC.
var timeLayouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02"}

// ParseTime reads a date as people type it; without a zone it is UTC. False for anything else.
func ParseTime(text string) (time.Time, bool) {
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func (e *epoch) count(t time.Time) (uint64, error) {
	secs := t.Unix() - e.start.Unix()
	if secs < 0 {
		return 0, fmt.Errorf("%s is before %s: %w", t.Format(time.RFC3339), e.start.Format(time.RFC3339), ErrInput)
	}
	return uint64(secs)*uint64(time.Second/e.unit) + uint64(t.Nanosecond())/uint64(e.unit), nil
}

func unpackCHS(v uint32) (cylinder, head, sector int) {
	high := v >> 14 & 3 // the top two bits of the sector byte extend the cylinder
	return int(v>>16&0xff | high<<8), int(v & 0xff), int(v >> 8 & 0x3f)
}

func packCHS(c, h, s int) uint32 {
	return uint32(h) | uint32(s|c>>8<<6)<<8 | uint32(c&0xff)<<16
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
