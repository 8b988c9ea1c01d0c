package vhd

import (
	"context"
	"fmt"

	"platter/decode"
	"platter/engine/disk"
)

// toldAlready are the codes about a chain that the child reports itself
// wherever in the chain they are.
var toldAlready = map[string]bool{"vhd/V043": true, "vhd/V044": true, "vhd/V047": true}

// checkLayers reports of each layer below that has errors the first one, under
// its own code: what the child can't store it reads from there.
func (c *checker) checkLayers(ctx context.Context) bool {
	for i, layer := range c.image.layers[1:] {
		f, err := layer.firstError(ctx)
		if err != nil {
			return c.Fail(fmt.Errorf("layer %d, %s: %w", i+1, decode.InQuotes(layer.src.Name), err))
		}
		if f == nil {
			continue
		}
		f.Text = fmt.Sprintf("layer %d, %s, has errors, the first: %s", i+1, decode.InQuotes(layer.src.Name), f.Text)
		f.Detail += " What this image takes from that layer is affected. Open that file to see everything that is wrong with it, and to repair it."
		f.Fatal, f.Repairable = false, false
		if !c.Report(*f) {
			return false
		}
	}
	return true
}

// firstError is the first finding of severity error of this layer alone; nil if
// there is none. It runs only the checks that can find one, and stops there, so
// that a long chain of large tables is gone through in bearable time.
func (v *Image) firstError(ctx context.Context) (first *disk.Finding, failure error) {
	c := &checker{image: v, order: v.order()}
	c.Reporter = disk.NewReporter(func(f disk.Finding, err error) bool {
		switch {
		case err != nil:
			failure = err
		case f.Severity == severe && !toldAlready[f.Code]:
			first = &f
		}
		return first == nil && failure == nil
	})
	if c.Repeat(v.info.Findings) && v.dynamicKind() && v.tableTrusted() && c.checkEntries(ctx) {
		c.checkOverlaps(ctx)
	}
	return first, failure
}
