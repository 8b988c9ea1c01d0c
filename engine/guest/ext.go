package guest

import (
	"hash/crc32"
	"math/bits"

	"platter/decode"
	format "platter/decode/guest"
	"platter/engine/disk"
)

// ext is a volume of ext2, ext3 or ext4 whose superblock can be believed.
type ext struct {
	reader
	start     int64 // of the volume on the disk, in bytes
	block     int64 // bytes
	first     int64 // number of the block that group 0 starts with
	blocks    int64 // of the volume
	perGroup  int64 // blocks
	groups    int64
	width     int64 // bytes of a group descriptor
	unused    int64 // blocks, by the superblock
	checked   bool  // bitmaps have checksums,
	seed      uint32
	described decode.Record[format.Ext]
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// extSum is the checksum that ext4 keeps: CRC-32C without the last inversion.
func extSum(seed uint32, b []byte) uint32 { return ^crc32.Update(^seed, castagnoli, b) }

// openExt reads the superblock of the volume in a partition.
func (r reader) openExt(p disk.Partition) (*ext, error) {
	at := decode.Place{File: VirtualDisk, Offset: p.Start + extStart, Length: int64(format.ExtSuperblock.Size())}
	b, err := r.bytes(at.Offset, at.Length)
	if err != nil {
		return nil, err
	}
	rec, ok := format.ExtSuperblock.Of(b)
	if !ok || format.ExtMark.Get(rec) != format.ExtMagic {
		return nil, disk.Errorf(disk.Damaged, at, "there is no superblock of ext2, ext3 or ext4")
	}
	e := &ext{reader: r, start: p.Start, described: rec}
	if err := e.known(at); err != nil {
		return nil, err
	}
	return e, e.shape(at, p.Length)
}

// known refuses a volume that is in use, damaged, or of a kind that counts otherwise.
func (e *ext) known(at decode.Place) error {
	incompatible, readOnly := format.ExtIncompatible.Get(e.described), format.ExtReadOnly.Get(e.described)
	switch {
	case incompatible&format.ExtRecover != 0:
		return disk.Errorf(disk.ReadOnly, at, "the journal was not replayed: mount the file system once, or run e2fsck")
	case format.ExtState.Get(e.described) != format.ExtClean:
		return disk.Errorf(disk.ReadOnly, at, "the file system was not cleanly unmounted, or has errors (s_state is 0x%x): run e2fsck first", format.ExtState.Get(e.described))
	case incompatible&^format.ExtIncompatibleKnown != 0:
		return disk.Errorf(disk.Unsupported, at, "it has features that are not known here (s_feature_incompat 0x%x)", incompatible)
	case readOnly&^format.ExtReadOnlyKnown != 0:
		return disk.Errorf(disk.Unsupported, at, "it has features that are not known here (s_feature_ro_compat 0x%x)", readOnly)
	}
	if e.checked = readOnly&format.ExtChecksummed != 0; !e.checked {
		return nil
	}
	if e.seed = extSum(^uint32(0), format.ExtUUID.Get(e.described)); incompatible&format.ExtSeeded != 0 {
		e.seed = format.ExtSeed.Get(e.described)
	}
	b := e.described.Bytes()
	if sum := extSum(^uint32(0), b[:format.ExtChecksum.Offset()]); sum != format.ExtChecksum.Get(e.described) {
		return disk.Errorf(disk.Damaged, at, "the checksum of the superblock is 0x%x, expected 0x%x", format.ExtChecksum.Get(e.described), sum)
	}
	return nil
}

// shape takes the sizes, none of which is trusted.
func (e *ext) shape(at decode.Place, length int64) error {
	log := format.ExtLogBlockSize.Get(e.described)
	if log > 6 {
		return disk.Errorf(disk.Damaged, at, "blocks of 2^%d KiB, expected at most 64 KiB", log)
	}
	e.block, e.first = int64(1024)<<log, int64(format.ExtFirstBlock.Get(e.described))
	e.blocks, e.unused = int64(format.ExtBlocks.Get(e.described)), int64(format.ExtFreeBlocks.Get(e.described))
	e.perGroup, e.width = int64(format.ExtBlocksPerGroup.Get(e.described)), format.ExtShortDescriptor
	if format.ExtIncompatible.Get(e.described)&format.Ext64Bit != 0 {
		e.blocks |= int64(format.ExtBlocksHigh.Get(e.described)) << 32
		e.unused |= int64(format.ExtFreeHigh.Get(e.described)) << 32
		e.width = int64(format.ExtDescriptorSize.Get(e.described))
	}
	switch {
	case e.blocks <= e.first || e.blocks > length/e.block:
		return disk.Errorf(disk.Damaged, at, "%d blocks of %d bytes, and the volume has %d bytes", e.blocks, e.block, length)
	case e.first > 1 || e.first == 1 != (e.block == 1024):
		return disk.Errorf(disk.Damaged, at, "group 0 starts with block %d, and blocks have %d bytes", e.first, e.block)
	case e.perGroup == 0 || e.perGroup%8 != 0 || e.perGroup > 8*e.block:
		return disk.Errorf(disk.Damaged, at, "%d blocks in a group: a bitmap of %d bytes has no room for them", e.perGroup, e.block)
	case e.width < format.ExtShortDescriptor || e.width > e.block || e.width&(e.width-1) != 0:
		return disk.Errorf(disk.Damaged, at, "a group descriptor of %d bytes", e.width)
	}
	e.groups = (e.blocks-e.first-1)/e.perGroup + 1
	if e.groups > (e.blocks-e.first-1)*e.block/e.width {
		return disk.Errorf(disk.Damaged, at, "%d groups, whose descriptors have no room", e.groups)
	}
	return nil
}

// group is what is known of a block group.
type group struct {
	first  int64  // number of its first block
	blocks int64  // that it has
	free   int64  // of them, by its descriptor
	bitmap []byte // a bit for each used one; nil where it was never written
}

// each visits the groups in order. The bitmap is valid during the call.
func (e *ext) each(use func(group) error) error {
	var descriptors []byte
	table := (e.first + 1) * e.block
	for i := range e.groups {
		in := i * e.width % e.block
		if in == 0 {
			b, err := e.whole(table + i*e.width)
			if err != nil {
				return err
			}
			descriptors = b
		}
		g := group{first: e.first + i*e.perGroup}
		g.blocks = min(e.perGroup, e.blocks-g.first)
		if err := e.describe(i, &g, descriptors[in:in+e.width]); err != nil {
			return err
		}
		if err := use(g); err != nil {
			return err
		}
	}
	return nil
}

// whole reads the block at a byte of the volume.
func (e *ext) whole(off int64) ([]byte, error) {
	b, err := e.bytes(e.start+off, e.block)
	if err == nil && b == nil {
		err = disk.Errorf(disk.Damaged, decode.Place{File: VirtualDisk, Offset: e.start + off}, "the disk ends before the end of the volume")
	}
	return b, err
}

// describe completes a group from its descriptor, and reads its bitmap.
func (e *ext) describe(i int64, g *group, b []byte) error {
	whole := make([]byte, format.ExtGroupDescriptor.Size())
	copy(whole, b)
	rec, _ := format.ExtGroupDescriptor.Of(whole)
	at := int64(format.ExtBitmap.Get(rec)) | int64(format.ExtBitmapHigh.Get(rec))<<32
	sum, mask := uint32(format.ExtBitmapSum.Get(rec)), uint32(0xFFFF)
	if g.free = int64(format.ExtGroupFree.Get(rec)) | int64(format.ExtGroupFreeHigh.Get(rec))<<16; e.width > format.ExtShortDescriptor {
		sum, mask = sum|uint32(format.ExtBitmapSumHigh.Get(rec))<<16, ^uint32(0)
	}
	if format.ExtGroupFlags.Get(rec)&format.ExtUnread != 0 {
		return nil
	}
	where := decode.Place{File: VirtualDisk, Offset: e.start + at*e.block, Length: e.block}
	if at <= e.first || at >= e.blocks {
		return disk.Errorf(disk.Damaged, decode.Place{File: VirtualDisk, Offset: e.start}, "the block bitmap of group %d is said to lie in block %d of %d", i, at, e.blocks)
	}
	bitmap, err := e.whole(at * e.block)
	if err != nil {
		return err
	}
	g.bitmap = bitmap[:e.perGroup/8]
	if got := extSum(e.seed, g.bitmap) & mask; e.checked && got != sum {
		return disk.Errorf(disk.Damaged, where, "the checksum of the block bitmap of group %d is 0x%x, expected 0x%x", i, sum, got)
	}
	return nil
}

// verify holds all bitmaps against the counts, and returns how many bytes are free by them.
func (e *ext) verify() (free int64, err error) {
	counted, number := int64(0), 0
	err = e.each(func(g group) error {
		counted += g.free
		if g.bitmap != nil {
			n := g.unused()
			if free += n * e.block; n != g.free {
				return disk.Errorf(disk.Damaged, decode.Place{File: VirtualDisk, Offset: e.start}, "group %d has %d free blocks by its descriptor, and %d by its bitmap: run e2fsck first", number, g.free, n)
			}
			if number == 0 && g.bitmap[0]&1 == 0 {
				return disk.Errorf(disk.Damaged, decode.Place{File: VirtualDisk, Offset: e.start}, "the superblock's own block is free by the bitmap of group 0: run e2fsck first")
			}
		}
		number++
		return nil
	})
	if err == nil && counted != e.unused {
		err = disk.Errorf(disk.Damaged, decode.Place{File: VirtualDisk, Offset: e.start + extStart}, "%d blocks are free by the superblock, and %d by the groups: run e2fsck first", e.unused, counted)
	}
	return free, err
}

// unused counts the free blocks of the bitmap.
func (g group) unused() int64 {
	used := 0
	whole := g.blocks / 8
	for _, b := range g.bitmap[:whole] {
		used += bits.OnesCount8(b)
	}
	if rest := g.blocks % 8; rest > 0 {
		used += bits.OnesCount8(g.bitmap[whole] << (8 - rest))
	}
	return g.blocks - int64(used)
}

// free hands on the runs of free blocks.
func (e *ext) free(use func(off, n int64) error) error {
	from, to := int64(0), int64(0)
	flush := func() error {
		if from == to {
			return nil
		}
		return use(e.start+from*e.block, (to-from)*e.block)
	}
	err := e.each(func(g group) error {
		for i := int64(0); g.bitmap != nil && i < g.blocks; i++ {
			if i%8 == 0 && g.bitmap[i/8] == 0xFF {
				i += 7
				continue
			}
			if g.bitmap[i/8]>>(i%8)&1 != 0 {
				continue
			}
			if at := g.first + i; at == to {
				to++
			} else if err := flush(); err != nil {
				return err
			} else {
				from, to = at, at+1
			}
		}
		return e.ctx.Err()
	})
	if err != nil {
		return err
	}
	return flush()
}
