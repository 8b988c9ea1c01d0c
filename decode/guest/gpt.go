package guest

import (
	"hash/crc32"

	"github.com/google/uuid"

	"platter/decode"
)

type gptHeader struct{}

// GPTHeader is the header of a GUID partition table: sector 1, and a copy in
// the last sector of the disk.
var (
	GPTHeader = decode.New[gptHeader]("GPT header", 92, decode.Little,
		"Describes a GUID partition table. It is kept twice, in sector 1 and in the last sector, each copy with its own checksum and its own list of partitions.",
		"UEFI 2.10 section 5.3.2")
	GPTSignature  = GPTHeader.Text(0, 8, "Signature", "Marks the header.", decode.Magic("EFI PART"))
	GPTRevision   = GPTHeader.U32(8, "Revision", "Version of the table; 1.0 is the only one.", decode.Is(0x10000), decode.Hex())
	GPTHeaderSize = GPTHeader.U32(12, "HeaderSize", "Length of the header that the checksum covers, 92 bytes in practice.", decode.Count(decode.InBytes),
		decode.Rule(func(v uint64) string {
			if v < 92 || v > 4096 {
				return "expected 92 bytes up to one sector"
			}
			return ""
		}))
	GPTHeaderCRC = GPTHeader.U32(16, "HeaderCRC32", "CRC-32 over the header with this field taken as zero. A header whose checksum is wrong is not used: the copy is.",
		decode.Sum("CRC-32", 92, func(b []byte) uint64 { return uint64(crc32.ChecksumIEEE(b)) }))
	_               = GPTHeader.Reserved(20, 4)
	GPTMyLBA        = GPTHeader.U64(24, "MyLBA", "The sector that this header lies in.")
	GPTAlternateLBA = GPTHeader.U64(32, "AlternateLBA", "The sector of the other copy. After a disk has grown it still points at the old end.")
	GPTFirstUsable  = GPTHeader.U64(40, "FirstUsableLBA", "First sector that a partition may use.")
	GPTLastUsable   = GPTHeader.U64(48, "LastUsableLBA", "Last sector that a partition may use.")
	GPTDiskGUID     = GPTHeader.GUID(56, "DiskGUID", "Identifies the disk.")
	GPTEntryLBA     = GPTHeader.U64(72, "PartitionEntryLBA", "First sector of this copy's list of partitions.")
	GPTEntryCount   = GPTHeader.U32(80, "NumberOfPartitionEntries", "Number of entries in the list, used or not; 128 in practice.")
	GPTEntrySize    = GPTHeader.U32(84, "SizeOfPartitionEntry", "Length of an entry: 128 bytes times a power of two.", decode.Count(decode.InBytes),
		decode.Rule(func(v uint64) string {
			if v < 128 || v%128 != 0 || v&(v-1) != 0 {
				return "expected 128 times a power of two"
			}
			return ""
		}))
	GPTEntriesCRC = GPTHeader.U32(88, "PartitionEntryArrayCRC32", "CRC-32 over the whole list of partitions, used entries or not.", decode.Sum("CRC-32", 0, nil))
)

type gptEntry struct{}

// GPTEntry is one partition of a GUID partition table.
var (
	GPTEntry = decode.New[gptEntry]("GPT partition entry", 128, decode.Little,
		"One partition: its type, its own identity, its first and last sector and its name. An all-zero type means that the entry is unused.",
		"UEFI 2.10 section 5.3.3")
	GPTEntryType  = GPTEntry.GUID(0, "PartitionTypeGUID", "What the partition is for. All zero: the entry is unused.")
	GPTEntryGUID  = GPTEntry.GUID(16, "UniquePartitionGUID", "Identifies this partition, whatever its number.")
	GPTEntryFirst = GPTEntry.U64(32, "StartingLBA", "First sector of the partition.")
	GPTEntryLast  = GPTEntry.U64(40, "EndingLBA", "Last sector of the partition; it belongs to the partition.")
	GPTEntryAttrs = GPTEntry.U64(48, "Attributes", "Flags. The upper 16 bits belong to the partition's type.",
		decode.Flags(
			decode.Flag{Mask: 1, Name: "required", Doc: "The platform needs the partition; do not delete it."},
			decode.Flag{Mask: 2, Name: "no block IO", Doc: "Firmware shall not read it as a disk."},
			decode.Flag{Mask: 4, Name: "legacy boot", Doc: "A BIOS may boot from it."},
			decode.Flag{Mask: 1 << 60, Name: "read-only"},
			decode.Flag{Mask: 1 << 61, Name: "shadow copy"},
			decode.Flag{Mask: 1 << 62, Name: "hidden"},
			decode.Flag{Mask: 1 << 63, Name: "no drive letter"},
		))
	GPTEntryName = GPTEntry.UTF16(56, 72, "PartitionName", "A name for people, up to 36 UTF-16 units.")
)

// GPTType names a partition type GUID; empty if it is not known.
func GPTType(id uuid.UUID) string { return gptTypes[id.String()] }

var gptTypes = map[string]string{
	"00000000-0000-0000-0000-000000000000": "unused",
	"c12a7328-f81f-11d2-ba4b-00a0c93ec93b": "EFI system",
	"024dee41-33e7-11d3-9d69-0008c781f39f": "MBR partition scheme",
	"21686148-6449-6e6f-744e-656564454649": "BIOS boot",
	"e3c9e316-0b5c-4db8-817d-f92df00215ae": "Microsoft reserved",
	"ebd0a0a2-b9e5-4433-87c0-68b6b72699c7": "Basic data",
	"5808c8aa-7e8f-42e0-85d2-e1e90434cfb3": "Windows LDM metadata",
	"af9b60a0-1431-4f62-bc68-3311714a69ad": "Windows LDM data",
	"de94bba4-06d1-4d40-a16a-bfd50179d6ac": "Windows recovery",
	"e75caf8f-f680-4cee-afa3-b001e56efc2d": "Windows storage spaces",
	"0fc63daf-8483-4772-8e79-3d69d8477de4": "Linux data",
	"0657fd6d-a4ab-43c4-84e5-0933c84b4f4f": "Linux swap",
	"e6d6d379-f507-44c2-a23c-238f2a3df928": "Linux LVM",
	"a19d880f-05fc-4d3b-a006-743f0f84911e": "Linux RAID",
	"4f68bce3-e8cd-4db1-96e7-fbcaf984b709": "Linux root (x86-64)",
	"933ac7e1-2eb4-4f13-b844-0e14e2aef915": "Linux home",
	"bc13c2ff-59e6-4262-a352-b275fd6f7172": "Linux extended boot",
	"516e7cb4-6ecf-11d6-8ff8-00022d09712b": "FreeBSD data",
	"516e7cb6-6ecf-11d6-8ff8-00022d09712b": "FreeBSD UFS",
	"516e7cba-6ecf-11d6-8ff8-00022d09712b": "FreeBSD ZFS",
	"48465300-0000-11aa-aa11-00306543ecac": "Apple HFS+",
	"7c3457ef-0000-11aa-aa11-00306543ecac": "Apple APFS",
	"aa31e02a-400f-11db-9590-000c2911d1b8": "VMware VMFS",
	"9d275380-40ad-11db-bf97-000c2911d1b8": "VMware kernel core dump",
	"381cfccc-7288-11e0-92ee-000c2911d0b2": "VMware vSAN",
}
