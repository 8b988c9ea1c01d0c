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
	File  string // name of the file to open among Files
	build func(*store.Mem) error
}

// All lists the samples. Each holds a FAT16 volume with a few files.
func All() []Sample {
	return []Sample{
		{"vhd", "dynamic VHD, MBR, blocks out of order", "sample.vhd", buildVHD},
		{"vhdx", "dynamic VHDX, GPT, blocks in several states", "sample.vhdx", buildVHDX},
		{"vmdk", "sparse VMDK, MBR, two grain directories", "sample.vmdk", buildSparse},
		{"stream", "streamOptimized VMDK, compressed grains", "stream.vmdk", buildStream},
		{"split", "flat VMDK, a descriptor and two extents", "split.vmdk", buildSplit},
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
