package eyes

// vhdxDeviations are those of VHDX (vhdx.md 3 to 9, 18).
var vhdxDeviations = []Deviation{
	{QEMU, "vhdx", "dirty-refused", "refuses an image whose log has to be replayed, when it opens it for reading", "vhdx.md 18", Tested, true},
	{QEMU, "vhdx", "empty-log", "takes a log with an identity but without a valid entry for an empty one", "vhdx.md 18", Tested, true},
	{QEMU, "vhdx", "first-region-table", "reads only the first region table", "vhdx.md 18", Tested, true},
	{QEMU, "vhdx", "sectors-512", "refuses sectors of 4096 bytes", "vhdx.md 10", Tested, true},
	{QEMU, "vhdx", "no-children", "refuses differencing images", "vhdx.md 18", Tested, true},
	{QEMU, "vhdx", "draft-states", "takes state 5, that of a draft, for zeros", "vhdx.md 9.1", Tested, true},
	{QEMU, "vhdx", "file-end-zeros", "reads zeros past the end of the file", "vhdx.md 18", Tested, true},

	{SevenZip, "vhdx", "no-log", "does not replay the log", "vhdx.md 18", Tested, true},
	{SevenZip, "vhdx", "both-headers", "refuses an image of which one header is damaged", "vhdx.md 18", Tested, true},
	{SevenZip, "vhdx", "first-region-table", "reads only the first region table", "vhdx.md 18", Tested, true},
	{SevenZip, "vhdx", "strict-entries", "refuses BAT entries with reserved bits, or of states that the kind of image can't have", "vhdx.md 14", Tested, true},
	{SevenZip, "vhdx", "sector-bit", "refuses disk sizes that have the bit of the sector size set", "vhdx.md 18", Tested, true},
	{SevenZip, "vhdx", "parent-end", "fails where a child reads past the end of its parent", "vhdx.md 7", Tested, true},

	{Libyal, "vhdx", "no-log", "does not look at the log", "vhdx.md 18", Tested, true},
	{Libyal, "vhdx", "header-unchecked", "does not look at the headers' checksums, but refuses a header without signature", "vhdx.md 18", Tested, true},
	{Libyal, "vhdx", "both-region-tables", "refuses an image of which one region table is damaged", "vhdx.md 18", Tested, true},
	{Libyal, "vhdx", "fixed-table", "reads the BAT of a fixed image as if it had no bitmap entries: wrong from the second chunk on", "vhdx.md 8", Tested, true},
	{Libyal, "vhdx", "bitmap-always", "in a child asks the sector bitmap for every block that is not fully present, also where there is none", "vhdx.md 9.1", Tested, true},
	{Libyal, "vhdx", "partial-data", "shows a partially present block of an image without a parent", "vhdx.md 9.1", Tested, true},
	{Libyal, "vhdx", "draft-states", "takes states 4 and 5 for zeros", "vhdx.md 9.1", Tested, true},
	{Libyal, "vhdx", "parent-end", "fails where a child reads past the end of its parent", "vhdx.md 7", Tested, true},

	{Dissect, "vhdx", "no-log", "does not look at the log", "vhdx.md 18", Read, true},
	{Dissect, "vhdx", "header-unchecked", "looks at no checksum: the higher sequence number rules", "vhdx.md 18", Read, true},
	{Dissect, "vhdx", "table-unchecked", "reads only the first region table, whatever its checksum", "vhdx.md 18", Read, true},
	{Dissect, "vhdx", "unknown-item", "fails at a metadata item that it does not know", "vhdx.md 18", Read, true},
	{Dissect, "vhdx", "bitmap-runs", "reads sector bitmaps wrong where a request does not begin and end at a multiple of 8 sectors", "vhdx.md 18", Tested, false},

	{DiscUtils, "vhdx", "replay-start", "replays a log from the start of its run, not from the tail", "vhdx.md 18", Read, false},
}
