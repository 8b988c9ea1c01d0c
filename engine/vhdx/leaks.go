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
	for r, err := range v.Regions(c.ctx) {
		switch {
		case err != nil:
			return c.Fail(err)
		case r.Kind != disk.KindFree && r.Kind != disk.KindUnknown || c.full("50"):
			continue
		}
		f, err := look.Look(c.ctx, r.Offset, r.Length, space.All)
		if err != nil {
			return c.Fail(err)
		}
		if !c.Report(c.leak(r, f)) {
			return false
		}
	}
	return true
}

// leak says what a range holds that nothing claims. Where it could be a block's
// that a damaged entry stands for, it is not called free.
func (c *checker) leak(r disk.Region, f space.Filling) disk.Finding {
	v := c.image
	at := v.place(r.Offset, r.Length)
	content := "all zeros"
	if !f.Zero() {
		content = fmt.Sprintf("not zero from 0x%x on", f.First(r.Offset))
	}
	text := fmt.Sprintf("%d bytes at 0x%x belong to nothing; %s", r.Length, r.Offset, content)
	ok, why := prospect{v}.outlook("50", []decode.Place{at})
	doubt := c.doubt()
	if doubt != "" {
		text = fmt.Sprintf("%d bytes at 0x%x are named by no entry that can be believed, and may belong to a block all the same: settle vhdx/%s first; %s", r.Length, r.Offset, doubt, content)
		ok, why = false, "As long as an entry leads astray, nobody can tell what is free."
	}
	found := v.worded("50", text, ok, why, at)
	if !f.Zero() && doubt == "" && r.Length >= v.geo.BlockSize {
		found = graded(found, warning)
	}
	return found
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
	switch {
	case at.End() < v.size/vhdx.MiB*vhdx.MiB:
		return "Room in the middle of the file can be used by whoever writes the image next; compacting the image moves the blocks after it."
	case v.params.fixed:
		return "A fixed image may need the room for its blocks."
	case v.size-at.Offset > store.MaxStaged:
		return fmt.Sprintf("No more than %s are cut off here: compact the image with another program.", decode.FormatSize(store.MaxStaged))
	}
	if first, err := space.NewLooker(v.data, v.data.grown).NotZero(context.Background(), at.Offset, at.Length); err != nil || first >= 0 {
		return "It is not zero, so it is not cut off: it may be what a block held whose entry was lost. Compare it with what is missed on the disk."
	}
	return ""
}
