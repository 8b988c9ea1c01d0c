package vhdx

import (
	"context"
	"fmt"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/space"
	"platter/engine/store"
)

// checkLeaks looks at what nothing claims after the first MiB (50), all of it.
func (c *checker) checkLeaks() bool {
	v := c.image
	look := space.NewLooker(v.data, v.data.grown)
	var list []*leak
	more := 0
	for r, err := range v.Regions(c.ctx) {
		switch {
		case err != nil:
			return c.Fail(err)
		case r.Kind != disk.KindFree && r.Kind != disk.KindUnknown:
			continue
		case len(list) > disk.PerCode:
			more++
			continue
		}
		f, err := look.Look(c.ctx, r.Offset, r.Length, space.All)
		if err != nil {
			return c.Fail(err)
		}
		list = append(list, &leak{Region: r, held: f, before: -1, after: -1})
	}
	if err := v.neighbours(c.ctx, list); err != nil {
		return c.Fail(err)
	}
	all := total{}
	for _, l := range list {
		if !l.held.Zero() && l.Length >= v.geo.BlockSize {
			all.bytes, all.ranges = all.bytes+l.Length, all.ranges+1
		}
	}
	for _, l := range list {
		if l.all = all; !c.Report(c.leak(l)) {
			return false
		}
	}
	c.Skip("vhdx/50", more)
	return true
}

// leak is a range that nothing claims.
type leak struct {
	disk.Region
	held          space.Filling
	before, after int64 // the blocks that lie right in front of it and right after it; -1: none
	all           total
}

// total is how much of the file nothing claims that is not zero and can hold a block.
type total struct {
	bytes  int64
	ranges int
}

// neighbours finds the blocks beside the ranges that hold something and have room
// for a block.
func (v *Image) neighbours(ctx context.Context, list []*leak) error {
	ends, starts := map[int64]*leak{}, map[int64]*leak{}
	for _, l := range list {
		if !l.held.Zero() && l.Length >= v.geo.BlockSize {
			ends[l.Offset], starts[l.Offset+l.Length] = l, l
		}
	}
	if len(ends) == 0 {
		return nil
	}
	for o, err := range v.owners(ctx) {
		switch {
		case err != nil:
			return err
		case o.what != usePayload:
			continue
		}
		number, _ := v.geo.IsBitmap(o.index)
		if l := ends[o.off+o.length]; l != nil {
			l.before = number
		}
		if l := starts[o.off]; l != nil {
			l.after = number
		}
	}
	return nil
}

// Orphan is a block that may have lost its entry of the BAT, for a finding 50: the
// entry places nothing, and at the place that the order of the others gives to
// its block lie bytes that no entry names. One that is alone has no order that
// tells: no other entry lacks its block, and no other block its entry.
type Orphan struct {
	Index, Block, Start int64
	Alone               bool
}

// orphan looks for the block that a range holds, next to those beside it. What
// the entry says must be that there is none.
func (v *Image) orphan(l *leak) (Orphan, bool, error) {
	for _, block := range []int64{l.before + 1, l.after - 1} {
		if block < 0 || block >= v.geo.Blocks || l.before < 0 && l.after < 0 {
			continue
		}
		start, ok, err := v.expected(block)
		if err != nil {
			return Orphan{}, false, err
		}
		if ok && start >= l.Offset && start+v.geo.BlockSize <= l.Offset+l.Length {
			return Orphan{Index: v.geo.PayloadIndex(block), Block: block, Start: start}, true, nil
		}
	}
	return Orphan{}, false, nil
}

// expected is where the block of an entry without a place would lie, in the order
// of the others.
func (v *Image) expected(block int64) (int64, bool, error) {
	entry, err := v.entry(v.geo.PayloadIndex(block))
	if err != nil || !(strays{v}).leadsNowhere(entry) && entry&^vhdx.ReservedBits(entry) != vhdx.NotPresent {
		return 0, false, err
	}
	return v.inOrder(block, -1)
}

// inOrder is where a block would lie in the order of those beside it, but for one whose entry
// is not to be believed.
func (v *Image) inOrder(block, doubted int64) (int64, bool, error) {
	near := [2]int64{-1, -1}
	for i, b := range [...]int64{block - 1, block + 1} {
		if b < 0 || b >= v.geo.Blocks || b == doubted {
			continue
		}
		e, err := v.entry(v.geo.PayloadIndex(b))
		if err != nil {
			return 0, false, err
		}
		if vhdx.State(e) == vhdx.FullyPresent && v.misplaced(e) == "" {
			near[i] = int64(vhdx.FileOffset(e))
		}
	}
	start, ok := space.Expected(near[0], near[1], v.geo.BlockSize)
	return start, ok, nil
}

// leak says what a range holds that nothing claims. Where it could be a block's
// that a damaged entry stands for, it is not called free.
func (c *checker) leak(l *leak) disk.Finding {
	v, r := c.image, l.Region
	at := v.place(r.Offset, r.Length)
	content := "all zeros"
	if !l.held.Zero() {
		content = fmt.Sprintf("not zero from 0x%x on", l.held.First(r.Offset))
	}
	text := fmt.Sprintf("%d bytes at 0x%x belong to nothing; %s", r.Length, r.Offset, content)
	ok, why := prospect{v}.outlook("50", []decode.Place{at})
	doubt := c.doubt()
	if doubt != "" {
		text = fmt.Sprintf("%d bytes at 0x%x are named by no entry that can be believed, and may belong to a block all the same: settle vhdx/%s first; %s", r.Length, r.Offset, doubt, content)
		ok, why = false, "As long as an entry leads astray, nobody can tell what is free."
	}
	if l.held.Zero() {
		return v.worded("50", text, ok, why, at)
	}
	if doubt == "" && l.Length >= v.geo.BlockSize && v.steps < 0 && c.wiped() {
		return c.wipedOut(l)
	}
	o, lost, err := v.orphan(l)
	if err == nil && !lost && doubt != "" {
		o, lost, err = c.loneIn(r.Offset, r.Length)
	}
	if err != nil || !lost || v.steps >= 0 {
		return graded(v.worded("50", text, ok, why, at), warning)
	}
	text += o.words()
	found := v.worded("50", text, prospect{v}.unsettled() == "", prospect{v}.unsettled(), at, v.entryPlaceAt(o.Index))
	found.About = o
	return graded(found, warning)
}

// wiped reports whether no entry of the BAT says anything. It is looked for once.
func (c *checker) wiped() bool {
	if c.blank == nil {
		blank := true
		for p, err := range c.image.storedPieces(c.ctx) {
			for i := p.first; blank && err == nil && i < p.first+p.count; i++ {
				blank = p.at(i) == 0
			}
			if blank = blank && err == nil; !blank {
				break
			}
		}
		c.blank = &blank
	}
	return *c.blank
}

// wipedOut says that a range holds blocks, and the whole BAT names none. A write that was cut
// off leaves some in an image that was empty, but not many.
func (c *checker) wipedOut(l *leak) disk.Finding {
	severity := warning
	if l.all.bytes > store.MaxStaged {
		severity = severe
	}
	more := ""
	if l.all.ranges > 1 {
		more = fmt.Sprintf("; in all %d MiB in %d ranges", l.all.bytes/vhdx.MiB, l.all.ranges)
	}
	return graded(c.image.worded("50:wiped", fmt.Sprintf("no entry of the BAT leads to a block, but the %d MiB at 0x%x hold data that nothing leads to, not zero from 0x%x on%s",
		l.Length/vhdx.MiB, l.Offset, l.held.First(l.Offset), more), false, "", c.image.place(l.Offset, l.Length)), severity)
}

// words tell of the entry that is missing.
func (o Orphan) words() string {
	if o.Alone {
		return fmt.Sprintf("; block %d is the only one whose BAT entry leads nowhere, and this is the only such range with data: it may be that block", o.Block)
	}
	return fmt.Sprintf("; block %d has no place in the BAT, and in the order of the others it would lie at 0x%x: its entry may have been lost", o.Block, o.Start)
}

// doubtful are the findings with which the table does not tell what is free: an
// entry that leads astray may stand for a block anywhere.
var doubtful = []string{"11", "12", "13", "15", "17", "21", "23", "28", "29", "35", "38", "39", "41", "42", "44", "46", "47"}

// doubt is the code of the first of them that was found; empty if none was.
func (c *checker) doubt() string {
	for _, code := range doubtful {
		if c.Count("vhdx/"+code) > 0 {
			return code
		}
	}
	return ""
}

// keepsTail says why a place that belongs to nothing is not cut off the file.
func (v prospect) keepsTail(at decode.Place) string {
	switch first, err := space.NewLooker(v.data, v.data.grown).NotZero(context.Background(), at.Offset, at.Length); {
	case err != nil || first >= 0:
		return "It is not zero, so it is not cut off: it may be what a block held whose entry was lost. Compare it with what is missed on the disk. Whoever writes the image next may use the room."
	case at.End() < v.size/vhdx.MiB*vhdx.MiB:
		return "Room in the middle of the file can be used by whoever writes the image next; compacting the image moves the blocks after it."
	case v.params.fixed:
		return "A fixed image may need the room for its blocks."
	case v.size-at.Offset > store.MaxStaged:
		return fmt.Sprintf("No more than %s are cut off here: compact the image with another program.", decode.FormatSize(store.MaxStaged))
	}
	return ""
}
