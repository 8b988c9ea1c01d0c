package search

import (
	"bytes"
	"fmt"
	"slices"
)

// needle is a run of bytes to be found: at each place those bits of a byte
// that the mask has must have the value.
type needle struct {
	label   string // how a hit is named: the encoding, or "hex"
	value   []byte
	mask    []byte
	choices []choice
	wide    wideOrder // two-byte characters below 0x100, for the rule of the two orders
}

// choice is a part of a needle that may be spelled in several ways that a mask
// can't express.
type choice struct {
	at    int
	among [][]byte
}

// append adds bytes that may be spelled in other ways too.
func (n *needle) append(b []byte, others [][]byte) {
	at := len(n.value)
	for i, c := range b {
		mask := byte(0xFF)
		for _, o := range others {
			mask &^= o[i] ^ c
		}
		n.value, n.mask = append(n.value, c&mask), append(n.mask, mask)
	}
	// One other spelling that differs in one bit is what the mask says.
	if differing := bitsOff(n.mask[at:]); len(others) > 1 || len(others) == 1 && differing > 1 {
		n.choices = append(n.choices, choice{at, append([][]byte{b}, others...)})
	}
}

func bitsOff(mask []byte) int {
	n := 0
	for _, m := range mask {
		for ; m != 0xFF; m |= m + 1 {
			n++
		}
	}
	return n
}

// key tells needles apart that match different bytes.
func (n *needle) key() string { return fmt.Sprint(n.value, n.mask, n.choices) }

// at reports whether the needle lies at start of b.
func (n *needle) at(b []byte, start int) bool {
	if start < 0 || start > len(b)-len(n.value) {
		return false
	}
	b = b[start : start+len(n.value)]
	value, mask := n.value[:len(b)], n.mask[:len(b)]
	for i, c := range b {
		if c&mask[i] != value[i] {
			return false
		}
	}
	for _, c := range n.choices {
		if !slices.ContainsFunc(c.among, func(s []byte) bool { return bytes.HasPrefix(b[c.at:], s) }) {
			return false
		}
	}
	return true
}

func (n *needle) matchesZero() bool { return n.at(make([]byte, len(n.value)), 0) }

// values lists the bytes that may stand at a place of the needle, as long as
// they are one or two: more are no help in finding it.
func (n *needle) values(i int) string {
	switch free := ^n.mask[i]; {
	case free == 0:
		return string([]byte{n.value[i]})
	case free&(free-1) == 0:
		return string([]byte{n.value[i], n.value[i] | free})
	}
	return ""
}

// set is one or two byte values and the needles that have one of them at a
// known place: looking for the values finds those needles.
type set struct {
	values  string
	members []member
	low     int // the least and the greatest place
	high    int
}

type member struct {
	needle int
	at     int
}

// gather lists the sets of all needles. Of several places in a needle the
// first serves.
func gather(needles []needle) []set {
	var list []set
	index := map[string]int{}
	for i := range needles {
		seen := map[string]bool{}
		for at := range needles[i].value {
			v := needles[i].values(at)
			if v == "" || seen[v] {
				continue
			}
			seen[v] = true
			k, ok := index[v]
			if !ok {
				k = len(list)
				index[v], list = k, append(list, set{values: v, low: at})
			}
			list[k].members = append(list[k].members, member{i, at})
			list[k].low, list[k].high = min(list[k].low, at), max(list[k].high, at)
		}
	}
	return list
}
