package transfer_test

import (
	"errors"
	"io"
	"testing"

	"platter/engine/disk"
	"platter/engine/transfer"
)

// TestFillingReadsOnce: blocks whose first part is stored zeros are found and then filled
// from their start, and nothing is read a second time for it.
func TestFillingReadsOnce(t *testing.T) {
	const size, block = 16 << 20, 2 << 20
	p := &patched{content: make([]byte, size), spans: []disk.Span{{Length: size, State: disk.Data}}}
	for at := block / 2; at < size; at += block {
		for i := range block / 2 {
			p.content[at+i] = 7
		}
	}
	f, err := transfer.NewFilling(t.Context(), p, transfer.Wanted{Length: size, Unit: 4096})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	blocks := 0
	for off := int64(0); off < size; blocks++ {
		r, err := f.NextData(off)
		if errors.Is(err, io.EOF) {
			break
		}
		start := r.Offset / block * block
		again, errAgain := f.NextData(start)
		b := make([]byte, block)
		if _, errRead := f.ReadAt(b, start+block/2); err != nil || errAgain != nil || errRead != nil && !errors.Is(errRead, io.EOF) || again.Offset != r.Offset || b[0] != 7 {
			t.Fatalf("block at %d: %v then %v, %v %v %v", start, r, again, err, errAgain, errRead)
		}
		off = start + block
	}
	if blocks != size/block || p.reads.Load() != size {
		t.Errorf("%d blocks, %d bytes read; want %d and %d", blocks, p.reads.Load(), size/block, size)
	}
}
