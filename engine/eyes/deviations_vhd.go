package eyes

// deviations are those of all policies, by format.
var deviations = slicesOf(vhdDeviations, vhdxDeviations, vmdkDeviations)

func slicesOf(lists ...[]Deviation) []Deviation {
	var all []Deviation
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// vhdDeviations are those of VHD (vhd.md 2, 3.3, 8 to 10, 17).
var vhdDeviations = []Deviation{
	{QEMU, "vhd", "front-footer", "takes the footer copy at the start where there is one, and never looks at the one at the end", "vhd.md 2, 17", Tested, true},
	{QEMU, "vhd", "geometry-size", "takes cylinders x heads x sectors for the size, unless it knows the creator or the geometry is the largest", "vhd.md 3.3", Tested, true},
	{QEMU, "vhd", "header-unchecked", "does not look at the dynamic header's checksum", "vhd.md 17", Tested, true},
	{QEMU, "vhd", "no-bitmap", "ignores sector bitmaps: all bytes of a stored block are shown", "vhd.md 10", Tested, true},
	{QEMU, "vhd", "no-parent", "reads a differencing image without its parent: what is not stored is zeros", "vhd.md 17", Tested, true},
	{QEMU, "vhd", "small-blocks", "knows no bitmap in blocks of less than 4 KiB, and takes it for data", "vhd.md 9", Tested, true},
	{QEMU, "vhd", "file-end-zeros", "reads zeros past the end of the file", "vhd.md 3.3", Tested, true},
	{QEMU, "vhd", "probe-raw", "without -f vpc a fixed image is taken for a raw disk with its footer", "vhd.md 2", Tested, false},

	{SevenZip, "vhd", "front-footer", "takes the footer copy at the start, and demands that an equal one follows the data", "vhd.md 2, 17", Tested, true},
	{SevenZip, "vhd", "bitmap-strict", "fails at a sector that is not marked as written but holds something", "vhd.md 10", Tested, true},
	{SevenZip, "vhd", "fixed-from-end", "takes for the disk what lies before the footer, counted from there", "vhd.md 17", Tested, true},
	{SevenZip, "vhd", "footer-searched", "searches the file for the footer of a fixed disk that is not at its end", "vhd.md 17", Tested, true},
	{SevenZip, "vhd", "parent-end", "fails where a child reads past the end of its parent", "vhd.md 13", Tested, true},

	{Libyal, "vhd", "original-size", "takes original_size for the disk's size, which is wrong after a resize", "vhd.md 3.3", Tested, true},
	{Libyal, "vhd", "footer-unchecked", "does not look at the footer's checksum", "vhd.md 17", Tested, true},
	{Libyal, "vhd", "header-unchecked", "does not look at the dynamic header's checksum", "vhd.md 17", Tested, true},
	{Libyal, "vhd", "bitmap-unmasked", "counts all sectors of a bitmap byte as stored that follow the first set bit", "vhd.md 17", Tested, true},
	{Libyal, "vhd", "parent-end", "fails where a child reads past the end of its parent", "vhd.md 13", Tested, true},
	{Libyal, "vhd", "long-bitmap", "reads past the end of blocks of other sizes than 2 MiB where a request goes over it", "vhd.md 9", Read, false},

	{HyperV, "vhd", "front-instead", "takes the copy at the start where the footer at the end is missing or wrong", "vhd.md 2", Documented, true},

	{VirtualBox, "vhd", "footer-unchecked", "does not look at the footer's checksum", "vhd.md 17", Read, true},
	{VirtualBox, "vhd", "header-unchecked", "does not look at the dynamic header's checksum", "vhd.md 17", Read, true},
	{VirtualBox, "vhd", "small-blocks", "knows no bitmap in blocks of less than 4 KiB, and takes it for data", "vhd.md 9", Read, true},

	{Dissect, "vhd", "footer-unchecked", "does not look at the footer's checksum", "vhd.md 2", Read, true},
	{Dissect, "vhd", "header-unchecked", "does not look at the dynamic header's checksum", "vhd.md 17", Read, true},
	{Dissect, "vhd", "no-bitmap", "ignores sector bitmaps: all bytes of a stored block are shown", "vhd.md 20", Read, true},
	{Dissect, "vhd", "entry-zero", "takes a BAT entry of 0 for a block that is not stored", "vhd.md 20", Read, true},

	{DiscUtils, "vhd", "front-instead", "takes the copy at the start where the footer at the end is missing or wrong", "vhd.md 2", Read, true},
	{DiscUtils, "vhd", "length-size", "takes the file's length without the footer for the size of a fixed disk", "vhd.md 3.3", Read, true},
	{DiscUtils, "vhd", "header-chain", "follows data_offset of the dynamic header to a further header", "vhd.md 6, 17", Read, false},
}
