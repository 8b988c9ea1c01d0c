package compact

import (
	"bytes"
	"context"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/layer"
	"platter/engine/space"
	"platter/engine/store"
)

// leftover is a range that nothing refers to, and that is not zero.
type leftover struct {
	store.Range
	own  bool // a copy of a structure
	ways []way
}

// way is one way to part a leftover into pieces. A piece is explained if the disk holds
// the same elsewhere.
type way []*stray

// leftovers refuses to lose bytes that nothing refers to: they may be a block that has
// lost its entry. What the disk holds elsewhere as well is no loss: a compaction that was
// interrupted leaves such copies, as far as they got. What may go becomes zeros.
func (r *run) leftovers(ctx context.Context) error {
	list, err := r.unclaimed(ctx, false)
	if err != nil {
		return err
	}
	if !r.opt.Discard {
		if err := r.harmless(ctx, list); err != nil {
			return err
		}
	}
	if len(list) == 0 {
		return nil
	}
	if err := r.Ready(ctx); err != nil {
		return err
	}
	for _, l := range list {
		if err := r.vacate(ctx, l.Range); err != nil {
			return err
		}
		if !l.own {
			r.result.Orphan += (l.Length + r.Unit - 1) / r.Unit
		}
	}
	return nil
}

// harmless refuses to lose what is in the leftovers, and in the room that freed blocks have
// kept: a damaged state makes one of a block that is stored.
func (r *run) harmless(ctx context.Context, list []leftover) (err error) {
	if r.anchors && !r.shared { // else they stay
		if list, err = r.unclaimed(ctx, true); err != nil {
			return err
		}
	}
	if len(list) == 0 {
		return nil
	}
	if err := r.explain(ctx, list); err != nil {
		return err
	}
	return r.lost(list)
}

// maxPlaces bounds how many places a refusal lists.
const maxPlaces = 1000

// lost refuses what would be lost.
func (r *run) lost(list []leftover) error {
	var where []decode.Place
	bytes := int64(0)
	for _, l := range list {
		if !l.explained() {
			where = append(where, decode.Place{File: r.Name, Offset: l.Offset, Length: l.Length})
			bytes += l.Length
		}
	}
	if len(where) == 0 {
		return nil
	}
	return disk.Refuse(disk.RefusedLoss, disk.ReadOnly, where[:min(len(where), maxPlaces)],
		"nothing refers to %s bytes in %s of the file as stored data, which are not all zero and could be data whose entry was lost or damaged: they would be gone. Look at them first (platter layout --unaccounted), or compact into a new file (--out)",
		decode.Grouped(bytes), decode.Plural(len(where), "range", "ranges"))
}

// unclaimed are the leftovers of the file; with anchors also those in the room that freed
// blocks have kept.
func (r *run) unclaimed(ctx context.Context, anchors bool) ([]leftover, error) {
	gaps, err := r.gaps(ctx, anchors)
	if err != nil {
		return nil, err
	}
	u := search{run: r, look: space.NewLooker(r.Shape.File, r.Shape.End), left: maxStrays}
	for _, g := range gaps {
		for g.Length > 0 {
			if g, err = u.next(ctx, g); err != nil {
				return nil, err
			}
		}
	}
	return u.list, nil
}

// search goes through the gaps of a file.
type search struct {
	*run
	look *space.Looker
	list []leftover
	left int64 // strays that may be found
}

// next looks at a gap, and returns what of it is left to be looked at.
func (u *search) next(ctx context.Context, g store.Range) (store.Range, error) {
	first, err := u.look.NotZero(ctx, g.Offset, g.Length)
	if err != nil || first < 0 {
		return store.Range{}, err
	}
	if at := first / sector * sector; u.isCopy(at) {
		own := store.Range{Offset: at, Length: int64(len(u.Copies))}
		u.list = append(u.list, leftover{own, true, []way{nil}})
		return store.Range{Offset: own.End(), Length: max(g.End()-own.End(), 0)}, nil
	}
	l := leftover{Range: g}
	for _, length := range []int64{u.Unit, u.Small} {
		if length == 0 || u.opt.Discard || g.Length/length > u.left {
			continue
		}
		w, ok, err := u.part(ctx, u.look, g, length)
		if err != nil {
			return store.Range{}, err
		}
		if u.left -= int64(len(w)); ok {
			l.ways = append(l.ways, w)
		}
	}
	u.list = append(u.list, l)
	return store.Range{}, nil
}

// isCopy reports whether the structure that may have copies lies at a place.
func (u *search) isCopy(at int64) bool {
	b := make([]byte, len(u.Copies))
	return len(b) > 0 && layer.ReadFull(u.Shape.File, b, at) == nil && bytes.Equal(b, u.Copies)
}

// part parts a range into pieces of a length, without those that are zeros; false if it
// has other bytes besides.
func (r *run) part(ctx context.Context, look *space.Looker, g store.Range, length int64) (way, bool, error) {
	var w way
	head := r.headOf(length)
	start := (g.Offset + r.Align - 1) / r.Align * r.Align
	at := start
	for ; at+length <= g.End(); at += length {
		first, err := look.NotZero(ctx, at+head, length-head)
		if err != nil {
			return nil, false, err
		}
		if first >= 0 {
			w = append(w, &stray{at: at + head, length: length - head, skip: (first - at - head) / sector * sector})
		}
	}
	for _, rest := range []store.Range{{Offset: g.Offset, Length: min(start, g.End()) - g.Offset}, {Offset: at, Length: max(g.End()-at, 0)}} {
		if first, err := look.NotZero(ctx, rest.Offset, rest.Length); err != nil || first >= 0 {
			return nil, false, err
		}
	}
	return w, true, nil
}

// headOf is what lies in front of the data of a piece of a length.
func (r *run) headOf(length int64) int64 {
	if length == r.Unit {
		return r.Head
	}
	return 0
}

// explained reports whether the disk holds all of a leftover elsewhere.
func (l leftover) explained() bool {
	for _, w := range l.ways {
		all := true
		for _, s := range w {
			all = all && s.explained
		}
		if all {
			return true
		}
	}
	return false
}
