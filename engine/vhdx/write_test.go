package vhdx_test

import (
	"context"
	"testing"

	layout "platter/decode/vhdx"
	"platter/engine/disk"
	"platter/engine/enginetest"
	"platter/engine/store"
	"platter/engine/vhdx"
	"platter/engine/vhdx/writer"
)

// bedFolder opens parents by their names, as the facade does.
type bedFolder struct{ store.Opener }

func (o bedFolder) OpenFile(name string) (store.File, string, error) {
	f, err := o.Open(name)
	return f, name, err
}

func (o bedFolder) OpenParent(name, _ string) (disk.Image, error) {
	return readBed(context.Background(), o, name)
}

func readBed(ctx context.Context, o store.Opener, name string) (disk.Image, error) {
	f, err := o.Open(name)
	if err != nil {
		return nil, err
	}
	return vhdx.Open(ctx, disk.Source{Path: name, Name: name, File: f, Opener: bedFolder{o}})
}

func writeBed(how disk.WriteOptions) func(context.Context, store.FS, string) (disk.Writer, error) {
	return func(ctx context.Context, fs store.FS, name string) (disk.Writer, error) {
		img, err := readBed(ctx, fs, name)
		if err != nil {
			return nil, err
		}
		return writer.Write(ctx, img, fs, how)
	}
}

const bedSize = 7*mib - 4096*5

// beds are images of each kind, with blocks in every state over a parent with a
// pattern.
func beds(t testing.TB) []enginetest.Bed {
	t.Helper()
	parent := build(t, plan{size: bedSize, id: 9, states: map[int64]uint64{0: 6, 1: 6, 2: 6, 3: 6, 4: 6, 5: 6, 6: 6}})
	states := map[int64]uint64{1: layout.FullyPresent, 2: layout.ZeroBlock, 4: layout.FullyPresent}
	partial := map[int64]uint64{0: layout.PartiallyPresent, 1: layout.FullyPresent, 2: layout.ZeroBlock, 3: layout.Unmapped, 6: layout.PartiallyPresent}
	bed := func(name string, align int64, how disk.WriteOptions, p plan) enginetest.Bed {
		p.size = bedSize
		f := build(t, p)
		if p.states[0] == layout.PartiallyPresent {
			f.bits(4) // of a block that was stored in part, and is left to the parent again
		}
		b := enginetest.Bed{Name: name, Image: "disk.vhdx", Known: append([]string{"vhdx/55"}, enginetest.Leaks...), Below: []string{"parent.vhdx"}, Align: align, Read: readBed, Write: writeBed(how),
			Files: map[string]*store.MemFile{"disk.vhdx": f.MemFile, "parent.vhdx": parent.MemFile}}
		if how.Renew {
			b.ID = func(img disk.Image) string { return img.(*vhdx.Image).DataWriteGUID().String() }
		}
		return b
	}
	third := func(s int64) bool { return s%3 == 0 }
	return []enginetest.Bed{
		bed("fixed", 1, disk.WriteOptions{Renew: true}, plan{fixed: true, id: 1}),
		bed("dynamic", 1, disk.WriteOptions{Ahead: 3 * mib, Renew: true}, plan{id: 2, states: states}),
		bed("dynamic, 4096", 1, disk.WriteOptions{}, plan{id: 2, states: states, sector: 4096}),
		bed("child", 1, disk.WriteOptions{Ahead: 4 * mib, Renew: true}, plan{id: 3, states: partial, here: third, parent: 9, name: "parent.vhdx"}),
		bed("empty child", 1, disk.WriteOptions{Ahead: 2 * mib}, plan{id: 3, parent: 9, name: "parent.vhdx"}),
	}
}

func TestRandomWrites(t *testing.T) {
	for _, b := range beds(t) {
		t.Run(b.Name, func(t *testing.T) {
			for _, steps := range enginetest.Workloads(bedSize, mib, 60) {
				enginetest.RandomWrites(t, b, steps)
			}
		})
	}
}

func TestPowerCuts(t *testing.T) {
	for _, b := range beds(t) {
		t.Run(b.Name, func(t *testing.T) {
			t.Logf("%d crash points", enginetest.PowerCuts(t, b, enginetest.Steps(1, bedSize, mib, 1, enginetest.Scale(8, 120), true), enginetest.Scale(1, 10_000)))
		})
	}
}

// The image is closed without a sync before: the pages that the last log entry carries must
// be in their places before the log does not count any more.
func TestPowerCutsWhileClosing(t *testing.T) {
	steps := []enginetest.Step{
		{Kind: enginetest.WriteStep, Off: 4*mib + 8192, N: 512, Seed: 2}, {Kind: enginetest.ReopenStep},
	}
	for _, b := range beds(t)[3:4] {
		t.Logf("%d crash points", enginetest.PowerCuts(t, b, steps, enginetest.Scale(300, 3_000)))
	}
}

func TestFailingWrites(t *testing.T) {
	for _, b := range beds(t) {
		t.Run(b.Name, func(t *testing.T) {
			t.Logf("%d failures", enginetest.FailingWrites(t, b, enginetest.Steps(2, bedSize, mib, 1, enginetest.Scale(2, 12), false)))
		})
	}
}

// Block 4 of the child has old bits in the sector bitmap. They must be gone when the
// table says that it is stored in part: that takes two pages.
func TestSyncsAreNeeded(t *testing.T) {
	if !enginetest.Full() {
		t.Skip("takes a minute")
	}
	steps := []enginetest.Step{
		{Kind: enginetest.WriteStep, Off: mib, N: 512, Seed: 1}, {Kind: enginetest.SyncStep},
		{Kind: enginetest.WriteStep, Off: 4*mib + 8192, N: 512, Seed: 2}, {Kind: enginetest.ReopenStep},
		{Kind: enginetest.WriteStep, Off: 5 * mib, N: mib, Seed: 3}, {Kind: enginetest.SyncStep},
	}
	enginetest.SyncsAreNeeded(t, beds(t)[3:4], steps, 64, map[string]string{
		"(*Room).GiveBack": "a file that is longer again is no harm",
	})
}
