package vhdx

import (
	"context"
	"iter"

	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
)

// checkLayers tells of each layer below that has errors of its own, and names
// the first one: reads of what is left to that layer fail. What is wrong with its
// parent (34) is told of by the image whose chain ends there.
func (c *checker) checkLayers() bool {
	for below, err := range c.image.stack.FirstErrors(c.ctx, nil, "vhdx/34") {
		if err != nil {
			return c.Fail(err)
		}
		if !c.add("L1", c.image.locatorPlaces(), "layer %d, %s, has errors, the first: %s: %s", below.Depth, decode.Printable(below.Name), below.First.Code, below.First.Text) {
			return false
		}
	}
	return true
}

// locatorPlaces are where the image names its parent.
func (v *Image) locatorPlaces() []decode.Place {
	if list := v.itemPlaces(vhdx.ItemParentLocator); list != nil {
		return list
	}
	return []decode.Place{v.place(v.meta.region.off, vhdx.MetadataTableSize)}
}

// Errors looks at the layer's own structures, as far as reads need them.
func (v own) Errors(ctx context.Context, _ *int) iter.Seq2[disk.Finding, error] {
	return func(yield func(disk.Finding, error) bool) {
		c := &checker{image: v.Image, ctx: ctx, Reporter: disk.NewReporter(yield)}
		if c.Repeat(v.info.Findings) && v.sized && c.checkEntries() {
			c.checkOverlaps()
		}
	}
}
