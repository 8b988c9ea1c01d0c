// Package inspect reads the bytes under a cursor as everything that they may
// be: numbers, identifiers, times, texts, disk addresses. It also spells bytes
// out in the forms in which people paste them elsewhere. It knows no image.
package inspect

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"platter/decode"
)

// Reading is one way to see the bytes.
type Reading struct {
	Name string
	Text string // safe to print; empty if the bytes are too few, or mean nothing in this reading
	Size int    // bytes read; 0 if Text is empty
}

// Window is how many bytes Readings looks at, at most.
const Window = 64

// kind is a reading: how many bytes it needs, and what it makes of them.
type kind struct {
	name string
	size int
	text func(b []byte, o order) string
}

// order reads integers in the chosen byte order.
type order struct {
	binary.ByteOrder
	decode.Order
}

func orderOf(o decode.Order) order {
	if o == decode.Big {
		return order{binary.BigEndian, o}
	}
	return order{binary.LittleEndian, o}
}

var kinds = []kind{
	{"binary", 1, func(b []byte, _ order) string { return fmt.Sprintf("%04b %04b", b[0]>>4, b[0]&15) }},
	{"u8", 1, func(b []byte, _ order) string { return unsigned(uint64(b[0]), 1) }},
	{"i8", 1, func(b []byte, _ order) string { return signed(int64(int8(b[0]))) }},
	{"u16", 2, func(b []byte, o order) string { return unsigned(uint64(o.Uint16(b)), 2) }},
	{"i16", 2, func(b []byte, o order) string { return signed(int64(int16(o.Uint16(b)))) }},
	{"u32", 4, func(b []byte, o order) string { return unsigned(uint64(o.Uint32(b)), 4) }},
	{"i32", 4, func(b []byte, o order) string { return signed(int64(int32(o.Uint32(b)))) }},
	{"u64", 8, func(b []byte, o order) string { return unsigned(o.Uint64(b), 8) }},
	{"i64", 8, func(b []byte, o order) string { return signed(int64(o.Uint64(b))) }},
	{"f32", 4, func(b []byte, o order) string { return float(float64(math.Float32frombits(o.Uint32(b))), 32) }},
	{"f64", 8, func(b []byte, o order) string { return float(math.Float64frombits(o.Uint64(b)), 64) }},
	{"GUID (Windows)", 16, func(b []byte, _ order) string { return guid(b) }},
	{"GUID (RFC 4122)", 16, func(b []byte, _ order) string { return uuid.UUID(b).String() }},
	{"FILETIME", 8, func(b []byte, o order) string { return fileTime(o.Uint64(b)) }},
	{"Unix time 32", 4, func(b []byte, o order) string { return moment(int64(int32(o.Uint32(b))), 0) }},
	{"Unix time 64", 8, func(b []byte, o order) string { return moment(int64(o.Uint64(b)), 0) }},
	{"VHD time", 4, func(b []byte, o order) string { return moment(vhdEpoch+int64(o.Uint32(b)), 0) }},
	{"DOS time", 4, func(b []byte, o order) string { return dosTime(o.Uint16(b), o.Uint16(b[2:])) }},
	{"CHS", 3, func(b []byte, _ order) string { return chs(b) }},
	{"LBA (little-endian)", 4, func(b []byte, _ order) string { return lba(binary.LittleEndian.Uint32(b)) }},
	{"LBA (big-endian)", 4, func(b []byte, _ order) string { return lba(binary.BigEndian.Uint32(b)) }},
	{"UTF-8", 1, func(b []byte, _ order) string { return text(string(upToNUL(b, 1))) }},
	{"UTF-16", 2, func(b []byte, o order) string { return text(decode.DecodeUTF16(upToNUL(b, 2), o.Order)) }},
}

// Readings reads the start of b in every way, always the same ones in the
// same order. The byte order concerns what is not named after one.
func Readings(b []byte, o decode.Order) []Reading {
	b = b[:min(len(b), Window)]
	list := make([]Reading, 0, len(kinds))
	in := orderOf(o)
	for _, k := range kinds {
		r := Reading{Name: k.name}
		if len(b) >= k.size {
			r.Text = k.text(b[:textSize(k, b)], in)
		}
		if r.Text != "" {
			r.Size = k.size
		}
		list = append(list, r)
	}
	return list
}

// textSize gives texts all there is, and the others what they need.
func textSize(k kind, b []byte) int {
	if strings.HasPrefix(k.name, "UTF-") {
		return len(b) / k.size * k.size
	}
	return k.size
}

func unsigned(v uint64, size int) string { return fmt.Sprintf("%d 0x%0*x", v, 2*size, v) }

func signed(v int64) string { return strconv.FormatInt(v, 10) }

func float(v float64, bits int) string { return strconv.FormatFloat(v, 'g', -1, bits) }

// guid reads a Windows GUID, whose first three groups are little-endian.
func guid(b []byte) string {
	id := uuid.UUID(b)
	binary.BigEndian.PutUint32(id[0:], binary.LittleEndian.Uint32(b[0:]))
	binary.BigEndian.PutUint16(id[4:], binary.LittleEndian.Uint16(b[4:]))
	binary.BigEndian.PutUint16(id[6:], binary.LittleEndian.Uint16(b[6:]))
	return id.String()
}

// The starts of calendars, in Unix seconds.
const (
	fileEpoch = -11644473600 // 1601
	vhdEpoch  = 946684800    // 2000
	lastYear  = 253402300799 // the end of 9999, and of what is worded
	firstYear = -62135596800 // 0001
)

func moment(seconds, nanos int64) string {
	if seconds < firstYear || seconds > lastYear {
		return ""
	}
	return time.Unix(seconds, nanos).UTC().Format("2006-01-02 15:04:05.9999999 UTC")
}

func fileTime(v uint64) string {
	const perSecond = 10_000_000
	return moment(int64(v/perSecond)+fileEpoch, int64(v%perSecond)*100)
}

// dosTime reads what FAT stores: the time, then the date.
func dosTime(clock, date uint16) string {
	year, month, day := 1980+int(date>>9), int(date>>5&15), int(date&31)
	hour, minute, second := int(clock>>11), int(clock>>5&63), int(clock&31)*2
	t := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	if t.Day() != day || t.Month() != time.Month(month) || hour > 23 || minute > 59 || second > 59 {
		return ""
	}
	return t.Format("2006-01-02 15:04:05")
}

// chs reads an address packed as in a partition table.
func chs(b []byte) string {
	cylinder := int(b[2]) | int(b[1]&0xC0)<<2
	return fmt.Sprintf("%d/%d/%d", cylinder, b[0], b[1]&0x3F)
}

func lba(v uint32) string { return fmt.Sprintf("%d = byte 0x%x", v, uint64(v)*512) }

// upToNUL cuts at the first character that is all zero bytes.
func upToNUL(b []byte, width int) []byte {
	for i := 0; i+width <= len(b); i += width {
		if b[i] == 0 && b[i+width-1] == 0 {
			return b[:i]
		}
	}
	return b
}

// text quotes the first characters of a text; none for nothing.
func text(s string) string {
	const most = 24
	if s == "" {
		return ""
	}
	n := 0
	for i := range s {
		if n++; n > most {
			return decode.Quote(s[:i]) + "..."
		}
	}
	return decode.Quote(s)
}
