package vhdx

import "platter/decode"

// Metadata is the head of the metadata table.
type Metadata struct{}

// MetadataEntry is one entry of the metadata table.
type MetadataEntry struct{}

// MetadataSignature marks a metadata table.
const MetadataSignature = "metadata"

// The measures of the metadata region, in bytes and entries.
const (
	MetadataTableSize  = 64 << 10 // items lie after it
	MetadataHeadSize   = 32
	MetadataEntrySize  = 32
	MaxMetadataEntries = 2047
	MaxItemSize        = 1 << 20
	MaxUserItems       = 1024
	MaxSystemItems     = 1023
)

// The table of the metadata table's head and its fields.
var (
	MetadataTable = decode.New[Metadata]("metadata table", MetadataHeadSize, decode.Little,
		"Lists the metadata items: block size, disk size, sector sizes, identity, parent. It has no checksum: only updates through the log protect it.",
		"MS-VHDX 2.6.1.1")

	MetadataSign = MetadataTable.Text(0, 8, "Signature",
		"Marks a metadata table.", decode.Magic(MetadataSignature))
	MetadataReserved = MetadataTable.Reserved(8, 2)
	MetadataCount    = MetadataTable.U16(10, "EntryCount",
		"Number of entries after the head, at most 2047.", decode.Rule(func(v uint64) string {
			if v > MaxMetadataEntries {
				return "expected at most 2047"
			}
			return ""
		}))
	MetadataReserved2 = MetadataTable.Reserved(12, 20)
)

// The table of a metadata table entry and its fields.
var (
	MetadataEntryTable = decode.New[MetadataEntry]("metadata table entry", MetadataEntrySize, decode.Little,
		"Places one metadata item and tells how to treat it.",
		"MS-VHDX 2.6.1.2")

	EntryItemID = MetadataEntryTable.GUID(0, "ItemId",
		"What the item is. Together with IsUser it may occur once.")
	EntryOffset = MetadataEntryTable.U32(16, "Offset",
		"Where the item lies, from the start of the metadata region: at least 64 KiB, and zero only if Length is zero.",
		decode.Points(decode.InBytes, "item", 0))
	EntryLength = MetadataEntryTable.U32(20, "Length",
		"Length of the item, at most 1 MiB. Zero: the item is there but empty, which is enough for a mark.",
		decode.Count(decode.InBytes))
	EntryIsUser = MetadataEntryTable.Bits(24, 4, 0, 1, "IsUser",
		"1: the item belongs to the user, 0: to the format.")
	EntryIsVirtualDisk = MetadataEntryTable.Bits(24, 4, 1, 1, "IsVirtualDisk",
		"1: the item describes the virtual disk, so a new differencing child copies it from its parent. 0: it describes this file.")
	EntryIsRequired = MetadataEntryTable.Bits(24, 4, 2, 1, "IsRequired",
		"1: a program that does not know this item must not open the file.")
	EntryFlags = MetadataEntryTable.Bits(24, 4, 3, 29, "reserved flags",
		"No meaning in the format; should be zero.", decode.Zero())
	EntryReserved2 = MetadataEntryTable.U32(28, "Reserved2",
		"No meaning in the format; should be zero.", decode.Zero())
)
