package search

import (
	"math"
	"regexp/syntax"
)

// part is a run of characters that every match of an expression contains.
type part struct {
	runes []rune
	fold  bool
	lead  int // the greatest number of bytes in front of it
}

func (p part) ok() bool { return len(p.runes) > 0 && p.lead < maxPattern }

// rank is less for a part that is found less often, and whose place says more
// about where the match starts.
func (p part) rank() float64 { return float64(p.lead+16) / math.Pow(64, float64(len(p.runes))) }

// required finds the best part of an expression.
func required(re *syntax.Regexp) part {
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			if r > 0xFF { // matches nothing: bytes end at 0xff
				return part{}
			}
		}
		return part{re.Rune, re.Flags&syntax.FoldCase != 0, 0}
	case syntax.OpCapture, syntax.OpPlus:
		return required(re.Sub[0])
	case syntax.OpConcat:
		var best part
		lead := 0
		for _, sub := range re.Sub {
			p := required(sub)
			if p.lead += lead; p.ok() && (!best.ok() || p.rank() < best.rank()) {
				best = p
			}
			_, most := lengths(sub)
			lead += most
		}
		return best
	}
	return part{}
}

// needle finds the part. A byte beyond ASCII whose case is folded may be any.
func (p part) needle() needle {
	var n needle
	for _, r := range p.runes[:min(len(p.runes), maxPattern)] {
		c := byte(r)
		switch lower := c | 0x20; {
		case p.fold && c >= 0x80:
			n.value, n.mask = append(n.value, 0), append(n.mask, 0)
		case p.fold && lower >= 'a' && lower <= 'z':
			n.append([]byte{lower}, [][]byte{{lower ^ 0x20}})
		default:
			n.append([]byte{c}, nil)
		}
	}
	return n
}
