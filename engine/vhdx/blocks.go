package vhdx

import (
	"fmt"
	"sync"

	"platter/decode/vhdx"
	"platter/engine/disk"
)

// plain are the payload states that say all about a block of an image without
// a parent (vhdx.md 9.1), by their values.
var plain = [8]struct {
	state disk.State
	ok    bool
}{
	vhdx.NotPresent: {disk.Unallocated, true}, vhdx.Undefined: {disk.Unmapped, true}, vhdx.ZeroBlock: {disk.Zero, true},
	vhdx.Unmapped: {disk.Unmapped, true}, vhdx.UnmappedDraft: {disk.Unmapped, true}, vhdx.FullyPresent: {disk.Data, true},
}

// pieces are lent to ListBlocks, which is called thousands of times for a
// large table.
var pieces = sync.Pool{New: func() any { return new(batPiece) }}

// ListBlocks tells of whole blocks of an image without a parent, as long as
// they lie after all structures and inside the file.
func (v *Image) ListBlocks(first int64, out []disk.BlockPlace) (n int, file string, err error) {
	size := v.geo.BlockSize
	whole := v.geo.DiskSize / max(size, 1)
	if v.refused != nil || v.stack.Depth() != 1 || v.params.hasParent || first < 0 || first >= whole || len(out) == 0 {
		return 0, "", v.refused
	}
	out = out[:min(int64(len(out)), whole-first)]
	low := int64(vhdx.MiB)
	if n := len(v.held); n > 0 {
		low = v.held[n-1].reach
	}
	piece := pieces.Get().(*batPiece)
	defer pieces.Put(piece)
	from := v.geo.PayloadIndex(first)
	if err := piece.fill(v, from, v.geo.PayloadIndex(first+int64(len(out))-1)+1-from); err != nil {
		return 0, "", &disk.Error{Kind: disk.Damaged, Op: "read", At: v.place(0, 0), What: fmt.Sprintf("virtual byte 0x%x", first*size), Err: err}
	}
	for n < len(out) {
		index := v.geo.PayloadIndex(first + int64(n))
		if !piece.has(index) {
			break
		}
		stop := min(piece.first+piece.count, v.geo.BitmapIndex(v.geo.Chunk(first+int64(n))), index+int64(len(out)-n))
		entries := piece.buf[(index-piece.first)*vhdx.EntrySize : (stop-piece.first)*vhdx.EntrySize]
		got := listEntries(out[n:], entries, low, v.size-size)
		if n += got; got < len(entries)/vhdx.EntrySize {
			break
		}
	}
	return n, v.src.Name, nil
}

// listEntries puts down what entries say, up to the first that does not say
// all. Data lie in [low, high].
func listEntries(out []disk.BlockPlace, entries []byte, low, high int64) int {
	for i := range out[:len(entries)/vhdx.EntrySize] {
		entry := vhdx.EntryAt(entries[i*vhdx.EntrySize:])
		p := plain[entry&7]
		at := int64(vhdx.FileOffset(entry))
		if !p.ok || p.state == disk.Data && (at < low || at > high) {
			return i
		}
		out[i] = disk.BlockPlace{Offset: at, State: p.state}
	}
	return len(entries) / vhdx.EntrySize
}

var _ disk.BlockLister = (*Image)(nil)
