package guest

import "platter/decode"

// bpb declares what the boot sectors of FAT and NTFS share: the first 36
// bytes, the BIOS parameter block of DOS 3.31.
func bpb[R any](t *decode.Table[R]) (bytesPerSector decode.Uint[R, uint16]) {
	t.Bytes(0, 3, "jump", "A jump over the parameters to the boot code: EB xx 90 or E9 xx xx.")
	t.Text(3, 8, "OEM name", "Who formatted the volume: MSDOS5.0, mkfs.fat, NTFS. File systems are recognised by other fields.")
	bytesPerSector = t.U16(11, "bytes per sector", "Sector size of the volume; it should be that of the disk.", decode.Count(decode.InBytes), decode.Rule(func(v uint64) string {
		if v < 256 || v > 4096 || v&(v-1) != 0 {
			return "expected a power of two from 256 to 4096"
		}
		return ""
	}))
	t.U8(13, "sectors per cluster", "Allocation unit in sectors, a power of two. Changing it makes the volume unreadable.")
	t.U16(14, "reserved sectors", "Sectors before the first file allocation table, this one included.")
	t.U8(16, "FATs", "Number of file allocation tables, normally 2; 0 on NTFS.")
	t.U16(17, "root entries", "Size of the FAT12/16 root directory in entries of 32 bytes; 0 on FAT32 and NTFS.")
	t.U16(19, "sectors (16 bits)", "Length of the volume if it fits 16 bits, else 0.")
	t.U8(21, "media", "0xF8 for fixed disks.", decode.Hex())
	t.U16(22, "sectors per FAT (16 bits)", "Length of one FAT12/16 table; 0 on FAT32 and NTFS.")
	t.U16(24, "sectors per track", "Geometry for BIOS calls.")
	t.U16(26, "heads", "Geometry for BIOS calls.")
	t.U32(28, "hidden sectors", "Sectors before the volume: the partition's first LBA. Boot code needs it to be right.")
	t.U32(32, "sectors (32 bits)", "Length of the volume in sectors where 16 bits do not do.")
	return bytesPerSector
}

type fat16 struct{}

// FAT16 is the boot sector of a FAT12 or FAT16 volume.
var (
	FAT16 = decode.New[fat16]("FAT16 boot sector", 512, decode.Little,
		"First sector of a FAT12 or FAT16 volume: its parameters and boot code.", "FAT specification 1.03 section 3")
	FAT16SectorSize = bpb(FAT16)
	_               = FAT16.U8(36, "drive number", "BIOS number of the drive: 0x80 for the first hard disk.", decode.Hex())
	_               = FAT16.U8(37, "flags", "Bit 0: the volume was not cleanly unmounted.", decode.Hex())
	_               = FAT16.U8(38, "extended signature", "0x29 says that the next three fields are there.", decode.Hex())
	_               = FAT16.U32(39, "volume serial", "Made from the time of formatting.", decode.Hex())
	FAT16Label      = FAT16.Text(43, 11, "volume label", "Name of the volume, padded with blanks. The root directory has another copy.")
	FAT16Type       = FAT16.Text(54, 8, "file system type", "FAT12 or FAT16, for people: the number of clusters decides.")
	_               = FAT16.Bytes(62, 448, "boot code", "Machine code that loads the operating system.")
	_               = FAT16.U16(510, "boot signature", "Marks a boot sector: the bytes 55 AA.", decode.Fixed(0xAA55))
)

type fat32 struct{}

// FAT32 is the boot sector of a FAT32 volume.
var (
	FAT32 = decode.New[fat32]("FAT32 boot sector", 512, decode.Little,
		"First sector of a FAT32 volume: its parameters and boot code. A copy lies in the sector that the backup field names, normally 6.", "FAT specification 1.03 section 3")
	FAT32SectorSize = bpb(FAT32)
	_               = FAT32.U32(36, "sectors per FAT", "Length of one file allocation table.")
	_               = FAT32.U16(40, "mirroring", "Which table is active, if they are not kept alike.", decode.Hex())
	_               = FAT32.U16(42, "version", "0.0 in practice.", decode.Hex())
	_               = FAT32.U32(44, "root cluster", "First cluster of the root directory, normally 2.")
	_               = FAT32.U16(48, "info sector", "Sector with the number of free clusters, normally 1.")
	FAT32Backup     = FAT32.U16(50, "backup boot sector", "Sector of this sector's copy, normally 6.")
	_               = FAT32.Reserved(52, 12)
	_               = FAT32.U8(64, "drive number", "BIOS number of the drive: 0x80 for the first hard disk.", decode.Hex())
	_               = FAT32.U8(65, "flags", "Bit 0: the volume was not cleanly unmounted.", decode.Hex())
	_               = FAT32.U8(66, "extended signature", "0x29 says that the next three fields are there.", decode.Hex())
	_               = FAT32.U32(67, "volume serial", "Made from the time of formatting.", decode.Hex())
	FAT32Label      = FAT32.Text(71, 11, "volume label", "Name of the volume, padded with blanks. The root directory has another copy.")
	FAT32Type       = FAT32.Text(82, 8, "file system type", "FAT32, for people: the number of clusters decides.")
	_               = FAT32.Bytes(90, 420, "boot code", "Machine code that loads the operating system.")
	_               = FAT32.U16(510, "boot signature", "Marks a boot sector: the bytes 55 AA.", decode.Fixed(0xAA55))
)

type ntfs struct{}

// NTFS is the boot sector of an NTFS volume.
var (
	NTFS = decode.New[ntfs]("NTFS boot sector", 512, decode.Little,
		"First sector of an NTFS volume: its parameters and boot code. A copy lies in the last sector of the partition.", "NTFS documentation, $Boot")
	NTFSSectorSize = bpb(NTFS)
	_              = NTFS.Bytes(36, 4, "signature bytes", "80 00 80 00 in practice: drive number and flags.")
	NTFSSectors    = NTFS.U64(40, "sectors", "Length of the volume; one sector less than the partition, for the copy of this sector.")
	_              = NTFS.U64(48, "MFT cluster", "First cluster of the master file table.")
	_              = NTFS.U64(56, "MFT mirror cluster", "First cluster of the copy of the table's first records.")
	_              = NTFS.U8(64, "clusters per file record", "If its top bit is set, the record is two to the power of the negated value long; 0xF6 stands for 1024 bytes.", decode.Hex())
	_              = NTFS.Reserved(65, 3)
	_              = NTFS.U8(68, "clusters per index record", "As for file records; index blocks are normally 4096 bytes.", decode.Hex())
	_              = NTFS.Reserved(69, 3)
	_              = NTFS.U64(72, "volume serial", "Identifies the volume; its lower half is what DIR prints.", decode.Hex())
	_              = NTFS.U32(80, "checksum", "Unused, normally 0.", decode.Hex())
	_              = NTFS.Bytes(84, 426, "boot code", "Machine code that loads the boot manager.")
	_              = NTFS.U16(510, "boot signature", "Marks a boot sector: the bytes 55 AA.", decode.Fixed(0xAA55))
)

type exfat struct{}

// ExFAT is the boot sector of an exFAT volume.
var (
	ExFAT = decode.New[exfat]("exFAT boot sector", 512, decode.Little,
		"First sector of an exFAT volume. Twelve sectors make the boot region; a copy of them follows.", "exFAT specification section 3.1")
	_          = ExFAT.Bytes(0, 3, "jump", "A jump over the parameters to the boot code: EB 76 90.")
	ExFATName  = ExFAT.Text(3, 8, "FileSystemName", "Marks the file system.", decode.Magic("EXFAT   "))
	_          = ExFAT.Bytes(11, 53, "MustBeZero", "Zeros where FAT has its parameters, so that FAT drivers refuse the volume.", decode.Zero())
	_          = ExFAT.U64(64, "PartitionOffset", "First sector of the partition, or 0.")
	_          = ExFAT.U64(72, "VolumeLength", "Length of the volume in sectors.")
	_          = ExFAT.U32(80, "FatOffset", "Sector of the first file allocation table, from the start of the volume.")
	_          = ExFAT.U32(84, "FatLength", "Length of one table in sectors.")
	_          = ExFAT.U32(88, "ClusterHeapOffset", "Sector of the first cluster, from the start of the volume.")
	_          = ExFAT.U32(92, "ClusterCount", "Number of clusters.")
	_          = ExFAT.U32(96, "FirstClusterOfRootDirectory", "Where the root directory begins.")
	_          = ExFAT.U32(100, "VolumeSerialNumber", "Made from the time of formatting.", decode.Hex())
	_          = ExFAT.U16(104, "FileSystemRevision", "1.0 in practice.", decode.Hex())
	ExFATFlags = ExFAT.U16(106, "VolumeFlags", "Which table is active and whether the volume is dirty.", decode.Flags(
		decode.Flag{Mask: 1, Name: "second FAT active"}, decode.Flag{Mask: 2, Name: "dirty"}, decode.Flag{Mask: 4, Name: "media failure"}, decode.Flag{Mask: 8, Name: "clear to zero"}))
	ExFATSectorShift = ExFAT.U8(108, "BytesPerSectorShift", "Sector size as a power of two: 9 for 512 bytes.")
	_                = ExFAT.U8(109, "SectorsPerClusterShift", "Cluster size in sectors as a power of two.")
	_                = ExFAT.U8(110, "NumberOfFats", "1; 2 only with transactions.")
	_                = ExFAT.U8(111, "DriveSelect", "BIOS number of the drive.", decode.Hex())
	ExFATPercent     = ExFAT.U8(112, "PercentInUse", "How full the volume is; 0xFF if nobody counted.", decode.Hex())
	_                = ExFAT.Reserved(113, 7)
	_                = ExFAT.Bytes(120, 390, "BootCode", "Machine code that loads the operating system.")
	_                = ExFAT.U16(510, "BootSignature", "Marks a boot sector: the bytes 55 AA.", decode.Fixed(0xAA55))
)

// FATShape is where a FAT volume keeps its file allocation tables, in sectors.
type FATShape struct {
	Reserved int64 // before the first table
	Tables   int64
	Sectors  int64 // of one table
}

// FATGeometry reads the shape from a boot sector of 512 bytes, as it is.
func FATGeometry(boot []byte) FATShape {
	number := func(name string) int64 { return int64(FAT32.Field(name).Uint(boot)) }
	s := FATShape{Reserved: number("reserved sectors"), Tables: number("FATs"), Sectors: number("sectors per FAT (16 bits)")}
	if s.Sectors == 0 {
		s.Sectors = number("sectors per FAT")
	}
	return s
}
