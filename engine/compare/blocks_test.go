package compare_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"platter/engine/compare"
	"platter/engine/disk"
	"platter/engine/enginetest"
)

// TestBlocksAgreeWithTheNaiveWay counts in pairs of disks whose blocks are
// scattered, missing, or zero, by units smaller and larger than what is read
// at once.
func TestBlocksAgreeWithTheNaiveWay(t *testing.T) {
	for seed := range uint64(60) {
		rnd := rand.New(rand.NewPCG(seed, 4))
		block := int64(512) << rnd.IntN(12)
		blocks := 1 + int(min(3<<20/block, 40))
		states := []disk.State{disk.Data, disk.Data, disk.Zero, disk.Unallocated, disk.Missing}
		a := enginetest.NewFake(rnd, blocks, block, states...)
		b := enginetest.NewFake(rnd, max(blocks-rnd.IntN(2), 1), block, states...)
		for range 30 { // alike, but for some bytes
			at := rnd.IntN(len(b.Content))
			n := rnd.IntN(len(b.Content) - at)
			copy(b.Content[at:at+n], a.Content[at:at+n])
		}
		unit := int64(512) << rnd.IntN(13)
		var got []disk.BlockDiff
		lost := int64(0)
		for r, err := range compare.Blocks(t.Context(), disk.DiskSurface(a), disk.DiskSurface(b), unit, nil) {
			var partial *disk.Error
			if errors.As(err, &partial) {
				lost += partial.At.Length
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, r)
		}
		want, unread := naive(t, a, b, unit)
		if !slices.Equal(got, want) || lost != unread {
			t.Fatalf("seed %d, unit %d:\ngot  %v, %d lost\nwant %v, %d lost", seed, unit, got, lost, want, unread)
		}
	}
}

// TestBlocksInOrder tells what could not be compared where it lies among the
// blocks: after the block that it starts in, whose bytes are counted together.
func TestBlocksInOrder(t *testing.T) {
	const unit = 4 << 20 // four jobs
	rnd := rand.New(rand.NewPCG(8, 8))
	a := enginetest.NewFake(rnd, 16<<20/4096, 4096, disk.Data)
	b := enginetest.NewFake(rnd, len(a.States), 4096, disk.Data)
	b.Write(0, a.Content)
	for _, at := range []int64{0, 3 << 20, 3<<20 + 1, 12 << 20} {
		b.Write(at, []byte{^a.Content[at]})
	}
	for _, at := range []int64{1 << 20, 2 << 20, 5 << 20, 11<<20 + 8192} {
		a.States[at/4096] = disk.Missing
	}
	var got []string
	for r, err := range compare.Blocks(t.Context(), disk.DiskSurface(a), disk.DiskSurface(b), unit, nil) {
		var partial *disk.Error
		if errors.As(err, &partial) {
			got = append(got, fmt.Sprintf("lost 0x%x", partial.At.Offset))
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("block %d: %d", r.Start/unit, r.Bytes))
	}
	want := []string{"block 0: 3", "lost 0x100000", "lost 0x200000", "lost 0x500000", "lost 0xb02000", "block 3: 1"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestBlocksStopped hands over what was found before the end came.
func TestBlocksStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	a := make([]byte, 64<<20)
	b := bytes.Clone(a)
	b[5] = 1
	var last error
	blocks := 0
	for r, err := range compare.Blocks(ctx, memory(a), memory(b), 32<<20, func(at, _ int64) {
		if at > 2<<20 {
			cancel()
		}
	}) {
		if last = err; err == nil && r.First == 5 && r.Bytes == 1 {
			blocks++
		}
	}
	if blocks != 1 || !errors.Is(last, context.Canceled) {
		t.Errorf("%d blocks, the last error is %v", blocks, last)
	}
}

// naive compares byte by byte what both disks can read, sector by sector.
func naive(t *testing.T, a, b *enginetest.Fake, unit int64) (list []disk.BlockDiff, lost int64) {
	t.Helper()
	common := min(int64(len(a.Content)), int64(len(b.Content)))
	x, y := make([]byte, 512), make([]byte, 512)
	for off := int64(0); off < common; off += 512 {
		_, errA := a.ReadAt(x, off)
		_, errB := b.ReadAt(y, off)
		if errA != nil || errB != nil {
			lost += 512
			continue
		}
		for i := range x {
			at := off + int64(i)
			if x[i] == y[i] {
				continue
			}
			start := at / unit * unit
			if n := len(list); n == 0 || list[n-1].Start != start {
				list = append(list, disk.BlockDiff{Start: start, Length: min(unit, common-start), First: at})
			}
			list[len(list)-1].Bytes++
		}
	}
	if rest := max(int64(len(a.Content)), int64(len(b.Content))) - common; rest > 0 {
		list = append(list, disk.BlockDiff{Start: common, Length: rest, First: common, Bytes: rest})
	}
	return list, lost
}
