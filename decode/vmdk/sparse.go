package vmdk

import (
	"encoding/binary"
	"math/bits"

	"platter/decode"
)

// Magic is how a hosted sparse extent starts.
const Magic = "KDMV"

// unfinishedMagic is Magic in lower case: open-vmdk writes it first and the
// real one when everything else is on disk.
const unfinishedMagic = "kdmv"

// DirectoryAtEnd is the gdOffset of a stream whose grain directory is only
// known to the footer.
const DirectoryAtEnd = 1<<64 - 1

// TableEntries is the number of entries in a grain table of a hosted extent.
const TableEntries = 512

// The bits of [HeaderFlags] (vmdk.md 4.1).
const (
	FlagNewlines   = 1 << 0
	FlagRedundant  = 1 << 1
	FlagZeroGrains = 1 << 2
	FlagCompressed = 1 << 16
	FlagMarkers    = 1 << 17

	KnownFlags   = FlagNewlines | FlagRedundant | FlagZeroGrains | FlagCompressed | FlagMarkers
	Incompatible = 0xFFFF0000 // unknown bits up here must be refused
)

// ZeroGrain is the grain table entry that means zeros, whatever a parent holds.
const ZeroGrain = 1

// Header is sector 0 of a hosted sparse extent, and the footer of a stream.
type Header struct{}

// The fields of [Header] (vmdk.md 4.1).
var (
	HeaderTable = decode.New[Header]("sparse header", 512, decode.Little,
		"The first sector of a hosted sparse extent: how large the disk is, how large a grain, and where the descriptor, the two grain directories and the data lie. A stream whose directory is at the end repeats it as footer, and there the footer rules.",
		"VMware Virtual Disk Format 1.1, Hosted Sparse Extent Header")
	HeaderMagic = HeaderTable.Text(0, 4, "magicNumber",
		"KDMV marks a hosted sparse extent. The same in lower case is a file whose writer never finished.", decode.Magic(Magic))
	HeaderVersion = HeaderTable.U32(4, "version",
		"1 is the baseline; 2 says that table entries of 1 may mean a zeroed grain; 3 is what all current producers of streamOptimized write. The layout is the same in all. It has nothing to do with the version line of the descriptor.",
		decode.Rule(headerVersionRule))
	HeaderFlags = HeaderTable.U32(8, "flags",
		"Which parts of the format are in use. Unknown bits of the low half may be ignored; with unknown bits of the high half the file must be refused.",
		decode.Flags(
			decode.Flag{Mask: FlagNewlines, Name: "newline test valid", Doc: "The four newline bytes can be checked for damage by a text-mode transfer."},
			decode.Flag{Mask: FlagRedundant, Name: "redundant grain tables", Doc: "rgdOffset is valid: there is a second directory with tables of its own."},
			decode.Flag{Mask: FlagZeroGrains, Name: "zeroed grains", Doc: "A table entry of 1 is a grain of zeros that hides the parent's."},
			decode.Flag{Mask: FlagCompressed, Name: "compressed grains", Doc: "Grains are zlib streams."},
			decode.Flag{Mask: FlagMarkers, Name: "markers", Doc: "Every block starts with a marker; only together with compressed grains."},
		), decode.Known())
	HeaderCapacity = HeaderTable.U64(12, "capacity",
		"Size of the disk that this extent can hold, in sectors. Should be a multiple of grainSize and often is not. Where a descriptor names another size, the descriptor's is the disk's.",
		decode.Count(decode.InSectors))
	HeaderGrainSize = HeaderTable.U64(20, "grainSize",
		"Sectors in a grain, the unit of allocation: a power of two, 128 (64 KiB) with nearly all producers.",
		decode.Count(decode.InSectors), decode.Rule(grainSizeRule))
	HeaderDescriptorOffset = HeaderTable.U64(28, "descriptorOffset",
		"Sector where the embedded descriptor text starts; 0 if there is none, as in the extents of a split disk.",
		decode.Points(decode.InSectors, "descriptor", 0))
	HeaderDescriptorSize = HeaderTable.U64(36, "descriptorSize",
		"Sectors reserved for the descriptor text. The text ends at the first NUL; a text that outgrows the room must not spill into the directory after it.",
		decode.Count(decode.InSectors))
	HeaderTableEntries = HeaderTable.U32(44, "numGTEsPerGT",
		"Entries in a grain table: 512, so that a table has 2 KiB and describes 32 MiB with 64 KiB grains.",
		decode.Rule(func(v uint64) string {
			if v != TableEntries {
				return "every known producer writes 512"
			}
			return ""
		}))
	HeaderRedundantOffset = HeaderTable.U64(48, "rgdOffset",
		"Sector of the redundant grain directory. Means nothing unless the flag for redundant tables is set.",
		decode.Points(decode.InSectors, "redundant grain directory", 0))
	HeaderDirectoryOffset = HeaderTable.U64(56, "gdOffset",
		"Sector of the grain directory. All ones: the directory was not known yet when the header was written, the footer has the real value.",
		decode.Points(decode.InSectors, "grain directory", 0, DirectoryAtEnd))
	HeaderOverHead = HeaderTable.U64(64, "overHead",
		"Sectors taken by header, descriptor, directories and tables: the first place for a grain. Not to be trusted alone.",
		decode.Count(decode.InSectors))
	HeaderUnclean = HeaderTable.U8(72, "uncleanShutdown",
		"1 while a VMware program has the disk open for writing. Still 1 afterwards: it was not closed cleanly and the two sets of tables should be compared.",
		decode.Enum(decode.Name{Value: 0, Name: "closed cleanly"}, decode.Name{Value: 1, Name: "not closed cleanly"}), decode.Known())
	HeaderSingleEndLine = HeaderTable.U8(73, "singleEndLineChar",
		"A line feed. A transfer in text mode changes it, and with it the data of the disk.", decode.Hex(), decode.Is('\n'))
	HeaderNonEndLine = HeaderTable.U8(74, "nonEndLineChar",
		"A blank, which no transfer in text mode changes.", decode.Hex(), decode.Is(' '))
	HeaderDoubleEndLine1 = HeaderTable.U8(75, "doubleEndLineChar1",
		"A carriage return. Missing after a transfer in text mode from Windows to Unix.", decode.Hex(), decode.Is('\r'))
	HeaderDoubleEndLine2 = HeaderTable.U8(76, "doubleEndLineChar2",
		"A line feed after the carriage return.", decode.Hex(), decode.Is('\n'))
	HeaderCompression = HeaderTable.U16(77, "compressAlgorithm",
		"How grains are compressed. The specification says DEFLATE (RFC 1951); in truth grains are zlib streams (RFC 1950).",
		decode.Enum(decode.Name{Value: 0, Name: "none"}, decode.Name{Value: 1, Name: "deflate"}), decode.Known())
	HeaderPad = HeaderTable.Bytes(79, 433, "pad",
		"Fills the sector. Zero; anything else was put there by somebody.", decode.Zero())
)

func headerVersionRule(v uint64) string {
	if v < 1 || v > 3 {
		return "known versions are 1, 2 and 3"
	}
	return ""
}

func grainSizeRule(v uint64) string {
	switch {
	case v == 0 || bits.OnesCount64(v) != 1:
		return "not a power of two"
	case v < 16 || v > 2048:
		return "outside 16 to 2048 sectors, which some programs refuse"
	}
	return ""
}

// DirectoryEntry is a 32-bit entry of a grain directory.
type DirectoryEntry struct{}

// TableEntry is a 32-bit entry of a grain table.
type TableEntry struct{}

// EntrySize is the length of an entry of a directory or a table in bytes, and
// SeEntrySize that of a seSparse extent.
const (
	EntrySize   = 4
	SeEntrySize = 8
)

// EntryAt is the directory or table entry of width bytes, [EntrySize] or
// [SeEntrySize], at the start of b. It does what the tables' handles do, for
// tables of millions.
func EntryAt(b []byte, width int64) uint64 {
	if width == SeEntrySize {
		return binary.LittleEndian.Uint64(b)
	}
	return uint64(binary.LittleEndian.Uint32(b))
}

// PutEntry stores an entry of width bytes at the start of b.
func PutEntry(b []byte, width int64, entry uint64) {
	if width == SeEntrySize {
		binary.LittleEndian.PutUint64(b, entry)
	} else {
		binary.LittleEndian.PutUint32(b, uint32(entry))
	}
}

// The entries of directories and tables in a hosted extent (vmdk.md 4.2).
var (
	DirectoryEntryTable = decode.New[DirectoryEntry]("GDE", EntrySize, decode.Little,
		"Grain directory entry: where one grain table lies.", "VMware Virtual Disk Format 1.1, Hosted Sparse Extent Metadata")
	DirectoryEntryTableAt = DirectoryEntryTable.U32(0, "grain table",
		"Sector of a grain table. All tables of a hosted extent exist from the start, so 0 is legal only in streams, where a table without grains is left out: everything it would describe is unallocated.",
		decode.Points(decode.InSectors, "grain table", 0))

	TableEntryTable = decode.New[TableEntry]("GTE", EntrySize, decode.Little,
		"Grain table entry: where one grain lies.", "VMware Virtual Disk Format 1.1, Hosted Sparse Extent Metadata")
	TableEntryGrain = TableEntryTable.U32(0, "grain",
		"Sector of a grain. 0: never written, the parent's data shows through or zeros if there is no parent. 1: zeros, even over a parent. Being 32 bits wide it can reach no grain past 2 TiB of the file.",
		decode.Points(decode.InSectors, "grain", 0, ZeroGrain))
)
