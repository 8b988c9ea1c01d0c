package vhdx

import (
	"platter/decode"
	"platter/decode/vhdx"
	"platter/engine/disk"
)

// checkLayers tells of each layer below that has errors of its own, and names
// the first one: reads of what is left to that layer fail. Each layer's own
// structures are looked at, as far as reads need them, up to the first error.
func (c *checker) checkLayers() bool {
	v := c.image
	for i, layer := range v.layers[1:] {
		f, found, err := layer.firstError(c)
		switch {
		case err != nil:
			return c.Fail(err)
		case found && !c.add("L1", v.locatorPlaces(), "layer %d, %s, has errors, the first: %s: %s", i+1, decode.Printable(layer.src.Name), f.Code, f.Text):
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

// firstError is the first error of a layer itself. What is wrong with its
// parent (34) is told of by the image whose chain ends there.
func (v *Image) firstError(c *checker) (first disk.Finding, found bool, err error) {
	own := &checker{image: v, ctx: c.ctx, Reporter: disk.NewReporter(func(f disk.Finding, e error) bool {
		if err = e; err == nil && f.Severity == severe && f.Code != "vhdx/34" {
			first, found = f, true
		}
		return err == nil && !found
	})}
	if own.Repeat(v.info.Findings) && v.sized && own.checkEntries() {
		own.checkOverlaps()
	}
	return first, found, err
}
