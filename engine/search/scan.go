package search

import (
	"bytes"
	"cmp"
	"slices"
)

// match is a hit in a buffer.
type match struct {
	at, length int
	needle     int
}

// window is a stretch of a plane in memory.
type window struct {
	b    []byte
	base int64 // offset of b[0] in the plane
	from int64 // bytes outside [from, to) give context only
	to   int64
}

// scanner finds a matcher's hits in windows; it belongs to one goroutine.
type scanner struct {
	m      *Matcher
	passes []set
	blind  []int // needles that no set finds
	found  []match
	dfa    *automaton
	latin  []byte
}

func newScanner(m *Matcher) *scanner {
	s := &scanner{m: m}
	if m.expr != nil {
		s.dfa = newAutomaton(m.expr)
	}
	return s
}

// slice is how much a pass works on before the next one has its turn: it
// stays in the processor's cache.
const slice = 64 << 10

// enough bounds how many matches are gathered before they are handed on.
const enough = 4096

// scan finds the matches that start in [lo, hi) of the window, in ascending
// order. It may stop early when there are many, and returns how far it came.
// What it returns is valid until the next call.
func (s *scanner) scan(w *window, lo, hi int) (found []match, upTo int) {
	s.found = s.found[:0]
	if s.m.expr != nil {
		return s.expressions(w, lo, hi)
	}
	s.plan(s.m.sets, len(s.m.needles), w.b[lo:min(hi+s.m.longest, len(w.b))])
	for lo < hi && len(s.found) < enough {
		end := min(lo+slice, hi)
		first := len(s.found)
		for i := range s.passes {
			s.pass(w, &s.passes[i], lo, end)
		}
		for _, n := range s.blind {
			s.every(w, n, lo, end)
		}
		s.settle(first)
		lo = end
	}
	return s.found, lo
}

// settle puts the matches of several passes in order.
func (s *scanner) settle(first int) {
	fresh := s.found[first:]
	if len(fresh) < 2 {
		return
	}
	slices.SortFunc(fresh, func(a, b match) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.needle, b.needle))
	})
	kept := slices.CompactFunc(fresh, func(a, b match) bool { return a.at == b.at && a.length == b.length })
	s.found = s.found[:first+len(kept)]
}

// The costs of looking for a byte value in a buffer, in the time that a byte
// takes: a pass over the buffer, and each place where the value is found.
const (
	passCost = 1
	findCost = 100
)

// plan chooses by which byte values to look for the needles: few passes, and
// values that are rare in a sample of what is to be searched. One letter finds
// all encodings of a text.
func (s *scanner) plan(sets []set, needles int, b []byte) {
	s.passes, s.blind = s.passes[:0], s.blind[:0]
	var often [256]int
	const samples, each = 64, 64
	step, total := max(len(b)/samples, each), 0
	for i := 0; i < len(b); i += step {
		part := b[i:min(i+each, len(b))]
		total += len(part)
		for _, c := range part {
			often[c]++
		}
	}
	left := make([]bool, needles)
	for i := range left {
		left[i] = true
	}
	for s.cheapest(sets, left, &often, total) {
	}
	for i := range left {
		if left[i] {
			s.blind = append(s.blind, i)
		}
	}
}

// cheapest adds the pass that costs least for each needle it finds of those
// that are left; false if none finds any.
func (s *scanner) cheapest(sets []set, left []bool, often *[256]int, total int) bool {
	best, bestCost := -1, 0.0
	for i, set := range sets {
		gain := 0
		for _, m := range set.members {
			if left[m.needle] {
				gain++
			}
		}
		if gain == 0 {
			continue
		}
		cost := 0.0
		for _, v := range []byte(set.values) {
			cost += passCost + findCost*float64(often[v])/float64(max(total, 1))
		}
		if cost /= float64(gain); best < 0 || cost < bestCost {
			best, bestCost = i, cost
		}
	}
	if best < 0 {
		return false
	}
	pass := sets[best]
	pass.members = slices.DeleteFunc(slices.Clone(pass.members), func(m member) bool { return !left[m.needle] })
	for _, m := range pass.members {
		left[m.needle] = false
	}
	s.passes = append(s.passes, pass)
	return true
}

// hunt looks for one or two byte values in b, from left to right.
type hunt struct {
	b      []byte
	values string
	at     [2]int // where each value was found last; len(b) if there is none
}

func newHunt(b []byte, values string) hunt { return hunt{b: b, values: values, at: [2]int{-1, -1}} }

// next is the first place of a value at or after i, which may not go back;
// len(b) if there is none.
func (h *hunt) next(i int) int {
	found := len(h.b)
	for k := range len(h.values) {
		if h.at[k] < i {
			h.at[k] = len(h.b)
			if d := bytes.IndexByte(h.b[min(i, len(h.b)):], h.values[k]); d >= 0 {
				h.at[k] = i + d
			}
		}
		found = min(found, h.at[k])
	}
	return found
}

// pass looks for a set's byte values and tries its needles around each.
func (s *scanner) pass(w *window, p *set, lo, hi int) {
	end := min(hi+p.high, len(w.b))
	h := newHunt(w.b[:end], p.values)
	for i := h.next(lo + p.low); i < end; i = h.next(i + 1) {
		s.try(w, p, i, lo, hi)
	}
}

func (s *scanner) try(w *window, p *set, i, lo, hi int) {
	for _, m := range p.members {
		if start := i - m.at; start >= lo && start < hi {
			s.take(w, m.needle, start)
		}
	}
}

// every tries a needle at every place.
func (s *scanner) every(w *window, n, lo, hi int) {
	for i := lo; i < hi; i++ {
		s.take(w, n, i)
	}
}

// take adds a match if the needle is there and lies within the limits.
func (s *scanner) take(w *window, index, start int) {
	n := &s.m.needles[index]
	if !n.at(w.b, start) || w.base+int64(start) < w.from || w.base+int64(start+len(n.value)) > w.to {
		return
	}
	if n.wide != notWide && s.shadow(w, n, start) {
		return
	}
	s.found = append(s.found, match{start, len(n.value), index})
}

// shadow reports whether a match of a two-byte text is the same text in the
// other byte order, seen one byte off: between zeros, "p 0 a 0" and "0 p 0 a"
// are both there. The one at an even offset counts, where text is aligned.
func (s *scanner) shadow(w *window, n *needle, start int) bool {
	at := w.base + int64(start)
	if at%2 == 0 || !s.otherOrder(n) {
		return false
	}
	if n.wide == wideBig {
		last := start + len(n.value)
		return at+int64(len(n.value)) < w.to && last < len(w.b) && w.b[last] == 0
	}
	return at > w.from && start > 0 && w.b[start-1] == 0
}

func (s *scanner) otherOrder(n *needle) bool {
	for i := range s.m.needles {
		if o := &s.m.needles[i]; o.wide != notWide && o.wide != n.wide {
			return true
		}
	}
	return false
}
