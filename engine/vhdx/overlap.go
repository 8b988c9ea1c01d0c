package vhdx

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
)

// claimant is a BAT entry whose space another one claims too.
type claimant struct {
	index       int64
	what        use
	off, length int64
}

// checkOverlaps finds entries that share space (44, 45): a bit for each MiB of
// the file tells where two meet, and a second walk who they are.
func (c *checker) checkOverlaps() bool {
	v := c.image
	var u usage
	for from := int64(0); from < math.MaxInt64; from = u.beyond {
		if err := u.read(c.ctx, v, from); err != nil {
			return c.Fail(err)
		}
		if !c.checkTwice(&u) {
			return false
		}
	}
	return true
}

// checkTwice names the entries that meet in a window.
func (c *checker) checkTwice(u *usage) bool {
	v := c.image
	if u.next(u.twice, u.from, u.to, 0) == u.to {
		return true
	}
	var list []claimant
	for p, err := range v.storedPieces(c.ctx) {
		if err != nil {
			return c.Fail(err)
		}
		for i := p.first; i < p.first+p.count && len(list) < 4*disk.PerCode; i++ {
			what, off, length := v.claimOf(i, p.at(i))
			first, end := max(off/vhdx.MiB, u.from), min((off+length+vhdx.MiB-1)/vhdx.MiB, u.to)
			if what != useNone && first < end && u.next(u.twice, first, end, 0) < end {
				list = append(list, claimant{i, what, off, length})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b claimant) int { return cmp.Compare(a.off, b.off) })
	return c.reportOverlaps(list)
}

// reportOverlaps compares each claimant with those before it that reach into
// it; of many in one place each is reported once.
func (c *checker) reportOverlaps(list []claimant) bool {
	v := c.image
	for i, e := range list {
		from := sort.Search(i, func(j int) bool { return list[j].off+v.geo.BlockSize > e.off })
		for _, o := range list[from:i] {
			if o.off+o.length <= e.off {
				continue
			}
			code := "44"
			if e.what == useAnchor || o.what == useAnchor {
				code = "45"
			}
			at := []decode.Place{v.entryPlaceAt(o.index), v.entryPlaceAt(e.index), v.place(e.off, min(e.length, o.off+o.length-e.off))}
			if !c.full(code) && !c.add(code, at, "%s and %s share the space at 0x%x", v.useName(o.index, o.what), v.useName(e.index, e.what), e.off) {
				return false
			}
			break
		}
	}
	return true
}

// checkLeaks looks at what nothing claims (50), and at free space that is not
// zero (52).
func (c *checker) checkLeaks() bool {
	v := c.image
	for r, err := range v.Regions(c.ctx) {
		if err != nil {
			return c.Fail(err)
		}
		at := []decode.Place{v.place(r.Offset, r.Length)}
		ok := true
		switch r.Name {
		case freeZeros:
			ok = c.full("50") || c.add("50", at, "%d MiB at 0x%x belong to nothing; they are zero", r.Length/vhdx.MiB, r.Offset)
		case freeBytes:
			ok = c.full("50") || c.add("50", at, "%d MiB at 0x%x belong to nothing, and are not zero", r.Length/vhdx.MiB, r.Offset)
		}
		if !ok {
			return false
		}
	}
	return true
}
