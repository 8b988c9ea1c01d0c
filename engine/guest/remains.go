package guest

import (
	"fmt"
	"slices"

	"platter/decode"
	format "platter/decode/guest"
	"platter/engine/disk"
)

// CodeRemains is the code of the finding that a file system was written over.
const CodeRemains = "guest/P10"

// extStart is where the first superblock lies in a volume, in bytes.
const extStart = 1024

// copies are the block groups that have a copy of the superblock: 1 and the powers of
// 3, 5 and 7.
var copies = []int64{1, 3, 5, 7, 9, 25, 27, 49, 81, 125, 243, 343}

// remains looks for file systems that a partition table was laid over: an ext2, ext3
// or ext4 volume that no partition stands for. Only the usual places are looked at,
// counted from the start of the disk and of partitions whose system is not known.
func (r reader) remains(t *Table) error {
	starts := []int64{0}
	for _, p := range t.Partitions {
		if p.System == "" {
			starts = append(starts, p.Start)
		}
	}
	if t.Scheme != "" {
		if err := r.lostVolumes(t, 0, r.size); err != nil {
			return err
		}
	}
	for _, p := range t.Partitions {
		if p.System == "" {
			if err := r.lostVolumes(t, p.Start, p.Length); err != nil {
				return err
			}
		}
	}
	told := map[int64]bool{}
	for _, start := range starts {
		at, volume, label, err := r.extAt(start)
		if err != nil {
			return err
		}
		if at < 0 || told[volume] || holds(t, volume) {
			continue
		}
		told[volume] = true
		where := decode.Place{File: VirtualDisk, Offset: at, Length: int64(format.ExtSuperblock.Size())}
		name := ""
		if label != "" {
			name = fmt.Sprintf(" called %s", decode.InQuotes(label))
		}
		f := finding("P10", disk.SeverityWarning, where,
			"an ext2/3/4 volume%s began at byte 0x%x of the disk, where no partition stands for it: its superblock is left at 0x%x", name, volume, at)
		f.Detail = "A partition table was written over the volume, as Windows does when it initialises a disk that it can't read. Write nothing more to the disk: with this copy of the superblock the volume can be checked and mounted in most cases (e2fsck -b, on a copy of the disk)."
		t.Findings = append(t.Findings, f)
	}
	return nil
}

// relic is the copy of a boot sector or superblock that a volume has beside its first one.
type relic struct {
	system string
	at     int64
	advice string
}

// relics looks for copies of a volume of n bytes that starts at a byte: of FAT32 and exFAT
// after the boot sector, of NTFS at the end, of XFS where mkfs.xfs starts the allocation
// groups of most disks, a quarter of the volume each.
func (r reader) relics(start, n int64) (list []relic, err error) {
	const sector, block = 512, 4096
	quarter := (n/4 + block - 1) / block * block
	for _, c := range []struct {
		at     int64
		system string
		advice string
	}{
		{start + 6*sector, "FAT32", "a check of the file system puts this copy of the boot sector back (fsck.fat), on a copy of the disk"},
		{start + 12*sector, "exFAT", "a check of the file system puts this copy of the boot sector back (fsck.exfat), on a copy of the disk"},
		{start + n - sector, "NTFS", "this copy of the boot sector can be put back at the start of the volume, on a copy of the disk"},
		{start + quarter, "XFS", "xfs_repair looks for such copies of the superblock, on a copy of the disk"},
		{start + 2*quarter, "XFS", "xfs_repair looks for such copies of the superblock, on a copy of the disk"},
		{start + 3*quarter, "XFS", "xfs_repair looks for such copies of the superblock, on a copy of the disk"},
	} {
		b, err := r.bytes(c.at, sector)
		if err != nil {
			return nil, err
		}
		if b == nil || fileSystem(b) != c.system || slices.ContainsFunc(list, func(r relic) bool { return r.system == c.system }) {
			continue
		}
		if rec, ok := format.NTFS.Of(b); c.system == "NTFS" && (!ok || format.NTFSSectors.Get(rec) != uint64(n/sector-1)) {
			continue // of another volume
		}
		list = append(list, relic{c.system, c.at, c.advice})
	}
	return list, nil
}

// lostVolumes tells of the relics of volumes that nothing stands for any more.
func (r reader) lostVolumes(t *Table, start, n int64) error {
	list, err := r.relics(start, n)
	if err != nil {
		return err
	}
	for _, c := range list {
		if slices.ContainsFunc(t.Partitions, func(p disk.Partition) bool { return p.System == c.system && c.at >= p.Start && c.at < p.End() }) {
			continue // that partition's own
		}
		f := finding("P10", disk.SeverityWarning, decode.Place{File: VirtualDisk, Offset: c.at, Length: 512},
			"a volume with %s began at byte 0x%x of the disk, where none is now: a copy of its first sector is left at 0x%x", c.system, start, c.at)
		if c.system == "XFS" {
			f.Text = fmt.Sprintf("a superblock of XFS is left at byte 0x%x of the disk, where no partition has that file system", c.at)
		}
		f.Detail = "Something else was written over its start: a partition table, as Windows does when it initialises a disk that it can't read, or another file system. Write nothing more to the disk: " + c.advice + "."
		t.Findings = append(t.Findings, f)
	}
	return nil
}

// holds reports whether an ext volume that starts at a byte is one of the partitions,
// or the disk itself.
func holds(t *Table, start int64) bool {
	if t.Scheme == "" && start == 0 {
		return true
	}
	for _, p := range t.Partitions {
		if p.Start == start && p.System == "ext2/3/4" {
			return true
		}
	}
	return false
}

// extAt looks for a superblock of a volume that starts at a byte: the first one, or a
// copy, with blocks of 1, 2 and 4 KiB. At is -1 where there is none.
func (r reader) extAt(start int64) (at, volume int64, label string, err error) {
	places := []int64{start + extStart}
	for _, group := range copies {
		for size := int64(1 << 10); size <= 4<<10; size *= 2 {
			off := start + group*8*size*size // a bitmap of one block stands for a group
			if size == 1<<10 {
				off += size // group 0 starts with block 1
			}
			places = append(places, off)
		}
	}
	for _, at := range places {
		b, err := r.bytes(at, int64(format.ExtSuperblock.Size()))
		if err != nil {
			return -1, 0, "", err
		}
		if b == nil {
			continue
		}
		rec, ok := format.ExtSuperblock.Of(b)
		if !ok {
			continue
		}
		if volume, ok := extVolume(rec, at); ok && volume == start {
			return at, volume, format.ExtLabel.Get(rec), nil
		}
	}
	return -1, 0, "", nil
}

// extVolume is where the volume starts whose superblock lies at a byte; false for what
// is no superblock.
func extVolume(rec decode.Record[format.Ext], at int64) (int64, bool) {
	log := format.ExtLogBlockSize.Get(rec)
	if format.ExtMark.Get(rec) != format.ExtMagic || log > 6 || format.ExtBlocks.Get(rec) == 0 {
		return 0, false
	}
	size, group := int64(1024)<<log, int64(format.ExtGroup.Get(rec))
	if group == 0 {
		return at - extStart, at >= extStart
	}
	volume := at - (group*int64(format.ExtBlocksPerGroup.Get(rec))+int64(format.ExtFirstBlock.Get(rec)))*size
	return volume, volume >= 0
}
