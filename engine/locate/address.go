package locate

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"platter/decode"
)

// plane is a space of offsets.
type plane uint8

const (
	nearby   plane = iota // the one the cursor is in
	inFile                // a file of the image
	onDisk                // the virtual disk
	inVolume              // a partition of the virtual disk
)

// anchor is what an address counts from.
type anchor uint8

const (
	fromStart anchor = iota
	fromCursor
	fromEnd
	atSector // the sector of the cursor
	atLBA
	atBlock
	atEntry // number of a table's entry
	atPartition
	atName
)

// address is where a person wants to go, as read from an expression.
type address struct {
	text   string
	plane  plane
	file   string
	anchor anchor
	number int64
	name   string // table or node
	delta  int64  // bytes, or sectors after "sec"
}

// words are those that a number may follow.
var words = map[string]anchor{
	"lba": atLBA, "sector": atLBA, "block": atBlock, "blk": atBlock, "grain": atBlock,
	"bat": atEntry, "gd": atEntry, "rgd": atEntry, "part": atPartition, "partition": atPartition,
}

// counted is what the number after a word counts.
var counted = map[anchor]string{atLBA: "a sector", atBlock: "a block", atEntry: "an entry", atPartition: "a partition"}

// parse reads an expression such as 0x1f00, 8k, lba 2048, sec+3, block 913,
// bat 920, gd 12, hdr2.log_offset, end-512, +0x200, part3+1M or
// virt:0x10000. A file's name may stand in front of a colon too. Names and
// planes are looked up only when the address is resolved.
func parse(expr string) (address, error) {
	a := address{text: strings.TrimSpace(expr)}
	rest := a.text
	if i := strings.LastIndexByte(rest, ':'); i >= 0 {
		a.setPlane(strings.TrimSpace(rest[:i]))
		rest = strings.TrimSpace(rest[i+1:])
	}
	base, delta := cutDelta(rest)
	if err := a.setBase(base, delta != ""); err != nil {
		return address{}, err
	}
	if delta == "" {
		return a, nil
	}
	n, err := signed(delta)
	switch {
	case errors.Is(err, errTooLarge):
		return address{}, a.fail("%w", err)
	case err != nil:
		return address{}, a.fail("%q is no distance: %w", decode.Printable(delta), err)
	}
	a.delta = n
	return a, nil
}

func (a address) fail(format string, args ...any) error {
	return fmt.Errorf("%q: %w", decode.Printable(a.text), fmt.Errorf(format, args...))
}

func (a *address) setPlane(prefix string) {
	switch strings.ToLower(prefix) {
	case "file":
		a.plane = inFile
	case "virt", "virtual", "disk":
		a.plane = onDisk
	case "vol", "volume":
		a.plane = inVolume
	default:
		a.plane, a.file = inFile, prefix
	}
}

// cutDelta parts the distance at the end off: a sign with a digit after it.
func cutDelta(s string) (base, delta string) {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] != '+' && s[i] != '-' {
			continue
		}
		if num := strings.TrimSpace(s[i+1:]); num != "" && num[0] >= '0' && num[0] <= '9' {
			return strings.TrimSpace(s[:i]), s[i:i+1] + num
		}
	}
	return s, ""
}

func signed(delta string) (int64, error) {
	n, err := number(delta[1:])
	if delta[0] == '-' {
		n = -n
	}
	return n, err
}

var errTooLarge = errors.New("the number is too large: it lies past the end of everything")

// number reads an offset; hexadecimal digits need their 0x.
func number(s string) (int64, error) {
	v, err := decode.ParseSize(s)
	if errors.Is(err, decode.ErrTooLarge) || v > math.MaxInt64 {
		return 0, errTooLarge
	}
	return int64(v), err
}

func (a *address) setBase(base string, withDelta bool) error {
	lower := strings.ToLower(base)
	switch {
	case base == "" && withDelta:
		a.anchor = fromCursor
		return nil
	case base == "":
		return a.fail("expected an address such as 0x1f00, lba 2048, block 9 or header.checksum")
	case lower == "end":
		a.anchor = fromEnd
		return nil
	case lower == "sec":
		a.anchor = atSector
		return nil
	case base[0] >= '0' && base[0] <= '9':
		n, err := number(base)
		if err != nil {
			return a.fail("%w", err)
		}
		a.anchor, a.number = fromStart, n
		return nil
	}
	return a.setWord(base, lower)
}

// setWord reads a word with a number, or else a name.
func (a *address) setWord(base, lower string) error {
	letters := lower
	if i := strings.IndexFunc(lower, func(r rune) bool { return r < 'a' || r > 'z' }); i >= 0 {
		letters = lower[:i]
	}
	digits := strings.TrimSpace(lower[len(letters):])
	if kind, ok := words[letters]; ok && digits != "" && digits[0] != '.' {
		switch n, err := number(digits); {
		case err == nil:
			a.anchor, a.number, a.name = kind, n, letters
			return nil
		case errors.Is(err, errTooLarge):
			return a.fail("%w", err)
		}
	}
	a.anchor, a.name = atName, base
	return nil
}
