package vhdx_test

import (
	"testing"

	"platter/decode"
	layout "platter/decode/vhdx"
	"platter/engine/enginetest"
	"platter/engine/vhdx/writer"
)

// TestHonestAboutGaps plants a byte into each kind of unused room, at many
// distances: nothing that is said about it is false.
func TestHonestAboutGaps(t *testing.T) {
	for name, room := range map[string]func(f *fixture) (at, n int64){
		"at the end": func(f *fixture) (int64, int64) { return f.grow(10 * mib), 10 * mib },
		"in the middle": func(f *fixture) (int64, int64) {
			at := f.grow(9 * mib)
			f.batEntry(0, uint64(f.grow(mib))|6)
			return at, 9 * mib
		},
		"no whole MiB": func(f *fixture) (int64, int64) {
			at := f.grow(mib)
			f.Truncate(at + mib/2)
			return at, mib / 2
		},
		"behind the identifier":  func(f *fixture) (int64, int64) { return layout.IdentifierSize, layout.SlotSize - layout.IdentifierSize },
		"behind a header":        func(f *fixture) (int64, int64) { return layout.HeaderOffset(1) + layout.HeaderSize, 60 << 10 },
		"behind the tables":      func(f *fixture) (int64, int64) { return layout.RegionOffset(1) + layout.RegionTableSize, 100 << 10 },
		"in the metadata region": func(f *fixture) (int64, int64) { return metadataAt + 700<<10, 200 << 10 },
		"behind the last entry":  func(f *fixture) (int64, int64) { return batAt + 4096, mib - 4096 },
		"in the log":             func(f *fixture) (int64, int64) { return logAt, mib },
	} {
		t.Run(name, func(t *testing.T) {
			f := build(t, plain)
			from, n := room(f)
			folder := files(map[string]*fixture{"disk.vhdx": f})
			for _, at := range enginetest.Distances(n) {
				f.put(from+at, []byte{7})
				img := open(t, enginetest.Dense(enginetest.Memory(t, folder, "disk.vhdx", formats)))
				enginetest.Honest(t, folder, img, writer.Repairs, decode.Place{File: "disk.vhdx", Offset: from + at, Length: 1})
				f.put(from+at, []byte{0})
			}
		})
	}
}
