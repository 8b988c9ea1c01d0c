package vhd

import (
	"context"
	"fmt"
	"iter"

	"platter/decode"
	"platter/engine/disk"
)

// checkLayers reports of each layer below that has errors the first one, under
// its own code: what the child can't store it reads from there.
func (c *checker) checkLayers(ctx context.Context) bool {
	for below, err := range c.image.stack.FirstErrors(ctx, nil, "vhd/V043", "vhd/V044", "vhd/V046", "vhd/V047") {
		if err != nil {
			return c.Fail(err)
		}
		f := below.First
		f.Text = fmt.Sprintf("layer %d, %s, has errors, the first: %s", below.Depth, decode.InQuotes(below.Name), f.Text)
		f.Detail += " What this image takes from that layer is affected. Open that file to see everything that is wrong with it, and to repair it."
		f.Fatal, f.Repairable = false, false
		if !c.Report(f) {
			return false
		}
	}
	return true
}

// Errors runs only the checks that can find an error of this layer alone.
func (v own) Errors(ctx context.Context, _ *int) iter.Seq2[disk.Finding, error] {
	return func(yield func(disk.Finding, error) bool) {
		c := &checker{image: v.Image, Reporter: disk.NewReporter(yield), order: v.order()}
		if c.Repeat(v.info.Findings) && v.dynamicKind() && v.tableTrusted() && c.checkEntries(ctx) {
			c.checkOverlaps(ctx)
		}
	}
}
