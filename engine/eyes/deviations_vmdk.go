package eyes

// vmdkDeviations are those of VMDK (vmdk.md 2 to 9, 14).
var vmdkDeviations = []Deviation{
	{QEMU, "vmdk", "rw-only", "ignores extent lines that are not RW, and ZERO extents: the disk shrinks and what follows moves", "vmdk.md 2.4, 14", Tested, true},
	{QEMU, "vmdk", "header-capacity", "takes the size of a sparse extent from its header, not from the descriptor", "vmdk.md 2.4", Tested, true},
	{QEMU, "vmdk", "zero-as-data", "takes an entry of 1 for a grain at sector 1 where the header has no flag for zero grains", "vmdk.md 4.2", Tested, true},
	{QEMU, "vmdk", "first-directory", "reads only the first grain directory", "vmdk.md 4.3", Tested, true},
	{QEMU, "vmdk", "file-end-zeros", "reads zeros past the end of a file", "vmdk.md 8", Tested, true},
	{QEMU, "vmdk", "footer", "the footer of a stream overrides the header, and is looked for by the size of the file that was opened first", "vmdk.md 5.1", Tested, true},
	{QEMU, "vmdk", "six-types", "opens a separate descriptor only of six types", "vmdk.md 3", Tested, true},
	{QEMU, "vmdk", "words", "finds CID, parentCID, type and parent by their letters, wherever they stand in the first 20 sectors", "vmdk.md 9, 14", Tested, true},

	{SevenZip, "vmdk", "no-children", "refuses images that name a parent", "vmdk.md 9", Tested, true},
	{SevenZip, "vmdk", "strict-streams", "refuses streams without markers before their tables, as QEMU writes them", "vmdk.md 5.1", Tested, true},
	{SevenZip, "vmdk", "strict-grains", "fails at a compressed grain of another address, or that does not inflate to a whole grain", "vmdk.md 5.2", Tested, true},
	{SevenZip, "vmdk", "low-grains", "refuses images with a grain that lies before overHead", "vmdk.md 4.1", Tested, true},
	{SevenZip, "vmdk", "footer", "the footer of a stream overrides the header", "vmdk.md 5.1", Tested, true},

	{Libyal, "vmdk", "zero-as-data", "takes an entry of 1 for a grain at sector 1, which holds the descriptor", "vmdk.md 4.2", Tested, true},
	{Libyal, "vmdk", "offset-in-bytes", "takes the offset of a flat extent for bytes, not sectors", "vmdk.md 2.4", Tested, true},
	{Libyal, "vmdk", "strict-headings", "demands the descriptor's headings, and the title in exactly one form", "vmdk.md 2.1", Tested, true},
	{Libyal, "vmdk", "named-file", "opens the file that the embedded descriptor names, which may be another one", "vmdk.md 2.4", Tested, true},
	{Libyal, "vmdk", "whole-grains", "fails at a grain of which the file has not all", "vmdk.md 4.4", Tested, true},
	{Libyal, "vmdk", "footer", "the footer of a stream overrides the header", "vmdk.md 5.1", Tested, true},
	{Libyal, "vmdk", "no-zero-extents", "does not read images with ZERO extents or seSparse extents", "vmdk.md 14", Tested, true},

	{VMware, "vmdk", "parent-cid", "refuses a child whose parent has another CID", "vmdk.md 9", Documented, false},

	{VirtualBox, "vmdk", "versions", "refuses headers of other versions than 1 and 3", "vmdk.md 4.1", Read, true},
	{VirtualBox, "vmdk", "zero-as-data", "takes an entry of 1 for a grain at sector 1", "vmdk.md 4.2", Read, true},
	{VirtualBox, "vmdk", "equal-tables", "refuses images whose two sets of tables differ", "vmdk.md 4.3", Read, false},

	{DiscUtils, "vmdk", "zero-as-data", "takes an entry of 1 for a grain at sector 1", "vmdk.md 4.2", Read, true},
	{DiscUtils, "vmdk", "hash-in-names", "cuts extent lines at a #, also within a name", "vmdk.md 14", Read, false},

	{Dissect, "vmdk", "unmapped-parent", "asks the parent for a seSparse grain that was unmapped", "vmdk.md 7", Read, false},
	{Dissect, "vmdk", "with-name", "looks for extents of subfolders beside the descriptor", "vmdk.md 14", Read, false},
}
