// Package space keeps one map of who owns what of a file, a bit for each unit:
// for checks that look for what is claimed twice or by nobody, and for whoever
// looks for room. A table of 67 million entries in any order comes down to 8 MiB
// of bits. Larger files are gone through in windows, those without any claim
// left out: a grain far out in a hole of terabytes costs one pass.
package space

import (
	"iter"
	"math/bits"

	"platter/engine/store"
)

// windowBits is the power of two of units that are accounted for at a time: a
// bitmap of 16 MiB for each use that occurs, of 64 GiB of sectors or 128 TiB of
// units of 1 MiB.
const windowBits = 27

// Twice stands for what several claims share, where a use is asked for.
const Twice = -1

// Map tells for each unit of a window of a file what uses claim it. The units
// of a claim count as a whole.
type Map struct {
	size   int64 // bytes
	unit   uint  // power of two of the bytes of a unit
	window uint  // power of two of the units of a window
	claims func(*Map) error

	number   int64 // of the window that is loaded; -1 for none
	from, to int64 // its units
	used     []set // by use, nil for those that don't occur
	live     []set // those that do
	twice    set
	spare    []set // of earlier windows
	busy     set   // the windows in which something lies
	surveyed bool  // which is known once a window was loaded
}

// Survey makes the map of a file of size bytes in units of a power of two of
// bytes. Claims calls [Map.Mark] for everything that has a place in the file,
// with uses below the number given. It is called for each window, and must mark
// the same each time.
func Survey(size, unit int64, uses int, claims func(*Map) error) *Map {
	return &Map{
		size: size, unit: uint(bits.TrailingZeros64(uint64(unit))), window: windowBits,
		claims: claims, number: -1, used: make([]set, uses),
	}
}

// Mark claims bytes [off, off+n) for a use. It reports whether a part of them
// that lies in the window was claimed before.
func (m *Map) Mark(use int, off, n int64) bool {
	first, end := m.units(off, n)
	if first < m.from || end > m.to {
		first, end = m.clip(first, end)
	}
	own := m.used[use]
	if own == nil && first < end {
		own = m.open(use)
	}
	found := false
	for at, last := first-m.from, end-m.from; at < last; {
		n := min(64-at%64, last-at)
		word, mask := at/64, ^uint64(0)>>(64-n)<<(at%64)
		if was := union(m.live, word) & mask; was != 0 { // rare: in a table in no order each access costs
			m.share(word, was)
			found = true
		}
		own[word] |= mask
		at += n
	}
	return found
}

// clip notes the windows of a claim, and cuts it to the one that is loaded.
func (m *Map) clip(first, end int64) (int64, int64) {
	if first < end {
		for w := first >> m.window; w <= (end-1)>>m.window; w++ {
			m.busy.add(w)
		}
	}
	return max(first, m.from), min(end, m.to)
}

// open makes the bitmap of a use that occurs.
func (m *Map) open(use int) set {
	s := m.blank()
	m.used[use] = s
	m.live = append(m.live, s)
	return s
}

func (m *Map) share(word int64, mask uint64) {
	if m.twice == nil {
		m.twice = m.blank()
	}
	m.twice[word] |= mask
}

// blank is a bitmap of the window, in the room of one of an earlier window if there is any.
func (m *Map) blank() set {
	n := len(m.spare)
	if n == 0 {
		return make(set, m.words())
	}
	s := m.spare[n-1]
	m.spare = m.spare[:n-1]
	if int64(cap(s)) < m.words() {
		return make(set, m.words())
	}
	s = s[:m.words()]
	clear(s)
	return s
}

// words is how many a bitmap of the window has.
func (m *Map) words() int64 { return (m.to - m.from + 63) / 64 }

// units are those of [off, off+n), as far as the file has them.
func (m *Map) units(off, n int64) (first, end int64) {
	if off < 0 || off >= m.size || n <= 0 {
		return 0, 0
	}
	return off >> m.unit, (off+min(n, m.size-off)-1)>>m.unit + 1
}

// Holds reports whether a part of [off, off+n) lies in the window.
func (m *Map) Holds(off, n int64) bool {
	first, end := m.units(off, n)
	return max(first, m.from) < min(end, m.to)
}

// Has reports whether a use, or [Twice], has a part of [off, off+n) that lies
// in the window.
func (m *Map) Has(use int, off, n int64) bool {
	first, end := m.units(off, n)
	first, end = max(first, m.from)-m.from, min(end, m.to)-m.from
	return first < end && next(m.sets(use), first, end, 0) < end
}

// sets is the bitmap of a use or of Twice, if there is one.
func (m *Map) sets(use int) []set {
	s := m.twice
	if use != Twice {
		s = m.used[use]
	}
	if s == nil {
		return nil
	}
	return []set{s}
}

// Windows goes through the windows from the one that holds the byte from on, and
// says which bytes they are. Those in which nothing lies are left out, as far as
// that is known. What the map says of a window is valid until the next one.
func (m *Map) Windows(from int64) iter.Seq2[store.Range, error] {
	return func(yield func(store.Range, error) bool) {
		n := from >> (m.unit + m.window)
		if m.surveyed {
			n = m.busy.from(n)
		}
		for count := m.count(); n >= 0 && n < count; n = m.busy.from(n + 1) {
			if err := m.load(n); err != nil {
				yield(store.Range{}, err)
				return
			}
			if !yield(m.bytes(m.from, m.to), nil) {
				return
			}
		}
	}
}

// count is how many windows the file has.
func (m *Map) count() int64 { return (m.size-1)>>(m.unit+m.window) + 1 }

// load makes a window the one that the map tells of.
func (m *Map) load(n int64) error {
	if m.number == n {
		return nil
	}
	m.number = -1
	m.from = n << m.window
	m.to = m.from + min(1<<m.window, (m.size-1)>>m.unit+1-m.from)
	m.spare = append(m.spare, m.live...)
	if m.twice != nil {
		m.spare = append(m.spare, m.twice)
	}
	clear(m.used)
	m.live, m.twice = nil, nil
	m.busy.add(n)
	if err := m.claims(m); err != nil {
		return err
	}
	m.number, m.surveyed = n, true
	return nil
}

// bytes are those of the units [first, end), as far as the file has them.
func (m *Map) bytes(first, end int64) store.Range {
	off := first << m.unit
	return store.Range{Offset: off, Length: min((end-first)<<m.unit, m.size-off)}
}

// Runs yields the runs of units that a use, or [Twice], has of [from, to), as
// far as that lies in the window.
func (m *Map) Runs(use int, from, to int64) iter.Seq[store.Range] {
	return m.runs(m.sets(use), from, to)
}

func (m *Map) runs(sets []set, from, to int64) iter.Seq[store.Range] {
	return func(yield func(store.Range) bool) {
		at, end := m.units(from, to-from)
		at, end = max(at, m.from)-m.from, min(end, m.to)-m.from
		for at < end {
			start := next(sets, at, end, 0)
			at = next(sets, start, end, ^uint64(0))
			if start < at && !yield(m.bytes(m.from+start, m.from+at)) {
				return
			}
		}
	}
}

// Free yields the runs of bytes from an offset on that nothing claims, ascending.
func (m *Map) Free(from int64) iter.Seq2[store.Range, error] {
	return func(yield func(store.Range, error) bool) {
		reach := from
		for w, err := range m.Windows(from) {
			if err != nil {
				yield(store.Range{}, err)
				return
			}
			for r := range m.runs(m.live, w.Offset, w.End()) {
				if r.Offset > reach && !yield(store.Range{Offset: reach, Length: r.Offset - reach}, nil) {
					return
				}
				reach = max(reach, r.End())
			}
		}
		if reach < m.size {
			yield(store.Range{Offset: reach, Length: m.size - reach}, nil)
		}
	}
}
