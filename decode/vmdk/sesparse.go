package vmdk

import "platter/decode"

// The constants of a seSparse extent (vmdk.md 7).
const (
	SeMagic         = 0x00000000CAFEBABE
	SeMagicBytes    = "\xBE\xBA\xFE\xCA\x00\x00\x00\x00"
	SeVolatileMagic = 0x00000000CAFECAFE
	SeVersion       = 0x0000000200000001
	SeGrainSectors  = 8
	SeTableSectors  = 64
	SeTableEntries  = 4096
)

// ConstHeader is sector 0 of a seSparse extent.
type ConstHeader struct{}

// The fields of [ConstHeader] (vmdk.md 7).
var (
	ConstHeaderTable = decode.New[ConstHeader]("const header", 512, decode.Little,
		"The first sector of a seSparse extent, the snapshot format of VMFS 6: where each of its areas lies. It is written once. The format was never published; this is what other people found out.",
		"no published specification: known from what other programs read")
	ConstMagic    = ConstHeaderTable.U64(0, "magic", "0xCAFEBABE marks a seSparse extent.", decode.Fixed(SeMagic))
	ConstVersion  = ConstHeaderTable.U64(8, "version", "Version 2.1, one half each.", decode.Fixed(SeVersion))
	ConstCapacity = ConstHeaderTable.U64(16, "capacity", "Size of the disk in sectors.", decode.Count(decode.InSectors))
	ConstGrain    = ConstHeaderTable.U64(24, "grainSize", "Sectors in a grain: 8, so 4 KiB.", decode.Count(decode.InSectors), decode.Is(SeGrainSectors))
	ConstTable    = ConstHeaderTable.U64(32, "grainTableSize", "Sectors in a grain table: 64, room for 4096 entries.", decode.Count(decode.InSectors), decode.Is(SeTableSectors))
	ConstFlags    = ConstHeaderTable.U64(40, "flags", "No flag is known; zero.", decode.Hex(), decode.Is(0))

	ConstReserved1 = ConstHeaderTable.U64(48, "reserved1", "No known meaning; zero.", decode.Is(0))
	ConstReserved2 = ConstHeaderTable.U64(56, "reserved2", "No known meaning; zero.", decode.Is(0))
	ConstReserved3 = ConstHeaderTable.U64(64, "reserved3", "No known meaning; zero.", decode.Is(0))
	ConstReserved4 = ConstHeaderTable.U64(72, "reserved4", "No known meaning; zero.", decode.Is(0))

	ConstVolatile        = seArea(80, "volatileHeader", "the header that changes while the disk is in use")
	ConstVolatileSize    = seSize(88, "volatileHeader")
	ConstJournalHead     = seArea(96, "journalHeader", "the header of the journal")
	ConstJournalHeadSize = seSize(104, "journalHeader")
	ConstJournal         = seArea(112, "journal", "the journal of metadata writes that were not finished")
	ConstJournalSize     = seSize(120, "journal")
	ConstDirectory       = seArea(128, "grainDirectory", "the grain directory, 8 bytes for each grain table")
	ConstDirectorySize   = seSize(136, "grainDirectory")
	ConstTables          = seArea(144, "grainTables", "the room for grain tables, addressed by index")
	ConstTablesSize      = seSize(152, "grainTables")
	ConstFreeBitmap      = seArea(160, "freeBitmap", "the bitmap of grains in use, a bit each")
	ConstFreeBitmapSize  = seSize(168, "freeBitmap")
	ConstBackMap         = seArea(176, "backMap", "the way back from a grain to its table, 8 bytes each")
	ConstBackMapSize     = seSize(184, "backMap")
	ConstGrains          = seArea(192, "grains", "the room for grains, addressed by index")
	ConstGrainsSize      = seSize(200, "grains")
	ConstPad             = ConstHeaderTable.Bytes(208, 304, "pad", "Fills the sector. Zero.", decode.Zero())
)

func seArea(off int, name, what string) decode.Uint[ConstHeader, uint64] {
	return ConstHeaderTable.U64(off, name+".offset", "Sector where "+what+" starts.", decode.Points(decode.InSectors, name, 0))
}

func seSize(off int, name string) decode.Uint[ConstHeader, uint64] {
	return ConstHeaderTable.U64(off, name+".size", "Sectors reserved for the area "+name+".", decode.Count(decode.InSectors))
}

// VolatileHeader is the header of a seSparse extent that changes.
type VolatileHeader struct{}

// The fields of [VolatileHeader] (vmdk.md 7).
var (
	VolatileHeaderTable = decode.New[VolatileHeader]("volatile header", 512, decode.Little,
		"The sector of a seSparse extent that changes in use: how many tables are taken, and whether the journal must be replayed before the tables can be believed.",
		"no published specification: known from what other programs read")
	VolatileMagic   = VolatileHeaderTable.U64(0, "magic", "0xCAFECAFE marks the volatile header.", decode.Fixed(SeVolatileMagic))
	VolatileFree    = VolatileHeaderTable.U64(8, "freeGTNumber", "Index of the next grain table that was never used.")
	VolatileTxn     = VolatileHeaderTable.U64(16, "nextTxnSeqNumber", "Number of the next transaction in the journal.")
	VolatileJournal = VolatileHeaderTable.U64(24, "replayJournal",
		"Anything but 0: the host went down, and the journal holds changes that the tables lack. Its format is not known.",
		decode.Rule(func(v uint64) string {
			if v != 0 {
				return "the journal was not replayed, the tables may be stale"
			}
			return ""
		}))
	VolatilePad = VolatileHeaderTable.Bytes(32, 480, "pad", "Fills the sector. Zero.", decode.Zero())
)

// SeDirectoryEntry is a 64-bit entry of a seSparse grain directory.
type SeDirectoryEntry struct{}

// SeTableEntry is a 64-bit entry of a seSparse grain table.
type SeTableEntry struct{}

// The types of a seSparse grain table entry: its top four bits (vmdk.md 7).
const (
	SeUnallocated = 0
	SeUnmapped    = 1
	SeZero        = 2
	SeAllocated   = 3
)

// The entries of directories and tables in a seSparse extent (vmdk.md 7).
var (
	SeDirectoryEntryTable = decode.New[SeDirectoryEntry]("seSparse GDE", SeEntrySize, decode.Little,
		"Grain directory entry of a seSparse extent: the index of a grain table in the area of tables.", "no published specification: known from what other programs read")
	SeDirectoryIndex = SeDirectoryEntryTable.Bits(0, 8, 0, 32, "index",
		"Index of the table: it lies 64 sectors times this after the start of the tables.")
	SeDirectoryValid = SeDirectoryEntryTable.Bits(0, 8, 32, 32, "valid",
		"0x10000000: there is a table. 0, with the whole entry: there is none, the parent's data shows.", decode.Hex(), decode.Rule(func(v uint64) string {
			if v != 0 && v != 0x10000000 {
				return "expected 0 or 0x10000000"
			}
			return ""
		}))

	SeTableEntryTable = decode.New[SeTableEntry]("seSparse GTE", SeEntrySize, decode.Little,
		"Grain table entry of a seSparse extent: the state of a grain and, in two scrambled parts, its index in the area of grains.", "no published specification: known from what other programs read")
	SeTableHigh = SeTableEntryTable.Bits(0, 8, 0, 48, "index (high part)",
		"The grain's index without its lowest 12 bits.", decode.Hex())
	SeTableLow = SeTableEntryTable.Bits(0, 8, 48, 12, "index (low part)",
		"The lowest 12 bits of the grain's index, kept above the high part.", decode.Hex())
	SeTableType = SeTableEntryTable.Bits(0, 8, 60, 4, "type",
		"What the guest reads there. Unmapped reads as zeros, not as the parent's data; the index then still names the old grain.",
		decode.Enum(
			decode.Name{Value: SeUnallocated, Name: "unallocated", Doc: "The parent's data shows."},
			decode.Name{Value: SeUnmapped, Name: "unmapped", Doc: "Trimmed by the guest; zeros."},
			decode.Name{Value: SeZero, Name: "zero", Doc: "Zeros, even over a parent."},
			decode.Name{Value: SeAllocated, Name: "allocated", Doc: "The grain at index."},
		), decode.Known())
)

// SeGrainIndex is the grain's index in a raw seSparse table entry.
func SeGrainIndex(raw uint64) uint64 {
	return raw>>48&0xFFF | raw&(1<<48-1)<<12
}

// SeEntry is the raw table entry of an allocated grain, the inverse of
// [SeGrainIndex]. The index is below 2^60.
func SeEntry(index uint64) uint64 {
	return SeAllocated<<60 | index&0xFFF<<48 | index>>12&(1<<48-1)
}

// SeTablePresent is the raw directory entry of the table with the given index.
func SeTablePresent(index uint32) uint64 { return 0x10000000<<32 | uint64(index) }
