package vhdx_test

import (
	"math/rand/v2"
	"testing"

	layout "platter/decode/vhdx"
	"platter/engine/disk"
)

// TestListBlocksAgreesWithMap lists blocks of all states and places, also
// impossible ones, from every block on.
func TestListBlocksAgreesWithMap(t *testing.T) {
	const blocks = 40
	for seed := range uint64(40) {
		rnd := rand.New(rand.NewPCG(seed, 9))
		states := map[int64]uint64{}
		for b := range int64(blocks) {
			states[b] = []uint64{layout.FullyPresent, layout.FullyPresent, layout.ZeroBlock, layout.NotPresent, layout.Unmapped}[rnd.IntN(5)]
		}
		f := build(t, plan{size: blocks*mib - 4096*int64(rnd.IntN(2)), id: 1, states: states})
		for range rnd.IntN(4) {
			f.batEntry(rnd.Int64N(blocks), []uint64{
				batAt | layout.FullyPresent, 1<<50 | layout.FullyPresent, 1<<63 | layout.FullyPresent, 4, layout.PartiallyPresent, uint64(f.at[0]) | layout.FullyPresent, layout.UnmappedDraft, layout.Undefined,
			}[rnd.IntN(8)])
		}
		img := openFixture(t, f)
		for first := range int64(blocks) {
			listAgrees(t, img, first, 1+rnd.IntN(blocks))
		}
	}
}

func listAgrees(t *testing.T, img disk.Image, first int64, room int) {
	t.Helper()
	out := make([]disk.BlockPlace, room)
	n, file, err := img.(disk.BlockLister).ListBlocks(first, out)
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range out[:n] {
		for s, err := range img.Map((first+int64(i))*mib, mib) {
			if err != nil || s.Length != mib || s.State != b.State || s.State == disk.Data && (s.Offset != b.Offset || s.File != file || s.Layer != 0) {
				t.Fatalf("block %d is listed as %+v in %q, the map says %+v, %v", first+int64(i), b, file, s, err)
			}
		}
	}
	if n == room || first+int64(n) >= img.Info().VirtualSize/mib {
		return
	}
	for s := range img.Map((first+int64(n))*mib, mib) {
		if s.State != disk.Missing && s.State != disk.Data {
			t.Errorf("the list stops before block %d, of which the map says %+v", first+int64(n), s)
		}
	}
}

// TestListBlocksOfChildren leaves all blocks of a differencing image, and those
// past the end, to the map.
func TestListBlocksOfChildren(t *testing.T) {
	f := build(t, plan{size: 4 * mib, id: 1, states: map[int64]uint64{0: layout.FullyPresent}})
	img := openFixture(t, f).(disk.BlockLister)
	for _, first := range []int64{-1, 4, 1 << 60} {
		if n, _, err := img.ListBlocks(first, make([]disk.BlockPlace, 3)); n != 0 || err != nil {
			t.Errorf("block %d: %d listed, %v", first, n, err)
		}
	}
}
