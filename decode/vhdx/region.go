package vhdx

import (
	"github.com/google/uuid"

	"platter/decode"
)

// Region is the head of a region table, of which there are two copies.
type Region struct{}

// RegionEntry is one entry of a region table.
type RegionEntry struct{}

// RegionSignature marks a region table.
const RegionSignature = "regi"

// The measures of a region table, in bytes and entries.
const (
	RegionTableSize  = 64 << 10
	RegionHeadSize   = 16
	RegionEntrySize  = 32
	MaxRegionEntries = 2047
)

// RegionOffset is where copy i (0 or 1) of the region table lies in the file.
func RegionOffset(i int) int64 { return int64(i+3) * SlotSize }

// The regions that the format defines.
var (
	RegionBAT      = guid("2DC27766-F623-4200-9D64-115E9BFD4A08")
	RegionMetadata = guid("8B7CA206-4790-4B9A-B8FE-575F050F886E")
)

// RegionName words the kind of a region.
func RegionName(id uuid.UUID) string {
	switch id {
	case RegionBAT:
		return "BAT"
	case RegionMetadata:
		return "metadata"
	}
	return "unknown region " + id.String()
}

// The table of the region table's head and its fields.
var (
	RegionTable = decode.New[Region]("region table", RegionHeadSize, decode.Little,
		"Tells where the regions of the file lie, the BAT and the metadata above all. It is kept twice and both copies should be equal; readers use the first one if it is valid. It is updated through the log only.",
		"MS-VHDX 2.2.3.1")

	RegionSign = RegionTable.Text(0, 4, "Signature",
		"Marks a region table. A copy without it is invalid.", decode.Magic(RegionSignature))
	RegionChecksum = RegionTable.U32(4, "Checksum",
		"CRC-32C over the whole 64 KiB of the table, this field taken as zero.",
		decode.Sum("CRC-32C", RegionTableSize, Checksum))
	RegionCount = RegionTable.U32(8, "EntryCount",
		"Number of entries after the head, at most 2047: more do not fit into 64 KiB.", decode.Rule(func(v uint64) string {
			if v > MaxRegionEntries {
				return "expected at most 2047"
			}
			return ""
		}))
	RegionReserved = RegionTable.Reserved(12, 4)
)

// The table of a region table entry and its fields.
var (
	RegionEntryTable = decode.New[RegionEntry]("region table entry", RegionEntrySize, decode.Little,
		"Places one region. BAT and metadata must each be there once; regions that a reader does not know are kept as they are, and still take up their space.",
		"MS-VHDX 2.2.3.2")

	RegionGUID = RegionEntryTable.GUID(0, "Guid",
		"What the region holds: 2dc27766-f623-4200-9d64-115e9bfd4a08 the BAT, 8b7ca206-4790-4b9a-b8fe-575f050f886e the metadata. Each may occur once.")
	RegionFileOffset = RegionEntryTable.U64(16, "FileOffset",
		"Where the region lies in the file: a multiple of 1 MiB, after the first one, overlapping nothing.",
		decode.Points(decode.InBytes, "region"), decode.Multiple(MiB))
	RegionLength = RegionEntryTable.U32(24, "Length",
		"Length of the region, a multiple of 1 MiB.", decode.Multiple(MiB), decode.Count(decode.InBytes))
	RegionRequired = RegionEntryTable.Bits(28, 4, 0, 1, "Required",
		"1: a program that does not know this region must not open the file. It should be 1 for BAT and metadata; QEMU writes 0.")
	RegionFlags = RegionEntryTable.Bits(28, 4, 1, 31, "reserved",
		"No meaning in the format; should be zero.", decode.Zero())
)
