package foreign

import "platter/decode/guest"

const (
	sector      = 512
	superblock  = 0x438   // of ext2, ext3, ext4: the mark
	btrfsMarkAt = 0x10040 // too far for the head
	bootMark    = 0xAA55
	tellRaw     = "if this is a raw disk, say --format raw"
)

// plainDisk recognises a disk without a container by what a guest put on it.
func (f *file) plainDisk() (Content, bool) {
	switch {
	case f.has(sector, "EFI PART"), f.has(4096, "EFI PART"):
		return Content{What: "a GPT partition table", Advice: tellRaw}, true
	case f.has(3, "NTFS    "):
		return Content{What: "an NTFS file system", Advice: tellRaw}, true
	case f.has(3, "EXFAT   "):
		return Content{What: "an exFAT file system", Advice: tellRaw}, true
	case f.has(54, "FAT1"), f.has(82, "FAT32"):
		return Content{What: "a FAT file system", Advice: tellRaw}, true
	case f.has(superblock, "\x53\xef"):
		return Content{What: "an ext file system", Advice: tellRaw, At: superblock}, true
	case f.has(0, "XFSB"):
		return Content{What: "an XFS file system", Advice: tellRaw}, true
	case f.has(sector, "LABELONE"), f.has(sector, "LVM2"):
		return Content{What: "an LVM volume", Advice: tellRaw}, true
	case f.bootSector():
		return Content{What: "a partition table (MBR)", Advice: tellRaw, At: 510}, true
	}
	if b, err := f.read(btrfsMarkAt, 8); err == nil && string(b) == "_BHRfS_M" {
		return Content{What: "a Btrfs file system", Advice: tellRaw, At: btrfsMarkAt}, true
	}
	return Content{}, false
}

// bootSector reports whether the first sector has a partition table that makes
// sense: statuses that exist, and a partition that starts inside the disk.
func (f *file) bootSector() bool {
	rec, ok := guest.MBR.Of(f.head)
	if !ok || guest.MBRSignature.Get(rec) != bootMark {
		return false
	}
	some := false
	for i := range 4 {
		e, _ := guest.MBREntries.At(rec, i)
		if s := guest.MBREntryStatus.Get(e); s != 0 && s != 0x80 {
			return false
		}
		inside := int64(guest.MBREntryLBA.Get(e))*sector < f.size
		some = some || guest.MBREntryType.Get(e) != 0 && guest.MBREntrySectors.Get(e) > 0 && inside
	}
	return some
}
