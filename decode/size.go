package decode

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// ErrTooLarge is what [ParseSize] returns, wrapped, for a number that it
// understands but can't hold.
var ErrTooLarge = errors.New("does not fit 64 bits")

// ParseSize reads a size or offset in bytes: "512", "0x200", "64K", "10G",
// "1.5G", "127 GiB", "100s" for sectors of 512 bytes. Units are powers of
// 1024, in either case.
func ParseSize(s string) (uint64, error) {
	text := strings.ToLower(strings.TrimSpace(strings.ReplaceAll(s, "_", "")))
	num, unit := text, uint64(1)
	if !strings.HasPrefix(text, "0x") || strings.HasSuffix(text, "s") {
		num, unit = cutUnit(text)
	}
	num = strings.TrimSpace(num)
	n, err := strconv.ParseUint(num, 0, 64)
	switch hi, lo := bits.Mul64(n, unit); {
	case errors.Is(err, strconv.ErrRange), err == nil && hi != 0:
		return 0, fmt.Errorf("size %q: %w", Printable(s), ErrTooLarge)
	case err == nil:
		return lo, nil
	}
	v, err := strconv.ParseFloat(num, 64)
	if err != nil || v < 0 || v*float64(unit) >= 1<<63 || strings.ContainsAny(num, "xenp+") {
		return 0, fmt.Errorf("size %q: expected a number such as 4096, 0x1000, 64K, 10G or 100s", Printable(s))
	}
	return uint64(v * float64(unit)), nil
}

func cutUnit(s string) (string, uint64) {
	s = strings.TrimSuffix(strings.TrimSuffix(s, "ib"), "b")
	if s == "" {
		return s, 1
	}
	num := s[:len(s)-1]
	switch s[len(s)-1] {
	case 's':
		return num, 512
	case 'k':
		return num, 1 << 10
	case 'm':
		return num, 1 << 20
	case 'g':
		return num, 1 << 30
	case 't':
		return num, 1 << 40
	case 'p':
		return num, 1 << 50
	}
	return s, 1
}

// FormatSize words a size in bytes: "512 B", "2 MiB", "37.8 GiB". At most one
// decimal is shown, rounded down, so that a size never looks larger than it is.
func FormatSize(n uint64) string {
	const units = "KMGTPE"
	if n < 1024 {
		return strconv.FormatUint(n, 10) + " B"
	}
	unit := (bits.Len64(n) - 1) / 10
	whole := n >> (10 * unit)
	tenth := (n >> (10*unit - 10) & 1023) * 10 / 1024
	number := strconv.FormatUint(whole, 10)
	if tenth != 0 {
		number += "." + strconv.FormatUint(tenth, 10)
	}
	return number + " " + units[unit-1:unit] + "iB"
}

// Grouped writes a number with blanks between groups of three digits.
func Grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	b := make([]byte, 0, len(digits)+len(digits)/3)
	for i := range len(digits) {
		if i > 0 && (len(digits)-i)%3 == 0 && digits[i-1] != '-' {
			b = append(b, ' ')
		}
		b = append(b, digits[i])
	}
	return string(b)
}

// Plural words a number of things: "1 entry", "2 entries".
func Plural[N int | int64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.FormatInt(int64(n), 10) + " " + many
}

// BaseName is the last part of a path as any system writes it, printable.
func BaseName(path string) string {
	return Printable(path[strings.LastIndexAny(path, `/\`)+1:])
}

// ShortSize words a size as a command line takes it, exactly: "2M", "64K",
// "100s", "511".
func ShortSize(n uint64) string {
	const units = "TGMK"
	for i := range len(units) {
		if unit := uint64(1) << (40 - 10*i); n >= unit && n%unit == 0 {
			return strconv.FormatUint(n/unit, 10) + units[i:i+1]
		}
	}
	if n >= 512 && n%512 == 0 {
		return strconv.FormatUint(n/512, 10) + "s"
	}
	return strconv.FormatUint(n, 10)
}
