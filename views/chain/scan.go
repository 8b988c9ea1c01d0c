package chain

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"platter/engine/disk"
	"platter/views"
	"platter/views/widget/parts"
)

// answer is who answers for a part of the disk: a layer, or a state that no
// layer stores.
type answer struct {
	known bool
	state disk.State
	layer int
	mixed bool // others answer for some of it
}

// share is who answers for a part of the disk, and for how many bytes of it.
type share struct {
	answer
	layers []int64 // bytes that each layer answers for
	rest   int64   // bytes that none does
}

// scan goes through the map in the background.
type scan struct {
	parts.Scan[share]
	layers []int64 // bytes that each layer answers for
	rest   int64   // bytes that none does
}

func newScan(img disk.Image, layers int) scan {
	look := func(off, n int64) (share, error) { return shareOf(img, layers, off, n) }
	return scan{Scan: parts.New(img, look), layers: make([]int64, layers)}
}

// shareOf finds out who answers for most of a part.
func shareOf(img disk.Image, layers int, off, n int64) (share, error) {
	s := share{layers: make([]int64, layers)}
	var states [disk.Missing + 1]int64
	for span, err := range img.Map(off, n) {
		if err != nil {
			return share{}, err
		}
		if span.State == disk.Data && span.Layer < layers {
			s.layers[span.Layer] += span.Length
			continue
		}
		states[span.State] += span.Length
		s.rest += span.Length
	}
	s.answer = judge(s.layers, states[:], n)
	return s, nil
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
func (s *scan) take(msg parts.Found[share]) tea.Cmd {
	found, next := s.Take(msg)
	for k, p := range found {
		for i, n := range p.layers {
			s.layers[i] += n
		}
		s.rest += p.rest
		found[k].layers = nil // counted
	}
	return next
}

// cell is what shows in one of n cells, by the rule of [judge] over its parts.
func (s *scan) cell(i, n int) answer {
	stored, parts := make([]int64, len(s.layers)), int64(0)
	var states [disk.Missing + 1]int64
	mixed := false
	for _, a := range s.Cell(i, n) {
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
