package inspect

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"platter/decode"
)

// ErrInput is what [Encode] returns, wrapped, for a text that is no value of the reading.
var ErrInput = errors.New("not a value of this kind")

// Writable lists the readings whose values can be written back as bytes.
func Writable() []string {
	var list []string
	for _, k := range kinds {
		if _, ok := encoders[k.name]; ok {
			list = append(list, k.name)
		}
	}
	return list
}

// Ordered reports whether the byte order changes a reading.
func Ordered(name string) bool {
	switch name {
	case "u8", "i8", "binary", "GUID (Windows)", "GUID (RFC 4122)":
		return false
	}
	return true
}

// Encode is the bytes of a value, typed as [Readings] words it or as a plain number, date
// or GUID. What does not fit the width is refused, never cut.
func Encode(name, text string, o decode.Order) ([]byte, error) {
	encode, ok := encoders[name]
	if !ok {
		return nil, fmt.Errorf("%s can't be typed in: edit its bytes", name)
	}
	b, err := encode(strings.TrimSpace(text), orderOf(o))
	if err != nil {
		return nil, fmt.Errorf("%s: %q: %w: %w", name, decode.Printable(text), err, ErrInput)
	}
	return b, nil
}

type encoder func(text string, o order) ([]byte, error)

var encoders = map[string]encoder{
	"u8": unsignedOf(1), "u16": unsignedOf(2), "u32": unsignedOf(4), "u64": unsignedOf(8),
	"i8": signedOf(1), "i16": signedOf(2), "i32": signedOf(4), "i64": signedOf(8),
	"f32": floatOf(4), "f64": floatOf(8),
	"GUID (Windows)":  func(text string, _ order) ([]byte, error) { return guidOf(text, true) },
	"GUID (RFC 4122)": func(text string, _ order) ([]byte, error) { return guidOf(text, false) },
	"FILETIME":        fileTimeOf,
	"Unix time 32":    secondsOf(0, math.MinInt32, math.MaxInt32, 4),
	"Unix time 64":    secondsOf(0, math.MinInt64, math.MaxInt64, 8),
	"VHD time":        secondsOf(vhdEpoch, 0, math.MaxUint32, 4),
	"DOS time":        dosTimeOf,
}

// number is what is typed without what [Readings] adds to it: the same in hexadecimal.
func number(text string) string {
	first, _, _ := strings.Cut(text, " ")
	return first
}

func unsignedOf(size int) encoder {
	return func(text string, o order) ([]byte, error) {
		v, err := strconv.ParseUint(number(text), 0, 8*size)
		if err != nil {
			return nil, fmt.Errorf("expected a number from 0 to %d, or 0x and digits", uint64(math.MaxUint64)>>(64-8*size))
		}
		return put(v, size, o), nil
	}
}

func signedOf(size int) encoder {
	return func(text string, o order) ([]byte, error) {
		v, err := strconv.ParseInt(number(text), 0, 8*size)
		if err != nil {
			most := int64(math.MaxInt64) >> (64 - 8*size)
			return nil, fmt.Errorf("expected a number from %d to %d", -most-1, most)
		}
		return put(uint64(v), size, o), nil
	}
}

func floatOf(size int) encoder {
	return func(text string, o order) ([]byte, error) {
		v, err := strconv.ParseFloat(number(text), 8*size)
		switch {
		case err != nil:
			return nil, errors.New("expected a number like 1.5 or 2e10 that fits")
		case size == 4:
			return put(uint64(math.Float32bits(float32(v))), size, o), nil
		}
		return put(math.Float64bits(v), size, o), nil
	}
}

// put is the low bytes of a number.
func put(v uint64, size int, o order) []byte {
	b := make([]byte, size)
	o.Put(b, v)
	return b
}

func guidOf(text string, windows bool) ([]byte, error) {
	id, err := uuid.Parse(text)
	if err != nil {
		return nil, errors.New("expected a GUID like 01234567-89ab-cdef-0123-456789abcdef")
	}
	if windows {
		binary.LittleEndian.PutUint32(id[0:], binary.BigEndian.Uint32(id[0:]))
		binary.LittleEndian.PutUint16(id[4:], binary.BigEndian.Uint16(id[4:]))
		binary.LittleEndian.PutUint16(id[6:], binary.BigEndian.Uint16(id[6:]))
	}
	return id[:], nil
}

// date reads a date in UTC.
func date(text string) (time.Time, error) {
	text = strings.TrimSpace(strings.TrimSuffix(text, "UTC"))
	if t, ok := decode.ParseTime(text); ok {
		return t.UTC(), nil
	}
	return time.Time{}, errors.New("expected a date in UTC like 2026-01-31 15:04:05")
}

// secondsOf counts seconds from a start.
func secondsOf(epoch, least, most int64, size int) encoder {
	return func(text string, o order) ([]byte, error) {
		t, err := date(text)
		if err != nil {
			return nil, err
		}
		v := t.Unix() - epoch
		if v < least || v > most {
			return nil, errors.New("the date lies outside of what can be stored")
		}
		return put(uint64(v), size, o), nil
	}
}

func fileTimeOf(text string, o order) ([]byte, error) {
	t, err := date(text)
	if err != nil {
		return nil, err
	}
	if t.Unix() < fileEpoch {
		return nil, errors.New("a FILETIME begins in 1601")
	}
	return put(uint64(t.Unix()-fileEpoch)*1e7+uint64(t.Nanosecond()/100), 8, o), nil
}

// dosTimeOf is the time, then the date, as FAT stores them: in steps of two seconds.
func dosTimeOf(text string, o order) ([]byte, error) {
	t, err := date(text)
	if err != nil {
		return nil, err
	}
	if t.Year() < 1980 || t.Year() > 2107 || t.Second()%2 != 0 || t.Nanosecond() != 0 {
		return nil, errors.New("a DOS time holds even seconds from 1980 to 2107")
	}
	clock := t.Hour()<<11 | t.Minute()<<5 | t.Second()/2
	day := (t.Year()-1980)<<9 | int(t.Month())<<5 | t.Day()
	return append(put(uint64(clock), 2, o), put(uint64(day), 2, o)...), nil
}
