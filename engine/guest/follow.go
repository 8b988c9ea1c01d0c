package guest

import (
	"bytes"
	"context"
	"hash/crc32"

	format "platter/decode/guest"
	"platter/engine/disk"
)

// Follow lists what belongs with a byte of the virtual disk as it is now: the checksums of a
// copy of the GUID partition table and the other copy; the second copies of a boot sector,
// or of a file allocation table.
func Follow(ctx context.Context, img disk.Image, at int64) ([]disk.Follow, error) {
	info := img.Info()
	r := reader{ctx, img, info.VirtualSize}
	for _, sector := range sectorSizes(info.LogicalSectorSize) {
		list, err := r.followGPT(sector, at)
		if len(list) > 0 || err != nil {
			return list, err
		}
	}
	t, err := Partitions(ctx, img)
	if err != nil {
		return nil, err
	}
	parts := t.Partitions
	if len(parts) == 0 && t.System != "" {
		parts = []disk.Partition{{Length: info.VirtualSize, System: t.System}}
	}
	for _, p := range parts {
		if at >= p.Start && at < p.End() {
			return r.followVolume(p, at)
		}
	}
	return nil, nil
}

// tableCopy is a copy of a GUID partition table as it is on the disk, right or not.
type tableCopy struct {
	at      int64  // of its header
	header  []byte // a sector
	list    int64
	entries []byte
}

// holds reports whether a byte belongs to the copy.
func (c tableCopy) holds(at int64) bool {
	return at >= c.at && at < c.at+int64(len(c.header)) || at >= c.list && at < c.list+int64(len(c.entries))
}

// tableCopy reads a copy whatever its checksums say; false if there is none.
func (r reader) tableCopy(at, sector int64) (c tableCopy, ok bool, err error) {
	if at < sector || at > r.size-sector {
		return c, false, nil
	}
	if c.header, err = r.bytes(at, sector); err != nil || c.header == nil {
		return c, false, err
	}
	rec, ok := format.GPTHeader.Of(c.header)
	entry, count := int64(format.GPTEntrySize.Get(rec)), int64(format.GPTEntryCount.Get(rec))
	size := int64(format.GPTHeaderSize.Get(rec))
	if !ok || format.GPTSignature.Get(rec) != "EFI PART" || size < int64(format.GPTHeader.Size()) || size > sector ||
		entry < 128 || entry > 4096 || entry&(entry-1) != 0 || count > maxEntries {
		return c, false, nil
	}
	c.at, c.list = at, clampLBA(format.GPTEntryLBA.Get(rec))*sector
	c.entries, err = r.bytes(c.list, entry*count)
	return c, err == nil && c.entries != nil, err
}

// sealed is the header with both checksums right for a list of entries.
func (c tableCopy) sealed(entries []byte) []byte {
	out := bytes.Clone(c.header)
	rec, _ := format.GPTHeader.Of(out)
	format.GPTEntriesCRC.Put(rec, crc32.ChecksumIEEE(entries))
	format.GPTHeaderCRC.Put(rec, 0)
	format.GPTHeaderCRC.Put(rec, crc32.ChecksumIEEE(out[:format.GPTHeaderSize.Get(rec)]))
	return out
}

// as is the copy with the content of another one: all but where it lies itself.
func (c tableCopy) as(other tableCopy, sector int64) tableCopy {
	out := tableCopy{at: c.at, list: c.list, entries: other.entries, header: bytes.Clone(other.header)}
	rec, _ := format.GPTHeader.Of(out.header)
	format.GPTMyLBA.Put(rec, uint64(c.at/sector))
	format.GPTAlternateLBA.Put(rec, uint64(other.at/sector))
	format.GPTEntryLBA.Put(rec, uint64(c.list/sector))
	out.header = out.sealed(out.entries)
	return out
}

// followGPT lists what belongs with a byte of the GUID partition table.
func (r reader) followGPT(sector, at int64) ([]disk.Follow, error) {
	first, ok, err := r.tableCopy(sector, sector)
	if !ok || err != nil {
		return nil, err
	}
	rec, _ := format.GPTHeader.Of(first.header)
	second, twice, err := r.tableCopy(clampLBA(format.GPTAlternateLBA.Get(rec))*sector, sector)
	if err != nil {
		return nil, err
	}
	if !twice {
		second, twice, err = r.tableCopy((r.size/sector-1)*sector, sector)
	}
	own, other, name, otherName := first, second, "first", "second"
	switch {
	case err != nil:
		return nil, err
	case first.holds(at):
	case twice && second.holds(at):
		own, other, name, otherName = second, first, "second", "first"
	default:
		return nil, nil
	}
	var list []disk.Follow
	sealed := own.sealed(own.entries)
	if !bytes.Equal(sealed, own.header) {
		list = append(list, disk.Follow{Sum: true, Title: "checksums of the " + name + " GPT",
			Why:   "a copy of the partition table whose checksums are wrong is not used: both are computed again",
			Edits: []disk.Edit{{File: VirtualDisk, Offset: own.at, Data: sealed}}})
		own.header = sealed
	}
	if !twice || overlapping(own, other) {
		return list, nil
	}
	if like := other.as(own, sector); !bytes.Equal(like.header, other.header) || !bytes.Equal(like.entries, other.entries) {
		list = append(list, disk.Follow{Title: otherName + " GPT as the " + name,
			Why:   "the " + otherName + " copy of the partition table, with its checksums, gets what the " + name + " one holds",
			Edits: []disk.Edit{{File: VirtualDisk, Offset: other.list, Data: like.entries}, {File: VirtualDisk, Offset: other.at, Data: like.header}}})
	}
	return list, nil
}

// overlapping reports whether the copy that is to be written would reach into the other one,
// or its list is too short for that.
func overlapping(own, other tableCopy) bool {
	end := other.list + int64(len(own.entries))
	return len(own.entries) != len(other.entries) || own.holds(other.at) || own.holds(other.list) || other.at >= other.list && other.at < end
}

// followVolume lists what belongs with a byte of a volume.
func (r reader) followVolume(p disk.Partition, at int64) ([]disk.Follow, error) {
	boot, err := r.bytes(p.Start, 512)
	if err != nil || boot == nil {
		return nil, err
	}
	switch p.System {
	case "FAT12", "FAT16", "FAT32":
		return r.followFAT(p, boot, at)
	case "NTFS":
		rec, _ := format.NTFS.Of(boot)
		unit := int64(format.NTFSSectorSize.Get(rec))
		if unit < 512 || unit > 4096 || unit&(unit-1) != 0 || at >= p.Start+unit || p.Length < 2*unit {
			return nil, nil
		}
		return r.alike("backup of the NTFS boot sector", "NTFS keeps a copy of its boot sector in the last sector of the partition", p.Start, p.End()-unit, unit)
	case "exFAT":
		return r.followExFAT(p, boot, at)
	case "ext2/3/4":
		return r.followExt(p, at)
	}
	return nil, nil
}

// followFAT lists the second boot sector of FAT32, and the same sector of the other file
// allocation tables.
func (r reader) followFAT(p disk.Partition, boot []byte, at int64) ([]disk.Follow, error) {
	rec, _ := format.FAT32.Of(boot)
	unit := int64(format.FAT32SectorSize.Get(rec))
	if unit < 512 || unit > 4096 || unit&(unit-1) != 0 {
		return nil, nil
	}
	g := format.FATGeometry(boot)
	if at < p.Start+unit {
		backup := int64(format.FAT32Backup.Get(rec))
		if p.System != "FAT32" || backup < 1 || backup >= g.Reserved {
			return nil, nil
		}
		return r.alike("second copy of the FAT32 boot sector", "FAT32 keeps a copy of its boot sector", p.Start, p.Start+backup*unit, unit)
	}
	start, length := p.Start+g.Reserved*unit, g.Sectors*unit
	if length < 1 || at < start || at >= start+g.Tables*length || start+g.Tables*length > p.End() {
		return nil, nil
	}
	in := (at - start) % length / unit * unit
	var list []disk.Follow
	for i := range g.Tables {
		if to := start + i*length + in; to != start+(at-start)/length*length+in {
			more, err := r.alike("same sector of the other FAT", "a FAT volume keeps its allocation table twice; checkers compare the two", start+(at-start)/length*length+in, to, unit)
			if err != nil {
				return nil, err
			}
			list = append(list, more...)
		}
	}
	return list, nil
}

// alike makes n bytes those of another place, if they differ.
func (r reader) alike(title, why string, from, to, n int64) ([]disk.Follow, error) {
	want, err := r.bytes(from, n)
	if err != nil || want == nil {
		return nil, err
	}
	have, err := r.bytes(to, n)
	if err != nil || have == nil || bytes.Equal(want, have) {
		return nil, err
	}
	return []disk.Follow{{Title: title, Why: why, Edits: []disk.Edit{{File: VirtualDisk, Offset: to, Data: want}}}}, nil
}
