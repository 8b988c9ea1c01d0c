package blockmap

import (
	"math/bits"

	"platter/engine/disk"
	"platter/views/theme"
)

// layers is the set of a chain's layers that some data come from: a bit for
// each, the last one for all that are deeper.
type layers uint16

// namedLayers is how many layers have a sign of their own.
const namedLayers = 10

func layerOf(s *disk.Span) layers {
	if s.State != disk.Data {
		return 0
	}
	return 1 << min(max(s.Layer, 0), namedLayers)
}

// The looks of the layer overlay, by index; those of the layers come last.
const (
	layerNone = iota + 1
	layerZero
	layerLost
	layerSeveral
	layerFirst
)

// layerLooks is the table of the layer overlay. A layer's sign is its number;
// that of the image itself is 0.
func layerLooks(none, zero, lost look) []look {
	table := []look{
		lookUnknown:  {' ', theme.Plain, "not scanned"},
		layerNone:    {none.glyph, none.style, "no layer: reads as zeros"},
		layerZero:    {'z', zero.style, zero.words},
		layerLost:    lost,
		layerSeveral: {'+', theme.StatePartial, "several layers"},
	}
	names := [namedLayers]string{"this image", "its parent", "layer 2", "layer 3", "layer 4", "layer 5", "layer 6", "layer 7", "layer 8", "layer 9"}
	styles := []theme.Style{theme.StateFull, theme.StateParent, theme.StateZero, theme.StateUnmapped, theme.StatePartial}
	for i, name := range names {
		table = append(table, look{rune('0' + i), styles[i%len(styles)], name})
	}
	return append(table, look{'*', theme.StateParent, "deeper layers"})
}

// layerLook is the look of a cell in the layer overlay: what can't be read
// wins, then the layer that the data come from.
func layerLook(c *count) uint8 {
	switch n := bits.OnesCount16(uint16(c.from)); {
	case c.total() == 0:
		return lookUnknown
	case c.worst() == missing || c.worst() == orphaned:
		return layerLost
	case n > 1:
		return layerSeveral
	case n == 1:
		return layerFirst + uint8(bits.TrailingZeros16(uint16(c.from)))
	case c.blocks[zero] > 0:
		return layerZero
	}
	return layerNone
}
