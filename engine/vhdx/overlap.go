package vhdx

import (
	"cmp"
	"slices"
	"sort"

	"platter/decode"
	"platter/engine/disk"
	"platter/engine/space"
)

// checkOverlaps finds entries that share space (44, 45): a map of the file tells
// where two meet, and a second walk who they are.
func (c *checker) checkOverlaps() bool {
	m := c.image.survey(c.ctx)
	for w, err := range m.Windows(0) {
		if err != nil {
			return c.Fail(err)
		}
		if m.Has(space.Twice, w.Offset, w.Length) && !c.checkTwice(m) {
			return false
		}
	}
	return true
}

// checkTwice names the entries that meet in a window.
func (c *checker) checkTwice(m *space.Map) bool {
	var list []owner
	for o, err := range c.image.owners(c.ctx) {
		switch {
		case err != nil:
			return c.Fail(err)
		case len(list) == 4*disk.PerCode:
		case m.Has(space.Twice, o.off, o.length):
			list = append(list, *o)
		}
	}
	slices.SortStableFunc(list, func(a, b owner) int { return cmp.Compare(a.off, b.off) })
	return c.reportOverlaps(list)
}

// reportOverlaps compares each claimant with those before it that reach into
// it; of many in one place each is reported once.
func (c *checker) reportOverlaps(list []owner) bool {
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
