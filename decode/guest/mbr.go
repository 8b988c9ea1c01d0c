package guest

import "platter/decode"

// MBREntryRecord names the structure in types.
type MBREntryRecord struct{}

// MBREntry is one of the four partition entries of a master boot record.
var (
	MBREntry = decode.New[MBREntryRecord]("partition entry", 16, decode.Little,
		"One partition of an MBR disk: where it starts, how long it is and what it holds. A type of 0 means that the entry is unused.",
		"UEFI 2.10 section 5.2.1")
	MBREntryStatus = MBREntry.U8(0, "status", "0x80 marks the partition that the BIOS boots from; 0 all others. Anything else means that this is no partition table.",
		decode.Enum(decode.Name{Value: 0, Name: "inactive"}, decode.Name{Value: 0x80, Name: "active"}), decode.Known())
	MBREntryFirst = MBREntry.CHS(1, "first sector CHS", "Cylinder/head/sector of the first sector, as old BIOSes address it. It cannot reach past 8 GB; 1023/254/63 stands for \"use the LBA\".")
	MBREntryType  = MBREntry.U8(4, "type", "What the partition holds. It is a hint to the operating system: changing it changes no byte of the partition itself.",
		decode.Enum(mbrTypes...), decode.Hex())
	MBREntryLast = MBREntry.CHS(5, "last sector CHS", "Cylinder/head/sector of the last sector; the same limits apply as for the first.")
	MBREntryLBA  = MBREntry.U32(8, "first LBA", "First sector of the partition. In an extended partition it counts from the start of that partition or of the table's own sector.",
		decode.Points(decode.InSectors, "partition"))
	MBREntrySectors = MBREntry.U32(12, "sectors", "Length in sectors; with 512-byte sectors a partition can be at most 2 TiB long.", decode.Count(decode.InSectors))
)

// MBRRecord names the structure in types.
type MBRRecord struct{}

// MBR is the master boot record, sector 0 of the disk, and the shape of the
// extended boot records that chain logical partitions.
var (
	MBR = decode.New[MBRRecord]("master boot record", 512, decode.Little,
		"The first sector of a disk: boot code, the disk signature, four partition entries and the mark 55 AA. On a GPT disk a protective one with a single entry of type 0xEE guards the disk from tools that know no GPT.",
		"UEFI 2.10 section 5.2")
	_                = MBR.Bytes(0, 440, "boot code", "Machine code that the BIOS runs. Empty on disks that are never booted, and on GPT disks.")
	MBRDiskSignature = MBR.U32(440, "disk signature", "Identifies the disk to Windows. Two disks with the same signature cannot be online together.", decode.Hex())
	_                = MBR.U16(444, "copy protection", "0x5A5A marks a copy-protected disk; otherwise 0.", decode.Hex())
	MBREntries       = decode.Sub(MBR, 446, 4, "partition entries", "The four primary partitions. One of them may be an extended partition that holds further, logical ones.", MBREntry)
	MBRSignature     = MBR.U16(510, "boot signature", "Marks a boot record: the bytes 55 AA.", decode.Fixed(0xAA55))
)

// Partition types that other code asks for.
const (
	TypeExtended    = 0x05
	TypeExtendedLBA = 0x0F
	TypeLinuxExt    = 0x85
	TypeProtective  = 0xEE
)

var mbrTypes = []decode.Name{
	{Value: 0x00, Name: "unused"},
	{Value: 0x01, Name: "FAT12"},
	{Value: 0x04, Name: "FAT16 below 32 MiB"},
	{Value: TypeExtended, Name: "extended"},
	{Value: 0x06, Name: "FAT16"},
	{Value: 0x07, Name: "NTFS or exFAT"},
	{Value: 0x0B, Name: "FAT32"},
	{Value: 0x0C, Name: "FAT32 LBA"},
	{Value: 0x0E, Name: "FAT16 LBA"},
	{Value: TypeExtendedLBA, Name: "extended LBA"},
	{Value: 0x11, Name: "hidden FAT12"},
	{Value: 0x14, Name: "hidden FAT16 below 32 MiB"},
	{Value: 0x16, Name: "hidden FAT16"},
	{Value: 0x17, Name: "hidden NTFS"},
	{Value: 0x1B, Name: "hidden FAT32"},
	{Value: 0x1C, Name: "hidden FAT32 LBA"},
	{Value: 0x27, Name: "Windows recovery"},
	{Value: 0x42, Name: "Windows dynamic disk"},
	{Value: 0x82, Name: "Linux swap"},
	{Value: 0x83, Name: "Linux"},
	{Value: TypeLinuxExt, Name: "Linux extended"},
	{Value: 0x8E, Name: "Linux LVM"},
	{Value: 0xA5, Name: "FreeBSD"},
	{Value: 0xA6, Name: "OpenBSD"},
	{Value: 0xA8, Name: "macOS UFS"},
	{Value: 0xAF, Name: "macOS HFS+"},
	{Value: 0xBF, Name: "Solaris"},
	{Value: 0xEB, Name: "BeOS"},
	{Value: TypeProtective, Name: "GPT protective"},
	{Value: 0xEF, Name: "EFI system"},
	{Value: 0xFB, Name: "VMware VMFS"},
	{Value: 0xFC, Name: "VMware swap"},
	{Value: 0xFD, Name: "Linux RAID"},
}
