// Package sample makes the built-in images: small disks with a partition
// table, a file system and a few files, in each of the formats, so that
// somebody without an image at hand sees the program at work. They are made
// in memory by the formats' own tables, and are the same bytes every time.
package sample

import (
	"platter/engine/store"
)

// Sample is a built-in image.
type Sample struct {
	Name  string // what the user types after "sample:"
	About string // one line
	Story string // what happened to it, and what to look at; a few sentences
	File  string // name of the file to open among Files
	build func(*store.Mem) error
}

// All lists the samples. Each holds a FAT16 volume with a few files.
func All() []Sample {
	return []Sample{
		{"vhd", "dynamic VHD, MBR, blocks out of order",
			"A disk that grows as it is written: the BAT (block allocation table) says where each block lies. " +
				"Structure (2) shows the footer, its copy and the BAT; change a field with e, take it back with u.",
			"sample.vhd", buildVHD},
		{"vhdx", "dynamic VHDX, GPT, blocks in several states",
			"Two headers, two region tables, metadata and a BAT. One block was freed by the guest: the disk reads zeros there, " +
				"the file still holds the old content. Find it on the Map (3).",
			"sample.vhdx", buildVHDX},
		{"vmdk", "sparse VMDK, MBR, two grain directories",
			"The disk is cut into grains, which two levels of tables place, each stored twice. " +
				"The descriptor near the start of the file is text: read it in Structure (2).",
			"sample.vmdk", buildSparse},
		{"stream", "streamOptimized VMDK, compressed grains",
			"The form in which virtual machines are shipped (OVA): written once from front to back, each grain compressed.",
			"stream.vmdk", buildStream},
		{"split", "flat VMDK, a descriptor and two extents",
			"One disk in three files: a text file names two others that hold the sectors as they are. Press x on a byte of the disk to see which file it lies in.",
			"split.vmdk", buildSplit},
		{"dirty", "VHDX that was not closed, its log not empty",
			"The host lost power while the guest saved two files. Their blocks are written, but the table entries that place them stand only in the log. " +
				"Log (4) replays it step by step, in memory: r.",
			"dirty.vhdx", buildDirty},
		{"chain", "VHDX with two checkpoints: three layers",
			"A server, a checkpoint before an update, and one after it. Each file holds only the sectors that changed since its parent. " +
				"Chain (7) shows which layer each part of the disk comes from.",
			"server-after.avhdx", buildChain},
		{"damaged", "dynamic VHD, spoiled in four places",
			"This copy came over a bad connection, and somebody hid a note in it. Findings (5) lists what is wrong, the worst first: enter shows the bytes, " +
				"f offers repairs. They are staged: s reviews them, u takes them back.",
			"damaged.vhd", buildDamaged},
	}
}

// Named finds a sample by its name.
func Named(name string) (Sample, bool) {
	for _, s := range All() {
		if s.Name == name {
			return s, true
		}
	}
	return Sample{}, false
}

// Names lists the names of all samples.
func Names() []string {
	var names []string
	for _, s := range All() {
		names = append(names, s.Name)
	}
	return names
}

// Files makes the sample's files.
func (s Sample) Files() (*store.Mem, error) {
	files := store.NewMem()
	if err := s.build(files); err != nil {
		return nil, err
	}
	return files, nil
}
