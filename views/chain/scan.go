package chain

import (
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/views"
)

// buckets is into how many parts of equal size the disk is counted.
const buckets = 2048

// answer is who answers for a part of the disk: a layer, or a state that no
// layer stores.
type answer struct {
	known bool
	state disk.State
	layer int
	mixed bool // others answer for some of it
}

// scan goes through the map in the background.
type scan struct {
	gen     views.Gen
	img     disk.Image
	size    int64 // of the disk, bytes
	part    int64 // bytes in a bucket
	at      int64 // scanned so far
	parts   []answer
	layers  []int64 // bytes that each layer answers for
	rest    int64   // bytes that none does
	running bool
	err     error
}

// scanSlice is how long a step works before it shows what it has.
const scanSlice = 100 * time.Millisecond

func newScan(img disk.Image, layers int) scan {
	info := img.Info()
	s := scan{gen: views.NewGen(), img: img, size: info.VirtualSize, layers: make([]int64, layers)}
	s.running = info.Readable() && s.size > 0
	unit := max(info.BlockSize, 512)
	s.part = max((s.size/buckets+unit-1)/unit*unit, unit)
	if s.running {
		s.parts = make([]answer, (s.size-1)/s.part+1)
	}
	return s
}

// scanned is who answers for some parts that follow each other.
type scanned struct {
	gen    views.Gen
	first  int
	parts  []answer
	layers []int64
	rest   int64
	err    error
}

// step is a command that looks at the map for a while, by whole parts.
func (s *scan) step() tea.Cmd {
	if !s.running {
		return nil
	}
	gen, img, size, part, at, layers := s.gen, s.img, s.size, s.part, s.at, len(s.layers)
	return func() tea.Msg {
		msg := scanned{gen: gen, first: int(at / part), layers: make([]int64, layers)}
		for begin := time.Now(); at < size && msg.err == nil && time.Since(begin) < scanSlice; {
			n := min(part, size-at)
			msg.parts = append(msg.parts, msg.look(img, at, n))
			at += n // not part: a header can claim all of 63 bits
		}
		return msg
	}
}

// look finds out who answers for most of a part.
func (m *scanned) look(img disk.Image, off, n int64) answer {
	stored := make([]int64, len(m.layers))
	var states [disk.Missing + 1]int64
	for span, err := range img.Map(off, n) {
		if err != nil {
			m.err = err
			return answer{}
		}
		if span.State == disk.Data && span.Layer < len(stored) {
			stored[span.Layer] += span.Length
			m.layers[span.Layer] += span.Length
			continue
		}
		states[span.State] += span.Length
		m.rest += span.Length
	}
	return judge(stored, states[:], n)
}

// judge says who answers for a part of n bytes: what can't be read must not
// drown, nor must the little that a child stores in what its parents do.
// Beneath these it is the state of most of the part.
func judge(stored, states []int64, n int64) answer {
	a := answer{known: true}
	most := states[disk.Missing]
	upper := slices.IndexFunc(stored, func(got int64) bool { return got > 0 })
	switch {
	case most > 0:
		a.state = disk.Missing
	case upper >= 0:
		a.state, a.layer, most = disk.Data, upper, stored[upper]
	default:
		for st, got := range states {
			if got > most {
				a.state, most = disk.State(st), got
			}
		}
	}
	a.mixed = most < n
	return a
}

// take takes answers in and goes on.
func (s *scan) take(msg scanned) tea.Cmd {
	if msg.gen != s.gen || !s.running {
		return nil
	}
	copy(s.parts[msg.first:], msg.parts)
	for i, n := range msg.layers {
		s.layers[i] += n
	}
	s.rest += msg.rest
	s.at = s.offset(msg.first + len(msg.parts))
	s.err = msg.err
	s.running = s.at < s.size && s.err == nil
	return s.step()
}

func (s *scan) halt() bool {
	was := s.running
	s.running = false
	return was
}

func (s *scan) percent() int64 {
	if s.size == 0 {
		return 100
	}
	return int64(float64(s.at) / float64(s.size) * 100)
}

// cell is what shows in one of n cells, by the rule of [judge] over its parts.
func (s *scan) cell(i, n int) answer {
	from, to := i*len(s.parts)/n, (i+1)*len(s.parts)/n
	stored, parts := make([]int64, len(s.layers)), int64(0)
	var states [disk.Missing + 1]int64
	mixed := false
	for k := from; k < max(to, from+1) && k < len(s.parts); k++ {
		a := s.parts[k]
		switch {
		case !a.known:
			continue
		case a.state == disk.Data:
			stored[a.layer]++
		default:
			states[a.state]++
		}
		parts++
		mixed = mixed || a.mixed
	}
	if parts == 0 {
		return answer{}
	}
	a := judge(stored, states[:], parts)
	a.mixed = a.mixed || mixed
	return a
}

// start is where a cell of n starts on the disk, in bytes, and end where it
// ends.
func (s *scan) start(i, n int) int64 {
	return min(s.offset(i*len(s.parts)/max(n, 1)), max(s.size-1, 0))
}

func (s *scan) end(i, n int) int64 {
	from, to := i*len(s.parts)/max(n, 1), (i+1)*len(s.parts)/max(n, 1)
	return s.offset(max(to, from+1))
}

// offset is where a part starts on the disk, in bytes; the disk's end for those
// behind the last one, whose product would not fit 63 bits.
func (s *scan) offset(part int) int64 {
	if part >= len(s.parts) {
		return s.size
	}
	return int64(part) * s.part
}

// trail is how the bytes of a cell are found.
type trail struct {
	gen   views.Gen
	lines []string
}

// trailed is the answer to [View.follow].
type trailed struct {
	gen   views.Gen
	trail trail
}
