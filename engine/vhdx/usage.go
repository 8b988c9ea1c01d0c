package vhdx

import (
	"context"
	"math"
	"math/bits"

	"platter/decode/vhdx"
	"platter/engine/disk"
)

// usage tells for each MiB of a window of the file what BAT entries claim it:
// a bit for each use, and one for a second claim. A table of 67 million
// entries in any order comes down to 8 MiB of bits a use.
type usage struct {
	from, to int64 // MiB; the window
	used     [uses][]uint64
	twice    []uint64
	beyond   int64 // MiB; the first one behind the window that is claimed
}

// maxWindow bounds a window, in MiB: 128 TiB of file.
const maxWindow = 1 << 27

// read goes through the table for a window that starts at a MiB.
func (u *usage) read(ctx context.Context, v *Image, from int64) error {
	u.from = from
	u.to = min(from+maxWindow, (v.data.grown+vhdx.MiB-1)/vhdx.MiB)
	u.beyond = math.MaxInt64
	words := (u.to - u.from + 63) / 64
	u.used, u.twice = [uses][]uint64{}, make([]uint64, words)
	for p, err := range v.storedPieces(ctx) {
		if err != nil {
			return err
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
			what, off, length := v.claim(bitmap, e)
			if what == useNone {
				continue
			}
			first, end := off/vhdx.MiB, (off+length+vhdx.MiB-1)/vhdx.MiB
			if end > u.to {
				u.beyond = min(u.beyond, max(first, u.to))
			}
			if u.used[what] == nil {
				u.used[what] = make([]uint64, words)
			}
			u.mark(what, first, end)
		}
	}
	return nil
}

// mark claims the MiB [first, end), as far as they lie in the window.
func (u *usage) mark(what use, first, end int64) {
	for m := max(first, u.from); m < min(end, u.to); m++ {
		word, bit := (m-u.from)/64, uint64(1)<<((m-u.from)%64)
		if u.taken(word, bit) { // rare: in a table in no order each access costs
			u.twice[word] |= bit
		}
		u.used[what][word] |= bit
	}
}

// taken reports whether any use has claimed a MiB.
func (u *usage) taken(word int64, bit uint64) bool {
	for _, b := range &u.used {
		if b != nil && b[word]&bit != 0 {
			return true
		}
	}
	return false
}

// claims yields what the table claims of [from, to), merged: once for each
// use, and once more where two entries meet.
func (u *usage) claims(ctx context.Context, v *Image, from, to int64, yield func(disk.Claim, error) bool) {
	last := (to + vhdx.MiB - 1) / vhdx.MiB
	for at := from / vhdx.MiB; at < last; at = max(u.to, u.beyond) {
		if at < u.from || at >= u.to {
			if err := u.read(ctx, v, at); err != nil {
				yield(disk.Claim{}, err)
				return
			}
		}
		end := min(last, u.to)
		for what, b := range u.used {
			kind, name := kindOf(use(what))
			if !u.yieldRuns(b, at, end, kind, name, yield) {
				return
			}
		}
		if !u.yieldRuns(u.twice, at, end, disk.KindPayload, "other blocks", yield) {
			return
		}
	}
}

// yieldRuns yields the runs of set bits as claims.
func (u *usage) yieldRuns(b []uint64, from, to int64, kind disk.Kind, name string, yield func(disk.Claim, error) bool) bool {
	for at := from; b != nil && at < to; {
		start := u.next(b, at, to, 0)
		end := u.next(b, start, to, ^uint64(0))
		if start < end && !yield(disk.Claim{Offset: start * vhdx.MiB, Length: (end - start) * vhdx.MiB, Kind: kind, Name: name}, nil) {
			return false
		}
		at = end
	}
	return true
}

// next is the first MiB from at on, below to, whose bit is set; with a flip of
// all ones, clear.
func (u *usage) next(b []uint64, at, to int64, flip uint64) int64 {
	for at < to {
		i := at - u.from
		if w := (b[i/64] ^ flip) >> (i % 64); w != 0 {
			return min(at+int64(bits.TrailingZeros64(w)), to)
		}
		at += 64 - i%64
	}
	return to
}
