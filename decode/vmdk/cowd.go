package vmdk

import "platter/decode"

// CowdMagic is how an ESX redo log starts.
const CowdMagic = "COWD"

// CowdHeaderSize is the length in bytes of its header, four sectors.
const CowdHeaderSize = 2048

// The entries of a COWD grain table: today's, and those of Workstation 3.
const (
	CowdTableEntries       = 4096
	CowdLegacyTableEntries = 512
)

// CowdHeader is the header of an ESX redo log.
type CowdHeader struct{}

// The fields of [CowdHeader] (vmdk.md 6).
var (
	CowdTable = decode.New[CowdHeader]("COWD header", CowdHeaderSize, decode.Little,
		"The first four sectors of an ESX redo log (vmfsSparse): the snapshot format of VMFS before seSparse. It knows one directory, tables that are made when first needed, and no redundancy.",
		"VMware Virtual Disk Format 1.1, ESX Server Sparse Extents")
	CowdMagicNumber = CowdTable.Text(0, 4, "magic", "COWD, for copy on write disk.", decode.Magic(CowdMagic))
	CowdVersion     = CowdTable.U32(4, "version",
		"1 with ESX; 3 with the disks of Workstation 3, whose tables are shorter.",
		decode.Enum(decode.Name{Value: 1, Name: "ESX"}, decode.Name{Value: 3, Name: "Workstation 3"}))
	CowdFlags = CowdTable.U32(8, "flags",
		"3 with ESX, 0x1b with Workstation 3; the meaning of the bits is not known.", decode.Hex())
	CowdSectors = CowdTable.U32(12, "numSectors", "Size of the disk in sectors.", decode.Count(decode.InSectors))
	CowdGrain   = CowdTable.U32(16, "grainSize",
		"Sectors in a grain. 1 with ESX: every sector is allocated on its own.", decode.Count(decode.InSectors), decode.Rule(func(v uint64) string {
			if v == 0 || v > 2048 {
				return "expected 1 to 2048 sectors"
			}
			return ""
		}))
	CowdDirectory = CowdTable.U32(20, "gdOffset",
		"Sector of the grain directory: 4, right after this header.", decode.Points(decode.InSectors, "grain directory", 0))
	CowdDirectoryEntries = CowdTable.U32(24, "numGDEntries",
		"Entries in the grain directory: one for every 4096 grains of the disk.")
	CowdFree = CowdTable.U32(28, "freeSector",
		"The next sector that is free for a table or a grain: everything after it is unused.", decode.Points(decode.InSectors, "free space"))
	CowdCylinders = CowdTable.U32(32, "cylinders", "Geometry of a root disk: cylinders.")
	CowdParent    = CowdTable.Text(32, 1024, "parentFileName",
		"The same bytes read as a child's: the parent's path. Usually empty today; the descriptor's hint counts.", decode.Alternate())
	CowdHeads      = CowdTable.U32(36, "heads", "Geometry of a root disk: heads.")
	CowdTracks     = CowdTable.U32(40, "sectors", "Geometry of a root disk: sectors of a track.")
	CowdParentRest = CowdTable.Bytes(44, 1012, "parentFileName (rest)",
		"The rest of the parent's path in a child; zero in a root disk.", decode.Zero())
	CowdParentGeneration = CowdTable.U32(1056, "parentGeneration", "The parent's generation when the child was made.")
	CowdGeneration       = CowdTable.U32(1060, "generation", "Counts how often this disk was opened for writing.")
	CowdName             = CowdTable.Text(1064, 60, "name", "A name for the snapshot; not used.")
	CowdDescription      = CowdTable.Text(1124, 512, "description", "A description of the snapshot; not used.")
	CowdSavedGeneration  = CowdTable.U32(1636, "savedGeneration", "The generation at the last clean close.")
	CowdReserved         = CowdTable.Bytes(1640, 8, "reserved", "No known meaning; zero.", decode.Zero())
	CowdUnclean          = CowdTable.U32(1648, "uncleanShutdown", "1 while the disk is open for writing.",
		decode.Enum(decode.Name{Value: 0, Name: "closed cleanly"}, decode.Name{Value: 1, Name: "not closed cleanly"}), decode.Known())
	CowdPadding = CowdTable.Bytes(1652, 396, "padding", "Fills the fourth sector. Zero.", decode.Zero())
)

// CowdDirectoryEntry is a 32-bit entry of a COWD grain directory.
type CowdDirectoryEntry struct{}

// CowdTableEntry is a 32-bit entry of a COWD grain table.
type CowdTableEntry struct{}

// The entries of directories and tables in a COWD extent (vmdk.md 6).
var (
	CowdDirectoryEntryTable = decode.New[CowdDirectoryEntry]("COWD GDE", EntrySize, decode.Little,
		"Grain directory entry of a redo log: where a grain table lies, once one was needed.", "VMware Virtual Disk Format 1.1, ESX Server Sparse Extents")
	CowdDirectoryEntryTableAt = CowdDirectoryEntryTable.U32(0, "grain table",
		"Sector of a grain table of 4096 entries. 0: nothing of what it would describe was written since the snapshot, the parent's data shows.",
		decode.Points(decode.InSectors, "grain table", 0))

	CowdTableEntryTable = decode.New[CowdTableEntry]("COWD GTE", EntrySize, decode.Little,
		"Grain table entry of a redo log: where a grain lies.", "VMware Virtual Disk Format 1.1, ESX Server Sparse Extents")
	CowdTableEntryGrain = CowdTableEntryTable.U32(0, "grain",
		"Sector of a grain. 0: not written since the snapshot, the parent's data shows. There is no entry that means zeros: 1 is the header's second sector and damage.",
		decode.Points(decode.InSectors, "grain", 0))
)
