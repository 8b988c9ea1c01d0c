package locate

import (
	"context"
	"fmt"
	"iter"

	"platter/decode"
	"platter/engine/disk"
)

// Bounds on the walk through a tree: groups with more children are tables,
// which the map covers.
const (
	groupLimit = 4096
	nodeLimit  = 50_000
)

// Referrers yields what points at a place of the image's own files: fields of
// structures first, then the table entries that lead there, each once. A place
// without length stands for its first byte. The map is walked to its end, so
// that it may take a while; progress, which may be nil, hears of it.
func Referrers(ctx context.Context, img disk.Image, place decode.Place, progress func(done, total int64)) iter.Seq2[decode.Node, error] {
	place.Length = max(place.Length, 1)
	return func(yield func(decode.Node, error) bool) {
		r := referrers{img: img, place: place, yield: yield, seen: map[decode.Place]bool{}, last: map[string]decode.Place{}}
		if !r.tree(ctx, img.Tree()) {
			return
		}
		if !img.Info().Readable() {
			return
		}
		going := true
		err := scan(ctx, img, progress, func(s disk.Span) bool {
			going = r.span(s)
			return going
		})
		if err != nil && going {
			yield(decode.Node{}, err)
		}
	}
}

type referrers struct {
	img   disk.Image
	place decode.Place
	yield func(decode.Node, error) bool
	seen  map[decode.Place]bool   // what the tree gave
	last  map[string]decode.Place // of each table, what the map gave last
}

// tree goes through the structures, those near the root first. It reports
// whether to go on.
func (r *referrers) tree(ctx context.Context, root decode.Node) bool {
	queue, visited := []decode.Node{root}, 0
	for len(queue) > 0 && visited < nodeLimit {
		n := queue[0]
		queue = queue[1:]
		if n.Len() > groupLimit {
			continue
		}
		for i := range n.Len() {
			c := n.Child(i)
			if visited++; visited%256 == 0 && ctx.Err() != nil {
				r.yield(decode.Node{}, ctx.Err())
				return false
			}
			if r.points(c) {
				r.seen[c.Place] = true
				if !r.yield(c, nil) {
					return false
				}
			}
			if c.Len() > 0 {
				queue = append(queue, c)
			}
		}
	}
	return true
}

// largest is how long a pointer may be that is no field of a table: the line
// of a descriptor. What is longer leads somewhere only for convenience, such as
// a block to its entry.
const largest = 512

func (r *referrers) points(n decode.Node) bool {
	return n.Target != nil && overlap(n.Target.Place, r.place) && !r.seen[n.Place] && (n.Field != nil || n.Place.Length <= largest)
}

// span gives the table entries that lead to the span, if it is the place's.
func (r *referrers) span(s disk.Span) bool {
	if s.Layer != 0 || len(s.Via) == 0 {
		return true
	}
	at := decode.Place{File: s.File, Offset: s.Offset, Length: s.Length}
	if s.Packed > 0 {
		at.Length = s.Packed
	}
	if s.File != "" && overlap(at, r.place) {
		return r.blocks(s)
	}
	return r.way(s.Via, false, at)
}

// blocks gives the entries for each block of the span that lies in the place:
// the span itself names that of its first block only.
func (r *referrers) blocks(s disk.Span) bool {
	from, to := s.Start, s.Start+s.Length
	if s.Packed == 0 {
		from += max(0, r.place.Offset-s.Offset)
		to = min(to, s.Start+r.place.End()-s.Offset)
	}
	for from < to {
		t, err := follow(r.img, from)
		if err != nil {
			r.yield(decode.Node{}, err)
			return false
		}
		at := decode.Place{File: t.File, Offset: t.Offset, Length: max(t.packed, 1)}
		if !r.way(t.via, true, at) {
			return false
		}
		if t.block < 0 {
			return true
		}
		from += r.img.Info().BlockSize - t.within
	}
	return true
}

// way gives the entries of a way to a place: the last one if that leads to
// what is asked about, and each that leads to the table of such a one.
func (r *referrers) way(via []disk.Via, leads bool, at decode.Place) bool {
	for i := len(via) - 1; i >= 0; i-- {
		v := via[i]
		if v.Layer != 0 {
			continue
		}
		if leads && !v.IsBit && !r.mapped(v, at) {
			return false
		}
		leads = leads && v.IsBit || overlap(v.Place, r.place)
		at = v.Place
	}
	return true
}

// mapped gives a table's entry. Spans that follow each other often share one.
func (r *referrers) mapped(v disk.Via, to decode.Place) bool {
	if r.seen[v.Place] || r.last[v.Table] == v.Place {
		return true
	}
	r.last[v.Table] = v.Place
	return r.yield(decode.Node{
		Name:   fmt.Sprintf("%s[%d]", v.Table, v.Index),
		Place:  v.Place,
		Value:  fmt.Sprintf("0x%x", v.Raw),
		Doc:    "The table entry that leads here.",
		Target: &decode.Target{Place: to, What: "what was asked about"},
	}, nil)
}

func overlap(a, b decode.Place) bool {
	return a.File == b.File && a.Offset < b.End() && b.Offset < a.Offset+max(a.Length, 1)
}
