package compact

import (
	"context"
	"sort"

	"platter/engine/space"
	"platter/engine/store"
)

// copier is what copying needs. Where the file has holes is asked once: sources lie after
// the cut, and copies before it.
type copier struct {
	look *space.Looker
	buf  []byte
}

// copyBytes is how much is copied at once.
const copyBytes = 2 << 20

// fill moves the last pieces into the gaps in front of them: what is small first, since
// it fits where no block does, and would keep the file from becoming shorter.
func (r *run) fill(ctx context.Context) error {
	gaps, err := r.gaps(ctx, false)
	if err != nil || len(gaps) == 0 {
		return err
	}
	r.align(gaps)
	cut, err := r.cut(ctx, gaps)
	if err != nil {
		return err
	}
	// What was made zeros has to be so before copies lie there: else a power cut mixes them.
	if err := r.Flush(ctx); err != nil {
		return err
	}
	room := &slots{gaps: gaps, from: map[int64]int{}}
	c := &copier{space.NewLooker(r.Shape.File, r.Shape.End), make([]byte, min(copyBytes, r.Unit))}
	for _, kind := range []Kind{Small, Block} {
		err := r.each(ctx, func(p Piece) error {
			if p.Kind != kind || p.At+p.Length <= cut {
				return nil
			}
			at, ok := room.take(p.Length, p.At)
			if !ok {
				return nil
			}
			return r.move(ctx, p, at, c)
		})
		if err != nil {
			return err
		}
		if err := r.flush(ctx); err != nil {
			return err
		}
	}
	return nil
}

// align has gaps begin where a piece may.
func (r *run) align(gaps []store.Range) {
	for i := range gaps {
		end := gaps[i].End()
		gaps[i].Offset = min((gaps[i].Offset+r.Align-1)/r.Align*r.Align, end)
		gaps[i].Length = end - gaps[i].Offset
	}
}

// cut is where the file could end: the blocks after it fit into the gaps before it.
func (r *run) cut(ctx context.Context, gaps []store.Range) (int64, error) {
	blocks := make([]int64, len(gaps)+1) // that lie after so many gaps
	err := r.each(ctx, func(p Piece) error {
		if p.Kind == Block {
			blocks[sort.Search(len(gaps), func(i int) bool { return gaps[i].Offset > p.At })]++
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	room := make([]int64, len(gaps)+1) // slots in so many gaps
	for i, g := range gaps {
		room[i+1] = room[i] + g.Length/r.Unit
	}
	moved, end := int64(0), r.Shape.End
	for k := len(gaps); k > 0; k-- {
		if moved+blocks[k] > room[k] {
			return end - max(room[k]-moved, 0)*r.Unit, nil
		}
		moved, end = moved+blocks[k], gaps[k-1].Offset
	}
	return end, nil
}

// slots hands out room in gaps, the first that is long enough.
type slots struct {
	gaps []store.Range
	from map[int64]int // the first gap that may have room for a length
}

// take finds room of a length before a place.
func (s *slots) take(n, before int64) (int64, bool) {
	i := s.from[n]
	for i < len(s.gaps) && s.gaps[i].Length < n {
		i++
	}
	s.from[n] = i
	if i == len(s.gaps) || s.gaps[i].Offset+n > before {
		return 0, false
	}
	at := s.gaps[i].Offset
	s.gaps[i] = store.Range{Offset: at + n, Length: s.gaps[i].Length - n}
	return at, true
}
