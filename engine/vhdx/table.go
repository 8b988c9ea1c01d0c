package vhdx

import (
	"context"
	"io"
	"iter"
	"math"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/space"
	"platter/engine/store"
)

// pieces reads the whole BAT, as far as its entries have a meaning, a piece at
// a time. The piece is valid until the next one is asked for.
func (v *Image) pieces(ctx context.Context) iter.Seq2[*batPiece, error] {
	return v.walkTable(ctx, func(index int64) (int64, error) { return index, nil })
}

// storedPieces is pieces without the entries in holes of the file that the log
// leaves alone, which are zero: they say nothing that anybody has to look at.
func (v *Image) storedPieces(ctx context.Context) iter.Seq2[*batPiece, error] {
	return func(yield func(*batPiece, error) bool) {
		var holes batHoles
		v.walkTable(ctx, func(index int64) (int64, error) { return holes.behind(v, index) })(yield)
	}
}

// batHoles passes over the holes of the file under the BAT. It keeps the answer
// that was found last: to be asked again and again makes the file system go
// through the rest of a run of data each time.
type batHoles struct {
	from int64       // what was asked for
	data store.Range // of the file; between from and it there is a hole
}

// behind is the first entry from index on that does not lie in a hole, or that
// the log writes into one.
func (h *batHoles) behind(v *Image, index int64) (int64, error) {
	at := v.bat.off + index*vhdx.EntrySize
	if at < h.from || at >= h.data.End() {
		var err error
		h.from = at
		if h.data, err = store.NextData(v.src.File, at, v.size); err == io.EOF {
			h.data = store.Range{Offset: math.MaxInt64}
		} else if err != nil {
			return index, err
		}
	}
	stored := min(max(h.data.Offset, at), v.data.changedFrom(at))
	return index + (stored-at)/vhdx.EntrySize, nil
}

// walkTable reads the BAT; next tells from which entry at or after the given
// one it goes on.
func (v *Image) walkTable(ctx context.Context, next func(index int64) (int64, error)) iter.Seq2[*batPiece, error] {
	return func(yield func(*batPiece, error) bool) {
		var p batPiece
		entries := min(v.geo.Entries(v.params.hasParent), v.bat.length/vhdx.EntrySize)
		for index := int64(0); index < entries; index += p.count {
			from, err := next(index)
			if index = from; err == nil && index >= entries {
				return
			}
			if err == nil {
				err = ctx.Err()
			}
			if err == nil {
				err = p.fill(v, index, entries-index)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(&p, nil) {
				return
			}
		}
	}
}

// use is what a BAT entry claims of the file.
type use uint8

const (
	useNone use = iota
	usePayload
	useBitmap
	useAnchor // the old place of a freed block
	uses
)

// owner is a BAT entry with what it claims of the file, in bytes.
type owner struct {
	index       int64
	what        use
	off, length int64
}

// owners yields the BAT entries that claim something. The owner is valid until
// the next one is asked for.
func (v *Image) owners(ctx context.Context) iter.Seq2[*owner, error] {
	return func(yield func(*owner, error) bool) {
		var o owner
		for p, err := range v.storedPieces(ctx) {
			if err != nil {
				yield(nil, err)
				return
			}
			left := v.geo.Ratio - p.first%(v.geo.Ratio+1) // entries before the next one of a sector bitmap
			for i := p.first; i < p.first+p.count; i, left = i+1, left-1 {
				e := p.at(i)
				bitmap := left == 0
				if bitmap {
					left = v.geo.Ratio + 1
				}
				if e < vhdx.MiB { // no place: most entries of most images
					continue
				}
				if o.what, o.off, o.length = v.claim(bitmap, e); o.what == useNone {
					continue
				}
				if v.doubting && o.what == usePayload && v.misplaced(e) != "" {
					continue
				}
				if o.index = i; !yield(&o, nil) {
					return
				}
			}
		}
	}
}

// survey is a map of what the BAT entries claim of the file.
func (v *Image) survey(ctx context.Context) *space.Map {
	return space.Survey(v.data.grown, vhdx.MiB, int(uses), func(m *space.Map) error {
		var row owner // neighbours, marked at once
		for o, err := range v.owners(ctx) {
			switch {
			case err != nil:
				return err
			case o.off == row.off+row.length && o.what == row.what:
				row.length += o.length
				continue
			}
			m.Mark(int(row.what), row.off, row.length)
			row = *o
		}
		m.Mark(int(row.what), row.off, row.length)
		return nil
	})
}

// claimOf tells what an entry claims; nothing if it can't be right.
func (v *Image) claimOf(index int64, entry uint64) (use, int64, int64) {
	_, bitmap := v.geo.IsBitmap(index)
	return v.claim(bitmap, entry)
}

// claim is claimOf for an entry that is known to be of a sector bitmap or not.
func (v *Image) claim(bitmap bool, entry uint64) (use, int64, int64) {
	off := vhdx.FileOffset(entry)
	if off == 0 || off >= uint64(v.data.grown) {
		return useNone, 0, 0
	}
	what, length := v.useOf(bitmap, entry)
	return what, int64(off), min(length, v.data.grown-int64(off))
}

// useOf tells by an entry's state what its place is for, and how many bytes
// that takes, wherever the file ends.
func (v *Image) useOf(bitmap bool, entry uint64) (what use, length int64) {
	length = v.geo.BlockSize
	switch state := vhdx.State(entry); {
	case bitmap && (state == vhdx.FullyPresent || state == vhdx.PartiallyPresent):
		what, length = useBitmap, vhdx.MiB
	case bitmap:
	case state == vhdx.FullyPresent || state == vhdx.PartiallyPresent:
		what = usePayload
	case state == vhdx.Undefined || state == vhdx.Unmapped || state == vhdx.UnmappedDraft:
		what = useAnchor
	}
	return what, length
}

// entryPlaceAt is where a BAT entry lies.
func (v *Image) entryPlaceAt(index int64) decode.Place {
	return v.place(v.bat.off+index*vhdx.EntrySize, vhdx.EntrySize)
}

// kindOf sorts a use for regions, with its name for merged blocks.
func kindOf(u use) (disk.Kind, string) {
	switch u {
	case useBitmap:
		return disk.KindBitmap, "sector bitmaps"
	case useAnchor:
		return disk.KindFree, "freed blocks (soft anchors)"
	}
	return disk.KindPayload, "payload blocks"
}
