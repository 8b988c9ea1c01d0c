package vhd_test

import (
	"slices"
	"testing"

	"platter/decode"
	layout "platter/decode/vhd"
	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/engine/vhd/writer"
)

// TestHonestAboutGaps plants a byte into each kind of unused room, at many
// distances: nothing that is said about it is false.
func TestHonestAboutGaps(t *testing.T) {
	const gap = 9<<20 + 512
	dynamic := func(room int64) func(*fixture) (int64, int64) {
		return func(f *fixture) (int64, int64) {
			at := f.tail
			f.insert(make([]byte, room))
			return at, room
		}
	}
	child := plan{kind: layout.Differencing, size: 2 << 20, block: 512 << 10, id: 2, parent: 1, name: "base.vhd", stored: []int64{0, 2}}
	for name, c := range map[string]struct {
		plan plan
		room func(*fixture) (at, n int64)
	}{
		"in front of the footer": {plan{kind: layout.Dynamic, size: 2 << 20, block: 512 << 10, stored: []int64{0, 2}}, dynamic(gap)},
		"shorter than a block":   {plan{kind: layout.Dynamic, size: 16 << 20, block: 16 << 20}, dynamic(gap)},
		"between blocks": {plan{kind: layout.Dynamic, size: 4 << 20, block: 512 << 10, stored: []int64{0, 1}}, func(f *fixture) (int64, int64) {
			at := f.blocks[1]
			f.bytes = slices.Insert(f.bytes, int(at), make([]byte, gap)...)
			f.tail += gap
			f.setEntry(1, uint32((at+gap)/512))
			return at, gap
		}},
		"behind the footer": {plan{kind: layout.Dynamic, size: 2 << 20, block: 512 << 10}, func(f *fixture) (int64, int64) {
			at := int64(len(f.bytes))
			f.bytes = append(f.bytes, make([]byte, 60<<10)...)
			return at, 60 << 10
		}},
		"surplus of a fixed disk": {plan{kind: layout.Fixed, size: 64 << 10}, dynamic(gap)},
		"padding of the table":    {plan{kind: layout.Dynamic, size: 2 << 20, block: 512 << 10}, func(f *fixture) (int64, int64) { return tableAt + 16, 512 - 16 }},
		"room of a locator":       {child, func(f *fixture) (int64, int64) { return tableAt + 512 + 100, 400 }},
		"absent sectors": {plan{kind: layout.Dynamic, size: 2 << 20, block: 512 << 10, stored: []int64{0, 2}, partial: true}, func(f *fixture) (int64, int64) {
			return f.blocks[0] + 512 + 512, 1024
		}},
	} {
		t.Run(name, func(t *testing.T) {
			f := build(t, c.plan)
			from, n := c.room(f)
			folder := store.NewMem()
			folder.PutFile("base.vhd", build(t, plan{kind: layout.Dynamic, size: 2 << 20, block: 512 << 10, id: 1}).bytes)
			file := folder.PutFile("disk.vhd", f.bytes)
			for _, at := range enginetest.Distances(n) {
				old := f.bytes[from+at]
				file.WriteAt([]byte{7}, from+at)
				img := open(t, enginetest.Dense(enginetest.Memory(t, folder, "disk.vhd", formats)))
				enginetest.Honest(t, folder, img, writer.Repairs, decode.Place{File: "disk.vhd", Offset: from + at, Length: 1})
				file.WriteAt([]byte{old}, from+at)
			}
		})
	}
}
